//! JavaScript and TypeScript: Express, Fastify, Koa, Hono (routers that are mounted), and Nest (decorated classes).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::link::{BasePath, Origin, Sketch, parent};
use crate::parse::{Code, Token};

use super::path::{self, join, method};
use super::routers::{self, Child, File, Import, Mount, Route, constants, named, value};

pub(super) const TRIGGERS: &[&str] = &[
    "express",
    "fastify",
    "koa",
    "hono",
    "Hono",
    "Router",
    "router.",
    "app.",
    "server.",
    "@Controller",
    "setGlobalPrefix",
];

/// Names that routers go by in files that are handed one.
const COMMON: &[&str] = &["app", "router", "server", "fastify", "routes"];

/// What one file says.
#[derive(Default)]
pub(crate) struct Script {
    pub(super) file: File,
    /// Routes of decorated classes: whole paths.
    decorated: Vec<(Option<&'static str>, String, u32)>,
    global_prefix: Option<String>,
}

pub(super) fn read(code: &Code<'_>) -> Option<Script> {
    let known = constants(code);
    let mut script = Script::default();
    // Names from packages are no routers of ours, whatever they are called: a browser has a `router` too.
    let mut foreign: BTreeSet<&str> = BTreeSet::new();
    imports(code, &mut script.file, &mut foreign);
    for at in 0..code.len() {
        let Some(name) = code.word(at) else { continue };
        if code.is_sign(at + 1, '=') && !code.is_sign(at + 2, '=') && !code.is_sign(at + 2, '>') {
            if let Some(own) = made(code, at + 2, &known) {
                foreign.remove(name);
                script.file.routers.insert(name.to_owned(), own);
            }
        } else if name == "setGlobalPrefix" && code.is_sign(at + 1, '(') {
            script.global_prefix =
                code.arguments(at + 1).into_iter().next().and_then(|range| value(code, range, &known));
        }
    }
    for at in 0..code.len() {
        let Some(name) = code.word(at).filter(|_| code.is_sign(at + 1, '.')) else { continue };
        let is_router = script.file.routers.contains_key(name)
            || COMMON.contains(&name) && !foreign.contains(name) && !script.file.imports.contains_key(name);
        if is_router {
            call(code, at, name, &known, &mut script.file);
        }
    }
    decorated(code, &known, &mut script);
    let says = !script.file.routes.is_empty()
        || !script.file.mounts.is_empty()
        || !script.decorated.is_empty()
        || script.global_prefix.is_some();
    says.then_some(script)
}

/// `import a, { b as c } from "./m"` and `const { a } = require("./m")`.
fn imports<'a>(code: &Code<'a>, file: &mut File, foreign: &mut BTreeSet<&'a str>) {
    let mut add = |names: Vec<(&'a str, Option<&'a str>)>, module: &str| {
        for (name, original) in names {
            if module.starts_with('.') {
                let import = Import { module: module.to_owned(), name: original.map(str::to_owned) };
                file.imports.insert(name.to_owned(), import);
            } else {
                foreign.insert(name);
            }
        }
    };
    for at in code.positions("import") {
        let end = (at + 1..(at + 80).min(code.len())).find(|at| code.is_word(*at, "from"));
        let Some((end, module)) = end.and_then(|end| Some((end, code.text(end + 1)?))) else { continue };
        add(listed(code, at + 1..end, ("as", ' ')), module);
    }
    for at in code.positions("require") {
        if !code.is_sign(at + 1, '(') || at < 2 || !code.is_sign(at - 1, '=') {
            continue;
        }
        let Some(module) = code.text(at + 2) else { continue };
        let start = (at.saturating_sub(60)..at)
            .rev()
            .find(|at| matches!(code.word(*at), Some("const" | "let" | "var")));
        if let Some(start) = start {
            add(listed(code, start + 1..at - 1, ("", ':')), module);
        }
    }
}

/// Names with what they are called where they come from; outside of braces that is not known.
fn listed<'a>(
    code: &Code<'a>,
    range: Range<usize>,
    renames: (&str, char),
) -> Vec<(&'a str, Option<&'a str>)> {
    let mut found: Vec<(&str, Option<&str>)> = Vec::new();
    let (mut in_braces, mut renamed) = (false, false);
    for at in range {
        match code.get(at) {
            Some(Token::Sign('{')) => in_braces = true,
            Some(Token::Sign('}')) => in_braces = false,
            Some(Token::Sign(sign)) if sign == renames.1 => renamed = true,
            Some(Token::Word(word)) if word == renames.0 => renamed = true,
            Some(Token::Word("type")) => {}
            Some(Token::Word(word)) if renamed => {
                renamed = false;
                if let Some(last) = found.last_mut() {
                    last.0 = word;
                }
            }
            Some(Token::Word(word)) => found.push((word, in_braces.then_some(word))),
            _ => {}
        }
    }
    found
}

/// The path of a router that is made here: `express()`, `new Router({ prefix: "/x" })`, `new Hono().basePath("/x")`.
fn made(code: &Code<'_>, mut at: usize, known: &BTreeMap<&str, &str>) -> Option<String> {
    if code.is_word(at, "await") {
        at += 1;
    }
    if code.is_word(at, "new") {
        at += 1;
    }
    // `require("express").Router()` and `require("fastify")()`.
    let mut required = None;
    if code.is_word(at, "require") && code.is_sign(at + 1, '(') {
        let end = code.closing(at + 1);
        if code.is_sign(end + 1, '.') {
            at = end + 2;
        } else {
            required = code.text(at + 2);
            at = end;
        }
    }
    while code.is_sign(at + 1, '.') && code.word(at + 2).is_some() {
        at += 2;
    }
    const MAKERS: &[&str] = &[
        "express",
        "Router",
        "fastify",
        "Fastify",
        "Hono",
        "OpenAPIHono",
        "Koa",
        "KoaRouter",
        "Elysia",
        "restify",
        "createServer",
        "PromiseRouter",
        "polka",
    ];
    let maker = required.or(code.word(at)).filter(|word| MAKERS.contains(word))?;
    // TypeScript says the types in angles.
    let open = if code.is_sign(at + 1, '<') {
        (at + 1..at + 12).find(|at| code.is_sign(*at, '('))?
    } else {
        Some(at + 1).filter(|at| code.is_sign(*at, '('))?
    };
    let end = code.closing(open);
    if maker == "createServer" && code.arguments(open).len() == 1 && code.word(open + 1).is_some() {
        return None;
    }
    if code.matches(end + 1, &[".", "basePath", "("]) {
        return code.arguments(end + 3).into_iter().next().and_then(|range| value(code, range, known));
    }
    let prefix = named(code, open, "prefix").and_then(|range| value(code, range, known));
    Some(prefix.unwrap_or_default())
}

/// `app.get("/x", …)`, `app.use("/x", child)`, `app.route("/x").get(…)` and what is like them.
fn call(code: &Code<'_>, at: usize, router: &str, known: &BTreeMap<&str, &str>, file: &mut File) {
    let Some(verb) = code.word(at + 2) else { return };
    let open = at + 3;
    if !code.is_sign(open, '(') {
        return;
    }
    let arguments = code.arguments(open);
    let Some(first) = arguments.first().cloned() else { return };
    let line = code.line(at + 2);
    let path = || value(code, first.clone(), known).filter(|path| path.starts_with('/') || path.is_empty());
    let mut add = |methods: Vec<&'static str>, path: String, line: u32| {
        file.routes.push(Route { router: router.to_owned(), methods, path, line });
    };
    match verb {
        "get" | "post" | "put" | "delete" | "patch" | "del" | "all" if arguments.len() > 1 => {
            // A browser's router is handed data; a server's a function.
            let last = arguments.last().cloned().unwrap_or(first.clone());
            let is_data = code.is_sign(last.start, '{') && arguments.len() == 2;
            let methods: Vec<&'static str> =
                method(if verb == "del" { "delete" } else { verb }).into_iter().collect();
            if is_data {
                return;
            }
            if code.is_sign(first.start, '[') {
                for range in code.arguments(first.start) {
                    if let Some(path) = value(code, range, known).filter(|path| path.starts_with('/')) {
                        add(methods.clone(), path, line);
                    }
                }
            } else if let Some(path) = path() {
                add(methods, path, line);
            }
        }
        "route" if code.is_sign(first.start, '{') => {
            let url = named(code, open, "url").or_else(|| named(code, open, "path"));
            let Some(path) = url.and_then(|range| value(code, range, known)) else { return };
            let range = named(code, open, "method");
            let words = range.into_iter().flatten().filter_map(|at| code.text(at));
            add(words.filter_map(method).collect(), path, line);
        }
        "route" if arguments.len() == 1 => {
            let Some(path) = path() else { return };
            let mut next = code.closing(open) + 1;
            while code.is_sign(next, '.') && code.is_sign(next + 2, '(') {
                let word = code.word(next + 1).unwrap_or_default();
                if word == "all" {
                    add(Vec::new(), path.clone(), code.line(next + 1));
                } else if let Some(method) = method(word) {
                    add(vec![method], path.clone(), code.line(next + 1));
                }
                next = code.closing(next + 2) + 1;
            }
        }
        "use" | "route" | "register" | "mount" => {
            let prefix = named(code, open, "prefix").and_then(|range| value(code, range, known));
            let path = path();
            let rest = if path.is_some() { &arguments[1..] } else { &arguments[..] };
            let path = prefix.or(path).unwrap_or_default();
            for range in rest {
                if let Some(child) = child(code, range.clone()) {
                    let parent = router.to_owned();
                    file.mounts.push(Mount { parent, path: path.clone(), child, replaces: false });
                }
            }
        }
        "prefix" => {
            if let Some(path) = path() {
                file.routers.insert(router.to_owned(), path);
            }
        }
        _ => {}
    }
}

/// `users`, `users.routes()`, `require("./users")`, `import("./users")`, `makeUsers(db)`.
fn child(code: &Code<'_>, range: Range<usize>) -> Option<Child> {
    match code.get(range.start)? {
        Token::Word("require" | "import") => Some(Child::Module(code.text(range.start + 2)?.to_owned())),
        Token::Word("async" | "function") => None,
        // A function that is written in the place itself.
        Token::Word(_) if code.matches(range.start + 1, &["=", ">"]) => None,
        Token::Word(name) => {
            let attribute = code.word(range.start + 2).filter(|_| code.is_sign(range.start + 1, '.'));
            Some(Child::Name(name.to_owned(), attribute.map(str::to_owned)))
        }
        _ => None,
    }
}

/// `@Controller("x") class … { @Get(":id") … }`.
fn decorated(code: &Code<'_>, known: &BTreeMap<&str, &str>, script: &mut Script) {
    let controllers: Vec<usize> = code
        .positions("Controller")
        .filter(|at| *at > 0 && code.is_sign(at - 1, '@') && code.is_sign(at + 1, '('))
        .collect();
    for (index, at) in controllers.iter().enumerate() {
        let end = controllers.get(index + 1).copied().unwrap_or(code.len());
        let fronts = decorator_paths(code, at + 1, known);
        for at in *at..end {
            if !code.is_sign(at, '@') || !code.is_sign(at + 2, '(') {
                continue;
            }
            let methods = match code.word(at + 1) {
                Some("All") => None,
                Some(word @ ("Get" | "Post" | "Put" | "Delete" | "Patch")) => method(word),
                _ => continue,
            };
            for front in &fronts {
                for back in decorator_paths(code, at + 2, known) {
                    script.decorated.push((methods, join(front, &back), code.line(at)));
                }
            }
        }
    }
}

/// The paths of a decorator; one that is empty where it has none.
fn decorator_paths(code: &Code<'_>, open: usize, known: &BTreeMap<&str, &str>) -> Vec<String> {
    let arguments = code.arguments(open);
    let Some(first) = arguments.into_iter().next() else { return vec![String::new()] };
    let first = if code.is_sign(first.start, '{') {
        match named(code, open, "path") {
            Some(range) => range,
            None => return vec![String::new()],
        }
    } else {
        first
    };
    if code.is_sign(first.start, '[') {
        return code
            .arguments(first.start)
            .into_iter()
            .filter_map(|range| value(code, range, known))
            .collect();
    }
    value(code, first, known).into_iter().collect()
}

/// Puts the files together.
pub(super) fn link(scripts: Vec<(String, Script)>, sketch: &mut Sketch<'_>) {
    let mut files = Vec::new();
    for (path, script) in scripts {
        for (method, route, line) in &script.decorated {
            super::offer(sketch, &path, *method, route, (&path, *line), true);
        }
        if let Some(base) = script.global_prefix.as_deref().and_then(path::normal).filter(|base| base != "/")
        {
            sketch.base_paths.push(BasePath { origin: Origin::File(path.clone()), path: base });
        }
        files.push((path, script.file));
    }
    routers::link(&files, resolve, sketch);
}

/// `./users` is `users.ts`, `users/index.js`, …
fn resolve(from: &str, import: &Import, find: &dyn Fn(&str) -> Option<usize>) -> Option<(usize, bool)> {
    let mut folder: Vec<&str> = parent(from).split('/').filter(|part| !part.is_empty()).collect();
    for part in import.module.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(folder.pop()),
            part => folder.push(part),
        }
    }
    let stem = folder.join("/");
    // TypeScript may name the file that it will be compiled to.
    let bare = stem.strip_suffix(".js").unwrap_or(&stem);
    [".ts", ".js", ".mjs", ".tsx", ".cjs", ".mts", "/index.ts", "/index.js"]
        .iter()
        .find_map(|end| find(&format!("{bare}{end}")))
        .or_else(|| find(&stem))
        .map(|index| (index, false))
}
