//! `cargo xtask score truck-factor`: the developers without whom a repository would be orphaned, compared with those
//! whom its own team named.
//!
//! DIR/history/truck_factor_oracle.csv has the repositories and their commits; TREES/OWNER_NAME is a full clone of each. The
//! half-life and the share that one must hold are chosen for each system on the others (leave one out), among nine
//! combinations of round numbers; beside it stand the standard algorithm and the constant answer "who has the most
//! commits".

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// Samples of systems that the interval comes from.
const SAMPLES: u32 = 10_000;

/// One system of the list.
struct System {
    name: String,
    /// Whom the team named, as compared.
    wanted: Vec<String>,
    /// What the methods say.
    found: Value,
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let (data, trees) = (args.path("--data")?, args.path("--trees")?);
    args.rest()?;
    run::must(run::cargo().args(["build", "--quiet", "-p", "stave-answers", "--example", "truck"]))?;
    let text = fs::read_to_string(data.join("history").join("truck_factor_oracle.csv"))?;
    let systems = text.lines().skip(1).map(|line| system(line, &trees)).collect::<Result<Vec<_>>>()?;
    let chosen = systems.first().and_then(|one| one.found["chosen"].as_str()).context("no systems")?;
    let mut scores: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for one in &systems {
        for (method, people) in one.found["ours"].as_object().into_iter().flatten() {
            scores.entry(method).or_default().push(f1(&one.wanted, people));
        }
    }
    let best = left_out(&scores, systems.len());
    let each =
        |method: &str| systems.iter().map(|one| f1(&one.wanted, &one.found[method])).collect::<Vec<_>>();
    let (standard, constant) = (each("standard"), each("constant"));
    let ours: Vec<f64> = best.iter().enumerate().map(|(at, method)| scores[method][at]).collect();
    let people = |at: usize| &systems[at].found["ours"][best[at]];
    let (low, high) = interval(&ours);
    let count_right = (0..systems.len())
        .filter(|at| people(*at).as_array().map(Vec::len) == Some(systems[*at].wanted.len()))
        .count();
    println!(
        "{}",
        json!({
            "systems": systems.len(),
            "mean_f1": mean(&ours),
            "mean_f1_low": low,
            "mean_f1_high": high,
            "mean_f1_chosen": mean(&scores[chosen]),
            "mean_f1_avl": mean(&standard),
            "mean_f1_constant": mean(&constant),
            "exact": ours.iter().filter(|f1| **f1 == 1.0).count(),
            "count_right": count_right,
            "other_choices": best.iter().filter(|method| **method != chosen).count(),
        })
    );
    for (at, one) in systems.iter().enumerate() {
        println!(
            "{}",
            json!({
                "system": one.name,
                "f1": ours[at],
                "f1_avl": standard[at],
                "f1_constant": constant[at],
                "wanted": one.wanted.len(),
                "found": people(at).as_array().map(Vec::len),
                "method": best[at],
            })
        );
    }
    Ok(Outcome::Passed)
}

fn system(line: &str, trees: &Path) -> Result<System> {
    let fields: Vec<&str> = line.split(',').collect();
    let [name, _, commit, _, _, people, ..] = fields.as_slice() else {
        anyhow::bail!("a row of the list has too few fields: {line}");
    };
    let mut command = run::cargo();
    command.args(["run", "--quiet", "-p", "stave-answers", "--example", "truck", "--"]);
    command.arg(trees.join(name.replace('/', "_"))).arg(commit);
    let found = serde_json::from_str(&run::output(&mut command)?).with_context(|| (*name).to_owned())?;
    let wanted = people.split(';').map(plain).collect();
    Ok(System { name: (*name).to_owned(), wanted, found })
}

/// For each system the method that does best on all others; of equally good ones the one that comes first.
fn left_out<'a>(scores: &BTreeMap<&'a str, Vec<f64>>, systems: usize) -> Vec<&'a str> {
    let without = |method: &str, at: usize| scores[method].iter().sum::<f64>() - scores[method][at];
    (0..systems)
        .filter_map(|at| {
            scores.keys().copied().rev().max_by(|a, b| without(a, at).total_cmp(&without(b, at)))
        })
        .collect()
}

/// A name as it is compared: letters without accents, in lower case.
fn plain(name: &str) -> String {
    let letters = name.trim().chars().flat_map(char::to_lowercase).map(|letter| match letter {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    });
    letters.filter(|letter| letter.is_alphanumeric() || *letter == '/').collect()
}

/// F1 of the people found; each has several names, and one of them must be the wanted one.
fn f1(wanted: &[String], found: &Value) -> f64 {
    let found: Vec<Vec<String>> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|names| names.as_array().into_iter().flatten().filter_map(Value::as_str).map(plain).collect())
        .collect();
    let hits = wanted.iter().filter(|name| found.iter().any(|names| names.contains(name))).count();
    2.0 * hits as f64 / (wanted.len() + found.len()).max(1) as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The interval in which the mean lies with 95 %, from samples of the systems with replacement (Efron, "Bootstrap methods:
/// another look at the jackknife", 1979). The same numbers each time.
fn interval(values: &[f64]) -> (f64, f64) {
    let mut state: u64 = 1;
    let mut next = || {
        // Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut means: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let picked = values.iter().map(|_| values[(next() % values.len() as u64) as usize]);
            picked.sum::<f64>() / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[(share * f64::from(SAMPLES - 1)) as usize];
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_accents_and_by_any_alias() {
        let wanted = [plain("Zoë Ñandú"), plain("tea-pot")];
        assert_eq!(f1(&wanted, &json!([["zoe nandu", "z"], ["Someone"]])), 0.5);
        assert_eq!(f1(&wanted, &json!([["Tea Pot"], ["x", "zoenandu"]])), 1.0);
        assert_eq!(f1(&wanted, &json!([])), 0.0);
    }

    #[test]
    fn a_method_is_chosen_without_the_system_that_it_is_measured_on() {
        let scores = BTreeMap::from([("a", vec![1.0, 0.0, 0.0]), ("b", vec![0.0, 0.4, 0.4])]);
        assert_eq!(left_out(&scores, 3), ["b", "a", "a"]);
    }

    #[test]
    fn an_interval_of_equal_values_is_that_value() {
        assert_eq!(interval(&[0.5; 4]), (0.5, 0.5));
        let (low, high) = interval(&[0.0, 1.0, 1.0, 1.0]);
        assert!(low < 0.75 && high > 0.75);
    }
}
