//! Where most of the work is done, and what changes together. docs/knowledge.md has the formulas. No names: a hotspot is
//! a place in the code.

mod coupling;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use stave_map::Label;
use stave_model::Time;
use stave_model::records::{ChangeKind, CommitClass, FileClass};

use crate::records::territory::Territory;
use crate::records::{History, histories};
use crate::text::{Cell, Role, Style, Writer, counted, grouped};
use crate::when::day;
use crate::{Estate, Result};

pub use coupling::Coupling;

/// How far back changes count.
const WINDOW_SECONDS: i64 = 365 * 86_400;
/// Rows of each list, unless all are asked for.
const SHOWN: usize = 20;
/// What files count: what people write and what runs.
const CODE: &[FileClass] = &[FileClass::Source, FileClass::Test];

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HotspotQuery {
    /// 12 digits of the piece to look into; none: the estate.
    pub entity: Option<String>,
    /// All, not only the first ones.
    pub all: bool,
}

/// Where most of the work is done.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Hotspots {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The changes of the year before this moment count: the newest commit.
    pub counted_at: Time,
    /// The piece that is looked into; absent: the estate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Label>,
    /// Pieces, the hottest first; of one piece, it alone.
    pub pieces: Vec<HotPiece>,
    /// Files of the piece, the hottest first; empty for the estate.
    pub files: Vec<HotFile>,
    /// What changes together, the surest first.
    pub couplings: Vec<Coupling>,
    /// Rows of the longest list that aren't shown.
    #[serde(skip_serializing_if = "crate::summary::is_zero")]
    pub more: u64,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// A piece, and how much is done in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HotPiece {
    /// The piece.
    #[serde(flatten)]
    pub label: Label,
    /// Commits of the last year that change it.
    pub commits: u64,
    /// Changes of files in them.
    pub changes: u64,
    /// Size of its code.
    pub bytes: u64,
    /// Its share of all heat in the estate, in tenths of a percent: heat is changes times bytes, file by file.
    pub heat_permille: u32,
}

/// A file, and how much is done in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HotFile {
    /// The repository.
    pub repository: String,
    /// The path.
    pub path: String,
    /// Changes of the last year.
    pub changes: u64,
    /// Its size.
    pub bytes: u64,
    /// Its share of the piece's heat, in tenths of a percent.
    pub heat_permille: u32,
}

/// Work on one piece.
#[derive(Clone, Debug, Default)]
struct Work {
    commits: u64,
    changes: u64,
    bytes: u64,
    heat: u128,
    files: Vec<(String, String, u64, u64)>,
}

/// Where most of the work is done; none where there is no such entity.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn hotspots(estate: Estate<'_>, query: &HotspotQuery) -> Result<Option<Hotspots>> {
    estate.model.snapshot(|_| {
        let of = match &query.entity {
            None => None,
            Some(id) => match estate.entity(id)? {
                Some(entity) => Some(Label {
                    id: entity.row.id,
                    name: entity.row.name,
                    kind: entity.row.kind,
                    hidden: entity.row.hidden,
                }),
                None => return Ok(None),
            },
        };
        let histories = histories(estate)?;
        let territory = Territory::of(estate)?;
        let now = estate.now.millis().div_euclid(1_000);
        let commits = histories.iter().flat_map(|history| &history.commits);
        let at = commits.map(|commit| commit.committed).filter(|at| *at <= now).max().unwrap_or(now);
        let work = work(&histories, &territory, at);
        let all_heat: u128 = work.values().map(|work| work.heat).sum();
        let mut pieces: Vec<(u128, HotPiece)> = work
            .iter()
            .filter(|(_, work)| work.changes > 0)
            .map(|(place, work)| {
                let piece = &territory.pieces[*place];
                let label = Label {
                    id: piece.id.clone(),
                    name: piece.name.clone(),
                    kind: piece.kind.clone(),
                    hidden: false,
                };
                let row = HotPiece {
                    label,
                    commits: work.commits,
                    changes: work.changes,
                    bytes: work.bytes,
                    heat_permille: permille(work.heat, all_heat),
                };
                (work.heat, row)
            })
            .collect();
        pieces.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.label.id.cmp(&b.1.label.id)));
        let mut pieces: Vec<HotPiece> = pieces.into_iter().map(|(_, row)| row).collect();
        let mut couplings = coupling::couplings(&histories, &territory, at);
        let mut files = Vec::new();
        if let Some(of) = &of {
            pieces.retain(|piece| piece.label.id == of.id);
            couplings.retain(|coupling| coupling.pieces.iter().any(|piece| piece.id == of.id));
            let place = territory.place(&of.id);
            files = place.and_then(|place| work.get(&place)).map(hot_files).unwrap_or_default();
        }
        let most = pieces.len().max(files.len()).max(couplings.len());
        let mut more = 0;
        if !query.all {
            more = most.saturating_sub(SHOWN) as u64;
            pieces.truncate(SHOWN);
            files.truncate(SHOWN);
            couplings.truncate(SHOWN);
        }
        let unknown = unknown(&histories, &pieces);
        let counted_at = Time::from_millis(at.saturating_mul(1_000));
        let position = estate.position()?;
        Ok(Some(Hotspots { position, counted_at, of, pieces, files, couplings, more, unknown }))
    })
}

/// Work of the last year, by place of the piece.
fn work(histories: &[History], territory: &Territory, at: i64) -> BTreeMap<usize, Work> {
    let mut found: BTreeMap<usize, Work> = BTreeMap::new();
    for history in histories {
        // A renamed file is what it was: changes under its old names count for the name that it has.
        let mut changes: HashMap<&str, u64> = HashMap::new();
        for commit in history.commits.iter().filter(|commit| commit.class != CommitClass::Bot) {
            let counts = commit.committed > at.saturating_sub(WINDOW_SECONDS)
                && history.head.ignored.binary_search(&commit.id).is_err();
            let mut touched = std::collections::BTreeSet::new();
            for change in &commit.changes {
                if change.kind == ChangeKind::Renamed {
                    let before = changes.get(change.from.as_deref().unwrap_or_default()).copied();
                    changes.insert(&change.path, before.unwrap_or_default());
                }
                if counts && change.kind != ChangeKind::Deleted {
                    *changes.entry(&change.path).or_default() += 1;
                }
                touched.extend(territory.of_path(&history.repository, &change.path).iter().copied());
            }
            if counts {
                touched.into_iter().for_each(|place| found.entry(place).or_default().commits += 1);
            }
        }
        for file in history.files.iter().filter(|file| CODE.contains(&file.class)) {
            let count = changes.get(file.path.as_str()).copied().unwrap_or_default();
            for place in territory.of_path(&history.repository, &file.path) {
                let work = found.entry(*place).or_default();
                work.changes += count;
                work.bytes = work.bytes.saturating_add(file.bytes);
                work.heat = work.heat.saturating_add(u128::from(count) * u128::from(file.bytes));
                if count > 0 {
                    let repository = history.repository.clone();
                    work.files.push((repository, file.path.clone(), count, file.bytes));
                }
            }
        }
    }
    found
}

fn hot_files(work: &Work) -> Vec<HotFile> {
    let heat = |changes: u64, bytes: u64| u128::from(changes) * u128::from(bytes);
    let mut files: Vec<&(String, String, u64, u64)> = work.files.iter().collect();
    files.sort_by(|a, b| heat(b.2, b.3).cmp(&heat(a.2, a.3)).then_with(|| a.1.cmp(&b.1)));
    files
        .into_iter()
        .map(|(repository, path, changes, bytes)| HotFile {
            repository: repository.clone(),
            path: path.clone(),
            changes: *changes,
            bytes: *bytes,
            heat_permille: permille(heat(*changes, *bytes), work.heat),
        })
        .collect()
}

fn permille(part: u128, all: u128) -> u32 {
    u32::try_from(part.saturating_mul(1_000) / all.max(1)).unwrap_or(u32::MAX)
}

fn unknown(histories: &[History], pieces: &[HotPiece]) -> Vec<String> {
    let mut unknown = Vec::new();
    if histories.is_empty() {
        unknown.push("No history was read yet, so nobody knows where the work is done.".to_owned());
    } else if pieces.is_empty() {
        unknown.push("No commit of the last year changes the code of a piece on the map.".to_owned());
    }
    unknown
}

impl HotPiece {
    /// Its share of the heat: `12.5 %`.
    pub fn share_text(&self) -> String {
        share_text(self.heat_permille)
    }
}

impl HotFile {
    /// Its share of the piece's heat.
    pub fn share_text(&self) -> String {
        share_text(self.heat_permille)
    }
}

fn share_text(permille: u32) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// A size as people read it: `12 kB`.
pub fn size_text(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", grouped(bytes / 1_000_000)),
    }
}

impl Hotspots {
    /// How many, as a sentence.
    pub fn sentence(&self) -> String {
        let until = day(self.counted_at);
        match (&self.of, self.pieces.as_slice()) {
            (Some(of), []) => {
                format!("No work on {} is seen in the year until {until}.", crate::text::tame(&of.name))
            }
            (Some(_), [piece, ..]) => format!(
                "{} and {} of files in the year until {until}; {} of all heat in the estate.",
                counted(piece.commits, "commit", "commits"),
                counted(piece.changes, "change", "changes"),
                piece.share_text()
            ),
            (None, []) => format!("No work on a piece is seen in the year until {until}."),
            (None, pieces) => format!(
                "{} with work in the year until {until}, the hottest first: changes times size.",
                counted(pieces.len() as u64 + self.more, "piece", "pieces"),
            ),
        }
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.prose(0, None, &self.sentence());
        if self.of.is_none() && !self.pieces.is_empty() {
            page.gap();
            let row = |piece: &HotPiece| {
                vec![
                    Cell::of(Role::Name, &piece.label.name),
                    Cell::new(&piece.share_text()),
                    Cell::new(&counted(piece.changes, "change", "changes")),
                    Cell::of(Role::Quiet, &size_text(piece.bytes)),
                ]
            };
            page.table(2, &self.pieces.iter().map(row).collect::<Vec<_>>());
        }
        if !self.files.is_empty() {
            page.gap();
            page.prose(0, Some(Role::Heading), "Files");
            let row = |file: &HotFile| {
                vec![
                    Cell::of(Role::Name, &file.path),
                    Cell::new(&file.share_text()),
                    Cell::new(&counted(file.changes, "change", "changes")),
                    Cell::of(Role::Quiet, &size_text(file.bytes)),
                ]
            };
            page.table(2, &self.files.iter().map(row).collect::<Vec<_>>());
        }
        if !self.couplings.is_empty() {
            page.gap();
            page.prose(0, Some(Role::Heading), "Changes together");
            for coupling in &self.couplings {
                page.prose(2, None, &coupling.text());
            }
        }
        page.gap();
        let more = if self.more > 0 { format!("{} more; ", grouped(self.more)) } else { String::new() };
        page.prose(0, Some(Role::Quiet), &format!("{more}position {}", self.position));
        page.unknown(&self.unknown);
        page.end()
    }
}
