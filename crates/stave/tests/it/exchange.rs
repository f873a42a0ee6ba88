//! Export and merge: one plain format, whole or not at all.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::world::{Ran, World};

#[test]
fn an_export_merges_to_the_same_map_and_to_the_same_export() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "owner", "team-a"]).ok();
    world.run("tea", &["export", "../tea.jsonl"]).ok();
    fs::create_dir(world.path("copy")).unwrap();
    let ran = world.run("copy", &["merge", "../tea.jsonl"]).ok();
    assert!(ran.err.contains("into a new ledger in"), "{}", ran.err);
    let graph = |folder: &str| world.run(folder, &["export", "--as", "graph"]).ok().out;
    assert_eq!(graph("tea"), graph("copy"));
    assert_eq!(world.run("copy", &["export"]).ok().out, fs::read_to_string(world.path("tea.jsonl")).unwrap());
    let again = world.ask("copy", &["merge", "../tea.jsonl"]);
    assert_eq!(again["new"], 0);
}

#[test]
fn an_export_to_standard_output_was_a_file_called_minus() {
    let world = World::new();
    world.tea();
    let plain = world.run("tea", &["export"]).ok().out;
    assert!(plain.starts_with("{\"estate\":"), "{plain}");
    assert_eq!(world.run("tea", &["export", "-"]).ok().out, plain);
    assert!(!world.path("tea/-").exists());
}

#[test]
fn standard_input_is_merged_as_well() {
    let world = World::new();
    world.tea();
    let export = world.run("tea", &["export"]).ok().out;
    fs::create_dir(world.path("copy")).unwrap();
    let mut command = world.command("copy", &["merge", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(export.as_bytes()).unwrap();
    Ran::of(&child.wait_with_output().unwrap()).ok();
    world.run("copy", &["show", "cart"]).ok();
}

#[test]
fn a_line_that_is_no_statement_is_named_and_nothing_is_merged() {
    let world = World::new();
    world.tea();
    let export = world.run("tea", &["export"]).ok().out;
    let lines: Vec<&str> = export.lines().collect();
    fs::create_dir(world.path("copy")).unwrap();
    let last = lines.len() - 1;
    for (broken, text) in [(last, "{\"claim\":{}}"), (2, "hello"), (last, "{\"stave\":1}"), (last, "")] {
        let mut damaged: Vec<&str> = lines.clone();
        damaged[broken] = text;
        world.write("damaged.jsonl", &(damaged.join("\n") + "\n"));
        let ran = world.run("copy", &["merge", "../damaged.jsonl"]).ends(2);
        assert!(ran.err.contains(&format!("line {}", broken + 1)), "{text}: {}", ran.err);
        assert!(ran.err.contains("nothing was merged"), "{}", ran.err);
        let first = world.run("copy", &["export"]).ok().out;
        let first: serde_json::Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
        assert_eq!(first["statements"], 0);
    }
    // A file that ends too early.
    world.write("short.jsonl", &(lines[..last - 1].join("\n") + "\n"));
    world.run("copy", &["merge", "../short.jsonl"]).ends(2);
    let ran = world.run("copy", &["merge", "../nowhere.jsonl"]).ends(2);
    assert!(ran.err.contains("nowhere.jsonl"), "{}", ran.err);
}

#[test]
fn an_export_appears_whole_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.tea();
    world.write("old.jsonl", "what was here before");
    world.run("tea", &["export", "../old.jsonl"]).ok();
    let meta = fs::metadata(world.path("old.jsonl")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o077, 0, "it carries the estate's key");
    world.run("tea", &["export", "../nowhere/x.jsonl"]).ends(2);
    if std::path::Path::new("/dev/full").exists() {
        world.run("tea", &["export", "/dev/full"]).ends(2);
    }
}

#[test]
fn a_person_known_to_two_estates_is_one_person_after_they_meet() {
    let world = World::new();
    world.tea();
    world.write("other/compose.yaml", "services:\n  till:\n    build: .\n");
    world.run("other", &["scan"]).ok();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    world.run("other", &["say", "till", "tier", "1"]).ok();
    world.run("other", &["export", "../other.jsonl"]).ok();
    let merged = world.ask("tea", &["merge", "../other.jsonl"]);
    assert_eq!((merged["estate"].as_str(), merged["people_joined"].as_u64()), (Some("other"), Some(1)));
    let again = world.ask("tea", &["merge", "../other.jsonl"]);
    assert_eq!(again["people_joined"], 0);
    // The other side hears of it and has nothing to add.
    world.run("tea", &["export", "../tea.jsonl"]).ok();
    assert_eq!(world.ask("other", &["merge", "../tea.jsonl"])["people_joined"], 0);
    let graph = |folder: &str| world.run(folder, &["export", "--as", "graph"]).ok().out;
    assert_eq!(graph("tea"), graph("other"));
}

#[test]
fn secrets_of_the_example_reach_no_export() {
    let world = World::new();
    world.shop();
    world.run("shop", &["scan"]).ok();
    let export = world.run("shop", &["export"]).ok().out;
    assert!(!export.contains("is-not-a"), "a secret of the example stands in the ledger");
}
