//! Instants as people read them. The present is always handed in: answers have no clock.

use stave_model::Time;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// `2026-11-22 21:30` (UTC).
pub fn minute(time: Time) -> String {
    let text = time.to_string();
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

/// `2026-11-22` (UTC).
pub fn day(time: Time) -> String {
    let text = time.to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

/// From when on something holds, so that nobody who types it comes too early: the first minute that doesn't begin before
/// that, or a day (UTC) where it begins one.
pub fn from_when(time: Time) -> String {
    let text = minute(Time::from_millis(time.millis().saturating_add(MINUTE_MS - 1)));
    text.strip_suffix(" 00:00").map(str::to_owned).unwrap_or(text)
}

/// How long ago: `just now`, `5 minutes ago`, `3 days ago`, `in the future`.
pub fn ago(time: Time, now: Time) -> String {
    let passed_ms = now.millis() - time.millis();
    let some = |count: i64, unit: &str| {
        if count == 1 { format!("1 {unit} ago") } else { format!("{count} {unit}s ago") }
    };
    match passed_ms {
        _ if passed_ms <= -MINUTE_MS => "in the future".to_owned(),
        _ if passed_ms < MINUTE_MS => "just now".to_owned(),
        MINUTE_MS..HOUR_MS => some(passed_ms / MINUTE_MS, "minute"),
        HOUR_MS..DAY_MS => some(passed_ms / HOUR_MS, "hour"),
        _ if passed_ms < 60 * DAY_MS => some(passed_ms / DAY_MS, "day"),
        _ if passed_ms < 730 * DAY_MS => some(passed_ms / (30 * DAY_MS), "month"),
        _ => some(passed_ms / (365 * DAY_MS), "year"),
    }
}

/// How long something lasts, in its two largest units: `3 d 4 h`, `2 h 10 min`, `45 s`.
pub fn lasting(duration_ms: u64) -> String {
    let seconds = duration_ms.saturating_add(500) / 1_000;
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let two = |count: u64, unit: &str, rest: u64, small: &str| {
        if rest == 0 { format!("{count} {unit}") } else { format!("{count} {unit} {rest} {small}") }
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => two(minutes, "min", if minutes < 10 { seconds % 60 } else { 0 }, "s"),
        3_600..86_400 => two(hours, "h", minutes % 60, "min"),
        _ => two(hours / 24, "d", hours % 24, "h"),
    }
}

/// An age as people type it, in milliseconds: `30d`, `12h`, `6w`, `2y`; a number alone is days.
pub fn age_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let (digits, unit_ms) = match text.char_indices().last()? {
        (at, 'h') => (&text[..at], HOUR_MS),
        (at, 'd') => (&text[..at], DAY_MS),
        (at, 'w') => (&text[..at], 7 * DAY_MS),
        (at, 'y') => (&text[..at], 365 * DAY_MS),
        _ => (text, DAY_MS),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // A thousand years: more would leave the calendar.
    digits.parse::<i64>().ok()?.checked_mul(unit_ms).filter(|age| *age <= 365_000 * DAY_MS)
}

/// A moment in the past as people type it: an age (`90d`) or a day (`2026-11-22`, its beginning in UTC).
pub fn since(text: &str, now: Time) -> Option<Time> {
    if let Some(age) = age_ms(text) {
        return Some(Time::from_millis(now.millis().saturating_sub(age)));
    }
    day_begins(text)
}

/// The beginning, in UTC, of a day as people type it: `2026-11-22`.
pub fn day_begins(text: &str) -> Option<Time> {
    format!("{}T00:00:00.000Z", text.trim()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_ages_or_days() {
        let now: Time = "2026-11-22T21:30:00.000Z".parse().unwrap_or(Time::from_millis(0));
        let shown = |text: &str| since(text, now).map(minute);
        assert_eq!(shown("2d").as_deref(), Some("2026-11-20 21:30"));
        assert_eq!(shown("2026-11-01").as_deref(), Some("2026-11-01 00:00"));
        assert_eq!([shown("yesterday"), shown("2026-13-01"), shown("")], [None, None, None]);
    }

    #[test]
    fn what_holds_from_a_moment_on_holds_at_the_minute_that_is_told() {
        for (time, told) in [
            ("2026-11-22T00:00:00.000Z", "2026-11-22"),
            ("2026-11-22T14:03:00.000Z", "2026-11-22 14:03"),
            ("2026-11-22T14:03:00.001Z", "2026-11-22 14:04"),
            ("2026-11-22T23:59:59.999Z", "2026-11-23"),
        ] {
            assert_eq!(time.parse().ok().map(from_when).as_deref(), Some(told));
        }
    }

    #[test]
    fn durations_have_two_units() {
        let shown = |seconds: u64| lasting(seconds * 1_000);
        assert_eq!(
            [shown(0), shown(59), shown(61), shown(600), shown(659)],
            ["0 s", "59 s", "1 min 1 s", "10 min", "10 min"]
        );
        assert_eq!([shown(3_600), shown(7_800), shown(86_399)], ["1 h", "2 h 10 min", "23 h 59 min"]);
        assert_eq!([shown(86_400), shown(273_600)], ["1 d", "3 d 4 h"]);
    }

    #[test]
    fn ages_are_typed_with_a_unit() {
        for (text, ms) in [
            ("30d", Some(30 * DAY_MS)),
            ("30", Some(30 * DAY_MS)),
            ("12h", Some(12 * HOUR_MS)),
            ("6w", Some(42 * DAY_MS)),
            ("0d", Some(0)),
            ("d", None),
            ("-3d", None),
            ("3 d", None),
            ("99999999999999999999y", None),
            ("", None),
        ] {
            assert_eq!(age_ms(text), ms, "{text}");
        }
    }

    #[test]
    fn ages_are_rounded_down() {
        let now = Time::from_millis(1_000 * DAY_MS);
        let before = |ms: i64| ago(Time::from_millis(now.millis() - ms), now);
        for (ms, text) in [
            (0, "just now"),
            (-HOUR_MS, "in the future"),
            (MINUTE_MS, "1 minute ago"),
            (2 * HOUR_MS - 1, "1 hour ago"),
            (47 * HOUR_MS, "1 day ago"),
            (59 * DAY_MS, "59 days ago"),
            (90 * DAY_MS, "3 months ago"),
            (800 * DAY_MS, "2 years ago"),
        ] {
            assert_eq!(before(ms), text);
        }
        assert_eq!(minute(Time::from_millis(0)), "1970-01-01 00:00");
    }
}
