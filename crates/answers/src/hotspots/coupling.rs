//! What changes together, within a repository by commit, across repositories by a person's day.
//!
//! That two pieces change on one day of one person says little where that person changes both every day. So what is
//! seen is compared with what each person's own habits would give by chance, person by person (Mantel and Haenszel,
//! "Statistical aspects of the analysis of data from retrospective studies of disease", 1959, without their correction for
//! continuity).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::Label;
use stave_model::records::CommitClass;

use super::WINDOW_SECONDS;
use crate::records::History;
use crate::records::territory::Territory;
use crate::text::tame;

/// Fewer times together are no pattern.
const LEAST_TOGETHER: u64 = 5;
/// How many standard deviations above chance: one in a thousand by chance alone.
const LEAST_SCORE: f64 = 3.29;
/// Who changes this many pieces at once does something to all of them, not to two.
const MOST_AT_ONCE: usize = 20;
/// Pairs that are kept while counting.
const MOST_PAIRS: usize = 500_000;
/// Couplings that are listed at all.
const MOST: usize = 1_000;

/// Two pieces that change together more often than by chance.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Coupling {
    /// The two, by id.
    pub pieces: [Label; 2],
    /// Whether they are in different repositories, so that a person's day is the unit, not a commit.
    pub across: bool,
    /// Commits, or days of persons, that change both (support).
    pub together: u64,
    /// Of those that change the first, how many change the second too, in percent, and the other way round
    /// (confidence).
    pub percent: [u32; 2],
    /// How many would change both by chance, in tenths.
    pub by_chance_tenths: u64,
}

impl Coupling {
    /// How often, as a sentence without a full stop: `15 times in one commit (by chance 3.8); …`.
    pub fn times_text(&self) -> String {
        let unit = if self.across { "on the same day by the same person" } else { "in one commit" };
        format!(
            "{} times {unit} (by chance {}.{}); {} % of the first's, {} % of the second's",
            self.together,
            self.by_chance_tenths / 10,
            self.by_chance_tenths % 10,
            self.percent[0],
            self.percent[1]
        )
    }

    /// The same with the pieces' names.
    pub fn text(&self) -> String {
        let [one, other] = &self.pieces;
        format!("{} and {}: {}", tame(&one.name), tame(&other.name), self.times_text())
    }
}

/// What one person did: units (commits or days) with the pieces that each changes.
#[derive(Default)]
struct Habit {
    units: u64,
    pieces: BTreeMap<usize, u64>,
    pairs: BTreeMap<(usize, usize), u64>,
}

impl Habit {
    fn add(&mut self, pieces: &BTreeSet<usize>, is_meant: impl Fn(usize, usize) -> bool) {
        self.units += 1;
        for piece in pieces {
            *self.pieces.entry(*piece).or_default() += 1;
        }
        if pieces.len() > MOST_AT_ONCE {
            return;
        }
        for one in pieces {
            for other in pieces.range(one + 1..).filter(|other| is_meant(*one, **other)) {
                if self.pairs.len() < MOST_PAIRS {
                    *self.pairs.entry((*one, *other)).or_default() += 1;
                }
            }
        }
    }
}

/// Sums over persons for one pair.
#[derive(Clone, Copy, Default)]
struct Sums {
    together: u64,
    expected: f64,
    variance: f64,
}

/// What changes together in the year before `at`, the surest first.
pub(super) fn couplings(histories: &[History], territory: &Territory, at: i64) -> Vec<Coupling> {
    let mut homes: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let mut commits: Vec<(&str, BTreeSet<usize>)> = Vec::new();
    let mut days: BTreeMap<(&str, i64), BTreeSet<usize>> = BTreeMap::new();
    for history in histories {
        let recent = history.commits.iter().filter(|commit| {
            commit.class != CommitClass::Bot
                && commit.committed > at.saturating_sub(WINDOW_SECONDS)
                && history.head.ignored.binary_search(&commit.id).is_err()
        });
        for commit in recent {
            let mut pieces = BTreeSet::new();
            for change in &commit.changes {
                pieces.extend(territory.of_path(&history.repository, &change.path).iter().copied());
            }
            if pieces.is_empty() {
                continue;
            }
            for piece in &pieces {
                homes.entry(*piece).or_default().insert(&history.repository);
            }
            let author = history.head.who_is_who.get(&commit.author).unwrap_or(&commit.author).as_str();
            days.entry((author, commit.authored.div_euclid(86_400))).or_default().extend(&pieces);
            commits.push((author, pieces));
        }
    }
    let is_across = |one: usize, other: usize| match (homes.get(&one), homes.get(&other)) {
        (Some(one), Some(other)) => one.is_disjoint(other),
        _ => true,
    };
    let mut in_commits: BTreeMap<&str, Habit> = BTreeMap::new();
    for (author, pieces) in &commits {
        in_commits.entry(author).or_default().add(pieces, |one, other| !is_across(one, other));
    }
    let mut in_days: BTreeMap<&str, Habit> = BTreeMap::new();
    for ((author, _), pieces) in &days {
        in_days.entry(author).or_default().add(pieces, is_across);
    }
    let mut found: Vec<(f64, Coupling)> = Vec::new();
    for (across, habits) in [(false, &in_commits), (true, &in_days)] {
        found.extend(surer_than_chance(habits, across, territory));
    }
    found.sort_by(|a, b| {
        let ids = |coupling: &Coupling| coupling.pieces.clone().map(|piece| piece.id);
        b.0.total_cmp(&a.0).then_with(|| ids(&a.1).cmp(&ids(&b.1)))
    });
    found.truncate(MOST);
    found.into_iter().map(|(_, coupling)| coupling).collect()
}

fn surer_than_chance(
    habits: &BTreeMap<&str, Habit>,
    across: bool,
    territory: &Territory,
) -> Vec<(f64, Coupling)> {
    let mut all: BTreeMap<usize, u64> = BTreeMap::new();
    let mut pairs: BTreeMap<(usize, usize), Sums> = BTreeMap::new();
    for habit in habits.values() {
        habit.pieces.iter().for_each(|(piece, count)| *all.entry(*piece).or_default() += count);
        for (pair, together) in &habit.pairs {
            pairs.entry(*pair).or_default().together += together;
        }
    }
    pairs.retain(|_, sums| sums.together >= LEAST_TOGETHER);
    for ((one, other), sums) in &mut pairs {
        for habit in habits.values() {
            let (Some(a), Some(b)) = (habit.pieces.get(one), habit.pieces.get(other)) else { continue };
            let (a, b, n) = (*a as f64, *b as f64, habit.units as f64);
            sums.expected += a * b / n;
            if n > 1.0 {
                sums.variance += a * b * (n - a) * (n - b) / (n * n * (n - 1.0));
            }
        }
    }
    let label = |place: usize| {
        let piece = &territory.pieces[place];
        Label { id: piece.id.clone(), name: piece.name.clone(), kind: piece.kind.clone(), hidden: false }
    };
    pairs
        .into_iter()
        .filter_map(|((one, other), sums)| {
            let above = sums.together as f64 - sums.expected;
            let score = if sums.variance > 0.0 { above / sums.variance.sqrt() } else { 0.0 };
            let percent = |place: usize| {
                let count = all.get(&place).copied().unwrap_or(1).max(1);
                u32::try_from(sums.together * 100 / count).unwrap_or(100)
            };
            let coupling = Coupling {
                pieces: [label(one), label(other)],
                across,
                together: sums.together,
                percent: [percent(one), percent(other)],
                by_chance_tenths: (sums.expected * 10.0).round() as u64,
            };
            (score >= LEAST_SCORE).then_some((score, coupling))
        })
        .collect()
}
