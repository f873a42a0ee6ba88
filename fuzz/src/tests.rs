//! Every target over its seeds and over thousands of damaged ones. No replacement for fuzzing: it shows that the
//! targets work, and holds what they hold on the inputs next to the valid ones.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{TARGETS, Target, files};

/// Damaged inputs of one target, shared among its seeds.
const DAMAGED: usize = 200;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The seeds of a target, in the order of their names.
fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder("seeds").join(name)).unwrap().map(Result::unwrap);
    let read =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    let mut seeds: Vec<_> = entries.map(read).collect();
    seeds.sort();
    seeds
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
fn every_target_has_its_seeds() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let entries = fs::read_dir(folder("seeds")).unwrap();
    let folders: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders, known);
    for name in &folders {
        assert!(!seeds(name).is_empty(), "{name} has no seeds");
    }
}

#[test]
fn seeds_and_damaged_seeds_are_no_findings() {
    // Each processor takes the next target: some take a hundred times as long as others.
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((name, target)) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
            no_findings(name, *target);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    // A reader that no seed is of would never be fuzzed.
    let said = files::SAID.lock().unwrap();
    let silent: Vec<&str> =
        stave_collect::in_memory::readers().filter(|reader| !said.contains(reader)).collect();
    assert!(silent.is_empty(), "no seed makes these readers say anything: {silent:?}");
}

fn no_findings(name: &str, target: Target) {
    let mut dice = Dice(0x5eed);
    let seeds = seeds(name);
    for (_, seed) in &seeds {
        target(seed);
    }
    for number in 0..DAMAGED {
        let (of, seed) = &seeds[number % seeds.len()];
        let bytes = damaged(seed, &mut dice);
        let passed = std::panic::catch_unwind(|| target(&bytes)).is_ok();
        assert!(passed, "{name} fails on {of}, damaged: {:?}", String::from_utf8_lossy(&bytes));
    }
}

/// A seed that is refused at the door would lead a fuzzer nowhere. What a fuzzer found is named by its hash, and may be
/// anything.
#[test]
fn seeds_of_the_format_are_valid() {
    let written =
        |name: &str| seeds(name).into_iter().filter(|(file, _)| !is_found(file)).map(|(_, seed)| seed);
    for seed in written("claim") {
        serde_json::from_slice::<stave_model::Claim>(&seed).unwrap().check().unwrap();
    }
    for seed in written("header") {
        serde_json::from_slice::<stave_model::Header>(&seed).unwrap().check().unwrap();
    }
    for seed in written("export") {
        let mut ledger = stave_ledger::MemoryLedger::new().unwrap();
        stave_ledger::merge_stream(&mut ledger, "seed", &*seed, &std::env::temp_dir()).unwrap();
    }
}

fn is_found(file: &str) -> bool {
    file.len() == 40 && file.bytes().all(|byte| byte.is_ascii_hexdigit())
}
