//! Large statements that are said again are stored as differences, which nobody sees from outside.

use std::path::Path;

use rusqlite::Connection;
use stave_ledger::{Ledger, MemoryLedger, SqliteLedger};
use stave_model::{Claim, Statement, hash_bytes};
use tempfile::TempDir;

use crate::exchange::exported;
use crate::make::{Dice, calls, header, redact};

/// A claim that compresses badly, so that few of them are large.
pub(crate) fn claim(number: u64) -> Claim {
    let mut claim = calls(number as usize, number as usize + 1);
    claim.to = Some(format!("repo:code.test/{}//#compose/a", hash_bytes(&number.to_be_bytes())));
    claim
}

pub(crate) fn said(minute: i64, numbers: &[u64]) -> Statement {
    Statement::new(
        header("collector:compose", "repo:code.test/shop@main", minute),
        numbers.iter().map(|number| claim(*number)).collect(),
    )
}

fn count(path: &Path, sql: &str) -> i64 {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Says one scope's claims again forty times with a little changed, sometimes nearly all, and redacts some; beside it in
/// memory, where each is kept whole. Now and then the ledger is opened anew.
pub(crate) fn story(open: &dyn Fn() -> Box<dyn Ledger>) -> Box<dyn Ledger> {
    let mut ledger = open();
    let mut plain = MemoryLedger::new().unwrap();
    plain
        .meet_estates(&[stave_ledger::Estate {
            id: ledger.info().unwrap().estate,
            key: ledger.estate_key().unwrap(),
        }])
        .unwrap();
    let mut dice = Dice(7);
    let mut numbers: Vec<u64> = (0..600).collect();
    let mut next = 600;
    for minute in 0..40 {
        let mut batch = vec![said(minute, &numbers)];
        match minute {
            // Nothing of the last one is left; nothing at all; most of the first is back.
            20 => numbers = (10_000..10_600).collect(),
            21 => numbers.clear(),
            22 => numbers = (100..700).collect(),
            // A claim of the whole body is redacted, and one that a difference brought.
            30 => batch.push(redact(minute, "ann", &claim(numbers[0]).hash(), "a name")),
            31 => batch.push(redact(minute, "ann", &claim(next - 1).hash(), "a name")),
            _ => {
                for _ in 0..1 + dice.below(12) {
                    let gone = dice.below(numbers.len() as u64) as usize;
                    numbers.remove(gone);
                    numbers.push(next);
                    next += 1;
                }
            }
        }
        ledger.append(&batch).unwrap();
        plain.append(&batch).unwrap();
        if minute % 7 == 0 {
            drop(ledger);
            ledger = open();
        }
    }
    assert_eq!(exported(&*ledger), exported(&plain));
    ledger
}

#[test]
fn a_statement_said_again_is_stored_as_what_changed_and_reads_as_it_was() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    story(&|| Box::new(SqliteLedger::open_or_create(&path).unwrap()));
    let (whole, differences) = (
        "SELECT count(DISTINCT claims) FROM bodies WHERE claims NOT IN (SELECT claims FROM differences)
         AND length(bytes) > 1000",
        "SELECT count(*) FROM differences",
    );
    assert_eq!(count(&path, whole), 3);
    assert!(count(&path, differences) > 30, "{}", count(&path, differences));
}

#[test]
fn damage_in_a_base_is_named_and_nothing_new_stands_on_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let mut ledger = SqliteLedger::open_or_create(&path).unwrap();
    let numbers: Vec<u64> = (0..1_003).collect();
    for minute in 0..3 {
        ledger.append(&[said(minute, &numbers[minute as usize..1_000 + minute as usize])]).unwrap();
    }
    drop(ledger);
    assert_eq!(count(&path, "SELECT count(*) FROM differences"), 2);
    let spoilt = "UPDATE bodies SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00'
         WHERE claims = (SELECT claims FROM differences WHERE depth = 1)";
    assert_eq!(Connection::open(&path).unwrap().execute(spoilt, []).unwrap(), 1);
    let mut ledger = SqliteLedger::open(&path).unwrap();
    ledger.raw_claims(1, &mut |_| Ok(())).unwrap();
    ledger.append(&[said(3, &numbers[3..])]).unwrap();
    ledger.raw_claims(4, &mut |_| Ok(())).unwrap();
    for number in [2, 3] {
        let error = ledger.raw_claims(number, &mut |_| Ok(())).unwrap_err().to_string();
        assert!(error.contains(&format!("statement {number}")), "{error}");
        assert!(error.contains("collector:compose") && error.contains("repo:code.test/shop@main"), "{error}");
    }
}
