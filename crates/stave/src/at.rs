//! `--at`: which moment of the past is meant, and its map. The map of a moment is made once and kept beside the live
//! one, for whoever looks at the past looks more than once; the ones that were used least recently give way.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use serde::Serialize;
use stave_answers::when::{age_ms, day, day_begins, minute};
use stave_ledger::{Ledger, Until};
use stave_map::{CutOff, ReadModel};
use stave_model::Time;

use crate::problem::Problem;

/// Maps of the past that are kept. Each takes as much room as the live one.
const KEPT: usize = 4;

/// The file that says which process uses the folder.
const LOCK_FILE: &str = "lock";

const DAY_MS: i64 = 24 * 60 * 60_000;
const MINUTE_MS: i64 = 60_000;

/// A moment as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The end of this instant's millisecond.
    Time(Time),
    /// Behind the statement with this number.
    Position(u64),
}

/// What an answer is of, as JSON has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AsOf {
    /// What the answer takes for the present.
    pub(crate) time: Time,
    /// The position that was asked for, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<u64>,
}

/// The map of a moment.
pub(crate) struct Past {
    pub(crate) map: ReadModel,
    pub(crate) until: Until,
    pub(crate) as_of: AsOf,
    pub(crate) kept: KeptMap,
}

/// Held while a map is used, so that nobody removes its file.
pub(crate) struct KeptMap {
    _lock: File,
}

impl Moment {
    /// A moment as people type it: a position (`120`), a day (`2026-11-01`, its end), an instant
    /// (`2026-11-01T12:00:00Z`), or an age (`12h`; `30d`: the end of the day 30 days ago).
    pub(crate) fn of(typed: &str, now: Time) -> Result<Moment, Problem> {
        let text = typed.trim();
        let unknown = || {
            Problem::new(format!("--at {typed}: that is no moment")).hint(
                "write a day (2026-11-01), an instant (2026-11-01T12:00:00Z), an age (30d, 12h), or a position \
                 as stave log numbers them (120)",
            )
        };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text.parse().map_err(|_| unknown())?;
            return Ok(Moment::Position(number));
        }
        if let Some(begins) = day_begins(text) {
            return Moment::end_of(begins, now).ok_or_else(|| future(typed));
        }
        if let Some(age) = age_ms(text) {
            let then = now.millis().saturating_sub(age);
            // An hour's age is cut to the minute and a day's to the day, so that the next question finds the map.
            return Ok(if text.ends_with('h') {
                Moment::Time(Time::from_millis(then - then.rem_euclid(MINUTE_MS)))
            } else {
                let begins = Time::from_millis(then - then.rem_euclid(DAY_MS));
                Moment::end_of(begins, now).unwrap_or(Moment::Time(now))
            });
        }
        let time = instant(text).ok_or_else(unknown)?;
        if time > now { Err(future(typed)) } else { Ok(Moment::Time(time)) }
    }

    /// The end of the day that begins then; of today, what has been of it.
    fn end_of(begins: Time, now: Time) -> Option<Moment> {
        let end = Time::from_millis(begins.millis() + DAY_MS - 1);
        (begins <= now).then(|| Moment::Time(end.min(now)))
    }
}

fn future(typed: &str) -> Problem {
    Problem::new(format!("--at {typed} is in the future"))
        .hint("nothing is known of it; without --at, it is now")
}

/// `2026-11-01T12:00Z`, with seconds and thousandths or without; a space for the T, and no Z, are understood.
fn instant(text: &str) -> Option<Time> {
    let text = text.trim_end_matches('Z').replacen(' ', "T", 1);
    let full = match text.len() {
        16 => format!("{text}:00.000Z"),
        19 => format!("{text}.000Z"),
        23 => format!("{text}Z"),
        _ => return None,
    };
    full.parse().ok()
}

impl AsOf {
    /// `2026-11-01 23:59`, `position 120 (2026-11-01)`.
    pub(crate) fn text(&self) -> String {
        match self.position {
            Some(position) => format!("position {position} ({})", day(self.time)),
            None => format!("{} UTC", minute(self.time)),
        }
    }
}

/// The map of a moment: the one that is kept in `folder`, brought up to date, or a new one. Nothing where the moment is
/// the present, which the live map shows.
pub(crate) fn past(
    folder: &Path,
    ledger: &dyn Ledger,
    moment: Moment,
    now: Time,
) -> anyhow::Result<Option<Past>> {
    let (cut_off, name) = match moment {
        Moment::Time(time) if time >= now => return Ok(None),
        Moment::Time(time) => (CutOff::Date(time), format!("date-{}.sqlite", time.millis())),
        Moment::Position(number) => {
            let end = ledger.position()?;
            if number > end {
                return Err(Problem::new(format!("--at {number}: the ledger ends at position {end}"))
                    .hint("stave log lists positions")
                    .into());
            }
            if number == end {
                return Ok(None);
            }
            (CutOff::Position(number, now), format!("position-{number}.sqlite"))
        }
    };
    let kept = room(folder, &name).with_context(|| format!("can't keep maps in {}", folder.display()))?;
    let file = folder.join(&name);
    let mut map = ReadModel::open(&file)?;
    map.catch_up(ledger, cut_off)?;
    // What was used last is removed last. A clock that can't be written costs a map that is made again, no more.
    drop(File::options().append(true).open(&file).and_then(|file| file.set_modified(SystemTime::now())));
    let (until, as_of) = match moment {
        Moment::Time(time) => (Until::Date(time), AsOf { time, position: None }),
        Moment::Position(number) => {
            // The latest that anything had been said at; a clock that was ahead makes no future.
            let time = map.history_ends()?.map_or(now, |time| time.min(now));
            (Until::Position(number, time), AsOf { time, position: Some(number) })
        }
    };
    Ok(Some(Past { map, until, as_of, kept }))
}

/// Makes the folder, removes maps until there is room for one called `wanted`, and locks the folder against removals by
/// others. Where somebody else is looking at the past, nothing is removed this time.
fn room(folder: &Path, wanted: &str) -> std::io::Result<KeptMap> {
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(folder)?;
    let lock = File::options().create(true).append(true).open(folder.join(LOCK_FILE))?;
    match lock.try_lock() {
        Ok(()) => {
            for file in surplus(folder, wanted)? {
                for end in ["", "-wal", "-shm"] {
                    let mut path = file.clone().into_os_string();
                    path.push(end);
                    drop(fs::remove_file(path));
                }
            }
            lock.unlock()?;
        }
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    lock.lock_shared()?;
    Ok(KeptMap { _lock: lock })
}

/// The maps that give way, so that with the wanted one there are no more than are kept.
fn surplus(folder: &Path, wanted: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut maps = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_map = entry.path().extension().is_some_and(|end| end == "sqlite");
        if is_map && entry.file_name() != wanted {
            maps.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    maps.sort();
    maps.truncate((maps.len() + 1).saturating_sub(KEPT));
    Ok(maps.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_instants_ages_and_positions() {
        let now: Time = "2026-11-22T21:30:45.678Z".parse().unwrap();
        let time = |text: &str| Some(Moment::Time(text.parse().unwrap()));
        for (typed, moment) in [
            ("120", Some(Moment::Position(120))),
            ("0", Some(Moment::Position(0))),
            ("2026-11-01", time("2026-11-01T23:59:59.999Z")),
            ("2026-11-22", time("2026-11-22T21:30:45.678Z")),
            ("2026-11-23", None),
            ("2026-11-01T12:00Z", time("2026-11-01T12:00:00.000Z")),
            ("2026-11-01 12:00:01", time("2026-11-01T12:00:01.000Z")),
            ("2026-11-01T12:00:01.500Z", time("2026-11-01T12:00:01.500Z")),
            ("2026-11-22T21:31Z", None),
            ("12h", time("2026-11-22T09:30:00.000Z")),
            ("0d", time("2026-11-22T21:30:45.678Z")),
            ("1d", time("2026-11-21T23:59:59.999Z")),
            ("2w", time("2026-11-08T23:59:59.999Z")),
            ("yesterday", None),
            ("", None),
            ("99999999999999999999", None),
            ("-3", None),
        ] {
            assert_eq!(Moment::of(typed, now).ok(), moment, "{typed}");
        }
    }

    #[test]
    fn the_maps_used_least_recently_give_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("at");
        for (age, name) in ["a", "b", "c", "d", "e"].iter().enumerate() {
            drop(room(&path, &format!("{name}.sqlite")).unwrap());
            let file = File::create(path.join(format!("{name}.sqlite"))).unwrap();
            let seconds = std::time::Duration::from_secs(1_000 + age as u64);
            file.set_modified(SystemTime::UNIX_EPOCH + seconds).unwrap();
            File::create(path.join(format!("{name}.sqlite-wal"))).unwrap();
        }
        let names = || {
            let mut names: Vec<String> = fs::read_dir(&path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name.ends_with(".sqlite") || name.ends_with("-wal"))
                .collect();
            names.sort();
            names.join(" ").replace(".sqlite", "")
        };
        assert_eq!(names(), "b b-wal c c-wal d d-wal e e-wal");
        // One that is there needs no room; one that is looked at is not taken away.
        let reader = room(&path, "b.sqlite").unwrap();
        assert_eq!(names(), "b b-wal c c-wal d d-wal e e-wal");
        drop(room(&path, "f.sqlite").unwrap());
        assert_eq!(names(), "b b-wal c c-wal d d-wal e e-wal");
        drop(reader);
        drop(room(&path, "f.sqlite").unwrap());
        assert_eq!(names(), "c c-wal d d-wal e e-wal");
    }
}
