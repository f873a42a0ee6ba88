//! The words of Stave as types: statements, claims, references, their canonical form and hashes.
//!
//! Everything here is pure: no file, clock, network or randomness. A value of these types has been
//! parsed and is within the documented limits (docs/ledger.md), so the rooms behind need not check again.

mod check;
mod claim;
mod described;
mod hash;
mod name;
mod people;
pub mod records;
mod statement;
mod time;
mod words;

pub use check::Checker;
pub use claim::{Basis, Claim, Evidence, ParseBasisError};
pub use hash::{Hash, ParseHashError, canonical, claims_hash, hash_bytes};
pub use name::{
    Author, Key, NameError, Reference, Scope, escape_fact_part, fact_scope, slug, unescape_fact_part,
};
pub use people::{EstateKey, PersonRow, person_author};
pub use statement::{CheckError, Header, Op, ParseOpError, Source, Statement, VERSION};
pub use time::{ParseTimeError, Time};
pub use words::{
    CLAIM_TYPES, COMMON_NAMES, ClaimType, Flow, KeyStrength, Kind, Mode, Relation, Target, claim_type,
    key_strength, redacted_claim,
};

/// Limits on everything that enters a ledger. They are part of the format (docs/ledger.md, "Limits").
pub mod limits {
    /// Longest name (author, scope, reference, key), in bytes.
    pub const NAME_BYTES: usize = 2_048;
    /// Largest canonical form of a header, in bytes: what one line of an export can hold.
    pub const HEADER_BYTES: usize = 16 * 1024 * 1024;
    /// Largest canonical form of one claim, in bytes.
    pub const CLAIM_BYTES: usize = 256 * 1024;
    /// Deepest nesting of a claim's value.
    pub const VALUE_DEPTH: usize = 8;
    /// Most claims in one statement.
    pub const CLAIMS: usize = 4_000_000;
    /// Most statements that one statement replaces.
    pub const REPLACES: usize = 1_024;
    /// Most unread paths of one statement.
    pub const UNREAD: usize = 100_000;
    /// Most keys of one reference in one claim.
    pub const KEYS: usize = 64;
    /// Most points of evidence of one claim.
    pub const EVIDENCE: usize = 1_024;
}
