//! Which references could be of another cluster now, and what the clusterer is given of them. All that is asked about
//! them is asked for many at once: a cluster of hundreds changes with each member that comes or goes.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, ToSql};
use rustc_hash::{FxHashMap, FxHashSet};
use stave_model::{KeyStrength, key_strength};

use crate::cluster::{self, Apart, Input, Join, Parts};
use crate::error::Result;
use crate::live::{Live, Touched};
use crate::names::{LISTED, Numbers, Sym};
use crate::question::Draft;
use crate::words;

/// References that are clustered anew, and what was read of them.
#[derive(Default)]
pub(crate) struct Looked {
    pub(crate) refs: BTreeSet<Sym>,
    /// (reference, key), where not all references are looked at.
    pub(crate) keys: Vec<(Sym, Sym)>,
    /// The entity that each was of.
    entities: FxHashMap<Sym, Option<Sym>>,
}

impl Looked {
    /// These references and no others.
    pub(crate) fn at(connection: &Connection, refs: BTreeSet<Sym>) -> Result<Looked> {
        let keys = keys_of(connection, &Numbers::new(&refs))?;
        Ok(Looked { refs, keys, entities: FxHashMap::default() })
    }
}

fn keys_of(connection: &Connection, refs: &Numbers) -> Result<Vec<(Sym, Sym)>> {
    let mut rows =
        connection.prepare_cached(&format!("SELECT ref, key FROM ref_key WHERE ref IN {LISTED}"))?;
    Ok(rows.query_map([refs], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn column(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Sym>> {
    let mut rows = connection.prepare_cached(sql)?;
    Ok(rows.query_map(parameters, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// A hint with more holders joins nothing.
const MOST_HOLDERS: usize = 16;

fn hint_holders(connection: &Connection, key: Sym) -> Result<Option<Vec<Sym>>> {
    let holders = column(connection, "SELECT ref FROM ref_key WHERE key = ?1 LIMIT 17", &[&key])?;
    Ok((holders.len() <= MOST_HOLDERS).then_some(holders))
}

/// All references whose cluster could be another now: connected by candidates, old entities and kept-apart pairs.
fn affected(live: &Live<'_, '_>, touched: &Touched) -> Result<Looked> {
    let connection = live.connection;
    let holders = format!("SELECT ref FROM ref_key WHERE key IN {LISTED}");
    let members = format!("SELECT id FROM ref WHERE entity IN {LISTED}");
    let mut looked = Looked::default();
    if touched.all {
        looked.refs = column(connection, "SELECT id FROM ref", &[])?.into_iter().collect();
        return Ok(looked);
    }
    let same_as = live.names.intern("same_as")?;
    // The `+` keeps SQLite from going through all words of the type.
    let joined = [
        format!("SELECT \"to\" FROM claim WHERE of IN {LISTED} AND +type = ?2"),
        format!("SELECT of FROM claim WHERE \"to\" IN {LISTED} AND +type = ?2"),
        format!(
            "SELECT place_to FROM word WHERE place_of IN {LISTED} AND +type = ?2 AND placed = 1
             AND place_to IS NOT NULL"
        ),
        format!(
            "SELECT place_of FROM word WHERE place_to IN {LISTED} AND +type = ?2 AND placed = 1
             AND place_to IS NOT NULL"
        ),
    ];
    let mut next: BTreeSet<Sym> = touched.refs.clone();
    next.extend(column(connection, &holders, &[&Numbers::new(&touched.keys)])?);
    next.extend(column(connection, &members, &[&Numbers::new(&touched.entities)])?);
    let (mut seen_keys, mut seen_entities) = (FxHashSet::default(), FxHashSet::default());
    while !next.is_empty() {
        // Dead references have no cluster.
        let mut here: BTreeSet<Sym> = BTreeSet::new();
        let mut entities: BTreeSet<Sym> = BTreeSet::new();
        let mut rows =
            connection.prepare_cached(&format!("SELECT id, entity FROM ref WHERE id IN {LISTED}"))?;
        let mut rows = rows.query([Numbers::new(&next)])?;
        while let Some(row) = rows.next()? {
            let (reference, entity): (Sym, Option<Sym>) = (row.get(0)?, row.get(1)?);
            here.insert(reference);
            looked.entities.insert(reference, entity);
            entities.extend(entity.filter(|entity| seen_entities.insert(*entity)));
        }
        looked.refs.extend(&here);
        let here = Numbers::new(&here);
        next.clear();
        next.extend(column(connection, &members, &[&Numbers::new(&entities)])?);
        let keys = keys_of(connection, &here)?;
        let fresh: BTreeSet<Sym> =
            keys.iter().map(|(_, key)| *key).filter(|key| seen_keys.insert(*key)).collect();
        looked.keys.extend(keys);
        live.names.load(&Numbers::new(&fresh))?;
        let mut strong: Vec<Sym> = Vec::new();
        for key in fresh {
            match key_strength(&live.names.text(key)?) {
                KeyStrength::Strong => strong.push(key),
                KeyStrength::Hint => next.extend(hint_holders(connection, key)?.into_iter().flatten()),
                KeyStrength::Anchor => {}
            }
        }
        next.extend(column(connection, &holders, &[&Numbers::new(&strong)])?);
        for sql in &joined {
            next.extend(column(connection, sql, &[&here, &same_as])?);
        }
        next.retain(|reference| !looked.refs.contains(reference));
    }
    Ok(looked)
}

/// Clusters what is affected anew; the references that were looked at.
pub(crate) fn recluster(live: &Live<'_, '_>, touched: &mut Touched) -> Result<Looked> {
    let connection = live.connection;
    let looked = affected(live, touched)?;
    if !touched.all {
        let owners: Vec<Sym> =
            looked.refs.iter().chain(&touched.refs).map(|reference| reference * 2 + 1).collect();
        connection
            .prepare_cached(&format!("DELETE FROM question WHERE owner IN {LISTED}"))?
            .execute([Numbers::new(&owners)])?;
    }
    let (input, order) = input(live, &looked, touched.all)?;
    let output = cluster::cluster(&input);
    let text = |place: u32| live.names.text(order[place as usize]);
    for (place, reference) in order.iter().enumerate() {
        let entity = order[output.smallest[place] as usize];
        let before = looked.entities.get(reference).copied().flatten();
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
    Ok(looked)
}

/// The clusterer's input for a set of references, and their numbers in its order.
pub(crate) fn input(live: &Live<'_, '_>, looked: &Looked, all: bool) -> Result<(Input, Vec<Sym>)> {
    let connection = live.connection;
    if !all {
        live.names.load(&Numbers::new(&looked.refs))?;
    }
    let mut named: Vec<(std::rc::Rc<str>, Sym)> = Vec::with_capacity(looked.refs.len());
    for reference in &looked.refs {
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
        for (reference, key) in &looked.keys {
            hold(*reference, *key);
        }
    }
    for (key, mut holders) in holders {
        if holders.len() < 2 {
            continue;
        }
        let text = live.names.text(key)?.to_string();
        // A common hint joins nothing, however few of its holders are looked at here.
        if !all && key_strength(&text) == KeyStrength::Hint && hint_holders(connection, key)?.is_none() {
            continue;
        }
        holders.sort_unstable();
        input.keys.push(cluster::Key { text, holders });
    }
    input.keys.sort_unstable_by(|a, b| a.text.cmp(&b.text));
    let same_as = live.names.intern("same_as")?;
    let of = (!all).then(|| Numbers::new(&looked.refs));
    machine_joins(live, same_as, of.as_ref(), &place, &mut input)?;
    word_joins(live, same_as, of.as_ref(), &place, &mut input)?;
    called(live, &mut parts, &mut input)?;
    Ok((input, order))
}

fn machine_joins(
    live: &Live<'_, '_>,
    same_as: Sym,
    of: Option<&Numbers>,
    place: &FxHashMap<Sym, u32>,
    input: &mut Input,
) -> Result<()> {
    const ROWS: &str = "SELECT c.of, c.\"to\", c.basis, s.author FROM claim c JOIN slot s ON s.id = c.slot";
    let get = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let mut found: Vec<(Sym, Sym, i64, Sym)> = Vec::new();
    match of {
        None => {
            let mut rows = live.connection.prepare(&format!("{ROWS} WHERE c.type = ?1 AND c.neg = 0"))?;
            for row in rows.query_map([same_as], get)? {
                found.push(row?);
            }
        }
        Some(of) => {
            let mut rows = live
                .connection
                .prepare_cached(&format!("{ROWS} WHERE c.of IN {LISTED} AND c.type = ?2 AND c.neg = 0"))?;
            for row in rows.query_map(rusqlite::params![of, same_as], get)? {
                found.push(row?);
            }
        }
    }
    for (of, to, basis, author) in found {
        if let (Some(a), Some(b)) = (place.get(&of), place.get(&to))
            && a != b
        {
            let reason = format!("same_as {}", live.names.text(author)?);
            input.joins.push(Join { rank: if basis == 1 { 1 } else { 2 }, a: *a, b: *b, reason });
        }
    }
    Ok(())
}

/// All undisputed joins that tell of names, for they bar nothing in any container of their repository.
fn called(live: &Live<'_, '_>, parts: &mut Parts, input: &mut Input) -> Result<()> {
    let mut pairs: BTreeMap<(Sym, Sym), bool> = BTreeMap::new();
    let mut rows = live.connection.prepare_cached(
        "SELECT min(place_of, place_to), max(place_of, place_to), neg FROM word WHERE called = 1 AND standing = 1",
    )?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        *pairs.entry((row.get(0)?, row.get(1)?)).or_default() |= row.get::<_, bool>(2)?;
    }
    for ((a, b), denied) in pairs {
        if !denied {
            input.called.push((parts.take(&live.names.text(a)?), parts.take(&live.names.text(b)?)));
        }
    }
    Ok(())
}

type Pair<'w> = (Vec<(i64, &'w stave_model::Claim)>, Vec<(i64, &'w stave_model::Claim)>);

fn word_joins(
    live: &Live<'_, '_>,
    same_as: Sym,
    of: Option<&Numbers>,
    place: &FxHashMap<Sym, u32>,
    input: &mut Input,
) -> Result<()> {
    const ROWS: &str = "SELECT n, place_of, place_to FROM word WHERE placed = 1 AND standing = 1";
    let get = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)));
    let placed: BTreeMap<i64, (Sym, Sym)> = match of {
        None => {
            let mut rows = live.connection.prepare(&format!("{ROWS} AND type = ?1"))?;
            rows.query_map([same_as], get)?.collect::<rusqlite::Result<_>>()?
        }
        Some(of) => {
            let mut rows =
                live.connection.prepare_cached(&format!("{ROWS} AND place_of IN {LISTED} AND +type = ?2"))?;
            rows.query_map(rusqlite::params![of, same_as], get)?.collect::<rusqlite::Result<_>>()?
        }
    };
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
