//! Whether all is well, told by the real binary; and that telling changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;
use serde_json::Value;
use stave_ledger::{Ledger as _, SqliteLedger};
use stave_model::{Basis, Claim, Hash, Header, Op, Source, Statement, Time, VERSION};

use crate::world::{Ran, World};

/// State and sentence of one check.
fn check(ran: &Ran, name: &str) -> (String, String) {
    let found = ran.json();
    let checks = found["checks"].as_array().unwrap();
    let check =
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {found}"));
    let hints = check["hints"].as_array().map_or_else(String::new, |hints| format!(" {hints:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&check["state"]), text(&check["says"]) + &hints)
}

fn doctor(world: &World, more: &[&str]) -> Ran {
    world.run("tea", &[&["doctor", "--json"], more].concat())
}

/// The content of everything beside the ledger, what SQLite keeps while it is open aside.
fn files(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(world.path("tea/.stave"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.to_string_lossy().ends_with("-shm"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .filter(|(path, bytes)| !(path.ends_with("-wal") && bytes.is_empty()))
        .collect();
    files.sort();
    files
}

#[test]
fn all_is_well_and_stays_as_it_was() {
    let world = World::new();
    world.tea();
    let before = files(&world);
    let text = world.run("tea", &["doctor"]).ok().out;
    assert!(text.ends_with("\nAll is well.\n"), "{text}");
    let ran = doctor(&world, &[]).ok();
    let found = ran.json();
    assert_eq!(found["state"], "ok");
    assert_eq!(found["read_model"]["behind"], 0);
    assert_eq!(found["ledger"]["position"], found["ledger"]["statements"]);
    assert!(found["ledger"]["claims"].as_u64().unwrap() > 0, "{found}");
    assert_eq!(found["sources"].as_array().unwrap().len(), 1);
    assert_eq!(files(&world), before);

    // A map that another version made is told of, and left.
    let map = Connection::open(world.path("tea/.stave/map.sqlite")).unwrap();
    map.execute("UPDATE meta SET value = 'other' WHERE key = 'schema'", []).unwrap();
    drop(map);
    let before = files(&world);
    let says = check(&doctor(&world, &["--quick"]).ok(), "read model").1;
    assert!(says.contains("makes it again"), "{says}");
    assert_eq!(files(&world), before);
    fs::remove_file(world.path("tea/.stave/map.sqlite")).unwrap();
    assert_eq!(check(&doctor(&world, &["--quick"]).ok(), "read model").0, "ok");
    assert!(!world.path("tea/.stave/map.sqlite").exists());
}

#[test]
fn a_claim_that_changed_on_the_disk_is_named() {
    let world = World::new();
    world.tea();
    let db = Connection::open(world.path("tea/.stave/ledger.sqlite")).unwrap();
    // The body of one statement becomes that of another.
    let number: i64 = db
        .query_row("SELECT max(number) FROM statements WHERE claim_count > 1", [], |row| row.get(0))
        .unwrap();
    let changed = db
        .execute(
            "UPDATE bodies SET bytes = (SELECT b.bytes FROM bodies b JOIN statements s USING(claims)
               WHERE s.number <> ?1 AND s.claim_count > 1 LIMIT 1)
             WHERE claims = (SELECT claims FROM statements WHERE number = ?1)",
            [number],
        )
        .unwrap();
    assert_eq!(changed, 1);
    drop(db);
    let ran = doctor(&world, &[]).ends(2);
    let (state, says) = check(&ran, "hashes");
    assert_eq!(state, "broken");
    assert!(says.contains(&format!("number {number}: ")) && says.contains("restore a backup"), "{says}");
    assert_eq!(ran.json()["ledger"]["damaged"][0][0], number);
    assert_eq!(check(&doctor(&world, &["--quick"]).ok(), "hashes").0, "ok");
}

#[test]
fn a_header_that_changed_on_the_disk_is_named() {
    let world = World::new();
    world.tea();
    let db = Connection::open(world.path("tea/.stave/ledger.sqlite")).unwrap();
    let changed = "UPDATE statements SET header = replace(header, '\"tool\":\"stave ', '\"tool\":\"knave ') WHERE number = 2";
    assert_eq!(db.execute(changed, []).unwrap(), 1);
    drop(db);
    let (state, says) = check(&doctor(&world, &["--quick"]).ends(2), "hashes");
    assert_eq!(state, "broken");
    assert!(says.starts_with("1 of ") && says.contains("number 2: "), "{says}");
}

#[test]
fn a_name_that_changed_on_the_disk_was_nobodys_concern() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    let db = Connection::open(world.path("tea/.stave/ledger.sqlite")).unwrap();
    db.execute_batch("DROP TRIGGER people_changed").unwrap();
    let change = "UPDATE people SET name = 'Somebody Else' WHERE name IN (SELECT name FROM people LIMIT 1)";
    assert!(db.execute(change, []).unwrap() >= 1);
    drop(db);
    let (state, says) = check(&doctor(&world, &[]).ends(2), "storage");
    assert_eq!(state, "broken");
    assert!(says.contains("a row of the table `people` is not what was written: person:"), "{says}");
    let ran = world.run("tea", &["export"]).ends(2);
    assert!(ran.err.contains("the ledger is damaged") && !ran.err.contains("can't write"), "{}", ran.err);
}

#[test]
fn a_register_that_changed_on_the_disk_is_no_empty_one() {
    let world = World::new();
    world.tea();
    let db = Connection::open(world.path("tea/.stave/ledger.sqlite")).unwrap();
    db.execute_batch("DROP TRIGGER heard_changed; UPDATE heard SET time = time + 1").unwrap();
    drop(db);
    for depth in [&[][..], &["--quick"]] {
        let (state, says) = check(&doctor(&world, depth).ends(2), "sources");
        assert_eq!(state, "broken");
        assert!(says.contains("a row of the table `heard` is not what was written"), "{says}");
    }
}

#[test]
fn what_is_to_be_done_is_said() {
    let world = World::new();
    world.tea();
    let ledger = world.path("tea/.stave/ledger.sqlite");
    fs::set_permissions(&ledger, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = doctor(&world, &[]).ends(1);
    let (state, says) = check(&ran, "permissions");
    assert!(state == "todo" && says.contains("chmod go= "), "{says}");
    fs::set_permissions(&ledger, fs::Permissions::from_mode(0o600)).unwrap();

    // A device whose clock is wrong, and a word about nothing that is there.
    let mut claim = Claim::new("tier", "repo:code.test/gone//#compose/x".parse().unwrap(), Basis::Stated);
    claim.value = Some("2".into());
    let header = Header {
        author: "person:0123456789abcdef0123456789abcdef".parse().unwrap(),
        by: None,
        claims: Hash([0; 32]),
        op: Op([7; 16]),
        replaces: Vec::new(),
        rules: 0,
        scope: claim.fact_scope().unwrap(),
        source: Source::default(),
        time: "2999-01-01T00:00:00.000Z".parse::<Time>().unwrap(),
        tool: "test".to_owned(),
        unread: Vec::new(),
        v: VERSION,
    };
    SqliteLedger::open(&ledger).unwrap().append(&[Statement::new(header, vec![claim])]).unwrap();
    let ran = doctor(&world, &[]).ends(1);
    let (state, says) = check(&ran, "clock");
    assert!(state == "todo" && says.starts_with("1 statement is from the future"), "{says}");
    assert_eq!(ran.json()["read_model"]["behind"], 1);
    world.run("tea", &["list", "--quiet"]).ok();
    let (state, says) = check(&doctor(&world, &[]).ends(1), "words");
    assert!(state == "todo" && says.starts_with("1 word of people"), "{says}");
}

#[test]
fn without_a_ledger_there_is_nothing_to_look_at() {
    let world = World::new();
    world.run("home", &["doctor"]).ends(2);
    assert!(!world.path("home/.stave").exists());
    world.tea();
    fs::write(world.path("tea/.stave/ledger.sqlite"), "no database, and long enough to be looked at")
        .unwrap();
    let ran = doctor(&world, &[]).ends(2);
    assert_eq!(check(&ran, "ledger").0, "broken");
    assert_eq!(check(&ran, "disk").0, "ok");
}
