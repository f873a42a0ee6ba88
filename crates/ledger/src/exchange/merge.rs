//! Merging an export into a ledger: the union of both, whatever the order.
//!
//! The file is read twice. The first time everything is checked and nothing written; the second time the
//! statements stream into one transaction. A source that can't be read twice is copied aside meanwhile.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use stave_model::{Author, Checker, Hash, PersonRow, Scope, Time};

use super::lines::{Claimed, Lines, Said};
use super::{Heard, whole_from};
use crate::error::{Error, Result};
use crate::obey::{Order, order};
use crate::wire::estate_of;
use crate::{Estate, Ledger, Outcome, Prepared, Preparer, Repeats, Source};

const BUFFER_BYTES: usize = 256 * 1024;

/// What a merge did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeReport {
    /// Statements that the ledger didn't have.
    pub new: u64,
    /// Statements that it had.
    pub known: u64,
    /// Rows of the people directory that it didn't have.
    pub people: u64,
    /// Statements about somebody's uncommitted tree, which a merge doesn't take.
    pub left_out: u64,
    /// From when on the file's history is whole, and so the ledger's; none where the file's was never compacted.
    pub horizon: Option<Time>,
    /// Whose the file is.
    pub estate: EstateMet,
}

/// How the file's estate and the ledger's meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EstateMet {
    /// Both are copies of one.
    Same,
    /// The ledger was empty and is a copy of the file's estate now.
    TakenOver,
    /// Another estate. The ledger keeps its own id and key and remembers the other's.
    ///
    /// With its key, equal people of both can be found by their addresses.
    Other(Estate),
}

/// What the first reading found.
struct Found {
    estates: Vec<Estate>,
    people: Vec<PersonRow>,
    heard: Vec<(Author, Scope, Time)>,
    heard_lines: u64,
    /// From when on its history is whole.
    horizon: Option<Time>,
    statements: u64,
    known: HashSet<Hash>,
    left_out: u64,
}

/// Merges a file. One that can be read only once (a pipe) is copied into `aside`, a folder, meanwhile.
///
/// # Errors
/// [`Error::Line`] where the file is no whole export: nothing of it is merged then. Else where the file
/// can't be read or the ledger not written.
pub fn merge(ledger: &mut dyn Ledger, path: &Path, aside: &Path) -> Result<MergeReport> {
    let name = path.display().to_string();
    let io = |source| Error::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_file() {
        merge_twice(ledger, &name, file)
    } else {
        merge_stream(ledger, &name, file, aside)
    }
}

/// Merges what can be read only once; `name` is for messages. It is copied into `aside`, a folder, in a
/// file that nobody else sees.
///
/// # Errors
/// As [`merge`], and where the copy can't be made.
pub fn merge_stream(
    ledger: &mut dyn Ledger,
    name: &str,
    source: impl Read,
    aside: &Path,
) -> Result<MergeReport> {
    let io = |source| Error::Io { path: aside.to_owned(), source };
    let mut copy = tempfile::tempfile_in(aside).map_err(io)?;
    let found = check(ledger, name, Tee { source, copy: &mut copy })?;
    take(ledger, name, &copy, found)
}

fn merge_twice(ledger: &mut dyn Ledger, name: &str, mut file: File) -> Result<MergeReport> {
    let found = check(ledger, name, &mut file)?;
    take(ledger, name, &file, found)
}

/// Copies what passes through.
struct Tee<'a, R> {
    source: R,
    copy: &'a mut File,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(into)?;
        self.copy.write_all(&into[..count])?;
        Ok(count)
    }
}

/// The first reading.
fn check(ledger: &dyn Ledger, name: &str, source: impl Read) -> Result<Found> {
    let mut lines = Lines::new(BufReader::with_capacity(BUFFER_BYTES, source), name);
    let first = lines.first()?;
    let (Some(own), Some(people), Some(Heard::Count(heard)), Some(statements)) =
        (first.estate, first.people, first.heard, first.statements)
    else {
        return Err(
            lines.wrong("the first line of an export has `estate`, `people`, `heard` and `statements`")
        );
    };
    let mut found = Found {
        estates: Vec::new(),
        people: Vec::new(),
        heard: Vec::new(),
        heard_lines: heard,
        horizon: None,
        statements,
        known: HashSet::new(),
        left_out: 0,
    };
    for estate in std::iter::once(own).chain(first.others) {
        let estate = estate_of(estate).ok_or_else(|| {
            lines.wrong("an estate has an id of 32 and a key of 64 lower-case hexadecimal digits")
        })?;
        found.estates.push(estate);
    }
    for _ in 0..people {
        let person = lines.person()?;
        let is_person = person.id.parse::<Author>().is_ok_and(|author| author.is_person());
        if !is_person {
            return Err(lines.wrong(format!("\"{}\" is no person's id", person.id)));
        }
        found.people.push(person);
    }
    for _ in 0..heard {
        let row = lines.heard()?;
        if !row.scope.is_work() {
            found.heard.push((row.author, row.scope, row.time));
        }
    }
    // Gaps, with the line where each stands, and the words that allow them: both may come first.
    let mut gaps: BTreeMap<Hash, u64> = BTreeMap::new();
    let mut redacted: HashSet<Hash> = ledger.redacted()?.into_iter().collect();
    let mut last = None;
    for _ in 0..statements {
        let said = lines.said()?;
        last = last.max(Some(said.header.time));
        check_statement(&mut lines, &said, &mut gaps)?;
        if let Some(Order::Redact(claim)) = order(&said.header) {
            redacted.insert(claim);
        }
        if said.header.scope.is_work() {
            found.left_out += 1;
        } else if ledger.entry(&said.id)?.is_some() {
            found.known.insert(said.id);
        }
    }
    lines.end()?;
    found.horizon = whole_from(first.horizon, last);
    if let Some((claim, line)) = gaps.into_iter().find(|(claim, _)| !redacted.contains(claim)) {
        return Err(lines.wrong_at(
            line,
            format!(
                "claim {} is left out, and no word says that it was redacted\n\nhint: export it again from a \
                 ledger that has it",
                claim.short()
            ),
        ));
    }
    Ok(found)
}

fn check_statement<R: BufRead>(
    lines: &mut Lines<R>,
    said: &Said,
    gaps: &mut BTreeMap<Hash, u64>,
) -> Result<()> {
    let id = said.header.id();
    if id != said.id {
        return Err(lines.wrong(format!(
            "the header hashes to {id}, the line says {}: the statement is damaged\n\nhint: export it again",
            said.id
        )));
    }
    let mut checker = Checker::new(&said.header).map_err(|problem| lines.wrong(problem))?;
    for _ in 0..said.count {
        match lines.claim()? {
            Claimed::Whole(claim) => {
                checker.claim(&claim).map_err(|problem| lines.wrong(problem))?;
            }
            Claimed::Redacted(hash) => {
                checker.redacted(hash).map_err(|problem| lines.wrong(problem))?;
                gaps.entry(hash).or_insert(lines.number());
            }
        }
    }
    checker.finish().map_err(|problem| lines.wrong(problem))?;
    Ok(())
}

/// The second reading of the file's statements; it can begin again.
struct Statements<'a> {
    name: &'a str,
    found: &'a Found,
    file: &'a File,
    lines: Lines<BufReader<&'a File>>,
    left: u64,
    passed_over: u64,
}

impl<'a> Statements<'a> {
    fn new(name: &'a str, found: &'a Found, file: &'a File) -> Statements<'a> {
        let lines = Lines::new(BufReader::with_capacity(BUFFER_BYTES, file), name);
        Statements { name, found, file, lines, left: 0, passed_over: 0 }
    }
}

impl Source for Statements<'_> {
    fn begin(&mut self) -> Result<()> {
        let io = |source| Error::Io { path: self.name.into(), source };
        self.file.seek(SeekFrom::Start(0)).map_err(io)?;
        *self = Statements::new(self.name, self.found, self.file);
        self.lines.skip(1 + self.found.people.len() as u64 + self.found.heard_lines)?;
        self.left = self.found.statements;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Prepared>> {
        while self.left > 0 {
            self.left -= 1;
            let said = self.lines.said()?;
            if said.header.scope.is_work() {
                self.lines.skip(said.count)?;
            } else if self.found.known.contains(&said.id) {
                self.passed_over += 1;
                self.lines.skip(said.count)?;
            } else {
                return read_statement(&mut self.lines, said).map(Some);
            }
        }
        Ok(None)
    }
}

fn take(ledger: &mut dyn Ledger, name: &str, file: &File, found: Found) -> Result<MergeReport> {
    let own = Estate { id: ledger.info()?.estate, key: ledger.estate_key()? };
    let taken_over = ledger.meet_estates(&found.estates)?;
    // Before the statements: whoever is killed in between has rows that nobody needs yet, not statements of
    // nameless persons. The statements come in one transaction, which is the merge.
    let people = ledger.add_people(&found.people)?;
    ledger.add_heard(&found.heard)?;
    // Whatever of it is known already: a merge gives the same in any order.
    if let Some(horizon) = found.horizon {
        ledger.meet_horizon(horizon)?;
    }
    let mut statements = Statements::new(name, &found, file);
    let appended = ledger.append_source(Repeats::Keep, &mut statements)?;
    let passed_over = statements.passed_over;

    let new = appended.iter().filter(|one| one.outcome == Outcome::New).count() as u64;
    let estate = match found.estates.into_iter().next() {
        _ if taken_over => EstateMet::TakenOver,
        Some(estate) if estate != own => EstateMet::Other(estate),
        _ => EstateMet::Same,
    };
    Ok(MergeReport {
        new,
        known: passed_over + appended.len() as u64 - new,
        people,
        left_out: found.left_out,
        horizon: found.horizon,
        estate,
    })
}

fn read_statement<R: BufRead>(lines: &mut Lines<R>, said: Said) -> Result<Prepared> {
    let count = said.count;
    let mut preparer = Preparer::new(said.header)?;
    for _ in 0..count {
        match lines.claim()? {
            Claimed::Whole(claim) => preparer.claim(&claim)?,
            Claimed::Redacted(hash) => preparer.redacted(hash)?,
        }
    }
    preparer.finish()
}
