//! Every target over its seeds and over thousands of damaged ones. No replacement for fuzzing: it shows that the
//! targets work, and holds what they hold on the inputs next to the valid ones.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{TARGETS, run};

/// Damaged inputs of one seed.
const DAMAGED: usize = 400;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// Pieces that mean something in one of the formats.
const PIECES: &[&[u8]] = &[
    b"${A:-${B}}",
    b"\n  - &a [*a]",
    b"{{ x }}",
    "é\u{202e}".as_bytes(),
    b"://@:",
    b"/#%",
    b"\0",
    b"\xff",
    b"\"",
    b"null",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"\\u0000",
    b"../..",
    b"\n\n",
    b"{",
    b"[",
    b"<!--",
    b"&amp;",
];

fn damaged(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(4) {
        let (a, b) = (dice.below(bytes.len() + 1), dice.below(bytes.len() + 1));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 40));
        match dice.below(5) {
            0 => drop(bytes.drain(from..to)),
            1 => {
                let part = bytes[from..to].to_vec();
                let at = dice.below(bytes.len() + 1);
                bytes.splice(at..at, part);
            }
            2 => drop(bytes.splice(from..from, PIECES[dice.below(PIECES.len())].iter().copied())),
            3 => drop(bytes.splice(from..to, PIECES[dice.below(PIECES.len())].iter().copied())),
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
    bytes
}

#[test]
fn every_target_has_its_file_and_its_seeds() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("fuzz_targets")), known);
    assert_eq!(names(&folder("seeds")), known);
}

#[test]
fn seeds_and_damaged_seeds_are_no_findings() {
    for (name, _) in TARGETS {
        let mut dice = Dice(0x5eed);
        let mut seeds = 0;
        for entry in fs::read_dir(folder("seeds").join(name)).unwrap() {
            let seed = fs::read(entry.unwrap().path()).unwrap();
            run(name, &seed);
            seeds += 1;
            for _ in 0..DAMAGED {
                let bytes = damaged(&seed, &mut dice);
                let passed = std::panic::catch_unwind(|| run(name, &bytes)).is_ok();
                assert!(passed, "{name} fails on {:?}", String::from_utf8_lossy(&bytes));
            }
        }
        assert!(seeds > 0, "{name} has no seeds");
    }
}

/// A seed that is refused at the door would lead a fuzzer nowhere.
#[test]
fn seeds_of_the_format_are_valid() {
    let seeds = |name: &str| -> Vec<Vec<u8>> {
        fs::read_dir(folder("seeds").join(name))
            .unwrap()
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect()
    };
    for seed in seeds("claim") {
        serde_json::from_slice::<stave_model::Claim>(&seed).unwrap().check().unwrap();
    }
    for seed in seeds("header") {
        serde_json::from_slice::<stave_model::Header>(&seed).unwrap().check().unwrap();
    }
    for seed in seeds("export") {
        let mut ledger = stave_ledger::MemoryLedger::new().unwrap();
        stave_ledger::merge_stream(&mut ledger, "seed", &*seed, &std::env::temp_dir()).unwrap();
    }
}
