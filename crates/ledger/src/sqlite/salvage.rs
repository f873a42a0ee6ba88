//! What can still be read of a damaged ledger, written as an export; and what can't, by name.
//!
//! Nothing is taken on trust: a header has to hash to its id, and claims to what the header says. SQLite itself may say that
//! the file is malformed; then each table is read from both ends as far as it goes, and statements are also looked for
//! by the numbers that the indexes still know.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;
use std::path::Path;

use rusqlite::types::FromSql;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};
use stave_model::{Author, EstateKey, Hash, Header, Op, PersonRow, Scope, Time, claims_hash, hash_bytes};

use super::read::{Reader, entries};
use super::{Fail, meta, open, sums};
use crate::body::is_claim;
use crate::difference::each_stored;
use crate::error::{Error, Result};
use crate::exchange::{Contents, write_all};
use crate::obey::{Order, order};
use crate::{Entry, Estate, random, random_id};

/// A statement that can't be read, as far as anything is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Its number.
    pub number: u64,
    /// Its id.
    pub id: Option<Hash>,
    /// Its author.
    pub author: Option<String>,
    /// Its scope.
    pub scope: Option<String>,
    /// Why it can't be read.
    pub why: String,
}

/// What a salvage came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvage {
    /// Statements that were read whole.
    pub statements: u64,
    /// Of these, those about uncommitted trees, which are not written.
    pub left_out: u64,
    /// Statements that can't be read, by number.
    pub lost: Vec<Lost>,
    /// What else is damaged, in words.
    pub damage: Vec<String>,
}

/// Reads a ledger's file, damaged or not, and writes what can be read in the form of an export, which a merge takes. The
/// ledger is not changed.
///
/// # Errors
/// Where the file is none of SQLite's or has no ledger's tables, or `into` refuses.
pub fn salvage(path: &Path, into: &mut dyn Write) -> Result<Salvage> {
    if !path.exists() {
        return Err(Error::Missing(path.to_owned()));
    }
    let db = lenient(path).map_err(|fail| fail.at(path))?;
    let mut found = Salvage::default();
    let reader = Reader { db: &db, path };
    let numbers = numbers(&db, &mut found.damage);
    if numbers.is_empty() && !has_statements(&db) {
        let what = "nothing in it can be read as a ledger".to_owned();
        return Err(Error::NoLedger { path: path.to_owned(), what });
    }
    let (mut whole, mut gaps, mut redacted) = (BTreeMap::new(), BTreeMap::new(), HashSet::new());
    for number in numbers {
        match read(&reader, number) {
            Ok((entry, its_gaps)) => {
                if let Some(Order::Redact(claim)) = order(&entry.header) {
                    redacted.insert(claim);
                }
                for claim in its_gaps {
                    gaps.entry(claim).or_insert_with(Vec::new).push(number);
                }
                whole.insert(number, (entry.header.time, entry.id, entry.header.scope.is_work()));
            }
            Err(why) => found.lost.push(lost(&db, number, why)),
        }
    }
    // A gap without the word that allows it would keep the whole export from being merged.
    for number in gaps.into_iter().filter(|(claim, _)| !redacted.contains(claim)).flat_map(|(_, at)| at) {
        if whole.remove(&number).is_some() {
            found.lost.push(lost(&db, number, "the word that redacted one of its claims is lost".to_owned()));
        }
    }
    found.lost.sort_by_key(|lost| lost.number);
    found.statements = whole.len() as u64;
    found.left_out = whole.values().filter(|(_, _, is_work)| *is_work).count() as u64;
    let mut order: Vec<(Time, Hash, u64)> = whole
        .iter()
        .filter(|(_, (_, _, is_work))| !is_work)
        .map(|(number, (time, id, _))| (*time, *id, *number))
        .collect();
    order.sort_unstable();
    let own = own_estate(&db, &mut found.damage)?;
    let row_of = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let others: Vec<(String, [u8; 32])> = table(&db, "estates", "id, key", &mut found.damage, row_of);
    let others: Vec<Estate> =
        others.into_iter().map(|(id, key)| Estate { id, key: EstateKey(key) }).filter(is_estate).collect();
    let contents = Contents {
        own: &own,
        others: &others,
        people: people(&db, &mut found.damage),
        heard: heard(&db, &mut found.damage),
        horizon: horizon(&db, &mut found.damage),
        order,
    };
    write_all(
        into,
        contents,
        &|_, number| read_entry(&db, number).map_err(Error::Damaged),
        &|entry, each| each_stored(&reader, &entry.header.claims, entry.claim_count, each),
    )?;
    Ok(found)
}

/// A connection that goes on where it can.
fn lenient(path: &Path) -> std::result::Result<Connection, Fail> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(open::PATIENCE)?;
    sums::know(&db)?;
    // A description of an index that makes no sense is no reason to give up the tables.
    db.pragma_update(None, "writable_schema", "ON")?;
    Ok(db)
}

fn has_statements(db: &Connection) -> bool {
    db.query_row("SELECT 1 FROM sqlite_schema WHERE name = 'statements'", [], |_| Ok(())).is_ok()
}

/// The numbers of all statements that the table or any index tells of.
fn numbers(db: &Connection, damage: &mut Vec<String>) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    let ways = [
        "NOT INDEXED ORDER BY number",
        "NOT INDEXED ORDER BY number DESC",
        "INDEXED BY sqlite_autoindex_statements_1 ORDER BY id",
        "INDEXED BY sqlite_autoindex_statements_1 ORDER BY id DESC",
        "INDEXED BY statements_op ORDER BY op",
        "INDEXED BY statements_time ORDER BY time",
        "INDEXED BY statements_scope ORDER BY scope",
    ];
    for way in ways {
        let read = |found: &mut BTreeSet<u64>| -> rusqlite::Result<()> {
            let mut query = db.prepare(&format!("SELECT number FROM statements {way}"))?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                found.insert(row.get::<_, i64>(0)? as u64);
            }
            Ok(())
        };
        if let Err(error) = read(&mut found) {
            damage.push(format!("the table of statements ({way}): {error}"));
        }
    }
    found
}

fn read_entry(db: &Connection, number: u64) -> std::result::Result<Entry, String> {
    let key = i64::try_from(number).map_err(|error| error.to_string())?;
    let found = entries(db, "NOT INDEXED WHERE number = ?1", [key]).map_err(|fail| match fail {
        Fail::Sql(error) => error.to_string(),
        Fail::Ours(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
    })?;
    found.into_iter().next().ok_or_else(|| "only an index knows of it".to_owned())
}

/// Reads a statement and all its claims and checks every hash. Gives the claims of which only the hash is left.
fn read(reader: &Reader<'_>, number: u64) -> std::result::Result<(Entry, Vec<Hash>), String> {
    let entry = read_entry(reader.db, number)?;
    let (mut hashes, mut gaps) = (Vec::new(), Vec::new());
    let body = each_stored(reader, &entry.header.claims, entry.claim_count, &mut |line| {
        let hash = if is_claim(line) {
            hash_bytes(line)
        } else {
            let text = std::str::from_utf8(line).unwrap_or_default();
            let hash = text.parse().map_err(|_| Error::Damaged("a claim is none".to_owned()))?;
            gaps.push(hash);
            hash
        };
        hashes.push(hash);
        Ok(())
    });
    body.map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())?;
    if claims_hash(&mut hashes) != entry.header.claims || hashes.len() as u64 != entry.claim_count {
        return Err("its claims are not those that it was said with".to_owned());
    }
    Ok((entry, gaps))
}

/// What is known of a statement that can't be read: what its row says, else what indexes say.
fn lost(db: &Connection, number: u64, why: String) -> Lost {
    let key = i64::try_from(number).unwrap_or(i64::MAX);
    let header = column::<String>(db, "NOT INDEXED", "header", key);
    let header = header.and_then(|text| serde_json::from_str::<Header>(&text).ok());
    let named = |name: &str| {
        column::<String>(db, "NOT INDEXED", name, key)
            .or_else(|| column(db, "INDEXED BY statements_slot", name, key))
    };
    Lost {
        number,
        id: column(db, "NOT INDEXED", "id", key)
            .or_else(|| column(db, "INDEXED BY sqlite_autoindex_statements_1", "id", key))
            .map(Hash),
        author: named("author").or_else(|| header.as_ref().map(|header| header.author.to_string())),
        scope: named("scope").or_else(|| header.as_ref().map(|header| header.scope.to_string())),
        why,
    }
}

fn column<T: FromSql>(db: &Connection, way: &str, name: &str, number: i64) -> Option<T> {
    // `+number` keeps SQLite from going by the row where an index is asked.
    let by = if way.starts_with("INDEXED") { "+number" } else { "number" };
    let sql = format!("SELECT {name} FROM statements {way} WHERE {by} = ?1");
    db.prepare(&sql).ok()?.query_row([number], |row| row.get(0)).ok()
}

/// All rows of a table that can be read, from both ends.
fn table<T: Ord>(
    db: &Connection,
    name: &str,
    columns: &str,
    damage: &mut Vec<String>,
    row_of: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let is_sound = if sums::are_there(db) { sums::is_sound(columns) } else { "1".to_owned() };
    let (mut found, mut left_out) = (BTreeSet::new(), false);
    let mut read = |direction: &str| -> rusqlite::Result<()> {
        let by: Vec<String> = columns.split(", ").map(|column| format!("{column}{direction}")).collect();
        let sql = format!("SELECT {columns}, {is_sound} FROM {name} ORDER BY {}", by.join(", "));
        let mut query = db.prepare(&sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if row.get(by.len())? {
                found.insert(row_of(row)?);
            } else {
                left_out = true;
            }
        }
        Ok(())
    };
    for direction in ["", " DESC"] {
        if let Err(error) = read(direction) {
            damage.push(format!("the table `{name}`: {error}"));
        }
    }
    if left_out {
        damage.push(format!("the table `{name}`: what is not what was written is left out"));
    }
    found.into_iter().collect()
}

fn people(db: &Connection, damage: &mut Vec<String>) -> Vec<PersonRow> {
    let person = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows: Vec<(String, String, String)> = table(db, "people", "id, name, address", damage, person);
    let rows = rows.into_iter().map(|(id, name, address)| PersonRow { id, name, address });
    // A merge refuses what is no person's id.
    rows.filter(|row| row.id.parse::<Author>().is_ok_and(|author| author.is_person())).collect()
}

fn heard(db: &Connection, damage: &mut Vec<String>) -> Vec<(Author, Scope, Time)> {
    let row_of = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows: Vec<(String, String, i64)> = table(db, "heard", "author, scope, time", damage, row_of);
    let parsed = |(author, scope, time): (String, String, i64)| {
        let time = Time::from_millis(time);
        // A merge refuses what is no time.
        time.to_string().parse::<Time>().ok()?;
        Some((author.parse().ok()?, scope.parse().ok()?, time))
    };
    rows.into_iter().filter_map(parsed).collect()
}

/// Whether these rows of `meta` are what was written, as far as an older Stave's file can tell.
fn is_meta_sound(db: &Connection, keys: &[&str]) -> bool {
    let sql = format!("SELECT {} FROM meta WHERE key = ?1", sums::is_sound("key, value"));
    let is_sound = |key: &&str| db.query_row(&sql, [key], |row| row.get(0)).unwrap_or(false);
    !sums::are_there(db) || keys.iter().all(is_sound)
}

/// From when on the history is whole.
fn horizon(db: &Connection, damage: &mut Vec<String>) -> Option<Time> {
    let read = || -> rusqlite::Result<Option<i64>> {
        let mut query = db.prepare("SELECT value FROM meta WHERE key = 'horizon'")?;
        query.query_row([], |row| row.get(0)).optional()
    };
    let found = read().unwrap_or_else(|error| {
        damage.push(format!("the horizon, if it was compacted: {error}"));
        None
    });
    if found.is_some() && !is_meta_sound(db, &["horizon"]) {
        damage.push("the horizon of a compaction: the export says nothing of it".to_owned());
        return None;
    }
    // A merge refuses what is no time.
    found.map(Time::from_millis).filter(|time| time.to_string().parse::<Time>().is_ok())
}

/// An estate's id has the form of an op.
fn is_estate(estate: &Estate) -> bool {
    estate.id.parse::<Op>().is_ok()
}

/// The estate, or a new one where its id or key is lost.
fn own_estate(db: &Connection, damage: &mut Vec<String>) -> Result<Estate> {
    let estate = || -> rusqlite::Result<Estate> {
        Ok(Estate { id: meta(db, "estate")?, key: EstateKey(meta(db, "estate_key")?) })
    };
    match estate() {
        Ok(estate) if is_estate(&estate) && is_meta_sound(db, &["estate", "estate_key"]) => Ok(estate),
        _ => {
            damage.push(
                "the estate's id or key: the export is of a new estate, in which persons of later words get other ids"
                    .to_owned(),
            );
            Ok(Estate { id: random_id()?, key: EstateKey(random()?) })
        }
    }
}
