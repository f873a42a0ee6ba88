//! What is this? One entity with its relations both ways, its owners and what was said about it when.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use stave_map::{Entity, EntityRow, Fact, Label, State, Target};
use stave_model::{Basis, Hash, Mode, Relation, Time, claim_type};

use crate::claims::{ClaimShown, says, short_commit, value_text};
use crate::list::kind_text;
use crate::people::People;
use crate::places::web_address;
use crate::questions::{Asked, asked_about};
use crate::speech::seen_on;
use crate::text::{Cell, Role, Style, Writer, counted, grouped, joined, spoken, tame};
use crate::when::minute;
use crate::{Estate, FactAddress, Result};

/// Relations of one type that the text lists.
const ROWS: usize = 100;

/// People's word that two pieces do the same job.
const OVERLAPS: &str = "overlaps";

/// Endpoints of one interface that the text lists.
const ENDPOINTS: usize = 40;

/// Statements that a page lists under "what was said when".
const SAID: usize = 60;

/// An entity whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct EntityPage {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present that ages are counted from.
    pub now: Time,
    /// Id, name, kind, owners, counts.
    #[serde(flatten)]
    pub row: EntityRow,
    /// Where its being there (and its kind) comes from, if anybody says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<Property>,
    /// Facts with one value: type, description, lifecycle, tier, …
    pub properties: Vec<Property>,
    /// Owners, and how they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Property>,
    /// Relations, in the order of `Relation::ALL`: first its own, with what people say does the same job, then those of
    /// others to it.
    pub relations: Vec<RelationGroup>,
    /// Addresses and paths at which it answers.
    pub interfaces: Vec<TextFact>,
    /// Links to other pages.
    pub links: Vec<TextFact>,
    /// Tags.
    pub tags: Vec<TextFact>,
    /// Other names that people use.
    pub aliases: Vec<TextFact>,
    /// The names that sources give it.
    pub references: Vec<String>,
    /// What it can be recognised by.
    pub keys: Vec<String>,
    /// Open questions about it.
    pub questions: Vec<Asked>,
    /// What was said about it, the newest first.
    pub said: Vec<SaidAtOnce>,
    /// Statements beyond those listed.
    #[serde(skip_serializing_if = "crate::summary::is_zero")]
    pub more_said: u64,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// A fact with one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Property {
    /// The fact's address.
    pub why: FactAddress,
    /// The value as people read it.
    pub text: String,
    /// The value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// How it is known, and whether it stands.
    #[serde(flatten)]
    pub standing: Standing,
}

/// How a fact is known, and whether it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Standing {
    /// How it is known.
    pub basis: Basis,
    /// Whether it stands.
    pub state: State,
    /// Something automatic came that differs from a person's word.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub challenged: bool,
    /// All that says so was read earlier, and the latest run could not read it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
    /// Environments in which it holds; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Persons whose words stand on it, as people read them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said_by: Vec<String>,
    /// Stands for all that is said on it now (docs/correcting.md): who corrects it shows what they saw. Absent where the
    /// fact belongs to another entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
}

impl Standing {
    pub(crate) fn of(fact: &Fact, people: &People) -> Standing {
        let positive: Vec<_> = fact.said.iter().filter(|said| !said.not).collect();
        Standing {
            basis: fact.basis,
            state: fact.state,
            challenged: fact.challenged,
            carried: !positive.is_empty() && positive.iter().all(|said| said.carried),
            env: fact.env.clone(),
            said_by: speakers(fact, people),
            seen: Some(seen_on(Some(fact))),
        }
    }

    /// What is unusual about it, as words.
    pub fn marks(&self) -> Vec<String> {
        let mut marks = Vec::new();
        match self.state {
            State::Stands => {}
            State::Disputed => marks.push("disputed".to_owned()),
            State::Denied => marks.push("denied".to_owned()),
        }
        if self.challenged {
            marks.push("challenged".to_owned());
        }
        if self.carried {
            marks.push("carried".to_owned());
        }
        if !self.env.is_empty() {
            marks.push(format!("in {}", joined(&self.env, "and")));
        }
        marks
    }
}

/// All relations of one type in one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RelationGroup {
    /// The type of fact.
    pub relation: String,
    /// It is others' relation to this entity.
    pub inverse: bool,
    /// How it reads: `calls`, `called by`.
    pub heading: String,
    /// The other ends, by name.
    pub rows: Vec<RelationRow>,
}

/// One relation, seen from this entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RelationRow {
    /// The other end.
    pub entity: Label,
    /// The fact's address.
    pub why: FactAddress,
    /// How it is known, and whether it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// The command by which a person denied it, for `undo`; where it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_in: Option<String>,
}

/// A fact whose other end is text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TextFact {
    /// The text.
    pub text: String,
    /// The text, where it is a web address that may be linked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The fact's address.
    pub why: FactAddress,
    /// How it is known, and whether it stands.
    #[serde(flatten)]
    pub standing: Standing,
}

impl TextFact {
    /// What a link is called by who says it.
    pub fn title(&self) -> Option<&str> {
        self.value.as_ref()?.get("title")?.as_str()
    }
}

/// What one statement says about the entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SaidAtOnce {
    /// When it was said.
    pub time: Time,
    /// Date of the commit or report that was read.
    pub source_at: Time,
    /// Who says it, as people read it.
    pub who: String,
    /// Who says it.
    pub author: String,
    /// The repository and branch, or other scope.
    pub source: String,
    /// Commit or report that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The statement's id.
    pub statement: Hash,
    /// What it says, with the address of each fact.
    pub claims: Vec<SaidClaim>,
}

/// One of the things that a statement says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SaidClaim {
    /// `calls payments`.
    pub says: String,
    /// From an earlier statement, because the later one could not read its file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
    /// The fact's address.
    pub why: FactAddress,
}

/// The page of an entity; nothing where no reference has these 12 digits.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn entity(estate: Estate<'_>, id: &str) -> Result<Option<EntityPage>> {
    estate.model.snapshot(|_| page_of(estate, id))
}

fn page_of(estate: Estate<'_>, id: &str) -> Result<Option<EntityPage>> {
    let Some(found) = estate.entity(id)? else { return Ok(None) };
    let questions = if found.row.questions > 0 { asked_about(estate, &found.row.id)? } else { Vec::new() };
    Ok(Some(EntityPage::new(found, questions, estate.position()?, estate)?))
}

impl EntityPage {
    fn new(entity: Entity, questions: Vec<Asked>, position: u64, estate: Estate<'_>) -> Result<EntityPage> {
        let id = entity.row.id.clone();
        let texts = |fact_type: &str| -> Vec<TextFact> {
            let of_type = |fact: &&Fact| fact.fact_type == fact_type;
            entity
                .facts
                .iter()
                .filter(of_type)
                .filter_map(|fact| text_fact(&id, fact, estate.people))
                .collect()
        };
        let property = |fact_type: &str| {
            entity
                .facts
                .iter()
                .find(|fact| fact.fact_type == fact_type)
                .map(|fact| property(&id, fact, estate.people))
        };
        let one = |fact: &&Fact| claim_type(&fact.fact_type).is_some_and(|row| row.mode == Mode::One);
        let (said, more_said) = said_when(&id, &entity.facts, estate);
        let mut relations = relations(&id, &entity, &estate.model.tool_ids()?, estate)?;
        let own = relations.partition_point(|group| !group.inverse);
        relations.splice(own..own, same_job(&entity, estate)?);
        let mut page = EntityPage {
            position,
            now: estate.now,
            presence: property("exists"),
            properties: entity
                .facts
                .iter()
                .filter(one)
                .map(|fact| self::property(&id, fact, estate.people))
                .collect(),
            ownership: property("owned_by"),
            relations,
            interfaces: texts("endpoint"),
            links: texts("link"),
            tags: texts("tag"),
            aliases: texts("alias"),
            references: entity.references,
            keys: entity.keys,
            questions,
            said,
            more_said,
            unknown: Vec::new(),
            row: entity.row,
        };
        page.unknown = page.unknowns();
        Ok(page)
    }

    fn unknowns(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        if self.row.owners.is_empty() && !matches!(self.row.kind.as_str(), "group" | "person") {
            let disputed =
                self.ownership.as_ref().is_some_and(|owned| owned.standing.state == State::Disputed);
            unknown.push(if disputed {
                "It is not known who owns it: people's words differ.".to_owned()
            } else {
                "Nobody says who owns it.".to_owned()
            });
        }
        if self.row.description.is_none() {
            unknown.push("Nobody describes it.".to_owned());
        }
        if self.relations.is_empty() {
            unknown.push("No relation to anything else is known.".to_owned());
        }
        unknown
    }

    /// The endpoints, those that no described interface holds first, then by interface.
    pub fn endpoints_by_interface(&self) -> Vec<(Option<&str>, Vec<&TextFact>)> {
        let mut groups: BTreeMap<Option<&str>, Vec<&TextFact>> = BTreeMap::new();
        for fact in &self.interfaces {
            let interface = fact.value.as_ref().and_then(|value| value["interface"].as_str());
            groups.entry(interface).or_default().push(fact);
        }
        groups.into_iter().collect()
    }

    /// `component, service`.
    pub fn kind_text(&self) -> String {
        kind_text(&self.row)
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        let name = page.paint(Role::Name, &self.row.name);
        let id = page.paint(Role::Quiet, &self.row.id);
        page.line(&format!("{name}  {}  {id}", self.kind_text()));
        if self.row.hidden {
            page.prose(2, Some(Role::Attention), "denied: a person says that it is not there");
        }
        if let Some(description) = &self.row.description {
            page.prose(2, None, description);
        }
        if let Some(ownership) = &self.ownership {
            page.table(2, &[property_cells(ownership)]);
        }
        let shown =
            |property: &&Property| !matches!(property.why.fact.as_str(), "description" | "name" | "type");
        let rows: Vec<Vec<Cell>> = self.properties.iter().filter(shown).map(property_cells).collect();
        page.table(2, &rows);
        for group in &self.relations {
            page.heading(&capitalised(&group.heading));
            let rows: Vec<Vec<Cell>> = group.rows.iter().take(ROWS).map(relation_cells).collect();
            page.table(2, &rows);
            if group.rows.len() > ROWS {
                let more = grouped((group.rows.len() - ROWS) as u64);
                page.prose(2, Some(Role::Quiet), &format!("and {more} more, which --json lists"));
            }
        }
        for (interface, facts) in self.endpoints_by_interface() {
            let name =
                interface.map_or_else(|| "Endpoints".to_owned(), |name| format!("Endpoints of {name}"));
            page.heading(&name);
            let rows: Vec<Vec<Cell>> = facts.iter().take(ENDPOINTS).map(|fact| text_cells(fact)).collect();
            page.table(2, &rows);
            if facts.len() > ENDPOINTS {
                let more = grouped((facts.len() - ENDPOINTS) as u64);
                page.prose(2, Some(Role::Quiet), &format!("and {more} more, which --json lists"));
            }
        }
        for (heading, facts) in [("Links", &self.links), ("Tags", &self.tags), ("Also called", &self.aliases)]
        {
            if facts.is_empty() {
                continue;
            }
            page.heading(heading);
            let rows: Vec<Vec<Cell>> = facts.iter().map(text_cells).collect();
            page.table(2, &rows);
        }
        if !self.questions.is_empty() {
            page.heading("Open questions");
            for question in &self.questions {
                page.prose(2, Some(Role::Attention), &format!("{} {}", question.id, question.sentence));
            }
        }
        page.heading("What was said when");
        for said in &self.said {
            let origin = said.short_commit().map(|commit| format!(", {commit}")).unwrap_or_default();
            page.table(
                2,
                &[vec![
                    Cell::new(&minute(said.time)),
                    Cell::of(Role::Name, &said.who),
                    Cell::of(Role::Quiet, &format!("{}{origin}", said.source)),
                ]],
            );
            let (claims, endpoints) = said.claims_and_endpoints();
            let mut all: Vec<String> = claims.into_iter().map(SaidClaim::text).collect();
            if endpoints > 0 {
                all.push(counted(endpoints, "endpoint", "endpoints"));
            }
            page.prose(4, None, &all.join("; "));
        }
        if self.more_said > 0 {
            page.prose(
                2,
                Some(Role::Quiet),
                &format!("and {} more", counted(self.more_said, "statement", "statements")),
            );
        }
        page.heading("Known as");
        for reference in &self.references {
            page.prose(2, None, reference);
        }
        page.unknown(&self.unknown);
        page.gap();
        page.prose(0, Some(Role::Quiet), &format!("position {}", self.position));
        page.end()
    }
}

impl SaidClaim {
    /// What it says, with a word where it is carried.
    pub fn text(&self) -> String {
        if self.carried { format!("{} (carried)", self.says) } else { self.says.clone() }
    }
}

impl SaidAtOnce {
    /// What it says, and how many endpoints beside that: more than a few are counted, for they stand elsewhere.
    pub fn claims_and_endpoints(&self) -> (Vec<&SaidClaim>, u64) {
        let (endpoints, mut claims): (Vec<_>, Vec<_>) =
            self.claims.iter().partition(|claim| claim.why.fact == "endpoint");
        if endpoints.len() > 3 {
            return (claims, endpoints.len() as u64);
        }
        claims.extend(endpoints);
        (claims, 0)
    }

    /// The commit's first 12 digits, or the report's id.
    pub fn short_commit(&self) -> Option<&str> {
        self.commit.as_deref().map(short_commit)
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Who of the persons speaks of a fact, each once.
fn speakers(fact: &Fact, people: &People) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for said in fact.said.iter().filter(|said| said.basis == Basis::Stated) {
        let name = people.show(&said.author);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn address(id: &str, fact: &Fact) -> FactAddress {
    let to = match &fact.to {
        Some(Target::Entity(label)) => Some(label.id.clone()),
        Some(Target::Text(text)) => Some(text.clone()),
        None => None,
    };
    FactAddress { entity: id.to_owned(), fact: fact.fact_type.clone(), to }
}

fn property(id: &str, fact: &Fact, people: &People) -> Property {
    let text = if fact.members.is_empty() {
        fact.value.as_ref().map_or_else(|| "unknown".to_owned(), value_text)
    } else {
        let names: Vec<&str> = fact.members.iter().map(|label| label.name.as_str()).collect();
        tame(&joined(&names, "and")).into_owned()
    };
    Property { why: address(id, fact), text, value: fact.value.clone(), standing: Standing::of(fact, people) }
}

fn text_fact(id: &str, fact: &Fact, people: &People) -> Option<TextFact> {
    let Some(Target::Text(text)) = &fact.to else { return None };
    Some(TextFact {
        text: text.clone(),
        url: web_address(text),
        value: fact.value.clone(),
        why: address(id, fact),
        standing: Standing::of(fact, people),
    })
}

/// The newest command that denied a fact which is denied.
fn denied_in(fact: &Fact, estate: Estate<'_>) -> Result<Option<String>> {
    let denials = fact.said.iter().filter(|said| said.not && fact.state == State::Denied);
    let Some(newest) = denials.max_by_key(|said| (said.time, said.statement)) else { return Ok(None) };
    let entry = estate.ledger.entry(&newest.statement)?;
    Ok(entry.map(|entry| entry.header.op.to_string()))
}

/// A fact as it stands at one of its ends.
fn relation_row(end: &Label, of: &str, fact: &Fact, estate: Estate<'_>) -> Result<RelationRow> {
    Ok(RelationRow {
        entity: end.clone(),
        why: address(of, fact),
        standing: Standing::of(fact, estate.people),
        denied_in: denied_in(fact, estate)?,
    })
}

/// Relations of others to this entity that people deny: the map has no link for them, and whoever looks from this end must
/// see that there was one.
fn denied_by_others(id: &str, estate: Estate<'_>) -> Result<Vec<(String, RelationRow)>> {
    let mut rows = Vec::new();
    for (relation, other) in estate.model.denied_towards(id)? {
        if relation == OVERLAPS {
            continue;
        }
        let Some(other) = estate.entity(&other)? else { continue };
        let row = &other.row;
        let label =
            Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: row.hidden };
        for fact in
            other.facts.iter().filter(|fact| fact.fact_type == relation && fact.state == State::Denied)
        {
            if matches!(&fact.to, Some(Target::Entity(end)) if end.id == *id) {
                rows.push((relation.clone(), relation_row(&label, &label.id, fact, estate)?));
            }
        }
    }
    Ok(rows)
}

fn relations(
    id: &str,
    entity: &Entity,
    tools: &BTreeSet<String>,
    estate: Estate<'_>,
) -> Result<Vec<RelationGroup>> {
    let mut groups: BTreeMap<(bool, bool, usize), RelationGroup> = BTreeMap::new();
    let mut add = |name: &str, inverse: bool, row: RelationRow| {
        let Some(place) = Relation::ALL.iter().position(|relation| relation.name == name) else { return };
        let relation = &Relation::ALL[place];
        // Tools stand apart, or the pieces of the system would drown among them.
        let is_tool = !inverse && tools.contains(&row.entity.id);
        let heading = match (inverse, is_tool) {
            (true, _) => relation.inverse.to_owned(),
            (false, true) => "uses the tool".to_owned(),
            (false, false) => spoken(relation.name),
        };
        groups
            .entry((inverse, is_tool, place))
            .or_insert_with(|| RelationGroup {
                relation: name.to_owned(),
                inverse,
                heading,
                rows: Vec::new(),
            })
            .rows
            .push(row);
    };
    for fact in &entity.facts {
        let ends: Vec<&Label> = match &fact.to {
            Some(Target::Entity(label)) => vec![label],
            Some(Target::Text(_)) => continue,
            // Owners stand in a place of their own.
            None if fact.fact_type == "owned_by" => continue,
            None => fact.members.iter().collect(),
        };
        for label in ends {
            add(&fact.fact_type, false, relation_row(label, id, fact, estate)?);
        }
    }
    for incoming in &entity.incoming {
        // The sets of `owned_by` and `member_of` are one fact of the other entity, without another end.
        let whole_set = claim_type(&incoming.relation).is_some_and(|row| row.mode == Mode::Over);
        let why = FactAddress {
            entity: incoming.from.id.clone(),
            fact: incoming.relation.clone(),
            to: (!whole_set).then(|| id.to_owned()),
        };
        let standing = Standing {
            basis: incoming.basis,
            state: incoming.state,
            challenged: false,
            carried: false,
            env: Vec::new(),
            said_by: Vec::new(),
            seen: None,
        };
        add(
            &incoming.relation,
            true,
            RelationRow { entity: incoming.from.clone(), why, standing, denied_in: None },
        );
    }
    for (relation, row) in denied_by_others(id, estate)? {
        add(&relation, true, row);
    }
    let mut groups: Vec<RelationGroup> = groups.into_values().collect();
    for group in &mut groups {
        group.rows.sort_by(|a, b| (&a.entity.name, &a.entity.id).cmp(&(&b.entity.name, &b.entity.id)));
    }
    Ok(groups)
}

/// What people say does the same job. It is said from either end and means the same; what they dismissed is nothing
/// about the piece.
fn same_job(entity: &Entity, estate: Estate<'_>) -> Result<Option<RelationGroup>> {
    let id = &entity.row.id;
    let says_so = |fact: &&Fact| fact.fact_type == OVERLAPS && fact.state != State::Denied;
    let mut rows: BTreeMap<(String, String), RelationRow> = BTreeMap::new();
    let mut add = |other: &Label, of: &str, fact: &Fact| {
        let row = RelationRow {
            entity: other.clone(),
            why: address(of, fact),
            standing: Standing::of(fact, estate.people),
            denied_in: None,
        };
        rows.entry((other.name.clone(), other.id.clone())).or_insert(row);
    };
    for fact in entity.facts.iter().filter(says_so) {
        if let Some(Target::Entity(other)) = &fact.to {
            add(other, id, fact);
        }
    }
    for other in estate.model.said_towards(id, OVERLAPS)? {
        let Some(other) = estate.model.entity(&other)? else { continue };
        let row = &other.row;
        let label =
            Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: row.hidden };
        for fact in other.facts.iter().filter(says_so) {
            if matches!(&fact.to, Some(Target::Entity(end)) if end.id == *id) {
                add(&label, &label.id, fact);
            }
        }
    }
    let rows: Vec<RelationRow> = rows.into_values().collect();
    Ok((!rows.is_empty()).then(|| RelationGroup {
        relation: OVERLAPS.to_owned(),
        inverse: false,
        heading: "does the same job as".to_owned(),
        rows,
    }))
}

fn said_when(id: &str, facts: &[Fact], estate: Estate<'_>) -> (Vec<SaidAtOnce>, u64) {
    // One command's statements have one time; the author before the id, so that the order says something.
    let mut statements: BTreeMap<(std::cmp::Reverse<Time>, String, Hash), SaidAtOnce> = BTreeMap::new();
    for fact in facts {
        for said in &fact.said {
            let shown = ClaimShown::new(said, fact, estate.people);
            let key = (std::cmp::Reverse(said.time), said.author.clone(), said.statement);
            let statement = statements.entry(key).or_insert_with(|| {
                // A word's scope is its fact, which its claim says better.
                let own = if shown.person { String::new() } else { said.scope.clone() };
                SaidAtOnce {
                    time: said.time,
                    source_at: said.source_at,
                    who: shown.who.clone(),
                    author: said.author.clone(),
                    source: shown.source().unwrap_or(own),
                    commit: said.source_id.clone(),
                    statement: said.statement,
                    claims: Vec::new(),
                }
            });
            statement.claims.push(SaidClaim {
                says: shown.says,
                carried: said.carried,
                why: address(id, fact),
            });
        }
    }
    let more = statements.len().saturating_sub(SAID) as u64;
    let mut said: Vec<SaidAtOnce> = statements.into_values().take(SAID).collect();
    for statement in &mut said {
        statement.claims.dedup();
    }
    (said, more)
}

fn standing_cells(standing: &Standing) -> Vec<Cell> {
    let marks = standing.marks();
    let mut cells = vec![Cell::of(Role::Quiet, standing.basis.as_str())];
    if !marks.is_empty() {
        cells.push(Cell::of(Role::Attention, &marks.join("; ")));
    }
    cells
}

fn text_cells(fact: &TextFact) -> Vec<Cell> {
    let text = match fact.title() {
        Some(title) => format!("{} ({title})", fact.text),
        None => fact.text.clone(),
    };
    let mut row = vec![Cell::new(&text)];
    row.extend(standing_cells(&fact.standing));
    row
}

fn property_cells(property: &Property) -> Vec<Cell> {
    let mut row = vec![Cell::new(&spoken(&property.why.fact)), Cell::of(Role::Name, &property.text)];
    row.extend(standing_cells(&property.standing));
    row
}

fn relation_cells(row: &RelationRow) -> Vec<Cell> {
    let mut cells = vec![Cell::of(Role::Name, &row.entity.name), Cell::new(&spoken(&row.entity.kind))];
    cells.extend(standing_cells(&row.standing));
    cells
}

/// What a fact says, behind the entity's name.
pub(crate) fn fact_says(fact: &Fact) -> String {
    let members: Vec<&str> = fact.members.iter().map(|label| label.name.as_str()).collect();
    let members = joined(&members, "and");
    let target = match &fact.to {
        Some(Target::Entity(label)) => Some(label.name.as_str()),
        Some(Target::Text(text)) => Some(text.as_str()),
        None if !members.is_empty() => Some(members.as_str()),
        None => None,
    };
    says(&fact.fact_type, target, fact.value.as_ref(), fact.state == State::Denied)
}
