//! Ranks descriptions by likeness with the function behind `stave overlap`, for measuring it: lines of JSON
//! `{"name": …, "description": …}` on standard input; for each a line with the places of all others, the most alike
//! first.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a tool for developers")]

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use serde_json::Value;
use stave_answers::{Alike, Described};

fn main() {
    let described: Vec<Described> = stdin()
        .lock()
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            Described { names: vec![text("name")], about: vec![text("description")], ..Described::default() }
        })
        .collect();
    let alike = Alike::new(&described);
    let mut out = BufWriter::new(stdout().lock());
    for one in 0..described.len() {
        let mut others: Vec<(usize, f32)> = (0..described.len())
            .filter(|other| *other != one)
            .map(|other| (other, alike.similarity(one, other)))
            .collect();
        others.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let places: Vec<usize> = others.into_iter().map(|(other, _)| other).collect();
        serde_json::to_writer(&mut out, &places).unwrap();
        out.write_all(b"\n").unwrap();
    }
    out.flush().unwrap();
}
