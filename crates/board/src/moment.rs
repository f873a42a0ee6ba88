//! Pages of the past: what they are of, the way back to the present, and links that stay in the past.

use maud::{Markup, PreEscaped, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use stave_answers::AsOf;
use stave_answers::text::tame;
use stave_answers::when::day_begins;

use crate::shell::Frame;

/// What stands behind a question mark as it is: days and instants stay readable.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b':').remove(b'.');

/// Addresses that are of no moment.
const TIMELESS: [&str; 4] = ["/static/", "/account", "/login", "/logout"];

/// The moment that a page is of.
#[derive(Clone, Copy, Debug)]
pub struct Then<'a> {
    /// As it was asked for.
    pub typed: &'a str,
    /// As it was understood.
    pub as_of: &'a AsOf,
}

/// What the page is of, with a link to the same page of today.
pub(crate) fn as_of(frame: &Frame<'_>) -> Markup {
    html! {
        @if let Some(then) = &frame.then {
            aside.then aria-label="The past" {
                p { "As of " strong { (then.as_of.text()) } ", and nothing can be said here. " a href=(without_moment(frame.address)) { "See today" } }
            }
        }
    }
}

/// The small form that asks for the same page as of a day.
pub(crate) fn ask_for(frame: &Frame<'_>) -> Markup {
    let today = without_moment(frame.address);
    let (path, query) = today.split_once('?').unwrap_or((&today, ""));
    let typed = frame.then.map_or("", |then| then.typed);
    let is_day = day_begins(typed).is_some();
    html! {
        @if frame.questions.is_some() && !frame.is_reply {
            form.then action=(path) method="get" {
                @for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                    input type="hidden" name=(decoded(name)) value=(decoded(value));
                }
                label for="at" { "This page as of the end of" }
                input #at type="date" name="at" value=[is_day.then_some(typed)] required;
                button type="submit" { "Show" }
            }
        }
    }
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    tame(&percent_decode_str(&text).decode_utf8_lossy()).into_owned()
}

/// An address without the moment that it asks for.
pub fn without_moment(address: &str) -> String {
    let Some((path, query)) = address.split_once('?') else { return address.to_owned() };
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("at=")).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}

/// A part of a page, with links and forms of ours that stay in the moment that the page is of.
///
/// They are found in the finished HTML, so that no link can be forgotten: quotation marks stand in attributes only, for
/// those in text are escaped.
pub(crate) fn kept(frame: &Frame<'_>, part: Markup) -> Markup {
    let Some(then) = frame.then else { return part };
    let at = format!("at={}", utf8_percent_encode(then.typed.trim(), PLAIN));
    let field = html! { input type="hidden" name="at" value=(then.typed); }.into_string();
    let mut rest = part.0.as_str();
    let mut out = String::with_capacity(rest.len() + rest.len() / 8);
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').map_or(rest.len(), |end| start + end + 1);
        let tag = &rest[start..end];
        out.push_str(&rest[..start]);
        match tag.split_once(" href=\"/") {
            Some((before, behind)) if tag.starts_with("<a ") => {
                let (link, after) = behind.split_once('"').unwrap_or((behind, ""));
                out.push_str(&format!("{before} href=\"{}\"{after}", with_moment(&format!("/{link}"), &at)));
            }
            _ => out.push_str(tag),
        }
        if tag.starts_with("<form ") && tag.contains(" method=\"get\"") {
            out.push_str(&field);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    PreEscaped(out)
}

/// A link as it stands in an attribute, with the moment behind its question mark.
fn with_moment(link: &str, at: &str) -> String {
    let is_timeless = TIMELESS.iter().any(|path| link.starts_with(path)) || link.starts_with("//");
    if is_timeless {
        return link.to_owned();
    }
    let (address, place) = match link.split_once('#') {
        // What is escaped has a number sign as well: `&#39;`.
        Some((address, _)) if address.ends_with('&') => (link, String::new()),
        Some((address, place)) => (address, format!("#{place}")),
        None => (link, String::new()),
    };
    let join = if address.contains('?') { "&amp;" } else { "?" };
    format!("{address}{join}{at}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, inside: Markup) -> String {
        let as_of = AsOf { time: stave_model::Time::from_millis(0), position: None, redacted: 0 };
        let then = Some(Then { typed: "2026-11-01", as_of: &as_of });
        kept(&Frame { address, then, ..Frame::default() }, inside).into_string()
    }

    #[test]
    fn links_of_ours_stay_in_the_moment_and_others_are_left() {
        for (link, expected) in [
            ("/", "/?at=2026-11-01"),
            ("/e/0", "/e/0?at=2026-11-01"),
            ("/entities?kind=a&type=b", "/entities?kind=a&amp;type=b&amp;at=2026-11-01"),
            ("/questions#q-1", "/questions?at=2026-11-01#q-1"),
            ("/e/0/why?to=%22#f", "/e/0/why?to=%22&amp;at=2026-11-01#f"),
            ("#main", "#main"),
            ("/account", "/account"),
            ("//elsewhere.example.com", "//elsewhere.example.com"),
            ("https://example.com/a?b", "https://example.com/a?b"),
        ] {
            let shown = of(
                "/",
                html! { a.name href=(link) title="<b href=\"/x\">" { "href=\"/y\" <a href=\"/z\">" } },
            );
            assert!(shown.contains(&format!(" href=\"{expected}\"")), "{link}: {shown}");
            assert_eq!(shown.matches("at=").count(), expected.matches("at=").count(), "{shown}");
        }
    }

    #[test]
    fn forms_that_ask_stay_in_the_moment_and_those_that_say_do_not() {
        let field = "<input type=\"hidden\" name=\"at\" value=\"2026-11-01\">";
        let get = of("/", html! { form.a action="/tools" method="get" { "x" } });
        assert_eq!(get, format!("<form class=\"a\" action=\"/tools\" method=\"get\">{field}x</form>"));
        let post = html! { form action="/say" method="post" {} };
        assert_eq!(of("/", post.clone()), post.into_string());
    }

    #[test]
    fn the_present_is_the_same_address_without_the_moment() {
        for (address, today) in [
            ("/?at=2026-11-01", "/"),
            ("/entities?q=a&at=5&kind=b", "/entities?q=a&kind=b"),
            ("/log?before=5&at=5", "/log?before=5"),
            ("/log", "/log"),
        ] {
            assert_eq!(without_moment(address), today);
        }
    }
}
