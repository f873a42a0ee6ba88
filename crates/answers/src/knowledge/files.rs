//! Who knows how much of each file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::records::{ChangeKind, Commit, CommitClass, CommitId};

use super::persons::Persons;
use crate::records::History;

/// What each person knows of a file, in touches: a change of one file alone, made now, is 1.
pub type Known = BTreeMap<u32, f64>;

/// How knowledge is counted. [`Method::CHOSEN`] is what answers use; others are there to be compared with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// After so many days a touch counts for half.
    pub half_life_days: f64,
    /// Who counts among those who know a piece holds at least this share of what the best one holds.
    pub least_of_best: f64,
    /// A change in a commit of n files is n to the power of minus this.
    pub bulk_power: f64,
    /// A file weighs what is known of it to the power of this.
    pub file_power: f64,
}

impl Method {
    /// Round numbers: a year, a half, roots. docs/knowledge.md says how they were chosen and how well they do.
    pub const CHOSEN: Method =
        Method { half_life_days: 365.0, least_of_best: 0.5, bulk_power: 0.5, file_power: 0.5 };

    /// What is left of a touch after some seconds. From forty half-lives on it doesn't get less: old code still has
    /// somebody who knew it best.
    pub fn left_after(&self, seconds: i64) -> f64 {
        let half_lives = (seconds.max(0) as f64) / 86_400.0 / self.half_life_days;
        (-half_lives.min(40.0)).exp2()
    }
}

/// What everybody knows of each path that the history ever had; renamed files keep what was known of them. `at` is
/// when it is counted, in seconds since 1970.
///
/// A touch goes to those who wrote the commit, in equal parts, and once more to each who took it in: to its reviewers,
/// and to the author of the merge on the main line that brought it.
pub fn of_files<'a>(
    history: &'a History,
    persons: &Persons,
    method: &Method,
    at: i64,
) -> HashMap<&'a str, Known> {
    let mergers = mergers(history, persons);
    let ignored: BTreeSet<&CommitId> = history.head.ignored.iter().collect();
    let mut known: HashMap<&str, Known> = HashMap::new();
    for commit in &history.commits {
        let counts = commit.class != CommitClass::Bot && !ignored.contains(&commit.id);
        let touch = if counts {
            let bulk = (commit.changes.len().max(1) as f64).powf(method.bulk_power);
            touch(commit, persons, mergers.get(&commit.id).copied())
                .into_iter()
                .map(|(person, part)| {
                    (person, part * method.left_after(at.saturating_sub(commit.authored)) / bulk)
                })
                .collect()
        } else {
            Known::new()
        };
        for change in &commit.changes {
            match change.kind {
                // What was known of a deleted file helps with one that takes its place.
                ChangeKind::Deleted => {}
                ChangeKind::Renamed => {
                    // Moving a file teaches nothing about it; whoever worked on it on another branch keeps that.
                    let from = change.from.as_deref().unwrap_or_default();
                    let before = known.get(from).cloned().unwrap_or_default();
                    known.insert(&change.path, before);
                }
                ChangeKind::Added | ChangeKind::Modified => {
                    let file = known.entry(&change.path).or_default();
                    touch.iter().for_each(|(person, part)| *file.entry(*person).or_default() += part);
                }
            }
        }
    }
    known
}

/// The parts of a commit's touch by person. Programs take none; where a person wrote with one, it is the person's.
fn touch(commit: &Commit, persons: &Persons, merger: Option<u32>) -> Known {
    let is_human = |person: &u32| !persons.is_machine(*person);
    let writers: BTreeSet<u32> = std::iter::once(&commit.author)
        .chain(&commit.co_authors)
        .filter_map(|one| persons.of(one.as_str()))
        .filter(is_human)
        .collect();
    let mut touch: Known = writers.iter().map(|person| (*person, 1.0 / writers.len() as f64)).collect();
    let reviewers = commit.reviewers.iter().filter_map(|one| persons.of(one.as_str()));
    for person in reviewers.chain(merger).filter(is_human) {
        touch.entry(person).or_insert(1.0);
    }
    touch
}

/// Who merged each commit that came in by a merge of the main line: the author of that merge.
fn mergers(history: &History, persons: &Persons) -> HashMap<CommitId, u32> {
    let by_id: HashMap<&CommitId, &Commit> =
        history.commits.iter().map(|commit| (&commit.id, commit)).collect();
    let mut main = Vec::new();
    let mut seen: BTreeSet<&CommitId> = BTreeSet::new();
    let mut at = by_id.get(&history.head.tip).copied();
    while let Some(commit) = at {
        if !seen.insert(&commit.id) {
            break;
        }
        main.push(commit);
        at = commit.parents.first().and_then(|parent| by_id.get(parent).copied());
    }
    let mut mergers = HashMap::new();
    for merge in main.into_iter().rev() {
        let author = persons.of(merge.author.as_str());
        let mut open: Vec<&CommitId> = merge.parents.iter().skip(1).collect();
        while let Some(id) = open.pop() {
            let Some(commit) = by_id.get(id) else { continue };
            if seen.insert(&commit.id) {
                author.into_iter().for_each(|author| {
                    mergers.insert(commit.id, author);
                });
                open.extend(&commit.parents);
            }
        }
    }
    mergers
}
