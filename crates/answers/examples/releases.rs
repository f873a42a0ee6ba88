//! Finds the first release of every commit with the function behind `stave flow`, for measuring it: the git directory
//! is the argument. The first line is JSON with counts and times, then follows a line per commit, `ID TAB RELEASE`, with
//! the names of the release's tags, or nothing, separated by spaces.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a tool for developers")]

use std::collections::HashMap;
use std::io::{BufWriter, Write, stdout};
use std::process::Command;
use std::time::Instant;

use serde_json::json;
use stave_answers::flow::releases::{CommitGraph, TagSeen, first_releases, in_order};
use stave_answers::flow::versions::Stage;

fn git(folder: &str, words: &[&str]) -> String {
    let output = Command::new("git").args(["-C", folder]).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn main() {
    let folder = std::env::args().nth(1).expect("a git directory");
    let start = Instant::now();
    let log = git(&folder, &["log", "--tags", "HEAD", "--topo-order", "--reverse", "--format=%H %P"]);
    let format = "--format=%(refname:strip=2) %(creatordate:unix) %(objectname) %(*objectname)";
    let refs = git(&folder, &["for-each-ref", "refs/tags", format]);
    let read = start.elapsed();

    let rows: Vec<Vec<&str>> = log.lines().map(|line| line.split_whitespace().collect()).collect();
    let graph = CommitGraph::new(rows.iter().map(|row| (&row[0], &row[1..])));
    let places: HashMap<&str, u32> = rows.iter().zip(0..).map(|(row, place)| (row[0], place)).collect();
    let tags: Vec<TagSeen<'_>> = refs
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let at = fields.get(1)?.parse().ok()?;
            Some(TagSeen { name: fields[0], commit: *places.get(fields.last()?)?, at })
        })
        .collect();
    let mut releases = in_order("", &tags);
    releases.retain(|release| release.version.stage == Stage::Final);
    let first = first_releases(&graph, &releases);
    let total = start.elapsed();

    let mut out = BufWriter::new(stdout().lock());
    let figures = json!({
        "commits": graph.len(),
        "releases": releases.len(),
        "read_ms": read.as_secs_f64() * 1e3,
        "find_ms": (total - read).as_secs_f64() * 1e3,
        "order": releases.iter().map(|release| &release.names).collect::<Vec<_>>(),
    });
    writeln!(out, "{figures}").unwrap();
    for (row, first) in rows.iter().zip(first) {
        let names = first.map_or(String::new(), |place| releases[place as usize].names.join(" "));
        writeln!(out, "{}\t{names}", row[0]).unwrap();
    }
    out.flush().unwrap();
}
