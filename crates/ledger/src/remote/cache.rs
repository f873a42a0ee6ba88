//! What a client has read already: heads and claims of statements, by number. It can be deleted at any time.
//!
//! What a number stands for never changes within one ledger, epoch and revision, so that what was read once need not be asked
//! for again. A cache that can't be used costs time and nothing else.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};
use stave_model::{Hash, canonical};

use crate::body::Body;
use crate::{Entry, Info};

/// Above this size (bytes) a cache is begun anew.
const MOST_BYTES: i64 = 2 * 1024 * 1024 * 1024;
/// How long another command may keep it, before we do without.
const PATIENCE: Duration = Duration::from_secs(2);
/// Raised when the tables or what stands in them change.
const SCHEMA: u32 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS stamp (text TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS entry (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, count INTEGER NOT NULL,
        header TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS body (number INTEGER PRIMARY KEY, packed INTEGER NOT NULL, bytes BLOB NOT NULL);";

/// What was read already.
pub(super) struct Cache {
    db: Connection,
}

impl Cache {
    /// Opens the file; without one, or where it can't be used, what is read is kept as long as this process lives.
    pub(super) fn open(file: Option<&Path>) -> rusqlite::Result<Cache> {
        if let Some(file) = file
            && let Ok(cache) = Cache::at(Connection::open(file)?)
        {
            return Ok(cache);
        }
        // An empty name: a file that only this connection knows.
        Cache::at(Connection::open("")?)
    }

    fn at(db: Connection) -> rusqlite::Result<Cache> {
        db.busy_timeout(PATIENCE)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        db.execute_batch(TABLES)?;
        Ok(Cache { db })
    }

    /// Forgets everything unless it was read from this ledger in this state.
    pub(super) fn belong_to(&self, info: &Info) -> rusqlite::Result<()> {
        let stamp = format!("{SCHEMA} {} {} {}", info.ledger, info.epoch, info.revision);
        let known: Option<String> =
            self.db.query_row("SELECT text FROM stamp", [], |row| row.get(0)).optional()?;
        let bytes: i64 = self.db.query_row(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            [],
            |row| row.get(0),
        )?;
        if known.as_ref() == Some(&stamp) && bytes <= MOST_BYTES {
            return Ok(());
        }
        let transaction = self.db.unchecked_transaction()?;
        self.db.execute_batch("DELETE FROM entry; DELETE FROM body; DELETE FROM stamp;")?;
        self.db.execute("INSERT INTO stamp (text) VALUES (?1)", [stamp])?;
        transaction.commit()
    }

    pub(super) fn entry(&self, id: &Hash) -> rusqlite::Result<Option<Entry>> {
        let mut query = self.db.prepare_cached("SELECT number, count, header FROM entry WHERE id = ?1")?;
        let row: Option<(i64, i64, String)> =
            query.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        Ok(row.and_then(|(number, count, header)| {
            Some(Entry {
                number: u64::try_from(number).ok()?,
                id: *id,
                header: serde_json::from_str(&header).ok()?,
                claim_count: u64::try_from(count).ok()?,
            })
        }))
    }

    pub(super) fn body(&self, number: u64) -> rusqlite::Result<Option<(Body, u64)>> {
        let mut query = self.db.prepare_cached(
            "SELECT body.packed, body.bytes, entry.count FROM body JOIN entry USING (number) WHERE number = ?1",
        )?;
        let row =
            query.query_row([signed(number)], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)));
        Ok(row.optional()?.map(|(is_packed, bytes, count)| {
            let body = if is_packed { Body::Packed(bytes) } else { Body::Plain(bytes) };
            (body, u64::try_from(count).unwrap_or_default())
        }))
    }

    /// The next number from this one whose claims are here; `i64::MAX` where there is none.
    pub(super) fn next_known(&self, from: u64) -> rusqlite::Result<u64> {
        let mut query = self.db.prepare_cached("SELECT min(number) FROM body WHERE number >= ?1")?;
        let next: Option<i64> = query.query_row([signed(from)], |row| row.get(0))?;
        Ok(next.and_then(|next| u64::try_from(next).ok()).unwrap_or(u64::MAX))
    }

    /// Begins to keep several things at once.
    pub(super) fn keeping(&self) -> rusqlite::Result<Keeping<'_>> {
        Ok(Keeping { cache: self, transaction: self.db.unchecked_transaction()? })
    }
}

/// Several things that are kept at once.
pub(super) struct Keeping<'a> {
    cache: &'a Cache,
    transaction: rusqlite::Transaction<'a>,
}

impl Keeping<'_> {
    pub(super) fn entry(&self, entry: &Entry) -> rusqlite::Result<()> {
        self.cache
            .db
            .prepare_cached(
                "INSERT OR REPLACE INTO entry (number, id, count, header) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                signed(entry.number),
                entry.id.0,
                signed(entry.claim_count),
                String::from_utf8_lossy(&canonical(&entry.header)),
            ])?;
        Ok(())
    }

    pub(super) fn body(&self, number: u64, body: &Body) -> rusqlite::Result<()> {
        let (is_packed, bytes) = match body {
            Body::Plain(bytes) => (false, bytes),
            Body::Packed(bytes) => (true, bytes),
        };
        self.cache
            .db
            .prepare_cached("INSERT OR REPLACE INTO body (number, packed, bytes) VALUES (?1, ?2, ?3)")?
            .execute(params![signed(number), is_packed, bytes])?;
        Ok(())
    }

    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.transaction.commit()
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
