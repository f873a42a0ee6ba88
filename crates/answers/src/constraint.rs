//! Which stage of a line of work holds up the others, and what making it faster would gain. See docs/bottleneck.md.
//!
//! Tickets tell when they came to a stage and when they left it, not how long somebody worked on them and how long they
//! waited. So the line is fitted first: how many can be worked on at once in each stage, and which part of each stay is
//! work. Then the fitted line is run again with one stage made faster, on tickets drawn from those that were seen.

mod fit;
mod replay;

use serde::Serialize;

use fit::Fitted;
use replay::Line;

/// Finished tickets below which nothing is said: with fewer, the draws alone move the best stage about.
pub const ENOUGH_TICKETS: usize = 100;
/// By how much a stage is made faster, in percent.
pub const FASTER_PERCENT: u32 = 20;
/// How much of the outcomes the interval should contain, in percent.
pub const INTERVAL_PERCENT: u32 = 90;
/// Tickets that are looked at: the latest.
const TICKETS: usize = 2_000;
/// Ten thousand years: no time of the format is farther from its zero.
const FARTHEST_MS: i64 = 10_000 * 366 * 86_400_000;

/// A ticket's stay in one stage. Times in milliseconds since any moment that is the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Which stage: its number in the list of stages.
    pub stage: usize,
    /// When it came.
    pub entered: i64,
    /// When it left.
    pub left: i64,
}

/// What tickets tell of the line.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Constraint {
    /// There are too few finished tickets.
    NotEnough {
        /// How many there are.
        tickets: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Stages, the one with the largest gain first.
    Ranked {
        /// Tickets that this rests on.
        tickets: usize,
        /// From a ticket's first stage to its end, mean, in milliseconds.
        lead_ms: i64,
        /// One row a stage that a ticket was in.
        stages: Vec<StageGain>,
    },
}

/// What making one stage faster would gain.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct StageGain {
    /// The stage's number.
    pub stage: usize,
    /// How many tickets are worked on at once, as fitted.
    pub servers: usize,
    /// How much of that room is in use, in percent of the time seen.
    pub busy_percent: u32,
    /// A ticket's mean time in the stage, milliseconds.
    pub stay_ms: i64,
    /// The part of it that is waiting, milliseconds.
    pub wait_ms: i64,
    /// By how much sooner a ticket would be through, mean, milliseconds.
    pub gain_ms: i64,
    /// Lower end of the interval of the gain.
    pub low_ms: i64,
    /// Upper end of the interval.
    pub high_ms: i64,
}

/// The stages of a line, by what a ticket would gain if one were made 20 % faster and nothing else changed.
///
/// `stages` is how many there are; `tickets` are finished ones, each with its stays in the order of time. Stays of
/// other stages, and such that end before they begin, don't count. The same tickets give the same answer, in whatever
/// order they come.
pub fn constraint(stages: usize, tickets: &[Vec<Stay>]) -> Constraint {
    let mut tickets: Vec<Vec<Stay>> = tickets
        .iter()
        .map(|stays| stays.iter().copied().filter(|stay| stay.stage < stages && is_a_time(stay)).collect())
        .filter(|stays: &Vec<Stay>| !stays.is_empty())
        .collect();
    tickets.sort_by_key(|stays| {
        stays.iter().map(|stay| (stay.entered, stay.left, stay.stage)).collect::<Vec<_>>()
    });
    if tickets.len() > TICKETS {
        tickets.drain(..tickets.len() - TICKETS);
    }
    if tickets.len() < ENOUGH_TICKETS {
        return Constraint::NotEnough { tickets: tickets.len(), needed: ENOUGH_TICKETS };
    }
    let fitted: Vec<Fitted> = (0..stages).map(|stage| fit::stage(stage, &tickets)).collect();
    let line = Line::new(&fitted, &tickets);
    let estimates = replay::gains(&line);
    let mut rows: Vec<StageGain> = fitted
        .iter()
        .zip(estimates)
        .enumerate()
        .filter(|(_, (fitted, _))| fitted.visits > 0)
        .map(|(stage, (fitted, gain))| StageGain {
            stage,
            servers: fitted.servers,
            busy_percent: fitted.busy_percent,
            stay_ms: fitted.stay_ms,
            wait_ms: fitted.wait_ms,
            gain_ms: gain.mean.round() as i64,
            low_ms: gain.low.round() as i64,
            high_ms: gain.high.round() as i64,
        })
        .collect();
    rows.sort_by(|a, b| b.gain_ms.cmp(&a.gain_ms).then(a.stage.cmp(&b.stage)));
    Constraint::Ranked { tickets: tickets.len(), lead_ms: line.lead_ms(), stages: rows }
}

/// Whether a stay ends after it begins, both between the years 1 and 9999.
fn is_a_time(stay: &Stay) -> bool {
    stay.entered <= stay.left && stay.entered >= -FARTHEST_MS && stay.left <= FARTHEST_MS
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;
    use crate::statistics::Random;

    /// Tickets that come one an hour and go through stages of one server each, which take the given minutes on average.
    fn tickets(count: i64, minutes: &[i64]) -> Vec<Vec<Stay>> {
        let mut free = vec![0; minutes.len()];
        let mut random = Random::new(1);
        let way = |ticket: i64| {
            let mut now = ticket * 3_600_000;
            let stays = minutes.iter().enumerate().map(|(stage, minutes)| {
                let entered = now;
                let work = (2.0 * random.unit() * *minutes as f64 * 60_000.0) as i64;
                now = entered.max(free[stage]) + work;
                free[stage] = now;
                Stay { stage, entered, left: now }
            });
            stays.collect()
        };
        (0..count).map(way).collect()
    }

    #[test]
    fn the_stage_that_holds_up_the_others_comes_first() {
        let Constraint::Ranked { stages, tickets, lead_ms } = constraint(3, &tickets(200, &[20, 50, 30]))
        else {
            panic!("200 tickets are enough");
        };
        assert_eq!(tickets, 200);
        assert_eq!(stages.iter().map(|row| row.stage).collect::<Vec<_>>(), [1, 2, 0]);
        assert!(lead_ms > 90 * 60_000);
        for row in &stages {
            assert!(row.low_ms <= row.gain_ms && row.gain_ms <= row.high_ms && row.servers == 1, "{row:?}");
        }
    }

    #[test]
    fn below_a_hundred_tickets_nothing_is_said() {
        let seen = constraint(3, &tickets(99, &[20, 50, 30]));
        assert_eq!(seen, Constraint::NotEnough { tickets: 99, needed: 100 });
    }

    #[test]
    fn the_order_of_the_tickets_does_not_matter() {
        let mut seen = tickets(150, &[20, 50, 30]);
        let first = constraint(3, &seen);
        seen.reverse();
        assert_eq!(constraint(3, &seen), first);
    }

    #[test]
    fn broken_and_strange_stays_do_no_harm() {
        let mut seen = tickets(120, &[20, 50]);
        seen.push(vec![Stay { stage: 9, entered: 0, left: 5 }]);
        seen.push(vec![Stay { stage: 0, entered: 5, left: 0 }]);
        seen.push(vec![Stay { stage: 0, entered: i64::MIN, left: i64::MAX }]);
        seen.push(Vec::new());
        assert!(matches!(constraint(2, &seen), Constraint::Ranked { tickets: 120, .. }));
        assert!(matches!(constraint(0, &seen), Constraint::NotEnough { tickets: 0, .. }));
    }

    #[test]
    fn tickets_that_all_come_at_once_are_a_line_too() {
        let seen = vec![vec![Stay { stage: 0, entered: 7, left: 7 }]; 100];
        assert!(matches!(constraint(1, &seen), Constraint::Ranked { .. }));
    }
}
