//! Moments as tools write them: ISO 8601, numbers since 1970, and the usual forms of tables for people.

use jiff::civil;
use stave_model::Time;

use crate::limits;

/// Which of day and month stands first in `03/04/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrder {
    /// 3 April.
    DayFirst,
    /// 4 March.
    MonthFirst,
}

/// What was assumed of a moment, for it doesn't say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assumed {
    /// It names no time zone and was taken as UTC.
    pub(crate) utc: bool,
    /// Day and month could stand in either order.
    pub(crate) order: bool,
}

/// Abbreviations of zones that mean one offset only, in minutes. Others (CST, IST, BST) mean several.
const ZONES: &[(&str, i32)] = &[
    ("cest", 120),
    ("cet", 60),
    ("edt", -240),
    ("eest", 180),
    ("eet", 120),
    ("est", -300),
    ("gmt", 0),
    ("mdt", -360),
    ("mst", -420),
    ("pdt", -420),
    ("pst", -480),
    ("utc", 0),
    ("z", 0),
];

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Numbers of milliseconds since 1970 begin here, those of seconds end: 1973 in one, 5138 in the other.
const MILLIS_FROM: i64 = 100_000_000_000;

/// One moment. `None` where the text is none, or of a form that could mean several.
pub(crate) fn moment(text: &str, order: DayOrder) -> Option<(Time, Assumed)> {
    let text = text.trim();
    if text.is_empty() || text.len() > limits::MOMENT_BYTES || !text.is_ascii() {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        return since_1970(number).map(|time| (time, Assumed::default()));
    }
    let parts = parts(text)?;
    let mut assumed = Assumed::default();
    let (date, rest) = date(&parts, order, &mut assumed)?;
    let (clock, rest) = clock(rest)?;
    let offset = offset(rest)?;
    assumed.utc = offset.is_none();
    let date = civil::Date::new(date.0, date.1, date.2).ok()?;
    let days = i64::from(date.since(civil::date(1970, 1, 1)).ok()?.get_days());
    let millis = days * 86_400_000 + clock - i64::from(offset.unwrap_or(0)) * 60_000;
    in_range(millis).map(|time| (time, assumed))
}

/// Seconds since 1970, or milliseconds where the number is that large.
pub(crate) fn since_1970(number: i64) -> Option<Time> {
    let is_small = (-MILLIS_FROM..MILLIS_FROM).contains(&number);
    // Short numbers are ids, years and days rather than moments.
    if (-99_999_999..=99_999_999).contains(&number) {
        return None;
    }
    in_range(if is_small { number * 1_000 } else { number })
}

/// A moment within the years that the format has.
fn in_range(millis: i64) -> Option<Time> {
    let time = Time::from_millis(millis);
    (time.millis() == millis).then_some(time)
}

/// Whether the first two numbers of `a/b/year` tell which is the day: some if the text is of that form.
pub(crate) fn order_told(text: &str) -> Option<Option<DayOrder>> {
    let mut numbers = text.trim().split(['/', '-', '.', ' ', ',']).take(3).map(str::parse::<u32>);
    let (Some(Ok(first)), Some(Ok(second)), Some(Ok(_))) = (numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    if first > 31 || text.trim().contains('.') {
        return None;
    }
    Some(match (first > 12, second > 12) {
        (true, _) => Some(DayOrder::DayFirst),
        (_, true) => Some(DayOrder::MonthFirst),
        _ => None,
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Number(String),
    Word(String),
    Sign(char),
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    for letter in text.chars() {
        match (letter, parts.last_mut()) {
            ('0'..='9', Some(Part::Number(number))) => number.push(letter),
            ('0'..='9', _) => parts.push(Part::Number(letter.to_string())),
            ('a'..='z' | 'A'..='Z', Some(Part::Word(word))) => word.push(letter.to_ascii_lowercase()),
            ('a'..='z' | 'A'..='Z', _) => parts.push(Part::Word(letter.to_ascii_lowercase().to_string())),
            ('-' | '/' | '.' | ':' | '+' | ',' | ' ' | '(' | ')', _) => parts.push(Part::Sign(letter)),
            _ => return None,
        }
    }
    Some(parts)
}

type Day = (i16, i8, i8);

/// Whether all of these stand between the parts of a date.
fn is_between(part: &Part) -> bool {
    matches!(part, Part::Sign('-' | '/' | '.' | ',' | ' '))
}

fn date<'a>(parts: &'a [Part], order: DayOrder, assumed: &mut Assumed) -> Option<(Day, &'a [Part])> {
    let mut at = 0;
    if let Some(Part::Word(word)) = parts.first()
        && WEEKDAYS.iter().any(|day| word.starts_with(day))
    {
        at = 1;
    }
    let mut found: Vec<(&Part, usize)> = Vec::new();
    while found.len() < 3 {
        while parts.get(at).is_some_and(is_between) {
            at += 1;
        }
        found.push((parts.get(at)?, at));
        at += 1;
    }
    let number = |part: &Part| match part {
        Part::Number(digits) if digits.len() <= 4 => digits.parse::<i16>().ok(),
        _ => None,
    };
    let month = |part: &Part| match part {
        Part::Word(word) => MONTHS
            .iter()
            .position(|month| word.starts_with(month))
            .and_then(|place| i16::try_from(place + 1).ok()),
        _ => None,
    };
    let (first, second, third) = (found[0].0, found[1].0, found[2].0);
    let is_year = |part: &Part| matches!(part, Part::Number(digits) if digits.len() == 4);
    let year = |part: &Part| {
        let value = number(part)?;
        // Two digits are of this century: no tool whose exports are read is older.
        Some(if is_year(part) {
            value
        } else if value < 100 {
            2000 + value
        } else {
            return None;
        })
    };
    let (year, month, day) = if let Some(month) = month(second) {
        // 12/Nov/26, 12 Nov 2026; a year in front: 2026-Nov-12.
        if is_year(first) {
            (year(first)?, month, number(third)?)
        } else {
            (year(third)?, month, number(first)?)
        }
    } else if let Some(month) = month(first) {
        (year(third)?, month, number(second)?)
    } else if is_year(first) {
        (year(first)?, number(second)?, number(third)?)
    } else if matches!(parts.get(found[0].1 + 1), Some(Part::Sign('.'))) {
        // With points the day is first everywhere.
        (year(third)?, number(second)?, number(first)?)
    } else {
        let (one, two) = (number(first)?, number(second)?);
        assumed.order = one <= 12 && two <= 12 && one != two;
        let is_day_first = one > 12 || (two <= 12 && order == DayOrder::DayFirst);
        let (day, month) = if is_day_first { (one, two) } else { (two, one) };
        (year(third)?, month, day)
    };
    Some(((year, i8::try_from(month).ok()?, i8::try_from(day).ok()?), &parts[at..]))
}

/// The time of day in milliseconds; midnight where there is none.
fn clock(parts: &[Part]) -> Option<(i64, &[Part])> {
    let mut rest = parts;
    while let [Part::Sign(' ' | ','), tail @ ..] = rest {
        rest = tail;
    }
    match rest {
        [Part::Word(word), tail @ ..] if word == "t" || word == "at" => rest = tail,
        _ => {}
    }
    while let [Part::Sign(' '), tail @ ..] = rest {
        rest = tail;
    }
    let two = |digits: &str, most: i64| {
        let value = if digits.len() <= 2 { digits.parse::<i64>().ok()? } else { return None };
        (value <= most).then_some(value)
    };
    let (mut hours, minutes) = match rest {
        [Part::Number(hours), Part::Sign(':'), Part::Number(minutes), tail @ ..] => {
            rest = tail;
            (two(hours, 23)?, two(minutes, 59)?)
        }
        [] => return Some((0, rest)),
        _ => return None,
    };
    let mut millis = 0;
    if let [Part::Sign(':'), Part::Number(seconds), tail @ ..] = rest {
        // A leap second counts as the one before.
        millis = two(seconds, 60)?.min(59) * 1_000;
        rest = tail;
        if let [Part::Sign('.' | ','), Part::Number(fraction), tail @ ..] = rest {
            let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
            millis += digits.parse::<i64>().ok()?;
            rest = tail;
        }
    }
    while let [Part::Sign(' '), tail @ ..] = rest {
        rest = tail;
    }
    if let [Part::Word(word), tail @ ..] = rest
        && (word == "am" || word == "pm")
    {
        if !(1..=12).contains(&hours) {
            return None;
        }
        hours = hours % 12 + if word == "pm" { 12 } else { 0 };
        rest = tail;
    }
    Some(((hours * 60 + minutes) * 60_000 + millis, rest))
}

/// The offset from UTC in minutes, where the text has one. `Some(None)`: it has none.
fn offset(parts: &[Part]) -> Option<Option<i32>> {
    let rest: Vec<&Part> = parts.iter().filter(|part| !matches!(part, Part::Sign(' ' | '(' | ')'))).collect();
    let signed = |sign: char, hours: &str, minutes: &str| {
        let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
        let whole = hours * 60 + minutes;
        (hours <= 14 && minutes < 60).then_some(if sign == '-' { -whole } else { whole })
    };
    let named = |word: &str| ZONES.iter().find(|(name, _)| *name == word).map(|(_, minutes)| *minutes);
    match rest.as_slice() {
        [] => Some(None),
        // `+0200 (CEST)` says it twice, `UTC+02:00` in two parts.
        [Part::Sign(sign @ ('+' | '-')), Part::Number(digits), ..]
            if digits.len() == 4 && rest.len() <= 3 =>
        {
            signed(*sign, &digits[..2], &digits[2..]).map(Some)
        }
        [Part::Sign(sign @ ('+' | '-')), Part::Number(hours)] if hours.len() <= 2 => {
            signed(*sign, hours, "0").map(Some)
        }
        [Part::Sign(sign @ ('+' | '-')), Part::Number(hours), Part::Sign(':'), Part::Number(minutes)]
            if hours.len() <= 2 && minutes.len() == 2 =>
        {
            signed(*sign, hours, minutes).map(Some)
        }
        [Part::Word(word)] => named(word).map(Some),
        [Part::Word(word), Part::Sign(sign @ ('+' | '-')), Part::Number(hours), minutes @ ..]
            if (word == "utc" || word == "gmt") && hours.len() <= 2 =>
        {
            match minutes {
                [] => signed(*sign, hours, "0").map(Some),
                [Part::Sign(':'), Part::Number(minutes)] => signed(*sign, hours, minutes).map(Some),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, order: DayOrder) -> String {
        moment(text, order).map_or_else(|| "-".to_owned(), |(time, _)| time.to_string())
    }

    #[test]
    fn usual_forms_are_moments() {
        for (text, want) in [
            ("2026-11-12T13:22:07.5Z", "2026-11-12T13:22:07.500Z"),
            ("2026-11-12T13:22:07.123456+0200", "2026-11-12T11:22:07.123Z"),
            ("2026-11-12 13:22:07 +02:00", "2026-11-12T11:22:07.000Z"),
            ("2026-11-12 13:22 UTC", "2026-11-12T13:22:00.000Z"),
            ("2026-11-12 13:22:07 CET", "2026-11-12T12:22:07.000Z"),
            ("2026-11-12", "2026-11-12T00:00:00.000Z"),
            ("12/Nov/26 1:22 PM", "2026-11-12T13:22:00.000Z"),
            ("12-Nov-2026 12:05 AM", "2026-11-12T00:05:00.000Z"),
            ("Nov 12, 2026 1:22:07 pm", "2026-11-12T13:22:07.000Z"),
            ("Thu, 12 Nov 2026 13:22:07 +0100", "2026-11-12T12:22:07.000Z"),
            ("12 November 2026 at 13:22 GMT+2", "2026-11-12T11:22:00.000Z"),
            ("12.11.2026 13:22", "2026-11-12T13:22:00.000Z"),
            ("13/11/2026", "2026-11-13T00:00:00.000Z"),
            ("11/13/2026", "2026-11-13T00:00:00.000Z"),
            ("1794489727", "2026-11-12T13:22:07.000Z"),
            ("1794489727123", "2026-11-12T13:22:07.123Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(shown(text, DayOrder::DayFirst), want, "{text}");
        }
    }

    #[test]
    fn what_could_mean_several_moments_is_none() {
        for text in [
            "",
            "soon",
            "2026",
            "20261112",
            "2026-13-01",
            "2026-02-30",
            "2026-11-12 25:00",
            "13:22",
            "2026-11-12 13:22 IST",
            "2026-11-12 13:22 CST",
            "2026-11-12T13:22:07+99:00",
            "2026-11-12 13:00 PM",
            "99999999999999999",
            "12/11",
            "२०२६-11-12",
        ] {
            assert_eq!(shown(text, DayOrder::DayFirst), "-", "{text}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_asked_for_only_where_it_is_open() {
        assert_eq!(shown("03/04/2026", DayOrder::DayFirst), "2026-04-03T00:00:00.000Z");
        assert_eq!(shown("03/04/2026", DayOrder::MonthFirst), "2026-03-04T00:00:00.000Z");
        let assumed = |text: &str| moment(text, DayOrder::DayFirst).map(|(_, assumed)| assumed);
        assert_eq!(assumed("03/04/2026"), Some(Assumed { utc: true, order: true }));
        assert_eq!(assumed("13/04/2026"), Some(Assumed { utc: true, order: false }));
        assert_eq!(order_told("13/04/2026 10:00"), Some(Some(DayOrder::DayFirst)));
        assert_eq!(order_told("04/13/26"), Some(Some(DayOrder::MonthFirst)));
        assert_eq!(order_told("04/03/2026"), Some(None));
        assert_eq!(order_told("2026-04-03"), None);
        assert_eq!(assumed("2026-04-03 10:00Z"), Some(Assumed::default()));
    }
}
