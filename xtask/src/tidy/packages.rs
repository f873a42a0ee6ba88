//! Rules on what we build upon: how many packages, under which licences, from where.

use anyhow::{Context, Result};
use serde_json::Value;
use toml::Table;

use super::{Files, Problems};
use crate::run;

/// Most packages in Cargo.lock. Each one is somebody else's code in our users' hands; who needs more argues for it.
const MOST_PACKAGES: usize = 352;

/// Licences that ask no more than to be named (MPL: to publish changes of its own files).
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The one registry that packages come from, as Cargo.lock names it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(files: &Files, problems: &mut Problems) -> Result<()> {
    lock(files, problems)?;
    let mut command = run::cargo();
    command.args(["metadata", "--locked", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&run::output(&mut command)?).context("cargo metadata")?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let what = format!("{name} {}", package["version"].as_str().unwrap_or_default());
        if package["source"].is_null() {
            continue;
        }
        match package["license"].as_str() {
            Some(licence) if allowed(licence) => {}
            Some(licence) => problems.of("Cargo.lock", &format!("{what} has the licence {licence}")),
            None => problems.of("Cargo.lock", &format!("{what} names no licence")),
        }
    }
    Ok(())
}

fn lock(files: &Files, problems: &mut Problems) -> Result<()> {
    let text = files.text("Cargo.lock").context("there is no Cargo.lock")?;
    let lock: Table = text.parse().context("Cargo.lock")?;
    let packages =
        lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock has no packages")?;
    if packages.len() > MOST_PACKAGES {
        problems.of("Cargo.lock", &format!("has {} packages; the cap is {MOST_PACKAGES}", packages.len()));
    }
    for package in packages {
        let text = |field: &str| package.get(field).and_then(toml::Value::as_str);
        if text("source").is_some_and(|source| source != REGISTRY) {
            let name = text("name").unwrap_or_default();
            problems.of("Cargo.lock", &format!("{name} doesn't come from crates.io"));
        }
    }
    Ok(())
}

/// Whether an SPDX expression can be met with allowed licences only: one side of OR, both of AND.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = either(&words, &mut at);
    met && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut met = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= both(words, at);
    }
    met
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut met = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at);
    }
    met
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let met = either(words, at);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return met && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).unwrap_or(&"");
        *at += 2;
        return LICENCES.contains(&format!("{word} WITH {exception}").as_str());
    }
    LICENCES.contains(word)
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn one_side_of_or_and_both_of_and() {
        for fine in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        ] {
            assert!(allowed(fine), "{fine}");
        }
        for bad in
            ["GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT", "", "GPL-2.0-only WITH Classpath-exception-2.0"]
        {
            assert!(!allowed(bad), "{bad}");
        }
    }
}
