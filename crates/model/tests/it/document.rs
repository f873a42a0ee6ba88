//! docs/ledger.md repeats tables of the model for other implementations: both say the same.

use std::path::Path;

use stave_model::{CLAIM_TYPES, KeyStrength, Kind, Mode, Target, key_strength, limits};

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ledger.md");
    std::fs::read_to_string(path).unwrap()
}

/// What stands in backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The cells of a table whose heading begins so.
fn table<'a>(document: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let rows = document.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn types_of_facts() {
    let document = document();
    let mut found = Vec::new();
    for row in table(&document, "| type | mode |") {
        for name in quoted(row[0]) {
            found.push((name, row[1], row[2]));
        }
    }
    let mut wanted: Vec<_> = CLAIM_TYPES
        .iter()
        .map(|row| match row.mode {
            Mode::One => (row.name, "one", "–"),
            Mode::Over => (row.name, "over", "–"),
            Mode::Add(Target::Reference) => (row.name, "add", "reference"),
            Mode::Add(Target::Text) => (row.name, "add", "text"),
            Mode::Join => (row.name, "join", "reference"),
            Mode::Presence => (row.name, "presence", "–"),
            Mode::Word => (row.name, "word", "–"),
            Mode::Record => (row.name, "record", "–"),
        })
        .collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

#[test]
fn kinds() {
    let document = document();
    let rows = table(&document, "| type | mode |");
    let exists = rows.iter().find(|row| row[0] == "`exists`").unwrap();
    assert_eq!(quoted(exists[3]), Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
}

#[test]
fn strengths_of_keys() {
    let document = document();
    for row in table(&document, "| strength |") {
        let strength = match row[0] {
            "strong" => KeyStrength::Strong,
            "hint" => KeyStrength::Hint,
            "anchor" => KeyStrength::Anchor,
            other => panic!("{other}"),
        };
        for scheme in quoted(row[1]).iter().filter(|scheme| **scheme != "COMMON_NAMES") {
            assert_eq!(key_strength(&format!("{scheme}:something")), strength, "{scheme}");
        }
    }
    assert_eq!(key_strength("name:db"), KeyStrength::Anchor);
    assert_eq!(key_strength("moon:something"), KeyStrength::Anchor);
}

#[test]
fn limits_of_everything() {
    let document = document();
    let (_, rest) = document.split_once("### Limits").unwrap();
    let (text, _) = rest.split_once("##").unwrap();
    let digits = text.replace(',', "");
    for limit in [
        format!("Names {} bytes", limits::NAME_BYTES),
        format!("canonical form {} MiB", limits::HEADER_BYTES >> 20),
        format!("claim's {} KiB", limits::CLAIM_BYTES >> 10),
        format!("{} levels", limits::VALUE_DEPTH),
        format!("{} claims in a statement", limits::CLAIMS),
        format!("{} `replaces`", limits::REPLACES),
        format!("{} `unread` paths of {} bytes", limits::UNREAD, 2 * limits::NAME_BYTES),
        format!("{} keys", limits::KEYS),
        format!("{} points of evidence", limits::EVIDENCE),
    ] {
        assert!(
            digits.split_whitespace().collect::<Vec<_>>().join(" ").contains(&limit),
            "{limit} in {text}"
        );
    }
}
