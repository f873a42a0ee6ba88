//! The barrel of a piece: seven staves from 0 to 10, as high as the lowest. See docs/barrel.md.

mod grounds;
mod levels;
mod text;

use serde::Serialize;
use stave_map::{Entity, Label};
use stave_model::Time;

pub(crate) use grounds::Grounds;
pub use levels::StaveName;

use crate::knowledge::OfPiece;
use crate::when::{day, lasting};
use crate::{Estate, Result};

const DAY: i64 = 86_400;
/// How far back incidents and deliveries count.
const YEAR: i64 = 365 * DAY;

/// A piece with its staves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Barrel {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present that ages are counted from.
    pub now: Time,
    /// The piece.
    #[serde(flatten)]
    pub piece: Label,
    /// Of a system: how many parts it has. A system's stave is that of its lowest part.
    #[serde(skip_serializing_if = "crate::summary::is_zero")]
    pub parts: u64,
    /// The level of the lowest stave that is known; absent: none is.
    pub height: Option<u8>,
    /// The staves, in a fixed order.
    pub staves: Vec<Stave>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// One quality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Stave {
    /// Which.
    pub name: StaveName,
    /// Its level, 0 to 10; absent: unknown, which is not 0.
    pub level: Option<u8>,
    /// What was measured, or why it is unknown.
    pub measured: String,
    /// Where that can be checked.
    pub evidence: Vec<String>,
    /// The age of what it rests on: when the newest of it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Time>,
    /// What lifts it by one step; absent at the top, and where it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift: Option<Lift>,
    /// Of a system: the part that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Label>,
}

/// One step up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Lift {
    /// To which level.
    pub to: u8,
    /// What it takes.
    pub takes: String,
}

impl Barrel {
    /// The lowest staves.
    pub fn lowest(&self) -> impl Iterator<Item = &Stave> {
        self.staves.iter().filter(|stave| stave.level.is_some() && stave.level == self.height)
    }

    /// How high the barrel would be if one of its lowest staves were lifted by one step: as high as the next lowest
    /// one allows.
    pub fn height_after(&self, lifted: &Stave) -> Option<u8> {
        let to = lifted.lift.as_ref()?.to;
        let others =
            self.staves.iter().filter(|stave| stave.name != lifted.name).filter_map(|stave| stave.level);
        Some(others.min().map_or(to, |other| other.min(to)))
    }
}

/// The barrel of an entity (12 digits); nothing where there is no such entity.
///
/// # Errors
/// Where the map or the ledger can't be read, or a record is damaged.
pub fn barrel(estate: Estate<'_>, id: &str) -> Result<Option<Barrel>> {
    estate.model.snapshot(|_| {
        let Some(entity) = estate.entity(id)? else { return Ok(None) };
        of_entity(estate, &Grounds::of(estate)?, &entity).map(Some)
    })
}

/// The barrel of an entity, on what was gathered.
pub(crate) fn of_entity(estate: Estate<'_>, grounds: &Grounds, entity: &Entity) -> Result<Barrel> {
    let parts = match entity.row.kind.as_str() {
        "system" | "domain" => grounds::parts(estate, &entity.row.id)?,
        _ => Default::default(),
    };
    let mut staves = own(grounds, entity);
    for id in &parts {
        let Some(part) = estate.entity(id)? else { continue };
        for (lowest, mut stave) in staves.iter_mut().zip(own(grounds, &part)) {
            let is_lower = stave.level.is_some_and(|level| lowest.level.is_none_or(|known| level < known));
            // A system needs no owner, code or release of its own where its parts have theirs.
            if is_lower || (lowest.part.is_none() && stave.level.is_some()) {
                stave.part = Some(label(&part));
                *lowest = stave;
            }
        }
    }
    let height = staves.iter().filter_map(|stave| stave.level).min();
    let mut unknown = Vec::new();
    let missing = staves.iter().filter(|stave| stave.level.is_none()).count();
    if missing > 0 {
        let which = if missing == 1 { "1 stave is" } else { &format!("{missing} staves are") };
        unknown.push(format!(
            "{which} unknown, which is not 0; the barrel is as high as the lowest that is known."
        ));
    }
    if grounds.knowledge.histories.is_empty() {
        unknown.push("No history was read, so nothing is known of code, people and releases.".to_owned());
    }
    Ok(Barrel {
        position: estate.position()?,
        now: estate.now,
        piece: label(entity),
        parts: parts.len() as u64,
        height,
        staves,
        unknown,
    })
}

fn label(entity: &Entity) -> Label {
    let row = &entity.row;
    Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: row.hidden }
}

/// The staves of one entity by itself, in the order of [`StaveName::ALL`].
fn own(grounds: &Grounds, entity: &Entity) -> Vec<Stave> {
    let on = Measured { grounds, entity, now: grounds.now.millis().div_euclid(1_000) };
    StaveName::ALL
        .iter()
        .map(|name| match name {
            StaveName::Delivery => on.delivery(),
            StaveName::Recovery => on.recovery(),
            StaveName::Knowledge => on.knowledge(),
            StaveName::Tests => on.tests(),
            StaveName::Currency => on.currency(),
            StaveName::Documentation => on.documentation(),
            StaveName::Ownership => on.ownership(),
        })
        .collect()
}

fn unknown(name: StaveName, why: &str) -> Stave {
    Stave {
        name,
        level: None,
        measured: why.to_owned(),
        evidence: Vec::new(),
        as_of: None,
        lift: None,
        part: None,
    }
}

fn known(
    name: StaveName,
    measure: i64,
    measured: String,
    evidence: Vec<String>,
    as_of: Option<i64>,
) -> Stave {
    let level = name.level(measure);
    let lift = name.step_above(level).map(|(to, takes)| Lift { to, takes: takes.to_owned() });
    let as_of = as_of.map(|seconds| Time::from_millis(seconds.saturating_mul(1_000)));
    Stave { name, level: Some(level), measured, evidence, as_of, lift, part: None }
}

/// `3 days`, `1 day`.
fn days(seconds: i64) -> String {
    let days = seconds.max(0) / DAY;
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// `2026-09-24`, of seconds since 1970.
fn date(seconds: i64) -> String {
    day(Time::from_millis(seconds.saturating_mul(1_000)))
}

/// One entity on what was gathered.
struct Measured<'a> {
    grounds: &'a Grounds,
    entity: &'a Entity,
    now: i64,
}

impl Measured<'_> {
    fn id(&self) -> &str {
        &self.entity.row.id
    }

    fn piece(&self) -> Option<&OfPiece> {
        let pieces = &self.grounds.knowledge.pieces;
        pieces.binary_search_by(|piece| piece.id.as_str().cmp(self.id())).ok().map(|place| &pieces[place])
    }

    fn files(&self) -> Option<&grounds::Files> {
        self.grounds.files.get(self.id())
    }

    /// Deployments into production; where none are known, tags.
    fn delivery(&self) -> Stave {
        let name = StaveName::Delivery;
        let deployed = self.grounds.deployed.get(self.id());
        let released = self.files().map(|files| &files.releases).filter(|releases| !releases.is_empty());
        let Some((rows, what)) =
            deployed.map(|rows| (rows, "deployment")).or(released.map(|rows| (rows, "release")))
        else {
            return unknown(name, "neither a deployment nor a release is known");
        };
        let within =
            |span: i64| rows.iter().filter(|(at, _)| *at > self.now - span && *at <= self.now).count();
        let (lately, in_year) = (within(90 * DAY), within(YEAR));
        let measure = match (lately, in_year) {
            (0, 0) => -2,
            (0, _) => -1,
            (count, _) => i64::try_from(count).unwrap_or(i64::MAX),
        };
        let plural = if lately == 1 { "" } else { "s" };
        let newest = rows.iter().rev().find(|(at, _)| *at <= self.now);
        let evidence = newest.iter().map(|(at, version)| format!("the last {what}: {version} {}", date(*at)));
        let evidence = evidence.map(|text| text.replace("  ", " ")).collect();
        let measured = format!("{lately} {what}{plural} in 90 days, {in_year} in a year");
        known(name, measure, measured, evidence, newest.map(|(at, _)| *at))
    }

    fn recovery(&self) -> Stave {
        let name = StaveName::Recovery;
        let mut lasted: Vec<(i64, &str)> = Vec::new();
        let mut newest = None;
        for place in self.grounds.went_down.get(self.id()).into_iter().flatten() {
            let incident = &self.grounds.incidents[*place].incident;
            let begun = incident.started.millis().div_euclid(1_000);
            let counts = !incident.is_planned && begun > self.now - YEAR && begun <= self.now;
            if !counts {
                continue;
            }
            let end = incident.resolved.map_or(self.now, |resolved| resolved.millis().div_euclid(1_000));
            lasted.push(((end - begun).max(0), &incident.key));
            newest = newest.max(Some(begun));
        }
        lasted.sort_unstable();
        // Of an even number the longer one of the two in the middle.
        let Some((middle, _)) = lasted.get(lasted.len() / 2) else {
            return unknown(name, "no incident of the last year is tied to it");
        };
        let longest = lasted.iter().rev().take(3);
        let evidence = longest
            .map(|(seconds, key)| format!("{key}: {}", lasting(seconds.unsigned_abs() * 1_000)))
            .collect();
        let count = lasted.len();
        let plural = if count == 1 { "" } else { "s" };
        let measured = format!(
            "the middle one of {count} incident{plural} lasted {}",
            lasting(middle.unsigned_abs() * 1_000)
        );
        known(name, -middle, measured, evidence, newest)
    }

    fn knowledge(&self) -> Stave {
        let name = StaveName::Knowledge;
        let knowledge = &self.grounds.knowledge;
        let Some(piece) = self.piece() else {
            return unknown(name, "no history of its code was read");
        };
        if piece.shares.is_empty() {
            return unknown(name, "nobody is seen to have worked on it");
        }
        let is_here = |person: u32| knowledge.here.contains(&person);
        let people = piece.main_people(is_here).len();
        let held = piece.percent(is_here);
        let measured = match people {
            0 => "orphaned: who knows it isn't here any more".to_owned(),
            1 => "one person must leave before it is orphaned".to_owned(),
            people => format!("{people} people must leave before it is orphaned"),
        };
        let evidence = vec![format!("{held} % of what is known of it is known by people who are here")];
        known(name, i64::try_from(people).unwrap_or(i64::MAX), measured, evidence, Some(knowledge.at))
    }

    fn tests(&self) -> Stave {
        let name = StaveName::Tests;
        let Some(files) = self.files().filter(|files| files.source_bytes + files.test_bytes > 0) else {
            return unknown(name, "no code of it was read");
        };
        let all = files.source_bytes + files.test_bytes;
        let percent = files.test_bytes.saturating_mul(100).div_ceil(all);
        if percent < 10 && files.tested_inside_bytes > files.source_bytes / 2 {
            return unknown(name, "its language has tests in the same files as the code");
        }
        let measured = format!("{percent} % of the code is tests");
        let evidence = vec![format!(
            "{} kB of tests, {} kB of other code",
            files.test_bytes / 1_000,
            files.source_bytes / 1_000
        )];
        known(
            name,
            i64::try_from(percent).unwrap_or(100),
            measured,
            evidence,
            files.source.as_ref().map(|(at, _)| *at),
        )
    }

    fn currency(&self) -> Stave {
        let name = StaveName::Currency;
        let Some((at, path)) = self.files().and_then(|files| files.list.as_ref()) else {
            return unknown(name, "no list of what it stands on was found in its folder");
        };
        let age = (self.now - at).max(0);
        let measured = format!("dependencies were last touched {} ago", days(age));
        known(name, -(age / DAY), measured, vec![format!("{path} {}", date(*at))], Some(*at))
    }

    fn documentation(&self) -> Stave {
        let name = StaveName::Documentation;
        let Some(files) = self.files().filter(|files| files.source_bytes > 0) else {
            return unknown(name, "no code of it was read");
        };
        if files.documents == 0 {
            return known(
                name,
                i64::MIN,
                "no page of documentation in its folder".to_owned(),
                Vec::new(),
                None,
            );
        }
        let (Some((source, _)), Some((document, path))) = (&files.source, &files.document) else {
            return unknown(name, "when its documentation was changed is not known");
        };
        let behind = (source - document).max(0);
        let measured = match behind / DAY {
            0 => "the newest documentation is as new as the code".to_owned(),
            _ => format!("the newest documentation is {} older than the code", days(behind)),
        };
        known(name, -(behind / DAY), measured, vec![format!("{path} {}", date(*document))], Some(*document))
    }

    fn ownership(&self) -> Stave {
        let name = StaveName::Ownership;
        let owners = grounds::owners(self.entity);
        if owners.is_empty() {
            return known(name, 0, "nobody owns it".to_owned(), Vec::new(), None);
        }
        let piece = self.piece();
        let checked = piece.map_or(0, |piece| piece.owners);
        let idle = piece.map_or(0, |piece| piece.idle_owners.len() as u64);
        let (measure, measured) = if checked == 0 {
            (2, "it has an owner; whether they know it can't be checked")
        } else if idle >= checked {
            (1, "it has an owner, who is not seen to work on it any more")
        } else {
            (3, "it has an owner, who is seen to work on it")
        };
        let mut evidence: Vec<String> =
            owners.into_iter().map(|(_, basis)| format!("owner {basis}")).collect();
        evidence.dedup();
        known(name, measure, measured.to_owned(), evidence, None)
    }
}
