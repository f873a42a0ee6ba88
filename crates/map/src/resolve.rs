//! An entity's facts from what is said about it (docs/ledger.md section 6). Pure: claims in, facts and questions out.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;
use stave_model::{Claim, Hash, Kind, Mode, Reference, Target, claim_type};

use crate::names::Sym;
use crate::question::Draft;
use crate::view::State;

/// One live claim or placed word.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) kind: Rc<str>,
    /// Author of the statement.
    pub(crate) author: Rc<str>,
    /// Source date of the statement, in milliseconds.
    pub(crate) at: i64,
    /// The entity at the other end (its representative), for relations.
    pub(crate) to: Option<Sym>,
    /// The other end's text, for tags and links.
    pub(crate) text: Option<Rc<str>>,
    /// The value in canonical form.
    pub(crate) value: Option<String>,
    /// The entities of a set (their representatives), sorted.
    pub(crate) members: Vec<Sym>,
    pub(crate) not: bool,
    pub(crate) basis: i64,
    pub(crate) env: Option<String>,
    /// What stood against a person's word.
    pub(crate) against: Vec<Hash>,
}

const STATED: i64 = 0;
const DECLARED: i64 = 1;

impl Row {
    fn is_word(&self) -> bool {
        self.basis == STATED
    }

    fn against_hash(&self) -> Hash {
        let value: Option<Value> = self.value.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Claim::against_hash(&self.author, self.not, value.as_ref())
    }
}

/// The other end of a resolved fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    None,
    Entity(Sym),
    Text(Rc<str>),
}

/// A fact with the rows that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct FactRow {
    pub(crate) kind: Rc<str>,
    pub(crate) to: End,
    /// In canonical form.
    pub(crate) value: Option<String>,
    pub(crate) members: Vec<Sym>,
    pub(crate) basis: i64,
    pub(crate) state: State,
    pub(crate) env: Vec<String>,
    pub(crate) challenged: bool,
    pub(crate) declared_differ: bool,
    /// Places in the rows that were given.
    pub(crate) rows: Vec<usize>,
}

/// An entity's facts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) facts: Vec<FactRow>,
}

impl Resolved {
    pub(crate) fn text(&self, kind: &str) -> Option<String> {
        let value = self.facts.iter().find(|fact| &*fact.kind == kind)?.value.as_deref()?;
        serde_json::from_str::<String>(value).ok()
    }

    pub(crate) fn hidden(&self) -> bool {
        self.facts.iter().any(|fact| &*fact.kind == "exists" && fact.state == State::Denied)
    }

    /// What people are asked about these facts.
    pub(crate) fn questions(&self, representative: &str, text: impl Fn(Sym) -> String) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for fact in &self.facts {
            let to = match &fact.to {
                End::None => None,
                End::Entity(entity) => Some(text(*entity)),
                End::Text(text) => Some(text.to_string()),
            };
            let mut ask = |kind| {
                drafts.push(Draft::on(kind, vec![representative.to_owned()], &fact.kind, to.clone()));
            };
            if fact.state == State::Disputed {
                ask("dispute");
            }
            if fact.challenged {
                ask("challenge");
            }
            if fact.declared_differ {
                ask("declared_differ");
            }
        }
        drafts
    }
}

/// The documented order of automatic authors; all others follow by name.
pub(crate) fn author_rank(author: &str) -> usize {
    const ORDER: &[&str] = &[
        "collector:catalog",
        "collector:codeowners",
        "collector:compose",
        "collector:kubernetes",
        "collector:docker",
    ];
    ORDER.iter().position(|known| *known == author).unwrap_or(ORDER.len())
}

/// The kind of an entity that nobody says exists, from its representative.
pub(crate) fn default_kind(representative: &str) -> String {
    let Ok(reference) = representative.parse::<Reference>() else { return "component".to_owned() };
    let of = |word: &str| Kind::from_word(word).unwrap_or(Kind::Component).to_string();
    match reference.kind() {
        "team" => "group".to_owned(),
        "person" => "person".to_owned(),
        "repo" if reference.in_repository().is_none() => "repository".to_owned(),
        "catalog" => of(reference.rest().split(':').next().unwrap_or("")),
        "said" => of(reference.rest().split('/').next().unwrap_or("")),
        _ => "component".to_owned(),
    }
}

/// Puts an entity's facts together. Rows of unknown types and of `same_as` must not be among them.
pub(crate) fn resolve(
    entity: Sym,
    rows: &[Row],
    order: impl Fn(&End, &End) -> std::cmp::Ordering,
) -> Resolved {
    let mut groups: BTreeMap<(Rc<str>, End), Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let to = match (row.to, &row.text) {
            (Some(to), _) if to == entity => continue,
            (Some(to), _) => End::Entity(to),
            (None, Some(text)) => End::Text(Rc::clone(text)),
            (None, None) => End::None,
        };
        groups.entry((Rc::clone(&row.kind), to)).or_default().push(index);
    }
    let mut facts: Vec<FactRow> = Vec::with_capacity(groups.len());
    for ((kind, to), indexes) in groups {
        let Some(known) = claim_type(&kind) else { continue };
        let mut fact = FactRow {
            kind,
            to,
            value: None,
            members: Vec::new(),
            basis: STATED,
            state: State::Stands,
            env: Vec::new(),
            challenged: false,
            declared_differ: false,
            rows: indexes,
        };
        match known.mode {
            Mode::One => one(&mut fact, rows, &|row: &Row| row.value.clone().unwrap_or_default()),
            Mode::Presence => presence(&mut fact, rows),
            Mode::Over => over(&mut fact, rows, entity),
            Mode::Add(Target::Reference | Target::Text) => add(&mut fact, rows),
            Mode::Join | Mode::Word | Mode::Record => continue,
        }
        fact.env = environments(&fact, rows);
        facts.push(fact);
    }
    facts.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| order(&a.to, &b.to)));
    Resolved { facts }
}

/// The union of the environments of all who say it; empty where one of them says it for all.
fn environments(fact: &FactRow, rows: &[Row]) -> Vec<String> {
    let mut all = BTreeSet::new();
    for index in &fact.rows {
        let row = &rows[*index];
        if row.not {
            continue;
        }
        match row.env.as_deref().and_then(|text| serde_json::from_str::<Vec<String>>(text).ok()) {
            Some(env) if !env.is_empty() => all.extend(env),
            _ => return Vec::new(),
        }
    }
    all.into_iter().collect()
}

/// Decides by people's words, or else by the best automatic claim; `content` is what is compared.
fn one<T: Ord + Clone>(fact: &mut FactRow, rows: &[Row], content: &dyn Fn(&Row) -> T) {
    let words: BTreeSet<T> =
        fact.rows.iter().map(|i| &rows[*i]).filter(|r| r.is_word() && !r.not).map(content).collect();
    let mut automatic: Vec<usize> =
        fact.rows.iter().copied().filter(|index| !rows[*index].is_word()).collect();
    automatic.sort_by(|a, b| {
        let (a, b) = (&rows[*a], &rows[*b]);
        a.basis
            .cmp(&b.basis)
            .then_with(|| author_rank(&a.author).cmp(&author_rank(&b.author)))
            .then_with(|| a.author.cmp(&b.author))
            .then_with(|| b.at.cmp(&a.at))
            .then_with(|| a.value.cmp(&b.value))
    });
    if words.len() > 1 {
        fact.state = State::Disputed;
    }
    if words.len() == 1 {
        fact.basis = STATED;
        fact.value =
            fact.rows.iter().map(|i| &rows[*i]).find(|r| r.is_word() && !r.not).and_then(|r| r.value.clone());
        challenge(fact, rows, &|word, claim| content(word) != content(claim));
        return;
    }
    if let Some(best) = automatic.first() {
        fact.basis = rows[*best].basis;
        fact.value.clone_from(&rows[*best].value);
        if fact.basis == DECLARED {
            let declared: BTreeSet<T> =
                automatic.iter().map(|i| &rows[*i]).filter(|r| r.basis == DECLARED).map(content).collect();
            fact.declared_differ = declared.len() > 1;
        }
    }
}

fn presence(fact: &mut FactRow, rows: &[Row]) {
    let denied = fact.rows.iter().any(|index| rows[*index].not);
    let said = fact.rows.iter().any(|index| rows[*index].is_word() && !rows[*index].not);
    one(fact, rows, &|row: &Row| row.value.clone().unwrap_or_default());
    if !denied {
        return;
    }
    fact.challenged = false;
    if said {
        fact.state = State::Disputed;
        return;
    }
    fact.state = State::Denied;
    fact.basis = STATED;
    challenge(fact, rows, &|word, claim| word.not && !claim.not);
}

fn over(fact: &mut FactRow, rows: &[Row], entity: Sym) {
    let set =
        |row: &Row| row.members.iter().copied().filter(|member| *member != entity).collect::<Vec<Sym>>();
    one(fact, rows, &set);
    fact.value = None;
    let words_decide = fact.basis == STATED && fact.state == State::Stands;
    let members: BTreeSet<Sym> = fact
        .rows
        .iter()
        .map(|index| &rows[*index])
        .filter(|row| row.basis == fact.basis && (!row.is_word() || words_decide))
        .flat_map(set)
        .collect();
    fact.members = members.into_iter().collect();
}

fn add(fact: &mut FactRow, rows: &[Row]) {
    let said: Vec<&Row> = fact.rows.iter().map(|index| &rows[*index]).collect();
    let positive = said.iter().filter(|row| !row.not);
    let strongest = positive.clone().map(|row| row.basis).min();
    let denied = said.iter().any(|row| row.not);
    let person_says = said.iter().any(|row| !row.not && row.is_word());
    fact.basis = strongest.unwrap_or(STATED);
    if !denied {
        return;
    }
    if person_says {
        fact.state = State::Disputed;
        return;
    }
    fact.state = State::Denied;
    fact.basis = said.iter().map(|row| row.basis).min().unwrap_or(STATED);
    challenge(fact, rows, &|word, claim| word.not && !claim.not);
}

/// A standing word is challenged by an automatic claim that differs from it and was not there when it was said.
fn challenge(fact: &mut FactRow, rows: &[Row], differs: &dyn Fn(&Row, &Row) -> bool) {
    let said = || fact.rows.iter().map(|index| &rows[*index]);
    fact.challenged = said().filter(|row| row.is_word()).any(|word| {
        said()
            .filter(|row| !row.is_word() && differs(word, row))
            .any(|claim| !word.against.contains(&claim.against_hash()))
    });
}
