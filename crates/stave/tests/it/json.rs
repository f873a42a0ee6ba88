//! `--json` on every verb: one JSON value on stdout, or one on stderr where there is an error.

use serde_json::Value;

use crate::world::World;

#[test]
fn every_verb_speaks_json() {
    let world = World::new();
    world.shop();
    let keys = |value: &Value| {
        value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let expect = |arguments: &[&str], wanted: &[&str]| {
        let value = world.ask("shop", arguments);
        for key in wanted {
            assert!(keys(&value).iter().any(|own| own == key), "{arguments:?} has no {key}: {value}");
        }
        value
    };
    expect(&["scan"], &["scan", "counts"]);
    expect(&["find", "payments"], &["rows", "position"]);
    expect(&["list"], &["rows", "total", "position"]);
    expect(&["show", "payments"], &["position"]);
    expect(&["why", "payments"], &["facts", "position"]);
    let said = expect(&["say", "payments", "tier", "1"], &["said", "appended", "op"]);
    expect(&["deny", "payments", "tier"], &["said", "appended", "op"]);
    expect(&["log"], &["operations", "position"]);
    expect(&["undo", said["op"].as_str().unwrap()], &["said", "op"]);
    expect(&["config", "list"], &["settings"]);
    expect(&["completions", "fish"], &["script"]);
    expect(&["export", "../shop.jsonl"], &["file", "written"]);
    expect(&["export", "--as", "graph"], &["entities", "links"]);
    expect(&["merge", "../shop.jsonl"], &["new", "known"]);
    // Two people who can't see each other's words: something to ask.
    std::fs::create_dir(world.path("copy")).unwrap();
    world.run("copy", &["merge", "../shop.jsonl"]).ok();
    world.run("copy", &["say", "payments", "tier", "2", "--as", "till@leafcup.test"]).ok();
    world.run("copy", &["export", "../copy.jsonl"]).ok();
    world.run("shop", &["say", "payments", "tier", "3"]).ok();
    world.run("shop", &["merge", "../copy.jsonl"]).ok();
    let questions = expect(&["questions", "payments"], &["rows", "total", "without_place"]);
    let question = &questions["rows"][0];
    assert_eq!(question["kind"], "dispute", "{questions}");
    let id = question["id"].as_str().unwrap();
    expect(&["answer", id], &["sentence", "answers"]);
    expect(&["answer", id, "1"], &["said", "op"]);
    let why = world.ask("shop", &["why", "payments"]);
    let scope = why["facts"][0]["claims"].as_array().unwrap().iter().find_map(|claim| {
        claim["scope"].as_str().filter(|scope| scope.starts_with("repo:")).map(str::to_owned)
    });
    expect(&["retire", &scope.unwrap()], &["said", "op"]);

    for (arguments, code) in [
        (&["show", "nothing-like-it"][..], 1),
        (&["say", "payments"], 2),
        (&["undo", "00000000"], 1),
        (&["answer", "00000000"], 1),
        (&["merge", "../nowhere"], 2),
        (&["retire", "repo:nowhere@main"], 1),
    ] {
        let mut with_json = arguments.to_vec();
        with_json.push("--json");
        let ran = world.run("shop", &with_json).ends(code);
        let error: Value =
            serde_json::from_str(&ran.err).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
        assert!(error["error"].is_string() && error["hints"].is_array(), "{error}");
        assert_eq!(ran.out, "");
    }
    let nothing = world.run("shop", &["find", "zebra", "--json"]).ends(1);
    assert_eq!(nothing.json()["rows"], Value::Array(Vec::new()));
}

#[test]
fn json_is_stable() {
    let world = World::new();
    world.shop();
    world.run("shop", &["scan"]).ok();
    for arguments in [&["list"][..], &["show", "payments"], &["export", "--as", "graph"], &["questions"]] {
        let mut one = world.ask("shop", arguments);
        let mut other = world.ask("shop", arguments);
        for value in [&mut one, &mut other] {
            if let Some(map) = value.as_object_mut() {
                map.remove("now");
            }
        }
        assert_eq!(one, other, "{arguments:?}");
    }
}
