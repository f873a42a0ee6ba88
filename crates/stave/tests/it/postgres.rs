//! Several servers on one ledger in PostgreSQL, as an operator runs them.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::first_minutes::Board;
use crate::forgetting::shop;
use crate::postgres_server::{Server, programs};
use crate::world::World;

/// A server with an empty database, and its URL; none where PostgreSQL is not installed, which is said, and with
/// CI=true is a failure.
pub(crate) fn database() -> Option<(Server, String)> {
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
    let mut soonest = Duration::MAX;
    for round in ["three", "four"] {
        let name = format!("samovar-{round}");
        world.run("tea", &["say", "cart", "description", &format!("boils the {name}")]).ok();
        let file = format!("{round}.jsonl");
        world.run("tea", &["export", &file]).ok();
        world.run("tea", &["--ledger", &url, "merge", &file]).ok();
        for board in &boards {
            soonest = soonest.min(until_said(board, "/api/v1/find?q=samovar", &name));
        }
        // One is killed, and its place is taken by another.
        drop(boards.remove(0));
        boards.push(start(round));
    }
    // How far behind a server gets is measured by `cargo xtask reliability postgres --load`; here a busy machine may
    // add to all of the four but not to each.
    assert!(soonest < Duration::from_secs(1), "{soonest:?}");
    // The whole ledger comes out of the database as it went in.
    let statements = |text: &str| text.lines().filter(|line| line.contains("\"header\"")).count();
    let out = world.run("tea", &["--ledger", &url, "export"]).ok().out;
    assert_eq!(statements(&out), statements(&fs::read_to_string(world.path("tea/four.jsonl")).unwrap()));
}

#[test]
fn two_schemas_of_one_database_have_a_map_each_on_one_machine() {
    let Some((server, url)) = database() else { return };
    server.sql("stave", "CREATE SCHEMA one; CREATE SCHEMA two").unwrap();
    let world = World::new();
    world.tea();
    fs::create_dir(world.path("both")).unwrap();
    let boards = ["one", "two"].map(|schema| {
        world.run("tea", &["say", "cart", "description", &format!("boils the {schema}-samovar")]).ok();
        world.run("tea", &["export", "tea.jsonl"]).ok();
        let ledger = format!("{url}?options=-c%20search_path%3D{schema}");
        world.run("tea", &["--ledger", &ledger, "merge", "tea.jsonl"]).ok();
        let mut command = world.command("tea", &["--ledger", &ledger, "serve", "--port", "0"]);
        command.env("HOME", world.path("both"));
        Board::of(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    });
    let maps = || fs::read_dir(world.path("both/.cache/stave")).unwrap().count();
    for (board, schema) in boards.iter().zip(["one", "two"]) {
        until_said(board, "/api/v1/find?q=samovar", &format!("{schema}-samovar"));
    }
    assert_eq!(maps(), 2);
    assert!(!boards[0].get("/api/v1/find?q=samovar").contains("two-samovar"));
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
fn every_verb_of_operators_works_or_says_why_not() {
    let Some((server, url)) = database() else { return };
    let world = shop();
    let on = |arguments: &[&str]| {
        let ran = world.run("tea", &[&["--ledger", &url], arguments].concat());
        assert!(!ran.out.contains("pass") && !ran.err.contains("pass"), "{arguments:?}: {ran:?}");
        ran
    };
    world.run("tea", &["export", "first.jsonl"]).ok();
    on(&["merge", "first.jsonl"]).ok();
    on(&["token", "add", "ci", "--author", "ci@leafcup.test", "--scope-prefix", "*"]).ok();
    let report = on(&["doctor", "--json"]).json();
    assert!(report.to_string().contains("postgresql"), "{report}");
    assert!(on(&["compact", "--keep", "1d", "--dry-run"]).ok().out.contains("let go of"));
    let position = on(&["backup", "copy.sqlite", "--json"]).ok().json()["position"].as_u64().unwrap();
    assert!(position > 2);
    let refused = on(&["export", "--salvage"]).ends(2).err;
    assert!(refused.contains("in a file") && refused.contains("hint: "), "{refused}");

    // A copy of the map, into a cache that is gone.
    assert_eq!(on(&["readmodel", "save", "map.copy", "--json"]).ok().json()["position"], position);
    fs::remove_dir_all(world.path("home/.cache/stave")).unwrap();
    let loaded = on(&["readmodel", "load", "map.copy", "--json"]).ok().json();
    assert_eq!((loaded["position"].as_u64(), loaded["behind"].as_u64()), (Some(position), Some(0)));

    // Later words, and the time before them.
    world.run("tea", &["say", "component", "samovar"]).ok();
    world.run("tea", &["say", "cart", "description", "call Rosa Kettle"]).ok();
    world.run("tea", &["export", "later.jsonl"]).ok();
    on(&["merge", "later.jsonl"]).ok();
    let graph = |at: &[&str]| on(&[&["export", "--as", "graph"], at].concat()).ok().out;
    assert!(graph(&[]).contains("samovar"));
    let at = graph(&["--at", &position.to_string()]);
    assert!(at.contains("cart") && !at.contains("samovar"), "{at}");
    let refused = on(&["compact", "--at", "1"]).ends(2).err;
    assert!(refused.contains("--at is for questions"), "{refused}");

    // Forgotten and redacted: gone from the tables, not only from answers.
    let asked = on(&["forget", "Ada Lovelock"]).ends(1).err;
    assert!(asked.contains("--ledger postgres://stave@") && asked.contains("--yes"), "{asked}");
    on(&["forget", "Ada Lovelock", "--yes"]).ok();
    let rows = "SELECT count(*) FROM people WHERE address LIKE '%ada@leafcup.test%'";
    assert_eq!(server.sql("stave", rows).unwrap(), "0");
    let found = on(&["redact", "--find", "rosa kettle", "--json"]).ok().json();
    on(&["redact", found[0]["claim"].as_str().unwrap(), "--why", "a name"]).ok();
    on(&["redact", "--find", "rosa kettle"]).ends(1);
    let export = on(&["export"]).ok().out;
    assert!(!export.contains("Rosa Kettle") && !export.contains("ada@leafcup.test"), "{export}");
}

#[test]
fn a_backup_is_restored_where_nothing_stands_and_maps_notice() {
    let Some((server, url)) = database() else { return };
    let world = World::new();
    world.tea();
    let on = |url: &str, arguments: &[&str]| world.run("tea", &[&["--ledger", url], arguments].concat());
    let merge = |name: &str| {
        world.run("tea", &["say", "component", name]).ok();
        world.run("tea", &["export", "all.jsonl"]).ok();
        on(&url, &["merge", "all.jsonl"]).ok();
    };
    merge("kettle");
    on(&url, &["token", "add", "ci", "--author", "ci@leafcup.test", "--scope-prefix", "*"]).ok();
    on(&url, &["backup", "copy.sqlite"]).ok();
    let before = on(&url, &["export"]).ok().out;
    merge("samovar");
    on(&url, &["readmodel", "save", "map.copy"]).ok();
    let later = on(&url, &["export"]).ok().out;

    // Whatever is typed, what stands in a database stays.
    for force in [&[][..], &["--force"]] {
        let refused = on(&url, &[&["restore", "copy.sqlite"], force].concat()).ends(2).err;
        assert!(refused.contains("CREATE SCHEMA") && refused.contains("DROP SCHEMA"), "{refused}");
        assert_eq!(refused.contains("--force deletes nothing"), !force.is_empty(), "{refused}");
        assert!(!refused.contains("pass"), "{refused}");
    }
    assert_eq!(on(&url, &["export"]).ok().out, later);

    // Beside it, as the hint says; a file that is none makes no tables there.
    server.sql("stave", "CREATE SCHEMA restored").unwrap();
    let beside = format!("{url}?options=-c%20search_path%3Drestored");
    world.write("tea/notes", "notes");
    on(&beside, &["restore", "notes"]).ends(2);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'restored'";
    assert_eq!(server.sql("stave", tables).unwrap(), "0");
    let answer = on(&beside, &["restore", "copy.sqlite", "--json"]).ok().json();
    assert!(answer["position"].as_u64().unwrap() > 1 && !answer.to_string().contains("pass"), "{answer}");
    assert_eq!(on(&beside, &["export"]).ok().out, before);
    assert!(on(&beside, &["token", "list"]).ok().out.contains("ci"));
    on(&beside, &["restore", "copy.sqlite"]).ends(2);

    // In its place: a map of what was there before is of another epoch, and is made again.
    server.sql("stave", "DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
    // A server that was quicker has made an empty one.
    on(&url, &["readmodel", "save", "empty.copy"]).ok();
    on(&url, &["restore", "copy.sqlite"]).ok();
    on(&url, &["readmodel", "load", "map.copy"]).ends(2);
    let graph = on(&url, &["export", "--as", "graph"]).ok().out;
    assert!(graph.contains("kettle") && !graph.contains("samovar"), "{graph}");
    assert_eq!(on(&url, &["export"]).ok().out, before);
    // What came after it comes back from a copy, under numbers that go on.
    on(&url, &["merge", "all.jsonl"]).ok();
    assert_eq!(on(&url, &["export"]).ok().out, later);
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
