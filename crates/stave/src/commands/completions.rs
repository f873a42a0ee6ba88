//! `stave completions SHELL`.

use crate::cli::{self, Completions};
use crate::context::Context;
use crate::problem::Exit;

pub(super) fn run(context: &mut Context<'_>, arguments: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli::definition(), "stave", &mut script);
    let script = String::from_utf8(script)?;
    if context.terminal.is_json() {
        context
            .terminal
            .json(&serde_json::json!({"shell": arguments.shell.to_string(), "script": script}))?;
    } else {
        context.terminal.print(&script)?;
    }
    Ok(Exit::Answered)
}
