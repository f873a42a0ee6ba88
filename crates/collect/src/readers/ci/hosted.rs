//! Pipelines in YAML files of hosts: GitHub Actions, GitLab CI, CircleCI, Azure Pipelines, Travis.

use std::collections::BTreeMap;

use crate::link::base_name;
use crate::parse::Node;

use super::shell::{acts, fill, path};
use super::{Act, Pipeline, System};

/// Most values of a matrix that are filled in.
const MOST_CELLS: usize = 64;

type Values = BTreeMap<String, String>;

pub(super) fn read(system: System, file: &str, root: &Node) -> Option<Pipeline> {
    let id = base_name(file);
    let stem = id.trim_start_matches('.').rsplit_once('.').map_or(id, |(stem, _)| stem);
    let new = |tag: &'static str, name: &str| Pipeline::new(tag, id, name, 1);
    match system {
        System::GitHub => {
            let jobs = root.get("jobs")?;
            let name = root.text_of("name").filter(|name| !name.contains("${{")).unwrap_or(stem);
            let mut pipeline = new("github-actions", name);
            github(root, jobs, &mut pipeline);
            Some(pipeline)
        }
        System::GitLab => {
            let is_job = |node: &Node| node.get("script").is_some() || node.get("trigger").is_some();
            let is_one = root.entries().iter().any(|(_, node)| is_job(node))
                || root.get("stages").is_some()
                || root.get("include").is_some();
            let mut pipeline = new("gitlab-ci", stem);
            gitlab(root, &mut pipeline);
            is_one.then_some(pipeline)
        }
        System::Circle => {
            let mut pipeline = new("circleci", "circleci");
            for (name, job) in root.get("jobs")?.entries() {
                pipeline.stages.push(name.to_string());
                let values = texts(job.get("environment"));
                job.items_of("steps").iter().for_each(|step| circle_step(step, &values, &mut pipeline));
            }
            Some(pipeline)
        }
        System::Azure => {
            let is_one = ["steps", "jobs", "stages"].iter().any(|key| root.get(key).is_some());
            let mut pipeline = new("azure-pipelines", stem);
            changes(root.at(&["trigger", "paths", "include"]), &mut pipeline);
            azure(root, &azure_variables(root), &mut pipeline);
            is_one.then_some(pipeline)
        }
        System::Travis => {
            let mut pipeline = new("travis-ci", "travis");
            travis(root, &mut pipeline);
            let jobs = root.get("jobs").or_else(|| root.get("matrix"));
            jobs.map_or(&[][..], |jobs| jobs.items_of("include"))
                .iter()
                .for_each(|job| travis(job, &mut pipeline));
            Some(pipeline)
        }
        System::Jenkins | System::Cluster => None,
    }
}

/// Scalars of a map.
fn texts(node: Option<&Node>) -> Values {
    let entries = node.map_or(&[][..], Node::entries).iter();
    entries.filter_map(|(key, value)| Some((key.to_string(), value.text()?.to_owned()))).collect()
}

/// Folders whose change starts a pipeline are what it is about.
fn changes(patterns: Option<&Node>, pipeline: &mut Pipeline) {
    for item in patterns.map_or(&[][..], Node::items) {
        let Some(pattern) = item.text().filter(|pattern| !pattern.starts_with('!')) else { continue };
        let Some(folder) = pattern.find('*').map(|at| &pattern[..at]) else { continue };
        let Some(folder) = folder.strip_suffix('/').filter(|folder| !folder.is_empty()) else { continue };
        pipeline.acts.extend(path("", folder).map(|folder| (Act::About(folder), item.line)));
    }
}

/// One way to fill in the marks of a job: environment, and one cell of its matrix.
struct Cell<'a> {
    env: &'a Values,
    matrix: Values,
}

impl Cell<'_> {
    /// A text with `${{ matrix.x }}` and `${{ env.x }}` filled in; others stay.
    fn fill(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${{") {
            let Some(end) = rest[at..].find("}}") else { break };
            let whole = &rest[at..at + end + 2];
            let inner = rest[at + 3..at + end].trim();
            out.push_str(&rest[..at]);
            let value = match inner.split_once('.') {
                Some(("matrix", key)) => self.matrix.get(key),
                Some(("env", key)) => self.env.get(key),
                _ => None,
            };
            match (value, inner) {
                (Some(value), _) => out.push_str(value),
                (None, "github.workspace") => out.push('.'),
                (None, _) => out.push_str(whole),
            }
            rest = &rest[at + end + 2..];
        }
        out.push_str(rest);
        fill(&out, &|_| None)
    }

    fn lookup(&self, name: &str) -> Option<String> {
        self.env.get(name).map(|value| self.fill(value))
    }
}

/// The cells of a matrix. A key with a list gives one for each of its values: what needs two keys at once is only
/// known where `include` names both.
fn cells(matrix: Option<&Node>) -> Vec<Values> {
    let mut out = vec![Values::new()];
    for (key, list) in matrix.map_or(&[][..], Node::entries) {
        for item in list.items() {
            let mut cell = Values::new();
            let prefix =
                if matches!(&**key, "include" | "exclude") { String::new() } else { format!("{key}.") };
            match item.text() {
                Some(text) => drop(cell.insert(key.to_string(), text.to_owned())),
                None => cell.extend(
                    item.flatten()
                        .into_iter()
                        .map(|(inner, value, _)| (prefix.clone() + &inner, value.to_owned())),
                ),
            }
            if &**key != "exclude" && out.len() < MOST_CELLS {
                out.push(cell);
            }
        }
    }
    out
}

fn github(root: &Node, jobs: &Node, pipeline: &mut Pipeline) {
    for event in ["push", "pull_request", "pull_request_target"] {
        changes(root.at(&["on", event, "paths"]), pipeline);
    }
    let top_env = texts(root.get("env"));
    let folder_of = |node: &Node| {
        node.at(&["defaults", "run", "working-directory"]).and_then(Node::text).map(str::to_owned)
    };
    let top_folder = folder_of(root);
    for (name, job) in jobs.entries() {
        pipeline.stages.push(name.to_string());
        let mut env = top_env.clone();
        env.extend(texts(job.get("env")));
        let folder = folder_of(job).or_else(|| top_folder.clone());
        let matrix = cells(job.at(&["strategy", "matrix"]));
        for step in job.items_of("steps") {
            let mut env = env.clone();
            env.extend(texts(step.get("env")));
            for matrix in &matrix {
                let cell = Cell { env: &env, matrix: matrix.clone() };
                github_step(step, folder.as_deref(), &cell, pipeline);
            }
        }
    }
    pipeline.acts.sort_by_key(|(_, line)| *line);
    pipeline.acts.dedup();
}

fn github_step(step: &Node, folder: Option<&str>, cell: &Cell<'_>, pipeline: &mut Pipeline) {
    let folder = step.text_of("working-directory").or(folder);
    if let Some(run) = step.get("run") {
        let at = match folder {
            Some(folder) => path("", &cell.fill(folder)),
            None => Some(String::new()),
        };
        let (Some(at), Some(script)) = (at, run.text()) else { return };
        if let Some(folder) = step.get("working-directory") {
            pipeline.acts.push((Act::About(at.clone()), folder.line));
        } else if !at.is_empty() {
            pipeline.acts.push((Act::About(at.clone()), run.line));
        }
        pipeline.acts.extend(acts(&cell.fill(script), run.line, &at, &|name| cell.lookup(name)));
        return;
    }
    let (Some(uses), Some(with)) = (step.text_of("uses"), step.get("with")) else { return };
    let action = uses.split('@').next().unwrap_or(uses);
    let line = step.get("uses").map_or(step.line, |uses| uses.line);
    let text = |keys: &[&str]| keys.iter().find_map(|key| with.text_of(key)).map(|text| cell.fill(text));
    let place = |keys: &[&str]| text(keys).and_then(|text| path("", &text));
    let mut say = |act: Act| pipeline.acts.push((act, line));
    match action {
        "docker/build-push-action"
        | "redhat-actions/buildah-build"
        | "mr-smithers-excellent/docker-build-push" => {
            let file = place(&["file", "dockerfile", "containerfiles"]);
            // Without a context the whole checkout is sent.
            let has_context = with.get("context").or_else(|| with.get("directory")).is_some();
            let context = match place(&["context", "directory"]) {
                None if !has_context => Some(String::new()),
                context => context,
            };
            let image = text(&["tags", "image"])
                .and_then(|tags| Some(tags.split([',', '\n']).next()?.trim().to_owned()))
                .filter(|image| !image.contains("${{"));
            if file.is_some() || context.is_some() || image.is_some() {
                say(Act::Image { file, context, image });
            }
        }
        "azure/k8s-deploy" | "Azure/k8s-deploy" | "azure/kubernetes-deploy" => {
            for manifest in text(&["manifests"]).unwrap_or_default().split(['\n', ',']) {
                path("", manifest.trim())
                    .filter(|path| !path.is_empty())
                    .into_iter()
                    .for_each(|path| say(Act::Deploy(path)));
            }
        }
        "google-github-actions/deploy-cloudrun" => {
            text(&["service"]).into_iter().for_each(|name| say(Act::DeployName(name)));
            place(&["source"]).into_iter().for_each(|folder| say(Act::Ship(folder)));
        }
        "aws-actions/amazon-ecs-deploy-task-definition" => {
            text(&["service"]).into_iter().for_each(|name| say(Act::DeployName(name)));
        }
        "azure/webapps-deploy"
        | "Azure/webapps-deploy"
        | "Azure/functions-action"
        | "azure/functions-action"
        | "azure/container-apps-deploy-action" => {
            text(&["app-name", "containerAppName"]).into_iter().for_each(|name| say(Act::DeployName(name)));
        }
        _ => {}
    }
}

/// Words of GitLab's file that are no jobs.
const GITLAB_WORDS: &[&str] = &[
    "stages",
    "variables",
    "include",
    "default",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
];

fn gitlab(root: &Node, pipeline: &mut Pipeline) {
    let top = gitlab_variables(root);
    let stages = root.items_of("stages").iter().filter_map(Node::text).map(str::to_owned);
    pipeline.stages.extend(stages);
    let names_jobs = pipeline.stages.is_empty();
    for (name, job) in root.entries() {
        if GITLAB_WORDS.contains(&&**name) || !job.is_map() {
            continue;
        }
        if names_jobs && !name.starts_with('.') {
            pipeline.stages.push(name.to_string());
        }
        let mut values = top.clone();
        values.extend(gitlab_variables(job));
        for rule in job.items_of("rules") {
            changes(rule.get("changes").and_then(|changes| changes.get("paths").or(Some(changes))), pipeline);
        }
        changes(job.at(&["only", "changes"]), pipeline);
        let inherited =
            ["before_script"].iter().find_map(|key| job.get(key)).or_else(|| root.get("before_script"));
        // What comes before runs in the same shell: a folder that it goes into stays.
        scripts([inherited, job.get("script")], &values, pipeline);
    }
}

fn gitlab_variables(node: &Node) -> Values {
    let mut values = texts(node.get("variables"));
    for (key, value) in node.entries_of("variables") {
        values.extend(value.text_of("value").map(|text| (key.to_string(), text.to_owned())));
    }
    values
}

/// Lists of commands that run in one shell. Each item is its own script with its own line; a leading `cd` holds on.
fn scripts<'a>(parts: impl IntoIterator<Item = Option<&'a Node>>, values: &Values, pipeline: &mut Pipeline) {
    let mut at = String::new();
    for item in parts.into_iter().flatten().flat_map(Node::items) {
        let Some(text) = item.text() else { continue };
        let lookup = |name: &str| values.get(name).cloned();
        pipeline.acts.extend(acts(text, item.line, &at, &lookup));
        if let Some(to) = text.strip_prefix("cd ").filter(|to| !to.contains(['&', ';', '|', '\n'])) {
            at = path(&at, &fill(to, &lookup)).unwrap_or(at);
        }
    }
}

fn circle_step(step: &Node, values: &Values, pipeline: &mut Pipeline) {
    let Some(run) = step.get("run") else { return };
    let command = if run.is_map() { run.get("command") } else { Some(run) };
    let Some((text, line)) = command.and_then(|command| Some((command.text()?, command.line))) else {
        return;
    };
    let lookup = |name: &str| values.get(name).cloned();
    let folder = run.text_of("working_directory").map_or(Some(String::new()), |folder| {
        path("", folder.trim_start_matches("~/project/").trim_start_matches("~/repo/"))
    });
    let Some(folder) = folder else { return };
    if !folder.is_empty() {
        pipeline.acts.push((Act::About(folder.clone()), run.line));
    }
    pipeline.acts.extend(acts(text, line, &folder, &lookup));
}

fn azure_variables(root: &Node) -> Values {
    let mut values = texts(root.get("variables"));
    for item in root.items_of("variables") {
        if let (Some(name), Some(value)) = (item.text_of("name"), item.text_of("value")) {
            values.insert(name.to_owned(), value.to_owned());
        }
    }
    values
}

/// `$(NAME)` filled in.
fn azure_fill(text: &str, values: &Values) -> String {
    let filled = fill(text, &|name| values.get(name).cloned());
    let mut out = String::new();
    let mut rest = filled.as_str();
    while let Some(at) = rest.find("$(") {
        let Some(end) = rest[at..].find(')') else { break };
        out.push_str(&rest[..at]);
        match values.get(&rest[at + 2..at + end]) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[at..=at + end]),
        }
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    out
}

fn azure(node: &Node, values: &Values, pipeline: &mut Pipeline) {
    for (key, kind) in [("stages", "stage"), ("jobs", "job"), ("jobs", "deployment")] {
        for item in node.items_of(key) {
            if let Some(name) = item.text_of(kind) {
                pipeline.stages.push(name.to_owned());
            }
        }
    }
    for step in node.items_of("steps") {
        azure_step(step, values, pipeline);
    }
    // Steps stand in jobs of stages, and in strategies of deployments.
    for (key, inner) in node.entries() {
        if matches!(&**key, "stages" | "jobs" | "strategy" | "runOnce" | "rolling" | "canary" | "deploy") {
            if inner.is_map() {
                azure(inner, values, pipeline);
            }
            inner.items().iter().filter(|item| item.is_map()).for_each(|item| azure(item, values, pipeline));
        }
    }
}

fn azure_step(step: &Node, values: &Values, pipeline: &mut Pipeline) {
    let folder = step
        .text_of("workingDirectory")
        .map_or(Some(String::new()), |text| path("", &azure_fill(text, values)));
    for key in ["script", "bash", "pwsh", "powershell"] {
        if let (Some(script), Some(folder)) = (step.get(key), &folder)
            && let Some(text) = script.text()
        {
            pipeline.acts.extend(acts(&azure_fill(text, values), script.line, folder, &|name| {
                values.get(name).cloned()
            }));
        }
    }
    let (Some(task), Some(inputs)) = (step.get("task"), step.get("inputs")) else { return };
    let line = task.line;
    let name = task.text().unwrap_or("").split('@').next().unwrap_or("");
    let text = |keys: &[&str]| {
        // Names of inputs are written in any case.
        let found =
            inputs.entries().iter().find(|(key, _)| keys.iter().any(|want| key.eq_ignore_ascii_case(want)));
        found.and_then(|(_, value)| value.text()).map(|text| azure_fill(text, values))
    };
    // `**/Dockerfile` is the only one there is.
    let place = |keys: &[&str]| text(keys).and_then(|text| path("", text.trim_start_matches("**/")));
    let mut say = |act: Act| pipeline.acts.push((act, line));
    match name {
        "Docker" if text(&["command"]).is_none_or(|command| command.starts_with("build")) => {
            let file = place(&["Dockerfile"]);
            say(Act::Image { file, context: place(&["buildContext"]), image: text(&["repository"]) });
        }
        "KubernetesManifest" | "Kubernetes" => {
            for manifest in text(&["manifests", "arguments"]).unwrap_or_default().split_whitespace() {
                path("", manifest)
                    .filter(|path| path.contains(['/', '.']))
                    .into_iter()
                    .for_each(|path| say(Act::Deploy(path)));
            }
        }
        "HelmDeploy" => {
            place(&["chartPath"]).into_iter().for_each(|folder| say(Act::Deploy(folder)));
            text(&["releaseName"]).into_iter().for_each(|name| say(Act::DeployName(name)));
        }
        "AzureWebApp" | "AzureRmWebAppDeployment" | "AzureFunctionApp" | "AzureWebAppContainer" => {
            text(&["appName", "WebAppName"]).into_iter().for_each(|name| say(Act::DeployName(name)));
        }
        "Maven" => {
            let file = place(&["mavenPomFile"]).unwrap_or_else(|| "pom.xml".to_owned());
            say(Act::Tree(crate::link::parent(&file).to_owned()));
        }
        "DotNetCoreCLI"
            if text(&["command"])
                .is_some_and(|command| matches!(&*command, "build" | "publish" | "pack")) =>
        {
            if let Some(project) = text(&["projects"]).and_then(|text| path("", &text)) {
                say(Act::Folder(crate::link::parent(&project).to_owned()));
            }
        }
        _ => {}
    }
}

fn travis(node: &Node, pipeline: &mut Pipeline) {
    pipeline.stages.extend(node.text_of("stage").map(str::to_owned));
    let mut values = Values::new();
    let env = node.get("env");
    let lists = [env, env.and_then(|env| env.get("global")), env.and_then(|env| env.get("jobs"))];
    for pair in lists
        .into_iter()
        .flatten()
        .flat_map(Node::items)
        .filter_map(Node::text)
        .flat_map(str::split_whitespace)
    {
        if let Some((key, value)) = pair.split_once('=') {
            values.insert(key.to_owned(), value.trim_matches(['"', '\'']).to_owned());
        }
    }
    let phases =
        ["before_install", "install", "before_script", "script", "after_success", "before_deploy", "deploy"];
    scripts(phases.map(|phase| node.get(phase)), &values, pipeline);
    for deploy in node.items_of("deploy").iter().chain(node.get("deploy")) {
        scripts([deploy.get("script")], &values, pipeline);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::parse::parse_yaml;

    fn says(system: System, file: &str, text: &str) -> Vec<String> {
        let pipeline = read(system, file, &parse_yaml(text, 0).unwrap()[0]).unwrap();
        let stages = format!("{}: {}", pipeline.name, pipeline.stages.join(","));
        let acts = pipeline.acts.iter().map(|(act, line)| match act {
            Act::Image { file, context, image } => format!(
                "image {} {} {} @{line}",
                file.as_deref().unwrap_or("-"),
                context.as_deref().unwrap_or("-"),
                image.as_deref().unwrap_or("-")
            ),
            other => format!("{other:?} @{line}"),
        });
        std::iter::once(stages).chain(acts).collect()
    }

    #[test]
    fn a_workflow_with_a_matrix() {
        let text = "name: Build\non: {push: {paths: [\"src/a/**\", \"!src/x/**\", \"*.md\"]}}\nenv: {BASE: src}\njobs:\n  images:\n    strategy: {matrix: {svc: [a, b]}}\n    steps:\n    - uses: docker/build-push-action@v6\n      with: {context: \"${{ env.BASE }}/${{ matrix.svc }}\", tags: \"acme/${{ matrix.svc }}:1\"}\n  test:\n    defaults: {run: {working-directory: web}}\n    steps:\n    - run: |\n        npm ci\n        npm run build\n";
        assert_eq!(
            says(System::GitHub, ".github/workflows/b.yml", text),
            [
                "Build: images,test",
                "About(\"src/a\") @2",
                "image - src/a acme/a:1 @8",
                "image - src/b acme/b:1 @8",
                "About(\"web\") @13",
                "Folder(\"web\") @15",
            ]
        );
    }

    #[test]
    fn gitlab_keeps_its_folder_and_variables() {
        let text = "stages: [build, deploy]\nvariables: {SVC: cart}\nbuild:\n  before_script: [\"cd services/$SVC\"]\n  script: [\"docker build -t x .\"]\n  rules: [{changes: [\"lib/**/*\"]}]\ndeploy:\n  script:\n  - kubectl apply -f $CI_PROJECT_DIR/k8s\n";
        assert_eq!(
            says(System::GitLab, ".gitlab-ci.yml", text),
            [
                "gitlab-ci: build,deploy",
                "About(\"lib\") @6",
                "image - services/cart x @5",
                "Deploy(\"k8s\") @9"
            ]
        );
    }

    #[test]
    fn circle_azure_and_travis() {
        let text = "jobs:\n  b:\n    steps:\n    - checkout\n    - run: docker build a\n    - run: {command: npm run build, working_directory: ~/project/web}\n";
        assert_eq!(
            says(System::Circle, ".circleci/config.yml", text),
            ["circleci: b", "image - a - @5", "About(\"web\") @6", "Folder(\"web\") @6"]
        );
        let text = "trigger: {paths: {include: [\"a/*\"]}}\nvariables: {dir: a}\nstages:\n- stage: Build\n  jobs:\n  - job: J\n    steps:\n    - task: Docker@2\n      inputs: {command: buildAndPush, Dockerfile: $(dir)/Dockerfile, repository: acme/a}\n  - deployment: D\n    strategy: {runOnce: {deploy: {steps: [{script: kubectl apply -f k8s/a.yaml}]}}}\n";
        assert_eq!(
            says(System::Azure, "azure-pipelines.yml", text),
            [
                "azure-pipelines: Build,J,D",
                "About(\"a\") @1",
                "image a/Dockerfile - acme/a @8",
                "Deploy(\"k8s/a.yaml\") @11"
            ]
        );
        let text = "env: {global: [NAME=cart]}\nscript:\n- cd $NAME\n- mvn package\ndeploy: {provider: script, script: helm upgrade cart ./chart}\n";
        assert_eq!(
            says(System::Travis, ".travis.yml", text),
            ["travis: ", "Tree(\"cart\") @4", "DeployName(\"cart\") @5", "Deploy(\"chart\") @5"]
        );
    }
}
