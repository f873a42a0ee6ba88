//! Java and Kotlin code, with the settings and libraries that its names and placeholders need.

use crate::support::{Folder, links, pieces, set};

/// A Spring application: its manifest with these libraries, its name, and files of code.
fn application(
    name: &str,
    libraries: &[&str],
    settings: &str,
    code: &[(&str, &str)],
) -> Vec<(String, String)> {
    let dependencies: String = libraries
        .iter()
        .map(|library| {
            format!("<dependency><groupId>g</groupId><artifactId>{library}</artifactId></dependency>")
        })
        .collect();
    let mut files = vec![
        (
            format!("{name}/pom.xml"),
            format!(
                "<project><groupId>shop</groupId><artifactId>{name}</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>spring-boot-starter-web</artifactId></dependency>{dependencies}</dependencies></project>"
            ),
        ),
        (
            format!("{name}/src/main/resources/application.yml"),
            format!("spring:\n  application:\n    name: {name}\n{settings}"),
        ),
    ];
    for (file, text) in code {
        files.push((format!("{name}/src/main/java/shop/{file}"), (*text).to_owned()));
    }
    files
}

fn folder(parts: Vec<Vec<(String, String)>>) -> Folder {
    let files: Vec<(String, String)> = parts.into_iter().flatten().collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    Folder::new(&files)
}

#[test]
fn calls_by_every_kind_of_client() {
    let tree = folder(vec![
        application(
            "web",
            &[],
            "pay:\n  url: http://payment/api\n",
            &[
                (
                    "OrdersClient.java",
                    "@FeignClient(name = \"orders\", path = \"/x\") interface OrdersClient { @PostMapping(\"/a\") void a(); }",
                ),
                (
                    "Stock.java",
                    "class Stock { RestTemplate rest; static final String HOST = \"http://stock\"; String get(int id) { return rest.getForObject(HOST + \"/\" + id, String.class); } }",
                ),
                (
                    "Price.kt",
                    "class Price(val client: WebClient) { fun get(id: Int) = client.get().uri(\"http://price/items/$id\") }",
                ),
                (
                    "Pay.java",
                    "class Pay { @Value(\"${pay.url}\") private String base; RestClient client; void go() { client.post().uri(base + \"/pay\"); } }",
                ),
                (
                    "Mail.java",
                    "class Mail { DiscoveryClient discovery; void go() { discovery.getInstances(Names.MAIL); } }",
                ),
                ("Names.java", "class Names { public static final String MAIL = \"mailer\"; }"),
                (
                    "Ship.java",
                    "class Ship { RestTemplate rest; void go() { rest.exchange(String.format(\"http://%s/x\", \"shipping\"), HttpMethod.GET); } }",
                ),
                (
                    "Rates.java",
                    "class Rates { RestTemplate rest; @CrossOrigin(\"http://localhost:9999\") void go() { rest.getForObject(\"https://rates.money-site.com/latest\", String.class); } }",
                ),
                (
                    "Host.java",
                    "class Host { Host(@Value(\"${tax.service.host:tax}\") String host) {} }",
                ),
                ("Greeting.java", "class Greeting { RestTemplate rest; void go() { log.info(\"see http://orders.wiki-site.com\"); } }"),
            ],
        ),
        application("orders", &[], "", &[]),
        application("stock", &[], "", &[]),
        application("price", &[], "", &[]),
        application("payment", &[], "", &[]),
        application("mailer", &[], "", &[]),
        application("shipping", &[], "", &[]),
        application("tax", &[], "", &[]),
    ])
    .tree();
    assert_eq!(
        links(&tree),
        set(&[
            "web calls orders",
            "web calls stock",
            "web calls price",
            "web calls payment",
            "web calls mailer",
            "web calls shipping",
            "web calls tax",
            // Only read from: the data comes from there.
            "web depends_on rates.money-site.com",
        ])
    );
}

#[test]
fn topics_stand_between_who_sends_and_who_receives() {
    let tree = folder(vec![
        vec![("compose.yaml".to_owned(), "services:\n  kafka: {image: kafka}\n".to_owned())],
        application(
            "orders",
            &["spring-kafka"],
            "topics:\n  placed: orders.placed\n",
            &[(
                "Sender.java",
                "class Sender { private final KafkaTemplate<String, Order> kafka; @Value(\"${topics.placed}\") String topic; void go(Order o) { kafka.send(topic, o); } }",
            )],
        ),
        application(
            "billing",
            &["spring-cloud-stream-binder-kafka"],
            "  cloud: {stream: {bindings: {input: {destination: orders.placed}, output: {destination: unused}}}}\n",
            &[("In.java", "@EnableBinding(Sink.class) class In { @StreamListener(Sink.INPUT) void on(Order o) {} }")],
        ),
        application(
            "audit",
            &["spring-kafka"],
            "",
            &[("In.kt", "class In { @KafkaListener(topics = [\"orders.placed\"], groupId = \"x\") fun on(o: Order) {} }")],
        ),
    ])
    .tree();
    assert_eq!(
        links(&tree),
        set(&[
            "orders publishes_to kafka",
            "orders publishes_to orders.placed",
            "billing subscribes_to kafka",
            "billing subscribes_to orders.placed",
            "audit subscribes_to kafka",
            "audit subscribes_to orders.placed",
        ])
    );
    assert!(pieces(&tree).contains("orders.placed: topic"));
}

#[test]
fn a_gateway_without_routes_offers_what_the_registry_knows() {
    let client = "spring-cloud-starter-netflix-eureka-client";
    let tree = folder(vec![
        application(
            "registry",
            &["spring-cloud-starter-netflix-eureka-server"],
            "",
            &[("A.java", "@EnableEurekaServer class A {}")],
        ),
        application(
            "door",
            &[client, "spring-cloud-starter-netflix-zuul"],
            "",
            &[("A.java", "@EnableZuulProxy @EnableOAuth2Sso class A {}")],
        ),
        application("orders", &[client], "", &[("A.java", "@EnableResourceServer class A {}")]),
        application("login", &[client], "", &[("A.java", "@EnableAuthorizationServer class A {}")]),
        application(
            "stock",
            &[],
            "",
            &[("A.java", "@EnableResourceServer class A { JwtAccessTokenConverter converter; }")],
        ),
    ])
    .tree();
    assert_eq!(
        pieces(&tree),
        set(&["registry: registry", "door: gateway", "orders: service", "login: identity", "stock: service"])
    );
    assert_eq!(
        links(&tree),
        set(&[
            "door depends_on registry",
            "door routes_to orders",
            "door depends_on login",
            "orders registers_at registry",
            "login registers_at registry",
            // Who calls is what the authorisation server tells; who checks tokens itself asks nobody.
            "orders depends_on login",
        ])
    );
}

#[test]
fn spring_cloud_gateway_routes_to_what_its_settings_say() {
    let client = "spring-cloud-starter-netflix-eureka-client";
    let gateway = |file: &str, settings: &str| {
        let mut door = application("door", &[client, "spring-cloud-starter-gateway"], "", &[]);
        door.push((format!("door/src/main/resources/{file}"), settings.to_owned()));
        let registry = application("registry", &["spring-cloud-starter-netflix-eureka-server"], "", &[]);
        let tree = folder(vec![
            door,
            registry,
            application("orders", &[client], "", &[]),
            application("stock", &[client], "", &[]),
        ])
        .tree();
        let found: Vec<String> = links(&tree).into_iter().filter(|link| link.contains("routes_to")).collect();
        found.join(", ")
    };
    let all = "door routes_to orders, door routes_to stock";
    let one = "door routes_to orders";
    for (file, settings, want) in [
        ("bootstrap.yml", "spring: {cloud: {gateway: {discovery: {locator: {enabled: true}}}}}", all),
        ("bootstrap.yml", "spring: {cloud: {gateway: {discovery: {locator: {enabled: false}}}}}", ""),
        ("bootstrap.properties", "spring.cloud.gateway.server.webflux.discovery.locator.enabled=true", all),
        (
            "bootstrap.yml",
            "spring:\n  cloud:\n    gateway:\n      routes:\n      - id: a\n        uri: lb://ORDERS\n        predicates: [Path=/a/**]\n",
            one,
        ),
        (
            "bootstrap.yml",
            "spring: {cloud: {gateway: {mvc: {routes: [{id: a, uri: \"lb://orders\"}]}}}}",
            one,
        ),
        (
            "bootstrap.yml",
            "spring.cloud.gateway.server.webflux.routes: [{id: a, uri: \"lb:ws://orders\"}]",
            one,
        ),
        ("bootstrap.properties", "spring.cloud.gateway.server.webmvc.routes[0].uri=http://orders:8080", one),
        ("bootstrap.properties", "spring.cloud.gateway.routes[0].uri=${ORDERS_URI:lb://orders}", one),
    ] {
        assert_eq!(gateway(file, settings), want, "{settings}");
    }
}

#[test]
fn clients_of_kafka_without_a_framework() {
    for (file, code, want) in [
        (
            "A.kt",
            "import org.apache.kafka.clients.consumer.KafkaConsumer\nval topic: String = System.getenv(\"TOPIC\") ?: \"placed\"\nfun main() { val consumer = KafkaConsumer<String, ByteArray>(props).apply {\n subscribe(listOf(topic))\n }\n}",
            "web subscribes_to kafka, web subscribes_to placed",
        ),
        (
            "A.java",
            "class A { static final String T = \"placed\"; void go() { Consumer<String, String> c = new KafkaConsumer<>(props); c.subscribe(Collections.singletonList(T)); bus.subscribe(\"other\"); } }",
            "web subscribes_to kafka, web subscribes_to placed",
        ),
        (
            "A.java",
            "class A { void go() { Producer<String, String> p = new KafkaProducer<>(props); ProducerRecord<String, String> r = new ProducerRecord<>(\"placed\", v); p.send(r); } }",
            "web publishes_to kafka, web publishes_to placed",
        ),
        (
            "A.kt",
            "val p = KafkaProducer<String, String>(props)\nfun go() { p.send(ProducerRecord(\"placed\", v)) }",
            "web publishes_to kafka, web publishes_to placed",
        ),
        (
            "A.java",
            "class A { void go(StreamsBuilder b) { b.stream(\"placed\").filter(x).to(\"paid\"); } }",
            "web publishes_to kafka, web publishes_to paid, web subscribes_to kafka, web subscribes_to placed",
        ),
        (
            "A.java",
            "class A { static final String S = \"broker:9092\"; KafkaAdmin a() { p.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, S); } }",
            "web calls kafka",
        ),
    ] {
        let mut files = application("web", &[], "", &[]);
        files.push((format!("web/src/main/java/shop/{file}"), code.to_owned()));
        files.push((
            "compose.yaml".to_owned(),
            "services:\n  kafka: {image: apache/kafka, hostname: broker}\n".to_owned(),
        ));
        let found: Vec<String> = links(&folder(vec![files]).tree()).into_iter().collect();
        assert_eq!(found.join(", "), want, "{code}");
    }
}

#[test]
fn clients_of_generated_services() {
    let tree = folder(vec![
        application(
            "web",
            &[],
            "",
            &[("A.java", "class A { void go(Channel c) { CartGrpc.newBlockingStub(c).get(request); } }")],
        ),
        application("cart", &[], "", &[("A.java", "class A extends CartGrpc.CartImplBase { }")]),
    ])
    .tree();
    assert_eq!(links(&tree), set(&["web calls cart"]));
}

#[test]
fn what_a_library_of_the_repository_needs_its_programs_need() {
    let common = (
        "common/pom.xml".to_owned(),
        "<project><groupId>shop</groupId><artifactId>common</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>spring-cloud-stream-binder-kafka</artifactId></dependency></dependencies></project>".to_owned(),
    );
    let mut orders = application("orders", &[], "", &[("In.java", "@EnableBinding(Sink.class) class In {}")]);
    orders[0].1 = orders[0].1.replace(
        "</dependencies>",
        "<dependency><groupId>shop</groupId><artifactId>common</artifactId></dependency></dependencies>",
    );
    let tree = folder(vec![vec![common], orders]).tree();
    // No file says where the broker runs, but there is one.
    assert!(pieces(&tree).contains("kafka: broker"));
    assert!(links(&tree).contains("orders subscribes_to kafka"));
}

#[test]
fn a_dashboard_needs_its_annotation_and_shows_what_turbine_collects() {
    let tree = folder(vec![
        application("web", &["hystrix-dashboard"], "", &[("A.java", "@EnableHystrix class A {}")]),
        application("board", &["hystrix-dashboard"], "", &[("A.java", "@EnableHystrixDashboard class A {}")]),
        application("streams", &["turbine-stream"], "", &[("A.java", "@EnableTurbineStream class A {}")]),
    ])
    .tree();
    assert_eq!(pieces(&tree), set(&["web: service", "board: monitor", "streams: monitor"]));
    assert_eq!(links(&tree), set(&["board depends_on streams"]));
}

#[test]
fn a_database_whose_address_lies_in_another_repository() {
    let settings = "  cloud: {config: {uri: \"http://settings:8888\"}}\n";
    let tree = folder(vec![
        application("settings", &["spring-cloud-config-server"], "", &[]),
        application("orders", &["mysql-connector-java", "spring-boot-starter-data-jpa"], settings, &[]),
        // A driver that nothing uses says nothing.
        application("stock", &["mysql-connector-java"], settings, &[]),
    ])
    .tree();
    assert!(links(&tree).contains("orders stores_in mysql"));
    assert!(!links(&tree).contains("stock stores_in mysql"));
}

#[test]
fn appenders_say_where_logs_go() {
    let logback = |inner: &str| {
        format!("<configuration>{inner}<root><appender-ref ref=\"NET\"/></root></configuration>")
    };
    let socket = |class: &str, inner: &str| {
        format!(
            "<appender name=\"NET\" class=\"{class}\"><!-- <destination>old:1</destination> -->{inner}</appender>"
        )
    };
    for (file, text, want) in [
        (
            "logback-spring.xml",
            logback(&format!(
                "<springProperty name=\"target\" source=\"shop.logs.host\" defaultValue=\"elsewhere\"/>{}",
                socket(
                    "net.logstash.logback.appender.LogstashTcpSocketAppender",
                    "<destination>${target}:5000</destination>"
                )
            )),
            "collector",
        ),
        (
            "logback.xml",
            logback(&socket(
                "biz.paluch.logging.gelf.logback.GelfLogbackAppender",
                "<host>udp:${GRAYLOG:-collector}</host><port>12201</port>",
            )),
            "collector",
        ),
        (
            "logback.xml",
            logback(&socket(
                "com.github.loki4j.logback.Loki4jAppender",
                "<http><url>http://collector:3100/loki/api/v1/push</url></http>",
            )),
            "collector",
        ),
        (
            "logback.xml",
            logback(&socket(
                "com.github.danielwegener.logback.kafka.KafkaAppender",
                "<topic>logs</topic><producerConfig>bootstrap.servers=collector:9092</producerConfig>",
            )),
            "collector",
        ),
        (
            "logback.xml",
            logback(&socket(
                "ch.qos.logback.classic.net.SyslogAppender",
                "<syslogHost>logs.money-site.com</syslogHost><port>514</port>",
            )),
            "logs.money-site.com",
        ),
        // It waits, it is used by no logger, and its address is not known.
        (
            "logback.xml",
            logback(&socket("ch.qos.logback.classic.net.server.ServerSocketAppender", "<port>1</port>")),
            "",
        ),
        (
            "logback.xml",
            socket("a.SocketAppender", "<remoteHost>collector</remoteHost><port>4560</port>")
                .replace("NET", "UNUSED")
                .replacen("<appender", "<configuration><root><appender-ref ref=\"OUT\"/></root><appender", 1)
                + "</configuration>",
            "",
        ),
        ("logback.xml", logback(&socket("a.SocketAppender", "<remoteHost>${X}</remoteHost>")), ""),
        (
            "log4j2-spring.xml",
            "<Configuration><Properties><Property name=\"h\">${env:LOGS:-collector}</Property></Properties><Appenders><Async name=\"A\"><AppenderRef ref=\"N\"/></Async><Socket name=\"N\" host=\"${h}\" port=\"5000\"/></Appenders><Loggers><Root><AppenderRef ref=\"A\"/></Root></Loggers></Configuration>".to_owned(),
            "collector",
        ),
        (
            "log4j2.yaml",
            "Configuration:\n  Appenders:\n    Kafka: {name: N, topic: t, Property: [{name: bootstrap.servers, value: \"collector:9092\"}]}\n  Loggers: {Root: {AppenderRef: [{ref: N}]}}\n".to_owned(),
            "collector",
        ),
        (
            "log4j2.properties",
            "appender.n.type = Kafka\nappender.n.name = N\nappender.n.p.type = Property\nappender.n.p.name = bootstrap.servers\nappender.n.p.value = ${spring:shop.logs.host}:9092\nrootLogger.appenderRef.n.ref = N\n".to_owned(),
            "collector",
        ),
        (
            "log4j.properties",
            "log4j.rootLogger=INFO, N\nlog4j.appender.N=org.apache.log4j.net.SocketAppender\nlog4j.appender.N.RemoteHost=collector\nlog4j.appender.N.Port=4560\n".to_owned(),
            "collector",
        ),
    ] {
        let mut files = application("web", &[], "shop:\n  logs:\n    host: collector\n", &[]);
        files.push((format!("web/src/main/resources/{file}"), text.clone()));
        files.push((
            "compose.yaml".to_owned(),
            "services:\n  collector: {image: acme/collector}\n".to_owned(),
        ));
        let mut found = links(&folder(vec![files]).tree());
        // The setting itself names it as well.
        found.retain(|link| link.contains("logs_to"));
        let want = if want.is_empty() { set(&[]) } else { set(&[&format!("web logs_to {want}")]) };
        assert_eq!(found, want, "{file}: {text}");
    }
}
