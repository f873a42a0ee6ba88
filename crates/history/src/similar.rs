//! How similar two files are, as git counts it: which share of the larger one consists of pieces that both have.
//!
//! A file is cut into pieces, each a line or 64 bytes of a longer one, and each piece into a number below a prime. The
//! measure, the cut and the numbers are git's, since only the same numbers give the same renames. (gitdiffcore describes
//! the measure; a test compares the outcome with git's own, file by file.)

/// Git's full score: files with equal content.
pub(crate) const MAX_SCORE: u64 = 60_000;
/// The least score of a rename, half of the full one.
pub(crate) const MIN_SCORE: u64 = 30_000;
/// Numbers of pieces are below this prime.
const NUMBERS: u32 = 107_927;
/// A longer line is cut into pieces of this many bytes.
const PIECE_BYTES: u32 = 64;
/// How far a file is searched for a zero byte, which text has none of.
const TEXT_BYTES: usize = 8_000;

/// The pieces of a file: the number of each, and how many bytes have it. Sorted by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pieces {
    bytes: u64,
    counts: Vec<(u32, u64)>,
}

impl Pieces {
    pub(crate) fn of(content: &[u8]) -> Pieces {
        let is_text = memchr::memchr(0, &content[..content.len().min(TEXT_BYTES)]).is_none();
        let mut pieces: Vec<(u32, u64)> = Vec::with_capacity(content.len() / 24 + 1);
        let (mut one, mut other, mut length) = (0_u32, 0_u32, 0_u32);
        let mut bytes = content.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            // Line ends of two bytes count as those of one, in text.
            if is_text && byte == b'\r' && bytes.peek() == Some(&b'\n') {
                continue;
            }
            let before = one;
            one = (one << 7) ^ (other >> 25);
            other = (other << 7) ^ (before >> 25);
            one = one.wrapping_add(u32::from(byte));
            length += 1;
            if length < PIECE_BYTES && byte != b'\n' {
                continue;
            }
            pieces.push((number(one, other), u64::from(length)));
            (one, other, length) = (0, 0, 0);
        }
        if length > 0 {
            pieces.push((number(one, other), u64::from(length)));
        }
        pieces.sort_unstable_by_key(|(number, _)| *number);
        pieces.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        Pieces { bytes: content.len() as u64, counts: pieces }
    }

    /// Bytes of pieces that both have.
    fn common(&self, other: &Pieces) -> u64 {
        let mut sum = 0;
        let mut others = other.counts.iter().peekable();
        for (number, count) in &self.counts {
            while others.next_if(|(other, _)| other < number).is_some() {}
            if let Some((_, other)) = others.next_if(|(other, _)| other == number) {
                sum += count.min(other);
            }
        }
        sum
    }
}

fn number(one: u32, other: u32) -> u32 {
    one.wrapping_add(other.wrapping_mul(0x61)) % NUMBERS
}

/// Whether files of such sizes can be similar enough: the difference may not exceed half of the larger one.
pub(crate) fn can_be_similar(one_bytes: u64, other_bytes: u64) -> bool {
    let (larger, smaller) = (one_bytes.max(other_bytes), one_bytes.min(other_bytes));
    larger * (MAX_SCORE - MIN_SCORE) >= (larger - smaller) * MAX_SCORE
}

/// The score of `new` as the new form of `old`, 0 to [`MAX_SCORE`].
pub(crate) fn score(old: &Pieces, new: &Pieces) -> u64 {
    if new.bytes == 0 || !can_be_similar(old.bytes, new.bytes) {
        return 0;
    }
    old.common(new) * MAX_SCORE / old.bytes.max(new.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores() {
        let text = |lines: std::ops::Range<u32>| -> Vec<u8> {
            lines.map(|line| format!("line {line:04}\n")).collect::<String>().into_bytes()
        };
        let score_of = |old: &[u8], new: &[u8]| score(&Pieces::of(old), &Pieces::of(new));
        assert_eq!(score_of(&text(0..10), &text(0..10)), MAX_SCORE);
        assert_eq!(score_of(&text(0..10), &text(5..15)), MAX_SCORE / 2);
        assert_eq!(score_of(&text(0..10), &text(0..8)), MAX_SCORE * 8 / 10);
        assert_eq!(score_of(&text(0..10), &text(0..4)), 0, "less than half as large");
        assert_eq!(score_of(b"", b""), 0, "nothing is like nothing");
        assert_eq!(score_of(b"a\r\nb\r\n", b"a\nb\n"), MAX_SCORE * 4 / 6, "line ends of two bytes");
        assert_eq!(score_of(b"a\r\nb\r\n\0", b"a\nb\nccc"), 0, "not in binary files");
    }

    proptest::proptest! {
        #[test]
        fn any_two_files_have_a_score(one: Vec<u8>, other: Vec<u8>) {
            let (one, other) = (Pieces::of(&one), Pieces::of(&other));
            proptest::prop_assert!(score(&one, &other) <= MAX_SCORE);
            proptest::prop_assert_eq!(one.common(&other), other.common(&one));
        }
    }
}
