//! One claim as people read it: who, when, how, and what it says.

use serde::Serialize;
use serde_json::Value;
use stave_map::{Fact, Said, Target};
use stave_model::{Basis, Hash, Reference, Scope, Time};

use crate::people::People;
use crate::places::{Place, place};
use crate::text::{Cell, Role, Writer, joined, spoken, tame};
use crate::when::{ago, minute};

/// A claim or a person's word, with everything that lets a reader judge it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ClaimShown {
    /// Who says it, as people read it.
    pub who: String,
    /// Who says it.
    pub author: String,
    /// A person's word, not a machine's claim.
    pub person: bool,
    /// How they came to it.
    pub basis: Basis,
    /// What it says: `calls payments`, `does not call payments`.
    pub says: String,
    /// "Not so".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
    /// The value, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Environments in which it holds; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// An earlier statement's claim that stands because the later one could not read its file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
    /// When it was said.
    pub time: Time,
    /// Date of the commit or report that was read.
    pub source_at: Time,
    /// Commit or report that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What the statement covers.
    pub scope: String,
    /// The statement's id.
    pub statement: Hash,
    /// The reference that it is about.
    pub of: String,
    /// The other end as the source writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Where it can be checked.
    pub places: Vec<Place>,
}

impl ClaimShown {
    /// A claim on `fact`.
    pub(crate) fn new(said: &Said, fact: &Fact, people: &People) -> ClaimShown {
        let target = match &fact.to {
            Some(Target::Entity(label)) => Some(label.name.clone()),
            Some(Target::Text(text)) => Some(text.clone()),
            None => said.to.clone(),
        };
        ClaimShown::of_type(said, &fact.fact_type, target.as_deref(), people)
    }

    /// A claim on a fact of some type, whose other end has the name `target`.
    pub(crate) fn of_type(said: &Said, fact_type: &str, target: Option<&str>, people: &People) -> ClaimShown {
        let value = said.value.as_ref().map(|value| people.in_value(value));
        let place_of = |point| place(point, &said.scope, said.source_id.as_deref());
        ClaimShown {
            who: people.show(&said.author),
            author: said.author.clone(),
            person: said.author.starts_with("person:"),
            basis: said.basis,
            says: says(fact_type, target, value.as_ref(), said.not),
            not: said.not,
            value: said.value.clone(),
            env: said.env.clone(),
            carried: said.carried,
            time: said.time,
            source_at: said.source_at,
            commit: said.source_id.clone(),
            scope: said.scope.clone(),
            statement: said.statement,
            of: said.of.clone(),
            to: said.to.clone(),
            places: said.evidence.iter().map(place_of).collect(),
        }
    }

    /// The repository and branch that were read, where the scope is one: `example.com/tea/shop @ main`.
    pub fn source(&self) -> Option<String> {
        let scope: Scope = self.scope.parse().ok()?;
        let (repository, branch, work) = scope.branch()?;
        let work = if work { ", uncommitted" } else { "" };
        Some(format!("{repository} @ {branch}{work}"))
    }

    /// The commit's first 12 digits, or the report's id.
    pub fn short_commit(&self) -> Option<&str> {
        self.commit.as_deref().map(short_commit)
    }

    pub(crate) fn write(&self, page: &mut Writer<'_>, indent: usize, now: Time) {
        let mut head =
            vec![Cell::of(Role::Name, &self.who), Cell::new(self.basis.as_str()), Cell::new(&self.says)];
        let mut marks: Vec<String> = Vec::new();
        if self.carried {
            marks.push("carried".to_owned());
        }
        if !self.env.is_empty() {
            marks.push(format!("in {}", joined(&self.env, "and")));
        }
        if !marks.is_empty() {
            head.push(Cell::of(Role::Quiet, &marks.join("; ")));
        }
        page.table(indent, &[head]);
        for found in &self.places {
            page.prose(indent + 2, None, &found.text);
        }
        let when = if self.person { self.time } else { self.source_at };
        let mut origin = format!("{} ({})", minute(when), ago(when, now));
        if let Some(source) = self.source() {
            origin.push_str(&format!(", {source}"));
        }
        if let Some(commit) = self.short_commit() {
            origin.push_str(&format!(", {commit}"));
        }
        origin.push_str(&format!(", statement {}", self.statement.short()));
        page.prose(indent + 2, Some(Role::Quiet), &origin);
    }
}

/// A commit's first 12 digits; other ids whole.
pub(crate) fn short_commit(id: &str) -> &str {
    let hexadecimal = id.len() > 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hexadecimal { &id[..12] } else { id }
}

/// How a type of fact reads behind an entity's name, said and denied.
const PHRASES: &[(&str, &str, &str)] = &[
    ("alias", "is also called", "is not called"),
    ("tag", "is tagged", "is not tagged"),
    ("link", "has the link", "does not have the link"),
    ("endpoint", "answers at", "does not answer at"),
    ("went_down", "went down in", "did not go down in"),
    ("depends_on", "depends on", "does not depend on"),
    ("calls", "calls", "does not call"),
    ("routes_to", "routes to", "does not route to"),
    ("provides_api", "provides the API", "does not provide the API"),
    ("consumes_api", "consumes the API", "does not consume the API"),
    ("publishes_to", "publishes to", "does not publish to"),
    ("subscribes_to", "subscribes to", "does not subscribe to"),
    ("stores_in", "stores in", "does not store in"),
    ("configured_by", "is configured by", "is not configured by"),
    ("registers_at", "registers at", "does not register at"),
    ("logs_to", "logs to", "does not log to"),
    ("monitored_by", "is monitored by", "is not monitored by"),
    ("owned_by", "is owned by", "is not owned by"),
    ("known_by", "is known by", "is not known by"),
    ("member_of", "is a member of", "is not a member of"),
    ("part_of", "is part of", "is not part of"),
    ("built_by", "is built by", "is not built by"),
    ("deployed_by", "is deployed by", "is not deployed by"),
    ("runs_on", "runs on", "does not run on"),
    ("backed_up_by", "is backed up by", "is not backed up by"),
    ("overlaps", "does the same job as", "does not do the same job as"),
    ("same_as", "is the same as", "is not the same as"),
    ("name", "is named", ""),
    ("title", "has the title", ""),
    ("type", "is of type", ""),
    ("description", "is described as", ""),
    ("lifecycle", "has the lifecycle", ""),
    ("tier", "is of tier", ""),
    ("default_branch", "has the default branch", ""),
];

/// What a claim says, as words behind the entity's name: `calls payments`, `is owned by till`.
pub fn says(fact_type: &str, target: Option<&str>, value: Option<&Value>, not: bool) -> String {
    match fact_type {
        "exists" if not => return "is not there".to_owned(),
        "exists" => return value.map_or_else(|| "is there".to_owned(), |kind| a_kind(&value_text(kind))),
        "withdrawn" => return "is withdrawn".to_owned(),
        // A record is as long as what it tells of.
        "commits" => return "has commits".to_owned(),
        "head" => return "has a branch".to_owned(),
        "files" => return "has files".to_owned(),
        "incident" => return "is an incident".to_owned(),
        "ticket" => return "is a ticket".to_owned(),
        "deployment" => return "is a deployment".to_owned(),
        "retired" => return "is retired".to_owned(),
        "forgotten" => return "is forgotten".to_owned(),
        "redacted" => {
            return value
                .map_or_else(|| "is redacted".to_owned(), |why| format!("is redacted: {}", value_text(why)));
        }
        _ => {}
    }
    let object = match (target, value) {
        (Some(target), _) => tame(target).into_owned(),
        (None, Some(value)) if nothing(value) && matches!(fact_type, "owned_by" | "member_of") => {
            "nobody".to_owned()
        }
        (None, Some(value)) if nothing(value) => return format!("has no {}", spoken(fact_type)),
        (None, Some(Value::String(text))) if fact_type == "description" => format!("\"{}\"", tame(text)),
        (None, Some(value)) => value_text(value),
        (None, None) => "something unknown".to_owned(),
    };
    match PHRASES.iter().find(|(known, _, _)| *known == fact_type) {
        Some((_, said, _)) if !not => format!("{said} {object}"),
        Some((_, _, denied)) if !denied.is_empty() => format!("{denied} {object}"),
        _ if not => format!("not {}: {object}", spoken(fact_type)),
        _ => format!("{}: {object}", spoken(fact_type)),
    }
}

fn nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// `is a component`, `is an API`.
fn a_kind(kind: &str) -> String {
    match kind {
        "api" => "is an API".to_owned(),
        _ if kind.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("is an {kind}"),
        _ => format!("is a {kind}"),
    }
}

/// A value as people read it: texts as they are, references by their last part, `null` and `[]` as `none`.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => tame(text).into_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(item_text).collect();
            joined(&items, "and")
        }
        other => tame(&other.to_string()).into_owned(),
    }
}

fn item_text(item: &Value) -> String {
    match item.as_str().map(str::parse::<Reference>) {
        Some(Ok(reference)) => tame(reference.short_name()).into_owned(),
        _ => value_text(item),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_relation_has_its_phrase() {
        for row in stave_model::CLAIM_TYPES {
            let special = row.mode == stave_model::Mode::Record
                || matches!(row.name, "exists" | "withdrawn" | "retired" | "forgotten" | "redacted");
            assert!(special || PHRASES.iter().any(|(known, _, _)| *known == row.name), "{}", row.name);
        }
    }

    #[test]
    fn claims_read_as_sentences() {
        let teams = json!(["said:group/till", "team:example.com/tea/counter"]);
        for (said, expected) in [
            (says("calls", Some("payments"), None, false), "calls payments"),
            (says("publishes_to", Some("kafka"), None, true), "does not publish to kafka"),
            (says("exists", None, Some(&json!("api")), false), "is an API"),
            (says("incident", None, Some(&json!({"key": "pages/1"})), false), "is an incident"),
            (says("went_down", Some("pages/1"), None, false), "went down in pages/1"),
            (says("exists", None, Some(&json!("environment")), false), "is an environment"),
            (says("exists", None, None, true), "is not there"),
            (says("redacted", None, Some(&json!("a name")), false), "is redacted: a name"),
            (says("owned_by", None, Some(&teams), false), "is owned by till and counter"),
            (says("owned_by", None, Some(&json!([])), false), "is owned by nobody"),
            (says("tier", None, Some(&json!(2)), false), "is of tier 2"),
            (says("description", None, Some(&json!("a\nb")), false), "is described as \"a b\""),
            (says("description", None, Some(&json!(null)), false), "has no description"),
            (says("same_as", Some("b"), None, true), "is not the same as b"),
            (says("some_day", Some("x"), None, true), "not some day: x"),
        ] {
            assert_eq!(said, expected);
        }
    }
}
