//! Whose endpoints they are: what code answers at belongs to the component whose folder the file lies in, and so does
//! a document that describes an interface, where that is certain.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stave_model::{Basis, Claim, Evidence, Reference};

use super::join::plain;
use super::resolve::{End, Found, Graph};
use super::sketch::{Origin, Place, Sketch, base_name, parent};
use crate::{Warning, limits};

/// What is said of one endpoint: by which reader, of which interface, and where.
type Said = BTreeMap<(&'static str, Option<String>), BTreeSet<Place>>;

/// The claims about endpoints and the interfaces that documents describe, with their readers.
pub(super) fn claims(sketch: &mut Sketch<'_>, graph: &Graph) -> Vec<(&'static str, Claim)> {
    let mut found = Endpoints { sketch, graph, of: BTreeMap::new(), claims: Vec::new() };
    found.code();
    found.documents();
    found.methods();
    let Endpoints { of, mut claims, .. } = found;
    let mut warnings = Vec::new();
    for (cluster, endpoints) in of {
        let of = &sketch.pieces[graph.clusters[cluster].primary].reference;
        if endpoints.len() > limits::ENDPOINTS {
            warnings.push(too_many(&graph.clusters[cluster].name, endpoints.len()));
        }
        for (text, said) in endpoints.into_iter().take(limits::ENDPOINTS) {
            for ((reader, interface), places) in said {
                let value = interface.map(|name| json!({ "interface": name }));
                claims.push((reader, endpoint(of, &text, value, &places)));
            }
        }
    }
    sketch.warnings.append(&mut warnings);
    claims
}

fn too_many(name: &str, count: usize) -> Warning {
    let what = format!("{name} has {count} endpoints; the first {} are on the map", limits::ENDPOINTS);
    Warning { path: String::new(), line: None, what, hint: None }
}

fn endpoint(of: &Reference, text: &str, value: Option<Value>, places: &BTreeSet<Place>) -> Claim {
    let mut claim = Claim::new("endpoint", of.clone(), Basis::Discovered);
    claim.to = Some(text.to_owned());
    claim.value = value;
    claim.evidence =
        places.iter().take(limits::EVIDENCE).map(|(path, line)| Evidence::at(path, *line)).collect();
    claim
}

struct Endpoints<'a> {
    sketch: &'a Sketch<'a>,
    graph: &'a Graph,
    /// By cluster and text.
    of: BTreeMap<usize, BTreeMap<String, Said>>,
    claims: Vec<(&'static str, Claim)>,
}

impl Endpoints<'_> {
    /// Who answers at what a file says. Of several components that are built from one folder it is the one that the
    /// file's own folder is called like, else those that listen at a port, else all of them.
    fn owners(&self, path: &str) -> Vec<usize> {
        if let Some(program) = self.graph.program(self.sketch, parent(path)) {
            return vec![program];
        }
        let all: Vec<usize> = self
            .graph
            .owners_of_file(self.sketch, path, "")
            .into_iter()
            .map(|(cluster, _)| cluster)
            .filter(|cluster| self.graph.clusters[*cluster].is_shown)
            .collect();
        if all.len() < 2 {
            return all;
        }
        let narrowed = |test: &dyn Fn(usize) -> bool| -> Option<Vec<usize>> {
            let some: Vec<usize> = all.iter().copied().filter(|cluster| test(*cluster)).collect();
            (!some.is_empty()).then_some(some)
        };
        let folders: BTreeSet<String> = parent(path).split('/').map(plain).collect();
        narrowed(&|cluster| folders.contains(&plain(&self.graph.clusters[cluster].name)))
            .or_else(|| {
                narrowed(&|cluster| {
                    let mut pieces =
                        self.graph.clusters[cluster].members.iter().map(|piece| &self.sketch.pieces[*piece]);
                    pieces.any(|piece| !piece.ports.is_empty() || !piece.published.is_empty())
                })
            })
            .unwrap_or(all)
    }

    fn code(&mut self) {
        let base = self.base_paths();
        let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for offer in &self.sketch.endpoints {
            let owners = owners.entry(&offer.path).or_insert_with(|| self.owners(&offer.path));
            for cluster in owners {
                let base = base.get(cluster).filter(|_| offer.below_base);
                let text = base.map_or_else(|| offer.text.clone(), |base| below(base, &offer.text));
                let said = self.of.entry(*cluster).or_default().entry(text).or_default();
                said.entry((offer.reader, None)).or_default().insert(offer.at.clone());
            }
        }
    }

    /// The base path of each component that has exactly one.
    fn base_paths(&self) -> BTreeMap<usize, String> {
        let mut all: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for base in &self.sketch.base_paths {
            let clusters = match &base.origin {
                Origin::Piece(piece) => vec![self.graph.cluster_of[*piece]],
                Origin::File(path) => self.owners(path),
                _ => Vec::new(),
            };
            for cluster in clusters {
                all.entry(cluster).or_default().insert(&base.path);
            }
        }
        let one = |(cluster, paths): (usize, BTreeSet<&str>)| {
            (paths.len() == 1).then(|| Some((cluster, (*paths.first()?).to_owned())))?
        };
        all.into_iter().filter_map(one).collect()
    }

    /// Each document is an interface of its own; a component whose folder it lies in offers it.
    fn documents(&mut self) {
        for document in &self.sketch.documents {
            let (path, line) = &document.at;
            let name = &document.name;
            let reference =
                Reference::of_repository(&self.sketch.repository, parent(path), document.format, name);
            let Ok(reference) = reference else { continue };
            let provider = self.provider(path);
            let mut say = |kind: &str, to: Option<&Reference>, value: Option<Value>, of: &Reference| {
                let mut claim = Claim::new(kind, of.clone(), Basis::Discovered);
                claim.to = to.map(|reference| reference.as_str().to_owned());
                claim.value = value;
                claim.evidence = vec![Evidence::at(path, *line)];
                self.claims.push((document.reader, claim));
            };
            say("exists", None, Some(Value::from("api")), &reference);
            say("name", None, Some(Value::from(name.as_str())), &reference);
            say("type", None, Some(Value::from(document.format)), &reference);
            if let Some(text) = &document.description {
                say("description", None, Some(Value::from(text.as_str())), &reference);
            }
            if let Some(cluster) = provider {
                let of = &self.sketch.pieces[self.graph.clusters[cluster].primary].reference;
                say("provides_api", Some(&reference), None, of);
            }
            for (text, line) in document.endpoints.iter().take(limits::ENDPOINTS) {
                let at = (path.clone(), *line);
                self.claims
                    .push((document.reader, endpoint(&reference, text, None, &BTreeSet::from([at.clone()]))));
                if let Some(cluster) = provider {
                    let said = self.of.entry(cluster).or_default().entry(text.clone()).or_default();
                    said.entry((document.reader, Some(name.clone()))).or_default().insert(at);
                }
            }
        }
    }

    /// A service's methods are endpoints of its definition and of whoever offers it.
    fn methods(&mut self) {
        for methods in &self.sketch.methods {
            let service = &methods.service;
            let short = service.rsplit('.').next().unwrap_or(service);
            let pieces = self.sketch.interfaces.get(short).into_iter().flatten();
            let definitions: BTreeSet<usize> = pieces
                .filter(|piece| self.sketch.pieces[**piece].name == *service)
                .map(|piece| self.graph.cluster_of[*piece])
                .collect();
            let Some(definition) = definitions.first().copied() else { continue };
            let offers = |found: &Found| found.relation == "provides_api";
            let providers = self
                .graph
                .links
                .iter()
                .filter(|((_, end), found)| *end == End::Cluster(definition) && found.iter().any(offers));
            let all: Vec<usize> = providers.map(|((from, _), _)| *from).chain([definition]).collect();
            for (text, at) in methods.endpoints.iter().take(limits::ENDPOINTS) {
                for cluster in &all {
                    let interface = (*cluster != definition).then(|| service.clone());
                    let said = self.of.entry(*cluster).or_default().entry(text.clone()).or_default();
                    said.entry((methods.reader, interface)).or_default().insert(at.clone());
                }
            }
        }
    }

    /// The only component that a document can belong to. Not one whose folder is said to hold what others offer.
    fn provider(&self, path: &str) -> Option<usize> {
        const OTHERS: &[&str] =
            &["client", "clients", "external", "remote", "upstream", "consumer", "consumers"];
        if parent(path).split('/').chain([base_name(path)]).any(|part| {
            part.split(['.', '-', '_']).any(|word| OTHERS.contains(&word.to_ascii_lowercase().as_str()))
        }) {
            return None;
        }
        match self.owners(path).as_slice() {
            [one] if self.graph.clusters[*one].typ != "library" => Some(*one),
            _ => None,
        }
    }
}

/// `GET /x` below `/base`. The root of what is below is the base itself.
fn below(base: &str, text: &str) -> String {
    let (method, path) = text.split_once(' ').map_or((None, text), |(method, path)| (Some(method), path));
    let path = format!("{base}{path}");
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { &path };
    method.map_or_else(|| path.to_owned(), |method| format!("{method} {path}"))
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn paths_go_below_a_base() {
        assert_eq!(below("/base", "GET /x"), "GET /base/x");
        assert_eq!(below("/base", "/"), "/base");
    }
}
