//! Making and opening the file of a ledger, and what SQLite's refusals mean.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::{Fail, sums};
use crate::error::{Error, Result};
use crate::{random, random_id};

/// The version of schema.sql.
pub(crate) const SCHEMA: i64 = 3;
/// What brings a file of schema N to N + 1, from 1 on.
const STEPS: &[fn(&Connection) -> rusqlite::Result<()>] =
    &[|db| db.execute_batch(include_str!("to_2.sql")), sums::add];
/// How long a writer waits for others. A merge of a large file holds the lock for seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Opens an existing ledger.
pub(super) fn open(path: &Path) -> Result<Connection> {
    is_file_of_something(path)?;
    connect(path).map_err(|fail| fail.at(path))
}

fn is_file_of_something(path: &Path) -> Result<()> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let no_ledger = |what: &str| Error::NoLedger { path: path.to_owned(), what: what.to_owned() };
    let file = match std::fs::metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Error::Missing(path.to_owned())),
        Err(error) => return Err(io(error)),
    };
    if !file.is_file() {
        return Err(no_ledger("this is no file, so no ledger"));
    }
    if file.len() == 0 {
        return Err(no_ledger("the file is empty, so no ledger"));
    }
    Ok(())
}

fn connect(path: &Path) -> std::result::Result<Connection, Fail> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(PATIENCE)?;
    db.set_prepared_statement_cache_capacity(64);
    // FULL: a commit is on the disk before the caller hears of it.
    db.pragma_update(None, "synchronous", "FULL")?;
    // What is forgotten or redacted is overwritten, not only unlinked.
    db.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    sums::know(&db)?;
    let found = schema(&db, path)?;
    if found < SCHEMA {
        bring_up(&mut db)?;
    }
    sums::must_be_sound(&db, sums::RELIED_ON)?;
    Ok(db)
}

/// The schema of a file, which is not changed.
pub(super) fn schema_of(path: &Path) -> Result<i64> {
    let read = || -> std::result::Result<i64, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(PATIENCE)?;
        db.query_row("SELECT value FROM meta WHERE key = 'schema'", [], |row| row.get(0))
    };
    read().map_err(|error| explain(path, error))
}

/// The schema of a ledger's file, if it is one that this Stave knows.
fn schema(db: &Connection, path: &Path) -> std::result::Result<i64, Fail> {
    let no_ledger = || Error::NoLedger {
        path: path.to_owned(),
        what: "this is an SQLite database, but no ledger".to_owned(),
    };
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'statements')";
    if db.query_row(tables, [], |row| row.get::<_, i64>(0))? != 2 {
        return Err(no_ledger().into());
    }
    let schema = "SELECT value FROM meta WHERE key = 'schema'";
    let found: i64 = db.query_row(schema, [], |row| row.get(0)).optional()?.ok_or_else(no_ledger)?;
    if found > SCHEMA {
        return Err(Error::Newer { path: path.to_owned(), found, known: SCHEMA }.into());
    }
    Ok(found)
}

/// Opens a ledger of this or an older Stave for reading alone: nothing of it changes, not even its schema.
pub(super) fn look(path: &Path) -> Result<Connection> {
    is_file_of_something(path)?;
    let open = || -> std::result::Result<Connection, Fail> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(PATIENCE)?;
        sums::know(&db)?;
        schema(&db, path)?;
        Ok(db)
    };
    open().map_err(|fail| fail.at(path))
}

/// Brings the file of an older Stave to this one's schema, whole or not at all.
fn bring_up(db: &mut Connection) -> std::result::Result<(), Fail> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let read = "SELECT value FROM meta WHERE key = 'schema'";
    // Another process may have done it while this one waited.
    let found: i64 = change.query_row(read, [], |row| row.get(0))?;
    for (step, next) in STEPS.iter().zip(2..) {
        if found < next {
            step(&change)?;
        }
    }
    change.execute("UPDATE meta SET value = max(value, ?1) WHERE key = 'schema'", [SCHEMA])?;
    change.commit()?;
    Ok(())
}

/// Makes a ledger unless there is one. It appears whole or not at all: it is made under another name, so
/// neither a crash nor a second process can leave half of one.
pub(super) fn create(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let io = |source: std::io::Error| match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Error::ReadOnly { path: path.to_owned(), reason: source.to_string() }
        }
        ErrorKind::StorageFull => Error::Full(path.to_owned()),
        _ => Error::Io { path: path.to_owned(), source },
    };
    // Only its owner may read the file (0600), which holds the estate's key. SQLite gives its
    // companions the same permissions.
    let draft = tempfile::Builder::new().prefix(".new-ledger-").tempfile_in(folder).map_err(io)?;
    if let Err(fail) = fill(draft.path()) {
        forget_companions(draft.path());
        return Err(fail.at(path));
    }
    draft.as_file().sync_all().map_err(io)?;
    match draft.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(io(error.error)),
    }
    sync_folder(folder);
    Ok(())
}

/// A new file's name, too, has to survive a power cut. Not every system can sync a folder, and none needs it to go on.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = std::fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Makes an empty ledger of a new estate in an empty file.
pub(super) fn fill(draft: &Path) -> std::result::Result<(), Fail> {
    let mut db = Connection::open_with_flags(
        draft,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    sums::know(&db)?;
    let change = db.transaction()?;
    change.execute_batch(include_str!("schema.sql"))?;
    sums::add(&change)?;
    {
        let mut meta = change.prepare("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
        meta.execute(params!["schema", SCHEMA])?;
        meta.execute(params!["ledger", random_id()?])?;
        meta.execute(params!["epoch", 0])?;
        meta.execute(params!["revision", 0])?;
        meta.execute(params!["estate", random_id()?])?;
        meta.execute(params!["estate_key", random::<32>()?])?;
    }
    change.commit()?;
    // Stays with the file: readers and a writer don't wait for each other. It comes last, for closing a file in this mode
    // may fail to bring home what was written and doesn't say so; the journal would stay behind under the other name.
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Removes what SQLite leaves beside a file that came to nothing.
pub(super) fn forget_companions(draft: &Path) {
    for end in ["-journal", "-wal", "-shm"] {
        let mut name = draft.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
}

/// What a refusal of SQLite means for the one who reads it.
pub(super) fn explain(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    let reason = error.to_string();
    let rusqlite::Error::SqliteFailure(code, _) = &error else {
        return match error {
            // A column of another type or a missing row: no Stave wrote that.
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::QueryReturnedNoRows
            // A table or column that isn't there any more.
            | rusqlite::Error::SqlInputError { .. } => Error::Damaged(format!("{}: {reason}", path.display())),
            _ => Error::Storage { path, reason },
        };
    };
    match code.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy(path),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
            Error::ReadOnly { path, reason }
        }
        ErrorCode::DiskFull => Error::Full(path),
        ErrorCode::NotADatabase => {
            Error::NoLedger { path, what: "this is no SQLite database, so no ledger".to_owned() }
        }
        // No Stave asks for what a constraint forbids, or for a table that isn't there or is there already: something that it
        // went by was not what had been written.
        ErrorCode::DatabaseCorrupt | ErrorCode::ConstraintViolation | ErrorCode::Unknown => {
            Error::Damaged(format!("{}: {reason}", path.display()))
        }
        ErrorCode::SystemIoFailure => Error::Storage {
            path,
            reason: format!(
                "the system refused to read or write ({reason}); nothing of this was written, everything before is safe"
            ),
        },
        _ => Error::Storage { path, reason },
    }
}
