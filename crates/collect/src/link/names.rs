//! Names that settings use for pieces, by their form alone.

use crate::values::words;

/// Whether a setting begins with a piece's name: `orderDbHost` with `order`; also `reserveHost` with `reservation`.
pub(super) fn begins_with_name(key: &str, words: &[String], name: &str) -> bool {
    if name.len() > 2 && key.starts_with(name) {
        return true;
    }
    let Some(first) = words.first().filter(|first| first.len() > 3) else { return false };
    let shared = first.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
    shared > 3 && shared + 1 >= first.len()
}

/// Whether a bare name looks like a host: not a number, a word of settings or a class.
pub(super) fn is_plausible(name: &str) -> bool {
    name.len() > 1
        && name.len() < 64
        && !words(name).iter().any(|word| {
            matches!(word.as_str(), "ip" | "your" | "placeholder" | "replace" | "changeme" | "todo")
        })
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !matches!(
            name,
            "host"
                | "hostname"
                | "http"
                | "https"
                | "true"
                | "false"
                | "none"
                | "null"
                | "all"
                | "any"
                | "default"
                | "changeme"
                | "your"
                | "example"
                | "unix"
                | "file"
                | "user"
                | "password"
                | "username"
                | "ip"
                | "server-name"
                | "domain"
        )
}
