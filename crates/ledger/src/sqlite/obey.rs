//! Forgetting and redacting in an SQLite file, down to its bytes.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, params};
use stave_model::{EstateKey, Hash, PersonRow};

use super::read::Parts;
use super::{Fail, PART_BYTES, meta};
use crate::body::each_packed_line;
use crate::error::Error;
use crate::obey::{Forgotten, Order, SHELVES, holds_any, without};

/// Who was forgotten.
pub(super) fn forgotten(db: &Connection) -> rusqlite::Result<Forgotten> {
    let mut query = db.prepare_cached("SELECT id FROM forgotten")?;
    let ids = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut keys = vec![EstateKey(meta(db, "estate_key")?)];
    let mut query = db.prepare_cached("SELECT key FROM estates ORDER BY key")?;
    for key in query.query_map([], |row| row.get(0))? {
        keys.push(EstateKey(key?));
    }
    Ok(Forgotten { ids, keys })
}

/// What was redacted, by hash.
pub(super) fn redacted(db: &Connection) -> rusqlite::Result<Vec<Hash>> {
    let mut query = db.prepare_cached("SELECT claim FROM redacted ORDER BY claim")?;
    query.query_map([], |row| row.get(0).map(Hash))?.collect()
}

/// Does what the words of an append order, in its transaction.
pub(super) fn obey(db: &Connection, path: &Path, orders: &[Order]) -> Result<(), Fail> {
    let mut fresh = HashSet::new();
    for order in orders {
        match order {
            Order::Forget(id) => {
                db.execute("INSERT OR IGNORE INTO forgotten (id) VALUES (?1)", [id])?;
            }
            Order::Redact(claim) => {
                if db.execute("INSERT OR IGNORE INTO redacted (claim) VALUES (?1)", [&claim.0])? > 0 {
                    fresh.insert(*claim);
                }
            }
        }
    }
    if orders.iter().any(|order| matches!(order, Order::Forget(_))) {
        forget(db)?;
    }
    if !fresh.is_empty() {
        redact(db, path, &fresh)?;
        db.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'", [])?;
    }
    Ok(())
}

fn forget(db: &Connection) -> Result<(), Fail> {
    let forgotten = forgotten(db)?;
    let mut query = db.prepare("SELECT id, name, address FROM people")?;
    let rows = query
        .query_map([], |row| Ok(PersonRow { id: row.get(0)?, name: row.get(1)?, address: row.get(2)? }))?;
    let rows: Vec<PersonRow> = rows.collect::<rusqlite::Result<_>>()?;
    for row in rows.iter().filter(|row| forgotten.covers(row)) {
        db.prepare_cached("DELETE FROM people WHERE id = ?1 AND name = ?2 AND address = ?3")?
            .execute(params![row.id, row.name, row.address])?;
    }
    for shelf in SHELVES {
        let mut query = db.prepare_cached("SELECT key, value FROM shelf WHERE shelf = ?1")?;
        let items = query.query_map([shelf], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let items: Vec<(String, String)> = items.collect::<rusqlite::Result<_>>()?;
        for (key, _) in items.iter().filter(|(key, value)| forgotten.covers_item(key, value)) {
            db.prepare_cached("DELETE FROM shelf WHERE shelf = ?1 AND key = ?2")?.execute([shelf, key])?;
        }
    }
    Ok(())
}

/// Looks through every body as it is stored: nothing says where a claim stands, and this is rare. A redacted line takes
/// the place of its claim, so what is stored as a difference to it stays right.
fn redact(db: &Connection, path: &Path, claims: &HashSet<Hash>) -> Result<(), Fail> {
    let mut query = db.prepare("SELECT DISTINCT claims FROM bodies")?;
    let bodies: Vec<[u8; 32]> = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for body in bodies {
        let mut is_there = false;
        each_packed_line(Parts::new(db, body), &mut |line| {
            is_there |= holds_any(line, claims);
            Ok(())
        })?;
        if !is_there {
            continue;
        }
        let left = without(claims, |each| each_packed_line(Parts::new(db, body), each))?;
        let packed = left.packed().map_err(|source| Error::Io { path: path.to_owned(), source })?;
        db.execute("DELETE FROM bodies WHERE claims = ?1", [&body])?;
        for (part, bytes) in packed.chunks(PART_BYTES).enumerate() {
            db.prepare_cached("INSERT INTO bodies (claims, part, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![body, part as i64, bytes])?;
        }
    }
    Ok(())
}

/// Empties the journal, in which the bytes would live on. What is deleted from the file itself is overwritten
/// with zeros (`secure_delete`). Readers that don't end keep the journal alive; the next one to empty it is SQLite
/// itself, when the last connection closes.
pub(super) fn wipe(db: &Connection) {
    let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}
