//! A compaction changes no map: neither today's nor that of any date or position from its horizon on.

use proptest::prelude::*;
use stave_ledger::{Ledger, Prepared, Repeats, SqliteLedger, superseded};

use crate::generator::{self, Teller};
use crate::oracle::When;
use crate::properties::{Check, Dice, for_as_many, same};
use crate::real;

const CASES: u32 = 48;

/// The map of both, today and at dates from the horizon on.
fn agree(what: &str, whole: &dyn Ledger, less: &dyn Ledger, whens: &[When]) -> Check {
    for when in whens {
        let expected = real::from_scratch(whole, *when);
        same(&format!("{what}, {when:?}"), &expected, &real::from_scratch(less, *when))?;
    }
    Ok(())
}

#[test]
fn a_compaction_changes_no_map_from_its_horizon_on() {
    let gone = std::sync::atomic::AtomicUsize::new(0);
    for_as_many(
        CASES,
        (generator::story(16), any::<u64>()),
        |(story, _)| story,
        |(story, seed)| {
            let mut dice = Dice(*seed);
            let mut teller = Teller::default();
            for step in story {
                teller.tell(step);
            }
            let now = teller.now();
            let whole = real::ledger(&teller.statements);
            let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
            let mut less = SqliteLedger::open_or_create(&folder.path().join("ledger.db")).unwrap();
            // All of them, repeated words too, as the other has.
            let mut prepared = teller.statements.iter().map(|said| Prepared::new(said).unwrap());
            less.append_prepared(Repeats::Keep, &mut || Ok(prepared.next())).unwrap();
            let mut times: Vec<_> = teller.statements.iter().map(|said| said.header.time).collect();
            times.retain(|time| *time <= now);
            times.sort_unstable();
            // In the later half: before an early horizon nothing has been said twice yet.
            let from = times.len() / 2 + dice.roll(times.len().div_ceil(2));
            let Some(horizon) = times.get(from).copied() else { return Ok(()) };
            let position = less.position().unwrap();
            let going = superseded(&less, horizon).unwrap();
            less.compact(&going.numbers, going.horizon).unwrap();
            gone.fetch_add(going.numbers.len(), std::sync::atomic::Ordering::Relaxed);
            if less.position().unwrap() != position || less.horizon().unwrap() != Some(going.horizon) {
                return Err("the last number or the horizon is lost".to_owned());
            }
            let mut whens = vec![When::Live(now)];
            whens.extend(times[from..].iter().map(|time| When::Date(*time)));
            // By arrival too: the later half of what is left of the positions, and the first of them.
            let first = going.horizon.position;
            let positions = [first, first + (position - first) / 2, position];
            whens.extend(positions.map(|number| When::Position(number, now)));
            agree("compacted", &whole, &less, &whens)?;
            if !superseded(&less, horizon).unwrap().numbers.is_empty() {
                return Err("a second compaction finds more".to_owned());
            }
            // What went comes back with an old copy, and means nothing there.
            let export = real::exported(&whole);
            let aside = folder.path();
            stave_ledger::merge_stream(&mut less, "an old copy", export.as_slice(), aside).unwrap();
            agree("met again", &whole, &less, &whens[..1])
        },
    );
    let gone = gone.into_inner();
    // How many differs from run to run, for the stories do; none would mean that nothing was tested.
    assert!(gone > 0, "nothing went in {CASES} stories");
}
