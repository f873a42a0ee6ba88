//! Backup, restore, compaction and salvage on the real binary.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;

use crate::world::World;

#[test]
fn a_backup_comes_back_whole() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    let before = world.run("tea", &["export"]).ok().out;
    let ran = world.run("tea", &["backup", "../tea.backup"]).ok();
    assert!(ran.out.starts_with("Backed up to ../tea.backup: position "), "{}", ran.out);
    let mode = fs::metadata(world.path("tea.backup")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    world.run("tea", &["say", "cart", "tier", "2"]).ok();
    // Into a place where nothing is.
    fs::create_dir(world.path("away")).unwrap();
    world.run("away", &["restore", "../tea.backup"]).ok();
    assert_eq!(world.run("away", &["export"]).ok().out, before);
    assert_eq!(world.ask("away", &["show", "cart"])["name"], "cart");
    // Over one that is there, only where that is meant; the map follows.
    let ran = world.run("tea", &["restore", "../tea.backup"]).ends(2);
    assert!(ran.err.contains("there is a ledger") && ran.err.contains("--force"), "{}", ran.err);
    let told = world.ask("tea", &["restore", "../tea.backup", "--force"]);
    let aside = told["moved_aside"].as_str().unwrap();
    assert!(fs::metadata(aside).unwrap().len() > 0);
    assert_eq!(world.run("tea", &["export"]).ok().out, before);
    let page = world.run("tea", &["show", "cart", "--json"]).ok().out;
    assert!(page.contains("\"text\":\"1\"") && !page.contains("\"text\":\"2\""), "{page}");
    world.run("tea", &["say", "cart", "tier", "3"]).ok();
    // Of accounts it speaks where there is one.
    let restored =
        |folder: &str, backup: &str| world.run("away", &["--ledger", folder, "restore", backup]).ok().err;
    let without = restored("without", "../tea.backup");
    assert!(!without.contains("accounts"), "{without}");
    world.run("tea", &["user", "add", "ada@leafcup.test", "--role", "admin"]).ok();
    world.run("tea", &["backup", "../with.backup"]).ok();
    let with = restored("with", "../with.backup");
    assert!(with.contains("accounts came along"), "{with}");
    // What is there stays, and no folder is made.
    let ran = world.run("tea", &["backup", "../nowhere/tea.backup"]).ends(2);
    assert!(
        ran.err.contains("../nowhere: there is no such folder") && ran.err.contains("hint: "),
        "{}",
        ran.err
    );
    let ran = world.run("tea", &["backup", "../tea.backup"]).ends(2);
    assert!(ran.err.contains("there is something already"), "{}", ran.err);
    let ran = world.run("away", &["--ledger", "new", "restore", "../tea/compose.yaml"]).ends(2);
    assert!(ran.err.contains("no SQLite database"), "{}", ran.err);
    assert!(!world.path("away/new").exists());
}

#[test]
fn a_compaction_frees_what_was_replaced_and_says_where_history_begins() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    for version in 0..4 {
        let compose = format!(
            "{}\n  extra-{version}:\n    image: registry.example.com/e:{version}\n",
            crate::world::TEA
        );
        world.write("tea/compose.yaml", &compose);
        world.run("tea", &["scan"]).ok();
    }
    let map = |arguments: &[&str]| {
        let mut graph = arguments.to_vec();
        graph.extend(["export", "--as", "graph"]);
        world.run("tea", &graph).ok().out
    };
    let before = map(&[]);
    let nothing = world.run("tea", &["compact"]).ok();
    assert!(nothing.out.contains("Nothing to let go of"), "{}", nothing.out);
    let would = world.ask("tea", &["compact", "--keep", "0h", "--dry-run"]);
    assert!(would["statements"].as_u64().unwrap() >= 4, "{would}");
    assert_eq!(map(&[]), before);
    let position = world.ask("tea", &["list"])["position"].clone();
    let did = world.ask("tea", &["compact", "--keep", "0h"]);
    assert_eq!(did["statements"], would["statements"]);
    assert_eq!(map(&[]), before);
    assert_eq!(world.ask("tea", &["list"])["position"], position);
    assert!(world.run("tea", &["log", "--limit", "1000"]).ok().out.contains("cart is of tier 1"));
    let gone = world.run("tea", &["list", "--gone"]).ok().out;
    assert!(gone.contains("the ledger was compacted"), "{gone}");
    world.run("tea", &["export", "--as", "jsonl", "../less.jsonl"]).ok();
    std::fs::create_dir(world.path("copy")).unwrap();
    let merged = world.run("copy", &["merge", "../less.jsonl"]).ok();
    assert!(merged.err.contains("--at and list --gone are whole from"), "{}", merged.err);
    // The moment that it names is one that can be asked for.
    let (_, from) = merged.err.split_once("are whole from ").unwrap();
    let from = from.split_once(" on").unwrap().0;
    let horizon: stave_model::Time = did["horizon"].as_str().unwrap().parse().unwrap();
    // A day alone is its beginning.
    let (day, minute) = from.split_once(' ').unwrap_or((from, "00:00"));
    let told: stave_model::Time = format!("{day}T{minute}:00.000Z").parse().unwrap();
    assert!(told >= horizon, "{from} {did}");
    let past = world.run("copy", &["list", "--at", "2020-01-01"]).ends(2);
    assert!(past.err.contains("its history goes back to"), "{}", past.err);
    let scan = world.ask("tea", &["log", "--limit", "1"])["operations"][0]["op"].clone();
    let undone = world.run("tea", &["undo", scan.as_str().unwrap()]).ok();
    assert!(undone.err.contains("was let go by a compaction"), "{}", undone.err);
    let ran = world.run("tea", &["compact", "--keep", "long"]).ends(2);
    assert!(ran.err.contains("no age") && ran.err.contains("90d"), "{}", ran.err);
}

#[test]
fn what_is_left_of_a_damaged_ledger_is_salvaged_and_merged() {
    let world = World::new();
    world.tea();
    for tier in ["1", "2", "3"] {
        world.run("tea", &["say", "cart", "tier", tier]).ok();
    }
    let whole = world.run("tea", &["export", "--salvage"]).ok();
    assert_eq!(whole.out, world.run("tea", &["export"]).ok().out);
    let file = world.path("tea/.stave/ledger.sqlite");
    let db = Connection::open(&file).unwrap();
    let last: i64 = db.query_row("SELECT max(number) FROM statements", [], |row| row.get(0)).unwrap();
    db.execute("UPDATE statements SET header = replace(header, 'tier', 'tear') WHERE number = ?1", [last])
        .unwrap();
    drop(db);
    let ran = world.run("tea", &["export"]).ends(2);
    assert!(ran.err.contains("damaged") && ran.err.contains(&format!("statement {last}")), "{}", ran.err);
    let ran = world.run("tea", &["export", "--salvage", "../left.jsonl"]).ends(1);
    assert!(
        ran.err.contains(&format!("statement {last} is lost")) && ran.err.contains("tier"),
        "{}",
        ran.err
    );
    fs::create_dir(world.path("new")).unwrap();
    world.run("new", &["--ledger", ".", "merge", "../left.jsonl"]).ok();
    let page = world.run("new", &["--ledger", ".", "show", "cart", "--json"]).ok().out;
    assert!(page.contains("\"text\":\"2\""), "{page}");
    // Where SQLite itself can't go on: the first page of the table of statements is gone.
    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..8192].fill(0);
    fs::write(&file, bytes).unwrap();
    let ran = world.run("tea", &["export", "--salvage", "../rest.jsonl"]);
    assert!(matches!(ran.code, Some(1 | 2)) && !ran.err.contains("panicked"), "{}", ran.err);
}
