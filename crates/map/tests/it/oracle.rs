//! The naive oracle: docs/ledger.md, sections 2 to 7, written down once more as simply as possible.
//!
//! It knows nothing of the fold in `src`, keeps nothing between two calls and recomputes everything from the whole
//! set of statements, however slow that is. Where the two differ, one of them has misread the page. It also
//! records which rules it came across, so that a test can tell whether the generator drew them all.

mod facts;
mod held;
mod pieces;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stave_model::{Basis, ClaimType, Hash, Mode, Statement, Target, Time, canonical, claim_type, hash_bytes};

pub(crate) use held::Ids;

/// What the fold is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Now.
    Live(Time),
    /// What had been said by then.
    Date(Time),
    /// Now, if no more than the first so many statements had come.
    Position(u64, Time),
}

/// The names of the rules that a fold came across.
pub(crate) type Rules = BTreeSet<&'static str>;

/// Every rule that [`fold`] records; the generator has to draw all of them.
pub(crate) const RULES: &[&str] = &[
    // Section 3.
    "a machine's future statement waits",
    "a person's future word counts",
    "later than the date",
    "after the position",
    "an op is withdrawn",
    "a statement is withdrawn",
    "a withdrawal is withdrawn",
    "withdrawals in a circle",
    "a word is replaced",
    "a word is replaced along a chain",
    "a word is replaced through a withdrawn one",
    "a word stands again",
    "a word replaces what isn't there",
    "a word lists a machine's statement",
    "repositories are one",
    "two repositories are disputed",
    "a set of repositories is left alone",
    "an older source said later",
    "a source later than its statement",
    "rules decide a slot",
    "time decides a slot",
    "an id decides a slot",
    "a retired slot",
    "a statement after its scope was retired",
    "carried",
    "carried from below the next",
    "carried: an unread file",
    "carried: an unread folder",
    "carried: unread outside a folder",
    "the next left it unread too",
    "work takes the place",
    "work counts for nothing",
    "the default branch by a person",
    "the default branch by a claim",
    "the default branch isn't read",
    "no default branch is known",
    "a branch that isn't shown",
    "two branches of one date",
    "a scope that is no branch",
    "an unknown type",
    // Section 4.
    "a said reference is live",
    "a person's exists is live",
    "a live reference is its own place",
    "placed by a strong key",
    "placed by an anchor",
    "an anchor that two hold",
    "a hint doesn't vote",
    "a tie without place",
    "without place",
    "the most votes",
    "same_as: the other side has the key",
    "same_as: the smaller of a tie",
    "same_as: one place for both",
    // Section 5.
    "join: stated",
    "join: declared",
    "join: said by a machine",
    "join: key and name",
    "join: key",
    "join: two hints",
    "a key with many holders",
    "a hint with many holders",
    "a key of which only the name is left",
    "names that people call one",
    "ambiguous",
    "ambiguous: none of them",
    "refused_join",
    "a refused join that was known",
    "a refused join in dispute",
    "barred",
    "a disputed join",
    // Section 6.
    "kind by a claim",
    "kind by the reference",
    "hidden",
    "exists in dispute",
    "one: a word",
    "one: a dispute",
    "one: a dispute over a claim",
    "one: the basis",
    "one: the author",
    "one: the date",
    "one: the value",
    "one: null",
    "declared_differ",
    "declared differ, a word decides",
    "over: a word",
    "over: a dispute",
    "over: sets together",
    "add: stands",
    "add: denied",
    "add: a denial of nothing",
    "add: a dispute",
    "a relation to itself",
    "challenge: another value",
    "challenge: a denial",
    "a challenge that was known",
    "env",
];

/// A claim that counts, with who said it: references and keys are rewritten (section 3, rule 4).
#[derive(Clone, Debug)]
pub(crate) struct Said {
    statement: Hash,
    author: String,
    person: bool,
    carried: bool,
    source_at: Time,
    kind: String,
    of: String,
    to: Option<String>,
    value: Option<Value>,
    /// The value as it was written, which is what people see and what `against` hashes.
    raw: Option<Value>,
    not: bool,
    env: Vec<String>,
    keys: BTreeMap<String, BTreeSet<String>>,
    against: Vec<Hash>,
    basis: Basis,
}

impl Said {
    fn row(&self) -> Option<&'static ClaimType> {
        claim_type(&self.kind)
    }

    fn mode(&self) -> Option<Mode> {
        self.row().map(|row| row.mode)
    }

    /// The references of the claim: `of`, `to` of relations and `same_as`, those of an `over` value.
    fn references(&self) -> Vec<String> {
        let mut found = vec![self.of.clone()];
        match self.mode() {
            Some(Mode::Add(Target::Reference) | Mode::Join) => found.extend(self.to.clone()),
            Some(Mode::Over) => found.extend(texts(self.value.as_ref())),
            _ => {}
        }
        found
    }

    fn value_or_null(&self) -> Value {
        self.value.clone().unwrap_or(Value::Null)
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).cloned().unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The first 12 digits of a text's hash: an entity's id from its representative.
pub(crate) fn short_id(text: &str) -> String {
    hash_bytes(text.as_bytes()).short()
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    kind: &'static str,
    about: Vec<String>,
    kind_of_fact: Option<String>,
    to: Option<String>,
}

impl Question {
    fn new(kind: &'static str, about: Vec<String>) -> Question {
        Question { kind, about, kind_of_fact: None, to: None }
    }

    fn document(&self) -> Value {
        let hashed = canonical(&json!([self.kind, self.about, self.kind_of_fact, self.to]));
        let mut document = json!({"id": hash_bytes(&hashed).short(), "kind": self.kind, "about": self.about});
        if let Some(kind) = &self.kind_of_fact {
            document["type"] = json!(kind);
        }
        if let Some(to) = &self.to {
            document["to"] = json!(to);
        }
        document
    }
}

/// The map's document, and the rules that were needed for it.
pub(crate) fn fold(statements: &[Statement], when: When) -> (Value, Rules) {
    let mut rules = Rules::new();
    let mut questions = BTreeSet::new();
    let held = held::hold(statements, when, &mut rules, &mut questions);

    let unknown = held.machines.iter().chain(&held.words).filter(|said| said.row().is_none()).count();
    if unknown > 0 {
        rules.insert("an unknown type");
    }
    let known = |said: &&Said| said.mode().is_some_and(|mode| !matches!(mode, Mode::Word | Mode::Record));
    let machines: Vec<Said> = held.machines.iter().filter(known).cloned().collect();
    let words: Vec<Said> = held.words.iter().filter(known).cloned().collect();

    let pieces = pieces::pieces(&machines, &words, &mut rules, &mut questions);
    let folded = facts::facts(&machines, &words, &pieces, &mut rules, &mut questions);

    let document = json!({
        "entities": folded.entities,
        "links": folded.links,
        "questions": questions.iter().map(Question::document).collect::<Vec<_>>(),
        "views": held.views,
        "unknown_claims": unknown,
    });
    (document, rules)
}

/// Which statements count for what (section 3).
pub(crate) fn ids(statements: &[Statement], when: When) -> Ids {
    held::hold(statements, when, &mut Rules::new(), &mut BTreeSet::new()).ids
}

/// The document alone.
pub(crate) fn fold_document(statements: &[Statement], when: When) -> Value {
    fold(statements, when).0
}
