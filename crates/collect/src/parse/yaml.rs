//! YAML to a [`Node`] tree, from the parser's events: the tree keeps lines, and its growth is bounded.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser};

use super::tree::{Node, ParseError, Value};
use crate::limits;

/// The documents of a file as text, with the line on which each begins (from 0), cut at `---` lines.
///
/// Cutting before parsing lets a reader leave out the documents that it has no use for: bundles of
/// resource definitions are megabytes of which a few kilobytes matter.
pub(crate) fn documents(text: &str) -> Vec<(u32, &str)> {
    let mut out = Vec::new();
    let (mut start, mut start_line, mut offset, mut line) = (0, 0, 0, 0);
    for part in text.split_inclusive('\n') {
        let is_marker = part.starts_with("---") && part[3..].chars().next().is_none_or(|c| c.is_whitespace());
        if is_marker && offset > start {
            out.push((start_line, &text[start..offset]));
            start = offset;
            start_line = line;
        }
        offset += part.len();
        line += 1;
    }
    if start < text.len() {
        out.push((start_line, &text[start..]));
    }
    out
}

struct Frame {
    node: Node,
    anchor: usize,
    key: Option<(Box<str>, u32)>,
}

struct Builder {
    stack: Vec<Frame>,
    anchors: HashMap<usize, Node>,
    done: Vec<Node>,
    nodes: usize,
    alias_nodes: usize,
    anchored_nodes: usize,
}

/// All documents of a YAML text. `first_line` is added to every line.
///
/// # Errors
/// Where the text is not YAML, or over the limits of depth, nodes or aliases.
pub(crate) fn parse_yaml(text: &str, first_line: u32) -> Result<Vec<Node>, ParseError> {
    match parse_strictly(text, first_line) {
        Err(error) => match with_indented_closers(text) {
            Some(text) => parse_strictly(&text, first_line).map_err(|_| error),
            None => Err(error),
        },
        found => found,
    }
}

/// Closing brackets at the start of a line, moved to the right: the standard wants them indented, but other parsers
/// don't, so files with them are common.
fn with_indented_closers(text: &str) -> Option<String> {
    let is_closer = |line: &str| line.trim_start().starts_with([']', '}']);
    if !text.lines().any(is_closer) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 256);
    for line in text.split_inclusive('\n') {
        if is_closer(line) {
            out.push_str("                                ");
        }
        out.push_str(line);
    }
    Some(out)
}

fn parse_strictly(text: &str, first_line: u32) -> Result<Vec<Node>, ParseError> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder {
        stack: Vec::new(),
        anchors: HashMap::new(),
        done: Vec::new(),
        nodes: 0,
        alias_nodes: 0,
        anchored_nodes: 0,
    };
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let line = u32::try_from(error.marker().line()).unwrap_or(0).max(1) + first_line;
            ParseError::new(line, format!("not valid YAML: {}", error.info()))
        })?;
        let line = u32::try_from(span.start.line()).unwrap_or(0).max(1) + first_line;
        if matches!(event, Event::StreamEnd) {
            break;
        }
        builder.event(event, line)?;
    }
    Ok(builder.done)
}

impl Builder {
    fn event(&mut self, event: Event<'_>, line: u32) -> Result<(), ParseError> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = matches!(style, saphyr_parser::ScalarStyle::Plain);
                let value = if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Value::Null
                } else {
                    Value::Scalar(text.into())
                };
                self.add(Node::new(line, value), anchor, line)
            }
            Event::SequenceStart(anchor, _) => self.open(Value::Seq(Vec::new()), anchor, line),
            Event::MappingStart(anchor, _) => self.open(Value::Map(Vec::new()), anchor, line),
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(frame) => self.add(frame.node, frame.anchor, line),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().unwrap_or(Node::new(line, Value::Null));
                self.alias_nodes += node.size();
                if self.alias_nodes > limits::ALIAS_NODES {
                    return Err(ParseError::new(
                        line,
                        format!("its aliases add more than {} values", limits::ALIAS_NODES),
                    ));
                }
                self.add(node, 0, line)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, value: Value, anchor: usize, line: u32) -> Result<(), ParseError> {
        if self.stack.len() >= limits::DOCUMENT_DEPTH {
            return Err(ParseError::new(line, format!("nested deeper than {}", limits::DOCUMENT_DEPTH)));
        }
        self.stack.push(Frame { node: Node::new(line, value), anchor, key: None });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize, line: u32) -> Result<(), ParseError> {
        self.nodes += 1;
        if self.nodes > limits::DOCUMENT_NODES {
            return Err(ParseError::new(line, format!("more than {} values", limits::DOCUMENT_NODES)));
        }
        if anchor != 0 {
            // Anchors inside anchors would be kept once for each level.
            self.anchored_nodes += node.size();
            if self.anchored_nodes > limits::DOCUMENT_NODES {
                return Err(ParseError::new(
                    line,
                    format!("its anchors hold more than {} values", limits::DOCUMENT_NODES),
                ));
            }
            self.anchors.insert(anchor, node.clone());
        }
        let Some(frame) = self.stack.last_mut() else {
            self.done.push(node);
            return Ok(());
        };
        match &mut frame.node.value {
            Value::Seq(items) => items.push(node),
            Value::Map(entries) => match frame.key.take() {
                None => {
                    // A key that is a list or a map itself has no use here; it is kept as an empty one.
                    let key: Box<str> = match node.value {
                        Value::Scalar(text) => text,
                        _ => "".into(),
                    };
                    frame.key = Some((key, node.line));
                }
                Some((key, _)) if &*key == "<<" => merge(entries, node),
                Some((key, key_line)) => entries.push((key, Node { line: key_line, value: node.value })),
            },
            Value::Null | Value::Scalar(_) => {}
        }
        Ok(())
    }
}

/// `<<: *base` and `<<: [*a, *b]`: keys that stand in the map itself win.
fn merge(entries: &mut Vec<(Box<str>, Node)>, node: Node) {
    match node.value {
        Value::Map(more) => {
            for (key, value) in more {
                if !entries.iter().any(|(name, _)| *name == key) {
                    entries.push((key, value));
                }
            }
        }
        Value::Seq(items) => {
            for item in items {
                merge(entries, item);
            }
        }
        Value::Null | Value::Scalar(_) => {}
    }
}
