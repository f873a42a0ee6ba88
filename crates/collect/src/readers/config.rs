//! Settings: env files, application settings, and other configuration files that name other pieces.

use crate::link::{Form, Origin, Sketch, base_name, parent};
use crate::parse::{Node, Pair, parse_env, parse_ini, parse_json, parse_properties, parse_toml};
use crate::values::{addresses, is_listen_name, is_secret_name};

use super::{ReadResult, Reader, SourceFile, spring};

pub(super) const NAME: &str = "config";

/// The reader of env files. Its facts fill other readers' placeholders, so it comes first.
pub(crate) struct EnvFiles;

impl Reader for EnvFiles {
    type Facts = Vec<Pair>;
    const NAME: &'static str = NAME;

    fn wants(_path: &str, name: &str) -> bool {
        name == ".env"
            || name.starts_with(".env.")
            || name.ends_with(".env")
            || name == "env"
            || name.ends_with(".env.local")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Pair>> {
        let mut pairs = parse_env(file.text);
        // A secret's value isn't kept even as a partial fact.
        pairs.retain(|pair| !is_secret_name(&pair.key));
        Ok(Some(pairs))
    }

    fn link(facts: Vec<(String, Vec<Pair>)>, sketch: &mut Sketch<'_>) {
        sketch.env_files.extend(facts);
    }
}

/// What kind of settings a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Spring's application and bootstrap settings, or settings of that form in a store of them.
    Spring,
    /// .NET's appsettings and other settings of the program that they lie beside.
    Own,
    /// Any configuration: only names that are known from elsewhere count.
    Other,
}

/// The settings of one file.
pub(crate) struct Settings {
    pub(super) style: Style,
    /// Profile of each document, and its pairs; keys joined by dots.
    pub(super) documents: Vec<(Option<String>, Vec<Pair>)>,
}

/// The reader of other configuration files.
pub(crate) struct Config;

const OWN_NAMES: &[&str] =
    &["config", "settings", "conf", "default", "production", "application", "bootstrap", "appsettings"];
const CONFIG_FOLDERS: &[&str] = &[
    "config",
    "configs",
    "conf",
    "conf.d",
    "etc",
    "settings",
    "provisioning",
    "resources",
    "nginx",
    "envoy",
    "templates",
];

impl Reader for Config {
    type Facts = Settings;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;

    fn wants(path: &str, name: &str) -> bool {
        let in_hidden = path.split('/').any(|part| part.starts_with('.') && part.len() > 1);
        if in_hidden {
            return false;
        }
        let end = name.rsplit_once('.').map_or("", |(_, end)| end);
        match end {
            "properties" => !matches!(
                name,
                "gradle.properties"
                    | "gradle-wrapper.properties"
                    | "maven-wrapper.properties"
                    | "sonar-project.properties"
                    | "lombok.config"
            ),
            "yml" | "yaml" => {
                !name.contains("lock")
                    && !name.starts_with("openapi")
                    && !name.starts_with("swagger")
                    && !name.starts_with("mkdocs")
            }
            "json" => {
                name.starts_with("appsettings")
                    || matches!(
                        name,
                        "config.json" | "settings.json" | "local.settings.json" | "servers.json" | "env.json"
                    )
                    || in_config_folder(path)
                        && !name.contains("dashboard")
                        && !name.contains("schema")
                        && !name.contains("lang")
            }
            "toml" | "ini" | "cfg" => {
                stem(name).is_some_and(|stem| OWN_NAMES.contains(&stem)) || in_config_folder(path)
            }
            "conf" | "template" | "tmpl" | "tpl" => true,
            _ => matches!(name, "caddyfile" | "haproxy.cfg" | "corefile" | "procfile"),
        }
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Settings> {
        read_settings(file)
    }

    fn link(facts: Vec<(String, Settings)>, sketch: &mut Sketch<'_>) {
        link_env_files(sketch);
        let facts = spring::link(facts, sketch);
        for (path, settings) in facts {
            link_settings(sketch, &path, &settings);
        }
    }
}

fn stem(name: &str) -> Option<&str> {
    name.split(['.', '-', '_']).find(|word| !word.is_empty())
}

fn in_config_folder(path: &str) -> bool {
    parent(path).split('/').any(|part| CONFIG_FOLDERS.contains(&part.to_ascii_lowercase().as_str()))
}

/// Whether a name is that of Spring's settings: `application.yml`, `bootstrap-dev.properties`.
pub(super) fn is_spring_name(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    ["application", "bootstrap"].iter().any(|word| stem == *word || stem.starts_with(&format!("{word}-")))
}

fn read_settings(file: &SourceFile<'_>) -> ReadResult<Settings> {
    let name = file.name();
    // Readers of their own know what their addresses are for.
    if super::routes::is_of_proxy(&name, file.text)
        || super::telemetry::is_of_telemetry(&name, file.text)
        || super::logging::is_of_logging(&name)
    {
        return Ok(None);
    }
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    let is_spring = is_spring_name(&name);
    match end {
        "properties" => {
            let mut pairs = parse_properties(file.text);
            pairs.retain(|pair| !is_secret_name(&pair.key));
            Ok((!pairs.is_empty())
                .then(|| Settings { style: Style::Spring, documents: vec![(profile_of(&name), pairs)] }))
        }
        "yml" | "yaml" => {
            let text = file.text;
            let is_other_format = ["apiVersion:", "openapi:", "swagger:", "\njobs:", "\nstages:", "\non:"]
                .iter()
                .any(|word| text.contains(word) && (!word.starts_with("api") || text.contains("kind:")));
            if !is_spring
                && (is_other_format
                    || text.starts_with("services:")
                    || text.contains("\nservices:") && text.contains("image:"))
            {
                return Ok(None);
            }
            // Most YAML files name no address and belong to no application: they are not parsed.
            if !is_spring && !in_config_folder(file.path) && !has_store_name(file.path) {
                return Ok(scan_lines(text));
            }
            match file.yaml() {
                Ok(documents) => Ok(Some(Settings {
                    style: if is_spring || name.ends_with("yml") || has_store_name(file.path) {
                        Style::Spring
                    } else {
                        Style::Other
                    },
                    documents: documents.iter().map(|document| spring::document(document, &name)).collect(),
                })),
                Err(_) if !is_spring => Ok(scan_lines(text)),
                Err(_) if file.is_template() => Ok(None),
                Err(error) => Err(error),
            }
        }
        "json" => match parse_json(file.text) {
            Ok(root) => Ok(own(&root)),
            // Comments of other kinds, several values: what is no JSON is no settings file of ours.
            Err(_) if !name.starts_with("appsettings") => Ok(None),
            Err(error) => Err(error),
        },
        "toml" => match parse_toml(file.text) {
            Ok(root) => Ok(own(&root)),
            Err(_) => Ok(scan_lines(file.text)),
        },
        "ini" | "cfg" if name != "haproxy.cfg" => {
            let mut pairs = parse_ini(file.text);
            pairs.retain(|pair| !is_secret_name(&pair.key));
            Ok((!pairs.is_empty()).then(|| Settings { style: Style::Own, documents: vec![(None, pairs)] }))
        }
        _ => Ok(scan_lines(file.text)),
    }
}

/// Whether a folder's name says that settings of several applications are kept in it.
pub(super) fn has_store_name(path: &str) -> bool {
    parent(path).split('/').any(|part| {
        let part = part.to_ascii_lowercase();
        part.contains("config") || part.contains("repo") || part == "shared" || part == "properties"
    })
}

/// The profile in a file's name: `prod` of `application-prod.yml`.
pub(super) fn profile_of(name: &str) -> Option<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let word = stem.rsplit_once('-')?.1.to_lowercase();
    (is_spring_name(name) || super::compose::ENVIRONMENTS.contains(&word.as_str()) || word == "docker")
        .then_some(word)
}

fn own(root: &Node) -> Option<Settings> {
    let pairs: Vec<Pair> = root
        .flatten()
        .into_iter()
        .filter(|(key, _, _)| !is_secret_name(key))
        .map(|(key, value, line)| Pair { key, value: value.to_owned(), line })
        .collect();
    (!pairs.is_empty()).then_some(Settings { style: Style::Own, documents: vec![(None, pairs)] })
}

/// Lines with an address, whatever the format: `proxy_pass http://web:8080;`.
fn scan_lines(text: &str) -> Option<Settings> {
    let mut pairs = Vec::new();
    let mut blocks: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate().take(50_000) {
        if line.len() > crate::limits::LINE_BYTES {
            continue;
        }
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) || trimmed.starts_with("//") {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        blocks.retain(|(other, _)| *other < indent);
        let key = trimmed
            .trim_start_matches(['-', ' '])
            .split([':', '=', ' '])
            .next()
            .unwrap_or("")
            .trim_matches(['"', '\'']);
        let value = trimmed.trim_start_matches(['-', ' ']);
        let value = value.strip_prefix(key).unwrap_or(value).trim_start_matches(['"', '\'', ':', '=', ' ']);
        if value.is_empty() || value.starts_with('{') {
            blocks.push((indent, key.to_owned()));
            continue;
        }
        let value = value.trim_end_matches([';', ',']);
        let value = value.split(" #").next().unwrap_or(value).trim_matches(['"', '\'']);
        // Most lines of most files end here, so the cheap test comes first.
        let may_be_address = value.contains([':', '=']) || crate::values::is_address_name(key);
        if !may_be_address || addresses(key, value).is_empty() || is_secret_name(key) {
            continue;
        }
        let full: Vec<&str> = blocks.iter().map(|(_, name)| name.as_str()).chain([key]).collect();
        let line = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
        pairs.push(Pair { key: full.join("."), value: value.to_owned(), line });
    }
    (!pairs.is_empty()).then_some(Settings { style: Style::Other, documents: vec![(None, pairs)] })
}

/// An env file beside a program is its settings. One beside a compose file is that file's.
fn link_env_files(sketch: &mut Sketch<'_>) {
    let files: Vec<(String, Vec<Pair>)> =
        sketch.env_files.iter().map(|(path, pairs)| (path.clone(), pairs.clone())).collect();
    for (path, pairs) in files {
        let folder = parent(&path);
        let is_of_compose = sketch.pieces.iter().any(|piece| {
            piece.form == Form::Deployed
                && piece
                    .reference
                    .in_repository()
                    .is_some_and(|(_, other, format, _)| format == "compose" && other == folder)
        });
        if is_of_compose {
            continue;
        }
        let name = base_name(&path).to_ascii_lowercase();
        let env = name
            .strip_prefix(".env.")
            .filter(|word| super::compose::ENVIRONMENTS.contains(word))
            .map(str::to_owned);
        let lookup = |key: &str| pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.clone());
        for pair in &pairs {
            let value = super::compose::interpolate(&pair.value, &lookup);
            let at = (path.clone(), pair.line);
            sketch.mention_value(
                NAME,
                &Origin::File(path.clone()),
                &pair.key,
                &value,
                true,
                &at,
                env.as_deref(),
            );
        }
    }
}

fn link_settings(sketch: &mut Sketch<'_>, path: &str, settings: &Settings) {
    let name = base_name(path).to_ascii_lowercase();
    let env = name
        .split(['.', '-', '_'])
        .find(|word| super::compose::ENVIRONMENTS.contains(word))
        .filter(|_| settings.style == Style::Own)
        .map(str::to_owned);
    for (profile, pairs) in &settings.documents {
        let env = profile.as_deref().or(env.as_deref());
        for pair in pairs.iter().filter(|pair| !is_listen_name(&pair.key)) {
            let at = (path.to_owned(), pair.line);
            let strong = settings.style == Style::Own;
            sketch.mention_value(
                NAME,
                &Origin::File(path.to_owned()),
                &pair.key,
                &pair.value,
                strong,
                &at,
                env,
            );
        }
    }
}
