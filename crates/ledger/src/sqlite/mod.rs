//! A ledger in one SQLite file. Several processes may have it open; each append is one transaction that
//! is on the disk before the caller hears of it.

mod backup;
mod compact;
mod obey;
mod open;
mod read;
mod salvage;
mod sound;

mod store;
mod sums;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior, params};
use stave_model::{Author, EstateKey, Hash, Header, PersonRow, Scope, Time, canonical};

use crate::body::Body;
use crate::difference::{as_difference, each_stored};
use crate::error::{Error, Result};
use crate::holds::{all_hold, same_word, word_type};
use crate::obey::{Order, order, without};
use crate::prepared::packing;
use crate::{
    Appended, Entry, Estate, Filter, Horizon, Info, Ledger, Outcome, Prepared, Repeats, Store, damaged_in,
    meet, prefix_range,
};
pub use backup::Aside;
pub(crate) use backup::Renumbered;
use read::{Reader, entries, previous};
pub use salvage::{Lost, Salvage, salvage};

/// A body is stored in parts of this size, so that nobody has to hold a large one.
const PART_BYTES: usize = 512 * 1024;

/// A ledger in a file. Dropping it closes the file; what was appended is safe long before.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    db: Connection,
}

/// SQLite's failure or ours, until the path is known.
#[derive(Debug)]
pub(crate) enum Fail {
    Sql(rusqlite::Error),
    Ours(Error),
}

impl From<rusqlite::Error> for Fail {
    fn from(error: rusqlite::Error) -> Fail {
        Fail::Sql(error)
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Fail {
        Fail::Ours(error)
    }
}

impl Fail {
    fn at(self, path: &Path) -> Error {
        match self {
            Fail::Sql(error) => open::explain(path, error),
            Fail::Ours(error) => error,
        }
    }
}

impl SqliteLedger {
    /// Opens an existing ledger.
    ///
    /// # Errors
    /// Where there is none, the file is something else or damaged, or a newer Stave wrote it.
    pub fn open(path: &Path) -> Result<SqliteLedger> {
        Ok(SqliteLedger { path: path.to_owned(), db: open::open(path)? })
    }

    /// Opens a ledger; makes an empty one of a new estate where there is no file. The folder must exist.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`], and where the file can't be made.
    pub fn open_or_create(path: &Path) -> Result<SqliteLedger> {
        open::create(path)?;
        SqliteLedger::open(path)
    }

    /// The schema of files that this version writes.
    pub const SCHEMA: i64 = open::SCHEMA;

    /// The schema of a ledger's file, which is not changed: opening one of an older schema brings it up to date.
    ///
    /// # Errors
    /// Where the file can't be read, or is something else.
    pub fn schema_of(path: &Path) -> Result<i64> {
        open::schema_of(path)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read<T>(&self, what: impl FnOnce(&Connection) -> std::result::Result<T, Fail>) -> Result<T> {
        what(&self.db).map_err(|fail| fail.at(&self.path))
    }

    /// Runs a change under the write lock, whole or not at all.
    fn write<T>(
        &mut self,
        what: impl FnOnce(&Connection, &Path) -> std::result::Result<T, Fail>,
    ) -> Result<T> {
        let SqliteLedger { path, db } = self;
        let change = |db: &mut Connection, path: &Path| {
            // IMMEDIATE: who waits for the lock waits here, before anything was read.
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = what(&transaction, path)?;
            transaction.commit()?;
            Ok(result)
        };
        change(db, path).map_err(|fail: Fail| fail.at(path))
    }

    fn meta<T: rusqlite::types::FromSql>(&self, key: &str) -> Result<T> {
        self.read(|db| Ok(meta(db, key)?))
    }
}

fn meta<T: rusqlite::types::FromSql>(db: &Connection, key: &str) -> rusqlite::Result<T> {
    db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([key], |row| row.get(0))
}

/// The statements that an append runs again and again.
struct Appender<'a> {
    db: &'a Connection,
    path: &'a Path,
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    insert_replaces: CachedStatement<'a>,
    has_body: CachedStatement<'a>,
    insert_part: CachedStatement<'a>,
    insert_link: CachedStatement<'a>,
    hear: CachedStatement<'a>,
    redacted: HashSet<Hash>,
    orders: Vec<Order>,
    next: i64,
}

const HEAR: &str = "INSERT INTO heard (author, scope, time) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET time = max(time, excluded.time)";

impl<'a> Appender<'a> {
    fn new(db: &'a Connection, path: &'a Path) -> rusqlite::Result<Appender<'a>> {
        let last: i64 =
            db.query_row("SELECT ifnull(max(number), 0) FROM statements", [], |row| row.get(0))?;
        Ok(Appender {
            db,
            path,
            find: db.prepare_cached("SELECT number FROM statements WHERE id = ?1")?,
            insert: db.prepare_cached(
                "INSERT INTO statements
                 (number, id, author, scope, op, time, source_at, rules, claims, claim_count, word, header)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            insert_replaces: db.prepare_cached("INSERT INTO replaces (replaced, number) VALUES (?1, ?2)")?,
            has_body: db.prepare_cached("SELECT 1 FROM bodies WHERE claims = ?1 AND part = 0")?,
            insert_part: db.prepare_cached("INSERT INTO bodies (claims, part, bytes) VALUES (?1, ?2, ?3)")?,
            insert_link: db.prepare_cached(
                "INSERT INTO differences (claims, base, depth, differing, whole) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            hear: db.prepare_cached(HEAR)?,
            redacted: obey::redacted(db)?.into_iter().collect(),
            orders: Vec::new(),
            next: last + 1,
        })
    }

    fn add(&mut self, said: Prepared, repeats: Repeats) -> std::result::Result<Appended, Fail> {
        let known: Option<i64> = self.find.query_row([&said.id.0], |row| row.get(0)).optional()?;
        if let Some(number) = known {
            return Ok(Appended { id: said.id, number: number as u64, outcome: Outcome::Known });
        }
        let header = &said.header;
        let person = header.author.is_person();
        if !person {
            let slot = params![header.author.as_str(), header.scope.as_str(), header.time.millis()];
            self.hear.execute(slot)?;
        }
        if repeats == Repeats::Skip
            && let Some(holding) = same_word(&Reader { db: self.db, path: self.path }, &said)?
        {
            return Ok(Appended { id: holding.id, number: holding.number, outcome: Outcome::SameWord });
        }
        // Before the row: a statement is not its own previous one.
        self.add_body(header, said.body, said.claim_count)?;
        let number = self.next;
        self.insert.execute(params![
            number,
            said.id.0,
            header.author.as_str(),
            header.scope.as_str(),
            header.op.0,
            header.time.millis(),
            header.source_at().millis(),
            header.rules,
            header.claims.0,
            said.claim_count as i64,
            if person { word_type(&header.scope) } else { None },
            String::from_utf8_lossy(&canonical(header)),
        ])?;
        for replaced in &header.replaces {
            self.insert_replaces.execute(params![replaced.0, number])?;
        }
        self.orders.extend(order(header));
        self.next += 1;
        Ok(Appended { id: said.id, number: number as u64, outcome: Outcome::New })
    }

    fn add_body(&mut self, header: &Header, mut body: Body, count: u64) -> std::result::Result<(), Fail> {
        let claims = &header.claims;
        if self.has_body.exists([&claims.0])? {
            return Ok(());
        }
        if !self.redacted.is_empty() {
            body = without(&self.redacted, |each| body.each(count, each))?;
        }
        let reader = Reader { db: self.db, path: self.path };
        let whole = body.packed().map_err(packing)?;
        let difference = as_difference(&reader, &whole, || {
            previous(self.db, &header.author, &header.scope).map_err(|fail| fail.at(self.path))
        })?;
        let (bytes, link) = difference.map_or((whole, None), |(bytes, link)| (bytes, Some(link)));
        for (part, bytes) in bytes.chunks(PART_BYTES).enumerate() {
            self.insert_part.execute(params![claims.0, part as i64, bytes])?;
        }
        if let Some(link) = link {
            let (differing, whole) = (link.differing as i64, link.whole as i64);
            self.insert_link.execute(params![claims.0, link.base.0, link.depth, differing, whole])?;
        }
        Ok(())
    }
}

impl Ledger for SqliteLedger {
    fn info(&self) -> Result<Info> {
        let (epoch, revision): (i64, i64) = (self.meta("epoch")?, self.meta("revision")?);
        let (estate, ledger) = (self.meta("estate")?, self.meta("ledger")?);
        Ok(Info { estate, ledger, epoch: epoch as u64, revision: revision as u64 })
    }

    fn position(&self) -> Result<u64> {
        self.read(|db| {
            let mut query = db.prepare_cached("SELECT ifnull(max(number), 0) FROM statements")?;
            Ok(query.query_row([], |row| row.get::<_, i64>(0))? as u64)
        })
    }

    fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let page = "WHERE number > ?1 ORDER BY number LIMIT ?2";
        let found = self.read(|db| entries(db, page, params![after, limit]))?;
        // A number that changed on the disk stands where another one would have to.
        if let Some((_, wrong)) =
            found.iter().zip(found.iter().skip(1)).find(|(one, next)| one.number >= next.number)
        {
            return Err(Error::Damaged(format!("statement {} is not in its place", wrong.number)));
        }
        Ok(found)
    }

    fn next_number(&self, after: u64) -> Result<Option<u64>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        self.read(|db| {
            let sql = "SELECT min(number) FROM statements WHERE number > ?1";
            let number: Option<i64> = db.query_row(sql, [after], |row| row.get(0))?;
            Ok(number.map(i64::unsigned_abs))
        })
    }

    fn entry(&self, id: &Hash) -> Result<Option<Entry>> {
        let found = self.read(|db| Ok(entries(db, "WHERE id = ?1", [&id.0])?.pop()))?;
        match found {
            // The index led elsewhere.
            Some(other) if other.id != *id => {
                Err(Error::Damaged(format!("the index leads from {id} to statement {}", other.number)))
            }
            found => Ok(found),
        }
    }

    fn latest(&self, filter: &Filter, before: u64, limit: usize) -> Result<Vec<Entry>> {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // Only fixed pieces of text are put together; values are bound.
        let mut clause = String::from("WHERE number < :before");
        let mut bound: Vec<(&str, Box<dyn rusqlite::ToSql>)> =
            vec![(":before", Box::new(before)), (":limit", Box::new(limit))];
        if let Some(author) = &filter.author {
            clause.push_str(" AND author = :author");
            bound.push((":author", Box::new(author.to_string())));
        }
        if let Some(scope) = &filter.scope {
            clause.push_str(" AND scope = :scope");
            bound.push((":scope", Box::new(scope.to_string())));
        }
        if let Some(op) = &filter.op {
            clause.push_str(" AND op = :op");
            bound.push((":op", Box::new(op.0)));
        }
        if let Some(until) = &filter.until {
            clause.push_str(" AND time <= :until");
            bound.push((":until", Box::new(until.millis())));
        }
        clause.push_str(" ORDER BY number DESC LIMIT :limit");
        let bound: Vec<(&str, &dyn rusqlite::ToSql)> =
            bound.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        self.read(|db| entries(db, &clause, bound.as_slice()))
    }

    fn find_ids(&self, prefix: &str, limit: usize) -> Result<Vec<Hash>> {
        let Some((from, to)) = prefix_range(prefix) else { return Ok(Vec::new()) };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|db| {
            let mut query = db.prepare_cached(
                "SELECT id FROM statements WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
            )?;
            let ids = query.query_map(params![from.0, to.0, limit], |row| row.get(0).map(Hash))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn raw_lines(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        // One snapshot: a compaction meanwhile may store the body otherwise.
        let snapshot = self.db.is_autocommit().then(|| self.db.unchecked_transaction()).transpose();
        let _snapshot = self.read(|_| Ok(snapshot?))?;
        let key = i64::try_from(number).map_err(|_| Error::NoStatement(number))?;
        let entry = self.read(|db| Ok(entries(db, "WHERE number = ?1", [key])?.pop()))?;
        let entry = entry.ok_or(Error::NoStatement(number))?;
        let reader = Reader { db: &self.db, path: &self.path };
        each_stored(&reader, &entry.header.claims, entry.claim_count, each).map_err(|error| match error {
            Error::Damaged(what) => damaged_in(&entry, &what),
            other => other,
        })
    }

    fn append_prepared(
        &mut self,
        repeats: Repeats,
        next: &mut dyn FnMut() -> Result<Option<Prepared>>,
    ) -> Result<Vec<Appended>> {
        let (appended, has_erased) = self.write(|db, path| {
            let mut appender = Appender::new(db, path)?;
            let mut appended = Vec::new();
            while let Some(said) = next()? {
                appended.push(appender.add(said, repeats)?);
            }
            let orders = std::mem::take(&mut appender.orders);
            drop(appender);
            obey::obey(db, path, &orders)?;
            Ok((appended, !orders.is_empty()))
        })?;
        if has_erased {
            obey::wipe(&self.db);
        }
        Ok(appended)
    }

    fn all_hold(&self, said: &[Header]) -> Result<bool> {
        all_hold(&Reader { db: &self.db, path: &self.path }, said)
    }

    fn heard(&self) -> Result<Vec<(Author, Scope, Time)>> {
        let rows: Vec<(String, String, i64)> = self.read(|db| {
            sums::must_be_sound(db, &["heard"])?;
            let mut query =
                db.prepare_cached("SELECT author, scope, time FROM heard ORDER BY author, scope")?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        let damaged = |error: stave_model::NameError| Error::Damaged(format!("the register: {error}"));
        rows.into_iter()
            .map(|(author, scope, time)| {
                Ok((
                    author.parse().map_err(damaged)?,
                    scope.parse().map_err(damaged)?,
                    Time::from_millis(time),
                ))
            })
            .collect()
    }

    fn add_heard(&mut self, rows: &[(Author, Scope, Time)]) -> Result<()> {
        self.write(|db, _| {
            let mut hear = db.prepare_cached(HEAR)?;
            for (author, scope, time) in rows {
                hear.execute(params![author.as_str(), scope.as_str(), time.millis()])?;
            }
            Ok(())
        })
    }

    fn estate_key(&self) -> Result<EstateKey> {
        self.meta("estate_key").map(EstateKey)
    }

    fn people(&self) -> Result<Vec<PersonRow>> {
        self.read(|db| {
            sums::must_be_sound(db, &["people"])?;
            let mut query =
                db.prepare_cached("SELECT id, name, address FROM people ORDER BY id, name, address")?;
            let rows = query.query_map([], |row| {
                Ok(PersonRow { id: row.get(0)?, name: row.get(1)?, address: row.get(2)? })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn add_people(&mut self, rows: &[PersonRow]) -> Result<u64> {
        self.write(|db, _| {
            let mut insert =
                db.prepare_cached("INSERT OR IGNORE INTO people (id, name, address) VALUES (?1, ?2, ?3)")?;
            let mut new = 0;
            let forgotten = obey::forgotten(db)?;
            for row in rows.iter().filter(|row| !forgotten.covers(row)) {
                new += insert.execute(params![row.id, row.name, row.address])?;
            }
            Ok(new as u64)
        })
    }

    fn forgotten(&self) -> Result<Vec<String>> {
        self.read(|db| Ok(obey::forgotten(db)?.ids.into_iter().collect()))
    }

    fn redacted(&self) -> Result<Vec<Hash>> {
        self.read(|db| Ok(obey::redacted(db)?))
    }

    fn unsound(&self) -> Result<Option<Vec<String>>> {
        self.read(|db| Ok(Some(sound::damage(db))))
    }

    fn horizon(&self) -> Result<Option<Horizon>> {
        let value = |key: &str| {
            self.read(|db| {
                let mut query = db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
                Ok(query.query_row([key], |row| row.get::<_, i64>(0)).optional()?)
            })
        };
        let Some(millis) = value("horizon")? else { return Ok(None) };
        let position = match value("horizon_position")? {
            Some(position) => position as u64,
            // Compacted before positions were noted: none of the past is known to be whole.
            None => self.position()?,
        };
        Ok(Some(Horizon { time: Time::from_millis(millis), position }))
    }

    fn meet_horizon(&mut self, time: Time) -> Result<()> {
        let position = self.horizon()?.map_or(0, |own| own.position);
        self.write(|db, _| Ok(compact::note_horizon(db, Horizon { time, position })?))
    }

    fn compact(&mut self, superseded: &[u64], horizon: Horizon) -> Result<()> {
        self.let_go(superseded, horizon)
    }

    fn store(&mut self) -> Option<&mut dyn Store> {
        Some(self)
    }

    fn other_estates(&self) -> Result<Vec<Estate>> {
        self.read(|db| {
            let mut query = db.prepare_cached("SELECT id, key FROM estates ORDER BY id, key")?;
            let rows =
                query.query_map([], |row| Ok(Estate { id: row.get(0)?, key: EstateKey(row.get(1)?) }))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn meet_estates(&mut self, met: &[Estate]) -> Result<bool> {
        self.write(|db, _| {
            let empty = "SELECT NOT EXISTS (SELECT 1 FROM statements) AND NOT EXISTS (SELECT 1 FROM people)";
            let is_empty: bool = db.query_row(empty, [], |row| row.get(0))?;
            let own = Estate { id: meta(db, "estate")?, key: EstateKey(meta(db, "estate_key")?) };
            let (become_one, others) = meet(&own, is_empty, met);
            for other in others {
                let insert = "INSERT OR IGNORE INTO estates (id, key) VALUES (?1, ?2)";
                db.execute(insert, params![other.id, other.key.0])?;
            }
            let Some(estate) = become_one else { return Ok(false) };
            let set = "UPDATE meta SET value = ?2 WHERE key = ?1";
            db.execute(set, params!["estate", estate.id])?;
            db.execute(set, params!["estate_key", estate.key.0])?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use stave_model::{Basis, Claim, Header, Op, Source, Statement, VERSION};

    use super::*;

    /// A statement whose claims don't compress.
    fn statement(number: u8, claims: usize) -> Statement {
        let header = Header {
            author: "collector:test".parse().unwrap(),
            by: None,
            claims: Hash([0; 32]),
            op: Op([number; 16]),
            replaces: Vec::new(),
            rules: 0,
            scope: "image:registry.test/a".parse().unwrap(),
            source: Source::default(),
            time: Time::from_millis(i64::from(number)),
            tool: String::new(),
            unread: Vec::new(),
            v: VERSION,
        };
        let claims = (0..claims).map(|_| {
            let mut claim = Claim::new("tag", "host:a.test".parse().unwrap(), Basis::Discovered);
            claim.to = Some(crate::random_id().unwrap());
            claim
        });
        Statement::new(header, claims.collect())
    }

    #[test]
    fn a_full_disk_is_the_reason_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let mut ledger = SqliteLedger::open_or_create(&path).unwrap();
        ledger.append(&[statement(1, 3)]).unwrap();
        let pages: i64 = ledger.db.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        ledger.db.query_row(&format!("PRAGMA max_page_count = {}", pages + 40), [], |_| Ok(())).unwrap();
        let error = ledger.append(&[statement(2, 3), statement(3, 20_000)]).unwrap_err();
        assert!(matches!(error, Error::Full(_)), "{error}");
        assert!(error.to_string().contains("everything before is safe"), "{error}");
        // The small one of that batch is not there either, and there is still room for it.
        assert_eq!(ledger.position().unwrap(), 1);
        assert_eq!(ledger.append(&[statement(2, 3)]).unwrap()[0].number, 2);
        drop(ledger);
        let mut ledger = SqliteLedger::open(&path).unwrap();
        assert_eq!(ledger.append(&[statement(3, 20_000)]).unwrap()[0].number, 3);
        let mut claims = 0;
        ledger
            .raw_claims(3, &mut |_| {
                claims += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(claims, 20_000);
    }
}
