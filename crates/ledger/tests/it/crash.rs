//! Real processes, really killed: nothing that was acknowledged is lost, nothing half-written is seen.
//!
//! The test binary starts itself again as a writer, which says on its output what is safe.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use stave_ledger::{Ledger, MemoryLedger, PostgresLedger, SqliteLedger, export, merge_stream};
use stave_model::{Hash, Op, Statement};
use tempfile::TempDir;

use crate::make::{Dice, scan, word};

const TASK: &str = "STAVE_LEDGER_TEST_WRITER";
const KILLS: usize = 100;
/// Statements in a batch and in a merged file.
pub(crate) const MANY: u64 = 12;

/// What a writer does, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Append,
    Batch,
    Merge,
}

pub(crate) const MODES: [Mode; 3] = [Mode::Append, Mode::Batch, Mode::Merge];

/// The statements of one step: no other writer or step has the same ones, and they share an op.
fn step(mode: Mode, writer: u64, number: u64) -> Vec<Statement> {
    let count = if mode == Mode::Append { 1 } else { MANY };
    (0..count)
        .map(|index| {
            let minute = (number * MANY + index) as i64;
            let mut said = if index % 2 == number % 2 {
                word(minute, "ann", &format!("{writer} {number} {index}"))
            } else {
                scan(minute, &format!("{writer} {number} {index}"), 1 + (number % 40) as usize)
            };
            let mut op = [0; 16];
            op[..8].copy_from_slice(&(writer + 1).to_be_bytes());
            op[8..].copy_from_slice(&number.to_be_bytes());
            said.header.op = Op(op);
            said
        })
        .collect()
}

/// Not a test of its own: what the tests below start as another process.
#[test]
fn writer() {
    let Ok(task) = std::env::var(TASK) else { return };
    let [mode, writer, steps, path] = task.splitn(4, ' ').collect::<Vec<_>>()[..] else { panic!("{task}") };
    let mode = MODES[mode.parse::<usize>().unwrap()];
    let (mut ledger, folder): (Box<dyn Ledger>, PathBuf) = if PostgresLedger::is_url(path) {
        (Box::new(PostgresLedger::open_or_create(path).unwrap()), std::env::temp_dir())
    } else {
        let path = Path::new(path);
        (Box::new(SqliteLedger::open_or_create(path).unwrap()), path.parent().unwrap().to_owned())
    };
    for number in 0..steps.parse().unwrap() {
        let said = step(mode, writer.parse().unwrap(), number);
        if mode == Mode::Merge {
            let mut other = MemoryLedger::new().unwrap();
            other.append(&said).unwrap();
            let mut file = Vec::new();
            export(&other, &mut file).unwrap();
            merge_stream(&mut *ledger, "other", file.as_slice(), &folder).unwrap();
        } else {
            ledger.append(&said).unwrap();
        }
        let mut acknowledged = String::new();
        for one in &said {
            acknowledged.push_str(&format!("\nsafe {}\n", one.id()));
        }
        std::io::stdout().write_all(acknowledged.as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
    }
}

/// A writer of the mode with this index.
pub(crate) fn writer_command(mode: usize, writer: u64, steps: u64, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::writer", "--nocapture", "--test-threads=1"]);
    command.env(TASK, format!("{mode} {writer} {steps} {}", path.display()));
    command
}

/// A writer process; killed at the latest when the test ends.
pub(crate) struct Writer(Child);

impl Writer {
    /// `path` is a file, or the URL of a PostgreSQL server.
    pub(crate) fn start(mode: Mode, writer: u64, steps: u64, path: &Path) -> Writer {
        let index = MODES.iter().position(|one| *one == mode).unwrap();
        let child = writer_command(index, writer, steps, path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Writer(child)
    }

    /// Kills it as the system would: nothing of its own runs any more. Gives what it acknowledged.
    pub(crate) fn kill(mut self) -> Vec<Hash> {
        self.0.kill().unwrap();
        let mut said = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let mut complaints = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        assert!(!complaints.contains("panicked"), "{complaints}");
        safe(&said)
    }

    pub(crate) fn finish(mut self) -> Vec<Hash> {
        let mut said = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.0.wait().unwrap().success(), "{said}");
        safe(&said)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The ids in whole lines.
pub(crate) fn safe(said: &str) -> Vec<Hash> {
    let whole = &said[..said.rfind('\n').map_or(0, |end| end + 1)];
    whole.lines().filter_map(|line| line.strip_prefix("safe ")).map(|id| id.parse().unwrap()).collect()
}

/// Opens the ledger and checks everything in it that can be checked. Gives the number of statements.
pub(crate) fn check(path: &Path, safe: &HashSet<Hash>) -> u64 {
    let ledger = SqliteLedger::open_or_create(path).unwrap();
    let entries = ledger.entries(0, usize::MAX).unwrap();
    let mut ids = HashSet::new();
    let mut ops: BTreeMap<Op, u64> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry.number, index as u64 + 1, "numbers have no gaps");
        assert_eq!(entry.id, entry.header.id());
        assert!(ids.insert(entry.id));
        *ops.entry(entry.header.op).or_default() += 1;
        let said = stave_ledger::statement(&ledger, &entry.id).unwrap().unwrap();
        said.check().unwrap();
    }
    for (op, count) in ops {
        assert!(count == 1 || count == MANY, "{op} is there with {count} statements: all or nothing");
    }
    let lost: Vec<_> = safe.difference(&ids).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert_eq!(ledger.position().unwrap(), entries.len() as u64);
    entries.len() as u64
}

fn sound(path: &Path) {
    let db = rusqlite::Connection::open(path).unwrap();
    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

#[test]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    let mut dice = Dice(20_261_122);
    let mut acknowledged: BTreeMap<Mode, usize> = BTreeMap::new();
    let mut kills = 0;
    let mut writers = 0;
    // A machine that is slow acknowledges little before each kill: it goes on until enough stood in danger.
    let enough = |acknowledged: &BTreeMap<Mode, usize>| {
        MODES.iter().all(|mode| acknowledged.get(mode).is_some_and(|count| *count > 50))
    };
    while kills < KILLS || (kills < 10 * KILLS && !enough(&acknowledged)) {
        // A new ledger now and then: making it can be interrupted, too.
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("ledger.db");
        let mut safe = HashSet::new();
        for _ in 0..10 {
            let mut start = || {
                let mode = MODES[writers as usize % MODES.len()];
                writers += 1;
                (mode, Writer::start(mode, writers, u64::MAX, &path))
            };
            let mut running = vec![start()];
            if dice.below(3) == 0 {
                running.push(start());
            }
            for (mode, writer) in running {
                std::thread::sleep(Duration::from_micros(dice.below(60_000)));
                let ids = writer.kill();
                kills += 1;
                *acknowledged.entry(mode).or_default() += ids.len();
                safe.extend(ids);
            }
            check(&path, &safe);
        }
        sound(&path);
        // What writers leave behind when they are killed is theirs alone: nothing keeps the next one out.
        let mut ledger = SqliteLedger::open(&path).unwrap();
        ledger.append(&[word(1, "ann", "after all")]).unwrap();
    }
    assert!(enough(&acknowledged), "{acknowledged:?}: too few to mean anything");
}

#[test]
fn two_processes_append_to_one_ledger() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    // All start on no ledger at all: one of them makes it.
    let writers: Vec<Writer> =
        MODES.iter().zip(1..).map(|(mode, writer)| Writer::start(*mode, writer, 25, &path)).collect();
    let safe: HashSet<Hash> = writers.into_iter().flat_map(Writer::finish).collect();
    assert_eq!(safe.len() as u64, 25 + 2 * 25 * MANY);
    assert_eq!(check(&path, &safe), safe.len() as u64);
    sound(&path);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the ledger is left");
}
