//! The tables from measures to levels. docs/barrel.md has the same tables in words.

use serde::Serialize;

/// A quality of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaveName {
    /// How often something new reaches users.
    Delivery,
    /// How fast it is well again.
    Recovery,
    /// How many people must leave before nobody knows it.
    Knowledge,
    /// How much of the code is tests.
    Tests,
    /// How old what it stands on is.
    Currency,
    /// Whether what is written about it keeps up with it.
    Documentation,
    /// Whether somebody owns it who knows it.
    Ownership,
}

/// One step of a table: the level, the measure that it takes, and that in words.
struct Step {
    level: u8,
    at: i64,
    words: &'static str,
}

const fn step(level: u8, at: i64, words: &'static str) -> Step {
    Step { level, at, words }
}

const DAY: i64 = 86_400;

/// Deliveries in 90 days; -1 for those with one in the last year only, -2 for none in a year.
const DELIVERY: &[Step] = &[
    step(10, 90, "a delivery a day (90 in 90 days)"),
    step(8, 13, "a delivery a week (13 in 90 days)"),
    step(6, 3, "a delivery a month (3 in 90 days)"),
    step(4, 1, "a delivery in the last 90 days"),
    step(2, -1, "a delivery in the last year"),
    step(0, -2, ""),
];

/// Seconds that the middle one of the incidents lasted, negated: less is better.
const RECOVERY: &[Step] = &[
    step(10, -3_600, "half of the incidents over within an hour"),
    step(8, -4 * 3_600, "half of the incidents over within 4 hours"),
    step(6, -DAY, "half of the incidents over within a day"),
    step(4, -7 * DAY, "half of the incidents over within a week"),
    step(2, -30 * DAY, "half of the incidents over within 30 days"),
    step(0, i64::MIN, ""),
];

/// The truck factor, of people who are here.
const KNOWLEDGE: &[Step] = &[
    step(10, 5, "five people who must leave before it is orphaned"),
    step(8, 4, "four people who must leave before it is orphaned"),
    step(7, 3, "three people who must leave before it is orphaned"),
    step(5, 2, "a second person who knows it well"),
    step(2, 1, "one person who is here and knows it well"),
    step(0, 0, ""),
];

/// Tests in percent of tests and source, by bytes; rounded up, so that some is not none.
const TESTS: &[Step] = &[
    step(10, 40, "tests are 40 % of the code"),
    step(8, 30, "tests are 30 % of the code"),
    step(6, 20, "tests are 20 % of the code"),
    step(4, 10, "tests are 10 % of the code"),
    step(2, 1, "a first test"),
    step(0, 0, ""),
];

/// Days since a list of what it stands on was changed, negated.
const CURRENCY: &[Step] = &[
    step(10, -30, "dependencies touched in the last 30 days"),
    step(8, -90, "dependencies touched in the last 90 days"),
    step(6, -180, "dependencies touched in the last half year"),
    step(4, -365, "dependencies touched in the last year"),
    step(2, -730, "dependencies touched in the last two years"),
    step(0, i64::MIN, ""),
];

/// Days that the newest documentation is older than the newest source, negated; the least number where there is none.
const DOCUMENTATION: &[Step] = &[
    step(10, -30, "documentation at most 30 days behind the code"),
    step(8, -90, "documentation at most 90 days behind the code"),
    step(6, -180, "documentation at most half a year behind the code"),
    step(4, -365, "documentation at most a year behind the code"),
    step(2, i64::MIN + 1, "a page of documentation beside the code"),
    step(0, i64::MIN, ""),
];

/// 3: an owner who is seen to know it; 2: an owner of whom that can't be checked; 1: owners who don't; 0: none.
const OWNERSHIP: &[Step] = &[
    step(10, 3, "an owner who is here and is seen to work on it"),
    step(7, 2, "an owner of whom nothing says that they don't know it"),
    step(4, 1, "an owner"),
    step(0, 0, ""),
];

impl StaveName {
    /// All staves, in the order in which they are shown.
    pub const ALL: [StaveName; 7] = [
        StaveName::Delivery,
        StaveName::Recovery,
        StaveName::Knowledge,
        StaveName::Tests,
        StaveName::Currency,
        StaveName::Documentation,
        StaveName::Ownership,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            StaveName::Delivery => "delivery",
            StaveName::Recovery => "recovery",
            StaveName::Knowledge => "knowledge",
            StaveName::Tests => "tests",
            StaveName::Currency => "currency",
            StaveName::Documentation => "documentation",
            StaveName::Ownership => "ownership",
        }
    }

    fn table(self) -> &'static [Step] {
        match self {
            StaveName::Delivery => DELIVERY,
            StaveName::Recovery => RECOVERY,
            StaveName::Knowledge => KNOWLEDGE,
            StaveName::Tests => TESTS,
            StaveName::Currency => CURRENCY,
            StaveName::Documentation => DOCUMENTATION,
            StaveName::Ownership => OWNERSHIP,
        }
    }

    /// The level of a measure, as the table has it.
    pub(super) fn level(self, measure: i64) -> u8 {
        self.table().iter().find(|step| measure >= step.at).map_or(0, |step| step.level)
    }

    /// The level one step above this one, and what it takes, in words; none at the top.
    pub fn step_above(self, level: u8) -> Option<(u8, &'static str)> {
        let above = self.table().iter().rev().find(|step| step.level > level)?;
        Some((above.level, above.words))
    }

    /// The seconds within which half of the incidents must be over for a level of [`StaveName::Recovery`].
    pub(crate) fn recovery_seconds(level: u8) -> Option<i64> {
        let step = RECOVERY.iter().find(|step| step.level == level)?;
        (step.at > i64::MIN).then(|| -step.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_go_down_and_begin_at_ten_and_end_at_zero() {
        for name in StaveName::ALL {
            let table = name.table();
            assert!(
                table.windows(2).all(|pair| pair[0].level > pair[1].level && pair[0].at > pair[1].at),
                "{name:?}"
            );
            assert_eq!(table.first().map(|step| step.level), Some(10));
            assert_eq!(table.last().map(|step| step.level), Some(0));
        }
    }

    #[test]
    fn measures_have_their_levels() {
        let cases = [
            (StaveName::Delivery, 13, 8),
            (StaveName::Delivery, 12, 6),
            (StaveName::Delivery, -1, 2),
            (StaveName::Delivery, -2, 0),
            (StaveName::Recovery, -3_600, 10),
            (StaveName::Recovery, -3_601, 8),
            (StaveName::Knowledge, 0, 0),
            (StaveName::Knowledge, 1, 2),
            (StaveName::Knowledge, 9, 10),
            (StaveName::Documentation, i64::MIN, 0),
            (StaveName::Documentation, -9_999, 2),
            (StaveName::Ownership, 1, 4),
        ];
        for (name, measure, level) in cases {
            assert_eq!(name.level(measure), level, "{name:?} {measure}");
        }
    }

    #[test]
    fn one_step_is_the_next_row_and_not_the_top() {
        assert_eq!(StaveName::Knowledge.step_above(2), Some((5, "a second person who knows it well")));
        assert_eq!(StaveName::Tests.step_above(10), None);
        assert_eq!(StaveName::recovery_seconds(8), Some(14_400));
        assert_eq!(StaveName::recovery_seconds(0), None);
    }
}
