//! `stave flow` in the real binary, on records that another copy of the ledger brought.

use stave_ledger::{Ledger, MemoryLedger};
use stave_model::records::{Commit, CommitClass, CommitId, Head, Tag, chunk_scope, head_scope};
use stave_model::{Claim, Header, Op, Reference, Scope, Source, Statement, Time, VERSION, hash_bytes};

use crate::world::World;

const SHOP: &str = "github.com/leafcup/shop";
const HOUR: i64 = 3_600;
const BEGIN: i64 = 1_770_000_000;

fn id(number: u8) -> CommitId {
    CommitId([number; 20])
}

fn said(scope: Scope, claims: Vec<Claim>) -> Statement {
    let time = Time::from_millis(1_775_000_000_000);
    let header = Header {
        v: VERSION,
        author: "collector:history".parse().unwrap(),
        scope,
        time,
        source: Source { at: Some(time), id: None },
        rules: 1,
        replaces: Vec::new(),
        by: None,
        op: Op([7; 16]),
        tool: String::new(),
        unread: Vec::new(),
        claims: hash_bytes(b""),
    };
    Statement::new(header, claims)
}

/// Two releases a day apart, of a commit each that is three hours old; the second takes the first back.
fn shop() -> World {
    let commit = |number: u8, parents: &[u8], at: i64, reverts: &[u8]| Commit {
        id: id(number),
        parents: parents.iter().copied().map(id).collect(),
        author: "person:aaaaaaaaaaaaaaaa".parse().unwrap(),
        authored: BEGIN + at * HOUR,
        committed: BEGIN + at * HOUR,
        co_authors: Vec::new(),
        reviewers: Vec::new(),
        class: CommitClass::Human,
        reverts: reverts.iter().copied().map(id).collect(),
        changes: Vec::new(),
    };
    let tag = |name: &str, commit: u8, at: i64| Tag {
        name: name.to_owned(),
        commit: id(commit),
        at: BEGIN + at * HOUR,
        is_annotated: true,
    };
    let of: Reference = format!("repo:{SHOP}").parse().unwrap();
    let tags = vec![tag("v1.0.0", 1, 3), tag("v1.1.0", 2, 27)];
    let head = Head { branch: "main".to_owned(), tip: id(2), tags, ..Head::default() };
    let commits = [commit(1, &[], 0, &[]), commit(2, &[1], 24, &[1])];
    let mut ledger = MemoryLedger::new().unwrap();
    ledger
        .append(&[
            said(chunk_scope(SHOP, id(2)).unwrap(), Commit::to_claims(&of, &commits)),
            said(head_scope(SHOP, "main").unwrap(), head.to_claims(&of)),
        ])
        .unwrap();
    let mut file = Vec::new();
    stave_ledger::export(&ledger, &mut file).unwrap();
    let world = World::new();
    world.write("shop.jsonl", &String::from_utf8(file).unwrap());
    world.write("estate/stave.toml", "");
    world.run("estate", &["merge", "../shop.jsonl"]).ok();
    world
}

#[test]
fn flow_tells_figures_with_samples_and_bounds() {
    let world = shop();
    let text = world.run("estate", &["flow", "--since", "100y"]).ok().out;
    for part in [
        "github.com/leafcup/shop",
        "by its releases since 2026-02-02, the last of 2026-02-03",
        "3 hours           median of 2 changes; too few for an interval",
        "Change fail rate                 50 %              1 for certain, 0 perhaps, of 2 releases",
        "Failed deployment recovery time  at most 24 hours",
        "Under the definition dora",
        "No incidents were imported",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json = world.ask("estate", &["flow", "--since", "100y", "--definition", "devlake", "--explain"]);
    let measures = &json["pieces"][0]["measures"];
    assert_eq!(json["definition"], "devlake");
    assert_eq!(measures[1]["name"], "lead_time_for_changes");
    // The first release brings nothing that DevLake could name.
    assert_eq!(measures[1]["sample"], 1);
    assert_eq!(measures[4]["figure"]["is"], "unknown");
    assert_eq!(json["pieces"][0]["differences"][0]["id"], "0101010101010101010101010101010101010101");
}

#[test]
fn flow_says_what_is_missing_and_what_was_mistyped() {
    let world = World::new();
    world.tea();
    let ran = world.run("tea", &["flow"]).ok();
    assert!(ran.out.contains("Neither a history nor a deployment was read yet"), "{}", ran.out);
    let ran = world.run("tea", &["flow", "cart"]).ends(1);
    assert!(ran.out.contains("No change and no deployment of cart is known"), "{}", ran.out);
    let ran = world.run("tea", &["flow", "--since", "soon"]).ends(2);
    assert!(ran.err.contains("--since soon is no age and no day"), "{}", ran.err);
    let ran = world.run("tea", &["flow", "--definition", "accelerate"]).ends(2);
    assert!(ran.err.contains("devlake"), "{}", ran.err);
    world.run("tea", &["flow", "no-such-thing"]).ends(1);
}
