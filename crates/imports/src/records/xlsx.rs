//! The first sheet of a workbook (Office Open XML, ECMA-376) as a table. Dates are numbers with a format that is one.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use stave_model::Time;

use super::table::{Names, Table};
use super::unzip;
use crate::limits;

/// Numbers of built-in formats that are dates or times (ECMA-376, part 1, 18.8.30).
const DATE_FORMATS: &[(u32, u32)] = &[(14, 22), (27, 36), (45, 47), (50, 58)];

/// Days from 1899-12-30, from which sheets count, to 1970-01-01; four years and a day less where they count from 1904.
const DAYS_TO_1970: f64 = 25_569.0;
const DAYS_FROM_1904: f64 = 1_462.0;

const DAMAGED: &str = "the sheet is damaged";

/// Whether a file begins as a workbook does.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// The first visible sheet of a workbook.
pub(crate) fn read(bytes: &[u8]) -> Result<Table, &'static str> {
    let workbook = part(bytes, "xl/workbook.xml")?.ok_or("this archive is no workbook")?;
    let links = part(bytes, "xl/_rels/workbook.xml.rels")?.unwrap_or_default();
    let book = Book::read(&workbook)?;
    let Some((name, link)) = book.sheets.first() else { return Err("the workbook has no sheet") };
    let path = path_of(&links, link)?.ok_or(DAMAGED)?;
    let sheet = part(bytes, &path)?.ok_or(DAMAGED)?;
    let texts = shared_texts(&part(bytes, "xl/sharedStrings.xml")?.unwrap_or_default())?;
    let dates = date_styles(&part(bytes, "xl/styles.xml")?.unwrap_or_default())?;
    let mut table = Table::default();
    if book.sheets.len() > 1 {
        let others = book.sheets.len() - 1;
        table.notes.push(format!("only the first sheet, \"{name}\", was read; {others} more were not"));
    }
    cells(&sheet, &texts, &dates, book.from_1904, &mut table)?;
    Ok(table)
}

fn part(bytes: &[u8], name: &str) -> Result<Option<String>, &'static str> {
    let Some(file) = unzip::file(bytes, name)? else { return Ok(None) };
    String::from_utf8(file).map(Some).map_err(|_| DAMAGED)
}

/// Calls `each` with every event of a document.
fn events(
    xml: &str,
    mut each: impl FnMut(&Event<'_>) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|_| DAMAGED)? {
            Event::Eof => return Ok(()),
            event => each(&event)?,
        }
    }
}

/// An attribute, without its name's prefix.
fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().flatten().find(|one| one.key.local_name().as_ref() == name)?;
    Some(found.value.to_string())
}

/// The text that an event adds.
fn text_of(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(part) => Some(part.to_string()),
        Event::CData(part) => Some(part.to_string()),
        Event::GeneralRef(part) => Some(match &**part {
            "amp" => "&".to_owned(),
            "lt" => "<".to_owned(),
            "gt" => ">".to_owned(),
            "quot" => "\"".to_owned(),
            "apos" => "'".to_owned(),
            // Numbers are letters that a sheet's own encoding has no need for, line ends among them.
            _ => " ".to_owned(),
        }),
        _ => None,
    }
}

/// The visible sheets of a workbook with the ids of their links.
#[derive(Default)]
struct Book {
    sheets: Vec<(String, String)>,
    from_1904: bool,
}

impl Book {
    fn read(xml: &str) -> Result<Book, &'static str> {
        let mut book = Book::default();
        events(xml, |event| {
            let (Event::Start(start) | Event::Empty(start)) = event else { return Ok(()) };
            match start.local_name().as_ref() {
                "workbookPr" => {
                    let value = attribute(start, "date1904").unwrap_or_default();
                    book.from_1904 = matches!(value.as_str(), "1" | "true");
                }
                "sheet" if attribute(start, "state").is_none_or(|state| state == "visible") => {
                    let link = attribute(start, "id").unwrap_or_default();
                    book.sheets.push((attribute(start, "name").unwrap_or_default(), link));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(book)
    }
}

/// The path of the sheet that a link leads to.
fn path_of(links: &str, id: &str) -> Result<Option<String>, &'static str> {
    let mut found = None;
    events(links, |event| {
        let (Event::Start(start) | Event::Empty(start)) = event else { return Ok(()) };
        if start.local_name().as_ref() == "Relationship" && attribute(start, "Id").as_deref() == Some(id) {
            found = attribute(start, "Target").map(|target| match target.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None => format!("xl/{target}"),
            });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Texts that cells refer to by number. What says how to speak them isn't part of them.
fn shared_texts(xml: &str) -> Result<Vec<String>, &'static str> {
    let mut texts = Vec::new();
    let (mut text, mut is_text, mut spoken) = (String::new(), false, 0_u32);
    events(xml, |event| {
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "si" => text.clear(),
                "rPh" => spoken += 1,
                "t" => is_text = spoken == 0,
                _ => {}
            },
            Event::Empty(start) if start.local_name().as_ref() == "si" => texts.push(String::new()),
            Event::End(end) => match end.local_name().as_ref() {
                "si" => texts.push(cut(std::mem::take(&mut text))),
                "rPh" => spoken = spoken.saturating_sub(1),
                "t" => is_text = false,
                _ => {}
            },
            other if is_text => text.extend(text_of(other)),
            _ => {}
        }
        Ok(())
    })?;
    Ok(texts)
}

/// Numbers of the styles that make a number a date.
fn date_styles(xml: &str) -> Result<BTreeSet<usize>, &'static str> {
    let mut formats: BTreeMap<u32, bool> = BTreeMap::new();
    let mut styles = BTreeSet::new();
    let (mut is_cells, mut count) = (false, 0);
    events(xml, |event| {
        match event {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "numFmt" => {
                    let id = attribute(start, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or_default();
                    formats.insert(id, is_date(&attribute(start, "formatCode").unwrap_or_default()));
                }
                "cellXfs" => is_cells = true,
                "xf" if is_cells => {
                    let id: u32 =
                        attribute(start, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or_default();
                    let is_built_in = DATE_FORMATS.iter().any(|(from, to)| (*from..=*to).contains(&id));
                    if formats.get(&id).copied().unwrap_or(is_built_in) {
                        styles.insert(count);
                    }
                    count += 1;
                }
                _ => {}
            },
            Event::End(end) if end.local_name().as_ref() == "cellXfs" => is_cells = false,
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

/// Whether a format shows a date: it has a year, a day or an hour outside of quotes and brackets.
fn is_date(format: &str) -> bool {
    let mut is_aside = false;
    for letter in format.replace("&quot;", "\"").chars() {
        match letter {
            '"' => is_aside = !is_aside,
            '[' => is_aside = true,
            ']' => is_aside = false,
            'y' | 'Y' | 'd' | 'D' | 'h' | 'H' if !is_aside => return true,
            _ => {}
        }
    }
    false
}

/// The cell that is being read.
#[derive(Default)]
struct Cell {
    column: usize,
    kind: String,
    style: usize,
    text: String,
}

fn cells(
    xml: &str,
    texts: &[String],
    dates: &BTreeSet<usize>,
    from_1904: bool,
    table: &mut Table,
) -> Result<(), &'static str> {
    let mut names: Option<Names> = None;
    let mut row: Vec<String> = Vec::new();
    let (mut number, mut bytes, mut is_value) = (0_u64, 0_usize, false);
    let mut cell = Cell::default();
    events(xml, |event| {
        match event {
            Event::Start(start) | Event::Empty(start) => match start.local_name().as_ref() {
                "row" => {
                    row.clear();
                    let told = attribute(start, "r").and_then(|text| text.parse().ok());
                    number = told.unwrap_or(number + 1);
                }
                "c" => {
                    let told = attribute(start, "r").and_then(|place| column(&place));
                    cell = Cell {
                        column: told.unwrap_or(row.len()),
                        kind: attribute(start, "t").unwrap_or_default(),
                        style: attribute(start, "s").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX),
                        text: String::new(),
                    };
                }
                "v" | "t" => is_value = matches!(event, Event::Start(_)),
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "v" | "t" => is_value = false,
                "c" if cell.column < limits::COLUMNS => {
                    let shown = value(&cell, texts, dates, from_1904);
                    bytes += shown.len();
                    if bytes > limits::SHEET_BYTES {
                        return Err("the sheet has more text than is taken");
                    }
                    if row.len() <= cell.column {
                        row.resize(cell.column + 1, String::new());
                    }
                    row[cell.column] = shown;
                }
                "row" => {
                    let filled = row.iter().filter(|cell| !cell.trim().is_empty()).count();
                    match &names {
                        _ if filled == 0 || table.rows.len() >= limits::ROWS => {}
                        Some(names) => {
                            table.rows.push((number, names.row(row.iter().map(String::as_str))));
                        }
                        // A title above the table fills one cell; the names of columns fill several.
                        None if filled > 1 => {
                            names = Some(Names::new(row.iter().map(String::as_str), table));
                        }
                        None => {}
                    }
                }
                _ => {}
            },
            other if is_value => cell.text.extend(text_of(other)),
            _ => {}
        }
        Ok(())
    })
}

/// `B7` is column 1.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters
        .take(4)
        .fold(0_usize, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

fn value(cell: &Cell, texts: &[String], dates: &BTreeSet<usize>, from_1904: bool) -> String {
    match cell.kind.as_str() {
        "s" => {
            let place = cell.text.trim().parse::<usize>().ok();
            place.and_then(|place| texts.get(place)).cloned().unwrap_or_default()
        }
        "e" => String::new(),
        "b" => if cell.text.trim() == "1" { "true" } else { "false" }.to_owned(),
        "str" | "inlineStr" | "d" => cut(cell.text.clone()),
        _ if dates.contains(&cell.style) => date(&cell.text, from_1904).unwrap_or_default(),
        _ => cut(cell.text.clone()),
    }
}

/// A day's number as a moment without a zone, for sheets have none.
fn date(text: &str, from_1904: bool) -> Option<String> {
    let days: f64 = text.trim().parse().ok()?;
    let days = days - DAYS_TO_1970 + if from_1904 { DAYS_FROM_1904 } else { 0.0 };
    if !days.is_finite() || days.abs() > 3_000_000.0 {
        return None;
    }
    // Whole seconds: fractions of a day are never exact.
    #[expect(clippy::cast_possible_truncation, reason = "three million days are fewer seconds than fit")]
    let seconds = (days * 86_400.0).round() as i64;
    let time = Time::from_millis(seconds * 1_000).to_string();
    time.strip_suffix('Z').map(str::to_owned)
}

/// The beginning of a cell: more is never kept.
fn cut(mut text: String) -> String {
    let mut end = text.len().min(limits::CELL_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_show_a_date_are_told_from_others() {
        for (format, want) in [
            ("yyyy\\-mm\\-dd hh:mm", true),
            ("[$-409]d/m/yy h:mm AM/PM;@", true),
            ("0.00", false),
            ("#,##0 \"days\"", false),
            ("[Red]0", false),
            ("General", false),
        ] {
            assert_eq!(is_date(format), want, "{format}");
        }
    }

    #[test]
    fn days_are_counted_from_either_year() {
        assert_eq!(date("46338.5", false).as_deref(), Some("2026-11-12T12:00:00.000"));
        assert_eq!(date("44876.5", true).as_deref(), Some("2026-11-12T12:00:00.000"));
        assert_eq!(date("46338.556944444441", false).as_deref(), Some("2026-11-12T13:22:00.000"));
        assert_eq!(date("1e300", false), None);
    }

    #[test]
    fn places_have_a_column() {
        assert_eq!(
            (column("A1"), column("Z9"), column("AB12"), column("7")),
            (Some(0), Some(25), Some(27), None)
        );
    }
}
