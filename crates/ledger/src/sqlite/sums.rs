//! A sum beside every row that no statement's hash covers, so that a bit that flipped there is noticed.
//!
//! Triggers keep the sums, whatever writes a row. What they call is known to connections of ours only: whoever changes such a
//! row by other means is refused.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _};
use stave_model::hash_bytes;

use super::Fail;
use crate::error::Error;

/// A table with sums.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// All its columns, but the sum.
    pub(super) columns: &'static [&'static str],
    /// How many of these, from the first on, no two rows have in common.
    keys: usize,
    /// What a message calls a row by: nothing that is a secret.
    called: &'static str,
}

/// All of them.
pub(super) const TABLES: &[Table] = &[
    Table { name: "meta", columns: &["key", "value"], keys: 1, called: "key" },
    Table {
        name: "heard",
        columns: &["author", "scope", "time"],
        keys: 2,
        called: "author || ' of ' || scope",
    },
    Table { name: "people", columns: &["id", "name", "address"], keys: 3, called: "id" },
    Table { name: "forgotten", columns: &["id"], keys: 1, called: "id" },
    Table { name: "redacted", columns: &["claim"], keys: 1, called: "hex(claim)" },
    Table { name: "shelf", columns: &["shelf", "key", "value"], keys: 2, called: "shelf" },
    Table { name: "estates", columns: &["id", "key"], keys: 2, called: "id" },
];

/// What every opening of a ledger relies on.
pub(super) const RELIED_ON: &[&str] = &["meta", "forgotten", "redacted", "estates"];

/// Lets a connection compute sums: `row_sum(VALUE, …)`.
pub(super) fn know(db: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("row_sum", -1, flags, |row| Ok(row_sum(row)))
}

/// The beginning of a hash of all values with their types and lengths.
fn row_sum(row: &Context<'_>) -> i64 {
    let mut bytes = Vec::new();
    for at in 0..row.len() {
        let (kind, value): (u8, &[u8]) = match row.get_raw(at) {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => (1, &number.to_le_bytes()),
            ValueRef::Real(number) => (2, &number.to_bits().to_le_bytes()),
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(blob) => (4, blob),
        };
        bytes.push(kind);
        bytes.extend((value.len() as u64).to_le_bytes());
        bytes.extend(value);
    }
    let [a, b, c, d, e, f, g, h, ..] = hash_bytes(&bytes).0;
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Gives all tables their sums, and the triggers that keep them.
pub(super) fn add(db: &Connection) -> rusqlite::Result<()> {
    for Table { name, columns, keys, .. } in TABLES {
        let all = columns.join(", ");
        let new: Vec<String> = columns.iter().map(|column| format!("NEW.{column}")).collect();
        let same: Vec<String> =
            columns.iter().take(*keys).map(|column| format!("{column} = NEW.{column}")).collect();
        let (new, same) = (new.join(", "), same.join(" AND "));
        db.execute_batch(&format!(
            "ALTER TABLE {name} ADD COLUMN sum INTEGER;
             UPDATE {name} SET sum = row_sum({all});
             CREATE TRIGGER {name}_new AFTER INSERT ON {name} BEGIN
                 UPDATE {name} SET sum = row_sum({new}) WHERE {same};
             END;
             CREATE TRIGGER {name}_changed AFTER UPDATE OF {all} ON {name} BEGIN
                 UPDATE {name} SET sum = row_sum({new}) WHERE {same};
             END;"
        ))?;
    }
    Ok(())
}

/// Whether a row is as it was written, as an expression of SQL.
pub(super) fn is_sound(columns: &str) -> String {
    format!("sum IS row_sum({columns})")
}

/// Whether the tables of a file have sums: those of an older Stave have none.
pub(super) fn are_there(db: &Connection) -> bool {
    db.prepare("SELECT sum FROM meta").is_ok()
}

/// Refuses to go on with a table in which a row isn't as it was written.
pub(super) fn must_be_sound(db: &Connection, tables: &[&str]) -> Result<(), Fail> {
    for table in TABLES.iter().filter(|table| tables.contains(&table.name)) {
        if let Some(row) = changed(db, table, 1)?.pop() {
            return Err(Error::Damaged(row).into());
        }
    }
    Ok(())
}

/// The rows of a table that are not as they were written, in words.
pub(super) fn changed(db: &Connection, table: &Table, most: usize) -> rusqlite::Result<Vec<String>> {
    let Table { name, columns, called, .. } = table;
    let sql = format!(
        "SELECT CAST({called} AS TEXT) FROM {name} WHERE NOT ({}) LIMIT {most}",
        is_sound(&columns.join(", "))
    );
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map([], |row| {
        let called = String::from_utf8_lossy(row.get_ref(0)?.as_bytes().unwrap_or_default()).into_owned();
        Ok(format!("a row of the table `{name}` is not what was written: {called}"))
    })?;
    rows.collect()
}

/// The value of a row of the small store, checked.
pub(super) fn item(db: &Connection, shelf: &str, key: &str) -> Result<Option<String>, Fail> {
    let sql = "SELECT value, sum IS row_sum(shelf, key, value) FROM shelf WHERE shelf = ?1 AND key = ?2";
    let mut query = db.prepare_cached(sql)?;
    let found = query.query_row([shelf, key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match found {
        Some((_, false)) => {
            Err(Error::Damaged(format!("a row of the table `shelf` is not what was written: {shelf}")).into())
        }
        Some((value, true)) => Ok(Some(value)),
        None => Ok(None),
    }
}
