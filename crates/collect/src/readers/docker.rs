//! Dockerfiles: what is built, from what, and what it listens on.

use crate::limits;
use crate::link::{Form, Place, Runs, Sketch, base_name, parent};
use crate::products;
use crate::values::clean_text;

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "docker";

/// What one Dockerfile says about its last stage.
pub(crate) struct Dockerfile {
    /// The image that the last stage starts from, through earlier stages.
    base: Option<(String, u32)>,
    runs: bool,
    ports: Vec<u16>,
    env: Vec<(String, String, u32)>,
    description: Option<String>,
    line: u32,
}

/// The reader of Dockerfiles.
pub(crate) struct Docker;

impl Reader for Docker {
    type Facts = Dockerfile;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;
    const TRIGGERS: &'static [&'static str] = &["FROM", "from", "From"];

    fn wants(_path: &str, name: &str) -> bool {
        name == "dockerfile"
            || name == "containerfile"
            || name.starts_with("dockerfile.") && !name.ends_with(".dockerignore")
            || name.starts_with("dockerfile-") && !name.contains('.')
            || name.ends_with(".dockerfile")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Dockerfile> {
        Ok(read_dockerfile(file.text))
    }

    fn link(facts: Vec<(String, Dockerfile)>, sketch: &mut Sketch<'_>) {
        let is_only = facts.len() == 1;
        for (path, file) in facts {
            let piece = link_dockerfile(sketch, &path, &file);
            if let Some(piece) = piece.filter(|_| is_only && parent(&path).is_empty()) {
                let image = own_image(&sketch.repository).and_then(|image| crate::link::Image::parse(&image));
                sketch.pieces[piece].images.extend(image);
            }
        }
    }
}

/// Instructions with continued lines joined: (line, word in upper case, rest).
fn instructions(text: &str) -> Vec<(u32, String, String)> {
    let mut out: Vec<(u32, String, String)> = Vec::new();
    let mut open: Option<(u32, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
        let line = line.trim();
        if line.starts_with('#') || line.len() > crate::limits::LINE_BYTES {
            continue;
        }
        let (first, mut whole) = match open.take() {
            Some((first, begun)) => (first, format!("{begun} {line}")),
            None if line.is_empty() => continue,
            None => (number, line.to_owned()),
        };
        if whole.ends_with('\\') && whole.len() < crate::limits::VALUE_BYTES {
            whole.pop();
            open = Some((first, whole));
            continue;
        }
        let (word, rest) = whole.split_once(char::is_whitespace).unwrap_or((&whole, ""));
        out.push((first, word.to_ascii_uppercase(), rest.trim().to_owned()));
    }
    out
}

fn read_dockerfile(text: &str) -> Option<Dockerfile> {
    let mut stages: Vec<(Option<String>, String)> = Vec::new();
    let mut arguments: Vec<(String, String)> = Vec::new();
    let mut file = empty();
    for (line, word, rest) in instructions(text) {
        match word.as_str() {
            "ARG" if stages.is_empty() => {
                if let Some((name, value)) = rest.split_once('=') {
                    arguments.push((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()));
                }
            }
            "FROM" => {
                let lookup = |name: &str| {
                    arguments.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
                };
                let filled = super::compose::interpolate(&rest, &lookup);
                let mut words = filled.split_whitespace().filter(|word| !word.starts_with("--"));
                let image = words.next().unwrap_or("").to_owned();
                let label = words.nth(1).map(str::to_lowercase);
                // A stage that starts from an earlier one has that one's base.
                let base = stages
                    .iter()
                    .find(|(name, _)| name.as_deref() == Some(&image.to_lowercase()))
                    .map_or(image, |(_, base)| base.clone());
                file = Dockerfile { base: Some((base.clone(), line)), line, ..empty() };
                stages.push((label, base));
            }
            "CMD" | "ENTRYPOINT" => file.runs = !matches!(rest.trim(), "" | "[]"),
            "EXPOSE" => {
                for port in rest.split_whitespace() {
                    file.ports.extend(port.split('/').next().and_then(|port| port.parse::<u16>().ok()));
                }
                file.runs = true;
            }
            "ENV" => {
                for (key, value) in env_pairs(&rest) {
                    file.env.push((key, value, line));
                }
            }
            "LABEL" => file.description = label(&rest, DESCRIPTION).or(file.description),
            _ => {}
        }
    }
    (!stages.is_empty()).then_some(file)
}

fn empty() -> Dockerfile {
    Dockerfile { base: None, runs: false, ports: Vec::new(), env: Vec::new(), description: None, line: 1 }
}

/// The label that says what an image is.
const DESCRIPTION: &str = "org.opencontainers.image.description";

/// The value of a label, `NAME=word` or `NAME="some words"`; nothing where a variable is part of it.
fn label(rest: &str, name: &str) -> Option<String> {
    let at = rest.find(name)?;
    let value = rest[at + name.len()..].trim_start_matches('"').strip_prefix('=')?;
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next()?,
        _ => value.split_whitespace().next()?,
    };
    clean_text(value, limits::DESCRIPTION_BYTES).filter(|text| !text.contains('$'))
}

/// `ENV A=b C=d` and `ENV A b`.
fn env_pairs(rest: &str) -> Vec<(String, String)> {
    if !rest.split_whitespace().next().unwrap_or("").contains('=') {
        return rest
            .split_once(char::is_whitespace)
            .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
            .into_iter()
            .collect();
    }
    rest.split_whitespace()
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}

/// The folder of the code that a Dockerfile's folder belongs to: a `docker` folder inside a module is that module's.
pub(super) fn code_folder(folder: &str, sketch: &Sketch<'_>) -> String {
    let is_manifest = |folder: &str| sketch.homes.contains(folder);
    if is_manifest(folder) {
        return folder.to_owned();
    }
    let mut at = folder;
    while !at.is_empty() {
        let inside = [
            "docker",
            "src",
            "main",
            "resources",
            "build",
            "deploy",
            "container",
            "deployment",
            "ci",
            ".docker",
        ];
        if !inside.contains(&base_name(at).to_ascii_lowercase().as_str()) {
            return if is_manifest(at) { at.to_owned() } else { folder.to_owned() };
        }
        at = parent(at);
        if !at.is_empty() && is_manifest(at) {
            return at.to_owned();
        }
    }
    folder.to_owned()
}

/// What a Dockerfile is called: the part of its name that isn't "Dockerfile", else its folder, else the repository.
fn name_of(path: &str, home: &str, repository: &str) -> String {
    let file = base_name(path);
    let lower = file.to_ascii_lowercase();
    let own = lower
        .strip_prefix("dockerfile.")
        .or_else(|| lower.strip_prefix("dockerfile-"))
        .or_else(|| lower.strip_suffix(".dockerfile"))
        .filter(|word| !super::compose::ENVIRONMENTS.contains(word) && !GENERIC_SUFFIXES.contains(word));
    match own {
        Some(own) => own.to_owned(),
        None if !home.is_empty() => base_name(home).to_owned(),
        None => base_name(repository).to_owned(),
    }
}

/// Endings that say how an image is built, not what it is.
const GENERIC_SUFFIXES: &[&str] = &[
    "alpine",
    "debian",
    "ubuntu",
    "slim",
    "build",
    "builder",
    "base",
    "arm",
    "arm64",
    "arm64v8",
    "amd64",
    "armhf",
    "release",
    "windows",
    "linux",
    "multi",
    "native",
    "jvm",
    "legacy-jar",
    "native-micro",
    "scratch",
    "distroless",
    "cypress",
    "gpu",
    "tilt",
    "tilt",
    "cuda",
];

/// What the image of a repository is called in the registry of its own host, where each repository's images have the
/// repository's name.
fn own_image(repository: &str) -> Option<String> {
    let (host, path) = repository.split_once('/')?;
    let registry = match host {
        "github.com" => "ghcr.io",
        "gitlab.com" => "registry.gitlab.com",
        _ => return None,
    };
    Some(format!("{registry}/{}", path.to_lowercase()))
}

fn link_dockerfile(sketch: &mut Sketch<'_>, path: &str, file: &Dockerfile) -> Option<usize> {
    let folder = parent(path);
    let home = code_folder(folder, sketch);
    let name = name_of(path, &home, &sketch.repository);
    let at: Place = (path.to_owned(), file.line);
    let piece = sketch.piece(NAME, Form::Built, folder, "docker", &name, at)?;
    let own = &mut sketch.pieces[piece];
    own.builds = true;
    own.home = Some(home.clone());
    own.runs = if file.runs { Runs::Yes } else { Runs::Unknown };
    own.ports.extend(&file.ports);
    own.description.clone_from(&file.description);
    if let Some(base) = file.base.as_ref().and_then(|(base, _)| crate::link::Image::parse(base)) {
        // A server for files and a proxy are what much software is put into; other products are what it is.
        own.product = products::by_image(&base.0)
            .filter(|product| product.kind != "gateway" || own.names.contains(product.name));
        if own.product.is_some() && !file.runs {
            own.runs = Runs::Yes;
        }
    }
    sketch.homes.insert(home);
    let origin = crate::link::Origin::Piece(piece);
    for (key, value, line) in &file.env {
        sketch.mention_value(NAME, &origin, key, value, false, &(path.to_owned(), *line), None);
    }
    Some(piece)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_last_stage_counts() {
        let file = read_dockerfile(
            "ARG V=16\n# c\nFROM node:$V AS build\nRUN npm ci\nFROM postgres:${V}\nEXPOSE 5432/tcp \\\n  5433\nENV A=1 B=\"2\"\n",
        )
        .unwrap();
        assert_eq!(file.base, Some(("postgres:16".to_owned(), 5)));
        assert_eq!(file.ports, [5432, 5433]);
        assert_eq!(file.env.len(), 2);
        assert!(file.runs);
        let staged = read_dockerfile("FROM golang AS b\nCMD x\nFROM b\n").unwrap();
        assert_eq!(staged.base.unwrap().0, "golang");
        assert!(!staged.runs);
        assert!(read_dockerfile("hello").is_none());
    }

    #[test]
    fn a_label_says_what_an_image_is() {
        for (labels, description) in [
            (
                "LABEL a=b \\\n  org.opencontainers.image.description=\"Counts \\\n  stock\" c=d",
                Some("Counts stock"),
            ),
            ("LABEL \"org.opencontainers.image.description\"='Counts stock'", Some("Counts stock")),
            ("LABEL org.opencontainers.image.description=Stock c=d", Some("Stock")),
            ("LABEL org.opencontainers.image.description=\"$X y\"", None),
            ("LABEL org.opencontainers.image.descriptions=x\nLABEL a=b", None),
            ("LABEL org.opencontainers.image.description=x\nFROM c", None),
        ] {
            let file = read_dockerfile(&format!("FROM b\n{labels}\n")).unwrap();
            assert_eq!(file.description.as_deref(), description, "{labels}");
        }
    }
}
