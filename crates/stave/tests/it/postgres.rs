//! Several servers on one ledger in PostgreSQL, as an operator runs them.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::first_minutes::Board;
use crate::postgres_server::{Server, programs};
use crate::world::World;

/// A server with an empty database, and its URL; none where PostgreSQL is not installed, which is said, and with
/// CI=true is a failure.
fn database() -> Option<(Server, String)> {
    if programs().is_none() {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "CI=true: PostgreSQL is not installed, and a test that is skipped has failed");
        eprintln!("skipped: PostgreSQL is not installed (cargo xtask test --install)");
        return None;
    }
    let server = Server::start(&["fsync=off"]).unwrap();
    let url = server.database("stave").unwrap();
    Some((server, url))
}

/// How long until a server's page says something.
fn until_said(board: &Board, path: &str, what: &str) -> Duration {
    let started = Instant::now();
    while !board.get(path).contains(what) {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} isn't at {path}: {}", board.get(path));
        std::thread::sleep(Duration::from_millis(20));
    }
    started.elapsed()
}

#[test]
fn what_reaches_the_ledger_shows_on_every_server_within_a_second() {
    let Some((_server, url)) = database() else { return };
    let world = World::new();
    world.tea();
    world.run("tea", &["export", "first.jsonl"]).ok();
    world.run("tea", &["--ledger", &url, "merge", "first.jsonl"]).ok();
    let start = |home: &str| {
        fs::create_dir(world.path(home)).unwrap();
        let mut command = world.command("tea", &["--ledger", &url, "serve", "--port", "0"]);
        command.env("HOME", world.path(home));
        Board::of(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    };
    let mut boards = vec![start("one"), start("two")];
    for board in &boards {
        until_said(board, "/api/v1/find?q=payments", "\"payments\"");
        assert!(!board.printed.contains("pass"), "{}", board.printed);
    }
    for round in ["three", "four"] {
        let name = format!("samovar-{round}");
        world.run("tea", &["say", "cart", "description", &format!("boils the {name}")]).ok();
        let file = format!("{round}.jsonl");
        world.run("tea", &["export", &file]).ok();
        world.run("tea", &["--ledger", &url, "merge", &file]).ok();
        for board in &boards {
            // A second, and what a busy machine adds to a request.
            let took = until_said(board, "/api/v1/find?q=samovar", &name);
            assert!(took < Duration::from_secs(2), "{took:?}");
        }
        // One is killed, and its place is taken by another.
        drop(boards.remove(0));
        boards.push(start(round));
    }
    // The whole ledger comes out of the database as it went in.
    let statements = |text: &str| text.lines().filter(|line| line.contains("\"header\"")).count();
    let out = world.run("tea", &["--ledger", &url, "export"]).ok().out;
    assert_eq!(statements(&out), statements(&fs::read_to_string(world.path("tea/four.jsonl")).unwrap()));
}

#[test]
fn operators_look_after_a_ledger_by_its_url() {
    let Some((server, url)) = database() else { return };
    let world = World::new();
    world.tea();
    let on = |arguments: &[&str]| world.run("tea", &[&["--ledger", &url], arguments].concat());
    // Looking makes no ledger.
    let looked = on(&["doctor"]);
    assert!(looked.out.contains("there is no ledger") && !looked.out.contains("pass"), "{looked:?}");
    assert_eq!(
        server.sql("stave", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").unwrap(),
        "0"
    );
    world.run("tea", &["export", "tea.jsonl"]).ok();
    on(&["merge", "tea.jsonl"]).ok();
    let looked = on(&["doctor", "--json"]);
    assert!(looked.out.contains("postgresql") && !looked.out.contains("pass"), "{looked:?}");
    on(&["compact", "--keep", "1d"]).ok();
    // A backup is a file, whatever the ledger is kept in.
    on(&["backup", "copy.sqlite"]).ok();
    world.run("", &["--ledger", "restored", "restore", "tea/copy.sqlite"]).ok();
    let export = |ledger: &str| world.run("tea", &["--ledger", ledger, "export"]).ok().out;
    assert_eq!(export(world.path("restored").to_str().unwrap()), export(&url));
}

#[test]
fn a_command_line_is_sent_to_the_door_and_told_no_password() {
    let world = World::new();
    world.tea();
    let url = "postgres://stave:geheim@127.0.0.1:1/stave";
    let ran = world.run("tea", &["--ledger", url, "find", "cart"]).ends(2);
    assert!(ran.err.contains("through a server") && !ran.err.contains("geheim"), "{}", ran.err);
    let ran = world.run("tea", &["--ledger", url, "export"]).ends(2);
    assert!(ran.err.contains("postgres://stave@127.0.0.1:1/stave"), "{}", ran.err);
    assert!(ran.err.contains("hint: ") && !ran.err.contains("geheim"), "{}", ran.err);
}
