//! What is no longer found, since when, where it was last, and which words still hang on it. Read from the ledger's
//! history: only an author who looked again can say that something is gone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{EntityRow, Vanished};
use stave_model::{Hash, KeyStrength, Reference, Time, hash_bytes, key_strength};

use crate::claims::{ClaimShown, short_commit};
use crate::paging::{self, Paging};
use crate::places::{Place, place};
use crate::text::{Cell, Role, Style, Writer, grouped, scope_text, spoken};
use crate::when::{ago, day, minute};
use crate::{Estate, Result};

/// Pieces that a gone one may be now: as many as are proposed.
const PROPOSALS: usize = 3;
/// Places that one row shows.
const PLACES: usize = 4;

/// What to list of what is gone.
#[derive(Clone, Debug, Default)]
pub struct GoneQuery {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this type.
    pub entity_type: Option<String>,
    /// Which page, from 1; 0 means 1.
    pub page: u64,
    /// Rows on a page; 0: as many as is usual.
    pub page_size: u64,
}

/// One page of what is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Gone {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present that ages are counted from.
    pub now: Time,
    /// How far back the ledger's history goes, whole; absent: it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_from: Option<Time>,
    /// How many are gone.
    pub total: u64,
    /// How many of them people's words hang on.
    pub with_words: u64,
    /// Which page this is, from 1.
    pub page: u64,
    /// How many pages there are.
    pub pages: u64,
    /// The latest first.
    pub rows: Vec<GoneRow>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// A piece that was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GoneRow {
    /// 12 digits of its smallest reference: the address that its page had, or one that led to it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its type, if anybody said one.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// The date of the first source without it; where a person retired the scope, of that word.
    pub since: Time,
    /// Why it is gone.
    pub because: GoneBecause,
    /// The last source that has it.
    pub last: Sighting,
    /// The names that sources gave it.
    pub references: Vec<String>,
    /// People's words that stand and hang on it.
    pub words: Vec<ClaimShown>,
    /// What it may be now: pieces that bear its name.
    pub perhaps: Vec<EntityRow>,
}

/// Why something is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GoneBecause {
    /// Its author looked again and did not find it.
    NotFound {
        /// The statement that looked.
        statement: Hash,
        /// The commit or report that it read.
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
    },
    /// The same source, read by newer rules of the reader, doesn't say it.
    ReadAnew {
        /// The statement that read it anew.
        statement: Hash,
    },
    /// A person retired the scope.
    Retired {
        /// The person's word.
        statement: Hash,
        /// Who.
        who: String,
    },
}

/// Where something was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Sighting {
    /// Who saw it.
    pub author: String,
    /// In which scope.
    pub scope: String,
    /// Date of the commit or report.
    pub source_at: Time,
    /// The commit or report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The statement.
    pub statement: Hash,
    /// Files and lines of that commit.
    pub places: Vec<Place>,
}

/// One page of what is gone.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn gone(estate: Estate<'_>, query: &GoneQuery) -> Result<Gone> {
    estate.model.snapshot(|_| page_of(estate, query))
}

/// The gone piece that a name, reference or 12 digits mean, for pages of what is not on the map.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn gone_named(estate: Estate<'_>, typed: &str) -> Result<Option<GoneRow>> {
    estate.model.snapshot(|_| {
        let typed = typed.trim();
        let digits = |reference: &String| hash_bytes(reference.as_bytes()).short() == typed;
        let mut exact = None;
        let mut named = Vec::new();
        for group in groups(estate)? {
            let references: Vec<String> = group.iter().map(|one| one.reference.clone()).collect();
            if references.iter().any(|reference| reference == typed || digits(reference)) {
                exact = Some(group);
            } else if group.iter().any(|one| name_of(one).eq_ignore_ascii_case(typed)) {
                named.push(group);
            }
        }
        let one = exact.or_else(|| if named.len() == 1 { named.pop() } else { None });
        one.map(|group| row(estate, &group)).transpose()
    })
}

fn page_of(estate: Estate<'_>, query: &GoneQuery) -> Result<Gone> {
    let mut groups: Vec<Vec<Vanished>> = groups(estate)?;
    groups.retain(|group| {
        let newest = newest(group);
        query.kind.as_ref().is_none_or(|kind| newest.is_some_and(|one| one.kind == *kind))
            && query
                .entity_type
                .as_ref()
                .is_none_or(|wanted| newest.is_some_and(|one| one.entity_type.as_ref() == Some(wanted)))
    });
    groups.sort_by(|a, b| {
        since(b)
            .cmp(&since(a))
            .then_with(|| a.first().map(|one| &one.reference).cmp(&b.first().map(|one| &one.reference)))
    });
    let mut with_words = 0;
    for group in &groups {
        let references: Vec<String> = group.iter().map(|one| one.reference.clone()).collect();
        with_words += u64::from(!estate.model.words_on(&references)?.is_empty());
    }
    let paging = Paging::new(query.page, query.page_size);
    let total = groups.len() as u64;
    let skip = usize::try_from(paging.offset()).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    for group in groups.iter().skip(skip).take(paging.size as usize) {
        rows.push(row(estate, group)?);
    }
    let begins = estate.model.history_begins()?;
    // A compaction may have let go of the last statement that had a piece, which is then as if it had never been seen.
    let compacted = estate.ledger.horizon()?.map(|horizon| horizon.time.min(estate.now));
    let history_from = begins.max(compacted.filter(|_| begins.is_some()));
    let mut unknown = Vec::new();
    match history_from {
        Some(from) if compacted == Some(from) => unknown.push(format!(
            "Read from the ledger's history, which goes back to {}, for the ledger was compacted; what was gone by then may be \
             missing here.",
            minute(from)
        )),
        Some(from) => unknown.push(format!(
            "Read from the ledger's history, which goes back to {}; what was gone before that was never seen.",
            minute(from)
        )),
        None => unknown.push("Nothing was read yet, so nothing can be gone.".to_owned()),
    }
    unknown.push(
        "What stands in a scope that nobody reads any more is not gone, but not seen for long.".to_owned(),
    );
    Ok(Gone {
        position: estate.position()?,
        now: estate.now,
        history_from,
        total,
        with_words,
        page: paging.page,
        pages: paging.pages(total),
        rows,
        unknown,
    })
}

/// References that were one piece: those that share a strong key.
fn groups(estate: Estate<'_>) -> Result<Vec<Vec<Vanished>>> {
    let all = estate.model.vanished(estate.ledger)?;
    let mut parent: Vec<usize> = (0..all.len()).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, one) in all.iter().enumerate() {
        for key in one.keys.iter().filter(|key| key_strength(key) == KeyStrength::Strong) {
            if let Some(other) = holders.insert(key, index) {
                let (a, b) = (root(&mut parent, other), root(&mut parent, index));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let roots: Vec<usize> = (0..all.len()).map(|index| root(&mut parent, index)).collect();
    let mut groups: BTreeMap<usize, Vec<Vanished>> = BTreeMap::new();
    for (one, root) in all.into_iter().zip(roots) {
        groups.entry(root).or_default().push(one);
    }
    Ok(groups.into_values().collect())
}

fn ended(one: &Vanished) -> Time {
    match (&one.missing, one.retired) {
        (Some(missing), _) => missing.source_at,
        (None, Some((_, time))) => time,
        (None, None) => one.last.source_at,
    }
}

/// A piece is gone when the last of its names is.
fn since(group: &[Vanished]) -> Option<Time> {
    group.iter().map(ended).max()
}

/// The reference that was seen last.
fn newest(group: &[Vanished]) -> Option<&Vanished> {
    group.iter().max_by(|a, b| {
        (ended(a), a.last.source_at)
            .cmp(&(ended(b), b.last.source_at))
            .then_with(|| b.reference.cmp(&a.reference))
    })
}

fn name_of(one: &Vanished) -> String {
    match (&one.name, one.reference.parse::<Reference>()) {
        (Some(name), _) => name.clone(),
        (None, Ok(reference)) => reference.short_name().to_owned(),
        (None, Err(_)) => one.reference.clone(),
    }
}

fn row(estate: Estate<'_>, group: &[Vanished]) -> Result<GoneRow> {
    let references: Vec<String> = group.iter().map(|one| one.reference.clone()).collect();
    // Groups are never empty: each begins with the reference that it was made for.
    let one = newest(group).unwrap_or(&group[0]);
    let mut words = Vec::new();
    for word in estate.model.words_on(&references)? {
        if let Some(entry) = estate.ledger.entry(&word.statement)?
            && let Some(shown) = crate::log::word_of(estate, &entry)?
        {
            words.push(shown);
        }
    }
    let because = match (&one.missing, one.retired) {
        (Some(missing), _)
            if missing.source_id.is_some()
                && missing.source_id == one.last.source_id
                && missing.rules != one.last.rules =>
        {
            GoneBecause::ReadAnew { statement: missing.statement }
        }
        (Some(missing), _) => {
            GoneBecause::NotFound { statement: missing.statement, commit: missing.source_id.clone() }
        }
        (None, Some((statement, _))) => {
            let entry = estate.ledger.entry(&statement)?;
            let who =
                entry.map_or_else(String::new, |entry| estate.people.show(entry.header.author.as_str()));
            GoneBecause::Retired { statement, who }
        }
        (None, None) => GoneBecause::NotFound { statement: one.last.statement, commit: None },
    };
    let mut names: BTreeSet<String> = BTreeSet::new();
    for key in group.iter().flat_map(|one| &one.keys) {
        if key.starts_with("named:") || key.starts_with("name:") {
            names.insert(key.clone());
        }
    }
    let names: Vec<String> = names.into_iter().collect();
    let mut perhaps = estate.model.holders(&names, PROPOSALS * 4)?;
    perhaps.retain(|row| row.kind == one.kind && !references.contains(&row.reference));
    perhaps.truncate(PROPOSALS);
    let commit = one.last.source_id.as_deref();
    Ok(GoneRow {
        id: references.iter().min().map_or_else(String::new, |first| hash_bytes(first.as_bytes()).short()),
        name: name_of(one),
        kind: one.kind.clone(),
        entity_type: group.iter().find_map(|one| one.entity_type.clone()),
        since: since(group).unwrap_or(one.last.source_at),
        because,
        last: Sighting {
            author: one.author.clone(),
            scope: one.scope.clone(),
            source_at: one.last.source_at,
            commit: one.last.source_id.clone(),
            statement: one.last.statement,
            places: one.evidence.iter().take(PLACES).map(|point| place(point, &one.scope, commit)).collect(),
        },
        references,
        words,
        perhaps,
    })
}

impl Sighting {
    /// What was read: `example.com/tea/shop @ main at 0123abc`.
    pub fn source_text(&self) -> String {
        let mut text = scope_text(&self.scope);
        if let Some(commit) = &self.commit {
            text.push_str(&format!(" at {}", short_commit(commit)));
        }
        text
    }
}

impl GoneRow {
    /// `component, service`.
    pub fn kind_text(&self) -> String {
        match &self.entity_type {
            Some(entity_type) if *entity_type != self.kind => {
                format!("{}, {}", spoken(&self.kind), spoken(entity_type))
            }
            _ => spoken(&self.kind),
        }
    }

    /// Why it is gone, as a sentence.
    pub fn because_text(&self) -> String {
        match &self.because {
            GoneBecause::NotFound { commit: Some(commit), .. } => {
                format!("No longer in {}.", short_commit(commit))
            }
            GoneBecause::NotFound { commit: None, .. } => "Looked for again and not found.".to_owned(),
            GoneBecause::ReadAnew { .. } => {
                "The same commit, read by a newer version of the reader, doesn't say so.".to_owned()
            }
            GoneBecause::Retired { who, .. } => format!("{who} retired {}.", self.last.scope),
        }
    }

    /// Where it was last, as text behind "last in": `compose.yaml:3 of example.com/tea/shop @ main at 0123abc`.
    pub fn last_text(&self) -> String {
        let places: Vec<&str> = self.last.places.iter().map(|place| place.text.as_str()).collect();
        let of = if places.is_empty() { "" } else { " of " };
        format!("{}{of}{}", places.join(", "), self.last.source_text())
    }

    /// As text.
    pub(crate) fn write(&self, page: &mut Writer<'_>, now: Time) {
        page.table(
            0,
            &[vec![
                Cell::of(Role::Name, &self.name),
                Cell::new(&self.kind_text()),
                Cell::of(
                    Role::Attention,
                    &format!("gone since {} ({})", day(self.since), ago(self.since, now)),
                ),
                Cell::of(Role::Quiet, &self.id),
            ]],
        );
        page.prose(2, None, &format!("Last in {}, {}.", self.last_text(), day(self.last.source_at)));
        page.prose(2, Some(Role::Quiet), &self.because_text());
        for word in &self.words {
            page.prose(
                2,
                None,
                &format!("{} said on {}: {} {}", word.who, day(word.time), self.name, word.says),
            );
        }
        for row in &self.perhaps {
            page.prose(2, Some(Role::Quiet), &format!("Perhaps it is now {} ({}).", row.name, row.reference));
        }
    }

    /// As text, on its own.
    pub fn to_text(&self, now: Time, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        self.write(&mut page, now);
        page.end()
    }
}

impl Gone {
    /// How many, as a sentence.
    pub fn found(&self) -> String {
        let words = match self.with_words {
            0 => String::new(),
            1 => "; people's words hang on 1 of them".to_owned(),
            some => format!("; people's words hang on {} of them", grouped(some)),
        };
        match self.total {
            0 => "Nothing is gone".to_owned(),
            1 => format!(
                "1 piece is gone{}",
                if self.with_words == 1 { "; people's words hang on it" } else { "" }
            ),
            some => format!("{} pieces are gone{words}", grouped(some)),
        }
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        for row in &self.rows {
            page.gap();
            row.write(&mut page, self.now);
        }
        paging::close(page, &self.found(), (self.page, self.pages), self.position, &self.unknown)
    }
}
