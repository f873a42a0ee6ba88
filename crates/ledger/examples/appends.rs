//! Appends people's words to a ledger for a while, and prints how many were acknowledged and the seconds that took:
//! what `cargo xtask reliability postgres` measures with, one process for each server that it stands for.
//!
//! `appends LEDGER NAME SECONDS BATCH`; LEDGER is the URL of a PostgreSQL server, or a file for SQLite.

use std::path::Path;
use std::time::{Duration, Instant};

use stave_ledger::{Ledger, PostgresLedger, SqliteLedger};
use stave_model::{Basis, Claim, Hash, Header, Op, Source, Statement, Time, VERSION};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The words of one batch: as large as what a person says on a page.
fn batch(name: &str, round: u64, size: u64) -> Outcome<Vec<Statement>> {
    let word = |index: u64| {
        let mut claim = Claim::new("description", format!("said:component/{name}").parse()?, Basis::Stated);
        claim.value = Some(format!("word {index} of batch {round}").into());
        let mut op = [0; 16];
        op[..8].copy_from_slice(&round.to_be_bytes());
        let header = Header {
            author: "person:0123456789abcdef0123456789abcdef".parse()?,
            by: None,
            claims: Hash([0; 32]),
            op: Op(op),
            replaces: Vec::new(),
            rules: 0,
            scope: claim.fact_scope()?,
            source: Source::default(),
            time: Time::from_millis(1_700_000_000_000 + i64::try_from(round * size + index)?),
            tool: "appends".to_owned(),
            unread: Vec::new(),
            v: VERSION,
        };
        Ok(Statement::new(header, vec![claim]))
    };
    (0..size).map(word).collect()
}

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [ledger, name, seconds, size] = words.as_slice() else {
        return Err("usage: appends LEDGER NAME SECONDS BATCH".into());
    };
    let mut ledger: Box<dyn Ledger> = if PostgresLedger::is_url(ledger) {
        Box::new(PostgresLedger::open_or_create(ledger)?)
    } else {
        Box::new(SqliteLedger::open_or_create(Path::new(ledger))?)
    };
    let (until, size) = (Duration::from_secs(seconds.parse()?), size.parse()?);
    let start = Instant::now();
    let (mut round, mut acknowledged) = (0, 0);
    while start.elapsed() < until {
        acknowledged += ledger.append(&batch(name, round, size)?)?.len();
        round += 1;
    }
    println!("{acknowledged} {:.3}", start.elapsed().as_secs_f64());
    Ok(())
}
