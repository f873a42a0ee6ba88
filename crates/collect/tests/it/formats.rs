//! The smaller formats of deployments: what they put on the map, and what they don't.

use crate::support::{Folder, are_one, at, links, pieces, set};

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
