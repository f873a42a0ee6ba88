//! Files of a ZIP archive, as sheets need it: whole files, stored or deflated, never more than is allowed.
//!
//! Own code, because the libraries for sheets trust sizes that a file gives of itself: one number in a file can make them
//! reserve all memory. Unpacking itself is zlib-rs's.

use zlib_rs::{InflateConfig, ReturnCode, decompress_slice};

use crate::limits;

const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// The shortest end record, and the longest comment behind it.
const END_BYTES: usize = 22;
const COMMENT_BYTES: usize = 65_535;

/// A file of this name; `None` where there is none.
pub(crate) fn file(archive: &[u8], name: &str) -> Result<Option<Vec<u8>>, &'static str> {
    const DAMAGED: &str = "the archive is damaged";
    let Some(entry) = entry(archive, name).ok_or(DAMAGED)? else { return Ok(None) };
    let packed = packed(archive, &entry).ok_or(DAMAGED)?;
    if entry.size > limits::SHEET_BYTES {
        return Err("a part of the sheet is too large when it is unpacked");
    }
    match entry.method {
        0 => Ok(Some(packed.to_vec())),
        8 => {
            let mut unpacked = vec![0; entry.size];
            // Without a header, as archives have it: a negative window.
            let config = InflateConfig { window_bits: -15 };
            let (written, code) = decompress_slice(&mut unpacked, packed, config);
            let length = written.len();
            if code != ReturnCode::Ok || length != entry.size {
                return Err(DAMAGED);
            }
            Ok(Some(unpacked))
        }
        _ => Err("the archive is packed in a way that sheets aren't"),
    }
}

struct Entry {
    method: u16,
    packed: usize,
    size: usize,
    /// Where its local head begins.
    at: usize,
}

/// `None`: the directory is damaged; `Some(None)`: it has no file of this name.
fn entry(archive: &[u8], name: &str) -> Option<Option<Entry>> {
    let first = archive.len().saturating_sub(END_BYTES + COMMENT_BYTES);
    let tail = archive.get(first..)?;
    let end = first + tail.windows(END.len()).rposition(|window| window == END)?;
    let count = short(archive, end + 10)?;
    let mut at = long(archive, end + 16)?;
    for _ in 0..count {
        if archive.get(at..at + ENTRY.len())? != ENTRY {
            return None;
        }
        let length = usize::from(short(archive, at + 28)?);
        let more = usize::from(short(archive, at + 30)?) + usize::from(short(archive, at + 32)?);
        let found = archive.get(at + 46..at + 46 + length)?;
        if found.eq_ignore_ascii_case(name.as_bytes()) {
            return Some(Some(Entry {
                method: short(archive, at + 10)?,
                packed: long(archive, at + 20)?,
                size: long(archive, at + 24)?,
                at: long(archive, at + 42)?,
            }));
        }
        at = at.checked_add(46 + length + more)?;
    }
    Some(None)
}

fn packed<'a>(archive: &'a [u8], entry: &Entry) -> Option<&'a [u8]> {
    if archive.get(entry.at..entry.at.checked_add(LOCAL.len())?)? != LOCAL {
        return None;
    }
    let name = usize::from(short(archive, entry.at + 26)?);
    let more = usize::from(short(archive, entry.at + 28)?);
    let from = entry.at + 30 + name + more;
    archive.get(from..from.checked_add(entry.packed)?)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(pair.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(four.try_into().ok()?)).ok()
}
