//! How the types of the format that are written by hand look in JSON, for descriptions of what is made of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Evidence, Hash, Time};

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "description": "UTC: 2026-11-22T21:30:00.000Z"})
    }
}

impl JsonSchema for Hash {
    fn schema_name() -> Cow<'static, str> {
        "Hash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "A SHA-256."})
    }
}

impl JsonSchema for Evidence {
    fn schema_name() -> Cow<'static, str> {
        "Evidence".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Where it can be checked.",
            "properties": {
                "path": {"type": "string", "description": "Path in the statement's source."},
                "line": {"type": "integer", "description": "Line in that file, from 1."},
                "url": {"type": "string", "description": "A web address, for sources that are not files."},
            },
        })
    }
}
