//! The ledger on a PostgreSQL server of its own: writers and the server killed, and appends counted.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};

use super::load::{self, Load};
use super::promise;
use super::server::Server;
use crate::Outcome;
use crate::args::Args;
use crate::run;

/// How many writers are killed.
const KILLS: u32 = 300;
/// How long each measurement of appends takes.
const SECONDS: u32 = 10;
/// How large a statement is said again, and how often.
const CLAIMS: u32 = 190_000;
const TIMES: u32 = 100;

pub(super) fn task(mut args: Args) -> Result<Outcome> {
    if args.flag("--load") {
        return loaded(args);
    }
    let kills = args.number("--kills")?.unwrap_or(KILLS);
    let seconds = args.number("--seconds")?.unwrap_or(SECONDS);
    let claims = args.number("--claims")?.unwrap_or(CLAIMS);
    let times = args.number("--times")?.unwrap_or(TIMES);
    args.end()?;
    let survived = (kills == 0 || killed(kills)?) && (times == 0 || said_again(claims, times)?);
    if seconds > 0 {
        appends(seconds)?;
    }
    Ok(Outcome::passed_if(survived))
}

/// Command lines, servers, and one of them killed every minute.
fn loaded(mut args: Args) -> Result<Outcome> {
    let load = Load {
        command_lines: args.number("--command-lines")?.unwrap_or(100),
        servers: args.number("--servers")?.unwrap_or(4),
        minutes: args.number("--minutes")?.unwrap_or(10),
        kill_every: Duration::from_secs(args.number("--kill-every")?.unwrap_or(60).into()),
        binary: match args.optional_path("--binary")? {
            Some(path) => path,
            None => run::release_binary()?,
        },
    };
    args.end()?;
    load::run(&load)
}

/// The tests that kill, with more kills.
fn killed(kills: u32) -> Result<bool> {
    let mut command = run::cargo();
    command.args(["test", "--locked", "--package", "stave-ledger", "--test", "it", "--"]);
    command
        .args(["postgres::crash", "--nocapture"])
        .env("STAVE_TEST_KILLS", kills.to_string())
        .env("CI", "true");
    let mut commands = run::cargo();
    commands.args(["test", "--locked", "--package", "stave", "--test", "it", "--"]);
    commands
        .args(["kills_on_postgres", "--nocapture"])
        // Of each of the three commands.
        .env("STAVE_KILLS", kills.div_ceil(3).to_string())
        .env("CI", "true");
    Ok(run::passes(&mut command)? && run::passes(&mut commands)?)
}

/// What a large statement costs that is said again with a little changed: the test prints it.
fn said_again(claims: u32, times: u32) -> Result<bool> {
    let mut command = run::cargo();
    command.args(["test", "--release", "--locked", "--package", "stave-ledger", "--test", "it", "--"]);
    command
        .args(["postgres::differences::saying_a_large", "--nocapture"])
        .env("STAVE_AGAIN", format!("{claims} {times}"))
        .env("CI", "true");
    let measured: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let passed = run::watched(&mut command, |line| {
        if let (Some((_, figures)), Ok(mut measured)) = (line.split_once("measured: "), measured.lock()) {
            measured.push(figures.to_owned());
        }
    })?;
    Ok(promise::is_kept(&measured.into_inner().unwrap_or_default()) && passed)
}

/// Acknowledged statements a second, on a server that waits for its disk as PostgreSQL does by itself.
fn appends(seconds: u32) -> Result<()> {
    let appender = run::release_example("stave-ledger", "appends")?;
    let server = Server::start(&[]).context("PostgreSQL")?;
    println!("| appenders | statements at once | statements a second |\n|---|---|---|");
    for batch in [1, 100] {
        for appenders in [1, 2, 4] {
            // A database of its own: no run finds what another one left.
            let url = server.database(&format!("appends_{appenders}_{batch}"))?;
            let start = |name: u32| {
                let mut command = Command::new(&appender);
                command.arg(&url).arg(format!("n{name}")).arg(seconds.to_string()).arg(batch.to_string());
                command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
            };
            let running: Vec<_> = (0..appenders).map(start).collect::<std::io::Result<_>>()?;
            let mut rate = 0.0;
            for child in running {
                let output = child.wait_with_output()?;
                anyhow::ensure!(output.status.success(), "an appender ended with {}", output.status);
                let text = String::from_utf8(output.stdout)?;
                let (count, took) = text.trim().split_once(' ').context("an appender says nothing")?;
                rate += count.parse::<f64>()? / took.parse::<f64>()?;
            }
            println!("| {appenders} | {batch} | {rate:.0} |");
        }
    }
    Ok(())
}
