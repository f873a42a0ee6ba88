//! Stacks of cloud resources that are written in YAML or JSON: CloudFormation with SAM, the Serverless Framework, Pulumi,
//! and task definitions of ECS.
//! What a resource is stands in Terraform's table; here is which of its rows a type of these formats is.

use std::collections::BTreeMap;

use crate::link::{Form, Image, Origin, Place, Sketch, Target, base_name, parent};
use crate::parse::{Node, ParseError, parse_json};
use crate::products;

use super::compose::resolve;
use super::terraform::resources::{self, Resource};
use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "stacks";

/// One stack.
pub(crate) struct Stack {
    /// Of the Serverless Framework: the service that the functions are.
    service: Option<String>,
    resources: Vec<Item>,
    wires: Vec<Wire>,
}

/// A resource that is a piece.
struct Item {
    /// How others of the stack name it.
    id: String,
    row: &'static Resource,
    /// Its name in the cloud, where that is written out.
    name: Option<String>,
    engine: Option<String>,
    image: Option<String>,
    line: u32,
    /// What its settings, and only those, name: other resources or addresses.
    settings: Vec<(String, String, u32)>,
    /// What makes it run: queues and topics.
    sources: Vec<(String, u32)>,
    endpoints: Vec<String>,
    /// The folder of its code, as written.
    code: Option<String>,
}

/// Something that is no piece and connects two: subscriptions, event sources, integrations.
struct Wire {
    relation: &'static str,
    texts: Vec<(String, u32)>,
}

/// The reader of stacks.
pub(crate) struct Stacks;

impl Reader for Stacks {
    type Facts = Stack;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] =
        &["AWS::", "functions:", "runtime: yaml", "containerDefinitions"];

    fn wants(path: &str, name: &str) -> bool {
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        // What the tools put together themselves.
        let is_output =
            path.split('/').any(|part| matches!(part, "cdk.out" | ".serverless" | ".aws-sam" | ".github"));
        !is_output
            && (is_yaml || name.ends_with(".template") || name.ends_with(".json") && may_be_stack(path, name))
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Stack> {
        let name = file.name();
        let is_serverless = name.starts_with("serverless.") && !name.ends_with(".json");
        let is_pulumi = matches!(name.as_str(), "pulumi.yaml" | "pulumi.yml");
        let is_task = is_task_definition(&name);
        if !is_serverless && !is_pulumi && !is_task && !file.text.contains("AWS::") {
            return Ok(None);
        }
        let parsed = if name.ends_with(".json") || file.text.trim_start().starts_with('{') {
            parse_json(file.text).map(|root| vec![root])
        } else {
            file.yaml().map(<[Node]>::to_vec)
        };
        let documents = match parsed {
            Ok(documents) => documents,
            // What is neither by its name is only looked into.
            Err(_) if file.is_template() || !is_serverless && !is_pulumi => return Ok(None),
            Err(error) => return Err::<_, ParseError>(error),
        };
        let Some(root) = documents.first() else { return Ok(None) };
        let mut stack = Stack { service: None, resources: Vec::new(), wires: Vec::new() };
        if is_serverless {
            serverless(root, &mut stack);
        } else if is_pulumi {
            pulumi(root, &mut stack);
        } else if is_task {
            task_definition(root, &mut stack);
        } else {
            cloud_formation(root, &mut stack);
        }
        Ok((!stack.resources.is_empty()).then_some(stack))
    }

    fn link(facts: Vec<(String, Stack)>, sketch: &mut Sketch<'_>) {
        for (path, stack) in &facts {
            link_stack(sketch, path, stack);
        }
    }
}

/// Most JSON is data: only what is called like a stack is looked into.
fn may_be_stack(path: &str, name: &str) -> bool {
    let words = ["template", "cloudformation", "cfn", "stack"];
    let folders = ["cloudformation", "cfn", "stacks"];
    is_task_definition(name)
        || words.iter().any(|word| name.contains(word))
        || parent(path).split('/').any(|part| folders.contains(&part.to_ascii_lowercase().as_str()))
}

/// `task-definition.json`, `orders-taskdef.json`.
fn is_task_definition(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    name.ends_with(".json") && plain.contains("taskdef")
}

/// Types of CloudFormation with the row that they are.
#[rustfmt::skip]
const CLOUD_FORMATION: &[(&str, &str)] = &[
    ("AWS::RDS::DBInstance", "aws_db_instance"),
    ("AWS::RDS::DBCluster", "aws_rds_cluster"),
    ("AWS::DynamoDB::Table", "aws_dynamodb_table"),
    ("AWS::DynamoDB::GlobalTable", "aws_dynamodb_table"),
    ("AWS::Serverless::SimpleTable", "aws_dynamodb_table"),
    ("AWS::DocDB::DBCluster", "aws_docdb_cluster"),
    ("AWS::Neptune::DBCluster", "aws_neptune_cluster"),
    ("AWS::Redshift::Cluster", "aws_redshift_cluster"),
    ("AWS::Cassandra::Table", "aws_keyspaces_table"),
    ("AWS::Timestream::Database", "aws_timestreamwrite_database"),
    ("AWS::ElastiCache::CacheCluster", "aws_elasticache_cluster"),
    ("AWS::ElastiCache::ReplicationGroup", "aws_elasticache_replication_group"),
    ("AWS::ElastiCache::ServerlessCache", "aws_elasticache_serverless_cache"),
    ("AWS::MemoryDB::Cluster", "aws_memorydb_cluster"),
    ("AWS::SQS::Queue", "aws_sqs_queue"),
    ("AWS::SNS::Topic", "aws_sns_topic"),
    ("AWS::Kinesis::Stream", "aws_kinesis_stream"),
    ("AWS::MSK::Cluster", "aws_msk_cluster"),
    ("AWS::MSK::ServerlessCluster", "aws_msk_serverless_cluster"),
    ("AWS::AmazonMQ::Broker", "aws_mq_broker"),
    ("AWS::Events::EventBus", "aws_cloudwatch_event_bus"),
    ("AWS::S3::Bucket", "aws_s3_bucket"),
    ("AWS::OpenSearchService::Domain", "aws_opensearch_domain"),
    ("AWS::Elasticsearch::Domain", "aws_elasticsearch_domain"),
    ("AWS::Lambda::Function", "aws_lambda_function"),
    ("AWS::Serverless::Function", "aws_lambda_function"),
    ("AWS::ECS::Service", "aws_ecs_service"),
    ("AWS::AppRunner::Service", "aws_apprunner_service"),
    ("AWS::StepFunctions::StateMachine", "aws_sfn_state_machine"),
    ("AWS::Serverless::StateMachine", "aws_sfn_state_machine"),
    ("AWS::Batch::JobDefinition", "aws_batch_job_definition"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_lb"),
    ("AWS::ApiGateway::RestApi", "aws_api_gateway_rest_api"),
    ("AWS::ApiGatewayV2::Api", "aws_apigatewayv2_api"),
    ("AWS::Serverless::Api", "aws_api_gateway_rest_api"),
    ("AWS::Serverless::HttpApi", "aws_apigatewayv2_api"),
    ("AWS::AppSync::GraphQLApi", "aws_appsync_graphql_api"),
    ("AWS::Cognito::UserPool", "aws_cognito_user_pool"),
];

/// Types of Pulumi with the row that they are; the part before the first `/` of a module is enough to write.
#[rustfmt::skip]
const PULUMI: &[(&str, &str)] = &[
    ("aws:rds:Instance", "aws_db_instance"),
    ("aws:rds:Cluster", "aws_rds_cluster"),
    ("aws:dynamodb:Table", "aws_dynamodb_table"),
    ("aws:docdb:Cluster", "aws_docdb_cluster"),
    ("aws:elasticache:Cluster", "aws_elasticache_cluster"),
    ("aws:elasticache:ReplicationGroup", "aws_elasticache_replication_group"),
    ("aws:memorydb:Cluster", "aws_memorydb_cluster"),
    ("aws:sqs:Queue", "aws_sqs_queue"),
    ("aws:sns:Topic", "aws_sns_topic"),
    ("aws:kinesis:Stream", "aws_kinesis_stream"),
    ("aws:msk:Cluster", "aws_msk_cluster"),
    ("aws:mq:Broker", "aws_mq_broker"),
    ("aws:s3:Bucket", "aws_s3_bucket"),
    ("aws:s3:BucketV2", "aws_s3_bucket"),
    ("aws:opensearch:Domain", "aws_opensearch_domain"),
    ("aws:lambda:Function", "aws_lambda_function"),
    ("aws:ecs:Service", "aws_ecs_service"),
    ("aws:apprunner:Service", "aws_apprunner_service"),
    ("aws:lb:LoadBalancer", "aws_lb"),
    ("aws:apigateway:RestApi", "aws_api_gateway_rest_api"),
    ("aws:apigatewayv2:Api", "aws_apigatewayv2_api"),
    ("aws:cognito:UserPool", "aws_cognito_user_pool"),
    ("gcp:sql:DatabaseInstance", "google_sql_database_instance"),
    ("gcp:spanner:Instance", "google_spanner_instance"),
    ("gcp:bigquery:Dataset", "google_bigquery_dataset"),
    ("gcp:redis:Instance", "google_redis_instance"),
    ("gcp:pubsub:Topic", "google_pubsub_topic"),
    ("gcp:storage:Bucket", "google_storage_bucket"),
    ("gcp:cloudfunctions:Function", "google_cloudfunctions_function"),
    ("gcp:cloudfunctionsv2:Function", "google_cloudfunctions2_function"),
    ("gcp:cloudrun:Service", "google_cloud_run_service"),
    ("gcp:cloudrunv2:Service", "google_cloud_run_v2_service"),
    ("gcp:cloudrunv2:Job", "google_cloud_run_v2_job"),
    ("azure-native:dbforpostgresql:Server", "azurerm_postgresql_server"),
    ("azure-native:documentdb:DatabaseAccount", "azurerm_cosmosdb_account"),
    ("azure-native:cache:Redis", "azurerm_redis_cache"),
    ("azure-native:servicebus:Namespace", "azurerm_servicebus_namespace"),
    ("azure-native:servicebus:Queue", "azurerm_servicebus_queue"),
    ("azure-native:servicebus:Topic", "azurerm_servicebus_topic"),
    ("azure-native:storage:StorageAccount", "azurerm_storage_account"),
    ("azure-native:app:ContainerApp", "azurerm_container_app"),
];

fn row_of(table: &[(&str, &str)], typ: &str) -> Option<&'static Resource> {
    let (_, row) = table.iter().find(|(known, _)| *known == typ)?;
    resources::of_resource(row)
}

/// Where CloudFormation writes a name in the cloud.
const NAMES: &[&str] = &[
    "FunctionName",
    "TableName",
    "QueueName",
    "TopicName",
    "BucketName",
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "ServiceName",
    "ClusterName",
    "BrokerName",
    "DomainName",
    "ReplicationGroupId",
    "StateMachineName",
    "Name",
];

/// Where these formats write what runs is set up with.
const SETTINGS: &[&str] = &["Environment", "environment", "TaskDefinition"];

fn cloud_formation(root: &Node, stack: &mut Stack) {
    for (id, node) in root.entries_of("Resources") {
        let typ = node.text_of("Type").unwrap_or("");
        let properties = node.get("Properties");
        let Some(row) = row_of(CLOUD_FORMATION, typ) else {
            let relation = match typ {
                "AWS::Lambda::EventSourceMapping" | "AWS::SNS::Subscription" => "subscribes_to",
                "AWS::ApiGateway::Method" | "AWS::ApiGatewayV2::Integration" => "routes_to",
                _ => continue,
            };
            let texts = texts(properties);
            stack.wires.push(Wire { relation, texts });
            continue;
        };
        let mut item = item(id, row, node.line, properties, NAMES);
        // A name that a parameter gives is none that is known.
        let is_elsewhere = |name: &String| {
            ["Parameters", "Resources", "Conditions"].iter().any(|key| root.at(&[key, name]).is_some())
        };
        item.name = item.name.filter(|name| !is_elsewhere(name));
        // SAM writes what calls a function at the function.
        for (_, event) in properties.map_or(&[][..], |properties| properties.entries_of("Events")) {
            sam_event(event, &mut item);
        }
        stack.resources.push(item);
    }
    // A service of ECS is set up by its task definition.
    let definitions: Vec<(&str, &Node)> = root
        .entries_of("Resources")
        .iter()
        .filter(|(_, node)| node.text_of("Type") == Some("AWS::ECS::TaskDefinition"))
        .map(|(id, node)| (&**id, node))
        .collect();
    for item in stack.resources.iter_mut().filter(|item| item.row.typ == "service") {
        let named = item.settings.iter().map(|(_, text, _)| text.clone()).collect::<Vec<_>>();
        for (_, node) in definitions.iter().filter(|(id, _)| named.iter().any(|text| names(text, id))) {
            for container in node.at(&["Properties", "ContainerDefinitions"]).map_or(&[][..], Node::items) {
                item.image = item.image.take().or_else(|| container.text_of("Image").map(str::to_owned));
                item.settings.extend(pairs(container.get("Environment")));
            }
        }
    }
}

fn item(id: &str, row: &'static Resource, line: u32, properties: Option<&Node>, names: &[&str]) -> Item {
    let text = |key: &str| properties.and_then(|node| node.text_of(key)).map(str::to_owned);
    let is_plain = |name: &String| !name.contains(['$', '!', '{', ':']);
    let settings = SETTINGS.iter().filter_map(|key| properties?.get(key)).flat_map(|node| pairs(Some(node)));
    Item {
        id: id.to_owned(),
        row,
        name: names.iter().find_map(|key| text(key)).filter(is_plain),
        engine: text("Engine").or_else(|| text("engine")),
        image: text("ImageUri").or_else(|| text("imageUri")),
        line,
        settings: settings.collect(),
        sources: Vec::new(),
        endpoints: Vec::new(),
        code: text("CodeUri").filter(is_plain),
    }
}

fn texts(node: Option<&Node>) -> Vec<(String, u32)> {
    let all = node.map(Node::flatten).unwrap_or_default();
    all.into_iter().map(|(_, text, line)| (text.to_owned(), line)).collect()
}

/// Settings with their names: maps, and lists of `{Name: …, Value: …}`.
fn pairs(node: Option<&Node>) -> Vec<(String, String, u32)> {
    let all = node.map(Node::flatten).unwrap_or_default();
    let mut out: Vec<(String, String, u32)> = Vec::new();
    let mut name = String::new();
    for (path, text, line) in all {
        let last = path.rsplit('.').next().unwrap_or(&path);
        if matches!(last, "Name" | "name") {
            text.clone_into(&mut name);
            continue;
        }
        // `A: {Ref: B}` is a value of `A`.
        let mut parts =
            path.rsplit('.').skip_while(|part| part.starts_with("Ref") || part.starts_with("Fn::"));
        let key = match parts.next().unwrap_or(&path) {
            "Value" | "value" => name.clone(),
            key => key.to_owned(),
        };
        out.push((key, text.to_owned(), line));
    }
    out
}

/// Whether a text is or holds the name of a resource: `Orders`, `Orders.Arn`, `${Orders.Arn}`.
fn names(text: &str, id: &str) -> bool {
    let is_id = |text: &str| text == id || text.split_once('.').is_some_and(|(first, _)| first == id);
    is_id(text)
        || text.split("${").skip(1).filter_map(|part| part.split('}').next()).any(|part| is_id(part.trim()))
}

fn sam_event(event: &Node, item: &mut Item) {
    let properties = event.get("Properties");
    let text = |key: &str| properties.and_then(|node| node.text_of(key));
    match event.text_of("Type").unwrap_or("") {
        "Api" | "HttpApi" => item.endpoints.extend(endpoint(text("Method"), text("Path"))),
        "SQS" | "SNS" | "Kinesis" | "DynamoDB" | "MSK" | "MQ" => item.sources.extend(texts(properties)),
        _ => {}
    }
}

/// `GET /orders`; `any` is no method.
fn endpoint(method: Option<&str>, path: Option<&str>) -> Option<String> {
    let path = path.filter(|path| !path.contains(['$', ' ']))?;
    let path = format!("/{}", path.trim_start_matches('/'));
    let method = method.filter(|method| {
        !method.eq_ignore_ascii_case("any") && method.chars().all(|c| c.is_ascii_alphabetic())
    });
    Some(match method {
        Some(method) => format!("{} {path}", method.to_ascii_uppercase()),
        None => path,
    })
}

/// Each function is a piece, as it is with Terraform; resources are CloudFormation's.
fn serverless(root: &Node, stack: &mut Stack) {
    let service = root.get("service").and_then(|node| node.text().or_else(|| node.text_of("name")));
    stack.service = service.filter(|name| !name.contains('$')).map(str::to_owned);
    let Some(row) = resources::of_resource("aws_lambda_function") else { return };
    for (id, node) in root.entries_of("functions") {
        if !node.is_map() {
            continue;
        }
        let mut item = item(id, row, node.line, Some(node), &["name"]);
        item.image = node.text_of("image").map(str::to_owned).or(item.image);
        // All of them are packed out of the folder of this file.
        item.code = Some(".".to_owned());
        item.settings.extend(pairs(root.at(&["provider", "environment"])));
        for event in node.items_of("events") {
            for (kind, node) in event.entries() {
                match &**kind {
                    // `http: GET /orders` is the short form.
                    "http" | "httpApi" => {
                        let short = node.text().and_then(|text| text.split_once(' '));
                        let method = short.map(|(method, _)| method).or_else(|| node.text_of("method"));
                        let path = short.map(|(_, path)| path.trim()).or_else(|| node.text_of("path"));
                        item.endpoints.extend(endpoint(method, path));
                    }
                    "sqs" | "sns" | "stream" | "msk" | "activemq" | "rabbitmq" => {
                        item.sources.extend(texts(Some(node)));
                    }
                    _ => {}
                }
            }
        }
        stack.resources.push(item);
    }
    for one in root.get("resources").map_or(&[][..], |node| match node.items() {
        [] => std::slice::from_ref(node),
        several => several,
    }) {
        cloud_formation(one, stack);
    }
}

/// `resources: {NAME: {type, properties}}`, with what they name as `${NAME.attribute}`.
fn pulumi(root: &Node, stack: &mut Stack) {
    for (id, node) in root.entries_of("resources") {
        let typ = node.text_of("type").unwrap_or("");
        // `aws:sqs/queue:Queue` is the long form of `aws:sqs:Queue`.
        let short: Vec<&str> = typ.split(':').map(|part| part.split('/').next().unwrap_or(part)).collect();
        let Some(row) = row_of(PULUMI, &short.join(":")) else { continue };
        let properties = node.get("properties");
        stack.resources.push(item(
            id,
            row,
            node.line,
            properties,
            &["name", "bucket", "identifier", "functionName"],
        ));
    }
}

/// A task is what its first container is; the others are helpers beside it.
fn task_definition(root: &Node, stack: &mut Stack) {
    let Some(row) = resources::of_resource("aws_ecs_service") else { return };
    let containers = root.items_of("containerDefinitions");
    let Some(main) = containers.first() else { return };
    let Some(family) = root.get("family").or_else(|| main.get("name")) else { return };
    let Some(name) = family.text() else { return };
    let plain =
        ["-task-definition", "-taskdef", "-task", "-td"].iter().find_map(|end| name.strip_suffix(end));
    let mut item = item(name, row, family.line, None, &[]);
    item.name = Some(plain.unwrap_or(name).to_owned());
    item.image = main.text_of("image").map(str::to_owned);
    item.settings = containers.iter().flat_map(|container| pairs(container.get("environment"))).collect();
    stack.resources.push(item);
}

fn link_stack(sketch: &mut Sketch<'_>, path: &str, stack: &Stack) {
    let folder = parent(path);
    let at = |line: u32| -> Place { (path.to_owned(), line) };
    let mut pieces: BTreeMap<&str, (usize, &'static str)> = BTreeMap::new();
    for item in &stack.resources {
        let runs = matches!(item.row.typ, "function" | "service" | "job");
        let form = if runs { Form::Deployed } else { Form::Implied };
        let name = match (&item.name, &stack.service) {
            (Some(name), _) => name.clone(),
            // A function of the framework is called SERVICE-STAGE-FUNCTION in the cloud.
            (None, Some(service)) if runs && !item.id.contains(service.as_str()) => {
                format!("{service}-{}", item.id)
            }
            _ => dashed(&item.id),
        };
        let full = format!("{}/{name}", item.row.kind);
        let Some(piece) = sketch.piece(NAME, form, folder, "stack", &full, at(item.line)) else { continue };
        pieces.insert(&item.id, (piece, item.row.typ));
        if let Some(image) = item.image.as_deref().and_then(Image::parse) {
            sketch.pieces[piece].images.insert(image);
        }
        let home = item.code.as_deref().and_then(|code| resolve(folder, code));
        if let Some(home) = home.filter(|home| runs && !sketch.files_below(home).is_empty()) {
            sketch.pieces[piece].home = Some(home);
        }
        let own = &mut sketch.pieces[piece];
        own.stack = Some(format!("stack {path}"));
        own.names.insert(item.id.to_lowercase());
        own.typ = Some(item.row.typ.to_owned());
        own.kind = Some(products::entity_of(item.row.typ));
        let engine = item.engine.as_deref().map(|engine| engine.trim_start_matches("aurora-"));
        own.product =
            engine.and_then(products::by_word).or_else(|| products::by_product_name(item.row.product));
        own.endpoints.extend(item.endpoints.iter().cloned());
    }
    let mut say = |from: usize, to: usize, relation: Option<&'static str>, line: u32| {
        sketch.mention(NAME, Origin::Piece(from), Target::Piece(to), relation, at(line), None);
    };
    let found = |text: &str| -> Vec<(usize, &'static str)> {
        pieces.iter().filter(|(id, _)| names(text, id)).map(|(_, found)| *found).collect()
    };
    let mut values: Vec<(usize, &(String, String, u32))> = Vec::new();
    for item in &stack.resources {
        let Some((piece, _)) = pieces.get(item.id.as_str()).copied() else { continue };
        for setting in item.settings.iter().filter(|_| matches!(item.row.typ, "function" | "service" | "job"))
        {
            let named = found(&setting.1);
            if named.is_empty() {
                values.push((piece, setting));
            }
            for (other, typ) in named.into_iter().filter(|(other, _)| *other != piece) {
                let relation = matches!(typ, "queue" | "topic").then_some("publishes_to");
                say(piece, other, relation, setting.2);
            }
        }
        for (text, line) in &item.sources {
            for (source, _) in found(text).into_iter().filter(|(source, _)| *source != piece) {
                say(piece, source, Some("subscribes_to"), *line);
            }
        }
    }
    for wire in &stack.wires {
        let all: Vec<(usize, &'static str, u32)> = wire
            .texts
            .iter()
            .flat_map(|(text, line)| found(text).into_iter().map(|(piece, typ)| (piece, typ, *line)))
            .collect();
        let is_end = |typ: &str| matches!(typ, "function" | "service" | "job");
        for (piece, typ, line) in &all {
            for (other, other_typ, _) in all.iter().filter(|(other, _, _)| other != piece) {
                let holds = match wire.relation {
                    "routes_to" => *typ == "gateway" && is_end(other_typ),
                    // Who reads; or the queue that a topic feeds.
                    _ => {
                        is_end(typ) && !is_end(other_typ) && *other_typ != "gateway"
                            || *typ == "queue" && *other_typ == "topic"
                    }
                };
                if holds {
                    say(*piece, *other, Some(wire.relation), *line);
                }
            }
        }
    }
    for (piece, (key, value, line)) in values {
        sketch.mention_value(NAME, &Origin::Piece(piece), key, value, true, &at(*line), None);
    }
}

/// `OrdersQueue` is `orders-queue`.
fn dashed(id: &str) -> String {
    crate::values::words(base_name(id)).join("-")
}
