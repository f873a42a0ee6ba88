//! What goes between a ledger's server and its clients over HTTP: one JSON value a line, as in an export.
//!
//! Both sides are here, so that one form is written and read; who may ask for what, and how bytes come and go, is the
//! business of whoever uses it. An answer of several lines ends with `{"end":true}`: one that was cut off is told from
//! a whole one, whatever stands between.

mod ask;
mod described;
mod give;

use serde::{Deserialize, Serialize};
use stave_model::{Author, Hash, Header, PersonRow, Scope, Time};

use crate::exchange::{EstateLine, HeardLine};
use crate::{Appended, Entry, Error, Outcome, Repeats};

pub(crate) use ask::{Answer, AppendWriter, RowWriter};
pub use described::line_schema;
pub(crate) use give::estate_of;
pub use give::{
    Batch, LINES_ANSWER_BYTES, give_appended, give_entries, give_entry, give_error, give_estate,
    give_forgotten, give_heard, give_ids, give_info, give_latest, give_lines, give_number, give_people,
    give_redacted, give_truth, read_batch, read_estates, read_headers, read_heard, read_horizons,
    read_people,
};

/// The version of this form. A server with a higher one is refused with a hint.
pub const API: u32 = 1;
/// The header of every answer of a Stave server, with its [`API`].
pub const API_HEADER: &str = "stave-api";
/// Where the endpoints stand.
pub const PREFIX: &str = "/api/v1/ledger";

/// Limits on what goes over the network.
pub mod limits {
    /// Most entries in one answer.
    pub const PAGE: usize = 1_000;
    /// Bytes of headers after which a page of entries ends.
    pub const PAGE_BYTES: usize = 8 * 1024 * 1024;
    /// Largest body of an append as it is sent, in bytes.
    pub const APPEND_BYTES: u64 = 256 * 1024 * 1024;
    /// Largest body of an append when it is unpacked, in bytes.
    pub const APPEND_PLAIN_BYTES: u64 = 4 * 1024 * 1024 * 1024;
    /// Most statements in one append.
    pub const APPEND_STATEMENTS: usize = 100_000;
    /// Largest other body, in bytes, as it is sent and when it is unpacked.
    pub const BODY_BYTES: u64 = 64 * 1024 * 1024;
    /// Largest window of a compressed body, as a power of two: what a decoder may be made to reserve.
    pub const WINDOW_LOG: u32 = 23;
}

/// What `info` says.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema, Deserialize)]
pub(crate) struct InfoLine {
    pub(crate) estate: String,
    pub(crate) ledger: String,
    pub(crate) epoch: u64,
    pub(crate) revision: u64,
    pub(crate) position: u64,
    /// From when on its history is whole, where it was compacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) horizon: Option<HorizonLine>,
    /// Who the server says brought what this caller appends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Author>,
}

/// From when on a ledger's history is whole.
#[derive(Clone, Copy, Debug, Serialize, schemars::JsonSchema, Deserialize)]
pub(crate) struct HorizonLine {
    /// Maps of this instant and of later ones are whole.
    pub(crate) time: Time,
    /// So are maps of this position and of later ones.
    pub(crate) position: u64,
}

/// What stands in the way of an answer.
#[derive(Clone, Debug, Default, Serialize, schemars::JsonSchema, Deserialize)]
pub(crate) struct ErrorLine {
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<u64>,
}

impl ErrorLine {
    pub(crate) fn of(error: &Error) -> ErrorLine {
        let text = error.to_string();
        let (message, hint) = match text.split_once("\n\nhint: ") {
            Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
            None => (text, None),
        };
        let number = if let Error::NoStatement(number) = error { Some(*number) } else { None };
        ErrorLine { message, hint, number }
    }
}

/// Any line of an answer; which fields are there says which one it is. Unknown fields are passed over: a server of the
/// same [`API`] may say more.
#[derive(Debug, Default, Serialize, schemars::JsonSchema, Deserialize)]
pub(crate) struct Row {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<ErrorLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) estate: Option<EstateLine>,
    /// The id of a person who was forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forgotten: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<Header>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) heard: Option<HeardLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) info: Option<InfoLine>,
    /// From when on the history of a ledger is whole whose statements are taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) more: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) other: Option<EstateLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<OutcomeWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<PersonRow>,
    /// A claim of which only the hash is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redacted: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) truth: Option<bool>,
}

impl Row {
    pub(crate) fn of_entry(entry: Entry) -> Row {
        Row {
            number: Some(entry.number),
            id: Some(entry.id),
            header: Some(entry.header),
            count: Some(entry.claim_count),
            ..Row::default()
        }
    }

    pub(crate) fn entry(self) -> Option<Entry> {
        Some(Entry { number: self.number?, id: self.id?, header: self.header?, claim_count: self.count? })
    }

    pub(crate) fn of_appended(one: &Appended) -> Row {
        Row {
            number: Some(one.number),
            id: Some(one.id),
            outcome: Some(OutcomeWord::of(one.outcome)),
            ..Row::default()
        }
    }

    pub(crate) fn appended(self) -> Option<Appended> {
        Some(Appended { number: self.number?, id: self.id?, outcome: self.outcome?.outcome() })
    }

    pub(crate) fn heard(self) -> Option<(Author, Scope, Time)> {
        self.heard.map(|row| (row.author, row.scope, row.time))
    }
}

/// An [`Outcome`] as a word.
#[derive(Clone, Copy, Debug, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeWord {
    New,
    Known,
    SameWord,
}

impl OutcomeWord {
    fn of(outcome: Outcome) -> OutcomeWord {
        match outcome {
            Outcome::New => OutcomeWord::New,
            Outcome::Known => OutcomeWord::Known,
            Outcome::SameWord => OutcomeWord::SameWord,
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            OutcomeWord::New => Outcome::New,
            OutcomeWord::Known => Outcome::Known,
            OutcomeWord::SameWord => Outcome::SameWord,
        }
    }
}

/// A [`Repeats`] as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RepeatsWord {
    Skip,
    Keep,
}

impl RepeatsWord {
    pub(crate) fn of(repeats: Repeats) -> RepeatsWord {
        match repeats {
            Repeats::Skip => RepeatsWord::Skip,
            Repeats::Keep => RepeatsWord::Keep,
        }
    }

    fn repeats(self) -> Repeats {
        match self {
            RepeatsWord::Skip => Repeats::Skip,
            RepeatsWord::Keep => Repeats::Keep,
        }
    }
}

/// The first line of an append.
#[derive(Debug, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppendLine {
    pub(crate) append: RepeatsWord,
}
