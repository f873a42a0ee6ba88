//! What was sent can't be said as it is: it has changed since, or a name means several.

use maud::{Markup, html};
use stave_answers::{ClaimShown, EntityRow};
use stave_model::Time;

use crate::controls::{Writing, hidden};
use crate::links::entity_link;
use crate::parts::{kind, text};
use crate::shell::{Frame, page};
use crate::why::claims_table;

/// A way to go on: the fields that say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What the button says.
    pub label: String,
    /// The entity that it would be about, where it names one.
    pub entity: Option<EntityRow>,
    /// Where it goes.
    pub action: String,
    /// What it sends.
    pub fields: Vec<(String, String)>,
}

/// Something that is asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// The h1.
    pub title: String,
    /// What happened.
    pub sentence: String,
    /// What stands now.
    pub standing: Vec<ClaimShown>,
    /// The present.
    pub now: Time,
    /// Ways to go on.
    pub ways: Vec<Way>,
    /// The page that it came from.
    pub back: String,
}

/// The page that asks again.
pub fn again_page(frame: &Frame<'_>, again: &Again) -> String {
    let main = html! {
        h1 { (text(&again.title)) }
        p.lead { (text(&again.sentence)) }
        @if !again.standing.is_empty() { (claims_table(&again.standing, again.now, "What stands now")) }
        @if !again.ways.is_empty() { ul.ways { @for way in &again.ways { li { (one(frame, way, &again.back)) } } } }
        p { a href=(again.back) { "Back, and leave it as it is" } }
    };
    page(frame, &again.title, &main)
}

fn one(frame: &Frame<'_>, way: &Way, back: &str) -> Markup {
    let fields: Vec<(&str, &str)> =
        way.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    html! {
        @if let Writing::You(pen) = frame.writing {
            form.inline method="post" action=(way.action) {
                (hidden(&fields))
                (hidden(&[("op", pen.op), ("back", back)]))
                button { (text(&way.label)) }
            }
        }
        @if let Some(row) = &way.entity {
            " " a.name href=(entity_link(&row.id)) { (text(&row.name)) } " " (kind(row)) " "
            span.because { (text(&row.reference)) }
        }
    }
}
