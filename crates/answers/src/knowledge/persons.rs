//! Which ids are one person.
//!
//! One address is one id already. Two ids are one person where a .mailmap or a person's `same_as` says so, where
//! both bear the same full name, or any same name in one repository, and where one is the login that the other's
//! no-reply address holds. What people keep apart stays apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::records::CommitClass;

use crate::People;
use crate::records::History;

/// The address that a host gives those who hide theirs, and the host's own name.
const NO_REPLY: (&str, &str) = ("@users.noreply.github.com", "github.com/");

/// What stands where a name should, and says nothing of who it was.
const NO_NAMES: &[&str] =
    &["admin", "administrator", "dev", "developer", "no author", "none", "root", "ubuntu", "unknown", "user"];

/// The persons of an estate's histories, as places from 0, in the order of their smallest ids.
#[derive(Clone, Debug, Default)]
pub struct Persons {
    places: HashMap<String, u32>,
    ids: Vec<Vec<String>>,
    machines: BTreeSet<u32>,
    /// For each id that has such: all ids of which it is said, not guessed by a name, that they are the same person's.
    said: HashMap<String, Vec<String>>,
}

impl Persons {
    /// Puts the ids of histories and the directory together. `joined` and `apart` are pairs that people speak of.
    pub fn new(
        histories: &[History],
        people: &People,
        joined: &[(String, String)],
        apart: &[(String, String)],
    ) -> Persons {
        let mut sets = Sets::default();
        for history in histories {
            for commit in &history.commits {
                sets.place(commit.author.as_str());
                commit.co_authors.iter().chain(&commit.reviewers).for_each(|one| {
                    sets.place(one.as_str());
                });
            }
        }
        for (one, other) in joined {
            sets.place(one);
            sets.place(other);
        }
        sets.apart = apart.iter().map(|(one, other)| (sets.place(one), sets.place(other))).collect();
        // What is said comes before what is guessed: a join that people rule out must not be made on a detour first.
        for (one, other) in joined {
            sets.join(one, other);
        }
        for history in histories {
            for (one, other) in &history.head.who_is_who {
                sets.place(one.as_str());
                sets.place(other.as_str());
                sets.join(one.as_str(), other.as_str());
            }
        }
        for (one, other) in logins_alike(people) {
            if sets.places.contains_key(&one) && sets.places.contains_key(&other) {
                sets.join(&one, &other);
            }
        }
        let said = sets.groups();
        for (one, other) in names_alike(people) {
            if sets.places.contains_key(&one) && sets.places.contains_key(&other) {
                sets.join(&one, &other);
            }
        }
        for history in histories {
            for (one, other) in called_alike(history, people) {
                sets.join(&one, &other);
            }
        }
        let mut persons = Persons { ids: sets.groups(), ..Persons::default() };
        for group in said.into_iter().filter(|group| group.len() > 1) {
            persons.said.extend(group.iter().map(|id| (id.clone(), group.clone())));
        }
        for (place, group) in persons.ids.iter().enumerate() {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            persons.places.extend(group.iter().map(|id| (id.clone(), place)));
        }
        persons.machines = machines(histories, &persons);
        persons
    }

    /// The person with this id (`person:HEX`).
    pub fn of(&self, id: &str) -> Option<u32> {
        self.places.get(id).copied()
    }

    /// The ids of a person, the smallest first.
    pub fn ids(&self, person: u32) -> &[String] {
        self.ids.get(person as usize).map_or(&[], Vec::as_slice)
    }

    /// The ids of which it is said that they are the same person's as this one: by people, by a .mailmap, by an address
    /// that holds a login. A name alone doesn't say it.
    pub fn said(&self, id: &str) -> &[String] {
        self.said.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether all that stands under these ids was done by programs.
    pub fn is_machine(&self, person: u32) -> bool {
        self.machines.contains(&person)
    }

    /// How a person is called.
    pub fn name(&self, person: u32, people: &People) -> String {
        let ids = self.ids(person);
        let named = ids.iter().find(|id| people.has_name(id)).or_else(|| ids.first());
        named.map_or_else(String::new, |id| people.show(id))
    }
}

/// Who wrote commits of programs and never one of their own. A person whose commit names an agent is still a person.
fn machines(histories: &[History], persons: &Persons) -> BTreeSet<u32> {
    let (mut humans, mut others) = (BTreeSet::new(), BTreeSet::new());
    for commit in histories.iter().flat_map(|history| &history.commits) {
        let Some(author) = persons.of(commit.author.as_str()) else { continue };
        match commit.class {
            CommitClass::Human => humans.insert(author),
            CommitClass::Bot | CommitClass::Agent => others.insert(author),
        };
        humans.extend(commit.co_authors.iter().filter_map(|one| persons.of(one.as_str())));
    }
    others.difference(&humans).copied().collect()
}

/// Pairs of ids that bear the same full name.
fn names_alike(people: &People) -> Vec<(String, String)> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (id, name) in people.names() {
        let name = folded(name);
        // A single word is a first name or a role, and two people may share it.
        if !name.contains(' ') {
            continue;
        }
        let other = *first.entry(name).or_insert(id);
        if other != id {
            pairs.push((other.to_owned(), id.to_owned()));
        }
    }
    pairs
}

/// Pairs of a login and the no-reply address that holds it.
fn logins_alike(people: &People) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut logins: BTreeMap<String, &str> = BTreeMap::new();
    for (address, id) in people.addresses() {
        let login = match address.strip_prefix("mailto:") {
            Some(mail) => mail
                .strip_suffix(NO_REPLY.0)
                .map(|login| login.split_once('+').map_or(login, |(_, login)| login)),
            None => address.strip_prefix(NO_REPLY.1),
        };
        let Some(login) = login else { continue };
        let other = *logins.entry(login.to_lowercase()).or_insert(id);
        if other != id {
            pairs.push((other.to_owned(), id.to_owned()));
        }
    }
    pairs
}

/// Pairs of ids in one history that bear the same name, even if it is a single word.
fn called_alike(history: &History, people: &People) -> Vec<(String, String)> {
    let commits = history.commits.iter();
    let ids: BTreeSet<&str> = commits
        .flat_map(|commit| std::iter::once(&commit.author).chain(&commit.co_authors))
        .map(|author| author.as_str())
        .collect();
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (id, name) in people.names().filter(|(id, _)| ids.contains(id)) {
        let name = folded(name);
        if name.is_empty() || NO_NAMES.contains(&name.as_str()) {
            continue;
        }
        let other = *first.entry(name).or_insert(id);
        if other != id {
            pairs.push((other.to_owned(), id.to_owned()));
        }
    }
    pairs
}

/// A name as it is compared: its words in lower case.
fn folded(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Sets of ids, put together pair by pair.
#[derive(Default)]
struct Sets {
    places: HashMap<String, usize>,
    parent: Vec<usize>,
    apart: Vec<(usize, usize)>,
}

impl Sets {
    fn place(&mut self, id: &str) -> usize {
        if let Some(known) = self.places.get(id) {
            return *known;
        }
        let place = self.parent.len();
        self.parent.push(place);
        self.places.insert(id.to_owned(), place);
        place
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Puts two together, unless that would put together what people keep apart.
    fn join(&mut self, one: &str, other: &str) {
        let (one, other) = (self.place(one), self.place(other));
        let (one, other) = (self.root(one), self.root(other));
        let (low, high) = (one.min(other), one.max(other));
        for (a, b) in self.apart.clone() {
            let (a, b) = (self.root(a), self.root(b));
            if (a.min(b), a.max(b)) == (low, high) {
                return;
            }
        }
        self.parent[high] = low;
    }

    /// The ids of each set, sorted, and the sets by their smallest.
    fn groups(&mut self) -> Vec<Vec<String>> {
        let mut groups: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        let known: Vec<(String, usize)> = self.places.iter().map(|(id, at)| (id.clone(), *at)).collect();
        for (id, at) in known {
            groups.entry(self.root(at)).or_default().insert(id);
        }
        let mut ids: Vec<Vec<String>> =
            groups.into_values().map(|group| group.into_iter().collect()).collect();
        ids.sort();
        ids
    }
}
