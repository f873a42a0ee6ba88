//! `cargo xtask score overlap`: how well pairs that do the same job are ranked, compared with known groups.
//!
//! DIR/overlap_services.json has groups of `SYSTEM:NAME`; `--systems SYSTEM=TREE,…` says which folder of the trees is
//! which. All are scanned into one ledger; a pair that isn't listed counts as not found. `--binary` takes a binary that is
//! there instead of building one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// Pairs from the top in which recall is counted.
const FIRST: usize = 50;

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let (data, trees) = (args.path("--data")?, args.path("--trees")?);
    let systems = args.value("--systems")?.context("--systems SYSTEM=TREE,… is missing")?;
    let binary = args.optional_path("--binary")?;
    args.rest()?;
    let text = fs::read_to_string(data.join("overlap_services.json"))?;
    let groups: BTreeMap<String, Vec<String>> = serde_json::from_str(&text)?;
    let stave = binary.map_or_else(run::release_binary, Ok)?;
    let work = tempfile::tempdir()?;
    let asked = |words: &[&str]| -> Result<Value> {
        let mut command = Command::new(&stave);
        command.arg("--ledger").arg(work.path()).args(words).arg("--json");
        serde_json::from_str(&run::output(&mut command)?).context("no JSON")
    };
    let mut scan = Command::new(&stave);
    scan.arg("--ledger").arg(work.path()).arg("scan");
    let mut folders = BTreeMap::new();
    for pair in systems.split(',') {
        let Some((system, tree)) = pair.split_once('=') else { bail!("{pair} is not SYSTEM=TREE") };
        scan.arg(trees.join(tree));
        folders.insert(system.to_owned(), tree.to_lowercase());
    }
    run::time(&mut scan)?;
    let listed = asked(&["overlap", "--all"])?;
    let group_of: BTreeMap<&str, &str> = groups
        .iter()
        .flat_map(|(group, ids)| ids.iter().map(move |id| (id.as_str(), group.as_str())))
        .collect();
    let known = |piece: &Value| -> Option<&str> {
        let (name, reference) = (piece["name"].as_str()?, piece["reference"].as_str()?.to_lowercase());
        group_of.keys().copied().find(|id| {
            let Some((system, wanted)) = id.split_once(':') else { return false };
            folders.get(system).is_some_and(|tree| tree.split('/').all(|part| reference.contains(part)))
                && plain(wanted) == plain(name)
        })
    };
    let mut ranked: Vec<bool> = Vec::new();
    let mut seen = BTreeSet::new();
    for pair in listed["pairs"].as_array().into_iter().flatten() {
        let (Some(one), Some(other)) = (known(&pair["pieces"][0]), known(&pair["pieces"][1])) else {
            continue;
        };
        if one != other && seen.insert((one.min(other), one.max(other))) {
            ranked.push(group_of[one] == group_of[other]);
        }
    }
    let wanted: usize = groups.values().map(|ids| ids.len() * (ids.len() - 1) / 2).sum();
    let (precision, recall) = figures(&ranked, wanted);
    println!("{}", json!({"pairs": wanted, "average_precision": precision, "recall_in_first_50": recall}));
    Ok(Outcome::Passed)
}

fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Average precision of the whole list, and recall in its first [`FIRST`] pairs.
fn figures(ranked: &[bool], wanted: usize) -> (f64, f64) {
    let (mut hits, mut sum) = (0.0, 0.0);
    for (place, hit) in ranked.iter().enumerate() {
        if *hit {
            hits += 1.0;
            sum += hits / (place as f64 + 1.0);
        }
    }
    let first = ranked.iter().take(FIRST).filter(|hit| **hit).count() as f64;
    let wanted = wanted.max(1) as f64;
    (sum / wanted, first / wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_list() {
        assert_eq!(figures(&[true, false, true], 2), ((1.0 + 2.0 / 3.0) / 2.0, 1.0));
        assert_eq!(figures(&[], 2), (0.0, 0.0));
        assert_eq!(plain("Price-List.API"), "pricelistapi");
    }
}
