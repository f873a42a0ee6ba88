//! Other tools' exports to claims: traces of what was seen at run time, and bills of materials.
//!
//! A file is recognised by its content, never by its name. What it says is one statement about one scope, so importing
//! its successor replaces it. This crate reads bytes and gives claims; it opens no file, asks no network and never
//! prints. No value that could be a secret reaches a claim: of an address only its host is taken.
//!
//! What a service is called at run time meets what manifests call it by the keys of the ledger's format
//! (docs/ledger.md, section 2): its image is a strong one, its name and port are hints. A bare name alone joins nothing.

mod bill;
pub mod limits;
mod names;
mod traces;

use stave_model::{Author, Claim, Scope, Time};

/// Something in a file that could not be used; the rest went in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The row or document in the file, from 1, where that can be told.
    pub row: Option<u64>,
    /// What happened.
    pub what: String,
}

/// What one file says: one statement.
#[derive(Clone, Debug)]
pub struct Import {
    /// The format, in words: `OpenTelemetry traces`.
    pub format: &'static str,
    /// Who says it: the tool and the part of it.
    pub author: Author,
    /// The version of this reader's meaning.
    pub rules: u32,
    /// What it covers; the next file about it replaces this one.
    pub scope: Scope,
    /// The file's own date: the latest span, the document's time stamp.
    pub at: Option<Time>,
    /// Its claims.
    pub claims: Vec<Claim>,
    /// How many rows (spans, dependencies, components) it was made of.
    pub rows: u64,
    /// What of these put nothing on the map, with the reason, in words.
    pub left_aside: Vec<String>,
    /// Rows that could not be used; they stand in `unread` as `ROW`.
    pub warnings: Vec<Warning>,
}

/// Why a file can't be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Over [`limits::FILE_BYTES`].
    #[error("{0} bytes are over the limit of {limit}\n\nhint: split it, by time or by service", limit = limits::FILE_BYTES)]
    TooLarge(u64),
    /// Not JSON.
    #[error("line {line}: {what}")]
    Broken {
        /// From 1.
        line: u64,
        /// What the parser said.
        what: String,
    },
    /// Readable, but no format that is known here.
    #[error(
        "this is none of the formats that can be imported\n\nhint: OpenTelemetry traces (OTLP JSON), Jaeger traces and dependencies (JSON), CycloneDX JSON, SPDX JSON"
    )]
    Unknown,
    /// A name that can stand in no scope.
    #[error(
        "\"{0}\" is no name for where this comes from\n\nhint: letters, digits, - and . are always right"
    )]
    Origin(String),
}

/// Reads a file's bytes. `file` is its name, for evidence; `origin` says where it comes from (`production`): what is
/// imported with the same origin later replaces it.
///
/// # Errors
/// Where nothing of the file can be used.
pub fn import(file: &str, bytes: &[u8], origin: &str) -> Result<Import, ImportError> {
    let size = bytes.len() as u64;
    if size > limits::FILE_BYTES {
        return Err(ImportError::TooLarge(size));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let source = Source { file: names::file_name(file), origin: names::origin(origin)? };
    let head: Head = match first_document(bytes) {
        Ok(head) => head,
        Err(error) => {
            return Err(ImportError::Broken { line: error.line() as u64, what: plain_reason(&error) });
        }
    };
    if head.bom_format.as_deref() == Some("CycloneDX") {
        return bill::cyclonedx(bytes, &source);
    }
    if head.spdx_version.is_some() {
        return bill::spdx(bytes, &source);
    }
    if head.resource_spans.is_some() {
        return traces::otlp(bytes, &source);
    }
    if head.data.is_some() {
        return traces::jaeger(bytes, &source);
    }
    Err(ImportError::Unknown)
}

/// Where a file comes from.
pub(crate) struct Source {
    /// The last part of its path.
    pub(crate) file: String,
    pub(crate) origin: String,
}

/// The fields that tell formats apart; what they hold is not looked at here.
#[derive(Default, serde::Deserialize)]
struct Head {
    #[serde(rename = "bomFormat")]
    bom_format: Option<String>,
    #[serde(rename = "spdxVersion")]
    spdx_version: Option<serde::de::IgnoredAny>,
    #[serde(rename = "resourceSpans", alias = "resource_spans")]
    resource_spans: Option<serde::de::IgnoredAny>,
    data: Option<serde::de::IgnoredAny>,
}

fn first_document(bytes: &[u8]) -> Result<Head, serde_json::Error> {
    let mut documents = serde_json::Deserializer::from_slice(bytes).into_iter::<Head>();
    documents.next().unwrap_or_else(|| Ok(Head::default()))
}

/// The parser's words without the place, which the error carries by itself; never with a value of the file.
fn plain_reason(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "the file ends in the middle of a value".to_owned(),
        serde_json::error::Category::Syntax => "this is no JSON".to_owned(),
        serde_json::error::Category::Data => "a field has another form than the format's".to_owned(),
        serde_json::error::Category::Io => "it can't be read".to_owned(),
    }
}

/// All documents of a file: one, or one a line. A broken one is a warning, and ends the file where its end is unknown.
pub(crate) fn documents<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
    warnings: &mut Vec<Warning>,
    mut each: impl FnMut(T),
) {
    let lines: Vec<&[u8]> =
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let by_line =
        lines.len() > 1 && lines.iter().take(2).all(|line| line.trim_ascii_start().starts_with(b"{"));
    let whole = [bytes];
    let parts = if by_line && serde_json::from_slice::<serde::de::IgnoredAny>(lines[0]).is_ok() {
        &lines[..]
    } else {
        &whole
    };
    for (index, part) in parts.iter().enumerate() {
        match serde_json::from_slice::<T>(part) {
            Ok(document) => each(document),
            Err(error) => {
                let row = if parts.len() > 1 { index as u64 + 1 } else { error.line() as u64 };
                warnings.push(Warning { row: Some(row), what: plain_reason(&error) });
            }
        }
        if warnings.len() >= limits::WARNINGS {
            break;
        }
    }
}
