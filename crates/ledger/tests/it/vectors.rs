//! The format's vectors, as far as a ledger decides: which statement holds, for "same word again".

use std::path::Path;

use serde_json::Value;
use stave_ledger::{Outcome, Prepared, Repeats};
use stave_model::{Header, Op, Statement, Time};

use crate::contract::Fresh;
use crate::storages::{memory, postgres, sqlite};

fn cases() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/vectors/scenarios.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn parse(case: &Value) -> Statement {
    let header: Header = serde_json::from_value(case["header"].clone()).unwrap();
    Statement { header, claims: serde_json::from_value(case["claims"].clone()).unwrap() }
}

/// Says again what every statement of the scenario said: only what holds in its slot can be repeated.
fn repeats_follow_the_vectors(fresh: &dyn Fn() -> Fresh) {
    let mut repeated = 0;
    let mut said_anew = 0;
    for case in cases() {
        let name = &case["name"];
        let said: Vec<Statement> = case["statements"].as_array().unwrap().iter().map(parse).collect();
        // Joined repositories share a slot in the fold; a ledger goes by the scope as it is written. And a
        // ledger appends now, never at a date.
        let joins = said.iter().any(|one| one.header.scope.as_str().contains("#same_as>"));
        let Some(now) = case["cut_off"]["now"].as_str().filter(|_| !joins) else { continue };
        let now: Time = now.parse().unwrap();
        let mut ledger = fresh().ledger;
        let mut all = said.iter();
        ledger.append_prepared(Repeats::Keep, &mut || all.next().map(Prepared::new).transpose()).unwrap();
        for slot in case["holds"].as_array().unwrap() {
            let in_slot = |one: &&Statement| {
                slot["author"] == one.header.author.as_str() && slot["scope"] == one.header.scope.as_str()
            };
            let Some(holding) = said
                .iter()
                .filter(in_slot)
                .find(|one| slot["id"].is_null() || slot["id"] == one.id().to_string())
            else {
                panic!("{name}: no statement for {slot}")
            };
            let mut again = holding.clone();
            again.header.time = again.header.time.max(now);
            again.header.op = Op([9; 16]);
            let outcome = ledger.append(&[again]).unwrap()[0];
            if slot["id"].is_null() {
                assert_eq!(outcome.outcome, Outcome::New, "{name}");
                said_anew += 1;
            } else {
                assert_eq!((outcome.outcome, outcome.id), (Outcome::SameWord, holding.id()), "{name}");
                repeated += 1;
            }
        }
    }
    assert!(repeated > 25 && said_anew > 5, "{repeated} {said_anew}");
}

#[test]
fn in_memory() {
    repeats_follow_the_vectors(&memory);
}

#[test]
fn in_sqlite() {
    repeats_follow_the_vectors(&sqlite);
}

#[test]
fn in_postgres() {
    if crate::postgres::server().is_some() {
        repeats_follow_the_vectors(&|| postgres().unwrap());
    }
}
