//! A folder of files, a scan of it, and short forms of what it says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use stave_collect::{Options, People, Quiet, Scan, TreeScan, scan};
use stave_model::{Claim, Reference, Time};
use tempfile::TempDir;

pub(crate) const NOW: &str = "2026-11-22T21:30:00.000Z";

pub(crate) struct Directory;

impl People for Directory {
    fn person(&self, address: &str, _name: Option<&str>) -> Option<Reference> {
        format!("person:{}", &stave_model::hash_bytes(address.as_bytes()).to_string()[..16]).parse().ok()
    }
}

pub(crate) fn options() -> Options {
    Options::at(NOW.parse::<Time>().unwrap())
}

/// A temporary folder.
pub(crate) struct Folder {
    _keep: TempDir,
    pub(crate) path: PathBuf,
}

impl Folder {
    /// A folder `shop` with these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Folder {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().canonicalize().unwrap().join("shop");
        std::fs::create_dir(&path).unwrap();
        let folder = Folder { _keep: keep, path };
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        write(&self.path, name, bytes);
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments)
    }

    /// `git init` on branch main, everything committed.
    pub(crate) fn commit_all(&self) {
        if !self.path.join(".git").exists() {
            self.git(&["init", "-q", "-b", "main"]);
        }
        self.git(&["add", "-A", "-f"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    }

    pub(crate) fn scan(&self) -> Scan {
        scan(std::slice::from_ref(&self.path), &options(), &Directory, &Quiet).unwrap()
    }

    /// The only tree.
    pub(crate) fn tree(&self) -> TreeScan {
        let mut trees = self.scan().trees;
        assert_eq!(trees.len(), 1);
        trees.remove(0)
    }
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args([
            "-c",
            "user.name=Group",
            "-c",
            "user.email=group@example.com",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What is said about the pieces of the system; tools have tests of their own.
pub(crate) fn claims(tree: &TreeScan) -> Vec<&Claim> {
    let of_pieces = tree.parts.iter().filter(|part| part.author.as_str() != "collector:tools");
    of_pieces.flat_map(|part| &part.claims).collect()
}

fn key_root<'a>(tree: &'a TreeScan, reference: &'a str) -> &'a str {
    for claim in claims(tree) {
        for (of, keys) in &claim.keys {
            if of.as_str() == reference
                && let Some(key) = keys.iter().find(|key| key.kind() == "local")
            {
                return key.as_str();
            }
        }
    }
    reference
}

/// The name of the piece that a reference belongs to; the reference itself where it has none.
pub(crate) fn name_of(tree: &TreeScan, reference: &str) -> String {
    claims(tree)
        .into_iter()
        .find(|claim| claim.kind == "name" && claim.of.as_str() == reference)
        .and_then(|claim| claim.value.as_ref()?.as_str())
        .unwrap_or(reference)
        .to_owned()
}

/// `NAME: TYPE` of every piece but the repository.
pub(crate) fn pieces(tree: &TreeScan) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for claim in claims(tree) {
        let Some(kind) = claim.value.as_ref().and_then(Value::as_str).filter(|_| claim.kind == "exists")
        else {
            continue;
        };
        if kind == "repository" {
            continue;
        }
        let of = claim.of.as_str();
        let typ = claims(tree)
            .into_iter()
            .find(|other| other.kind == "type" && other.of.as_str() == of)
            .and_then(|other| other.value.as_ref()?.as_str())
            .unwrap_or(kind);
        out.insert(format!("{}: {typ}", name_of(tree, of)));
    }
    out
}

/// `FROM relation TO` by names.
pub(crate) fn links(tree: &TreeScan) -> BTreeSet<String> {
    let kinds = [
        "calls",
        "routes_to",
        "stores_in",
        "publishes_to",
        "subscribes_to",
        "depends_on",
        "configured_by",
        "registers_at",
        "logs_to",
        "monitored_by",
        "part_of",
        "provides_api",
        "consumes_api",
        "runs_on",
    ];
    claims(tree)
        .into_iter()
        .filter(|claim| kinds.contains(&claim.kind.as_str()))
        .map(|claim| {
            format!(
                "{} {} {}",
                name_of(tree, claim.of.as_str()),
                claim.kind,
                name_of(tree, claim.to.as_deref().unwrap())
            )
        })
        .collect()
}

/// Whether two references are one piece here.
pub(crate) fn are_one(tree: &TreeScan, a: &str, b: &str) -> bool {
    key_root(tree, a) == key_root(tree, b)
}

/// `repo:R//REST`.
pub(crate) fn at(tree: &TreeScan, rest: &str) -> String {
    let reference = format!("repo:{}//{rest}", tree.repository);
    assert!(
        claims(tree).iter().any(|claim| claim.of.as_str() == reference),
        "{reference} is none of {:?}",
        claims(tree).iter().map(|claim| claim.of.as_str()).collect::<BTreeSet<_>>()
    );
    reference
}

pub(crate) fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}
