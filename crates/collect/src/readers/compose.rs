//! Docker Compose files: services, images, builds, and what they need.

mod include;

use std::collections::{BTreeMap, BTreeSet};

use crate::limits;
use crate::link::{Form, Origin, Place, Sketch, Target, base_name, parent};
use crate::parse::{Node, Value};

use super::{ReadResult, Reader, SourceFile};
use include::{Include, Project, includes, projects};

const NAME: &str = "compose";

/// A value with its line.
type Line<T> = (T, u32);

/// One compose file.
#[derive(Default)]
pub(crate) struct ComposeFile {
    services: Vec<Service>,
    includes: Vec<Include>,
}

#[derive(Clone, Default)]
struct Service {
    name: String,
    line: u32,
    image: Option<Line<String>>,
    /// Context and Dockerfile.
    build: Option<Line<(String, String)>>,
    aliases: Vec<String>,
    environment: Vec<Line<(String, Option<String>)>>,
    env_files: Vec<Line<String>>,
    depends_on: Vec<Line<String>>,
    links: Vec<Line<String>>,
    ports: Vec<Line<String>>,
    expose: Vec<String>,
    /// Service and file.
    extends: Option<(String, Option<String>)>,
    /// Paths of the repository that are mounted.
    mounts: Vec<String>,
    profiles: Vec<String>,
    /// Words of the command line.
    command: Vec<Line<String>>,
    one_off: bool,
    /// Addresses that its log driver sends to.
    logging: Vec<Line<String>>,
    /// Where labels tell a proxy to route to it.
    routed: Option<u32>,
}

/// The reader of compose files.
pub(crate) struct Compose;

impl Reader for Compose {
    type Facts = ComposeFile;
    const NAME: &'static str = NAME;
    const RULES: u32 = 3;
    const TRIGGERS: &'static [&'static str] = &["services:", "image:", "build:", "include:"];

    fn wants(path: &str, name: &str) -> bool {
        (name.ends_with(".yml") || name.ends_with(".yaml"))
            && !path.starts_with(".github/")
            && !path.contains("/.github/")
            && !name.starts_with(".gitlab-ci")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<ComposeFile> {
        let name = file.name();
        let is_named = name.contains("compose") || name.contains("stack");
        // Other YAML is only looked into where it has the top-level key; most files end here.
        let has_key = file.text.starts_with("services:") || file.text.contains("\nservices:");
        if !is_named && !has_key {
            return Ok(None);
        }
        let documents = match file.yaml() {
            Ok(documents) => documents,
            Err(_) if file.is_template() => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(root) = documents.first() else { return Ok(None) };
        let includes = if root.get("apiVersion").is_none() { includes(root) } else { Vec::new() };
        let services: &[(Box<str>, Node)] = match root.get("services") {
            Some(services) => services.entries(),
            None if is_named && !includes.is_empty() => &[],
            // The first version of the format had services at the top.
            None if is_named => root.entries(),
            None => return Ok(None),
        };
        let known = [
            "image",
            "build",
            "extends",
            "deploy",
            "environment",
            "depends_on",
            "ports",
            "volumes",
            "command",
        ];
        let defining = services
            .iter()
            .filter(|(_, node)| known.iter().filter(|key| node.get(key).is_some()).count() > 0)
            .count();
        let is_empty = defining == 0 && (includes.is_empty() || !is_named);
        if is_empty || root.get("apiVersion").is_some() || (!is_named && defining < services.len()) {
            return Ok(None);
        }
        Ok(Some(ComposeFile {
            includes,
            services: services
                .iter()
                .filter(|(_, node)| node.is_map())
                .map(|(name, node)| service(name, node))
                .collect(),
        }))
    }

    fn link(facts: Vec<(String, ComposeFile)>, sketch: &mut Sketch<'_>) {
        let files: BTreeMap<String, ComposeFile> = facts.into_iter().collect();
        let projects = projects(&files);
        for (path, file) in &files {
            let own = Project { folder: parent(path).to_owned(), ..Project::default() };
            let project = projects.get(path.as_str()).unwrap_or(&own);
            let variant = variant(path, &files);
            for service in &file.services {
                let whole = extended(service, path, &files, 0);
                link_service(sketch, path, project, &whole, variant.as_deref());
            }
        }
        link_routes(&files, sketch);
    }
}

/// Labels of services tell the one Traefik of the repository what to route to.
fn link_routes(files: &BTreeMap<String, ComposeFile>, sketch: &mut Sketch<'_>) {
    let is_proxy = |piece: &crate::link::Piece| {
        piece.reader == NAME && piece.product.is_some_and(|product| product.name == "traefik")
    };
    let proxies: Vec<usize> = sketch
        .pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| is_proxy(piece))
        .map(|(index, _)| index)
        .collect();
    let [proxy] = proxies.as_slice() else { return };
    for (path, file) in files {
        for service in &file.services {
            let Some(line) = service.routed else { continue };
            let target = Target::Name { name: service.name.to_lowercase(), starts: false };
            sketch.mention(
                NAME,
                Origin::Piece(*proxy),
                target,
                Some("routes_to"),
                (path.clone(), line),
                None,
            );
        }
    }
}

fn service(name: &str, node: &Node) -> Service {
    let mut service = Service { name: name.to_owned(), line: node.line, ..Service::default() };
    for (key, value) in node.entries() {
        match &**key {
            "image" => service.image = value.text().map(|text| (text.to_owned(), value.line)),
            "build" => service.build = build(value),
            "container_name" | "hostname" => service.aliases.extend(value.text().map(str::to_owned)),
            "environment" => service.environment = pairs(value),
            "env_file" => {
                service.env_files = value
                    .items()
                    .iter()
                    .filter_map(|item| {
                        Some((item.text().or_else(|| item.text_of("path"))?.to_owned(), item.line))
                    })
                    .collect();
            }
            "depends_on" => {
                service.depends_on = names(value);
                // What waits for a service to end waits for a step, not for a service.
                service.depends_on.retain(|(name, _)| {
                    value.at(&[name, "condition"]).and_then(Node::text)
                        != Some("service_completed_successfully")
                });
            }
            "links" | "external_links" => service.links.extend(names(value)),
            "ports" => {
                service.ports = value
                    .items()
                    .iter()
                    .filter_map(|item| {
                        let text = match item.text() {
                            Some(text) => text.to_owned(),
                            None => format!(
                                "{}:{}",
                                item.text_of("published").unwrap_or(""),
                                item.text_of("target")?
                            ),
                        };
                        Some((text, item.line))
                    })
                    .collect();
            }
            "expose" => {
                service.expose =
                    value.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
            }
            "extends" => {
                service.extends = match value.text() {
                    Some(text) => Some((text.to_owned(), None)),
                    None => value
                        .text_of("service")
                        .map(|name| (name.to_owned(), value.text_of("file").map(str::to_owned))),
                };
            }
            "volumes" | "configs" => {
                service.mounts.extend(value.items().iter().filter_map(|item| match item.text() {
                    Some(text) => text.split(':').next().map(str::to_owned),
                    None => item.text_of("source").map(str::to_owned),
                }));
            }
            "profiles" => {
                service.profiles =
                    value.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
            }
            "command" | "entrypoint" => {
                service.command.extend(
                    value.items().iter().filter_map(|item| Some((item.text()?.to_owned(), item.line))),
                );
            }
            "networks" => {
                for (_, network) in value.entries() {
                    service.aliases.extend(
                        network.items_of("aliases").iter().filter_map(|item| item.text().map(str::to_owned)),
                    );
                }
            }
            "labels" => {
                let says_route = |(key, value): &(String, Option<String>)| {
                    key.starts_with("traefik.")
                        && !(key == "traefik.enable" && value.as_deref() == Some("false"))
                };
                service.routed =
                    pairs(value).iter().find(|(pair, _)| says_route(pair)).map(|(_, line)| *line);
            }
            "logging" => service.logging = log_addresses(value),
            "restart" => service.one_off = value.text() == Some("no") && node.get("ports").is_none(),
            _ => {}
        }
    }
    service
}

fn build(node: &Node) -> Option<Line<(String, String)>> {
    match &node.value {
        Value::Scalar(_) => node.text().map(|context| ((context.to_owned(), String::new()), node.line)),
        Value::Map(_) => {
            let context = node.text_of("context").unwrap_or(".");
            Some(((context.to_owned(), node.text_of("dockerfile").unwrap_or("").to_owned()), node.line))
        }
        _ => None,
    }
}

/// Where the options of a log driver send to: `fluentd-address`, `gelf-address`, `loki-url`.
fn log_addresses(logging: &Node) -> Vec<Line<String>> {
    let is_address = |key: &str| key.ends_with("-address") || key.ends_with("-url");
    let options = logging.entries_of("options").iter().filter(|(key, _)| is_address(key));
    options.filter_map(|(_, value)| Some((value.text()?.to_owned(), value.line))).collect()
}

/// `KEY: value` maps and `KEY=value` lists.
pub(super) fn pairs(node: &Node) -> Vec<Line<(String, Option<String>)>> {
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| ((key.to_string(), value.text().map(str::to_owned)), value.line))
            .collect(),
        _ => node
            .items()
            .iter()
            .filter_map(|item| {
                let text = item.text()?;
                let (key, value) = match text.split_once('=') {
                    Some((key, value)) => (key, Some(value.trim().to_owned())),
                    None => (text, None),
                };
                Some(((key.trim().to_owned(), value), item.line))
            })
            .collect(),
    }
}

fn names(node: &Node) -> Vec<Line<String>> {
    match &node.value {
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.to_string(), value.line)).collect(),
        _ => node.items().iter().filter_map(|item| Some((item.text()?.to_owned(), item.line))).collect(),
    }
}

/// Words in file names that name an environment.
pub(super) const ENVIRONMENTS: &[&str] = &[
    "dev",
    "development",
    "prod",
    "production",
    "staging",
    "stage",
    "local",
    "qa",
    "uat",
    "preprod",
    "sandbox",
    "int",
    "integration",
    "debug",
    "demo",
    "acc",
    "acceptance",
    "live",
    "canary",
];

/// The environment that a file's name says, where another file of the folder says what holds everywhere.
fn variant(path: &str, files: &BTreeMap<String, ComposeFile>) -> Option<String> {
    let name = base_name(path).to_ascii_lowercase();
    let found = name.split(['.', '-', '_']).find(|word| ENVIRONMENTS.contains(word))?.to_owned();
    let folder = parent(path);
    let has_base = files.keys().any(|other| {
        parent(other) == folder
            && matches!(
                base_name(other),
                "docker-compose.yml" | "docker-compose.yaml" | "compose.yml" | "compose.yaml"
            )
    });
    has_base.then_some(found)
}

/// A service with what it extends, own values first.
fn extended(service: &Service, path: &str, files: &BTreeMap<String, ComposeFile>, depth: usize) -> Service {
    let mut whole = service.clone();
    let Some((name, file)) = service.extends.as_ref().filter(|_| depth < 8) else { return whole };
    let from = match file {
        Some(file) => match resolve(parent(path), file) {
            Some(path) => path,
            None => return whole,
        },
        None => path.to_owned(),
    };
    let Some(base) = files.get(&from).and_then(|file| file.services.iter().find(|other| other.name == *name))
    else {
        return whole;
    };
    // Its lines are lines of another file; only what is the same file keeps its evidence there.
    let mut base = extended(base, &from, files, depth + 1);
    if from != path {
        base.move_to(service.line);
    }
    whole.image = whole.image.or(base.image);
    whole.build = whole.build.or(base.build);
    let own: BTreeSet<String> = whole.environment.iter().map(|((key, _), _)| key.clone()).collect();
    whole.environment.extend(base.environment.into_iter().filter(|((key, _), _)| !own.contains(key)));
    whole.env_files.extend(base.env_files);
    whole.ports.extend(base.ports);
    whole.expose.extend(base.expose);
    whole.depends_on.extend(base.depends_on);
    whole.links.extend(base.links);
    whole.command.extend(base.command);
    whole
}

impl Service {
    /// Gives everything one line.
    fn move_to(&mut self, line: u32) {
        let all = self
            .env_files
            .iter_mut()
            .chain(&mut self.depends_on)
            .chain(&mut self.links)
            .chain(&mut self.ports);
        for (_, at) in all.chain(&mut self.command) {
            *at = line;
        }
        for (_, at) in &mut self.environment {
            *at = line;
        }
        if let Some((_, at)) = &mut self.image {
            *at = line;
        }
        if let Some((_, at)) = &mut self.build {
            *at = line;
        }
    }
}

/// A path relative to a folder of the repository, as a path from its root; `None` where it leaves the repository.
pub(super) fn resolve(folder: &str, path: &str) -> Option<String> {
    let path = path.trim();
    if path.starts_with(['/', '~', '$']) || path.contains("://") || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Fills `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?…}`, `$NAME`; what is unknown stays.
pub(super) fn interpolate(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut value = text.to_owned();
    for _ in 0..limits::INTERPOLATIONS {
        let next = interpolate_once(&value, lookup);
        if next == value || next.len() > limits::VALUE_BYTES {
            break;
        }
        value = next;
    }
    value
}

fn interpolate_once(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(inner) = after.strip_prefix('{') {
            let Some(end) = closing(inner) else {
                out.push_str(&rest[at..]);
                return out;
            };
            let body = &inner[..end];
            let name_end = body
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
                .unwrap_or(body.len());
            let (name, tail) = body.split_at(name_end);
            let default = tail.strip_prefix(":-").or_else(|| tail.strip_prefix('-'));
            match (lookup(name).filter(|value| !value.is_empty()), default) {
                (Some(value), _) => out.push_str(&value),
                (None, Some(default)) => out.push_str(default),
                (None, None) => {
                    out.push_str("${");
                    out.push_str(body);
                    out.push('}');
                }
            }
            rest = &inner[end + 1..];
        } else {
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
            let name = &after[..end];
            match lookup(name).filter(|_| !name.is_empty()) {
                Some(value) => out.push_str(&value),
                None => {
                    out.push('$');
                    out.push_str(name);
                }
            }
            rest = &after[end..];
            if name.is_empty() && rest.starts_with('$') {
                // `$$` is a dollar sign.
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Ports of `8080:80`, `127.0.0.1:8080:80/tcp`, `8000-8002:80`: (published, container).
pub(super) fn ports(text: &str) -> (Option<u16>, Option<u16>) {
    let text = text.split('/').next().unwrap_or(text);
    let mut parts = text.rsplit(':');
    let number = |part: Option<&str>| part.and_then(|part| part.split('-').next()?.trim().parse().ok());
    let container = number(parts.next());
    (number(parts.next()), container)
}

fn link_service(
    sketch: &mut Sketch<'_>,
    path: &str,
    project: &Project,
    service: &Service,
    variant: Option<&str>,
) {
    let place = |line: u32| -> Place { (path.to_owned(), line) };
    let folder = project.base.as_deref().unwrap_or(parent(path));
    let known = sketch.pieces.len();
    let Some(piece) =
        sketch.piece(NAME, Form::Deployed, parent(path), "compose", &service.name, place(service.line))
    else {
        return;
    };
    let is_new = piece == known;
    let profile = match service.profiles.as_slice() {
        [one] => Some(one.as_str()),
        _ => None,
    };
    let env = variant.or(profile);
    sketch.set_env(piece, env, is_new);

    // Names of `.env` beside the file, then at the repository's root, fill placeholders; never secrets'.
    let mut known_values: BTreeMap<String, String> = BTreeMap::new();
    let beside = |folder: &str| if folder.is_empty() { ".env".to_owned() } else { format!("{folder}/.env") };
    let files = [beside(""), beside(folder)];
    for file in files.iter().chain(&project.env_files) {
        for pair in sketch.env_files.get(file).into_iter().flatten() {
            known_values.insert(pair.key.clone(), pair.value.clone());
        }
    }
    let lookup = |name: &str| known_values.get(name).cloned();
    let fill = |text: &str| interpolate(text, &lookup);

    if let Some(((context, dockerfile), line)) = &service.build
        && let Some(context) = resolve(folder, &fill(context))
    {
        let home = home_of_build(&context, &fill(dockerfile), sketch);
        sketch.pieces[piece].at.insert(place(*line));
        sketch.pieces[piece].builds = true;
        sketch.pieces[piece].product = None;
        sketch.pieces[piece].home = Some(home);
    }
    if let Some((image, _)) = &service.image {
        sketch.set_image(piece, &fill(image));
    }
    let own = &mut sketch.pieces[piece];
    own.stack = Some(format!("compose {}", project.folder));
    own.names.extend(service.aliases.iter().map(|alias| fill(alias).to_lowercase()));
    for (text, _) in &service.ports {
        let (published, container) = ports(&fill(text));
        own.published.extend(published);
        own.ports.extend(container);
    }
    own.ports.extend(service.expose.iter().filter_map(|text| ports(&fill(text)).1));
    if service.one_off && own.typ.is_none() && own.product.is_none() {
        own.typ = Some("job".to_owned());
    }
    for source in &service.mounts {
        if let Some(source) = resolve(folder, &fill(source)).filter(|source| !source.is_empty()) {
            sketch.mounts.push((source, piece));
        }
    }
    let origin = Origin::Piece(piece);
    for (name, line) in &service.depends_on {
        let target = Target::Name { name: name.to_lowercase(), starts: true };
        sketch.mention(NAME, origin.clone(), target, None, place(*line), env);
    }
    for (text, line) in &service.links {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or(text).to_lowercase();
        let target = Target::Name { name, starts: false };
        sketch.mention(NAME, origin.clone(), target, None, place(*line), env);
    }
    let mut environment: Vec<(String, String, Place)> = Vec::new();
    for ((key, value), line) in &service.environment {
        let value = value.clone().or_else(|| lookup(key));
        environment.extend(value.map(|value| (key.clone(), fill(&value), place(*line))));
    }
    for (file, line) in &service.env_files {
        let Some(file) = resolve(folder, &fill(file)) else { continue };
        for pair in sketch.env_files.get(&file).into_iter().flatten() {
            if !environment.iter().any(|(key, _, _)| *key == pair.key) {
                environment.push((pair.key.clone(), fill(&pair.value), (file.clone(), pair.line)));
            }
        }
        sketch.pieces[piece].at.insert(place(*line));
    }
    for (key, value, at) in environment {
        // A value may name a variable of the same service.
        sketch.mention_value(NAME, &origin, &key, &value, true, &at, env);
    }
    for (text, line) in &service.logging {
        for address in crate::values::addresses("log_address", &fill(text)) {
            let target = Target::Address { name: "log_address".to_owned(), address, strong: false };
            sketch.mention(NAME, origin.clone(), target, Some("logs_to"), place(*line), env);
        }
    }
    for (word, line) in &service.command {
        let word = fill(word);
        let (name, value) = word.split_once('=').unwrap_or(("", &word));
        sketch.mention_value(NAME, &origin, name.trim_start_matches('-'), value, false, &place(*line), env);
    }
}

/// The folder whose code a build puts into the image: that of the Dockerfile where it lies deeper than the
/// context, for many repositories build everything from their root.
pub(super) fn home_of_build(context: &str, dockerfile: &str, sketch: &mut Sketch<'_>) -> String {
    let folder = resolve(context, parent(dockerfile)).unwrap_or_else(|| context.to_owned());
    let home = if dockerfile.is_empty() || folder == context { context.to_owned() } else { folder };
    let home = super::docker::code_folder(&home, sketch);
    sketch.homes.insert(home.clone());
    home
}

/// The environment that the last word of a namespace names.
pub(super) fn namespace_environment(namespace: &str) -> Option<&str> {
    let last = namespace.rsplit(['-', '_']).next().unwrap_or(namespace);
    ENVIRONMENTS.contains(&last).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled() {
        let lookup = |name: &str| match name {
            "TAG" => Some("1.2".to_owned()),
            "EMPTY" => Some(String::new()),
            "NEST" => Some("${TAG}".to_owned()),
            "LOOP" => Some("${LOOP}x".to_owned()),
            _ => None,
        };
        for (text, want) in [
            ("a:${TAG}", "a:1.2"),
            ("$TAG-x", "1.2-x"),
            ("${NO:-d}", "d"),
            ("${EMPTY:-d}", "d"),
            ("${NO-${TAG}}", "1.2"),
            ("${NEST}", "1.2"),
            ("${NO}", "${NO}"),
            ("a$$b", "a$b"),
            ("${open", "${open"),
        ] {
            assert_eq!(interpolate(text, &lookup), want, "{text}");
        }
        assert!(interpolate("${LOOP}", &lookup).len() < 100);
    }

    #[test]
    fn paths_stay_in_the_repository() {
        for (folder, path, want) in [
            ("a/b", "../c", Some("a/c")),
            ("", "./x/", Some("x")),
            ("a", "../../b", None),
            ("a", "/etc/passwd", None),
            ("a", ".", Some("a")),
        ] {
            assert_eq!(resolve(folder, path).as_deref(), want, "{folder} {path}");
        }
    }

    #[test]
    fn ports_of_every_form() {
        for (text, want) in [
            ("8080:80", (Some(8080), Some(80))),
            ("80", (None, Some(80))),
            ("127.0.0.1:8080:80/udp", (Some(8080), Some(80))),
            ("9000-9001:9000-9001", (Some(9000), Some(9000))),
            ("x", (None, None)),
        ] {
            assert_eq!(ports(text), want, "{text}");
        }
    }
}
