//! A body stored as the difference to another one, for every storage that keeps bodies as streams of bytes.
//!
//! Bodies are lines in the order of their claims' hashes, so a difference is a short list of lines about the lines of its
//! **base**, in one compressed stream:
//!
//! - `=N`: the next N lines of the base stay;
//! - `-N`: the next N lines of the base go;
//! - anything else: a line that comes here, as it stands in a body.
//!
//! It speaks of places and not of hashes, so that a claim which is redacted in the base is redacted in all that stand on
//! it. A base may be a difference itself. Reading streams: each body of the chain is held by one line.

use std::io::{BufRead, BufReader, Read, Write};

use stave_model::{Hash, hash_bytes, limits};
use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

use crate::body::{each_packed, is_claim};
use crate::error::{Error, Result};
use crate::prepared::packing;

/// Who reads the last of a chain opens all: 64 take some 40 MB at the most, and a fifth more time than a whole body.
const MOST_DEPTH: u32 = 64;
/// Below this a compressed body is stored whole: there is little to save.
const LEAST_BYTES: usize = 16 * 1024;
/// Differences are short; a high level costs little on them, and a small window keeps the readers of a chain small.
const LEVEL: i32 = 9;
const WINDOW_BITS: u32 = 18;
const BUFFER_BYTES: usize = 16 * 1024;
/// The longest line: a claim and its end.
const LINE_BYTES: u64 = limits::CLAIM_BYTES as u64 + 1;

/// How a storage tells its bodies apart.
pub(crate) trait Key: Copy {
    /// How messages call the one that it names.
    fn shown(&self) -> String;
}

/// By the hash of their claims.
impl Key for Hash {
    fn shown(&self) -> String {
        self.short()
    }
}

/// What a stored difference stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link<K = Hash> {
    /// The body that it is the difference to.
    pub(crate) base: K,
    /// How many differences stand above the whole body, this one included.
    pub(crate) depth: u32,
    /// Bytes of all these differences, compressed.
    pub(crate) differing: u64,
    /// Bytes of the whole body, compressed.
    pub(crate) whole: u64,
}

/// Where a storage keeps bodies.
pub(crate) trait Bodies {
    /// How it tells them apart.
    type Key: Key;
    /// What a body stands on; none where it is whole.
    fn link(&self, body: &Self::Key) -> Result<Option<Link<Self::Key>>>;
    /// How many compressed bytes are stored for a body.
    fn stored_bytes(&self, body: &Self::Key) -> Result<u64>;
    /// The compressed bytes that are stored for a body, whole or a difference.
    fn stored<'a>(&'a self, body: &Self::Key) -> Result<Box<dyn Read + 'a>>;
}

/// A compressed difference, and what it stands on.
pub(crate) type Difference<K> = (Vec<u8>, Link<K>);

/// What is stored for a compressed body if it is not stored whole: the difference to `previous`. None where there is no
/// previous one or it can't be read, where little is saved, or where the chain would be too deep or its differences
/// together larger than the whole body under them.
///
/// `previous` gives the body of the author's previous statement on the scope, which must be stored.
pub(crate) fn as_difference<B: Bodies>(
    bodies: &B,
    whole: &[u8],
    previous: impl FnOnce() -> Result<Option<B::Key>>,
) -> Result<Option<Difference<B::Key>>> {
    if whole.len() < LEAST_BYTES {
        return Ok(None);
    }
    let Some(base) = previous()? else { return Ok(None) };
    let (depth, differing, bottom) = match bodies.link(&base)? {
        Some(link) => (link.depth, link.differing, link.whole),
        None => (0, 0, bodies.stored_bytes(&base)?),
    };
    if depth >= MOST_DEPTH || differing >= bottom {
        return Ok(None);
    }
    let bytes = match difference(bodies, &base, whole) {
        // What is said now must not be lost because something older is.
        Err(Error::Damaged(_)) => return Ok(None),
        bytes => bytes?,
    };
    let differing = differing + bytes.len() as u64;
    if bytes.len() > whole.len() / 2 || differing > bottom {
        return Ok(None);
    }
    Ok(Some((bytes, Link { base, depth: depth + 1, differing, whole: bottom })))
}

/// Hands out the lines of a stored body, of which there must be `count`.
pub(crate) fn each_stored<B: Bodies>(
    bodies: &B,
    body: &B::Key,
    count: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if bodies.link(body)?.is_none() {
        return each_packed(bodies.stored(body)?, count, each);
    }
    let mut level = Level::open(bodies, body)?;
    let given = level.give(u64::MAX, each)?;
    level.end()?;
    if given == count {
        return Ok(());
    }
    Err(Error::Damaged(format!("a statement has {given} claims instead of {count}")))
}

/// The bodies that a body stands on, the nearest first.
fn bases<B: Bodies>(bodies: &B, body: &B::Key) -> Result<Vec<B::Key>> {
    let mut found = Vec::new();
    let mut link = bodies.link(body)?;
    while let Some(Link { base, .. }) = link {
        if found.len() as u32 >= MOST_DEPTH {
            return Err(damaged(body, "it stands on too many others"));
        }
        found.push(base);
        link = bodies.link(&base)?;
    }
    Ok(found)
}

fn damaged(body: &impl Key, what: &str) -> Error {
    Error::Damaged(format!("the stored claims {} can't be read: {what}", body.shown()))
}

/// The lines of one stored stream.
struct Lines<'a, K> {
    body: K,
    source: BufReader<Decoder<'static, BufReader<Box<dyn Read + 'a>>>>,
    line: Vec<u8>,
}

impl<'a, K: Key> Lines<'a, K> {
    fn of(body: K, stored: Box<dyn Read + 'a>) -> Result<Lines<'a, K>> {
        let stored = BufReader::with_capacity(BUFFER_BYTES, stored);
        let decoder = Decoder::with_buffer(stored).map_err(|error| damaged(&body, &error.to_string()))?;
        Ok(Lines { body, source: BufReader::with_capacity(BUFFER_BYTES, decoder), line: Vec::new() })
    }

    /// The next line without its end; none at the end, which a checksum has confirmed.
    fn next(&mut self) -> Result<Option<&[u8]>> {
        self.line.clear();
        let mut limited = (&mut self.source).take(LINE_BYTES);
        let read = limited.read_until(b'\n', &mut self.line);
        read.map_err(|error| damaged(&self.body, &error.to_string()))?;
        match self.line.as_slice() {
            [] => Ok(None),
            [line @ .., b'\n'] => Ok(Some(line)),
            _ => Err(damaged(&self.body, "a line has no end")),
        }
    }
}

/// One body of a chain, read as far as its `lines` are.
struct Level<'a, K> {
    lines: Lines<'a, K>,
    on: Option<Base<'a, K>>,
}

/// What a difference stands on.
struct Base<'a, K> {
    level: Box<Level<'a, K>>,
    /// How many of its next lines stay, by the `=N` that was read last.
    stay: u64,
}

impl<'a, K: Key> Level<'a, K> {
    /// Opens a body and all that it stands on.
    fn open(bodies: &'a impl Bodies<Key = K>, body: &K) -> Result<Level<'a, K>> {
        let mut chain = bases(bodies, body)?;
        chain.insert(0, *body);
        let mut below: Option<Level<'a, K>> = None;
        for key in chain.into_iter().rev() {
            let lines = Lines::of(key, bodies.stored(&key)?)?;
            let on = below.map(|level| Base { level: Box::new(level), stay: 0 });
            below = Some(Level { lines, on });
        }
        below.ok_or_else(|| damaged(body, "there is none"))
    }

    /// Hands out up to `most` lines; gives how many there were.
    fn give(&mut self, most: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<u64> {
        let mut given = 0;
        while given < most {
            if let Some(Base { level, stay }) = &mut self.on
                && *stay > 0
            {
                let wanted = (most - given).min(*stay);
                level.give_all(wanted, each)?;
                *stay -= wanted;
                given += wanted;
                continue;
            }
            let body = self.lines.body;
            let Some(line) = self.lines.next()? else { break };
            match (&mut self.on, line) {
                (Some(base), [b'=', count @ ..]) => base.stay = number(&body, count)?,
                (Some(base), [b'-', count @ ..]) => {
                    base.level.give_all(number(&body, count)?, &mut |_| Ok(()))?;
                }
                _ => {
                    each(line)?;
                    given += 1;
                }
            }
        }
        Ok(given)
    }

    fn give_all(&mut self, wanted: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.give(wanted, each)? == wanted {
            return Ok(());
        }
        Err(damaged(&self.lines.body, "it has fewer lines than the difference to it needs"))
    }

    /// Nothing may be left, here and below: a chain that doesn't come out even is damaged somewhere.
    fn end(&mut self) -> Result<()> {
        if self.give(1, &mut |_| Ok(()))? > 0 {
            return Err(damaged(&self.lines.body, "it has more lines than the difference to it needs"));
        }
        self.on.as_mut().map_or(Ok(()), |base| base.level.end())
    }
}

fn number(body: &impl Key, digits: &[u8]) -> Result<u64> {
    let count = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    count.ok_or_else(|| damaged(body, "a difference has a line that is none"))
}

/// The difference from a stored body to a compressed one.
pub(crate) fn difference<B: Bodies>(bodies: &B, base: &B::Key, packed: &[u8]) -> Result<Vec<u8>> {
    // Its own name is not known here and no message needs it: these bytes were made a moment ago.
    let mut new = New { lines: Lines::of(*base, Box::new(packed))?, hash: None };
    let mut writer = Writer::new()?;
    new.lines.next()?;
    let mut old = Level::open(bodies, base)?;
    old.give(u64::MAX, &mut |line| {
        while !new.is_over() {
            if new.line() == line {
                writer.run(Run::Stays)?;
                return new.advance();
            }
            if new.hash() > hash_of(line) {
                break;
            }
            writer.comes(new.line())?;
            new.advance()?;
        }
        writer.run(Run::Goes)
    })?;
    old.end()?;
    while !new.is_over() {
        writer.comes(new.line())?;
        new.advance()?;
    }
    writer.finish()
}

/// The hash by which a line is sorted: a redacted claim has left it.
fn hash_of(line: &[u8]) -> Hash {
    let left = || std::str::from_utf8(line).ok()?.parse().ok();
    if is_claim(line) { hash_bytes(line) } else { left().unwrap_or_else(|| hash_bytes(line)) }
}

/// The lines of the new body, the present one at hand.
struct New<'a, K> {
    lines: Lines<'a, K>,
    /// Of the present line, once somebody asked.
    hash: Option<Hash>,
}

impl<K: Key> New<'_, K> {
    fn line(&self) -> &[u8] {
        self.lines.line.strip_suffix(b"\n").unwrap_or_default()
    }

    fn is_over(&self) -> bool {
        self.lines.line.is_empty()
    }

    /// Most lines are told apart by their bytes; a hash is needed only where two differ.
    fn hash(&mut self) -> Hash {
        match self.hash {
            Some(hash) => hash,
            None => {
                let hash = hash_of(self.line());
                self.hash = Some(hash);
                hash
            }
        }
    }

    fn advance(&mut self) -> Result<()> {
        self.hash = None;
        self.lines.next()?;
        Ok(())
    }
}

/// What happens to lines of the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    Stays,
    Goes,
}

/// Writes a difference; equal runs become one line.
struct Writer {
    encoder: Encoder<'static, Vec<u8>>,
    run: Run,
    length: u64,
}

impl Writer {
    fn new() -> Result<Writer> {
        let mut encoder = Encoder::new(Vec::new(), LEVEL).map_err(packing)?;
        encoder.include_checksum(true).map_err(packing)?;
        encoder.window_log(WINDOW_BITS).map_err(packing)?;
        Ok(Writer { encoder, run: Run::Stays, length: 0 })
    }

    /// One line of the base.
    fn run(&mut self, run: Run) -> Result<()> {
        if run != self.run {
            self.flush()?;
            self.run = run;
        }
        self.length += 1;
        Ok(())
    }

    /// A line that the base has not.
    fn comes(&mut self, line: &[u8]) -> Result<()> {
        self.flush()?;
        self.encoder.write_all(line).and_then(|()| self.encoder.write_all(b"\n")).map_err(packing)
    }

    fn flush(&mut self) -> Result<()> {
        if self.length == 0 {
            return Ok(());
        }
        let sign = if self.run == Run::Stays { '=' } else { '-' };
        writeln!(self.encoder, "{sign}{}", self.length).map_err(packing)?;
        self.length = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        self.flush()?;
        self.encoder.finish().map_err(packing)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::{BTreeMap, BTreeSet, HashMap};

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;
    use crate::body::Packer;

    /// Stored bodies, the first whole, each next one the difference to the one before.
    #[derive(Default)]
    struct Chain(HashMap<Hash, (Vec<u8>, Option<Link>)>);

    impl Bodies for Chain {
        type Key = Hash;

        fn link(&self, claims: &Hash) -> Result<Option<Link>> {
            Ok(self.0.get(claims).and_then(|(_, link)| *link))
        }

        fn stored_bytes(&self, claims: &Hash) -> Result<u64> {
            Ok(self.0.get(claims).map_or(0, |(bytes, _)| bytes.len() as u64))
        }

        fn stored<'a>(&'a self, claims: &Hash) -> Result<Box<dyn Read + 'a>> {
            Ok(Box::new(self.0.get(claims).map_or(&[][..], |(bytes, _)| bytes)))
        }
    }

    fn id(index: usize) -> Hash {
        hash_bytes(&index.to_be_bytes())
    }

    /// Lines of claims, in the order of hashes; of some only the hash is left.
    fn lines(claims: &BTreeSet<u8>, redacted: &BTreeSet<u8>) -> Vec<Vec<u8>> {
        let sorted: BTreeMap<Hash, Vec<u8>> = claims
            .iter()
            .map(|claim| {
                let line = format!("{{\"claim\":{claim}}}").into_bytes();
                let hash = hash_bytes(&line);
                (hash, if redacted.contains(claim) { hash.to_string().into_bytes() } else { line })
            })
            .collect();
        sorted.into_values().collect()
    }

    fn packed(lines: &[Vec<u8>]) -> Vec<u8> {
        let mut packer = Packer::new();
        for line in lines {
            packer.add(line).unwrap();
        }
        packer.finish().unwrap().packed().unwrap()
    }

    /// A chain of all these bodies.
    fn chain(said: &[Vec<Vec<u8>>]) -> Chain {
        let mut chain = Chain::default();
        for (index, lines) in said.iter().enumerate() {
            let whole = packed(lines);
            let stored = match index.checked_sub(1) {
                None => (whole, None),
                Some(base) => {
                    let link = Link { base: id(base), depth: index as u32, differing: 0, whole: 0 };
                    (difference(&chain, &id(base), &whole).unwrap(), Some(link))
                }
            };
            chain.0.insert(id(index), stored);
        }
        chain
    }

    fn read(chain: &Chain, index: usize, count: usize) -> Result<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        each_stored(chain, &id(index), count as u64, &mut |line| {
            found.push(line.to_vec());
            Ok(())
        })?;
        Ok(found)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_sequence_of_bodies_comes_back(
            said in vec((btree_set(0u8..40, 0..30), btree_set(0u8..40, 0..4)), 1..12)
        ) {
            let said: Vec<_> = said.iter().map(|(claims, redacted)| lines(claims, redacted)).collect();
            let chain = chain(&said);
            for (index, lines) in said.iter().enumerate() {
                prop_assert_eq!(&read(&chain, index, lines.len()).unwrap(), lines);
                prop_assert!(read(&chain, index, lines.len() + 1).is_err());
            }
        }

        #[test]
        fn a_damaged_chain_gives_an_error_or_the_truth(
            said in vec(btree_set(0u8..200, 0..90), 2..6),
            at in any::<prop::sample::Index>(), bit in 0u8..8, which in any::<prop::sample::Index>(),
        ) {
            let said: Vec<_> = said.iter().map(|claims| lines(claims, &BTreeSet::new())).collect();
            let mut chain = chain(&said);
            let which = which.index(said.len());
            let (bytes, _) = chain.0.get_mut(&id(which)).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            for (index, lines) in said.iter().enumerate() {
                match read(&chain, index, lines.len()) {
                    Ok(found) => prop_assert_eq!(&found, lines),
                    Err(error) => prop_assert!(index >= which, "{}", error),
                }
            }
        }
    }

    #[test]
    fn damage_in_a_base_is_named() {
        let said = [0..60, 1..61, 2..62].map(|claims| lines(&claims.collect(), &BTreeSet::new()));
        let mut whole = chain(&said);
        let last = whole.0[&id(0)].0.len() - 1;
        whole.0.get_mut(&id(0)).unwrap().0[last] ^= 1;
        let error = read(&whole, 2, 60).unwrap_err().to_string();
        assert!(error.contains(&id(0).short().to_string()), "{error}");
        let mut missing = chain(&said);
        missing.0.remove(&id(1));
        assert!(read(&missing, 2, 60).unwrap_err().to_string().contains(&id(1).short().to_string()));
        // A circle, which only damage makes, ends.
        let mut circle = chain(&said);
        let link = Link { base: id(2), depth: 1, differing: 0, whole: 0 };
        circle.0.get_mut(&id(0)).unwrap().1 = Some(link);
        assert!(read(&circle, 2, 60).unwrap_err().to_string().contains("too many"));
    }

    #[test]
    fn what_little_is_saved_by_or_outgrows_its_base_is_whole() {
        let mut state = 1u64;
        let mut line = || {
            let mut text = String::from("{");
            for _ in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(&format!("{state:x}"));
            }
            text.into_bytes()
        };
        let mut set: BTreeMap<Hash, Vec<u8>> =
            (0..1_000).map(|_| line()).map(|l| (hash_bytes(&l), l)).collect();
        let mut chain = Chain::default();
        let mut depths = Vec::new();
        for index in 0..80usize {
            let mut packer = Packer::new();
            for line in set.values() {
                packer.add(line).unwrap();
            }
            let body = packer.finish().unwrap();
            let whole = body.packed().unwrap();
            let found = as_difference(&chain, &whole, || Ok(index.checked_sub(1).map(id))).unwrap();
            let stored = found.map_or((whole, None), |(bytes, link)| (bytes, Some(link)));
            depths.push(stored.1.map_or(0, |link| link.depth));
            chain.0.insert(id(index), stored);
            // One in a hundred changes at first, most of them later.
            let changes = if index < 70 { 10 } else { 700 };
            for _ in 0..changes {
                set.pop_first();
            }
            for new in (0..changes).map(|_| line()) {
                set.insert(hash_bytes(&new), new);
            }
        }
        assert_eq!(depths.iter().max(), Some(&MOST_DEPTH));
        assert_eq!(depths[..4], [0, 1, 2, 3]);
        assert_eq!(depths[MOST_DEPTH as usize + 1], 0, "whole again when the chain is too deep");
        assert!(depths[71..].iter().all(|depth| *depth == 0), "{depths:?}");
    }
}
