//! `cargo xtask fuzz`: libFuzzer on every target of fuzz/, one after the other, each for so many minutes.
//!
//! The fuzzer is built with the compiler's own coverage instrumentation, so that it takes no nightly compiler and no
//! other tool. What a target learned stays in the folder of the corpora, and so does the sum of the time that it had.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// Counters at every edge of the program, and a word on every comparison.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What libFuzzer is told for every target: a unit that takes ten seconds or a gigabyte is a finding.
const LIMITS: &[&str] =
    &["-timeout=10", "-rss_limit_mb=1024", "-max_len=16384", "-report_slow_units=5", "-print_final_stats=1"];

const DEFAULT_MINUTES: f64 = 1.0;

/// Where the sums of all runs stand, beside the corpora.
const SUMS: &str = "sums.tsv";

/// How a target's runs came out, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    executions: u64,
    /// Of a processor; of the clock where the system doesn't tell.
    minutes: f64,
    /// Of the program, reached by the last run.
    edges: u64,
    findings: u64,
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let minutes = match args.value("--minutes")? {
        Some(text) => text.parse().with_context(|| format!("--minutes {text}"))?,
        None => DEFAULT_MINUTES,
    };
    let kept = args.new_path("--corpora")?;
    let targets = chosen(args.rest()?)?;
    let temporary = tempfile::tempdir()?;
    let corpora = kept.clone().unwrap_or_else(|| temporary.path().to_owned());
    let fuzzer = build()?;

    let mut sums = read_sums(&corpora)?;
    let mut this_run = BTreeMap::new();
    for target in &targets {
        let sum = fuzz(&fuzzer, target, minutes, &corpora)?;
        eprintln!("{}", row(target, &sum));
        let all = sums.entry(target.clone()).or_default();
        *all = added(*all, sum);
        this_run.insert(target.clone(), sum);
        write_sums(&corpora, &sums)?;
    }
    println!("{}", table(&this_run));
    let findings: u64 = this_run.values().map(|sum| sum.findings).sum();
    if kept.is_some() {
        println!("\nall runs with these corpora:\n\n{}", table(&sums));
    } else if findings > 0 {
        println!("\nthe findings are in {}", temporary.keep().display());
    }
    Ok(Outcome::passed_if(findings == 0))
}

/// The targets: those that were named, else all, which are the folders of seeds.
fn chosen(named: Vec<String>) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("fuzz/seeds").context("fuzz/seeds")? {
        all.push(entry?.file_name().to_string_lossy().into_owned());
    }
    all.sort();
    if let Some(unknown) = named.iter().find(|name| !all.contains(name)) {
        bail!("there is no target \"{unknown}\": {}", all.join(", "));
    }
    Ok(if named.is_empty() { all } else { named })
}

/// Builds the fuzzer in a folder of its own: with other flags everything is compiled anew.
fn build() -> Result<PathBuf> {
    let version = run::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let folder = run::target_dir().join("fuzz");
    let mut command = run::cargo();
    command.args(["build", "--locked", "--package", "stave-fuzz", "--features", "libfuzzer"]);
    // Naming the host keeps the flags away from build scripts, which have no fuzzer to call.
    command.args(["--profile", "fuzz", "--target", host, "--target-dir"]).arg(&folder);
    run::must(command.env("RUSTFLAGS", COVERAGE.join(" ")))?;
    Ok(folder.join(host).join("fuzz").join("stave-fuzz"))
}

/// Runs one target, with its seeds and what it has learned before.
fn fuzz(fuzzer: &Path, target: &str, minutes: f64, corpora: &Path) -> Result<Sum> {
    let corpus = corpora.join(target);
    let findings = corpora.join("findings").join(target);
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let known = files_in(&findings)?;
    let log = findings.join("log");
    let mut command = Command::new(fuzzer);
    command.env("STAVE_FUZZ", target).args(LIMITS);
    command.arg(format!("-max_total_time={:.0}", (minutes * 60.0).max(1.0)));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    command.arg(&corpus).arg(format!("fuzz/seeds/{target}"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| run::shown(&command))?;
    let mut spent = None;
    let status = loop {
        spent = processor_time(child.id()).or(spent);
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    let took = spent.unwrap_or_else(|| start.elapsed());
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let Some(executions) = number_behind(&said, "stat::number_of_executed_units:") else {
        bail!("the fuzzer ended with {status} before it began; {} says why", log.display());
    };
    let found = files_in(&findings)?.saturating_sub(known);
    Ok(Sum {
        executions,
        minutes: took.as_secs_f64() / 60.0,
        edges: edges(&said),
        // What ends a run is a finding, even where its input couldn't be written.
        findings: if status.success() { found } else { found.max(1) },
    })
}

fn files_in(folder: &Path) -> Result<u64> {
    Ok(fs::read_dir(folder)?
        .filter(|entry| !entry.as_ref().is_ok_and(|entry| entry.file_name() == "log"))
        .count() as u64)
}

/// What a process has had of processors, as Linux tells.
fn processor_time(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    processor_time_in(&stat)
}

/// proc(5): behind the name in brackets, the 12th and 13th field are hundredths of a second.
fn processor_time_in(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    // A process that has ended and waits for us to notice tells nothing but zeros.
    let hundredths = field(11)? + field(12)?;
    (hundredths > 0).then(|| Duration::from_millis(hundredths * 10))
}

fn number_behind(text: &str, label: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.trim().strip_prefix(label)?.trim().parse().ok())
}

/// The last of libFuzzer's words on coverage: `#1024 DONE cov: 512 ft: 900 …`.
fn edges(text: &str) -> u64 {
    let of = |line: &str| line.split(" cov: ").nth(1)?.split_whitespace().next()?.parse().ok();
    text.lines().rev().find_map(of).unwrap_or(0)
}

fn added(one: Sum, other: Sum) -> Sum {
    Sum {
        executions: one.executions + other.executions,
        minutes: one.minutes + other.minutes,
        edges: one.edges.max(other.edges),
        findings: one.findings + other.findings,
    }
}

fn row(target: &str, sum: &Sum) -> String {
    format!("{target:<14}{:>12}{:>10.1}{:>9}{:>10}", sum.executions, sum.minutes, sum.edges, sum.findings)
}

fn table(sums: &BTreeMap<String, Sum>) -> String {
    let mut lines = vec![format!(
        "{:<14}{:>12}{:>10}{:>9}{:>10}",
        "target", "executions", "minutes", "edges", "findings"
    )];
    lines.extend(sums.iter().map(|(target, sum)| row(target, sum)));
    let all = sums.values().fold(Sum::default(), |all, sum| added(all, *sum));
    lines.push(row("together", &all));
    lines.push(format!("{} targets, {:.2} hours of a processor", sums.len(), all.minutes / 60.0));
    lines.join("\n")
}

fn read_sums(corpora: &Path) -> Result<BTreeMap<String, Sum>> {
    let path = corpora.join(SUMS);
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(&path)?;
    let sums = text.lines().map(|line| sum_of(line).with_context(|| format!("{}: {line}", path.display())));
    sums.collect()
}

fn sum_of(line: &str) -> Option<(String, Sum)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [target, executions, minutes, edges, findings] = fields.as_slice() else { return None };
    let sum = Sum {
        executions: executions.parse().ok()?,
        minutes: minutes.parse().ok()?,
        edges: edges.parse().ok()?,
        findings: findings.parse().ok()?,
    };
    Some(((*target).to_owned(), sum))
}

fn write_sums(corpora: &Path, sums: &BTreeMap<String, Sum>) -> Result<()> {
    let lines = sums.iter().map(|(target, sum)| {
        let Sum { executions, minutes, edges, findings } = sum;
        format!("{target}\t{executions}\t{minutes:.3}\t{edges}\t{findings}\n")
    });
    let path = corpora.join(SUMS);
    fs::write(&path, lines.collect::<String>()).with_context(|| path.display().to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fuzzer_says_is_read() {
        let said = "#2\tINITED cov: 10 ft: 11 corp: 1/1b\n#99\tDONE   cov: 512 ft: 900 corp: 9/9b exec/s: 3\n\
                    stat::number_of_executed_units: 99\nstat::average_exec_per_sec:     3\n";
        assert_eq!(edges(said), 512);
        assert_eq!(number_behind(said, "stat::number_of_executed_units:"), Some(99));
        assert_eq!(number_behind("", "stat::number_of_executed_units:"), None);
    }

    #[test]
    fn a_process_s_name_may_have_brackets_and_spaces() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0";
        assert_eq!(processor_time_in(stat), Some(Duration::from_secs(3)));
    }

    #[test]
    fn sums_are_read_as_they_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let sum = Sum { executions: 5, minutes: 1.5, edges: 7, findings: 1 };
        let sums = BTreeMap::from([("claim".to_owned(), added(sum, sum))]);
        write_sums(folder.path(), &sums).unwrap();
        assert_eq!(read_sums(folder.path()).unwrap(), sums);
        assert!(table(&sums).contains("0.05 hours"));
    }
}
