//! Where a server is, and the token that opens its door.

use std::fmt;

use super::problem::AddressError;

/// The address of a server: `http://HOST[:PORT]` or `https://HOST[:PORT]`. It never holds a secret: it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    host: String,
    is_secure: bool,
}

impl Address {
    /// Whether a text is meant to be such an address: it begins with `http://` or `https://`.
    pub fn is_meant_by(text: &str) -> bool {
        scheme(text).is_some()
    }

    /// Reads an address. A trailing `/` is left out; host and scheme are lower-cased.
    ///
    /// # Errors
    /// Where it is none, or has a user, password, path or query.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let (is_secure, rest) = scheme(text).ok_or(AddressError::Form)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err(AddressError::Secret);
        }
        if rest.contains(['/', '?', '#']) {
            return Err(AddressError::Path);
        }
        let rest = rest.to_ascii_lowercase();
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':').unwrap_or(port)),
            None => rest.split_once(':').unwrap_or((&rest, "")),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        let is_port = port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0);
        if host.is_empty() || !host.chars().all(fits) || !is_port {
            return Err(AddressError::Form);
        }
        let scheme = if is_secure { "https" } else { "http" };
        Ok(Address { text: format!("{scheme}://{rest}"), host: host.to_owned(), is_secure })
    }

    /// The address without a `/` at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether what is sent is encrypted.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether it names this very machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn scheme(text: &str) -> Option<(bool, &str)> {
    let strip = |scheme: &str| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    };
    strip("https://").map(|rest| (true, rest)).or_else(|| strip("http://").map(|rest| (false, rest)))
}

/// What opens the door. It is never shown: not in messages, not when it is printed for debugging.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Longest token, in bytes.
    pub const MOST_BYTES: usize = 1_024;

    /// A token as it was handed out; space around it is left out.
    ///
    /// # Errors
    /// Where it is empty or has characters that no header can hold. The message doesn't repeat it.
    pub fn parse(text: &str) -> Result<Token, AddressError> {
        let text = text.trim();
        let fits = !text.is_empty() && text.len() <= Token::MOST_BYTES;
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Token(text.to_owned()))
        } else {
            Err(AddressError::Token)
        }
    }

    /// The value of the header `authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_without_secrets_and_paths() {
        for (text, shown, is_loopback) in [
            ("http://127.0.0.1:7878/", "http://127.0.0.1:7878", true),
            ("HTTPS://Stave.Example.com", "https://stave.example.com", false),
            ("http://localhost", "http://localhost", true),
            ("http://[::1]:80", "http://[::1]:80", true),
            ("https://127.example.com", "https://127.example.com", false),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.as_str(), address.is_loopback()), (shown, is_loopback), "{text}");
        }
        for bad in [
            "ftp://a",
            "http://",
            "https:///",
            "http://a b",
            "http://a:0",
            "http://a:99999",
            "http://a:b",
            "http://a/b",
            "http://a?b",
            "http://a#b",
            "http://user:secret@a",
            "/a",
            "é",
            "http://é",
        ] {
            let error = Address::parse(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let token = Token::parse(" stv_abc\n").unwrap();
        assert_eq!(
            (token.header().as_str(), format!("{token:?}")),
            ("Bearer stv_abc", "Token(…)".to_owned())
        );
        for bad in ["", " ", "a b", "a\nb", "é"] {
            assert_eq!(Token::parse(bad).unwrap_err(), AddressError::Token);
        }
        assert!(Token::parse(&"a".repeat(Token::MOST_BYTES + 1)).is_err());
    }
}
