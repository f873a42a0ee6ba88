//! The power goes at any moment: what was acknowledged before is there.
//!
//! A writer runs on a disk that keeps a diary (tests/disk). From it the ledger is made as it would be found after a cut,
//! without anything that was not synced, and with any part of it.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use stave_ledger::{Ledger, SqliteLedger};
use tempfile::TempDir;

use crate::crash::{check, safe, writer_command};
use crate::disk::{Disk, Record, Shim, Unsynced};
use crate::make::Dice;

/// How many cuts, where nobody asks for more.
const CUTS: usize = 60;
const TASK: &str = "STAVE_LEDGER_TEST_PLAIN_WRITER";

fn cuts() -> usize {
    std::env::var("STAVE_CUTS").map_or(CUTS, |text| text.parse().unwrap())
}

/// What a writer did on the shim's disk, in a folder that is there before.
struct Story {
    root: u64,
    diary: Vec<Record>,
}

fn story(run: impl FnOnce(&Path, &Shim)) -> Story {
    let (folder, beside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let shim = Shim::new(folder.path(), beside.path());
    run(folder.path(), &shim);
    Story { root: std::fs::metadata(folder.path()).unwrap().ino(), diary: shim.diary() }
}

impl Story {
    /// Cuts the power at `count` moments, and has each outcome looked at with what had been said by then.
    fn cut(&self, count: usize, mut look: impl FnMut(&Path, &str)) {
        let mut dice = Dice(20_261_124);
        let mut moments: Vec<usize> =
            (0..count).map(|_| dice.below(self.diary.len() as u64 + 1) as usize).collect();
        moments.sort_unstable();
        let (mut disk, mut said, mut done) = (Disk::default(), String::new(), 0);
        for (index, moment) in moments.into_iter().enumerate() {
            for record in &self.diary[done..moment] {
                disk.take(record);
                if let Record::Said(text) = record {
                    said.push_str(text);
                }
            }
            done = moment;
            let unsynced =
                if index % 2 == 0 { Unsynced::Lost } else { Unsynced::Torn(dice.below(u64::MAX >> 33)) };
            let after = TempDir::new().unwrap();
            disk.cut(self.root, unsynced, after.path());
            look(after.path(), &said);
        }
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let mut acknowledged: BTreeMap<usize, usize> = BTreeMap::new();
    for mode in 0..3 {
        let story = story(|folder, shim| {
            let mut command = writer_command(mode, 1, 30, &folder.join("ledger.db"));
            shim.under(&mut command);
            assert!(command.stdout(Stdio::null()).status().unwrap().success());
        });
        assert!(story.diary.iter().any(|record| matches!(record, Record::Synced(_))));
        story.cut(cuts().div_ceil(3), |folder, said| {
            let ids: HashSet<_> = safe(said).into_iter().collect();
            let path = folder.join("ledger.db");
            *acknowledged.entry(mode).or_default() += ids.len();
            if !path.exists() {
                assert!(ids.is_empty(), "the ledger is gone, and {} statements with it", ids.len());
                return;
            }
            check(&path, &ids);
            // It goes on without a repair.
            let mut ledger = SqliteLedger::open(&path).unwrap();
            ledger.append(&[crate::make::word(1, "ann", "after all")]).unwrap();
        });
    }
    assert!(acknowledged.values().all(|count| *count > cuts()), "{acknowledged:?}: too few to mean anything");
    println!("measured: power_cuts={} acknowledged={acknowledged:?}", cuts().div_ceil(3) * 3);
}

#[test]
fn a_disk_that_breaks_in_the_middle_loses_nothing_that_was_acknowledged() {
    const INPUT_OUTPUT_ERROR: i32 = 5;
    let mut broken = 0;
    // From the 46th to the 66th write on, a ledger that was being made was once left behind empty and malformed.
    for number in 0..16 {
        let (folder, beside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let shim = Shim::new(folder.path(), beside.path());
        let path = folder.path().join("ledger.db");
        let mut command = writer_command(number % 3, 1, 10, &path);
        shim.failing(&mut command, 1 + 8 * number as u64, INPUT_OUTPUT_ERROR);
        let output = command.output().unwrap();
        broken += usize::from(!output.status.success());
        let ids: HashSet<_> = safe(&String::from_utf8_lossy(&output.stdout)).into_iter().collect();
        check(&path, &ids);
    }
    assert!(broken > 8, "{broken}");
}

/// Not a test of its own: a program that writes rows and says so, with SQLite as careful as it is told to be.
#[test]
fn plain_writer() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (synchronous, path) = task.split_once(' ').unwrap();
    let db = Connection::open(path).unwrap();
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    db.pragma_update(None, "synchronous", synchronous).unwrap();
    db.execute_batch("CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, text TEXT)").unwrap();
    for number in 0..40 {
        db.execute("INSERT INTO row VALUES (?1, ?2)", (number, "x".repeat(2_000))).unwrap();
        println!("\nsafe {number}");
    }
}

/// How many cuts lost a row that had been acknowledged, or the whole file.
fn losses(synchronous: &str) -> usize {
    let story = story(|folder, shim| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "power::plain_writer", "--nocapture", "--test-threads=1"]);
        command.env(TASK, format!("{synchronous} {}", folder.join("rows.db").display()));
        shim.under(&mut command);
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
    });
    let mut losses = 0;
    story.cut(CUTS, |folder, said| {
        let acknowledged = said.lines().filter(|line| line.starts_with("safe ")).count();
        let found = Connection::open(folder.join("rows.db"))
            .and_then(|db| db.query_row("SELECT count(*) FROM row", [], |row| row.get::<_, i64>(0)));
        losses += usize::from(acknowledged as i64 > found.unwrap_or(0));
    });
    losses
}

#[test]
fn the_disk_of_these_tests_catches_a_database_that_does_not_sync() {
    assert_eq!(losses("FULL"), 0);
    assert!(losses("OFF") > CUTS / 4, "{} of {CUTS}", losses("OFF"));
    // Not even this is enough: a commit may be lost with the power, though the file stays sound.
    assert!(losses("NORMAL") > 0);
}
