//! `stave questions` and `stave answer QUESTION CHOICE`.

use stave_answers::{Asked, text::counted};
use stave_model::Claim;

use super::{print, said};
use crate::cli::{Answer, Questions};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::word;

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
    let asked = asked(&opened, &arguments.question)?;
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
    let Some(chosen) = asked.answers.iter().find(|answer| answer.number == choice) else {
        let count = asked.answers.len() as u64;
        return Err(Problem::new(format!(
            "{} is no choice; there are {}",
            choice,
            counted(count, "choice", "choices")
        ))
        .hint(format!("{stave} answer {} lists them", asked.id))
        .into());
    };
    let mut drafts = chosen.words.clone();
    for draft in drafts.iter_mut().filter(|draft| draft.fact_type == "same_as" && draft.not) {
        // "Not one" is said against all that makes them look like one; else the same question came back at once.
        let ends =
            [Some(draft.of.as_str()), draft.to.as_deref()].map(|end| end.map(short_id).unwrap_or_default());
        let reasons = opened.map.join_reasons(&ends[0], &ends[1])?;
        draft.against.extend(reasons.iter().map(|reason| Claim::against_hash(reason, false, None)));
    }
    let voice = opened.voice(context)?;
    let statements = word::statements(&voice, &drafts)?;
    let sentences = vec![chosen.label.clone()];
    opened.append(&statements)?;
    let left = opened.map.counts()?.questions;
    let notes = vec![format!("{} left", counted(left, "question", "questions"))];
    said(context, &opened, &voice, "Said", &sentences, &notes, &statements)?;
    Ok(Exit::Answered)
}

fn short_id(reference: &str) -> String {
    stave_model::hash_bytes(reference.as_bytes()).short()
}

/// The question whose digits begin so.
fn asked(opened: &Opened, digits: &str) -> anyhow::Result<Asked> {
    let digits = digits.trim().to_lowercase();
    if let Some(asked) = stave_answers::question(opened.estate(), &digits)? {
        return Ok(asked);
    }
    let all = opened.map.questions(LOOKED_THROUGH)?;
    let found: Vec<_> =
        all.iter().filter(|question| !digits.is_empty() && question.id.starts_with(&digits)).collect();
    match found.as_slice() {
        [question] => stave_answers::question(opened.estate(), &question.id)?
            .ok_or_else(|| Problem::no(format!("the question {digits} is answered")).into()),
        [] => Err(Problem::no(format!("there is no open question {digits}"))
            .hint("stave questions lists them; one that is answered is gone")
            .into()),
        several => Err(Problem::new(format!("{} questions begin with {digits}", several.len()))
            .hint("type more of the digits")
            .into()),
    }
}
