//! A scanned tree's own stave.toml. It is not trusted: it may set only how its tree is read.

use crate::Warning;
use crate::parse::parse_toml;
use crate::tools::Table;

/// What a tree's stave.toml may say.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The repository's name where origin has none; never a host.
    pub(crate) name: Option<String>,
    /// Paths that are read though the table of places leaves them out.
    pub(crate) include: Vec<String>,
    /// Paths that put no pieces on the map.
    pub(crate) exclude: Vec<String>,
    /// Tools that Stave doesn't know. That a tree names its own harms nobody: a row says only what a file means.
    pub(crate) tools: Vec<Table>,
}

/// Keys that mean something where the file is an estate's as well; a repository can't set them.
pub(crate) const ESTATE_KEYS: &[&str] = &["board", "color", "person"];

/// Reads the settings; what is unknown, unless it is among `others`, or of the wrong form becomes a warning.
pub(crate) fn read_settings(
    path: &str,
    text: &str,
    others: &[&str],
    warnings: &mut Vec<Warning>,
) -> Settings {
    let mut settings = Settings::default();
    let mut warn = |line: Option<u32>, what: String, hint: Option<&str>| {
        warnings.push(Warning { path: path.to_owned(), line, what, hint: hint.map(str::to_owned) });
    };
    let root = match parse_toml(text) {
        Ok(root) => root,
        Err(error) => {
            warn(error.line, error.what, None);
            return settings;
        }
    };
    for (key, node) in root.entries() {
        match &**key {
            "name" => match node.text() {
                Some(name) => settings.name = Some(name.to_owned()),
                None => warn(Some(node.line), "name is no text".to_owned(), None),
            },
            "scan" => {
                for (key, node) in node.entries() {
                    let list: Vec<String> =
                        node.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect();
                    match &**key {
                        "include" => settings.include = list,
                        "exclude" => settings.exclude = list,
                        other => warn(
                            Some(node.line),
                            format!("unknown setting scan.{other}"),
                            Some("a scanned tree may set name, scan.include, scan.exclude and tools"),
                        ),
                    }
                }
            }
            "tools" => {
                let (table, problems) = Table::of_settings(node);
                settings.tools.push(table);
                for problem in problems {
                    warn(problem.line, problem.what, None);
                }
            }
            other if others.contains(&other) => {}
            other => warn(
                Some(node.line),
                format!("unknown setting {other}"),
                Some("a scanned tree may set name, scan.include, scan.exclude and tools"),
            ),
        }
    }
    settings
}

impl Settings {
    /// Whether a path (relative to the repository's root) is named by a pattern list: a folder or file, or
    /// a pattern with `*` inside one part and `**` across parts.
    pub(crate) fn matches(patterns: &[String], path: &str) -> bool {
        patterns.iter().any(|pattern| {
            let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
            !pattern.is_empty() && glob(pattern, path)
        })
    }
}

/// Whether a pattern covers a path or a folder above it.
fn glob(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).take(64).collect();
    let path: Vec<&str> = path.split('/').collect();
    // reach[j]: the pattern so far covers the first j parts of the path.
    let mut reach = vec![false; path.len() + 1];
    reach[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        if part == "**" {
            let mut open = false;
            for (at, slot) in next.iter_mut().enumerate() {
                open |= reach[at];
                *slot = open;
            }
        } else {
            for at in 0..path.len() {
                next[at + 1] = reach[at] && part_matches(part, path[at]);
            }
        }
        reach = next;
    }
    reach[1..].iter().any(|covered| *covered)
}

fn part_matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(first) = pieces.next() else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_folders_and_files() {
        for (pattern, path, want) in [
            ("legacy/", "legacy/a/b.yml", true),
            ("legacy", "x/legacy/b.yml", false),
            ("**/legacy", "x/legacy/b.yml", true),
            ("*.yml", "a.yml", true),
            ("deploy/*/old", "deploy/eu/old/x", true),
            ("deploy/*/old", "deploy/eu/new/x", false),
            ("**/*.gen.yaml", "a/b/c.gen.yaml", true),
        ] {
            assert_eq!(Settings::matches(&[pattern.to_owned()], path), want, "{pattern} {path}");
        }
    }

    #[test]
    fn unknown_settings_are_warned_of_and_do_nothing() {
        let mut warnings = Vec::new();
        let settings = read_settings(
            "stave.toml",
            "name = \"shop\"\nledger_path = \"/etc\"\n[scan]\nexclude = [\"old\"]\nrun = \"x\"\n",
            &[],
            &mut warnings,
        );
        assert_eq!(settings.name.as_deref(), Some("shop"));
        assert_eq!(settings.exclude, ["old"]);
        let lines: Vec<Option<u32>> = warnings.iter().map(|warning| warning.line).collect();
        assert_eq!(lines, [Some(2), Some(5)]);
    }
}
