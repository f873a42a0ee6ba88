//! A made-up estate of many real repositories on disk: what an organisation waits for, and whether it grows no faster
//! than n log n.
//!
//! Every repository has services, databases and a broker that are called as they are everywhere (`api`, `worker`, `db`);
//! none of them is another repository's, so a cluster too many would show in the counts.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{RUNS, Table, median};
use crate::run::{self, Measured};

/// Repositories of the smaller and the larger estate; some 25 entities each.
const SIZES: [usize; 2] = [200, 2_000];
const SERVICES: usize = 18;
/// One in this many repositories changes before the re-scan.
const CHANGE_EVERY: usize = 100;
const MOST_QUESTION_MS: f64 = 150.0;

/// What services are called in every repository; the others are named after their number.
const COMMON: &[&str] = &["api", "worker", "web", "gateway"];
const JOBS: &[&str] = &[
    "billing", "search", "mail", "stock", "price", "login", "report", "media", "audit", "route", "quota",
    "basket", "voucher", "parcel",
];

/// What was measured of one size.
struct Times {
    entities: f64,
    first: Measured,
    changed: Duration,
    overlap: Duration,
}

pub(super) fn measure(table: &mut Table) -> Result<()> {
    let stave = run::release_binary()?;
    let mut all = Vec::new();
    for repositories in SIZES {
        all.push(one(&stave, repositories, table)?);
    }
    let [small, large] = all.as_slice() else { bail!("two sizes make a ratio") };
    let grown = large.entities / small.entities;
    let limit = grown * large.entities.ln() / small.entities.ln();
    for (what, small, large) in [
        ("first scan", small.first.took, large.first.took),
        ("scan after a change of 1 %", small.changed, large.changed),
        ("overlap", small.overlap, large.overlap),
    ] {
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        table.add("many", &format!("{what}: large by small"), ratio, "times", Some(limit));
    }
    Ok(())
}

fn one(stave: &Path, repositories: usize, table: &mut Table) -> Result<Times> {
    const BENCH: &str = "many";
    let folder = tempfile::tempdir()?;
    let estate = folder.path().join("estate");
    for number in 0..repositories {
        repository(&estate.join(format!("app-{number}")), number)?;
    }
    // Files younger than two seconds are read again in any case.
    std::thread::sleep(Duration::from_millis(2_500));
    let ledger = folder.path().join("ledger");
    fs::create_dir_all(&ledger)?;
    let call = |words: &[&str]| {
        let mut command = Command::new(stave);
        command.arg("--ledger").arg(&ledger).args(words);
        command
    };
    let folder_text = estate.to_string_lossy().into_owned();
    let what = |text: &str| format!("{repositories} repositories: {text}");
    let first = run::measure(&mut call(&["scan", &folder_text]))?;
    table.milliseconds(BENCH, &what("first scan"), first.took, None);
    table.add(BENCH, &what("peak memory of it"), first.peak_mb, "MB", None);
    let listed: Value =
        serde_json::from_str(&run::output(&mut call(&["--json", "export", "--as", "graph"]))?)?;
    let entities = listed["entities"].as_array().context("a graph has entities")?;
    table.add(BENCH, &what("entities"), entities.len() as f64, "entities", None);
    let services =
        entities.iter().filter(|entity| entity["kind"] == "service" || entity["kind"] == "gateway");
    let missing = (repositories * SERVICES) as f64 - services.count() as f64;
    table.add(BENCH, &what("services united that are two"), missing, "services", Some(0.0));

    let mut same = Vec::new();
    for _ in 0..3 {
        same.push(run::time(&mut call(&["scan", &folder_text]))?);
    }
    let same = median(same);
    table.milliseconds(
        BENCH,
        &what("scan, nothing changed"),
        same,
        Some(first.took.as_secs_f64() * 1000.0 / 3.0),
    );
    for number in (0..repositories).step_by(CHANGE_EVERY) {
        change(&estate.join(format!("app-{number}")), number)?;
    }
    let changed = run::time(&mut call(&["scan", &folder_text]))?;
    table.milliseconds(BENCH, &what("scan after a change of 1 %"), changed, None);
    for (name, words, limit) in [
        ("find WORD", vec!["find", "voucher-7"], Some(MOST_QUESTION_MS)),
        ("show ENTITY", vec!["show", "voucher-7"], Some(MOST_QUESTION_MS)),
        ("list --limit 50", vec!["list", "--limit", "50"], Some(MOST_QUESTION_MS)),
        // It goes through all statements: what is gone is an answer and no state.
        ("list --gone", vec!["list", "--gone"], None),
    ] {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            times.push(run::time(&mut call(&words))?);
        }
        table.milliseconds(BENCH, &what(&format!("stave {name}, cold process")), median(times), limit);
    }
    let overlap = run::measure(&mut call(&["overlap"]))?;
    table.milliseconds(BENCH, &what("stave overlap, cold process"), overlap.took, None);
    table.add(BENCH, &what("peak memory of it"), overlap.peak_mb, "MB", None);
    Ok(Times { entities: entities.len() as f64, first, changed, overlap: overlap.took })
}

fn name(number: usize, service: usize) -> String {
    match COMMON.get(service) {
        Some(name) => (*name).to_owned(),
        None => format!("{}-{number}", JOBS[(service - COMMON.len()) % JOBS.len()]),
    }
}

/// Writes a repository and commits it with real git.
fn repository(folder: &Path, number: usize) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("CODEOWNERS"), format!("* @example/team-{}\n", number % 60))?;
    fs::write(
        folder.join("catalog-info.yaml"),
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: app-{number}\n  description: \
             Everything about app {number}\nspec:\n  owner: team-{}\n",
            number % 60
        ),
    )?;
    fs::write(folder.join("compose.yaml"), compose(number, 1))?;
    for service in 0..SERVICES {
        let name = name(number, service);
        let code = folder.join("services").join(&name);
        fs::create_dir_all(&code)?;
        fs::write(
            code.join("Dockerfile"),
            "FROM node:22\nCOPY . .\nEXPOSE 8080\nCMD [\"node\", \"main.js\"]\n",
        )?;
        fs::write(
            code.join("package.json"),
            format!(
                "{{\"name\": \"@app-{number}/{name}\", \"description\": \"Does {name} for app {number}\", \
                 \"dependencies\": {{\"express\": \"5\"}}}}\n"
            ),
        )?;
        fs::write(
            code.join("main.js"),
            format!(
                "const app = require('express')();\napp.get('/{name}/:id', answer);\napp.listen(8080);\n"
            ),
        )?;
    }
    git(folder, &["init", "--quiet", "--initial-branch", "main"])?;
    let group = number % 60;
    let origin = format!("https://git.example.com/group-{group}/app-{number}.git");
    git(folder, &["remote", "add", "origin", &origin])?;
    commit(folder)
}

fn compose(number: usize, version: usize) -> String {
    let mut text = String::from("services:\n");
    for service in 0..SERVICES {
        let (own, next) = (name(number, service), name(number, (service + 1) % SERVICES));
        // Writing to a text can't fail.
        let _ = write!(
            text,
            "  {own}:\n    build: ./services/{own}\n    environment:\n      NEXT_URL: http://{next}:8080\n      \
             DATABASE_URL: postgres://db:5432/{own}\n      VERSION: \"{version}\"\n"
        );
    }
    text.push_str(
        "  db:\n    image: postgres:17\n  cache:\n    image: redis:8\n  events:\n    image: rabbitmq:4\n",
    );
    text
}

/// A new commit that changes what the repository says: one service calls another one.
fn change(folder: &Path, number: usize) -> Result<()> {
    let more =
        format!("{}  extra-{number}:\n    build: ./services/{}\n", compose(number, 2), name(number, 5));
    fs::write(folder.join("compose.yaml"), more)?;
    commit(folder)
}

fn commit(folder: &Path) -> Result<()> {
    git(folder, &["add", "--all"])?;
    git(folder, &["commit", "--quiet", "--message", "as it is"])
}

fn git(folder: &Path, words: &[&str]) -> Result<()> {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(["-c", "user.name=Bench", "-c", "user.email=bench@example.com"])
        .args(words);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    run::output(&mut command).map(drop)
}
