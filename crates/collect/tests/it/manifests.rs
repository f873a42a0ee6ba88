//! Package manifests: what is a program, what a library, and what of the same system they need.

use crate::support::{Folder, claims, links, pieces, set};

#[test]
fn programs_and_libraries_of_every_ecosystem() {
    let folder = Folder::new(&[
        ("rs/Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
        (
            "rs/a/Cargo.toml",
            "[package]\nname = \"billing\"\n[dependencies]\naxum = \"1\"\nmoney = { path = \"../b\" }\n",
        ),
        ("rs/a/src/main.rs", ""),
        ("rs/b/Cargo.toml", "[package]\nname = \"money\"\n"),
        ("js/package.json", "{\"private\": true, \"workspaces\": [\"*\"]}"),
        (
            "js/ui/package.json",
            "{\"name\": \"@acme/ui\", \"scripts\": {\"start\": \"x\"}, \"dependencies\": {\"react\": \"1\", \"@acme/kit\": \"1\", \"@acme/elsewhere\": \"1\", \"lodash\": \"4\"}}",
        ),
        ("js/kit/package.json", "{\"name\": \"@acme/kit\", \"main\": \"index.js\"}"),
        (
            "go/go.mod",
            "module code.example/acme/stock\nrequire code.example/acme/lib v1.0.0\nrequire code.example/other/x v1\n",
        ),
        ("go/cmd/stock/main.go", "package main"),
        (
            "mvn/pom.xml",
            "<project><groupId>dev.acme</groupId><artifactId>all</artifactId><packaging>pom</packaging><modules><module>svc</module></modules></project>",
        ),
        (
            "mvn/svc/pom.xml",
            "<project><parent><groupId>dev.acme</groupId><artifactId>all</artifactId></parent><artifactId>ledger</artifactId><dependencies><dependency><groupId>dev.acme</groupId><artifactId>shared</artifactId></dependency></dependencies><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
        ),
        (
            "mvn/shared/pom.xml",
            "<project><parent><groupId>dev.acme</groupId><artifactId>all</artifactId></parent><artifactId>shared</artifactId></project>",
        ),
        (
            "py/pyproject.toml",
            "[project]\nname = \"Reports\"\ndependencies = [\"FastAPI>=0.1\", \"py-kit\"]\n",
        ),
        ("py-kit/setup.cfg", "[metadata]\nname = py_kit\n"),
        (
            "net/Api/Api.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><ProjectReference Include=\"..\\Core\\Core.csproj\" /></ItemGroup></Project>",
        ),
        ("net/Core/Core.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>"),
    ]);
    let tree = folder.tree();
    assert_eq!(
        pieces(&tree),
        set(&[
            "billing: service",
            "money: library",
            "ui: frontend",
            "kit: library",
            "stock: service",
            "ledger: service",
            "shared: library",
            "Reports: service",
            "py_kit: library",
            "Api: service",
            "Core: library",
            // Internal packages of other repositories.
            "elsewhere: library",
            "lib: library",
        ])
    );
    assert_eq!(
        links(&tree),
        set(&[
            "billing depends_on money",
            "ui depends_on kit",
            "ui depends_on elsewhere",
            "stock depends_on lib",
            "ledger depends_on shared",
            "Reports depends_on py_kit",
            "Api depends_on Core",
        ])
    );
    // What a manifest only needs is never its own package.
    let keys: Vec<String> = claims(&tree)
        .iter()
        .flat_map(|claim| claim.keys.iter())
        .filter(|(of, _)| !of.as_str().starts_with("package:"))
        .flat_map(|(_, keys)| keys.iter().map(ToString::to_string))
        .collect();
    assert!(keys.iter().any(|key| key == "package:maven/dev.acme:shared"));
    assert!(
        !keys
            .iter()
            .any(|key| key.contains("lodash") || key.contains("elsewhere") || key.contains("acme/lib"))
    );
}

#[test]
fn a_gradle_module_and_its_libraries() {
    let tree = Folder::new(&[
        ("settings.gradle", "include ':registry', ':orders'\n"),
        ("build.gradle", "subprojects {\n apply plugin: 'java'\n dependencies {\n  implementation 'io.zipkin:spring-cloud-starter-zipkin'\n }\n}\n"),
        ("compose.yaml", "services:\n  traces: {image: openzipkin/zipkin}\n"),
        ("common/build.gradle", "plugins { id 'java-library' }\n"),
        ("registry/build.gradle", "plugins { id 'org.springframework.boot' }\ndependencies { \n implementation 'org.springframework.cloud:spring-cloud-starter-netflix-eureka-server'\n}\n"),
        ("orders/build.gradle", "plugins { id 'org.springframework.boot' }\ndependencies {\n implementation 'org.springframework.cloud:spring-cloud-starter-netflix-eureka-client'\n implementation project(':common')\n}\n"),
    ])
    .tree();
    assert_eq!(
        pieces(&tree),
        set(&["registry: registry", "orders: service", "common: library", "traces: tracing"])
    );
    assert_eq!(
        links(&tree),
        set(&[
            "orders registers_at registry",
            "orders depends_on common",
            "orders monitored_by traces",
            "registry monitored_by traces",
            "common monitored_by traces",
        ])
    );
}

#[test]
fn modules_inherit_what_their_parent_needs() {
    let tree = Folder::new(&[
        ("pom.xml", "<project><groupId>shop</groupId><artifactId>all</artifactId><packaging>pom</packaging><modules><module>orders</module></modules><dependencies><dependency><groupId>org.springframework.cloud</groupId><artifactId>spring-cloud-starter-netflix-eureka-client</artifactId></dependency></dependencies></project>"),
        ("orders/pom.xml", "<project><parent><groupId>shop</groupId><artifactId>all</artifactId></parent><artifactId>orders</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>"),
        ("registry/pom.xml", "<project><groupId>shop</groupId><artifactId>registry</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>spring-cloud-starter-netflix-eureka-server</artifactId></dependency></dependencies></project>"),
    ])
    .tree();
    assert_eq!(links(&tree), set(&["orders registers_at registry"]));
}

#[test]
fn a_readme_describes_the_one_component_of_its_folder_where_nothing_else_does() {
    let text = "# X\n\nCounts what is left.\n";
    let tree = Folder::new(&[
        ("README.md", "All of the shop together.\n"),
        ("stock/Dockerfile", "FROM a\nCMD b\n"),
        ("stock/README.rst", "Not this one here.\n"),
        ("stock/README.md", text),
        (
            "web/package.json",
            "{\"name\": \"web\", \"description\": \"Shows it\", \"scripts\": {\"start\": \"node .\"}}",
        ),
        ("web/README.md", text),
        ("api/Dockerfile", "FROM a\nLABEL org.opencontainers.image.description=\"Sells it\"\nCMD b\n"),
        ("api/README.md", text),
        ("two/README.md", text),
        ("compose.yaml", "services: {one: {build: two}, other: {build: two}}\n"),
    ])
    .tree();
    let said: Vec<(String, String)> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.kind == "description")
        .map(|claim| (claim.of.to_string(), claim.value.as_ref().unwrap().to_string()))
        .map(|(of, value)| (of.rsplit('/').next().unwrap().to_owned(), value))
        .collect();
    let has = |name: &str, value: &str| said.iter().any(|(of, said)| of == name && said.contains(value));
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(has("stock", "Counts") && has("web", "Shows it") && has("api", "Sells it"), "{said:?}");
    let alone = Folder::new(&[("README", text), ("Dockerfile", "FROM a\nCMD b\n")]).tree();
    assert!(claims(&alone).iter().any(|claim| claim.kind == "description"));
}
