//! Whether what goes over the line is as the description says: of every test that asks for something under `/api/v1`.
//!
//! The check knows the part of JSON Schema that the description uses, and is stricter than it: a field that isn't described
//! is a difference.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::Answer;

pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(stave_server::api_description)
}

/// What is said of a method and an address: nothing where it is no address for programs.
pub(crate) fn operation(method: &str, address: &str) -> Option<&'static Value> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let meets = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        let meets =
            |(wanted, part): (&&str, &&str)| wanted == part || (*wanted == "{id}" && !part.is_empty());
        pattern.len() == path.len() && pattern.iter().zip(&path).all(meets)
    };
    let paths = document()["paths"].as_object().unwrap();
    let (_, methods) = paths.iter().find(|(pattern, _)| meets(pattern))?;
    methods.get(method.to_ascii_lowercase())
}

/// A request as it was sent, and its answer.
#[track_caller]
pub(crate) fn check(request: &str, answer: &Answer) {
    let (head, sent) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let mut words = head.split(' ');
    let (Some(method), Some(address)) = (words.next(), words.next()) else { return };
    let Some(operation) = operation(method, address) else { return };
    if let Some(difference) = different(operation, answer) {
        panic!("{method} {address}: {}: {difference}\n{}", answer.status, answer.body);
    }
    // What was taken was sent as it should be.
    let given = Answer::parse(request);
    if answer.status == 200 && !sent.is_empty() && given.header("content-encoding").is_empty() {
        let content = &operation["requestBody"]["content"];
        if let Some(difference) = not_of(content, &media_type(&given), sent) {
            panic!("{method} {address} takes something else: {difference}\n{sent}");
        }
    }
}

fn media_type(answer: &Answer) -> String {
    answer.header("content-type").split(';').next().unwrap_or_default().trim().to_owned()
}

fn different(operation: &Value, answer: &Answer) -> Option<String> {
    let Some(response) = operation["responses"].get(answer.status.to_string()) else {
        return Some("this status isn't described".to_owned());
    };
    let response = followed(response);
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let value = answer.header(&name.to_ascii_lowercase());
        let fits = match header["schema"]["type"].as_str() {
            Some("integer") => value.parse::<u32>().is_ok(),
            _ => !value.is_empty(),
        };
        if !fits {
            return Some(format!("the header {name} is \"{value}\""));
        }
    }
    not_of(&response["content"], &media_type(answer), &answer.body)
}

/// What in a body isn't as its content is described.
fn not_of(content: &Value, media_type: &str, body: &str) -> Option<String> {
    let Some(described) = content.get(media_type) else {
        return Some(format!("the media type \"{media_type}\" isn't described"));
    };
    let value = match media_type {
        "application/json" => serde_json::from_str(body).ok(),
        "application/jsonl" => body.lines().map(line).collect(),
        "application/x-www-form-urlencoded" => return None,
        _ => Some(Value::from(body)),
    };
    match value {
        Some(value) => differs(document(), &described["schema"], &value, ""),
        None => Some("the body can't be read".to_owned()),
    }
}

/// A line: JSON, or the bare digits of a claim that was redacted.
fn line(text: &str) -> Option<Value> {
    let is_digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digits { Some(Value::from(text)) } else { serde_json::from_str(text).ok() }
}

/// A part of the document behind its reference.
pub(crate) fn followed(part: &Value) -> &Value {
    behind(document(), part)
}

fn behind<'d>(document: &'d Value, part: &'d Value) -> &'d Value {
    match part["$ref"].as_str() {
        Some(text) => behind(document, document.pointer(text.trim_start_matches('#')).unwrap()),
        None => part,
    }
}

/// Words of JSON Schema that say nothing about a value, or nothing that a type doesn't.
const REMARKS: [&str; 5] = ["$ref", "description", "title", "format", "default"];
/// Words that [`differs`] looks at.
const KNOWN: [&str; 15] = [
    "anyOf",
    "oneOf",
    "type",
    "const",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "prefixItems",
    "items",
    "minItems",
    "maxItems",
    "properties",
    "additionalProperties",
    "required",
];

/// What in a value isn't as its schema says: fields that are missing or that it doesn't know, another type, another value.
pub(crate) fn differs(document: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let schema = behind(document, schema);
    for choice in ["anyOf", "oneOf"] {
        if let Some(forms) = schema[choice].as_array() {
            let wrong: Vec<String> =
                forms.iter().filter_map(|form| differs(document, form, value, path)).collect();
            return (wrong.len() == forms.len()).then(|| wrong.join("; or "));
        }
    }
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_type = |known: &Value| known == name || (known == "number" && name == "integer");
    match &schema["type"] {
        Value::Null => {}
        Value::Array(types) if types.iter().any(is_type) => {}
        known if is_type(known) => {}
        known => return Some(format!("{path} is {name} and should be {known}")),
    }
    let is_one_of = |known: &Value| known.as_array().is_none_or(|known| known.contains(value));
    if schema.get("const").is_some_and(|only| only != value) || !is_one_of(&schema["enum"]) {
        return Some(format!("{path} is {value}"));
    }
    let beyond = |word: &str, is: fn(f64, f64) -> bool| match (value.as_f64(), schema[word].as_f64()) {
        (Some(value), Some(end)) => is(value, end),
        _ => false,
    };
    if beyond("minimum", |value, least| value < least) || beyond("maximum", |value, most| value > most) {
        return Some(format!("{path} is {value}"));
    }
    if let (Some(text), Some(pattern)) = (value.as_str(), schema["pattern"].as_str()) {
        let digits = pattern.strip_prefix("^[0-9a-f]{").and_then(|rest| rest.strip_suffix("}$"));
        let length: usize =
            digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{pattern}"));
        let is_digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != length || !is_digits {
            return Some(format!("{path} is {value}"));
        }
    }
    if let Some(items) = value.as_array() {
        let count = items.len() as u64;
        let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
        if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
            return Some(format!("{path} has {count} items"));
        }
        let first = schema["prefixItems"].as_array().map_or(&[][..], Vec::as_slice);
        let each = first.iter().chain(schema.get("items").into_iter().cycle());
        return items
            .iter()
            .zip(each)
            .find_map(|(one, item)| differs(document, item, one, &format!("{path}[]")));
    }
    let fields = value.as_object()?;
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(missing) = required.iter().filter_map(Value::as_str).find(|name| !fields.contains_key(*name))
    {
        return Some(format!("{path}.{missing} is missing"));
    }
    fields.iter().find_map(|(name, one)| {
        let path = format!("{path}.{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(known), _) => differs(document, known, one, &path),
            (None, Some(known)) if known.is_object() => differs(document, known, one, &path),
            // Nothing is said about the fields of this one.
            (None, known) if schema.get("properties").is_none() && known != Some(&Value::from(false)) => None,
            _ => Some(format!("{path} isn't described")),
        }
    })
}

/// All words of the schemas under a part of the document.
fn words<'d>(schema: &'d Value, found: &mut BTreeSet<&'d str>) {
    let Some(object) = schema.as_object() else { return };
    for (word, inside) in object {
        found.insert(word);
        match (word.as_str(), inside) {
            ("properties", Value::Object(fields)) => fields.values().for_each(|field| words(field, found)),
            ("anyOf" | "oneOf" | "prefixItems", Value::Array(forms)) => {
                forms.iter().for_each(|form| words(form, found))
            }
            ("items" | "additionalProperties", inside) => words(inside, found),
            _ => {}
        }
    }
}

#[test]
fn every_word_of_the_schemas_is_looked_at() {
    fn contents<'d>(part: &'d Value, found: &mut BTreeSet<&'d str>) {
        match part {
            Value::Object(fields) => fields.iter().for_each(|(name, inside)| match name.as_str() {
                "schema" => words(inside, found),
                _ => contents(inside, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| contents(item, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    contents(document(), &mut found);
    for schema in document()["components"]["schemas"].as_object().unwrap().values() {
        words(schema, &mut found);
    }
    assert!(found.contains("anyOf") && found.contains("properties"), "{found:?}");
    let unknown: Vec<_> =
        found.into_iter().filter(|word| !KNOWN.contains(word) && !REMARKS.contains(word)).collect();
    assert!(unknown.is_empty(), "{unknown:?} say something that is not looked at");
}

#[test]
fn a_value_that_is_not_as_described_is_found() {
    let document = json!({"S": {"type": "object", "required": ["a"], "properties": {
        "a": {"type": "integer", "minimum": 1}, "b": {"pattern": "^[0-9a-f]{4}$"}, "c": {"enum": ["x", null]},
        "d": {"type": "array", "items": {"oneOf": [{"const": "p"}, {"type": "object", "additionalProperties": {"type": "boolean"}}]}},
        "f": {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    }}});
    let schema = json!({"$ref": "#/S"});
    let wrong = |value: Value| differs(&document, &schema, &value, "");
    for right in [json!({"a": 1}), json!({"a": 2, "b": "00af", "c": null, "d": ["p", {"q": true}]})] {
        assert_eq!(wrong(right), None);
    }
    for (value, why) in [
        (json!({}), ".a is missing"),
        (json!([]), " is array and should be \"object\""),
        (json!({"a": "1"}), ".a is string and should be \"integer\""),
        (json!({"a": 0}), ".a is 0"),
        (json!({"a": 1, "b": "00AF"}), ".b is \"00AF\""),
        (json!({"a": 1, "b": "00a"}), ".b is \"00a\""),
        (json!({"a": 1, "c": "z"}), ".c is \"z\""),
        (json!({"a": 1, "d": ["q"]}), ".d[] is \"q\"; or .d[] is string and should be \"object\""),
        (
            json!({"a": 1, "d": [{"q": 1}]}),
            ".d[] is {\"q\":1}; or .d[].q is integer and should be \"boolean\"",
        ),
        (json!({"a": 1, "e": 2}), ".e isn't described"),
        (json!({"a": 1, "f": []}), ".f has 0 items"),
        (json!({"a": 1, "f": ["p", 2, 3]}), ".f has 3 items"),
        (json!({"a": 1, "f": ["p", "q"]}), ".f[] is string and should be \"integer\""),
    ] {
        assert_eq!(wrong(value).as_deref(), Some(why));
    }
}
