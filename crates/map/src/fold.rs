//! The fold's order of work: headers, standing, slots, live claims, join words, clusters, other words, facts.
//! Every step looks only at what the steps before it touched; a rebuild is the same steps with everything touched.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use stave_ledger::Ledger;
use stave_model::Time;

use crate::alias::Aliases;
use crate::cluster;
use crate::error::{MapError, Result};
use crate::live::{Live, Touched};
use crate::names::{Names, Sym};
use crate::place;
use crate::recluster::{Looked, recluster};
use crate::schema::{self, meta, set_meta};
use crate::view::CutOff;
use crate::words::{self, Changed};
use crate::{entities, slots};

/// How many headers are read from the ledger at a time.
const BATCH: usize = 4_096;

/// What an advance did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advance {
    /// Statements folded now.
    pub statements: u64,
    /// The number of the last statement folded.
    pub position: u64,
    /// Everything was made again.
    pub rebuilt: bool,
}

/// Advances the read model to the ledger's end, inside one transaction that only one process has at a time.
pub(crate) fn catch_up(connection: &Connection, ledger: &dyn Ledger, cut_off: CutOff) -> Result<Advance> {
    if let Some(position) = is_current(connection, ledger, cut_off)? {
        sweep(connection)?;
        return Ok(Advance { position, ..Advance::default() });
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = advance(connection, ledger, cut_off);
    match &outcome {
        Ok(_) => {
            connection.execute_batch("COMMIT")?;
            sweep(connection)?;
        }
        // The first error says more than a failing rollback.
        Err(_) => drop(connection.execute_batch("ROLLBACK")),
    }
    outcome
}

/// Empties the file's journal after everything was made again: what was redacted would live on in it. A reader can hold
/// it; then whoever comes next tries again.
fn sweep(connection: &Connection) -> Result<()> {
    if meta(connection, UNSWEPT)?.is_none() {
        return Ok(());
    }
    // Nobody waits for readers here.
    connection.busy_timeout(Duration::ZERO)?;
    let is_busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap_or(true);
    connection.busy_timeout(schema::PATIENCE)?;
    if !is_busy {
        connection.execute("DELETE FROM meta WHERE key = ?1", [UNSWEPT])?;
    }
    Ok(())
}

/// Says in the file that its journal may hold what was redacted.
const UNSWEPT: &str = "unswept";

/// The position, if there is nothing to do.
fn is_current(connection: &Connection, ledger: &dyn Ledger, cut_off: CutOff) -> Result<Option<u64>> {
    let position = position(connection)?;
    if stamp(connection)? != Some(stamp_text(ledger, cut_off)?)
        || position != cut_off.last(ledger.position()?)
    {
        return Ok(None);
    }
    if let Some(now) = cut_off.now()
        && words::any_due(connection, now)?
    {
        return Ok(None);
    }
    Ok(Some(position))
}

fn stamp(connection: &Connection) -> Result<Option<String>> {
    Ok(meta(connection, "stamp")?)
}

/// The ledger and the kind of cut-off; a file with another stamp is emptied.
fn stamp_text(ledger: &dyn Ledger, cut_off: CutOff) -> Result<String> {
    let info = ledger.info()?;
    let kind = match cut_off {
        CutOff::Live(_) => "live".to_owned(),
        CutOff::Date(date) => date.to_string(),
        CutOff::Position(last, _) => format!("first {last}"),
    };
    Ok(format!("{} {} {} {kind}", info.ledger, info.epoch, info.revision))
}

pub(crate) fn position(connection: &Connection) -> Result<u64> {
    Ok(meta(connection, "position")?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Whether the ledger still has what was folded last. One that a copy of its storage was put in the place of has the old
/// numbers again, for other statements, and may say that it is of the same epoch.
fn is_of(connection: &Connection, ledger: &dyn Ledger) -> Result<bool> {
    let position = position(connection)?;
    let folded: Option<Vec<u8>> = connection
        .prepare_cached("SELECT id FROM stmt WHERE n = ?1")?
        .query_row([words::number_of(position)], |row| row.get(0))
        .optional()?;
    let Some(folded) = folded else { return Ok(position <= ledger.position()?) };
    let there = ledger.entries(position.saturating_sub(1), 1)?;
    Ok(there.first().is_some_and(|entry| entry.number == position && entry.id.0.as_slice() == folded))
}

fn advance(connection: &Connection, ledger: &dyn Ledger, cut_off: CutOff) -> Result<Advance> {
    // What comes meanwhile is the next step's: others may append faster than this folds, and whoever waits for the map
    // would wait for them.
    let end = cut_off.last(ledger.position()?);
    let wanted = stamp_text(ledger, cut_off)?;
    if stamp(connection)?.as_deref() != Some(wanted.as_str()) || !is_of(connection, ledger)? {
        schema::clear(connection)?;
        set_meta(connection, "stamp", &wanted)?;
        set_meta(connection, UNSWEPT, "1")?;
    }
    let from = position(connection)?;
    let names = Names::new(connection);
    let mut touched = Touched { all: from == 0, ..Touched::default() };
    if touched.all {
        schema::drop_indexes(connection)?;
        names.load_all()?;
    }
    let mut changed = Changed::default();
    let (statements, last) = take_in(connection, &names, ledger, cut_off, from..end, &mut changed)?;
    if let Some(now) = cut_off.now() {
        words::due(connection, now, &mut changed)?;
    }
    words::withdrawals(connection, &mut changed)?;
    words::standing(connection, &mut changed)?;
    let aliases = words::aliases(connection)?;
    let before = meta(connection, "aliases")?.map_or_else(Aliases::default, |text| Aliases::from_text(&text));
    if aliases != before {
        set_meta(connection, "aliases", &aliases.to_text())?;
        if !touched.all {
            touched = Touched { all: true, ..Touched::default() };
            schema::clear_derived(connection)?;
            schema::drop_indexes(connection)?;
            names.load_all()?;
        }
    }
    let mut live = Live::new(connection, &names, &aliases);
    if touched.all {
        // The indexes that this step itself asks are made first; the rest after the load.
        slots::advance(ledger, &mut live, &changed, &mut touched)?;
        stand_all(&mut live)?;
        live.flush(&mut touched)?;
        schema::index_claims(connection)?;
    } else {
        slots::advance(ledger, &mut live, &changed, &mut touched)?;
        for number in &changed.words {
            if let Some((claim, stands)) = words::word(connection, *number)? {
                place::stand(&mut live, *number, &claim, stands)?;
            }
        }
        live.flush(&mut touched)?;
    }
    place_joins(&live, &changed, &mut touched)?;
    let looked = recluster(&live, &mut touched)?;
    place_words(&live, &changed, &looked, &mut touched)?;
    entities::advance(&live, &mut touched)?;
    if touched.all {
        schema::index_entities(connection)?;
    }
    slots::questions(&live)?;
    add_count(connection, "claims", live.claims)?;
    add_count(connection, "unknown", live.unknown)?;
    add_count(connection, "statements", words::number_of(statements))?;
    set_meta(connection, "position", &last.to_string())?;
    Ok(Advance { statements, position: last, rebuilt: touched.all })
}

pub(crate) fn add_count(connection: &Connection, what: &str, by: i64) -> Result<()> {
    if by != 0 {
        connection
            .prepare_cached("INSERT INTO count VALUES(?1, ?2) ON CONFLICT(what) DO UPDATE SET n = n + ?2")?
            .execute(params![what, by])?;
    }
    Ok(())
}

fn take_in(
    connection: &Connection,
    names: &Names<'_>,
    ledger: &dyn Ledger,
    cut_off: CutOff,
    steps: Range<u64>,
    changed: &mut Changed,
) -> Result<(u64, u64)> {
    let (mut statements, mut last, end) = (0, steps.start, steps.end);
    let now = cut_off.now();
    while last < end {
        let mut entries = ledger.entries(last, BATCH)?;
        entries.retain(|entry| entry.number <= end);
        let Some(newest) = entries.last() else { break };
        last = newest.number;
        for entry in &entries {
            if let CutOff::Date(date) = cut_off
                && later(entry.header.time, date)
            {
                continue;
            }
            words::take_in(connection, names, ledger, entry, now, changed)?;
            statements += 1;
        }
    }
    Ok((statements, last))
}

fn later(time: Time, date: Time) -> bool {
    time > date
}

fn stand_all(live: &mut Live<'_, '_>) -> Result<()> {
    for (number, claim) in all_standing(live.connection)? {
        place::stand(live, number, &claim, true)?;
    }
    Ok(())
}

fn all_standing(connection: &Connection) -> Result<Vec<(i64, stave_model::Claim)>> {
    let mut rows = connection.prepare("SELECT n, body FROM word WHERE standing = 1 ORDER BY n")?;
    let rows = rows.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut words = Vec::new();
    for row in rows {
        let (number, body) = row?;
        let claim = serde_json::from_str(&body).map_err(|error| MapError::Statement {
            number: number.unsigned_abs(),
            cause: error.to_string(),
        })?;
        words.push((number, claim));
    }
    Ok(words)
}

/// The words that have to be placed again: those that changed, and those that a touched reference or key could place.
fn touched_words(
    live: &Live<'_, '_>,
    changed: &Changed,
    touched: &Touched,
    looked: Option<&Looked>,
) -> Result<Vec<(i64, stave_model::Claim, bool)>> {
    if touched.all {
        return Ok(all_standing(live.connection)?
            .into_iter()
            .map(|(number, claim)| (number, claim, true))
            .collect());
    }
    let mut numbers = changed.words.clone();
    let syms: BTreeSet<Sym> = touched.refs.union(&touched.keys).copied().collect();
    place::words_at(live.connection, &syms, &mut numbers)?;
    if let Some(looked) = looked {
        let mut syms = looked.refs.clone();
        syms.extend(looked.keys.iter().map(|(_, key)| key));
        place::words_adrift(live.connection, &syms, &mut numbers)?;
    }
    let mut words = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some((claim, stands)) = words::word(live.connection, number)? {
            words.push((number, claim, stands));
        }
    }
    Ok(words)
}

fn place_joins(live: &Live<'_, '_>, changed: &Changed, touched: &mut Touched) -> Result<()> {
    for (number, claim, stands) in touched_words(live, changed, touched, None)? {
        if claim.kind != "same_as" {
            continue;
        }
        let (before, after) = place::place_join(live, number, &claim, stands)?;
        for (a, b) in before.into_iter().chain(after) {
            touched.reference(a);
            touched.reference(b);
            // What people call one is one in all containers of the repository.
            if before != after
                && !touched.all
                && let Some(repository) = named_in(live, a, b)?
            {
                touched.refs.extend(references_of(live.connection, &repository)?);
            }
        }
    }
    Ok(())
}

/// The repository in which a join tells of two names, as the beginning of its references.
fn named_in(live: &Live<'_, '_>, a: Sym, b: Sym) -> Result<Option<String>> {
    let text = live.names.text(a)?;
    if !cluster::are_names(&text, &live.names.text(b)?) {
        return Ok(None);
    }
    Ok(text.split_once("//").map(|(repository, _)| format!("{repository}//")))
}

/// The live references that begin so; `/` is the last character of the beginning.
fn references_of(connection: &Connection, beginning: &str) -> Result<Vec<Sym>> {
    let end = format!("{}0", beginning.trim_end_matches('/').to_owned() + "/");
    let mut rows = connection.prepare_cached(
        "SELECT r.id FROM sym s JOIN ref r ON r.id = s.id WHERE s.text >= ?1 AND s.text < ?2",
    )?;
    Ok(rows.query_map([beginning, &end], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn place_words(live: &Live<'_, '_>, changed: &Changed, looked: &Looked, touched: &mut Touched) -> Result<()> {
    for (number, claim, stands) in touched_words(live, changed, touched, Some(looked))? {
        if claim.kind != "same_as" && place::has_place(&claim.kind) {
            place::place_word(live, number, &claim, stands, touched)?;
        }
    }
    Ok(())
}
