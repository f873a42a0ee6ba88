//! Why do we think so? Every claim and word on a fact: who, when, from which file and line.

use serde::Serialize;
use serde_json::Value;
use stave_map::{Entity, Fact, Label, State, Target};
use stave_model::{Basis, Mode, Time, claim_type};

use crate::claims::ClaimShown;
use crate::entity::{Standing, fact_says};
use crate::text::{Role, Style, Writer, counted, spoken, tame};
use crate::{Estate, FactAddress, Result};

/// The claims behind some facts of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Why {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present that ages are counted from.
    pub now: Time,
    /// The entity that the facts are about.
    pub entity: Label,
    /// Only facts of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// Only facts with this other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The facts.
    pub facts: Vec<FactShown>,
    /// Types of facts that are known about the entity, for who asked for another.
    pub types: Vec<String>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// A fact with everything that is said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FactShown {
    /// Its address.
    pub address: FactAddress,
    /// What it says, behind the entity's name: `calls payments`.
    pub says: String,
    /// The other end, where it is an entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Label>,
    /// The value that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The entities of an `owned_by` or `member_of` that stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Label>,
    /// How it is known, and whether it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// Which rule made it so, as a sentence.
    pub rule: String,
    /// The claims and words, persons' first, then by basis, the newest first.
    pub claims: Vec<ClaimShown>,
}

/// Why the map says what it says: about facts of one type and with one other end (12 digits of an entity,
/// its name or reference, or text), or about all facts of the entity.
///
/// Nothing where no reference has these 12 digits.
///
/// # Errors
/// Where the map can't be read.
pub fn why(estate: Estate<'_>, id: &str, fact: Option<&str>, to: Option<&str>) -> Result<Option<Why>> {
    estate.model.snapshot(|_| claims_behind(estate, id, fact, to))
}

fn claims_behind(estate: Estate<'_>, id: &str, fact: Option<&str>, to: Option<&str>) -> Result<Option<Why>> {
    let Some(entity) = estate.entity(id)? else { return Ok(None) };
    let target = match to {
        Some(text) => estate.entity(text)?.map(|entity| entity.row.id),
        None => None,
    };
    let wanted = |candidate: &&Fact| {
        fact.is_none_or(|name| candidate.fact_type == name)
            && to.is_none_or(|text| reaches(candidate, text, target.as_deref()))
    };
    let facts: Vec<FactShown> =
        entity.facts.iter().filter(wanted).map(|found| shown(&entity, found, estate)).collect();
    let mut types: Vec<String> = entity.facts.iter().map(|fact| fact.fact_type.clone()).collect();
    types.dedup();
    let mut unknown = Vec::new();
    if facts.is_empty() {
        unknown.push(match (fact, to) {
            (Some(fact), Some(to)) => {
                format!("Nobody says that {} {} {}.", entity.row.name, spoken(fact), tame(to))
            }
            (Some(fact), None) => format!("Nobody says \"{}\" of {}.", spoken(fact), entity.row.name),
            _ => format!("Nobody says anything of the kind about {}.", entity.row.name),
        });
    }
    Ok(Some(Why {
        position: estate.position()?,
        now: estate.now,
        entity: Label {
            id: entity.row.id,
            name: entity.row.name,
            kind: entity.row.kind,
            hidden: entity.row.hidden,
        },
        fact: fact.map(str::to_owned),
        to: to.map(str::to_owned),
        facts,
        types,
        unknown,
    }))
}

fn reaches(fact: &Fact, text: &str, target: Option<&str>) -> bool {
    let is = |label: &Label| Some(label.id.as_str()) == target || label.id == text || label.name == text;
    match &fact.to {
        Some(Target::Entity(label)) => {
            is(label) || fact.said.iter().any(|said| said.to.as_deref() == Some(text))
        }
        Some(Target::Text(own)) => own == text,
        None => fact.members.iter().any(is),
    }
}

fn shown(entity: &Entity, fact: &Fact, estate: Estate<'_>) -> FactShown {
    let mut claims: Vec<ClaimShown> =
        fact.said.iter().map(|said| ClaimShown::new(said, fact, estate.people)).collect();
    claims.sort_by(|a, b| (a.basis, b.source_at, &a.author).cmp(&(b.basis, a.source_at, &b.author)));
    let (target, to) = match &fact.to {
        Some(Target::Entity(label)) => (Some(label.clone()), Some(label.id.clone())),
        Some(Target::Text(text)) => (None, Some(text.clone())),
        None => (None, None),
    };
    FactShown {
        address: FactAddress { entity: entity.row.id.clone(), fact: fact.fact_type.clone(), to },
        says: fact_says(fact),
        target,
        value: fact.value.clone(),
        members: fact.members.clone(),
        standing: Standing::of(fact, estate.people),
        rule: rule(fact),
        claims,
    }
}

/// Which rule of the fold (docs/ledger.md, section 6) made the fact what it is.
fn rule(fact: &Fact) -> String {
    let persons = fact.said.iter().filter(|said| said.basis == Basis::Stated).count();
    let machines = fact.said.len() - persons;
    let mut sentence = match (fact.state, persons) {
        (State::Disputed, _) => {
            "People's words about it differ and none replaces the other, so it counts as if neither were said."
                .to_owned()
        }
        (State::Denied, _) => {
            "A person says that it is not so. What machines say about it is kept, not shown.".to_owned()
        }
        (State::Stands, 0) => match claim_type(&fact.fact_type).map(|row| row.mode) {
            Some(Mode::Add(_) | Mode::Join) => {
                let count = counted(machines as u64, "source says", "sources say");
                format!("{count} so and nobody denies it.")
            }
            Some(Mode::Over) => {
                format!("No person states it here; the sets of the highest basis, {}, count together.", fact.basis)
            }
            _ => format!("No person states it here; the highest basis, {}, counts.", fact.basis),
        },
        (State::Stands, _) => "A person states it, which goes before whatever machines read.".to_owned(),
    };
    if fact.challenged {
        sentence.push_str(" Something came since that differs from the person's word: that is a challenge.");
    }
    if fact.said.iter().any(|said| said.carried) {
        sentence.push_str(
            " \"Carried\" marks what an earlier run read in a file that the latest run could not read.",
        );
    }
    sentence
}

impl Why {
    /// What was asked, as a question.
    pub fn asked(&self) -> String {
        match (self.facts.as_slice(), &self.fact) {
            ([only], _) => format!("Why do we think that {} {}?", tame(&self.entity.name), only.says),
            (_, Some(fact)) => format!("What is said about {}: {}", tame(&self.entity.name), spoken(fact)),
            _ => format!("What is said about {}", tame(&self.entity.name)),
        }
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        let single = self.facts.len() == 1;
        if single {
            page.heading(&self.asked());
        }
        for fact in &self.facts {
            if !single {
                page.heading(&format!("{} {}", self.entity.name, fact.says));
            }
            let marks = fact.standing.marks();
            if !marks.is_empty() {
                page.prose(0, Some(Role::Attention), &marks.join("; "));
            }
            page.prose(0, Some(Role::Quiet), &fact.rule);
            for claim in &fact.claims {
                claim.write(&mut page, 2, self.now);
            }
        }
        page.unknown(&self.unknown);
        if self.facts.is_empty() && !self.types.is_empty() {
            let types: Vec<String> = self.types.iter().map(|word| tame(word).into_owned()).collect();
            page.prose(0, None, &format!("There are facts of these types: {}", types.join(", ")));
        }
        page.gap();
        page.prose(0, Some(Role::Quiet), &format!("position {}", self.position));
        page.end()
    }
}
