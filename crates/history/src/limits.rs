//! Limits on everything that is read from a repository. What is over is left out, and the reader says so.

/// Largest commit or tag object, in bytes. Git itself writes none of this size; a larger one counts as unread.
pub const MAX_COMMIT_BYTES: u64 = 64 * 1024 * 1024;

/// How much of a message's beginning is searched for reverts, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// How much of a message's end is searched for trailers, in bytes.
pub const MAX_TRAILER_BYTES: usize = 64 * 1024;

/// Trailers of one kind that count in one commit.
pub const MAX_TRAILERS: usize = 64;

/// Commits that one commit takes back.
pub const MAX_REVERTS: usize = 256;

/// Parents of one commit.
pub const MAX_PARENTS: usize = 256;

/// Longest name or address of a person, in bytes; what is longer is cut.
pub const MAX_IDENTITY_BYTES: usize = 512;

/// Largest tree object, in bytes.
pub const MAX_TREE_BYTES: u64 = 256 * 1024 * 1024;

/// Largest file whose content is compared with another's, in bytes. A larger one is "not similar".
pub const MAX_COMPARED_BYTES: u64 = 64 * 1024 * 1024;

/// Deltas between an object and its base in a pack. Git makes at most 4,095.
pub const MAX_DELTAS: usize = 8 * 1024;

/// Folders inside one another. Git reads 2,048.
pub const MAX_DEPTH: usize = 1024;

/// Changed files of one commit. Trees can be nested so that a few kilobytes stand for billions of files.
pub const MAX_CHANGES: usize = 1_000_000;

/// Files of the tip's tree that become rows.
pub const MAX_FILES: usize = 1_000_000;

/// Removed times added files that are compared with each other: as many as git compares (`diff.renameLimit` 1000).
pub const MAX_COMPARISONS: usize = 1000 * 1000;

/// Commits of a history.
pub const MAX_COMMITS: usize = 20_000_000;

/// Tags of a repository.
pub const MAX_TAGS: usize = 200_000;

/// Tags that lead to tags.
pub const MAX_TAG_DEPTH: usize = 16;

/// Largest .mailmap, .git-blame-ignore-revs and .gitattributes, in bytes.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Lines of a .mailmap, commits of a .git-blame-ignore-revs.
pub const MAX_ROWS: usize = 100_000;

/// Longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 4096;

/// Commits whose changes could not be told that are listed one by one, so that a later run looks again. Where there
/// are more, their objects were left out on purpose, and such commits are not kept at all.
pub const MAX_LISTED: usize = 1000;

/// Decoded objects that one thread keeps, in bytes.
pub const CACHE_BYTES: usize = 24 * 1024 * 1024;

/// Threads that read changes.
pub const MAX_THREADS: usize = 16;

/// Patterns of all .gitattributes together that say what a file is.
pub const MAX_PATTERNS: usize = 4_000;

/// Longest such pattern, in bytes, and how many stars it may have: each can multiply the time of a match.
pub const MAX_PATTERN_BYTES: usize = 512;
/// See [`MAX_PATTERN_BYTES`].
pub const MAX_PATTERN_STARS: usize = 8;

/// Patterns times files that are matched; what is left over goes by its path alone.
pub const MAX_MATCHES: usize = 50_000_000;
