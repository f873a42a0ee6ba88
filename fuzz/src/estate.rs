//! Ledgers and their exports (crates/ledger): what is taken comes out again, byte for byte.

use stave_ledger::wire::{Batch, read_batch, read_estates, read_headers, read_heard, read_people};
use stave_ledger::{EstateMet, Info, Ledger, MemoryLedger, export, merge_stream};
use stave_model::{Claim, EstateKey, Header, Statement};

/// Most lines of one input: a longer one says nothing that this many don't.
const MOST_STATEMENTS: usize = 64;

/// An empty ledger, the same every time.
fn empty() -> MemoryLedger {
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
    let batch = read_batch(bytes, &mut |_, _| Ok(()));
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
    for line in bytes.split(|byte| *byte == b'\n').take(MOST_STATEMENTS) {
        let Ok(mut parts) = serde_json::from_slice::<Vec<serde_json::Value>>(line) else { continue };
        if parts.is_empty() {
            continue;
        }
        let claims = parts.split_off(1).into_iter().map(serde_json::from_value::<Claim>).collect();
        let header = serde_json::from_value::<Header>(parts.remove(0));
        if let (Ok(header), Ok(claims)) = (header, claims) {
            let statement = Statement::new(header, claims);
            let is_right = statement.check().is_ok();
            let taken = ledger.append(&[statement]);
            assert_eq!(taken.is_ok(), is_right, "a ledger takes what is right, and nothing else");
        }
    }
    comes_back(ledger);
}
