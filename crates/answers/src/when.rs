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

#[cfg(test)]
mod tests {
    use super::*;

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
