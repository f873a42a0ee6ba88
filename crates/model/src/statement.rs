use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::check::Checker;
use crate::claim::Claim;
use crate::hash::{Hash, canonical, claims_hash, hash_bytes, hex, unhex};
use crate::limits;
use crate::name::{Author, NameError, Reference, Scope, fact_scope};
use crate::time::Time;
use crate::words::{Mode, claim_type};

/// The version of the format that this code writes and reads.
pub const VERSION: u32 = 1;

/// Groups the statements of one command: 128 random bits in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op(pub [u8; 16]);

/// A text that is not 32 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not an op of 32 lower-case hexadecimal digits")]
pub struct ParseOpError(String);

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Op {
    type Err = ParseOpError;

    fn from_str(text: &str) -> Result<Op, ParseOpError> {
        let mut bytes = [0; 16];
        if unhex(text, &mut bytes) {
            Ok(Op(bytes))
        } else {
            Err(ParseOpError(text.chars().take(40).collect()))
        }
    }
}

impl Serialize for Op {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Op, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a machine read: a commit, a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The commit's or report's own date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// The commit's or report's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Source {
    fn is_empty(&self) -> bool {
        self.at.is_none() && self.id.is_none()
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The head of a statement. The SHA-256 of its canonical form is the statement's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Who says it.
    pub author: Author,
    /// Who really appended it, where that is not the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Author>,
    /// [`claims_hash`] of its claims.
    pub claims: Hash,
    /// Groups the statements of one command.
    pub op: Op,
    /// Ids of the words that a person's word replaces; sorted. Machines replace by rule, not by list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Hash>,
    /// Raised with a reader's meaning; 0 is left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rules: u32,
    /// What it covers.
    pub scope: Scope,
    /// What was read.
    #[serde(default, skip_serializing_if = "Source::is_empty")]
    pub source: Source,
    /// When it was said.
    pub time: Time,
    /// Program and version that wrote it, for humans.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool: String,
    /// Paths that the run could not read: a file, `FOLDER/`, or `!FOLDER/` for all outside it; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// Version of the format; a higher one is refused.
    pub v: u32,
}

/// Why something is not a statement that a ledger takes.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Written by a newer Stave.
    #[error(
        "the statement has format version {0}; this Stave reads up to {VERSION}\n\nhint: use a newer Stave"
    )]
    Version(u32),
    /// The claims are not those that the header was made for.
    #[error("the claims hash to {found}, the header says {header}: the statement is damaged")]
    Claims {
        /// What the header says.
        header: Hash,
        /// What the claims hash to.
        found: Hash,
    },
    /// A list or text beyond the format's limits.
    #[error("{what}: {count} is over the limit of {limit}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        count: usize,
        /// How much is allowed.
        limit: usize,
    },
    /// Not in canonical order, so that it would have a second id.
    #[error("{0} must be sorted and free of duplicates")]
    Unsorted(&'static str),
    /// A number that is not an integer below 2^53.
    #[error("the value of a {0} claim has a number that is not an integer below 2^53")]
    Number(String),
    /// `not` where the format knows none.
    #[error("a {0} claim can't be denied; state another value, null or []")]
    Not(String),
    /// A fact without the other end, or with one that it can't have.
    #[error("a {kind} claim {problem}")]
    Shape {
        /// The claim's type.
        kind: String,
        /// What is wrong.
        problem: String,
    },
    /// Something that this author can't say.
    #[error("{0}")]
    Author(String),
    /// A person's statement is one word about one fact.
    #[error("a person's statement has one claim and the scope of its fact: {0}")]
    Word(String),
}

/// A header with its claims. Immutable; known by its [`Header::id`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The head.
    pub header: Header,
    /// The claims, in the order of their hashes.
    pub claims: Vec<Claim>,
}

impl Header {
    /// The statement's id.
    pub fn id(&self) -> Hash {
        hash_bytes(&canonical(self))
    }

    /// The date by which machines' statements of one author and scope are ordered: the source's own,
    /// never later than the statement.
    pub fn source_at(&self) -> Time {
        self.source.at.map_or(self.time, |at| at.min(self.time))
    }

    /// Checks all that can be checked without the claims.
    ///
    /// # Errors
    /// The first rule of the format that it breaks.
    pub fn check(&self) -> Result<(), CheckError> {
        if self.v == 0 || self.v > VERSION {
            return Err(CheckError::Version(self.v));
        }
        at_most("replaces", self.replaces.len(), limits::REPLACES)?;
        at_most("unread", self.unread.len(), limits::UNREAD)?;
        at_most("tool", self.tool.len(), limits::NAME_BYTES)?;
        at_most("source.id", self.source.id.as_ref().map_or(0, String::len), limits::NAME_BYTES)?;
        for path in &self.unread {
            at_most("unread path", path.len(), 2 * limits::NAME_BYTES)?;
        }
        sorted("replaces", &self.replaces)?;
        sorted("unread", &self.unread)?;
        at_most("header", canonical(self).len(), limits::HEADER_BYTES)?;
        if self.by.as_ref() == Some(&self.author) {
            return Err(CheckError::Author("`by` is left out where it is the author".to_owned()));
        }
        Ok(())
    }
}

pub(crate) fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), CheckError> {
    if count > limit { Err(CheckError::TooMuch { what, count, limit }) } else { Ok(()) }
}

pub(crate) fn sorted<T: Ord>(what: &'static str, list: &[T]) -> Result<(), CheckError> {
    if list.windows(2).all(|pair| pair[0] < pair[1]) { Ok(()) } else { Err(CheckError::Unsorted(what)) }
}

impl Claim {
    /// Checks one claim against the format, whoever its author is.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<(), CheckError> {
        self.checked().map(|_| ())
    }

    /// As [`Claim::check`]; gives the canonical form, so that nobody makes it twice.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn checked(&self) -> Result<Vec<u8>, CheckError> {
        sorted("against", &self.against)?;
        sorted("env", &self.env)?;
        sorted("evidence", &self.evidence)?;
        at_most("evidence", self.evidence.len(), limits::EVIDENCE)?;
        at_most("type", self.kind.len(), 64)?;
        at_most("to", self.to.as_ref().map_or(0, String::len), limits::NAME_BYTES)?;
        for keys in self.keys.values() {
            sorted("keys", keys)?;
            at_most("keys", keys.len(), limits::KEYS)?;
        }
        if let Some(value) = &self.value {
            self.check_value(value, 0)?;
        }
        let bytes = self.canonical();
        at_most("claim", bytes.len(), limits::CLAIM_BYTES)?;
        if let Some(known) = claim_type(&self.kind) {
            known.check(self)?;
        }
        Ok(bytes)
    }

    fn check_value(&self, value: &Value, depth: usize) -> Result<(), CheckError> {
        const SAFE: i64 = 1 << 53;
        at_most("depth of a value", depth, limits::VALUE_DEPTH)?;
        match value {
            Value::Number(number) => match number.as_i64() {
                Some(n) if -SAFE < n && n < SAFE => Ok(()),
                _ => Err(CheckError::Number(self.kind.clone())),
            },
            Value::Array(items) => items.iter().try_for_each(|item| self.check_value(item, depth + 1)),
            Value::Object(fields) => fields.values().try_for_each(|field| self.check_value(field, depth + 1)),
            _ => Ok(()),
        }
    }

    /// The scope that a person's statement with this claim has.
    ///
    /// # Errors
    /// Where reference and target together are too long for a scope.
    pub fn fact_scope(&self) -> Result<Scope, CheckError> {
        let error = |problem: String| CheckError::Shape { kind: self.kind.clone(), problem };
        let joins = claim_type(&self.kind).is_some_and(|known| known.mode == Mode::Join);
        match self.to.as_deref() {
            // Joining is symmetric: one fact has one scope, whichever side it was said from.
            Some(to) if joins && to < self.of.as_str() => {
                let smaller: Reference = to.parse().map_err(|why: NameError| error(why.to_string()))?;
                fact_scope(&smaller, &self.kind, Some(self.of.as_str()))
            }
            to => fact_scope(&self.of, &self.kind, to),
        }
        .map_err(|why| error(why.to_string()))
    }
}

impl Statement {
    /// Puts a statement together: sorts the claims by hash, drops repeated ones, sets the header's `claims`.
    pub fn new(mut header: Header, claims: Vec<Claim>) -> Statement {
        let mut hashed: Vec<(Hash, Claim)> = claims
            .into_iter()
            .map(|claim| {
                let claim = claim.normalised();
                (claim.hash(), claim)
            })
            .collect();
        hashed.sort_unstable_by_key(|(hash, _)| *hash);
        hashed.dedup_by_key(|(hash, _)| *hash);
        header.claims = claims_hash(&mut hashed.iter().map(|(hash, _)| *hash).collect());
        header.replaces.sort_unstable();
        header.replaces.dedup();
        header.unread.sort_unstable();
        header.unread.dedup();
        if header.by.as_ref() == Some(&header.author) {
            header.by = None;
        }
        Statement { header, claims: hashed.into_iter().map(|(_, claim)| claim).collect() }
    }

    /// The statement's id.
    pub fn id(&self) -> Hash {
        self.header.id()
    }

    /// Checks the whole statement against the format.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<(), CheckError> {
        let mut checker = Checker::new(&self.header)?;
        for claim in &self.claims {
            checker.claim(claim)?;
        }
        checker.finish().map(|_| ())
    }
}
