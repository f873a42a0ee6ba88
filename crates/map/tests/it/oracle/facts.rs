//! Sections 6 and 7: what is known about each entity, and what people are asked about it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stave_model::{Basis, Kind, Mode, Reference, Relation, Target, canonical};

use super::pieces::{Pieces, lists};
use super::{Question, Rules, Said, short_id, texts};

/// The document's parts that this section makes.
pub(crate) struct Folded {
    pub(crate) entities: Vec<Value>,
    pub(crate) links: Vec<Value>,
}

/// The other end of an `add` fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Entity(usize),
    Text(String),
}

/// A fact: an entity's number, its type, the other end.
type Fact = (usize, String, Option<To>);

/// A claim at a fact; for `over` facts with the entities in its value.
struct At<'a> {
    said: &'a Said,
    set: BTreeSet<usize>,
}

/// What a mode `one` fact comes to.
pub(crate) struct Resolved {
    pub(crate) value: Option<Value>,
    pub(crate) basis: Option<Basis>,
    disputed: bool,
    declared_differ: bool,
}

/// Mode `one`: words with one value, else the highest basis; `together` unites that basis's sets (mode `over`).
pub(crate) fn resolve(claims: &[(&Said, Value)], together: bool, rules: &mut Rules) -> Resolved {
    let values = |basis: Basis| {
        let of_basis = claims.iter().filter(|(said, _)| said.basis == basis);
        of_basis.map(|(_, value)| (canonical(value), value.clone())).collect::<BTreeMap<_, _>>()
    };
    let words = values(Basis::Stated);
    let declared_differ = values(Basis::Declared).len() > 1;
    if words.len() == 1 {
        if declared_differ {
            rules.insert("declared differ, a word decides");
        }
        let value = words.into_values().next();
        return Resolved { value, basis: Some(Basis::Stated), disputed: false, declared_differ: false };
    }
    let disputed = words.len() > 1;
    let automatic: Vec<&(&Said, Value)> = claims.iter().filter(|(said, _)| !said.person).collect();
    let basis = automatic.iter().map(|(said, _)| said.basis).min();
    let mut best = automatic.clone();
    best.retain(|(said, _)| Some(said.basis) == basis);
    if best.len() < automatic.len() {
        rules.insert("one: the basis");
    }
    if together {
        let sets: BTreeSet<String> = best.iter().flat_map(|(_, value)| texts(Some(value))).collect();
        if best.iter().any(|(_, value)| *value != json!(sets)) {
            rules.insert("over: sets together");
        }
        let value = (!best.is_empty()).then(|| json!(sets));
        return Resolved { value, basis, disputed, declared_differ };
    }
    best.sort_by_key(|(said, value)| {
        let known = ["catalog", "codeowners", "compose", "kubernetes", "docker"];
        let place = known.iter().position(|name| said.author == format!("collector:{name}"));
        (place.unwrap_or(known.len()), said.author.clone(), Reverse(said.source_at), canonical(value))
    });
    if let [(a, first), (b, second), ..] = best.as_slice()
        && first != second
    {
        rules.insert(match (a.author == b.author, a.source_at == b.source_at) {
            (false, _) => "one: the author",
            (true, false) => "one: the date",
            (true, true) => "one: the value",
        });
    }
    let value = best.first().map(|(_, value)| value.clone());
    Resolved { value, basis, disputed, declared_differ }
}

/// Everything that was said, by fact; words that find no place become questions.
fn by_fact<'a>(
    machines: &'a [Said],
    words: &'a [Said],
    pieces: &Pieces,
    rules: &mut Rules,
    questions: &mut BTreeSet<Question>,
) -> BTreeMap<Fact, Vec<At<'a>>> {
    let mut facts: BTreeMap<Fact, Vec<At>> = BTreeMap::new();
    for said in machines.iter().chain(words).filter(|said| said.mode() != Some(Mode::Join)) {
        let mut places = Vec::new();
        for reference in said.references() {
            places.push(if said.person {
                pieces.place(said, &reference, rules)
            } else {
                pieces.entity_of(&reference)
            });
        }
        let Some(places) = places.into_iter().collect::<Option<Vec<usize>>>() else {
            rules.insert("without place");
            questions.insert(Question::new("without_place", vec![said.statement.to_string()]));
            continue;
        };
        let entity = places[0];
        let mut set = BTreeSet::new();
        let to = match said.mode() {
            Some(Mode::Add(Target::Text)) => said.to.clone().map(To::Text),
            Some(Mode::Add(Target::Reference)) => Some(To::Entity(places[1])),
            Some(Mode::Over) => {
                set.extend(&places[1..]);
                if set.remove(&entity) {
                    rules.insert("a relation to itself");
                }
                None
            }
            _ => None,
        };
        if to == Some(To::Entity(entity)) {
            rules.insert("a relation to itself");
            continue;
        }
        facts.entry((entity, said.kind.clone(), to)).or_default().push(At { said, set });
    }
    facts
}

pub(super) fn facts(
    machines: &[Said],
    words: &[Said],
    pieces: &Pieces,
    rules: &mut Rules,
    questions: &mut BTreeSet<Question>,
) -> Folded {
    let facts = by_fact(machines, words, pieces, rules, questions);
    let id = |entity: usize| short_id(pieces.representative(entity));
    let mut folded: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    let mut names: BTreeMap<usize, String> = BTreeMap::new();
    let mut kinds: BTreeMap<usize, String> = BTreeMap::new();
    let mut hidden: BTreeSet<usize> = BTreeSet::new();
    let mut links: BTreeSet<(usize, usize, String)> = BTreeSet::new();

    for ((entity, kind, to), claims) in &facts {
        let one = fold_one(kind, claims, pieces, rules);
        let mut ask = |question: &'static str| {
            let to = to.as_ref().map(|to| match to {
                To::Entity(entity) => pieces.representative(*entity).to_owned(),
                To::Text(text) => text.clone(),
            });
            let about = vec![pieces.representative(*entity).to_owned()];
            questions.insert(Question { kind: question, about, kind_of_fact: Some(kind.clone()), to });
        };
        if one.state == "disputed" {
            ask("dispute");
        }
        if one.declared_differ {
            ask("declared_differ");
        }
        if one.challenged {
            ask("challenge");
        }
        match (kind.as_str(), one.value.as_ref().and_then(Value::as_str)) {
            ("name", Some(name)) => _ = names.insert(*entity, name.to_owned()),
            ("exists", Some(kind)) => _ = kinds.insert(*entity, kind.to_owned()),
            _ => {}
        }
        if kind == "exists" && one.state == "denied" {
            rules.insert("hidden");
            hidden.insert(*entity);
        }
        if Relation::of(kind).is_some() && one.state != "denied" {
            let targets = match to {
                Some(To::Entity(target)) => vec![*target],
                _ => {
                    let ids = texts(one.value.as_ref());
                    (0..pieces.entities.len()).filter(|target| ids.contains(&id(*target))).collect()
                }
            };
            links.extend(targets.into_iter().map(|target| (*entity, target, kind.clone())));
        }
        let mut document = json!({"type": kind, "basis": one.basis, "state": one.state, "said": one.said});
        match to {
            Some(To::Entity(target)) => document["to"] = json!(id(*target)),
            Some(To::Text(text)) => document["to"] = json!(text),
            None => {}
        }
        if let Some(value) = one.value {
            document["value"] = value;
        }
        if !one.env.is_empty() {
            rules.insert("env");
            document["env"] = json!(one.env);
        }
        folded.entry(*entity).or_default().push(document);
    }

    let mut entities = Vec::new();
    for (entity, references) in pieces.entities.iter().enumerate() {
        let representative: Reference =
            pieces.representative(entity).parse().expect("references in claims are checked");
        let mut facts = folded.remove(&entity).unwrap_or_default();
        facts.sort_by_key(|fact| {
            (fact["type"].as_str().map(str::to_owned), fact["to"].as_str().map(str::to_owned))
        });
        rules.insert(if kinds.contains_key(&entity) { "kind by a claim" } else { "kind by the reference" });
        let mut document = json!({
            "id": id(entity),
            "kind": kinds.get(&entity).cloned().unwrap_or_else(|| kind_of(&representative)),
            "name": names.get(&entity).map_or(representative.short_name(), String::as_str),
            "representative": representative,
            "references": references,
            "keys": pieces.keys_of(entity),
            "facts": facts,
        });
        if hidden.contains(&entity) {
            document["hidden"] = json!(true);
        }
        entities.push(document);
    }
    entities.sort_by_key(|entity| entity["id"].as_str().map(str::to_owned));
    let links: BTreeSet<(String, String, String)> = links
        .into_iter()
        .filter(|(from, to, _)| !hidden.contains(from) && !hidden.contains(to))
        .map(|(from, to, kind)| (id(from), id(to), kind))
        .collect();
    let links = links.iter().map(|(from, to, kind)| json!({"from": from, "to": to, "kind": kind})).collect();
    Folded { entities, links }
}

/// What one fact comes to.
struct One {
    value: Option<Value>,
    basis: Basis,
    state: &'static str,
    env: BTreeSet<String>,
    said: Vec<Value>,
    declared_differ: bool,
    challenged: bool,
}

fn fold_one(kind: &str, claims: &[At], pieces: &Pieces, rules: &mut Rules) -> One {
    let mode = claims[0].said.mode();
    let positive: Vec<&At> = claims.iter().filter(|at| !at.said.not).collect();
    let said_yes = positive.iter().any(|at| at.said.person);
    let said_no = claims.iter().any(|at| at.said.not);
    let is_over = mode == Some(Mode::Over);
    let value_of = |at: &At| -> Value {
        if is_over {
            let ids: BTreeSet<String> =
                at.set.iter().map(|entity| short_id(pieces.representative(*entity))).collect();
            json!(ids)
        } else {
            at.said.value_or_null()
        }
    };

    let is_add = matches!(mode, Some(Mode::Add(_)));
    let resolved = if is_add {
        let basis = if positive.is_empty() {
            claims.iter().map(|at| at.said.basis).min()
        } else {
            positive.iter().map(|at| at.said.basis).min()
        };
        Resolved { value: None, basis, disputed: false, declared_differ: false }
    } else {
        let valued: Vec<_> = positive.iter().map(|at| (at.said, value_of(at))).collect();
        resolve(&valued, is_over, rules)
    };
    let state = match (said_no, said_yes) {
        (true, true) => "disputed",
        (true, false) => "denied",
        (false, _) if resolved.disputed => "disputed",
        (false, _) => "stands",
    };
    let basis = match (state, resolved.basis) {
        ("denied", _) => claims.iter().map(|at| at.said.basis).min(),
        (_, basis) => basis,
    };
    record(mode, state, &resolved, positive.is_empty(), rules);

    let mut challenged = false;
    for word in claims.iter().filter(|at| at.said.person && state != "disputed") {
        for automatic in claims.iter().filter(|at| !at.said.person) {
            let differs = word.said.not || (!is_add && value_of(word) != value_of(automatic));
            if differs && lists(word.said, automatic.said) {
                rules.insert("a challenge that was known");
            } else if differs {
                rules.insert(if word.said.not { "challenge: a denial" } else { "challenge: another value" });
                challenged = true;
            }
        }
    }
    let everywhere = positive.iter().any(|at| at.said.env.is_empty());
    let env = positive.iter().filter(|_| !everywhere).flat_map(|at| at.said.env.clone()).collect();
    let mut said: Vec<Value> = claims.iter().map(|at| said_document(at.said)).collect();
    said.sort_by_key(canonical);
    if kind == "exists" && state == "disputed" {
        rules.insert("exists in dispute");
    }
    One {
        value: resolved.value,
        basis: basis.unwrap_or(Basis::Stated),
        state,
        env,
        said,
        declared_differ: resolved.declared_differ,
        challenged,
    }
}

/// Notes which of the rules of section 6 a fact needed.
fn record(mode: Option<Mode>, state: &str, resolved: &Resolved, denials_only: bool, rules: &mut Rules) {
    let by_word = resolved.basis == Some(Basis::Stated);
    match (mode, state) {
        (Some(Mode::One), "disputed") if resolved.value.is_some() => {
            _ = rules.insert("one: a dispute over a claim");
        }
        (Some(Mode::One), "disputed") => _ = rules.insert("one: a dispute"),
        (Some(Mode::One), _) if by_word => _ = rules.insert("one: a word"),
        (Some(Mode::Over), "disputed") => _ = rules.insert("over: a dispute"),
        (Some(Mode::Over), _) if by_word => _ = rules.insert("over: a word"),
        (Some(Mode::Add(_)), "stands") => _ = rules.insert("add: stands"),
        (Some(Mode::Add(_)), "denied") if denials_only => _ = rules.insert("add: a denial of nothing"),
        (Some(Mode::Add(_)), "denied") => _ = rules.insert("add: denied"),
        (Some(Mode::Add(_)), _) => _ = rules.insert("add: a dispute"),
        _ => {}
    }
    if resolved.declared_differ {
        rules.insert("declared_differ");
    }
    if mode == Some(Mode::One) && resolved.value == Some(Value::Null) {
        rules.insert("one: null");
    }
}

fn said_document(said: &Said) -> Value {
    let mut document =
        json!({"author": said.author, "basis": said.basis, "statement": said.statement.to_string()});
    if said.not {
        document["not"] = json!(true);
    }
    if let Some(value) = &said.raw {
        document["value"] = value.clone();
    }
    if said.carried {
        document["carried"] = json!(true);
    }
    document
}

/// The kind of an entity that no claim gives one, by its representative.
fn kind_of(representative: &Reference) -> String {
    let kind = match representative.kind() {
        "host" | "image" | "package" => Kind::Component,
        "team" => Kind::Group,
        "person" => Kind::Person,
        "repo" if !representative.rest().contains("//") => Kind::Repository,
        "catalog" | "said" => {
            let word = representative.rest().split([':', '/']).next().unwrap_or_default();
            Kind::from_word(word).unwrap_or(Kind::Component)
        }
        _ => Kind::Component,
    };
    kind.to_string()
}
