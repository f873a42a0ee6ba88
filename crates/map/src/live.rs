//! The live claims and references: adds and removes claims, counts who mentions what, and remembers what was touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;
use stave_model::{Mode, Reference, Target, claim_type, hash_bytes};

use crate::alias::Aliases;
use crate::error::Result;
use crate::names::{Names, Sym};
use crate::raw::{RawClaim, Text, basis_number};

/// What later steps have to look at again.
#[derive(Default)]
pub(crate) struct Touched {
    /// Everything; the sets below are not kept.
    pub(crate) all: bool,
    /// References that came to live, died, or hold other keys or `same_as` than before.
    pub(crate) refs: BTreeSet<Sym>,
    /// Keys with other holders than before.
    pub(crate) keys: BTreeSet<Sym>,
    /// References with other facts than before.
    pub(crate) facts: BTreeSet<Sym>,
    /// Entities (representatives) that are no more, or have other members than before.
    pub(crate) entities: BTreeSet<Sym>,
}

impl Touched {
    pub(crate) fn fact(&mut self, of: Sym) {
        if !self.all {
            self.facts.insert(of);
        }
    }

    pub(crate) fn reference(&mut self, of: Sym) {
        if !self.all {
            self.refs.insert(of);
        }
    }
}

/// Writes live claims. Counts are gathered and written by [`Live::flush`].
pub(crate) struct Live<'c, 'n> {
    pub(crate) connection: &'c Connection,
    pub(crate) names: &'n Names<'c>,
    pub(crate) aliases: &'n Aliases,
    mentions: FxHashMap<Sym, i64>,
    keys: FxHashMap<(Sym, Sym), i64>,
    modes: FxHashMap<Sym, Option<Mode>>,
    pub(crate) unknown: i64,
    pub(crate) claims: i64,
}

/// Where a claim stands: the slot, and the statement where that is not the one that holds it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) slot: i64,
    pub(crate) carried_from: Option<i64>,
}

impl<'c, 'n> Live<'c, 'n> {
    pub(crate) fn new(
        connection: &'c Connection,
        names: &'n Names<'c>,
        aliases: &'n Aliases,
    ) -> Live<'c, 'n> {
        Live {
            connection,
            names,
            aliases,
            mentions: FxHashMap::default(),
            keys: FxHashMap::default(),
            modes: FxHashMap::default(),
            unknown: 0,
            claims: 0,
        }
    }

    /// Adds a machine's claim.
    pub(crate) fn add(
        &mut self,
        place: Place,
        raw: &RawClaim<'_>,
        hash: i64,
        touched: &mut Touched,
    ) -> Result<()> {
        let kind = self.names.intern(&raw.kind)?;
        let mode = *self.modes.entry(kind).or_insert_with(|| claim_type(&raw.kind).map(|known| known.mode));
        let of = self.names.intern(&self.aliases.reference(&raw.of))?;
        let to = match (&raw.to, mode) {
            (Some(to), Some(Mode::Add(Target::Reference) | Mode::Join)) => {
                Some(self.names.intern(&self.aliases.reference(to))?)
            }
            (Some(to), _) => Some(self.names.intern(to)?),
            (None, _) => None,
        };
        let members = match (mode, raw.value) {
            (Some(Mode::Over), Some(value)) => members(value),
            _ => Vec::new(),
        };
        let mut keys = String::new();
        if mode.is_some() {
            self.count_keys(raw, &mut keys)?;
        }
        self.connection
            .prepare_cached(
                "INSERT INTO claim(slot, stmt, type, of, \"to\", value, neg, basis, env, evidence, keys, hash)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                place.slot,
                place.carried_from,
                kind,
                of,
                to,
                raw.value.map(RawValue::get),
                raw.not,
                basis_number(raw.basis),
                raw.env.map(RawValue::get),
                raw.evidence.map(RawValue::get),
                if keys.is_empty() { None } else { Some(&keys) },
                hash,
            ])?;
        self.claims += 1;
        let Some(mode) = mode else {
            self.unknown += 1;
            return Ok(());
        };
        let claim = self.connection.last_insert_rowid();
        self.mention(of, 1);
        if let (Some(to), Mode::Add(Target::Reference) | Mode::Join) = (to, mode) {
            self.mention(to, 1);
            if mode == Mode::Join {
                touched.reference(of);
                touched.reference(to);
            }
        }
        for member in members {
            let member = self.names.intern(&self.aliases.reference(&member))?;
            self.mention(member, 1);
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO value_ref VALUES(?1, ?2)")?
                .execute([claim, member])?;
        }
        touched.fact(of);
        Ok(())
    }

    fn count_keys(&mut self, raw: &RawClaim<'_>, text: &mut String) -> Result<()> {
        for (Text(reference), keys) in &raw.keys {
            let reference = self.names.intern(&self.aliases.reference(reference))?;
            // Writing to a String can't fail.
            let _ = write!(text, "{}{reference}", if text.is_empty() { "" } else { ";" });
            for Text(key) in keys {
                let key = self.names.intern(&self.aliases.key(key))?;
                let _ = write!(text, ",{key}");
                *self.keys.entry((reference, key)).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Removes a claim by its row.
    pub(crate) fn remove(&mut self, claim: i64, touched: &mut Touched) -> Result<()> {
        struct Row {
            kind: Sym,
            of: Sym,
            to: Option<Sym>,
            keys: Option<String>,
        }
        let row = self
            .connection
            .prepare_cached("SELECT type, of, \"to\", keys FROM claim WHERE id = ?1")?
            .query_row([claim], |row| {
            Ok(Row { kind: row.get(0)?, of: row.get(1)?, to: row.get(2)?, keys: row.get(3)? })
        })?;
        self.connection.prepare_cached("DELETE FROM claim WHERE id = ?1")?.execute([claim])?;
        self.claims -= 1;
        let kind = self.names.text(row.kind)?;
        let Some(known) = claim_type(&kind) else {
            self.unknown -= 1;
            return Ok(());
        };
        self.mention(row.of, -1);
        if let (Some(to), Mode::Add(Target::Reference) | Mode::Join) = (row.to, known.mode) {
            self.mention(to, -1);
            if known.mode == Mode::Join {
                touched.reference(row.of);
                touched.reference(to);
            }
        }
        if known.mode == Mode::Over {
            let mut rows = self.connection.prepare_cached("SELECT ref FROM value_ref WHERE claim = ?1")?;
            let members: Vec<Sym> =
                rows.query_map([claim], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            for member in members {
                self.mention(member, -1);
            }
            self.connection.prepare_cached("DELETE FROM value_ref WHERE claim = ?1")?.execute([claim])?;
        }
        for group in row.keys.as_deref().unwrap_or("").split(';') {
            let mut numbers = group.split(',').filter_map(|number| number.parse::<Sym>().ok());
            if let Some(reference) = numbers.next() {
                for key in numbers {
                    *self.keys.entry((reference, key)).or_default() -= 1;
                }
            }
        }
        touched.fact(row.of);
        Ok(())
    }

    /// Counts somebody who makes a reference live.
    pub(crate) fn mention(&mut self, reference: Sym, by: i64) {
        *self.mentions.entry(reference).or_default() += by;
    }

    /// Writes the counts; tells which references came to live or died and which keys changed holders.
    pub(crate) fn flush(&mut self, touched: &mut Touched) -> Result<()> {
        let fresh = touched.all && self.is_empty("ref")? && self.is_empty("ref_key")?;
        let mentions: BTreeMap<Sym, i64> = self.mentions.drain().collect();
        for (reference, delta) in mentions {
            if delta == 0 {
                continue;
            }
            let before: Option<i64> = if fresh { None } else { self.count_of(reference)? };
            let after = before.unwrap_or(0) + delta;
            match before {
                None if after > 0 => {
                    let text = self.names.text(reference)?;
                    self.connection
                        .prepare_cached("INSERT INTO ref(id, n, short) VALUES(?1, ?2, ?3)")?
                        .execute(params![reference, after, short_number(&text)])?;
                    for key in own_keys(&text) {
                        let key = self.names.intern(&key)?;
                        *self.keys.entry((reference, key)).or_default() += 1;
                    }
                    touched.reference(reference);
                }
                Some(_) if after <= 0 => {
                    let entity: Option<Sym> = self
                        .connection
                        .prepare_cached("SELECT entity FROM ref WHERE id = ?1")?
                        .query_row([reference], |row| row.get(0))?;
                    self.connection.prepare_cached("DELETE FROM ref WHERE id = ?1")?.execute([reference])?;
                    let text = self.names.text(reference)?;
                    for key in own_keys(&text) {
                        let key = self.names.intern(&key)?;
                        *self.keys.entry((reference, key)).or_default() -= 1;
                    }
                    touched.reference(reference);
                    if let (Some(entity), false) = (entity, touched.all) {
                        touched.entities.insert(entity);
                    }
                }
                _ => {
                    self.connection
                        .prepare_cached("UPDATE ref SET n = ?2 WHERE id = ?1")?
                        .execute([reference, after])?;
                }
            }
        }
        self.flush_keys(fresh, touched)
    }

    fn flush_keys(&mut self, fresh: bool, touched: &mut Touched) -> Result<()> {
        let mut keys: Vec<((Sym, Sym), i64)> = self.keys.drain().collect();
        keys.sort_unstable();
        for ((reference, key), delta) in keys {
            if delta == 0 {
                continue;
            }
            if fresh {
                self.connection
                    .prepare_cached("INSERT INTO ref_key VALUES(?1, ?2, ?3)")?
                    .execute([reference, key, delta])?;
                continue;
            }
            let after: i64 = self
                .connection
                .prepare_cached(
                    "INSERT INTO ref_key VALUES(?1, ?2, ?3)
                     ON CONFLICT(ref, key) DO UPDATE SET n = n + ?3 RETURNING n",
                )?
                .query_row([reference, key, delta], |row| row.get(0))?;
            if after <= 0 {
                self.connection
                    .prepare_cached("DELETE FROM ref_key WHERE ref = ?1 AND key = ?2")?
                    .execute([reference, key])?;
            }
            if (after <= 0 || after == delta) && !touched.all {
                touched.refs.insert(reference);
                touched.keys.insert(key);
            }
        }
        Ok(())
    }

    fn is_empty(&self, table: &str) -> Result<bool> {
        Ok(self
            .connection
            .query_row(&format!("SELECT NOT EXISTS(SELECT 1 FROM {table})"), [], |row| row.get(0))?)
    }

    fn count_of(&self, reference: Sym) -> Result<Option<i64>> {
        use rusqlite::OptionalExtension as _;
        Ok(self
            .connection
            .prepare_cached("SELECT n FROM ref WHERE id = ?1")?
            .query_row([reference], |row| row.get(0))
            .optional()?)
    }
}

/// The references of a set-valued claim.
pub(crate) fn members(value: &RawValue) -> Vec<String> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// The keys that a live reference holds by itself.
pub(crate) fn own_keys(reference: &str) -> Vec<String> {
    let mut keys = Vec::with_capacity(1);
    if let Some(named) = reference.parse::<Reference>().ok().and_then(|reference| reference.named_key()) {
        keys.push(named.as_str().to_owned());
    }
    if !reference.starts_with("repo:") && !reference.starts_with("said:") {
        keys.push(reference.to_owned());
    }
    keys
}

/// The 12 digits that lead to a reference's entity, as a number.
pub(crate) fn short_number(reference: &str) -> i64 {
    let hash = hash_bytes(reference.as_bytes()).0;
    hash[..6].iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

/// The 12 digits that lead to a reference's entity.
pub(crate) fn short(reference: &str) -> String {
    format!("{:012x}", short_number(reference))
}
