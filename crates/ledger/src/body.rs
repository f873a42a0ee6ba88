//! The claims of one statement as bytes: newline-separated canonical claims, compressed once they are many.
//! A claim that was redacted leaves the 64 digits of its hash as its line.
//!
//! Bodies are known by the header's `claims` hash, so a new commit with the same claims stores none.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};

use zstd::zstd_safe::{DCtx, ResetDirective};

use crate::error::{Error, Result};

/// Above this size a body is compressed while it is made, so that no large one is ever held plainly.
const PLAIN_BYTES: usize = 256 * 1024;
/// Fast enough to be free beside hashing, and close to what higher levels give on claims.
const LEVEL: i32 = 3;
/// A reader's buffer; whole lines are handed out of it without a copy.
const BUFFER_BYTES: usize = 256 * 1024;

thread_local! {
    /// What a decoder works in. Making one costs more than to unpack a word of a person; a thread keeps its own.
    static CONTEXT: Cell<Option<DCtx<'static>>> = const { Cell::new(None) };
}

/// Whether a line is a claim: a redacted one has left its hash, and no hash begins like a JSON object.
pub(crate) fn is_claim(line: &[u8]) -> bool {
    line.first() == Some(&b'{')
}

/// A body in memory.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Plain(Vec<u8>),
    Packed(Vec<u8>),
}

impl Body {
    /// The compressed form.
    pub(crate) fn packed(self) -> std::io::Result<Vec<u8>> {
        match self {
            Body::Packed(bytes) => Ok(bytes),
            Body::Plain(bytes) => {
                let mut encoder = encoder(Vec::new())?;
                encoder.write_all(&bytes)?;
                encoder.finish()
            }
        }
    }

    pub(crate) fn each(&self, count: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match self {
            Body::Plain(bytes) => counted(each_line(bytes.as_slice(), each)?, count),
            Body::Packed(bytes) => each_packed(bytes.as_slice(), count, each),
        }
    }
}

fn encoder<W: Write>(into: W) -> std::io::Result<zstd::stream::write::Encoder<'static, W>> {
    let mut encoder = zstd::stream::write::Encoder::new(into, LEVEL)?;
    // Four bytes that tell a flipped bit on the disk from a claim.
    encoder.include_checksum(true)?;
    Ok(encoder)
}

/// Takes claims one by one.
pub(crate) enum Packer {
    Plain(Vec<u8>),
    Packed(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Packer {
    pub(crate) fn new() -> Packer {
        Packer::Plain(Vec::new())
    }

    pub(crate) fn add(&mut self, claim: &[u8]) -> std::io::Result<()> {
        match self {
            Packer::Plain(bytes) => {
                bytes.extend_from_slice(claim);
                bytes.push(b'\n');
                if bytes.len() > PLAIN_BYTES {
                    let mut packed = encoder(Vec::new())?;
                    packed.write_all(bytes)?;
                    *self = Packer::Packed(packed);
                }
                Ok(())
            }
            Packer::Packed(encoder) => {
                encoder.write_all(claim)?;
                encoder.write_all(b"\n")
            }
        }
    }

    pub(crate) fn finish(self) -> std::io::Result<Body> {
        match self {
            Packer::Plain(bytes) => Ok(Body::Plain(bytes)),
            Packer::Packed(encoder) => encoder.finish().map(Body::Packed),
        }
    }
}

/// Hands out the claims of a compressed body.
pub(crate) fn each_packed(
    packed: impl Read,
    count: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    counted(each_packed_line(packed, each)?, count)
}

/// Hands out the lines of any compressed stream; gives how many there were.
pub(crate) fn each_packed_line(packed: impl Read, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<u64> {
    // One body may be read in the middle of another: that one makes a context of its own.
    let mut context = CONTEXT.take().unwrap_or_default();
    let found = each_unpacked_line(packed, &mut context, each);
    CONTEXT.set(Some(context));
    found
}

fn each_unpacked_line(
    packed: impl Read,
    context: &mut DCtx<'static>,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    // The last body may have been left in the middle.
    context.reset(ResetDirective::SessionOnly).map_err(|code| damaged(refused(code)))?;
    let input = BufReader::with_capacity(DCtx::in_size(), packed);
    let decoder = zstd::stream::read::Decoder::with_context(input, context);
    each_line(BufReader::with_capacity(BUFFER_BYTES, decoder), each)
}

fn refused(code: usize) -> std::io::Error {
    std::io::Error::other(zstd::zstd_safe::get_error_name(code))
}

fn counted(found: u64, count: u64) -> Result<()> {
    if found == count {
        return Ok(());
    }
    Err(Error::Damaged(format!("a statement has {found} claims instead of {count}")))
}

fn damaged(error: std::io::Error) -> Error {
    Error::Damaged(format!("the claims of a statement can't be read: {error}"))
}

fn each_line(mut lines: impl BufRead, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<u64> {
    let mut found = 0;
    // The beginning of a line that goes on in the next buffer.
    let mut rest: Vec<u8> = Vec::new();
    loop {
        let buffer = lines.fill_buf().map_err(damaged)?;
        if buffer.is_empty() {
            break;
        }
        let used = buffer.len();
        let mut left = buffer;
        while let Some(end) = left.iter().position(|byte| *byte == b'\n') {
            found += 1;
            if rest.is_empty() {
                each(&left[..end])?;
            } else {
                rest.extend_from_slice(&left[..end]);
                each(&rest)?;
                rest.clear();
            }
            left = &left[end + 1..];
        }
        rest.extend_from_slice(left);
        lines.consume(used);
    }
    if rest.is_empty() {
        return Ok(found);
    }
    Err(Error::Damaged("the claims of a statement can't be read: the last line has no end".to_owned()))
}
