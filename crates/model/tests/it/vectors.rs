//! The vectors are what the inputs say, and the model keeps to them. `STAVE_WRITE_VECTORS=1` writes them anew.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stave_model::{Claim, Hash, Header, Statement, canonical, hash_bytes};

use crate::build::{inputs, scenario, statement, text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

/// One case a line, so that a change shows what it changed.
fn lines(cases: &[Value]) -> String {
    let lines: Vec<String> = cases.iter().map(|case| String::from_utf8(canonical(case)).unwrap()).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// Compares a file of vectors with what the inputs give, and returns its cases.
fn vectors(name: &str, made: &[Value]) -> Vec<Value> {
    let path = folder().join(name);
    if std::env::var_os("STAVE_WRITE_VECTORS").is_some() {
        std::fs::write(&path, lines(made)).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == lines(made),
        "{name} is not what its input gives; if the input was changed on purpose, write it anew with STAVE_WRITE_VECTORS=1"
    );
    serde_json::from_str(&written).unwrap()
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn canonical_forms() {
    let made: Vec<Value> = inputs("canonical.json")
        .iter()
        .map(|input| {
            let value: Value = serde_json::from_str(text(input, "text")).unwrap();
            let form = utf8(canonical(&value));
            json!({"canonical": form, "hash": hash_bytes(form.as_bytes()), "name": input["name"], "text": input["text"]})
        })
        .collect();
    for case in vectors("canonical.json", &made) {
        // A canonical form is its own.
        let again: Value = serde_json::from_str(text(&case, "canonical")).unwrap();
        assert_eq!(utf8(canonical(&again)), text(&case, "canonical"));
    }
}

#[test]
fn claims_and_their_hashes() {
    let made: Vec<Value> = inputs("claims.json")
        .iter()
        .map(|input| {
            let form = utf8(canonical(&input["claim"]));
            json!({"canonical": form, "claim": input["claim"], "hash": hash_bytes(form.as_bytes()), "name": input["name"]})
        })
        .collect();
    for case in vectors("claims.json", &made) {
        let claim: Claim = serde_json::from_value(case["claim"].clone()).unwrap();
        claim.check().unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        assert_eq!(utf8(canonical(&claim)), text(&case, "canonical"));
        assert_eq!(claim.hash().to_string(), text(&case, "hash"));
        assert_eq!(claim.clone().normalised(), claim);
    }
}

#[test]
fn what_stood_against_a_word() {
    let hash = |input: &Value| {
        let not = input["not"] == true;
        Claim::against_hash(
            text(input, "author"),
            not,
            Some(&input["value"]).filter(|value| !value.is_null()),
        )
    };
    let made: Vec<Value> = inputs("against.json")
        .into_iter()
        .map(|mut input| {
            input["hash"] = json!(hash(&input));
            input
        })
        .collect();
    vectors("against.json", &made);
}

#[test]
fn statements_and_their_ids() {
    let made: Vec<Value> = inputs("statements.json")
        .iter()
        .map(|input| {
            let (header, claims) = statement(input);
            let id = hash_bytes(&canonical(&header));
            json!({"claims": claims, "header": header, "id": id, "name": input["name"]})
        })
        .collect();
    for case in vectors("statements.json", &made) {
        let said = parse(&case).unwrap();
        said.check().unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        assert_eq!(said.id().to_string(), text(&case, "id"), "{}", case["name"]);
        // Whoever puts it together from parts gets the same.
        let mut claims = said.claims.clone();
        claims.reverse();
        claims.extend(said.claims.clone());
        assert_eq!(Statement::new(said.header.clone(), claims), said, "{}", case["name"]);
    }
}

fn parse(case: &Value) -> Result<Statement, serde_json::Error> {
    let header: Header = serde_json::from_value(case["header"].clone())?;
    let claims = serde_json::from_value(case["claims"].clone())?;
    Ok(Statement { header, claims })
}

#[test]
fn what_is_refused_and_why() {
    let made: Vec<Value> = inputs("refused.json")
        .iter()
        // What is too large for a file of vectors is made on the spot.
        .map(|input| {
            let (header, claims) = statement(input);
            if input["short"] == true {
                assert_refused(input, &json!({"header": header, "claims": claims}));
                return Value::Null;
            }
            json!({"claims": claims, "header": header, "name": input["name"], "why": input["why"]})
        })
        .filter(|case| !case.is_null())
        .collect();
    for case in vectors("refused.json", &made) {
        assert_refused(&case, &case);
    }
}

fn assert_refused(named: &Value, case: &Value) {
    let refusal = match parse(case) {
        Ok(said) => match said.check() {
            Ok(()) => panic!("{} is taken", named["name"]),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    assert!(refusal.contains(text(named, "why")), "{}: {refusal}", named["name"]);
}

#[test]
fn scenarios_hold_whole_statements() {
    let made: Vec<Value> = inputs("scenarios.json").iter().map(scenario).collect();
    for case in vectors("scenarios.json", &made) {
        let name = &case["name"];
        let mut ids: Vec<Hash> = Vec::new();
        for one in case["statements"].as_array().unwrap() {
            let said = parse(one).unwrap_or_else(|error| panic!("{name}: {error}"));
            said.check().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(said.id().to_string(), text(one, "id"), "{name}");
            ids.push(said.id());
        }
        // What is expected is about statements that are there.
        for field in ["standing", "withdrawn"] {
            for id in case[field].as_array().unwrap() {
                assert!(ids.contains(&id.as_str().unwrap().parse().unwrap()), "{name}: {field}");
            }
        }
    }
}
