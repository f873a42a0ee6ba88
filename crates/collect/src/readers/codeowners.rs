//! CODEOWNERS: who owns which folders.

use std::collections::{BTreeMap, BTreeSet};

use stave_model::Reference;

use crate::link::{OwnerRule, Sketch};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "codeowners";

/// One line: pattern, owners as written, line.
pub(crate) struct Line {
    pattern: String,
    owners: Vec<String>,
    line: u32,
}

/// The reader of CODEOWNERS files.
pub(crate) struct Codeowners;

/// Where hosts look, in their order: the first that is there counts.
const PLACES: &[&str] =
    &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS", ".bitbucket/CODEOWNERS"];

/// The folder that a file speaks for, and its place in the hosts' order. Hosts read a repository's own file; one in a
/// folder speaks for that folder, which is how repositories look that were copied into one.
fn speaks_for(path: &str) -> Option<(&str, usize)> {
    let base = |place: &str| path.strip_suffix(place).filter(|base| base.is_empty() || base.ends_with('/'));
    // The longest place first: `docs/CODEOWNERS` speaks for what lies around `docs`.
    let mut places: Vec<usize> = (0..PLACES.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(PLACES[*place].len()));
    places.into_iter().find_map(|place| Some((base(PLACES[place])?, place)))
}

impl Reader for Codeowners {
    type Facts = Vec<Line>;
    const NAME: &'static str = NAME;
    const EVERYWHERE: bool = true;

    fn wants(path: &str, name: &str) -> bool {
        name == "codeowners" && speaks_for(path).is_some()
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Line>> {
        Ok(Some(lines(file.text)))
    }

    fn link(facts: Vec<(String, Vec<Line>)>, sketch: &mut Sketch<'_>) {
        let mut files: BTreeMap<String, (usize, String, Vec<Line>)> = BTreeMap::new();
        for (path, lines) in facts {
            let Some((base, place)) = speaks_for(&path) else { continue };
            let base = base.to_owned();
            if files.get(&base).is_none_or(|(known, _, _)| place < *known) {
                files.insert(base, (place, path, lines));
            }
        }
        // The last match wins: folders inside come after what is around them.
        for (base, (_, path, lines)) in files {
            for line in lines {
                let owners: BTreeSet<Reference> =
                    line.owners.iter().filter_map(|owner| reference(owner, sketch)).collect();
                sketch.owners.push(OwnerRule {
                    reader: NAME,
                    base: base.clone(),
                    pattern: line.pattern,
                    owners,
                    path: path.clone(),
                    line: line.line,
                });
            }
        }
    }
}

fn lines(text: &str) -> Vec<Line> {
    let mut out = Vec::new();
    let mut section_owners: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.len() > crate::limits::LINE_BYTES {
            continue;
        }
        let is_owner = |word: &&str| word.contains('@');
        // `[Section][2] @owner` gives the lines below it their owners where they name none.
        if line.starts_with('[') || line.starts_with("^[") {
            section_owners = line.split_whitespace().filter(is_owner).map(str::to_owned).collect();
            continue;
        }
        let line = line.split(" #").next().unwrap_or(line);
        let mut words = line.split_whitespace();
        let Some(pattern) = words.next() else { continue };
        let mut owners: Vec<String> = words.filter(is_owner).map(str::to_owned).collect();
        if owners.is_empty() {
            owners.clone_from(&section_owners);
        }
        out.push(Line { pattern: pattern.replace("\\ ", " "), owners, line: number });
    }
    out
}

/// `@org/team` is a team, `@login` and an address are persons. Anything else is nobody: GitLab's roles (`@@maintainer`), and
/// words that only have an `@` in them, of which a password may be part.
pub(super) fn reference(owner: &str, sketch: &Sketch<'_>) -> Option<Reference> {
    let host = sketch.repository.split('/').next().unwrap_or("-");
    let owner = owner.trim_end_matches([',', ';']).to_lowercase();
    let Some(name) = owner.strip_prefix('@') else {
        return is_address(&owner).then(|| sketch.people.person(&format!("mailto:{owner}"), None)).flatten();
    };
    if !name.split('/').all(is_handle) {
        return None;
    }
    if name.contains('/') {
        format!("team:{host}/{name}").parse().ok()
    } else {
        sketch.people.person(&format!("{host}/{name}"), None)
    }
}

/// What hosts let an organisation, a team or a person be called.
fn is_handle(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char))
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_of_mail = |char: char| char.is_alphanumeric() || "!#$%&'*+-=?^_`{|}~.".contains(char);
    let is_of_host = |char: char| char.is_alphanumeric() || "-.".contains(char);
    !local.is_empty() && !domain.is_empty() && local.chars().all(is_of_mail) && domain.chars().all(is_of_host)
}

/// `HOST/ORG` that a team's bare name is of: the one organisation that CODEOWNERS name (a folder may have been
/// another organisation's repository), else the repository's own.
pub(super) fn organisations(sketch: &Sketch<'_>) -> BTreeSet<String> {
    let owners = sketch.owners.iter().flat_map(|rule| &rule.owners);
    let named: BTreeSet<String> = owners
        .filter(|owner| owner.kind() == "team")
        .filter_map(|owner| Some(owner.rest().rsplit_once('/')?.0.to_owned()))
        .collect();
    if named.len() == 1 {
        return named;
    }
    let mut parts = sketch.repository.split('/');
    let (host, organisation) = (parts.next().unwrap_or("-"), parts.next());
    match organisation {
        Some(organisation) if host != "-" && parts.next().is_some() => {
            BTreeSet::from([format!("{host}/{}", organisation.to_lowercase())])
        }
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_sections() {
        let found =
            lines("# c\n* @acme/all\n/a/ @me x@example.com # why\n[Docs] @acme/docs\n/docs/\n/none/ \n");
        let flat: Vec<(String, Vec<String>, u32)> =
            found.into_iter().map(|line| (line.pattern, line.owners, line.line)).collect();
        assert_eq!(flat[0], ("*".to_owned(), vec!["@acme/all".to_owned()], 2));
        assert_eq!(flat[1], ("/a/".to_owned(), vec!["@me".to_owned(), "x@example.com".to_owned()], 3));
        assert_eq!(flat[2], ("/docs/".to_owned(), vec!["@acme/docs".to_owned()], 5));
    }
}
