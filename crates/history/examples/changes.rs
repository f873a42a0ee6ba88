//! Prints the changes of a history as lines `COMMIT KIND PATH [PATH BEFORE]`, and at the end figures as a line of JSON:
//! what `cargo xtask score history` compares with git.
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
    for warning in &history.warnings {
        eprintln!("{}", warning.replace('\n', " "));
    }
    writeln!(
        out,
        r#"{{"milliseconds": {milliseconds}, "cpu_seconds": {:.2}, "commits": {}, "changes": {}, "renames": {}}}"#,
        cpu_seconds()?,
        history.coverage.commits,
        history.coverage.changes,
        history.coverage.renames
    )?;
    Ok(())
}

/// What this process has used of all processors, as Linux counts it: in hundredths of a second.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let (_, numbers) = text.rsplit_once(')').ok_or("/proc/self/stat has another form")?;
    let numbers: Vec<&str> = numbers.split_whitespace().collect();
    let ticks = |at: usize| numbers.get(at).and_then(|number| number.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / 100.0)
}
