//! Which machine statement holds each (author, scope), what is carried for unread paths, and which branch is shown
//! (docs/ledger.md section 3, steps 5 to 7). Writes the live claims of machines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use stave_ledger::Ledger;
use stave_model::{Mode, Scope, canonical, claim_type};

use crate::error::{MapError, Result};
use crate::live::{Live, Place, Touched};
use crate::names::Sym;
use crate::raw::{RawClaim, basis_number, short_hash};
use crate::words::{Changed, standing_of_type};

struct Slot {
    id: i64,
    author: Sym,
    repository: Option<Sym>,
    branch: Option<Sym>,
    work: bool,
    holds: Option<i64>,
    chain: String,
}

/// A statement as the order of a slot has it.
struct Candidate {
    number: i64,
    unread: Vec<String>,
}

/// Brings slots, views and machines' live claims up to date.
pub(crate) fn advance(
    ledger: &dyn Ledger,
    live: &mut Live<'_, '_>,
    changed: &Changed,
    touched: &mut Touched,
) -> Result<()> {
    let retired = retired(live)?;
    let mut slots = assign(live, changed, touched.all)?;
    let mut repositories: BTreeSet<Sym> = BTreeSet::new();
    for number in &changed.words {
        let Some((claim, _)) = crate::words::word(live.connection, *number)? else { continue };
        if claim.kind == "retired" {
            let scope = live.names.intern(&live.aliases.scope(claim.of.as_str()))?;
            slots.extend(slots_of_scope(live.connection, scope)?);
        } else if claim.kind == "default_branch" {
            repositories.insert(live.names.intern(&live.aliases.reference(claim.of.as_str()))?);
        }
    }
    let mut chains: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for id in slots {
        let chain = hold(ledger, live, id, &retired, touched, &mut repositories)?;
        chains.insert(id, chain);
    }
    let mut sync: BTreeMap<i64, bool> = BTreeMap::new();
    for id in chains.keys() {
        if slot(live.connection, *id)?.repository.is_none() {
            sync.insert(*id, true);
        }
    }
    // What a repository's uncommitted work hides can be a word about another's default branch.
    for repository in repositories.clone() {
        let mut rows = live.connection.prepare_cached(
            "SELECT DISTINCT b.repository FROM slot s JOIN branch_claim b ON b.slot = s.id WHERE s.repository = ?1",
        )?;
        for other in rows.query_map([repository], |row| row.get(0))? {
            repositories.insert(other?);
        }
    }
    for repository in repositories {
        sync.extend(view(live, repository)?);
    }
    for (id, shown) in sync {
        let chain = match chains.remove(&id) {
            Some(chain) => chain,
            None => chain_of(live.connection, id)?,
        };
        write(ledger, live, id, if shown { &chain } else { &[] }, touched)?;
    }
    Ok(())
}

/// Scopes that a standing word retires.
fn retired(live: &Live<'_, '_>) -> Result<BTreeSet<Sym>> {
    let mut scopes = BTreeSet::new();
    for (_, claim) in standing_of_type(live.connection, live.names, "retired")? {
        scopes.insert(live.names.intern(&live.aliases.scope(claim.of.as_str()))?);
    }
    Ok(scopes)
}

/// Gives new statements their slots; the slots of all changed statements.
fn assign(live: &Live<'_, '_>, changed: &Changed, all: bool) -> Result<BTreeSet<i64>> {
    let mut slots = BTreeSet::new();
    let connection = live.connection;
    let numbers: Vec<i64> = if all {
        let mut rows = connection.prepare("SELECT n FROM stmt WHERE person = 0")?;
        rows.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    } else {
        changed.machines.iter().copied().collect()
    };
    for number in numbers {
        let (author, scope, known): (Sym, Sym, Option<i64>) = connection
            .prepare_cached("SELECT author, scope, slot FROM stmt WHERE n = ?1")?
            .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if let Some(slot) = known {
            slots.insert(slot);
            continue;
        }
        let text = live.names.text(scope)?;
        let text = live.aliases.scope(&text);
        let scope = live.names.intern(&text)?;
        let found: Option<i64> = connection
            .prepare_cached("SELECT id FROM slot WHERE author = ?1 AND scope = ?2")?
            .query_row([author, scope], |row| row.get(0))
            .optional()?;
        let slot = match found {
            Some(slot) => slot,
            None => {
                let parsed: Option<Scope> = text.parse().ok();
                let branch = parsed.as_ref().and_then(Scope::branch);
                let (repository, name, work) = match branch {
                    Some((repository, name, work)) => (
                        Some(live.names.intern(&format!("repo:{repository}"))?),
                        Some(live.names.intern(name)?),
                        work,
                    ),
                    None => (None, None, false),
                };
                connection
                    .prepare_cached(
                        "INSERT INTO slot(author, scope, repository, branch, work) VALUES(?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![author, scope, repository, name, work])?;
                connection.last_insert_rowid()
            }
        };
        connection.prepare_cached("UPDATE stmt SET slot = ?2 WHERE n = ?1")?.execute([number, slot])?;
        slots.insert(slot);
    }
    Ok(slots)
}

fn slots_of_scope(connection: &Connection, scope: Sym) -> Result<Vec<i64>> {
    let mut rows = connection.prepare_cached("SELECT id FROM slot WHERE scope = ?1")?;
    Ok(rows.query_map([scope], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn slot(connection: &Connection, id: i64) -> Result<Slot> {
    Ok(connection
        .prepare_cached("SELECT author, repository, branch, work, holds, chain FROM slot WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(Slot {
                id,
                author: row.get(0)?,
                repository: row.get(1)?,
                branch: row.get(2)?,
                work: row.get(3)?,
                holds: row.get(4)?,
                chain: row.get(5)?,
            })
        })?)
}

/// The statement that holds and those that its unread paths lead down to.
fn chain_of(connection: &Connection, slot: i64) -> Result<Vec<i64>> {
    let mut rows = connection.prepare_cached(
        "SELECT n, unread FROM stmt WHERE slot = ?1 AND withdrawn = 0 AND due = 1
         ORDER BY at DESC, rules DESC, time DESC, id DESC",
    )?;
    let mut rows = rows.query([slot])?;
    let mut chain = Vec::new();
    // A statement that left the same paths unread as one above it has nothing to carry: a folder that is scanned
    // again and again from inside its repository must not grow a chain.
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let unread: Option<String> = row.get(1)?;
        let Some(unread) = unread else {
            chain.push(row.get(0)?);
            break;
        };
        if seen.insert(unread) {
            chain.push(row.get(0)?);
        }
    }
    Ok(chain)
}

fn hold(
    ledger: &dyn Ledger,
    live: &Live<'_, '_>,
    id: i64,
    retired: &BTreeSet<Sym>,
    touched: &mut Touched,
    repositories: &mut BTreeSet<Sym>,
) -> Result<Vec<i64>> {
    let connection = live.connection;
    let before = slot(connection, id)?;
    repositories.extend(before.repository);
    let scope: Sym = connection
        .prepare_cached("SELECT scope FROM slot WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    let chain = if retired.contains(&scope) { Vec::new() } else { chain_of(connection, id)? };
    let holds = chain.first().copied();
    if holds == before.holds {
        return Ok(chain);
    }
    connection.prepare_cached("UPDATE slot SET holds = ?2 WHERE id = ?1")?.execute(params![id, holds])?;
    if before.holds.is_some() {
        newer_source(live, id, touched)?;
    }
    let mut rows =
        connection.prepare_cached("DELETE FROM branch_claim WHERE slot = ?1 RETURNING repository")?;
    for repository in rows.query_map([id], |row| row.get(0))? {
        repositories.insert(repository?);
    }
    if let Some(holds) = holds {
        branch_claims(ledger, live, id, holds, repositories)?;
    }
    Ok(chain)
}

/// A newer source date can decide between two machines that say different things: those facts are looked at again.
fn newer_source(live: &Live<'_, '_>, slot: i64, touched: &mut Touched) -> Result<()> {
    if touched.all {
        return Ok(());
    }
    let mut rows = live.connection.prepare_cached(
        "SELECT DISTINCT c.of FROM claim c JOIN ref r ON r.id = c.of JOIN ref o ON o.entity = r.entity
         JOIN claim d ON d.of = o.id AND d.type = c.type AND (d.slot <> c.slot OR d.stmt IS NOT NULL)
         WHERE c.slot = ?1 AND c.value IS NOT NULL AND c.\"to\" IS NULL",
    )?;
    for of in rows.query_map([slot], |row| row.get::<_, Sym>(0))? {
        touched.facts.insert(of?);
    }
    Ok(())
}

fn branch_claims(
    ledger: &dyn Ledger,
    live: &Live<'_, '_>,
    slot: i64,
    number: i64,
    repositories: &mut BTreeSet<Sym>,
) -> Result<()> {
    let mut found: Vec<(String, String, i64)> = Vec::new();
    let finder = memchr::memmem::Finder::new(b"\"default_branch\"");
    ledger.raw_claims(number.unsigned_abs(), &mut |bytes| {
        if finder.find(bytes).is_some()
            && let Ok(raw) = serde_json::from_slice::<RawClaim<'_>>(bytes)
            && raw.kind == "default_branch"
        {
            let value = raw.value.map_or_else(|| "null".to_owned(), |value| value.get().to_owned());
            found.push((live.aliases.reference(&raw.of).into_owned(), value, basis_number(raw.basis)));
        }
        Ok(())
    })?;
    for (repository, value, basis) in found {
        let repository = live.names.intern(&repository)?;
        repositories.insert(repository);
        live.connection
            .prepare_cached("INSERT INTO branch_claim VALUES(?1, ?2, ?3, ?4)")?
            .execute(params![slot, repository, value, basis])?;
    }
    Ok(())
}

/// A slot of a repository as the view sees it.
struct Seen {
    slot: Slot,
    at: Option<i64>,
    claims: i64,
}

fn slots_of(live: &Live<'_, '_>, repository: Sym) -> Result<Vec<Seen>> {
    let mut rows = live.connection.prepare_cached(
        "SELECT s.id, s.author, s.branch, s.work, s.holds, s.chain, t.at, t.claims FROM slot s
         LEFT JOIN stmt t ON t.n = s.holds WHERE s.repository = ?1",
    )?;
    let slots = rows.query_map([repository], |row| {
        let slot = Slot {
            id: row.get(0)?,
            author: row.get(1)?,
            repository: Some(repository),
            branch: row.get(2)?,
            work: row.get(3)?,
            holds: row.get(4)?,
            chain: row.get(5)?,
        };
        Ok(Seen { slot, at: row.get(6)?, claims: row.get::<_, Option<i64>>(7)?.unwrap_or(0) })
    })?;
    Ok(slots.collect::<rusqlite::Result<_>>()?)
}

/// Branches with uncommitted work, and for each slot whether what it holds counts: work takes its author's place.
fn counting(live: &Live<'_, '_>, slots: &[Seen]) -> Result<(BTreeSet<Sym>, Vec<bool>)> {
    let git = live.names.get("collector:git")?;
    let at_work: BTreeSet<Sym> = slots
        .iter()
        .filter(|seen| {
            seen.slot.work && Some(seen.slot.author) == git && seen.slot.holds.is_some() && seen.claims > 0
        })
        .filter_map(|seen| seen.slot.branch)
        .collect();
    let replaced: BTreeSet<(Option<Sym>, Sym)> = slots
        .iter()
        .filter(|seen| seen.slot.work && seen.slot.holds.is_some())
        .filter(|seen| seen.slot.branch.is_some_and(|branch| at_work.contains(&branch)))
        .map(|seen| (seen.slot.branch, seen.slot.author))
        .collect();
    let counts = slots
        .iter()
        .map(|seen| {
            let at_work = seen.slot.branch.is_some_and(|branch| at_work.contains(&branch));
            if seen.slot.work { at_work } else { !replaced.contains(&(seen.slot.branch, seen.slot.author)) }
        })
        .collect();
    Ok((at_work, counts))
}

/// Decides which branch of a repository is shown; says for each of its slots whether its claims are live.
fn view(live: &Live<'_, '_>, repository: Sym) -> Result<Vec<(i64, bool)>> {
    let connection = live.connection;
    let slots = slots_of(live, repository)?;
    let (at_work, counts) = counting(live, &slots)?;
    // The newest source of each branch that anybody has read.
    let mut branches: BTreeMap<String, i64> = BTreeMap::new();
    for (seen, counts) in slots.iter().zip(&counts) {
        if let (Some(branch), Some(at), true) = (seen.slot.branch, seen.at, *counts) {
            let newest = branches.entry(live.names.text(branch)?.to_string()).or_insert(at);
            *newest = (*newest).max(at);
        }
    }
    let default = default_branch(live, repository)?;
    let shown = match default {
        Some(branch) if branches.contains_key(&branch) => Some((branch, "default")),
        _ => branches
            .iter()
            .max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)))
            .map(|(branch, _)| (branch.clone(), "newest")),
    };
    connection.prepare_cached("DELETE FROM view WHERE repository = ?1")?.execute([repository])?;
    let mut shown_sym = None;
    if let Some((branch, why)) = &shown {
        shown_sym = live.names.get(branch)?;
        let work = shown_sym.is_some_and(|branch| at_work.contains(&branch));
        connection
            .prepare_cached("INSERT INTO view VALUES(?1, ?2, ?3, ?4)")?
            .execute(params![repository, branch, why, work])?;
    }
    let is_shown = |seen: &Seen| {
        seen.slot.holds.is_some() && seen.slot.branch.is_some() && seen.slot.branch == shown_sym
    };
    Ok(slots.iter().zip(&counts).map(|(seen, counts)| (seen.slot.id, *counts && is_shown(seen))).collect())
}

fn default_branch(live: &Live<'_, '_>, repository: Sym) -> Result<Option<String>> {
    let mut said: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut one: Option<Value> = None;
    for (_, claim) in standing_of_type(live.connection, live.names, "default_branch")? {
        if live.names.get(&live.aliases.reference(claim.of.as_str()))? == Some(repository) {
            said.insert(canonical(&claim.value));
            one = claim.value;
        }
    }
    if said.len() == 1 {
        return Ok(one.and_then(|value| value.as_str().map(str::to_owned)));
    }
    let mut rows = live.connection.prepare_cached(
        "SELECT b.value, b.basis, s.author, t.at, s.id, s.repository FROM branch_claim b
         JOIN slot s ON s.id = b.slot JOIN stmt t ON t.n = s.holds WHERE b.repository = ?1",
    )?;
    let mut rows = rows.query([repository])?;
    let mut best: Option<(i64, usize, String, i64, String)> = None;
    while let Some(row) = rows.next()? {
        let (value, basis, author): (String, i64, Sym) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (at, slot, within): (i64, i64, Option<Sym>) = (row.get(3)?, row.get(4)?, row.get(5)?);
        if let Some(within) = within {
            let slots = slots_of(live, within)?;
            let (_, counts) = counting(live, &slots)?;
            if !slots.iter().zip(counts).any(|(seen, counts)| seen.slot.id == slot && counts) {
                continue;
            }
        }
        let author = live.names.text(author)?;
        let candidate = (basis, crate::resolve::author_rank(&author), author.to_string(), -at, value);
        if best.as_ref().is_none_or(|best| candidate < *best) {
            best = Some(candidate);
        }
    }
    Ok(best.and_then(|(_, _, _, _, value)| serde_json::from_str::<String>(&value).ok()))
}

/// Makes a slot's live claims those of the chain; touches only what differs.
fn write(
    ledger: &dyn Ledger,
    live: &mut Live<'_, '_>,
    id: i64,
    chain: &[i64],
    touched: &mut Touched,
) -> Result<()> {
    let text = chain.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    let before = slot(live.connection, id)?;
    if text == before.chain {
        return Ok(());
    }
    live.connection
        .prepare_cached("UPDATE slot SET chain = ?2, live = ?3 WHERE id = ?1")?
        .execute(params![id, text, !chain.is_empty()])?;
    let mut old: HashMap<(i64, Option<i64>), i64> = HashMap::new();
    if !before.chain.is_empty() {
        let mut rows = live.connection.prepare_cached("SELECT hash, stmt, id FROM claim WHERE slot = ?1")?;
        let mut rows = rows.query([id])?;
        while let Some(row) = rows.next()? {
            old.insert((row.get(0)?, row.get(1)?), row.get(2)?);
        }
    }
    let mut above: Vec<Vec<String>> = Vec::new();
    for (depth, number) in chain.iter().enumerate() {
        let candidate = candidate(live.connection, *number)?;
        let place = Place { slot: id, carried_from: if depth == 0 { None } else { Some(*number) } };
        let mut failed = None;
        ledger.raw_claims(number.unsigned_abs(), &mut |bytes| {
            if failed.is_none()
                && let Err(error) = take(live, place, bytes, &candidate, &above, &mut old, touched)
            {
                failed = Some(error);
            }
            Ok(())
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        above.push(candidate.unread);
    }
    let mut gone: Vec<i64> = old.into_values().collect();
    gone.sort_unstable();
    for claim in gone {
        live.remove(claim, touched)?;
    }
    Ok(())
}

fn candidate(connection: &Connection, number: i64) -> Result<Candidate> {
    let unread: Option<String> = connection
        .prepare_cached("SELECT unread FROM stmt WHERE n = ?1")?
        .query_row([number], |row| row.get(0))?;
    Ok(Candidate {
        number,
        unread: unread.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
    })
}

fn take(
    live: &mut Live<'_, '_>,
    place: Place,
    bytes: &[u8],
    from: &Candidate,
    above: &[Vec<String>],
    old: &mut HashMap<(i64, Option<i64>), i64>,
    touched: &mut Touched,
) -> Result<()> {
    let raw: RawClaim<'_> = serde_json::from_slice(bytes).map_err(|error| MapError::Statement {
        number: from.number.unsigned_abs(),
        cause: error.to_string(),
    })?;
    if claim_type(&raw.kind).is_some_and(|known| known.mode == Mode::Record) {
        // Answers read records where they stand; a copy here would only cost.
        return Ok(());
    }
    if place.carried_from.is_some() && !is_carried(&raw, from, above) {
        return Ok(());
    }
    let hash = short_hash(bytes);
    if old.remove(&(hash, place.carried_from)).is_some() {
        return Ok(());
    }
    live.add(place, &raw, hash, touched)
}

/// A claim is carried for a path that every statement above left unread and this one read.
fn is_carried(raw: &RawClaim<'_>, from: &Candidate, above: &[Vec<String>]) -> bool {
    #[derive(serde::Deserialize)]
    struct Point {
        path: Option<String>,
    }
    let points: Vec<Point> =
        raw.evidence.and_then(|points| serde_json::from_str(points.get()).ok()).unwrap_or_default();
    points
        .iter()
        .filter_map(|point| point.path.as_deref())
        .any(|path| above.iter().all(|unread| is_unread(unread, path)) && !is_unread(&from.unread, path))
}

/// Whether `unread` covers a path: itself, a folder above it (`a/`), or all outside a folder (`!a/`).
pub(crate) fn is_unread(unread: &[String], path: &str) -> bool {
    unread.iter().any(|entry| match entry.strip_prefix('!') {
        Some(folder) => !path.starts_with(folder),
        None if entry.ends_with('/') => path.starts_with(entry.as_str()),
        None => path == entry,
    })
}

/// Asks about retired scopes that somebody read after they were retired.
pub(crate) fn questions(live: &Live<'_, '_>) -> Result<()> {
    let connection = live.connection;
    connection.prepare_cached("DELETE FROM question WHERE kind = 'retired_read'")?.execute([])?;
    // The last standing word on a scope; its number owns the question.
    let mut last: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (number, claim) in standing_of_type(connection, live.names, "retired")? {
        let time: i64 = connection
            .prepare_cached("SELECT time FROM stmt WHERE n = ?1")?
            .query_row([number], |row| row.get(0))?;
        let entry = last.entry(live.aliases.scope(claim.of.as_str()).into_owned()).or_insert((time, number));
        *entry = (*entry).max((time, number));
    }
    for (text, (time, number)) in last {
        let Some(scope) = live.names.get(&text)? else { continue };
        let read: bool = connection
            .prepare_cached(
                "SELECT EXISTS(SELECT 1 FROM slot s JOIN stmt t ON t.slot = s.id WHERE s.scope = ?1
                 AND t.withdrawn = 0 AND t.due = 1 AND t.time > ?2)",
            )?
            .query_row([scope, time], |row| row.get(0))?;
        if read {
            crate::question::Draft::new("retired_read", vec![text]).write(connection, -number)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_patterns() {
        let covers = |entry: &str, path: &str| is_unread(&[entry.to_owned()], path);
        assert!(covers("a/b.yaml", "a/b.yaml") && !covers("a/b.yaml", "a/b.yaml2"));
        assert!(covers("a/", "a/b") && !covers("a/", "ab"));
        assert!(covers("!a/", "b/c") && !covers("!a/", "a/c"));
    }
}
