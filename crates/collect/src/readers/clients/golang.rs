//! Go packages: which programs a package is part of. One module often holds several programs (`cmd/a`, `cmd/b`) that
//! share packages; what a package says belongs to the programs that import it.

use std::collections::{BTreeMap, BTreeSet};

use crate::link::{Origin, Sketch, parent};
use crate::parse::{Code, Token};

use super::SourceFacts;

/// Most packages that the programs of one tree may reach together; beyond it only the packages' own folders count.
const MOST_REACHED: usize = 400_000;

/// What a file says about its package.
#[derive(Debug, Default)]
pub(super) struct Package {
    is_main: bool,
    /// Name in this file and path of each imported package.
    imports: Vec<(String, String)>,
    /// Imported packages and what is used of them, by the name in this file.
    uses: BTreeSet<(String, String)>,
}

impl Package {
    /// The path of the package that is called so in this file.
    pub(super) fn import(&self, name: &str) -> Option<&str> {
        self.imports.iter().find(|(own, _)| own == name).map(|(_, path)| path.as_str())
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(|(_, path)| path.as_str())
    }
}

/// Package clause, imports, and what is used of other packages.
pub(super) fn package(code: &Code<'_>) -> Option<Package> {
    let start = code.positions("package").next()?;
    let mut package = Package { is_main: code.is_word(start + 1, "main"), ..Package::default() };
    let mut at = start + 2;
    while code.is_word(at, "import") {
        let is_block = code.is_sign(at + 1, '(');
        let end = if is_block { code.closing(at + 1) } else { at + 4 };
        at += if is_block { 2 } else { 1 };
        let mut alias = None;
        while at < end {
            match code.get(at) {
                Some(Token::Word("import" | "func" | "type" | "var" | "const")) if !is_block => break,
                Some(Token::Word(word)) => alias = Some(word.to_owned()),
                Some(Token::Sign('.')) => alias = None,
                Some(Token::Text(path)) => {
                    let name = alias.take().unwrap_or_else(|| default_name(path).to_owned());
                    package.imports.push((name, path.to_owned()));
                    if !is_block {
                        at += 1;
                        break;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        if is_block {
            at = end + 1;
        }
    }
    for at in at..code.len() {
        if code.is_sign(at + 1, '.')
            && !code.is_sign(at.wrapping_sub(1), '.')
            && let (Some(name), Some(used)) = (code.word(at), code.word(at + 2))
            && package.imports.iter().any(|(own, path)| own == name && path.contains('/'))
        {
            package.uses.insert((name.to_owned(), used.to_owned()));
        }
    }
    Some(package)
}

/// The last part of a path that is no version.
fn default_name(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let is_version =
        last.len() > 1 && last.starts_with('v') && last[1..].bytes().all(|byte| byte.is_ascii_digit());
    if is_version { parts.next().unwrap_or(last) } else { last }
}

/// The programs of a tree by the folders of packages.
pub(super) struct Programs {
    /// Folder of a package → folders of the programs that have it.
    of: BTreeMap<String, BTreeSet<String>>,
    /// Folder of a program → (folder of a shared package, what only this program's own packages use of it).
    uses: BTreeMap<String, BTreeSet<(String, String)>>,
}

impl Programs {
    pub(super) fn new(facts: &[(String, SourceFacts)], sketch: &Sketch<'_>) -> Programs {
        let modules: Vec<(String, String)> = sketch
            .pieces
            .iter()
            .filter_map(|piece| {
                let path = piece.package.as_deref()?.strip_prefix("golang/")?;
                Some((path.to_owned(), piece.home.clone()?))
            })
            .collect();
        let folder_of = |import: &str| -> Option<String> {
            let (module, home) = modules
                .iter()
                .filter(|(module, _)| {
                    import
                        .strip_prefix(module.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
                .max_by_key(|(module, _)| module.len())?;
            let rest = import[module.len()..].trim_start_matches('/');
            Some(match (home.is_empty(), rest.is_empty()) {
                (_, true) => home.clone(),
                (true, false) => rest.to_owned(),
                (false, false) => format!("{home}/{rest}"),
            })
        };
        let mut imports: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut mains: BTreeSet<&str> = BTreeSet::new();
        for (path, file) in facts {
            let Some(package) = &file.package else { continue };
            let own = imports.entry(parent(path)).or_default();
            own.extend(package.paths().filter_map(folder_of));
            if package.is_main {
                mains.insert(parent(path));
            }
        }
        let mut programs = Programs { of: BTreeMap::new(), uses: BTreeMap::new() };
        let mut left = MOST_REACHED;
        for main in &mains {
            let mut open = vec![(*main).to_owned()];
            let mut seen: BTreeSet<String> = BTreeSet::new();
            while let Some(folder) = open.pop() {
                if left == 0 {
                    break;
                }
                if !seen.insert(folder.clone()) {
                    continue;
                }
                left -= 1;
                open.extend(imports.get(folder.as_str()).into_iter().flatten().cloned());
                programs.of.entry(folder).or_default().insert((*main).to_owned());
            }
        }
        for (path, file) in facts {
            let Some(package) = &file.package else { continue };
            let Some(owners) = programs.of.get(parent(path)) else { continue };
            let (Some(owner), 1) = (owners.first().cloned(), owners.len()) else { continue };
            let uses = programs.uses.entry(owner).or_default();
            for (name, used) in &package.uses {
                if let Some(folder) = package.import(name).and_then(folder_of) {
                    uses.insert((folder, used.clone()));
                }
            }
        }
        programs
    }

    /// Who says what stands in a file, inside a function or type of this name. What several programs share belongs to
    /// those whose own packages use that function or type.
    pub(super) fn origin(&self, path: &str, within: Option<&str>) -> Option<Origin> {
        let folder = parent(path);
        let Some(programs) = self.of.get(folder) else { return Some(Origin::Code(vec![folder.to_owned()])) };
        let of = |programs: Vec<String>| Origin::Package { programs, folder: folder.to_owned() };
        if programs.len() == 1 {
            return Some(of(programs.iter().cloned().collect()));
        }
        let within = within?;
        let made = format!("New{within}");
        let users: Vec<String> = programs
            .iter()
            .filter(|program| {
                self.uses.get(*program).is_some_and(|uses| {
                    [within, &made].iter().any(|name| uses.contains(&(folder.to_owned(), (*name).to_owned())))
                })
            })
            .cloned()
            .collect();
        (!users.is_empty()).then(|| of(users))
    }
}
