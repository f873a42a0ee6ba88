//! What appends and readers look up.

use std::cell::RefCell;
use std::ops::ControlFlow;

use postgres::Row;
use stave_model::{Author, Hash, Scope, Time, hash_bytes};

use super::Fail;
use super::bodies::Access;
use super::link::{Link, Param};
use super::open::Address;
use crate::Entry;
use crate::error::{Error, Result};
use crate::holds::Lookup;

/// How many entries a look-up of a slot takes at once; most need the first one only.
const SLOT_PAGE: i64 = 16;

/// A fixed text of SQL with the columns of an entry.
macro_rules! entries_sql {
    ($clause:literal) => {
        concat!("SELECT number, id, header, claim_count FROM statements ", $clause)
    };
}
pub(super) use entries_sql;

/// Entries from rows of number, id, header and number of claims.
pub(super) fn entries(rows: &[Row]) -> std::result::Result<Vec<Entry>, Fail> {
    rows.iter().map(entry).collect()
}

/// Here a header's hash is checked, as it is stored in canonical form: what changed in the database without Stave never
/// becomes somebody's word.
fn entry(row: &Row) -> std::result::Result<Entry, Fail> {
    let number = row.try_get::<_, i64>(0)? as u64;
    let damaged =
        |why: String| Error::Damaged(format!("the header of statement {number} can't be read: {why}"));
    let (id, header) = (hash(row, 1)?, row.try_get::<_, &str>(2)?);
    if hash_bytes(header.as_bytes()) != id {
        return Err(damaged(format!("it is not the one with the id {id}")).into());
    }
    let header = serde_json::from_str(header).map_err(|error| damaged(error.to_string()))?;
    Ok(Entry { number, id, header, claim_count: row.try_get::<_, i64>(3)? as u64 })
}

/// A hash in a column.
pub(super) fn hash(row: &Row, column: usize) -> std::result::Result<Hash, Fail> {
    let bytes: &[u8] = row.try_get(column)?;
    let bytes = bytes.try_into().map_err(|_| Error::Damaged("a hash is not 32 bytes long".to_owned()))?;
    Ok(Hash(bytes))
}

/// What stands for author and scope in an index. Names hold no line feed.
pub(super) fn slot(author: &Author, scope: &Scope) -> Hash {
    hash_bytes(format!("{author}\n{scope}").as_bytes())
}

/// What orders the statements of a slot: the date of the source, the rules, the time, the id.
pub(super) type Rank = (i64, i64, i64, Hash);

/// Looks things up inside a transaction: for the rule of the same word, and for what a body is stored as a difference to.
pub(super) struct Reader<'a> {
    link: RefCell<&'a mut Link>,
    address: &'a Address,
}

impl<'a> Reader<'a> {
    pub(super) fn new(link: &'a mut Link, address: &'a Address) -> Reader<'a> {
        Reader { link: RefCell::new(link), address }
    }

    fn rows(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        self.link.borrow_mut().query(sql, params).map_err(|error| self.address.explain(&error))
    }

    fn entries(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Entry>> {
        entries(&self.rows(sql, params)?).map_err(|fail| fail.at(self.address))
    }

    /// The body of the slot's statement that has the newest source: the likeliest to resemble the next one.
    pub(super) fn previous(&self, slot: &Hash) -> Result<Option<(Rank, i64)>> {
        self.on(|link| {
            let sql = "SELECT source_at, rules, time, id, body FROM statements WHERE slot = $1
                ORDER BY source_at DESC, rules DESC, time DESC, id DESC LIMIT 1";
            let rows = link.query(sql, &[&slot.0.as_slice()])?;
            let Some(row) = rows.first() else { return Ok(None) };
            let rank = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, hash(row, 3)?);
            Ok(Some((rank, row.try_get(4)?)))
        })
    }
}

impl Access for Reader<'_> {
    fn on<T>(&self, mut what: impl FnMut(&mut Link) -> std::result::Result<T, Fail>) -> Result<T> {
        what(&mut self.link.borrow_mut()).map_err(|fail| fail.at(self.address))
    }
}

impl Lookup for Reader<'_> {
    fn slot(
        &self,
        author: &Author,
        scope: &Scope,
        until: Time,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let slot = slot(author, scope);
        let mut skipped = 0_i64;
        loop {
            let page = self.entries(
                entries_sql!(
                    "WHERE slot = $1 AND time <= $2 ORDER BY source_at DESC, rules DESC, time DESC, id DESC
                     LIMIT $3 OFFSET $4"
                ),
                &[&slot.0.as_slice(), &until.millis(), &SLOT_PAGE, &skipped],
            )?;
            let count = page.len() as i64;
            for entry in page {
                if each(entry).is_break() {
                    return Ok(());
                }
            }
            if count < SLOT_PAGE {
                return Ok(());
            }
            skipped += count;
        }
    }

    fn slot_has(&self, author: &Author, scope: &Scope, claims: &Hash) -> Result<bool> {
        let found = self.rows(
            "SELECT 1 FROM statements WHERE slot = $1 AND claims = $2 LIMIT 1",
            &[&slot(author, scope).0.as_slice(), &claims.0.as_slice()],
        )?;
        Ok(!found.is_empty())
    }

    fn withdrawals(&self) -> Result<Vec<Entry>> {
        self.entries(entries_sql!("WHERE word = 'withdrawn' ORDER BY number"), &[])
    }

    fn words(&self, scope: &Scope) -> Result<Vec<Entry>> {
        self.entries(entries_sql!("WHERE scope = $1 AND word IS NOT NULL"), &[&scope.as_str()])
    }

    fn replacing(&self, id: &Hash) -> Result<Vec<Entry>> {
        self.entries(
            entries_sql!("WHERE number IN (SELECT number FROM replaces WHERE replaced = $1)"),
            &[&id.0.as_slice()],
        )
    }
}
