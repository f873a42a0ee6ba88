//! Values of templates. Numbers and truth values are texts as they were written, as in the documents they come from.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::limits;
use crate::parse::{self, Node};

/// Entries of a map, in the order in which templates go through them.
pub(super) type Entries = BTreeMap<String, Value>;

/// A value; copies share what they hold. Lists and maps know how deep and large they are, for a template can put a
/// value into itself again and again.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nil,
    Text(Rc<str>),
    List(Rc<Held<Vec<Value>>>),
    Map(Rc<Held<Entries>>),
}

/// What a list or map holds.
#[derive(Debug, PartialEq)]
pub(super) struct Held<T> {
    of: T,
    depth: usize,
    /// In bytes, as if nothing were shared.
    size: usize,
}

/// Depth and size of what holds these, unless it would be over the limits.
fn weigh<'a>(items: impl Iterator<Item = &'a Value>) -> Option<(usize, usize)> {
    let (mut depth, mut size) = (0, 0_usize);
    for value in items {
        let (one_depth, one_size) = match value {
            Value::Nil => (0, 0),
            Value::Text(text) => (0, text.len()),
            Value::List(held) => (held.depth, held.size),
            Value::Map(held) => (held.depth, held.size),
        };
        depth = depth.max(one_depth);
        size = size.saturating_add(one_size + 16);
    }
    (depth <= limits::DOCUMENT_DEPTH && size <= limits::TEMPLATE_BYTES).then_some((depth + 1, size))
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text.into())
    }
}

impl From<bool> for Value {
    fn from(is_so: bool) -> Value {
        Value::from(if is_so { "true" } else { "false" })
    }
}

impl Value {
    pub(super) fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
        let of: Entries = entries.into_iter().collect();
        match weigh(of.values()) {
            Some((depth, size)) => Value::Map(Rc::new(Held { of, depth, size })),
            None => Value::Nil,
        }
    }

    pub(super) fn list(items: impl IntoIterator<Item = Value>) -> Value {
        let of: Vec<Value> = items.into_iter().collect();
        match weigh(of.iter()) {
            Some((depth, size)) => Value::List(Rc::new(Held { of, depth, size })),
            None => Value::Nil,
        }
    }

    pub(super) fn of_node(node: &Node) -> Value {
        match &node.value {
            parse::Value::Null => Value::Nil,
            parse::Value::Scalar(text) => Value::from(&**text),
            parse::Value::Seq(items) => Value::list(items.iter().map(Value::of_node)),
            parse::Value::Map(entries) => {
                Value::map(entries.iter().map(|(key, node)| (key.to_string(), Value::of_node(node))))
            }
        }
    }

    /// A field of a map; of anything else there is none.
    pub(super) fn get(&self, key: &str) -> Value {
        match self {
            Value::Map(held) => held.of.get(key).cloned().unwrap_or(Value::Nil),
            _ => Value::Nil,
        }
    }

    /// This value with another one at a path of keys.
    pub(super) fn with(&self, path: &[String], new: Value) -> Value {
        let [key, rest @ ..] = path else { return new };
        let mut entries = self.entries().cloned().unwrap_or_default();
        let inner = self.get(key).with(rest, new);
        entries.insert(key.clone(), inner);
        Value::map(entries)
    }

    pub(super) fn entries(&self) -> Option<&Entries> {
        match self {
            Value::Map(held) => Some(&held.of),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Value] {
        match self {
            Value::List(held) => &held.of,
            _ => &[],
        }
    }

    /// Whether a condition holds.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Text(text) => !matches!(&**text, "" | "false" | "0"),
            Value::List(held) => !held.of.is_empty(),
            Value::Map(held) => !held.of.is_empty(),
        }
    }

    /// As it is printed.
    pub(super) fn text(&self) -> String {
        match self {
            Value::Nil => String::new(),
            Value::Text(text) => text.to_string(),
            Value::List(_) | Value::Map(_) => self.flow(),
        }
    }

    pub(super) fn number(&self) -> i64 {
        match self {
            Value::Text(text) => text.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0),
            _ => 0,
        }
    }

    /// `over` laid over this one, map by map; a null there takes the entry away, as in Helm.
    pub(super) fn overlaid(&self, over: &Value) -> Value {
        let (Value::Map(own), Value::Map(new)) = (self, over) else {
            return if *over == Value::Nil { self.clone() } else { over.clone() };
        };
        let mut out = own.of.clone();
        for (key, value) in &new.of {
            let merged = match out.get(key) {
                Some(before) if before.entries().is_some() && value.entries().is_some() => {
                    before.overlaid(value)
                }
                _ => value.clone(),
            };
            out.insert(key.clone(), merged);
        }
        Value::map(out)
    }

    /// On one line; valid YAML and JSON.
    pub(super) fn flow(&self) -> String {
        let mut out = String::new();
        self.write_flow(&mut out, true);
        out
    }

    fn write_flow(&self, out: &mut String, is_json: bool) {
        if out.len() > limits::TEMPLATE_BYTES {
            return;
        }
        match self {
            Value::Nil => out.push_str("null"),
            Value::Text(text) if is_json => write_quoted(text, out),
            Value::Text(text) => write_scalar(text, out),
            Value::List(held) => {
                out.push('[');
                for (index, item) in held.of.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    item.write_flow(out, is_json);
                }
                out.push(']');
            }
            Value::Map(held) => {
                out.push('{');
                for (index, (key, value)) in held.of.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    write_quoted(key, out);
                    out.push_str(": ");
                    value.write_flow(out, is_json);
                }
                out.push('}');
            }
        }
    }

    /// Each entry and item on a line of its own, without a line's end behind the last.
    pub(super) fn block(&self) -> String {
        let mut out = String::new();
        self.write_block(0, &mut out);
        out.trim_matches('\n').to_owned()
    }

    fn write_block(&self, indent: usize, out: &mut String) {
        if out.len() > limits::TEMPLATE_BYTES {
            return;
        }
        let is_simple = |value: &Value| matches!(value, Value::Nil | Value::Text(_)) || !value.is_true();
        match self {
            Value::List(held) if !held.of.is_empty() => {
                for item in &held.of {
                    let mut inner = String::new();
                    item.write_block(indent + 2, &mut inner);
                    out.push('\n');
                    out.push_str(&" ".repeat(indent));
                    out.push_str("- ");
                    out.push_str(inner.trim_start());
                }
            }
            Value::Map(held) if !held.of.is_empty() => {
                for (key, value) in &held.of {
                    out.push('\n');
                    out.push_str(&" ".repeat(indent));
                    write_scalar(key, out);
                    out.push(':');
                    out.push_str(if is_simple(value) { " " } else { "" });
                    value.write_block(indent + 2, out);
                }
            }
            simple => simple.write_flow(out, false),
        }
    }
}

/// A scalar that needs quotes gets them; what comes of it is read again, by templates too: quotes in it stay plain.
fn write_scalar(text: &str, out: &mut String) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        out.push_str(text);
    } else if text.chars().any(char::is_control) {
        write_quoted(text, out);
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

fn write_quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse_yaml;

    fn value(text: &str) -> Value {
        parse_yaml(text, 0).ok().and_then(|nodes| nodes.first().map(Value::of_node)).unwrap_or(Value::Nil)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "a: {b: [1, {c: x, d: [y]}, []], e: {}, f: \"m\\nn: o\", g: null}\nh: '- x'\n";
        let whole = value(text);
        assert_eq!(value(&whole.block()), whole, "{}", whole.block());
        assert_eq!(value(&whole.flow()), whole);
    }

    #[test]
    fn values_are_laid_over_each_other_map_by_map() {
        assert_eq!(
            value("{a: {b: 1, c: 2}, d: [1]}").overlaid(&value("{a: {c: 3}, d: [2], e: 4}")),
            value("{a: {b: 1, c: 3}, d: [2], e: 4}")
        );
    }
}
