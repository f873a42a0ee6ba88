//! `cargo xtask score releases`: whether the first release of every commit is the right one, and how long it takes.
//!
//! Git is asked, for each release in order of their times, for the commits that it contains and no earlier one does: that
//! is the truth.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let repository = args.path("--repository")?;
    args.rest()?;
    let tool = run::release_example("stave-answers", "releases")?;
    let output = run::output(Command::new(tool).arg(&repository))?;
    let mut lines = output.lines();
    let figures: Value = serde_json::from_str(lines.next().context("the tool prints nothing")?)?;
    let found: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once('\t')).collect();
    let mut order: Vec<Vec<&str>> = Vec::new();
    for release in figures["order"].as_array().into_iter().flatten() {
        order.push(release.as_array().into_iter().flatten().filter_map(Value::as_str).collect());
    }
    let truth = truth(&repository, &order)?;
    let mut right = 0;
    for (commit, names) in &found {
        let wanted = truth.get(*commit).map_or("", String::as_str);
        if wanted == *names {
            right += 1;
        } else {
            eprintln!("{commit}: {names:?}, and git says {wanted:?}");
        }
    }
    let asked = found.len();
    let line = json!({
        "commits": figures["commits"],
        "releases": figures["releases"],
        "read_ms": figures["read_ms"],
        "find_ms": figures["find_ms"],
        "asked": asked,
        "right": right,
    });
    println!("{line}");
    Ok(Outcome::passed_if(asked == right))
}

/// By commit the names of its first release, as git has it.
fn truth(repository: &Path, order: &[Vec<&str>]) -> Result<HashMap<String, String>> {
    let mut truth = HashMap::new();
    let mut earlier: Vec<String> = Vec::new();
    for names in order {
        let Some(name) = names.first() else { continue };
        let tag = format!("refs/tags/{name}");
        let mut ask = Command::new("git");
        ask.arg("-C").arg(repository).args(["rev-list", &tag, "--not"]).args(&earlier);
        for commit in run::output(&mut ask)?.lines() {
            truth.insert(commit.to_owned(), names.join(" "));
        }
        earlier.push(tag);
    }
    Ok(truth)
}
