//! Histories as scans put them into the ledger: new commits only, and the same answers whatever the steps.

use std::fs;
use std::process::Command;

use serde_json::Value;
use stave_answers::records::{History, histories};
use stave_answers::{Estate, People};
use stave_ledger::SqliteLedger;
use stave_map::ReadModel;
use stave_model::Time;

use crate::world::World;

/// A repository `all/shop` without a commit, in a folder with an empty ledger.
fn shop(world: &World) {
    world.write("all/shop/compose.yaml", "services:\n  cart:\n    build: ./cart\n");
    world.git("all/shop", 0, &["init", "--quiet"]);
    world.git("all/shop", 0, &["remote", "add", "origin", "https://git.example.com/leafcup/shop.git"]);
    scan(world, &[]);
}

/// The report on the one history; null where there is none.
fn scan(world: &World, flags: &[&str]) -> Value {
    let words: Vec<&str> = ["scan"].iter().chain(flags).copied().collect();
    world.ask("all", &words)["scan"]["histories"][0].clone()
}

fn read(world: &World, folder: &str) -> Vec<History> {
    let model = ReadModel::open(&world.path(folder).join("map.sqlite")).unwrap();
    let ledger = SqliteLedger::open(&world.path(folder).join("ledger.sqlite")).unwrap();
    let estate =
        Estate { model: &model, ledger: &ledger, people: &People::new([]), now: Time::from_millis(0) };
    histories(estate).unwrap()
}

fn copy(world: &World, from: &str, to: &str) {
    let done = Command::new("cp").arg("-r").arg(world.path(from)).arg(world.path(to)).status().unwrap();
    assert!(done.success());
}

#[test]
fn steps_give_what_one_scan_gives() {
    let world = World::new();
    shop(&world);
    assert_eq!(scan(&world, &[]), Value::Null, "no commit yet");
    copy(&world, "all/.stave", "empty");

    world.write("all/shop/.mailmap", "Counter <c@leafcup.test> <counter@leafcup.test>\n");
    world.commit("all/shop", 1);
    let first = scan(&world, &[]);
    assert_eq!((&first["commits"], &first["changes"]), (&Value::from(1), &Value::from(2)));

    world.git("all/shop", 2, &["mv", "compose.yaml", "docker-compose.yaml"]);
    world.commit("all/shop", 2);
    world.git("all/shop", 3, &["switch", "--quiet", "--create", "side"]);
    world.write("all/shop/a", "1\n");
    world.commit("all/shop", 3);
    world.git("all/shop", 4, &["tag", "v1"]);
    world.git("all/shop", 4, &["switch", "--quiet", "main"]);
    world.write("all/shop/b", "1\n");
    world.commit("all/shop", 5);
    let second = scan(&world, &[]);
    assert_eq!((&second["commits"], &second["renames"]), (&Value::from(3), &Value::from(1)));
    let stepwise = read(&world, "all/.stave");

    fs::rename(world.path("all/.stave"), world.path("stepwise")).unwrap();
    copy(&world, "empty", "all/.stave");
    assert_eq!(scan(&world, &[])["commits"], 4);
    let at_once = read(&world, "all/.stave");
    assert_eq!(format!("{stepwise:#?}"), format!("{at_once:#?}"));
    assert_eq!((at_once[0].commits.len(), at_once[0].head.tags.len()), (4, 1));
    assert_eq!(at_once[0].head.who_is_who.len(), 1);
}

#[test]
fn nothing_new_says_nothing_and_a_tag_is_news() {
    let world = World::new();
    shop(&world);
    world.commit("all/shop", 1);
    scan(&world, &[]);
    let said = || world.ask("all", &["log"])["position"].as_u64().unwrap();
    let before = said();
    let again = scan(&world, &[]);
    assert_eq!((&again["is_unchanged"], said()), (&Value::Bool(true), before));
    world.git("all/shop", 2, &["tag", "v1"]);
    let tagged = scan(&world, &[]);
    assert_eq!((&tagged["is_unchanged"], &tagged["commits"]), (&Value::Bool(false), &Value::from(0)));
    assert_eq!(read(&world, "all/.stave")[0].head.tags[0].name, "v1");
}

#[test]
fn what_was_taken_back_is_read_again() {
    let world = World::new();
    shop(&world);
    world.commit("all/shop", 1);
    let op = world.ask("all", &["scan"])["scan"]["op"].as_str().unwrap().to_owned();
    world.write("all/shop/a", "1\n");
    world.commit("all/shop", 2);
    assert_eq!(scan(&world, &[])["commits"], 1);
    world.run("all", &["undo", &op]).ok();
    world.write("all/shop/b", "1\n");
    world.commit("all/shop", 3);
    assert_eq!(scan(&world, &[])["commits"], 3, "the first commit is unknown again");
    assert_eq!(read(&world, "all/.stave")[0].missing_parents, 0);
}

#[test]
fn a_shallow_clone_that_is_deepened_is_read_whole() {
    let world = World::new();
    shop(&world);
    for minute in 1..5 {
        world.write("all/shop/a", &format!("{minute}\n"));
        world.commit("all/shop", minute);
    }
    fs::rename(world.path("all/shop"), world.path("origin")).unwrap();
    let url = format!("file://{}", world.path("origin").display());
    world.git("all", 5, &["clone", "--quiet", "--depth=2", &url, "shop"]);
    let name = "https://git.example.com/leafcup/shop.git";
    world.git("all/shop", 5, &["remote", "add", "upstream", &url]);
    world.git("all/shop", 5, &["remote", "set-url", "origin", name]);
    let shallow = scan(&world, &[]);
    assert_eq!((&shallow["commits"], &shallow["is_shallow"]), (&Value::from(2), &Value::Bool(true)));
    let said = || world.ask("all", &["log"])["position"].as_u64().unwrap();
    let before = said();
    scan(&world, &[]);
    assert_eq!(said(), before, "the same again is no new statement");
    world.git("all/shop", 5, &["fetch", "--quiet", "--unshallow", "upstream"]);
    assert_eq!(scan(&world, &[])["commits"], 4);
    let history = read(&world, "all/.stave").pop().unwrap();
    assert_eq!((history.commits.len(), history.missing_parents, history.head.is_shallow), (4, 0, false));
    assert!(history.commits.iter().all(|commit| !commit.changes.is_empty()));
}

#[test]
fn histories_can_be_left_out() {
    let world = World::new();
    shop(&world);
    world.commit("all/shop", 1);
    assert_eq!(scan(&world, &["--no-history"]), Value::Null);
    world.write("all/stave.toml", "history = false\n");
    assert_eq!(scan(&world, &[]), Value::Null);
    assert_eq!(read(&world, "all/.stave"), []);
    world.write("all/stave.toml", "history = true\n");
    let told = world.run("all", &["scan"]).ok();
    assert!(told.out.contains("history: 1 new commit of 1 repository, 1 changed file"), "{}", told.out);
}

#[test]
fn names_of_authors_stand_in_no_statement() {
    let world = World::new();
    shop(&world);
    world.commit("all/shop", 1);
    scan(&world, &[]);
    let history = format!("{:?}", read(&world, "all/.stave"));
    assert!(!history.to_lowercase().contains("counter"), "{history}");
}
