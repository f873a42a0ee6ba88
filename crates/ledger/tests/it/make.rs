//! Statements to test with, all different by their number.

use stave_model::{Basis, Claim, Evidence, Hash, Header, Op, Source, Statement, Time, VERSION};

/// Milliseconds of the moment at which the tests' history begins.
pub(crate) const START: i64 = 1_700_000_000_000;

pub(crate) fn header(author: &str, scope: &str, minute: i64) -> Header {
    Header {
        author: author.parse().unwrap(),
        by: None,
        claims: Hash([0; 32]),
        op: op(minute as u64),
        replaces: Vec::new(),
        rules: 0,
        scope: scope.parse().unwrap(),
        source: Source::default(),
        time: time(minute),
        tool: "test 1".to_owned(),
        unread: Vec::new(),
        v: VERSION,
    }
}

pub(crate) fn op(number: u64) -> Op {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Op(bytes)
}

pub(crate) fn time(minute: i64) -> Time {
    Time::from_millis(START + minute * 60_000)
}

pub(crate) fn calls(from: usize, to: usize) -> Claim {
    let mut claim = Claim::new(
        "calls",
        format!("repo:code.test/shop//#compose/s{from}").parse().unwrap(),
        Basis::Discovered,
    );
    claim.to = Some(format!("repo:code.test/shop//#compose/s{to}"));
    claim.evidence = vec![Evidence::at("compose.yaml", from as u32 + 1)];
    claim
}

/// A scan of one repository with so many claims, read at commit `commit`.
pub(crate) fn scan(minute: i64, commit: &str, claims: usize) -> Statement {
    let mut header = header("collector:compose", "repo:code.test/shop@main", minute);
    header.source = Source { at: Some(time(minute)), id: Some(commit.to_owned()) };
    Statement::new(header, (0..claims).map(|index| calls(index, index + 1)).collect())
}

/// A person's word: this service is described so.
pub(crate) fn word(minute: i64, person: &str, text: &str) -> Statement {
    let mut claim =
        Claim::new("description", "repo:code.test/shop//#compose/s1".parse().unwrap(), Basis::Stated);
    claim.value = Some(text.into());
    said(minute, person, claim)
}

/// A person withdraws `op:…` or `statement:…`.
pub(crate) fn withdraw(minute: i64, person: &str, target: &str) -> Statement {
    let mut claim = Claim::new("withdrawn", target.parse().unwrap(), Basis::Stated);
    claim.value = Some(true.into());
    said(minute, person, claim)
}

/// A person retires a scope.
pub(crate) fn retire(minute: i64, person: &str, scope: &str) -> Statement {
    let mut claim = Claim::new("retired", scope.parse().unwrap(), Basis::Stated);
    claim.value = Some(true.into());
    said(minute, person, claim)
}

/// A person has a person forgotten.
pub(crate) fn forget(minute: i64, person: &str, whom: &str) -> Statement {
    let mut claim = Claim::new("forgotten", whom.parse().unwrap(), Basis::Stated);
    claim.value = Some(true.into());
    said(minute, person, claim)
}

/// A person has a claim redacted.
pub(crate) fn redact(minute: i64, person: &str, claim: &Hash, why: &str) -> Statement {
    let of = format!("claim:{claim}").parse().unwrap();
    let mut claim = Claim::new("redacted", of, Basis::Stated);
    claim.value = Some(why.into());
    said(minute, person, claim)
}

pub(crate) fn said(minute: i64, person: &str, claim: Claim) -> Statement {
    let scope = claim.fact_scope().unwrap();
    Statement::new(header(&format!("person:{person}"), scope.as_str(), minute), vec![claim])
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
