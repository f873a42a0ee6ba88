use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC with the precision of a millisecond, written `2026-11-22T21:30:00.000Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A text that is not exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not a time; write it like 2026-11-22T21:30:00.000Z")]
pub struct ParseTimeError(String);

/// 0001-01-01T00:00:00.000Z to 9999-12-30T22:00:00.000Z: what the written form and the calendar library hold.
const MIN_MILLIS: i64 = -62_135_596_800_000;
const MAX_MILLIS: i64 = 253_402_207_200_000;

impl Time {
    /// The instant `millis` milliseconds after 1970; clamped to what the written form can hold.
    pub fn from_millis(millis: i64) -> Time {
        Time(millis.clamp(MIN_MILLIS, MAX_MILLIS))
    }

    /// Milliseconds since 1970, negative before.
    pub fn millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(stamp) => write!(f, "{}", stamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ")),
            Err(_) => write!(f, "1970-01-01T00:00:00.000Z"),
        }
    }
}

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Time, ParseTimeError> {
        let error = || ParseTimeError(text.chars().take(64).collect());
        let stamp: jiff::Timestamp = text.parse().map_err(|_| error())?;
        let time = Time::from_millis(stamp.as_millisecond());
        // One instant has one written form, else one statement would have two ids.
        if time.to_string() == text { Ok(time) } else { Err(error()) }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_has_one_form() {
        for good in ["2026-11-22T21:30:00.000Z", "1970-01-01T00:00:00.001Z", "0001-01-01T00:00:00.000Z"] {
            assert_eq!(good.parse::<Time>().map(|t| t.to_string()).ok().as_deref(), Some(good));
        }
        for bad in [
            "2026-11-22T21:30:00Z",
            "2026-11-22T21:30:00.000+00:00",
            "2026-11-22 21:30:00.000Z",
            "",
            "2026-13-01T00:00:00.000Z",
        ] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
    }
}
