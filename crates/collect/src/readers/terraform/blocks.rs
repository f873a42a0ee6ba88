//! Blocks of HCL files, as far as pieces and their relations need them: types, labels, attributes with what they name.
//! Expressions are not evaluated. Nothing is refused: what is no HCL gives nothing.

use crate::limits;

/// One top-level block: `resource "TYPE" "LABEL" { … }`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) labels: Vec<String>,
    pub(crate) line: u32,
    /// Attributes of the block and of the blocks in it.
    pub(crate) attributes: Vec<Attribute>,
}

/// `NAME = EXPRESSION`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attribute {
    /// Names of the blocks around it and its own, with dots between them.
    pub(crate) path: String,
    /// The value, where it is a text without placeholders, a number or a truth value; of `count` the whole expression.
    pub(crate) literal: Option<String>,
    /// Other things that the expression names, with their lines: `aws_sqs_queue.orders`, `local.name`, `module.db`.
    pub(crate) names: Vec<(String, u32)>,
}

impl Block {
    /// The literal value of an attribute of the block itself.
    pub(crate) fn literal(&self, path: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.path == path)
            .and_then(|attribute| attribute.literal.as_deref())
    }
}

/// The top-level blocks of a file.
pub(super) fn read(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // Names of the open blocks; the first is the top-level one.
    let mut open: Vec<String> = Vec::new();
    let mut lines = text.lines().zip(1_u32..).peekable();
    let mut in_comment = false;
    while let Some((raw, number)) = lines.next() {
        let line = without_comment(raw, &mut in_comment).trim();
        if line.is_empty() || line.len() > limits::LINE_BYTES {
            continue;
        }
        if let Some((name, value)) = attribute(line) {
            let mut expression = value.to_owned();
            let mut names = Vec::new();
            find_names(value, number, &mut names);
            let mut depth = brackets(value);
            let heredoc = heredoc_end(value);
            // A value goes on until its brackets are closed, or its text ends.
            while depth > 0 || heredoc.is_some() {
                let Some((raw_more, at)) = lines.next() else { break };
                if heredoc.as_deref() == Some(raw_more.trim()) {
                    break;
                }
                let more =
                    if heredoc.is_some() { raw_more } else { without_comment(raw_more, &mut in_comment) };
                if more.len() > limits::LINE_BYTES {
                    continue;
                }
                find_names(more, at, &mut names);
                if heredoc.is_none() {
                    depth += brackets(more);
                }
                if expression.len() < limits::VALUE_BYTES {
                    expression.push('\n');
                    expression.push_str(more);
                }
            }
            if let Some(block) = blocks.last_mut().filter(|_| !open.is_empty()) {
                let path =
                    open.iter().skip(1).map(String::as_str).chain([name]).collect::<Vec<_>>().join(".");
                // Whether there is any is told by a condition.
                let kept =
                    if name == "count" { Some(expression.trim().to_owned()) } else { literal(&expression) };
                block.attributes.push(Attribute { path, literal: kept, names });
            }
            continue;
        }
        if let Some(head) = line.strip_suffix('{').or_else(|| line.strip_suffix("{}")) {
            let mut words = head.split_whitespace().map(|word| word.trim_matches('"').to_owned());
            let kind = words.next().unwrap_or_default();
            if open.is_empty() {
                blocks.push(Block {
                    kind: kind.clone(),
                    labels: words.collect(),
                    line: number,
                    attributes: Vec::new(),
                });
            }
            if line.ends_with('{') && open.len() < limits::DOCUMENT_DEPTH {
                open.push(kind);
            }
        } else if line.starts_with('}') {
            open.pop();
        }
    }
    blocks
}

/// A line without its comment.
fn without_comment<'a>(line: &'a str, in_comment: &mut bool) -> &'a str {
    if *in_comment {
        let Some(end) = line.find("*/") else { return "" };
        *in_comment = false;
        return without_comment(&line[end + 2..], in_comment);
    }
    let mut quoted = false;
    let bytes = line.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if at == 0 || bytes[at - 1] != b'\\' => quoted = !quoted,
            b'#' if !quoted => return &line[..at],
            b'/' if !quoted && bytes.get(at + 1) == Some(&b'/') => return &line[..at],
            b'/' if !quoted && bytes.get(at + 1) == Some(&b'*') => {
                *in_comment = !line[at + 2..].contains("*/");
                return &line[..at];
            }
            _ => {}
        }
    }
    line
}

/// Name and expression of `NAME = EXPRESSION`.
fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim().trim_matches('"');
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    (!name.is_empty() && !value.starts_with(['=', '>']) && name.chars().all(is_name))
        .then_some((name, value.trim()))
}

/// How many brackets a line opens more than it closes, those in texts aside.
fn brackets(line: &str) -> i64 {
    let (mut depth, mut quoted, mut before) = (0, false, ' ');
    for c in line.chars() {
        match c {
            '"' if before != '\\' => quoted = !quoted,
            '{' | '[' | '(' if !quoted => depth += 1,
            '}' | ']' | ')' if !quoted => depth -= 1,
            _ => {}
        }
        before = c;
    }
    depth
}

fn heredoc_end(value: &str) -> Option<String> {
    let at = value.find("<<")?;
    let word: String = value[at + 2..]
        .trim_start_matches('-')
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty() && !value[..at].contains('"')).then_some(word)
}

fn literal(expression: &str) -> Option<String> {
    let text = expression.trim();
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner {
        Some(inner) => (!inner.contains(['"', '\n']) && !inner.contains("${")).then(|| inner.to_owned()),
        None => matches!(text, "true" | "false" | "0").then(|| text.to_owned()),
    }
}

/// Names with a dot outside of plain text: `aws_sqs_queue.orders.arn` is `aws_sqs_queue.orders`.
fn find_names(text: &str, line: u32, out: &mut Vec<(String, u32)>) {
    for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))) {
        let mut parts = word.split('.');
        let (Some(kind), Some(name)) = (parts.next(), parts.next()) else { continue };
        let is_kind = kind.contains('_') || matches!(kind, "local" | "module");
        if is_kind
            && !name.is_empty()
            && kind.starts_with(|c: char| c.is_ascii_lowercase())
            && out.len() < 1_000
        {
            out.push((format!("{kind}.{name}"), line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_with_their_attributes_and_what_they_name() {
        let blocks = read(
            "# x\nresource \"aws_lambda_function\" \"pay\" {\n  function_name = \"pay\" // y\n  environment {\n    variables = {\n      TABLE = aws_dynamodb_table.orders.name # z\n      URL   = \"${aws_sqs_queue.q.url}\"\n    }\n  }\n  policy = <<EOF\n{ \"a\": \"}\" }\nEOF\n}\nlocals { a = 1 }\n/* b {\n*/ module \"db\" {\n source = \"./db\"\n}\n",
        );
        let heads: Vec<(&str, u32)> = blocks.iter().map(|block| (block.kind.as_str(), block.line)).collect();
        assert_eq!(heads, [("resource", 2), ("module", 16)]);
        assert_eq!(blocks[0].literal("function_name"), Some("pay"));
        let variables = &blocks[0].attributes[1];
        assert_eq!(variables.path, "environment.variables");
        assert_eq!(
            variables.names,
            [("aws_dynamodb_table.orders".to_owned(), 6), ("aws_sqs_queue.q".to_owned(), 7)]
        );
    }
}
