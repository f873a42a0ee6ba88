//! From a row's fields to a record, or the reason why not.

use std::collections::BTreeSet;

use stave_model::records::{Deployment, Incident, Outcome, Ticket, Transition};
use stave_model::{Time, hash_bytes};

use super::mapping::{Field, Mapping, RecordKind, plain};
use super::moment::{DayOrder, moment};
use super::row::{Row, texts_at, values_at};
use super::{Notes, Record, text};
use crate::{limits, names};

/// What a whole file is read with.
pub(crate) struct Builder<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) instance: &'a str,
    pub(crate) order: DayOrder,
}

/// What became of a row.
pub(crate) enum Built {
    Record(Box<Record>),
    /// It is none, with the reason in words for a count of them.
    LeftAside(String),
    /// It can't be used, with the reason.
    Bad(String),
}

/// States in which nothing happens any more. Compared by letters.
const FINAL: &[&str] = &[
    "cancelled",
    "canceled",
    "closed",
    "complete",
    "completed",
    "declined",
    "done",
    "finished",
    "fixed",
    "postmortem",
    "rejected",
    "resolved",
    "wontdo",
    "wontfix",
];

impl Builder<'_> {
    pub(crate) fn build(&self, row: &Row, notes: &mut Notes) -> Built {
        if let Some(aside) = &self.mapping.left_aside
            && aside.has.iter().any(|path| row.has(path))
        {
            return Built::LeftAside(aside.why.clone());
        }
        if let Some(only) = &self.mapping.only {
            let says = only.says.iter().flat_map(|path| row.texts(path)).map(|text| text.to_lowercase());
            if !says.into_iter().any(|text| only.words.iter().any(|word| text.contains(word.as_str()))) {
                return Built::LeftAside(only.why.clone());
            }
        }
        match self.record(row, notes) {
            Ok(built) => built,
            Err(why) => Built::Bad(why),
        }
    }

    /// When a row was changed last, where that can be read.
    pub(crate) fn changed(&self, row: &Row) -> Option<Time> {
        Some(moment(&self.one(row, Field::Changed)?, self.order)?.0)
    }

    fn record(&self, row: &Row, notes: &mut Notes) -> Result<Built, String> {
        match self.mapping.record {
            RecordKind::Incident => self.incident(row, notes),
            RecordKind::Ticket if self.is_incident(row) => self.incident(row, notes),
            RecordKind::Ticket => self.ticket(row, notes),
            RecordKind::Deployment => self.deployment(row, notes),
        }
    }

    fn incident(&self, row: &Row, notes: &mut Notes) -> Result<Built, String> {
        let started = self.begin(row, notes)?;
        let resolved = self.end(row, started, notes)?;
        let title = text::line(&self.one(row, Field::Title).unwrap_or_default());
        let mut texts = self.texts(row, Field::Text);
        if self.mapping.text_order.as_ref().is_some_and(|order| order.newest_first) {
            texts.reverse();
        }
        let planned = self.one(row, Field::Planned).unwrap_or_default();
        let incident = Incident {
            key: self.key(row, &format!("{title} {started}"), notes)?,
            title,
            text: text::several(texts.iter().map(String::as_str)),
            started,
            resolved,
            severity: self.word(row, Field::Severity),
            services: self.names(row, Field::Services),
            caused_by: self.one(row, Field::CausedBy).and_then(|key| self.key_of(&key)),
            is_planned: is_yes(&planned) || plain(&planned) == "maintenance",
            url: self.page(row),
        };
        Ok(Built::Record(Box::new(Record::Incident(incident))))
    }

    fn ticket(&self, row: &Row, notes: &mut Notes) -> Result<Built, String> {
        let created = self.begin(row, notes)?;
        let resolved = self.end(row, created, notes)?;
        let title = text::line(&self.one(row, Field::Title).unwrap_or_default());
        let ticket = Ticket {
            key: self.key(row, &format!("{title} {created}"), notes)?,
            title,
            class: self.word(row, Field::Class),
            created,
            resolved,
            status: self.word(row, Field::Status),
            transitions: self.transitions(row, notes),
            services: self.names(row, Field::Services),
            labels: self.names(row, Field::Labels),
            url: self.page(row),
        };
        Ok(Built::Record(Box::new(Record::Ticket(ticket))))
    }

    fn deployment(&self, row: &Row, notes: &mut Notes) -> Result<Built, String> {
        let status = self.one(row, Field::Status).unwrap_or_default();
        let outcome = match ended(&status) {
            Ended::With(outcome) => outcome,
            Ended::NotYet => return Ok(Built::LeftAside("deployments that have not ended".to_owned())),
            Ended::Never => {
                return Ok(Built::LeftAside("deployments that were cancelled or skipped".to_owned()));
            }
        };
        let started = self.moment(row, Field::Start, notes)?;
        let end = self.moment(row, Field::End, notes)?;
        let Some(finished) = end.or(started) else {
            return Err("it has no time".to_owned());
        };
        if let Some(started) = started
            && finished < started
        {
            return Err(format!("it ended ({finished}) before it began ({started})"));
        }
        let commit = self.one(row, Field::Commit).map(|commit| commit.trim().to_lowercase());
        let is_commit = |commit: &String| {
            commit.len() >= 7 && commit.len() <= 64 && commit.chars().all(|c| c.is_ascii_hexdigit())
        };
        let version = self.word(row, Field::Version);
        let services = self.names(row, Field::Services);
        let says = self.one(row, Field::Rollback).unwrap_or_default();
        let named = format!("{finished} {version} {services:?}");
        let deployment = Deployment {
            key: self.key(row, &named, notes)?,
            services,
            repository: self.one(row, Field::Repository).and_then(|text| repository(&text, self.instance)),
            commit: commit.filter(is_commit),
            version,
            environment: self.word(row, Field::Environment),
            started: started.filter(|_| end.is_some()),
            finished,
            outcome,
            is_rollback: is_yes(&says) || says_rollback(&says),
            url: self.page(row),
        };
        Ok(Built::Record(Box::new(Record::Deployment(deployment))))
    }

    /// Whether a ticket's class or labels call it an incident.
    fn is_incident(&self, row: &Row) -> bool {
        let class = plain(&self.one(row, Field::Class).unwrap_or_default());
        let label = |label: &String| {
            let label = plain(label);
            let rest = ["production", "major", "type", "kind", ""];
            rest.iter().any(|before| {
                label.strip_prefix(before).is_some_and(|rest| matches!(rest, "incident" | "outage"))
            })
        };
        class.ends_with("incident")
            || class.ends_with("outage")
            || self.texts(row, Field::Labels).iter().any(label)
    }

    fn begin(&self, row: &Row, notes: &mut Notes) -> Result<Time, String> {
        self.moment(row, Field::Start, notes)?.ok_or_else(|| "it doesn't say when it began".to_owned())
    }

    fn end(&self, row: &Row, begin: Time, notes: &mut Notes) -> Result<Option<Time>, String> {
        let status = plain(&self.one(row, Field::Status).unwrap_or_default());
        let is_final = FINAL.contains(&status.as_str());
        let end = match self.moment(row, Field::End, notes)? {
            None if is_final => {
                let changed = self.moment(row, Field::Changed, notes)?;
                if changed.is_some() {
                    notes.count("have no end of their own: the last change counts as the end");
                } else {
                    notes.count("are closed without a time and count as open");
                }
                changed
            }
            end => end,
        };
        match end {
            Some(end) if end < begin => Err(format!("it ended ({end}) before it began ({begin})")),
            end => Ok(end),
        }
    }

    fn moment(&self, row: &Row, field: Field, notes: &mut Notes) -> Result<Option<Time>, String> {
        let Some(text) = self.one(row, field) else { return Ok(None) };
        let Some((time, assumed)) = moment(&text, self.order) else {
            let shown: String = text.chars().take(limits::MOMENT_BYTES).collect();
            return Err(format!("\"{}\" is no time that can be read in one way only", text::line(&shown)));
        };
        if assumed.utc {
            notes.count("have times without a time zone, which were taken as UTC");
        }
        if assumed.order {
            notes.count(match self.order {
                DayOrder::DayFirst => {
                    "have dates like 03/04/2026, of which the first number was taken as the day"
                }
                DayOrder::MonthFirst => {
                    "have dates like 03/04/2026, of which the first number was taken as the month"
                }
            });
        }
        Ok(Some(time))
    }

    fn transitions(&self, row: &Row, notes: &mut Notes) -> Vec<Transition> {
        let (Some(paths), Row::Json(row)) = (&self.mapping.transitions, row) else { return Vec::new() };
        let one = |value, path: &str| texts_at(value, path).into_iter().next().unwrap_or_default();
        let mut found = Vec::new();
        for change in values_at(row, &paths.rows) {
            let Some((at, _)) = moment(&one(change, &paths.at), self.order) else { continue };
            for item in values_at(change, &paths.items) {
                if one(item, &paths.field) == paths.is {
                    let (from, to) = (text::name(&one(item, &paths.from)), text::name(&one(item, &paths.to)));
                    found.push(Transition { at, from, to });
                }
            }
        }
        found.sort_by(|a, b| (a.at, &a.from, &a.to).cmp(&(b.at, &b.from, &b.to)));
        if found.len() > limits::TRANSITIONS {
            notes.count("have more changes of state than are kept");
            found.truncate(limits::TRANSITIONS);
        }
        found
    }

    fn texts(&self, row: &Row, field: Field) -> Vec<String> {
        self.mapping.fields.get(&field).map(|paths| row.first(paths)).unwrap_or_default()
    }

    fn one(&self, row: &Row, field: Field) -> Option<String> {
        self.texts(row, field).into_iter().next()
    }

    fn word(&self, row: &Row, field: Field) -> String {
        text::name(&self.one(row, field).unwrap_or_default())
    }

    /// The record's page, where the row has its address or the tool makes it of host and key.
    fn page(&self, row: &Row) -> Option<String> {
        let url = text::page(&self.one(row, Field::Url)?)?;
        let Some(folder) = &self.mapping.page else { return Some(url) };
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split('/').next()?;
        text::page(&format!("{scheme}://{host}/{folder}/{}", self.one(row, Field::Key)?))
    }

    /// Names of a list, sorted. A cell of a table may hold several.
    fn names(&self, row: &Row, field: Field) -> Vec<String> {
        let paths = self.mapping.fields.get(&field).into_iter().flatten();
        let all: Vec<String> = match row {
            // Lists of a document may stand in several places, cells of one field in one column.
            Row::Json(_) => paths.flat_map(|path| row.texts(path)).collect(),
            Row::Table(_) => self.texts(row, field),
        };
        let cells = all.iter().flat_map(|text| match row {
            Row::Json(_) => vec![text.as_str()],
            Row::Table(_) => text.split([',', ';', '\n']).collect(),
        });
        let names: BTreeSet<String> = cells.map(text::name).filter(|name| !name.is_empty()).collect();
        names.into_iter().take(limits::NAMES).collect()
    }

    /// `INSTANCE/KEY`; a row without a key is named by what it says.
    fn key(&self, row: &Row, says: &str, notes: &mut Notes) -> Result<String, String> {
        if let Some(key) = self.one(row, Field::Key) {
            return self.key_of(&key).ok_or_else(|| "its key can stand in no name".to_owned());
        }
        notes.count("have no key and are named by their title and time: changed, they are new ones");
        Ok(format!("{}/{}", self.instance, hash_bytes(says.as_bytes()).short()))
    }

    fn key_of(&self, text: &str) -> Option<String> {
        let key = match text.split_once("://") {
            Some((_, rest)) => path_key(rest),
            None => text.trim().trim_start_matches('#').to_owned(),
        };
        let key: String = names::clean(&key.replace(['#', '%', '>', '<', '{', '}'], "-"))?.replace(' ', "-");
        Some(format!("{}/{key}", self.instance))
    }
}

/// Parts of addresses that say what a page is rather than which.
const PATH_WORDS: &[&str] = &["-", "api", "browse", "incidents", "issues", "repos", "v3", "v4"];

/// What of an address tells one record from others of its host.
fn path_key(rest: &str) -> String {
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let parts = path.split('/').skip(1).filter(|part| !part.is_empty() && !PATH_WORDS.contains(part));
    parts.collect::<Vec<_>>().join("/")
}

/// `HOST/PATH` of the repository that an address lies in.
pub(crate) fn repository(text: &str, instance: &str) -> Option<String> {
    let text = text.trim();
    let (host, path) = match text.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => match text.split_once('@').and_then(|(_, rest)| rest.split_once(':')) {
            Some(pair) => pair,
            None if instance.contains('.') && text.contains('/') => (instance, text),
            None => return None,
        },
    };
    let host = host.rsplit('@').next()?.split(':').next()?.to_lowercase();
    let host = host.strip_prefix("api.").unwrap_or(&host);
    let path = path.split(['?', '#']).next()?.trim_matches('/').to_lowercase();
    let path = path.strip_prefix("repos/").unwrap_or(&path);
    let ends = ["-", "actions", "blob", "commit", "deployments", "issues", "pull", "runs", "tree"];
    let parts: Vec<&str> = path.split('/').take_while(|part| !ends.contains(part)).collect();
    let path = parts.join("/");
    let path = path.strip_suffix(".git").unwrap_or(&path);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '~');
    let ok = !host.is_empty() && parts.len() >= 2 && format!("{host}/{path}").chars().all(plain);
    (ok && host.len() + path.len() < limits::NAME_BYTES).then(|| format!("{host}/{path}"))
}

fn is_yes(text: &str) -> bool {
    matches!(plain(text).as_str(), "true" | "yes" | "y" | "1" | "x" | "planned" | "scheduled")
}

/// Whether a name says that it puts an earlier version back.
pub(crate) fn says_rollback(text: &str) -> bool {
    let text = plain(text);
    text.contains("rollback") || text.contains("rolledback")
}

pub(crate) enum Ended {
    With(Outcome),
    NotYet,
    Never,
}

/// How a deployment ended, by the words of many tools. Compared by letters.
pub(crate) fn ended(status: &str) -> Ended {
    match plain(status).as_str() {
        "success" | "succeeded" | "successful" | "succeed" | "passed" | "pass" | "complete" | "completed"
        | "active" | "inactive" | "deployed" | "ok" | "healthy" | "synced" | "done" | "finished" | "true"
        | "released" => Ended::With(Outcome::Success),
        "failure" | "failed" | "fail" | "error" | "errored" | "timedout" | "startupfailure" | "false"
        | "unhealthy" | "degraded" | "broken" => Ended::With(Outcome::Failure),
        "pending" | "queued" | "inprogress" | "running" | "created" | "waiting" | "blocked" | "requested"
        | "actionrequired" | "started" | "planned" => Ended::NotYet,
        "cancelled" | "canceled" | "skipped" | "aborted" | "abandoned" | "neutral" | "stale" => Ended::Never,
        _ => Ended::With(Outcome::Unknown),
    }
}
