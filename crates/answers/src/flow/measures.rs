//! The five measures, and what they are made of. Figures are made here and nowhere else; docs/flow.md has each definition
//! with its source.

use serde::Serialize;
use stave_model::Time;

use super::devlake;
use super::events::{Change, Events, Failure, Merge, Source};
use crate::statistics::{CONFIDENCE, Interval, Sorted, poisson, wilson};
use crate::when::day;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: f64 = (7 * DAY_MS) as f64;
/// An incident that begins within so long after a delivery counts against it, under the definition `dora`, where its
/// source names no cause.
const FOLLOWS_MS: i64 = DAY_MS;

/// Whose definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Definition {
    /// DORA's, made exact in docs/flow.md.
    #[default]
    Dora,
    /// Apache DevLake's.
    Devlake,
}

/// One of the five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// Deployments, or releases, per week.
    DeploymentFrequency,
    /// From commit to users, in milliseconds.
    LeadTimeForChanges,
    /// The share of deliveries that had to be put right at once.
    ChangeFailRate,
    /// How long that took, in milliseconds.
    FailedDeploymentRecoveryTime,
    /// The share of deliveries that were made only to put something right.
    ReworkRate,
}

/// A figure: exact, between bounds, or not to be had.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Figure {
    /// A point with its interval at 95 %.
    Exact {
        /// It.
        value: f64,
        /// Absent where the sample is too small for one.
        #[serde(skip_serializing_if = "Option::is_none")]
        interval: Option<Interval>,
    },
    /// Between what is certain and what is possible; nothing says where.
    Between {
        /// At least; absent: nothing is certain.
        #[serde(skip_serializing_if = "Option::is_none")]
        low: Option<f64>,
        /// At most; absent: there is no limit.
        #[serde(skip_serializing_if = "Option::is_none")]
        high: Option<f64>,
    },
    /// Nothing can be said.
    Unknown {
        /// Why, as a sentence.
        why: String,
    },
}

/// One measure.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Measure {
    /// Which.
    pub name: Name,
    /// It. Per week, milliseconds, or a share from 0 to 1.
    pub figure: Figure,
    /// How many events it is made of: deliveries of the two rates and the frequency, changes, recoveries.
    pub sample: u64,
    /// What it is made of, the latest first.
    pub events: Vec<Counted>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub events_left_out: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// An event that a measure counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Counted {
    /// What it is.
    pub kind: EventKind,
    /// A tag's name, a deployment's or incident's key, a commit's id.
    pub id: String,
    /// When.
    pub at: Time,
    /// How long, where it has a length: in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<i64>,
    /// Whether it certainly counts; of bounds the upper one counts the others too.
    pub is_certain: bool,
    /// How it counts, as a phrase.
    pub because: String,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// A version that was cut.
    Release,
    /// A version that was put into production.
    Deployment,
    /// A commit.
    Commit,
    /// A merge, or a single commit, on the branch itself.
    Merge,
    /// An incident.
    Incident,
}

/// The five measures under a definition, in the order of [`Name`].
pub(super) fn measures(events: &Events, definition: Definition) -> Vec<Measure> {
    match definition {
        Definition::Dora => dora(events),
        Definition::Devlake => by_devlake(events),
    }
}

fn measure(name: Name, figure: Figure, sample: usize, mut counted: Vec<Counted>) -> Measure {
    counted.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    Measure { name, figure, sample: sample as u64, events: counted, events_left_out: 0 }
}

fn unknown(why: &str) -> Figure {
    Figure::Unknown { why: why.to_owned() }
}

/// A share of deliveries.
fn share(hits: usize, of: usize) -> Figure {
    match of {
        0 => unknown("Nothing was delivered in this time."),
        _ => Figure::Exact {
            value: hits as f64 / of as f64,
            interval: wilson(hits as u64, of as u64, CONFIDENCE),
        },
    }
}

/// A share of deliveries of which some certainly count and others may.
fn share_between(events: &Events, counted: &[Counted], of: usize) -> Figure {
    if of == 0 {
        return unknown("Nothing was delivered in this time.");
    }
    let certain = counted.iter().filter(|one| one.is_certain).count() as f64 / of as f64;
    let possible = counted.len() as f64 / of as f64;
    match events.source {
        Source::Releases => Figure::Between { low: Some(certain), high: Some(possible) },
        // Of deployments without incidents nobody knows which failed.
        Source::Deployments if certain > 0.0 => Figure::Between { low: Some(certain), high: None },
        Source::Deployments => unknown("No incidents were imported."),
    }
}

fn median(counted: &[Counted]) -> Option<(f64, Option<Interval>)> {
    let sample = Sorted::new(counted.iter().filter_map(|one| Some(one.ms? as f64)));
    Some((sample.median()?, sample.quantile_interval(0.5, CONFIDENCE)))
}

fn delivered(events: &Events, place: usize, is_certain: bool, ms: Option<i64>, because: String) -> Counted {
    let one = &events.deliveries[place];
    let kind = match events.source {
        Source::Deployments => EventKind::Deployment,
        Source::Releases => EventKind::Release,
    };
    Counted { kind, id: one.id.clone(), at: one.at, ms, is_certain, because, url: one.url.clone() }
}

/// A delivery that failed, with all that says so.
struct Failed {
    place: usize,
    is_certain: bool,
    because: String,
    recovered_ms: Option<i64>,
}

fn dora(events: &Events) -> Vec<Measure> {
    let places = events.delivered();
    let is_exact = events.source == Source::Deployments && events.has_incidents;

    let rows = places.iter().map(|place| delivered(events, *place, true, None, "counts as one".to_owned()));
    let weeks = (events.to.millis() - events.from.millis()) as f64 / WEEK_MS;
    // Of less than a week nothing can be said per week: the interval of "none in an hour" has thousands in it.
    let frequency = if weeks >= 1.0 {
        let count = places.len();
        let interval = poisson(count as u64, CONFIDENCE).times(1.0 / weeks);
        Figure::Exact { value: count as f64 / weeks, interval: Some(interval) }
    } else {
        unknown("What is known spans less than a week.")
    };
    let frequency = measure(Name::DeploymentFrequency, frequency, places.len(), rows.collect());

    let changes: Vec<Counted> = events.changes.iter().filter_map(|change| lead(events, change)).collect();
    let figure = match median(&changes) {
        Some((value, interval)) => Figure::Exact { value, interval },
        None => unknown("No change reached users in this time that it is known of."),
    };
    let lead_time = measure(Name::LeadTimeForChanges, figure, changes.len(), changes);

    let failed = failed(events, &places);
    let rows: Vec<Counted> = failed
        .iter()
        .map(|one| delivered(events, one.place, one.is_certain, None, one.because.clone()))
        .collect();
    let figure =
        if is_exact { share(rows.len(), places.len()) } else { share_between(events, &rows, places.len()) };
    let fail_rate = measure(Name::ChangeFailRate, figure, places.len(), rows);

    let rows: Vec<Counted> = failed
        .iter()
        .filter(|one| one.is_certain && one.recovered_ms.is_some())
        .map(|one| delivered(events, one.place, true, one.recovered_ms, one.because.clone()))
        .collect();
    let figure = match median(&rows) {
        Some((value, interval)) if is_exact => Figure::Exact { value, interval },
        // Users may have been well again before the next delivery, by other means.
        Some((value, _)) => Figure::Between { low: None, high: Some(value) },
        None => unknown("No failure is known that was put right."),
    };
    let recovery = measure(Name::FailedDeploymentRecoveryTime, figure, rows.len(), rows);

    let rows: Vec<Counted> = places.iter().filter_map(|place| rework(events, *place)).collect();
    let figure =
        if is_exact { share(rows.len(), places.len()) } else { share_between(events, &rows, places.len()) };
    let rework = measure(Name::ReworkRate, figure, places.len(), rows);

    vec![frequency, lead_time, fail_rate, recovery, rework]
}

/// How long a change took to its first delivery, where that lies in the period.
pub(super) fn lead(events: &Events, change: &Change) -> Option<Counted> {
    let delivery = events.deliveries.get(change.delivery?)?;
    let ms = delivery.at.millis() - change.committed.millis();
    if change.is_imported || delivery.opens_row || !events.covers(delivery.at) || ms < 0 {
        return None;
    }
    Some(Counted {
        kind: EventKind::Commit,
        id: change.id.clone(),
        at: change.committed,
        ms: Some(ms),
        is_certain: true,
        because: format!("from its commit to {}", delivery.id),
        url: change.url.clone(),
    })
}

/// The delivery that an incident counts against under the definition `dora`, and why.
pub(super) fn caused(events: &Events, failure: &Failure) -> Option<(usize, String)> {
    if let Some(place) = failure.caused_by {
        return Some((place, format!("{} names it as its cause", failure.key)));
    }
    let place = events.deliveries.partition_point(|one| one.at <= failure.started).checked_sub(1)?;
    let passed_ms = failure.started.millis() - events.deliveries[place].at.millis();
    (passed_ms <= FOLLOWS_MS).then(|| (place, format!("{} began within a day of it", failure.key)))
}

fn failed(events: &Events, places: &[usize]) -> Vec<Failed> {
    let mut all = Vec::new();
    for place in places.iter().copied() {
        let one = &events.deliveries[place];
        let mut certain = Vec::new();
        let mut possible = Vec::new();
        let mut recoveries_ms = Vec::new();
        let mut is_open = false;
        for failure in &events.failures {
            let Some((_, why)) = caused(events, failure).filter(|(caused, _)| *caused == place) else {
                continue;
            };
            // What follows a release need not come of it: nobody says when it was deployed.
            if events.source == Source::Releases && failure.caused_by.is_none() {
                possible.push(why);
                continue;
            }
            certain.push(why);
            match failure.resolved {
                Some(resolved) => recoveries_ms.push(resolved.millis() - failure.started.millis()),
                None => is_open = true,
            }
        }
        for (later, other) in events.deliveries.iter().enumerate().skip(place + 1) {
            if other.is_rollback && events.before(later) == Some(place) {
                certain.push(format!("{} took it back", other.id));
                recoveries_ms.push(other.at.millis() - one.at.millis());
            }
            if other.amends == Some(place) {
                possible.push(format!("{} patched it off the usual cadence", other.id));
            }
        }
        if events.source == Source::Releases {
            for change in events.changes.iter().filter(|change| change.takes_back.contains(&place)) {
                if let Some(by) = change.delivery.and_then(|by| events.deliveries.get(by)) {
                    certain.push(format!("{} took a change of it back, in {}", short(&change.id), by.id));
                    recoveries_ms.push(by.at.millis() - one.at.millis());
                }
            }
        }
        let is_certain = !certain.is_empty();
        let Some(because) = certain.into_iter().chain(possible).next() else { continue };
        // It is well again when the last of what came of it is; while one is open nobody knows.
        let recovered_ms = recoveries_ms.into_iter().filter(|ms| *ms >= 0).max().filter(|_| !is_open);
        all.push(Failed { place, is_certain, because, recovered_ms });
    }
    all
}

/// Whether a delivery was made only to put something right.
fn rework(events: &Events, place: usize) -> Option<Counted> {
    let one = &events.deliveries[place];
    let because = |is_certain: bool, why: String| Some(delivered(events, place, is_certain, None, why));
    if one.is_rollback {
        return because(true, "it put an earlier version back".to_owned());
    }
    let during = events.failures.iter().find(|failure| {
        failure.started <= one.at && failure.resolved.is_some_and(|resolved| one.at <= resolved)
    });
    match (during, events.source) {
        (Some(failure), Source::Deployments) => {
            return because(true, format!("it came while {} was open", failure.key));
        }
        (Some(failure), Source::Releases) => {
            return because(false, format!("it came while {} was open", failure.key));
        }
        (None, _) => {}
    }
    if events.source == Source::Releases {
        let takes_back = |change: &&Change| change.delivery == Some(place) && !change.takes_back.is_empty();
        if let Some(change) = events.changes.iter().find(takes_back) {
            return because(true, format!("{} takes back what was released", short(&change.id)));
        }
        if let Some(amended) = one.amends.and_then(|place| events.deliveries.get(place)) {
            return because(false, format!("a patch of {} off the usual cadence", amended.id));
        }
    }
    None
}

fn by_devlake(events: &Events) -> Vec<Measure> {
    let places: Vec<usize> = events
        .delivered()
        .into_iter()
        .filter(|place| events.source == Source::Releases || events.deliveries[*place].names_environment)
        .collect();
    let ends: Vec<Time> = places.iter().map(|place| events.deliveries[*place].at).collect();

    let mut days: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for place in &places {
        let day = day(events.deliveries[*place].at);
        if days.last() != Some(&day) {
            rows.push(delivered(events, *place, true, None, format!("the first of {day}")));
            days.push(day);
        }
    }
    let figure = match devlake::deployment_days_per_week(&ends, events.from, events.to) {
        Some(value) => Figure::Exact { value: f64::from(value), interval: None },
        None => unknown("Nothing happened before this time."),
    };
    let frequency = measure(Name::DeploymentFrequency, figure, rows.len(), rows);

    let rows: Vec<Counted> = events.merges.iter().filter_map(|merge| cycle(events, merge)).collect();
    let lead_time = measure(Name::LeadTimeForChanges, lower_median(&rows), rows.len(), rows);

    let mut failed: Vec<Counted> = Vec::new();
    let mut recovered: Vec<Counted> = Vec::new();
    for failure in &events.failures {
        let Some(place) = devlake::before(&ends, failure.started).map(|place| places[place]) else {
            continue;
        };
        let because = format!("the last one before {}", failure.key);
        if failed.iter().all(|one| one.id != events.deliveries[place].id) {
            failed.push(delivered(events, place, true, None, because));
        }
        if let Some(resolved) = failure.resolved {
            recovered.push(Counted {
                kind: EventKind::Incident,
                id: failure.key.clone(),
                at: failure.started,
                ms: Some(resolved.millis() - events.deliveries[place].at.millis()),
                is_certain: true,
                because: format!("from the end of {} until it was resolved", events.deliveries[place].id),
                url: failure.url.clone(),
            });
        }
    }
    let figure = match events.has_incidents {
        true => share(failed.len(), places.len()),
        false => unknown("No incidents were imported."),
    };
    let fail_rate = measure(Name::ChangeFailRate, figure, places.len(), failed);
    let figure = match events.has_incidents {
        true => lower_median(&recovered),
        false => unknown("No incidents were imported."),
    };
    let recovery = measure(Name::FailedDeploymentRecoveryTime, figure, recovered.len(), recovered);
    let rework = measure(Name::ReworkRate, unknown("DevLake has no such measure."), 0, Vec::new());
    vec![frequency, lead_time, fail_rate, recovery, rework]
}

/// A merge's cycle, where it was delivered in the period.
pub(super) fn cycle(events: &Events, merge: &Merge) -> Option<Counted> {
    let delivery = events.deliveries.get(merge.delivery?)?;
    let counts = events.source == Source::Releases || delivery.names_environment;
    if !counts || !events.covers(delivery.at) {
        return None;
    }
    Some(Counted {
        kind: EventKind::Merge,
        id: merge.cycle.id.clone(),
        at: merge.cycle.merged,
        ms: Some(merge.cycle.cycle_min?.saturating_mul(60_000)),
        is_certain: true,
        because: format!("from its first commit to {}", delivery.id),
        url: merge.url.clone(),
    })
}

/// DevLake's median: of an even number the lower of the two in the middle.
fn lower_median(counted: &[Counted]) -> Figure {
    let sample = Sorted::new(counted.iter().filter_map(|one| Some(one.ms? as f64)));
    let values = sample.values();
    match values.len().checked_sub(1).and_then(|last| values.get(last / 2)) {
        Some(value) => Figure::Exact { value: *value, interval: sample.quantile_interval(0.5, CONFIDENCE) },
        None => unknown("There is none in this time."),
    }
}

/// A commit's id as people write it.
pub(super) fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}
