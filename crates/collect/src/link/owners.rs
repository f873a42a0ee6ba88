//! Rules of CODEOWNERS and OWNERS files onto pieces: the last rule that matches a piece's files owns it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use stave_model::Reference;

/// One line of a CODEOWNERS file, or an OWNERS file.
#[derive(Clone, Debug)]
pub(crate) struct OwnerRule {
    pub(crate) reader: &'static str,
    /// The folder that the file speaks for, with `/` at its end; empty: the whole repository.
    pub(crate) base: String,
    pub(crate) pattern: String,
    /// Nobody, where a line takes owners away.
    pub(crate) owners: BTreeSet<Reference>,
    pub(crate) path: String,
    pub(crate) line: u32,
}

/// Rules, ready to be asked.
pub(super) struct Owners<'a> {
    rules: &'a [OwnerRule],
    /// One matcher for the rules of each base; a pattern's source is its position among the rules.
    matchers: BTreeMap<&'a str, Gitignore>,
}

impl<'a> Owners<'a> {
    pub(super) fn new(rules: &'a [OwnerRule]) -> Owners<'a> {
        let mut builders: BTreeMap<&str, GitignoreBuilder> = BTreeMap::new();
        for (position, rule) in rules.iter().enumerate() {
            // A rule for one kind of file says nothing about who owns a service.
            let last = rule.pattern.rsplit('/').next().unwrap_or("");
            if last.starts_with("*.") {
                continue;
            }
            let builder = builders.entry(&rule.base).or_insert_with(|| GitignoreBuilder::new(""));
            // A pattern that is none owns nothing.
            let _ = builder.add_line(Some(position.to_string().into()), rule.pattern.trim_start_matches('!'));
        }
        let build = |(base, builder): (&'a str, GitignoreBuilder)| Some((base, builder.build().ok()?));
        Owners { rules, matchers: builders.into_iter().filter_map(build).collect() }
    }

    /// The rule that owns a file: the last that matches it or a folder above it.
    pub(super) fn of(&self, file: &str) -> Option<&'a OwnerRule> {
        if file.is_empty() || file.starts_with('/') {
            return None;
        }
        let position = |base: &str, matcher: &Gitignore| -> Option<usize> {
            let mut path = Path::new(file.strip_prefix(base)?);
            let mut best: Option<usize> = None;
            let mut is_folder = false;
            while !path.as_os_str().is_empty() {
                let found = matcher.matched(path, is_folder);
                let source = found.inner().and_then(|glob| glob.from()).and_then(Path::to_str);
                best = best.max(source.and_then(|source| source.parse().ok()));
                is_folder = true;
                path = path.parent()?;
            }
            best
        };
        let last = self.matchers.iter().filter_map(|(base, matcher)| position(base, matcher)).max()?;
        self.rules.get(last)
    }

    /// The last rule for everything: who owns the repository.
    pub(super) fn of_all(&self) -> Option<&'a OwnerRule> {
        self.rules
            .iter()
            .rev()
            .filter(|rule| rule.base.is_empty())
            .find(|rule| matches!(rule.pattern.as_str(), "*" | "**" | "/" | "/**" | "/*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_match_owns() {
        let rules: Vec<OwnerRule> =
            [("*", "team:h/o/all"), ("/svc/", "team:h/o/svc"), ("/svc/old/", ""), ("*.md", "team:h/o/docs")]
                .iter()
                .enumerate()
                .map(|(index, (pattern, owner))| OwnerRule {
                    reader: "codeowners",
                    base: String::new(),
                    pattern: (*pattern).to_owned(),
                    owners: owner.parse().into_iter().collect(),
                    path: "CODEOWNERS".to_owned(),
                    line: index as u32 + 1,
                })
                .collect();
        let owners = Owners::new(&rules);
        let line = |file: &str| owners.of(file).map(|rule| rule.line);
        assert_eq!(line("web/package.json"), Some(1));
        assert_eq!(line("svc/a/go.mod"), Some(2));
        assert_eq!(line("svc/old/go.mod"), Some(3));
        assert_eq!(line("svc/README.md"), Some(2));
        assert_eq!(owners.of_all().map(|rule| rule.line), Some(1));
        let nested: Vec<OwnerRule> =
            rules.iter().map(|rule| OwnerRule { base: "sub/".to_owned(), ..rule.clone() }).collect();
        let nested = Owners::new(&nested);
        assert_eq!(nested.of("sub/svc/a/go.mod").map(|rule| rule.line), Some(2));
        assert!(nested.of("svc/a/go.mod").is_none() && nested.of_all().is_none());
    }
}
