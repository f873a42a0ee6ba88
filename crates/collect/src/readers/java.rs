//! What well-known Java libraries say about the module that uses them. Shared by the Maven and Gradle readers.

use crate::link::{Origin, Place, Sketch, Target};
use crate::products::{self, Product};

/// What a library makes of a module.
enum Role {
    /// The module is a server of this product.
    Serves(&'static str),
    /// The module is of this type.
    Type(&'static str),
    /// The module needs a server of this product.
    Uses(&'static str, Option<&'static str>),
    /// The module is a program that serves.
    Runs,
}

/// Parts of artifact names. The first row that fits counts, so longer names stand first.
const ROLES: &[(&str, Role)] = &[
    ("eureka-server", Role::Serves("eureka")),
    ("spring-cloud-config-server", Role::Serves("config-server")),
    ("spring-boot-admin-starter-server", Role::Serves("spring-boot-admin")),
    ("spring-boot-admin-server", Role::Serves("spring-boot-admin")),
    ("hystrix-dashboard", Role::Serves("hystrix-dashboard")),
    ("turbine", Role::Serves("turbine")),
    ("authorization-server", Role::Serves("authorization-server")),
    ("zipkin-server", Role::Serves("zipkin")),
    ("zipkin-stream", Role::Serves("zipkin")),
    ("zipkin-autoconfigure-ui", Role::Serves("zipkin")),
    ("starter-netflix-zuul", Role::Type("gateway")),
    ("cloud-starter-zuul", Role::Type("gateway")),
    ("cloud-starter-gateway", Role::Type("gateway")),
    ("cloud-gateway-server", Role::Type("gateway")),
    ("eureka-client", Role::Uses("eureka", Some("registers_at"))),
    ("spring-cloud-starter-eureka", Role::Uses("eureka", Some("registers_at"))),
    ("consul-discovery", Role::Uses("consul", Some("registers_at"))),
    ("nacos-discovery", Role::Uses("nacos", Some("registers_at"))),
    ("zookeeper-discovery", Role::Uses("zookeeper", Some("registers_at"))),
    ("spring-cloud-starter-config", Role::Uses("config-server", None)),
    ("spring-cloud-config-client", Role::Uses("config-server", None)),
    ("spring-boot-admin-starter-client", Role::Uses("spring-boot-admin", None)),
    ("starter-zipkin", Role::Uses("zipkin", None)),
    ("sleuth-zipkin", Role::Uses("zipkin", None)),
    ("zipkin-reporter", Role::Uses("zipkin", None)),
    ("stream-rabbit", Role::Uses("rabbitmq", None)),
    ("stream-binder-rabbit", Role::Uses("rabbitmq", None)),
    ("starter-amqp", Role::Uses("rabbitmq", None)),
    ("bus-amqp", Role::Uses("rabbitmq", None)),
    ("spring-rabbit", Role::Uses("rabbitmq", None)),
    ("amqp-client", Role::Uses("rabbitmq", None)),
    ("spring-kafka", Role::Uses("kafka", None)),
    ("kafka-clients", Role::Uses("kafka", None)),
    ("stream-kafka", Role::Uses("kafka", None)),
    ("stream-binder-kafka", Role::Uses("kafka", None)),
    ("kafka-streams", Role::Uses("kafka", None)),
    ("reactor-kafka", Role::Uses("kafka", None)),
    ("bus-kafka", Role::Uses("kafka", None)),
    ("mysql-connector", Role::Uses("mysql", None)),
    ("mariadb-java-client", Role::Uses("mariadb", None)),
    ("data-mongodb", Role::Uses("mongodb", None)),
    ("data-redis", Role::Uses("redis", None)),
    ("data-elasticsearch", Role::Uses("elasticsearch", None)),
    ("data-neo4j", Role::Uses("neo4j", None)),
    ("data-cassandra", Role::Uses("cassandra", None)),
    ("logstash-logback-encoder", Role::Uses("logstash", None)),
    ("spring-boot-starter-web", Role::Runs),
    ("spring-boot-starter-jersey", Role::Runs),
    ("quarkus-resteasy", Role::Runs),
    ("micronaut-http-server", Role::Runs),
    ("dropwizard-core", Role::Runs),
    ("helidon-webserver", Role::Runs),
];

/// Libraries that only send to or only receive from a broker.
const STREAMS: &[(&str, &str, &str)] = &[
    ("hystrix-stream", "rabbitmq", "publishes_to"),
    ("hystrix-amqp", "rabbitmq", "publishes_to"),
    ("sleuth-stream", "rabbitmq", "publishes_to"),
    ("turbine-stream", "rabbitmq", "subscribes_to"),
    ("turbine-amqp", "rabbitmq", "subscribes_to"),
    ("zipkin-stream", "rabbitmq", "subscribes_to"),
];

/// Puts what a dependency says onto a module's piece. Returns whether it makes the module a program.
pub(super) fn apply(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    piece: usize,
    group: &str,
    artifact: &str,
    at: &Place,
) -> bool {
    for (_, name, relation) in STREAMS.iter().filter(|(part, _, _)| artifact.contains(part)) {
        if let Some(product) = products::by_product_name(name) {
            uses(sketch, reader, piece, product, Some(relation), at);
        }
    }
    if artifact.contains("oauth2") || artifact.contains("cloud-security") {
        sketch.libraries.insert((piece, "oauth2"));
    }
    if ["data-jpa", "data-jdbc", "starter-jdbc", "mybatis", "hibernate-core", "hibernate-orm", "jooq"]
        .iter()
        .any(|part| artifact.contains(part))
    {
        // Not a product: a driver alone may be left over, with one of these it is used.
        sketch.libraries.insert((piece, "sql"));
    }
    let is_driver = artifact == "postgresql" && group.starts_with("org.postgresql");
    let role = if is_driver {
        Some(&Role::Uses("postgres", None))
    } else {
        ROLES.iter().find(|(part, _)| artifact.contains(part)).map(|(_, role)| role)
    };
    match role {
        Some(Role::Serves(name)) => {
            let own = &mut sketch.pieces[piece];
            own.product = own.product.or(products::by_product_name(name));
            true
        }
        Some(Role::Type(name)) => {
            sketch.pieces[piece].typ.get_or_insert_with(|| (*name).to_owned());
            true
        }
        Some(Role::Uses(name, relation)) => {
            if let Some(product) = products::by_product_name(name) {
                uses(sketch, reader, piece, product, *relation, at);
            }
            false
        }
        Some(Role::Runs) => true,
        None => false,
    }
}

fn uses(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    piece: usize,
    product: &'static Product,
    relation: Option<&'static str>,
    at: &Place,
) {
    sketch.libraries.insert((piece, product.name));
    sketch.mention(reader, Origin::Piece(piece), Target::Product(product), relation, at.clone(), None);
}

/// Whether a module's folder holds an application's main class, by the usual name of its file.
pub(super) fn has_main_class(folder: &str, sketch: &Sketch<'_>) -> bool {
    let start = if folder.is_empty() { "src/main/".to_owned() } else { format!("{folder}/src/main/") };
    let ends = [
        "Application.java",
        "Application.kt",
        "Main.java",
        "Main.kt",
        "App.java",
        "Application.groovy",
        "Application.scala",
    ];
    sketch
        .files_below(folder)
        .iter()
        .any(|file| file.starts_with(&start) && ends.iter().any(|end| file.ends_with(end)))
}
