//! Free text of tickets, as little of it as answers need: addresses lose users, passwords and queries, what looks like
//! a secret or names a person is left out, and the rest is cut.

use crate::limits;

/// Stands where something was left out.
const LEFT_OUT: &str = "(left out)";

/// Beginnings of tokens that services give out, as their documentation has them. Sorted.
const TOKENS: &[&str] = &[
    "AIza",
    "AKIA",
    "ASIA",
    "dop_v1_",
    "eyJ",
    "ghi_",
    "gho_",
    "ghp_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "hvs.",
    "npm_",
    "pk_live_",
    "rk_live_",
    "shpat_",
    "sk-",
    "sk_live_",
    "whsec_",
    "xapp-",
    "xox",
    "ya29.",
];

/// Words behind which a secret stands.
const SECRETS: &[&str] = &[
    "apikey",
    "authorization",
    "bearer",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "token",
];

/// From this many letters and digits on, a word without a vowel's rhythm is a key rather than a word.
const KEY_LETTERS: usize = 20;

/// One line: a title, a name.
pub(crate) fn line(text: &str) -> String {
    let words: Vec<String> = lines(text, limits::TITLE_CHARS);
    words.join(" ")
}

/// A short name: of a state, a service, a label.
pub(crate) fn name(text: &str) -> String {
    lines(text, limits::WORD_CHARS).join(" ")
}

/// Several texts, a line for each, cut to what is kept of them together.
pub(crate) fn several<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut left = limits::TEXT_CHARS;
    for text in texts {
        let line = lines(text, left).join(" ");
        left = left.saturating_sub(line.chars().count() + 1);
        if !line.is_empty() {
            kept.push(line);
        }
        if left == 0 {
            break;
        }
    }
    kept.join("\n")
}

/// The words of a text that may be kept, at most so many characters of them.
fn lines(text: &str, chars: usize) -> Vec<String> {
    let mut kept = Vec::new();
    let mut left = chars;
    let mut is_behind_secret = false;
    // More than this is never kept, so it needn't be looked at.
    for word in start(text, chars.saturating_mul(8)).split_whitespace() {
        let clean: String = word.chars().filter(|letter| !letter.is_control()).collect();
        let shown = if is_behind_secret && !is_joining(&clean) { LEFT_OUT.to_owned() } else { safe(&clean) };
        is_behind_secret = (is_behind_secret && is_joining(&clean)) || announces_secret(&clean);
        let length = shown.chars().count();
        if shown.is_empty() {
            continue;
        }
        if length > left {
            // A word that is cut could be the beginning of one that would have been left out.
            break;
        }
        left = left.saturating_sub(length + 1);
        kept.push(shown);
    }
    kept
}

/// `password: hunter2` and `password is hunter2`: what stands between.
fn is_joining(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "is" | "was" | "=" | ":" | "->" | "bearer" | "basic")
}

/// Whether a secret follows this word.
fn announces_secret(word: &str) -> bool {
    let low = word.to_lowercase();
    let is_open = low.ends_with([':', '=']);
    let name: String = low.chars().filter(|letter| letter.is_alphabetic()).collect();
    let is_secret = SECRETS.iter().any(|secret| name.ends_with(secret));
    is_secret && (is_open || name == "bearer" || low.trim_end_matches([':', '=']) == "password")
}

/// A word without what must not be kept.
fn safe(word: &str) -> String {
    if let Some((before, after)) = word.split_once(['=', ':'])
        && !after.is_empty()
        && !after.starts_with("//")
        && announces_secret(&format!("{before}="))
    {
        return format!("{before}={LEFT_OUT}");
    }
    if let Some(at) = word.find("://") {
        return address(word, at);
    }
    let core = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    if is_person(word) || is_token(core) || word.contains("-----BEGIN") {
        return LEFT_OUT.to_owned();
    }
    // Parts of `a=b&c=d` and `a,b;c` are looked at one by one.
    let parts = word.split(['=', '&', ',', ';', '"', '\'', '`', '(', ')', '[', ']', '<', '>', '|', '/']);
    if parts.map(|part| part.trim_matches(|letter: char| !letter.is_alphanumeric())).any(is_token) {
        return LEFT_OUT.to_owned();
    }
    word.to_owned()
}

/// An address without user, query and fragment; `at` is where `://` stands.
fn address(word: &str, at: usize) -> String {
    let (before, rest) = (&word[..at], &word[at + 3..]);
    let scheme = before.rsplit(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    let rest = rest.split(['?', '#', '"', '\'', '>', '<', ')', ']', '|', '`']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    let path: Vec<&str> = path.split('/').map(|part| if is_token(part) { "…" } else { part }).collect();
    let path = path.join("/");
    if path.is_empty() { format!("{scheme}://{host}") } else { format!("{scheme}://{host}/{path}") }
}

/// A web address that may be kept as a record's page: without user, query and fragment.
pub(crate) fn page(text: &str) -> Option<String> {
    let text = text.trim();
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let plain = !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    let at = text.find("://")?;
    let page = address(text, at);
    (is_web && plain && page.len() <= limits::URL_BYTES && page.len() > at + 3).then_some(page)
}

/// An e-mail address, `@name`, or `[~accountid:…]`.
fn is_person(word: &str) -> bool {
    let core = word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '@' && letter != '~');
    if core.starts_with('~') || word.contains("[~") {
        return true;
    }
    match core.split_once('@') {
        Some(("", name)) => name.chars().next().is_some_and(char::is_alphabetic),
        Some((_, host)) => host.contains('.'),
        None => false,
    }
}

/// Whether a word is a key: it begins like one, or mixes letters and digits as no word does.
fn is_token(word: &str) -> bool {
    if TOKENS.iter().any(|token| word.starts_with(token) && word.len() >= token.len() + 8) {
        return true;
    }
    let is_key_letter =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '_' | '-' | '.');
    if word.len() < KEY_LETTERS || !word.chars().all(is_key_letter) {
        return false;
    }
    // Names have dashes between words: the longest run without one decides, and so does the whole of many runs.
    let runs = word.split(['-', '.', '_']);
    runs.clone().any(|run| run.len() >= KEY_LETTERS && is_mixed(run)) || (is_uuid(word))
}

/// Letters and digits that change places often, as in nothing that is spoken.
fn is_mixed(run: &str) -> bool {
    let class = |letter: char| match letter {
        '0'..='9' => 0,
        'A'..='Z' => 1,
        _ => 2,
    };
    let letters: Vec<char> = run.chars().collect();
    let changes = letters.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let has_digit = letters.iter().any(char::is_ascii_digit);
    let has_letter = letters.iter().any(char::is_ascii_alphabetic);
    (has_digit && has_letter && changes * 8 >= letters.len()) || letters.len() >= 64
}

/// 8-4-4-4-12 hexadecimal digits: as often a session or an account as anything else.
fn is_uuid(word: &str) -> bool {
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
}

fn start(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_persons_are_left_out() {
        for (text, want) in [
            (
                "Cart fails with password: hunter2 since noon",
                "Cart fails with password: (left out) since noon",
            ),
            ("the password is hunter2", "the password is (left out)"),
            ("DB_PASSWORD=hunter2 was set", "DB_PASSWORD=(left out) was set"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer (left out)"),
            ("see https://me:pw@wiki.example.org/a?token=1#x", "see https://wiki.example.org/a"),
            ("postgres://me:pw@db.example.org/orders", "postgres://db.example.org/orders"),
            (
                "ask ann@example.org or @ben about [~accountid:12]",
                "ask (left out) or (left out) about (left out)",
            ),
            ("key ghp_abcdefghijklmnop1234 leaked", "key (left out) leaked"),
            ("id 3f2b8c1d9e4a7f6b5c0d in the log", "id (left out) in the log"),
            ("order-history-service-in-production is slow", "order-history-service-in-production is slow"),
            ("a\u{0}b\nc", "ab c"),
        ] {
            assert_eq!(line(text), want, "{text}");
        }
    }

    #[test]
    fn text_is_cut_between_words() {
        let long = "cart ".repeat(1_000);
        assert!(line(&long).chars().count() <= limits::TITLE_CHARS);
        let texts = [long.as_str(), "second", long.as_str()];
        let kept = several(texts.into_iter());
        assert!(kept.chars().count() <= limits::TEXT_CHARS);
        assert_eq!(several(["a\nb", "", "c"].into_iter()), "a b\nc");
    }

    #[test]
    fn pages_are_web_addresses() {
        assert_eq!(page("https://x.example/a?b=c").as_deref(), Some("https://x.example/a"));
        assert_eq!(page("javascript:alert(1)"), None);
        assert_eq!(page("https://"), None);
    }
}
