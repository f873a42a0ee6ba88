//! Prints the changes of a history as lines `COMMIT KIND PATH [PATH BEFORE]`, and at the end how long it took and how
//! much memory: what `cargo xtask score history` compares with git.
//!
//! `changes REPOSITORY [TIP]`; with `--quiet` the last line alone, with `--known FILE` without the commits listed there.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use stave_history::{Options, People, Quiet, read};
use stave_model::Author;
use stave_model::records::{ChangeKind, CommitId};

/// Everybody is one person.
struct Nobody(Author);

impl People for Nobody {
    fn person(&self, _address: &str, _name: Option<&str>) -> Option<Author> {
        Some(self.0.clone())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let is_quiet = words.iter().any(|word| word == "--quiet");
    words.retain(|word| word != "--quiet");
    let mut known: HashSet<CommitId> = HashSet::new();
    if let Some(at) = words.iter().position(|word| word == "--known") {
        let file = words.remove(at + 1);
        words.remove(at);
        known = std::fs::read_to_string(file)?.lines().map(str::parse).collect::<Result<_, _>>()?;
    }
    let folder = words.first().ok_or("changes REPOSITORY [TIP]")?;
    let commit = words.get(1).map(|text| text.parse()).transpose()?;
    let is_known = |id: &CommitId| known.contains(id);
    let started = Instant::now();
    let options = Options { commit, with_tags: false, known: &is_known, ..Options::whole("-", i64::MAX / 2) };
    let people = Nobody("person:nobody".parse()?);
    let history = read(Path::new(folder), &options, &people, &Quiet)?.ok_or("there is no commit")?;
    let milliseconds = started.elapsed().as_millis();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if !is_quiet {
        for commit in &history.commits {
            for change in &commit.changes {
                let kind = match change.kind {
                    ChangeKind::Added => "A",
                    ChangeKind::Modified => "M",
                    ChangeKind::Deleted => "D",
                    ChangeKind::Renamed => "R",
                };
                let from = change.from.as_deref().map(|from| format!("\t{from}")).unwrap_or_default();
                writeln!(out, "{} {kind} {}{from}", commit.id, change.path)?;
            }
        }
    }
    let peak = std::fs::read_to_string("/proc/self/status")?
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:").map(|rest| rest.trim().to_owned()))
        .unwrap_or_default();
    writeln!(out, "# {milliseconds} ms, {peak}, {:?}", history.coverage)?;
    for warning in &history.warnings {
        writeln!(out, "# {warning}")?;
    }
    Ok(())
}
