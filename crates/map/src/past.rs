//! Maps of the past, kept in a folder beside the live one: the map of a moment is made once, for whoever looks at the past
//! looks more than once. Those that were used least recently give way.
//!
//! Any number of processes may use one folder. Who uses a map holds a lock on it, without which nobody removes its file; so
//! the folder holds the maps that are kept and, for a while, others that somebody is just looking at.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use stave_ledger::{Info, Ledger, Until};
use stave_model::{Time, hash_bytes};

use crate::error::MapError;
use crate::{CutOff, Kept, ReadModel};

/// Maps of the past that are kept. Each takes as much room as the live one.
pub const PAST_MAPS: usize = 4;

/// Statements that are folded in passing; more are work that somebody should know of.
const FEW: u64 = 10_000;

/// Lock files: a map's is found by its name, so that there are never more. Two maps that share one are only kept longer.
const LOCKS: u8 = 16;

/// A moment that a map is wanted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// What had been said by the end of this instant's millisecond.
    Time(Time),
    /// The first so many statements, by arrival.
    Position(u64),
}

/// How much may be done for a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// It may be brought up to date, where it is nearly so.
    Little,
    /// It may be made.
    Any,
}

/// What there is of a moment.
pub enum Past {
    /// The moment is the present, which the live map shows.
    Present,
    /// Its map.
    Map(PastMap),
    /// More has to be done for it than was allowed.
    Later,
}

/// The map of a moment, whose file stays while its lock is held.
pub struct PastMap {
    /// The map, level with the ledger.
    pub model: ReadModel,
    /// What of the ledger counted.
    pub until: Until,
    /// Keeps the file where it is.
    pub lock: PastLock,
}

/// Held while a map of the past is used, so that nobody removes its file.
pub struct PastLock {
    _file: File,
}

/// Why there is no map of a moment.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// What was said then is not all there any more.
    #[error(
        "the ledger was compacted, and its history goes back to {0} only\n\nhint: ask for that instant or a later one; a backup from before the compaction has what was earlier"
    )]
    BeforeTime(Time),
    /// The same, by arrival.
    #[error(
        "the ledger was compacted, and its history goes back to position {0} only\n\nhint: ask for that position or a later one; a backup from before the compaction has what was earlier"
    )]
    BeforePosition(u64),
    /// So many statements have never come.
    #[error("the ledger ends at position {0}\n\nhint: stave log lists positions")]
    Beyond(u64),
    /// Maps can't be kept in the folder.
    #[error("can't keep maps in {}: {cause}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The map can't be made or read.
    #[error(transparent)]
    Map(#[from] MapError),
}

impl From<stave_ledger::Error> for PastError {
    fn from(error: stave_ledger::Error) -> PastError {
        PastError::Map(error.into())
    }
}

/// The map of a moment: the one that is kept in `folder`, brought up to date, or a new one. `now` is the present.
///
/// # Errors
/// Where the ledger doesn't go back to that moment, or has not come to it, and where it can't be read or the map not be made.
pub fn past(
    folder: &Path,
    ledger: &dyn Ledger,
    moment: Moment,
    now: Time,
    effort: Effort,
) -> Result<Past, PastError> {
    let horizon = ledger.horizon()?;
    let (cut_off, name) = match moment {
        Moment::Time(time) if time >= now => return Ok(Past::Present),
        Moment::Time(time) => {
            if let Some(horizon) = horizon.filter(|horizon| time < horizon.time) {
                return Err(PastError::BeforeTime(horizon.time));
            }
            (CutOff::Date(time), format!("date-{}.sqlite", time.millis()))
        }
        Moment::Position(number) => {
            let end = ledger.position()?;
            if number > end {
                return Err(PastError::Beyond(end));
            }
            if number == end {
                return Ok(Past::Present);
            }
            if let Some(horizon) = horizon.filter(|horizon| number < horizon.position) {
                return Err(PastError::BeforePosition(horizon.position));
            }
            (CutOff::Position(number, now), format!("position-{number}.sqlite"))
        }
    };
    let failed = |cause| PastError::Folder { folder: folder.to_owned(), cause };
    let lock = lock(folder, &name).map_err(failed)?;
    lock.lock_shared().map_err(failed)?;
    let file = folder.join(&name);
    if !file.exists() {
        if effort == Effort::Little {
            return Ok(Past::Later);
        }
        make_room(folder, &name).map_err(failed)?;
    }
    let mut model = ReadModel::open(&file)?;
    if effort == Effort::Little && behind(&model, ledger, cut_off)?.is_none_or(|count| count > FEW) {
        return Ok(Past::Later);
    }
    model.catch_up(ledger, cut_off)?;
    // What was used last is removed last. A time that can't be written costs a map that is made again, no more.
    drop(File::options().append(true).open(&file).and_then(|file| file.set_modified(system_time(now))));
    let until = match moment {
        Moment::Time(time) => Until::Date(time),
        Moment::Position(number) => {
            // The latest that anything had been said at; a clock that was ahead makes no future.
            Until::Position(number, model.history_ends()?.map_or(now, |time| time.min(now)))
        }
    };
    Ok(Past::Map(PastMap { model, until, lock: PastLock { _file: lock } }))
}

/// Removes the maps that were made of another ledger, epoch or revision than `info`: what was redacted or forgotten since
/// may stand in them. One that somebody looks at is made again when it is looked at next.
///
/// # Errors
/// Where the folder can't be read or a file not be removed.
pub fn forget_past(folder: &Path, info: &Info) -> io::Result<()> {
    for (_, file) in maps(folder)? {
        let kept = ReadModel::open_to_read(&file).and_then(|model| model.kept());
        if !kept.is_ok_and(|kept| kept.is_some_and(|kept| is_of(&kept, info))) {
            remove(folder, &file)?;
        }
    }
    Ok(())
}

fn is_of(kept: &Kept, info: &Info) -> bool {
    kept.is_of_this_version
        && (&kept.ledger, kept.epoch, kept.revision) == (&info.ledger, info.epoch, info.revision)
}

/// How many statements a map lacks; none where it has to be made. Which moment it is of, its name has said.
fn behind(model: &ReadModel, ledger: &dyn Ledger, cut_off: CutOff) -> Result<Option<u64>, MapError> {
    let info = ledger.info()?;
    let Some(kept) = model.kept()?.filter(|kept| is_of(kept, &info)) else { return Ok(None) };
    Ok(Some(cut_off.last(ledger.position()?).saturating_sub(kept.position)))
}

fn system_time(time: Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(time.millis()).unwrap_or(0))
}

/// The open lock file of a map, in a folder that is made for it.
fn lock(folder: &Path, name: &str) -> io::Result<File> {
    let mut maker = DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(folder)?;
    let number = hash_bytes(name.as_bytes()).0[0] % LOCKS;
    File::options().create(true).append(true).open(folder.join(format!("lock-{number}")))
}

/// Removes maps until one called `wanted` can be added, those that were used least recently first and none that is in use.
fn make_room(folder: &Path, wanted: &str) -> io::Result<()> {
    let mut maps = maps(folder)?;
    maps.retain(|(_, file)| file.file_name().is_none_or(|name| name != wanted));
    maps.sort();
    let mut surplus = (maps.len() + 1).saturating_sub(PAST_MAPS);
    for (_, file) in maps {
        if surplus == 0 {
            break;
        }
        surplus -= usize::from(remove(folder, &file)?);
    }
    Ok(())
}

/// The maps in a folder, with when each was used last.
fn maps(folder: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let mut maps = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(maps),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.path().extension().is_some_and(|end| end == "sqlite") {
            // One that another process has just removed is not there.
            let Ok(meta) = entry.metadata() else { continue };
            maps.push((meta.modified()?, entry.path()));
        }
    }
    Ok(maps)
}

/// Removes a map with what SQLite keeps beside it, unless somebody uses it. Says whether it is gone.
fn remove(folder: &Path, file: &Path) -> io::Result<bool> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let lock = lock(folder, &name)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // The database first: SQLite removes a journal that it finds beside an empty one.
    for end in ["", "-wal", "-shm"] {
        let mut path = file.to_owned().into_os_string();
        path.push(end);
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(true)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> String {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("lock"))
            .collect();
        names.sort();
        names.join(" ").replace(".sqlite", "")
    }

    /// Files that stand for maps, each used a second after the one before.
    fn filled(folder: &Path, names: &[&str]) {
        for (age, name) in names.iter().enumerate() {
            let file = File::create(folder.join(format!("{name}.sqlite"))).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + age as u64)).unwrap();
            File::create(folder.join(format!("{name}.sqlite-wal"))).unwrap();
        }
    }

    #[test]
    fn the_maps_used_least_recently_give_way() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), &["a", "b", "c", "d"]);
        make_room(folder.path(), "d.sqlite").unwrap();
        assert_eq!(names(folder.path()), "a a-wal b b-wal c c-wal d d-wal");
        make_room(folder.path(), "e.sqlite").unwrap();
        assert_eq!(names(folder.path()), "b b-wal c c-wal d d-wal");
    }

    #[test]
    fn a_map_that_is_looked_at_is_not_taken_away_but_the_next_one_is() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), &["a", "b", "c", "d"]);
        let reader = lock(folder.path(), "a.sqlite").unwrap();
        reader.lock_shared().unwrap();
        make_room(folder.path(), "e.sqlite").unwrap();
        assert_eq!(names(folder.path()), "a a-wal c c-wal d d-wal");
        drop(reader);
        make_room(folder.path(), "e.sqlite").unwrap();
        assert_eq!(names(folder.path()), "a a-wal c c-wal d d-wal");
        filled(folder.path(), &["b"]);
        make_room(folder.path(), "e.sqlite").unwrap();
        assert_eq!(maps(folder.path()).unwrap().len(), PAST_MAPS - 1);
    }
}
