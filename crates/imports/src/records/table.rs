//! Tables as text: which bytes are letters, what separates columns, and rows with their line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::mapping::plain;
use super::row::Row;
use crate::{Warning, limits};

/// A table: its columns, its rows with the number that people see, and what had to be assumed.
#[derive(Default)]
pub(crate) struct Table {
    /// As they are written, the first of each name.
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<(u64, Row)>,
    pub(crate) notes: Vec<String>,
    pub(crate) warnings: Vec<Warning>,
}

/// Signs that separate columns.
const SEPARATORS: &[u8] = b",;\t|";

/// The text of a file: UTF-8, or UTF-16 with its mark, or else one byte a letter.
pub(crate) fn decoded<'a>(bytes: &'a [u8], notes: &mut Vec<String>) -> Cow<'a, str> {
    let little = bytes.strip_prefix(b"\xff\xfe");
    let big = bytes.strip_prefix(b"\xfe\xff");
    if let Some(rest) = little.or(big) {
        let number = |pair: &[u8]| match (pair, little.is_some()) {
            ([low, high], true) | ([high, low], false) => u16::from_be_bytes([*high, *low]),
            _ => u16::from(b'?'),
        };
        let units: Vec<u16> = rest.chunks(2).map(number).collect();
        return Cow::Owned(String::from_utf16_lossy(&units));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            notes.push("the file is not UTF-8; every byte was read as a letter of Latin-1".to_owned());
            Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
    }
}

/// What separates the columns of a text's first line, where it has several.
pub(crate) fn separator(text: &str) -> Option<u8> {
    let mut counts = [0_u32; SEPARATORS.len()];
    let mut is_quoted = false;
    for byte in text.bytes().take(limits::NAME_BYTES * limits::COLUMNS) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if !is_quoted => {
                if let Some(place) = SEPARATORS.iter().position(|separator| *separator == byte) {
                    counts[place] += 1;
                }
            }
            _ => {}
        }
    }
    let most = (0..counts.len()).max_by_key(|place| (counts[*place], std::cmp::Reverse(*place)))?;
    (counts[most] > 0).then(|| SEPARATORS[most])
}

/// Reads a table whose columns are separated so.
pub(crate) fn read(text: &str, separator: u8) -> Table {
    let mut table = Table::default();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else { return table };
    let names = Names::new(header.iter(), &mut table);
    let mut ragged = 0_u64;
    for record in records {
        if table.rows.len() >= limits::ROWS || table.warnings.len() >= limits::WARNINGS {
            table.warnings.push(Warning { row: None, what: "the rest of the file was not read".to_owned() });
            break;
        }
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                if record.iter().all(|cell| cell.trim().is_empty()) {
                    continue;
                }
                ragged += u64::from(record.len() != names.count());
                table.rows.push((line, names.row(record.iter())));
            }
            Err(error) => {
                let row = error.position().map(csv::Position::line);
                table.warnings.push(Warning { row, what: "this row is no text".to_owned() });
            }
        }
    }
    if ragged > 0 {
        table.notes.push(format!(
            "{ragged} rows have more or fewer cells than there are columns; missing ones are empty, others left out"
        ));
    }
    table
}

/// The columns of a table.
pub(crate) struct Names(Vec<Arc<str>>);

impl Names {
    /// From the first row; says which names are there several times.
    pub(crate) fn new<'a>(header: impl Iterator<Item = &'a str>, table: &mut Table) -> Names {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut names: Vec<Arc<str>> = Vec::new();
        for cell in header.take(limits::COLUMNS) {
            let name = plain(cell);
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 && !name.is_empty() {
                table.columns.push(cell.trim().to_owned());
            }
            names.push(name.into());
        }
        for column in &table.columns {
            let count = seen.get(&plain(column)).copied().unwrap_or_default();
            if count > 1 {
                table.notes.push(format!(
                    "the column \"{column}\" is there {count} times; all of it was taken where several values can be, else the first that isn't empty"
                ));
            }
        }
        Names(names)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// A row of cells in the order of the columns. Columns without a name are left out.
    pub(crate) fn row<'a>(&self, cells: impl Iterator<Item = &'a str>) -> Row {
        let cells =
            self.0.iter().zip(cells).filter(|(name, cell)| !name.is_empty() && !cell.trim().is_empty());
        Row::Table(cells.map(|(name, cell)| (Arc::clone(name), cell.to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        read(text, separator(text).unwrap_or(b','))
    }

    #[test]
    fn separators_are_told_from_the_first_line() {
        for (text, want) in [
            ("a,b;c,d\n", Some(b',')),
            ("a;b\n1,2,3", Some(b';')),
            ("a\tb", Some(b'\t')),
            ("\"a,b,c\";d", Some(b';')),
            ("alone\na,b", None),
        ] {
            assert_eq!(separator(text), want, "{text}");
        }
    }

    #[test]
    fn quoted_line_breaks_are_part_of_a_cell() {
        let table = table("key,text\n1,\"first\nsecond, \"\"quoted\"\"\"\n2,b\n");
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0].1.texts("text"), ["first\nsecond, \"quoted\""]);
        assert_eq!(table.rows.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn repeated_columns_are_said_and_taken_together() {
        let table = table("Key,Labels,Labels\nA-1,x,y\n");
        assert_eq!(table.rows[0].1.texts("labels"), ["x", "y"]);
        assert_eq!(table.columns, ["Key", "Labels"]);
        assert!(table.notes[0].contains("\"Labels\" is there 2 times"), "{:?}", table.notes);
    }

    #[test]
    fn ragged_rows_are_said() {
        let table = table("a,b\n1\n1,2,3\n,\n");
        assert_eq!(table.rows.len(), 2);
        assert!(table.notes[0].starts_with("2 rows have more or fewer cells"));
    }

    #[test]
    fn files_of_other_encodings_are_read() {
        let mut notes = Vec::new();
        assert_eq!(decoded(b"\xff\xfea\x00;\x00\xe4\x00", &mut notes), "a;ä");
        assert_eq!(decoded(b"\xfe\xff\x00a", &mut notes), "a");
        assert!(notes.is_empty());
        assert_eq!(decoded(b"a;\xe4", &mut notes), "a;ä");
        assert_eq!(notes.len(), 1);
    }
}
