//! A ledger in a PostgreSQL database, which several servers may have open: each append is one transaction that is
//! on the server's disk before the caller hears of it.
//!
//! A connection that is cut comes back by itself. What was under way is done again: reads change nothing, and
//! statements are known by what they say, so that one whose acknowledgement was lost is found, not doubled.

mod append;
mod bodies;
mod compact;
mod link;
mod obey;
mod open;
mod read;
mod restore;
mod store;
mod tls;
mod wait;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use postgres::Error as SqlError;
use stave_model::{Author, EstateKey, Hash, Header, PersonRow, Scope, Time, canonical, hash_bytes};

use crate::difference::each_stored;
use crate::error::{Error, Result};
use crate::holds::all_hold;
use crate::{
    Appended, Entry, Estate, Filter, Horizon, Info, Ledger, Prepared, Repeats, Source, Store, damaged_in,
    meet, prefix_range,
};
use append::{Appender, Attempts, chunk, hear};
use bodies::{Access, Chains, Trouble};
use link::{Link, Param, is_lost};
use open::Address;
pub(crate) use open::name_of;
use read::{Reader, entries, entries_sql, hash, slot};
use wait::Watch;

/// How long to wait before each attempt to reach a server that was lost: long enough for one that is started again.
const WRITE_AGAIN: [Duration; 10] = waits([0, 20, 50, 100, 200, 400, 800, 1_500, 3_000, 5_000]);
/// Somebody looks at a page meanwhile, or asks again soon.
const READ_AGAIN: [Duration; 6] = waits([0, 20, 50, 100, 200, 400]);

const fn waits<const N: usize>(ms: [u64; N]) -> [Duration; N] {
    let mut waits = [Duration::ZERO; N];
    let mut index = 0;
    while index < N {
        waits[index] = Duration::from_millis(ms[index]);
        index += 1;
    }
    waits
}

/// A ledger on a server. Dropping it ends the connection; what was appended is safe long before. Use it on threads
/// that may block: the connection drives a runtime of its own, which can't be used inside another one's tasks.
pub struct PostgresLedger {
    address: Address,
    /// Taken out while it is in use.
    link: RefCell<Option<Link>>,
    watch: Watch,
}

impl std::fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PostgresLedger").field(&self.address.name).finish()
    }
}

/// The server's failure or ours, until it is known how to speak of the server.
pub(crate) enum Fail {
    Sql(SqlError),
    Ours(Error),
}

impl From<SqlError> for Fail {
    fn from(error: SqlError) -> Fail {
        Fail::Sql(error)
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Fail {
        Fail::Ours(error)
    }
}

impl Fail {
    fn at(self, address: &Address) -> Error {
        match self {
            Fail::Sql(error) => address.explain(&error),
            Fail::Ours(error) => error,
        }
    }
}

impl PostgresLedger {
    /// Whether a text is the URL of a PostgreSQL server.
    pub fn is_url(text: &str) -> bool {
        open::is_url(text)
    }

    /// Opens an existing ledger by `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; its tables are in the first schema of
    /// the connection's search path (`?options=-c%20search_path%3DNAME` names another).
    ///
    /// # Errors
    /// Where the URL can't be read, the server can't be reached or refuses, there is no ledger, or a newer Stave wrote it.
    /// No message holds the password.
    pub fn open(url: &str) -> Result<PostgresLedger> {
        PostgresLedger::start(url, false)
    }

    /// Opens a ledger; makes an empty one of a new estate where there is none. The database must exist.
    ///
    /// # Errors
    /// As [`PostgresLedger::open`], and where the role may not make tables.
    pub fn open_or_create(url: &str) -> Result<PostgresLedger> {
        PostgresLedger::start(url, true)
    }

    fn start(url: &str, make: bool) -> Result<PostgresLedger> {
        let address = Address::new(url)?;
        let mut waits = READ_AGAIN.iter();
        let link = loop {
            match (open::open(&address, make), waits.next()) {
                (Ok(link), _) => break link,
                (Err(Fail::Sql(error)), Some(wait)) if is_lost(&error) => std::thread::sleep(*wait),
                (Err(fail), _) => return Err(fail.at(&address)),
            }
        };
        Ok(PostgresLedger { address, link: RefCell::new(Some(link)), watch: Watch::default() })
    }

    /// How messages call it: the URL without password and settings.
    pub fn name(&self) -> &str {
        &self.address.name
    }

    /// Does something over the connection; on a new one if that was lost, as often as `waits` says.
    fn attempt<T>(
        &self,
        waits: &[Duration],
        mut what: impl FnMut(&mut Link) -> std::result::Result<T, Fail>,
    ) -> Result<T> {
        let mut waits = waits.iter();
        loop {
            let mut link = self.link.take();
            let was_lost = match &mut link {
                Some(link) => {
                    let result = what(link);
                    (result, link.is_lost())
                }
                None => match open::open(&self.address, false) {
                    Ok(new) => {
                        let new = link.insert(new);
                        let result = what(new);
                        (result, new.is_lost())
                    }
                    Err(fail) => {
                        let is_lost = matches!(&fail, Fail::Sql(error) if is_lost(error));
                        (Err(fail), is_lost)
                    }
                },
            };
            let (result, is_lost) = was_lost;
            if !is_lost {
                self.link.replace(link);
                return result.map_err(|fail| fail.at(&self.address));
            }
            drop(link);
            match (result, waits.next()) {
                (Err(_), Some(wait)) => std::thread::sleep(*wait),
                (result, _) => return result.map_err(|fail| fail.at(&self.address)),
            }
        }
    }

    /// Reads something that can be read again.
    fn read<T>(&self, what: impl FnMut(&mut Link) -> std::result::Result<T, Fail>) -> Result<T> {
        self.attempt(&READ_AGAIN, what)
    }

    /// Does something that may be done twice.
    fn again<T>(&mut self, what: impl FnMut(&mut Link) -> std::result::Result<T, Fail>) -> Result<T> {
        self.attempt(&WRITE_AGAIN, what)
    }

    /// Runs one command whose answer would be another the second time; gives whether it changed anything. A connection
    /// that broke while nobody used it is noticed before.
    fn change_once(&mut self, sql: &str, params: &[Param<'_>]) -> Result<bool> {
        self.position()?;
        self.attempt(&[], |link| Ok(link.execute(sql, params)? > 0))
    }

    /// Runs a change under the lock, whole or not at all. It must be one that may be done twice.
    fn write<T>(&mut self, mut what: impl FnMut(&mut Link) -> std::result::Result<T, Fail>) -> Result<T> {
        self.again(|link| {
            link.transaction(|link| {
                link.lock()?;
                what(link)
            })
        })
    }

    /// Appends what `add` adds, in one transaction; again on a new connection where that was lost.
    fn append_chunks(
        &mut self,
        waits: &[Duration],
        repeats: Repeats,
        add: &mut dyn FnMut(&mut Appender<'_>) -> std::result::Result<(), Fail>,
    ) -> Result<Vec<Appended>> {
        let address = self.address.clone();
        let mut attempts = Attempts::default();
        let (appended, has_erased) = self.attempt(waits, |link| {
            attempts.again();
            link.transaction(|link| {
                let mut appender = Appender::new(link, &address, repeats, &mut attempts);
                add(&mut appender)?;
                appender.finish()
            })
        })?;
        if has_erased {
            // What fails here is done by the server itself, later.
            let _ = self.read(obey::wipe);
        }
        Ok(appended)
    }

    fn meta(&self, key: &str) -> Result<String> {
        self.read(|link| meta(link, key))
    }

    /// Damage with the statement where it is.
    fn about(&self, number: u64, error: Error) -> Error {
        let found = self.entries(number.saturating_sub(1), 1);
        match (error, found.as_deref()) {
            (Error::Damaged(what), Ok([entry])) => damaged_in(entry, &what),
            (error, _) => error,
        }
    }
}

impl Access for PostgresLedger {
    fn on<T>(&self, what: impl FnMut(&mut Link) -> std::result::Result<T, Fail>) -> Result<T> {
        self.read(what)
    }
}

fn meta(link: &mut Link, key: &str) -> std::result::Result<String, Fail> {
    let rows = link.query("SELECT value FROM meta WHERE key = $1", &[&key])?;
    let row = rows.first().ok_or_else(|| incomplete(key))?;
    Ok(row.try_get(0)?)
}

fn incomplete(key: &str) -> Error {
    Error::Damaged(format!("it doesn't say its {key}"))
}

fn key_of(text: &str) -> Result<EstateKey> {
    EstateKey::from_hex(text).ok_or_else(|| Error::Damaged("an estate's key can't be read".to_owned()))
}

/// The register's rows by slot, each with its latest time.
fn heard_by_slot(rows: &[(Author, Scope, Time)]) -> BTreeMap<Hash, (&Author, &Scope, i64)> {
    let mut heard: BTreeMap<Hash, (&Author, &Scope, i64)> = BTreeMap::new();
    for (author, scope, time) in rows {
        let row = heard.entry(slot(author, scope)).or_insert((author, scope, time.millis()));
        row.2 = row.2.max(time.millis());
    }
    heard
}

/// Adds rows to the people directory, less who was forgotten; gives how many were new.
fn add_people(link: &mut Link, rows: &[PersonRow]) -> std::result::Result<u64, Fail> {
    let forgotten = obey::forgotten(link)?;
    let rows: Vec<&PersonRow> = rows.iter().filter(|row| !forgotten.covers(row)).collect();
    let keys: Vec<Hash> = rows.iter().map(|row| hash_bytes(&canonical(row))).collect();
    let keys: Vec<&[u8]> = keys.iter().map(|key| key.0.as_slice()).collect();
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.id.as_bytes()).collect();
    let names: Vec<&[u8]> = rows.iter().map(|row| row.name.as_bytes()).collect();
    let addresses: Vec<&[u8]> = rows.iter().map(|row| row.address.as_bytes()).collect();
    let sql = "INSERT INTO people (hash, id, name, address)
        SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[])
        ON CONFLICT DO NOTHING";
    Ok(link.execute(sql, &[&keys, &ids, &names, &addresses])?)
}

/// Wakes those who wait for statements, when the transaction commits.
fn notify(link: &mut Link, last: i64) -> std::result::Result<(), Fail> {
    link.query(
        "SELECT pg_notify('stave_' || value, $1::bigint::text) FROM meta WHERE key = 'ledger'",
        &[&last],
    )?;
    Ok(())
}

fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn bound_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl Ledger for PostgresLedger {
    fn info(&self) -> Result<Info> {
        self.read(|link| {
            let rows = link.query("SELECT key, value FROM meta", &[])?;
            let rows = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
            let values: HashMap<String, String> = rows.collect::<std::result::Result<_, Fail>>()?;
            let text = |key: &str| values.get(key).cloned().ok_or_else(|| incomplete(key));
            let number = |key: &str| text(key)?.parse().map_err(|_| incomplete(key));
            let (epoch, revision) = (number("epoch")?, number("revision")?);
            Ok(Info { estate: text("estate")?, ledger: text("ledger")?, epoch, revision })
        })
    }

    fn position(&self) -> Result<u64> {
        self.read(|link| Ok(link.one("SELECT last FROM counter", &[])?.try_get::<_, i64>(0)? as u64))
    }

    fn wait(&mut self, after: u64, timeout: Duration) -> Result<u64> {
        self.wait_or_look(after, timeout)
    }

    fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let (after, limit) = (bound(after), bound_limit(limit));
        self.read(|link| {
            let sql = entries_sql!("WHERE number > $1 ORDER BY number LIMIT $2");
            entries(&link.query(sql, &[&after, &limit])?)
        })
    }

    fn next_number(&self, after: u64) -> Result<Option<u64>> {
        self.read(|link| {
            let sql = "SELECT min(number) FROM statements WHERE number > $1";
            let number: Option<i64> = link.one(sql, &[&bound(after)])?.try_get(0)?;
            Ok(number.map(i64::unsigned_abs))
        })
    }

    fn entry(&self, id: &Hash) -> Result<Option<Entry>> {
        self.read(|link| Ok(entries(&link.query(entries_sql!("WHERE id = $1"), &[&id.0.as_slice()])?)?.pop()))
    }

    fn latest(&self, filter: &Filter, before: u64, limit: usize) -> Result<Vec<Entry>> {
        let (before, limit) = (bound(before), bound_limit(limit));
        let author = filter.author.as_ref().map(Author::as_str);
        let scope = filter.scope.as_ref().map(Scope::as_str);
        let op = filter.op.as_ref().map(|op| op.0.as_slice());
        let until = filter.until.map(Time::millis);
        // Only fixed pieces of text are put together; values are bound.
        let mut sql = entries_sql!("WHERE number < $1").to_owned();
        let mut values: Vec<Param<'_>> = vec![&before];
        let author = author.as_ref().map(|value| ("author =", value as Param<'_>));
        let scope = scope.as_ref().map(|value| ("scope =", value as Param<'_>));
        let op = op.as_ref().map(|value| ("op =", value as Param<'_>));
        let until = until.as_ref().map(|value| ("time <=", value as Param<'_>));
        for (column, value) in [author, scope, op, until].into_iter().flatten() {
            values.push(value);
            sql.push_str(&format!(" AND {column} ${}", values.len()));
        }
        values.push(&limit);
        sql.push_str(&format!(" ORDER BY number DESC LIMIT ${}", values.len()));
        self.read(|link| entries(&link.query(&sql, &values)?))
    }

    fn find_ids(&self, prefix: &str, limit: usize) -> Result<Vec<Hash>> {
        let Some((from, to)) = prefix_range(prefix) else { return Ok(Vec::new()) };
        let limit = bound_limit(limit);
        self.read(|link| {
            let sql = "SELECT id FROM statements WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT $3";
            let rows = link.query(sql, &[&from.0.as_slice(), &to.0.as_slice(), &limit])?;
            rows.iter().map(|row| hash(row, 0)).collect()
        })
    }

    fn raw_lines(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let key = i64::try_from(number).map_err(|_| Error::NoStatement(number))?;
        let mut given = 0_u64;
        loop {
            let found = self.read(|link| {
                // Most statements are small: one question is all that they cost.
                let sql =
                    "SELECT statements.body, claim_count, edition, CASE WHEN base IS NULL THEN bytes END
                    FROM statements
                    LEFT JOIN bodies ON bodies.body = statements.body AND part = 0 WHERE number = $1";
                let rows = link.query(sql, &[&key])?;
                let Some(row) = rows.first() else { return Ok(None) };
                let (body, count) = (row.try_get(0)?, row.try_get::<_, i64>(1)?);
                Ok(Some((body, count as u64, row.try_get(2)?, row.try_get(3)?)))
            })?;
            let (body, count, edition, first): (i64, u64, Option<i64>, Option<Vec<u8>>) =
                found.ok_or(Error::NoStatement(number))?;
            let chains = Chains::new(self);
            if let Some(first) = first {
                chains.is_whole(body, edition, first);
            }
            let mut index = 0;
            let result = each_stored(&chains, &body, count, &mut |line| {
                index += 1;
                if index <= given {
                    return Ok(());
                }
                given += 1;
                each(line)
            });
            return match chains.trouble() {
                // Claims keep their places, however they are stored and whatever is redacted: go on where this stopped.
                Some(Trouble::Changed) => continue,
                Some(Trouble::Failed(problem)) => Err(problem),
                None => result.map_err(|error| self.about(number, error)),
            };
        }
    }

    fn append_prepared(
        &mut self,
        repeats: Repeats,
        next: &mut dyn FnMut() -> Result<Option<Prepared>>,
    ) -> Result<Vec<Appended>> {
        let first = chunk(next)?;
        if first.said.is_empty() {
            return Ok(Vec::new());
        }
        if first.is_last {
            return self.append_chunks(&WRITE_AGAIN, repeats, &mut |appender| appender.add(&first.said));
        }
        // More than can be kept: what `next` gave can't be asked for again, so one attempt must do. A connection
        // that broke while nobody used it is noticed before.
        self.position()?;
        let mut first = Some(first);
        self.append_chunks(&[], repeats, &mut |appender| {
            appender.add_all(&mut || first.take().map_or_else(|| chunk(next), Ok))
        })
    }

    fn append_source(&mut self, repeats: Repeats, source: &mut dyn Source) -> Result<Vec<Appended>> {
        self.append_chunks(&WRITE_AGAIN, repeats, &mut |appender| {
            source.begin()?;
            appender.add_all(&mut || chunk(&mut || source.next()))
        })
    }

    fn all_hold(&self, said: &[Header]) -> Result<bool> {
        self.read(|link| Ok(all_hold(&Reader::new(link, &self.address), said)?))
    }

    fn heard(&self) -> Result<Vec<(Author, Scope, Time)>> {
        let rows: Vec<(String, String, i64)> = self.read(|link| {
            let rows = link.query("SELECT author, scope, time FROM heard ORDER BY author, scope", &[])?;
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
        })?;
        let damaged = |error: stave_model::NameError| Error::Damaged(format!("the register: {error}"));
        rows.into_iter()
            .map(|(author, scope, time)| {
                let (author, scope) = (author.parse().map_err(damaged)?, scope.parse().map_err(damaged)?);
                Ok((author, scope, Time::from_millis(time)))
            })
            .collect()
    }

    fn add_heard(&mut self, rows: &[(Author, Scope, Time)]) -> Result<()> {
        let heard = heard_by_slot(rows);
        self.write(|link| {
            let rows = heard.iter();
            hear(
                link,
                rows.map(|(slot, (author, scope, time))| (*slot, author.as_str(), scope.as_str(), *time)),
            )
        })
    }

    fn estate_key(&self) -> Result<EstateKey> {
        key_of(&self.meta("estate_key")?)
    }

    fn people(&self) -> Result<Vec<PersonRow>> {
        Ok(self.read(obey::people)?.into_iter().map(|(_, row)| row).collect())
    }

    fn add_people(&mut self, rows: &[PersonRow]) -> Result<u64> {
        // An attempt whose acknowledgement was lost leaves nothing to do for the next one.
        let mut new = 0;
        self.write(|link| {
            new = add_people(link, rows)?.max(new);
            Ok(new)
        })
    }

    fn forgotten(&self) -> Result<Vec<String>> {
        Ok(self.read(obey::forgotten)?.ids.into_iter().collect())
    }

    fn redacted(&self) -> Result<Vec<Hash>> {
        self.read(obey::redacted)
    }

    fn horizon(&self) -> Result<Option<Horizon>> {
        let value = |key: &str| {
            self.read(|link| {
                let rows = link.query("SELECT value::bigint FROM meta WHERE key = $1", &[&key])?;
                Ok(rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?)
            })
        };
        let Some(millis) = value("horizon")? else { return Ok(None) };
        let position = match value("horizon_position")? {
            Some(position) => position.unsigned_abs(),
            // Compacted before positions were noted: none of the past is known to be whole.
            None => self.position()?,
        };
        Ok(Some(Horizon { time: Time::from_millis(millis), position }))
    }

    fn meet_horizon(&mut self, time: Time) -> Result<()> {
        let position = self.horizon()?.map_or(0, |own| own.position);
        self.write(|link| compact::note_horizon(link, Horizon { time, position }))
    }

    fn compact(&mut self, superseded: &[u64], horizon: Horizon) -> Result<()> {
        self.let_go(superseded, horizon)
    }

    fn store(&mut self) -> Option<&mut dyn Store> {
        Some(self)
    }

    fn other_estates(&self) -> Result<Vec<Estate>> {
        self.read(|link| {
            let rows = link.query("SELECT id, key FROM estates ORDER BY id, key", &[])?;
            rows.iter().map(|row| Ok(Estate { id: row.try_get(0)?, key: key_of(row.try_get(1)?)? })).collect()
        })
    }

    fn meet_estates(&mut self, met: &[Estate]) -> Result<bool> {
        // What it was before the first attempt: one whose acknowledgement is lost may have changed it.
        let mut before: Option<Estate> = None;
        self.write(|link| {
            let empty = "SELECT NOT EXISTS (SELECT FROM statements) AND NOT EXISTS (SELECT FROM people)";
            let is_empty = link.one(empty, &[])?.try_get(0)?;
            let own = Estate { id: meta(link, "estate")?, key: key_of(&meta(link, "estate_key")?)? };
            let is_other = own != *before.get_or_insert_with(|| own.clone());
            let (become_one, others) = meet(&own, is_empty, met);
            for other in others {
                let insert = "INSERT INTO estates (id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                link.execute(insert, &[&other.id, &other.key.to_hex()])?;
            }
            let Some(estate) = become_one else { return Ok(is_other) };
            for (key, value) in [("estate", &estate.id), ("estate_key", &estate.key.to_hex())] {
                link.execute("UPDATE meta SET value = $2 WHERE key = $1", &[&key, value])?;
            }
            Ok(true)
        })
    }
}
