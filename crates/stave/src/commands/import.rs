//! `stave import FILE…`: what other tools wrote down, into the ledger.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use stave_answers::text::{counted, tame};
use stave_imports::{Import, limits};
use stave_ledger::{Ledger as _, Outcome};
use stave_model::{Source, Statement, hash_bytes};

use crate::cli::ImportFiles;
use crate::context::{Context, new_op, now};
use crate::estate;
use crate::opened::Opened;
use crate::problem::Exit;
use crate::reading::Stamp;

/// What became of one file.
#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    format: &'static str,
    author: String,
    scope: String,
    rows: u64,
    claims: u64,
    /// Whether the ledger didn't have this yet.
    new: bool,
    /// What put nothing on the map, and why.
    left_aside: Vec<String>,
    warnings: Vec<String>,
}

pub(super) fn run(context: &mut Context<'_>, arguments: &ImportFiles) -> anyhow::Result<Exit> {
    // Every file is read before the first is said: a broken one leaves nothing behind.
    let mut read = Vec::new();
    for file in &arguments.files {
        let bytes = bytes_of(file)?;
        let name = file.to_string_lossy();
        let import = stave_imports::import(&name, &bytes, &arguments.from)
            .with_context(|| format!("{} was not imported", file.display()))?;
        read.push((file, hash_bytes(&bytes), import));
    }
    let (place, is_new) = match estate::find(context)? {
        Some(place) => (place, false),
        None => (estate::to_make(context)?, true),
    };
    let mut opened = Opened::at(context, place)?;
    let stamp = Stamp { by: opened.author(context)?, op: new_op()?, time: now() };
    let mut reports = Vec::new();
    for (file, hash, import) in read {
        let statement = statement(&stamp, file, &hash.to_string(), &import);
        let appended = opened.ledger.append(std::slice::from_ref(&statement))?;
        reports.push(FileReport {
            file: file.display().to_string(),
            format: import.format,
            author: statement.header.author.to_string(),
            scope: statement.header.scope.to_string(),
            rows: import.rows,
            claims: statement.claims.len() as u64,
            new: appended.iter().any(|one| one.outcome == Outcome::New),
            left_aside: import.left_aside,
            warnings: import
                .warnings
                .iter()
                .map(|warning| match warning.row {
                    Some(row) => format!("{}:{row}: {}", file.display(), warning.what),
                    None => format!("{}: {}", file.display(), warning.what),
                })
                .collect(),
        });
    }
    opened.catch_up()?;
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({"imported": reports, "op": stamp.op.to_string()}))?;
        return Ok(Exit::Answered);
    }
    for report in &reports {
        for warning in &report.warnings {
            context.terminal.warn(&tame(warning));
        }
        let news =
            if report.new { counted(report.claims, "claim", "claims") } else { "nothing new".to_owned() };
        context.terminal.line(&format!(
            "{}: {}, {}, {news}",
            tame(&report.file),
            report.format,
            counted(report.rows, "row", "rows")
        ))?;
        for left in &report.left_aside {
            context.terminal.say(&format!("  left aside: {}", tame(left)));
        }
    }
    if is_new {
        context.terminal.say(&format!("  into a new ledger in {}", opened.place.folder.display()));
    }
    let stave = context.typed(&opened.place.root);
    let op: String = stamp.op.to_string().chars().take(12).collect();
    context.terminal.say(&format!("take it back: {stave} undo {op}"));
    Ok(Exit::Answered)
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
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        header.unread = vec![name];
    }
    Statement::new(header, import.claims.clone())
}
