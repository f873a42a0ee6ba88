//! Which entities are there?

use maud::{Markup, html};
use stave_answers::List;
use stave_answers::text::{grouped, spoken};

use crate::links::{entity_link, list_link};
use crate::parts::{entities, kind, mark, number, text, unknown};
use crate::shell::{Frame, page};

/// A list of entities with search and filters.
pub fn list_page(frame: &Frame<'_>, list: &List) -> String {
    let title =
        if list.words.is_empty() { "Entities".to_owned() } else { format!("Entities: {}", list.words) };
    let main = html! {
        h1 { "Entities" }
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
    };
    page(frame, &title, &main)
}

fn filters(list: &List) -> Markup {
    html! {
        form.filters #filters action="/entities" method="get" role="search" aria-label="Entities" {
            p {
                label for="q" { "Search" }
                input #q type="search" name="q" value=(list.words) autocomplete="off" spellcheck="false" maxlength="200"
                    data-live="results";
            }
            p {
                label for="kind" { "Kind" }
                select #kind name="kind" {
                    option value="" { "all" }
                    @for row in &list.kinds {
                        option value=(row.kind) selected[list.kind.as_ref() == Some(&row.kind)] {
                            (spoken(&row.kind)) " (" (grouped(row.count)) ")"
                        }
                    }
                }
            }
            p {
                label for="type" { "Type" }
                input #type name="type" value=(list.entity_type.as_deref().unwrap_or("")) autocomplete="off"
                    maxlength="200" placeholder="service, database, …";
            }
            p {
                label for="owner" { "Owned by" }
                input #owner name="owner" value=(list.owner.as_deref().unwrap_or("")) autocomplete="off"
                    maxlength="200";
            }
            @if list.hidden { input type="hidden" name="hidden" value="yes"; }
            p { button type="submit" { "Show" } }
        }
    }
}

fn table(list: &List) -> Markup {
    html! {
        div.scroll role="region" aria-label="Entities" tabindex="0" {
            table.entities {
                caption.unseen { "Entities with kind, owners and number of relations" }
                thead {
                    tr {
                        th scope="col" { "Name" }
                        th scope="col" { "Kind" }
                        th scope="col" { "Owned by" }
                        th.figure scope="col" { "Needs" }
                        th.figure scope="col" { "Needed by" }
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
                            }
                            td { (kind(row)) }
                            td {
                                @if row.owners.is_empty() { span.quiet { "unknown" } }
                                @else { (entities(&row.owners)) }
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
