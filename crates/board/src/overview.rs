//! What do we have?

use maud::html;
use stave_answers::text::{counted, kinds};
use stave_answers::{Questions, Summary};

use crate::links::{entity_link, find_link};
use crate::parts::{date, number, text, time, unknown};
use crate::shell::{Frame, page};

/// Questions that the overview shows.
const QUESTIONS: usize = 6;

/// The first page: counts, repositories, open questions.
pub fn overview_page(frame: &Frame<'_>, summary: &Summary, questions: &Questions) -> String {
    let main = html! {
        h1 { "What do we have?" }
        @if summary.statements == 0 {
            p.lead { "Nothing yet: the ledger is empty." }
        } @else {
            p.lead {
                (number(summary.entities)) " " (if summary.entities == 1 { "entity" } else { "entities" }) ", "
                (counted(summary.relations, "relation", "relations")) " and "
                a href="/questions" { (counted(summary.questions, "open question", "open questions")) }
                @if summary.without_place > 0 {
                    ", " (counted(summary.without_place, "word", "words")) " without a place among them"
                }
                "."
                @if summary.tools > 0 {
                    " " a href="/tools" { (counted(summary.tools, "outside tool", "outside tools")) } " in use."
                }
            }
        }
        @if !summary.kinds.is_empty() {
            section aria-labelledby="kinds" {
                h2 #kinds { "Entities by kind" }
                ul.kinds {
                    @for row in &summary.kinds {
                        li {
                            a href=(find_link(&[("kind", &row.kind)])) {
                                span.figure { (number(row.count)) } " "
                                span { (text(&kinds(&row.kind, row.count))) }
                            }
                        }
                    }
                }
            }
        }
        div.columns {
            section.wide aria-labelledby="repositories" {
                h2 #repositories { "What the map is made of" }
                @if summary.repositories.is_empty() {
                    p.empty { "No repository was read yet. " code { "stave scan DIR" } " reads one." }
                } @else {
                    div.scroll role="region" aria-label="Repositories" tabindex="0" {
                        table {
                            caption.unseen { "Repositories, and which branch of each is shown" }
                            thead {
                                tr {
                                    th scope="col" { "Repository" }
                                    th scope="col" { "Branch shown" }
                                    th scope="col" { "Newest commit read" }
                                    th scope="col" { "Last looked" }
                                }
                            }
                            tbody {
                                @for shown in &summary.repositories {
                                    tr {
                                        th scope="row" {
                                            @if let Some(id) = &shown.id {
                                                a.name href=(entity_link(id)) { (text(&shown.repository)) }
                                            } @else { (text(&shown.repository)) }
                                        }
                                        td { (text(&shown.branch)) span.because { (shown.because()) } }
                                        td {
                                            @match shown.newest_source {
                                                Some(at) => (date(at, summary.now)),
                                                None => span.quiet { "unknown" },
                                            }
                                        }
                                        td {
                                            @match shown.last_read {
                                                Some(at) => (time(at, summary.now)),
                                                None => span.quiet { "unknown" },
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                    @if summary.more_repositories > 0 {
                        p.quiet { "and " (counted(summary.more_repositories, "more", "more")) }
                    }
                }
            }
            section aria-labelledby="open" {
                h2 #open { "Open questions" }
                @if questions.rows.is_empty() {
                    p.empty { "None: nothing that was said contradicts anything else." }
                } @else {
                    ul.plain {
                        @for question in questions.rows.iter().take(QUESTIONS) {
                            li {
                                a.quiet href={ "/questions#q-" (question.id) } { (question.kind_text()) }
                                br;
                                (text(&question.sentence))
                            }
                        }
                    }
                    @if questions.total > QUESTIONS as u64 {
                        p { a href="/questions" { "All " (number(questions.total)) } }
                    }
                }
            }
        }
        section aria-labelledby="unknown" {
            h2 #unknown { "What this page does not know" }
            (unknown(&summary.unknown))
            @if summary.statements > 0 { p.quiet {
                "Made of " (counted(summary.claims, "claim", "claims")) " in "
                (counted(summary.statements, "statement", "statements")) "."
            } }
        }
    };
    page(frame, "What do we have?", &main)
}
