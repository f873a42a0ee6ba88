//! C#: ASP.NET controllers with attributes, and minimal APIs.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::link::Sketch;
use crate::parse::{Code, Token};

use super::path::{join, method};
use super::routers::{self, Child, File, Mount, Route, UNKNOWN, constants, value};

pub(super) const TRIGGERS: &[&str] = &[
    "[Http",
    "[Route",
    "MapGet",
    "MapPost",
    "MapPut",
    "MapDelete",
    "MapPatch",
    "MapGroup",
    "MapMethods",
    "ControllerBase",
];

/// What one file says.
#[derive(Default)]
pub(crate) struct Source {
    classes: Vec<Class>,
    file: File,
    /// Functions that add routes to what they are called on, with the name of that parameter.
    extensions: Vec<(String, String)>,
    /// Where one is called: its name, the router, the path.
    calls: Vec<(String, String, String)>,
}

#[derive(Default)]
struct Class {
    name: String,
    base: Option<String>,
    routes: Vec<String>,
    area: Option<String>,
    actions: Vec<Action>,
    is_abstract: bool,
}

struct Action {
    methods: Vec<&'static str>,
    routes: Vec<String>,
    name: String,
    line: u32,
}

struct Attribute {
    name: String,
    text: Option<String>,
    line: u32,
}

pub(super) fn read(code: &Code<'_>) -> Option<Source> {
    let known = constants(code);
    let mut source = Source::default();
    controllers(code, &known, &mut source);
    minimal(code, &known, &mut source);
    let says = source.classes.iter().any(|class| !class.actions.is_empty() || !class.routes.is_empty())
        || !source.file.routes.is_empty()
        || !source.file.mounts.is_empty()
        || !source.calls.is_empty();
    says.then_some(source)
}

fn controllers(code: &Code<'_>, known: &BTreeMap<&str, &str>, source: &mut Source) {
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut declared: Option<usize> = None;
    let mut pending: Vec<Attribute> = Vec::new();
    let (mut called, mut is_abstract) = (String::new(), false);
    let (mut braces, mut at) = (0usize, 0usize);
    while at < code.len() {
        match code.get(at) {
            Some(Token::Sign('[')) if begins_attribute(code, at) => {
                for range in code.arguments(at) {
                    pending.extend(attribute(code, range, known));
                }
                at = code.closing(at) + 1;
                continue;
            }
            Some(Token::Word("abstract")) => is_abstract = true,
            Some(Token::Word("class" | "record")) => {
                if let Some(name) = code.word(at + 1) {
                    let texts = |wanted: &str| {
                        pending
                            .iter()
                            .filter(|one| one.name == wanted)
                            .filter_map(|one| one.text.clone())
                            .collect()
                    };
                    let routes: Vec<String> = texts("Route");
                    let areas: Vec<String> = texts("Area");
                    declared = Some(source.classes.len());
                    source.classes.push(Class {
                        name: name.to_owned(),
                        base: base(code, at + 2),
                        routes,
                        area: areas.into_iter().next(),
                        is_abstract,
                        ..Class::default()
                    });
                    pending.clear();
                    is_abstract = false;
                }
            }
            Some(Token::Sign('(')) if called.is_empty() && !pending.is_empty() => {
                called = at.checked_sub(1).and_then(|at| code.word(at)).unwrap_or_default().to_owned();
            }
            Some(Token::Sign('{')) => {
                braces += 1;
                match declared.take() {
                    Some(class) => open.push((braces, class)),
                    None => member(source, &open, &mut pending, &called),
                }
                pending.clear();
                called.clear();
            }
            Some(Token::Sign('}')) => {
                if open.last().is_some_and(|(depth, _)| *depth == braces) {
                    open.pop();
                }
                braces = braces.saturating_sub(1);
                pending.clear();
                called.clear();
            }
            Some(Token::Sign(';')) => {
                declared = None;
                is_abstract = false;
                member(source, &open, &mut pending, &called);
                called.clear();
            }
            Some(Token::Sign('=')) if code.is_sign(at + 1, '>') => {
                member(source, &open, &mut pending, &called);
                called.clear();
            }
            _ => {}
        }
        at += 1;
    }
}

/// An index into something stands behind a name or a bracket; an attribute doesn't.
fn begins_attribute(code: &Code<'_>, at: usize) -> bool {
    at == 0 || matches!(code.get(at - 1), Some(Token::Sign('{' | '}' | ';' | ']')))
}

fn attribute(code: &Code<'_>, range: Range<usize>, known: &BTreeMap<&str, &str>) -> Option<Attribute> {
    let mut name = code.word(range.start)?;
    let mut at = range.start + 1;
    while code.is_sign(at, '.') && code.word(at + 1).is_some() {
        name = code.word(at + 1)?;
        at += 2;
    }
    let first = code.is_sign(at, '(').then(|| code.arguments(at).into_iter().next()).flatten();
    let is_named = first.as_ref().is_some_and(|first| code.is_sign(first.start + 1, '='));
    // A path that can't be told is not the same as none.
    let first = first.filter(|_| !is_named);
    let text = first.map(|first| value(code, first, known).unwrap_or_else(|| UNKNOWN.to_owned()));
    let name = name.strip_suffix("Attribute").unwrap_or(name).to_owned();
    Some(Attribute { name, text, line: code.line(range.start) })
}

fn base(code: &Code<'_>, from: usize) -> Option<String> {
    let mut at = from;
    while at < from + 200 && !matches!(code.get(at), None | Some(Token::Sign('{' | ';'))) {
        if code.is_sign(at, '(') {
            at = code.closing(at);
        } else if code.is_sign(at, ':') {
            return code.word(at + 1).map(str::to_owned);
        }
        at += 1;
    }
    None
}

fn member(source: &mut Source, open: &[(usize, usize)], pending: &mut Vec<Attribute>, name: &str) {
    let attributes = std::mem::take(pending);
    let Some(class) = open.last().and_then(|(_, class)| source.classes.get_mut(*class)) else { return };
    let routes: Vec<String> =
        attributes.iter().filter(|one| one.name == "Route").filter_map(|one| one.text.clone()).collect();
    for one in &attributes {
        let Some(method) = one.name.strip_prefix("Http").and_then(method) else { continue };
        let own = one.text.clone().map_or_else(|| routes.clone(), |text| vec![text]);
        class.actions.push(Action {
            methods: vec![method],
            routes: own,
            name: name.to_owned(),
            line: one.line,
        });
    }
    let is_plain = attributes.iter().all(|one| !one.name.starts_with("Http"));
    if is_plain && !routes.is_empty() {
        let line = attributes.first().map_or(1, |one| one.line);
        class.actions.push(Action { methods: Vec::new(), routes, name: name.to_owned(), line });
    }
}

/// `app.MapGet("/x", …)`, `var api = app.MapGroup("/x")`, and extension methods that add such routes.
fn minimal(code: &Code<'_>, known: &BTreeMap<&str, &str>, source: &mut Source) {
    for at in 0..code.len() {
        let Some(verb) = code.word(at).filter(|_| code.is_sign(at + 1, '(')) else { continue };
        if code.is_word(at + 2, "this") && verb.starts_with("Map") {
            let first = code.arguments(at + 1).into_iter().next();
            if let Some(parameter) = first.and_then(|range| code.word(range.end - 1)) {
                source.extensions.push((verb.to_owned(), parameter.to_owned()));
            }
            continue;
        }
        let Some(rest) = verb.strip_prefix("Map") else { continue };
        let Some(router) = receiver(code, at, known, &mut source.file) else { continue };
        let arguments = code.arguments(at + 1);
        let text = arguments.first().and_then(|range| value(code, range.clone(), known));
        let line = code.line(at);
        match rest {
            "Get" | "Post" | "Put" | "Delete" | "Patch" if arguments.len() > 1 => {
                let Some(path) = text else { continue };
                let methods = method(rest).into_iter().collect();
                source.file.routes.push(Route { router, methods, path, line });
            }
            "Methods" if arguments.len() > 2 => {
                let Some(path) = text else { continue };
                let words = arguments[1].clone().filter_map(|at| code.text(at));
                source.file.routes.push(Route {
                    router,
                    methods: words.filter_map(method).collect(),
                    path,
                    line,
                });
            }
            "Group" => {
                if let Some(child) = assigned(code, at) {
                    let path = text.unwrap_or_else(|| UNKNOWN.to_owned());
                    let child = Child::Name(child, None);
                    source.file.mounts.push(Mount { parent: router, path, child, replaces: false });
                }
            }
            _ => source.calls.push((verb.to_owned(), router, String::new())),
        }
    }
}

/// What stands before the dot: a variable, or a group that is made in the place itself.
fn receiver(code: &Code<'_>, at: usize, known: &BTreeMap<&str, &str>, file: &mut File) -> Option<String> {
    let mut dot = at.checked_sub(1).filter(|dot| code.is_sign(*dot, '.'))?;
    loop {
        let before = dot.checked_sub(1)?;
        if let Some(name) = code.word(before) {
            return Some(name.to_owned());
        }
        if !code.is_sign(before, ')') {
            return None;
        }
        let open = opening(code, before)?;
        let verb = open.checked_sub(1)?;
        let next = verb.checked_sub(1).filter(|dot| code.is_sign(*dot, '.'))?;
        if code.is_word(verb, "MapGroup") {
            let parent = receiver(code, verb, known, file)?;
            let text = code.arguments(open).into_iter().next().and_then(|range| value(code, range, known));
            let child = format!("group {verb}");
            let mount = Mount {
                parent,
                path: text.unwrap_or_else(|| UNKNOWN.to_owned()),
                child: Child::Name(child.clone(), None),
                replaces: false,
            };
            file.mounts.push(mount);
            return Some(child);
        }
        // `api.WithTags("x").MapGet(…)`; what maps a route gives something else back.
        if code.word(verb).is_some_and(|word| word.starts_with("Map")) {
            return None;
        }
        dot = next;
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

fn assigned(code: &Code<'_>, at: usize) -> Option<String> {
    let start = (at.saturating_sub(24)..at).rev().find(|at| code.is_sign(*at, '='))?;
    let is_chain = (start + 1..at).all(|at| !matches!(code.get(at), Some(Token::Sign(';' | '{' | '}'))));
    start.checked_sub(1).filter(|_| is_chain).and_then(|at| code.word(at)).map(str::to_owned)
}

/// Puts the files together.
pub(super) fn link(sources: Vec<(String, Source)>, sketch: &mut Sketch<'_>) {
    let mut bases: BTreeMap<&str, &Class> = BTreeMap::new();
    for class in sources.iter().flat_map(|(_, source)| &source.classes) {
        bases.entry(&class.name).or_insert(class);
    }
    for (path, source) in &sources {
        for class in source.classes.iter().filter(|class| !class.is_abstract) {
            let mut routes = &class.routes;
            let mut above = class;
            for _ in 0..4 {
                let Some(base) = above.base.as_deref().and_then(|name| bases.get(name)) else { break };
                if routes.is_empty() {
                    routes = &base.routes;
                }
                above = base;
            }
            let fronts: Vec<&str> =
                if routes.is_empty() { vec![""] } else { routes.iter().map(String::as_str).collect() };
            for action in &class.actions {
                let mut backs: Vec<&str> = action.routes.iter().map(String::as_str).collect();
                // Without any path it is reached by a convention that stands elsewhere.
                if backs.is_empty() && routes.is_empty() {
                    continue;
                }
                if backs.is_empty() {
                    backs.push("");
                }
                for (front, back) in
                    fronts.iter().flat_map(|front| backs.iter().map(move |back| (*front, *back)))
                {
                    let whole = match back.strip_prefix('~').unwrap_or(back) {
                        back if back.starts_with('/') => back.to_owned(),
                        back => join(front, back),
                    };
                    let whole = filled(&whole, class, &action.name);
                    if action.methods.is_empty() {
                        super::offer(sketch, path, None, &whole, (path, action.line), true);
                    }
                    for method in &action.methods {
                        super::offer(sketch, path, Some(method), &whole, (path, action.line), true);
                    }
                }
            }
        }
    }
    let mut extensions: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (index, (_, source)) in sources.iter().enumerate() {
        for (name, parameter) in &source.extensions {
            extensions.entry(name).or_default().push((index, parameter));
        }
    }
    let mut mounts = Vec::new();
    for (index, (_, source)) in sources.iter().enumerate() {
        for (name, router, path) in &source.calls {
            let Some([(file, parameter)]) = extensions.get(name.as_str()).map(Vec::as_slice) else {
                continue;
            };
            let child = Child::Other(*file, (*parameter).to_owned());
            mounts
                .push((index, Mount { parent: router.clone(), path: path.clone(), child, replaces: false }));
        }
    }
    let mut files: Vec<(String, File)> =
        sources.into_iter().map(|(path, source)| (path, source.file)).collect();
    for (index, mount) in mounts {
        files[index].1.mounts.push(mount);
    }
    routers::link(&files, |_, _, _| None, sketch);
}

fn filled(path: &str, class: &Class, action: &str) -> String {
    let name = class.name.strip_suffix("Controller").unwrap_or(&class.name);
    path.replace("[controller]", name)
        .replace("[action]", action)
        .replace("[area]", class.area.as_deref().unwrap_or_default())
}
