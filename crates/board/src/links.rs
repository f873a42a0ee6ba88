//! Addresses of pages, and of the same answers as JSON.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use stave_answers::{FactAddress, List};

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A path with what stands behind its question mark.
pub(crate) fn address_with(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// The page of an entity.
pub fn entity_link(id: &str) -> String {
    format!("/e/{}", encoded(id))
}

/// The page of an entity's flow.
pub(crate) fn flow_link(id: &str) -> String {
    format!("/flow?entity={}", encoded(id))
}

/// The page that says why a fact is thought so.
pub fn why_link(address: &FactAddress) -> String {
    let mut link = format!("{}/why?fact={}", entity_link(&address.entity), encoded(&address.fact));
    if let Some(to) = &address.to {
        link.push_str(&format!("&to={}", encoded(to)));
    }
    link
}

/// The page that lists what matches.
pub fn find_link(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if pairs.is_empty() { "/entities".to_owned() } else { format!("/entities?{}", pairs.join("&")) }
}

/// Another page of a list.
pub(crate) fn list_link(list: &List, page: u64) -> String {
    let page = page.to_string();
    find_link(&[
        ("q", &list.words),
        ("kind", list.kind.as_deref().unwrap_or("")),
        ("type", list.entity_type.as_deref().unwrap_or("")),
        ("owner", list.owner.as_deref().unwrap_or("")),
        ("hidden", if list.hidden { "yes" } else { "" }),
        ("page", if page == "1" { "" } else { &page }),
    ])
}

/// The same answer as JSON, for a page's path and query.
pub fn api_of(path_and_query: &str) -> String {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (path_and_query, String::new()),
    };
    let twin = match path {
        "/" => "/api/v1/summary".to_owned(),
        "/help" => "/api/v1".to_owned(),
        _ => match path.strip_prefix("/e/") {
            Some(rest) => format!("/api/v1/entities/{rest}"),
            None => format!("/api/v1{path}"),
        },
    };
    format!("{twin}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_twin() {
        for (page, twin) in [
            ("/", "/api/v1/summary"),
            ("/entities?kind=api", "/api/v1/entities?kind=api"),
            ("/e/0123456789ab", "/api/v1/entities/0123456789ab"),
            ("/e/0123456789ab/why?fact=calls", "/api/v1/entities/0123456789ab/why?fact=calls"),
            ("/questions", "/api/v1/questions"),
            ("/help", "/api/v1"),
        ] {
            assert_eq!(api_of(page), twin);
        }
    }

    #[test]
    fn addresses_are_encoded() {
        let address = FactAddress {
            entity: "0123456789ab".into(),
            fact: "endpoint".into(),
            to: Some("GET /a?b&c=\"<d>".into()),
        };
        assert_eq!(
            why_link(&address),
            "/e/0123456789ab/why?fact=endpoint&to=GET%20%2Fa%3Fb%26c%3D%22%3Cd%3E"
        );
    }
}
