//! The parsers of foreign bytes by themselves, for fuzzing: they take any bytes.

use std::io::Read;

use zstd::stream::write::Encoder;

use crate::difference::{Bodies, Key, Link, difference, each_stored};
use crate::error::{Error, Result};
use crate::wire::Answer;

/// Reads a text as the URL of a PostgreSQL server; how messages call the server, without the password. Opens no file and
/// asks nobody.
///
/// # Errors
/// Where it is none.
pub fn postgres_url(text: &str) -> Result<String> {
    crate::postgres::name_of(text)
}

/// Reads bytes as a server's answer; how many rows it has, and whether there are more to ask for.
///
/// # Errors
/// Where it is none, ends too early, or says what went wrong.
pub fn answer(bytes: &[u8]) -> Result<(usize, bool)> {
    let mut answer = Answer::new(bytes, "the answer");
    let rows = answer.all(Some)?.len();
    Ok((rows, answer.has_more))
}

/// Reads the last of some stored bodies, of which each is the difference to the one before and the first is whole; its
/// lines. What is given is what stands in them, before it is compressed.
///
/// # Errors
/// Where they don't come out even.
pub fn stored(bodies: &[&[u8]], count: u64) -> Result<Vec<Vec<u8>>> {
    let chain: Vec<Vec<u8>> = bodies.iter().map(|body| packed(body)).collect::<Result<_>>()?;
    lines(&Chain(chain), count)
}

/// Stores a body as the difference to another one and reads it again; its lines. Both are lines in the order of their hashes.
///
/// # Errors
/// Where a line is too long.
pub fn stored_again(old: &[u8], new: &[u8], count: u64) -> Result<Vec<Vec<u8>>> {
    let mut chain = Chain(vec![packed(old)?]);
    let difference = difference(&chain, &0, &packed(new)?)?;
    chain.0.push(difference);
    lines(&chain, count)
}

/// Bodies by their number; each stands on the one before.
struct Chain(Vec<Vec<u8>>);

impl Key for usize {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Bodies for Chain {
    type Key = usize;

    fn link(&self, body: &usize) -> Result<Option<Link<usize>>> {
        let link = |base| Link { base, depth: *body as u32, differing: 0, whole: 0 };
        Ok(body.checked_sub(1).map(link))
    }

    fn stored_bytes(&self, body: &usize) -> Result<u64> {
        Ok(self.at(*body)?.len() as u64)
    }

    fn stored<'a>(&'a self, body: &usize) -> Result<Box<dyn Read + 'a>> {
        Ok(Box::new(self.at(*body)?))
    }
}

impl Chain {
    fn at(&self, body: usize) -> Result<&[u8]> {
        let stored = self.0.get(body).map(Vec::as_slice);
        stored.ok_or_else(|| Error::Damaged("there is no such body".to_owned()))
    }
}

fn lines(chain: &Chain, count: u64) -> Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    let last = chain.0.len().saturating_sub(1);
    each_stored(chain, &last, count, &mut |line| {
        lines.push(line.to_vec());
        Ok(())
    })?;
    Ok(lines)
}

fn packed(body: &[u8]) -> Result<Vec<u8>> {
    let pack = || {
        let mut encoder = Encoder::new(Vec::new(), 1)?;
        std::io::Write::write_all(&mut encoder, body)?;
        encoder.finish()
    };
    pack().map_err(crate::prepared::packing)
}
