//! Storage of statements: append-only, content-addressed, behind one synchronous trait.
//!
//! This room keeps what was said and gives it back; what it means is the map's business. The one rule
//! of the fold that it knows is which statement of a slot holds, for "same word again". It never prints,
//! reads no environment and no clock, and never holds the claims of a large statement in memory as values.

mod body;
mod compact;
mod difference;
mod error;
mod exchange;
mod holds;
mod memory;
mod moment;
mod obey;
pub mod parsers;
mod past;
mod postgres;
mod prepared;
mod remote;
mod sqlite;
mod store;
mod verify;
pub mod wire;

use std::time::Duration;

use exchange::Claimed;
use stave_model::{Author, Claim, EstateKey, Hash, Header, Op, PersonRow, Scope, Statement, Time};

pub use compact::{Horizon, Superseded, superseded};
pub use error::{Error, Result};
pub use exchange::{
    EstateMet, ExportReport, MergeReport, export, export_with_pseudonyms, merge, merge_stream,
};
pub use memory::MemoryLedger;
pub use past::{Past, Until};
pub use postgres::PostgresLedger;
pub use prepared::{Prepared, Preparer};
pub use remote::{Address, AddressError, Options as RemoteOptions, RemoteLedger, RemoteProblem, Token};
pub use sqlite::{Aside, Lost, Salvage, SqliteLedger, salvage};
pub use store::Store;
pub use verify::{Depth, Verified, verify};

/// What a ledger is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Id of the estate (32 hexadecimal digits): the same in all copies.
    pub estate: String,
    /// Id of this copy (32 hexadecimal digits).
    pub ledger: String,
    /// Raised when a copy is restored from a backup: positions of another epoch mean nothing.
    pub epoch: u64,
    /// Raised whenever something that could be read no longer can (a redaction, a compaction): what was made of the
    /// ledger before has to be made again.
    pub revision: u64,
}

/// An estate, as its ledgers know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estate {
    /// Its id (32 hexadecimal digits).
    pub id: String,
    /// The secret that turns addresses into person ids.
    pub key: EstateKey,
}

/// A statement as it stands in one ledger, without its claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position in this ledger, from 1 and without gaps.
    pub number: u64,
    /// The statement's id.
    pub id: Hash,
    /// The statement's head.
    pub header: Header,
    /// How many claims it has.
    pub claim_count: u64,
}

/// What became of an appended statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It got a number.
    New,
    /// The ledger had it.
    Known,
    /// The statement that holds in its slot says the same of the same source; only the register moved.
    SameWord,
}

/// What became of one statement of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The id of the statement that stands in the ledger; for [`Outcome::SameWord`] the older one's.
    pub id: Hash,
    /// Its number.
    pub number: u64,
    /// Whether it is new.
    pub outcome: Outcome,
}

/// What to do with a machine's statement that says what the one that holds says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Append nothing, move the register: what readers of work trees want.
    Skip,
    /// Append it: a merge is a union, whatever the order.
    Keep,
}

/// Which entries to list; an absent field matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Statements of this author.
    pub author: Option<Author>,
    /// Statements about this scope.
    pub scope: Option<Scope>,
    /// Statements of this command.
    pub op: Option<Op>,
    /// Statements with this time or an earlier one.
    pub until: Option<Time>,
}

impl Filter {
    /// Whether a header matches.
    pub fn matches(&self, header: &Header) -> bool {
        self.author.as_ref().is_none_or(|author| *author == header.author)
            && self.scope.as_ref().is_none_or(|scope| *scope == header.scope)
            && self.op.is_none_or(|op| op == header.op)
            && self.until.is_none_or(|until| header.time <= until)
    }
}

/// Statements to append, from where they can be read several times.
pub trait Source {
    /// Goes to the first one, from wherever it is.
    ///
    /// # Errors
    /// Where it can't be read.
    fn begin(&mut self) -> Result<()>;

    /// The next one; none at the end.
    ///
    /// # Errors
    /// Where it can't be read, or a statement breaks a rule of the format.
    fn next(&mut self) -> Result<Option<Prepared>>;
}

/// One estate's statements. Object safe; every method is a whole transaction.
pub trait Ledger: Send {
    /// Which ledger this is.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn info(&self) -> Result<Info>;

    /// Who it says brought what is appended here, where a server decides that: `by` of every header whose author is
    /// somebody else. None where whoever appends says so themselves.
    ///
    /// # Errors
    /// Where the server can't be asked.
    fn signature(&self) -> Result<Option<Author>> {
        Ok(None)
    }

    /// Number of the last statement, 0 when there is none.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn position(&self) -> Result<u64>;

    /// Waits until the last number is above `after`, at most about as long as `timeout`, and gives it. It may come back
    /// sooner with nothing new: call it again and again. A storage that can't be told of appends waits the whole time.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn wait(&mut self, after: u64, timeout: Duration) -> Result<u64> {
        let position = self.position()?;
        if position > after {
            return Ok(position);
        }
        std::thread::sleep(timeout);
        self.position()
    }

    /// Up to `limit` entries with a number above `after`, ascending.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>>;

    /// The number of the first statement behind `after`, whether its header can be read or not.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn next_number(&self, after: u64) -> Result<Option<u64>> {
        Ok(self.entries(after, 1)?.first().map(|entry| entry.number))
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn entry(&self, id: &Hash) -> Result<Option<Entry>>;

    /// Up to `limit` entries that match and have a number below `before` (`u64::MAX`: all), the latest first.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn latest(&self, filter: &Filter, before: u64, limit: usize) -> Result<Vec<Entry>>;

    /// Up to `limit` ids of statements that begin with these hexadecimal digits, ascending.
    /// A prefix that is none (too long, other characters) finds nothing.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn find_ids(&self, prefix: &str, limit: usize) -> Result<Vec<Hash>>;

    /// Calls `each` with a line for every claim of a statement, in the order of hashes: its canonical bytes, or,
    /// where it was redacted, the 64 digits of its hash. Streams: memory does not grow with the number of claims.
    ///
    /// # Errors
    /// Where there is no such statement, its claims are damaged, or `each` fails.
    fn raw_lines(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>;

    /// Calls `each` with the canonical bytes of every claim of a statement that can be read, in the order of hashes.
    ///
    /// # Errors
    /// As [`Ledger::raw_lines`].
    fn raw_claims(&self, number: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.raw_lines(number, &mut |line| if body::is_claim(line) { each(line) } else { Ok(()) })
    }

    /// Appends what `next` gives until it gives nothing: all or nothing, numbers in that order.
    ///
    /// # Errors
    /// Where `next` fails or the storage can't be written; nothing is appended then.
    fn append_prepared(
        &mut self,
        repeats: Repeats,
        next: &mut dyn FnMut() -> Result<Option<Prepared>>,
    ) -> Result<Vec<Appended>>;

    /// The same from a source that can be read again: a storage whose connection is cut may begin anew with it, a few
    /// times, so that not even a large append fails by that.
    ///
    /// # Errors
    /// As [`Ledger::append_prepared`].
    fn append_source(&mut self, repeats: Repeats, source: &mut dyn Source) -> Result<Vec<Appended>> {
        source.begin()?;
        self.append_prepared(repeats, &mut || source.next())
    }

    /// Checks and appends statements, all or none, skipping repeated words.
    ///
    /// # Errors
    /// [`Error::Refused`] where one breaks a rule of the format; else where the storage can't be written.
    fn append(&mut self, batch: &[Statement]) -> Result<Vec<Appended>> {
        let prepared: Vec<Prepared> = batch.iter().map(Prepared::new).collect::<Result<_>>()?;
        let mut prepared = prepared.into_iter();
        self.append_prepared(Repeats::Skip, &mut || Ok(prepared.next()))
    }

    /// Whether each of these statements of machines, known by its head alone, repeats the word that holds: an append
    /// of all would append nothing.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn all_hold(&self, said: &[Header]) -> Result<bool>;

    /// When each machine last said anything about each scope, repeated words included; by author and scope.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn heard(&self) -> Result<Vec<(Author, Scope, Time)>>;

    /// Moves the register of [`Ledger::heard`] by maximum.
    ///
    /// # Errors
    /// Where the storage can't be written.
    fn add_heard(&mut self, rows: &[(Author, Scope, Time)]) -> Result<()>;

    /// The secret that turns addresses into person ids.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn estate_key(&self) -> Result<EstateKey>;

    /// The people directory, sorted. One id can have several rows (names differ from device to device).
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn people(&self) -> Result<Vec<PersonRow>>;

    /// Adds rows to the people directory: a union, less who was forgotten. Gives how many were new.
    ///
    /// # Errors
    /// Where the storage can't be written.
    fn add_people(&mut self, rows: &[PersonRow]) -> Result<u64>;

    /// Who was forgotten (`person:ID`), sorted: the directory takes no row of theirs.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn forgotten(&self) -> Result<Vec<String>>;

    /// The claims that were redacted, sorted by hash: the ledger takes their bytes no more.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn redacted(&self) -> Result<Vec<Hash>>;

    /// What of the storage isn't as it was written, in words, beside statements and claims, whose hashes [`verify`] computes
    /// again: what they are found by, the register, the directory, accounts. None where the storage sees to that itself.
    ///
    /// # Errors
    /// Where the storage can't be asked.
    fn unsound(&self) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    /// From when on the ledger's history is whole; none where nothing was ever compacted. What machines said earlier may be
    /// missing where they had something newer to say by then.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn horizon(&self) -> Result<Option<Horizon>>;

    /// Takes over statements of a ledger whose history is whole from `time` on: so is this one's, or from later on where it
    /// was so before. What had arrived here by any position doesn't change.
    ///
    /// # Errors
    /// Where the storage can't be written.
    fn meet_horizon(&mut self, time: Time) -> Result<()>;

    /// Lets go of these statements, and of what nobody else needs of their claims; their numbers never come again. The
    /// history is whole from `horizon` on. Which may go, [`superseded`] says.
    ///
    /// # Errors
    /// [`Error::Unable`] where this kind of ledger keeps everything; else where the storage can't be written.
    fn compact(&mut self, superseded: &[u64], horizon: Horizon) -> Result<()> {
        let _ = (superseded, horizon);
        Err(Error::Unable("this kind of ledger can't be compacted: it keeps every statement"))
    }

    /// The small store beside the ledger; none where this is somebody else's ledger, seen from afar.
    fn store(&mut self) -> Option<&mut dyn Store>;

    /// Other estates whose ledgers were merged into this one, by id and key.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn other_estates(&self) -> Result<Vec<Estate>>;

    /// Remembers other estates' keys. A ledger without statements and people becomes a copy of the first
    /// one instead, and gives true.
    ///
    /// # Errors
    /// Where the storage can't be written.
    fn meet_estates(&mut self, met: &[Estate]) -> Result<bool>;
}

/// The claims of a statement that can be read, in the order of hashes. Large statements are better read with
/// [`Ledger::raw_claims`].
///
/// # Errors
/// As [`Ledger::raw_claims`]; also where a claim can't be parsed.
pub fn claims(ledger: &dyn Ledger, number: u64) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    ledger.raw_claims(number, &mut |bytes| {
        claims.push(parse_claim(number, bytes)?);
        Ok(())
    })?;
    Ok(claims)
}

/// A claim from its stored bytes; `number` is for the message.
///
/// # Errors
/// [`Error::Damaged`] where the bytes are no claim.
pub fn parse_claim(number: u64, bytes: &[u8]) -> Result<Claim> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::Damaged(format!("a claim of statement {number} can't be read: {error}")))
}

/// What is wrong with the claims of a statement, and whose they are.
fn damaged_in(entry: &Entry, what: &str) -> Error {
    let Entry { number, id, header, .. } = entry;
    let (id, author, scope) = (id.short(), &header.author, &header.scope);
    Error::Damaged(format!("statement {number} ({id}, by {author} about {scope}): {what}"))
}

/// What a line of a body is; `number` is for the message.
pub(crate) fn claimed(number: u64, line: &[u8]) -> Result<Claimed> {
    if body::is_claim(line) {
        return Ok(Claimed::Whole(Box::new(parse_claim(number, line)?)));
    }
    let hash = std::str::from_utf8(line).ok().and_then(|text| text.parse().ok());
    hash.map(Claimed::Redacted)
        .ok_or_else(|| Error::Damaged(format!("a claim of statement {number} can't be read")))
}

/// A whole statement, by id.
///
/// # Errors
/// As [`claims`].
pub fn statement(ledger: &dyn Ledger, id: &Hash) -> Result<Option<Statement>> {
    let Some(entry) = ledger.entry(id)? else { return Ok(None) };
    Ok(Some(Statement { claims: claims(ledger, entry.number)?, header: entry.header }))
}

/// All entries that match, ascending.
///
/// # Errors
/// Where the storage can't be read.
pub fn matching(ledger: &dyn Ledger, filter: &Filter) -> Result<Vec<Entry>> {
    let mut entries = ledger.latest(filter, u64::MAX, usize::MAX)?;
    entries.reverse();
    Ok(entries)
}

/// `count` random bytes in hexadecimal digits, or as they are.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    Ok(bytes)
}

/// A new id of 32 hexadecimal digits.
fn random_id() -> Result<String> {
    Ok(Op(random::<16>()?).to_string())
}

/// The smallest and the greatest hash that begin with these hexadecimal digits.
fn prefix_range(prefix: &str) -> Option<(Hash, Hash)> {
    if prefix.len() > 64 || !prefix.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let fill = |with: char| {
        let mut text = prefix.to_ascii_lowercase();
        text.extend(std::iter::repeat_n(with, 64 - prefix.len()));
        text.parse::<Hash>().ok()
    };
    Some((fill('0')?, fill('f')?))
}

/// What becomes of a ledger's own estate, given those that it meets: the one to become, and those to remember.
fn meet<'a>(own: &Estate, is_empty: bool, met: &'a [Estate]) -> (Option<&'a Estate>, Vec<&'a Estate>) {
    let become_one = met.first().filter(|first| is_empty && *first != own);
    let own_now = become_one.unwrap_or(own);
    (become_one, met.iter().filter(|estate| *estate != own_now).collect())
}
