//! What nobody has looked at for long: scopes, and the entities that are known from nowhere else. They are on the map
//! as they were last seen, for only an author who looks can say that something is gone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{EntityRow, Filter};
use stave_model::Time;

use crate::list::entity_cells;
use crate::paging::{self, Paging};
use crate::text::{Cell, Role, Style, Writer, counted, grouped, joined, scope_text};
use crate::when::{ago, day};
use crate::{Estate, Result};

/// Scopes that are listed; the rest is counted.
const SCOPES: usize = 200;

/// The age from which a scope counts as stale, unless the asker wants another: 30 days, in milliseconds.
pub const STALE_MS: i64 = 30 * 24 * 60 * 60_000;

/// What to list.
#[derive(Clone, Debug)]
pub struct StaleQuery {
    /// Not looked at for so many milliseconds.
    pub older_ms: i64,
    /// Only entities of this kind.
    pub kind: Option<String>,
    /// Only entities of this type.
    pub entity_type: Option<String>,
    /// Which page, from 1; 0 means 1.
    pub page: u64,
    /// Entities on a page; 0: as many as is usual.
    pub page_size: u64,
}

/// What nobody has looked at for long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Stale {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present that ages are counted from.
    pub now: Time,
    /// Scopes count that were last looked at before this instant or at it.
    pub before: Time,
    /// The scopes, the longest unseen first.
    pub scopes: Vec<StaleScope>,
    /// Scopes beyond those listed.
    #[serde(skip_serializing_if = "crate::summary::is_zero")]
    pub more_scopes: u64,
    /// How many entities are known from these scopes only.
    pub total: u64,
    /// Which page this is, from 1.
    pub page: u64,
    /// How many pages there are.
    pub pages: u64,
    /// The entities, by name.
    pub rows: Vec<EntityRow>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// A scope that nobody has looked at for long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StaleScope {
    /// The scope, as `stave retire` takes it.
    pub scope: String,
    /// When somebody last looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Time>,
    /// The authors that have not looked since, where others have; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
}

/// Scopes that were not looked at for long, and what is known from there only.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn stale(estate: Estate<'_>, query: &StaleQuery) -> Result<Stale> {
    estate.model.snapshot(|_| page_of(estate, query))
}

fn page_of(estate: Estate<'_>, query: &StaleQuery) -> Result<Stale> {
    let before = Time::from_millis(estate.now.millis().saturating_sub(query.older_ms));
    let mut heard: BTreeMap<(String, String), Time> = BTreeMap::new();
    for (author, scope, time) in estate.ledger.heard()? {
        let scope = estate.model.folded_scope(scope.as_str())?;
        let seen = heard.entry((author.to_string(), scope)).or_insert(time);
        *seen = time.max(*seen);
    }
    let mut numbers: BTreeSet<i64> = BTreeSet::new();
    // Scope: the last look of any author that is stale, those authors, and whether another looked since.
    let mut scopes: BTreeMap<String, (Option<Time>, Vec<String>, bool)> = BTreeMap::new();
    for slot in estate.model.slots()?.into_iter().filter(|slot| slot.is_live && !slot.has_records()) {
        let seen = heard.get(&(slot.author.clone(), slot.scope.clone())).copied();
        let entry = scopes.entry(slot.scope).or_default();
        if seen.is_none_or(|seen| seen <= before) {
            numbers.insert(slot.number);
            entry.0 = entry.0.max(seen);
            entry.1.push(slot.author);
        } else {
            entry.2 = true;
        }
    }
    scopes.retain(|_, (_, authors, _)| !authors.is_empty());
    let mut scopes: Vec<StaleScope> = scopes
        .into_iter()
        .map(|(scope, (seen, mut authors, is_partly))| {
            authors.sort_unstable();
            StaleScope { scope, seen, authors: if is_partly { authors } else { Vec::new() } }
        })
        .collect();
    scopes.sort_by(|a, b| (a.seen, &a.scope).cmp(&(b.seen, &b.scope)));
    let more_scopes = scopes.len().saturating_sub(SCOPES) as u64;
    scopes.truncate(SCOPES);
    let paging = Paging::new(query.page, query.page_size);
    let filter = Filter {
        kind: query.kind.clone(),
        entity_type: query.entity_type.clone(),
        offset: paging.offset(),
        limit: paging.size,
        ..Filter::default()
    };
    let mut found = estate.model.only_in(&numbers, &filter)?;
    found.rows.iter_mut().for_each(|row| estate.people.name_row(row));
    Ok(Stale {
        position: estate.position()?,
        now: estate.now,
        before,
        unknown: if scopes.is_empty() {
            Vec::new()
        } else {
            vec![
                "They are shown as they were last seen: whether they are still there, nobody has looked."
                    .to_owned(),
            ]
        },
        scopes,
        more_scopes,
        total: found.total,
        page: paging.page,
        pages: paging.pages(found.total),
        rows: found.rows,
    })
}

impl StaleScope {
    /// The scope as people read it: `example.com/tea/shop @ main`.
    pub fn text(&self) -> String {
        scope_text(&self.scope)
    }

    /// Who has not looked, where others have.
    pub fn by_text(&self) -> String {
        let names: Vec<&str> =
            self.authors.iter().map(|author| author.strip_prefix("collector:").unwrap_or(author)).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("not looked at again by {}", joined(&names, "and"))
        }
    }
}

impl Stale {
    /// How many scopes and entities, as a sentence.
    pub fn found(&self) -> String {
        let count = self.scopes.len() as u64 + self.more_scopes;
        if count == 0 {
            return format!("Everything on the map was looked at since {}", day(self.before));
        }
        format!(
            "{} last looked at on {} or before; {} known from there only",
            counted(count, "scope was", "scopes were"),
            day(self.before),
            counted(self.total, "entity is", "entities are")
        )
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        if !self.scopes.is_empty() {
            page.heading("Not seen since");
            let rows: Vec<Vec<Cell>> = self
                .scopes
                .iter()
                .map(|scope| {
                    let seen = match scope.seen {
                        Some(seen) => format!("{} ({})", day(seen), ago(seen, self.now)),
                        None => "unknown".to_owned(),
                    };
                    vec![
                        Cell::new(&seen),
                        Cell::of(Role::Name, &scope.scope),
                        Cell::of(Role::Quiet, &scope.by_text()),
                    ]
                })
                .collect();
            page.table(2, &rows);
            if self.more_scopes > 0 {
                page.prose(2, Some(Role::Quiet), &format!("and {} more", grouped(self.more_scopes)));
            }
            page.prose(2, Some(Role::Quiet), "If one is gone for good, say so: stave retire SCOPE");
        }
        if !self.rows.is_empty() {
            page.heading("Known from there only");
            page.table(2, &entity_cells(&self.rows));
        }
        paging::close(page, &self.found(), (self.page, self.pages), self.position, &self.unknown)
    }
}
