//! Java and Kotlin: Spring (annotations, functional routes, Data REST), JAX-RS, Micronaut.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::link::{BasePath, Origin, Sketch, parent};
use crate::parse::{Code, Token};

use super::path::{self, join};

/// What must stand in a file for it to be read.
pub(super) const TRIGGERS: &[&str] = &[
    "Mapping",
    "@Path",
    "ApplicationPath",
    "RouterFunction",
    "coRouter",
    "@Controller",
    "Repository",
    "static final String",
    "const val",
];

/// A path as written: texts and names of constants in a row.
pub(super) type Parts = Vec<Part>;

/// A piece of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// `ORDERS` or `Paths.ORDERS`.
    Name(String),
}

/// A route of a class.
pub(super) struct Route {
    methods: Vec<&'static str>,
    paths: Vec<Parts>,
    line: u32,
}

/// A class, interface or object.
#[derive(Default)]
pub(super) struct Class {
    name: String,
    supers: Vec<String>,
    prefixes: Vec<Parts>,
    routes: Vec<Route>,
    /// Whether requests reach it by itself: not an interface or an abstract class.
    is_concrete: bool,
    /// Whether it describes what another service answers at.
    is_client: bool,
    /// A repository of Spring Data: its entity, and its path or the refusal to be exported.
    repository: Option<Repository>,
    /// The path that all JAX-RS resources stand below.
    application: Option<Parts>,
}

struct Repository {
    entity: String,
    path: Option<Parts>,
    is_exported: bool,
    line: u32,
}

/// What one file says.
#[derive(Default)]
pub(crate) struct File {
    classes: Vec<Class>,
    /// `Class.NAME` to its value.
    constants: Vec<(String, Parts)>,
    /// Functional routes: whole paths.
    functional: Vec<(&'static str, String, u32)>,
}

struct Annotation {
    name: String,
    open: Option<usize>,
    line: u32,
}

/// Reads one file.
pub(super) fn read(code: &Code<'_>) -> Option<File> {
    let mut file = File::default();
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut declared: Option<usize> = None;
    let mut pending: Vec<Annotation> = Vec::new();
    let mut is_abstract = false;
    let (mut braces, mut at) = (0usize, 0usize);
    while at < code.len() {
        match code.get(at) {
            Some(Token::Sign('@')) => {
                if let Some((annotation, next)) = annotation(code, at) {
                    pending.push(annotation);
                    at = next;
                    continue;
                }
            }
            Some(Token::Word("abstract")) => is_abstract = true,
            Some(Token::Word(word @ ("class" | "interface" | "object" | "record")))
                if at == 0 || !code.is_sign(at - 1, '.') && !code.is_sign(at - 1, ':') =>
            {
                if let Some(name) = code.word(at + 1) {
                    let class = class(code, at, word, name, &pending, is_abstract);
                    declared = Some(file.classes.len());
                    file.classes.push(class);
                    pending.clear();
                    is_abstract = false;
                }
            }
            Some(Token::Sign('{')) => {
                braces += 1;
                if let Some(class) = declared.take() {
                    open.push((braces, class));
                    pending.clear();
                } else {
                    member(code, &mut file, &open, &mut pending);
                }
            }
            Some(Token::Sign('}')) => {
                pending.clear();
                if open.last().is_some_and(|(depth, _)| *depth == braces) {
                    open.pop();
                }
                braces = braces.saturating_sub(1);
            }
            Some(Token::Sign(';')) => {
                is_abstract = false;
                declared = None;
                member(code, &mut file, &open, &mut pending);
            }
            // Kotlin: `fun orders() = …`.
            Some(Token::Sign('=')) => member(code, &mut file, &open, &mut pending),
            Some(Token::Word("String" | "val")) => constant(code, at, &mut file, &open),
            _ => {}
        }
        at += 1;
    }
    functional(code, &mut file);
    let says = !file.functional.is_empty()
        || !file.constants.is_empty()
        || file.classes.iter().any(|class| {
            !class.routes.is_empty()
                || !class.prefixes.is_empty()
                || class.repository.is_some()
                || class.application.is_some()
                || !class.supers.is_empty()
        });
    says.then_some(file)
}

/// The annotation at `@` and the position behind it.
fn annotation(code: &Code<'_>, at: usize) -> Option<(Annotation, usize)> {
    let mut next = at + 1;
    // Kotlin: `@field:Name`, `@get:Name`.
    if code.is_sign(next + 1, ':') {
        next += 2;
    }
    let mut name = code.word(next)?;
    if name == "interface" {
        return None;
    }
    next += 1;
    while code.is_sign(next, '.') && code.word(next + 1).is_some() {
        name = code.word(next + 1)?;
        next += 2;
    }
    let open = code.is_sign(next, '(').then_some(next);
    let end = open.map_or(next, |open| code.closing(open) + 1);
    Some((Annotation { name: name.to_owned(), open, line: code.line(at) }, end))
}

fn class(
    code: &Code<'_>,
    at: usize,
    word: &str,
    name: &str,
    annotations: &[Annotation],
    is_abstract: bool,
) -> Class {
    let mut class =
        Class { name: name.to_owned(), is_concrete: word != "interface" && !is_abstract, ..Class::default() };
    let (supers, arguments) = supers(code, at + 2);
    for annotation in annotations {
        let paths = || paths(code, annotation, &["value", "path"]);
        match annotation.name.as_str() {
            "RequestMapping" | "Path" => class.prefixes.extend(paths()),
            // Micronaut's has a path, Spring's the name of a bean.
            "Controller" => class.prefixes.extend(paths().into_iter().filter(begins_with_slash)),
            "FeignClient" | "RegisterRestClient" | "HttpExchange" | "ReactiveFeignClient" => {
                class.is_client = true;
            }
            "Client" if word == "interface" => class.is_client = true,
            "ApplicationPath" => class.application = paths().into_iter().next(),
            "RepositoryRestResource" | "RestResource" => {
                let refuses = annotation.open.is_some_and(|open| {
                    code.arguments(open).iter().any(|range| {
                        code.is_word(range.start, "exported") && code.is_word(range.end - 1, "false")
                    })
                });
                let path = self::paths(code, annotation, &["path"]);
                class.repository = Some(Repository {
                    entity: arguments.first().cloned().unwrap_or_default(),
                    path: path.into_iter().next(),
                    is_exported: !refuses,
                    line: annotation.line,
                });
            }
            _ => {}
        }
    }
    const REPOSITORIES: &[&str] = &[
        "JpaRepository",
        "CrudRepository",
        "PagingAndSortingRepository",
        "MongoRepository",
        "ListCrudRepository",
        "ListPagingAndSortingRepository",
        "Neo4jRepository",
        "CassandraRepository",
        "ElasticsearchRepository",
    ];
    let is_repository =
        word == "interface" && supers.iter().any(|name| REPOSITORIES.contains(&name.as_str()));
    let refused = annotations.iter().any(|annotation| annotation.name == "NoRepositoryBean");
    if is_repository
        && !refused
        && class.repository.is_none()
        && let Some(entity) = arguments.first()
    {
        class.repository =
            Some(Repository { entity: entity.clone(), path: None, is_exported: true, line: code.line(at) });
    }
    class.supers = supers;
    class
}

fn begins_with_slash(parts: &Parts) -> bool {
    matches!(parts.first(), Some(Part::Text(text)) if text.starts_with('/'))
}

/// The names behind `extends`, `implements` or `:` up to the body, and the first one's type arguments.
fn supers(code: &Code<'_>, from: usize) -> (Vec<String>, Vec<String>) {
    let (mut names, mut arguments) = (Vec::new(), Vec::new());
    let (mut angles, mut takes, mut at) = (0usize, false, from);
    while at < code.len() && at < from + 400 {
        match code.get(at) {
            Some(Token::Sign('{' | ';' | '@')) => break,
            Some(Token::Sign('(')) => at = code.closing(at),
            Some(Token::Sign('<')) => angles += 1,
            Some(Token::Sign('>')) => angles = angles.saturating_sub(1),
            Some(Token::Sign(':')) | Some(Token::Word("extends" | "implements")) if angles == 0 => {
                takes = true
            }
            Some(Token::Word(word)) if takes && angles == 0 && !code.is_sign(at + 1, '.') => {
                names.push(word.to_owned());
            }
            Some(Token::Word(word)) if takes && angles == 1 && names.len() == 1 => {
                arguments.push(word.to_owned());
            }
            _ => {}
        }
        at += 1;
    }
    (names, arguments)
}

/// What the annotations in front of a method say.
fn member(code: &Code<'_>, file: &mut File, open: &[(usize, usize)], pending: &mut Vec<Annotation>) {
    let annotations = std::mem::take(pending);
    let Some(class) = open.last().and_then(|(_, class)| file.classes.get_mut(*class)) else { return };
    for annotation in &annotations {
        let (methods, keys): (Vec<&'static str>, &[&str]) = match annotation.name.as_str() {
            "RequestMapping" => (request_methods(code, annotation), &["value", "path"]),
            "GetMapping" => (vec!["GET"], &["value", "path"]),
            "PostMapping" => (vec!["POST"], &["value", "path"]),
            "PutMapping" => (vec!["PUT"], &["value", "path"]),
            "DeleteMapping" => (vec!["DELETE"], &["value", "path"]),
            "PatchMapping" => (vec!["PATCH"], &["value", "path"]),
            "GET" | "POST" | "PUT" | "DELETE" | "PATCH" if annotation.open.is_none() => {
                // JAX-RS: the path stands in an annotation of its own.
                let own = annotations.iter().find(|other| other.name == "Path");
                let paths = own.map_or_else(Vec::new, |own| paths(code, own, &["value"]));
                let methods = path::method(&annotation.name).into_iter().collect();
                class.routes.push(Route { methods, paths, line: annotation.line });
                continue;
            }
            "Get" | "Post" | "Put" | "Delete" | "Patch" if !class.is_client => {
                (path::method(&annotation.name).into_iter().collect(), &["value", "uri", "uris"])
            }
            _ => continue,
        };
        let paths = paths(code, annotation, keys);
        class.routes.push(Route { methods, paths, line: annotation.line });
    }
}

fn request_methods(code: &Code<'_>, annotation: &Annotation) -> Vec<&'static str> {
    let Some(open) = annotation.open else { return Vec::new() };
    let arguments = code.arguments(open);
    let range = arguments.into_iter().find(|range| code.is_word(range.start, "method"));
    range
        .into_iter()
        .flatten()
        .filter_map(|at| code.word(at))
        .filter(|word| word.chars().all(|c| c.is_ascii_uppercase()))
        .filter_map(path::method)
        .collect()
}

/// The paths of an annotation: those under one of the keys, or without a key.
fn paths(code: &Code<'_>, annotation: &Annotation, keys: &[&str]) -> Vec<Parts> {
    let Some(open) = annotation.open else { return Vec::new() };
    let mut found = Vec::new();
    for range in code.arguments(open) {
        let has_key = code.word(range.start).is_some() && code.is_sign(range.start + 1, '=');
        let start = match has_key {
            true if code.word(range.start).is_some_and(|key| keys.contains(&key)) => range.start + 2,
            true => continue,
            false if keys.contains(&"value") => range.start,
            false => continue,
        };
        // `{ "/a", "/b" }`, Kotlin's `["/a"]` and `arrayOf("/a")`.
        let list = match code.get(start) {
            Some(Token::Sign('{' | '[')) => Some(start),
            Some(Token::Word("arrayOf")) => Some(start + 1),
            _ => None,
        };
        match list {
            Some(open) => {
                found.extend(code.arguments(open).into_iter().filter_map(|range| expression(code, range)));
            }
            None => found.extend(expression(code, start..range.end)),
        }
    }
    found
}

/// Texts and names with `+` between them; nothing where anything else stands there.
fn expression(code: &Code<'_>, range: Range<usize>) -> Option<Parts> {
    let mut parts = Vec::new();
    let mut at = range.start;
    while at < range.end {
        match code.get(at)? {
            Token::Text(text) => parts.push(Part::Text(text.to_owned())),
            Token::Word(word) => {
                let mut name = word.to_owned();
                while code.is_sign(at + 1, '.') && at + 2 < range.end {
                    let Some(last) = code.word(at + 2) else { break };
                    // Of a qualified name the class and the constant tell.
                    name = format!("{}.{last}", name.rsplit('.').next().unwrap_or(&name));
                    at += 2;
                }
                parts.push(Part::Name(name));
            }
            Token::Sign('+') => {}
            _ => return None,
        }
        at += 1;
    }
    (!parts.is_empty()).then_some(parts)
}

/// `static final String NAME = "…" + OTHER;` and `const val NAME = "…"`.
fn constant(code: &Code<'_>, at: usize, file: &mut File, open: &[(usize, usize)]) {
    let is_kotlin = code.is_word(at, "val");
    if is_kotlin && (at == 0 || !code.is_word(at - 1, "const")) {
        return;
    }
    let Some(name) = code.word(at + 1) else { return };
    // Kotlin may say the type.
    let equals = if code.is_sign(at + 2, ':') { at + 4 } else { at + 2 };
    if !code.is_sign(equals, '=') {
        return;
    }
    let from = equals + 1;
    let line = code.line(from);
    let ends = |position: &usize| {
        code.is_sign(*position, ';') || is_kotlin && code.line(*position) > line || *position >= code.len()
    };
    let Some(end) = (from..from + 24).find(ends) else { return };
    let Some(parts) = expression(code, from..end.min(code.len())) else { return };
    // A Kotlin companion's constants are known by the outer class.
    let classes = || open.iter().rev().filter_map(|(_, class)| file.classes.get(*class));
    let class = classes().map(|class| class.name.clone()).find(|name| name != "Companion");
    file.constants.push((format!("{}.{name}", class.unwrap_or_default()), parts));
}

/// `route(GET("/x"), …)`, `.GET("/x", …)` and what they are nested in.
fn functional(code: &Code<'_>, file: &mut File) {
    let mut is_router = code.positions("RouterFunction");
    if is_router.next().is_none()
        && code.positions("RouterFunctions").next().is_none()
        && code.positions("coRouter").next().is_none()
    {
        return;
    }
    let mut scopes: Vec<(Range<usize>, &str)> = Vec::new();
    for at in 0..code.len() {
        let Some(word) = code.word(at) else { continue };
        match word {
            "path" | "nest" if code.is_sign(at + 1, '(') => {
                let text = if word == "path" { at + 2 } else { at + 4 };
                let is_path = word == "path" || code.matches(at + 2, &["path", "("]);
                if let Some(text) = code.text(text).filter(|_| is_path) {
                    scopes.push((at + 1..code.closing(at + 1), text));
                }
            }
            // Kotlin: `"/orders".nest { … }`.
            "nest" if at > 1 && code.is_sign(at - 1, '.') && code.is_sign(at + 1, '{') => {
                if let Some(text) = code.text(at - 2) {
                    scopes.push((at + 1..code.closing(at + 1), text));
                }
            }
            _ => {
                let Some(method) = path::METHODS.iter().find(|method| **method == word) else { continue };
                let Some(text) = code.text(at + 2).filter(|_| code.is_sign(at + 1, '(')) else { continue };
                let around = scopes.iter().filter(|(range, _)| range.contains(&at));
                let front = around.fold(String::new(), |front, (_, text)| join(&front, text));
                file.functional.push((method, join(&front, text), code.line(at)));
            }
        }
    }
}

/// Puts what the files of a repository say together. `exports` are the folders of modules that export repositories.
pub(super) fn link(files: &[(String, File)], exports: &BTreeSet<String>, sketch: &mut Sketch<'_>) {
    let mut constants: BTreeMap<&str, &Parts> = BTreeMap::new();
    let mut by_name: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (index, (_, file)) in files.iter().enumerate() {
        for (name, parts) in &file.constants {
            constants.entry(name).or_insert(parts);
        }
        for (class, one) in file.classes.iter().enumerate().filter(|(_, class)| !class.is_concrete) {
            by_name.entry(&one.name).or_insert((index, class));
        }
    }
    let modules: BTreeSet<String> = sketch
        .files
        .iter()
        .filter(|file| {
            let name = crate::link::base_name(file);
            name == "pom.xml" || name.starts_with("build.gradle")
        })
        .map(|file| parent(file).to_owned())
        .collect();
    for (path, file) in files {
        let mut out = Out { path, sketch };
        for (method, route, line) in &file.functional {
            out.offer(Some(method), route, (path, *line));
        }
        for class in &file.classes {
            if let Some(application) =
                class.application.as_ref().and_then(|parts| text(parts, class, &constants))
            {
                out.base(&application);
            }
            if class.is_client {
                continue;
            }
            if class.is_concrete {
                out.class(class, class, path, &constants);
                // What it inherits it answers at as well.
                for name in &class.supers {
                    let Some((other, index)) = by_name.get(name.as_str()) else { continue };
                    let (other_path, other_file) = &files[*other];
                    let inherited = &other_file.classes[*index];
                    if !inherited.is_client {
                        out.class(class, inherited, other_path, &constants);
                    }
                }
            }
            let Some(repository) = &class.repository else { continue };
            let module = module_of(path, &modules);
            if !repository.is_exported || !module.is_some_and(|module| exports.contains(module)) {
                continue;
            }
            let own = repository.path.as_ref().and_then(|parts| text(parts, class, &constants));
            let collection = own.unwrap_or_else(|| plural(&uncapitalised(&repository.entity)));
            if !collection.is_empty() {
                // The framework adds items, properties and searches below it.
                out.offer(None, &collection, (path, repository.line));
            }
        }
    }
}

fn module_of<'a>(path: &str, modules: &'a BTreeSet<String>) -> Option<&'a str> {
    let mut at = parent(path);
    loop {
        if let Some(found) = modules.get(at) {
            return Some(found);
        }
        if at.is_empty() {
            return None;
        }
        at = parent(at);
    }
}

struct Out<'a, 'b, 'c> {
    path: &'a str,
    sketch: &'b mut Sketch<'c>,
}

impl Out<'_, '_, '_> {
    fn offer(&mut self, method: Option<&str>, route: &str, at: (&str, u32)) {
        super::offer(self.sketch, self.path, method, route, at, true);
    }

    fn base(&mut self, application: &str) {
        if let Some(base) = path::normal(application).filter(|base| base != "/") {
            self.sketch.base_paths.push(BasePath { origin: Origin::File(self.path.to_owned()), path: base });
        }
    }

    /// The routes that a class (or what it inherits from) declares, below the class's own prefix.
    fn class(&mut self, class: &Class, of: &Class, at: &str, constants: &BTreeMap<&str, &Parts>) {
        let declared = if class.prefixes.is_empty() { &of.prefixes } else { &class.prefixes };
        let mut fronts: Vec<String> =
            declared.iter().filter_map(|parts| text(parts, class, constants)).collect();
        if declared.is_empty() {
            fronts.push(String::new());
        }
        for route in &of.routes {
            let mut backs: Vec<String> =
                route.paths.iter().filter_map(|parts| text(parts, of, constants)).collect();
            if route.paths.is_empty() {
                backs.push(String::new());
            }
            for front in &fronts {
                for back in &backs {
                    let whole = join(front, back);
                    if route.methods.is_empty() {
                        self.offer(None, &whole, (at, route.line));
                    }
                    for method in &route.methods {
                        self.offer(Some(method), &whole, (at, route.line));
                    }
                }
            }
        }
    }
}

/// A path with its constants put in; nothing where one isn't known.
fn text(parts: &Parts, class: &Class, constants: &BTreeMap<&str, &Parts>) -> Option<String> {
    fn add(
        out: &mut String,
        parts: &Parts,
        class: &str,
        constants: &BTreeMap<&str, &Parts>,
        depth: usize,
    ) -> Option<()> {
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(&defaults(text)?),
                Part::Name(_) if depth == 0 => return None,
                Part::Name(name) => {
                    let full = if name.contains('.') { name.clone() } else { format!("{class}.{name}") };
                    let known = constants.get(full.as_str()).copied().or_else(|| {
                        // Imported or inherited: the only constant of that name.
                        let last = name.rsplit('.').next()?;
                        let ends = format!(".{last}");
                        let mut all = constants.iter().filter(|(key, _)| key.ends_with(&ends));
                        let one = all.next()?;
                        all.next().is_none().then_some(*one.1)
                    })?;
                    let owner = full.split('.').next().unwrap_or(class).to_owned();
                    add(out, known, &owner, constants, depth - 1)?;
                }
            }
            if out.len() > crate::limits::NAME_BYTES {
                return None;
            }
        }
        Some(())
    }
    let mut out = String::new();
    add(&mut out, parts, &class.name, constants, 6)?;
    Some(out)
}

/// `${some.path:/orders}` with its default put in; nothing where there is none.
fn defaults(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').map(|end| start + end)?;
        out.push_str(&rest[..start]);
        out.push_str(rest[start + 2..end].split_once(':')?.1);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

fn uncapitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The usual English plural, as Spring Data REST forms it.
fn plural(word: &str) -> String {
    let front = |ending: &str| word.strip_suffix(ending);
    if let Some(front) = front("person") {
        return format!("{front}people");
    }
    if let Some(front) = front("y").filter(|front| !front.ends_with(['a', 'e', 'i', 'o', 'u'])) {
        return format!("{front}ies");
    }
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|ending| word.ends_with(ending));
    if word.is_empty() { String::new() } else { format!("{word}{}", if hisses { "es" } else { "s" }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::parse::Syntax;

    /// The endpoints of files that lie side by side in one module.
    fn endpoints(texts: &[&str], exports: bool) -> Vec<String> {
        struct Nobody;
        impl crate::People for Nobody {
            fn person(&self, _: &str, _: Option<&str>) -> Option<stave_model::Reference> {
                None
            }
        }
        let read = |text: &&str| read(&Code::read(text, Syntax::Braces)).unwrap_or_default();
        let files: Vec<(String, File)> =
            texts.iter().enumerate().map(|(at, text)| (format!("{at}.java"), read(text))).collect();
        let mut sketch = Sketch::new("host.dev/a/b", &Nobody, vec!["pom.xml".to_owned()]);
        let exports = if exports { BTreeSet::from([String::new()]) } else { BTreeSet::new() };
        link(&files, &exports, &mut sketch);
        sketch.endpoints.into_iter().map(|offer| format!("{} @{}", offer.text, offer.at.1)).collect()
    }

    #[test]
    fn spring_annotations_are_read_below_their_class() {
        let text = "@RestController\n@RequestMapping(path = {\"/a\", \"/b\"})\nclass X {\n  @GetMapping\n  List<Y> all() { return x; }\n  @RequestMapping(value = \"{id}\", method = {RequestMethod.PUT, RequestMethod.PATCH}, produces = \"text/x\")\n  @ResponseBody public Y put(@PathVariable(\"id\") String id) {}\n @Deprecated void other() {}\n}";
        assert_eq!(
            endpoints(&[text], false),
            [
                "GET /a @4",
                "GET /b @4",
                "PUT /a/{id} @6",
                "PATCH /a/{id} @6",
                "PUT /b/{id} @6",
                "PATCH /b/{id} @6"
            ]
        );
    }

    #[test]
    fn constants_and_defaults_are_put_in_and_the_unknown_left_out() {
        let paths = "public final class Paths { public static final String ROOT = \"/api\"; static final String ORDERS = ROOT + \"/orders\"; }";
        let text = "@RestController @RequestMapping(Paths.ORDERS)\nclass X {\n static final String ONE = \"/{id}\";\n @GetMapping(ONE) Y one() {}\n @PostMapping(\"${p:/all}\") Y all() {}\n @PutMapping(\"${q}\") Y q() {}\n @PutMapping(OTHER + \"/x\") Y o() {}\n}";
        assert_eq!(endpoints(&[paths, text], false), ["GET /api/orders/{id} @4", "POST /api/orders/all @5"]);
    }

    #[test]
    fn clients_answer_at_nothing_and_interfaces_through_their_classes() {
        let client = "@FeignClient(\"other\") interface C { @GetMapping(\"/c\") Y c(); }";
        let api = "@RequestMapping(\"/v1\") interface Api {\n @GetMapping(\"/x\") Y x();\n}";
        assert_eq!(endpoints(&[client, api], false), Vec::<String>::new());
        let class = "@RestController class Impl implements Api { public Y x() { return null; } }";
        assert_eq!(endpoints(&[client, api, class], false), ["GET /v1/x @2"]);
    }

    #[test]
    fn repositories_are_exported_where_the_module_does_it() {
        let text = "public interface Stories extends JpaRepository<Story, Long> {}";
        let named = "@RepositoryRestResource(collectionResourceRel = \"x\", path = \"books\") interface B extends CrudRepository<Book, Long> {}";
        let kept = "@RepositoryRestResource(exported = false) interface K extends CrudRepository<K, Long> {}";
        assert_eq!(endpoints(&[text, named, kept], true), ["/stories @1", "/books @1"]);
        assert_eq!(endpoints(&[text, named, kept], false), Vec::<String>::new());
    }

    #[test]
    fn other_frameworks_of_java_are_read() {
        let jaxrs = "@Path(\"orders\") @Produces(X) public class R {\n @GET @Path(\"{id}\") public Y get() {}\n @POST public Y post() {}\n @Path(\"sub\") public Sub sub() {}\n}";
        assert_eq!(endpoints(&[jaxrs], false), ["GET /orders/{id} @2", "POST /orders @3"]);
        let micronaut = "@Controller(\"/m\") class M { @Get(\"/{id}\") fun x(): Y = y }";
        assert_eq!(endpoints(&[micronaut], false), ["GET /m/{id} @1"]);
        let functional = "RouterFunction<R> r() { return route().path(\"/p\", b -> b.GET(\"/x\", h::x).nest(path(\"/n\"), c -> c.POST(\"\", h::y))).build(); }";
        assert_eq!(endpoints(&[functional], false), ["GET /p/x @1", "POST /p/n @1"]);
    }
}
