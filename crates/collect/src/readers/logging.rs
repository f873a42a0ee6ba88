//! Where programs on the JVM send their logs: appenders of Logback and Log4j that write to a socket, a log store or a
//! broker. An appender that no logger uses sends nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::hosts::{HostForm, host_form};
use crate::limits;
use crate::link::{Origin, Sketch, Target, parent};
use crate::parse::{Element, Node, Value, parse_json, parse_properties, parse_xml};
use crate::values::{addresses, is_secret_name};

use super::{ReadResult, Reader, SourceFile, spring};

const NAME: &str = "logging";

/// What the classes of appenders that send over the network are called, in lower case.
const SENDERS: &[&str] = &[
    "socket", "gelf", "graylog", "syslog", "kafka", "loki", "fluen", "logstash", "elastic", "splunk", "logz",
    "flume", "http", "jms", "amqp",
];

/// Settings of an appender that hold a host, an address or several, in lower case.
const HOSTS: &[&str] = &[
    "destination",
    "destinations",
    "host",
    "hostname",
    "remotehost",
    "sysloghost",
    "grayloghost",
    "server",
    "servers",
    "url",
    "uri",
    "pushurl",
    "logziourl",
    "endpoint",
    "brokerlist",
    "brokerurl",
    "bootstrap.servers",
    "addresses",
];

const PORTS: &[&str] = &["port", "graylogport"];

/// One setting of an appender, its name in lower case.
type Setting = (String, String, u32);

/// An appender.
#[derive(Debug, Default)]
struct Appender {
    name: String,
    class: String,
    settings: Vec<Setting>,
    env: Option<String>,
}

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct Logging {
    /// Properties of the file; those from the application's settings as placeholders of these.
    values: BTreeMap<String, String>,
    appenders: Vec<Appender>,
    /// Appenders that loggers use.
    used: BTreeSet<String>,
}

/// The reader of these settings.
pub(crate) struct LoggingReader;

impl Reader for LoggingReader {
    type Facts = Logging;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["ppender"];

    fn wants(_path: &str, name: &str) -> bool {
        is_of_logging(name)
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Logging> {
        let mut logging = Logging::default();
        let name = file.name();
        match name.rsplit_once('.').map_or("", |(_, end)| end) {
            "xml" => match parse_xml(file.text) {
                Ok(root) => logging.element(&root, None),
                Err(_) if file.is_template() => return Ok(None),
                Err(error) => return Err(error),
            },
            "properties" => logging.properties(file.text),
            "json" | "jsn" => logging.document(&parse_json(file.text)?),
            _ => {
                for root in file.yaml()? {
                    logging.document(root);
                }
            }
        }
        logging.appenders.retain(|appender| sends(&appender.class));
        Ok((!logging.appenders.is_empty()).then_some(logging))
    }

    fn link(facts: Vec<(String, Logging)>, sketch: &mut Sketch<'_>) {
        for (path, logging) in facts {
            let home = home_of(&path, sketch).to_owned();
            let is_used = |appender: &&Appender| {
                // A part that others include names no logger.
                logging.used.is_empty() || logging.used.contains(&appender.name)
            };
            for appender in logging.appenders.iter().filter(is_used) {
                let profiles = spring::profiles_of(sketch, &home).into_iter().map(Some);
                let mut known: BTreeSet<(String, u32)> = BTreeSet::new();
                for env in [None].into_iter().chain(profiles) {
                    let env = appender.env.clone().or(env);
                    for (text, line) in destinations(appender) {
                        let text = logging.fill(text, sketch, &home, env.as_deref());
                        if known.insert((text.clone(), line)) {
                            mention(sketch, &path, &text, line, env.as_deref());
                        }
                    }
                }
            }
        }
    }
}

/// Whether a file of this name (lower case) sets up Logback or Log4j.
pub(super) fn is_of_logging(name: &str) -> bool {
    let Some((stem, end)) = name.rsplit_once('.') else { return false };
    let is = |word: &str| stem == word || stem.strip_prefix(word).is_some_and(|rest| rest.starts_with('-'));
    match end {
        "xml" => is("logback") || is("log4j2") || is("log4j"),
        "properties" => is("log4j2") || is("log4j"),
        "yaml" | "yml" | "json" | "jsn" => is("log4j2"),
        _ => false,
    }
}

/// Whether an appender of a class sends over the network.
fn sends(class: &str) -> bool {
    let class = class.rsplit('.').next().unwrap_or(class).to_ascii_lowercase();
    // It waits for those who want to read.
    !class.starts_with("server") && SENDERS.iter().any(|word| class.contains(word))
}

/// The folder of the module that a file lies in.
fn home_of<'a>(path: &'a str, sketch: &Sketch<'_>) -> &'a str {
    let mut at = parent(path);
    while !at.is_empty() && !sketch.homes.contains(at) {
        at = parent(at);
    }
    at
}

/// Where an appender sends to, as written.
fn destinations(appender: &Appender) -> Vec<(String, u32)> {
    let port = appender.settings.iter().find(|(key, _, _)| PORTS.contains(&key.as_str()));
    let hosts = appender.settings.iter().filter(|(key, _, _)| HOSTS.contains(&key.as_str()));
    hosts
        .map(|(_, value, line)| match port {
            Some((_, port, _)) if !value.contains("://") => (format!("{value}:{port}"), *line),
            _ => (value.clone(), *line),
        })
        .collect()
}

fn mention(sketch: &mut Sketch<'_>, path: &str, text: &str, line: u32, env: Option<&str>) {
    // `udp:logs` of GELF; a host with its port twice is one with a port of its own.
    let plain = ["udp:", "tcp:", "ssl:"].iter().find_map(|front| text.strip_prefix(front)).unwrap_or(text);
    if plain.contains("${") {
        return;
    }
    for address in addresses("logs_host", plain) {
        let strong = host_form(&address.host) == HostForm::External;
        let target = Target::Address { name: "logs_host".to_owned(), address, strong };
        let at = (path.to_owned(), line);
        sketch.mention(NAME, Origin::File(path.to_owned()), target, Some("logs_to"), at, env);
    }
}

impl Logging {
    /// Fills placeholders from the file, then from the settings of the program; what neither knows takes its default.
    fn fill(&self, mut text: String, sketch: &Sketch<'_>, home: &str, env: Option<&str>) -> String {
        for _ in 0..limits::INTERPOLATIONS {
            let Some(start) = text.rfind("${") else { break };
            let Some(end) = text[start..].find('}').map(|end| start + end) else { break };
            let body = &text[start + 2..end];
            let (whole, default) =
                body.split_once(":-").map_or((body, None), |(key, default)| (key, Some(default)));
            // `${env:HOST}`, `${spring:logs.host}`.
            let key = whole.rsplit_once(':').map_or(whole, |(_, key)| key).trim();
            let own = self.values.get(key).filter(|found| !found.contains(&format!("${{{key}"))).cloned();
            let found = own.or_else(|| {
                let placeholder = format!("${{{key}}}");
                let filled = spring::fill_from(sketch, home, env, &placeholder);
                (filled != placeholder).then_some(filled)
            });
            let Some(new) = found.or_else(|| default.map(str::to_owned)) else { break };
            text = format!("{}{new}{}", &text[..start], &text[end + 1..]);
            if text.len() > limits::VALUE_BYTES {
                return String::new();
            }
        }
        text
    }

    fn define(&mut self, name: &str, value: &str) {
        if !is_secret_name(name) && value.len() <= limits::VALUE_BYTES {
            self.values.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }

    /// An element of Logback or Log4j, and what is in it.
    fn element(&mut self, element: &Element, env: Option<&str>) {
        for child in &element.children {
            let named = child.attribute("name").unwrap_or("");
            match child.name.to_ascii_lowercase().as_str() {
                "property" | "variable" | "springproperty" => {
                    let own = child.attribute("value").unwrap_or_else(|| child.text.trim());
                    match child.attribute("source") {
                        Some(source) => {
                            let default = child.attribute("defaultValue").unwrap_or("");
                            self.define(named, &format!("${{{source}:-{default}}}"));
                        }
                        None => self.define(named, own),
                    }
                }
                // `<springProfile name="prod | stage">`: of one profile only it can be said in which environment.
                "springprofile" => {
                    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
                    let one = (!named.is_empty() && named.chars().all(is_plain)).then_some(named);
                    self.element(child, one.or(env));
                }
                "appenderref" | "appender-ref" => {
                    self.used.extend(child.attribute("ref").map(str::to_owned));
                }
                "appender" => {
                    let class = child.attribute("class").or_else(|| child.attribute("type"));
                    self.appender(child, class.unwrap_or(""), env);
                }
                _ if element.name.eq_ignore_ascii_case("appenders") => {
                    self.appender(child, &child.name, env);
                }
                _ => self.element(child, env),
            }
        }
    }

    fn appender(&mut self, element: &Element, class: &str, env: Option<&str>) {
        let name = element.attribute("name").unwrap_or("").to_owned();
        let mut appender =
            Appender { name, class: class.to_owned(), env: env.map(str::to_owned), ..Appender::default() };
        for (key, value) in &element.attributes {
            appender.set(key, value, element.line);
        }
        for inner in element.descendants() {
            let value = inner.attribute("value").unwrap_or(&inner.text);
            match inner.attribute("name") {
                Some(key) => appender.set(key, value, inner.line),
                // `<producerConfig>bootstrap.servers=kafka:9092</producerConfig>`
                None if inner.name.eq_ignore_ascii_case("producerConfig") => {
                    if let Some((key, value)) = inner.text.split_once('=') {
                        appender.set(key, value, inner.line);
                    }
                }
                None => appender.set(&inner.name, value, inner.line),
            }
            if !inner.name.to_ascii_lowercase().starts_with("appender") {
                for (key, value) in &inner.attributes {
                    appender.set(key, value, inner.line);
                }
            }
            if matches!(inner.name.to_ascii_lowercase().as_str(), "appenderref" | "appender-ref") {
                self.used.extend(inner.attribute("ref").map(str::to_owned));
            }
        }
        self.appenders.push(appender);
    }

    /// Log4j's YAML and JSON.
    fn document(&mut self, root: &Node) {
        let Some(configuration) = root.get("Configuration").or_else(|| root.get("configuration")) else {
            return;
        };
        for (key, node) in configuration.entries() {
            match key.to_ascii_lowercase().as_str() {
                "properties" => {
                    let mut own = Appender::default();
                    own.node("", node);
                    for (key, value, _) in own.settings {
                        self.define(&key, &value);
                    }
                }
                "appenders" => {
                    for (class, node) in node.entries() {
                        let one = std::slice::from_ref(node);
                        let all = if node.is_map() { one } else { node.items() };
                        for node in all {
                            let name = node.text_of("name").unwrap_or("").to_owned();
                            let class = node.text_of("type").unwrap_or(class).to_owned();
                            let mut appender = Appender { name, class, ..Appender::default() };
                            appender.node("", node);
                            self.appenders.push(appender);
                        }
                    }
                }
                _ => {}
            }
        }
        for (key, value, _) in configuration.flatten() {
            if key.ends_with(".ref") {
                self.used.insert(value.trim().to_owned());
            }
        }
    }

    /// Log4j's properties, of both of its versions.
    fn properties(&mut self, text: &str) {
        let mut appenders: BTreeMap<String, Appender> = BTreeMap::new();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for pair in parse_properties(text) {
            let value = pair.value.trim();
            let key = pair.key.strip_prefix("log4j.").unwrap_or(&pair.key);
            if let Some(name) = key.strip_prefix("property.") {
                self.define(name, value);
            } else if let Some(rest) = key.strip_prefix("appender.") {
                let (id, setting) = rest.split_once('.').unwrap_or((rest, "class"));
                let appender = appenders.entry(id.to_owned()).or_default();
                let last = setting.rsplit('.').next().unwrap_or(setting);
                match setting {
                    "class" | "type" => appender.class = value.to_owned(),
                    "name" => appender.name = value.to_owned(),
                    // `property.a.name = bootstrap.servers`, and its value beside it.
                    _ if last == "name" => drop(
                        names.insert(format!("{id}.{}", setting.trim_end_matches(".name")), value.to_owned()),
                    ),
                    _ if last == "value" => {
                        let named = names.get(&format!("{id}.{}", setting.trim_end_matches(".value")));
                        appender.set(named.map_or("", String::as_str), value, pair.line);
                    }
                    _ => appender.set(last, value, pair.line),
                }
            } else if key.ends_with(".ref") {
                self.used.insert(value.to_owned());
            } else if pair.key.starts_with("log4j.") && key.to_ascii_lowercase().contains("logger") {
                self.used.extend(value.split(',').skip(1).map(|name| name.trim().to_owned()));
            }
        }
        for (id, mut appender) in appenders {
            if appender.name.is_empty() {
                appender.name = id;
            }
            self.appenders.push(appender);
        }
    }
}

impl Appender {
    fn set(&mut self, key: &str, value: &str, line: u32) {
        let (key, value) = (key.trim(), value.trim());
        if !value.is_empty() && !is_secret_name(key) && self.settings.len() < limits::CODE_FACTS {
            self.settings.push((key.to_ascii_lowercase(), value.to_owned(), line));
        }
    }

    /// Settings in a document: `key: value`, and `{name: key, value: value}`.
    fn node(&mut self, key: &str, node: &Node) {
        match &node.value {
            Value::Null => {}
            Value::Scalar(text) => self.set(key, text, node.line),
            Value::Seq(items) => items.iter().for_each(|item| self.node(key, item)),
            Value::Map(entries) => match (node.text_of("name"), node.text_of("value")) {
                (Some(name), Some(value)) => self.set(name, value, node.line),
                _ => entries.iter().for_each(|(key, node)| self.node(key, node)),
            },
        }
    }
}
