//! Whom to ask, what is known by people who are still here, and what would be orphaned. docs/knowledge.md has the
//! formulas.
//!
//! Only [`WhoKnows`], the answer about one entity, has names. [`Risks`], the answer about the estate, ranks pieces and
//! has no way to a person.

mod render;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::Label;
use stave_model::Time;
use stave_model::records::{CommitClass, FileClass};

use crate::knowledge::{Knowledge, Method, OfPiece, knowledge, main_people, ranked};
use crate::records::territory::Territory;
use crate::{Estate, People, Result};

/// People that one answer names.
const NAMED: usize = 8;
/// Who holds less than this share, in percent, isn't worth the way, unless a person names them.
const WORTH_ASKING: u32 = 5;
/// Pieces that are listed unless all are asked for.
const SHOWN: usize = 50;

/// What to answer about the estate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RiskQuery {
    /// All pieces, not only the first ones.
    pub all: bool,
    /// As if these people had left: names, logins or addresses, as they are typed.
    pub without: Vec<String>,
}

/// How people are called in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// By their names.
    #[default]
    Names,
    /// By digits that are theirs in this estate only.
    Pseudonyms,
}

/// Who knows one piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct WhoKnows {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// When it is counted: at the newest commit that was read.
    pub counted_at: Time,
    /// The piece.
    #[serde(flatten)]
    pub piece: PieceRisk,
    /// Commits of the last year that touch it, by sort of author.
    pub commits: Commits,
    /// Whom to ask, the first first.
    pub people: Vec<Knower>,
    /// They are called by digits instead of their names.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pseudonyms: bool,
    /// Where what people say and what history shows differ, as sentences.
    pub differences: Vec<String>,
    /// Owners who no longer know it.
    pub idle_owners: Vec<Label>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// Somebody to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Knower {
    /// The name, or a pseudonym.
    pub name: String,
    /// How much of what is known of the piece they hold, in percent.
    pub percent: u32,
    /// How much by history alone.
    pub history_percent: u32,
    /// Whether they did anything in the estate in the last year.
    pub here: bool,
    /// Whether they must leave before the piece is orphaned.
    pub main: bool,
    /// Their last commit in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
    /// A person's word says that they know it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stated: bool,
}

/// Commits by sort of author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Commits {
    /// By people.
    pub human: u64,
    /// By agents, with or without people.
    pub agent: u64,
    /// By bots.
    pub bot: u64,
}

/// How much of a piece hangs on how many people. Has no names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PieceRisk {
    /// The piece.
    #[serde(flatten)]
    pub label: Label,
    /// How many people who are here must leave before it is orphaned; 0: it is.
    pub truck_factor: u32,
    /// How much of what is known of it people know who are here, in percent.
    pub here_percent: u32,
    /// Files that people write.
    pub files: u64,
    /// Owners that could be checked.
    pub owners: u64,
    /// Of them, those who no longer know it.
    pub idle: u64,
}

/// What hangs on how many people, in the whole estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Risks {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// When it is counted: at the newest commit that was read.
    pub counted_at: Time,
    /// How many people must leave before more than half of everything is orphaned.
    pub truck_factor: u32,
    /// How much of everything people know who are here, in percent.
    pub here_percent: u32,
    /// Pieces with code whose history is known.
    pub total: u64,
    /// Of them, those that are orphaned.
    pub orphaned: u64,
    /// Of them, those that hang on one person.
    pub on_one: u64,
    /// Of them, those with an owner who no longer knows them.
    pub idle_owners: u64,
    /// What would change if somebody left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<Without>,
    /// The pieces, the riskiest first.
    pub pieces: Vec<PieceRisk>,
    /// Pieces beyond those listed.
    #[serde(skip_serializing_if = "crate::summary::is_zero")]
    pub more: u64,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// What would change if somebody left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Without {
    /// Who, as it was typed.
    pub who: Vec<String>,
    /// Those of whom the histories know nothing, as it was typed.
    pub not_found: Vec<String>,
    /// What would be orphaned and isn't.
    pub orphaned: Vec<PieceRisk>,
    /// What would hang on one person and doesn't.
    pub on_one: Vec<PieceRisk>,
}

/// Who knows an entity; none where there is no such entity. A system is all that is part of it.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn who_knows(estate: Estate<'_>, id: &str, naming: Naming) -> Result<Option<WhoKnows>> {
    estate.model.snapshot(|_| {
        let Some(entity) = estate.entity(id)? else { return Ok(None) };
        let known = knowledge(estate)?;
        let row = &entity.row;
        let meant = parts(estate, &row.id, &known)?;
        let piece = match meant.as_slice() {
            [one] if one.id == row.id => (*one).clone(),
            several => known.united(estate, &row.id, several)?,
        };
        let label =
            Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: row.hidden };
        let names = match naming {
            Naming::Names => estate.people.clone(),
            Naming::Pseudonyms => People::default(),
        };
        let is_named = |person: u32| piece.stated.iter().any(|word| word.knows && word.person == person);
        let is_here = |person: u32| known.here.contains(&person) || is_named(person);
        let (commits, last) = seen(estate, &known, &meant, &row.id)?;
        let main = piece.main_people(is_here);
        let stated: BTreeSet<u32> =
            piece.stated.iter().filter(|word| word.knows).map(|word| word.person).collect();
        let people = ranked(&piece.shares)
            .into_iter()
            .map(|(person, _)| Knower {
                name: known.persons.name(person, &names),
                percent: piece.percent(|one| one == person),
                history_percent: crate::knowledge::percent(&piece.by_history, |one| one == person),
                here: is_here(person),
                main: main.contains(&person),
                last: last.get(&person).map(|seconds| time_of(*seconds)),
                stated: stated.contains(&person),
            })
            .filter(|asked| asked.percent >= WORTH_ASKING || asked.stated)
            .take(NAMED)
            .collect();
        let mut idle_owners = Vec::new();
        for owner in &piece.idle_owners {
            if let Some(owner) = estate.model.entity(owner)? {
                let mut label = Label {
                    id: owner.row.id,
                    name: owner.row.name,
                    kind: owner.row.kind,
                    hidden: owner.row.hidden,
                };
                names.name_label(&mut label);
                idle_owners.push(label);
            }
        }
        let mut unknown = unknown(&known);
        if piece.by_history.is_empty() && !known.histories.is_empty() {
            unknown.push(format!(
                "No file of a known history belongs to {}, so nobody is seen to know it.",
                crate::text::tame(&label.name)
            ));
        }
        Ok(Some(WhoKnows {
            position: estate.position()?,
            counted_at: time_of(known.at),
            piece: risk(&piece, label, is_here),
            commits,
            people,
            pseudonyms: naming == Naming::Pseudonyms,
            differences: differences(&piece, &known, &names),
            idle_owners,
            unknown,
        }))
    })
}

/// What hangs on how many people, in the whole estate.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn risks(estate: Estate<'_>, query: &RiskQuery) -> Result<Risks> {
    estate.model.snapshot(|_| {
        let known = knowledge(estate)?;
        let is_here = |person: u32| known.here.contains(&person);
        let mut pieces: Vec<(&OfPiece, PieceRisk)> =
            known.pieces.iter().map(|piece| (piece, risk(piece, label(piece), is_here))).collect();
        // What nobody is seen to have touched has no risk that could be told.
        pieces.retain(|(piece, _)| !piece.shares.is_empty());
        pieces.sort_by(|a, b| {
            (a.1.truck_factor.cmp(&b.1.truck_factor))
                .then_with(|| b.0.weight().total_cmp(&a.0.weight()))
                .then_with(|| a.0.id.cmp(&b.0.id))
        });
        let count = |is_meant: &dyn Fn(&PieceRisk) -> bool| {
            pieces.iter().filter(|(_, risk)| is_meant(risk)).count() as u64
        };
        let without = (!query.without.is_empty()).then(|| without(&query.without, &known, estate.people));
        let (orphaned, on_one) =
            (count(&|risk| risk.truck_factor == 0), count(&|risk| risk.truck_factor == 1));
        let idle_owners = count(&|risk| risk.idle > 0);
        let total = pieces.len() as u64;
        let shown = if query.all { pieces.len() } else { SHOWN.min(pieces.len()) };
        pieces.truncate(shown);
        Ok(Risks {
            position: estate.position()?,
            counted_at: time_of(known.at),
            truck_factor: factor(&main_people(&known.whole, is_here, &Method::CHOSEN)),
            here_percent: crate::knowledge::percent(&known.whole, is_here),
            total,
            orphaned,
            on_one,
            idle_owners,
            without,
            pieces: pieces.into_iter().map(|(_, risk)| risk).collect(),
            more: total - shown as u64,
            unknown: unknown(&known),
        })
    })
}

fn factor(people: &[u32]) -> u32 {
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}

fn time_of(seconds: i64) -> Time {
    Time::from_millis(seconds.saturating_mul(1_000))
}

fn label(piece: &OfPiece) -> Label {
    Label { id: piece.id.clone(), name: piece.name.clone(), kind: piece.kind.clone(), hidden: false }
}

fn risk(piece: &OfPiece, label: Label, is_here: impl Fn(u32) -> bool) -> PieceRisk {
    PieceRisk {
        label,
        truck_factor: factor(&piece.main_people(&is_here)),
        here_percent: piece.percent(is_here),
        files: piece.files,
        owners: piece.owners,
        idle: piece.idle_owners.len() as u64,
    }
}

/// The entity's own piece, else those that are part of it; of a repository those whose code it holds.
fn parts<'a>(estate: Estate<'_>, id: &str, known: &'a Knowledge) -> Result<Vec<&'a OfPiece>> {
    if let Some(own) = known.pieces.iter().find(|piece| piece.id == id) {
        return Ok(vec![own]);
    }
    let outlines = estate.model.outlines(&[])?;
    let Ok(whole) = outlines.rows.binary_search_by(|row| row.id.as_str().cmp(id)) else {
        return Ok(Vec::new());
    };
    let repository = outlines.rows[whole].reference.strip_prefix("repo:").filter(|rest| !rest.contains("//"));
    let territory = Territory::of(estate)?;
    let is_part = |piece: &&OfPiece| {
        let Ok(at) = outlines.rows.binary_search_by(|row| row.id.cmp(&piece.id)) else { return false };
        let is_part_of = outlines.rows[at]
            .links
            .iter()
            .any(|(relation, to)| *to == whole && outlines.relations[usize::from(*relation)] == "part_of");
        let lies_in = repository.is_some_and(|repository| {
            territory.place(&piece.id).is_some_and(|place| {
                territory.folders_of(place).iter().any(|(known, _)| *known == repository)
            })
        });
        is_part_of || lies_in
    };
    Ok(known.pieces.iter().filter(is_part).collect())
}

/// Commits of the last year in these pieces, and each person's last commit in them.
fn seen(
    estate: Estate<'_>,
    known: &Knowledge,
    pieces: &[&OfPiece],
    id: &str,
) -> Result<(Commits, BTreeMap<u32, i64>)> {
    let territory = Territory::of(estate)?;
    let meant: BTreeSet<&str> = pieces.iter().map(|piece| piece.id.as_str()).collect();
    let repository = estate.model.entity(id)?.map(|entity| entity.row.reference).unwrap_or_default();
    let mut commits = Commits::default();
    let mut last = BTreeMap::new();
    for history in &known.histories {
        let is_whole = repository == format!("repo:{}", history.repository);
        for commit in &history.commits {
            let touches = is_whole
                || commit.changes.iter().any(|change| {
                    let of = territory.of_path(&history.repository, &change.path);
                    of.iter().any(|place| meant.contains(territory.pieces[*place].id.as_str()))
                });
            if !touches {
                continue;
            }
            if commit.committed > known.at.saturating_sub(365 * 86_400) {
                match commit.class {
                    CommitClass::Human => commits.human += 1,
                    CommitClass::Agent => commits.agent += 1,
                    CommitClass::Bot => commits.bot += 1,
                }
            }
            for person in std::iter::once(&commit.author).chain(&commit.co_authors) {
                if let Some(person) = known.persons.of(person.as_str()) {
                    let at = last.entry(person).or_insert(commit.committed);
                    *at = commit.committed.max(*at);
                }
            }
        }
    }
    Ok((commits, last))
}

fn differences(piece: &OfPiece, known: &Knowledge, names: &People) -> Vec<String> {
    let mut differences = Vec::new();
    for word in &piece.stated {
        let name = known.persons.name(word.person, names);
        let seen = crate::knowledge::percent(&piece.by_history, |one| one == word.person);
        if word.knows && seen < WORTH_ASKING && !piece.by_history.is_empty() {
            differences.push(format!("People say that {name} knows it; history shows {seen} %."));
        }
        if !word.knows && seen >= WORTH_ASKING {
            differences.push(format!("People say that {name} does not know it; history shows {seen} %."));
        }
    }
    if piece.stated.iter().any(|word| word.knows)
        && let Some((first, _)) = ranked(&piece.by_history).first()
        && piece.stated.iter().all(|word| word.person != *first)
    {
        let name = known.persons.name(*first, names);
        let seen = crate::knowledge::percent(&piece.by_history, |one| one == *first);
        differences.push(format!("History shows {name} before all others ({seen} %), whom nobody names."));
    }
    differences
}

fn without(typed: &[String], known: &Knowledge, people: &People) -> Without {
    let mut leaving = BTreeSet::new();
    let mut not_found = Vec::new();
    for who in typed {
        let found: BTreeSet<u32> =
            people.called(who).into_iter().filter_map(|id| known.persons.of(id)).collect();
        if found.is_empty() {
            not_found.push(who.clone());
        }
        leaving.extend(found);
    }
    let stays = |person: u32| known.here.contains(&person) && !leaving.contains(&person);
    let (mut orphaned, mut on_one) = (Vec::new(), Vec::new());
    for piece in known.pieces.iter().filter(|piece| !piece.shares.is_empty()) {
        let before = piece.main_people(|person| known.here.contains(&person)).len();
        let after = risk(piece, label(piece), stays);
        match after.truck_factor {
            0 if before > 0 => orphaned.push((piece.weight(), after)),
            1 if before > 1 => on_one.push((piece.weight(), after)),
            _ => {}
        }
    }
    let sorted = |mut rows: Vec<(f64, PieceRisk)>| {
        rows.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.label.id.cmp(&b.1.label.id)));
        rows.into_iter().map(|(_, risk)| risk).collect()
    };
    Without { who: typed.to_vec(), not_found, orphaned: sorted(orphaned), on_one: sorted(on_one) }
}

fn unknown(known: &Knowledge) -> Vec<String> {
    let mut unknown = Vec::new();
    if known.histories.is_empty() {
        unknown.push("No history was read yet, so nobody is seen to know anything.".to_owned());
        return unknown;
    }
    let of = |is_meant: &dyn Fn(&crate::records::History) -> bool| -> Vec<String> {
        let meant = known.histories.iter().filter(|history| is_meant(history));
        meant.map(|history| history.repository.clone()).collect()
    };
    let shallow = of(&|history| history.head.is_shallow || history.missing_parents > 0);
    if !shallow.is_empty() {
        unknown.push(format!(
            "Of {} the beginning is missing; who worked there before is not seen.",
            crate::text::joined(&shallow, "and")
        ));
    }
    let no_people = of(&|history| {
        !history.commits.is_empty() && history.commits.iter().all(|commit| commit.class == CommitClass::Bot)
    });
    if !no_people.is_empty() {
        unknown.push(format!("{} has commits of bots only.", crate::text::joined(&no_people, "and")));
    }
    let no_files = of(&|history| history.files.iter().all(|file| file.class == FileClass::Binary));
    if !no_files.is_empty() {
        unknown.push(format!(
            "{} has no files that people write at its tip.",
            crate::text::joined(&no_files, "and")
        ));
    }
    unknown.push("Who was asked, who read and who ran it stands in no history.".to_owned());
    unknown
}
