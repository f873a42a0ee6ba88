//! Forgetting and redacting in a database. The rows are gone with the commit; the server's own files hold their bytes
//! until it has swept them, and its archives for as long as the operator keeps those.

use std::collections::HashSet;
use std::path::PathBuf;

use stave_model::{EstateKey, Hash, PersonRow};

use super::bodies::Held;
use super::link::Link;
use super::read::hash;
use super::{Fail, key_of, meta};
use crate::body::each_packed_line;
use crate::error::{Error, Result};
use crate::obey::{Forgotten, Order, SHELVES, holds_any, without};

type Done<T> = std::result::Result<T, Fail>;

/// Who was forgotten.
pub(super) fn forgotten(link: &mut Link) -> Done<Forgotten> {
    let rows = link.query("SELECT id FROM forgotten", &[])?;
    let ids = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Done<_>>()?;
    let mut keys: Vec<EstateKey> = vec![key_of(&meta(link, "estate_key")?)?];
    for row in link.query("SELECT key FROM estates ORDER BY key", &[])? {
        keys.push(key_of(row.try_get(0)?)?);
    }
    Ok(Forgotten { ids, keys })
}

/// What was redacted, by hash.
pub(super) fn redacted(link: &mut Link) -> Done<Vec<Hash>> {
    let rows = link.query("SELECT claim FROM redacted ORDER BY claim", &[])?;
    rows.iter().map(|row| hash(row, 0)).collect()
}

/// The people directory with the keys of its rows, sorted by id, name and address.
pub(super) fn people(link: &mut Link) -> Done<Vec<(Vec<u8>, PersonRow)>> {
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes).map_err(|_| Error::Damaged("the people directory is not text".to_owned()))
    };
    let rows = link.query("SELECT hash, id, name, address FROM people ORDER BY id, name, address", &[])?;
    rows.iter()
        .map(|row| {
            let (id, name) = (text(row.try_get(1)?)?, text(row.try_get(2)?)?);
            Ok((row.try_get(0)?, PersonRow { id, name, address: text(row.try_get(3)?)? }))
        })
        .collect()
}

/// Does what the words of an append order, in its transaction and under its lock.
pub(super) fn obey(link: &mut Link, orders: &[Order]) -> Done<()> {
    let mut fresh = HashSet::new();
    let mut forgets = false;
    for order in orders {
        match order {
            Order::Forget(id) => {
                link.execute("INSERT INTO forgotten (id) VALUES ($1) ON CONFLICT DO NOTHING", &[id])?;
                forgets = true;
            }
            Order::Redact(claim) => {
                let insert = "INSERT INTO redacted (claim) VALUES ($1) ON CONFLICT DO NOTHING";
                if link.execute(insert, &[&claim.0.as_slice()])? > 0 {
                    fresh.insert(*claim);
                }
            }
        }
    }
    if forgets {
        forget(link)?;
    }
    if !fresh.is_empty() {
        // Looks through every body: nothing says where a claim stands, and this is rare.
        for row in link.query("SELECT body FROM bodies WHERE part = 0 ORDER BY body", &[])? {
            redact(link, row.try_get(0)?, &fresh)?;
        }
        let raise = "UPDATE meta SET value = (value::bigint + 1)::text WHERE key = 'revision'";
        link.execute(raise, &[])?;
    }
    Ok(())
}

fn forget(link: &mut Link) -> Done<()> {
    let forgotten = forgotten(link)?;
    let rows = people(link)?.into_iter();
    let gone: Vec<Vec<u8>> = rows.filter(|(_, row)| forgotten.covers(row)).map(|(key, _)| key).collect();
    link.execute("DELETE FROM people WHERE hash = ANY($1)", &[&gone])?;
    for shelf in SHELVES {
        for row in link.query("SELECT key, value FROM shelf WHERE shelf = $1", &[&shelf])? {
            let (key, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            if forgotten.covers_item(&key, &value) {
                link.execute("DELETE FROM shelf WHERE shelf = $1 AND key = $2", &[&shelf, &key])?;
            }
        }
    }
    Ok(())
}

/// Takes claims out of one body as it is stored. A redacted line takes the place of its claim, so what is stored as a
/// difference to it stays right.
pub(super) fn redact(link: &mut Link, body: i64, claims: &HashSet<Hash>) -> Done<()> {
    let held = Held::load(link, body)?;
    let mut is_there = false;
    each_packed_line(held.bytes.as_slice(), &mut |line| {
        is_there |= holds_any(line, claims);
        Ok(())
    })?;
    if !is_there {
        return Ok(());
    }
    let left = without(claims, |each| each_packed_line(held.bytes.as_slice(), each))?;
    held.replace(link, body, &pack(left)?)
}

/// The compressed form of a body.
pub(super) fn pack(body: crate::body::Body) -> Result<Vec<u8>> {
    body.packed().map_err(|source| Error::Io { path: PathBuf::from("packing claims"), source })
}

/// Asks the server to sweep now what was erased. Only the tables' owner may; else the server does it in its own time.
pub(super) fn wipe(link: &mut Link) -> Done<()> {
    Ok(link.batch("VACUUM bodies, people, shelf")?)
}
