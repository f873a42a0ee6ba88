//! Cargo.toml: packages, and which of their dependencies are of this repository.

use crate::link::{Form, Runs, Sketch, parent};
use crate::parse::{Node, parse_toml};
use crate::values::clean_text;

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "cargo";

/// One package.
pub(crate) struct Package {
    name: String,
    line: u32,
    description: Option<String>,
    has_bin: bool,
    serves: bool,
    dependencies: Vec<(String, u32)>,
}

/// The reader of Cargo manifests.
pub(crate) struct Cargo;

const SERVERS: &[&str] = &[
    "axum",
    "actix-web",
    "rocket",
    "warp",
    "tonic",
    "poem",
    "salvo",
    "tide",
    "hyper",
    "rdkafka",
    "lapin",
    "async-graphql",
    "actix",
    "tower-http",
    "ntex",
    "gotham",
    "jsonrpsee",
];

impl Reader for Cargo {
    type Facts = Package;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["[package]"];

    fn wants(_path: &str, name: &str) -> bool {
        name == "cargo.toml"
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Package> {
        let root = match parse_toml(file.text) {
            Ok(root) => root,
            Err(_) if file.is_template() => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(read_package(&root))
    }

    fn link(facts: Vec<(String, Package)>, sketch: &mut Sketch<'_>) {
        for (path, package) in facts {
            let folder = parent(&path).to_owned();
            sketch.homes.insert(folder.clone());
            let Some(piece) =
                sketch.piece(NAME, Form::Code, &folder, "cargo", &package.name, (path.clone(), package.line))
            else {
                continue;
            };
            let inside =
                |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
            let bin = inside("src/bin/");
            let has_main = package.has_bin
                || sketch.has_file(&inside("src/main.rs"))
                || sketch.files_below(&folder).iter().any(|file| file.starts_with(&bin));
            let own = &mut sketch.pieces[piece];
            own.home = Some(folder);
            own.runs = if has_main { Runs::Yes } else { Runs::Library };
            if has_main && !package.serves {
                own.typ = Some("tool".to_owned());
            }
            own.description = package
                .description
                .as_deref()
                .and_then(|text| clean_text(text, crate::limits::DESCRIPTION_BYTES));
            own.package = Some(format!("cargo/{}", package.name));
            own.needs = package
                .dependencies
                .into_iter()
                .map(|(name, line)| (format!("cargo/{name}"), (path.clone(), line)))
                .collect();
        }
    }
}

fn read_package(root: &Node) -> Option<Package> {
    let name = root.at(&["package", "name"])?;
    let mut dependencies = Vec::new();
    let mut serves = false;
    for (key, node) in root.entries_of("dependencies") {
        let package = node.text_of("package").unwrap_or(key).to_owned();
        serves |= SERVERS.contains(&package.as_str());
        // Only what lies in the repository is of this system.
        if node.get("path").is_some() || node.text_of("workspace") == Some("true") {
            dependencies.push((package, node.line));
        }
    }
    Some(Package {
        name: name.text()?.to_owned(),
        line: name.line,
        description: root.at(&["package", "description"]).and_then(Node::text).map(str::to_owned),
        has_bin: root.get("bin").is_some(),
        serves,
        dependencies,
    })
}
