//! What holds for every story: the fold equals the oracle, whatever the order, and the generator draws every rule.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::generator::{self, Teller};
use crate::oracle::{self, RULES, When};

/// How many stories a property is tried on.
pub(crate) fn cases() -> u32 {
    std::env::var("STAVE_FOLD_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256)
}

/// The generator is only worth its time while it reaches every rule of the page; the seed is fixed, so this
/// fails only after a change.
#[test]
fn fold_draws_every_branch() {
    let mut runner = TestRunner::deterministic();
    let mut drawn: BTreeMap<&str, u32> = RULES.iter().map(|rule| (*rule, 0)).collect();
    for _ in 0..600 {
        let steps = generator::story(24).new_tree(&mut runner).unwrap().current();
        let mut teller = Teller::default();
        for step in &steps {
            teller.tell(step);
        }
        let half = stave_model::Time::from_millis((generator::START + teller.now().millis()) / 2);
        for when in [When::Live(teller.now()), When::Date(half)] {
            for rule in oracle::fold(&teller.statements, when).1 {
                *drawn.get_mut(rule).unwrap_or_else(|| panic!("{rule:?} is not in the list")) += 1;
            }
        }
    }
    let never: Vec<_> = drawn.iter().filter(|(_, count)| **count == 0).map(|(rule, _)| rule).collect();
    assert!(never.is_empty(), "never drawn: {never:?}");
}
