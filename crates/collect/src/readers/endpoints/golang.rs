//! Go: net/http, gin, echo, chi, gorilla/mux, fiber, httprouter. Groups and sub-routers are followed through variables,
//! closures and functions that are handed a router.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::link::{Sketch, base_name, parent};
use crate::parse::{Code, Token};

use super::path::{METHODS, method};
use super::routers::{self, Child, File, Mount, Route, UNKNOWN, constants, value};

pub(super) const TRIGGERS: &[&str] = &[
    "\"net/http\"",
    "gin-gonic/gin",
    "labstack/echo",
    "go-chi/chi",
    "gorilla/mux",
    "gofiber/fiber",
    "httprouter",
];

/// What one file says.
#[derive(Default)]
pub(crate) struct Source {
    file: File,
    functions: Vec<Function>,
    calls: Vec<Call>,
}

struct Function {
    name: String,
    /// Routers that it is handed (by their place), and those that it makes.
    parameters: Vec<String>,
    makes: Vec<String>,
}

/// A function is handed a router, or gives one that is mounted.
struct Call {
    /// The name before the dot: a package, or a value.
    of: Option<String>,
    name: String,
    router: String,
    path: String,
    /// The place among the arguments; none: what it gives is mounted.
    argument: Option<usize>,
}

/// Where names of variables hold.
struct Scope {
    range: Range<usize>,
    id: usize,
    names: BTreeSet<String>,
}

pub(super) fn read(text: &str, code: &Code<'_>) -> Option<Source> {
    let known = constants(code);
    // `Get` is a method of many things; of routers only where one of these is at hand.
    let is_titled = ["go-chi/chi", "gofiber/fiber"].iter().any(|name| text.contains(name));
    let mut source = Source::default();
    let mut scopes = functions(code, &mut source);
    for at in 0..code.len() {
        let Some(verb) = code.word(at).filter(|_| code.is_sign(at + 1, '(')) else { continue };
        let arguments = code.arguments(at + 1);
        let text = |index: usize| arguments.get(index).and_then(|range| value(code, range.clone(), &known));
        let receiver = receiver(code, at, &scopes);
        if let Some(router) = &receiver {
            let closure = arguments.last().filter(|range| code.is_word(range.start, "func")).cloned();
            if let (Some(closure), "Route" | "Group") = (&closure, verb) {
                let path = if arguments.len() > 1 { text(0) } else { Some(String::new()) };
                if let Some((range, name)) = closure_of(code, closure) {
                    let id = scopes.len();
                    scopes.push(Scope { range, id, names: BTreeSet::from([name.clone()]) });
                    mount(&mut source.file, router, path, key(id, &name));
                }
                continue;
            }
            if matches!(verb, "Group" | "PathPrefix" | "Route")
                && let Some(child) = assigned(code, at, &scopes)
            {
                mount(&mut source.file, router, text(0), child);
                continue;
            }
            route(code, at, verb, &arguments, router, is_titled, &known, &mut source.file);
            if verb == "Mount"
                && let Some(range) = arguments.get(1)
                && let Some(path) = text(0)
            {
                mounted(code, range.clone(), router, path, &scopes, &mut source);
                continue;
            }
        }
        handed(code, at, verb, &arguments, &scopes, &known, &mut source);
    }
    (!source.file.routes.is_empty() || !source.calls.is_empty()).then_some(source)
}

fn key(scope: usize, name: &str) -> String {
    format!("{scope}:{name}")
}

fn mount(file: &mut File, parent: &str, path: Option<String>, child: String) {
    // Below a path that can't be told nothing can be told.
    let path = path.unwrap_or_else(|| UNKNOWN.to_owned());
    file.mounts.push(Mount {
        parent: parent.to_owned(),
        path,
        child: Child::Name(child, None),
        replaces: false,
    });
}

/// The functions of a file with the names of their parameters and variables.
fn functions(code: &Code<'_>, source: &mut Source) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for at in code.positions("func") {
        let named = if code.is_sign(at + 1, '(') { code.closing(at + 1) + 1 } else { at + 1 };
        let (Some(name), true) = (code.word(named), code.is_sign(named + 1, '(')) else { continue };
        let end_of_parameters = code.closing(named + 1);
        let open = (end_of_parameters + 1..end_of_parameters + 40).find(|at| {
            code.is_sign(*at, '{') && !matches!(code.word(at.saturating_sub(1)), Some("interface" | "struct"))
        });
        let Some(open) = open else { continue };
        let range = open..code.closing(open);
        let parameters: Vec<String> = code
            .arguments(named + 1)
            .into_iter()
            .map(|range| code.word(range.start).unwrap_or_default().to_owned())
            .collect();
        let id = scopes.len();
        let mut names: BTreeSet<String> = parameters.iter().cloned().collect();
        let mut makes = Vec::new();
        for at in range.clone() {
            if let Some(name) = code.word(at).filter(|_| code.matches(at + 1, &[":", "="])) {
                names.insert(name.to_owned());
                let is_made = (at + 3..at + 7).any(|at| {
                    matches!(code.word(at), Some("NewRouter" | "NewMux" | "NewServeMux" | "New" | "Default"))
                });
                if is_made {
                    makes.push(key(id, name));
                }
            }
        }
        let parameters = parameters.iter().map(|name| key(id, name)).collect();
        source.functions.push(Function { name: name.to_owned(), parameters, makes });
        scopes.push(Scope { range, id, names });
    }
    scopes
}

/// A variable at a position: of the innermost scope that knows it, else of the file.
fn variable(name: &str, at: usize, scopes: &[Scope]) -> String {
    let holds = |scope: &&Scope| scope.range.contains(&at) && scope.names.contains(name);
    let innermost = scopes.iter().filter(holds).min_by_key(|scope| scope.range.len());
    innermost.map_or_else(|| format!("file:{name}"), |scope| key(scope.id, name))
}

/// What stands before the dot in front of a call; calls in between that hand the router on are passed over.
fn receiver(code: &Code<'_>, at: usize, scopes: &[Scope]) -> Option<String> {
    let mut dot = at.checked_sub(1).filter(|dot| code.is_sign(*dot, '.'))?;
    loop {
        let before = dot.checked_sub(1)?;
        if let Some(name) = code.word(before) {
            return Some(variable(name, before, scopes));
        }
        if !code.is_sign(before, ')') {
            return None;
        }
        let open = opening(code, before)?;
        // `r.With(auth).Get(…)`.
        if !matches!(
            code.word(open.checked_sub(1)?),
            Some("With" | "Use" | "Name" | "Methods" | "Schemes" | "Host")
        ) {
            return None;
        }
        dot = open.checked_sub(2).filter(|dot| code.is_sign(*dot, '.'))?;
    }
}

fn opening(code: &Code<'_>, close: usize) -> Option<usize> {
    let mut depth = 0usize;
    for at in (close.saturating_sub(400)..=close).rev() {
        match code.get(at) {
            Some(Token::Sign(')')) => depth += 1,
            Some(Token::Sign('(')) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The body of a closure and its first parameter.
fn closure_of(code: &Code<'_>, range: &Range<usize>) -> Option<(Range<usize>, String)> {
    let name = code.word(range.start + 2).filter(|_| code.is_sign(range.start + 1, '('))?;
    let end = code.closing(range.start + 1);
    let open = (end..end + 4).find(|at| code.is_sign(*at, '{'))?;
    Some((open..code.closing(open), name.to_owned()))
}

/// The variable that a chain of calls is assigned to: `v1 := r.Group(…)`, `s.api = r.PathPrefix(…).Subrouter()`.
fn assigned(code: &Code<'_>, at: usize, scopes: &[Scope]) -> Option<String> {
    let line = code.line(at);
    let start = (at.saturating_sub(16)..at).rev().find(|at| code.is_sign(*at, '='))?;
    let name = if code.is_sign(start - 1, ':') { start.checked_sub(2)? } else { start.checked_sub(1)? };
    // What is assigned begins on this line, and nothing but the receiver stands between.
    let is_chain = (start + 1..at).all(|at| matches!(code.get(at), Some(Token::Word(_) | Token::Sign('.'))));
    if code.line(start) != line || !is_chain {
        return None;
    }
    code.word(name).map(|word| variable(word, name, scopes))
}

#[expect(clippy::too_many_arguments, reason = "one call with all that is known of it")]
fn route(
    code: &Code<'_>,
    at: usize,
    verb: &str,
    arguments: &[Range<usize>],
    router: &str,
    is_titled: bool,
    known: &BTreeMap<&str, &str>,
    file: &mut File,
) {
    if arguments.len() < 2 {
        return;
    }
    let text = |index: usize| arguments.get(index).and_then(|range| value(code, range.clone(), known));
    let (mut methods, path) = match verb {
        verb if METHODS.contains(&verb) => (method(verb).into_iter().collect::<Vec<_>>(), text(0)),
        "Get" | "Post" | "Put" | "Delete" | "Patch" if is_titled => {
            (method(verb).into_iter().collect(), text(0))
        }
        "Any" | "All" => (Vec::new(), text(0)),
        "HandleFunc" | "Handle" | "Handler" | "HandlerFunc" | "Method" | "MethodFunc" | "Add" => {
            match text(0) {
                // `Handle("GET", "/x", h)`.
                Some(word) if METHODS.contains(&word.as_str()) => {
                    (method(&word).into_iter().collect(), text(1))
                }
                first => (Vec::new(), first),
            }
        }
        _ => return,
    };
    let Some(mut path) = path else { return };
    // `"GET /x"` of net/http, with or without a host.
    if let Some((word, rest)) = path.clone().split_once(' ')
        && let Some(method) = method(word)
    {
        methods.push(method);
        path = rest.trim_start().to_owned();
    }
    let is_path = path.starts_with('/') || path.is_empty() && verb != "Add";
    if !is_path {
        return;
    }
    // A pattern's end, not part of the path.
    let path = path.trim_end_matches("{$}").to_owned();
    let end = code.closing(at + 1);
    if code.matches(end + 1, &[".", "Methods", "("]) {
        let words = (end + 4..code.closing(end + 3)).filter_map(|at| match code.get(at)? {
            Token::Text(text) => method(text),
            // `http.MethodGet`.
            Token::Word(word) => method(word.strip_prefix("Method")?),
            _ => None,
        });
        methods.extend(words);
    }
    file.routes.push(Route { router: router.to_owned(), methods, path, line: code.line(at) });
}

/// `r.Mount("/x", users())`, `r.Mount("/x", sub)`.
fn mounted(
    code: &Code<'_>,
    range: Range<usize>,
    router: &str,
    path: String,
    scopes: &[Scope],
    source: &mut Source,
) {
    let Some(open) = range.clone().find(|at| code.is_sign(*at, '(')) else {
        if let Some(name) = code.word(range.start).filter(|_| range.len() == 1) {
            mount(&mut source.file, router, Some(path), variable(name, range.start, scopes));
        }
        return;
    };
    let Some(name) = open.checked_sub(1).and_then(|at| code.word(at)) else { return };
    let of = (open - 1 > range.start + 1).then(|| code.word(open - 3)).flatten();
    source.calls.push(Call {
        of: of.map(str::to_owned),
        name: name.to_owned(),
        router: router.to_owned(),
        path,
        argument: None,
    });
}

/// `users.Register(v1)`, `register(r.Group("/users"))`.
fn handed(
    code: &Code<'_>,
    at: usize,
    verb: &str,
    arguments: &[Range<usize>],
    scopes: &[Scope],
    known: &BTreeMap<&str, &str>,
    source: &mut Source,
) {
    if at > 0 && code.is_word(at - 1, "func") || arguments.len() > 8 {
        return;
    }
    let of = (at > 1 && code.is_sign(at - 1, '.')).then(|| code.word(at - 2)).flatten();
    for (index, range) in arguments.iter().enumerate() {
        let Some(name) = code.word(range.start) else { continue };
        let (router, path) = match range.len() {
            1 => (variable(name, range.start, scopes), Some(String::new())),
            // `r.Group("/x")` in the place itself.
            _ if code.is_word(range.start + 2, "Group") && code.is_sign(range.start + 3, '(') => {
                let first = code.arguments(range.start + 3).into_iter().next();
                (variable(name, range.start, scopes), first.and_then(|range| value(code, range, known)))
            }
            _ => continue,
        };
        if router.starts_with("file:") {
            continue;
        }
        source.calls.push(Call {
            of: of.map(str::to_owned),
            name: verb.to_owned(),
            router,
            path: path.unwrap_or_else(|| UNKNOWN.to_owned()),
            argument: Some(index),
        });
    }
}

/// Puts the files together.
pub(super) fn link(sources: Vec<(String, Source)>, sketch: &mut Sketch<'_>) {
    let mut by_name: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, (_, source)) in sources.iter().enumerate() {
        for (place, function) in source.functions.iter().enumerate() {
            by_name.entry(function.name.clone()).or_default().push((index, place));
        }
    }
    let mut mounts: Vec<(usize, Mount)> = Vec::new();
    for (index, (path, source)) in sources.iter().enumerate() {
        for call in &source.calls {
            let folder = parent(path);
            let all = by_name.get(&call.name).map(Vec::as_slice).unwrap_or_default();
            let in_folder = |wanted: &dyn Fn(&str) -> bool| -> Vec<(usize, usize)> {
                all.iter().copied().filter(|(file, _)| wanted(parent(&sources[*file].0))).collect()
            };
            // The package of that name, else one's own package, else the only function that is called so.
            let of_package =
                call.of.as_deref().map(|of| in_folder(&|other| base_name(other) == of)).unwrap_or_default();
            let own = in_folder(&|other| other == folder);
            let found = match (of_package.as_slice(), own.as_slice(), all) {
                ([one], _, _) | ([], [one], _) | ([], [], [one]) => vec![*one],
                // Which of several can't be told; what they answer at can't either.
                _ => all.to_vec(),
            };
            for (file, place) in &found {
                let function = &sources[*file].1.functions[*place];
                let routers: Vec<&String> = match call.argument {
                    Some(argument) => function.parameters.get(argument).into_iter().collect(),
                    None => function.makes.iter().collect(),
                };
                for router in routers {
                    let path = if found.len() == 1 { call.path.clone() } else { UNKNOWN.to_owned() };
                    let child = Child::Other(*file, router.clone());
                    mounts.push((index, Mount { parent: call.router.clone(), path, child, replaces: false }));
                }
            }
        }
    }
    let mut files: Vec<(String, File)> =
        sources.into_iter().map(|(path, source)| (path, source.file)).collect();
    for (index, mount) in mounts {
        files[index].1.mounts.push(mount);
    }
    routers::link(&files, |_, _, _| None, sketch);
}
