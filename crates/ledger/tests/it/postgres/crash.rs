//! Processes that are killed: those that append, and the server itself.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use stave_ledger::{Entry, Ledger, PostgresLedger};
use stave_model::{Hash, Op};

use super::{name, sound, start};
use crate::crash::{MANY, MODES, Mode, Writer};
use crate::make::{Dice, word};
use crate::server::Server;

/// How many writers are killed; `cargo xtask reliability postgres` kills more.
fn kills() -> usize {
    std::env::var("STAVE_TEST_KILLS").ok().map_or(24, |number| number.parse().unwrap())
}

/// The ledger is sound, batches are there whole or not at all, and so is all that was acknowledged.
fn check(server: &Server, url: &str, database: &str, safe: &HashSet<Hash>) -> Vec<Entry> {
    let entries = sound(server, url, database);
    let ids: HashSet<Hash> = entries.iter().map(|entry| entry.id).collect();
    let lost: Vec<_> = safe.difference(&ids).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let mut ops: BTreeMap<Op, u64> = BTreeMap::new();
    for entry in &entries {
        *ops.entry(entry.header.op).or_default() += 1;
    }
    for (op, count) in ops {
        assert!(count == 1 || count == MANY, "{op} is there with {count} statements: all or nothing");
    }
    entries
}

#[test]
fn killed_writers_lose_nothing_that_was_acknowledged() {
    let Some(server) = start(&["max_connections=50"]) else { return };
    let mut dice = Dice(20_261_124);
    let mut acknowledged: BTreeMap<Mode, usize> = BTreeMap::new();
    let (mut killed, mut writers) = (0, 0);
    // A machine that is slow acknowledges little before each kill: it goes on until enough stood in danger.
    let enough = |acknowledged: &BTreeMap<Mode, usize>| {
        MODES.iter().all(|mode| acknowledged.get(mode).is_some_and(|count| *count > 20))
    };
    while killed < kills() || (killed < 10 * kills() && !enough(&acknowledged)) {
        // A new ledger now and then: making it can be interrupted, too.
        let database = name();
        let url = server.database(&database).unwrap();
        let mut safe = HashSet::new();
        for _ in 0..6 {
            let mut start = || {
                let mode = MODES[writers as usize % MODES.len()];
                writers += 1;
                (mode, Writer::start(mode, writers, u64::MAX, Path::new(&url)))
            };
            let mut running = vec![start()];
            if dice.below(3) == 0 {
                running.push(start());
            }
            for (mode, writer) in running {
                // Starting and connecting take a part of it.
                std::thread::sleep(Duration::from_millis(dice.below(400)));
                let ids = writer.kill();
                killed += 1;
                *acknowledged.entry(mode).or_default() += ids.len();
                safe.extend(ids);
            }
        }
        // What killed writers leave behind keeps the next one out no longer than the server takes to notice.
        let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
        ledger.append(&[word(1, "ann", "after all")]).unwrap();
        check(&server, &url, &database, &safe);
    }
    println!("{killed} writers killed; acknowledged statements, all there: {acknowledged:?}");
    assert!(enough(&acknowledged), "{acknowledged:?}: too few to mean anything");
}

#[test]
fn a_server_that_is_killed_has_what_it_acknowledged_and_writers_go_on() {
    // As an operator runs it: fsync and synchronous_commit are on.
    let Some(mut server) = start(&["max_connections=50"]) else { return };
    let database = name();
    let url = server.database(&database).unwrap();
    PostgresLedger::open_or_create(&url).unwrap();
    let steps = 150;
    let writers: Vec<Writer> =
        [1, 2].map(|writer| Writer::start(Mode::Batch, writer, steps, Path::new(&url))).into();
    let reader = PostgresLedger::open(&url).unwrap();
    let mut before = 0;
    for _ in 0..3 {
        while reader.position().unwrap() < before + 10 * MANY {
            std::thread::sleep(Duration::from_millis(5));
        }
        server.crash().unwrap();
        before = reader.position().unwrap();
    }
    let safe: HashSet<Hash> = writers.into_iter().flat_map(Writer::finish).collect();
    // They were told of every one, though the server died three times.
    assert_eq!(safe.len() as u64, 2 * steps * MANY);
    assert_eq!(check(&server, &url, &database, &safe).len(), safe.len());
}
