//! A server without accounts: one person on one machine, known by the key in the URL that was printed for them.

use std::fmt;

use stave_model::hash_bytes;

use super::Person;

/// Who writes at a server without accounts.
#[derive(Clone)]
pub struct Local {
    key: String,
    /// The person who started the server.
    pub speaker: Person,
    /// Their row in the people directory, which is made when they first come in.
    pub address: String,
}

impl Local {
    /// `key` is random and stands in the printed URL (`/?key=…`); `address` is the speaker's, `mailto:…`.
    pub fn new(key: String, speaker: Person, address: String) -> Local {
        Local { key, speaker, address }
    }

    /// Whether this is the key. Hashes are compared: how long that takes says nothing about the key.
    pub(crate) fn is_key(&self, given: &str) -> bool {
        hash_bytes(given.as_bytes()) == hash_bytes(self.key.as_bytes())
    }

    /// What the cookie holds instead of the key, so that a copy of the cookie is not a URL to hand on.
    pub(crate) fn cookie(&self) -> String {
        hash_bytes(format!("stave cookie {}", self.key).as_bytes()).to_string()
    }

    /// Whether a cookie came from the key.
    pub(crate) fn is_cookie(&self, given: &str) -> bool {
        hash_bytes(given.as_bytes()) == hash_bytes(self.cookie().as_bytes())
    }
}

// Not derived: a key in a log would be a leak.
impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Local({:?}, …)", self.speaker)
    }
}

/// Whether a host name, with or without a port, can only mean this machine.
pub(crate) fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_many_names() {
        for here in
            ["localhost", "LOCALHOST:80", "127.0.0.1:7878", "127.9.9.9", "[::1]:1", "[::1]", "a.localhost:2"]
        {
            assert!(is_loopback_name(here), "{here}");
        }
        for elsewhere in
            ["example.com", "localhost.example.com:80", "10.0.0.1", "[::2]:1", "", "notlocalhost"]
        {
            assert!(!is_loopback_name(elsewhere), "{elsewhere}");
        }
    }
}
