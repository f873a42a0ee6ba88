//! What may be there twice: listed with reasons, confirmed or dismissed by people, and that for good.

use serde_json::Value;

use crate::world::World;

const KITCHEN: &str = "\
services:
  mail-sender:
    image: registry.leafcup.test/kitchen/mail-sender:1
  ovens:
    image: registry.leafcup.test/kitchen/ovens:1
";

const COUNTER: &str = "\
services:
  mailsender:
    image: registry.leafcup.test/counter/mailsender:1
  till:
    image: registry.leafcup.test/counter/till:1
";

/// Two repositories that both send mail.
fn two_kitchens() -> World {
    let world = World::new();
    world.write("tea/kitchen/compose.yaml", KITCHEN);
    world.write("tea/counter/compose.yaml", COUNTER);
    for (minute, folder) in [(1, "tea/kitchen"), (2, "tea/counter")] {
        world.git(folder, minute, &["init", "--quiet"]);
        world.commit(folder, minute);
    }
    world.run("tea", &["scan", "--quiet"]).ok();
    world
}

/// The pair of the two that send mail, among all that are listed.
fn mail(listed: &Value) -> Option<Value> {
    let is_mail = |pair: &&Value| {
        let mut names: Vec<&str> =
            pair["pieces"].as_array().unwrap().iter().map(|piece| piece["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        names == ["mail-sender", "mailsender"]
    };
    listed["pairs"].as_array().unwrap().iter().find(is_mail).cloned()
}

fn verdict(world: &World) -> String {
    mail(&world.ask("tea", &["overlap", "--all"])).unwrap()["verdict"].as_str().unwrap().to_owned()
}

fn is_open(world: &World) -> bool {
    mail(&world.ask("tea", &["overlap"])).is_some()
}

#[test]
fn a_pair_is_listed_with_its_reasons() {
    let world = two_kitchens();
    let pair = mail(&world.ask("tea", &["overlap"])).unwrap();
    assert_eq!(pair["verdict"], "open");
    assert_eq!(pair["reasons"][0], "words in common: \"mail\" and \"sender\"");
    let ran = world.run("tea", &["overlap"]).ok();
    assert!(ran.out.contains("mail-sender and mailsender"), "{}", ran.out);
    assert!(ran.err.contains("overlap dismiss"), "{}", ran.err);
    assert!(!ran.out.contains("ovens"), "what has nothing in common is not listed: {}", ran.out);
}

#[test]
fn a_confirmed_pair_stands_on_the_pages_of_both() {
    let world = two_kitchens();
    let pair = mail(&world.ask("tea", &["overlap"])).unwrap();
    let shown = |piece: usize| -> Vec<String> {
        let page = world.ask("tea", &["show", pair["pieces"][piece]["id"].as_str().unwrap()]);
        let groups = page["relations"].as_array().unwrap().clone();
        let overlaps = groups.into_iter().filter(|group| group["relation"] == "overlaps");
        let rows = overlaps.flat_map(|group| group["rows"].as_array().unwrap().clone());
        rows.map(|row| row["entity"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(shown(0).is_empty() && shown(1).is_empty());
    world.run("tea", &["overlap", "confirm", pair["id"].as_str().unwrap()]).ok();
    assert_eq!(shown(0), [pair["pieces"][1]["id"].as_str().unwrap()]);
    assert_eq!(shown(1), [pair["pieces"][0]["id"].as_str().unwrap()]);
    let ran = world.run("tea", &["show", "mailsender"]).ok();
    assert!(ran.out.contains("Does the same job as"), "{}", ran.out);
    world.run("tea", &["overlap", "dismiss", pair["id"].as_str().unwrap()]).ok();
    assert!(shown(0).is_empty() && shown(1).is_empty());
}

#[test]
fn what_a_repository_has_already_its_other_pieces_are_less() {
    let world = two_kitchens();
    let archive = "  mail-archive:\n    image: registry.leafcup.test/kitchen/mail-archive:1\n";
    world.write("tea/kitchen/compose.yaml", &format!("{KITCHEN}{archive}"));
    world.commit("tea/kitchen", 3);
    world.run("tea", &["scan", "--quiet"]).ok();
    let listed = world.ask("tea", &["overlap", "--all"]);
    let pair = mail(&listed).unwrap();
    assert_eq!(pair["reasons"].as_array().unwrap().len(), 1, "{pair}");
    let pairs = listed["pairs"].as_array().unwrap();
    let has =
        |pair: &&Value, names: [&str; 2]| (0..2).all(|side| pair["pieces"][side]["name"] == names[side]);
    let other = pairs.iter().find(|pair| has(pair, ["mail-archive", "mailsender"])).unwrap();
    assert_eq!(other["reasons"][0], "words in common: \"mail\"");
    assert_eq!(
        other["reasons"][1],
        "against it: mail-sender, from the repository of mail-archive, is more like mailsender"
    );
    assert!(other["likeness"].as_u64() < pair["likeness"].as_u64(), "{listed}");
}

#[test]
fn a_dismissal_stays_through_scans_moves_and_merges() {
    let world = two_kitchens();
    let pair = mail(&world.ask("tea", &["overlap"])).unwrap();
    let id = pair["id"].as_str().unwrap();
    let ran = world.run("tea", &["overlap", "dismiss", &id[..8], "--why", "one is for guests"]).ok();
    assert_eq!(ran.out, "Said: mail-sender does not do the same job as mailsender\n");
    assert_eq!(verdict(&world), "dismissed");
    assert!(!is_open(&world));

    // The same again, and again after a change of the file.
    world.run("tea", &["scan", "--quiet"]).ok();
    assert!(!is_open(&world));
    world.write("tea/counter/compose.yaml", &COUNTER.replace(":1", ":2"));
    world.commit("tea/counter", 3);
    world.run("tea", &["scan", "--quiet"]).ok();
    assert_eq!(verdict(&world), "dismissed");

    // Moved to another folder, and to another repository: the image is the same.
    world.git("tea/counter", 4, &["rm", "--quiet", "compose.yaml"]);
    world.write("tea/counter/deploy/here/compose.yaml", COUNTER);
    world.commit("tea/counter", 4);
    world.run("tea", &["scan", "--quiet"]).ok();
    assert_eq!(verdict(&world), "dismissed");
    world.git("tea/counter", 5, &["rm", "--quiet", "-r", "deploy"]);
    world.write("tea/counter/README.md", "Moved.\n");
    world.commit("tea/counter", 5);
    world.write("tea/kitchen/counter/compose.yaml", COUNTER);
    world.commit("tea/kitchen", 5);
    world.run("tea", &["scan", "--quiet"]).ok();
    assert_eq!(verdict(&world), "dismissed");

    // In another ledger, which read the same repositories by itself.
    let export = world.run("tea", &["export"]).ok().out;
    world.write("export.jsonl", &export);
    std::fs::create_dir(world.path("other")).unwrap();
    world.run("other", &["scan", "--quiet", "../tea/kitchen", "../tea/counter", "--ledger", "."]).ok();
    let before = world.ask("other", &["overlap", "--ledger", "."]);
    assert!(mail(&before).is_some());
    world.run("other", &["merge", "../export.jsonl", "--ledger", "."]).ok();
    assert!(mail(&world.ask("other", &["overlap", "--ledger", "."])).is_none());
    assert_eq!(world.ask("other", &["overlap", "--ledger", "."])["dismissed"], 1);
}

#[test]
fn a_later_word_takes_the_place_of_an_earlier_one_from_either_end() {
    let world = two_kitchens();
    let id = mail(&world.ask("tea", &["overlap"])).unwrap()["id"].as_str().unwrap().to_owned();
    world.run("tea", &["overlap", "dismiss", &id]).ok();
    world.run("tea", &["overlap", "confirm", &id]).ok();
    assert_eq!(verdict(&world), "confirmed");
    world.run("tea", &["deny", "mailsender", "overlaps", "mail-sender"]).ok();
    assert_eq!(verdict(&world), "dismissed");
    world.run("tea", &["say", "mail-sender", "overlaps", "mailsender"]).ok();
    assert_eq!(verdict(&world), "confirmed");
    world.run("tea", &["undo"]).ok();
    world.run("tea", &["undo"]).ok();
    world.run("tea", &["undo"]).ok();
    assert_eq!(verdict(&world), "dismissed");
    world.run("tea", &["undo"]).ok();
    assert!(is_open(&world));
    world.run("tea", &["overlap", "confirm", "0123"]).ends(1);
}
