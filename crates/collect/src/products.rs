//! The one table of well-known products: what an image, an address scheme, a port or a word in a settings
//! key says about a piece. A row is general knowledge about a product, never about one system.

use stave_model::Kind;

/// What is known about a product.
#[derive(Debug)]
pub(crate) struct Product {
    /// The name that a piece gets when nothing else names it; also the first image name.
    pub(crate) name: &'static str,
    /// The `type` of a piece that runs it.
    pub(crate) kind: &'static str,
    /// Last path segments of its images.
    images: &'static [&'static str],
    /// Schemes of its addresses (`jdbc:` subprotocols among them).
    schemes: &'static [&'static str],
    /// The ports that it is known by.
    ports: &'static [u16],
    /// Words in settings keys that name it.
    words: &'static [&'static str],
}

const fn row(
    name: &'static str,
    kind: &'static str,
    images: &'static [&'static str],
    schemes: &'static [&'static str],
    ports: &'static [u16],
    words: &'static [&'static str],
) -> Product {
    Product { name, kind, images, schemes, ports, words }
}

#[rustfmt::skip]
const PRODUCTS: &[Product] = &[
    row("postgres", "database", &["postgresql", "postgis", "timescaledb", "pgvector", "pgbouncer", "postgres-ha", "spilo", "alloydb"], &["postgres", "postgresql", "pgsql"], &[5432], &["postgres", "postgresql", "pgsql", "pg"]),
    row("mysql", "database", &["mysql-server", "percona", "percona-server"], &["mysql", "mysqlx"], &[3306], &["mysql"]),
    row("mariadb", "database", &["mariadb-galera"], &["mariadb"], &[], &["mariadb"]),
    row("mongodb", "database", &["mongo", "mongodb-community-server", "percona-server-mongodb"], &["mongodb", "mongodb+srv"], &[27017], &["mongo", "mongodb"]),
    row("mssql", "database", &["mssql-server", "mssql-server-linux", "azure-sql-edge", "server"], &["sqlserver", "mssql"], &[1433], &["mssql", "sqlserver"]),
    row("oracle", "database", &["oracle-xe", "oracle-free", "oracle-database"], &["oracle"], &[1521], &["oracle"]),
    row("cassandra", "database", &["scylla", "dse-server"], &["cassandra"], &[9042], &["cassandra"]),
    row("cockroachdb", "database", &["cockroach"], &["cockroachdb"], &[26257], &["cockroachdb", "cockroach"]),
    row("couchdb", "database", &["couchbase"], &["couchdb", "couchbase"], &[5984], &["couchdb", "couchbase"]),
    row("neo4j", "database", &[], &["neo4j", "bolt"], &[7687], &["neo4j"]),
    row("influxdb", "database", &["influxdb2"], &["influxdb"], &[8086], &["influxdb", "influx"]),
    row("clickhouse", "database", &["clickhouse-server"], &["clickhouse"], &[8123], &["clickhouse"]),
    row("dynamodb", "database", &["dynamodb-local"], &[], &[], &["dynamodb", "dynamo"]),
    row("arangodb", "database", &[], &["arangodb"], &[8529], &["arangodb"]),
    row("tidb", "database", &[], &[], &[], &["tidb"]),
    row("rethinkdb", "database", &[], &["rethinkdb"], &[28015], &["rethinkdb"]),
    row("cosmosdb", "database", &["azure-cosmos-emulator"], &[], &[], &["cosmosdb", "cosmos"]),
    row("spanner", "database", &["cloud-spanner-emulator"], &[], &[], &["spanner"]),
    row("ldap", "database", &["openldap", "lldap"], &["ldap", "ldaps"], &[389, 636], &["ldap"]),
    row("redis", "cache", &["redis-stack", "redis-stack-server", "redis-cluster", "redis-sentinel", "keydb", "dragonfly"], &["redis", "rediss"], &[6379], &["redis"]),
    row("valkey", "cache", &[], &["valkey"], &[], &["valkey"]),
    row("memcached", "cache", &["memcache"], &["memcached"], &[11211], &["memcached", "memcache"]),
    row("hazelcast", "cache", &[], &["hazelcast"], &[5701], &["hazelcast"]),
    row("infinispan", "cache", &[], &[], &[11222], &["infinispan"]),
    row("varnish", "cache", &[], &[], &[6081], &[]),
    row("kafka", "broker", &["cp-kafka", "cp-server", "cp-enterprise-kafka", "kafka-native", "redpanda", "strimzi"], &["kafka"], &[9092, 9093, 29092], &["kafka"]),
    row("rabbitmq", "broker", &["rabbitmq-server"], &["amqp", "amqps", "rabbitmq"], &[5672, 15672, 61613], &["rabbitmq", "rabbit", "amqp"]),
    row("activemq", "broker", &["activemq-artemis", "artemis", "activemq-classic"], &["activemq"], &[61616], &["activemq", "artemis"]),
    row("nats", "broker", &["nats-streaming", "nats-server"], &["nats"], &[4222], &["nats"]),
    row("pulsar", "broker", &[], &["pulsar", "pulsar+ssl"], &[6650], &["pulsar"]),
    row("mosquitto", "broker", &["eclipse-mosquitto", "emqx", "vernemq", "hivemq4"], &["mqtt", "mqtts"], &[1883, 8883], &["mqtt"]),
    row("sqs", "broker", &["elasticmq", "elasticmq-native"], &[], &[9324], &["sqs"]),
    row("servicebus", "broker", &["servicebus-emulator"], &[], &[], &["servicebus"]),
    row("pubsub", "broker", &["pubsub-emulator"], &[], &[], &["pubsub"]),
    row("eventstore", "broker", &["eventstoredb"], &["esdb"], &[2113], &["eventstore", "esdb"]),
    row("elasticsearch", "search", &["elasticsearch-oss"], &["elasticsearch"], &[9200, 9300], &["elasticsearch", "elastic"]),
    row("opensearch", "search", &[], &[], &[], &["opensearch"]),
    row("solr", "search", &[], &["solr"], &[8983], &["solr"]),
    row("meilisearch", "search", &["typesense", "sonic"], &[], &[7700], &["meilisearch", "typesense"]),
    row("qdrant", "search", &["weaviate", "milvus", "chroma"], &[], &[6333], &["qdrant", "weaviate", "milvus"]),
    row("minio", "storage", &["seaweedfs", "azurite", "localstack", "fake-gcs-server", "s3mock", "rustfs"], &["s3"], &[9001], &["minio", "s3"]),
    row("zookeeper", "registry", &["cp-zookeeper"], &["zookeeper", "zk"], &[2181], &["zookeeper"]),
    row("consul", "registry", &["hashicorp-consul"], &["consul"], &[8500], &["consul"]),
    row("eureka", "registry", &["eureka-server"], &["eureka"], &[8761], &["eureka"]),
    row("etcd", "registry", &[], &["etcd"], &[2379], &["etcd"]),
    row("nacos", "registry", &["nacos-server"], &["nacos"], &[8848], &["nacos"]),
    row("vault", "config-server", &["openbao"], &["vault"], &[8200], &["vault"]),
    row("config-server", "config-server", &["spring-cloud-config-server"], &["configserver"], &[8888], &[]),
    row("flagd", "config-server", &["unleash-server", "unleash-proxy", "flagsmith", "flipt"], &["flagd"], &[8013], &["flagd"]),
    row("prometheus", "monitor", &["alertmanager", "pushgateway", "victoria-metrics", "node-exporter", "cadvisor", "blackbox-exporter", "thanos", "mimir"], &["prometheus"], &[9090, 9091], &["prometheus", "pushgateway"]),
    row("statsd", "monitor", &["statsd-exporter", "graphite-statsd", "graphite"], &["statsd"], &[8125], &["statsd"]),
    row("grafana", "monitor", &["grafana-oss", "grafana-enterprise"], &[], &[], &["grafana"]),
    row("zipkin", "tracing", &["zipkin-slim", "zipkin-server"], &["zipkin"], &[9411], &["zipkin"]),
    row("jaeger", "tracing", &["all-in-one", "jaeger-query", "jaeger-collector", "jaeger-agent", "opentelemetry-all-in-one"], &["jaeger"], &[6831, 6832, 14268, 14250, 16686, 5775], &["jaeger"]),
    row("tempo", "tracing", &["skywalking-oap-server", "skywalking-ui", "apm-server"], &[], &[], &["skywalking"]),
    row("otel-collector", "tracing", &["opentelemetry-collector", "opentelemetry-collector-contrib", "otelcol", "alloy", "otel-lgtm"], &["otlp"], &[4317, 4318, 55680], &["otel", "otlp"]),
    row("loki", "logs", &["promtail"], &["loki"], &[3100], &["loki"]),
    row("seq", "logs", &["graylog", "vector", "papertrail"], &[], &[], &["seq"]),
    row("logstash", "logs", &["logstash-oss", "elk", "filebeat"], &["logstash"], &[5044], &["logstash"]),
    row("fluentd", "logs", &["fluent-bit", "fluentd-kubernetes-daemonset"], &["fluentd"], &[24224], &["fluentd"]),
    row("kibana", "monitor", &["opensearch-dashboards", "kibana-oss"], &[], &[5601], &["kibana"]),
    row("nginx", "gateway", &["nginx-unprivileged", "openresty", "nginx-proxy", "ingress-nginx-controller"], &[], &[], &[]),
    row("traefik", "gateway", &[], &[], &[], &[]),
    row("envoy", "gateway", &["envoy-alpine", "envoy-distroless"], &[], &[], &[]),
    row("haproxy", "gateway", &["caddy", "httpd", "apache", "kong", "krakend", "apisix", "tyk-gateway", "oauth2-proxy", "pomerium", "yarp"], &[], &[], &[]),
    row("keycloak", "identity", &["dex", "hydra", "kratos", "zitadel", "authentik", "openiddict", "identityserver4"], &[], &[], &["keycloak"]),
    row("authorization-server", "identity", &[], &[], &[], &[]),
    row("mailhog", "mail", &["mailpit", "maildev", "smtp4dev", "mailcatcher", "inbucket", "docker-mailserver", "postfix", "smtp", "fake-smtp-server"], &["smtp", "smtps"], &[25, 465, 587, 1025], &["smtp", "mail"]),
    row("adminer", "tool", &["pgadmin4", "phpmyadmin", "mongo-express", "redis-commander", "redisinsight", "kafka-ui", "kafdrop", "akhq", "portainer", "portainer-ce", "dozzle", "cp-kafka-rest", "cerebro", "swagger-ui"], &[], &[], &[]),
    row("schema-registry", "registry", &["cp-schema-registry", "apicurio-registry-mem", "apicurio-registry"], &[], &[], &[]),
    row("spring-boot-admin", "monitor", &["spring-boot-admin-server"], &[], &[], &[]),
    row("hystrix-dashboard", "monitor", &[], &[], &[], &[]),
    row("turbine", "monitor", &["turbine-server", "turbine-stream"], &[], &[], &[]),
    row("temporal", "service", &["auto-setup", "temporal-ui"], &["temporal"], &[7233], &["temporal"]),
];

/// Words that make an image something *about* a product, not the product.
const ABOUT: &[&str] = &[
    "exporter",
    "ui",
    "admin",
    "consumer",
    "producer",
    "client",
    "api",
    "service",
    "worker",
    "backup",
    "init",
    "migrate",
    "migration",
    "migrations",
    "setup",
    "seed",
    "loader",
    "proxy",
    "operator",
    "example",
    "demo",
    "test",
    "sidecar",
    "cli",
    "tools",
    "app",
];

/// The kind of entity for a `type`.
pub(crate) fn entity_of(kind: &str) -> Kind {
    match kind {
        "database" | "cache" | "broker" | "search" | "storage" | "topic" | "queue" => Kind::Resource,
        _ => Kind::Component,
    }
}

impl Product {
    /// Whether it keeps or moves data.
    fn entity_is_data(&self) -> bool {
        entity_of(self.kind) == Kind::Resource
    }

    /// Whether somebody who says the product's name may mean an image: `cp-kafka` is Kafka, `dex` isn't Keycloak.
    pub(crate) fn is_called_like(&self, image: &str) -> bool {
        let base = image.rsplit('/').next().unwrap_or(image);
        base.contains(self.name) || self.name.starts_with(base) || self.kind == "logs"
    }
}

/// The product of an image by the last segment of its name.
pub(crate) fn by_image(repository: &str) -> Option<&'static Product> {
    let base = repository.rsplit('/').next().unwrap_or(repository).to_ascii_lowercase();
    // "server" alone is only Microsoft's database.
    if base == "server" && !repository.contains("mssql") {
        return None;
    }
    PRODUCTS.iter().find(|product| product.name == base || product.images.contains(&base.as_str()))
}

/// The product that an image of one's own is a thin layer over, by its name: `acme/shop-mongodb`. Only for pieces
/// without code of their own.
pub(crate) fn by_name(name: &str) -> Option<&'static Product> {
    let base = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let words: Vec<&str> = base.split(['-', '_', '.']).filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| ABOUT.contains(word)) {
        return None;
    }
    let ends = [words.last(), words.first()];
    ends.into_iter().flatten().find_map(|word| {
        PRODUCTS
            .iter()
            .filter(|product| {
                product.kind != "gateway" && product.kind != "tool" && product.kind != "service"
            })
            .find(|product| product.name == *word || product.words.contains(word) && word.len() > 3)
    })
}

/// The product that a piece without code of its own is called exactly like.
pub(crate) fn by_own_name(name: &str) -> Option<&'static Product> {
    by_image(name).filter(|product| name == product.name || product.entity_is_data())
}

/// The product that somebody else's chart installs: `postgresql-ha`, `kube-prometheus-stack`.
pub(crate) fn by_chart(name: &str) -> Option<&'static Product> {
    let lower = name.to_ascii_lowercase();
    by_image(&lower).or_else(|| by_name(&lower)).or_else(|| {
        let words: Vec<&str> = lower.split(['-', '_']).collect();
        let is_about = words.iter().any(|word| ABOUT.contains(word));
        words.into_iter().filter(|_| !is_about).find_map(by_product_name)
    })
}

/// The product that speaks a scheme.
pub(crate) fn by_scheme(scheme: &str) -> Option<&'static Product> {
    if scheme.is_empty() {
        return None;
    }
    PRODUCTS.iter().find(|product| product.schemes.contains(&scheme))
}

/// The product that is known by a port.
pub(crate) fn by_port(port: u16) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.ports.contains(&port))
}

/// The product that a word of a settings key names.
pub(crate) fn by_word(word: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.words.contains(&word))
}

/// The row of a product's name.
pub(crate) fn by_product_name(name: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_recognised() {
        for (image, kind) in [
            ("postgres", "database"),
            ("docker.io/bitnami/kafka", "broker"),
            ("mcr.microsoft.com/mssql/server", "database"),
            ("jaegertracing/all-in-one", "tracing"),
            ("prom/prometheus", "monitor"),
            ("valkey/valkey", "cache"),
        ] {
            assert_eq!(by_image(image).map(|product| product.kind), Some(kind), "{image}");
        }
        for image in ["acme/shop", "acme/server", "acme/kafka-consumer", "redis-exporter"] {
            assert!(by_image(image).is_none(), "{image}");
        }
    }

    #[test]
    fn a_layer_over_a_product_is_that_product_and_something_about_it_is_not() {
        assert_eq!(by_name("acme/shop-mongodb").map(|product| product.kind), Some("database"));
        assert_eq!(by_name("redis-cart").map(|product| product.kind), Some("cache"));
        for name in ["kafka-consumer", "mail-service", "mongo-express-ui", "shop"] {
            assert!(by_name(name).is_none(), "{name}");
        }
    }

    #[test]
    fn no_scheme_port_or_image_stands_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for product in PRODUCTS {
            for image in product.images.iter().chain([&product.name]) {
                assert!(seen.insert(format!("image {image}")), "{image}");
            }
            for scheme in product.schemes {
                assert!(seen.insert(format!("scheme {scheme}")), "{scheme}");
            }
            for port in product.ports {
                assert!(seen.insert(format!("port {port}")), "{port}");
            }
            for word in product.words {
                assert!(seen.insert(format!("word {word}")), "{word}");
            }
        }
    }
}
