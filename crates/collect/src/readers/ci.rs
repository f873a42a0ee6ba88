//! Pipelines: GitHub Actions, GitLab CI, CircleCI, Azure Pipelines, Travis, Jenkins, Tekton, Argo Workflows, and what
//! Argo CD and Flux keep deployed. A pipeline is an entity; a piece is `built_by` the one that builds its image or its
//! folder and `deployed_by` the one that puts it somewhere.

mod cluster;
mod hosted;
mod jenkins;
mod shell;

use std::collections::BTreeSet;

use serde_json::Value;
use stave_model::{Basis, Claim, Evidence, Reference};

use crate::link::{Form, Image, Origin, Piece, Place, Sketch, Target, base_name, clean_name, parent};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "ci";

/// Most acts of one pipeline that are looked at, and most stages that its description names.
const MOST_ACTS: usize = 4_096;
const MOST_STAGES: usize = 24;

/// Something that a pipeline does with a part of the tree. Paths are relative to the repository's root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// Builds an image.
    Image { file: Option<String>, context: Option<String>, image: Option<String> },
    /// Builds the code of a folder.
    Folder(String),
    /// Is about a folder: works in it, starts when it changes. It builds that only where the pipeline builds anything.
    About(String),
    /// Builds something, by the name of what it runs.
    Something,
    /// Builds all code below a folder: a build tool with modules.
    Tree(String),
    /// Builds what a compose file of a folder builds.
    Compose(String),
    /// Deploys what a manifest, or those below a folder, define.
    Deploy(String),
    /// Deploys the piece that lies in a folder.
    Ship(String),
    /// Deploys a piece of that name.
    DeployName(String),
}

/// What one file, or one document of it, says.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// What runs it, for a tag: `github-actions`.
    system: &'static str,
    /// Its name in references: unique in its folder.
    id: String,
    name: String,
    line: u32,
    /// Names of its jobs or stages, in order.
    stages: Vec<String>,
    acts: Vec<(Act, u32)>,
    /// The address of the repository that its paths lie in, where it says.
    source: Option<String>,
}

/// The reader of pipelines.
pub(crate) struct Ci;

impl Reader for Ci {
    type Facts = Vec<Pipeline>;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;
    const TRIGGERS: &'static [&'static str] = &[
        "jobs:",
        "script",
        "stage",
        "steps",
        "include:",
        "pipeline",
        "node",
        "tekton.dev/",
        "argoproj.io/",
        "fluxcd.io/",
    ];

    fn wants(path: &str, name: &str) -> bool {
        system_of(path, name).is_some()
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Pipeline>> {
        let name = file.name();
        let Some(system) = system_of(file.path, &name) else { return Ok(None) };
        if system == System::Jenkins {
            return jenkins::read(file.path, file.text).map(|found| found.map(|one| vec![one]));
        }
        if system == System::Cluster {
            if !cluster::may_be(file.text) {
                return Ok(None);
            }
            let found = cluster::read(file);
            return match found {
                Ok(found) => Ok((!found.is_empty()).then_some(found)),
                Err(_) if file.has_marks() => Ok(None),
                Err(error) => Err(error),
            };
        }
        let documents = match file.yaml() {
            Ok(documents) => documents,
            Err(_) if file.is_template() => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(root) = documents.first() else { return Ok(None) };
        Ok(hosted::read(system, file.path, root).map(|one| vec![one]))
    }

    fn link(facts: Vec<(String, Vec<Pipeline>)>, sketch: &mut Sketch<'_>) {
        for (path, pipelines) in facts {
            for pipeline in pipelines {
                link_pipeline(sketch, &path, pipeline);
            }
        }
    }
}

/// What runs the pipelines of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    GitHub,
    GitLab,
    Circle,
    Azure,
    Travis,
    Jenkins,
    /// Objects of a cluster: Tekton, Argo, Flux.
    Cluster,
}

fn system_of(path: &str, name: &str) -> Option<System> {
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let folder = parent(path);
    if folder == ".github/workflows" || folder.ends_with("/.github/workflows") {
        return is_yaml.then_some(System::GitHub);
    }
    if is_yaml && (name.starts_with(".gitlab-ci") || folder.split('/').any(|part| part == ".gitlab")) {
        return Some(System::GitLab);
    }
    if base_name(folder) == ".circleci" {
        return (name == "config.yml" || name == "config.yaml").then_some(System::Circle);
    }
    if name == ".travis.yml" {
        return Some(System::Travis);
    }
    let is_azure =
        |text: &str| text.contains("azure-pipelines") || text == ".azuredevops" || text == ".azure-pipelines";
    if is_yaml && (is_azure(name) || folder.split('/').any(is_azure)) {
        return Some(System::Azure);
    }
    if name.starts_with("jenkinsfile") || name.ends_with(".jenkinsfile") {
        return Some(System::Jenkins);
    }
    is_yaml.then_some(System::Cluster)
}

impl Pipeline {
    fn new(system: &'static str, id: &str, name: &str, line: u32) -> Pipeline {
        Pipeline {
            system,
            id: id.to_owned(),
            name: name.to_owned(),
            line,
            stages: Vec::new(),
            acts: Vec::new(),
            source: None,
        }
    }
}

fn link_pipeline(sketch: &mut Sketch<'_>, path: &str, pipeline: Pipeline) {
    let Some(id) = clean_name(&pipeline.id) else { return };
    let Ok(reference) = Reference::of_repository(&sketch.repository, parent(path), "pipeline", &id) else {
        return;
    };
    let name = clean_name(&pipeline.name).unwrap_or(id);
    let mut say = |kind: &str, to: Option<&str>, value: Option<Value>| {
        let mut claim = Claim::new(kind, reference.clone(), Basis::Discovered);
        claim.to = to.map(str::to_owned);
        claim.value = value;
        claim.evidence = vec![Evidence::at(path, pipeline.line)];
        sketch.claims.push((NAME, claim));
    };
    say("exists", None, Some(Value::from("pipeline")));
    say("name", None, Some(Value::from(name)));
    say("tag", Some(pipeline.system), None);
    let mut stages: Vec<String> = Vec::new();
    for stage in pipeline.stages.iter().filter_map(|stage| clean_name(stage)) {
        if !stages.contains(&stage) && stages.len() < MOST_STAGES {
            stages.push(stage);
        }
    }
    if !stages.is_empty() {
        say("description", None, Some(Value::from(format!("Stages: {}", stages.join(", ")))));
    }
    if !is_here(pipeline.source.as_deref(), &sketch.repository) {
        return;
    }
    let builds = |act: &Act| {
        matches!(act, Act::Image { .. } | Act::Folder(_) | Act::Tree(_) | Act::Compose(_) | Act::Something)
    };
    let builds_something = pipeline.acts.iter().any(|(act, _)| builds(act));
    let mut seen: BTreeSet<(&'static str, usize)> = BTreeSet::new();
    let mut deploys_something = false;
    for (act, line) in pipeline.acts.iter().take(MOST_ACTS) {
        if matches!(act, Act::About(_)) && !builds_something {
            continue;
        }
        let (relation, pieces) = pieces_of(sketch, act);
        if let (Act::Image { image: Some(image), .. }, [piece]) = (act, pieces.as_slice()) {
            name_image(sketch, *piece, image);
        }
        for piece in pieces.into_iter().filter(|piece| seen.insert((relation, *piece))) {
            deploys_something |= relation == "deployed_by";
            link(sketch, piece, relation, &reference, (path.to_owned(), *line));
        }
    }
    // What is kept deployed under a name is mostly the piece of that name.
    if pipeline.source.is_some() && !deploys_something {
        for piece in named(sketch, &pipeline.name) {
            link(sketch, piece, "deployed_by", &reference, (path.to_owned(), pipeline.line));
        }
    }
}

/// What is built here has this image: by it another repository's deployment is known to be the same piece. Only a name
/// that is whole, and only of what is built from source.
fn name_image(sketch: &mut Sketch<'_>, piece: usize, image: &str) {
    let path = sketch.repository.split_once('/').map_or("", |(_, path)| path);
    let owner = path.split('/').next().unwrap_or(path);
    let image =
        image.replace("${{ github.repository }}", path).replace("${{ github.repository_owner }}", owner);
    if image.contains(['$', '{', '%', '<']) || sketch.pieces[piece].form != Form::Built {
        return;
    }
    let image = Image::parse(&image).filter(Image::is_qualified);
    sketch.pieces[piece].images.extend(image);
}

fn link(sketch: &mut Sketch<'_>, piece: usize, relation: &'static str, to: &Reference, at: Place) {
    sketch.mention(NAME, Origin::Piece(piece), Target::Reference(to.clone()), Some(relation), at, None);
}

/// Whether an address is that of this repository, or of a copy of it under another owner.
fn is_here(source: Option<&str>, repository: &str) -> bool {
    let Some(source) = source else { return true };
    crate::repository_of_url(source)
        .is_some_and(|other| other == repository || base_name(&other) == base_name(repository))
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The pieces that an act is about, and what it makes of them.
fn pieces_of(sketch: &Sketch<'_>, act: &Act) -> (&'static str, Vec<usize>) {
    let all = || sketch.pieces.iter().enumerate();
    match act {
        Act::Image { file, context, image } => ("built_by", image_pieces(sketch, file, context, image)),
        Act::Folder(folder) | Act::About(folder) => ("built_by", at_home(sketch, folder)),
        Act::Something => ("built_by", Vec::new()),
        Act::Tree(folder) => {
            let homes: BTreeSet<&str> = all()
                .filter(|(_, piece)| piece.form == Form::Code)
                .filter_map(|(_, piece)| piece.home.as_deref())
                .filter(|home| is_below(home, folder))
                .collect();
            ("built_by", homes.into_iter().flat_map(|home| at_home(sketch, home)).collect())
        }
        Act::Compose(folder) => {
            let is_built = |piece: &Piece| {
                let place = piece.reference.in_repository();
                piece.builds && place.is_some_and(|(_, at, format, _)| format == "compose" && at == folder)
            };
            ("built_by", all().filter(|(_, piece)| is_built(piece)).map(|(index, _)| index).collect())
        }
        Act::Deploy(path) => {
            let reached = sketch.overlays_of(path);
            let is_meant = |piece: &Piece| {
                let places = piece.at.iter().map(|(at, _)| at.as_str());
                // A folder of manifests is not what compose files beside them define.
                let is_compose = piece.reader == "compose";
                piece.form == Form::Deployed
                    && places.into_iter().any(|at| {
                        at == path || !is_compose && reached.iter().any(|folder| is_below(at, folder))
                    })
            };
            ("deployed_by", all().filter(|(_, piece)| is_meant(piece)).map(|(index, _)| index).collect())
        }
        Act::Ship(folder) => ("deployed_by", at_home(sketch, folder)),
        Act::DeployName(name) => ("deployed_by", named(sketch, name)),
    }
}

/// The pieces whose code lies in exactly this folder, in the form that says most.
fn at_home(sketch: &Sketch<'_>, folder: &str) -> Vec<usize> {
    let home = super::docker::code_folder(folder, sketch);
    let of = |forms: &[Form]| -> Vec<usize> {
        let is_one =
            |piece: &Piece| piece.home.as_deref() == Some(home.as_str()) && forms.contains(&piece.form);
        let found = sketch.pieces.iter().enumerate().filter(|(_, piece)| is_one(piece));
        found.map(|(index, _)| index).collect()
    };
    [&[Form::Deployed][..], &[Form::Settings, Form::Code], &[Form::Built]]
        .into_iter()
        .map(of)
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn image_pieces(
    sketch: &Sketch<'_>,
    file: &Option<String>,
    context: &Option<String>,
    image: &Option<String>,
) -> Vec<usize> {
    let dockerfile = |path: &str| -> Vec<usize> {
        let is_one = |piece: &Piece| piece.form == Form::Built && piece.at.iter().any(|(at, _)| at == path);
        sketch.pieces.iter().enumerate().filter(|(_, piece)| is_one(piece)).map(|(index, _)| index).collect()
    };
    let of_image = || -> Vec<usize> {
        let Some(image) = image.as_deref().and_then(Image::parse) else { return Vec::new() };
        let is_one = |piece: &Piece| piece.images.iter().any(|other| other.base() == image.base());
        sketch.pieces.iter().enumerate().filter(|(_, piece)| is_one(piece)).map(|(index, _)| index).collect()
    };
    let found = match (file, context) {
        (Some(file), _) => dockerfile(file),
        (None, Some(context)) if context.is_empty() => dockerfile("Dockerfile"),
        (None, Some(context)) => dockerfile(&format!("{context}/Dockerfile")),
        (None, None) => Vec::new(),
    };
    if !found.is_empty() {
        return found;
    }
    let found = context.as_deref().map(|context| at_home(sketch, context)).unwrap_or_default();
    if found.is_empty() || file.is_some() { of_image() } else { found }
}

/// The deployed pieces of a name, else the code of it; nothing where nothing is called so. Products are not meant:
/// who installs a database for a test deploys none of the estate's.
fn named(sketch: &Sketch<'_>, name: &str) -> Vec<usize> {
    let name = name.trim().to_lowercase();
    let of = |form: Form| -> Vec<usize> {
        let is_one =
            |piece: &Piece| piece.form == form && piece.product.is_none() && piece.names.contains(&name);
        sketch.pieces.iter().enumerate().filter(|(_, piece)| is_one(piece)).map(|(index, _)| index).collect()
    };
    let deployed = of(Form::Deployed);
    if deployed.is_empty() { of(Form::Code) } else { deployed }
}
