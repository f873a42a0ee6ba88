//! What comes in over the network (crates/server, crates/ledger): pages, headers, tokens, addresses and answers.

use stave_collect::repository_of_url;
use stave_ledger::{Address, Token, parsers as ledger};
use stave_model::Time;
use stave_server::parsers::{self as server, Expected};

/// Most fields that a form may have.
const FIELDS: usize = 64;

/// A line with path and query, and a body: as a form and as JSON.
pub(crate) fn form(bytes: &[u8]) {
    let (address, body) = halves(bytes);
    let Ok(address) = std::str::from_utf8(address) else { return };
    for is_json in [false, true] {
        let Some(Ok(read)) = server::sent(address, is_json, body) else { continue };
        assert!(read.fields.len() <= FIELDS, "{} fields", read.fields.len());
        if let Err(sentence) = &read.meant {
            assert!(!sentence.is_empty());
        }
        assert_eq!(server::sent(address, is_json, body), Some(Ok(read)), "it is read alike every time");
    }
}

/// Lines `NAME: VALUE`; and the whole as where to go after signing in.
pub(crate) fn headers(bytes: &[u8]) {
    let shown = server::headers(bytes);
    if let Some(token) = &shown.token {
        assert!(!token.contains(char::is_control), "a token is one line");
    }
    if let Some(cookie) = &shown.cookie {
        assert!(shown.is_here || cookie.ends_with("; Secure"), "{cookie}");
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Browsers read `//` and `/\` as the beginning of another host.
    let next = server::next_address(text);
    assert!(next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']), "{next}");
}

/// A line with an ID token, and the provider's keys; and all of it as the claims of a token whose signature is right.
pub(crate) fn id_token(bytes: &[u8]) {
    const NOW_S: i64 = 1_800_000_000;
    let now = Time::from_millis(NOW_S * 1_000);
    let expected = Expected { issuer: "https://login.test", client_id: "stave", nonce: "n", now };
    let (token, keys) = halves(bytes);
    if let Ok(token) = std::str::from_utf8(token) {
        let _ = server::id_token(token, keys, &expected);
    }
    let Some(email) = server::id_claims(bytes, &expected) else { return };
    let said: serde_json::Value = serde_json::from_slice(bytes).expect("what is believed is JSON");
    assert_eq!(said["email"], email);
    assert_eq!((&said["iss"], &said["nonce"]), (&expected.issuer.into(), &"n".into()));
    assert!(said["email_verified"] == true || said["email_verified"] == "true", "{said}");
    assert!(said["exp"].as_f64().is_some_and(|until| until > (NOW_S - 61) as f64), "{said}");
    let is_ours =
        said["aud"] == "stave" || said["aud"].as_array().is_some_and(|all| all.contains(&"stave".into()));
    assert!(is_ours, "{said}");
}

/// A text as the address of a server, of a database, of a repository, and as a token.
pub(crate) fn address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(address) = Address::parse(text) {
        assert!(!address.as_str().contains('@'), "{address}");
        assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address));
    }
    if let Ok(token) = Token::parse(text) {
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
    let shown = match ledger::postgres_url(text) {
        Ok(name) => name,
        Err(error) => error.to_string(),
    };
    if is_secret(text) {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    if let Some(name) = repository_of_url(text) {
        assert!(!name.contains(['@', '?', '#']) && !name.contains(char::is_control), "{name}");
        // The address of a machine in IPv6 loses its brackets.
        if !name.contains(':') {
            assert_eq!(
                repository_of_url(&format!("https://{name}")),
                Some(name),
                "a name is a part of an address"
            );
        }
    }
}

/// A piece of a password in the seeds: nothing else is called so.
const SECRET: &str = "7Qgeheim";

/// Whether that stands only where somebody writes a password who escapes nothing: between the user and the last `@`.
fn is_secret(url: &str) -> bool {
    let password = || {
        let (_, rest) = url.split_once("://")?;
        let (user, rest) = rest.split_once(':')?;
        let (password, host) = rest.rsplit_once('@')?;
        Some(password.contains(SECRET) && !user.contains(SECRET) && !host.contains(SECRET))
    };
    password().unwrap_or(false)
}

/// A server's answer.
pub(crate) fn answer(bytes: &[u8]) {
    match ledger::answer(bytes) {
        Ok((rows, _)) => assert!(rows < bytes.len().max(1), "a row is a line"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The first line, and what follows it.
pub(crate) fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}
