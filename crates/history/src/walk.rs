//! The commits of a history, and what each of them changes.
//!
//! Commits are read one after the other, since only a commit names its parents; comparing their trees takes nearly all
//! the time and is done on all processors. The order of the walk keeps lines of development together and threads
//! take neighbours: their trees are almost equal, so most of what one comparison reads serves the next.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;
use gix::objs::Kind;
use rustc_hash::{FxHashMap, FxHashSet};
use stave_model::Author;
use stave_model::records::{ChangeKind, Commit, CommitClass, CommitId, FileChange};

use crate::commit::{self, Identity, Parsed};
use crate::objects::{Miss, Reader, Store};
use crate::trees::{self, Side};
use crate::{Coverage, Options, People, Progress, limits, people, renames};

/// How many neighbouring commits one thread takes at a time.
const NEIGHBOURS: usize = 256;
/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// 1980-01-01: no commit is older, but some clocks begin in 1970.
const EARLY: i64 = 315_532_800;

/// Commits, parents before children.
pub(crate) struct Walked {
    commits: Vec<Read>,
    coverage: Coverage,
}

/// One commit that was read.
struct Read {
    id: ObjectId,
    parsed: Parsed,
    /// What to compare; none: nothing, or nobody can.
    trees: Option<Trees>,
    changes: Vec<FileChange>,
}

/// The trees before and behind a commit; none before the first one.
#[derive(Clone, Copy)]
struct Trees {
    before: Option<ObjectId>,
    behind: ObjectId,
}

/// What came of comparing the trees of one commit.
struct Compared {
    commit: usize,
    changes: Result<Vec<FileChange>, Miss>,
    missing_blobs: u64,
    unread_blobs: u64,
}

pub(crate) fn record_id(id: &gix::oid) -> CommitId {
    let mut bytes = [0; 20];
    bytes.iter_mut().zip(id.as_bytes()).for_each(|(to, from)| *to = *from);
    CommitId(bytes)
}

pub(crate) fn object_id(id: CommitId) -> ObjectId {
    ObjectId::from(id.0)
}

/// Walks from some commits to those that are known, to the edge of a shallow clone, and to the beginning.
pub(crate) fn commits(
    reader: &mut Reader<'_>,
    starts: &[CommitId],
    edge: &FxHashSet<ObjectId>,
    options: &Options<'_>,
    progress: &dyn Progress,
) -> Walked {
    let mut walked = Walked { commits: Vec::new(), coverage: Coverage::default() };
    let mut seen = FxHashSet::default();
    // Trees of commits that were read, for their children.
    let mut tree_of: FxHashMap<ObjectId, Option<ObjectId>> = FxHashMap::default();
    for start in starts {
        // Commits that wait for their parents, each with the number of the next one. A commit comes behind its parents.
        let mut waiting: Vec<(Read, usize)> = Vec::new();
        let mut next = Some(object_id(*start));
        loop {
            if let Some(id) = next.take()
                && seen.len() < limits::MAX_COMMITS
                && !(options.known)(&record_id(&id))
                && seen.insert(id)
            {
                match reader.find(&id, Kind::Commit, limits::MAX_COMMIT_BYTES) {
                    Ok(bytes) => {
                        let parsed = commit::parse(&bytes);
                        tree_of.insert(id, parsed.tree);
                        waiting.push((Read { id, parsed, trees: None, changes: Vec::new() }, 0));
                        if seen.len() % 1024 == 0 {
                            progress.commits(seen.len() as u64);
                        }
                    }
                    Err(_) => walked.coverage.unread_commits += 1,
                }
            }
            let Some((read, parent)) = waiting.last_mut() else { break };
            if !edge.contains(&read.id)
                && let Some(id) = read.parsed.parents.get(*parent)
            {
                *parent += 1;
                next = Some(*id);
                continue;
            }
            let Some((mut read, _)) = waiting.pop() else { break };
            let parents = &read.parsed.parents;
            if parents.len() > 1 {
                walked.coverage.merges += 1;
            } else if edge.contains(&read.id) {
                walked.coverage.edge_commits += 1;
            } else {
                let before = parents.first().map(|parent| {
                    tree_of.get(parent).copied().unwrap_or_else(|| tree_of_commit(reader, parent))
                });
                // A parent that can't be read leaves nothing to compare with.
                match (read.parsed.tree, before) {
                    (Some(behind), None) => read.trees = Some(Trees { before: None, behind }),
                    (Some(behind), Some(Some(before))) => {
                        read.trees = Some(Trees { before: Some(before), behind });
                    }
                    _ => walked.coverage.unread_changes += 1,
                }
            }
            walked.commits.push(read);
        }
    }
    progress.commits(walked.commits.len() as u64);
    walked
}

fn tree_of_commit(reader: &mut Reader<'_>, id: &gix::oid) -> Option<ObjectId> {
    let bytes = reader.find(id, Kind::Commit, limits::MAX_COMMIT_BYTES).ok()?;
    commit::parse(&bytes).tree
}

/// Finds what every commit changes.
pub(crate) fn changes(store: &Store, walked: &mut Walked, threads: usize, progress: &dyn Progress) {
    // Children first: in packs the newer tree is whole, and older ones are deltas against it.
    let work: Vec<(usize, Trees)> = walked
        .commits
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(number, read)| read.trees.map(|trees| (number, trees)))
        .collect();
    let pieces = work.chunks(NEIGHBOURS).len();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Vec<Compared>>> = Mutex::new(Vec::new());
    let run = || {
        let mut reader = store.reader();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = work.chunks(NEIGHBOURS).nth(piece) else { break };
            let compared = part.iter().map(|(commit, trees)| compare(&mut reader, *commit, *trees)).collect();
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(compared);
            progress.changes((piece * NEIGHBOURS + part.len()) as u64, work.len() as u64);
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let wanted = if threads == 0 { processors } else { threads };
    let threads = wanted.min(limits::MAX_THREADS).min(pieces);
    if threads <= 1 {
        run();
    } else {
        std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(run))));
    }
    for compared in done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).into_iter().flatten()
    {
        walked.coverage.missing_blobs += compared.missing_blobs;
        walked.coverage.unread_blobs += compared.unread_blobs;
        match compared.changes {
            Ok(changes) => {
                if let Some(read) = walked.commits.get_mut(compared.commit) {
                    read.changes = changes;
                }
            }
            Err(_) => walked.coverage.unread_changes += 1,
        }
    }
}

fn compare(reader: &mut Reader<'_>, commit: usize, trees: Trees) -> Compared {
    let difference = match trees::difference(reader, trees.before, Some(trees.behind)) {
        Ok(difference) => difference,
        Err(miss) => return Compared { commit, changes: Err(miss), missing_blobs: 0, unread_blobs: 0 },
    };
    let (deleted, added) = (&difference.deleted, &difference.added);
    let renames = renames::find(reader, deleted, added);
    let change = |kind, path: &[u8], from: Option<&Side>| FileChange {
        kind,
        path: text(path),
        from: from.map(|side| text(&side.path)),
    };
    let mut is_source = vec![false; deleted.len()];
    let mut changes = Vec::with_capacity(added.len() + deleted.len() + difference.modified.len());
    for (new, source) in added.iter().zip(&renames.source_of) {
        match source.and_then(|source| Some((deleted.get(source)?, is_source.get_mut(source)?))) {
            Some((old, is_source)) => {
                *is_source = true;
                changes.push(change(ChangeKind::Renamed, &new.path, Some(old)));
            }
            None => changes.push(change(ChangeKind::Added, &new.path, None)),
        }
    }
    let gone = deleted.iter().zip(is_source).filter(|(_, is_source)| !is_source);
    changes.extend(gone.map(|(old, _)| change(ChangeKind::Deleted, &old.path, None)));
    changes.extend(difference.modified.iter().map(|path| change(ChangeKind::Modified, path, None)));
    changes.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    Compared { commit, changes: Ok(changes), missing_blobs: renames.missing, unread_blobs: renames.unread }
}

/// Paths are bytes to git; what is no UTF-8 is replaced.
pub(crate) fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// Persons and what sort they are, each asked for once.
struct Known<'a> {
    people: &'a dyn People,
    known: FxHashMap<Identity, (Author, CommitClass)>,
}

impl Known<'_> {
    fn of(&mut self, identity: &Identity) -> (Author, CommitClass) {
        if let Some(known) = self.known.get(identity) {
            return known.clone();
        }
        let class = people::class_of(identity);
        let found = (person(self.people, identity), class);
        self.known.insert(identity.clone(), found.clone());
        found
    }

    /// Those of a list that are people.
    fn humans(&mut self, list: &[Identity]) -> Vec<Author> {
        let mut found = Vec::new();
        for (author, class) in list.iter().map(|identity| self.of(identity)) {
            if class == CommitClass::Human && !found.contains(&author) {
                found.push(author);
            }
        }
        found
    }
}

/// The id of a person, under the rules of [`people::address`].
pub(crate) fn person(people: &dyn People, identity: &Identity) -> Author {
    let name = Some(identity.name.as_str()).filter(|name| !name.is_empty());
    people.person(&people::address(identity), name).unwrap_or_else(|| match "person:unknown".parse() {
        Ok(author) => author,
        Err(_) => unreachable!("a constant in the form of an author"),
    })
}

/// Commits as records, and how much was read.
pub(crate) fn records(walked: Walked, now: i64, people: &dyn People) -> (Vec<Commit>, Coverage) {
    let mut coverage = walked.coverage;
    let mut known = Known { people, known: FxHashMap::default() };
    let mut commits = Vec::with_capacity(walked.commits.len());
    for read in walked.commits {
        let parsed = read.parsed;
        coverage.commits += 1;
        coverage.changes += read.changes.len() as u64;
        let is_rename = |change: &&FileChange| change.kind == ChangeKind::Renamed;
        coverage.renames += read.changes.iter().filter(is_rename).count() as u64;
        coverage.long_messages += u64::from(parsed.is_long);
        coverage.early_dates += u64::from(parsed.committed.min(parsed.authored) < EARLY);
        coverage.future_dates += u64::from(parsed.committed.max(parsed.authored) > now.saturating_add(DAY));
        let (author, class) = known.of(&parsed.author);
        let has_agent = parsed.names_an_agent
            || parsed.co_authors.iter().any(|identity| known.of(identity).1 == CommitClass::Agent);
        let mut co_authors = known.humans(&parsed.co_authors);
        co_authors.retain(|other| *other != author);
        commits.push(Commit {
            id: record_id(&read.id),
            parents: parsed.parents.iter().map(|id| record_id(id)).collect(),
            authored: parsed.authored,
            committed: parsed.committed,
            co_authors,
            reviewers: known.humans(&parsed.reviewers),
            class: if class == CommitClass::Human && has_agent { CommitClass::Agent } else { class },
            reverts: parsed.reverts.iter().map(|id| record_id(id)).collect(),
            changes: read.changes,
            author,
        });
    }
    (commits, coverage)
}
