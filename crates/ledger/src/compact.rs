//! Which statements a compaction may let go of: those of machines that have said something newer, so long ago that nobody
//! asks for the map of that time any more.
//!
//! Nothing else may change by it: neither the map of today nor that of any date from the horizon on. Of a slot's statements,
//! best first (docs/ledger.md, section 3, step 5), one below another one that was said before the horizon holds at no such
//! date. It may still lend claims for paths that all above it left unread; so those paths are followed down.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use stave_model::{Author, Hash, Op, Scope, Time, unescape_fact_part};

use crate::error::Result;
use crate::holds::{fact_parts, word_type};
use crate::{Entry, Ledger};

const PAGE: usize = 4_096;

/// From when on a ledger's history is whole: for maps as of a time, and for maps as of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// What had been said by this instant or a later one gives the map that it always gave.
    pub time: Time,
    /// So do the first so many statements, or more. What replaced something may have come long after it was said, so this
    /// doesn't follow from the time.
    pub position: u64,
}

/// What a compaction lets go of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superseded {
    /// From when on the history is whole without them.
    pub horizon: Horizon,
    /// Numbers of statements, ascending.
    pub numbers: Vec<u64>,
    /// How many claims they have.
    pub claims: u64,
    /// How many statements the ledger has.
    pub of: u64,
}

/// A machine's statement, as far as it matters here.
struct Said {
    /// What orders the statements of a slot.
    rank: (Time, u32, Time, Hash),
    number: u64,
    time: Time,
    claims: u64,
    unread: Vec<String>,
    op: Op,
}

/// The statements that machines had replaced before `horizon`. What people said, whatever still holds, what lends claims to
/// a later reading that could not read everything, and the last statement of all stay.
///
/// # Errors
/// Where the ledger can't be read.
pub fn superseded(ledger: &dyn Ledger, horizon: Time) -> Result<Superseded> {
    let mut slots: BTreeMap<(Author, Scope), Vec<Said>> = BTreeMap::new();
    let (mut withdrawn, mut retired) = (HashSet::new(), HashSet::new());
    let horizon = Horizon { time: horizon, position: 0 };
    let mut found = Superseded { horizon, numbers: Vec::new(), claims: 0, of: 0 };
    let (last, mut after) = (ledger.position()?, 0);
    loop {
        let page = ledger.entries(after, PAGE)?;
        let Some(end) = page.last() else { break };
        after = end.number;
        found.of += page.len() as u64;
        for entry in page {
            if !entry.header.author.is_person() {
                let slot = (entry.header.author.clone(), entry.header.scope.clone());
                slots.entry(slot).or_default().push(said(entry));
            } else if let Some((of, _)) = fact_parts(&entry.header.scope) {
                match word_type(&entry.header.scope) {
                    Some("withdrawn") => drop(withdrawn.insert(unescape_fact_part(of))),
                    Some("retired") => drop(retired.insert(unescape_fact_part(of))),
                    _ => {}
                }
            }
        }
    }
    for ((_, scope), mut slot) in slots {
        // Whether a retired scope was read again is told by its latest statement, whatever its rank.
        if retired.contains(scope.as_str()) {
            continue;
        }
        slot.sort_unstable_by_key(|said| std::cmp::Reverse(said.rank));
        // A withdrawal can come and go; a statement that one was ever about bears nothing, here as in the fold.
        let is_firm = |said: &Said| {
            let (op, id) = (format!("op:{}", said.op), format!("statement:{}", said.rank.3));
            !withdrawn.contains(&op) && !withdrawn.contains(&id)
        };
        let mut left = Left::Everything;
        // Where those are that say more than what is below them; before the last of them what goes was missed.
        let mut above = 0;
        for said in slot.iter().filter(|said| said.time <= horizon.time) {
            if left.is_all_unread_in(&said.unread) {
                if said.number != last {
                    found.numbers.push(said.number);
                    found.claims += said.claims;
                    found.horizon.position = found.horizon.position.max(above);
                }
            } else if is_firm(said) {
                left = left.after(&said.unread);
                above = above.max(said.number);
            }
        }
    }
    found.numbers.sort_unstable();
    Ok(found)
}

fn said(entry: Entry) -> Said {
    let header = entry.header;
    Said {
        rank: (header.source_at(), header.rules, header.time, entry.id),
        number: entry.number,
        time: header.time,
        claims: entry.claim_count,
        unread: header.unread,
        op: header.op,
    }
}

/// The paths that all statements so far left unread.
enum Left {
    /// There was none yet.
    Everything,
    /// At most these, as `unread` writes them.
    Paths(BTreeSet<String>),
}

impl Left {
    /// Whether a statement that left these paths unread has nothing to lend.
    fn is_all_unread_in(&self, unread: &[String]) -> bool {
        match self {
            Left::Everything => false,
            Left::Paths(left) => left.iter().all(|path| unread.contains(path)),
        }
    }

    fn after(self, unread: &[String]) -> Left {
        match self {
            Left::Everything => Left::Paths(unread.iter().cloned().collect()),
            Left::Paths(mut left) => {
                left.retain(|path| unread.iter().any(|other| may_meet(path, other)));
                Left::Paths(left)
            }
        }
    }
}

/// Whether a path may be in both: `a/b` (a file), `a/` (a folder), `!a/` (all outside a folder, which meets nearly all).
fn may_meet(one: &str, other: &str) -> bool {
    let is_in = |path: &str, folder: &str| folder.ends_with('/') && path.starts_with(folder);
    one.starts_with('!') || other.starts_with('!') || one == other || is_in(one, other) || is_in(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_left_while_all_left_them_unread() {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        let left = Left::Everything.after(&paths(&["a/", "b.yaml", "c.yaml"]));
        assert!(!left.is_all_unread_in(&paths(&["a/", "b.yaml"])));
        assert!(left.is_all_unread_in(&paths(&["a/", "b.yaml", "c.yaml", "d"])));
        let left = left.after(&paths(&["a/x.yaml", "b.yaml"]));
        assert!(!left.is_all_unread_in(&[]));
        // Of the folder a file may still be unread.
        assert!(left.is_all_unread_in(&paths(&["a/", "b.yaml"])));
        assert!(left.after(&paths(&["z/"])).is_all_unread_in(&[]));
        assert!(!Left::Everything.is_all_unread_in(&[]));
        assert!(Left::Everything.after(&[]).is_all_unread_in(&[]));
        assert!(may_meet("!a/", "b") && may_meet("a/b", "a/") && !may_meet("a", "ab"));
    }
}
