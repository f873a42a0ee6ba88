//! Line-oriented formats: env files, properties, ini.

use crate::limits;

/// A key with its value and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: String,
    /// From 1.
    pub(crate) line: u32,
}

fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (u32::try_from(index).unwrap_or(u32::MAX - 1) + 1, line))
        .filter(|(_, line)| line.len() <= limits::LINE_BYTES)
}

fn unquote(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if value.len() >= 2 && value.starts_with(quote) && value.ends_with(quote) {
            return &value[1..value.len() - 1];
        }
    }
    value
}

/// `KEY=value` lines; `export` in front, quotes and comments are allowed.
pub(crate) fn parse_env(text: &str) -> Vec<Pair> {
    numbered(text)
        .filter_map(|(line, content)| {
            let content = content.trim();
            let content = content.strip_prefix("export ").unwrap_or(content).trim_start();
            let (key, value) = content.split_once('=')?;
            let key = key.trim();
            let is_name = !key.is_empty()
                && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
            if !is_name {
                return None;
            }
            let value = value.trim();
            let value = match value.chars().next() {
                Some('"' | '\'') => unquote(value),
                _ => value.split(" #").next().unwrap_or(value).trim(),
            };
            Some(Pair { key: key.to_owned(), value: value.to_owned(), line })
        })
        .collect()
}

/// Java properties: `key=value`, `key: value`, `key value`, with `\` at the end of a line that goes on.
pub(crate) fn parse_properties(text: &str) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut open: Option<(String, u32)> = None;
    for (line, content) in numbered(text) {
        let content = content.trim_start();
        let (mut whole, first) = match open.take() {
            Some((mut begun, first)) => {
                begun.push_str(content);
                (begun, first)
            }
            None if content.starts_with(['#', '!']) || content.is_empty() => continue,
            None => (content.to_owned(), line),
        };
        let backslashes = whole.len() - whole.trim_end_matches('\\').len();
        if backslashes % 2 == 1 && whole.len() <= limits::LINE_BYTES {
            whole.pop();
            open = Some((whole, first));
            continue;
        }
        pairs.extend(property(&whole, first));
    }
    pairs.extend(open.and_then(|(whole, first)| property(&whole, first)));
    pairs
}

fn property(text: &str, line: u32) -> Option<Pair> {
    let mut escaped = false;
    let cut = text.char_indices().find(|(_, c)| {
        let found = !escaped && (matches!(c, '=' | ':') || c.is_whitespace());
        escaped = *c == '\\' && !escaped;
        found
    });
    let (key, value) = match cut {
        Some((at, _)) => text.split_at(at),
        None => (text, ""),
    };
    if key.is_empty() {
        return None;
    }
    let value = value.trim_start();
    let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim();
    Some(Pair { key: key.replace('\\', ""), value: value.replace("\\:", ":").replace("\\=", "="), line })
}

/// Ini files; keys are written `section.key`.
pub(crate) fn parse_ini(text: &str) -> Vec<Pair> {
    let mut section = String::new();
    let mut pairs = Vec::new();
    for (line, content) in numbered(text) {
        let content = content.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name.trim().to_owned();
            continue;
        }
        if let Some((key, value)) = content.split_once(['=', ':']) {
            let key = key.trim();
            let key = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            pairs.push(Pair { key, value: unquote(value).to_owned(), line });
        }
    }
    pairs
}
