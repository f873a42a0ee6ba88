//! How a request shows who asks: a token, or a cookie.

use std::net::{IpAddr, SocketAddr};

use axum::http::{Extensions, HeaderMap, header};

use super::accounts::{machine, signed_in};
use super::cookie::Cookie;
use super::{Caller, Door, Local, Person, is_loopback_name, same_origin};
use crate::parsers::Shown;
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
    let caller = if state.door.has_accounts() {
        by_session(state, headers).await?.map_or(Caller::Stranger, Caller::Person)
    } else {
        by_key(&state.door, headers).map_or(Caller::Guest, |local| Caller::Person(local.speaker.clone()))
    };
    Ok(Entered { caller, entry: Entry::Browser })
}

/// Who asks for what everybody gets: it isn't looked at what they show.
pub(crate) fn nobody(door: &Door) -> Entered {
    let caller = if door.has_accounts() { Caller::Stranger } else { Caller::Guest };
    Entered { caller, entry: Entry::Browser }
}

fn by_key<'a>(door: &'a Door, headers: &HeaderMap) -> Option<&'a Local> {
    let local = door.local.as_ref()?;
    cookies(headers, &door.key_cookie).any(|cookie| local.is_cookie(cookie)).then_some(local)
}

/// Who is signed in. A cookie that means nothing any more is no error: browsers keep it for longer than we do.
async fn by_session(state: &State, headers: &HeaderMap) -> Result<Option<Person>, EnterError> {
    let name = session_cookie(headers);
    let Some(shown) = cookies(headers, &name).next().map(str::to_owned) else { return Ok(None) };
    let now = (state.clock)();
    let found = state.pool.store(move |store| signed_in(store, &shown, now)).await;
    let user = found.map_err(|error| EnterError::Store(error.to_string()))?;
    Ok(user.map(|user| user.as_person()))
}

/// The name of the cookie of a session. Under a name of this machine it says the port, for cookies know none; under
/// any other name browsers make sure of what `__Host-` says: only this host has set it, over an encrypted connection.
pub(crate) fn session_cookie(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_loopback_name(host) {
        return "__Host-stave-session".to_owned();
    }
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    format!("stave-session-{port}")
}

/// The address that a request comes from: the other end of the connection, or, where that is a proxy whose word is
/// taken, the last one that it names. Of an IPv6 address only the network, which is what one customer has.
pub(crate) fn from_address(state: &State, extensions: &Extensions, headers: &HeaderMap) -> String {
    let Some(Peer(peer)) = extensions.get::<Peer>() else { return "nowhere".to_owned() };
    let peer = peer.ip().to_canonical();
    let handed_on = headers.get_all("x-forwarded-for").iter().next_back();
    let named = handed_on
        .filter(|_| state.door.proxies.contains(&peer))
        .and_then(|list| list.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    match named.map_or(peer, |named| named.to_canonical()) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The token of the one Authorization header: a word.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.contains(char::is_whitespace)).then_some(token)
}

/// The values of the cookies of this name.
pub(crate) fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(move |pair| {
        let (given, value) = pair.trim().split_once('=')?;
        (given == name).then_some(value)
    })
}

/// What headers show, by themselves.
pub(crate) fn shown(headers: &HeaderMap) -> Shown {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = session_cookie(headers);
    let session = cookies(headers, &name).next().map(str::to_owned);
    let kept = session.as_deref().and_then(|value| {
        Cookie { name: &name, value, same_site: "Lax", max_age_s: Some(1) }.header(headers)
    });
    Shown {
        is_same_origin: same_origin(headers).is_ok(),
        is_here: is_loopback_name(host),
        token: bearer(headers).map(str::to_owned),
        cookie: kept.and_then(|value| Some(value.to_str().ok()?.to_owned())),
        session,
    }
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

    #[test]
    fn a_token_is_one_word() {
        let bearer_of = |value: &str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(bearer_of("bearer  abc ").as_deref(), Some("abc"));
        assert_eq!(bearer_of("Basic abc"), None);
        assert_eq!(bearer_of("Bearer abc def"), None);
        assert_eq!(bearer_of("Bearer abc\tdef"), None);
    }
}
