//! Ties incidents to pieces with the function behind `stave fires`, for measuring it: lines of JSON on standard input.
//! `{"pieces": [NAME…]}` begins anew with these pieces; `{"title": …, "updates": […], "about": [NAME…]}` teaches;
//! the same without `about` is tied, and answered with a line `{"about": {NAME: REASON…}, "unsure": [NAME…]}`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a tool for developers")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use serde_json::{Value, json};
use stave_answers::{Taught, TiePiece, TieText, Tier};

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn main() {
    let mut names: Vec<String> = Vec::new();
    let mut tier = Tier::new(&[]);
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if row["pieces"].is_array() {
            names = texts(&row["pieces"]);
            let pieces: Vec<TiePiece> =
                names.iter().map(|name| TiePiece { names: vec![name.clone()] }).collect();
            tier = Tier::new(&pieces);
            continue;
        }
        let text = TieText {
            title: row["title"].as_str().unwrap_or_default().to_owned(),
            updates: texts(&row["updates"]),
            components: Vec::new(),
        };
        if row["about"].is_array() {
            let about = texts(&row["about"]);
            let places = names.iter().enumerate().filter(|(_, name)| about.contains(name));
            tier.teach(&text, &Taught::All(places.map(|(place, _)| place).collect()));
            continue;
        }
        let tied = tier.tie(&text);
        let about: BTreeMap<&str, &str> =
            tied.about.iter().map(|tie| (names[tie.piece].as_str(), tie.reason.as_str())).collect();
        let unsure: Vec<&str> = tied.unsure.iter().map(|tie| names[tie.piece].as_str()).collect();
        writeln!(out, "{}", json!({"about": about, "unsure": unsure})).unwrap();
    }
    out.flush().unwrap();
}
