//! The read model's tables. Everything in them follows from the ledger; nothing here is ever asked of a person again.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{MapError, Result};

/// How long one process waits for another that advances the same file.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Raised when a rule of the fold changes: an older file is thrown away and made again. A change of the tables is
/// noticed without it.
const RULES: u32 = 4;

/// What a file must have been made by: the rules and the text of the tables.
pub(crate) fn schema() -> String {
    format!("{RULES} {}", stave_model::hash_bytes(TABLES.as_bytes()).short())
}

const TABLES: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- Every author, scope, reference, key and text target, once.
CREATE TABLE sym(id INTEGER PRIMARY KEY, text TEXT NOT NULL);
-- Headers of statements, by their number in the ledger. `scope` is as written, `slot` after repositories that are one.
CREATE TABLE stmt(n INTEGER PRIMARY KEY, id BLOB NOT NULL, author INTEGER NOT NULL, scope INTEGER NOT NULL,
  person INTEGER NOT NULL, time INTEGER NOT NULL, at INTEGER NOT NULL, rules INTEGER NOT NULL, op BLOB NOT NULL,
  source_id TEXT, unread TEXT, claims INTEGER NOT NULL, withdrawn INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL,
  slot INTEGER);
CREATE UNIQUE INDEX stmt_id ON stmt(id);
CREATE INDEX stmt_op ON stmt(op);
CREATE INDEX stmt_slot ON stmt(slot) WHERE slot IS NOT NULL;
CREATE INDEX stmt_due ON stmt(person, due, time);
-- People's statements: the one claim, whether it stands, where its references are placed; `anchored`: on themselves.
-- `called`: a join of two names of one repository; `repositories`: of two repositories. Both concern more than their ends.
CREATE TABLE word(n INTEGER PRIMARY KEY, type INTEGER NOT NULL, neg INTEGER NOT NULL, body TEXT NOT NULL, standing INTEGER NOT NULL DEFAULT 0,
  placed INTEGER NOT NULL DEFAULT 0, anchored INTEGER NOT NULL DEFAULT 0, place_of INTEGER, place_to INTEGER,
  called INTEGER NOT NULL DEFAULT 0, repositories INTEGER NOT NULL);
CREATE INDEX word_type ON word(type) WHERE standing = 1;
CREATE INDEX word_called ON word(n) WHERE called = 1;
CREATE INDEX word_repositories ON word(n) WHERE repositories = 1;
CREATE INDEX word_of ON word(place_of) WHERE placed = 1;
CREATE INDEX word_to ON word(place_to) WHERE placed = 1 AND place_to IS NOT NULL;
CREATE TABLE replaces(target BLOB NOT NULL, by INTEGER NOT NULL, PRIMARY KEY(target, by)) WITHOUT ROWID;
CREATE INDEX replaces_by ON replaces(by);
CREATE TABLE withdraw(n INTEGER PRIMARY KEY, target TEXT NOT NULL);
-- What a standing word can be found again by: its references and their keys.
CREATE TABLE word_key(sym INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(sym, n)) WITHOUT ROWID;
CREATE INDEX word_key_n ON word_key(n);
-- (author, scope) of machines. `chain`: the statements whose claims are live, the one that holds first.
CREATE TABLE slot(id INTEGER PRIMARY KEY, author INTEGER NOT NULL, scope INTEGER NOT NULL, repository INTEGER, branch INTEGER,
  work INTEGER NOT NULL DEFAULT 0, holds INTEGER, live INTEGER NOT NULL DEFAULT 0, chain TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX slot_pair ON slot(author, scope);
CREATE INDEX slot_repository ON slot(repository);
CREATE INDEX slot_scope ON slot(scope);
CREATE TABLE branch_claim(slot INTEGER NOT NULL, repository INTEGER NOT NULL, value TEXT NOT NULL, basis INTEGER NOT NULL);
CREATE INDEX branch_claim_slot ON branch_claim(slot);
CREATE INDEX branch_claim_repository ON branch_claim(repository);
CREATE TABLE view(repository INTEGER PRIMARY KEY, branch TEXT NOT NULL, why TEXT NOT NULL, work INTEGER NOT NULL);
-- Live claims. `slot` 0: a person's word (stmt says which). `stmt` NULL: the one that holds the slot; else carried from it.
CREATE TABLE claim(id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, stmt INTEGER, type INTEGER NOT NULL, of INTEGER NOT NULL,
  \"to\" INTEGER, value TEXT, neg INTEGER NOT NULL, basis INTEGER NOT NULL, env TEXT, evidence TEXT, keys TEXT, hash INTEGER NOT NULL);
CREATE TABLE value_ref(claim INTEGER NOT NULL, ref INTEGER NOT NULL, PRIMARY KEY(claim, ref)) WITHOUT ROWID;
-- Live references with the number of claims that mention them, and the entity that they are of (its representative).
CREATE TABLE ref(id INTEGER PRIMARY KEY, n INTEGER NOT NULL, entity INTEGER, short INTEGER NOT NULL);
CREATE TABLE ref_key(ref INTEGER NOT NULL, key INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(ref, key)) WITHOUT ROWID;
-- `searched`: a hash of what is in the search of it, which tells whether that has to be written again.
CREATE TABLE entity(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, type TEXT, name TEXT NOT NULL, description TEXT,
  aliases TEXT NOT NULL, hidden INTEGER NOT NULL, refs INTEGER NOT NULL,
  searched INTEGER NOT NULL);
CREATE TABLE link(\"from\" INTEGER NOT NULL, type INTEGER NOT NULL, \"to\" INTEGER NOT NULL,
  PRIMARY KEY(\"from\", type, \"to\")) WITHOUT ROWID;
CREATE TABLE question(id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, short TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL,
  type TEXT, \"to\" TEXT);
CREATE INDEX question_owner ON question(owner);
CREATE INDEX question_short ON question(short);
CREATE TABLE count(what TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE search USING fts5(name, alias, text, content='', contentless_delete=1, prefix='2 3',
  tokenize=\"unicode61 remove_diacritics 2\");
-- Pieces of the index are merged once there are sixteen of about a size; else a word would now and then wait for more.
INSERT INTO search(search, rank) VALUES('automerge', 0);
";

/// Makes the search one piece, once all of it is written: above the pieces that words add, so that none of them waits for
/// a merge with it.
pub(crate) fn search_is_written(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("INSERT INTO search(search) VALUES('optimize')")
}

/// Indexes that a bulk load makes afterwards, for an index that grows in random order is what such a load waits for.
/// These are asked by the steps that follow the load of claims.
const CLAIM_INDEXES: &[(&str, &str)] = &[
    ("sym_text", "CREATE UNIQUE INDEX sym_text ON sym(text)"),
    ("claim_of", "CREATE INDEX claim_of ON claim(of)"),
    ("claim_to", "CREATE INDEX claim_to ON claim(\"to\") WHERE \"to\" IS NOT NULL"),
    ("claim_slot", "CREATE INDEX claim_slot ON claim(slot, stmt)"),
    ("value_ref_ref", "CREATE INDEX value_ref_ref ON value_ref(ref)"),
    ("ref_entity", "CREATE INDEX ref_entity ON ref(entity)"),
    ("ref_short", "CREATE INDEX ref_short ON ref(short)"),
    ("ref_key_key", "CREATE INDEX ref_key_key ON ref_key(key, ref)"),
];

/// And these by nothing before the end.
const ENTITY_INDEXES: &[(&str, &str)] = &[
    ("entity_kind", "CREATE INDEX entity_kind ON entity(hidden, kind, type, name)"),
    ("entity_name", "CREATE INDEX entity_name ON entity(name COLLATE NOCASE)"),
    ("link_to", "CREATE INDEX link_to ON link(\"to\", type)"),
];

/// What is thrown away when everything but the headers is to be made again.
const DERIVED: &[&str] = &[
    "word_key",
    "slot",
    "branch_claim",
    "view",
    "claim",
    "value_ref",
    "ref",
    "ref_key",
    "entity",
    "link",
    "question",
];

/// Opens the file, or makes it; one of another schema is emptied.
pub(crate) fn open(path: Option<&Path>) -> Result<Connection> {
    let failed = |cause: rusqlite::Error| MapError::Open {
        path: path.map_or_else(|| "(in memory)".into(), Path::to_path_buf),
        cause: cause.to_string(),
    };
    let connection = match path {
        Some(path) => {
            make_private(path);
            Connection::open(path)
        }
        None => Connection::open_in_memory(),
    }
    .map_err(failed)?;
    set_up(&connection).map_err(failed)?;
    Ok(connection)
}

/// Names and descriptions of an organisation are nobody else's on this machine: as the ledger, the file is its
/// owner's alone. Where it can't be made, opening it says why.
fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(512);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What is lost with the power is made again from the ledger.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -64_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // What was redacted in the ledger must not live on in pages that nobody uses.
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    if meta(connection, "schema").ok().flatten().as_deref() == Some(schema().as_str()) {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let made = match meta(connection, "schema").ok().flatten() {
        // Another process was faster.
        Some(made_by) if made_by == schema() => Ok(()),
        _ => make(connection),
    };
    connection.execute_batch(if made.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    made
}

fn make(connection: &Connection) -> rusqlite::Result<()> {
    let mut names = connection.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_%'",
    )?;
    let tables: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    drop(names);
    for table in tables {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS \"{}\"", table.replace('"', "\"\"")))?;
    }
    connection.execute_batch(TABLES)?;
    index_claims(connection)?;
    index_entities(connection)?;
    connection.execute("INSERT INTO meta VALUES('schema', ?1)", [schema()])?;
    Ok(())
}

/// Empties the file whole: for a ledger other than the one it was made from.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    make(connection_without_schema(connection)?)
}

fn connection_without_schema(connection: &Connection) -> rusqlite::Result<&Connection> {
    connection.execute("DELETE FROM meta", [])?;
    Ok(connection)
}

/// Throws away all that is derived from the headers and words.
pub(crate) fn clear_derived(connection: &Connection) -> rusqlite::Result<()> {
    for table in DERIVED {
        connection.execute_batch(&format!("DELETE FROM {table}"))?;
    }
    connection.execute_batch(
        "DELETE FROM search; DELETE FROM count WHERE what <> 'statements'; UPDATE stmt SET slot = NULL; UPDATE word SET placed = 0, anchored = 0, called = 0,
         place_of = NULL, place_to = NULL",
    )
}

pub(crate) fn drop_indexes(connection: &Connection) -> rusqlite::Result<()> {
    for (name, _) in CLAIM_INDEXES.iter().chain(ENTITY_INDEXES) {
        connection.execute_batch(&format!("DROP INDEX IF EXISTS {name}"))?;
    }
    Ok(())
}

/// Makes the indexes that the steps after a bulk load of claims ask.
pub(crate) fn index_claims(connection: &Connection) -> rusqlite::Result<()> {
    make_indexes(connection, CLAIM_INDEXES)
}

/// Makes the rest of them.
pub(crate) fn index_entities(connection: &Connection) -> rusqlite::Result<()> {
    make_indexes(connection, ENTITY_INDEXES)
}

fn make_indexes(connection: &Connection, indexes: &[(&str, &str)]) -> rusqlite::Result<()> {
    for (_, sql) in indexes {
        connection.execute_batch(&sql.replacen("INDEX", "INDEX IF NOT EXISTS", 1))?;
    }
    Ok(())
}

pub(crate) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

pub(crate) fn set_meta(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO meta VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2")?
        .execute(params![key, value])?;
    Ok(())
}
