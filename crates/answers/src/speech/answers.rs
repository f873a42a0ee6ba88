//! Answering a question, and deciding whether two pieces do the same job.

use serde_json::Value;
use stave_model::Claim;

use super::word::{self, Anchor};
use super::{Plan, Refusal, Result, entity};
use crate::text::{counted, joined};
use crate::{Asked, Estate, Pair, overlap_pairs};

/// Questions that are looked through for one that begins with some digits.
const LOOKED_THROUGH: u64 = 100_000;

/// The open question whose digits begin so.
///
/// # Errors
/// Where none or several do; where the map can't be read.
pub fn question_meant(estate: Estate<'_>, digits: &str) -> Result<Asked> {
    let digits = digits.trim().to_lowercase();
    if let Some(asked) = crate::question(estate, &digits)? {
        return Ok(asked);
    }
    let all = estate.model.questions(LOOKED_THROUGH)?;
    let found: Vec<_> =
        all.iter().filter(|question| !digits.is_empty() && question.id.starts_with(&digits)).collect();
    match found.as_slice() {
        [question] => crate::question(estate, &question.id)?
            .ok_or_else(|| Refusal::no(format!("the question {digits} is answered")).into()),
        [] => Err(Refusal::no(format!("there is no open question {digits}"))
            .hint("stave questions lists them; one that is answered is gone")
            .into()),
        several => Err(Refusal::new(format!("{} questions begin with {digits}", several.len()))
            .hint("type more of the digits")
            .into()),
    }
}

/// What an answer says.
///
/// # Errors
/// Where the question has no such answer; where the map can't be read.
pub fn answer(estate: Estate<'_>, asked: &Asked, number: u64) -> Result<Plan> {
    let Some(chosen) = asked.answers.iter().find(|answer| answer.number == number) else {
        let count = asked.answers.len() as u64;
        let choices = counted(count, "choice", "choices");
        return Err(Refusal::new(format!("{number} is no choice; there are {choices}")).into());
    };
    let mut drafts = chosen.words.clone();
    for draft in drafts.iter_mut().filter(|draft| draft.fact_type == "same_as" && draft.not) {
        // "Not one" is said against all that makes them look like one; else the same question came back at once.
        let ends =
            [Some(draft.of.as_str()), draft.to.as_deref()].map(|end| end.map(short_id).unwrap_or_default());
        let reasons = estate.model.join_reasons(&ends[0], &ends[1])?;
        draft.against.extend(reasons.iter().map(|reason| Claim::against_hash(reason, false, None)));
    }
    Ok(Plan { drafts, said: vec![chosen.label.clone()], ..Plan::default() })
}

fn short_id(reference: &str) -> String {
    stave_model::hash_bytes(reference.as_bytes()).short()
}

/// That two pieces do the same job, or (`not`) that they don't, and why.
///
/// # Errors
/// Where no pair, or more than one, begins with these digits; where the map can't be read.
pub fn decide(estate: Estate<'_>, digits: &str, why: Option<&str>, not: bool) -> Result<Plan> {
    let pair = pair_meant(estate, digits)?;
    let mut sides = Vec::with_capacity(2);
    for piece in &pair.pieces {
        sides.push(Anchor::new(entity(estate, &piece.label.id)?, &piece.reference));
    }
    let [one, other] = sides.as_slice() else {
        return Err(Refusal::new(format!("{} is no pair", pair.id)).into());
    };
    let mut draft = word::overlap(one, other);
    if let Some(why) = why {
        draft = draft.value(Value::from(why));
    }
    let (draft, said) = if not {
        (draft.denied(), format!("{} does not do the same job as {}", one.name, other.name))
    } else {
        (draft, format!("{} does the same job as {}", one.name, other.name))
    };
    Ok(Plan { drafts: vec![draft], said: vec![said], ..Plan::default() })
}

/// The pair whose digits begin so.
fn pair_meant(estate: Estate<'_>, digits: &str) -> Result<Pair> {
    let digits = digits.trim().to_lowercase();
    let mut found = match digits.as_str() {
        "" => Vec::new(),
        digits => overlap_pairs(estate, digits)?,
    };
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Refusal::no(format!("there is no pair {digits}"))
            .hint("stave overlap --all lists them")
            .into()),
        count => {
            let ids: Vec<&str> = found.iter().take(5).map(|pair| pair.id.as_str()).collect();
            Err(Refusal::new(format!("{count} pairs begin with {digits}: {}", joined(&ids, "and")))
                .hint("type more of the digits")
                .into())
        }
    }
}
