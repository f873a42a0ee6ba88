//! Ledgers of every earlier form open in this binary with no person's word out of place (docs/reliability.md says how
//! one is made).
//!
//! A golden ledger is a folder: `ledger.sqlite` and `export.jsonl` as the binary of its time wrote them, and `words.txt`,
//! what that binary said of people's words. They are never made again: what they hold is what users have.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::world::World;

fn golden() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// Every fact below this value that a person has a word in: where it is shown, what it says, and how it stands. A denial
/// counts on the page of the entity that it is about; the page at its other end tells of it too.
fn facts(page: &str, value: &Value, lines: &mut BTreeSet<String>) {
    match value {
        Value::Array(rows) => rows.iter().for_each(|row| facts(page, row, lines)),
        Value::Object(fields) => {
            if let (Some(why), Some(basis), Some(state)) =
                (fields.get("why"), fields.get("basis"), fields.get("state"))
                && (basis == "stated" || state != "stands")
                && (state != "denied" || why["entity"] == page)
            {
                let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
                let says = fields.get("text").or(fields.get("entity").map(|entity| &entity["name"]));
                lines.insert(format!(
                    "{} {} {}: {}: {} {}",
                    text(&why["entity"]),
                    text(&why["fact"]),
                    text(&why["to"]),
                    says.map(text).unwrap_or_default(),
                    text(basis),
                    text(state)
                ));
            }
            fields.values().for_each(|field| facts(page, field, lines));
        }
        _ => {}
    }
}

/// What this binary makes of people's words in a ledger: the facts that they decide, the entities at which they stand, and
/// the questions that they are in.
fn words(world: &World, ledger: &str) -> String {
    let mut lines = BTreeSet::new();
    let list = world.ask("", &["--ledger", ledger, "list", "--hidden"]);
    for row in list["rows"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let page = world.ask("", &["--ledger", ledger, "show", id]);
        facts(id, &page, &mut lines);
        for said in page["said"].as_array().unwrap() {
            if said["author"].as_str().unwrap().starts_with("person:") {
                lines.insert(format!("{id} said {}", said["statement"].as_str().unwrap()));
            }
        }
    }
    let questions = world.ask("", &["--ledger", ledger, "questions", "--limit", "500"]);
    for question in questions["rows"].as_array().unwrap() {
        let text = |name: &str| question[name].as_str().unwrap_or_default().to_owned();
        lines.insert(format!("question {} {} {}", text("id"), text("kind"), text("type")));
        for word in question["words"].as_array().into_iter().flatten() {
            lines.insert(format!("question {} has {}", text("id"), word["statement"].as_str().unwrap()));
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

#[test]
fn no_word_of_an_older_ledger_is_out_of_place() {
    for golden in golden() {
        let world = World::new();
        fs::create_dir(world.path("old")).unwrap();
        fs::copy(golden.join("ledger.sqlite"), world.path("old/ledger.sqlite")).unwrap();
        assert_eq!(words(&world, "old"), read(&golden.join("words.txt")), "{}", golden.display());
        // What was exported then is exported now, line for line: nothing is lost, nothing said otherwise.
        assert_eq!(
            world.run("", &["--ledger", "old", "export"]).ok().out,
            read(&golden.join("export.jsonl"))
        );
        // It goes on where it stood.
        world.run("", &["--ledger", "old", "say", "kettle", "tier", "4"]).ok();
        assert_eq!(world.ask("", &["--ledger", "old", "show", "kettle"])["said"][0]["who"], "Counter");
    }
}

#[test]
fn no_word_of_an_older_export_is_out_of_place() {
    for golden in golden() {
        let world = World::new();
        let export = golden.join("export.jsonl");
        fs::create_dir(world.path("new")).unwrap();
        world.run("", &["--ledger", "new", "merge", export.to_str().unwrap()]).ok();
        assert_eq!(world.run("", &["--ledger", "new", "export"]).ok().out, read(&export));
        // Uncommitted work stays on its machine; people's words hang on no such reading here.
        assert_eq!(words(&world, "new"), read(&golden.join("words.txt")), "{}", golden.display());
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
