//! JSON to a [`Node`] tree. Comments and trailing commas are accepted: settings files have them.

use super::tree::{Node, ParseError, Value};
use crate::limits;

/// One JSON value.
///
/// # Errors
/// Where the text is not JSON, or over the limits of depth or nodes.
pub(crate) fn parse_json(text: &str) -> Result<Node, ParseError> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, line: 1, nodes: 0 };
    let node = reader.value(0)?;
    reader.skip();
    if reader.at < reader.bytes.len() {
        return Err(reader.error("text behind the end of the JSON value"));
    }
    Ok(node)
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    line: u32,
    nodes: usize,
}

impl Reader<'_> {
    fn error(&self, what: &str) -> ParseError {
        ParseError::new(self.line, format!("not valid JSON: {what}"))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'/' if self.bytes.get(self.at + 1) == Some(&b'/') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                b'/' if self.bytes.get(self.at + 1) == Some(&b'*') => {
                    self.at += 2;
                    while self.at < self.bytes.len() && !self.bytes[self.at..].starts_with(b"*/") {
                        if self.bytes[self.at] == b'\n' {
                            self.line += 1;
                        }
                        self.at += 1;
                    }
                    self.at = (self.at + 2).min(self.bytes.len());
                }
                _ => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, ParseError> {
        if depth > limits::DOCUMENT_DEPTH {
            return Err(ParseError::new(self.line, format!("nested deeper than {}", limits::DOCUMENT_DEPTH)));
        }
        self.nodes += 1;
        if self.nodes > limits::DOCUMENT_NODES {
            return Err(ParseError::new(self.line, format!("more than {} values", limits::DOCUMENT_NODES)));
        }
        self.skip();
        let line = self.line;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::Scalar(self.string()?.into()),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => self.word(),
            Some(_) => return Err(self.error("a value was expected")),
            None => return Err(self.error("it ends too early")),
        };
        Ok(Node::new(line, value))
    }

    fn word(&mut self) -> Value {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')) {
            self.at += 1;
        }
        match &self.text[start..self.at] {
            "null" => Value::Null,
            word => Value::Scalar(word.into()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(entries));
                }
                Some(b',') => self.at += 1,
                Some(b'"') => {
                    let line = self.line;
                    let key = self.string()?;
                    self.skip();
                    if self.peek() != Some(b':') {
                        return Err(self.error("a ':' was expected"));
                    }
                    self.at += 1;
                    let node = self.value(depth + 1)?;
                    entries.push((key.into(), Node { line, value: node.value }));
                }
                Some(_) => return Err(self.error("a key was expected")),
                None => return Err(self.error("it ends too early")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Seq(items));
                }
                Some(b',') => self.at += 1,
                Some(_) => items.push(self.value(depth + 1)?),
                None => return Err(self.error("it ends too early")),
            }
        }
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut out = String::new();
        let mut start = self.at;
        loop {
            match self.peek() {
                None => return Err(self.error("a text has no end")),
                Some(b'"') => {
                    out.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    self.escape(&mut out)?;
                    start = self.at;
                }
                Some(b'\n') => {
                    self.line += 1;
                    self.at += 1;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), ParseError> {
        let Some(byte) = self.peek() else { return Err(self.error("a text has no end")) };
        if !byte.is_ascii() {
            return Err(self.error("an unknown escape"));
        }
        self.at += 1;
        match byte {
            b'n' => out.push('\n'),
            b't' => out.push('\t'),
            b'r' => out.push('\r'),
            b'b' | b'f' => out.push(' '),
            b'u' => {
                let digits = self.bytes.get(self.at..self.at + 4).and_then(|d| std::str::from_utf8(d).ok());
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let Some(code) = code else { return Err(self.error("an unknown escape")) };
                self.at += 4;
                // Halves of a surrogate pair stand for characters that no name here has.
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            other => out.push(char::from(other)),
        }
        Ok(())
    }
}
