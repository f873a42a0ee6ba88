//! A read model as a file: what it is of, without changing it; copied out whole, and put into place.
//!
//! A copy is the database with a line behind it that holds the SHA-256 of all before: SQLite reads no further than its last
//! page, and a copy that was cut short or changed on its way is known.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};
use stave_ledger::Info;
use stave_model::Hash;

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

/// What the last line of a copy begins with; 64 digits and a line's end follow.
const SEAL: &str = "\nstave read model 1 ";
/// How long the whole last line is.
const SEAL_BYTES: u64 = SEAL.len() as u64 + 65;
/// How often a copy tries to take its place while others use the read model, and how long it waits between: a minute.
const ATTEMPTS: u32 = 3_000;
const BETWEEN: Duration = Duration::from_millis(20);

/// Copies the read model as it stands to `into`, a file that is empty or isn't there.
pub(crate) fn save(connection: &Connection, into: &Path) -> Result<()> {
    // One statement is one snapshot; others go on folding.
    connection.execute("VACUUM INTO ?1", [into.to_string_lossy()])?;
    let seal = || -> io::Result<()> {
        let mut file = File::options().read(true).append(true).open(into)?;
        let bytes = file.metadata()?.len();
        let hash = hashed(&mut file, bytes)?;
        file.write_all(format!("{SEAL}{hash}\n").as_bytes())?;
        file.sync_all()
    };
    seal().map_err(|error| refused(into, error.to_string()))
}

fn hashed(file: &mut File, bytes: u64) -> io::Result<Hash> {
    file.seek(SeekFrom::Start(0))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut rest = file.take(bytes);
    loop {
        match rest.read(&mut buffer)? {
            0 => return Ok(Hash(digest.finalize().into())),
            count => digest.update(&buffer[..count]),
        }
    }
}

fn refused(path: &Path, what: impl Into<String>) -> MapError {
    MapError::Saved { path: path.to_owned(), what: what.into() }
}

/// Puts a copy in the place of what `connection` has, where it is whole and of this ledger.
pub(crate) fn load(connection: &mut Connection, from: &Path, info: &Info, end: u64) -> Result<Kept> {
    let io = |error: io::Error| refused(from, error.to_string());
    let mut file = File::open(from).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let Some(content) = bytes.checked_sub(SEAL_BYTES) else {
        return Err(refused(from, "it is no copy of a read model"));
    };
    let mut seal = String::new();
    file.seek(SeekFrom::Start(content)).map_err(io)?;
    // Bytes that are no text are no seal either.
    let read = (&mut file).take(SEAL_BYTES).read_to_string(&mut seal);
    let sealed =
        seal.strip_prefix(SEAL).filter(|_| read.is_ok()).and_then(|digits| digits.trim_end().parse().ok());
    let Some(sealed) = sealed else {
        return Err(refused(from, "it is no copy of a read model, or was cut short"));
    };
    if hashed(&mut file, content).map_err(io)? != sealed {
        return Err(refused(from, "it has changed since it was written"));
    }
    // Immutable: nothing is made beside the copy, which may lie where nobody may write.
    let uri = format!("file:{}?immutable=1", escaped(from));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(uri, flags)?;
    let kept = kept(&source)?.ok_or_else(|| refused(from, "it was never filled"))?;
    if !kept.is_of_this_version {
        return Err(refused(from, "another version of Stave made it"));
    }
    if kept.ledger != info.ledger {
        return Err(refused(from, "it is of another ledger"));
    }
    if !kept.is_of(info) || kept.position > end {
        return Err(refused(
            from,
            "the ledger was restored, compacted, or lost something to forget or redact since it was written",
        ));
    }
    let backup = Backup::new(&source, connection)?;
    for _ in 0..ATTEMPTS {
        if backup.step(-1)? == StepResult::Done {
            return Ok(kept);
        }
        std::thread::sleep(BETWEEN);
    }
    Err(refused(from, "others have been using the read model for too long"))
}

/// A path as SQLite's URIs have it.
fn escaped(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .map(|sign| match sign {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            other => other.to_string(),
        })
        .collect()
}
