//! `stave say …` and `stave deny …`.

use stave_answers::speech::{self, Plan};

use crate::cli::{Deny, Say};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn say(context: &mut Context<'_>, arguments: &Say) -> anyhow::Result<Exit> {
    let speech = speech::parse(&arguments.words, arguments.new).map_err(Problem::from)?;
    let mut opened = Opened::existing(context)?;
    let plan = speech::say(opened.estate(), speech, arguments.new);
    let plan = plan.map_err(|error| opened.unsaid(context, error))?;
    finish(context, &mut opened, &plan)
}

pub(super) fn deny(context: &mut Context<'_>, arguments: &Deny) -> anyhow::Result<Exit> {
    let speech = speech::parse(&arguments.words, false).map_err(Problem::from)?;
    let mut opened = Opened::existing(context)?;
    let plan = speech::deny(opened.estate(), speech).map_err(|error| opened.unsaid(context, error))?;
    finish(context, &mut opened, &plan)
}

fn finish(context: &mut Context<'_>, opened: &mut Opened, plan: &Plan) -> anyhow::Result<Exit> {
    let voice = opened.voice(context)?;
    if plan.is_said_by(&voice.author) {
        if context.terminal.is_json() {
            context.terminal.json(&serde_json::json!({"said": plan.said, "appended": [], "op": null}))?;
        } else {
            context.terminal.line(&format!("You said so already: {}", plan.said.join("; ")))?;
        }
        return Ok(Exit::Answered);
    }
    let statements = plan.statements(&voice)?;
    opened.ledger.add_people(&plan.people)?;
    opened.append(&statements)?;
    super::said(context, opened, &voice, "Said", &plan.said, &plan.notes, &statements)?;
    Ok(Exit::Answered)
}
