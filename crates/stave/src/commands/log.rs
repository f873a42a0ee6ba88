//! `stave log`: what was said and read, newest first.

use stave_answers::LogQuery;

use super::print;
use crate::cli::Log;
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::Exit;

pub(super) fn run(context: &mut Context<'_>, arguments: &Log) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let query = LogQuery { before: arguments.before.unwrap_or(0), limit: arguments.limit };
    let log = stave_answers::log(opened.estate(), query)?;
    print(context, &log, |width, style| log.to_text(width, style))?;
    Ok(Exit::Answered)
}
