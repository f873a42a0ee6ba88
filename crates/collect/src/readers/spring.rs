//! Spring's settings, and stores of settings that a configuration server hands out. Part of the configuration reader.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits;
use crate::link::{Form, Origin, ProgramSettings, Sketch, Target, base_name, parent};
use crate::parse::{Node, Pair};
use crate::values::is_secret_name;

use super::config::{NAME, Settings, Style, is_spring_name, profile_of};

/// One YAML document as pairs, with its profile.
pub(super) fn document(node: &Node, file: &str) -> (Option<String>, Vec<Pair>) {
    let pairs: Vec<Pair> = node
        .flatten()
        .into_iter()
        .filter(|(key, _, _)| !is_secret_name(key))
        .map(|(key, value, line)| Pair { key, value: value.to_owned(), line })
        .collect();
    let named = ["spring.profiles", "spring.config.activate.on-profile"]
        .iter()
        .find_map(|key| pairs.iter().find(|pair| pair.key == *key || pair.key == format!("{key}[0]")))
        .map(|pair| pair.value.split(',').next().unwrap_or(&pair.value).trim().to_lowercase())
        .filter(|profile| profile.chars().all(|c| c.is_alphanumeric() || c == '-'));
    (named.or_else(|| profile_of(file)), pairs)
}

/// A key without what writing styles differ in: `defaultZone`, `default-zone`, `DEFAULT_ZONE`.
fn plain(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// The folder of the code that a settings file lies in.
fn module_of(path: &str, sketch: &Sketch<'_>) -> String {
    let folder = parent(path);
    let mut at = folder;
    loop {
        if sketch.homes.contains(at) {
            return at.to_owned();
        }
        if at.is_empty() {
            break;
        }
        at = parent(at);
    }
    match folder.find("/src/main/resources") {
        Some(end) => folder[..end].to_owned(),
        None => folder
            .strip_suffix("src/main/resources")
            .map_or(folder, |front| front.trim_end_matches('/'))
            .to_owned(),
    }
}

/// Links settings of Spring applications; hands back the others.
pub(super) fn link(facts: Vec<(String, Settings)>, sketch: &mut Sketch<'_>) -> Vec<(String, Settings)> {
    // Applications by the name that they give themselves, and by module.
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_module: BTreeMap<String, usize> = BTreeMap::new();
    for (path, settings) in &facts {
        if settings.style != Style::Spring || !is_spring_name(base_name(path)) {
            continue;
        }
        for (_, pairs) in &settings.documents {
            let named = pairs.iter().find(|pair| plain(&pair.key) == "spring.application.name");
            let Some(pair) = named else { continue };
            let name = fill(&pair.value, pairs);
            let module = module_of(path, sketch);
            let at = (path.clone(), pair.line);
            let Some(piece) = sketch.piece(NAME, Form::Settings, &module, "spring", &name, at) else {
                continue;
            };
            sketch.pieces[piece].home = Some(module.clone());
            by_name.insert(name.to_lowercase(), piece);
            by_module.entry(module).or_insert(piece);
        }
    }
    // A folder with settings files named after applications is a store of them.
    let mut stores: BTreeSet<String> = BTreeSet::new();
    for (path, settings) in &facts {
        let name = base_name(path);
        if settings.style == Style::Spring && !is_spring_name(name) && app_of(name, &by_name).is_some() {
            stores.insert(parent(path).to_owned());
        }
    }
    let mut others = Vec::new();
    for (path, settings) in facts {
        let name = base_name(&path).to_owned();
        let in_store = stores.contains(parent(&path));
        let app = app_of(&name, &by_name).filter(|_| !is_spring_name(&name));
        let (origin, piece) = match app {
            Some(piece) if settings.style == Style::Spring => (Origin::Piece(piece), Some(piece)),
            _ if is_spring_name(&name) && in_store => (Origin::Shared(parent(&path).to_owned()), None),
            _ if is_spring_name(&name) && settings.style == Style::Spring => {
                (Origin::File(path.clone()), by_module.get(&module_of(&path, sketch)).copied())
            }
            _ => {
                others.push((path, settings));
                continue;
            }
        };
        match origin {
            Origin::Piece(piece) => drop(sketch.handed_out.insert(path.clone(), Some(piece))),
            Origin::Shared(_) => drop(sketch.handed_out.insert(path.clone(), None)),
            _ => {}
        }
        let home = match (&origin, piece) {
            (Origin::Shared(_), _) => None,
            (_, Some(piece)) => sketch.pieces[piece].home.clone(),
            _ => Some(module_of(&path, sketch)),
        };
        let is_native = settings.documents.iter().any(|(_, pairs)| has_native_profile(pairs));
        for (profile, pairs) in settings.documents {
            link_pairs(sketch, &path, &origin, piece, profile.as_deref(), &pairs, is_native);
            sketch.settings.push(ProgramSettings {
                home: home.clone(),
                origin: origin.clone(),
                path: path.clone(),
                env: profile,
                pairs,
            });
        }
    }
    others
}

/// Whether a configuration server keeps its settings itself: another store that is written down is not used then.
fn has_native_profile(pairs: &[Pair]) -> bool {
    pairs.iter().any(|pair| {
        let key = plain(&pair.key);
        (key == "spring.profiles.active" || key.starts_with("spring.profiles.active["))
            && pair.value.split(',').any(|profile| profile.trim() == "native")
    })
}

/// Settings that a program reads in one environment, the nearest first.
fn read_by<'a>(
    sketch: &'a Sketch<'_>,
    home: &'a str,
    env: Option<&'a str>,
) -> impl Iterator<Item = &'a ProgramSettings> {
    let is_own = move |settings: &&ProgramSettings| settings.home.as_deref() == Some(home);
    let is_shared = |settings: &&ProgramSettings| settings.home.is_none();
    let of_env = move |settings: &&ProgramSettings| settings.env.as_deref() == env;
    let always = move |settings: &&ProgramSettings| env.is_some() && settings.env.is_none();
    let own = sketch.settings.iter().filter(is_own).filter(of_env);
    own.chain(sketch.settings.iter().filter(is_own).filter(always))
        .chain(sketch.settings.iter().filter(is_shared).filter(of_env))
        .chain(sketch.settings.iter().filter(is_shared).filter(always))
}

/// The profiles for which a program has settings of its own.
pub(super) fn profiles_of(sketch: &Sketch<'_>, home: &str) -> BTreeSet<String> {
    let own = sketch.settings.iter().filter(|settings| settings.home.as_deref() == Some(home));
    own.filter_map(|settings| settings.env.clone()).collect()
}

/// Fills `${key:default}` from the settings of a program; what is unknown takes its default, else stays.
pub(super) fn fill_from(sketch: &Sketch<'_>, home: &str, env: Option<&str>, text: &str) -> String {
    fill_with(text, &|key| {
        let key = plain(key);
        let mut found = read_by(sketch, home, env).flat_map(|settings| &settings.pairs);
        found.find(|pair| plain(&pair.key) == key).map(|pair| pair.value.clone())
    })
}

/// Whether a program's settings name routes, or forbid those that the registry would give.
pub(super) fn has_zuul_routes(sketch: &Sketch<'_>, home: &str) -> bool {
    let own = sketch.settings.iter().filter(|settings| settings.home.as_deref() == Some(home));
    own.flat_map(|settings| &settings.pairs).any(|pair| {
        let key = plain(&pair.key);
        key.starts_with("zuul.routes.") || key.starts_with("zuul.ignoredservices") && pair.value.contains('*')
    })
}

/// The application that a file of a store is for: `orders.yml`, `orders-prod.yml`.
fn app_of(file: &str, by_name: &BTreeMap<String, usize>) -> Option<usize> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_lowercase();
    let without_profile = stem.rsplit_once('-').map(|(front, _)| front.to_owned());
    by_name.get(&stem).or_else(|| by_name.get(&without_profile?)).copied()
}

/// Fills `${key:default}` from the pairs themselves; what is unknown takes its default, else stays.
fn fill(text: &str, pairs: &[Pair]) -> String {
    fill_with(text, &|key| {
        pairs.iter().find(|pair| plain(&pair.key) == plain(key)).map(|pair| pair.value.clone())
    })
}

fn fill_with(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut value = text.to_owned();
    for _ in 0..limits::INTERPOLATIONS {
        let Some(start) = value.rfind("${") else { break };
        let Some(end) = value[start..].find('}').map(|end| start + end) else { break };
        let body = &value[start + 2..end];
        let (key, default) = body.split_once(':').map_or((body, None), |(key, default)| (key, Some(default)));
        let new = match (lookup(key).filter(|found| !found.contains(body)), default) {
            (Some(found), _) => found,
            (None, Some(default)) => default.to_owned(),
            (None, None) => break,
        };
        value = format!("{}{new}{}", &value[..start], &value[end + 1..]);
        if value.len() > limits::VALUE_BYTES {
            break;
        }
    }
    value
}

fn link_pairs(
    sketch: &mut Sketch<'_>,
    path: &str,
    origin: &Origin,
    piece: Option<usize>,
    env: Option<&str>,
    pairs: &[Pair],
    is_native: bool,
) {
    let off: BTreeSet<String> = pairs
        .iter()
        .filter(|pair| pair.value.trim() == "false")
        .filter_map(|pair| plain(&pair.key).strip_suffix(".enabled").map(str::to_owned))
        .collect();
    for pair in pairs {
        let key = plain(&pair.key);
        let at = (path.to_owned(), pair.line);
        let value = fill(&pair.value, pairs);
        if off.iter().any(|front| key.starts_with(&format!("{front}."))) {
            continue;
        }
        if key == "server.port" {
            if let (Some(piece), Ok(port)) = (piece, value.trim().parse::<u16>())
                && port > 0
            {
                sketch.pieces[piece].ports.insert(port);
                // Without containers this is the port on the machine, unless a profile says otherwise.
                sketch.pieces[piece].published.insert(port);
            }
            continue;
        }
        if offers_registered(&key) && value.trim() == "true" {
            sketch.mention(NAME, origin.clone(), Target::Registered, Some("routes_to"), at, env);
            continue;
        }
        let mut names: Vec<(String, Option<&'static str>)> = Vec::new();
        if let Some(route) = key.strip_prefix("zuul.routes.") {
            match route.split_once('.') {
                // `users: /users/**` routes to the service of that name.
                None => names.push((route_name(&pair.key), Some("routes_to"))),
                Some((_, "serviceid")) => names.push((value.clone(), Some("routes_to"))),
                Some((name, "path")) if !has_route_target(pairs, name) => {
                    names.push((route_name(&pair.key), Some("routes_to")))
                }
                Some(_) => {}
            }
        } else if key.ends_with(".serviceid") || key == "serviceid" {
            names.push((value.clone(), None));
        } else if key.starts_with("turbine.appconfig") {
            // What it shows comes from those applications.
            names.extend(value.split(',').map(|name| (name.trim().to_owned(), Some("depends_on"))));
        }
        for (name, relation) in names {
            let name = name.trim().to_lowercase();
            if !name.is_empty() && !name.contains('$') {
                sketch.mention(
                    NAME,
                    origin.clone(),
                    Target::Name { name, starts: false },
                    relation,
                    at.clone(),
                    env,
                );
            }
        }
        if key.contains("eureka.client") && key.contains("zone") {
            for address in crate::values::addresses(&pair.key, &value) {
                let target = Target::Address { name: pair.key.clone(), address, strong: true };
                sketch.mention(NAME, origin.clone(), target, Some("registers_at"), at.clone(), env);
            }
            continue;
        }
        if let Some(relation) = said_by_key(&key) {
            if is_native && key.starts_with(GIT_STORE) {
                continue;
            }
            for address in crate::values::addresses(&pair.key, &value) {
                let target = Target::Address { name: pair.key.clone(), address, strong: true };
                sketch.mention(NAME, origin.clone(), target, Some(relation), at.clone(), env);
            }
            continue;
        }
        sketch.mention_value(NAME, origin, &pair.key, &value, true, &at, env);
    }
}

/// Whether a key makes a gateway offer every service that it finds in the registry, beside the routes that are written.
fn offers_registered(key: &str) -> bool {
    key.strip_prefix("spring.cloud.gateway.").is_some_and(|rest| rest.ends_with("discovery.locator.enabled"))
}

/// The repository from which a configuration server takes the settings that it hands out.
const GIT_STORE: &str = "spring.cloud.config.server.git.uri";

/// The relation that a key says, whatever lies at the address: a configuration server is configured by its store, and
/// an authorisation server tells a resource server who calls.
fn said_by_key(key: &str) -> Option<&'static str> {
    if key.starts_with("spring.cloud.config.server.") && key.ends_with(".uri") {
        return Some("configured_by");
    }
    let is_guard = [
        "security.oauth2.",
        "spring.oauth2.",
        "spring.security.oauth2.",
        "quarkus.oidc.",
        "micronaut.security.",
        "mp.jwt.",
        "keycloak.",
    ]
    .iter()
    .any(|front| key.starts_with(front));
    let is_talk = key.contains("redirect") || key.contains("logout") || key.contains("endsession");
    (is_guard && !is_talk && (key.ends_with("uri") || key.ends_with("url") || key.ends_with("location")))
        .then_some("depends_on")
}

/// Whether programs send to or receive from their brokers, as their settings tell. Where code tells it of a module
/// (its folder is in `told`), that counts.
pub(super) fn stream_directions(sketch: &mut Sketch<'_>, told: &BTreeSet<String>) {
    let settings = std::mem::take(&mut sketch.settings);
    for one in &settings {
        if one.home.as_ref().is_none_or(|home| !told.contains(home)) {
            directions_of(sketch, &one.path, &one.origin, one.env.as_deref(), &one.pairs);
        }
    }
    sketch.settings = settings;
}

fn directions_of(sketch: &mut Sketch<'_>, path: &str, origin: &Origin, env: Option<&str>, pairs: &[Pair]) {
    let keys: Vec<(String, u32)> = pairs.iter().map(|pair| (plain(&pair.key), pair.line)).collect();
    let on_kafka = keys.iter().any(|(key, _)| key.contains("kafka"));
    let product = if on_kafka { "kafka" } else { "rabbitmq" };
    let Some(product) = crate::products::by_product_name(product) else { return };
    let binding = |key: &str, words: [&str; 2]| {
        key.strip_prefix("spring.cloud.stream.bindings.")
            .and_then(|rest| rest.split('.').next())
            .is_some_and(|name| name.contains(words[0]) || name.contains(words[1]))
    };
    let receives = |key: &str| {
        key.starts_with("spring.kafka.consumer.")
            || key.starts_with("spring.rabbitmq.listener.")
            || binding(key, ["input", "in0"])
    };
    let sends = |key: &str| {
        key.starts_with("spring.kafka.producer.")
            || key.starts_with("spring.rabbitmq.template.")
            || binding(key, ["output", "out0"])
    };
    for (relation, test) in [("subscribes_to", &receives as &dyn Fn(&str) -> bool), ("publishes_to", &sends)]
    {
        if let Some((_, line)) = keys.iter().find(|(key, _)| test(key)) {
            let at = (path.to_owned(), *line);
            sketch.mention(NAME, origin.clone(), Target::Product(product), Some(relation), at, env);
        }
    }
}

/// `users-api` of `zuul.routes.users-api` and `zuul.routes.users-api.path`.
fn route_name(key: &str) -> String {
    key.split('.').nth(2).unwrap_or("").to_owned()
}

fn has_route_target(pairs: &[Pair], route: &str) -> bool {
    let front = format!("zuul.routes.{route}.");
    pairs.iter().any(|pair| {
        let key = plain(&pair.key);
        key.strip_prefix(&front).is_some_and(|end| matches!(end, "serviceid" | "url"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_take_settings_then_defaults() {
        let pairs = [Pair { key: "my.host".to_owned(), value: "db".to_owned(), line: 1 }];
        for (text, want) in [
            ("jdbc:mysql://${my.host}:3306/x", "jdbc:mysql://db:3306/x"),
            ("${X:http://a:1}", "http://a:1"),
            ("${X:${my.host}}", "db"),
            ("${X}", "${X}"),
        ] {
            assert_eq!(fill(text, &pairs), want, "{text}");
        }
        let own = [Pair { key: "a".to_owned(), value: "${a}".to_owned(), line: 1 }];
        assert!(fill("${a}", &own).len() < 1000);
    }
}
