//! The client's side: bodies as lines, and answers, read.

use std::io::{BufRead, Write};

use stave_model::canonical;

use super::{AppendLine, ErrorLine, RepeatsWord, Row};
use crate::exchange::{Lines, write_claim};
use crate::{Error, Prepared, Repeats, Result};

/// Writes the body of an append.
pub(crate) struct AppendWriter<W> {
    into: W,
}

impl<W: Write> AppendWriter<W> {
    pub(crate) fn new(into: W, repeats: Repeats) -> Result<AppendWriter<W>> {
        let mut writer = AppendWriter { into };
        writer.line(&canonical(&AppendLine { append: RepeatsWord::of(repeats) }))?;
        Ok(writer)
    }

    fn line(&mut self, bytes: &[u8]) -> Result<()> {
        self.into.write_all(bytes).and_then(|()| self.into.write_all(b"\n")).map_err(Error::Export)
    }

    pub(crate) fn add(&mut self, said: &Prepared) -> Result<()> {
        let row = Row {
            id: Some(said.id),
            header: Some(said.header.clone()),
            count: Some(said.claim_count),
            ..Row::default()
        };
        self.line(&canonical(&row))?;
        let into = &mut self.into;
        said.body.each(said.claim_count, &mut |line| write_claim(into, line))
    }

    pub(crate) fn finish(mut self) -> Result<W> {
        self.line(&canonical(&Row { end: Some(true), ..Row::default() }))?;
        Ok(self.into)
    }
}

/// Writes a body of rows.
pub(crate) struct RowWriter(Vec<u8>);

impl RowWriter {
    pub(crate) fn of(rows: impl Iterator<Item = Row>) -> Vec<u8> {
        let mut writer = RowWriter(Vec::new());
        for row in rows {
            writer.add(&row);
        }
        writer.add(&Row { end: Some(true), ..Row::default() });
        writer.0
    }

    fn add(&mut self, row: &Row) {
        self.0.extend_from_slice(&canonical(row));
        self.0.push(b'\n');
    }
}

/// An answer that is read line by line.
pub(crate) struct Answer<R> {
    lines: Lines<R>,
    /// Whether the end said that more can be asked for.
    pub(crate) has_more: bool,
}

impl<R: BufRead> Answer<R> {
    pub(crate) fn new(source: R, from: &str) -> Answer<R> {
        Answer { lines: Lines::new(source, from), has_more: false }
    }

    /// The next row; none at the end. What the server could not finish is an error.
    pub(crate) fn row(&mut self) -> Result<Option<Row>> {
        let row: Row = self.lines.value("a line of an answer")?;
        if let Some(error) = row.error {
            return Err(failed(error));
        }
        if row.end == Some(true) {
            self.has_more = row.more == Some(true);
            return Ok(None);
        }
        Ok(Some(row))
    }

    /// The next line as it is: a claim, or what stands for one. No claim begins as an error does.
    pub(crate) fn raw_claim(&mut self) -> Result<&[u8]> {
        let line = self.lines.raw("a claim")?;
        if line.starts_with(b"{\"error\":") {
            let row: Row = serde_json::from_slice(line).unwrap_or_default();
            return Err(failed(row.error.unwrap_or_default()));
        }
        Ok(line)
    }

    /// The next row, as what it has to be.
    pub(crate) fn one<T>(&mut self, of: impl FnOnce(Row) -> Option<T>) -> Result<Option<T>> {
        match self.row()? {
            Some(row) => Ok(Some(of(row).ok_or_else(|| self.strange())?)),
            None => Ok(None),
        }
    }

    /// All rows up to the end.
    pub(crate) fn all<T>(&mut self, of: impl Fn(Row) -> Option<T>) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(one) = self.one(&of)? {
            all.push(one);
        }
        Ok(all)
    }

    /// Exactly one row.
    pub(crate) fn only<T>(&mut self, of: impl FnOnce(Row) -> Option<T>) -> Result<T> {
        let found = self.one(of)?.ok_or_else(|| self.strange())?;
        match self.row()? {
            None => Ok(found),
            Some(_) => Err(self.strange()),
        }
    }

    pub(crate) fn strange(&self) -> Error {
        self.lines.wrong("something else should stand here")
    }
}

/// What the server could not go on with after it had begun to answer.
fn failed(error: ErrorLine) -> Error {
    match error {
        ErrorLine { number: Some(number), .. } => Error::NoStatement(number),
        ErrorLine { message, hint: None, .. } if message.trim().is_empty() => {
            Error::Caller("the server could not go on, and does not say why".into())
        }
        ErrorLine { message, hint: None, .. } => Error::Caller(message.into()),
        ErrorLine { message, hint: Some(hint), .. } => {
            Error::Caller(format!("{message}\n\nhint: {hint}").into())
        }
    }
}
