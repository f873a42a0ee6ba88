//! Limits of what is imported; what is over one is said, never dropped silently.

/// Largest file, in bytes.
pub const FILE_BYTES: u64 = 512 * 1024 * 1024;
/// Most spans of one file.
pub const SPANS: usize = 5_000_000;
/// Most components or packages of one bill of materials that are looked at.
pub const COMPONENTS: usize = 500_000;
/// Most warnings about one file.
pub const WARNINGS: usize = 500;
/// Longest name that is kept, in bytes.
pub const NAME_BYTES: usize = 300;
/// Longest description that is kept, in bytes.
pub const DESCRIPTION_BYTES: usize = 2_000;
