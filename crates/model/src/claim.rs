use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::hash::{Hash, canonical, hash_bytes};
use crate::name::{Key, Reference};

/// How an author came to a claim, strongest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// A person said it, here.
    Stated,
    /// A person wrote it into a repository (catalog file, CODEOWNERS).
    Declared,
    /// Seen at run time (traces).
    Observed,
    /// Read from manifests, code, history.
    Discovered,
}

/// A word that is no basis.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no basis; the ledger knows stated, declared, observed, discovered")]
pub struct ParseBasisError(String);

impl Basis {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Stated => "stated",
            Basis::Declared => "declared",
            Basis::Observed => "observed",
            Basis::Discovered => "discovered",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Basis {
    type Err = ParseBasisError;

    fn from_str(text: &str) -> Result<Basis, ParseBasisError> {
        [Basis::Stated, Basis::Declared, Basis::Observed, Basis::Discovered]
            .into_iter()
            .find(|basis| basis.as_str() == text)
            .ok_or_else(|| ParseBasisError(text.chars().take(40).collect()))
    }
}

/// Where a claim can be checked: a path (with `/`, relative to the repository's root) and a line
/// (from 1) in the statement's own source, or a URL. Never a quote: quotes carry secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Path in the statement's source.
    #[serde(default)]
    pub path: Option<String>,
    /// Line in that file, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// A web address, for sources that are not files.
    #[serde(default)]
    pub url: Option<String>,
}

// By hand, for points are sorted by path first, while canonical forms have `line` first.
impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        if let Some(line) = self.line {
            fields.serialize_entry("line", &line)?;
        }
        if let Some(path) = &self.path {
            fields.serialize_entry("path", path)?;
        }
        if let Some(url) = &self.url {
            fields.serialize_entry("url", url)?;
        }
        fields.end()
    }
}

impl Evidence {
    /// A line of a file.
    pub fn at(path: &str, line: u32) -> Evidence {
        Evidence { path: Some(path.to_owned()), line: Some(line), url: None }
    }

    /// A whole file.
    pub fn file(path: &str) -> Evidence {
        Evidence { path: Some(path.to_owned()), line: None, url: None }
    }
}

/// One fact as its author has it. The fact is (`type`, `of`, `to`).
///
/// The fields stand in the order of the canonical form ([`Claim::canonical`] relies on it).
/// `value: Some(Value::Null)` is a value ("there is none"); `None` is no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Hashes of the (author, value) pairs that stood when a person spoke ([`Claim::against_hash`]); sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<Hash>,
    /// How the author came to it.
    pub basis: Basis,
    /// Environments (overlay, profile, values file, namespace) in which it holds; sorted; empty: all. No part of the fact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Where it can be checked; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What each reference in this claim can be recognised by; sorted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<Reference, Vec<Key>>,
    /// "Not so": on `add` facts, `same_as` and `exists` only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
    /// What the fact is about.
    pub of: Reference,
    /// The other end: a reference for relations and `same_as`, plain text for tags, links, endpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Type of fact (docs/ledger.md, "Types of facts"); unknown types are kept and counted.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value; for `over` facts a sorted set of references.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A field that is there with `null` is `Some(Null)`: null is a value here.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Claim {
    /// A claim without value, evidence or keys.
    pub fn new(kind: &str, of: Reference, basis: Basis) -> Claim {
        Claim {
            against: Vec::new(),
            basis,
            env: Vec::new(),
            evidence: Vec::new(),
            keys: BTreeMap::new(),
            not: false,
            of,
            to: None,
            kind: kind.to_owned(),
            value: None,
        }
    }

    /// Sorts and dedups what the canonical form wants sorted. Every writer ends with this.
    #[must_use]
    pub fn normalised(mut self) -> Claim {
        self.against.sort_unstable();
        self.against.dedup();
        self.env.sort_unstable();
        self.env.dedup();
        self.evidence.sort_unstable();
        self.evidence.dedup();
        self.keys.retain(|_, keys| !keys.is_empty());
        for keys in self.keys.values_mut() {
            keys.sort_unstable();
            keys.dedup();
        }
        self
    }

    /// The canonical form: what [`canonical`] gives, and ten times faster for nearly all claims, whose plain
    /// form is canonical already.
    pub fn canonical(&self) -> Vec<u8> {
        let names_in_order = self.keys.len() < 2 || self.keys.keys().all(|name| sorts_alike(name.as_str()));
        if names_in_order && self.value.as_ref().is_none_or(is_plain) {
            serde_json::to_vec(self).unwrap_or_default()
        } else {
            canonical(self)
        }
    }

    /// The SHA-256 of the claim's canonical form.
    pub fn hash(&self) -> Hash {
        hash_bytes(&self.canonical())
    }

    /// The hash that `against` lists: of the canonical form of `[author, not, value]`, where `not` is
    /// a truth value and a missing value is null.
    pub fn against_hash(author: &str, not: bool, value: Option<&Value>) -> Hash {
        hash_bytes(&canonical(&(author, not, value.unwrap_or(&Value::Null))))
    }
}

/// Whether a text of only such characters sorts by bytes as it does by UTF-16 units: none from U+E000 on.
fn sorts_alike(text: &str) -> bool {
    text.bytes().all(|byte| byte < 0xee)
}

/// Whether a value's plain form is canonical for certain: no fields to sort, no numbers but small integers.
fn is_plain(value: &Value) -> bool {
    const SAFE: i64 = 1 << 53;
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|number| -SAFE < number && number < SAFE),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(fields) => fields.len() < 2 && fields.values().all(is_plain),
        _ => true,
    }
}
