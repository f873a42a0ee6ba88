//! Which statement of a slot holds: the part of docs/ledger.md, section 3, that "same word again" needs.
//! The map decides the same over all slots at once; the test vectors bind both to one reading. Repositories
//! that people joined (step 4) keep slots of their own here: at worst a repeat is appended once more.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use stave_model::{Author, Hash, Header, Op, Reference, Scope, Time, fact_scope, unescape_fact_part};

use crate::error::Result;
use crate::{Entry, Prepared};

/// What a storage must find for this rule.
pub(crate) trait Lookup {
    /// The slot's statements with a time up to `until`, the one that would hold first.
    fn slot(
        &self,
        author: &Author,
        scope: &Scope,
        until: Time,
        each: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()>;
    /// Whether the slot has a statement with these claims.
    fn slot_has(&self, author: &Author, scope: &Scope, claims: &Hash) -> Result<bool>;
    /// All words `withdrawn`.
    fn withdrawals(&self) -> Result<Vec<Entry>>;
    /// All words about a fact.
    fn words(&self, scope: &Scope) -> Result<Vec<Entry>>;
    /// The statements whose `replaces` lists this id.
    fn replacing(&self, id: &Hash) -> Result<Vec<Entry>>;
}

/// The type of fact in a scope `fact:OF#TYPE[>TO]`: an indexed column finds a type's words by it.
pub(crate) fn word_type(scope: &Scope) -> Option<&str> {
    let (_, rest) = fact_parts(scope)?;
    Some(rest.split_once('>').map_or(rest, |(word, _)| word))
}

pub(crate) fn fact_parts(scope: &Scope) -> Option<(&str, &str)> {
    if scope.kind() == "fact" { scope.rest().split_once('#') } else { None }
}

/// The statement that holds in the slot of `said` and says the same of the same source, if there is one.
pub(crate) fn same_word(lookup: &dyn Lookup, said: &Prepared) -> Result<Option<Entry>> {
    let header = &said.header;
    // Most statements are new ones; they need no look at withdrawals.
    if header.author.is_person() || !lookup.slot_has(&header.author, &header.scope, &header.claims)? {
        return Ok(None);
    }
    let withdrawn = Withdrawn::of(&lookup.withdrawals()?);
    let holding = holding(lookup, &withdrawn, &header.author, &header.scope, header.time)?;
    Ok(holding.filter(|entry| says_the_same(entry, header)))
}

/// Whether each of these machines' statements repeats the one that holds in its slot.
pub(crate) fn all_hold(lookup: &dyn Lookup, said: &[Header]) -> Result<bool> {
    let withdrawn = Withdrawn::of(&lookup.withdrawals()?);
    for header in said {
        let holding = holding(lookup, &withdrawn, &header.author, &header.scope, header.time)?;
        if header.author.is_person() || !holding.is_some_and(|entry| says_the_same(&entry, header)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn says_the_same(entry: &Entry, header: &Header) -> bool {
    entry.header.claims == header.claims
        && entry.header.source.id == header.source.id
        && entry.header.unread == header.unread
}

fn holding(
    lookup: &dyn Lookup,
    withdrawn: &Withdrawn,
    author: &Author,
    scope: &Scope,
    until: Time,
) -> Result<Option<Entry>> {
    if is_retired(lookup, withdrawn, scope)? {
        return Ok(None);
    }
    let mut found = None;
    lookup.slot(author, scope, until, &mut |entry| {
        if withdrawn.holds_for(entry.id, entry.header.op) {
            return ControlFlow::Continue(());
        }
        found = Some(entry);
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// Whether a standing word retires the scope (steps 3 and 5).
fn is_retired(lookup: &dyn Lookup, withdrawn: &Withdrawn, scope: &Scope) -> Result<bool> {
    let Ok(of) = scope.as_str().parse::<Reference>() else { return Ok(false) };
    // A scope too long for a word about it was never retired.
    let Ok(fact) = fact_scope(&of, "retired", None) else { return Ok(false) };
    for word in lookup.words(&fact)? {
        if word.header.author.is_person() && stands(lookup, withdrawn, &word)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a word is neither withdrawn nor reached along `replaces` from a word that isn't.
fn stands(lookup: &dyn Lookup, withdrawn: &Withdrawn, word: &Entry) -> Result<bool> {
    if withdrawn.holds_for(word.id, word.header.op) {
        return Ok(false);
    }
    let mut seen = HashSet::from([word.id]);
    let mut open = vec![word.id];
    while let Some(id) = open.pop() {
        for later in lookup.replacing(&id)? {
            if !withdrawn.holds_for(later.id, later.header.op) {
                return Ok(false);
            }
            if seen.insert(later.id) {
                open.push(later.id);
            }
        }
    }
    Ok(true)
}

/// What a withdrawal is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Target {
    Op(Op),
    Statement(Hash),
}

fn target(scope: &Scope) -> Option<Target> {
    let (of, _) = fact_parts(scope)?;
    let of = unescape_fact_part(of);
    match of.split_once(':')? {
        ("op", op) => op.parse().ok().map(Target::Op),
        ("statement", id) => id.parse().ok().map(Target::Statement),
        _ => None,
    }
}

/// The withdrawals that count (step 2).
struct Withdrawn {
    by_target: HashMap<Target, Vec<Hash>>,
}

impl Withdrawn {
    fn of(words: &[Entry]) -> Withdrawn {
        let mut targeting: HashMap<Target, Vec<usize>> = HashMap::new();
        for (index, word) in words.iter().enumerate() {
            if let Some(target) = target(&word.header.scope) {
                targeting.entry(target).or_default().push(index);
            }
        }
        // None: undecided. Each round decides what hangs on the last one only; what stays undecided
        // goes in a circle and counts for nothing.
        let mut counts: Vec<Option<bool>> = vec![None; words.len()];
        loop {
            let mut decided = false;
            for (index, word) in words.iter().enumerate() {
                if counts[index].is_some() {
                    continue;
                }
                let mut verdict = Some(true);
                for by in [Target::Op(word.header.op), Target::Statement(word.id)]
                    .iter()
                    .filter_map(|target| targeting.get(target))
                    .flatten()
                    .filter(|by| **by != index)
                {
                    match counts[*by] {
                        Some(true) => {
                            verdict = Some(false);
                            break;
                        }
                        Some(false) => {}
                        None => verdict = None,
                    }
                }
                counts[index] = verdict;
                decided |= verdict.is_some();
            }
            if !decided {
                break;
            }
        }
        let mut by_target: HashMap<Target, Vec<Hash>> = HashMap::new();
        for (target, indices) in targeting {
            let ids = indices.into_iter().filter(|i| counts[*i] == Some(true)).map(|i| words[i].id);
            by_target.insert(target, ids.collect());
        }
        Withdrawn { by_target }
    }

    fn holds_for(&self, id: Hash, op: Op) -> bool {
        [Target::Op(op), Target::Statement(id)]
            .iter()
            .filter_map(|target| self.by_target.get(target))
            .flatten()
            .any(|by| *by != id)
    }
}
