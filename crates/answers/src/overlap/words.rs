//! Texts to words that can be compared: cut at case and punctuation, without words that say nothing, to their stems.

use std::collections::{BTreeMap, HashSet};

/// Words of English that connect others. Sorted.
const CONNECTING: &[&str] = &[
    "a",
    "about",
    "all",
    "allow",
    "allows",
    "also",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "based",
    "be",
    "been",
    "between",
    "both",
    "but",
    "by",
    "can",
    "do",
    "does",
    "each",
    "following",
    "for",
    "from",
    "given",
    "has",
    "have",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "like",
    "make",
    "makes",
    "may",
    "more",
    "most",
    "new",
    "no",
    "not",
    "of",
    "on",
    "only",
    "or",
    "other",
    "our",
    "out",
    "over",
    "own",
    "provide",
    "provided",
    "provides",
    "providing",
    "so",
    "such",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "through",
    "to",
    "up",
    "use",
    "used",
    "uses",
    "using",
    "various",
    "very",
    "via",
    "was",
    "we",
    "were",
    "when",
    "where",
    "which",
    "while",
    "who",
    "will",
    "with",
    "without",
    "you",
    "your",
];

/// Words that a piece is called by because it is a piece, whatever its job is. Sorted.
const GENERIC: &[&str] = &[
    "api",
    "app",
    "application",
    "backend",
    "component",
    "demo",
    "grpc",
    "http",
    "https",
    "impl",
    "internal",
    "main",
    "microservice",
    "module",
    "ms",
    "prod",
    "project",
    "rest",
    "rpc",
    "server",
    "service",
    "services",
    "src",
    "srv",
    "svc",
    "system",
    "v1",
    "v2",
    "v3",
];

/// Endings that are cut off, the longer ones first; what is left has at least [`STEM`] letters.
const ENDINGS: &[&str] = &[
    "izations", "ization", "isation", "ational", "ements", "ations", "ement", "ments", "ation", "ment",
    "able", "ible", "ings", "ions", "ing", "ers", "ors", "ive", "ity", "ion", "er", "or", "ed", "al", "ly",
    "e", "y",
];

/// The fewest letters that cutting off an ending leaves.
const STEM: usize = 4;

/// The longest word that is looked at, in bytes: longer ones are hashes and data.
const LONGEST: usize = 40;

/// A word's stem: `payments`, `payment` and `pay` aren't one, but `catalogs` and `catalog` are, `orders` and `ordering`.
pub(crate) fn stem(word: &str) -> String {
    let mut stem = plural(word);
    if stem.is_ascii()
        && let Some(ending) =
            ENDINGS.iter().find(|ending| stem.len() >= ending.len() + STEM && stem.ends_with(*ending))
    {
        stem.truncate(stem.len() - ending.len());
    }
    let bytes = stem.as_bytes();
    if bytes.len() > STEM && bytes.is_ascii() && bytes[bytes.len() - 1] == bytes[bytes.len() - 2] {
        stem.pop();
    }
    stem
}

/// A word in the plural as one.
pub(crate) fn plural(word: &str) -> String {
    let ends = |ending: &str| word.ends_with(ending);
    if word.len() <= 3 {
        word.to_owned()
    } else if word.len() > 4 && ends("ies") {
        format!("{}y", &word[..word.len() - 3])
    } else if ends("sses") || ends("xes") || ends("zes") || ends("shes") || ends("ches") {
        word[..word.len() - 2].to_owned()
    } else if ends("s") && !ends("ss") && !ends("us") && !ends("is") {
        word[..word.len() - 1].to_owned()
    } else {
        word.to_owned()
    }
}

/// The words of a text in lower case, cut where letters change to capitals, at digits' ends and at everything else.
pub(crate) fn cut(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_acronym = before.is_uppercase()
            && letter.is_uppercase()
            && letters.peek().is_some_and(|next| next.is_lowercase());
        if (letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit())) || ends_acronym {
            keep(&mut words, &mut word);
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        } else if letter != '\'' {
            keep(&mut words, &mut word);
        }
        before = letter;
    }
    keep(&mut words, &mut word);
    words
}

fn keep(words: &mut Vec<String>, word: &mut String) {
    let is_word = word.chars().any(char::is_alphabetic) && word.chars().count() > 1 && word.len() <= LONGEST;
    if is_word {
        words.push(std::mem::take(word));
    }
    word.clear();
}

/// Whether a word of a sentence tells what something is about.
pub(crate) fn tells(word: &str) -> bool {
    CONNECTING.binary_search(&word).is_err()
}

/// Whether a word of a name tells what the job is.
pub(crate) fn tells_job(word: &str) -> bool {
    GENERIC.binary_search(&word).is_err() && tells(word)
}

/// Words of an interface that say how it is asked, not for what. Sorted.
const ASKING: &[&str] = &["delete", "get", "head", "id", "list", "options", "patch", "post", "put"];

/// Whether a word of an interface tells what the job is.
pub(super) fn tells_offer(word: &str) -> bool {
    ASKING.binary_search(&word).is_err() && tells_job(word)
}

/// Parts names that are written as one word: `cartservice`, `loadgenerator`. Only words that stand alone somewhere
/// in the estate (or say that something is a piece) are parts, so that nothing is taken apart by chance.
pub(super) struct Parting {
    known: HashSet<String>,
}

/// The fewest letters of a part.
const PART: usize = 3;

impl Parting {
    /// What stands alone in these names.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Parting {
        let mut known: HashSet<String> = HashSet::new();
        for name in names {
            let words = cut(name);
            known.extend(words.into_iter().filter(|word| word.is_ascii()));
        }
        known.extend(GENERIC.iter().map(|word| (*word).to_owned()));
        Parting { known }
    }

    /// The words of a name, taken apart.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        cut(name).into_iter().flat_map(|word| self.parted(word)).collect()
    }

    fn parted(&self, word: String) -> Vec<String> {
        if !word.is_ascii() {
            return vec![word];
        }
        // A word that says only that it is a piece goes from the end, and from the start where the rest is known.
        for generic in GENERIC.iter().filter(|generic| generic.len() >= PART) {
            if let Some(rest) = word.strip_suffix(generic)
                && (self.known.contains(rest) || (generic.len() > PART && rest.len() > PART))
            {
                return self.parted(rest.to_owned());
            }
            if let Some(rest) = word.strip_prefix(generic)
                && self.known.contains(rest)
            {
                return self.parted(rest.to_owned());
            }
        }
        self.whole(&word).unwrap_or_else(|| vec![word])
    }

    /// Two or three known words of at least four letters that make up the whole.
    fn whole(&self, word: &str) -> Option<Vec<String>> {
        let is_part = |text: &str| text.len() > PART && self.known.contains(text);
        for at in (PART + 1)..word.len().saturating_sub(PART) {
            let (first, rest) = word.split_at(at);
            if !is_part(first) {
                continue;
            }
            if is_part(rest) {
                return Some(vec![first.to_owned(), rest.to_owned()]);
            }
            for second in (PART + 1)..rest.len().saturating_sub(PART) {
                let (middle, last) = rest.split_at(second);
                if is_part(middle) && is_part(last) {
                    return Some(vec![first.to_owned(), middle.to_owned(), last.to_owned()]);
                }
            }
        }
        None
    }
}

/// How often each stem of some words occurs, with the words as they are written for people.
pub(super) fn stems(words: impl Iterator<Item = String>) -> BTreeMap<String, (u32, String)> {
    let mut found: BTreeMap<String, (u32, String)> = BTreeMap::new();
    for word in words {
        found.entry(stem(&word)).or_insert_with(|| (0, word)).0 += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(CONNECTING.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(GENERIC.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ENDINGS.windows(2).all(|pair| pair[0].len() >= pair[1].len()));
    }

    #[test]
    fn words_are_cut_at_case_and_punctuation() {
        for (text, words) in [
            ("sendEmail", vec!["send", "email"]),
            ("HTTPServer v2", vec!["http", "server", "v2"]),
            ("GET /api/orders/{id}", vec!["get", "api", "orders", "id"]),
            ("a--b__c3D 12", vec!["c3"]),
        ] {
            assert_eq!(cut(text), words, "{text}");
        }
    }

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for pair in [
            ("orders", "ordering"),
            ("catalogs", "catalog"),
            ("deliveries", "delivery"),
            ("shipping", "ship"),
        ] {
            assert_eq!(stem(pair.0), stem(pair.1), "{pair:?}");
        }
        assert_ne!(stem("address"), stem("addition"));
    }

    #[test]
    fn names_in_one_word_are_parted_by_words_that_stand_alone_elsewhere() {
        let parting = Parting::of(["load-generator", "stock", "price list"].into_iter());
        assert_eq!(parting.words("loadgenerator"), ["load", "generator"]);
        assert_eq!(parting.words("stockservice"), ["stock"]);
        assert_eq!(parting.words("pricelistsvc"), ["pricelistsvc"]);
        assert_eq!(Parting::of(["ad"].into_iter()).words("adservice"), ["ad"]);
        assert_eq!(parting.words("checkout"), ["checkout"]);
    }
}
