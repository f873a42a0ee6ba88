//! Rules on Rust code in crates/.

use super::source::{code_only, places, without_tests};
use super::{Files, Problems};

/// Words that only some crates may use.
struct Rule {
    words: &'static [&'static str],
    /// Folders under crates/ where they may stand.
    allowed_in: &'static [&'static str],
    /// Or, where this isn't empty, the only folders in which they may not.
    forbidden_in: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &[
            "println!",
            "print!",
            "eprintln!",
            "eprint!",
            "dbg!",
            "io::stdout",
            "io::stderr",
            "io::stdin",
        ],
        allowed_in: &["stave"],
        forbidden_in: &[],
        why: "only the binary talks to the terminal: a library is used by servers and tests, too",
    },
    Rule {
        words: &[
            "std::env",
            "env::var",
            "env::var_os",
            "env::args",
            "env::args_os",
            "env::current_dir",
            "env::temp_dir",
            "env::home_dir",
            "home_dir",
        ],
        allowed_in: &["stave"],
        forbidden_in: &[],
        why: "only the binary reads environment and home: what a library does is in its arguments",
    },
    Rule {
        words: &["process::exit", "process::abort", "ExitCode"],
        allowed_in: &["stave"],
        forbidden_in: &[],
        why: "only the binary ends the process",
    },
    Rule {
        words: &["process::Command", "Command::new"],
        allowed_in: &["stave"],
        forbidden_in: &[],
        why: "libraries start no programs; nothing in a scanned tree is executed",
    },
    Rule {
        words: &["async fn", "async move", ".await", "tokio::"],
        allowed_in: &["server"],
        forbidden_in: &[],
        why: "async lives in stave-server; everything else is plain functions",
    },
    Rule {
        words: &["std::fs", "std::net", "fs::read", "fs::write", "File::open"],
        allowed_in: &[],
        forbidden_in: &["model", "answers", "board"],
        why: "this crate is pure: no files, no sockets",
    },
    Rule {
        words: &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"],
        allowed_in: &[],
        forbidden_in: &["model", "map", "answers", "board"],
        why: "this crate knows no clock: times come in as arguments, so that every answer can be had again",
    },
    Rule {
        words: &["todo!", "unimplemented!"],
        allowed_in: &[],
        forbidden_in: &[],
        why: "unfinished code is left out",
    },
];

pub(super) fn check(files: &Files, problems: &mut Problems) {
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let Some(rest) = path.strip_prefix("crates/") else { continue };
        let Some((folder, file)) = rest.split_once('/') else { continue };
        let code = code_only(text);
        for line in places(&code, "#[ignore") {
            problems.at(path, line, "a test that is ignored tests nothing");
        }
        if file.starts_with("src/") {
            library(path, folder, &without_tests(&code), problems);
        }
    }
}

fn library(path: &str, folder: &str, code: &str, problems: &mut Problems) {
    let code = plain_imports(code);
    for rule in RULES {
        let free = if rule.forbidden_in.is_empty() {
            rule.allowed_in.contains(&folder)
        } else {
            !rule.forbidden_in.contains(&folder)
        };
        if free {
            continue;
        }
        let mut lines: Vec<(usize, &str)> = Vec::new();
        for word in rule.words {
            lines.extend(places(&code, word).into_iter().map(|line| (line, *word)));
        }
        lines.sort_unstable();
        lines.dedup_by_key(|(line, _)| *line);
        for (line, word) in lines {
            problems.at(path, line, &format!("`{word}`: {}", rule.why));
        }
    }
}

/// Spells out `use std::{env, fs};`, so that rules find `std::env` and `std::fs`. One level is what people write.
fn plain_imports(code: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in code.lines() {
        let mut line = line.to_owned();
        if let Some((before, group)) = line.split_once("use std::{") {
            let names = group.split(['}', ';']).next().unwrap_or_default();
            let uses: Vec<String> =
                names.split(',').map(|name| format!("use std::{};", name.trim())).collect();
            line = format!("{before}{}", uses.join(" "));
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &str, code: &str) -> Vec<String> {
        let mut problems = Problems::default();
        library("x.rs", folder, &without_tests(&code_only(code)), &mut problems);
        problems.0
    }

    #[test]
    fn a_library_that_prints_is_found_and_the_binary_is_not() {
        assert_eq!(found("map", "fn a() {\n    println!(\"x\");\n}").len(), 1);
        assert!(found("stave", "fn a() { println!(\"x\"); }").is_empty());
        assert!(
            found("map", "// println!(\"x\")\n#[cfg(test)]\nmod tests { fn a() { println!(); } }").is_empty()
        );
    }

    #[test]
    fn grouped_imports_are_seen() {
        assert_eq!(found("collect", "use std::{env, fs};").len(), 1);
        assert_eq!(found("model", "use std::{fmt, fs};").len(), 1);
        assert!(found("collect", "use std::{fmt, fs};").is_empty());
    }

    #[test]
    fn a_field_called_env_is_no_environment() {
        assert!(found("map", "let x = claim.env.len(); let v = env!(\"CARGO_PKG_VERSION\");").is_empty());
    }
}
