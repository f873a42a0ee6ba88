//! Records: what happened, one by one (commits, tickets, incidents, deployments), as claims of types that the fold keeps
//! and makes nothing of ([`crate::Mode::Record`]). Answers read them where they stand and meet the map by paths and names.
//!
//! This module alone knows how a record looks in a claim. Writing and reading back gives the same record; reading what
//! somebody else wrote never panics, and says what is wrong with it. docs/ledger.md, section 9, is the format.

mod events;
mod history;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::claim::{Basis, Claim};
use crate::name::{NameError, Reference, Scope};

pub use events::{Deployment, Incident, Outcome, Ticket, Transition};
pub use history::{
    ChangeKind, Commit, CommitClass, CommitId, File, FileChange, FileClass, Head, ParseCommitIdError, Tag,
};

/// Why a claim is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Its value has another form.
    #[error("a record of the type \"{kind}\" can't be read: {cause}")]
    Shape {
        /// The type of the claim.
        kind: String,
        /// What the parser said.
        cause: String,
    },
    /// A name in it is none.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// The scope of a chunk of a repository's history, which ends at this commit.
///
/// # Errors
/// Where the repository's name is too long.
pub fn chunk_scope(repository: &str, last: CommitId) -> Result<Scope, NameError> {
    format!("history:{repository}/{last}").parse()
}

/// The scope of what is known of a branch as a whole: its tip, tags and files.
///
/// # Errors
/// Where the names are too long.
pub fn head_scope(repository: &str, branch: &str) -> Result<Scope, NameError> {
    format!("history:{repository}@{branch}").parse()
}

/// A claim that holds a record.
fn claim(kind: &str, of: Reference, value: Value) -> Claim {
    Claim {
        against: Vec::new(),
        basis: Basis::Discovered,
        env: Vec::new(),
        evidence: Vec::new(),
        keys: std::collections::BTreeMap::new(),
        not: false,
        of,
        to: None,
        kind: kind.to_owned(),
        value: Some(value),
    }
}

/// A record as JSON. Records are made of integers, texts and lists alone, so this can't fail; a null would be read
/// as a damaged record.
fn to_value(record: &impl Serialize) -> Value {
    serde_json::to_value(record).unwrap_or(Value::Null)
}

fn from_value<T: DeserializeOwned>(claim: &Claim) -> Result<T, RecordError> {
    let value = claim.value.as_ref().unwrap_or(&Value::Null);
    T::deserialize(value)
        .map_err(|error| RecordError::Shape { kind: claim.kind.clone(), cause: error.to_string() })
}

/// How many bytes of one claim records fill at most, below the format's limit.
const FILL_BYTES: usize = 192 * 1024;

/// Puts rows together into lists of at most [`FILL_BYTES`] of JSON each. A row that is larger by itself stands alone.
fn filled(rows: impl Iterator<Item = Value>) -> Vec<Vec<Value>> {
    let mut lists = Vec::new();
    let mut list = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let size = row.to_string().len() + 1;
        if bytes + size > FILL_BYTES && !list.is_empty() {
            lists.push(std::mem::take(&mut list));
            bytes = 0;
        }
        bytes += size;
        list.push(row);
    }
    if !list.is_empty() {
        lists.push(list);
    }
    lists
}

/// Facts are unique within a statement: parts of one record carry their number, from 0, as the other end.
fn numbered(mut claims: Vec<Claim>) -> Vec<Claim> {
    for (number, claim) in claims.iter_mut().enumerate() {
        claim.to = Some(number.to_string());
    }
    claims
}
