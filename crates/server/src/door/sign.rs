//! Coming in and going out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Query, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::{Extension, Form};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stave_board::{SignIn, sign_in_page};
use stave_model::{Author, PersonRow, Time, hash_bytes};

use super::accounts::{Password, User, WHOLE_MS, begin_checked, end_session, signs_in, user};
use super::cookie::Cookie;
use super::enter::session_cookie;
use super::{Caller, Machine, Person, Role, cookies, from_address};
use crate::guard::{too_often, unauthorized};
use crate::pool::PoolError;
use crate::reply::{Reply, problem};
use crate::state::State;

/// Longest address to go to afterwards, in bytes.
const NEXT_BYTES: usize = 2_048;

/// The answer to `/?key=…`, where that is what was asked for: a cookie, and on to the address without the key.
pub(crate) async fn by_key(state: &Arc<State>, uri: &Uri, headers: HeaderMap) -> Option<Response<Body>> {
    let door = &state.door;
    let local = door.local.as_ref().filter(|_| uri.path() == "/" && !door.has_accounts())?;
    let given = value_of(uri, "key")?;
    if !local.is_key(&given) {
        let sentence = "This key is not that of the server that runs now.".to_owned();
        let page = problem("The key has changed", sentence, "Open the URL that the server printed last.");
        return Some(Reply::problem(StatusCode::FORBIDDEN, uri, &page).into_response());
    }
    let row = PersonRow {
        id: local.speaker.id.to_string(),
        name: local.speaker.name.clone(),
        address: local.address.clone(),
    };
    // From now on this person may speak, and who reads their words shall find a name.
    if let Err(error) = state.pool.ledger(move |ledger| ledger.add_people(&[row])).await {
        return Some(broken(uri, &error));
    }
    let cookie =
        Cookie { name: &door.key_cookie, value: &local.cookie(), same_site: "Strict", max_age_s: None };
    Some(with_cookie(see_other("/"), cookie.header(&headers)))
}

/// The page for signing in.
pub(crate) async fn login_page(Shared(state): Shared<Arc<State>>, uri: Uri) -> Response<Body> {
    let next = own_address(&value_of(&uri, "next").unwrap_or_default());
    if !state.door.has_accounts() {
        return see_other(&next);
    }
    sign_in(&state, SignIn { next, ..SignIn::default() })
}

pub(super) fn sign_in(state: &State, sign_in: SignIn) -> Response<Body> {
    let status = if sign_in.problem.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let provider = state.door.oidc.as_ref().map(|provider| provider.name());
    let page = sign_in_page(&SignIn { passwords: true, provider, ..sign_in });
    let mut response = unauthorized(Reply { status, ..Reply::html(page) }.into_response());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the form for signing in sends.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// Signs somebody in. A wrong password and an unknown address are answered alike, and take as long.
pub(crate) async fn login(
    Shared(state): Shared<Arc<State>>,
    extensions: axum::http::Extensions,
    headers: HeaderMap,
    uri: Uri,
    Form(typed): Form<Typed>,
) -> Response<Body> {
    let next = own_address(&typed.next);
    if !state.door.has_accounts() {
        return see_other(&next);
    }
    if let Err(wait) = may_try(&state, &typed.email, &from_address(&state, &extensions, &headers)) {
        return *too_often(wait, &uri);
    }
    let email = typed.email.trim().to_owned();
    match check(&state, email.clone(), Password::typed(typed.password)).await {
        Ok(Some(user)) => match begin(&state, &headers, user, &next).await {
            Ok(response) => response,
            Err(error) => broken(&uri, &error),
        },
        Ok(None) => {
            let problem = "The address or the password is wrong.".to_owned();
            sign_in(&state, SignIn { next, email, problem: Some(problem), ..SignIn::default() })
        }
        Err(error) => broken(&uri, &error),
    }
}

/// Counts an attempt to sign in: by whom it would be, and by where it comes from.
///
/// # Errors
/// How long to wait, where there were too many.
pub(super) fn may_try(state: &State, email: &str, address: &str) -> Result<(), Duration> {
    let (door, now) = (&state.door, Instant::now());
    door.rates.count(&format!("sign in from {address}"), door.limits.sign_ins_from, now)?;
    // A hash, so that what somebody types costs no more memory than an address does.
    let name = hash_bytes(email.trim().to_lowercase().as_bytes()).short();
    door.rates.count(&format!("sign in as {name} from {address}"), door.limits.sign_ins_as, now)?;
    door.rates.count(&format!("sign in as {name}"), door.limits.sign_ins_of, now)
}

async fn check(state: &Arc<State>, email: String, password: Password) -> Result<Option<User>, PoolError> {
    let found = state.pool.store(move |store| user(store, &email)).await?;
    let Ok(permit) = Arc::clone(&state.door.hashing).acquire_owned().await else {
        return Err(PoolError::Lost);
    };
    let shared = Arc::clone(state);
    let checked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        // Made first, for whomever: the first unknown address would take twice as long otherwise.
        let decoy = shared.door.decoy()?;
        Ok(signs_in(found, &password, decoy))
    });
    checked.await.unwrap_or(Err(PoolError::Lost))
}

/// Begins a session: always a new one, so that nobody can have known its secret before.
pub(super) async fn begin(
    state: &Arc<State>,
    headers: &HeaderMap,
    user: User,
    next: &str,
) -> Result<Response<Body>, PoolError> {
    let name = session_cookie(headers);
    let old: Option<String> = cookies(headers, &name).next().map(str::to_owned);
    let (now, row) = ((state.clock)(), user.row());
    state.pool.ledger(move |ledger| ledger.add_people(&[row])).await?;
    let secret = state
        .pool
        .store(move |store| {
            if let Some(old) = old {
                end_session(store, &old)?;
            }
            begin_checked(store, &user, now)
        })
        .await?;
    let Some(secret) = secret else { return Ok(see_other("/login")) };
    let cookie =
        Cookie { name: &name, value: secret.reveal(), same_site: "Lax", max_age_s: Some(WHOLE_MS / 1_000) };
    Ok(with_cookie(see_other(next), cookie.header(headers)))
}

/// Ends the session, and what the browser knows of a key.
pub(crate) async fn logout(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    uri: Uri,
) -> Response<Body> {
    let name = session_cookie(&headers);
    let shown: Vec<String> = cookies(&headers, &name).take(4).map(str::to_owned).collect();
    if state.door.has_accounts() && !shown.is_empty() {
        let ended =
            state.pool.store(move |store| shown.iter().try_for_each(|shown| end_session(store, shown)));
        if let Err(error) = ended.await {
            return broken(&uri, &error);
        }
    }
    let mut response = see_other("/");
    for (name, same_site) in [(state.door.key_cookie.as_str(), "Strict"), (&name, "Lax")] {
        let cookie = Cookie { name, value: "", same_site, max_age_s: Some(0) };
        response = with_cookie(response, cookie.header(&headers));
    }
    response
}

/// Who the caller is to this server.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CallerAnswer {
    caller: CallerTold,
    /// Whether there is anything that this caller may write.
    may_write: bool,
}

/// Who asks; docs/access.md says what each may do.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum CallerTold {
    /// Nobody we know, at a server that has accounts.
    Stranger,
    /// Anybody on this machine, at a server without accounts.
    Guest,
    /// A person.
    Person {
        /// In whose name their words stand.
        id: Author,
        /// The name to show.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// A program with a token.
    Machine {
        /// The token's name.
        name: String,
        /// In whose name it may speak; none: it only reads.
        authors: Vec<String>,
        /// What it may speak of.
        scope_prefixes: Vec<String>,
        /// When the token ends.
        until: Option<Time>,
    },
}

/// Who asks, as the server sees it.
pub(crate) async fn caller(Extension(caller): Extension<Caller>) -> Response<Body> {
    let may_write = caller.may_write().is_ok();
    let caller = match caller {
        Caller::Stranger => CallerTold::Stranger,
        Caller::Guest => CallerTold::Guest,
        Caller::Person(Person { id, name, role }) => CallerTold::Person { id, name, role },
        Caller::Machine(Machine { name, authors, scopes, until }) => {
            CallerTold::Machine { name, authors, scope_prefixes: scopes, until }
        }
    };
    Reply::json(&CallerAnswer { caller, may_write }).into_response()
}

/// Leads to the page for signing in, and from there back.
pub(crate) fn to_sign_in(uri: &Uri) -> Response<Body> {
    let next = own_address(uri.path_and_query().map_or("/", |address| address.as_str()));
    see_other(&format!("/login?next={}", utf8_percent_encode(&next, NON_ALPHANUMERIC)))
}

/// An address to go to afterwards, if it is one of ours; else the overview. Nobody shall be led elsewhere by a link
/// to our own page for signing in.
pub(crate) fn own_address(text: &str) -> String {
    let plain = text.len() <= NEXT_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let own = text.starts_with('/') && !text.starts_with("//");
    if plain && own { text.to_owned() } else { "/".to_owned() }
}

/// A value behind the question mark.
pub(super) fn value_of(uri: &Uri, name: &str) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Another address, to be asked for with GET; kept nowhere.
pub(super) fn see_other(path: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn with_cookie(mut response: Response<Body>, cookie: Option<HeaderValue>) -> Response<Body> {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) fn broken(uri: &Uri, error: &PoolError) -> Response<Body> {
    let page = problem("It did not work", error.to_string(), "Try again in a moment.");
    Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, uri, &page).into_response()
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn a_link_to_us_leads_nowhere_else() {
        for own in ["/", "/e/0123/why?fact=owned_by&to=x", "/login?next=%2F%2Fevil.example.com"] {
            assert_eq!(own_address(own), own);
        }
        let long = format!("/{}", "a".repeat(3_000));
        let foreign = [
            "",
            "//evil.example.com",
            "https://evil.example.com",
            "/\\evil.example.com",
            "/\r\nSet-Cookie: a=b",
            "e",
        ];
        for other in foreign.into_iter().chain([long.as_str()]) {
            assert_eq!(own_address(other), "/", "{other}");
        }
    }
}
