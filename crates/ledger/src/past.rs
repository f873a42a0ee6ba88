//! A ledger as it was: the same statements without those that came, or were said, later. Answers read it as any
//! other, so that none of them has to know about the past.

use std::ops::Deref;

use stave_model::{Author, EstateKey, Hash, Header, PersonRow, Scope, Time};

use crate::error::{Error, Result};
use crate::{Appended, Entry, Estate, Filter, Horizon, Info, Ledger, Prepared, Repeats, Store};

/// How many entries are looked at for one that is wanted.
const BATCH: usize = 4_096;

/// What counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// What had been said by this instant.
    Date(Time),
    /// The first so many statements, by arrival; the instant is the latest that anything of them was said at.
    Position(u64, Time),
}

/// A ledger that ends in the past. Names of persons are those of today: the directory has no history.
pub struct Past<L> {
    ledger: L,
    until: Until,
}

impl<L: Deref<Target = dyn Ledger> + Send> Past<L> {
    /// What of `ledger`, boxed or borrowed, counted.
    pub fn new(ledger: L, until: Until) -> Past<L> {
        Past { ledger, until }
    }

    fn has(&self, entry: &Entry) -> bool {
        match self.until {
            Until::Date(date) => entry.header.time <= date,
            Until::Position(last, _) => entry.number <= last,
        }
    }

    /// When this author last said anything about this scope, as far as statements tell.
    fn last_said(&self, author: &Author, scope: &Scope) -> Result<Option<Time>> {
        let filter = Filter { author: Some(author.clone()), scope: Some(scope.clone()), ..Filter::default() };
        let said = self.latest(&filter, u64::MAX, usize::MAX)?;
        Ok(said.iter().map(|entry| entry.header.time).max())
    }
}

fn refused<T>() -> Result<T> {
    Err(Error::Past)
}

impl<L: Deref<Target = dyn Ledger> + Send> Ledger for Past<L> {
    fn info(&self) -> Result<Info> {
        self.ledger.info()
    }

    fn position(&self) -> Result<u64> {
        let position = self.ledger.position()?;
        Ok(match self.until {
            Until::Date(_) => position,
            Until::Position(last, _) => position.min(last),
        })
    }

    fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let (mut found, mut after) = (Vec::new(), after);
        while found.len() < limit {
            let entries = self.ledger.entries(after, BATCH.min(limit))?;
            let Some(last) = entries.last() else { break };
            after = last.number;
            found.extend(entries.into_iter().filter(|entry| self.has(entry)));
        }
        found.truncate(limit);
        Ok(found)
    }

    fn entry(&self, id: &Hash) -> Result<Option<Entry>> {
        Ok(self.ledger.entry(id)?.filter(|entry| self.has(entry)))
    }

    fn latest(&self, filter: &Filter, before: u64, limit: usize) -> Result<Vec<Entry>> {
        let mut filter = filter.clone();
        match self.until {
            Until::Date(date) => {
                filter.until = Some(filter.until.map_or(date, |until| until.min(date)));
                self.ledger.latest(&filter, before, limit)
            }
            Until::Position(last, _) => {
                self.ledger.latest(&filter, before.min(last.saturating_add(1)), limit)
            }
        }
    }

    fn find_ids(&self, prefix: &str, limit: usize) -> Result<Vec<Hash>> {
        let mut found = Vec::new();
        for id in self.ledger.find_ids(prefix, usize::MAX)? {
            if found.len() < limit && self.entry(&id)?.is_some() {
                found.push(id);
            }
        }
        Ok(found)
    }

    fn raw_lines(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.ledger.raw_lines(number, each)
    }

    fn append_prepared(
        &mut self,
        _: Repeats,
        _: &mut dyn FnMut() -> Result<Option<Prepared>>,
    ) -> Result<Vec<Appended>> {
        refused()
    }

    fn all_hold(&self, _: &[Header]) -> Result<bool> {
        refused()
    }

    /// The register knows the last time only. Where that is later, what is known is when the last statement was made:
    /// there may have been a look since that found nothing new.
    fn heard(&self) -> Result<Vec<(Author, Scope, Time)>> {
        let end = match self.until {
            Until::Date(time) | Until::Position(_, time) => time,
        };
        let mut rows = Vec::new();
        for (author, scope, time) in self.ledger.heard()? {
            let time = if time <= end { Some(time) } else { self.last_said(&author, &scope)? };
            rows.extend(time.map(|time| (author, scope, time)));
        }
        Ok(rows)
    }

    fn add_heard(&mut self, _: &[(Author, Scope, Time)]) -> Result<()> {
        refused()
    }

    fn estate_key(&self) -> Result<EstateKey> {
        self.ledger.estate_key()
    }

    fn people(&self) -> Result<Vec<PersonRow>> {
        self.ledger.people()
    }

    fn add_people(&mut self, _: &[PersonRow]) -> Result<u64> {
        refused()
    }

    /// As of today: what is forgotten or redacted is so at every moment.
    fn forgotten(&self) -> Result<Vec<String>> {
        self.ledger.forgotten()
    }

    fn redacted(&self) -> Result<Vec<Hash>> {
        self.ledger.redacted()
    }

    fn horizon(&self) -> Result<Option<Horizon>> {
        self.ledger.horizon()
    }

    fn meet_horizon(&mut self, _: Time) -> Result<()> {
        refused()
    }

    fn store(&mut self) -> Option<&mut dyn Store> {
        None
    }

    fn other_estates(&self) -> Result<Vec<Estate>> {
        self.ledger.other_estates()
    }

    fn meet_estates(&mut self, _: &[Estate]) -> Result<bool> {
        refused()
    }
}
