//! The binary: command line, settings, terminal, exit codes.
//!
//! The only room that touches the environment, the home folder, stdout, the clock and exit codes. What Stave
//! knows stands in the crates behind it; nothing here decides what a statement means.

mod at;
mod cli;
mod commands;
mod context;
mod door;
mod elsewhere;
mod estate;
mod git_config;
mod histories;
mod identity;
mod network;
mod opened;
mod problem;
mod reach;
mod reading;
mod remembered;
mod settings;
mod surroundings;
mod terminal;
mod trees;

use std::process::ExitCode;

use crate::cli::When;
use crate::problem::{Exit, is_broken_pipe, not_understood, told};
use crate::terminal::{Form, Talk, Terminal};

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && wants_json() => {
            let told = not_understood(&error);
            Terminal::new(When::Never, Talk::Normal, Form::Json).problem(&told);
            return told.exit.into();
        }
        Err(error) => error.exit(),
    };
    let talk = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => Talk::Quiet,
        (_, true) => Talk::Verbose,
        _ => Talk::Normal,
    };
    let form = if cli.global.json { Form::Json } else { Form::Text };
    let mut terminal = Terminal::new(cli.global.color.unwrap_or(When::Auto), talk, form);
    let result = commands::run(cli, &mut terminal).and_then(|exit| {
        terminal.flush()?;
        Ok(exit)
    });
    let exit = match result {
        Ok(exit) => exit,
        Err(error) if is_broken_pipe(&error) => Exit::Answered,
        Err(error) => {
            // What was answered before the problem still belongs to the reader.
            let _ = terminal.flush();
            let told = told(&error);
            terminal.problem(&told);
            told.exit
        }
    };
    exit.into()
}

/// Whether `--json` was typed, for a command line that can't be understood otherwise.
fn wants_json() -> bool {
    std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json")
}
