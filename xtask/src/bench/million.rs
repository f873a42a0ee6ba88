//! Ledgers of a million and of ten million claims: what a person waits for, and what one statement costs.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{RUNS, Table, estate, median, scan};
use crate::run;

/// How large, and what is promised.
pub(super) struct Size {
    bench: &'static str,
    claims: usize,
    most_rebuild_ms: f64,
    most_question_ms: f64,
    rebuilds: usize,
}

pub(super) const MILLION: Size = Size {
    bench: "million",
    claims: 1_000_000,
    most_rebuild_ms: 10_000.0,
    most_question_ms: 150.0,
    rebuilds: 3,
};

pub(super) const TEN_MILLION: Size = Size {
    bench: "ten-million",
    claims: 10_000_000,
    most_rebuild_ms: 120_000.0,
    most_question_ms: 200.0,
    rebuilds: 1,
};

/// One statement of one claim: the median, and the worst of a thousand.
const MOST_ADVANCE_MS: f64 = 2.0;
const MOST_WORST_ADVANCE_MS: f64 = 50.0;

/// Writes a made-up estate as an export.
pub(super) fn made_up(claims: usize, file: &Path) -> Result<usize> {
    Ok(estate::write(&mut BufWriter::new(File::create(file)?), claims, 0)?.0)
}

/// Writes a made-up estate of at least so many statements as an export; how many claims and statements it has.
pub(super) fn made_up_of(statements: usize, file: &Path) -> Result<(usize, usize)> {
    estate::write(&mut BufWriter::new(File::create(file)?), 0, statements)
}

pub(super) fn measure(size: &Size, table: &mut Table) -> Result<()> {
    let bench = size.bench;
    let stave = run::release_binary()?;
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("estate.jsonl");
    let claims = made_up(size.claims, &export)?;
    table.add(bench, "claims in the ledger", claims as f64, "claims", None);

    let ledger = folder.path().join("ledger");
    fs::create_dir_all(&ledger)?;
    let call = |words: &[&str]| {
        let mut command = Command::new(&stave);
        command.arg("--ledger").arg(&ledger).args(words);
        command
    };
    let took = run::time(call(&["merge"]).arg(&export))?;
    table.milliseconds(bench, "merge of the export, and the fold", took, None);

    let (mut rebuilds, mut peak_mb) = (Vec::new(), 0.0_f64);
    for _ in 0..size.rebuilds {
        forget_read_model(folder.path())?;
        let measured = run::measure(&mut call(&["list", "--limit", "1"]))?;
        rebuilds.push(measured.took);
        peak_mb = peak_mb.max(measured.peak_mb);
    }
    let slowest = rebuilds.iter().copied().max().unwrap_or_default();
    table.milliseconds(bench, "rebuild of the read model", median(rebuilds), Some(size.most_rebuild_ms));
    table.add(bench, "its peak memory", peak_mb, "MB", None);

    let first =
        first_entity(&run::output(&mut call(&["list", "--kind", "component", "--limit", "1", "--json"]))?)?;
    for (what, words) in [
        ("show ENTITY", vec!["show", &first]),
        ("find WORD (a rare one)", vec!["find", &first]),
        ("find WORDS (common ones)", vec!["find", "billing", "amber"]),
        ("why ENTITY", vec!["why", &first]),
        ("list --limit 50", vec!["list", "--limit", "50"]),
    ] {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            times.push(run::time(&mut call(&words))?);
        }
        table.milliseconds(
            bench,
            &format!("stave {what}, cold process"),
            median(times),
            Some(size.most_question_ms),
        );
    }

    past(size, &ledger, slowest, || call(&["list", "--at", estate::LAST_DAY, "--limit", "50"]), table)?;

    let shop = Path::new("examples/shop");
    let took = scan::scan(&stave, shop, &ledger)?;
    table.milliseconds(bench, "scan of examples/shop into it", took, None);
    let before = scan::statements(&stave, &ledger)?;
    let took = scan::scan(&stave, shop, &ledger)?;
    table.milliseconds(bench, "the same again", took, None);
    let appended = scan::statements(&stave, &ledger)? - before;
    table.add(bench, "statements appended by it", appended as f64, "statements", Some(0.0));
    let say: Duration = run::time(&mut call(&["--as", "bench@example.com", "say", &first, "tier", "1"]))?;
    table.milliseconds(bench, "stave say, and the fold", say, None);
    table.add(bench, "ledger on disk", bytes(&ledger, "ledger")? as f64 / 1e6, "MB", None);
    table.add(bench, "read model on disk", bytes(&ledger, "map")? as f64 / 1e6, "MB", None);
    advance(bench, &ledger, table)
}

/// What a question about a day costs at which all had been said: the first one makes the day's map, which may take as long as
/// the slowest rebuild of this run.
fn past(
    size: &Size,
    ledger: &Path,
    rebuild: Duration,
    ask: impl Fn() -> Command,
    table: &mut Table,
) -> Result<()> {
    let first = run::time(&mut ask())?;
    let is_map = |path: &std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("date-"))
    };
    ensure!(files(ledger)?.iter().any(is_map), "{} was no moment of the past", estate::LAST_DAY);
    let what = "stave list --at DAY --limit 50, cold process";
    let most = rebuild.as_secs_f64() * 1000.0;
    table.milliseconds(size.bench, &format!("{what}, the first time"), first, Some(most));
    let times = (0..RUNS).map(|_| run::time(&mut ask())).collect::<Result<_>>()?;
    table.milliseconds(
        size.bench,
        &format!("{what}, after that"),
        median(times),
        Some(size.most_question_ms),
    );
    Ok(())
}

/// What the fold of one statement costs, alone: `crates/map/examples/advance.rs`.
fn advance(bench: &'static str, ledger: &Path, table: &mut Table) -> Result<()> {
    let folder = files(ledger)?
        .into_iter()
        .find(|path| path.ends_with("ledger.sqlite"))
        .and_then(|file| file.parent().map(Path::to_owned))
        .context("the ledger has no file")?;
    let example = run::release_example("stave-map", "advance")?;
    let line: Value = serde_json::from_str(&run::output(Command::new(example).arg(folder))?)?;
    let figure = |name: &str| line[name].as_f64().with_context(|| format!("the example says no {name}"));
    let limit = |most: f64| (bench == MILLION.bench).then_some(most);
    let (median, worst) = (figure("median_ms")?, figure("worst_ms")?);
    table.add(bench, "fold of one statement of one claim, median", median, "ms", limit(MOST_ADVANCE_MS));
    let what = "the worst of 1,000, a third of them about the largest cluster";
    table.add(bench, what, worst, "ms", limit(MOST_WORST_ADVANCE_MS));
    Ok(())
}

/// Deletes what may be deleted at any time.
fn forget_read_model(folder: &Path) -> Result<()> {
    for path in files(folder)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("map.")) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn bytes(folder: &Path, start: &str) -> Result<u64> {
    let mut sum = 0;
    for path in files(folder)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)) {
            sum += fs::metadata(path)?.len();
        }
    }
    Ok(sum)
}

fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// The name of the first entity that a list in JSON has, wherever it stands in it.
pub(super) fn first_entity(list: &str) -> Result<String> {
    let value: Value = serde_json::from_str(list)?;
    find_name(&value).context("`stave list --json` lists nothing")
}

fn find_name(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let name = fields.get("name").and_then(Value::as_str).map(str::to_owned);
            name.or_else(|| fields.values().find_map(find_name))
        }
        Value::Array(items) => items.iter().find_map(find_name),
        _ => None,
    }
}
