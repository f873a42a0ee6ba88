//! What the ledger's history knows beyond the map that is: what an author said to exist and, having looked again, no
//! longer says; and what hangs on authors that have not looked for long. Nothing of it is an input of the fold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use stave_ledger::Ledger;
use stave_model::{Claim, Evidence, Hash, KeyStrength, Time, key_strength};

use crate::alias::Aliases;
use crate::entities::entity_of;
use crate::error::{MapError, Result};
use crate::live::own_keys;
use crate::names::{Names, Sym};
use crate::raw::RawClaim;
use crate::schema::meta;
use crate::slots::is_unread;
use crate::view::{Past, Slot, Vanished, Waiting, WordOn};
use crate::words::standing_of_type;

/// A statement of a slot, on the way from the newest to the oldest.
struct Step {
    past: Past,
    unread: Vec<String>,
}

/// What one statement says about a reference that is no longer there.
struct Found {
    reference: String,
    kind: String,
    keys: Vec<String>,
    evidence: Vec<Evidence>,
    /// Places in the list of steps: the statement that says so, and the first after it that looked and didn't.
    last: usize,
}

/// Reads history for one answer.
pub(crate) struct History<'c, 'n> {
    connection: &'c Connection,
    names: &'n Names<'c>,
    aliases: Aliases,
}

impl<'c, 'n> History<'c, 'n> {
    pub(crate) fn new(connection: &'c Connection, names: &'n Names<'c>) -> Result<History<'c, 'n>> {
        let aliases =
            meta(connection, "aliases")?.map_or_else(Aliases::default, |text| Aliases::from_text(&text));
        Ok(History { connection, names, aliases })
    }

    /// A scope as the fold writes it.
    pub(crate) fn scope(&self, text: &str) -> String {
        self.aliases.scope(text).into_owned()
    }

    /// Every (author, scope) that machines spoke of, with whether its claims are on the map.
    pub(crate) fn slots(&self) -> Result<Vec<Slot>> {
        let mut rows = self.connection.prepare_cached(
            "SELECT s.id, s.author, s.scope, s.live, s.work,
               s.branch IS NULL OR EXISTS(SELECT 1 FROM view v JOIN sym b ON b.text = v.branch
                 WHERE v.repository = s.repository AND b.id = s.branch),
               s.holds
             FROM slot s ORDER BY s.id",
        )?;
        let mut rows = rows.query([])?;
        let mut slots = Vec::new();
        while let Some(row) = rows.next()? {
            slots.push(Slot {
                number: row.get(0)?,
                author: self.names.text(row.get(1)?)?.to_string(),
                scope: self.names.text(row.get(2)?)?.to_string(),
                is_live: row.get(3)?,
                is_work: row.get(4)?,
                is_shown: row.get(5)?,
                holds: row.get::<_, Option<i64>>(6)?.map(i64::unsigned_abs),
            });
        }
        Ok(slots)
    }

    /// When the oldest statement of a machine was made: history before it is unknown.
    pub(crate) fn begins(&self) -> Result<Option<Time>> {
        let oldest: Option<i64> = self
            .connection
            .prepare_cached("SELECT min(time) FROM stmt WHERE person = 0")?
            .query_row([], |row| row.get(0))?;
        Ok(oldest.map(Time::from_millis))
    }

    /// Machines' statements that wait until they are due, for they were made later than `now`, and when the last of them is.
    pub(crate) fn waiting(&self, now: Time) -> Result<Option<Waiting>> {
        let (statements, until): (i64, Option<i64>) = self
            .connection
            .prepare_cached(
                "SELECT count(*), max(time) FROM stmt WHERE person = 0 AND time > ?1 AND due = 0",
            )?
            .query_row([now.millis()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(until.map(|until| Waiting {
            statements: u64::try_from(statements).unwrap_or_default(),
            until: Time::from_millis(until),
        }))
    }

    /// When the newest statement that counts was made.
    pub(crate) fn ends(&self) -> Result<Option<Time>> {
        let newest: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(time) FROM stmt WHERE due = 1")?
            .query_row([], |row| row.get(0))?;
        Ok(newest.map(Time::from_millis))
    }

    /// References that an author said to exist, and that no live claim, and no key of a live entity, brings back.
    pub(crate) fn vanished(&self, ledger: &dyn Ledger) -> Result<Vec<Vanished>> {
        let retired = self.retired()?;
        let slots = self.slots()?;
        let work: HashMap<(&str, &str), i64> = slots
            .iter()
            .filter(|slot| slot.is_work && slot.is_live)
            .filter_map(|slot| Some(((&*slot.author, slot.scope.strip_suffix("+work")?), slot.number)))
            .collect();
        let mut vanished: BTreeMap<String, Vanished> = BTreeMap::new();
        for slot in slots.iter().filter(|slot| !slot.is_work && !slot.has_records()) {
            let ended = retired.get(&slot.scope);
            if !slot.is_shown && ended.is_none() {
                continue;
            }
            let on_top = work.get(&(&*slot.author, &*slot.scope)).copied();
            for found in self.of_slot(ledger, slot, on_top, ended)? {
                // Of two authors that knew it, the one that saw it last says where it was.
                match vanished.get(&found.reference) {
                    Some(known) if known.last.source_at >= found.last.source_at => {}
                    _ => {
                        vanished.insert(found.reference.clone(), found);
                    }
                }
            }
        }
        Ok(vanished.into_values().collect())
    }

    fn of_slot(
        &self,
        ledger: &dyn Ledger,
        slot: &Slot,
        on_top: Option<i64>,
        ended: Option<&(Hash, Time)>,
    ) -> Result<Vec<Vanished>> {
        let mut steps = match on_top {
            Some(number) => self.steps(number, true)?,
            None => Vec::new(),
        };
        steps.extend(self.steps(slot.number, false)?);
        // What the newest statement says is not gone, unless its whole scope is.
        let is_current = |step: usize| step == 0 && ended.is_none();
        if steps.len() == 1 && is_current(0) {
            return Ok(Vec::new());
        }
        let mut bodies: HashSet<Hash> = HashSet::new();
        let mut different: Vec<(usize, u64)> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            // Most commits change nothing that a reader looks at: the same claims again need no reading.
            let Some(entry) = ledger.entry(&step.past.statement)? else { continue };
            if bodies.insert(entry.header.claims) {
                different.push((index, entry.number));
            }
        }
        if different.iter().all(|(index, _)| is_current(*index)) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        for (index, number) in different {
            self.exists_in(ledger, number, index, &mut seen, &mut found)?;
        }
        found.retain(|one| !is_current(one.last));
        let mut names: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut gone = Vec::new();
        for one in found {
            if self.is_there(&one)? {
                continue;
            }
            let missing = steps[..one.last].iter().rev().find(|step| {
                one.evidence.is_empty()
                    || one
                        .evidence
                        .iter()
                        .filter_map(|point| point.path.as_deref())
                        .any(|path| !is_unread(&step.unread, path))
            });
            let missing = missing.map(|step| step.past.clone());
            // A scope that was not retired and whose newest statement has it is about something else: a branch or
            // work that is not shown.
            if missing.is_none() && ended.is_none() {
                continue;
            }
            names.entry(one.last).or_default().push(gone.len());
            gone.push(Vanished {
                reference: one.reference,
                kind: one.kind,
                name: None,
                entity_type: None,
                keys: one.keys,
                author: slot.author.clone(),
                scope: slot.scope.clone(),
                last: steps[one.last].past.clone(),
                evidence: one.evidence,
                retired: ended.copied().filter(|_| missing.is_none()),
                missing,
            });
        }
        for (step, which) in names {
            self.name(ledger, &steps[step], &which, &mut gone)?;
        }
        Ok(gone)
    }

    /// The statements of a slot in the order in which they hold, or only the one that does.
    fn steps(&self, slot: i64, only_first: bool) -> Result<Vec<Step>> {
        let mut rows = self.connection.prepare_cached(
            "SELECT id, time, at, source_id, rules, unread FROM stmt
             WHERE slot = ?1 AND withdrawn = 0 AND due = 1
             ORDER BY at DESC, rules DESC, time DESC, id DESC LIMIT ?2",
        )?;
        let mut rows = rows.query(params![slot, if only_first { 1 } else { -1 }])?;
        let mut steps = Vec::new();
        while let Some(row) = rows.next()? {
            let id: Vec<u8> = row.get(0)?;
            let unread: Option<String> = row.get(5)?;
            steps.push(Step {
                past: Past {
                    statement: Hash(id.try_into().unwrap_or([0; 32])),
                    time: Time::from_millis(row.get(1)?),
                    source_at: Time::from_millis(row.get(2)?),
                    source_id: row.get(3)?,
                    rules: row.get::<_, i64>(4)?.unsigned_abs(),
                },
                unread: unread.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            });
        }
        Ok(steps)
    }

    /// What a statement says to exist and no newer one of its slot does.
    fn exists_in(
        &self,
        ledger: &dyn Ledger,
        number: u64,
        step: usize,
        seen: &mut HashSet<String>,
        found: &mut Vec<Found>,
    ) -> Result<()> {
        let kind_of_claim = memchr::memmem::Finder::new(b"\"type\":\"exists\"");
        let mut failed = None;
        ledger.raw_claims(number, &mut |bytes| {
            if failed.is_some() || kind_of_claim.find(bytes).is_none() {
                return Ok(());
            }
            let raw: RawClaim<'_> = match serde_json::from_slice(bytes) {
                Ok(raw) => raw,
                Err(error) => {
                    failed = Some(MapError::Statement { number, cause: error.to_string() });
                    return Ok(());
                }
            };
            if raw.kind != "exists" || raw.not {
                return Ok(());
            }
            let reference = self.aliases.reference(&raw.of).into_owned();
            if !seen.insert(reference.clone()) {
                return Ok(());
            }
            let own = raw.keys.iter().find(|(name, _)| name.0 == raw.of).map(|(_, keys)| keys);
            let mut keys: Vec<String> =
                own.into_iter().flatten().map(|key| self.aliases.key(&key.0).into_owned()).collect();
            keys.extend(own_keys(&reference));
            let read = |text: Option<&serde_json::value::RawValue>| text.map(|text| text.get().to_owned());
            found.push(Found {
                kind: read(raw.value)
                    .and_then(|text| serde_json::from_str(&text).ok())
                    .unwrap_or_else(|| "component".to_owned()),
                evidence: read(raw.evidence)
                    .and_then(|text| serde_json::from_str(&text).ok())
                    .unwrap_or_default(),
                reference,
                keys,
                last: step,
            });
            Ok(())
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// Whether the piece is on the map all the same: by this reference, by a strong key, or moved within its
    /// repository, where its name finds it as it finds a word's anchor.
    fn is_there(&self, found: &Found) -> Result<bool> {
        if let Some(sym) = self.names.get(&found.reference)?
            && let Some(entity) = entity_of(self.connection, sym)?
            && self.exists(entity)?
        {
            return Ok(true);
        }
        for key in &found.keys {
            let named = key.starts_with("named:");
            if !named && key_strength(key) != KeyStrength::Strong {
                continue;
            }
            let Some(key) = self.names.get(key)? else { continue };
            let mut rows = self.connection.prepare_cached(
                "SELECT DISTINCT r.id, r.entity FROM ref_key k JOIN ref r ON r.id = k.ref
                 WHERE k.key = ?1 AND r.entity IS NOT NULL LIMIT 32",
            )?;
            let holders: Vec<(Sym, Sym)> = rows
                .query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            if named && holders.len() != 1 {
                continue;
            }
            for (_, entity) in holders {
                if self.exists(entity)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether anybody says that an entity exists; others' relations to it are no such word.
    fn exists(&self, entity: Sym) -> Result<bool> {
        let Some(kind) = self.names.get("exists")? else { return Ok(false) };
        Ok(self
            .connection
            .prepare_cached(
                "SELECT 1 FROM ref r JOIN claim c ON c.of = r.id WHERE r.entity = ?1 AND c.type = ?2 AND c.neg = 0
                 LIMIT 1",
            )?
            .query_row([entity, kind], |_| Ok(()))
            .optional()?
            .is_some())
    }

    /// Names and types, from the statement that had the pieces last.
    fn name(&self, ledger: &dyn Ledger, step: &Step, which: &[usize], gone: &mut [Vanished]) -> Result<()> {
        let Some(entry) = ledger.entry(&step.past.statement)? else { return Ok(()) };
        let wanted: HashMap<String, usize> =
            which.iter().map(|index| (gone[*index].reference.clone(), *index)).collect();
        let (name, kind) = (
            memchr::memmem::Finder::new(b"\"type\":\"name\""),
            memchr::memmem::Finder::new(b"\"type\":\"type\""),
        );
        ledger.raw_claims(entry.number, &mut |bytes| {
            if (name.find(bytes).is_some() || kind.find(bytes).is_some())
                && let Ok(raw) = serde_json::from_slice::<RawClaim<'_>>(bytes)
                && let Some(index) = wanted.get(&*self.aliases.reference(&raw.of))
                && let Some(Value::String(text)) =
                    raw.value.and_then(|value| serde_json::from_str::<Value>(value.get()).ok())
            {
                match &*raw.kind {
                    "name" => gone[*index].name = Some(text),
                    "type" => gone[*index].entity_type = Some(text),
                    _ => {}
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Retired scopes with the word that retires them: the last one.
    fn retired(&self) -> Result<HashMap<String, (Hash, Time)>> {
        let mut retired = HashMap::new();
        for (number, claim) in standing_of_type(self.connection, self.names, "retired")? {
            let (id, time): (Vec<u8>, i64) = self
                .connection
                .prepare_cached("SELECT id, time FROM stmt WHERE n = ?1")?
                .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let scope = self.aliases.scope(claim.of.as_str()).into_owned();
            let word = (Hash(id.try_into().unwrap_or([0; 32])), Time::from_millis(time));
            let last = retired.entry(scope).or_insert(word);
            if word.1 >= last.1 {
                *last = word;
            }
        }
        Ok(retired)
    }

    /// Standing words whose fact has one of these references as an end, or whose anchor one was.
    pub(crate) fn words_on(&self, references: &[String]) -> Result<Vec<WordOn>> {
        let mut numbers: BTreeSet<i64> = BTreeSet::new();
        for reference in references {
            let Some(sym) = self.names.get(reference)? else { continue };
            let mut rows = self.connection.prepare_cached("SELECT n FROM word_key WHERE sym = ?1")?;
            for number in rows.query_map([sym], |row| row.get(0))? {
                numbers.insert(number?);
            }
        }
        let mut words = Vec::new();
        for number in numbers {
            let row: Option<(Vec<u8>, String, bool)> = self
                .connection
                .prepare_cached(
                    "SELECT s.id, w.body, w.placed FROM word w JOIN stmt s ON s.n = w.n
                     WHERE w.n = ?1 AND w.standing = 1",
                )?
                .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((id, body, is_placed)) = row else { continue };
            let Ok(claim) = serde_json::from_str::<Claim>(&body) else { continue };
            words.push(WordOn { statement: Hash(id.try_into().unwrap_or([0; 32])), claim, is_placed });
        }
        Ok(words)
    }

    /// The entities that only these slots say to exist.
    pub(crate) fn only_in(&self, slots: &BTreeSet<i64>) -> Result<Vec<Sym>> {
        let Some(kind) = self.names.get("exists")? else { return Ok(Vec::new()) };
        let mut only: BTreeMap<Sym, bool> = BTreeMap::new();
        let mut rows = self.connection.prepare_cached(
            "SELECT r.entity, c.slot FROM claim c JOIN ref r ON r.id = c.of
             WHERE c.type = ?1 AND c.neg = 0 AND r.entity IS NOT NULL",
        )?;
        let mut rows = rows.query([kind])?;
        while let Some(row) = rows.next()? {
            let (entity, slot): (Sym, i64) = (row.get(0)?, row.get(1)?);
            *only.entry(entity).or_insert(true) &= slots.contains(&slot);
        }
        Ok(only.into_iter().filter(|(_, only)| *only).map(|(entity, _)| entity).collect())
    }
}
