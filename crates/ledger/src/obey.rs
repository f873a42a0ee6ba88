//! What every ledger does on receipt of a word, whoever brings it: forget a person, redact a claim.
//!
//! Both are for ever: a withdrawal of the word brings nothing back, for there is nothing left to bring back.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
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

/// The shelves of the small store whose items may be about somebody: accounts, what they signed in, what speaks in their
/// name, and what was counted of them. They are forgotten with the person, however the word came in.
pub(crate) const SHELVES: [&str; 5] = ["user", "session", "token", "login", "rate"];

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
        self.ids.contains(&row.id) || (!row.address.is_empty() && self.covers_address(&row.address))
    }

    /// Whether an item of one of the [`SHELVES`] is: it, or its key, has their id or their address.
    pub(crate) fn covers_item(&self, key: &str, value: &str) -> bool {
        !self.ids.is_empty()
            && (self.covers_text(key)
                || serde_json::from_str(value).is_ok_and(|value| self.covers_value(&value)))
    }

    fn covers_address(&self, address: &str) -> bool {
        let is_same =
            |key: &EstateKey| person_author(key, address).is_ok_and(|id| self.ids.contains(id.as_str()));
        self.keys.iter().any(is_same)
    }

    fn covers_text(&self, text: &str) -> bool {
        self.ids.contains(text)
            || (text.contains('@') && self.covers_address(&format!("mailto:{}", text.to_lowercase())))
    }

    fn covers_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.covers_text(text),
            Value::Array(items) => items.iter().any(|item| self.covers_value(item)),
            Value::Object(fields) => fields.values().any(|field| self.covers_value(field)),
            _ => false,
        }
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
