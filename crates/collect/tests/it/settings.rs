//! Settings of applications, and what they name.

use crate::support::{Folder, claims, links, pieces, set};

const MODULE: &str = "<project><groupId>dev.acme</groupId><artifactId>NAME</artifactId><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build><dependencies>DEPS</dependencies></project>";

fn pom(name: &str, libraries: &[&str]) -> String {
    let dependencies: String = libraries
        .iter()
        .map(|name| format!("<dependency><groupId>x</groupId><artifactId>{name}</artifactId></dependency>"))
        .collect();
    MODULE.replace("NAME", name).replace("DEPS", &dependencies)
}

#[test]
fn spring_applications_routes_registries_and_stores_of_settings() {
    let folder = Folder::new(&[
        ("gw/pom.xml", &pom("gw", &["spring-cloud-starter-netflix-zuul"])),
        (
            "gw/src/main/resources/application.yml",
            "spring: {application: {name: edge}}\nzuul:\n  routes:\n    orders: /orders/**\n    b: {path: /b/**, serviceId: billing}\neureka: {client: {service-url: {default-zone: \"http://localhost:8761/eureka\"}}}\n",
        ),
        ("orders/pom.xml", &pom("orders", &["spring-cloud-starter-config", "mysql-connector-java"])),
        (
            "orders/src/main/resources/bootstrap.yml",
            "spring: {application: {name: orders}, cloud: {config: {uri: \"${CONFIG:http://localhost:8888}\"}}}\n",
        ),
        (
            "billing/pom.xml",
            &pom("billing", &["spring-cloud-starter-config", "spring-cloud-starter-bus-amqp"]),
        ),
        (
            "billing/src/main/resources/bootstrap.properties",
            "spring.application.name=billing\nserver.port=8085\nspring.cloud.config.uri=http://localhost:8888\n",
        ),
        ("reg/pom.xml", &pom("reg", &["spring-cloud-starter-netflix-eureka-server"])),
        ("reg/src/main/resources/application.properties", "server.port=8761\nspring.application.name=reg\n"),
        ("conf/pom.xml", &pom("conf", &["spring-cloud-config-server"])),
        (
            "conf/src/main/resources/application.yml",
            "server: {port: 8888}\nspring: {application: {name: conf}}\n",
        ),
        (
            "conf/src/main/resources/shared/orders.yml",
            "spring: {datasource: {url: \"jdbc:mysql://localhost:3306/orders\", password: hush}}\nbilling: {url: \"http://localhost:8085\"}\n",
        ),
        ("conf/src/main/resources/shared/application.yml", "spring: {rabbitmq: {host: rabbitmq}}\n"),
    ]);
    let tree = folder.tree();
    assert_eq!(
        pieces(&tree),
        set(&[
            "edge: gateway",
            "orders: service",
            "billing: service",
            "reg: registry",
            "conf: config-server",
            "mysql: database",
            "rabbitmq: broker"
        ])
    );
    assert_eq!(
        links(&tree),
        set(&[
            "edge routes_to orders",
            "edge routes_to billing",
            "edge depends_on reg",
            "orders configured_by conf",
            "billing configured_by conf",
            "orders stores_in mysql",
            "orders calls billing",
            // Only who has the library for it means the shared broker.
            "billing calls rabbitmq",
        ])
    );
}

#[test]
fn settings_files_belong_to_who_mounts_them_or_whose_code_they_lie_in() {
    let folder = Folder::new(&[
        (
            "compose.yaml",
            "services:\n  proxy:\n    image: nginx\n    volumes: [\"./conf/nginx.conf:/etc/nginx/nginx.conf:ro\"]\n  app: {build: ./app}\n  search: {image: opensearchproject/opensearch}\n  collector:\n    image: otel/opentelemetry-collector\n    volumes: [{type: bind, source: ./otel, target: /etc/otel}]\n  jaeger: {image: jaegertracing/all-in-one}\n",
        ),
        ("conf/nginx.conf", "server {\n  location / { proxy_pass http://app:3000; }\n}\n"),
        ("app/Dockerfile", "FROM node\nCMD x\n"),
        ("app/.env", "SEARCH_URL=http://search:9200\n"),
        (
            "app/config/default.json",
            "{\"smtp\": {\"host\": \"smtp.mail-provider.com\"}, \"docs\": \"https://docs.elsewhere.dev/x\"}",
        ),
        ("otel/config.yml", "exporters:\n  otlp:\n    endpoint: jaeger:4317\n  debug: {}\n"),
    ]);
    let tree = folder.tree();
    assert_eq!(
        links(&tree),
        set(&[
            "proxy routes_to app",
            "app stores_in search",
            "app calls smtp.mail-provider.com",
            "collector calls jaeger"
        ])
    );
    assert!(!pieces(&tree).iter().any(|piece| piece.contains("docs.elsewhere")));
}

#[test]
fn a_setting_of_shared_code_belongs_to_the_service_that_it_names() {
    let tree = Folder::new(&[
        ("compose.yaml", "services:\n  geo: {build: .}\n  rate: {build: .}\n  consul: {image: consul}\n  geo-db: {image: mongo}\n  rate-db: {image: mongo}\n"),
        ("Dockerfile", "FROM golang\nCMD x\n"),
        ("config.json", "{\"consulAddress\": \"consul:8500\", \"GeoMongoAddress\": \"geo-db:27017\", \"RateMongoAddress\": \"rate-db:27017\"}"),
    ])
    .tree();
    assert_eq!(
        links(&tree),
        set(&[
            "geo registers_at consul",
            "rate registers_at consul",
            "geo stores_in geo-db",
            "rate stores_in rate-db"
        ])
    );
}

#[test]
fn a_host_that_only_settings_know_is_shown_and_can_be_recognised_elsewhere() {
    let tree = Folder::new(&[
        ("compose.yaml", "services:\n  web:\n    image: acme/web\n    environment:\n      PAYMENTS_URL: http://payments-api:7070/v1\n      DB_URL: postgres://ledger-db/x\n      HOMEPAGE_URL: https://www.acme-shop.com\n      SELF_NAME: payments\n"),
    ])
    .tree();
    assert_eq!(pieces(&tree), set(&["web: service", "payments-api: service", "ledger-db: database"]));
    let keys: Vec<String> = claims(&tree)
        .iter()
        .flat_map(|claim| claim.keys.values().flatten())
        .map(ToString::to_string)
        .collect();
    assert!(keys.contains(&"name:payments-api".to_owned()) && keys.contains(&"port:7070".to_owned()));
    // A product's name and port are everybody's.
    assert!(!keys.contains(&"port:5432".to_owned()) && !keys.contains(&"name:ledger-db".to_owned()));
}

#[test]
fn an_app_host_is_read_as_a_manifest() {
    let tree = Folder::new(&[
        ("Host/Program.cs", "var builder = DistributedApplication.CreateBuilder(args);\nvar cache = builder.AddRedis(\"cache\");\nvar db = builder.AddPostgres(\"pg\").AddDatabase(\"ordersdb\");\nvar api = builder.AddProject<Projects.Orders_Api>(\"orders\").WithReference(db).WaitFor(db);\nbuilder.AddProject<Projects.Web>(\"web\")\n  .WithReference(api).WithReference(cache);\n"),
        ("Orders.Api/Orders.Api.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />"),
        ("Web/Web.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />"),
    ])
    .tree();
    assert_eq!(
        pieces(&tree),
        set(&["cache: cache", "pg: database", "ordersdb: database", "orders: service", "web: service"])
    );
    assert!(links(&tree).is_superset(&set(&[
        "orders stores_in ordersdb",
        "web calls orders",
        "web stores_in cache"
    ])));
}
