//! Scanning a tree in which nothing has changed: how it is told from outside the files, so that none is read.
//!
//! A fingerprint of everything that a scan's result hangs on (which files there are, their sizes and times, the commit,
//! the index, the options, who reads) is compared with that of the last scan. It is what git does to tell whether a
//! file has changed, with the same weakness and the same remedy: a file written in the moment of the scan may be written
//! once more without a new time, so a tree with such a file has no fingerprint worth keeping.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use stave_model::{Author, Hash, hash_bytes};

use crate::Options;
use crate::git::Checkout;
use crate::readers::READERS;
use crate::walk::Found;

/// Files younger than this can change without their time changing: some file systems count in steps of two seconds.
const UNSETTLED_MILLIS: i64 = 2_000;

/// What one reader said about a tree that has not changed since: enough to say it again.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Again {
    /// `collector:NAME`.
    pub author: Author,
    /// The reader's version.
    pub rules: u32,
    /// What it could not read.
    pub unread: Vec<String>,
    /// The hash of its claims, as a header has it.
    pub claims: Hash,
    /// How many they are.
    pub count: u64,
}

/// What a scan's result hangs on, and whether it may be kept.
pub(crate) struct Print {
    pub(crate) hash: Hash,
    /// Whether no file is so young that it could change unnoticed.
    pub(crate) is_settled: bool,
}

/// Everything about a tree that is known before a file is read.
pub(crate) struct Sight<'a> {
    pub(crate) root: &'a Path,
    pub(crate) prefix: &'a str,
    pub(crate) files: &'a [Found],
    pub(crate) checkout: Option<&'a Checkout>,
    /// Paths that could not be walked.
    pub(crate) problems: &'a [PathBuf],
    pub(crate) cut: bool,
}

/// The bytes that are hashed. Texts go with their length, so that no two rows of fields read alike.
struct Writer {
    bytes: Vec<u8>,
    youngest: i64,
}

impl Writer {
    fn text(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(text);
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        self.text(text.unwrap_or_default().as_bytes());
    }

    /// A file outside of the walk that the result hangs on as well.
    fn other_file(&mut self, path: &Path) {
        match std::fs::symlink_metadata(path) {
            Ok(meta) => {
                self.number(meta.len());
                self.times(meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
                self.number(meta.ino());
            }
            Err(_) => self.number(u64::MAX),
        }
    }

    fn times(&mut self, modified: i64, modified_nanos: i64, changed: i64, changed_nanos: i64) {
        for part in [modified, modified_nanos, changed, changed_nanos] {
            self.bytes.extend_from_slice(&part.to_le_bytes());
        }
        self.youngest = self.youngest.max(changed.saturating_mul(1_000) + changed_nanos / 1_000_000);
    }
}

/// The fingerprint of a tree.
pub(crate) fn print(sight: &Sight<'_>, options: &Options) -> Print {
    let mut to = Writer { bytes: Vec::with_capacity(sight.files.len() * 128), youngest: i64::MIN };
    to.text(options.reader.as_bytes());
    for reader in READERS {
        to.text(reader.name.as_bytes());
        to.number(u64::from(reader.rules));
    }
    to.text(sight.root.as_os_str().as_encoded_bytes());
    to.text(sight.prefix.as_bytes());
    to.maybe(options.branch.as_deref());
    to.number(u64::from(options.from_commit));
    to.text(options.estate_id.as_bytes());
    to.text(options.estate_settings.as_bytes());
    let limits = options.limits;
    for limit in [limits.file_bytes, limits.files as u64, limits.tree_bytes, limits.folder_depth as u64] {
        to.number(limit);
    }
    to.number(u64::from(sight.cut));
    for path in sight.problems {
        to.text(path.as_os_str().as_encoded_bytes());
    }
    match sight.checkout {
        Some(checkout) => {
            to.maybe(checkout.origin.as_deref());
            to.text(checkout.branch.as_bytes());
            to.maybe(checkout.default_branch.as_deref());
            to.maybe(checkout.commit.as_ref().map(|commit| commit.id.as_str()));
            to.other_file(&checkout.repo.index_path());
        }
        None => to.number(u64::MAX),
    }
    if !sight.prefix.is_empty() {
        // The walk began below it.
        to.other_file(&sight.root.join("stave.toml"));
    }
    to.number(sight.files.len() as u64);
    for file in sight.files {
        let path = file.path.strip_prefix(sight.root).unwrap_or(&file.path);
        to.text(path.as_os_str().as_encoded_bytes());
        to.number(file.size);
        to.number(u64::from(file.is_link));
        let (modified, modified_nanos) = file.mtime.unwrap_or((i64::MIN, 0));
        to.times(modified, i64::from(modified_nanos), file.changed.0, file.changed.1);
        to.number(file.inode);
    }
    let is_settled = to.youngest < options.now.millis().saturating_sub(UNSETTLED_MILLIS);
    Print { hash: hash_bytes(&to.bytes), is_settled }
}
