//! What one statement costs: appends statements of one claim each to a ledger with its read model (folder of both is the
//! argument; both are written to) and times the fold of each alone. Prints a line of JSON.
//!
//! Every sixth touches the largest cluster, which is made first, out of [`CLUSTER`] references in as many
//! repositories: with a fact, a person's word, a new member, a denial of a join, and the end of that denial.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a tool for developers")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;
use stave_ledger::{Ledger, SqliteLedger};
use stave_map::{CutOff, Filter, ReadModel};
use stave_model::{Basis, Claim, Header, Op, Source, Statement, Time, VERSION, claims_hash};

/// References of the largest cluster.
const CLUSTER: usize = 300;
/// Statements that are timed.
const STATEMENTS: usize = 1_000;

fn statement(number: usize, author: &str, scope: Option<&str>, claim: Claim, now: Time) -> Statement {
    let mut op = [0xad; 16];
    op[8..].copy_from_slice(&(number as u64).to_be_bytes());
    let scope = scope.map_or_else(|| claim.fact_scope().unwrap(), |scope| scope.parse().unwrap());
    let header = Header {
        author: author.parse().unwrap(),
        by: None,
        claims: claims_hash(&mut Vec::new()),
        op: Op(op),
        replaces: Vec::new(),
        rules: 0,
        scope,
        source: Source { at: Some(now), id: Some(format!("{number:040x}")) },
        time: now,
        tool: "advance".to_owned(),
        unread: Vec::new(),
        v: VERSION,
    };
    Statement::new(header, vec![claim])
}

fn claim(kind: &str, of: &str, to: Option<&str>, basis: Basis) -> Claim {
    Claim { to: to.map(str::to_owned), ..Claim::new(kind, of.parse().unwrap(), basis) }
}

fn member(number: usize) -> String {
    format!("repo:advance.test/app-{number}//#compose/shared")
}

/// A member of the cluster: it holds the key that makes it one.
fn joins(number: usize) -> Claim {
    let of = member(number);
    let mut claim = claim("exists", &of, None, Basis::Discovered);
    claim.value = Some("component".into());
    claim.keys.insert(of.parse().unwrap(), vec!["image:advance.test/shared".parse().unwrap()]);
    claim
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder of ledger.sqlite and map.sqlite"));
    let mut ledger = SqliteLedger::open(&folder.join("ledger.sqlite")).unwrap();
    let mut map = ReadModel::open(&folder.join("map.sqlite")).unwrap();
    // Later than anything in a made-up estate, and the same in every run.
    let now = Time::from_millis(1_900_000_000_000);
    let live = CutOff::Live(now);
    let scope = |number: usize| format!("repo:advance.test/app-{number}@main");
    let cluster: Vec<Statement> = (0..CLUSTER)
        .map(|number| statement(number, "collector:compose", Some(&scope(number)), joins(number), now))
        .collect();
    ledger.append(&cluster).unwrap();
    map.catch_up(&ledger, live).unwrap();
    let page = map.list(&Filter { limit: 500, ..Filter::default() }).unwrap();
    let ordinary: Vec<String> = page.rows.iter().map(|row| row.reference.clone()).collect();
    let claims = map.counts().unwrap().claims;

    let mut times: Vec<(Duration, &str)> = Vec::new();
    for number in 0..STATEMENTS {
        let id = CLUSTER + number;
        let of = &ordinary[number % ordinary.len()];
        let other = &ordinary[(number * 7 + 1) % ordinary.len()];
        let shared = member(number % CLUSTER);
        let (what, said) = match number % 6 {
            0 => ("a relation, by a machine", {
                let scope = format!("repo:advance.test/new-{number}@main");
                statement(
                    id,
                    "collector:compose",
                    Some(&scope),
                    claim("calls", of, Some(other), Basis::Discovered),
                    now,
                )
            }),
            1 => ("a description, by a person", {
                let mut claim = claim("description", of, None, Basis::Stated);
                claim.value = Some(format!("number {number}").into());
                statement(id, "person:ad", None, claim, now)
            }),
            2 => ("a denial, by a person", {
                let mut claim = claim("calls", of, Some(other), Basis::Stated);
                claim.not = true;
                statement(id, "person:ad", None, claim, now)
            }),
            3 => ("a new member of the largest cluster", {
                statement(id, "collector:compose", Some(&scope(id)), joins(id), now)
            }),
            4 => ("a fact of the largest cluster", {
                let mut claim = claim("tag", &shared, Some(&format!("tag-{number}")), Basis::Stated);
                claim.value = None;
                statement(id, "person:ad", None, claim, now)
            }),
            _ => ("a member kept out of the largest cluster", {
                let mut pair = [shared, member((number + 1) % CLUSTER)];
                pair.sort();
                let mut claim = claim("same_as", &pair[0], Some(&pair[1]), Basis::Stated);
                claim.not = true;
                statement(id, "person:ad", None, claim, now)
            }),
        };
        ledger.append(&[said]).unwrap();
        let start = Instant::now();
        map.catch_up(&ledger, live).unwrap();
        times.push((start.elapsed(), what));
    }
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let of_kind = |kind: &str| {
        let of: Vec<Duration> =
            times.iter().filter(|(_, what)| *what == kind).map(|(time, _)| *time).collect();
        json!({"median_ms": ms(of[of.len() / 2]), "worst_ms": ms(of[of.len() - 1])})
    };
    let mut kinds: Vec<&str> = times.iter().map(|(_, what)| *what).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let by_kind: serde_json::Map<String, serde_json::Value> =
        kinds.iter().map(|kind| ((*kind).to_owned(), of_kind(kind))).collect();
    let (worst, of) = times[times.len() - 1];
    println!(
        "{}",
        json!({
            "claims": claims, "statements": STATEMENTS, "largest_cluster": CLUSTER,
            "median_ms": ms(times[times.len() / 2].0), "worst_ms": ms(worst), "worst_of": of, "by_kind": by_kind,
        })
    );
}
