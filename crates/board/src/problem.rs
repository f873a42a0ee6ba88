//! Pages for what can't be answered.

use maud::html;
use stave_answers::EntityRow;

use crate::links::entity_link;
use crate::parts::{kind, text};
use crate::shell::{Frame, page};

/// What a page says instead of an answer.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// The h1: `There is no such page`.
    pub title: String,
    /// What happened, to which input.
    pub sentence: String,
    /// What to do next.
    pub hint: String,
    /// The nearest entities, where something like a name was asked for.
    pub nearest: Vec<EntityRow>,
}

/// A page that says what went wrong.
pub fn problem_page(frame: &Frame<'_>, problem: &Problem) -> String {
    let main = html! {
        h1 { (text(&problem.title)) }
        p.lead { (text(&problem.sentence)) }
        @if !problem.hint.is_empty() { p { (text(&problem.hint)) } }
        @if !problem.nearest.is_empty() {
            h2 { "Perhaps one of these?" }
            ul.plain {
                @for row in &problem.nearest {
                    li { a.name href=(entity_link(&row.id)) { (text(&row.name)) } " " (kind(row)) }
                }
            }
        }
        p { a href="/" { "To the overview" } }
    };
    page(frame, &problem.title, &main)
}
