//! How a request shows who asks: a token, or a cookie.

use std::net::SocketAddr;

use axum::http::{HeaderMap, header};

use super::{Caller, Door};

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

impl Door {
    /// Finds out who asks.
    ///
    /// # Errors
    /// A sentence, where something was shown that is not good: it is not taken for nothing.
    pub(crate) fn enter(&self, headers: &HeaderMap) -> Result<Entered, &'static str> {
        if headers.contains_key(header::AUTHORIZATION) {
            return Err("This token is not known, or it has ended.");
        }
        let key = self
            .local
            .as_ref()
            .filter(|local| cookies(headers, &self.key_cookie).any(|cookie| local.is_cookie(cookie)));
        let caller = key.map_or(Caller::Guest, |local| Caller::Person(local.speaker.clone()));
        Ok(Entered { caller, entry: Entry::Browser })
    }
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
