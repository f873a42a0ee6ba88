//! `stave doctor`: whether all is well, and what to do where it is not. It only looks: no file is made, brought up to
//! date or mended here.

mod kept;
mod machine;

use std::path::Path;

use serde::Serialize;
use stave_answers::text::{counted, grouped, tame};
use stave_ledger::{Depth, Info, Ledger, PostgresLedger, RemoteOptions, SqliteLedger, Verified, verify};
use stave_model::{Author, Time};

use super::print;
use crate::cli::Doctor;
use crate::context::{Context, TOOL, now};
use crate::estate::{self, Place};
use crate::problem::{Exit, told};
use crate::reach::Reach;
use crate::reading::Spinner;

/// Scopes in the list of sources; the rest is counted.
const SOURCES: usize = 1_000;

/// How far a statement may be ahead before its clock counts as wrong: a minute.
const AHEAD_MS: i64 = 60_000;

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be, or nothing that has to be changed.
    Ok,
    /// Something should be done.
    Todo,
    /// Something is broken: answers can be wrong, or there are none.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    /// What: `ledger`, `hashes`, `clock`, …
    name: &'static str,
    state: State,
    /// What was found, as a sentence.
    says: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
}

/// Where something was last looked at.
#[derive(Debug, Serialize)]
pub(super) struct SourceSeen {
    scope: String,
    /// When any author last looked.
    seen: Time,
}

/// What is known of the ledger.
#[derive(Debug, Serialize)]
struct LedgerFound {
    /// The address or folder, without a password.
    at: String,
    /// `sqlite`, `postgresql` or `remote`.
    kind: &'static str,
    /// Version of the file's tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<i64>,
    /// Bytes of the file and what SQLite keeps beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(flatten)]
    info: Option<Identity>,
    #[serde(flatten)]
    verified: Option<Counted>,
}

#[derive(Debug, Serialize)]
struct Identity {
    estate: String,
    ledger: String,
    epoch: u64,
    revision: u64,
    position: u64,
}

#[derive(Debug, Serialize)]
struct Counted {
    statements: u64,
    claims: Option<u64>,
    redacted: Option<u64>,
    /// Numbers of damaged statements, with what is wrong; the first hundred.
    damaged: Vec<(u64, String)>,
}

/// All that was found.
#[derive(Debug, Serialize)]
struct Found {
    version: &'static str,
    now: Time,
    /// The worst state of all checks.
    state: State,
    ledger: LedgerFound,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_model: Option<kept::ModelFound>,
    sources: Vec<SourceSeen>,
    more_sources: u64,
    checks: Vec<Check>,
}

impl Check {
    pub(super) fn new(name: &'static str, state: State, says: impl Into<String>) -> Check {
        Check { name, state, says: says.into(), hints: Vec::new() }
    }

    pub(super) fn ok(name: &'static str, says: impl Into<String>) -> Check {
        Check::new(name, State::Ok, says)
    }

    pub(super) fn todo(name: &'static str, says: impl Into<String>, hint: impl Into<String>) -> Check {
        Check::new(name, State::Todo, says).hint(hint)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Check {
        self.hints.push(hint.into());
        self
    }
}

pub(super) fn run(context: &mut Context<'_>, arguments: &Doctor) -> anyhow::Result<Exit> {
    let mut place = estate::existing(context)?;
    context.read_settings(Some(&place.root))?;
    place.unlock(context)?;
    if let Reach::Door(options) = &mut place.reach {
        // What is remembered here says nothing about what the server has.
        options.cache = None;
    }
    let present = now();
    let mut checks = vec![Check::ok("version", TOOL)];
    let mut found = LedgerFound {
        at: place.shown(),
        kind: match place.reach {
            Reach::File => "sqlite",
            Reach::Postgres(_) => "postgresql",
            Reach::Door(_) => "remote",
        },
        schema: None,
        bytes: None,
        info: None,
        verified: None,
    };
    let (mut read_model, mut sources, mut more_sources) = (None, Vec::new(), 0);
    if let Some(ledger) = opened(&place, &mut found, &mut checks) {
        let depth = if arguments.quick { Depth::Headers } else { Depth::Whole };
        let of = Look { place: &place, ledger: &*ledger, depth, present };
        match look(context, &of, &mut found, &mut checks) {
            Ok((model, of_map)) => {
                read_model = model;
                (sources, more_sources) = (of_map.sources, of_map.more_sources);
            }
            // A server that isn't there, or takes no token, is what was to be found out.
            Err(error) if place.is_afar() => checks.push(broken("ledger", &error)),
            Err(error) => return Err(error),
        }
    }
    checks.extend(machine::look(&place, found.bytes));
    let state = checks.iter().map(|check| check.state).max().unwrap_or(State::Ok);
    let found = Found {
        version: TOOL,
        now: present,
        state,
        ledger: found,
        read_model,
        sources,
        more_sources,
        checks,
    };
    print(context, &found, |_, _| to_text(&found.checks))?;
    Ok(match state {
        State::Ok => Exit::Answered,
        State::Todo => Exit::No,
        State::Broken => Exit::Error,
    })
}

/// What is looked at, and how.
struct Look<'a> {
    place: &'a Place,
    ledger: &'a dyn Ledger,
    depth: Depth,
    present: Time,
}

/// Looks through the ledger and what is made of it.
fn look(
    context: &mut Context<'_>,
    of: &Look<'_>,
    found: &mut LedgerFound,
    checks: &mut Vec<Check>,
) -> anyhow::Result<(Option<kept::ModelFound>, kept::OfMap)> {
    let ledger = of.ledger;
    let info = ledger.info()?;
    if let Reach::Door(options) = &of.place.reach {
        checks.push(door(options, ledger.signature()?.as_ref()));
    }
    looked_through(context, of, found, checks)?;
    let (model, mut of_map) = kept::look(context, of.place, ledger, &info, of.present)?;
    checks.append(&mut of_map.checks);
    found.info = Some(identity(info, ledger.position()?));
    Ok((model, of_map))
}

/// What a server's door makes of whoever looks.
fn door(options: &RemoteOptions, by: Option<&Author>) -> Check {
    let known = match by {
        Some(by) => format!("the token is known there as {by}"),
        None => "no token is shown, so nothing can be said from here".to_owned(),
    };
    match &options.address {
        address if address.is_secure() => Check::ok("door", format!("{known}; the connection is encrypted")),
        address if address.is_loopback() => Check::ok("door", format!("{known}; it is on this machine")),
        _ => Check::todo(
            "door",
            format!("{known}; everybody on the way reads it"),
            "put a proxy with TLS before the server, and use https://",
        ),
    }
}

/// What can't be reached or read.
fn broken(name: &'static str, error: &anyhow::Error) -> Check {
    let told = told(error);
    let mut check = Check::new(name, State::Broken, told.what);
    check.hints = told.hints;
    check
}

fn identity(info: Info, position: u64) -> Identity {
    Identity {
        estate: info.estate,
        ledger: info.ledger,
        epoch: info.epoch,
        revision: info.revision,
        position,
    }
}

/// Opens the ledger, unless that would change it.
fn opened(place: &Place, found: &mut LedgerFound, checks: &mut Vec<Check>) -> Option<Box<dyn Ledger>> {
    if place.reach == Reach::File {
        let file = place.ledger_file();
        found.bytes = Some(bytes_of(&file));
        match SqliteLedger::schema_of(&file) {
            Ok(schema) => found.schema = Some(schema),
            Err(error) => {
                checks.push(broken("ledger", &error.into()));
                return None;
            }
        }
        if found.schema.is_some_and(|schema| schema < SqliteLedger::SCHEMA) {
            checks.push(Check::todo(
                "ledger",
                format!("{}: an older Stave wrote it", found.at),
                "the next command brings its tables up to date; nothing in it changes its meaning",
            ));
            return None;
        }
    }
    let ledger = match &place.reach {
        // Whoever looks makes no ledger.
        Reach::Postgres(address) => match PostgresLedger::open(address) {
            Ok(ledger) => Ok(Box::new(ledger) as Box<dyn Ledger>),
            Err(error) => Err(error.into()),
        },
        reach => reach.open(&place.ledger_file()),
    };
    match ledger {
        Ok(ledger) => Some(ledger),
        Err(error) => {
            let mut check = broken("ledger", &error);
            let is_missing = matches!(error.downcast_ref(), Some(stave_ledger::Error::Missing(_)));
            if is_missing && matches!(place.reach, Reach::Postgres(_)) {
                check = check.hint(
                    "make it, with the URL of the role that shall own the tables: stave user add ADDRESS",
                );
            }
            checks.push(check);
            None
        }
    }
}

/// The size of a database with what SQLite keeps beside it.
pub(super) fn bytes_of(file: &Path) -> u64 {
    ["", "-wal", "-shm"]
        .iter()
        .map(|end| {
            let mut path = file.as_os_str().to_owned();
            path.push(end);
            std::fs::metadata(path).map_or(0, |meta| meta.len())
        })
        .sum()
}

/// Bytes as people read them: `1.2 MB`.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Every statement, once: its hashes, and whether its clock was ahead.
fn looked_through(
    context: &mut Context<'_>,
    of: &Look<'_>,
    found: &mut LedgerFound,
    checks: &mut Vec<Check>,
) -> anyhow::Result<()> {
    let Look { ledger, depth, present, .. } = *of;
    let end = ledger.position()?;
    let spinner = Spinner::new(context.terminal.shows_progress());
    let (mut ahead, mut farthest) = (0u64, present);
    let verified = verify(ledger, depth, &mut |entry| {
        if entry.number % 256 == 0 {
            spinner.count("computing hashes again", entry.number, end);
        }
        if entry.header.time.millis() > present.millis().saturating_add(AHEAD_MS) {
            ahead += 1;
            farthest = farthest.max(entry.header.time);
        }
        Ok(())
    });
    spinner.end();
    let verified = verified?;
    let bytes = found.bytes.map_or_else(String::new, |bytes| format!(", {}", size(bytes)));
    let count = counted(verified.statements, "statement", "statements");
    checks.push(Check::ok("ledger", format!("{}: {}{bytes}, {count}", found.at, found.kind)));
    checks.push(hashes(&verified, depth));
    if depth == Depth::Whole {
        checks.extend(ledger.unsound()?.map(storage));
    }
    checks.push(if ahead == 0 {
        Check::ok("clock", "no statement is from the future")
    } else {
        Check::todo(
            "clock",
            format!(
                "{} from the future, the latest of {farthest}",
                counted(ahead, "statement is", "statements are")
            ),
            "compare this machine's clock with another one's; machines' statements wait until they are due, \
             people's count at once (stave log shows them)",
        )
    });
    found.verified = Some(Counted {
        statements: verified.statements,
        claims: (depth == Depth::Whole).then_some(verified.claims),
        redacted: (depth == Depth::Whole).then_some(verified.redacted),
        damaged: verified.damaged,
    });
    Ok(())
}

/// What no statement's hash covers.
fn storage(complaints: Vec<String>) -> Check {
    let Some((first, others)) = complaints.split_first() else {
        return Check::ok(
            "storage",
            "what statements are found by, the register, the directory and accounts are what was written",
        );
    };
    let more = if others.is_empty() {
        String::new()
    } else {
        format!("; and {} more", grouped(others.len() as u64))
    };
    Check::new("storage", State::Broken, format!("{}{more}", tame(first)))
        .hint("restore a backup, or save what is left: stave export --salvage left.jsonl, then stave merge it into a new ledger")
        .hint("look after the disk: bytes that were written have changed")
}

fn hashes(verified: &Verified, depth: Depth) -> Check {
    let statements = counted(verified.statements, "statement", "statements");
    if verified.damaged_count > 0 {
        let named: Vec<String> = verified
            .damaged
            .iter()
            .take(5)
            .map(|(number, what)| format!("number {number}: {}", tame(what)))
            .collect();
        return Check::new(
            "hashes",
            State::Broken,
            format!(
                "{} of {} damaged; {}",
                grouped(verified.damaged_count),
                counted(verified.statements, "statement is", "statements are"),
                named.join("; ")
            ),
        )
        .hint(
            "restore a backup, or make a new ledger from another copy: stave export there, stave merge here",
        )
        .hint("look after the disk: bytes that were written have changed");
    }
    Check::ok(
        "hashes",
        match depth {
            Depth::Headers => {
                format!("{statements} have the ids of their headers; claims were not read (--quick)")
            }
            Depth::Whole => format!(
                "{statements} and {} are what was written{}",
                counted(verified.claims, "claim", "claims"),
                if verified.redacted > 0 {
                    format!(" ({} redacted)", grouped(verified.redacted))
                } else {
                    String::new()
                }
            ),
        },
    )
}

fn to_text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let state = match check.state {
            State::Ok => "ok",
            State::Todo => "TO DO",
            State::Broken => "BROKEN",
        };
        text.push_str(&format!("{state:<7} {:<12} {}\n", check.name, tame(&check.says)));
        for hint in &check.hints {
            text.push_str(&format!("{:21}hint: {}\n", "", tame(hint)));
        }
    }
    let open = checks.iter().filter(|check| check.state != State::Ok).count() as u64;
    text.push_str(&match open {
        0 => "\nAll is well.\n".to_owned(),
        _ => format!("\n{} to look after.\n", counted(open, "thing", "things")),
    });
    text
}
