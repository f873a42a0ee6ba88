//! The real fold behind the same door as the oracle.

use serde_json::Value;
use stave_ledger::{Info, Ledger, MemoryLedger, Prepared, Repeats};
use stave_map::{CutOff, ReadModel};
use stave_model::{EstateKey, Statement, canonical};

use crate::oracle::{self, When};
use crate::says::Seen;

/// Appends all, repeated words too: a ledger's own thrift is not the fold's business.
pub(crate) fn append(ledger: &mut dyn Ledger, statements: &[Statement]) {
    let mut prepared = statements.iter().map(Prepared::new);
    ledger.append_prepared(Repeats::Keep, &mut || prepared.next().transpose()).unwrap();
}

/// A ledger with these statements.
pub(crate) fn ledger(statements: &[Statement]) -> MemoryLedger {
    let mut ledger = empty();
    append(&mut ledger, statements);
    ledger
}

pub(crate) fn cut_off(when: When) -> CutOff {
    match when {
        When::Live(now) => CutOff::Live(now),
        When::Date(date) => CutOff::Date(date),
        When::Position(last, now) => CutOff::Position(last, now),
    }
}

/// The document of a model made from scratch.
pub(crate) fn from_scratch(ledger: &dyn Ledger, when: When) -> Value {
    let mut model = ReadModel::in_memory().unwrap();
    model.catch_up(ledger, cut_off(when)).unwrap();
    model.document().unwrap()
}

/// The first place where two documents differ, with both sides; nothing where their bytes are the same.
pub(crate) fn difference(oracle: &Value, real: &Value) -> Option<String> {
    if canonical(oracle) == canonical(real) {
        return None;
    }
    Some(differing(oracle, real, "$".to_owned()).unwrap_or_else(|| "only in their bytes".to_owned()))
}

fn differing(a: &Value, b: &Value, path: String) -> Option<String> {
    if a == b {
        return None;
    }
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let mut names: Vec<&String> = x.keys().chain(y.keys()).collect();
            names.sort();
            names.dedup();
            names.into_iter().find_map(|name| {
                let (a, b) = (x.get(name).unwrap_or(&Value::Null), y.get(name).unwrap_or(&Value::Null));
                differing(a, b, format!("{path}.{name}"))
            })
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let mut pairs = x.iter().zip(y).enumerate();
            pairs.find_map(|(index, (a, b))| differing(a, b, format!("{path}[{index}]")))
        }
        (Value::Array(x), Value::Array(y)) => {
            let only = |list: &[Value], other: &[Value]| -> Vec<Value> {
                list.iter().filter(|item| !other.contains(item)).cloned().collect()
            };
            Some(format!(
                "{path}: {} items against {}\nonly in the oracle: {:#}\nonly in the fold: {:#}",
                x.len(),
                y.len(),
                Value::from(only(x, y)),
                Value::from(only(y, x))
            ))
        }
        _ => Some(format!("{path}\noracle: {a:#}\nfold: {b:#}")),
    }
}

/// Folds the statements by both and shows each document to `check`; they have to be the same as well.
pub(crate) fn both(statements: &[Statement], when: When, check: impl Fn(&Seen)) {
    let oracle = oracle::fold_document(statements, when);
    check(&Seen(oracle.clone()));
    let real = from_scratch(&ledger(statements), when);
    if let Some(difference) = difference(&oracle, &real) {
        panic!("the fold differs from the oracle at {difference}");
    }
    check(&Seen(real));
}

/// An empty ledger of the test's estate, so that copies of it are of one estate.
pub(crate) fn empty() -> MemoryLedger {
    let info = Info { estate: "0".repeat(32), ledger: "1".repeat(32), epoch: 0, revision: 0 };
    MemoryLedger::of_estate(info, EstateKey([7; 32]))
}

/// A ledger's export.
pub(crate) fn exported(ledger: &dyn Ledger) -> Vec<u8> {
    let mut bytes = Vec::new();
    stave_ledger::export(ledger, &mut bytes).unwrap();
    bytes
}

/// Merges an export.
pub(crate) fn merge(into: &mut MemoryLedger, export: &[u8]) {
    stave_ledger::merge_stream(into, "export", export, &std::env::temp_dir()).unwrap();
}
