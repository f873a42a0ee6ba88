//! What the files of all modules say, with names and placeholders filled in, to mentions.

use std::collections::{BTreeMap, BTreeSet};

use crate::hosts::{HostForm, host_form};
use crate::limits;
use crate::link::{Form, Mention, Origin, Place, Runs, Sketch, Target, clean_name, parent};
use crate::products;
use crate::values::{addresses, looks_secret};

use super::super::{services, spring, topics};
use super::{Carrier, Expression, JvmFile, NAME, Part, Role, Said};

/// The folder of the module that a file lies in.
fn home_of<'a>(path: &'a str, sketch: &Sketch<'_>) -> &'a str {
    let mut at = parent(path);
    while !at.is_empty() && !sketch.homes.contains(at) {
        at = parent(at);
    }
    at
}

/// The pieces that package manifests make of each module.
fn code_by_home(sketch: &Sketch<'_>) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for form in [Form::Code, Form::Settings] {
        for (index, piece) in sketch.pieces.iter().enumerate().filter(|(_, piece)| piece.form == form) {
            if let Some(home) = &piece.home {
                out.entry(home.clone()).or_insert(index);
            }
        }
    }
    out
}

/// Programs that need each library, over one further library at most.
fn users(sketch: &Sketch<'_>) -> BTreeMap<usize, BTreeSet<usize>> {
    let by_package: BTreeMap<&str, usize> = sketch
        .pieces
        .iter()
        .enumerate()
        .filter_map(|(index, piece)| Some((piece.package.as_deref()?, index)))
        .collect();
    let mut direct: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (index, piece) in sketch.pieces.iter().enumerate() {
        for (package, _) in &piece.needs {
            if let Some(library) = by_package.get(package.as_str()).filter(|library| **library != index) {
                direct.entry(*library).or_default().insert(index);
            }
        }
    }
    for mention in sketch.mentions.iter().filter(|mention| mention.reader == "gradle") {
        if let (Origin::Piece(user), Target::Piece(library)) = (&mention.origin, &mention.target) {
            direct.entry(*library).or_default().insert(*user);
        }
    }
    let mut out = direct.clone();
    for found in out.values_mut() {
        let further: BTreeSet<usize> =
            found.iter().filter_map(|user| direct.get(user)).flatten().copied().collect();
        found.extend(further);
        found.retain(|user| sketch.pieces[*user].runs == Runs::Yes);
    }
    out
}

/// What a library of the repository needs, who uses it needs: clients of servers come with it.
fn inherit(sketch: &mut Sketch<'_>, users: &BTreeMap<usize, BTreeSet<usize>>) {
    let is_library = |sketch: &Sketch<'_>, piece: usize| sketch.pieces[piece].runs == Runs::Library;
    let known: Vec<(usize, &'static str)> =
        sketch.libraries.iter().copied().filter(|(library, _)| is_library(sketch, *library)).collect();
    for (library, product) in known {
        for user in users.get(&library).into_iter().flatten() {
            sketch.libraries.insert((*user, product));
        }
    }
    let mut new = Vec::new();
    for mention in sketch.mentions.iter().filter(|mention| matches!(mention.target, Target::Product(_))) {
        let Origin::Piece(library) = mention.origin else { continue };
        if !is_library(sketch, library) {
            continue;
        }
        for user in users.get(&library).into_iter().flatten() {
            new.push(Mention { origin: Origin::Piece(*user), ..mention.clone() });
        }
    }
    sketch.mentions.extend(new);
}

/// Names of texts in the code of one repository.
#[derive(Default)]
struct Values<'a> {
    /// By module, then by `NAME` or `Class.NAME`.
    by_home: BTreeMap<String, BTreeMap<String, &'a Expression>>,
    /// `Class.NAME` in all modules: shared libraries hold constants.
    anywhere: BTreeMap<String, &'a Expression>,
}

struct Module<'a, 'b> {
    file: &'a JvmFile,
    home: &'a str,
    values: &'a Values<'a>,
    sketch: &'a Sketch<'b>,
}

impl Module<'_, '_> {
    fn named(&self, name: &str) -> Option<&Expression> {
        let own = self.file.values.iter().find(|(known, _, _)| known == name).map(|(_, value, _)| value);
        own.or_else(|| {
            let of_home = self.values.by_home.get(self.home);
            of_home.and_then(|names| names.get(name)).or_else(|| self.values.anywhere.get(name)).copied()
        })
    }

    /// An expression as text; what can't be told stands as [`UNKNOWN`].
    fn text(&self, expression: &Expression, env: Option<&str>, depth: usize) -> String {
        let mut out = String::new();
        for part in expression {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Name(name) => match self.named(name).filter(|_| depth < 4) {
                    Some(value) => out.push_str(&self.text(value, env, depth + 1)),
                    None => out.push(UNKNOWN),
                },
                Part::Unknown => out.push(UNKNOWN),
            }
            if out.len() > limits::VALUE_BYTES {
                return String::from(UNKNOWN);
            }
        }
        // `#{'${topics}'.split(',')}`: what settings hold.
        if let Some(start) = out.find("#{") {
            out = match (out[start..].find("${"), out[start..].find('}')) {
                (Some(from), Some(to)) if from < to => out[start + from..=start + to].to_owned(),
                _ => String::from(UNKNOWN),
            };
        }
        spring::fill_from(self.sketch, self.home, env, &out)
    }

    /// The texts that an expression has in the module's profiles.
    fn texts(&self, expression: &Expression) -> Vec<(String, Option<String>)> {
        let mut out = vec![(self.text(expression, None, 0), None)];
        for env in spring::profiles_of(self.sketch, self.home) {
            let text = self.text(expression, Some(&env), 0);
            if out.iter().all(|(known, _)| *known != text) {
                out.push((text, Some(env)));
            }
        }
        out
    }

    /// A name that an expression has in the module's settings; none where a part of it is not known.
    fn name(&self, expression: &Expression) -> Option<String> {
        self.texts(expression)
            .into_iter()
            .map(|(text, _)| text.trim().to_owned())
            .find(|text| !text.is_empty() && !text.contains([UNKNOWN, '$', '{', ' ', '*', '#']))
            .and_then(|text| clean_name(&text))
    }
}

/// Stands where a part of a text is not known. No host or name has it.
const UNKNOWN: char = '\u{fffd}';

pub(super) fn link(facts: &[(String, JvmFile)], sketch: &mut Sketch<'_>) {
    let codes = code_by_home(sketch);
    let users = users(sketch);
    inherit(sketch, &users);
    let mut values = Values::default();
    for (path, file) in facts {
        let names = values.by_home.entry(home_of(path, sketch).to_owned()).or_default();
        for (name, value, _) in &file.values {
            names.entry(name.clone()).or_insert(value);
            names.entry(format!("{}.{name}", file.class)).or_insert(value);
            values.anywhere.entry(format!("{}.{name}", file.class)).or_insert(value);
        }
    }
    let mut roles: BTreeMap<String, Vec<(Role, Place)>> = BTreeMap::new();
    let mut tells_direction: BTreeSet<String> = BTreeSet::new();
    let mut found: Vec<Mentioned> = Vec::new();
    for (path, file) in facts {
        let home = home_of(path, sketch);
        let origins = match codes.get(home) {
            Some(piece) if sketch.pieces[*piece].runs == Runs::Library && users.contains_key(piece) => {
                users[piece].iter().map(|user| Origin::Piece(*user)).collect()
            }
            _ => vec![Origin::File(path.clone())],
        };
        let module = Module { file, home, values: &values, sketch };
        for (said, line) in &file.said {
            let at = (path.clone(), *line);
            match said {
                Said::Role(role) => roles.entry(home.to_owned()).or_default().push((*role, at)),
                Said::Sends { .. } | Said::Receives { .. } => {
                    tells_direction.insert(home.to_owned());
                    for origin in &origins {
                        if let Origin::Piece(user) = origin
                            && let Some(home) = &sketch.pieces[*user].home
                        {
                            tells_direction.insert(home.clone());
                        }
                    }
                    module.mentions(said, &origins, &at, &mut found);
                }
                _ => module.mentions(said, &origins, &at, &mut found),
            }
        }
        if file.is_client {
            module.constants(path, &origins, &mut found);
        }
    }
    for one in found {
        one.add(sketch, &codes);
    }
    spring::stream_directions(sketch, &tells_direction);
    for (home, piece) in &codes {
        let none = Vec::new();
        apply_roles(sketch, *piece, home, roles.get(home).unwrap_or(&none));
    }
}

/// A mention in the making: pieces may be added only after all files were looked at.
enum Mentioned {
    Target { origin: Origin, target: Target, relation: Option<&'static str>, at: Place, env: Option<String> },
    Value { origin: Origin, key: String, value: String, at: Place },
    Rpc { origin: Origin, service: String, asks: bool, at: Place },
    Topic { origin: Origin, carrier: Carrier, topic: Option<String>, sends: bool, at: Place },
}

impl Mentioned {
    fn add(self, sketch: &mut Sketch<'_>, codes: &BTreeMap<String, usize>) {
        match self {
            Mentioned::Target { origin, target, relation, at, env } => {
                sketch.mention(NAME, origin, target, relation, at, env.as_deref());
            }
            Mentioned::Value { origin, key, value, at } => {
                sketch.mention_value(NAME, &origin, &key, &value, false, &at, None);
            }
            Mentioned::Rpc { origin, service, asks, at } => {
                let say = if asks { services::asks_service } else { services::provides_service };
                say(sketch, NAME, &origin, &service, &at);
            }
            Mentioned::Topic { origin, carrier, topic, sends, at } => {
                let relation = if sends { "publishes_to" } else { "subscribes_to" };
                let product = match carrier {
                    Carrier::Product(name) => Some(name),
                    Carrier::Bound => bound_product(sketch, &origin, &at.0, codes),
                };
                let topic = topic.unwrap_or_default();
                topics::uses_topic(sketch, NAME, &origin, product, &topic, relation, &at);
            }
        }
    }
}

/// The broker whose library a module has.
fn bound_product(
    sketch: &Sketch<'_>,
    origin: &Origin,
    path: &str,
    codes: &BTreeMap<String, usize>,
) -> Option<&'static str> {
    let own = codes.get(home_of(path, sketch)).copied();
    let user = match origin {
        Origin::Piece(piece) => Some(*piece),
        _ => None,
    };
    let has = |product: &'static str| {
        [user, own].into_iter().flatten().any(|piece| sketch.libraries.contains(&(piece, product)))
    };
    ["kafka", "rabbitmq", "pulsar", "activemq"].into_iter().find(|product| has(product))
}

impl Module<'_, '_> {
    fn mentions(&self, said: &Said, origins: &[Origin], at: &Place, out: &mut Vec<Mentioned>) {
        match said {
            Said::Address { url, reads } => self.address(url, *reads, origins, at, out),
            Said::Service(name) => self.service(name, origins, at, out),
            Said::Client { name, url, reads } => {
                let known = out.len();
                if !url.is_empty() {
                    self.address(url, *reads, origins, at, out);
                }
                if out.len() == known {
                    self.service(name, origins, at, out);
                }
            }
            Said::Default { key, value } => {
                // A setting that is written somewhere counts as that.
                let placeholder = format!("${{{key}}}");
                let filled = spring::fill_from(self.sketch, self.home, None, &placeholder);
                if filled != placeholder || looks_secret(value) {
                    return;
                }
                for origin in origins {
                    out.push(Mentioned::Value {
                        origin: origin.clone(),
                        key: key.clone(),
                        value: value.clone(),
                        at: at.clone(),
                    });
                }
            }
            Said::Sends { carrier, topic } | Said::Receives { carrier, topic } => {
                let topic = topic.as_ref().and_then(|topic| self.name(topic));
                for origin in origins {
                    out.push(Mentioned::Topic {
                        origin: origin.clone(),
                        carrier: *carrier,
                        topic: topic.clone(),
                        sends: matches!(said, Said::Sends { .. }),
                        at: at.clone(),
                    });
                }
            }
            Said::Asks(service) | Said::Provides(service) => {
                for origin in origins {
                    out.push(Mentioned::Rpc {
                        origin: origin.clone(),
                        service: service.clone(),
                        asks: matches!(said, Said::Asks(_)),
                        at: at.clone(),
                    });
                }
            }
            Said::Role(_) => {}
        }
    }

    fn address(
        &self,
        url: &Expression,
        reads: bool,
        origins: &[Origin],
        at: &Place,
        out: &mut Vec<Mentioned>,
    ) {
        for (text, env) in self.texts(url) {
            // A client's address may be written without a scheme.
            let found = if text.contains("://") {
                addresses("url", &text)
            } else {
                addresses("url", &format!("http://{text}"))
            };
            for address in found.into_iter().take(4) {
                let is_outside = host_form(&address.host) == HostForm::External;
                // From outside only fetched: nothing of ours flows there.
                let relation = (is_outside && reads).then_some("depends_on");
                for origin in origins {
                    let name = "url".to_owned();
                    let target = Target::Address { name, address: address.clone(), strong: is_outside };
                    let (origin, at, env) = (origin.clone(), at.clone(), env.clone());
                    out.push(Mentioned::Target { origin, target, relation, at, env });
                }
            }
        }
    }

    fn service(&self, name: &Expression, origins: &[Origin], at: &Place, out: &mut Vec<Mentioned>) {
        let Some(name) = self.name(name) else { return };
        for origin in origins {
            let target = Target::Name { name: name.clone(), starts: false };
            let (origin, at) = (origin.clone(), at.clone());
            out.push(Mentioned::Target { origin, target, relation: None, at, env: None });
        }
    }

    /// Addresses that are constants of other files, which a client's file names.
    fn constants(&self, path: &str, origins: &[Origin], out: &mut Vec<Mentioned>) {
        let own: BTreeSet<&str> = self.file.values.iter().map(|(name, _, _)| name.as_str()).collect();
        for name in &self.file.names {
            if own.contains(name.as_str()) {
                continue;
            }
            let Some(value) = self.named(name) else { continue };
            let is_address = matches!(value.first(), Some(Part::Text(text)) if text.contains("://"));
            if is_address {
                self.address(value, self.file.reads, origins, &(path.to_owned(), 1), out);
            }
        }
    }
}

/// Servers of several products in one module: what the module mainly is comes first.
const MAINLY: &[&str] = &[
    "eureka",
    "config-server",
    "spring-boot-admin",
    "zipkin",
    "authorization-server",
    "turbine",
    "hystrix-dashboard",
];

fn apply_roles(sketch: &mut Sketch<'_>, piece: usize, home: &str, roles: &[(Role, Place)]) {
    let serves =
        |name: &str| roles.iter().any(|(role, _)| matches!(role, Role::Serves(other) if *other == name));
    let main = MAINLY.iter().find(|name| serves(name)).copied();
    // A library of theirs alone makes no dashboard: the annotation does, where code could have it.
    let needs_annotation = |name: &str| matches!(name, "turbine" | "hystrix-dashboard");
    if main.is_none()
        && sketch.pieces[piece].product.is_some_and(|product| needs_annotation(product.name))
        && sketch.files_below(home).iter().any(|file| file.ends_with(".java") || file.ends_with(".kt"))
    {
        sketch.pieces[piece].product = None;
    }
    if main == Some("hystrix-dashboard")
        && let Some(product) = products::by_product_name("turbine")
        && let Some((_, at)) = roles.iter().find(|(role, _)| matches!(role, Role::Serves(_)))
    {
        // It shows what Turbine brings together.
        let (origin, target) = (Origin::Piece(piece), Target::Product(product));
        sketch.mention(NAME, origin, target, Some("depends_on"), at.clone(), None);
    }
    if let Some(product) = main.and_then(products::by_product_name) {
        let own = &mut sketch.pieces[piece];
        own.product = Some(product);
        own.runs = Runs::Yes;
    }
    if let Some((_, at)) = roles.iter().find(|(role, _)| *role == Role::Gateway) {
        let own = &mut sketch.pieces[piece];
        own.typ = Some("gateway".to_owned());
        if main.is_none() {
            own.product = None;
        }
        // Without a route that is written, Zuul offers every service that it finds in the registry.
        if !spring::has_zuul_routes(sketch, home) {
            let origin = Origin::Piece(piece);
            sketch.mention(NAME, origin, Target::Registered, Some("routes_to"), at.clone(), None);
        }
    }
    let checks_itself = roles.iter().any(|(role, _)| *role == Role::ChecksTokens);
    let guarded = roles.iter().find(|(role, _)| *role == Role::Guarded);
    if let Some((_, at)) = guarded
        && !checks_itself
        && !serves("authorization-server")
        && let Some(product) = products::by_product_name("authorization-server")
    {
        // Who calls is what the authorisation server tells.
        let (origin, target) = (Origin::Piece(piece), Target::Product(product));
        sketch.mention(NAME, origin, target, Some("depends_on"), at.clone(), None);
    }
}
