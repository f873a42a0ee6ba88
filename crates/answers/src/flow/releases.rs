//! From a commit to the first release that contains it, exactly.
//!
//! **A release** is a version that was cut: the tags of one series that lead to one commit, where their names hold a
//! version ([`Version`]). Final and early versions (release candidates) are kept apart. Its time is the earliest of its
//! tags' times: the tagger's of an annotated tag, the commit's of a lightweight one.
//!
//! **The first release that contains a commit** is the earliest in the order of [`in_order`] from which the commit can be
//! reached by following parents. The sweep goes through the releases in that order and colours what can be reached and
//! has no colour yet. It stops at coloured commits: what is behind them was coloured with them. So every commit and
//! every edge is looked at once, however many releases there are.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::versions::{Stage, Version};

/// A history as numbers: commit `i` is the `i`-th that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitGraph {
    /// Where the parents of each commit begin in `parents`; one more than there are commits.
    starts: Vec<u32>,
    parents: Vec<u32>,
    missing: u64,
}

impl CommitGraph {
    /// From ids and the ids of parents, parents before children as far as it is known. Parents that aren't among the
    /// commits (of a shallow clone) are counted and left out. Of commits with the same id the first counts.
    pub fn new<'a, Id: Eq + Hash + 'a>(
        commits: impl Iterator<Item = (&'a Id, &'a [Id])> + Clone,
    ) -> CommitGraph {
        let mut places: HashMap<&Id, u32> = HashMap::new();
        for (place, (id, _)) in commits.clone().enumerate() {
            // A graph has fewer than 2³² commits: their ids alone would fill 80 gigabytes.
            places.entry(id).or_insert(u32::try_from(place).unwrap_or(u32::MAX));
        }
        let mut graph = CommitGraph { starts: vec![0], ..CommitGraph::default() };
        for (_, parents) in commits {
            for parent in parents {
                match places.get(parent) {
                    Some(place) => graph.parents.push(*place),
                    None => graph.missing += 1,
                }
            }
            graph.starts.push(u32::try_from(graph.parents.len()).unwrap_or(u32::MAX));
        }
        graph
    }

    /// How many commits.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parents of a commit that are known, the first first.
    pub fn parents(&self, commit: u32) -> &[u32] {
        let commit = commit as usize;
        match (self.starts.get(commit), self.starts.get(commit + 1)) {
            (Some(start), Some(end)) => &self.parents[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// How many parents are named that nobody has read.
    pub fn missing_parents(&self) -> u64 {
        self.missing
    }

    /// The commits from `tip` along first parents, the newest first: what the branch itself went through.
    pub fn main_line(&self, tip: u32) -> Vec<u32> {
        let mut line = Vec::new();
        if (tip as usize) < self.len() {
            line.push(tip);
        }
        while let Some(parent) = line.last().and_then(|commit| self.parents(*commit).first())
            // Each step is to another commit, unless the input was no history.
            && line.len() < self.len()
        {
            line.push(*parent);
        }
        line
    }

    /// Which commits don't go back to where the history of `tip` begins (by first parents): those that came in whole from
    /// elsewhere, by merging a history of its own. Of a history that is cut off nobody can tell: none.
    pub fn imported(&self, tip: u32) -> Vec<bool> {
        let Some(first) = self.main_line(tip).pop() else { return vec![false; self.len()] };
        if self.missing > 0 {
            return vec![false; self.len()];
        }
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); self.len()];
        for child in 0..self.len() as u32 {
            for parent in self.parents(child) {
                children[*parent as usize].push(child);
            }
        }
        let mut imported = vec![true; self.len()];
        imported[first as usize] = false;
        let mut open = vec![first];
        while let Some(commit) = open.pop() {
            for child in &children[commit as usize] {
                if std::mem::take(&mut imported[*child as usize]) {
                    open.push(*child);
                }
            }
        }
        imported
    }
}

/// A tag, as it is handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagSeen<'a> {
    /// Its name, without `refs/tags/`.
    pub name: &'a str,
    /// The commit that it leads to, by number in the graph.
    pub commit: u32,
    /// Its time: seconds since 1970.
    pub at: i64,
}

/// A version that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its tags' names, the lowest version first.
    pub names: Vec<String>,
    /// The version of the last name.
    pub version: Version,
    /// The commit, by number in the graph.
    pub commit: u32,
    /// The earliest of its tags' times, in seconds since 1970.
    pub at: i64,
}

impl Release {
    /// Its name: of several tags that of the highest version.
    pub fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }
}

/// The releases among tags of a repository that is called `own`, in lower case: versions of that are the repository's, as
/// `shop-1.2.0` of `shop`, and not of a series. The earliest first; of equal times the one whose commit comes first in the graph (what is
/// contained before what contains it), then the lower version, then the name.
pub fn in_order(own: &str, tags: &[TagSeen<'_>]) -> Vec<Release> {
    let mut groups: BTreeMap<(u32, String, Stage), Vec<(Version, TagSeen<'_>)>> = BTreeMap::new();
    for tag in tags {
        if let Some(mut version) = Version::of_tag(tag.name) {
            if version.series == own {
                version.series.clear();
            }
            let key = (tag.commit, version.series.clone(), version.stage);
            groups.entry(key).or_default().push((version, *tag));
        }
    }
    let mut releases: Vec<Release> = groups
        .into_values()
        .filter_map(|mut group| {
            group.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(b.1.name)));
            let at = group.iter().map(|(_, tag)| tag.at).min()?;
            let names = group.iter().map(|(_, tag)| tag.name.to_owned()).collect();
            let (version, tag) = group.pop()?;
            Some(Release { names, version, commit: tag.commit, at })
        })
        .collect();
    releases.sort_by(|a, b| {
        (a.at, a.commit)
            .cmp(&(b.at, b.commit))
            .then_with(|| a.version.cmp(&b.version))
            .then_with(|| a.names.cmp(&b.names))
    });
    releases
}

/// For each commit the place of the first of these releases that contains it, in their order; none where none does.
pub fn first_releases(graph: &CommitGraph, releases: &[Release]) -> Vec<Option<u32>> {
    first_reached(graph, releases.iter().map(|release| release.commit))
}

/// For each commit the place of the first of these commits from which it is reached; none where it is from none.
pub fn first_reached(graph: &CommitGraph, from: impl IntoIterator<Item = u32>) -> Vec<Option<u32>> {
    let mut first = vec![None; graph.len()];
    let mut open = Vec::new();
    for (place, commit) in (0..).zip(from) {
        open.push(commit);
        while let Some(commit) = open.pop() {
            match first.get_mut(commit as usize) {
                Some(none @ None) => *none = Some(place),
                _ => continue,
            }
            open.extend_from_slice(graph.parents(commit));
        }
    }
    first
}
