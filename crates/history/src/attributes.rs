//! What `.gitattributes` files say of files: generated, vendored, documentation (github-linguist's names), binary.

use gix::bstr::ByteSlice;
use gix::glob::Pattern;
use gix::glob::pattern::Case;
use gix::glob::wildmatch::Mode;

use crate::limits;

/// What can be said of a file. None: nobody says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) is_generated: Option<bool>,
    pub(crate) is_vendored: Option<bool>,
    pub(crate) is_documentation: Option<bool>,
    pub(crate) is_binary: Option<bool>,
}

/// All patterns of a tree that say something of this sort, in the order in which later ones win.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    rules: Vec<Rule>,
    matches: usize,
}

#[derive(Clone, Debug)]
struct Rule {
    /// The folder of the file that says so, with a slash at its end; empty at the root.
    folder: Vec<u8>,
    pattern: Pattern,
    said: Said,
}

impl Attributes {
    /// Adds a `.gitattributes` of a folder (`a/b/`, empty: the root). A folder's file must come after its parents'.
    pub(crate) fn add(&mut self, folder: &[u8], text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            if self.rules.len() >= limits::MAX_PATTERNS {
                return;
            }
            self.rules.extend(rule(folder, line));
        }
    }

    /// What is said of a file.
    pub(crate) fn of(&mut self, path: &[u8]) -> Said {
        let mut said = Said::default();
        if self.matches > limits::MAX_MATCHES {
            return said;
        }
        self.matches += self.rules.len();
        for rule in &self.rules {
            let Some(inner) = path.strip_prefix(rule.folder.as_slice()) else { continue };
            // No such path can be checked out; the matcher takes none.
            if inner.starts_with(b"/") {
                continue;
            }
            let base = memchr::memrchr(b'/', inner).map(|at| at + 1);
            let mode = Mode::NO_MATCH_SLASH_LITERAL;
            let pattern = &rule.pattern;
            if pattern.matches_repo_relative_path(inner.as_bstr(), base, Some(false), Case::Sensitive, mode) {
                said.is_generated = rule.said.is_generated.or(said.is_generated);
                said.is_vendored = rule.said.is_vendored.or(said.is_vendored);
                said.is_documentation = rule.said.is_documentation.or(said.is_documentation);
                said.is_binary = rule.said.is_binary.or(said.is_binary);
            }
        }
        said
    }
}

/// `PATTERN ATTRIBUTE…` (gitattributes). A pattern with spaces stands in double quotes.
fn rule(folder: &[u8], line: &[u8]) -> Option<Rule> {
    let line = line.trim_ascii();
    if line.is_empty() || line.starts_with(b"#") || line.starts_with(b"[attr]") {
        return None;
    }
    let (pattern, rest) = match line.strip_prefix(b"\"") {
        Some(quoted) => quoted.split_at_checked(memchr::memchr(b'"', quoted)?)?,
        None => line.split_at(line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len())),
    };
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let stars = pattern.iter().filter(|byte| **byte == b'*').count();
    if pattern.len() > limits::MAX_PATTERN_BYTES || stars > limits::MAX_PATTERN_STARS {
        return None;
    }
    let mut said = Said::default();
    for word in rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        let (name, value) = match word {
            [b'-', name @ ..] => (name, Some(false)),
            [b'!', _, ..] => continue,
            _ => match memchr::memchr(b'=', word) {
                Some(at) => (&word[..at], Some(!matches!(&word[at + 1..], b"false" | b"0"))),
                None => (word, Some(true)),
            },
        };
        match name {
            b"linguist-generated" | b"gitlab-generated" => said.is_generated = value,
            b"linguist-vendored" => said.is_vendored = value,
            b"linguist-documentation" => said.is_documentation = value,
            b"binary" => said.is_binary = value,
            _ => {}
        }
    }
    if said == Said::default() {
        return None;
    }
    let pattern = Pattern::from_bytes_without_negation(pattern)?;
    Some(Rule { folder: folder.to_vec(), pattern, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(files: &[(&str, &str)], path: &str) -> Said {
        let mut attributes = Attributes::default();
        for (folder, text) in files {
            attributes.add(folder.as_bytes(), text.as_bytes());
        }
        attributes.of(path.as_bytes())
    }

    #[test]
    fn later_and_deeper_patterns_win() {
        let files = [
            (
                "",
                "# what\n*.pb.go linguist-generated=true\n/lib/** linguist-vendored\n\"a b.txt\" binary\n* text=auto\n",
            ),
            ("lib/own/", "* -linguist-vendored\n"),
        ];
        assert_eq!(said(&files, "x/y.pb.go").is_generated, Some(true));
        assert_eq!(said(&files, "lib/x.c").is_vendored, Some(true));
        assert_eq!(said(&files, "src/lib/x.c").is_vendored, None);
        assert_eq!(said(&files, "lib/own/x.c").is_vendored, Some(false));
        assert_eq!(said(&files, "a b.txt").is_binary, Some(true));
        assert_eq!(said(&files, "src/x.c"), Said::default());
    }

    #[test]
    fn a_path_that_begins_with_a_slash_was_a_panic() {
        assert_eq!(said(&[("", "/[a-c] binary\n")], "/a"), Said::default());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_set_of_attributes(text in "([a-c*?/\\[\\]!\" \n=#-]|binary|linguist-generated)*", path: String) {
            let mut attributes = Attributes::default();
            attributes.add(b"", text.as_bytes());
            attributes.add(b"a/", text.as_bytes());
            attributes.of(path.as_bytes());
            attributes.of(b"a/b/c");
        }
    }
}
