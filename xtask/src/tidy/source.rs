//! Rust sources without what only looks like code. Not a parser: enough to find words where they count.

/// The text with the insides of comments and of text and character literals turned into spaces; lines stay.
pub(super) fn code_only(text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < signs.len() {
        let end = literal_end(&signs, at);
        if end == at {
            code.push(signs[at]);
            at += 1;
        } else {
            code.extend(signs[at..end].iter().map(|sign| if *sign == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Where the comment or literal that begins here ends; `at` itself, where none begins.
fn literal_end(signs: &[char], at: usize) -> usize {
    let next = |ahead: usize| signs.get(at + ahead).copied().unwrap_or(' ');
    match signs[at] {
        '/' if next(1) == '/' => {
            signs[at..].iter().position(|sign| *sign == '\n').map_or(signs.len(), |length| at + length)
        }
        '/' if next(1) == '*' => block_comment_end(signs, at),
        '"' => text_end(signs, at + 1),
        'r' if !is_word(signs, at) => raw_text_end(signs, at),
        '\'' if next(1) == '\\' => {
            let from = at + 3;
            let rest = signs.get(from..).unwrap_or_default();
            rest.iter().position(|sign| *sign == '\'').map_or(signs.len(), |length| from + length + 1)
        }
        '\'' if next(2) == '\'' => at + 3,
        _ => at,
    }
}

/// Whether the sign before is part of a word, so that an `r` here is only a letter in it. `br"` is one, too.
fn is_word(signs: &[char], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or(' ', |before| signs[before]);
    let part = |sign: char| sign.is_alphanumeric() || sign == '_';
    let byte_text = before(1) == 'b' && !part(before(2));
    part(before(1)) && !byte_text
}

fn block_comment_end(signs: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < signs.len() {
        match (signs[at], signs.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    signs.len()
}

fn text_end(signs: &[char], from: usize) -> usize {
    let mut at = from;
    while at < signs.len() {
        match signs[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    signs.len()
}

fn raw_text_end(signs: &[char], at: usize) -> usize {
    let hashes = signs[at + 1..].iter().take_while(|sign| **sign == '#').count();
    let from = at + 1 + hashes;
    if signs.get(from) != Some(&'"') {
        return at;
    }
    let closes = |end: usize| {
        signs[end] == '"'
            && signs[end + 1..].iter().take(hashes).filter(|sign| **sign == '#').count() == hashes
    };
    (from + 1..signs.len()).find(|end| closes(*end)).map_or(signs.len(), |end| end + 1 + hashes)
}

/// The code with the insides of `#[cfg(test)] mod … { … }` turned into spaces; lines stay. Takes [`code_only`] text.
pub(super) fn without_tests(code: &str) -> String {
    let mut kept = code.to_owned();
    while let Some(start) = kept.find("#[cfg(test)]") {
        let rest = &kept[start..];
        // `#[cfg(test)] mod tests;` has no body here.
        let body = rest.find('{').filter(|open| rest.find(';').is_none_or(|end| *open < end));
        let end = body.and_then(|open| closing(&rest[open..]).map(|length| open + length));
        let length = end.or_else(|| rest.find(';').map(|end| end + 1)).unwrap_or(rest.len());
        let blank: String =
            rest[..length].chars().map(|sign| if sign == '\n' { '\n' } else { ' ' }).collect();
        kept.replace_range(start..start + length, &blank);
    }
    kept
}

/// Where the brace that the text begins with is closed, behind it.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, sign) in text.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// The places (line from 1) where a path or word stands as a whole: `env::var` is in `std::env::var`, not in `myenv::var`.
pub(super) fn places(code: &str, wanted: &str) -> Vec<usize> {
    let part = |sign: char| sign.is_alphanumeric() || sign == '_';
    let mut lines = Vec::new();
    for (at, found) in code.match_indices(wanted) {
        let before = code[..at].chars().next_back().is_some_and(part) && wanted.starts_with(part);
        let after = code[at + found.len()..].chars().next().is_some_and(part) && wanted.ends_with(part);
        if !before && !after {
            lines.push(1 + code[..at].matches('\n').count());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_blank() {
        let text = "a /* b /* c */ d */ e // f\n\"g\\\"h\" i r#\"j\"k\"# l 'm' '\\'' n<'o> br\"p\" q";
        let code = code_only(text);
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words, ["a", "e", "i", "l", "n<'o>", "b", "q"]);
        assert_eq!(code.matches('\n').count(), 1);
    }

    #[test]
    fn tests_are_no_library_code() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { if c {} }\n}\nfn d() {}\n#[cfg(test)]\nmod e;\nfn f() {}";
        let kept = without_tests(code);
        assert!(
            !kept.contains("fn b")
                && !kept.contains("mod e")
                && kept.contains("fn d")
                && kept.contains("fn f")
        );
        assert_eq!(kept.lines().count(), code.lines().count());
    }

    #[test]
    fn only_whole_words_count() {
        assert_eq!(places("x\nstd::env::var(y)", "env::var"), [2]);
        assert!(places("my_env::variable", "env::var").is_empty());
        assert_eq!(places("eprintln!(\nprintln!(", "println!"), [2]);
    }
}
