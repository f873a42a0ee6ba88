//! `stave fires`: where it goes down.

use stave_answers::FiresQuery;

use super::{period, print};
use crate::cli::Fires;
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::Exit;

pub(super) fn run(context: &mut Context<'_>, arguments: &Fires) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let since = period::settle(&mut opened, &arguments.period)?;
    let typed = arguments.entity.join(" ");
    let piece = if typed.is_empty() { None } else { Some(opened.entity(context, &typed)?.row.id) };
    let found = stave_answers::fires(opened.estate(), &FiresQuery { since, piece })?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(Exit::Answered)
}
