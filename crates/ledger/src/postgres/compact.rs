//! Letting go of statements, and of the bodies that nobody needs any more. The role of the servers may not: whoever
//! compacts is the tables' owner.

use super::bodies::{Chains, Held};
use super::link::Link;
use super::obey::pack;
use super::open::Address;
use super::read::Reader;
use super::{Fail, PostgresLedger, bound};
use crate::body::Packer;
use crate::compact::Horizon;
use crate::difference::each_stored;
use crate::error::Result;
use crate::prepared::packing;

impl PostgresLedger {
    /// See [`crate::Ledger::compact`].
    pub(super) fn let_go(&mut self, superseded: &[u64], horizon: Horizon) -> Result<()> {
        let numbers: Vec<i64> =
            superseded.iter().copied().filter_map(|number| number.try_into().ok()).collect();
        let address = self.address.clone();
        self.write(|link| {
            // The last one stays, whoever asks for it to go, as in every other ledger.
            let sql = "DELETE FROM statements WHERE number = ANY($1) AND number < (SELECT last FROM counter)";
            link.execute(sql, &[&numbers])?;
            let sql = "DELETE FROM replaces WHERE NOT EXISTS
                (SELECT FROM statements WHERE statements.number = replaces.number)";
            link.execute(sql, &[])?;
            stand_alone(link, &address)?;
            // What others are writing at this moment isn't seen here, and so isn't deleted; a body that they mean to
            // share or stand on and that goes now, they do without once they have the lock.
            let sql = "DELETE FROM bodies WHERE NOT EXISTS
                (SELECT FROM statements WHERE statements.body = bodies.body)";
            link.execute(sql, &[])?;
            link.execute(COUNT_AGAIN, &[])?;
            note_horizon(link, horizon)?;
            let sql = "UPDATE meta SET value = (value::bigint + 1)::text WHERE key = 'revision'";
            link.execute(sql, &[])?;
            Ok(())
        })?;
        // What fails here the server does itself, later: the room is used again, not given back to the system.
        let _ = self.read(|link| Ok(link.batch("VACUUM statements, bodies")?));
        Ok(())
    }
}

/// Moves the horizon, which never goes back.
pub(super) fn note_horizon(link: &mut Link, horizon: Horizon) -> std::result::Result<(), Fail> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2::bigint::text) ON CONFLICT (key)
        DO UPDATE SET value = greatest(meta.value::bigint, excluded.value::bigint)::text";
    for (key, value) in [("horizon", horizon.time.millis()), ("horizon_position", bound(horizon.position))] {
        link.execute(sql, &[&key, &value])?;
    }
    Ok(())
}

/// Stores bodies whole that are needed and stand on one that isn't.
fn stand_alone(link: &mut Link, address: &Address) -> std::result::Result<(), Fail> {
    let sql = "SELECT DISTINCT bodies.body, claim_count FROM bodies JOIN statements USING (body)
        WHERE part = 0 AND base IS NOT NULL
            AND NOT EXISTS (SELECT FROM statements AS below WHERE below.body = bodies.base)";
    for row in link.query(sql, &[])? {
        let (body, count): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let mut packer = Packer::new();
        let reader = Reader::new(link, address);
        let lines = &mut |line: &[u8]| packer.add(line).map_err(packing);
        each_stored(&Chains::new(&reader), &body, count.unsigned_abs(), lines)?;
        let whole = pack(packer.finish().map_err(packing)?)?;
        Held::load(link, body)?.stand_alone(link, body, &whole)?;
    }
    Ok(())
}

/// Counts again how deep chains are and how large, by which the next differences go.
const COUNT_AGAIN: &str = "
    WITH RECURSIVE sizes AS (
        SELECT body, max(base) AS base, sum(octet_length(bytes))::bigint AS size FROM bodies GROUP BY body
    ), chain (body, depth, differing, whole) AS (
        SELECT body, 0, 0::bigint, size FROM sizes WHERE base IS NULL
        UNION ALL
        SELECT sizes.body, chain.depth + 1, chain.differing + sizes.size, chain.whole
        FROM sizes JOIN chain ON sizes.base = chain.body
    )
    UPDATE bodies SET depth = chain.depth, differing = chain.differing, whole = chain.whole
    FROM chain WHERE bodies.body = chain.body AND part = 0 AND base IS NOT NULL
        AND (bodies.depth, bodies.differing, bodies.whole) IS DISTINCT FROM (chain.depth, chain.differing, chain.whole)";
