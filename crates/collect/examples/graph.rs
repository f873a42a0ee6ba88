//! Scans folders and prints their map as one JSON graph, with a naive union of references: for looking at
//! what the readers find, without a ledger.
//!
//! `cargo run -p stave-collect --example graph -- DIR [--claims] [--commit]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a tool for developers"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use stave_collect::{Options, People, Quiet, scan};
use stave_model::{Claim, Flow, KeyStrength, Reference, Relation, Time, key_strength};

struct Nobody;

impl People for Nobody {
    fn person(&self, address: &str, _name: Option<&str>) -> Option<Reference> {
        let hash = stave_model::hash_bytes(address.as_bytes()).to_string();
        format!("person:{}", &hash[..16]).parse().ok()
    }
}

fn main() {
    let (flags, folders): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let mut options = Options::at(Time::from_millis(now));
    options.from_commit = flags.iter().any(|flag| flag == "--commit");
    let folders: Vec<PathBuf> = folders.into_iter().map(PathBuf::from).collect();
    let start = Instant::now();
    let result = scan(&folders, &options, &Nobody, &Quiet).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let mut claims: Vec<Claim> = Vec::new();
    for tree in result.trees {
        eprintln!(
            "{} work={} walked={} read={} bytes={} {seconds:.3} s, unread {:?}",
            tree.scope, tree.is_work, tree.files_walked, tree.files_read, tree.bytes_read, tree.unread
        );
        for warning in tree.warnings.iter().take(20) {
            eprintln!("  {}:{} {}", warning.path, warning.line.unwrap_or(0), warning.what);
        }
        for part in tree.parts {
            eprintln!("  {} {} claims, unread {}", part.author, part.claims.len(), part.unread.len());
            claims.extend(part.claims);
        }
    }
    if flags.iter().any(|flag| flag == "--quiet") {
        return;
    }
    if flags.iter().any(|flag| flag == "--claims") {
        for claim in &claims {
            println!("{}", serde_json::to_string(claim).unwrap());
        }
        return;
    }
    println!("{}", graph(&claims));
}

fn graph(claims: &[Claim]) -> Value {
    let mut parent: BTreeMap<String, String> = BTreeMap::new();
    fn root(parent: &BTreeMap<String, String>, of: &str) -> String {
        let mut at = of.to_owned();
        while let Some(next) = parent.get(&at).filter(|next| **next != at) {
            at = next.clone();
        }
        at
    }
    let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut all: BTreeSet<String> = BTreeSet::new();
    for claim in claims {
        all.insert(claim.of.to_string());
        if let Some(to) = claim.to.as_deref().filter(|_| Relation::of(&claim.kind).is_some()) {
            all.insert(to.to_owned());
        }
        for (reference, keys) in &claim.keys {
            for key in keys.iter().filter(|key| key_strength(key.as_str()) == KeyStrength::Strong) {
                holders.entry(key.to_string()).or_default().insert(reference.to_string());
            }
        }
    }
    for reference in &all {
        if !reference.starts_with("repo:") {
            holders.entry(reference.clone()).or_default().insert(reference.clone());
        }
    }
    for set in holders.values() {
        let first = set.first().unwrap();
        for other in set {
            let (a, b) = (root(&parent, first), root(&parent, other));
            parent.insert(a.clone().max(b.clone()), a.min(b));
        }
    }
    let mut facts: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for claim in claims {
        let of = root(&parent, claim.of.as_str());
        if let Some(Value::String(value)) = &claim.value {
            facts.entry(of).or_default().entry(claim.kind.clone()).or_default().insert(value.clone());
        } else if claim.kind == "alias" {
            facts.entry(of).or_default().entry("alias".into()).or_default().extend(claim.to.clone());
        }
    }
    let entities: Vec<Value> = facts
        .iter()
        .filter(|(_, facts)| facts.contains_key("exists"))
        .map(|(id, facts)| {
            let one = |key: &str| facts.get(key).and_then(|set| set.first()).cloned();
            let kind = match one("exists").unwrap().as_str() {
                "component" | "resource" => one("type").unwrap_or_else(|| "component".into()),
                other => other.to_owned(),
            };
            json!({"id": id, "kind": kind, "name": one("name").unwrap_or_else(|| id.clone()),
                "aliases": facts.get("alias").cloned().unwrap_or_default()})
        })
        .collect();
    let mut links: BTreeSet<(String, String, String)> = BTreeSet::new();
    for claim in claims {
        let (Some(relation), Some(to)) = (Relation::of(&claim.kind), &claim.to) else { continue };
        let (from, to) = (root(&parent, claim.of.as_str()), root(&parent, to));
        match relation.flow {
            Flow::With => links.insert((from, to, claim.kind.clone())),
            Flow::Against => links.insert((to, from, claim.kind.clone())),
            Flow::None => false,
        };
    }
    let links: Vec<Value> =
        links.into_iter().map(|(from, to, kind)| json!({"from": from, "to": to, "kind": kind})).collect();
    json!({"entities": entities, "links": links})
}
