//! Workbooks, as spreadsheets save them, and archives as nobody should.

use proptest::prelude::*;
use stave_imports::{ImportError, Imported, Options, Record, Records};
use zlib_rs::{DeflateConfig, ReturnCode, compress_slice};

/// A ZIP archive of these files, deflated.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut whole, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut room = vec![0; text.len() + 256];
        let config = DeflateConfig { window_bits: -15, ..DeflateConfig::default() };
        let (packed, code) = compress_slice(&mut room, text.as_bytes(), config);
        assert_eq!(code, ReturnCode::Ok);
        let at = u32::try_from(whole.len()).unwrap();
        let sizes = [u32::try_from(packed.len()).unwrap(), u32::try_from(text.len()).unwrap()];
        let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        // Version, flags, method 8, time, date, checksum; then sizes and lengths.
        let common = [&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0], &sizes[..], &length, &[0, 0]].concat();
        whole.extend([&b"PK\x03\x04"[..], &common, name.as_bytes(), packed].concat());
        let rest = [0; 10];
        directory.extend(
            [&b"PK\x01\x02\x14\x00"[..], &common, &rest, &at.to_le_bytes(), name.as_bytes()].concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (at, size) = (u32::try_from(whole.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    whole.extend(directory);
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size.to_le_bytes(), &at.to_le_bytes(), &[0, 0]];
    whole.extend(end.concat());
    whole
}

const BOOK: &str = r#"<workbook xmlns:r="r"><sheets><sheet name="Old" sheetId="1" state="hidden" r:id="rId1"/><sheet name="2026" sheetId="2" r:id="rId2"/><sheet name="Notes" sheetId="3" r:id="rId1"/></sheets></workbook>"#;
const LINKS: &str = r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy\ hh:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
const TEXTS: &str = r#"<sst uniqueCount="18446744073709551615"><si><t>Incident</t></si><si><t>Title</t></si><si><r><t>Till &amp; </t></r><r><t>cart</t></r><rPh><t>spoken</t></rPh></si></sst>"#;
const SHEET: &str = r#"<worksheet><sheetData>
    <row r="1"><c r="A1" t="inlineStr"><is><t>All our incidents</t></is></c></row>
    <row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="str"><v>Started</v></c><c r="D3" t="inlineStr"><is><t>Resolved</t></is></c></row>
    <row r="4"><c r="A4"><v>7</v></c><c r="B4" t="s"><v>2</v></c><c r="C4" s="1"><v>46338.556944444441</v></c><c r="D4" s="2"><v>46339</v></c></row>
    <row r="5"/>
    <row r="6"><c r="A6"><v>8</v></c><c r="C6" t="e"><v>#REF!</v></c><c r="B6" t="s"><v>99</v></c></row>
  </sheetData></worksheet>"#;

fn workbook(sheet: &str) -> Vec<u8> {
    archive(&[
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", LINKS),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", TEXTS),
        ("xl/worksheets/sheet2.xml", sheet),
    ])
}

fn read(bytes: &[u8]) -> Result<Records, ImportError> {
    match stave_imports::import("list.xlsx", bytes, &Options::default())? {
        Imported::Records(records) => Ok(records),
        Imported::Map(import) => panic!("read as {}", import.format),
    }
}

#[test]
fn the_first_visible_sheet_is_a_table() {
    let records = read(&workbook(SHEET)).unwrap();
    let Record::Incident(one) = &records.rows[0].record else { panic!("{:?}", records.rows) };
    assert_eq!((one.key.as_str(), one.title.as_str()), ("default/7", "Till & cart"));
    assert_eq!(one.started.to_string(), "2026-11-12T13:22:00.000Z");
    assert_eq!(one.resolved.unwrap().to_string(), "2026-11-13T00:00:00.000Z");
    let warned: Vec<(Option<u64>, &str)> =
        records.warnings.iter().map(|warning| (warning.row, warning.what.as_str())).collect();
    assert_eq!(warned, [(Some(6), "it doesn't say when it began")]);
    let said = records.left_aside.join("\n");
    assert!(said.contains("only the first sheet, \"2026\", was read; 1 more were not"), "{said}");
    assert!(said.contains("1 row: have times without a time zone"), "{said}");
}

#[test]
fn archives_that_lie_of_their_sizes_are_refused() {
    let whole = workbook(SHEET);
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    for (at, bytes, want) in [
        (24, [0xff, 0xff, 0xff, 0xff], "too large when it is unpacked"),
        (24, [1, 0, 0, 0], "damaged"),
        (24, [0, 0, 1, 0], "damaged"),
        (20, [0xff, 0xff, 0xff, 0x7f], "damaged"),
        (42, [0xff, 0xff, 0xff, 0xff], "damaged"),
        (10, [99, 0, 0, 0], "packed in a way"),
    ] {
        let mut bad = whole.clone();
        let from = directory + at;
        let length = if at == 10 { 2 } else { 4 };
        bad[from..from + length].copy_from_slice(&bytes[..length]);
        let error = read(&bad).unwrap_err().to_string();
        assert!(error.contains(want), "{at}: {error}");
    }
    let other = archive(&[("word/document.xml", "<a/>")]);
    assert!(read(&other).unwrap_err().to_string().contains("this archive is no workbook"));
}

#[test]
fn a_cell_at_the_end_of_the_world_takes_no_memory() {
    let far = r#"<worksheet><row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>
        <row r="1048576"><c r="XFD1048576"><v>3</v></c></row></worksheet>"#;
    assert!(matches!(read(&workbook(far)), Err(ImportError::Columns(_))));
}

proptest! {
    #[test]
    fn damaged_workbooks_never_panic(at in 0_usize..4_000, byte: u8, cut in 0_usize..4_000) {
        let mut bytes = workbook(SHEET);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&bytes);
        let cut = cut % bytes.len();
        let _ = read(&bytes[..cut]);
    }

    #[test]
    fn damaged_sheets_never_panic(at in 0_usize..2_000, byte in 32_u8..127) {
        let mut sheet = SHEET.as_bytes().to_vec();
        let at = at % sheet.len();
        sheet[at] = byte;
        let _ = read(&workbook(&String::from_utf8(sheet).unwrap()));
    }
}
