//! A ledger behind a server: what the first command from elsewhere costs, and every one after it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{RUNS, Table, median, million};
use crate::run;

const BENCH: &str = "remote";
const STATEMENTS: usize = 10_000;
/// How long the server may take to be ready.
const READY: Duration = Duration::from_secs(180);
/// A command that finds nothing new, through the door, by the same on the ledger's own machine.
const MOST_RATIO: f64 = 3.0;

/// A server that ends with its handle.
struct Served {
    child: Child,
    /// HOST:PORT.
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(stave: &Path, ledger: &Path) -> Result<Served> {
        let mut command = Command::new(stave);
        command.arg("--ledger").arg(ledger).args(["serve", "--port", "0"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let out = child.stdout.take().context("a server has a stdout")?;
        let mut served = Served { child, address: String::new() };
        for line in BufReader::new(out).lines() {
            if let Some((_, url)) = line?.split_once("http://") {
                let is_address = |sign: &char| sign.is_ascii_digit() || ".:".contains(*sign);
                served.address = url.chars().take_while(is_address).collect();
                break;
            }
        }
        let started = std::time::Instant::now();
        while !served.get("/readyz")?.starts_with("HTTP/1.1 200") {
            if started.elapsed() > READY {
                bail!("the server isn't ready after {READY:?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(served)
    }

    fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// How many requests to the ledger's endpoints have been answered.
    fn requests(&self) -> Result<f64> {
        const COUNT: &str = "stave_http_request_duration_seconds_count{route=\"/api/v1/ledger\"} ";
        let metrics = self.get("/metrics")?;
        let count = metrics.lines().find_map(|line| line.strip_prefix(COUNT));
        count.map_or(Ok(0.0), |count| count.trim().parse().context("a count is a number"))
    }
}

pub(super) fn measure(table: &mut Table) -> Result<()> {
    let stave = run::release_binary()?;
    let folder = tempfile::tempdir()?;
    let export = folder.path().join("estate.jsonl");
    let (claims, statements) = million::made_up_of(STATEMENTS, &export)?;
    table.add(BENCH, "statements in the ledger", statements as f64, "statements", None);
    table.add(BENCH, "claims in the ledger", claims as f64, "claims", None);
    let ledger = folder.path().join("ledger");
    std::fs::create_dir_all(&ledger)?;
    run::time(Command::new(&stave).arg("--ledger").arg(&ledger).arg("merge").arg(&export))?;
    let served = Served::start(&stave, &ledger)?;
    let here = |words: &[&str]| {
        let mut command = Command::new(&stave);
        command.arg("--ledger").arg(&ledger).args(words);
        command
    };
    let address = format!("http://{}", served.address);
    let there = |words: &[&str]| {
        let mut command = Command::new(&stave);
        command.args(["--ledger", &address]).args(words);
        command.env("HOME", folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
        command.env_remove("STAVE_TOKEN");
        command
    };

    let first = ["list", "--kind", "component", "--limit", "1"];
    let before = served.requests()?;
    let took = run::time(&mut there(&first))?;
    table.milliseconds(BENCH, "first command through the door: catch-up and fold", took, None);
    table.add(BENCH, "requests of it", served.requests()? - before, "requests", None);
    let listed = run::output(&mut here(&[&first[..], &["--json"]].concat()))?;
    let entity = million::first_entity(&listed)?;
    let before = served.requests()?;
    run::time(&mut there(&["show", &entity]))?;
    table.add(
        BENCH,
        "requests of stave show ENTITY, nothing new",
        served.requests()? - before,
        "requests",
        None,
    );
    let (mut local, mut remote) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        local.push(run::time(&mut here(&["show", &entity]))?);
        remote.push(run::time(&mut there(&["show", &entity]))?);
    }
    let (local, remote) = (median(local), median(remote));
    table.milliseconds(BENCH, "stave show ENTITY, cold process, on the file", local, None);
    table.milliseconds(BENCH, "stave show ENTITY, cold process, through the door", remote, None);
    let ratio = remote.as_secs_f64() / local.as_secs_f64();
    table.add(BENCH, "through the door by on the file", ratio, "times", Some(MOST_RATIO));
    Ok(())
}
