//! Paths of all frameworks in one form: a slash in front, none behind, variables as `{name}`.

use crate::limits;
use crate::values::looks_secret;

/// Methods that a route can be for.
pub(in crate::readers) const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// The method that a word names in any case.
pub(in crate::readers) fn method(word: &str) -> Option<&'static str> {
    METHODS.iter().copied().find(|method| method.eq_ignore_ascii_case(word))
}

/// One path behind another, as written.
pub(in crate::readers) fn join(front: &str, back: &str) -> String {
    match (front.trim_end_matches('/'), back.trim_start_matches('/')) {
        (front, "") => front.to_owned(),
        (front, back) => format!("{front}/{back}"),
    }
}

/// The endpoint's text; nothing where the path holds what no path holds, or could be a credential.
pub(in crate::readers) fn endpoint(method: Option<&str>, path: &str) -> Option<String> {
    let path = normal(path)?;
    Some(method.map_or_else(|| path.clone(), |method| format!("{method} {path}")))
}

/// A path in the common form.
pub(in crate::readers) fn normal(path: &str) -> Option<String> {
    let path = path.split('#').next().filter(|path| !path.contains("://"))?;
    // A question mark without a query is that of a variable that may be left out.
    let path = path.split_once('?').filter(|(_, query)| query.contains('=')).map_or(path, |(path, _)| path);
    let mut out = String::new();
    for segment in segments(path) {
        if segment.is_empty() {
            continue;
        }
        out.push('/');
        out.push_str(&variables(segment));
    }
    if out.is_empty() {
        out.push('/');
    }
    let fits = out.len() <= limits::NAME_BYTES
        && !out.chars().any(|c| c.is_whitespace() || c.is_control() || "\"\\`^|".contains(c))
        && !out.contains("${")
        && !out.split('/').any(|segment| looks_secret(segment) || segment == "..");
    fits.then_some(out)
}

/// Cuts at slashes outside of brackets: an expression in a variable may hold one.
fn segments(path: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut depth, mut start) = (0usize, 0usize);
    for (at, c) in path.char_indices() {
        match c {
            '{' | '<' | '(' | '[' => depth += 1,
            '}' | '>' | ')' | ']' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                out.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&path[start..]);
    out
}

/// A segment with its variables as `{name}`: `:id`, `<int:id>`, `{id:[0-9]+}`, `{*rest}`, `${id}`.
fn variables(segment: &str) -> String {
    let mut out = String::new();
    let mut rest = segment;
    while let Some(c) = rest.chars().next() {
        let back = &rest[c.len_utf8()..];
        let (name, left) = match c {
            '$' if back.starts_with('{') => {
                rest = back;
                continue;
            }
            '{' => bracketed(back, '{', '}'),
            '<' => bracketed(back, '<', '>'),
            // A colon behind a text begins a verb (`orders:search`), unless it is a variable's.
            ':' if out.is_empty() || out.ends_with(['}', '-', '.']) => {
                let end = back.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(back.len());
                if end == 0 {
                    (None, back)
                } else {
                    // A pattern and a mark for "may be left out" belong to the variable.
                    let mut left = &back[end..];
                    if left.starts_with('(') {
                        left = left.find(')').map_or("", |end| &left[end + 1..]);
                    }
                    (Some(&back[..end]), left.trim_start_matches(['?', '+', '*']))
                }
            }
            '*' if out.is_empty() => {
                let name = back.trim_start_matches('*');
                let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
                (Some(if name.is_empty() || !is_name { "*" } else { name }), "")
            }
            _ => (None, back),
        };
        match name {
            Some("*") => out.push('*'),
            Some(name) => {
                out.push('{');
                out.push_str(name);
                out.push('}');
            }
            None => out.push(c),
        }
        rest = left;
    }
    out
}

/// The name in a bracket that has been opened, and what follows it.
fn bracketed(text: &str, open: char, close: char) -> (Option<&str>, &str) {
    let mut depth = 1usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return (Some(name_of(&text[..at], open)), &text[at + 1..]);
            }
        }
    }
    (None, text)
}

/// `id` of `id:[0-9]+`, of `int:id`, `*rest`, `id?`, `order.id`.
fn name_of(body: &str, open: char) -> &str {
    let name = match body.split_once(':') {
        Some((_, name)) if open == '<' => name,
        Some((name, _)) => name,
        None => body,
    };
    let name = name.trim().trim_start_matches(['*', '.']).trim_end_matches(['?', '*', '+']);
    let name = name.split('=').next().unwrap_or(name).trim();
    let end =
        name.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.')).unwrap_or(name.len());
    if end == 0 { "*" } else { &name[..end] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_all_frameworks_are_one_form() {
        for (path, want) in [
            ("orders/:id", "/orders/{id}"),
            ("/orders//{id}/", "/orders/{id}"),
            ("", "/"),
            ("/a/<int:order_id>/b", "/a/{order_id}/b"),
            ("/a/<path>", "/a/{path}"),
            ("/a/{id:[0-9]{2}/x}/b", "/a/{id}/b"),
            ("/a/{id:int}", "/a/{id}"),
            ("/a/:id(\\d+)?", "/a/{id}"),
            ("/a/:from-:to", "/a/{from}-{to}"),
            ("/v1/orders:search", "/v1/orders:search"),
            ("/a/*rest", "/a/{rest}"),
            ("/a/{*rest}", "/a/{rest}"),
            ("/a/**", "/a/*"),
            ("/a/{id?}", "/a/{id}"),
            ("/{id}.html?x=1", "/{id}.html"),
            ("/a/${order.id}", "/a/{order.id}"),
        ] {
            assert_eq!(normal(path).as_deref(), Some(want), "{path}");
        }
        for path in ["https://x.dev/a", "/a b", "/hook/ghp_0123456789abcdef0123", "/a/../b"] {
            assert_eq!(normal(path), None, "{path}");
        }
        assert_eq!(endpoint(Some("GET"), "x").as_deref(), Some("GET /x"));
        assert_eq!(join("/a/", "/b"), "/a/b");
        assert_eq!(join("", "b"), "/b");
    }
}
