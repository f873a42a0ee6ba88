//! What is this? One entity.

use std::collections::BTreeMap;

use maud::{Markup, html};
use stave_answers::speech::seen_on;
use stave_answers::text::{counted, joined, spoken, tame};
use stave_answers::{
    EntityPage, EntityRow, Neighbourhood, Property, RelationGroup, RelationRow, SaidAtOnce, Standing,
    TextFact,
};
use stave_model::{Mode, Time};

use crate::controls::{
    About, Field, Writing, add, answers, change, is_set, judge, judge_value, parted, place_of, types_of, undo,
};
use crate::knowledge::who_link;
use crate::links::{entity_link, find_link, flow_link, why_link};
use crate::parts::{
    basis, date, entities, entity, kind, mark, marks, maybe_denied, maybe_link, number, text, unknown, why,
};
use crate::picture::picture;
use crate::shell::{Frame, page};

/// Facts that the page shows elsewhere than in its list of facts.
const SHOWN_ABOVE: &[&str] = &["name", "description"];

/// Lifecycles that catalogs know; others can be typed where one of them stands.
const LIFECYCLES: &[&str] = &["experimental", "production", "deprecated"];

/// Kinds that a person may say something is.
const KINDS: &[&str] = &[
    "domain",
    "system",
    "component",
    "api",
    "resource",
    "group",
    "person",
    "pipeline",
    "environment",
    "repository",
];

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
    let described = found.properties.iter().find(|property| property.why.fact == "description");
    let main = html! {
        p.eyebrow { (kind(row)) @if row.hidden { " " (mark("denied")) } }
        h1 { (text(&row.name)) }
        @if let Some(description) = &row.description {
            p.lead {
                (text(description)) " "
                @if let Some(property) = described {
                    (marks(&property.standing)) (why(&property.why, "this description"))
                }
            }
        }
        (description_controls(frame, row, described))
        (asked_next(&row.id, &row.kind))
        @if row.hidden { p { "A person says that it is not there; lists leave it out. What is known stays here." } }
        (unknown(&found.unknown))
        @if !found.questions.is_empty() {
            section.asks aria-labelledby="asks" {
                h2 #asks { (counted(found.questions.len() as u64, "open question", "open questions")) }
                @for question in &found.questions {
                    p {
                        (text(&question.sentence)) " "
                        a.why href={ "/questions/" (question.id) } {
                            (question.kind_text()) span.unseen { " " (question.id) }
                        }
                    }
                    @if let Writing::You(_) = frame.writing { (answers(frame, question)) }
                }
            }
        }
        div.columns {
            div.wide {
                @if !own.is_empty() {
                    section aria-labelledby="own" {
                        h2 #own { "Its relations" }
                        (relations(frame, row, &own, "Relations of this entity to others"))
                    }
                }
                (add(frame, &row.id, "add a relation…", &row.name, &relation_types(), Field::Piece))
                @if !inverse.is_empty() {
                    section aria-labelledby="others" {
                        h2 #others { "Relations of others to it" }
                        (relations(frame, row, &inverse, "Relations of others to this entity"))
                    }
                }
            }
            section.facts aria-labelledby="facts" {
                h2 #facts { "Facts" }
                (facts(frame, found))
            }
        }
        (endpoints(frame, found))
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
            (same(frame, found))
        }
    };
    page(frame, &row.name, &main)
}

/// Types of relations that people say of a piece.
fn relation_types() -> Vec<&'static str> {
    types_of(Mode::Add(stave_model::Target::Reference))
}

fn description_controls(frame: &Frame<'_>, row: &EntityRow, described: Option<&Property>) -> Markup {
    let nothing = About { entity: &row.id, fact: "description", to: None, seen: Some(&seen_on(None)) };
    html! {
        @if let Writing::You(_) = frame.writing {
            div.controls #(place_of(&row.id, "description", None)) {
                @match described {
                    Some(property) => {
                        @let about = About::of(&property.why, &property.standing);
                        (judge_value(frame, about, &property.standing, "description"))
                        (change(frame, about, "change…", "description", Field::Prose, plain(property)))
                    },
                    None => (change(frame, nothing, "describe it…", "description", Field::Prose, "")),
                }
            }
        }
    }
}

/// A value as its source has it, to begin a change with.
fn plain(property: &Property) -> &str {
    property.value.as_ref().and_then(|value| value.as_str()).unwrap_or_default()
}

/// One with another piece, or two after all.
fn same(frame: &Frame<'_>, found: &EntityPage) -> Markup {
    let about = About { entity: &found.row.id, fact: "same_as", to: None, seen: None };
    html! {
        div.controls {
            (change(frame, about, "the same as…", &format!("{} is the same as", tame(&found.row.name)), Field::Piece, ""))
            (parted(frame, &found.references))
        }
    }
}

fn relations(frame: &Frame<'_>, of: &EntityRow, groups: &[&RelationGroup], caption: &str) -> Markup {
    let name = &of.name;
    let can_write = matches!(frame.writing, Writing::You(_));
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table.relations.writing[can_write] {
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
                            @let what = format!("{name} {} {}", group.heading, row.entity.name);
                            tr #(place_of(&row.why.entity, &row.why.fact, Some(if group.inverse { &of.id } else { &row.entity.id }))) {
                                th.relation scope="row" {
                                    span class=[(index > 0).then_some("unseen")] { (group.heading) }
                                }
                                td {
                                    (maybe_denied(&row.standing, entity(&row.entity))) " "
                                    span.quiet { (spoken(&row.entity.kind)) }
                                }
                                td { (known(&row.standing)) }
                                td { (why(&row.why, &what)) " " (judge_relation(frame, &of.id, group, row, &what)) }
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

/// Right or not so, of a relation in either direction. Of a set of owners or groups, "not so" is said of the one.
fn judge_relation(
    frame: &Frame<'_>,
    page: &str,
    group: &RelationGroup,
    row: &RelationRow,
    what: &str,
) -> Markup {
    let member = if group.inverse { page } else { &row.entity.id };
    let mut about = About::of(&row.why, &row.standing);
    if is_set(about.fact) {
        about.to = Some(member);
        return judge_value(frame, about, &row.standing, what);
    }
    html! {
        (judge(frame, about, &row.standing, what))
        @if let Some(op) = &row.denied_in { " " (undo(frame, op, "Undo", what)) }
    }
}

/// How a fact is known, and by whom where persons said it.
fn known(standing: &Standing) -> Markup {
    html! {
        (basis(standing.basis)) " "
        @if !standing.said_by.is_empty() { span.said_by { "by " (text(&joined(&standing.said_by, "and"))) } " " }
        (marks(standing))
    }
}

/// Who owns it, and who should.
fn owner(frame: &Frame<'_>, found: &EntityPage) -> Markup {
    let row = &found.row;
    let names: Vec<&str> = row.owners.iter().map(|owner| owner.name.as_str()).collect();
    let nothing = seen_on(None);
    let about = match &found.ownership {
        Some(ownership) => About::of(&ownership.why, &ownership.standing),
        None => About { entity: &row.id, fact: "owned_by", to: None, seen: Some(&nothing) },
    };
    let summary = if row.owners.is_empty() { "name an owner…" } else { "change…" };
    html! {
        div #(place_of(&row.id, "owned_by", None)) {
            dt { "owned by" }
            dd {
                @if row.owners.is_empty() { span.quiet { "unknown" } } @else { (entities(&row.owners)) }
                @if let Some(ownership) = &found.ownership { " " (known(&ownership.standing)) }
                div.acts {
                    @if let Some(ownership) = &found.ownership {
                        (why_of(ownership)) " " (judge_value(frame, about, &ownership.standing, "owned by")) " "
                    }
                    (change(frame, about, summary, "owned by", Field::Owners, &names.join(", ")))
                }
            }
        }
    }
}

/// A fact with one value, and what can be said of it.
fn property(frame: &Frame<'_>, property: &Property) -> Markup {
    let fact = property.why.fact.as_str();
    let about = About::of(&property.why, &property.standing);
    let name = spoken(fact);
    let field = if fact == "lifecycle" { Field::Words(LIFECYCLES) } else { Field::Line };
    // A value that isn't among the words could not be chosen again.
    let field = if LIFECYCLES.contains(&plain(property)) { field } else { Field::Line };
    html! {
        div #(place_of(about.entity, fact, None)) {
            dt { (name) }
            dd {
                (maybe_denied(&property.standing, text(&property.text))) " " (known(&property.standing))
                div.acts {
                    (why_of(property)) " " (judge_value(frame, about, &property.standing, &name)) " "
                    (change(frame, about, "change…", &name, field, plain(property)))
                }
            }
        }
    }
}

/// Types of facts with one value that nobody has said yet.
fn unsaid(found: &EntityPage) -> Vec<&'static str> {
    let is_said = |name: &str| found.properties.iter().any(|property| property.why.fact == name);
    let one = ["type", "lifecycle", "tier", "title", "name"];
    let mut types: Vec<&'static str> = one.into_iter().filter(|name| !is_said(name)).collect();
    types.extend(types_of(Mode::Add(stave_model::Target::Text)));
    types
}

fn facts(frame: &Frame<'_>, found: &EntityPage) -> Markup {
    let row = &found.row;
    html! {
        dl.facts {
            (owner(frame, found))
            @if matches!(row.kind.as_str(), "group" | "person") {
                div { dt { "owns" } dd { a href=(find_link(&[("owner", &row.id)])) { "all that it owns" } } }
            }
            @if let Some(presence) = &found.presence {
                @let about = About::of(&presence.why, &presence.standing);
                div #(place_of(&row.id, "exists", None)) {
                    dt { "kind" }
                    dd {
                        (text(&presence.text)) " " (known(&presence.standing))
                        div.acts {
                            (why_of(presence)) " " (judge(frame, about, &presence.standing, &row.name)) " "
                            (change(frame, about, "change…", "kind", Field::Words(KINDS), plain(presence)))
                        }
                    }
                }
            }
            @for one in found.properties.iter().filter(|property| !SHOWN_ABOVE.contains(&property.why.fact.as_str())) {
                (property(frame, one))
            }
            (texts(frame, "links", &found.links))
            (texts(frame, "tags", &found.tags))
            (texts(frame, "also called", &found.aliases))
        }
        (add(frame, &row.id, "say more…", &row.name, &unsaid(found), Field::Line))
    }
}

fn why_of(property: &Property) -> Markup {
    why(&property.why, &format!("{}: {}", spoken(&property.why.fact), property.text))
}

fn texts(frame: &Frame<'_>, heading: &str, facts: &[TextFact]) -> Markup {
    html! {
        @if !facts.is_empty() {
            div {
                dt { (heading) }
                dd {
                    ul.plain {
                        @for fact in facts {
                            li #(place_of(&fact.why.entity, &fact.why.fact, Some(&fact.text))) {
                                @if let Some(title) = fact.title() { (text(title)) " " }
                                (maybe_denied(&fact.standing, maybe_link(&fact.text, fact.url.as_deref()))) " "
                                (said_text(frame, fact))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Who says a fact with a text, why, and what can be said of it.
fn said_text(frame: &Frame<'_>, fact: &TextFact) -> Markup {
    let about = About::of(&fact.why, &fact.standing);
    html! {
        @if fact.standing.said_by.is_empty() { (marks(&fact.standing)) } @else { (known(&fact.standing)) }
        (why(&fact.why, &fact.text)) " " (judge(frame, about, &fact.standing, &fact.text))
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
fn endpoints(frame: &Frame<'_>, found: &EntityPage) -> Markup {
    let groups = found.endpoints_by_interface();
    html! {
        @if !groups.is_empty() {
            section.endpoints aria-labelledby="endpoints" {
                h2 #endpoints { (counted(found.interfaces.len() as u64, "endpoint", "endpoints")) }
                @for (interface, facts) in &groups {
                    @if let Some(name) = interface { h3 { "of " (text(name)) } }
                    @let (first, rest) = facts.split_at(facts.len().min(ENDPOINTS));
                    (endpoint_list(frame, first))
                    @if !rest.is_empty() {
                        details {
                            summary { (number(rest.len() as u64)) " more" }
                            (endpoint_list(frame, rest))
                        }
                    }
                }
            }
        }
    }
}

fn endpoint_list(frame: &Frame<'_>, facts: &[&TextFact]) -> Markup {
    html! {
        ul.plain.endpoints {
            @for fact in facts {
                li #(place_of(&fact.why.entity, &fact.why.fact, Some(&fact.text))) {
                    (maybe_denied(&fact.standing, html! { code { (text(&fact.text)) } })) " "
                    (said_text(frame, fact))
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
