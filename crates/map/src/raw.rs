//! A claim's canonical bytes, taken apart without building the model's types: a rebuild reads a million of them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use stave_model::{Basis, hash_bytes};

/// A text that is borrowed from the claim's bytes where it contains no escape.
#[derive(Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

#[derive(Deserialize)]
pub(crate) struct RawClaim<'a> {
    pub(crate) basis: Basis,
    #[serde(borrow, default)]
    pub(crate) env: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) evidence: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) keys: std::collections::BTreeMap<Text<'a>, Vec<Text<'a>>>,
    #[serde(default)]
    pub(crate) not: bool,
    #[serde(borrow)]
    pub(crate) of: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) to: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) value: Option<&'a RawValue>,
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The first 64 bits of a claim's hash: enough to see which claims of one slot are the same ones.
pub(crate) fn short_hash(bytes: &[u8]) -> i64 {
    let hash = hash_bytes(bytes).0;
    i64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
}

pub(crate) fn basis_number(basis: Basis) -> i64 {
    match basis {
        Basis::Stated => 0,
        Basis::Declared => 1,
        Basis::Observed => 2,
        Basis::Discovered => 3,
    }
}

pub(crate) fn basis_of(number: i64) -> Basis {
    match number {
        0 => Basis::Stated,
        1 => Basis::Declared,
        2 => Basis::Observed,
        _ => Basis::Discovered,
    }
}
