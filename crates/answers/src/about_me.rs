//! What the ledger keeps about the asker: counts by type of record and where they stand. Whoever calls makes sure that
//! the id is the asker's own; no answer counts for anybody else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_model::Author;

use crate::knowledge::knowledge;
use crate::text::{Cell, Role, Style, Writer, counted, grouped, tame};
use crate::{Estate, Result};

/// Statements whose headers are read at a time.
const BATCH: usize = 4_096;

/// What stands about one person, the asker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AboutMe {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The asker's ids: the one that words are signed with, then those that are the same person.
    pub ids: Vec<String>,
    /// Names and addresses in the people directory.
    pub directory: Vec<DirectoryRow>,
    /// What stands, by what it is and where.
    pub kept: Vec<Kept>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// A row of the people directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct DirectoryRow {
    /// The name; empty where none is known.
    pub name: String,
    /// The address; empty where none is known.
    pub address: String,
}

/// So many records of one type in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Kept {
    /// What it is: `word`, `named`, `commit`, `co-author`, `reviewer`.
    pub what: String,
    /// Of words and mentions the type of fact.
    pub fact: String,
    /// Where: a repository, a scope, or `people's words`.
    pub place: String,
    /// How many.
    pub count: u64,
}

/// What stands about the person with this id.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn about_me(estate: Estate<'_>, me: &Author) -> Result<AboutMe> {
    estate.model.snapshot(|_| {
        let known = knowledge(estate)?;
        let mut ids = vec![me.to_string()];
        if let Some(person) = known.persons.of(me.as_str()) {
            ids.extend(known.persons.ids(person).iter().filter(|id| *id != me.as_str()).cloned());
        }
        let mine: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let mut kept: BTreeMap<(String, String, String), u64> = BTreeMap::new();
        let mut count = |what: &str, fact: &str, place: &str| {
            *kept.entry((what.to_owned(), fact.to_owned(), place.to_owned())).or_default() += 1;
        };
        for history in &known.histories {
            for commit in &history.commits {
                let is_mine = |author: &Author| mine.contains(author.as_str());
                let roles = [
                    ("commit", is_mine(&commit.author)),
                    ("co-author", commit.co_authors.iter().any(is_mine)),
                    ("reviewer", commit.reviewers.iter().any(is_mine)),
                ];
                for (role, _) in roles.iter().filter(|(_, holds)| *holds) {
                    count(role, "", &history.repository);
                }
            }
        }
        words(estate, &mine, &mut count)?;
        for slot in estate.model.slots()?.into_iter().filter(|slot| !slot.has_records()) {
            let Some(number) = slot.holds else { continue };
            mentions(estate, number, &mine, |fact| count("named", fact, &slot.scope))?;
        }
        let mut directory: Vec<DirectoryRow> = estate
            .ledger
            .people()?
            .into_iter()
            .filter(|row| mine.contains(row.id.as_str()))
            .map(|row| DirectoryRow { name: row.name, address: row.address })
            .collect();
        directory.sort();
        let kept: Vec<Kept> = kept
            .into_iter()
            .map(|((what, fact, place), count)| Kept { what, fact, place, count })
            .collect();
        let unknown = vec![
            "Machines' earlier statements, which others replaced, are not counted; they stay in the ledger as they \
             were."
                .to_owned(),
        ];
        Ok(AboutMe { position: estate.position()?, ids, directory, kept, unknown })
    })
}

/// The asker's own words, and those of others that name the asker.
fn words(estate: Estate<'_>, mine: &BTreeSet<&str>, count: &mut impl FnMut(&str, &str, &str)) -> Result<()> {
    let mut after = 0;
    loop {
        let entries = estate.ledger.entries(after, BATCH)?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.number;
        for entry in entries.iter().filter(|entry| entry.header.author.as_str().starts_with("person:")) {
            if mine.contains(entry.header.author.as_str()) {
                for claim in stave_ledger::claims(estate.ledger, entry.number)? {
                    count("word", &claim.kind, "people's words");
                }
            } else {
                mentions(estate, entry.number, mine, |fact| count("named", fact, "people's words"))?;
            }
        }
    }
}

/// The types of the claims in a statement that have one of these ids anywhere.
fn mentions(
    estate: Estate<'_>,
    number: u64,
    mine: &BTreeSet<&str>,
    mut found: impl FnMut(&str),
) -> Result<()> {
    estate.ledger.raw_claims(number, &mut |bytes| {
        // An id has no character that JSON escapes, so it stands in the bytes as it is.
        let text = String::from_utf8_lossy(bytes);
        if mine.iter().any(|id| text.contains(id)) {
            found(&stave_ledger::parse_claim(number, bytes)?.kind);
        }
        Ok(())
    })?;
    Ok(())
}

impl AboutMe {
    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.prose(0, Some(Role::Heading), "People directory");
        for row in &self.directory {
            page.prose(2, None, &format!("{} {}", tame(&row.name), tame(&row.address)));
        }
        if self.directory.is_empty() {
            page.prose(2, None, "Nothing.");
        }
        page.gap();
        page.prose(0, Some(Role::Heading), "Records");
        let rows: Vec<Vec<Cell>> = self
            .kept
            .iter()
            .map(|kept| {
                let what = if kept.fact.is_empty() {
                    kept.what.clone()
                } else {
                    format!("{} {}", kept.what, crate::text::spoken(&kept.fact))
                };
                vec![Cell::new(&grouped(kept.count)), Cell::of(Role::Name, &what), Cell::new(&kept.place)]
            })
            .collect();
        page.table(2, &rows);
        if self.kept.is_empty() {
            page.prose(2, None, "Nothing.");
        }
        page.gap();
        let ids = counted(self.ids.len() as u64, "id", "ids");
        page.prose(0, Some(Role::Quiet), &format!("{ids}; position {}", self.position));
        page.unknown(&self.unknown);
        page.end()
    }
}
