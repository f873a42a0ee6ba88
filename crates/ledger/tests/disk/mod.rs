//! The other half of `shim.c`: reads its diary and makes the folder as a power cut would have left it. Shared by the tests
//! of this crate and of the binary, each of which uses a part of it.
#![allow(dead_code)]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Disks write such pieces whole or not at all.
const SECTOR: usize = 512;

/// The shim and its diary, for one folder.
pub(crate) struct Shim {
    library: PathBuf,
    diary: PathBuf,
    under: PathBuf,
}

impl Shim {
    /// Compiles the shim; `beside` is a folder outside of `under`.
    pub(crate) fn new(under: &Path, beside: &Path) -> Shim {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ledger/tests/disk/shim.c");
        let library = beside.join("shim.so");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let made = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .status()
            .expect("the tests need a C compiler, as SQLite does");
        assert!(made.success());
        Shim { library, diary: beside.join("diary"), under: under.canonicalize().unwrap() }
    }

    /// Puts a program on this disk.
    pub(crate) fn under(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library);
        command.env("SHIM_UNDER", &self.under).env("SHIM_DIARY", &self.diary);
    }

    /// A disk that refuses the `nth` write and all later ones, with an error number of the system.
    pub(crate) fn failing(&self, command: &mut Command, nth: u64, error: i32) {
        self.under(command);
        command.env("SHIM_FAIL", format!("{nth} {error}"));
    }

    /// Begins a new diary.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(&self.diary);
    }

    /// What was written down so far.
    pub(crate) fn diary(&self) -> Vec<Record> {
        read(&fs::read(&self.diary).unwrap_or_default())
    }
}

impl Record {
    pub(crate) fn is_write(&self) -> bool {
        matches!(self, Record::Wrote(..))
    }
}

/// One record of the diary.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    Made(u64),
    Wrote(u64, usize, Vec<u8>),
    Length(u64, usize),
    Synced(u64),
    /// A folder, and the names in it with their inodes.
    SyncedFolder(u64, Vec<(u64, String)>),
    /// Said on standard output.
    Said(String),
}

fn read(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        let line = std::str::from_utf8(&bytes[..end]).unwrap();
        bytes = &bytes[end + 1..];
        let (what, numbers) = line.split_once(' ').unwrap();
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
        let mut body = |count: u64| {
            let (body, rest) = bytes.split_at(count as usize);
            bytes = rest;
            body.to_vec()
        };
        records.push(match (what, numbers.as_slice()) {
            ("C", [inode]) => Record::Made(*inode),
            ("W", [inode, at, count]) => Record::Wrote(*inode, *at as usize, body(*count)),
            ("T", [inode, length]) => Record::Length(*inode, *length as usize),
            ("S", [inode]) => Record::Synced(*inode),
            ("D", [inode, count]) => {
                let list = String::from_utf8(body(*count)).unwrap();
                let entries = list.lines().map(|line| {
                    let (inode, name) = line.split_once(' ').unwrap();
                    (inode.parse().unwrap(), name.to_owned())
                });
                Record::SyncedFolder(*inode, entries.collect())
            }
            ("A", [count]) => Record::Said(String::from_utf8_lossy(&body(*count)).into_owned()),
            _ => panic!("{line}"),
        });
    }
    records
}

/// What becomes of writes that were not synced when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsynced {
    /// None is on the disk.
    Lost,
    /// Each sector of them is or isn't, as this seed has it: a disk writes in any order.
    Torn(u64),
}

/// A file as a disk and its cache have it.
#[derive(Clone, Default)]
struct Kept {
    safe: Vec<u8>,
    pending: Vec<Record>,
}

/// The disk after the first records of a diary.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    files: HashMap<u64, Kept>,
    /// The entries of folders that were synced.
    folders: BTreeMap<u64, Vec<(u64, String)>>,
}

impl Disk {
    /// What happens next.
    pub(crate) fn take(&mut self, record: &Record) {
        match record {
            Record::Made(inode) => drop(self.files.insert(*inode, Kept::default())),
            Record::Wrote(inode, ..) | Record::Length(inode, _) => {
                self.files.entry(*inode).or_default().pending.push(record.clone());
            }
            Record::Synced(inode) => {
                let file = self.files.entry(*inode).or_default();
                for change in std::mem::take(&mut file.pending) {
                    change.apply(&mut file.safe, |_| true);
                }
            }
            Record::SyncedFolder(inode, entries) => drop(self.folders.insert(*inode, entries.clone())),
            Record::Said(_) => {}
        }
    }

    /// Cuts the power, and writes what is left of the folder `root` (its inode) to `into`.
    pub(crate) fn cut(&self, root: u64, unsynced: Unsynced, into: &Path) {
        fs::create_dir_all(into).unwrap();
        for (inode, name) in self.folders.get(&root).into_iter().flatten() {
            let path = into.join(name);
            if let Some(file) = self.files.get(inode) {
                fs::write(path, file.after(unsynced)).unwrap();
            } else if self.folders.contains_key(inode) {
                self.cut(*inode, unsynced, &path);
            } else if !name.ends_with("-shm") {
                // A folder of which nothing was synced.
                fs::create_dir(path).unwrap();
            }
        }
    }
}

impl Kept {
    fn after(&self, unsynced: Unsynced) -> Vec<u8> {
        let mut bytes = self.safe.clone();
        if let Unsynced::Torn(mut seed) = unsynced {
            for change in &self.pending {
                change.apply(&mut bytes, |_| {
                    seed =
                        seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    seed >> 63 == 0
                });
            }
        }
        bytes
    }
}

impl Record {
    /// Applies the sectors of a change that are `kept`.
    fn apply(&self, bytes: &mut Vec<u8>, mut kept: impl FnMut(usize) -> bool) {
        match self {
            Record::Length(_, length) if kept(0) => bytes.resize(*length, 0),
            Record::Wrote(_, at, written) => {
                let mut from = 0;
                while from < written.len() {
                    // Up to the next border of a sector of the disk, not of the write.
                    let to = (from + SECTOR - (at + from) % SECTOR).min(written.len());
                    if kept(at + from) {
                        bytes.resize(bytes.len().max(at + to), 0);
                        bytes[at + from..at + to].copy_from_slice(&written[from..to]);
                    }
                    from = to;
                }
            }
            _ => {}
        }
    }
}
