//! How a request shows who asks: a token, or a cookie.

use std::net::SocketAddr;

use axum::http::{HeaderMap, header};

use super::Caller;
use super::accounts::machine;
use crate::state::State;

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Who asks, and how we know.
#[derive(Clone, Debug)]
pub(crate) struct Entered {
    pub(crate) caller: Caller,
    pub(crate) entry: Entry,
}

/// How a caller came in. What a browser sends along by itself needs a second proof that a page of ours asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// By a header that no browser sends by itself.
    Token,
    /// By a cookie, or by nothing.
    Browser,
}

/// Why it can't be found out who asks.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnterError {
    /// Something was shown that is not good: it is not taken for nothing.
    #[error("This token is not known, or it has ended.")]
    Token,
    /// The store can't be read.
    #[error("It can't be found out who you are: {0}")]
    Store(String),
}

/// Finds out who asks.
///
/// # Errors
/// Where a token is not good, or the store can't be read.
pub(crate) async fn enter(state: &State, headers: &HeaderMap) -> Result<Entered, EnterError> {
    if headers.contains_key(header::AUTHORIZATION) {
        let shown = bearer(headers).ok_or(EnterError::Token)?.to_owned();
        let now = (state.clock)();
        let found = state.pool.store(move |store| machine(store, &shown, now)).await;
        let machine = found.map_err(|error| EnterError::Store(error.to_string()))?;
        let caller = Caller::Machine(machine.ok_or(EnterError::Token)?);
        return Ok(Entered { caller, entry: Entry::Token });
    }
    let door = &state.door;
    let key = door
        .local
        .as_ref()
        .filter(|local| cookies(headers, &door.key_cookie).any(|cookie| local.is_cookie(cookie)));
    let caller = key.map_or(Caller::Guest, |local| Caller::Person(local.speaker.clone()));
    Ok(Entered { caller, entry: Entry::Browser })
}

/// The token of the one Authorization header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The values of the cookies of this name.
pub(crate) fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(move |pair| {
        let (given, value) = pair.trim().split_once('=')?;
        (given == name).then_some(value)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", "a=1; stave-key-7=x;b=2; xstave-key-7=no".parse().unwrap());
        headers.append("cookie", "stave-key-7=y=z; stave-key-70=no; stave-key-7".parse().unwrap());
        assert_eq!(cookies(&headers, "stave-key-7").collect::<Vec<_>>(), ["x", "y=z"]);
    }
}
