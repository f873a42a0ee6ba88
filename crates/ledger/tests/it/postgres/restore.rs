//! Backups of files in databases, and back.

use std::path::Path;

use stave_ledger::{Error, Horizon, Ledger, PostgresLedger, SqliteLedger, Store};
use stave_model::Time;
use tempfile::TempDir;

use super::cuts::{Cut, Proxy};
use super::place;
use crate::exchange::exported;
use crate::keeping::filled;
use crate::make::{forget, time, word};

const NOW_MS: i64 = 1_790_000_000_000;

fn restore(url: &str, backup: &Path, folder: &TempDir) -> Result<PostgresLedger, Error> {
    PostgresLedger::restore(url, backup, folder.path(), Time::from_millis(NOW_MS))
}

#[test]
fn a_backup_keeps_everything_on_its_way_into_a_database_and_out_again() {
    let Some((server, name, url)) = place() else { return };
    let folder = TempDir::new().unwrap();
    let mut ledger = filled(&folder.path().join("ledger.db"));
    ledger.append(&[forget(6, "bob", "person:carl"), word(7, "ann", "cake")]).unwrap();
    ledger.compact(&[1], Horizon { time: time(2), position: 3 }).unwrap();
    let other = stave_ledger::Estate { id: "7".repeat(32), key: ledger.estate_key().unwrap() };
    ledger.meet_estates(std::slice::from_ref(&other)).unwrap();
    let backup = folder.path().join("backup.sqlite");
    ledger.backup(&backup).unwrap();
    let bytes = std::fs::read(&backup).unwrap();

    let restored = restore(&url, &backup, &folder).unwrap();
    assert_eq!(std::fs::read(&backup).unwrap(), bytes);
    let again = folder.path().join("again.sqlite");
    let mut restored: Box<dyn Ledger> = Box::new(restored);
    SqliteLedger::backup_of(&mut *restored, &again).unwrap();
    let copy = SqliteLedger::open(&again).unwrap();
    for found in [&*restored as &dyn Ledger, &copy] {
        assert_eq!(exported(found), exported(&ledger));
        assert_eq!(found.info().unwrap().ledger, ledger.info().unwrap().ledger);
        assert_eq!(found.info().unwrap().epoch, NOW_MS as u64);
        assert_eq!(found.heard().unwrap(), ledger.heard().unwrap());
        assert_eq!(found.forgotten().unwrap(), ["person:carl"]);
        assert_eq!(found.redacted().unwrap(), ledger.redacted().unwrap());
        assert_eq!(found.other_estates().unwrap(), std::slice::from_ref(&other));
        // Numbered anew, without a gap where something was compacted away.
        assert_eq!(found.position().unwrap(), 6);
        assert_eq!(found.horizon().unwrap(), Some(Horizon { time: time(2), position: 2 }));
    }
    assert_eq!(copy.item("user", "ann").unwrap().as_deref(), Some("{}"));
    assert_eq!(server.sql(&name, "SELECT count(*) FROM shelf").unwrap(), "1", "no sessions");
    assert_eq!(restored.append(&[word(9, "ann", "later")]).unwrap()[0].number, 7);

    // What stands there is not touched.
    let before = exported(&*restored);
    let error = restore(&url, &backup, &folder).unwrap_err();
    assert!(matches!(error, Error::Occupied(_)), "{error}");
    assert_eq!(exported(&*restored), before);
}

#[test]
fn a_restore_that_is_cut_is_there_whole() {
    let folder = TempDir::new().unwrap();
    let ledger = filled(&folder.path().join("ledger.db"));
    let backup = folder.path().join("backup.sqlite");
    ledger.backup(&backup).unwrap();
    for cut in [Cut::Before, Cut::After] {
        let Some((server, name, url)) = place() else { return };
        PostgresLedger::open_or_create(&url).unwrap();
        let proxy = Proxy::start(server.port);
        proxy.cut(cut);
        let by = server.url_by(proxy.port, &name);
        let restored = restore(&by, &backup, &folder).unwrap();
        assert!(proxy.is_done(), "{cut:?} didn't happen");
        assert_eq!(exported(&restored), exported(&ledger));
    }
}
