//! Rules on every text of the project.

use super::{Files, Problems};

const MOST_LINES: usize = 800;

pub(super) fn check(files: &Files, problems: &mut Problems) {
    for (path, text) in files.iter() {
        if !is_written_by_tools(path) {
            length(path, text, problems);
            markers(path, text, problems);
        }
        paths(path, text, problems);
    }
    for needed in
        ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
    {
        if files.text(needed).is_none() {
            problems.of(needed, "is missing");
        }
    }
}

/// Locks, snapshots, test vectors, the reference, which is the binary's help, and the API's description: their length is not ours to choose.
fn is_written_by_tools(path: &str) -> bool {
    let ends = [
        ".lock",
        "package-lock.json",
        ".snap",
        ".jsonl",
        ".svg",
        "LICENSE-APACHE",
        "docs/reference.md",
        "docs/openapi.json",
    ];
    ends.iter().any(|end| path.ends_with(end)) || path.contains("/vectors/")
}

/// A file that can be read in one sitting can be proofread.
fn length(path: &str, text: &str, problems: &mut Problems) {
    let lines = text.lines().count();
    // A table is looked up, not read from top to bottom.
    let is_table = path.starts_with("crates/") && path.contains("/data/");
    if lines > MOST_LINES && !is_table {
        problems.of(path, &format!("has {lines} lines; {MOST_LINES} are allowed"));
    }
}

/// What isn't finished is left out, and said so where people look: in the issue.
fn markers(path: &str, text: &str, problems: &mut Problems) {
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|halves| halves.concat());
    for (at, line) in text.lines().enumerate() {
        let mut parts = line.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_' && sign != '-');
        if let Some(word) = parts.find(|part| words.iter().any(|word| word == part)) {
            problems.at(path, at + 1, &format!("{word}: finish it, or leave it out"));
        }
        if line.starts_with(&"<".repeat(7)) || line.starts_with(&">".repeat(7)) {
            problems.at(path, at + 1, "is left over from a merge");
        }
    }
}

/// A path of one machine says nothing on another.
fn paths(path: &str, text: &str, problems: &mut Problems) {
    let machine = ["/work", "/root", "/home", "/Users"].map(|folder| format!("{folder}/"));
    for (at, line) in text.lines().enumerate() {
        for folder in &machine {
            let stands_alone = line.match_indices(folder.as_str()).any(|(start, _)| {
                !line[..start].ends_with(|sign: char| sign.is_alphanumeric() || "._-*$}/".contains(sign))
            });
            if stands_alone {
                problems.at(path, at + 1, &format!("{folder} is a path of one machine"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_path_is_found_and_a_relative_one_is_not() {
        let mut problems = Problems::default();
        paths("x", &format!("see {}/a and src{}/b\n", "/work", "/work"), &mut problems);
        assert_eq!(problems.0.len(), 1);
        paths("x", &format!("src{}/b, https://example.com{}/c", "/home", "/home"), &mut problems);
        assert_eq!(problems.0.len(), 1);
    }

    #[test]
    fn a_marker_is_a_word_of_its_own() {
        let mut problems = Problems::default();
        markers("x", &format!("// {}{}: later\nmethod {}{}S\n", "TO", "DO", "TO", "DO"), &mut problems);
        assert_eq!(problems.0.len(), 1);
    }
}
