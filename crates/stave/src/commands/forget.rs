//! `stave forget PERSON` and `stave redact CLAIM`: what every ledger obeys, for ever.

use stave_answers::speech::{person_meant, statements};
use stave_answers::text::{counted, tame};
use stave_answers::{
    Forgetting, claims_called, claims_with, draft_forgotten, draft_redacted, forgetting, mentions_text,
};

use stave_ledger::Ledger;
use stave_server::door::Role;
use stave_server::door::accounts::{User, users};

use super::said;
use crate::cli::{Forget, Redact};
use crate::context::Context;
use crate::estate;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::reach::Reach;

/// Fewer digits mean too many claims.
const DIGITS: usize = 8;

pub(super) fn forget(context: &mut Context<'_>, arguments: &Forget) -> anyhow::Result<Exit> {
    not_through_a_door(context)?;
    let mut opened = Opened::existing(context)?;
    let person = person_meant(opened.estate(), arguments.person.join(" ").trim())
        .map_err(|error| opened.unsaid(context, error))?;
    let found = forgetting(opened.estate(), &person)?;
    let gone = opened.ledger.forgotten()?;
    let new: Vec<&String> = found.ids.iter().filter(|id| !gone.contains(id)).collect();
    let accounts = accounts_of(opened.ledger.as_mut(), &found.ids)?;
    if !arguments.yes {
        print(context, &found, &accounts, None)?;
        let stave = context.typed(&opened.place.root);
        let typed = crate::surroundings::quote(arguments.person.join(" ").trim());
        return Err(Problem::no("nothing was forgotten yet; it can't be taken back")
            .hint(format!("{stave} forget {typed} --yes"))
            .into());
    }
    if accounts.last_admin {
        return Err(Problem::no("the last account with the role admin would go with this person")
            .hint("make another one first: stave user add EMAIL --role admin")
            .into());
    }
    let drafts: Vec<_> = new.iter().map(|id| draft_forgotten(id)).collect();
    let voice = opened.voice(context)?;
    let words = statements(&voice, &drafts)?;
    opened.append(&words)?;
    print(context, &found, &accounts, Some(voice.op.to_string()))?;
    Ok(Exit::Answered)
}

/// The accounts that go with a person.
struct Accounts {
    emails: Vec<String>,
    /// Others stay, and none of them is an admin's.
    last_admin: bool,
}

fn accounts_of(ledger: &mut dyn Ledger, ids: &[String]) -> anyhow::Result<Accounts> {
    let Some(store) = ledger.store() else { return Ok(Accounts { emails: Vec::new(), last_admin: false }) };
    let (go, stay): (Vec<User>, Vec<User>) =
        users(store)?.into_iter().partition(|user| ids.iter().any(|id| id == user.person.as_str()));
    let has_admin = |of: &[User]| of.iter().any(|user| user.role == Role::Admin);
    let last_admin = has_admin(&go) && !stay.is_empty() && !has_admin(&stay);
    Ok(Accounts { emails: go.into_iter().map(|user| user.email).collect(), last_admin })
}

/// `op`: the words that did it; nothing was done yet without.
fn print(
    context: &mut Context<'_>,
    found: &Forgetting,
    accounts: &Accounts,
    op: Option<String>,
) -> anyhow::Result<()> {
    if context.terminal.is_json() {
        return context.terminal.json(&serde_json::json!({
            "found": found, "accounts": accounts.emails, "forgotten": op.is_some(), "op": op,
        }));
    }
    let text = found.to_text(context.terminal.width(), &context.terminal.style());
    context.terminal.print(&text)?;
    for email in &accounts.emails {
        context
            .terminal
            .line(&format!("The account {} goes too, with its sessions and tokens", tame(email)))?;
    }
    if op.is_some() {
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

/// No token may have anything forgotten or redacted: whoever has one is told before they read what would go.
fn not_through_a_door(context: &Context<'_>) -> anyhow::Result<()> {
    match estate::existing(context)?.reach {
        Reach::Door(_) => Err(super::keep::not_through_a_door().hint("it takes an admin there").into()),
        _ => Ok(()),
    }
}

pub(super) fn redact(context: &mut Context<'_>, arguments: &Redact) -> anyhow::Result<Exit> {
    if let Some(text) = &arguments.find {
        let opened = Opened::existing(context)?;
        return find(context, &opened, text);
    }
    not_through_a_door(context)?;
    let mut opened = Opened::existing(context)?;
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
