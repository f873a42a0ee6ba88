//! A word as a form gives it: the parts are apart already, so nothing has to be guessed from their order.

use serde_json::Value;
use stave_model::{Kind, Mode};

use super::plan::{add, affirm, deny, overlap_or_relation, refuse, subject, turned};
use super::word::{self, Anchor, End};
use super::{FactWord, Known, OwnedEnd, Plan, Refusal, Result, Speech, entity};
use crate::Estate;
use crate::text::spoken;

/// What is done with a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum Act {
    /// Said.
    Say,
    /// Denied; a fact with one value is said to have none.
    Deny,
    /// Said again as it stands: a person's own word for what others, machines among them, say.
    Confirm,
}

impl Act {
    /// All of them.
    pub const ALL: [Act; 3] = [Act::Say, Act::Deny, Act::Confirm];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Act::Say => "say",
            Act::Deny => "deny",
            Act::Confirm => "confirm",
        }
    }

    /// The act that a word means.
    pub fn of_word(word: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.word() == word)
    }
}

/// A word as a form gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// What is done.
    pub act: Act,
    /// What it is about: 12 digits, a reference or a name.
    pub entity: String,
    /// The fact.
    pub fact: FactWord,
    /// The other ends or the value; several for owners, none where nothing is to be named.
    pub to: Vec<String>,
}

/// What a form says.
///
/// # Errors
/// Where it can't be said, or a name means none or several; where the map can't be read.
pub fn spoken_of(estate: Estate<'_>, saying: &Saying) -> Result<Plan> {
    let rest: Vec<String> = saying.to.iter().filter(|text| !text.trim().is_empty()).cloned().collect();
    match saying.act {
        Act::Confirm => confirm(estate, saying, rest),
        // That two are not one is said of names, which may be references of one entity.
        Act::Deny if saying.fact.row.mode == Mode::Join => {
            deny(estate, Speech::Fact { entity: saying.entity.clone(), fact: saying.fact, rest })
        }
        Act::Deny => {
            let (typed, rest) = turned(&saying.entity, saying.fact, rest)?;
            refuse(estate, Anchor::new(entity(estate, &typed)?, &typed), saying.fact, &rest)
        }
        Act::Say => {
            let (typed, rest) = turned(&saying.entity, saying.fact, rest)?;
            affirm(estate, subject(estate, &typed, saying.fact)?, saying.fact, &rest)
        }
    }
}

/// That there is something that no source names. `is_new`: though there is something of that name already.
///
/// # Errors
/// Where there is something of that name, or the name can't be typed; where the map can't be read.
pub fn spoken_new(estate: Estate<'_>, kind: Kind, name: &str, is_new: bool) -> Result<Plan> {
    add(estate, kind, name.trim(), is_new)
}

/// The fact as it stands, whatever the form of its value.
fn confirm(estate: Estate<'_>, saying: &Saying, rest: Vec<String>) -> Result<Plan> {
    let (typed, rest) = turned(&saying.entity, saying.fact, rest)?;
    let of = Anchor::new(entity(estate, &typed)?, &typed);
    let fact_type = saying.fact.row.name;
    let nothing = |of: &Anchor| Refusal::no(format!("nobody says \"{}\" of {}", spoken(fact_type), of.name));
    let mut plan = Plan::default();
    match saying.fact.row.mode {
        Mode::Presence => {
            let kind = of.entity.as_ref().map(|entity| entity.row.kind.clone()).unwrap_or_default();
            plan.drafts.push(word::presence(&of, Some(&kind)));
            plan.said.push(format!("{} is a {kind}", of.name));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::One => {
            let value: Option<Value> = of.fact(fact_type, End::None).and_then(|fact| fact.value.clone());
            let value = value.ok_or_else(|| nothing(&of))?;
            plan.said.push(format!(
                "the {} of {} is {}",
                spoken(fact_type),
                of.name,
                crate::value_text(&value)
            ));
            plan.drafts.push(word::value(&of, fact_type, value));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::Over => {
            let labels = of.fact(fact_type, End::None).map(|fact| fact.members.clone()).unwrap_or_default();
            if labels.is_empty() {
                return Err(nothing(&of).into());
            }
            let mut members = Vec::with_capacity(labels.len());
            for label in &labels {
                members.push(Anchor::new(entity(estate, &label.id)?, &label.id));
            }
            let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
            plan.said.push(format!("{} is {} {}", of.name, spoken(fact_type), names.join(", ")));
            plan.drafts.push(word::members(&of, fact_type, &members));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::Add(stave_model::Target::Reference) => {
            let to = Anchor::new(entity(estate, &rest.join(" "))?, &rest.join(" "));
            plan.drafts.push(overlap_or_relation(&of, fact_type, &to));
            plan.said.push(format!("{} {} {}", of.name, spoken(fact_type), to.name));
            plan.known = Known::on(of, fact_type, to.id().map(|id| OwnedEnd::Entity(id.to_owned())));
        }
        _ => return affirm(estate, of, saying.fact, &rest),
    }
    Ok(plan)
}
