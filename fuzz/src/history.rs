//! What comes out of other people's repositories: commit objects, and the files that say who is who and what is what.

use stave_history::parsers;

/// A commit or tag object, with the trailers of its message.
pub(crate) fn commit(bytes: &[u8]) {
    parsers::commit(bytes);
}

/// A `.mailmap`, and a `.git-blame-ignore-revs`.
pub(crate) fn mailmap(bytes: &[u8]) {
    parsers::mailmap(bytes);
    parsers::ignored_commits(bytes);
}

/// A `.gitattributes`, and behind a zero byte a path.
pub(crate) fn attributes(bytes: &[u8]) {
    parsers::attributes(bytes);
}

/// Two trees: what is skipped of both is the same number of entries.
pub(crate) fn trees(bytes: &[u8]) {
    if let Some(([old, new], left)) = parsers::trees(bytes) {
        let [old_left, new_left] = left.expect("what is left begins with an entry");
        assert!(old_left <= old && new_left <= new && old - old_left == new - new_left);
    }
}

/// A base and a delta to it.
pub(crate) fn delta(bytes: &[u8]) {
    const MOST_BYTES: u64 = 1 << 20;
    if let Some(made) = parsers::delta(bytes, MOST_BYTES) {
        assert!(made.len() as u64 <= MOST_BYTES);
    }
}
