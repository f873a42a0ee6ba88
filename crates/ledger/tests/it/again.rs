//! What it costs to say a large statement again with a little changed: small here, in full by
//! `cargo xtask reliability storage`, which sets the numbers and reads the line that this prints.

use std::path::Path;
use std::time::{Duration, Instant};

use stave_ledger::{Ledger, Preparer, Repeats, SqliteLedger};
use stave_model::{Basis, Claim, Evidence, Hash, Header, claims_hash, hash_bytes};
use tempfile::TempDir;

use crate::make::{Dice, header};

/// `CLAIMS TIMES`.
const NUMBERS: &str = "STAVE_AGAIN";
const WORDS: [&str; 12] = [
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jade", "kelp", "larch",
];

/// A claim as a reader of manifests makes them. A later version of it stands in another line and calls another service.
fn claim(number: usize, version: usize) -> Claim {
    let word = |at: usize| WORDS[at % WORDS.len()];
    let service = |at: usize| format!("{}-{}-{}", word(at), word(at / 12), at % 9_973);
    let path = format!("deploy/{}/{}", word(number / 40), service(number / 8));
    let reference = |name: &str| format!("repo:git.example.com/platform/estate//{path}#k8s/prod/{name}");
    let mut claim = Claim::new("calls", reference(&service(number)).parse().unwrap(), Basis::Discovered);
    let to = reference(&service(number * 31 + version));
    claim.env = vec!["prod".to_owned()];
    claim.keys.insert(
        to.parse().unwrap(),
        vec![format!("image:registry.example.com/{}", service(number)).parse().unwrap()],
    );
    claim.to = Some(to);
    claim.evidence =
        vec![Evidence::at(&format!("{path}/deployment.yaml"), 1 + (number % 400 + version) as u32)];
    claim
}

/// What something took: time on the wall, and of a processor, which a busy machine doesn't change.
#[derive(Clone, Copy, Default)]
struct Cost {
    wall: Duration,
    processor: Duration,
}

impl Cost {
    fn of(what: impl FnOnce()) -> Cost {
        let (started, before) = (Instant::now(), processor());
        what();
        Cost { wall: started.elapsed(), processor: processor().saturating_sub(before) }
    }
}

/// How long this thread was on a processor; nothing where the system doesn't tell.
fn processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Which version of each claim is said now, by hash.
struct Said(Vec<(Hash, usize, usize)>);

impl Said {
    fn new(count: usize) -> Said {
        let mut said: Vec<_> = (0..count).map(|number| (claim(number, 0).hash(), number, 0)).collect();
        said.sort_unstable();
        Said(said)
    }

    /// One claim in a hundred is another one now.
    fn change(&mut self, dice: &mut Dice) {
        for _ in 0..self.0.len() / 100 {
            let at = dice.below(self.0.len() as u64) as usize;
            let (_, number, version) = self.0[at];
            self.0[at] = (claim(number, version + 1).hash(), number, version + 1);
        }
        self.0.sort_unstable();
    }

    fn header(&self, minute: usize) -> Header {
        let mut header =
            header("collector:kubernetes", "repo:git.example.com/platform/estate@main", minute as i64);
        let mut hashes: Vec<Hash> = self.0.iter().map(|(hash, ..)| *hash).collect();
        header.claims = claims_hash(&mut hashes);
        header
    }

    /// Appends it claim by claim, as a merge does; how long that took, and how much of a processor.
    fn append(&self, ledger: &mut dyn Ledger, minute: usize) -> Cost {
        let header = self.header(minute);
        // Making the claims is this test's business and not the ledger's: what that takes is taken off.
        let making = Cost::of(|| {
            for (_, number, version) in &self.0 {
                std::hint::black_box(claim(*number, *version));
            }
        });
        let whole = Cost::of(|| {
            let mut preparer = Preparer::new(header).unwrap();
            for (_, number, version) in &self.0 {
                preparer.claim(&claim(*number, *version)).unwrap();
            }
            let mut prepared = Some(preparer.finish().unwrap());
            ledger.append_prepared(Repeats::Skip, &mut || Ok(prepared.take())).unwrap();
        });
        Cost {
            wall: whole.wall.saturating_sub(making.wall),
            processor: whole.processor.saturating_sub(making.processor),
        }
    }

    fn is_read_from(&self, ledger: &dyn Ledger, number: u64) {
        let mut hashes = self.0.iter().map(|(hash, ..)| hash);
        ledger
            .raw_claims(number, &mut |line| {
                assert_eq!(Some(&hash_bytes(line)), hashes.next());
                Ok(())
            })
            .unwrap();
        assert_eq!(hashes.next(), None);
    }
}

/// The most memory that this process ever had, in megabytes.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

#[test]
fn saying_a_large_statement_again_costs_what_changed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    measure((Box::new(SqliteLedger::open_or_create(&path).unwrap()), &|| size(&path)));
}

/// Says a statement again and again, and prints what that costs. `kept` is a ledger and its size in bytes.
pub(crate) fn measure(kept: (Box<dyn Ledger>, &dyn Fn() -> u64)) {
    let numbers = std::env::var(NUMBERS).unwrap_or_else(|_| "4000 8".to_owned());
    let (claims, times) = numbers.split_once(' ').unwrap();
    let (claims, times): (usize, usize) = (claims.parse().unwrap(), times.parse().unwrap());
    let (mut ledger, size) = kept;
    let mut dice = Dice(3);
    let mut said = Said::new(claims);
    let first = said.append(&mut *ledger, 0);
    let before = size();
    let (mut slowest, mut sum) = (Cost::default(), Cost::default());
    for minute in 1..=times {
        said.change(&mut dice);
        let took = said.append(&mut *ledger, minute);
        slowest = if took.processor > slowest.processor { took } else { slowest };
        sum = Cost { wall: sum.wall + took.wall, processor: sum.processor + took.processor };
    }
    let after = size();
    let started = Instant::now();
    said.is_read_from(&*ledger, times as u64 + 1);
    let read = started.elapsed();
    let each = (after - before) as f64 / times as f64;
    let each_s = |all: Duration| all.as_secs_f64() / times as f64;
    println!(
        "measured: claims={claims} times={times} first_mb={:.2} each_mb={:.3} first_processor_s={:.2} \
         each_processor_s={:.2} each_wall_s={:.2} slowest_processor_s={:.2} read_wall_s={:.2} peak_mb={:.0}",
        before as f64 / 1e6,
        each / 1e6,
        first.processor.as_secs_f64(),
        each_s(sum.processor),
        each_s(sum.wall),
        slowest.processor.as_secs_f64(),
        read.as_secs_f64(),
        peak_mb()
    );
    assert!(each < before as f64 / 8.0, "{each} bytes each, {before} the first");
}

/// The size of the ledger's file once its journal is taken in.
fn size(path: &Path) -> u64 {
    let db = rusqlite::Connection::open(path).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    std::fs::metadata(path).unwrap().len()
}
