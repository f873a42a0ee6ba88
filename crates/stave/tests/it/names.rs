//! Names that a person types: unknown, ambiguous, by digits, by kind.

use crate::world::World;

#[test]
fn an_unknown_name_gets_the_nearest_ones() {
    let world = World::new();
    world.tea();
    for verb in ["show", "why"] {
        let ran = world.run("tea", &[verb, "paymnets"]).ends(1);
        assert!(ran.err.contains("nothing on the map is called \"paymnets\""), "{}", ran.err);
        assert!(ran.err.contains("did you mean payments"), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
    world.run("tea", &["say", "paymnets", "tier", "1"]).ends(1);
    let ran = world.run("tea", &["say", "cart", "calls", "paymnets"]).ends(1);
    assert!(ran.err.contains("stave say component \"paymnets\""), "{}", ran.err);
    world.run("tea", &["find", "zebra"]).ends(1);
    world.run("tea", &["list", "--kind", "component", "--owner", "nobody"]).ends(1);
    let ran = world.run("tea", &["list", "--kind", "componnent"]).ends(2);
    assert!(ran.err.contains("did you mean component?"), "{}", ran.err);
}

#[test]
fn a_fact_that_nobody_states_is_a_no_that_tells_what_is_known() {
    let world = World::new();
    world.tea();
    let ran = world.run("tea", &["why", "payments", "calls", "cart"]).ends(1);
    assert!(ran.err.contains("nobody says that payments calls cart"), "{}", ran.err);
    assert!(ran.err.contains("the map has: cart calls payments"), "{}", ran.err);
    let ran = world.run("tea", &["why", "payments", "called_by"]).ends(2);
    assert!(ran.err.contains("why cart calls payments"), "{}", ran.err);
    world.run("tea", &["why", "payments", "called_by", "cart"]).ok();
    world.run("tea", &["why", "cart", "tier"]).ends(1);
}

#[test]
fn an_ambiguous_name_lists_candidates_that_can_be_typed() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "--new", "resource", "cart"]).ok();
    let ran = world.run("tea", &["show", "cart"]).ends(2);
    assert!(ran.err.contains("\"cart\" may mean:"), "{}", ran.err);
    let json = world.run("tea", &["show", "cart", "--json"]).ends(2);
    let error: serde_json::Value = serde_json::from_str(&json.err).unwrap();
    let candidates = error["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 2, "{error}");
    for row in candidates {
        let id = row["id"].as_str().unwrap();
        assert!(ran.err.contains(id), "{}", ran.err);
        assert_eq!(world.ask("tea", &["show", id])["id"].as_str().or(Some(id)), Some(id));
        world.run("tea", &["show", row["reference"].as_str().unwrap()]).ok();
    }
    assert!(world.run("tea", &["show", "resource", "cart"]).ok().out.contains("said:resource/cart"));
    world.run("tea", &["say", "component", "cart", "tier", "1"]).ok();
}

#[test]
fn names_do_not_mind_case_and_need_no_quotes() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "component", "Billing batch"]).ok();
    for words in [&["show", "billing", "batch"][..], &["show", "BILLING BATCH"], &["show", "Cart"]] {
        world.run("tea", words).ok();
    }
}

#[test]
fn an_owner_known_by_login_alone_is_not_shown_as_a_hash() {
    let world = World::new();
    world.write("tea/compose.yaml", crate::world::TEA);
    world.write("tea/CODEOWNERS", "* @night-shift early@leafcup.test\n");
    world.run("tea", &["scan"]).ok();
    let list = world.run("tea", &["list"]).ok().out;
    assert!(list.contains("night-shift"), "{list}");
    let is_hash = |word: &str| word.len() == 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    for arguments in [
        &["list"][..],
        &["show", "cart"],
        &["why", "cart", "owner"],
        &["show", "night-shift"],
        &["show", "@night-shift"],
        &["find", "night"],
        &["list", "--owner", "early@leafcup.test"],
        &["say", "cart", "owner", "night-shift"],
        &["log"],
        &["why", "cart", "owner"],
    ] {
        let out = world.run("tea", arguments).ok().out;
        let words = out.split(|c: char| !c.is_alphanumeric());
        let shown: Vec<&str> = words.filter(|word| is_hash(word)).collect();
        // The page of a person names the reference, which is the id.
        let known_as = if arguments[0] == "show" && arguments[1] != "cart" { 1 } else { 0 };
        assert!(shown.len() <= known_as, "{arguments:?}: {out}");
    }
    // What is said about persons holds on to their ids: names can be forgotten, statements can't.
    world.run("tea", &["say", "night-shift", "description", "Asleep by day"]).ok();
    let export = world.run("tea", &["export"]).ok().out;
    for line in export.lines().filter(|line| !line.starts_with("{\"person\"")) {
        assert!(!line.contains("night-shift") && !line.contains("early@"), "{line}");
    }
}
