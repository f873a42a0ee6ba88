//! Spring's settings, and stores of settings that a configuration server hands out. Part of the configuration reader.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits;
use crate::link::{Form, Origin, Sketch, Target, base_name, parent};
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
        for (profile, pairs) in &settings.documents {
            link_pairs(sketch, &path, &origin, piece, profile.as_deref(), pairs);
        }
    }
    others
}

/// The application that a file of a store is for: `orders.yml`, `orders-prod.yml`.
fn app_of(file: &str, by_name: &BTreeMap<String, usize>) -> Option<usize> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_lowercase();
    let without_profile = stem.rsplit_once('-').map(|(front, _)| front.to_owned());
    by_name.get(&stem).or_else(|| by_name.get(&without_profile?)).copied()
}

/// Fills `${key:default}` from the pairs themselves; what is unknown takes its default, else stays.
fn fill(text: &str, pairs: &[Pair]) -> String {
    let mut value = text.to_owned();
    for _ in 0..limits::INTERPOLATIONS {
        let Some(start) = value.rfind("${") else { break };
        let Some(end) = value[start..].find('}').map(|end| start + end) else { break };
        let body = &value[start + 2..end];
        let (key, default) = body.split_once(':').map_or((body, None), |(key, default)| (key, Some(default)));
        let found = pairs.iter().find(|pair| plain(&pair.key) == plain(key) && !pair.value.contains(body));
        let new = match (found, default) {
            (Some(pair), _) => pair.value.clone(),
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
) {
    let off: BTreeSet<String> = pairs
        .iter()
        .filter(|pair| pair.value.trim() == "false")
        .filter_map(|pair| plain(&pair.key).strip_suffix(".enabled").map(str::to_owned))
        .collect();
    stream_directions(sketch, path, origin, env, pairs);
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
        sketch.mention_value(NAME, origin, &pair.key, &value, true, &at, env);
    }
}

/// Whether an application sends to or receives from its broker, as its settings tell.
fn stream_directions(
    sketch: &mut Sketch<'_>,
    path: &str,
    origin: &Origin,
    env: Option<&str>,
    pairs: &[Pair],
) {
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
