//! Ruby: the routes file of Rails, and Sinatra.

use crate::parse::{Code, Token};

use super::path::{join, method};

pub(super) const TRIGGERS: &[&str] = &["routes.draw", "Sinatra", "sinatra"];

/// A route: its method, its whole path, its line.
pub(super) type Route = (Option<&'static str>, String, u32);

/// The routes of a file.
pub(super) fn read(text: &str, code: &Code<'_>) -> Option<Vec<Route>> {
    let routes = if text.contains("routes.draw") { Rails::read(code) } else { sinatra(code) };
    (!routes.is_empty()).then_some(routes)
}

/// `get '/x' do`.
fn sinatra(code: &Code<'_>) -> Vec<Route> {
    let begins = |at: &usize| *at == 0 || code.line(*at - 1) != code.line(*at);
    let route = |at: usize| {
        let verb = method(code.word(at)?)?;
        let path = code.text(at + 1).filter(|path| path.starts_with('/'))?;
        Some((Some(verb), path.to_owned(), code.line(at)))
    };
    (0..code.len()).filter(begins).filter_map(route).collect()
}

/// What a block means for the lines in it.
#[derive(Clone, Default)]
struct Block {
    /// In front of every path.
    front: String,
    /// Inside of `resources`: the path of all, and of one.
    all: Option<String>,
    one: Option<String>,
    /// A template whose lines count elsewhere.
    is_template: bool,
}

/// The routes that `resources` makes: action, method, whether it is of one, what is added to the path.
const ACTIONS: &[(&str, &str, bool, &str)] = &[
    ("index", "GET", false, ""),
    ("create", "POST", false, ""),
    ("new", "GET", false, "new"),
    ("show", "GET", true, ""),
    ("edit", "GET", true, "edit"),
    ("update", "PATCH", true, ""),
    ("destroy", "DELETE", true, ""),
];

struct Rails<'a, 'b> {
    code: &'b Code<'a>,
    routes: Vec<Route>,
}

impl Rails<'_, '_> {
    fn read(code: &Code<'_>) -> Vec<Route> {
        let mut rails = Rails { code, routes: Vec::new() };
        let mut blocks: Vec<Block> = Vec::new();
        let mut at = 0;
        while at < code.len() {
            let end = rails.statement_end(at);
            if code.is_word(at, "end") {
                blocks.pop();
            } else {
                let here = blocks.last().cloned().unwrap_or_default();
                let inner = rails.statement(at, end, &here);
                let is_condition = matches!(
                    code.word(at),
                    Some("if" | "unless" | "case" | "def" | "class" | "module" | "begin")
                );
                let is_closed = code.is_word(end - 1, "end");
                if (is_condition || (at..end).any(|at| code.is_word(at, "do"))) && !is_closed {
                    blocks.push(inner);
                }
            }
            at = end;
        }
        rails.routes
    }

    /// A statement ends with its line, unless a comma, an arrow or an open bracket goes on.
    fn statement_end(&self, from: usize) -> usize {
        let code = self.code;
        let mut depth = 0usize;
        for at in from..code.len() {
            match code.get(at) {
                Some(Token::Sign('(' | '[' | '{')) => depth += 1,
                Some(Token::Sign(')' | ']' | '}')) => depth = depth.saturating_sub(1),
                _ => {}
            }
            let is_last = code.line(at + 1) != code.line(at) || code.get(at + 1).is_none();
            let goes_on = code.is_sign(at, ',') || code.is_sign(at, '>');
            if is_last && (depth == 0 && !goes_on || code.is_word(at, "do")) {
                return at + 1;
            }
        }
        code.len().max(from + 1)
    }

    fn add(&mut self, here: &Block, method: Option<&'static str>, path: String, line: u32) {
        if !here.is_template {
            self.routes.push((method, path, line));
        }
    }

    /// One statement: adds its routes, and gives what its block would mean.
    fn statement(&mut self, from: usize, end: usize, here: &Block) -> Block {
        let code = self.code;
        let line = code.line(from);
        let mut inner = here.clone();
        let all = here.all.clone().unwrap_or_else(|| here.front.clone());
        let one = here.one.clone().unwrap_or_else(|| here.front.clone());
        let names = self.names(from + 1, end);
        let option = |key: &str| self.option(from, end, key).into_iter().next();
        match code.word(from).unwrap_or_default() {
            "concern" => inner.is_template = true,
            "namespace" => {
                let path = option("path").or(names.into_iter().next()).unwrap_or_default();
                inner = Block {
                    front: join(&here.front, &path),
                    is_template: here.is_template,
                    ..Block::default()
                };
            }
            "scope" => {
                // `scope :api` and `scope "/api"`; `scope module: "v1"` adds nothing.
                let path = option("path").or(names.into_iter().next()).unwrap_or_default();
                inner = Block {
                    front: join(&here.front, &path),
                    is_template: here.is_template,
                    ..Block::default()
                };
            }
            "member" => inner = Block { front: one, is_template: here.is_template, ..Block::default() },
            "collection" => inner = Block { front: all, is_template: here.is_template, ..Block::default() },
            verb @ ("resources" | "resource") => {
                let is_many = verb == "resources";
                let (only, except) = (self.option(from, end, "only"), self.option(from, end, "except"));
                let has_only = self.has_option(from, end, "only");
                let key = option("param").unwrap_or_else(|| "id".to_owned());
                let given = option("path");
                for name in names {
                    let all = join(&here.front, given.as_deref().unwrap_or(&name));
                    let one = if is_many { join(&all, &format!("{{{key}}}")) } else { all.clone() };
                    for (action, method, is_of_one, back) in ACTIONS {
                        let is_kept = if has_only {
                            only.iter().any(|kept| kept == action)
                        } else {
                            !except.iter().any(|left| left == action)
                        };
                        if is_kept && (is_many || *action != "index") {
                            let front = if *is_of_one { &one } else { &all };
                            self.add(here, Some(method), join(front, back), line);
                        }
                    }
                    let nested = if is_many {
                        join(&all, &format!("{{{}_{key}}}", name.strip_suffix('s').unwrap_or(&name)))
                    } else {
                        all.clone()
                    };
                    inner = Block {
                        front: nested,
                        all: Some(all),
                        one: Some(one),
                        is_template: here.is_template,
                    };
                }
            }
            "root" => self.add(here, Some("GET"), here.front.clone(), line),
            "mount" => {
                let path =
                    option("at").or_else(|| (from..end).find_map(|at| code.text(at).map(str::to_owned)));
                if let Some(path) = path {
                    self.add(here, None, join(&here.front, &path), line);
                }
            }
            verb @ ("get" | "post" | "put" | "patch" | "delete" | "match") => {
                let front = match option("on").as_deref() {
                    Some("member") => one,
                    Some("collection") => all,
                    _ => here.front.clone(),
                };
                let mut methods: Vec<Option<&'static str>> = method(verb).into_iter().map(Some).collect();
                if methods.is_empty() {
                    methods.extend(
                        self.option(from, end, "via").iter().filter_map(|word| method(word)).map(Some),
                    );
                }
                if methods.is_empty() {
                    methods.push(None);
                }
                for name in names {
                    // What may be left out is no path of its own.
                    let path = name.split('(').next().unwrap_or(&name);
                    for method in &methods {
                        self.add(here, *method, join(&front, path), line);
                    }
                }
            }
            _ => {}
        }
        inner
    }

    /// Names in front of the options: `:orders, :items, only: …`, `"orders/new", to: …`, `"x" => "y#z"`.
    fn names(&self, from: usize, end: usize) -> Vec<String> {
        let code = self.code;
        let mut names = Vec::new();
        let mut at = if code.is_sign(from, '(') { from + 1 } else { from };
        while at < end {
            let (name, next) = match code.get(at) {
                Some(Token::Text(text)) if !code.is_sign(at + 1, ':') => (text, at + 1),
                Some(Token::Sign(':')) => match code.word(at + 1) {
                    Some(word) => (word, at + 2),
                    None => break,
                },
                _ => break,
            };
            // `:a => …` begins an option; `"x" => …` says where the path leads.
            if code.is_sign(at, ':') && code.is_sign(next, '=') {
                break;
            }
            names.push(name.to_owned());
            if !code.is_sign(next, ',') {
                break;
            }
            at = next + 1;
        }
        names
    }

    fn position(&self, from: usize, end: usize, key: &str) -> Option<usize> {
        let code = self.code;
        (from..end).find_map(|at| {
            let is_new = code.is_word(at, key) && code.is_sign(at + 1, ':');
            let is_old =
                code.is_sign(at, ':') && code.is_word(at + 1, key) && code.matches(at + 2, &["=", ">"]);
            if is_new { Some(at + 2) } else { is_old.then_some(at + 4) }
        })
    }

    fn has_option(&self, from: usize, end: usize, key: &str) -> bool {
        self.position(from, end, key).is_some()
    }

    /// The words and texts of an option's value: `only: [:index, :show]`, `only: %i[index show]`, `path: "x"`.
    fn option(&self, from: usize, end: usize, key: &str) -> Vec<String> {
        let code = self.code;
        let Some(mut at) = self.position(from, end, key) else { return Vec::new() };
        if code.is_sign(at, '%') {
            at += 2;
        }
        let range =
            if code.is_sign(at, '[') { at + 1..code.closing(at).min(end) } else { at..(at + 2).min(end) };
        let mut found = Vec::new();
        for at in range {
            match code.get(at) {
                Some(Token::Word(word)) => found.push(word.to_owned()),
                Some(Token::Text(text)) => found.push(text.to_owned()),
                Some(Token::Sign(',')) if found.is_empty() => break,
                _ => {}
            }
        }
        found
    }
}
