//! Other tools' exports to claims: traces of what was seen at run time, bills of materials, and records: tickets, incidents
//! and deployments.
//!
//! A file is recognised by its content, never by its name. What it says of the map is one statement about one scope, so
//! importing its successor replaces it; of records each is a statement of its own. This crate reads bytes and gives claims; it opens no file, asks no network and never
//! prints. No value that could be a secret reaches a claim: of an address only its host is taken.
//!
//! What a service is called at run time meets what manifests call it by the keys of the ledger's format
//! (docs/ledger.md, section 2): its image is a strong one, its name and port are hints. A bare name alone joins nothing.

mod bill;
pub mod limits;
mod names;
mod records;
mod traces;

pub use records::{DayOrder, Options, Record, RecordKind, Records, RowStatement};

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
    /// Over [`limits::RECORD_FILE_BYTES`].
    #[error("{0} bytes are over the limit of {limit} for tickets, incidents and deployments\n\nhint: export a part of the time at once", limit = limits::RECORD_FILE_BYTES)]
    TooManyRecords(u64),
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
        "this is none of the formats that can be imported\n\nhint: OpenTelemetry traces (OTLP JSON), Jaeger traces and dependencies (JSON), CycloneDX JSON, SPDX JSON; {formats}, CDEvents, Argo CD applications, and tables (CSV, XLSX) of incidents, tickets or deployments",
        formats = records::formats()
    )]
    Unknown,
    /// A workbook that can't be read.
    #[error("{0}\n\nhint: save the sheet as CSV and import that")]
    Sheet(&'static str),
    /// A table whose columns say too little.
    #[error(
        "nothing tells what these columns are: {0}\n\nhint: --map COLUMN=FIELD says so; at least start and title (or services) are needed. Fields: {fields}",
        fields = records::fields()
    )]
    Columns(String),
    /// A column that was typed isn't there.
    #[error("there is no column \"{column}\"; there are {known}")]
    Column {
        /// As it was typed.
        column: String,
        /// The columns that are there.
        known: String,
    },
    /// A field that was typed is none.
    #[error("\"{0}\" is no field of a record\n\nhint: {fields}", fields = records::fields())]
    Field(String),
    /// A name that can stand in no scope.
    #[error(
        "\"{0}\" is no name for where this comes from\n\nhint: letters, digits, - and . are always right"
    )]
    Origin(String),
}

/// What a file turned out to be.
#[derive(Clone, Debug)]
pub enum Imported {
    /// Claims about pieces of the map: one statement.
    Map(Import),
    /// Tickets, incidents, deployments: a statement for each.
    Records(Records),
}

/// Reads a file's bytes. `file` is its name, for evidence; `options.from` says where it comes from (`production`): what
/// is imported with the same origin later replaces it.
///
/// # Errors
/// Where nothing of the file can be used.
pub fn import(file: &str, bytes: &[u8], options: &Options) -> Result<Imported, ImportError> {
    let size = bytes.len() as u64;
    if size > limits::FILE_BYTES {
        return Err(ImportError::TooLarge(size));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let origin = names::origin(options.from.as_deref().unwrap_or("default"))?;
    let source = Source { file: names::file_name(file), origin };
    if let Some(records) = records::workbook(bytes, &source, options)? {
        return Ok(Imported::Records(records));
    }
    let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    if !is_json && let Some(records) = records::table(bytes, &source, options)? {
        return Ok(Imported::Records(records));
    }
    if let Some(map) = map(bytes, &source)? {
        return Ok(Imported::Map(map));
    }
    match records::json(bytes, &source, options)? {
        Some(records) => Ok(Imported::Records(records)),
        None => Err(ImportError::Unknown),
    }
}

/// A file that says something of the map; `None` where it is JSON of another format.
fn map(bytes: &[u8], source: &Source) -> Result<Option<Import>, ImportError> {
    // A list at the top is none of these formats.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Ok(None);
    }
    let head: Head = match first_document(bytes) {
        Ok(head) => head,
        Err(error) => {
            return Err(ImportError::Broken { line: error.line() as u64, what: plain_reason(&error) });
        }
    };
    if head.bom_format.as_deref() == Some("CycloneDX") {
        return bill::cyclonedx(bytes, source).map(Some);
    }
    if head.spdx_version.is_some() {
        return bill::spdx(bytes, source).map(Some);
    }
    if head.resource_spans.is_some() {
        return traces::otlp(bytes, source).map(Some);
    }
    if head.data.is_some_and(|data| data.is_jaeger) {
        return traces::jaeger(bytes, source).map(Some);
    }
    Ok(None)
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
    data: Option<Data>,
}

/// Whether the first row of a list `data` is one of Jaeger's traces or dependencies; other tools call a list so, too.
struct Data {
    is_jaeger: bool,
}

impl<'de> serde::Deserialize<'de> for Data {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Data, D::Error> {
        struct First;
        impl<'de> serde::de::Visitor<'de> for First {
            type Value = Data;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a list or an object")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut rows: A) -> Result<Data, A::Error> {
                let first: Option<serde_json::Value> = rows.next_element()?;
                while rows.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                let has = |name: &str| first.as_ref().is_some_and(|row| row.get(name).is_some());
                let is_dependency = has("parent") && has("child");
                Ok(Data { is_jaeger: first.is_none() || has("traceID") || has("spans") || is_dependency })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut fields: A) -> Result<Data, A::Error> {
                while fields.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
                Ok(Data { is_jaeger: false })
            }
        }
        deserializer.deserialize_any(First)
    }
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
