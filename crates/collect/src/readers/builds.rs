//! Development tools that build images out of the repository and put them into its manifests: Skaffold and Tilt. They
//! say from which folder an image comes, and Tilt at which port of this machine a workload is reached and what it waits
//! for; pieces of their own they have none.

use std::ops::Range;

use crate::link::{Form, Image, Origin, Place, Sketch, Target, parent};
use crate::parse::{Code, Node, Syntax, Token};

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

/// What Tilt is told about a workload.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Resource {
    /// The workload's own name, and the one that Tilt shows.
    workload: String,
    shown: String,
    /// What is started before it, by the names that Tilt shows.
    waits_for: Vec<String>,
    /// Ports of this machine.
    ports: Vec<u16>,
    line: u32,
}

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct BuildFile {
    artifacts: Vec<Artifact>,
    resources: Vec<Resource>,
}

/// The reader of such files.
pub(crate) struct Builds;

impl Reader for Builds {
    type Facts = BuildFile;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;
    const TRIGGERS: &'static [&'static str] =
        &["artifacts", "docker_build", "custom_build", "k8s_resource", "dc_resource"];

    fn wants(_path: &str, name: &str) -> bool {
        is_skaffold(name) || is_tilt(name)
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<BuildFile> {
        let found = if is_tilt(&file.name()) {
            let code = Code::read(file.text, Syntax::Hash);
            BuildFile { artifacts: tilt(&code), resources: tilt_resources(&code) }
        } else {
            let artifacts = match file.yaml() {
                Ok(documents) => documents.iter().flat_map(skaffold).collect(),
                Err(_) if file.is_template() => Vec::new(),
                Err(error) => return Err(error),
            };
            BuildFile { artifacts, resources: Vec::new() }
        };
        Ok((!found.artifacts.is_empty() || !found.resources.is_empty()).then_some(found))
    }

    fn link(facts: Vec<(String, BuildFile)>, sketch: &mut Sketch<'_>) {
        for (path, file) in &facts {
            for artifact in &file.artifacts {
                link_artifact(sketch, path, artifact, &file.artifacts);
            }
            for resource in &file.resources {
                link_resource(sketch, path, resource, &file.resources);
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

/// The arguments of a call: some stand in their order, some by their names.
struct Arguments<'a> {
    in_order: Vec<Option<&'a str>>,
    named: Vec<(&'a str, Range<usize>)>,
}

impl<'a> Arguments<'a> {
    fn of(code: &Code<'a>, open: usize) -> Arguments<'a> {
        let mut arguments = Arguments { in_order: Vec::new(), named: Vec::new() };
        for argument in code.arguments(open) {
            match code.word(argument.start) {
                Some(name) if code.is_sign(argument.start + 1, '=') => {
                    arguments.named.push((name, argument.start + 2..argument.end));
                }
                _ => arguments.in_order.push(code.text(argument.start)),
            }
        }
        arguments
    }

    fn named(&self, name: &str) -> Option<Range<usize>> {
        self.named.iter().find(|(own, _)| *own == name).map(|(_, range)| range.clone())
    }

    /// The first text of an argument: by its name, or at its place in the order.
    fn text(&self, code: &Code<'a>, name: &str, place: usize) -> Option<&'a str> {
        let by_name = self.named(name).and_then(|range| code.first_text(range));
        by_name.or_else(|| self.in_order.get(place).copied().flatten())
    }
}

/// Where a function is called, with what.
fn calls<'a>(code: &Code<'a>, name: &str) -> Vec<(usize, Arguments<'a>)> {
    let is_call = |at: &usize| code.is_sign(*at + 1, '(') && !(*at > 0 && code.is_word(*at - 1, "def"));
    let at = code.positions(name).filter(is_call);
    at.map(|at| (at, Arguments::of(code, at + 1))).collect()
}

/// `docker_build('IMAGE', 'CONTEXT', dockerfile='…')` and `custom_build('IMAGE', 'COMMAND', deps=['CONTEXT'])`.
fn tilt(code: &Code<'_>) -> Vec<Artifact> {
    let mut out = Vec::new();
    for name in ["docker_build", "docker_build_with_restart", "custom_build"] {
        for (at, arguments) in calls(code, name) {
            let context = match name {
                "custom_build" => arguments.named("deps").and_then(|range| code.first_text(range)),
                _ => arguments.text(code, "context", 1),
            };
            let dockerfile = arguments.named("dockerfile").and_then(|range| code.first_text(range));
            if let (Some(image), Some(context)) = (arguments.text(code, "ref", 0), context) {
                out.push(Artifact {
                    image: image.to_owned(),
                    context: context.to_owned(),
                    dockerfile: dockerfile.map(|file| format!("/{file}")),
                    line: code.line(at),
                });
            }
        }
    }
    out
}

/// `k8s_resource('WORKLOAD', new_name='NAME', port_forwards=['8080:80'], resource_deps=['OTHER'])`; `dc_resource` is the
/// same for a compose service.
fn tilt_resources(code: &Code<'_>) -> Vec<Resource> {
    let mut out = Vec::new();
    for name in ["k8s_resource", "dc_resource"] {
        for (at, arguments) in calls(code, name) {
            let by_name = |key: &str| arguments.named(key).and_then(|range| code.first_text(range));
            let first = by_name("workload").or_else(|| arguments.text(code, "name", 0));
            let Some(workload) = first else { continue };
            let texts = |key: &str| -> Vec<String> {
                let range = arguments.named(key).unwrap_or_default();
                range.filter_map(|at| code.text(at).map(str::to_owned)).collect()
            };
            let ports = arguments.named("port_forwards").or_else(|| arguments.named("port_forward"));
            out.push(Resource {
                shown: by_name("new_name").unwrap_or(workload).to_owned(),
                workload: workload.to_owned(),
                waits_for: texts("resource_deps"),
                ports: ports.into_iter().flatten().filter_map(|at| forwarded(code, at)).collect(),
                line: code.line(at),
            });
        }
    }
    out
}

/// The port of this machine in `8080`, `'8080:80'`, `'127.0.0.1:8080:80'`, `port_forward(8080, 80)`.
fn forwarded(code: &Code<'_>, at: usize) -> Option<u16> {
    match code.get(at)? {
        Token::Text(text) => {
            let mut parts = text.rsplit(':');
            let container = parts.next();
            parts.next().or(container)?.trim().parse().ok()
        }
        Token::Number(number) => {
            // The second one in `port_forward(8080, 80)` is the container's.
            let is_second = at > 2 && code.is_sign(at - 1, ',') && code.is_sign(at - 3, '(');
            number.parse().ok().filter(|_| !is_second)
        }
        Token::Word(_) | Token::Sign(_) => None,
    }
}

/// What Tilt says of a workload that other files deploy.
fn link_resource(sketch: &mut Sketch<'_>, path: &str, resource: &Resource, all: &[Resource]) {
    let is_it = |piece: &crate::link::Piece| {
        piece.form == Form::Deployed && piece.name.eq_ignore_ascii_case(&resource.workload)
    };
    let mut found =
        sketch.pieces.iter().enumerate().filter(|(_, piece)| is_it(piece)).map(|(index, _)| index);
    // Of several with one name nobody knows which is meant.
    let (Some(piece), None) = (found.next(), found.next()) else { return };
    let at: Place = (path.to_owned(), resource.line);
    sketch.pieces[piece].published.extend(&resource.ports);
    for shown in &resource.waits_for {
        let workload = all.iter().find(|other| other.shown == *shown).map_or(shown, |other| &other.workload);
        let target = Target::Name { name: workload.to_lowercase(), starts: true };
        sketch.mention(NAME, Origin::Piece(piece), target, None, at.clone(), None);
    }
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
        assert_eq!(
            short(tilt(&Code::read(text, Syntax::Hash))),
            ["acme/web ./web  3", "job . /jobs/Dockerfile 5", "api ./api  4"]
        );
        let text = "docker_build(x, y)\nz.docker_build()\ndocker_build(";
        assert!(tilt(&Code::read(text, Syntax::Hash)).is_empty());
    }

    #[test]
    fn resources_of_tilt() {
        let text = "k8s_resource('web-deployment', new_name='web', port_forwards=['8080:80', '127.0.0.1:9090:90'], resource_deps=['db', 'api'])\nk8s_resource(workload='api', port_forwards=port_forward(9000, 90, name='x'))\nk8s_resource('db', port_forwards=5432)\ndc_resource('mail', resource_deps=[\"db\"])\nk8s_resource(x)\ndef k8s_resource(a): pass\nk8s_resource(";
        let found = tilt_resources(&Code::read(text, Syntax::Hash));
        let short: Vec<String> = found
            .iter()
            .map(|one| {
                format!("{} {} {:?} {:?} {}", one.workload, one.shown, one.waits_for, one.ports, one.line)
            })
            .collect();
        assert_eq!(
            short,
            [
                "web-deployment web [\"db\", \"api\"] [8080, 9090] 1",
                "api api [] [9000] 2",
                "db db [] [5432] 3",
                "mail mail [\"db\"] [] 4"
            ]
        );
    }
}
