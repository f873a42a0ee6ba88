//! Small pieces that pages share.

use maud::{Markup, html};
use stave_answers::text::{grouped, spoken, tame};
use stave_answers::when::{ago, minute};
use stave_answers::{EntityRow, Label, State};
use stave_answers::{FactAddress, Standing, web_address};
use stave_model::{Basis, Time};

use crate::links::{entity_link, why_link};

/// Text from a source: tamed, and apart from the text around it, so that right-to-left names stay inside.
pub(crate) fn text(text: &str) -> Markup {
    html! { bdi { (tame(text)) } }
}

/// An entity by name, as a link to its page.
pub(crate) fn entity(label: &Label) -> Markup {
    html! {
        a.name href=(entity_link(&label.id)) { (text(&label.name)) }
        @if label.hidden { " " (mark("denied")) }
    }
}

/// Several entities, with commas between.
pub(crate) fn entities(labels: &[Label]) -> Markup {
    html! {
        @for (index, label) in labels.iter().enumerate() {
            @if index > 0 { ", " }
            (entity(label))
        }
    }
}

/// `component · service`.
pub(crate) fn kind(row: &EntityRow) -> Markup {
    html! {
        span.kind { (spoken(&row.kind)) }
        @if let Some(entity_type) = row.entity_type.as_ref().filter(|known| **known != row.kind) {
            span.type { " · " (text(&spoken(entity_type))) }
        }
    }
}

/// How a fact is known: a sign and the word. The sign repeats the word for eyes that scan.
pub(crate) fn basis(basis: Basis) -> Markup {
    let sign = match basis {
        Basis::Stated => "●",
        Basis::Declared => "◆",
        Basis::Observed => "◐",
        Basis::Discovered => "○",
    };
    html! { span.basis { span.sign aria-hidden="true" { (sign) } " " (basis) } }
}

/// A word that something is unusual, with a sign before it.
pub(crate) fn mark(word: &str) -> Markup {
    let (sign, class) = match word {
        "disputed" => ("≠", "mark strong"),
        "denied" => ("⊘", "mark strong"),
        "challenged" => ("⚑", "mark strong"),
        "carried" => ("↷", "mark"),
        "gone" => ("✕", "mark strong"),
        _ => ("·", "mark"),
    };
    html! { span class=(class) { span.sign aria-hidden="true" { (sign) } " " (text(word)) } }
}

/// All that is unusual about a fact.
pub(crate) fn marks(standing: &Standing) -> Markup {
    html! { @for word in standing.marks() { (mark(&word)) " " } }
}

/// Struck through where a person denies it; the mark beside it says so in words.
pub(crate) fn maybe_denied(standing: &Standing, inside: Markup) -> Markup {
    html! { @if standing.state == State::Denied { s { (inside) } } @else { (inside) } }
}

/// The link that asks why; `what` is the fact for who can't see what it stands beside.
pub(crate) fn why(address: &FactAddress, what: &str) -> Markup {
    html! { a.why href=(why_link(address)) { "why?" span.unseen { " " (tame(what)) } } }
}

/// An instant, with its age.
pub(crate) fn time(time: Time, now: Time) -> Markup {
    html! { time datetime=(time) title=(minute(time)) { (ago(time, now)) } }
}

/// An instant with date and age.
pub(crate) fn date(time: Time, now: Time) -> Markup {
    html! { time datetime=(time) { (minute(time)) } " " span.age { (ago(time, now)) } }
}

/// A number in groups of three.
pub(crate) fn number(number: u64) -> Markup {
    html! { (grouped(number)) }
}

/// Text that may be a web address.
pub(crate) fn maybe_link(shown: &str, url: Option<&str>) -> Markup {
    match url.and_then(web_address) {
        Some(url) => html! { a href=(url) rel="noreferrer noopener nofollow" { (text(shown)) } },
        None => text(shown),
    }
}

/// What an answer does not know.
pub(crate) fn unknown(sentences: &[String]) -> Markup {
    html! {
        @if !sentences.is_empty() {
            ul.unknown aria-label="What is not known" {
                @for sentence in sentences { li { (text(sentence)) } }
            }
        }
    }
}
