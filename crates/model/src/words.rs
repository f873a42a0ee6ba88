//! The words of the format as tables: types of facts, kinds of entities, relations, schemes of keys.
//! docs/ledger.md repeats them for other implementations; a test compares the two.

use std::fmt;

use serde_json::Value;

use crate::claim::Claim;
use crate::hash::Hash;
use crate::name::Reference;
use crate::statement::CheckError;

/// How claims of one type are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One value stands: the highest basis, then a documented order.
    One,
    /// One sorted set of references: the highest basis's set replaces the lower ones.
    Over,
    /// All targets together; only a denial removes.
    Add(Target),
    /// `same_as`: two references are one piece, or are not.
    Join,
    /// `exists`: the piece is there (value: its kind), or is not.
    Presence,
    /// A person's word about the ledger itself: `withdrawn`, `retired`, `forgotten`, `redacted`.
    Word,
    /// What happened, one by one ([`crate::records`]): machines say it, the fold makes nothing of it, answers read it.
    Record,
}

/// What stands in `to` of an `add` fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A reference.
    Reference,
    /// Plain text: a tag, an address, `GET /path`.
    Text,
}

/// A row of the table of types of facts.
#[derive(Clone, Copy, Debug)]
pub struct ClaimType {
    /// The word in `type`.
    pub name: &'static str,
    /// How claims are put together.
    pub mode: Mode,
}

const fn row(name: &'static str, mode: Mode) -> ClaimType {
    ClaimType { name, mode }
}

/// Every type of fact that this version folds. Others are kept, passed on and counted.
pub const CLAIM_TYPES: &[ClaimType] = &[
    row("exists", Mode::Presence),
    row("same_as", Mode::Join),
    row("name", Mode::One),
    row("title", Mode::One),
    row("type", Mode::One),
    row("description", Mode::One),
    row("lifecycle", Mode::One),
    row("tier", Mode::One),
    row("default_branch", Mode::One),
    row("owned_by", Mode::Over),
    row("member_of", Mode::Over),
    row("alias", Mode::Add(Target::Text)),
    row("tag", Mode::Add(Target::Text)),
    row("link", Mode::Add(Target::Text)),
    row("endpoint", Mode::Add(Target::Text)),
    row("depends_on", Mode::Add(Target::Reference)),
    row("calls", Mode::Add(Target::Reference)),
    row("routes_to", Mode::Add(Target::Reference)),
    row("provides_api", Mode::Add(Target::Reference)),
    row("consumes_api", Mode::Add(Target::Reference)),
    row("publishes_to", Mode::Add(Target::Reference)),
    row("subscribes_to", Mode::Add(Target::Reference)),
    row("stores_in", Mode::Add(Target::Reference)),
    row("configured_by", Mode::Add(Target::Reference)),
    row("registers_at", Mode::Add(Target::Reference)),
    row("logs_to", Mode::Add(Target::Reference)),
    row("monitored_by", Mode::Add(Target::Reference)),
    row("known_by", Mode::Add(Target::Reference)),
    row("part_of", Mode::Add(Target::Reference)),
    row("built_by", Mode::Add(Target::Reference)),
    row("deployed_by", Mode::Add(Target::Reference)),
    row("runs_on", Mode::Add(Target::Reference)),
    row("backed_up_by", Mode::Add(Target::Reference)),
    row("overlaps", Mode::Add(Target::Reference)),
    row("went_down", Mode::Add(Target::Text)),
    row("withdrawn", Mode::Word),
    row("retired", Mode::Word),
    row("forgotten", Mode::Word),
    row("redacted", Mode::Word),
    row("commits", Mode::Record),
    row("head", Mode::Record),
    row("files", Mode::Record),
    row("incident", Mode::Record),
    row("ticket", Mode::Record),
    row("deployment", Mode::Record),
];

/// The row of a type, if this version folds it.
pub fn claim_type(name: &str) -> Option<&'static ClaimType> {
    CLAIM_TYPES.iter().find(|row| row.name == name)
}

impl ClaimType {
    pub(crate) fn check(&self, claim: &Claim) -> Result<(), CheckError> {
        let problem =
            |problem: &str| Err(CheckError::Shape { kind: claim.kind.clone(), problem: problem.to_owned() });
        let may_deny = matches!(self.mode, Mode::Add(_) | Mode::Join | Mode::Presence);
        if claim.not && !may_deny {
            return Err(CheckError::Not(claim.kind.clone()));
        }
        let wants_to = matches!(self.mode, Mode::Add(_) | Mode::Join);
        match (&claim.to, wants_to) {
            (_, _) if self.mode == Mode::Record && claim.value.is_none() => {
                return problem("needs a `value`");
            }
            (_, _) if self.mode == Mode::Record => return Ok(()),
            (None, true) => return problem("needs `to`"),
            (Some(_), false) => return problem("has no `to`; what it says stands in `value`"),
            (Some(to), true) if to.is_empty() => return problem("has an empty `to`"),
            (Some(to), true) if self.mode != Mode::Add(Target::Text) => {
                if let Err(error) = to.parse::<Reference>() {
                    return problem(&format!("has a `to` that is no reference: {error}"));
                }
            }
            _ => {}
        }
        match self.mode {
            Mode::Over => check_set(claim),
            Mode::One if claim.value.is_none() => problem("needs a `value`"),
            Mode::Presence if claim.not != claim.value.is_none() => {
                problem("has its kind as `value`, or `not` and none")
            }
            Mode::Presence if !matches!(claim.value, None | Some(Value::String(_))) => {
                problem("has its kind, a text, as `value`")
            }
            Mode::Join if claim.to.as_deref() == Some(claim.of.as_str()) => {
                problem("joins a reference to itself")
            }
            Mode::Word if self.name == "redacted" => check_redacted(claim),
            Mode::Word if claim.value != Some(Value::Bool(true)) => problem("has the value true"),
            Mode::Word if self.name == "forgotten" && claim.of.kind() != "person" => {
                problem("is said of a person: `person:ID`")
            }
            _ => Ok(()),
        }
    }
}

/// Which claim, and why: the one who reads a gap later must learn more than that there is one.
fn check_redacted(claim: &Claim) -> Result<(), CheckError> {
    let problem =
        |problem: &str| Err(CheckError::Shape { kind: claim.kind.clone(), problem: problem.to_owned() });
    if redacted_claim(&claim.of).is_none() {
        return problem("is said of a claim: `claim:` and the 64 digits of its hash");
    }
    match &claim.value {
        Some(Value::String(why)) if !why.trim().is_empty() => Ok(()),
        _ => problem("says why, a text, as `value`"),
    }
}

/// The claim that `claim:HASH` means.
pub fn redacted_claim(of: &Reference) -> Option<Hash> {
    if of.kind() == "claim" { of.rest().parse().ok() } else { None }
}

fn check_set(claim: &Claim) -> Result<(), CheckError> {
    let problem = || CheckError::Shape {
        kind: claim.kind.clone(),
        problem: "has a sorted set of references as `value`".to_owned(),
    };
    let Some(Value::Array(items)) = &claim.value else { return Err(problem()) };
    let mut previous = "";
    for item in items {
        let text = item.as_str().filter(|text| text.parse::<Reference>().is_ok()).ok_or_else(problem)?;
        if text <= previous {
            return Err(problem());
        }
        previous = text;
    }
    Ok(())
}

/// What an entity is, after Backstage's catalog; its `type` says the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A business area.
    Domain,
    /// Components and resources that do something together.
    System,
    /// A piece of software: service, job, gateway, library.
    Component,
    /// An interface.
    Api,
    /// What components need: database, broker, cache, bucket, external service.
    Resource,
    /// A team.
    Group,
    /// A human being.
    Person,
    /// What builds or deploys.
    Pipeline,
    /// Where something runs.
    Environment,
    /// A version-controlled folder.
    Repository,
}

impl Kind {
    /// All kinds, in the order in which pages list them.
    pub const ALL: &[Kind] = &[
        Kind::Domain,
        Kind::System,
        Kind::Component,
        Kind::Api,
        Kind::Resource,
        Kind::Group,
        Kind::Person,
        Kind::Pipeline,
        Kind::Environment,
        Kind::Repository,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Domain => "domain",
            Kind::System => "system",
            Kind::Component => "component",
            Kind::Api => "api",
            Kind::Resource => "resource",
            Kind::Group => "group",
            Kind::Person => "person",
            Kind::Pipeline => "pipeline",
            Kind::Environment => "environment",
            Kind::Repository => "repository",
        }
    }

    /// The kind for a word. Unknown kinds are kept as text by the fold.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where data goes along a relation that is written from needs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// In the relation's direction.
    With,
    /// Against it.
    Against,
    /// No data flows (ownership, membership).
    None,
}

/// A typed, directed link.
#[derive(Clone, Copy, Debug)]
pub struct Relation {
    /// The type of fact.
    pub name: &'static str,
    /// Where data goes.
    pub flow: Flow,
    /// How a page reads it from the other end ("called by").
    pub inverse: &'static str,
}

impl Relation {
    /// All relations between entities, in the order in which pages list them.
    pub const ALL: &[Relation] = &[
        relation("calls", Flow::With, "called by"),
        relation("routes_to", Flow::With, "reached through"),
        relation("stores_in", Flow::Against, "stores for"),
        relation("publishes_to", Flow::With, "published to by"),
        relation("subscribes_to", Flow::Against, "subscribed to by"),
        relation("depends_on", Flow::Against, "needed by"),
        relation("configured_by", Flow::Against, "configures"),
        relation("registers_at", Flow::With, "registry of"),
        relation("logs_to", Flow::With, "logs of"),
        relation("monitored_by", Flow::With, "monitors"),
        relation("provides_api", Flow::None, "provided by"),
        relation("consumes_api", Flow::None, "consumed by"),
        relation("owned_by", Flow::None, "owns"),
        relation("known_by", Flow::None, "knows"),
        relation("member_of", Flow::None, "has member"),
        relation("part_of", Flow::None, "has part"),
        relation("built_by", Flow::None, "builds"),
        relation("deployed_by", Flow::None, "deploys"),
        relation("runs_on", Flow::None, "runs"),
        relation("backed_up_by", Flow::None, "stands in for"),
    ];

    /// The relation of a type of fact.
    pub fn of(name: &str) -> Option<&'static Relation> {
        Relation::ALL.iter().find(|relation| relation.name == name)
    }
}

const fn relation(name: &'static str, flow: Flow, inverse: &'static str) -> Relation {
    Relation { name, flow, inverse }
}

/// What a key of some scheme is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyStrength {
    /// Two references that hold it are one piece (unless something bars it).
    Strong,
    /// Two references of different repositories that share two of them (different schemes and texts) are one piece.
    Hint,
    /// Finds a lost anchor while exactly one live reference holds it; joins nothing.
    Anchor,
}

/// The strength of a key, by its scheme. Schemes that this version doesn't know are anchors.
pub fn key_strength(key: &str) -> KeyStrength {
    match key.split_once(':').map_or("", |(scheme, _)| scheme) {
        "image" | "package" | "host" | "proto" | "catalog" | "team" | "local" => KeyStrength::Strong,
        "name" | "port" | "imagename" => {
            let text = key.split_once(':').map_or("", |(_, text)| text);
            if COMMON_NAMES.contains(&text) { KeyStrength::Anchor } else { KeyStrength::Hint }
        }
        _ => KeyStrength::Anchor,
    }
}

/// Names and ports that say nothing about who is meant: they never count as a hint. Sorted.
pub const COMMON_NAMES: &[&str] = &[
    "1433",
    "27017",
    "3000",
    "3306",
    "4317",
    "443",
    "5000",
    "5432",
    "5672",
    "6379",
    "80",
    "8000",
    "8080",
    "8081",
    "8443",
    "8888",
    "9000",
    "9090",
    "9092",
    "9200",
    "admin",
    "api",
    "app",
    "backend",
    "broker",
    "cache",
    "client",
    "config",
    "database",
    "db",
    "elasticsearch",
    "frontend",
    "gateway",
    "grafana",
    "ingress",
    "jaeger",
    "job",
    "kafka",
    "keycloak",
    "kibana",
    "logstash",
    "main",
    "mariadb",
    "memcached",
    "minio",
    "mongo",
    "mongodb",
    "mysql",
    "nats",
    "nginx",
    "otel-collector",
    "postgres",
    "postgresql",
    "prometheus",
    "proxy",
    "queue",
    "rabbitmq",
    "redis",
    "server",
    "service",
    "site",
    "sql",
    "storage",
    "store",
    "test",
    "traefik",
    "ui",
    "web",
    "website",
    "worker",
    "zipkin",
    "zookeeper",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sound() {
        assert!(COMMON_NAMES.windows(2).all(|pair| pair[0] < pair[1]));
        for relation in Relation::ALL {
            assert!(claim_type(relation.name).is_some(), "{}", relation.name);
        }
        for (index, row) in CLAIM_TYPES.iter().enumerate() {
            assert!(CLAIM_TYPES[..index].iter().all(|other| other.name != row.name));
        }
    }
}
