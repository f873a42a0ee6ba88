//! `--since` and `--until`: which time an answer is about.

use stave_answers::when;
use stave_model::Time;

use crate::cli::Period;
use crate::opened::Opened;
use crate::problem::Problem;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// Makes the end of this day the present of all that is asked from here on.
pub(super) fn end(opened: &mut Opened, until: Option<&str>) -> anyhow::Result<()> {
    if let Some(day) = until {
        let begins = when::day_begins(day).ok_or_else(|| {
            Problem::new(format!("--until {day} is no day")).hint("a day is written like 2026-01-31")
        })?;
        opened.now = opened.now.min(Time::from_millis(begins.millis() + DAY_MS - 1));
    }
    Ok(())
}

/// [`end`], and the moment that `--since` means.
pub(super) fn settle(opened: &mut Opened, typed: &Period) -> anyhow::Result<Option<Time>> {
    end(opened, typed.until.as_deref())?;
    let Some(text) = &typed.since else { return Ok(None) };
    let since = when::since(text, opened.now).ok_or_else(|| {
        Problem::new(format!("--since {text} is no age and no day"))
            .hint("an age is a number and a unit, like 90d or 12w; a day is written like 2026-01-31")
    })?;
    if since >= opened.now {
        return Err(Problem::new(format!(
            "--since {text} is not before the end of the time that is asked about"
        ))
        .hint("--until DAY is the last day that counts; without it, it is now")
        .into());
    }
    Ok(Some(since))
}
