//! Stored bodies: what each stands on, and its bytes, part after part.
//!
//! Between two parts the connection is free for others, so a redaction or a compaction can store a body otherwise
//! meanwhile. Each raises the body's edition: a reader notices, and begins anew with what is stored then.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Error as IoError, Read};

use postgres::Row;

use super::Fail;
use super::append::PART_BYTES;
use super::link::Link;
use crate::difference::{self, Bodies, Key};
use crate::error::{Error, Result};

/// A body's number.
impl Key for i64 {
    fn shown(&self) -> String {
        format!("of body {self}")
    }
}

/// What one body is the difference to.
pub(super) type Base = difference::Link<i64>;

/// What can run something on a connection: a ledger, on a new one where that was lost, or a transaction.
pub(super) trait Access {
    fn on<T>(&self, what: impl FnMut(&mut Link) -> std::result::Result<T, Fail>) -> Result<T>;
}

/// How a body is stored.
#[derive(Clone, Copy, Default)]
struct Known {
    /// None where there is no such body.
    edition: Option<i64>,
    base: Option<Base>,
}

/// Why a body could not be read to its end.
pub(super) enum Trouble {
    /// It is stored otherwise now; what was read so far is not of one piece with the rest.
    Changed,
    /// An I/O error could carry only a text.
    Failed(Error),
}

/// Bodies as they are stored at one moment, each with all that it stands on.
pub(super) struct Chains<'a, A> {
    access: &'a A,
    known: RefCell<HashMap<i64, Known>>,
    /// The first part of a body that was asked for with what led to it.
    first: RefCell<Option<(i64, Vec<u8>)>>,
    trouble: RefCell<Option<Trouble>>,
}

/// One snapshot. A chain that is longer than any that was ever stored is a circle, and ends.
const CHAIN: &str = "
    WITH RECURSIVE chain (body, step) AS (
        SELECT $1::bigint, 0
        UNION ALL
        SELECT bodies.base, chain.step + 1 FROM chain JOIN bodies USING (body)
        WHERE bodies.part = 0 AND bodies.base IS NOT NULL AND chain.step < 100
    )
    SELECT base, depth, differing, whole, edition, body FROM chain JOIN bodies USING (body) WHERE part = 0";

impl<'a, A: Access> Chains<'a, A> {
    pub(super) fn new(access: &'a A) -> Chains<'a, A> {
        Chains { access, known: RefCell::default(), first: RefCell::default(), trouble: RefCell::default() }
    }

    /// Says of a body what needn't be asked any more: that it is whole, of which edition, and its first part.
    pub(super) fn is_whole(&self, body: i64, edition: Option<i64>, first: Vec<u8>) {
        self.known.borrow_mut().insert(body, Known { edition, base: None });
        self.first.replace(Some((body, first)));
    }

    /// What came between, if anything did.
    pub(super) fn trouble(self) -> Option<Trouble> {
        self.trouble.into_inner()
    }

    fn known(&self, body: i64) -> Result<Known> {
        if let Some(known) = self.known.borrow().get(&body) {
            return Ok(*known);
        }
        let found = self.access.on(|link| {
            let rows = link.query(CHAIN, &[&body])?;
            let known = |row: &Row| Ok((row.try_get(5)?, row.try_get(4)?, base(row)?));
            rows.iter().map(known).collect::<std::result::Result<Vec<(i64, i64, Option<Base>)>, Fail>>()
        })?;
        let mut known = self.known.borrow_mut();
        for (body, edition, base) in found {
            known.entry(body).or_insert(Known { edition: Some(edition), base });
        }
        Ok(*known.entry(body).or_default())
    }
}

impl<A: Access> Bodies for Chains<'_, A> {
    type Key = i64;

    fn link(&self, body: &i64) -> Result<Option<Base>> {
        Ok(self.known(*body)?.base)
    }

    fn stored_bytes(&self, body: &i64) -> Result<u64> {
        self.access.on(|link| {
            let sql = "SELECT coalesce(sum(octet_length(bytes)), 0)::bigint FROM bodies WHERE body = $1";
            Ok(link.one(sql, &[body])?.try_get::<_, i64>(0)? as u64)
        })
    }

    fn stored<'a>(&'a self, body: &i64) -> Result<Box<dyn Read + 'a>> {
        let edition = self.known(*body)?.edition;
        let first = self.first.take().filter(|(of, _)| of == body);
        let (next, part) = first.map_or((0, Vec::new()), |(_, part)| (1, part));
        Ok(Box::new(Parts { chains: self, body: *body, edition, next, part, used: 0 }))
    }
}

/// What a row with `base`, `depth`, `differing` and `whole` in front says that its body stands on.
fn base(row: &Row) -> std::result::Result<Option<Base>, Fail> {
    let Some(base) = row.try_get(0)? else { return Ok(None) };
    Ok(Some(Base {
        base,
        depth: row.try_get::<_, i32>(1)?.unsigned_abs(),
        differing: row.try_get::<_, i64>(2)?.unsigned_abs(),
        whole: row.try_get::<_, i64>(3)?.unsigned_abs(),
    }))
}

/// The compressed bytes of one body.
struct Parts<'a, A> {
    chains: &'a Chains<'a, A>,
    body: i64,
    edition: Option<i64>,
    next: i32,
    part: Vec<u8>,
    used: usize,
}

impl<A: Access> Parts<'_, A> {
    fn load(&mut self) -> std::result::Result<(), IoError> {
        let (body, next) = (self.body, self.next);
        let found = self.chains.access.on(|link| {
            // The edition of the first part goes for all, so that the end of a body that was cut shorter is no end.
            let sql = "SELECT edition, (SELECT bytes FROM bodies WHERE body = $1 AND part = $2)
                FROM bodies WHERE body = $1 AND part = 0";
            let rows = link.query(sql, &[&body, &next])?;
            let Some(row) = rows.first() else { return Ok((None, Vec::new())) };
            Ok((Some(row.try_get(0)?), row.try_get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default()))
        });
        let stop = |why, said| {
            self.chains.trouble.replace(Some(why));
            IoError::other(said)
        };
        let (edition, bytes) =
            found.map_err(|problem| stop(Trouble::Failed(problem), "the server can't be read"))?;
        if edition != self.edition {
            return Err(stop(Trouble::Changed, "changed while it was read"));
        }
        self.part = bytes;
        self.used = 0;
        self.next += 1;
        Ok(())
    }
}

impl<A: Access> Read for Parts<'_, A> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        // A part that is not full is the last one.
        let is_end = self.next > 0 && self.part.len() < PART_BYTES;
        if self.used == self.part.len() && !is_end {
            self.load()?;
        }
        let left = &self.part[self.used..];
        let count = left.len().min(into.len());
        into[..count].copy_from_slice(&left[..count]);
        self.used += count;
        Ok(count)
    }
}

/// A body that is held in memory as it is stored.
pub(super) struct Held {
    edition: i64,
    base: Option<Base>,
    pub(super) bytes: Vec<u8>,
}

impl Held {
    /// All that is stored for a body; no bytes where there is none.
    pub(super) fn load(link: &mut Link, body: i64) -> std::result::Result<Held, Fail> {
        let sql =
            "SELECT base, depth, differing, whole, edition, bytes FROM bodies WHERE body = $1 ORDER BY part";
        let rows = link.query(sql, &[&body])?;
        let mut held = Held { edition: 0, base: None, bytes: Vec::new() };
        if let Some(first) = rows.first() {
            held.base = base(first)?;
            held.edition = first.try_get(4)?;
        }
        for row in &rows {
            held.bytes.extend_from_slice(row.try_get(5)?);
        }
        Ok(held)
    }

    /// Stores other bytes in the place of these, with the same meaning.
    pub(super) fn replace(self, link: &mut Link, body: i64, bytes: &[u8]) -> std::result::Result<(), Fail> {
        restore(link, body, self.edition, self.base, bytes)
    }

    /// Stores a difference whole.
    pub(super) fn stand_alone(
        self,
        link: &mut Link,
        body: i64,
        whole: &[u8],
    ) -> std::result::Result<(), Fail> {
        restore(link, body, self.edition, None, whole)
    }
}

fn restore(
    link: &mut Link,
    body: i64,
    edition: i64,
    base: Option<Base>,
    bytes: &[u8],
) -> std::result::Result<(), Fail> {
    link.execute("DELETE FROM bodies WHERE body = $1", &[&body])?;
    let mut rows = Rows::default();
    rows.add(body, edition + 1, bytes, base);
    rows.write(link)
}

/// Parts that are still to be written, column by column.
#[derive(Default)]
pub(super) struct Rows {
    bodies: Vec<i64>,
    parts: Vec<i32>,
    editions: Vec<i64>,
    bytes: Vec<Vec<u8>>,
    bases: Vec<Option<i64>>,
    depths: Vec<Option<i32>>,
    differing: Vec<Option<i64>>,
    wholes: Vec<Option<i64>>,
}

impl Rows {
    pub(super) fn add(&mut self, body: i64, edition: i64, bytes: &[u8], base: Option<Base>) {
        for (part, piece) in (0_i32..).zip(bytes.chunks(PART_BYTES)) {
            let base = base.filter(|_| part == 0);
            self.bodies.push(body);
            self.parts.push(part);
            self.editions.push(edition);
            self.bytes.push(piece.to_vec());
            self.bases.push(base.map(|base| base.base));
            self.depths.push(base.map(|base| base.depth as i32));
            self.differing.push(base.map(|base| base.differing as i64));
            self.wholes.push(base.map(|base| base.whole as i64));
        }
    }

    pub(super) fn write(&mut self, link: &mut Link) -> std::result::Result<(), Fail> {
        if self.bodies.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(self);
        link.execute(
            "INSERT INTO bodies (body, part, edition, bytes, base, depth, differing, whole)
             SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bytea[], $5::bigint[],
                 $6::integer[], $7::bigint[], $8::bigint[])",
            &[
                &rows.bodies,
                &rows.parts,
                &rows.editions,
                &rows.bytes,
                &rows.bases,
                &rows.depths,
                &rows.differing,
                &rows.wholes,
            ],
        )?;
        Ok(())
    }
}
