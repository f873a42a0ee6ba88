//! Settings of proxies: nginx, Apache, HAProxy, Caddy, Envoy, Traefik, Kong. Each says where requests go on to, so
//! whoever the file belongs to `routes_to` what it names.

mod structured;
mod textual;

use std::collections::{BTreeMap, BTreeSet};

use crate::hosts::{HostForm, host_form};
use crate::link::{Form, Origin, Place, Sketch, Target, parent};
use crate::values::addresses;

use super::{Inner, ReadResult, Reader, SourceFile};

const NAME: &str = "routes";

/// Whose settings a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    Nginx,
    Apache,
    Haproxy,
    Caddy,
    Envoy,
    Traefik,
    Kong,
}

impl Proxy {
    /// What images that run it are called like.
    fn words(self) -> &'static [&'static str] {
        match self {
            Proxy::Nginx => &["nginx", "openresty"],
            Proxy::Apache => &["httpd", "apache"],
            Proxy::Haproxy => &["haproxy"],
            Proxy::Caddy => &["caddy"],
            Proxy::Envoy => &["envoy"],
            Proxy::Traefik => &["traefik"],
            Proxy::Kong => &["kong"],
        }
    }
}

/// An address with its line.
pub(super) type Server = (String, u32);

/// What one file says.
#[derive(Debug)]
pub(crate) struct Routes {
    pub(super) proxy: Proxy,
    /// Named groups of servers: upstreams, clusters, backends.
    pub(super) pools: BTreeMap<String, Vec<Server>>,
    /// Where requests go: an address or the name of a pool, here or in another file of the proxy.
    pub(super) targets: Vec<Server>,
    /// Whether it also hands out files of its own: a web server rather than a gateway.
    pub(super) has_files: bool,
}

impl Routes {
    fn new(proxy: Proxy) -> Routes {
        Routes { proxy, pools: BTreeMap::new(), targets: Vec::new(), has_files: false }
    }
}

/// The reader of proxies' settings.
pub(crate) struct RoutesReader;

impl Reader for RoutesReader {
    type Facts = Routes;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &[
        "_pass",
        "upstream",
        "ProxyPass",
        "BalancerMember",
        "static_resources",
        "load_assignment",
        "oadBalancer",
        "backend",
        "listen",
        "proxy",
        "php_fastcgi",
        "_format_version",
    ];

    fn wants(path: &str, name: &str) -> bool {
        if path.split('/').any(|part| part.starts_with('.') && part.len() > 1) {
            return false;
        }
        let is_about = |words: &[&str]| {
            let folder = parent(path).to_ascii_lowercase();
            words.iter().any(|word| name.contains(word) || folder.contains(word))
        };
        match name.rsplit_once('.').map_or("", |(_, end)| end) {
            "conf" | "template" | "tmpl" | "tpl" | "nginx" | "vhost" | "yaml" | "yml" | "caddy"
            | "caddyfile" => true,
            "json" => is_about(&["envoy", "kong"]),
            "toml" => is_about(&["traefik"]),
            "cfg" => is_about(&["haproxy"]),
            _ if name.starts_with("caddyfile") => true,
            "" => is_about(&["sites-enabled", "sites-available", "nginx"]),
            _ => false,
        }
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Routes> {
        let Some(proxy) = proxy_of(&file.name(), file.text) else { return Ok(None) };
        let routes = match proxy {
            Proxy::Envoy | Proxy::Traefik | Proxy::Kong => structured::read(proxy, &file.name(), file.text),
            _ => textual::read(proxy, file.text),
        };
        match routes {
            Ok(routes) => Ok((!routes.targets.is_empty() || !routes.pools.is_empty()).then_some(routes)),
            Err(_) if file.is_template() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn link(facts: Vec<(String, Routes)>, sketch: &mut Sketch<'_>) {
        link_all(&facts, sketch);
    }
}

/// Whether a file is one of these, so that no other reader has to guess at its addresses.
pub(super) fn is_of_proxy(name: &str, text: &str) -> bool {
    proxy_of(name, text).is_some()
}

/// Which proxy's settings a file of this name (lower case) holds, by its content.
fn proxy_of(name: &str, text: &str) -> Option<Proxy> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    let is_haproxy = || {
        let begins = |word: &str| {
            text.lines().any(|line| line.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '\t'])))
        };
        (begins("backend") || begins("listen")) && has(&["server "])
    };
    match end {
        _ if name.starts_with("caddyfile") || matches!(end, "caddy" | "caddyfile") => {
            has(&["proxy", "php_fastcgi"]).then_some(Proxy::Caddy)
        }
        "yaml" | "yml" => {
            if has(&["static_resources:", "load_assignment:"]) && has(&["socket_address"]) {
                Some(Proxy::Envoy)
            } else if has(&["_format_version"]) && has(&["services:", "upstreams:"]) {
                Some(Proxy::Kong)
            } else if has(&["loadBalancer:"]) && has(&["servers:"]) && !has(&["apiVersion:"]) {
                Some(Proxy::Traefik)
            } else {
                None
            }
        }
        "json" => {
            if has(&["\"socket_address\""]) && has(&["\"clusters\"", "\"load_assignment\""]) {
                Some(Proxy::Envoy)
            } else {
                has(&["\"_format_version\""]).then_some(Proxy::Kong)
            }
        }
        "toml" => has(&["loadBalancer", "[backends"]).then_some(Proxy::Traefik),
        "cfg" => is_haproxy().then_some(Proxy::Haproxy),
        "conf" | "template" | "tmpl" | "tpl" | "nginx" | "vhost" | "" => {
            if has(&["proxy_pass", "fastcgi_pass", "grpc_pass", "uwsgi_pass", "scgi_pass"])
                || has(&["upstream "]) && has(&["server "])
            {
                Some(Proxy::Nginx)
            } else if has(&["ProxyPass", "BalancerMember"]) {
                Some(Proxy::Apache)
            } else {
                is_haproxy().then_some(Proxy::Haproxy)
            }
        }
        _ => None,
    }
}

/// The host that an address or the name of a pool begins with.
fn host_part(value: &str) -> &str {
    let value = value.split_once("://").map_or(value, |(_, rest)| rest);
    value.split([':', '/', '?']).next().unwrap_or(value)
}

fn link_all(facts: &[(String, Routes)], sketch: &mut Sketch<'_>) {
    let mut used: BTreeSet<(usize, &str)> = BTreeSet::new();
    let mut found: Vec<(usize, String, Place)> = Vec::new();
    for (index, (path, routes)) in facts.iter().enumerate() {
        for (value, line) in &routes.targets {
            match pool_of(facts, index, host_part(value)) {
                Some((owner, name, servers)) => {
                    used.insert((owner, name));
                    let at = &facts[owner].0;
                    found.extend(
                        servers.iter().map(|(server, line)| (index, server.clone(), (at.clone(), *line))),
                    );
                }
                None => found.push((index, value.clone(), (path.clone(), *line))),
            }
        }
    }
    let origins: Vec<Vec<Origin>> =
        facts.iter().map(|(path, routes)| origins_of(path, routes.proxy, sketch)).collect();
    for (index, value, at) in found {
        for origin in &origins[index] {
            mention(sketch, NAME, origin, "upstream", &value, &at, true, None);
        }
    }
    // What no route leads to serves the proxy itself: where it sends traces, asks who may pass, counts.
    for (index, (path, routes)) in facts.iter().enumerate() {
        for (name, servers) in routes.pools.iter().filter(|(name, _)| !used.contains(&(index, name.as_str())))
        {
            for (server, line) in servers {
                let setting = format!("{name}_host");
                for origin in &origins[index] {
                    mention(sketch, NAME, origin, &setting, server, &(path.clone(), *line), false, None);
                }
            }
        }
    }
    for ((path, routes), origins) in facts.iter().zip(&origins) {
        if !routes.targets.is_empty() && !routes.has_files {
            origins.iter().for_each(|origin| make_gateway(path, origin, sketch));
        }
    }
}

/// The pool of a name: of the file itself, else of the file of the same proxy that lies nearest.
fn pool_of<'a>(
    facts: &'a [(String, Routes)],
    from: usize,
    name: &str,
) -> Option<(usize, &'a str, &'a [Server])> {
    let own = &facts[from];
    if let Some((name, servers)) = own.1.pools.get_key_value(name) {
        return Some((from, name, servers));
    }
    let shared = |path: &str| {
        parent(path).split('/').zip(parent(&own.0).split('/')).take_while(|(a, b)| a == b).count()
    };
    let of_name = || {
        let same = facts.iter().enumerate().filter(|(_, (_, routes))| routes.proxy == own.1.proxy);
        same.filter_map(|(index, (path, routes))| {
            let (name, servers) = routes.pools.get_key_value(name)?;
            Some((shared(path), (index, name.as_str(), servers.as_slice())))
        })
    };
    let best = of_name().map(|(near, _)| near).max()?;
    let mut nearest = of_name().filter(|(near, _)| *near == best);
    let (_, one) = nearest.next()?;
    nearest.next().is_none().then_some(one)
}

/// Who a proxy's settings belong to: who mounts them, whose code they lie with, else the only piece that runs such a
/// proxy.
fn origins_of(path: &str, proxy: Proxy, sketch: &Sketch<'_>) -> Vec<Origin> {
    origins_by(path, sketch, &|image| {
        let mut words = image.split(['-', '_', '.']);
        words.any(|word| proxy.words().contains(&word)) && !image.contains("exporter")
    })
}

/// As [`origins_of`], with any rule for the names of images (without what stands before the last slash).
pub(super) fn origins_by(path: &str, sketch: &Sketch<'_>, runs: &dyn Fn(&str) -> bool) -> Vec<Origin> {
    let file = || vec![Origin::File(path.to_owned())];
    let is_one = |piece: &crate::link::Piece| piece.images.iter().any(|image| runs(image.base()));
    let mounting: BTreeSet<usize> =
        sketch.mounts.iter().filter(|(mount, _)| is_below(path, mount)).map(|(_, piece)| *piece).collect();
    if !mounting.is_empty() {
        // A folder with everybody's settings is mounted by everybody.
        let running: Vec<Origin> =
            mounting.into_iter().filter(|piece| is_one(&sketch.pieces[*piece])).map(Origin::Piece).collect();
        return if running.is_empty() { file() } else { running };
    }
    if sketch.homes.contains(parent(path)) {
        return file();
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (index, piece) in sketch.pieces.iter().enumerate() {
        if piece.form == Form::Deployed && is_one(piece) {
            names.entry(piece.name.to_lowercase()).or_insert(index);
        }
    }
    match names.len() {
        1 => names.into_values().map(Origin::Piece).collect(),
        _ => file(),
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// What is built for nothing but a proxy's settings is a gateway. Where code lies beside them, they serve that code.
fn make_gateway(path: &str, origin: &Origin, sketch: &mut Sketch<'_>) {
    let mut folder = parent(path);
    while !folder.is_empty() && !sketch.homes.contains(folder) {
        folder = parent(folder);
    }
    let is_here = |piece: &crate::link::Piece| piece.home.as_deref() == Some(folder);
    let has_code =
        sketch.pieces.iter().any(|piece| is_here(piece) && matches!(piece.form, Form::Code | Form::Settings));
    let mounting: BTreeSet<usize> =
        sketch.mounts.iter().filter(|(mount, _)| is_below(path, mount)).map(|(_, piece)| *piece).collect();
    let chosen: Vec<usize> = match origin {
        Origin::Piece(piece) => vec![*piece],
        _ if !mounting.is_empty() => mounting.into_iter().collect(),
        _ if has_code => Vec::new(),
        _ => {
            let is_running = |piece: &crate::link::Piece| is_here(piece) && piece.form == Form::Deployed;
            (0..sketch.pieces.len()).filter(|index| is_running(&sketch.pieces[*index])).collect()
        }
    };
    let names: BTreeSet<String> =
        chosen.iter().map(|index| sketch.pieces[*index].name.to_lowercase()).collect();
    for index in chosen.into_iter().filter(|_| names.len() == 1) {
        let piece = &mut sketch.pieces[index];
        if piece.typ.is_none() && piece.product.is_none() {
            piece.typ = Some("gateway".to_owned());
        }
    }
}

/// Says that a piece routes to each address in a value, or only that it needs it. A name that nothing else knows is
/// none: these files are full of examples. A full name on the internet that requests go to is outside.
#[expect(clippy::too_many_arguments, reason = "who says what where, as every reader has it at hand")]
fn mention(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    origin: &Origin,
    setting: &str,
    value: &str,
    at: &Place,
    is_route: bool,
    env: Option<&str>,
) {
    for address in addresses(setting, value) {
        let strong = is_route && host_form(&address.host) == HostForm::External;
        let target = Target::Address { name: setting.to_owned(), address, strong };
        sketch.mention(reader, origin.clone(), target, is_route.then_some("routes_to"), at.clone(), env);
    }
}

/// A proxy's settings inside another file: whether it was one.
pub(super) fn mention_inner(sketch: &mut Sketch<'_>, inner: &Inner<'_>) -> bool {
    let Some(routes) = inner.read::<RoutesReader>() else { return false };
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let say = |sketch: &mut Sketch<'_>, setting: &str, value: &str, line: u32, is_route: bool| {
        mention(sketch, inner.reader, inner.origin, setting, value, &inner.place(line), is_route, inner.env);
    };
    for (value, line) in &routes.targets {
        match routes.pools.get_key_value(host_part(value)) {
            Some((name, servers)) => {
                used.insert(name);
                for (server, line) in servers {
                    say(sketch, "upstream", server, *line, true);
                }
            }
            None => say(sketch, "upstream", value, *line, true),
        }
    }
    for (name, servers) in routes.pools.iter().filter(|(name, _)| !used.contains(name.as_str())) {
        for (server, line) in servers {
            say(sketch, &format!("{name}_host"), server, *line, false);
        }
    }
    true
}
