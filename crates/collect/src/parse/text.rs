//! Bytes to text. UTF-8 and UTF-16 with a byte order mark are read; anything else is said to be unread.

use std::borrow::Cow;

/// What some bytes are.
pub(crate) enum Decoded<'a> {
    Text(Cow<'a, str>),
    /// Zero bytes: not a text at all. Worth no warning.
    Binary,
    /// The line (from 1) of the first byte that is no UTF-8.
    NotUtf8(u32),
}

/// The text that some bytes are.
pub(crate) fn decode(bytes: &[u8]) -> Decoded<'_> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) if text.as_bytes().iter().take(4096).any(|byte| *byte == 0) => Decoded::Binary,
                Ok(text) => Decoded::Text(Cow::Borrowed(text)),
                Err(_) if bytes.iter().take(4096).any(|byte| *byte == 0) => Decoded::Binary,
                Err(error) => {
                    let before = &bytes[..error.valid_up_to()];
                    let newlines = before.iter().filter(|byte| **byte == b'\n').count();
                    Decoded::NotUtf8(u32::try_from(newlines).unwrap_or(u32::MAX - 1) + 1)
                }
            }
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded<'static> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    match char::decode_utf16(units).collect::<Result<String, _>>() {
        Ok(text) => Decoded::Text(Cow::Owned(text)),
        Err(_) => Decoded::NotUtf8(1),
    }
}
