//! What can't Stave decide?

use maud::{Markup, html};
use stave_answers::text::counted;
use stave_answers::{Asked, Questions};
use stave_model::Time;

use crate::controls::{Writing, answers};
use crate::links::address_with;
use crate::parts::{entities, number, text, unknown};
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
            p { "Nothing here is dropped or guessed. " (how(frame)) }
        }
        (filters(questions))
        (unknown(&questions.unknown))
        @for question in &questions.rows {
            article.question #{ "q-" (question.id) } aria-labelledby={ "h-" (question.id) } {
                h2 #{ "h-" (question.id) } {
                    (question.kind_text())
                    " " a.quiet href={ "/questions/" (question.id) } { (question.id) }
                }
                (asked(frame, question, questions.now))
            }
        }
    };
    page(frame, "What Stave can't decide", &main)
}

/// One open question on a page of its own.
pub fn question_page(frame: &Frame<'_>, question: &Asked, now: Time) -> String {
    let title = format!("A question: {}", question.kind_text());
    let main = html! {
        nav.trail aria-label="Where this is" { a href="/questions" { "← All questions" } }
        h1 { (title) }
        (asked(frame, question, now))
        p.quiet { (how(frame)) }
    };
    page(frame, &title, &main)
}

fn how(frame: &Frame<'_>) -> &'static str {
    match frame.writing {
        Writing::You(_) => "An answer is your word, and can be taken back.",
        Writing::NotYou(_) | Writing::Nobody => "Each is answered on the command line, as shown below it.",
    }
}

/// Which kinds there are, to look at one alone.
fn filters(questions: &Questions) -> Markup {
    let link = |kind: Option<&str>| {
        let pairs = [("kind", kind), ("entity", questions.entity.as_deref())];
        let pairs: Vec<(&str, &str)> =
            pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if pairs.is_empty() { "/questions".to_owned() } else { address_with("/questions", &pairs) }
    };
    html! {
        @if questions.kinds.len() > 1 || questions.kind.is_some() || questions.entity.is_some() {
            nav.tabs aria-label="Kinds of questions" {
                a href=(link(None)) aria-current=[questions.kind.is_none().then_some("page")] { "All" }
                @for kind in &questions.kinds {
                    @let is_shown = questions.kind.as_deref() == Some(&kind.kind);
                    a href=(link(Some(&kind.kind))) aria-current=[is_shown.then_some("page")] {
                        (kind.text()) " " span.quiet { (number(kind.count)) }
                    }
                }
                @if questions.entity.is_some() { a href="/questions" { "of all pieces" } }
            }
        }
    }
}

/// A question without its heading.
fn asked(frame: &Frame<'_>, question: &Asked, now: Time) -> Markup {
    html! {
        p.sentence { (text(&question.sentence)) }
        @if !question.entities.is_empty() {
            p.quiet {
                @if question.kind == "without_place" { "Proposals: " } @else { "About: " }
                (entities(&question.entities))
            }
        }
        @if !question.words.is_empty() { (claims_table(&question.words, now, &format!("What was said on question {}", question.id))) }
        (answers(frame, question))
    }
}
