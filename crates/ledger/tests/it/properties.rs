//! Any bytes as an export: merged whole or refused without a trace, never a panic.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use stave_ledger::{Error, Ledger, MemoryLedger, merge_stream};
use stave_model::PersonRow;
use tempfile::TempDir;

use crate::exchange::exported;
use crate::make::{scan, time, withdraw, word};

/// An export with every kind of line.
fn whole() -> Vec<u8> {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&[scan(1, "c1", 3), word(2, "ann", "tea"), withdraw(3, "bob", "op:0")]).unwrap();
    let person =
        |id: &str| PersonRow { id: format!("person:{id}"), name: id.to_owned(), address: String::new() };
    ledger.add_people(&[person("ann"), person("bob")]).unwrap();
    let heard = ("collector:go".parse().unwrap(), "repo:code.test/shop@main".parse().unwrap(), time(1));
    ledger.add_heard(&[heard]).unwrap();
    exported(&ledger).into_bytes()
}

/// Merges the bytes into an empty ledger. What is refused leaves it as it was; what is taken comes back.
fn merged(bytes: &[u8]) -> Result<(), Error> {
    let folder = TempDir::new().unwrap();
    let mut ledger = MemoryLedger::new().unwrap();
    let before = exported(&ledger);
    match merge_stream(&mut ledger, "copy.jsonl", bytes, folder.path()) {
        Ok(_) => {
            let after = exported(&ledger);
            let mut copy = MemoryLedger::new().unwrap();
            merge_stream(&mut copy, "copy.jsonl", after.as_bytes(), folder.path()).unwrap();
            assert_eq!(exported(&copy), after);
            Ok(())
        }
        Err(error) => {
            assert_eq!(exported(&ledger), before);
            Err(error)
        }
    }
}

/// Lines that an export could have, in an order that it could not.
fn shuffled(bytes: &[u8], picks: &[Index]) -> Vec<u8> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let first = lines.first().copied().unwrap_or_default().to_vec();
    picks.iter().fold(first, |mut all, pick| {
        all.extend_from_slice(lines[pick.index(lines.len())]);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_never_merged_and_never_panic(bytes in vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        prop_assert!(merged(&bytes).is_err());
        prop_assert!(merged(text.as_bytes()).is_err());
    }

    #[test]
    fn damaged_exports_never_panic(
        edits in vec((any::<Index>(), any::<Index>(), vec(any::<u8>(), 0..5)), 1..4),
        counts in any::<(u64, u64, u64)>(),
        picks in vec(any::<Index>(), 0..12),
    ) {
        let mut bytes = whole();
        // Whole lines in any order and number, under a first line that promises anything.
        let _ = merged(&shuffled(&bytes, &picks));
        let (people, heard, statements) = counts;
        let promise = String::from_utf8(bytes.clone()).unwrap()
            .replacen("\"people\":2", &format!("\"people\":{people}"), 1)
            .replacen("\"heard\":1", &format!("\"heard\":{heard}"), 1)
            .replacen("\"statements\":3", &format!("\"statements\":{statements}"), 1);
        prop_assert_ne!(promise.as_bytes(), &*bytes);
        prop_assert!(merged(promise.as_bytes()).is_err());
        for (from, to, new) in edits {
            let (a, b) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes.splice(a.min(b)..a.max(b).min(a.min(b) + 30), new);
        }
        let _ = merged(&bytes);
    }
}

#[test]
fn the_export_that_is_damaged_here_is_a_good_one() {
    merged(&whole()).unwrap();
}
