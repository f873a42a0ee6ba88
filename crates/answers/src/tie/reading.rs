//! Finds the names of pieces in a text, and how each stands there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::COMMON_NAMES;

use super::tongue::{
    AFFECTING, BEFORE, COPULAS, EXCEPTIONS, JOINING, NEGATIONS, ORDINARY, SPARING, STATES, has,
};
use super::{TiePiece, TieText};
use crate::overlap::words;

/// The most words that a name has in a text.
const NAME_WORDS: usize = 6;

/// How far a list of pieces is followed, in words.
const LIST_WORDS: usize = 60;

/// How far from a piece the word stands that says how it is.
const STATE_WORDS: usize = 5;

/// How many bytes of a text are read: what people write first says what it is about.
const TEXT_BYTES: usize = 20_000;

/// Endings of names that people leave out when they write.
const LEFT_OUT: &[&str] = &["service", "server", "svc", "srv", "app", "application", "component", "api"];

/// How a piece stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention {
    /// By its name.
    Name,
    /// By its name, and the text says how it is.
    NameInTrouble,
    /// A word stands there that is written otherwise than the name: `codespaces` for `Codespaces`.
    Word,
    /// The same, and the text says how it is.
    WordInTrouble,
    /// A word that every incident is written with.
    Ordinary,
    /// The name is that of several pieces.
    Shared,
    /// The text says that it is not affected.
    Spared,
}

/// A piece in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) piece: usize,
    pub(super) how: Mention,
}

/// The names of all pieces.
pub(super) struct Reading {
    names: HashMap<String, Name>,
}

#[derive(Default)]
struct Name {
    pieces: BTreeSet<usize>,
    /// Whether it is written with capitals, so that in small letters it is another word.
    has_capitals: bool,
}

/// A word of a text.
struct Token<'a> {
    text: &'a str,
    low: String,
    /// What stands before it ends a sentence.
    begins: bool,
    /// What stands before it is part of a name: a space, `-`, `_`, `/` or `.`.
    joins: bool,
}

impl Reading {
    pub(super) fn new(pieces: &[TiePiece]) -> Reading {
        let mut names: HashMap<String, Name> = HashMap::new();
        for (piece, row) in pieces.iter().enumerate() {
            for name in &row.names {
                add(&mut names, &tokens(name), piece);
            }
        }
        // A shortened name is only one where nothing else is called so in full.
        let mut short: Vec<(Vec<Token<'_>>, usize)> = Vec::new();
        for (piece, row) in pieces.iter().enumerate() {
            for name in &row.names {
                let mut rest = tokens(name);
                let whole = rest.len();
                while rest.len() > 1 && rest.last().is_some_and(|last| LEFT_OUT.contains(&last.low.as_str()))
                {
                    rest.pop();
                }
                let says = |token: &Token<'_>| !has(ORDINARY, &token.low) && words::tells_job(&token.low);
                if rest.len() < whole && rest.iter().any(says) {
                    short.push((rest, piece));
                }
            }
        }
        short.retain(|(rest, _)| !names.contains_key(&key(rest)));
        for (rest, piece) in &short {
            add(&mut names, rest, *piece);
        }
        Reading { names }
    }

    /// The one piece that bears this name.
    pub(super) fn named(&self, text: &str) -> Option<usize> {
        let name = self.names.get(&key(&tokens(text)))?;
        match name.pieces.iter().collect::<Vec<_>>().as_slice() {
            [only] => Some(**only),
            _ => None,
        }
    }

    /// The pieces in a text, in its order.
    pub(super) fn mentions(&self, text: &str) -> Vec<Found> {
        let tokens = tokens(start(text));
        let mut spans: Vec<(usize, usize, &Name)> = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let longest = (1..=NAME_WORDS).rev().find_map(|count| {
                let span = tokens.get(at..at + count)?;
                let one = span.iter().skip(1).all(|token| token.joins && !token.begins);
                let name = if one { self.names.get(&key(span)) } else { None };
                name.map(|name| (at, at + count, name))
            });
            match longest {
                Some(span) => {
                    at = span.1;
                    spans.push(span);
                }
                None => at += 1,
            }
        }
        let mut is_name = vec![false; tokens.len()];
        for (from, to, _) in &spans {
            is_name[*from..*to].fill(true);
        }
        let line = Line { tokens: &tokens, is_name: &is_name };
        let found = spans.iter().flat_map(|(from, to, name)| {
            let how = line.how(*from, *to, name);
            name.pieces.iter().map(move |piece| Found { piece: *piece, how })
        });
        found.collect()
    }
}

fn add(names: &mut HashMap<String, Name>, tokens: &[Token<'_>], piece: usize) {
    let key = key(tokens);
    if key.chars().count() < 2 || !key.chars().any(char::is_alphabetic) {
        return;
    }
    let name = names.entry(key).or_default();
    name.pieces.insert(piece);
    name.has_capitals |= tokens.iter().any(|token| token.text.chars().any(char::is_uppercase));
}

/// A text in which names are marked.
struct Line<'a> {
    tokens: &'a [Token<'a>],
    is_name: &'a [bool],
}

impl Line<'_> {
    fn how(&self, from: usize, to: usize, name: &Name) -> Mention {
        if name.pieces.len() > 1 {
            return Mention::Shared;
        }
        let span = &self.tokens[from..to];
        let is_small = !span.iter().any(|token| token.text.chars().any(char::is_uppercase));
        let state = self.state(from, to);
        if state == State::Spared {
            return Mention::Spared;
        }
        if let [only] = span {
            // "Issues with logins" begins with a capital because every sentence does.
            let looks_ordinary = is_small || (only.begins && !self.is_followed_by_copula(to));
            if has(ORDINARY, &only.low) && looks_ordinary {
                return Mention::Ordinary;
            }
            if (is_small && name.has_capitals) || COMMON_NAMES.contains(&only.low.as_str()) {
                return if state == State::Told { Mention::WordInTrouble } else { Mention::Word };
            }
        }
        if state == State::Told { Mention::NameInTrouble } else { Mention::Name }
    }

    fn is_followed_by_copula(&self, to: usize) -> bool {
        self.after_list(to).is_some_and(|at| has(COPULAS, &self.tokens[at].low))
    }

    fn state(&self, from: usize, to: usize) -> State {
        match (self.state_before(from), self.state_after(to)) {
            (State::Spared, _) | (_, State::Spared) => State::Spared,
            (State::Told, _) | (_, State::Told) => State::Told,
            _ => State::Open,
        }
    }

    /// "A, B and C are experiencing errors", "the outage of A": what follows the list that ends before `to`.
    fn state_after(&self, to: usize) -> State {
        let Some(at) = self.after_list(to) else { return State::Open };
        let low = self.tokens[at].low.as_str();
        if low == "unaffected" {
            return State::Spared;
        }
        if has(STATES, low) {
            return State::Told;
        }
        if !has(COPULAS, low) && !has(NEGATIONS, low) {
            return State::Open;
        }
        let mut is_negated = has(NEGATIONS, low);
        for next in self.tokens.iter().skip(at + 1).take(STATE_WORDS).take_while(|next| !next.begins) {
            if next.low == "unaffected" || (is_negated && has(SPARING, &next.low)) {
                return State::Spared;
            }
            if has(STATES, &next.low) {
                return State::Told;
            }
            is_negated |= has(NEGATIONS, &next.low);
        }
        State::Open
    }

    /// "degraded performance for A, B and C", "affecting A": what comes before the list that begins at `from`.
    fn state_before(&self, from: usize) -> State {
        let Some(at) = self.before_list(from) else { return State::Open };
        let low = self.tokens[at].low.as_str();
        if has(EXCEPTIONS, low) {
            return State::Spared;
        }
        let earlier = || {
            let whole = self.sentence_from(at);
            self.tokens[whole..at].iter().rev().take(STATE_WORDS)
        };
        let is_negated = || earlier().take(3).any(|token| has(NEGATIONS, &token.low));
        if has(AFFECTING, low) {
            return if is_negated() { State::Spared } else { State::Told };
        }
        if !has(BEFORE, low) {
            return State::Open;
        }
        match earlier().find(|token| has(STATES, &token.low)) {
            Some(state) if has(SPARING, &state.low) && is_negated() => State::Spared,
            Some(_) => State::Told,
            None => State::Open,
        }
    }

    fn sentence_from(&self, at: usize) -> usize {
        (0..=at).rev().find(|place| self.tokens[*place].begins).unwrap_or(0)
    }

    fn after_list(&self, to: usize) -> Option<usize> {
        for at in to..self.tokens.len().min(to + LIST_WORDS) {
            if self.tokens[at].begins {
                return None;
            }
            if !self.is_of_list(at) {
                return Some(at);
            }
        }
        None
    }

    fn before_list(&self, from: usize) -> Option<usize> {
        let mut at = from;
        while at > 0 && !self.tokens[at].begins && from - at < LIST_WORDS {
            at -= 1;
            if !self.is_of_list(at) {
                return Some(at);
            }
        }
        None
    }

    fn is_of_list(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        self.is_name[at] || has(JOINING, &token.low) || (!token.begins && is_capital(token.text))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Told,
    Spared,
}

fn is_capital(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// What names are compared by: letters and digits in lower case, the last word as one.
fn key(tokens: &[Token<'_>]) -> String {
    let mut key: String =
        tokens.iter().take(tokens.len().saturating_sub(1)).map(|token| token.low.as_str()).collect();
    if let Some(last) = tokens.last() {
        key.push_str(&words::plural(&last.low));
    }
    key
}

/// The beginning of a text, whole characters only.
fn start(text: &str) -> &str {
    let mut end = text.len().min(TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find(char::is_alphanumeric) {
        let (before, found) = rest.split_at(from);
        let to = found.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(found.len());
        let (word, after) = found.split_at(to);
        rest = after;
        let begins = tokens.is_empty() || ends_sentence(before);
        let joins = before.chars().all(|letter| matches!(letter, ' ' | '-' | '_' | '/' | '.'));
        tokens.push(Token { text: word, low: word.to_lowercase(), begins, joins });
    }
    tokens
}

/// Whether what stands between two words ends a sentence; the point in `api.example.org` doesn't.
fn ends_sentence(between: &str) -> bool {
    let mut letters = between.chars().peekable();
    while let Some(letter) = letters.next() {
        let before_space = letters.peek().is_none_or(|next| next.is_whitespace());
        let ends = match letter {
            '\n' | ';' => true,
            '.' | '!' | '?' | ':' => before_space && between.len() > 1,
            _ => false,
        };
        if ends {
            return true;
        }
    }
    false
}

/// The words of a text that tell something, by their stems, each as it is written first.
pub(super) fn words(text: &TieText) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut left = TEXT_BYTES;
    for part in std::iter::once(&text.title).chain(&text.updates).chain(&text.components) {
        let part = start(part);
        if part.len() > left {
            break;
        }
        left -= part.len();
        for word in words::cut(part).into_iter().filter(|word| words::tells(word)) {
            found.entry(words::stem(&word)).or_insert(word);
        }
    }
    found
}
