//! How lines look in JSON, for the description of the endpoints.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use stave_model::{Claim, Hash};

use super::{AppendLine, Row};

/// A claim as the ledger keeps it: as JSON, or the bare digits of one that was redacted.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum Kept {
    Claim(Claim),
    Redacted(Hash),
}

/// A claim of a statement that is sent.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
struct ClaimLine {
    claim: Claim,
}

/// A kind of line, by the names of its fields; without any, a claim as the ledger keeps it. All fields are there, but
/// `more`, which says that a page ended before everything was given. Names that no line has are left out.
pub fn line_schema(fields: &[&str], generator: &mut SchemaGenerator) -> Schema {
    match fields {
        [] => generator.subschema_for::<Kept>(),
        ["append"] => generator.subschema_for::<AppendLine>(),
        ["claim"] => generator.subschema_for::<ClaimLine>(),
        _ => picked(fields, &Row::json_schema(generator)),
    }
}

/// A row with these fields only.
fn picked(fields: &[&str], row: &Schema) -> Schema {
    let known = row.get("properties").and_then(Value::as_object);
    let mut properties = Map::new();
    for name in fields {
        if let Some(field) = known.and_then(|known| known.get(*name)) {
            properties.insert((*name).to_owned(), present(field.clone()));
        }
    }
    let required: Vec<&&str> = fields.iter().filter(|name| **name != "more").collect();
    json_schema!({"type": "object", "required": required, "properties": properties})
}

/// The schema of a field that is there, of one that may be missing.
fn present(mut field: Value) -> Value {
    if let Some(types) = field.get_mut("type") {
        if let Some(only) = types.as_array().and_then(|types| types.iter().find(|one| *one != "null")) {
            *types = only.clone();
        }
        return field;
    }
    let forms = field.get("anyOf").and_then(Value::as_array);
    let some = forms.and_then(|forms| forms.iter().find(|form| form["type"] != "null")).cloned();
    some.unwrap_or(field)
}
