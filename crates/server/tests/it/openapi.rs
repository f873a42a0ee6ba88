//! The description of `/api/v1`: what is written down, what the code does, and what answers have.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Server, estate};

/// docs/openapi.json; `STAVE_WRITE_OPENAPI=1` writes it anew.
#[test]
fn the_written_description_is_that_of_the_code() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let made = serde_json::to_string_pretty(&stave_server::api_description()).unwrap() + "\n";
    if std::env::var_os("STAVE_WRITE_OPENAPI").is_some() {
        std::fs::write(file, &made).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == made, "docs/openapi.json is stale; STAVE_WRITE_OPENAPI=1 writes it anew");
}

fn paths(document: &Value) -> BTreeSet<String> {
    document["paths"].as_object().unwrap().keys().cloned().collect()
}

/// The addresses of answers that pages.rs knows, from its table: `(true, ["entities", id, "why"])`.
fn known_to_pages() -> BTreeSet<String> {
    let source = include_str!("../../src/pages.rs");
    let mut known = BTreeSet::new();
    for line in source.lines().map(str::trim) {
        for start in ["(_, [", "(true, ["] {
            for (at, _) in line.match_indices(start) {
                let Some((inside, _)) = line[at + start.len()..].split_once(']') else { continue };
                let literal = |part: &str| match part.strip_prefix('"') {
                    Some(text) => text.trim_end_matches('"').to_owned(),
                    None => "{id}".to_owned(),
                };
                let path = inside.split(", ").map(literal).collect::<Vec<_>>().join("/");
                if !inside.is_empty() && inside != "\"\"" {
                    known.insert(format!("/api/v1/{path}"));
                }
            }
        }
    }
    known
}

#[test]
fn every_answer_is_described() {
    let described = paths(&stave_server::api_description());
    let known = known_to_pages();
    assert!(known.len() > 15 && known.contains("/api/v1/entities/{id}/why"), "{known:?}");
    let missing: Vec<_> = known.difference(&described).collect();
    assert!(missing.is_empty(), "{missing:?} are answered and not described");
}

/// A schema behind its reference.
fn followed<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(text) => followed(document, document.pointer(text.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

/// What in a value isn't as its schema says: fields that are missing, that it doesn't know, or of another type.
fn differs(document: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let schema = followed(document, schema);
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
    if let (Some(items), Some(item)) = (value.as_array(), schema.get("items")) {
        return items.iter().find_map(|one| differs(document, item, one, &format!("{path}[]")));
    }
    let fields = value.as_object()?;
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(missing) = required.iter().filter_map(Value::as_str).find(|name| !fields.contains_key(*name))
    {
        return Some(format!("{path}.{missing} is missing"));
    }
    fields.iter().find_map(|(name, one)| {
        let path = format!("{path}.{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties"), schema.get("allOf")) {
            (Some(known), ..) => differs(document, known, one, &path),
            (None, Some(known), _) if known.is_object() => differs(document, known, one, &path),
            // Nothing is said about the fields of this one.
            (None, None, None) if schema.get("properties").is_none() => None,
            (None, _, Some(_)) => None,
            _ => Some(format!("{path} isn't described")),
        }
    })
}

#[test]
fn answers_are_as_they_are_described() {
    let server = Server::start();
    let told: Value = serde_json::from_str(&server.get("/api/v1/openapi.json").body).unwrap();
    assert_eq!(told, stave_server::api_description());
    let questions: Value = serde_json::from_str(&server.get("/api/v1/questions").body).unwrap();
    let question = questions["rows"][0]["id"].as_str().unwrap().to_owned();
    let orders = estate::digits(&estate::compose("orders"));
    for (path, item) in told["paths"].as_object().unwrap() {
        let id = if path.contains("/questions/") { &question } else { &orders };
        let address = path.replace("{id}", id);
        let answer = server.get(&address);
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}");
        if let Some(difference) = differs(&told, schema, &body, "") {
            panic!("{address}: {difference}");
        }
    }
    for address in ["/api/v1/entities?gone=yes", "/api/v1/entities?stale=0d"] {
        let body: Value = serde_json::from_str(&server.get(address).body).unwrap();
        let schema = told
            .pointer("/paths/~1api~1v1~1entities/get/responses/200/content/application~1json/schema")
            .unwrap();
        assert_eq!(differs(&told, schema, &body, ""), None, "{address}");
    }
}

#[test]
fn a_field_that_is_not_described_is_found() {
    let document = serde_json::json!({"S": {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}});
    let schema = serde_json::json!({"$ref": "#/S"});
    let wrong = |value: Value| differs(&document, &schema, &value, "");
    assert_eq!(wrong(serde_json::json!({"a": 1})), None);
    assert!(wrong(serde_json::json!({"a": "1"})).is_some());
    assert!(wrong(serde_json::json!({"a": 1, "b": 2})).is_some());
    assert!(wrong(serde_json::json!({})).is_some());
}
