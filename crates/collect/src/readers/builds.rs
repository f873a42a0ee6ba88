//! Development tools that build images out of the repository and put them into its manifests: Skaffold and Tilt. They
//! say from which folder an image comes; pieces of their own they have none.

use crate::link::{Form, Image, Place, Sketch, parent};
use crate::parse::{Code, Node, Syntax};

use super::compose::{home_of_build, resolve};
use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "builds";

/// An image that is built here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    image: String,
    /// As written, relative to the file's folder.
    context: String,
    /// As written: relative to the context for Skaffold, to the file's folder for Tilt.
    dockerfile: Option<String>,
    line: u32,
}

/// The reader of such files.
pub(crate) struct Builds;

impl Reader for Builds {
    type Facts = Vec<Artifact>;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["artifacts", "docker_build", "custom_build"];

    fn wants(_path: &str, name: &str) -> bool {
        is_skaffold(name) || is_tilt(name)
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Artifact>> {
        let found = if is_tilt(&file.name()) {
            tilt(file.text)
        } else {
            match file.yaml() {
                Ok(documents) => documents.iter().flat_map(skaffold).collect(),
                Err(_) if file.is_template() => Vec::new(),
                Err(error) => return Err(error),
            }
        };
        Ok((!found.is_empty()).then_some(found))
    }

    fn link(facts: Vec<(String, Vec<Artifact>)>, sketch: &mut Sketch<'_>) {
        for (path, artifacts) in &facts {
            for artifact in artifacts {
                link_artifact(sketch, path, artifact, artifacts);
            }
        }
    }
}

fn is_skaffold(name: &str) -> bool {
    name.starts_with("skaffold") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

fn is_tilt(name: &str) -> bool {
    name == "tiltfile" || name.ends_with(".tiltfile")
}

/// The artifacts of a Skaffold document and of its profiles.
fn skaffold(root: &Node) -> Vec<Artifact> {
    let is_skaffold = root.text_of("apiVersion").is_some_and(|api| api.starts_with("skaffold/"));
    let builds = std::iter::once(root).chain(root.items_of("profiles")).filter(|_| is_skaffold);
    builds
        .filter_map(|node| node.at(&["build", "artifacts"]))
        .flat_map(Node::items)
        .filter_map(|node| {
            let image = node.get("image")?;
            Some(Artifact {
                image: image.text()?.to_owned(),
                context: node.text_of("context").unwrap_or(".").to_owned(),
                dockerfile: node.at(&["docker", "dockerfile"]).and_then(Node::text).map(str::to_owned),
                line: image.line,
            })
        })
        .collect()
}

/// `docker_build('IMAGE', 'CONTEXT', dockerfile='…')` and `custom_build('IMAGE', 'COMMAND', deps=['CONTEXT'])`.
fn tilt(text: &str) -> Vec<Artifact> {
    let code = Code::read(text, Syntax::Hash);
    let mut out = Vec::new();
    for name in ["docker_build", "docker_build_with_restart", "custom_build"] {
        for at in code.positions(name) {
            if !code.is_sign(at + 1, '(') || at > 0 && code.is_word(at - 1, "def") {
                continue;
            }
            // Arguments stand in their order or by their names.
            let (mut in_order, mut named) = (Vec::new(), Vec::new());
            for argument in code.arguments(at + 1) {
                let text = code.first_text(argument.clone());
                if code.is_sign(argument.start + 1, '=') {
                    named.push((code.word(argument.start), text));
                } else {
                    in_order.push(code.text(argument.start));
                }
            }
            let by_name =
                |key: &str| named.iter().find(|(name, _)| *name == Some(key)).and_then(|(_, text)| *text);
            let is_custom = name == "custom_build";
            let second = in_order.get(1).copied().flatten().filter(|_| !is_custom);
            let image = by_name("ref").or_else(|| in_order.first().copied().flatten());
            let context = by_name(if is_custom { "deps" } else { "context" }).or(second);
            if let (Some(image), Some(context)) = (image, context) {
                out.push(Artifact {
                    image: image.to_owned(),
                    context: context.to_owned(),
                    dockerfile: by_name("dockerfile").map(|file| format!("/{file}")),
                    line: code.line(at),
                });
            }
        }
    }
    out
}

fn link_artifact(sketch: &mut Sketch<'_>, path: &str, artifact: &Artifact, all: &[Artifact]) {
    let folder = parent(path);
    let Some(image) = Image::parse(&artifact.image) else { return };
    let Some(context) = resolve(folder, &artifact.context) else { return };
    let dockerfile = match &artifact.dockerfile {
        // Tilt's, from its own folder.
        Some(file) if file.starts_with('/') => resolve(folder, file.trim_start_matches('/')),
        Some(file) => resolve(&context, file),
        None => resolve(&context, "Dockerfile"),
    };
    let dockerfile = dockerfile.filter(|file| sketch.has_file(file));
    let shares_context = all.iter().filter(|other| other.context == artifact.context).count() > 1;
    // Several images out of one folder: only their Dockerfiles tell whose code it is.
    if dockerfile.is_none() && shares_context {
        return;
    }
    let home = match &dockerfile {
        Some(file) => {
            let below = file.strip_prefix(&format!("{context}/")).unwrap_or(file).to_owned();
            home_of_build(&context, &below, sketch)
        }
        None => context,
    };
    let at: Place = (path.to_owned(), artifact.line);
    for piece in &mut sketch.pieces {
        match piece.form {
            Form::Deployed if piece.images.contains(&image) && piece.home.is_none() => {
                piece.builds = true;
                piece.product = None;
                piece.home = Some(home.clone());
                piece.at.insert(at.clone());
            }
            Form::Built
                if dockerfile.as_ref().is_some_and(|file| piece.at.iter().any(|(at, _)| at == file)) =>
            {
                // An image without a registry is only told apart inside the repository.
                piece.images.insert(image.clone());
                piece.at.insert(at.clone());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse_yaml;

    fn short(found: Vec<Artifact>) -> Vec<String> {
        let one = |one: Artifact| {
            format!("{} {} {} {}", one.image, one.context, one.dockerfile.unwrap_or_default(), one.line)
        };
        found.into_iter().map(one).collect()
    }

    #[test]
    fn artifacts_of_skaffold_and_tilt() {
        let text = "apiVersion: skaffold/v4beta6\nkind: Config\nbuild:\n  artifacts:\n  - image: web\n    context: src/web\n  - image: api\n    docker: {dockerfile: api.Dockerfile}\nprofiles:\n- name: dev\n  build: {artifacts: [{image: web-dev, context: src/web}]}\n";
        let found = parse_yaml(text, 0).unwrap_or_default().iter().flat_map(skaffold).collect();
        assert_eq!(short(found), ["web src/web  5", "api . api.Dockerfile 7", "web-dev src/web  11"]);
        let text = "k8s_yaml('k8s.yaml')\ndef docker_build(a): pass\ndocker_build('acme/web', './web', live_update=[sync('a', 'b')])\ncustom_build('api', 'make $EXPECTED_REF', deps=['./api'])\ndocker_build(ref='job', context='.', dockerfile='jobs/Dockerfile')\n";
        assert_eq!(short(tilt(text)), ["acme/web ./web  3", "job . /jobs/Dockerfile 5", "api ./api  4"]);
        assert!(tilt("docker_build(x, y)\nz.docker_build()\ndocker_build(").is_empty());
    }
}
