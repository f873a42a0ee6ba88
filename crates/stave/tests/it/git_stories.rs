//! Stories with real git: checkouts, branches, broken files, uncommitted work.

use std::fs;

use serde_json::Value;
use stave_map::ReadModel;

use crate::world::World;

const BASE: &str = "services:\n  cart:\n    build: ./cart\n";
const MORE: &str =
    "services:\n  cart:\n    build: ./cart\n    depends_on: [till]\n  till:\n    build: ./till\n";
const OTHER: &str = "services:\n  cart:\n    build: ./cart\n  lantern:\n    build: ./lantern\n";

/// A repository with two commits on main and one on a branch, and its checkouts: `one` at main's first commit,
/// `two` at main's second, `branch` at the branch.
fn repository(world: &World) {
    fs::create_dir(world.path("origin")).unwrap();
    world.git("origin", 0, &["init", "--quiet"]);
    world.git("origin", 0, &["remote", "add", "origin", "https://git.example.com/leafcup/shop.git"]);
    world.write("origin/compose.yaml", BASE);
    world.commit("origin", 1);
    for checkout in ["one", "two", "branch"] {
        world.git("", 1, &["clone", "--quiet", "origin", checkout]);
        let url = "https://git.example.com/leafcup/shop.git";
        world.git(checkout, 1, &["remote", "set-url", "origin", url]);
    }
    world.write("two/compose.yaml", MORE);
    world.commit("two", 5);
    world.git("branch", 6, &["switch", "--quiet", "--create", "lanterns"]);
    world.write("branch/compose.yaml", OTHER);
    world.commit("branch", 7);
}

fn graph(world: &World, folder: &str) -> Value {
    world.ask(folder, &["export", "--as", "graph"])
}

fn names(world: &World, folder: &str) -> Vec<String> {
    let graph = graph(world, folder);
    let mut names: Vec<String> = graph["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn document(world: &World, folder: &str) -> Value {
    ReadModel::open(&world.path(folder).join(".stave/map.sqlite")).unwrap().document().unwrap()
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|own| own == name)
}

#[test]
fn two_checkouts_scanned_by_two_people_in_any_order_give_one_map() {
    for order in [["one", "two", "branch"], ["branch", "two", "one"], ["two", "branch", "one"]] {
        let world = World::new();
        repository(&world);
        // Each checkout on its own machine, by its own person.
        for (number, checkout) in order.iter().enumerate() {
            let person = format!("person{number}@leafcup.test");
            world.run(checkout, &["scan", "--as", &person]).ok();
            world.run(checkout, &["export", &format!("../{checkout}.jsonl")]).ok();
        }
        // Everybody merges everybody else's, in different orders; a second round carries what the first one said.
        for round in 0..2 {
            for (number, checkout) in order.iter().enumerate() {
                for step in 1..3 {
                    let other = order[(number + step + round) % 3];
                    if other != *checkout {
                        world.run(checkout, &["merge", &format!("../{other}.jsonl")]).ok();
                    }
                }
                world.run(checkout, &["export", &format!("../{checkout}.jsonl")]).ok();
            }
        }
        for checkout in order {
            for other in order.iter().filter(|other| **other != checkout) {
                world.run(checkout, &["merge", &format!("../{other}.jsonl")]).ok();
            }
        }
        let maps: Vec<Value> = order.iter().map(|checkout| graph(&world, checkout)).collect();
        assert_eq!(maps[0], maps[1]);
        assert_eq!(maps[0], maps[2]);
        let documents: Vec<Value> = order.iter().map(|checkout| document(&world, checkout)).collect();
        assert_eq!(documents[0], documents[1]);
        assert_eq!(documents[0], documents[2]);
        // main is the default branch; its newest commit counts, whoever scanned it when.
        let names = names(&world, "one");
        assert!(has(&names, "till") && !has(&names, "lantern"), "{names:?}");
    }
}

#[test]
fn an_older_checkout_scanned_later_displaces_nothing() {
    let world = World::new();
    repository(&world);
    fs::create_dir(world.path("estate")).unwrap();
    for checkout in ["two", "one", "branch", "one"] {
        world.run("estate", &["--ledger", ".", "scan", &format!("../{checkout}")]).ok();
        let names = names(&world, "estate");
        assert!(has(&names, "till") && !has(&names, "lantern"), "after {checkout}: {names:?}");
    }
    // The other branch is kept: it is only not the one that is shown.
    let log = world.run("estate", &["log"]).ok().out;
    assert!(log.contains("lanterns"), "{log}");
}

#[test]
fn a_second_scan_with_nothing_changed_appends_nothing() {
    let world = World::new();
    repository(&world);
    world.run("two", &["scan"]).ok();
    let before = world.ask("two", &["log"]);
    let again = world.ask("two", &["scan"]);
    assert_eq!(again["scan"]["trees"][0]["appended"], 0, "{again}");
    assert_eq!(world.ask("two", &["log"])["operations"], before["operations"]);
}

#[test]
fn a_yaml_file_broken_and_mended_loses_nothing() {
    let world = World::new();
    repository(&world);
    world.run("two", &["scan"]).ok();
    world.run("two", &["say", "till", "owner", "counter"]).ok();
    let before = graph(&world, "two");
    world.write("two/compose.yaml", "services:\n  cart: [unclosed\n  till:\n\t- tab\n");
    world.commit("two", 20);
    let ran = world.run("two", &["scan"]).ok();
    assert!(ran.err.contains("compose.yaml:"), "the warning names file and line: {}", ran.err);
    assert_eq!(graph(&world, "two"), before, "what was read before stands, carried");
    let why = world.run("two", &["why", "cart", "depends_on", "till"]).ok();
    assert!(why.out.contains("carried"), "{}", why.out);
    world.write("two/compose.yaml", MORE);
    world.commit("two", 30);
    world.run("two", &["scan"]).ok();
    assert_eq!(graph(&world, "two"), before);
    assert!(!world.run("two", &["why", "cart"]).ok().out.contains("carried"));
}

#[test]
fn a_checkout_that_was_removed_takes_nothing_with_it() {
    let world = World::new();
    repository(&world);
    fs::create_dir(world.path("all")).unwrap();
    for checkout in ["one", "two"] {
        fs::rename(world.path(checkout), world.path(&format!("all/{checkout}"))).unwrap();
    }
    world.run("all", &["scan"]).ok();
    let before = names(&world, "all");
    assert!(has(&before, "till"), "{before:?}");
    fs::remove_dir_all(world.path("all/one")).unwrap();
    world.run("all", &["scan"]).ok();
    assert_eq!(names(&world, "all"), before);
    fs::remove_dir_all(world.path("all/two")).unwrap();
    world.run("all", &["scan"]).ok();
    let after = names(&world, "all");
    assert!(before.iter().all(|name| has(&after, name)), "what nobody reads any more is not gone: {after:?}");
}

#[test]
fn an_uncommitted_tree_is_seen_here_and_never_leaves_the_machine() {
    let world = World::new();
    repository(&world);
    world.run("two", &["scan"]).ok();
    world.write("two/compose.yaml", &format!("{MORE}  secret-plan:\n    build: ./secret\n"));
    world.run("two", &["scan"]).ok();
    assert!(has(&names(&world, "two"), "secret-plan"));
    let ran = world.run("two", &["export", "../two.jsonl"]).ok();
    assert!(ran.err.contains("uncommitted"), "{}", ran.err);
    let export = fs::read_to_string(world.path("two.jsonl")).unwrap();
    assert!(!export.contains("secret-plan") && !export.contains("+work"), "it left the machine");
    fs::create_dir(world.path("away")).unwrap();
    world.run("away", &["merge", "../two.jsonl"]).ok();
    assert!(has(&names(&world, "away"), "till") && !has(&names(&world, "away"), "secret-plan"));
    // The commit alone, on request.
    fs::create_dir(world.path("clean")).unwrap();
    world.run("clean", &["--ledger", ".", "scan", "--commit", "../two"]).ok();
    assert!(!has(&names(&world, "clean"), "secret-plan"));
    // Thrown away, it is gone here too.
    world.git("two", 40, &["checkout", "--quiet", "--", "compose.yaml"]);
    world.run("two", &["scan"]).ok();
    assert!(!has(&names(&world, "two"), "secret-plan"));
    assert!(has(&names(&world, "two"), "till"));
}

#[test]
fn a_clean_checkout_beside_a_dirty_one_does_not_hide_its_work() {
    let world = World::new();
    repository(&world);
    fs::create_dir(world.path("all")).unwrap();
    for checkout in ["one", "two"] {
        fs::rename(world.path(checkout), world.path(&format!("all/{checkout}"))).unwrap();
    }
    world.write("all/one/compose.yaml", &format!("{BASE}  draft:\n    build: ./draft\n"));
    for _ in 0..2 {
        world.run("all", &["scan"]).ok();
        assert!(has(&names(&world, "all"), "draft"));
    }
}

#[test]
fn one_name_in_two_unrelated_repositories_is_two_services() {
    let world = World::new();
    for (folder, minute) in [("a", 1), ("b", 2)] {
        fs::create_dir_all(world.path(&format!("all/{folder}"))).unwrap();
        let folder = format!("all/{folder}");
        world.git(&folder, 0, &["init", "--quiet"]);
        let url = format!("https://git.example.com/{folder}/shop.git");
        world.git(&folder, 0, &["remote", "add", "origin", &url]);
        world.write(&format!("{folder}/compose.yaml"), "services:\n  orders:\n    build: ./orders\n");
        world.commit(&folder, minute);
    }
    world.run("all", &["scan"]).ok();
    assert_eq!(names(&world, "all").iter().filter(|name| *name == "orders").count(), 2);
}

#[test]
fn a_scanned_repository_sets_no_settings_and_speaks_for_nobody() {
    let world = World::new();
    repository(&world);
    world.write("two/stave.toml", "person = \"evil@example.com\"\ncolor = \"always\"\n[board]\nport = 1\n");
    world.commit("two", 9);
    world.run("two", &["scan"]).ok();
    let settings = world.ask("two", &["config", "list"]);
    assert!(
        !settings.to_string().contains("evil") && !settings.to_string().contains("stave.toml"),
        "{settings}"
    );
}
