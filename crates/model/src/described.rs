//! How the types of the format that are written by hand look in JSON, for descriptions of what is made of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Author, Evidence, Hash, Key, Op, Reference, Scope, Time};

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

/// Names, which are plain texts in JSON.
macro_rules! names {
    ($($name:ident: $description:literal;)*) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "description": $description})
            }
        }
    )*};
}

names! {
    Author: "Who makes a statement: person:ID, collector:NAME, scanner:TOOL/CATEGORY, system:INSTANCE.";
    Scope: "What a statement covers: repo:HOST/PATH@BRANCH, history:HOST/PATH@BRANCH, fact:OF#TYPE[>TO], …";
    Reference: "A name as its source writes it: repo:HOST/PATH//FOLDER#FORMAT/NAME, host:…, said:KIND/slug.";
    Key: "What a reference can be recognised by: image:…, package:…, host:…, named:…";
}

impl JsonSchema for Op {
    fn schema_name() -> Cow<'static, str> {
        "Op".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Groups the statements of one command."})
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
