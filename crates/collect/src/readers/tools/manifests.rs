//! Names of packages, images, actions and providers in manifests of every usual kind. Where a format is written by line,
//! it is read by line: a name is all that is wanted, and a file that is broken elsewhere still has it.

use super::Found;
use crate::limits;
use crate::link::Image;
use crate::parse::{Element, Node, ParseError, parse_json, parse_toml, parse_xml};
use crate::tools::Sign;

/// The kinds of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    PackageJson,
    Composer,
    Requirements,
    PythonProject,
    Pipfile,
    Setup,
    Conda,
    Pom,
    Gradle,
    GoMod,
    Dotnet,
    Gemfile,
    Cargo,
    Mix,
    Pubspec,
    Podfile,
    Terraform,
    Dockerfile,
    /// Workflows, deployments, values: images, actions, orbs, templates.
    Yaml,
}

/// What kind of manifest a file is, by its path and its name in lower case.
pub(super) fn form(path: &str, name: &str) -> Option<Form> {
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    Some(match (name, end) {
        ("package.json", _) => Form::PackageJson,
        ("composer.json", _) => Form::Composer,
        ("pyproject.toml", _) => Form::PythonProject,
        ("pipfile", _) => Form::Pipfile,
        ("setup.cfg" | "setup.py", _) => Form::Setup,
        ("environment.yml" | "environment.yaml", _) => Form::Conda,
        ("pom.xml", _) => Form::Pom,
        (
            "build.gradle" | "build.gradle.kts" | "settings.gradle" | "settings.gradle.kts" | "build.sbt",
            _,
        ) => Form::Gradle,
        ("go.mod", _) => Form::GoMod,
        ("packages.config" | "paket.dependencies", _)
        | (_, "csproj" | "fsproj" | "vbproj" | "props" | "targets") => Form::Dotnet,
        ("gemfile" | "gems.rb", _) | (_, "gemspec") => Form::Gemfile,
        ("cargo.toml", _) => Form::Cargo,
        ("mix.exs", _) => Form::Mix,
        ("pubspec.yaml" | "pubspec.yml", _) => Form::Pubspec,
        ("podfile", _) | (_, "podspec") => Form::Podfile,
        (_, "tf" | "tofu") => Form::Terraform,
        (_, "txt" | "in") if name.starts_with("requirements") || in_requirements(path) => Form::Requirements,
        (_, "toml") if name.ends_with("versions.toml") => Form::Gradle,
        (_, "dockerfile") => Form::Dockerfile,
        _ if name.starts_with("dockerfile") || name == "containerfile" => Form::Dockerfile,
        (_, "yml" | "yaml") if !name.ends_with("lock.yaml") => Form::Yaml,
        _ => return None,
    })
}

/// `requirements/production.txt`
fn in_requirements(path: &str) -> bool {
    path.rsplit('/').nth(1) == Some("requirements")
}

/// The signs in a manifest.
///
/// # Errors
/// Where it isn't of its format.
pub(super) fn read(form: Form, text: &str) -> Result<Vec<Found>, ParseError> {
    Ok(match form {
        Form::PackageJson => keys(
            &parse_json(text)?,
            Sign::Npm,
            &[&["dependencies"], &["devDependencies"], &["optionalDependencies"], &["peerDependencies"]],
        ),
        Form::Composer => keys(&parse_json(text)?, Sign::Composer, &[&["require"], &["require-dev"]]),
        Form::Pipfile => {
            normalised(keys(&parse_toml(text)?, Sign::Pypi, &[&["packages"], &["dev-packages"]]))
        }
        Form::PythonProject => python_project(&parse_toml(text)?),
        Form::Cargo => cargo(&parse_toml(text)?),
        Form::Pom => pom(&parse_xml(text)?),
        Form::Requirements => requirements(text),
        Form::Setup => setup(text),
        Form::Conda => {
            by_line(text, &["#"], |line| Some((Sign::Pypi, requirement(line.strip_prefix("- ")?)?)))
        }
        Form::Gradle => gradle(text),
        Form::GoMod => go_mod(text),
        Form::Dotnet => by_line(text, &["<!--", "//"], |line| Some((Sign::Nuget, dotnet(line)?))),
        Form::Gemfile => by_line(text, &["#"], |line| Some((Sign::Gem, gem(line)?))),
        Form::Mix => by_line(text, &["#"], |line| {
            let name = line.split_once("{:")?.1.split(',').next()?;
            is_word(name).then(|| (Sign::Hex, name.to_owned()))
        }),
        Form::Pubspec => pubspec(text),
        Form::Podfile => by_line(text, &["#"], |line| {
            let rest = line
                .strip_prefix("pod ")
                .or_else(|| line.split_once(".dependency ").map(|(_, rest)| rest))?;
            Some((Sign::Pod, quoted(rest).into_iter().next()?))
        }),
        Form::Terraform => by_line(text, &["#", "//"], terraform),
        Form::Dockerfile => by_line(text, &["#"], |line| {
            let mut words = line.split_whitespace();
            let first = words.next()?;
            let image = if first.eq_ignore_ascii_case("from") {
                words.find(|word| !word.starts_with("--"))
            } else {
                words.find_map(|word| word.strip_prefix("--from="))
            }?;
            Some((Sign::Image, Image::parse(image)?.0))
        }),
        Form::Yaml => yaml(text),
    })
}

/// One sign a line, where the line is no comment.
fn by_line(text: &str, comments: &[&str], sign: impl Fn(&str) -> Option<(Sign, String)>) -> Vec<Found> {
    numbered(text)
        .filter(|(line, _)| comments.iter().all(|start| !line.starts_with(start)))
        .filter_map(|(line, number)| sign(line).map(|(sign, name)| (sign, name, number)))
        .collect()
}

fn numbered(text: &str) -> impl Iterator<Item = (&str, u32)> {
    text.lines()
        .zip(1_u32..)
        .map(|(line, number)| (line.trim_ascii(), number))
        .filter(|(line, _)| !line.is_empty() && line.len() <= limits::LINE_BYTES)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The keys of some tables of a document.
fn keys(root: &Node, sign: Sign, tables: &[&[&str]]) -> Vec<Found> {
    tables
        .iter()
        .filter_map(|path| root.at(path))
        .flat_map(Node::entries)
        .map(|(name, node)| (sign, name.to_string(), node.line))
        .collect()
}

/// The texts in quotes.
fn quoted(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = &rest[open..=open];
        let Some(length) = rest[open + 1..].find(quote) else { break };
        found.push(rest[open + 1..open + 1 + length].to_owned());
        rest = &rest[open + length + 2..];
    }
    found
}

/// The one form of a Python package's name.
fn normal(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '.'], "-")
}

fn normalised(found: Vec<Found>) -> Vec<Found> {
    found.into_iter().map(|(sign, name, line)| (sign, normal(&name), line)).collect()
}

/// The name at the front of `name[extra]>=1; marker`.
fn requirement(text: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let text = text.trim();
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    (end > 0 && !text[end..].starts_with(':')).then(|| normal(&text[..end]))
}

fn requirements(text: &str) -> Vec<Found> {
    by_line(text, &["#", "-"], |line| {
        if line.contains("://") && !line.contains(" @ ") {
            return None;
        }
        Some((Sign::Pypi, requirement(line)?))
    })
}

fn python_project(root: &Node) -> Vec<Found> {
    let mut found = Vec::new();
    let mut list = |node: Option<&Node>| {
        for item in node.map(Node::items).unwrap_or_default() {
            found.extend(item.text().and_then(requirement).map(|name| (Sign::Pypi, name, item.line)));
        }
    };
    list(root.at(&["project", "dependencies"]));
    list(root.at(&["tool", "uv", "dev-dependencies"]));
    let groups = [root.at(&["project", "optional-dependencies"]), root.get("dependency-groups")];
    for (_, group) in groups.into_iter().flatten().flat_map(Node::entries) {
        list(Some(group));
    }
    let poetry = ["dependencies", "dev-dependencies"];
    for name in poetry {
        found.extend(normalised(keys(root, Sign::Pypi, &[&["tool", "poetry", name]])));
    }
    for (_, group) in root.at(&["tool", "poetry", "group"]).map(Node::entries).unwrap_or_default() {
        found.extend(normalised(keys(group, Sign::Pypi, &[&["dependencies"]])));
    }
    found
}

/// setup.cfg and setup.py: what stands behind the words that ask for packages.
fn setup(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut is_in = false;
    for (line, number) in numbered(text).filter(|(line, _)| !line.starts_with('#')) {
        let rest = match line.split_once('=') {
            Some((key, rest))
                if ["install_requires", "extras_require", "setup_requires"].contains(&key.trim()) =>
            {
                is_in = true;
                rest
            }
            _ if line.starts_with('[') => {
                is_in = false;
                continue;
            }
            _ => line,
        };
        if !is_in {
            continue;
        }
        let names = quoted(rest);
        let bare = if names.is_empty() && !rest.contains(['[', '(']) { vec![rest.to_owned()] } else { names };
        found.extend(bare.iter().filter_map(|name| requirement(name)).map(|name| (Sign::Pypi, name, number)));
        // The list in setup.py ends with its bracket.
        if rest.trim_end_matches(',').ends_with([']', '}']) {
            is_in = false;
        }
    }
    found
}

fn cargo(root: &Node) -> Vec<Found> {
    let mut tables: Vec<&Node> = vec![root];
    tables.extend(root.get("workspace"));
    tables.extend(root.get("target").map(Node::entries).unwrap_or_default().iter().map(|(_, node)| node));
    let mut found = Vec::new();
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, node) in table.entries_of(kind) {
                let name = node.text_of("package").unwrap_or(name);
                found.push((Sign::Cargo, name.to_owned(), node.line));
            }
        }
    }
    found
}

fn pom(root: &Element) -> Vec<Found> {
    let wanted =
        |element: &&Element| matches!(element.name.as_str(), "dependency" | "plugin" | "extension" | "path");
    root.descendants()
        .into_iter()
        .filter(wanted)
        .filter_map(|element| {
            let artifact = element.text_of("artifactId")?;
            // Maven's own plugins need no group.
            let group = element.text_of("groupId").unwrap_or("org.apache.maven.plugins");
            Some((Sign::Maven, format!("{group}:{artifact}"), element.line))
        })
        .collect()
}

/// Gradle, its version catalogs, and sbt: coordinates in quotes.
fn gradle(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (line, number) in numbered(text).filter(|(line, _)| !line.starts_with("//") && !line.starts_with('#'))
    {
        let texts = quoted(line);
        let is_plugin = line.starts_with("id") || line.contains(" id") || line.starts_with("apply plugin");
        for text in &texts {
            let mut parts = text.split(':');
            if let (Some(group), Some(artifact)) = (parts.next(), parts.next())
                && is_coordinate(group)
                && is_coordinate(artifact)
            {
                found.push((Sign::Maven, format!("{group}:{artifact}"), number));
            } else if is_plugin && is_coordinate(text) {
                found.push((Sign::Plugin, text.clone(), number));
            }
        }
        // `group: 'g', name: 'a'`, `group = "g", name = "a"` and sbt's `"g" %% "a"`.
        let is_apart =
            line.contains("group") && line.contains("name") || line.contains(" % ") || line.contains(" %% ");
        if let ([group, artifact, ..], true) = (texts.as_slice(), is_apart)
            && is_coordinate(group)
            && is_coordinate(artifact)
        {
            found.push((Sign::Maven, format!("{group}:{artifact}"), number));
        }
    }
    found
}

fn is_coordinate(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// What go.mod asks for itself: what only others need isn't this program's choice.
fn go_mod(text: &str) -> Vec<Found> {
    by_line(text, &["//", "replace", "exclude", "module", "retract"], |line| {
        if line.contains("// indirect") || line.contains("=>") {
            return None;
        }
        let mut words = line.strip_prefix("require ").unwrap_or(line).split_whitespace();
        let module = words.next().filter(|module| module.contains('.'))?;
        words.next().filter(|version| version.starts_with('v'))?;
        Some((Sign::Go, module.to_owned()))
    })
}

/// The package that an element of a .NET project, or a line of packages.config or paket.dependencies, asks for.
fn dotnet(line: &str) -> Option<String> {
    if let Some(rest) = line.strip_prefix("nuget ") {
        return rest.split_whitespace().next().map(str::to_owned);
    }
    let is_package = ["<PackageReference", "<PackageVersion", "<GlobalPackageReference", "<package "];
    if !is_package.iter().any(|start| line.starts_with(start)) {
        return None;
    }
    let behind = ["Include=\"", "Update=\"", "id=\""].iter().find_map(|key| line.split_once(key))?.1;
    behind.split('"').next().map(str::to_owned)
}

/// The gem of a line of a Gemfile or gemspec.
fn gem(line: &str) -> Option<String> {
    let rest = match line.strip_prefix("gem ").or_else(|| line.strip_prefix("gem(")) {
        Some(rest) => rest,
        None => {
            let (_, rest) = line.split_once("add_")?;
            rest.split_once("dependency").map(|(_, rest)| rest)?
        }
    };
    quoted(rest).into_iter().next()
}

fn pubspec(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut is_in = false;
    for (line, number) in text.lines().zip(1_u32..).filter(|(line, _)| line.len() <= limits::LINE_BYTES) {
        if !line.starts_with([' ', '#']) && !line.trim().is_empty() {
            is_in = matches!(line.trim_end(), "dependencies:" | "dev_dependencies:");
        } else if is_in
            && line.starts_with("  ")
            && !line.starts_with("   ")
            && let Some((name, _)) = line.trim().split_once(':')
            && is_word(name)
        {
            found.push((Sign::Pub, name.to_owned(), number));
        }
    }
    found
}

fn terraform(line: &str) -> Option<(Sign, String)> {
    let texts = quoted(line);
    let first = texts.first()?;
    let mut words = line.split([' ', '\t', '=']);
    match words.next()? {
        "provider" => Some((Sign::Provider, first.clone())),
        "resource" | "data" => Some((Sign::Resource, first.clone())),
        "source" => source(first).map(|name| (Sign::Provider, name)),
        // `aws = { source = "hashicorp/aws", … }`
        _ => {
            let (_, behind) = line.split_once("source")?;
            source(&quoted(behind).into_iter().next()?).map(|name| (Sign::Provider, name))
        }
    }
}

/// The provider of a source: `hashicorp/aws`, or the provider that a registry's module is for.
fn source(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    let registry =
        parts.first().is_some_and(|host| matches!(*host, "registry.terraform.io" | "registry.opentofu.org"));
    let parts = if registry { &parts[1..] } else { &parts[..] };
    let is_name = |part: &&str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    (matches!(parts.len(), 2 | 3) && parts.iter().all(is_name)).then(|| parts[parts.len() - 1].to_owned())
}

/// Keys of YAML that can tell of a tool.
const YAML_KEYS: &[&str] = &["orbs", "uses", "image", "container", "name", "repository", "template", "repo"];

/// Images, actions, orbs, templates and hooks, by the keys that name them in any workflow or deployment.
fn yaml(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut before = "";
    let mut orbs: Option<usize> = None;
    for (raw, number) in text.lines().zip(1_u32..) {
        let line = raw.trim_ascii();
        if line.is_empty() || line.starts_with('#') || line.len() > limits::LINE_BYTES {
            continue;
        }
        let indent = raw.len() - raw.trim_ascii_start().len();
        if orbs.is_some_and(|outer| indent <= outer) {
            orbs = None;
        }
        let Some((key, value)) = line.trim_start_matches("- ").split_once(':') else { continue };
        let key = key.trim_ascii();
        // Most lines of large files tell nothing.
        if orbs.is_none() && !YAML_KEYS.contains(&key) {
            before = key;
            continue;
        }
        let value = value.split(" #").next().unwrap_or("").trim().trim_matches(['"', '\'']);
        let sign = match key {
            "orbs" if value.is_empty() => {
                orbs = Some(indent);
                None
            }
            "uses" => match value.strip_prefix("docker://") {
                Some(image) => Image::parse(image).map(|image| (Sign::Image, image.0)),
                None => two_parts(value).map(|action| (Sign::Action, action)),
            },
            "image" | "container" | "name" if key != "name" || before == "image" => {
                Image::parse(value).map(|image| (Sign::Image, image.0))
            }
            "repository" if before == "image" => Image::parse(value).map(|image| (Sign::Image, image.0)),
            "template" => Some((Sign::Gitlab, value.to_owned())),
            "repo" => value
                .strip_prefix("https://github.com/")
                .and_then(|path| two_parts(path.trim_end_matches(".git")))
                .map(|repository| (Sign::Precommit, repository)),
            _ if orbs.is_some() => two_parts(value).map(|orb| (Sign::Orb, orb)),
            _ => None,
        };
        if let Some((sign, name)) = sign.filter(|(_, name)| !name.is_empty())
            && found.len() < limits::FILE_SIGNS
        {
            found.push((sign, name, number));
        }
        before = key;
    }
    found
}

/// `owner/name` of `owner/name/more@version`; nothing for a path of this repository.
fn two_parts(text: &str) -> Option<String> {
    let mut parts = text.split('@').next()?.split('/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
    };
    (is_name(owner) && is_name(name)).then(|| format!("{owner}/{name}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> String {
        let name = path.rsplit('/').next().unwrap().to_lowercase();
        let found = read(form(path, &name).unwrap(), text).unwrap();
        found
            .into_iter()
            .map(|(sign, name, line)| format!("{sign:?} {name} {line}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn every_kind_of_manifest_gives_its_names() {
        for (path, text, want) in [
            (
                "package.json",
                "{\"dependencies\": {\"a\": \"1\"},\n\"devDependencies\": {\"@b/c\": \"2\"}}",
                "Npm a 1, Npm @b/c 2",
            ),
            ("composer.json", "{\"require\": {\"a/b\": \"1\"}}", "Composer a/b 1"),
            ("requirements/base.txt", "# c\nSentry_SDK[x]==1\n-r other\n", "Pypi sentry-sdk 2"),
            (
                "pyproject.toml",
                "[project]\ndependencies = [\"a>=1\"]\n[dependency-groups]\ndev = [\"b\"]\n[tool.poetry.group.x.dependencies]\nC_d = \"1\"\n",
                "Pypi a 2, Pypi b 4, Pypi c-d 6",
            ),
            ("Pipfile", "[packages]\na = \"*\"\n", "Pypi a 2"),
            ("setup.py", "setup(\n install_requires=[\n  'a>=1',\n ],\n name='x')\n", "Pypi a 3"),
            ("setup.cfg", "[options]\ninstall_requires =\n  a>=1\n[x]\nb = 1\n", "Pypi a 3"),
            ("environment.yml", "dependencies:\n  - a=1\n  - pip:\n    - b==2\n", "Pypi a 2, Pypi b 4"),
            (
                "pom.xml",
                "<project><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId></dependency></dependencies></project>",
                "Maven g:a 1",
            ),
            (
                "build.gradle.kts",
                "plugins { id(\"p.q\") }\nimplementation(\"g:a:1\")\ncompile group: 'h', name: 'b'\n",
                "Plugin p.q 1, Maven g:a 2, Maven h:b 3",
            ),
            (
                "gradle/libs.versions.toml",
                "[libraries]\nx = { module = \"g:a\", version = \"1\" }\n",
                "Maven g:a 2",
            ),
            ("build.sbt", "libraryDependencies += \"g\" %% \"a\" % \"1\"\n", "Maven g:a 1"),
            (
                "go.mod",
                "module x.dev/a\nrequire (\n\ty.dev/b v1.0.0\n\tz.dev/c v1.0.0 // indirect\n)\n",
                "Go y.dev/b 3",
            ),
            (
                "a.csproj",
                "<Project>\n<PackageReference Include=\"A.B\" Version=\"1\" />\n</Project>",
                "Nuget A.B 2",
            ),
            ("packages.config", "<packages>\n<package id=\"A\" version=\"1\" />", "Nuget A 2"),
            ("Gemfile", "source 'x'\ngem \"a\", '~> 1'\n  gem 'b'\n", "Gem a 2, Gem b 3"),
            ("a.gemspec", "s.add_runtime_dependency \"a\", \"1\"\n", "Gem a 1"),
            (
                "Cargo.toml",
                "[dependencies]\na = \"1\"\nb = { package = \"c\", version = \"1\" }\n",
                "Cargo a 2, Cargo c 3",
            ),
            ("mix.exs", "defp deps do\n [{:a, \"~> 1\"},\n", "Hex a 2"),
            (
                "pubspec.yaml",
                "name: x\ndependencies:\n  a: ^1\n  b:\n    sdk: flutter\nflutter:\n  c: 1\n",
                "Pub a 3, Pub b 4",
            ),
            ("Podfile", "pod 'A/B', '~> 1'\n", "Pod A/B 1"),
            (
                "main.tf",
                "provider \"aws\" {}\nresource \"aws_sqs_queue\" \"q\" {}\n  source = \"DataDog/datadog\"\n  source = \"./x\"\n x = { source = \"a/b\" }\n",
                "Provider aws 1, Resource aws_sqs_queue 2, Provider datadog 3, Provider b 5",
            ),
            (
                "Dockerfile",
                "FROM --platform=x docker.io/library/redis:7 AS r\nCOPY --from=a/b:1 /x /y\n",
                "Image redis 1, Image a/b 2",
            ),
            (
                ".github/workflows/a.yml",
                "jobs:\n  a:\n    steps:\n      - uses: a/b/c@v1\n      - uses: ./x\n      - uses: docker://d/e:1\n",
                "Action a/b 4, Image d/e 6",
            ),
            (".circleci/config.yml", "orbs:\n  s: a/b@1\njobs:\n  x: c/d\n", "Orb a/b 2"),
            (
                ".gitlab-ci.yml",
                "include:\n  - template: Security/SAST.gitlab-ci.yml\nimage: ruby:3\n",
                "Gitlab Security/SAST.gitlab-ci.yml 2, Image ruby 3",
            ),
            (".pre-commit-config.yaml", "repos:\n- repo: https://github.com/a/b\n", "Precommit a/b 2"),
            ("values.yaml", "image:\n  repository: a/b\n  tag: 1\nx:\n  repository: c/d\n", "Image a/b 2"),
        ] {
            assert_eq!(names(path, text), want, "{path}");
        }
    }
}
