//! TOML to a [`Node`] tree.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::tree::{Node, ParseError, Value};
use crate::limits;

/// A TOML document.
///
/// # Errors
/// Where the text is not TOML, or nested too deeply.
pub(crate) fn parse_toml(text: &str) -> Result<Node, ParseError> {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1))
        .collect();
    let line_of = |at: usize| u32::try_from(starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX);
    match DeTable::parse(text) {
        Ok(table) => {
            let value = table_value(table.get_ref(), &line_of, 0)?;
            Ok(Node::new(1, value))
        }
        Err(error) => {
            let line = error.span().map(|span| line_of(span.start));
            Err(ParseError { line, what: format!("not valid TOML: {}", error.message()) })
        }
    }
}

fn table_value(
    table: &DeTable<'_>,
    line_of: &impl Fn(usize) -> u32,
    depth: usize,
) -> Result<Value, ParseError> {
    if depth > limits::DOCUMENT_DEPTH {
        return Err(ParseError {
            line: None,
            what: format!("nested deeper than {}", limits::DOCUMENT_DEPTH),
        });
    }
    let mut entries: Vec<(Box<str>, Node)> = Vec::new();
    for (key, value) in table.iter() {
        let line = line_of(key.span().start);
        let node = node_of(value, line_of, depth + 1)?;
        entries.push((key.get_ref().as_ref().into(), Node { line, value: node.value }));
    }
    entries.sort_by_key(|(_, node)| node.line);
    Ok(Value::Map(entries))
}

fn node_of(
    value: &Spanned<DeValue<'_>>,
    line_of: &impl Fn(usize) -> u32,
    depth: usize,
) -> Result<Node, ParseError> {
    let line = line_of(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Scalar(text.as_ref().into()),
        DeValue::Integer(number) => Value::Scalar(number.to_string().into()),
        DeValue::Float(number) => Value::Scalar(number.to_string().into()),
        DeValue::Boolean(truth) => Value::Scalar(truth.to_string().into()),
        DeValue::Datetime(time) => Value::Scalar(time.to_string().into()),
        DeValue::Array(items) => {
            if depth > limits::DOCUMENT_DEPTH {
                return Err(ParseError::new(line, format!("nested deeper than {}", limits::DOCUMENT_DEPTH)));
            }
            let nodes: Result<Vec<Node>, ParseError> =
                items.iter().map(|item| node_of(item, line_of, depth + 1)).collect();
            Value::Seq(nodes?)
        }
        DeValue::Table(table) => table_value(table, line_of, depth)?,
    };
    Ok(Node::new(line, value))
}
