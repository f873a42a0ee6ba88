//! The parsers of foreign text by themselves, for fuzzing: they take any bytes.

use crate::attributes::Attributes;
use crate::{class, commit, mailmap, people};

/// Reads bytes as a commit object; how many persons and commits it names.
pub fn commit(bytes: &[u8]) -> usize {
    let parsed = commit::parse(bytes);
    commit::parse_tag(bytes);
    people::class_of(&parsed.author);
    parsed.co_authors.len() + parsed.reviewers.len() + parsed.reverts.len()
}

/// Reads bytes as a `.mailmap`; whether it has an entry.
pub fn mailmap(bytes: &[u8]) -> bool {
    let map = mailmap::Mailmap::parse(bytes);
    map.pairs();
    !map.is_empty()
}

/// Reads bytes as a `.git-blame-ignore-revs`; how many commits it names.
pub fn ignored_commits(bytes: &[u8]) -> usize {
    mailmap::ignored_commits(bytes).len()
}

/// Reads bytes up to the first zero byte as a `.gitattributes`, and the rest as a path.
pub fn attributes(bytes: &[u8]) {
    let mut halves = bytes.splitn(2, |byte| *byte == 0);
    let mut attributes = Attributes::default();
    attributes.add(b"", halves.next().unwrap_or_default());
    let path = halves.next().unwrap_or_default();
    let said = attributes.of(path);
    class::of(&String::from_utf8_lossy(path), said);
}
