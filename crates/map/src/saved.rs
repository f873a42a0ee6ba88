//! A read model as a file that somebody else made: what it is of, without changing it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use stave_ledger::Info;

use crate::error::{MapError, Result};
use crate::schema;

/// What a file of a read model is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// This version of Stave made it: another's is emptied when it is opened.
    pub is_of_this_version: bool,
    /// The ledger's id.
    pub ledger: String,
    /// The ledger's epoch.
    pub epoch: u64,
    /// The ledger's revision.
    pub revision: u64,
    /// It is the map of the present, not of a moment in the past.
    pub is_live: bool,
    /// The number of the last statement folded.
    pub position: u64,
}

impl Kept {
    /// Whether it can be brought up to date with this ledger; else it is made again from nothing.
    pub fn is_of(&self, info: &Info) -> bool {
        self.is_of_this_version
            && self.is_live
            && self.ledger == info.ledger
            && self.epoch == info.epoch
            && self.revision == info.revision
    }
}

/// Opens a file to look at it. Nothing is made, emptied or changed.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection> {
    let failed = |error: rusqlite::Error| MapError::Open { path: path.to_owned(), cause: error.to_string() };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(60)).map_err(failed)?;
    schema::meta(&connection, "schema").map_err(failed)?;
    Ok(connection)
}

/// What an open file is of; nothing where it was never filled.
pub(crate) fn kept(connection: &Connection) -> Result<Option<Kept>> {
    let is_of_this_version =
        schema::meta(connection, "schema")?.as_deref() == Some(schema::schema().as_str());
    let Some(stamp) = schema::meta(connection, "stamp")? else { return Ok(None) };
    let mut words = stamp.splitn(4, ' ');
    let mut next = || words.next().unwrap_or_default().to_owned();
    let (ledger, epoch, revision, kind) = (next(), next(), next(), next());
    Ok(Some(Kept {
        is_of_this_version,
        ledger,
        epoch: epoch.parse().unwrap_or_default(),
        revision: revision.parse().unwrap_or_default(),
        is_live: kind == "live",
        position: crate::fold::position(connection)?,
    }))
}
