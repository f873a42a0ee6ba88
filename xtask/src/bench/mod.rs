//! `cargo xtask bench`: every figure that the documents claim, measured again.
//!
//! Times are wall times of the release binary in processes of its own, medians of [`RUNS`] runs on warm files.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::Outcome;
use crate::args::Args;

mod estate;
mod history;
mod many;
mod million;
mod others;
mod remote;
mod scan;

const RUNS: usize = 5;

/// A measured figure, beside what is promised.
pub(crate) struct Row {
    bench: &'static str,
    what: String,
    value: f64,
    unit: &'static str,
    /// The highest value that is promised.
    limit: Option<f64>,
}

impl Row {
    fn kept(&self) -> bool {
        self.limit.is_none_or(|limit| self.value <= limit)
    }
}

/// The rows of a run, printed as they come when they are lines of JSON.
pub(crate) struct Table {
    rows: Vec<Row>,
    json: bool,
}

impl Table {
    fn add(&mut self, bench: &'static str, what: &str, value: f64, unit: &'static str, limit: Option<f64>) {
        let row = Row { bench, what: what.to_owned(), value, unit, limit };
        if self.json {
            let line = json!({"bench": row.bench, "what": row.what, "value": rounded(value), "unit": unit,
                "limit": limit, "kept": row.kept()});
            println!("{line}");
        } else {
            eprintln!("{bench}: {what}: {} {unit}", rounded(value));
        }
        self.rows.push(row);
    }

    fn milliseconds(&mut self, bench: &'static str, what: &str, took: Duration, limit: Option<f64>) {
        self.add(bench, what, took.as_secs_f64() * 1000.0, "ms", limit);
    }

    fn print(&self) {
        if self.json {
            return;
        }
        println!("\n| bench | what | measured | promised |\n|---|---|---:|---:|");
        for row in &self.rows {
            let limit = row.limit.map_or_else(String::new, |limit| {
                format!("{} {}{}", rounded(limit), row.unit, if row.kept() { "" } else { ", NOT KEPT" })
            });
            println!("| {} | {} | {} {} | {limit} |", row.bench, row.what, rounded(row.value), row.unit);
        }
    }
}

/// Three digits say all that a measurement on a busy machine knows.
fn rounded(value: f64) -> f64 {
    let digits = if value.abs() >= 100.0 { 1.0 } else { 100.0 };
    (value * digits).round() / digits
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

const NAMES: &[&str] =
    &["scan", "history", "million", "many", "fold", "start", "remote", "first-build", "ten-million"];

/// `cargo xtask estate --claims N --to FILE`.
pub(crate) fn estate(mut args: Args) -> Result<Outcome> {
    let file = args.value("--to")?.context("say where: --to FILE")?;
    let claims = args.value("--claims")?.map_or(Ok(1_000_000), |text| text.parse())?;
    args.end()?;
    println!("{} claims", million::made_up(claims, Path::new(&file))?);
    Ok(Outcome::Passed)
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let trees = args.optional_path("--trees")?;
    let repository = args.optional_path("--repository")?;
    let mut table = Table { rows: Vec::new(), json: args.flag("--json") };
    let mut names = args.rest()?;
    if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        bail!("there is no bench \"{unknown}\"; there are {}", NAMES.join(", "));
    }
    if names.is_empty() {
        // A first build takes minutes and says nothing about a change, ten million claims need 20 GB of disk; they run when
        // they are named.
        names = NAMES[..7].iter().map(|name| (*name).to_owned()).collect();
    }
    for name in &names {
        match (name.as_str(), &trees) {
            ("scan", Some(trees)) => scan::measure(trees, &mut table)?,
            ("scan", None) => eprintln!("scan: needs --trees DIR, a folder of work trees; left out"),
            ("history", _) => match &repository {
                Some(repository) => history::measure(repository, &mut table)?,
                None => eprintln!("history: needs --repository DIR, a whole clone; left out"),
            },
            ("million", _) => million::measure(&million::MILLION, &mut table)?,
            ("ten-million", _) => million::measure(&million::TEN_MILLION, &mut table)?,
            ("many", _) => many::measure(&mut table)?,
            ("fold", _) => others::fold(&mut table)?,
            ("start", _) => others::start(&mut table)?,
            ("remote", _) => remote::measure(&mut table)?,
            _ => others::first_build(&mut table)?,
        }
    }
    table.print();
    Ok(Outcome::passed_if(table.rows.iter().all(Row::kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let times = [5, 1, 9, 3, 7].map(Duration::from_millis).to_vec();
        assert_eq!(median(times), Duration::from_millis(5));
    }

    #[test]
    fn a_promise_is_kept_up_to_its_limit() {
        let row = |value| Row { bench: "x", what: String::new(), value, unit: "ms", limit: Some(150.0) };
        assert!(row(150.0).kept() && !row(150.1).kept());
        assert!((rounded(1234.56) - 1235.0).abs() < f64::EPSILON);
    }
}
