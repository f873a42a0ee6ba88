//! Words and blocks in braces: the form of nginx's, Caddy's, Logstash's and Alloy's settings.

use super::tree::ParseError;
use crate::limits;

/// What ends a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// A semicolon, wherever it stands: nginx.
    Semicolon,
    /// The end of the line, outside of brackets: Caddy, Logstash, Alloy.
    Line,
}

/// A statement: its words, and those that stand in its braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Without quotes.
    pub(crate) words: Vec<String>,
    /// From 1, where it begins.
    pub(crate) line: u32,
    pub(crate) children: Vec<Block>,
}

impl Block {
    /// The first word.
    pub(crate) fn head(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The words behind the first.
    pub(crate) fn rest(&self) -> &[String] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// This statement and all within it, in order, with the heads of those around it.
    pub(crate) fn walk<'a>(
        &'a self,
        around: &mut Vec<&'a str>,
        visit: &mut dyn FnMut(&[&'a str], &'a Block),
    ) {
        visit(around, self);
        around.push(self.head());
        for child in &self.children {
            child.walk(around, visit);
        }
        around.pop();
    }
}

/// Reads statements. What is left open at the end is closed there: pieces of a file are included by others.
///
/// # Errors
/// Over the limits of depth or of nodes.
pub(crate) fn parse_blocks(text: &str, ends: Ends) -> Result<Vec<Block>, ParseError> {
    let mut reader = Reader {
        text,
        ends,
        open: Vec::new(),
        done: Vec::new(),
        current: None,
        line: 1,
        nodes: 0,
        brackets: 0,
    };
    reader.run()?;
    Ok(reader.done)
}

struct Reader<'a> {
    text: &'a str,
    ends: Ends,
    /// Blocks whose brace is open.
    open: Vec<Block>,
    done: Vec<Block>,
    /// The statement that is being read.
    current: Option<Block>,
    line: u32,
    nodes: usize,
    brackets: usize,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), ParseError> {
        let mut rest = self.text;
        while let Some(c) = rest.chars().next() {
            let behind = &rest[c.len_utf8()..];
            match c {
                '\n' => {
                    if self.ends == Ends::Line && self.brackets == 0 {
                        self.finish();
                    }
                    self.line = self.line.saturating_add(1);
                    rest = behind;
                }
                '#' => rest = &rest[rest.find('\n').unwrap_or(rest.len())..],
                // Only where lines end statements: in nginx it begins a pattern.
                '/' if self.ends == Ends::Line && behind.starts_with('/') => {
                    rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                }
                ';' => {
                    self.finish();
                    rest = behind;
                }
                '{' if !is_placeholder(behind) => {
                    let block = self.current.take().unwrap_or(Block {
                        words: Vec::new(),
                        line: self.line,
                        children: Vec::new(),
                    });
                    if self.open.len() >= limits::DOCUMENT_DEPTH {
                        let what = format!("nested deeper than {}", limits::DOCUMENT_DEPTH);
                        return Err(ParseError::new(self.line, what));
                    }
                    self.open.push(block);
                    self.brackets = 0;
                    rest = behind;
                }
                '}' => {
                    self.finish();
                    self.close();
                    rest = behind;
                }
                '"' | '\'' | '`' => rest = self.quoted(c, behind)?,
                '[' | ']' | ',' | '(' | ')' if self.ends == Ends::Line => {
                    match c {
                        '[' | '(' => self.brackets += 1,
                        ']' | ')' => self.brackets = self.brackets.saturating_sub(1),
                        _ => {}
                    }
                    rest = behind;
                }
                c if c.is_whitespace() => rest = behind,
                _ => rest = self.bare(rest)?,
            }
        }
        self.finish();
        while !self.open.is_empty() {
            self.close();
        }
        Ok(())
    }

    fn word(&mut self, word: String) -> Result<(), ParseError> {
        self.nodes += 1;
        if self.nodes > limits::DOCUMENT_NODES {
            return Err(ParseError::new(self.line, format!("more than {} words", limits::DOCUMENT_NODES)));
        }
        let line = self.line;
        let new = || Block { words: Vec::new(), line, children: Vec::new() };
        self.current.get_or_insert_with(new).words.push(word);
        Ok(())
    }

    fn finish(&mut self) {
        if let Some(block) = self.current.take() {
            self.keep(block);
        }
    }

    fn close(&mut self) {
        if let Some(block) = self.open.pop() {
            self.keep(block);
        }
    }

    fn keep(&mut self, block: Block) {
        match self.open.last_mut() {
            Some(around) => around.children.push(block),
            None => self.done.push(block),
        }
    }

    /// A text in quotes; gives what stands behind it. One without an end reaches to the end of its line.
    fn quoted<'t>(&mut self, quote: char, text: &'t str) -> Result<&'t str, ParseError> {
        let mut word = String::new();
        let mut chars = text.char_indices();
        let mut end = None;
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if quote != '`' => word.extend(chars.next().map(|(_, c)| c)),
                c if c == quote => {
                    end = Some(at + c.len_utf8());
                    break;
                }
                c => word.push(c),
            }
        }
        let Some(end) = end else {
            let end = text.find('\n').unwrap_or(text.len());
            self.word(text[..end].to_owned())?;
            return Ok(&text[end..]);
        };
        self.word(word)?;
        let lines = text[..end].matches('\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        Ok(&text[end..])
    }

    /// A word without quotes; gives what stands behind it.
    fn bare<'t>(&mut self, text: &'t str) -> Result<&'t str, ParseError> {
        let mut end = text.len();
        let mut depth = 0_usize;
        for (at, c) in text.char_indices() {
            let behind = &text[at + c.len_utf8()..];
            match c {
                // A placeholder inside a word: `${HOST}`, `{$HOST}`, `a{2}`.
                '{' if at == 0 || depth > 0 || is_placeholder(behind) => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '{' | '}' | ';' => {
                    end = at;
                    break;
                }
                '[' | ']' | ',' | '(' | ')' | '"' if self.ends == Ends::Line => {
                    end = at;
                    break;
                }
                c if c.is_whitespace() => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        // At least one character, so that reading goes on.
        let end = end.max(text.chars().next().map_or(0, char::len_utf8));
        self.word(text[..end].to_owned())?;
        Ok(&text[end..])
    }
}

/// Whether what follows a brace ends with one before any blank, quote or sign: `{$HOST}`, `{2}`. `{}` is an empty
/// block.
fn is_placeholder(behind: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"' | '\'' | '=');
    let end = behind.find(ends).unwrap_or(behind.len());
    end > 0 && behind[end..].starts_with('}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// `words{children}` of each statement.
    fn shape(blocks: &[Block]) -> String {
        let one = |block: &Block| {
            let words = block.words.join(" ");
            if block.children.is_empty() { words } else { format!("{words}{{{}}}", shape(&block.children)) }
        };
        blocks.iter().map(one).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn statements_and_blocks() {
        for (ends, text, want) in [
            (Ends::Semicolon, "a b;\nc {\n d \"e f\"; # x\n}\n", "a b|c{d e f}"),
            (
                Ends::Semicolon,
                "server{listen 80;location /{p http://${h}:1;}}",
                "server{listen 80|location /{p http://${h}:1}}",
            ),
            (Ends::Semicolon, "location ~ ^/a{2}/(b|c)$ { x; }", "location ~ ^/a{2}/(b|c)${x}"),
            (Ends::Semicolon, "a {\n b\n", "a{b}"),
            (Ends::Line, "{$HOST} {\n reverse_proxy a:1 b:2 // c\n}\n", "{$HOST}{reverse_proxy a:1 b:2}"),
            (
                Ends::Line,
                "output { es { hosts => [\"a:1\",\n \"b:2\"]\n index => x } }",
                "output{es{hosts => a:1 b:2|index => x}}",
            ),
            (Ends::Line, "a \"open\nb", "a open|b"),
            (Ends::Line, "}} b {}", "b"),
            (Ends::Line, "t = [{\"a\"=\"b:1\"}]", "t ={a = b:1}"),
        ] {
            assert_eq!(shape(&parse_blocks(text, ends).unwrap()), want, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_through_quotes() {
        let blocks = parse_blocks("a 'x\ny'\nb;", Ends::Line).unwrap();
        assert_eq!(blocks.iter().map(|block| block.line).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn depth_has_a_limit() {
        assert!(parse_blocks(&"a { ".repeat(100), Ends::Line).is_err());
    }
}
