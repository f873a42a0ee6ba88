//! A ledger behind a server's door, over HTTP: the same trait, so that every verb works through it as it does on a file.
//!
//! Nothing of it is asynchronous. Each method is one request or a few pages of one; what was sent twice because an
//! answer was lost counts once, because a statement's id is its content. Claims are read ahead: whoever reads one
//! statement after the other gets many with each request.

mod address;
mod cache;
mod http;
mod problem;

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::path::PathBuf;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use stave_model::{Author, EstateKey, Hash, Header, PersonRow, Scope, Time};

use crate::body::{Body, Packer};
use crate::error::{Error, Result};
use crate::exchange::{HeardLine, estate_line};
use crate::obey::order;
use crate::wire::{AppendWriter, InfoLine, Row, RowWriter, estate_of, limits};
use crate::{Appended, Entry, Estate, Filter, Horizon, Info, Ledger, Outcome, Prepared, Repeats, Store};
use cache::Cache;
use http::{Http, Lines, Sent};

pub use address::{Address, Token};
pub use problem::{AddressError, RemoteProblem};

/// Statements with up to so many claims are read ahead.
const SMALL_CLAIMS: u64 = 2_000;
/// Longest value in an address, as it is written there. A server reads 4 KiB.
const VALUE_BYTES: usize = 1_600;
/// Compression of what is sent: free beside hashing.
const LEVEL: i32 = 3;

/// How to reach a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The server.
    pub address: Address,
    /// What opens its door; a server on loopback may have none.
    pub token: Option<Token>,
    /// Certificates (DER) of those whose word on servers' certificates counts.
    pub roots: Vec<Vec<u8>>,
    /// The file for what was read already; none: it is forgotten with the ledger.
    pub cache: Option<PathBuf>,
    /// How the client calls itself.
    pub agent: String,
}

/// A ledger behind a server's door.
pub struct RemoteLedger {
    http: Http,
    cache_file: Option<PathBuf>,
    /// Opened and checked against the ledger when it is first needed.
    cache: RefCell<Option<Cache>>,
    /// How many statements the next miss reads; more each time, for one miss is followed by others.
    ahead: Cell<usize>,
}

impl RemoteLedger {
    /// A ledger at an address. Nothing is asked yet.
    pub fn new(options: &Options) -> RemoteLedger {
        RemoteLedger {
            http: Http::new(options),
            cache_file: options.cache.clone(),
            cache: RefCell::new(None),
            ahead: Cell::new(1),
        }
    }

    fn get<T>(&self, what: &str, mut read: impl FnMut(&mut Lines) -> Result<T>) -> Result<T> {
        self.http.ask(what, Sent::Nothing, &mut read)
    }

    fn post<T>(
        &self,
        what: &str,
        rows: impl Iterator<Item = Row>,
        mut read: impl FnMut(&mut Lines) -> Result<T>,
    ) -> Result<T> {
        self.http.ask(what, Sent::Plain(&RowWriter::of(rows)), &mut read)
    }

    /// Entries in pages, until there are `limit` or no more. `ask` is told the last one and how many are wanted.
    fn pages(
        limit: usize,
        mut ask: impl FnMut(Option<&Entry>, usize) -> Result<(Vec<Entry>, bool)>,
    ) -> Result<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        while entries.len() < limit {
            let (page, has_more) = ask(entries.last(), limit - entries.len())?;
            let is_empty = page.is_empty();
            entries.extend(page);
            if !has_more || is_empty {
                break;
            }
        }
        Ok(entries)
    }

    /// Does something with the cache; what fails there is as if it were empty.
    fn cached<T>(&self, with: impl FnOnce(&Cache) -> rusqlite::Result<Option<T>>) -> Result<Option<T>> {
        if self.cache.borrow().is_none() {
            // Whose numbers these are must be known before one of them is believed.
            self.info()?;
        }
        Ok(self.cache.borrow().as_ref().and_then(|cache| with(cache).ok().flatten()))
    }

    fn keep(&self, entries: &[Entry]) -> Result<()> {
        self.cached(|cache| {
            let keeping = cache.keeping()?;
            for entry in entries {
                keeping.entry(entry)?;
            }
            keeping.commit().map(Some)
        })?;
        Ok(())
    }

    /// Reads a statement's lines and those of small ones behind it.
    fn fetch(&self, number: u64) -> Result<(Body, u64)> {
        let wanted = self.ahead.get();
        self.ahead.set(wanted.saturating_mul(2).min(limits::PAGE));
        let known = self.cached(|cache| cache.next_known(number.saturating_add(1)).map(Some))?;
        let distance = known.unwrap_or(u64::MAX).saturating_sub(number);
        let wanted = wanted.min(usize::try_from(distance).unwrap_or(usize::MAX)).max(1);
        let what = format!("lines?after={}&limit={wanted}&small={SMALL_CLAIMS}", number - 1);
        let mut found: Vec<(Entry, Body)> = Vec::new();
        self.get(&what, |answer| {
            found.clear();
            while let Some(entry) = answer.one(Row::entry)? {
                let mut packer = Packer::new();
                for _ in 0..entry.claim_count {
                    packer.add(answer.raw_claim()?).map_err(Error::Export)?;
                }
                found.push((entry, packer.finish().map_err(Error::Export)?));
            }
            Ok(())
        })?;
        self.cached(|cache| {
            let keeping = cache.keeping()?;
            for (entry, body) in &found {
                keeping.entry(entry)?;
                keeping.body(entry.number, body)?;
            }
            keeping.commit().map(Some)
        })?;
        let first = found.into_iter().next().filter(|(entry, _)| entry.number == number);
        first.map(|(entry, body)| (body, entry.claim_count)).ok_or(Error::NoStatement(number))
    }
}

impl Ledger for RemoteLedger {
    fn info(&self) -> Result<Info> {
        let line = self.get("info", |answer| answer.only(|row| row.info))?;
        let InfoLine { estate, ledger, epoch, revision, .. } = line;
        let info = Info { estate, ledger, epoch, revision };
        let mut cache = self.cache.borrow_mut();
        if cache.is_none() {
            *cache = Cache::open(self.cache_file.as_deref()).ok();
        }
        // One that can't be cleared must not be believed.
        if cache.as_ref().is_some_and(|cache| cache.belong_to(&info).is_err()) {
            *cache = Cache::open(None).ok().filter(|cache| cache.belong_to(&info).is_ok());
        }
        Ok(info)
    }

    fn signature(&self) -> Result<Option<Author>> {
        self.get("info", |answer| answer.only(|row| Some(row.info?.by)))
    }

    fn position(&self) -> Result<u64> {
        self.get("info", |answer| answer.only(|row| Some(row.info?.position)))
    }

    fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let entries = RemoteLedger::pages(limit, |last, left| {
            let after = last.map_or(after, |last| last.number);
            self.get(&format!("entries?after={after}&limit={left}"), |answer| {
                Ok((answer.all(Row::entry)?, answer.has_more))
            })
        })?;
        self.keep(&entries)?;
        Ok(entries)
    }

    fn entry(&self, id: &Hash) -> Result<Option<Entry>> {
        if let Some(entry) = self.cached(|cache| cache.entry(id))? {
            return Ok(Some(entry));
        }
        let entry = self.get(&format!("entry?id={id}"), |answer| Ok(answer.all(Row::entry)?.pop()))?;
        self.keep(entry.as_slice())?;
        Ok(entry)
    }

    fn latest(&self, filter: &Filter, before: u64, limit: usize) -> Result<Vec<Entry>> {
        let (query, is_whole) = query(filter);
        // A scope that is too long for an address is looked for here.
        let wanted = if is_whole { limit } else { usize::MAX };
        let mut entries = RemoteLedger::pages(wanted, |last, left| {
            let before = last.map_or(before, |last| last.number);
            self.get(&format!("latest?before={before}&limit={left}{query}"), |answer| {
                Ok((answer.all(Row::entry)?, answer.has_more))
            })
        })?;
        self.keep(&entries)?;
        if !is_whole {
            entries.retain(|entry| filter.matches(&entry.header));
            entries.truncate(limit);
        }
        Ok(entries)
    }

    fn find_ids(&self, prefix: &str, limit: usize) -> Result<Vec<Hash>> {
        // What is longer than an id is none; an address has its limits.
        if prefix.len() > 64 {
            return Ok(Vec::new());
        }
        let prefix = utf8_percent_encode(prefix, NON_ALPHANUMERIC);
        let what = format!("ids?prefix={prefix}&limit={limit}");
        self.get(&what, |answer| answer.all(|row| row.id))
    }

    fn raw_lines(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if number == 0 {
            return Err(Error::NoStatement(number));
        }
        let (body, count) = match self.cached(|cache| cache.body(number))? {
            Some(found) => found,
            None => self.fetch(number)?,
        };
        body.each(count, each)
    }

    fn append_prepared(
        &mut self,
        repeats: Repeats,
        next: &mut dyn FnMut() -> Result<Option<Prepared>>,
    ) -> Result<Vec<Appended>> {
        // Written aside first: it can be sent again, and whatever `next` refuses was not sent.
        let io = |source| Error::Io { path: "a temporary file".into(), source };
        let file = tempfile::tempfile().map_err(io)?;
        let encoder = zstd::stream::write::Encoder::new(&file, LEVEL).map_err(io)?;
        let mut writer = AppendWriter::new(encoder, repeats)?;
        let (mut count, mut orders) = (0, false);
        while let Some(said) = next()? {
            writer.add(&said)?;
            count += 1;
            orders |= order(said.header()).is_some();
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let file: &File = writer.finish()?.finish().map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        if bytes > limits::APPEND_BYTES {
            return Err(self.http.problem(RemoteProblem::TooLarge { bytes, most: limits::APPEND_BYTES }));
        }
        let (mut appended, was_sent_before) =
            self.http
                .attempt("append", Sent::Packed(file, bytes), &mut |answer| answer.all(Row::appended))?;
        if orders {
            // Something of what was read may be gone now.
            *self.cache.borrow_mut() = None;
        }
        // A command's own words have an id that nobody else can have made: those that are known now were taken by the
        // attempt whose answer was lost.
        if was_sent_before && repeats == Repeats::Skip {
            for one in appended.iter_mut().filter(|one| one.outcome == Outcome::Known) {
                one.outcome = Outcome::New;
            }
        }
        Ok(appended)
    }

    fn all_hold(&self, said: &[Header]) -> Result<bool> {
        let rows = said.iter().map(|header| Row { header: Some(header.clone()), ..Row::default() });
        self.post("holds", rows, |answer| answer.only(|row| row.truth))
    }

    fn heard(&self) -> Result<Vec<(Author, Scope, Time)>> {
        self.get("heard", |answer| answer.all(Row::heard))
    }

    fn add_heard(&mut self, rows: &[(Author, Scope, Time)]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = rows.iter().map(|(author, scope, time)| {
            let heard = HeardLine { author: author.clone(), scope: scope.clone(), time: *time };
            Row { heard: Some(heard), ..Row::default() }
        });
        self.post("heard", rows, |answer| answer.only(|row| row.number)).map(drop)
    }

    fn estate_key(&self) -> Result<EstateKey> {
        let mut key = None;
        self.get("estate", |answer| {
            while let Some(row) = answer.row()? {
                if let Some(estate) = row.estate.and_then(estate_of) {
                    key = Some(estate.key);
                }
            }
            key.clone().ok_or_else(|| answer.strange())
        })
    }

    fn people(&self) -> Result<Vec<PersonRow>> {
        self.get("people", |answer| answer.all(|row| row.person))
    }

    fn add_people(&mut self, rows: &[PersonRow]) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        let rows = rows.iter().map(|person| Row { person: Some(person.clone()), ..Row::default() });
        self.post("people", rows, |answer| answer.only(|row| row.number))
    }

    fn forgotten(&self) -> Result<Vec<String>> {
        self.get("forgotten", |answer| answer.all(|row| row.forgotten))
    }

    fn redacted(&self) -> Result<Vec<Hash>> {
        self.get("redacted", |answer| answer.all(|row| row.redacted))
    }

    fn horizon(&self) -> Result<Option<Horizon>> {
        let horizon = self.get("info", |answer| answer.only(|row| Some(row.info?.horizon)))?;
        Ok(horizon.map(|line| Horizon { time: line.time, position: line.position }))
    }

    fn meet_horizon(&mut self, time: Time) -> Result<()> {
        let rows = [Row { met: Some(time), ..Row::default() }].into_iter();
        self.post("horizon", rows, |answer| answer.only(|row| row.number))?;
        Ok(())
    }

    fn store(&mut self) -> Option<&mut dyn Store> {
        None
    }

    fn other_estates(&self) -> Result<Vec<Estate>> {
        self.get("estate", |answer| {
            let mut others = Vec::new();
            while let Some(row) = answer.row()? {
                others.extend(row.other.and_then(estate_of));
            }
            Ok(others)
        })
    }

    fn meet_estates(&mut self, met: &[Estate]) -> Result<bool> {
        let rows = met.iter().map(|estate| Row { other: Some(estate_line(estate)), ..Row::default() });
        self.post("estates", rows, |answer| answer.only(|row| row.truth))
    }
}

/// A filter as the end of an address, and whether all of it fits.
fn query(filter: &Filter) -> (String, bool) {
    let values = [
        ("author", filter.author.as_ref().map(Author::to_string)),
        ("scope", filter.scope.as_ref().map(Scope::to_string)),
        ("op", filter.op.map(|op| op.to_string())),
        ("until", filter.until.map(|until| until.to_string())),
    ];
    let (mut query, mut is_whole) = (String::new(), true);
    for (name, value) in values {
        let Some(value) = value else { continue };
        let value = utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
        if value.len() > VALUE_BYTES {
            is_whole = false;
            continue;
        }
        query.push_str(&format!("&{name}={value}"));
    }
    (query, is_whole)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_does_not_fit_is_left_out_and_said_to_be() {
        let mut filter = Filter { scope: Some("repo:a/b@main".parse().unwrap()), ..Filter::default() };
        assert_eq!(query(&filter), ("&scope=repo%3Aa%2Fb%40main".to_owned(), true));
        filter.author = Some(format!("collector:{}", "/".repeat(800)).parse().unwrap());
        assert_eq!(query(&filter), ("&scope=repo%3Aa%2Fb%40main".to_owned(), false));
    }
}
