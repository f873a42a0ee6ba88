//! What the map gives to answers: plain data, no handles into the read model.

use serde::Serialize;
use serde_json::Value;
use stave_model::{Basis, Claim, Evidence, Hash, Time};

/// Which statements count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutOff {
    /// All that are there; machines' statements that are stamped later than this instant wait.
    Live(Time),
    /// Only what had been said by this instant.
    Date(Time),
    /// The first so many statements of this ledger, by arrival; of them, machines' that are stamped later than the
    /// instant wait.
    Position(u64, Time),
}

impl CutOff {
    /// The present, where machines' statements from the future wait for it.
    pub(crate) fn now(self) -> Option<Time> {
        match self {
            CutOff::Live(now) | CutOff::Position(_, now) => Some(now),
            CutOff::Date(_) => None,
        }
    }

    /// The number of the last statement that is looked at, in a ledger that ends at `end`.
    pub(crate) fn last(self, end: u64) -> u64 {
        match self {
            CutOff::Position(last, _) => last.min(end),
            CutOff::Live(_) | CutOff::Date(_) => end,
        }
    }
}

/// An entity as others mention it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Label {
    /// 12 hexadecimal digits: the page's address.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind (component, resource, …).
    pub kind: String,
    /// A standing denial hides it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// An entity in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct EntityRow {
    /// 12 hexadecimal digits: the page's address.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind (component, resource, …).
    pub kind: String,
    /// Its type (service, database, …), if anybody says one.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// Its description, if anybody gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who owns it.
    pub owners: Vec<Label>,
    /// Number of its relations to others.
    pub relations_out: u64,
    /// Number of others' relations to it.
    pub relations_in: u64,
    /// Number of open questions about it.
    pub questions: u64,
    /// A standing denial hides it from lists and links.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Its smallest reference.
    pub reference: String,
}

/// An entity whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Entity {
    /// Its row.
    #[serde(flatten)]
    pub row: EntityRow,
    /// The names that sources give it, sorted.
    pub references: Vec<String>,
    /// What it can be recognised by, sorted.
    pub keys: Vec<String>,
    /// What is said about it, sorted by type and target.
    pub facts: Vec<Fact>,
    /// Relations of others to it, sorted by relation and name.
    pub incoming: Vec<Incoming>,
}

/// A relation of another entity to this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Incoming {
    /// The relation, as the other has it.
    pub relation: String,
    /// The other.
    pub from: Label,
    /// Whether it stands.
    pub state: State,
    /// How it is known.
    pub basis: Basis,
}

/// Whether a fact stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is on the map.
    Stands,
    /// People's words about it differ.
    Disputed,
    /// A person says that it isn't so; kept, not shown on the map.
    Denied,
}

/// The other end of a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Target {
    /// Another entity.
    Entity(Label),
    /// Plain text: a tag, an address.
    Text(String),
}

/// A fact with all that is said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Fact {
    /// The type of fact.
    #[serde(rename = "type")]
    pub fact_type: String,
    /// The other end, where the type has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// The value that stands; for `owned_by` and `member_of` see `members`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The entities of an `owned_by` or `member_of` that stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Label>,
    /// How it is known.
    pub basis: Basis,
    /// Whether it stands.
    pub state: State,
    /// Environments in which it holds; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Something automatic came that differs from a person's word.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub challenged: bool,
    /// Every claim and standing word on it.
    pub said: Vec<Said>,
}

/// One claim or word on a fact: the answer to "why do we think so?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Said {
    /// Who says it.
    pub author: String,
    /// How they came to it.
    pub basis: Basis,
    /// "Not so".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
    /// The value they give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Environments in which it holds; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// An earlier statement's claim that stands because the later one could not read its file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
    /// The statement's id.
    pub statement: Hash,
    /// When it was said.
    pub time: Time,
    /// Date of the commit or report.
    pub source_at: Time,
    /// Commit or report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// What the statement covers.
    pub scope: String,
    /// The reference that the claim is about.
    pub of: String,
    /// The other end as the source writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Where it can be checked.
    pub evidence: Vec<Evidence>,
}

/// What Stave can't decide and asks people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Question {
    /// 12 hexadecimal digits.
    pub id: String,
    /// `dispute`, `challenge`, `declared_differ`, `refused_join`, `ambiguous`, `without_place`, `retired_read`.
    pub kind: String,
    /// References, a statement's id or a scope: what it is about, as docs/ledger.md section 7 says.
    pub about: Vec<String>,
    /// The type of fact.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub fact_type: Option<String>,
    /// The other end of the fact: a reference or text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The entities that it is about, for pages.
    pub entities: Vec<Label>,
}

/// Which branch of a repository is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct View {
    /// `HOST/PATH`.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// `default`, or `newest` where nobody has read the default branch.
    pub why: String,
    /// This machine's uncommitted work is shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub work: bool,
}

/// How much there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// Entities by kind, in the order of `Kind::ALL`, then others by name; hidden ones left out.
    pub kinds: Vec<(String, u64)>,
    /// Outside products and services that are in use; not counted among the kinds.
    pub tools: u64,
    /// Relations between entities.
    pub relations: u64,
    /// Open questions.
    pub questions: u64,
    /// Words without a place (questions too).
    pub without_place: u64,
    /// Live claims.
    pub claims: u64,
    /// Live claims of types that this version doesn't know.
    pub unknown_claims: u64,
    /// Statements in the ledger, up to the stamp.
    pub statements: u64,
}

/// Where in the ledger the read model stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Stamp {
    /// The ledger's id.
    pub ledger: String,
    /// The ledger's epoch.
    pub epoch: u64,
    /// The number of the last statement folded.
    pub position: u64,
}

/// Statements of machines that are stamped later than the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Waiting {
    /// How many.
    pub statements: u64,
    /// When the last of them is due.
    pub until: Time,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this type.
    pub entity_type: Option<String>,
    /// Only what this entity (12 digits) owns.
    pub owner: Option<String>,
    /// Hidden ones too.
    pub hidden: bool,
    /// Outside products and services too.
    pub tools: bool,
    /// Skip so many.
    pub offset: u64,
    /// At most so many.
    pub limit: u64,
}

/// What a name that a person typed leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// Exactly one entity: its 12 digits.
    One(String),
    /// Several; the best first.
    Several(Vec<EntityRow>),
    /// None; the nearest names.
    None(Vec<EntityRow>),
}

/// A relation in the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Link {
    /// From which entity (12 digits).
    pub from: String,
    /// To which.
    pub to: String,
    /// The relation.
    pub kind: String,
}

/// An entity in the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Node {
    /// 12 digits.
    pub id: String,
    /// Of components and resources the type if there is one, else the kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Other names, sorted.
    pub aliases: Vec<String>,
    /// What it answers at, sorted: `GET /orders/{id}`.
    pub endpoints: Vec<String>,
}

/// An entity in outline: what an answer about the whole estate compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// 12 digits.
    pub id: String,
    /// Its smallest reference.
    pub reference: String,
    /// Its kind.
    pub kind: String,
    /// Its type, if anybody says one.
    pub entity_type: Option<String>,
    /// Its name.
    pub name: String,
    /// Its description, if anybody gives one.
    pub description: Option<String>,
    /// Other names and its title, sorted.
    pub aliases: Vec<String>,
    /// Tags, endpoints and the like that stand, sorted by type and text.
    pub texts: Vec<OutlineText>,
    /// Its relations: the place in [`Outlines::relations`], and the place of the other end in [`Outlines::rows`].
    pub links: Vec<(u16, usize)>,
}

/// An `add` fact with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineText {
    /// The type of fact.
    pub fact_type: String,
    /// The text.
    pub text: String,
}

/// All entities in outline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlines {
    /// The entities, by id.
    pub rows: Vec<Outline>,
    /// The relations that links name by their place here.
    pub relations: Vec<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Page {
    /// How many there are in all.
    pub total: u64,
    /// Those of this page.
    pub rows: Vec<EntityRow>,
}

/// What one author says about one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its number in this read model.
    pub number: i64,
    /// The author.
    pub author: String,
    /// The scope, with repositories that people call one written as one.
    pub scope: String,
    /// Number in the ledger of the statement that holds; none while the slot holds nothing.
    pub holds: Option<u64>,
    /// Its claims are on the map.
    pub is_live: bool,
    /// Uncommitted work.
    pub is_work: bool,
    /// Its branch is the one that is shown, or it is no branch.
    pub is_shown: bool,
}

impl Slot {
    /// It is about what happened (docs/ledger.md, section 9), which puts nothing on the map and doesn't grow stale.
    pub fn has_records(&self) -> bool {
        let kind = self.scope.split_once(':').map_or("", |(kind, _)| kind);
        matches!(kind, "history" | "ticket" | "deployment" | "import")
    }
}

/// A machine's statement, now or earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The statement's id.
    pub statement: Hash,
    /// When it was said.
    pub time: Time,
    /// Date of the commit or report.
    pub source_at: Time,
    /// Commit or report.
    pub source_id: Option<String>,
    /// The reader's rules.
    pub rules: u64,
}

/// A reference that an author said to exist and, having looked again, no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vanished {
    /// The reference.
    pub reference: String,
    /// Its kind, when it was last there.
    pub kind: String,
    /// Its name, when it was last there, if it was given one.
    pub name: Option<String>,
    /// Its type, when it was last there.
    pub entity_type: Option<String>,
    /// What it could be recognised by.
    pub keys: Vec<String>,
    /// Who said so.
    pub author: String,
    /// About what.
    pub scope: String,
    /// The last statement that has it.
    pub last: Past,
    /// Where that one found it.
    pub evidence: Vec<Evidence>,
    /// The first one that looked there and doesn't have it.
    pub missing: Option<Past>,
    /// The word that retired the scope (its statement and time), where that is what ended it.
    pub retired: Option<(Hash, Time)>,
}

/// A standing word that hangs on a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordOn {
    /// Its statement.
    pub statement: Hash,
    /// What it says.
    pub claim: Claim,
    /// It is about something on the map.
    pub is_placed: bool,
}

/// An outside product or service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUsed {
    /// Its entity: its own, or that of a host that it is one with.
    pub row: EntityRow,
    /// Its name in the table of tools, where its entity has another.
    pub title: Option<String>,
    /// What it is for, by the table and by people's words.
    pub categories: Vec<String>,
    /// Its home page, and other links.
    pub links: Vec<String>,
    /// Who uses it, by name.
    pub users: Vec<ToolUser>,
}

/// Who uses a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUser {
    /// The entity.
    pub label: Label,
    /// Some of those who say so.
    pub said: Vec<Said>,
}
