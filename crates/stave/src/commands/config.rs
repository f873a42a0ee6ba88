//! `stave config list`.

use crate::cli::{Config, ConfigCommand};
use crate::context::Context;
use crate::estate;
use crate::problem::Exit;
use crate::settings::{ROWS, user_file};

pub(super) fn run(context: &mut Context<'_>, arguments: &Config) -> anyhow::Result<Exit> {
    let ConfigCommand::List { origins } = &arguments.command;
    let estate = estate::find(context)?.map(|place| place.root);
    context.read_settings(estate.as_deref())?;
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({"settings": context.settings.all()}))?;
        return Ok(Exit::Answered);
    }
    let found = context.settings.all().to_vec();
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let width = found.iter().map(|found| shown(&found.value).len()).max().unwrap_or(0);
    let keys = ROWS.iter().map(|row| row.key.len()).max().unwrap_or(0);
    for (found, row) in found.iter().zip(ROWS) {
        let value = shown(&found.value);
        let line = if *origins {
            format!("{:<keys$} {value:<width$}  {}", found.key, found.origin)
        } else {
            format!("{:<keys$} {value:<width$}  {}", found.key, row.what)
        };
        context.terminal.line(line.trim_end())?;
    }
    if *origins && let Some(file) = user_file(&context.surroundings) {
        context.terminal.say(&format!("your own settings stand in {}", file.display()));
    }
    Ok(Exit::Answered)
}
