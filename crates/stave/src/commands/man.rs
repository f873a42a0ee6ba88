//! `stave man`: the man page, from the one definition of the command line.

use clap_mangen::Man as Page;
use stave_answers::text::nearest;

use crate::cli::{self, Man};
use crate::context::Context;
use crate::problem::{Exit, Problem};

pub(super) fn run(context: &mut Context<'_>, arguments: &Man) -> anyhow::Result<Exit> {
    let mut command = cli::definition();
    command.build();
    for verb in &arguments.verb {
        let Some(found) = command.find_subcommand(verb) else {
            let problem = Problem::new(format!("there is no verb \"{verb}\""));
            let near = nearest(verb, command.get_subcommands().map(clap::Command::get_name));
            return Err(match near {
                Some(near) => problem.hint(format!("did you mean {near}?")),
                None => problem.hint("stave --help lists them"),
            }
            .into());
        };
        command = found.clone();
    }
    let mut page = Vec::new();
    // No date: the same version gives the same page.
    Page::new(command).date("").manual("Stave").render(&mut page)?;
    let page = String::from_utf8(page)?;
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({"verb": arguments.verb, "page": page}))?;
    } else {
        context.terminal.print(&page)?;
    }
    Ok(Exit::Answered)
}
