//! A ledger of 1,000,000 claims: what a person waits for.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{RUNS, Table, estate, median, scan};
use crate::run;

const CLAIMS: usize = 1_000_000;
const MOST_REBUILD_MS: f64 = 10_000.0;
const MOST_QUESTION_MS: f64 = 150.0;

pub(super) fn measure(table: &mut Table) -> Result<()> {
    const BENCH: &str = "million";
    let stave = run::release_binary()?;
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("estate.jsonl");
    let claims = estate::write(&mut BufWriter::new(File::create(&export)?), CLAIMS)?;
    table.add(BENCH, "claims in the ledger", claims as f64, "claims", None);

    let ledger = folder.path().join("ledger");
    fs::create_dir_all(&ledger)?;
    let call = |words: &[&str]| {
        let mut command = Command::new(&stave);
        command.arg("--ledger").arg(&ledger).args(words);
        command
    };
    let took = run::time(call(&["merge"]).arg(&export))?;
    table.milliseconds(BENCH, "merge of the export, and the fold", took, None);

    let mut rebuilds = Vec::new();
    for _ in 0..3 {
        forget_read_model(folder.path())?;
        rebuilds.push(run::time(&mut call(&["list", "--limit", "1"]))?);
    }
    table.milliseconds(BENCH, "rebuild of the read model", median(rebuilds), Some(MOST_REBUILD_MS));

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
            BENCH,
            &format!("stave {what}, cold process"),
            median(times),
            Some(MOST_QUESTION_MS),
        );
    }

    let shop = Path::new("examples/shop");
    let took = scan::scan(&stave, shop, &ledger)?;
    table.milliseconds(BENCH, "scan of examples/shop into it", took, None);
    let before = scan::statements(&stave, &ledger)?;
    let took = scan::scan(&stave, shop, &ledger)?;
    table.milliseconds(BENCH, "the same again", took, None);
    let appended = scan::statements(&stave, &ledger)? - before;
    table.add(BENCH, "statements appended by it", appended as f64, "statements", Some(0.0));
    let say: Duration = run::time(&mut call(&["--as", "bench@example.com", "say", &first, "tier", "1"]))?;
    table.milliseconds(BENCH, "stave say, and the fold", say, None);
    table.add(BENCH, "ledger on disk", size(&ledger, "ledger")? as f64 / 1e6, "MB", None);
    table.add(BENCH, "read model on disk", size(&ledger, "map")? as f64 / 1e6, "MB", None);
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

fn size(folder: &Path, start: &str) -> Result<u64> {
    let mut bytes = 0;
    for path in files(folder)? {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)) {
            bytes += fs::metadata(path)?.len();
        }
    }
    Ok(bytes)
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
fn first_entity(list: &str) -> Result<String> {
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
