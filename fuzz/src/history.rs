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
