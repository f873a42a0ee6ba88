//! `stave why ENTITY same_as [OTHER]`.

use serde::Serialize;
use stave_answers::text::tame;
use stave_map::{Entity, EntityRow};
use stave_model::Hash;

use crate::context::Context;
use crate::opened::Opened;
use crate::problem::Exit;

/// Why two entities are one, or could be; or why all names of one entity are.
#[derive(Debug, Serialize)]
struct Join {
    one: EntityRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<EntityRow>,
    /// They are one entity on the map.
    is_one: bool,
    /// What machines go by: a key that both have, two hints, an author who says so (docs/ledger.md, section 5).
    reasons: Vec<String>,
    /// People's words.
    words: Vec<JoinWord>,
}

#[derive(Debug, Serialize)]
struct JoinWord {
    statement: Hash,
    of: String,
    to: String,
    not: bool,
}

/// `why ENTITY same_as [OTHER]`.
pub(super) fn why(
    context: &mut Context<'_>,
    opened: &Opened,
    one: &Entity,
    other: Option<&Entity>,
) -> anyhow::Result<Exit> {
    let second = other.unwrap_or(one);
    let mut reasons = opened.map.join_reasons(&one.row.id, &second.row.id)?;
    reasons.retain(|reason| !reason.starts_with("stated "));
    let words = opened.map.join_words(&one.row.id, &second.row.id)?;
    let join = Join {
        one: one.row.clone(),
        other: other.filter(|other| other.row.id != one.row.id).map(|other| other.row.clone()),
        is_one: one.row.id == second.row.id,
        reasons,
        words: words
            .into_iter()
            .map(|(statement, claim)| JoinWord {
                statement,
                of: claim.of.to_string(),
                to: claim.to.unwrap_or_default(),
                not: claim.not,
            })
            .collect(),
    };
    if context.terminal.is_json() {
        context.terminal.json(&join)?;
    } else {
        for line in join.lines(&one.references) {
            context.terminal.line(&line)?;
        }
    }
    let is_answered = join.is_one || !join.reasons.is_empty() || !join.words.is_empty();
    Ok(if is_answered { Exit::Answered } else { Exit::No })
}

impl Join {
    fn lines(&self, references: &[String]) -> Vec<String> {
        let name = tame(&self.one.name);
        let mut lines = match &self.other {
            Some(other) => vec![format!("{name} and {} are two on the map", tame(&other.name))],
            None => {
                let mut lines = vec![format!("{name} is one on the map, under these names:")];
                lines.extend(references.iter().map(|reference| format!("  {}", tame(reference))));
                lines
            }
        };
        lines.extend(self.reasons.iter().map(|reason| format!("  {}", tame(&told(reason)))));
        lines.extend(self.words.iter().map(|word| {
            let are = if word.not { "are not one" } else { "are one" };
            let id = word.statement.short();
            format!("  a person says that {} and {} {are} (statement {id})", tame(&word.of), tame(&word.to))
        }));
        if lines.len() == 1 {
            lines.push("  nothing speaks for them being one".to_owned());
        }
        lines
    }
}

/// A reason for a join, as a sentence.
fn told(reason: &str) -> String {
    match reason.split_once(' ') {
        Some(("same_as", author)) => format!("{author} says that they are one"),
        Some((one, other)) => format!("both have {one} and {other}"),
        None => format!("both have {reason}"),
    }
}
