//! `say … same_as …` and `deny … same_as …`.
//!
//! The format joins and parts references; a person means whole entities. Two services of one Compose file bar each
//! other until a person joins just those two, so a word is said for the two anchors and for each file format and
//! folder in which both have a name. All of them are one command, which one `undo` takes back.

use std::collections::{BTreeMap, BTreeSet};

use stave_model::{Claim, Hash, Reference, slug};

use super::word::{self, Anchor};
use super::{Refusal, Result, entity};
use crate::{Draft, Estate};

/// Two entities are one.
pub(super) fn unite(estate: Estate<'_>, one: &Anchor, other: &Anchor, typed: &str) -> Result<Vec<Draft>> {
    let (Some(one_id), Some(other_id)) = (one.id(), other.id()) else { return Ok(Vec::new()) };
    if one_id == other_id {
        return Err(Refusal::no(format!("{} and {typed} are one on the map already", one.name))
            .hint(format!("stave show {one_id} lists the names that it has"))
            .into());
    }
    let words = estate.model.join_words(one_id, other_id)?;
    let pairs = pairs(one, &references(one), other, &references(other));
    Ok(pairs.iter().map(|pair| word::join(&pair.0, &pair.1, &on(pair, &words, &pairs))).collect())
}

/// Two entities, or two parts of one, are not one.
pub(super) fn part(estate: Estate<'_>, typed: &str, other_typed: &str) -> Result<Vec<Draft>> {
    if other_typed.is_empty() {
        return Err(Refusal::new(format!("{typed} is not the same as what?"))
            .hint(format!("stave deny {typed} same_as OTHER"))
            .into());
    }
    let mut one = Anchor::new(entity(estate, typed)?, typed);
    let mut other = Anchor::new(entity(estate, other_typed)?, other_typed);
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
    let words = estate.model.join_words(&one_id, &other_id)?;
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
    let reasons = estate.model.join_reasons(&one_id, &other_id)?;
    Ok(pairs
        .iter()
        .map(|pair| word::separation(&pair.0, &pair.1, &on(pair, &words, &pairs), &reasons))
        .collect())
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
fn side(anchor: &Anchor, typed: &str) -> Result<Vec<String>, Refusal> {
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

fn which_references(anchor: &Anchor, typed: &str) -> Refusal {
    let references = references(anchor);
    let mut what =
        format!("\"{typed}\" is one entity on the map; say which of its references are different things:");
    for reference in &references {
        what.push_str(&format!("\n  {reference}"));
    }
    let refusal = Refusal::new(what);
    match references.as_slice() {
        [one, other, ..] => refusal.hint(format!("stave deny '{one}' same_as '{other}'")),
        _ => refusal.hint("it has only one reference, so there is nothing to part"),
    }
}
