//! `stave import FILE…`: what other tools wrote down, into the ledger.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use stave_answers::text::{counted, tame};
use stave_imports::{DayOrder, Import, Imported, Options, RecordKind, Records, Warning, limits};
use stave_ledger::Outcome;
use stave_model::{Source, Statement, hash_bytes};

use crate::cli::{DateOrder, ImportFiles, RowKind};
use crate::context::{Context, new_op, now};
use crate::estate;
use crate::opened::Opened;
use crate::problem::Exit;
use crate::reading::Stamp;

/// What became of one file.
#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    format: String,
    author: String,
    scope: String,
    rows: u64,
    /// Claims about the map; absent where the rows are records.
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<u64>,
    /// How many rows are which record; absent where the file says something of the map.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<RecordCounts>,
    /// Whether the ledger didn't have this yet.
    new: bool,
    /// What was assumed, or put nothing on the map, and why.
    left_aside: Vec<String>,
    warnings: Vec<String>,
}

/// How many rows are which record.
#[derive(Debug, Default, Serialize)]
struct RecordCounts {
    incidents: u64,
    tickets: u64,
    deployments: u64,
    /// How many of all these the ledger didn't have, or had otherwise.
    new: u64,
}

impl RecordCounts {
    fn of(records: &Records) -> RecordCounts {
        let count =
            |kind: RecordKind| records.rows.iter().filter(|row| row.record.kind() == kind).count() as u64;
        RecordCounts {
            incidents: count(RecordKind::Incident),
            tickets: count(RecordKind::Ticket),
            deployments: count(RecordKind::Deployment),
            new: 0,
        }
    }

    fn all(&self) -> u64 {
        self.incidents + self.tickets + self.deployments
    }

    /// `2 incidents, 1 ticket, 1 of them new`.
    fn text(&self) -> String {
        let parts = [
            (self.incidents, "incident", "incidents"),
            (self.tickets, "ticket", "tickets"),
            (self.deployments, "deployment", "deployments"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|part| part.0 > 0).map(|part| counted(part.0, part.1, part.2)).collect();
        let whole = if parts.is_empty() { "no record".to_owned() } else { parts.join(", ") };
        match self.new {
            0 => format!("{whole}, nothing new"),
            new if new == self.all() => format!("{whole}, all new"),
            new => format!("{whole}, {new} of them new"),
        }
    }
}

pub(super) fn run(context: &mut Context<'_>, arguments: &ImportFiles) -> anyhow::Result<Exit> {
    let options = options(arguments);
    // Every file is read before the first is said: a broken one leaves nothing behind.
    let mut read = Vec::new();
    for file in &arguments.files {
        let bytes = bytes_of(file)?;
        let name = file.to_string_lossy();
        let imported = stave_imports::import(&name, &bytes, &options)
            .with_context(|| format!("{} was not imported", file.display()))?;
        read.push((file, hash_bytes(&bytes).to_string(), imported));
    }
    let (place, is_new) = match estate::find(context)? {
        Some(place) => (place, false),
        None => (estate::to_make(context)?, true),
    };
    let mut opened = Opened::at(context, place)?;
    let stamp = Stamp { by: opened.bringer(context)?, op: new_op()?, time: now() };
    let mut reports = Vec::new();
    for (file, hash, imported) in read {
        reports.push(match imported {
            Imported::Map(import) => say_map(&mut opened, &stamp, file, &hash, import)?,
            Imported::Records(records) => say_records(&mut opened, &stamp, file, &hash, records)?,
        });
    }
    opened.catch_up()?;
    // Rows, and not one that could be taken: a pipeline must not go on as if it had told something.
    let is_lost = |report: &FileReport| {
        report.rows > 0 && report.records.as_ref().is_some_and(|counts| counts.all() == 0)
    };
    let exit = if reports.iter().any(is_lost) { Exit::No } else { Exit::Answered };
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({"imported": reports, "op": stamp.op.to_string()}))?;
        return Ok(exit);
    }
    for report in &reports {
        for warning in &report.warnings {
            context.terminal.warn(&tame(warning));
        }
        let news = match (&report.records, report.claims) {
            (Some(counts), _) => counts.text(),
            (None, Some(claims)) if report.new => counted(claims, "claim", "claims"),
            _ => "nothing new".to_owned(),
        };
        context.terminal.line(&format!(
            "{}: {}, {}, {news}",
            tame(&report.file),
            tame(&report.format),
            counted(report.rows, "row", "rows")
        ))?;
        for left in &report.left_aside {
            context.terminal.say(&format!("  {}", tame(left)));
        }
    }
    if is_new {
        context.terminal.say(&format!("  into a new ledger in {}", opened.place.folder.display()));
    }
    let stave = context.typed(&opened.place.root);
    let op: String = stamp.op.to_string().chars().take(12).collect();
    context.terminal.say(&format!("take it back: {stave} undo {op}"));
    Ok(exit)
}

fn options(arguments: &ImportFiles) -> Options {
    Options {
        from: arguments.from.clone(),
        columns: arguments.columns.clone(),
        kind: arguments.kind.map(|kind| match kind {
            RowKind::Incident => RecordKind::Incident,
            RowKind::Ticket => RecordKind::Ticket,
            RowKind::Deployment => RecordKind::Deployment,
        }),
        order: arguments.dates.map(|order| match order {
            DateOrder::DayFirst => DayOrder::DayFirst,
            DateOrder::MonthFirst => DayOrder::MonthFirst,
        }),
    }
}

fn say_map(
    opened: &mut Opened,
    stamp: &Stamp,
    file: &Path,
    hash: &str,
    import: Import,
) -> anyhow::Result<FileReport> {
    let statement = statement(stamp, file, hash, &import);
    let appended = opened.ledger.append(std::slice::from_ref(&statement))?;
    Ok(FileReport {
        file: file.display().to_string(),
        format: import.format.to_owned(),
        author: statement.header.author.to_string(),
        scope: statement.header.scope.to_string(),
        rows: import.rows,
        claims: Some(statement.claims.len() as u64),
        records: None,
        new: appended.iter().any(|one| one.outcome == Outcome::New),
        left_aside: import.left_aside.iter().map(|left| format!("left aside: {left}")).collect(),
        warnings: shown(file, &import.warnings),
    })
}

/// A statement for each row, and one about the file in which what could not be read stands: all in one transaction.
fn say_records(
    opened: &mut Opened,
    stamp: &Stamp,
    file: &Path,
    hash: &str,
    records: Records,
) -> anyhow::Result<FileReport> {
    let mut counts = RecordCounts::of(&records);
    let name = file_name(file);
    let mut statements = Vec::with_capacity(records.rows.len() + 1);
    for row in records.rows {
        // Rows have no id of the file: one that says the same as before is the same word.
        let at = row.changed.map_or(stamp.time, |changed| changed.min(stamp.time));
        let source = Source { at: Some(at), id: None };
        let mut header = stamp.header(records.author.clone(), row.scope, source);
        header.rules = records.rules;
        statements.push(Statement::new(header, vec![row.claim]));
    }
    let rows =
        statements.len() as u64 + records.warnings.iter().filter(|one| one.row.is_some()).count() as u64;
    let source = Source { at: Some(stamp.time), id: Some(hash.to_owned()) };
    let mut about = stamp.header(records.author.clone(), records.scope.clone(), source);
    about.rules = records.rules;
    let places = records.warnings.iter().map(|warning| match warning.row {
        Some(row) => format!("{name}:{row}"),
        None => name.clone(),
    });
    about.unread = places.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    statements.push(Statement::new(about, Vec::new()));
    let appended = opened.ledger.append(&statements)?;
    let is_new = |one: &stave_ledger::Appended| one.outcome == Outcome::New;
    counts.new = appended.iter().take(statements.len() - 1).filter(|one| is_new(one)).count() as u64;
    Ok(FileReport {
        file: file.display().to_string(),
        format: records.format,
        author: records.author.to_string(),
        scope: records.scope.to_string(),
        rows,
        claims: None,
        new: counts.new > 0,
        records: Some(counts),
        left_aside: records.left_aside,
        warnings: shown(file, &records.warnings),
    })
}

/// Warnings with the place that they are about.
fn shown(file: &Path, warnings: &[Warning]) -> Vec<String> {
    let shown = warnings.iter().map(|warning| match warning.row {
        Some(row) => format!("{}:{row}: {}", file.display(), warning.what),
        None => format!("{}: {}", file.display(), warning.what),
    });
    shown.collect()
}

fn file_name(file: &Path) -> String {
    file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// A file's bytes, up to one more than are allowed.
fn bytes_of(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = || format!("can't read {}", file.display());
    let mut bytes = Vec::new();
    File::open(file)
        .with_context(name)?
        .take(limits::FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(name)?;
    Ok(bytes)
}

/// What a file says, dated by itself but never later than now.
fn statement(stamp: &Stamp, file: &Path, hash: &str, import: &Import) -> Statement {
    let at = import.at.map_or(stamp.time, |at| at.min(stamp.time));
    let source = Source { at: Some(at), id: Some(hash.to_owned()) };
    let mut header = stamp.header(import.author.clone(), import.scope.clone(), source);
    header.rules = import.rules;
    if !import.warnings.is_empty() {
        // Of what could not be read the earlier word stands.
        header.unread = vec![file_name(file)];
    }
    Statement::new(header, import.claims.clone())
}
