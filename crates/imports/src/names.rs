//! Names from files that nobody checked: trimmed, printable, short; hosts without user, port and query.

use serde_json::Value;
use stave_model::{Basis, Claim, Evidence, Reference};

use crate::{ImportError, limits};

/// The last part of a path, printable.
pub(crate) fn file_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    clean(name).unwrap_or_else(|| "import".to_owned())
}

/// The name of where something comes from, as it can stand in a scope.
pub(crate) fn origin(text: &str) -> Result<String, ImportError> {
    let name = clean(text).filter(|name| !name.contains(['/', '@', '#', '%', '>']));
    name.map(|name| name.to_lowercase()).ok_or_else(|| ImportError::Origin(text.chars().take(60).collect()))
}

/// A name as it may stand in a reference; `None` where nothing is left of it or it is too long.
pub(crate) fn clean(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ok = !text.is_empty()
        && text.len() <= limits::NAME_BYTES
        && !text.chars().any(char::is_control)
        && !text.contains("://")
        && !text.contains(['{', '}', '<', '>', '#']);
    ok.then_some(text)
}

/// A host name that says whose it is: with a dot, no number, not this machine.
pub(crate) fn outside_host(text: &str) -> Option<String> {
    let host =
        text.rsplit('@').next()?.split([':', '/', '?']).next()?.trim_end_matches('.').to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let end = host.rsplit('.').next()?;
    let is_number = !end.chars().any(|c| c.is_ascii_alphabetic());
    let inside = ["local", "internal", "localhost", "localdomain", "svc", "lan", "cluster"];
    let ok = host.contains('.') && host.chars().all(plain) && !is_number && !inside.contains(&end);
    (ok && host.len() <= limits::NAME_BYTES).then_some(host)
}

/// `REGISTRY/NAME` of an image, without tag and digest; `None` where it doesn't say whose it is.
pub(crate) fn qualified_image(text: &str) -> Option<String> {
    let text = text.split('@').next()?;
    let cut = text.rfind('/').map_or(0, |at| at + 1);
    let name = match text[cut..].find(':') {
        Some(at) => &text[..cut + at],
        None => text,
    };
    let name = name.trim_start_matches("docker.io/").trim_start_matches("library/").to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    (name.contains('/') && name.chars().all(plain) && name.len() <= limits::NAME_BYTES).then_some(name)
}

/// A claim about one thing, with the file as evidence.
pub(crate) fn claim(kind: &str, of: &Reference, basis: Basis, value: Option<Value>, file: &str) -> Claim {
    let mut claim = Claim::new(kind, of.clone(), basis);
    claim.value = value;
    claim.evidence = vec![Evidence::file(file)];
    claim
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_that_say_whose_they_are_count() {
        for (text, want) in [
            ("api.stripe.com:443", Some("api.stripe.com")),
            ("me:secret@db.example.org/x?y", Some("db.example.org")),
            ("10.0.0.1", None),
            ("orders", None),
            ("orders.shop.svc.cluster.local", None),
        ] {
            assert_eq!(outside_host(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn images_lose_tags() {
        assert_eq!(qualified_image("ghcr.io/shop/cart:1.2").as_deref(), Some("ghcr.io/shop/cart"));
        assert_eq!(qualified_image("docker.io/library/redis:8"), None);
        assert_eq!(qualified_image("r.example:5000/a/b@sha256:00").as_deref(), Some("r.example:5000/a/b"));
    }

    #[test]
    fn an_origin_is_a_plain_name() {
        assert_eq!(origin(" Production ").ok().as_deref(), Some("production"));
        assert!(origin("a/b").is_err() && origin("").is_err());
    }
}
