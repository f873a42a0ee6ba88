//! The smaller formats of deployments: what they put on the map, and what they don't.

use std::collections::BTreeSet;

use crate::support::{Folder, are_one, at, claims, links, pieces, set};

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: front}\nspec: {template: {spec: {containers: [{image: acme-ui}]}}}\n";

#[test]
fn what_skaffold_and_tilt_build_is_the_code_of_its_folder() {
    let skaffold = "apiVersion: skaffold/v4beta6\nkind: Config\nbuild:\n  artifacts:\n  - {image: acme-ui, context: src/web}\n";
    let tilt = "docker_build('acme-ui', 'src/web')\n";
    for (path, text) in [("skaffold.yaml", skaffold), ("Tiltfile", tilt)] {
        let tree = Folder::new(&[
            ("k8s/front.yaml", DEPLOYMENT),
            ("src/web/Dockerfile", "FROM node\nCMD x\n"),
            (path, text),
        ])
        .tree();
        assert_eq!(pieces(&tree), set(&["front: service"]), "{path}");
        assert!(are_one(&tree, &at(&tree, "k8s#k8s/default/front"), &at(&tree, "src/web#docker/web")));
    }
    let tree = Folder::new(&[("skaffold.yaml", skaffold)]).tree();
    assert!(pieces(&tree).is_empty(), "by itself it is no piece");
}

#[test]
fn tilt_says_what_a_workload_waits_for_and_where_it_is_reached() {
    let object = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {{containers: [{{image: acme/{name}}}]}}}}}}\n"
        )
    };
    let tree = Folder::new(&[
        ("k8s/front.yaml", &object("front")),
        ("k8s/stock.yaml", &object("stock-server")),
        ("Tiltfile", "k8s_resource('front', resource_deps=['stock', 'no-such'])\nk8s_resource('stock-server', new_name='stock', port_forwards=9191)\n"),
        // Another program of this machine reaches it at that port.
        ("compose.yaml", "services:\n  tool: {image: acme/tool, environment: {STOCK_URL: \"http://localhost:9191\"}, network_mode: host}\n"),
    ])
    .tree();
    assert_eq!(links(&tree), set(&["front depends_on stock-server", "tool calls stock-server"]));
}

#[test]
fn releases_are_pieces_and_the_repositorys_own_charts_are_not_twice() {
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\nspec: {template: {spec: {containers: [{image: acme/web}]}}}\n";
    let tree = Folder::new(&[
        ("charts/web/Chart.yaml", "name: web\nversion: 1.0.0\n"),
        ("charts/web/templates/d.yaml", template),
        (
            "helmfile.yaml",
            "releases:\n- {name: store, namespace: shop, chart: bitnami/postgresql}\n- name: web\n  chart: ./charts/web\n  needs: [shop/sessions]\n  values:\n  - env: {DB_HOST: store-postgresql, LICENCE_URL: \"https://licence.example.com\"}\n- {name: crds, chart: acme/crds}\n- {name: lost, chart: ./charts/lost}\n",
        ),
        (
            "clusters/prod/sessions.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: sessions, namespace: shop}\nspec: {chart: {spec: {chart: redis, sourceRef: {kind: HelmRepository}}}}\n",
        ),
        (
            "argocd/login.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: login}\nspec: {source: {repoURL: \"https://charts.example.com\", chart: keycloak, helm: {parameters: [{name: db.host, value: \"http://store-postgresql:5432\"}]}}}\n",
        ),
    ])
    .tree();
    let found: Vec<String> = pieces(&tree).into_iter().filter(|piece| !piece.ends_with("pipeline")).collect();
    assert_eq!(found, ["login: identity", "sessions: cache", "store: database", "web: service"]);
    let stores = set(&["web stores_in sessions", "web stores_in store", "login stores_in store"]);
    assert!(stores.is_subset(&links(&tree)), "{:?}", links(&tree));
    assert!(!links(&tree).iter().any(|link| link.contains("licence")), "{:?}", links(&tree));
}

#[test]
fn a_procfile_has_the_app_and_what_runs_beside_it() {
    let procfile = "web: node .\nworker: node worker\nrelease: ./migrate\nredis: redis-server\n";
    let package = "{\"name\": \"orders\", \"scripts\": {\"start\": \"node .\"}}";
    let tree = Folder::new(&[("app/Procfile", procfile), ("app/package.json", package)]).tree();
    assert_eq!(pieces(&tree), set(&["orders: service", "orders-worker: service"]));
    let tree = Folder::new(&[("app/Procfile", procfile)]).tree();
    assert_eq!(pieces(&tree), set(&["app: service", "app-worker: service"]));
    // Compose has both already.
    let compose = "services:\n  shop: {build: ./app}\n  worker: {build: ./app}\n";
    let tree = Folder::new(&[("app/Procfile", procfile), ("compose.yaml", compose)]).tree();
    assert_eq!(pieces(&tree), set(&["shop: service", "worker: service"]));
    let tree = Folder::new(&[("examples/app/Procfile", procfile)]).tree();
    assert!(pieces(&tree).is_empty());
}

#[test]
fn units_of_systemd_are_pieces_that_need_each_other() {
    let tree = Folder::new(&[
        (
            "units/shop-mailer@.service",
            "[Unit]\nDescription=Sends mail\nAfter=network.target shop-orders.service\n[Service]\nExecStart=/opt/mailer\nEnvironment=SMTP_PASSWORD=hush ORDERS_URL=http://shop-orders:80\n",
        ),
        ("units/shop-orders.service", "[Service]\nExecStart=/opt/orders\n"),
        ("units/shop-clean.service", "[Unit]\nWants=shop-orders.service\n[Service]\nType=oneshot\nExecStart=/opt/clean\n"),
        ("bus/org.x.service", "[D-BUS Service]\nName=x\nExec=/x\n"),
    ])
    .tree();
    assert_eq!(pieces(&tree), set(&["shop-mailer: service", "shop-orders: service", "shop-clean: job"]));
    assert_eq!(links(&tree), set(&["shop-mailer calls shop-orders", "shop-clean depends_on shop-orders"]));
    assert!(!format!("{:?}", tree.parts).contains("hush"));
}

#[test]
fn what_ansible_runs_on_the_groups_of_an_inventory() {
    let tree = Folder::new(&[
        ("ops/inventories/prod/hosts", "[web]\nw[1:3]\n[db]\nd1 ansible_password=hush\n[shop:children]\nweb\ndb\n"),
        (
            "ops/site.yml",
            "- hosts: db\n  roles: [geerlingguy.postgresql, common]\n- hosts: \"{{ target }}\"\n  roles: [redis]\n- hosts: web\n  roles: [front]\n",
        ),
        (
            "ops/roles/front/tasks/main.yml",
            "- docker_container:\n    name: front\n    image: acme/front:1\n    env:\n      DB_URL: postgres://app:hush@postgresql:5432/a\n      X_URL: \"http://{{ x }}\"\n- docker_container: {name: \"{{ n }}\", image: acme/n}\n",
        ),
        // Nobody uses it here.
        ("ops/roles/spare/tasks/main.yml", "- docker_container: {name: spare, image: acme/spare}\n"),
        ("ops/roles/front/molecule/default/converge.yml", "- hosts: all\n  roles: [mysql]\n"),
    ])
    .tree();
    assert_eq!(
        pieces(&tree),
        set(&[
            "web: environment",
            "db: environment",
            "shop: environment",
            "postgresql: database",
            "front: service",
        ])
    );
    assert_eq!(
        links(&tree),
        set(&[
            "web part_of shop",
            "db part_of shop",
            "postgresql runs_on db",
            "front runs_on web",
            "front stores_in postgresql",
        ])
    );
    assert!(!format!("{:?}", tree.parts).contains("hush"));
}

#[test]
fn two_projects_of_a_repository_have_groups_of_their_own() {
    let play = "- hosts: db\n  roles: [mysql]\n";
    let tree = Folder::new(&[
        ("a/hosts", "[db]\nx\n"),
        ("a/site.yml", play),
        ("b/inventory/hosts", "[db]\nx\n"),
        ("b/playbooks/site.yml", play),
    ])
    .tree();
    let of_here = |reference: &str| reference.rsplit("//").next().unwrap_or("").to_owned();
    let found: BTreeSet<String> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.kind == "runs_on")
        .map(|claim| {
            format!("{} on {}", of_here(claim.of.as_str()), of_here(claim.to.as_deref().unwrap_or("")))
        })
        .collect();
    assert_eq!(
        found,
        set(&[
            "a#ansible/mysql on a#ansible/group/db",
            "b/playbooks#ansible/mysql on b/inventory#ansible/group/db",
        ])
    );
}

#[test]
fn what_another_file_deploys_is_not_said_again_by_a_role() {
    let tree = Folder::new(&[
        ("compose.yaml", "services:\n  redis: {image: redis}\n"),
        ("hosts.yml", "cache: {hosts: {c1: }}\n"),
        ("site.yml", "- hosts: cache\n  roles: [redis]\n"),
    ])
    .tree();
    assert_eq!(pieces(&tree), set(&["cache: environment", "redis: cache"]));
    assert_eq!(links(&tree), set(&["redis runs_on cache"]));
}

const SAM: &str = r#"
Parameters:
  Name: {Type: String}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Ref Name}
  PaidQueue: {Type: AWS::SQS::Queue}
  News: {Type: AWS::SNS::Topic, Properties: {TopicName: shop-news}}
  Role: {Type: AWS::IAM::Role}
  OrderApi:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          TABLE: !Ref Orders
          QUEUE: !Sub "https://${PaidQueue.QueueName}/x"
          STOCK_URL: http://stock.internal.shop.dev
          PASSWORD: hush
      Events:
        Get: {Type: Api, Properties: {Path: /orders, Method: get}}
  Mailer:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: shop-mailer
      Events:
        Paid: {Type: SQS, Properties: {Queue: !GetAtt PaidQueue.Arn}}
  ToMailer:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref News, Endpoint: !GetAtt Mailer.Arn}
"#;

#[test]
fn resources_of_a_template_are_pieces_and_what_names_them_needs_them() {
    let tree = Folder::new(&[("aws/template.yaml", SAM)]).tree();
    assert_eq!(
        pieces(&tree),
        set(&[
            "orders: database",
            "paid-queue: queue",
            "shop-news: topic",
            "order-api: function",
            "shop-mailer: function",
            "stock.internal.shop.dev: external",
        ])
    );
    assert_eq!(
        links(&tree),
        set(&[
            "order-api stores_in orders",
            "order-api publishes_to paid-queue",
            "order-api calls stock.internal.shop.dev",
            "shop-mailer subscribes_to paid-queue",
            "shop-mailer subscribes_to shop-news",
        ])
    );
    let said = format!("{:?}", tree.parts);
    assert!(said.contains("GET /orders") && !said.contains("hush"));
    let tree =
        Folder::new(&[("examples/aws/template.yaml", SAM), ("cdk.out/a.template.json", "{\"AWS::\": 1}")])
            .tree();
    assert!(pieces(&tree).is_empty());
}

#[test]
fn a_template_in_json_says_the_same_with_long_names() {
    let template = r#"{"Resources": {
        "Orders": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres"}},
        "Web": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Task"}}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [
            {"Image": "acme/web:1", "Environment": [
                {"Name": "DB_HOST", "Value": {"Fn::GetAtt": ["Orders", "Endpoint.Address"]}}]}]}}}}"#;
    let tree = Folder::new(&[("cfn/web.json", template)]).tree();
    assert_eq!(pieces(&tree), set(&["orders: database", "web: service"]));
    assert_eq!(links(&tree), set(&["web stores_in orders"]));
}

#[test]
fn functions_of_serverless_are_pieces_with_endpoints_and_sources() {
    let text = r#"
service: shop
provider: {name: aws, environment: {TABLE: !Ref Orders}}
functions:
  create:
    handler: create.run
    events:
    - http: POST orders
    - httpApi: {path: /more, method: any}
  mail:
    handler: mail.run
    events: [{sqs: {arn: !GetAtt Paid.Arn}}, {schedule: rate(1 hour)}]
resources:
  Resources:
    Orders: {Type: AWS::DynamoDB::Table, Properties: {TableName: "orders-${self:provider.stage}"}}
    Paid: {Type: AWS::SQS::Queue}
"#;
    let tree = Folder::new(&[("fn/serverless.yml", text)]).tree();
    assert_eq!(
        pieces(&tree),
        set(&["shop-create: function", "shop-mail: function", "orders: database", "paid: queue"])
    );
    assert_eq!(
        links(&tree),
        set(&["shop-create stores_in orders", "shop-mail stores_in orders", "shop-mail subscribes_to paid",])
    );
    let said = format!("{:?}", tree.parts);
    assert!(said.contains("POST /orders") && said.contains("\"/more\""));
}

#[test]
fn pulumis_yaml_and_task_definitions() {
    let text = r#"
name: shop
runtime: yaml
resources:
  paid: {type: "aws:sqs/queue:Queue"}
  api:
    type: aws:lambda:Function
    properties: {environment: {variables: {QUEUE: "${paid.url}"}}}
  role: {type: "aws:iam:Role"}
"#;
    let tree = Folder::new(&[("Pulumi.yaml", text)]).tree();
    assert_eq!(pieces(&tree), set(&["api: function", "paid: queue"]));
    assert_eq!(links(&tree), set(&["api publishes_to paid"]));
    let web = r#"{"family": "shop-web-task", "containerDefinitions": [
        {"name": "main", "image": "acme/web:1", "environment": [{"name": "ORDERS_URL", "value": "http://shop-orders:80"}]},
        {"name": "router", "image": "acme/router"}]}"#;
    let orders =
        r#"{"family": "shop-orders", "containerDefinitions": [{"name": "main", "image": "acme/orders"}]}"#;
    let tree =
        Folder::new(&[("ecs/web-task-definition.json", web), ("ecs/orders-taskdef.json", orders)]).tree();
    assert_eq!(pieces(&tree), set(&["shop-web: service", "shop-orders: service"]));
    assert_eq!(links(&tree), set(&["shop-web calls shop-orders"]));
}

#[test]
fn tasks_of_nomad_are_pieces_that_call_each_other() {
    let job = r#"
job "shop" {
  group "front" {
    service {
      name = "shop-front"
      connect { 
        sidecar_service {
          proxy {
            upstreams {
              destination_name = "shop-orders"
              local_bind_port  = 8080
            }
          }
        }
      }
    }
    task "server" {
      driver = "docker"
      config { 
        image = "acme/front:1" # "}"
        args  = ["a", "b"]
      }
      template {
        data = <<EOH
{{ range service "x" }} { {{ end }}
EOH
      }
      env {
        CACHE_URL = "redis://shop-cache.service.consul:6379"
        API_TOKEN = "hush"
      }
    }
    task "prepare" {
      lifecycle { 
        hook = "prestart"
      }
      config { 
        image = "acme/prepare" 
      }
    }
  }
  group "orders" {
    service { 
      name = "shop-orders" 
    }
    task "server" {
      config { 
        image = var.image 
      }
    }
  }
  group "cache" {
    service {
      name = "shop-cache"
    }
    task "redis" {
      config {
        image = "redis:7"
      }
    }
  }
}
job "shop-clean" {
  type = "batch"
  group "g" {
    task "t" {
    }
  }
}
"#;
    let tree = Folder::new(&[("deploy/shop.nomad.hcl", job), ("a/x.hcl", job)]).tree();
    assert_eq!(
        pieces(&tree),
        set(&["front: service", "orders: service", "shop-cache: cache", "shop-clean: job"])
    );
    assert_eq!(links(&tree), set(&["front calls orders", "front stores_in shop-cache"]));
    assert!(!format!("{:?}", tree.parts).contains("hush"));
}
