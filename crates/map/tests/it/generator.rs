//! Draws stories: lists of small steps that [`Teller`] turns into statements of a small universe.
//!
//! Steps hold nothing but small numbers, so that a failing story shrinks well: each number picks from a short
//! list, or from what the story has said so far. The universe is small so that names, keys and facts meet often.

mod teller;

use proptest::prelude::*;

pub(crate) use teller::{START, Teller, op};

/// What a claim says, without who says it.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Exists(u8),
    SameAs,
    One(u8, u8),
    Over(u8, u8),
    Text(u8, u8),
    Relation(u8),
    DefaultBranch(u8, u8),
    Unknown,
}

/// A claim that refers to the universe by number.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    what: What,
    of: u8,
    to: u8,
    keys: Vec<(bool, u8)>,
    env: u8,
    paths: u8,
    basis: u8,
}

/// When a statement is stamped, seen from the story's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stamp {
    Now,
    Past(u8),
    Future(u8),
    /// The time of an earlier statement.
    Same(u8),
}

/// How a re-scan differs from the scan that it repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Again {
    NewCommit,
    OldCommit,
    SameSource,
    /// The same in everything that orders statements.
    SameInstant,
    RaisedRules,
    Drops(u8),
    LeavesUnread(u8),
    /// References move to another folder; with or without their keys.
    Moves(bool),
    /// Another branch, or the work tree.
    Elsewhere(u8),
    /// The same author about the same things in a ticket, with another value.
    Rival(u8),
}

/// What a word is about.
#[derive(Clone, Debug)]
pub(crate) enum About {
    Fresh(Seed),
    /// The fact of an earlier claim: with its value or another one, and denied or not.
    Earlier {
        claim: u16,
        not: bool,
        value: Option<u8>,
    },
    /// Two references that occurred; joined or not.
    Pair {
        a: u8,
        b: u8,
        not: bool,
    },
}

/// Which words a word replaces.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Replaces {
    Nothing,
    /// All words on the fact.
    Shown,
    Any(u8),
    LastWord,
    Unknown(u8),
}

/// What a word lists as said against it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Against {
    Nothing,
    Everything,
    Half,
}

/// Whether a statement has an op of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum InOp {
    Own,
    Earlier(u8),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Undo {
    Op(u8),
    Statement(u8),
    LastOp,
    LastStatement,
    /// The last withdrawal.
    Withdrawal,
    Unknown,
}

/// One act of a story.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Scan {
        author: u8,
        scope: u8,
        source: u8,
        rules: u8,
        unread: u8,
        stamp: Stamp,
        claims: Vec<Seed>,
    },
    Rescan {
        of: u8,
        again: Again,
        stamp: Stamp,
    },
    /// Runs one after the other that each fail to read something else, and say nothing.
    Stumble {
        of: u8,
        unread: [u8; 4],
        runs: u8,
    },
    Word {
        person: u8,
        about: About,
        keys: u8,
        replaces: Replaces,
        against: Against,
        stamp: Stamp,
        op: InOp,
    },
    Undo {
        person: u8,
        what: Undo,
        replaces: Replaces,
        stamp: Stamp,
        op: InOp,
    },
    /// Withdrawals that withdraw each other.
    Circle {
        person: u8,
        length: u8,
    },
    Retire {
        person: u8,
        scope: u8,
        replaces: Replaces,
        stamp: Stamp,
    },
    Repositories {
        person: u8,
        a: u8,
        b: u8,
        not: bool,
    },
    EndWork {
        repository: u8,
        branch: u8,
    },
    /// One reference is none of those that a machine gave one of its keys.
    Alone {
        person: u8,
        of: u8,
    },
    /// Many references with one key.
    Crowd {
        key: u8,
        count: u8,
        inside: bool,
    },
}

fn seed() -> impl Strategy<Value = Seed> {
    let what = prop_oneof![
        3 => any::<u8>().prop_map(What::Exists),
        2 => Just(What::SameAs),
        4 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| What::One(a, b)),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| What::Over(a, b)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| What::Text(a, b)),
        4 => any::<u8>().prop_map(What::Relation),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| What::DefaultBranch(a, b)),
        1 => Just(What::Unknown),
    ];
    let keys = proptest::collection::vec((any::<bool>(), any::<u8>()), 0..4);
    (what, any::<u8>(), any::<u8>(), keys, any::<u8>(), any::<u8>(), any::<u8>())
        .prop_map(|(what, of, to, keys, env, paths, basis)| Seed { what, of, to, keys, env, paths, basis })
}

fn stamp() -> impl Strategy<Value = Stamp> {
    prop_oneof![
        12 => Just(Stamp::Now),
        1 => any::<u8>().prop_map(Stamp::Past),
        1 => any::<u8>().prop_map(Stamp::Future),
        1 => any::<u8>().prop_map(Stamp::Same),
    ]
}

fn again() -> impl Strategy<Value = Again> {
    prop_oneof![
        2 => Just(Again::NewCommit),
        1 => Just(Again::OldCommit),
        1 => Just(Again::SameSource),
        1 => Just(Again::SameInstant),
        1 => Just(Again::RaisedRules),
        2 => any::<u8>().prop_map(Again::Drops),
        4 => any::<u8>().prop_map(Again::LeavesUnread),
        2 => any::<bool>().prop_map(Again::Moves),
        2 => any::<u8>().prop_map(Again::Elsewhere),
        2 => any::<u8>().prop_map(Again::Rival),
    ]
}

fn about() -> impl Strategy<Value = About> {
    let value = proptest::option::of(any::<u8>());
    let earlier = (any::<u16>(), any::<bool>(), value);
    prop_oneof![
        3 => seed().prop_map(About::Fresh),
        6 => earlier.prop_map(|(claim, not, value)| About::Earlier { claim, not, value }),
        4 => (any::<u8>(), any::<u8>(), any::<bool>()).prop_map(|(a, b, not)| About::Pair { a, b, not }),
    ]
}

fn replaces() -> impl Strategy<Value = Replaces> {
    prop_oneof![
        6 => Just(Replaces::Nothing),
        3 => Just(Replaces::Shown),
        1 => any::<u8>().prop_map(Replaces::Any),
        1 => Just(Replaces::LastWord),
        1 => any::<u8>().prop_map(Replaces::Unknown),
    ]
}

fn against() -> impl Strategy<Value = Against> {
    prop_oneof![3 => Just(Against::Nothing), 2 => Just(Against::Everything), 1 => Just(Against::Half)]
}

fn in_op() -> impl Strategy<Value = InOp> {
    prop_oneof![5 => Just(InOp::Own), 1 => any::<u8>().prop_map(InOp::Earlier)]
}

fn undo() -> impl Strategy<Value = Undo> {
    prop_oneof![
        1 => any::<u8>().prop_map(Undo::Op),
        1 => any::<u8>().prop_map(Undo::Statement),
        2 => Just(Undo::LastOp),
        2 => Just(Undo::LastStatement),
        2 => Just(Undo::Withdrawal),
        1 => Just(Undo::Unknown),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let scan = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), stamp());
    let scan = (scan, proptest::collection::vec(seed(), 0..8)).prop_map(
        |((author, scope, source, rules, unread, stamp), claims)| Step::Scan {
            author,
            scope,
            source,
            rules,
            unread,
            stamp,
            claims,
        },
    );
    let word = (any::<u8>(), about(), any::<u8>(), replaces(), against(), stamp(), in_op()).prop_map(
        |(person, about, keys, replaces, against, stamp, op)| Step::Word {
            person,
            about,
            keys,
            replaces,
            against,
            stamp,
            op,
        },
    );
    let undo = (any::<u8>(), undo(), replaces(), stamp(), in_op())
        .prop_map(|(person, what, replaces, stamp, op)| Step::Undo { person, what, replaces, stamp, op });
    let retire = (any::<u8>(), any::<u8>(), replaces(), stamp())
        .prop_map(|(person, scope, replaces, stamp)| Step::Retire { person, scope, replaces, stamp });
    let rescan =
        (any::<u8>(), again(), stamp()).prop_map(|(of, again, stamp)| Step::Rescan { of, again, stamp });
    prop_oneof![
        20 => scan,
        14 => rescan,
        2 => (any::<u8>(), any::<[u8; 4]>(), any::<u8>())
            .prop_map(|(of, unread, runs)| Step::Stumble { of, unread, runs }),
        24 => word,
        5 => undo,
        1 => (any::<u8>(), any::<u8>()).prop_map(|(person, length)| Step::Circle { person, length }),
        2 => retire,
        3 => (any::<u8>(), any::<u8>(), any::<u8>(), any::<bool>())
            .prop_map(|(person, a, b, not)| Step::Repositories { person, a, b, not }),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(person, of)| Step::Alone { person, of }),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(repository, branch)| Step::EndWork { repository, branch }),
        1 => (any::<u8>(), any::<u8>(), any::<bool>())
            .prop_map(|(key, count, inside)| Step::Crowd { key, count, inside }),
    ]
}

/// A story of up to `longest` steps.
pub(crate) fn story(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..=longest)
}
