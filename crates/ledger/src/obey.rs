//! What every ledger does on receipt of a word, whoever brings it: forget a person, redact a claim.
//!
//! Both are for ever: a withdrawal of the word brings nothing back, for there is nothing left to bring back.

use std::collections::{BTreeSet, HashSet};

use stave_model::{
    EstateKey, Hash, Header, PersonRow, Reference, hash_bytes, person_author, redacted_claim,
    unescape_fact_part,
};

use crate::body::{Body, Packer, is_claim};
use crate::error::Result;
use crate::holds::fact_parts;
use crate::prepared::packing;

/// What a word orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The directory's rows of this person (`person:ID`) are blank from now on.
    Forget(String),
    /// This claim keeps its hash and loses its bytes.
    Redact(Hash),
}

/// What a statement orders, if it is such a word. The header says it all, so that a word whose own claim was
/// redacted is still obeyed.
pub(crate) fn order(header: &Header) -> Option<Order> {
    if !header.author.is_person() {
        return None;
    }
    let (of, word) = fact_parts(&header.scope)?;
    let of: Reference = unescape_fact_part(of).parse().ok()?;
    match word {
        "forgotten" if of.kind() == "person" => Some(Order::Forget(of.to_string())),
        "redacted" => redacted_claim(&of).map(Order::Redact),
        _ => None,
    }
}

/// Who was forgotten, and the keys by which an address tells whose it is.
pub(crate) struct Forgotten {
    pub(crate) ids: BTreeSet<String>,
    /// The estate's own key and those of estates that were merged into it: the same person has another id in each.
    pub(crate) keys: Vec<EstateKey>,
}

impl Forgotten {
    /// Whether a row of the directory is about somebody who was forgotten.
    pub(crate) fn covers(&self, row: &PersonRow) -> bool {
        if self.ids.is_empty() {
            return false;
        }
        let is_same =
            |key: &EstateKey| person_author(key, &row.address).is_ok_and(|id| self.ids.contains(id.as_str()));
        self.ids.contains(&row.id) || (!row.address.is_empty() && self.keys.iter().any(is_same))
    }
}

/// Whether one of a body's lines is one of these claims.
pub(crate) fn holds_any(line: &[u8], redacted: &HashSet<Hash>) -> bool {
    is_claim(line) && redacted.contains(&hash_bytes(line))
}

/// A body without these claims, each of which leaves its hash.
///
/// `lines` hands out the body's lines.
pub(crate) fn without<T>(
    redacted: &HashSet<Hash>,
    lines: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<T>,
) -> Result<Body> {
    let mut packer = Packer::new();
    lines(&mut |line| {
        let hash = hash_bytes(line);
        if is_claim(line) && redacted.contains(&hash) {
            packer.add(hash.to_string().as_bytes()).map_err(packing)
        } else {
            packer.add(line).map_err(packing)
        }
    })?;
    packer.finish().map_err(packing)
}
