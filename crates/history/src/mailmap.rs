//! `.mailmap`: which identities are one person (gitmailmap).

use std::collections::BTreeMap;

use crate::commit::{self, Identity};
use crate::limits;

/// The entries of a `.mailmap`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mailmap {
    /// By the address in commits, lower case.
    entries: BTreeMap<String, Vec<Entry>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The entry is for this name alone.
    of_name: Option<String>,
    name: Option<String>,
    email: Option<String>,
}

impl Mailmap {
    /// Reads the file. A line that makes no sense is passed over, as git does.
    pub(crate) fn parse(text: &[u8]) -> Mailmap {
        let mut map = Mailmap::default();
        for line in text.split(|byte| *byte == b'\n').take(limits::MAX_ROWS) {
            let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
            let Some((first, rest)) = bracketed(line) else { continue };
            let (entry, old) = match bracketed(rest) {
                // NAME <PROPER> [NAME] <OLD>
                Some((second, _)) => {
                    let of_name = Some(second.name).filter(|name| !name.is_empty());
                    let name = Some(first.name).filter(|name| !name.is_empty());
                    (Entry { of_name, name, email: Some(first.email) }, second.email)
                }
                // NAME <OLD>
                None if first.name.is_empty() => continue,
                None => (Entry { of_name: None, name: Some(first.name), email: None }, first.email),
            };
            map.entries.entry(old.to_lowercase()).or_default().push(entry);
        }
        map
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Who is who: an address in commits, and the person behind it. Persons are told apart by address alone, so an address
    /// that several persons share (entries for names) is nobody's.
    pub(crate) fn pairs(&self) -> Vec<(Identity, Identity)> {
        let mut pairs = Vec::new();
        for (old, entries) in &self.entries {
            // Of entries for the address alone the last counts, as in git.
            let mut proper = Identity::default();
            let general = entries.iter().filter(|entry| entry.of_name.is_none());
            for entry in general {
                proper.name = entry.name.clone().unwrap_or(proper.name);
                proper.email = entry.email.clone().unwrap_or(proper.email);
            }
            let addresses = || entries.iter().filter_map(|entry| entry.email.as_ref());
            if proper.email.is_empty() {
                let Some(first) = entries.first() else { continue };
                proper.name = first.name.clone().unwrap_or(proper.name);
                proper.email = first.email.clone().unwrap_or_else(|| old.clone());
            }
            if addresses().all(|address| address.eq_ignore_ascii_case(&proper.email)) {
                pairs.push((Identity { name: String::new(), email: old.clone() }, proper));
            }
        }
        pairs
    }
}

/// `NAME <ADDRESS>` at the beginning, and what follows.
fn bracketed(line: &[u8]) -> Option<(Identity, &[u8])> {
    let end = memchr::memchr(b'>', line)?;
    memchr::memchr(b'<', &line[..end])?;
    Some((commit::identity(&line[..=end]), &line[end + 1..]))
}

/// The commits of a `.git-blame-ignore-revs`: whole ids at the beginnings of lines, sorted.
pub(crate) fn ignored_commits(text: &[u8]) -> Vec<gix::ObjectId> {
    let mut found: Vec<gix::ObjectId> = text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let word = line.split(|byte| byte.is_ascii_whitespace() || *byte == b'#').next()?;
            gix::ObjectId::from_hex(word).ok()
        })
        .take(limits::MAX_ROWS)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_of_a_line() {
        let map = "# people\nAda Lovelace <ada@old.example>\n<bob@new.example> <bob@old.example>\n\
                   Cy <cy@new.example> <CY@old.example> # moved\nDee <dee@new.example> d <shared@example.com>\n\
                   Eve <eve@new.example> e <shared@example.com>\nnonsense\n<a@b>\n> <\n";
        let pairs: Vec<String> = Mailmap::parse(map.as_bytes())
            .pairs()
            .into_iter()
            .map(|(old, proper)| format!("{} is {} <{}>", old.email, proper.name, proper.email))
            .collect();
        assert_eq!(
            pairs,
            [
                "ada@old.example is Ada Lovelace <ada@old.example>",
                "bob@old.example is  <bob@new.example>",
                "cy@old.example is Cy <cy@new.example>",
            ],
            "an address that two persons share is left alone"
        );
    }

    #[test]
    fn ids_and_nothing_else_are_ignored() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let text =
            format!("# formatting\n{id}\n{id} # again\n0123\n\nffffffffffffffffffffffffffffffffffffffff\r\n");
        let found: Vec<String> = ignored_commits(text.as_bytes()).iter().map(ToString::to_string).collect();
        assert_eq!(found, [id, "ffffffffffffffffffffffffffffffffffffffff"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_mailmap(text in "([a-c<>#@ \n]|é)*") {
            Mailmap::parse(text.as_bytes()).pairs();
            ignored_commits(text.as_bytes());
        }

        #[test]
        fn any_bytes_are_a_mailmap(text: Vec<u8>) {
            Mailmap::parse(&text);
            ignored_commits(&text);
        }
    }
}
