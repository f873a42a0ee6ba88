//! What happened, as answers need it: histories of repositories, incidents, tickets, deployments. They stand in the
//! ledger as records (docs/ledger.md, section 9); the map has nothing of them, so they are read from the statements
//! that hold.

pub mod territory;

use std::collections::{BTreeMap, HashMap};

use stave_map::Slot;
use stave_model::records::{Commit, CommitId, Deployment, File, Head, Incident, RecordError, Ticket};
use stave_model::{Claim, Reference};

use crate::{Estate, Result};

/// One repository's history, as it is known on one branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// `HOST/PATH`, as the map writes it.
    pub repository: String,
    /// What is known of the branch as a whole.
    pub head: Head,
    /// The files at the tip, by path.
    pub files: Vec<File>,
    /// What can be reached from the tip and the tags: parents before children, else by time of commit, then by id.
    pub commits: Vec<Commit>,
    /// How many parents are named that nobody has read: where more than 0, the history doesn't begin at its beginning.
    pub missing_parents: u64,
}

/// Every history that the ledger holds, by repository: of each the branch that the map shows, else the one whose tip is
/// the latest.
///
/// # Errors
/// Where the map or the ledger can't be read, or a record is damaged.
pub fn histories(estate: Estate<'_>) -> Result<Vec<History>> {
    let mut heads: BTreeMap<String, Vec<(Head, Vec<File>)>> = BTreeMap::new();
    let mut commits: BTreeMap<String, HashMap<CommitId, Commit>> = BTreeMap::new();
    for slot in of_kind(estate, "history")? {
        let Some(number) = slot.holds else { continue };
        let mut head: Option<(String, Head)> = None;
        let mut files = Vec::new();
        each(estate, number, |claim| {
            let Some(repository) = repository_of(estate, &claim)? else { return Ok(()) };
            match claim.kind.as_str() {
                Commit::TYPE => {
                    let known = commits.entry(repository).or_default();
                    for commit in read(Commit::from_claim(&claim))? {
                        unite(known, commit);
                    }
                }
                Head::TYPE => {
                    let part = read(Head::from_claim(&claim))?;
                    match &mut head {
                        Some((_, head)) => head.unite(part),
                        None => head = Some((repository, part)),
                    }
                }
                File::TYPE => files.extend(read(File::from_claim(&claim))?),
                _ => {}
            }
            Ok(())
        })?;
        if let Some((repository, head)) = head {
            files.sort();
            heads.entry(repository).or_default().push((head, files));
        }
    }
    let shown: HashMap<String, String> =
        estate.model.views()?.into_iter().map(|view| (view.repository, view.branch)).collect();
    let mut histories = Vec::new();
    for (repository, mut known) in heads {
        let all = commits.remove(&repository).unwrap_or_default();
        let rank = |head: &Head| {
            let time = all.get(&head.tip).map_or(i64::MIN, |commit| commit.committed);
            (shown.get(&repository) == Some(&head.branch), time, std::cmp::Reverse(head.branch.clone()))
        };
        known.sort_by_cached_key(|(head, _)| rank(head));
        let Some((head, files)) = known.pop() else { continue };
        let (commits, missing_parents) = reachable(&head, all);
        histories.push(History { repository, head, files, commits, missing_parents });
    }
    Ok(histories)
}

/// Every incident that the ledger holds, by key.
///
/// # Errors
/// As [`histories`].
pub fn incidents(estate: Estate<'_>) -> Result<Vec<Incident>> {
    let mut found = records(estate, "ticket", Incident::TYPE, Incident::from_claim)?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// Every ticket that the ledger holds, by key.
///
/// # Errors
/// As [`histories`].
pub fn tickets(estate: Estate<'_>) -> Result<Vec<Ticket>> {
    let mut found = records(estate, "ticket", Ticket::TYPE, Ticket::from_claim)?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// Every deployment that the ledger holds, by key.
///
/// # Errors
/// As [`histories`].
pub fn deployments(estate: Estate<'_>) -> Result<Vec<Deployment>> {
    let mut found = records(estate, "deployment", Deployment::TYPE, Deployment::from_claim)?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

fn records<T>(
    estate: Estate<'_>,
    scope: &str,
    kind: &str,
    parse: impl Fn(&Claim) -> std::result::Result<T, RecordError>,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for slot in of_kind(estate, scope)? {
        let Some(number) = slot.holds else { continue };
        each(estate, number, |claim| {
            if claim.kind == kind {
                found.push(read(parse(&claim))?);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// The slots whose scopes are of this kind and that hold something.
fn of_kind(estate: Estate<'_>, kind: &str) -> Result<Vec<Slot>> {
    let mut slots = estate.model.slots()?;
    slots.retain(|slot| slot.is_live && slot.scope.split_once(':').is_some_and(|(before, _)| before == kind));
    Ok(slots)
}

fn each(estate: Estate<'_>, number: u64, mut take: impl FnMut(Claim) -> Result<()>) -> Result<()> {
    let mut failed = None;
    estate.ledger.raw_claims(number, &mut |bytes| {
        if failed.is_none() {
            let claim = stave_ledger::parse_claim(number, bytes)?;
            failed = take(claim).err();
        }
        Ok(())
    })?;
    failed.map_or(Ok(()), Err)
}

fn read<T>(record: std::result::Result<T, RecordError>) -> Result<T> {
    record.map_err(|error| stave_ledger::Error::Damaged(error.to_string()).into())
}

/// The repository that a claim is about, as the map writes it.
fn repository_of(estate: Estate<'_>, claim: &Claim) -> Result<Option<String>> {
    if claim.of.kind() != "repo" {
        return Ok(None);
    }
    let folded = estate.model.folded_scope(&format!("{}@-", claim.of))?;
    Ok(folded.strip_prefix("repo:").and_then(|rest| rest.strip_suffix("@-")).map(str::to_owned))
}

/// Adds a commit, or a part of one that is spread over several claims.
fn unite(known: &mut HashMap<CommitId, Commit>, commit: Commit) {
    match known.entry(commit.id) {
        std::collections::hash_map::Entry::Vacant(place) => {
            place.insert(commit);
        }
        std::collections::hash_map::Entry::Occupied(mut place) => {
            let changes = &mut place.get_mut().changes;
            changes.extend(commit.changes);
            changes.sort();
            changes.dedup();
        }
    }
}

/// What can be reached, in a stable order, and how many parents nobody has read.
fn reachable(head: &Head, mut all: HashMap<CommitId, Commit>) -> (Vec<Commit>, u64) {
    let mut children: HashMap<CommitId, Vec<CommitId>> = HashMap::new();
    let mut waiting: HashMap<CommitId, usize> = HashMap::new();
    let mut missing = std::collections::BTreeSet::new();
    let mut open: Vec<CommitId> = head.tags.iter().map(|tag| tag.commit).collect();
    open.push(head.tip);
    let mut ready = std::collections::BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(commit) = all.get(&id) else { continue };
        if waiting.contains_key(&id) {
            continue;
        }
        let mut parents = 0;
        for (index, parent) in commit.parents.iter().enumerate() {
            if commit.parents[..index].contains(parent) {
                continue;
            }
            if all.contains_key(parent) {
                parents += 1;
                children.entry(*parent).or_default().push(id);
                open.push(*parent);
            } else {
                missing.insert(*parent);
            }
        }
        waiting.insert(id, parents);
        if parents == 0 {
            ready.insert((commit.committed, id));
        }
    }
    let mut sorted = Vec::with_capacity(waiting.len());
    while let Some((_, id)) = ready.pop_first() {
        for child in children.remove(&id).unwrap_or_default() {
            if let Some(left) = waiting.get_mut(&child) {
                *left -= 1;
                if *left == 0
                    && let Some(commit) = all.get(&child)
                {
                    ready.insert((commit.committed, child));
                }
            }
        }
        sorted.extend(all.remove(&id));
    }
    (sorted, missing.len() as u64)
}

/// The reference of a repository, where its name is one.
pub fn repository_reference(repository: &str) -> Option<Reference> {
    format!("repo:{repository}").parse().ok()
}
