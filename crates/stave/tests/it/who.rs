//! Who knows what, from real histories: names where they are asked for, and nowhere else.

use crate::first_minutes::Board;
use crate::world::World;

/// Two pieces: the cart was made by Ada and is worked on by Ben, the till is Ada's alone.
fn shop() -> World {
    let world = World::new();
    let manifest = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n");
    world.write("tea/shop/cart/Cargo.toml", &manifest("cart"));
    world.write("tea/shop/cart/src/main.rs", "fn main() {}\n");
    world.git("tea/shop", 0, &["init", "--quiet"]);
    commit(&world, 1, "Ada Lovelock", "ada@leafcup.test");
    world.write("tea/shop/till/Cargo.toml", &manifest("till"));
    world.write("tea/shop/till/src/main.rs", "fn main() { loop {} }\n");
    commit(&world, 2, "Ada Lovelock", "ada@leafcup.test");
    for minute in 3..9 {
        world.write("tea/shop/cart/src/main.rs", &format!("fn main() {{ println!(\"{minute}\") }}\n"));
        commit(&world, minute, "Benedict Oolong", "ben@leafcup.test");
    }
    world.run("tea", &["scan", "--quiet"]).ok();
    world
}

fn commit(world: &World, minute: u32, name: &str, email: &str) {
    world.git("tea/shop", minute, &["add", "--all"]);
    let (name, email) = (format!("user.name={name}"), format!("user.email={email}"));
    let words = ["-c", &name, "-c", &email, "commit", "--quiet", "--message", "Change"];
    world.git("tea/shop", minute, &words);
}

#[test]
fn whom_to_ask_and_what_hangs_on_one_person() {
    let world = shop();
    let all = world.ask("tea", &["who"]);
    assert_eq!((all["total"].as_u64(), all["on_one"].as_u64()), (Some(2), Some(2)));
    let cart = world.ask("tea", &["who", "cart"]);
    assert_eq!(cart["people"][0]["name"], "Benedict Oolong");
    assert_eq!(cart["people"][0]["main"], true);
    let without = world.ask("tea", &["who", "--without", "ada@leafcup.test"]);
    assert_eq!(without["without"]["orphaned"][0]["name"], "till");
    assert_eq!(without["without"]["orphaned"].as_array().unwrap().len(), 1);
    world.run("tea", &["who", "--without", "nobody"]).ends(1);
    world.run("tea", &["who", "teapot"]).ends(1);
    let hot = world.ask("tea", &["hotspots"]);
    assert_eq!(
        (hot["pieces"][0]["name"].as_str(), hot["pieces"][0]["commits"].as_u64()),
        (Some("cart"), Some(7))
    );
    assert_eq!(world.ask("tea", &["hotspots", "cart"])["files"][0]["path"], "cart/src/main.rs");
}

#[test]
fn a_word_on_who_knows_it_corrects_history() {
    let world = shop();
    world.run("tea", &["deny", "till", "known_by", "ada@leafcup.test"]).ok();
    // Nobody is left to ask: the answer is a no.
    let till = world.run("tea", &["who", "till", "--json"]).ends(1).json();
    assert_eq!(till["people"].as_array().unwrap().len(), 0);
    assert!(till["differences"][0].as_str().unwrap().contains("Ada Lovelock does not know it"));
    world.run("tea", &["undo"]).ok();
    assert_eq!(world.ask("tea", &["who", "till"])["people"][0]["name"], "Ada Lovelock");
    // Who answers the phone is in no history.
    world.run("tea", &["say", "till", "known_by", "Benedict", "Oolong"]).ok();
    world.run("tea", &["say", "till", "known_by", "phone@leafcup.test"]).ok();
    let till = world.ask("tea", &["who", "till"]);
    let stated: Vec<&str> = till["people"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|person| person["stated"] == true)
        .map(|person| person["name"].as_str().unwrap())
        .collect();
    assert!(stated.contains(&"Benedict Oolong") && stated.contains(&"phone"), "{till}");
    world.run("tea", &["say", "till", "known_by", "nobody"]).ends(1);
}

#[test]
fn people_join_and_part_the_identities_of_authors() {
    let world = shop();
    let people = |piece: &str| world.ask("tea", &["who", piece])["people"].as_array().unwrap().len();
    assert_eq!(people("cart"), 2);
    world.run("tea", &["say", "ada@leafcup.test", "same_as", "ben@leafcup.test"]).ok();
    assert_eq!(people("cart"), 1);
    world.run("tea", &["undo"]).ok();
    assert_eq!(people("cart"), 2);
    world.run("tea", &["deny", "ada@leafcup.test", "same_as", "ben@leafcup.test"]).ok();
    assert_eq!(people("cart"), 2);
}

#[test]
fn names_of_authors_stand_in_no_report_that_does_not_ask_for_them() {
    let world = shop();
    let id = world.ask("tea", &["who", "cart"])["id"].as_str().unwrap().to_owned();
    let served = Board::start(&world, "tea", &["serve", "--port", "0"]);
    let mut texts: Vec<(String, String)> = Vec::new();
    for verb in [
        &["who"][..],
        &["who", "--all"],
        &["who", "cart", "--pseudonyms"],
        &["hotspots"],
        &["hotspots", "cart"],
        &["list"],
        &["show", "cart"],
        &["why", "cart"],
        &["log"],
        &["questions"],
        &["export", "--as", "graph"],
    ] {
        texts.push((verb.join(" "), world.run("tea", verb).ok().out));
        if verb[0] != "export" {
            texts.push((verb.join(" "), world.ask("tea", verb).to_string()));
        }
    }
    for page in [
        "/".to_owned(),
        "/entities".to_owned(),
        format!("/e/{id}"),
        format!("/e/{id}/why"),
        format!("/e/{id}/hotspots"),
        "/questions".to_owned(),
        "/overlap".to_owned(),
        "/knowledge".to_owned(),
        "/hotspots".to_owned(),
        "/tools".to_owned(),
        "/log".to_owned(),
        "/help".to_owned(),
        "/api/v1/summary".to_owned(),
        "/api/v1/knowledge?all=yes".to_owned(),
        "/api/v1/hotspots".to_owned(),
        "/api/v1/graph".to_owned(),
        format!("/api/v1/entities/{id}"),
        format!("/api/v1/entities/{id}/who?pseudonyms=yes"),
    ] {
        let text = served.get(&page);
        assert!(text.starts_with("HTTP/1.1 200"), "{page}: {text}");
        texts.push((page, text));
    }
    for (place, text) in &texts {
        for name in ["Ada", "Lovelock", "Benedict", "Oolong", "ada@leafcup", "ben@leafcup"] {
            assert!(!text.contains(name), "{name} stands in {place}:\n{text}");
        }
    }
    // The one place where somebody asks.
    assert!(served.get(&format!("/e/{id}/who")).contains("Benedict Oolong"));
    assert!(world.run("tea", &["who", "cart"]).ok().out.contains("Benedict Oolong"));
}

#[test]
fn what_is_kept_of_the_asker_is_told_to_the_asker() {
    let world = shop();
    world.run("tea", &["say", "cart", "description", "Holds what is bought"]).ok();
    let mine = world.ask("tea", &["about-me"]);
    assert_eq!(mine["kept"].as_array().unwrap().len(), 1, "{mine}");
    assert_eq!(
        (mine["kept"][0]["what"].as_str(), mine["kept"][0]["fact"].as_str()),
        (Some("word"), Some("description"))
    );
    assert_eq!(mine["directory"][0]["address"], "mailto:counter@leafcup.test");
    let adas = world.ask("tea", &["about-me", "--as", "ada@leafcup.test"]);
    assert_eq!(
        (adas["kept"][0]["what"].as_str(), adas["kept"][0]["count"].as_u64()),
        (Some("commit"), Some(2))
    );
    assert_eq!(adas["kept"].as_array().unwrap().len(), 1);
}

#[test]
fn without_a_history_the_answer_says_so() {
    let world = World::new();
    world.write("tea/cart/Cargo.toml", "[package]\nname = \"cart\"\nversion = \"1.0.0\"\n");
    world.run("tea", &["scan", "--quiet"]).ok();
    let ran = world.run("tea", &["who"]).ok();
    assert!(ran.out.contains("No history was read yet"), "{}", ran.out);
    assert!(world.run("tea", &["hotspots"]).ok().out.contains("No history was read yet"));
    world.run("tea", &["who", "cart"]).ends(1);
}

#[test]
fn an_export_with_pseudonyms_has_neither_names_nor_the_key_behind_the_ids() {
    let world = shop();
    let whole = world.run("tea", &["export"]).ok().out;
    assert!(whole.contains("ada@leafcup.test"));
    let first: serde_json::Value = serde_json::from_str(whole.lines().next().unwrap()).unwrap();
    let export = world.run("tea", &["export", "--pseudonyms"]).ok().out;
    for secret in ["ada@leafcup", "Lovelock", "Oolong", "Counter", first["estate"]["key"].as_str().unwrap()] {
        assert!(!export.contains(secret), "{secret}");
    }
    world.write("export.jsonl", &export);
    std::fs::create_dir(world.path("other")).unwrap();
    world.run("other", &["merge", "../export.jsonl", "--ledger", "."]).ok();
    let cart = world.ask("other", &["who", "cart", "--ledger", "."]);
    assert_eq!(cart["truck_factor"], world.ask("tea", &["who", "cart"])["truck_factor"]);
    assert!(cart["people"][0]["name"].as_str().unwrap().starts_with("person:"), "{cart}");
    // What comes back is the same statements.
    assert_eq!(world.ask("tea", &["merge", "../export.jsonl"])["new"], 0);
}
