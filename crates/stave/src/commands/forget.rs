//! `stave forget PERSON` and `stave redact CLAIM`: what every ledger obeys, for ever.

use stave_answers::speech::{person_meant, statements};
use stave_answers::text::{counted, tame};
use stave_answers::{
    Forgetting, claims_called, claims_with, draft_forgotten, draft_redacted, forgetting, mentions_text,
};

use stave_server::door::accounts::forget_person;

use super::said;
use crate::cli::{Forget, Redact};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

/// Fewer digits mean too many claims.
const DIGITS: usize = 8;

pub(super) fn forget(context: &mut Context<'_>, arguments: &Forget) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let person = person_meant(opened.estate(), arguments.person.join(" ").trim())
        .map_err(|error| opened.unsaid(context, error))?;
    let found = forgetting(opened.estate(), &person)?;
    let gone = opened.ledger.forgotten()?;
    let new: Vec<&String> = found.ids.iter().filter(|id| !gone.contains(id)).collect();
    if !arguments.yes {
        print(context, &found, false, None)?;
        let stave = context.typed(&opened.place.root);
        let typed = crate::surroundings::quote(arguments.person.join(" ").trim());
        return Err(Problem::no("nothing was forgotten yet; it can't be taken back")
            .hint(format!("{stave} forget {typed} --yes"))
            .into());
    }
    let drafts: Vec<_> = new.iter().map(|id| draft_forgotten(id)).collect();
    let voice = opened.voice(context)?;
    let words = statements(&voice, &drafts)?;
    opened.append(&words)?;
    if let Some(store) = opened.ledger.store() {
        for id in &found.ids {
            forget_person(store, &id.parse()?)?;
        }
    }
    print(context, &found, true, Some(voice.op.to_string()))?;
    Ok(Exit::Answered)
}

fn print(
    context: &mut Context<'_>,
    found: &Forgetting,
    is_done: bool,
    op: Option<String>,
) -> anyhow::Result<()> {
    if context.terminal.is_json() {
        return context.terminal.json(&serde_json::json!({"found": found, "forgotten": is_done, "op": op}));
    }
    let text = found.to_text(context.terminal.width(), &context.terminal.style());
    context.terminal.print(&text)?;
    if is_done {
        let rows = counted(found.directory.len() as u64, "row", "rows");
        let ids = counted(found.ids.len() as u64, "id", "ids");
        context.terminal.line(&format!(
            "Forgotten: {rows} of the directory, {ids}; in every ledger that meets this one, for ever"
        ))?;
        context.terminal.say(
            "  their statements and commits stay, signed by digits; backups made before still have the name",
        );
    }
    Ok(())
}

pub(super) fn redact(context: &mut Context<'_>, arguments: &Redact) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    if let Some(text) = &arguments.find {
        return find(context, &opened, text);
    }
    let (typed, why) =
        (arguments.claim.as_deref().unwrap_or_default(), arguments.why.as_deref().unwrap_or_default());
    let digits = typed.trim().trim_start_matches("claim:");
    if digits.len() < DIGITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Problem::new(format!("\"{}\" are no digits of a claim", tame(typed)))
            .hint(format!(
                "at least {DIGITS} of them; `stave redact --find TEXT` and `stave forget` print them"
            ))
            .into());
    }
    let found = claims_called(opened.estate(), digits)?;
    let [claim] = found.as_slice() else {
        if found.is_empty() {
            return Err(Problem::no(format!("no claim that can be read begins with {digits}"))
                .hint("what was redacted before has nothing left to read")
                .into());
        }
        let mut problem = Problem::new(format!("{digits} may mean several claims:"));
        for one in &found {
            problem = problem.hint(format!("{} {}", one.claim, tame(&one.says)));
        }
        return Err(problem.into());
    };
    let voice = opened.voice(context)?;
    let words = statements(&voice, &[draft_redacted(&claim.claim.parse()?, why.trim())])?;
    opened.append(&words)?;
    let short: String = claim.claim.chars().take(12).collect();
    let sentence = format!("claim {short} is redacted in every ledger that meets this one, for ever");
    said(context, &opened, &voice, "Said", &[sentence], &[], &words)?;
    Ok(Exit::Answered)
}

fn find(context: &mut Context<'_>, opened: &Opened, text: &str) -> anyhow::Result<Exit> {
    let found = claims_with(opened.estate(), text)?;
    super::print(context, &found, |width, style| mentions_text(&found, width, style))?;
    if found.is_empty() {
        context.terminal.say(&format!("no claim that can be read has \"{}\" in it", tame(text)));
        return Ok(Exit::No);
    }
    Ok(Exit::Answered)
}
