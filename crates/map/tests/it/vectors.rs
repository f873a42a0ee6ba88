//! The format's own vectors of who replaces what (crates/model/tests/vectors) hold for both folds.

use std::collections::BTreeMap;

use serde_json::Value;
use stave_model::{Hash, Statement, Time};

use crate::oracle::{self, Ids, When};
use crate::real;

fn hash(value: &Value) -> Hash {
    value.as_str().unwrap().parse().unwrap()
}

fn hashes<'v>(value: &'v Value) -> impl Iterator<Item = Hash> + 'v {
    value.as_array().unwrap().iter().map(hash)
}

#[test]
fn fold_agrees_with_the_vectors_of_who_replaces_what() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../model/tests/vectors/scenarios.json");
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let said = case["statements"].as_array().unwrap().iter();
        let statements: Vec<Statement> = said
            .map(|one| Statement {
                header: serde_json::from_value(one["header"].clone()).unwrap(),
                claims: serde_json::from_value(one["claims"].clone()).unwrap(),
            })
            .collect();
        let time = |field: &str| case["cut_off"][field].as_str().map(|text| text.parse::<Time>().unwrap());
        let when = match (time("now"), time("at")) {
            (Some(now), None) => When::Live(now),
            (None, Some(date)) => When::Date(date),
            _ => panic!("{name}: a cut-off is `now` or `at`"),
        };

        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let holds = case["holds"].as_array().unwrap().iter().filter(|slot| !slot["id"].is_null());
        let carried = case["carried"].as_array().unwrap().iter();
        let expected = Ids {
            withdrawn: hashes(&case["withdrawn"]).collect(),
            standing: hashes(&case["standing"]).collect(),
            holds: holds
                .map(|slot| ((text(&slot["author"]), text(&slot["scope"])), hash(&slot["id"])))
                .collect::<BTreeMap<_, _>>(),
            carried: carried.map(|one| (hash(&one["claim"]), hash(&one["statement"]))).collect(),
        };
        assert_eq!(oracle::ids(&statements, when), expected, "{name}");

        let fold = real::from_scratch(&real::ledger(&statements), when);
        if let Some(difference) = real::difference(&oracle::fold_document(&statements, when), &fold) {
            panic!("{name}: {difference}");
        }
    }
}
