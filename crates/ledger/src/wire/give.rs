//! The server's side: answers as lines, and what comes in, checked.

use std::collections::HashSet;
use std::io::{BufReader, Read, Write};

use stave_model::{Author, Claim, EstateKey, Hash, Header, PersonRow, Scope, Time};

use super::{AppendLine, ErrorLine, HorizonLine, InfoLine, Row, limits};
use crate::exchange::{Claimed, EstateLine, HeardLine, Lines, estate_line};
use crate::obey::{Order, order};
use crate::{
    Appended, Entry, Error, Estate, Filter, Horizon, Info, Ledger, Prepared, Preparer, Repeats, Result,
    Source,
};

/// Bytes of claims after which an answer of `lines` ends, the first statement's aside.
pub const LINES_ANSWER_BYTES: u64 = 4 * 1024 * 1024;

fn write(out: &mut dyn Write, row: &Row) -> Result<()> {
    let mut bytes = serde_json::to_vec(row).map_err(|error| Error::Export(error.into()))?;
    bytes.push(b'\n');
    out.write_all(&bytes).map_err(Error::Export)
}

fn end(out: &mut dyn Write, more: bool) -> Result<()> {
    write(out, &Row { end: Some(true), more: more.then_some(true), ..Row::default() })
}

/// What went wrong, as a line: behind lines that are on their way already.
///
/// # Errors
/// Where `out` refuses.
pub fn give_error(error: &Error, out: &mut dyn Write) -> Result<()> {
    write(out, &Row { error: Some(ErrorLine::of(error)), ..Row::default() })
}

/// Which ledger this is, its position, and who it says brought what the caller appends.
///
/// # Errors
/// Where the ledger can't be read or `out` refuses; so for all others here.
pub fn give_info(ledger: &dyn Ledger, by: Option<Author>, out: &mut dyn Write) -> Result<()> {
    let Info { estate, ledger: id, epoch, revision } = ledger.info()?;
    let position = ledger.position()?;
    let horizon = ledger.horizon()?;
    let horizon = horizon.map(|Horizon { time, position }| HorizonLine { time, position });
    let line = InfoLine { estate, ledger: id, epoch, revision, position, horizon, by };
    write(out, &Row { info: Some(line), ..Row::default() })?;
    end(out, false)
}

/// A page of entries, in the order in which they are given. `more`: whether others may follow.
fn give_page(entries: Vec<Entry>, asked: usize, out: &mut dyn Write) -> Result<()> {
    let mut bytes = 0;
    let is_full = entries.len() >= asked.min(limits::PAGE) && asked > limits::PAGE;
    for entry in entries {
        if bytes > limits::PAGE_BYTES {
            return end(out, true);
        }
        let mut line =
            serde_json::to_vec(&Row::of_entry(entry)).map_err(|error| Error::Export(error.into()))?;
        line.push(b'\n');
        bytes += line.len();
        out.write_all(&line).map_err(Error::Export)?;
    }
    end(out, is_full)
}

/// [`Ledger::entries`], a page of it.
///
/// # Errors
/// As [`give_info`].
pub fn give_entries(ledger: &dyn Ledger, after: u64, limit: usize, out: &mut dyn Write) -> Result<()> {
    give_page(ledger.entries(after, limit.min(limits::PAGE))?, limit, out)
}

/// [`Ledger::latest`], a page of it.
///
/// # Errors
/// As [`give_info`].
pub fn give_latest(
    ledger: &dyn Ledger,
    filter: &Filter,
    before: u64,
    limit: usize,
    out: &mut dyn Write,
) -> Result<()> {
    give_page(ledger.latest(filter, before, limit.min(limits::PAGE))?, limit, out)
}

/// [`Ledger::entry`].
///
/// # Errors
/// As [`give_info`].
pub fn give_entry(ledger: &dyn Ledger, id: &Hash, out: &mut dyn Write) -> Result<()> {
    if let Some(entry) = ledger.entry(id)? {
        write(out, &Row::of_entry(entry))?;
    }
    end(out, false)
}

/// [`Ledger::find_ids`], at most a page.
///
/// # Errors
/// As [`give_info`].
pub fn give_ids(ledger: &dyn Ledger, prefix: &str, limit: usize, out: &mut dyn Write) -> Result<()> {
    for id in ledger.find_ids(prefix, limit.min(limits::PAGE))? {
        write(out, &Row { id: Some(id), ..Row::default() })?;
    }
    end(out, false)
}

/// The statement with the number behind `after`, whole, and of the `limit - 1` that follow those with up to `small`
/// claims, until they are [`LINES_ANSWER_BYTES`]: an entry's line, then as many lines as its `count` says, as the
/// ledger keeps them.
///
/// # Errors
/// [`Error::NoStatement`] where there is none; else as [`give_info`].
pub fn give_lines(
    ledger: &dyn Ledger,
    after: u64,
    limit: usize,
    small: u64,
    out: &mut dyn Write,
) -> Result<()> {
    let entries = ledger.entries(after, limit.clamp(1, limits::PAGE))?;
    let wanted = after.saturating_add(1);
    if entries.first().is_none_or(|first| first.number != wanted) {
        return Err(Error::NoStatement(wanted));
    }
    let mut bytes = 0;
    for entry in entries {
        let number = entry.number;
        if number != wanted && (entry.claim_count > small || bytes > LINES_ANSWER_BYTES) {
            continue;
        }
        write(out, &Row::of_entry(entry))?;
        ledger.raw_lines(number, &mut |line| {
            bytes += line.len() as u64;
            out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(Error::Export)
        })?;
    }
    end(out, false)
}

/// [`Ledger::heard`].
///
/// # Errors
/// As [`give_info`].
pub fn give_heard(ledger: &dyn Ledger, out: &mut dyn Write) -> Result<()> {
    for (author, scope, time) in ledger.heard()? {
        write(out, &Row { heard: Some(HeardLine { author, scope, time }), ..Row::default() })?;
    }
    end(out, false)
}

/// [`Ledger::people`].
///
/// # Errors
/// As [`give_info`].
pub fn give_people(ledger: &dyn Ledger, out: &mut dyn Write) -> Result<()> {
    for person in ledger.people()? {
        write(out, &Row { person: Some(person), ..Row::default() })?;
    }
    end(out, false)
}

/// [`Ledger::forgotten`].
///
/// # Errors
/// As [`give_info`].
pub fn give_forgotten(ledger: &dyn Ledger, out: &mut dyn Write) -> Result<()> {
    for person in ledger.forgotten()? {
        write(out, &Row { forgotten: Some(person), ..Row::default() })?;
    }
    end(out, false)
}

/// [`Ledger::redacted`].
///
/// # Errors
/// As [`give_info`].
pub fn give_redacted(ledger: &dyn Ledger, out: &mut dyn Write) -> Result<()> {
    for claim in ledger.redacted()? {
        write(out, &Row { redacted: Some(claim), ..Row::default() })?;
    }
    end(out, false)
}

/// [`Ledger::estate_key`] with the estate's id, and [`Ledger::other_estates`].
///
/// # Errors
/// As [`give_info`].
pub fn give_estate(ledger: &dyn Ledger, out: &mut dyn Write) -> Result<()> {
    let own = Estate { id: ledger.info()?.estate, key: ledger.estate_key()? };
    write(out, &Row { estate: Some(estate_line(&own)), ..Row::default() })?;
    for other in ledger.other_estates()? {
        write(out, &Row { other: Some(estate_line(&other)), ..Row::default() })?;
    }
    end(out, false)
}

/// A number, as an answer.
///
/// # Errors
/// Where `out` refuses; so for the next two.
pub fn give_number(number: u64, out: &mut dyn Write) -> Result<()> {
    write(out, &Row { number: Some(number), ..Row::default() })?;
    end(out, false)
}

/// Yes or no, as an answer.
///
/// # Errors
/// As [`give_number`].
pub fn give_truth(truth: bool, out: &mut dyn Write) -> Result<()> {
    write(out, &Row { truth: Some(truth), ..Row::default() })?;
    end(out, false)
}

/// What became of a batch.
///
/// # Errors
/// As [`give_number`].
pub fn give_appended(appended: &[Appended], out: &mut dyn Write) -> Result<()> {
    for one in appended {
        write(out, &Row::of_appended(one))?;
    }
    end(out, false)
}

/// Statements that came in, checked and packed.
pub struct Batch {
    /// What to do with repeated words.
    pub repeats: Repeats,
    /// The statements, in their order.
    pub statements: Vec<Prepared>,
    /// Claims that are missing, although no word of the batch says that they were redacted.
    gaps: Vec<Hash>,
}

impl Batch {
    /// Appends it, whole or not at all. A claim may be missing where the ledger has redacted it.
    ///
    /// # Errors
    /// As [`Ledger::append_prepared`], and where another claim is missing.
    pub fn append_to(self, ledger: &mut dyn Ledger) -> Result<Vec<Appended>> {
        if !self.gaps.is_empty() {
            let redacted = ledger.redacted()?;
            if let Some(gap) = self.gaps.iter().find(|gap| redacted.binary_search(gap).is_err()) {
                let short = gap.short();
                let problem = format!("claim {short} is left out, and no word says that it was redacted");
                return Err(Error::Caller(problem.into()));
            }
        }
        let mut statements = Again { statements: &self.statements, next: 0 };
        ledger.append_source(self.repeats, &mut statements)
    }
}

/// Statements that are at hand.
struct Again<'a> {
    statements: &'a [Prepared],
    next: usize,
}

impl Source for Again<'_> {
    fn begin(&mut self) -> Result<()> {
        self.next = 0;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Prepared>> {
        let found = self.statements.get(self.next).cloned();
        self.next += 1;
        Ok(found)
    }
}

fn lines<R: Read>(source: R) -> Lines<BufReader<R>> {
    Lines::new(BufReader::with_capacity(256 * 1024, source), "the request")
}

/// Reads the body of an append. `admit` is shown whether repeats are kept, and each header before its claims are read;
/// it may complete the header (whose id is another one then) or refuse it. `look` is shown each of its claims then.
///
/// # Errors
/// [`Error::Line`] where the body is none or was cut off, [`Error::Refused`] where a statement breaks a rule of the
/// format, and what `admit` and `look` say.
pub fn read_batch(
    source: impl Read,
    admit: &mut dyn FnMut(Repeats, &mut Header) -> Result<()>,
    look: &mut dyn FnMut(&Claim) -> Result<()>,
) -> Result<Batch> {
    let mut lines = lines(source);
    let first: AppendLine = lines.value("the head of an append")?;
    let repeats = first.append.repeats();
    let mut statements = Vec::new();
    // The word that allows a gap may come behind it.
    let mut gaps: Vec<Hash> = Vec::new();
    let mut allowed: HashSet<Hash> = HashSet::new();
    while let Some(said) = lines.said_or_end()? {
        if statements.len() == limits::APPEND_STATEMENTS {
            return Err(lines.wrong(format!(
                "an append has at most {} statements\n\nhint: send them in parts, or merge where the ledger is",
                limits::APPEND_STATEMENTS
            )));
        }
        if said.header.id() != said.id {
            return Err(lines.wrong("the header has another id than the line says"));
        }
        let mut header = said.header;
        admit(repeats, &mut header)?;
        if let Some(Order::Redact(claim)) = order(&header) {
            allowed.insert(claim);
        }
        let mut preparer = Preparer::new(header)?;
        for _ in 0..said.count {
            match lines.claim()? {
                Claimed::Whole(claim) => {
                    look(&claim)?;
                    preparer.claim(&claim)?;
                }
                Claimed::Redacted(hash) => {
                    preparer.redacted(hash)?;
                    gaps.push(hash);
                }
            }
        }
        statements.push(preparer.finish()?);
    }
    lines.end()?;
    gaps.retain(|gap| !allowed.contains(gap));
    Ok(Batch { repeats, statements, gaps })
}

/// Reads rows of the register.
///
/// # Errors
/// [`Error::Line`] where the body is something else; so for all below.
pub fn read_heard(source: impl Read) -> Result<Vec<(Author, Scope, Time)>> {
    rows(source, "a row of the register", Row::heard)
}

/// Reads rows of the people directory. The ids are persons'.
///
/// # Errors
/// As [`read_heard`].
pub fn read_people(source: impl Read) -> Result<Vec<PersonRow>> {
    rows(source, "a person", |row| {
        let person = row.person?;
        person.id.parse::<Author>().is_ok_and(|author| author.is_person()).then_some(person)
    })
}

/// Reads heads of statements.
///
/// # Errors
/// As [`read_heard`].
pub fn read_headers(source: impl Read) -> Result<Vec<Header>> {
    rows(source, "a header", |row| row.header)
}

/// Reads estates.
///
/// # Errors
/// As [`read_heard`].
pub fn read_estates(source: impl Read) -> Result<Vec<Estate>> {
    rows(source, "an estate", |row| estate_of(row.other?))
}

/// Reads from when on the histories of ledgers are whole whose statements are taken over.
///
/// # Errors
/// As [`read_heard`].
pub fn read_horizons(source: impl Read) -> Result<Vec<Time>> {
    rows(source, "an instant (`met`)", |row| row.met)
}

/// An estate from its line.
pub(crate) fn estate_of(line: EstateLine) -> Option<Estate> {
    // An id has the form of an op: 128 random bits.
    line.id.parse::<stave_model::Op>().ok()?;
    Some(Estate { key: EstateKey::from_hex(&line.key)?, id: line.id })
}

fn rows<T>(source: impl Read, wanted: &str, of: impl Fn(Row) -> Option<T>) -> Result<Vec<T>> {
    let mut lines = lines(source);
    let mut rows = Vec::new();
    loop {
        let row: Row = lines.value(wanted)?;
        if row.end == Some(true) {
            lines.end()?;
            return Ok(rows);
        }
        rows.push(of(row).ok_or_else(|| lines.wrong(format!("{wanted} should stand here")))?);
    }
}
