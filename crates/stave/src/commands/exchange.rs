//! `stave export` and `stave merge`: one plain format in and out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use stave_answers::speech::{self, Anchor};
use stave_answers::text::counted;
use stave_answers::when::from_when;
use stave_ledger::{EstateMet, Filter};
use stave_model::{Reference, fact_scope, person_author};

use crate::cli::{Export, ExportForm, Merge};
use crate::context::Context;
use crate::estate;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::reach::Reach;
use crate::terminal::UNWRITABLE;

pub(super) fn export(context: &mut Context<'_>, arguments: &Export) -> anyhow::Result<Exit> {
    if arguments.salvage {
        return salvage(context, arguments);
    }
    let opened = Opened::existing(context)?;
    let (what, left_out) = match arguments.target() {
        None => {
            write(&opened, arguments, context.terminal.raw()).map_err(|error| unwritten(error, UNWRITABLE))?
        }
        Some(file) => to_file(file, |into| write(&opened, arguments, into))?,
    };
    if let Some(file) = arguments.target() {
        if context.terminal.is_json() {
            context.terminal.json(&serde_json::json!({
                "file": file.display().to_string(), "written": what, "uncommitted_left_out": left_out,
            }))?;
        } else {
            context.terminal.line(&format!("Wrote {what} to {}", file.display()))?;
        }
    }
    if left_out > 0 {
        context.terminal.say(&format!(
            "{} about uncommitted work left out: that stays on this machine",
            counted(left_out, "statement", "statements")
        ));
    }
    Ok(Exit::Answered)
}

/// What can be read of a damaged ledger; what can't is named.
fn salvage(context: &mut Context<'_>, arguments: &Export) -> anyhow::Result<Exit> {
    let place = estate::existing(context)?;
    if place.reach != Reach::File || arguments.form != ExportForm::Jsonl {
        let stave = context.surroundings.invocation();
        return Err(Problem::new("--salvage reads a ledger in a file, and writes jsonl")
            .hint(format!("elsewhere `{stave} export` says which statement can't be read; {stave} restore brings a backup back"))
            .into());
    }
    let ledger = place.ledger_file();
    let read = |into: &mut dyn Write| stave_ledger::salvage(&ledger, into).map_err(of_stream);
    let found = match arguments.target() {
        None => read(context.terminal.raw()).map_err(|error| unwritten(error, UNWRITABLE))?,
        Some(file) => to_file(file, read)?,
    };
    let written = found.statements - found.left_out;
    if let Some(file) = arguments.target() {
        if context.terminal.is_json() {
            let lost = found.lost.iter().map(|lost| {
                serde_json::json!({
                    "number": lost.number, "statement": lost.id, "author": lost.author, "scope": lost.scope,
                    "why": lost.why,
                })
            });
            context.terminal.json(&serde_json::json!({
                "file": file.display().to_string(), "statements": written, "lost": lost.collect::<Vec<_>>(),
                "damage": found.damage, "uncommitted_left_out": found.left_out,
            }))?;
        } else {
            let statements = counted(written, "statement", "statements");
            context.terminal.line(&format!("Wrote {statements} to {}", file.display()))?;
        }
    }
    for lost in &found.lost {
        let id = lost.id.map_or_else(|| "unknown".to_owned(), |id| id.short().to_string());
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        context.terminal.warn(&format!(
            "statement {} is lost: {id}, by {} about {}: {}",
            lost.number,
            known(&lost.author),
            known(&lost.scope),
            lost.why
        ));
    }
    for damage in &found.damage {
        context.terminal.warn(&format!("damaged: {damage}"));
    }
    let is_whole = found.lost.is_empty() && found.damage.is_empty();
    Ok(if is_whole { Exit::Answered } else { Exit::No })
}

/// Writes in a form; gives what was written, in words, and how many statements were left out.
fn write(opened: &Opened, arguments: &Export, into: &mut dyn Write) -> anyhow::Result<(String, u64)> {
    match arguments.form {
        ExportForm::Jsonl => {
            let export = match arguments.pseudonyms {
                true => stave_ledger::export_with_pseudonyms,
                false => stave_ledger::export,
            };
            let report = export(&*opened.ledger, into).map_err(of_stream)?;
            Ok((counted(report.statements, "statement", "statements"), report.left_out))
        }
        // The map calls persons by digits; only answers with the directory know more.
        ExportForm::Graph => {
            let graph = stave_answers::graph(opened.estate())?;
            serde_json::to_writer(&mut *into, &graph).map_err(io::Error::from)?;
            into.write_all(b"\n")?;
            let entities = counted(graph.entities.len() as u64, "entity", "entities");
            Ok((format!("{entities} and {}", counted(graph.links.len() as u64, "link", "links")), 0))
        }
    }
}

/// The stream's own error where it is one, so that a reader who goes away is known as that.
fn of_stream(error: stave_ledger::Error) -> anyhow::Error {
    match error {
        stave_ledger::Error::Export(error) => error.into(),
        other => other.into(),
    }
}

/// Says what can't be written, where it is the writing that failed, and not what was to be read for it.
fn unwritten(error: anyhow::Error, what: impl Display + Send + Sync + 'static) -> anyhow::Error {
    if error.is::<io::Error>() { error.context(what) } else { error }
}

/// A file that appears whole or not at all. A device or pipe is written as it is.
fn to_file<T>(file: &Path, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let name = || format!("can't write {}", file.display());
    let unwritten = |error| unwritten(error, name());
    if file.exists() && !file.is_file() {
        let mut into = BufWriter::new(OpenOptions::new().write(true).open(file).with_context(name)?);
        let done = fill(&mut into).map_err(unwritten)?;
        into.flush().with_context(name)?;
        return Ok(done);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Only its owner may read it: an export carries the estate's key and people's addresses.
    let draft = tempfile::NamedTempFile::new_in(folder).with_context(name)?;
    let mut into = BufWriter::new(draft);
    let done = fill(&mut into).map_err(unwritten)?;
    let draft = into.into_inner().map_err(io::IntoInnerError::into_error).with_context(name)?;
    draft.as_file().sync_all().with_context(name)?;
    draft.persist(file).map_err(|error| error.error).with_context(name)?;
    Ok(done)
}

pub(super) fn merge(context: &mut Context<'_>, arguments: &Merge) -> anyhow::Result<Exit> {
    let is_stdin = arguments.file == Path::new("-");
    if !is_stdin {
        // A file that isn't there must not leave an empty ledger behind.
        File::open(&arguments.file).with_context(|| format!("can't read {}", arguments.file.display()))?;
    }
    let (place, is_new) = match estate::find(context)? {
        Some(place) => (place, false),
        None => (estate::to_make(context)?, true),
    };
    let mut opened = Opened::at(context, place)?;
    // What can be read only once is copied beside the ledger meanwhile: there is room, and nobody else sees it.
    let aside = opened.place.folder.clone();
    let report = if is_stdin {
        stave_ledger::merge_stream(&mut *opened.ledger, "standard input", io::stdin().lock(), &aside)?
    } else {
        stave_ledger::merge(&mut *opened.ledger, &arguments.file, &aside)?
    };
    let joined = match report.estate {
        EstateMet::Other { .. } => join_people(context, &mut opened)?,
        EstateMet::Same | EstateMet::TakenOver => 0,
    };
    opened.catch_up()?;
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({
            "new": report.new, "known": report.known, "people": report.people,
            "uncommitted_left_out": report.left_out, "people_joined": joined, "horizon": report.horizon,
            "estate": match report.estate {
                EstateMet::Same => "same",
                EstateMet::TakenOver => "taken over",
                EstateMet::Other { .. } => "other",
            },
        }))?;
        return Ok(Exit::Answered);
    }
    context.terminal.line(&format!(
        "Merged {}; {} here already",
        counted(report.new, "new statement", "new statements"),
        counted(report.known, "was", "were").replace("no were", "none were"),
    ))?;
    if is_new {
        context.terminal.say(&format!("  into a new ledger in {}", opened.place.shown()));
    }
    if joined > 0 {
        context.terminal.say(&format!(
            "  {} of both estates with one address: said to be one",
            counted(joined, "person", "persons")
        ));
    }
    if report.left_out > 0 {
        context.terminal.say(&format!(
            "  {} about somebody's uncommitted work left out",
            counted(report.left_out, "statement", "statements")
        ));
    }
    if let Some(horizon) = report.horizon {
        context.terminal.say(&format!(
            "  it comes from a compacted ledger: --at and list --gone are whole from {} on",
            from_when(horizon)
        ));
    }
    Ok(Exit::Answered)
}

/// Two estates give one address two ids. Says that they are one person, where nobody has said anything yet.
fn join_people(context: &mut Context<'_>, opened: &mut Opened) -> anyhow::Result<u64> {
    let key = opened.ledger.estate_key()?;
    let mut by_address: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in opened.ledger.people()? {
        if !row.address.is_empty() {
            by_address.entry(row.address.to_lowercase()).or_default().insert(row.id);
        }
    }
    let person = |id: &str| Anchor { reference: id.to_owned(), name: String::new(), entity: None };
    let mut drafts = Vec::new();
    for (address, ids) in by_address {
        let own = person_author(&key, &address)?.to_string();
        for other in ids.iter().filter(|id| **id != own) {
            let (low, high) = if own <= *other { (&own, other) } else { (other, &own) };
            let low: Reference = low.parse()?;
            let scope = fact_scope(&low, "same_as", Some(high))?;
            let filter = Filter { scope: Some(scope), ..Filter::default() };
            if opened.ledger.latest(&filter, u64::MAX, 1)?.is_empty() {
                drafts.push(speech::same(&person(&own), &person(other), &[]));
            }
        }
    }
    if drafts.is_empty() {
        return Ok(0);
    }
    let voice = opened.voice(context)?;
    let statements = speech::statements(&voice, &drafts)?;
    opened.ledger.append(&statements).context("the statements are merged, but not which persons are one")?;
    Ok(drafts.len() as u64)
}
