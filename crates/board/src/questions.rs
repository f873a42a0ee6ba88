//! What can't Stave decide?

use maud::{Markup, html};
use stave_answers::text::counted;
use stave_answers::{Asked, Questions};
use stave_model::Time;

use crate::parts::{entities, text, unknown};
use crate::shell::{Frame, page};
use crate::why::claims_table;

/// All open questions.
pub fn questions_page(frame: &Frame<'_>, questions: &Questions) -> String {
    let main = html! {
        h1 { "What Stave can't decide" }
        p.lead {
            (counted(questions.total, "open question", "open questions"))
            @if questions.without_place > 0 {
                ", " (counted(questions.without_place, "word", "words")) " of people without a place among them"
            }
            "."
        }
        @if questions.rows.is_empty() {
            p.empty {
                "Nothing that was said contradicts anything else, every name has one meaning, and every person's word "
                "has its place."
            }
        } @else {
            p { "Nothing here is dropped or guessed. Each is answered on the command line, as shown below it." }
        }
        (unknown(&questions.unknown))
        @for question in &questions.rows {
            article.question #{ "q-" (question.id) } aria-labelledby={ "h-" (question.id) } {
                h2 #{ "h-" (question.id) } {
                    (question.kind_text())
                    " " a.quiet href={ "#q-" (question.id) } { (question.id) }
                }
                (asked(question, questions.now))
            }
        }
    };
    page(frame, "What Stave can't decide", &main)
}

/// A question without its heading.
fn asked(question: &Asked, now: Time) -> Markup {
    html! {
        p.sentence { (text(&question.sentence)) }
        @if !question.entities.is_empty() {
            p.quiet {
                @if question.kind == "without_place" { "Proposals: " } @else { "About: " }
                (entities(&question.entities))
            }
        }
        @if !question.words.is_empty() { (claims_table(&question.words, now, &format!("What was said on question {}", question.id))) }
        @if !question.answers.is_empty() {
            ol.answers {
                @for answer in &question.answers {
                    li {
                        (text(&answer.label))
                        code.command { "stave answer " (question.id) " " (answer.number) }
                    }
                }
            }
        }
    }
}
