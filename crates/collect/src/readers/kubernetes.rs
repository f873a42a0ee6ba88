//! Kubernetes manifests: workloads, what selects them, and what their environments name. Values of Secrets
//! are never read, not even into facts.

use std::collections::{BTreeMap, BTreeSet};

use crate::link::{Form, Origin, Place, Sketch, base_name, parent};
use crate::parse::{Node, documents, parse_yaml};

use super::kustomize::{self, Kustomization};
use super::{Inner, ReadResult, Reader, SourceFile};

pub(super) const NAME: &str = "kubernetes";

/// What one file of manifests says.
pub(crate) enum Manifests {
    Objects(Vec<Object>),
    Kustomization(Box<Kustomization>),
}

/// One object of a kind that means something here.
#[derive(Clone)]
pub(crate) struct Object {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) line: u32,
    pub(super) body: Body,
}

#[derive(Clone)]
pub(super) enum Body {
    Workload(Workload),
    Service {
        selector: Vec<(String, String)>,
        ports: Vec<u16>,
        external: Option<String>,
        public: bool,
    },
    /// What comes in from outside; nothing for what stays inside a mesh.
    Routes(Vec<super::ingress::Route>),
    ConfigMap(Vec<(String, String, u32)>),
    /// A host outside that the mesh lets through.
    External(Vec<(String, u32)>),
}

#[derive(Clone, Default)]
pub(super) struct Workload {
    pub(super) kind: String,
    labels: Vec<(String, String)>,
    app_names: Vec<String>,
    containers: Vec<Container>,
    config_maps: Vec<String>,
}

#[derive(Clone, Default)]
struct Container {
    image: Option<(String, u32)>,
    env: Vec<(String, EnvValue, u32)>,
    env_from: Vec<String>,
    args: Vec<(String, u32)>,
    ports: Vec<u16>,
}

#[derive(Clone)]
enum EnvValue {
    Text(String),
    /// (map, key)
    ConfigMap(String, String),
}

/// The reader of manifests and kustomizations.
pub(crate) struct Kubernetes;

const WORKLOADS: &[&str] = &[
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Pod",
    "ReplicaSet",
    "Rollout",
    "DeploymentConfig",
];
const OTHERS: &[&str] = &[
    "Service",
    "Ingress",
    "ConfigMap",
    "HTTPRoute",
    "GRPCRoute",
    "VirtualService",
    "ServiceEntry",
    "IngressRoute",
    "Route",
    "List",
];

impl Reader for Kubernetes {
    type Facts = Manifests;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;
    const TRIGGERS: &'static [&'static str] = &["kind", "resources:", "bases:", "namePrefix:", "patches"];

    fn wants(path: &str, name: &str) -> bool {
        (name.ends_with(".yaml") || name.ends_with(".yml") || name == "kustomization")
            && !path.starts_with(".github/")
            && !path.contains("/.github/")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Manifests> {
        if matches!(file.name().as_str(), "kustomization.yaml" | "kustomization.yml" | "kustomization") {
            let documents = match file.yaml() {
                Ok(documents) => documents,
                Err(_) if file.is_template() => return Ok(None),
                Err(error) => return Err(error),
            };
            return Ok(documents
                .first()
                .map(|root| Manifests::Kustomization(Box::new(kustomize::read(root)))));
        }
        if !file.text.contains("apiVersion") {
            return Ok(None);
        }
        // A chart's templates are programs; what they would become isn't known here.
        let is_template = file.has_marks();
        if is_template && (file.path.contains("/templates/") || file.path.starts_with("templates/")) {
            return Ok(None);
        }
        let mut objects = Vec::new();
        for (line, text) in documents(file.text) {
            if !has_wanted_kind(text) {
                continue;
            }
            match parse_yaml(text, line) {
                Ok(nodes) => nodes.iter().for_each(|node| read_object(node, &mut objects, 0)),
                Err(_) if is_template => {}
                Err(error) => return Err(error),
            }
        }
        Ok((!objects.is_empty()).then_some(Manifests::Objects(objects)))
    }

    fn link(facts: Vec<(String, Manifests)>, sketch: &mut Sketch<'_>) {
        link_all(facts, sketch);
    }
}

/// Whether a document has a line `kind: X` with a kind that means something; bundles are mostly other kinds.
fn has_wanted_kind(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start_matches(['{', ' ', '-', '\t']);
        let Some(kind) = line.strip_prefix("kind:").or_else(|| line.strip_prefix("\"kind\":")) else {
            return false;
        };
        let kind = kind.split('#').next().unwrap_or(kind).trim().trim_matches([',', '"', '\'', ' ', '}']);
        WORKLOADS.contains(&kind) || OTHERS.contains(&kind)
    })
}

fn labels(node: Option<&Node>) -> Vec<(String, String)> {
    node.map_or(&[][..], Node::entries)
        .iter()
        .filter_map(|(key, value)| Some((key.to_string(), value.text()?.to_owned())))
        .collect()
}

pub(super) fn read_object(node: &Node, objects: &mut Vec<Object>, depth: usize) {
    let kind = node.text_of("kind").unwrap_or("");
    if kind == "List" && depth == 0 {
        node.items_of("items").iter().for_each(|item| read_object(item, objects, 1));
        return;
    }
    let Some(name) = node
        .at(&["metadata", "name"])
        .or_else(|| node.at(&["metadata", "generateName"]))
        .and_then(Node::text)
    else {
        return;
    };
    let line = node.at(&["metadata", "name"]).map_or(node.line, |node| node.line);
    let body = match kind {
        "Service" => {
            let api = node.text_of("apiVersion").unwrap_or("");
            if api.contains("knative") {
                node.at(&["spec", "template"]).map(|template| Body::Workload(workload(kind, node, template)))
            } else {
                Some(Body::Service {
                    selector: labels(node.at(&["spec", "selector"])),
                    ports: node
                        .at(&["spec", "ports"])
                        .map_or(&[][..], Node::items)
                        .iter()
                        .filter_map(|port| port.text_of("port")?.parse().ok())
                        .collect(),
                    external: node.at(&["spec", "externalName"]).and_then(Node::text).map(str::to_owned),
                    public: node.at(&["spec", "type"]).and_then(Node::text) == Some("LoadBalancer"),
                })
            }
        }
        "Ingress" | "HTTPRoute" | "GRPCRoute" | "VirtualService" | "IngressRoute" | "Route" => {
            Some(Body::Routes(super::ingress::read(kind, node)))
        }
        "ConfigMap" => Some(Body::ConfigMap(
            node.entries_of("data")
                .iter()
                .filter_map(|(key, value)| Some((key.to_string(), value.text()?.to_owned(), value.line)))
                .collect(),
        )),
        "ServiceEntry" => Some(Body::External(
            node.at(&["spec", "hosts"])
                .map_or(&[][..], Node::items)
                .iter()
                .filter_map(|host| Some((host.text()?.to_owned(), host.line)))
                .collect(),
        )),
        "Pod" => Some(Body::Workload(workload(kind, node, node))),
        "CronJob" => node
            .at(&["spec", "jobTemplate", "spec", "template"])
            .map(|template| Body::Workload(workload(kind, node, template))),
        _ if WORKLOADS.contains(&kind) => {
            node.at(&["spec", "template"]).map(|template| Body::Workload(workload(kind, node, template)))
        }
        _ => None,
    };
    if let Some(body) = body {
        let namespace = node.at(&["metadata", "namespace"]).and_then(Node::text).map(str::to_owned);
        objects.push(Object { name: name.trim_end_matches('-').to_owned(), namespace, line, body });
    }
}

fn workload(kind: &str, node: &Node, template: &Node) -> Workload {
    let pod_labels = labels(template.at(&["metadata", "labels"]));
    let own = labels(node.at(&["metadata", "labels"]));
    let app_names = ["app.kubernetes.io/name", "app", "app.kubernetes.io/component"]
        .iter()
        .filter_map(|key| {
            own.iter().chain(&pod_labels).find(|(name, _)| name == key).map(|(_, value)| value.clone())
        })
        .collect();
    let spec = template.get("spec");
    let containers = spec.map_or(&[][..], |spec| spec.items_of("containers")).iter().map(container).collect();
    let config_maps = spec
        .map_or(&[][..], |spec| spec.items_of("volumes"))
        .iter()
        .filter_map(|volume| volume.at(&["configMap", "name"]).and_then(Node::text).map(str::to_owned))
        .collect();
    Workload { kind: kind.to_owned(), labels: pod_labels, app_names, containers, config_maps }
}

fn container(node: &Node) -> Container {
    let image = node.get("image").and_then(|image| Some((image.text()?.to_owned(), image.line)));
    let mut container = Container { image, ..Container::default() };
    for item in node.items_of("env") {
        let Some(name) = item.text_of("name") else { continue };
        if let Some(value) = item.get("value") {
            container.env.extend(
                value.text().map(|text| (name.to_owned(), EnvValue::Text(text.to_owned()), value.line)),
            );
        } else if let Some(key) = item.at(&["valueFrom", "configMapKeyRef"])
            && let (Some(map), Some(entry)) = (key.text_of("name"), key.text_of("key"))
        {
            let value = EnvValue::ConfigMap(map.to_owned(), entry.to_owned());
            container.env.push((name.to_owned(), value, item.line));
        }
    }
    for item in node.items_of("envFrom") {
        container.env_from.extend(item.at(&["configMapRef", "name"]).and_then(Node::text).map(str::to_owned));
    }
    for key in ["command", "args"] {
        container
            .args
            .extend(node.items_of(key).iter().filter_map(|item| Some((item.text()?.to_owned(), item.line))));
    }
    for port in node.items_of("ports") {
        container.ports.extend(port.text_of("containerPort").and_then(|port| port.parse::<u16>().ok()));
    }
    container
}

/// Entries of a configuration map: key, value, where they stand.
pub(super) type Entries = Vec<(String, String, Place)>;

/// An object with what its file says about it.
pub(super) struct Linked<'a> {
    pub(super) path: &'a str,
    pub(super) object: &'a Object,
    /// The folder that the object belongs to: of what it patches, else its own.
    pub(super) folder: String,
    pub(super) env: Option<String>,
    pub(super) is_patch: bool,
    /// Of a chart: its name, and the folder of the chart that it is installed with.
    pub(super) chart: Option<(&'a str, &'a str)>,
}

impl Linked<'_> {
    fn reader(&self) -> &'static str {
        if self.chart.is_some() { super::helm::NAME } else { NAME }
    }

    fn namespace(&self) -> &str {
        self.object.namespace.as_deref().unwrap_or("default")
    }

    /// The piece of the object's name. A chart is installed into a namespace that it doesn't know.
    fn piece(&self, sketch: &mut Sketch<'_>) -> Option<usize> {
        let at = (self.path.to_owned(), self.object.line);
        let full = format!("{}/{}", self.namespace(), self.object.name);
        let (format, name) =
            if self.chart.is_some() { ("helm", self.object.name.as_str()) } else { ("k8s", full.as_str()) };
        sketch.piece(self.reader(), Form::Deployed, &self.folder, format, name, at)
    }

    fn stack(&self) -> String {
        match self.chart {
            Some((_, folder)) => format!("helm {folder}"),
            None => format!("k8s {} {}", stack_folder(&self.folder), self.namespace()),
        }
    }
}

/// What configuration maps hold.
pub(super) struct Maps<'a> {
    own: BTreeMap<(String, &'a str), Entries>,
    generated: Vec<(String, Entries)>,
}

impl<'a> Maps<'a> {
    pub(super) fn new(linked: &[Linked<'a>], generated: Vec<(String, Entries)>) -> Maps<'a> {
        let mut own: BTreeMap<(String, &str), Entries> = BTreeMap::new();
        for one in linked {
            if let Body::ConfigMap(data) = &one.object.body {
                let entries = data
                    .iter()
                    .map(|(key, value, line)| (key.clone(), value.clone(), (one.path.to_owned(), *line)));
                own.entry((one.folder.clone(), &one.object.name)).or_default().extend(entries);
            }
        }
        Maps { own, generated }
    }

    fn find(&self, folder: &str, name: &str) -> Entries {
        let here = self.own.get(&(folder.to_owned(), name));
        let anywhere = || {
            let mut found =
                self.own.iter().filter(|((_, other), _)| *other == name).map(|(_, entries)| entries);
            // A map of that name in several unrelated folders says nothing certain.
            let first = found.next()?;
            found.next().is_none().then_some(first)
        };
        let mut entries = here.or_else(anywhere).cloned().unwrap_or_default();
        entries.extend(
            self.generated.iter().filter(|(other, _)| other == name).flat_map(|(_, entries)| entries.clone()),
        );
        entries
    }
}

fn link_all(facts: Vec<(String, Manifests)>, sketch: &mut Sketch<'_>) {
    let mut objects: Vec<(String, Object)> = Vec::new();
    let mut kustomizations: BTreeMap<String, (String, Kustomization)> = BTreeMap::new();
    for (path, facts) in facts {
        match facts {
            // What becomes of a chart's templates is the chart reader's word.
            Manifests::Objects(_)
                if super::helm::chart_of(&path, &|file| sketch.has_file(file)).is_some() => {}
            Manifests::Objects(list) => objects.extend(list.into_iter().map(|object| (path.clone(), object))),
            Manifests::Kustomization(one) => {
                kustomizations.insert(parent(&path).to_owned(), (path, *one));
            }
        }
    }
    let overlays = kustomize::Overlays::new(&kustomizations);
    sketch.overlays.clone_from(&overlays.made_of);
    // Where each workload is defined, to tell a patch from a definition.
    let mut defined: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (path, object) in &objects {
        if let Body::Workload(workload) = &object.body
            && !overlays.is_patch_file(path)
        {
            defined.entry((&workload.kind, &object.name)).or_default().insert(parent(path));
        }
    }
    let linked: Vec<Linked<'_>> = objects
        .iter()
        .map(|(path, object)| {
            let own = parent(path);
            let base = match &object.body {
                Body::Workload(workload) => {
                    defined.get(&(workload.kind.as_str(), object.name.as_str())).and_then(|folders| {
                        folders.iter().find(|folder| **folder != own && overlays.reaches(own, folder))
                    })
                }
                _ => None,
            };
            let is_patch = base.is_some() || overlays.is_patch_file(path);
            let namespace = object.namespace.as_deref().and_then(super::compose::namespace_environment);
            Linked {
                path,
                object,
                folder: base.map_or_else(|| own.to_owned(), |folder| (*folder).to_owned()),
                env: overlays.environment(own).or_else(|| namespace.map(str::to_owned)),
                is_patch,
                chart: None,
            }
        })
        .collect();

    let maps = Maps::new(&linked, kustomize::generated_maps(&kustomizations, sketch));
    let workloads = link_workloads(sketch, &linked, &overlays, &maps);
    for (folder, (path, kustomization)) in &kustomizations {
        kustomize::link_images(folder, kustomization, &overlays, sketch);
        kustomize::mount_files(path, kustomization, sketch, &linked_users(&workloads));
    }
    link_others(sketch, &linked, &workloads);
}

type Workloads<'a> = Vec<(usize, &'a Linked<'a>, &'a Workload)>;

/// The workloads among some objects, as pieces.
fn link_workloads<'a>(
    sketch: &mut Sketch<'_>,
    linked: &'a [Linked<'a>],
    overlays: &kustomize::Overlays,
    maps: &Maps<'_>,
) -> Workloads<'a> {
    let mut workloads = Vec::new();
    for one in linked {
        if let Body::Workload(workload) = &one.object.body
            && let Some(piece) = link_workload(sketch, one, workload, overlays, maps)
        {
            workloads.push((piece, one, workload));
        }
    }
    workloads
}

/// What is said about workloads by the other objects.
fn link_others(sketch: &mut Sketch<'_>, linked: &[Linked<'_>], workloads: &Workloads<'_>) {
    let mut by_label: BTreeMap<&(String, String), Vec<usize>> = BTreeMap::new();
    for (position, (_, _, workload)) in workloads.iter().enumerate() {
        for label in &workload.labels {
            by_label.entry(label).or_default().push(position);
        }
    }
    for one in linked {
        link_rest(sketch, one, workloads, &by_label);
    }
}

/// The objects that a chart becomes. The pieces are given back.
pub(super) fn link_chart(sketch: &mut Sketch<'_>, linked: &[Linked<'_>]) -> Vec<usize> {
    let overlays = kustomize::Overlays::new(&BTreeMap::new());
    let workloads = link_workloads(sketch, linked, &overlays, &Maps::new(linked, Vec::new()));
    link_others(sketch, linked, &workloads);
    workloads.iter().map(|(piece, _, _)| *piece).collect()
}

/// Which pieces use a configuration map: (map, piece).
fn linked_users(workloads: &[(usize, &Linked<'_>, &Workload)]) -> Vec<(String, usize)> {
    let mut users = Vec::new();
    for (piece, _, workload) in workloads {
        let maps = workload.containers.iter().flat_map(|container| &container.env_from);
        users.extend(workload.config_maps.iter().chain(maps).map(|map| (map.clone(), *piece)));
    }
    users
}

fn link_workload(
    sketch: &mut Sketch<'_>,
    one: &Linked<'_>,
    workload: &Workload,
    overlays: &kustomize::Overlays,
    maps: &Maps<'_>,
) -> Option<usize> {
    let object = one.object;
    let reader = one.reader();
    let place = |line: u32| -> Place { (one.path.to_owned(), line) };
    let known = sketch.pieces.len();
    // A patch names what its base defines; without a base on the map it defines nothing itself.
    let piece = if one.is_patch {
        let found = sketch.pieces.iter().position(|piece| {
            piece.reader == NAME
                && piece.reference.short_name() == object.name
                && piece.reference.in_repository().is_some_and(|(_, folder, _, _)| folder == one.folder)
        });
        match found {
            Some(piece) => {
                sketch.pieces[piece].at.insert(place(object.line));
                piece
            }
            None if overlays.is_patch_file(one.path) => return None,
            None => one.piece(sketch)?,
        }
    } else {
        one.piece(sketch)?
    };
    if !one.is_patch {
        sketch.set_env(piece, one.env.as_deref(), piece == known);
    }
    let origin = Origin::Piece(piece);
    let own = &mut sketch.pieces[piece];
    // `orders-deployment` is the deployment of `orders`.
    let plain_name = ["-deployment", "-deploy", "-statefulset", "-daemonset"]
        .iter()
        .find_map(|end| object.name.strip_suffix(end));
    if let Some(name) = plain_name.filter(|name| name.len() > 1) {
        own.name = name.to_owned();
        own.names.insert(name.to_lowercase());
    }
    own.stack = Some(one.stack());
    if let Some((chart, _)) = one.chart {
        // Who writes a name by hand writes it with the release's, which is mostly the chart's.
        own.names.insert(format!("{chart}-{}", object.name).to_lowercase());
    }
    own.names.extend(workload.app_names.iter().map(|name| name.to_lowercase()));
    if matches!(workload.kind.as_str(), "Job" | "CronJob") {
        own.typ = Some("job".to_owned());
    }
    // The first container is the piece; the others are helpers beside it.
    for (index, container) in workload.containers.iter().enumerate() {
        if let Some((image, _)) = &container.image {
            let is_main = index == 0;
            if is_main {
                sketch.set_image(piece, image);
            }
        }
        sketch.pieces[piece].ports.extend(&container.ports);
        let env = one.env.as_deref();
        for (name, value, line) in &container.env {
            match value {
                EnvValue::Text(text) => {
                    sketch.mention_value(reader, &origin, name, text, true, &place(*line), env);
                }
                EnvValue::ConfigMap(map, key) => {
                    for (entry, text, at) in maps.find(&one.folder, map) {
                        if entry == *key {
                            sketch.mention_value(reader, &origin, name, &text, true, &at, env);
                        }
                    }
                }
            }
        }
        for map in &container.env_from {
            for (name, text, at) in maps.find(&one.folder, map) {
                sketch.mention_value(reader, &origin, &name, &text, true, &at, env);
            }
        }
        for (word, line) in &container.args {
            let (name, value) = word.split_once('=').unwrap_or(("", word));
            sketch.mention_value(
                reader,
                &origin,
                name.trim_start_matches('-'),
                value,
                false,
                &place(*line),
                env,
            );
        }
    }
    for map in &workload.config_maps {
        for (key, text, (path, first)) in maps.find(&one.folder, map) {
            let env = one.env.as_deref();
            let inner = Inner { reader, origin: &origin, key: &key, text: &text, path: &path, first, env };
            let is_known = super::routes::mention_inner(sketch, &inner)
                || super::telemetry::mention_inner(sketch, &inner);
            if !is_known {
                mention_file(sketch, one, &origin, &text, &path, first);
            }
        }
    }
    Some(piece)
}

/// A whole file inside a configuration map: each line counts by itself.
fn mention_file(
    sketch: &mut Sketch<'_>,
    one: &Linked<'_>,
    origin: &Origin,
    text: &str,
    path: &str,
    first: u32,
) {
    for (index, line) in text.lines().enumerate().take(20_000) {
        if line.len() > crate::limits::LINE_BYTES || line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let name = line.split([':', '=']).next().unwrap_or("").trim();
        // A chart's map may come from its values: of its lines it is only known which line of the template makes them.
        let behind = if one.chart.is_some() { 0 } else { u32::try_from(index).unwrap_or(0) };
        let at = (path.to_owned(), first + behind);
        sketch.mention_value(one.reader(), origin, name, line, false, &at, one.env.as_deref());
    }
}

fn link_rest(
    sketch: &mut Sketch<'_>,
    one: &Linked<'_>,
    workloads: &[(usize, &Linked<'_>, &Workload)],
    by_label: &BTreeMap<&(String, String), Vec<usize>>,
) {
    let object = one.object;
    let same_namespace = |other: &Linked<'_>| other.namespace() == one.namespace();
    match &object.body {
        Body::Service { selector, ports, external, public } => {
            if selector.is_empty() {
                if let Some(host) = external {
                    let at = (one.path.to_owned(), object.line);
                    if let Some(piece) = one.piece(sketch) {
                        sketch.pieces[piece].typ = Some("external".to_owned());
                        sketch.pieces[piece].stack = Some(one.stack());
                        sketch.mention_value(
                            one.reader(),
                            &Origin::Piece(piece),
                            "host",
                            host,
                            true,
                            &at,
                            one.env.as_deref(),
                        );
                    }
                }
                return;
            }
            let labelled =
                selector.first().and_then(|label| by_label.get(label)).map_or(&[][..], Vec::as_slice);
            let selected =
                labelled.iter().map(|position| &workloads[*position]).filter(|(_, other, workload)| {
                    selector.iter().all(|pair| workload.labels.contains(pair))
                        && same_namespace(other)
                        && near(&one.folder, &other.folder)
                });
            let selected: Vec<usize> = selected.map(|(piece, _, _)| *piece).collect();
            let key =
                object.namespace.as_deref().and_then(|own| crate::hosts::cluster_key(&object.name, own));
            for piece in &selected {
                let own = &mut sketch.pieces[*piece];
                // What several workloads answer to is the name of none.
                own.keys.extend(key.clone().filter(|_| selected.len() == 1));
                own.names.insert(object.name.to_lowercase());
                own.at.insert((one.path.to_owned(), object.line));
                own.ports.extend(ports);
                if *public {
                    own.endpoints.extend(ports.iter().map(|port| format!("port {port}")));
                }
            }
        }
        Body::Routes(routes) => {
            for route in routes {
                let name = route.service.split('.').next().unwrap_or("").to_lowercase();
                let target = workloads
                    .iter()
                    .filter(|(_, other, _)| same_namespace(other) && near(&one.folder, &other.folder))
                    .find(|(piece, _, _)| sketch.pieces[*piece].names.contains(&name))
                    .map(|(piece, _, _)| *piece);
                if let Some(piece) = target {
                    super::ingress::link(sketch, piece, route, one.path, one.env.as_deref());
                }
            }
        }
        Body::External(hosts) => {
            for (host, line) in hosts {
                if host.contains('*') {
                    continue;
                }
                // Who talks to it isn't said; the host is on the map by itself.
                let at = (one.path.to_owned(), *line);
                let origin = Origin::File(one.path.to_owned());
                sketch.mention_value(one.reader(), &origin, "host", host, true, &at, one.env.as_deref());
            }
        }
        Body::Workload(_) | Body::ConfigMap(_) => {}
    }
}

/// The folder that a set of manifests begins at: the first on the path that is named like one.
fn stack_folder(folder: &str) -> &str {
    const NAMES: &[&str] = &[
        "k8s",
        "kubernetes",
        "kube",
        "manifests",
        "kubernetes-manifests",
        "deploy",
        "deployment",
        "deployments",
        "kustomize",
        "openshift",
        "knative",
        "gitops",
        "helm",
        "charts",
        "infra",
        "infrastructure",
        "clusters",
        "base",
        "overlays",
    ];
    let mut end = 0;
    for part in folder.split('/') {
        end += part.len();
        if NAMES.contains(&part.to_ascii_lowercase().as_str()) {
            return &folder[..end];
        }
        end += 1;
    }
    folder
}

/// Whether two folders of manifests belong together: one below the other, or side by side below a common one.
fn near(a: &str, b: &str) -> bool {
    a == b
        || parent(a) == parent(b)
        || a.starts_with(&format!("{b}/"))
        || b.starts_with(&format!("{a}/"))
        || a.is_empty()
        || b.is_empty()
        || stack_folder(a) == stack_folder(b)
        || base_name(a) == base_name(b) && parent(parent(a)) == parent(parent(b))
}
