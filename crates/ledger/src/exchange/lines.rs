//! Lines of an export, one after the other, with their numbers and a limit on their length.

use std::io::{BufRead, Read};

use serde::{Deserialize, de::DeserializeOwned};
use stave_model::{Hash, Header, limits};

use super::{FORM, Heard, HeardLine, Line};
use crate::error::{Error, Result};

/// The longest line: the largest header, escaped and labelled.
const LINE_BYTES: usize = limits::HEADER_BYTES + 64 * 1024;

const HINT_FORM: &str = "hint: a merge takes what `stave export --as jsonl` writes";
const HINT_CUT: &str = "hint: the file was cut off on its way; export or copy it again";

/// A claim in the file.
pub(crate) enum Claimed {
    Whole(Box<stave_model::Claim>),
    /// Only its hash is left.
    Redacted(Hash),
}

/// A file in this form, read line by line. Knows what has to come next.
pub(crate) struct Lines<R> {
    source: R,
    input: String,
    number: u64,
    buffer: Vec<u8>,
}

/// A line of an append behind its first one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidOrEnd {
    id: Option<Hash>,
    header: Option<Header>,
    count: Option<u64>,
    #[serde(default)]
    end: bool,
}

/// The head of a statement in the file.
pub(crate) struct Said {
    pub(crate) id: Hash,
    pub(crate) header: Header,
    pub(crate) count: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(source: R, input: &str) -> Lines<R> {
        Lines { source, input: input.to_owned(), number: 0, buffer: Vec::new() }
    }

    /// An error about the line that was read last.
    pub(crate) fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        self.wrong_at(self.number, problem)
    }

    /// An error about an earlier line.
    pub(crate) fn wrong_at(&self, line: u64, problem: impl std::fmt::Display) -> Error {
        Error::Line { input: self.input.clone(), line, problem: problem.to_string() }
    }

    /// The line that was read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Reads a line into the buffer; false at the end.
    fn read(&mut self) -> Result<bool> {
        self.buffer.clear();
        self.number += 1;
        let mut limited = (&mut self.source).take(LINE_BYTES as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer);
        read.map_err(|source| Error::Io { path: self.input.clone().into(), source })?;
        if self.buffer.len() > LINE_BYTES {
            return Err(self.wrong(format!("the line is longer than {LINE_BYTES} bytes\n\n{HINT_FORM}")));
        }
        Ok(!self.buffer.is_empty())
    }

    fn next(&mut self, wanted: &str) -> Result<Line> {
        self.value(wanted)
    }

    /// The next line as it is, without its end.
    pub(crate) fn raw(&mut self, wanted: &str) -> Result<&[u8]> {
        if !self.read()? {
            return Err(self.wrong(format!("the file ends here, but {wanted} should follow\n\n{HINT_CUT}")));
        }
        Ok(self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer))
    }

    /// The next line as the value that has to stand in it.
    pub(crate) fn value<T: DeserializeOwned>(&mut self, wanted: &str) -> Result<T> {
        self.raw(wanted)?;
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        serde_json::from_slice(line).map_err(|error| {
            // The parser counts lines of its own; only its column is of use.
            let text = error.to_string();
            let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
            self.wrong(format!(
                "{wanted} should stand here; column {}: {what}\n\n{}",
                error.column(),
                if self.buffer.ends_with(b"\n") { HINT_FORM } else { HINT_CUT }
            ))
        })
    }

    fn other(&self, wanted: &str) -> Error {
        self.wrong(format!("{wanted} should stand here\n\n{HINT_FORM}"))
    }

    /// The first line.
    pub(super) fn first(&mut self) -> Result<Line> {
        let wanted = "the first line of an export";
        let line = self.next(wanted)?;
        match line.stave {
            None => Err(self.other(wanted)),
            Some(FORM) => Ok(line),
            Some(form) => Err(self.wrong(format!(
                "the export has form {form}; this Stave reads {FORM}\n\nhint: use the Stave that wrote it, or a newer one"
            ))),
        }
    }

    /// A row of the people directory.
    pub(crate) fn person(&mut self) -> Result<stave_model::PersonRow> {
        let wanted = "a person";
        match self.next(wanted)? {
            Line { person: Some(person), .. } => Ok(person),
            _ => Err(self.other(wanted)),
        }
    }

    /// A row of the register.
    pub(crate) fn heard(&mut self) -> Result<HeardLine> {
        let wanted = "a row of the register (`heard`)";
        match self.next(wanted)? {
            Line { heard: Some(Heard::Row(row)), .. } => Ok(row),
            _ => Err(self.other(wanted)),
        }
    }

    /// The head of a statement.
    pub(crate) fn said(&mut self) -> Result<Said> {
        let wanted = "a statement (`id`, `header`, `count`)";
        match self.next(wanted)? {
            Line { id: Some(id), header: Some(header), count: Some(count), .. } => {
                Ok(Said { id, header, count })
            }
            _ => Err(self.other(wanted)),
        }
    }

    /// The head of a statement, or none where the line says that this was all.
    pub(crate) fn said_or_end(&mut self) -> Result<Option<Said>> {
        let wanted = "a statement (`id`, `header`, `count`) or the end";
        match self.value(wanted)? {
            SaidOrEnd { id: Some(id), header: Some(header), count: Some(count), end: false } => {
                Ok(Some(Said { id, header, count }))
            }
            SaidOrEnd { id: None, header: None, count: None, end: true } => Ok(None),
            _ => Err(self.other(wanted)),
        }
    }

    /// A claim, or what a redacted one has left.
    pub(crate) fn claim(&mut self) -> Result<Claimed> {
        let wanted = "a claim";
        match self.next(wanted)? {
            Line { claim: Some(claim), redacted: None, .. } => Ok(Claimed::Whole(Box::new(claim))),
            Line { redacted: Some(hash), claim: None, .. } => Ok(Claimed::Redacted(hash)),
            _ => Err(self.other(wanted)),
        }
    }

    /// Passes over lines that were checked before.
    pub(crate) fn skip(&mut self, lines: u64) -> Result<()> {
        for _ in 0..lines {
            if !self.read()? {
                return Err(self.wrong(format!("the file became shorter while it was read\n\n{HINT_CUT}")));
            }
        }
        Ok(())
    }

    /// Nothing may follow.
    pub(crate) fn end(&mut self) -> Result<()> {
        if self.read()? {
            return Err(self.wrong(format!("nothing should follow the last statement\n\n{HINT_FORM}")));
        }
        Ok(())
    }
}
