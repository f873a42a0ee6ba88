//! A scan beside `rg --hidden -c ''`, which reads the same files and does next to nothing with them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{RUNS, Table, median};
use crate::run;

const MOST_RATIO: f64 = 5.0;
const MOST_PEAK_MB: f64 = 300.0;

pub(super) fn measure(trees: &Path, table: &mut Table) -> Result<()> {
    if run::find("rg").is_none() {
        bail!("rg is missing\n\nhint: sudo apt-get install --yes ripgrep");
    }
    let stave = run::release_binary()?;
    let mut folders = Vec::new();
    for entry in fs::read_dir(trees).with_context(|| trees.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    for tree in folders {
        let name = tree.file_name().unwrap_or_default().to_string_lossy().into_owned();
        one(&stave, &tree, &name, table)?;
    }
    Ok(())
}

fn one(stave: &Path, tree: &Path, name: &str, table: &mut Table) -> Result<()> {
    // Once each, so that both find warm files.
    rg(tree)?;
    scan(stave, tree, tempfile::tempdir()?.path())?;
    let mut by_rg = Vec::new();
    let mut by_stave = Vec::new();
    for _ in 0..RUNS {
        by_rg.push(rg(tree)?);
        by_stave.push(scan(stave, tree, tempfile::tempdir()?.path())?);
    }
    let (rg_took, stave_took) = (median(by_rg), median(by_stave));
    table.milliseconds("scan", &format!("{name}: rg --hidden -c ''"), rg_took, None);
    table.milliseconds("scan", &format!("{name}: stave scan, new ledger"), stave_took, None);
    let ratio = stave_took.as_secs_f64() / rg_took.as_secs_f64();
    table.add("scan", &format!("{name}: stave by rg"), ratio, "times", Some(MOST_RATIO));
    let ledger = tempfile::tempdir()?;
    let mut command = Command::new(stave);
    let peak = run::measure(command.arg("--ledger").arg(ledger.path()).arg("scan").arg(tree))?.peak_mb;
    table.add("scan", &format!("{name}: peak memory"), peak, "MB", Some(MOST_PEAK_MB));
    again(stave, tree, name, stave_took, table)
}

/// A second scan of a tree in which nothing has changed.
fn again(stave: &Path, tree: &Path, name: &str, first: Duration, table: &mut Table) -> Result<()> {
    let ledger = tempfile::tempdir()?;
    scan(stave, tree, ledger.path())?;
    let before = statements(stave, ledger.path())?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(scan(stave, tree, ledger.path())?);
    }
    let took = median(times);
    let appended = statements(stave, ledger.path())? - before;
    let limit = first.as_secs_f64() * 1000.0 / 3.0;
    table.milliseconds("scan", &format!("{name}: stave scan, nothing changed"), took, Some(limit));
    table.add(
        "scan",
        &format!("{name}: statements appended by it"),
        appended as f64,
        "statements",
        Some(0.0),
    );
    Ok(())
}

fn rg(tree: &Path) -> Result<Duration> {
    // rg ends with 1 where it finds nothing, which an empty pattern doesn't do.
    run::time(Command::new("rg").args(["--hidden", "-c", ""]).arg(tree))
}

pub(super) fn scan(stave: &Path, tree: &Path, ledger: &Path) -> Result<Duration> {
    run::time(Command::new(stave).arg("--ledger").arg(ledger).arg("scan").arg(tree))
}

/// How many statements a ledger exports: the first line says it.
pub(super) fn statements(stave: &Path, ledger: &Path) -> Result<i64> {
    let mut command = Command::new(stave);
    command.arg("--ledger").arg(ledger).args(["export", "--as", "jsonl"]);
    let text = run::output(&mut command)?;
    let head: Value = serde_json::from_str(text.lines().next().unwrap_or_default())?;
    head["statements"].as_i64().context("an export begins with its number of statements")
}
