//! Several repositories side by side: a service's code in one, its deployment in another, its interface in a third.

use std::fs;

use serde_json::Value;

use crate::world::World;

/// Makes a repository of the host github.com.
fn repository(world: &World, path: &str, files: &[(&str, &str)]) {
    let folder = format!("estate/{}", path.replace('/', "-"));
    fs::create_dir_all(world.path(&folder)).unwrap();
    world.git(&folder, 0, &["init", "--quiet"]);
    world.git(&folder, 0, &["remote", "add", "origin", &format!("https://github.com/{path}.git")]);
    for (name, text) in files {
        world.write(&format!("{folder}/{name}"), text);
    }
    world.commit(&folder, 1);
}

const DOCKERFILE: &str = "FROM scratch\nCMD [\"/app\"]\n";

const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders-api, namespace: leafcup}
spec:
  template:
    metadata: {labels: {app: orders-api}}
    spec: {containers: [{name: a, image: 'ghcr.io/leafcup/orders:3'}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-window, namespace: leafcup}
spec:
  template:
    metadata: {labels: {app: shop-window}}
    spec: {containers: [{name: a, image: 'ghcr.io/leafcup/window:1'}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: stock-keeper, namespace: leafcup}
spec:
  template:
    metadata: {labels: {app: stock}}
    spec: {containers: [{name: a, image: 'ghcr.io/leafcup/keeper:1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: stock, namespace: leafcup}
spec: {selector: {app: stock}, ports: [{port: 80}]}
";

fn estate() -> World {
    let world = World::new();
    let stub = "package shop\nconst method = \"/leafcup.shop.v1.Orders/Place\"\n// grpc\n";
    repository(
        &world,
        "leafcup/orders",
        &[
            ("Dockerfile", DOCKERFILE),
            ("go.mod", "module github.com/leafcup/orders\n"),
            ("proto/shop_grpc.pb.go", stub),
            (
                "main.go",
                "package main\nimport pb \"github.com/leafcup/orders/proto\"\nfunc main() { pb.RegisterOrdersServer(s, &server{}) }\n",
            ),
        ],
    );
    repository(
        &world,
        "leafcup/window",
        &[
            ("Dockerfile", DOCKERFILE),
            ("go.mod", "module github.com/leafcup/window\n"),
            ("proto/shop_grpc.pb.go", stub),
            (
                "main.go",
                "package main\nimport (\n\t\"net/http\"\n\tpb \"github.com/leafcup/window/proto\"\n)\nfunc main() {\n\tc := pb.NewOrdersClient(conn)\n\thttp.Get(\"http://stock.leafcup.svc.cluster.local/items\")\n}\n",
            ),
        ],
    );
    repository(&world, "leafcup/deploy", &[("k8s/all.yaml", MANIFESTS)]);
    repository(
        &world,
        "leafcup/contracts",
        &[("shop.proto", "package leafcup.shop.v1;\nservice Orders { rpc Place (A) returns (B) {} }\n")],
    );
    // Somebody else's services of the same bare names.
    repository(
        &world,
        "harbour/deploy",
        &[(
            "compose.yaml",
            "services:\n  orders: {image: harbour/orders}\n  stock: {image: harbour/stock}\n  window: {image: harbour/window}\n",
        )],
    );
    world.run("estate", &["scan", "--quiet"]).ok();
    world
}

fn links(graph: &Value) -> Vec<String> {
    let name = |id: &Value| {
        let entities = graph["entities"].as_array().unwrap();
        entities.iter().find(|one| one["id"] == *id).unwrap()["name"].as_str().unwrap().to_owned()
    };
    let links = graph["links"].as_array().unwrap().iter();
    let mut links: Vec<String> = links
        .map(|link| {
            format!("{} {} {}", name(&link["from"]), link["kind"].as_str().unwrap(), name(&link["to"]))
        })
        .collect();
    links.sort();
    links
}

#[test]
fn code_deployment_and_interface_in_three_repositories_are_one_piece_each() {
    let world = estate();
    let graph = world.ask("estate", &["export", "--as", "graph"]);
    let mut services: Vec<&str> = graph["entities"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["kind"] == "service")
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    services.sort_unstable();
    // Three of one owner, and three others of somebody else.
    assert_eq!(services, ["orders", "orders-api", "shop-window", "stock", "stock-keeper", "window"]);
    assert_eq!(links(&graph), ["shop-window calls orders-api", "shop-window calls stock-keeper"]);
}

#[test]
fn a_pipeline_says_which_image_a_folder_becomes() {
    let world = World::new();
    let workflow = "on: push\njobs:\n  images:\n    steps:\n    - uses: docker/build-push-action@v6\n      with: {context: services/cart, push: true, tags: 'registry.leafcup.test/shop/cart:1'}\n";
    repository(
        &world,
        "leafcup/services",
        &[
            ("services/cart/Dockerfile", DOCKERFILE),
            ("services/till/Dockerfile", DOCKERFILE),
            (".github/workflows/images.yml", workflow),
        ],
    );
    let compose = "services:\n  trolley: {image: 'registry.leafcup.test/shop/cart:1'}\n  till: {image: 'elsewhere.test/shop/till'}\n";
    repository(&world, "leafcup/deploy", &[("compose.yaml", compose)]);
    world.run("estate", &["scan", "--quiet"]).ok();
    let graph = world.ask("estate", &["export", "--as", "graph"]);
    let entities = graph["entities"].as_array().unwrap().iter();
    let mut services: Vec<&str> =
        entities.filter(|one| one["kind"] == "service").map(|one| one["name"].as_str().unwrap()).collect();
    services.sort_unstable();
    assert_eq!(services, ["till", "till", "trolley"]);
}
