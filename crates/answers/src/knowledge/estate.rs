//! What is known of every piece of an estate, and by whom that is still here.

use std::collections::{BTreeMap, BTreeSet};

use stave_map::{Outline, Outlines, State, Target};
use stave_model::records::{CommitClass, FileClass};

use super::files::{Known, Method, of_files};
use super::persons::Persons;
use super::truck::{Shares, main_people, shares};
use crate::records::territory::Territory;
use crate::records::{History, histories};
use crate::{Estate, Result};

/// Who has done nothing for so long isn't here any more.
const HERE_SECONDS: i64 = 365 * 86_400;
/// An owner who holds less than this share of what is known of a piece doesn't know it any more.
const LEAST_OF_OWNER: f64 = 0.05;
/// What files of a piece count: what people write.
const WRITTEN: &[FileClass] = &[FileClass::Source, FileClass::Test, FileClass::Documentation];

/// What is known in an estate.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// The histories that it comes from.
    pub histories: Vec<History>,
    /// Who is who in them.
    pub persons: Persons,
    /// When it is counted, in seconds since 1970: at the newest commit, for what came later isn't known.
    pub at: i64,
    /// The pieces whose code the histories hold, by id; of a repository without any, the repository.
    pub pieces: Vec<OfPiece>,
    /// Everything together.
    pub whole: Shares,
    /// Who did something in the year before [`Knowledge::at`], or is named by people as knowing something.
    pub here: BTreeSet<u32>,
    /// Persons by the 12 digits that they have on the map.
    pub on_map: BTreeMap<String, u32>,
}

/// What is known of one piece.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfPiece {
    /// 12 digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Files that people write.
    pub files: u64,
    /// Who holds what by history alone.
    pub by_history: Shares,
    /// The same, corrected by what people say.
    pub shares: Shares,
    /// What people say of who knows it.
    pub stated: Vec<Stated>,
    /// Owners (12 digits) of whom nothing or little is seen in it, and who hold less than 5 % of it or aren't here.
    pub idle_owners: Vec<String>,
    /// Owners that could be checked.
    pub owners: u64,
}

/// A word on who knows a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The person.
    pub person: u32,
    /// Whether they know it, or don't.
    pub knows: bool,
}

impl OfPiece {
    /// Who must leave before it is orphaned, as things are: nobody, where it is already.
    pub fn main_people(&self, is_here: impl Fn(u32) -> bool) -> Vec<u32> {
        main_people(&self.shares, is_here, &Method::CHOSEN)
    }

    /// Whether less than half of what is known of it is known by people who are here.
    pub fn is_orphaned(&self, is_here: impl Fn(u32) -> bool) -> bool {
        !self.shares.is_empty() && self.main_people(is_here).is_empty()
    }

    /// How much of it these people know, in percent.
    pub fn percent(&self, is_meant: impl Fn(u32) -> bool) -> u32 {
        percent(&self.shares, is_meant)
    }

    /// How much there is to know: files, each as often as it is worked on.
    pub fn weight(&self) -> f64 {
        self.by_history.values().sum()
    }
}

/// What share these people hold, in percent.
pub(crate) fn percent(shares: &Shares, is_meant: impl Fn(u32) -> bool) -> u32 {
    let all: f64 = shares.values().sum();
    if all <= 0.0 {
        return 0;
    }
    let held: f64 = shares.iter().filter(|(person, _)| is_meant(**person)).map(|(_, share)| share).sum();
    (held / all * 100.0).clamp(0.0, 100.0).round() as u32
}

/// What is known in the estate.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn knowledge(estate: Estate<'_>) -> Result<Knowledge> {
    let histories = histories(estate)?;
    let (mut joined, mut by_entity) = (Vec::new(), BTreeMap::<String, String>::new());
    for (reference, entity) in estate.model.references()? {
        if reference.starts_with("person:") {
            let first = by_entity.entry(entity).or_insert_with(|| reference.clone());
            joined.push((first.clone(), reference));
        }
    }
    let persons = Persons::new(&histories, estate.people, &joined, &apart(estate, &by_entity)?);
    let on_map = by_entity
        .into_iter()
        .filter_map(|(entity, reference)| Some((entity, persons.of(&reference)?)))
        .collect::<BTreeMap<_, _>>();
    let at = newest(&histories, estate.now.millis().div_euclid(1_000));
    let mut here = here(&histories, &persons, at);
    let territory = Territory::of(estate)?;
    let outlines = estate.model.outlines(&[])?;
    let (mut pieces, whole) = by_history(&histories, &persons, &territory, &outlines, at);
    let spoken: BTreeSet<String> = estate.model.spoken_of("known_by")?.into_iter().collect();
    for piece in &mut pieces {
        if spoken.contains(&piece.id) {
            piece.stated = stated(estate, &piece.id, &on_map)?;
        }
        piece.shares = corrected(&piece.by_history, &piece.stated);
        here.extend(piece.stated.iter().filter(|word| word.knows).map(|word| word.person));
    }
    let owners = Owners::new(&outlines, &on_map);
    for piece in &mut pieces {
        owners.check(piece, &here);
    }
    Ok(Knowledge { histories, persons, at, pieces, whole, here, on_map })
}

/// Pairs of persons that people keep apart. `persons` are the entities that are persons, by their 12 digits.
fn apart(estate: Estate<'_>, persons: &BTreeMap<String, String>) -> Result<Vec<(String, String)>> {
    let mut apart = Vec::new();
    for one in estate.model.spoken_of("same_as")?.iter().filter(|id| persons.contains_key(*id)) {
        for other in persons.keys() {
            for (_, claim) in estate.model.join_words(one, other)? {
                if let Some(to) = claim.to.filter(|_| claim.not) {
                    apart.push((claim.of.to_string(), to));
                }
            }
        }
    }
    Ok(apart)
}

/// The newest commit by people that isn't in the future.
fn newest(histories: &[History], now: i64) -> i64 {
    let commits = histories.iter().flat_map(|history| &history.commits);
    let times = commits
        .filter(|commit| commit.class != CommitClass::Bot && commit.committed <= now)
        .map(|commit| commit.committed);
    times.max().unwrap_or(now)
}

fn here(histories: &[History], persons: &Persons, at: i64) -> BTreeSet<u32> {
    let commits = histories.iter().flat_map(|history| &history.commits);
    let recent = commits.filter(|commit| commit.committed > at.saturating_sub(HERE_SECONDS));
    recent
        .flat_map(|commit| std::iter::once(&commit.author).chain(&commit.co_authors).chain(&commit.reviewers))
        .filter_map(|one| persons.of(one.as_str()))
        .filter(|person| !persons.is_machine(*person))
        .collect()
}

/// Pieces with what everybody knows of them, and all of it together.
fn by_history(
    histories: &[History],
    persons: &Persons,
    territory: &Territory,
    outlines: &Outlines,
    at: i64,
) -> (Vec<OfPiece>, Shares) {
    let method = Method::CHOSEN;
    let mut found: BTreeMap<String, OfPiece> = BTreeMap::new();
    let mut whole = Shares::new();
    let repositories: BTreeMap<&str, &Outline> = outlines
        .rows
        .iter()
        .filter(|row| row.kind == "repository")
        .filter_map(|row| Some((row.reference.strip_prefix("repo:")?, row)))
        .collect();
    let mut take = |(id, name, kind): (&str, &str, &str), known: &[&Known]| {
        let of = found.entry(id.to_owned()).or_insert_with(|| OfPiece {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            ..OfPiece::default()
        });
        of.files += known.len() as u64;
        add(&mut of.by_history, &shares(known.iter().copied(), &method));
    };
    for history in histories {
        let known = of_files(history, persons, &method, at);
        let nobody = Known::new();
        let written: Vec<(&str, &Known)> = history
            .files
            .iter()
            .filter(|file| WRITTEN.contains(&file.class))
            .map(|file| (file.path.as_str(), known.get(file.path.as_str()).unwrap_or(&nobody)))
            .collect();
        add(&mut whole, &shares(written.iter().map(|(_, known)| *known), &method));
        let mut by_piece: BTreeMap<usize, Vec<&Known>> = BTreeMap::new();
        for (path, known) in &written {
            for piece in territory.of_path(&history.repository, path) {
                by_piece.entry(*piece).or_default().push(known);
            }
        }
        if by_piece.is_empty()
            && let Some(row) = repositories.get(history.repository.as_str())
        {
            let all: Vec<&Known> = written.iter().map(|(_, known)| *known).collect();
            take((&row.id, &row.name, &row.kind), &all);
        }
        for (place, known) in by_piece {
            let piece = &territory.pieces[place];
            take((&piece.id, &piece.name, &piece.kind), &known);
        }
    }
    (found.into_values().collect(), whole)
}

fn add(into: &mut Shares, more: &Shares) {
    for (person, share) in more {
        *into.entry(*person).or_default() += share;
    }
}

impl Knowledge {
    /// Several pieces as one, with what people say of the whole; what they say of a part is in the part already.
    ///
    /// # Errors
    /// Where the map can't be read.
    pub fn united(&self, estate: Estate<'_>, id: &str, pieces: &[&OfPiece]) -> Result<OfPiece> {
        let mut whole = OfPiece { stated: stated(estate, id, &self.on_map)?, ..OfPiece::default() };
        let mut parts = Shares::new();
        for piece in pieces {
            whole.files += piece.files;
            add(&mut whole.by_history, &piece.by_history);
            add(&mut parts, &piece.shares);
        }
        whole.shares = corrected(&parts, &whole.stated);
        Ok(whole)
    }
}

/// What people say of who knows a piece, where they agree.
fn stated(estate: Estate<'_>, id: &str, on_map: &BTreeMap<String, u32>) -> Result<Vec<Stated>> {
    let Some(entity) = estate.model.entity(id)? else { return Ok(Vec::new()) };
    let mut words: Vec<Stated> = entity
        .facts
        .iter()
        .filter(|fact| fact.fact_type == "known_by")
        .filter_map(|fact| match (&fact.to, fact.state) {
            (Some(Target::Entity(person)), State::Stands) => Some((person, true)),
            (Some(Target::Entity(person)), State::Denied) => Some((person, false)),
            _ => None,
        })
        .filter_map(|(person, knows)| Some(Stated { person: *on_map.get(&person.id)?, knows }))
        .collect();
    words.sort_by_key(|word| (word.person, word.knows));
    words.dedup();
    Ok(words)
}

/// Whom people name as knowing a piece holds as much as the best one; whom they deny holds nothing.
fn corrected(by_history: &Shares, stated: &[Stated]) -> Shares {
    let mut shares = by_history.clone();
    stated.iter().filter(|word| !word.knows).for_each(|word| {
        shares.remove(&word.person);
    });
    let best = shares.values().copied().fold(0.0, f64::max);
    for word in stated.iter().filter(|word| word.knows) {
        let share = shares.entry(word.person).or_default();
        *share = share.max(if best > 0.0 { best } else { 1.0 });
    }
    shares
}

/// Owners of pieces, and who belongs to which group.
struct Owners<'a> {
    outlines: &'a Outlines,
    members: BTreeMap<usize, Vec<usize>>,
    on_map: &'a BTreeMap<String, u32>,
}

impl<'a> Owners<'a> {
    fn new(outlines: &'a Outlines, on_map: &'a BTreeMap<String, u32>) -> Owners<'a> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, row) in outlines.rows.iter().enumerate() {
            for (relation, to) in &row.links {
                if outlines.relations[usize::from(*relation)] == "member_of" {
                    members.entry(*to).or_default().push(at);
                }
            }
        }
        Owners { outlines, members, on_map }
    }

    /// A group knows what one of its members knows; one without known members can't be checked.
    fn check(&self, piece: &mut OfPiece, here: &BTreeSet<u32>) {
        let rows = &self.outlines.rows;
        let Ok(at) = rows.binary_search_by(|row| row.id.cmp(&piece.id)) else { return };
        if piece.shares.is_empty() {
            return;
        }
        let all: f64 = piece.shares.values().sum();
        let person = |at: &usize| self.on_map.get(&rows[*at].id).copied();
        for (relation, to) in &rows[at].links {
            if self.outlines.relations[usize::from(*relation)] != "owned_by" {
                continue;
            }
            let people: Vec<u32> = match person(to) {
                Some(person) => vec![person],
                None => self.members.get(to).into_iter().flatten().filter_map(person).collect(),
            };
            if people.is_empty() {
                continue;
            }
            piece.owners += 1;
            let knows = |person: &u32| {
                here.contains(person)
                    && piece.shares.get(person).is_some_and(|share| *share >= LEAST_OF_OWNER * all)
            };
            if !people.iter().any(knows) {
                piece.idle_owners.push(rows[*to].id.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_say_corrects_what_history_shows() {
        let history = Shares::from([(0, 6.0), (1, 2.0)]);
        let says = |person, knows| Stated { person, knows };
        assert_eq!(corrected(&history, &[]), history);
        assert_eq!(corrected(&history, &[says(2, true)])[&2], 6.0);
        assert_eq!(corrected(&history, &[says(0, false)]), Shares::from([(1, 2.0)]));
        assert_eq!(corrected(&history, &[says(0, false), says(1, true)]), Shares::from([(1, 2.0)]));
        assert_eq!(corrected(&Shares::new(), &[says(2, true)]), Shares::from([(2, 1.0)]));
    }

    #[test]
    fn nothing_known_is_no_percentage_of_anything() {
        assert_eq!(percent(&Shares::new(), |_| true), 0);
        assert_eq!(percent(&Shares::from([(0, 1.0), (1, 2.0)]), |person| person == 0), 33);
    }
}
