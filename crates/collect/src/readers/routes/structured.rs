//! Proxies whose settings are YAML, JSON or TOML: Envoy, Traefik, Kong.

use crate::parse::{Node, ParseError, Value, parse_json, parse_toml, parse_yaml};

use super::{Proxy, Routes};

pub(super) fn read(proxy: Proxy, name: &str, text: &str) -> Result<Routes, ParseError> {
    let documents = match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "json" => vec![parse_json(text)?],
        "toml" => vec![parse_toml(text)?],
        _ => parse_yaml(text, 0)?,
    };
    let mut routes = Routes::new(proxy);
    for root in &documents {
        match proxy {
            Proxy::Kong => kong(root, &mut routes),
            Proxy::Traefik => traefik(root, &mut routes),
            _ => envoy(root, "", "", &mut routes),
        }
    }
    Ok(routes)
}

/// Clusters wherever they stand, and the names of those that routes lead to.
fn envoy(node: &Node, key: &str, around: &str, routes: &mut Routes) {
    match &node.value {
        Value::Map(entries) => {
            if let (Some(name), true) =
                (node.text_of("name"), node.get("load_assignment").is_some() || node.get("hosts").is_some())
            {
                let mut servers = Vec::new();
                for part in ["load_assignment", "hosts"] {
                    node.get(part).into_iter().for_each(|part| sockets(part, &mut servers));
                }
                routes.pools.entry(name.to_owned()).or_default().extend(servers);
            }
            for (inner, value) in entries {
                envoy(value, inner, key, routes);
            }
        }
        Value::Seq(items) => {
            for item in items {
                if around == "weighted_clusters" && key == "clusters" {
                    routes.targets.extend(item.text_of("name").map(|name| (name.to_owned(), item.line)));
                }
                envoy(item, key, around, routes);
            }
        }
        // `http_uri` and its like ask somebody before a request goes on.
        Value::Scalar(_) if key == "cluster" && !around.ends_with("_uri") => {
            routes.targets.extend(node.text().map(|name| (name.to_owned(), node.line)));
        }
        Value::Scalar(_) | Value::Null => {}
    }
}

fn sockets(node: &Node, servers: &mut Vec<(String, u32)>) {
    if let Some(socket) = node.get("socket_address") {
        if let Some(address) = socket.get("address").and_then(|address| Some((address.text()?, address.line)))
        {
            let (host, line) = address;
            let port = socket.text_of("port_value").filter(|port| port.parse::<u16>().is_ok());
            servers.push((port.map_or(host.to_owned(), |port| format!("{host}:{port}")), line));
        }
        return;
    }
    node.entries().iter().for_each(|(_, value)| sockets(value, servers));
    if let Value::Seq(items) = &node.value {
        items.iter().for_each(|item| sockets(item, servers));
    }
}

/// Servers of the second format (`http.services.X.loadBalancer.servers[].url`) and the first
/// (`backends.X.servers.Y.url`).
fn traefik(root: &Node, routes: &mut Routes) {
    for (key, value, line) in root.flatten() {
        let is_server = key.contains("ervers[") || key.contains(".servers.");
        if is_server && (key.ends_with(".url") || key.ends_with(".address")) {
            routes.targets.push((value.to_owned(), line));
        }
    }
}

fn kong(root: &Node, routes: &mut Routes) {
    for upstream in root.items_of("upstreams") {
        let Some(name) = upstream.text_of("name") else { continue };
        let targets = upstream.items_of("targets").iter();
        let servers =
            targets.filter_map(|one| one.get("target").and_then(|at| Some((at.text()?.to_owned(), at.line))));
        routes.pools.entry(name.to_owned()).or_default().extend(servers);
    }
    for service in root.items_of("services") {
        if let Some(url) = service.get("url") {
            routes.targets.extend(url.text().map(|text| (text.to_owned(), url.line)));
        } else if let Some((host, line)) =
            service.get("host").and_then(|host| Some((host.text()?, host.line)))
        {
            let port = service.text_of("port").filter(|port| port.parse::<u16>().is_ok());
            routes.targets.push((port.map_or(host.to_owned(), |port| format!("{host}:{port}")), line));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn targets(proxy: Proxy, name: &str, text: &str) -> Vec<String> {
        read(proxy, name, text).unwrap().targets.into_iter().map(|(value, _)| value).collect()
    }

    #[test]
    fn envoys_routes_lead_to_clusters() {
        let text = "static_resources:\n  listeners:\n  - filter_chains: [{filters: [{typed_config: {route_config: {virtual_hosts: [{routes: [{route: {cluster: web}}, {route: {weighted_clusters: {clusters: [{name: api, weight: 1}]}}}]}]}, http_filters: [{http_service: {server_uri: {cluster: auth}}}]}}]}]\n  clusters:\n  - name: web\n    load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: web, port_value: 80}}}}]}]}\n  - name: trace\n    hosts: [{socket_address: {address: zipkin, port_value: 9411}}]\n";
        let routes = read(Proxy::Envoy, "envoy.yaml", text).unwrap();
        assert_eq!(routes.targets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["web", "api"]);
        assert_eq!(routes.pools["web"], [("web:80".to_owned(), 6)]);
        assert_eq!(routes.pools["trace"], [("zipkin:9411".to_owned(), 8)]);
    }

    #[test]
    fn traefik_in_both_formats() {
        let text = "http:\n  services:\n    a: {loadBalancer: {servers: [{url: \"http://a:1\"}]}}\ntcp: {services: {b: {loadBalancer: {servers: [{address: \"b:2\"}]}}}}\n";
        assert_eq!(targets(Proxy::Traefik, "d.yml", text), ["http://a:1", "b:2"]);
        let text = "[backends.x.servers.s1]\nurl = \"http://c:3\"\n[[http.services.d.loadBalancer.servers]]\nurl = \"http://d:4\"\n";
        assert_eq!(targets(Proxy::Traefik, "t.toml", text), ["http://c:3", "http://d:4"]);
    }

    #[test]
    fn kongs_services_and_upstreams() {
        let text = "_format_version: \"3.0\"\nservices:\n- {name: a, url: \"http://a:1/x\"}\n- {name: b, host: up}\n- {name: c, host: c, port: 3}\nupstreams:\n- {name: up, targets: [{target: \"b:2\"}]}\n";
        let routes = read(Proxy::Kong, "kong.yml", text).unwrap();
        let values: Vec<&str> = routes.targets.iter().map(|(value, _)| value.as_str()).collect();
        assert_eq!(values, ["http://a:1/x", "up", "c:3"]);
        assert_eq!(routes.pools["up"], [("b:2".to_owned(), 7)]);
    }
}
