//! Ledgers that part and meet: whoever heard what in which order, once all have met they have one map.

use proptest::prelude::*;
use stave_ledger::MemoryLedger;
use stave_map::ReadModel;

use crate::generator::{self, Teller};
use crate::oracle::{self, When};
use crate::properties::{Check, Dice, caught_up, for_as_many, same};
use crate::real;

/// A story takes a tenth of a second: as many as a developer waits for.
const CASES: u32 = 48;

/// One machine: its copy of the ledger, and the map that it keeps up with it.
struct Machine {
    ledger: MemoryLedger,
    model: ReadModel,
}

impl Machine {
    fn new() -> Machine {
        Machine { ledger: real::empty(), model: ReadModel::in_memory().unwrap() }
    }

    fn catch_up(&mut self, when: When) -> Result<serde_json::Value, String> {
        caught_up(&mut self.model, &self.ledger, real::cut_off(when))
    }
}

/// Takes in what another machine knows at this moment.
fn meets(machines: &mut [Machine; 3], host: usize, guest: usize) {
    let export = real::exported(&machines[guest].ledger);
    real::merge(&mut machines[host].ledger, &export);
}

#[test]
fn three_ledgers_that_part_and_meet_have_one_map() {
    for_as_many(
        CASES,
        (generator::story(16), any::<u64>()),
        |(story, _)| story,
        |(story, seed)| {
            let mut dice = Dice(*seed);
            let mut teller = Teller::default();
            let mut machines = [Machine::new(), Machine::new(), Machine::new()];
            // Who says something says it on any of the three: an author has two devices and more. Uncommitted trees,
            // which stay on their machine, make maps differ and are left out.
            for step in story {
                let mut said = teller.tell(step);
                said.retain(|statement| !statement.header.scope.is_work());
                let here = dice.roll(3);
                real::append(&mut machines[here].ledger, &said);
                // The net is there now and then, between two of them, and in one direction or both.
                while dice.roll(3) == 0 {
                    let (host, guest) = (dice.roll(3), dice.roll(3));
                    meets(&mut machines, host, guest);
                }
                machines[dice.roll(3)].catch_up(When::Live(teller.now()))?;
            }
            all_meet(&mut machines, &mut dice);
            let when = When::Live(teller.now());
            let mut all = teller.statements;
            all.retain(|statement| !statement.header.scope.is_work());
            agree(&mut machines, &oracle::fold_document(&all, when), when)
        },
    );
}

/// In any order, in a ring or a star: each hears of everything at last.
fn all_meet(machines: &mut [Machine; 3], dice: &mut Dice) {
    let mut order = [0, 1, 2];
    dice.shuffle(&mut order);
    let [first, second, third] = order;
    meets(machines, second, first);
    meets(machines, third, second);
    meets(machines, first, third);
    meets(machines, second, [first, third][dice.roll(2)]);
}

fn agree(machines: &mut [Machine; 3], expected: &serde_json::Value, when: When) -> Check {
    let exports: Vec<Vec<u8>> = machines.iter().map(|machine| real::exported(&machine.ledger)).collect();
    if exports.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err("the exports differ".to_owned());
    }
    for (index, machine) in machines.iter_mut().enumerate() {
        same(&format!("machine {index}, step by step"), expected, &machine.catch_up(when)?)?;
        same(&format!("machine {index}, rebuilt"), expected, &real::from_scratch(&machine.ledger, when))?;
    }
    Ok(())
}
