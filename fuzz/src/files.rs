//! Files of a repository (crates/collect): any content, and every claim that comes out is one that a ledger takes.

#[cfg(test)]
use std::{collections::BTreeSet, sync::Mutex};

use stave_collect::People;
use stave_collect::in_memory::read_files;
use stave_model::{Reference, canonical, hash_bytes};

/// Most files of one input.
const MOST_FILES: usize = 32;

const REPOSITORY: &str = "code.test/shop/all";

/// Everybody is known by the hash of an address.
struct Everybody;

impl People for Everybody {
    fn person(&self, address: &str, _name: Option<&str>) -> Option<Reference> {
        format!("person:{}", &hash_bytes(address.as_bytes()).to_string()[..16]).parse().ok()
    }
}

/// Which readers have said something.
#[cfg(test)]
pub(crate) static SAID: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

fn read(files: &[(&str, &[u8])]) {
    let said = read_files(REPOSITORY, files, &Everybody);
    for (reader, claims) in &said {
        for claim in claims {
            if let Err(error) = claim.check() {
                panic!("{reader} says what no ledger takes: {error}\n{claim:?}");
            }
            let text = String::from_utf8(canonical(claim)).expect("a claim is text");
            assert!(!has_password(&text), "{reader} says a password: {text}");
        }
    }
    #[cfg(test)]
    SAID.lock()
        .unwrap()
        .extend(said.iter().filter(|(_, claims)| !claims.is_empty()).map(|(reader, _)| *reader));
    // Now and then, for it takes as long again: the same files say the same.
    if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() % 8 == 0 {
        assert_eq!(read_files(REPOSITORY, files, &Everybody), said);
    }
}

/// Whether a text has a URL with a user and a password in it.
fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', '"', '\\', ' ']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

/// The same content under every path.
fn each(paths: &[&str], bytes: &[u8]) {
    for path in paths {
        read(&[(path, bytes)]);
    }
}

/// Several files: a line `=== PATH` begins each. What stands in one is understood by what stands in others.
pub(crate) fn releases(bytes: &[u8]) {
    each(&["helmfile.yaml", "helmfile.d/a.yaml.gotmpl", "flux/a.yaml"], bytes);
    // What is said of a chart of the repository is added to its piece.
    let template: &[u8] = b"kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\n";
    let chart: &[u8] = b"name: a\nversion: 1\n";
    read(&[("chart/Chart.yaml", chart), ("chart/templates/a.yaml", template), ("helmfile.yaml", bytes)]);
}

pub(crate) fn repository(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let files: Vec<(&str, &[u8])> = text
        .split("=== ")
        .filter_map(|part| part.split_once('\n'))
        .filter(|(path, _)| !path.is_empty())
        .take(MOST_FILES)
        .map(|(path, content)| (path, content.as_bytes()))
        .collect();
    read(&files);
}

pub(crate) fn aspire(bytes: &[u8]) {
    each(&["host/Program.cs", "host/AppHost.cs"], bytes);
}

pub(crate) fn cargo(bytes: &[u8]) {
    each(&["Cargo.toml", "crates/a/Cargo.toml"], bytes);
}

pub(crate) fn catalog(bytes: &[u8]) {
    each(&["catalog-info.yaml"], bytes);
}

pub(crate) fn code(bytes: &[u8]) {
    let ends = ["go", "py", "ts", "cs", "rs", "rb", "php", "cc"];
    each(&ends.map(|end| format!("web/main.{end}")).each_ref().map(String::as_str), bytes);
}

pub(crate) fn codeowners(bytes: &[u8]) {
    each(&["CODEOWNERS", ".github/CODEOWNERS"], bytes);
}

pub(crate) fn compose(bytes: &[u8]) {
    each(&["compose.yaml"], bytes);
    // The same again as an override of itself.
    read(&[("docker-compose.yml", bytes), ("docker-compose.override.yml", bytes)]);
}

pub(crate) fn config(bytes: &[u8]) {
    each(
        &[
            "src/main/resources/application.yml",
            "src/main/resources/application.properties",
            "conf/app.properties",
            "appsettings.json",
            "nginx.conf",
        ],
        bytes,
    );
}

/// The smaller formats that say what is deployed.
pub(crate) fn deployments(bytes: &[u8]) {
    each(&["skaffold.yaml", "Tiltfile", "web/Procfile", "units/mail@.service"], bytes);
    each(&["template.yaml", "cfn/a.json", "serverless.yml", "Pulumi.yaml", "taskdef.json", "a.nomad"], bytes);
    each(&["inventories/prod/hosts", "inventory.yml", "site.yml"], bytes);
    // What a role does is done on the groups of an inventory.
    let play: &[u8] = b"- hosts: a\n  roles: [b]\n";
    let hosts: &[u8] = b"[a]\nc\n";
    read(&[("hosts", hosts), ("site.yml", play), ("roles/b/tasks/main.yml", bytes)]);
    // What they say is about pieces that others find.
    let manifest: &[u8] =
        b"kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}\nspec: {template: {spec: \
        {containers: [{name: web, image: acme/web}]}}}\n---\nkind: Deployment\napiVersion: apps/v1\n\
        metadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: b}]}}}\n";
    let build: &[u8] = b"FROM a\nCMD b\n";
    read(&[
        ("skaffold.yaml", bytes),
        ("Tiltfile", bytes),
        ("Dockerfile", build),
        ("web/Dockerfile", build),
        ("k8s/web.yaml", manifest),
    ]);
}

pub(crate) fn descriptors(bytes: &[u8]) {
    each(&["service.datadog.yaml", "opslevel.yml", "web/cortex.yaml"], bytes);
}

pub(crate) fn docker(bytes: &[u8]) {
    each(&["Dockerfile", "web/Dockerfile"], bytes);
}

pub(crate) fn dotnet(bytes: &[u8]) {
    each(&["src/shop.csproj"], bytes);
}

/// Settings of the environment, and a compose file that is filled from them.
pub(crate) fn endpoints(bytes: &[u8]) {
    each(
        &[
            "src/main/java/A.java",
            "src/main/kotlin/A.kt",
            "app.ts",
            "urls.py",
            "main.go",
            "A.cs",
            "config/routes.rb",
            "src/main.rs",
            "routes/api.php",
            "app/orders/route.ts",
        ],
        bytes,
    );
}

pub(crate) fn env(bytes: &[u8]) {
    let compose =
        b"services:\n  web:\n    image: ${IMAGE:-web}\n    env_file: .env\n    environment: {URL: \"${URL}\"}\n";
    read(&[(".env", bytes), ("compose.yaml", compose)]);
}

pub(crate) fn go(bytes: &[u8]) {
    each(&["go.mod"], bytes);
}

pub(crate) fn gradle(bytes: &[u8]) {
    each(&["build.gradle", "build.gradle.kts", "settings.gradle"], bytes);
}

pub(crate) fn helm(bytes: &[u8]) {
    each(&["Chart.yaml"], bytes);
    // A template is only filled in where there is a chart, with the values that it speaks of.
    let chart: &[u8] = b"name: a\nversion: 1\n";
    let values: &[u8] = b"image: {repository: x/a}\nenv: {A_URL: 'http://a:80'}\nlist: [a, b]\n";
    read(&[("Chart.yaml", chart), ("values.yaml", values), ("templates/a.yaml", bytes)]);
    read(&[
        ("Chart.yaml", chart),
        ("values.yaml", bytes),
        ("templates/a.yaml", b"{{ toYaml .Values }}\n{{ tpl .Values.t . }}"),
    ]);
}

pub(crate) fn interfaces(bytes: &[u8]) {
    each(&["proto/shop.proto", "idl/shop.thrift", "api.yaml", "openapi.json", "schema.graphql"], bytes);
}

pub(crate) fn jvm(bytes: &[u8]) {
    let settings = b"spring: {application: {name: a}}\nb: {url: \"${c}\", host: b}\n";
    read(&[
        ("a/pom.xml", b"<project><groupId>g</groupId><artifactId>a</artifactId></project>"),
        ("a/src/main/resources/application.yml", settings),
        ("a/src/main/java/A.java", bytes),
        ("a/src/main/kotlin/B.kt", bytes),
    ]);
}

pub(crate) fn kubernetes(bytes: &[u8]) {
    each(&["k8s/all.yaml", "k8s/kustomization.yaml"], bytes);
    read(&[
        ("base/all.yaml", bytes),
        ("base/kustomization.yaml", b"resources: [all.yaml]\n"),
        (
            "overlays/eu/kustomization.yaml",
            b"namespace: eu\nresources: [../../base]\npatches: [{path: p.yaml}]\n",
        ),
        ("overlays/eu/p.yaml", bytes),
    ]);
}

pub(crate) fn maven(bytes: &[u8]) {
    each(&["pom.xml"], bytes);
}

pub(crate) fn npm(bytes: &[u8]) {
    each(&["web/package.json"], bytes);
}

pub(crate) fn owners(bytes: &[u8]) {
    // Who is a group in the one is nobody without the other.
    read(&[
        ("OWNERS", bytes),
        ("web/OWNERS", bytes),
        ("OWNERS_ALIASES", bytes),
        ("web/Dockerfile", b"FROM a\nCMD b\n"),
    ]);
}

pub(crate) fn python(bytes: &[u8]) {
    each(&["pyproject.toml", "requirements.txt", "setup.cfg"], bytes);
}

pub(crate) fn readme(bytes: &[u8]) {
    read(&[
        ("README.md", bytes),
        ("web/README.md", bytes),
        ("api/README", bytes),
        ("api/Dockerfile", b"FROM a\nCMD b\n"),
        ("web/Dockerfile", b"FROM a\nCMD b\n"),
    ]);
}

pub(crate) fn routes(bytes: &[u8]) {
    each(
        &[
            "sites/nginx.conf",
            "haproxy.cfg",
            "Caddyfile",
            "proxy/envoy.yaml",
            "kong/kong.json",
            "traefik/dynamic.toml",
        ],
        bytes,
    );
}

/// What the files beside speak of: tools that collect, and a piece that is built here.
const COMPOSE: (&str, &[u8]) = (
    "compose.yaml",
    b"services: {web: {build: web}, logstash: {image: logstash}, prometheus: {image: prom/prometheus}, \
      fluentd: {image: fluentd}, vector: {image: vector}, collector: {image: otel-collector}}",
);

pub(crate) fn logging(bytes: &[u8]) {
    for name in ["logback-spring.xml", "log4j2.xml", "log4j2.yaml", "log4j2.json", "log4j2.properties"] {
        let path = format!("web/src/main/resources/{name}");
        read(&[COMPOSE, ("web/Dockerfile", b"FROM a\nCMD b\n"), (&path, bytes)]);
    }
}

pub(crate) fn telemetry(bytes: &[u8]) {
    for path in ["prometheus.yml", "filebeat.yml", "logstash.conf", "vector.toml", "config.alloy"] {
        read(&[COMPOSE, (path, bytes)]);
    }
}

pub(crate) fn ci(bytes: &[u8]) {
    each(
        &[
            ".github/workflows/a.yml",
            ".gitlab-ci.yml",
            ".circleci/config.yml",
            "azure-pipelines.yml",
            ".travis.yml",
            "svc/Jenkinsfile",
            "argo/a.yaml",
        ],
        bytes,
    );
}

pub(crate) fn terraform(bytes: &[u8]) {
    each(&["main.tf", "infra/prod/main.tf"], bytes);
}

pub(crate) fn tools(bytes: &[u8]) {
    let paths = [
        "package.json",
        "Gemfile",
        "composer.json",
        "mix.exs",
        "pubspec.yaml",
        "Podfile",
        "main.tf",
        "setup.py",
        "Pipfile",
        "packages.config",
        "gradle/libs.versions.toml",
        "environment.yml",
        ".github/workflows/a.yml",
        ".circleci/config.yml",
        "index.html",
        "app.conf",
        "stave.toml",
    ];
    each(&paths, bytes);
    // A tree's own rows and what they are signs of.
    read(&[("stave.toml", bytes), ("package.json", bytes), ("web/index.html", bytes)]);
}
