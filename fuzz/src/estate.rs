//! Ledgers and their exports (crates/ledger): what is taken comes out again, byte for byte.

use std::collections::BTreeMap;

use stave_ledger::wire::{Batch, read_batch, read_estates, read_headers, read_heard, read_people};
use stave_ledger::{EstateMet, Info, Ledger, MemoryLedger, export, merge_stream, parsers};
use stave_model::{Claim, EstateKey, Hash, Header, Statement, hash_bytes};

/// Most lines of one input: a longer one says nothing that this many don't.
const MOST_STATEMENTS: usize = 64;

/// Most bodies that stand on each other.
const MOST_BODIES: usize = 6;

/// Up to how many lines the last of them may have.
const MOST_LINES: u64 = 4;

/// An empty ledger, the same every time.
pub(crate) fn empty() -> MemoryLedger {
    let info = Info { estate: "0".repeat(32), ledger: "1".repeat(32), epoch: 0, revision: 0 };
    MemoryLedger::of_estate(info, EstateKey([7; 32]))
}

fn exported(ledger: &dyn Ledger) -> Vec<u8> {
    let mut bytes = Vec::new();
    export(ledger, &mut bytes).expect("a ledger can be exported");
    bytes
}

/// A ledger's export makes the same ledger elsewhere, and nothing new where it is known.
fn comes_back(mut ledger: MemoryLedger) {
    let bytes = exported(&ledger);
    let mut copy = empty();
    merge_stream(&mut copy, "export", &*bytes, &std::env::temp_dir()).expect("an export can be merged");
    assert_eq!(exported(&copy), bytes);
    let again =
        merge_stream(&mut ledger, "export", &*bytes, &std::env::temp_dir()).expect("and merged again");
    assert_eq!((again.new, again.people, again.estate), (0, 0, EstateMet::Same));
}

/// The lines of an export: merged whole, or refused without a trace.
pub(crate) fn export_lines(bytes: &[u8]) {
    let mut ledger = empty();
    match merge_stream(&mut ledger, "input", bytes, &std::env::temp_dir()) {
        Ok(_) => comes_back(ledger),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(exported(&ledger), exported(&empty()), "nothing of a refused file is kept");
        }
    }
}

/// The body of a request to a ledger's server: appended whole, or refused without a trace.
pub(crate) fn append(bytes: &[u8]) {
    let mut ledger = empty();
    let batch = read_batch(bytes, &mut |_, _| Ok(()), &mut |_| Ok(()));
    match batch.and_then(|batch: Batch| batch.append_to(&mut ledger)) {
        Ok(_) => comes_back(ledger),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(exported(&ledger), exported(&empty()), "nothing of a refused body is kept");
        }
    }
    // Rows of other bodies are read by the same lines.
    let _ = (read_heard(bytes), read_people(bytes), read_headers(bytes), read_estates(bytes));
}

/// Lines `[HEADER, CLAIM, …]`, whose hashes are put right: what a ledger takes, it can export.
///
/// Without this no fuzzer would come behind the check of hashes.
pub(crate) fn statements(bytes: &[u8]) {
    let mut ledger = empty();
    for statement in statements_in(bytes) {
        let is_right = statement.check().is_ok();
        let taken = ledger.append(&[statement]);
        assert_eq!(taken.is_ok(), is_right, "a ledger takes what is right, and nothing else");
    }
    comes_back(ledger);
}

/// The lines that are statements.
pub(crate) fn statements_in(bytes: &[u8]) -> Vec<Statement> {
    let read = |line: &[u8]| {
        let mut parts: Vec<serde_json::Value> = serde_json::from_slice(line).ok()?;
        if parts.is_empty() {
            return None;
        }
        let claims = parts.split_off(1).into_iter().map(serde_json::from_value::<Claim>);
        let claims = claims.collect::<Result<_, _>>().ok()?;
        Some(Statement::new(serde_json::from_value::<Header>(parts.remove(0)).ok()?, claims))
    };
    bytes.split(|byte| *byte == b'\n').take(MOST_STATEMENTS).filter_map(read).collect()
}

/// Stored bodies, each the difference to the one before (a line `===` parts them): read, or refused. And the lines of the
/// first two as bodies, where the second is stored as the difference to the first: read as it was.
pub(crate) fn difference(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let bodies: Vec<&[u8]> = text.split("===\n").take(MOST_BODIES).map(str::as_bytes).collect();
    for count in 0..=MOST_LINES {
        if let Ok(lines) = parsers::stored(&bodies, count) {
            assert_eq!(lines.len() as u64, count, "a body has as many lines as its statement says");
        }
    }
    let [old, new, ..] = bodies.as_slice() else { return };
    let (old, new) = (body(old), body(new));
    let read =
        parsers::stored_again(&old.concat(), &new.concat(), new.len() as u64).expect("a difference is read");
    let lines: Vec<&[u8]> = new.iter().map(|line| &line[..line.len() - 1]).collect();
    assert_eq!(read, lines, "a difference gives what it was made of");
}

/// Lines as bodies have them: claims, in the order of their hashes.
fn body(lines: &[u8]) -> Vec<Vec<u8>> {
    let claims = lines.split(|byte| *byte == b'\n').map(|line| [b"{", line, b"\n"].concat());
    let by_hash: BTreeMap<Hash, Vec<u8>> =
        claims.map(|line| (hash_bytes(&line[..line.len() - 1]), line)).collect();
    by_hash.into_values().collect()
}
