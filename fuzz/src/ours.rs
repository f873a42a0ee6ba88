//! Our own files, damaged (crates/ledger, crates/map): what a byte hit is an error or is left out, and never a word.
//!
//! The bytes are changes to a file that is right: three for a place, one for what it is changed by, or for where the
//! file ends. A fuzzer that had to find the file's form by itself would find none of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use stave_ledger::{Info, Ledger as _, MemoryLedger, SqliteLedger, merge_stream, salvage};
use stave_map::{CutOff, ReadModel};
use stave_model::{Hash, Time, hash_bytes};
use tempfile::TempDir;

use crate::estate;

/// Most changes to one file.
const CHANGES: usize = 64;

/// What stands in the files.
const SAID: &[u8] = include_bytes!("../seeds/statements/several");

/// The files as they are when nothing is wrong.
struct Right {
    folder: TempDir,
    ledger: Vec<u8>,
    said: BTreeSet<Hash>,
    map: Vec<u8>,
    info: Info,
}

impl Right {
    fn make() -> Right {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("right.sqlite");
        let mut ledger = SqliteLedger::open_or_create(&place).expect("a ledger");
        let statements = estate::statements_in(SAID);
        ledger.append(&statements).expect("statements");
        let mut model = ReadModel::in_memory().expect("a read model");
        model.catch_up(&ledger, CutOff::Live(Time::from_millis(1_800_000_000_000))).expect("a map");
        let copy = folder.path().join("map");
        model.save(&copy).expect("a copy of the read model");
        let info = ledger.info().expect("a ledger's id");
        // What stands in the journal goes into the file when the last connection closes.
        drop(ledger);
        Right {
            ledger: fs::read(&place).expect("the ledger's file"),
            said: statements.iter().map(stave_model::Statement::id).collect(),
            map: fs::read(&copy).expect("the copy"),
            info,
            folder,
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn right() -> &'static Right {
    static RIGHT: OnceLock<Right> = OnceLock::new();
    RIGHT.get_or_init(Right::make)
}

fn changed(right: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = right.to_vec();
    for change in changes.chunks_exact(4).take(CHANGES) {
        let at = u32::from_be_bytes([0, change[0], change[1], change[2]]) as usize % bytes.len().max(1);
        match change[3] {
            0 => bytes.truncate(at),
            by => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= by;
                }
            }
        }
    }
    bytes
}

/// A damaged ledger: what is saved of it was said, and a merge takes it.
pub(crate) fn salvaged(bytes: &[u8]) {
    let right = right();
    let place = right.place("damaged.sqlite");
    // A journal of the one before would be taken for its own.
    for beside in ["damaged.sqlite-wal", "damaged.sqlite-shm", "damaged.sqlite-journal"] {
        let _ = fs::remove_file(right.place(beside));
    }
    fs::write(&place, changed(&right.ledger, bytes)).expect("a file");
    let mut saved = Vec::new();
    if salvage(&place, &mut saved).is_err() {
        return;
    }
    let mut ledger = MemoryLedger::new().expect("a ledger");
    merge_stream(&mut ledger, "salvaged", &*saved, right.folder.path()).expect("what is saved can be merged");
    for entry in ledger.entries(0, 100).expect("a ledger in memory") {
        assert!(right.said.contains(&entry.id), "{} was never said", entry.id);
    }
}

/// A damaged copy of a read model, with a seal that is right again: it is refused, or it can be asked.
pub(crate) fn saved(bytes: &[u8]) {
    /// The last of a copy: 64 digits and a line's end.
    const SEAL: usize = 65;
    let right = right();
    let (content, seal) = right.map.split_at(right.map.len() - SEAL);
    let (model, beginning) = content.split_at(content.iter().rposition(|byte| *byte == b'\n').unwrap_or(0));
    let mut copy = changed(model, bytes);
    assert_eq!(
        hash_bytes(model).to_string().as_bytes(),
        &seal[..64],
        "the seal is over what stands before it"
    );
    let hash = hash_bytes(&copy);
    copy.extend_from_slice(beginning);
    copy.extend_from_slice(format!("{hash}\n").as_bytes());
    let place = right.place("damaged-map");
    fs::write(&place, copy).expect("a file");
    let mut model = ReadModel::in_memory().expect("a read model");
    if model.load(&place, &right.info, u64::MAX).is_ok() {
        let _ =
            (model.counts(), model.graph(), model.find("shop", 20), model.questions(20), model.document());
    }
}
