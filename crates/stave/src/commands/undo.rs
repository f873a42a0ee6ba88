//! `stave undo [OP]`: takes back a command by a word that withdraws it. Nothing is deleted, and an undo can be undone.

use stave_answers::speech::{self, Target};

use super::said;
use crate::cli::Undo;
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn run(context: &mut Context<'_>, arguments: &Undo) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let voice = opened.voice(context)?;
    let target = match &arguments.op {
        Some(digits) => speech::target_meant(&*opened.ledger, digits),
        None => speech::last_of(&*opened.ledger, &voice.author).map(Target::Op),
    };
    let target = target.map_err(|error| opened.unsaid(context, error))?;
    if let Some(withdrawal) = target.undone_by(&*opened.ledger)? {
        let stave = context.typed(&opened.place.root);
        let op: String = withdrawal.to_string().chars().take(12).collect();
        return Err(Problem::no("that is taken back already")
            .hint(format!("{stave} undo {op} brings it back"))
            .into());
    }
    let plan = speech::undo(&*opened.ledger, &target, &voice.author)
        .map_err(|error| opened.unsaid(context, error))?;
    let statements = plan.statements(&voice)?;
    opened.append(&statements)?;
    said(context, &opened, &voice, "Taken back", &plan.said, &plan.notes, &statements)?;
    Ok(Exit::Answered)
}
