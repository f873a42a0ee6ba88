//! How answers become text: widths, wrapping, tables, and the taming of what sources wrote.
//!
//! Nothing here knows terminals: a [`Style`] turns roles into whatever the caller paints with.

use std::borrow::Cow;

use stave_model::Scope;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a piece of text is, for whoever paints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A heading.
    Heading,
    /// The name of an entity.
    Name,
    /// What may be skipped: ids, dates, counts.
    Quiet,
    /// What wants a person: disputes, challenges, questions, denials.
    Attention,
    /// A command as it must be typed.
    Command,
}

/// Paints text. The text given is tamed already and has no line breaks.
pub trait Style {
    /// The text with whatever the role looks like here.
    fn paint(&self, role: Role, text: &str) -> String;
}

/// No paint at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Style for Plain {
    fn paint(&self, _role: Role, text: &str) -> String {
        text.to_owned()
    }
}

/// Makes text from sources harmless to show: line breaks and tabs become spaces; control characters,
/// changes of writing direction and invisible characters are written out as `‹U+202E›`, for they could
/// move a terminal's cursor or make one name look like another.
pub fn tame(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_space(c) || is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_space(c) {
            out.push(' ');
        } else if is_hidden(c) {
            out.push_str(&format!("‹U+{:04X}›", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn is_space(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}')
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// How many columns a text takes on a terminal.
pub(crate) fn width_of(text: &str) -> usize {
    text.width()
}

/// The text cut to so many columns, with `…` where something was cut.
pub(crate) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width_of(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        out.push(c);
        used += wide;
    }
    out.push('…');
    Cow::Owned(out)
}

/// A count with its noun: `1 relation`, `2 relations`, `no relations`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(count)),
    }
}

/// A number with thin groups of three: `12 345`. The space is a no-break one.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// A scope as people read it: `example.com/tea/shop @ main`; without git there is no branch.
pub(crate) fn scope_text(scope: &str) -> String {
    let parsed: Option<Scope> = scope.parse().ok();
    match parsed.as_ref().and_then(Scope::branch) {
        Some((repository, "-", _)) => repository.to_owned(),
        Some((repository, branch, false)) => format!("{repository} @ {branch}"),
        Some((repository, branch, true)) => format!("{repository} @ {branch}, uncommitted"),
        None => scope.to_owned(),
    }
}

/// A word of the format as people read it: `publishes_to` becomes `publishes to`.
pub fn spoken(word: &str) -> String {
    tame(word).replace('_', " ")
}

/// The word for so many entities of a kind: `1 API`, `3 repositories`, without the number.
pub fn kinds(kind: &str, count: u64) -> String {
    let one = if kind == "api" { "API".to_owned() } else { spoken(kind) };
    match one.strip_suffix('y') {
        _ if count == 1 => one,
        Some(stem) => format!("{stem}ies"),
        None => format!("{one}s"),
    }
}

/// Some things in one sentence: `a, b and c`.
pub fn joined<T: AsRef<str>>(items: &[T], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., end] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", rest.join(", "), end.as_ref())
        }
    }
}

/// A cell of a table.
pub(crate) struct Cell {
    text: String,
    role: Option<Role>,
}

impl Cell {
    pub(crate) fn new(text: &str) -> Cell {
        Cell { text: tame(text).into_owned(), role: None }
    }

    pub(crate) fn of(role: Role, text: &str) -> Cell {
        Cell { text: tame(text).into_owned(), role: Some(role) }
    }
}

/// Puts an answer's text together.
pub(crate) struct Writer<'a> {
    width: usize,
    style: &'a dyn Style,
    out: String,
}

/// Below this nothing can be laid out.
const NARROWEST: usize = 40;

/// As much of its last column as a table keeps room for.
const LAST_COLUMN: usize = 8;

/// No column gives way below this: it is as wide as an id.
const NARROW_COLUMN: usize = 12;

impl<'a> Writer<'a> {
    pub(crate) fn new(width: usize, style: &'a dyn Style) -> Writer<'a> {
        Writer { width: width.max(NARROWEST), style, out: String::new() }
    }

    pub(crate) fn paint(&self, role: Role, text: &str) -> String {
        self.style.paint(role, &tame(text))
    }

    pub(crate) fn end(self) -> String {
        self.out
    }

    /// An empty line, unless the text begins or one is there.
    pub(crate) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.gap();
        let painted = self.paint(Role::Heading, text);
        self.out.push_str(&painted);
        self.out.push('\n');
    }

    /// A line that is painted already; not wrapped.
    pub(crate) fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Prose, wrapped, with every line indented.
    pub(crate) fn prose(&mut self, indent: usize, role: Option<Role>, text: &str) {
        let text = tame(text);
        for line in wrap(&text, self.width.saturating_sub(indent)) {
            self.out.push_str(&" ".repeat(indent));
            match role {
                Some(role) => self.out.push_str(&self.style.paint(role, &line)),
                None => self.out.push_str(&line),
            }
            self.out.push('\n');
        }
    }

    /// Rows in columns. The last column is cut at the edge; where the others don't fit, the widest of them give way,
    /// so that no long name pushes an id off the screen.
    pub(crate) fn table(&mut self, indent: usize, rows: &[Vec<Cell>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let most = (self.width / 2).max(12);
        let mut widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| width_of(&cell.text)).max().unwrap_or(0).min(most)
            })
            .collect();
        // The last column is asked for its room only as far as it says something; the rest is cut there.
        let last = widths.last_mut();
        let last = last.map_or(0, |width| std::mem::replace(width, 0)).min(LAST_COLUMN);
        let room = self.width.saturating_sub(indent + last + 2 * columns.saturating_sub(1));
        while widths.iter().sum::<usize>() > room {
            let widest = widths.iter().copied().max().unwrap_or(0);
            if widest <= NARROW_COLUMN {
                break;
            }
            widths.iter_mut().filter(|width| **width == widest).for_each(|width| *width -= 1);
        }
        for row in rows {
            let mut line = " ".repeat(indent);
            let mut used = indent;
            for (column, cell) in row.iter().enumerate() {
                let last = column + 1 == row.len();
                let room = self.width.saturating_sub(used);
                let space = if last { room } else { widths[column].min(room) };
                let text = cut(&cell.text, space.max(1));
                line.push_str(&match cell.role {
                    Some(role) if !text.is_empty() => self.style.paint(role, &text),
                    _ => text.to_string(),
                });
                if !last {
                    let pad = space.saturating_sub(width_of(&text)) + 2;
                    line.push_str(&" ".repeat(pad));
                    used += width_of(&text) + pad;
                }
            }
            self.line(&line);
        }
    }

    /// What the answer does not know.
    pub(crate) fn unknown(&mut self, sentences: &[String]) {
        if sentences.is_empty() {
            return;
        }
        self.gap();
        for sentence in sentences {
            self.prose(0, Some(Role::Quiet), sentence);
        }
    }
}

fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(NARROWEST / 2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let gap = usize::from(!line.is_empty());
        if gap == 1 && width_of(&line) + gap + width_of(word) > columns {
            lines.push(std::mem::take(&mut line));
        } else if gap == 1 {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The known word that is most like what was typed, if one is like it at all.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|word| (strsim::osa_distance(typed, word), word)).min()?;
    // A third of the letters may be wrong.
    (near.0 * 3 <= near.1.len().max(3)).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_tamed() {
        assert_eq!(tame("plain <b>"), "plain <b>");
        assert_eq!(tame("a\u{1b}[31mb"), "a‹U+001B›[31mb");
        assert_eq!(tame("exe\u{202e}gpj"), "exe‹U+202E›gpj");
        assert_eq!(tame("two\nlines\tand a tab"), "two lines and a tab");
        assert_eq!(tame("\u{9b}31m \u{e0041}"), "‹U+009B›31m ‹U+E0041›");
    }

    #[test]
    fn wide_text_is_cut_by_columns() {
        assert_eq!(cut("茶茶茶", 6), "茶茶茶");
        assert_eq!(cut("茶茶茶", 5), "茶茶…");
        assert_eq!(cut("tea", 2), "t…");
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["color", "person", "port"];
        assert_eq!(nearest("colour", known.into_iter()), Some("color"));
        assert_eq!(nearest("prot", known.into_iter()), Some("port"));
        assert_eq!(nearest("ports", known.into_iter()), Some("port"));
        assert_eq!(nearest("database", known.into_iter()), None);
    }

    #[test]
    fn numbers_and_lists_read_well() {
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(counted(0, "fact", "facts"), "no facts");
        assert_eq!(counted(1, "fact", "facts"), "1 fact");
        assert_eq!(joined(&["a", "b", "c"], "or"), "a, b or c");
        assert_eq!(kinds("repository", 2), "repositories");
        assert_eq!((kinds("api", 0), kinds("group", 1)), ("APIs".to_owned(), "group".to_owned()));
    }

    #[test]
    fn a_long_name_does_not_cut_the_id_behind_it() {
        for width in [60, 80, 120] {
            let mut page = Writer::new(width, &Plain);
            let cells = [
                "a-service-with-a-long-name-indeed",
                "component, service",
                &"owner, ".repeat(20),
                "0123456789ab",
                "Some words.",
            ];
            page.table(0, &[cells.iter().map(|text| Cell::new(text)).collect()]);
            let text = page.end();
            assert!(text.contains("0123456789ab"), "{width}: {text}");
            assert!(width_of(text.trim_end()) <= width, "{width}: {text}");
        }
    }

    #[test]
    fn prose_is_wrapped_and_a_long_word_stays_whole() {
        let mut page = Writer::new(40, &Plain);
        page.prose(2, None, &format!("short words and {} then more", "x".repeat(50)));
        assert_eq!(page.end(), format!("  short words and\n  {}\n  then more\n", "x".repeat(50)));
    }
}
