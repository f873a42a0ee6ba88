//! A ledger as it was: the same as one that ends there, to whoever reads it.

use stave_ledger::{Error, Filter, Ledger, MemoryLedger, Past, Prepared, Repeats, Until};
use stave_model::Statement;

use crate::make::{scan, time, word};

/// Arrived in another order than they were said.
fn said() -> Vec<Statement> {
    vec![
        scan(1, "c1", 3),
        word(5, "till", "late"),
        scan(3, "c2", 4),
        word(2, "till", "early"),
        scan(9, "c3", 5),
    ]
}

fn ledger(statements: &[Statement]) -> MemoryLedger {
    let mut ledger = MemoryLedger::new().unwrap();
    let mut prepared = statements.iter().map(Prepared::new);
    ledger.append_prepared(Repeats::Keep, &mut || prepared.next().transpose()).unwrap();
    ledger
}

fn boxed(statements: &[Statement]) -> Box<dyn Ledger> {
    Box::new(ledger(statements))
}

/// What a reader gets, whichever way it asks; the numbers aside.
fn seen(ledger: &dyn Ledger) -> Vec<Vec<String>> {
    let ids = |entries: Vec<stave_ledger::Entry>| entries.iter().map(|entry| entry.id.to_string()).collect();
    let (mut all, mut after) = (Vec::new(), 0);
    while let Some(entry) = ledger.entries(after, 1).unwrap().pop() {
        after = entry.number;
        all.push(entry);
    }
    let of_author = Filter { author: Some("collector:compose".parse().unwrap()), ..Filter::default() };
    let known = said().iter().filter(|one| ledger.entry(&one.id()).unwrap().is_some()).count();
    let mut found: Vec<String> = Vec::new();
    for statement in said() {
        let digits = statement.id().to_string();
        found.extend(ledger.find_ids(&digits[..9], 5).unwrap().iter().map(ToString::to_string));
    }
    vec![
        ids(all),
        ids(ledger.entries(0, 100).unwrap()),
        ids(ledger.latest(&of_author, u64::MAX, 2).unwrap()),
        ids(ledger.latest(&Filter { until: Some(time(4)), ..Filter::default() }, u64::MAX, 9).unwrap()),
        vec![known.to_string()],
        found,
        ledger.heard().unwrap().iter().map(|row| format!("{row:?}")).collect(),
    ]
}

#[test]
fn a_past_reads_like_a_ledger_that_ends_there() {
    let all = said();
    for last in 0..=all.len() {
        let ends = ledger(&all[..last]);
        let newest = all[..last].iter().map(|one| one.header.time).max().unwrap_or(time(0));
        let past = Past::new(boxed(&all), Until::Position(last as u64, newest));
        assert_eq!(seen(&past), seen(&ends), "the first {last}");
        assert_eq!(past.position().unwrap(), last as u64);
    }
    for minute in 0..=10 {
        let by_then: Vec<Statement> =
            all.iter().filter(|one| one.header.time <= time(minute)).cloned().collect();
        let past = Past::new(boxed(&all), Until::Date(time(minute)));
        assert_eq!(seen(&past), seen(&ledger(&by_then)), "minute {minute}");
    }
}

#[test]
fn the_past_is_not_written_to() {
    let mut past = Past::new(boxed(&said()), Until::Date(time(4)));
    assert!(matches!(past.append(&[word(4, "till", "more")]), Err(Error::Past)));
    assert!(matches!(past.add_heard(&[]), Err(Error::Past)));
    assert!(matches!(past.add_people(&[]), Err(Error::Past)));
    assert!(matches!(past.meet_estates(&[]), Err(Error::Past)));
    assert!(matches!(past.meet_horizon(time(4)), Err(Error::Past)));
}
