//! What forgetting a person would take away, and where else they are mentioned; which claim some digits mean.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as MapEntry;

use serde::Serialize;
use stave_ledger::Entry;
use stave_model::{Author, Hash, hash_bytes};

use crate::about_me::DirectoryRow;
use crate::claims::says;
use crate::knowledge::knowledge;
use crate::text::{Role, Style, Writer, counted, cut, spoken, tame, width_of};
use crate::{Draft, Estate, Result};

/// Statements whose headers are read at a time.
const BATCH: usize = 4_096;
/// Shorter names are everywhere: they are no evidence that somebody is meant.
const NAME_CHARS: usize = 4;
/// Mentions that are listed.
const LISTED: usize = 1_000;
/// Claims that a beginning of digits may mean before the search ends.
const CANDIDATES: usize = 5;
/// Characters of a claim that are shown before what was met in it, and from there on.
const BEFORE: usize = 24;
const ONWARD: usize = 120;
/// Columns for what was met, however narrow a terminal is.
const NARROW: usize = 40;

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
    /// The type of the fact that it says.
    #[serde(rename = "type")]
    pub kind: String,
    /// What or whom it is about, as a reference.
    pub of: String,
    /// What it says, in words.
    pub says: String,
    /// What was met in it, with some of the text around; its beginning where it was not found by a text.
    pub met: String,
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
    let search = Search { needles: needles(&directory), is_whole: true };
    let mut found: BTreeMap<Hash, Mention> = BTreeMap::new();
    let mut answer =
        Forgetting { position: estate.position()?, ids, directory, alike, ..Forgetting::default() };
    if search.needles.is_empty() {
        return Ok(answer);
    }
    let mut after = 0;
    loop {
        let entries = estate.ledger.entries(after, BATCH)?;
        let Some(last) = entries.last() else { break };
        after = last.number;
        for entry in &entries {
            let header = &entry.header;
            let in_header =
                search.is_in(header.scope.as_str()) || header.unread.iter().any(|path| search.is_in(path));
            if in_header {
                answer.headers.push(format!("{} {}", entry.id.short(), header.scope));
            }
            estate.ledger.raw_claims(entry.number, &mut |bytes| {
                if !search.is_in(&String::from_utf8_lossy(bytes)) {
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
                found.insert(hash, Mention::new(hash, entry, bytes, &search)?);
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
    let is_meant = |bytes: &[u8]| hash_bytes(bytes).to_string().starts_with(&digits);
    claims_where(estate, CANDIDATES, &Search::default(), is_meant)
}

/// The claims that have this text anywhere (up to a thousand), in whatever letters. Reads the whole ledger.
///
/// # Errors
/// Where the ledger can't be read.
pub fn claims_with(estate: Estate<'_>, text: &str) -> Result<Vec<Mention>> {
    let search = Search { needles: vec![text.to_lowercase()], is_whole: false };
    claims_where(estate, LISTED, &search, |bytes| search.is_in(&String::from_utf8_lossy(bytes)))
}

fn claims_where(
    estate: Estate<'_>,
    limit: usize,
    search: &Search,
    is_meant: impl Fn(&[u8]) -> bool,
) -> Result<Vec<Mention>> {
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
                    free.insert(Mention::new(hash, entry, bytes, search)?);
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
    fn new(hash: Hash, entry: &Entry, bytes: &[u8], search: &Search) -> stave_ledger::Result<Mention> {
        let claim = stave_ledger::parse_claim(entry.number, bytes)?;
        let of = claim.of.to_string();
        let said = says(&claim.kind, claim.to.as_deref(), claim.value.as_ref(), claim.not);
        // Words leave out some of what a record has, so it is looked for in its bytes too.
        let raw = String::from_utf8_lossy(bytes);
        let met = [said.as_str(), &of, &raw].into_iter().find_map(|text| search.excerpt(text));
        Ok(Mention {
            claim: hash.to_string(),
            kind: claim.kind.to_string(),
            met: met.unwrap_or_else(|| around(&said, 0)),
            says: format!("{of} {said}"),
            of,
            author: entry.header.author.to_string(),
            scope: entry.header.scope.to_string(),
        })
    }
}

/// Mentions, two lines each, `width` columns wide.
pub fn mentions_text(mentions: &[Mention], width: usize, style: &dyn Style) -> String {
    let mut page = Writer::new(width, style);
    list(&mut page, 0, width, mentions);
    page.end()
}

/// What was met stands in front: references are long, and alike. What is taken away for ever is shown with all of its
/// reference and scope, on a line of their own.
fn list(page: &mut Writer<'_>, indent: usize, width: usize, mentions: &[Mention]) {
    for one in mentions {
        let digits: String = one.claim.chars().take(12).collect();
        let rest = format!("{}  {}", spoken(&one.kind), one.met);
        let rest = tame(&rest);
        let room = width.saturating_sub(indent + width_of(&digits) + 2).max(NARROW);
        let digits = page.paint(Role::Name, &digits);
        page.line(&format!("{}{digits}  {}", " ".repeat(indent), cut(&rest, room)));
        page.prose(indent + 4, Some(Role::Quiet), &format!("of {} in {}", one.of, one.scope));
    }
}

/// What is looked for in texts, in lower case.
#[derive(Default)]
struct Search {
    needles: Vec<String>,
    /// Each as a word of its own only.
    is_whole: bool,
}

impl Search {
    fn is_in(&self, text: &str) -> bool {
        self.place(&text.to_lowercase()).is_some()
    }

    /// Where the first of these stands that a text in lower case has, in bytes.
    fn place(&self, text: &str) -> Option<usize> {
        self.needles.iter().find_map(|needle| {
            let mut places = text.match_indices(needle.as_str());
            let met = places.find(|(at, _)| !self.is_whole || is_word(text, *at, needle.len()));
            met.map(|(at, _)| at)
        })
    }

    /// What is met in a text, with some of the text around.
    fn excerpt(&self, text: &str) -> Option<String> {
        // A letter's lower case may be longer or shorter: where each byte of it comes from.
        let (mut lower, mut from) = (String::new(), Vec::new());
        for (at, letter) in text.char_indices() {
            lower.extend(letter.to_lowercase());
            from.resize(lower.len(), at);
        }
        self.place(&lower).map(|place| around(text, from.get(place).copied().unwrap_or(0)))
    }
}

/// Whether what stands there is a word of its own.
fn is_word(text: &str, at: usize, length: usize) -> bool {
    let before = text.get(..at).and_then(|left| left.chars().next_back());
    let after = text.get(at + length..).and_then(|right| right.chars().next());
    ![before, after].into_iter().flatten().any(char::is_alphanumeric)
}

/// Some of a text, around a place in it, with `…` where something was left out.
fn around(text: &str, at: usize) -> String {
    let (left, right) = text.split_at_checked(at).unwrap_or(("", text));
    let skipped = left.chars().count().saturating_sub(BEFORE);
    let (first, last) =
        (if skipped > 0 { "…" } else { "" }, if right.chars().nth(ONWARD).is_some() { "…" } else { "" });
    let shown: String = left.chars().skip(skipped).chain(right.chars().take(ONWARD)).collect();
    format!("{first}{shown}{last}")
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
            list(&mut page, 2, width, &self.elsewhere);
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
        let search = Search { needles, is_whole: true };
        for text in ["Ask ADA Lovelock.", "mail ada@leafcup.test", "\"adalove\"", "ada lovelock"] {
            assert!(search.is_in(text), "{text}");
        }
        for text in ["ada", "adalovelace", "Ada Lovelocks", "xada@leafcup.test", ""] {
            assert!(!search.is_in(text), "{text}");
        }
    }

    #[test]
    fn what_was_met_is_shown_with_some_of_the_text_around() {
        let search = Search { needles: vec!["ada".into()], is_whole: true };
        assert_eq!(search.excerpt("Ask ADA."), Some("Ask ADA.".into()));
        assert_eq!(search.excerpt("nobody"), None);
        // Three letters whose lower case has other lengths stand before it.
        let long = format!("{} İẞK adamant, Ada {}", "x".repeat(100), "y".repeat(200));
        let shown = search.excerpt(&long).unwrap_or_default();
        assert!(shown.starts_with("…xxx") && shown.ends_with("yyy…"), "{shown}");
        assert_eq!(shown.chars().nth(1 + BEFORE), Some('A'), "{shown}");
    }
}
