//! The first five minutes of a user, on a copy of the example estate.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::world::World;

/// A board that serves. Ended with Ctrl-C's signal, or killed where the test fails before.
pub(crate) struct Board {
    child: Child,
    address: String,
    /// What was printed up to the URL.
    pub(crate) printed: String,
}

impl Board {
    pub(crate) fn start(world: &World, folder: &str, arguments: &[&str]) -> Board {
        Board::of(world.spawn(folder, arguments))
    }

    /// The board of a child whose stdout is a pipe.
    pub(crate) fn of(mut child: Child) -> Board {
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "no URL in: {printed}");
            printed.push_str(&line);
            if let Some((_, url)) = line.split_once("http://") {
                break url
                    .chars()
                    .take_while(|c| c.is_ascii_digit() || ".:".contains(*c))
                    .collect::<String>();
            }
        };
        Board { child, address, printed }
    }

    /// `kill -9`: no farewell.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// HOST:PORT.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What was printed up to the URL.
    pub(crate) fn printed(&self) -> &str {
        &self.printed
    }

    /// Ctrl-C: the exit code and what was said on stderr.
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            if let Some(status) = self.child.try_wait().unwrap() {
                let mut talk = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
                return (status.code(), talk);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("Ctrl-C doesn't end it");
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_command_scans_tells_what_it_found_and_serves() {
    let world = World::new();
    world.shop();
    let board = Board::start(&world, "", &["up", "shop", "--port", "0"]);
    for part in ["component", "relations", "read in", "http://127.0.0.1:"] {
        assert!(board.printed.contains(part), "{part} is missing from: {}", board.printed);
    }
    let front = board.get("/");
    assert!(front.starts_with("HTTP/1.1 200") && front.contains("component"), "{front}");
    assert!(board.get("/entities").contains("storefront"));
    assert!(front.to_lowercase().contains("content-security-policy"));

    // Another process appends meanwhile; the board shows it within its polling interval.
    world.run("shop", &["say", "component", "Gong"]).ok();
    let started = Instant::now();
    while !board.get("/entities?q=gong").contains("Gong") {
        assert!(started.elapsed() < Duration::from_secs(10), "the board doesn't notice");
        std::thread::sleep(Duration::from_millis(50));
    }

    let (code, talk) = board.interrupt();
    assert_eq!(code, Some(0), "{talk}");
    assert!(talk.contains("Ctrl-C ends it"), "{talk}");
    // The next commands work as they stand there.
    let next = talk.split_once("Ctrl-C ends it").map_or("", |(_, next)| next);
    let commands: Vec<&str> = next.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert!(commands.len() >= 3, "{talk}");
    for command in commands {
        let command = command.replace("TEAM", "till");
        let Some((_, typed)) = command.split_once("stave ") else { panic!("{command}") };
        let typed = typed.split('#').next().unwrap().trim();
        let arguments: Vec<&str> = typed.split(' ').map(|word| word.trim_matches('\'')).collect();
        world.run("", &arguments).ok();
    }
}

#[test]
fn a_busy_port_gives_the_next_free_one() {
    let world = World::new();
    world.tea();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let board = Board::start(&world, "tea", &["serve", "--port", &port.to_string()]);
    assert!(!board.address.ends_with(&format!(":{port}")), "{}", board.address);
    assert!(board.get("/").starts_with("HTTP/1.1 200"));
    let (code, talk) = board.interrupt();
    assert_eq!(code, Some(0));
    assert!(talk.contains(&format!("port {port} is busy")), "{talk}");
}

#[test]
fn the_url_is_json_where_json_is_asked_for() {
    let world = World::new();
    world.shop();
    let board = Board::start(&world, "shop", &["up", "--port", "0", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&board.printed).unwrap();
    assert!(value["url"].as_str().unwrap().contains(&board.address));
    assert!(value["summary"]["entities"].as_u64().unwrap() > 0, "{value}");
    assert!(value["scan"]["trees"].is_array(), "{value}");
    assert_eq!(board.interrupt().0, Some(0));
}

#[test]
fn a_desktop_without_a_browser_loses_nothing() {
    let world = World::new();
    world.tea();
    let mut command = world.command("tea", &["serve", "--port", "0", "--open"]);
    command
        .env("PATH", world.path("home"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("http://") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0);
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no browser can be opened"));
}

#[test]
fn what_was_read_can_be_searched_shown_and_explained() {
    let world = World::new();
    world.shop();
    world.run("", &["scan", "shop"]).ok();
    assert!(world.run("shop", &["find", "tea", "comes", "next"]).ok().out.contains("recommendations"));
    assert!(world.run("shop", &["list", "--kind", "group"]).ok().out.contains("stockroom"));
    assert!(world.run("shop", &["list", "--owner", "till"]).ok().out.contains("payments"));
    let shown = world.run("shop", &["show", "storefront"]).ok().out;
    assert!(shown.contains("counter"), "{shown}");
    let why = world.run("shop", &["why", "storefront", "owner"]).ok().out;
    assert!(why.contains("catalog-info.yaml:"), "file and line stand behind every fact: {why}");
}
