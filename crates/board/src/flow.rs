//! How changes flow to users.

use maud::{Markup, html};
use stave_answers::flow::{Definition, Flow, FlowPiece, FlowQuery, Measure};
use stave_answers::text::{counted, tame};
use stave_model::Time;

use crate::links::{entity_link, flow_link};
use crate::parts::{date, maybe_link, number, text, unknown};
use crate::shell::{Frame, page};

/// The five measures of one piece, or of all; `since` is the period, as it was asked.
pub fn flow_page(frame: &Frame<'_>, flow: &Flow, query: &FlowQuery, since: &str) -> String {
    let title = match &flow.asked {
        Some(name) => format!("Flow of {name}"),
        None => "Flow".to_owned(),
    };
    let main = html! {
        @if query.entity.is_some() {
            nav.trail aria-label="Where this is" { a href="/flow" { "← Flow of all" } }
        }
        h1 { (text(&title)) }
        p.lead {
            "How often changes reach users, how long they take, how often it goes wrong and how long that lasts. "
            "What the sources can't tell is given as bounds."
        }
        (form(query, since))
        div #results {
            p.found role="status" { (text(&flow.period_text())) "." }
            (unknown(&flow.unknown))
            @for (place, piece) in flow.pieces.iter().enumerate() { (one(piece, flow, place)) }
        }
    };
    page(frame, &title, &main)
}

fn form(query: &FlowQuery, since: &str) -> Markup {
    html! {
        form.filters action="/flow" method="get" aria-label="Period and definition" {
            @if let Some(entity) = &query.entity { input type="hidden" name="entity" value=(tame(entity)); }
            p {
                label for="since" { "How far back" }
                input #since name="since" value=(tame(since)) autocomplete="off" maxlength="20" placeholder="90d, 26w, 1y";
            }
            p {
                label for="definition" { "Definition" }
                select #definition name="definition" {
                    @for (definition, name) in [(Definition::Dora, "DORA"), (Definition::Devlake, "Apache DevLake")] {
                        option value=(definition.word()) selected[definition == query.definition] { (name) }
                    }
                }
            }
            p {
                input #explain type="checkbox" name="explain" value="yes" checked[query.explain];
                label for="explain" { "Where the two differ" }
            }
            p { button type="submit" { "Show" } }
        }
    }
}

fn one(piece: &FlowPiece, flow: &Flow, place: usize) -> Markup {
    let id = format!("flow-{place}");
    html! {
        section aria-labelledby=(id) {
            h2 #(id) {
                @match &piece.id {
                    Some(entity) if flow.asked.is_none() => a.name href=(flow_link(entity)) { (text(&piece.name)) },
                    Some(entity) => a.name href=(entity_link(entity)) { (text(&piece.name)) },
                    None => (text(&piece.name)),
                }
            }
            p.quiet { (text(&piece.by_text())) "." }
            div.scroll role="region" aria-label={ "Measures of " (tame(&piece.name)) } tabindex="0" {
                table {
                    caption.unseen { "Measures of " (text(&piece.name)) }
                    thead { tr { th scope="col" { "Measure" } th scope="col" { "Value" } th scope="col" { "From" } } }
                    tbody {
                        @for measure in &piece.measures {
                            tr {
                                th scope="row" { (measure.name.title(piece.measured_by)) }
                                td { (text(&measure.value_text(flow.definition))) }
                                td.prose { (text(&measure.behind_text(piece.measured_by, flow.definition))) }
                            }
                        }
                    }
                }
            }
            (unknown(&piece.unknown))
            @for measure in piece.measures.iter().filter(|measure| !measure.events.is_empty()) {
                (events(measure, piece, flow.now))
            }
            @if !piece.differences.is_empty() { (differences(piece, flow.now)) }
        }
    }
}

fn events(measure: &Measure, piece: &FlowPiece, now: Time) -> Markup {
    let title = measure.name.title(piece.measured_by);
    let all = measure.events.len() as u64 + measure.events_left_out;
    html! {
        details {
            summary { (title) ": " (counted(all, "event", "events")) }
            ul.plain {
                @for event in &measure.events {
                    li {
                        (maybe_link(event.id_text(), event.url.as_deref())) " "
                        (date(event.at, now)) ": " (text(&event.because_text()))
                    }
                }
            }
            @if measure.events_left_out > 0 { p.quiet { "and " (number(measure.events_left_out)) " more" } }
        }
    }
}

fn differences(piece: &FlowPiece, now: Time) -> Markup {
    html! {
        h3 { "Where the two definitions differ" }
        div.scroll role="region" aria-label={ "Differences of " (tame(&piece.name)) } tabindex="0" {
            table {
                caption.unseen { "Events of " (text(&piece.name)) " that the two definitions count differently" }
                thead {
                    tr {
                        th scope="col" { "Event" }
                        th scope="col" { "Measure" }
                        th scope="col" { "DORA" }
                        th scope="col" { "Apache DevLake" }
                    }
                }
                tbody {
                    @for one in &piece.differences {
                        tr {
                            th scope="row" { (maybe_link(one.id_text(), one.url.as_deref())) " " (date(one.at, now)) }
                            td { (one.measure.title(piece.measured_by)) }
                            td.prose { (text(&one.dora)) }
                            td.prose { (text(&one.devlake)) }
                        }
                    }
                }
            }
        }
        @if piece.differences_left_out > 0 { p.quiet { "and " (number(piece.differences_left_out)) " more" } }
    }
}
