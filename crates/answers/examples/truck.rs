//! Finds the developers without whom a repository would be orphaned with the functions behind `stave who`, for measuring
//! them: the arguments are a git directory and a commit. JSON: by method the people, each with the names and logins that
//! the history has of them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a tool for developers")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::Command;

use serde_json::{Map, Value, json};
use stave_answers::People;
use stave_answers::knowledge::{
    Method, Persons, main_people, of_files, shares, standard_truck_factor, top_committer,
};
use stave_answers::records::History;
use stave_model::records::{ChangeKind, Commit, CommitClass, CommitId, File, FileChange, FileClass, Head};
use stave_model::{Author, PersonRow, hash_bytes};

/// What a person does to half-lives and shares around those that are used, to see how much hangs on them.
const HALF_LIVES: &[f64] = &[182.5, 365.0, 730.0];
const LEAST: &[f64] = &[0.25, 1.0 / 3.0, 0.5];

/// Ids of persons, and what the log says of them.
#[derive(Default)]
struct Directory {
    rows: BTreeSet<PersonRow>,
    names: BTreeMap<String, BTreeSet<String>>,
}

impl Directory {
    fn person(&mut self, name: &str, mail: &str) -> Author {
        // A mail without an at sign (an import from another system) says nothing of who it was.
        let address = if mail.contains('@') {
            format!("mailto:{}", mail.to_lowercase())
        } else {
            format!("name/{name}")
        };
        let id = format!("person:{}", hash_bytes(address.as_bytes()).short());
        let names = self.names.entry(id.clone()).or_default();
        names.insert(name.to_owned());
        names.insert(mail.split('@').next().unwrap_or_default().to_owned());
        self.rows.insert(PersonRow { id: id.clone(), name: name.to_owned(), address });
        id.parse().unwrap()
    }

    fn address(&mut self, text: &str) -> Option<Author> {
        let (name, mail) = text.trim().strip_suffix('>')?.rsplit_once('<')?;
        Some(self.person(name.trim(), mail))
    }
}

fn git(folder: &str, words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(["-C", folder]).args(words).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn log(folder: &str, commit: &str, directory: &mut Directory) -> Vec<Commit> {
    let format = "--format=%x01%H%x00%P%x00%at%x00%ct%x00%an%x00%ae%x00%(trailers:key=Co-authored-by,valueonly,separator=%x02)%x00";
    let read = |renames: &str| {
        git(
            folder,
            &["log", "--raw", renames, "-z", "--reverse", "--topo-order", "--no-abbrev", format, commit],
        )
    };
    // Without all contents git can't compare them: then only whole files are found again.
    let text = read("-M").or_else(|| read("-M100%")).expect("git log");
    let mut commits: Vec<Commit> = Vec::new();
    let mut fields = text.split('\0');
    while let Some(field) = fields.next() {
        let field = field.trim_start_matches('\n');
        if let Some(id) = field.strip_prefix('\u{1}') {
            let mut next = || fields.next().unwrap_or_default();
            let parents = next().split_whitespace().map(|id| id.parse().unwrap()).collect();
            let (authored, committed) = (next().parse().unwrap_or(0), next().parse().unwrap_or(0));
            let (name, mail, others) = (next(), next(), next());
            let is_bot = name.ends_with("[bot]") || name.to_lowercase().ends_with("-bot");
            commits.push(Commit {
                id: id.parse().unwrap(),
                parents,
                author: directory.person(name, mail),
                authored,
                committed,
                co_authors: others.split('\u{2}').filter_map(|one| directory.address(one)).collect(),
                reviewers: Vec::new(),
                class: if is_bot { CommitClass::Bot } else { CommitClass::Human },
                reverts: Vec::new(),
                changes: Vec::new(),
            });
        } else if let (Some(status), Some(commit)) = (field.rsplit(' ').next(), commits.last_mut())
            && field.starts_with(':')
        {
            let path = fields.next().unwrap_or_default().to_owned();
            let (kind, path, from) = match status.chars().next() {
                Some('A') => (ChangeKind::Added, path, None),
                Some('D') => (ChangeKind::Deleted, path, None),
                Some('R') => (ChangeKind::Renamed, fields.next().unwrap_or_default().to_owned(), Some(path)),
                _ => (ChangeKind::Modified, path, None),
            };
            commit.changes.push(FileChange { kind, path, from });
        }
    }
    commits
}

/// `Name <mail>` and `Name <mail> Name <mail>` of a .mailmap: the second is who the first one is.
fn mailmap(text: &str, directory: &mut Directory) -> BTreeMap<Author, Author> {
    let mut who = BTreeMap::new();
    for line in text.lines().map(|line| line.split('#').next().unwrap_or_default()) {
        let parts: Vec<&str> = line.split_inclusive('>').filter(|part| part.contains('<')).collect();
        if let [one, other] = parts.as_slice()
            && let (Some(one), Some(other)) = (directory.address(one), directory.address(other))
        {
            who.insert(other, one);
        }
    }
    who
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, commit) = (&arguments[0], &arguments[1]);
    let mut directory = Directory::default();
    let commits = log(folder, commit, &mut directory);
    let tree = git(folder, &["ls-tree", "-r", "-z", "--name-only", commit]).expect("git ls-tree");
    let map = git(folder, &["show", &format!("{commit}:.mailmap")]).unwrap_or_default();
    let who_is_who = mailmap(&map, &mut directory);
    let tip: CommitId = commit.parse().unwrap();
    let file = |path: &str| File { path: path.to_owned(), bytes: 0, class: FileClass::Source };
    let history = History {
        repository: String::new(),
        head: Head { tip, who_is_who, ..Head::default() },
        files: tree.split_terminator('\0').map(file).collect(),
        commits,
        missing_parents: 0,
    };
    let people = People::new(directory.rows.iter().cloned());
    let histories = [history];
    let persons = Persons::new(&histories, &people, &[], &[]);
    let [history] = histories;
    let at = history.commits.last().map_or(0, |commit| commit.committed);

    let shown = |people: &[u32]| -> Value {
        let names = |person: &u32| -> BTreeSet<&String> {
            persons.ids(*person).iter().filter_map(|id| directory.names.get(id)).flatten().collect()
        };
        people.iter().map(names).map(|names| json!(names)).collect()
    };
    let mut ours = Map::new();
    for half_life_days in HALF_LIVES {
        let method = Method { half_life_days: *half_life_days, ..Method::CHOSEN };
        let known: HashMap<&str, _> = of_files(&history, &persons, &method, at);
        let files = history.files.iter().filter_map(|file| known.get(file.path.as_str()));
        let shares = shares(files, &method);
        for least_of_best in LEAST {
            let method = Method { least_of_best: *least_of_best, ..method };
            let key = format!("{half_life_days} days, {:.0} %", least_of_best * 100.0);
            ours.insert(key, shown(&main_people(&shares, |_| true, &method)));
        }
    }
    let top: Vec<u32> = top_committer(&history, &persons).into_iter().collect();
    let chosen =
        format!("{} days, {:.0} %", Method::CHOSEN.half_life_days, Method::CHOSEN.least_of_best * 100.0);
    println!(
        "{}",
        json!({
            "chosen": chosen,
            "ours": ours,
            "standard": shown(&standard_truck_factor(&history, &persons)),
            "constant": shown(&top),
        })
    );
}
