//! Repositories that people called one are written as the smallest of them, everywhere, before anything else is folded.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Repository -> the name that stands for it; only those that change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Aliases(BTreeMap<String, String>);

impl Aliases {
    /// From pairs of `repo:HOST/PATH` that people join and pairs that they keep apart.
    pub(crate) fn new(joined: &BTreeSet<(String, String)>, apart: &BTreeSet<(String, String)>) -> Aliases {
        let mut parent: BTreeMap<String, String> = BTreeMap::new();
        let root = |parent: &BTreeMap<String, String>, name: &str| {
            let mut name = name.to_owned();
            while let Some(up) = parent.get(&name).filter(|up| **up != name) {
                name.clone_from(up);
            }
            name
        };
        let denied = |a: &String, b: &String| {
            apart.contains(&(a.clone(), b.clone())) || apart.contains(&(b.clone(), a.clone()))
        };
        for (a, b) in joined.iter().filter(|(a, b)| !denied(a, b)) {
            let (a, b) = (root(&parent, a), root(&parent, b));
            let (small, great) = if a <= b { (a, b) } else { (b, a) };
            if small != great {
                parent.insert(great, small);
            }
        }
        // Where people's words about a set differ, none of it is taken for one.
        let doubtful: BTreeSet<String> = apart
            .iter()
            .map(|(a, b)| (root(&parent, a), root(&parent, b)))
            .filter(|(a, b)| a == b)
            .map(|(root, _)| root)
            .collect();
        let names: Vec<String> = parent.keys().cloned().collect();
        Aliases(
            names
                .into_iter()
                .map(|name| (root(&parent, &name), name))
                .filter(|(to, _)| !doubtful.contains(to))
                .map(|(to, name)| (without_kind(&name), without_kind(&to)))
                .collect(),
        )
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    pub(crate) fn from_text(text: &str) -> Aliases {
        Aliases(serde_json::from_str(text).unwrap_or_default())
    }

    /// A reference with its repository written anew.
    pub(crate) fn reference<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match text.strip_prefix("repo:") {
            Some(rest) => self.prefix(text, "repo:", rest, rest.find("//").unwrap_or(rest.len())),
            None => Cow::Borrowed(text),
        }
    }

    /// A scope with its repository written anew.
    pub(crate) fn scope<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match text.strip_prefix("repo:") {
            Some(rest) => self.prefix(text, "repo:", rest, rest.find('@').unwrap_or(rest.len())),
            None => Cow::Borrowed(text),
        }
    }

    /// A key with its repository written anew.
    pub(crate) fn key<'t>(&self, text: &'t str) -> Cow<'t, str> {
        for scheme in ["named:", "local:"] {
            if let Some(rest) = text.strip_prefix(scheme) {
                let end = rest.find("//").unwrap_or(rest.len()).min(rest.find('#').unwrap_or(rest.len()));
                return self.prefix(text, scheme, rest, end);
            }
        }
        Cow::Borrowed(text)
    }

    fn prefix<'t>(&self, whole: &'t str, scheme: &str, rest: &str, end: usize) -> Cow<'t, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(whole);
        }
        match self.0.get(&rest[..end]) {
            Some(to) => Cow::Owned(format!("{scheme}{to}{}", &rest[end..])),
            None => Cow::Borrowed(whole),
        }
    }
}

fn without_kind(reference: &str) -> String {
    reference.strip_prefix("repo:").unwrap_or(reference).to_owned()
}

/// Whether a text is a repository itself: `repo:HOST/PATH` and nothing inside it.
pub(crate) fn is_repository(text: &str) -> bool {
    text.strip_prefix("repo:").is_some_and(|rest| !rest.contains("//") && !rest.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_name_stands_for_all() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let joined = BTreeSet::from([
            pair("repo:h/b", "repo:h/c"),
            pair("repo:h/a", "repo:h/c"),
            pair("repo:h/x", "repo:h/y"),
        ]);
        let apart = BTreeSet::from([pair("repo:h/y", "repo:h/x")]);
        let aliases = Aliases::new(&joined, &apart);
        assert_eq!(aliases.reference("repo:h/c//f#compose/web"), "repo:h/a//f#compose/web");
        assert_eq!(aliases.reference("repo:h/cc//f#compose/web"), "repo:h/cc//f#compose/web");
        assert_eq!(aliases.scope("repo:h/b@main"), "repo:h/a@main");
        assert_eq!(aliases.key("named:h/b#compose/web"), "named:h/a#compose/web");
        assert_eq!(aliases.key("local:h/b//web"), "local:h/a//web");
        assert_eq!(aliases.reference("repo:h/y"), "repo:h/y");
    }
}
