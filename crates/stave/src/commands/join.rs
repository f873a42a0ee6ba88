//! `say … same_as …` and `deny … same_as …`.
//!
//! The format joins and parts references; a person means whole entities. Two services of one Compose file bar each
//! other until a person joins just those two, so a word is said for the two anchors and for each file format and
//! folder in which both have a name. All of them are one command, which one `undo` takes back.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_answers::{Draft, text::tame};
use stave_map::{Entity, EntityRow};
use stave_model::{Claim, Hash, Reference, slug};

use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::word::{self, Anchor};

/// Two entities are one.
pub(super) fn unite(
    opened: &Opened,
    one: &Anchor,
    other: &Anchor,
    typed: &str,
) -> anyhow::Result<Vec<Draft>> {
    let (Some(one_id), Some(other_id)) = (one.id(), other.id()) else { return Ok(Vec::new()) };
    if one_id == other_id {
        return Err(Problem::no(format!("{} and {typed} are one on the map already", one.name))
            .hint(format!("stave show {one_id} lists the names that it has"))
            .into());
    }
    let words = opened.map.join_words(one_id, other_id)?;
    let pairs = pairs(one, &references(one), other, &references(other));
    Ok(pairs.iter().map(|pair| word::join(&pair.0, &pair.1, &on(pair, &words, &pairs))).collect())
}

/// Two entities, or two parts of one, are not one.
pub(super) fn part(
    context: &Context<'_>,
    opened: &Opened,
    typed: &str,
    other_typed: &str,
) -> anyhow::Result<Vec<Draft>> {
    if other_typed.is_empty() {
        return Err(Problem::new(format!("{typed} is not the same as what?"))
            .hint(format!("stave deny {typed} same_as OTHER"))
            .into());
    }
    let mut one = Anchor::new(opened.entity(context, typed)?, typed);
    let mut other = Anchor::new(opened.entity(context, other_typed)?, other_typed);
    let (one_id, other_id) = match (one.id(), other.id()) {
        (Some(one_id), Some(other_id)) => (one_id.to_owned(), other_id.to_owned()),
        _ => return Ok(Vec::new()),
    };
    let (mut mine, mut others) = (references(&one), references(&other));
    if one_id == other_id {
        mine = side(&one, typed)?;
        others = side(&other, other_typed)?;
        if mine == others {
            return Err(which_references(&one, typed).into());
        }
        one.reference.clone_from(&mine[0]);
        other.reference.clone_from(&others[0]);
    }
    let words = opened.map.join_words(&one_id, &other_id)?;
    let mut pairs = pairs(&one, &mine, &other, &others);
    // What somebody joined by a word across the two sides has to be parted by name, too.
    for (_, claim) in &words {
        let (of, to) = (claim.of.to_string(), claim.to.clone().unwrap_or_default());
        for (low, high) in [(&of, &to), (&to, &of)] {
            if mine.contains(low) && others.contains(high) {
                push(&mut pairs, (one.at(low), other.at(high)));
            }
        }
    }
    let reasons = opened.map.join_reasons(&one_id, &other_id)?;
    Ok(pairs
        .iter()
        .map(|pair| word::separation(&pair.0, &pair.1, &on(pair, &words, &pairs), &reasons))
        .collect())
}

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

type Pair = (Anchor, Anchor);

/// The pairs that a word is said for: the anchors first, then the first names in each container that both have.
fn pairs(one: &Anchor, mine: &[String], other: &Anchor, others: &[String]) -> Vec<Pair> {
    let mut pairs = vec![(one.clone(), other.clone())];
    let (mine, others) = (by_container(mine), by_container(others));
    for (container, low) in &mine {
        if let Some(high) = others.get(container) {
            push(&mut pairs, (one.at(low), other.at(high)));
        }
    }
    pairs
}

fn push(pairs: &mut Vec<Pair>, pair: Pair) {
    if pairs.iter().all(|known| !is_pair(known, &pair.0.reference, &pair.1.reference)) {
        pairs.push(pair);
    }
}

fn is_pair(pair: &Pair, one: &str, other: &str) -> bool {
    let own = (pair.0.reference.as_str(), pair.1.reference.as_str());
    own == (one, other) || own == (other, one)
}

/// The first reference in each container.
fn by_container(references: &[String]) -> BTreeMap<String, &String> {
    let mut found = BTreeMap::new();
    for reference in references {
        let parsed = reference.parse::<Reference>().ok();
        if let Some((container, _)) = parsed.as_ref().and_then(Reference::container) {
            found.entry(container.to_owned()).or_insert(reference);
        }
    }
    found
}

/// The words that a word on this pair replaces: those on the pair; for the first pair also those between the two
/// sides that no pair is about, said under anchors that have moved since.
fn on(pair: &Pair, words: &[(Hash, Claim)], pairs: &[Pair]) -> Vec<Hash> {
    let is_first = pairs.first().is_some_and(|first| is_pair(first, &pair.0.reference, &pair.1.reference));
    let is_between = |claim: &Claim| {
        pair.0.id() != pair.1.id() && {
            let to = claim.to.as_deref().unwrap_or_default();
            pairs.iter().all(|known| !is_pair(known, claim.of.as_str(), to))
        }
    };
    words
        .iter()
        .filter(|(_, claim)| {
            is_pair(pair, claim.of.as_str(), claim.to.as_deref().unwrap_or_default())
                || (is_first && is_between(claim))
        })
        .map(|(id, _)| *id)
        .collect()
}

fn references(anchor: &Anchor) -> Vec<String> {
    anchor.entity.as_ref().map_or_else(Vec::new, |entity| entity.references.clone())
}

/// The references of an entity that a person means by a name: the one that was typed, else all of that name.
fn side(anchor: &Anchor, typed: &str) -> Result<Vec<String>, Problem> {
    let all = references(anchor);
    if all.iter().any(|reference| reference == typed) {
        return Ok(vec![typed.to_owned()]);
    }
    let is_named = |reference: &String| {
        reference.parse::<Reference>().is_ok_and(|parsed| slug(parsed.short_name()) == slug(typed))
    };
    let named: BTreeSet<String> = all.into_iter().filter(is_named).collect();
    if named.is_empty() { Err(which_references(anchor, typed)) } else { Ok(named.into_iter().collect()) }
}

fn which_references(anchor: &Anchor, typed: &str) -> Problem {
    let references = references(anchor);
    let mut what =
        format!("\"{typed}\" is one entity on the map; say which of its references are different things:");
    for reference in &references {
        what.push_str(&format!("\n  {reference}"));
    }
    let problem = Problem::new(what);
    match references.as_slice() {
        [one, other, ..] => problem.hint(format!("stave deny '{one}' same_as '{other}'")),
        _ => problem.hint("it has only one reference, so there is nothing to part"),
    }
}
