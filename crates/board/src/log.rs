//! What was said, the newest first.

use maud::{Markup, html};
use stave_answers::text::{counted, tame};
use stave_answers::{Log, LogRow, Operation};
use stave_model::Time;

use crate::controls::{Writing, undo};
use crate::parts::{date, mark, number, text, unknown};
use crate::shell::{Frame, page};

/// A part of the log.
pub fn log_page(frame: &Frame<'_>, log: &Log) -> String {
    let main = html! {
        h1 { "What was said" }
        p.lead { "The statements in this ledger, grouped by the command that made them, the newest first." }
        @if log.operations.is_empty() { p.empty { "Nothing yet." } }
        (unknown(&log.unknown))
        @for (index, operation) in log.operations.iter().enumerate() { (one(frame, operation, index, log.now)) }
        @if let Some(earlier) = log.earlier {
            nav.pager aria-label="Pages of the log" {
                a rel="next" href={ "/log?before=" (earlier) } {
                    "Earlier: " (counted(earlier - 1, "statement", "statements")) " →"
                }
            }
        }
    };
    page(frame, "What was said", &main)
}

fn one(frame: &Frame<'_>, operation: &Operation, index: usize, now: Time) -> Markup {
    let label = format!("Statements of command {}", index + 1);
    html! {
        section.operation {
            div.head {
                h2 {
                    (date(operation.time, now))
                    @if !operation.by.is_empty() { " " span.quiet { "by " (text(&operation.by)) } }
                    @if operation.rows.len() > 1 { " " span.quiet { "· " (operation.amount()) } }
                }
                @if let Writing::You(_) = frame.writing {
                    (undo(frame, &operation.op, "undo", &format!("command {}", index + 1)))
                } @else {
                    p.quiet {
                        "take it back: " code.command { "stave undo " (operation.op.get(..12).unwrap_or(&operation.op)) }
                    }
                }
            }
            div.scroll role="region" aria-label=(label) tabindex="0" {
                table.log {
                    caption.unseen { (label) }
                    colgroup { col.number; col.who; col.says; col.amount; col.source; }
                    thead.unseen {
                        tr {
                            th scope="col" { "Number" }
                            th scope="col" { "Who" }
                            th scope="col" { "Says, or covers" }
                            th scope="col" { "Claims" }
                            th scope="col" { "Source and id" }
                        }
                    }
                    tbody { @for row in &operation.rows { (statement(row)) } }
                }
            }
        }
    }
}

fn statement(row: &LogRow) -> Markup {
    html! {
        tr {
            td.figure { (number(row.number)) }
            th scope="row" { span.name title=(tame(&row.author)) { (text(&row.who)) } }
            td { (text(&row.says)) }
            td.figure { (counted(row.claims, "claim", "claims")) }
            td {
                @if let Some(commit) = row.short_commit() { code { (text(commit)) } " " }
                @if !row.replaces.is_empty() {
                    span.quiet { "replaces " (counted(row.replaces.len() as u64, "word", "words")) } " "
                }
                @if !row.unread.is_empty() {
                    details {
                        summary { (mark(&counted(row.unread.len() as u64, "path unread", "paths unread"))) }
                        ul { @for path in row.unread.iter().take(100) { li { (text(path)) } } }
                    }
                }
                span.quiet title=(row.statement) { "statement " (row.statement.short()) }
            }
        }
    }
}
