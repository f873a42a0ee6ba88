//! Templates of charts as a tree. The language is that of Go's `text/template`; a text is never refused: what can't be
//! understood prints nothing, as most of a chart's templates is of no interest here anyway.

use crate::limits;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// Text as it stands, and the line on which it begins.
    Text(String, u32),
    Print(Expr, u32),
    /// A variable's name and value; the value prints nothing.
    Assign(String, Expr),
    /// Conditions with their parts, the first that holds counts; without a condition: else.
    If(Vec<(Option<Head>, Vec<Part>)>),
    /// What it is about, its parts, and those for nothing.
    With(Head, Vec<Part>, Vec<Part>),
    Range(Option<String>, Head, Vec<Part>, Vec<Part>),
    Define(String, Vec<Part>),
}

/// What a block is opened with: a value, and the variable that it is given to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) variable: Option<String>,
    pub(crate) value: Expr,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    /// Strings, numbers, truth values.
    Text(String),
    Nil,
    /// The value that the template is about.
    Dot,
    /// `$x`; `$` alone is what the whole template is about.
    Variable(String),
    /// Fields of a value, one of the other.
    Fields(Box<Expr>, Vec<String>),
    /// A function, or a method (a field with arguments), with its arguments.
    Call(String, Vec<Expr>),
    Method(Box<Expr>, Vec<Expr>),
}

/// A template's parts.
pub(super) fn parse(text: &str) -> Vec<Part> {
    let mut parser = Blocks { pieces: cut(text).into_iter().peekable() };
    let mut out = Vec::new();
    // A stray `end` or `else` ends nothing.
    while parser.pieces.peek().is_some() {
        let (parts, _) = parser.parts(0);
        out.extend(parts);
    }
    out
}

/// Text, or what stands between `{{` and `}}`, with its line.
enum Cut<'a> {
    Text(&'a str, u32),
    Action(&'a str, u32),
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

fn cut(text: &str) -> Vec<Cut<'_>> {
    let mut out = Vec::new();
    let (mut rest, mut line, mut trims) = (text, 1_u32, false);
    loop {
        let open = rest.find("{{");
        let before = &rest[..open.unwrap_or(rest.len())];
        let after_line = line.saturating_add(count_lines(before));
        let mut shown = before;
        if trims {
            shown = before.trim_start();
            line = line.saturating_add(count_lines(&before[..before.len() - shown.len()]));
        }
        let body = open.map(|at| &rest[at + 2..]);
        let trims_before = body.is_some_and(|body| {
            body.strip_prefix('-').is_some_and(|body| body.starts_with(char::is_whitespace))
        });
        if trims_before {
            shown = shown.trim_end();
        }
        if !shown.is_empty() {
            out.push(Cut::Text(shown, line));
        }
        line = after_line;
        let Some(body) = body else { return out };
        let Some(end) = end_of_action(body) else { return out };
        let action = &body[..end];
        trims = action.ends_with('-') && action[..action.len() - 1].ends_with(char::is_whitespace);
        let inner = if trims { &action[..action.len() - 1] } else { action };
        let inner = if trims_before { &inner[1.min(inner.len())..] } else { inner };
        out.push(Cut::Action(inner.trim(), line));
        line = line.saturating_add(count_lines(action));
        rest = &body[end + 2..];
    }
}

/// Where an action ends: at the `}}` outside of quotes and comments.
fn end_of_action(body: &str) -> Option<usize> {
    let start = body.strip_prefix('-').unwrap_or(body).trim_start();
    if start.starts_with("/*") {
        let from = body.len() - start.len();
        let end = start.find("*/")?;
        return body[from + end..].find("}}").map(|at| from + end + at);
    }
    let bytes = body.as_bytes();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

struct Blocks<'a> {
    pieces: std::iter::Peekable<std::vec::IntoIter<Cut<'a>>>,
}

impl<'a> Blocks<'a> {
    /// The parts up to the `end` or `else` of the block, which is given back.
    fn parts(&mut self, depth: usize) -> (Vec<Part>, Option<(&'a str, u32)>) {
        let mut out = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (action, line) = match piece {
                Cut::Text(text, line) => {
                    out.push(Part::Text(text.to_owned(), line));
                    continue;
                }
                Cut::Action(action, line) => (action, line),
            };
            let word = action.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("");
            let rest = action[word.len()..].trim();
            if matches!(word, "end" | "else") {
                return (out, Some((action, line)));
            }
            // Deeper blocks are read as if they were beside each other: nobody nests so deep by intention.
            if depth >= limits::DOCUMENT_DEPTH {
                continue;
            }
            match word {
                "if" => out.push(self.conditions(rest, depth)),
                "with" => {
                    let (parts, otherwise) = self.two(depth);
                    out.push(Part::With(head(rest).1, parts, otherwise));
                }
                "range" => {
                    let (parts, otherwise) = self.two(depth);
                    let (key, head) = head(rest);
                    out.push(Part::Range(key, head, parts, otherwise));
                }
                "define" | "block" => {
                    let (parts, _) = self.parts(depth + 1);
                    let Some(Expr::Text(name)) = first_operand(rest) else { continue };
                    out.push(Part::Define(name, parts));
                }
                // Templates are written after comments, and a loop that ends early ends late here.
                "break" | "continue" => {}
                _ if action.is_empty() || action.starts_with("/*") => {}
                _ => match assignment(action) {
                    Some((name, value)) => out.push(Part::Assign(name, value)),
                    None => out.push(Part::Print(expression(action), line)),
                },
            }
        }
        (out, None)
    }

    /// The parts of a block and of its `else`.
    fn two(&mut self, depth: usize) -> (Vec<Part>, Vec<Part>) {
        let (parts, end) = self.parts(depth + 1);
        match end {
            Some((word, _)) if word.starts_with("else") => (parts, self.rest_of_block(depth)),
            _ => (parts, Vec::new()),
        }
    }

    /// The parts up to `end`, over any further `else`.
    fn rest_of_block(&mut self, depth: usize) -> Vec<Part> {
        let mut out = Vec::new();
        loop {
            let (parts, end) = self.parts(depth + 1);
            out.extend(parts);
            if !end.is_some_and(|(word, _)| word.starts_with("else")) {
                return out;
            }
        }
    }

    fn conditions(&mut self, first: &str, depth: usize) -> Part {
        let mut branches = Vec::new();
        let mut condition = Some(head(first).1);
        loop {
            let (parts, end) = self.parts(depth + 1);
            branches.push((condition.take(), parts));
            match end {
                Some((action, _)) if action.starts_with("else") => {
                    let rest = action["else".len()..].trim();
                    condition = ["if", "with"]
                        .iter()
                        .find_map(|word| rest.strip_prefix(word))
                        .map(|rest| head(rest.trim()).1);
                }
                _ => return Part::If(branches),
            }
        }
    }
}

/// `$i, $x := VALUE`: the first of two variables, and the rest.
fn head(text: &str) -> (Option<String>, Head) {
    let Some((names, value)) = text.split_once(":=").filter(|(names, _)| names.trim_start().starts_with('$'))
    else {
        return (None, Head { variable: None, value: expression(text) });
    };
    let name = |text: &str| text.trim().trim_start_matches('$').to_owned();
    let (key, variable) = match names.split_once(',') {
        Some((key, variable)) => (Some(name(key)), name(variable)),
        None => (None, name(names)),
    };
    (key, Head { variable: Some(variable), value: expression(value) })
}

/// `$x := VALUE` and `$x = VALUE`.
fn assignment(action: &str) -> Option<(String, Expr)> {
    let rest = action.strip_prefix('$')?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let value = rest[end..].trim_start();
    let value =
        value.strip_prefix(":=").or_else(|| value.strip_prefix('=').filter(|rest| !rest.starts_with('=')))?;
    Some((rest[..end].to_owned(), expression(value)))
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Word(String),
    Variable(String),
    Field(String),
    Dot,
    Open,
    Close,
    Pipe,
    /// White space ends an operand: `f .a` is no field of `f`.
    Space,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let end_of = |text: &str| text.find(|c: char| !is_name(c)).unwrap_or(text.len());
        let size = c.len_utf8();
        match c {
            c if c.is_whitespace() => {
                out.push(Token::Space);
                rest = rest.trim_start();
                continue;
            }
            '"' | '`' | '\'' => {
                let (value, length) = quoted(rest, c);
                out.push(Token::Text(value));
                rest = &rest[length..];
                continue;
            }
            '.' => {
                let end = end_of(&rest[1..]);
                out.push(if end == 0 { Token::Dot } else { Token::Field(rest[1..=end].to_owned()) });
                rest = &rest[1 + end..];
                continue;
            }
            '$' => {
                let end = end_of(&rest[1..]);
                out.push(Token::Variable(rest[1..=end].to_owned()));
                rest = &rest[1 + end..];
                continue;
            }
            '(' => out.push(Token::Open),
            ')' => out.push(Token::Close),
            '|' => out.push(Token::Pipe),
            c if c.is_ascii_digit() || matches!(c, '-' | '+') => {
                let end = rest[size..]
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
                    .map_or(rest.len(), |end| size + end);
                out.push(Token::Text(rest[..end].to_owned()));
                rest = &rest[end..];
                continue;
            }
            c if is_name(c) => {
                let end = end_of(rest);
                let word = &rest[..end];
                out.push(match word {
                    "true" | "false" => Token::Text(word.to_owned()),
                    _ => Token::Word(word.to_owned()),
                });
                rest = &rest[end..];
                continue;
            }
            _ => {}
        }
        rest = &rest[size..];
    }
    out
}

/// A string from its opening quote on: its value and its length with the quotes.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return (value, at + c.len_utf8()),
            '\\' if quote == '"' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some(c) => value.push(c),
                None => {}
            },
            c => value.push(c),
        }
    }
    (value, text.len())
}

fn first_operand(text: &str) -> Option<Expr> {
    match tokens(text).into_iter().find(|token| *token != Token::Space)? {
        Token::Text(text) => Some(Expr::Text(text)),
        _ => None,
    }
}

/// A pipeline.
pub(super) fn expression(text: &str) -> Expr {
    let tokens = tokens(text);
    Operands { tokens: &tokens, at: 0, left: limits::EXPRESSION_LEVELS }.pipeline()
}

struct Operands<'a> {
    tokens: &'a [Token],
    at: usize,
    /// How many brackets and `|` may still come: each is a level of the tree.
    left: usize,
}

impl<'a> Operands<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        self.at += 1;
        self.tokens.get(self.at - 1)
    }

    /// Commands with `|` between them, up to the closing bracket: each gets the value before it as its last argument.
    fn pipeline(&mut self) -> Expr {
        let mut value = None;
        loop {
            let command = self.command(value.take());
            match self.next() {
                Some(Token::Pipe) if self.left > 0 => self.left -= 1,
                _ => return command,
            }
            value = Some(command);
        }
    }

    /// A function with its arguments, or one operand. Ends before `|` and `)`.
    fn command(&mut self, piped: Option<Expr>) -> Expr {
        let mut operands = Vec::new();
        loop {
            match self.tokens.get(self.at) {
                None | Some(Token::Pipe | Token::Close) => break,
                Some(Token::Space) => self.at += 1,
                Some(_) => operands.push(self.operand()),
            }
        }
        let mut operands = operands.into_iter();
        let Some(first) = operands.next() else { return piped.unwrap_or(Expr::Nil) };
        let arguments: Vec<Expr> = operands.chain(piped).collect();
        match first {
            Expr::Call(name, none) if none.is_empty() => Expr::Call(name, arguments),
            other if arguments.is_empty() => other,
            other => Expr::Method(Box::new(other), arguments),
        }
    }

    fn operand(&mut self) -> Expr {
        let value = match self.next() {
            Some(Token::Text(text)) => Expr::Text(text.clone()),
            Some(Token::Word(word)) if word == "nil" => Expr::Nil,
            Some(Token::Word(word)) => Expr::Call(word.clone(), Vec::new()),
            Some(Token::Variable(name)) => Expr::Variable(name.clone()),
            Some(Token::Field(_)) => {
                self.at -= 1;
                Expr::Dot
            }
            Some(Token::Dot) => Expr::Dot,
            Some(Token::Open) if self.left > 0 => {
                self.left -= 1;
                self.pipeline()
            }
            _ => Expr::Nil,
        };
        let mut names = Vec::new();
        while let Some(Token::Field(name)) = self.tokens.get(self.at) {
            self.at += 1;
            names.push(name.clone());
        }
        if names.is_empty() { value } else { Expr::Fields(Box::new(value), names) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gives_its_value_as_the_last_argument() {
        let field = |name: &str| Expr::Fields(Box::new(Expr::Dot), vec![name.to_owned()]);
        assert_eq!(
            expression(".a | default \"x\" | quote"),
            Expr::Call(
                "quote".to_owned(),
                vec![Expr::Call("default".to_owned(), vec![Expr::Text("x".to_owned()), field("a")])]
            )
        );
        assert_eq!(
            expression("(index $.b 0).c"),
            Expr::Fields(
                Box::new(Expr::Call(
                    "index".to_owned(),
                    vec![
                        Expr::Fields(Box::new(Expr::Variable(String::new())), vec!["b".to_owned()]),
                        Expr::Text("0".to_owned())
                    ]
                )),
                vec!["c".to_owned()]
            )
        );
    }

    #[test]
    fn white_space_goes_where_a_dash_stands_and_lines_stay_right() {
        let parts = parse("a\n{{- /* c }} */ -}}\n\nb: {{ .x }}\n");
        assert_eq!(parts[0], Part::Text("a".to_owned(), 1));
        assert_eq!(parts[1], Part::Text("b: ".to_owned(), 4));
        assert!(matches!(&parts[2], Part::Print(_, 4)));
    }

    #[test]
    fn blocks_nest() {
        let parts = parse(
            "{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}{{ range $i, $x := .l }}{{ $x }}{{ end }}",
        );
        assert!(
            matches!(&parts[0], Part::If(branches) if branches.len() == 3 && branches[2].0.is_none()),
            "{parts:?}"
        );
        assert!(matches!(&parts[1], Part::Range(Some(key), head, parts, _)
            if key == "i" && head.variable.as_deref() == Some("x") && parts.len() == 1));
    }
}
