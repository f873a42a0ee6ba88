//! Connections that stand only in code: clients of other pieces, of databases and brokers, topics, and the names under
//! which programs offer themselves. Source files are read lightly (`parse::code`); `look` says what a row of tokens
//! means, `golang` which program a Go package belongs to, `interfaces` which services definitions describe.
//!
//! What can't be resolved to a piece of the repository or a full host name is not said.

mod golang;
mod interfaces;
mod libraries;
mod look;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::hosts::{HostForm, host_form};
use crate::link::{Origin, Place, Sketch, Target, parent};
use crate::products;
use crate::values::addresses;

use super::services::{asks_service, offers_name, provides_service};
use super::topics::uses_topic;
use super::{ReadResult, Reader, SourceFile};

pub(super) use interfaces::Interfaces;

pub(super) const NAME: &str = "code";

/// A text, or the name of a constant that stands for one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Constant(String),
}

/// What a place in a source file says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// A text with an address; `called`: it is handed to a client.
    Address { name: String, value: Value, called: bool },
    /// A client of a service of an interface definition.
    Asks(String),
    /// An implementation of one.
    Provides(String),
    /// A client library of a product.
    Library(&'static str),
    /// A topic of a broker.
    Topic { broker: Option<&'static str>, topic: Value, relation: &'static str },
    /// A class is made: a message is sent, if somebody subscribes to the class.
    Made(String),
    /// The name under which the program registers.
    Registers(Value),
    /// A text that may be a name in a registry.
    Called(String),
}

/// One fact with its place, and the function around it.
#[derive(Clone, Debug)]
struct Seen {
    what: What,
    line: u32,
    /// The function or type around it, where that is known: of Go only.
    within: Option<String>,
}

/// What one source file says.
#[derive(Debug, Default)]
pub(crate) struct SourceFacts {
    seen: Vec<Seen>,
    constants: BTreeMap<String, String>,
    package: Option<golang::Package>,
}

/// The reader of source code.
pub(crate) struct Clients;

/// Where none of these stands in a file, it says nothing about other pieces. Go files are always looked into: which
/// program a package belongs to follows from the imports of all.
const WORDS: &[&str] = &[
    "://",
    "Client",
    "Stub",
    "Base",
    "IntegrationEvent",
    "Servicer",
    "Processor",
    "ublish",
    "ubscri",
    "onsum",
    "produce",
    "Producer",
    "topic",
    "Topic",
    "ueue",
    "egister",
    "redis",
    "Redis",
    "mongo",
    "Mongo",
    "sql",
    "Sql",
    "grpc",
    "Grpc",
    "memcache",
    "kafka",
    "addService",
    "getenv",
    "environ",
    "process.env",
];

impl Reader for Clients {
    type Facts = SourceFacts;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;

    fn wants(path: &str, name: &str) -> bool {
        let Some((stem, end)) = name.rsplit_once('.') else { return false };
        let is_source = matches!(
            end,
            "go" | "js"
                | "mjs"
                | "cjs"
                | "ts"
                | "tsx"
                | "jsx"
                | "mts"
                | "py"
                | "rb"
                | "cs"
                | "rs"
                | "php"
                | "cc"
                | "cpp"
                | "hpp"
                | "h"
        );
        // What a generator or a packer wrote, and tests beside the code.
        let is_made =
            [".pb", ".min", ".d", ".g", ".designer", "_pb", "_pb2", "_pb2_grpc", ".pb.gw", ".spec", ".grpc"]
                .iter()
                .any(|suffix| stem.ends_with(suffix))
                || stem.starts_with("test_")
                || path.contains("/migrations/");
        is_source && !is_made
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<SourceFacts> {
        let is_go = file.path.ends_with(".go");
        let has_word = WORDS.iter().any(|word| file.text.contains(word));
        if is_generated(file.text) || !is_go && !has_word {
            return Ok(None);
        }
        let Some(code) = file.code() else { return Ok(None) };
        let mut facts = SourceFacts::default();
        if is_go {
            facts.package = golang::package(code);
        }
        if has_word {
            look::look(file.path, code, &mut facts);
        }
        Ok(Some(facts))
    }

    fn link(facts: Vec<(String, SourceFacts)>, sketch: &mut Sketch<'_>) {
        let programs = golang::Programs::new(&facts, sketch);
        let constants = Constants::new(&facts);
        let known = Known::new(&facts, &constants, sketch);
        for (path, file) in &facts {
            for seen in &file.seen {
                let origin = match &file.package {
                    Some(_) => programs.origin(path, seen.within.as_deref()),
                    None => Some(Origin::Code(vec![parent(path).to_owned()])),
                };
                if let Some(origin) = origin {
                    say(sketch, &known, &constants, path, &origin, seen);
                }
            }
        }
    }
}

/// Whether a generator says at the top of a file that it wrote it.
fn is_generated(text: &str) -> bool {
    let top: String = text.chars().take(600).collect();
    ["DO NOT EDIT", "@generated", "Autogenerated by", "<auto-generated"].iter().any(|mark| top.contains(mark))
}

/// Constants of the repository: those of the same folder first, else the only value that a name has anywhere.
struct Constants {
    by_folder: BTreeMap<(String, String), BTreeSet<String>>,
    anywhere: BTreeMap<String, BTreeSet<String>>,
}

impl Constants {
    fn new(facts: &[(String, SourceFacts)]) -> Constants {
        let mut constants = Constants { by_folder: BTreeMap::new(), anywhere: BTreeMap::new() };
        for (path, file) in facts {
            for (name, value) in &file.constants {
                let place = (parent(path).to_owned(), name.clone());
                constants.by_folder.entry(place).or_default().insert(value.clone());
                constants.anywhere.entry(name.clone()).or_default().insert(value.clone());
            }
        }
        constants
    }

    /// The text that a value stands for in a file.
    fn resolve(&self, facts_of: &str, value: &Value) -> Option<String> {
        let name = match value {
            Value::Text(text) => return Some(text.clone()),
            Value::Constant(name) => name,
        };
        let one = |found: &BTreeSet<String>| found.first().filter(|_| found.len() == 1).cloned();
        let own = self.by_folder.get(&(parent(facts_of).to_owned(), name.clone()));
        match own {
            Some(found) => one(found),
            None => self.anywhere.get(name).and_then(one),
        }
    }
}

/// What the repository knows by name before anything is said: so that only that is said which means something.
struct Known {
    /// The product of the only broker.
    broker: Option<&'static str>,
    services: BTreeSet<String>,
    registered: BTreeSet<String>,
    subscribed: BTreeSet<String>,
}

impl Known {
    fn new(facts: &[(String, SourceFacts)], constants: &Constants, sketch: &Sketch<'_>) -> Known {
        let brokers: BTreeSet<&'static str> = sketch
            .pieces
            .iter()
            .filter_map(|piece| piece.product.filter(|product| product.kind == "broker"))
            .map(|product| product.name)
            .collect();
        let mut known = Known {
            broker: brokers.first().copied().filter(|_| brokers.len() == 1),
            services: sketch.interfaces.keys().cloned().collect(),
            registered: sketch.listed_hosts(),
            subscribed: BTreeSet::new(),
        };
        known.services.extend(sketch.offers.iter().map(|offer| offer.name.clone()));
        for (path, file) in facts {
            for seen in &file.seen {
                match &seen.what {
                    What::Provides(service) => {
                        known.services.insert(service.clone());
                    }
                    What::Registers(value) => known.registered.extend(constants.resolve(path, value)),
                    What::Topic { topic: Value::Text(topic), relation: "subscribes_to", .. } => {
                        known.subscribed.insert(topic.clone());
                    }
                    _ => {}
                }
            }
        }
        known
    }
}

/// Puts one fact into the sketch.
fn say(
    sketch: &mut Sketch<'_>,
    known: &Known,
    constants: &Constants,
    path: &str,
    origin: &Origin,
    seen: &Seen,
) {
    let at: Place = (path.to_owned(), seen.line);
    match &seen.what {
        What::Address { name, value, called } => {
            if let Some(text) = constants.resolve(path, value) {
                say_address(sketch, origin, name, &text, *called, &at);
            }
        }
        What::Asks(service) if known.services.contains(service) => {
            asks_service(sketch, NAME, origin, service, &at);
        }
        What::Asks(_) => {}
        What::Provides(service) => provides_service(sketch, NAME, origin, service, &at),
        What::Library(name) => {
            if let Some(product) = products::by_product_name(name) {
                sketch.mention(NAME, origin.clone(), Target::Product(product), None, at, None);
            }
        }
        What::Topic { broker, topic, relation } => {
            // Which way messages go is known also where their topic isn't.
            let topic = constants.resolve(path, topic).unwrap_or_default();
            uses_topic(sketch, NAME, origin, broker.or(known.broker), &topic, relation, &at);
        }
        What::Made(class) if known.subscribed.contains(class) => {
            uses_topic(sketch, NAME, origin, known.broker, class, "publishes_to", &at);
        }
        What::Made(_) => {}
        What::Registers(value) => {
            if let Some(name) = constants.resolve(path, value) {
                offers_name(sketch, NAME, origin, &name, &at);
            }
        }
        What::Called(name) if known.registered.contains(name) => {
            let target = Target::Name { name: name.clone(), starts: false };
            sketch.mention(NAME, origin.clone(), target, None, at, None);
        }
        What::Called(_) => {}
    }
}

/// The addresses in a text of code. Only a full host name that is handed to a client is shown without a known piece.
fn say_address(sketch: &mut Sketch<'_>, origin: &Origin, name: &str, text: &str, called: bool, at: &Place) {
    if crate::values::is_secret_name(name) || crate::values::is_listen_name(name) {
        return;
    }
    for address in addresses(name, text).into_iter().take(4) {
        let form = host_form(&address.host);
        // An own address, and a word that happens to be a piece's name.
        if form == HostForm::Loopback && (address.scheme.is_empty() || !called) {
            continue;
        }
        let is_full = form == HostForm::External || crate::hosts::cluster_key_of(&address.host).is_some();
        let strong = called && is_full && !address.bare;
        let target = Target::Address { name: name.to_owned(), address, strong };
        sketch.mention(NAME, origin.clone(), target, None, at.clone(), None);
    }
}
