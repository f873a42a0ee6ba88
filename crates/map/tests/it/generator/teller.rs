//! The universe of the stories, and what each step says in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stave_model::{
    Basis, Claim, Evidence, Hash, Header, Mode, Op, Reference, Source, Statement, Time, VERSION, claim_type,
    hash_bytes,
};

use super::{About, Again, Against, InOp, Replaces, Seed, Stamp, Step, Undo, What};

pub(crate) const REPOSITORIES: [&str; 3] = ["git.test/a/shop", "git.test/b/shop", "git.test/c/ops"];
const BRANCHES: [&str; 2] = ["main", "dev"];
const INSIDE: [&str; 9] = [
    "app#compose/cart",
    "app#compose/billing",
    "#compose/cart",
    "moved#compose/cart",
    "deploy#k8s/deployment/cart",
    "deploy#k8s/service/cart",
    "deploy#k8s/deployment/billing",
    "#catalog/Cart",
    "app#compose/mail",
];
const OUTSIDE: [&str; 12] = [
    "image:registry.test/cart",
    "host:cart.test",
    "package:npm/cart",
    "catalog:component:default/cart",
    "catalog:resource:default/store",
    "team:git.test/a/blue",
    "team:git.test/a/green",
    "person:aa",
    "said:component/extra",
    "said:group/night-crew",
    "said:resource/paper-list",
    "said:something/else",
];
const KEYS: [&str; 16] = [
    "image:registry.test/cart",
    "image:registry.test/base",
    "package:npm/cart",
    "host:cart.test",
    "catalog:component:default/cart",
    "local:git.test/b/shop#cart",
    "named:git.test/b/shop#compose/cart",
    "name:cart",
    "name:billing",
    "name:api",
    "port:7070",
    "port:8080",
    "imagename:cart",
    "imagename:shop",
    "label:blue",
    "proto:cart.v1",
];
const MACHINES: [&str; 6] = [
    "collector:compose",
    "collector:git",
    "collector:catalog",
    "collector:kubernetes",
    "scanner:semgrep/code",
    "system:traces",
];
const PEOPLE: [&str; 3] = ["person:aa", "person:bb", "person:cc"];
const PATHS: [&str; 5] = ["app/a.yaml", "app/b.yaml", "deploy/c.yaml", "root.yaml", "deploy/sub/d.yaml"];
const UNREAD: [&str; 5] = ["app/a.yaml", "app/", "!app/", "deploy/", "deploy/c.yaml"];
const KINDS: [&str; 4] = ["component", "resource", "group", "spaceship"];
const ONE: [&str; 6] = ["name", "title", "type", "description", "lifecycle", "tier"];
const OVER: [&str; 2] = ["owned_by", "member_of"];
const TEXT: [&str; 4] = ["alias", "tag", "link", "endpoint"];
const RELATIONS: [&str; 4] = ["calls", "depends_on", "part_of", "known_by"];
const OWNERS: [&str; 4] =
    ["team:git.test/a/blue", "team:git.test/a/green", "said:group/night-crew", "person:aa"];

const HOUR: i64 = 3_600_000;
/// When stories begin.
pub(crate) const START: i64 = 1_790_000_000_000;

fn pick<T>(list: &[T], number: impl Into<usize>) -> &T {
    &list[number.into() % list.len()]
}

/// Half of all picks: facts and keys have to meet for the rules to show.
const OFTEN: [u8; 8] = [0, 1, 3, 9, 12, 15, 33, 41];

fn reference(number: u8) -> String {
    // The first two repositories and what lies outside come up more often than the third.
    let number = if number >= 120 { *pick(&OFTEN, number) } else { number };
    let number = usize::from(number) % 44;
    match number {
        0..=26 => format!("repo:{}//{}", REPOSITORIES[number % 3 % 2], pick(&INSIDE, number / 3)),
        27..=29 => format!("repo:{}//{}", REPOSITORIES[2], pick(&INSIDE, number)),
        30 | 31 => format!("repo:{}", REPOSITORIES[number - 30]),
        _ => OUTSIDE[number - 32].to_owned(),
    }
}

/// The first of the list more often than the others.
fn skewed<T>(list: &[T], number: u8) -> &T {
    if number.is_multiple_of(2) { &list[0] } else { pick(list, number / 2) }
}

fn scope(number: u8) -> String {
    let number = usize::from(number) % 16;
    match number {
        0..=11 => {
            let work = if number % 4 == 3 { "+work" } else { "" };
            // A work tree is of `main`, and so are half of the clean scans.
            let branch = if number % 4 == 1 { BRANCHES[1] } else { BRANCHES[0] };
            format!("repo:{}@{branch}{work}", REPOSITORIES[number / 4])
        }
        12 => "image:registry.test/cart".to_owned(),
        13 => "ticket:tracker/42".to_owned(),
        _ => format!("repo:{}@{}", REPOSITORIES[number - 14], BRANCHES[0]),
    }
}

fn value(number: u8) -> Value {
    match number % 6 {
        0 => json!("red"),
        1 => json!("blue"),
        2 => json!(null),
        3 => json!(3),
        4 => json!({"steps": [1, "two"]}),
        _ => json!("red"),
    }
}

fn owners(mask: u8) -> Value {
    let set: BTreeSet<&str> = OWNERS
        .iter()
        .enumerate()
        .filter(|(index, _)| mask >> index & 1 == 1)
        .map(|(_, owner)| *owner)
        .collect();
    json!(set)
}

/// An op by number: the story chooses its own.
pub(crate) fn op(number: usize) -> Op {
    let hash = hash_bytes(format!("op {number}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.0[..16]);
    Op(bytes)
}

/// Turns steps into statements.
#[derive(Default)]
pub(crate) struct Teller {
    /// What was said so far.
    pub(crate) statements: Vec<Statement>,
    ops: usize,
    steps: i64,
}

impl Teller {
    /// The story's clock.
    pub(crate) fn now(&self) -> Time {
        Time::from_millis(START + self.steps * HOUR)
    }

    /// Says what a step says; gives the new statements.
    pub(crate) fn tell(&mut self, step: &Step) -> Vec<Statement> {
        self.steps += 1;
        let before = self.statements.len();
        match step {
            Step::Scan { author, scope: number, source, rules, unread, stamp, claims } => {
                let time = self.time(*stamp);
                let unread = UNREAD.iter().enumerate().filter(|(index, _)| *unread & 0x0f == 1 << index);
                let unread = unread.map(|(_, path)| (*path).to_owned()).collect();
                let header = Header {
                    author: pick(&MACHINES, *author).parse().unwrap(),
                    scope: scope(*number).parse().unwrap(),
                    source: self.source(*source),
                    rules: u32::from(*rules / 100),
                    unread,
                    ..self.header(time)
                };
                let claims = claims.iter().map(|seed| claim(seed, basis(seed.basis))).collect();
                self.statements.push(Statement::new(header, claims));
            }
            Step::Stumble { of, unread, runs } => {
                for which in unread.iter().take(usize::from(*runs) % 4 + 1) {
                    self.stumble(*of, *which);
                }
            }
            Step::Rescan { of, again, stamp } => self.rescan(*of, *again, *stamp),
            Step::Word { person, about, keys, replaces, against, stamp, op } => {
                let claim = self.word_claim(about, *keys);
                let against = self.against(*against);
                self.say(*person, Claim { against, ..claim }, *replaces, *stamp, *op);
            }
            Step::Undo { person, what, replaces, stamp, op } => {
                if let Some(of) = self.undone(*what) {
                    self.say(*person, withdrawal(&of), *replaces, *stamp, *op);
                }
            }
            Step::Circle { person, length } => {
                let (first, length) = (self.ops + 1, usize::from(*length) % 3 + 2);
                for index in 0..length {
                    let next = op(first + (index + 1) % length);
                    self.say(
                        *person,
                        withdrawal(&format!("op:{next}")),
                        Replaces::Nothing,
                        Stamp::Now,
                        InOp::Own,
                    );
                }
            }
            Step::Retire { person, scope: number, replaces, stamp } => {
                let of = scope(*number).parse().unwrap();
                let claim = Claim { value: Some(json!(true)), ..Claim::new("retired", of, Basis::Stated) };
                self.say(*person, claim, *replaces, *stamp, InOp::Own);
            }
            Step::Repositories { person, a, b, not } => {
                let (a, b) = (*pick(&REPOSITORIES, *a), *pick(&REPOSITORIES, *b));
                if a != b {
                    let claim = same_as(&format!("repo:{a}"), &format!("repo:{b}"), *not);
                    self.say(*person, claim, Replaces::Nothing, Stamp::Now, InOp::Own);
                }
            }
            Step::EndWork { repository, branch } => {
                let scope =
                    format!("repo:{}@{}+work", pick(&REPOSITORIES, *repository), pick(&BRANCHES, *branch));
                let header = Header {
                    author: "collector:git".parse().unwrap(),
                    scope: scope.parse().unwrap(),
                    ..self.header(self.now())
                };
                self.statements.push(Statement::new(header, Vec::new()));
            }
            Step::Alone { person, of } => self.alone(*person, *of),
            Step::Crowd { key, count, inside } => self.crowd(*key, *count, *inside),
        }
        for statement in &self.statements[before..] {
            statement.check().unwrap_or_else(|error| panic!("{error}: {statement:?}"));
        }
        self.statements[before..].to_vec()
    }

    fn time(&self, stamp: Stamp) -> Time {
        let hours = match stamp {
            Stamp::Now => 0,
            Stamp::Past(back) => -i64::from(back % 8),
            Stamp::Future(ahead) => i64::from(ahead % 6) + 1,
            Stamp::Same(number) if !self.statements.is_empty() => {
                return pick(&self.statements, number).header.time;
            }
            Stamp::Same(_) => 0,
        };
        Time::from_millis(self.now().millis() + hours * HOUR)
    }

    fn source(&self, number: u8) -> Source {
        let id = (!number.is_multiple_of(3)).then(|| format!("commit-{}", number % 5));
        let at =
            (!number.is_multiple_of(4)).then(|| Time::from_millis(START + i64::from(number % 16) * HOUR));
        Source { at, id }
    }

    fn header(&mut self, time: Time) -> Header {
        self.ops += 1;
        Header {
            author: "collector:compose".parse().unwrap(),
            by: None,
            claims: Hash([0; 32]),
            op: op(self.ops),
            replaces: Vec::new(),
            rules: 0,
            scope: "none:yet".parse().unwrap(),
            source: Source::default(),
            time,
            tool: String::new(),
            unread: Vec::new(),
            v: VERSION,
        }
    }

    fn machines(&self) -> Vec<&Statement> {
        self.statements.iter().filter(|one| !one.header.author.is_person()).collect()
    }

    fn rescan(&mut self, of: u8, again: Again, stamp: Stamp) {
        let machines = self.machines();
        if machines.is_empty() {
            return;
        }
        let old = (*pick(&machines, of)).clone();
        let mut claims = old.claims.clone();
        let time = self.time(stamp);
        let mut header = Header { op: self.header(time).op, time, ..old.header.clone() };
        header.unread.clear();
        match again {
            Again::NewCommit => header.source = Source { at: Some(time), id: None },
            Again::OldCommit => {
                let at = old.header.source_at().millis() - HOUR;
                header.source = Source { at: Some(Time::from_millis(at)), id: Some("old".to_owned()) };
            }
            Again::SameSource => {}
            Again::SameInstant => {
                header.time = old.header.time;
                claims.pop();
            }
            Again::RaisedRules => header.rules += 1,
            Again::Drops(which) => {
                if !claims.is_empty() {
                    claims.remove(usize::from(which) % claims.len());
                }
            }
            Again::LeavesUnread(which) => {
                header.unread = vec![(*pick(&UNREAD, which)).to_owned()];
                // Half of the runs also lost what they could not read.
                if which >= 128 {
                    claims.clear();
                }
                if which % 3 == 0 {
                    header.unread.extend(old.header.unread.clone());
                }
            }
            Again::Moves(keys) => {
                claims = claims.iter().map(|claim| moved(claim, keys)).collect();
            }
            Again::Elsewhere(number) => header.scope = scope(number).parse().unwrap(),
            Again::Rival(number) => {
                header.scope = "ticket:tracker/rival".parse().unwrap();
                for claim in claims.iter_mut().filter(|claim| ONE.contains(&claim.kind.as_str())) {
                    claim.value = Some(value(number));
                }
            }
        }
        self.statements.push(Statement::new(header, claims));
    }

    fn alone(&mut self, person: u8, of: u8) {
        let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for claim in self.machines().into_iter().flat_map(|one| &one.claims) {
            for (reference, keys) in &claim.keys {
                for key in keys {
                    holders.entry(key.to_string()).or_default().insert(reference.to_string());
                }
            }
        }
        let shared: Vec<BTreeSet<String>> = holders.into_values().filter(|set| set.len() > 1).collect();
        let Some(set) = shared.get(usize::from(of) % shared.len().max(1)) else { return };
        let all: Vec<&String> = set.iter().collect();
        let one = *pick(&all, of / 16);
        for other in all.into_iter().filter(|other| *other != one).take(6) {
            self.say(person, same_as(one, other, true), Replaces::Nothing, Stamp::Now, InOp::Own);
        }
    }

    fn stumble(&mut self, of: u8, which: u8) {
        let machines = self.machines();
        if machines.is_empty() {
            return;
        }
        let old = pick(&machines, of).header.clone();
        self.steps += 1;
        let time = self.now();
        let paths = [which, which / 5].map(|number| (*pick(&UNREAD, number)).to_owned());
        // One path or two; a folder again and again, or now this and now that.
        let unread = paths.into_iter().take(if which.is_multiple_of(2) { 1 } else { 2 }).collect();
        let header = Header { author: old.author, scope: old.scope, unread, ..self.header(time) };
        self.statements.push(Statement::new(header, Vec::new()));
    }

    fn crowd(&mut self, key: u8, count: u8, inside: bool) {
        let key = if key.is_multiple_of(2) { pick(&KEYS, key % 6) } else { pick(&KEYS[7..], key % 7) };
        let mut header = self.header(self.now());
        header.author = "system:crowd".parse().unwrap();
        header.scope = "image:registry.test/crowd".parse().unwrap();
        let mut claims = Vec::new();
        for number in 0..12 + count % 8 {
            let name = if number % 5 == 0 { "mail" } else { "cart" };
            let of: Reference = if inside {
                format!("repo:{}//crowd{number}#compose/{name}", REPOSITORIES[usize::from(number) % 3])
            } else {
                format!("host:{number}.crowd.test/{name}")
            }
            .parse()
            .unwrap();
            let keys =
                BTreeMap::from([(of.clone(), vec![key.parse().unwrap(), "port:7070".parse().unwrap()])]);
            let value = Some(json!("component"));
            claims.push(Claim { keys, value, ..Claim::new("exists", of, Basis::Discovered) });
        }
        self.statements.push(Statement::new(header, claims));
    }

    fn earlier_claim(&self, number: u16) -> Option<Claim> {
        // Half of the words are about what was said lately: that is where disputes and challenges come from.
        let of = |people: bool| {
            let said = self.statements.iter().filter(move |one| !people || one.header.author.is_person());
            said.flat_map(|one| &one.claims).collect::<Vec<&Claim>>()
        };
        let (all, words) = (of(false), of(true));
        let list = match number % 4 {
            0 => &all[all.len().saturating_sub(4)..],
            1 => &words[words.len().saturating_sub(3)..],
            _ => &all,
        };
        (!list.is_empty()).then(|| (*pick(list, number / 4)).clone())
    }

    fn word_claim(&self, about: &About, keys: u8) -> Claim {
        let fresh = |seed: &Seed| {
            let mut claim = claim(seed, Basis::Stated);
            claim.not = seed.env >= 128 && may_deny(&claim.kind);
            if claim.not && claim.kind == "exists" {
                claim.value = None;
            }
            claim
        };
        let mut word = match about {
            About::Fresh(seed) => fresh(seed),
            About::Earlier { claim: number, not, value: other } => match self.earlier_claim(*number) {
                Some(earlier) if !["withdrawn", "retired"].contains(&earlier.kind.as_str()) => {
                    about_earlier(earlier, *not, *other)
                }
                _ => same_as(&reference(0), &reference(33), *not),
            },
            About::Pair { a, b, not } => {
                let known: Vec<String> = self.references().into_iter().collect();
                let side = |number: u8| match known.is_empty() || number >= 240 {
                    true => reference(number),
                    false => pick(&known, number).clone(),
                };
                let (a, b) = (side(*a), side(*b));
                if a == b { same_as(&reference(1), &reference(0), *not) } else { same_as(&a, &b, *not) }
            }
        };
        // A word knows its references by what machines gave them, or by nothing, or by what the seed drew.
        if keys.is_multiple_of(4) {
            word.keys.clear();
        } else if keys % 4 != 1 {
            let given: Vec<_> =
                self.machines().iter().flat_map(|one| &one.claims).flat_map(|one| &one.keys).collect();
            for side in [Some(word.of.to_string()), word.to.clone()].into_iter().flatten() {
                for (_, keys) in given.iter().filter(|(of, _)| of.as_str() == side) {
                    word.keys.entry(side.parse().unwrap()).or_default().extend(keys.iter().cloned());
                }
            }
        }
        // And sometimes it is about a name that has gone since.
        if keys >= 200 && word.kind != "default_branch" && word.kind != "exists" {
            let old = word.of.clone();
            let gone: Reference = format!("repo:{}//gone#compose/cart", REPOSITORIES[0]).parse().unwrap();
            if word.to.as_deref() != Some(gone.as_str()) {
                if let Some(keys) = word.keys.remove(&old) {
                    word.keys.insert(gone.clone(), keys);
                }
                word.of = gone;
            }
        }
        if word.kind == "same_as" {
            let to = word.to.clone().unwrap_or_default();
            word = Claim { keys: word.keys.clone(), ..same_as(word.of.as_str(), &to, word.not) };
        }
        word
    }

    fn references(&self) -> BTreeSet<String> {
        let claims = self.machines().into_iter().flat_map(|one| &one.claims);
        claims.filter(|claim| claim.kind != "default_branch").map(|claim| claim.of.to_string()).collect()
    }

    /// Hashes of what was said so far, and of the reasons that joins can have.
    fn against(&self, against: Against) -> Vec<Hash> {
        let mut hashes = BTreeSet::new();
        for statement in &self.statements {
            let author = statement.header.author.as_str();
            for claim in &statement.claims {
                hashes.insert(Claim::against_hash(author, claim.not, claim.value.as_ref()));
                for key in claim.keys.values().flatten() {
                    hashes.insert(Claim::against_hash(key.as_str(), false, None));
                }
            }
            hashes.insert(Claim::against_hash(&format!("same_as {author}"), false, None));
            hashes.insert(Claim::against_hash(&format!("stated {}", statement.id()), false, None));
        }
        match against {
            Against::Nothing => Vec::new(),
            Against::Everything => hashes.into_iter().collect(),
            Against::Half => hashes.into_iter().step_by(2).collect(),
        }
    }

    fn undone(&self, what: Undo) -> Option<String> {
        let last_withdrawal = || {
            let mut all = self.statements.iter().rev();
            all.find(|one| one.claims.first().is_some_and(|claim| claim.kind == "withdrawn"))
        };
        let statement = match what {
            Undo::Unknown => return Some(format!("statement:{}", hash_bytes(b"unknown"))),
            _ if self.statements.is_empty() => return None,
            Undo::Op(number) => return Some(format!("op:{}", pick(&self.statements, number).header.op)),
            Undo::LastOp => return self.statements.last().map(|one| format!("op:{}", one.header.op)),
            Undo::Statement(number) => Some(pick(&self.statements, number)),
            Undo::LastStatement => self.statements.last(),
            Undo::Withdrawal => last_withdrawal(),
        };
        statement.map(|one| format!("statement:{}", one.id()))
    }

    fn say(&mut self, person: u8, claim: Claim, replaces: Replaces, stamp: Stamp, in_op: InOp) {
        let claim = claim.normalised();
        let scope = claim.fact_scope().unwrap();
        let mut words = self.statements.iter().filter(|one| one.header.author.is_person());
        let replaces = match replaces {
            Replaces::Nothing => Vec::new(),
            Replaces::Shown => words.filter(|one| one.header.scope == scope).map(Statement::id).collect(),
            Replaces::LastWord => words.next_back().map(Statement::id).into_iter().collect(),
            Replaces::Any(_) if self.statements.is_empty() => Vec::new(),
            Replaces::Any(number) => vec![pick(&self.statements, number).id()],
            Replaces::Unknown(number) => vec![hash_bytes(&[number])],
        };
        let mut header = self.header(self.time(stamp));
        if let InOp::Earlier(number) = in_op
            && !self.statements.is_empty()
        {
            header.op = pick(&self.statements, number).header.op;
        }
        header.author = pick(&PEOPLE, person).parse().unwrap();
        header.scope = scope;
        header.replaces = replaces;
        self.statements.push(Statement::new(header, vec![claim]));
    }
}

fn basis(number: u8) -> Basis {
    *pick(&[Basis::Declared, Basis::Observed, Basis::Discovered, Basis::Declared], number)
}

fn withdrawal(of: &str) -> Claim {
    Claim { value: Some(json!(true)), ..Claim::new("withdrawn", of.parse().unwrap(), Basis::Stated) }
}

/// A person's word that two references are one, or not; the smaller first.
fn same_as(a: &str, b: &str, not: bool) -> Claim {
    let (of, to) = (a.min(b), a.max(b));
    Claim { not, to: Some(to.to_owned()), ..Claim::new("same_as", of.parse().unwrap(), Basis::Stated) }
}

fn claim(seed: &Seed, basis: Basis) -> Claim {
    let of = reference(seed.of);
    let new =
        |kind: &&str, value: Option<Value>| Claim { value, ..Claim::new(kind, of.parse().unwrap(), basis) };
    let to = reference(seed.to);
    let mut claim = match seed.what {
        What::Exists(kind) => new(&"exists", Some(json!(pick(&KINDS, kind)))),
        What::SameAs if of != to => Claim { basis, ..same_as(&of, &to, false) },
        What::SameAs => new(&"title", Some(json!("alone"))),
        What::One(kind, number) => new(skewed(&ONE, kind), Some(value(number))),
        What::Over(kind, mask) => new(skewed(&OVER, kind), Some(owners(mask))),
        What::Text(kind, text) => Claim {
            to: Some(["one", "two"][usize::from(text) % 2].to_owned()),
            ..new(skewed(&TEXT, kind), None)
        },
        What::Relation(kind) => Claim {
            to: Some(to),
            // Details decide nothing.
            value: (kind >= 192).then(|| json!({"port": 80})),
            ..new(skewed(&RELATIONS, kind), None)
        },
        What::DefaultBranch(repository, branch) => {
            let of = format!("repo:{}", pick(&REPOSITORIES, repository)).parse().unwrap();
            let value = match branch {
                0..128 => json!("main"),
                128..200 => json!("dev"),
                200..240 => json!("gone"),
                _ => json!(null),
            };
            Claim { value: Some(value), ..Claim::new("default_branch", of, basis) }
        }
        What::Unknown => Claim { to: Some(to), ..new(&"smells_of", Some(json!(1))) },
    };
    for (at_to, key) in &seed.keys {
        let side = if *at_to { claim.to.clone() } else { Some(claim.of.to_string()) };
        if let Some(Ok(side)) = side.map(|side| side.parse::<Reference>()) {
            claim.keys.entry(side).or_default().push(skewed(&KEYS, *key).parse().unwrap());
        }
    }
    claim.env = match seed.env % 4 {
        0 => vec!["prod".to_owned()],
        1 => vec!["prod".to_owned(), "test".to_owned()],
        _ => Vec::new(),
    };
    let paths = PATHS.iter().enumerate().filter(|(index, _)| seed.paths >> index & 1 == 1);
    claim.evidence = paths.map(|(index, path)| Evidence::at(path, index as u32 + 1)).collect();
    claim.normalised()
}

fn may_deny(kind: &str) -> bool {
    use Mode::{Add, Join, Presence};
    claim_type(kind).is_some_and(|row| matches!(row.mode, Add(_) | Join | Presence))
}

fn about_earlier(earlier: Claim, not: bool, other: Option<u8>) -> Claim {
    let not = not && may_deny(&earlier.kind);
    let value = match (earlier.kind.as_str(), other) {
        ("exists", _) if not => None,
        ("exists", other) => Some(json!(pick(&KINDS, other.unwrap_or(0)))),
        (_, None) => earlier.value,
        ("default_branch", Some(number)) => Some(json!(pick(&BRANCHES, number))),
        ("owned_by" | "member_of", Some(mask)) => Some(owners(mask)),
        (kind, Some(number)) if ONE.contains(&kind) => Some(value(number)),
        _ => earlier.value,
    };
    Claim { not, value, basis: Basis::Stated, against: Vec::new(), evidence: Vec::new(), ..earlier }
}

/// The claim after the folder `app` was renamed to `moved`.
fn moved(claim: &Claim, keep_keys: bool) -> Claim {
    let text = |old: &str| old.replace("//app#", "//moved#");
    let of: Reference = text(claim.of.as_str()).parse().unwrap();
    let to = claim.to.as_deref().map(text).filter(|to| *to != of.as_str() || claim.kind != "same_as");
    let keys = claim.keys.iter().map(|(of, keys)| (text(of.as_str()).parse().unwrap(), keys.clone()));
    let keys = if keep_keys { keys.collect() } else { BTreeMap::new() };
    if claim.kind == "same_as" {
        return match to {
            Some(to) => Claim {
                keys,
                basis: claim.basis,
                evidence: claim.evidence.clone(),
                ..same_as(of.as_str(), &to, false)
            },
            None => Claim { value: Some(json!("moved")), ..Claim::new("title", of, claim.basis) },
        };
    }
    Claim { of, to, keys, ..claim.clone() }
}
