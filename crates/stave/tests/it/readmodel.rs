//! Copies of the map, and a server that starts while there is much to fold.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::world::World;

#[test]
fn a_copy_is_put_into_place_and_the_rest_is_folded() {
    let world = World::new();
    world.tea();
    let saved = world.ask("tea", &["readmodel", "save", "../map.copy"]);
    world.run("tea", &["say", "cart", "tier", "2"]).ok();
    let expected = world.run("tea", &["export", "--as", "graph"]).ok().out;
    for name in ["map.sqlite", "map.sqlite-wal", "map.sqlite-shm"] {
        let _ = fs::remove_file(world.path("tea/.stave").join(name));
    }
    let loaded = world.ask("tea", &["readmodel", "load", "../map.copy"]);
    assert_eq!((&loaded["position"], loaded["behind"].as_u64()), (&saved["position"], Some(1)));
    assert_eq!(world.run("tea", &["export", "--as", "graph"]).ok().out, expected);
    world.run("tea", &["why", "cart", "tier"]).ok();
    let doctor = world.ask("tea", &["doctor", "--quick"]);
    assert_eq!(doctor["read_model"]["behind"], 0);
}

#[test]
fn a_copy_that_is_not_whole_or_of_another_ledger_is_refused() {
    let world = World::new();
    world.tea();
    world.run("tea", &["readmodel", "save", "../map.copy"]).ok();
    let refused = |folder: &str, file: &str, why: &str| {
        let map = world.path(folder).join(".stave/map.sqlite");
        let before = fs::read(&map).unwrap();
        let ran = world.run(folder, &["readmodel", "load", file]).ends(2);
        assert!(ran.err.contains(why), "{why}: {}", ran.err);
        assert_eq!(fs::read(&map).unwrap(), before, "{why}");
    };
    let copy = fs::read(world.path("map.copy")).unwrap();
    let mut flipped = copy.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(world.path("flipped"), flipped).unwrap();
    refused("tea", "../flipped", "it has changed since it was written");
    fs::write(world.path("short"), &copy[..copy.len() - 4_096]).unwrap();
    refused("tea", "../short", "was cut short");
    fs::write(world.path("tiny"), "x").unwrap();
    refused("tea", "../tiny", "it is no copy");
    world.run("tea", &["readmodel", "load", "../nothing"]).ends(2);

    world.write("other/compose.yaml", "services:\n  gate:\n    image: gate\n");
    world.run("other", &["scan", "--quiet"]).ok();
    refused("other", "../map.copy", "it is of another ledger");
    // A ledger that lost something since: the copy may still have it.
    let (ledger, before) = (world.path("tea/.stave/ledger.sqlite"), world.path("ledger.before"));
    fs::copy(&ledger, &before).unwrap();
    let claim = world.ask("tea", &["redact", "--find", "cart"])[0]["claim"].clone();
    world.run("tea", &["redact", claim.as_str().unwrap(), "--why", "a name"]).ok();
    refused("tea", "../map.copy", "since it was written");
    // The whole one is still good for the map that it is of.
    fs::copy(&before, &ledger).unwrap();
    world.run("tea", &["readmodel", "load", "../map.copy"]).ok();
}

/// Status of a GET.
fn status(address: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_server_answers_who_watches_while_it_folds() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "2"]).ok();
    // Somebody else's fold, which takes as long as this test wants.
    let map = Connection::open(world.path("tea/.stave/map.sqlite")).unwrap();
    map.execute("UPDATE meta SET value = 'of nothing' WHERE key = 'stamp'", []).unwrap();
    map.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut child = world.spawn("tea", &["serve", "--port", "0", "--json"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = url["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let address = url.split('/').next().unwrap();
    assert_eq!([status(address, "/healthz"), status(address, "/readyz")], [200, 503]);
    map.execute_batch("ROLLBACK").unwrap();
    let started = Instant::now();
    while status(address, "/readyz") != 200 {
        assert!(started.elapsed() < Duration::from_secs(30), "never ready");
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
