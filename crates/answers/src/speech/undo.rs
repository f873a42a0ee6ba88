//! Taking back a command by a word that withdraws it. Nothing is deleted, and an undo can be undone.

use std::collections::HashSet;

use stave_ledger::{Entry, Filter, Ledger, claims};
use stave_model::{Author, Hash, Header, Op, Reference, fact_scope};

use super::{Plan, Refusal, Result};
use crate::{draft_withdrawal, says};

/// Entries that are read at once when a command is looked for.
const PAGE: usize = 500;
/// Words of a command that are named.
const SHOWN: usize = 5;
/// The fewest digits that name a command.
const FEWEST_DIGITS: usize = 4;

/// What is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A command.
    Op(Op),
    /// One statement of a command.
    Statement(Hash),
}

impl Target {
    fn text(&self) -> String {
        match self {
            Target::Op(op) => format!("op:{op}"),
            Target::Statement(id) => format!("statement:{id}"),
        }
    }

    /// The statements that it names.
    ///
    /// # Errors
    /// Where the ledger can't be read.
    pub fn entries(&self, ledger: &dyn Ledger) -> Result<Vec<Entry>> {
        Ok(match self {
            Target::Op(op) => stave_ledger::matching(ledger, &Filter { op: Some(*op), ..Filter::default() })?,
            Target::Statement(id) => ledger.entry(id)?.into_iter().collect(),
        })
    }

    /// The command whose undo of this one counts, if there is one: undoing that brings this back.
    ///
    /// # Errors
    /// Where the ledger can't be read.
    pub fn undone_by(&self, ledger: &dyn Ledger) -> crate::Result<Option<Op>> {
        let by = withdrawals_of(ledger, &self.text())?;
        let counts = |entry: &&Entry| !is_withdrawn(ledger, entry, &mut HashSet::new());
        Ok(by.iter().find(counts).map(|entry| entry.header.op))
    }

    /// What it says: a sentence for each of its first statements.
    ///
    /// # Errors
    /// Where the ledger can't be read.
    pub fn sentences(&self, ledger: &dyn Ledger) -> Result<Vec<String>> {
        sentences(ledger, &self.entries(ledger)?)
    }
}

/// A word of `author` that takes back what `target` names.
///
/// # Errors
/// Where it is taken back already ([`Target::undone_by`] says by what); where the ledger can't be read.
pub fn undo(ledger: &dyn Ledger, target: &Target, author: &Author) -> Result<Plan> {
    if target.undone_by(ledger)?.is_some() {
        return Err(Refusal::no("that is taken back already").into());
    }
    let entries = target.entries(ledger)?;
    let mut notes = Vec::new();
    if entries.iter().any(|entry| entry.header.author.is_person() && entry.header.author != *author) {
        notes.push("these were somebody else's words; both stay in the log".to_owned());
    }
    let is_compacted = ledger.horizon()?.is_some();
    let machines = entries.iter().filter(|entry| !entry.header.author.is_person());
    for entry in machines.filter(|_| is_compacted) {
        if is_alone(ledger, entry)? {
            notes.push(format!(
                "what {} had said about {} before was let go by a compaction: nothing of it is left until it is read again",
                entry.header.author, entry.header.scope
            ));
            break;
        }
    }
    let drafts = vec![draft_withdrawal(&target.text())];
    Ok(Plan { drafts, said: sentences(ledger, &entries)?, notes, ..Plan::default() })
}

/// Whether its author said nothing else about its scope.
fn is_alone(ledger: &dyn Ledger, entry: &Entry) -> Result<bool> {
    let Header { author, scope, .. } = &entry.header;
    let slot = Filter { author: Some(author.clone()), scope: Some(scope.clone()), ..Filter::default() };
    Ok(ledger.latest(&slot, u64::MAX, 2)?.len() == 1)
}

fn sentences(ledger: &dyn Ledger, entries: &[Entry]) -> Result<Vec<String>> {
    let mut sentences: Vec<String> = Vec::new();
    for entry in entries.iter().take(SHOWN) {
        // Words for several references of one piece read alike.
        let sentence = sentence(ledger, entry)?;
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    if entries.len() > SHOWN {
        sentences.push(format!("and {} more statements of that command", entries.len() - SHOWN));
    }
    Ok(sentences)
}

/// Calls `each` with every entry that matches, the latest first, until it gives something.
fn search<T>(
    ledger: &dyn Ledger,
    filter: &Filter,
    mut each: impl FnMut(&Entry) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let mut before = u64::MAX;
    loop {
        let page = ledger.latest(filter, before, PAGE)?;
        for entry in &page {
            if let Some(found) = each(entry)? {
                return Ok(Some(found));
            }
        }
        match page.last() {
            Some(entry) if page.len() == PAGE => before = entry.number,
            _ => return Ok(None),
        }
    }
}

/// The command (or statement) whose digits begin so.
///
/// # Errors
/// Where they are no digits, or none or several begin so; where the ledger can't be read.
pub fn target_meant(ledger: &dyn Ledger, digits: &str) -> Result<Target> {
    let digits = digits.trim().to_lowercase();
    if digits.len() < FEWEST_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Refusal::new(format!(
            "\"{digits}\" is no command; its digits are 0-9 and a-f, four of them at least"
        ))
        .hint("stave log prints them behind \"op\"")
        .into());
    }
    // A whole op is looked up, not searched for.
    if let Ok(op) = digits.parse::<Op>()
        && !ledger.latest(&Filter { op: Some(op), ..Filter::default() }, u64::MAX, 1)?.is_empty()
    {
        return Ok(Target::Op(op));
    }
    let mut found: Vec<Op> = Vec::new();
    search(ledger, &Filter::default(), |entry| {
        let op = entry.header.op;
        if op.to_string().starts_with(&digits) && !found.contains(&op) {
            found.push(op);
        }
        Ok(None::<()>)
    })?;
    match found.as_slice() {
        [op] => return Ok(Target::Op(*op)),
        [] => {}
        several => {
            return Err(Refusal::new(format!("{} commands begin with {digits}", several.len()))
                .hint("type more of the digits")
                .into());
        }
    }
    match ledger.find_ids(&digits, 2)?.as_slice() {
        [id] => Ok(Target::Statement(*id)),
        [] => Err(Refusal::no(format!("no command in this ledger begins with {digits}"))
            .hint("stave log prints them behind \"op\"")
            .into()),
        _ => Err(Refusal::new(format!("several statements begin with {digits}"))
            .hint("type more of the digits")
            .into()),
    }
}

/// The last command of this person that said something and still counts. Undos are passed over, so that a second
/// `undo` goes one step further back; one is undone by its digits.
///
/// # Errors
/// Where there is none; where the ledger can't be read.
pub fn last_of(ledger: &dyn Ledger, author: &Author) -> Result<Op> {
    let filter = Filter { author: Some(author.clone()), ..Filter::default() };
    let found = search(ledger, &filter, |entry| {
        let is_undo = entry.header.scope.as_str().ends_with("#withdrawn");
        let counts = !is_undo && !is_withdrawn(ledger, entry, &mut HashSet::new());
        Ok(counts.then_some(entry.header.op))
    })?;
    found.ok_or_else(|| {
        Refusal::no("you have said nothing here that could be taken back")
            .hint("stave log shows all commands; stave undo OP takes back any of them, scans too")
            .into()
    })
}

/// Words that withdraw what `target` names, whether they count or not.
fn withdrawals_of(ledger: &dyn Ledger, target: &str) -> crate::Result<Vec<Entry>> {
    // What is no name, no word can have named.
    let Ok(of) = target.parse::<Reference>() else { return Ok(Vec::new()) };
    let Ok(scope) = fact_scope(&of, "withdrawn", None) else { return Ok(Vec::new()) };
    Ok(stave_ledger::matching(ledger, &Filter { scope: Some(scope), ..Filter::default() })?)
}

/// Whether a statement is withdrawn, as docs/ledger.md section 3 has it. Unreadable is not withdrawn: this only
/// chooses a default, the fold decides.
fn is_withdrawn(ledger: &dyn Ledger, entry: &Entry, seen: &mut HashSet<Hash>) -> bool {
    if !seen.insert(entry.id) {
        return false;
    }
    let targets = [format!("op:{}", entry.header.op), format!("statement:{}", entry.id)];
    let by = targets.iter().filter_map(|target| withdrawals_of(ledger, target).ok()).flatten();
    by.into_iter().any(|other| other.id != entry.id && !is_withdrawn(ledger, &other, seen))
}

/// What a statement says, in a line.
fn sentence(ledger: &dyn Ledger, entry: &Entry) -> Result<String> {
    if !entry.header.author.is_person() {
        return Ok(format!("{} on {}", entry.header.author, entry.header.scope));
    }
    let words = claims(ledger, entry.number)?;
    let Some(claim) = words.first() else { return Ok("a word that was redacted".to_owned()) };
    let short = |text: &str| {
        text.parse::<Reference>().map_or_else(|_| text.to_owned(), |parsed| parsed.short_name().to_owned())
    };
    Ok(match claim.kind.as_str() {
        "withdrawn" => format!("the undo of {}", claim.of),
        "retired" => format!("{} is retired", claim.of),
        "forgotten" | "redacted" => format!("{} is {}; what is gone stays gone", claim.of, claim.kind),
        kind => {
            let to = claim.to.as_deref().map(short);
            format!(
                "{} {}",
                short(claim.of.as_str()),
                says(kind, to.as_deref(), claim.value.as_ref(), claim.not)
            )
        }
    })
}
