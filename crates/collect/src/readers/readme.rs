//! README files: badges, which are pages elsewhere that a piece's own people point at, and what the piece is for.

mod prose;

use crate::limits;
use crate::link::{Badge, Sketch};
use crate::values::{clean_text, clean_url};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = crate::link::README;

/// A page with what its badge is called, and the badge's line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    address: String,
    title: Option<String>,
    line: u32,
}

/// What one README says.
pub(crate) struct Facts {
    badges: Vec<Found>,
    sentence: Option<prose::Sentence>,
}

/// The reader of README files.
pub(crate) struct Readme;

impl Reader for Readme {
    type Facts = Facts;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;

    fn wants(_path: &str, name: &str) -> bool {
        prose::NAMES.contains(&name)
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Facts> {
        let is_markdown = file.name() == "readme.md";
        let badges = if is_markdown { badges(file.text) } else { Vec::new() };
        let sentence = prose::first_sentence(file.text);
        Ok((!badges.is_empty() || sentence.is_some()).then_some(Facts { badges, sentence }))
    }

    fn link(facts: Vec<(String, Facts)>, sketch: &mut Sketch<'_>) {
        for (path, Facts { badges, sentence }) in facts {
            sketch.badges.extend(badges.into_iter().map(|one| Badge {
                reader: NAME,
                address: one.address,
                title: one.title,
                at: (path.clone(), one.line),
            }));
            if let Some(sentence) = sentence {
                prose::link(path, sentence, sketch);
            }
        }
    }
}

/// How an image inside a link begins.
const BADGE: &str = "[![";

fn badges(text: &str) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::new();
    let mut is_code = false;
    for (line, number) in text.lines().zip(1..) {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code || line.len() > limits::LINE_BYTES {
            continue;
        }
        for part in line.split(BADGE).skip(1) {
            let Some((title, address)) = badge(part) else { continue };
            if out.len() < limits::BADGES && out.iter().all(|known| known.address != address) {
                out.push(Found { address, title, line: number });
            }
        }
    }
    out
}

/// `ALT](IMAGE)](PAGE "TITLE")`, as (what it is called, page).
fn badge(part: &str) -> Option<(Option<String>, String)> {
    let (alt, rest) = part.split_once("](")?;
    let (_, rest) = rest.split_once(")](")?;
    let page = rest.split([')', ' ', '"']).next()?;
    // The text of a licence is the same page for everybody.
    if alt.to_ascii_lowercase().contains("licen") {
        return None;
    }
    let page = page.trim_start_matches('<').trim_end_matches('>');
    Some((clean_text(alt, limits::NAME_BYTES), clean_url(page)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badges_are_images_inside_links() {
        for (text, want) in [
            ("[![Build](https://x.dev/b.svg)](https://x.dev/b)", &["Build https://x.dev/b 1"][..]),
            ("\n[![](b.svg \"t\")](<https://x.dev/b> \"t\") x", &[" https://x.dev/b 2"]),
            (
                "[![a](b)](https://me:pw@x.dev/1?token=2#3) [![c](d)](http://x.dev/4) [![c](d)](http://x.dev/4)",
                &["a https://x.dev/1 1", "c http://x.dev/4 1"],
            ),
            ("[![Docs](d.svg)](docs/README.md) [![x](y)](mailto:a@x.dev) [![x](javascript:y)](z)", &[]),
            ("[![License: MIT](https://x.dev/l.svg)](https://licences.dev/mit)", &[]),
            ("![Build](https://x.dev/b.svg) [Build](https://x.dev/b) [![a](b)] [![a](", &[]),
            ("```\n[![a](b)](https://x.dev)\n```\n[![a](b)](https://y.dev)", &["a https://y.dev 4"]),
            ("[![ghp_0123456789abcdefghij](b)](https://x.dev/)", &[" https://x.dev/ 1"]),
        ] {
            let found: Vec<String> = badges(text)
                .into_iter()
                .map(|one| format!("{} {} {}", one.title.unwrap_or_default(), one.address, one.line))
                .collect();
            assert_eq!(found, want, "{text}");
        }
        let many: String = (0..100).map(|n| format!("[![a](b)](https://x.dev/{n})\n")).collect();
        assert_eq!(badges(&many).len(), limits::BADGES);
    }
}
