//! Host names in settings, programs and pages: only their text, never what stands around it.

use super::Found;
use crate::hosts::has_common_end;
use crate::limits;
use crate::tools::Sign;

/// Hosts in settings: in addresses and alone.
pub(super) fn in_settings(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    // Most lines of large files have no dot; they are passed over before anything else is asked of them.
    for (line, number) in lines(text, |line| line.contains('.')) {
        if line.starts_with(['#', ';', '!']) || line.starts_with("//") {
            continue;
        }
        for word in line.split(|c: char| !is_host_letter(c)) {
            push(&mut found, word, number);
        }
        if found.len() >= limits::FILE_SIGNS {
            break;
        }
    }
    found
}

/// Hosts in programs and pages: of addresses that are no comment and no link for people to click on.
pub(super) fn in_code(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    if memchr::memmem::find(text.as_bytes(), b"//").is_none() {
        return found;
    }
    for (line, number) in lines(text, |line| line.contains("//")) {
        let Some(first) = line.find("//") else { continue };
        if COMMENTS.iter().any(|start| line.starts_with(start)) {
            continue;
        }
        let mut at = first;
        while let Some(slashes) = line[at..].find("//") {
            let (before, after) = (&line[..at + slashes], &line[at + slashes + 2..]);
            at += slashes + 2;
            let is_address = before.ends_with(':') || before.ends_with(['"', '\'', '`']);
            if !is_address {
                // What follows is a comment.
                if before.ends_with(char::is_whitespace) {
                    break;
                }
                continue;
            }
            if is_link(before) {
                continue;
            }
            let authority =
                after.split(['/', '?', '#', '"', '\'', '`', ' ', '<', '>', '\\', ')']).next().unwrap_or("");
            let host = authority.rsplit('@').next().unwrap_or("");
            push(&mut found, host.split(':').next().unwrap_or(""), number);
        }
        if found.len() >= limits::FILE_SIGNS {
            break;
        }
    }
    found
}

/// How a line begins that only people read.
const COMMENTS: &[&str] = &["//", "#", "*", "/*", "<!--", "--", ";", "\"\"\"", "{#", "<%#"];

/// Whether an address is where a click leads: it says nothing about what the program talks to.
fn is_link(before: &str) -> bool {
    let before = before.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ':');
    let front = before.trim_end_matches(['"', '\'', '`', '{', '=', ' ']);
    front.ends_with("href") && !before.contains("<link")
}

fn lines(text: &str, may_tell: fn(&str) -> bool) -> impl Iterator<Item = (&str, u32)> {
    text.lines()
        .zip(1_u32..)
        .filter(move |(line, _)| line.len() <= limits::LINE_BYTES && may_tell(line))
        .map(|(line, number)| (line.trim_ascii_start(), number))
}

fn is_host_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-')
}

fn push(found: &mut Vec<Found>, word: &str, line: u32) {
    let host = word.trim_matches(['.', '-']);
    if host.len() > 3
        && host.len() <= 253
        && host.contains('.')
        && host.chars().all(is_host_letter)
        && has_common_end(host)
    {
        found.push((Sign::Host, host.to_ascii_lowercase(), line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(found: Vec<Found>) -> Vec<String> {
        found.into_iter().map(|(_, host, _)| host).collect()
    }

    #[test]
    fn code_names_hosts_in_addresses_only() {
        for (line, want) in [
            ("fetch(\"https://api.stripe.com/v1\")", vec!["api.stripe.com"]),
            ("dsn = 'https://k@o1.ingest.sentry.io/2'", vec!["o1.ingest.sentry.io"]),
            ("// see https://api.stripe.com", vec![]),
            ("call() // see https://api.stripe.com", vec![]),
            ("<a href=\"https://api.stripe.com\">", vec![]),
            ("<script src=\"//cdn.segment.com/a.js\">", vec!["cdn.segment.com"]),
            ("import com.stripe.net", vec![]),
            ("a = 4 // 2.io", vec![]),
        ] {
            assert_eq!(hosts(in_code(line)), want, "{line}");
        }
    }

    #[test]
    fn settings_name_hosts_alone_too() {
        for (line, want) in [
            ("SMTP_HOST=smtp.sendgrid.net", vec!["smtp.sendgrid.net"]),
            ("# SMTP_HOST=smtp.sendgrid.net", vec![]),
            ("url: https://u:p@api.mailgun.net:443/v3", vec!["api.mailgun.net"]),
            ("spring.mail.host: smtp.gmail.com", vec!["smtp.gmail.com"]),
        ] {
            assert_eq!(hosts(in_settings(line)), want, "{line}");
        }
    }
}
