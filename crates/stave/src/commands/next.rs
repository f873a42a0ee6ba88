//! `stave next` and `stave barrel`: what holds the estate back, and one piece's staves.

use stave_answers::NextQuery;

use super::{period, print};
use crate::cli::{Barrel, Next};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn next(context: &mut Context<'_>, arguments: &Next) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let since = period::settle(&mut opened, &arguments.period)?;
    let found = stave_answers::next(opened.estate(), &NextQuery { since, limit: arguments.limit })?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(Exit::Answered)
}

pub(super) fn barrel(context: &mut Context<'_>, arguments: &Barrel) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    period::end(&mut opened, arguments.until.as_deref())?;
    let entity = opened.entity(context, &arguments.entity.join(" "))?;
    let found = stave_answers::barrel(opened.estate(), &entity.row.id)?
        .ok_or_else(|| Problem::new(format!("{} is not on the map any more", entity.row.name)))?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(Exit::Answered)
}
