//! Which of the added files are deleted ones under another path.
//!
//! The steps and their order are those that gitdiffcore describes and `git log -M` takes: files with equal content first,
//! one of the same name before others; then files whose name is the only one of its kind on both sides, if they are
//! clearly similar; then all that are left against each other, the most similar pair first. The tracker in gix compares
//! by lines and knows no second step, so its pairs differ from git's.

use std::rc::Rc;

use gix::ObjectId;
use gix::objs::Kind;
use rustc_hash::FxHashMap;

use crate::limits;
use crate::objects::{Miss, Reader};
use crate::similar::{self, MAX_SCORE, MIN_SCORE, Pieces};
use crate::trees::Side;

/// The least score of files that are paired by their names alone: halfway between a rename's and the full one.
const MIN_SCORE_BY_NAME: u64 = MIN_SCORE + (MAX_SCORE - MIN_SCORE) / 2;
/// How many sources each destination remembers, the best ones.
const BEST: usize = 4;
/// After so many files with equal content the best of those seen is taken.
const EQUALS: usize = 100;

/// Who became whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Renames {
    /// For each added file the deleted one that it was, by its place in the list.
    pub(crate) source_of: Vec<Option<usize>>,
    /// Contents that a comparison asked for and that were not there, each counted once: those pairs are not similar.
    pub(crate) missing: u64,
    /// Contents that were over the limit, or damaged, likewise.
    pub(crate) unread: u64,
}

/// A pair that may be a rename. Ordered by what is taken first.
#[derive(Clone, Copy, Debug)]
struct Pair {
    source: usize,
    destination: usize,
    score: u64,
    has_same_name: bool,
}

impl Pair {
    /// Larger is better; equal ones stay in the order in which they were found.
    fn rank(self) -> (u64, bool) {
        (self.score, self.has_same_name)
    }
}

/// Finds renames among the deleted and added files of one commit, both sorted by path.
pub(crate) fn find(reader: &mut Reader<'_>, deleted: &[Side], added: &[Side]) -> Renames {
    let mut search = Search {
        reader,
        deleted,
        added,
        source_of: vec![None; added.len()],
        is_used: vec![false; deleted.len()],
        contents: FxHashMap::default(),
        missing: 0,
        unread: 0,
    };
    if !deleted.is_empty() && !added.is_empty() {
        search.pair_equal();
        search.pair_by_name();
        search.pair_similar();
    }
    Renames { source_of: search.source_of, missing: search.missing, unread: search.unread }
}

struct Search<'a, 'b> {
    reader: &'a mut Reader<'b>,
    deleted: &'a [Side],
    added: &'a [Side],
    source_of: Vec<Option<usize>>,
    is_used: Vec<bool>,
    /// What was read for this commit; none where it could not be.
    contents: FxHashMap<ObjectId, Option<Content>>,
    missing: u64,
    unread: u64,
}

/// A file's size, and its pieces as soon as somebody asked for them.
#[derive(Clone)]
struct Content {
    bytes: u64,
    pieces: Option<Rc<Pieces>>,
}

impl Search<'_, '_> {
    fn pair(&mut self, source: usize, destination: usize) {
        if let (Some(of), Some(used)) = (self.source_of.get_mut(destination), self.is_used.get_mut(source)) {
            *of = Some(source);
            *used = true;
        }
    }

    fn free_sources(&self) -> Vec<usize> {
        (0..self.deleted.len()).filter(|at| !self.is_used[*at]).collect()
    }

    fn free_destinations(&self) -> Vec<usize> {
        (0..self.added.len()).filter(|at| self.source_of[*at].is_none()).collect()
    }

    /// Equal content: for each added file a deleted one of the same name, else the first.
    fn pair_equal(&mut self) {
        let mut by_id: FxHashMap<ObjectId, Vec<usize>> = FxHashMap::default();
        for (at, side) in self.deleted.iter().enumerate() {
            by_id.entry(side.id).or_default().push(at);
        }
        for destination in 0..self.added.len() {
            let new = &self.added[destination];
            let mut best: Option<(usize, bool)> = None;
            let equals = by_id.get(&new.id).map(Vec::as_slice).unwrap_or_default();
            let mut seen = 0;
            for source in equals.iter().copied() {
                let old = &self.deleted[source];
                // Links and submodules are equal only among themselves.
                if (!old.is_file() || !new.is_file()) && old.mode != new.mode {
                    continue;
                }
                if self.is_used[source] {
                    continue;
                }
                let has_same_name = old.base_name() == new.base_name();
                if best.is_none_or(|(_, had_same_name)| has_same_name && !had_same_name) {
                    best = Some((source, has_same_name));
                }
                if has_same_name || seen > EQUALS {
                    break;
                }
                seen += 1;
            }
            if let Some((source, _)) = best {
                self.pair(source, destination);
            }
        }
    }

    /// Files that moved to another folder and kept a name that no other deleted and no other added file has.
    fn pair_by_name(&mut self) {
        let unique = |sides: &'_ [Side], free: &[usize]| {
            let mut by_name: FxHashMap<Vec<u8>, Option<usize>> = FxHashMap::default();
            for at in free {
                by_name
                    .entry(sides[*at].base_name().to_vec())
                    .and_modify(|place| *place = None)
                    .or_insert(Some(*at));
            }
            by_name
        };
        let sources = self.free_sources();
        let destinations = unique(self.added, &self.free_destinations());
        let by_name = unique(self.deleted, &sources);
        for source in sources {
            let name = self.deleted[source].base_name();
            let (Some(Some(_)), Some(Some(destination))) = (by_name.get(name), destinations.get(name)) else {
                continue;
            };
            if self.score(source, *destination) >= MIN_SCORE_BY_NAME {
                self.pair(source, *destination);
            }
        }
    }

    /// All that are left against each other.
    fn pair_similar(&mut self) {
        let (sources, destinations) = (self.free_sources(), self.free_destinations());
        if sources.len().saturating_mul(destinations.len()) > limits::MAX_COMPARISONS {
            return;
        }
        let mut pairs = Vec::new();
        for destination in destinations {
            let mut best: Vec<Pair> = Vec::with_capacity(BEST);
            for source in sources.iter().copied() {
                let score = self.score(source, destination);
                let has_same_name = self.deleted[source].base_name() == self.added[destination].base_name();
                keep_if_better(&mut best, Pair { source, destination, score, has_same_name });
            }
            pairs.append(&mut best);
        }
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.rank()));
        for pair in pairs {
            let is_free = !self.is_used[pair.source] && self.source_of[pair.destination].is_none();
            if pair.score >= MIN_SCORE && is_free {
                self.pair(pair.source, pair.destination);
            }
        }
    }

    /// How similar; 0 where one of them isn't a file, or can't be read.
    fn score(&mut self, source: usize, destination: usize) -> u64 {
        let (old, new) = (&self.deleted[source], &self.added[destination]);
        if !old.is_file() || !new.is_file() {
            return 0;
        }
        let (Some(old_bytes), Some(new_bytes)) = (self.bytes(old.id), self.bytes(new.id)) else { return 0 };
        if !similar::can_be_similar(old_bytes, new_bytes) {
            return 0;
        }
        let (Some(old), Some(new)) = (self.pieces(old.id), self.pieces(new.id)) else { return 0 };
        similar::score(&old, &new)
    }

    fn bytes(&mut self, id: ObjectId) -> Option<u64> {
        if let Some(content) = self.contents.get(&id) {
            return content.as_ref().map(|content| content.bytes);
        }
        let found = self.reader.size(&id).and_then(|bytes| {
            if bytes > limits::MAX_COMPARED_BYTES { Err(Miss::TooLarge) } else { Ok(bytes) }
        });
        let content = self.noted(found).map(|bytes| Content { bytes, pieces: None });
        self.contents.insert(id, content.clone());
        content.map(|content| content.bytes)
    }

    fn pieces(&mut self, id: ObjectId) -> Option<Rc<Pieces>> {
        let content = self.contents.get(&id)?.clone()?;
        if let Some(pieces) = content.pieces {
            return Some(pieces);
        }
        let found = self.reader.find(&id, Kind::Blob, limits::MAX_COMPARED_BYTES);
        let pieces = self.noted(found).map(|bytes| Rc::new(Pieces::of(&bytes)));
        let known = pieces.clone().map(|pieces| Content { bytes: content.bytes, pieces: Some(pieces) });
        self.contents.insert(id, known);
        pieces
    }

    /// Counts what could not be read.
    fn noted<T>(&mut self, found: Result<T, Miss>) -> Option<T> {
        match found {
            Ok(value) => return Some(value),
            Err(Miss::Absent) => self.missing += 1,
            Err(Miss::Damaged | Miss::TooLarge) => self.unread += 1,
        }
        None
    }
}

/// Puts a pair in the place of the worst one. Of equally bad ones the first is the worst.
fn keep_if_better(best: &mut Vec<Pair>, pair: Pair) {
    if best.len() < BEST {
        best.push(pair);
        return;
    }
    let mut worst = 0;
    for at in 1..best.len() {
        if best[at].rank() < best[worst].rank() {
            worst = at;
        }
    }
    if pair.rank() > best[worst].rank() {
        best[worst] = pair;
    }
}
