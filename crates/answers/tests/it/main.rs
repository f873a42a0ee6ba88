//! Integration tests of the answers, on a small estate folded for real.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod barrels;
mod estate;
mod fires;
mod flow;
mod readings;
mod records;
mod releases;
mod renderings;
mod ties;
mod who;

use stave_answers::{Estate, People};
use stave_ledger::{Ledger, MemoryLedger};
use stave_map::{CutOff, ReadModel};

/// The estate, folded.
struct Folded {
    ledger: MemoryLedger,
    model: ReadModel,
    people: People,
}

impl Folded {
    fn new() -> Folded {
        let mut ledger = MemoryLedger::new().unwrap();
        ledger.append(&estate::statements()).unwrap();
        ledger.add_people(&estate::people()).unwrap();
        Folded::of(ledger)
    }

    fn of(ledger: MemoryLedger) -> Folded {
        let mut model = ReadModel::in_memory().unwrap();
        model.catch_up(&ledger, CutOff::Live(estate::now())).unwrap();
        let people = People::new(ledger.people().unwrap());
        Folded { ledger, model, people }
    }

    fn estate(&self) -> Estate<'_> {
        Estate { model: &self.model, ledger: &self.ledger, people: &self.people, now: estate::now() }
    }

    /// What a name leads to, where it leads to one entity.
    fn id(&self, name: &str) -> String {
        match self.model.named(name).unwrap() {
            stave_map::Named::One(id) => id,
            other => panic!("{name} leads to {other:?}"),
        }
    }
}
