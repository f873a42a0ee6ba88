//! What people do about their own account: another password, and an end to their sessions elsewhere.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Extensions, HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::{Extension, Form};
use serde::Deserialize;
use stave_answers::when::{ago, minute};
use stave_board::{Account, Changed, SessionRow, account_page};

use super::accounts::{
    Password, SessionShown, User, end_other_sessions, sessions_of, set_own_password, signs_in,
};
use super::enter::session_cookie;
use super::sign::{broken, may_try, see_other, value_of};
use super::{Caller, cookies, from_address};
use crate::guard::too_often;
use crate::pool::PoolError;
use crate::reply::{Reply, problem};
use crate::state::State;

/// Who one is here, and what one can do about it.
pub(crate) async fn account(
    Shared(state): Shared<Arc<State>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    uri: Uri,
) -> Response<Body> {
    let done = match value_of(&uri, "done").as_deref() {
        Some("password") => Some(Changed::Password),
        Some("sessions") => Some(Changed::Sessions),
        _ => None,
    };
    page(&state, caller, &headers, &uri, done, StatusCode::OK).await
}

async fn page(
    state: &Arc<State>,
    caller: Caller,
    headers: &HeaderMap,
    uri: &Uri,
    done: Option<Changed>,
    status: StatusCode,
) -> Response<Body> {
    let account = match caller {
        Caller::Stranger | Caller::Guest => Account::Guest,
        Caller::Person(person) if state.door.has_accounts() => {
            let (user, sessions) = match own(state, headers).await {
                Ok(Some(own)) => own,
                // Signed out between the guard and here.
                Ok(None) => return see_other("/login"),
                Err(error) => return broken(uri, &error),
            };
            let now = (state.clock)();
            let row = |one: SessionShown| SessionRow {
                id: one.id,
                began: minute(one.made),
                seen: ago(one.seen, now),
                is_own: one.is_own,
            };
            Account::Person {
                name: person.name,
                role: person.role.to_string(),
                has_password: user.has_password(),
                sessions: sessions.into_iter().map(row).collect(),
                done,
            }
        }
        Caller::Person(person) => Account::Keeper { name: person.name },
        Caller::Machine(machine) => Account::Machine { name: machine.name },
    };
    let mut response = Reply { status, ..Reply::html(account_page(&account)) }.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The secret that the browser shows.
fn secret(headers: &HeaderMap) -> Option<String> {
    cookies(headers, &session_cookie(headers)).next().map(str::to_owned)
}

/// The account of whoever is signed in, and their sessions.
async fn own(
    state: &Arc<State>,
    headers: &HeaderMap,
) -> Result<Option<(User, Vec<SessionShown>)>, PoolError> {
    let Some(secret) = secret(headers) else { return Ok(None) };
    let now = (state.clock)();
    state.pool.store(move |store| sessions_of(store, &secret, now)).await
}

/// What the form for another password sends.
#[derive(Deserialize)]
pub(crate) struct Passwords {
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// Changes the password of whoever is signed in, and ends their other sessions. The old one is asked for: a browser that
/// somebody left open is not its owner.
pub(crate) async fn change_password(
    Shared(state): Shared<Arc<State>>,
    Extension(caller): Extension<Caller>,
    extensions: Extensions,
    headers: HeaderMap,
    uri: Uri,
    Form(typed): Form<Passwords>,
) -> Response<Body> {
    let (secret, user) = match (secret(&headers), own(&state, &headers).await) {
        (Some(secret), Ok(Some((user, _)))) if user.has_password() => (secret, user),
        (_, Err(error)) => return broken(&uri, &error),
        _ => return no_password(&uri),
    };
    // As often as one may try to sign in: this is a way to try passwords too.
    if let Err(wait) = may_try(&state, &user.email, &from_address(&state, &extensions, &headers)) {
        return *too_often(wait, &uri);
    }
    let new = match Password::new(typed.new.clone()) {
        _ if typed.new != typed.again => Err("The new password was typed in two ways.".to_owned()),
        Ok(new) => Ok(new),
        Err(error) => Err(format!("That can't be the new one: {error}.")),
    };
    let changed = match new {
        Ok(new) => match change(&state, user, Password::typed(typed.old), new, secret).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("The old password is wrong, or was changed at this very moment.".to_owned()),
            Err(error) => return broken(&uri, &error),
        },
        Err(sentence) => Err(sentence),
    };
    match changed {
        Ok(()) => see_other("/account?done=password"),
        Err(sentence) => {
            let done = Some(Changed::Nothing(sentence));
            page(&state, caller, &headers, &uri, done, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

async fn change(
    state: &Arc<State>,
    user: User,
    old: Password,
    new: Password,
    secret: String,
) -> Result<bool, PoolError> {
    let Ok(permit) = Arc::clone(&state.door.hashing).acquire_owned().await else {
        return Err(PoolError::Lost);
    };
    let shared = Arc::clone(state);
    let hashing = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let Some(user) = signs_in(Some(user), &old, shared.door.decoy()?) else { return Ok(None) };
        let hash = new.hash()?;
        Ok::<_, PoolError>(Some((user, hash)))
    });
    let Some((user, hash)) = hashing.await.unwrap_or(Err(PoolError::Lost))? else { return Ok(false) };
    let done = state.pool.store(move |store| {
        if !set_own_password(store, &user, hash)? {
            return Ok(false);
        }
        end_other_sessions(store, &secret, None)?;
        Ok(true)
    });
    done.await
}

fn no_password(uri: &Uri) -> Response<Body> {
    let page = problem(
        "There is no password here",
        "Who is not signed in with a password has none to change.".to_owned(),
        "Where people sign in elsewhere, the password is changed there.",
    );
    Reply::problem(StatusCode::NOT_FOUND, uri, &page).into_response()
}

/// What the form that ends sessions sends: the digits of one, or nothing for all others.
#[derive(Deserialize)]
pub(crate) struct Ended {
    #[serde(default)]
    session: String,
}

/// Ends sessions of whoever is signed in.
pub(crate) async fn end_sessions(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    uri: Uri,
    Form(ended): Form<Ended>,
) -> Response<Body> {
    let Some(secret) = secret(&headers).filter(|_| state.door.has_accounts()) else {
        return see_other("/account");
    };
    let one = Some(ended.session).filter(|session| !session.is_empty());
    let done = state.pool.store(move |store| end_other_sessions(store, &secret, one.as_deref()));
    match done.await {
        Ok(()) => see_other("/account?done=sessions"),
        Err(error) => broken(&uri, &error),
    }
}

/// Who comes to an address that only takes forms, as by reloading, goes on from their account.
pub(crate) async fn nothing_here() -> Response<Body> {
    see_other("/account")
}
