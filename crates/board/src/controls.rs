//! Small controls where a fact stands: right, not so, change. Forms that work without JavaScript; who may not write sees
//! none of them.
//!
//! Buttons belong to one form of the page, which carries what all of them need; each says by its own address what it is
//! about. Every word carries what was seen (`seen`), so that it replaces what was shown and nothing else.

use maud::{Markup, html};
use stave_answers::speech::{Act, Choices};
use stave_answers::text::{spoken, tame};
use stave_answers::{Asked, FactAddress, Standing, State};
use stave_model::{Basis, Mode, claim_type, hash_bytes};

use crate::links::address_with;
use crate::parts::text;
use crate::shell::Frame;

/// The form that buttons belong to.
const FORM: &str = "words";
/// Longest address that a button may have, in bytes; more is sent in a form of its own.
const ADDRESS: usize = 1_500;
/// Longest text that a field takes.
const LONGEST: &str = "2000";

/// Who may write on this page, and in whose name.
#[derive(Clone, Copy, Debug, Default)]
pub enum Writing<'a> {
    /// Nobody does here.
    #[default]
    Nobody,
    /// This reader doesn't; the sentence says what to do about it.
    NotYou(&'a str),
    /// This reader does.
    You(Pen<'a>),
}

/// What the forms of a page need.
#[derive(Clone, Copy, Debug)]
pub struct Pen<'a> {
    /// The reader's name, as people read it.
    pub name: &'a str,
    /// In whose name they speak: `person:ID`.
    pub author: &'a str,
    /// Random digits of this page: a form that is sent twice is one command.
    pub op: &'a str,
    /// Names that fields offer.
    pub choices: &'a Choices,
}

/// What a word is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) entity: &'a str,
    pub(crate) fact: &'a str,
    pub(crate) to: Option<&'a str>,
    pub(crate) seen: Option<&'a str>,
}

impl<'a> About<'a> {
    /// A fact by its address.
    pub(crate) fn of(address: &'a FactAddress, standing: &'a Standing) -> About<'a> {
        About {
            entity: &address.entity,
            fact: &address.fact,
            to: address.to.as_deref(),
            seen: standing.seen.as_deref(),
        }
    }

    fn fields(&self, act: Act) -> Vec<(&'static str, &'a str)> {
        let mut fields = vec![("act", act.word()), ("entity", self.entity), ("fact", self.fact)];
        fields.extend(self.to.map(|to| ("to", to)));
        fields.extend(self.seen.map(|seen| ("seen", seen)));
        fields
    }
}

/// Where a fact stands on a page: the fragment of its address. `to` is 12 digits of an entity, or text.
pub fn place_of(entity: &str, fact: &str, to: Option<&str>) -> String {
    format!("f-{}", hash_bytes(format!("{entity} {fact} {}", to.unwrap_or_default()).as_bytes()).short())
}

/// The form that buttons of this page belong to, and the names that its fields offer.
pub(crate) fn common(frame: &Frame<'_>) -> Markup {
    html! {
        @if let Writing::You(pen) = frame.writing {
            form #(FORM) method="post" action="/say" { (carried(frame, &pen)) }
            datalist #owners { @for name in &pen.choices.owners { option value=(tame(name)) {} } }
            datalist #pieces { @for name in &pen.choices.pieces { option value=(tame(name)) {} } }
        }
    }
}

/// What every form carries: the digits that make a second sending nothing, and where to go back to.
fn carried(frame: &Frame<'_>, pen: &Pen<'_>) -> Markup {
    html! {
        input type="hidden" name="op" value=(pen.op);
        input type="hidden" name="back" value=(frame.address);
    }
}

/// A button that sends some fields. `what` says for ears what stands beside it for eyes.
pub(crate) fn button(
    frame: &Frame<'_>,
    action: &str,
    fields: &[(&str, &str)],
    label: &str,
    what: &str,
) -> Markup {
    let Writing::You(pen) = frame.writing else { return html! {} };
    let address = address_with(action, fields);
    let face = html! { (label) @if !what.is_empty() { span.unseen { " " (tame(what)) } } };
    if address.len() <= ADDRESS {
        return html! { button.act form=(FORM) formaction=(address) { (face) } };
    }
    html! {
        form.inline method="post" action=(action) {
            (carried(frame, &pen))
            (hidden(fields))
            button.act { (face) }
        }
    }
}

pub(crate) fn hidden(fields: &[(&str, &str)]) -> Markup {
    html! { @for (name, value) in fields { input type="hidden" name=(name) value=(value); } }
}

/// "right" and "not so" at a fact, as far as they would say anything new.
pub(crate) fn judge(frame: &Frame<'_>, about: About<'_>, standing: &Standing, what: &str) -> Markup {
    let act = |act: Act, label: &str| button(frame, "/say", &about.fields(act), label, what);
    let is_said = standing.basis == Basis::Stated && !standing.challenged;
    // Beside a kind, "not so" would not say that the whole piece is denied.
    let (so, not_so) =
        if about.fact == "exists" { ("it is there", "not there") } else { ("it is so", "not so") };
    html! {
        @match standing.state {
            State::Denied => (act(Act::Say, so)),
            State::Disputed => { (act(Act::Say, so)) " " (act(Act::Deny, not_so)) },
            State::Stands => { @if !is_said { (act(Act::Confirm, "right")) " " } (act(Act::Deny, not_so)) },
        }
    }
}

/// "not so" alone, at what is concluded and nobody says.
pub(crate) fn not_so(frame: &Frame<'_>, about: About<'_>, what: &str) -> Markup {
    button(frame, "/say", &about.fields(Act::Deny), "not so", what)
}

/// The same at a fact whose value differs between people: which one is so, its question asks.
pub(crate) fn judge_value(frame: &Frame<'_>, about: About<'_>, standing: &Standing, what: &str) -> Markup {
    if standing.state == State::Stands {
        judge(frame, about, standing, what)
    } else {
        html! {}
    }
}

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field<'a> {
    /// A line.
    Line,
    /// Some lines.
    Prose,
    /// Teams and persons, with commas between.
    Owners,
    /// An entity.
    Piece,
    /// One of these words.
    Words(&'a [&'a str]),
}

/// A field named `to`, with its label around it.
fn field(field: Field<'_>, label: &str, value: &str) -> Markup {
    html! {
        label {
            span { (label) }
            @match field {
                Field::Line => input name="to" value=(value) required autocomplete="off" maxlength=(LONGEST);,
                Field::Prose => textarea name="to" required rows="3" maxlength=(LONGEST) { (value) },
                Field::Owners => {
                    input name="to" value=(value) list="owners" required autocomplete="off" spellcheck="false" maxlength=(LONGEST);
                },
                Field::Piece => {
                    input name="to" value=(value) list="pieces" data-find required autocomplete="off" spellcheck="false" maxlength=(LONGEST);
                },
                Field::Words(words) => select name="to" {
                    @for word in words { option value=(word) selected[*word == value] { (spoken(word)) } }
                },
            }
        }
    }
}

/// "change…": a fact with another value.
pub(crate) fn change(
    frame: &Frame<'_>,
    about: About<'_>,
    summary: &str,
    what: &str,
    kind: Field<'_>,
    value: &str,
) -> Markup {
    let Writing::You(pen) = frame.writing else { return html! {} };
    let fields = About { to: None, ..about }.fields(Act::Say);
    html! {
        details.correct {
            summary { (summary) span.unseen { " " (tame(what)) } }
            form.say method="post" action="/say" {
                (carried(frame, &pen))
                (hidden(&fields))
                (field(kind, what, value))
                button { "Say" }
            }
        }
    }
}

/// "add…": a fact of one of several types.
pub(crate) fn add(
    frame: &Frame<'_>,
    entity: &str,
    summary: &str,
    label: &str,
    types: &[&str],
    kind: Field<'_>,
) -> Markup {
    let Writing::You(pen) = frame.writing else { return html! {} };
    html! {
        @if !types.is_empty() {
            details.correct {
                summary { (summary) }
                form.say method="post" action="/say" {
                    (carried(frame, &pen))
                    (hidden(&[("act", Act::Say.word()), ("entity", entity)]))
                    label {
                        span { (label) }
                        select name="fact" { @for name in types { option value=(name) { (spoken(name)) } } }
                    }
                    (field(kind, "what", ""))
                    button { "Say" }
                }
            }
        }
    }
}

/// Types of facts with another end that people say of a piece, those of the map's words and joins aside.
pub(crate) fn types_of(mode: Mode) -> Vec<&'static str> {
    stave_model::CLAIM_TYPES.iter().filter(|row| row.mode == mode).map(|row| row.name).collect()
}

/// A form about something that its reader names, for a fact that is given: an incident, a pair.
pub(crate) fn naming(
    frame: &Frame<'_>,
    fact: &str,
    to: &str,
    summary: &str,
    label: &str,
    what: &str,
) -> Markup {
    let Writing::You(pen) = frame.writing else { return html! {} };
    html! {
        details.correct {
            summary { (summary) span.unseen { " " (tame(what)) } }
            form.say method="post" action="/say" {
                (carried(frame, &pen))
                (hidden(&[("act", Act::Say.word()), ("fact", fact), ("to", to)]))
                label {
                    span { (label) }
                    input name="entity" list="pieces" data-find required autocomplete="off" spellcheck="false" maxlength=(LONGEST);
                }
                button { "Say" }
            }
        }
    }
}

/// Two names of one entity that are two things after all.
pub(crate) fn parted(frame: &Frame<'_>, references: &[String]) -> Markup {
    let Writing::You(pen) = frame.writing else { return html! {} };
    let Some(second) = references.get(1) else { return html! {} };
    let options = |name: &str, label: &str, chosen: &str| {
        html! {
            label {
                span { (label) }
                select name=(name) {
                    @for reference in references {
                        option value=(reference) selected[reference == chosen] { (tame(reference)) }
                    }
                }
            }
        }
    };
    html! {
        details.correct {
            summary { "these are not one…" }
            form.say method="post" action="/say" {
                (carried(frame, &pen))
                (hidden(&[("act", Act::Deny.word()), ("fact", "same_as")]))
                (options("entity", "This", &references[0]))
                (options("to", "is not", second))
                button { "Say" }
            }
        }
    }
}

/// Something that no source names.
pub(crate) fn new_entity(frame: &Frame<'_>) -> Markup {
    let Writing::You(pen) = frame.writing else { return html! {} };
    html! {
        details.correct {
            summary { "add what no file names…" }
            form.say method="post" action="/say" {
                (carried(frame, &pen))
                label {
                    span { "There is a" }
                    select name="kind" {
                        @for kind in stave_model::Kind::ALL { option value=(kind) { (spoken(kind.as_str())) } }
                    }
                }
                label {
                    span { "called" }
                    input name="name" required autocomplete="off" maxlength="200";
                }
                button { "Say" }
            }
        }
    }
}

/// What may be answered: buttons for who may, else how the command line does it.
pub(crate) fn answers(frame: &Frame<'_>, question: &Asked) -> Markup {
    let can_write = matches!(frame.writing, Writing::You(_));
    html! {
        @if !question.answers.is_empty() {
            ol.answers {
                @for answer in &question.answers {
                    @let number = answer.number.to_string();
                    li {
                        @if can_write {
                            (button(
                                frame,
                                &format!("/questions/{}/answer", question.id),
                                &[("answer", &number), ("seen", &answer.seen)],
                                &tame(&answer.label),
                                "",
                            ))
                            @let replaced: usize = answer.words.iter().map(|word| word.replaces.len()).sum();
                            @if replaced > 0 {
                                " " span.because { "replaces " (stave_answers::text::counted(replaced as u64, "word", "words")) }
                            }
                        } @else {
                            (text(&answer.label))
                            @if frame.then.is_none() { code.command { "stave answer " (question.id) " " (number) } }
                        }
                    }
                }
            }
        }
    }
}

/// Takes a command back.
pub(crate) fn undo(frame: &Frame<'_>, op: &str, label: &str, what: &str) -> Markup {
    button(frame, "/undo", &[("target", op)], label, what)
}

/// Whether a type of fact has a set of entities as its value.
pub(crate) fn is_set(fact: &str) -> bool {
    claim_type(fact).is_some_and(|row| row.mode == Mode::Over)
}
