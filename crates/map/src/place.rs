//! People's words find their place on the map (docs/ledger.md section 4).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use stave_model::{Claim, KeyStrength, Mode, Target, claim_type, key_strength};

use crate::cluster;
use crate::error::Result;
use crate::live::{Live, Touched, own_keys};
use crate::names::{LISTED, Numbers, Sym};
use crate::raw::basis_number;

/// A word's references after repositories that are one, with what they can be found again by.
pub(crate) struct Sides {
    pub(crate) of: Side,
    pub(crate) to: Option<Side>,
    pub(crate) members: Vec<Side>,
}

/// One reference of a word.
pub(crate) struct Side {
    pub(crate) reference: String,
    /// The keys that the word gives it, its own ones among them.
    pub(crate) keys: BTreeSet<String>,
}

/// Whether a word of this type has a place on the map at all.
pub(crate) fn has_place(kind: &str) -> bool {
    claim_type(kind).is_some_and(|known| !matches!(known.mode, Mode::Word | Mode::Record))
}

pub(crate) fn sides(live: &Live<'_, '_>, claim: &Claim) -> Sides {
    let side = |text: &str| {
        let reference = live.aliases.reference(text).into_owned();
        let mut keys: BTreeSet<String> = own_keys(&reference).into_iter().collect();
        for (of, given) in &claim.keys {
            if of.as_str() == text {
                keys.extend(given.iter().map(|key| live.aliases.key(key.as_str()).into_owned()));
            }
        }
        Side { reference, keys }
    };
    let mode = claim_type(&claim.kind).map(|known| known.mode);
    let to = match (&claim.to, mode) {
        (Some(to), Some(Mode::Add(Target::Reference) | Mode::Join)) => Some(side(to)),
        _ => None,
    };
    let members = match (&claim.value, mode) {
        (Some(Value::Array(items)), Some(Mode::Over)) => {
            items.iter().filter_map(Value::as_str).map(side).collect()
        }
        _ => Vec::new(),
    };
    Sides { of: side(claim.of.as_str()), to, members }
}

/// The references that a standing word makes live.
pub(crate) fn revived(claim: &Claim, sides: &Sides) -> BTreeSet<String> {
    let mut revived = BTreeSet::new();
    let all = std::iter::once(&sides.of).chain(&sides.to).chain(&sides.members);
    for side in all {
        if side.reference.starts_with("said:") || side.reference.starts_with("person:") {
            revived.insert(side.reference.clone());
        }
    }
    if claim.kind == "exists" && !claim.not {
        revived.insert(sides.of.reference.clone());
    }
    revived
}

/// Counts or uncounts what a word makes live, and what it can be found again by.
pub(crate) fn stand(live: &mut Live<'_, '_>, number: i64, claim: &Claim, stands: bool) -> Result<()> {
    let by = if stands { 1 } else { -1 };
    live.claims += by;
    if claim_type(&claim.kind).is_none() {
        live.unknown += by;
    }
    if !has_place(&claim.kind) {
        return Ok(());
    }
    let sides = sides(live, claim);
    for reference in revived(claim, &sides) {
        let reference = live.names.intern(&reference)?;
        live.mention(reference, by);
    }
    if !stands {
        live.connection.prepare_cached("DELETE FROM word_key WHERE n = ?1")?.execute([number])?;
        return Ok(());
    }
    for side in std::iter::once(&sides.of).chain(&sides.to).chain(&sides.members) {
        for text in std::iter::once(&side.reference).chain(&side.keys) {
            let sym = live.names.intern(text)?;
            live.connection
                .prepare_cached("INSERT OR IGNORE INTO word_key VALUES(?1, ?2)")?
                .execute([sym, number])?;
        }
    }
    Ok(())
}

/// The standing words that could find another place, where these references or keys came, went or changed hands.
pub(crate) fn words_at(
    connection: &Connection,
    syms: &BTreeSet<Sym>,
    words: &mut BTreeSet<i64>,
) -> Result<()> {
    words_of(connection, "SELECT n FROM word_key WHERE sym IN", syms, words)
}

/// The same, where only the entities of these references and keys may be others: a word at its own reference stays there.
pub(crate) fn words_adrift(
    connection: &Connection,
    syms: &BTreeSet<Sym>,
    words: &mut BTreeSet<i64>,
) -> Result<()> {
    const ADRIFT: &str =
        "SELECT w.n FROM word_key k JOIN word w ON w.n = k.n WHERE w.anchored = 0 AND k.sym IN";
    words_of(connection, ADRIFT, syms, words)
}

fn words_of(
    connection: &Connection,
    sql: &str,
    syms: &BTreeSet<Sym>,
    words: &mut BTreeSet<i64>,
) -> Result<()> {
    let mut rows = connection.prepare_cached(&format!("{sql} {LISTED}"))?;
    for number in rows.query_map([Numbers::new(syms)], |row| row.get(0))? {
        words.insert(number?);
    }
    Ok(())
}

pub(crate) fn is_live(connection: &Connection, reference: Sym) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM ref WHERE id = ?1")?
        .query_row([reference], |_| Ok(()))
        .optional()?
        .is_some())
}

fn holders(connection: &Connection, key: Sym, most: i64) -> Result<Vec<Sym>> {
    let mut rows =
        connection.prepare_cached("SELECT ref FROM ref_key WHERE key = ?1 ORDER BY ref LIMIT ?2")?;
    Ok(rows.query_map([key, most], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The live references that a key votes for.
fn voted(live: &Live<'_, '_>, key: &str) -> Result<Vec<Sym>> {
    let Some(sym) = live.names.get(key)? else { return Ok(Vec::new()) };
    match key_strength(key) {
        KeyStrength::Strong => holders(live.connection, sym, i64::MAX),
        KeyStrength::Anchor => {
            let holders = holders(live.connection, sym, 2)?;
            Ok(if holders.len() == 1 { holders } else { Vec::new() })
        }
        KeyStrength::Hint => Ok(Vec::new()),
    }
}

fn live_sym(live: &Live<'_, '_>, reference: &str) -> Result<Option<Sym>> {
    match live.names.get(reference)? {
        Some(sym) if is_live(live.connection, sym)? => Ok(Some(sym)),
        _ => Ok(None),
    }
}

/// Places one side of `same_as`: on a reference, before there are entities.
fn place_reference(live: &Live<'_, '_>, side: &Side, other: &Side) -> Result<Option<Sym>> {
    if let Some(sym) = live_sym(live, &side.reference)? {
        return Ok(Some(sym));
    }
    let mut votes: BTreeMap<Sym, u32> = BTreeMap::new();
    for key in side.keys.difference(&other.keys) {
        for holder in voted(live, key)? {
            *votes.entry(holder).or_default() += 1;
        }
    }
    let mut best: Option<(u32, Sym, std::rc::Rc<str>)> = None;
    for (reference, count) in votes {
        let text = live.names.text(reference)?;
        let better = best
            .as_ref()
            .is_none_or(|(most, _, smallest)| count > *most || (count == *most && text < *smallest));
        if better {
            best = Some((count, reference, text));
        }
    }
    Ok(best.map(|(_, reference, _)| reference))
}

/// Places one reference of another word: on an entity.
fn place_entity(live: &Live<'_, '_>, side: &Side, anchored: &mut bool) -> Result<Option<Sym>> {
    if let Some(sym) = live_sym(live, &side.reference)? {
        return Ok(Some(sym));
    }
    *anchored = false;
    let mut votes: BTreeMap<Sym, u32> = BTreeMap::new();
    for key in &side.keys {
        let mut entities: BTreeSet<Sym> = BTreeSet::new();
        for holder in voted(live, key)? {
            let entity: Option<Sym> = live
                .connection
                .prepare_cached("SELECT entity FROM ref WHERE id = ?1")?
                .query_row([holder], |row| row.get(0))?;
            entities.extend(entity);
        }
        for entity in entities {
            *votes.entry(entity).or_default() += 1;
        }
    }
    let most = votes.values().copied().max();
    let mut winners = votes.into_iter().filter(|(_, count)| Some(*count) == most).map(|(entity, _)| entity);
    Ok(match (winners.next(), winners.next()) {
        (Some(winner), None) => Some(winner),
        _ => None,
    })
}

/// The pair of references that a `same_as` word lies on.
pub(crate) type Ends = Option<(Sym, Sym)>;

/// Places a `same_as` word; tells the pair that it lay on before and the one that it lies on now.
pub(crate) fn place_join(
    live: &Live<'_, '_>,
    number: i64,
    claim: &Claim,
    stands: bool,
) -> Result<(Ends, Ends)> {
    let before = match unplace(live.connection, number)?.as_slice() {
        [of, at] => Some((*of, *at)),
        _ => None,
    };
    let sides = sides(live, claim);
    let (true, Some(to)) = (stands, &sides.to) else { return Ok((before, None)) };
    let of = place_reference(live, &sides.of, to)?;
    let at = place_reference(live, to, &sides.of)?;
    if let (Some(of), Some(at)) = (of, at) {
        let called = cluster::are_names(&live.names.text(of)?, &live.names.text(at)?);
        live.connection
            .prepare_cached(
                "UPDATE word SET placed = 1, anchored = 1, place_of = ?2, place_to = ?3, called = ?4 WHERE n = ?1",
            )?
            .execute(params![number, of, at, called])?;
        return Ok((before, Some((of, at))));
    }
    // A word that makes two repositories one has done so before; it joins nothing more.
    if sides.of.reference != to.reference {
        without_place(live, number, &sides)?;
    }
    Ok((before, None))
}

/// Places any other word: as a claim of slot 0. Tells the references whose facts it changed.
pub(crate) fn place_word(
    live: &Live<'_, '_>,
    number: i64,
    claim: &Claim,
    stands: bool,
    touched: &mut Touched,
) -> Result<()> {
    let connection = live.connection;
    for before in unplace(connection, number)? {
        touched.facts.insert(before);
    }
    if !stands {
        return Ok(());
    }
    let sides = sides(live, claim);
    let mut anchored = true;
    let of = place_entity(live, &sides.of, &mut anchored)?;
    let to = match &sides.to {
        Some(side) => place_entity(live, side, &mut anchored)?,
        None => None,
    };
    let mut members = Vec::new();
    for side in &sides.members {
        members.extend(place_entity(live, side, &mut anchored)?);
    }
    let (Some(of), true, true) =
        (of, to.is_some() == sides.to.is_some(), members.len() == sides.members.len())
    else {
        return without_place(live, number, &sides);
    };
    let to = match (&claim.to, to) {
        (Some(text), None) => Some(live.names.intern(text)?),
        (_, to) => to,
    };
    let text = |value: &Option<Value>| {
        value.as_ref().map(|value| String::from_utf8_lossy(&stave_model::canonical(value)).into_owned())
    };
    let list = |empty: bool, json: Result<String, serde_json::Error>| if empty { None } else { json.ok() };
    connection
        .prepare_cached(
            "INSERT INTO claim(slot, stmt, type, of, \"to\", value, neg, basis, env, evidence, hash)
             VALUES(0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
        )?
        .execute(params![
            number,
            live.names.intern(&claim.kind)?,
            of,
            to,
            text(&claim.value),
            claim.not,
            basis_number(claim.basis),
            list(claim.env.is_empty(), serde_json::to_string(&claim.env)),
            list(claim.evidence.is_empty(), serde_json::to_string(&claim.evidence)),
        ])?;
    let row = connection.last_insert_rowid();
    for member in members {
        connection
            .prepare_cached("INSERT OR IGNORE INTO value_ref VALUES(?1, ?2)")?
            .execute([row, member])?;
    }
    connection
        .prepare_cached(
            "UPDATE word SET placed = 1, anchored = ?4, place_of = ?2, place_to = ?3 WHERE n = ?1",
        )?
        .execute(params![number, of, if sides.to.is_some() { to } else { None }, anchored])?;
    touched.facts.insert(of);
    Ok(())
}

/// Takes a word from its place; where it was.
fn unplace(connection: &Connection, number: i64) -> Result<Vec<Sym>> {
    let (placed, of, to): (bool, Option<Sym>, Option<Sym>) = connection
        .prepare_cached("SELECT placed, place_of, place_to FROM word WHERE n = ?1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    connection
        .prepare_cached("DELETE FROM question WHERE owner = ?1 AND kind = 'without_place'")?
        .execute([-number])?;
    if !placed {
        return Ok(Vec::new());
    }
    connection
        .prepare_cached(
            "DELETE FROM value_ref WHERE claim IN (SELECT id FROM claim WHERE slot = 0 AND stmt = ?1)",
        )?
        .execute([number])?;
    connection.prepare_cached("DELETE FROM claim WHERE slot = 0 AND stmt = ?1")?.execute([number])?;
    connection
        .prepare_cached("UPDATE word SET placed = 0, anchored = 0, called = 0, place_of = NULL, place_to = NULL WHERE n = ?1")?
        .execute([number])?;
    Ok(of.into_iter().chain(to).collect())
}

fn without_place(live: &Live<'_, '_>, number: i64, _sides: &Sides) -> Result<()> {
    let id: Vec<u8> = live
        .connection
        .prepare_cached("SELECT id FROM stmt WHERE n = ?1")?
        .query_row([number], |row| row.get(0))?;
    crate::question::Draft::new("without_place", vec![crate::words::hex(&id)]).write(live.connection, -number)
}
