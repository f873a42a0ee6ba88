//! `stave overlap`: what may be there twice, and a person's word on it.

use stave_answers::{Draft, OverlapQuery, Pair, text::joined};

use super::{print, said};
use crate::cli::{Overlap, OverlapCommand};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::word::{self, Anchor};

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
    let pair = meant(&opened, digits)?;
    let mut sides = Vec::with_capacity(2);
    for piece in &pair.pieces {
        sides.push(Anchor::new(opened.entity(context, &piece.label.id)?, &piece.reference));
    }
    let [one, other] = sides.as_slice() else {
        return Err(Problem::new(format!("{} is no pair", pair.id)).into());
    };
    let mut draft = word::overlap(one, other);
    if let Some(why) = why {
        draft = draft.value(serde_json::Value::from(why));
    }
    let voice = opened.voice(context)?;
    let (draft, sentence): (Draft, String) = match verdict {
        Verdict::Confirm => (draft, format!("{} does the same job as {}", one.name, other.name)),
        Verdict::Dismiss => {
            (draft.denied(), format!("{} does not do the same job as {}", one.name, other.name))
        }
    };
    let statements = word::statements(&voice, &[draft])?;
    opened.append(&statements)?;
    said(context, &opened, &voice, "Said", &[sentence], &[], &statements)?;
    Ok(Exit::Answered)
}

/// The pair whose digits begin so.
fn meant(opened: &Opened, digits: &str) -> anyhow::Result<Pair> {
    let digits = digits.trim().to_lowercase();
    let mut found = match digits.as_str() {
        "" => Vec::new(),
        digits => stave_answers::overlap_pairs(opened.estate(), digits)?,
    };
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Problem::no(format!("there is no pair {digits}"))
            .hint("stave overlap --all lists them")
            .into()),
        count => {
            let ids: Vec<&str> = found.iter().take(5).map(|pair| pair.id.as_str()).collect();
            Err(Problem::new(format!("{count} pairs begin with {digits}: {}", joined(&ids, "and")))
                .hint("type more of the digits")
                .into())
        }
    }
}
