//! The start, the fold's properties, and the first build.

use std::process::Command;

use anyhow::{Result, bail};

use super::{RUNS, Table, median};
use crate::run;
use crate::smoke::Server;

const FOLD_CASES: u32 = 10_000;
const MOST_START_MS: f64 = 2_000.0;
const MOST_BUILD_S: f64 = 420.0;

/// From the start of the process to the printed URL, on the example and a new ledger.
pub(super) fn start(table: &mut Table) -> Result<()> {
    let stave = run::release_binary()?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let ledger = tempfile::tempdir()?;
        let mut command = Command::new(&stave);
        command.arg("--ledger").arg(ledger.path()).args(["up", "examples/shop", "--port", "0"]);
        let mut server = Server::start(&mut command)?;
        times.push(server.url_after);
        if server.interrupt()? != Some(0) {
            bail!("stave up doesn't end with 0 on SIGINT");
        }
    }
    table.milliseconds("start", "stave up examples/shop, to the URL", median(times), Some(MOST_START_MS));
    Ok(())
}

/// The properties of the fold on many more cases than an ordinary run draws.
pub(super) fn fold(table: &mut Table) -> Result<()> {
    let mut command = run::cargo();
    command.args(["test", "--release", "--locked", "--package", "stave-map"]);
    run::must(command.args(["--no-run"]))?;
    let mut cases = run::cargo();
    cases.args(["test", "--release", "--locked", "--package", "stave-map", "fold_"]);
    cases.env("STAVE_FOLD_CASES", FOLD_CASES.to_string());
    let took = run::time(&mut cases)?;
    let what = format!("{FOLD_CASES} cases of each property of the fold, all passed");
    table.add("fold", &what, took.as_secs_f64(), "s", None);
    Ok(())
}

/// What the first `cargo run --release` of a fresh clone takes, downloads left out.
pub(super) fn first_build(table: &mut Table) -> Result<()> {
    let target = tempfile::tempdir()?;
    run::must(run::cargo().args(["fetch", "--locked"]))?;
    let mut command = run::cargo();
    command.args(["build", "--release", "--locked", "--package", "stave"]);
    let took = run::time(command.env("CARGO_TARGET_DIR", target.path()))?;
    table.add("first-build", "cargo build --release", took.as_secs_f64(), "s", Some(MOST_BUILD_S));
    Ok(())
}
