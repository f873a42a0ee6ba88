//! The ledgers of this crate, under the one suite. A new storage adds a function and its name.

use stave_ledger::{MemoryLedger, PostgresLedger, SqliteLedger};
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

pub(crate) fn postgres() -> Option<Fresh> {
    let url = crate::postgres::database()?;
    Some(Fresh {
        ledger: Box::new(PostgresLedger::open_or_create(&url).unwrap()),
        again: Some(Box::new(move || Box::new(PostgresLedger::open(&url).unwrap()))),
        _alive: None,
    })
}

suites!(memory, sqlite, postgres);
