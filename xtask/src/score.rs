//! `cargo xtask score discovery`: what Stave finds in real systems, compared with known answers.
//!
//! The systems, the answers and the scorer stand outside the project; no rule of the product names one of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::endpoints::{self, Counts};
use crate::run;

/// A row of DIR/pins.tsv that has a truth.
struct System {
    set: String,
    name: String,
    folder: String,
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let data = args.path("--data")?;
    let trees = args.path("--trees")?;
    let scorer = args.path("--scorer")?;
    let only = args.value("--only")?;
    match args.rest()?.as_slice() {
        [word] if word == "discovery" => {}
        _ => bail!("the only score is: cargo xtask score discovery --data DIR --trees DIR --scorer FILE"),
    }
    let systems: Vec<System> = systems(&data)?
        .into_iter()
        .filter(|system| only.as_ref().is_none_or(|word| system.name.contains(word.as_str())))
        .collect();
    if systems.is_empty() {
        bail!("there are no truths SET/NAME.json in {}", data.display());
    }
    let stave = run::release_binary()?;
    let work = tempfile::tempdir()?;
    let mut sets: Vec<&str> = systems.iter().map(|system| system.set.as_str()).collect();
    sets.dedup();
    let mut complete = true;
    for set in sets {
        let exports = work.path().join("exports").join(set);
        let truths = work.path().join("truths").join(set);
        fs::create_dir_all(&exports)?;
        fs::create_dir_all(&truths)?;
        let mut seconds = 0.0;
        let mut endpoints: Option<(Counts, Counts)> = None;
        for system in systems.iter().filter(|system| system.set == set) {
            let tree = trees.join(&system.name).join(&system.folder);
            if !tree.is_dir() {
                eprintln!("{} is not there: {} isn't scored", tree.display(), system.name);
                complete = false;
                continue;
            }
            let truth = data.join(set).join(format!("{}.json", system.name));
            let export = exports.join(format!("{}.json", system.name));
            let took = find(&stave, &tree, &work.path().join("ledgers").join(&system.name), &export)?;
            seconds += took.as_secs_f64();
            fs::copy(&truth, truths.join(format!("{}.json", system.name)))?;
            let scored = score(&scorer, &[], &export, &truth)?;
            let counted = endpoints::counts(&read(&export)?, &read(&truth)?, &scored["matched"]);
            if let Some((strict, fair)) = counted {
                let sum = endpoints.get_or_insert_default();
                sum.0.add(strict);
                sum.1.add(fair);
            }
            println!("{}", line(set, &system.name, &scored, counted, took.as_secs_f64()));
        }
        let scored = score(&scorer, &["--all"], &exports, &truths)?;
        println!("{}", line(set, "all", &set_figures(&scored["micro"]), endpoints, seconds));
    }
    Ok(Outcome::passed_if(complete))
}

/// The systems with a truth, by set and name. A system without a row in pins.tsv is scanned whole.
fn systems(data: &Path) -> Result<Vec<System>> {
    let pins = fs::read_to_string(data.join("pins.tsv")).unwrap_or_default();
    let mut systems = Vec::new();
    for set in sorted(data)? {
        if !set.is_dir() {
            continue;
        }
        for truth in sorted(&set)?.iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
            let text = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let (Some(set), Some(name)) = (text(&set), text(truth)) else { continue };
            let folder = folder_in(&pins, &set, &name);
            systems.push(System { set, name, folder });
        }
    }
    Ok(systems)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The folder column of a table with the header `set name repository commit folder`. A name with several rows is a
/// system of several repositories, which lie side by side in its tree: that is scanned whole.
fn folder_in(pins: &str, set: &str, name: &str) -> String {
    let rows = pins.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let rows: Vec<_> = rows.filter(|row| row.len() >= 5 && row[0] == set && row[1] == name).collect();
    match rows.as_slice() {
        [row] => row[4].trim().to_owned(),
        _ => ".".to_owned(),
    }
}

/// Scans a tree into a fresh ledger and writes the graph; how long the scan took.
fn find(stave: &Path, tree: &Path, ledger: &Path, export: &Path) -> Result<Duration> {
    fs::create_dir_all(ledger)?;
    let took = run::time(Command::new(stave).arg("--ledger").arg(ledger).arg("scan").arg(tree))?;
    let mut command = Command::new(stave);
    command.arg("--ledger").arg(ledger).args(["export", "--as", "graph"]);
    fs::write(export, run::output(&mut command)?)?;
    Ok(took)
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn score(scorer: &Path, flags: &[&str], export: &Path, truth: &Path) -> Result<Value> {
    let mut command = Command::new("python3");
    command.arg(scorer).args(flags).arg("--json").arg(export).arg(truth);
    serde_json::from_str(&run::output(&mut command)?).context("the scorer doesn't print JSON")
}

/// The scorer's sums over a set, brought into the shape of one system.
fn set_figures(micro: &Value) -> Value {
    let part = |prefix: &str| -> Map<String, Value> {
        let names = ["components", "connections", "connections_directed"];
        names.map(|name| (name.to_owned(), micro[format!("{prefix}{name}")].clone())).into_iter().collect()
    };
    let mut whole = part("");
    whole.insert("core".to_owned(), Value::Object(part("core ")));
    Value::Object(whole)
}

fn line(set: &str, system: &str, scored: &Value, endpoints: Option<(Counts, Counts)>, seconds: f64) -> Value {
    let mut line = json!({"set": set, "system": system});
    let parts =
        [("components", "components"), ("connections", "connections"), ("directed", "connections_directed")];
    for (prefix, from) in [("", scored), ("core_", &scored["core"])] {
        for (short, long) in parts {
            for figure in ["f1", "precision", "recall"] {
                line[format!("{prefix}{short}_{figure}")] = from[long][figure].clone();
            }
        }
    }
    if let Some((strict, fair)) = endpoints {
        for (prefix, counts) in [("endpoints_", fair), ("endpoints_strict_", strict)] {
            let figures = counts.figures();
            for figure in ["f1", "precision", "recall"] {
                line[format!("{prefix}{figure}")] = figures[figure].clone();
            }
        }
    }
    line["seconds"] = json!((seconds * 1000.0).round() / 1000.0);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_comes_from_the_pins() {
        let pins = "set\tname\trepository\tcommit\tfolder\nopen\tone\ta/one\tff\t.\nmix\ttwo\ta/two\tee\tdeploy\n\
                    mix\tpair\ta/b\tee\tb\nmix\tpair\ta/c\tee\tc\n";
        assert_eq!(folder_in(pins, "mix", "two"), "deploy");
        assert_eq!(folder_in(pins, "open", "one"), ".");
        assert_eq!(folder_in(pins, "open", "two"), ".");
        assert_eq!(folder_in(pins, "mix", "pair"), ".");
    }

    #[test]
    fn a_line_has_the_figures_of_system_and_core() {
        let part = json!({"f1": 0.5, "precision": 0.25, "recall": 1.0});
        let scored = json!({"components": part, "connections": part, "connections_directed": part,
            "core": {"components": {"f1": 0.75, "precision": 1.0, "recall": 0.5}}});
        let counts = Counts { found: 1, extra: 1, missed: 0 };
        let line = line("open", "one", &scored, Some((Counts::default(), counts)), 1.23456);
        assert_eq!(line["components_f1"], 0.5);
        assert_eq!(line["directed_recall"], 1.0);
        assert_eq!(line["core_components_f1"], 0.75);
        assert_eq!(line["endpoints_precision"], 0.5);
        assert_eq!(line["endpoints_f1"], 0.6667);
        assert_eq!(line["endpoints_strict_f1"], 0.0);
        assert_eq!(line["seconds"], 1.235);
    }
}
