//! PHP: the routes files of Laravel and Lumen, and Slim.

use std::ops::Range;

use crate::parse::{Code, Token};

use super::path::{join, method};
use super::ruby::Route;

pub(super) const TRIGGERS: &[&str] = &["Route::", "$router", "$app", "$group"];

/// Variables that hold routers by convention.
const ROUTERS: &[&str] = &["$router", "$app", "$group", "$route", "$routes", "$api"];

/// The routes that `Route::resource` makes: action, method, whether it is of one, what is added to the path.
const ACTIONS: &[(&str, &str, bool, &str)] = &[
    ("index", "GET", false, ""),
    ("create", "GET", false, "create"),
    ("store", "POST", false, ""),
    ("show", "GET", true, ""),
    ("edit", "GET", true, "edit"),
    ("update", "PUT", true, ""),
    ("destroy", "DELETE", true, ""),
];

/// The routes of a file; those of `routes/api.php` stand below `/api`.
pub(super) fn read(path: &str, code: &Code<'_>) -> Option<Vec<Route>> {
    let is_routes = path.starts_with("routes/") || path.contains("/routes/");
    let front = if is_routes && path.ends_with("routes/api.php") { "/api" } else { "" };
    let mut reader =
        Routes { code, is_routes, groups: vec![(0..code.len(), front.to_owned())], routes: Vec::new() };
    for at in 0..code.len() {
        reader.chain(at);
    }
    (!reader.routes.is_empty()).then_some(reader.routes)
}

struct Routes<'a, 'b> {
    code: &'b Code<'a>,
    /// Whether the file is one that holds nothing but routes.
    is_routes: bool,
    /// What stands in front of the paths in a range, the innermost last.
    groups: Vec<(Range<usize>, String)>,
    routes: Vec<Route>,
}

impl Routes<'_, '_> {
    /// `Route::prefix('x')->group(…)`, `$app->get('/x', …)`.
    fn chain(&mut self, at: usize) {
        let code = self.code;
        let (is_facade, mut next) = match code.word(at) {
            Some("Route") if code.is_sign(at + 1, ':') && code.is_sign(at + 2, ':') => (true, at + 3),
            Some(name) if ROUTERS.contains(&name) && self.is_arrow(at + 1) => (false, at + 3),
            _ => return,
        };
        let inner = self.groups.iter().rev().find(|(range, _)| range.contains(&at));
        let mut front = inner.map_or_else(String::new, |(_, front)| front.clone());
        while let Some(word) = code.word(next).filter(|_| code.is_sign(next + 1, '(')) {
            let arguments = code.arguments(next + 1);
            let end = code.closing(next + 1);
            let text = |index: usize| {
                arguments.get(index).filter(|range| range.len() == 1).and_then(|range| code.text(range.start))
            };
            match word {
                "prefix" => front = join(&front, text(0).unwrap_or("\0")),
                "group" => {
                    let own = text(0).or_else(|| self.option(arguments.first(), "prefix"));
                    let range = arguments.last().cloned().unwrap_or(next..end);
                    self.groups.push((range, join(&front, own.unwrap_or(""))));
                }
                "resource" | "apiResource" if is_facade => {
                    if let Some(name) = text(0) {
                        self.resource(&front, name, word == "apiResource", next, end);
                    }
                }
                "match" | "map" => {
                    let methods: Vec<&'static str> = arguments.first().map_or_else(Vec::new, |range| {
                        range.clone().filter_map(|at| code.text(at)).filter_map(method).collect()
                    });
                    if let Some(path) = text(1) {
                        for method in methods {
                            self.add(&front, Some(method), path, next, is_facade);
                        }
                    }
                }
                "any" | "view" if arguments.len() > 1 => {
                    if let Some(path) = text(0) {
                        let method = (word == "view").then_some("GET");
                        self.add(&front, method, path, next, is_facade);
                    }
                }
                _ => {
                    if let (Some(method), Some(path)) =
                        (method(word), text(0).filter(|_| arguments.len() > 1))
                    {
                        self.add(&front, Some(method), path, next, is_facade);
                    }
                }
            }
            if !self.is_arrow(end + 1) {
                return;
            }
            next = end + 3;
        }
    }

    fn is_arrow(&self, at: usize) -> bool {
        self.code.is_sign(at, '-') && self.code.is_sign(at + 1, '>')
    }

    fn add(&mut self, front: &str, method: Option<&'static str>, path: &str, at: usize, is_facade: bool) {
        // A variable of that name may be something else: its path begins like one, or the file holds routes.
        let is_route = is_facade || self.is_routes || path.starts_with('/');
        if is_route && !front.contains('\0') {
            self.routes.push((method, join(front, path), self.code.line(at)));
        }
    }

    /// The text behind `'key' =>` in a range.
    fn option(&self, range: Option<&Range<usize>>, key: &str) -> Option<&str> {
        let code = self.code;
        let range = range.filter(|range| code.is_sign(range.start, '['))?;
        let at = range.clone().find(|at| code.text(*at) == Some(key) && code.is_sign(at + 1, '='))?;
        code.text(at + 3)
    }

    fn resource(&mut self, front: &str, name: &str, is_api: bool, at: usize, end: usize) {
        let code = self.code;
        // `->only(['index'])`, and the same as an option.
        let stop = (end..code.len()).find(|at| code.is_sign(*at, ';')).unwrap_or(code.len());
        let listed = |word: &str| -> Vec<&str> {
            let named = |token| matches!(token, Some(Token::Word(text) | Token::Text(text)) if text == word);
            let Some(from) = (at..stop).find(|at| named(code.get(*at))) else { return Vec::new() };
            let until = (from..stop).find(|at| code.is_sign(*at, ']') || code.is_sign(*at, ')'));
            (from + 1..until.unwrap_or(stop)).filter_map(|at| code.text(at)).collect()
        };
        let (only, except) = (listed("only"), listed("except"));
        let mut all = front.to_owned();
        let mut one = front.to_owned();
        for part in name.split('.') {
            all = join(&one, part);
            one = join(&all, &format!("{{{}}}", singular(part)));
        }
        for (action, method, is_of_one, behind) in ACTIONS {
            let is_wanted = if only.is_empty() { !except.contains(action) } else { only.contains(action) };
            let is_form = is_api && matches!(*action, "create" | "edit");
            if is_wanted && !is_form {
                let path = join(if *is_of_one { &one } else { &all }, behind);
                self.add("", Some(method), &path, at, true);
            }
        }
    }
}

/// `order` of `orders`, `category` of `categories`.
fn singular(name: &str) -> String {
    let last = name.trim_matches('/').rsplit('/').next().unwrap_or(name).replace('-', "_");
    match last.strip_suffix("ies") {
        Some(front) => format!("{front}y"),
        None => last.strip_suffix('s').unwrap_or(&last).to_owned(),
    }
}
