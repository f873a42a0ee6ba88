//! What a client library that a source file imports says: which product the program needs, which broker its topics
//! are on. General knowledge about libraries, never about one system.

/// The beginning of an imported name, and the product. The first row that fits counts.
const LIBRARIES: &[(&str, &str)] = &[
    // Go
    ("go.mongodb.org/mongo-driver", "mongodb"),
    ("gopkg.in/mgo.v2", "mongodb"),
    ("github.com/lib/pq", "postgres"),
    ("github.com/jackc/pgx", "postgres"),
    ("gorm.io/driver/postgres", "postgres"),
    ("github.com/go-sql-driver/mysql", "mysql"),
    ("gorm.io/driver/mysql", "mysql"),
    ("github.com/go-redis/redis", "redis"),
    ("github.com/redis/go-redis", "redis"),
    ("github.com/gomodule/redigo", "redis"),
    ("github.com/garyburd/redigo", "redis"),
    ("github.com/bradfitz/gomemcache", "memcached"),
    ("github.com/gocql/gocql", "cassandra"),
    ("github.com/neo4j/neo4j-go-driver", "neo4j"),
    ("github.com/elastic/go-elasticsearch", "elasticsearch"),
    ("github.com/olivere/elastic", "elasticsearch"),
    ("github.com/influxdata/influxdb", "influxdb"),
    ("github.com/ClickHouse/clickhouse-go", "clickhouse"),
    ("github.com/minio/minio-go", "minio"),
    ("github.com/segmentio/kafka-go", "kafka"),
    ("github.com/IBM/sarama", "kafka"),
    ("github.com/Shopify/sarama", "kafka"),
    ("github.com/confluentinc/confluent-kafka-go", "kafka"),
    ("github.com/twmb/franz-go", "kafka"),
    ("github.com/rabbitmq/amqp091-go", "rabbitmq"),
    ("github.com/streadway/amqp", "rabbitmq"),
    ("github.com/nats-io/nats.go", "nats"),
    ("github.com/nats-io/stan.go", "nats"),
    ("github.com/apache/pulsar-client-go", "pulsar"),
    ("github.com/eclipse/paho.mqtt.golang", "mosquitto"),
    ("github.com/aws/aws-sdk-go/service/sqs", "sqs"),
    ("github.com/aws/aws-sdk-go-v2/service/sqs", "sqs"),
    ("cloud.google.com/go/pubsub", "pubsub"),
    ("github.com/hashicorp/consul/api", "consul"),
    ("go.etcd.io/etcd/client", "etcd"),
    ("github.com/hashicorp/vault/api", "vault"),
    ("go.temporal.io/sdk", "temporal"),
    // JavaScript, TypeScript
    ("kafkajs", "kafka"),
    ("node-rdkafka", "kafka"),
    ("kafka-node", "kafka"),
    ("@confluentinc/kafka-javascript", "kafka"),
    ("amqplib", "rabbitmq"),
    ("amqp-connection-manager", "rabbitmq"),
    ("@golevelup/nestjs-rabbitmq", "rabbitmq"),
    ("nats", "nats"),
    ("node-nats-streaming", "nats"),
    ("mqtt", "mosquitto"),
    ("@google-cloud/pubsub", "pubsub"),
    ("@aws-sdk/client-sqs", "sqs"),
    ("@azure/service-bus", "servicebus"),
    ("mongoose", "mongodb"),
    ("mongodb", "mongodb"),
    ("@nestjs/mongoose", "mongodb"),
    ("pg", "postgres"),
    ("pg-promise", "postgres"),
    ("postgres", "postgres"),
    ("mysql", "mysql"),
    ("mysql2", "mysql"),
    ("ioredis", "redis"),
    ("redis", "redis"),
    ("memcached", "memcached"),
    ("memjs", "memcached"),
    ("cassandra-driver", "cassandra"),
    ("neo4j-driver", "neo4j"),
    ("@elastic/elasticsearch", "elasticsearch"),
    ("minio", "minio"),
    ("node-vault", "vault"),
    ("@temporalio", "temporal"),
    // Python
    ("psycopg", "postgres"),
    ("psycopg2", "postgres"),
    ("asyncpg", "postgres"),
    ("pymysql", "mysql"),
    ("MySQLdb", "mysql"),
    ("aiomysql", "mysql"),
    ("pymongo", "mongodb"),
    ("motor", "mongodb"),
    ("mongoengine", "mongodb"),
    ("flask_pymongo", "mongodb"),
    ("flask_redis", "redis"),
    ("aioredis", "redis"),
    ("pymemcache", "memcached"),
    ("pylibmc", "memcached"),
    ("kafka", "kafka"),
    ("aiokafka", "kafka"),
    ("confluent_kafka", "kafka"),
    ("faust", "kafka"),
    ("pika", "rabbitmq"),
    ("aio_pika", "rabbitmq"),
    ("paho.mqtt", "mosquitto"),
    ("google.cloud.pubsub", "pubsub"),
    ("elasticsearch", "elasticsearch"),
    ("neo4j", "neo4j"),
    ("hvac", "vault"),
    ("consul", "consul"),
    ("temporalio", "temporal"),
    // .NET
    ("Npgsql", "postgres"),
    ("MySqlConnector", "mysql"),
    ("MySql.Data", "mysql"),
    ("Pomelo.EntityFrameworkCore.MySql", "mysql"),
    ("MongoDB.Driver", "mongodb"),
    ("StackExchange.Redis", "redis"),
    ("Confluent.Kafka", "kafka"),
    ("RabbitMQ.Client", "rabbitmq"),
    ("Azure.Messaging.ServiceBus", "servicebus"),
    ("Nest", "elasticsearch"),
    ("Elastic.Clients.Elasticsearch", "elasticsearch"),
    ("Consul", "consul"),
    // Ruby
    ("bunny", "rabbitmq"),
    ("ruby-kafka", "kafka"),
    ("karafka", "kafka"),
    ("dalli", "memcached"),
    ("mongoid", "mongodb"),
    // Rust
    ("rdkafka", "kafka"),
    ("lapin", "rabbitmq"),
    ("async_nats", "nats"),
    ("tokio_postgres", "postgres"),
    // PHP
    ("PhpAmqpLib", "rabbitmq"),
    ("Predis", "redis"),
    ("RdKafka", "kafka"),
    ("MongoDB", "mongodb"),
];

/// The product that a library is a client of, by the name under which code imports it.
pub(super) fn product_of(import: &str) -> Option<&'static str> {
    LIBRARIES
        .iter()
        .find(|(start, _)| {
            import
                .strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', ':', '\\', '@']))
        })
        .map(|(_, product)| *product)
}

/// Whether a product carries messages under names.
pub(super) fn is_broker(product: &str) -> bool {
    crate::products::by_product_name(product).is_some_and(|product| product.kind == "broker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_the_beginning_of_their_names() {
        for (import, product) in [
            ("github.com/redis/go-redis/v9", Some("redis")),
            ("pg", Some("postgres")),
            ("pg-something", None),
            ("redis.asyncio", Some("redis")),
            ("StackExchange.Redis", Some("redis")),
            ("kafkajs", Some("kafka")),
            ("./redis", None),
        ] {
            assert_eq!(product_of(import), product, "{import}");
        }
        for (_, product) in LIBRARIES {
            assert!(crate::products::by_product_name(product).is_some(), "{product}");
        }
    }
}
