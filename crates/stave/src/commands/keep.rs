//! `stave backup`, `stave restore` and `stave compact`: what keeps a ledger, and keeps it small.

use stave_answers::text::counted;
use stave_answers::when::{age_ms, from_when};
use stave_ledger::{
    Aside, Error as LedgerError, Ledger, PostgresLedger, SqliteLedger, Superseded, superseded,
};
use stave_model::Time;
use stave_server::door::accounts::users;

use crate::cli::{Backup, Compact, Restore};
use crate::context::{Context, now};
use crate::estate::{self, Place};
use crate::problem::{Exit, Problem};
use crate::reach::Reach;

/// Opens the ledger without its map, which none of these verbs needs and a damaged ledger could not fill.
fn open(context: &mut Context<'_>) -> anyhow::Result<(Place, Box<dyn Ledger>)> {
    let place = estate::existing(context)?;
    if let Reach::Door(_) = place.reach {
        return Err(not_through_a_door().into());
    }
    context.read_settings(Some(&place.root))?;
    let ledger = place.open()?;
    Ok((place, ledger))
}

pub(super) fn backup(context: &mut Context<'_>, arguments: &Backup) -> anyhow::Result<Exit> {
    let (place, mut ledger) = open(context)?;
    if let Some(folder) = arguments.file.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        return Err(Problem::new(format!("{}: there is no such folder", folder.display()))
            .hint("a backup makes no folders: a disk that isn't mounted would be taken for an empty one")
            .into());
    }
    match place.reach {
        Reach::File => SqliteLedger::open(&place.ledger_file())?.backup(&arguments.file)?,
        _ => SqliteLedger::backup_of(&mut *ledger, &arguments.file)?,
    }
    // Read again from the copy: what is said of it is true of it.
    let statements = SqliteLedger::open(&arguments.file)?.position()?;
    let bytes = std::fs::metadata(&arguments.file).map_or(0, |file| file.len());
    if context.terminal.is_json() {
        let file = arguments.file.display().to_string();
        context.terminal.json(&serde_json::json!({"file": file, "position": statements, "bytes": bytes}))?;
        return Ok(Exit::Answered);
    }
    context.terminal.line(&format!(
        "Backed up to {}: position {statements}, {}",
        arguments.file.display(),
        megabytes(bytes)
    ))?;
    let stave = context.surroundings.invocation();
    context.terminal.say(&format!("bring it back: {stave} restore {}", arguments.file.display()));
    Ok(Exit::Answered)
}

pub(super) fn restore(context: &mut Context<'_>, arguments: &Restore) -> anyhow::Result<Exit> {
    let place = match estate::find(context)? {
        Some(place) => place,
        None => estate::to_make(context)?,
    };
    match &place.reach {
        Reach::File => {}
        Reach::Postgres(address) => return restore_to_server(context, arguments, &place, address),
        Reach::Door(_) => return Err(not_through_a_door().into()),
    }
    if place.exists() && !arguments.force {
        return Err(Problem::new(format!("there is a ledger in {} already", place.folder.display()))
            .hint("--force keeps it under another name and puts the backup in its place")
            .hint("--ledger PATH restores it somewhere else")
            .into());
    }
    // A file that isn't there must not leave an empty folder behind.
    SqliteLedger::is_restorable(&arguments.file)?;
    place.make()?;
    let aside = if arguments.force { Aside::Move } else { Aside::Never };
    let moved =
        SqliteLedger::restore(&arguments.file, &place.ledger_file(), now(), aside).map_err(|error| {
            match error {
                LedgerError::Busy(path) => {
                    let what =
                        format!("{}: the ledger is open elsewhere; nothing was changed", path.display());
                    anyhow::Error::from(Problem::new(what).hint("end `stave serve` and other commands first"))
                }
                other => other.into(),
            }
        })?;
    let mut restored = SqliteLedger::open(&place.ledger_file())?;
    let position = restored.position()?;
    let moved = moved.map(|path| path.display().to_string());
    if context.terminal.is_json() {
        let folder = place.folder.display().to_string();
        let answer = serde_json::json!({"folder": folder, "position": position, "moved_aside": moved});
        context.terminal.json(&answer)?;
        return Ok(Exit::Answered);
    }
    context.terminal.line(&format!("Restored to {}: position {position}", place.folder.display()))?;
    if let Some(moved) = moved {
        context.terminal.say(&format!("  what was there is kept as {moved}"));
    }
    accounts_told(context, &mut restored)?;
    Ok(Exit::Answered)
}

fn accounts_told(context: &mut Context<'_>, restored: &mut dyn Ledger) -> anyhow::Result<()> {
    let has_accounts =
        restored.store().map(|store| users(store)).transpose()?.is_some_and(|users| !users.is_empty());
    if has_accounts {
        context.terminal.say("  accounts came along; whoever was signed in signs in again");
    }
    Ok(())
}

/// Where nothing stands yet: unlike a file, a schema can't be put aside, and nothing is ever deleted.
fn restore_to_server(
    context: &mut Context<'_>,
    arguments: &Restore,
    place: &Place,
    address: &str,
) -> anyhow::Result<Exit> {
    SqliteLedger::is_restorable(&arguments.file)?;
    place.make()?;
    let restored = PostgresLedger::restore(address, &arguments.file, &place.folder, now());
    let mut restored = restored.map_err(|error| match error {
        LedgerError::Occupied(_) => anyhow::Error::from(occupied(context, arguments, place)),
        other => other.into(),
    })?;
    let (ledger, position) = (restored.name().to_owned(), restored.position()?);
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({"ledger": ledger, "position": position}))?;
        return Ok(Exit::Answered);
    }
    context.terminal.line(&format!("Restored to {ledger}: position {position}"))?;
    accounts_told(context, &mut restored)?;
    Ok(Exit::Answered)
}

fn occupied(context: &Context<'_>, arguments: &Restore, place: &Place) -> Problem {
    let (stave, file) = (context.surroundings.invocation(), arguments.file.display());
    let what = if arguments.force {
        format!("there is a ledger in {} already, and --force deletes nothing in a database", place.shown())
    } else {
        format!("there is a ledger in {} already", place.shown())
    };
    Problem::new(what)
        .hint("beside it: CREATE SCHEMA restored, then restore with ?options=-c%20search_path%3Drestored behind the URL")
        .hint(format!(
            "in its place: {stave} backup OTHER_FILE, DROP SCHEMA public CASCADE, CREATE SCHEMA public, then {stave} restore {file}"
        ))
}

pub(super) fn not_through_a_door() -> Problem {
    Problem::new("that is done where the ledger is kept, not through a door")
        .hint("on the server: --ledger PATH or --ledger postgres://…")
}

pub(super) fn compact(context: &mut Context<'_>, arguments: &Compact) -> anyhow::Result<Exit> {
    let age = age_ms(&arguments.keep).ok_or_else(|| {
        Problem::new(format!("--keep {}: that is no age", arguments.keep))
            .hint("write a number and h, d, w or y: 90d")
    })?;
    let (place, mut ledger) = open(context)?;
    let going = superseded(&*ledger, Time::from_millis(now().millis() - age))?;
    let size = || match place.reach {
        Reach::File => std::fs::metadata(place.ledger_file()).map_or(0, |file| file.len()),
        _ => 0,
    };
    let before = size();
    if !arguments.dry_run && !going.numbers.is_empty() {
        ledger.compact(&going.numbers, going.horizon)?;
    }
    let freed = before.saturating_sub(size());
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({
            "statements": going.numbers.len(), "claims": going.claims, "of": going.of,
            "horizon": going.horizon.time, "horizon_position": going.horizon.position, "dry_run": arguments.dry_run, "bytes_freed": freed,
        }))?;
        return Ok(Exit::Answered);
    }
    told(context, arguments, &going, freed, &place)?;
    Ok(Exit::Answered)
}

fn told(
    context: &mut Context<'_>,
    arguments: &Compact,
    going: &Superseded,
    freed: u64,
    place: &Place,
) -> anyhow::Result<()> {
    let count = going.numbers.len() as u64;
    let of = counted(going.of, "statement", "statements");
    if count == 0 {
        let line = format!(
            "Nothing to let go of: no machine replaced anything before {}",
            from_when(going.horizon.time)
        );
        return context.terminal.line(&line);
    }
    let (verb, room) = match (arguments.dry_run, &place.reach) {
        (true, _) => ("Would let go of", String::new()),
        (false, Reach::File) => ("Let go of", format!("; {} freed", megabytes(freed))),
        (false, _) => ("Let go of", String::new()),
    };
    context.terminal.line(&format!(
        "{verb} {count} of {of}, with {}, which machines replaced before {}{room}",
        counted(going.claims, "claim", "claims"),
        from_when(going.horizon.time)
    ))?;
    if !arguments.dry_run {
        context.terminal.say(&format!(
            "  people's words are all there; --at and list --gone are whole from {} on",
            from_when(going.horizon.time)
        ));
    }
    Ok(())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
