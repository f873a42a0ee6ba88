//! Copies of a ledger that others change meanwhile.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::mpsc::channel;

use stave_ledger::{
    Depth, Error, Horizon, Ledger, Past, PostgresLedger, SqliteLedger, Until, export, export_with_pseudonyms,
    verify,
};
use tempfile::TempDir;

use crate::exchange::exported;
use crate::make::{redact, scan, time, word};
use crate::postgres::{database, place};

/// A ledger in which somebody does something just before it is asked for the nth time.
struct Meddled<F> {
    ledger: Box<dyn Ledger>,
    asked: Cell<u32>,
    meddle: F,
}

impl<F: Fn(u32)> Deref for Meddled<F> {
    type Target = dyn Ledger;

    fn deref(&self) -> &(dyn Ledger + 'static) {
        self.asked.set(self.asked.get() + 1);
        (self.meddle)(self.asked.get());
        &*self.ledger
    }
}

fn meddled<F: Fn(u32) + Send>(ledger: Box<dyn Ledger>, meddle: F) -> Past<Meddled<F>> {
    Past::new(Meddled { ledger, asked: Cell::new(0), meddle }, Until::Date(time(1_000_000)))
}

fn redacting(ledger: &mut dyn Ledger, minute: i64) {
    let claim = scan(1, "c1", 3).claims[0].hash();
    ledger.append(&[redact(minute, "ann", &claim, "a name")]).unwrap();
}

fn compacting(ledger: &mut dyn Ledger, minute: i64) {
    ledger.compact(&[1], Horizon { time: time(minute), position: 2 }).unwrap();
}

fn filled(url: &str) -> Box<dyn Ledger> {
    let mut ledger = PostgresLedger::open_or_create(url).unwrap();
    ledger.append(&[scan(1, "c1", 3), scan(2, "c2", 3), word(3, "ann", "the shop")]).unwrap();
    Box::new(ledger)
}

/// Calls `check` with a ledger in which `change` happens at each moment of a copy, with what it said before and what it
/// says afterwards, until a copy asks too seldom for that.
fn at_each_moment(
    change: fn(&mut dyn Ledger, i64),
    check: impl Fn(&mut Past<Meddled<Box<dyn Fn(u32) + Send>>>, &str, &dyn Fn() -> String),
) {
    let Some((server, name, url)) = place() else { return };
    for at in 1.. {
        server.sql(&name, &format!("CREATE SCHEMA s{at}")).unwrap();
        let url = format!("{url}?options=-c%20search_path%3Ds{at}");
        let ledger = filled(&url);
        let before = exported(&*ledger);
        let (done, was_done) = channel();
        let by = url.clone();
        let meddle: Box<dyn Fn(u32) + Send> = Box::new(move |asked| {
            if asked == at {
                change(&mut PostgresLedger::open(&by).unwrap(), 5);
                done.send(()).unwrap();
            }
        });
        let after = || exported(&PostgresLedger::open(&url).unwrap());
        check(&mut meddled(ledger, meddle), &before, &after);
        if was_done.try_recv().is_err() {
            assert!(at > 10, "a copy asks more often than {at} times");
            return;
        }
    }
}

#[test]
fn a_backup_held_a_gap_without_the_word_that_redacted_it() {
    for change in [redacting, compacting] {
        at_each_moment(change, |ledger, before, after| {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("copy.sqlite");
            SqliteLedger::backup_of(ledger, &file).unwrap();
            let copy = SqliteLedger::open(&file).unwrap();
            let held = exported(&copy);
            assert!(held == before || held == after(), "{held}");
            let is_before = copy.horizon().unwrap().is_none() && copy.redacted().unwrap().is_empty();
            assert_eq!(is_before, held == before);
            assert_eq!(copy.info().unwrap().revision, u64::from(!is_before));
        });
    }
}

#[test]
fn an_export_in_the_middle_of_a_change_is_not_taken_for_whole() {
    for change in [redacting, compacting] {
        at_each_moment(change, |ledger, before, after| {
            let mut held = Vec::new();
            match export(ledger, &mut held) {
                Ok(_) => {
                    let held = String::from_utf8(held).unwrap();
                    assert!(held == before || held == after(), "{held}");
                }
                Err(error) => assert!(matches!(error, Error::Moved), "{error}"),
            }
        });
    }
}

#[test]
fn an_export_with_pseudonyms_notices_too() {
    at_each_moment(redacting, |ledger, _, _| {
        let held = export_with_pseudonyms(ledger, &mut Vec::new());
        assert!(matches!(held, Ok(_) | Err(Error::Moved)), "{held:?}");
    });
}

#[test]
fn a_copy_in_which_something_always_changes_is_given_up_and_leaves_nothing() {
    let Some(url) = database() else { return };
    let by = url.clone();
    let always = meddled(filled(&url), move |asked| {
        if asked % 8 == 0 {
            compacting(&mut PostgresLedger::open(&by).unwrap(), i64::from(asked));
        }
    });
    let folder = TempDir::new().unwrap();
    let mut always = always;
    let error = SqliteLedger::backup_of(&mut always, &folder.path().join("copy.sqlite")).unwrap_err();
    assert!(matches!(error, Error::Moved) && error.to_string().contains("hint: "), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn one_damaged_statement_behind_a_gap_was_counted_once_for_each_number_of_it() {
    let Some((server, name, url)) = place() else { return };
    let mut database = PostgresLedger::open_or_create(&url).unwrap();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let mut file = SqliteLedger::open_or_create(&path).unwrap();
    for ledger in [&mut database as &mut dyn Ledger, &mut file] {
        let said: Vec<_> =
            (1..=40).map(|minute| word(minute, "ann", &format!("the shop {minute}"))).collect();
        ledger.append(&said).unwrap();
        let gone: Vec<u64> = (1..=30).collect();
        ledger.compact(&gone, Horizon { time: time(31), position: 31 }).unwrap();
    }
    let spoil = "UPDATE statements SET header = replace(header, 'ann', 'bob') WHERE number = 31";
    server.sql(&name, spoil).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute("UPDATE statements SET header = '{' WHERE number = 31", [])
        .unwrap();
    for ledger in [&database as &dyn Ledger, &file] {
        let found = verify(ledger, Depth::Whole, &mut |_| Ok(())).unwrap();
        assert_eq!((found.statements, found.damaged_count), (10, 1));
        assert_eq!(found.damaged[0].0, 31);
    }
}
