//! The small store beside the ledger, as one table.

use rusqlite::params;

use super::{SqliteLedger, sums};
use crate::error::Result;
use crate::store::Store;

impl Store for SqliteLedger {
    fn item(&self, shelf: &str, key: &str) -> Result<Option<String>> {
        self.read(|db| sums::item(db, shelf, key))
    }

    fn items(&self, shelf: &str) -> Result<Vec<(String, String)>> {
        self.read(|db| {
            sums::must_be_sound(db, &["shelf"])?;
            let mut query =
                db.prepare_cached("SELECT key, value FROM shelf WHERE shelf = ?1 ORDER BY key")?;
            let rows = query.query_map([shelf], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn swap(&mut self, shelf: &str, key: &str, before: Option<&str>, after: Option<&str>) -> Result<bool> {
        self.write(|db, _| {
            // One statement each: what is compared is what is changed.
            let changed = match (before, after) {
                (Some(before), Some(after)) => db
                    .prepare_cached(
                        "UPDATE shelf SET value = ?4 WHERE shelf = ?1 AND key = ?2 AND value = ?3",
                    )?
                    .execute(params![shelf, key, before, after])?,
                (Some(before), None) => db
                    .prepare_cached("DELETE FROM shelf WHERE shelf = ?1 AND key = ?2 AND value = ?3")?
                    .execute(params![shelf, key, before])?,
                (None, Some(after)) => db
                    .prepare_cached("INSERT OR IGNORE INTO shelf (shelf, key, value) VALUES (?1, ?2, ?3)")?
                    .execute(params![shelf, key, after])?,
                (None, None) => {
                    let mut query = db.prepare_cached("SELECT 1 FROM shelf WHERE shelf = ?1 AND key = ?2")?;
                    usize::from(!query.exists([shelf, key])?)
                }
            };
            Ok(changed == 1)
        })
    }

    fn set(&mut self, shelf: &str, key: &str, value: Option<&str>) -> Result<()> {
        self.write(|db, _| {
            match value {
                Some(value) => db
                    .prepare_cached(
                        "INSERT INTO shelf (shelf, key, value) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO UPDATE SET value = excluded.value",
                    )?
                    .execute(params![shelf, key, value])?,
                None => db
                    .prepare_cached("DELETE FROM shelf WHERE shelf = ?1 AND key = ?2")?
                    .execute(params![shelf, key])?,
            };
            Ok(())
        })
    }
}
