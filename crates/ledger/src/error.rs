//! Everything that can go wrong with a ledger, said so that a reader knows what to do next.

use std::path::PathBuf;

use stave_model::{CheckError, Hash};

use crate::remote::RemoteProblem;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with which ledger or input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A statement that breaks a rule of the format.
    #[error("statement {} is refused: {problem}", .id.short())]
    Refused {
        /// The statement's id, as its header gives it.
        id: Hash,
        /// The rule.
        problem: CheckError,
    },
    /// There is no statement with this number.
    #[error("there is no statement number {0}")]
    NoStatement(u64),
    /// No file where a ledger should be.
    #[error("{}: there is no ledger", .0.display())]
    Missing(PathBuf),
    /// A file that is something else.
    #[error("{}: {what}\n\nhint: move the file away if it is something else, or restore the ledger from a backup", .path.display())]
    NoLedger {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// Written by a newer Stave.
    #[error("{}: the ledger has schema {found}; this Stave knows up to {known}\n\nhint: use the newer Stave that wrote it", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this code knows.
        known: i64,
    },
    /// Stored bytes that are not what was written.
    #[error(
        "the ledger is damaged: {0}\n\nhint: restore it from a backup, or merge an export of another copy into a new one"
    )]
    Damaged(String),
    /// Others kept on writing for longer than the patience of this ledger.
    #[error("{}: another process has been writing to the ledger for too long; nothing was written\n\nhint: try again when it is done", .0.display())]
    Busy(PathBuf),
    /// Something is where something shall be made.
    #[error("{}: there is something already; nothing was changed", .0.display())]
    Occupied(PathBuf),
    /// Statements that stood already were changed or let go while they were read.
    #[error(
        "the ledger was compacted, or something in it redacted, while it was copied: the copy is not whole\n\nhint: make it again"
    )]
    Moved,
    /// A kind of ledger that can't do this.
    #[error("{0}")]
    Unable(&'static str),
    /// No permission to write.
    #[error("{}: the ledger can't be written: {reason}; nothing was changed\n\nhint: check the permissions of the file and its folder (SQLite needs both)", .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A ledger as it was is only read.
    #[error("the past can't be changed\n\nhint: leave out --at")]
    Past,
    /// No space left.
    #[error("{}: the disk is full; nothing of this was written, everything before is safe\n\nhint: make room and try again", .0.display())]
    Full(PathBuf),
    /// A file that can't be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Anything else that the storage says.
    #[error("{}: {reason}", .path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// What the storage says.
        reason: String,
    },
    /// What a database server says, or that it can't be reached.
    #[error("{ledger}: {reason}\n\nhint: {hint}")]
    Server {
        /// Which one, without a password.
        ledger: String,
        /// What it says.
        reason: String,
        /// What to do about it.
        hint: String,
    },
    /// A line of an export that a merge doesn't take.
    #[error("{input}, line {line}; nothing was merged: {problem}")]
    Line {
        /// The file, or what stands for it.
        input: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it, with a hint.
        problem: String,
    },
    /// An export that can't be written on.
    #[error("the export can't be written: {0}")]
    Export(std::io::Error),
    /// A ledger that is reached over HTTP.
    #[error("{address}: {problem}")]
    Remote {
        /// The server's address; it holds no secret.
        address: String,
        /// What went wrong.
        problem: RemoteProblem,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// What a caller's own function said.
    #[error(transparent)]
    Caller(#[from] Box<dyn std::error::Error + Send + Sync>),
}
