//! Which resources and modules are pieces.

/// What a resource is.
pub(in crate::readers) struct Resource {
    pub(in crate::readers) kind: &'static str,
    pub(in crate::readers) typ: &'static str,
    /// A row of the products, or nothing.
    pub(in crate::readers) product: &'static str,
    /// Attributes that name it.
    pub(in crate::readers) names: &'static [&'static str],
}

const fn row(
    kind: &'static str,
    typ: &'static str,
    product: &'static str,
    names: &'static [&'static str],
) -> Resource {
    Resource { kind, typ, product, names }
}

#[rustfmt::skip]
const RESOURCES: &[Resource] = &[
    row("aws_db_instance", "database", "", &["identifier", "db_name"]),
    row("aws_rds_cluster", "database", "", &["cluster_identifier", "database_name"]),
    row("aws_dynamodb_table", "database", "dynamodb", &["name"]),
    row("aws_docdb_cluster", "database", "mongodb", &["cluster_identifier"]),
    row("aws_neptune_cluster", "database", "", &["cluster_identifier"]),
    row("aws_redshift_cluster", "database", "", &["cluster_identifier"]),
    row("aws_keyspaces_table", "database", "cassandra", &["table_name"]),
    row("aws_timestreamwrite_database", "database", "", &["database_name"]),
    row("aws_elasticache_cluster", "cache", "", &["cluster_id"]),
    row("aws_elasticache_replication_group", "cache", "redis", &["replication_group_id"]),
    row("aws_elasticache_serverless_cache", "cache", "", &["name"]),
    row("aws_memorydb_cluster", "cache", "redis", &["name"]),
    row("aws_sqs_queue", "queue", "", &["name"]),
    row("aws_sns_topic", "topic", "", &["name"]),
    row("aws_kinesis_stream", "topic", "", &["name"]),
    row("aws_msk_cluster", "broker", "kafka", &["cluster_name"]),
    row("aws_msk_serverless_cluster", "broker", "kafka", &["cluster_name"]),
    row("aws_mq_broker", "broker", "", &["broker_name"]),
    row("aws_cloudwatch_event_bus", "broker", "", &["name"]),
    row("aws_s3_bucket", "storage", "", &["bucket"]),
    row("aws_opensearch_domain", "search", "opensearch", &["domain_name"]),
    row("aws_elasticsearch_domain", "search", "elasticsearch", &["domain_name"]),
    row("aws_lambda_function", "function", "", &["function_name"]),
    row("aws_ecs_service", "service", "", &["name"]),
    row("aws_apprunner_service", "service", "", &["service_name"]),
    row("aws_sfn_state_machine", "function", "", &["name"]),
    row("aws_batch_job_definition", "job", "", &["name"]),
    row("aws_lb", "gateway", "", &["name"]),
    row("aws_alb", "gateway", "", &["name"]),
    row("aws_api_gateway_rest_api", "gateway", "", &["name"]),
    row("aws_apigatewayv2_api", "gateway", "", &["name"]),
    row("aws_appsync_graphql_api", "gateway", "", &["name"]),
    row("aws_cognito_user_pool", "identity", "", &["name"]),
    row("google_sql_database_instance", "database", "", &["name"]),
    row("google_spanner_instance", "database", "spanner", &["name"]),
    row("google_bigtable_instance", "database", "", &["name"]),
    row("google_firestore_database", "database", "", &["name"]),
    row("google_bigquery_dataset", "database", "", &["dataset_id"]),
    row("google_alloydb_cluster", "database", "postgres", &["cluster_id"]),
    row("google_redis_instance", "cache", "redis", &["name"]),
    row("google_memcache_instance", "cache", "memcached", &["name"]),
    row("google_pubsub_topic", "topic", "", &["name"]),
    row("google_storage_bucket", "storage", "", &["name"]),
    row("google_cloudfunctions_function", "function", "", &["name"]),
    row("google_cloudfunctions2_function", "function", "", &["name"]),
    row("google_cloud_run_service", "service", "", &["name"]),
    row("google_cloud_run_v2_service", "service", "", &["name"]),
    row("google_cloud_run_v2_job", "job", "", &["name"]),
    row("google_api_gateway_api", "gateway", "", &["api_id"]),
    row("azurerm_postgresql_server", "database", "postgres", &["name"]),
    row("azurerm_postgresql_flexible_server", "database", "postgres", &["name"]),
    row("azurerm_mysql_flexible_server", "database", "mysql", &["name"]),
    row("azurerm_mssql_server", "database", "mssql", &["name"]),
    row("azurerm_cosmosdb_account", "database", "cosmosdb", &["name"]),
    row("azurerm_redis_cache", "cache", "redis", &["name"]),
    row("azurerm_servicebus_namespace", "broker", "servicebus", &["name"]),
    row("azurerm_servicebus_queue", "queue", "", &["name"]),
    row("azurerm_servicebus_topic", "topic", "", &["name"]),
    row("azurerm_eventhub_namespace", "broker", "", &["name"]),
    row("azurerm_eventhub", "topic", "", &["name"]),
    row("azurerm_eventgrid_topic", "topic", "", &["name"]),
    row("azurerm_storage_account", "storage", "", &["name"]),
    row("azurerm_linux_function_app", "function", "", &["name"]),
    row("azurerm_windows_function_app", "function", "", &["name"]),
    row("azurerm_linux_web_app", "service", "", &["name"]),
    row("azurerm_windows_web_app", "service", "", &["name"]),
    row("azurerm_container_app", "service", "", &["name"]),
    row("azurerm_container_group", "service", "", &["name"]),
    row("azurerm_api_management", "gateway", "", &["name"]),
    row("azurerm_application_gateway", "gateway", "", &["name"]),
    row("azurerm_search_service", "search", "", &["name"]),
];

/// Modules of the public registry, by the part of their address that says what they make.
#[rustfmt::skip]
const MODULES: &[Resource] = &[
    row("rds", "database", "", &["identifier", "db_name"]),
    row("rds-aurora", "database", "", &["name"]),
    row("dynamodb-table", "database", "dynamodb", &["name"]),
    row("elasticache", "cache", "redis", &["replication_group_id", "cluster_id"]),
    row("sqs", "queue", "", &["name"]),
    row("sns", "topic", "", &["name"]),
    row("s3-bucket", "storage", "", &["bucket"]),
    row("lambda", "function", "", &["function_name"]),
    row("msk-kafka-cluster", "broker", "kafka", &["name"]),
    row("apigateway-v2", "gateway", "", &["name"]),
    row("alb", "gateway", "", &["name"]),
];

pub(in crate::readers) fn of_resource(kind: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|row| row.kind == kind)
}

/// What a module of the registry makes: `terraform-aws-modules/rds/aws`.
pub(super) fn of_module(source: &str) -> Option<&'static Resource> {
    let mut parts = source.split('/');
    let (owner, kind) = (parts.next()?, parts.next()?);
    if !owner.starts_with("terraform-") || !owner.ends_with("-modules") {
        return None;
    }
    MODULES.iter().find(|row| row.kind == kind)
}
