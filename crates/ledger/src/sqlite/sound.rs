//! Whether all that stands in the file beside headers and claims is what was written.

use std::collections::HashSet;

use rusqlite::{Connection, Row};

use super::{obey, read, sums};
use crate::Entry;
use crate::holds::word_type;
use crate::obey::{Order, order};

/// Most complaints of one kind.
const NAMED: usize = 20;

/// What isn't as it was written: the file's structure, rows that have sums, and what repeats the headers. Headers that are
/// damaged themselves are passed over.
pub(super) fn damage(db: &Connection) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |what: &str, complaints: rusqlite::Result<Vec<String>>| match complaints {
        Ok(complaints) => found.extend(complaints),
        Err(error) => found.push(format!("{what} can't be read: {error}")),
    };
    look("the file", structure(db));
    for table in sums::TABLES {
        look(&format!("the table `{}`", table.name), sums::changed(db, table, NAMED));
    }
    look("the table `statements`", headers(db));
    found
}

/// Whether tables and indexes have the same rows, in order.
fn structure(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut query = db.prepare(&format!("PRAGMA integrity_check({NAMED})"))?;
    let lines = query.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Whether what is looked up by is what the headers say, and whether every word about what is to be forgotten is obeyed.
fn headers(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let forgotten = obey::forgotten(db)?.ids;
    let redacted: HashSet<_> = obey::redacted(db)?.into_iter().collect();
    let mut found = Vec::new();
    let mut query = db.prepare(
        "SELECT number, id, header, claim_count, author, scope, op, time, source_at, rules, claims, word
         FROM statements ORDER BY number",
    )?;
    let mut replacing = db.prepare("SELECT 1 FROM replaces WHERE replaced = ?1 AND number = ?2")?;
    let (mut replaces, mut passed_over) = (0, 0);
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(entry) = read::entry(row) else {
            passed_over += 1;
            continue;
        };
        replaces += entry.header.replaces.len() as i64;
        let mut is_same = says_the_same(row, &entry)?;
        for replaced in &entry.header.replaces {
            is_same &= replacing.exists((replaced.0, entry.number as i64))?;
        }
        if !is_same {
            found.push(format!("statement {} is not found by what its header says", entry.number));
        }
        match order(&entry.header) {
            Some(Order::Forget(id)) if !forgotten.contains(&id) => {
                found.push(format!("{id} was to be forgotten (statement {}) and is not", entry.number));
            }
            Some(Order::Redact(claim)) if !redacted.contains(&claim) => {
                found.push(format!(
                    "claim {} was redacted (statement {}) and would be taken again",
                    claim.short(),
                    entry.number
                ));
            }
            _ => {}
        }
        if found.len() >= NAMED {
            return Ok(found);
        }
    }
    // Each that a header names is there; so there are more only where one names something else.
    let there: i64 = db.query_row("SELECT count(*) FROM replaces", [], |row| row.get(0))?;
    if passed_over == 0 && there > replaces {
        found.push(format!("the table `replaces` has {there} rows; headers name {replaces}"));
    }
    Ok(found)
}

fn says_the_same(row: &Row<'_>, entry: &Entry) -> rusqlite::Result<bool> {
    let header = &entry.header;
    let word = if header.author.is_person() { word_type(&header.scope) } else { None };
    Ok(row.get_ref(4)?.as_str().is_ok_and(|author| author == header.author.as_str())
        && row.get_ref(5)?.as_str().is_ok_and(|scope| scope == header.scope.as_str())
        && row.get::<_, Vec<u8>>(6)? == header.op.0
        && row.get::<_, i64>(7)? == header.time.millis()
        && row.get::<_, i64>(8)? == header.source_at().millis()
        && row.get::<_, i64>(9)? == i64::from(header.rules)
        && row.get::<_, Vec<u8>>(10)? == header.claims.0
        && row.get::<_, Option<String>>(11)?.as_deref() == word)
}
