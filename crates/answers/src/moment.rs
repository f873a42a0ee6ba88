//! Moments of the past, as people type them: `--at` on the command line, `?at=` on pages.

use serde::Serialize;
use stave_ledger::Until;
use stave_map::Moment;
use stave_model::Time;

use crate::text::counted;
use crate::when::{age_ms, day, day_begins, minute};

const DAY_MS: i64 = 24 * 60 * 60_000;
const MINUTE_MS: i64 = 60_000;

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    /// It is none in any form.
    #[error(
        "that is no moment\n\nhint: write a day (2026-11-01), an instant (2026-11-01T12:00:00Z), an age (30d, 12h), or a position as the log numbers them (120)"
    )]
    Unknown,
    /// It has not come yet.
    #[error("that is in the future\n\nhint: nothing is known of it; without a moment, it is now")]
    Future,
}

/// What an answer is of, as JSON has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AsOf {
    /// What the answer takes for the present.
    pub time: Time,
    /// The position that was asked for, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// How many claims were redacted since, whenever they were made: the answer is less what they said.
    #[serde(skip_serializing_if = "is_zero")]
    pub redacted: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl AsOf {
    /// What an answer from a ledger that ended there is of.
    pub fn of(until: Until, redacted: u64) -> AsOf {
        let (time, position) = match until {
            Until::Date(time) => (time, None),
            Until::Position(position, time) => (time, Some(position)),
        };
        AsOf { time, position, redacted }
    }

    /// `2026-11-01 23:59 UTC`, `position 120 (2026-11-01)`; and what is missing by order of people.
    pub fn text(&self) -> String {
        let moment = match self.position {
            Some(position) => format!("position {position} ({})", day(self.time)),
            None => format!("{} UTC", minute(self.time)),
        };
        match self.redacted {
            0 => moment,
            some => format!("{moment}, less {} redacted in this ledger", counted(some, "claim", "claims")),
        }
    }
}

/// A moment as people type it: a position (`120`), a day (`2026-11-01`, its end), an instant (`2026-11-01T12:00:00Z`), or an
/// age (`12h`; `30d`: the end of the day 30 days ago). Days are those of UTC.
///
/// # Errors
/// Where it is none, or lies behind `now`.
pub fn moment(typed: &str, now: Time) -> Result<Moment, NoMoment> {
    let text = typed.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Moment::Position).map_err(|_| NoMoment::Unknown);
    }
    if let Some(begins) = day_begins(text) {
        return end_of(begins, now).ok_or(NoMoment::Future);
    }
    if let Some(age) = age_ms(text) {
        let then = now.millis().saturating_sub(age);
        // An hour's age is cut to the minute and a day's to the day, so that the next question finds the map.
        return Ok(if text.ends_with('h') {
            Moment::Time(Time::from_millis(then - then.rem_euclid(MINUTE_MS)))
        } else {
            let begins = Time::from_millis(then - then.rem_euclid(DAY_MS));
            end_of(begins, now).unwrap_or(Moment::Time(now))
        });
    }
    let time = instant(text).ok_or(NoMoment::Unknown)?;
    if time > now { Err(NoMoment::Future) } else { Ok(Moment::Time(time)) }
}

/// The end of the day that begins then; of today, what has been of it.
fn end_of(begins: Time, now: Time) -> Option<Moment> {
    let end = Time::from_millis(begins.millis() + DAY_MS - 1);
    (begins <= now).then(|| Moment::Time(end.min(now)))
}

/// `2026-11-01T12:00Z`, with seconds and thousandths or without; a space for the T, and no Z, are understood.
fn instant(text: &str) -> Option<Time> {
    let text = text.trim_end_matches('Z').replacen(' ', "T", 1);
    let full = match text.len() {
        16 => format!("{text}:00.000Z"),
        19 => format!("{text}.000Z"),
        23 => format!("{text}Z"),
        _ => return None,
    };
    full.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_instants_ages_and_positions() {
        let now: Time = "2026-11-22T21:30:45.678Z".parse().unwrap();
        let time = |text: &str| Some(Moment::Time(text.parse().unwrap()));
        for (typed, meant) in [
            ("120", Some(Moment::Position(120))),
            ("0", Some(Moment::Position(0))),
            ("2026-11-01", time("2026-11-01T23:59:59.999Z")),
            ("2026-11-22", time("2026-11-22T21:30:45.678Z")),
            ("2026-11-23", None),
            ("2026-11-01T12:00Z", time("2026-11-01T12:00:00.000Z")),
            ("2026-11-01 12:00:01", time("2026-11-01T12:00:01.000Z")),
            ("2026-11-01T12:00:01.500Z", time("2026-11-01T12:00:01.500Z")),
            ("2026-11-22T21:31Z", None),
            ("12h", time("2026-11-22T09:30:00.000Z")),
            ("0d", time("2026-11-22T21:30:45.678Z")),
            ("1d", time("2026-11-21T23:59:59.999Z")),
            ("2w", time("2026-11-08T23:59:59.999Z")),
            ("yesterday", None),
            ("", None),
            ("99999999999999999999", None),
            ("-3", None),
        ] {
            assert_eq!(moment(typed, now).ok(), meant, "{typed}");
        }
    }
}
