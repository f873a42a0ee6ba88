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

/// A world whose cart had five neighbours one after the other, compacted; the times and positions behind each scan, and what
/// the map was then, from before the compaction.
struct Compacted {
    world: World,
    ends: Vec<(String, String)>,
    before: Vec<[String; 2]>,
    horizon: Value,
}

const ITS_MAP: [&str; 3] = ["export", "--as", "graph"];

fn compacted() -> Compacted {
    let world = World::new();
    world.tea();
    let (mut ends, mut before) = (Vec::new(), Vec::new());
    for version in 0..5 {
        world.write(
            "tea/extra/compose.yaml",
            &format!("services:\n  extra-{version}:\n    image: e:{version}\n"),
        );
        world.run("tea", &["scan", "--quiet"]).ok();
        let (number, time) = end(&world);
        ends.push((time, number.to_string()));
    }
    // Something younger, so that the last of them is the past as well.
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    for (time, position) in &ends {
        let at = |at: &str| world.run("tea", &[&ITS_MAP as &[&str], &["--at", at]].concat()).ok().out;
        before.push([at(time), at(position)]);
    }
    let horizon = world.ask("tea", &["compact", "--keep", "0h"]);
    assert!(horizon["statements"].as_u64().unwrap() >= 4, "{horizon}");
    Compacted { world, ends, before, horizon }
}

/// What comes of a question about each moment: before the horizon an error that says how far back one can ask, from it on
/// the map that there was.
fn answers_from_the_horizon_on(compacted: &Compacted, run: &dyn Fn(&[&str]) -> crate::world::Ran) {
    let horizon_time = compacted.horizon["horizon"].as_str().unwrap();
    let horizon_position = compacted.horizon["horizon_position"].as_u64().unwrap();
    let (mut refused, mut answered) = (0, 0);
    for ((time, position), before) in compacted.ends.iter().zip(&compacted.before) {
        for (at, earliest, is_whole, map) in [
            (time, horizon_time, time.as_str() >= horizon_time, &before[0]),
            (
                position,
                &*horizon_position.to_string(),
                position.parse::<u64>().unwrap() >= horizon_position,
                &before[1],
            ),
        ] {
            let ran = run(&[&ITS_MAP as &[&str], &["--at", at]].concat());
            if is_whole {
                assert_eq!(ran.ok().out, **map, "{at}");
                answered += 1;
            } else {
                let ran = ran.ends(2);
                assert!(ran.out.is_empty(), "{at}: {}", ran.out);
                for word in [at, "the ledger was compacted", earliest, "hint: ask for that"] {
                    assert!(ran.err.contains(word), "{at}, {word}: {}", ran.err);
                }
                refused += 1;
            }
        }
    }
    // Today was the horizon, so every day and instant is too early, and of the positions the last is not.
    assert_eq!([refused, answered], [9, 1]);
    // Exactly at the horizon one can ask.
    for at in [horizon_time, &*horizon_position.to_string()] {
        let map = run(&[&ITS_MAP as &[&str], &["--at", at]].concat()).ok().out;
        assert!(map.contains("extra-4") && !map.contains("extra-3"), "{at}: {map}");
    }
    let gone = run(&["list", "--gone", "--json"]).ok().json();
    assert_eq!(gone["history_from"], horizon_time, "{gone}");
    let gone = run(&["list", "--gone"]).ok().out;
    assert!(gone.contains("the ledger was compacted"), "{gone}");
}

#[test]
fn a_compacted_ledger_says_how_far_back_it_goes_and_gives_no_wrong_map() {
    let compacted = compacted();
    answers_from_the_horizon_on(&compacted, &|arguments| compacted.world.run("tea", arguments));
    // Kept from before the compaction, and not used any more.
    let first = &compacted.ends[0].1;
    assert!(!compacted.world.path(&format!("tea/.stave/at/position-{first}.sqlite")).exists());
}

#[test]
fn a_compacted_ledger_says_so_through_the_door_too() {
    let compacted = compacted();
    let world = &compacted.world;
    let board = crate::first_minutes::Board::start(world, "tea", &["serve", "--port", "0"]);
    let address = format!("http://{}", board.address());
    fs::create_dir(world.path("away")).unwrap();
    answers_from_the_horizon_on(&compacted, &|arguments| {
        world.run("away", &[&["--ledger", &address], arguments].concat())
    });
}

#[test]
fn a_merge_that_arrived_late_moves_the_horizon_of_positions_and_not_that_of_times() {
    let world = World::new();
    world.tea();
    world.run("tea", &["export", "../early.jsonl"]).ok();
    fs::create_dir(world.path("there")).unwrap();
    world.write("tea/compose.yaml", "services:\n  cart:\n    image: c\n");
    world.run("tea", &["scan", "--quiet"]).ok();
    let replaced = end(&world).1;
    world.run("tea", &["export", "../late.jsonl"]).ok();
    // Here the replacement comes behind a word that is younger than it.
    world.run("there", &["merge", "../early.jsonl"]).ok();
    world.run("there", &["say", "basket", "tier", "2"]).ok();
    let there = |arguments: &[&str]| world.run("there", arguments);
    let word = there(&["log", "--limit", "1", "--json"]).ok().json();
    let word = word["operations"][0]["rows"][0]["number"].to_string();
    there(&["merge", "../late.jsonl"]).ok();
    there(&["say", "cart", "tier", "2"]).ok();
    let with_basket = there(&["list", "--at", &word]).ok().out;
    assert!(with_basket.contains("basket"), "{with_basket}");
    there(&["compact", "--keep", "0h"]).ok();
    // By arrival the basket had not been replaced yet; that it had been there is no longer known.
    let ran = there(&["list", "--at", &word]).ends(2);
    assert!(ran.err.contains("position"), "{}", ran.err);
    let ran = there(&["list", "--at", &replaced]).ends(2);
    assert!(ran.err.contains("the ledger was compacted"), "{}", ran.err);
}

#[test]
fn a_redacted_claim_is_missing_in_every_past_which_says_so() {
    let (world, position, ..) = told();
    world.run("tea", &["say", "cart", "description", "Call Mary on 555"]).ok();
    let (number, time) = end(&world);
    world.run("tea", &["say", "cart", "tier", "2"]).ok();
    let (number, at) = (number.to_string(), ["--at", &time]);
    for at in [&at, &["--at", &*number]] {
        assert!(world.run("tea", &[&["show", "cart"], &at[..]].concat()).ok().out.contains("Mary"));
    }
    let found = world.ask("tea", &["redact", "--find", "mary on"]);
    let claim = found[0]["claim"].as_str().unwrap().to_owned();
    world.run("tea", &["redact", &claim[..12], "--why", "a telephone number"]).ok();
    // The maps of the past that had it are gone with it.
    let left: Vec<_> =
        fs::read_dir(world.path("tea/.stave/at")).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(left.iter().all(|entry| entry.file_name().to_string_lossy().starts_with("lock-")), "{left:?}");
    for at in [&*time, &number, &position] {
        let shown = world.run("tea", &["show", "cart", "--at", at]).ok();
        assert!(!shown.out.contains("Mary"), "{}", shown.out);
        assert!(shown.err.contains("less 1 claim redacted in this ledger"), "{}", shown.err);
        assert_eq!(world.ask("tea", &["show", "cart", "--at", at])["at"]["redacted"], 1);
    }
}
