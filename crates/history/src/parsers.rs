//! The parsers of foreign text by themselves, for fuzzing: they take any bytes.

use crate::attributes::Attributes;
use crate::{class, commit, mailmap, objects, people, trees};

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

/// Reads bytes as two trees, the second behind as many bytes as the first byte says; how many entries each has, and how
/// many are left of each when what both begin with is skipped. None where one is damaged.
pub fn trees(bytes: &[u8]) -> Option<([usize; 2], Option<[usize; 2]>)> {
    let (first, rest) = bytes.split_first()?;
    let (mut old, mut new) = rest.split_at_checked(usize::from(*first))?;
    let counts = |old: &[u8], new: &[u8]| Some([trees::count(old).ok()?, trees::count(new).ok()?]);
    let whole = counts(old, new);
    let left = trees::skip_equal(&mut old, &mut new).ok().and_then(|()| counts(old, new));
    Some((whole?, left))
}

/// Reads bytes as a base, as many as the first byte says, and a delta to it; what comes of it, if anything does.
pub fn delta(bytes: &[u8], max_bytes: u64) -> Option<Vec<u8>> {
    let (first, rest) = bytes.split_first()?;
    let (base, delta) = rest.split_at_checked(usize::from(*first))?;
    objects::apply(base, delta, max_bytes).ok()
}
