//! A repository made by git, its history, and what git says of it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stave_history::{History, Options, People, Quiet, read};
use stave_model::Author;
use stave_model::records::{ChangeKind, Commit, CommitId};
use tempfile::TempDir;

/// 2026-01-01, in seconds.
pub(crate) const NOW: i64 = 1_767_225_600;
/// The time of the first commit.
const BEGIN: i64 = 1_700_000_000;

/// Persons by a hash of their address, with a list of who was asked for.
#[derive(Default)]
pub(crate) struct Directory(pub(crate) RefCell<BTreeSet<(String, String)>>);

/// The id of an address.
pub(crate) fn id_of(address: &str) -> Author {
    format!("person:{}", &stave_model::hash_bytes(address.as_bytes()).to_string()[..32]).parse().unwrap()
}

impl People for Directory {
    fn person(&self, address: &str, name: Option<&str>) -> Option<Author> {
        self.0.borrow_mut().insert((address.to_owned(), name.unwrap_or_default().to_owned()));
        Some(id_of(address))
    }
}

/// A repository in a temporary folder.
pub(crate) struct Repository {
    _keep: TempDir,
    pub(crate) path: PathBuf,
    clock: std::cell::Cell<i64>,
}

impl Repository {
    /// An empty one, on branch main.
    pub(crate) fn new() -> Repository {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().canonicalize().unwrap().join("repository");
        std::fs::create_dir(&path).unwrap();
        let repository = Repository { _keep: keep, path, clock: std::cell::Cell::new(BEGIN) };
        repository.git(&["init", "-q", "-b", "main"]);
        repository.git(&["config", "uploadpack.allowFilter", "true"]);
        repository
    }

    /// A clone beside it, with more options of `git clone`.
    pub(crate) fn clone(&self, options: &[&str]) -> Repository {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().canonicalize().unwrap().join("clone");
        let url = format!("file://{}", self.path.display());
        let path_text = path.to_str().unwrap();
        let words: Vec<&str> =
            ["clone", "-q"].iter().chain(options).chain(&[url.as_str(), path_text]).copied().collect();
        run(&self.path, &words, None, BEGIN);
        Repository { _keep: keep, path, clock: std::cell::Cell::new(BEGIN) }
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        run(&self.path, arguments, None, self.clock.get())
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits everything, a minute after the last commit.
    pub(crate) fn commit(&self, message: &str) -> CommitId {
        self.commit_with(message, &[])
    }

    /// Commits everything, with more options of `git commit`.
    pub(crate) fn commit_with(&self, message: &str, options: &[&str]) -> CommitId {
        self.clock.set(self.clock.get() + 60);
        self.git(&["add", "-A"]);
        let words: Vec<&str> = ["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-"]
            .iter()
            .chain(options)
            .copied()
            .collect();
        run(&self.path, &words, Some(message), self.clock.get());
        self.head()
    }

    pub(crate) fn head(&self) -> CommitId {
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    pub(crate) fn history(&self) -> History {
        self.read(&Options::whole("main", NOW)).unwrap()
    }

    pub(crate) fn read(&self, options: &Options<'_>) -> Option<History> {
        read(&self.path, options, &Directory::default(), &Quiet).unwrap()
    }

    /// The folder of an object that isn't in a pack.
    pub(crate) fn loose(&self, id: &str) -> PathBuf {
        self.path.join(".git/objects").join(&id[..2]).join(&id[2..])
    }
}

fn run(folder: &Path, arguments: &[&str], input: Option<&str>, seconds: i64) -> String {
    let mut child = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_DATE", format!("{seconds} +0000"))
        .env("GIT_COMMITTER_DATE", format!("{seconds} +0000"))
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "protocol.file.allow=always"])
        .args([
            "-c",
            "commit.gpgSign=false",
            "-c",
            "uploadpack.allowFilter=true",
            "-c",
            "core.autocrlf=false",
        ])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, input.unwrap_or_default().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Changes as lines: commit, kind, path, and of a rename the path before.
pub(crate) fn lines(commits: &[Commit]) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for commit in commits {
        for change in &commit.changes {
            let kind = match change.kind {
                ChangeKind::Added => 'A',
                ChangeKind::Modified => 'M',
                ChangeKind::Deleted => 'D',
                ChangeKind::Renamed => 'R',
            };
            let from = change.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
            lines.insert(format!("{} {kind} {}{from}", commit.id, change.path));
        }
    }
    lines
}

/// The same, as git says it.
pub(crate) fn lines_of_git(repository: &Repository) -> BTreeSet<String> {
    let words =
        ["-c", "core.quotePath=false", "log", "--raw", "-M", "--no-abbrev", "--format=commit %H", "--all"];
    let mut lines = BTreeSet::new();
    let mut commit = String::new();
    for line in repository.git(&words).lines() {
        if let Some(id) = line.strip_prefix("commit ") {
            commit = id.to_owned();
        } else if let Some((raw, paths)) = line.strip_prefix(':').and_then(|line| line.split_once('\t')) {
            let kind = raw.rsplit(' ').next().unwrap().chars().next().unwrap();
            // A change of the type is a change.
            let kind = if kind == 'T' { 'M' } else { kind };
            lines.insert(match paths.split_once('\t') {
                Some((from, path)) => format!("{commit} {kind} {path} from {from}"),
                None => format!("{commit} {kind} {paths}"),
            });
        }
    }
    lines
}

/// Reads the whole history and compares every change with git's.
pub(crate) fn assert_equal(repository: &Repository) -> History {
    let history = repository.history();
    let (ours, gits) = (lines(&history.commits), lines_of_git(repository));
    let only_git: Vec<&String> = gits.difference(&ours).collect();
    let only_ours: Vec<&String> = ours.difference(&gits).collect();
    assert!(
        only_git.is_empty() && only_ours.is_empty(),
        "only git: {only_git:#?}\nonly ours: {only_ours:#?}"
    );
    history
}
