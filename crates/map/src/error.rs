use std::path::PathBuf;

/// Why the map can't be had.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The ledger can't be read.
    #[error(transparent)]
    Ledger(#[from] stave_ledger::Error),
    /// The read model's file can't be opened or made.
    #[error(
        "the read model {path} can't be opened: {cause}\n\nhint: it holds nothing of its own; delete it and it is made again"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system says.
        cause: String,
    },
    /// A question to the read model failed.
    #[error(
        "the read model failed: {0}\n\nhint: it holds nothing of its own; delete it and it is made again"
    )]
    Sql(#[from] rusqlite::Error),
    /// A copy of a read model can't be written, or put into place.
    #[error(
        "{}: the copy of a read model can't be used: {what}; nothing was changed\n\nhint: write a new one: stave readmodel save FILE; without any, the map is made from the ledger",
        .path.display()
    )]
    Saved {
        /// The copy.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// A statement in the ledger is not what its format promises.
    #[error("statement {number} of the ledger can't be folded: {cause}")]
    Statement {
        /// Its number in this ledger.
        number: u64,
        /// What is wrong.
        cause: String,
    },
}

/// What the functions of this crate give.
pub type Result<T, E = MapError> = std::result::Result<T, E>;
