//! What the last scan of each tree found, in `.stave/read`: a tree in which nothing has changed is not read again.
//!
//! One small file per tree, each replaced whole. They are a cache: they can be deleted at any time, they never leave the
//! machine, and what they say counts only while the ledger still holds the very statements that they speak of.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use stave_collect::{Again, TreeScan};
use stave_ledger::Ledger;
use stave_model::{Hash, Statement, hash_bytes};

use crate::reading::Stamp;

/// Largest file that is believed, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The folder of what is remembered.
pub(crate) struct Remembered {
    pub(crate) folder: PathBuf,
}

impl Remembered {
    /// What the last scan of a tree found, if the tree has this fingerprint and the ledger holds what was said.
    pub(crate) fn recall(
        &self,
        ledger: &dyn Ledger,
        stamp: &Stamp,
        root: &Path,
        fingerprint: &Hash,
    ) -> Option<TreeScan> {
        let path = self.file(root);
        let size = fs::metadata(&path).ok()?.len();
        if size > MAX_BYTES {
            return None;
        }
        let tree: TreeScan = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        if tree.fingerprint.as_ref() != Some(fingerprint) || tree.again.is_empty() {
            return None;
        }
        // Somebody may have undone that scan, or merged a later word.
        ledger.all_hold(&stamp.headers_again(&tree)).ok()?.then_some(tree)
    }

    /// Keeps what was read of a tree and is in the ledger now. A failure costs time at the next scan and nothing else.
    pub(crate) fn keep(&self, tree: &TreeScan, said: &[Statement]) {
        let path = self.file(&tree.root);
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
        let kept = TreeScan { again: again.collect(), ..tree.clone() };
        let _ = self.write(&path, &kept);
    }

    fn file(&self, root: &Path) -> PathBuf {
        let name = hash_bytes(root.as_os_str().as_encoded_bytes()).to_string();
        self.folder.join(format!("{}.json", name.get(..32).unwrap_or(&name)))
    }

    fn write(&self, path: &Path, tree: &TreeScan) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let mut to = fs::File::create(&part)?;
        to.write_all(&serde_json::to_vec(tree)?)?;
        drop(to);
        fs::rename(&part, path)
    }
}
