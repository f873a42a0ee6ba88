//! Documents that describe an interface: OpenAPI, AsyncAPI, protobuf services, GraphQL schemas, Thrift services.
//!
//! OpenAPI, AsyncAPI and GraphQL documents are pieces of the kind `api`; which component offers one follows from where it
//! lies. Services of protobuf and Thrift are pieces already, offered by whose code says so; here they get their methods.

use std::collections::BTreeMap;

use crate::link::{Document, Methods, Place, Sketch, base_name, clean_name, parent};
use crate::parse::{Code, Node, ParseError, Token, parse_json};
use crate::values::clean_text;

use super::endpoints::path;
use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "interfaces";

/// One described interface.
pub(crate) struct Described {
    format: &'static str,
    name: Option<String>,
    description: Option<String>,
    line: u32,
    endpoints: Vec<(String, u32)>,
}

/// The reader of interface descriptions.
pub(crate) struct Interfaces;

impl Reader for Interfaces {
    type Facts = Vec<Described>;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] =
        &["openapi", "swagger", "asyncapi", "service ", "Query", "Mutation", "Subscription"];

    fn wants(path: &str, name: &str) -> bool {
        const WORDS: &[&str] = &["api", "swagger", "schema", "contract", "oas"];
        match name.rsplit_once('.') {
            Some((_, "proto" | "graphql" | "gql" | "graphqls" | "thrift")) => true,
            Some((_, "yaml" | "yml" | "json")) => {
                let folder = base_name(parent(path)).to_ascii_lowercase();
                WORDS.iter().any(|word| name.contains(word) || folder.contains(word))
            }
            _ => false,
        }
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Described>> {
        let name = file.name();
        let end = name.rsplit_once('.').map_or("", |(_, end)| end);
        let found = match end {
            "proto" => file.code().map(protobuf).unwrap_or_default(),
            "thrift" => file.code().map(thrift).unwrap_or_default(),
            "graphql" | "gql" => file.code().map(graphql).unwrap_or_default(),
            "graphqls" => graphql(&Code::read(file.text, crate::parse::Syntax::Hash)),
            _ => document(file, end)?,
        };
        Ok((!found.is_empty()).then_some(found))
    }

    fn link(facts: Vec<(String, Vec<Described>)>, sketch: &mut Sketch<'_>) {
        // Copies of one definition lie where it is used; together they are one.
        let mut services: BTreeMap<String, BTreeMap<String, Place>> = BTreeMap::new();
        for (path, all) in facts {
            for one in all {
                let name = name_of(&one, &path);
                if matches!(one.format, "grpc" | "thrift") {
                    let methods = services.entry(name).or_default();
                    for (text, line) in one.endpoints {
                        methods.entry(text).or_insert_with(|| (path.clone(), line));
                    }
                    continue;
                }
                let Some(name) = clean_name(&name) else { continue };
                sketch.documents.push(Document {
                    reader: NAME,
                    format: one.format,
                    name,
                    description: one.description,
                    at: (path.clone(), one.line),
                    endpoints: one.endpoints,
                });
            }
        }
        for (service, endpoints) in services {
            let endpoints = endpoints.into_iter().collect();
            sketch.methods.push(Methods { reader: NAME, service, endpoints });
        }
    }
}

/// Its own name, else the file's, or the folder's where the file has a name that all have.
fn name_of(one: &Described, path: &str) -> String {
    if let Some(name) = &one.name {
        return name.clone();
    }
    let file = base_name(path);
    let stem = file.split('.').next().unwrap_or(file);
    let is_common = ["schema", "index", "openapi", "swagger", "api", "asyncapi", "typedefs", "types"]
        .contains(&stem.to_ascii_lowercase().as_str());
    let folder = base_name(parent(path));
    if is_common && !folder.is_empty() { folder.to_owned() } else { stem.to_owned() }
}

fn document(file: &SourceFile<'_>, end: &str) -> Result<Vec<Described>, ParseError> {
    // The mark stands at the top; most files that have the word somewhere are something else.
    if !has_mark(file.text) {
        return Ok(Vec::new());
    }
    if end == "json" {
        let root = parse_json(file.text)?;
        return Ok(described(&root).into_iter().collect());
    }
    match file.yaml() {
        Ok(documents) => Ok(documents.iter().filter_map(described).collect()),
        Err(_) if file.is_template() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn has_mark(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start_matches([' ', '\t', '{']);
        ["openapi", "swagger", "asyncapi", "\"openapi\"", "\"swagger\"", "\"asyncapi\""]
            .iter()
            .any(|mark| line.strip_prefix(mark).is_some_and(|rest| rest.trim_start().starts_with(':')))
    })
}

fn described(root: &Node) -> Option<Described> {
    let is_http = root.get("openapi").or_else(|| root.get("swagger")).is_some();
    let (format, endpoints) = if is_http {
        ("openapi", http(root))
    } else if root.get("asyncapi").is_some() {
        ("asyncapi", messages(root))
    } else {
        return None;
    };
    // A file of shared schemas has the mark too, but nothing to call.
    if endpoints.is_empty() {
        return None;
    }
    let info = |key: &str| root.at(&["info", key]).and_then(Node::text);
    Some(Described {
        format,
        name: info("title").and_then(clean_name),
        description: info("description").and_then(|text| clean_text(text, crate::limits::DESCRIPTION_BYTES)),
        line: root.line,
        endpoints,
    })
}

fn http(root: &Node) -> Vec<(String, u32)> {
    // `basePath` of Swagger 2, the path of the first server of OpenAPI 3.
    let server =
        root.get("servers").and_then(|servers| servers.items().first()).and_then(|one| one.text_of("url"));
    let base = root.text_of("basePath").map(str::to_owned).or_else(|| {
        let url = server?;
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        if url.starts_with('/') {
            Some(url.to_owned())
        } else {
            rest.find('/').map(|at| rest[at..].to_owned())
        }
    });
    let base = base.unwrap_or_default();
    let mut found = Vec::new();
    for (route, item) in root.entries_of("paths") {
        for (word, operation) in item.entries() {
            let Some(method) = path::method(word) else { continue };
            let text = path::endpoint(Some(method), &path::join(&base, route));
            found.extend(text.map(|text| (text, operation.line)));
        }
    }
    found
}

/// `send CHANNEL` and `receive CHANNEL`, as seen from the application. Version 2 says it from the other side.
fn messages(root: &Node) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    let mut add = |verb: &str, channel: &str, line: u32| {
        found.extend(
            clean_name(&channel.replace(['{', '}'], "")).map(|name| (format!("{verb} {name}"), line)),
        );
    };
    for (channel, item) in root.entries_of("channels") {
        for (word, verb) in [("publish", "receive"), ("subscribe", "send")] {
            if let Some(operation) = item.get(word) {
                add(verb, channel, operation.line);
            }
        }
    }
    for (_, operation) in root.entries_of("operations") {
        let Some(verb @ ("send" | "receive")) = operation.text_of("action") else { continue };
        let Some(channel) = operation.at(&["channel", "$ref"]).and_then(Node::text) else { continue };
        let key = base_name(channel);
        let address =
            root.at(&["channels", key]).and_then(|channel| channel.text_of("address")).unwrap_or(key);
        add(verb, address, operation.line);
    }
    found
}

/// `service NAME { rpc METHOD (…) …; }`, with the package in front.
fn protobuf(code: &Code<'_>) -> Vec<Described> {
    let mut package = String::new();
    let mut found = Vec::new();
    let mut at = 0;
    while at < code.len() {
        if code.is_word(at, "package") && package.is_empty() {
            let end = (at + 1..code.len().min(at + 40)).find(|at| code.is_sign(*at, ';')).unwrap_or(at + 1);
            let words: Vec<&str> = (at + 1..end).filter_map(|at| code.word(at)).collect();
            package = words.join(".");
        }
        if code.is_word(at, "service")
            && let Some(name) = code.word(at + 1)
            && code.is_sign(at + 2, '{')
        {
            let full = if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") };
            let end = code.closing(at + 2);
            let endpoints = (at + 3..end)
                .filter(|at| code.is_word(*at, "rpc") && code.is_sign(*at + 2, '('))
                .filter_map(|at| Some((format!("{full}/{}", code.word(at + 1)?), code.line(at))))
                .collect();
            found.push(called("grpc", full, code.line(at), endpoints));
            at = end;
        }
        at += 1;
    }
    found
}

fn called(format: &'static str, name: String, line: u32, endpoints: Vec<(String, u32)>) -> Described {
    Described { format, name: Some(name), description: None, line, endpoints }
}

/// `service NAME extends OTHER { TYPE METHOD(…) throws (…), … }`.
fn thrift(code: &Code<'_>) -> Vec<Described> {
    let mut found = Vec::new();
    for at in code.positions("service") {
        let Some(name) = code.word(at + 1) else { continue };
        let Some(open) = (at + 2..at + 8).find(|at| code.is_sign(*at, '{')) else { continue };
        let end = code.closing(open);
        let mut endpoints = Vec::new();
        let mut inside = open + 1;
        while inside < end {
            if let Some(method) = code.word(inside)
                && code.is_sign(inside + 1, '(')
            {
                if method != "throws" {
                    endpoints.push((format!("{name}/{method}"), code.line(inside)));
                }
                inside = code.closing(inside + 1);
            }
            inside += 1;
        }
        found.push(called("thrift", name.to_owned(), code.line(at), endpoints));
    }
    found
}

/// The fields of the types that a request begins at.
fn graphql(code: &Code<'_>) -> Vec<Described> {
    let mut endpoints = Vec::new();
    let mut first = None;
    for at in code.positions("type") {
        let verb = match code.word(at + 1) {
            Some("Query") => "query",
            Some("Mutation") => "mutation",
            Some("Subscription") => "subscription",
            _ => continue,
        };
        let Some(open) = (at + 2..at + 12).find(|at| code.is_sign(*at, '{')) else { continue };
        first.get_or_insert(code.line(at));
        let end = code.closing(open);
        let mut inside = open + 1;
        while inside < end {
            match code.get(inside) {
                Some(Token::Word(field))
                    if code.is_sign(inside + 1, '(') || code.is_sign(inside + 1, ':') =>
                {
                    endpoints.push((format!("{verb} {field}"), code.line(inside)));
                    // Its arguments, then its type.
                    inside += 1;
                    if code.is_sign(inside, '(') {
                        inside = code.closing(inside) + 1;
                    }
                }
                Some(Token::Sign('@')) if code.is_sign(inside + 2, '(') => inside = code.closing(inside + 2),
                _ => {}
            }
            inside += 1;
        }
    }
    match first {
        Some(line) if !endpoints.is_empty() => {
            vec![Described { format: "graphql", name: None, description: None, line, endpoints }]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn endpoints(path: &str, text: &str) -> Vec<String> {
        let found = Interfaces::read(&SourceFile::new(path, text)).unwrap().unwrap_or_default();
        found.iter().flat_map(|one| &one.endpoints).map(|(text, line)| format!("{text} @{line}")).collect()
    }

    #[test]
    fn openapi_has_paths_below_its_server() {
        let text = "openapi: 3.0.0\ninfo: {title: Orders}\nservers:\n- url: https://x.dev/v1\npaths:\n  /orders/{id}:\n    get: {}\n    parameters: []\n    delete: {}\n";
        assert_eq!(endpoints("api.yaml", text), ["GET /v1/orders/{id} @7", "DELETE /v1/orders/{id} @9"]);
        let text = "{\"swagger\": \"2.0\", \"basePath\": \"/b\", \"paths\": {\"/x\": {\"post\": {}}}}";
        assert_eq!(endpoints("swagger.json", text), ["POST /b/x @1"]);
        assert_eq!(endpoints("api.yaml", "a: openapi\n"), Vec::<String>::new());
    }

    #[test]
    fn asyncapi_speaks_from_the_applications_side() {
        let text = "asyncapi: 2.6.0\nchannels:\n  orders/placed:\n    publish: {}\n    subscribe: {}\n";
        assert_eq!(endpoints("asyncapi.yaml", text), ["receive orders/placed @4", "send orders/placed @5"]);
        let text = "asyncapi: 3.0.0\nchannels:\n  placed: {address: orders.placed}\noperations:\n  a: {action: send, channel: {$ref: '#/channels/placed'}}\n";
        assert_eq!(endpoints("asyncapi.yaml", text), ["send orders.placed @5"]);
    }

    #[test]
    fn services_have_their_methods() {
        let text = "syntax = \"proto3\";\npackage shop.v1;\nservice Orders {\n  // c\n  rpc Place (A) returns (stream B) { option (x) = {}; }\n  rpc Get(A) returns (B);\n}\n";
        assert_eq!(endpoints("a.proto", text), ["shop.v1.Orders/Place @5", "shop.v1.Orders/Get @6"]);
        let text = "service Cart extends Base {\n  list<i32> items(1: string id) throws (1: Gone gone),\n  oneway void clear()\n}\n";
        assert_eq!(endpoints("a.thrift", text), ["Cart/items @2", "Cart/clear @3"]);
        let text = "type Query {\n  \"all\"\n  orders(first: Int = 3): [Order!]! @auth(r: A)\n  me: User\n}\nextend type Mutation { place(o: In!): Order }\ntype Order { id: ID }\n";
        assert_eq!(
            endpoints("schema.graphql", text),
            ["query orders @3", "query me @4", "mutation place @6"]
        );
    }
}
