//! Command lines that speak through the doors of several servers on one PostgreSQL, while one server after the other is
//! killed: nothing acknowledged may be lost, and no server may fall behind.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::promise;
use super::server::Server;
use crate::Outcome;

/// How far a server may be behind.
const BEHIND: Duration = Duration::from_secs(2);
/// How often it is looked.
const STEP: Duration = Duration::from_millis(250);

/// What to run.
pub(super) struct Load {
    pub(super) binary: PathBuf,
    pub(super) command_lines: u32,
    pub(super) servers: u32,
    pub(super) minutes: u32,
    /// From one kill to the next.
    pub(super) kill_every: Duration,
}

/// One of the servers; killed and started again as a whole.
struct Door {
    child: Child,
    /// `127.0.0.1:PORT`
    address: String,
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What all threads share.
struct Field<'a> {
    load: &'a Load,
    folder: &'a Path,
    ledger: &'a str,
    token: String,
    doors: Vec<Mutex<Door>>,
    is_over: AtomicBool,
    acknowledged: Mutex<Vec<String>>,
    refused: AtomicU64,
}

fn stave(load: &Load, home: &Path, ledger: &str) -> Result<Command> {
    fs::create_dir_all(home)?;
    let mut command = Command::new(&load.binary);
    command.arg("--ledger").arg(ledger).current_dir(home).env_clear().env("HOME", home);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("STAVE_PERSON", "Load <load@example.com>");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(super) fn run(load: &Load) -> Result<Outcome> {
    let server = Server::start(&["max_connections=200"]).context("PostgreSQL")?;
    let url = server.database("stave")?;
    let folder = TempDir::new()?;
    let operator = folder.path().join("operator");
    estate(load, &operator, &url)?;
    let words = ["token", "add", "load", "--author", "load@example.com", "--scope-prefix", "*"];
    let token = output(stave(load, &operator, &url)?.args(words))?.trim().to_owned();

    let doors = (0..load.servers)
        .map(|index| Ok(Mutex::new(door(load, &folder.path().join(format!("server-{index}")), &url, 0)?)))
        .collect::<Result<_>>()?;
    let field = Field {
        load,
        folder: folder.path(),
        ledger: &url,
        token,
        doors,
        is_over: AtomicBool::new(false),
        acknowledged: Mutex::new(Vec::new()),
        refused: AtomicU64::new(0),
    };
    let watched = std::thread::scope(|scope| {
        for index in 0..load.command_lines {
            scope.spawn({
                let field = &field;
                move || field.speak(index)
            });
        }
        let watch = scope.spawn(|| field.watch(&server));
        let killed = field.kill();
        field.is_over.store(true, Ordering::SeqCst);
        let watched = watch.join().map_err(|_| anyhow::anyhow!("the watch panicked"))??;
        Ok::<_, anyhow::Error>((killed?, watched))
    });
    let (killed, watched) = watched?;

    let export = output(stave(load, &operator, &url)?.arg("export"))?;
    let acknowledged = field.acknowledged.lock().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
    let lost = acknowledged.iter().filter(|word| !export.contains(&format!("\"{word}\""))).count();
    let (behind, most_mb) = watched;
    let shown: Vec<String> = most_mb.iter().map(|mb| format!("{mb:.0}")).collect();
    let is_flat = promise::is_flat(&most_mb, load.minutes as usize);
    println!("{} command lines, {} servers, {} minutes", load.command_lines, load.servers, load.minutes);
    println!("servers killed: {killed}");
    println!("words acknowledged: {}, lost: {lost}", acknowledged.len());
    println!(
        "commands that were refused, as their server was gone: {}",
        field.refused.load(Ordering::SeqCst)
    );
    println!("furthest behind: {:.2} s", behind.as_secs_f64());
    println!("most memory of a server in each minute, MB: {}", shown.join(", "));
    if !is_flat {
        println!("NOT KEPT: it grows from the third minute on");
    }
    Ok(Outcome::passed_if(is_flat && lost == 0 && behind <= BEHIND && !acknowledged.is_empty()))
}

/// An estate with a component for each command line.
fn estate(load: &Load, home: &Path, url: &str) -> Result<()> {
    let mut compose = String::from("services:\n");
    for index in 0..load.command_lines {
        writeln!(compose, "  s{index}:\n    build: ./s{index}")?;
    }
    let tree = home.join("tree");
    fs::create_dir_all(&tree)?;
    fs::write(tree.join("compose.yaml"), compose)?;
    let own = tree.display().to_string();
    output(stave(load, home, &own)?.args(["scan", "--quiet", &own]))?;
    output(stave(load, home, &own)?.args(["export", "estate.jsonl"]))?;
    output(stave(load, home, url)?.args(["merge", "estate.jsonl"]))?;
    Ok(())
}

/// Starts a server, and waits until it says where it is. The port is kept from one life to the next.
fn door(load: &Load, home: &Path, url: &str, port: u16) -> Result<Door> {
    let mut command = stave(load, home, url)?;
    command.args(["serve", "--port", &port.to_string()]).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let mut out = BufReader::new(child.stdout.take().context("no pipe")?);
    let mut line = String::new();
    loop {
        line.clear();
        ensure!(out.read_line(&mut line)? > 0, "a server ended before it was ready");
        if let Some((_, rest)) = line.split_once("http://") {
            let address = rest.split('/').next().unwrap_or_default().trim().to_owned();
            return Ok(Door { child, address });
        }
    }
}

/// The position that a server is ready at; none where it isn't.
fn position(address: &str) -> Option<u64> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(BEHIND)).ok()?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.trim_end().rsplit_once("ready at position ")?.1.parse().ok()
}

fn memory_mb(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb: Option<f64> = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kb.unwrap_or_default() / 1024.0
}

impl Field<'_> {
    fn address(&self, index: usize) -> Option<(String, u32)> {
        // A door that is being made again is nobody's.
        let door = self.doors[index].try_lock().ok()?;
        Some((door.address.clone(), door.child.id()))
    }

    /// One command line: says one word after the other, each through the next door.
    fn speak(&self, index: u32) {
        let home = self.folder.join(format!("command-line-{index}"));
        let mut round = 0;
        while !self.is_over.load(Ordering::SeqCst) {
            round += 1;
            let Some((address, _)) = self.address((index + round) as usize % self.doors.len()) else {
                continue;
            };
            let word = format!("word {round} of {index}");
            let said = stave(self.load, &home, &format!("http://{address}")).and_then(|mut command| {
                command.env("STAVE_TOKEN", &self.token);
                Ok(command.args(["say", &format!("s{index}"), "description", &word]).output()?)
            });
            match said {
                Ok(output) if output.status.success() => {
                    if let Ok(mut acknowledged) = self.acknowledged.lock() {
                        acknowledged.push(word);
                    }
                }
                Ok(output) => {
                    // The first refusals say why, should all be refused.
                    if self.refused.fetch_add(1, Ordering::SeqCst) < 3 {
                        eprintln!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
                    }
                }
                Err(error) => eprintln!("{error:#}"),
            }
        }
    }

    /// Kills one server after the other, until the time is over; gives how many.
    fn kill(&self) -> Result<u32> {
        let end = Instant::now() + Duration::from_secs(60) * self.load.minutes;
        let mut killed = 0;
        while Instant::now() + self.load.kill_every < end {
            std::thread::sleep(self.load.kill_every);
            let index = killed as usize % self.doors.len();
            let mut slot = self.doors[index].lock().map_err(|_| anyhow::anyhow!("a thread panicked"))?;
            // SIGKILL: nothing of the server runs after it.
            slot.child.kill()?;
            slot.child.wait()?;
            let port = slot.address.rsplit(':').next().unwrap_or_default().parse()?;
            *slot = door(self.load, &self.folder.join(format!("server-{index}")), self.ledger, port)?;
            killed += 1;
        }
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        Ok(killed)
    }

    /// Watches how far the servers are behind the ledger, and their memory: the furthest, and the most of each minute.
    fn watch(&self, server: &Server) -> Result<(Duration, Vec<f64>)> {
        let started = Instant::now();
        let mut furthest = Duration::ZERO;
        let mut most: Vec<f64> = Vec::new();
        // The positions that each server has still to show, since when, and which process it is.
        let mut open: Vec<(u32, VecDeque<(u64, Instant)>)> = vec![(0, VecDeque::new()); self.doors.len()];
        while !self.is_over.load(Ordering::SeqCst) {
            let last = server.sql("stave", "SELECT last FROM counter")?.parse()?;
            let now = Instant::now();
            for (index, (pid, open)) in open.iter_mut().enumerate() {
                let Some((address, child)) = self.address(index) else { continue };
                if *pid != child {
                    // Another process: it begins where it says that it is ready.
                    (*pid, *open) = (child, VecDeque::new());
                }
                open.push_back((last, now));
                // What it shows it shows at this moment or later: the time that the answer takes is not held against it.
                let asked = Instant::now();
                let shown = position(&address).unwrap_or_default();
                while open.front().is_some_and(|(wanted, _)| *wanted <= shown) {
                    open.pop_front();
                }
                if let Some((_, since)) = open.front()
                    && self.address(index).is_some_and(|(_, child)| child == *pid)
                {
                    furthest = furthest.max(asked.saturating_duration_since(*since));
                }
                let minute = (started.elapsed().as_secs() / 60) as usize;
                most.resize(most.len().max(minute + 1), 0.0);
                most[minute] = most[minute].max(memory_mb(child));
            }
            std::thread::sleep(STEP);
        }
        Ok((furthest, most))
    }
}
