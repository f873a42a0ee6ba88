//! `--at`: the map as it was, in the real binary.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::Value;

use crate::world::World;

/// A world in which cart got an owner, then another, and then a new service came; the positions behind the first two.
fn told() -> (World, String, String, String) {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "owner", "counter"]).ok();
    let first = end(&world);
    world.run("tea", &["say", "cart", "owner", "till"]).ok();
    world.write("tea/extra/compose.yaml", "services:\n  gate:\n    image: gate\n");
    world.run("tea", &["scan", "--quiet"]).ok();
    let (position, time) = (first.0.to_string(), first.1);
    let last = end(&world).0.to_string();
    (world, position, time, last)
}

/// Number and time of the last statement.
fn end(world: &World) -> (u64, String) {
    let log = world.ask("tea", &["log", "--limit", "1"]);
    let row = &log["operations"][0]["rows"][0];
    (row["number"].as_u64().unwrap(), row["time"].as_str().unwrap().to_owned())
}

fn owner(answer: &Value) -> String {
    answer["facts"][0]["members"][0]["name"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_question_is_answered_as_of_a_moment() {
    let (world, position, time, last) = told();
    assert_eq!(owner(&world.ask("tea", &["why", "cart", "owner"])), "till");
    for at in [position.as_str(), time.as_str()] {
        let ask = |arguments: &[&str]| world.ask("tea", &[arguments, &["--at", at]].concat());
        assert_eq!(owner(&ask(&["why", "cart", "owner"])), "counter", "{at}");
        assert_eq!(ask(&["show", "cart"])["at"]["time"], time, "{at}");
        world.run("tea", &["show", "gate", "--at", at]).ends(1);
        let log = ask(&["log"]);
        assert_eq!(log["operations"][0]["rows"][0]["number"].to_string(), position, "{at}");
        for question in [
            &["list"] as &[&str],
            &["list", "--gone"],
            &["list", "--stale"],
            &["tools"],
            &["questions"],
            &["overlap"],
            &["next"],
            &["barrel", "cart"],
            &["fires"],
            &["flow"],
            &["who"],
            &["hotspots"],
        ] {
            let answer = ask(question);
            assert_eq!(answer["at"]["time"], time, "{question:?} at {at}: {answer}");
            assert!(!answer.to_string().contains("gate"), "{question:?} at {at}: {answer}");
        }
        let graph = world.run("tea", &["export", "--as", "graph", "--at", at]).ok().out;
        assert!(graph.contains("cart") && !graph.contains("\"gate\""), "{graph}");
    }
    let text = world.run("tea", &["list", "--at", &position]).ok();
    assert!(text.err.contains(&format!("as of position {position}")), "{}", text.err);
    // The ledger's end is the present.
    assert_eq!(world.ask("tea", &["show", "gate", "--at", &last])["at"], Value::Null);
    world.run("tea", &["show", "gate", "--at", "0d"]).ok();
}

#[test]
fn an_incident_of_later_is_none() {
    let world = World::new();
    world.tea();
    let before = end(&world).0.to_string();
    let rows = "key,title,service,started,resolved,severity\n1,Down,cart,2001-03-05 10:00Z,2001-03-05 11:00Z,major\n";
    world.write("incidents.csv", rows);
    world.run("tea", &["import", "--from", "pages", "../incidents.csv"]).ok();
    let fires = |at: &[&str]| {
        let words = [&["fires", "--since", "2001-03-01"], at].concat();
        world.ask("tea", &words)["rows"].as_array().map(Vec::len)
    };
    assert_eq!([fires(&[]), fires(&["--at", &before])], [Some(1), Some(0)]);
}

#[test]
fn a_map_of_the_past_is_made_once_and_follows_a_merge() {
    let (world, position, time, _) = told();
    let made = |name: &str| {
        let file = world.path("tea/.stave/at").join(name);
        fs::metadata(&file).map(|meta| (meta.ino(), meta.size())).unwrap()
    };
    world.run("tea", &["list", "--at", &position]).ok();
    let name = format!("position-{position}.sqlite");
    let before = made(&name);
    world.run("tea", &["say", "cart", "description", "Later"]).ok();
    world.run("tea", &["list", "--at", &position]).ok();
    assert_eq!(made(&name), before);

    // Said earlier on another device, heard of now: by date it had been said, by arrival it had not come.
    world.run("tea", &["export", "../there.jsonl"]).ok();
    fs::create_dir(world.path("there")).unwrap();
    world.run("there", &["merge", "../there.jsonl"]).ok();
    world.run("there", &["say", "basket", "tier", "2"]).ok();
    let said = world.ask("there", &["log", "--limit", "1"]);
    let when = said["operations"][0]["rows"][0]["time"].as_str().unwrap().to_owned();
    let tier = |at: &str| world.run("tea", &["why", "basket", "tier", "--json", "--at", at]).code;
    assert_eq!([tier(&when), tier(&time)], [Some(1), Some(1)]);
    let reached = end(&world).0.to_string();
    world.run("there", &["export", "../back.jsonl"]).ok();
    world.run("tea", &["merge", "../back.jsonl"]).ok();
    assert_eq!([tier(&when), tier(&time), tier(&reached)], [Some(0), Some(1), Some(1)]);
}

#[test]
fn only_questions_have_a_past() {
    let (world, position, ..) = told();
    for command in [
        &["say", "cart", "tier", "1"] as &[&str],
        &["deny", "cart"],
        &["scan"],
        &["undo"],
        &["export"],
        &["overlap", "dismiss", "0123456789ab"],
        &["answer", "0123456789ab"],
        &["serve"],
        &["about-me"],
    ] {
        let ran = world.run("tea", &[command, &["--at", &position]].concat()).ends(2);
        assert!(ran.err.contains("--at is for questions"), "{command:?}: {}", ran.err);
    }
    for (at, says) in [
        ("2999-01-01", "is in the future"),
        ("999", "the ledger ends at position"),
        ("yesterday", "that is no moment"),
    ] {
        let ran = world.run("tea", &["list", "--at", at]).ends(2);
        assert!(ran.err.contains(says), "{at}: {}", ran.err);
    }
    let early = world.run("tea", &["list", "--at", "2001-01-01"]).ok();
    assert!(early.err.contains("nothing had been said by then"), "{}", early.err);
}
