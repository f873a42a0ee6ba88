//! Which folders were scanned into a ledger on this machine, so that a scan can say which of them it no longer met.
//! Paths are this machine's business: they stand in a file beside the ledger and never in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stave_model::Time;

use crate::estate::Place;

/// The file's name in the `.stave` folder. It can be deleted at any time: a scan then misses nothing.
const FILE: &str = "trees.json";

/// A tree that was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tree {
    /// Its folder, absolute.
    pub(crate) root: PathBuf,
    /// What it was filed under, without `+work`.
    pub(crate) scope: String,
    /// When it was last scanned.
    pub(crate) seen: Time,
}

/// What is remembered. A file that is not there, or that nobody can read, remembers nothing.
pub(crate) fn known(place: &Place) -> Vec<Tree> {
    fs::read(place.folder.join(FILE))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Remembers trees in place of what was remembered. Losing it loses no word of anybody, so failing is not an error.
pub(crate) fn remember(place: &Place, trees: &[Tree]) {
    let Ok(text) = serde_json::to_vec_pretty(trees) else { return };
    let draft = place.folder.join(format!("{FILE}.{}", std::process::id()));
    if fs::write(&draft, text).and_then(|()| fs::rename(&draft, place.folder.join(FILE))).is_err() {
        let _ = fs::remove_file(&draft);
    }
}

/// Those of `before` that lie in the scanned folders and were not met, and what to remember now.
pub(crate) fn compare(
    before: Vec<Tree>,
    folders: &[PathBuf],
    met: &[Tree],
    is_there: impl Fn(&Path) -> bool,
) -> (Vec<Tree>, Vec<Tree>) {
    let roots: BTreeSet<&Path> = met.iter().map(|tree| tree.root.as_path()).collect();
    let mut scopes: BTreeSet<String> = met.iter().map(|tree| tree.scope.clone()).collect();
    let is_lost = |tree: &Tree| {
        let scanned = folders.iter().any(|folder| tree.root.starts_with(folder));
        !is_there(&tree.root) || scanned && !roots.contains(tree.root.as_path())
    };
    // Another checkout of the same branch can still be read.
    scopes.extend(before.iter().filter(|tree| !is_lost(tree)).map(|tree| tree.scope.clone()));
    let (mut missing, mut now) = (Vec::new(), met.to_vec());
    for tree in before {
        if roots.contains(tree.root.as_path()) {
            continue;
        }
        if is_lost(&tree) && scopes.contains(&tree.scope) {
            continue;
        }
        if folders.iter().any(|folder| tree.root.starts_with(folder)) {
            missing.push(tree.clone());
        }
        now.push(tree);
    }
    now.sort_by(|a, b| (&a.root, &a.scope).cmp(&(&b.root, &b.scope)));
    (missing, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(root: &str, scope: &str) -> Tree {
        Tree { root: PathBuf::from(root), scope: scope.to_owned(), seen: Time::from_millis(0) }
    }

    #[test]
    fn a_folder_that_is_not_met_any_more_is_missed_until_its_branch_is_read_elsewhere() {
        let folders = [PathBuf::from("/all")];
        let before = vec![tree("/all/a", "a"), tree("/all/b", "b"), tree("/else/c", "c")];
        let met = [tree("/all/a", "a")];
        let (missing, now) = compare(before.clone(), &folders, &met, |root| root != Path::new("/all/b"));
        assert_eq!(missing, [tree("/all/b", "b")]);
        assert_eq!(now, before, "it is missed again by the next scan");
        let met = [tree("/all/a", "a"), tree("/all/moved", "b")];
        let (missing, now) = compare(before, &folders, &met, |root| root != Path::new("/all/b"));
        assert_eq!(missing, []);
        assert_eq!(now, [tree("/all/a", "a"), tree("/all/moved", "b"), tree("/else/c", "c")]);
    }

    #[test]
    fn a_second_checkout_elsewhere_is_enough() {
        let folders = [PathBuf::from("/all")];
        let before = vec![tree("/all/a", "a"), tree("/else/a", "a")];
        let (missing, now) = compare(before, &folders, &[], |root| root != Path::new("/all/a"));
        assert_eq!(missing, []);
        assert_eq!(now, [tree("/else/a", "a")]);
    }

    #[test]
    fn a_folder_outside_the_scanned_ones_is_not_looked_at() {
        let before = vec![tree("/else/c", "c")];
        let (missing, now) = compare(before.clone(), &[PathBuf::from("/all")], &[], |_| false);
        assert_eq!((missing, now), (Vec::new(), before));
    }
}
