//! Which tags are releases: those whose name holds a version. docs/flow.md lists the rules with examples.

use std::cmp::Ordering;

/// Longer names are no versions.
const NAME_BYTES: usize = 200;
/// From here on a first number is a year: `2026.4.1` is not the first patch of `2026.4`.
const FIRST_YEAR: u64 = 1_900;

/// What may stand before a version without naming what the version is of.
const PLAIN_PREFIXES: &[&str] =
    &["", "v", "ver", "version", "versions", "r", "rel", "release", "releases", "stable", "tag", "tags"];

/// Words of versions that are not for everybody yet. Those of one or two letters count only before a number.
const EARLY_WORDS: &[&str] = &[
    "alpha",
    "beta",
    "canary",
    "candidate",
    "dev",
    "dp",
    "ea",
    "eap",
    "early",
    "experimental",
    "insider",
    "insiders",
    "milestone",
    "next",
    "nightly",
    "pre",
    "preview",
    "prerelease",
    "rc",
    "snapshot",
    "test",
    "unstable",
    "weekly",
];
const EARLY_LETTERS: &[&str] = &["a", "b", "cr", "m"];

/// Whom a version is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Everybody.
    Final,
    /// Those who try it first: release candidates, betas, nightly builds.
    Early,
}

/// A version, as the name of a tag has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it is a version of, where the name says so: `operator` of `operator/v1.2.0`, else empty.
    pub series: String,
    /// Its numbers: 1, 2, 0.
    pub numbers: Vec<u64>,
    /// Whom it is for.
    pub stage: Stage,
}

impl Version {
    /// The version in the name of a tag; none where there is none.
    pub fn of_tag(name: &str) -> Option<Version> {
        if name.len() > NAME_BYTES {
            return None;
        }
        let bytes = name.as_bytes();
        (0..bytes.len()).filter(|at| begins_number(bytes, *at)).find_map(|at| version_at(name, at))
    }

    /// Whether it mends an earlier version rather than adding to it: `1.2.3`, not `1.2.0` or `2026.4.1`.
    pub fn is_patch(&self) -> bool {
        !self.is_dated() && self.numbers.iter().skip(2).any(|number| *number > 0)
    }

    /// The versions that patches of it share: the first two numbers of `1.2.3`; of dates all are one line.
    pub fn line(&self) -> Vec<u64> {
        if self.is_dated() { Vec::new() } else { self.numbers.iter().copied().take(2).collect() }
    }

    fn is_dated(&self) -> bool {
        self.numbers.first().is_some_and(|first| *first >= FIRST_YEAR)
    }
}

/// Lower versions of the same series first; final ones behind their candidates.
impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        self.series
            .cmp(&other.series)
            .then_with(|| self.numbers.cmp(&other.numbers))
            .then_with(|| other.stage.cmp(&self.stage))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether a number begins here that isn't the tail of a word: at the start, behind a separator, or behind a prefix that
/// only says "version".
fn begins_number(bytes: &[u8], at: usize) -> bool {
    if !bytes[at].is_ascii_digit() {
        return false;
    }
    let letters = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let starts_word = at == letters || !bytes[at - letters - 1].is_ascii_alphanumeric();
    let is_plain = letters == 0
        || (starts_word && std::str::from_utf8(&bytes[at - letters..at]).is_ok_and(is_plain_prefix));
    is_plain && (letters > 0 || at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
}

fn is_plain_prefix(word: &str) -> bool {
    PLAIN_PREFIXES.contains(&word.to_ascii_lowercase().as_str())
}

fn version_at(name: &str, at: usize) -> Option<Version> {
    let (before, rest) = name.split_at(at);
    let (numbers, rest) = numbers(rest)?;
    // Behind the numbers a suffix begins with a separator or, as in 1.2rc1, with a word of its own; a path goes on
    // only in names that aren't versions.
    if rest.contains('/') {
        return None;
    }
    let series: Vec<&str> = before
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !is_plain_prefix(word) && !is_early_word(word))
        .collect();
    // One number alone is too little for a version of something: build-1234.
    if numbers.len() == 1 && (!series.is_empty() || !(rest.is_empty() || is_early(rest))) {
        return None;
    }
    let early = is_early(rest) || before.split(|char: char| !char.is_ascii_alphanumeric()).any(is_early_word);
    let stage = if early { Stage::Early } else { Stage::Final };
    Some(Version { series: series.join("-").to_lowercase(), numbers, stage })
}

/// The numbers at the start, and what is behind them. They are separated by dots or low lines; hyphens separate those of
/// a date alone, for elsewhere they begin a suffix.
fn numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    if let Some(date) = text.get(..10)
        && !text[10..].starts_with(|char: char| char.is_ascii_digit())
        && let [year, month, day] = date.split('-').collect::<Vec<_>>().as_slice()
        && let (4, Some(year), Some(month), Some(day)) =
            (year.len(), number(year), number(month), number(day))
        && year >= FIRST_YEAR
    {
        let mut all = vec![year, month, day];
        let rest = more_numbers(&mut all, &text[10..]);
        return Some((all, rest));
    }
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let mut all = vec![number(&text[..end])?];
    let rest = more_numbers(&mut all, &text[end..]);
    Some((all, rest))
}

fn more_numbers<'a>(all: &mut Vec<u64>, mut text: &'a str) -> &'a str {
    while let Some(behind) = text.strip_prefix(['.', '_']) {
        let end = behind.find(|char: char| !char.is_ascii_digit()).unwrap_or(behind.len());
        let Some(number) = number(&behind[..end]) else { break };
        all.push(number);
        text = &behind[end..];
    }
    text
}

fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number with more digits than fit is still a number, and larger than all that fit.
    Some(digits.parse().unwrap_or(u64::MAX))
}

fn is_early_word(word: &str) -> bool {
    EARLY_WORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether a suffix says that the version is not for everybody yet.
fn is_early(suffix: &str) -> bool {
    // Build metadata, behind a plus, says nothing of the version.
    let suffix = suffix.split('+').next().unwrap_or_default().to_ascii_lowercase();
    suffix.split(|char: char| !char.is_ascii_alphanumeric()).any(|part| {
        let letters = part.find(|char: char| char.is_ascii_digit()).unwrap_or(part.len());
        let (word, digits) = part.split_at(letters);
        EARLY_WORDS.contains(&word) || (EARLY_LETTERS.contains(&word) && !digits.is_empty())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_are_versions() {
        for (name, series, numbers, stage) in [
            ("v1.2.3", "", &[1, 2, 3][..], Stage::Final),
            ("1.2.3", "", &[1, 2, 3], Stage::Final),
            ("V3", "", &[3], Stage::Final),
            ("r4.13.2", "", &[4, 13, 2], Stage::Final),
            ("release-2.10", "", &[2, 10], Stage::Final),
            ("releases/v2.10.0", "", &[2, 10, 0], Stage::Final),
            ("2026-11-23", "", &[2026, 11, 23], Stage::Final),
            ("2026-11-23.1", "", &[2026, 11, 23, 1], Stage::Final),
            ("20261123", "", &[20_261_123], Stage::Final),
            ("lib-4.1.0.Final", "lib", &[4, 1, 0], Stage::Final),
            ("curl_7_61_0", "curl", &[7, 61, 0], Stage::Final),
            ("operator/v0.4.0", "operator", &[0, 4, 0], Stage::Final),
            ("@shop/cart@2.0.1", "shop-cart", &[2, 0, 1], Stage::Final),
            ("s3-client-1.2.0", "s3-client", &[1, 2, 0], Stage::Final),
            ("v1.2.3-1", "", &[1, 2, 3], Stage::Final),
            ("v1.2.3-alpine", "", &[1, 2, 3], Stage::Final),
            ("v1.2.3+rc.is.metadata", "", &[1, 2, 3], Stage::Final),
            ("1.0.2a", "", &[1, 0, 2], Stage::Final),
            ("v1.2.3-rc.1", "", &[1, 2, 3], Stage::Early),
            ("v1.0rc3", "", &[1, 0], Stage::Early),
            ("4.0.0.CR1", "", &[4, 0, 0], Stage::Early),
            ("4.0.0.M2", "", &[4, 0, 0], Stage::Early),
            ("1.2b3", "", &[1, 2], Stage::Early),
            ("v2.0.0-SNAPSHOT", "", &[2, 0, 0], Stage::Early),
            ("nightly-2026-11-23", "", &[2026, 11, 23], Stage::Early),
            ("99999999999999999999.1", "", &[u64::MAX, 1], Stage::Final),
        ] {
            let version = Version::of_tag(name).unwrap_or_else(|| panic!("{name} is a version"));
            assert_eq!(
                (version.series.as_str(), &version.numbers[..], version.stage),
                (series, numbers, stage),
                "{name}"
            );
        }
    }

    #[test]
    fn tags_that_are_not() {
        for name in [
            "",
            "nightly",
            "latest",
            "stable",
            "guide-2019-01",
            "before-2020-refactor",
            "build-1234",
            "sha256",
            "v",
            "x86_64",
            "deploy/1.2/done",
            "ünïcode",
            "v٣.١",
        ] {
            assert_eq!(Version::of_tag(name), None, "{name}");
        }
        assert_eq!(Version::of_tag(&"1.".repeat(200)), None);
    }

    #[test]
    fn patches_are_told_from_dates() {
        let patch = |name: &str| Version::of_tag(name).unwrap().is_patch();
        assert!(patch("v1.2.3") && patch("v1.2.0.1") && patch("0.0.7"));
        assert!(
            !patch("v1.2.0") && !patch("v1.2") && !patch("v7") && !patch("2026.4.1") && !patch("2026-11-23")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_a_version_or_none(name in "(\\PC|[0-9v._/@-]|rc|20[0-9]{2}-[0-9]{2}-[0-9]{2}){0,24}") {
            if let Some(version) = Version::of_tag(&name) {
                proptest::prop_assert!(!version.numbers.is_empty());
                proptest::prop_assert_eq!(version.series.to_lowercase(), version.series);
            }
        }
    }
}
