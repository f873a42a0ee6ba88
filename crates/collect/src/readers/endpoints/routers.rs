//! Routers that are mounted on others, within a file and across files: what Express, Fastify, Hono, Koa, Flask and FastAPI
//! have in common. A family fills a [`File`]; how its language names another file is all that differs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::link::Sketch;
use crate::parse::{Code, Token};

use super::path::join;

/// Deepest nesting of routers, and most fronts of one.
const DEPTH: usize = 8;
const FRONTS: usize = 8;

/// What one file says.
#[derive(Default)]
pub(crate) struct File {
    pub(super) routes: Vec<Route>,
    /// Routers made here, with the path that they are given.
    pub(super) routers: BTreeMap<String, String>,
    pub(super) mounts: Vec<Mount>,
    /// Names that come from other files.
    pub(super) imports: BTreeMap<String, Import>,
}

pub(super) struct Route {
    pub(super) router: String,
    pub(super) methods: Vec<&'static str>,
    pub(super) path: String,
    pub(super) line: u32,
}

/// One router below another.
pub(super) struct Mount {
    pub(super) parent: String,
    pub(super) path: String,
    pub(super) child: Child,
    /// Whether the path stands in place of the router's own.
    pub(super) replaces: bool,
}

pub(super) enum Child {
    /// A name, and the attribute of it that is meant.
    Name(String, Option<String>),
    /// A file that is named in the place itself.
    Module(String),
    /// A router of a file whose position is known.
    Other(usize, String),
}

/// Where a name comes from.
pub(super) struct Import {
    pub(super) module: String,
    /// The name in that file, or of that file in a package.
    pub(super) name: Option<String>,
}

/// The file that a module means: from the importing file's path, the module and a name in it. Also whether the name
/// was that of the file itself.
pub(super) type Resolve = fn(&str, &Import, &dyn Fn(&str) -> Option<usize>) -> Option<(usize, bool)>;

type Node = (usize, String);

/// Puts the files together. `everywhere`: endpoints of all of them stand below the application's base path.
pub(super) fn link(files: &[(String, File)], resolve: Resolve, sketch: &mut Sketch<'_>) {
    let by_path: BTreeMap<&str, usize> =
        files.iter().enumerate().map(|(index, (path, _))| (path.as_str(), index)).collect();
    let find = |path: &str| by_path.get(path).copied();
    let mut parents: BTreeMap<Node, Vec<(Node, &Mount)>> = BTreeMap::new();
    for (index, (path, file)) in files.iter().enumerate() {
        for mount in &file.mounts {
            let parent = (index, mount.parent.clone());
            for child in children(files, index, path, mount, resolve, &find) {
                if child != parent {
                    parents.entry(child).or_default().push((parent.clone(), mount));
                }
            }
        }
    }
    for (index, (path, file)) in files.iter().enumerate() {
        for route in &file.routes {
            for front in fronts(files, &parents, &(index, route.router.clone()), DEPTH) {
                let whole = join(&front, &route.path);
                if route.methods.is_empty() {
                    super::offer(sketch, path, None, &whole, (path, route.line), true);
                }
                for method in &route.methods {
                    super::offer(sketch, path, Some(method), &whole, (path, route.line), true);
                }
            }
        }
    }
}

fn children(
    files: &[(String, File)],
    index: usize,
    path: &str,
    mount: &Mount,
    resolve: Resolve,
    find: &dyn Fn(&str) -> Option<usize>,
) -> Vec<Node> {
    let file = &files[index].1;
    let inline;
    let (import, attribute) = match &mount.child {
        Child::Other(file, name) => return vec![(*file, name.clone())],
        Child::Module(module) => {
            inline = Import { module: module.clone(), name: None };
            (&inline, None)
        }
        Child::Name(name, attribute) => match file.imports.get(name) {
            Some(import) => (import, attribute.clone()),
            None => return vec![(index, name.clone())],
        },
    };
    let Some((other, is_file)) = resolve(path, import, find) else { return Vec::new() };
    let target = &files[other].1;
    let known = names(target);
    let wanted = if is_file { attribute } else { import.name.clone().or(attribute) };
    match wanted.filter(|name| known.contains(name.as_str())) {
        Some(name) => vec![(other, name)],
        // A function that is called, a default export: whatever is mounted on nothing there.
        None => {
            let mounted: BTreeSet<&str> = target
                .mounts
                .iter()
                .filter_map(|mount| match &mount.child {
                    Child::Name(name, _) => Some(name.as_str()),
                    Child::Module(_) | Child::Other(..) => None,
                })
                .collect();
            known
                .iter()
                .filter(|name| !mounted.contains(**name))
                .map(|name| (other, (*name).to_owned()))
                .collect()
        }
    }
}

fn names(file: &File) -> BTreeSet<&str> {
    let routes = file.routes.iter().map(|route| route.router.as_str());
    let mounts = file.mounts.iter().map(|mount| mount.parent.as_str());
    routes.chain(mounts).chain(file.routers.keys().map(String::as_str)).collect()
}

/// Every path under which a router can be reached.
fn fronts(
    files: &[(String, File)],
    parents: &BTreeMap<Node, Vec<(Node, &Mount)>>,
    node: &Node,
    depth: usize,
) -> BTreeSet<String> {
    let own = files[node.0].1.routers.get(&node.1).cloned().unwrap_or_default();
    let mut all = BTreeSet::new();
    if depth == 0 {
        return all;
    }
    let Some(above) = parents.get(node) else { return BTreeSet::from([own]) };
    for (parent, mount) in above {
        for front in fronts(files, parents, parent, depth - 1) {
            let below = join(&front, &mount.path);
            all.insert(if mount.replaces { below } else { join(&below, &own) });
            if all.len() >= FRONTS {
                return all;
            }
        }
    }
    all
}

/// `NAME = "text"` of one file, by name; a name with two values is none.
pub(super) fn constants<'a>(code: &Code<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut found: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for at in 0..code.len() {
        let (Some(name), true) = (code.word(at), code.is_sign(at + 1, '=') || code.is_sign(at + 1, ':'))
        else {
            continue;
        };
        // `NAME = `, `NAME := `, `NAME: string = `, `NAME string = `.
        let value =
            (at + 2..at + 5).find(|value| code.is_sign(value - 1, '=') && code.text(*value).is_some());
        let Some(text) = value.and_then(|value| code.text(value).filter(|_| !code.is_sign(value + 1, '+')))
        else {
            continue;
        };
        found
            .entry(name)
            .and_modify(|known| *known = known.filter(|known| *known == text))
            .or_insert(Some(text));
    }
    found.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// The text that an expression of texts and names of constants makes; `${name}` in it is put in.
pub(super) fn value(code: &Code<'_>, range: Range<usize>, known: &BTreeMap<&str, &str>) -> Option<String> {
    let mut out = String::new();
    let mut is_any = false;
    for at in range {
        match code.get(at)? {
            Token::Text(text) => out.push_str(&filled(text, known)?),
            // A prefix of Python's texts.
            Token::Word("r" | "f" | "b" | "u") if code.text(at + 1).is_some() => {}
            Token::Word(name) => out.push_str(known.get(name)?),
            Token::Sign('+') => {}
            _ => return None,
        }
        is_any = true;
    }
    is_any.then_some(out)
}

fn filled(text: &str, known: &BTreeMap<&str, &str>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').map(|end| start + end)?;
        out.push_str(&rest[..start]);
        out.push_str(known.get(rest[start + 2..end].trim())?);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// Stands for a path that can't be told: what is below it is left out.
pub(super) const UNKNOWN: &str = "\0";

/// A path in front of others; one that only a name stands for is a variable of that name.
pub(super) fn front(code: &Code<'_>, range: Range<usize>, known: &BTreeMap<&str, &str>) -> String {
    let name = code.word(range.end.saturating_sub(1));
    let is_name = range.clone().all(|at| code.word(at).is_some() || code.is_sign(at, '.'));
    value(code, range, known)
        .or_else(|| name.filter(|_| is_name).map(|name| format!("{{{name}}}")))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The range of the value of a named argument: `prefix="/x"`, `{ prefix: "/x" }`.
pub(super) fn named(code: &Code<'_>, open: usize, name: &str) -> Option<Range<usize>> {
    for range in code.arguments(open) {
        if code.is_word(range.start, name)
            && (code.is_sign(range.start + 1, '=') || code.is_sign(range.start + 1, ':'))
        {
            return Some(range.start + 2..range.end);
        }
        if code.is_sign(range.start, '{')
            && let Some(found) = named(code, range.start, name)
        {
            return Some(found);
        }
    }
    None
}
