//! Which statements count at all: cut-off, withdrawals, and which of people's words stand
//! (docs/ledger.md section 3, steps 1 to 4). Works on headers and words; no claim of a machine is read here.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};
use stave_ledger::{Entry, Ledger};
use stave_model::{Claim, Time};

use crate::alias::{Aliases, is_repository};
use crate::error::{MapError, Result};
use crate::names::Names;

/// What changed among statements: the start of every later step.
#[derive(Default)]
pub(crate) struct Changed {
    /// Machines' statements that came, were withdrawn, stood up again, or became due.
    pub(crate) machines: BTreeSet<i64>,
    /// Words that came to stand or fell.
    pub(crate) words: BTreeSet<i64>,
}

/// What stands in the place of a person's word that was redacted: a word of which the map makes nothing.
const NOTHING: &str = r#"{"basis":"stated","of":"claim:-","type":"redacted"}"#;

/// Takes in one statement's header (and a person's one claim).
pub(crate) fn take_in(
    connection: &Connection,
    names: &Names<'_>,
    ledger: &dyn Ledger,
    entry: &Entry,
    now: Option<Time>,
    changed: &mut Changed,
) -> Result<()> {
    let header = &entry.header;
    let number = number_of(entry.number);
    let person = header.author.is_person();
    let due = person || now.is_none_or(|now| header.time <= now);
    let unread = if header.unread.is_empty() { None } else { serde_json::to_string(&header.unread).ok() };
    connection
        .prepare_cached(
            "INSERT INTO stmt(n, id, author, scope, person, time, at, rules, op, source_id, unread, claims, due)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            number,
            entry.id.0.as_slice(),
            names.intern(header.author.as_str())?,
            names.intern(header.scope.as_str())?,
            person,
            header.time.millis(),
            header.source_at().millis(),
            header.rules,
            header.op.0.as_slice(),
            header.source.id,
            unread,
            number_of(entry.claim_count),
            due,
        ])?;
    if !person {
        if due {
            changed.machines.insert(number);
        }
        return Ok(());
    }
    let mut body = None;
    ledger.raw_claims(entry.number, &mut |bytes| {
        body = Some(String::from_utf8_lossy(bytes).into_owned());
        Ok(())
    })?;
    let broken = |cause: String| MapError::Statement { number: entry.number, cause };
    // A redacted word says nothing any more; what it replaced stays replaced.
    let body = body.unwrap_or_else(|| NOTHING.to_owned());
    let claim: Claim = serde_json::from_str(&body).map_err(|error| broken(error.to_string()))?;
    let repositories = claim.kind == "same_as"
        && is_repository(claim.of.as_str())
        && claim.to.as_deref().is_some_and(is_repository);
    connection
        .prepare_cached("INSERT INTO word(n, type, neg, body, repositories) VALUES(?1, ?2, ?3, ?4, ?5)")?
        .execute(params![number, names.intern(&claim.kind)?, claim.not, body, repositories])?;
    for target in &header.replaces {
        connection
            .prepare_cached("INSERT OR IGNORE INTO replaces VALUES(?1, ?2)")?
            .execute(params![target.0.as_slice(), number])?;
    }
    if claim.kind == "withdrawn" {
        connection
            .prepare_cached("INSERT INTO withdraw VALUES(?1, ?2)")?
            .execute(params![number, claim.of.as_str()])?;
    }
    changed.words.insert(number);
    Ok(())
}

// Each is one look into the index over (person, due, time), however many statements there are.
const COME_DUE: &str = "SELECT n FROM stmt WHERE person = 0 AND due = 0 AND time <= ?1";
const NOT_YET_DUE: &str = "SELECT n FROM stmt WHERE person = 0 AND due = 1 AND time > ?1";

/// Whether [`due`] would change anything.
pub(crate) fn any_due(connection: &Connection, now: Time) -> Result<bool> {
    Ok(connection
        .prepare_cached(&format!("SELECT EXISTS({COME_DUE}) OR EXISTS({NOT_YET_DUE})"))?
        .query_row([now.millis()], |row| row.get(0))?)
}

/// Machines' statements whose stamp the clock has passed since (or that it went back behind).
pub(crate) fn due(connection: &Connection, now: Time, changed: &mut Changed) -> Result<()> {
    let mut rows = connection.prepare_cached(&format!("{COME_DUE} UNION ALL {NOT_YET_DUE}"))?;
    let numbers: Vec<i64> =
        rows.query_map([now.millis()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for number in numbers {
        connection.prepare_cached("UPDATE stmt SET due = 1 - due WHERE n = ?1")?.execute([number])?;
        changed.machines.insert(number);
    }
    Ok(())
}

/// Recomputes what is withdrawn. Withdrawals are few; all of them are looked at whenever one came.
pub(crate) fn withdrawals(connection: &Connection, changed: &mut Changed) -> Result<()> {
    let fresh: Vec<i64> = changed.machines.iter().chain(&changed.words).copied().collect();
    let all = load_withdrawals(connection)?;
    if all.is_empty() {
        return Ok(());
    }
    let counting = counting(&all);
    let mut by_target: HashMap<&str, Vec<i64>> = HashMap::new();
    for (withdrawal, counts) in all.iter().zip(&counting) {
        if *counts {
            by_target.entry(&withdrawal.target).or_default().push(withdrawal.number);
        }
    }
    let mut candidates: BTreeSet<i64> = fresh.into_iter().collect();
    for withdrawal in &all {
        candidates.extend(targets(connection, &withdrawal.target)?);
    }
    for number in candidates {
        let (id, op, was, person, due): (Vec<u8>, Vec<u8>, bool, bool, bool) = connection
            .prepare_cached("SELECT id, op, withdrawn, person, due FROM stmt WHERE n = ?1")?
            .query_row([number], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
        let names = [format!("op:{}", hex(&op)), format!("statement:{}", hex(&id))];
        let is = names.iter().any(|name| {
            by_target.get(name.as_str()).is_some_and(|by| by.iter().any(|other| *other != number))
        });
        if is == was {
            continue;
        }
        connection
            .prepare_cached("UPDATE stmt SET withdrawn = ?2 WHERE n = ?1")?
            .execute(params![number, is])?;
        if person {
            changed.words.insert(number);
        } else if due {
            changed.machines.insert(number);
        }
    }
    Ok(())
}

struct Withdrawal {
    number: i64,
    target: String,
    names: [String; 2],
}

fn load_withdrawals(connection: &Connection) -> Result<Vec<Withdrawal>> {
    let mut rows = connection
        .prepare_cached("SELECT w.n, w.target, s.id, s.op FROM withdraw w JOIN stmt s ON s.n = w.n")?;
    let rows = rows.query_map([], |row| {
        let (id, op): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(3)?);
        Ok(Withdrawal {
            number: row.get(0)?,
            target: row.get(1)?,
            names: [format!("op:{}", hex(&op)), format!("statement:{}", hex(&id))],
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The grounded reading: a withdrawal counts once all that target it are known not to; a circle decides nothing.
fn counting(all: &[Withdrawal]) -> Vec<bool> {
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, withdrawal) in all.iter().enumerate() {
        for name in &withdrawal.names {
            by_name.entry(name).or_default().push(index);
        }
    }
    let mut attackers: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (index, withdrawal) in all.iter().enumerate() {
        for target in by_name.get(withdrawal.target.as_str()).into_iter().flatten() {
            if *target != index {
                attackers[*target].push(index);
            }
        }
    }
    let mut decided: Vec<Option<bool>> = vec![None; all.len()];
    loop {
        let mut moved = false;
        for index in 0..all.len() {
            if decided[index].is_some() {
                continue;
            }
            let verdict = if attackers[index].iter().any(|other| decided[*other] == Some(true)) {
                Some(false)
            } else if attackers[index].iter().all(|other| decided[*other] == Some(false)) {
                Some(true)
            } else {
                None
            };
            moved |= verdict.is_some();
            decided[index] = verdict;
        }
        if !moved {
            return decided.into_iter().map(|verdict| verdict == Some(true)).collect();
        }
    }
}

fn targets(connection: &Connection, target: &str) -> Result<Vec<i64>> {
    let (column, digits) = match target.split_once(':') {
        Some(("op", digits)) => ("op", digits),
        Some(("statement", digits)) => ("id", digits),
        _ => return Ok(Vec::new()),
    };
    let Some(bytes) = unhex(digits) else { return Ok(Vec::new()) };
    let mut rows = connection.prepare_cached(&format!("SELECT n FROM stmt WHERE {column} = ?1"))?;
    Ok(rows.query_map([bytes], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Recomputes which words stand, from those that came or changed; leaves in `changed.words` those whose standing moved.
pub(crate) fn standing(connection: &Connection, changed: &mut Changed) -> Result<()> {
    let mut affected: BTreeSet<i64> = BTreeSet::new();
    let mut queue: Vec<i64> = changed.words.iter().copied().collect();
    while let Some(number) = queue.pop() {
        if !affected.insert(number) {
            continue;
        }
        let mut rows = connection.prepare_cached(
            "SELECT s.n, s.withdrawn FROM replaces r JOIN stmt s ON s.id = r.target WHERE r.by = ?1 AND s.person = 1",
        )?;
        for below in rows.query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (below, withdrawn): (i64, bool) = below?;
            if changed.words.contains(&below) || affected.contains(&below) {
                continue;
            }
            if withdrawn {
                queue.push(below);
            } else {
                // What it replaced does not stand, whatever is above: a fact that is corrected daily costs no more for it.
                affected.insert(below);
            }
        }
    }
    changed.words.clear();
    for number in affected {
        let stands = stands(connection, number)?;
        let was: bool = connection
            .prepare_cached("SELECT standing FROM word WHERE n = ?1")?
            .query_row([number], |row| row.get(0))?;
        if stands != was {
            connection
                .prepare_cached("UPDATE word SET standing = ?2 WHERE n = ?1")?
                .execute(params![number, stands])?;
            changed.words.insert(number);
        }
    }
    Ok(())
}

fn stands(connection: &Connection, number: i64) -> Result<bool> {
    let mut seen: HashSet<i64> = HashSet::from([number]);
    let mut queue = vec![number];
    while let Some(below) = queue.pop() {
        let (id, withdrawn): (Vec<u8>, bool) = connection
            .prepare_cached("SELECT id, withdrawn FROM stmt WHERE n = ?1")?
            .query_row([below], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if below == number {
            if withdrawn {
                return Ok(false);
            }
        } else if !withdrawn {
            return Ok(false);
        }
        let mut rows = connection.prepare_cached("SELECT by FROM replaces WHERE target = ?1")?;
        for above in rows.query_map([id], |row| row.get::<_, i64>(0))? {
            let above = above?;
            if seen.insert(above) {
                queue.push(above);
            }
        }
    }
    Ok(true)
}

/// The repositories that people call one.
pub(crate) fn aliases(connection: &Connection) -> Result<Aliases> {
    let (mut joined, mut apart) = (BTreeSet::new(), BTreeSet::new());
    let mut rows = connection
        .prepare_cached("SELECT n, body FROM word WHERE repositories = 1 AND standing = 1 ORDER BY n")?;
    for (_, claim) in parse_words(rows.query([])?)? {
        if let Some(to) = claim.to {
            if claim.not { &mut apart } else { &mut joined }.insert((claim.of.as_str().to_owned(), to));
        }
    }
    Ok(Aliases::new(&joined, &apart))
}

/// Standing words of one type with their statement's number.
pub(crate) fn standing_of_type(
    connection: &Connection,
    names: &Names<'_>,
    kind: &str,
) -> Result<Vec<(i64, Claim)>> {
    let Some(kind) = names.get(kind)? else { return Ok(Vec::new()) };
    let mut rows =
        connection.prepare_cached("SELECT n, body FROM word WHERE standing = 1 AND type = ?1 ORDER BY n")?;
    parse_words(rows.query([kind])?)
}

fn parse_words(mut rows: rusqlite::Rows<'_>) -> Result<Vec<(i64, Claim)>> {
    let mut words = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, body): (i64, String) = (row.get(0)?, row.get(1)?);
        words.push((number, parse_word(number, &body)?));
    }
    Ok(words)
}

/// The claim of a word that was taken in.
pub(crate) fn word(connection: &Connection, number: i64) -> Result<Option<(Claim, bool)>> {
    let row: Option<(String, bool)> = connection
        .prepare_cached("SELECT body, standing FROM word WHERE n = ?1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(body, standing)| Ok((parse_word(number, &body)?, standing))).transpose()
}

fn parse_word(number: i64, body: &str) -> Result<Claim> {
    serde_json::from_str(body)
        .map_err(|error| MapError::Statement { number: number.unsigned_abs(), cause: error.to_string() })
}

/// Numbers of statements and counts fit 63 bits: SQLite's integers.
pub(crate) fn number_of(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            let lower = pair.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            if lower { u8::from_str_radix(pair, 16).ok() } else { None }
        })
        .collect()
}
