//! `stave overlap`: what may be there twice, and a person's word on it.

use stave_answers::{OverlapQuery, speech};

use super::{print, said};
use crate::cli::{Overlap, OverlapCommand};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::Exit;

pub(super) fn run(context: &mut Context<'_>, arguments: &Overlap) -> anyhow::Result<Exit> {
    match &arguments.command {
        None => list(context, arguments.all),
        Some(OverlapCommand::Confirm { pair, why, .. }) => {
            decide(context, pair, why.as_deref(), Verdict::Confirm)
        }
        Some(OverlapCommand::Dismiss { pair, why, .. }) => {
            decide(context, pair, why.as_deref(), Verdict::Dismiss)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Confirm,
    Dismiss,
}

fn list(context: &mut Context<'_>, all: bool) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let found = stave_answers::overlap(opened.estate(), OverlapQuery { all })?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    if let Some(pair) = found.pairs.iter().find(|pair| pair.verdict == stave_answers::Verdict::Open)
        && !context.terminal.is_json()
    {
        let stave = context.typed(&opened.place.root);
        context.terminal.say(&format!("if they do the same job: {stave} overlap confirm {}", pair.id));
        context.terminal.say(&format!("if they don't: {stave} overlap dismiss {}", pair.id));
    }
    Ok(Exit::Answered)
}

fn decide(
    context: &mut Context<'_>,
    digits: &str,
    why: Option<&str>,
    verdict: Verdict,
) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let plan = speech::decide(opened.estate(), digits, why, verdict == Verdict::Dismiss)
        .map_err(|error| opened.unsaid(context, error))?;
    let voice = opened.voice(context)?;
    let statements = plan.statements(&voice)?;
    opened.append(&statements)?;
    said(context, &opened, &voice, "Said", &plan.said, &plan.notes, &statements)?;
    Ok(Exit::Answered)
}
