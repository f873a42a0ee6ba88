//! Version control: commits in chunks, and what is known of a branch as a whole.
//!
//! A chunk of commits is written as a table: paths and persons once, commits as lists of numbers. A history of 80,000
//! commits is some megabytes so, and one of the size of an estate still fits a laptop.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::{RecordError, claim, filled, from_value, numbered, to_value};
use crate::claim::Claim;
use crate::hash::{hex, unhex};
use crate::name::{Author, Reference};

/// The id of a commit: the 20 bytes of a SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CommitId(pub [u8; 20]);

/// A text that is not 40 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no id of a commit: 40 lower-case hexadecimal digits")]
pub struct ParseCommitIdError(String);

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for CommitId {
    type Err = ParseCommitIdError;

    fn from_str(text: &str) -> Result<CommitId, ParseCommitIdError> {
        let mut bytes = [0; 20];
        if text.len() == 40 && unhex(text, &mut bytes) {
            Ok(CommitId(bytes))
        } else {
            Err(ParseCommitIdError(text.chars().take(64).collect()))
        }
    }
}

impl Serialize for CommitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CommitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CommitId, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its parents, the first first.
    pub parents: Vec<CommitId>,
    /// Who wrote it, as it stands in the commit; [`Head::who_is_who`] says who that is.
    pub author: Author,
    /// When it was written, in seconds since 1970; clamped to the years 1 to 9999.
    pub authored: i64,
    /// When it was committed, in seconds since 1970; clamped likewise. Clocks of people's machines: it can lie before
    /// its parents'.
    pub committed: i64,
    /// Who is named as having written it too.
    pub co_authors: Vec<Author>,
    /// Who is named as having looked at it.
    pub reviewers: Vec<Author>,
    /// What sort of author.
    pub class: CommitClass,
    /// Commits that it says to take back.
    pub reverts: Vec<CommitId>,
    /// What it changes against its first parent. Merges have none.
    pub changes: Vec<FileChange>,
}

/// What sort of author a commit has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CommitClass {
    /// A human being.
    #[default]
    Human,
    /// A program that follows rules: dependency updates, releases.
    Bot,
    /// A program that writes code by itself.
    Agent,
}

/// One file's change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileChange {
    /// What happened to it.
    pub kind: ChangeKind,
    /// Its path behind the commit, with `/`; of a deleted one the path that it had.
    pub path: String,
    /// The path before, of a renamed one.
    pub from: Option<String>,
}

/// What a commit does to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content, its mode or both.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path, and perhaps another content.
    Renamed,
}

/// What is known of a branch as a whole. Stands as claims `head` of `repo:HOST/PATH`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The branch.
    pub branch: String,
    /// Its last commit.
    pub tip: CommitId,
    /// All tags that lead to commits, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Who is who, after .mailmap at the tip: the id in a commit to the id of the same person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub who_is_who: BTreeMap<Author, Author>,
    /// Commits that say nothing of who knows the code (.git-blame-ignore-revs at the tip). Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<CommitId>,
    /// Parents of commits are missing on purpose (a shallow clone): what was before is unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_shallow: bool,
    /// How many commits could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread_commits: u64,
    /// How many blobs that a comparison asked for were not there (a partial clone); such files count as not similar.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missing_blobs: u64,
}

/// `serde` passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// The commit that it leads to.
    pub commit: CommitId,
    /// When it was made, in seconds since 1970: the tagger's time; of a lightweight one the commit's.
    pub at: i64,
    /// It has a message, a tagger and a time of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_annotated: bool,
}

/// A file of the tree at the tip.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Its path, with `/`.
    pub path: String,
    /// Its size in bytes; 0 where the blob is missing.
    pub bytes: u64,
    /// What it is.
    pub class: FileClass,
}

/// What a file is, by rules that docs/history.md lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileClass {
    /// Written by people, and part of what is delivered.
    Source,
    /// Tests and what they need.
    Test,
    /// Text for people.
    Documentation,
    /// Written by a program, lock files among it.
    Generated,
    /// Somebody else's.
    Vendored,
    /// Pictures, fonts, archives, data.
    Binary,
}

impl CommitClass {
    fn number(self) -> u64 {
        match self {
            CommitClass::Human => 0,
            CommitClass::Bot => 1,
            CommitClass::Agent => 2,
        }
    }

    fn of_number(number: u64) -> Option<CommitClass> {
        [CommitClass::Human, CommitClass::Bot, CommitClass::Agent]
            .into_iter()
            .find(|class| class.number() == number)
    }
}

impl ChangeKind {
    fn number(self) -> u64 {
        match self {
            ChangeKind::Added => 0,
            ChangeKind::Modified => 1,
            ChangeKind::Deleted => 2,
            ChangeKind::Renamed => 3,
        }
    }

    fn of_number(number: u64) -> Option<ChangeKind> {
        [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted, ChangeKind::Renamed]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

impl FileClass {
    /// All classes, in the order of their numbers.
    pub const ALL: [FileClass; 6] = [
        FileClass::Source,
        FileClass::Test,
        FileClass::Documentation,
        FileClass::Generated,
        FileClass::Vendored,
        FileClass::Binary,
    ];
}

/// Texts that are written once.
#[derive(Default)]
struct Once {
    numbers: HashMap<String, u64>,
    texts: Vec<String>,
}

impl Once {
    fn number(&mut self, text: &str) -> u64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u64;
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }
}

/// A chunk as it stands in a claim. Rows of `commits`: id, parents, author, authored, committed, class, co-authors,
/// reviewers, reverts, changes (kind, path, path before); persons and paths as numbers of their lists.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chunk {
    commits: Vec<CommitRow>,
    paths: Vec<String>,
    people: Vec<Author>,
}

type ChangeRow = Vec<u64>;
type CommitRow =
    (CommitId, Vec<CommitId>, u64, i64, i64, u64, Vec<u64>, Vec<u64>, Vec<CommitId>, Vec<ChangeRow>);

impl Commit {
    /// The type of a chunk's claims.
    pub const TYPE: &'static str = "commits";

    /// Commits as claims about a repository, in their order. A commit with so many changes that they fill more than one
    /// claim is written several times, each with some of its changes; [`Commit::from_claim`] gives the parts, and
    /// whoever unites commits by id appends them.
    pub fn to_claims(of: &Reference, commits: &[Commit]) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut open = Open::default();
        for commit in commits {
            let mut changes = commit.changes.as_slice();
            loop {
                let fits = open.room_for(commit, changes);
                if fits == 0 && !changes.is_empty() && !open.rows.is_empty() {
                    claims.push(std::mem::take(&mut open).close(of));
                    continue;
                }
                let (part, rest) =
                    changes.split_at(fits.max(usize::from(!changes.is_empty())).min(changes.len()));
                open.add(commit, part);
                if open.bytes >= super::FILL_BYTES {
                    claims.push(std::mem::take(&mut open).close(of));
                }
                changes = rest;
                if changes.is_empty() {
                    break;
                }
            }
        }
        if !open.rows.is_empty() {
            claims.push(open.close(of));
        }
        numbered(claims)
    }

    /// The ids of a claim's commits, with those of their parents, from the claim's bytes: a tenth of the time that
    /// [`Commit::from_claim`] takes, for whoever only asks what is known.
    ///
    /// # Errors
    /// Where the bytes are no claim of this type.
    pub fn ids(claim: &[u8]) -> Result<Vec<(CommitId, Vec<CommitId>)>, RecordError> {
        let parsed: IdsClaim = serde_json::from_slice(claim).map_err(|error| RecordError::Shape {
            kind: Commit::TYPE.to_owned(),
            cause: error.to_string(),
        })?;
        Ok(parsed.value.commits.into_iter().map(|IdsRow(id, parents)| (id, parents)).collect())
    }

    /// The commits of a claim, in its order.
    ///
    /// # Errors
    /// Where the value has another form, or a number leads nowhere.
    pub fn from_claim(claim: &Claim) -> Result<Vec<Commit>, RecordError> {
        let chunk: Chunk = from_value(claim)?;
        let wrong = |cause: &str| RecordError::Shape { kind: claim.kind.clone(), cause: cause.to_owned() };
        let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let person = |number: u64| {
            chunk.people.get(at(number)).cloned().ok_or_else(|| wrong("a person's number leads nowhere"))
        };
        let path = |number: u64| {
            chunk.paths.get(at(number)).cloned().ok_or_else(|| wrong("a path's number leads nowhere"))
        };
        let mut commits = Vec::with_capacity(chunk.commits.len());
        for (id, parents, author, authored, committed, class, co_authors, reviewers, reverts, rows) in
            &chunk.commits
        {
            let mut changes = Vec::with_capacity(rows.len());
            for row in rows {
                let (kind, to, from) = match row[..] {
                    [kind, to] => (kind, to, None),
                    [kind, to, from] => (kind, to, Some(from)),
                    _ => return Err(wrong("a change has two or three numbers")),
                };
                changes.push(FileChange {
                    kind: ChangeKind::of_number(kind).ok_or_else(|| wrong("a change is of no known kind"))?,
                    path: path(to)?,
                    from: from.map(path).transpose()?,
                });
            }
            commits.push(Commit {
                id: *id,
                parents: parents.clone(),
                author: person(*author)?,
                authored: *authored,
                committed: *committed,
                co_authors: co_authors.iter().map(|number| person(*number)).collect::<Result<_, _>>()?,
                reviewers: reviewers.iter().map(|number| person(*number)).collect::<Result<_, _>>()?,
                class: CommitClass::of_number(*class)
                    .ok_or_else(|| wrong("a commit is of no known class"))?,
                reverts: reverts.clone(),
                changes,
            });
        }
        Ok(commits)
    }
}

/// The claim of a chunk, of which only ids are looked at.
#[derive(Deserialize)]
struct IdsClaim {
    value: IdsChunk,
}

#[derive(Deserialize)]
struct IdsChunk {
    commits: Vec<IdsRow>,
}

/// The first two of a row's ten; the rest is passed over unread.
struct IdsRow(CommitId, Vec<CommitId>);

impl<'de> Deserialize<'de> for IdsRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IdsRow, D::Error> {
        struct Row;
        impl<'de> serde::de::Visitor<'de> for Row {
            type Value = IdsRow;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of a chunk of commits")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut row: A) -> Result<IdsRow, A::Error> {
                let missing = || serde::de::Error::custom("a commit has an id and parents");
                let id = row.next_element()?.ok_or_else(missing)?;
                let parents = row.next_element()?.ok_or_else(missing)?;
                while row.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                Ok(IdsRow(id, parents))
            }
        }
        deserializer.deserialize_seq(Row)
    }
}

/// A claim in the making.
#[derive(Default)]
struct Open {
    rows: Vec<CommitRow>,
    paths: Once,
    people: Once,
    bytes: usize,
}

/// Numbers, commas and brackets around a text, at most.
const AROUND: usize = 24;

impl Open {
    /// How many of these changes still have room beside the commit itself.
    fn room_for(&self, commit: &Commit, changes: &[FileChange]) -> usize {
        let own = Open::own_bytes(commit);
        let mut bytes = self.bytes + own;
        let mut fits = 0;
        for change in changes {
            bytes += Open::change_bytes(change);
            if bytes > super::FILL_BYTES {
                break;
            }
            fits += 1;
        }
        fits
    }

    fn own_bytes(commit: &Commit) -> usize {
        let ids = 1 + commit.parents.len() + commit.reverts.len();
        let people = 1 + commit.co_authors.len() + commit.reviewers.len();
        ids * 44 + people * 64 + 3 * AROUND
    }

    /// As if each path were new and each of its characters had to be escaped.
    fn change_bytes(change: &FileChange) -> usize {
        2 * (change.path.len() + change.from.as_ref().map_or(0, String::len)) + 2 * AROUND
    }

    fn add(&mut self, commit: &Commit, changes: &[FileChange]) {
        self.bytes += Open::own_bytes(commit) + changes.iter().map(Open::change_bytes).sum::<usize>();
        let people = |once: &mut Once, list: &[Author]| -> Vec<u64> {
            list.iter().map(|person| once.number(person.as_str())).collect()
        };
        let author = self.people.number(commit.author.as_str());
        let co_authors = people(&mut self.people, &commit.co_authors);
        let reviewers = people(&mut self.people, &commit.reviewers);
        let changes = changes
            .iter()
            .map(|change| {
                let mut row = vec![change.kind.number(), self.paths.number(&change.path)];
                row.extend(change.from.as_ref().map(|from| self.paths.number(from)));
                row
            })
            .collect();
        self.rows.push((
            commit.id,
            commit.parents.clone(),
            author,
            commit.authored,
            commit.committed,
            commit.class.number(),
            co_authors,
            reviewers,
            commit.reverts.clone(),
            changes,
        ));
    }

    fn close(self, of: &Reference) -> Claim {
        let value = json!({
            "commits": to_value(&self.rows),
            "paths": self.paths.texts,
            "people": self.people.texts,
        });
        claim(Commit::TYPE, of.clone(), value)
    }
}

impl Head {
    /// The type of its claims.
    pub const TYPE: &'static str = "head";

    /// As claims about a repository: one, or where its lists are long, several with a part of them each.
    pub fn to_claims(&self, of: &Reference) -> Vec<Claim> {
        let bare =
            Head { tags: Vec::new(), who_is_who: BTreeMap::new(), ignored: Vec::new(), ..self.clone() };
        let tags = self.tags.iter().map(|tag| json!({"tags": [to_value(tag)]}));
        let who =
            self.who_is_who.iter().map(|(from, to)| json!({"who_is_who": {from.as_str(): to.as_str()}}));
        let ignored = self.ignored.iter().map(|id| json!({"ignored": [to_value(id)]}));
        let mut values: Vec<Value> = filled(tags.chain(who).chain(ignored))
            .into_iter()
            .map(|rows| {
                let mut value = to_value(&bare);
                rows.into_iter().for_each(|row| merge(&mut value, row));
                value
            })
            .collect();
        if values.is_empty() {
            values.push(to_value(&bare));
        }
        numbered(values.into_iter().map(|value| claim(Head::TYPE, of.clone(), value)).collect())
    }

    /// From a claim of its type, or a part of it.
    ///
    /// # Errors
    /// Where the value has another form.
    pub fn from_claim(claim: &Claim) -> Result<Head, RecordError> {
        from_value(claim)
    }

    /// Takes in what another part has.
    pub fn unite(&mut self, part: Head) {
        self.tags.extend(part.tags);
        self.tags.sort_by(|a, b| a.name.cmp(&b.name));
        self.who_is_who.extend(part.who_is_who);
        self.ignored.extend(part.ignored);
        self.ignored.sort_unstable();
    }
}

/// Puts the lists and tables of one object behind those of another.
fn merge(into: &mut Value, row: Value) {
    let (Value::Object(into), Value::Object(row)) = (into, row) else { return };
    for (name, value) in row {
        match (into.get_mut(&name), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (Some(Value::Object(table)), Value::Object(more)) => table.extend(more),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

impl File {
    /// The type of their claims.
    pub const TYPE: &'static str = "files";

    /// Files as claims about a repository: rows of path, size and class.
    pub fn to_claims(of: &Reference, files: &[File]) -> Vec<Claim> {
        let class = |file: &File| FileClass::ALL.iter().position(|class| *class == file.class).unwrap_or(0);
        let rows = files.iter().map(|file| json!([file.path, file.bytes, class(file)]));
        let claims = filled(rows).into_iter().map(|rows| claim(File::TYPE, of.clone(), Value::Array(rows)));
        numbered(claims.collect())
    }

    /// The files of a claim.
    ///
    /// # Errors
    /// Where the value has another form.
    pub fn from_claim(claim: &Claim) -> Result<Vec<File>, RecordError> {
        let rows: Vec<(String, u64, usize)> = from_value(claim)?;
        rows.into_iter()
            .map(|(path, bytes, class)| match FileClass::ALL.get(class) {
                Some(class) => Ok(File { path, bytes, class: *class }),
                None => Err(RecordError::Shape {
                    kind: claim.kind.clone(),
                    cause: "a file is of no known class".to_owned(),
                }),
            })
            .collect()
    }
}
