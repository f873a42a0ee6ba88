//! `stave readmodel save FILE` and `load FILE`: a server that starts with a copy has little to fold.

use std::path::Path;

use anyhow::Context as _;
use stave_answers::text::counted;
use stave_map::Kept;

use crate::cli::{ReadModel, ReadModelCommand};
use crate::context::Context;
use crate::estate;
use crate::opened::Opened;
use crate::problem::Exit;

pub(super) fn run(context: &mut Context<'_>, arguments: &ReadModel) -> anyhow::Result<Exit> {
    match &arguments.command {
        ReadModelCommand::Save { file } => save(context, file),
        ReadModelCommand::Load { file } => load(context, file),
    }
}

fn save(context: &mut Context<'_>, file: &Path) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let name = || format!("can't write {}", file.display());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Appears whole or not at all, and only its owner may read it.
    let draft = tempfile::NamedTempFile::new_in(folder).with_context(name)?;
    opened.map.save(draft.path())?;
    draft.persist(file).map_err(|error| error.error).with_context(name)?;
    let position = opened.map.stamp()?.position;
    if context.terminal.is_json() {
        let shown = file.display().to_string();
        context.terminal.json(&serde_json::json!({"file": shown, "position": position}))?;
    } else {
        context.terminal.line(&format!("Wrote the map at position {position} to {}", file.display()))?;
    }
    Ok(Exit::Answered)
}

fn load(context: &mut Context<'_>, file: &Path) -> anyhow::Result<Exit> {
    let place = estate::existing(context)?;
    let mut opened = Opened::at(context, place)?;
    let end = opened.ledger.position()?;
    let Kept { position, .. } = opened.map.load(file, &opened.ledger.info()?, end)?;
    let behind = end.saturating_sub(position);
    if context.terminal.is_json() {
        context.terminal.json(&serde_json::json!({"position": position, "behind": behind}))?;
    } else {
        context.terminal.line(&format!("The map is that of position {position}"))?;
        if behind > 0 {
            let behind = counted(behind, "statement", "statements");
            context.terminal.say(&format!("the next command folds {behind} more"));
        }
    }
    Ok(Exit::Answered)
}
