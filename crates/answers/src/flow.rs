//! How changes flow to users: how often, how long they take, how often it goes wrong and how long that lasts.
//! docs/flow.md has the definitions with their sources.
//!
//! What happened is gathered first (`gather`), without any definition; a definition then counts it (`measures`). So
//! two definitions can be held against each other, event by event (`explain`).

pub mod devlake;
mod events;
mod explain;
mod gather;
mod measures;
pub mod releases;
mod render;
pub mod versions;

use std::collections::BTreeSet;

use serde::Serialize;
use stave_model::{Reference, Time};

use crate::records::territory::Territory;
use crate::records::{deployments, histories};
use crate::tie::tied_incidents;
use crate::{Estate, Result};

use events::Source;
pub use explain::Difference;
use gather::{Records, Subject, Traced, gather};
pub use measures::{Counted, Definition, EventKind, Figure, Measure, Name};
pub use render::span;

const DAY_MS: i64 = 24 * 3_600_000;
/// The period where the asker says none: a year.
const PERIOD_MS: i64 = 365 * DAY_MS;
/// Events of one measure, and differences, that an answer holds.
const EVENTS: usize = 200;

/// What to measure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowQuery {
    /// 12 digits of an entity; absent: every repository, and every piece with deployments.
    pub entity: Option<String>,
    /// How far back, in milliseconds; 0: a year.
    pub period_ms: i64,
    /// Whose definitions.
    pub definition: Definition,
    /// Where the two definitions differ too.
    pub explain: bool,
}

/// How changes flow to users.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Flow {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present: the end of the period.
    pub now: Time,
    /// The begin of the period.
    pub from: Time,
    /// Whose definitions.
    pub definition: Definition,
    /// The entity that was asked for, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Repositories by name, then pieces with deployments by name. Of one entity: it.
    pub pieces: Vec<FlowPiece>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// One piece's flow.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct FlowPiece {
    /// 12 digits of its entity; absent: a repository that is measured whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name; of a repository `HOST/PATH`.
    pub name: String,
    /// What deliveries are: deployments, or releases where none are known.
    pub measured_by: MeasuredBy,
    /// The begin of the period, or of what is known of it.
    pub from: Time,
    /// The last delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
    /// Changes that no delivery contains yet.
    pub waiting: u64,
    /// The five, in the order of [`Name`].
    pub measures: Vec<Measure>,
    /// Where the two definitions differ, the latest first; only where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub differences_left_out: u64,
    /// What is not known of it, as sentences.
    pub unknown: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a piece's deliveries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MeasuredBy {
    /// Deployments to production.
    Deployments,
    /// Releases.
    Releases,
}

/// How changes flow to users. Nothing where no entity has these 12 digits.
///
/// # Errors
/// Where the map or the ledger can't be read, or a record is damaged.
pub fn flow(estate: Estate<'_>, query: &FlowQuery) -> Result<Option<Flow>> {
    let asked = match &query.entity {
        None => None,
        Some(id) => match estate.entity(id)? {
            Some(entity) => Some(entity),
            None => return Ok(None),
        },
    };
    let records = Records {
        histories: histories(estate)?.into_iter().map(Traced::new).collect(),
        deployments: deployments(estate)?,
        incidents: tied_incidents(estate)?,
        territory: Territory::of(estate)?,
    };
    let period_ms = if query.period_ms > 0 { query.period_ms } else { PERIOD_MS };
    let from = Time::from_millis(estate.now.millis().saturating_sub(period_ms));
    let mut unknown = Vec::new();
    if records.histories.is_empty() && records.deployments.is_empty() {
        unknown.push(
            "Neither a history nor a deployment was read yet, so there is nothing to measure.".to_owned(),
        );
    }
    if records.incidents.is_empty() {
        unknown
            .push("No incidents were imported: what went wrong can be said within bounds only.".to_owned());
    }
    let mut pieces = Vec::new();
    if let Some(entity) = &asked {
        let (names, repository) = names_of(&entity.row.name, &entity.references);
        let subject = match &repository {
            Some(repository) if entity.row.kind == "repository" => Subject::Repository(repository),
            _ => Subject::Piece {
                place: records.territory.place(&entity.row.id),
                id: &entity.row.id,
                names: &names,
            },
        };
        let (piece, sentences) = piece_of(&records, &subject, &entity.row.name, from, estate.now, query);
        match piece {
            Some(piece) => {
                pieces.push(FlowPiece { id: Some(entity.row.id.clone()), unknown: sentences, ..piece })
            }
            None => {
                unknown.extend(sentences);
                unknown.push(format!("No change and no deployment of {} is known.", entity.row.name));
            }
        }
    } else {
        for traced in &records.histories {
            let repository = &traced.history.repository;
            let subject = Subject::Repository(repository);
            let (piece, sentences) = piece_of(&records, &subject, repository, from, estate.now, query);
            pieces.extend(piece.map(|piece| FlowPiece { unknown: sentences, ..piece }));
        }
        pieces.extend(deployed_pieces(&records, from, estate.now, query));
        for measure in pieces.iter_mut().flat_map(|piece| &mut piece.measures) {
            measure.events_left_out += measure.events.len() as u64;
            measure.events.clear();
        }
    }
    Ok(Some(Flow {
        position: estate.position()?,
        now: estate.now,
        from,
        definition: query.definition,
        asked: asked.map(|entity| entity.row.name),
        pieces,
        unknown,
    }))
}

/// The names by which deployments may call a piece, in lower case, and the repository that it is.
fn names_of(name: &str, references: &[String]) -> (BTreeSet<String>, Option<String>) {
    let mut names = BTreeSet::from([name.to_lowercase()]);
    let mut repository = None;
    for reference in references.iter().filter_map(|text| text.parse::<Reference>().ok()) {
        let short = reference.short_name().to_lowercase();
        if !short.is_empty() {
            names.insert(short);
        }
        if reference.kind() == "repo" && reference.in_repository().is_none() {
            repository = reference.as_str().strip_prefix("repo:").map(str::to_owned);
        }
    }
    (names, repository)
}

/// The pieces that deployments name, by name.
fn deployed_pieces(records: &Records, from: Time, now: Time, query: &FlowQuery) -> Vec<FlowPiece> {
    let services: BTreeSet<String> = records
        .deployments
        .iter()
        .flat_map(|deployment| &deployment.services)
        .map(|name| name.to_lowercase())
        .collect();
    let mut found = Vec::new();
    for (place, piece) in records.territory.pieces.iter().enumerate() {
        let names = BTreeSet::from([piece.name.to_lowercase()]);
        if piece.kind != "component" || services.is_disjoint(&names) {
            continue;
        }
        let subject = Subject::Piece { place: Some(place), id: &piece.id, names: &names };
        let (measured, sentences) = piece_of(records, &subject, &piece.name, from, now, query);
        found.extend(measured.map(|measured| FlowPiece {
            id: Some(piece.id.clone()),
            unknown: sentences,
            ..measured
        }));
    }
    found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    found
}

fn piece_of(
    records: &Records,
    subject: &Subject<'_>,
    name: &str,
    from: Time,
    now: Time,
    query: &FlowQuery,
) -> (Option<FlowPiece>, Vec<String>) {
    let (events, sentences) = gather(records, subject, from, now);
    let Some(events) = events else { return (None, sentences) };
    let mut measures = measures::measures(&events, query.definition);
    for measure in &mut measures {
        measure.events_left_out = measure.events.len().saturating_sub(EVENTS) as u64;
        measure.events.truncate(EVENTS);
    }
    let mut differences = if query.explain { explain::differences(&events) } else { Vec::new() };
    let differences_left_out = differences.len().saturating_sub(EVENTS) as u64;
    differences.truncate(EVENTS);
    let waiting =
        events.changes.iter().filter(|change| change.delivery.is_none() && change.committed <= now).count();
    let piece = FlowPiece {
        id: None,
        name: name.to_owned(),
        measured_by: match events.source {
            Source::Deployments => MeasuredBy::Deployments,
            Source::Releases => MeasuredBy::Releases,
        },
        from: events.from,
        last: events.deliveries.last().map(|delivery| delivery.at),
        waiting: waiting as u64,
        measures,
        differences,
        differences_left_out,
        unknown: Vec::new(),
    };
    (Some(piece), sentences)
}
