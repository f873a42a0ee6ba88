//! Catalog files and CODEOWNERS: what people declare.

use stave_model::Basis;

use crate::support::{Folder, are_one, at, claims, links, pieces, set};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: orders
  title: Orders
  description: Takes orders. See https://wiki:pw@wiki.acme.dev/x?token=1
  tags: [core]
  links: [{url: "https://me:pw@dash.acme.dev/d/1?key=2", title: d}]
spec:
  type: service
  lifecycle: production
  owner: payments
  system: shop
  dependsOn: ["resource:orders-db", "component:other/audit"]
  providesApis: [orders-api]
  consumesApis: [mail-api]
  subcomponentOf: suite
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: orders-api}
spec: {type: openapi, owner: user:default/someone, lifecycle: production}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: orders-db}
spec: {type: database, owner: group:payments}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop}
spec: {owner: payments, domain: sales}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments}
spec: {type: team, parent: division, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: someone}
spec: {profile: {displayName: Some One, email: someone@example.com}, memberOf: [payments]}
---
apiVersion: backstage.io/v1alpha1
kind: Template
metadata: {name: t}
"#;

#[test]
fn a_catalog_declares_pieces_relations_and_owners() {
    let folder = Folder::new(&[
        ("services/orders/catalog-info.yaml", CATALOG),
        ("services/orders/package.json", "{\"name\": \"orders\", \"scripts\": {\"start\": \"x\"}}"),
        (
            "compose.yaml",
            "services:\n  orders:\n    build: services/orders\n    environment: {DB: \"postgres://orders-db/x\"}\n  orders-db: {image: postgres}\n",
        ),
    ]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "https://host.example/acme/shop"]);
    let tree = folder.tree();
    assert!(
        pieces(&tree).is_superset(&set(&[
            "orders: service",
            "orders-api: openapi",
            "orders-db: database",
            "payments: team"
        ])),
        "{:?}",
        pieces(&tree)
    );
    let orders = at(&tree, "services/orders#catalog/component:default/orders");
    assert!(are_one(&tree, &orders, &at(&tree, "#compose/orders")));
    assert!(are_one(&tree, &orders, &at(&tree, "services/orders#npm/orders")));
    assert!(are_one(
        &tree,
        &at(&tree, "services/orders#catalog/resource:default/orders-db"),
        &at(&tree, "#compose/orders-db")
    ));
    let declared: Vec<String> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.basis == Basis::Declared && claim.to.is_some())
        .map(|claim| format!("{} {}", claim.kind, claim.to.as_deref().unwrap()))
        .collect();
    for want in [
        "part_of catalog:system:default/shop",
        "part_of catalog:component:default/suite",
        "provides_api catalog:api:default/orders-api",
        "consumes_api catalog:api:default/mail-api",
        "depends_on catalog:component:other/audit",
        "tag core",
        "link https://dash.acme.dev/d/1",
        "part_of catalog:domain:default/sales",
    ] {
        assert!(declared.contains(&want.to_owned()), "{want} is none of {declared:?}");
    }
    // What the catalog and the settings both say is one relation.
    assert!(
        links(&tree).contains("orders stores_in orders-db")
            && !links(&tree).contains("orders depends_on orders-db")
    );
    let owned = claims(&tree)
        .into_iter()
        .find(|claim| claim.kind == "owned_by" && claim.of.as_str() == orders)
        .unwrap();
    assert_eq!(owned.value, Some(serde_json::json!(["catalog:group:default/payments"])));
    let group = owned.keys.iter().find(|(of, _)| of.as_str() == "catalog:group:default/payments").unwrap();
    assert!(group.1.iter().any(|key| key.as_str() == "team:host.example/acme/payments"));
    let description = claims(&tree).into_iter().find(|claim| claim.kind == "description").unwrap();
    assert_eq!(description.value, Some("Takes orders. See https://wiki.acme.dev/x".into()));
    let all = format!("{:?}", claims(&tree));
    for secret in ["pw@", "token=1", "key=2", "someone@example.com", "Some One"] {
        assert!(!all.contains(secret), "{secret}");
    }
    assert!(claims(&tree).iter().any(|claim| claim.kind == "member_of" && claim.of.kind() == "person"));
}

#[test]
fn codeowners_own_the_pieces_of_their_folders() {
    let folder = Folder::new(&[
        ("CODEOWNERS", "* @nobody/here\n"),
        (
            ".github/CODEOWNERS",
            "* @acme/platform\n/services/orders/ @acme/orders group@example.com\n*.md @acme/docs\n/services/free/\n",
        ),
        ("services/orders/Dockerfile", "FROM node\nCMD x\n"),
        ("services/free/Dockerfile", "FROM node\nCMD x\n"),
        (
            "compose.yaml",
            "services:\n  orders: {build: services/orders}\n  free: {build: services/free}\n  db: {image: postgres}\n",
        ),
    ]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "https://host.example/acme/shop"]);
    let tree = folder.tree();
    let owners = |name: &str| -> Option<String> {
        let claim = claims(&tree)
            .into_iter()
            .find(|claim| claim.kind == "owned_by" && claim.of.as_str().ends_with(name))?;
        assert_eq!(claim.basis, Basis::Declared);
        Some(claim.value.as_ref().unwrap().to_string())
    };
    let orders = owners("#compose/orders").unwrap();
    assert!(
        orders.contains("team:host.example/acme/orders")
            && orders.contains("person:")
            && !orders.contains("example.com/acme/x")
    );
    assert_eq!(owners("#compose/db").as_deref(), Some("[\"team:host.example/acme/platform\"]"));
    assert_eq!(owners("#compose/free"), None, "a rule without owners takes them away");
    assert_eq!(
        owners("repo:host.example/acme/shop").as_deref(),
        Some("[\"team:host.example/acme/platform\"]")
    );
    assert!(!format!("{:?}", claims(&tree)).contains("group@example.com"));
}

#[test]
fn words_with_an_at_that_name_nobody_own_nothing() {
    let owners = "* @acme/all @@maintainer @acme/x=postgres://u:hush@db/y\" postgres://u:hush@db/x @a\"b @acme//c @ a@\n";
    let folder = Folder::new(&[("CODEOWNERS", owners), ("services/orders/Dockerfile", "FROM node\nCMD x\n")]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "https://host.example/acme/shop"]);
    let tree = folder.tree();
    let named: Vec<String> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.kind == "owned_by")
        .map(|claim| claim.value.as_ref().unwrap().to_string())
        .collect();
    assert!(!named.is_empty());
    for owners in named {
        assert_eq!(owners, "[\"team:host.example/acme/all\"]");
    }
}

#[test]
fn annotations_that_name_a_page_become_links_and_keys_do_not() {
    let catalog = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: orders\n  annotations:\n    \
                   github.com/project-slug: acme/orders\n    pagerduty.com/service-id: PABC123\n    \
                   pagerduty.com/integration-key: 0123456789abcdef0123456789abcdef\n    \
                   gitlab.com/project-slug: \"acme/x?token=1\"\n    \
                   grafana/overview-dashboard: https://me:pw@dash.acme.dev/d/1?token=2\n    \
                   backstage.io/techdocs-ref: url:https://docs.acme.dev/orders\n    \
                   sentry.io/project-slug: acme/orders\n    acme.dev/runbook-url: https://run.acme.dev/orders\n    \
                   jira/project-key: ORD\n    acme.dev/tier: \"2\"\n  labels: {acme.dev/tier: gold}\n  \
                   links: [{url: \"https://run.acme.dev/orders\", title: On call}, {url: \"https://x.acme.dev\", type: admin}]\n\
                   spec: {type: service}\n";
    let folder = Folder::new(&[("catalog-info.yaml", catalog)]);
    let tree = folder.tree();
    let links: Vec<String> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.kind == "link")
        .map(|claim| {
            let title = claim.value.as_ref().and_then(|value| value["title"].as_str());
            format!("{} {}", claim.to.as_deref().unwrap(), title.unwrap())
        })
        .collect();
    assert_eq!(
        links,
        [
            "https://app.pagerduty.com/service-directory/PABC123 PagerDuty",
            "https://dash.acme.dev/d/1 Dashboard",
            "https://docs.acme.dev/orders Documentation",
            "https://github.com/acme/orders GitHub",
            "https://run.acme.dev/orders On call",
            "https://sentry.io/organizations/acme/projects/orders/ Sentry",
            "https://x.acme.dev admin",
        ]
    );
    let tier = claims(&tree).into_iter().find(|claim| claim.kind == "tier").unwrap();
    assert_eq!(tier.value, Some("gold".into()));
}

#[test]
fn approvers_own_what_lies_in_their_folder_and_codeowners_win() {
    let folder = Folder::new(&[
        ("OWNERS", "approvers: [leads]\nreviewers: [rita]\n"),
        ("OWNERS_ALIASES", "aliases:\n  leads: [anna, ben]\n  unused: [zoe]\n"),
        ("services/OWNERS", "reviewers: [rita]\n"),
        (
            "services/orders/OWNERS",
            "approvers:\n- Cleo\n- Leads\n- acme/nobody\noptions: {no_parent_owners: true}\n",
        ),
        (
            "services/mail/OWNERS",
            "filters:\n  \".*\": {approvers: [dora@example.com]}\n  \"x\": {approvers: [x]}\n",
        ),
        ("services/other/OWNERS", "someone@example.com\nper-file *.md=file://x\n"),
        (".github/CODEOWNERS", "/services/cart/ @acme/cart\n"),
        ("services/orders/Dockerfile", "FROM node\nCMD x\n"),
        ("services/mail/Dockerfile", "FROM node\nCMD x\n"),
        ("services/cart/Dockerfile", "FROM node\nCMD x\n"),
        ("services/cart/OWNERS", "approvers: [anna]\n"),
        ("services/other/Dockerfile", "FROM node\nCMD x\n"),
    ]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "https://host.example/acme/shop"]);
    let tree = folder.tree();
    assert!(tree.warnings.is_empty(), "{:?}", tree.warnings);
    let owners = |name: &str| -> Vec<String> {
        let of = |claim: &&stave_model::Claim| claim.kind == "owned_by" && claim.of.as_str().ends_with(name);
        let claim = claims(&tree).into_iter().find(of).unwrap();
        let owners = claim.value.as_ref().unwrap().as_array().unwrap();
        owners.iter().map(|one| one.as_str().unwrap().split(':').next().unwrap().to_owned()).collect()
    };
    for (name, want) in [
        ("#docker/orders", &["person", "repo"][..]),
        ("#docker/mail", &["person"]),
        ("#docker/cart", &["team"]),
        ("#docker/other", &["repo"]),
        ("repo:host.example/acme/shop", &["repo"]),
    ] {
        assert_eq!(owners(name), want, "{name}");
    }
    let leads = "repo:host.example/acme/shop//#owners/leads";
    let members: Vec<_> = claims(&tree).into_iter().filter(|claim| claim.kind == "member_of").collect();
    assert_eq!(members.len(), 2);
    assert!(members.iter().all(|claim| claim.of.kind() == "person"
        && claim.value == Some(serde_json::json!([leads]))
        && claim.basis == Basis::Declared));
    assert!(
        claims(&tree).iter().any(|claim| claim.of.as_str() == leads && claim.value == Some("group".into()))
    );
    let all = format!("{:?}", claims(&tree));
    for name in ["anna", "Cleo", "cleo", "dora", "unused", "zoe", "nobody", "rita"] {
        assert!(!all.contains(name), "{name}");
    }
}

#[test]
fn badges_are_links_of_the_piece_whose_folder_the_readme_lies_in() {
    let badge = |name: &str| format!("# x\n[![{name}](b.svg)](https://me:pw@ci.acme.dev/{name}?token=1)\n");
    let folder = Folder::new(&[
        ("README.md", &badge("all")),
        ("services/README.md", &badge("services")),
        ("services/orders/README.md", &badge("orders")),
        ("services/orders/docs/README.md", &badge("docs")),
        ("services/orders/Dockerfile", "FROM node\nCMD x\n"),
        ("services/two/README.md", &badge("two")),
        ("services/two/Dockerfile", "FROM node\nCMD x\n"),
        (
            "compose.yaml",
            "services:\n  a: {build: services/two, command: a}\n  b: {build: services/two, command: b}\n",
        ),
    ]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "https://host.example/acme/shop"]);
    let tree = folder.tree();
    let found: Vec<String> = claims(&tree)
        .into_iter()
        .filter(|claim| claim.kind == "link")
        .map(|claim| {
            format!("{} {} {}", claim.of, claim.to.as_deref().unwrap(), claim.value.as_ref().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            "repo:host.example/acme/shop https://ci.acme.dev/all {\"title\":\"all\"}",
            "repo:host.example/acme/shop//services/orders#docker/orders https://ci.acme.dev/orders {\"title\":\"orders\"}",
        ]
    );
}

#[test]
fn other_catalogs_descriptors_say_who_owns_what_and_where_its_pages_are() {
    let datadog = "schema-version: v2.2\ndd-service: orders\nteam: shop\ndescription: Takes orders\ntier: \"1\"\n\
                   lifecycle: production\nlinks: [{name: On call, type: runbook, url: \"https://me:pw@run.acme.dev/o?t=1\"}]\n\
                   contacts: [{type: email, contact: hush@example.com}]\n";
    let entity = "apiVersion: v3\nkind: service\nmetadata:\n  name: orders\n  owner: shop\n  description: Takes orders\n  \
                  links: [{name: On call, type: runbook, url: \"https://run.acme.dev/o\"}]\n\
                  spec: {lifecycle: production, tier: \"1\"}\n---\napiVersion: v3\nkind: system\nmetadata: {name: all}\n";
    let opslevel = "version: 1\nservice:\n  name: orders\n  owner: shop\n  description: Takes orders\n  tier: \"1\"\n  \
                    lifecycle: production\n  tools: [{name: On call, category: runbooks, url: \"https://run.acme.dev/o\"}]\n";
    let cortex = "openapi: 3.0.1\ninfo:\n  title: Orders\n  description: Takes orders\n  x-cortex-tag: orders\n  \
                  x-cortex-owners: [{type: group, name: shop}]\n  x-cortex-custom-metadata: {tier: \"1\", lifecycle: production}\n  \
                  x-cortex-link: [{name: On call, type: runbook, url: \"https://run.acme.dev/o\"}]\n";
    for (name, text) in [
        ("service.datadog.yaml", datadog),
        ("entity.datadog.yml", entity),
        ("opslevel.yml", opslevel),
        ("cortex.yaml", cortex),
    ] {
        let path = format!("services/orders/{name}");
        let folder = Folder::new(&[(&path, text), ("services/orders/Dockerfile", "FROM node\nCMD x\n")]);
        folder.commit_all();
        folder.git(&["remote", "add", "origin", "https://host.example/acme/shop"]);
        let tree = folder.tree();
        assert!(tree.warnings.is_empty(), "{name}: {:?}", tree.warnings);
        let orders = at(&tree, "services/orders#descriptor/orders");
        assert!(are_one(&tree, &orders, &at(&tree, "services/orders#docker/orders")), "{name}");
        let said = |kind: &str| -> Vec<String> {
            let all = claims(&tree).into_iter();
            all.filter(|claim| claim.of.as_str() == orders && claim.kind == kind)
                .map(|claim| {
                    format!(
                        "{}{}",
                        claim.to.clone().unwrap_or_default(),
                        claim.value.clone().unwrap_or_default()
                    )
                })
                .collect()
        };
        for (kind, want) in [
            ("tier", "\"1\""),
            ("lifecycle", "\"production\""),
            ("description", "\"Takes orders\""),
            ("link", "https://run.acme.dev/o{\"title\":\"On call\"}"),
            ("owned_by", "[\"catalog:group:default/shop\"]"),
        ] {
            assert_eq!(said(kind), [want], "{name} {kind}");
        }
        let interfaces = claims(&tree).into_iter().filter(|claim| claim.value == Some("api".into())).count();
        assert_eq!(interfaces, 0, "{name}");
        assert!(!format!("{:?}", claims(&tree)).contains("hush"));
    }
}

#[test]
fn owners_by_address_are_persons() {
    let folder = Folder::new(&[(
        "cortex.yaml",
        "info: {x-cortex-tag: a, x-cortex-owners: [{type: email, email: Ann@example.com}, {type: group, name: b}]}\n",
    )]);
    let tree = folder.tree();
    let owned = claims(&tree).into_iter().find(|claim| claim.kind == "owned_by").unwrap();
    let owners = owned.value.as_ref().unwrap().as_array().unwrap();
    assert!(owners.len() == 2 && owners[1].as_str().unwrap().starts_with("person:"), "{owners:?}");
    assert!(!format!("{:?}", claims(&tree)).to_lowercase().contains("ann@"));
}
