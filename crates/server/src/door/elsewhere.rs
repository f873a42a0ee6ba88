//! The way to the provider and back (OpenID Connect).

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Extensions, HeaderMap, Response, StatusCode, Uri};
use stave_board::SignIn;
use stave_ledger::Ledger;
use stave_model::Time;

use super::accounts::{AccountError, Secret};
use super::cookie::Cookie;
use super::oidc::{Attempt, OidcError, PATIENCE_MS, Provider};
use super::sign::{begin, broken, own_address, see_other, sign_in, value_of, with_cookie};
use super::{cookies, from_address, is_loopback_name};
use crate::guard::too_often;
use crate::pool::PoolError;
use crate::reply::{Reply, problem};
use crate::state::State;

/// Longest code and state of an answer, in bytes.
const ANSWER_BYTES: usize = 4_000;

/// The name of the cookie with the secret of an attempt.
fn attempt_cookie(headers: &HeaderMap) -> String {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_loopback_name(host) { "stave-attempt".to_owned() } else { "__Host-stave-attempt".to_owned() }
}

fn not_here(uri: &Uri) -> Response<Body> {
    let page = problem("There is no such page", "Nobody signs in elsewhere here.".to_owned(), "");
    Reply::problem(StatusCode::NOT_FOUND, uri, &page).into_response()
}

/// Leads to the provider.
pub(crate) async fn leave(
    Shared(state): Shared<Arc<State>>,
    extensions: Extensions,
    headers: HeaderMap,
    uri: Uri,
) -> Response<Body> {
    let Some(provider) = state.door.oidc.clone() else { return not_here(&uri) };
    let from = format!("sign in from {}", from_address(&state, &extensions, &headers));
    if let Err(wait) = state.door.rates.count(&from, state.door.limits.sign_ins_from, Instant::now()) {
        return *too_often(wait, &uri);
    }
    let next = own_address(&value_of(&uri, "next").unwrap_or_default());
    let secret = match Secret::new("") {
        Ok(secret) => secret,
        Err(error) => return broken(&uri, &error.into()),
    };
    let (attempt, now) = (Attempt::of(secret.reveal()), (state.clock)());
    let (own, to) = (attempt.clone(), next.clone());
    let asked = asking(move || provider.address(&own, now)).await;
    let begun = match asked {
        Ok(address) => with_store(&state, move |ledger| {
            let store = ledger.store().ok_or(OidcError::Over)?;
            attempt.begin(store, &to, now)
        })
        .await
        .map(|()| address),
        Err(error) => Err(error),
    };
    match begun {
        Ok(address) => {
            let cookie = Cookie {
                name: &attempt_cookie(&headers),
                value: secret.reveal(),
                same_site: "Lax",
                max_age_s: Some(PATIENCE_MS / 1_000),
            };
            with_cookie(see_other(&address), cookie.header(&headers))
        }
        Err(error) => failed(&state, &uri, next, error),
    }
}

/// Takes the provider's answer.
pub(crate) async fn back(Shared(state): Shared<Arc<State>>, headers: HeaderMap, uri: Uri) -> Response<Body> {
    let Some(provider) = state.door.oidc.clone() else { return not_here(&uri) };
    let name = attempt_cookie(&headers);
    let secret = cookies(&headers, &name).next().map(str::to_owned);
    let attempt = secret.map(|secret| Attempt::of(&secret));
    let short = |name: &str| value_of(&uri, name).filter(|value| value.len() <= ANSWER_BYTES);
    let given = short("state").unwrap_or_default();
    // Of this browser, and of the attempt that it made last: what another page started signs nobody in here.
    let Some(attempt) = attempt.filter(|attempt| attempt.is(&given)) else {
        return failed(&state, &uri, "/".to_owned(), OidcError::Over);
    };
    let done = answered(&state, provider, attempt, short("code"), short("error")).await;
    let (user, next) = match done {
        Ok(done) => done,
        Err(error) => return failed(&state, &uri, "/".to_owned(), error),
    };
    let response = match begin(&state, &headers, user, &next).await {
        Ok(response) => response,
        Err(error) => return broken(&uri, &error),
    };
    let cookie = Cookie { name: &name, value: "", same_site: "Lax", max_age_s: Some(0) };
    with_cookie(response, cookie.header(&headers))
}

async fn answered(
    state: &Arc<State>,
    provider: Arc<Provider>,
    attempt: Attempt,
    code: Option<String>,
    error: Option<String>,
) -> Result<(super::accounts::User, String), OidcError> {
    let now = (state.clock)();
    let own = attempt.clone();
    let next = with_store(state, move |ledger| own.end(ledger.store().ok_or(OidcError::Over)?, now)).await?;
    let code = match (code, error) {
        (Some(code), None) => code,
        (_, error) => return Err(OidcError::Refused(error.as_deref().map_or("no code", reason).to_owned())),
    };
    let asked = Arc::clone(&provider);
    let known = asking(move || asked.known(&attempt, &code, now)).await?;
    let user = with_store(state, move |ledger| account(&provider, ledger, &known, now)).await?;
    Ok((user, next))
}

fn account(
    provider: &Provider,
    ledger: &mut dyn Ledger,
    known: &super::oidc::Known,
    now: Time,
) -> Result<super::accounts::User, OidcError> {
    let key = ledger.estate_key().map_err(AccountError::Ledger)?;
    let store = ledger.store().ok_or(OidcError::Over)?;
    provider.settings.account(store, &key, known, now)
}

/// The provider's reason, where it is one of the words that the standards have; other text isn't shown.
fn reason(error: &str) -> &str {
    let is_word = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { error } else { "no reason that can be read" }
}

async fn with_store<T: Send + 'static>(
    state: &Arc<State>,
    work: impl FnOnce(&mut dyn Ledger) -> Result<T, OidcError> + Send + 'static,
) -> Result<T, OidcError> {
    let done = state.pool.ledger(move |ledger| Ok(work(ledger))).await;
    done.unwrap_or_else(|error| Err(OidcError::Store(error.to_string())))
}

/// Asks the provider on a thread that may wait.
async fn asking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OidcError> + Send + 'static,
) -> Result<T, OidcError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(OidcError::Store(PoolError::Lost.to_string())))
}

/// The page for signing in, with why it did not work.
fn failed(state: &State, uri: &Uri, next: String, error: OidcError) -> Response<Body> {
    match error {
        OidcError::Account(error) => broken(uri, &error.into()),
        OidcError::Store(why) => {
            let page = problem("It did not work", why, "Try again in a moment.");
            Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, uri, &page).into_response()
        }
        error => {
            let sentence = format!("It did not work: {error}.");
            sign_in(state, SignIn { next, problem: Some(sentence), ..SignIn::default() })
        }
    }
}
