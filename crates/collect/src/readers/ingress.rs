//! Ingresses and routes of gateways: under which address a piece is reached, and who routes to it.

use crate::link::{Form, Origin, Sketch, Target};
use crate::parse::Node;

use super::kubernetes::NAME;

/// Under which address of the outside a service is reached.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(super) host: String,
    pub(super) path: String,
    pub(super) service: String,
    pub(super) line: u32,
}

/// The routes of an object that lead in from outside.
pub(super) fn read(kind: &str, node: &Node) -> Vec<Route> {
    // Without a gateway a virtual service is about calls inside the mesh.
    let gateways = node.at(&["spec", "gateways"]).map_or(&[][..], Node::items);
    if kind == "VirtualService" && gateways.iter().all(|gateway| gateway.text() == Some("mesh")) {
        return Vec::new();
    }
    let all = routes(kind, node).into_iter();
    all.map(|(host, path, service, line)| Route { host, path, service, line }).collect()
}

fn routes(kind: &str, node: &Node) -> Vec<(String, String, String, u32)> {
    let mut out = Vec::new();
    let Some(spec) = node.get("spec") else { return out };
    let hosts: Vec<&str> = ["hosts", "hostnames"]
        .iter()
        .flat_map(|key| spec.items_of(key))
        .chain(spec.get("host"))
        .filter_map(Node::text)
        .collect();
    match kind {
        "Ingress" => {
            for backend in [spec.get("defaultBackend"), spec.get("backend")].into_iter().flatten() {
                out.extend(
                    ingress_service(backend)
                        .map(|service| (String::new(), "/".to_owned(), service, backend.line)),
                );
            }
            for rule in spec.items_of("rules") {
                let host = rule.text_of("host").unwrap_or("");
                for path in rule.at(&["http", "paths"]).map_or(&[][..], Node::items) {
                    let Some(service) = path.get("backend").and_then(ingress_service) else { continue };
                    out.push((
                        host.to_owned(),
                        path.text_of("path").unwrap_or("/").to_owned(),
                        service,
                        path.line,
                    ));
                }
            }
        }
        "Route" => {
            if let Some(to) = spec.at(&["to", "name"]) {
                let host = hosts.first().copied().unwrap_or("").to_owned();
                out.extend(to.text().map(|service| (host, "/".to_owned(), service.to_owned(), to.line)));
            }
        }
        "VirtualService" => {
            let host = hosts.first().copied().unwrap_or("");
            for rule in ["http", "tcp", "tls"].iter().flat_map(|key| spec.items_of(key)) {
                for route in rule.items_of("route") {
                    let Some(target) = route.at(&["destination", "host"]) else { continue };
                    out.extend(
                        target
                            .text()
                            .map(|name| (host.to_owned(), "/".to_owned(), name.to_owned(), target.line)),
                    );
                }
            }
        }
        _ => {
            let host = hosts.first().copied().unwrap_or("");
            for rule in spec.items_of("rules").iter().chain(spec.items_of("routes")) {
                for target in rule.items_of("backendRefs").iter().chain(rule.items_of("services")) {
                    let Some(name) = target.get("name") else { continue };
                    out.extend(
                        name.text().map(|text| (host.to_owned(), "/".to_owned(), text.to_owned(), name.line)),
                    );
                }
            }
        }
    }
    out
}

fn ingress_service(backend: &Node) -> Option<String> {
    backend
        .at(&["service", "name"])
        .or_else(|| backend.get("serviceName"))
        .and_then(Node::text)
        .map(str::to_owned)
}

/// What controllers of ingresses and gateways are called in names of images. A plain web server is none.
const CONTROLLERS: &[&str] = &["ingress", "traefik", "kong", "apisix", "contour", "envoy", "proxyv2"];

/// The only piece of the repository that carries out ingresses; with several it can't be told which does.
fn controller(sketch: &Sketch<'_>) -> Option<usize> {
    let mut found: Option<usize> = None;
    for (index, piece) in sketch.pieces.iter().enumerate() {
        let runs = |image: &crate::link::Image| CONTROLLERS.iter().any(|word| image.base().contains(word));
        if piece.reader != NAME || piece.form != Form::Deployed || !piece.images.iter().any(runs) {
            continue;
        }
        match found {
            Some(other) if sketch.pieces[other].name != piece.name => return None,
            Some(_) => {}
            None => found = Some(index),
        }
    }
    found
}

/// Says that a piece is reached through a route, and who routes to it.
pub(super) fn link(sketch: &mut Sketch<'_>, piece: usize, route: &Route, path: &str, env: Option<&str>) {
    let at = (path.to_owned(), route.line);
    let host = route.host.trim();
    if !host.is_empty() && !host.contains(['{', '$', '*']) && !route.path.contains(['{', '$']) {
        sketch.pieces[piece].endpoints.insert(format!("{host}{}", route.path));
        sketch.pieces[piece].at.insert(at.clone());
    }
    if let Some(router) = controller(sketch).filter(|router| *router != piece) {
        sketch.mention(NAME, Origin::Piece(router), Target::Piece(piece), Some("routes_to"), at, env);
    }
}
