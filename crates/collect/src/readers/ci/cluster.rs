//! Pipelines that are objects of a cluster: Tekton, Argo Workflows; and Argo CD and Flux, which keep deployed what
//! stands in a repository.

use std::collections::BTreeMap;

use crate::parse::{Node, ParseError, documents, parse_yaml};

use super::super::SourceFile;
use super::shell::{acts, path};
use super::{Act, Pipeline};

/// Whether a file may hold such objects.
pub(super) fn may_be(text: &str) -> bool {
    text.contains("apiVersion")
        && ["tekton.dev/", "argoproj.io/", "kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"]
            .iter()
            .any(|word| text.contains(word))
}

pub(super) fn read(file: &SourceFile<'_>) -> Result<Vec<Pipeline>, ParseError> {
    let mut out = Vec::new();
    for (line, text) in documents(file.text).into_iter().filter(|(_, text)| may_be(text)) {
        for node in parse_yaml(text, line)? {
            out.extend(object(&node));
        }
    }
    Ok(out)
}

fn object(node: &Node) -> Option<Pipeline> {
    let api = node.text_of("apiVersion")?;
    let kind = node.text_of("kind")?;
    let metadata = node.get("metadata")?;
    let name = metadata.get("name").or_else(|| metadata.get("generateName"))?;
    let (line, name) = (name.line, name.text()?.trim_end_matches('-'));
    let new = |system: &'static str| Pipeline::new(system, name, name, line);
    let spec = node.get("spec")?;
    let group = api.split('/').next().unwrap_or(api);
    match (group, kind) {
        ("tekton.dev", "Pipeline" | "PipelineRun" | "Task") => {
            let mut pipeline = new("tekton");
            let inner = spec.get("pipelineSpec").unwrap_or(spec);
            for task in inner.items_of("tasks").iter().chain(inner.items_of("finally")) {
                pipeline.stages.extend(task.text_of("name").map(str::to_owned));
                tekton_parameters(task, &mut pipeline);
                task.get("taskSpec").into_iter().for_each(|spec| tekton_steps(spec, &mut pipeline));
            }
            if kind == "Task" {
                pipeline.stages.extend(
                    inner.items_of("steps").iter().filter_map(|step| step.text_of("name")).map(str::to_owned),
                );
                tekton_steps(inner, &mut pipeline);
            }
            Some(pipeline)
        }
        ("argoproj.io", "Workflow" | "WorkflowTemplate" | "CronWorkflow" | "ClusterWorkflowTemplate") => {
            let mut pipeline = new("argo-workflows");
            let inner = spec.get("workflowSpec").unwrap_or(spec);
            for template in inner.items_of("templates") {
                pipeline.stages.extend(template.text_of("name").map(str::to_owned));
                for part in [template.get("container"), template.get("script")].into_iter().flatten() {
                    container(part, &mut pipeline);
                }
            }
            Some(pipeline)
        }
        ("argoproj.io", "Application") => {
            let mut pipeline = new("argo-cd");
            sources(spec, &[BTreeMap::new()], &mut pipeline);
            Some(pipeline)
        }
        ("argoproj.io", "ApplicationSet") => {
            let mut pipeline = new("argo-cd");
            let cells = generated(spec, &mut pipeline);
            spec.at(&["template", "spec"])
                .into_iter()
                .for_each(|template| sources(template, &cells, &mut pipeline));
            Some(pipeline)
        }
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            let mut pipeline = new("flux");
            if let Some(at) = spec.get("path") {
                let folder = at.text().and_then(|text| path("", text.trim_start_matches('/')));
                pipeline.acts.extend(folder.map(|folder| (Act::Deploy(folder), at.line)));
            }
            Some(pipeline)
        }
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            // Only a chart of a git repository is a folder.
            let chart = spec.at(&["chart", "spec"])?;
            let is_folder = chart.at(&["sourceRef", "kind"]).and_then(Node::text) == Some("GitRepository");
            let at = chart.get("chart").filter(|_| is_folder)?;
            let folder = path("", at.text()?.trim_start_matches('/'))?;
            let mut pipeline = new("flux");
            pipeline.acts.push((Act::Deploy(folder), at.line));
            Some(pipeline)
        }
        _ => None,
    }
}

/// A command line as one script; scripts of their own.
fn container(node: &Node, pipeline: &mut Pipeline) {
    for key in ["script", "source"] {
        if let Some((text, line)) = node.get(key).and_then(|script| Some((script.text()?, script.line))) {
            pipeline.acts.extend(acts(text, line, "", &|_| None));
        }
    }
    let words: Vec<&Node> = ["command", "args"].iter().flat_map(|key| node.items_of(key)).collect();
    let Some(first) = words.first() else { return };
    let texts: Vec<&str> = words.iter().filter_map(|word| word.text()).collect();
    // `sh -c SCRIPT`: the script is the last word.
    match texts.iter().position(|word| *word == "-c") {
        Some(at) => {
            for word in words.iter().skip(at + 1) {
                pipeline
                    .acts
                    .extend(word.text().map_or(Vec::new(), |text| acts(text, word.line, "", &|_| None)));
            }
        }
        None => pipeline.acts.extend(acts(&texts.join(" "), first.line, "", &|_| None)),
    }
}

fn tekton_steps(spec: &Node, pipeline: &mut Pipeline) {
    spec.items_of("steps").iter().for_each(|step| container(step, pipeline));
}

/// The tasks that build images share the names of their parameters.
fn tekton_parameters(task: &Node, pipeline: &mut Pipeline) {
    let mut values: BTreeMap<String, &str> = BTreeMap::new();
    for parameter in task.items_of("params") {
        if let (Some(name), Some(value)) = (parameter.text_of("name"), parameter.text_of("value")) {
            values.insert(name.to_ascii_uppercase(), value);
        }
    }
    if values.contains_key("DOCKERFILE") || values.contains_key("CONTEXT") {
        let context = values.get("CONTEXT").and_then(|text| path("", text));
        let file = values.get("DOCKERFILE").and_then(|text| path("", text));
        let image = values.get("IMAGE").map(|image| (*image).to_owned());
        pipeline.acts.push((Act::Image { file, context, image }, task.line));
    }
}

type Cell = BTreeMap<String, String>;

/// What the generators of a set of applications fill in: elements of lists; folders of git are deployed as they are.
fn generated(spec: &Node, pipeline: &mut Pipeline) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut open: Vec<&Node> = spec.items_of("generators").iter().collect();
    while let Some(generator) = open.pop() {
        for key in ["matrix", "merge"] {
            open.extend(generator.at(&[key, "generators"]).map_or(&[][..], Node::items));
        }
        for element in generator.at(&["list", "elements"]).map_or(&[][..], Node::items) {
            cells
                .push(element.flatten().into_iter().map(|(key, value, _)| (key, value.to_owned())).collect());
        }
        if let Some(git) = generator.get("git") {
            pipeline.source = pipeline.source.take().or_else(|| git.text_of("repoURL").map(str::to_owned));
            for folder in git.items_of("directories") {
                let Some(at) = folder.get("path").filter(|_| folder.text_of("exclude") != Some("true"))
                else {
                    continue;
                };
                let text = at.text().unwrap_or("");
                let fixed = text.split('*').next().unwrap_or(text).trim_end_matches('/');
                let fixed = path("", fixed).filter(|folder| !folder.is_empty());
                pipeline.acts.extend(fixed.map(|folder| (Act::Deploy(folder), at.line)));
            }
        }
    }
    cells.truncate(256);
    cells
}

/// `{{name}}` and `{{ .name }}` filled in.
fn filled(text: &str, cell: &Cell) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((inner, after)) = behind.split_once("}}") else { break };
        out.push_str(before);
        match cell.get(inner.trim().trim_start_matches('.')) {
            Some(value) => out.push_str(value),
            None => {
                out.push_str("{{");
                out.push_str(inner);
                out.push_str("}}");
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn sources(spec: &Node, cells: &[Cell], pipeline: &mut Pipeline) {
    for source in spec.get("source").into_iter().chain(spec.items_of("sources")) {
        if let Some(url) = source.text_of("repoURL").filter(|url| !url.contains("{{")) {
            // A chart's registry holds none of the repository's folders; the first other source does.
            if source.get("chart").is_none() && pipeline.source.is_none() {
                pipeline.source = Some(url.to_owned());
            }
        }
        let Some((text, line)) = source.get("path").and_then(|at| Some((at.text()?, at.line))) else {
            continue;
        };
        for cell in cells {
            pipeline.acts.extend(path("", &filled(text, cell)).map(|folder| (Act::Deploy(folder), line)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read_text(text: &str) -> Vec<Pipeline> {
        read(&SourceFile::new("a.yaml", text)).unwrap()
    }

    #[test]
    fn applications_and_sets_of_them() {
        let found = read_text(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec:\n  source: {repoURL: \"https://h.dev/o/r.git\", path: k8s/prod}\n---\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\nspec:\n  generators:\n  - list: {elements: [{app: a}, {app: b}]}\n  template: {spec: {source: {repoURL: \"https://h.dev/o/r\", path: \"apps/{{app}}\"}}}\n",
        );
        let short: Vec<(&str, Vec<&Act>)> = found
            .iter()
            .map(|one| (one.name.as_str(), one.acts.iter().map(|(act, _)| act).collect()))
            .collect();
        let deploy = |folder: &str| Act::Deploy(folder.to_owned());
        assert_eq!(
            short,
            [("shop", vec![&deploy("k8s/prod")]), ("all", vec![&deploy("apps/a"), &deploy("apps/b")])]
        );
        assert_eq!(found[0].source.as_deref(), Some("https://h.dev/o/r.git"));
    }

    #[test]
    fn a_release_of_flux_deploys_the_folder_of_its_chart() {
        let release = |kind: &str, chart: &str| {
            let text = format!(
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec: {{chart: {{spec: {{chart: {chart}, sourceRef: {{kind: {kind}}}}}}}}}\n"
            );
            let acts = read_text(&text).into_iter().flat_map(|one| one.acts);
            acts.map(|(act, _)| act).collect::<Vec<_>>()
        };
        assert_eq!(release("GitRepository", "./charts/web"), [Act::Deploy("charts/web".to_owned())]);
        assert_eq!(release("HelmRepository", "redis"), []);
        assert_eq!(release("GitRepository", "../x"), []);
    }

    #[test]
    fn tekton_and_workflows() {
        let found = read_text(
            "apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n  tasks:\n  - {name: image, taskRef: {name: kaniko}, params: [{name: CONTEXT, value: ./web}, {name: IMAGE, value: r/web}]}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\nspec:\n  templates:\n  - name: build\n    container: {image: x, command: [sh, -c], args: [\"docker build api\"]}\n",
        );
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["p", "w"]);
        assert_eq!(found[0].stages, ["image"]);
        let image = |context: &str, image: Option<&str>| Act::Image {
            file: None,
            context: Some(context.to_owned()),
            image: image.map(str::to_owned),
        };
        assert_eq!(found[0].acts[0].0, image("web", Some("r/web")));
        assert_eq!(found[1].acts[0].0, image("api", None));
    }
}
