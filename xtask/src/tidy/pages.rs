//! Rules on documents: words, links, and the list of dependencies.

use std::collections::BTreeSet;
use std::path::Path;

use stave_model::{Basis, CLAIM_TYPES, Kind, Relation};
use toml::Table;

use super::{Files, Problems};

const GLOSSARY: &str = "docs/glossary.md";
const DEPENDENCIES: &str = "docs/dependencies.md";

pub(super) fn check(files: &Files, problems: &mut Problems) {
    match files.text(GLOSSARY) {
        Some(text) => glossary(text, problems),
        None => problems.of(GLOSSARY, "is missing"),
    }
    match (files.text(DEPENDENCIES), files.text("Cargo.toml").map(str::parse::<Table>)) {
        (Some(text), Some(Ok(manifest))) => dependencies(text, &manifest, problems),
        _ => problems.of(DEPENDENCIES, "or Cargo.toml can't be read"),
    }
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".md")) {
        links(path, text, files, problems);
    }
}

/// One list of public names: every word of the format stands in it, and none twice.
fn glossary(text: &str, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (line, cells) in rows(text) {
        for word in cells[0].split(',').map(|word| word.trim().trim_matches('`')) {
            if !seen.insert(word.to_owned()) {
                problems.at(GLOSSARY, line, &format!("\"{word}\" has a second line"));
            }
        }
        if cells.get(1).is_none_or(|meaning| meaning.is_empty()) {
            problems.at(GLOSSARY, line, "has no meaning");
        }
    }
    let bases = [Basis::Stated, Basis::Declared, Basis::Observed, Basis::Discovered].map(Basis::as_str);
    let words = Kind::ALL.iter().map(|kind| kind.as_str());
    let words = words.chain(Relation::ALL.iter().map(|relation| relation.name));
    for word in words.chain(CLAIM_TYPES.iter().map(|row| row.name)).chain(bases) {
        if !seen.contains(word) && !text.contains(&format!("`{word}`")) {
            problems.of(GLOSSARY, &format!("doesn't know the word `{word}`"));
        }
    }
}

/// Each dependency has a line that says what for and why this one; no line outlives its dependency.
fn dependencies(text: &str, manifest: &Table, problems: &mut Problems) {
    let table = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let wanted: BTreeSet<&str> = table
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(Table::keys)
        .map(String::as_str)
        .filter(|name| !name.starts_with("stave-"))
        .collect();
    let mut seen = BTreeSet::new();
    for (line, cells) in rows(text) {
        if cells.len() < 3 || cells.iter().any(String::is_empty) {
            problems.at(DEPENDENCIES, line, "must say what for and why this one");
        }
        seen.insert(cells[0].trim_matches('`').to_owned());
    }
    for name in wanted.iter().filter(|name| !seen.contains(**name)) {
        problems.of(DEPENDENCIES, &format!("has no line for {name}"));
    }
    let browser_tests = ["playwright-core", "axe-core"];
    for name in &seen {
        if !wanted.contains(name.as_str()) && !browser_tests.contains(&name.as_str()) {
            problems.of(DEPENDENCIES, &format!("has a line for {name}, which nothing uses"));
        }
    }
}

/// The rows of all tables, with their lines: cells without the bars; no heads, no rules.
fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_rule = |line: &str| line.starts_with("|") && line.chars().all(|sign| "|-: ".contains(sign));
    let mut rows = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let head = lines.get(at + 1).is_some_and(|next| is_rule(next));
        if line.starts_with('|') && !is_rule(line) && !head {
            let cells = line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
            rows.push((at + 1, cells.collect()));
        }
    }
    rows
}

/// Every file and heading that a page leads to is there.
fn links(path: &str, text: &str, files: &Files, problems: &mut Problems) {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for target in targets(line) {
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let own = if file.is_empty() { path.to_owned() } else { joined(folder, file) };
            if !Path::new(&own).exists() {
                problems.at(path, at + 1, &format!("leads to {own}, which is not there"));
            } else if !heading.is_empty()
                && files.text(&own).is_some_and(|page| !headings(page).contains(&heading.to_owned()))
            {
                problems.at(path, at + 1, &format!("leads to #{heading}, which {own} doesn't have"));
            }
        }
        for named in named_paths(line).filter(|named| !Path::new(named).exists()) {
            problems.at(path, at + 1, &format!("names {named}, which is not there"));
        }
    }
}

/// The targets of `[text](target)` that lie in the project.
fn targets(line: &str) -> Vec<String> {
    let parts = line.split("](").skip(1).filter_map(|part| part.split(')').next());
    parts
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .map(str::to_owned)
        .collect()
}

/// Paths in `code` that begin with one of our folders and are one file or folder.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    code.filter(|text| {
        let ours = ["crates/", "docs/", "xtask/", "e2e/", "examples/", ".ci/"];
        let plain = |sign: char| sign.is_alphanumeric() || "/._-".contains(sign);
        ours.iter().any(|folder| text.starts_with(folder))
            && text.chars().all(plain)
            && !text.contains("/out")
    })
}

fn joined(folder: &Path, file: &str) -> String {
    let mut parts: Vec<String> = folder.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part.to_owned()),
        }
    }
    parts.join("/")
}

/// The addresses that headings get: lower case, no punctuation, hyphens for spaces.
fn headings(page: &str) -> Vec<String> {
    let titles =
        page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let slug = |title: &str| -> String {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    titles.map(slug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glossary_without_a_word_of_the_format_is_found() {
        let mut problems = Problems::default();
        glossary("| word | meaning |\n|---|---|\n| estate | all |\n| estate | again |\n", &mut problems);
        assert!(problems.0.iter().any(|problem| problem.contains("second line")));
        assert!(problems.0.iter().any(|problem| problem.contains("`component`")));
    }

    #[test]
    fn links_are_taken_apart() {
        assert_eq!(targets("see [a](b.md#c) and [d](https://example.com) ![e](f.png)"), ["b.md#c", "f.png"]);
        assert_eq!(joined(Path::new("docs"), "../README.md"), "README.md");
        assert_eq!(headings("# One\n## 2. What's `two`?\n"), ["one", "2-whats-two"]);
        assert_eq!(
            named_paths("`crates/a/b.rs` `crates/*` `cargo x`").collect::<Vec<_>>(),
            ["crates/a/b.rs"]
        );
    }

    #[test]
    fn a_dependency_needs_a_line_and_a_line_needs_a_dependency() {
        let manifest: Table = "[workspace.dependencies]\nserde = \"1\"\n".parse().unwrap_or_default();
        let mut problems = Problems::default();
        dependencies("| a | b | c |\n|---|---|---|\n| `toml` | x | y |\n", &manifest, &mut problems);
        assert_eq!(problems.0.len(), 2);
    }
}
