//! The description of `/api/v1` for programs, made from the table of its routes and the types of its answers. A copy stands
//! in docs/openapi.json; a test compares. Within `v1` fields and routes are added, none are taken away or changed.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use stave_answers as answers;

/// A name in the address or behind its question mark.
struct Parameter {
    name: &'static str,
    means: &'static str,
}

/// One answer: where it is, what it takes, what it gives.
struct Route {
    /// Behind `/api/v1`, with `{id}` for an entity's or question's 12 digits.
    path: &'static str,
    /// Its name among the answers of `/api/v1` itself.
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    schema: fn(&mut SchemaGenerator) -> Schema,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn p(name: &'static str, means: &'static str) -> Parameter {
    Parameter { name, means }
}

const ALL: Parameter = p("all", "yes: not only the first or likely ones");
const LIMIT: Parameter = p("limit", "at most so many");
const SINCE: Parameter = p("since", "from when on: an age (90d, 12w) or a day (2026-01-31)");

/// Every answer. What is asked for in `pages.rs` stands here, and a test compares the two.
const ROUTES: &[Route] = &[
    Route {
        path: "/summary",
        name: "summary",
        summary: "Counts by kind, and which repositories the map is made of",
        parameters: &[],
        schema: of::<answers::Summary>,
    },
    Route {
        path: "/entities",
        name: "entities",
        summary: "A list of what is on the map; with gone=yes of what is no longer found, with stale=30d of what nobody has looked at",
        parameters: &[
            p("q", "only with these words"),
            p("kind", "only of this kind"),
            p("type", "only of this type"),
            p("owner", "only what this one owns"),
            p("hidden", "yes: also what people say doesn't exist"),
            p("gone", "yes: what is no longer found"),
            p("stale", "what nobody has looked at for so long: 30d"),
            p("page", "the next so many"),
            LIMIT,
        ],
        schema: |generator| {
            let forms = [
                of::<answers::List>(generator),
                of::<answers::Gone>(generator),
                of::<answers::Stale>(generator),
            ];
            schemars::json_schema!({"anyOf": forms})
        },
    },
    Route {
        path: "/find",
        name: "find",
        summary: "Entities that match words, the best first",
        parameters: &[p("q", "the words"), LIMIT],
        schema: of::<answers::Find>,
    },
    Route {
        path: "/entities/{id}",
        name: "entity",
        summary: "One entity: properties, relations, what was said. 302 for a name, 410 for one that is gone",
        parameters: &[],
        schema: of::<answers::EntityPage>,
    },
    Route {
        path: "/entities/{id}/neighbourhood",
        name: "neighbourhood",
        summary: "What is around an entity, for a picture",
        parameters: &[],
        schema: of::<answers::Neighbourhood>,
    },
    Route {
        path: "/entities/{id}/why",
        name: "why",
        summary: "Who says it, when, in which file and line",
        parameters: &[p("fact", "only this type of fact"), p("to", "only with this other end")],
        schema: of::<answers::Why>,
    },
    Route {
        path: "/questions",
        name: "questions",
        summary: "What Stave can't decide, and words without a place",
        parameters: &[p("kind", "only of this kind"), p("entity", "only about this one, by its 12 digits")],
        schema: of::<answers::Questions>,
    },
    Route {
        path: "/questions/{id}",
        name: "question",
        summary: "One question with its possible answers",
        parameters: &[],
        schema: of::<answers::Asked>,
    },
    Route {
        path: "/overlap",
        name: "overlap",
        summary: "Pieces that may do the same job, and tools of one category",
        parameters: &[ALL],
        schema: of::<answers::Overlap>,
    },
    Route {
        path: "/entities/{id}/barrel",
        name: "barrel",
        summary: "Seven staves from 0 to 10, as high as the lowest",
        parameters: &[],
        schema: of::<answers::Barrel>,
    },
    Route {
        path: "/next",
        name: "next",
        summary: "The next bottleneck",
        parameters: &[SINCE, LIMIT],
        schema: of::<answers::Next>,
    },
    Route {
        path: "/fires",
        name: "fires",
        summary: "Where it goes down, by the time that was lost",
        parameters: &[SINCE, p("piece", "only this entity, by its 12 digits")],
        schema: of::<answers::Fires>,
    },
    Route {
        path: "/flow",
        name: "flow",
        summary: "How changes flow to users",
        parameters: &[
            p("entity", "only this one, by its 12 digits"),
            p("since", "an age: 90d"),
            p("definition", "dora or devlake"),
            p("explain", "yes: event by event, where the two differ"),
        ],
        schema: of::<answers::flow::Flow>,
    },
    Route {
        path: "/knowledge",
        name: "knowledge",
        summary: "Components by how few people know them; no names",
        parameters: &[ALL, p("without", "as if this person had left; can be repeated")],
        schema: of::<answers::Risks>,
    },
    Route {
        path: "/hotspots",
        name: "hotspots",
        summary: "Where most of the work is done, and what changes together",
        parameters: &[ALL],
        schema: of::<answers::Hotspots>,
    },
    Route {
        path: "/entities/{id}/who",
        name: "who",
        summary: "Whom to ask about an entity",
        parameters: &[p("pseudonyms", "yes: people are called by digits")],
        schema: of::<answers::WhoKnows>,
    },
    Route {
        path: "/entities/{id}/hotspots",
        name: "hotspots of one",
        summary: "The files of one entity by changes times size",
        parameters: &[ALL],
        schema: of::<answers::Hotspots>,
    },
    Route {
        path: "/log",
        name: "log",
        summary: "What was said and read, newest first",
        parameters: &[p("before", "only smaller numbers: the next page"), LIMIT],
        schema: of::<answers::Log>,
    },
    Route {
        path: "/graph",
        name: "graph",
        summary: "Entities and links in the direction of the data",
        parameters: &[],
        schema: of::<answers::Graph>,
    },
    Route {
        path: "/tools",
        name: "tools",
        summary: "Outside products and services in use, by category",
        parameters: &[p("q", "only what has to do with this")],
        schema: of::<answers::Tools>,
    },
];

/// The answers by name, with what each takes behind the question mark.
pub(crate) fn index() -> Map<String, Value> {
    let address = |route: &Route| {
        let names: Vec<&str> = route.parameters.iter().map(|parameter| parameter.name).collect();
        let query = if names.is_empty() { String::new() } else { format!("{{?{}}}", names.join(",")) };
        Value::from(format!("/api/v1{}{query}", route.path))
    };
    ROUTES.iter().map(|route| (route.name.to_owned(), address(route))).collect()
}

/// The document, OpenAPI 3.1.
pub(crate) fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        paths.insert(format!("/api/v1{}", route.path), json!({"get": operation(route, &mut generator)}));
    }
    let text = |what: &str| json!({"description": what, "content": {"application/json": {"schema": {"type": "object"}}}});
    let plain = |id: &str, summary: &str| json!({"get": {"operationId": id, "summary": summary, "responses": {"200": text("The answer")}}});
    paths.insert(
        "/api/v1".to_owned(),
        plain("index", "Where the answers are, and the position in the ledger"),
    );
    paths.insert("/api/v1/caller".to_owned(), plain("caller", "Who the caller is to this server"));
    paths.insert("/api/v1/openapi.json".to_owned(), plain("openapi", "This document"));
    let error = json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {
                "status": {"type": "integer", "description": "The status of the response."},
                "message": {"type": "string", "description": "What happened."},
                "hint": {"type": "string", "description": "What to do about it."},
                "nearest": {"type": "array", "description": "Entities that may have been meant.", "items": of::<answers::EntityRow>(&mut generator)},
            },
        }},
    });
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Error".to_owned(), error);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stave",
            "version": "1",
            "description": "Answers about what an organisation runs. Within v1, routes and fields are added; none are taken away, renamed \
                            or given another type. A reader passes over fields that it doesn't know. Who may ask is written in \
                            docs/access.md; the routes under /api/v1/ledger, for copies of the whole ledger, in docs/remote.md; those \
                            that write, in docs/correcting.md.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "security": [{}, {"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "stave", "description": "Of a browser that signed in."},
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = route
        .parameters
        .iter()
        .map(|known| json!({"name": known.name, "in": "query", "description": known.means, "schema": {"type": "string"}}))
        .collect();
    if route.path.contains("{id}") {
        parameters.insert(
            0,
            json!({
                "name": "id", "in": "path", "required": true, "description": "12 hexadecimal digits",
                "schema": {"type": "string", "pattern": "^[0-9a-f]{12}$"},
            }),
        );
    }
    let problem = |what: &str| json!({"description": what, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}});
    json!({
        "operationId": route.name.replace(' ', "_"),
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer", "content": {"application/json": {"schema": (route.schema)(generator)}}},
            "4XX": problem("The answer is no, or the question can't be read"),
            "5XX": problem("There is no answer now"),
        },
    })
}
