//! One module per verb (or pair of verbs that belong together).

mod accounts;
mod answer;
mod completions;
mod config;
mod doctor;
mod exchange;
mod fires;
mod flow;
mod forget;
mod import;
mod join;
pub(crate) mod keep;
mod log;
mod look;
mod man;
mod next;
mod overlap;
mod period;
mod readmodel;
mod retire;
mod say;
mod scan;
mod serve;
mod undo;
mod who;

use serde::Serialize;
use stave_answers::speech::Voice;
use stave_answers::text::tame;
use stave_model::Statement;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::settings::Flags;
use crate::terminal::Terminal;

/// Runs the verb that was typed.
pub(crate) fn run(cli: Cli, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Cli { global, speaker, command } = cli;
    let mut flags = Flags::new();
    if let Some(when) = global.color {
        flags.insert("color", when.word().to_owned());
    }
    if let Some(port) = command.board().and_then(|board| board.port) {
        flags.insert("board.port", port.to_string());
    }
    if command.trees().is_some_and(|trees| trees.no_history) {
        flags.insert("history", "false".to_owned());
    }
    let address = command.speaker().and_then(|speaker| speaker.address.clone()).or(speaker.address);
    if let Some(address) = address {
        flags.insert("person", address);
    }
    if global.at.is_some() && !command.asks() {
        return Err(Problem::new(
            "--at is for questions; this would change something, or is not about the map",
        )
        .hint("the past is asked with list, show, why, log, export --as graph and the like")
        .into());
    }
    let mut context = Context::new(terminal, &global, flags)?;
    context.is_operators = command.is_operators();
    match command {
        Command::Up(arguments) => serve::up(&mut context, &arguments),
        Command::Scan(arguments) => scan::run(&mut context, &arguments),
        Command::Find(arguments) => look::find(&mut context, &arguments),
        Command::List(arguments) => look::list(&mut context, &arguments),
        Command::Tools(arguments) => look::tools(&mut context, &arguments),
        Command::Show(arguments) => look::show(&mut context, &arguments),
        Command::Why(arguments) => look::why(&mut context, &arguments),
        Command::Say(arguments) => say::say(&mut context, &arguments),
        Command::Deny(arguments) => say::deny(&mut context, &arguments),
        Command::Questions(arguments) => answer::questions(&mut context, &arguments),
        Command::Answer(arguments) => answer::answer(&mut context, &arguments),
        Command::Overlap(arguments) => overlap::run(&mut context, &arguments),
        Command::Next(arguments) => next::next(&mut context, &arguments),
        Command::Barrel(arguments) => next::barrel(&mut context, &arguments),
        Command::Fires(arguments) => fires::run(&mut context, &arguments),
        Command::Flow(arguments) => flow::run(&mut context, &arguments),
        Command::Who(arguments) => who::who(&mut context, &arguments),
        Command::Hotspots(arguments) => who::hotspots(&mut context, &arguments),
        Command::AboutMe(_) => who::about_me(&mut context),
        Command::Forget(arguments) => forget::forget(&mut context, &arguments),
        Command::Redact(arguments) => forget::redact(&mut context, &arguments),
        Command::Log(arguments) => log::run(&mut context, &arguments),
        Command::Undo(arguments) => undo::run(&mut context, &arguments),
        Command::Retire(arguments) => retire::run(&mut context, &arguments),
        Command::Export(arguments) => exchange::export(&mut context, &arguments),
        Command::Merge(arguments) => exchange::merge(&mut context, &arguments),
        Command::Import(arguments) => import::run(&mut context, &arguments),
        Command::Backup(arguments) => keep::backup(&mut context, &arguments),
        Command::Restore(arguments) => keep::restore(&mut context, &arguments),
        Command::Compact(arguments) => keep::compact(&mut context, &arguments),
        Command::Serve(arguments) => serve::serve(&mut context, &arguments),
        Command::Doctor(arguments) => doctor::run(&mut context, &arguments),
        Command::User(arguments) => accounts::user(&mut context, &arguments),
        Command::Token(arguments) => accounts::token(&mut context, &arguments),
        Command::ReadModel(arguments) => readmodel::run(&mut context, &arguments),
        Command::Config(arguments) => config::run(&mut context, &arguments),
        Command::Man(arguments) => man::run(&mut context, &arguments),
        Command::Completions(arguments) => completions::run(&mut context, &arguments),
    }
}

/// Prints an answer in the form that was asked for.
fn print<T: Serialize>(
    context: &mut Context<'_>,
    answer: &T,
    to_text: impl FnOnce(usize, &dyn stave_answers::text::Style) -> String,
) -> anyhow::Result<()> {
    if context.terminal.is_json() {
        if context.as_of.is_none() && context.waiting.is_none() {
            return context.terminal.json(answer);
        }
        let mut answer = serde_json::to_value(answer)?;
        if let Some(object) = answer.as_object_mut() {
            if let Some(as_of) = context.as_of {
                object.insert("at".to_owned(), serde_json::to_value(as_of)?);
            }
            if let Some(waiting) = context.waiting {
                object.insert("waiting".to_owned(), serde_json::to_value(waiting)?);
            }
        }
        context.terminal.json(&answer)
    } else {
        let text = to_text(context.terminal.width(), &context.terminal.style());
        context.terminal.print(&text)
    }
}

/// What a verb that spoke prints: what is now so (behind the word `done`), and how to take it back.
fn said(
    context: &mut Context<'_>,
    opened: &Opened,
    voice: &Voice,
    done: &str,
    sentences: &[String],
    notes: &[String],
    statements: &[Statement],
) -> anyhow::Result<()> {
    if context.terminal.is_json() {
        let ids: Vec<String> = statements.iter().map(|statement| statement.id().to_string()).collect();
        let op = voice.op.to_string();
        return context
            .terminal
            .json(&serde_json::json!({"said": sentences, "notes": notes, "appended": ids, "op": op}));
    }
    for sentence in sentences {
        context.terminal.line(&format!("{done}: {}", tame(sentence)))?;
    }
    for note in notes {
        context.terminal.say(&format!("  {}", tame(note)));
    }
    if !statements.iter().any(is_for_ever) {
        let stave = context.typed(&opened.place.root);
        context.terminal.say(&format!("take it back: {stave} undo {}", short_op(voice)));
    }
    Ok(())
}

/// A word that every ledger obeys on receipt: taking it back would bring nothing back.
fn is_for_ever(statement: &Statement) -> bool {
    statement.claims.iter().any(|claim| matches!(&*claim.kind, "forgotten" | "redacted"))
}

/// As much of an op as has to be typed.
fn short_op(voice: &Voice) -> String {
    voice.op.to_string().chars().take(12).collect()
}
