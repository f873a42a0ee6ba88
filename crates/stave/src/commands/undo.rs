//! `stave undo [OP]`: takes back a command by a word that withdraws it. Nothing is deleted, and an undo can be undone.

use std::collections::HashSet;

use stave_answers::{draft_withdrawal, says};
use stave_ledger::{Entry, Filter, Ledger, claims};
use stave_model::{Author, Hash, Op, Reference, Scope, fact_scope};

use super::said;
use crate::cli::Undo;
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::word;

/// Entries that are read at once when a command is looked for.
const PAGE: usize = 500;
/// Words of a command that are named.
const SHOWN: usize = 5;
/// The fewest digits that name a command.
const FEWEST_DIGITS: usize = 4;

pub(super) fn run(context: &mut Context<'_>, arguments: &Undo) -> anyhow::Result<Exit> {
    let mut opened = Opened::existing(context)?;
    let voice = opened.voice(context)?;
    let target = match &arguments.op {
        Some(digits) => by_digits(&*opened.ledger, digits)?,
        None => Target::Op(last_of(&*opened.ledger, &voice.author)?),
    };
    let by = withdrawals_of(&*opened.ledger, &target.text())?;
    if let Some(withdrawal) =
        by.iter().find(|entry| !is_withdrawn(&*opened.ledger, entry, &mut HashSet::new()))
    {
        let stave = context.typed(&opened.place.root);
        let op: String = withdrawal.header.op.to_string().chars().take(12).collect();
        return Err(Problem::no("that is taken back already")
            .hint(format!("{stave} undo {op} brings it back"))
            .into());
    }
    let entries = target.entries(&*opened.ledger)?;
    let mut undone: Vec<String> = Vec::new();
    for entry in entries.iter().take(SHOWN) {
        // Words for several references of one piece read alike.
        let sentence = sentence(&*opened.ledger, entry)?;
        if !undone.contains(&sentence) {
            undone.push(sentence);
        }
    }
    if entries.len() > SHOWN {
        undone.push(format!("and {} more statements of that command", entries.len() - SHOWN));
    }
    let mut notes = Vec::new();
    if entries.iter().any(|entry| entry.header.author.is_person() && entry.header.author != voice.author) {
        notes.push("these were somebody else's words; both stay in the log".to_owned());
    }
    let statements = word::statements(&voice, &[draft_withdrawal(&target.text())])?;
    opened.append(&statements)?;
    said(context, &opened, &voice, "Taken back", &undone, &notes, &statements)?;
    Ok(Exit::Answered)
}

/// What is taken back.
enum Target {
    Op(Op),
    Statement(Hash),
}

impl Target {
    fn text(&self) -> String {
        match self {
            Target::Op(op) => format!("op:{op}"),
            Target::Statement(id) => format!("statement:{id}"),
        }
    }

    fn entries(&self, ledger: &dyn Ledger) -> anyhow::Result<Vec<Entry>> {
        Ok(match self {
            Target::Op(op) => stave_ledger::matching(ledger, &Filter { op: Some(*op), ..Filter::default() })?,
            Target::Statement(id) => ledger.entry(id)?.into_iter().collect(),
        })
    }
}

/// Calls `each` with every entry that matches, the latest first, until it gives something.
fn search<T>(
    ledger: &dyn Ledger,
    filter: &Filter,
    mut each: impl FnMut(&Entry) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Option<T>> {
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
fn by_digits(ledger: &dyn Ledger, digits: &str) -> anyhow::Result<Target> {
    let digits = digits.trim().to_lowercase();
    if digits.len() < FEWEST_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Problem::new(format!(
            "\"{digits}\" is no command; its digits are 0-9 and a-f, four of them at least"
        ))
        .hint("stave log prints them behind \"op\"")
        .into());
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
            return Err(Problem::new(format!("{} commands begin with {digits}", several.len()))
                .hint("type more of the digits")
                .into());
        }
    }
    match ledger.find_ids(&digits, 2)?.as_slice() {
        [id] => Ok(Target::Statement(*id)),
        [] => Err(Problem::no(format!("no command in this ledger begins with {digits}"))
            .hint("stave log prints them behind \"op\"")
            .into()),
        _ => Err(Problem::new(format!("several statements begin with {digits}"))
            .hint("type more of the digits")
            .into()),
    }
}

/// The last command of this person that said something and still counts. Undos are passed over, so that a second
/// `undo` goes one step further back; one is undone by its digits.
fn last_of(ledger: &dyn Ledger, author: &Author) -> anyhow::Result<Op> {
    let filter = Filter { author: Some(author.clone()), ..Filter::default() };
    let found = search(ledger, &filter, |entry| {
        let is_undo = entry.header.scope.as_str().ends_with("#withdrawn");
        let counts = !is_undo && !is_withdrawn(ledger, entry, &mut HashSet::new());
        Ok(counts.then_some(entry.header.op))
    })?;
    found.ok_or_else(|| {
        Problem::no("you have said nothing here that could be taken back")
            .hint("stave log shows all commands; stave undo OP takes back any of them, scans too")
            .into()
    })
}

/// Words that withdraw what `target` names, whether they count or not.
fn withdrawals_of(ledger: &dyn Ledger, target: &str) -> anyhow::Result<Vec<Entry>> {
    let of: Reference = target.parse()?;
    let scope: Scope = fact_scope(&of, "withdrawn", None)?;
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
fn sentence(ledger: &dyn Ledger, entry: &Entry) -> anyhow::Result<String> {
    if !entry.header.author.is_person() {
        return Ok(format!("{} on {}", entry.header.author, entry.header.scope));
    }
    let words = claims(ledger, entry.number)?;
    let Some(claim) = words.first() else { return Ok(entry.header.scope.to_string()) };
    let short = |text: &str| {
        text.parse::<Reference>().map_or_else(|_| text.to_owned(), |parsed| parsed.short_name().to_owned())
    };
    Ok(match claim.kind.as_str() {
        "withdrawn" => format!("the undo of {}", claim.of),
        "retired" => format!("{} is retired", claim.of),
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
