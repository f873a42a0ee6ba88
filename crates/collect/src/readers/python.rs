//! Python projects: pyproject.toml, setup.cfg, requirements.txt.

use std::collections::BTreeMap;

use crate::link::{Form, Runs, Sketch, parent};
use crate::parse::{Node, parse_ini, parse_toml};
use crate::values::clean_text;

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "python";

/// One file of a project.
#[derive(Default)]
pub(crate) struct Project {
    name: Option<(String, u32)>,
    description: Option<String>,
    dependencies: Vec<(String, u32)>,
    has_scripts: bool,
    is_built: bool,
}

/// The reader of Python projects.
pub(crate) struct Python;

const SERVERS: &[&str] = &[
    "flask",
    "fastapi",
    "django",
    "uvicorn",
    "gunicorn",
    "aiohttp",
    "grpcio",
    "tornado",
    "celery",
    "sanic",
    "bottle",
    "starlette",
    "falcon",
    "hypercorn",
    "streamlit",
    "kafka-python",
    "confluent-kafka",
    "pika",
    "faust",
    "dramatiq",
    "connexion",
    "litestar",
    "chainlit",
    "gradio",
    "locust",
];

impl Reader for Python {
    type Facts = Project;
    const NAME: &'static str = NAME;

    fn wants(_path: &str, name: &str) -> bool {
        matches!(name, "pyproject.toml" | "setup.cfg")
            || name.starts_with("requirements") && (name.ends_with(".txt") || name.ends_with(".in"))
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Project> {
        match file.name().as_str() {
            "pyproject.toml" => match parse_toml(file.text) {
                Ok(root) => Ok(Some(read_pyproject(&root))),
                Err(_) if file.is_template() => Ok(None),
                Err(error) => Err(error),
            },
            "setup.cfg" => Ok(Some(read_setup(file.text))),
            _ => Ok(Some(Project { dependencies: requirements(file.text), ..Project::default() })),
        }
    }

    fn link(facts: Vec<(String, Project)>, sketch: &mut Sketch<'_>) {
        let mut folders: BTreeMap<String, Vec<(String, Project)>> = BTreeMap::new();
        for (path, project) in facts {
            folders.entry(parent(&path).to_owned()).or_default().push((path, project));
        }
        for (folder, files) in folders {
            sketch.homes.insert(folder.clone());
            let serves = files
                .iter()
                .flat_map(|(_, file)| &file.dependencies)
                .any(|(name, _)| SERVERS.contains(&name.as_str()));
            // Requirements alone name nothing: they are part of whatever else is in the folder.
            let Some((path, named)) = files.iter().find(|(_, file)| file.name.is_some()) else { continue };
            let Some((name, line)) = named.name.clone() else { continue };
            let Some(piece) = sketch.piece(NAME, Form::Code, &folder, "python", &name, (path.clone(), line))
            else {
                continue;
            };
            let own = &mut sketch.pieces[piece];
            own.home = Some(folder);
            own.runs = if serves {
                Runs::Yes
            } else if named.is_built && !named.has_scripts {
                Runs::Library
            } else if named.has_scripts {
                own.typ = Some("tool".to_owned());
                Runs::Yes
            } else {
                Runs::Unknown
            };
            own.description = named
                .description
                .as_deref()
                .and_then(|text| clean_text(text, crate::limits::DESCRIPTION_BYTES));
            own.package = Some(format!("pypi/{}", normal(&name)));
            own.needs = files
                .iter()
                .flat_map(|(path, file)| {
                    file.dependencies
                        .iter()
                        .map(move |(name, line)| (format!("pypi/{name}"), (path.clone(), *line)))
                })
                .collect();
        }
    }
}

/// The one form of a package's name.
fn normal(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '.'], "-")
}

/// The name at the front of `name[extra]>=1; marker`.
fn requirement(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let name = &text[..end];
    (!name.is_empty() && name.starts_with(|c: char| c.is_ascii_alphanumeric())).then(|| normal(name))
}

fn requirements(text: &str) -> Vec<(String, u32)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| {
            line.len() <= crate::limits::LINE_BYTES
                && !line.trim_start().starts_with(['#', '-'])
                && !line.contains("://")
        })
        .filter_map(|(index, line)| Some((requirement(line)?, u32::try_from(index).ok()? + 1)))
        .collect()
}

fn read_pyproject(root: &Node) -> Project {
    let tables = [root.get("project"), root.at(&["tool", "poetry"]), root.at(&["tool", "pdm"])];
    let mut project = Project { is_built: root.get("build-system").is_some(), ..Project::default() };
    for table in tables.into_iter().flatten() {
        let name = table.get("name").and_then(|node| Some((node.text()?.to_owned(), node.line)));
        project.name = project.name.take().or(name);
        project.description =
            project.description.take().or_else(|| table.text_of("description").map(str::to_owned));
        project.has_scripts |= !table.entries_of("scripts").is_empty();
        for item in table.items_of("dependencies") {
            project.dependencies.extend(item.text().and_then(requirement).map(|name| (name, item.line)));
        }
        for (name, node) in table.entries_of("dependencies") {
            project.dependencies.push((normal(name), node.line));
        }
    }
    project
}

fn read_setup(text: &str) -> Project {
    let mut project = Project { is_built: true, ..Project::default() };
    for pair in parse_ini(text) {
        match pair.key.as_str() {
            "metadata.name" => project.name = Some((pair.value, pair.line)),
            "metadata.description" => project.description = Some(pair.value),
            key => project.has_scripts |= key.starts_with("options.entry_points."),
        }
    }
    project
}
