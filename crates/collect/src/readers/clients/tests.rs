//! Small programs in each language, and the links that their code says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use stave_model::Reference;

use crate::People;
use crate::in_memory::read_files;

struct Nobody;

impl People for Nobody {
    fn person(&self, _address: &str, _name: Option<&str>) -> Option<Reference> {
        None
    }
}

/// `FROM relation TO` of what the readers of code say about some files, by names.
fn links(files: &[(&str, &str)]) -> BTreeSet<String> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let said = read_files("code.test/acme/shop", &files, &Nobody);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for claim in said.values().flatten().filter(|claim| claim.kind == "name") {
        let name = claim.value.as_ref().unwrap().as_str().unwrap();
        names.insert(claim.of.to_string(), name.to_owned());
    }
    let named = |reference: &str| names.get(reference).cloned().unwrap_or_else(|| reference.to_owned());
    said.get("code")
        .into_iter()
        .flatten()
        .filter_map(|claim| {
            let to = claim.to.as_deref().filter(|_| claim.kind != "alias")?;
            Some(format!("{} {} {}", named(claim.of.as_str()), claim.kind, named(to)))
        })
        .collect()
}

const STACK: &str = "services:\n  web: {build: ./web}\n  orders: {build: ./orders}\n  redis: {image: redis}\n  \
                     kafka: {image: apache/kafka}\n";

/// Links that a file of the web service says beside another of the orders service.
fn of_web(path: &str, web: &str, orders: &str) -> Vec<String> {
    let (web_path, orders_path) = (format!("web/{path}"), format!("orders/{path}"));
    let files = [
        ("compose.yaml", STACK),
        ("web/Dockerfile", "FROM x\nCMD [\"a\"]\n"),
        ("orders/Dockerfile", "FROM x\nCMD [\"a\"]\n"),
        ("proto/shop.proto", "package shop.v1;\nservice Orders { rpc Get (A) returns (B) {} }\n"),
        (&web_path, web),
        (&orders_path, orders),
    ];
    links(&files).into_iter().collect()
}

#[test]
fn clients_and_servers_of_services_meet_in_every_language() {
    let want = ["orders provides_api shop.v1.Orders", "web calls orders", "web consumes_api shop.v1.Orders"];
    for (path, web, orders) in [
        (
            "main.go",
            "package main\nimport pb \"acme.test/shop/proto\"\nfunc main() { c := pb.NewOrdersClient(conn) }",
            "package main\nimport pb \"acme.test/shop/proto\"\nfunc main() { pb.RegisterOrdersServer(s, &server{}) }",
        ),
        (
            "app.py",
            "stub = shop_pb2_grpc.OrdersStub(channel)",
            "shop_pb2_grpc.add_OrdersServicer_to_server(X(), server)",
        ),
        (
            "Program.cs",
            "services.AddGrpcClient<Orders.OrdersClient>(o => {});",
            "class OrdersService : Orders.OrdersBase { }",
        ),
        (
            "index.js",
            "const grpc = require('@grpc/grpc-js')\nconst c = new shop.Orders(address, grpc.credentials.createInsecure())",
            "const grpc = require('@grpc/grpc-js')\nserver.addService(shop.v1.Orders.service, { get })",
        ),
        (
            "main.rs",
            "let c = OrdersClient::connect(url).await?; // grpc",
            "Server::builder().add_service(OrdersServer::new(orders)) // grpc\n; let x = Client;",
        ),
        (
            "app.rb",
            "# grpc\nstub = Shop::Orders::Stub.new(address)",
            "# grpc\nclass X < Shop::Orders::Service\nend",
        ),
        (
            "main.cc",
            "// grpc\nauto s = Orders::NewStub(channel);",
            "// grpc\nclass X final : public Orders::Service {};",
        ),
    ] {
        assert_eq!(of_web(path, web, orders), want, "{path}");
    }
}

#[test]
fn addresses_in_code_are_calls_where_they_name_a_piece() {
    for (path, web) in [
        (
            "main.go",
            "package main\nimport \"net/http\"\nfunc main() { http.Get(\"http://orders:8080/list\") }",
        ),
        (
            "main.go",
            "package main\nimport \"os\"\nconst url = \"http://orders:8080\"\nfunc main() { use(url) }",
        ),
        ("app.py", "requests.get(f\"http://orders:8080/list/{id}\")"),
        ("app.py", "host = os.environ.get('ORDERS_HOST', 'orders')"),
        ("index.ts", "const url = process.env.ORDERS_URL || 'http://orders:8080'"),
        ("index.ts", "await axios.get(`http://orders/list/${id}`)"),
        ("Program.cs", "client.BaseAddress = new Uri(\"http://orders\");"),
        ("index.php", "$client = new Client(['base_uri' => 'http://orders:8080']);"),
        ("app.rb", "Faraday.new(url: 'http://orders:8080')"),
        ("main.rs", "reqwest::get(\"http://orders:8080/list\").await?;"),
    ] {
        assert_eq!(of_web(path, web, ""), ["web calls orders"], "{web}");
    }
    for (path, web) in [
        ("index.js", "log('see http://orders:8080')"),
        ("index.js", "// http://orders:8080"),
        ("index.js", "app.use(cors({ origin: 'http://orders:8080' }))"),
        ("index.js", "fetch('http://something:8080')"),
        ("index.js", "fetch('https://www.example.com/x')"),
        ("index.js", "const url = 'https://api.payments.dev'"),
        (
            "main.go",
            "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\"orders:8080\", nil) }",
        ),
    ] {
        assert_eq!(of_web(path, web, ""), Vec::<String>::new(), "{web}");
    }
    assert_eq!(of_web("index.js", "fetch('https://api.payments.dev/x')", ""), ["web calls api.payments.dev"]);
}

#[test]
fn clients_of_graphql_call_whom_they_are_made_for() {
    for (path, text) in [
        ("index.ts", "const client = new ApolloClient({ uri: 'HOST/graphql', cache: new InMemoryCache() })"),
        ("index.js", "const link = new HttpLink({ uri: `HOST/graphql` })"),
        ("index.ts", "const link = createHttpLink({ uri: process.env.API_URL ?? 'HOST/graphql' })"),
        ("index.ts", "const client = createClient({ url: 'HOST/graphql', exchanges })"),
        ("index.ts", "const client = new GraphQLClient('HOST/graphql', { headers })"),
        ("index.js", "const url = 'HOST/graphql'\nawait request(url, query)"),
        ("app.py", "transport = AIOHTTPTransport(url=\"HOST/graphql\")"),
    ] {
        let own = of_web(path, &text.replace("HOST", "http://orders:8080"), "");
        assert_eq!(own, ["web calls orders"], "{text}");
        // An address that is only kept under a name may be written for people.
        if !text.contains("const url") {
            let outside = of_web(path, &text.replace("HOST", "https://api.payments.dev"), "");
            assert_eq!(outside, ["web calls api.payments.dev"], "{text}");
        }
    }
    assert!(of_web("index.ts", "new ApolloClient({ uri: '/graphql' })", "").is_empty());
}

#[test]
fn topics_join_who_sends_and_who_reads() {
    let want = [
        "orders subscribes_to kafka",
        "orders subscribes_to placed",
        "web publishes_to kafka",
        "web publishes_to placed",
    ];
    for (path, web, orders) in [
        (
            "index.ts",
            "import { Kafka } from 'kafkajs'\nawait producer.send({ topic: 'placed', messages })",
            "import { Kafka } from 'kafkajs'\nconst TOPIC = 'placed'\nawait consumer.subscribe({ topic: TOPIC })",
        ),
        (
            "app.py",
            "from kafka import KafkaProducer\nproducer.send('placed', b'')",
            "from kafka import KafkaConsumer\nc = KafkaConsumer('placed', group_id='x')",
        ),
        (
            "main.go",
            "package main\nimport \"github.com/segmentio/kafka-go\"\nfunc main() { w := &kafka.Writer{Addr: a, Topic: \"placed\"} }",
            "package main\nimport \"github.com/segmentio/kafka-go\"\nfunc main() { kafka.NewReader(kafka.ReaderConfig{Topic: \"placed\"}) }",
        ),
    ] {
        assert_eq!(of_web(path, web, orders), want, "{path}");
    }
}

#[test]
fn a_library_means_the_only_piece_of_its_product() {
    for (path, web) in [
        ("app.py", "import redis\n"),
        ("index.js", "const Redis = require('ioredis')"),
        ("main.go", "package main\nimport \"github.com/redis/go-redis/v9\"\nfunc main() { }"),
        ("Program.cs", "using StackExchange.Redis;\n"),
    ] {
        assert_eq!(of_web(path, web, ""), ["web stores_in redis"], "{path}");
    }
}

#[test]
fn packages_of_one_go_module_belong_to_the_programs_that_import_them() {
    let files = [
        (
            "compose.yaml",
            "services:\n  ant: {build: ., command: ant}\n  bee: {build: ., command: bee}\n  cow: {build: ., command: cow}\n",
        ),
        ("Dockerfile", "FROM x\nCMD [\"a\"]\n"),
        ("go.mod", "module acme.test/shop\n"),
        (
            "cmd/ant/main.go",
            "package main\nimport \"acme.test/shop/services/ant\"\nfunc main() { ant.Run() }",
        ),
        (
            "cmd/bee/main.go",
            "package main\nimport \"acme.test/shop/services/bee\"\nfunc main() { bee.Run() }",
        ),
        (
            "cmd/cow/main.go",
            "package main\nimport \"acme.test/shop/clients\"\nfunc main() { clients.NewA() }",
        ),
        (
            "services/ant/server.go",
            "package ant\nimport \"acme.test/shop/registry\"\nconst name = \"srv-ant\"\nfunc Run() { registry.Register(name, 1) }",
        ),
        (
            "services/bee/server.go",
            "package bee\nimport \"acme.test/shop/clients\"\nfunc Run() { dial(\"srv-ant\"); clients.Other() }\nfunc dial(name string) { grpc.Dial(name) }",
        ),
        (
            "registry/registry.go",
            "package registry\nfunc Register(name string, port int) { consul.Register(name) }",
        ),
        (
            "clients/clients.go",
            "package clients\nfunc NewA() { http.Get(\"http://ant:80/\") }\nfunc NewB() { http.Get(\"http://bee:80/\") }\nfunc Other() {}",
        ),
    ];
    let found: Vec<String> = links(&files).into_iter().collect();
    assert_eq!(found, ["bee calls ant", "cow calls ant"]);
}

#[test]
fn a_secret_in_code_reaches_no_claim() {
    let text = "fetch('https://user:hunter2hunter2@api.payments.dev/x?token=abcdef123456')\n\
                const API_KEY = 'sk_live_0123456789abcdef0123456789'\n";
    let files: Vec<(&str, &[u8])> = vec![
        ("compose.yaml", STACK.as_bytes()),
        ("web/Dockerfile", b"FROM x\nCMD [\"a\"]\n"),
        ("web/index.js", text.as_bytes()),
    ];
    let said = read_files("code.test/acme/shop", &files, &Nobody);
    let all: String = said.values().flatten().map(|claim| serde_json::to_string(claim).unwrap()).collect();
    assert!(all.contains("host:api.payments.dev"));
    for secret in ["hunter2", "abcdef123456", "sk_live"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn one_binary_that_runs_as_several_pieces_speaks_by_its_packages() {
    let files = [
        (
            "compose.yaml",
            "services:\n  search: {build: ., command: shop search}\n  rates: {build: ., command: shop rates}\n",
        ),
        ("Dockerfile", "FROM x\nCMD [\"shop\"]\n"),
        ("go.mod", "module acme.test/shop\n"),
        (
            "cmd/shop/main.go",
            "package main\nimport (\n\"acme.test/shop/internal/search\"\n\"acme.test/shop/internal/rates\"\n)\nfunc main() { search.Run(); rates.Run() }",
        ),
        ("internal/search/search.go", "package search\nfunc Run() { pb.NewRatesClient(conn) }"),
        ("internal/rates/rates.go", "package rates\nfunc Run() { pb.RegisterRatesServer(s, r) }"),
    ];
    let found: Vec<String> = links(&files).into_iter().collect();
    assert_eq!(found, ["search calls rates"]);
}

#[test]
fn an_address_book_says_only_where_pieces_are() {
    let service = |name: &str| {
        format!("  {name}: {{image: acme/shop, command: {name}, volumes: ['./config:/config']}}\n")
    };
    let compose: String = std::iter::once("services:\n".to_owned())
        .chain(["user-service", "post-service", "media-service", "text-service"].map(service))
        .collect();
    let files = [
        ("compose.yaml", compose.as_str()),
        (
            "config/services.json",
            "{\"user\": {\"addr\": \"user-service:9090\"}, \"post\": {\"addr\": \"post-service:9090\"}, \"media\": {\"addr\": \"media-service:9090\"}}",
        ),
        ("src/UserService/main.cpp", "auto a = config[\"post-service\"][\"addr\"]; // Client"),
    ];
    let bytes: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let said = read_files("code.test/acme/shop", &bytes, &Nobody);
    let calls = said.values().flatten().filter(|claim| claim.kind == "calls").count();
    assert_eq!(calls, 1);
    assert_eq!(links(&files).into_iter().collect::<Vec<_>>(), ["user-service calls post-service"]);
}

#[test]
fn a_module_of_several_deployed_programs_is_no_piece_itself() {
    let files: Vec<(&str, &[u8])> = vec![
        ("go.mod", b"module acme.test/shop\n"),
        ("docker/Dockerfile-cart", b"FROM x\nCMD [\"a\"]\n"),
        ("docker/Dockerfile-orders", b"FROM x\nCMD [\"a\"]\n"),
        ("cmd/cart/main.go", b"package main\nimport \"os\"\nfunc main() {}\n"),
        ("cmd/orders/main.go", b"package main\nimport \"os\"\nfunc main() {}\n"),
    ];
    let said = read_files("code.test/acme/shop", &files, &Nobody);
    let types: BTreeSet<String> = said
        .values()
        .flatten()
        .filter(|claim| claim.kind == "type")
        .map(|claim| format!("{} {}", claim.of.short_name(), claim.value.as_ref().unwrap().as_str().unwrap()))
        .collect();
    assert_eq!(types, BTreeSet::from(["cart service", "orders service", "shop library"].map(str::to_owned)));
}

#[test]
fn classes_of_messages_are_topics_of_the_only_broker() {
    let web = "await bus.PublishAsync(new OrderPlaced(id)); // Publish";
    let orders =
        "bus.AddSubscription<OrderPlaced, OrderPlacedHandler>();\nclass X<TEvent> : IConsumer<TEvent> {}";
    assert_eq!(
        of_web("Bus.cs", web, orders),
        [
            "orders subscribes_to OrderPlaced",
            "orders subscribes_to kafka",
            "web publishes_to OrderPlaced",
            "web publishes_to kafka"
        ]
    );
}
