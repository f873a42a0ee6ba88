//! What a person saw when they spoke, so that a word replaces what was shown and nothing else.

use stave_ledger::{Filter, Ledger};
use stave_map::Fact;
use stave_model::{Author, Hash, Op, hash_bytes};

use super::{Plan, Result, Target};
use crate::claims::ClaimShown;
use crate::log::{sentence_of, word_of};
use crate::{Draft, Estate};

/// Digits of a [`seen`].
const DIGITS: usize = 16;

/// Statements of a command that a notice tells of.
const TOLD: usize = 4;

/// Sixteen digits that stand for all that drafts replace and speak against: they change with a word that comes or goes,
/// and with a new thing that machines say, not with new lines or files.
pub fn seen(drafts: &[Draft]) -> String {
    let replaces = drafts.iter().flat_map(|draft| &draft.replaces);
    let against = drafts.iter().flat_map(|draft| &draft.against);
    digits(replaces, against)
}

/// The same digits of a fact on the map; of a fact that nobody speaks of, those of nothing.
pub fn seen_on(fact: Option<&Fact>) -> String {
    let draft = match fact {
        Some(fact) => Draft::new(&fact.fact_type, "").replacing(fact),
        None => Draft::new("", ""),
    };
    seen(&[draft])
}

fn digits<'a>(replaces: impl Iterator<Item = &'a Hash>, against: impl Iterator<Item = &'a Hash>) -> String {
    let sorted = |hashes: Vec<&Hash>| {
        let mut texts: Vec<String> = hashes.iter().map(|hash| hash.to_string()).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.join("\n")
    };
    let text = format!("{}\n\n{}", sorted(replaces.collect()), sorted(against.collect()));
    hash_bytes(text.as_bytes()).to_string().chars().take(DIGITS).collect()
}

impl Plan {
    /// The digits of what this plan replaces and speaks against, for the form that asks again.
    pub fn seen(&self) -> String {
        seen(&self.drafts)
    }

    /// Whether what it replaces isn't what the author saw. Who saw nothing (they named the other end themselves) would
    /// replace somebody else's word unseen; their own they know.
    ///
    /// # Errors
    /// Where the ledger can't be read.
    pub fn is_unseen(&self, ledger: &dyn Ledger, author: &Author, seen: Option<&str>) -> Result<bool> {
        if let Some(seen) = seen {
            return Ok(seen != self.seen());
        }
        for id in self.drafts.iter().flat_map(|draft| &draft.replaces) {
            if ledger.entry(id)?.is_some_and(|entry| entry.header.author != *author) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What stands now: the words that it would replace, then what machines say.
    ///
    /// # Errors
    /// Where the ledger can't be read.
    pub fn standing(&self, estate: Estate<'_>) -> Result<Vec<ClaimShown>> {
        let mut ids: Vec<&Hash> = self.drafts.iter().flat_map(|draft| &draft.replaces).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut shown = Vec::new();
        for id in ids {
            if let Some(entry) = estate.ledger.entry(id)? {
                shown.extend(word_of(estate, &entry)?);
            }
        }
        if let Some(fact) = self.fact() {
            let machines = fact.said.iter().filter(|said| said.basis != stave_model::Basis::Stated);
            shown.extend(machines.map(|said| ClaimShown::new(said, fact, estate.people)));
        }
        Ok(shown)
    }

    /// The command by which this author said the same before, where it stands.
    ///
    /// # Errors
    /// Where the ledger can't be read.
    pub fn said_before(&self, ledger: &dyn Ledger, author: &Author) -> Result<Option<Op>> {
        if !self.is_said_by(author) {
            return Ok(None);
        }
        let said = self.fact().and_then(|fact| fact.said.iter().find(|said| said.author == author.as_str()));
        let entry = match said {
            Some(said) => ledger.entry(&said.statement)?,
            None => None,
        };
        Ok(entry.map(|entry| entry.header.op))
    }
}

/// What a command said, for who has just run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The command.
    pub op: Op,
    /// Whose it was, as people read it.
    pub who: String,
    /// Whose it was.
    pub author: String,
    /// It took another one back.
    pub is_undo: bool,
    /// What it said, or what it took back: a sentence for each thing.
    pub said: Vec<String>,
    /// The command that took it back, where one did.
    pub undone_by: Option<Op>,
}

/// What a command said; nothing where the ledger has no such command.
///
/// # Errors
/// Where the ledger can't be read.
pub fn notice(estate: Estate<'_>, op: Op) -> crate::Result<Option<Notice>> {
    let filter = Filter { op: Some(op), ..Filter::default() };
    let entries = estate.ledger.latest(&filter, u64::MAX, TOLD + 1)?;
    let Some(first) = entries.last() else { return Ok(None) };
    let of_undo =
        |scope: &str| scope.strip_prefix("fact:op:")?.strip_suffix("#withdrawn")?.parse::<Op>().ok();
    let taken_back = of_undo(first.header.scope.as_str());
    let told = match taken_back {
        Some(other) => {
            let filter = Filter { op: Some(other), ..Filter::default() };
            estate.ledger.latest(&filter, u64::MAX, TOLD + 1)?
        }
        None => entries.clone(),
    };
    let mut said: Vec<String> = Vec::new();
    for entry in told.iter().rev().take(TOLD) {
        let sentence = sentence_of(estate, entry)?;
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    if told.len() > TOLD {
        said.push("and more".to_owned());
    }
    let author = first.header.author.to_string();
    Ok(Some(Notice {
        op,
        who: estate.people.show(&author),
        author,
        is_undo: taken_back.is_some(),
        said,
        undone_by: Target::Op(op).undone_by(estate.ledger)?,
    }))
}
