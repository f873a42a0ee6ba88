//! `cargo xtask score releases`: whether the first release of each commit is the right one, and how long it takes.
//!
//! Commits are taken from the whole history at even distances and asked of `git tag --contains`; the first of the
//! releases that git names, in order of their times, is the truth.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// How many commits git is asked about, unless `--sample` says another number.
const SAMPLE: usize = 400;

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let repository = args.path("--repository")?;
    let sample: usize = args.value("--sample")?.map_or(Ok(SAMPLE), |text| text.parse())?;
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
    let step = found.len().div_ceil(sample.max(1)).max(1);
    let (mut asked, mut right) = (0, 0);
    for (commit, names) in found.iter().step_by(step) {
        let listed =
            run::output(Command::new("git").arg("-C").arg(&repository).args(["tag", "--contains", commit]))?;
        asked += 1;
        if first_of(&order, &listed) == *names {
            right += 1;
        } else {
            eprintln!("{commit}: {names:?}, and git says {:?}", first_of(&order, &listed));
        }
    }
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

/// The names of the first release with a tag among those that git lists, a line each.
fn first_of(order: &[Vec<&str>], listed: &str) -> String {
    let listed: Vec<&str> = listed.lines().collect();
    let first = order.iter().find(|names| names.iter().any(|name| listed.contains(name)));
    first.map_or_else(String::new, |names| names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_in_order_counts_not_the_first_in_the_list() {
        let order = [vec!["v2.0"], vec!["v1.0", "v1.0.0"]];
        assert_eq!(first_of(&order, "v1.0\nv1.0.0\nv2.0\n"), "v2.0");
        assert_eq!(first_of(&order, "v1.0.0\n"), "v1.0 v1.0.0");
        assert_eq!(first_of(&order, "nightly\n"), "");
    }
}
