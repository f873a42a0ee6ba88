//! The description of the addresses for programs, made from the table of them (`routes.rs`) and the types of what they take
//! and give. A copy stands in docs/openapi.json; tests compare it with the code, and every answer that tests get with it.
//! Within `v1` fields and routes are added, none are taken away or changed.

mod routes;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use stave_answers::AsOf;
use stave_ledger::wire;

use crate::pages::{GoneEntity, Index};
use crate::reply::ErrorDocument;
use routes::{ANSWERS, AT, Form, Line, Parameter, Route, Who};

/// Statuses beside 200, with what each means; what stands there is a problem, as JSON, but where it is said otherwise.
const STATUSES: &[(u16, &str)] = &[
    (302, "A name, or the beginning of the digits: the entity's own address, with a sentence"),
    (400, "The address or what was sent can't be read"),
    (401, "It helps to sign in, or to show another token"),
    (403, "This caller may not"),
    (404, "There is no such thing"),
    (409, "Nothing was said: something else stands there than what was seen, or it can't be said so"),
    (408, "What was sent took too long to come"),
    (
        410,
        "It is no longer found, and this is how it was last seen; or the ledger was compacted and has no map of that moment",
    ),
    (413, "More was sent than is taken here"),
    (414, "The address is too long"),
    (415, "A body may be compressed with zstd and nothing else"),
    (421, "This server is not asked under that name"),
    (422, "What was sent breaks a rule of the format; nothing was written"),
    (429, "Too much in too short a time"),
    (500, "Something is broken"),
    (503, "Not now: too many ask, or it took too long"),
    (507, "The server's disk is full; nothing was written"),
];

/// The statuses that an address can have.
fn statuses(route: &Route) -> Vec<u16> {
    let mut all = vec![400, 401, 414, 421, 500, 503];
    match (route.method, route.sent) {
        ("post", Form::Lines(_)) => all.extend([403, 408, 413, 415, 422, 429, 507]),
        ("post", _) => all.extend([403, 408, 409, 413, 429]),
        _ if route.who != Who::Readers => all.push(403),
        _ => {}
    }
    if is_answer(route) {
        all.push(410);
    }
    match route.path {
        "/api/v1/entities/{id}" => all.extend([302, 404, 410]),
        path if route.method == "get" && path.starts_with("/api/v1/entities/") => all.extend([302, 404]),
        "/api/v1/questions/{id}" | "/api/v1/flow" | "/api/v1/ledger/lines" => all.push(404),
        _ => {}
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether it is an answer about the map, which there is of any moment.
fn is_answer(route: &Route) -> bool {
    ANSWERS.iter().any(|answer| answer.path == route.path && answer.method == route.method)
}

/// What a route takes behind the question mark.
fn takes(route: &Route) -> impl Iterator<Item = &Parameter> {
    route.takes.iter().chain(is_answer(route).then_some(&AT))
}

/// The answers by name, with what each takes behind the question mark.
pub(crate) fn index() -> std::collections::BTreeMap<String, String> {
    let address = |route: &Route| {
        let names: Vec<&str> = takes(route).map(|parameter| parameter.name).collect();
        format!("{}{{?{}}}", route.path, names.join(","))
    };
    ANSWERS.iter().map(|route| (route.name.to_owned(), address(route))).collect()
}

/// The document, OpenAPI 3.1.
pub(crate) fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::all() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(route.method.to_owned(), operation(route, &mut generator));
        }
    }
    let responses: Map<String, Value> = STATUSES
        .iter()
        .map(|(status, means)| (status.to_string(), response(*status, means, &mut generator)))
        .collect();
    let dated = dated(&mut generator);
    let mut schemas = generator.take_definitions(true);
    for name in dated {
        if let Some(properties) = schemas.get_mut(&name).and_then(|schema| schema.get_mut("properties")) {
            properties["at"] = json!({
                "$ref": "#/components/schemas/AsOf",
                "description": "What the answer is of, where a moment of the past was asked for (`at`)."
            });
        }
    }
    without_links(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stave",
            "version": "1",
            "description": "Answers about what an organisation runs, words that people say, and the ledger itself. Within v1, routes \
                            and fields are added; none are taken away, renamed or given another type. A reader passes over fields \
                            that it doesn't know. Who may do what is written in docs/access.md, with all limits; what the fields of \
                            the ledger mean in docs/ledger.md. A body or answer of lines is described as a list of them: one JSON \
                            value a line, the last one {\"end\":true}; it may be compressed (zstd).",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "security": security(Who::Readers),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "What `stave token add` printed."},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "__Host-stave-session",
                    "description": "Of a browser that signed in at /login. Under a name of the server's own machine the cookie is \
                                    called stave-session-PORT. What is sent with it must come from a page of this server \
                                    (Origin, Sec-Fetch-Site).",
                },
                "key": {
                    "type": "apiKey", "in": "cookie", "name": "stave-key-PORT",
                    "description": "Of a browser that opened the printed URL of a server without accounts.",
                },
            },
        },
    }))
}

/// Texts as readers elsewhere should see them: the code's own have links into the code.
fn without_links(value: Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.replace("[`", "`").replace("`]", "`")),
        Value::Array(items) => items.into_iter().map(without_links).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, without_links(value))).collect())
        }
        other => other,
    }
}

/// The names of the schemas that say what they are of where a moment was asked for.
fn dated(generator: &mut SchemaGenerator) -> BTreeSet<String> {
    let mut left: Vec<Value> = Vec::new();
    for route in ANSWERS {
        if let Form::Json(described) = route.given {
            left.push(described(generator).to_value());
        }
    }
    left.extend(
        [generator.subschema_for::<GoneEntity>(), generator.subschema_for::<Index>()]
            .map(|one| one.to_value()),
    );
    generator.subschema_for::<AsOf>();
    let mut names = BTreeSet::new();
    while let Some(schema) = left.pop() {
        if let Some(name) = schema["$ref"].as_str().and_then(|text| text.rsplit('/').next()) {
            names.insert(name.to_owned());
            left.extend(generator.definitions().get(name).cloned());
        }
        left.extend(schema["anyOf"].as_array().into_iter().flatten().cloned());
    }
    names
}

/// What one may show to get there; an empty object is nothing.
fn security(who: Who) -> Value {
    match who {
        Who::Readers => json!([{}, {"token": []}, {"session": []}, {"key": []}]),
        Who::Writers => json!([{"token": []}, {"session": []}, {"key": []}]),
    }
}

/// What stands behind `content`; `ends` are the lines that may be the last.
fn content(form: Form, ends: &[Line], generator: &mut SchemaGenerator) -> Option<Value> {
    Some(match form {
        Form::Nothing => return None,
        Form::Json(described) => json!({"application/json": {"schema": described(generator)}}),
        Form::Word(described) => {
            let schema = described(generator);
            json!({"application/json": {"schema": schema}, "application/x-www-form-urlencoded": {"schema": schema}})
        }
        Form::Lines(kinds) => {
            let lines: Vec<_> =
                kinds.iter().chain(ends).map(|fields| wire::line_schema(fields, generator)).collect();
            json!({"application/jsonl": {"schema": {"type": "array", "items": {"anyOf": lines}}}})
        }
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let query = takes(route).map(|known| {
        json!({"name": known.name, "in": "query", "required": known.is_needed, "description": known.means, "schema": {"type": "string"}})
    });
    let id = route.path.contains("{id}").then(|| {
        json!({
            "name": "id", "in": "path", "required": true, "schema": {"type": "string"},
            "description": "12 hexadecimal digits; where there is a 302, a name leads to them",
        })
    });
    let mut responses = Map::new();
    let given = content(route.given, &[&["end", "more"], &["error"]], generator);
    responses.insert("200".to_owned(), json!({"description": "The answer", "content": given}));
    for status in statuses(route) {
        responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{status}")}));
    }
    let mut operation = Map::from_iter([
        ("operationId".to_owned(), Value::from(route.name.replace(' ', "_"))),
        ("summary".to_owned(), Value::from(route.summary)),
        ("parameters".to_owned(), id.into_iter().chain(query).collect()),
        ("responses".to_owned(), Value::Object(responses)),
    ]);
    if let Some(sent) = content(route.sent, &[&["end"]], generator) {
        operation.insert("requestBody".to_owned(), json!({"required": true, "content": sent}));
    }
    if route.who != Who::Readers {
        operation.insert("security".to_owned(), security(route.who));
    }
    Value::Object(operation)
}

/// What is given with a status that isn't 200.
fn response(status: u16, means: &str, generator: &mut SchemaGenerator) -> Value {
    let (media_type, schema) = match status {
        302 => ("text/plain", json!({"type": "string"})),
        410 => {
            let forms = [generator.subschema_for::<GoneEntity>(), generator.subschema_for::<ErrorDocument>()];
            ("application/json", json!({"anyOf": forms}))
        }
        _ => ("application/json", json!(generator.subschema_for::<ErrorDocument>())),
    };
    let header = match status {
        302 => Some(("Location", "string", "Where it is")),
        401 => Some(("WWW-Authenticate", "string", "Bearer")),
        429 | 503 => Some(("Retry-After", "integer", "Seconds after which to come again")),
        _ => None,
    };
    let mut response = Map::from_iter([
        ("description".to_owned(), Value::from(means)),
        ("content".to_owned(), json!({media_type: {"schema": schema}})),
    ]);
    if let Some((name, kind, means)) = header {
        let header = json!({"required": true, "description": means, "schema": {"type": kind}});
        response.insert("headers".to_owned(), json!({name: header}));
    }
    Value::Object(response)
}
