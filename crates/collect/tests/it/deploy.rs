//! Compose, Kubernetes, Dockerfiles: pieces, what is one, and relations.

use crate::support::{Folder, are_one, at, claims, links, pieces, set};

#[test]
fn compose_services_relations_by_the_type_of_what_they_need() {
    let folder = Folder::new(&[(
        "compose.yaml",
        r#"
services:
  web:
    build: ./web
    ports: ["8080:3000"]
    environment:
      ORDERS_URL: http://orders:8000
      LOG_LEVEL: debug
    depends_on: [orders, mailer]
  orders:
    build: ./orders
    environment:
      - DATABASE_URL=postgres://app:${DB_PASSWORD:-hush}@db:5432/orders
      - KAFKA_BROKERS=kafka:9092
      - CACHE=redis://cache:6379/0
      - ZIPKIN_ENDPOINT=http://zipkin:9411/api/v2/spans
      - STRIPE_API_URL=https://api.payments-provider.com/v1
  mailer:
    image: acme/mailer
  db: {image: "postgres:16"}
  cache: {image: "bitnami/redis"}
  kafka: {image: "confluentinc/cp-kafka:7"}
  zipkin: {image: "openzipkin/zipkin"}
"#,
    )]);
    let tree = folder.tree();
    assert_eq!(
        pieces(&tree),
        set(&[
            "web: service",
            "orders: service",
            "mailer: service",
            "db: database",
            "cache: cache",
            "kafka: broker",
            "zipkin: tracing",
            "api.payments-provider.com: external",
        ])
    );
    assert_eq!(
        links(&tree),
        set(&[
            // The value says more than the order of starting.
            "web calls orders",
            "web depends_on mailer",
            "orders stores_in db",
            "orders calls kafka",
            "orders stores_in cache",
            "orders monitored_by zipkin",
            "orders calls api.payments-provider.com",
        ])
    );
    let calls = claims(&tree)
        .into_iter()
        .find(|claim| claim.kind == "calls" && claim.to.as_deref().unwrap().ends_with("orders"))
        .unwrap();
    assert_eq!(calls.evidence[0].path.as_deref(), Some("compose.yaml"));
    assert_eq!(calls.evidence[0].line, Some(7));
}

#[test]
fn overrides_env_files_extends_and_dot_env() {
    let folder = Folder::new(&[
        (
            "docker-compose.yml",
            "services:\n  api:\n    extends: {file: common.yml, service: base}\n    env_file: ./api.env\n    environment: [\"SEARCH_HOST=${SEARCH}\"]\n  es: {image: elasticsearch:8}\n  db: {image: mysql}\n",
        ),
        (
            "docker-compose.dev.yml",
            "services:\n  api:\n    environment: {MAIL_HOST: mail}\n  mail: {image: mailhog/mailhog}\n",
        ),
        (
            "common.yml",
            "services:\n  base:\n    image: acme/api:${TAG}\n    environment: {Q: \"amqp://mq\"}\n  mq: {image: rabbitmq}\n",
        ),
        (".env", "SEARCH=es\nTAG=1\n"),
        ("api.env", "DB_ADDR=db:3306\n"),
    ]);
    let tree = folder.tree();
    assert!(
        links(&tree).is_superset(&set(&[
            "api stores_in es",
            "api stores_in db",
            "api calls mq",
            "api calls mail"
        ])),
        "{:?}",
        links(&tree)
    );
    let env = |kind: &str, to: &str| {
        claims(&tree)
            .into_iter()
            .find(|claim| claim.kind == kind && claim.to.as_deref().is_some_and(|t| t.ends_with(to)))
            .unwrap()
            .env
            .clone()
    };
    assert_eq!(env("calls", "/mail"), ["dev"]);
    assert!(env("stores_in", "/db").is_empty());
    let at_env = claims(&tree)
        .into_iter()
        .find(|claim| claim.kind == "stores_in" && claim.to.as_deref().unwrap().ends_with("/db"))
        .unwrap();
    assert_eq!(at_env.evidence[0].path.as_deref(), Some("api.env"));
}

#[test]
fn one_service_in_compose_kubernetes_dockerfile_and_manifest_is_one_piece() {
    let folder = Folder::new(&[
        ("compose.yaml", "services:\n  orders:\n    build: ./services/orders\n"),
        ("services/orders/Dockerfile", "FROM golang AS b\nFROM scratch\nCMD [\"/orders\"]\n"),
        ("services/orders/go.mod", "module code.example/acme/shop/orders\n"),
        ("services/orders/main.go", "package main"),
        (
            "k8s/orders.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders, namespace: shop}\nspec:\n  template:\n    metadata: {labels: {app: orders}}\n    spec: {containers: [{name: c, image: \"registry.example/acme/orders:1\"}]}\n",
        ),
    ]);
    let tree = folder.tree();
    assert_eq!(pieces(&tree), set(&["orders: service"]));
    let compose = at(&tree, "#compose/orders");
    for other in [
        "services/orders#docker/orders",
        "services/orders#go/code.example/acme/shop/orders",
        "k8s#k8s/shop/orders",
    ] {
        assert!(are_one(&tree, &compose, &at(&tree, other)), "{other}");
    }
    let keys: Vec<&str> = claims(&tree)
        .iter()
        .flat_map(|claim| claim.keys.values().flatten())
        .map(|key| key.as_str())
        .collect();
    assert!(keys.contains(&"image:registry.example/acme/orders"));
    assert!(keys.contains(&"package:golang/code.example/acme/shop/orders"));
    assert!(keys.contains(&"name:orders"));
}

#[test]
fn unrelated_demos_with_equal_names_stay_apart() {
    let compose =
        "services:\n  web:\n    build: ./web\n    environment: {DB_HOST: db}\n  db: {image: postgres}\n";
    let folder = Folder::new(&[
        ("demo-a/compose.yaml", compose),
        ("demo-a/web/Dockerfile", "FROM node\nCMD x\n"),
        ("demo-b/compose.yaml", compose),
        ("demo-b/web/Dockerfile", "FROM python\nCMD y\n"),
    ]);
    let tree = folder.tree();
    for name in ["web", "db"] {
        let a = at(&tree, &format!("demo-a#compose/{name}"));
        let b = at(&tree, &format!("demo-b#compose/{name}"));
        assert!(!are_one(&tree, &a, &b), "{name}");
    }
    // Each web stores in its own database.
    for demo in ["demo-a", "demo-b"] {
        let link = claims(&tree)
            .into_iter()
            .find(|claim| claim.kind == "stores_in" && claim.of.as_str().contains(demo))
            .unwrap();
        assert!(link.to.as_deref().unwrap().contains(demo));
    }
    assert!(
        claims(&tree)
            .iter()
            .flat_map(|claim| claim.keys.values().flatten())
            .all(|key| !key.as_str().starts_with("image:"))
    );
}

#[test]
fn two_services_of_one_image_are_two_pieces() {
    let folder = Folder::new(&[
        (
            "compose.yaml",
            "services:\n  api: {build: ., image: acme/app}\n  worker: {build: ., image: acme/app, command: work}\n",
        ),
        ("Dockerfile", "FROM python\nCMD run\n"),
        ("pyproject.toml", "[project]\nname = \"app\"\ndependencies = [\"flask\"]\n"),
    ]);
    let tree = folder.tree();
    assert!(!are_one(&tree, &at(&tree, "#compose/api"), &at(&tree, "#compose/worker")));
    assert!(pieces(&tree).is_superset(&set(&["api: service", "worker: service"])));
    assert!(
        claims(&tree)
            .iter()
            .flat_map(|claim| claim.keys.values().flatten())
            .all(|key| key.as_str() != "image:acme/app")
    );
}

const WORKLOADS: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-web}
spec:
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers:
      - name: main
        image: acme/web
        env:
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: s, key: p}}}
        - {name: ORDERS_HOST, valueFrom: {configMapKeyRef: {name: settings, key: orders}}}
        envFrom: [{configMapRef: {name: more}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {orders: "orders.default.svc.cluster.local"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data: {CACHE_ADDR: "cache:6379"}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {p: hunter2, URL: "http://leak:80"}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: orders}
spec:
  template:
    metadata: {labels: {app: orders}}
    spec: {containers: [{name: main, image: acme/orders, env: [{name: WEB_URL, value: "http://web"}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec:
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: main, image: "redis:7"}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cleaner}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: main, image: acme/cleaner}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front}
spec: {rules: [{host: shop.acme.dev, http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}}]}
"#;

#[test]
fn kubernetes_services_name_workloads_and_config_maps_are_followed() {
    let tree = Folder::new(&[("k8s/all.yaml", WORKLOADS)]).tree();
    assert!(tree.warnings.iter().all(|warning| warning.path.is_empty()), "{:?}", tree.warnings);
    assert_eq!(pieces(&tree), set(&["shop-web: service", "orders: service", "cache: cache", "cleaner: job"]));
    assert_eq!(
        links(&tree),
        set(&["shop-web calls orders", "shop-web stores_in cache", "orders calls shop-web"])
    );
    assert!(
        claims(&tree)
            .iter()
            .any(|claim| claim.kind == "endpoint" && claim.to.as_deref() == Some("shop.acme.dev/"))
    );
    assert!(!format!("{:?}", claims(&tree)).contains("leak"));
}

#[test]
fn overlays_patch_their_base_and_name_an_environment() {
    let deployment = |extra: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: c{extra}}}]}}}}}}\n"
        )
    };
    let folder = Folder::new(&[
        ("deploy/base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("deploy/base/web.yaml", &deployment(", image: acme/web")),
        (
            "deploy/overlays/prod/kustomization.yaml",
            "resources: [../../base, db.yaml]\npatches: [{path: web-patch.yaml}]\nimages: [{name: acme/web, newName: registry.example/acme/web}]\n",
        ),
        ("deploy/overlays/prod/web-patch.yaml", &deployment(", env: [{name: DB_HOST, value: db}]")),
        (
            "deploy/overlays/prod/db.yaml",
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: mariadb}]}}}\n",
        ),
    ]);
    let tree = folder.tree();
    assert_eq!(pieces(&tree), set(&["web: service", "db: database"]));
    let link = claims(&tree).into_iter().find(|claim| claim.kind == "stores_in").unwrap();
    assert!(link.of.as_str().ends_with("deploy/base#k8s/default/web"), "{}", link.of);
    assert_eq!(link.env, ["prod"]);
    let exists = |name: &str| {
        claims(&tree)
            .into_iter()
            .find(|claim| claim.kind == "exists" && claim.of.as_str().ends_with(name))
            .unwrap()
            .env
            .clone()
    };
    assert_eq!(exists("/db"), ["prod"]);
    assert!(exists("/web").is_empty());
    let keys = format!("{:?}", claims(&tree).iter().map(|claim| &claim.keys).collect::<Vec<_>>());
    assert!(keys.contains("image:registry.example/acme/web"));
}

#[test]
fn charts_are_templates_and_no_fault() {
    let tree = Folder::new(&[
        (
            "chart/templates/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Values.name }}\n{{- if .x }}\n",
        ),
        ("chart/values.yaml", "name: x\n"),
        ("other/app.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .n }}}\n{{ end }}"),
    ])
    .tree();
    assert!(tree.warnings.iter().all(|warning| warning.path.is_empty()), "{:?}", tree.warnings);
    assert!(pieces(&tree).is_empty());
}

#[test]
fn a_dockerfile_over_a_product_is_that_product() {
    let tree = Folder::new(&[
        ("compose.yaml", "services:\n  store: {build: ./db}\n  store2: {build: ./db}\n"),
        ("db/Dockerfile", "FROM mongo:6\nCOPY init.js /\n"),
    ])
    .tree();
    assert_eq!(pieces(&tree), set(&["store: database", "store2: database"]));
}

#[test]
fn tests_and_samples_put_nothing_on_the_map_unless_pointed_at_or_included() {
    let folder = Folder::new(&[
        ("compose.yaml", "services: {web: {image: acme/web}}\n"),
        ("tests/compose.yaml", "services: {fake: {image: acme/fake}}\n"),
        ("examples/demo/compose.yaml", "services: {demo: {image: acme/demo}}\n"),
        ("old/compose.yaml", "services: {old: {image: acme/old}}\n"),
    ]);
    assert_eq!(pieces(&folder.tree()), set(&["web: service", "old: service"]));
    folder.write("stave.toml", b"[scan]\ninclude = [\"examples/demo\"]\nexclude = [\"old\"]\n");
    assert_eq!(pieces(&folder.tree()), set(&["web: service", "demo: service"]));
    let inside = stave_collect::scan(
        &[folder.path.join("examples/demo")],
        &crate::support::options(),
        &crate::support::Directory,
        &stave_collect::Quiet,
    )
    .unwrap();
    assert_eq!(pieces(&inside.trees[0]), set(&["demo: service"]));
}

#[test]
fn labels_route_words_name_and_scrapers_watch() {
    let tree = Folder::new(&[
        (
            "compose.yaml",
            "services:\n  traefik: {image: \"traefik:v3\"}\n  web:\n    image: acme/web\n    labels: [\"traefik.http.routers.w.rule=Host(`x`)\"]\n    environment: {CART: cart, CART_DB: orders, MODE: orders}\n  cart: {image: acme/cart, labels: {traefik.enable: \"false\"}}\n  orders: {image: acme/orders}\n  prometheus:\n    image: prom/prometheus\n    volumes: [\"./prom.yml:/etc/prometheus/prometheus.yml\"]\n",
        ),
        ("prom.yml", "scrape_configs:\n- job_name: x\n  static_configs:\n  - targets: ['cart:9090']\n"),
    ])
    .tree();
    assert_eq!(
        links(&tree),
        set(&["traefik routes_to web", "web calls cart", "cart monitored_by prometheus"])
    );
}

#[test]
fn a_deployment_is_called_like_what_it_deploys() {
    let tree = Folder::new(&[(
        "k8s/a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders-deployment}\nspec: {template: {metadata: {labels: {app: o}}, spec: {containers: [{name: c, image: acme/orders}]}}}\n",
    )])
    .tree();
    assert_eq!(pieces(&tree), set(&["orders: service"]));
    at(&tree, "k8s#k8s/default/orders-deployment");
}

#[test]
fn a_name_means_what_the_included_file_says_and_no_other_project() {
    let folder = Folder::new(&[
        (
            "shop/compose.yaml",
            "include:\n- ../parts/compose.yaml\n- {path: ../more/extra.yaml, project_directory: .., env_file: more.env}\nservices:\n  web:\n    build: ./web\n    environment: {ORDERS_URL: \"http://orders:80\"}\n    depends_on: [stock]\n",
        ),
        ("shop/more.env", "HOST=orders\n"),
        ("parts/compose.yaml", "services:\n  orders: {build: ./orders, depends_on: [web]}\n"),
        // Neither named like a compose file nor in its project's folder.
        (
            "more/extra.yaml",
            "services:\n  stock:\n    build: ./code/stock\n    environment: {A_URL: \"http://${HOST}:80\"}\n",
        ),
        ("code/stock/Dockerfile", "FROM scratch\n"),
        ("other/compose.yaml", "services:\n  orders: {build: ./o}\n  web: {build: ./w}\n"),
        ("all/compose.yaml", "include: [../shop/compose.yaml]\n"),
    ]);
    let tree = folder.tree();
    assert_eq!(
        links(&tree),
        set(&["web calls orders", "web depends_on stock", "orders depends_on web", "stock calls orders",])
    );
    let called = claims(&tree).into_iter().find(|claim| claim.kind == "calls").unwrap();
    assert!(called.to.as_deref().unwrap().contains("//parts#compose/orders"), "{called:?}");
    assert!(are_one(&tree, &at(&tree, "more#compose/stock"), &at(&tree, "code/stock#docker/stock")));
}
