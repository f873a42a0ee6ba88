//! One plain file for everything (docs/ledger.md, section 8): export writes it, merge reads it.
//!
//! What never leaves the machine (statements about uncommitted trees) is left out on both ways.

mod lines;
mod merge;

use std::io::Write;

use serde::{Deserialize, Serialize};
use stave_model::{Author, Claim, EstateKey, Hash, Header, PersonRow, Scope, Time, canonical, hash_bytes};

use crate::body::is_claim;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::{Entry, Estate, Ledger};

pub(crate) use lines::{Claimed, Lines};
pub use merge::{EstateMet, MergeReport, merge, merge_stream};

/// The version of the file's form.
const FORM: u32 = 1;
/// Entries read at once.
const PAGE: usize = 1_000;

/// An estate's id and key, in hexadecimal digits.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EstateLine {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// One row of the register.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeardLine {
    pub(crate) author: Author,
    pub(crate) scope: Scope,
    pub(crate) time: Time,
}

/// Any line of the file; which fields are there says which one it is.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<Claim>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    estate: Option<EstateLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<Header>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heard: Option<Heard>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    horizon: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Hash>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<EstateLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    people: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<PersonRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redacted: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statements: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stave: Option<u32>,
}

/// In the first line the number of rows, later a row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Heard {
    Count(u64),
    Row(HeardLine),
}

pub(crate) fn estate_line(estate: &Estate) -> EstateLine {
    EstateLine { id: estate.id.clone(), key: estate.key.to_hex() }
}

/// Writes the whole ledger as it stands, without uncommitted trees. The same contents give the same bytes.
/// The file holds the estate's key: who has it can link addresses to person ids.
///
/// # Errors
/// Where the ledger can't be read or `into` refuses; [`Error::Moved`] where others compacted or redacted meanwhile. What
/// was written by then is not whole.
pub fn export(ledger: &dyn Ledger, into: &mut dyn Write) -> Result<ExportReport> {
    let moment = Moment::now(ledger)?;
    let own = Estate { id: moment.info.estate.clone(), key: ledger.estate_key()? };
    let written = export_as(ledger, &own, &ledger.other_estates()?, ledger.people()?, into);
    moment.held(ledger, written)
}

/// The same without the people directory and without any key that turns addresses into person ids: persons are the
/// digits of their ids, which nobody outside can lead back. It is an estate of its own, with a key that anybody could
/// make, so that a ledger which takes it in has one for new words.
///
/// # Errors
/// As [`export`].
pub fn export_with_pseudonyms(ledger: &dyn Ledger, into: &mut dyn Write) -> Result<ExportReport> {
    let moment = Moment::now(ledger)?;
    let own = &moment.info.estate;
    let digest = hash_bytes(format!("{own} with pseudonyms").as_bytes());
    let id: String = digest.to_string().chars().take(own.len()).collect();
    let key = EstateKey(hash_bytes(id.as_bytes()).0);
    let written = export_as(ledger, &Estate { id, key }, &[], Vec::new(), into);
    moment.held(ledger, written)
}

fn export_as(
    ledger: &dyn Ledger,
    own: &Estate,
    others: &[Estate],
    people: Vec<PersonRow>,
    into: &mut dyn Write,
) -> Result<ExportReport> {
    // What others append while this runs has a higher number and stays out.
    let last = ledger.position()?;
    let mut order: Vec<(Time, Hash, u64)> = Vec::new();
    let mut left_out = 0;
    let mut after = 0;
    while after < last {
        let page = ledger.entries(after, PAGE)?;
        for entry in page.iter().filter(|entry| entry.number <= last) {
            if entry.header.scope.is_work() {
                left_out += 1;
            } else {
                order.push((entry.header.time, entry.id, entry.number));
            }
        }
        after = page.last().map_or(last, |entry| entry.number);
    }
    order.sort_unstable();
    let statements = order.len();

    let horizon = ledger.horizon()?.map(|horizon| horizon.time);
    let contents = Contents { own, others, people, heard: ledger.heard()?, horizon, order };
    write_all(
        into,
        contents,
        &|id, number| {
            let lost = || Error::Damaged(format!("statement {number} is not found by its id, {id}"));
            ledger.entry(id)?.ok_or_else(lost)
        },
        &|entry, each| ledger.raw_lines(entry.number, each),
    )?;
    let statements = u64::try_from(statements).unwrap_or(u64::MAX);
    Ok(ExportReport { statements, left_out })
}

/// What an export says beside claims.
pub(crate) struct Contents<'a> {
    pub(crate) own: &'a Estate,
    pub(crate) others: &'a [Estate],
    pub(crate) people: Vec<PersonRow>,
    pub(crate) heard: Vec<(Author, Scope, Time)>,
    /// From when on the history is whole; none where it always was.
    pub(crate) horizon: Option<Time>,
    /// Statements by time and id, with their numbers.
    pub(crate) order: Vec<(Time, Hash, u64)>,
}

/// Hands out the lines of a statement's body.
pub(crate) type LinesOf<'a> = dyn Fn(&Entry, &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> + 'a;

/// Writes an export of what `entry_of` and `lines_of` give.
pub(crate) fn write_all(
    into: &mut dyn Write,
    contents: Contents<'_>,
    entry_of: &dyn Fn(&Hash, u64) -> Result<Entry>,
    lines_of: &LinesOf<'_>,
) -> Result<()> {
    let Contents { own, others, people, mut heard, horizon, order } = contents;
    heard.retain(|(_, scope, _)| !scope.is_work());
    let last = order.last().map(|(time, _, _)| *time);
    let first = Line {
        stave: Some(FORM),
        estate: Some(estate_line(own)),
        others: others.iter().map(estate_line).collect(),
        people: Some(people.len() as u64),
        heard: Some(Heard::Count(heard.len() as u64)),
        horizon: whole_from(horizon, last),
        statements: Some(order.len() as u64),
        ..Line::default()
    };
    write(into, &first)?;
    for person in people {
        write(into, &Line { person: Some(person), ..Line::default() })?;
    }
    for (author, scope, time) in heard {
        let heard = Some(Heard::Row(HeardLine { author, scope, time }));
        write(into, &Line { heard, ..Line::default() })?;
    }
    for (_, id, number) in &order {
        let entry = entry_of(id, *number)?;
        let (count, header) = (Some(entry.claim_count), Some(entry.header.clone()));
        write(into, &Line { id: Some(*id), header, count, ..Line::default() })?;
        lines_of(&entry, &mut |line| write_claim(into, line))?;
    }
    into.flush().map_err(Error::Export)
}

/// From when on the history of an export is whole, whose last statement was said at `last`: nothing could be missing later,
/// whatever its ledger, or its first line, says.
fn whole_from(horizon: Option<Time>, last: Option<Time>) -> Option<Time> {
    Some(horizon?.min(last?))
}

/// One of a body's lines as a line of an export.
pub(crate) fn write_claim(into: &mut dyn Write, line: &[u8]) -> Result<()> {
    let (before, after): (&[u8], &[u8]) =
        if is_claim(line) { (b"{\"claim\":", b"}\n") } else { (b"{\"redacted\":\"", b"\"}\n") };
    let written =
        into.write_all(before).and_then(|()| into.write_all(line)).and_then(|()| into.write_all(after));
    written.map_err(Error::Export)
}

/// What an export did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportReport {
    /// Statements written.
    pub statements: u64,
    /// Statements about uncommitted trees, which stay on their machine.
    pub left_out: u64,
}

fn write(into: &mut dyn Write, line: &Line) -> Result<()> {
    let mut bytes = canonical(line);
    bytes.push(b'\n');
    into.write_all(&bytes).map_err(Error::Export)
}
