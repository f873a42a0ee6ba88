//! Claims: what the pieces and links of one repository are in the words of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stave_model::{Basis, Claim, Evidence, Key, Kind, Reference};

use super::describe;
use super::endpoints;
use super::join::{is_own_image, join, plain};
use super::owners::Owners;
use super::resolve::{Cluster, End, Found, Graph, resolve};
use super::sketch::{Form, Place, README, Runs, Sketch, base_name, parent};
use crate::limits;
use crate::products;

/// Joins, resolves, and says it: the claims of each reader, in a fixed order.
pub(crate) fn finish(sketch: &mut Sketch<'_>) -> BTreeMap<&'static str, Vec<Claim>> {
    let sets = join(sketch);
    let graph = resolve(sketch, &sets);
    let endpoints = endpoints::claims(sketch, &graph);
    let mut out = Emitter { sketch, graph: &graph, keys: BTreeMap::new(), claims: Vec::new() };
    out.key_table();
    for cluster in graph.clusters.iter().filter(|cluster| cluster.is_shown) {
        out.cluster(cluster);
    }
    out.hosts();
    for ((from, to), found) in &graph.links {
        out.link(*from, to, found);
    }
    out.owners();
    out.badges();
    out.tools();
    out.direct();
    for claim in describe::claims(out.sketch, &graph) {
        out.push(README, claim);
    }
    for (reader, claim) in endpoints {
        out.push(reader, claim);
    }
    out.sorted()
}

pub(super) struct Emitter<'a> {
    pub(super) sketch: &'a Sketch<'a>,
    pub(super) graph: &'a Graph,
    pub(super) keys: BTreeMap<Reference, Vec<Key>>,
    claims: Vec<(&'static str, Claim)>,
}

pub(super) fn evidence<'a>(places: impl IntoIterator<Item = &'a Place>) -> Vec<Evidence> {
    let all: BTreeSet<&Place> = places.into_iter().collect();
    all.into_iter().take(limits::EVIDENCE).map(|(path, line)| Evidence::at(path, *line)).collect()
}

impl Emitter<'_> {
    pub(super) fn push(&mut self, reader: &'static str, mut claim: Claim) {
        let target = claim.to.as_deref().and_then(|to| to.parse::<Reference>().ok());
        for reference in [Some(claim.of.clone()), target].into_iter().flatten() {
            if let Some(keys) = self.keys.get(&reference) {
                let slot = claim.keys.entry(reference).or_default();
                slot.extend(keys.iter().cloned());
                slot.sort_unstable();
                slot.dedup();
            }
        }
        self.claims.push((reader, claim));
    }

    /// What each reference can be recognised by.
    fn key_table(&mut self) {
        let mut users: BTreeMap<&super::sketch::Image, BTreeSet<usize>> = BTreeMap::new();
        for (index, piece) in self.sketch.pieces.iter().enumerate() {
            for image in &piece.images {
                users.entry(image).or_default().insert(self.graph.cluster_of[index]);
            }
        }
        // Two pieces of one repository that answer to one name in a cluster: in different clusters, or nobody knows.
        let mut named: BTreeMap<&Key, BTreeSet<usize>> = BTreeMap::new();
        for (index, piece) in self.sketch.pieces.iter().enumerate() {
            for key in piece.keys.iter().filter(|key| key.as_str().ends_with(".svc.cluster.local")) {
                named.entry(key).or_default().insert(self.graph.cluster_of[index]);
            }
        }
        for cluster in self.graph.clusters.iter().filter(|cluster| cluster.is_shown) {
            let local = local_key(self.sketch, cluster);
            for index in &cluster.members {
                let piece = &self.sketch.pieces[*index];
                let is_told = |key: &&Key| named.get(*key).is_none_or(|clusters| clusters.len() == 1);
                let mut keys: BTreeSet<Key> = piece.keys.iter().filter(is_told).cloned().collect();
                let mut add = |text: String| keys.extend(text.parse::<Key>().ok());
                if cluster.members.len() > 1 {
                    add(local.clone());
                }
                if let Some(package) = &piece.package {
                    add(format!("package:{package}"));
                }
                // What runs a well-known product shares name, port and image with everybody's.
                let tells = cluster.product.is_none()
                    && !matches!(cluster.typ.as_str(), "library" | "topic" | "queue")
                    && cluster.kind != Kind::Api
                    && piece.form != Form::Declared
                    && piece.runs == Runs::Yes;
                if tells {
                    for name in piece.names.iter().take(4) {
                        add(format!("name:{name}"));
                    }
                    // A Dockerfile tells the port, a manifest the name: both are hints at the one piece.
                    let others = cluster.members.iter().filter(|_| *index == cluster.primary);
                    let others =
                        others.map(|index| &self.sketch.pieces[*index]).flat_map(|piece| &piece.ports);
                    for port in piece.ports.iter().chain(others).collect::<BTreeSet<_>>().into_iter().take(4)
                    {
                        add(format!("port:{port}"));
                    }
                }
                let own: Vec<_> = piece
                    .images
                    .iter()
                    .filter(|image| is_own_image(piece, image) && products::by_name(image.base()).is_none())
                    .collect();
                for image in own {
                    let alone = users.get(image).is_some_and(|clusters| clusters.len() == 1);
                    // An image that runs as several services is no name of one of them.
                    if alone && image.is_qualified() && cluster.product.is_none() {
                        add(format!("image:{}", image.0));
                    }
                    if alone && tells {
                        add(format!("imagename:{}", image.base()));
                    }
                }
                self.keys.insert(
                    piece.reference.clone(),
                    keys.into_iter().take(stave_model::limits::KEYS).collect(),
                );
            }
        }
    }

    fn cluster(&mut self, cluster: &Cluster) {
        for index in &cluster.members {
            let piece = &self.sketch.pieces[*index];
            // A Dockerfile or manifest that is nothing by itself still says where the piece is built.
            let env: Vec<String> = piece.env.iter().flatten().cloned().collect();
            let at = evidence(&piece.at);
            let mut said: Vec<Claim> = Vec::new();
            let mut say = |kind: &str, value: Value| {
                let mut claim = Claim::new(kind, piece.reference.clone(), piece.basis);
                claim.value = Some(value);
                claim.env.clone_from(&env);
                claim.evidence.clone_from(&at);
                said.push(claim);
            };
            let kind = piece.kind.unwrap_or(cluster.kind);
            say("exists", Value::from(kind.as_str()));
            say("name", Value::from(cluster.name.as_str()));
            let typ = match piece.form {
                Form::Declared => piece.typ.clone(),
                _ => Some(cluster.typ.clone()),
            };
            if let Some(typ) = typ {
                say("type", Value::from(typ));
            }
            if let Some(title) = &piece.title {
                say("title", Value::from(title.as_str()));
            }
            if let Some(description) = &piece.description {
                say("description", Value::from(description.as_str()));
            }
            if let Some(lifecycle) = &piece.lifecycle {
                say("lifecycle", Value::from(lifecycle.as_str()));
            }
            if let Some(tier) = &piece.tier {
                say("tier", Value::from(tier.as_str()));
            }
            let aliases: BTreeSet<&str> = piece
                .names
                .iter()
                .map(String::as_str)
                .chain([piece.name.as_str()])
                // The only one of a product is known by the product's name as well.
                .chain(
                    cluster
                        .product
                        .filter(|product| piece.images.iter().any(|image| product.is_called_like(&image.0)))
                        .filter(|_| self.is_only_one(cluster))
                        .map(|product| product.name),
                )
                .filter(|name| plain(name) != plain(&cluster.name))
                .collect();
            let mut add = |kind: &str, to: &str, details: Option<Value>| {
                let mut claim = Claim::new(kind, piece.reference.clone(), piece.basis);
                claim.to = Some(to.to_owned());
                claim.value = details;
                claim.env.clone_from(&env);
                claim.evidence.clone_from(&at);
                said.push(claim);
            };
            for alias in aliases {
                add("alias", alias, None);
            }
            for tag in &piece.tags {
                add("tag", tag, None);
            }
            for (link, title) in &piece.links {
                let details = title.as_deref().map(|title| json!({ "title": title }));
                add("link", link, details);
            }
            for endpoint in &piece.endpoints {
                add("endpoint", endpoint, None);
            }
            for claim in said {
                self.push(piece.reader, claim);
            }
        }
    }

    fn is_only_one(&self, cluster: &Cluster) -> bool {
        let same = |other: &&Cluster| match (other.product, cluster.product) {
            (Some(other), Some(own)) => other.name == own.name,
            _ => false,
        };
        matches!(cluster.kind, Kind::Resource | Kind::Component)
            && self.graph.clusters.iter().filter(same).count() == 1
    }

    fn hosts(&mut self) {
        for (reference, places) in &self.graph.hosts {
            let mut by_reader: BTreeMap<&'static str, Vec<&Place>> = BTreeMap::new();
            for (reader, place) in places {
                by_reader.entry(reader).or_default().push(place);
            }
            for (reader, places) in by_reader {
                for (kind, value) in
                    [("exists", "component"), ("name", reference.rest()), ("type", "external")]
                {
                    let mut claim = Claim::new(kind, reference.clone(), Basis::Discovered);
                    claim.value = Some(Value::from(value));
                    claim.evidence = evidence(places.iter().copied());
                    self.push(reader, claim);
                }
            }
        }
    }

    /// The claims of one pair: what tells most decides the relation, and what only hints at the same pair
    /// is left out.
    fn link(&mut self, from: usize, to: &End, found: &[Found]) {
        let source = &self.graph.clusters[from];
        let shown = match to {
            End::Cluster(to) => self.graph.clusters[*to].is_shown,
            End::Outside(_) => true,
        };
        if !source.is_shown || !shown {
            return;
        }
        let best = found.iter().map(|one| one.rank).max().unwrap_or(0);
        let mut relations: BTreeSet<&'static str> =
            found.iter().filter(|one| one.rank == best).map(|one| one.relation).collect();
        // A relation that says how subsumes the one that only says that.
        if relations.len() > 1 {
            relations.remove("depends_on");
        }
        if relations.len() > 1 && relations.contains("routes_to") {
            relations.remove("calls");
        }
        let Some(first) = relations.first().copied() else { return };
        if let End::Outside(reference) = to
            && reference.kind() == "package"
        {
            self.outside_package(reference, found);
        }
        let mut claims: BTreeMap<(&'static str, Reference, String, &'static str, Basis), Vec<&Found>> =
            BTreeMap::new();
        for one in found.iter().filter(|one| one.rank == best || one.basis == Basis::Declared) {
            let relation = if relations.contains(one.relation) { one.relation } else { first };
            let of = match one.piece {
                Some(piece) => &self.sketch.pieces[piece],
                None => self.speaker(source, one.reader),
            };
            let to = match to {
                End::Outside(reference) => reference.as_str().to_owned(),
                End::Cluster(to) => self.target(&of.stack, &self.graph.clusters[*to]).as_str().to_owned(),
            };
            claims.entry((one.reader, of.reference.clone(), to, relation, one.basis)).or_default().push(one);
        }
        for ((reader, of, to, relation, basis), found) in claims {
            let mut claim = Claim::new(relation, of, basis);
            claim.to = Some(to);
            claim.evidence = evidence(found.iter().map(|one| &one.at));
            // What holds everywhere in one place holds everywhere.
            if found.iter().all(|one| one.env.is_some()) {
                claim.env = found.iter().filter_map(|one| one.env.clone()).collect();
            }
            self.push(reader, claim.normalised());
        }
    }

    /// A package of the same owner that another repository defines.
    fn outside_package(&mut self, reference: &Reference, found: &[Found]) {
        for one in found {
            for (kind, value) in
                [("exists", "component"), ("name", reference.short_name()), ("type", "library")]
            {
                let mut claim = Claim::new(kind, reference.clone(), Basis::Discovered);
                claim.value = Some(Value::from(value));
                claim.evidence = evidence([&one.at]);
                self.push(one.reader, claim);
            }
        }
    }

    /// The piece in whose name a reader speaks of a cluster: its own if it has one, else the main one.
    pub(super) fn speaker(&self, cluster: &Cluster, reader: &str) -> &super::sketch::Piece {
        let pieces = &self.sketch.pieces;
        let own = cluster.members.iter().map(|index| &pieces[*index]).filter(|piece| piece.reader == reader);
        own.min_by(|a, b| a.reference.cmp(&b.reference)).unwrap_or(&pieces[cluster.primary])
    }

    /// The name of a cluster for someone in a stack: the one of the same stack, else the main one.
    fn target(&self, stack: &Option<String>, cluster: &Cluster) -> &Reference {
        let pieces = &self.sketch.pieces;
        let same = cluster
            .members
            .iter()
            .map(|index| &pieces[*index])
            .find(|piece| piece.stack.is_some() && piece.stack == *stack);
        &same.unwrap_or(&pieces[cluster.primary]).reference
    }

    fn owners(&mut self) {
        let owners = Owners::new(&self.sketch.owners);
        let mut claims: Vec<(&'static str, Claim)> = Vec::new();
        let mut teams: BTreeMap<&Reference, (&'static str, Evidence)> = BTreeMap::new();
        let mut say = |of: &Reference, rule: &super::owners::OwnerRule| {
            let mut claim = Claim::new("owned_by", of.clone(), Basis::Declared);
            claim.value = Some(Value::from(rule.owners.iter().map(Reference::as_str).collect::<Vec<_>>()));
            claim.evidence = vec![Evidence::at(&rule.path, rule.line)];
            claims.push((rule.reader, claim));
        };
        for cluster in self.graph.clusters.iter().filter(|cluster| cluster.is_shown) {
            if matches!(cluster.kind, Kind::Group | Kind::Domain | Kind::Person) {
                continue;
            }
            let pieces = &self.sketch.pieces;
            let home = cluster.members.iter().map(|index| &pieces[*index]).find(|piece| {
                piece.home.is_some()
                    && matches!(piece.form, Form::Code | Form::Built | Form::Settings)
                    && piece.runs != Runs::Unknown
            });
            // Who owns a catalog file does not own by that what it describes.
            let mut deployed = cluster.members.iter().map(|index| &pieces[*index]);
            let Some(probe) = home.or_else(|| deployed.find(|piece| piece.form == Form::Deployed)) else {
                continue;
            };
            let Some((file, _)) = probe.at.iter().next() else { continue };
            if let Some(rule) = owners.of(file).filter(|rule| !rule.owners.is_empty()) {
                say(&pieces[cluster.primary].reference, rule);
            }
        }
        if let Some(rule) = owners.of_all().filter(|rule| !rule.owners.is_empty())
            && let Ok(reference) = format!("repo:{}", self.sketch.repository).parse::<Reference>()
        {
            say(&reference, rule);
        }
        for rule in &self.sketch.owners {
            for owner in rule.owners.iter().filter(|owner| owner.kind() == "team") {
                teams.entry(owner).or_insert_with(|| (rule.reader, Evidence::at(&rule.path, rule.line)));
            }
        }
        for (team, (reader, at)) in teams {
            for (kind, value) in [("exists", "group"), ("name", base_name(team.rest()))] {
                let mut claim = Claim::new(kind, team.clone(), Basis::Declared);
                claim.value = Some(Value::from(value));
                claim.evidence = vec![at.clone()];
                claims.push((reader, claim));
            }
        }
        for (reader, claim) in claims {
            self.push(reader, claim);
        }
    }

    /// A README speaks for the one piece whose code lies in its folder, else that at the root for the repository.
    fn badges(&mut self) {
        let mut homes: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (index, cluster) in self.graph.clusters.iter().enumerate().filter(|(_, one)| one.is_shown) {
            for piece in &cluster.members {
                if let Some(home) = &self.sketch.pieces[*piece].home {
                    homes.entry(home).or_default().insert(index);
                }
            }
        }
        let repository = format!("repo:{}", self.sketch.repository).parse::<Reference>().ok();
        let sketch = self.sketch;
        for badge in &sketch.badges {
            let folder = parent(&badge.at.0);
            let all: Vec<usize> = homes.get(folder).into_iter().flatten().copied().collect();
            let of = match all.as_slice() {
                [one] => Some(&sketch.pieces[self.graph.clusters[*one].primary].reference),
                _ if folder.is_empty() => repository.as_ref(),
                _ => None,
            };
            let Some(of) = of else { continue };
            let mut claim = Claim::new("link", of.clone(), Basis::Declared);
            claim.to = Some(badge.address.clone());
            claim.value = badge.title.as_deref().map(|title| json!({ "title": title }));
            claim.evidence = evidence([&badge.at]);
            self.push(badge.reader, claim);
        }
    }

    /// Claims that readers made themselves.
    fn direct(&mut self) {
        for (reader, claim) in &self.sketch.claims {
            self.push(reader, claim.clone());
        }
    }

    fn sorted(self) -> BTreeMap<&'static str, Vec<Claim>> {
        let mut out: BTreeMap<&'static str, Vec<Claim>> = BTreeMap::new();
        for (reader, claim) in self.claims {
            let claim = claim.normalised();
            // The format's own limits are the last word; a claim over them is dropped rather than refused later.
            if claim.check().is_ok() {
                out.entry(reader).or_default().push(claim);
            }
        }
        for claims in out.values_mut() {
            claims.sort_by(|a, b| {
                let value = |claim: &Claim| claim.value.as_ref().map(Value::to_string);
                (&a.of, &a.kind, &a.to).cmp(&(&b.of, &b.kind, &b.to)).then_with(|| value(a).cmp(&value(b)))
            });
            claims.dedup();
        }
        out
    }
}

/// One key for all names of a piece: of its main one's folder and name.
fn local_key(sketch: &Sketch<'_>, cluster: &Cluster) -> String {
    let primary = &sketch.pieces[cluster.primary].reference;
    match primary.in_repository() {
        Some((repository, folder, format, name)) => format!("local:{repository}//{folder}#{format}/{name}"),
        None => format!("local:{}//{}", sketch.repository, primary.as_str()),
    }
}
