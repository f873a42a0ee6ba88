//! Trees to claims: walks folders, finds repositories, reads manifests and settings, and says what stands there.
//!
//! The way of a file: one walk finds it ([`scan`]), the readers that want its name read its text (`readers`), their facts
//! about one repository are put together (`link`) and become claims. Nothing of a scanned tree is executed, trusted or
//! followed out of the tree, and no value that could be a secret reaches a claim. This crate never prints, and reads no
//! environment and no home directory.
//!
//! What each reader calls the things that it finds, and by which keys they are recognised, is part of the ledger's
//! format: docs/ledger.md, section 2.

mod again;
mod choice;
mod git;
mod hosts;
pub mod in_memory;
pub mod limits;
mod link;
mod parse;
pub mod place;
mod products;
mod readers;
mod scan;
mod settings;
mod tools;
mod values;
mod walk;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stave_model::{Author, Claim, Hash, Reference, Scope, Source, Time};

pub use again::Again;
pub use git::repository_of_url;
pub use scan::{scan, scan_for};
pub use tools::problems_of_tools;

/// Something that could not be read or understood; the scan went on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// Relative to the tree's root, with `/`; empty for the tree itself.
    pub path: String,
    /// From 1.
    pub line: Option<u32>,
    /// What happened.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What one reader says about one tree: one statement, also where it found nothing.
#[derive(Clone, Debug)]
pub struct Part {
    /// `collector:NAME`.
    pub author: Author,
    /// The reader's version.
    pub rules: u32,
    /// What this reader could not read: the tree's unread paths and its own; sorted.
    pub unread: Vec<String>,
    /// Its claims, in a fixed order.
    pub claims: Vec<Claim>,
}

/// Everything about one tree at one commit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TreeScan {
    /// `HOST/PATH`, or `-/NAME` where origin has no host.
    pub repository: String,
    /// The branch; `detached` where none is known, `-` without git.
    pub branch: String,
    /// `repo:HOST/PATH@BRANCH`, with `+work` where something is uncommitted.
    pub scope: Scope,
    /// The commit and its time; for uncommitted work the time of the scan.
    pub source: Source,
    /// The top folder of the tree on this machine.
    pub root: PathBuf,
    /// Whether this is uncommitted work, which never leaves the machine. Where it is not, a caller ends an
    /// earlier `+work` scope of the same repository and branch with empty statements of the same authors.
    pub is_work: bool,
    /// Whether there is a git repository.
    pub is_git: bool,
    /// One per reader, in a fixed order; `collector:git` first. Empty where nothing has changed.
    #[serde(skip)]
    pub parts: Vec<Part>,
    /// In place of parts: what every reader said of the tree as it still is, where the [`Receiver`] recalls that.
    pub again: Vec<Again>,
    /// What a later scan can be told by that nothing has changed; none while a file is too young for that.
    pub fingerprint: Option<Hash>,
    /// Paths that no reader could look at: outside the scanned folder, left out of a sparse checkout; sorted.
    pub unread: Vec<String>,
    /// Sorted by path and line.
    pub warnings: Vec<Warning>,
    /// Files that the walk found.
    pub files_walked: u64,
    /// Files whose content a reader got.
    pub files_read: u64,
    /// Their bytes together.
    pub bytes_read: u64,
    /// Files that a reader would have wanted and a rule of places left out: rules by the number of files.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
}

/// A rule that left files out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The rule as people read it: `tests/`, `*.example`, `scan.exclude`, `generated code`.
    pub rule: String,
    /// How many files.
    pub files: u64,
}

/// A scan of some folders.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Sorted by root.
    pub trees: Vec<TreeScan>,
    /// What concerns no tree: folders that could not be entered.
    pub warnings: Vec<Warning>,
}

/// Turns addresses into person references; the caller keeps the key and the directory.
pub trait People: Sync {
    /// `person:ID` for `mailto:…` (lower case) or `HOST/LOGIN`, with a name to show if one is known.
    fn person(&self, address: &str, name: Option<&str>) -> Option<Reference>;
}

/// Hears how a scan goes on. Called from several threads.
pub trait Progress: Sync {
    /// A tree was found.
    fn tree(&self, _root: &Path) {}
    /// How many files were walked and read so far.
    fn files(&self, _walked: u64, _read: u64) {}
}

/// A [`Progress`] that says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {}

/// Whom a scan is for.
pub trait Receiver {
    /// Why a tree can't be taken.
    type Error: From<ScanError>;

    /// What the last scan of this tree found, where it had this fingerprint and saying it again is enough: with
    /// [`TreeScan::again`] in place of parts. Without it the tree is read.
    fn recall(&self, _root: &Path, _fingerprint: &Hash) -> Option<TreeScan> {
        None
    }

    /// Takes what was found in a tree.
    ///
    /// # Errors
    /// Ends the scan.
    fn take(&mut self, tree: TreeScan) -> Result<(), Self::Error>;
}

/// How to scan.
#[derive(Clone, Debug)]
pub struct Options {
    /// The branch of a detached checkout.
    pub branch: Option<String>,
    /// Read HEAD's tree instead of the work tree.
    pub from_commit: bool,
    /// Limits of files, depth and bytes.
    pub limits: limits::Limits,
    /// The time of the scan: the source's date where there is no commit.
    pub now: Time,
    /// A short text of this estate, part of the names of trees that have none of their own.
    pub estate_id: String,
    /// The user's own list of ignored files (git's core.excludesFile), if there is one.
    pub ignore_file: Option<PathBuf>,
    /// The text of the estate's own stave.toml, for the tools that it adds to the table; empty: there is none.
    pub estate_settings: String,
    /// Which program reads, of which build: another one reads everything anew.
    pub reader: String,
    /// How many threads read; 0: as many as there are processors.
    pub threads: usize,
}

impl Options {
    /// The defaults, at a time.
    pub fn at(now: Time) -> Options {
        Options {
            branch: None,
            from_commit: false,
            limits: limits::Limits::default(),
            now,
            estate_id: "local".to_owned(),
            ignore_file: None,
            estate_settings: String::new(),
            reader: String::new(),
            threads: 0,
        }
    }
}

/// Why a folder can't be scanned at all.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The folder isn't there or can't be entered.
    #[error("{} can't be scanned: {why}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A file, not a folder.
    #[error("{} is no folder\n\nhint: point at the folder that it stands in", .0.display())]
    NoFolder(PathBuf),
}
