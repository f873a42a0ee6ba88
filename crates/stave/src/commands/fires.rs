//! `stave fires`: where it goes down.

use stave_answers::{FiresQuery, when};
use stave_model::Time;

use super::print;
use crate::cli::Fires;
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn run(context: &mut Context<'_>, arguments: &Fires) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let typed = arguments.entity.join(" ");
    let piece = if typed.is_empty() { None } else { Some(opened.entity(context, &typed)?.row.id) };
    let query = FiresQuery { since: since(arguments.since.as_deref(), opened.now)?, piece };
    let found = stave_answers::fires(opened.estate(), &query)?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(Exit::Answered)
}

/// The moment that `--since` means.
pub(super) fn since(typed: Option<&str>, now: Time) -> anyhow::Result<Option<Time>> {
    let Some(text) = typed else { return Ok(None) };
    match when::since(text, now) {
        Some(since) => Ok(Some(since)),
        None => Err(Problem::new(format!("--since {text} is no age and no day"))
            .hint("an age is a number and a unit, like 90d or 12w; a day is written like 2026-01-31")
            .into()),
    }
}
