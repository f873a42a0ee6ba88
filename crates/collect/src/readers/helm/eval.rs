//! Filling in templates. Nothing here fails: what is missing is nothing, as an unset value is for Helm, and a
//! template that goes on for too long just ends.

use std::collections::{BTreeMap, HashMap};

use super::functions;
use super::template::{Expr, Head, Part, parse};
use super::value::Value;
use crate::limits;

/// The named templates of a chart and of the charts that belong to it.
pub(super) type Named<'a> = BTreeMap<&'a str, &'a [Part]>;

/// Notes down the definitions among some parts.
pub(super) fn definitions<'a>(parts: &'a [Part], named: &mut Named<'a>) {
    for part in parts {
        if let Part::Define(name, body) = part {
            named.insert(name, body);
        }
    }
}

/// One filling in, with what is left of the limits.
pub(super) struct Eval<'a> {
    pub(super) named: &'a Named<'a>,
    pub(super) steps: usize,
    pub(super) bytes: usize,
    depth: usize,
}

/// Text in the making. Of a file's own text it is known which line each line comes from.
#[derive(Default)]
pub(super) struct Output {
    pub(super) text: String,
    /// The template's line of each line of the text.
    pub(super) lines: Vec<u32>,
}

impl Output {
    fn push(&mut self, text: &str, line: u32, runs_on: bool) {
        let mut at = line;
        if self.lines.is_empty() {
            self.lines.push(at);
        }
        // What begins in the middle of a line is where the line's content mostly stands.
        if let Some(last) =
            self.lines.last_mut().filter(|_| self.text.ends_with('\n') || self.text.is_empty())
        {
            *last = at;
        }
        for _ in text.bytes().filter(|byte| *byte == b'\n') {
            at += u32::from(runs_on);
            self.lines.push(at);
        }
        self.text.push_str(text);
    }
}

/// Variables, innermost last, and the two values that a template is about.
#[derive(Clone)]
struct Scope {
    root: Value,
    dot: Value,
    variables: HashMap<String, Value>,
}

impl<'a> Eval<'a> {
    pub(super) fn new(named: &'a Named<'a>) -> Eval<'a> {
        Eval { named, steps: limits::TEMPLATE_STEPS, bytes: limits::TEMPLATE_BYTES, depth: 0 }
    }

    /// A whole file.
    pub(super) fn file(&mut self, parts: &[Part], root: &Value) -> Output {
        let mut out = Output::default();
        self.template(parts, root, &mut out);
        out
    }

    fn template(&mut self, parts: &[Part], dot: &Value, out: &mut Output) {
        let mut scope = Scope { root: dot.clone(), dot: dot.clone(), variables: HashMap::new() };
        self.parts(parts, &mut scope, out);
    }

    /// Whether one more step is allowed.
    fn step(&mut self) -> bool {
        let may = self.steps > 0 && self.depth < limits::TEMPLATE_DEPTH;
        self.steps = self.steps.saturating_sub(1);
        may
    }

    fn push(&mut self, out: &mut Output, text: &str, line: u32, runs_on: bool) {
        if text.len() <= self.bytes {
            self.bytes -= text.len();
            out.push(text, line, runs_on);
        } else {
            self.steps = 0;
        }
    }

    fn parts(&mut self, parts: &[Part], scope: &mut Scope, out: &mut Output) {
        self.depth += 1;
        for part in parts {
            if !self.step() {
                break;
            }
            self.part(part, scope, out);
        }
        self.depth -= 1;
    }

    fn part(&mut self, part: &Part, scope: &mut Scope, out: &mut Output) {
        match part {
            Part::Text(text, line) => self.push(out, text, *line, true),
            Part::Print(value, line) => {
                let value = self.value(value, scope);
                self.push(out, &value.text(), *line, false);
            }
            Part::Assign(name, value) => {
                let value = self.value(value, scope);
                scope.variables.insert(name.clone(), value);
            }
            Part::Define(..) => {}
            Part::If(branches) => {
                for (condition, parts) in branches {
                    let holds = match condition {
                        None => true,
                        Some(head) => {
                            let value = self.value(&head.value, scope);
                            self.assign(head, &value, scope);
                            value.is_true()
                        }
                    };
                    if holds {
                        return self.parts(parts, scope, out);
                    }
                }
            }
            Part::With(head, parts, otherwise) => {
                let value = self.value(&head.value, scope);
                if !value.is_true() {
                    return self.parts(otherwise, scope, out);
                }
                self.assign(head, &value, scope);
                self.about(parts, value, scope, out);
            }
            Part::Range(key, head, parts, otherwise) => {
                let value = self.value(&head.value, scope);
                let items: Vec<(Value, Value)> = match &value {
                    Value::Map(_) => value
                        .entries()
                        .into_iter()
                        .flatten()
                        .map(|(key, value)| (Value::from(key.as_str()), value.clone()))
                        .collect(),
                    Value::List(_) => value
                        .items()
                        .iter()
                        .enumerate()
                        .map(|(index, value)| (Value::from(index.to_string()), value.clone()))
                        .collect(),
                    _ => Vec::new(),
                };
                if items.is_empty() {
                    return self.parts(otherwise, scope, out);
                }
                for (index, item) in items {
                    if !self.step() {
                        return;
                    }
                    if let Some(key) = key {
                        scope.variables.insert(key.clone(), index);
                    }
                    self.assign(head, &item, scope);
                    self.about(parts, item, scope, out);
                }
            }
        }
    }

    fn assign(&mut self, head: &Head, value: &Value, scope: &mut Scope) {
        if let Some(name) = &head.variable {
            scope.variables.insert(name.clone(), value.clone());
        }
    }

    /// Parts that are about another value. A variable set inside is still set behind: names are rarely used twice, and
    /// flags that a loop sets mostly.
    fn about(&mut self, parts: &[Part], dot: Value, scope: &mut Scope, out: &mut Output) {
        let before = std::mem::replace(&mut scope.dot, dot);
        self.parts(parts, scope, out);
        scope.dot = before;
    }

    fn value(&mut self, expr: &Expr, scope: &mut Scope) -> Value {
        if !self.step() {
            return Value::Nil;
        }
        self.depth += 1;
        let value = self.expr(expr, scope);
        self.depth -= 1;
        value
    }

    fn expr(&mut self, expr: &Expr, scope: &mut Scope) -> Value {
        match expr {
            Expr::Nil => Value::Nil,
            Expr::Text(text) => Value::from(text.as_str()),
            Expr::Dot => scope.dot.clone(),
            Expr::Variable(name) if name.is_empty() => scope.root.clone(),
            Expr::Variable(name) => scope.variables.get(name).cloned().unwrap_or(Value::Nil),
            Expr::Fields(of, names) => {
                names.iter().fold(self.value(of, scope), |value, name| value.get(name))
            }
            Expr::Method(of, arguments) => {
                // The only methods that charts ask are those of files and of the cluster's abilities.
                let has =
                    matches!(&**of, Expr::Fields(_, names) if names.last().is_some_and(|name| name == "Has"));
                let what =
                    arguments.first().map(|argument| self.value(argument, scope).text()).unwrap_or_default();
                Value::from(has && functions::is_known_api(&what))
            }
            Expr::Call(name, arguments) => self.call(name, arguments, scope),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expr], scope: &mut Scope) -> Value {
        match name {
            "and" | "or" => {
                let mut last = Value::Nil;
                for argument in arguments {
                    last = self.value(argument, scope);
                    if last.is_true() == (name == "or") {
                        break;
                    }
                }
                return last;
            }
            "set" | "unset" => return self.set(name, arguments, scope),
            _ => {}
        }
        let values: Vec<Value> = arguments.iter().map(|argument| self.value(argument, scope)).collect();
        let argument = |index: usize| values.get(index).cloned().unwrap_or(Value::Nil);
        let made = match name {
            "include" | "template" => self.include(&argument(0).text(), &argument(1)),
            "tpl" => {
                let text = argument(0).text();
                if text.contains("{{") { self.nested(&parse(&text), &argument(1)) } else { Value::from(text) }
            }
            _ => functions::call(name, &values),
        };
        self.spend(made)
    }

    /// Counts what a value took to make, as far as it isn't shared with what it was made from.
    fn spend(&mut self, made: Value) -> Value {
        let cost = match &made {
            Value::Nil => 0,
            Value::Text(text) => text.len() / 8,
            Value::List(_) => made.items().len(),
            Value::Map(_) => made.entries().map_or(0, BTreeMap::len),
        };
        self.steps = self.steps.saturating_sub(cost / 8);
        made
    }

    /// `set MAP key value`: what holds the map holds the changed one from then on.
    fn set(&mut self, name: &str, arguments: &[Expr], scope: &mut Scope) -> Value {
        let [target, rest @ ..] = arguments else { return Value::Nil };
        let before = self.value(target, scope);
        let key = rest.first().map(|key| self.value(key, scope).text()).unwrap_or_default();
        let mut entries = before.entries().cloned().unwrap_or_default();
        match rest.get(1).filter(|_| name == "set") {
            Some(value) => {
                let value = self.value(value, scope);
                entries.insert(key, value);
            }
            None => drop(entries.remove(&key)),
        }
        let after = Value::map(entries);
        let (holder, path) = match target {
            Expr::Fields(of, names) if names.len() < limits::DOCUMENT_DEPTH => (&**of, names.as_slice()),
            other => (other, &[][..]),
        };
        match holder {
            Expr::Dot => scope.dot = scope.dot.with(path, after.clone()),
            Expr::Variable(name) if name.is_empty() => scope.root = scope.root.with(path, after.clone()),
            Expr::Variable(name) => {
                let held = scope.variables.entry(name.clone()).or_insert(Value::Nil);
                *held = held.with(path, after.clone());
            }
            _ => {}
        }
        self.spend(after)
    }

    fn include(&mut self, name: &str, dot: &Value) -> Value {
        let named = self.named;
        match named.get(name) {
            Some(parts) => self.nested(parts, dot),
            None => functions::of_library(name, dot),
        }
    }

    fn nested(&mut self, parts: &[Part], dot: &Value) -> Value {
        if self.depth >= limits::TEMPLATE_DEPTH {
            return Value::Nil;
        }
        let mut out = Output::default();
        self.template(parts, dot, &mut out);
        Value::from(out.text)
    }
}
