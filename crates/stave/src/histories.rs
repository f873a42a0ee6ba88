//! Histories of repositories into the ledger: what a scan adds to it beside what stands in the trees.
//!
//! What the ledger holds already is not read again. A chunk of commits never changes, so only those are read that no
//! chunk has; where nothing has been committed and no tag set since, nothing is read or said at all.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Serialize;
use stave_history::{Coverage, History, Options, Progress, Tip};
use stave_model::records::{Commit, CommitId, File, Head, chunk_scope, head_scope};
use stave_model::{Author, Reference, Scope, Source, Statement, Time};

use crate::opened::Opened;
use crate::reading::{Directory, Stamp};

/// Who says it.
const AUTHOR: &str = "collector:history";

/// Whose history: a work tree or bare repository, as a scan found it.
pub(crate) struct Of<'a> {
    pub(crate) root: &'a Path,
    /// `HOST/PATH`.
    pub(crate) repository: &'a str,
    pub(crate) branch: &'a str,
}

/// What came of reading one history.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryReport {
    pub(crate) root: PathBuf,
    pub(crate) repository: String,
    pub(crate) branch: String,
    /// Commits that the ledger didn't have.
    pub(crate) commits: u64,
    /// Files that they changed, renamed ones among them.
    pub(crate) changes: u64,
    pub(crate) renames: u64,
    /// Nothing has changed since it was last read.
    pub(crate) is_unchanged: bool,
    /// Commits that could not be read, or whose changes couldn't be told.
    pub(crate) unread: u64,
    /// Contents that are not in this clone, so that they could not be compared.
    pub(crate) missing_blobs: u64,
    /// The clone doesn't go back to the beginning.
    pub(crate) is_shallow: bool,
    /// What could not be read, or is strange.
    #[serde(skip)]
    pub(crate) warnings: Vec<String>,
}

/// Reads what is new in one tree's history: the statements that say it, and a report. None where there is no history.
///
/// # Errors
/// Where the ledger can't be read. A repository that can't be is a warning.
pub(crate) fn read(
    opened: &Opened,
    all: &AllHeld,
    of: &Of<'_>,
    stamp: &Stamp,
    directory: &Directory,
    progress: &dyn Progress,
) -> anyhow::Result<Option<(Vec<Statement>, HistoryReport)>> {
    let mut report = HistoryReport {
        root: of.root.to_owned(),
        repository: of.repository.to_owned(),
        branch: of.branch.to_owned(),
        commits: 0,
        changes: 0,
        renames: 0,
        is_unchanged: false,
        unread: 0,
        missing_blobs: 0,
        is_shallow: false,
        warnings: Vec::new(),
    };
    let tip = match stave_history::tip(of.root, None) {
        Ok(Some(tip)) => tip,
        // No commit yet.
        Ok(None) => return Ok(None),
        Err(error) => {
            report.warnings.push(error.to_string());
            return Ok(Some((Vec::new(), report)));
        }
    };
    let held = Held::of(opened, all, of)?;
    if !held.chunks.is_empty() && held.head.as_ref().is_some_and(|head| is_same(head, &tip)) {
        report.is_unchanged = true;
        return Ok(Some((Vec::new(), report)));
    }
    let known = held.known(opened)?;
    let is_known = |id: &CommitId| known.contains(id);
    let options = Options {
        known: &is_known,
        commit: Some(tip.commit),
        ..Options::whole(of.branch, stamp.time.millis() / 1000)
    };
    let mut history = match stave_history::read(of.root, &options, directory, progress) {
        Ok(Some(history)) => history,
        Ok(None) => return Ok(None),
        Err(error) => {
            report.warnings.push(error.to_string());
            return Ok(Some((Vec::new(), report)));
        }
    };
    // What earlier runs missed in commits that are not read again is missed all the same.
    if let Some(head) = held.head.filter(|_| !known.is_empty()) {
        history.head.missing_blobs += head.missing_blobs;
    }
    report.take(&history);
    let statements = statements(of.repository, &history, stamp)?;
    Ok(Some((statements, report)))
}

/// Whether a head says what is there now, and nothing was missing when it was said.
fn is_same(head: &Head, tip: &Tip) -> bool {
    let was_whole = !head.is_shallow && head.unread_commits == 0;
    was_whole && !tip.is_shallow && head.tip == tip.commit && head.tags == tip.tags
}

/// Which statements the ledger holds of all histories. Asked for once in a scan: an estate has thousands.
pub(crate) struct AllHeld {
    /// By the scope of a head.
    heads: HashMap<String, u64>,
    /// By the scopes of chunks, without the commit at their end.
    chunks: HashMap<String, Vec<u64>>,
}

impl AllHeld {
    /// # Errors
    /// Where the map can't be read.
    pub(crate) fn of(opened: &Opened) -> anyhow::Result<AllHeld> {
        let mut all = AllHeld { heads: HashMap::new(), chunks: HashMap::new() };
        for slot in opened.map.slots()?.into_iter().filter(|slot| slot.author == AUTHOR && slot.is_live) {
            let Some(number) = slot.holds else { continue };
            if let Some(folder) = folder_of_chunk(&slot.scope) {
                all.chunks.entry(folder.to_owned()).or_default().push(number);
            }
            // Whether it is a head, whoever asks for one by its scope knows.
            all.heads.insert(slot.scope, number);
        }
        Ok(all)
    }
}

/// A scope of a chunk ends in a commit, which has no slash.
fn folder_of_chunk(scope: &str) -> Option<&str> {
    scope.rsplit_once('/').map(|(folder, _)| folder)
}

/// What the ledger holds of one history.
struct Held {
    head: Option<Head>,
    /// Numbers of the statements that hold chunks.
    chunks: Vec<u64>,
}

impl Held {
    fn of(opened: &Opened, all: &AllHeld, of: &Of<'_>) -> anyhow::Result<Held> {
        let head_scope = opened.map.folded_scope(head_scope(of.repository, of.branch)?.as_str())?;
        let any_chunk = opened.map.folded_scope(chunk_scope(of.repository, CommitId::default())?.as_str())?;
        let chunks = folder_of_chunk(&any_chunk).and_then(|folder| all.chunks.get(folder));
        let head = match all.heads.get(&head_scope) {
            Some(number) => Held::head(opened, *number)?,
            None => None,
        };
        Ok(Held { head, chunks: chunks.cloned().unwrap_or_default() })
    }

    fn head(opened: &Opened, number: u64) -> anyhow::Result<Option<Head>> {
        let mut head: Option<Head> = None;
        opened.ledger.raw_claims(number, &mut |bytes| {
            let claim = stave_ledger::parse_claim(number, bytes)?;
            if claim.kind != Head::TYPE {
                return Ok(());
            }
            // One that a newer program wrote is as good as none: the history is read again.
            match (&mut head, Head::from_claim(&claim)) {
                (Some(head), Ok(part)) => head.unite(part),
                (None, Ok(part)) => head = Some(part),
                (_, Err(_)) => {}
            }
            Ok(())
        })?;
        Ok(head)
    }

    /// The commits that needn't be read again. None, where what the ledger has doesn't go back to the beginning: a
    /// shallow clone was read before, something was damaged, or somebody took back an earlier scan.
    fn known(&self, opened: &Opened) -> anyhow::Result<HashSet<CommitId>> {
        if self.head.as_ref().is_some_and(|head| head.is_shallow || head.unread_commits > 0) {
            return Ok(HashSet::new());
        }
        let mut known = HashSet::new();
        let mut parents = HashSet::new();
        let mut is_whole = true;
        for number in &self.chunks {
            opened.ledger.raw_claims(*number, &mut |bytes| {
                match Commit::ids(bytes) {
                    Ok(rows) => rows.into_iter().for_each(|(id, of)| {
                        known.insert(id);
                        parents.extend(of);
                    }),
                    Err(_) => is_whole = false,
                }
                Ok(())
            })?;
        }
        let is_closed = is_whole && parents.iter().all(|parent| known.contains(parent));
        Ok(if is_closed { known } else { HashSet::new() })
    }
}

/// A chunk of the commits, where there are any, and the head with its files.
fn statements(repository: &str, history: &History, stamp: &Stamp) -> anyhow::Result<Vec<Statement>> {
    let author: Author = AUTHOR.parse()?;
    let of: Reference = format!("repo:{repository}").parse()?;
    let at = |seconds: i64| Some(Time::from_millis(seconds.saturating_mul(1000)));
    let statement = |scope: Scope, seconds: Option<i64>, id: CommitId, claims| {
        let source = Source { at: seconds.and_then(at), id: Some(id.to_string()) };
        Statement::new(stamp.header(author.clone(), scope, source), claims)
    };
    let mut statements = Vec::new();
    let tip = history.commits.iter().find(|commit| commit.id == history.head.tip);
    if let Some(last) = tip.or(history.commits.last()) {
        let claims = Commit::to_claims(&of, &history.commits);
        statements.push(statement(chunk_scope(repository, last.id)?, Some(last.committed), last.id, claims));
    }
    // A head is as new as the newest thing in it: a tag can come after the commit.
    let tagged = history.head.tags.iter().map(|tag| tag.at);
    let newest = tagged.chain(history.tip_committed).max();
    let mut claims = history.head.to_claims(&of);
    claims.extend(File::to_claims(&of, &history.files));
    let scope = head_scope(repository, &history.head.branch)?;
    statements.push(statement(scope, newest, history.head.tip, claims));
    Ok(statements)
}

impl HistoryReport {
    fn take(&mut self, history: &History) {
        let coverage: &Coverage = &history.coverage;
        self.commits = coverage.commits;
        self.changes = coverage.changes;
        self.renames = coverage.renames;
        self.unread = coverage.unread_commits + coverage.unread_changes;
        self.missing_blobs = history.head.missing_blobs;
        self.is_shallow = history.head.is_shallow;
        self.warnings.clone_from(&history.warnings);
    }
}
