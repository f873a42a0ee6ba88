//! Git histories to records: every commit with what it changes and renames, who wrote it and what sort of author that is,
//! tags, and the files of the tip with what they are.
//!
//! The changes are those of `git log --raw -M`: against the first parent, merges without, renames from half of the content
//! on. What differs from git is listed in docs/history.md, and a test compares both, change by change.
//!
//! The way of a history: [`read`] opens the repository, walks the commits that nobody knows yet (`walk`), compares
//! their trees on all processors (`trees`, `renames`), and reads the tip (`head`). Objects are taken from packs by
//! `objects`, which never fails: what is missing or damaged is counted and said, and the rest is read.
//!
//! This crate only reads git's files. It never prints, runs nothing, and asks neither clock nor environment; persons get
//! their ids from the caller, who keeps their names.

mod attributes;
mod class;
mod commit;
mod head;
pub mod limits;
mod mailmap;
mod objects;
pub mod parsers;
mod people;
mod renames;
mod similar;
mod trees;
mod walk;

use std::path::{Path, PathBuf};

use stave_model::Author;
use stave_model::records::{Commit, CommitId, File, Head, Tag};

/// Gives persons their ids; the caller keeps the key and the directory of names.
pub trait People {
    /// The id of `mailto:…` (lower case) or `HOST/LOGIN`, with a name to show if one is known. None where the address
    /// can't be a name: the commit then stands under the id of an unknown person.
    fn person(&self, address: &str, name: Option<&str>) -> Option<Author>;
}

/// Hears how reading goes on. Called from several threads.
pub trait Progress: Sync {
    /// Commits found so far.
    fn commits(&self, _found: u64) {}
    /// Commits whose changes are read, of those found.
    fn changes(&self, _read: u64, _of: u64) {}
}

/// A [`Progress`] that says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {}

/// How to read.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The branch's name, which the head carries.
    pub branch: &'a str,
    /// The last commit; none: what is checked out.
    pub commit: Option<CommitId>,
    /// Whether commits that only tags lead to are read too: maintenance branches.
    pub with_tags: bool,
    /// Whether a commit needn't be read. All parents of such a commit must be such commits too: the walk ends there.
    pub known: &'a dyn Fn(&CommitId) -> bool,
    /// The present, in seconds since 1970: later dates are mentioned.
    pub now: i64,
    /// How many threads read; 0: as many as there are processors.
    pub threads: usize,
}

impl Options<'_> {
    /// The whole history of what is checked out.
    pub fn whole(branch: &str, now: i64) -> Options<'_> {
        Options { branch, commit: None, with_tags: true, known: &|_| false, now, threads: 0 }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Commits that were not known, parents before children.
    pub commits: Vec<Commit>,
    /// The branch as a whole.
    pub head: Head,
    /// When the tip was committed, in seconds since 1970; none where it can't be read.
    pub tip_committed: Option<i64>,
    /// The files of the tip's tree, by path. Links and submodules are none.
    pub files: Vec<File>,
    /// How much was read.
    pub coverage: Coverage,
    /// What could not be read, or is strange; whole sentences.
    pub warnings: Vec<String>,
}

/// How much was read, and what is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Commits that were read now.
    pub commits: u64,
    /// Of them, merges, which have no changes of their own.
    pub merges: u64,
    /// Changed files in all of them.
    pub changes: u64,
    /// Of them, renames.
    pub renames: u64,
    /// Commits at the edge of a shallow clone: what they changed is unknown.
    pub edge_commits: u64,
    /// Commits that are named as parents or tips and are missing or damaged.
    pub unread_commits: u64,
    /// Commits whose trees are missing, damaged or over a limit: what they changed is unknown.
    pub unread_changes: u64,
    /// Contents that a comparison asked for and that are not there: those files count as not similar.
    pub missing_blobs: u64,
    /// Contents that are damaged or over a limit, likewise.
    pub unread_blobs: u64,
    /// Commits with a message whose middle was passed over.
    pub long_messages: u64,
    /// Commits dated before 1980: clocks that were not set. They stand as they are.
    pub early_dates: u64,
    /// Commits dated more than a day into the future. They stand as they are.
    pub future_dates: u64,
}

/// What a branch and its tags are at, without reading a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The last commit.
    pub commit: CommitId,
    /// The tags that lead to commits, by name.
    pub tags: Vec<Tag>,
    /// Whether this is a shallow clone.
    pub is_shallow: bool,
}

/// Why there is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// No repository, or one of a kind that can't be read.
    #[error("{} can't be read as a git repository: {why}", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// What was wrong.
        why: String,
    },
    /// Ids of commits are no SHA-1.
    #[error("{} names its commits with other hashes than SHA-1, which records of history have no room for", .0.display())]
    OtherHash(PathBuf),
}

/// The tip and the tags of a repository; none where it has no commit yet.
///
/// # Errors
/// Where the repository can't be opened.
pub fn tip(path: &Path, commit: Option<CommitId>) -> Result<Option<Tip>, HistoryError> {
    let repo = open(path)?;
    let store = objects::Store::open(&repo);
    Ok(head::tip(&repo, &mut store.reader(), commit).map(|found| found.tip))
}

/// Reads the history of a repository: a work tree, or a bare one. None where it has no commit yet.
///
/// # Errors
/// Where the repository can't be opened. What is missing or damaged in it is no error; [`Coverage`] and the warnings say
/// what was.
pub fn read(
    path: &Path,
    options: &Options<'_>,
    people: &dyn People,
    progress: &dyn Progress,
) -> Result<Option<History>, HistoryError> {
    let repo = open(path)?;
    let store = objects::Store::open(&repo);
    let mut reader = store.reader();
    let Some(found) = head::tip(&repo, &mut reader, options.commit) else { return Ok(None) };
    let mut starts = vec![found.tip.commit];
    if options.with_tags {
        starts.extend(found.tip.tags.iter().map(|tag| tag.commit));
    }
    let mut walked = walk::commits(&mut reader, &starts, &found.edge, options, progress);
    walk::changes(&store, &mut walked, options.threads, progress);
    let (commits, coverage) = walk::records(walked, options.now, people);
    let (head, files, tip_committed, mut warnings) =
        head::read(&mut reader, found, options, people, &coverage);
    warnings.splice(0..0, coverage.sentences());
    Ok(Some(History { commits, head, tip_committed, files, coverage, warnings }))
}

/// Only the repository's own settings count, as in every scan.
fn open(path: &Path) -> Result<gix::Repository, HistoryError> {
    let repo = gix::open_opts(path, gix::open::Options::isolated())
        .map_err(|error| HistoryError::Open { path: path.to_owned(), why: error.to_string() })?;
    if repo.object_hash() != gix::hash::Kind::Sha1 {
        return Err(HistoryError::OtherHash(path.to_owned()));
    }
    Ok(repo)
}

/// `1 commit`, `2 commits`.
fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

impl Coverage {
    /// What was left out or is strange, and what was done about it.
    fn sentences(&self) -> Vec<String> {
        let commits = |count: u64| counted(count, "commit", "commits");
        let contents = |count: u64, is: &str, are: &str| match count {
            1 => format!("1 content {is}"),
            _ => format!("{count} contents {are}"),
        };
        let mut said = Vec::new();
        if self.edge_commits > 0 {
            said.push(format!(
                "this is a shallow clone: what was before is not known, and what {} at its edge changed is left out\n\n\
                 hint: git fetch --unshallow",
                commits(self.edge_commits)
            ));
        }
        if self.unread_commits > 0 {
            said.push(format!(
                "{} that others name could not be read, and what leads to them alone is left out\n\nhint: git fsck",
                commits(self.unread_commits)
            ));
        }
        if self.unread_changes > 0 {
            said.push(format!(
                "what {} changed could not be told, since folders in them are missing, damaged or too large; they stand \
                 without changes\n\nhint: git fsck, or in a clone without trees: git fetch --refetch --filter=blob:none",
                commits(self.unread_changes)
            ));
        }
        if self.missing_blobs > 0 {
            said.push(format!(
                "{} not in this clone: those files were not compared, and a rename that changed one counts as a removal \
                 and an addition",
                contents(self.missing_blobs, "is", "are")
            ));
        }
        if self.unread_blobs > 0 {
            said.push(format!(
                "{} damaged or larger than {} MB and could not be compared",
                contents(self.unread_blobs, "is", "are"),
                limits::MAX_COMPARED_BYTES / (1024 * 1024)
            ));
        }
        if self.long_messages > 0 {
            said.push(format!(
                "of the messages of {} only the beginning and the end were read: they are too long",
                commits(self.long_messages)
            ));
        }
        if self.early_dates > 0 {
            said.push(format!(
                "dated before 1980: {}; the dates stand as they are",
                commits(self.early_dates)
            ));
        }
        if self.future_dates > 0 {
            said.push(format!(
                "dated in the future: {}; the dates stand as they are",
                commits(self.future_dates)
            ));
        }
        said
    }
}
