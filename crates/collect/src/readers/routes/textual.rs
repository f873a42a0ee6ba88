//! Proxies whose settings are words and lines: nginx, Apache, HAProxy, Caddy.

use std::collections::BTreeMap;

use crate::limits;
use crate::parse::{Block, Ends, ParseError, parse_blocks};

use super::{Proxy, Routes, Server};

pub(super) fn read(proxy: Proxy, text: &str) -> Result<Routes, ParseError> {
    match proxy {
        Proxy::Caddy => caddy(text),
        Proxy::Haproxy => Ok(haproxy(text)),
        Proxy::Apache => Ok(apache(text)),
        _ => nginx(text),
    }
}

/// Where nginx hands requests on.
const PASSES: &[&str] = &["proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass"];

fn nginx(text: &str) -> Result<Routes, ParseError> {
    let blocks = parse_blocks(text, Ends::Semicolon)?;
    let mut routes = Routes::new(Proxy::Nginx);
    let mut variables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    each(&blocks, &mut |_, block| match (block.head(), block.rest()) {
        ("set", [name, value, ..]) => {
            variables.entry(name.clone()).or_default().push(value.clone());
        }
        ("map", [_, name, ..]) => {
            let values = block.children.iter().filter_map(|line| line.rest().last().cloned());
            variables.entry(name.clone()).or_default().extend(values);
        }
        ("root" | "alias" | "try_files", _) => routes.has_files = true,
        _ => {}
    });
    each(&blocks, &mut |_, block| match (block.head(), block.rest()) {
        ("upstream", [name, ..]) => {
            let servers = block.children.iter().filter(|line| line.head() == "server");
            let servers = servers.filter_map(|line| Some((line.rest().first()?.clone(), line.line)));
            routes.pools.entry(name.clone()).or_default().extend(servers);
        }
        (pass, [value, ..]) if PASSES.contains(&pass) => {
            for value in filled(value, &variables) {
                routes.targets.push((value, block.line));
            }
        }
        _ => {}
    });
    Ok(routes)
}

/// A value with a variable that the file itself sets, once for each value that it gets.
fn filled(value: &str, variables: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let Some(at) = value.find('$') else { return vec![value.to_owned()] };
    let behind = &value[at + 1..];
    let (name, rest) = match behind.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        Some((name, rest)) => (name, rest),
        None => {
            let end = behind.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(behind.len());
            behind.split_at(end)
        }
    };
    match variables.get(&format!("${name}")) {
        Some(values) => values.iter().take(32).map(|one| format!("{}{one}{rest}", &value[..at])).collect(),
        // `http://web$request_uri` still names the host.
        None => vec![value.to_owned()],
    }
}

fn each<'a>(blocks: &'a [Block], visit: &mut dyn FnMut(&[&'a str], &'a Block)) {
    let mut around = Vec::new();
    for block in blocks {
        block.walk(&mut around, visit);
    }
}

fn caddy(text: &str) -> Result<Routes, ParseError> {
    let blocks = parse_blocks(text, Ends::Line)?;
    let mut routes = Routes::new(Proxy::Caddy);
    each(&blocks, &mut |_, block| match block.head() {
        "reverse_proxy" | "proxy" | "php_fastcgi" => {
            let to = block.children.iter().filter(|line| line.head() == "to");
            for line in std::iter::once(block).chain(to) {
                let is_target = |word: &&String| !word.starts_with(['/', '@', '*', ':']);
                let words = line.rest().iter().filter(is_target);
                routes.targets.extend(words.map(|word| (caddy_default(word), line.line)));
            }
        }
        "file_server" | "root" | "try_files" => routes.has_files = true,
        _ => {}
    });
    Ok(routes)
}

/// `{$HOST:web:80}` is `web:80` where nothing else is said.
fn caddy_default(word: &str) -> String {
    let Some((before, inner)) = word.split_once("{$") else { return word.to_owned() };
    match inner.split_once('}') {
        Some((inside, after)) => match inside.split_once(':') {
            Some((_, default)) => format!("{before}{default}{after}"),
            None => word.to_owned(),
        },
        None => word.to_owned(),
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (Vec<&str>, u32)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.len() <= limits::LINE_BYTES)
        .map(|(index, line)| (line.trim(), u32::try_from(index).unwrap_or(u32::MAX - 1) + 1))
        .filter(|(line, _)| !line.starts_with('#'))
        .map(|(line, number)| (line.split_whitespace().collect(), number))
}

fn haproxy(text: &str) -> Routes {
    let mut routes = Routes::new(Proxy::Haproxy);
    let mut serves = false;
    for (words, line) in numbered(text) {
        let target: Option<Server> = match words.as_slice() {
            ["backend" | "listen", ..] => {
                serves = true;
                None
            }
            [
                "frontend" | "global" | "defaults" | "peers" | "resolvers" | "mailers" | "userlist"
                | "program" | "cache" | "ring",
                ..,
            ] => {
                serves = false;
                None
            }
            ["server", _, address, ..] if serves => Some(((*address).to_owned(), line)),
            ["server-template", _, _, address, ..] if serves => Some(((*address).to_owned(), line)),
            _ => None,
        };
        routes.targets.extend(target);
    }
    routes
}

fn apache(text: &str) -> Routes {
    let mut routes = Routes::new(Proxy::Apache);
    for (words, line) in numbered(text) {
        let Some(head) = words.first() else { continue };
        let is = |name: &str| head.eq_ignore_ascii_case(name);
        if is("DocumentRoot") {
            routes.has_files = true;
        }
        let is_rewrite = is("RewriteRule") && words.last().is_some_and(|flags| flags.contains('P'));
        if is("ProxyPass") || is("ProxyPassMatch") || is("BalancerMember") || is_rewrite {
            let url = |word: &&&str| word.contains("://") && !word.starts_with("balancer:");
            routes.targets.extend(
                words.iter().filter(url).map(|word| (word.trim_matches(['"', '\'']).to_owned(), line)),
            );
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn targets(proxy: Proxy, text: &str) -> Vec<String> {
        let routes = read(proxy, text).unwrap();
        routes.targets.iter().map(|(value, line)| format!("{value}@{line}")).collect()
    }

    #[test]
    fn nginx_passes_with_variables_and_upstreams() {
        let text = "http {\n upstream up { least_conn; server a:1 weight=2;\n server b:2; }\n server {\n  set $x http://c:3;\n  location / { proxy_pass $x/y; }\n  location /g { grpc_pass grpc://up; }\n  # proxy_pass http://no;\n }\n}\n";
        assert_eq!(targets(Proxy::Nginx, text), ["http://c:3/y@6", "grpc://up@7"]);
        let pools = read(Proxy::Nginx, text).unwrap().pools;
        assert_eq!(pools["up"], [("a:1".to_owned(), 2), ("b:2".to_owned(), 3)]);
    }

    #[test]
    fn haproxy_serves_from_backends_only() {
        let text = "peers p\n server me 10.0.0.1:1024\nbackend b\n  server s1 web:80 check\n  server-template t 3 api.shop:90\nfrontend f\n default_backend b\n";
        assert_eq!(targets(Proxy::Haproxy, text), ["web:80@4", "api.shop:90@5"]);
    }

    #[test]
    fn caddy_and_apache() {
        let text = "example.com {\n reverse_proxy /api/* api:80 {$MORE:more:90}\n handle { reverse_proxy {\n to web:1 web:2\n } }\n}\n";
        assert_eq!(targets(Proxy::Caddy, text), ["api:80@2", "more:90@2", "web:1@4", "web:2@4"]);
        let text = "ProxyPass /a http://a:80/\nProxyPassReverse /a http://a:80/\n<Proxy balancer://c>\nBalancerMember http://b:90\n</Proxy>\nProxyPass /b balancer://c\n";
        assert_eq!(targets(Proxy::Apache, text), ["http://a:80/@1", "http://b:90@4"]);
    }
}
