//! Sections 2, 4 and 5: live references and their keys, where words find their place, and entities.

use std::collections::{BTreeMap, BTreeSet};

use stave_model::{Basis, Claim, Hash, KeyStrength, Mode, Reference, key_strength};

use super::{Question, Rules, Said};

/// How many holders a key has at most until only neighbours are candidates.
const MANY: usize = 16;

/// The entities, and what it takes to find the place of a word.
pub(crate) struct Pieces {
    /// The live references and the keys they hold.
    keys: BTreeMap<String, BTreeSet<String>>,
    /// The clusters, in the order of their representatives (their smallest references).
    pub(crate) entities: Vec<BTreeSet<String>>,
}

type Pair = (String, String);

fn pair(a: &str, b: &str) -> Pair {
    if a < b { (a.to_owned(), b.to_owned()) } else { (b.to_owned(), a.to_owned()) }
}

fn parsed(reference: &str) -> Reference {
    reference.parse().expect("references in claims are checked")
}

/// The name of a reference, for comparison.
fn name(reference: &str) -> String {
    parsed(reference).short_name().to_lowercase()
}

/// The container of a reference, if it has one.
fn container(reference: &str) -> Option<String> {
    parsed(reference).container().map(|(container, _)| container.to_owned())
}

/// Names that people call one, by repository: a standing, undisputed `same_as` inside one repository says so.
struct Called(Vec<BTreeSet<Pair>>);

impl Called {
    fn new<'a>(joined: impl Iterator<Item = &'a Pair>) -> Called {
        let mut sets: Vec<BTreeSet<Pair>> = Vec::new();
        for (a, b) in joined {
            let inside = container(a).is_some() && container(b).is_some() && repository(a) == repository(b);
            if !inside || name(a) == name(b) {
                continue;
            }
            let mut set = BTreeSet::from([(repository(a), name(a)), (repository(b), name(b))]);
            let (linked, rest) = sets.into_iter().partition(|other| !other.is_disjoint(&set));
            sets = rest;
            let linked: Vec<BTreeSet<Pair>> = linked;
            set.extend(linked.into_iter().flatten());
            sets.push(set);
        }
        Called(sets)
    }

    fn one(&self, a: &str, b: &str) -> bool {
        let (a, b) = ((repository(a), name(a)), (repository(b), name(b)));
        self.0.iter().any(|set| set.contains(&a) && set.contains(&b))
    }
}

fn bar_each_other(a: &str, b: &str, called: &Called) -> bool {
    container(a).is_some() && container(a) == container(b) && a != b && !called.one(a, b)
}

/// The repository of a reference; one into none is a repository of its own.
fn repository(reference: &str) -> String {
    let parsed = parsed(reference);
    match (parsed.kind(), parsed.rest().split_once("//")) {
        ("repo", Some((repository, _))) => format!("repo:{repository}"),
        _ => reference.to_owned(),
    }
}

/// The `named:` key of a reference and its own text.
fn own_keys(reference: &str) -> BTreeSet<String> {
    let named = parsed(reference).named_key().map(|key| key.to_string());
    named.into_iter().chain([reference.to_owned()]).collect()
}

impl Pieces {
    /// The number of the entity that a live reference lies in.
    pub(crate) fn entity_of(&self, reference: &str) -> Option<usize> {
        self.entities.iter().position(|entity| entity.contains(reference))
    }

    /// The smallest reference of an entity.
    pub(crate) fn representative(&self, entity: usize) -> &str {
        self.entities[entity].first().map_or("", String::as_str)
    }

    /// The keys that an entity's references hold.
    pub(crate) fn keys_of(&self, entity: usize) -> BTreeSet<String> {
        self.entities[entity].iter().flat_map(|reference| self.keys[reference].clone()).collect()
    }

    fn holders(&self, key: &str) -> Vec<String> {
        let holding = self.keys.iter().filter(|(_, keys)| keys.contains(key));
        holding.map(|(reference, _)| reference.clone()).collect()
    }

    /// The keys by which a word knows one of its references.
    fn word_keys(word: &Said, reference: &str) -> BTreeSet<String> {
        let mut keys = own_keys(reference);
        keys.extend(word.keys.get(reference).cloned().unwrap_or_default());
        keys
    }

    /// The live references that a key votes for.
    fn votes_for(&self, key: &str, rules: &mut Rules) -> Vec<String> {
        let holders = self.holders(key);
        match key_strength(key) {
            KeyStrength::Strong => holders,
            KeyStrength::Hint => {
                if !holders.is_empty() {
                    rules.insert("a hint doesn't vote");
                }
                Vec::new()
            }
            KeyStrength::Anchor if holders.len() == 1 => holders,
            KeyStrength::Anchor => {
                if holders.len() > 1 {
                    rules.insert("an anchor that two hold");
                }
                Vec::new()
            }
        }
    }

    /// The place of one side of a `same_as`: a live reference.
    fn place_side(&self, word: &Said, side: &str, other: &str, rules: &mut Rules) -> Option<String> {
        if self.keys.contains_key(side) {
            return Some(side.to_owned());
        }
        let others = Pieces::word_keys(word, other);
        let mut votes: BTreeMap<String, usize> = BTreeMap::new();
        for key in Pieces::word_keys(word, side) {
            if others.contains(&key) {
                rules.insert("same_as: the other side has the key");
                continue;
            }
            for holder in self.votes_for(&key, rules) {
                *votes.entry(holder).or_default() += 1;
            }
        }
        let most = votes.values().copied().max()?;
        let mut winners = votes.iter().filter(|(_, count)| **count == most).map(|(holder, _)| holder.clone());
        let winner = winners.next();
        if winners.next().is_some() {
            rules.insert("same_as: the smaller of a tie");
        }
        winner
    }

    /// The place of a reference in any other word: an entity.
    pub(crate) fn place(&self, word: &Said, reference: &str, rules: &mut Rules) -> Option<usize> {
        if let Some(entity) = self.entity_of(reference) {
            rules.insert("a live reference is its own place");
            return Some(entity);
        }
        let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
        let mut strengths = BTreeSet::new();
        for key in Pieces::word_keys(word, reference) {
            let holders = self.votes_for(&key, rules);
            let entities: BTreeSet<usize> =
                holders.iter().filter_map(|holder| self.entity_of(holder)).collect();
            if !entities.is_empty() {
                strengths.insert(key_strength(&key));
            }
            for entity in entities {
                *votes.entry(entity).or_default() += 1;
            }
        }
        let most = votes.values().copied().max()?;
        let mut winners = votes.iter().filter(|(_, count)| **count == most).map(|(entity, _)| *entity);
        let winner = winners.next();
        if winners.next().is_some() {
            rules.insert("a tie without place");
            return None;
        }
        if votes.len() > 1 {
            rules.insert("the most votes");
        }
        rules.insert(if strengths.contains(&KeyStrength::Strong) {
            "placed by a strong key"
        } else {
            "placed by an anchor"
        });
        winner
    }
}

/// Clusters the live references; asks what joins leave open.
pub(super) fn pieces(
    machines: &[Said],
    words: &[Said],
    rules: &mut Rules,
    questions: &mut BTreeSet<Question>,
) -> Pieces {
    let mut pieces = Pieces { keys: live(machines, words, rules), entities: Vec::new() };
    let (joined, denied) = placed_same_as(&pieces, words, rules, questions);
    for disputed in joined.keys().filter(|pair| denied.contains_key(*pair)) {
        rules.insert("a disputed join");
        let mut question = Question::new("dispute", vec![disputed.0.clone(), disputed.1.clone()]);
        question.kind_of_fact = Some("same_as".to_owned());
        questions.insert(question);
    }

    let called = Called::new(joined.keys().filter(|pair| !denied.contains_key(*pair)));
    let all: Vec<&String> = pieces.keys.keys().collect();
    let one = |a: &str, b: &str| container(a).is_some() && container(a) == container(b) && called.one(a, b);
    if all.iter().any(|a| all.iter().any(|b| a != b && one(a, b))) {
        rules.insert("names that people call one");
    }
    let candidates = candidates(&pieces, machines, (&joined, &denied), &called, rules);
    let mut clusters: Vec<BTreeSet<String>> =
        pieces.keys.keys().map(|reference| BTreeSet::from([reference.clone()])).collect();
    let mut refused: Vec<(String, String, String)> = Vec::new();
    let mut sorted: Vec<_> = candidates.into_iter().collect();
    sorted.sort_by_key(|(pair, (rank, _))| (*rank, pair.clone()));
    for ((a, b), (rank, reason)) in sorted {
        let find = |reference: &str| clusters.iter().position(|cluster| cluster.contains(reference));
        let (Some(x), Some(y)) = (find(&a), find(&b)) else { continue };
        if x == y {
            continue;
        }
        if !between(&denied, &clusters[x], &clusters[y]).is_empty() {
            refused.push((a, b, reason));
            continue;
        }
        if rank > 0 && barred(&clusters[x], &clusters[y], &called) {
            rules.insert("barred");
            continue;
        }
        rules.insert(match rank {
            0 => "join: stated",
            1 => "join: declared",
            2 => "join: said by a machine",
            3 => "join: key and name",
            4 => "join: key",
            _ => "join: two hints",
        });
        let other = clusters[y].clone();
        clusters[x].extend(other);
        clusters.remove(y);
    }
    clusters.sort();
    pieces.entities = clusters;

    // Judged when all is united: the question is about the two entities, not about the moment of the refusal.
    for (a, b, reason) in refused {
        let (Some(x), Some(y)) = (pieces.entity_of(&a), pieces.entity_of(&b)) else { continue };
        let between = between(&denied, &pieces.entities[x], &pieces.entities[y]);
        let known = Claim::against_hash(&reason, false, None);
        if between.iter().any(|pair| joined.contains_key(*pair)) {
            rules.insert("a refused join in dispute");
        } else if between.iter().any(|pair| denied[*pair].iter().any(|word| word.against.contains(&known))) {
            rules.insert("a refused join that was known");
        } else {
            rules.insert("refused_join");
            let (p, q) = pair(pieces.representative(x), pieces.representative(y));
            questions.insert(Question::new("refused_join", vec![p, q]));
        }
    }
    ambiguous(&pieces, &called, &denied, rules, questions);
    pieces
}

/// The pairs that keep two clusters apart.
fn between<'d>(
    denied: &'d BTreeMap<Pair, Vec<&Said>>,
    x: &BTreeSet<String>,
    y: &BTreeSet<String>,
) -> Vec<&'d Pair> {
    let across = |(p, q): &&Pair| (x.contains(p) && y.contains(q)) || (y.contains(p) && x.contains(q));
    denied.keys().filter(across).collect()
}

/// The live references with the keys they hold.
fn live(machines: &[Said], words: &[Said], rules: &mut Rules) -> BTreeMap<String, BTreeSet<String>> {
    let mut references: BTreeSet<String> = machines.iter().flat_map(Said::references).collect();
    for word in words {
        let named = |reference: &String| reference.starts_with("said:") || reference.starts_with("person:");
        for reference in word.references().into_iter().filter(named) {
            rules.insert("a said reference is live");
            references.insert(reference);
        }
        if word.kind == "exists" && !word.not {
            rules.insert("a person's exists is live");
            references.insert(word.of.clone());
        }
    }
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for reference in references {
        let mut held = own_keys(&reference);
        if ["repo", "said"].contains(&parsed(&reference).kind()) {
            held.remove(&reference);
        }
        for claim in machines {
            held.extend(claim.keys.get(&reference).cloned().unwrap_or_default());
        }
        keys.insert(reference, held);
    }
    keys
}

/// Words by the pair of live references they are placed at.
type Placed<'a> = BTreeMap<Pair, Vec<&'a Said>>;

/// The pairs that words join and the pairs that words deny.
fn placed_same_as<'a>(
    pieces: &Pieces,
    words: &'a [Said],
    rules: &mut Rules,
    questions: &mut BTreeSet<Question>,
) -> (Placed<'a>, Placed<'a>) {
    let (mut joined, mut denied) = (Placed::new(), Placed::new());
    for word in words.iter().filter(|word| word.mode() == Some(Mode::Join)) {
        let to = word.to.clone().unwrap_or_default();
        if word.of == to {
            rules.insert("same_as: one place for both");
            continue;
        }
        let a = pieces.place_side(word, &word.of, &to, rules);
        let b = pieces.place_side(word, &to, &word.of, rules);
        match (a, b) {
            (Some(a), Some(b)) if a == b => _ = rules.insert("same_as: one place for both"),
            (Some(a), Some(b)) => {
                let side = if word.not { &mut denied } else { &mut joined };
                side.entry(pair(&a, &b)).or_default().push(word);
            }
            _ => _ = questions.insert(Question::new("without_place", vec![word.statement.to_string()])),
        }
    }
    (joined, denied)
}

type Candidates = BTreeMap<Pair, (u8, String)>;

/// Candidate joins: each pair once, by its lowest rank and then its smallest reason.
fn candidates(
    pieces: &Pieces,
    machines: &[Said],
    (joined, denied): (&Placed, &Placed),
    called: &Called,
    rules: &mut Rules,
) -> Candidates {
    let mut candidates = Candidates::new();
    let mut add = |a: &str, b: &str, rank: u8, reason: String| {
        let new = (rank, reason);
        let known = candidates.entry(pair(a, b)).or_insert_with(|| new.clone());
        if new < *known {
            *known = new;
        }
    };
    for ((a, b), words) in joined.iter().filter(|(pair, _)| !denied.contains_key(*pair)) {
        for word in words {
            add(a, b, 0, format!("stated {}", word.statement));
        }
    }
    for claim in machines.iter().filter(|claim| claim.mode() == Some(Mode::Join)) {
        let to = claim.to.clone().unwrap_or_default();
        if claim.of != to {
            let rank = if claim.basis == Basis::Declared { 1 } else { 2 };
            add(&claim.of, &to, rank, format!("same_as {}", claim.author));
        }
    }
    let all_keys: BTreeSet<&String> = pieces.keys.values().flatten().collect();
    for key in all_keys.iter().filter(|key| key_strength(key) == KeyStrength::Strong) {
        let holders = pieces.holders(key);
        let name_only = some_bar(&holders, called);
        if name_only {
            rules.insert("a key of which only the name is left");
        }
        if holders.len() > MANY {
            rules.insert("a key with many holders");
        }
        for (a, b) in pairs_of(&holders) {
            if name(&a) == name(&b) {
                add(&a, &b, 3, (*key).clone());
            } else if !name_only {
                add(&a, &b, 4, (*key).clone());
            }
        }
    }
    // Two hints: of every pair of live references, the smallest two that both hold and that tell different things.
    let hint = |key: &&&String| key_strength(key) == KeyStrength::Hint;
    let rare = |key: &&&String| {
        let many = pieces.holders(key).len() > MANY;
        if many {
            rules.insert("a hint with many holders");
        }
        !many
    };
    let hints: Vec<&String> = all_keys.iter().filter(hint).filter(rare).copied().collect();
    let references: Vec<&String> = pieces.keys.keys().collect();
    for (index, a) in references.iter().enumerate() {
        for b in &references[index + 1..] {
            let shared: Vec<&String> = hints
                .iter()
                .filter(|hint| pieces.keys[*a].contains(**hint) && pieces.keys[*b].contains(**hint))
                .copied()
                .collect();
            let mut twos = shared.iter().enumerate().flat_map(|(index, one)| {
                shared[index + 1..].iter().filter(|two| independent(one, two)).map(move |two| (*one, *two))
            });
            if let Some((one, two)) = twos.next().filter(|_| repository(a) != repository(b)) {
                add(a, b, 5, format!("{one} {two}"));
            }
        }
    }
    candidates
}

/// Every pair of a few holders, neighbours of many.
fn pairs_of(holders: &[String]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (index, a) in holders.iter().enumerate() {
        for (other, b) in holders.iter().enumerate().skip(index + 1) {
            if holders.len() <= MANY || other == index + 1 {
                pairs.push((a.clone(), b.clone()));
            }
        }
    }
    pairs
}

fn some_bar(holders: &[String], called: &Called) -> bool {
    holders.iter().any(|a| holders.iter().any(|b| bar_each_other(a, b, called)))
}

/// Two hints of different schemes and texts.
fn independent(one: &str, two: &str) -> bool {
    match (one.split_once(':'), two.split_once(':')) {
        (Some((a, x)), Some((b, y))) => a != b && x != y,
        _ => false,
    }
}

/// Whether both clusters have references of one container: those have different names, else they were one.
fn barred(x: &BTreeSet<String>, y: &BTreeSet<String>, called: &Called) -> bool {
    x.iter().any(|a| y.iter().any(|b| bar_each_other(a, b, called)))
}

/// Holders of a key that could be any of several others.
fn ambiguous(
    pieces: &Pieces,
    called: &Called,
    denied: &Placed,
    rules: &mut Rules,
    questions: &mut BTreeSet<Question>,
) {
    let all_keys: BTreeSet<&String> = pieces.keys.values().flatten().collect();
    for key in all_keys.into_iter().filter(|key| key_strength(key) == KeyStrength::Strong) {
        let holders = pieces.holders(key);
        if !some_bar(&holders, called) || holders.len() > MANY {
            continue;
        }
        for holder in &holders {
            let others: Vec<String> = holders.iter().filter(|other| *other != holder).cloned().collect();
            let bars = others.iter().any(|other| bar_each_other(holder, other, called));
            let alone = others.iter().all(|other| pieces.entity_of(other) != pieces.entity_of(holder));
            let entity = |reference: &String| {
                pieces
                    .entity_of(reference)
                    .map(|entity| &pieces.entities[entity])
                    .cloned()
                    .unwrap_or_default()
            };
            let none =
                others.iter().all(|other| !between(denied, &entity(holder), &entity(other)).is_empty());
            if !bars && alone && none {
                rules.insert("ambiguous: none of them");
            } else if !bars && alone {
                rules.insert("ambiguous");
                let about = [holder.clone()].into_iter().chain(others).collect();
                questions.insert(Question::new("ambiguous", about));
            }
        }
    }
}

/// Whether a word lists a claim that it was said against.
pub(crate) fn lists(word: &Said, claim: &Said) -> bool {
    let hash: Hash = Claim::against_hash(&claim.author, claim.not, claim.raw.as_ref());
    word.against.contains(&hash)
}
