//! Whether what was read of a ledger, page by page while others write, was of one moment.

use crate::error::{Error, Result};
use crate::{Horizon, Info, Ledger};

/// What changes when statements that stood already are changed or let go: a redaction and a compaction raise the
/// revision, a restore the epoch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) info: Info,
    pub(crate) horizon: Option<Horizon>,
}

impl Moment {
    /// The one that begins now.
    pub(crate) fn now(ledger: &dyn Ledger) -> Result<Moment> {
        Ok(Moment { info: ledger.info()?, horizon: ledger.horizon()? })
    }

    /// What was read since then, where it still is that moment; else [`Error::Moved`], also in the place of a failure,
    /// which may come of it.
    pub(crate) fn held<T>(&self, ledger: &dyn Ledger, read: Result<T>) -> Result<T> {
        match Moment::now(ledger) {
            Ok(now) if now != *self => Err(Error::Moved),
            Ok(_) => read,
            Err(error) => read.and(Err(error)),
        }
    }
}
