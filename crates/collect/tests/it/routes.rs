//! What proxies route to, and what collectors of logs, metrics and traces say about pieces.

use crate::support::{Folder, links, pieces, set};

const COMPOSE: &str = "services:\n  edge: {image: \"nginx:1\", volumes: [\"./edge:/etc/nginx\"]}\n  web: {image: acme/web}\n  api: {image: acme/api}\n  trace: {image: openzipkin/zipkin}\n";

#[test]
fn a_mounted_nginx_routes_through_upstreams_of_other_files() {
    let tree = Folder::new(&[
        ("compose.yaml", COMPOSE),
        ("edge/nginx.conf", "http { include conf.d/*.conf; upstream shop { server api:8080; } }\n"),
        (
            "edge/conf.d/shop.conf",
            "server {\n  listen 80;\n  location /api { proxy_pass http://shop; }\n  location / { set $w web; proxy_pass http://$w:3000; }\n  # proxy_pass http://trace:1;\n}\n",
        ),
    ])
    .tree();
    assert_eq!(links(&tree), set(&["edge routes_to api", "edge routes_to web"]));
}

#[test]
fn a_proxy_that_is_built_by_itself_is_a_gateway_and_a_front_end_is_not() {
    let compose = "services:\n  front: {build: front}\n  door: {build: door}\n  api: {image: acme/api}\n";
    let tree = Folder::new(&[
        ("compose.yaml", compose),
        ("front/package.json", "{\"name\": \"front\", \"scripts\": {\"start\": \"x\"}}"),
        ("front/Dockerfile", "FROM nginx\nEXPOSE 80\n"),
        ("front/nginx.conf", "location /api { proxy_pass http://api:80; }\n"),
        ("door/Dockerfile", "FROM haproxy\nEXPOSE 80\n"),
        ("door/haproxy.cfg", "backend b\n  server s api:80\n"),
    ])
    .tree();
    assert_eq!(pieces(&tree), set(&["front: service", "door: gateway", "api: service"]));
    assert_eq!(links(&tree), set(&["front routes_to api", "door routes_to api"]));
}

#[test]
fn clusters_that_no_route_leads_to_serve_the_proxy_itself() {
    let envoy = "static_resources:\n  listeners: [{routes: [{route: {cluster: web_pool}}]}]\n  clusters:\n  - name: web_pool\n    load_assignment: {endpoints: [{socket_address: {address: web, port_value: 80}}]}\n  - name: zipkin\n    load_assignment: {endpoints: [{socket_address: {address: trace, port_value: 9411}}]}\n";
    let compose = COMPOSE.replace("nginx:1", "envoyproxy/envoy:v1").replace("./edge", "./none");
    let tree = Folder::new(&[("compose.yaml", &compose), ("deploy/envoy.yaml", envoy)]).tree();
    assert_eq!(links(&tree), set(&["edge routes_to web", "edge monitored_by trace"]));
}

#[test]
fn settings_in_configuration_maps_count_like_files() {
    let map = |key: &str, text: &str| {
        let text = text.replace('\n', "\n    ");
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  {key}: |\n    {text}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{template: {{spec: {{containers: [{{image: acme/d}}], volumes: [{{configMap: {{name: c}}}}]}}}}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{template: {{spec: {{containers: [{{image: acme/web}}]}}}}}}\n"
        )
    };
    let nginx = map("default.conf", "server {\n  location / { proxy_pass http://web:80; }\n}");
    let tree = Folder::new(&[("k8s/all.yaml", &nginx)]).tree();
    assert_eq!(links(&tree), set(&["d routes_to web"]));
    let scrape = map("prometheus.yml", "scrape_configs:\n- static_configs:\n  - targets: [\"web:80\"]");
    let tree = Folder::new(&[("k8s/all.yaml", &scrape)]).tree();
    assert_eq!(links(&tree), set(&["web monitored_by d"]));
}

#[test]
fn logs_metrics_and_traces_go_where_their_settings_say() {
    let compose = "services:\n  web: {image: acme/web, logging: {driver: fluentd, options: {fluentd-address: \"fluent:24224\"}}}\n  cache: {image: redis}\n  fluent: {image: fluent/fluentd}\n  loki: {image: grafana/loki}\n  prom: {image: prom/prometheus}\n  otel: {image: otel/opentelemetry-collector}\n  jaeger: {image: jaegertracing/all-in-one}\n  es: {image: elasticsearch}\n  grafana: {image: grafana/grafana, volumes: [\"./g:/etc/grafana/provisioning\"]}\n";
    let tree = Folder::new(&[
        ("compose.yaml", compose),
        ("mon/prometheus.yml", "scrape_configs:\n- static_configs: [{targets: [\"web:80\", \"prom:9090\"]}]\n"),
        ("mon/fluent.conf", "<match **>\n @type elasticsearch\n host es\n port 9200\n</match>\n"),
        (
            "mon/otel.yaml",
            "receivers:\n  redis: {endpoint: \"cache:6379\"}\nexporters:\n  otlp: {endpoint: \"jaeger:4317\"}\n  otlphttp/l: {endpoint: \"http://loki:3100/otlp\"}\n  otlphttp/out: {endpoint: \"https://user:hush@ingest.traces.dev?token=hush\"}\nservice: {pipelines: {traces: {exporters: [otlp, otlphttp/out]}, logs: {exporters: [otlphttp/l]}}}\n",
        ),
        ("g/datasources/all.yml", "apiVersion: 1\ndatasources: [{name: l, url: \"http://loki:3100\"}]\n"),
    ])
    .tree();
    assert_eq!(
        links(&tree),
        set(&[
            "web logs_to fluent",
            "web monitored_by prom",
            "fluent stores_in es",
            "cache monitored_by otel",
            "otel calls jaeger",
            "otel logs_to loki",
            "otel calls ingest.traces.dev",
            "grafana depends_on loki",
        ])
    );
    assert!(!format!("{:?}", tree.parts).contains("hush"));
}

#[test]
fn a_folder_with_everybodys_settings_speaks_for_who_runs_the_tool() {
    let compose = "services:\n  grafana: {image: grafana/grafana, volumes: [\"./all:/etc/x\"]}\n  edge: {image: nginx, volumes: [\"./all:/etc/x\"]}\n  web: {image: acme/web, volumes: [\"./all:/etc/x\"]}\n  loki: {image: grafana/loki}\n";
    let tree = Folder::new(&[
        ("compose.yaml", compose),
        ("all/nginx.conf", "location / { proxy_pass http://web:80; }\n"),
        ("all/datasources.yaml", "apiVersion: 1\ndatasources: [{name: l, url: \"http://loki:3100\"}]\n"),
    ])
    .tree();
    assert_eq!(links(&tree), set(&["grafana depends_on loki", "edge routes_to web"]));
}

#[test]
fn the_only_controller_of_ingresses_routes_to_what_they_name() {
    let workload = |name: &str, image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{image: {image}}}]}}}}}}\n---\n"
        )
    };
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: shop.acme.dev, http: {paths: [{path: /a, backend: {service: {name: web}}}]}}]}\n---\n";
    let mesh = |gateways: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v}}\nspec: {{hosts: [api], gateways: [{gateways}], http: [{{route: [{{destination: {{host: api}}}}]}}]}}\n"
        )
    };
    let all = |gateways: &str| {
        let pieces = workload("web", "acme/web") + &workload("api", "acme/api");
        pieces + &workload("edge", "traefik:v3") + ingress + &mesh(gateways)
    };
    let tree = Folder::new(&[("k8s/all.yaml", &all("mesh"))]).tree();
    assert_eq!(links(&tree), set(&["edge routes_to web"]));
    let tree = Folder::new(&[("k8s/all.yaml", &all("edge"))]).tree();
    assert_eq!(links(&tree), set(&["edge routes_to web", "edge routes_to api"]));
    let two = all("mesh") + "---\n" + &workload("other", "kong:3");
    let tree = Folder::new(&[("k8s/all.yaml", &two)]).tree();
    assert_eq!(links(&tree), set(&[]), "which of two can't be told");
}
