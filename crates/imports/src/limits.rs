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
/// Largest file of tickets, incidents or deployments, in bytes: it is held in memory as a whole.
pub const RECORD_FILE_BYTES: u64 = 128 * 1024 * 1024;
/// Most tickets, incidents and deployments of one file.
pub const ROWS: usize = 1_000_000;
/// Most columns of a table.
pub const COLUMNS: usize = 2_000;
/// Most changes of state of one ticket that are kept; the first ones.
pub const TRANSITIONS: usize = 200;
/// Most services or labels of one record that are kept.
pub const NAMES: usize = 50;
/// Longest title that is kept, in characters.
pub const TITLE_CHARS: usize = 300;
/// Longest name of a state, service or label that is kept, in characters.
pub const WORD_CHARS: usize = 100;
/// Longest text beside the title that is kept, in characters: enough to tell what an incident was about.
pub const TEXT_CHARS: usize = 2_000;
/// Longest web address that is kept, in bytes.
pub const URL_BYTES: usize = 500;
/// Longest text that is read as a moment, in bytes.
pub const MOMENT_BYTES: usize = 64;
/// Largest part of a workbook when it is unpacked, and most text of its cells, in bytes.
pub const SHEET_BYTES: usize = 128 * 1024 * 1024;
/// Longest text of a cell that is looked at, in bytes.
pub const CELL_BYTES: usize = 16 * 1024;
