//! What is no longer found, and what nobody has looked at for long.

use maud::{Markup, html};
use stave_answers::when::day;
use stave_answers::{Gone, GoneRow, Stale};
use stave_model::Time;

use crate::links::{entity_link, find_link};
use crate::list::tabs;
use crate::parts::{date, kind, mark, maybe_link, number, text, time, unknown};
use crate::shell::{Frame, page};

/// What is no longer found.
pub fn gone_page(frame: &Frame<'_>, gone: &Gone) -> String {
    let main = html! {
        h1 { "Entities" }
        (tabs("gone"))
        div #results {
            p.found role="status" {
                (text(&gone.found()))
                @if gone.pages > 1 { ", page " (number(gone.page)) " of " (number(gone.pages)) }
                "."
            }
            (unknown(&gone.unknown))
            @for row in &gone.rows {
                section.gone aria-labelledby={ "g-" (row.id) } {
                    h2 id={ "g-" (row.id) } { a.name href=(entity_link(&row.id)) { (text(&row.name)) } }
                    (one(row, gone.now))
                }
            }
            (pager(&[("gone", "yes")], gone.page, gone.pages))
        }
    };
    page(frame, "What is gone", &main)
}

/// The page of a piece that is no longer found.
pub fn gone_entity_page(frame: &Frame<'_>, row: &GoneRow, now: Time) -> String {
    let main = html! {
        nav.trail aria-label="Where this is" { a href=(find_link(&[("gone", "yes")])) { "← What is gone" } }
        h1 { (text(&row.name)) }
        (one(row, now))
        h2 { "Its names" }
        ul.plain { @for reference in &row.references { li { code { (text(reference)) } } } }
    };
    page(frame, &row.name, &main)
}

fn one(row: &GoneRow, now: Time) -> Markup {
    html! {
        p {
            span.kind { (text(&row.kind_text())) } " "
            (mark("gone")) " since " (date(row.since, now)) ". " (text(&row.because_text()))
        }
        p {
            "Last in "
            @for (index, place) in row.last.places.iter().enumerate() {
                @if index > 0 { ", " }
                (maybe_link(&place.text, place.url.as_deref()))
            }
            @if !row.last.places.is_empty() { " of " }
            (text(&row.last.source_text())) ", " (date(row.last.source_at, now)) "."
        }
        @if !row.words.is_empty() {
            ul.plain aria-label="Words that hang on it" {
                @for word in &row.words {
                    li {
                        (text(&word.who)) " said on " (day(word.time)) ": "
                        (text(&row.name)) " " (text(&word.says)) "."
                    }
                }
            }
        }
        @if !row.perhaps.is_empty() {
            p {
                "Perhaps it is now "
                @for (index, other) in row.perhaps.iter().enumerate() {
                    @if index > 0 { " or " }
                    a.name href=(entity_link(&other.id)) { (text(&other.name)) }
                    " (" span.quiet { (text(&other.reference)) } ")"
                }
                @if !row.words.is_empty() { ": " a href="/questions" { "the questions" } " propose it for its words" }
                "."
            }
        }
    }
}

/// What nobody has looked at for long; `age` is how long, as it was asked.
pub fn stale_page(frame: &Frame<'_>, stale: &Stale, age: &str) -> String {
    let main = html! {
        h1 { "Entities" }
        (tabs("stale"))
        form.filters action="/entities" method="get" aria-label="Not seen for" {
            p {
                label for="stale" { "Not looked at for" }
                input #stale name="stale" value=(age) autocomplete="off" maxlength="20" placeholder="12h, 30d, 6w";
            }
            p { button type="submit" { "Show" } }
        }
        div #results {
            p.found role="status" { (text(&stale.found())) "." }
            (unknown(&stale.unknown))
            @if !stale.scopes.is_empty() { (scopes(stale)) }
            @if !stale.rows.is_empty() {
                h2 { "Known from there only" }
                (entities_table(stale))
            }
            (pager(&[("stale", age)], stale.page, stale.pages))
        }
    };
    page(frame, "Not seen", &main)
}

fn scopes(stale: &Stale) -> Markup {
    html! {
        div.scroll role="region" aria-label="What nobody has looked at" tabindex="0" {
            table {
                caption.unseen { "Scopes that nobody has looked at, with the last look" }
                thead {
                    tr {
                        th scope="col" { "What" }
                        th scope="col" { "Last looked" }
                        th scope="col" { "If it is gone for good" }
                    }
                }
                tbody {
                    @for scope in &stale.scopes {
                        tr {
                            th scope="row" {
                                (text(&scope.text()))
                                @if !scope.authors.is_empty() { span.because { (text(&scope.by_text())) } }
                            }
                            td {
                                @match scope.seen {
                                    Some(seen) => (time(seen, stale.now)),
                                    None => span.quiet { "unknown" },
                                }
                            }
                            td { code { "stave retire " (text(&scope.scope)) } }
                        }
                    }
                }
            }
        }
        @if stale.more_scopes > 0 { p.quiet { "and " (number(stale.more_scopes)) " more" } }
    }
}

fn entities_table(stale: &Stale) -> Markup {
    html! {
        div.scroll role="region" aria-label="Entities that are known from there only" tabindex="0" {
            table.entities {
                caption.unseen { "Entities that are known from there only" }
                thead { tr { th scope="col" { "Name" } th scope="col" { "Kind" } th scope="col" { "What it is" } } }
                tbody {
                    @for row in &stale.rows {
                        tr {
                            th scope="row" { a.name href=(entity_link(&row.id)) { (text(&row.name)) } }
                            td { (kind(row)) }
                            td.prose { @if let Some(description) = &row.description { (text(description)) } }
                        }
                    }
                }
            }
        }
    }
}

fn pager(pairs: &[(&str, &str)], at: u64, pages: u64) -> Markup {
    let to = |page: u64| {
        let page = page.to_string();
        let mut pairs = pairs.to_vec();
        pairs.push(("page", &page));
        find_link(&pairs)
    };
    html! {
        @if pages > 1 {
            nav.pager aria-label="Pages of the list" {
                @if at > 1 { a rel="prev" href=(to(at - 1)) { "← Previous" } }
                @if at < pages { a rel="next" href=(to(at + 1)) { "Next →" } }
            }
        }
    }
}
