//! One module per verb (or pair of verbs that belong together).

mod completions;
mod config;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::problem::Exit;
use crate::settings::Flags;
use crate::terminal::Terminal;

/// Runs the verb that was typed.
pub(crate) fn run(cli: Cli, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let mut flags = Flags::new();
    if let Some(when) = cli.global.color {
        flags.insert("color", when.word().to_owned());
    }
    let Cli { global, speaker, command } = cli;
    let board = match &command {
        Command::Up(up) => Some(&up.board),
        Command::Serve(serve) => Some(&serve.board),
        _ => None,
    };
    if let Some(port) = board.and_then(|board| board.port) {
        flags.insert("port", port.to_string());
    }
    let said_by = command.speaker().and_then(|speaker| speaker.address.clone()).or(speaker.address);
    let mut context = Context::new(terminal, &global, said_by, flags)?;
    match command {
        Command::Completions(arguments) => completions::run(&mut context, &arguments),
        Command::Config(arguments) => config::run(&mut context, &arguments),
        _ => Ok(Exit::Error),
    }
}
