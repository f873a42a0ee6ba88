//! What appends and readers look up.

use std::cell::RefCell;
use std::io::{Error as IoError, Read};
use std::ops::ControlFlow;

use postgres::Row;
use stave_model::{Author, Hash, Scope, Time, hash_bytes};

use super::link::{Link, Param};
use super::open::Address;
use super::{Fail, PostgresLedger};
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

/// Looks things up for the rule of the same word.
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

/// The compressed bytes of a body, part after part. Between two parts the connection is free for others.
pub(super) struct Parts<'a> {
    ledger: &'a PostgresLedger,
    body: i64,
    next: i32,
    edition: Option<i64>,
    part: Vec<u8>,
    used: usize,
    /// Whether the body was changed between two parts; what was read so far is not of one piece then.
    pub(super) has_changed: bool,
    /// What went wrong, in our own words: an I/O error could carry only a text.
    pub(super) problem: Option<Error>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(ledger: &'a PostgresLedger, body: i64) -> Parts<'a> {
        Parts {
            ledger,
            body,
            next: 0,
            edition: None,
            part: Vec::new(),
            used: 0,
            has_changed: false,
            problem: None,
        }
    }

    fn load(&mut self) -> std::result::Result<(), IoError> {
        let (body, next) = (self.body, self.next);
        let found = self.ledger.read(|link| {
            // The edition of the first part goes for all, so that the end of a body that was cut shorter is no end.
            let sql = "SELECT edition, (SELECT bytes FROM bodies WHERE body = $1 AND part = $2)
                FROM bodies WHERE body = $1 AND part = 0";
            let rows = link.query(sql, &[&body, &next])?;
            let Some(row) = rows.first() else { return Ok((None, Vec::new())) };
            Ok((Some(row.try_get(0)?), row.try_get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default()))
        });
        let (edition, bytes) = found.map_err(|problem| {
            self.problem = Some(problem);
            IoError::other("the server can't be read")
        })?;
        if self.next > 0 && self.edition != edition {
            self.has_changed = true;
            return Err(IoError::other("changed while it was read"));
        }
        self.edition = edition;
        self.part = bytes;
        self.used = 0;
        self.next += 1;
        Ok(())
    }
}

impl Read for Parts<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.used == self.part.len() {
            self.load()?;
        }
        let left = &self.part[self.used..];
        let count = left.len().min(into.len());
        into[..count].copy_from_slice(&left[..count]);
        self.used += count;
        Ok(count)
    }
}
