//! What holds for every story: the fold equals the oracle, whatever the order, and the generator draws every rule.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestError, TestRunner};
use stave_ledger::Ledger;
use stave_map::{CutOff, ReadModel};
use stave_model::{Statement, Time, canonical};

use crate::generator::{self, START, Step, Teller};
use crate::kept::{contradiction, kept};
use crate::oracle::{self, RULES, When};
use crate::real;

/// How many stories a property is tried on, where nobody asks for more.
const CASES: u32 = 256;

/// Tries a property on stories; a failure shows the shortest story found, and what it says.
fn for_all<S: Strategy>(
    stories: S,
    steps_of: impl Fn(&S::Value) -> &[Step],
    holds: impl Fn(&S::Value) -> Check,
) where
    S::Value: Clone,
{
    for_as_many(CASES, stories, steps_of, holds);
}

/// The same on a number of stories of its own.
pub(crate) fn for_as_many<S: Strategy>(
    cases: u32,
    stories: S,
    steps_of: impl Fn(&S::Value) -> &[Step],
    holds: impl Fn(&S::Value) -> Check,
) where
    S::Value: Clone,
{
    let config = ProptestConfig {
        cases: std::env::var("STAVE_FOLD_CASES").map_or(cases, |text| text.parse().unwrap()),
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&stories, |story| holds(&story).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, story)) => {
            let (statements, now) = told(steps_of(&story));
            let said: Vec<String> = statements.iter().map(readable).collect();
            panic!("{why}\n\nsteps: {:#?}\nnow: {now}\nstatements:\n{}", steps_of(&story), said.join("\n"));
        }
        Err(error) => panic!("{error}"),
    }
}

pub(crate) type Check = Result<(), String>;

fn told(steps: &[Step]) -> (Vec<Statement>, Time) {
    let mut teller = Teller::default();
    for step in steps {
        teller.tell(step);
    }
    let now = teller.now();
    (teller.statements, now)
}

fn readable(statement: &Statement) -> String {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let claims: Vec<String> = statement.claims.iter().map(|claim| text(canonical(claim))).collect();
    format!("{} {}\n    {}", statement.id(), text(canonical(&statement.header)), claims.join("\n    "))
}

pub(crate) fn same(what: &str, oracle: &serde_json::Value, fold: &serde_json::Value) -> Check {
    match real::difference(oracle, fold) {
        Some(difference) => Err(format!("{what}: {difference}")),
        None => Ok(()),
    }
}

pub(crate) fn caught_up(
    model: &mut ReadModel,
    ledger: &dyn Ledger,
    cut_off: CutOff,
) -> Result<serde_json::Value, String> {
    model.catch_up(ledger, cut_off).map_err(|error| error.to_string())?;
    model.document().map_err(|error| error.to_string())
}

/// What an advanced model keeps is what a rebuilt one makes, and says what the document says.
fn keeps(what: &str, document: &serde_json::Value, advanced: &ReadModel, rebuilt: &ReadModel) -> Check {
    let (kept, made) = (kept(advanced), kept(rebuilt));
    if let Some(difference) = real::difference(&made, &kept) {
        return Err(format!("{what}: kept otherwise than made (here called oracle): {difference}"));
    }
    match contradiction(document, &kept) {
        Some(contradiction) => Err(format!("{what}: {contradiction}")),
        None => Ok(()),
    }
}

#[test]
fn fold_matches_the_oracle_after_every_step() {
    for_all(
        generator::story(12),
        |story| story,
        |story| {
            let (mut teller, mut ledger) = (Teller::default(), real::empty());
            let mut model = ReadModel::in_memory().map_err(|error| error.to_string())?;
            for (index, step) in story.iter().enumerate() {
                real::append(&mut ledger, &teller.tell(step));
                let when = When::Live(teller.now());
                let expected = oracle::fold_document(&teller.statements, when);
                let advanced = caught_up(&mut model, &ledger, real::cut_off(when))?;
                same(&format!("advanced by step {index}"), &expected, &advanced)?;
                let mut rebuilt = ReadModel::in_memory().map_err(|error| error.to_string())?;
                let document = caught_up(&mut rebuilt, &ledger, real::cut_off(when))?;
                same(&format!("from scratch after step {index}"), &expected, &document)?;
                keeps(&format!("step {index}"), &expected, &model, &rebuilt)?;
            }
            Ok(())
        },
    );
}

/// A small generator of random numbers: the story's seed decides the order.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (sides.max(1) as u64)).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, self.roll(index + 1));
        }
    }
}

#[test]
fn fold_ignores_order_duplication_and_partition() {
    for_all(
        (generator::story(12), any::<u64>()),
        |(story, _)| story,
        |(story, seed)| {
            let (statements, now) = told(story);
            let mut dice = Dice(*seed);
            let when = When::Live(now);

            // Any order, in batches of any size, some of it said twice, caught up with in between.
            let mut mixed: Vec<Statement> = statements.clone();
            mixed.extend(statements.iter().filter(|_| dice.roll(3) == 0).cloned());
            dice.shuffle(&mut mixed);
            let mut ledger = real::empty();
            let mut model = ReadModel::in_memory().map_err(|error| error.to_string())?;
            let mut rest = mixed.as_slice();
            while !rest.is_empty() {
                let (batch, after) = rest.split_at(1 + dice.roll(rest.len()));
                real::append(&mut ledger, batch);
                caught_up(&mut model, &ledger, real::cut_off(when))?;
                rest = after;
            }
            let expected = oracle::fold_document(&statements, when);
            same("shuffled", &expected, &caught_up(&mut model, &ledger, real::cut_off(when))?)?;
            let mut rebuilt = ReadModel::in_memory().map_err(|error| error.to_string())?;
            caught_up(&mut rebuilt, &ledger, real::cut_off(when))?;
            keeps("shuffled", &expected, &model, &rebuilt)?;

            // Three copies that know a part each, merged in any order into a fourth, twice over.
            let mut parts = [real::empty(), real::empty(), real::empty()];
            for statement in &mixed {
                real::append(&mut parts[dice.roll(3)], std::slice::from_ref(statement));
            }
            let mut exports: Vec<Vec<u8>> = parts.iter().map(|part| real::exported(part)).collect();
            exports.push(exports[dice.roll(3)].clone());
            dice.shuffle(&mut exports);
            let mut merged = real::empty();
            for export in &exports {
                real::merge(&mut merged, export);
            }
            let whole = real::ledger(&statements);
            if real::exported(&merged) != real::exported(&whole)
                || real::exported(&ledger) != real::exported(&whole)
            {
                return Err("the exports differ".to_owned());
            }
            // Uncommitted trees stay at home.
            let shared: Vec<Statement> =
                statements.into_iter().filter(|one| !one.header.scope.is_work()).collect();
            same("merged", &oracle::fold_document(&shared, when), &real::from_scratch(&merged, when))
        },
    );
}

#[test]
fn fold_at_a_date_and_as_time_goes_by() {
    for_all(
        (generator::story(12), any::<u64>()),
        |(story, _)| story,
        |(story, seed)| {
            let (statements, now) = told(story);
            let mut dice = Dice(*seed);
            let ledger = real::ledger(&statements);
            let mut model = ReadModel::in_memory().map_err(|error| error.to_string())?;
            let hours = (now.millis() - START) / 3_600_000 + 8;
            let mut clock = now.millis();
            for _ in 0..4 {
                let date = Time::from_millis(
                    START + (dice.roll(usize::try_from(hours).unwrap()) as i64) * 3_600_000,
                );
                let at_date = When::Date(date);
                let expected = oracle::fold_document(&statements, at_date);
                same(&format!("at {date}"), &expected, &real::from_scratch(&ledger, at_date))?;
                // One read model goes to and fro between dates and a clock that only goes on.
                if dice.roll(3) == 0 {
                    same(
                        "the model at a date",
                        &expected,
                        &caught_up(&mut model, &ledger, real::cut_off(at_date))?,
                    )?;
                }
                let live = When::Live(Time::from_millis(clock));
                let expected = oracle::fold_document(&statements, live);
                same(
                    &format!("live at {live:?}"),
                    &expected,
                    &caught_up(&mut model, &ledger, real::cut_off(live))?,
                )?;
                let kept = kept(&model);
                if let Some(contradiction) = contradiction(&expected, &kept) {
                    return Err(format!("live at {live:?}: {contradiction}"));
                }
                clock += dice.roll(4) as i64 * 3_600_000;
            }
            Ok(())
        },
    );
}

#[test]
fn fold_at_a_position_is_that_of_a_ledger_that_ends_there() {
    for_all(
        (generator::story(12), any::<u64>()),
        |(story, _)| story,
        |(story, seed)| {
            let (mut statements, now) = told(story);
            let mut dice = Dice(*seed);
            dice.shuffle(&mut statements);
            let last = dice.roll(statements.len() + 2);
            let when = When::Position(last as u64, now);
            let first = real::ledger(&statements[..last.min(statements.len())]);
            let expected = oracle::fold_document(&statements, when);
            same("a ledger that ends there", &expected, &real::from_scratch(&first, When::Live(now)))?;

            // A model that is kept, while the ledger grows past the position and the clock goes on.
            let (mut ledger, mut model) = (real::empty(), ReadModel::in_memory().map_err(|e| e.to_string())?);
            let mut rest = statements.as_slice();
            while !rest.is_empty() {
                let (batch, after) = rest.split_at(1 + dice.roll(rest.len()));
                real::append(&mut ledger, batch);
                let early = Time::from_millis(now.millis() - dice.roll(3) as i64 * 3_600_000);
                caught_up(&mut model, &ledger, CutOff::Position(last as u64, early))?;
                rest = after;
            }
            let kept = caught_up(&mut model, &ledger, real::cut_off(when))?;
            same("kept", &expected, &kept)?;
            same("from scratch", &expected, &real::from_scratch(&ledger, when))
        },
    );
}

/// The generator is only worth its time while it reaches every rule of the page; the seed is fixed, so this
/// fails only after a change.
#[test]
fn fold_draws_every_branch() {
    let mut runner = TestRunner::deterministic();
    let mut drawn: BTreeMap<&str, u32> = RULES.iter().map(|rule| (*rule, 0)).collect();
    for _ in 0..600 {
        let steps = generator::story(24).new_tree(&mut runner).unwrap().current();
        let (statements, now) = told(&steps);
        let half = Time::from_millis((START + now.millis()) / 2);
        let first = When::Position(statements.len() as u64 / 2, now);
        for when in [When::Live(now), When::Date(half), first] {
            for rule in oracle::fold(&statements, when).1 {
                *drawn.get_mut(rule).unwrap_or_else(|| panic!("{rule:?} is not in the list")) += 1;
            }
        }
    }
    let never: Vec<_> = drawn.iter().filter(|(_, count)| **count == 0).map(|(rule, _)| rule).collect();
    assert!(never.is_empty(), "never drawn: {never:?}");
}
