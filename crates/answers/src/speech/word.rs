//! A person's words on their way into the ledger: who speaks, and drafts that know what they replace.
//!
//! Pure: works on entities as the map shows them and gives statements. Nothing here prompts, prints or appends.

use std::collections::BTreeSet;

use serde_json::Value;
use stave_map::{Entity, Fact, Said, State, Target};
use stave_model::{Author, Claim, Hash, Header, Kind, Source, Statement, VERSION, claims_hash, slug};

use super::{Refusal, Result, SpeechError, Voice};
use crate::Draft;

impl Voice {
    /// A draft as a statement of this person, checked.
    fn statement(&self, draft: &Draft) -> Result<Statement, Unsayable> {
        let claim = draft.claim()?;
        let header = Header {
            author: self.author.clone(),
            by: self.by.clone(),
            claims: claims_hash(&mut Vec::new()),
            op: self.op,
            replaces: draft.replaces.clone(),
            rules: 0,
            scope: claim.fact_scope()?,
            source: Source::default(),
            time: self.time,
            tool: self.tool.clone(),
            unread: Vec::new(),
            v: VERSION,
        };
        let statement = Statement::new(header, vec![claim]);
        statement.check()?;
        Ok(statement)
    }
}

type Unsayable = Box<dyn std::error::Error + Send + Sync>;

/// An entity as a word names it: by one reference, and with what it can be recognised by if that goes away.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// The reference that the word names.
    pub reference: String,
    /// What it is called.
    pub name: String,
    /// Absent: only this word names it.
    pub entity: Option<Box<Entity>>,
}

impl Anchor {
    /// An entity on the map, by the reference that was typed, else by its representative.
    pub fn new(entity: Entity, typed: &str) -> Anchor {
        let typed = entity.references.iter().find(|reference| reference.as_str() == typed.trim());
        Anchor {
            reference: typed.unwrap_or(&entity.row.reference).clone(),
            name: entity.row.name.clone(),
            entity: Some(Box::new(entity)),
        }
    }

    /// Something that only people name.
    pub fn said(kind: Kind, name: &str) -> Result<Anchor, Refusal> {
        let slug = slug(name);
        if slug.is_empty() {
            return Err(Refusal::new(format!(
                "\"{name}\" has neither letters nor digits, so nobody could type it"
            )));
        }
        Ok(Anchor { reference: format!("said:{kind}/{slug}"), name: name.to_owned(), entity: None })
    }

    /// A person whom the directory knows, on the map or not yet.
    pub fn person(id: &str, name: &str) -> Anchor {
        Anchor { reference: id.to_owned(), name: name.to_owned(), entity: None }
    }

    /// The same entity by another of its references.
    pub fn at(&self, reference: &str) -> Anchor {
        Anchor { reference: reference.to_owned(), ..self.clone() }
    }

    /// The entity's 12 digits.
    pub fn id(&self) -> Option<&str> {
        self.entity.as_ref().map(|entity| entity.row.id.as_str())
    }

    /// The fact of this type with this other end, if anybody says anything about it.
    pub fn fact(&self, fact_type: &str, end: End<'_>) -> Option<&Fact> {
        self.entity
            .as_ref()?
            .facts
            .iter()
            .find(|fact| fact.fact_type == fact_type && end.is(fact.to.as_ref()))
    }

    /// What the draft needs to find this entity again.
    fn recognise(&self, draft: Draft) -> Draft {
        let Some(entity) = &self.entity else { return draft };
        let mut draft = draft.known_by(&self.reference, entity);
        // Persons' names stay in the directory, where they can be forgotten.
        if entity.references.iter().any(|reference| reference.starts_with("person:")) {
            return draft;
        }
        // A name decides nothing, but proposes a place to a word that has lost its own.
        let name = format!("name:{}", entity.row.name.to_lowercase());
        draft.keys.entry(self.reference.clone()).or_default().push(name);
        draft
    }
}

/// The other end of a fact that is looked for.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// The type has none.
    None,
    /// An entity's 12 digits.
    Entity(&'a str),
    /// Plain text.
    Text(&'a str),
}

impl End<'_> {
    fn is(self, to: Option<&Target>) -> bool {
        match (self, to) {
            (End::None, None) => true,
            (End::Entity(id), Some(Target::Entity(label))) => label.id == id,
            (End::Text(wanted), Some(Target::Text(text))) => text == wanted,
            _ => false,
        }
    }
}

/// A draft with what it replaces and what machines say, as the map shows the fact.
fn grounded(draft: Draft, of: &Anchor, fact: Option<&Fact>) -> Draft {
    let draft = of.recognise(draft);
    match fact {
        Some(fact) => draft.replacing(fact),
        None => draft,
    }
}

/// There is such a thing, of this kind; or (`None`) there isn't.
pub(super) fn presence(of: &Anchor, kind: Option<&str>) -> Draft {
    let draft = Draft::new("exists", &of.reference);
    let draft = match kind {
        Some(kind) => draft.value(Value::from(kind)),
        None => draft.denied(),
    };
    grounded(draft, of, of.fact("exists", End::None))
}

/// A fact with one value; null: there is none.
pub(super) fn value(of: &Anchor, fact_type: &str, value: Value) -> Draft {
    let draft = Draft::new(fact_type, &of.reference).value(value);
    grounded(draft, of, of.fact(fact_type, End::None))
}

/// A fact with a set of entities; empty: there is none.
pub(super) fn members(of: &Anchor, fact_type: &str, members: &[Anchor]) -> Draft {
    let set: BTreeSet<&str> = members.iter().map(|member| member.reference.as_str()).collect();
    let mut draft = Draft::new(fact_type, &of.reference).value(set.into_iter().map(Value::from).collect());
    for member in members {
        draft = member.recognise(draft);
    }
    grounded(draft, of, of.fact(fact_type, End::None))
}

/// A relation to another entity.
pub(super) fn relation(of: &Anchor, fact_type: &str, to: &Anchor) -> Draft {
    let draft = to.recognise(Draft::new(fact_type, &of.reference).to(&to.reference));
    let fact = to.id().and_then(|id| of.fact(fact_type, End::Entity(id)));
    grounded(draft, of, fact)
}

/// A tag, link, endpoint or alias.
pub(super) fn text(of: &Anchor, fact_type: &str, to: &str) -> Draft {
    grounded(Draft::new(fact_type, &of.reference).to(to), of, of.fact(fact_type, End::Text(to)))
}

/// Two references are one piece. `words` are those on this pair that stand.
pub fn join(one: &Anchor, other: &Anchor, words: &[Hash]) -> Draft {
    // The fact is symmetric: the smaller reference stands first, so that it has one scope.
    let (first, second) = if one.reference <= other.reference { (one, other) } else { (other, one) };
    let mut draft = Draft::new("same_as", &first.reference).to(&second.reference);
    for id in words {
        draft = draft.replacing_word(*id);
    }
    second.recognise(first.recognise(draft))
}

/// Two pieces do the same job. Replaces what people said of the two in either direction.
pub(super) fn overlap(one: &Anchor, other: &Anchor) -> Draft {
    // Symmetric as well, so that it has one scope.
    let (first, second) = if one.reference <= other.reference { (one, other) } else { (other, one) };
    let mut draft = Draft::new("overlaps", &first.reference).to(&second.reference);
    for (of, to) in [(first, second), (second, first)] {
        if let Some(fact) = to.id().and_then(|id| of.fact("overlaps", End::Entity(id))) {
            draft = draft.replacing(fact);
        }
    }
    second.recognise(first.recognise(draft))
}

/// Two references are not one piece, though machines have these reasons to think so.
pub(super) fn separation(one: &Anchor, other: &Anchor, words: &[Hash], reasons: &[String]) -> Draft {
    let mut draft = join(one, other, words).denied();
    draft.against = reasons.iter().map(|reason| Claim::against_hash(reason, false, None)).collect();
    draft
}

/// Nobody reads a scope any more.
pub fn retirement(scope: &str) -> Draft {
    Draft::new("retired", scope).value(Value::Bool(true))
}

/// Whether this person's standing word says the same already, with nothing open about it.
pub(super) fn is_said_already(fact: Option<&Fact>, author: &Author, draft: &Draft) -> bool {
    let same =
        |said: &Said| said.author == author.as_str() && said.not == draft.not && said.value == draft.value;
    fact.is_some_and(|fact| fact.state != State::Disputed && !fact.challenged && fact.said.iter().any(same))
}

/// Drafts as statements. One that can't be built has a name over a limit; the error says which word it was.
///
/// # Errors
/// [`SpeechError::Unsayable`].
pub fn statements(voice: &Voice, drafts: &[Draft]) -> Result<Vec<Statement>> {
    drafts
        .iter()
        .map(|draft| {
            voice.statement(draft).map_err(|source| SpeechError::Unsayable {
                what: format!("{} {}", draft.of, draft.says()),
                source,
            })
        })
        .collect()
}
