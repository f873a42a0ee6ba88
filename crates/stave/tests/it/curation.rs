//! What people said stays, whatever happens to the files: re-scans, moves, merges, broken files, deleted folders.
//! And what is no longer found is listed, with the date and the last evidence, and never silently dropped.

use std::fs;

use serde_json::Value;

use crate::world::World;

const URL: &str = "https://git.example.com/leafcup";

/// A repository in `all/NAME` with an origin of that name.
fn repository(world: &World, name: &str) {
    let folder = format!("all/{name}");
    fs::create_dir_all(world.path(&folder)).unwrap();
    world.git(&folder, 0, &["init", "--quiet"]);
    world.git(&folder, 0, &["remote", "add", "origin", &format!("{URL}/{name}.git")]);
}

/// Two repositories in one estate.
fn two(world: &World) {
    repository(world, "shop");
    repository(world, "other");
    world.write("all/other/compose.yaml", "services:\n  till:\n    build: ./till\n");
    world.commit("all/other", 1);
}

fn scan(world: &World) {
    world.run("all", &["scan"]).ok();
}

fn names(world: &World, folder: &str) -> Vec<String> {
    let list = world.ask(folder, &["list"]);
    list["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

fn owners(world: &World, folder: &str, entity: &str) -> Vec<String> {
    let why = world.run(folder, &["why", entity, "owner", "--json"]).json();
    let facts = why["facts"].as_array().cloned().unwrap_or_default();
    facts
        .iter()
        .flat_map(|fact| fact["members"].as_array().cloned().unwrap_or_default())
        .map(|member| member["name"].as_str().unwrap().to_owned())
        .collect()
}

fn targets(world: &World, folder: &str, entity: &str, relation: &str) -> Vec<String> {
    let why = world.run(folder, &["why", entity, relation, "--json"]).json();
    let facts = why["facts"].as_array().cloned().unwrap_or_default();
    let shown = facts.iter().filter(|fact| fact["state"] != "denied");
    shown.filter_map(|fact| fact["target"]["name"].as_str().map(str::to_owned)).collect()
}

fn gone(world: &World, folder: &str) -> Value {
    world.ask(folder, &["list", "--gone"])
}

fn gone_names(world: &World, folder: &str) -> Vec<String> {
    let gone = gone(world, folder);
    gone["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

const SHOP: &str = "\
services:
  cart:
    image: registry.example.com/leafcup/cart:1
    environment:
      PAYMENTS_URL: http://payments:8080
  payments:
    image: registry.example.com/leafcup/payments:1
  mailroom:
    build: ./mailroom
  notifier:
    build: ./notifier
";

/// Says something of every sort about the shop.
fn speak(world: &World, folder: &str) {
    for words in [
        &["say", "cart", "owner", "team-a"][..],
        &["say", "cart", "calls", "mailroom"],
        &["deny", "cart", "calls", "payments"],
        &["say", "mailroom", "same_as", "notifier"],
        &["deny", "payments", "same_as", "cart"],
        &["say", "cart", "description", "Holds", "goods"],
    ] {
        world.run(folder, words).ok();
    }
}

#[track_caller]
fn spoken(world: &World, folder: &str) {
    assert_eq!(owners(world, folder, "cart"), ["team-a"]);
    let called = targets(world, folder, "cart", "calls");
    assert!(called.len() == 1 && (called[0] == "mailroom" || called[0] == "notifier"), "{called:?}");
    let names = names(world, folder);
    let mails = names.iter().filter(|name| *name == "mailroom" || *name == "notifier").count();
    assert_eq!(mails, 1, "joined ones stay one: {names:?}");
    assert!(names.contains(&"cart".to_owned()) && names.contains(&"payments".to_owned()), "{names:?}");
    assert!(world.run(folder, &["show", "cart"]).ok().out.contains("Holds goods"));
    assert_eq!(world.ask(folder, &["questions"])["without_place"], 0);
}

#[test]
fn words_stand_after_every_rescan() {
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 2);
    scan(&world);
    speak(&world, "all");
    spoken(&world, "all");
    for minute in 3..6 {
        // The same pieces with other details, in another order of lines, with a new neighbour.
        let more = format!("{SHOP}  extra{minute}:\n    build: ./extra{minute}\n");
        world.write("all/shop/compose.yaml", &more);
        world.commit("all/shop", minute);
        scan(&world);
        spoken(&world, "all");
    }
    world.git("all/shop", 9, &["mv", "compose.yaml", "docker-compose.yml"]);
    world.commit("all/shop", 9);
    scan(&world);
    spoken(&world, "all");
}

#[test]
fn words_stand_after_a_merge_into_another_ledger_and_a_scan_there() {
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 2);
    scan(&world);
    speak(&world, "all");
    world.run("all", &["export", "../all.jsonl"]).ok();
    // The other ledger has scanned the same repository on its own, and somebody has spoken there.
    fs::create_dir(world.path("away")).unwrap();
    world.git("away", 2, &["clone", "--quiet", "../all/shop", "shop"]);
    world.git("away/shop", 2, &["remote", "set-url", "origin", &format!("{URL}/shop.git")]);
    world.run("away", &["scan"]).ok();
    world.run("away", &["say", "cart", "tag", "front", "--as", "till@leafcup.test"]).ok();
    world.run("away", &["merge", "../all.jsonl"]).ok();
    spoken(&world, "away");
    world.run("away", &["scan"]).ok();
    spoken(&world, "away");
    assert!(world.run("away", &["show", "cart"]).ok().out.contains("front"));
    // And back, twice: a union changes nothing that stands.
    world.run("away", &["export", "../away.jsonl"]).ok();
    for _ in 0..2 {
        world.run("all", &["merge", "../away.jsonl"]).ok();
        spoken(&world, "all");
    }
    assert!(world.run("all", &["show", "cart"]).ok().out.contains("front"));
}

/// Moves a piece from the repository `shop` to the folder `to`, where `after` describes it; says whether a word about
/// it found its way.
fn owner_after_move(from: (&str, &str), to: (&str, &str), name: &str) -> (World, Vec<String>) {
    let world = World::new();
    two(&world);
    world.write(&format!("all/shop/{}", from.0), from.1);
    world.write("all/shop/base/compose.yaml", "services:\n  base:\n    build: ./base\n");
    world.commit("all/shop", 2);
    scan(&world);
    world.run("all", &["say", name, "owner", "team-a"]).ok();
    fs::remove_file(world.path(&format!("all/shop/{}", from.0))).unwrap();
    world.write(&format!("all/{}", to.0), to.1);
    for repository in ["shop", "other"] {
        world.git(&format!("all/{repository}"), 3, &["add", "--all"]);
        world.git(
            &format!("all/{repository}"),
            3,
            &["commit", "--quiet", "--allow-empty", "--message", "Move"],
        );
    }
    scan(&world);
    let owners = owners(&world, "all", name);
    (world, owners)
}

#[test]
fn a_word_follows_its_piece_to_another_folder_or_repository() {
    let image = "services:\n  cart:\n    image: registry.example.com/leafcup/cart:1\n";
    let newer = "services:\n  cart:\n    image: registry.example.com/leafcup/cart:7\n";
    let package =
        "{\"name\": \"@leafcup/cart\", \"version\": \"1.0.0\", \"scripts\": {\"start\": \"node .\"}}";
    let bare = "services:\n  cart:\n    build: ./cart\n";
    let pod = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    spec:\n      \
               containers:\n        - name: main\n          image: registry.example.com/leafcup/cart:2\n";
    for (what, from, to, name) in [
        ("image, folder", ("one/compose.yaml", image), ("shop/two/compose.yaml", newer), "cart"),
        ("image, repository", ("compose.yaml", image), ("other/cart/compose.yaml", newer), "cart"),
        ("image, another format", ("compose.yaml", image), ("other/k8s/cart.yaml", pod), "cart"),
        ("package, folder", ("one/package.json", package), ("shop/two/package.json", package), "cart"),
        ("package, repository", ("package.json", package), ("other/cart/package.json", package), "cart"),
        ("name, folder", ("one/compose.yaml", bare), ("shop/two/compose.yaml", bare), "cart"),
    ] {
        let (world, owners) = owner_after_move(from, to, name);
        assert_eq!(owners, ["team-a"], "{what}");
        assert_eq!(world.ask("all", &["questions"])["without_place"], 0, "{what}");
        let gone = gone_names(&world, "all");
        assert!(!gone.contains(&"cart".to_owned()), "{what}: what moved is not gone: {gone:?}");
    }
}

#[test]
fn a_word_about_a_host_outside_stands_wherever_it_is_called_from() {
    let calls = "services:\n  cart:\n    build: ./cart\n    environment:\n      RATES_URL: https://api.rates-desk.net/v1\n";
    let base = "services:\n  cart:\n    build: ./cart\n";
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", calls);
    world.commit("all/shop", 2);
    scan(&world);
    world.run("all", &["say", "api.rates-desk.net", "owner", "team-a"]).ok();
    world.write("all/shop/compose.yaml", base);
    world.commit("all/shop", 3);
    world.write("all/other/deep/compose.yaml", &calls.replace("cart", "desk"));
    world.commit("all/other", 3);
    scan(&world);
    assert_eq!(owners(&world, "all", "api.rates-desk.net"), ["team-a"]);
    assert_eq!(world.ask("all", &["questions"])["without_place"], 0);
}

#[test]
fn with_the_bare_name_alone_the_new_piece_is_proposed() {
    let bare = "services:\n  lantern:\n    build: ./lantern\n";
    let (world, owners) =
        owner_after_move(("compose.yaml", bare), ("other/deep/compose.yaml", bare), "lantern");
    assert_eq!(owners, Vec::<String>::new(), "a bare name in another repository is no proof");
    let questions = world.ask("all", &["questions"]);
    assert_eq!(questions["without_place"], 1, "{questions}");
    let asked =
        questions["rows"].as_array().unwrap().iter().find(|row| row["kind"] == "without_place").unwrap();
    let answer = asked["answers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|answer| {
            answer["label"].as_str().unwrap().contains("lantern (repo:git.example.com/leafcup/other//")
        })
        .unwrap_or_else(|| panic!("{asked}"));
    // It is listed as gone, with the word and the same proposal.
    let gone = gone(&world, "all");
    let row = gone["rows"].as_array().unwrap().iter().find(|row| row["name"] == "lantern").unwrap();
    assert_eq!(row["words"][0]["says"], "is owned by team-a", "{row}");
    assert!(row["perhaps"][0]["reference"].as_str().unwrap().contains("leafcup/other"), "{row}");
    // One answer puts it right.
    let id = asked["id"].as_str().unwrap();
    world.run("all", &["answer", id, &answer["number"].to_string()]).ok();
    assert_eq!(self::owners(&world, "all", "lantern"), ["team-a"]);
    assert_eq!(world.ask("all", &["questions"])["without_place"], 0);
}

#[test]
fn what_is_no_longer_found_is_listed_with_date_and_last_evidence() {
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 2);
    scan(&world);
    assert_eq!(gone(&world, "all")["total"], 0);
    world.run("all", &["say", "cart", "owner", "team-a"]).ok();
    let last = world.git("all/shop", 2, &["rev-parse", "HEAD"]);
    let without = SHOP.split("  cart:").next().unwrap().to_owned()
        + "  payments:\n    image: registry.example.com/leafcup/payments:1\n";
    world.write("all/shop/compose.yaml", &without);
    world.commit("all/shop", 30);
    let first = world.git("all/shop", 30, &["rev-parse", "HEAD"]);
    // A later commit that changes nothing here moves no date.
    world.write("all/shop/README.md", "# Shop\n");
    world.commit("all/shop", 50);
    scan(&world);

    let gone = gone(&world, "all");
    let rows = gone["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "cart").unwrap_or_else(|| panic!("{gone}"));
    assert_eq!(row["last"]["commit"], last.trim(), "{row}");
    assert_eq!(row["last"]["places"][0]["text"], "compose.yaml:2", "{row}");
    assert_eq!(row["words"].as_array().unwrap().len(), 1, "{row}");
    assert_eq!(gone["with_words"], 1);
    assert!(gone["history_from"].is_string());
    let text = world.run("all", &["list", "--gone"]).ok().out;
    assert!(text.contains("gone since 2026-03-01"), "{text}");
    assert!(text.contains("compose.yaml:2 of git.example.com/leafcup/shop @ main"), "{text}");
    assert!(text.contains("Counter said on") && text.contains("cart is owned by team-a"), "{text}");
    assert!(text.contains("goes back to"), "{text}");
    // `show` says so instead of "no such thing"; the answer is a no.
    let shown = world.run("all", &["show", "cart"]).ends(1);
    assert!(shown.out.contains("gone since"), "{} {}", shown.out, shown.err);

    // Scanned at the commit that dropped it, the date is that commit's.
    world.git("all/shop", 51, &["checkout", "--quiet", first.trim()]);
    world.run("all", &["scan", "--branch", "main"]).ok();
    let gone = self::gone(&world, "all");
    let row = gone["rows"].as_array().unwrap().iter().find(|row| row["name"] == "cart").unwrap().clone();
    assert_eq!(row["since"], "2026-03-01T10:30:00.000Z", "{row}");
    assert_eq!(row["because"]["commit"], first.trim(), "{row}");
    world.git("all/shop", 52, &["checkout", "--quiet", "main"]);

    // Found again, it is no longer gone, and the word has its place.
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 55);
    scan(&world);
    assert!(!gone_names(&world, "all").contains(&"cart".to_owned()));
    assert_eq!(owners(&world, "all", "cart"), ["team-a"]);
}

#[test]
fn a_piece_that_another_file_still_describes_is_not_gone() {
    let world = World::new();
    two(&world);
    let image = "services:\n  cart:\n    image: registry.example.com/leafcup/cart:1\n";
    let pod = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    spec:\n      \
               containers:\n        - name: cart\n          image: registry.example.com/leafcup/cart:2\n";
    world.write("all/shop/compose.yaml", image);
    world.write("all/shop/k8s/cart.yaml", pod);
    world.commit("all/shop", 2);
    scan(&world);
    fs::remove_file(world.path("all/shop/compose.yaml")).unwrap();
    world.commit("all/shop", 3);
    scan(&world);
    assert!(names(&world, "all").contains(&"cart".to_owned()));
    assert_eq!(gone(&world, "all")["total"], 0, "{}", gone(&world, "all"));
    fs::remove_file(world.path("all/shop/k8s/cart.yaml")).unwrap();
    world.commit("all/shop", 4);
    scan(&world);
    let gone = gone(&world, "all");
    let rows: Vec<&Value> =
        gone["rows"].as_array().unwrap().iter().filter(|row| row["name"] == "cart").collect();
    assert_eq!(rows.len(), 1, "two names of one piece are one row: {gone}");
    assert_eq!(rows[0]["since"], "2026-03-01T10:04:00.000Z");
    assert_eq!(rows[0]["last"]["places"][0]["text"], "k8s/cart.yaml:4", "{gone}");
}

#[test]
fn a_broken_file_makes_nothing_gone_and_is_shown_as_carried() {
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 2);
    scan(&world);
    world.write("all/shop/compose.yaml", "services:\n  cart: [unclosed\n");
    world.commit("all/shop", 3);
    let ran = world.run("all", &["scan"]).ok();
    assert!(ran.err.contains("compose.yaml"), "{}", ran.err);
    assert!(names(&world, "all").contains(&"cart".to_owned()));
    assert_eq!(gone(&world, "all")["total"], 0);
    assert!(world.run("all", &["show", "cart"]).ok().out.contains("carried"));
    // Mended without it, it is gone since the commit that could be read.
    world.write("all/shop/compose.yaml", "services:\n  payments:\n    build: ./payments\n");
    world.commit("all/shop", 4);
    scan(&world);
    let gone = gone(&world, "all");
    let row = gone["rows"].as_array().unwrap().iter().find(|row| row["name"] == "cart").unwrap().clone();
    assert_eq!(row["since"], "2026-03-01T10:04:00.000Z", "{row}");
}

#[test]
fn a_repository_whose_folder_was_deleted_is_missed_until_somebody_retires_it() {
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 2);
    scan(&world);
    let before = names(&world, "all");
    fs::remove_dir_all(world.path("all/shop")).unwrap();
    for _ in 0..2 {
        let ran = world.run("all", &["scan"]).ok();
        assert!(ran.err.contains("shop is not there any more"), "{}", ran.err);
        assert!(ran.err.contains("retire repo:git.example.com/leafcup/shop@main"), "{}", ran.err);
        let json = world.ask("all", &["scan"]);
        assert_eq!(json["scan"]["missing"][0]["scope"], "repo:git.example.com/leafcup/shop@main", "{json}");
        assert_eq!(names(&world, "all"), before, "its pieces stay");
        assert_eq!(gone(&world, "all")["total"], 0, "nobody looked, so nothing is gone");
    }
    let stale = world.ask("all", &["list", "--stale", "0d"]);
    assert!(stale["scopes"].to_string().contains("leafcup/shop@main"), "{stale}");
    assert_eq!(world.ask("all", &["list", "--stale"])["total"], 0, "it was seen today");
    world.run("all", &["list", "--stale", "soon"]).ends(2);

    world.run("all", &["say", "cart", "owner", "team-a"]).ok();
    world.run("all", &["retire", "repo:git.example.com/leafcup/shop@main"]).ok();
    assert!(!names(&world, "all").contains(&"cart".to_owned()));
    let ran = world.run("all", &["scan"]).ok();
    assert!(!ran.err.contains("not there any more"), "{}", ran.err);
    let gone = gone(&world, "all");
    let row = gone["rows"].as_array().unwrap().iter().find(|row| row["name"] == "cart").unwrap();
    assert_eq!(row["because"]["kind"], "retired", "{row}");
    assert_eq!(row["because"]["who"], "Counter", "{row}");
    assert_eq!(row["words"].as_array().unwrap().len(), 1, "{row}");
    world.run("all", &["undo"]).ok();
    assert!(names(&world, "all").contains(&"cart".to_owned()));
}

#[test]
fn a_moved_folder_is_not_missed() {
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 2);
    scan(&world);
    fs::rename(world.path("all/shop"), world.path("all/shop-renamed")).unwrap();
    let ran = world.run("all", &["scan"]).ok();
    assert!(!ran.err.contains("not there any more"), "{}", ran.err);
}

#[test]
fn another_branch_and_uncommitted_work_make_nothing_gone_for_good() {
    let world = World::new();
    two(&world);
    world.write("all/shop/compose.yaml", SHOP);
    world.commit("all/shop", 2);
    scan(&world);
    // Dropped in the work tree only: gone here, as of this scan, and back with the file.
    world.write(
        "all/shop/compose.yaml",
        "services:\n  payments:\n    image: registry.example.com/leafcup/payments:1\n",
    );
    scan(&world);
    assert!(gone_names(&world, "all").contains(&"cart".to_owned()));
    world.git("all/shop", 3, &["checkout", "--quiet", "--", "compose.yaml"]);
    scan(&world);
    assert_eq!(gone(&world, "all")["total"], 0);
    // Only ever in the work tree: never seen by anybody else, so not gone either.
    world.write("all/shop/compose.yaml", &format!("{SHOP}  draft:\n    build: ./draft\n"));
    scan(&world);
    world.git("all/shop", 3, &["checkout", "--quiet", "--", "compose.yaml"]);
    scan(&world);
    assert_eq!(gone(&world, "all")["total"], 0);
}
