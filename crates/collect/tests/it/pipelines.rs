//! Pipelines: what builds and deploys which piece.

use std::collections::BTreeSet;

use crate::support::{Folder, claims, name_of, set};

/// `PIECE relation PIPELINE` by names.
fn works(files: &[(&str, &str)]) -> BTreeSet<String> {
    let tree = Folder::new(files).tree();
    claims(&tree)
        .into_iter()
        .filter(|claim| matches!(claim.kind.as_str(), "built_by" | "deployed_by"))
        .map(|claim| {
            let to = claim.to.as_deref().unwrap();
            format!("{} {} {}", name_of(&tree, claim.of.as_str()), claim.kind, name_of(&tree, to))
        })
        .collect()
}

const CART: (&str, &str) = ("services/cart/Dockerfile", "FROM scratch\nCMD [\"/cart\"]\n");
const WEB: (&str, &str) = ("services/web/Dockerfile", "FROM scratch\nCMD [\"/web\"]\n");
const MANIFESTS: (&str, &str) = (
    "k8s/base/all.yaml",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec: {template: {spec: {containers: [{image: acme/cart}]}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{image: acme/web}]}}}\n",
);

#[test]
fn a_pipeline_is_an_entity_with_its_stages() {
    let tree = Folder::new(&[(
        ".github/workflows/helm-ci.yml",
        "name: Check\non: push\njobs: {lint: {steps: [{run: echo}]}, unit: {steps: []}}\n",
    )])
    .tree();
    let of = format!("repo:{}//.github/workflows#pipeline/helm-ci.yml", tree.repository);
    let said: BTreeSet<String> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.of.as_str() == of)
        .map(|claim| {
            format!(
                "{} {}",
                claim.kind,
                claim.to.clone().unwrap_or_else(|| claim.value.as_ref().unwrap().to_string())
            )
        })
        .collect();
    assert_eq!(
        said,
        set(&[
            "exists \"pipeline\"",
            "name \"Check\"",
            "tag github-actions",
            "description \"Stages: lint, unit\""
        ])
    );
}

#[test]
fn a_matrix_builds_every_service_and_a_kustomization_deploys_its_bases() {
    let workflow = "name: Release\non: push\njobs:\n  images:\n    strategy: {matrix: {service: [cart, web, gone]}}\n    steps:\n    - uses: docker/build-push-action@v6\n      with: {context: \"services/${{ matrix.service }}\"}\n  deploy:\n    steps:\n    - run: kubectl apply -k k8s/overlays/prod\n";
    assert_eq!(
        works(&[
            CART,
            WEB,
            MANIFESTS,
            ("k8s/base/kustomization.yaml", "resources: [all.yaml]\n"),
            ("k8s/overlays/prod/kustomization.yaml", "resources: [../../base]\n"),
            (".github/workflows/release.yml", workflow),
        ]),
        set(&[
            "cart built_by Release",
            "web built_by Release",
            "cart deployed_by Release",
            "web deployed_by Release",
        ])
    );
}

#[test]
fn what_only_checks_a_folder_does_not_build_it() {
    let workflow = |run: &str| {
        format!(
            "name: W\non: {{push: {{paths: [\"services/cart/**\"]}}}}\njobs: {{a: {{steps: [{{run: {run}}}]}}}}\n"
        )
    };
    assert_eq!(works(&[CART, (".github/workflows/w.yml", &workflow("make lint"))]), set(&[]));
    let built = works(&[CART, (".github/workflows/w.yml", &workflow("make docker-build"))]);
    assert_eq!(built, set(&["cart built_by W"]));
}

#[test]
fn folders_and_names_that_mean_nothing_build_nothing() {
    let workflow = "name: Docs\non: push\njobs:\n  site:\n    defaults: {run: {working-directory: website}}\n    steps:\n    - run: npm run build\n    - run: docker build services\n    - run: kubectl apply -f ../elsewhere\n    - run: helm upgrade --install other ./charts/other\n";
    assert_eq!(works(&[CART, MANIFESTS, (".github/workflows/docs.yml", workflow)]), set(&[]));
}

#[test]
fn jenkins_gitlab_and_a_compose_build() {
    assert_eq!(
        works(&[
            CART,
            ("compose.yaml", "services: {web: {build: services/web}, db: {image: postgres}}\n"),
            WEB,
            ("services/cart/Jenkinsfile", "pipeline { stages { stage('x') { steps { sh 'make' } } } }\n"),
            (
                ".gitlab-ci.yml",
                "all:\n  script:\n  - docker compose build\n  - kubectl set image deployment/db db=x\n"
            ),
        ]),
        set(&["cart built_by cart", "web built_by gitlab-ci"])
    );
}

#[test]
fn argo_deploys_what_its_path_holds_or_what_is_called_like_it() {
    let app = |name: &str, url: &str, path: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec: {{source: {{repoURL: \"{url}\", path: {path}}}}}\n"
        )
    };
    let folder = Folder::new(&[
        MANIFESTS,
        ("argo/all.yaml", &app("all", "https://git.example.dev/acme/shop.git", "k8s")),
        ("argo/out.yaml", &app("out", "https://git.example.dev/acme/charts", "k8s")),
    ]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "https://git.example.dev/acme/shop"]);
    let tree = folder.tree();
    let deployed: BTreeSet<String> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.kind == "deployed_by")
        .map(|claim| {
            format!("{} {}", name_of(&tree, claim.of.as_str()), name_of(&tree, claim.to.as_deref().unwrap()))
        })
        .collect();
    assert_eq!(deployed, set(&["cart all", "web all"]));
}
