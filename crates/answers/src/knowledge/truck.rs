//! How many people must leave before a piece is orphaned.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::records::{ChangeKind, CommitClass};

use super::files::{Known, Method};
use super::persons::Persons;
use crate::records::History;

/// What each person holds of what is known of a piece. The sum is whatever it is; only ratios say something.
pub type Shares = BTreeMap<u32, f64>;

/// What everybody holds of these files together. Each file is divided among those who know it and weighs a power of
/// what is known of it: one that is worked on often counts for more than one that nobody touches.
pub fn shares<'a>(files: impl Iterator<Item = &'a Known>, method: &Method) -> Shares {
    let mut shares = Shares::new();
    for file in files {
        let all: f64 = file.values().sum();
        if all <= 0.0 {
            continue;
        }
        let weight = all.powf(method.file_power) / all;
        for (person, part) in file {
            *shares.entry(*person).or_default() += part * weight;
        }
    }
    shares
}

/// Everybody, who holds the most first; who holds the same by place.
pub fn ranked(shares: &Shares) -> Vec<(u32, f64)> {
    let mut ranked: Vec<(u32, f64)> = shares.iter().map(|(person, share)| (*person, *share)).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

/// Those who must leave before the piece is orphaned, the first first: of those who are here, from the top, until they and
/// those who left hold more than half of it; nobody who holds less than [`Method::least_of_best`] of what the first one
/// holds. Their number is the truck factor; where those who left hold more than half, it is 0 already.
pub fn main_people(shares: &Shares, is_here: impl Fn(u32) -> bool, method: &Method) -> Vec<u32> {
    let (here, gone): (Vec<_>, Vec<_>) = ranked(shares).into_iter().partition(|(person, _)| is_here(*person));
    let all: f64 = shares.values().sum();
    let best = here.first().map_or(0.0, |(_, share)| *share);
    let mut lost: f64 = gone.iter().map(|(_, share)| share).sum();
    let mut people = Vec::new();
    for (person, share) in here {
        if share <= 0.0 || lost > all / 2.0 || share < method.least_of_best * best {
            break;
        }
        lost += share;
        people.push(person);
    }
    people
}

/// Who has the most commits.
pub fn top_committer(history: &History, persons: &Persons) -> Option<u32> {
    let mut commits: BTreeMap<u32, u64> = BTreeMap::new();
    for commit in history.commits.iter().filter(|commit| commit.class == CommitClass::Human) {
        if let Some(author) = persons.of(commit.author.as_str()) {
            *commits.entry(author).or_default() += 1;
        }
    }
    commits
        .into_iter()
        .max_by_key(|(person, count)| (*count, std::cmp::Reverse(*person)))
        .map(|(person, _)| person)
}

/// The standard algorithm, to be compared with (Avelino, Passos, Hora and Valente, "A novel approach for estimating
/// truck factors", ICPC 2016): the degree of authorship of each file decides who its authors are, and whoever is author of
/// the most files leaves, until more than half of the files have none.
///
/// Degree of authorship: 3.293 + 1.098·FA + 0.164·DL − 0.321·ln(1 + AC), of whoever made the file (FA is 1), with DL own
/// changes and AC changes by others. Authors have at least 3.293 and more than 0.75 of the greatest.
pub fn standard_truck_factor(history: &History, persons: &Persons) -> Vec<u32> {
    #[derive(Clone, Default)]
    struct Changes {
        first: Option<u32>,
        by: BTreeMap<u32, u32>,
    }
    let mut paths: HashMap<&str, Changes> = HashMap::new();
    for commit in &history.commits {
        let Some(author) = persons.of(commit.author.as_str()) else { continue };
        for change in &commit.changes {
            if change.kind == ChangeKind::Deleted {
                continue;
            }
            if let Some(from) = change.from.as_deref().filter(|_| change.kind == ChangeKind::Renamed) {
                let before = paths.get(from).cloned().unwrap_or_default();
                paths.insert(&change.path, before);
            }
            let file = paths.entry(&change.path).or_default();
            if change.kind == ChangeKind::Added {
                file.first.get_or_insert(author);
            }
            *file.by.entry(author).or_default() += 1;
        }
    }
    let mut authors: Vec<BTreeSet<u32>> = Vec::new();
    for file in history.files.iter().filter_map(|file| paths.get(file.path.as_str())) {
        let all: u32 = file.by.values().sum();
        let degree = |(person, own): (&u32, &u32)| {
            let first = if file.first == Some(*person) { 1.098 } else { 0.0 };
            (*person, 3.293 + first + 0.164 * f64::from(*own) - 0.321 * f64::from(1 + all - own).ln())
        };
        let degrees: Vec<(u32, f64)> = file.by.iter().map(degree).collect();
        let greatest = degrees.iter().map(|(_, degree)| *degree).fold(0.0, f64::max);
        let is_author = |(_, degree): &&(u32, f64)| *degree >= 3.293 && *degree > 0.75 * greatest;
        authors.push(degrees.iter().filter(is_author).map(|(person, _)| *person).collect());
    }
    let half = authors.len() / 2;
    let mut gone = Vec::new();
    while authors.iter().filter(|authors| authors.is_empty()).count() <= half {
        let mut files: BTreeMap<u32, u32> = BTreeMap::new();
        authors.iter().flatten().for_each(|person| *files.entry(*person).or_default() += 1);
        let next = files.into_iter().max_by_key(|(person, count)| (*count, std::cmp::Reverse(*person)));
        let Some((person, _)) = next else { break };
        authors.iter_mut().for_each(|authors| {
            authors.remove(&person);
        });
        gone.push(person);
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_must_leave_before_a_piece_is_orphaned() {
        let chosen = Method::CHOSEN;
        let of = |shares: &[(u32, f64)]| main_people(&shares.iter().copied().collect(), |_| true, &chosen);
        assert_eq!(of(&[]), Vec::<u32>::new());
        assert_eq!(of(&[(3, 1.0)]), [3]);
        assert_eq!(of(&[(0, 0.2), (1, 0.6), (2, 0.2)]), [1]);
        assert_eq!(of(&[(0, 0.3), (1, 0.4), (2, 0.3)]), [1, 0]);
        // Forty helpers don't make a piece safer than the one who knows it.
        assert_eq!(of(&[(0, 0.4), (1, 0.1), (2, 0.1), (3, 0.1), (4, 0.1), (5, 0.1), (6, 0.1)]), [0]);
    }

    #[test]
    fn who_left_counts_as_left() {
        let shares: Shares = [(0, 0.4), (1, 0.35), (2, 0.25)].into();
        assert_eq!(main_people(&shares, |person| person != 0, &Method::CHOSEN), [1]);
        assert_eq!(main_people(&shares, |person| person == 2, &Method::CHOSEN), Vec::<u32>::new());
    }

    #[test]
    fn a_file_that_is_worked_on_counts_for_more() {
        let known = [Known::from([(0, 4.0)]), Known::from([(1, 1.0)]), Known::new()];
        let shares = shares(known.iter(), &Method::CHOSEN);
        assert_eq!(shares, Shares::from([(0, 2.0), (1, 1.0)]));
    }
}
