//! The parsers of what comes in over the network by themselves, for fuzzing: they take any bytes.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::door;
pub use crate::door::token::Expected;
use crate::speak::{Sent, What};

/// What a page sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Names and values that say what is meant.
    pub fields: Vec<(String, String)>,
    /// What is meant, written out; or why nothing can be.
    pub meant: Result<String, String>,
}

/// Reads an address and a body as a word that is sent, as a form or as JSON. None where the address is none.
///
/// # Errors
/// A sentence, where it can't be read.
pub fn sent(address: &str, is_json: bool, body: &[u8]) -> Option<Result<Read, String>> {
    let uri: Uri = address.parse().ok()?;
    let sent = Sent::of(&uri, is_json, body);
    Some(sent.map(|sent| Read {
        meant: What::of(uri.path(), &sent).map(|what| format!("{what:?}")),
        fields: sent.content(),
    }))
}

/// What the headers of a request show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// One of our own pages asks.
    pub is_same_origin: bool,
    /// The host names this machine.
    pub is_here: bool,
    /// The token.
    pub token: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// The cookie that a browser would be asked to keep.
    pub cookie: Option<String>,
}

/// Reads lines `NAME: VALUE` as the headers of a request.
pub fn headers(bytes: &[u8]) -> Shown {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(line[..at].trim_ascii());
        let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    door::shown(&headers)
}

/// Where somebody is led after they signed in, of what the address says.
pub fn next_address(text: &str) -> String {
    door::sign::own_address(text)
}

/// Reads a text as an ID token of OpenID Connect that has to be signed with one of the keys (JWKS); the address that it
/// vouches for.
pub fn id_token(token: &str, keys: &[u8], expected: &Expected<'_>) -> Option<String> {
    door::token::read(token, keys, expected)
}

/// Reads the claims of an ID token as if their signature were right; the address that they vouch for.
pub fn id_claims(claims: &[u8], expected: &Expected<'_>) -> Option<String> {
    door::token::read_claims(claims, expected)
}
