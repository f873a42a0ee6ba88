//! Python: Flask, FastAPI and what is like them (routers that are mounted), Django (lists of patterns).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::link::{Sketch, parent};
use crate::parse::{Code, Token};

use super::path::method;
use super::routers::{self, Child, File, Import, Mount, Route, UNKNOWN, constants, front, named, value};

pub(super) const TRIGGERS: &[&str] = &[
    "route(",
    ".get(",
    ".post(",
    ".put(",
    ".delete(",
    ".patch(",
    "APIRouter",
    "Blueprint",
    "FastAPI",
    "Flask",
    "include_router",
    "urlpatterns",
    "add_resource",
    ".register(",
];

/// What one file says.
#[derive(Default)]
pub(crate) struct Script {
    file: File,
    /// Django: patterns as written, each with what it leads to.
    patterns: Vec<Pattern>,
    /// Django REST: what is registered at a router.
    registered: Vec<(String, String, u32)>,
}

struct Pattern {
    path: String,
    leads: Leads,
    line: u32,
}

enum Leads {
    View,
    Module(String),
    Router(String),
}

pub(super) fn read(code: &Code<'_>) -> Option<Script> {
    let known = constants(code);
    let mut script = Script::default();
    imports(code, &mut script.file);
    for at in 0..code.len() {
        match code.get(at) {
            Some(Token::Word(name)) if code.is_sign(at + 1, '=') => {
                made(code, name, at + 2, &known, &mut script.file)
            }
            Some(Token::Word(name)) if code.is_sign(at + 1, '.') && code.is_sign(at + 3, '(') => {
                let is_decorator = at > 0 && code.is_sign(at - 1, '@');
                call(code, at, name, is_decorator, &known, &mut script);
            }
            _ => {}
        }
    }
    if code.positions("urlpatterns").next().is_some() {
        patterns(code, &mut script);
    }
    let file = &script.file;
    let says = !file.routes.is_empty()
        || !file.mounts.is_empty()
        || !file.routers.is_empty()
        || !script.patterns.is_empty()
        || !script.registered.is_empty();
    says.then_some(script)
}

/// `from a.b import c as d, e` and `import a.b as c`.
fn imports(code: &Code<'_>, file: &mut File) {
    for at in code.positions("import") {
        let line = code.line(at);
        let start =
            (at.saturating_sub(24)..at).rev().find(|at| code.is_word(*at, "from") && code.line(*at) == line);
        let module = |range: Range<usize>| -> String {
            let parts = range.filter_map(|at| match code.get(at) {
                Some(Token::Word(word)) => Some(word.to_owned()),
                Some(Token::Sign('.')) => Some(".".to_owned()),
                _ => None,
            });
            parts.collect()
        };
        let from = start.map(|start| module(start + 1..at));
        let (is_open, first) = if code.is_sign(at + 1, '(') { (true, at + 2) } else { (false, at + 1) };
        let ends = |at: &usize| {
            *at >= code.len() || if is_open { code.is_sign(*at, ')') } else { code.line(*at) != line }
        };
        let end = (first..first + 200).find(ends).unwrap_or(first);
        let mut here = first;
        while here < end {
            let next = (here..end).find(|at| code.is_sign(*at, ',')).unwrap_or(end);
            let alias = (here..next).find(|at| code.is_word(*at, "as"));
            let whole = module(here..alias.unwrap_or(next));
            let name = alias.and_then(|alias| code.word(alias + 1)).unwrap_or(whole.as_str()).to_owned();
            if !whole.is_empty() {
                let import = match &from {
                    Some(from) => Import { module: from.clone(), name: Some(whole) },
                    None => Import { module: whole, name: None },
                };
                file.imports.insert(name, import);
            }
            here = next + 1;
        }
    }
}

fn made(code: &Code<'_>, name: &str, mut at: usize, known: &BTreeMap<&str, &str>, file: &mut File) {
    while code.is_sign(at + 1, '.') && code.word(at + 2).is_some() {
        at += 2;
    }
    const MAKERS: &[&str] = &[
        "Flask",
        "FastAPI",
        "APIRouter",
        "Blueprint",
        "APIBlueprint",
        "Quart",
        "Sanic",
        "Starlette",
        "NinjaAPI",
        "Router",
        "OpenAPI",
        "APIFlask",
        "Litestar",
        "Namespace",
    ];
    if !code.word(at).is_some_and(|word| MAKERS.contains(&word)) || !code.is_sign(at + 1, '(') {
        return;
    }
    let prefix = named(code, at + 1, "prefix").or_else(|| named(code, at + 1, "url_prefix"));
    let path = match prefix {
        // A path that can't be told would be a wrong one.
        Some(range) => match value(code, range, known) {
            Some(path) => path,
            None => return,
        },
        None => String::new(),
    };
    file.routers.insert(name.to_owned(), path);
}

fn call(
    code: &Code<'_>,
    at: usize,
    name: &str,
    is_decorator: bool,
    known: &BTreeMap<&str, &str>,
    script: &mut Script,
) {
    let Some(verb) = code.word(at + 2) else { return };
    let open = at + 3;
    let arguments = code.arguments(open);
    let text = |range: Option<&Range<usize>>| range.and_then(|range| value(code, range.clone(), known));
    let line = code.line(at);
    let file = &mut script.file;
    match verb {
        "get" | "post" | "put" | "delete" | "patch" | "route" | "api_route" if is_decorator => {
            let first = arguments.first().filter(|range| !code.is_sign(range.start + 1, '='));
            let given = named(code, open, "path").or_else(|| named(code, open, "rule"));
            let Some(path) = text(first).or_else(|| text(given.as_ref())) else { return };
            if !path.starts_with('/') && !path.is_empty() {
                return;
            }
            let own: Vec<&'static str> = method(verb).into_iter().collect();
            let methods = if own.is_empty() { listed_methods(code, open) } else { own };
            file.routes.push(Route { router: name.to_owned(), methods, path, line });
        }
        "add_url_rule" | "add_api_route" => {
            let Some(path) = text(arguments.first()).filter(|path| path.starts_with('/')) else { return };
            let methods = listed_methods(code, open);
            file.routes.push(Route { router: name.to_owned(), methods, path, line });
        }
        "add_resource" => {
            for range in arguments.iter().skip(1) {
                if let Some(path) = text(Some(range)).filter(|path| path.starts_with('/')) {
                    file.routes.push(Route { router: name.to_owned(), methods: Vec::new(), path, line });
                }
            }
        }
        "include_router" | "register_blueprint" | "mount" | "add_router" | "blueprint" => {
            let is_path_first = matches!(verb, "mount" | "add_router");
            let prefix = named(code, open, "prefix").or_else(|| named(code, open, "url_prefix"));
            let prefix = if is_path_first { arguments.first().cloned() } else { prefix };
            let child = arguments.get(usize::from(is_path_first)).and_then(|range| {
                let start = range.start;
                let child = code.word(start)?;
                let attribute = code.word(start + 2).filter(|_| code.is_sign(start + 1, '.'));
                Some(Child::Name(child.to_owned(), attribute.map(str::to_owned)))
            });
            let Some(child) = child else { return };
            let replaces = verb == "register_blueprint" && prefix.is_some();
            let path = prefix.map_or_else(String::new, |range| front(code, range, known));
            file.mounts.push(Mount { parent: name.to_owned(), path, child, replaces });
        }
        "register" if arguments.len() > 1 => {
            if let Some(path) = text(arguments.first()) {
                script.registered.push((name.to_owned(), path, line));
            }
        }
        _ => {}
    }
}

/// `methods=["GET", "POST"]`; without it a route is for GET.
fn listed_methods(code: &Code<'_>, open: usize) -> Vec<&'static str> {
    match named(code, open, "methods") {
        Some(range) => range.filter_map(|at| code.text(at)).filter_map(method).collect(),
        None => vec!["GET"],
    }
}

/// `path("a/", view)`, `path("b/", include("b.urls"))`; patterns in a list below another stand behind it.
fn patterns(code: &Code<'_>, script: &mut Script) {
    let mut around: Vec<(Range<usize>, String)> = Vec::new();
    for at in 0..code.len() {
        if !matches!(code.word(at), Some("path" | "re_path" | "url"))
            || !code.is_sign(at + 1, '(')
            || at > 0 && code.is_sign(at - 1, '.')
        {
            continue;
        }
        let arguments = code.arguments(at + 1);
        let Some(text) = arguments.first().and_then(|range| value(code, range.clone(), &BTreeMap::new()))
        else {
            continue;
        };
        let is_pattern = !code.is_word(at, "path");
        let text = if is_pattern { unescaped(&text) } else { text };
        let front: String =
            around.iter().filter(|(range, _)| range.contains(&at)).map(|(_, text)| text.as_str()).collect();
        let path = format!("{front}{text}");
        let Some(second) = arguments.get(1) else { continue };
        let start = second.start;
        let leads = if code.is_word(start, "include") && code.is_sign(start + 1, '(') {
            // `include(("a.urls", "a"), …)` has one bracket more.
            let inner = if code.is_sign(start + 2, '(') { start + 3 } else { start + 2 };
            match code.get(inner) {
                Some(Token::Text(module)) => Leads::Module(module.to_owned()),
                Some(Token::Sign('[')) => {
                    around.push((second.clone(), text));
                    continue;
                }
                Some(Token::Word(router)) if code.is_word(inner + 2, "urls") => {
                    Leads::Router(router.to_owned())
                }
                _ => continue,
            }
        } else if code.is_word(start, "admin") {
            // The framework's own pages.
            continue;
        } else if code.is_word(start + 2, "urls") {
            Leads::Router(code.word(start).unwrap_or_default().to_owned())
        } else {
            Leads::View
        };
        script.patterns.push(Pattern { path, leads, line: code.line(at) });
    }
    // `urlpatterns = router.urls` and `urlpatterns += router.urls`.
    for at in code.positions("urlpatterns") {
        let equals = if code.is_sign(at + 1, '+') { at + 2 } else { at + 1 };
        if code.is_sign(equals, '=') && code.is_word(equals + 3, "urls") {
            let leads = Leads::Router(code.word(equals + 1).unwrap_or_default().to_owned());
            script.patterns.push(Pattern { path: String::new(), leads, line: code.line(at) });
        }
    }
}

/// A pattern as a path: `^orders/(?P<id>\d+)/$` is `orders/<id>/`.
fn unescaped(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern.trim_start_matches('^').trim_end_matches(['$', '?']);
    while let Some(start) = rest.find('(') {
        out.push_str(&rest[..start]);
        let mut depth = 0usize;
        let end = rest[start..].char_indices().find_map(|(at, c)| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0).then_some(start + at)
        });
        let Some(end) = end else { return UNKNOWN.to_owned() };
        let group = &rest[start..end];
        let name = group.strip_prefix("(?P<").and_then(|body| body.split('>').next());
        out.push_str(&format!("<{}>", name.unwrap_or("value")));
        rest = rest[end + 1..].trim_start_matches(['?', '*', '+']);
    }
    out.push_str(rest);
    out.replace("\\.", ".").replace("\\-", "-")
}

/// Puts the files together.
pub(super) fn link(scripts: Vec<(String, Script)>, sketch: &mut Sketch<'_>) {
    django(&scripts, sketch);
    let files: Vec<(String, File)> = scripts.into_iter().map(|(path, script)| (path, script.file)).collect();
    routers::link(&files, resolve, sketch);
}

fn django(scripts: &[(String, Script)], sketch: &mut Sketch<'_>) {
    let file_of = |module: &str| {
        let end = format!("{}.py", module.replace('.', "/"));
        let ends =
            |path: &str| path == end || path.strip_suffix(&end).is_some_and(|front| front.ends_with('/'));
        scripts.iter().position(|(path, script)| !script.patterns.is_empty() && ends(path))
    };
    let included: BTreeSet<usize> = scripts
        .iter()
        .flat_map(|(_, script)| &script.patterns)
        .filter_map(|pattern| match &pattern.leads {
            Leads::Module(module) => file_of(module),
            _ => None,
        })
        .collect();
    // From what nothing includes, downwards.
    let mut todo: Vec<(usize, String, usize)> = (0..scripts.len())
        .filter(|index| !included.contains(index))
        .map(|index| (index, String::new(), 0))
        .collect();
    while let Some((index, front, depth)) = todo.pop() {
        let (file, script) = &scripts[index];
        for pattern in &script.patterns {
            let whole = format!("{front}{}", pattern.path);
            match &pattern.leads {
                Leads::View => super::offer(sketch, file, None, &whole, (file, pattern.line), false),
                Leads::Module(module) => {
                    if let Some(next) = file_of(module).filter(|_| depth < 8 && todo.len() < 1_000) {
                        todo.push((next, whole, depth + 1));
                    }
                }
                Leads::Router(router) => {
                    for (_, path, line) in script.registered.iter().filter(|(name, _, _)| name == router) {
                        let list = format!("{whole}{path}");
                        super::offer(sketch, file, None, &list, (file, *line), false);
                        super::offer(sketch, file, None, &format!("{list}/<pk>"), (file, *line), false);
                    }
                }
            }
        }
    }
}

/// `app.api.users` is `…/app/api/users.py` or its package; `.users` lies beside the file. The name may be the file's.
fn resolve(from: &str, import: &Import, find: &dyn Fn(&str) -> Option<usize>) -> Option<(usize, bool)> {
    let dots = import.module.chars().take_while(|c| *c == '.').count();
    let rest = import.module[dots..].replace('.', "/");
    let mut bases: Vec<String> = Vec::new();
    let mut folder = parent(from);
    if dots > 0 {
        for _ in 1..dots {
            folder = parent(folder);
        }
        bases.push(folder.to_owned());
    } else {
        // The root of modules is some folder above.
        loop {
            bases.push(folder.to_owned());
            if folder.is_empty() {
                break;
            }
            folder = parent(folder);
        }
    }
    let join =
        |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
    for base in &bases {
        if let Some(name) = &import.name {
            let file = join(&[base, &rest, name]);
            if let Some(index) = find(&format!("{file}.py")).or_else(|| find(&format!("{file}/__init__.py")))
            {
                return Some((index, true));
            }
        }
        let file = join(&[base, &rest]);
        if let Some(index) = find(&format!("{file}.py")).or_else(|| find(&join(&[&file, "__init__.py"]))) {
            return Some((index, import.name.is_none()));
        }
    }
    None
}
