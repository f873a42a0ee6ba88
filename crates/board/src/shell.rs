//! What stands around every page: title, navigation, search, foot.

use maud::{DOCTYPE, Markup, html};
use stave_answers::speech::Notice;
use stave_answers::text::tame;

use crate::controls::{Writing, common, undo};
use crate::links::api_of;
use crate::moment::{Then, as_of, ask_for, kept};
use crate::parts::{number, text};

/// What a page needs to know about itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// Its path and query.
    pub address: &'a str,
    /// The position in the ledger that it shows.
    pub position: u64,
    /// How many open questions there are; none where that isn't known.
    pub questions: Option<u64>,
    /// It answers what was sent: at its address there is nothing to come back to.
    pub is_reply: bool,
    /// Whether its reader may write.
    pub writing: Writing<'a>,
    /// What was said just now.
    pub notice: Option<&'a Notice>,
    /// That something read isn't on the map yet, as a sentence.
    pub waiting: Option<&'a str>,
    /// The moment of the past that it is of; none where that is the present.
    pub then: Option<Then<'a>>,
}

const NAVIGATION: &[(&str, &str)] = &[
    ("/", "Overview"),
    ("/entities", "Entities"),
    ("/tools", "Tools"),
    ("/questions", "Questions"),
    ("/overlap", "Overlap"),
    ("/next", "Next"),
    ("/fires", "Fires"),
    ("/flow", "Flow"),
    ("/knowledge", "Knowledge"),
    ("/log", "Log"),
    ("/help", "Help"),
];

/// A whole page. `title` is the h1's text.
pub(crate) fn page(frame: &Frame<'_>, title: &str, main: &Markup) -> String {
    let path = frame.address.split('?').next().unwrap_or("/");
    let twin = api_of(frame.address);
    // The list has its own search field.
    let search = path != "/entities";
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (tame(title)) " – Stave" }
                link rel="icon" type="image/svg+xml" href="/static/stave.svg";
                link rel="stylesheet" href="/static/stave.css";
                link rel="alternate" type="application/json" href=(twin);
                script type="module" src="/static/stave.js" {}
            }
            body data-position=(frame.position) data-still[frame.is_reply || frame.then.is_some()] {
                a.skip href="#main" { "Skip to the content" }
                header.top { (kept(frame, html! {
                    a.brand href="/" aria-label="Stave: overview" { (brand()) span { "Stave" } }
                    nav aria-label="Pages" {
                        @for (link, name) in NAVIGATION {
                            a href=(link) aria-current=[(path == *link && !frame.is_reply).then_some("page")] {
                                (name)
                                @if *link == "/questions" && frame.questions.is_some_and(|count| count > 0) {
                                    " " span.count { (number(frame.questions.unwrap_or(0))) }
                                }
                            }
                        }
                    }
                    @if search {
                        form.search action="/entities" method="get" role="search" {
                            label for="search" { "Search" }
                            input #search type="search" name="q" autocomplete="off" spellcheck="false" maxlength="200";
                            button type="submit" { "Find" }
                        }
                    }
                })) }
                (as_of(frame))
                main #main tabindex="-1" { (notice(frame)) (kept(frame, html! { (main) })) (common(frame)) }
                footer {
                    p {
                        "Position " span #position { (number(frame.position)) } " of the ledger. "
                        @if let Some(sentence) = frame.waiting { strong { (text(sentence)) } " " }
                        a href=(twin) { "This page as JSON" } ". "
                        a href="/account" { "Who you are here" } ". "
                        (writing(frame))
                    }
                    (ask_for(frame))
                    p #live role="status" aria-live="polite" {}
                }
            }
        }
    }
    .into_string()
}

/// A page beside the map: no navigation, no search, nothing live. `title` is the h1's text.
pub(crate) fn bare_page(title: &str, main: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (tame(title)) " – Stave" }
                link rel="icon" type="image/svg+xml" href="/static/stave.svg";
                link rel="stylesheet" href="/static/stave.css";
            }
            body {
                header.top {
                    a.brand href="/" aria-label="Stave: overview" { (brand()) span { "Stave" } }
                }
                main #main tabindex="-1" { h1 { (tame(title)) } (main) }
            }
        }
    }
    .into_string()
}

/// In whose name its reader writes, or how they would get to it.
fn writing(frame: &Frame<'_>) -> Markup {
    html! {
        @match frame.writing {
            Writing::You(pen) if pen.name.is_empty() => "What you say is signed.",
            Writing::You(pen) => { "You speak as " (text(pen.name)) "." },
            Writing::NotYou(hint) => { "You only read here. " (hint) },
            Writing::Nobody => "The board is read-only here; the command line takes corrections.",
        }
    }
}

/// `You said`, `Ann took back`.
fn whose(frame: &Frame<'_>, notice: &Notice) -> Markup {
    let is_own = matches!(frame.writing, Writing::You(pen) if pen.author == notice.author);
    let did = if notice.is_undo { "took back" } else { "said" };
    html! { @if is_own { "You " } @else { (text(&notice.who)) " " } (did) }
}

/// What was said just now, and how to take it back.
fn notice(frame: &Frame<'_>) -> Markup {
    html! {
        @if let Some(notice) = frame.notice {
            div.notice role="status" {
                p {
                    span.quiet { (whose(frame, notice)) ": " }
                    @for (at, sentence) in notice.said.iter().enumerate() {
                        @if at > 0 { "; " }
                        (text(sentence))
                    }
                    "."
                    @if notice.undone_by.is_some() { " " span.quiet { "It has been taken back since." } }
                }
                @match &notice.undone_by {
                    Some(by) => (undo(frame, &by.to_string(), "Say it again", "")),
                    None if notice.is_undo => (undo(frame, &notice.op.to_string(), "Bring it back", "")),
                    None => (undo(frame, &notice.op.to_string(), "Undo", "")),
                }
            }
        }
    }
}

/// Staves of different lengths: a barrel holds water up to the lowest.
fn brand() -> Markup {
    html! {
        svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false" {
            path.stave d="M3 6h5v22h-5z" {}
            path.stave d="M9.500 3h5v25h-5z" {}
            path.low d="M16 13h5v15h-5z" {}
            path.stave d="M22.500 5h6v23h-6z" {}
            path.hoop d="M2 19h28M2 25h28" {}
        }
    }
}
