//! The fold's order of work: headers, standing, slots, live claims, join words, clusters, other words, facts.
//! Every step looks only at what the steps before it touched; a rebuild is the same steps with everything touched.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;
use stave_ledger::Ledger;
use stave_model::Time;

use crate::alias::Aliases;
use crate::cluster::{self, Apart, Input, Join, Parts};
use crate::error::{MapError, Result};
use crate::live::{Live, Touched};
use crate::names::{Names, Sym};
use crate::place;
use crate::question::Draft;
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
        return Ok(Advance { position, ..Advance::default() });
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = advance(connection, ledger, cut_off);
    match &outcome {
        Ok(_) => connection.execute_batch("COMMIT")?,
        // The first error says more than a failing rollback.
        Err(_) => drop(connection.execute_batch("ROLLBACK")),
    }
    outcome
}

/// The position, if there is nothing to do.
fn is_current(connection: &Connection, ledger: &dyn Ledger, cut_off: CutOff) -> Result<Option<u64>> {
    let position = position(connection)?;
    if stamp(connection)? != Some(stamp_text(ledger, cut_off)?)
        || position != cut_off.last(ledger.position()?)
    {
        return Ok(None);
    }
    if let Some(now) = cut_off.now() {
        let waiting: bool = connection
            .prepare_cached("SELECT EXISTS(SELECT 1 FROM stmt WHERE person = 0 AND due <> (time <= ?1))")?
            .query_row([now.millis()], |row| row.get(0))?;
        if waiting {
            return Ok(None);
        }
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

fn advance(connection: &Connection, ledger: &dyn Ledger, cut_off: CutOff) -> Result<Advance> {
    let wanted = stamp_text(ledger, cut_off)?;
    if stamp(connection)?.as_deref() != Some(wanted.as_str()) {
        schema::clear(connection)?;
        set_meta(connection, "stamp", &wanted)?;
    }
    let from = position(connection)?;
    let names = Names::new(connection);
    let mut touched = Touched { all: from == 0, ..Touched::default() };
    if touched.all {
        schema::drop_indexes(connection)?;
        names.load_all()?;
    }
    let mut changed = Changed::default();
    let (statements, last) = take_in(connection, &names, ledger, cut_off, from, &mut changed)?;
    if let Some(now) = cut_off.now() {
        words::due(connection, now, &mut changed)?;
    }
    words::withdrawals(connection, &mut changed)?;
    words::standing(connection, &mut changed)?;
    let aliases = words::aliases(connection, &names)?;
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
        schema::make_indexes(connection)?;
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
    let affected = recluster(&live, &mut touched)?;
    place_words(&live, &changed, &affected, &mut touched)?;
    entities::advance(&live, &mut touched)?;
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
    from: u64,
    changed: &mut Changed,
) -> Result<(u64, u64)> {
    let (mut statements, mut last) = (0, from);
    let now = cut_off.now();
    loop {
        let mut entries = ledger.entries(last, BATCH)?;
        entries.retain(|entry| entry.number <= cut_off.last(u64::MAX));
        let Some(end) = entries.last() else { return Ok((statements, last)) };
        last = end.number;
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
    syms: &BTreeSet<Sym>,
    all: bool,
) -> Result<Vec<(i64, stave_model::Claim, bool)>> {
    if all {
        return Ok(all_standing(live.connection)?
            .into_iter()
            .map(|(number, claim)| (number, claim, true))
            .collect());
    }
    let mut numbers = changed.words.clone();
    place::words_at(live.connection, syms, &mut numbers)?;
    let mut words = Vec::with_capacity(numbers.len());
    for number in numbers {
        if let Some((claim, stands)) = words::word(live.connection, number)? {
            words.push((number, claim, stands));
        }
    }
    Ok(words)
}

fn place_joins(live: &Live<'_, '_>, changed: &Changed, touched: &mut Touched) -> Result<()> {
    let syms: BTreeSet<Sym> = touched.refs.union(&touched.keys).copied().collect();
    for (number, claim, stands) in touched_words(live, changed, &syms, touched.all)? {
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
    let mut parts = Parts::default();
    let text = live.names.text(a)?;
    if !cluster::tells_of_names(&parts.take(&text), &parts.take(&live.names.text(b)?)) {
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

fn place_words(
    live: &Live<'_, '_>,
    changed: &Changed,
    affected: &BTreeSet<Sym>,
    touched: &mut Touched,
) -> Result<()> {
    let mut syms: BTreeSet<Sym> = touched.refs.union(&touched.keys).copied().collect();
    if !touched.all {
        for reference in affected {
            syms.insert(*reference);
            syms.extend(keys_of(live.connection, *reference)?);
        }
    }
    for (number, claim, stands) in touched_words(live, changed, &syms, touched.all)? {
        if claim.kind != "same_as" && place::has_place(&claim.kind) {
            place::place_word(live, number, &claim, stands, touched)?;
        }
    }
    Ok(())
}

fn keys_of(connection: &Connection, reference: Sym) -> Result<Vec<Sym>> {
    let mut rows = connection.prepare_cached("SELECT key FROM ref_key WHERE ref = ?1")?;
    Ok(rows.query_map([reference], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn column(connection: &Connection, sql: &str, of: Sym) -> Result<Vec<Sym>> {
    let mut rows = connection.prepare_cached(sql)?;
    Ok(rows.query_map([of], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// All references whose cluster could be another now: connected by candidates, old entities and kept-apart pairs.
fn affected(live: &Live<'_, '_>, touched: &Touched) -> Result<BTreeSet<Sym>> {
    let connection = live.connection;
    if touched.all {
        let mut rows = connection.prepare("SELECT id FROM ref")?;
        return Ok(rows.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?);
    }
    const HOLDERS: &str = "SELECT ref FROM ref_key WHERE key = ?1";
    const MEMBERS: &str = "SELECT id FROM ref WHERE entity = ?1";
    let mut queue: Vec<Sym> = touched.refs.iter().copied().collect();
    for key in &touched.keys {
        queue.extend(column(connection, HOLDERS, *key)?);
    }
    for entity in &touched.entities {
        queue.extend(column(connection, MEMBERS, *entity)?);
    }
    let same_as = live.names.intern("same_as")?;
    let (mut affected, mut seen_keys, mut seen_entities) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    while let Some(reference) = queue.pop() {
        if affected.contains(&reference) {
            continue;
        }
        let row: Option<Option<Sym>> = connection
            .prepare_cached("SELECT entity FROM ref WHERE id = ?1")?
            .query_row([reference], |row| row.get(0))
            .optional()?;
        let Some(entity) = row else { continue };
        affected.insert(reference);
        if let Some(entity) = entity
            && seen_entities.insert(entity)
        {
            queue.extend(column(connection, MEMBERS, entity)?);
        }
        for key in keys_of(connection, reference)? {
            if !seen_keys.insert(key) {
                continue;
            }
            match stave_model::key_strength(&live.names.text(key)?) {
                stave_model::KeyStrength::Strong => queue.extend(column(connection, HOLDERS, key)?),
                stave_model::KeyStrength::Hint => {
                    let holders = column(connection, "SELECT ref FROM ref_key WHERE key = ?1 LIMIT 17", key)?;
                    if holders.len() <= 16 {
                        queue.extend(holders);
                    }
                }
                stave_model::KeyStrength::Anchor => {}
            }
        }
        for sql in [
            "SELECT \"to\" FROM claim WHERE of = ?1 AND type = ?2",
            "SELECT of FROM claim WHERE \"to\" = ?1 AND type = ?2",
            "SELECT place_to FROM word WHERE place_of = ?1 AND type = ?2 AND placed = 1 AND place_to IS NOT NULL",
            "SELECT place_of FROM word WHERE place_to = ?1 AND type = ?2 AND placed = 1",
        ] {
            let mut rows = connection.prepare_cached(sql)?;
            for other in rows.query_map([reference, same_as], |row| row.get(0))? {
                queue.push(other?);
            }
        }
    }
    Ok(affected)
}

/// Clusters what is affected anew; the references that were looked at.
fn recluster(live: &Live<'_, '_>, touched: &mut Touched) -> Result<BTreeSet<Sym>> {
    let connection = live.connection;
    let affected = affected(live, touched)?;
    if !touched.all {
        for reference in affected.iter().chain(&touched.refs) {
            connection
                .prepare_cached("DELETE FROM question WHERE owner = ?1")?
                .execute([reference * 2 + 1])?;
        }
    }
    let (input, order) = input(live, &affected, touched.all)?;
    let output = cluster::cluster(&input);
    let text = |place: u32| live.names.text(order[place as usize]);
    for (place, reference) in order.iter().enumerate() {
        let entity = order[output.smallest[place] as usize];
        let before: Option<Sym> = if touched.all {
            None
        } else {
            connection
                .prepare_cached("SELECT entity FROM ref WHERE id = ?1")?
                .query_row([reference], |row| row.get(0))?
        };
        if before == Some(entity) {
            continue;
        }
        connection
            .prepare_cached("UPDATE ref SET entity = ?2 WHERE id = ?1")?
            .execute([*reference, entity])?;
        if !touched.all {
            touched.entities.insert(entity);
            touched.entities.extend(before);
        }
    }
    for (a, b) in &output.refused {
        let about = vec![text(*a)?.to_string(), text(*b)?.to_string()];
        Draft::new("refused_join", about).write(connection, order[*a as usize] * 2 + 1)?;
    }
    for (reference, siblings) in &output.ambiguous {
        let mut about = vec![text(*reference)?.to_string()];
        for sibling in siblings {
            about.push(text(*sibling)?.to_string());
        }
        Draft::new("ambiguous", about).write(connection, order[*reference as usize] * 2 + 1)?;
    }
    for pair in input.apart.iter().filter(|pair| pair.disputed) {
        let (a, b) = (pair.a.min(pair.b), pair.a.max(pair.b));
        let about = vec![text(a)?.to_string(), text(b)?.to_string()];
        Draft::on("dispute", about, "same_as", None).write(connection, order[a as usize] * 2 + 1)?;
    }
    Ok(affected)
}

/// The clusterer's input for a set of references, and their numbers in its order.
pub(crate) fn input(live: &Live<'_, '_>, affected: &BTreeSet<Sym>, all: bool) -> Result<(Input, Vec<Sym>)> {
    let connection = live.connection;
    let mut named: Vec<(std::rc::Rc<str>, Sym)> = Vec::with_capacity(affected.len());
    for reference in affected {
        named.push((live.names.text(*reference)?, *reference));
    }
    named.sort_unstable();
    let order: Vec<Sym> = named.iter().map(|(_, sym)| *sym).collect();
    let place: FxHashMap<Sym, u32> = order
        .iter()
        .enumerate()
        .map(|(place, sym)| (*sym, u32::try_from(place).unwrap_or(u32::MAX)))
        .collect();
    let mut parts = Parts::default();
    let mut input =
        Input { refs: named.iter().map(|(text, _)| parts.take(text)).collect(), ..Input::default() };
    let mut holders: FxHashMap<Sym, Vec<u32>> = FxHashMap::default();
    let mut hold = |reference: Sym, key: Sym| {
        if let Some(place) = place.get(&reference) {
            holders.entry(key).or_default().push(*place);
        }
    };
    if all {
        let mut rows = connection.prepare("SELECT ref, key FROM ref_key")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            hold(row.get(0)?, row.get(1)?);
        }
    } else {
        for reference in affected {
            for key in keys_of(connection, *reference)? {
                hold(*reference, key);
            }
        }
    }
    for (key, mut holders) in holders {
        if holders.len() < 2 {
            continue;
        }
        let text = live.names.text(key)?.to_string();
        // A common hint joins nothing, however few of its holders are looked at here.
        if !all
            && stave_model::key_strength(&text) == stave_model::KeyStrength::Hint
            && column(connection, "SELECT ref FROM ref_key WHERE key = ?1 LIMIT 17", key)?.len() > 16
        {
            continue;
        }
        holders.sort_unstable();
        input.keys.push(cluster::Key { text, holders });
    }
    input.keys.sort_unstable_by(|a, b| a.text.cmp(&b.text));
    let same_as = live.names.intern("same_as")?;
    machine_joins(live, same_as, affected, all, &place, &mut input)?;
    word_joins(live, same_as, affected, all, &place, &mut input)?;
    called(live, same_as, &mut parts, &mut input)?;
    Ok((input, order))
}

fn machine_joins(
    live: &Live<'_, '_>,
    same_as: Sym,
    affected: &BTreeSet<Sym>,
    all: bool,
    place: &FxHashMap<Sym, u32>,
    input: &mut Input,
) -> Result<()> {
    let mut take = |of: Sym, to: Sym, basis: i64, author: Sym| -> Result<()> {
        if let (Some(a), Some(b)) = (place.get(&of), place.get(&to))
            && a != b
        {
            let reason = format!("same_as {}", live.names.text(author)?);
            input.joins.push(Join { rank: if basis == 1 { 1 } else { 2 }, a: *a, b: *b, reason });
        }
        Ok(())
    };
    const ROWS: &str = "SELECT c.of, c.\"to\", c.basis, s.author FROM claim c JOIN slot s ON s.id = c.slot WHERE c.type = ?1 AND c.neg = 0";
    let get = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    if all {
        let mut rows = live.connection.prepare(ROWS)?;
        for row in rows.query_map([same_as], get)? {
            let (of, to, basis, author) = row?;
            take(of, to, basis, author)?;
        }
        return Ok(());
    }
    for reference in affected {
        let mut rows = live.connection.prepare_cached(&format!("{ROWS} AND c.of = ?2"))?;
        for row in rows.query_map([same_as, *reference], get)? {
            let (of, to, basis, author) = row?;
            take(of, to, basis, author)?;
        }
    }
    Ok(())
}

/// All undisputed joins that tell of names, for they bar nothing in any container of their repository.
fn called(live: &Live<'_, '_>, same_as: Sym, parts: &mut Parts, input: &mut Input) -> Result<()> {
    let mut pairs: BTreeMap<(Sym, Sym), bool> = BTreeMap::new();
    let mut rows = live.connection.prepare_cached(
        "SELECT min(place_of, place_to), max(place_of, place_to), neg FROM word
         WHERE placed = 1 AND standing = 1 AND type = ?1",
    )?;
    let mut rows = rows.query([same_as])?;
    while let Some(row) = rows.next()? {
        *pairs.entry((row.get(0)?, row.get(1)?)).or_default() |= row.get::<_, bool>(2)?;
    }
    for ((a, b), denied) in pairs {
        if !denied {
            let pair = (parts.take(&live.names.text(a)?), parts.take(&live.names.text(b)?));
            input.called.extend(cluster::tells_of_names(&pair.0, &pair.1).then_some(pair));
        }
    }
    Ok(())
}

type Pair<'w> = (Vec<(i64, &'w stave_model::Claim)>, Vec<(i64, &'w stave_model::Claim)>);

fn word_joins(
    live: &Live<'_, '_>,
    same_as: Sym,
    affected: &BTreeSet<Sym>,
    all: bool,
    place: &FxHashMap<Sym, u32>,
    input: &mut Input,
) -> Result<()> {
    const ROWS: &str =
        "SELECT n, place_of, place_to FROM word WHERE placed = 1 AND standing = 1 AND type = ?1";
    let mut placed: BTreeMap<i64, (Sym, Sym)> = BTreeMap::new();
    let get = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    if all {
        let mut rows = live.connection.prepare(ROWS)?;
        for row in rows.query_map([same_as], get)? {
            let (number, of, to) = row?;
            placed.insert(number, (of, to));
        }
    } else {
        for reference in affected {
            let mut rows = live.connection.prepare_cached(&format!("{ROWS} AND place_of = ?2"))?;
            for row in rows.query_map([same_as, *reference], get)? {
                let (number, of, to) = row?;
                placed.insert(number, (of, to));
            }
        }
    }
    let mut words = Vec::new();
    for (number, (of, to)) in placed {
        if let (Some(a), Some(b), Some((claim, _))) =
            (place.get(&of), place.get(&to), words::word(live.connection, number)?)
        {
            words.push((number, *a.min(b), *a.max(b), claim));
        }
    }
    let mut pairs: BTreeMap<(u32, u32), Pair<'_>> = BTreeMap::new();
    for (number, a, b, claim) in &words {
        if a == b {
            continue;
        }
        let entry = pairs.entry((*a, *b)).or_default();
        if claim.not { &mut entry.1 } else { &mut entry.0 }.push((*number, claim));
    }
    for ((a, b), (joins, denials)) in pairs {
        if denials.is_empty() {
            for (number, _) in joins {
                let id: Vec<u8> = live
                    .connection
                    .prepare_cached("SELECT id FROM stmt WHERE n = ?1")?
                    .query_row([number], |row| row.get(0))?;
                input.joins.push(Join { rank: 0, a, b, reason: format!("stated {}", words::hex(&id)) });
            }
        } else {
            let against = denials.iter().flat_map(|(_, claim)| claim.against.iter().copied()).collect();
            input.apart.push(Apart { a, b, disputed: !joins.is_empty(), against });
        }
    }
    Ok(())
}
