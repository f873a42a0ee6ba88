//! Source code to words, texts and signs, with their lines. It is read lightly: comments go, quoted texts become one
//! token each, and nothing is understood beyond that. What a row of tokens means is a reader's business.
//!
//! One lexer serves all languages; they differ only in how comments begin and what quotes mean ([`Syntax`]). It never
//! fails: a quote that nobody closes ends with its line, and what is over a limit is cut off.

use std::ops::Range;

use crate::limits;

/// How a language writes comments and texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Java, Kotlin, Scala, Groovy, C#, Rust, C, protobuf: `//`, `/* */`; `'x'` is a character, `"""` a long text.
    Braces,
    /// Go: as braces, and texts between backticks.
    Go,
    /// JavaScript, TypeScript, PHP: as braces, with texts in all three quotes; `#` begins no comment in the first two.
    Script,
    /// Python, Ruby, Elixir, shell: `#`; texts in both quotes, `"""` and `'''` long ones.
    Hash,
}

impl Syntax {
    /// By the ending of a file's name; `None`: no language that is known here.
    pub(crate) fn of(name: &str) -> Option<Syntax> {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase())?;
        Some(match end.as_str() {
            "java" | "kt" | "kts" | "scala" | "groovy" | "gradle" | "cs" | "fs" | "rs" | "c" | "cc"
            | "cpp" | "h" | "hpp" | "proto" | "swift" | "dart" | "thrift" => Syntax::Braces,
            "go" => Syntax::Go,
            "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" | "php" => {
                Syntax::Script
            }
            "py" | "rb" | "ex" | "exs" | "sh" | "pl" | "graphql" | "gql" => Syntax::Hash,
            _ => return None,
        })
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name or keyword; digits may stand in it.
    Word(&'a str),
    /// A number as written.
    Number(&'a str),
    /// What stands between quotes, as written: escapes are left as they are, marks like `${…}` too.
    Text(&'a str),
    /// Any other sign, one at a time: `=>` is two.
    Sign(char),
}

/// A token with its line, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lexeme<'a> {
    pub(crate) token: Token<'a>,
    pub(crate) line: u32,
}

/// A file's tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code<'a> {
    lexemes: Vec<Lexeme<'a>>,
    /// For each bracket that opens, the position of the one that closes it, or the end. Found once for all: a file of
    /// nothing but open brackets would be gone through once for each.
    ends: Vec<usize>,
}

impl<'a> Code<'a> {
    /// Cuts a text into tokens.
    pub(crate) fn read(text: &'a str, syntax: Syntax) -> Code<'a> {
        let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, line: 1, syntax };
        let mut lexemes = Vec::with_capacity((text.len() / 6).min(limits::CODE_TOKENS));
        while let Some(lexeme) = lexer.next() {
            lexemes.push(lexeme);
            if lexemes.len() >= limits::CODE_TOKENS {
                break;
            }
        }
        let ends = ends(&lexemes);
        Code { lexemes, ends }
    }

    pub(crate) fn len(&self) -> usize {
        self.lexemes.len()
    }

    /// The token at a position; `None` behind the last.
    pub(crate) fn get(&self, at: usize) -> Option<Token<'a>> {
        self.lexemes.get(at).map(|lexeme| lexeme.token)
    }

    /// The line of a position; of the last token behind it.
    pub(crate) fn line(&self, at: usize) -> u32 {
        self.lexemes.get(at).or(self.lexemes.last()).map_or(1, |lexeme| lexeme.line)
    }

    /// The word at a position.
    pub(crate) fn word(&self, at: usize) -> Option<&'a str> {
        match self.get(at)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The quoted text at a position.
    pub(crate) fn text(&self, at: usize) -> Option<&'a str> {
        match self.get(at)? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_word(&self, at: usize, word: &str) -> bool {
        self.word(at) == Some(word)
    }

    pub(crate) fn is_sign(&self, at: usize, sign: char) -> bool {
        self.get(at) == Some(Token::Sign(sign))
    }

    /// Whether words and signs stand here one behind the other, written as they are in the language:
    /// `["new", "HttpClient", "("]`. Texts and numbers are never equal to one.
    pub(crate) fn matches(&self, at: usize, row: &[&str]) -> bool {
        row.iter().enumerate().all(|(index, want)| match self.get(at + index) {
            Some(Token::Word(word)) => word == *want,
            Some(Token::Sign(sign)) => want.len() == sign.len_utf8() && want.starts_with(sign),
            _ => false,
        })
    }

    /// Positions of a word.
    pub(crate) fn positions<'b>(&'b self, word: &'b str) -> impl Iterator<Item = usize> + 'b {
        (0..self.lexemes.len()).filter(move |at| self.is_word(*at, word))
    }

    /// The position of the bracket that closes the one at `open`, or the first that stands behind it; the end where
    /// nothing closes it.
    pub(crate) fn closing(&self, open: usize) -> usize {
        for at in open..self.lexemes.len() {
            match self.get(at) {
                Some(Token::Sign('(' | '[' | '{')) => return self.ends[at],
                Some(Token::Sign(')' | ']' | '}')) => return at,
                _ => {}
            }
        }
        self.lexemes.len()
    }

    /// The arguments between the bracket at `open` and its end, cut at commas outside of further brackets.
    pub(crate) fn arguments(&self, open: usize) -> Vec<Range<usize>> {
        let end = self.closing(open);
        let mut parts = Vec::new();
        let (mut at, mut start) = (open + 1, open + 1);
        while at < end {
            match self.get(at) {
                Some(Token::Sign('(' | '[' | '{')) => at = self.ends[at],
                Some(Token::Sign(',')) => {
                    parts.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        if start < end {
            parts.push(start..end);
        }
        parts
    }

    /// The first text in a range.
    pub(crate) fn first_text(&self, range: Range<usize>) -> Option<&'a str> {
        range.into_iter().find_map(|at| self.text(at))
    }
}

/// Where each bracket that opens is closed; all kinds of brackets are one.
fn ends(lexemes: &[Lexeme<'_>]) -> Vec<usize> {
    let mut ends = vec![lexemes.len(); lexemes.len()];
    let mut open = Vec::new();
    for (at, lexeme) in lexemes.iter().enumerate() {
        match lexeme.token {
            Token::Sign('(' | '[' | '{') => open.push(at),
            Token::Sign(')' | ']' | '}') => {
                if let Some(opened) = open.pop() {
                    ends[opened] = at;
                }
            }
            _ => {}
        }
    }
    ends
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    syntax: Syntax,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<Lexeme<'a>> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            match byte {
                b'\n' => {
                    self.line = self.line.saturating_add(1);
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'/' if self.syntax != Syntax::Hash && self.sees(b"//") => self.skip_line(),
                b'/' if self.syntax != Syntax::Hash && self.sees(b"/*") => self.skip_to("*/"),
                b'#' if self.syntax == Syntax::Hash => self.skip_line(),
                b'"' => return Some(self.quoted(byte)),
                b'\'' if matches!(self.syntax, Syntax::Script | Syntax::Hash) => {
                    return Some(self.quoted(byte));
                }
                b'\'' => {
                    if let Some(end) = self.character() {
                        self.at = end;
                    } else {
                        // A lifetime or a prime.
                        return Some(self.sign());
                    }
                }
                b'`' if matches!(self.syntax, Syntax::Script | Syntax::Go) => return Some(self.quoted(byte)),
                b'0'..=b'9' => return Some(self.number()),
                b'_' | b'$' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => return Some(self.word()),
                _ => return Some(self.sign()),
            }
        }
    }

    fn sees(&self, what: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(what)
    }

    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    /// Behind the next mark, which begins after the two bytes that opened it.
    fn skip_to(&mut self, mark: &str) {
        let from = self.at + 2;
        let end = self.text.get(from..).and_then(|rest| rest.find(mark)).map(|found| from + found);
        let end = end.map_or(self.bytes.len(), |end| end + mark.len());
        self.count_lines(self.at..end);
        self.at = end;
    }

    fn count_lines(&mut self, range: Range<usize>) {
        let lines = memchr::memchr_iter(b'\n', &self.bytes[range]).count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
    }

    /// The end of a character like `'x'` or `'\n'`, if one stands here.
    fn character(&self) -> Option<usize> {
        let rest = self.text.get(self.at + 1..)?;
        let mut chars = rest.char_indices();
        let (_, first) = chars.next()?;
        if first == '\\' {
            // `\u0041` and `\x41` are as long as escapes get; `'` itself may be escaped.
            chars.next()?;
            let (end, _) = chars.take(8).find(|(_, c)| *c == '\'')?;
            return Some(self.at + 1 + end + 1);
        }
        let (end, second) = chars.next()?;
        (second == '\'' && first != '\n').then_some(self.at + 1 + end + 1)
    }

    fn quoted(&mut self, quote: u8) -> Lexeme<'a> {
        let line = self.line;
        let triple = [quote; 3];
        if quote != b'`' && self.sees(&triple) {
            let from = self.at + 3;
            let end = memchr::memmem::find(&self.bytes[from..], &triple).map(|found| from + found);
            let close = end.unwrap_or(self.bytes.len());
            self.count_lines(self.at..close);
            self.at = (close + 3).min(self.bytes.len());
            return Lexeme { token: Token::Text(&self.text[from..close]), line };
        }
        let is_raw = self.syntax == Syntax::Go && quote == b'`';
        let may_span = quote == b'`';
        let from = self.at + 1;
        let mut at = from;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\\' if !is_raw => {
                    at += 1;
                    if self.bytes.get(at) == Some(&b'\n') {
                        self.line = self.line.saturating_add(1);
                    }
                }
                b'\n' if !may_span => break,
                b'\n' => self.line = self.line.saturating_add(1),
                byte if *byte == quote => break,
                _ => {}
            }
            at += 1;
        }
        let close = at.min(self.bytes.len());
        let is_closed = self.bytes.get(close) == Some(&quote);
        self.at = if is_closed { close + 1 } else { close };
        // An escape in front of a wide character can leave the end inside of it.
        let token = self.text.get(from..close).map_or(Token::Text(""), Token::Text);
        if !self.text.is_char_boundary(self.at) {
            self.at = (self.at..self.bytes.len())
                .find(|at| self.text.is_char_boundary(*at))
                .unwrap_or(self.bytes.len());
        }
        Lexeme { token, line }
    }

    fn run(&mut self, may: impl Fn(u8) -> bool) -> &'a str {
        let from = self.at;
        while self.bytes.get(self.at).is_some_and(|byte| may(*byte)) {
            self.at += 1;
        }
        &self.text[from..self.at]
    }

    fn word(&mut self) -> Lexeme<'a> {
        let line = self.line;
        let word =
            self.run(|byte| byte == b'_' || byte == b'$' || byte.is_ascii_alphanumeric() || byte >= 0x80);
        Lexeme { token: Token::Word(word), line }
    }

    fn number(&mut self) -> Lexeme<'a> {
        let line = self.line;
        let number = self.run(|byte| byte == b'_' || byte == b'.' || byte.is_ascii_alphanumeric());
        Lexeme { token: Token::Number(number), line }
    }

    /// Only called at an ASCII byte: all others are parts of words.
    fn sign(&mut self) -> Lexeme<'a> {
        let sign = char::from(self.bytes[self.at]);
        self.at += 1;
        Lexeme { token: Token::Sign(sign), line: self.line }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, syntax: Syntax) -> String {
        let code = Code::read(text, syntax);
        let tokens = (0..code.len()).filter_map(|at| code.get(at)).map(|token| match token {
            Token::Word(word) => word.to_owned(),
            Token::Number(number) => format!("#{number}"),
            Token::Text(text) => format!("<{text}>"),
            Token::Sign(sign) => sign.to_string(),
        });
        tokens.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go_and_texts_are_one_token() {
        for (text, syntax, want) in [
            ("a // b\n\"x\\\"y\" /* \" */ 'c' d", Syntax::Braces, "a <x\\\"y> d"),
            ("fn f<'a>(x: &'a str) {}", Syntax::Braces, "fn f < ' a > ( x : & ' a str ) { }"),
            ("\"\"\"\nlong \"text\"\n\"\"\" x", Syntax::Braces, "<\nlong \"text\"\n> x"),
            ("`a\\n` 'b' \"c\"", Syntax::Go, "<a\\n> <c>"),
            ("fetch(`/a/${b}`, '#c') // d", Syntax::Script, "fetch ( </a/${b}> , <#c> )"),
            ("a = 'b' # c\n'''d\ne''' 1.5", Syntax::Hash, "a = <b> <d\ne> #1.5"),
            ("open \"never closed\nnext", Syntax::Braces, "open <never closed> next"),
            ("'\\''+'\\u0041'", Syntax::Braces, "+"),
        ] {
            assert_eq!(shown(text, syntax), want, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_through_long_texts_and_comments() {
        let code = Code::read("/* 1\n2 */ a\n`x\ny` b '\\\n' c", Syntax::Script);
        let at = |word: &str| code.positions(word).map(|at| code.line(at)).next();
        assert_eq!((at("a"), at("b"), at("c")), (Some(2), Some(4), Some(5)));
    }

    #[test]
    fn open_brackets_took_time_by_their_square() {
        let text = "f(".repeat(100_000);
        let code = Code::read(&text, Syntax::Braces);
        // By the square, this is ten thousand million steps.
        let ends: usize =
            code.positions("f").map(|at| code.closing(at + 1) + code.arguments(at + 1).len()).sum();
        assert_eq!(ends, 100_000 * 200_000 + 99_999);
    }

    #[test]
    fn arguments_are_cut_at_their_own_commas() {
        let code = Code::read("f(a(1, 2), [b, c], \"d,e\")", Syntax::Braces);
        let parts = code.arguments(1);
        assert_eq!(parts.len(), 3);
        assert_eq!(code.first_text(parts[2].clone()), Some("d,e"));
        assert!(code.matches(0, &["f", "("]));
        assert_eq!(Code::read("f(", Syntax::Braces).closing(1), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*|[a'\"`\\\\\n#/*é]{0,40}") {
            for syntax in [Syntax::Braces, Syntax::Go, Syntax::Script, Syntax::Hash] {
                let code = Code::read(&text, syntax);
                for at in 0..code.len() {
                    prop_assert!(code.line(at) as usize <= text.matches('\n').count() + 1);
                    code.arguments(at);
                }
            }
        }
    }
}
