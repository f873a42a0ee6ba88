//! What appends and readers look up.

use std::io::{Error as IoError, Read};
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use stave_model::{Author, Hash, Scope, Time, hash_bytes};

use super::Fail;
use crate::Entry;
use crate::difference::{Bodies, Link};
use crate::error::{Error, Result};
use crate::holds::Lookup;

/// Entries by a clause behind `FROM statements`.
pub(super) fn entries(
    db: &Connection,
    clause: &str,
    bound: impl Params,
) -> std::result::Result<Vec<Entry>, Fail> {
    let mut query =
        db.prepare_cached(&format!("SELECT number, id, header, claim_count FROM statements {clause}"))?;
    let mut rows = query.query(bound)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

/// An entry from a row of number, id, header and number of claims.
///
/// Here a header's hash is checked, each time that it is read: it is stored in canonical form, so the check is one hash of
/// half a kilobyte, and a bit that flipped on the disk never becomes somebody's word.
pub(super) fn entry(row: &Row<'_>) -> std::result::Result<Entry, Fail> {
    let number = row.get::<_, i64>(0)? as u64;
    let id = Hash(row.get(1)?);
    let header = row.get_ref(2)?.as_str().map_err(|error| damaged(number, &error))?;
    if hash_bytes(header.as_bytes()) != id {
        return Err(damaged(number, &format!("it is not the one with the id {id}")).into());
    }
    let header = serde_json::from_str(header).map_err(|error| damaged(number, &error))?;
    let claim_count = row.get::<_, i64>(3)? as u64;
    Ok(Entry { number, id, header, claim_count })
}

fn damaged(number: u64, error: &dyn std::fmt::Display) -> Error {
    Error::Damaged(format!("the header of statement {number} can't be read: {error}"))
}

/// Looks things up for the rule of the same word.
pub(super) struct Reader<'a> {
    pub(super) db: &'a Connection,
    pub(super) path: &'a Path,
}

impl Reader<'_> {
    fn entries(&self, clause: &str, bound: impl Params) -> Result<Vec<Entry>> {
        entries(self.db, clause, bound).map_err(|fail| fail.at(self.path))
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
        let find = || {
            let mut query = self.db.prepare_cached(
                "SELECT number, id, header, claim_count FROM statements
                 WHERE author = ?1 AND scope = ?2 AND time <= ?3
                 ORDER BY source_at DESC, rules DESC, time DESC, id DESC",
            )?;
            let mut rows = query.query(params![author.as_str(), scope.as_str(), until.millis()])?;
            while let Some(row) = rows.next()? {
                if each(entry(row)?).is_break() {
                    break;
                }
            }
            Ok(())
        };
        find_at(self.path, find)
    }

    fn slot_has(&self, author: &Author, scope: &Scope, claims: &Hash) -> Result<bool> {
        let find = || {
            let mut query = self.db.prepare_cached(
                "SELECT 1 FROM statements WHERE author = ?1 AND scope = ?2 AND claims = ?3 LIMIT 1",
            )?;
            Ok(query.exists(params![author.as_str(), scope.as_str(), claims.0])?)
        };
        find_at(self.path, find)
    }

    fn withdrawals(&self) -> Result<Vec<Entry>> {
        self.entries("WHERE word = 'withdrawn' ORDER BY number", [])
    }

    fn words(&self, scope: &Scope) -> Result<Vec<Entry>> {
        self.entries("WHERE scope = ?1 AND word IS NOT NULL", [scope.as_str()])
    }

    fn replacing(&self, id: &Hash) -> Result<Vec<Entry>> {
        self.entries("WHERE number IN (SELECT number FROM replaces WHERE replaced = ?1)", [&id.0])
    }
}

/// The claims of the author's statement on the scope that has the newest source: the likeliest to resemble the next one.
pub(super) fn previous(
    db: &Connection,
    author: &Author,
    scope: &Scope,
) -> std::result::Result<Option<Hash>, Fail> {
    let mut query = db.prepare_cached(
        "SELECT claims FROM statements WHERE author = ?1 AND scope = ?2
         ORDER BY source_at DESC, rules DESC, time DESC, id DESC LIMIT 1",
    )?;
    Ok(query.query_row([author.as_str(), scope.as_str()], |row| row.get(0).map(Hash)).optional()?)
}

impl Bodies for Reader<'_> {
    type Key = Hash;

    fn link(&self, claims: &Hash) -> Result<Option<Link>> {
        let find = || {
            let mut query = self
                .db
                .prepare_cached("SELECT base, depth, differing, whole FROM differences WHERE claims = ?1")?;
            let link = query.query_row([&claims.0], |row| {
                Ok(Link {
                    base: Hash(row.get(0)?),
                    depth: row.get(1)?,
                    differing: row.get::<_, i64>(2)? as u64,
                    whole: row.get::<_, i64>(3)? as u64,
                })
            });
            Ok(link.optional()?)
        };
        find_at(self.path, find)
    }

    fn stored_bytes(&self, claims: &Hash) -> Result<u64> {
        let find = || {
            let mut query = self
                .db
                .prepare_cached("SELECT ifnull(sum(length(bytes)), 0) FROM bodies WHERE claims = ?1")?;
            Ok(query.query_row([&claims.0], |row| row.get::<_, i64>(0))? as u64)
        };
        find_at(self.path, find)
    }

    fn stored<'a>(&'a self, claims: &Hash) -> Result<Box<dyn Read + 'a>> {
        Ok(Box::new(Parts::new(self.db, claims.0)))
    }
}

fn find_at<T>(path: &Path, find: impl FnOnce() -> std::result::Result<T, Fail>) -> Result<T> {
    find().map_err(|fail| fail.at(path))
}

/// The compressed bytes of a body, part after part.
pub(super) struct Parts<'a> {
    db: &'a Connection,
    claims: [u8; 32],
    next: i64,
    part: Vec<u8>,
    used: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(db: &'a Connection, claims: [u8; 32]) -> Parts<'a> {
        Parts { db, claims, next: 0, part: Vec::new(), used: 0 }
    }

    fn load(&mut self) -> rusqlite::Result<()> {
        let mut query = self.db.prepare_cached("SELECT bytes FROM bodies WHERE claims = ?1 AND part = ?2")?;
        let part = query.query_row(params![self.claims, self.next], |row| row.get(0)).optional()?;
        self.part = part.unwrap_or_default();
        self.used = 0;
        self.next += 1;
        Ok(())
    }
}

impl Read for Parts<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.used == self.part.len() {
            self.load().map_err(IoError::other)?;
        }
        let left = &self.part[self.used..];
        let count = left.len().min(into.len());
        into[..count].copy_from_slice(&left[..count]);
        self.used += count;
        Ok(count)
    }
}
