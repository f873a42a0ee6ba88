//! How alike are two descriptions? A cosine over words and marks, weighted by how rare each is in the same estate.
//!
//! The formula stands in docs/overlap.md. It is deterministic, learns nothing and asks nobody: all weights come from
//! the descriptions that are compared. An inverted index and limits keep the work in proportion to their number.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::words::{Parting, cut, stems, tells, tells_job, tells_offer};

/// Weight of a word of the name, beside a word of the description, which has 1.
const NAME: f32 = 1.5;

/// Weight of a word of what it offers to others.
const OFFER: f32 = 0.5;

/// How often one word of a description counts at most.
const REPEATS: u32 = 4;

/// What descriptions call any piece. Sorted.
const PIECE: &[&str] = &[
    "app",
    "application",
    "applications",
    "apps",
    "component",
    "components",
    "microservice",
    "microservices",
    "module",
    "modules",
    "service",
    "services",
];

/// A word that this many pieces of a family have, and more than one in so many of all its pieces, is the family's.
const FAMILY: usize = 5;
const FAMILY_PART: usize = 4;

/// Pieces whose words are taken as a description's context.
const CONTEXT: usize = 10;

/// Words and marks of a piece with its context; the weakest beyond these are left out.
const CONTEXT_FEATURES: usize = 96;

/// Entries of the index that are looked at for one piece, rarest words first: this bounds the work in a large estate,
/// where common words say nothing. Up to this many pieces nothing is left out.
const POSTINGS: usize = 6_000;

/// Candidates that are compared exactly.
const CANDIDATES: usize = 96;

/// Threads that are started at most, and pieces for which one is worth it.
const MOST_THREADS: usize = 8;
const LEAST_PART: usize = 256;

/// What is compared.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// What it was made as a part of, if known: its repository.
    pub family: Option<String>,
    /// Its name and other names, the main one first.
    pub names: Vec<String>,
    /// Title, description and tags.
    pub about: Vec<String>,
    /// What it offers to others: endpoints, interfaces.
    pub offers: Vec<String>,
    /// What else it may have in common with others.
    pub marks: Vec<Mark>,
}

/// Something about a piece that is no word of its own: `stores in` with the other end's names.
#[derive(Clone, Debug)]
pub struct Mark {
    /// What is so.
    pub phrase: &'static str,
    /// Names; each of their words is a mark.
    pub names: Vec<String>,
    /// Weight of all words of this phrase together, beside a word of a description, which has 1.
    pub weight: f32,
}

/// What a mark's key begins with, so that no word is one.
const MARK: char = '\u{0}';

type Vector = Vec<(u32, f32)>;

/// Descriptions, ready to be compared.
pub struct Alike {
    features: Vec<String>,
    /// Which of them are marks.
    is_mark: Vec<bool>,
    own: Vec<Vector>,
    /// `own` without the description's words, where there is a description.
    bare: Vec<Option<Vector>>,
    whole: Vec<Vector>,
    /// For each feature, who has it: the piece and the weight in `whole`.
    index: Vec<Vec<(u32, f32)>>,
}

impl Alike {
    /// Weighs the descriptions.
    pub fn new(described: &[Described]) -> Alike {
        let Counted { features, is_mark, counts, bare } = count(described);
        let total = described.len() as f32;
        let mut holders = vec![0_u32; features.len()];
        for (feature, _) in counts.iter().flatten() {
            holders[*feature as usize] += 1;
        }
        let rarity: Vec<f32> =
            holders.iter().map(|count| ((total + 1.0) / (*count).max(1) as f32).ln()).collect();
        let weighed = |row: Vector| unit(row.into_iter().map(|(f, n)| (f, n * rarity[f as usize])).collect());
        let own: Vec<Vector> = counts.into_iter().map(weighed).collect();
        let bare = bare.into_iter().map(|row| row.map(weighed)).collect();
        let mut alike =
            Alike { index: index(&own, features.len()), whole: own.clone(), own, bare, features, is_mark };
        let whole = for_each_piece(alike.own.len(), |place, sums| alike.with_context(place, sums));
        alike.index = index(&whole, alike.features.len());
        alike.whole = whole;
        alike
    }

    /// How alike two are, from 0 to 1.
    pub fn similarity(&self, one: usize, other: usize) -> f32 {
        self.mixed(one, other, dot(&self.whole[one], &self.whole[other]))
    }

    /// Own words twice, context once; where only one has a description, its context is full of it.
    fn mixed(&self, one: usize, other: usize, with_context: f32) -> f32 {
        let (own, others) = self.comparable(one, other);
        let own = dot(own, others);
        if self.bare[one].is_some() != self.bare[other].is_some() {
            return own;
        }
        (with_context + 2.0 * own) / 3.0
    }

    /// What two can be compared by: where only one has a description, what both have. A sentence names much in passing,
    /// and the other's few words would be among it by chance.
    fn comparable(&self, one: usize, other: usize) -> (&Vector, &Vector) {
        match (&self.bare[one], &self.bare[other]) {
            (Some(bare), None) => (bare, &self.own[other]),
            (None, Some(bare)) => (&self.own[one], bare),
            _ => (&self.own[one], &self.own[other]),
        }
    }

    /// How much of what two have in common of their own is words, from 0 (only marks) to 1.
    pub(super) fn worded(&self, one: usize, other: usize) -> f32 {
        let (mut words, mut all) = (0.0, 0.0);
        let (own, others) = self.comparable(one, other);
        each_common(own, others, |feature, a, b| {
            all += a * b;
            if !self.is_mark[feature as usize] {
                words += a * b;
            }
        });
        if all > 0.0 { words / all } else { 0.0 }
    }

    /// For each piece those most like it, the best first; at most `most`, and none that has nothing of its own in
    /// common: likeness through others alone is no reason that could be told.
    pub fn nearest(&self, most: usize) -> Vec<Vec<(usize, f32)>> {
        for_each_piece(self.whole.len(), |place, sums| {
            let mut near = self.near(&self.whole, place, CANDIDATES.max(most), sums);
            for (other, likeness) in &mut near {
                *likeness = self.mixed(place, *other, *likeness);
            }
            near.retain(|(other, _)| {
                let (own, others) = self.comparable(place, *other);
                dot(own, others) > 0.0
            });
            near.sort_by(best_first);
            near.truncate(most);
            // All pieces' are kept: each would hold the room of all that it was chosen from.
            near.shrink_to_fit();
            near
        })
    }

    /// What two have in common of their own, without context: words and marks with their part in the likeness, the
    /// greatest first.
    pub fn shared(&self, one: usize, other: usize) -> Vec<(&str, f32)> {
        let mut shared = Vec::new();
        let (own, others) = self.comparable(one, other);
        each_common(own, others, |feature, a, b| {
            shared.push((self.features[feature as usize].as_str(), a * b));
        });
        shared.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        shared
    }

    fn near(&self, vectors: &[Vector], place: usize, most: usize, sums: &mut Sums) -> Vec<(usize, f32)> {
        let mut features: Vec<(u32, f32)> = vectors[place].clone();
        let holders = |feature: u32| self.index[feature as usize].len();
        features.sort_by_key(|(feature, _)| (holders(*feature), *feature));
        let mut looked_at = 0;
        for (feature, weight) in features {
            looked_at += holders(feature);
            if looked_at > POSTINGS && !sums.is_empty() {
                break;
            }
            for (other, theirs) in self.index[feature as usize].iter().take(POSTINGS) {
                if *other as usize != place {
                    sums.add(*other, weight * theirs);
                }
            }
        }
        let mut found = sums.take();
        keep_best(&mut found, CANDIDATES.max(most));
        for (other, sum) in &mut found {
            *sum = dot(&vectors[place], &vectors[*other]);
        }
        keep_best(&mut found, most);
        found.retain(|(_, likeness)| *likeness > 0.0);
        found
    }

    /// A piece's words and marks, and those of the pieces most like it with as much weight together: so that two
    /// that say the same in other words have words in common.
    fn with_context(&self, place: usize, sums: &mut Sums) -> Vector {
        let near = self.near(&self.own, place, CONTEXT, sums);
        let total: f32 = near.iter().map(|(_, likeness)| likeness).sum();
        let mut whole: BTreeMap<u32, f32> = self.own[place].iter().copied().collect();
        for (other, likeness) in near {
            for (feature, weight) in &self.own[other] {
                *whole.entry(*feature).or_default() += weight * likeness / total;
            }
        }
        let mut features: Vector = whole.into_iter().collect();
        features.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        features.truncate(CONTEXT_FEATURES);
        features.sort_by_key(|(feature, _)| *feature);
        unit(features)
    }
}

/// Sums by piece. One of these serves for many pieces: making or searching a table for each is most of the work in a
/// large estate.
struct Sums {
    by_piece: Vec<f32>,
    /// Who has one.
    touched: Vec<u32>,
}

impl Sums {
    fn new(pieces: usize) -> Sums {
        Sums { by_piece: vec![0.0; pieces], touched: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// Adds something above 0.
    fn add(&mut self, piece: u32, part: f32) {
        let sum = &mut self.by_piece[piece as usize];
        if *sum == 0.0 {
            self.touched.push(piece);
        }
        *sum += part;
    }

    /// The sums, in no order; there are none after it.
    fn take(&mut self) -> Vec<(usize, f32)> {
        let take = |piece: u32| (piece as usize, std::mem::take(&mut self.by_piece[piece as usize]));
        self.touched.drain(..).map(take).collect()
    }
}

/// The greater number first; of equal ones the piece that comes first.
fn best_first(a: &(usize, f32), b: &(usize, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0))
}

/// Leaves the best, sorted.
fn keep_best(found: &mut Vec<(usize, f32)>, most: usize) {
    if found.len() > most && most > 0 {
        found.select_nth_unstable_by(most - 1, best_first);
    }
    found.truncate(most);
    found.sort_unstable_by(best_first);
}

/// Works something out for each of so many pieces, on all processors; in their order.
fn for_each_piece<T: Send>(pieces: usize, work: impl Fn(usize, &mut Sums) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS);
    let part = pieces.div_ceil(threads).max(LEAST_PART);
    let one = |from: usize| {
        let mut sums = Sums::new(pieces);
        (from..pieces.min(from + part)).map(|place| work(place, &mut sums)).collect::<Vec<T>>()
    };
    let mut all = Vec::with_capacity(pieces);
    std::thread::scope(|scope| {
        let one = &one;
        let others: Vec<_> =
            (part..pieces).step_by(part).map(|from| scope.spawn(move || one(from))).collect();
        all.extend(one(0));
        for thread in others {
            all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    all
}

/// Each piece's words and marks with how much they count before rarity, and the texts of all features.
struct Counted {
    features: Vec<String>,
    is_mark: Vec<bool>,
    counts: Vec<Vector>,
    /// Those of pieces with a description, without its words.
    bare: Vec<Option<Vector>>,
}

fn count(described: &[Described]) -> Counted {
    let parting = Parting::of(described.iter().flat_map(|one| one.names.iter().map(String::as_str)));
    let families = family_words(&parting, described);
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut features: Vec<String> = Vec::new();
    let mut is_mark: Vec<bool> = Vec::new();
    let mut number = |key: String, shown: &str| -> u32 {
        let marks = key.starts_with(MARK);
        *numbers.entry(key).or_insert_with(|| {
            features.push(shown.to_owned());
            is_mark.push(marks);
            u32::try_from(features.len() - 1).unwrap_or(u32::MAX)
        })
    };
    let mut counts = Vec::with_capacity(described.len());
    let mut bare = Vec::with_capacity(described.len());
    for one in described {
        let mut sums: BTreeMap<u32, f32> = BTreeMap::new();
        let is_family = |stem: &str| {
            one.family.as_ref().is_some_and(|family| families.contains(&(family.as_str(), stem.to_owned())))
        };
        for (stem, (_, word)) in name_stems(&parting, one).into_iter().filter(|row| !is_family(&row.0)) {
            *sums.entry(number(stem, &word)).or_default() += NAME;
        }
        let mut about: Vector = Vec::new();
        for (stem, (times, word)) in about_stems(one).into_iter().filter(|row| !is_family(&row.0)) {
            about.push((number(stem, &word), times.min(REPEATS) as f32));
        }
        let offers = one.offers.iter().flat_map(|text| cut(text)).filter(|word| tells_offer(word));
        for (stem, (_, word)) in stems(offers) {
            *sums.entry(number(stem, &word)).or_default() += OFFER;
        }
        let mut phrases: BTreeMap<&str, (f32, Vec<String>)> = BTreeMap::new();
        for mark in &one.marks {
            let (weight, words) = phrases.entry(mark.phrase).or_default();
            *weight = weight.max(mark.weight);
            words.extend(
                mark.names.iter().flat_map(|name| parting.words(name)).filter(|word| tells_job(word)),
            );
        }
        for (phrase, (weight, words)) in phrases {
            let words = stems(words.into_iter());
            let each = weight / (words.len().max(1) as f32).sqrt();
            for (stem, (_, word)) in words {
                let shown = format!("{phrase} {word}");
                *sums.entry(number(format!("{MARK}{phrase} {stem}"), &shown)).or_default() += each;
            }
        }
        // A description that only repeats the name is none.
        let is_described = about.iter().any(|(feature, _)| !sums.contains_key(feature));
        bare.push(is_described.then(|| sums.iter().map(|(f, n)| (*f, *n)).collect()));
        for (feature, times) in about {
            *sums.entry(feature).or_default() += times;
        }
        counts.push(sums.into_iter().collect());
    }
    Counted { features, is_mark, counts, bare }
}

fn name_stems(parting: &Parting, one: &Described) -> BTreeMap<String, (u32, String)> {
    stems(one.names.iter().flat_map(|name| parting.words(name)).filter(|word| tells_job(word)))
}

fn about_stems(one: &Described) -> BTreeMap<String, (u32, String)> {
    let is_piece = |word: &str| PIECE.binary_search(&word).is_ok();
    stems(one.about.iter().flat_map(|text| cut(text)).filter(|word| tells(word) && !is_piece(word)))
}

/// Words of names and descriptions that a large part of a family has: they say what the whole is, not what the
/// piece does.
fn family_words<'a>(parting: &Parting, described: &'a [Described]) -> HashSet<(&'a str, String)> {
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    let mut holders: HashMap<(&str, String), usize> = HashMap::new();
    for one in described {
        let Some(family) = one.family.as_deref() else { continue };
        *sizes.entry(family).or_default() += 1;
        let mut words = name_stems(parting, one);
        words.append(&mut about_stems(one));
        for stem in words.into_keys() {
            *holders.entry((family, stem)).or_default() += 1;
        }
    }
    let is_many = |family: &str, count: usize| {
        count >= FAMILY && count * FAMILY_PART > sizes.get(family).copied().unwrap_or_default()
    };
    holders.into_iter().filter(|((family, _), count)| is_many(family, *count)).map(|(word, _)| word).collect()
}

fn unit(mut vector: Vector) -> Vector {
    let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|(_, weight)| *weight /= length);
    }
    vector
}

fn index(vectors: &[Vector], features: usize) -> Vec<Vec<(u32, f32)>> {
    let mut index = vec![Vec::new(); features];
    for (place, vector) in (0_u32..).zip(vectors) {
        for (feature, weight) in vector {
            index[*feature as usize].push((place, *weight));
        }
    }
    index
}

/// Calls for each feature that both have, with both weights; vectors are sorted by feature.
fn each_common(one: &[(u32, f32)], other: &[(u32, f32)], mut call: impl FnMut(u32, f32, f32)) {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    while let (Some((a, x)), Some((b, y))) = (one.peek().copied(), other.peek().copied()) {
        match a.cmp(b) {
            Ordering::Less => _ = one.next(),
            Ordering::Greater => _ = other.next(),
            Ordering::Equal => {
                call(*a, *x, *y);
                one.next();
                other.next();
            }
        }
    }
}

fn dot(one: &[(u32, f32)], other: &[(u32, f32)]) -> f32 {
    let mut sum = 0.0;
    each_common(one, other, |_, a, b| sum += a * b);
    sum
}
