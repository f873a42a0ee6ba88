//! Every reader and the linking behind it, on arbitrary and on damaged input: never a panic, and never a claim
//! that the format refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use stave_model::Reference;

use super::{READERS, SourceFile};
use crate::People;
use crate::in_memory::read_files;

struct Nobody;

impl People for Nobody {
    fn person(&self, address: &str, _name: Option<&str>) -> Option<Reference> {
        format!("person:{}", &stave_model::hash_bytes(address.as_bytes()).to_string()[..16]).parse().ok()
    }
}

/// A valid file for every reader, by a path that the reader wants; and a tree's own settings.
const SAMPLES: &[(&str, &str)] = &[
    (".env", "A=1\nexport B=\"http://x:80\"\nPASSWORD=hush\n"),
    (
        "web/app.ts",
        "import { a as b } from './c';\nconst app = express();\napp.use(`/x/${y}`, b, require('./d'));\napp.route('/e').get(f).post(g);\n@Controller({ path: ['h'] }) class I { @Get(':j') k() {} }\n",
    ),
    (
        "web/urls.py",
        "from .a import (b as c, d)\napp = Flask('x')\napp.register_blueprint(c.bp, url_prefix='/p')\n@app.route('/q/<int:r>', methods=['GET'])\nurlpatterns = [re_path(r'^s/(?P<t>[0-9]+)/$', include([path('u', v)])), path('', include(w.urls))]\n",
    ),
    (
        "web/main.go",
        "package main\nimport \"github.com/go-chi/chi/v5\"\nfunc f(r chi.Router) {\n\tr.Route(\"/a\", func(r chi.Router) { r.With(b).Get(\"/{c}\", d) })\n\tv := r.Group(\"/e\")\n\tf(v.Group(\"/g\"))\n\tr.Mount(\"/h\", f())\n}\n",
    ),
    (
        "config/routes.rb",
        "x.routes.draw do\n  scope '/a' do\n    resources :b, only: %i[index] do\n      member { get :c }\n      get :d, on: :member\n    end\n  end\n  match 'e' => 'f#g', via: [:get]\nend\n",
    ),
    (
        "web/a.rs",
        "use axum::x;\n#[get(\"/a/<b..>?<c>\")] fn d() {}\nfn e() -> F { let g = Router::new().route(\"/h\", get(i).post(j)); g.nest(\"/k\", web::scope(\"/l\").service(web::resource(\"/m\").to(n)).configure(o::p)).merge(e()) }\nfn q() { rocket::build().mount(\"/r\", routes![d, s::t]) }",
    ),
    (
        "routes/api.php",
        "<?php Route::prefix('a')->group(function () { Route::get('b/{c?}', [D::class, 'e']); }); Route::resource('f.g', H::class)->only(['index']); $app->group('/i', function ($group) { $group->map(['GET'], '/j', k); });",
    ),
    ("app/(a)/[b]/[[...c]]/route.ts", "export async function GET() {}\nexport { d as POST };\n"),
    (
        "web/A.cs",
        "[Route(\"a/[controller]\")] class BController : C { [HttpGet(\"{d}\"), E] F G() => h[1]; }\nvar i = app.MapGroup(\"/j\").K(); app.MapGroup(\"/l\").MapGet(\"/m\", n); void MapO(this P q) {}",
    ),
    (
        "src/main/java/A.java",
        "class P { static final String X = \"/x\" + Y; }\n@RestController @RequestMapping(P.X) class A extends B<C> { @GetMapping({\"/a\", \"${b:/{c:[0-9]+}}\"}) D d(@E int e) { return route(GET(\"/f\"), g).nest(path(\"/h\"), i); } }\ninterface R extends CrudRepository<S, T> {}",
    ),
    (
        "api/openapi.yaml",
        "openapi: 3.0.0\ninfo: {title: a, description: b}\nservers: [{url: \"https://x.dev/v1\"}]\npaths: {/a/{b}: {get: {}}}\n",
    ),
    ("a.proto", "package a.b;\nservice C { rpc D (E) returns (F); }\n"),
    ("schema.graphql", "type Query { a(b: Int = 1): [C!]! @d(e: F) }\n"),
    ("a.thrift", "service A extends B { C d(1: E f) throws (1: G h), }\n"),
    ("Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }\n"),
    (
        "web/package.json",
        "{\"name\": \"@x/a\", \"scripts\": {\"start\": \"node .\"}, \"dependencies\": {\"@x/b\": \"1\"}}",
    ),
    ("go.mod", "module x.dev/a/b\nrequire (\n\tx.dev/a/c v1\n)\n"),
    (
        "pom.xml",
        "<project><parent><groupId>g</groupId></parent><artifactId>a</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>spring-cloud-starter-config</artifactId></dependency></dependencies></project>",
    ),
    (
        "build.gradle",
        "plugins { id 'org.springframework.boot' }\ndependencies {\n implementation 'a:b:1'\n}\n",
    ),
    ("pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"flask>=2\", \"b\"]\n"),
    ("requirements.txt", "flask==1\n# c\n-r x\n"),
    ("setup.cfg", "[metadata]\nname = a\n"),
    (
        "a/b.csproj",
        "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><ProjectReference Include=\"..\\c\\c.csproj\"/></ItemGroup></Project>",
    ),
    ("Dockerfile", "FROM a AS b\nFROM b\nENV X=http://y:1 \\\n Z=1\nEXPOSE 80/tcp\nCMD [\"x\"]\n"),
    (
        "compose.yaml",
        "x-a: &a {restart: always}\ninclude: [b.yaml, {path: [compose.yaml], project_directory: .., env_file: c}]\nservices:\n  web:\n    <<: *a\n    build: {context: ./web, dockerfile: Dockerfile}\n    environment: [\"DB_URL=postgres://u:p@db/x\", LOG]\n    depends_on: {db: {condition: service_started}}\n    ports: [\"80:80\", {target: 1, published: 2}]\n    extends: {service: db}\n  db: {image: \"postgres:${V:-16}\"}\n",
    ),
    (
        "k8s/a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: n}\nspec:\n  template:\n    metadata: {labels: {app: a}}\n    spec:\n      containers:\n      - {image: x/a, env: [{name: B_ADDR, value: \"b:80\"}], envFrom: [{configMapRef: {name: c}}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {URL: \"http://a:80\"}\n",
    ),
    (
        "k8s/kustomization.yaml",
        "resources: [a.yaml]\nimages: [{name: x/a, newName: y/a}]\nconfigMapGenerator: [{name: c, literals: [A=b:80], files: [x]}]\n",
    ),
    (
        "infra/main.tf",
        "resource \"aws_sqs_queue\" \"q\" {\n  name = \"q\" # c\n}\nlocals {\n  e = { Q = aws_sqs_queue.q.url }\n}\nresource \"aws_lambda_function\" \"f\" {\n  image_uri = \"x/f:1\"\n  environment {\n    variables = merge(local.e, {\n      A = \"b\"\n    })\n  }\n  x = <<END\n}\nEND\n}\nresource \"aws_lambda_event_source_mapping\" \"m\" {\n  event_source_arn = aws_sqs_queue.q.arn\n  function_name = aws_lambda_function.f.arn\n}\n",
    ),
    (
        "chart/Chart.yaml",
        "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: redis, repository: \"https://x.dev\", condition: redis.enabled}]\n",
    ),
    ("chart/values.yaml", "image: {repository: x/c}\nenv: {A_URL: \"http://a:80\"}\n"),
    (
        "chart/templates/c.yaml",
        "{{ define \"n\" }}{{ .Release.Name | trunc 9 }}-c{{ end -}}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ include \"n\" . }}}\nspec:\n  template:\n    spec:\n      containers:\n      - image: {{ .Values.image.repository | default (printf \"%s\" \"y\") | quote }}\n        env:\n        {{- range $k, $v := .Values.env }}\n        - {name: {{ $k }}, value: {{ tpl $v $ }}}\n        {{- else }}{{ $x := set . \"a\" 1 }}\n        {{- end }}\n",
    ),
    (
        "host/Program.cs",
        "var b = DistributedApplication.CreateBuilder(args); var r = b.AddRedis(\"r\"); b.AddProject<Projects.A>(\"a\").WithReference(r);",
    ),
    (
        "catalog-info.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a, tags: [x], links: [{url: \"https://u:p@x.dev/?t=1\"}]}\nspec: {type: service, owner: group:x, dependsOn: [\"resource:db\"], system: s}\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: x}\nspec: {type: team, children: [y], members: [z]}\n",
    ),
    (
        "src/main/resources/application.yml",
        "spring: {application: {name: a}, datasource: {url: \"jdbc:mysql://${H:db}:3306/x\"}}\nserver: {port: 80}\n---\nzuul: {routes: {b: /b/**, c: {serviceId: d}}}\n",
    ),
    (
        "src/main/java/a/B.java",
        "@FeignClient(name = \"b\", url = \"${b.url:http://b}\") interface B {} class C { @Value(\"${h.host:b}\") String h; RestTemplate r; KafkaTemplate<String, X> k; void d() { r.getForObject(String.format(\"http://%s/x\", h) + U.X, X.class); k.send(new ProducerRecord<>(\"t\", x)); } @KafkaListener(topics = {\"t\", \"${u}\"}) void e() {} }",
    ),
    (
        "src/main/kotlin/a/B.kt",
        "@EnableBinding(Sink::class) class B(@Value(\"\\${h.host:b}\") val h: String, val w: WebClient) { fun c() = w.get().uri(\"http://$h/${x.y}\") }",
    ),
    (
        "src/main/resources/logback-spring.xml",
        "<configuration><springProperty name=\"h\" source=\"a.b\" defaultValue=\"x:1\"/><springProfile name=\"p\"><appender name=\"a\" class=\"n.l.LogstashTcpSocketAppender\"><destination>${h:-${i}}</destination></appender></springProfile><root><appender-ref ref=\"a\"/></root></configuration>",
    ),
    (
        "src/main/resources/log4j2.yaml",
        "Configuration: {Properties: {Property: [{name: h, value: x}]}, Appenders: {Kafka: [{name: a, Property: {name: bootstrap.servers, value: \"${env:h:-x}:1\"}}]}, Loggers: {Root: {AppenderRef: {ref: a}}}}\n",
    ),
    (
        "log4j2.properties",
        "property.h = x\nappender.a.type = Socket\nappender.a.host = ${h}\nappender.a.port = 1\nrootLogger.appenderRef.a.ref = a\n",
    ),
    ("conf/app.properties", "a.url=http\\://x:1\\\n /y\nb: c\n"),
    ("appsettings.json", "{\"ConnectionStrings\": {\"Db\": \"Server=x;Database=y;Password=z\"}} // c"),
    ("nginx.conf", "upstream a { server web:80; }\nlocation / { proxy_pass http://api:8080; }\n"),
    ("proto/a.proto", "package a.v1;\nservice Cart { rpc Get (A) returns (B) {} }\n"),
    (
        "svc/main.go",
        "package main\nimport (\n\tpb \"x.dev/a/b/proto\"\n\t\"github.com/segmentio/kafka-go\"\n)\nconst n = \"srv-a\"\nfunc main() {\n\tc := pb.NewCartClient(conn)\n\tr.Register(n, 1)\n\tkafka.NewReader(kafka.ReaderConfig{Topic: \"orders\"})\n\thttp.Get(\"http://web:80/\")\n}\n",
    ),
    (
        "svc/app.py",
        "import redis\nfrom kafka import KafkaProducer\nproducer.send('orders', b'')\nstub = a_pb2_grpc.CartStub(channel)\nrequests.get('http://web:80/x')\n",
    ),
    (
        "svc/index.ts",
        "import { Kafka } from 'kafkajs'\nconst T = 'orders'\nawait producer.send({ topic: T })\nserver.addService(shop.Cart.service, {})\nfetch(`http://web/${id}`)\n",
    ),
    (
        "svc/Bus.cs",
        "using RabbitMQ.Client;\nbus.AddSubscription<Placed, H>(); bus.PublishAsync(new Placed()); class C : Cart.CartBase {}\n",
    ),
    (
        "proxy/envoy.yaml",
        "static_resources:\n  listeners: [{route: {cluster: a}}]\n  clusters:\n  - name: a\n    load_assignment: {endpoints: [{socket_address: {address: web, port_value: 80}}]}\n",
    ),
    ("Caddyfile", "a.example {\n  reverse_proxy /x/* {$WEB:web:80} {\n    to api:1\n  }\n}\n"),
    ("haproxy.cfg", "backend a\n  server s web:80 check\n"),
    (
        "kong.yml",
        "_format_version: \"3.0\"\nservices: [{name: a, host: b, port: 80}]\nupstreams: [{name: b, targets: [{target: \"web:80\"}]}]\n",
    ),
    ("traefik/dynamic.toml", "[http.services.a.loadBalancer]\nservers = [{url = \"http://web:80\"}]\n"),
    ("sites/a.vhost", "ProxyPass /a http://web:80/\nBalancerMember http://api:80\n"),
    (
        "prometheus.yml",
        "scrape_configs: [{static_configs: [{targets: [\"web:80\", \"https://x.dev\"]}]}]\nremote_write: [{url: \"http://u:p@m:1\"}]\n",
    ),
    ("promtail.yaml", "clients: [{url: \"http://loki:3100\"}]\nscrape_configs: []\n"),
    ("datasources.yml", "apiVersion: 1\ndatasources: [{name: a, url: \"http://web:80\"}]\n"),
    ("filebeat.yml", "output.logstash: {hosts: [\"web:5044\"]}\noutput: {kafka: {hosts: [\"k:9092\"]}}\n"),
    ("vector.toml", "[sinks.a]\ntype = \"loki\"\ninputs = [\"b\"]\nendpoint = \"http://web:3100\"\n"),
    (
        "otel.yaml",
        "receivers: {redis: {endpoint: \"web:6379\"}}\nexporters: {otlp/a: {endpoint: \"web:4317\"}}\nservice: {pipelines: {logs: {exporters: [otlp/a]}}}\n",
    ),
    (
        "logstash.conf",
        "input { kafka { bootstrap_servers => \"web:9092\" } }\noutput { if [a] { loki { url => [\"http://x:1\",\n \"y:2\"] } } }\n",
    ),
    (
        "fluentd.conf",
        "<match **>\n @type copy\n <store>\n @type loki\n url http://web:3100\n </store>\n</match>\n",
    ),
    ("fluent-bit.conf", "[OUTPUT]\n Name loki\n Host web\n"),
    (
        "config.alloy",
        "prometheus.scrape \"x\" {\n targets = [{\"__address__\" = \"web:1\"}]\n}\nloki.write \"l\" {\n endpoint { url = \"http://web:3100\" }\n}\n",
    ),
    (
        ".github/workflows/build.yml",
        "name: a\non: {push: {paths: [\"web/**\"]}}\njobs:\n  b:\n    strategy: {matrix: {s: [web, api], include: [{s: x}]}}\n    steps:\n    - {uses: docker/build-push-action@v6, with: {context: \"./${{ matrix.s }}\", tags: \"x/a:1,y\"}}\n    - run: |\n        cd web && docker build -t x . \\\n          --push\n        kubectl apply -f k8s/\n",
    ),
    (
        ".gitlab-ci.yml",
        "stages: [a]\nb: {stage: a, before_script: [cd web], script: [\"docker build -t $X .\"], rules: [{changes: [\"web/*\"]}]}\n",
    ),
    (
        ".circleci/config.yml",
        "jobs: {a: {steps: [{run: {command: helm upgrade a ./web, working_directory: web}}]}}\n",
    ),
    (
        "azure-pipelines.yml",
        "trigger: {paths: {include: [\"web/*\"]}}\nsteps: [{task: Docker@2, inputs: {Dockerfile: $(x)/Dockerfile}}, {script: mvn package}]\n",
    ),
    (".travis.yml", "env: [A=web]\nscript: [cd $A, mvn package]\n"),
    (
        "web/Jenkinsfile",
        "pipeline { stages { stage('a') { steps { dir('web') { sh '''docker build . ''' } } } } }\n",
    ),
    (
        "argo/a.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec: {generators: [{list: {elements: [{n: a}]}}], template: {spec: {source: {repoURL: \"https://host.dev/org/repo\", path: \"k8s/{{n}}\"}}}}\n---\napiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: p}\nspec: {tasks: [{name: t, params: [{name: CONTEXT, value: web}]}]}\n",
    ),
    ("stave.toml", "name = \"a\"\n[scan]\ninclude = [\"test/*\"]\nexclude = [\"old/\", \"**/x*.yaml\"]\n"),
    (
        "stave.toml",
        "name = \"a\"\n[scan]\ninclude = [\"test/*\"]\nexclude = [\"old/\", \"**/x*.yaml\"]\n[tools.a]\ncategory = \"ci\"\nsigns = [\"npm:abc*\"]\n",
    ),
    (
        ".github/workflows/a.yml",
        "jobs: {a: {steps: [{uses: x}]}}\norbs:\n  a: b/c@1\n  - uses: snyk/actions@v1\n",
    ),
    (
        "web/README.md",
        "---\na: b\n---\n<!-- c -->\nWeb\n===\n[![d](e)](f)\n```\ng\n```\n.. h::\n   i\n\n**Shows** [the stock](j_k), e.g. `l <m>`_ \\* of ![n][o] &amp; _all_ shops. P q r.\n",
    ),
    ("Gemfile", "gem 'sentry-ruby', '~> 5'\n"),
    ("main.tf", "provider \"aws\" {}\nsource = \"a/b\"\n"),
    ("index.html", "<script src=\"//cdn.segment.com/a.js\"></script>\n"),
    ("a/OWNERS", "approvers: [b, c]\nfilters: {\".*\": {approvers: [d]}}\n"),
    ("web/README.md", "# a\n[![b](c.svg)](https://u:p@x.dev/?t=1) [![](d \"e\")](<https://y.dev>)\n"),
    (
        "service.datadog.yaml",
        "schema-version: v2.2\ndd-service: a\nteam: b\ntier: \"1\"\nlinks: [{name: c, url: \"https://u:p@x.dev/?t=1\"}]\n---\napiVersion: v3\nkind: service\nmetadata: {name: d, owner: e}\nspec: {lifecycle: f}\n",
    ),
    (
        "opslevel.yml",
        "version: 1\nservice: {name: A B, owner: b@example.com, aliases: [c], tools: [{name: d, url: e}]}\n",
    ),
    (
        "web/cortex.yaml",
        "openapi: 3.0.1\ninfo: {title: A, x-cortex-tag: a, x-cortex-owners: [{type: group, name: b}, {type: email, email: c@example.com}]}\n",
    ),
    ("OWNERS_ALIASES", "aliases: {b: [d, e@example.com]}\n"),
    (
        "template.yaml",
        "Parameters: {N: {Type: String}}\nResources:\n  F: {Type: \"AWS::Serverless::Function\", Properties: {CodeUri: web/, Environment: {Variables: {T: !GetAtt T.Arn, A_URL: \"http://web:80\"}}, Events: {E: {Type: SQS, Properties: {Queue: !Sub \"${Q.Arn}\"}}, H: {Type: Api, Properties: {Path: /a, Method: get}}}}}\n  T: {Type: \"AWS::DynamoDB::Table\", Properties: {TableName: !Ref N}}\n  Q: {Type: \"AWS::SQS::Queue\"}\n  M: {Type: \"AWS::SNS::Subscription\", Properties: {Endpoint: {\"Fn::GetAtt\": [F, Arn]}, TopicArn: {Ref: Q}}}\n  S: {Type: \"AWS::ECS::Service\", Properties: {TaskDefinition: !Ref D}}\n  D: {Type: \"AWS::ECS::TaskDefinition\", Properties: {ContainerDefinitions: [{Image: x/a, Environment: [{Name: B, Value: !Ref T}]}]}}\n",
    ),
    (
        "fn/serverless.yml",
        "service: {name: a}\nprovider: {environment: {T: {Ref: T}}}\nfunctions:\n  f: {handler: a.b, events: [{http: GET /c}, {httpApi: {path: d, method: any}}, {sqs: {arn: {\"Fn::GetAtt\": [Q, Arn]}}}, sns: e]}\nresources: [{Resources: {T: {Type: \"AWS::DynamoDB::Table\"}}}]\n",
    ),
    (
        "Pulumi.yaml",
        "name: a\nruntime: yaml\nresources:\n  f: {type: \"aws:lambda/function:Function\", properties: {environment: {variables: {Q: \"${q.url}\"}}}}\n  q: {type: \"aws:sqs:Queue\"}\n",
    ),
    (
        "taskdef.json",
        "{\"family\": \"a-task\", \"containerDefinitions\": [{\"name\": \"b\", \"image\": \"x/a:1\", \"environment\": [{\"name\": \"C_URL\", \"value\": \"http://web:80\"}]}]}",
    ),
    (
        "deploy/a.nomad",
        "job \"a\" {\n  type = \"batch\"\n  group \"b\" {\n    service {\n      name = \"c\"\n      connect { sidecar_service { proxy { upstreams { destination_name = \"web\" } } } }\n    }\n    task \"d\" {\n      config { image = \"x/a:1\" }\n      env { E_URL = \"http://web:80\" }\n      template {\n        data = <<EOH\n{ x\nEOH\n      }\n    }\n    task \"f\" { lifecycle { hook = \"prestart\" } }\n  }\n}\n",
    ),
    (
        "skaffold.yaml",
        "apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {artifacts: [{image: x/a, context: web, docker: {dockerfile: ../Dockerfile}}]}\n",
    ),
    (
        "Tiltfile",
        "docker_build('x/a', './web', dockerfile='Dockerfile')\ncustom_build(ref='b', deps=['a'])\nk8s_resource('a', new_name='b', port_forwards=['8080:80', port_forward(1, 2)], resource_deps=['web'])\n",
    ),
    (
        "helmfile.yaml",
        "{{ if .a }}\nreleases:\n- name: a\n  namespace: shop-prod\n  chart: bitnami/redis\n  needs: [b/web]\n  values: [x.yaml, {image: {repository: y}, env: [{name: A_URL, value: \"http://web:80\"}]}]\n",
    ),
    (
        "flux/a.yaml",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec: {dependsOn: [{name: web}], chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository}}}, values: {a: \"http://web:80\"}}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: b}\nspec: {source: {chart: postgresql, helm: {values: \"a: [b]\", parameters: [{name: c, value: d}]}}}\n",
    ),
    ("web/Procfile", "web: node .\nworker: cd a && node b\nrelease: c\n"),
    (
        "a@.service",
        "[Unit]\nDescription=a\nAfter=b.service \\\n c@d.service\n[Service]\nExecStart=-/usr/bin/e --f\nEnvironment=\"G_URL=http://web:80\" 'H=i j'\n",
    ),
    ("inventories/prod/hosts", "[web]\na[01:10] ansible_host=b\n[all:children]\nweb\n[c:vars]\nd=e\n"),
    ("inventory.yml", "all: {hosts: {a: }, children: {web: {hosts: {\"b[1:3]\": }, children: {c: }}}}\n"),
    (
        "site.yml",
        "- hosts: web:!c\n  roles: [redis, {role: d.nginx}, shop]\n  tasks:\n  - block:\n    - docker_container: {name: a, image: \"x/a:1\", ports: [\"1:2\"], env: {E_URL: \"http://web:80\"}}\n  - service: name=etcd state=started\n",
    ),
    (
        "roles/shop/tasks/main.yml",
        "- podman_container: {name: b, image: \"{{ r }}/b\", publish: \"80:80\"}\n",
    ),
    ("CODEOWNERS", "* @a/b\n/x/ c@example.com @d\n[S] @e\n/y\n"),
];

/// Reads and links files; checks every claim.
fn run(files: &[(String, Vec<u8>)]) {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (&**path, &**bytes)).collect();
    for claims in read_files("host.dev/org/repo", &files, &Nobody).values() {
        for claim in claims {
            claim.check().unwrap();
        }
    }
}

#[test]
fn every_reader_has_a_sample_that_it_reads() {
    for reader in READERS {
        let read = SAMPLES.iter().any(|(path, text)| {
            let file = SourceFile::new(path, text);
            (reader.wants)(path, &file.name()) && matches!((reader.read)(&file), Ok(Some(_)))
        });
        assert!(read, "{}", reader.name);
    }
    run(&SAMPLES
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect::<Vec<_>>());
}

/// A change of a text: cut, repeat, insert, replace.
fn damage(text: &str, edits: &[(u8, prop::sample::Index, prop::sample::Index, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (kind, from, to, new) in edits {
        if bytes.is_empty() {
            break;
        }
        let (a, b) = (from.index(bytes.len()), to.index(bytes.len()));
        let (a, b) = (a.min(b), a.max(b));
        match kind % 4 {
            0 => drop(bytes.drain(a..b)),
            1 => {
                let part = bytes[a..b].to_vec();
                bytes.splice(a..a, part);
            }
            2 => drop(bytes.splice(a..a, new.iter().copied())),
            _ => drop(bytes.splice(a..b, new.iter().copied())),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        for content in [bytes, text.into_bytes()] {
            run(&SAMPLES.iter().map(|(path, _)| ((*path).to_owned(), content.clone())).collect::<Vec<_>>());
        }
    }

    #[test]
    fn texts_of_the_formats_own_characters_never_panic(text in "[-\\[\\]{}:,&*#?|<>%@!'\"=.$/ \\nabk0]{0,160}") {
        run(&SAMPLES.iter().map(|(path, _)| ((*path).to_owned(), text.clone().into_bytes())).collect::<Vec<_>>());
    }

    #[test]
    fn damaged_documents_never_panic(
        edits in prop::collection::vec(
            (any::<u8>(), any::<prop::sample::Index>(), any::<prop::sample::Index>(),
             prop_oneof![
                prop::collection::vec(any::<u8>(), 0..6),
                Just(b"${A:-${B}}".to_vec()), Just(b"\n  - &a [*a]".to_vec()), Just(b"{{ x }}".to_vec()),
                Just("é\u{202e}".as_bytes().to_vec()), Just(b"://@:".to_vec()), Just(b"/#%".to_vec()),
             ]),
            1..5)
    ) {
        let files: Vec<(String, Vec<u8>)> =
            SAMPLES.iter().map(|(path, text)| ((*path).to_owned(), damage(text, &edits))).collect();
        run(&files);
    }
}

/// Who writes a key of ten thousand parts wants the stack to end.
#[test]
fn the_deepest_documents_never_end_the_stack() {
    let deep = 10_000;
    let documents = [
        format!("{} = 1\n", vec!["a"; deep].join(".")),
        format!("[{}]\nb = 1\n", vec!["a"; deep].join(".")),
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}1{}", "{a = ".repeat(deep), "}".repeat(deep)),
        "[".repeat(deep),
        "{\"a\":".repeat(deep),
        "- ".repeat(deep),
        "a: {".repeat(deep),
        (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        "<a>".repeat(deep),
        "${A:-".repeat(deep),
        "a { ".repeat(deep),
        "(".repeat(deep),
        format!("{}: b\n", vec!["a"; deep].join(".")),
        format!("a=[{}]", "\"b\",".repeat(deep)),
        format!("{{{{ {}", "(".repeat(deep)),
        format!("{{{{ a {} }}}}", "| a".repeat(deep)),
        format!("{{{{ .{} }}}}", ".a".repeat(deep)),
        "{{ if a }}".repeat(deep),
    ];
    for content in documents {
        run(&SAMPLES
            .iter()
            .map(|(path, _)| ((*path).to_owned(), content.clone().into_bytes()))
            .collect::<Vec<_>>());
    }
}
