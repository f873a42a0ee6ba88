//! Traces: who called whom, as it was seen. OTLP in JSON (one request, or one a line), Jaeger's traces and dependencies.
//!
//! A span whose parent belongs to another service is a call of that service by the parent's. A client's span that no
//! server answered in the file tells of a database, a broker with its topic, or a host outside.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::{Value, json};
use stave_model::{Basis, Claim, Evidence, Key, Reference, Scope, Time};

use crate::names::{clean, outside_host, qualified_image};
use crate::{Import, ImportError, Source, Warning, documents, limits};

/// What an attribute of a span or resource is worth to us: texts and numbers, as text.
type Attributes = BTreeMap<String, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Client,
    Server,
    Producer,
    Consumer,
    Inside,
}

/// One span, whatever wrote it.
struct Span {
    trace: String,
    id: String,
    parent: String,
    service: usize,
    role: Role,
    attributes: Attributes,
}

/// A service as its spans describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Service {
    name: String,
    /// `service.namespace`, as part of the name.
    namespace: Option<String>,
}

#[derive(Default)]
struct Seen {
    services: Vec<Service>,
    by_service: HashMap<Service, usize>,
    images: BTreeMap<usize, BTreeSet<String>>,
    ports: BTreeMap<usize, BTreeSet<u16>>,
    envs: BTreeMap<usize, BTreeSet<String>>,
    spans: Vec<Span>,
    /// Calls that the file states as such.
    calls: BTreeSet<(usize, usize)>,
    latest_ms: i64,
    left_out: u64,
}

impl Seen {
    fn service(&mut self, resource: &Attributes) -> Option<usize> {
        let name = clean(resource.get("service.name")?)?;
        if name.starts_with("unknown_service") {
            return None;
        }
        let namespace = resource.get("service.namespace").and_then(|text| clean(text));
        let service = Service { name, namespace };
        let next = self.services.len();
        let index = *self.by_service.entry(service.clone()).or_insert(next);
        if index == next {
            self.services.push(service);
        }
        if let Some(image) = resource.get("container.image.name").and_then(|text| qualified_image(text)) {
            self.images.entry(index).or_default().insert(image);
        }
        let env =
            resource.get("deployment.environment.name").or_else(|| resource.get("deployment.environment"));
        if let Some(env) = env.and_then(|text| clean(text)) {
            self.envs.entry(index).or_default().insert(env);
        }
        Some(index)
    }

    fn add(&mut self, span: Span) {
        if self.spans.len() >= limits::SPANS {
            self.left_out += 1;
            return;
        }
        if span.role == Role::Server
            && let Some(port) = first(&span.attributes, &["server.port", "net.host.port"])
            && let Ok(port) = port.parse::<u16>()
        {
            self.ports.entry(span.service).or_default().insert(port);
        }
        self.spans.push(span);
    }
}

fn first<'a>(attributes: &'a Attributes, names: &[&str]) -> Option<&'a String> {
    names.iter().find_map(|name| attributes.get(*name))
}

// OTLP, as the protocol's JSON mapping writes it; both spellings of names occur.

#[derive(Deserialize)]
struct Request {
    #[serde(rename = "resourceSpans", alias = "resource_spans", default)]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
struct ResourceSpans {
    #[serde(default)]
    resource: Resource,
    #[serde(rename = "scopeSpans", alias = "scope_spans", alias = "instrumentationLibrarySpans", default)]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Default, Deserialize)]
struct Resource {
    #[serde(default)]
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default)]
    spans: Vec<OtlpSpan>,
}

#[derive(Deserialize)]
struct OtlpSpan {
    #[serde(rename = "traceId", alias = "trace_id", default)]
    trace: String,
    #[serde(rename = "spanId", alias = "span_id", default)]
    id: String,
    #[serde(rename = "parentSpanId", alias = "parent_span_id", default)]
    parent: String,
    #[serde(default)]
    kind: Value,
    #[serde(rename = "endTimeUnixNano", alias = "end_time_unix_nano", default)]
    end: Value,
    #[serde(default)]
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize)]
struct KeyValue {
    #[serde(default)]
    key: String,
    /// `{"stringValue": …}` in OTLP; the value itself in Jaeger's tags.
    #[serde(default)]
    value: Value,
}

fn attributes(pairs: Vec<KeyValue>) -> Attributes {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    pairs
        .into_iter()
        .filter_map(|pair| {
            let value = match &pair.value {
                Value::Object(fields) => ["stringValue", "string_value", "intValue", "int_value"]
                    .iter()
                    .find_map(|name| text(fields.get(*name)?)),
                other => text(other),
            };
            Some((pair.key, value?))
        })
        .filter(|(_, value)| value.len() <= limits::NAME_BYTES)
        .collect()
}

fn role(kind: &Value) -> Role {
    let word = kind.as_str().unwrap_or("").trim_start_matches("SPAN_KIND_").to_ascii_lowercase();
    match (kind.as_u64(), word.as_str()) {
        (Some(2), _) | (_, "server") => Role::Server,
        (Some(3), _) | (_, "client") => Role::Client,
        (Some(4), _) | (_, "producer") => Role::Producer,
        (Some(5), _) | (_, "consumer") => Role::Consumer,
        _ => Role::Inside,
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// OTLP traces.
pub(crate) fn otlp(bytes: &[u8], source: &Source) -> Result<Import, ImportError> {
    let mut seen = Seen::default();
    let mut warnings = Vec::new();
    let mut nameless = 0;
    documents(bytes, &mut warnings, |request: Request| {
        for group in request.resource_spans {
            let resource = attributes(group.resource.attributes);
            let service = seen.service(&resource);
            for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                let Some(service) = service else {
                    nameless += 1;
                    continue;
                };
                seen.latest_ms = seen.latest_ms.max(number(&span.end) / 1_000_000);
                seen.add(Span {
                    trace: span.trace,
                    id: span.id,
                    parent: span.parent,
                    service,
                    role: role(&span.kind),
                    attributes: attributes(span.attributes),
                });
            }
        }
    });
    finish("OpenTelemetry traces", "opentelemetry", seen, nameless, warnings, source)
}

// Jaeger's own JSON: what its API and its page's download give.

#[derive(Deserialize)]
struct Jaeger {
    data: Vec<JaegerRow>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JaegerRow {
    Dependency {
        parent: String,
        child: String,
        #[serde(rename = "callCount", default)]
        calls: u64,
    },
    Trace {
        spans: Vec<JaegerSpan>,
        #[serde(default)]
        processes: BTreeMap<String, Process>,
    },
}

#[derive(Deserialize)]
struct JaegerSpan {
    #[serde(rename = "traceID", default)]
    trace: String,
    #[serde(rename = "spanID", default)]
    id: String,
    #[serde(rename = "processID", default)]
    process: String,
    /// Microseconds.
    #[serde(rename = "startTime", default)]
    start: Value,
    #[serde(default)]
    references: Vec<JaegerReference>,
    #[serde(default)]
    tags: Vec<KeyValue>,
}

#[derive(Deserialize)]
struct JaegerReference {
    #[serde(rename = "refType", default)]
    kind: String,
    #[serde(rename = "spanID", default)]
    span: String,
}

#[derive(Deserialize)]
struct Process {
    #[serde(rename = "serviceName", default)]
    name: String,
    #[serde(default)]
    tags: Vec<KeyValue>,
}

/// Jaeger's traces, or its dependencies between services.
pub(crate) fn jaeger(bytes: &[u8], source: &Source) -> Result<Import, ImportError> {
    let mut seen = Seen::default();
    let mut warnings = Vec::new();
    let mut nameless = 0;
    let mut rows = 0;
    documents(bytes, &mut warnings, |file: Jaeger| {
        for row in file.data {
            rows += 1;
            match row {
                JaegerRow::Dependency { parent, child, calls: count } => {
                    let mut of =
                        |name: String| seen.service(&Attributes::from([("service.name".to_owned(), name)]));
                    match (of(parent), of(child)) {
                        (Some(from), Some(to)) if count > 0 => {
                            if from != to {
                                seen.calls.insert((from, to));
                            }
                        }
                        _ => nameless += 1,
                    }
                }
                JaegerRow::Trace { spans, processes } => {
                    let services: BTreeMap<String, Option<usize>> = processes
                        .into_iter()
                        .map(|(id, process)| {
                            let mut resource = attributes(process.tags);
                            resource.insert("service.name".to_owned(), process.name);
                            (id, seen.service(&resource))
                        })
                        .collect();
                    for span in spans {
                        let Some(service) = services.get(&span.process).copied().flatten() else {
                            nameless += 1;
                            continue;
                        };
                        seen.latest_ms = seen.latest_ms.max(number(&span.start) / 1_000);
                        let tags = attributes(span.tags);
                        let kind = tags.get("span.kind").cloned().unwrap_or_default();
                        let parent = span.references.into_iter().find(|one| one.kind != "FOLLOWS_FROM");
                        seen.add(Span {
                            trace: span.trace,
                            id: span.id,
                            parent: parent.map_or_else(String::new, |one| one.span),
                            service,
                            role: role(&Value::from(kind)),
                            attributes: tags,
                        });
                    }
                }
            }
        }
    });
    if rows == 0 && warnings.is_empty() {
        return Err(ImportError::Unknown);
    }
    let format = if seen.calls.is_empty() { "Jaeger traces" } else { "Jaeger dependencies" };
    finish(format, "jaeger", seen, nameless, warnings, source)
}

fn relation(kind: &str, from: &Reference, to: &Reference, file: &str, env: &[String]) -> Claim {
    let mut claim = Claim::new(kind, from.clone(), Basis::Observed);
    claim.to = Some(to.to_string());
    claim.evidence = vec![Evidence::file(file)];
    claim.env = env.to_vec();
    claim
}

/// What a client's or producer's span without an answer in the file was about.
enum Other {
    Database { product: String, host: Option<String>, name: Option<String> },
    Topic { product: String, name: String },
    Host(String),
}

fn other(attributes: &Attributes) -> Option<Other> {
    let host = first(attributes, &["server.address", "net.peer.name", "peer.hostname", "db.server"]);
    if let Some(product) = first(attributes, &["db.system.name", "db.system", "db.type"]) {
        let name = first(attributes, &["db.namespace", "db.name", "db.instance"]);
        let product = clean(product)?.to_lowercase();
        return Some(Other::Database {
            product,
            host: host.and_then(|host| clean(host.split(':').next()?)),
            name: name.and_then(|name| clean(name)),
        });
    }
    if let Some(product) = attributes.get("messaging.system") {
        let name = first(attributes, &["messaging.destination.name", "messaging.destination"])?;
        return Some(Other::Topic { product: clean(product)?.to_lowercase(), name: clean(name)? });
    }
    let url = first(attributes, &["url.full", "http.url"]);
    let from_url = url.and_then(|url| url.split("://").nth(1)).and_then(outside_host);
    from_url.or_else(|| outside_host(host?)).map(Other::Host)
}

fn finish(
    format: &'static str,
    tool: &str,
    seen: Seen,
    nameless: u64,
    warnings: Vec<Warning>,
    source: &Source,
) -> Result<Import, ImportError> {
    let bad = || ImportError::Origin(source.origin.clone());
    let file = &source.file;
    let mut claims = Vec::new();
    let mut references = Vec::new();
    for (index, service) in seen.services.iter().enumerate() {
        let path = match &service.namespace {
            Some(namespace) => format!("trace:{}/{namespace}/{}", source.origin, service.name),
            None => format!("trace:{}/{}", source.origin, service.name),
        };
        let of: Reference = path.parse().map_err(|_| bad())?;
        let mut keys: BTreeSet<Key> = BTreeSet::new();
        let mut add = |text: String| keys.extend(text.parse::<Key>().ok());
        add(format!("name:{}", service.name.to_lowercase()));
        for port in seen.ports.get(&index).into_iter().flatten().take(4) {
            add(format!("port:{port}"));
        }
        for image in seen.images.get(&index).into_iter().flatten().take(4) {
            add(format!("image:{image}"));
            add(format!("imagename:{}", image.rsplit('/').next().unwrap_or(image)));
        }
        for (kind, value) in [("exists", "component"), ("name", service.name.as_str()), ("type", "service")] {
            let mut claim = crate::names::claim(kind, &of, Basis::Observed, Some(json!(value)), file);
            claim.keys.insert(of.clone(), keys.iter().cloned().collect());
            claims.push(claim);
        }
        references.push(of);
    }
    let by_span: HashMap<(&str, &str), usize> = seen
        .spans
        .iter()
        .enumerate()
        .map(|(index, span)| ((span.trace.as_str(), span.id.as_str()), index))
        .collect();
    let mut answered: BTreeSet<usize> = BTreeSet::new();
    let mut calls = seen.calls.clone();
    for span in &seen.spans {
        let Some(parent) = by_span.get(&(span.trace.as_str(), span.parent.as_str())).copied() else {
            continue;
        };
        let from = &seen.spans[parent];
        if from.service == span.service {
            continue;
        }
        answered.insert(parent);
        // What a consumer does began with a message, which is no call.
        if span.role != Role::Consumer {
            calls.insert((from.service, span.service));
        }
    }
    let envs =
        |service: usize| -> Vec<String> { seen.envs.get(&service).into_iter().flatten().cloned().collect() };
    for (from, to) in &calls {
        claims.push(relation("calls", &references[*from], &references[*to], file, &envs(*from)));
    }
    let mut said: BTreeSet<(usize, &'static str, String)> = BTreeSet::new();
    for (index, span) in seen.spans.iter().enumerate() {
        let kind = match span.role {
            Role::Client | Role::Producer | Role::Consumer => other(&span.attributes),
            Role::Server | Role::Inside => None,
        };
        let Some(kind) = kind else { continue };
        let (relation_kind, of, name, typ, entity) = match kind {
            Other::Database { product, host, name } => {
                let shown = host.clone().or(name).unwrap_or_else(|| product.clone());
                let text = match host.as_deref().and_then(outside_host) {
                    Some(host) => format!("host:{host}"),
                    None => format!("trace:{}/{product}/{shown}", source.origin),
                };
                let typ = if matches!(product.as_str(), "redis" | "memcached" | "valkey") {
                    "cache"
                } else {
                    "database"
                };
                ("stores_in", text, shown, typ, "resource")
            }
            Other::Topic { product, name } => {
                let kind = if span.role == Role::Consumer { "subscribes_to" } else { "publishes_to" };
                (kind, format!("trace:{}/{product}/{name}", source.origin), name, "topic", "resource")
            }
            Other::Host(host) if !answered.contains(&index) => {
                ("calls", format!("host:{host}"), host, "external", "component")
            }
            Other::Host(_) => continue,
        };
        if !said.insert((span.service, relation_kind, of.clone())) {
            continue;
        }
        let Ok(of) = of.parse::<Reference>() else { continue };
        for (kind, value) in [("exists", entity), ("name", name.as_str()), ("type", typ)] {
            claims.push(crate::names::claim(kind, &of, Basis::Observed, Some(json!(value)), file));
        }
        claims.push(relation(relation_kind, &references[span.service], &of, file, &envs(span.service)));
    }
    let mut left_aside = Vec::new();
    if nameless > 0 {
        left_aside.push(format!("{nameless} rows without the name of a service"));
    }
    if seen.left_out > 0 {
        left_aside.push(format!("{} spans over the limit of {}", seen.left_out, limits::SPANS));
    }
    settle(&mut claims);
    let scope: Scope = format!("traces:{}", source.origin).parse().map_err(|_| bad())?;
    Ok(Import {
        format,
        author: format!("system:{tool}").parse().map_err(|_| bad())?,
        rules: 1,
        scope,
        at: (seen.latest_ms > 0).then(|| Time::from_millis(seen.latest_ms)),
        claims,
        rows: seen.spans.len() as u64 + seen.calls.len() as u64 + nameless,
        left_aside,
        warnings,
    })
}

/// One claim for each fact, in a fixed order, and none that the format refuses.
pub(crate) fn settle(claims: &mut Vec<Claim>) {
    let mut all: Vec<Claim> = std::mem::take(claims).into_iter().map(Claim::normalised).collect();
    all.retain(|claim| claim.check().is_ok());
    all.sort_by(|a, b| (&a.of, &a.kind, &a.to).cmp(&(&b.of, &b.kind, &b.to)));
    all.dedup_by(|next, kept| {
        let same = (&next.of, &next.kind, &next.to) == (&kept.of, &kept.kind, &kept.to);
        if same {
            // What holds in every environment holds in each.
            if next.env.is_empty() || kept.env.is_empty() {
                kept.env.clear();
            } else {
                kept.env.append(&mut next.env);
                kept.env.sort_unstable();
                kept.env.dedup();
            }
        }
        same
    });
    *claims = all;
}
