//! What is this? One entity.

use std::collections::BTreeMap;

use maud::{Markup, html};
use stave_answers::text::{counted, spoken, tame};
use stave_answers::{EntityPage, Neighbourhood, Property, RelationGroup, SaidAtOnce, TextFact};
use stave_model::Time;

use crate::knowledge::who_link;
use crate::links::{entity_link, find_link, flow_link, why_link};
use crate::parts::{
    basis, date, entities, entity, kind, mark, marks, maybe_denied, maybe_link, number, text, unknown, why,
};
use crate::picture::picture;
use crate::shell::{Frame, page};

/// Facts that the page shows elsewhere than in its list of facts.
const SHOWN_ABOVE: &[&str] = &["name", "description"];

/// Kinds of pieces that have staves.
const HAS_BARREL: &[&str] = &["component", "system", "domain", "api", "resource", "repository"];

/// Relations of one type that the page lists; what everything calls would be a page of its own.
const ROWS: usize = 200;

/// Endpoints of one interface that are listed without being asked for.
const ENDPOINTS: usize = 30;

/// References and keys that are listed without being asked for.
const NAMES: usize = 8;

/// Kinds that have code, or parts with code.
const ASKED_ABOUT: &[&str] = &["component", "domain", "repository", "system"];

/// An entity with everything that is known about it.
pub fn entity_page(frame: &Frame<'_>, found: &EntityPage, near: Option<&Neighbourhood>) -> String {
    let row = &found.row;
    let (inverse, own): (Vec<&RelationGroup>, Vec<&RelationGroup>) =
        found.relations.iter().partition(|group| group.inverse);
    let main = html! {
        p.eyebrow { (kind(row)) @if row.hidden { " " (mark("denied")) } }
        h1 { (text(&row.name)) }
        @if let Some(description) = &row.description {
            p.lead {
                (text(description)) " "
                @if let Some(property) = found.properties.iter().find(|property| property.why.fact == "description") {
                    (marks(&property.standing)) (why(&property.why, "this description"))
                }
            }
        }
        (asked_next(&row.id, &row.kind))
        @if row.hidden { p { "A person says that it is not there; lists leave it out. What is known stays here." } }
        (unknown(&found.unknown))
        @if !found.questions.is_empty() {
            section.asks aria-labelledby="asks" {
                h2 #asks { (counted(found.questions.len() as u64, "open question", "open questions")) }
                @for question in &found.questions {
                    p {
                        (text(&question.sentence)) " "
                        a.why href={ "/questions#q-" (question.id) } {
                            "answers" span.unseen { " to " (question.kind_text()) " " (question.id) }
                        }
                    }
                }
            }
        }
        div.columns {
            div.wide {
                @if !own.is_empty() {
                    section aria-labelledby="own" {
                        h2 #own { "Its relations" }
                        (relations(&row.name, &own, "Relations of this entity to others"))
                    }
                }
                @if !inverse.is_empty() {
                    section aria-labelledby="others" {
                        h2 #others { "Relations of others to it" }
                        (relations(&row.name, &inverse, "Relations of others to this entity"))
                    }
                }
            }
            section.facts aria-labelledby="facts" {
                h2 #facts { "Facts" }
                (facts(found))
            }
        }
        (endpoints(found))
        @if let Some(near) = near { (neighbourhood(near)) }
        section aria-labelledby="said" {
            h2 #said { "What was said when" }
            ol.said { @for said in &found.said { (said_at_once(said, found.now)) } }
            @if found.more_said > 0 {
                p.quiet { "and " (counted(found.more_said, "statement", "statements")) " before" }
            }
        }
        section aria-labelledby="known" {
            h2 #known { "Known as" }
            p.quiet { "Every one of these names leads here. Its address is " code { (row.id) } "." }
            (names("name", "names", &found.references))
            @if !found.keys.is_empty() {
                h3 { "Recognised by" }
                (names("key", "keys", &found.keys))
            }
        }
    };
    page(frame, &row.name, &main)
}

fn relations(name: &str, groups: &[&RelationGroup], caption: &str) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table.relations {
                caption.unseen { (caption) }
                thead {
                    tr {
                        th scope="col" { "Relation" }
                        th scope="col" { "Entity" }
                        th scope="col" { "Known" }
                        th scope="col" { span.unseen { "Why" } }
                    }
                }
                @for group in groups {
                    tbody {
                        @for (index, row) in group.rows.iter().take(ROWS).enumerate() {
                            tr {
                                th.relation scope="row" {
                                    span class=[(index > 0).then_some("unseen")] { (group.heading) }
                                }
                                td {
                                    (maybe_denied(&row.standing, entity(&row.entity))) " "
                                    span.quiet { (spoken(&row.entity.kind)) }
                                }
                                td { (basis(row.standing.basis)) " " (marks(&row.standing)) }
                                td {
                                    (why(&row.why, &format!("{name} {} {}", group.heading, row.entity.name)))
                                }
                            }
                        }
                        @if group.rows.len() > ROWS {
                            tr {
                                th.relation scope="row" { span.unseen { (group.heading) } }
                                td colspan="3" {
                                    "and " (number((group.rows.len() - ROWS) as u64))
                                    " more, which this page as JSON lists"
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn facts(found: &EntityPage) -> Markup {
    let row = &found.row;
    html! {
        dl.facts {
            div {
                dt { "owned by" }
                dd {
                    @if row.owners.is_empty() { span.quiet { "unknown" } } @else { (entities(&row.owners)) }
                    @if let Some(ownership) = &found.ownership { " " (standing(ownership)) }
                }
            }
            @if matches!(row.kind.as_str(), "group" | "person") {
                div { dt { "owns" } dd { a href=(find_link(&[("owner", &row.id)])) { "all that it owns" } } }
            }
            @if let Some(presence) = &found.presence {
                div { dt { "kind" } dd { (text(&presence.text)) " " (standing(presence)) } }
            }
            @for property in found.properties.iter().filter(|property| !SHOWN_ABOVE.contains(&property.why.fact.as_str())) {
                div {
                    dt { (spoken(&property.why.fact)) }
                    dd { (maybe_denied(&property.standing, text(&property.text))) " " (standing(property)) }
                }
            }
            (texts("links", &found.links))
            (texts("tags", &found.tags))
            (texts("also called", &found.aliases))
        }
    }
}

fn standing(property: &Property) -> Markup {
    html! {
        (basis(property.standing.basis)) " " (marks(&property.standing))
        (why(&property.why, &format!("{}: {}", spoken(&property.why.fact), property.text)))
    }
}

fn texts(heading: &str, facts: &[TextFact]) -> Markup {
    html! {
        @if !facts.is_empty() {
            div {
                dt { (heading) }
                dd {
                    ul.plain {
                        @for fact in facts {
                            li {
                                @if let Some(title) = fact.title() { (text(title)) " " }
                                (maybe_denied(&fact.standing, maybe_link(&fact.text, fact.url.as_deref()))) " "
                                (marks(&fact.standing)) (why(&fact.why, &fact.text))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What else can be asked about a piece, in the order in which people ask.
fn asked_next(id: &str, kind: &str) -> Markup {
    let is_asked_about = ASKED_ABOUT.contains(&kind);
    let links = [
        (is_asked_about, who_link(id), "Whom to ask"),
        (HAS_BARREL.contains(&kind), format!("{}/barrel", entity_link(id)), "How high its barrel is"),
        (HAS_BARREL.contains(&kind), format!("/fires?since=2y&piece={id}"), "When it went down"),
        (kind == "component" || kind == "repository", flow_link(id), "How its changes flow"),
        (is_asked_about, format!("{}/hotspots", entity_link(id)), "Where the work is done"),
    ];
    let links: Vec<_> = links.into_iter().filter(|(is_there, _, _)| *is_there).collect();
    html! {
        @if !links.is_empty() {
            p {
                @for (place, (_, link, words)) in links.iter().enumerate() {
                    @if place > 0 { " · " }
                    a href=(link) { (words) }
                }
            }
        }
    }
}

/// What it answers at, by interface; long lists begin folded.
fn endpoints(found: &EntityPage) -> Markup {
    let groups = found.endpoints_by_interface();
    html! {
        @if !groups.is_empty() {
            section.endpoints aria-labelledby="endpoints" {
                h2 #endpoints { (counted(found.interfaces.len() as u64, "endpoint", "endpoints")) }
                @for (interface, facts) in &groups {
                    @if let Some(name) = interface { h3 { "of " (text(name)) } }
                    @let (first, rest) = facts.split_at(facts.len().min(ENDPOINTS));
                    (endpoint_list(first))
                    @if !rest.is_empty() {
                        details {
                            summary { (number(rest.len() as u64)) " more" }
                            (endpoint_list(rest))
                        }
                    }
                }
            }
        }
    }
}

fn endpoint_list(facts: &[&TextFact]) -> Markup {
    html! {
        ul.plain.endpoints {
            @for fact in facts {
                li {
                    (maybe_denied(&fact.standing, html! { code { (text(&fact.text)) } })) " "
                    (marks(&fact.standing)) (why(&fact.why, &fact.text))
                }
            }
        }
    }
}

fn neighbourhood(near: &Neighbourhood) -> Markup {
    let label: BTreeMap<&str, &stave_answers::Label> =
        near.entities.iter().map(|found| (found.label.id.as_str(), &found.label)).collect();
    html! {
        @if let Some(drawing) = picture(near) {
            section aria-labelledby="near" {
                h2 #near { "What is around it" }
                figure {
                    div.scroll { (drawing) }
                    figcaption {
                        "Lines go from what needs to what it needs. "
                        @if near.left_out > 0 {
                            (counted(near.left_out, "entity", "entities")) " as near found no room here. "
                        }
                        "The table says the same."
                    }
                }
                details {
                    summary { "As a table: " (counted(near.links.len() as u64, "relation", "relations")) }
                    div.scroll role="region" aria-label="Relations around it" tabindex="0" {
                        table {
                            caption.unseen { "Relations between the entities in the picture" }
                            thead {
                                tr {
                                    th scope="col" { "Entity" }
                                    th scope="col" { "Relation" }
                                    th scope="col" { "Entity" }
                                }
                            }
                            tbody {
                                @for link in &near.links {
                                    tr {
                                        th scope="row" { @if let Some(from) = label.get(link.from.as_str()) { (entity(from)) } }
                                        td { (spoken(&link.relation)) @if link.disputed { " " (mark("disputed")) } }
                                        td { @if let Some(to) = label.get(link.to.as_str()) { (entity(to)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn said_at_once(said: &SaidAtOnce, now: Time) -> Markup {
    html! {
        li {
            p.origin {
                (date(said.time, now)) " · "
                span.name title=(tame(&said.author)) { (text(&said.who)) }
                @if !said.source.is_empty() { " · " (text(&said.source)) }
                @if let Some(commit) = said.short_commit() { " · " code { (text(commit)) } }
                " · " span title=(said.statement) { "statement " (said.statement.short()) }
            }
            @let (claims, endpoints) = said.claims_and_endpoints();
            ul.claims {
                @for claim in claims {
                    li {
                        a.claim href=(why_link(&claim.why)) { (text(&claim.says)) }
                        @if claim.carried { " " (mark("carried")) }
                    }
                }
                @if endpoints > 0 { li { (counted(endpoints, "endpoint", "endpoints")) } }
            }
        }
    }
}

fn names(one: &str, many: &str, all: &[String]) -> Markup {
    let (first, rest) = all.split_at(all.len().min(NAMES));
    html! {
        ul.names { @for name in first { li { code { (text(name)) } } } }
        @if !rest.is_empty() {
            details {
                summary { (number(rest.len() as u64)) " more " (if rest.len() == 1 { one } else { many }) }
                ul.names { @for name in rest { li { code { (text(name)) } } } }
            }
        }
    }
}
