//! The functions that charts use. One that is not here gives nothing: most of them format, encode or make up secrets.

use super::value::Value;
use crate::limits;
use crate::parse::parse_yaml;

/// Interfaces of a cluster that charts ask for and every cluster of today has.
pub(super) fn is_known_api(name: &str) -> bool {
    [
        "apps/v1",
        "batch/v1",
        "networking.k8s.io/v1",
        "policy/v1",
        "autoscaling/v2",
        "rbac.authorization.k8s.io/v1",
    ]
    .iter()
    .any(|known| name == *known || name.strip_prefix(known).is_some_and(|rest| rest.starts_with('/')))
}

/// The value of a function.
pub(super) fn call(name: &str, values: &[Value]) -> Value {
    let nil = Value::Nil;
    let at = |index: usize| values.get(index).unwrap_or(&nil);
    let text = |index: usize| at(index).text();
    // What is piped into a function is its last argument.
    let last = values.last().unwrap_or(&nil);
    // With `must` it is the same function that fails loudly.
    let plain = name.strip_prefix("must").filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    if let Some(rest) = plain {
        let mut chars = rest.chars();
        let first = chars.next().map(|c| c.to_ascii_lowercase());
        return call(&first.into_iter().chain(chars).collect::<String>(), values);
    }
    match name {
        "default" => if last.is_true() { last } else { at(0) }.clone(),
        "coalesce" => values.iter().find(|value| value.is_true()).cloned().unwrap_or(Value::Nil),
        "ternary" => if last.is_true() { at(0) } else { at(1) }.clone(),
        "required" => last.clone(),
        "empty" | "not" => Value::from(!last.is_true()),
        "eq" => Value::from(values.iter().skip(1).any(|value| same(at(0), value))),
        "ne" => Value::from(!same(at(0), at(1))),
        "lt" => Value::from(at(0).number() < at(1).number()),
        "le" => Value::from(at(0).number() <= at(1).number()),
        "gt" => Value::from(at(0).number() > at(1).number()),
        "ge" => Value::from(at(0).number() >= at(1).number()),
        // A chart that still supports old clusters is read for a new one.
        "semverCompare" => Value::from(!text(0).trim_start().starts_with('<')),
        "kindIs" | "typeIs" => Value::from(is_kind(&text(0), at(1))),
        "kindOf" | "typeOf" => Value::from(kind(at(0))),
        "toYaml" | "toYamlPretty" => Value::from(at(0).block()),
        "toJson" | "toRawJson" | "toPrettyJson" => Value::from(at(0).flow()),
        "fromYaml" | "fromJson" | "fromYamlArray" => parse_yaml(&text(0), 0)
            .ok()
            .and_then(|nodes| nodes.first().map(Value::of_node))
            .unwrap_or(Value::Nil),
        "dict" => Value::map(
            values.chunks(2).map(|pair| (pair[0].text(), pair.get(1).cloned().unwrap_or(Value::Nil))),
        ),
        "list" | "tuple" => Value::list(values.iter().cloned()),
        "merge" | "mergeOverwrite" => {
            let is_last_best = name.ends_with("Overwrite");
            values.iter().skip(1).fold(at(0).clone(), |whole, value| {
                if is_last_best { whole.overlaid(value) } else { value.overlaid(&whole) }
            })
        }
        "get" => at(0).get(&text(1)),
        "hasKey" => Value::from(at(0).entries().is_some_and(|entries| entries.contains_key(&text(1)))),
        "dig" => values
            .get(..values.len().saturating_sub(2))
            .unwrap_or(&[])
            .iter()
            .try_fold(last.clone(), |value, key| {
                Some(value.get(&key.text())).filter(|value| *value != Value::Nil)
            })
            .unwrap_or_else(|| values.iter().rev().nth(1).cloned().unwrap_or(Value::Nil)),
        "pick" | "omit" => {
            let keys: Vec<String> = values.iter().skip(1).map(Value::text).collect();
            let entries = at(0).entries().into_iter().flatten();
            Value::map(
                entries
                    .filter(|(key, _)| keys.contains(key) == (name == "pick"))
                    .map(|(key, value)| (key.clone(), value.clone())),
            )
        }
        "keys" => Value::list(
            values.iter().filter_map(Value::entries).flatten().map(|(key, _)| Value::from(key.as_str())),
        ),
        "values" => Value::list(at(0).entries().into_iter().flatten().map(|(_, value)| value.clone())),
        "index" => values.iter().skip(1).fold(at(0).clone(), |value, key| match &value {
            Value::List(_) => usize::try_from(key.number())
                .ok()
                .and_then(|index| value.items().get(index).cloned())
                .unwrap_or(Value::Nil),
            _ => value.get(&key.text()),
        }),
        "first" => at(0).items().first().cloned().unwrap_or(Value::Nil),
        "last" => at(0).items().last().cloned().unwrap_or(Value::Nil),
        "rest" => Value::list(at(0).items().iter().skip(1).cloned()),
        "append" | "push" => Value::list(at(0).items().iter().cloned().chain(values.get(1).cloned())),
        "prepend" => Value::list(values.get(1).cloned().into_iter().chain(at(0).items().iter().cloned())),
        "concat" => Value::list(values.iter().flat_map(Value::items).cloned()),
        "compact" => Value::list(at(0).items().iter().filter(|item| item.is_true()).cloned()),
        "has" => Value::from(at(1).items().contains(at(0))),
        "len" => Value::from(match at(0) {
            Value::Nil => "0".to_owned(),
            Value::Text(text) => text.len().to_string(),
            Value::List(_) => at(0).items().len().to_string(),
            Value::Map(_) => at(0).entries().map_or(0, |entries| entries.len()).to_string(),
        }),
        "until" => Value::list((0..at(0).number().clamp(0, 256)).map(|index| Value::from(index.to_string()))),
        "untilStep" => {
            let step = usize::try_from(at(2).number()).unwrap_or(1).max(1);
            let range = at(0).number()..at(1).number();
            Value::list(range.step_by(step).take(256).map(|index| Value::from(index.to_string())))
        }
        "join" => {
            let separator = text(0);
            let is_bounded = separator.len().saturating_mul(at(1).items().len()) <= limits::TEMPLATE_BYTES;
            let parts = at(1).items().iter().filter(|_| is_bounded).map(Value::text);
            Value::from(bounded(parts.collect::<Vec<_>>().join(&separator)))
        }
        "splitList" | "split" => {
            let (separator, whole) = (text(0), text(1));
            let parts = whole.split(separator.as_str()).map(Value::from);
            if name == "split" {
                Value::map(parts.enumerate().map(|(index, part)| (format!("_{index}"), part)))
            } else {
                Value::list(parts)
            }
        }
        "add" => number(values.iter().map(Value::number).fold(0, i64::saturating_add)),
        "add1" => number(at(0).number().saturating_add(1)),
        "sub" => number(at(0).number().saturating_sub(at(1).number())),
        "mul" => number(values.iter().map(Value::number).fold(1, i64::saturating_mul)),
        "div" => number(at(0).number().checked_div(at(1).number()).unwrap_or(0)),
        "int" | "int64" | "float64" | "atoi" => number(at(0).number()),
        "contains" => Value::from(text(1).contains(&text(0))),
        "hasPrefix" => Value::from(text(1).starts_with(&text(0))),
        "hasSuffix" => Value::from(text(1).ends_with(&text(0))),
        "deepCopy" | "uniq" | "sortAlpha" | "toStrings" => last.clone(),
        _ => Value::from(bounded(of_text(name, values))),
    }
}

/// Functions that make a text.
fn of_text(name: &str, values: &[Value]) -> String {
    let text = |index: usize| values.get(index).map(Value::text).unwrap_or_default();
    let last = || values.last().map(Value::text).unwrap_or_default();
    match name {
        "quote" | "squote" => values
            .iter()
            .filter(|value| **value != Value::Nil)
            .map(|value| serde_json::Value::from(value.text()).to_string())
            .collect::<Vec<_>>()
            .join(" "),
        "toString" | "print" | "println" => values.iter().map(Value::text).collect(),
        "cat" => values.iter().map(Value::text).collect::<Vec<_>>().join(" "),
        "printf" => printf(&text(0), values.get(1..).unwrap_or(&[])),
        "trunc" => {
            let count = values.first().map_or(0, Value::number);
            let whole = last();
            let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            if count < 0 {
                let skip = whole.chars().count().saturating_sub(length);
                whole.chars().skip(skip).collect()
            } else {
                whole.chars().take(length).collect()
            }
        }
        "trim" => last().trim().to_owned(),
        "trimSuffix" => last().strip_suffix(&text(0)).map_or_else(last, str::to_owned),
        "trimPrefix" => last().strip_prefix(&text(0)).map_or_else(last, str::to_owned),
        "trimAll" => last().trim_matches(|c| text(0).contains(c)).to_owned(),
        "replace" => {
            let (from, to, whole) = (text(0), text(1), last());
            let added = whole.matches(from.as_str()).count().saturating_mul(to.len());
            if from.is_empty() || added > limits::TEMPLATE_BYTES { whole } else { whole.replace(&from, &to) }
        }
        "lower" => last().to_lowercase(),
        "upper" => last().to_uppercase(),
        "nospace" => last().split_whitespace().collect(),
        "kebabcase" => crate::values::words(&last()).join("-"),
        "snakecase" => crate::values::words(&last()).join("_"),
        "indent" | "nindent" => {
            let count = usize::try_from(values.first().map_or(0, Value::number)).unwrap_or(0).min(64);
            let whole = last();
            if whole.lines().count().saturating_mul(count) > limits::TEMPLATE_BYTES {
                return String::new();
            }
            let pad = " ".repeat(count);
            let lines: Vec<String> = whole.split('\n').map(|line| format!("{pad}{line}")).collect();
            format!("{}{}", if name == "nindent" { "\n" } else { "" }, lines.join("\n"))
        }
        "regexReplaceAll" | "regexReplaceAllLiteral" => text(1),
        _ => String::new(),
    }
}

/// A text that isn't too long.
fn bounded(text: String) -> String {
    if text.len() > limits::TEMPLATE_BYTES { String::new() } else { text }
}

fn number(value: i64) -> Value {
    Value::from(value.to_string())
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(_) | Value::Nil, Value::Text(_) | Value::Nil) => {
            let plain = |value: &Value| match value.text() {
                // Nothing, false and an unset flag are one here; see `Value`.
                text if text == "false" => String::new(),
                text => text,
            };
            plain(a) == plain(b)
        }
        _ => a == b,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "invalid",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Text(text) if matches!(&**text, "true" | "false") => "bool",
        Value::Text(text) if !text.is_empty() && text.parse::<f64>().is_ok() => "float64",
        Value::Text(_) => "string",
    }
}

fn is_kind(wanted: &str, value: &Value) -> bool {
    let own = kind(value);
    own == wanted
        || own == "float64" && matches!(wanted, "int" | "int64")
        || own == "slice" && wanted.starts_with("[]")
        || own == "map" && wanted.starts_with("map[")
}

fn printf(format: &str, values: &[Value]) -> String {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        // Flags and widths say nothing about the value.
        match chars.by_ref().find(|c| c.is_ascii_alphabetic() || *c == '%') {
            Some('%') => out.push('%'),
            Some('q') => out.push_str(
                &serde_json::Value::from(values.next().map(Value::text).unwrap_or_default()).to_string(),
            ),
            _ => out.push_str(&values.next().map(Value::text).unwrap_or_default()),
        }
        if out.len() > limits::TEMPLATE_BYTES {
            return String::new();
        }
    }
    out
}

/// What a named template of a library chart that isn't in the repository mostly gives, by the ends of the names that
/// such libraries use.
pub(super) fn of_library(name: &str, dot: &Value) -> Value {
    let last = name.rsplit('.').next().unwrap_or(name);
    // Some are given a map that holds what the template is about.
    let context = ["context", "ctx", "root", "Root", "top"]
        .iter()
        .map(|key| dot.get(key))
        .find(|value| value.get("Chart") != Value::Nil)
        .unwrap_or_else(|| dot.clone());
    let chart = context.get("Chart").get("Name").text();
    let values = context.get("Values");
    let overridden = |key: &str| Some(values.get(key)).filter(Value::is_true).map(|value| value.text());
    let short = || overridden("nameOverride").unwrap_or_else(|| chart.clone());
    match last {
        "render" | "tplvalue" => match dot.get("value") {
            Value::Text(text) => Value::Text(text),
            Value::Nil => Value::Nil,
            other => Value::from(other.block()),
        },
        "fullname" => Value::from(
            overridden("fullnameOverride")
                .unwrap_or_else(|| format!("{}-{}", context.get("Release").get("Name").text(), short())),
        ),
        "name" => Value::from(short()),
        "image" => {
            let image = dot.get("imageRoot");
            let registry = image.get("registry").text();
            let path = image.get("repository").text();
            Value::from(if registry.is_empty() { path } else { format!("{registry}/{path}") })
        }
        "matchLabels" | "selectorLabels" | "labels" | "standard" => Value::from(format!(
            "app.kubernetes.io/name: {}\napp.kubernetes.io/instance: {}",
            short(),
            context.get("Release").get("Name").text()
        )),
        "namespace" => Value::from(context.get("Release").get("Namespace").text()),
        "apiVersion" => Value::from("v1"),
        _ => Value::Nil,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_made_as_helm_makes_them() {
        let text = |name: &str, values: &[&str]| {
            let values: Vec<Value> = values.iter().map(|text| Value::from(*text)).collect();
            call(name, &values).text()
        };
        for (name, values, want) in [
            ("printf", &["%s-%d%%", "a", "1"][..], "a-1%"),
            ("trunc", &["3", "abcd"], "abc"),
            ("trunc", &["-3", "abcd"], "bcd"),
            ("trimSuffix", &["-", "a-"], "a"),
            ("nindent", &["2", "a\nb"], "\n  a\n  b"),
            ("default", &["x", ""], "x"),
            ("ternary", &["a", "b", "false"], "b"),
            ("quote", &["a\"b"], "\"a\\\"b\""),
            ("replace", &[".", "-", "a.b"], "a-b"),
            ("randAlphaNum", &["10"], ""),
            ("add", &["1", "2", "3"], "6"),
        ] {
            assert_eq!(text(name, values), want, "{name} {values:?}");
        }
    }
}
