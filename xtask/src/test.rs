//! `cargo xtask test`: all tests of the project, with what they need.
//!
//! Nothing is installed without `--install`. What can't run is named; with CI=true it is a failure, for a check
//! that is skipped in silence is none.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// A program that tests use: its name, the Debian package that has it, and what is skipped without it.
struct Tool {
    program: &'static str,
    package: &'static str,
    skipped: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "git", package: "git", skipped: "the tests of stave-collect and stave" },
    Tool {
        program: "python3",
        package: "python3",
        skipped: "the second implementation of the ledger's format",
    },
    Tool { program: "node", package: "nodejs", skipped: "the browser tests" },
    Tool { program: "npm", package: "npm", skipped: "the browser tests" },
    Tool { program: "chromium", package: "chromium", skipped: "the browser tests" },
    Tool { program: "postgres", package: "postgresql", skipped: "the ledger on PostgreSQL" },
];

/// Crates whose tests run git.
const GIT_CRATES: &[&str] = &["stave-collect", "stave"];

const NODE_MODULES: &str = "e2e/node_modules/playwright-core";

struct Part {
    name: &'static str,
    passed: u64,
    failed: u64,
    took: Duration,
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let install = args.flag("--install");
    args.end()?;
    if install {
        install_missing()?;
    }

    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !present(tool)).collect();
    let modules = Path::new(NODE_MODULES).is_dir();
    let mut skipped: Vec<&str> = missing.iter().map(|tool| tool.skipped).collect();
    if !modules {
        skipped.push("the browser tests");
    }
    skipped.sort_unstable();
    skipped.dedup();
    let has = |program: &str| missing.iter().all(|tool| tool.program != program);

    let mut parts = vec![rust_tests(has("git"))?];
    if has("python3") {
        parts.push(second_implementation()?);
    }
    if has("node") && has("chromium") && modules {
        parts.push(browser_tests()?);
    }
    Ok(report(&parts, &skipped, &install_line(&missing, modules)))
}

fn present(tool: &Tool) -> bool {
    match tool.program {
        "chromium" => browser().is_some(),
        "postgres" => postgres(),
        program => run::find(program).is_some(),
    }
}

/// Whether a PostgreSQL server can be started; Debian keeps its programs out of PATH.
fn postgres() -> bool {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    run::find("initdb").is_some() || debian.into_iter().any(|entry| entry.path().join("bin/initdb").is_file())
}

/// The browser for the tests: what CHROMIUM names, else the first of the usual names.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|path| path.is_file());
    let mac = PathBuf::from("/Applications/Chromium.app/Contents/MacOS/Chromium");
    named
        .or_else(|| ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| run::find(name)))
        .or_else(|| Some(mac).filter(|path| path.is_file()))
}

/// The one line that installs what is missing.
fn install_line(missing: &[&Tool], modules: bool) -> String {
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    let mut steps = Vec::new();
    if !packages.is_empty() {
        steps.push(format!("sudo apt-get install --yes --no-install-recommends {}", packages.join(" ")));
    }
    if !modules {
        steps.push("npm ci --prefix e2e".to_owned());
    }
    steps.join(" && ")
}

fn install_missing() -> Result<()> {
    let packages: Vec<&str> = TOOLS.iter().filter(|tool| !present(tool)).map(|tool| tool.package).collect();
    if !packages.is_empty() {
        match apt_get()? {
            Some(apt) => {
                let call = |words: &[&str]| {
                    let mut command = Command::new(apt[0]);
                    command.args(&apt[1..]).args(words).env("DEBIAN_FRONTEND", "noninteractive");
                    command
                };
                // An old list is often enough; the install tells if it is not.
                run::passes(&mut call(&["update", "--quiet"]))?;
                let mut install = call(&["install", "--yes", "--quiet", "--no-install-recommends"]);
                run::passes(install.args(&packages))?;
            }
            None => eprintln!("can't install {}: no apt-get, or neither root nor sudo", packages.join(", ")),
        }
    }
    let stale = !Path::new(NODE_MODULES).is_dir() || lock_is_newer();
    if stale && run::find("npm").is_some() {
        run::passes(Command::new("npm").args(["ci", "--prefix", "e2e", "--no-audit", "--no-fund"]))?;
    }
    Ok(())
}

/// npm writes its own lock into node_modules at the end of an install.
fn lock_is_newer() -> bool {
    let time = |path: &str| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    match (time("e2e/package-lock.json"), time("e2e/node_modules/.package-lock.json")) {
        (Some(lock), Some(installed)) => lock > installed,
        _ => true,
    }
}

/// How apt-get may be called here, if at all.
fn apt_get() -> Result<Option<&'static [&'static str]>> {
    if run::find("apt-get").is_none() {
        return Ok(None);
    }
    if run::output(Command::new("id").arg("-u"))?.trim() == "0" {
        return Ok(Some(&["apt-get"]));
    }
    Ok(run::find("sudo").map(|_| &["sudo", "apt-get"] as &[&str]))
}

fn rust_tests(git: bool) -> Result<Part> {
    let excluded: Vec<String> = if git {
        Vec::new()
    } else {
        GIT_CRATES.iter().flat_map(|name| ["--exclude".to_owned(), (*name).to_owned()]).collect()
    };
    let start = Instant::now();
    let counts = Counts::default();
    let mut all_passed = true;
    let nextest = run::find("cargo-nextest").is_some();
    let runner: &[&str] = if nextest {
        &["nextest", "run", "--no-fail-fast", "--status-level", "fail"]
    } else {
        &["test", "--no-fail-fast"]
    };
    let mut command = run::cargo();
    command.args(runner).args(["--workspace", "--locked", "--all-targets"]).args(&excluded);
    all_passed &= run::watched(&mut command, |line| counts.see(line))?;
    // Neither `--all-targets` nor nextest runs the examples in documentation.
    let mut examples = run::cargo();
    examples.args(["test", "--doc", "--workspace", "--locked", "--quiet"]).args(&excluded);
    all_passed &= run::watched(&mut examples, |line| counts.see(line))?;
    Ok(counts.part("Rust", all_passed, start.elapsed()))
}

fn second_implementation() -> Result<Part> {
    let start = Instant::now();
    let mut command = Command::new("python3");
    command.args(["crates/model/tests/check_ledger.py", "crates/model/tests/vectors"]);
    let passed = run::passes(&mut command)?;
    Ok(Part {
        name: "second implementation",
        passed: u64::from(passed),
        failed: u64::from(!passed),
        took: start.elapsed(),
    })
}

fn browser_tests() -> Result<Part> {
    let start = Instant::now();
    let stave = run::debug_binary()?;
    let counts = Counts::default();
    let mut command = Command::new("npm");
    command.args(["test", "--prefix", "e2e", "--silent"]);
    command.env("STAVE_BINARY", stave);
    if let Some(path) = browser() {
        command.env("CHROMIUM", path);
    }
    let passed = run::watched(&mut command, |line| counts.see(line))?;
    Ok(counts.part("browser", passed, start.elapsed()))
}

/// Counts of tests, read from what the runners print.
#[derive(Default)]
struct Counts {
    passed: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    fn see(&self, line: &str) {
        let (passed, failed) = counts_in(line);
        self.passed.fetch_add(passed, Ordering::Relaxed);
        self.failed.fetch_add(failed, Ordering::Relaxed);
    }

    /// A run that failed before it could count (it didn't compile) has one failure.
    fn part(&self, name: &'static str, all_passed: bool, took: Duration) -> Part {
        let failed = self.failed.load(Ordering::Relaxed);
        Part {
            name,
            passed: self.passed.load(Ordering::Relaxed),
            failed: if all_passed { failed } else { failed.max(1) },
            took,
        }
    }
}

/// Passed and failed tests in the closing line of cargo test, of nextest or of node.
fn counts_in(line: &str) -> (u64, u64) {
    let before = |word: &str| -> u64 {
        let words: Vec<&str> = line.split([' ', ',', ';']).filter(|part| !part.is_empty()).collect();
        let found = words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok());
        found.unwrap_or(0)
    };
    // nextest repeats the output of a test that failed, indented: its own lines must not count again.
    let summary = line.trim_start().starts_with("Summary [") && line.contains("run:");
    if line.starts_with("test result:") || summary {
        return (before("passed"), before("failed"));
    }
    let node = |word: &str| -> u64 {
        let rest = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "));
        let rest = rest.and_then(|text| text.strip_prefix(word));
        rest.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    };
    (node("pass "), node("fail "))
}

fn report(parts: &[Part], skipped: &[&str], line: &str) -> Outcome {
    println!();
    for part in parts {
        let seconds = part.took.as_secs_f64();
        println!("{:<24}{:>6} passed{:>5} failed{seconds:>9.1} s", part.name, part.passed, part.failed);
    }
    let passed: u64 = parts.iter().map(|part| part.passed).sum();
    let mut failed: u64 = parts.iter().map(|part| part.failed).sum();
    if !skipped.is_empty() {
        println!("\nskipped: {}\nto run all tests:\n\n    {line}\n", skipped.join("; "));
        if std::env::var("CI").is_ok_and(|value| value == "true") {
            println!("CI=true: what is skipped has failed");
            failed += skipped.len() as u64;
        }
    }
    println!("{passed} passed, {failed} failed, {} skipped", skipped.len());
    Outcome::passed_if(failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_every_runner() {
        let cargo = "test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts_in(cargo), (12, 2));
        assert_eq!(counts_in("     Summary [   1.234s] 40 tests run: 39 passed (1 slow), 1 failed"), (39, 1));
        assert_eq!(counts_in("     Summary [   1.234s] 40 tests run: 40 passed, 0 skipped"), (40, 0));
        assert_eq!(counts_in("    test result: FAILED. 0 passed; 1 failed; 0 ignored"), (0, 0));
        assert_eq!(counts_in("ℹ pass 7"), (7, 0));
        assert_eq!(counts_in("# fail 3"), (0, 3));
        assert_eq!(counts_in("running 3 tests"), (0, 0));
    }

    #[test]
    fn the_line_names_only_what_is_missing() {
        assert_eq!(install_line(&[], false), "npm ci --prefix e2e");
        let chromium = &TOOLS[4];
        assert_eq!(
            install_line(&[chromium], true),
            "sudo apt-get install --yes --no-install-recommends chromium"
        );
    }
}
