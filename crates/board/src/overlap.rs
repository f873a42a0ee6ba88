//! What may be there twice?

use maud::{Markup, html};
use stave_answers::speech::Act;
use stave_answers::text::{counted, spoken};
use stave_answers::{Overlap, Pair, ToolCategory, Verdict};

use crate::controls::{Writing, button};
use crate::parts::{entities, entity, mark, number, text, unknown};
use crate::shell::{Frame, page};

const TITLE: &str = "What may be there twice";

/// Pairs that may do the same job, with reasons, and tools of one category.
pub fn overlap_page(frame: &Frame<'_>, overlap: &Overlap) -> String {
    let main = html! {
        h1 { (TITLE) }
        p.lead {
            @if overlap.all { (counted(overlap.pairs.len() as u64, "pair", "pairs")) }
            @else { (counted(overlap.pairs.len() as u64 + overlap.more, "open pair", "open pairs")) }
            ", " (number(overlap.confirmed)) " confirmed, " (number(overlap.dismissed)) " dismissed. "
            @if overlap.all { a href="/overlap" { "Only the open and likely ones" } }
            @else { a href="/overlap?all=yes" { "All, also unlikely and decided ones" } }
        }
        (unknown(&overlap.unknown))
        @if overlap.pairs.is_empty() {
            p.empty { "Nothing on the map looks like something else." }
        } @else {
            p {
                "The most alike first. Likeness counts words and neighbours that two pieces have in common, the rarer "
                "the more; nothing else is known of what they do. Whether they do the same job, people say; it holds "
                "through every later scan."
            }
        }
        @for pair in &overlap.pairs { (shown(frame, pair)) }
        @if overlap.more > 0 { p.quiet { "and " (number(overlap.more)) " more" } }
        @if !overlap.tools.is_empty() {
            section aria-labelledby="tools" {
                h2 #tools { "Tools of one category" }
                @for category in &overlap.tools { (tools(category)) }
            }
        }
    };
    page(frame, TITLE, &main)
}

fn shown(frame: &Frame<'_>, pair: &Pair) -> Markup {
    let places = pair.places();
    html! {
        article.question #{ "p-" (pair.id) } aria-labelledby={ "h-" (pair.id) } {
            h2 #{ "h-" (pair.id) } {
                (entity(&pair.pieces[0].label)) " and " (entity(&pair.pieces[1].label))
                " " a.quiet href={ "#p-" (pair.id) } { (pair.id) }
            }
            p {
                (pair.likeness) " % alike "
                @if pair.verdict != Verdict::Open { (mark(pair.verdict.word())) }
            }
            ul {
                @for reason in &pair.reasons { li { (text(reason)) } }
            }
            dl.legend {
                @for (piece, place) in pair.pieces.iter().zip(&places) {
                    div {
                        dt { (text(&piece.label.name)) }
                        dd {
                            @if let Some(description) = &piece.description { (text(description)) " " }
                            span.quiet { (text(place)) }
                        }
                    }
                }
            }
            @if let Writing::You(_) = frame.writing {
                (verdicts(frame, pair))
            } @else if matches!(pair.verdict, Verdict::Open | Verdict::Disputed) {
                ol.answers {
                    li { "They do the same job" code.command { "stave overlap confirm " (pair.id) } }
                    li { "They don't" code.command { "stave overlap dismiss " (pair.id) } }
                }
            }
        }
    }
}

/// What may be said of a pair: the opposite of what holds, or either.
fn verdicts(frame: &Frame<'_>, pair: &Pair) -> Markup {
    let [one, other] = &pair.pieces;
    let what = format!("{} and {}", one.label.name, other.label.name);
    let verdict = |act: Act, label: &str| {
        let fields = [
            ("act", act.word()),
            ("entity", one.label.id.as_str()),
            ("fact", "overlaps"),
            ("to", other.label.id.as_str()),
        ];
        button(frame, "/say", &fields, label, &what)
    };
    html! {
        ol.answers {
            @if pair.verdict != Verdict::Confirmed { li { (verdict(Act::Say, "They do the same job")) } }
            @if pair.verdict != Verdict::Dismissed { li { (verdict(Act::Deny, "They don't")) } }
        }
    }
}

fn tools(category: &ToolCategory) -> Markup {
    let name = spoken(&category.category);
    html! {
        h3 { (text(&name)) }
        div.scroll role="region" aria-label={ "Tools: " (name) } tabindex="0" {
            table {
                caption.unseen { "Tools of the category " (text(&name)) }
                thead { tr { th scope="col" { "Tool" } th scope="col" { "Used by" } } }
                tbody {
                    @for tool in &category.tools {
                        tr {
                            th scope="row" { (entity(&tool.tool)) }
                            td {
                                (entities(&tool.used_by))
                                @if tool.uses > tool.used_by.len() as u64 {
                                    " and " (number(tool.uses - tool.used_by.len() as u64)) " more"
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
