//! A ledger that others append to while the map is brought up to date.

use std::cell::RefCell;

use stave_ledger::{
    Appended, Entry, Estate, Filter, Horizon, Info, Ledger, MemoryLedger, Prepared, Repeats, Result, Store,
};
use stave_map::{CutOff, ReadModel};
use stave_model::{Author, EstateKey, Hash, Header, PersonRow, Scope, Time};

use crate::real;
use crate::says::{hour, same, word};

/// Whoever reads entries finds that there is one more.
struct Growing(RefCell<(MemoryLedger, i64)>);

impl Growing {
    fn grow(&self) {
        let (ledger, hours) = &mut *self.0.borrow_mut();
        *hours += 1;
        let (a, b) = ("repo:git.test/a/shop", "repo:git.test/b/shop");
        real::append(ledger, &[word("person:aa", *hours, same(a, b)).done()]);
    }
}

impl Ledger for Growing {
    fn info(&self) -> Result<Info> {
        self.0.borrow().0.info()
    }
    fn position(&self) -> Result<u64> {
        self.0.borrow().0.position()
    }
    fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>> {
        self.grow();
        self.0.borrow().0.entries(after, limit)
    }
    fn entry(&self, id: &Hash) -> Result<Option<Entry>> {
        self.0.borrow().0.entry(id)
    }
    fn latest(&self, filter: &Filter, before: u64, limit: usize) -> Result<Vec<Entry>> {
        self.0.borrow().0.latest(filter, before, limit)
    }
    fn find_ids(&self, prefix: &str, limit: usize) -> Result<Vec<Hash>> {
        self.0.borrow().0.find_ids(prefix, limit)
    }
    fn raw_lines(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.0.borrow().0.raw_lines(number, each)
    }
    fn append_prepared(
        &mut self,
        repeats: Repeats,
        next: &mut dyn FnMut() -> Result<Option<Prepared>>,
    ) -> Result<Vec<Appended>> {
        self.0.get_mut().0.append_prepared(repeats, next)
    }
    fn all_hold(&self, said: &[Header]) -> Result<bool> {
        self.0.borrow().0.all_hold(said)
    }
    fn heard(&self) -> Result<Vec<(Author, Scope, Time)>> {
        self.0.borrow().0.heard()
    }
    fn add_heard(&mut self, rows: &[(Author, Scope, Time)]) -> Result<()> {
        self.0.get_mut().0.add_heard(rows)
    }
    fn estate_key(&self) -> Result<EstateKey> {
        self.0.borrow().0.estate_key()
    }
    fn people(&self) -> Result<Vec<PersonRow>> {
        self.0.borrow().0.people()
    }
    fn add_people(&mut self, rows: &[PersonRow]) -> Result<u64> {
        self.0.get_mut().0.add_people(rows)
    }
    fn forgotten(&self) -> Result<Vec<String>> {
        self.0.borrow().0.forgotten()
    }
    fn redacted(&self) -> Result<Vec<Hash>> {
        self.0.borrow().0.redacted()
    }
    fn horizon(&self) -> Result<Option<Horizon>> {
        self.0.borrow().0.horizon()
    }
    fn meet_horizon(&mut self, time: Time) -> Result<()> {
        self.0.get_mut().0.meet_horizon(time)
    }
    fn store(&mut self) -> Option<&mut dyn Store> {
        None
    }
    fn other_estates(&self) -> Result<Vec<Estate>> {
        self.0.borrow().0.other_estates()
    }
    fn meet_estates(&mut self, met: &[Estate]) -> Result<bool> {
        self.0.get_mut().0.meet_estates(met)
    }
}

#[test]
fn a_map_waited_for_writers_that_were_quicker_than_its_fold() {
    let ledger = Growing(RefCell::new((real::empty(), 0)));
    ledger.grow();
    let mut model = ReadModel::in_memory().unwrap();
    for round in 1..4 {
        // It shows what stood there when it began; what came since is the next step's.
        let end = ledger.position().unwrap();
        let advance = model.catch_up(&ledger, CutOff::Live(hour(1_000))).unwrap();
        assert_eq!((advance.position, model.stamp().unwrap().position), (end, end), "round {round}");
        assert!(ledger.position().unwrap() > end);
    }
}
