//! Whether a ledger holds what was written into it: every id and every claim's hash, computed again.

use stave_model::{Hash, claims_hash, hash_bytes};

use crate::body::is_claim;
use crate::error::Result;
use crate::{Entry, Ledger};

/// Entries that are read at a time.
const BATCH: usize = 1_024;

/// Damaged statements that are named; the rest is counted.
const NAMED: usize = 100;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Statements that were looked at.
    pub statements: u64,
    /// Their claims, redacted ones aside.
    pub claims: u64,
    /// Claims that were redacted: of them only the hash is left.
    pub redacted: u64,
    /// Statements that are not what was written, with what is wrong, by number; the first hundred.
    pub damaged: Vec<(u64, String)>,
    /// How many there are in all.
    pub damaged_count: u64,
}

/// How much is computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Ids, from the headers.
    Headers,
    /// Claims too.
    Whole,
}

/// Reads the whole ledger and computes every hash again. `each` is shown every entry that can be read. What is damaged is
/// part of the answer and stops nothing.
///
/// # Errors
/// Where the ledger can't be asked at all, or `each` fails.
pub fn verify(
    ledger: &dyn Ledger,
    depth: Depth,
    each: &mut dyn FnMut(&Entry) -> Result<()>,
) -> Result<Verified> {
    let mut found = Verified::default();
    let end = ledger.position()?;
    let mut after = 0;
    while after < end {
        let entries = match ledger.entries(after, BATCH) {
            Ok(entries) => entries,
            // One of them can't be read: the others can, one by one.
            Err(_) => match ledger.entries(after, 1) {
                Ok(entries) => entries,
                Err(error) => {
                    // A compaction may have left a gap before it, and one number was asked for: it is the next there is.
                    let next = ledger.next_number(after).ok().flatten();
                    after = next.unwrap_or(after + 1);
                    found.statements += 1;
                    found.damage(after, first_paragraph(&error.to_string()));
                    continue;
                }
            },
        };
        let Some(last) = entries.last() else { break };
        after = last.number;
        for entry in &entries {
            found.statements += 1;
            if let Some(what) = found.wrong(ledger, depth, entry) {
                found.damage(entry.number, what);
            }
            each(entry)?;
        }
    }
    Ok(found)
}

/// A message without its hints: what to do is the asker's to say.
fn first_paragraph(text: &str) -> String {
    text.split("\n\n").next().unwrap_or(text).to_owned()
}

impl Verified {
    fn damage(&mut self, number: u64, what: String) {
        self.damaged_count += 1;
        if self.damaged.len() < NAMED {
            self.damaged.push((number, what));
        }
    }

    /// What is wrong with a statement.
    fn wrong(&mut self, ledger: &dyn Ledger, depth: Depth, entry: &Entry) -> Option<String> {
        if entry.header.id() != entry.id {
            return Some("its header has another hash than its id".to_owned());
        }
        if depth == Depth::Headers {
            return None;
        }
        let mut hashes: Vec<Hash> = Vec::new();
        let (mut claims, mut redacted, mut is_foreign) = (0, 0, false);
        let read = ledger.raw_lines(entry.number, &mut |line| {
            if is_claim(line) {
                claims += 1;
                hashes.push(hash_bytes(line));
            } else {
                redacted += 1;
                match std::str::from_utf8(line).ok().and_then(|text| text.parse().ok()) {
                    Some(hash) => hashes.push(hash),
                    None => is_foreign = true,
                }
            }
            Ok(())
        });
        self.claims += claims;
        self.redacted += redacted;
        if let Err(error) = read {
            return Some(first_paragraph(&error.to_string()));
        }
        if is_foreign {
            return Some("a line of its claims is no claim".to_owned());
        }
        if claims + redacted != entry.claim_count {
            return Some(format!(
                "it has {} claims and should have {}",
                claims + redacted,
                entry.claim_count
            ));
        }
        (claims_hash(&mut hashes) != entry.header.claims)
            .then(|| "its claims have another hash than its header says".to_owned())
    }
}
