//! What forgetting a person would take away, and where else they are mentioned; which claim some digits mean.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;

use serde::Serialize;
use stave_ledger::Entry;
use stave_model::{Author, Claim, Hash, hash_bytes};

use crate::about_me::DirectoryRow;
use crate::claims::says;
use crate::knowledge::knowledge;
use crate::text::{Cell, Role, Style, Writer, counted, tame};
use crate::{Draft, Estate, Result};

/// Statements whose headers are read at a time.
const BATCH: usize = 4_096;
/// Shorter names are everywhere: they are no evidence that somebody is meant.
const NAME_CHARS: usize = 4;
/// Mentions that are listed.
const LISTED: usize = 1_000;
/// Claims that a beginning of digits may mean before the search ends.
const CANDIDATES: usize = 5;

/// What forgetting a person would take away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Forgetting {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The person's ids, all of which would be forgotten: the one that was meant, and those that are said to be the same.
    pub ids: Vec<String>,
    /// Their rows in the people directory, which would go.
    pub directory: Vec<DirectoryRow>,
    /// Rows of other ids that bear the same name. Two people can: nothing of these is forgotten.
    pub alike: Vec<DirectoryRow>,
    /// Claims that mention a name or address of theirs as text: `redact` takes them away.
    pub elsewhere: Vec<Mention>,
    /// Claims beyond those that are listed.
    pub more: u64,
    /// Headers that mention one (a scope, a path that could not be read), by statement: they can't be redacted.
    pub headers: Vec<String>,
}

/// A claim that mentions a person as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Mention {
    /// The claim's hash.
    pub claim: String,
    /// What it says, in words.
    pub says: String,
    /// Who says it.
    pub author: String,
    /// The scope of the statement in which it was met first.
    pub scope: String,
}

/// What forgetting the person with this id would take away.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn forgetting(estate: Estate<'_>, person: &Author) -> Result<Forgetting> {
    let known = knowledge(estate)?;
    let mut ids = vec![person.to_string()];
    ids.extend(known.persons.said(person.as_str()).iter().filter(|id| *id != person.as_str()).cloned());
    // What can't be taken back goes by what is said, never by a guess: two people may have one name.
    let guessed: Vec<String> = match known.persons.of(person.as_str()) {
        Some(number) => known.persons.ids(number).iter().filter(|id| !ids.contains(id)).cloned().collect(),
        None => Vec::new(),
    };
    drop(known);
    let people = estate.ledger.people()?;
    let rows_of = |ids: &[String]| {
        let rows = people.iter().filter(|row| ids.contains(&row.id));
        let mut rows: Vec<DirectoryRow> =
            rows.map(|row| DirectoryRow { name: row.name.clone(), address: row.address.clone() }).collect();
        rows.sort();
        rows
    };
    let (directory, alike) = (rows_of(&ids), rows_of(&guessed));
    let needles = needles(&directory);
    let mut found: BTreeMap<Hash, Mention> = BTreeMap::new();
    let mut answer =
        Forgetting { position: estate.position()?, ids, directory, alike, ..Forgetting::default() };
    if needles.is_empty() {
        return Ok(answer);
    }
    let mut after = 0;
    loop {
        let entries = estate.ledger.entries(after, BATCH)?;
        let Some(last) = entries.last() else { break };
        after = last.number;
        for entry in &entries {
            let header = &entry.header;
            let in_header = mentions(header.scope.as_str(), &needles)
                || header.unread.iter().any(|path| mentions(path, &needles));
            if in_header {
                answer.headers.push(format!("{} {}", entry.id.short(), header.scope));
            }
            estate.ledger.raw_claims(entry.number, &mut |bytes| {
                let text = String::from_utf8_lossy(bytes);
                if !mentions(&text, &needles) {
                    return Ok(());
                }
                let hash = hash_bytes(bytes);
                if found.contains_key(&hash) {
                    return Ok(());
                }
                if found.len() >= LISTED {
                    answer.more += 1;
                    return Ok(());
                }
                found.insert(hash, Mention::new(hash, entry, bytes)?);
                Ok(())
            })?;
        }
    }
    answer.elsewhere = found.into_values().collect();
    answer.elsewhere.sort_by(|a, b| (&a.scope, &a.says, &a.claim).cmp(&(&b.scope, &b.says, &b.claim)));
    Ok(answer)
}

/// A word by which every ledger forgets a person.
pub fn draft_forgotten(person: &str) -> Draft {
    Draft { value: Some(true.into()), ..Draft::new("forgotten", person) }
}

/// A word by which every ledger redacts a claim.
pub fn draft_redacted(claim: &Hash, why: &str) -> Draft {
    Draft { value: Some(why.into()), ..Draft::new("redacted", &format!("claim:{claim}")) }
}

/// The claims whose hash begins with these digits (up to a few), with what each says. Reads the whole ledger.
///
/// # Errors
/// Where the ledger can't be read.
pub fn claims_called(estate: Estate<'_>, digits: &str) -> Result<Vec<Mention>> {
    let digits = digits.to_ascii_lowercase();
    claims_where(estate, CANDIDATES, |bytes| hash_bytes(bytes).to_string().starts_with(&digits))
}

/// The claims that have this text anywhere (up to a thousand), in whatever letters. Reads the whole ledger.
///
/// # Errors
/// Where the ledger can't be read.
pub fn claims_with(estate: Estate<'_>, text: &str) -> Result<Vec<Mention>> {
    let text = text.to_lowercase();
    claims_where(estate, LISTED, |bytes| String::from_utf8_lossy(bytes).to_lowercase().contains(&text))
}

fn claims_where(estate: Estate<'_>, limit: usize, is_meant: impl Fn(&[u8]) -> bool) -> Result<Vec<Mention>> {
    let mut found: BTreeMap<Hash, Mention> = BTreeMap::new();
    let mut after = 0;
    loop {
        let entries = estate.ledger.entries(after, BATCH)?;
        let Some(last) = entries.last() else { break };
        after = last.number;
        for entry in &entries {
            estate.ledger.raw_claims(entry.number, &mut |bytes| {
                if !is_meant(bytes) || found.len() >= limit {
                    return Ok(());
                }
                let hash = hash_bytes(bytes);
                if let MapEntry::Vacant(free) = found.entry(hash) {
                    free.insert(Mention::new(hash, entry, bytes)?);
                }
                Ok(())
            })?;
            if found.len() >= limit {
                return Ok(found.into_values().collect());
            }
        }
    }
    Ok(found.into_values().collect())
}

impl Mention {
    fn new(hash: Hash, entry: &Entry, bytes: &[u8]) -> stave_ledger::Result<Mention> {
        let claim = stave_ledger::parse_claim(entry.number, bytes)?;
        Ok(Mention {
            claim: hash.to_string(),
            says: sentence(&claim),
            author: entry.header.author.to_string(),
            scope: entry.header.scope.to_string(),
        })
    }
}

/// Mentions as a table, `width` columns wide.
pub fn mentions_text(mentions: &[Mention], width: usize, style: &dyn Style) -> String {
    let mut page = Writer::new(width, style);
    page.table(0, &rows(mentions));
    page.end()
}

fn rows(mentions: &[Mention]) -> Vec<Vec<Cell>> {
    let row = |one: &Mention| {
        let digits: String = one.claim.chars().take(12).collect();
        vec![Cell::of(Role::Name, &digits), Cell::new(&tame(&one.says)), Cell::new(&tame(&one.scope))]
    };
    mentions.iter().map(row).collect()
}

fn sentence(claim: &Claim) -> String {
    format!("{} {}", claim.of, says(&claim.kind, claim.to.as_deref(), claim.value.as_ref(), claim.not))
}

/// What tells of a person in a text, in lower case: whole names and addresses, and the account's own part of an
/// address where it is long enough to mean somebody.
fn needles(directory: &[DirectoryRow]) -> Vec<String> {
    let mut needles = Vec::new();
    let mut add = |text: &str| {
        let text = text.trim().to_lowercase();
        if text.chars().count() >= NAME_CHARS && !needles.contains(&text) {
            needles.push(text);
        }
    };
    for row in directory {
        add(&row.name);
        match row.address.strip_prefix("mailto:") {
            Some(mail) => {
                add(mail);
                add(mail.split('@').next().unwrap_or_default());
            }
            None => {
                add(&row.address);
                add(row.address.rsplit('/').next().unwrap_or_default());
            }
        }
    }
    needles
}

/// Whether a text has one of these as a word of its own.
fn mentions(text: &str, needles: &[String]) -> bool {
    let text = text.to_lowercase();
    needles.iter().any(|needle| {
        text.match_indices(needle.as_str()).any(|(at, _)| {
            let before = text.get(..at).and_then(|left| left.chars().next_back());
            let after = text.get(at + needle.len()..).and_then(|right| right.chars().next());
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        })
    })
}

impl Forgetting {
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
        if !self.alike.is_empty() {
            page.gap();
            page.prose(0, Some(Role::Heading), "Of the same name, and not forgotten");
            for row in &self.alike {
                page.prose(2, None, &format!("{} {}", tame(&row.name), tame(&row.address)));
            }
            page.prose(
                2,
                Some(Role::Quiet),
                "if it is the same person: say that the two are the same, or forget each by its address",
            );
        }
        if !self.elsewhere.is_empty() {
            page.gap();
            page.prose(0, Some(Role::Heading), "Mentioned elsewhere, for `redact`");
            page.table(2, &rows(&self.elsewhere));
            if self.more > 0 {
                page.prose(2, Some(Role::Quiet), &format!("and {} more", self.more));
            }
        }
        if !self.headers.is_empty() {
            page.gap();
            let many = counted(self.headers.len() as u64, "header of a statement", "headers of statements");
            page.prose(0, None, &format!("{many} can't be redacted, for they make its id:"));
            for header in &self.headers {
                page.prose(2, None, &tame(header));
            }
        }
        page.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_met_as_a_word_of_its_own() {
        let row = |name: &str, address: &str| DirectoryRow { name: name.into(), address: address.into() };
        let needles =
            needles(&[row("Ada Lovelock", "mailto:ada@leafcup.test"), row("", "code.test/adalove")]);
        assert_eq!(needles, ["ada lovelock", "ada@leafcup.test", "code.test/adalove", "adalove"]);
        for text in ["Ask ADA Lovelock.", "mail ada@leafcup.test", "\"adalove\"", "ada lovelock"] {
            assert!(mentions(text, &needles), "{text}");
        }
        for text in ["ada", "adalovelace", "Ada Lovelocks", "xada@leafcup.test", ""] {
            assert!(!mentions(text, &needles), "{text}");
        }
    }
}
