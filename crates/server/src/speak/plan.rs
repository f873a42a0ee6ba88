//! What comes of a word: statements to append, or what to ask its speaker instead.

use stave_answers::speech::{
    self, Act, Plan, Refusal, RefusalKind, SpeechError, Target, Voice, question_meant, spoken_new, spoken_of,
    target_meant,
};
use stave_answers::{ClaimShown, Estate};
use stave_ledger::Filter;
use stave_model::{Author, Hash, Mode, Op, PersonRow, Statement, Time, hash_bytes};

use super::forms::{Sent, What};
use crate::door::{self, Caller};
use crate::pool::Spoken;

/// How often a word may be said and taken back again from one page.
const AGAIN: u8 = 32;

/// Who speaks, and with which random digits.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub(crate) author: Author,
    pub(crate) nonce: String,
    pub(crate) tool: String,
    pub(crate) now: Time,
}

/// What comes of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is said now, or was before.
    Said {
        op: Op,
        said: Vec<String>,
        notes: Vec<String>,
        appended: Vec<Hash>,
        people: Vec<PersonRow>,
        statements: Vec<Statement>,
    },
    /// What the speaker saw is no longer so.
    Changed { said: Vec<String>, standing: Vec<ClaimShown>, seen: String, was_shown: bool, now: Time },
    /// It can't be said; perhaps something else was meant.
    Refused { refusal: Box<Refusal>, back: Option<Op> },
    /// This speaker may not say it.
    Forbidden(door::Refusal),
}

/// Decides on a word.
///
/// # Errors
/// Where the map or the ledger can't be read, or the word breaks a rule of the format.
pub(crate) fn decide(
    estate: Estate<'_>,
    speaker: &Speaker,
    what: &What,
    sent: &Sent,
    path: &str,
) -> Result<Outcome, SpeechError> {
    let content = sent.content();
    let (op, is_said) = command(estate, speaker, path, &content)?;
    if is_said {
        return Ok(already(op));
    }
    let seen = sent.text("seen");
    let decided = estate.model.snapshot(|_| drafted(estate, speaker, what, seen.as_deref()));
    match decided {
        Ok(Drafted::Plan(plan)) => {
            if let Some(before) = plan.said_before(estate.ledger, &speaker.author)? {
                return Ok(already(before));
            }
            let voice = Voice {
                author: speaker.author.clone(),
                by: None,
                op,
                time: speaker.now,
                tool: speaker.tool.clone(),
            };
            let statements = plan.statements(&voice)?;
            Ok(Outcome::Said {
                op,
                appended: statements.iter().map(Statement::id).collect(),
                said: plan.said,
                notes: plan.notes,
                people: plan.people,
                statements,
            })
        }
        Ok(Drafted::Changed(changed)) => Ok(changed),
        Err(SpeechError::Refused(refusal)) => {
            let back = match what {
                What::Undo { target } => match target_meant(estate.ledger, target) {
                    Ok(target) => target.undone_by(estate.ledger)?,
                    Err(_) => None,
                },
                _ => None,
            };
            Ok(Outcome::Refused { refusal, back })
        }
        Err(other) => Err(other),
    }
}

fn already(op: Op) -> Outcome {
    Outcome::Said {
        op,
        said: Vec::new(),
        notes: Vec::new(),
        appended: Vec::new(),
        people: Vec::new(),
        statements: Vec::new(),
    }
}

enum Drafted {
    Plan(Plan),
    Changed(Outcome),
}

fn drafted(
    estate: Estate<'_>,
    speaker: &Speaker,
    what: &What,
    seen: Option<&str>,
) -> Result<Drafted, SpeechError> {
    let plan = match what {
        What::Say(saying) => spoken_of(estate, saying)?,
        What::New { kind, name, is_new } => spoken_new(estate, *kind, name, *is_new)?,
        What::Undo { target } => {
            let target: Target = target_meant(estate.ledger, target)?;
            return Ok(Drafted::Plan(speech::undo(estate.ledger, &target, &speaker.author)?));
        }
        What::Answer { question, number } => {
            let asked = question_meant(estate, question)?;
            let plan = speech::answer(estate, &asked, *number)?;
            let chosen = asked.answers.iter().find(|answer| answer.number == *number);
            let shown = chosen.map(|answer| answer.seen.clone()).unwrap_or_default();
            // Who answers without having been shown anything chose by what the question says, as on a command line.
            if seen.is_some_and(|seen| seen != shown) {
                return changed(estate, &plan, shown, true).map(Drafted::Changed);
            }
            return Ok(Drafted::Plan(plan));
        }
    };
    if plan.is_unseen(estate.ledger, &speaker.author, seen)? {
        return changed(estate, &plan, plan.seen(), seen.is_some()).map(Drafted::Changed);
    }
    Ok(Drafted::Plan(plan))
}

fn changed(estate: Estate<'_>, plan: &Plan, seen: String, was_shown: bool) -> Result<Outcome, SpeechError> {
    Ok(Outcome::Changed {
        said: plan.said.clone(),
        standing: plan.standing(estate)?,
        seen,
        was_shown,
        now: estate.now,
    })
}

/// The command that a word is, and whether it is said already. The same word from the same page is the same command, so
/// that a second sending says nothing; what was taken back since is a new one.
fn command(
    estate: Estate<'_>,
    speaker: &Speaker,
    path: &str,
    content: &[(String, String)],
) -> Result<(Op, bool), SpeechError> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let mut op = Op([0; 16]);
    for time in 0..AGAIN {
        let text = format!("{}\n{}\n{path}\n{time}\n{content:?}", speaker.nonce, speaker.author);
        op.0.copy_from_slice(&hash_bytes(text.as_bytes()).0[..16]);
        let filter = Filter { op: Some(op), ..Filter::default() };
        if estate.ledger.latest(&filter, u64::MAX, 1)?.is_empty() {
            return Ok((op, false));
        }
        if Target::Op(op).undone_by(estate.ledger)?.is_none() {
            break;
        }
    }
    Ok((op, true))
}

/// The statements that this caller may make, with who brought them.
///
/// # Errors
/// None of its own; what `decide` gave is passed on.
pub(crate) fn signed(outcome: Outcome, caller: &Caller) -> Result<Spoken<Outcome>, SpeechError> {
    let Outcome::Said { op, said, notes, people, mut statements, .. } = outcome else {
        return Ok(Spoken { outcome, people: Vec::new(), statements: Vec::new() });
    };
    for statement in &mut statements {
        if let Err(refusal) = caller.sign(&mut statement.header) {
            let outcome = Outcome::Forbidden(refusal);
            return Ok(Spoken { outcome, people: Vec::new(), statements: Vec::new() });
        }
    }
    let appended = statements.iter().map(Statement::id).collect();
    let outcome = Outcome::Said { op, said, notes, appended, people: Vec::new(), statements: Vec::new() };
    Ok(Spoken { outcome, people, statements })
}

/// Whether a refusal is about a new team's name that is like another one's.
pub(crate) fn may_be_a_new_team(what: &What, refusal: &Refusal) -> bool {
    matches!(what, What::Say(saying) if saying.act == Act::Say && saying.fact.row.mode == Mode::Over)
        && refusal.kind == RefusalKind::No
        && refusal.about.is_some()
}
