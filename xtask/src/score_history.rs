//! `cargo xtask score history`: whether every change of a history is the one that git shows, and what reading it costs,
//! against git in the same minute.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// Runs of each program, one after the other in turns; the medians count.
const RUNS: usize = 3;
/// How many commits are new to the incremental run.
const NEW: usize = 100;
/// Differences that are shown.
const SHOWN: usize = 20;

/// What reading one history came to.
pub(crate) struct Figures {
    pub(crate) wall_ratio_to_git: f64,
    pub(crate) wall_ms: f64,
    pub(crate) git_ms: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_mb: f64,
    pub(crate) changes: usize,
    pub(crate) changes_git: usize,
    /// Changes that only one of both shows.
    pub(crate) differences: usize,
    pub(crate) incremental_ms: f64,
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let repository = args.path("--repository")?;
    args.rest()?;
    let figures = measure(&repository)?;
    let rounded = |number: f64| (number * 100.0).round() / 100.0;
    let line = json!({
        "repository": repository.display().to_string(),
        "wall_ratio_to_git": rounded(figures.wall_ratio_to_git),
        "wall_ms": rounded(figures.wall_ms),
        "git_ms": rounded(figures.git_ms),
        "cpu_seconds": rounded(figures.cpu_seconds),
        "peak_mb": rounded(figures.peak_mb),
        "changes": figures.changes,
        "changes_git": figures.changes_git,
        "differences": figures.differences,
        "incremental_ms": rounded(figures.incremental_ms),
    });
    println!("{line}");
    Ok(Outcome::passed_if(figures.differences == 0))
}

/// Reads a history with both programs.
pub(crate) fn measure(repository: &Path) -> Result<Figures> {
    let tool = run::release_example("stave-history", "changes")?;
    let (changes, figures) = ours(&tool, repository)?;
    let gits = of_git(repository)?;
    let differences: Vec<&String> = changes.symmetric_difference(&gits).collect();
    for line in differences.iter().take(SHOWN) {
        let who = if gits.contains(*line) { "only git" } else { "only Stave" };
        eprintln!("{who}: {line}");
    }
    let (mut own_times, mut git_times, mut peak_mb) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..RUNS {
        git_times.push(run::time(git(repository, &["--format=%H"]).arg("HEAD"))?);
        let measured = run::measure(Command::new(&tool).arg("--quiet").arg(repository))?;
        own_times.push(measured.took);
        peak_mb = peak_mb.max(measured.peak_mb);
    }
    let milliseconds = |times: &mut Vec<std::time::Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let (wall_ms, git_ms) = (milliseconds(&mut own_times), milliseconds(&mut git_times));
    Ok(Figures {
        wall_ratio_to_git: wall_ms / git_ms,
        wall_ms,
        git_ms,
        cpu_seconds: figures["cpu_seconds"].as_f64().unwrap_or_default(),
        peak_mb,
        changes: changes.len(),
        changes_git: gits.len(),
        differences: differences.len(),
        incremental_ms: incremental(&tool, repository, milliseconds)?,
    })
}

fn git(repository: &Path, options: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(["-c", "core.quotePath=false", "-C"]).arg(repository);
    command.args(["log", "--raw", "-M", "--no-abbrev"]).args(options);
    command
}

/// The changes as Stave reads them, and the tool's own figures.
fn ours(tool: &PathBuf, repository: &Path) -> Result<(HashSet<String>, Value)> {
    let output = run::output(Command::new(tool).arg(repository))?;
    let mut lines: Vec<&str> = output.lines().collect();
    let figures = serde_json::from_str(lines.pop().context("the tool prints nothing")?)?;
    Ok((lines.into_iter().map(str::to_owned).collect(), figures))
}

/// The changes as git shows them, in the same form.
fn of_git(repository: &Path) -> Result<HashSet<String>> {
    let output = git(repository, &["--format=commit %H"]).arg("HEAD").output().context("can't start git")?;
    let mut changes = HashSet::new();
    let mut commit = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(id) = line.strip_prefix("commit ") {
            id.clone_into(&mut commit);
        } else if let Some((raw, paths)) = line.strip_prefix(':').and_then(|line| line.split_once('\t')) {
            let kind = raw.rsplit(' ').next().unwrap_or_default();
            // A change of the type is a change of the file; a rename's score is git's own business.
            let kind = kind.get(..1).unwrap_or_default().replace('T', "M");
            let paths: Vec<String> = paths.split('\t').map(unquoted).collect();
            changes.insert(match paths.as_slice() {
                [from, to] => format!("{commit} {kind} {to}\t{from}"),
                other => format!("{commit} {kind} {}", other.concat()),
            });
        }
    }
    Ok(changes)
}

/// A path with quotes or backslashes stands in double quotes, each with a backslash before it.
fn unquoted(path: &str) -> String {
    match path.strip_prefix('"').and_then(|path| path.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => path.to_owned(),
    }
}

/// How long it takes to read the last commits, where all others are known.
fn incremental(
    tool: &PathBuf,
    repository: &Path,
    milliseconds: impl Fn(&mut Vec<std::time::Duration>) -> f64,
) -> Result<f64> {
    let all = run::output(Command::new("git").arg("-C").arg(repository).args([
        "rev-list",
        "--topo-order",
        "HEAD",
    ]))?;
    let known: Vec<&str> = all.lines().skip(NEW).collect();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("known");
    std::fs::write(&file, known.join("\n"))?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let output =
            run::output(Command::new(tool).arg("--quiet").arg("--known").arg(&file).arg(repository))?;
        let figures: Value = serde_json::from_str(output.lines().last().unwrap_or_default())?;
        times.push(std::time::Duration::from_millis(figures["milliseconds"].as_u64().unwrap_or_default()));
    }
    Ok(milliseconds(&mut times))
}
