//! Appending: bodies first, numbers last.
//!
//! A transaction writes the bodies of its statements while nobody waits for it. Then it takes the one lock, looks
//! what others have appended meanwhile, numbers what is new, and commits. As the lock is held until the commit,
//! numbers become visible in their order and without gaps, and a reader that is at number N will never find
//! anything new below.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use stave_model::{Hash, Header, canonical};

use super::bodies::{self, Access as _, Chains, Trouble};
use super::link::Link;
use super::obey::{self, pack};
use super::open::Address;
use super::read::{Rank, Reader, hash, slot};
use super::{Fail, bound, notify};
use crate::body::{Body, each_packed};
use crate::difference::{Difference, as_difference};
use crate::error::{Error, Result};
use crate::holds::{same_word, word_type};
use crate::obey::{Order, order, without};
use crate::{Appended, Outcome, Prepared, Repeats};

/// A body is stored in parts of this size, so that nobody has to hold a large one.
pub(super) const PART_BYTES: usize = 512 * 1024;
/// How many statements, and how many bytes of bodies, are written at once and held until the commit.
const CHUNK_STATEMENTS: usize = 1_000;
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

type Done<T> = std::result::Result<T, Fail>;

/// A statement on its way.
pub(super) struct Said {
    said: Prepared,
    packed: Vec<u8>,
    slot: Hash,
}

impl Said {
    /// Its place among the statements of its slot.
    fn rank(&self) -> Rank {
        let header = &self.said.header;
        (header.source_at().millis(), i64::from(header.rules), header.time.millis(), self.said.id)
    }
}

/// The next statements that are written at once; fewer than asked for where there are no more.
pub(super) struct Chunk {
    pub(super) said: Vec<Said>,
    pub(super) is_last: bool,
}

/// Takes what `next` gives, up to the size of a chunk.
pub(super) fn chunk(next: &mut dyn FnMut() -> Result<Option<Prepared>>) -> Result<Chunk> {
    let mut said = Vec::new();
    let mut bytes = 0;
    while said.len() < CHUNK_STATEMENTS && bytes < CHUNK_BYTES {
        let Some(mut one) = next()? else { return Ok(Chunk { said, is_last: true }) };
        let packed = pack(std::mem::replace(&mut one.body, Body::Plain(Vec::new())))?;
        bytes += packed.len();
        let slot = slot(&one.header.author, &one.header.scope);
        said.push(Said { said: one, packed, slot });
    }
    Ok(Chunk { said, is_last: false })
}

/// Numbers of attempts of which nobody knows whether they were committed: the connection was cut too early.
#[derive(Default)]
pub(super) struct Attempts {
    /// Given by earlier ones.
    before: HashMap<Hash, u64>,
    /// Given by this one.
    now: HashMap<Hash, u64>,
}

impl Attempts {
    /// Begins another one.
    pub(super) fn again(&mut self) {
        self.before.extend(self.now.drain());
    }

    /// Notes a number that is given now, in the place of any that an earlier attempt gave in vain.
    fn number(&mut self, id: Hash, number: u64) {
        self.before.remove(&id);
        self.now.insert(id, number);
    }

    /// Whether the statement that stands at this number was written by an earlier attempt. Says so once: the batch may
    /// hold it twice.
    fn is_ours(&mut self, id: &Hash, number: u64) -> bool {
        let is_ours = self.before.get(id) == Some(&number);
        if is_ours {
            self.number(*id, number);
        }
        is_ours
    }
}

/// One transaction that appends.
pub(super) struct Appender<'a> {
    link: &'a mut Link,
    address: &'a Address,
    repeats: Repeats,
    attempts: &'a mut Attempts,
    /// The number of the last statement, once the lock is held.
    last: Option<i64>,
    redacted: HashSet<Hash>,
    orders: Vec<Order>,
    appended: Vec<Appended>,
    has_new: bool,
}

/// What stands in the ledger of the things that a chunk names.
#[derive(Default)]
struct Known {
    numbers: HashMap<Hash, u64>,
    bodies: HashMap<Hash, i64>,
    repeats: HashSet<(Hash, Hash)>,
}

impl<'a> Appender<'a> {
    pub(super) fn new(
        link: &'a mut Link,
        address: &'a Address,
        repeats: Repeats,
        attempts: &'a mut Attempts,
    ) -> Appender<'a> {
        Appender {
            link,
            address,
            repeats,
            attempts,
            last: None,
            redacted: HashSet::new(),
            orders: Vec::new(),
            appended: Vec::new(),
            has_new: false,
        }
    }

    /// Appends chunks until one says that it is the last.
    pub(super) fn add_all(&mut self, next: &mut dyn FnMut() -> Result<Chunk>) -> Done<()> {
        loop {
            let chunk = next()?;
            self.add(&chunk.said)?;
            if chunk.is_last {
                return Ok(());
            }
        }
    }

    /// Appends a chunk. The first one's bodies are written before the lock is taken; who appends more than a chunk
    /// holds the lock for the rest.
    pub(super) fn add(&mut self, chunk: &[Said]) -> Done<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let mut written = HashMap::new();
        if self.last.is_none() {
            self.redacted = obey::redacted(self.link)?.into_iter().collect();
            let there = self.bodies(chunk)?;
            self.write_bodies(chunk, &there, &mut written)?;
            self.last = Some(self.link.lock()?);
            self.redact_late(chunk, &written)?;
        }
        let mut known = self.known(chunk)?;
        // Somebody else may have written the same claims meanwhile, or compacted them away.
        let superfluous: Vec<i64> = written
            .iter()
            .filter(|(claims, body)| known.bodies.get(claims).is_some_and(|other| other != *body))
            .map(|(_, body)| *body)
            .collect();
        if !superfluous.is_empty() {
            self.link.execute("DELETE FROM bodies WHERE body = ANY($1)", &[&superfluous])?;
        }
        self.stand_alone(chunk, &written)?;
        for (claims, body) in &written {
            known.bodies.entry(*claims).or_insert(*body);
        }
        let there = known.bodies.clone();
        self.write_bodies(chunk, &there, &mut known.bodies)?;
        self.number(chunk, known)
    }

    /// Takes out of this transaction's own bodies what was redacted before it got the lock.
    fn redact_late(&mut self, chunk: &[Said], written: &HashMap<Hash, i64>) -> Done<()> {
        let now: HashSet<Hash> = obey::redacted(self.link)?.into_iter().collect();
        if now.len() > self.redacted.len() {
            for one in chunk {
                if let Some(body) = written.get(&one.said.header.claims) {
                    obey::redact(self.link, *body, &now)?;
                }
            }
        }
        self.redacted = now;
        Ok(())
    }

    /// Ends the transaction's own work: does what its words order, counts, and tells those who wait. Gives also whether
    /// anything was erased.
    pub(super) fn finish(self) -> Done<(Vec<Appended>, bool)> {
        obey::obey(self.link, &self.orders)?;
        if let Some(last) = self.last.filter(|_| self.has_new) {
            self.link.execute("UPDATE counter SET last = $1", &[&last])?;
            notify(self.link, last)?;
        }
        Ok((self.appended, !self.orders.is_empty()))
    }

    fn bodies(&mut self, chunk: &[Said]) -> Done<HashMap<Hash, i64>> {
        let claims: Vec<&[u8]> = chunk.iter().map(|one| one.said.header.claims.0.as_slice()).collect();
        let sql = "SELECT claims, min(body) FROM statements WHERE claims = ANY($1) GROUP BY claims";
        let rows = self.link.query(sql, &[&claims])?;
        rows.iter().map(|row| Ok((hash(row, 0)?, row.try_get(1)?))).collect()
    }

    /// Writes the bodies that are not there; notes in `written` which.
    fn write_bodies(
        &mut self,
        chunk: &[Said],
        there: &HashMap<Hash, i64>,
        written: &mut HashMap<Hash, i64>,
    ) -> Done<()> {
        let mut rows = bodies::Rows::default();
        let mut latest: HashMap<Hash, (Rank, i64)> = HashMap::new();
        for one in chunk {
            let claims = one.said.header.claims;
            let body = match there.get(&claims).or(written.get(&claims)) {
                Some(body) => *body,
                None => {
                    let body = self.link.body_number()?;
                    let whole = self.whole(one)?;
                    let (bytes, base) = match self.difference(one, &whole, &latest, &mut rows)? {
                        Some((bytes, base)) => (Cow::Owned(bytes), Some(base)),
                        None => (whole, None),
                    };
                    rows.add(body, 0, &bytes, base);
                    written.insert(claims, body);
                    body
                }
            };
            let (rank, previous) = (one.rank(), latest.entry(one.slot));
            let previous = previous.or_insert((rank, body));
            if rank >= previous.0 {
                *previous = (rank, body);
            }
        }
        rows.write(self.link)
    }

    /// The compressed body of a statement, without what is redacted.
    fn whole<'b>(&self, one: &'b Said) -> Done<Cow<'b, [u8]>> {
        if self.redacted.is_empty() {
            return Ok(Cow::Borrowed(&one.packed));
        }
        let count = one.said.claim_count;
        let lines = |each: &mut dyn FnMut(&[u8]) -> Result<()>| each_packed(&one.packed[..], count, each);
        Ok(Cow::Owned(pack(without(&self.redacted, lines)?)?))
    }

    /// The difference to the author's previous statement on the scope, be it in the ledger or in this chunk; none where the
    /// body is better stored whole.
    fn difference(
        &mut self,
        one: &Said,
        whole: &[u8],
        latest: &HashMap<Hash, (Rank, i64)>,
        rows: &mut bodies::Rows,
    ) -> Done<Option<Difference<i64>>> {
        let reader = Reader::new(self.link, self.address);
        let chains = Chains::new(&reader);
        let found = as_difference(&chains, whole, || {
            // It may be one that is still to be written.
            reader.on(|link| rows.write(link))?;
            let found = [reader.previous(&one.slot)?, latest.get(&one.slot).copied()];
            Ok(found.into_iter().flatten().max().map(|(_, body)| body))
        });
        match chains.trouble() {
            // What it would have stood on is just being stored otherwise.
            Some(Trouble::Changed) => Ok(None),
            Some(Trouble::Failed(problem)) => Err(problem.into()),
            None => Ok(found?),
        }
    }

    /// Stores whole what was written as the difference to a body that is gone by now: compacted away, or written by
    /// somebody else as well. As the lock is held, nothing goes any more.
    fn stand_alone(&mut self, chunk: &[Said], written: &HashMap<Hash, i64>) -> Done<()> {
        let ours: Vec<i64> = written.values().copied().collect();
        let sql = "SELECT body FROM bodies AS own WHERE body = ANY($1) AND part = 0 AND base IS NOT NULL
            AND NOT EXISTS (SELECT FROM bodies AS below WHERE below.body = own.base)";
        let rows = self.link.query(sql, &[&ours])?;
        let gone = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Done<Vec<i64>>>()?;
        if gone.is_empty() {
            return Ok(());
        }
        self.link.execute("DELETE FROM bodies WHERE body = ANY($1)", &[&gone])?;
        let mut gone: HashSet<i64> = gone.into_iter().collect();
        let mut rows = bodies::Rows::default();
        for one in chunk {
            // Several of the chunk may have the same claims.
            let body = written.get(&one.said.header.claims).filter(|body| gone.remove(body));
            if let Some(body) = body {
                rows.add(*body, 0, &self.whole(one)?, None);
            }
        }
        rows.write(self.link)
    }

    /// What stands in the ledger now that nobody else can append.
    fn known(&mut self, chunk: &[Said]) -> Done<Known> {
        let ids: Vec<&[u8]> = chunk.iter().map(|one| one.said.id.0.as_slice()).collect();
        let rows = self.link.query("SELECT id, number FROM statements WHERE id = ANY($1)", &[&ids])?;
        let numbers = rows.iter().map(|row| Ok((hash(row, 0)?, row.try_get::<_, i64>(1)? as u64)));
        let numbers: HashMap<Hash, u64> = numbers.collect::<std::result::Result<_, Fail>>()?;
        let mut known = Known { numbers, bodies: self.bodies(chunk)?, repeats: HashSet::new() };
        if self.repeats == Repeats::Skip {
            let machines = || chunk.iter().filter(|one| !one.said.header.author.is_person());
            let slots: Vec<&[u8]> = machines().map(|one| one.slot.0.as_slice()).collect();
            let claims: Vec<&[u8]> = machines().map(|one| one.said.header.claims.0.as_slice()).collect();
            if !slots.is_empty() {
                let rows = self.link.query(
                    "SELECT DISTINCT slot, claims FROM statements
                     JOIN unnest($1::bytea[], $2::bytea[]) AS said (slot, claims) USING (slot, claims)",
                    &[&slots, &claims],
                )?;
                for row in rows {
                    known.repeats.insert((hash(&row, 0)?, hash(&row, 1)?));
                }
            }
        }
        Ok(known)
    }

    /// Numbers what is new, in order, and writes its rows.
    fn number(&mut self, chunk: &[Said], known: Known) -> Done<()> {
        let Known { mut numbers, bodies, mut repeats } = known;
        let mut last = self.last.unwrap_or_default();
        let mut heard: BTreeMap<Hash, (&Header, i64)> = BTreeMap::new();
        let mut rows = Rows::default();
        for Said { said, slot, .. } in chunk {
            let header = &said.header;
            if let Some(number) = numbers.get(&said.id) {
                // Its own earlier attempt, if the answer to its commit was lost on the way.
                let is_ours = self.attempts.is_ours(&said.id, *number);
                let outcome = if is_ours { Outcome::New } else { Outcome::Known };
                self.appended.push(Appended { id: said.id, number: *number, outcome });
                continue;
            }
            if !header.author.is_person() {
                let time = heard.entry(*slot).or_insert((header, header.time.millis()));
                time.1 = time.1.max(header.time.millis());
                let repeat = (*slot, header.claims);
                if self.repeats == Repeats::Skip && repeats.contains(&repeat) {
                    // What was numbered before it counts as well.
                    rows.write(self.link)?;
                    let holding = same_word(&Reader::new(self.link, self.address), said)?;
                    if let Some(holding) = holding {
                        let (id, number) = (holding.id, holding.number);
                        self.appended.push(Appended { id, number, outcome: Outcome::SameWord });
                        continue;
                    }
                }
                repeats.insert(repeat);
            }
            last += 1;
            let body = bodies.get(&header.claims).copied();
            let body = body.ok_or_else(|| Error::Damaged(format!("statement {} has no body", said.id)))?;
            rows.add(last, said, slot, body);
            numbers.insert(said.id, last as u64);
            self.attempts.number(said.id, last as u64);
            self.orders.extend(order(header));
            self.has_new = true;
            self.appended.push(Appended { id: said.id, number: last as u64, outcome: Outcome::New });
        }
        rows.write(self.link)?;
        let heard = heard
            .into_iter()
            .map(|(slot, (header, time))| (slot, header.author.as_str(), header.scope.as_str(), time));
        hear(self.link, heard)?;
        self.last = Some(last);
        Ok(())
    }
}

/// Moves the register by maximum. No slot may come twice.
pub(super) fn hear<'a>(
    link: &mut Link,
    heard: impl Iterator<Item = (Hash, &'a str, &'a str, i64)>,
) -> Done<()> {
    let (mut slots, mut authors, mut scopes, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (slot, author, scope, time) in heard {
        slots.push(slot.0.to_vec());
        authors.push(author);
        scopes.push(scope);
        times.push(time);
    }
    if slots.is_empty() {
        return Ok(());
    }
    link.execute(
        "INSERT INTO heard (slot, author, scope, time)
         SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[])
         ON CONFLICT (slot) DO UPDATE SET time = greatest(heard.time, excluded.time)",
        &[&slots, &authors, &scopes, &times],
    )?;
    Ok(())
}

/// Rows that are still to be written, column by column.
#[derive(Default)]
struct Rows<'a> {
    numbers: Vec<i64>,
    ids: Vec<&'a [u8]>,
    slots: Vec<&'a [u8]>,
    authors: Vec<&'a str>,
    scopes: Vec<&'a str>,
    ops: Vec<&'a [u8]>,
    times: Vec<i64>,
    sources: Vec<i64>,
    rules: Vec<i64>,
    claims: Vec<&'a [u8]>,
    counts: Vec<i64>,
    words: Vec<Option<&'a str>>,
    headers: Vec<String>,
    bodies: Vec<i64>,
    replaced: Vec<&'a [u8]>,
    replacing: Vec<i64>,
}

impl<'a> Rows<'a> {
    fn add(&mut self, number: i64, said: &'a Prepared, slot: &'a Hash, body: i64) {
        let header = &said.header;
        self.numbers.push(number);
        self.ids.push(&said.id.0);
        self.slots.push(&slot.0);
        self.authors.push(header.author.as_str());
        self.scopes.push(header.scope.as_str());
        self.ops.push(&header.op.0);
        self.times.push(header.time.millis());
        self.sources.push(header.source_at().millis());
        self.rules.push(i64::from(header.rules));
        self.claims.push(&header.claims.0);
        self.counts.push(bound(said.claim_count));
        self.words.push(if header.author.is_person() { word_type(&header.scope) } else { None });
        self.headers.push(String::from_utf8_lossy(&canonical(header)).into_owned());
        self.bodies.push(body);
        for replaced in &header.replaces {
            self.replaced.push(&replaced.0);
            self.replacing.push(number);
        }
    }

    fn write(&mut self, link: &mut Link) -> Done<()> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        link.execute(
            "INSERT INTO statements
             (number, id, slot, author, scope, op, time, source_at, rules, claims, claim_count, word, header, body)
             SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::bytea[],
                 $7::bigint[], $8::bigint[], $9::bigint[], $10::bytea[], $11::bigint[], $12::text[], $13::text[],
                 $14::bigint[])",
            &[
                &self.numbers,
                &self.ids,
                &self.slots,
                &self.authors,
                &self.scopes,
                &self.ops,
                &self.times,
                &self.sources,
                &self.rules,
                &self.claims,
                &self.counts,
                &self.words,
                &self.headers,
                &self.bodies,
            ],
        )?;
        if !self.replaced.is_empty() {
            link.execute(
                "INSERT INTO replaces (replaced, number) SELECT * FROM unnest($1::bytea[], $2::bigint[])",
                &[&self.replaced, &self.replacing],
            )?;
        }
        *self = Rows::default();
        Ok(())
    }
}
