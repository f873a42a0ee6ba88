//! Helm charts, read without Helm: templates are filled in with the chart's values as far as the usual functions go,
//! and what comes of them is read as manifests. Dependencies that aren't in the repository are pieces by their name.

mod eval;
mod functions;
mod template;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use crate::limits;
use crate::link::{Form, Sketch, base_name, parent};
use crate::parse::{self, Node, documents, parse_yaml};
use crate::products::{self, Product};

use super::compose::{ENVIRONMENTS, resolve};
use super::kubernetes::{Linked, Object, link_chart, read_object};
use super::{ReadResult, Reader, SourceFile};
use eval::{Eval, Named, definitions};
use template::Part;
use value::Value;

pub(super) const NAME: &str = "helm";

/// What stands for the name that a chart is installed under. It is taken out of all names again.
const RELEASE: &str = "release0name";

/// One file of a chart.
pub(crate) enum ChartFile {
    Chart(Box<Chart>),
    /// What older charts write into a file of their own.
    Requirements(Vec<Dependency>),
    Values(Node),
    Template(Vec<Part>),
}

/// What a chart says about itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    name: String,
    description: Option<String>,
    version: String,
    app_version: String,
    is_library: bool,
    dependencies: Vec<Dependency>,
}

/// Another chart that a chart is made of.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    name: String,
    alias: Option<String>,
    repository: String,
    /// Paths into the values, the first that is there decides.
    condition: Option<String>,
    tags: Vec<String>,
    line: u32,
}

impl Dependency {
    fn called(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }

    /// Whether the values leave it on.
    fn is_on(&self, values: &Value) -> bool {
        let at = |path: &str| path.trim().split('.').fold(values.clone(), |value, key| value.get(key));
        let said = self
            .condition
            .iter()
            .flat_map(|paths| paths.split(','))
            .map(at)
            .find(|value| *value != Value::Nil);
        if let Some(value) = said {
            return value.is_true();
        }
        let tags: Vec<Value> = self
            .tags
            .iter()
            .map(|tag| values.get("tags").get(tag))
            .filter(|tag| *tag != Value::Nil)
            .collect();
        tags.is_empty() || tags.iter().any(Value::is_true)
    }
}

/// The reader of charts.
pub(crate) struct Helm;

impl Reader for Helm {
    type Facts = ChartFile;
    const NAME: &'static str = NAME;

    fn wants(path: &str, name: &str) -> bool {
        let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        match name {
            "chart.yaml" | "requirements.yaml" => true,
            _ if is_yaml && (name.starts_with("values") || name.ends_with("values.yaml")) => true,
            _ => {
                (is_yaml || name.ends_with(".tpl"))
                    && (path.starts_with("templates/") || path.contains("/templates/"))
            }
        }
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<ChartFile> {
        let name = file.name();
        let is_values = name.starts_with("values") || name.ends_with("values.yaml");
        if !is_values && name != "chart.yaml" && name != "requirements.yaml" {
            return Ok(Some(ChartFile::Template(template::parse(file.text))));
        }
        let root = match file.yaml() {
            Ok(documents) => documents.first(),
            Err(_) if file.is_template() => None,
            Err(error) => return Err(error),
        };
        let Some(root) = root.filter(|root| root.is_map()) else { return Ok(None) };
        let dependencies = || root.items_of("dependencies").iter().filter_map(dependency).collect();
        Ok(match name.as_str() {
            "chart.yaml" => root.text_of("name").map(|name| {
                ChartFile::Chart(Box::new(Chart {
                    name: name.to_owned(),
                    description: root.text_of("description").map(str::to_owned),
                    version: root.text_of("version").unwrap_or("0").to_owned(),
                    app_version: root.text_of("appVersion").unwrap_or("0").to_owned(),
                    is_library: root.text_of("type") == Some("library"),
                    dependencies: dependencies(),
                }))
            }),
            "requirements.yaml" => Some(ChartFile::Requirements(dependencies())),
            _ => Some(ChartFile::Values(root.clone())),
        })
    }

    fn link(facts: Vec<(String, ChartFile)>, sketch: &mut Sketch<'_>) {
        let charts = Charts::new(&facts);
        for folder in charts.roots() {
            charts.install(folder, sketch);
        }
    }
}

fn dependency(node: &Node) -> Option<Dependency> {
    Some(Dependency {
        name: node.text_of("name")?.to_owned(),
        alias: node.text_of("alias").map(str::to_owned),
        repository: node.text_of("repository").unwrap_or("").to_owned(),
        condition: node.text_of("condition").map(str::to_owned),
        tags: node.items_of("tags").iter().filter_map(|tag| tag.text().map(str::to_owned)).collect(),
        line: node.line,
    })
}

/// The folder of the chart whose template a file is.
pub(super) fn chart_of<'a>(path: &'a str, has_file: &dyn Fn(&str) -> bool) -> Option<&'a str> {
    let mut at = parent(path);
    loop {
        if base_name(at) == "templates" {
            let folder = parent(at);
            let chart =
                if folder.is_empty() { "Chart.yaml".to_owned() } else { format!("{folder}/Chart.yaml") };
            return has_file(&chart).then_some(folder);
        }
        if at.is_empty() {
            return None;
        }
        at = parent(at);
    }
}

/// One chart with its files.
struct Files<'a> {
    chart: &'a Chart,
    path: &'a str,
    dependencies: Vec<&'a Dependency>,
    values: Value,
    /// Further sets of values by environment.
    variants: BTreeMap<String, Value>,
    templates: Vec<(&'a str, &'a [Part])>,
}

struct Charts<'a> {
    by_folder: BTreeMap<&'a str, Files<'a>>,
}

/// The environment that a file of values is for, by its name; nothing for the one that always counts.
fn environment(path: &str) -> Option<String> {
    let name = base_name(path).to_ascii_lowercase();
    name.split(['.', '-', '_']).find(|word| ENVIRONMENTS.contains(word)).map(str::to_owned)
}

/// What a chart becomes: its objects, with file and folder.
struct Rendered {
    path: String,
    folder: String,
    object: Object,
}

impl<'a> Charts<'a> {
    fn new(facts: &'a [(String, ChartFile)]) -> Charts<'a> {
        let mut by_folder: BTreeMap<&str, Files<'_>> = BTreeMap::new();
        for (path, file) in facts {
            if let ChartFile::Chart(chart) = file {
                let files = Files {
                    chart,
                    path,
                    dependencies: chart.dependencies.iter().collect(),
                    values: Value::Nil,
                    variants: BTreeMap::new(),
                    templates: Vec::new(),
                };
                by_folder.insert(parent(path), files);
            }
        }
        let paths: BTreeSet<&str> = by_folder.values().map(|files| files.path).collect();
        for (path, file) in facts {
            let folder = match file {
                ChartFile::Template(_) => chart_of(path, &|file| paths.contains(file)),
                _ => Some(parent(path)),
            };
            let Some(files) = folder.and_then(|folder| by_folder.get_mut(folder)) else { continue };
            match file {
                ChartFile::Chart(_) => {}
                ChartFile::Requirements(list) => files.dependencies.extend(list),
                ChartFile::Values(node) if base_name(path).eq_ignore_ascii_case("values.yaml") => {
                    files.values = Value::of_node(node);
                }
                ChartFile::Values(node) => {
                    if let Some(env) =
                        environment(path).filter(|_| files.variants.len() < limits::CHART_DEPTH)
                    {
                        files.variants.insert(env, Value::of_node(node));
                    }
                }
                ChartFile::Template(parts) => files.templates.push((path, parts)),
            }
        }
        Charts { by_folder }
    }

    /// Folders of the charts that a chart is made of, with the dependency that says so.
    fn children(&self, folder: &str) -> Vec<(&'a str, Option<&'a Dependency>)> {
        let Some(files) = self.by_folder.get(folder) else { return Vec::new() };
        let start = if folder.is_empty() { "charts/".to_owned() } else { format!("{folder}/charts/") };
        let mut inside: BTreeSet<&str> = self
            .by_folder
            .keys()
            .copied()
            .filter(|other| other.strip_prefix(&start).is_some_and(|rest| !rest.contains('/')))
            .collect();
        let mut out = Vec::new();
        for dependency in &files.dependencies {
            let local = |other: &&str| {
                self.by_folder.get(other).is_some_and(|files| files.chart.name == dependency.name)
            };
            let found = match dependency.repository.strip_prefix("file://") {
                Some(path) => resolve(folder, path),
                None => inside.iter().copied().find(local).map(str::to_owned),
            };
            // The charts of a repository are mostly published together.
            let mut others = self.by_folder.keys().copied().filter(|other| *other != folder).filter(local);
            let found = match found.and_then(|found| self.by_folder.get_key_value(found.as_str())) {
                Some((found, _)) => Some(*found),
                None => others.next().filter(|_| others.next().is_none()),
            };
            if let Some(found) = found {
                inside.remove(found);
                out.push((found, Some(*dependency)));
            }
        }
        out.extend(inside.into_iter().map(|other| (other, None)));
        out
    }

    /// The charts that are no part of another.
    fn roots(&self) -> Vec<&'a str> {
        let parts: BTreeSet<&str> = self
            .by_folder
            .keys()
            .flat_map(|folder| self.children(folder))
            .map(|(folder, _)| folder)
            .collect();
        self.by_folder
            .iter()
            .filter(|(folder, files)| !parts.contains(*folder) && !files.chart.is_library)
            .map(|(folder, _)| *folder)
            .collect()
    }

    /// The pieces of a chart, once for each set of values.
    fn install(&self, folder: &'a str, sketch: &mut Sketch<'_>) {
        let Some(files) = self.by_folder.get(folder) else { return };
        let mut tree = BTreeSet::new();
        self.tree(folder, 0, &mut tree);
        let mut named = Named::new();
        // The outermost chart has the last word about a name.
        for member in tree.iter().rev() {
            for (_, parts) in self.by_folder.get(member).map_or(&[][..], |files| &files.templates) {
                definitions(parts, &mut named);
            }
        }
        let variants = files.variants.iter().map(|(env, values)| (Some(env), files.values.overlaid(values)));
        let mut known = BTreeSet::new();
        for (env, values) in [(None, files.values.clone())].into_iter().chain(variants) {
            let mut run = Run { eval: Eval::new(&named), release: &files.chart.name, objects: Vec::new() };
            self.render(folder, &values, 0, &mut run, &mut |chart, dependency, values| {
                self.outside(folder, chart, dependency, (env, values), sketch, &mut known);
            });
            let linked: Vec<Linked<'_>> = run
                .objects
                .iter()
                .map(|one| Linked {
                    path: &one.path,
                    object: &one.object,
                    folder: one.folder.clone(),
                    env: env.cloned(),
                    is_patch: false,
                    chart: Some((&files.chart.name, folder)),
                })
                .collect();
            let pieces = link_chart(sketch, &linked);
            self.name_after_charts(&pieces, sketch);
        }
    }

    /// A chart of one workload is that workload, whatever the templates put around its name.
    fn name_after_charts(&self, pieces: &[usize], sketch: &mut Sketch<'_>) {
        let mut by_chart: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for piece in pieces {
            let own = &sketch.pieces[*piece];
            if let Some((_, folder, _, _)) = own.reference.in_repository()
                && own.typ.as_deref() != Some("job")
            {
                by_chart.entry(folder.to_owned()).or_default().insert(*piece);
            }
        }
        for (folder, members) in by_chart {
            let Some(files) = self.by_folder.get(folder.as_str()) else { continue };
            let name = files.chart.name.to_lowercase();
            for piece in &members {
                let own = &mut sketch.pieces[*piece];
                let lower = own.name.to_lowercase();
                let is_around =
                    lower.starts_with(&format!("{name}-")) || lower.ends_with(&format!("-{name}"));
                if members.len() == 1 && is_around {
                    own.name.clone_from(&files.chart.name);
                    own.names.insert(name.clone());
                }
                if own.name.to_lowercase() == name {
                    own.description = own.description.take().or_else(|| files.chart.description.clone());
                }
            }
        }
    }

    /// A chart and all that it is made of.
    fn tree(&self, folder: &'a str, depth: usize, out: &mut BTreeSet<&'a str>) {
        if depth > limits::CHART_DEPTH || !out.insert(folder) {
            return;
        }
        for (child, _) in self.children(folder) {
            self.tree(child, depth + 1, out);
        }
    }

    fn render(
        &self,
        folder: &'a str,
        values: &Value,
        depth: usize,
        run: &mut Run<'_, '_>,
        outside: &mut dyn FnMut(&Files<'a>, &'a Dependency, &Value),
    ) {
        let Some(files) = self.by_folder.get(folder).filter(|_| depth < limits::CHART_DEPTH) else { return };
        let children = self.children(folder);
        for (child, dependency) in &children {
            let Some(other) = self.by_folder.get(child) else { continue };
            if other.chart.is_library || dependency.is_some_and(|dependency| !dependency.is_on(values)) {
                continue;
            }
            let called = dependency.map_or(other.chart.name.as_str(), Dependency::called);
            let mut own = other.values.overlaid(&values.get(called));
            let global = own.get("global").overlaid(&values.get("global"));
            own = own.overlaid(&Value::map([("global".to_owned(), global)]));
            self.render(child, &own, depth + 1, run, outside);
        }
        for dependency in &files.dependencies {
            let is_here =
                children.iter().any(|(_, other)| other.is_some_and(|other| std::ptr::eq(other, *dependency)));
            if !is_here && dependency.is_on(values) {
                outside(files, dependency, values);
            }
        }
        let root = self.context(files, values);
        for (path, parts) in &files.templates {
            if base_name(path).starts_with('_') || path.ends_with(".tpl") {
                continue;
            }
            run.template(path, folder, parts, &root);
        }
    }

    /// What a chart's templates are about.
    fn context(&self, files: &Files<'_>, values: &Value) -> Value {
        let texts = |pairs: &[(&str, &str)]| {
            Value::map(pairs.iter().map(|(key, text)| ((*key).to_owned(), Value::from(*text))))
        };
        let version =
            texts(&[("Version", "v1.33.0"), ("GitVersion", "v1.33.0"), ("Major", "1"), ("Minor", "33")]);
        Value::map([
            ("Values".to_owned(), values.clone()),
            (
                "Chart".to_owned(),
                texts(&[
                    ("Name", &files.chart.name),
                    ("Version", &files.chart.version),
                    ("AppVersion", &files.chart.app_version),
                ]),
            ),
            (
                "Release".to_owned(),
                texts(&[
                    ("Name", RELEASE),
                    ("Namespace", "default"),
                    ("Service", "Helm"),
                    ("IsInstall", "true"),
                    ("Revision", "1"),
                ]),
            ),
            ("Capabilities".to_owned(), Value::map([("KubeVersion".to_owned(), version)])),
            ("Template".to_owned(), texts(&[("Name", files.path), ("BasePath", "templates")])),
        ])
    }

    /// A chart of somebody else's that this one is installed with.
    fn outside(
        &self,
        root: &str,
        files: &Files<'_>,
        dependency: &Dependency,
        (env, values): (Option<&String>, &Value),
        sketch: &mut Sketch<'_>,
        known: &mut BTreeSet<usize>,
    ) {
        if installs_nothing(&dependency.name) {
            return;
        }
        let at = (files.path.to_owned(), dependency.line);
        let called = dependency.called();
        let Some(piece) = sketch.piece(NAME, Form::Deployed, parent(files.path), "helm", called, at) else {
            return;
        };
        sketch.set_env(piece, env.map(String::as_str), known.insert(piece));
        let own = &mut sketch.pieces[piece];
        own.stack = Some(format!("helm {root}"));
        own.product = products::by_chart(&dependency.name);
        // The names of the services that such charts make.
        let chart = files.chart.name.to_lowercase();
        let ends = endings_of_services(own.product);
        let overrides = ["fullnameOverride", "nameOverride"].map(|key| values.get(called).get(key).text());
        for name in overrides.iter().map(String::as_str).chain([called, &dependency.name]) {
            let base = name.to_lowercase();
            if base.is_empty() || base.contains("{{") {
                continue;
            }
            own.names.insert(format!("{chart}-{base}"));
            own.names.extend(ends.iter().map(|end| format!("{base}{end}")));
        }
    }
}

/// Whether a chart of this name only holds what other charts are made of.
pub(super) fn installs_nothing(chart: &str) -> bool {
    crate::values::words(chart).iter().any(|word| {
        matches!(word.as_str(), "common" | "lib" | "library" | "crd" | "crds" | "helpers" | "base")
    })
}

/// What charts of a product put behind its name to name their services.
pub(super) fn endings_of_services(product: Option<&Product>) -> &'static [&'static str] {
    match product.map(|product| product.kind) {
        Some("cache") => &["", "-master"],
        Some("database" | "broker") => &["", "-primary", "-headless"],
        _ => &[""],
    }
}

struct Run<'a, 'b> {
    eval: Eval<'a>,
    /// The name that the outermost chart is installed under.
    release: &'b str,
    objects: Vec<Rendered>,
}

impl Run<'_, '_> {
    /// The objects of one template. What isn't a document after all is left out: values that only an installation
    /// knows are missing here, and no fault of the file.
    fn template(&mut self, path: &str, folder: &str, parts: &[Part], root: &Value) {
        let output = self.eval.file(parts, root);
        let text = output.text.replace(&format!("{RELEASE}-"), "").replace(RELEASE, self.release);
        for (first, document) in documents(&text) {
            let Ok(nodes) = parse_yaml(document, first) else { continue };
            for mut node in nodes {
                put_lines(&mut node, &output.lines);
                let hook = node.at(&["metadata", "annotations", "helm.sh/hook"]).and_then(Node::text);
                if hook.is_some_and(|hook| hook.contains("test")) {
                    continue;
                }
                let mut objects = Vec::new();
                read_object(&node, &mut objects, 0);
                self.objects.extend(objects.into_iter().map(|object| Rendered {
                    path: path.to_owned(),
                    folder: folder.to_owned(),
                    object,
                }));
            }
        }
    }
}

/// Lines of the filled in text become lines of the template.
fn put_lines(node: &mut Node, lines: &[u32]) {
    let at = usize::try_from(node.line).unwrap_or(0).saturating_sub(1);
    node.line = lines.get(at).or(lines.last()).copied().unwrap_or(1);
    match &mut node.value {
        parse::Value::Seq(items) => items.iter_mut().for_each(|item| put_lines(item, lines)),
        parse::Value::Map(entries) => entries.iter_mut().for_each(|(_, item)| put_lines(item, lines)),
        parse::Value::Null | parse::Value::Scalar(_) => {}
    }
}
