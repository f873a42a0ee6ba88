//! Where two definitions count the same events differently, event by event.

use std::collections::BTreeMap;

use serde::Serialize;
use stave_model::Time;

use super::events::{Events, Source};
use super::measures::{self, Counted, Definition, EventKind, Name, caused, short};
use super::render::span;

/// An event that the two definitions count differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Difference {
    /// In which measure.
    pub measure: Name,
    /// What it is.
    pub kind: EventKind,
    /// A tag's name, a deployment's or incident's key, a commit's id.
    pub id: String,
    /// When.
    pub at: Time,
    /// How it counts under the definition `dora`, as a phrase.
    pub dora: String,
    /// How it counts under the definition `devlake`.
    pub devlake: String,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// All of them in the period: by measure, the latest first.
pub(super) fn differences(events: &Events) -> Vec<Difference> {
    let mut all = Vec::new();
    all.extend(of_deliveries(events, Name::DeploymentFrequency));
    all.extend(of_changes(events));
    all.extend(of_deliveries(events, Name::ChangeFailRate));
    all.extend(of_failures(events));
    all.sort_by(|a, b| (a.measure, b.at, &a.id).cmp(&(b.measure, a.at, &b.id)));
    all
}

/// Deliveries that only one definition counts, or counts as possible.
fn of_deliveries(events: &Events, name: Name) -> Vec<Difference> {
    let counted = |definition: Definition| -> BTreeMap<String, Counted> {
        let measures = measures::measures(events, definition).into_iter();
        let of_name = measures.filter(|measure| measure.name == name);
        of_name.flat_map(|measure| measure.events).map(|event| (event.id.clone(), event)).collect()
    };
    let (dora, devlake) = (counted(Definition::Dora), counted(Definition::Devlake));
    let phrase = |event: Option<&Counted>| match event {
        None => "doesn't count".to_owned(),
        Some(event) if event.is_certain => format!("counts: {}", event.because),
        Some(event) => format!("may count: {}", event.because),
    };
    let mut all = Vec::new();
    for place in events.delivered() {
        let one = &events.deliveries[place];
        let (here, there) = (dora.get(&one.id), devlake.get(&one.id));
        if here.is_some() == there.is_some() && here.is_none_or(|event| event.is_certain) {
            continue;
        }
        all.push(Difference {
            measure: name,
            kind: match events.source {
                Source::Deployments => EventKind::Deployment,
                Source::Releases => EventKind::Release,
            },
            id: one.id.clone(),
            at: one.at,
            dora: match here {
                Some(_) if name == Name::DeploymentFrequency => "counts, as every one does".to_owned(),
                here => phrase(here),
            },
            devlake: match there {
                None if name == Name::DeploymentFrequency => "not the first of its day".to_owned(),
                there => phrase(there),
            },
            url: one.url.clone(),
        });
    }
    all
}

/// Changes: each for itself, or as part of what stands for a pull request.
fn of_changes(events: &Events) -> Vec<Difference> {
    let mut all = Vec::new();
    for change in &events.changes {
        let here = measures::lead(events, change);
        let merge = change.merge.and_then(|place| events.merges.get(place));
        let there = merge.and_then(|merge| measures::cycle(events, merge));
        let (own_ms, cycle_ms) =
            (here.as_ref().and_then(|one| one.ms), there.as_ref().and_then(|one| one.ms));
        // DevLake counts begun minutes.
        let is_same = match (own_ms, cycle_ms) {
            (None, None) => true,
            (Some(own), Some(cycle)) => (cycle - own).abs() <= 60_000,
            _ => false,
        };
        if is_same {
            continue;
        }
        all.push(Difference {
            measure: Name::LeadTimeForChanges,
            kind: EventKind::Commit,
            id: change.id.clone(),
            at: change.committed,
            dora: match own_ms {
                Some(ms) => format!("{} from its commit", span(ms as f64)),
                None => "doesn't count".to_owned(),
            },
            devlake: match (merge, cycle_ms) {
                (Some(merge), Some(ms)) => {
                    format!(
                        "{} as part of {}, from its first commit",
                        span(ms as f64),
                        short(&merge.cycle.id)
                    )
                }
                _ => "doesn't count: no deployment before it to tell it by".to_owned(),
            },
            url: change.url.clone(),
        });
    }
    all
}

/// Incidents: which delivery each counts against, and how long it lasted.
fn of_failures(events: &Events) -> Vec<Difference> {
    let ends: Vec<Time> = events.deliveries.iter().map(|one| one.at).collect();
    let mut all = Vec::new();
    for failure in &events.failures {
        let here =
            caused(events, failure).map(|(place, _)| place).filter(|place| events.covers(ends[*place]));
        let there =
            super::devlake::before(&ends, failure.started).filter(|place| events.covers(ends[*place]));
        let length = |from: Time| {
            failure.resolved.map_or_else(
                || "not resolved".to_owned(),
                |resolved| span((resolved.millis() - from.millis()) as f64),
            )
        };
        if here.is_none() && there.is_none() {
            continue;
        }
        all.push(Difference {
            measure: Name::FailedDeploymentRecoveryTime,
            kind: EventKind::Incident,
            id: failure.key.clone(),
            at: failure.started,
            dora: match here {
                Some(place) => {
                    format!("{} from its begin, by {}", length(failure.started), events.deliveries[place].id)
                }
                None => "doesn't count: no delivery in the day before it".to_owned(),
            },
            devlake: match there {
                Some(place) => {
                    format!("{} from the end of {}", length(ends[place]), events.deliveries[place].id)
                }
                None => "doesn't count: no delivery before it".to_owned(),
            },
            url: failure.url.clone(),
        });
    }
    all
}
