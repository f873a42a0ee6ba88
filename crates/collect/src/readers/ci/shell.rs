//! What the commands of a script build and deploy. A script is read, never run: a command counts by its first words,
//! and what depends on a variable that nothing sets is left out.

use crate::limits;

use super::super::compose::{interpolate, resolve};
use super::Act;

/// Variables of the systems that hold the folder of the checkout.
const CHECKOUTS: &[&str] = &[
    "CI_PROJECT_DIR",
    "GITHUB_WORKSPACE",
    "WORKSPACE",
    "TRAVIS_BUILD_DIR",
    "CIRCLE_WORKING_DIRECTORY",
    "BUILD_SOURCESDIRECTORY",
    "SYSTEM_DEFAULTWORKINGDIRECTORY",
    "PWD",
];
/// The same in the forms of expressions.
const CHECKOUT_FORMS: &[&str] = &[
    "$(Build.SourcesDirectory)",
    "$(System.DefaultWorkingDirectory)",
    "$(Build.Repository.LocalPath)",
    "$(pwd)",
    "${{ github.workspace }}",
    "${{github.workspace}}",
];

/// A value with the folder of the checkout written as `.` and known variables filled in.
pub(super) fn fill(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = text.to_owned();
    for form in CHECKOUT_FORMS {
        if filled.contains(form) {
            filled = filled.replace(form, ".");
        }
    }
    interpolate(&filled, &|name| if CHECKOUTS.contains(&name) { Some(".".to_owned()) } else { lookup(name) })
}

/// A path of the repository: nothing where it leaves it or is only known when the pipeline runs.
pub(super) fn path(folder: &str, text: &str) -> Option<String> {
    let text = text.trim_matches(['"', '\'']);
    (!text.contains(['$', '{', '}', '*', '`', '<'])).then(|| resolve(folder, text)).flatten()
}

/// What a script that begins in `folder` at `line` does.
pub(super) fn acts(
    script: &str,
    line: u32,
    folder: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Vec<(Act, u32)> {
    let mut out = Vec::new();
    let mut at = folder.to_owned();
    // A block's text begins on the line behind its key.
    let first = if script.contains('\n') { line.saturating_add(1) } else { line };
    let mut open = String::new();
    let mut begun = first;
    for (index, text) in script.lines().enumerate() {
        let number = first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
        let text = text.trim();
        if open.is_empty() {
            begun = number;
        }
        if text.starts_with('#') || text.len() + open.len() > limits::LINE_BYTES {
            continue;
        }
        if let Some(text) = text.strip_suffix('\\') {
            open.push_str(text);
            open.push(' ');
            continue;
        }
        let whole = std::mem::take(&mut open) + text;
        let before = at.clone();
        let filled = fill(&whole, lookup);
        for part in filled.split([';', '|', '&', '\n']) {
            let words: Vec<&str> = part
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '\'', '(', ')']))
                .filter(|word| !word.is_empty())
                .collect();
            command(&words, &mut at, &mut |act| out.push((act, begun)));
        }
        // What goes into a folder in brackets comes out again.
        if whole.trim_start().starts_with('(') {
            at = before;
        }
    }
    out
}

/// The value of the first of some flags.
fn flag<'a>(words: &[&'a str], names: &[&str]) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(at, word)| {
        if names.contains(word) {
            return words.get(at + 1).copied();
        }
        let (name, value) = word.split_once('=')?;
        names.contains(&name).then(|| value.trim_matches(['"', '\'']))
    })
}

/// Words that are no flags and no values of those flags.
fn plain<'a>(words: &[&'a str], valued: &[&str]) -> Vec<&'a str> {
    let mut out = Vec::new();
    let mut is_value = false;
    for word in words {
        if std::mem::take(&mut is_value) {
            continue;
        }
        if word.starts_with('-') && word.len() > 1 {
            is_value = valued.contains(word);
        } else {
            out.push(*word);
        }
    }
    out
}

/// Flags of `docker build` and its like with a value behind them.
const BUILD_VALUES: &[&str] = &[
    "-f",
    "--file",
    "-t",
    "--tag",
    "--build-arg",
    "--target",
    "--platform",
    "--cache-from",
    "--cache-to",
    "--label",
    "--network",
    "--progress",
    "-o",
    "--output",
    "--secret",
    "--ssh",
    "--builder",
    "--iidfile",
    "--add-host",
    "--build-context",
    "--metadata-file",
    "-m",
    "--memory",
    "-r",
    "--registry",
    "-g",
    "--resource-group",
    "--config",
    "--path",
    "-p",
];
/// Flags of kubectl, helm and cloud command lines with a value behind them.
const DEPLOY_VALUES: &[&str] = &[
    "-n",
    "--namespace",
    "-f",
    "--filename",
    "--values",
    "--set",
    "--set-string",
    "--set-file",
    "--version",
    "--kube-context",
    "--context",
    "--kubeconfig",
    "--timeout",
    "--repo",
    "--region",
    "--project",
    "--image",
    "--platform",
    "--source",
    "--service-account",
    "-a",
    "--app",
];

fn command(words: &[&str], at: &mut String, say: &mut dyn FnMut(Act)) {
    // What stands before the command itself.
    let skip = words
        .iter()
        .take_while(|word| {
            matches!(
                **word,
                "sudo" | "time" | "exec" | "then" | "do" | "else" | "if" | "!" | "-" | "npx" | "env"
            ) || word.contains('=') && !word.starts_with('-')
        })
        .count();
    let words = &words[skip..];
    let [program, rest @ ..] = words else { return };
    let name = program.rsplit('/').next().unwrap_or(program);
    let second = rest.first().copied().unwrap_or("");
    match (name, second) {
        ("cd" | "pushd", to) => {
            if let Some(to) = path(at, to) {
                *at = to;
            }
        }
        ("docker" | "podman" | "nerdctl" | "buildah" | "img", _) => container(name, rest, at, say),
        ("docker-compose", _) => compose(rest, at, say),
        ("executor", _) | ("kaniko", _) => {
            let context = flag(rest, &["--context", "-c"])
                .map_or(Some(at.clone()), |text| path(at, text.strip_prefix("dir://").unwrap_or(text)));
            let file = flag(rest, &["--dockerfile", "-f"]).and_then(|file| {
                path(context.as_deref().unwrap_or(""), file).filter(|_| !file.starts_with("./."))
            });
            say(Act::Image { file, context, image: flag(rest, &["--destination", "-d"]).map(str::to_owned) });
        }
        ("pack", "build") => {
            let context = flag(rest, &["--path", "-p"]).map_or(Some(at.clone()), |text| path(at, text));
            let image = plain(&rest[1..], BUILD_VALUES).first().map(|image| (*image).to_owned());
            say(Act::Image { file: None, context, image });
        }
        ("gcloud" | "az", _) => cloud(name, rest, at, say),
        ("mvn" | "mvnw" | "gradle" | "gradlew", _) => jvm(name, rest, at, say),
        ("dotnet", "build" | "publish" | "pack") => {
            match plain(&rest[1..], &["-c", "--configuration", "-o", "--output", "-r", "--runtime", "-f"])
                .first()
            {
                Some(project) if project.ends_with("proj") => {
                    let found = path(at, project);
                    found
                        .into_iter()
                        .for_each(|file| say(Act::Folder(crate::link::parent(&file).to_owned())));
                }
                Some(solution) if solution.contains(".sln") => say(Act::Tree(at.clone())),
                Some(folder) => path(at, folder).into_iter().for_each(|folder| say(Act::Tree(folder))),
                None => say(Act::Tree(at.clone())),
            }
        }
        ("npm" | "yarn" | "pnpm" | "bun", _) if rest.contains(&"build") => {
            let folder =
                flag(rest, &["--prefix", "-C", "--cwd", "--dir"]).map_or(Some(at.clone()), |to| path(at, to));
            folder.into_iter().for_each(|folder| say(Act::Folder(folder)));
        }
        ("go" | "cargo" | "poetry" | "uv" | "ko", "build") => say(Act::Folder(at.clone())),
        (
            "make" | "task" | "just" | "bazel" | "earthly" | "goreleaser" | "skaffold" | "npm" | "yarn"
            | "pnpm",
            _,
        ) => {
            if let Some(folder) = flag(rest, &["-C", "--prefix"]).and_then(|folder| path(at, folder)) {
                say(Act::About(folder));
            }
            let means = ["build", "image", "docker", "package", "publish", "release", "push"];
            if rest.iter().any(|word| means.iter().any(|part| word.contains(part))) {
                say(Act::Something);
            }
        }
        ("kubectl" | "oc" | "kustomize" | "helm" | "argocd" | "nomad", _) => cluster(name, rest, at, say),
        ("aws", _) => {
            let name = flag(rest, &["--service", "--function-name", "--service-name"]);
            if rest
                .iter()
                .any(|word| matches!(*word, "update-service" | "update-function-code" | "create-service"))
            {
                name.into_iter().for_each(|name| say(Act::DeployName(name.to_owned())));
            }
        }
        ("cf", "push") => match plain(&rest[1..], &["-f", "-p", "-m", "-i"]).first() {
            Some(name) => say(Act::DeployName((*name).to_owned())),
            None => say(Act::Ship(at.clone())),
        },
        (
            "fly" | "flyctl" | "serverless" | "sls" | "sam" | "netlify" | "wrangler" | "firebase" | "eb"
            | "kamal",
            "deploy",
        )
        | ("vercel", _)
        | ("railway", "up") => say(Act::Ship(at.clone())),
        _ => {}
    }
}

fn container(name: &str, rest: &[&str], at: &str, say: &mut dyn FnMut(Act)) {
    let rest: Vec<&str> = rest
        .iter()
        .copied()
        .skip_while(|word| word.starts_with('-') || matches!(*word, "buildx" | "image"))
        .collect();
    match rest.first().copied().unwrap_or("") {
        "build" | "bud" if name != "docker-compose" => {
            let context = plain(&rest[1..], BUILD_VALUES).last().and_then(|context| path(at, context));
            let file = flag(&rest, &["-f", "--file"]).and_then(|file| path(at, file));
            say(Act::Image { file, context, image: flag(&rest, &["-t", "--tag"]).map(str::to_owned) });
        }
        "compose" => compose(&rest[1..], at, say),
        "stack" if rest.get(1) == Some(&"deploy") => {
            let file = flag(&rest, &["-c", "--compose-file"]).and_then(|file| path(at, file));
            file.into_iter().for_each(|file| say(Act::Deploy(file)));
        }
        _ => {}
    }
}

fn compose(rest: &[&str], at: &str, say: &mut dyn FnMut(Act)) {
    if rest.contains(&"build") || rest.contains(&"--build") {
        let folder = match flag(rest, &["-f", "--file"]) {
            Some(file) => path(at, file).map(|file| crate::link::parent(&file).to_owned()),
            None => Some(at.to_owned()),
        };
        folder.into_iter().for_each(|folder| say(Act::Compose(folder)));
    }
}

fn cloud(name: &str, rest: &[&str], at: &str, say: &mut dyn FnMut(Act)) {
    let names = plain(rest, DEPLOY_VALUES);
    match (name, names.as_slice()) {
        ("gcloud", ["builds", "submit", more @ ..]) => {
            let context = more.first().map_or(Some(at.to_owned()), |folder| path(at, folder));
            say(Act::Image { file: None, context, image: flag(rest, &["--tag", "-t"]).map(str::to_owned) });
        }
        ("gcloud", ["beta" | "alpha", "run", "deploy", service, ..] | ["run", "deploy", service, ..])
        | ("gcloud", ["functions", "deploy", service, ..]) => say(Act::DeployName((*service).to_owned())),
        ("gcloud", ["app", "deploy", more @ ..]) => {
            let folder = more.first().map_or(Some(at.to_owned()), |file| {
                path(at, file).map(|file| crate::link::parent(&file).to_owned())
            });
            folder.into_iter().for_each(|folder| say(Act::Ship(folder)));
        }
        ("az", ["acr", "build", ..]) => {
            let context = plain(&rest[2..], BUILD_VALUES).last().and_then(|context| path(at, context));
            let file = flag(rest, &["-f", "--file"]).and_then(|file| path(at, file));
            say(Act::Image { file, context, image: flag(rest, &["-t", "--image"]).map(str::to_owned) });
        }
        ("az", ["webapp" | "containerapp" | "functionapp", verb, ..])
            if matches!(*verb, "deploy" | "update" | "up" | "create" | "config" | "deployment") =>
        {
            let name = flag(rest, &["-n", "--name"]);
            name.into_iter().for_each(|name| say(Act::DeployName(name.to_owned())));
        }
        _ => {}
    }
}

fn jvm(name: &str, rest: &[&str], at: &str, say: &mut dyn FnMut(Act)) {
    if name.starts_with("mvn") {
        let builds = |goal: &&str| {
            matches!(*goal, "package" | "install" | "verify" | "deploy")
                || goal.contains("jib")
                || goal.contains(":build-image")
        };
        if !rest.iter().any(builds) {
            return;
        }
        let folder = match flag(rest, &["-f", "--file"]) {
            Some(file) => path(at, file).map(|file| {
                if file.ends_with(".xml") { crate::link::parent(&file).to_owned() } else { file }
            }),
            None => Some(at.to_owned()),
        };
        let Some(folder) = folder else { return };
        match flag(rest, &["-pl", "--projects"]) {
            Some(modules) => modules
                .split(',')
                .filter(|module| !module.starts_with('!'))
                .filter_map(|module| path(&folder, module.trim_start_matches([':', '+'])))
                .for_each(|module| say(Act::Folder(module))),
            None => say(Act::Tree(folder)),
        }
        return;
    }
    let folder = flag(rest, &["-p", "--project-dir"]).map_or(Some(at.to_owned()), |folder| path(at, folder));
    let Some(folder) = folder else { return };
    for task in plain(rest, &["-p", "--project-dir", "-x", "--exclude-task"]) {
        let (project, goal) = task.rsplit_once(':').unwrap_or(("", task));
        let builds = matches!(
            goal,
            "build" | "assemble" | "jar" | "shadowJar" | "publish" | "distTar" | "installDist"
        ) || goal.starts_with("boot")
            || goal.starts_with("jib")
            || goal.to_lowercase().contains("docker");
        match project.trim_matches(':').replace(':', "/") {
            _ if !builds => {}
            project if project.is_empty() => say(Act::Tree(folder.clone())),
            project => path(&folder, &project).into_iter().for_each(|folder| say(Act::Folder(folder))),
        }
    }
}

fn cluster(name: &str, rest: &[&str], at: &str, say: &mut dyn FnMut(Act)) {
    let names = plain(rest, DEPLOY_VALUES);
    match (name, names.as_slice()) {
        ("kubectl" | "oc", ["apply" | "create" | "replace", ..]) => {
            let mut is_path = false;
            for word in rest {
                let value = word
                    .split_once('=')
                    .filter(|(name, _)| matches!(*name, "-f" | "--filename" | "-k" | "--kustomize"))
                    .map(|(_, value)| value);
                let value = value.or_else(|| std::mem::take(&mut is_path).then_some(*word));
                is_path = matches!(*word, "-f" | "--filename" | "-k" | "--kustomize");
                let paths =
                    value.filter(|value| *value != "-").into_iter().flat_map(|value| value.split(','));
                paths.filter_map(|one| path(at, one)).for_each(|one| say(Act::Deploy(one)));
            }
        }
        ("kubectl" | "oc", ["set", "image", what, ..] | ["rollout", "restart" | "latest", what, ..]) => {
            let next = names.iter().skip_while(|word| *word != what).nth(1);
            let name = match what.split_once('/') {
                Some((_, name)) => Some(name),
                None => next.copied(),
            };
            name.into_iter().for_each(|name| say(Act::DeployName(name.to_owned())));
        }
        ("kustomize", ["build", more @ ..]) => {
            let folder = more.first().map_or(Some(at.to_owned()), |folder| path(at, folder));
            folder.into_iter().for_each(|folder| say(Act::Deploy(folder)));
        }
        ("helm", ["upgrade" | "install", release, chart, ..]) => {
            say(Act::DeployName((*release).to_owned()));
            path(at, chart)
                .filter(|_| chart.contains('/') || *chart == ".")
                .into_iter()
                .for_each(|folder| say(Act::Deploy(folder)));
        }
        ("argocd", ["app", "sync" | "set" | "create", app, ..]) => say(Act::DeployName((*app).to_owned())),
        ("nomad", ["job", "run", file, ..] | ["run", file, ..]) => {
            path(at, file).into_iter().for_each(|file| say(Act::Deploy(file)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(file: Option<&str>, context: Option<&str>, image: Option<&str>) -> Act {
        Act::Image {
            file: file.map(str::to_owned),
            context: context.map(str::to_owned),
            image: image.map(str::to_owned),
        }
    }

    #[test]
    fn commands_that_build_and_deploy() {
        let lookup = |name: &str| (name == "SVC").then(|| "cart".to_owned());
        for (script, want) in [
            (
                "docker build -t acme/a:1 -f a/Dockerfile .",
                vec![image(Some("a/Dockerfile"), Some(""), Some("acme/a:1"))],
            ),
            (
                "cd src/$SVC && docker buildx build --push --tag x .",
                vec![image(None, Some("src/cart"), Some("x"))],
            ),
            ("(cd a && make)\nsudo docker build b \\\n  --no-cache", vec![image(None, Some("b"), None)]),
            ("docker build $UNKNOWN/x", vec![image(None, None, None)]),
            (
                "/kaniko/executor --context \"${CI_PROJECT_DIR}/web\" --destination r/w",
                vec![image(None, Some("web"), Some("r/w"))],
            ),
            ("docker compose -f dev/compose.yml build", vec![Act::Compose("dev".to_owned())]),
            ("./mvnw -B package -pl a,b -am", vec![Act::Folder("a".to_owned()), Act::Folder("b".to_owned())]),
            ("mvn test", vec![]),
            ("./gradlew :svc:cart:bootJar", vec![Act::Folder("svc/cart".to_owned())]),
            ("npm --prefix web run build", vec![Act::Folder("web".to_owned())]),
            ("kubectl apply -n x -f k8s/ -f https://x/y.yaml", vec![Act::Deploy("k8s".to_owned())]),
            (
                "kustomize build overlays/prod | kubectl apply -f -",
                vec![Act::Deploy("overlays/prod".to_owned())],
            ),
            ("kubectl set image deployment/cart cart=x:1", vec![Act::DeployName("cart".to_owned())]),
            ("kubectl -n a rollout restart deployment cart", vec![Act::DeployName("cart".to_owned())]),
            (
                "helm upgrade --install -n a cart ./charts/cart --set x=1",
                vec![Act::DeployName("cart".to_owned()), Act::Deploy("charts/cart".to_owned())],
            ),
            ("gcloud run deploy cart --image x --region y", vec![Act::DeployName("cart".to_owned())]),
            ("aws ecs update-service --cluster c --service cart", vec![Act::DeployName("cart".to_owned())]),
            ("cd web; fly deploy", vec![Act::Ship("web".to_owned())]),
            ("cd ../../.. && docker build .", vec![image(None, Some(""), None)]),
        ] {
            let found: Vec<Act> = acts(script, 1, "", &lookup).into_iter().map(|(act, _)| act).collect();
            assert_eq!(found, want, "{script}");
        }
    }

    #[test]
    fn lines_are_those_of_the_commands() {
        let found = acts("x\ndocker build \\\n a\nnpm run build\n", 10, "", &|_| None);
        assert_eq!(found.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [12, 14]);
    }
}
