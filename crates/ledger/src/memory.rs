//! A ledger that lives as long as its process: for tests, and the yardstick for the others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use stave_model::{Author, EstateKey, Hash, Header, PersonRow, Scope, Time};

use crate::body::Body;
use crate::error::{Error, Result};
use crate::holds::{Lookup, all_hold, same_word, word_type};
use crate::obey::{Forgotten, Order, SHELVES, holds_any, order, without};
use crate::{
    Appended, Entry, Estate, Filter, Horizon, Info, Ledger, Outcome, Prepared, Repeats, Store, meet,
    prefix_range, random, random_id,
};

/// A ledger in memory. A clone is a copy: what is appended to one doesn't reach the other.
#[derive(Clone, Debug)]
pub struct MemoryLedger {
    info: Info,
    key: EstateKey,
    others: BTreeMap<(String, String), Estate>,
    entries: Vec<Entry>,
    numbers: BTreeMap<Hash, u64>,
    bodies: HashMap<Hash, Arc<Body>>,
    slots: HashMap<(Author, Scope), Vec<u64>>,
    withdrawals: Vec<u64>,
    words: HashMap<Scope, Vec<u64>>,
    replacing: HashMap<Hash, Vec<u64>>,
    heard: BTreeMap<(Author, Scope), Time>,
    people: BTreeSet<PersonRow>,
    forgotten: BTreeSet<String>,
    redacted: HashSet<Hash>,
    horizon: Option<Time>,
    shelves: BTreeMap<(String, String), String>,
}

impl MemoryLedger {
    /// An empty ledger of a new estate.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn new() -> Result<MemoryLedger> {
        let info = Info { estate: random_id()?, ledger: random_id()?, epoch: 0, revision: 0 };
        Ok(MemoryLedger::of_estate(info, EstateKey(random()?)))
    }

    /// An empty ledger of a given estate.
    pub fn of_estate(info: Info, key: EstateKey) -> MemoryLedger {
        MemoryLedger {
            info,
            key,
            others: BTreeMap::new(),
            entries: Vec::new(),
            numbers: BTreeMap::new(),
            bodies: HashMap::new(),
            slots: HashMap::new(),
            withdrawals: Vec::new(),
            words: HashMap::new(),
            replacing: HashMap::new(),
            heard: BTreeMap::new(),
            people: BTreeSet::new(),
            forgotten: BTreeSet::new(),
            redacted: HashSet::new(),
            horizon: None,
            shelves: BTreeMap::new(),
        }
    }

    fn get(&self, number: u64) -> Option<&Entry> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.entries.get(index)
    }

    fn all(&self, numbers: Option<&Vec<u64>>) -> Vec<Entry> {
        numbers.into_iter().flatten().filter_map(|number| self.get(*number).cloned()).collect()
    }

    fn hear(&mut self, author: &Author, scope: &Scope, time: Time) {
        let heard = self.heard.entry((author.clone(), scope.clone())).or_insert(time);
        *heard = time.max(*heard);
    }

    fn add(&mut self, said: Prepared, repeats: Repeats) -> Result<Appended> {
        if let Some(number) = self.numbers.get(&said.id) {
            return Ok(Appended { id: said.id, number: *number, outcome: Outcome::Known });
        }
        if !said.header.author.is_person() {
            self.hear(&said.header.author, &said.header.scope, said.header.time);
        }
        if repeats == Repeats::Skip
            && let Some(holding) = same_word(self, &said)?
        {
            return Ok(Appended { id: holding.id, number: holding.number, outcome: Outcome::SameWord });
        }
        let number = self.entries.len() as u64 + 1;
        let (id, header) = (said.id, said.header);
        self.numbers.insert(id, number);
        let mut body = said.body;
        if !self.redacted.is_empty() {
            body = without(&self.redacted, |each| body.each(said.claim_count, each))?;
        }
        self.bodies.entry(header.claims).or_insert_with(|| Arc::new(body));
        for replaced in &header.replaces {
            self.replacing.entry(*replaced).or_default().push(number);
        }
        if header.author.is_person() {
            if word_type(&header.scope) == Some("withdrawn") {
                self.withdrawals.push(number);
            }
            self.words.entry(header.scope.clone()).or_default().push(number);
        } else {
            self.slots.entry((header.author.clone(), header.scope.clone())).or_default().push(number);
        }
        let order = order(&header);
        self.entries.push(Entry { number, id, header, claim_count: said.claim_count });
        if let Some(order) = order {
            self.obey(order)?;
        }
        Ok(Appended { id, number, outcome: Outcome::New })
    }

    fn obey(&mut self, order: Order) -> Result<()> {
        match order {
            Order::Forget(id) => {
                self.forgotten.insert(id);
                let forgotten = self.all_forgotten();
                self.people.retain(|row| !forgotten.covers(row));
                self.shelves.retain(|(shelf, key), value| {
                    !(SHELVES.contains(&shelf.as_str()) && forgotten.covers_item(key, value))
                });
            }
            Order::Redact(claim) if self.redacted.insert(claim) => {
                self.info.revision += 1;
                for entry in &self.entries {
                    let Some(body) = self.bodies.get_mut(&entry.header.claims) else { continue };
                    let mut is_there = false;
                    body.each(entry.claim_count, &mut |line| {
                        is_there |= holds_any(line, &self.redacted);
                        Ok(())
                    })?;
                    if is_there {
                        let left = without(&self.redacted, |each| body.each(entry.claim_count, each))?;
                        *body = Arc::new(left);
                    }
                }
            }
            Order::Redact(_) => {}
        }
        Ok(())
    }

    fn all_forgotten(&self) -> Forgotten {
        let others = self.others.values().map(|estate| estate.key.clone());
        Forgotten { ids: self.forgotten.clone(), keys: others.chain([self.key.clone()]).collect() }
    }
}

impl Lookup for MemoryLedger {
    fn slot(
        &self,
        author: &Author,
        scope: &Scope,
        until: Time,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut entries = self.all(self.slots.get(&(author.clone(), scope.clone())));
        entries.retain(|entry| entry.header.time <= until);
        entries
            .sort_by_key(|entry| (entry.header.source_at(), entry.header.rules, entry.header.time, entry.id));
        for entry in entries.into_iter().rev() {
            if each(entry).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn slot_has(&self, author: &Author, scope: &Scope, claims: &Hash) -> Result<bool> {
        let numbers = self.slots.get(&(author.clone(), scope.clone()));
        Ok(numbers
            .into_iter()
            .flatten()
            .filter_map(|number| self.get(*number))
            .any(|entry| entry.header.claims == *claims))
    }

    fn withdrawals(&self) -> Result<Vec<Entry>> {
        Ok(self.all(Some(&self.withdrawals)))
    }

    fn words(&self, scope: &Scope) -> Result<Vec<Entry>> {
        Ok(self.all(self.words.get(scope)))
    }

    fn replacing(&self, id: &Hash) -> Result<Vec<Entry>> {
        Ok(self.all(self.replacing.get(id)))
    }
}

impl Ledger for MemoryLedger {
    fn info(&self) -> Result<Info> {
        Ok(self.info.clone())
    }

    fn position(&self) -> Result<u64> {
        Ok(self.entries.len() as u64)
    }

    fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(self.entries.iter().skip(after).take(limit).cloned().collect())
    }

    fn entry(&self, id: &Hash) -> Result<Option<Entry>> {
        Ok(self.numbers.get(id).and_then(|number| self.get(*number)).cloned())
    }

    fn latest(&self, filter: &Filter, before: u64, limit: usize) -> Result<Vec<Entry>> {
        Ok(self
            .entries
            .iter()
            .rev()
            .filter(|entry| entry.number < before && filter.matches(&entry.header))
            .take(limit)
            .cloned()
            .collect())
    }

    fn find_ids(&self, prefix: &str, limit: usize) -> Result<Vec<Hash>> {
        let Some((from, to)) = prefix_range(prefix) else { return Ok(Vec::new()) };
        Ok(self.numbers.range(from..=to).take(limit).map(|(id, _)| *id).collect())
    }

    fn raw_lines(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let entry = self.get(number).ok_or(Error::NoStatement(number))?;
        let body = self.bodies.get(&entry.header.claims).ok_or(Error::NoStatement(number))?;
        body.each(entry.claim_count, each)
    }

    fn append_prepared(
        &mut self,
        repeats: Repeats,
        next: &mut dyn FnMut() -> Result<Option<Prepared>>,
    ) -> Result<Vec<Appended>> {
        // Everything that can fail comes before the first change: that makes the batch atomic.
        let mut batch = Vec::new();
        while let Some(said) = next()? {
            batch.push(said);
        }
        batch.into_iter().map(|said| self.add(said, repeats)).collect()
    }

    fn all_hold(&self, said: &[Header]) -> Result<bool> {
        all_hold(self, said)
    }

    fn heard(&self) -> Result<Vec<(Author, Scope, Time)>> {
        Ok(self.heard.iter().map(|((author, scope), time)| (author.clone(), scope.clone(), *time)).collect())
    }

    fn add_heard(&mut self, rows: &[(Author, Scope, Time)]) -> Result<()> {
        for (author, scope, time) in rows {
            self.hear(author, scope, *time);
        }
        Ok(())
    }

    fn estate_key(&self) -> Result<EstateKey> {
        Ok(self.key.clone())
    }

    fn people(&self) -> Result<Vec<PersonRow>> {
        Ok(self.people.iter().cloned().collect())
    }

    fn add_people(&mut self, rows: &[PersonRow]) -> Result<u64> {
        let forgotten = self.all_forgotten();
        let rows = rows.iter().filter(|row| !forgotten.covers(row));
        Ok(rows.filter(|row| self.people.insert((*row).clone())).count() as u64)
    }

    fn forgotten(&self) -> Result<Vec<String>> {
        Ok(self.forgotten.iter().cloned().collect())
    }

    fn redacted(&self) -> Result<Vec<Hash>> {
        let mut hashes: Vec<Hash> = self.redacted.iter().copied().collect();
        hashes.sort_unstable();
        Ok(hashes)
    }

    fn horizon(&self) -> Result<Option<Horizon>> {
        Ok(self.horizon.map(|time| Horizon { time, position: 0 }))
    }

    fn meet_horizon(&mut self, time: Time) -> Result<()> {
        self.horizon = self.horizon.max(Some(time));
        Ok(())
    }

    fn store(&mut self) -> Option<&mut dyn Store> {
        Some(self)
    }

    fn other_estates(&self) -> Result<Vec<Estate>> {
        Ok(self.others.values().cloned().collect())
    }

    fn meet_estates(&mut self, met: &[Estate]) -> Result<bool> {
        let own = Estate { id: self.info.estate.clone(), key: self.key.clone() };
        let (become_one, others) = meet(&own, self.entries.is_empty() && self.people.is_empty(), met);
        for other in others {
            self.others.insert((other.id.clone(), other.key.to_hex()), other.clone());
        }
        let Some(estate) = become_one else { return Ok(false) };
        self.info.estate = estate.id.clone();
        self.key = estate.key.clone();
        Ok(true)
    }
}

impl Store for MemoryLedger {
    fn item(&self, shelf: &str, key: &str) -> Result<Option<String>> {
        Ok(self.shelves.get(&(shelf.to_owned(), key.to_owned())).cloned())
    }

    fn items(&self, shelf: &str) -> Result<Vec<(String, String)>> {
        let on_it = self.shelves.iter().filter(|((on, _), _)| on == shelf);
        Ok(on_it.map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    fn swap(&mut self, shelf: &str, key: &str, before: Option<&str>, after: Option<&str>) -> Result<bool> {
        if self.item(shelf, key)?.as_deref() != before {
            return Ok(false);
        }
        self.set(shelf, key, after)?;
        Ok(true)
    }

    fn set(&mut self, shelf: &str, key: &str, value: Option<&str>) -> Result<()> {
        let place = (shelf.to_owned(), key.to_owned());
        match value {
            Some(value) => drop(self.shelves.insert(place, value.to_owned())),
            None => drop(self.shelves.remove(&place)),
        }
        Ok(())
    }
}
