//! CDEvents: what happened to one incident, ticket, service or pipeline run stands in several events, in any order.
//! Events come as they are or in CloudEvents envelopes, as a list, one, or one a line.

use std::collections::BTreeMap;

use serde_json::Value;
use stave_model::Time;
use stave_model::records::{Deployment, Incident, Outcome, Ticket};

use super::build::{Ended, ended, says_rollback};
use super::moment::{DayOrder, moment};
use super::row::{list_at, texts_at};
use super::{Found, Notes, Options, Record, host, instance, text};
use crate::{ImportError, Warning, limits, names};

/// Words in a pipeline's name that say that it deploys.
const DEPLOYS: &[&str] = &["deploy", "release", "publish", "rollout", "rollback", "ship"];

/// One event.
struct Event<'a> {
    row: u64,
    at: Time,
    /// `detected` of `dev.cdevents.incident.detected.0.3.0`.
    what: String,
    body: &'a Value,
}

pub(crate) fn read(document: &Value, options: &Options) -> Result<Option<Found>, ImportError> {
    let Some(list) = list_at(document, "data").or_else(|| list_at(document, "")) else { return Ok(None) };
    if !list.iter().filter(|value| !value.is_null()).take(10).any(|value| kind_of(body(value)).is_some()) {
        return Ok(None);
    }
    let first = list.iter().find_map(|value| host(one(body(value), "context.source")?));
    let mut found = Found {
        format: "CDEvents".to_owned(),
        instance: instance(options, || first)?,
        records: Vec::new(),
        notes: Notes::default(),
        warnings: Vec::new(),
    };
    let mut subjects: BTreeMap<(String, String), Vec<Event<'_>>> = BTreeMap::new();
    for (row, value) in (1..).zip(list.iter().take(limits::ROWS)) {
        if value.is_null() {
            continue;
        }
        let event = body(value);
        let Some((subject, what)) = kind_of(event) else {
            found.warnings.push(Warning { row: Some(row), what: "this is no event".to_owned() });
            continue;
        };
        let id = one(event, "subject.id").filter(|id| names::clean(id).is_some());
        let at = one(event, "context.timestamp").and_then(|text| moment(&text, DayOrder::DayFirst));
        let (Some(id), Some((at, _))) = (id, at) else {
            let what = "an event without a subject or without a time".to_owned();
            found.warnings.push(Warning { row: Some(row), what });
            continue;
        };
        subjects.entry((subject, id)).or_default().push(Event { row, at, what, body: event });
    }
    for ((subject, id), mut events) in subjects {
        events.sort_by_key(|event| (event.at, event.row));
        found.notes.next_row();
        match subject.as_str() {
            "incident" => incident(&mut found, &id, &events),
            "ticket" => ticket(&mut found, &id, &events),
            "service" => services(&mut found, &id, &events),
            "pipelinerun" => pipeline(&mut found, &id, &events),
            _ => {
                found.notes.count("subjects of other kinds, which are no records");
            }
        }
    }
    Ok(Some(found))
}

/// The event itself, out of its envelope.
fn body(value: &Value) -> &Value {
    if value["context"].is_object() { value } else { &value["data"] }
}

/// The subject and what happened to it: `incident`, `detected`.
fn kind_of(event: &Value) -> Option<(String, String)> {
    let kind = event["context"]["type"].as_str()?.strip_prefix("dev.cdevents.")?;
    let mut parts = kind.split('.');
    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
}

fn one(value: &Value, path: &str) -> Option<String> {
    texts_at(value, path).into_iter().next()
}

/// The first that any of the events has at this path.
fn any(events: &[Event<'_>], path: &str) -> Option<String> {
    events.iter().find_map(|event| one(event.body, path))
}

/// The last that any of the events has at this path.
fn latest(events: &[Event<'_>], path: &str) -> Option<String> {
    events.iter().rev().find_map(|event| one(event.body, path))
}

fn key(instance: &str, id: &str) -> String {
    format!("{instance}/{}", id.trim().trim_start_matches('/').replace(' ', "-"))
}

fn short_name(id: &str) -> String {
    text::name(id.trim_end_matches('/').rsplit('/').next().unwrap_or(id))
}

fn bad(found: &mut Found, events: &[Event<'_>], what: &str) {
    found.warnings.push(Warning { row: events.first().map(|event| event.row), what: what.to_owned() });
}

fn incident(found: &mut Found, id: &str, events: &[Event<'_>]) {
    let changed = events.last().map(|event| event.at);
    let began = events.iter().find(|event| matches!(event.what.as_str(), "detected" | "reported"));
    let Some(began) = began else {
        return bad(
            found,
            events,
            "an incident that is resolved, but in no event of this file detected or reported",
        );
    };
    // Reported again after it was resolved, it is open.
    let last = events.iter().rev().find(|event| event.what != "updated");
    let resolved = last.filter(|event| event.what == "resolved").map(|event| event.at);
    let title = any(events, "subject.content.description").unwrap_or_default();
    let texts: Vec<String> =
        events.iter().filter_map(|event| one(event.body, "subject.content.description")).collect();
    let service = any(events, "subject.content.service.id");
    found.records.push((
        began.row,
        Record::Incident(Incident {
            key: key(&found.instance, id),
            title: text::line(&title),
            text: text::several(texts.iter().skip(1).map(String::as_str)),
            started: began.at,
            resolved,
            severity: text::name(&any(events, "customData.severity").unwrap_or_default()),
            services: service.map(|id| short_name(&id)).filter(|name| !name.is_empty()).into_iter().collect(),
            caused_by: None,
            is_planned: false,
            url: any(events, "subject.content.ticketURI").and_then(|url| text::page(&url)),
        }),
        changed,
    ));
}

fn ticket(found: &mut Found, id: &str, events: &[Event<'_>]) {
    let changed = events.last().map(|event| event.at);
    let Some(created) = events.iter().find(|event| event.what == "created") else {
        return bad(found, events, "a ticket that is created in no event of this file");
    };
    let last = events.last().filter(|event| event.what == "closed");
    let labels = events.iter().rev().map(|event| texts_at(event.body, "subject.content.labels[]"));
    let mut labels: Vec<String> = labels
        .into_iter()
        .find(|labels| !labels.is_empty())
        .unwrap_or_default()
        .iter()
        .take(limits::NAMES)
        .map(|label| text::name(label))
        .filter(|label| !label.is_empty())
        .collect();
    labels.sort();
    labels.dedup();
    found.records.push((
        created.row,
        Record::Ticket(Ticket {
            key: key(&found.instance, id),
            title: text::line(&latest(events, "subject.content.summary").unwrap_or_default()),
            class: text::name(&latest(events, "subject.content.ticketType").unwrap_or_default()),
            created: created.at,
            resolved: last.map(|event| event.at),
            status: if last.is_some() { "closed" } else { "open" }.to_owned(),
            transitions: Vec::new(),
            services: Vec::new(),
            labels,
            url: latest(events, "subject.content.uri").and_then(|url| text::page(&url)),
        }),
        changed,
    ));
}

fn services(found: &mut Found, id: &str, events: &[Event<'_>]) {
    for event in events {
        found.notes.next_row();
        if !matches!(event.what.as_str(), "deployed" | "upgraded" | "rolledback") {
            found.notes.count("services that were published or removed, which is no deployment");
            continue;
        }
        let Some(own) = one(event.body, "context.id").filter(|own| names::clean(own).is_some()) else {
            bad(found, std::slice::from_ref(event), "an event without an id");
            continue;
        };
        let artifact = one(event.body, "subject.content.artifactId").unwrap_or_default();
        found.records.push((
            event.row,
            Record::Deployment(Deployment {
                key: key(&found.instance, &own),
                services: vec![short_name(id)],
                repository: None,
                commit: None,
                version: text::name(&version(&artifact)),
                environment: one(event.body, "subject.content.environment.id")
                    .map(|id| short_name(&id))
                    .unwrap_or_default(),
                started: None,
                finished: event.at,
                outcome: Outcome::Success,
                is_rollback: event.what == "rolledback",
                url: None,
            }),
            Some(event.at),
        ));
    }
}

/// The version in a package's URL: its tag where it has one, else what stands behind `@`.
fn version(artifact: &str) -> String {
    let (name, qualifiers) = artifact.split_once('?').unwrap_or((artifact, ""));
    let tag = qualifiers.split('&').find_map(|pair| pair.strip_prefix("tag="));
    let version = tag.or_else(|| name.rsplit_once('@').map(|(_, version)| version)).unwrap_or_default();
    version.replace("%3A", ":").replace("%3a", ":").chars().take(24).collect()
}

fn pipeline(found: &mut Found, id: &str, events: &[Event<'_>]) {
    let changed = events.last().map(|event| event.at);
    let name = any(events, "subject.content.pipelineName").unwrap_or_default();
    let low = name.to_lowercase();
    if !DEPLOYS.iter().any(|word| low.contains(word)) {
        return found.notes.count("pipeline runs whose name says nothing of deploying");
    }
    let Some(end) = events.iter().rev().find(|event| event.what == "finished") else {
        return found.notes.count("pipeline runs that have not ended");
    };
    let outcome = match ended(&one(end.body, "subject.content.outcome").unwrap_or_default()) {
        Ended::With(outcome) => outcome,
        Ended::NotYet | Ended::Never => return found.notes.count("pipeline runs that were cancelled"),
    };
    let started = events.iter().find(|event| event.what == "started").map(|event| event.at);
    found.records.push((
        end.row,
        Record::Deployment(Deployment {
            key: key(&found.instance, id),
            services: Vec::new(),
            repository: None,
            commit: None,
            version: String::new(),
            environment: String::new(),
            started,
            finished: end.at,
            outcome,
            is_rollback: says_rollback(&name),
            url: latest(events, "subject.content.uri").and_then(|url| text::page(&url)),
        }),
        changed,
    ));
}
