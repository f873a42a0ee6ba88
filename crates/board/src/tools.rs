//! Which outside products and services are in use?

use maud::{Markup, html};
use stave_answers::text::{counted, grouped, tame};
use stave_answers::{ToolGroup, Tools, UsedTool};

use crate::links::entity_link;
use crate::parts::{maybe_link, number, text, unknown};
use crate::shell::{Frame, page};

/// Users of a tool that are shown at once; the rest unfolds.
const USERS: usize = 6;

/// The tools by category.
pub fn tools_page(frame: &Frame<'_>, tools: &Tools) -> String {
    let main = html! {
        h1 { "Tools in use" }
        p.lead {
            (counted(tools.total, "outside product or service", "outside products and services")) " in "
            (counted(tools.counts.len() as u64, "category", "categories")) ", with who uses them and where it says so."
        }
        (filters(tools))
        div #results {
            @if tools.categories.is_empty() {
                p.empty role="status" {
                    @if tools.asked.is_empty() { "None was found yet." }
                    @else { "No tool in use has to do with \"" (text(&tools.asked)) "\"." }
                }
            }
            @for category in &tools.categories { (group(category)) }
            (unknown(&tools.unknown))
        }
    };
    page(frame, "Tools in use", &main)
}

fn filters(tools: &Tools) -> Markup {
    html! {
        form.filters #filters action="/tools" method="get" role="search" aria-label="Tools" {
            p {
                label for="q" { "Category or name" }
                input #q type="search" name="q" value=(tame(&tools.asked)) list="categories" autocomplete="off"
                    spellcheck="false" maxlength="200" data-live="results";
                datalist #categories {
                    @for (category, count) in &tools.counts {
                        option value=(tame(category)) { (text(category)) " (" (grouped(*count)) ")" }
                    }
                }
            }
            p { button type="submit" { "Show" } }
        }
    }
}

fn group(category: &ToolGroup) -> Markup {
    let name = category.title();
    let id = format!("category-{}", tame(&category.category));
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (text(&name)) " " span.quiet { (counted(category.tools.len() as u64, "tool", "tools")) } }
            div.scroll role="region" aria-label=(tame(&name)) tabindex="0" {
                table.tools {
                    caption.unseen { "Tools for " (text(&name)) }
                    thead {
                        tr {
                            th scope="col" { "Tool" }
                            th scope="col" { "Used by" }
                            th.figure scope="col" { "Repositories" }
                        }
                    }
                    tbody { @for tool in &category.tools { (row(tool)) } }
                }
            }
        }
    }
}

fn row(tool: &UsedTool) -> Markup {
    let (first, rest) = tool.users.split_at(tool.users.len().min(USERS));
    html! {
        tr {
            th scope="row" {
                a.name href=(entity_link(&tool.id)) { (text(&tool.name)) }
                @if let Some(link) = &tool.link { span.because { (maybe_link(link, Some(link))) } }
            }
            td {
                (users(first))
                @if !rest.is_empty() {
                    details {
                        summary { (number(rest.len() as u64)) " more" }
                        (users(rest))
                    }
                }
            }
            td.figure { (number(tool.repositories)) }
        }
    }
}

fn users(users: &[stave_answers::User]) -> Markup {
    html! {
        ul.plain {
            @for user in users {
                li {
                    a.name href=(entity_link(&user.label.id)) { (text(&user.label.name)) }
                    @if let Some(place) = user.places.first() {
                        " " span.quiet { (maybe_link(&place.text, place.url.as_deref())) }
                    }
                    @if user.places.len() > 1 {
                        " " span.quiet { "and " (number(user.places.len() as u64 - 1)) " more" }
                    }
                }
            }
        }
    }
}
