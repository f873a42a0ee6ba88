//! Letting go of statements, and of the bodies that nobody needs any more. The role of the servers may not: whoever
//! compacts is the tables' owner.

use stave_model::Time;

use super::PostgresLedger;
use crate::error::Result;

impl PostgresLedger {
    /// See [`crate::Ledger::compact`].
    pub(super) fn let_go(&mut self, superseded: &[u64], horizon: Time) -> Result<()> {
        let numbers: Vec<i64> =
            superseded.iter().copied().filter_map(|number| number.try_into().ok()).collect();
        let horizon = horizon.millis();
        self.write(|link| {
            // The last one stays, whoever asks for it to go, as in every other ledger.
            let sql = "DELETE FROM statements WHERE number = ANY($1) AND number < (SELECT last FROM counter)";
            link.execute(sql, &[&numbers])?;
            let sql = "DELETE FROM replaces WHERE NOT EXISTS
                (SELECT FROM statements WHERE statements.number = replaces.number)";
            link.execute(sql, &[])?;
            // What others are writing at this moment isn't seen here, and so isn't deleted; a body that they mean to
            // share and that goes now, they write themselves once they have the lock.
            let sql = "DELETE FROM bodies WHERE NOT EXISTS
                (SELECT FROM statements WHERE statements.body = bodies.body)";
            link.execute(sql, &[])?;
            let sql = "INSERT INTO meta (key, value) VALUES ('horizon', $1::bigint::text) ON CONFLICT (key)
                DO UPDATE SET value = greatest(meta.value::bigint, excluded.value::bigint)::text";
            link.execute(sql, &[&horizon])?;
            let sql = "UPDATE meta SET value = (value::bigint + 1)::text WHERE key = 'revision'";
            link.execute(sql, &[])?;
            Ok(())
        })?;
        // What fails here the server does itself, later: the room is used again, not given back to the system.
        let _ = self.read(|link| Ok(link.batch("VACUUM statements, bodies")?));
        Ok(())
    }
}
