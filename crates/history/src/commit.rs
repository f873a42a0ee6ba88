//! A commit object, taken apart: its tree, its parents, who and when, and what its message says in a fixed form.
//!
//! Git checks little of what programs write into commits, and forty years of history were converted by all sorts of
//! programs. So every field is read by itself, and one that makes no sense is passed over.

use gix::ObjectId;

use crate::limits;

/// A name and an address, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identity {
    pub(crate) name: String,
    /// Without the angle brackets; letters as written.
    pub(crate) email: String,
}

/// What a commit says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) tree: Option<ObjectId>,
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) author: Identity,
    /// Seconds since 1970.
    pub(crate) authored: i64,
    /// Seconds since 1970.
    pub(crate) committed: i64,
    pub(crate) co_authors: Vec<Identity>,
    pub(crate) reviewers: Vec<Identity>,
    pub(crate) reverts: Vec<ObjectId>,
    /// The message says which program wrote it.
    pub(crate) names_an_agent: bool,
    /// The message is longer than what is searched.
    pub(crate) is_long: bool,
}

/// Seconds of the years 1 and 9999, between which a ledger's times lie.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_370_764_799;

/// Takes a commit apart.
pub(crate) fn parse(object: &[u8]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rest = object;
    while let Some((line, after)) = line_of(rest) {
        rest = after;
        if line.is_empty() {
            break;
        }
        let Some((word, value)) = cut(line, b' ') else { continue };
        match word {
            b"tree" if parsed.tree.is_none() => parsed.tree = id(value),
            b"parent" if parsed.parents.len() < limits::MAX_PARENTS => parsed.parents.extend(id(value)),
            b"author" => (parsed.author, parsed.authored) = signature(value),
            b"committer" => (_, parsed.committed) = signature(value),
            _ => {}
        }
    }
    read_message(rest, &mut parsed);
    parsed
}

fn read_message(message: &[u8], parsed: &mut Parsed) {
    parsed.is_long = message.len() > limits::MAX_MESSAGE_BYTES + limits::MAX_TRAILER_BYTES;
    let front = &message[..message.len().min(limits::MAX_MESSAGE_BYTES)];
    parsed.reverts = reverts(front);
    let end = &message[message.len().saturating_sub(limits::MAX_TRAILER_BYTES)..];
    for (word, value) in trailers(end) {
        let to = if is_word(word, &["co-authored-by", "co-developed-by"]) {
            &mut parsed.co_authors
        } else if is_word(word, &["reviewed-by"]) {
            &mut parsed.reviewers
        } else {
            continue;
        };
        let person = identity(value);
        // A name alone can't be told from another's.
        if person.email.contains('@') && to.len() < limits::MAX_TRAILERS && !to.contains(&person) {
            to.push(person);
        }
    }
    parsed.names_an_agent = end.split(|byte| *byte == b'\n').any(crate::people::is_agents_line);
}

/// What an annotated tag marks, and when it was made; no time where nobody is named as having made it.
pub(crate) fn parse_tag(object: &[u8]) -> (Option<ObjectId>, Option<i64>) {
    let (mut target, mut at) = (None, None);
    let mut rest = object;
    while let Some((line, after)) = line_of(rest) {
        rest = after;
        match cut(line, b' ') {
            _ if line.is_empty() => break,
            Some((b"object", value)) if target.is_none() => target = id(value),
            Some((b"tagger", value)) => at = Some(signature(value).1),
            _ => {}
        }
    }
    (target, at)
}

/// The first line, without its end, and what follows. None at the end.
fn line_of(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    Some((&text[..end], text.get(end + 1..).unwrap_or_default()))
}

fn cut(line: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(at, line)?;
    Some((&line[..end], &line[end + 1..]))
}

fn id(text: &[u8]) -> Option<ObjectId> {
    ObjectId::from_hex(text).ok()
}

/// `NAME <ADDRESS> SECONDS ZONE`. A time that is none is 0, as git has it.
fn signature(text: &[u8]) -> (Identity, i64) {
    let time = memchr::memrchr(b'>', text).and_then(|end| {
        let numbers = std::str::from_utf8(&text[end + 1..]).ok()?;
        numbers.split_ascii_whitespace().next()?.parse::<i64>().ok()
    });
    (identity(text), time.unwrap_or(0).clamp(FIRST_SECOND, LAST_SECOND))
}

/// `NAME <ADDRESS>`, whatever follows.
pub(crate) fn identity(text: &[u8]) -> Identity {
    let end = memchr::memrchr(b'>', text).unwrap_or(text.len());
    let start = memchr::memchr(b'<', &text[..end]);
    let name = &text[..start.unwrap_or(end)];
    let email = start.map_or(&[][..], |start| &text[start + 1..end]);
    Identity { name: short(name), email: short(email) }
}

fn short(text: &[u8]) -> String {
    let cut = &text[..text.len().min(limits::MAX_IDENTITY_BYTES)];
    let text = String::from_utf8_lossy(cut);
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control()).replace(char::is_control, " ")
}

fn is_word(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// `WORD: VALUE` lines of the last paragraph (git-interpret-trailers). A paragraph of text has none: at least a quarter
/// of its lines must be of that form.
fn trailers(message: &[u8]) -> Vec<(&[u8], &[u8])> {
    let text = message.trim_ascii_end();
    let mut lines: Vec<&[u8]> = Vec::new();
    for line in text.rsplit(|byte| *byte == b'\n') {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    lines.reverse();
    let found: Vec<(&[u8], &[u8])> = lines.iter().filter_map(|line| trailer(line)).collect();
    if found.len() * 4 >= lines.len() { found } else { Vec::new() }
}

fn trailer(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, value) = cut(line, b':')?;
    let is_good = !word.is_empty() && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    is_good.then(|| (word, value.trim_ascii()))
}

/// The commits of `This reverts commit ID`, which git writes into the message of a revert. Short ids are passed over:
/// what one means today, it may not mean tomorrow.
fn reverts(message: &[u8]) -> Vec<ObjectId> {
    const WORDS: &[u8] = b"This reverts commit ";
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(message, WORDS) {
        let Some(digits) = message.get(at + WORDS.len()..at + WORDS.len() + 40) else { continue };
        let is_longer = message.get(at + WORDS.len() + 40).is_some_and(u8::is_ascii_hexdigit);
        if let Some(id) = id(digits)
            && !is_longer
            && !found.contains(&id)
            && found.len() < limits::MAX_REVERTS
        {
            found.push(id);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn commit(message: &str) -> Parsed {
        let head = format!(
            "tree {ID}\nparent {ID}\nauthor A B <a@example.com> 1700000000 +0100\ncommitter C <c@example.com> -5 -0000\n\n"
        );
        parse((head + message).as_bytes())
    }

    fn person(name: &str, email: &str) -> Identity {
        Identity { name: name.to_owned(), email: email.to_owned() }
    }

    #[test]
    fn a_commit() {
        let parsed = commit("x\n");
        assert_eq!(parsed.tree.map(|id| id.to_string()).as_deref(), Some(ID));
        assert_eq!(parsed.parents.len(), 1);
        assert_eq!(parsed.author, person("A B", "a@example.com"));
        assert_eq!((parsed.authored, parsed.committed), (1_700_000_000, -5));
    }

    #[test]
    fn trailers_stand_in_the_last_paragraph() {
        let parsed = commit(
            "Title\n\nCo-authored-by: No <no@example.com>\n\nMore text.\n\nSigned-off-by: S <s@example.com>\n\
             co-authored-by: Two <two@example.com>\nReviewed-by: Three <three@example.com>\nReviewed-by: nobody\n",
        );
        assert_eq!(parsed.co_authors, [person("Two", "two@example.com")]);
        assert_eq!(parsed.reviewers, [person("Three", "three@example.com")]);
        let prose = commit("T\n\none\ntwo\nthree\nfour\nfive\nReviewed-by: T <t@example.com>\n");
        assert_eq!(prose.reviewers, []);
    }

    #[test]
    fn reverts_need_a_whole_id() {
        assert_eq!(commit(&format!("Revert \"x\"\n\nThis reverts commit {ID}.\n")).reverts.len(), 1);
        assert_eq!(commit(&format!("This reverts commit {ID}0.\n")).reverts.len(), 0);
        assert_eq!(commit("This reverts commit 0123456.\n").reverts.len(), 0);
        let merge = format!("This reverts commit {ID}, reversing\nchanges made to {ID}.\n");
        assert_eq!(commit(&merge).reverts.len(), 1);
    }

    #[test]
    fn the_end_of_a_very_long_message_is_read() {
        let long = "word ".repeat(2_000_000);
        let parsed = commit(&format!("T\n\n{long}\n\nCo-authored-by: Two <two@example.com>\n"));
        assert_eq!(parsed.co_authors.len(), 1);
        assert!(parsed.is_long);
    }

    #[test]
    fn broken_signatures_are_read_as_far_as_they_go() {
        assert_eq!(signature(b"A <a@b> 1"), (person("A", "a@b"), 1));
        assert_eq!(signature(b"A <<a@b>> x +0000"), (person("A", "<a@b>"), 0));
        assert_eq!(signature(b"A"), (person("A", ""), 0));
        assert_eq!(signature(b"> <"), (person("", ""), 0));
        assert_eq!(signature(b"A <a@b> 99999999999999999999"), (person("A", "a@b"), 0));
        assert_eq!(signature(b"A <a@b> 9999999999999").1, LAST_SECOND);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_commit(bytes: Vec<u8>) {
            parse(&bytes);
        }

        #[test]
        fn any_words_are_a_commit(words in "(tree|author|<|>| |\n|:|Co-authored-by: |This reverts commit |[0-9a-f]{40}|é)*") {
            parse(words.as_bytes());
            read_message(words.as_bytes(), &mut Parsed::default());
        }
    }
}
