//! Letting go of statements in an SQLite file, and of the bodies that nobody needs any more.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};
use stave_model::Hash;

use super::read::Reader;
use super::{PART_BYTES, SqliteLedger, obey};
use crate::body::Packer;
use crate::compact::Horizon;
use crate::difference::{Bodies as _, Link, each_stored};
use crate::error::Result;
use crate::prepared::packing;

impl SqliteLedger {
    /// See [`crate::Ledger::compact`].
    pub(super) fn let_go(&mut self, superseded: &[u64], horizon: Horizon) -> Result<()> {
        self.write(|db, path| {
            db.execute_batch("CREATE TEMP TABLE IF NOT EXISTS gone (number INTEGER PRIMARY KEY)")?;
            db.execute("DELETE FROM gone", [])?;
            {
                let mut insert = db.prepare("INSERT OR IGNORE INTO gone (number) VALUES (?1)")?;
                for number in superseded {
                    insert.execute([i64::try_from(*number).unwrap_or(i64::MAX)])?;
                }
            }
            // The next number is the greatest and one: that one stays, whoever asks for it to go.
            db.execute("DELETE FROM gone WHERE number = (SELECT max(number) FROM statements)", [])?;
            let counts = counts(db)?;
            db.execute("DELETE FROM statements WHERE number IN (SELECT number FROM gone)", [])?;
            db.execute("DELETE FROM replaces WHERE number IN (SELECT number FROM gone)", [])?;
            stand_alone(&Reader { db, path }, &counts)?;
            for table in ["bodies", "differences"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE NOT EXISTS
                     (SELECT 1 FROM temp.needed WHERE needed.claims = {table}.claims)"
                );
                db.execute(&sql, [])?;
            }
            count_again(&Reader { db, path })?;
            note_horizon(db, horizon)?;
            db.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'", [])?;
            db.execute_batch("DROP TABLE temp.gone; DROP TABLE temp.needed")?;
            Ok(())
        })?;
        // Gives the room back to the system. Where that fails, for it needs room itself, or is cut off, the file is larger
        // than it has to be and nothing else: what went is gone.
        let _ = self.db.execute_batch("VACUUM");
        obey::wipe(&self.db);
        Ok(())
    }
}

/// Notes from when on the history is whole; it never was so from earlier on.
pub(super) fn note_horizon(db: &Connection, horizon: Horizon) -> rusqlite::Result<()> {
    let set = "INSERT INTO meta (key, value) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)";
    db.execute(set, ("horizon", horizon.time.millis()))?;
    db.execute(set, ("horizon_position", horizon.position as i64))?;
    Ok(())
}

/// How many claims each body has.
fn counts(db: &Connection) -> rusqlite::Result<HashMap<Hash, u64>> {
    let mut query = db.prepare("SELECT DISTINCT claims, claim_count FROM statements")?;
    query.query_map([], |row| Ok((Hash(row.get(0)?), row.get::<_, i64>(1)? as u64)))?.collect()
}

/// Stores bodies whole that are needed and stand on one that isn't.
fn stand_alone(reader: &Reader<'_>, counts: &HashMap<Hash, u64>) -> std::result::Result<(), super::Fail> {
    let db = reader.db;
    db.execute_batch(
        "CREATE TEMP TABLE needed (claims BLOB PRIMARY KEY) WITHOUT ROWID;
         INSERT INTO needed SELECT DISTINCT claims FROM statements",
    )?;
    let mut query = db.prepare(
        "SELECT claims FROM differences WHERE claims IN (SELECT claims FROM needed)
         AND base NOT IN (SELECT claims FROM needed)",
    )?;
    let claims: Vec<Hash> =
        query.query_map([], |row| row.get(0).map(Hash))?.collect::<rusqlite::Result<_>>()?;
    for claims in claims {
        let count = counts.get(&claims).copied().unwrap_or(0);
        let mut packer = Packer::new();
        each_stored(reader, &claims, count, &mut |line| packer.add(line).map_err(packing))?;
        let whole = packer.finish().and_then(crate::body::Body::packed).map_err(packing)?;
        db.execute("DELETE FROM bodies WHERE claims = ?1", [&claims.0])?;
        db.execute("DELETE FROM differences WHERE claims = ?1", [&claims.0])?;
        for (part, bytes) in whole.chunks(PART_BYTES).enumerate() {
            db.prepare_cached("INSERT INTO bodies (claims, part, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![claims.0, part as i64, bytes])?;
        }
    }
    Ok(())
}

/// Counts again how deep chains are and how large, by which the next differences go.
fn count_again(reader: &Reader<'_>) -> Result<()> {
    let update = |link: &Link, claims: &Hash| -> std::result::Result<(), super::Fail> {
        reader
            .db
            .prepare_cached(
                "UPDATE differences SET depth = ?2, differing = ?3, whole = ?4 WHERE claims = ?1",
            )?
            .execute(params![claims.0, link.depth, link.differing as i64, link.whole as i64])?;
        Ok(())
    };
    let all = || -> std::result::Result<Vec<Hash>, super::Fail> {
        let mut query = reader.db.prepare("SELECT claims FROM differences ORDER BY depth")?;
        Ok(query.query_map([], |row| row.get(0).map(Hash))?.collect::<rusqlite::Result<_>>()?)
    };
    let mut done: HashSet<Hash> = HashSet::new();
    // By their old depth, which only shrank: what a difference stands on comes before it.
    for claims in all().map_err(|fail| fail.at(reader.path))? {
        let Some(link) = reader.link(&claims)? else { continue };
        let own = reader.stored_bytes(&claims)?;
        let below = if done.contains(&link.base) { reader.link(&link.base)? } else { None };
        let link = match below {
            Some(below) => {
                Link { depth: below.depth + 1, differing: below.differing + own, whole: below.whole, ..link }
            }
            None => Link { depth: 1, differing: own, whole: reader.stored_bytes(&link.base)?, ..link },
        };
        update(&link, &claims).map_err(|fail| fail.at(reader.path))?;
        done.insert(claims);
    }
    Ok(())
}
