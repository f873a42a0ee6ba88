//! Rust: axum, Actix, Rocket. Routers are followed through variables, nesting, functions that make or fill them, and
//! handlers that carry their path themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::link::{Sketch, base_name, parent};
use crate::parse::{Code, Token};

use super::path::method;
use super::routers::{self, Child, File, Mount, Route, UNKNOWN, constants, value};

pub(super) const TRIGGERS: &[&str] = &["axum", "actix_web", "rocket"];

/// Deepest nesting of routers that are made in the place where they are mounted.
const DEPTH: usize = 8;

/// What one file says.
#[derive(Default)]
pub(crate) struct Source {
    file: File,
    /// Routers that each function makes or fills.
    functions: BTreeMap<String, BTreeSet<String>>,
    mounts: Vec<Named>,
}

/// What is mounted by its name: a function that makes a router, one that fills it, a handler with a path of its own.
struct Named {
    of: Option<String>,
    name: String,
    router: String,
    path: String,
}

struct FileReader<'a, 'b> {
    code: &'b Code<'a>,
    /// Tests beside the code begin here.
    end: usize,
    known: BTreeMap<&'a str, &'a str>,
    functions: Vec<(Range<usize>, &'a str)>,
    seen: BTreeSet<usize>,
    source: Source,
}

pub(super) fn read(code: &Code<'_>) -> Option<Source> {
    let is_tests = |at: &usize| code.matches(*at, &["#", "[", "cfg", "(", "test", ")", "]", "mod"]);
    let end = (0..code.len()).find(is_tests).unwrap_or(code.len());
    let mut reader = FileReader {
        code,
        end,
        known: constants(code),
        functions: Vec::new(),
        seen: BTreeSet::new(),
        source: Source::default(),
    };
    for at in code.positions("fn").take_while(|at| *at < end) {
        let Some(name) = code.word(at + 1) else { continue };
        let ends = |at: &usize| code.is_sign(*at, '{') || code.is_sign(*at, ';');
        if let Some(open) = (at + 2..code.len().min(at + 200)).find(ends).filter(|at| code.is_sign(*at, '{'))
        {
            reader.functions.push((open..code.closing(open), name));
        }
    }
    for at in 0..end {
        reader.attribute(at);
        reader.root(at);
    }
    let source = reader.source;
    (!source.file.routes.is_empty() || !source.mounts.is_empty()).then_some(source)
}

impl FileReader<'_, '_> {
    fn text(&self, range: Option<&Range<usize>>) -> Option<String> {
        value(self.code, range?.clone(), &self.known)
    }

    /// A function with its path in front of it: `#[get("/orders/<id>")]`.
    fn attribute(&mut self, at: usize) {
        let code = self.code;
        if !code.is_sign(at, '#') || !code.is_sign(at + 1, '[') {
            return;
        }
        let open = (at + 2..at + 6).find(|at| code.is_sign(*at, '('));
        let Some((open, word)) = open.and_then(|open| Some((open, code.word(open - 1)?))) else { return };
        let mut methods: Vec<&'static str> = method(word).into_iter().collect();
        let is_route = word == "route";
        if methods.is_empty() && !is_route || word.starts_with(char::is_uppercase) {
            return;
        }
        let arguments = code.arguments(open);
        let path =
            arguments.iter().filter_map(|range| code.text(range.start)).find(|text| text.starts_with('/'));
        let Some(path) = path else { return };
        if is_route {
            methods.extend((open..code.closing(open)).filter_map(|at| match code.get(at)? {
                Token::Text(word) | Token::Word(word) => method(word),
                _ => None,
            }));
        }
        let from = code.closing(at + 1);
        let Some(function) = (from..code.len().min(from + 120)).find(|at| code.is_word(*at, "fn")) else {
            return;
        };
        let Some(name) = code.word(function + 1) else { return };
        // Rocket's queries and rests: `/x?<q>`, `<rest..>`.
        let path = path.split('?').next().unwrap_or(path).replace("..>", ">");
        let router = format!("{name}:");
        self.source.functions.entry(name.to_owned()).or_default().insert(router.clone());
        self.source.file.routes.push(Route { router, methods, path, line: code.line(at) });
    }

    /// Where a router begins: `Router::new()`, `App::new()`, `web::scope("/x")`, or a variable with a call of a router.
    fn root(&mut self, at: usize) {
        let code = self.code;
        let Some(word) = code.word(at).filter(|_| !self.seen.contains(&at)) else { return };
        let made = match word {
            "Router" | "OpenApiRouter" | "App" => {
                let is_new = |at: &usize| code.word(*at) == Some("new") && code.is_sign(at + 1, '(');
                (at + 3..at + 12).find(is_new).filter(|_| code.is_sign(at + 1, ':')).map(|at| at + 1)
            }
            "scope" => (code.is_sign(at + 1, '(') && at > 1 && code.is_sign(at - 1, ':')).then_some(at + 1),
            "build" | "ignite" | "custom" => {
                let is_rocket = at > 2 && code.is_word(at - 3, "rocket") && code.is_sign(at + 1, '(');
                is_rocket.then_some(at + 1)
            }
            _ => None,
        };
        if let Some(open) = made {
            let key = self.owner(at);
            if word == "scope" {
                let path = self.text(code.arguments(open).first()).unwrap_or_else(|| UNKNOWN.to_owned());
                self.source.file.routers.insert(key.clone(), path);
            }
            self.own(at, &key);
            self.chain(code.closing(open) + 1, &key, 0);
            return;
        }
        let is_call = code.is_sign(at + 1, '.')
            && matches!(
                code.word(at + 2),
                Some("route" | "nest" | "merge" | "service" | "configure" | "mount" | "resource")
            )
            && code.is_sign(at + 3, '(');
        if is_call && (at == 0 || !code.is_sign(at - 1, '.')) {
            let key = format!("{}:{word}", self.function(at));
            self.own(at, &key);
            self.chain(at + 1, &key, 0);
        }
    }

    /// The function around a position.
    fn function(&self, at: usize) -> &str {
        let around = self.functions.iter().filter(|(range, _)| range.contains(&at));
        around.min_by_key(|(range, _)| range.len()).map_or("", |(_, name)| name)
    }

    fn own(&mut self, at: usize, key: &str) {
        let function = self.function(at).to_owned();
        self.source.functions.entry(function).or_default().insert(key.to_owned());
    }

    /// The variable that a router is given to, else what its function gives.
    fn owner(&self, at: usize) -> String {
        let code = self.code;
        let function = self.function(at);
        let begins = (at.saturating_sub(12)..at)
            .rev()
            .find(|at| [';', '{', '}', '(', ','].iter().any(|sign| code.is_sign(*at, *sign)));
        let equals = (begins.map_or(0, |at| at + 1)..at).find(|at| code.is_sign(*at, '='));
        let start = begins.map_or(0, |at| at + 1);
        let name = equals.and_then(|equals| {
            (start..equals).filter_map(|at| code.word(at)).find(|word| !matches!(*word, "let" | "mut"))
        });
        format!("{function}:{}", name.unwrap_or(""))
    }

    /// What is called on a router, from the dot on.
    fn chain(&mut self, mut dot: usize, router: &str, depth: usize) {
        let code = self.code;
        while code.is_sign(dot, '.') && dot < self.end {
            let Some(word) = code.word(dot + 1) else { return };
            if !code.is_sign(dot + 2, '(') {
                dot += 2;
                continue;
            }
            let arguments = code.arguments(dot + 2);
            let first = arguments.first();
            match (word, arguments.len()) {
                ("route" | "route_service", 2) => {
                    if let Some(path) = self.text(first) {
                        let methods = self.methods(&arguments[1]);
                        self.route(router, methods, path, dot + 1);
                    }
                }
                ("nest", 2) => {
                    let path = self.text(first).unwrap_or_else(|| UNKNOWN.to_owned());
                    self.mount(router, path, &arguments[1], depth);
                }
                ("merge" | "service" | "configure", 1) => {
                    self.mount(router, String::new(), &arguments[0], depth);
                }
                ("mount", 2) => {
                    let path = self.text(first).unwrap_or_else(|| UNKNOWN.to_owned());
                    self.listed(router, &path, &arguments[1]);
                }
                _ => {}
            }
            dot = code.closing(dot + 2) + 1;
            if code.is_sign(dot, '?') {
                dot += 1;
            }
        }
    }

    fn route(&mut self, router: &str, methods: Vec<&'static str>, path: String, at: usize) {
        let line = self.code.line(at);
        self.source.file.routes.push(Route { router: router.to_owned(), methods, path, line });
    }

    /// `get(list).post(add)`, `web::get().to(list)`: words of methods that are called, outside of further brackets.
    fn methods(&self, range: &Range<usize>) -> Vec<&'static str> {
        let code = self.code;
        let mut out = Vec::new();
        let mut at = range.start;
        while at < range.end {
            if code.is_sign(at, '(') {
                at = code.closing(at);
            } else if let Some(method) = code.word(at).filter(|_| code.is_sign(at + 1, '(')).and_then(method)
            {
                out.push(method);
            }
            at += 1;
        }
        out
    }

    /// `routes![list, users::one]`
    fn listed(&mut self, router: &str, path: &str, range: &Range<usize>) {
        let code = self.code;
        if !code.matches(range.start, &["routes", "!"]) {
            return;
        }
        for item in code.arguments(range.start + 2) {
            self.named(router, path.to_owned(), &item);
        }
    }

    fn named(&mut self, router: &str, path: String, range: &Range<usize>) {
        let words: Vec<&str> = range.clone().filter_map(|at| self.code.word(at)).collect();
        if let Some((name, front)) = words.split_last() {
            self.source.mounts.push(Named {
                of: front.last().map(|of| (*of).to_owned()),
                name: (*name).to_owned(),
                router: router.to_owned(),
                path,
            });
        }
    }

    /// A router below another: made in the place, a variable, or what a function makes.
    fn mount(&mut self, router: &str, path: String, range: &Range<usize>, depth: usize) {
        let code = self.code;
        let call = range.clone().find(|at| code.is_sign(*at, '('));
        let last = call.and_then(|open| code.word(open.checked_sub(1)?));
        let Some(open) = call else {
            match code.word(range.start).filter(|_| range.len() == 1) {
                // A variable, unless it is a function's name.
                Some(name) => {
                    let key = format!("{}:{name}", self.function(range.start));
                    let is_own = self.source.functions.values().any(|keys| keys.contains(&key));
                    if is_own {
                        self.child(router, path, key);
                    } else {
                        self.named(router, path, range);
                    }
                }
                None => self.named(router, path, range),
            }
            return;
        };
        let after = code.closing(open) + 1;
        match last {
            Some("scope" | "new") if depth < DEPTH => {
                let key = format!("{}#{open}", self.function(open));
                // The word by which the scan would meet it again.
                self.seen.extend(range.start..open);
                let own = if last == Some("scope") {
                    self.text(code.arguments(open).first()).unwrap_or_else(|| UNKNOWN.to_owned())
                } else {
                    String::new()
                };
                self.source.file.routers.insert(key.clone(), own);
                self.child(router, path, key.clone());
                self.chain(after, &key, depth + 1);
            }
            Some("resource") => {
                let Some(own) = self.text(code.arguments(open).first()) else { return };
                let mut methods = Vec::new();
                let mut dot = after;
                while code.is_sign(dot, '.') && code.is_sign(dot + 2, '(') {
                    match code.word(dot + 1) {
                        Some("route") => methods.extend(self.methods(&(dot + 3..code.closing(dot + 2)))),
                        Some(word) => methods.extend(method(word)),
                        None => {}
                    }
                    dot = code.closing(dot + 2) + 1;
                }
                self.route(router, methods, super::path::join(&path, &own), open);
            }
            Some(_) => self.named(router, path, &(range.start..open)),
            None => {}
        }
    }

    fn child(&mut self, router: &str, path: String, key: String) {
        if key != router {
            let (parent, child) = (router.to_owned(), Child::Name(key, None));
            self.source.file.mounts.push(Mount { parent, path, child, replaces: false });
        }
    }
}

/// Puts the files together.
pub(super) fn link(sources: Vec<(String, Source)>, sketch: &mut Sketch<'_>) {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, source)) in sources.iter().enumerate() {
        for name in source.functions.keys() {
            by_name.entry(name).or_default().push(index);
        }
    }
    let mut mounts: Vec<(usize, Mount)> = Vec::new();
    for (index, (_, source)) in sources.iter().enumerate() {
        for named in &source.mounts {
            let all = by_name.get(named.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            // The module of that name, else one's own file, else the only function that is called so.
            let is_module = |file: &&usize| {
                let path = sources[**file].0.as_str();
                let stem = base_name(path).trim_end_matches(".rs");
                let module = if stem == "mod" { base_name(parent(path)) } else { stem };
                named.of.as_deref() == Some(module)
            };
            let found: Vec<usize> = match all.iter().filter(is_module).collect::<Vec<_>>().as_slice() {
                [one] => vec![**one],
                _ if all.contains(&index) => vec![index],
                _ => all.to_vec(),
            };
            for file in &found {
                for key in sources[*file].1.functions.get(&named.name).into_iter().flatten() {
                    let path = if found.len() == 1 { named.path.clone() } else { UNKNOWN.to_owned() };
                    let child = Child::Other(*file, key.clone());
                    mounts
                        .push((index, Mount { parent: named.router.clone(), path, child, replaces: false }));
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
