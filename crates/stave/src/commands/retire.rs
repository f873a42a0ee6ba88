//! `stave retire SCOPE`: nobody reads it any more.

use std::collections::BTreeSet;

use stave_answers::speech::{retirement, statements};
use stave_answers::text::{nearest, spoken};
use stave_ledger::Filter;
use stave_model::Scope;

use super::said;
use crate::cli::Retire;
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn run(context: &mut Context<'_>, arguments: &Retire) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let typed = arguments.scope.trim();
    let known: BTreeSet<String> =
        opened.ledger.heard()?.into_iter().map(|(_, scope, _)| scope.to_string()).collect();
    // `HOST/PATH@BRANCH` is what pages print; the `repo:` before it is guessed.
    let scope = [typed.to_owned(), format!("repo:{typed}")].into_iter().find(|scope| known.contains(scope));
    let Some(scope) = scope else {
        let mut problem = Problem::no(format!("nobody has said anything about the scope {typed}"));
        let branches: Vec<&String> =
            known.iter().filter(|scope| scope.contains(&format!("{typed}@"))).take(5).collect();
        for branch in &branches {
            problem = problem.hint(format!("did you mean {branch}?"));
        }
        if branches.is_empty() {
            problem = match nearest(typed, known.iter().map(String::as_str)) {
                Some(near) => problem.hint(format!("did you mean {near}?")),
                None => problem.hint("stave log prints scopes"),
            };
        }
        return Err(problem.into());
    };
    let parsed: Scope = scope.parse()?;
    let last = opened.ledger.latest(&Filter { scope: Some(parsed), ..Filter::default() }, u64::MAX, 1)?;
    let voice = opened.voice(context)?;
    let words = statements(&voice, &[retirement(&scope)])?;
    opened.append(&words)?;
    let mut notes = vec!["what was read there leaves the map; people's words stay".to_owned()];
    if let Some(entry) = last.first() {
        notes.push(format!("it was last read on {}", stave_answers::when::day(entry.header.time)));
    }
    said(context, &opened, &voice, "Said", &[format!("{scope} is {}", spoken("retired"))], &notes, &words)?;
    Ok(Exit::Answered)
}
