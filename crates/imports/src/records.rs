//! Tickets, incidents and deployments: files of many tools to records, one statement for each row.
//!
//! Flat formats are a mapping file each ([`mapping`]); CDEvents and Argo CD, whose records stand in several places, have
//! code. Nothing of persons is taken, and of free text as little as tells what an incident was about ([`text`]).

mod argocd;
mod build;
mod cdevents;
pub(crate) mod mapping;
pub(crate) mod moment;
mod plain;
mod row;
mod table;
mod text;
mod unzip;
mod xlsx;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stave_model::records::{Deployment, Incident, Ticket};
use stave_model::{Author, Claim, Scope, Time};

use crate::{ImportError, Source, Warning, limits, names, plain_reason};
use build::{Builder, Built};
pub use mapping::RecordKind;
use mapping::{Field, Mapping};
pub use moment::DayOrder;
use row::{Row, list_at, texts_at};

/// The version of these readers' meaning.
const RULES: u32 = 1;

/// How a file of records is to be read, where it doesn't say by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which instance of a tool it comes from; none: the host in the file's addresses, else `default`.
    pub from: Option<String>,
    /// Columns of a table and the fields that they are.
    pub columns: Vec<(String, String)>,
    /// What the rows of a table are.
    pub kind: Option<RecordKind>,
    /// What stands first in `03/04/2026`.
    pub order: Option<DayOrder>,
}

/// One row, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Something went down.
    Incident(Incident),
    /// A piece of work.
    Ticket(Ticket),
    /// A version was put into an environment.
    Deployment(Deployment),
}

impl Record {
    /// `INSTANCE/KEY`.
    pub fn key(&self) -> &str {
        match self {
            Record::Incident(incident) => &incident.key,
            Record::Ticket(ticket) => &ticket.key,
            Record::Deployment(deployment) => &deployment.key,
        }
    }

    /// What it is.
    pub fn kind(&self) -> RecordKind {
        match self {
            Record::Incident(_) => RecordKind::Incident,
            Record::Ticket(_) => RecordKind::Ticket,
            Record::Deployment(_) => RecordKind::Deployment,
        }
    }

    fn claim(&self) -> Result<Claim, String> {
        let claim = match self {
            Record::Incident(one) => one.to_claim(),
            Record::Ticket(one) => one.to_claim(),
            Record::Deployment(one) => one.to_claim(),
        };
        let claim = claim.map_err(|error| error.to_string())?;
        claim.check().map_err(|error| error.to_string())?;
        Ok(claim)
    }
}

/// What one row says: a statement of its own, which the next import of the same row replaces.
#[derive(Clone, Debug)]
pub struct RowStatement {
    /// The record.
    pub record: Record,
    /// What it covers: its own reference.
    pub scope: Scope,
    /// It as a claim.
    pub claim: Claim,
    /// When the row was changed last, where it says so: an older export doesn't displace a newer one.
    pub changed: Option<Time>,
}

/// What one file of records says.
#[derive(Clone, Debug)]
pub struct Records {
    /// The format, in words: `Jira issues`.
    pub format: String,
    /// Who says it: the instance of the tool.
    pub author: Author,
    /// The version of these readers' meaning.
    pub rules: u32,
    /// The scope of the statement about the file itself, which has no claims: what could not be read stands there.
    pub scope: Scope,
    /// The rows, by scope.
    pub rows: Vec<RowStatement>,
    /// What was assumed or not taken, in words with counts.
    pub left_aside: Vec<String>,
    /// Rows that could not be used.
    pub warnings: Vec<Warning>,
}

/// The names of all flat formats, for messages.
pub(crate) fn formats() -> String {
    let mut names: Vec<&str> = mapping::all().iter().map(|mapping| mapping.format.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

/// The names of all fields, for messages.
pub(crate) fn fields() -> String {
    Field::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// What is said of many rows, counted.
#[derive(Default)]
pub(crate) struct Notes {
    rows: BTreeMap<String, u64>,
    of_row: BTreeSet<String>,
    plain: Vec<String>,
}

impl Notes {
    /// One more row of which this is so; said several times of one row, it counts once.
    pub(crate) fn count(&mut self, what: &str) {
        if self.of_row.insert(what.to_owned()) {
            *self.rows.entry(what.to_owned()).or_default() += 1;
        }
    }

    /// What is counted from now on is another row's.
    pub(crate) fn next_row(&mut self) {
        self.of_row.clear();
    }

    fn said(self) -> Vec<String> {
        let counted = self.rows.into_iter().map(|(what, count)| {
            if count == 1 { format!("1 row: {what}") } else { format!("{count} rows: {what}") }
        });
        self.plain.into_iter().chain(counted).collect()
    }
}

/// Rows that were read, before they are statements.
pub(crate) struct Found {
    pub(crate) format: String,
    pub(crate) instance: String,
    /// With their rows' numbers, and when they were changed last.
    pub(crate) records: Vec<(u64, Record, Option<Time>)>,
    pub(crate) notes: Notes,
    pub(crate) warnings: Vec<Warning>,
}

/// A JSON file as records; `None` where it is no format that is known here.
///
/// # Errors
/// Where nothing of it can be used.
pub(crate) fn json(bytes: &[u8], source: &Source, options: &Options) -> Result<Option<Records>, ImportError> {
    let size = bytes.len() as u64;
    if size > limits::RECORD_FILE_BYTES {
        return Err(ImportError::TooManyRecords(size));
    }
    let mut warnings = Vec::new();
    let document = match serde_json::from_slice::<Value>(bytes) {
        Ok(document) => document,
        Err(_) => Value::Array(lines(bytes, &mut warnings)),
    };
    if let Some(found) = argocd::read(&document, options)? {
        return finish(found, warnings, source).map(Some);
    }
    if let Some(found) = cdevents::read(&document, options)? {
        return finish(found, warnings, source).map(Some);
    }
    for mapping in mapping::all().iter().filter(|mapping| !mapping.is_table) {
        let lists = mapping.rows.iter().filter_map(|path| list_at(&document, path));
        let Some(list) = lists.into_iter().find(|list| fits(mapping, list)) else { continue };
        let rows = list.iter().enumerate().filter(|(_, row)| !row.is_null());
        let rows = rows.map(|(place, row)| (place as u64 + 1, Row::Json(row.clone())));
        let address = mapping.instance.as_ref().map(|path| texts_at(&document, path)).unwrap_or_default();
        let found = rows_of(mapping, rows, address.first().map(String::as_str), options)?;
        return finish(found, warnings, source).map(Some);
    }
    let nothing = |rows: &Vec<Value>| rows.iter().all(Value::is_null);
    if !warnings.is_empty() && document.as_array().is_some_and(nothing) {
        return Err(ImportError::Broken { line: 1, what: "this is no JSON".to_owned() });
    }
    Ok(None)
}

/// A file with a document a line, so that places are numbers of lines. A broken line is null, and a warning.
fn lines(bytes: &[u8], warnings: &mut Vec<Warning>) -> Vec<Value> {
    let mut rows = Vec::new();
    for (place, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        match serde_json::from_slice(line) {
            Ok(row) => rows.push(row),
            Err(_) if line.is_empty() => rows.push(Value::Null),
            Err(error) => {
                rows.push(Value::Null);
                warnings.push(Warning { row: Some(place as u64 + 1), what: plain_reason(&error) });
            }
        }
        if warnings.len() >= limits::WARNINGS || rows.len() >= limits::ROWS {
            break;
        }
    }
    rows
}

/// Whether the first row that is an object has what a mapping needs. An empty list fits nothing.
fn fits(mapping: &Mapping, list: &[Value]) -> bool {
    let Some(first) = list.iter().find(|row| row.is_object()) else { return false };
    let row = Row::Json(first.clone());
    mapping.needs.iter().all(|path| row.has(path)) && !mapping.lacks.iter().any(|path| row.has(path))
}

/// A text file with columns as records; `None` where it has none.
///
/// # Errors
/// Where nothing of it can be used.
pub(crate) fn table(
    bytes: &[u8],
    source: &Source,
    options: &Options,
) -> Result<Option<Records>, ImportError> {
    let size = bytes.len() as u64;
    if size > limits::RECORD_FILE_BYTES {
        return Err(ImportError::TooManyRecords(size));
    }
    let mut notes = Vec::new();
    let text = table::decoded(bytes, &mut notes);
    let text = text.trim_start_matches('\u{feff}');
    let Some(separator) = table::separator(text) else { return Ok(None) };
    let mut table = table::read(text, separator);
    table.notes.splice(0..0, notes);
    of_table(table, source, options).map(Some)
}

/// A workbook's first sheet as records; `None` where the file is no archive.
///
/// # Errors
/// Where nothing of it can be used.
pub(crate) fn workbook(
    bytes: &[u8],
    source: &Source,
    options: &Options,
) -> Result<Option<Records>, ImportError> {
    if !xlsx::is_archive(bytes) {
        return Ok(None);
    }
    let size = bytes.len() as u64;
    if size > limits::RECORD_FILE_BYTES {
        return Err(ImportError::TooManyRecords(size));
    }
    let table = xlsx::read(bytes).map_err(ImportError::Sheet)?;
    of_table(table, source, options).map(Some)
}

fn of_table(table: table::Table, source: &Source, options: &Options) -> Result<Records, ImportError> {
    let columns: Vec<String> = table.columns.iter().map(|column| mapping::plain(column)).collect();
    let has = |need: &String| need.split('|').any(|name| columns.contains(&mapping::plain(name)));
    let known = mapping::all().iter().find(|mapping| mapping.is_table && mapping.needs.iter().all(has));
    let mapping = match known {
        Some(mapping) if options.columns.is_empty() && options.kind.is_none() => mapping.clone(),
        known => plain::mapping(&table.columns, known, options)?,
    };
    let mut found = rows_of(&mapping, table.rows.into_iter(), None, options)?;
    found.notes.plain.splice(0..0, table.notes);
    finish(found, table.warnings, source)
}

/// Builds the rows of a flat format.
fn rows_of(
    mapping: &Mapping,
    rows: impl Iterator<Item = (u64, Row)>,
    address: Option<&str>,
    options: &Options,
) -> Result<Found, ImportError> {
    let rows: Vec<(u64, Row)> = rows.take(limits::ROWS).collect();
    let addresses = [Field::Url, Field::Key].iter().filter_map(|field| mapping.fields.get(field));
    let first_address = || {
        let paths: Vec<&Vec<String>> = addresses.collect();
        rows.iter()
            .take(100)
            .find_map(|(_, row)| paths.iter().find_map(|paths| host(row.first(paths).first()?)))
    };
    let instance = instance(options, || address.and_then(host).or_else(first_address))?;
    let order = options.order.unwrap_or_else(|| order_of(mapping, &rows));
    let builder = Builder { mapping, instance: &instance, order };
    let mut found = Found {
        format: mapping.format.clone(),
        instance: instance.clone(),
        records: Vec::new(),
        notes: Notes::default(),
        warnings: Vec::new(),
    };
    for (number, row) in &rows {
        found.notes.next_row();
        match builder.build(row, &mut found.notes) {
            Built::Record(record) => {
                found.records.push((*number, *record, builder.changed(row)));
            }
            Built::LeftAside(why) => found.notes.count(&why),
            Built::Bad(what) => found.warnings.push(Warning { row: Some(*number), what }),
        }
    }
    Ok(found)
}

/// What day and month are in `a/b/year`, as the file itself shows somewhere; where it shows nothing, the day is first.
fn order_of(mapping: &Mapping, rows: &[(u64, Row)]) -> DayOrder {
    let fields = [Field::Start, Field::End, Field::Changed];
    let paths: Vec<&Vec<String>> = fields.iter().filter_map(|field| mapping.fields.get(field)).collect();
    let texts = rows.iter().flat_map(|(_, row)| paths.iter().flat_map(|paths| row.first(paths)));
    texts.into_iter().find_map(|text| moment::order_told(&text).flatten()).unwrap_or(DayOrder::DayFirst)
}

/// The name of the instance: what was typed, else what the file says, else `default`.
fn instance(options: &Options, told: impl FnOnce() -> Option<String>) -> Result<String, ImportError> {
    match &options.from {
        Some(from) => names::origin(from),
        None => Ok(told().unwrap_or_else(|| "default".to_owned())),
    }
}

/// The host of an address, as the name of an instance.
fn host(address: impl AsRef<str>) -> Option<String> {
    let (scheme, rest) = address.as_ref().split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?.split(':').next()?.to_lowercase();
    let host = host.strip_prefix("api.").or_else(|| host.strip_prefix("www.")).unwrap_or(&host);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let ok = scheme.starts_with("http") && !host.is_empty() && host.len() <= 253 && host.chars().all(plain);
    ok.then(|| host.to_owned())
}

/// Records to statements. One that the format doesn't take is a row that could not be used.
fn finish(found: Found, mut warnings: Vec<Warning>, source: &Source) -> Result<Records, ImportError> {
    let Found { format, instance, records, mut notes, warnings: more } = found;
    warnings.extend(more);
    let mut last: BTreeMap<Scope, (Record, Claim, Option<Time>)> = BTreeMap::new();
    for (row, record, changed) in records {
        notes.next_row();
        match record.claim() {
            Ok(claim) => {
                let Ok(scope) = claim.of.as_str().parse::<Scope>() else { continue };
                if last.insert(scope, (record, claim, changed)).is_some() {
                    notes.count("have a key that stands again later in the file; the later row counts");
                }
            }
            Err(what) => warnings.push(Warning { row: Some(row), what }),
        }
    }
    let bad = || ImportError::Origin(instance.clone());
    let over = warnings.len().saturating_sub(limits::WARNINGS);
    if over > 0 {
        warnings.truncate(limits::WARNINGS);
        warnings.push(Warning { row: None, what: format!("{over} more rows could not be used") });
    }
    Ok(Records {
        author: format!("system:{instance}").parse().map_err(|_| bad())?,
        scope: format!("import:{instance}/{}", source.file).parse().map_err(|_| bad())?,
        format,
        rules: RULES,
        rows: last
            .into_iter()
            .map(|(scope, (record, claim, changed))| RowStatement { record, scope, claim, changed })
            .collect(),
        left_aside: notes.said(),
        warnings,
    })
}
