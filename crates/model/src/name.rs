use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits;

/// Why a text is not an author, a scope, a reference or a key.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// No `KIND:` in front.
    #[error("\"{0}\" has no kind; write it like kind:rest, with a kind of lower-case letters, digits and -")]
    NoKind(String),
    /// Nothing behind the kind.
    #[error("\"{0}\" has nothing behind its kind")]
    Empty(String),
    /// Control characters can't be told apart on a page and are refused.
    #[error("{0:?} contains a control character")]
    Control(String),
    /// Longer than the format allows.
    #[error("\"{start}…\" is {bytes} bytes long; {} are allowed", limits::NAME_BYTES)]
    TooLong {
        /// How it begins.
        start: String,
        /// How long it is.
        bytes: usize,
    },
}

fn check(text: &str) -> Result<(), NameError> {
    let start = || text.chars().take(80).collect::<String>();
    if text.len() > limits::NAME_BYTES {
        return Err(NameError::TooLong { start: start(), bytes: text.len() });
    }
    let Some((kind, rest)) = text.split_once(':') else {
        return Err(NameError::NoKind(start()));
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if kind.is_empty() || !kind.chars().all(plain) {
        return Err(NameError::NoKind(start()));
    }
    if rest.is_empty() {
        return Err(NameError::Empty(start()));
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control(start()));
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The whole text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What stands before the first colon.
            pub fn kind(&self) -> &str {
                self.0.split_once(':').map_or("", |(kind, _)| kind)
            }

            /// What stands behind the first colon.
            pub fn rest(&self) -> &str {
                self.0.split_once(':').map_or("", |(_, rest)| rest)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<$name, NameError> {
                check(text)?;
                Ok($name(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name! {
    /// Who makes a statement: `person:ID`, `collector:NAME`, `scanner:TOOL/CATEGORY`, `system:INSTANCE`.
    Author
}
name! {
    /// What a statement covers: `repo:HOST/PATH@BRANCH`, `image:REGISTRY/NAME`, `fact:OF#TYPE[>TO]`, …
    Scope
}
name! {
    /// A name as its source writes it: `repo:HOST/PATH//FOLDER#FORMAT/NAME`, `host:…`, `said:KIND/slug`.
    Reference
}
name! {
    /// What a reference can be recognised by: `image:…`, `package:…`, `host:…`, `named:…`.
    Key
}

impl Author {
    /// Whether this is a person; all others are machines.
    pub fn is_person(&self) -> bool {
        self.kind() == "person"
    }
}

impl Scope {
    /// Repository (`HOST/PATH`), branch and whether it is this machine's uncommitted work, for a scope
    /// `repo:HOST/PATH@BRANCH[+work]`.
    pub fn branch(&self) -> Option<(&str, &str, bool)> {
        if self.kind() != "repo" {
            return None;
        }
        // A branch may contain '@' and '/'; a repository's path contains no '@'.
        let (repository, branch) = self.rest().split_once('@')?;
        match branch.strip_suffix("+work") {
            Some(clean) => Some((repository, clean, true)),
            None => Some((repository, branch, false)),
        }
    }

    /// Whether this scope never leaves the machine (an uncommitted tree).
    pub fn is_work(&self) -> bool {
        self.branch().is_some_and(|(_, _, work)| work)
    }
}

impl Reference {
    /// `HOST/PATH`, `FOLDER`, `FORMAT` and `NAME` of a reference into a repository.
    pub fn in_repository(&self) -> Option<(&str, &str, &str, &str)> {
        if self.kind() != "repo" {
            return None;
        }
        let (repository, rest) = self.rest().split_once("//")?;
        let (folder, rest) = rest.split_once('#')?;
        let (format, name) = rest.split_once('/')?;
        Some((repository, folder, format, name))
    }

    /// Builds `repo:HOST/PATH//FOLDER#FORMAT/NAME`; `#` in the folder is written `%23` so that the
    /// form can be taken apart again.
    ///
    /// # Errors
    /// Where the parts are empty, too long or contain control characters.
    pub fn of_repository(
        repository: &str,
        folder: &str,
        format: &str,
        name: &str,
    ) -> Result<Reference, NameError> {
        format!("repo:{repository}//{}#{format}/{name}", folder.replace('%', "%25").replace('#', "%23"))
            .parse()
    }

    /// The container of this reference (its repository, folder and format): two references of one
    /// container with different names are different things.
    pub fn container(&self) -> Option<(&str, &str)> {
        let (_, _, _, name) = self.in_repository()?;
        let text = self.as_str();
        Some((&text[..text.len() - name.len() - 1], name))
    }

    /// The key `named:HOST/PATH#FORMAT/NAME` that every reference into a repository carries.
    pub fn named_key(&self) -> Option<Key> {
        let (repository, _, format, name) = self.in_repository()?;
        format!("named:{repository}#{format}/{name}").parse().ok()
    }

    /// The last part of the name: what a page shows when nobody gave a better one. A Go module's version
    /// (`…/pkg/v2`) is no name.
    pub fn short_name(&self) -> &str {
        let (name, is_go) = match self.in_repository() {
            Some((_, _, format, name)) => (name, format == "go"),
            None => (self.rest(), self.as_str().starts_with("package:golang/")),
        };
        let is_version = |part: &str| {
            part.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let mut parts = name.rsplit(['/', ':']).filter(|part| !part.is_empty());
        let last = parts.next().unwrap_or(name);
        if is_go && is_version(last) { parts.next().unwrap_or(last) } else { last }
    }
}

/// Percent-encodes `%`, `#` and `>` for a `fact:` scope.
pub fn escape_fact_part(text: &str) -> String {
    text.replace('%', "%25").replace('#', "%23").replace('>', "%3E")
}

/// The opposite of [`escape_fact_part`].
pub fn unescape_fact_part(text: &str) -> String {
    text.replace("%3E", ">").replace("%23", "#").replace("%25", "%")
}

/// The scope of a person's word: `fact:OF#TYPE[>TO]`. The caller has put the smaller reference of a
/// symmetric fact first.
///
/// # Errors
/// Where the parts together are too long.
pub fn fact_scope(of: &Reference, claim_type: &str, to: Option<&str>) -> Result<Scope, NameError> {
    let of = escape_fact_part(of.as_str());
    let claim_type = escape_fact_part(claim_type);
    match to {
        Some(to) => format!("fact:{of}#{claim_type}>{}", escape_fact_part(to)).parse(),
        None => format!("fact:{of}#{claim_type}").parse(),
    }
}

/// A name for `said:KIND/slug`: lower case, everything but letters and digits becomes one `-`.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}
