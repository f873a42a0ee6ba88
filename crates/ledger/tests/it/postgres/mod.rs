//! The ledger on a real PostgreSQL server: what only several of them at once, a network between, and a server that
//! dies can do to it.

mod access;
mod crash;
mod cuts;
mod differences;
mod restore;
mod several;

use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use stave_ledger::{Entry, Ledger, PostgresLedger, statement};

use crate::server::{Server, programs};

/// One server for all tests of this binary, which tests of the contract share: each has a database of its own. What
/// it says it has written need not survive a power cut; the tests that need that start their own.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| start(&["fsync=off", "max_connections=200"])).as_ref()
}

/// A server; none where PostgreSQL is not installed, which is said, and with CI=true is a failure.
pub(crate) fn start(settings: &[&str]) -> Option<Server> {
    if programs().is_none() {
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "CI=true: PostgreSQL is not installed, and a test that is skipped has failed");
        eprintln!("skipped: PostgreSQL is not installed (cargo xtask test --install)");
        return None;
    }
    Some(Server::start(settings).unwrap())
}

/// A name for a new database.
pub(crate) fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The URL of a new database.
pub(crate) fn database() -> Option<String> {
    Some(server()?.database(&name()).unwrap())
}

/// A server, the name of a new database, and its URL.
pub(crate) fn place() -> Option<(&'static Server, String, String)> {
    let (server, name) = (server()?, name());
    let url = server.database(&name).unwrap();
    Some((server, name, url))
}

/// Nothing is twice there, nothing missing in between, every statement whole; and no body that belongs to none.
pub(crate) fn sound(server: &Server, url: &str, database: &str) -> Vec<Entry> {
    let ledger = PostgresLedger::open(url).unwrap();
    let entries = ledger.entries(0, usize::MAX).unwrap();
    let mut ids = HashSet::new();
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry.number, index as u64 + 1, "numbers have no gaps");
        assert_eq!(entry.id, entry.header.id());
        assert!(ids.insert(entry.id), "{} is there twice", entry.id);
        statement(&ledger, &entry.id).unwrap().unwrap().check().unwrap();
    }
    assert_eq!(ledger.position().unwrap(), entries.len() as u64);
    let claims: HashSet<_> = entries.iter().map(|entry| entry.header.claims).collect();
    let bodies = server.sql(database, "SELECT count(DISTINCT body) FROM bodies").unwrap();
    assert_eq!(bodies, claims.len().to_string(), "one body for each hash of claims");
    entries
}
