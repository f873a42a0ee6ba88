//! What the last scan of each tree found, in `.stave/read`: a tree in which nothing has changed is not read again.
//!
//! One small file per tree, each replaced whole. They are a cache: they can be deleted at any time, they never leave the
//! machine, and what they say counts only while the ledger still holds the very statements that they speak of.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use stave_collect::{Again, Memory, TreeScan};
use stave_ledger::Ledger;
use stave_model::{Hash, Statement, hash_bytes};

use crate::reading::Stamp;

/// A [`Memory`] beside a ledger.
pub(crate) struct Remembered<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) stamp: &'a Stamp,
}

impl Memory for Remembered<'_> {
    fn recall(&self, root: &Path, fingerprint: &Hash) -> Option<TreeScan> {
        let path = file(self.folder, root);
        let size = fs::metadata(&path).ok()?.len();
        if size > MAX_BYTES {
            return None;
        }
        let tree: TreeScan = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        if tree.fingerprint.as_ref() != Some(fingerprint) || tree.again.is_empty() {
            return None;
        }
        // Somebody may have undone that scan, or merged a later word.
        let headers = self.stamp.headers_again(&tree);
        self.ledger.all_hold(&headers).ok()?.then_some(tree)
    }
}

/// Largest file that is believed, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

fn file(folder: &Path, root: &Path) -> PathBuf {
    let name = hash_bytes(root.as_os_str().as_encoded_bytes()).to_string();
    folder.join(format!("{}.json", name.get(..32).unwrap_or(&name)))
}

/// Keeps what was read of a tree and is in the ledger now. A failure costs time at the next scan and nothing else.
pub(crate) fn keep(folder: &Path, tree: &TreeScan, said: &[Statement]) {
    let path = file(folder, &tree.root);
    if tree.fingerprint.is_none() {
        // What was kept of it before is of no use any more.
        let _ = fs::remove_file(path);
        return;
    }
    let again = said.iter().map(|statement| Again {
        author: statement.header.author.clone(),
        rules: statement.header.rules,
        unread: statement.header.unread.clone(),
        claims: statement.header.claims,
        count: statement.claims.len() as u64,
    });
    let tree = TreeScan { again: again.collect(), ..tree.clone() };
    let _ = write(folder, &path, &tree);
}

fn write(folder: &Path, path: &Path, tree: &TreeScan) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let mut to = fs::File::create(&part)?;
    to.write_all(&serde_json::to_vec(tree)?)?;
    drop(to);
    fs::rename(&part, path)
}
