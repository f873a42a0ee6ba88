//! Helm releases that other files ask for: helmfile, Flux's HelmRelease, and Argo CD's applications out of a chart. What
//! is installed from somebody else's chart is a piece; a chart of this repository has been read as such, and what a
//! release says of it is added to it.

use crate::limits;
use crate::link::{Form, Image, Origin, Place, Sketch, Target, clean_name, parent};
use crate::parse::{Node, ParseError, Value, documents, parse_yaml};
use crate::products;

use super::compose::{namespace_environment, resolve};
use super::{ReadResult, Reader, SourceFile, helm};

const NAME: &str = "releases";

/// A value with its line.
type Line<T> = (T, u32);

/// A chart that is installed under a name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Release {
    name: String,
    namespace: Option<String>,
    /// As written: `REPOSITORY/CHART`, `oci://…/CHART`, a path of the file's folder or of the repository.
    chart: String,
    /// Whether the chart is a folder below the repository's root, whatever the file's own folder is.
    from_root: bool,
    image: Option<String>,
    values: Vec<Line<(String, String)>>,
    /// Releases that are installed before it.
    needs: Vec<Line<String>>,
    line: u32,
}

/// The reader of such files.
pub(crate) struct Releases;

impl Reader for Releases {
    type Facts = Vec<Release>;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["releases:", "HelmRelease", "argoproj.io/"];

    fn wants(path: &str, name: &str) -> bool {
        name.ends_with(".yaml") || name.ends_with(".yml") || is_helmfile(path, name)
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Release>> {
        let found = if is_helmfile(file.path, &file.name()) {
            helmfile(file.text)
        } else if file.text.contains("HelmRelease") || file.text.contains("chart:") {
            objects(file.text)
        } else {
            return Ok(None);
        };
        match found {
            Ok(found) => Ok((!found.is_empty()).then_some(found)),
            Err(_) if file.has_marks() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn link(facts: Vec<(String, Vec<Release>)>, sketch: &mut Sketch<'_>) {
        for (path, releases) in &facts {
            for release in releases {
                link_release(sketch, path, release);
            }
        }
    }
}

fn is_helmfile(path: &str, name: &str) -> bool {
    let plain = name.strip_suffix(".gotmpl").unwrap_or(name);
    let is_yaml = plain.ends_with(".yaml") || plain.ends_with(".yml");
    is_yaml && (plain.starts_with("helmfile") || parent(path).split('/').any(|part| part == "helmfile.d"))
}

/// The releases of a helmfile. Lines that hold nothing but an action of a template are left out: what they choose
/// between is read as if all of it held.
fn helmfile(text: &str) -> Result<Vec<Release>, ParseError> {
    let is_action = |line: &str| line.trim().starts_with("{{") && line.trim().ends_with("}}");
    let lines: Vec<&str> = text.lines().map(|line| if is_action(line) { "" } else { line }).collect();
    let mut out = Vec::new();
    for root in parse_yaml(&lines.join("\n"), 0)? {
        for node in root.items_of("releases").iter().filter(|node| node.text_of("installed") != Some("false"))
        {
            let (Some(name), Some(chart)) = (node.get("name"), node.text_of("chart")) else { continue };
            let mut release = Release {
                name: name.text().unwrap_or_default().to_owned(),
                namespace: node.text_of("namespace").map(str::to_owned),
                chart: chart.to_owned(),
                needs: node.items_of("needs").iter().filter_map(needed).collect(),
                line: name.line,
                ..Release::default()
            };
            // Paths of files of values stand among the values.
            node.items_of("values").iter().filter(|item| item.is_map()).for_each(|item| release.add(item));
            out.push(release);
        }
    }
    Ok(out)
}

/// `NAME`, `NAMESPACE/NAME`, `CONTEXT/NAMESPACE/NAME`.
fn needed(node: &Node) -> Option<Line<String>> {
    let text = node.text()?;
    Some((text.rsplit('/').next().unwrap_or(text).to_owned(), node.line))
}

/// The releases among the objects of a cluster.
fn objects(text: &str) -> Result<Vec<Release>, ParseError> {
    let may_be = |text: &str| {
        ["helm.toolkit.fluxcd.io/", "argoproj.io/"].iter().any(|group| text.contains(group))
            && text.contains("chart")
    };
    let mut out = Vec::new();
    for (line, document) in documents(text).into_iter().filter(|(_, document)| may_be(document)) {
        for node in parse_yaml(document, line)? {
            let group = node.text_of("apiVersion").and_then(|api| api.split('/').next());
            match (group, node.text_of("kind")) {
                (Some("helm.toolkit.fluxcd.io"), Some("HelmRelease")) => out.extend(flux(&node)),
                (Some("argoproj.io"), Some("Application")) => out.extend(argo(&node)),
                _ => {}
            }
        }
    }
    Ok(out)
}

fn flux(node: &Node) -> Option<Release> {
    let spec = node.get("spec")?;
    let name = node.at(&["metadata", "name"])?;
    let source = spec.at(&["chart", "spec", "sourceRef", "kind"]).and_then(Node::text);
    let chart = [&["chart", "spec", "chart"][..], &["chartRef", "name"][..]];
    // A patch of a release says no chart.
    let chart = chart.iter().find_map(|path| spec.at(path)?.text())?;
    let namespace = spec.text_of("targetNamespace");
    let mut release = Release {
        name: spec.text_of("releaseName").or(name.text())?.to_owned(),
        namespace: namespace.or(node.at(&["metadata", "namespace"]).and_then(Node::text)).map(str::to_owned),
        chart: chart.to_owned(),
        from_root: source == Some("GitRepository"),
        needs: spec.items_of("dependsOn").iter().filter_map(|other| needed(other.get("name")?)).collect(),
        line: name.line,
        ..Release::default()
    };
    spec.get("values").into_iter().for_each(|values| release.add(values));
    Some(release)
}

fn argo(node: &Node) -> Vec<Release> {
    let (Some(spec), Some(name)) = (node.get("spec"), node.at(&["metadata", "name"])) else {
        return Vec::new();
    };
    let sources = spec.get("source").into_iter().chain(spec.items_of("sources"));
    sources
        .filter_map(|source| {
            let helm = source.get("helm");
            let given = helm.and_then(|helm| helm.text_of("releaseName"));
            let mut release = Release {
                name: given.or(name.text())?.to_owned(),
                namespace: spec.at(&["destination", "namespace"]).and_then(Node::text).map(str::to_owned),
                chart: source.text_of("chart")?.to_owned(),
                line: name.line,
                ..Release::default()
            };
            let Some(helm) = helm else { return Some(release) };
            helm.get("valuesObject").into_iter().for_each(|values| release.add(values));
            if let Some(text) = helm.get("values") {
                let values = text.text().and_then(|values| parse_yaml(values, text.line).ok());
                values.iter().flatten().for_each(|values| release.add(values));
            }
            helm.items_of("parameters").iter().for_each(|pair| release.add(pair));
            Some(release)
        })
        .collect()
}

impl Release {
    /// Adds what a chart is installed with.
    fn add(&mut self, values: &Node) {
        let image = values.get("image");
        let image = image.and_then(|image| image.text().or_else(|| image.text_of("repository")));
        self.image = self.image.take().or_else(|| image.map(str::to_owned));
        self.add_texts("", values);
    }

    /// Every text with its key; of pairs of a name and a value, the name is the key.
    fn add_texts(&mut self, key: &str, node: &Node) {
        if self.values.len() >= limits::RELEASE_VALUES {
            return;
        }
        match &node.value {
            Value::Null => {}
            Value::Scalar(text) => self.values.push(((key.to_owned(), text.to_string()), node.line)),
            Value::Seq(items) => items.iter().for_each(|item| self.add_texts(key, item)),
            Value::Map(entries) => match (node.text_of("name"), node.get("value")) {
                (Some(name), Some(value)) => self.add_texts(name, value),
                _ => entries.iter().for_each(|(key, value)| self.add_texts(key, value)),
            },
        }
    }

    /// What the chart itself is called.
    fn chart_name(&self) -> &str {
        let last = self.chart.trim_end_matches('/').rsplit('/').next().unwrap_or(&self.chart);
        last.split(':').next().unwrap_or(last)
    }

    /// The folder of the chart, where that is one of the repository.
    fn folder(&self, path: &str, sketch: &Sketch<'_>) -> Option<String> {
        let from = if self.from_root { "" } else { parent(path) };
        let folder = resolve(from, self.chart.trim_start_matches('/'))?;
        sketch.has_file(&format!("{folder}/Chart.yaml")).then_some(folder)
    }
}

fn link_release(sketch: &mut Sketch<'_>, path: &str, release: &Release) {
    let at = |line: u32| -> Place { (path.to_owned(), line) };
    let env = release.namespace.as_deref().and_then(namespace_environment).map(str::to_owned);
    let piece = match release.folder(path, sketch) {
        Some(folder) => match of_chart(sketch, &folder) {
            Some(piece) => piece,
            None => return,
        },
        // A path that leads nowhere is no chart that is known by its name.
        None if release.from_root || release.chart.starts_with('.') => return,
        None => match outside(sketch, path, release, env.as_deref()) {
            Some(piece) => piece,
            None => return,
        },
    };
    let own = &mut sketch.pieces[piece];
    own.at.insert(at(release.line));
    let release_name = clean_name(&release.name).map(|name| name.to_lowercase());
    if let (Some(name), Some(chart)) = (release_name, clean_name(release.chart_name())) {
        let chart = chart.to_lowercase();
        let ends = helm::endings_of_services(own.product);
        // What charts call their services: the release, and the chart behind it where it isn't in the name.
        own.names.extend(ends.iter().map(|end| format!("{name}{end}")));
        own.names.extend(ends.iter().map(|end| format!("{name}-{chart}{end}")));
    }
    let origin = Origin::Piece(piece);
    for (name, line) in &release.needs {
        let target = Target::Name { name: name.to_lowercase(), starts: true };
        sketch.mention(NAME, origin.clone(), target, None, at(*line), env.as_deref());
    }
    for ((key, value), line) in &release.values {
        // A chart's values have addresses of all sorts in them: only those of other pieces are relations.
        sketch.mention_value(NAME, &origin, key, value, false, &at(*line), env.as_deref());
    }
}

/// The piece of a chart of the repository, where it is one.
fn of_chart(sketch: &Sketch<'_>, folder: &str) -> Option<usize> {
    let is_of = |piece: &crate::link::Piece| {
        let own = piece.reference.in_repository().map(|(_, folder, _, _)| folder);
        piece.reader == helm::NAME && own == Some(folder) && piece.typ.as_deref() != Some("job")
    };
    let mut found = sketch.pieces.iter().enumerate().filter(|(_, piece)| is_of(piece)).map(|(at, _)| at);
    found.next().filter(|_| found.next().is_none())
}

/// What somebody else's chart installs.
fn outside(sketch: &mut Sketch<'_>, path: &str, release: &Release, env: Option<&str>) -> Option<usize> {
    if helm::installs_nothing(release.chart_name()) {
        return None;
    }
    let folder = parent(path);
    let full = match &release.namespace {
        Some(namespace) => format!("{namespace}/{}", release.name),
        None => release.name.clone(),
    };
    let known = sketch.pieces.len();
    let piece =
        sketch.piece(NAME, Form::Deployed, folder, "release", &full, (path.to_owned(), release.line))?;
    sketch.set_env(piece, env, piece == known);
    let own = &mut sketch.pieces[piece];
    own.stack = Some(format!("release {folder}"));
    own.product = products::by_chart(release.chart_name());
    if own.product.is_none() {
        own.images.extend(release.image.as_deref().and_then(Image::parse));
    }
    Some(piece)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn short(found: Vec<Release>) -> Vec<String> {
        let one = |one: Release| {
            let values: Vec<String> =
                one.values.iter().map(|((key, value), line)| format!("{key}={value}@{line}")).collect();
            format!(
                "{}/{} of {} ({}) needs {:?} with {:?} {} {}",
                one.namespace.as_deref().unwrap_or("-"),
                one.name,
                one.chart,
                one.chart_name(),
                one.needs,
                one.image.as_deref().unwrap_or("-"),
                values.join(" "),
                one.line
            )
        };
        found.into_iter().map(one).collect()
    }

    #[test]
    fn releases_of_a_helmfile() {
        let text = "{{ if eq .Environment.Name \"x\" }}\nreleases:\n{{- end }}\n- name: db\n  namespace: shop\n  chart: bitnami/postgresql\n  version: 1\n- name: web\n  chart: ./charts/web\n  needs: [shop/db, cache]\n  values:\n  - values/web.yaml\n  - image: {repository: acme/web, tag: v1}\n    env: [{name: DB_URL, value: \"postgres://db:5432\"}, A]\n- name: old\n  chart: x/y\n  installed: false\n- name: z\n---\nreleases: [{name: cache, chart: \"oci://registry.dev/charts/redis:19\"}]\n";
        assert_eq!(
            short(helmfile(text).unwrap()),
            [
                "shop/db of bitnami/postgresql (postgresql) needs [] with \"-\"  4",
                "-/web of ./charts/web (web) needs [(\"db\", 10), (\"cache\", 10)] with \"acme/web\" repository=acme/web@13 tag=v1@13 DB_URL=postgres://db:5432@14 env=A@14 8",
                "-/cache of oci://registry.dev/charts/redis:19 (redis) needs [] with \"-\"  20",
            ]
        );
        assert!(helmfile("releases: {a: [}").is_err());
    }

    #[test]
    fn releases_among_the_objects_of_a_cluster() {
        let text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: flux-system}\nspec:\n  targetNamespace: shop\n  dependsOn: [{name: db}]\n  chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: x}}}\n  values: {api: {url: \"http://api:80\"}}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: patch}\nspec: {values: {chart: x}}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: cache}\nspec:\n  destination: {namespace: shop}\n  sources:\n  - repoURL: https://charts.example.com\n    chart: redis\n    helm:\n      releaseName: sessions\n      parameters: [{name: c.d, value: e}]\n      values: |\n        a: b\n  - {repoURL: \"https://git.example.com/x\", path: y}\n---\nkind: Chart\nx: argoproj.io/\n";
        assert_eq!(
            short(objects(text).unwrap()),
            [
                "shop/web of ./charts/web (web) needs [(\"db\", 6)] with \"-\" url=http://api:80@8 3",
                "shop/sessions of redis (redis) needs [] with \"-\" a=b@27 c.d=e@25 17",
            ]
        );
    }
}
