//! `stave questions` and `stave answer QUESTION CHOICE`.

use stave_answers::speech::{self, SpeechError};
use stave_answers::text::counted;

use super::{print, said};
use crate::cli::{Answer, Questions};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

/// Questions that are looked through for one that begins with some digits, or is about one entity.
const LOOKED_THROUGH: u64 = 100_000;

pub(super) fn questions(context: &mut Context<'_>, arguments: &Questions) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let limit = if arguments.entity.is_some() { LOOKED_THROUGH } else { arguments.limit };
    let mut questions = stave_answers::questions(opened.estate(), limit)?;
    if let Some(typed) = &arguments.entity {
        let id = opened.entity(context, typed)?.row.id;
        questions.rows.retain(|row| row.entities.iter().any(|label| label.id == id));
    }
    print(context, &questions, |width, style| questions.to_text(width, style))?;
    if let Some(question) = questions.rows.iter().find(|row| !row.answers.is_empty())
        && !context.terminal.is_json()
    {
        let stave = context.typed(&opened.place.root);
        context.terminal.say(&format!("answer one: {stave} answer {} 1", question.id));
    }
    Ok(Exit::Answered)
}

pub(super) fn answer(context: &mut Context<'_>, arguments: &Answer) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let asked = speech::question_meant(opened.estate(), &arguments.question)
        .map_err(|error| opened.unsaid(context, error))?;
    let stave = context.typed(&opened.place.root);
    let Some(choice) = arguments.choice else {
        if context.terminal.is_json() {
            context.terminal.json(&asked)?;
            return Ok(Exit::Answered);
        }
        context.terminal.line(&asked.sentence)?;
        for answer in &asked.answers {
            context.terminal.line(&format!("  {}  {}", answer.number, answer.label))?;
        }
        context.terminal.say(&format!("answer it: {stave} answer {} NUMBER", asked.id));
        return Ok(Exit::Answered);
    };
    let plan = match speech::answer(opened.estate(), &asked, choice) {
        Ok(plan) => plan,
        Err(SpeechError::Refused(refusal)) => {
            return Err(Problem::from(*refusal)
                .hint(format!("{stave} answer {} lists them", asked.id))
                .into());
        }
        Err(other) => return Err(other.into()),
    };
    let voice = opened.voice(context)?;
    let statements = plan.statements(&voice)?;
    opened.append(&statements)?;
    let left = opened.map.counts()?.questions;
    let notes = vec![format!("{} left", counted(left, "question", "questions"))];
    said(context, &opened, &voice, "Said", &plan.said, &notes, &statements)?;
    Ok(Exit::Answered)
}
