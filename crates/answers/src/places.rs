//! Where a claim can be checked, as text and, for hosts whose addresses are known, as a link.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use stave_model::{Evidence, Scope};

/// A point of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// `compose.yaml:12`, or a web address.
    pub text: String,
    /// Where a browser finds it: the file at that very commit. Only `http` and `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What may not stand as it is in one segment of a URL's path.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The place of a point of evidence in a statement about `scope` whose source has the id `source_id`.
pub(crate) fn place(evidence: &Evidence, scope: &str, source_id: Option<&str>) -> Place {
    if let Some(url) = &evidence.url {
        return Place { text: url.clone(), url: web_address(url) };
    }
    let path = evidence.path.as_deref().unwrap_or("");
    let text = match evidence.line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    };
    Place { text, url: source_id.and_then(|id| host_page(scope, id, path, evidence.line)) }
}

/// The text, if it is a web address that a page may link to: `javascript:` and others are not.
pub fn web_address(text: &str) -> Option<String> {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    (web && !text.chars().any(|c| c.is_control() || c.is_whitespace())).then(|| text.to_owned())
}

/// The page that a code host shows for a line of a file at a commit. Uncommitted work has none, and
/// neither has a host whose addresses nobody described here.
fn host_page(scope: &str, commit: &str, path: &str, line: Option<u32>) -> Option<String> {
    let scope: Scope = scope.parse().ok()?;
    let (repository, _, false) = scope.branch()? else { return None };
    let digits = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digits || path.is_empty() {
        return None;
    }
    let (host, project) = repository.split_once('/')?;
    let encode = |path: &str| {
        let parts = path.split('/').map(|part| utf8_percent_encode(part, SEGMENT).to_string());
        parts.collect::<Vec<String>>().join("/")
    };
    let (between, anchor) = match host {
        "github.com" => ("blob", "#L"),
        "gitlab.com" => ("-/blob", "#L"),
        "bitbucket.org" => ("src", "#lines-"),
        "codeberg.org" => ("src/commit", "#L"),
        _ => return None,
    };
    let anchor = line.map(|line| format!("{anchor}{line}")).unwrap_or_default();
    Some(format!("https://{host}/{}/{between}/{commit}/{}{anchor}", encode(project), encode(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(scope: &str, commit: &str, path: &str) -> Option<String> {
        place(&Evidence::at(path, 12), scope, Some(commit)).url
    }

    #[test]
    fn known_hosts_have_pages() {
        for (repository, expected) in [
            ("github.com/tea/shop", "https://github.com/tea/shop/blob/0123abc/a%20b/c%23.yaml#L12"),
            ("gitlab.com/tea/sub/shop", "https://gitlab.com/tea/sub/shop/-/blob/0123abc/a%20b/c%23.yaml#L12"),
            ("bitbucket.org/tea/shop", "https://bitbucket.org/tea/shop/src/0123abc/a%20b/c%23.yaml#lines-12"),
            ("codeberg.org/tea/shop", "https://codeberg.org/tea/shop/src/commit/0123abc/a%20b/c%23.yaml#L12"),
        ] {
            let found = url(&format!("repo:{repository}@main"), "0123abc", "a b/c#.yaml");
            assert_eq!(found.as_deref(), Some(expected));
        }
    }

    #[test]
    fn no_page_is_guessed() {
        assert_eq!(url("repo:git.example.com/tea@main", "0123abc", "a"), None);
        assert_eq!(url("repo:github.com/tea/shop@main+work", "0123abc", "a"), None);
        assert_eq!(url("repo:github.com/tea/shop@main", "not-a-commit", "a"), None);
        assert_eq!(url("ticket:desk/1", "0123abc", "a"), None);
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert_eq!(web_address("HTTPS://example.com/x").as_deref(), Some("HTTPS://example.com/x"));
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "https://a b", "//example.com", "ftp://example.com"]
        {
            assert_eq!(web_address(bad), None, "{bad}");
        }
    }
}
