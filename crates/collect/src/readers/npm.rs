//! package.json: packages, what kind of program they are, and which of their dependencies are of this system.

use crate::link::{Form, Runs, Sketch, base_name, parent};
use crate::parse::{Node, parse_json};
use crate::values::clean_text;

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "npm";

/// One package.
pub(crate) struct Package {
    name: String,
    line: u32,
    description: Option<String>,
    runs: Runs,
    is_frontend: bool,
    has_workspaces: bool,
    dependencies: Vec<(String, u32)>,
}

/// The reader of npm manifests.
pub(crate) struct Npm;

const FRONTENDS: &[&str] = &[
    "react",
    "react-dom",
    "vue",
    "@angular/core",
    "svelte",
    "next",
    "nuxt",
    "preact",
    "solid-js",
    "gatsby",
    "@remix-run/react",
    "react-native",
    "expo",
    "astro",
    "ember-source",
    "lit",
];
const SERVERS: &[&str] = &[
    "express",
    "fastify",
    "koa",
    "@nestjs/core",
    "@hapi/hapi",
    "hapi",
    "restify",
    "@grpc/grpc-js",
    "grpc",
    "apollo-server",
    "@apollo/server",
    "kafkajs",
    "amqplib",
    "socket.io",
    "polka",
    "hono",
    "@feathersjs/feathers",
    "moleculer",
    "ws",
    "micro",
];

impl Reader for Npm {
    type Facts = Package;
    const NAME: &'static str = NAME;

    fn wants(_path: &str, name: &str) -> bool {
        name == "package.json"
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Package> {
        let root = match parse_json(file.text) {
            Ok(root) => root,
            Err(_) if file.is_template() => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(read_package(&root))
    }

    fn link(facts: Vec<(String, Package)>, sketch: &mut Sketch<'_>) {
        let scopes: Vec<String> =
            facts.iter().filter_map(|(_, package)| scope(&package.name).map(str::to_owned)).collect();
        for (path, package) in facts {
            let folder = parent(&path).to_owned();
            if package.has_workspaces {
                continue;
            }
            // A package without a name has its folder's.
            let name = match package.name.as_str() {
                "" if folder.is_empty() => continue,
                "" => base_name(&folder).to_owned(),
                name => name.to_owned(),
            };
            if package.runs != Runs::Unknown {
                sketch.homes.insert(folder.clone());
            }
            let Some(piece) =
                sketch.piece(NAME, Form::Code, &folder, "npm", &name, (path.clone(), package.line))
            else {
                continue;
            };
            let own = &mut sketch.pieces[piece];
            own.home = Some(folder);
            own.runs = package.runs;
            if package.is_frontend && package.runs == Runs::Yes {
                own.typ = Some("frontend".to_owned());
            }
            own.description = package
                .description
                .as_deref()
                .and_then(|text| clean_text(text, crate::limits::DESCRIPTION_BYTES));
            if !package.name.is_empty() {
                own.package = Some(format!("npm/{}", package.name));
            }
            own.needs = package
                .dependencies
                .into_iter()
                .filter(|(name, _)| {
                    scope(name).is_some_and(|scope| scopes.iter().any(|own| own == scope))
                        || scope(name).is_none()
                })
                .map(|(name, line)| (format!("npm/{name}"), (path.clone(), line)))
                .collect();
        }
    }
}

/// `@acme` of `@acme/x`.
fn scope(name: &str) -> Option<&str> {
    name.split_once('/').map(|(scope, _)| scope).filter(|scope| scope.starts_with('@'))
}

fn read_package(root: &Node) -> Option<Package> {
    if !root.is_map() {
        return None;
    }
    let name = root.get("name");
    let dependencies: Vec<(String, u32)> = ["dependencies", "peerDependencies", "optionalDependencies"]
        .iter()
        .flat_map(|key| root.entries_of(key))
        .map(|(name, node)| (name.to_string(), node.line))
        .collect();
    let has = |list: &[&str]| dependencies.iter().any(|(name, _)| list.contains(&name.as_str()));
    let (is_frontend, is_server) = (has(FRONTENDS), has(SERVERS));
    let script = |name: &str| root.at(&["scripts", name]).is_some();
    let is_published = ["main", "module", "exports", "types", "files", "publishConfig"]
        .iter()
        .any(|key| root.get(key).is_some());
    let private = root.text_of("private") == Some("true");
    let runs = if script("start")
        || script("serve")
        || is_server && !is_published
        || is_frontend && (script("dev") || script("build")) && !is_published
    {
        Runs::Yes
    } else if is_published || !private && !dependencies.is_empty() {
        Runs::Library
    } else {
        Runs::Unknown
    };
    Some(Package {
        name: name.and_then(Node::text).unwrap_or("").to_owned(),
        line: name.map_or(1, |node| node.line),
        description: root.text_of("description").map(str::to_owned),
        runs,
        is_frontend: is_frontend && !is_server,
        has_workspaces: root.get("workspaces").is_some(),
        dependencies,
    })
}
