//! Backups of a ledger in a file, made while others write, and bringing one back.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use stave_model::Time;
use tempfile::NamedTempFile;

use super::compact::note_horizon;
use super::open::{self, SCHEMA};
use super::{Fail, SqliteLedger, meta, sums};
use crate::error::{Error, Result};
use crate::exchange::Claimed;
use crate::moment::Moment;
use crate::{Entry, Horizon, Info, Ledger, Prepared, Preparer, Repeats, claimed};

/// Shelves of the small store that a backup of another kind of ledger takes along. What lasts a moment stays behind.
const LASTING: [&str; 3] = ["user", "token", "setting"];
/// Shelves that a restored ledger has not: whoever was signed in signs in again.
const FLEETING: [&str; 3] = ["session", "login", "rate"];
/// How long a restore waits for others to close the ledger that it moves aside.
const PATIENCE: Duration = Duration::from_secs(2);
const PAGE: usize = 1_000;
/// How often a copy is begun in which something changes meanwhile.
const TRIES: u32 = 5;

impl SqliteLedger {
    /// Writes the ledger as it stands to `into`, a file that only its owner may read, appears whole or not at all, and is
    /// a ledger itself. Others may write meanwhile: the copy is of one moment.
    ///
    /// # Errors
    /// Where the ledger is damaged, `into` is there already, or can't be written.
    pub fn backup(&self, into: &Path) -> Result<()> {
        appear(into, |draft| {
            // One statement, one snapshot; unlike a copy page by page it never begins again because somebody wrote.
            self.read(|db| Ok(db.execute("VACUUM INTO ?1", [draft.to_string_lossy()])?))?;
            settle(draft, "DELETE").map_err(|fail| fail.at(into))
        })
    }

    /// Writes any other ledger to a file in the same way, through the trait. Where others compact or redact meanwhile, it
    /// begins again, up to five times.
    ///
    /// # Errors
    /// As [`SqliteLedger::backup`]; [`Error::Moved`] where each time something changed meanwhile. Nothing is left then.
    pub fn backup_of(ledger: &mut dyn Ledger, into: &Path) -> Result<()> {
        appear(into, |draft| {
            for _ in 1..TRIES {
                match copied(ledger, draft, into) {
                    Err(Error::Moved) => {}
                    result => return result,
                }
                open::forget_companions(draft);
                fs::write(draft, "").map_err(|source| Error::Io { path: into.to_owned(), source })?;
            }
            copied(ledger, draft, into)
        })
    }

    /// Takes over everything from another ledger; this one must be new.
    fn become_copy(&mut self, ledger: &mut dyn Ledger, info: &Info) -> Result<()> {
        let own = crate::Estate { id: info.estate.clone(), key: ledger.estate_key()? };
        self.meet_estates(&[vec![own], ledger.other_estates()?].concat())?;
        let mut statements = Renumbered::new(ledger)?;
        self.append_prepared(Repeats::Keep, &mut || statements.next().transpose())?;
        if let Some(horizon) = statements.horizon() {
            self.write(|db, _| Ok(note_horizon(db, horizon)?))?;
        }
        // Behind the statements, some of which say whom to forget.
        self.add_people(&ledger.people()?)?;
        self.add_heard(&ledger.heard()?)?;
        // Last, for what was obeyed on the way raised a revision of its own.
        self.identify(info)?;
        let Some(store) = ledger.store() else { return Ok(()) };
        for shelf in LASTING {
            for (key, value) in store.items(shelf)? {
                crate::Store::set(self, shelf, &key, Some(&value))?;
            }
        }
        Ok(())
    }

    /// Whether a file is a ledger that this Stave can restore; it is not changed.
    ///
    /// # Errors
    /// Where it is none, or a newer Stave wrote it.
    pub fn is_restorable(backup: &Path) -> Result<()> {
        open::look(backup).map(drop)
    }

    fn identify(&mut self, info: &Info) -> Result<()> {
        self.write(|db, _| {
            let set = "UPDATE meta SET value = ?2 WHERE key = ?1";
            db.execute(set, ("ledger", &info.ledger))?;
            db.execute(set, ("epoch", info.epoch as i64))?;
            db.execute(set, ("revision", info.revision as i64))?;
            Ok(())
        })
    }

    /// A copy of a backup, of this version's schema, and its file in the folder `aside`, which goes with it.
    pub(crate) fn copy_of(backup: &Path, aside: &Path) -> Result<(SqliteLedger, NamedTempFile)> {
        let io = |source| Error::Io { path: aside.to_owned(), source };
        let draft = tempfile::Builder::new().prefix(".restored-").tempfile_in(aside).map_err(io)?;
        // Copied by SQLite itself, so that a live ledger's journal comes along.
        let copied = open::look(backup)?.execute("VACUUM INTO ?1", [draft.path().to_string_lossy()]);
        copied.map_err(|error| Fail::Sql(error).at(backup))?;
        settle(draft.path(), "DELETE").map_err(|fail| fail.at(backup))?;
        Ok((SqliteLedger::open(draft.path())?, draft))
    }

    /// What of the small store a restored ledger has: shelf, key and value.
    pub(crate) fn lasting(&self) -> Result<Vec<(&'static str, String, String)>> {
        let mut rows = Vec::new();
        for shelf in LASTING {
            let items = crate::Store::items(self, shelf)?.into_iter();
            rows.extend(items.map(|(key, value)| (shelf, key, value)));
        }
        Ok(rows)
    }

    /// Puts a backup in the place of a ledger. It begins a new epoch, later than `now` and than that of the ledger that was
    /// there, so that what was made of either is made again. Accounts come along, sessions don't.
    ///
    /// A ledger that is at `place` is moved aside, under a name that this gives, if `aside` says so.
    ///
    /// # Errors
    /// Where `backup` is no whole ledger or a newer Stave wrote it; where one is at `place` that is not to be moved
    /// ([`Error::Occupied`]), or that other processes have open ([`Error::Busy`]). Nothing has changed then.
    pub fn restore(backup: &Path, place: &Path, now: Time, aside: Aside) -> Result<Option<PathBuf>> {
        let is_there = place.exists();
        if is_there && aside == Aside::Never {
            return Err(Error::Occupied(place.to_owned()));
        }
        let io = |source| Error::Io { path: place.to_owned(), source };
        let folder = folder_of(place);
        let (mut restored, draft) = SqliteLedger::copy_of(backup, folder)?;
        let earlier = SqliteLedger::open(place).and_then(|old| old.info()).map_or(0, |info| info.epoch);
        let epoch = restored.info()?.epoch.max(earlier).saturating_add(1).max(now.millis().unsigned_abs());
        restored.write(|db, _| {
            db.execute("UPDATE meta SET value = ?1 WHERE key = 'epoch'", [epoch as i64])?;
            for shelf in FLEETING {
                db.execute("DELETE FROM shelf WHERE shelf = ?1", [shelf])?;
            }
            Ok(())
        })?;
        drop(restored);
        settle(draft.path(), "WAL").map_err(|fail| fail.at(place))?;
        draft.as_file().sync_all().map_err(io)?;
        let moved = if is_there { Some(move_aside(place, now)?) } else { None };
        draft.persist_noclobber(place).map_err(|error| io(error.error))?;
        open::sync_folder(folder);
        Ok(moved)
    }
}

/// Whether a restore may move a ledger aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// There must be none.
    Never,
    /// It is kept under another name.
    Move,
}

/// The statements of a ledger at one moment, ready to be appended elsewhere, where numbers have no gaps.
pub(crate) struct Renumbered<'a> {
    ledger: &'a dyn Ledger,
    /// What others append meanwhile is not of this moment.
    last: u64,
    page: std::vec::IntoIter<Entry>,
    after: u64,
    /// In the numbers of this ledger.
    horizon: Option<Horizon>,
    /// How many statements stand for the horizon's first ones.
    position: u64,
}

impl<'a> Renumbered<'a> {
    pub(crate) fn new(ledger: &'a dyn Ledger) -> Result<Renumbered<'a>> {
        let (last, horizon) = (ledger.position()?, ledger.horizon()?);
        Ok(Renumbered { ledger, last, page: Vec::new().into_iter(), after: 0, horizon, position: 0 })
    }

    /// The horizon in the new numbers, once all statements were given.
    pub(crate) fn horizon(&self) -> Option<Horizon> {
        self.horizon.map(|horizon| Horizon { position: self.position, ..horizon })
    }

    fn statement(&mut self) -> Result<Option<Prepared>> {
        if self.page.len() == 0 {
            let mut entries = self.ledger.entries(self.after, PAGE)?;
            entries.retain(|entry| entry.number <= self.last);
            self.page = entries.into_iter();
        }
        let Some(entry) = self.page.next() else { return Ok(None) };
        let number = entry.number;
        self.after = number;
        self.position += u64::from(self.horizon.is_some_and(|horizon| number <= horizon.position));
        let mut preparer = Preparer::new(entry.header)?;
        self.ledger.raw_lines(number, &mut |line| match claimed(number, line)? {
            Claimed::Whole(claim) => preparer.claim(&claim),
            Claimed::Redacted(hash) => preparer.redacted(hash),
        })?;
        preparer.finish().map(Some)
    }
}

impl Iterator for Renumbered<'_> {
    type Item = Result<Prepared>;

    fn next(&mut self) -> Option<Result<Prepared>> {
        self.statement().transpose()
    }
}

/// One attempt at a copy of a ledger, in an empty file.
fn copied(ledger: &mut dyn Ledger, draft: &Path, into: &Path) -> Result<()> {
    open::fill(draft).map_err(|fail| fail.at(into))?;
    let moment = Moment::now(ledger)?;
    let mut copy = SqliteLedger::open(draft)?;
    let became = copy.become_copy(ledger, &moment.info);
    moment.held(ledger, became)?;
    drop(copy);
    settle(draft, "DELETE").map_err(|fail| fail.at(into))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a file that appears whole or not at all, readable for its owner only.
fn appear(into: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if into.exists() {
        return Err(Error::Occupied(into.to_owned()));
    }
    let io = |source: std::io::Error| match source.kind() {
        ErrorKind::StorageFull => Error::Full(into.to_owned()),
        ErrorKind::AlreadyExists => Error::Occupied(into.to_owned()),
        _ => Error::Io { path: into.to_owned(), source },
    };
    let folder = folder_of(into);
    let draft = tempfile::Builder::new().prefix(".backup-").tempfile_in(folder).map_err(io)?;
    if let Err(error) = fill(draft.path()) {
        open::forget_companions(draft.path());
        return Err(error);
    }
    draft.as_file().sync_all().map_err(io)?;
    draft.persist_noclobber(into).map_err(|error| io(error.error))?;
    open::sync_folder(folder);
    Ok(())
}

/// Makes a copy whole in one file, and sound. Its journal is `DELETE` where the file shall lie still, so that it can be read
/// where nothing can be written, and `WAL` where several shall work with it.
fn settle(draft: &Path, journal: &str) -> std::result::Result<(), Fail> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(draft, flags)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // Everything comes home from the journal, or this fails and says so.
    db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    sums::know(&db)?;
    let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Error::Damaged(verdict).into());
    }
    if sums::are_there(&db) {
        let all: Vec<&str> = sums::TABLES.iter().map(|table| table.name).collect();
        sums::must_be_sound(&db, &all)?;
    }
    let schema: i64 = meta(&db, "schema")?;
    if schema > SCHEMA {
        return Err(Error::Newer { path: draft.to_owned(), found: schema, known: SCHEMA }.into());
    }
    db.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(()))?;
    db.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Moves a ledger to another name beside it; nobody may have it open.
fn move_aside(place: &Path, now: Time) -> Result<PathBuf> {
    let io = |source| Error::Io { path: place.to_owned(), source };
    close_others(place)?;
    let day: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let name = place.file_stem().unwrap_or_default().to_string_lossy();
    let aside = place.with_file_name(format!("{name}.before-{day}.sqlite"));
    for end in ["-wal", "-shm", ""] {
        let with_end = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        match fs::rename(with_end(place), with_end(&aside)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => result.map_err(io)?,
        }
    }
    Ok(aside)
}

/// Takes the journal home, which works only for the last who has the file open. A damaged ledger is moved as it is.
fn close_others(place: &Path) -> Result<()> {
    let close = || -> std::result::Result<(), Fail> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(place, flags)?;
        db.busy_timeout(PATIENCE)?;
        db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        Ok(())
    };
    match close().map_err(|fail| fail.at(place)) {
        Err(error @ Error::Busy(_)) => Err(error),
        _ => Ok(()),
    }
}
