//! Reads files that are given rather than found; for tests and fuzzing. Everything of a scan but the walk, git and
//! the limits of size: what a reader does wrong with some bytes, it does here as well. A reader's panic passes.

use std::collections::BTreeMap;

use stave_model::Claim;

use crate::People;
use crate::link::{Sketch, base_name, finish};
use crate::parse::{Decoded, decode};
use crate::readers::{READERS, SourceFile};
use crate::settings::{Settings, read_settings};

/// The names of all readers, in the order in which they put facts together.
pub fn readers() -> impl Iterator<Item = &'static str> {
    READERS.iter().map(|reader| reader.name)
}

/// The claims about one repository (`HOST/PATH`) with these files (path and content), by the reader that says them.
///
/// Every reader gets every file whose path it wants, without its trigger words. What can't be read is left out.
pub fn read_files(
    repository: &str,
    files: &[(&str, &[u8])],
    people: &dyn People,
) -> BTreeMap<&'static str, Vec<Claim>> {
    let texts: Vec<_> = files
        .iter()
        .filter_map(|(path, bytes)| match decode(bytes) {
            Decoded::Text(text) => Some((*path, text)),
            Decoded::Binary | Decoded::NotUtf8(_) => None,
        })
        .collect();
    let mut settings = Settings::default();
    for (path, text) in texts.iter().filter(|(path, _)| base_name(path) == "stave.toml") {
        let more = read_settings(path, text, &[], &mut Vec::new());
        settings.exclude.extend(more.exclude);
        settings.tools.extend(more.tools);
    }
    let mut facts: Vec<Vec<_>> = READERS.iter().map(|_| Vec::new()).collect();
    for (path, text) in texts.iter().filter(|(path, _)| !Settings::matches(&settings.exclude, path)) {
        let file = SourceFile::new(path, text);
        let name = file.name();
        for (reader, facts) in READERS.iter().zip(&mut facts) {
            if (reader.wants)(path, &name)
                && let Ok(Some(found)) = (reader.read)(&file)
            {
                facts.push(((*path).to_owned(), found));
            }
        }
    }
    let mut paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    paths.sort();
    let mut sketch = Sketch::new(repository, people, paths);
    sketch.tools = settings.tools;
    for (reader, mut facts) in READERS.iter().zip(facts) {
        // As a scan has them: `link` may rely on the order.
        facts.sort_by(|a, b| a.0.cmp(&b.0));
        (reader.link)(facts, &mut sketch);
    }
    finish(&mut sketch)
}
