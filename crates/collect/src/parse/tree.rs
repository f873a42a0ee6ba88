//! The tree that YAML, JSON and TOML become.

/// A value with the line on which it (or its key) stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// From 1: the key's line for the value of a key, else where the value begins.
    pub(crate) line: u32,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    /// Numbers and truth values stay as they are written.
    Scalar(Box<str>),
    Seq(Vec<Node>),
    Map(Vec<(Box<str>, Node)>),
}

/// Why a file is not a document of its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) line: Option<u32>,
    pub(crate) what: String,
}

impl ParseError {
    pub(crate) fn new(line: u32, what: impl Into<String>) -> ParseError {
        ParseError { line: Some(line), what: what.into() }
    }
}

impl Node {
    pub(crate) fn new(line: u32, value: Value) -> Node {
        Node { line, value }
    }

    /// The value of a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, _)| &**name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The value at a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar that is not empty.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }

    /// The text of a key's scalar.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::text)
    }

    /// Entries of a map; nothing for other values.
    pub(crate) fn entries(&self) -> &[(Box<str>, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Items of a list; a scalar counts as a list of one, as many formats allow.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::Seq(items) => items,
            Value::Scalar(_) => std::slice::from_ref(self),
            _ => &[],
        }
    }

    /// Items of the list at a key.
    pub(crate) fn items_of(&self, key: &str) -> &[Node] {
        self.get(key).map_or(&[], Node::items)
    }

    /// Entries of the map at a key.
    pub(crate) fn entries_of(&self, key: &str) -> &[(Box<str>, Node)] {
        self.get(key).map_or(&[], Node::entries)
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Every scalar with its path of keys joined by dots (list positions as `[n]`), in document order.
    pub(crate) fn flatten(&self) -> Vec<(String, &str, u32)> {
        let mut out = Vec::new();
        self.flatten_into("", &mut out);
        out
    }

    fn flatten_into<'a>(&'a self, prefix: &str, out: &mut Vec<(String, &'a str, u32)>) {
        match &self.value {
            Value::Null => {}
            Value::Scalar(text) => out.push((prefix.to_owned(), text, self.line)),
            Value::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.flatten_into(&format!("{prefix}[{index}]"), out);
                }
            }
            Value::Map(entries) => {
                for (key, node) in entries {
                    let path = if prefix.is_empty() { key.to_string() } else { format!("{prefix}.{key}") };
                    node.flatten_into(&path, out);
                }
            }
        }
    }

    /// How many nodes this one holds, itself included.
    pub(crate) fn size(&self) -> usize {
        1 + match &self.value {
            Value::Null | Value::Scalar(_) => 0,
            Value::Seq(items) => items.iter().map(Node::size).sum(),
            Value::Map(entries) => entries.iter().map(|(_, node)| node.size()).sum(),
        }
    }
}
