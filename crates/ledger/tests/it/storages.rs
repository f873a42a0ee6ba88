//! The ledgers of this crate, under the one suite. A new storage adds a function and its name.

use stave_ledger::{MemoryLedger, SqliteLedger};
use tempfile::TempDir;

use crate::contract::*;

pub(crate) fn memory() -> Fresh {
    Fresh { ledger: Box::new(MemoryLedger::new().unwrap()), again: None, _alive: None }
}

pub(crate) fn sqlite() -> Fresh {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    Fresh {
        ledger: Box::new(SqliteLedger::open_or_create(&path).unwrap()),
        again: Some(Box::new(move || Box::new(SqliteLedger::open(&path).unwrap()))),
        _alive: Some(Box::new(folder)),
    }
}

suites!(memory, sqlite);
