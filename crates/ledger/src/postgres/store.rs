//! The small store beside the ledger, as one table. What several servers change at once is compared and set by the
//! server in one statement, so it needs no lock.

use super::PostgresLedger;
use crate::error::Result;
use crate::store::Store;

impl Store for PostgresLedger {
    fn item(&self, shelf: &str, key: &str) -> Result<Option<String>> {
        self.read(|link| {
            let rows =
                link.query("SELECT value FROM shelf WHERE shelf = $1 AND key = $2", &[&shelf, &key])?;
            Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
        })
    }

    fn items(&self, shelf: &str) -> Result<Vec<(String, String)>> {
        self.read(|link| {
            let rows = link.query("SELECT key, value FROM shelf WHERE shelf = $1 ORDER BY key", &[&shelf])?;
            rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
        })
    }

    fn swap(&mut self, shelf: &str, key: &str, before: Option<&str>, after: Option<&str>) -> Result<bool> {
        let Some(after) = after else {
            let Some(before) = before else { return Ok(self.item(shelf, key)?.is_none()) };
            return self.change_once(
                "DELETE FROM shelf WHERE shelf = $1 AND key = $2 AND value = $3",
                &[&shelf, &key, &before],
            );
        };
        match before {
            Some(before) => self.change_once(
                "UPDATE shelf SET value = $4 WHERE shelf = $1 AND key = $2 AND value = $3",
                &[&shelf, &key, &before, &after],
            ),
            None => self.change_once(
                "INSERT INTO shelf (shelf, key, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &[&shelf, &key, &after],
            ),
        }
    }

    fn set(&mut self, shelf: &str, key: &str, value: Option<&str>) -> Result<()> {
        self.again(|link| {
            match value {
                Some(value) => link.execute(
                    "INSERT INTO shelf (shelf, key, value) VALUES ($1, $2, $3)
                     ON CONFLICT (shelf, key) DO UPDATE SET value = excluded.value",
                    &[&shelf, &key, &value],
                )?,
                None => link.execute("DELETE FROM shelf WHERE shelf = $1 AND key = $2", &[&shelf, &key])?,
            };
            Ok(())
        })
    }
}
