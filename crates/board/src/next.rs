//! What is the next bottleneck?

use maud::{Markup, html};
use stave_answers::text::tame;
use stave_answers::when::{day, lasting};
use stave_answers::{Bottleneck, By, Next, Stage, Stream};

use crate::links::entity_link;
use crate::parts::{entity, number, text, unknown};
use crate::shell::{Frame, page};

const TITLE: &str = "The next bottleneck";

/// A ranked list of pieces, and the constraint of each line of work.
pub fn next_page(frame: &Frame<'_>, next: &Next) -> String {
    let main = html! {
        h1 { (TITLE) }
        p.lead {
            @match next.by {
                By::TimeLost => { "By time lost since " (day(next.since)) "." }
                By::Barrel => { "By the lowest barrel, then by how much depends on it." }
            }
        }
        (unknown(&next.unknown))
        @if !next.rows.is_empty() {
            ol.bottlenecks { @for row in &next.rows { li { (shown(row, next.by)) } } }
        }
        @for stream in &next.streams { (stages(stream)) }
    };
    page(frame, TITLE, &main)
}

fn shown(row: &Bottleneck, by: By) -> Markup {
    html! {
        p {
            (entity(&row.piece)) ": " (row.cost_text(by)) ". "
            a href={ (entity_link(&row.piece.id)) "/barrel" } { "barrel" span.unseen { " of " (text(&row.piece.name)) } }
            @if row.incidents > 0 {
                ", " a href={ "/fires?piece=" (row.piece.id) } { "incidents" span.unseen { " of " (text(&row.piece.name)) } }
            }
        }
        ul {
            @for evidence in &row.evidence { li { (text(evidence)) } }
            @for step in &row.steps { li.quiet { (step.text()) } }
        }
    }
}

fn stages(stream: &Stream) -> Markup {
    let id = format!("stream-{}", tame(&stream.name));
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "Stages of " (text(&stream.name)) }
            p { (text(&stream.found())) "." }
            @if stream.is_enough() {
                div.scroll role="region" aria-label={ "Stages of " (tame(&stream.name)) } tabindex="0" {
                    table {
                        caption.unseen { "Stages of " (text(&stream.name)) ", by what making each faster gains" }
                        thead {
                            tr {
                                th scope="col" { "Stage" }
                                th.figure scope="col" { "20 % faster gains a ticket" }
                                th scope="col" { "90 % interval" }
                                th.figure scope="col" { "Stay" }
                                th.figure scope="col" { "Of it waiting" }
                                th.figure scope="col" { "At once" }
                                th.figure scope="col" { "In use" }
                            }
                        }
                        tbody { @for stage in &stream.stages { (row(stage)) } }
                    }
                }
            }
        }
    }
}

fn row(stage: &Stage) -> Markup {
    let span = |ms: i64| lasting(ms.max(0).unsigned_abs());
    html! {
        tr {
            th scope="row" { (text(&stage.name)) }
            td.figure { (span(stage.gain_ms)) }
            td { (span(stage.low_ms)) " to " (span(stage.high_ms)) }
            td.figure { (span(stage.stay_ms)) }
            td.figure { (span(stage.wait_ms)) }
            td.figure { (number(stage.servers)) }
            td.figure { (stage.busy_percent) " %" }
        }
    }
}
