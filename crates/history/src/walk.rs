//! The commits of a history, and what each of them changes.
//!
//! Commits are read one after the other, since only a commit names its parents; comparing their trees takes nearly all
//! the time and is done on all processors. The order of the walk keeps lines of development together and threads
//! take neighbours: their trees are almost equal, so most of what one comparison reads serves the next.

use std::collections::hash_map::Entry;
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
    identities: Identities,
    coverage: Coverage,
}

/// Every name and address once: a history has a million commits and some thousand authors.
#[derive(Default)]
struct Identities {
    numbers: FxHashMap<Identity, usize>,
    all: Vec<Identity>,
}

impl Identities {
    fn number(&mut self, identity: Identity) -> usize {
        let next = self.all.len();
        match self.numbers.entry(identity) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.all.push(new.key().clone());
                *new.insert(next)
            }
        }
    }

    fn list(&mut self, identities: Vec<Identity>) -> Vec<usize> {
        identities.into_iter().map(|identity| self.number(identity)).collect()
    }
}

/// One commit that was read. Persons are numbers of [`Identities`].
struct Read {
    id: ObjectId,
    tree: Option<ObjectId>,
    parents: Vec<ObjectId>,
    author: usize,
    authored: i64,
    committed: i64,
    co_authors: Vec<usize>,
    reviewers: Vec<usize>,
    reverts: Vec<ObjectId>,
    names_an_agent: bool,
    /// What to compare; none: nothing, or nobody can.
    trees: Option<Trees>,
    changes: Vec<FileChange>,
}

impl Read {
    fn new(id: ObjectId, parsed: Parsed, identities: &mut Identities) -> Read {
        Read {
            id,
            tree: parsed.tree,
            parents: parsed.parents,
            author: identities.number(parsed.author),
            authored: parsed.authored,
            committed: parsed.committed,
            co_authors: identities.list(parsed.co_authors),
            reviewers: identities.list(parsed.reviewers),
            reverts: parsed.reverts,
            names_an_agent: parsed.names_an_agent,
            trees: None,
            changes: Vec::new(),
        }
    }
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
    let mut walked =
        Walked { commits: Vec::new(), identities: Identities::default(), coverage: Coverage::default() };
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
                        walked.coverage.long_messages += u64::from(parsed.is_long);
                        waiting.push((Read::new(id, parsed, &mut walked.identities), 0));
                        if seen.len() % 1024 == 0 {
                            progress.commits(seen.len() as u64);
                        }
                    }
                    Err(_) => walked.coverage.unread_commits += 1,
                }
            }
            let Some((read, parent)) = waiting.last_mut() else { break };
            if !edge.contains(&read.id)
                && let Some(id) = read.parents.get(*parent)
            {
                *parent += 1;
                next = Some(*id);
                continue;
            }
            let Some((mut read, _)) = waiting.pop() else { break };
            let parents = &read.parents;
            if parents.len() > 1 {
                walked.coverage.merges += 1;
            } else if edge.contains(&read.id) {
                walked.coverage.edge_commits += 1;
            } else {
                let before = parents.first().map(|parent| {
                    tree_of.get(parent).copied().unwrap_or_else(|| tree_of_commit(reader, parent))
                });
                // A parent that can't be read leaves nothing to compare with.
                match (read.tree, before) {
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
    let known: Vec<(Author, CommitClass)> = walked
        .identities
        .all
        .iter()
        .map(|identity| (person(people, identity), people::class_of(identity)))
        .collect();
    let class_of = |number: usize| known.get(number).map_or(CommitClass::Human, |(_, class)| *class);
    // Those of a list that are people, each once.
    let humans = |numbers: &[usize], but: Option<&Author>| {
        let mut found: Vec<Author> = Vec::new();
        for (author, class) in numbers.iter().filter_map(|number| known.get(*number)) {
            if *class == CommitClass::Human && but != Some(author) && !found.contains(author) {
                found.push(author.clone());
            }
        }
        found
    };
    let mut commits = Vec::with_capacity(walked.commits.len());
    for read in walked.commits {
        // Every number was given out by the list.
        let Some((author, class)) = known.get(read.author).cloned() else { continue };
        coverage.commits += 1;
        coverage.changes += read.changes.len() as u64;
        let is_rename = |change: &&FileChange| change.kind == ChangeKind::Renamed;
        coverage.renames += read.changes.iter().filter(is_rename).count() as u64;
        coverage.early_dates += u64::from(read.committed.min(read.authored) < EARLY);
        coverage.future_dates += u64::from(read.committed.max(read.authored) > now.saturating_add(DAY));
        let has_agent = read.names_an_agent
            || read.co_authors.iter().any(|number| class_of(*number) == CommitClass::Agent);
        commits.push(Commit {
            id: record_id(&read.id),
            parents: read.parents.iter().map(|id| record_id(id)).collect(),
            authored: read.authored,
            committed: read.committed,
            co_authors: humans(&read.co_authors, Some(&author)),
            reviewers: humans(&read.reviewers, None),
            class: if class == CommitClass::Human && has_agent { CommitClass::Agent } else { class },
            reverts: read.reverts.iter().map(|id| record_id(id)).collect(),
            changes: read.changes,
            author,
        });
    }
    (commits, coverage)
}
