//! Which entities are there?

use std::collections::BTreeSet;

use maud::{Markup, html};
use stave_answers::List;
use stave_answers::text::{grouped, spoken, tame};

use crate::controls::new_entity;
use crate::links::{entity_link, find_link, list_link};
use crate::parts::{entities, kind, mark, number, text, unknown};
use crate::shell::{Frame, page};

/// A list of entities with search and filters.
pub fn list_page(frame: &Frame<'_>, list: &List) -> String {
    let title =
        if list.words.is_empty() { "Entities".to_owned() } else { format!("Entities: {}", list.words) };
    let main = html! {
        h1 { "Entities" }
        (tabs(""))
        (filters(list))
        div #results {
            p.found role="status" {
                @if list.total == 0 { "No " } @else { (grouped(list.total)) " " }
                (text(&list.what()))
                @if list.pages > 1 { ", page " (number(list.page)) " of " (number(list.pages)) }
                "."
            }
            (unknown(&list.unknown))
            @if !list.rows.is_empty() { (table(list)) }
            @if list.pages > 1 { (pager(list)) }
        }
        (new_entity(frame))
    };
    page(frame, &title, &main)
}

/// What is there, what is gone, what nobody has looked at: three lists, the current one marked.
pub(crate) fn tabs(current: &str) -> Markup {
    let tabs = [
        ("", "On the map", find_link(&[])),
        ("gone", "Gone", find_link(&[("gone", "yes")])),
        ("stale", "Not seen for long", find_link(&[("stale", "30d")])),
    ];
    html! {
        nav.tabs aria-label="Lists" {
            @for (name, shown, link) in &tabs {
                a href=(link) aria-current=[(*name == current).then_some("page")] { (shown) }
            }
        }
    }
}

fn filters(list: &List) -> Markup {
    html! {
        form.filters #filters action="/entities" method="get" role="search" aria-label="Entities" {
            p {
                label for="q" { "Search" }
                input #q type="search" name="q" value=(tame(&list.words)) autocomplete="off" spellcheck="false" maxlength="200"
                    data-live="results";
            }
            p {
                label for="kind" { "Kind" }
                select #kind name="kind" {
                    option value="" { "all" }
                    @for row in &list.kinds {
                        option value=(tame(&row.kind)) selected[list.kind.as_ref() == Some(&row.kind)] {
                            (spoken(&row.kind)) " (" (grouped(row.count)) ")"
                        }
                    }
                }
            }
            p {
                label for="type" { "Type" }
                input #type name="type" value=(tame(list.entity_type.as_deref().unwrap_or(""))) autocomplete="off"
                    maxlength="200" placeholder="service, database, …";
            }
            p {
                label for="owner" { "Owned by" }
                input #owner name="owner" value=(tame(list.owner.as_deref().unwrap_or(""))) autocomplete="off"
                    maxlength="200";
            }
            @if list.hidden { input type="hidden" name="hidden" value="yes"; }
            p { button type="submit" { "Show" } }
        }
    }
}

fn table(list: &List) -> Markup {
    // Different pieces may have one name; then the reference tells them apart.
    let mut names: Vec<&str> = list.rows.iter().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    let twice: BTreeSet<&str> =
        names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    html! {
        div.scroll role="region" aria-label="Entities" tabindex="0" {
            table.entities {
                caption.unseen { "Entities with kind, owners and number of relations" }
                thead {
                    tr {
                        th scope="col" { "Name" }
                        th scope="col" { "Kind" }
                        th scope="col" { "Owned by" }
                        th.figure scope="col" { "Relations" }
                        th.figure scope="col" { "To it" }
                        th scope="col" { "What it is" }
                    }
                }
                tbody {
                    @for row in &list.rows {
                        tr {
                            th scope="row" {
                                a.name href=(entity_link(&row.id)) { (text(&row.name)) }
                                @if row.hidden { " " (mark("denied")) }
                                @if row.questions > 0 {
                                    " " a.ask href=(entity_link(&row.id)) {
                                        span aria-hidden="true" { "?" } (number(row.questions))
                                        span.unseen { " open questions" }
                                    }
                                }
                                @if twice.contains(&row.name.as_str()) { span.because { (text(&row.reference)) } }
                            }
                            td { (kind(row)) }
                            td {
                                @if !row.owners.is_empty() { (entities(&row.owners)) }
                                @else if !matches!(row.kind.as_str(), "group" | "person") {
                                    span.quiet { "unknown" }
                                }
                            }
                            td.figure { (number(row.relations_out)) }
                            td.figure { (number(row.relations_in)) }
                            td.prose { @if let Some(description) = &row.description { (text(description)) } }
                        }
                    }
                }
            }
        }
    }
}

fn pager(list: &List) -> Markup {
    html! {
        nav.pager aria-label="Pages of the list" {
            @if list.page > 1 { a rel="prev" href=(list_link(list, list.page - 1)) { "← Previous" } }
            @if list.page < list.pages { a rel="next" href=(list_link(list, list.page + 1)) { "Next →" } }
        }
    }
}
