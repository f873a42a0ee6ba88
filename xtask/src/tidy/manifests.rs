//! Rules on Cargo.toml files: who may use whom.

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::{Files, Problems};

/// Which of our crates a crate may use. The arrows point down only, so that each room can be read, tested and
/// replaced without those above it.
const EDGES: &[(&str, &[&str])] = &[
    ("stave-model", &[]),
    ("stave-ledger", &["stave-model"]),
    ("stave-map", &["stave-model", "stave-ledger"]),
    ("stave-collect", &["stave-model"]),
    ("stave-imports", &["stave-model"]),
    ("stave-history", &["stave-model"]),
    // The log, the people's names and words that lost their place stand beside the map, not in it.
    ("stave-answers", &["stave-model", "stave-ledger", "stave-map"]),
    ("stave-board", &["stave-model", "stave-answers"]),
    ("stave-server", &["stave-model", "stave-board", "stave-answers", "stave-map", "stave-ledger"]),
    (
        "stave",
        &[
            "stave-model",
            "stave-ledger",
            "stave-map",
            "stave-collect",
            "stave-imports",
            "stave-history",
            "stave-answers",
            "stave-board",
            "stave-server",
        ],
    ),
    // It speaks to every room that reads bytes of others, and nobody speaks to it.
    (
        "stave-fuzz",
        &[
            "stave-model",
            "stave-ledger",
            "stave-map",
            "stave-collect",
            "stave-imports",
            "stave-history",
            "stave-answers",
            "stave-server",
        ],
    ),
    ("xtask", &["stave-model"]),
];

/// Runtimes and web frameworks. Waiting for sockets belongs to one room; everything else is plain functions.
const ASYNC: &[&str] =
    &["tokio", "async-std", "smol", "futures", "axum", "hyper", "tower", "tower-http", "reqwest"];

/// Packages that may use an asynchronous library. The binary starts the server's runtime.
fn may_be_async(package: &str, dependency: &str) -> bool {
    package == "stave-server" || (package == "stave" && dependency == "tokio")
}

const DEPENDENCY_TABLES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn check(files: &Files, problems: &mut Problems) -> Result<()> {
    for (path, text) in files.iter().filter(|(path, _)| is_ours(path)) {
        let manifest: Table = text.parse().with_context(|| path.to_owned())?;
        package(path, &manifest, problems);
        let folder = path.trim_end_matches("Cargo.toml");
        one_test_binary(files, folder, problems);
    }
    Ok(())
}

/// Manifests of the workspace; the example estate has some of its own.
fn is_ours(path: &str) -> bool {
    ["xtask/Cargo.toml", "fuzz/Cargo.toml"].contains(&path)
        || (path.starts_with("crates/") && path.ends_with("/Cargo.toml") && path.matches('/').count() == 2)
}

fn package(path: &str, manifest: &Table, problems: &mut Problems) {
    let field = |table: &str, name: &str| manifest.get(table).and_then(|table| table.get(name));
    let Some(name) = field("package", "name").and_then(Value::as_str) else {
        return problems.of(path, "has no package name");
    };
    let inherited = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
    };
    for wanted in ["license", "edition", "rust-version", "version", "publish"] {
        if !inherited(field("package", wanted)) {
            problems.of(path, &format!("needs {wanted}.workspace = true: one place says it for all"));
        }
    }
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool);
    if lints != Some(true) {
        problems.of(path, "needs [lints] workspace = true");
    }
    let Some((_, allowed)) = EDGES.iter().find(|(known, _)| *known == name) else {
        return problems.of(path, "is not in the table of edges (xtask/src/tidy/manifests.rs)");
    };
    for (table, dependency, value) in dependencies(manifest) {
        if dependency.starts_with("stave-") && !allowed.contains(&dependency) {
            problems.of(path, &format!("may not use {dependency} ([{table}]); edges point down only"));
        }
        if ASYNC.contains(&dependency) && !may_be_async(name, dependency) {
            problems.of(path, &format!("may not use {dependency} ([{table}]): async lives in stave-server"));
        }
        if !inherited(Some(value)) {
            problems.of(path, &format!("{dependency} must be given as {dependency}.workspace = true"));
        }
    }
}

fn dependencies(manifest: &Table) -> impl Iterator<Item = (&str, &str, &Value)> {
    let plain = DEPENDENCY_TABLES.iter().filter_map(|name| Some((*name, manifest.get(*name)?.as_table()?)));
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let by_target = targets.flat_map(|(_, target)| {
        DEPENDENCY_TABLES.iter().filter_map(|name| Some((*name, target.get(*name)?.as_table()?)))
    });
    plain.chain(by_target).flat_map(|(name, table)| {
        table.iter().map(move |(dependency, value)| (name, dependency.as_str(), value))
    })
}

/// Each further test binary links everything once more; modules of one cost nothing.
fn one_test_binary(files: &Files, folder: &str, problems: &mut Problems) {
    let tests = format!("{folder}tests/");
    for (path, _) in files.iter().filter(|(path, _)| path.starts_with(&tests)) {
        let rest = &path[tests.len()..];
        let top = rest.ends_with(".rs") && !rest.contains('/');
        let folder = rest.split_once('/').filter(|(_, file)| *file == "main.rs");
        if top || folder.is_some_and(|(name, _)| name != "it") {
            problems.of(path, "is a second test binary; make it a module of tests/it/main.rs");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(name: &str, rest: &str) -> Vec<String> {
        let inherited = ["license", "edition", "rust-version", "version", "publish"];
        let inherited: String = inherited.map(|field| format!("{field}.workspace = true\n")).concat();
        let text = format!("[package]\nname = \"{name}\"\n{inherited}[lints]\nworkspace = true\n{rest}");
        let mut problems = Problems::default();
        package("x/Cargo.toml", &text.parse().unwrap_or_else(|error| unreachable!("{error}")), &mut problems);
        problems.0
    }

    #[test]
    fn an_edge_that_points_up_is_found_in_every_table() {
        let down = "[dependencies]\nstave-model.workspace = true\n";
        assert!(problems_of("stave-ledger", down).is_empty());
        for table in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
            let up = format!("[{table}]\nstave-map.workspace = true\n");
            assert_eq!(problems_of("stave-ledger", &up).len(), 1, "{table}");
        }
    }

    #[test]
    fn async_lives_in_the_server() {
        let tokio = "[dependencies]\ntokio.workspace = true\n";
        assert_eq!(problems_of("stave-map", tokio).len(), 1);
        assert!(problems_of("stave-server", tokio).is_empty());
        assert!(problems_of("stave", tokio).is_empty());
    }

    #[test]
    fn versions_stand_in_one_place() {
        assert_eq!(problems_of("stave-model", "[dependencies]\nserde = \"1\"\n").len(), 1);
    }
}
