//! What a mention means: which piece of the repository, which host outside, and which relation that makes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::{Basis, Kind, Reference};

use super::join::{Sets, loose, plain};
use super::names::{begins_with_name, is_plausible};
use super::sketch::{Form, Mention, Offer, Origin, Place, Runs, Sketch, Target, WATCHES, base_name, parent};
use crate::hosts::{HostForm, cluster_key_of, has_common_end, host_form};
use crate::products::{self, Product};
use crate::values::{Address, WORD, is_address_name, is_talk_name, words};

/// A piece of the system as far as one repository knows it.
#[derive(Debug)]
pub(super) struct Cluster {
    /// Positions of its pieces, sorted.
    pub(super) members: Vec<usize>,
    /// The piece that the others are known by.
    pub(super) primary: usize,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) typ: String,
    pub(super) product: Option<&'static Product>,
    /// Whether it is on the map.
    pub(super) is_shown: bool,
}

/// The other end of a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Cluster(usize),
    /// A host, package or catalog entity that other repositories may know.
    Outside(Reference),
}

/// One mention, resolved.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) reader: &'static str,
    /// The piece that says it; `None`: any of the cluster's.
    pub(super) piece: Option<usize>,
    pub(super) relation: &'static str,
    /// How much it tells: the order of starting 1, a library 2, a value 3, the source itself 4.
    pub(super) rank: u8,
    pub(super) basis: Basis,
    pub(super) at: Place,
    pub(super) env: Option<String>,
}

/// Pieces and links of one repository.
pub(super) struct Graph {
    pub(super) clusters: Vec<Cluster>,
    /// Of each piece.
    pub(super) cluster_of: Vec<usize>,
    pub(super) links: BTreeMap<(usize, End), Vec<Found>>,
    /// Hosts outside that are on the map, with where they are named.
    pub(super) hosts: BTreeMap<Reference, BTreeSet<(&'static str, Place)>>,
    pub(super) names: Names,
}

#[derive(Default)]
pub(super) struct Names {
    by_stack: HashMap<(String, String), BTreeSet<usize>>,
    pub(super) anywhere: HashMap<String, BTreeSet<usize>>,
    loosely: HashMap<String, BTreeSet<usize>>,
    by_port: BTreeMap<u16, BTreeSet<usize>>,
    pub(super) by_home: BTreeMap<String, BTreeSet<usize>>,
    pub(super) by_package: HashMap<String, usize>,
    by_key: HashMap<String, usize>,
    /// Who offers a service of an interface definition.
    pub(super) by_service: HashMap<String, BTreeSet<usize>>,
}

/// Builds the clusters of joined pieces and resolves every mention.
pub(super) fn resolve(sketch: &mut Sketch<'_>, sets: &Sets) -> Graph {
    let mut by_root: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for piece in 0..sketch.pieces.len() {
        by_root.entry(sets.root(piece)).or_default().push(piece);
    }
    let mut graph = Graph {
        clusters: Vec::new(),
        cluster_of: vec![0; sketch.pieces.len()],
        links: BTreeMap::new(),
        hosts: BTreeMap::new(),
        names: Names::default(),
    };
    for members in by_root.into_values() {
        for piece in &members {
            graph.cluster_of[*piece] = graph.clusters.len();
        }
        graph.clusters.push(cluster(sketch, members));
    }
    for index in 0..graph.clusters.len() {
        graph.index(sketch, index);
    }
    graph.mentions(sketch);
    graph.packages(sketch);
    graph
}

fn cluster(sketch: &Sketch<'_>, members: Vec<usize>) -> Cluster {
    let pieces = &sketch.pieces;
    let primary = members
        .iter()
        .copied()
        .min_by(|a, b| {
            (pieces[*a].form, &pieces[*a].reference).cmp(&(pieces[*b].form, &pieces[*b].reference))
        })
        .unwrap_or(0);
    let of = |form: Form| members.iter().map(|index| &pieces[*index]).filter(move |piece| piece.form == form);
    let has = |form: Form| of(form).next().is_some();
    let product = of(Form::Code)
        .chain(of(Form::Settings))
        .chain(of(Form::Deployed))
        .chain(of(Form::Implied))
        .chain(of(Form::Built).filter(|_| !has(Form::Code)))
        .find_map(|piece| piece.product)
        .or_else(|| {
            // An image of one's own without code of its own is mostly a layer over a product.
            let images = of(Form::Deployed).filter(|piece| !piece.builds).flat_map(|piece| &piece.images);
            if has(Form::Code) || has(Form::Settings) || has(Form::Built) {
                None
            } else {
                images.filter_map(|image| products::by_name(image.base())).next()
            }
        })
        .or_else(|| {
            let has_code = has(Form::Code) || has(Form::Settings);
            of(Form::Deployed).filter(|_| !has_code).find_map(|piece| products::by_own_name(&piece.name))
        });
    let name = pieces[primary].name.clone();
    let runs = |form: Form| of(form).any(|piece| piece.runs == Runs::Yes);
    let is_library = !has(Form::Deployed)
        && !has(Form::Settings)
        && !has(Form::Implied)
        && !of(Form::Built).any(|piece| piece.runs == Runs::Yes && has(Form::Code))
        && !runs(Form::Code)
        && (of(Form::Code).any(|piece| piece.runs == Runs::Library)
            || of(Form::Declared).any(|piece| piece.runs == Runs::Library));
    let declared = of(Form::Declared).find_map(|piece| piece.typ.clone());
    let found = of(Form::Deployed)
        .chain(of(Form::Settings))
        .chain(of(Form::Code))
        .chain(of(Form::Implied))
        .find_map(|piece| piece.typ.clone());
    let typ = match (product, declared, found) {
        (_, Some(typ), _) if typ != "service" || product.is_none() && !is_gateway_name(&name) => typ,
        (Some(product), _, _) => product.kind.to_owned(),
        (None, _, Some(typ)) if typ != "tool" || !has(Form::Deployed) => typ,
        _ if is_library => "library".to_owned(),
        _ if is_gateway_name(&name) => "gateway".to_owned(),
        _ => "service".to_owned(),
    };
    let kind = of(Form::Declared)
        .find_map(|piece| piece.kind)
        .or_else(|| members.iter().find_map(|index| pieces[*index].kind))
        .unwrap_or_else(|| products::entity_of(&typ));
    let is_shown = has(Form::Declared)
        || has(Form::Deployed)
        || has(Form::Settings)
        || has(Form::Implied)
        || runs(Form::Code)
        || is_library
        || of(Form::Built).any(|piece| piece.runs == Runs::Yes);
    Cluster { members, primary, name, kind, typ, product, is_shown }
}

/// Names that only gateways have.
fn is_gateway_name(name: &str) -> bool {
    let words = words(name);
    words.last().is_some_and(|last| {
        matches!(last.as_str(), "gateway" | "proxy" | "bff" | "ingress" | "apigateway" | "zuul")
    })
}

impl Graph {
    fn index(&mut self, sketch: &Sketch<'_>, index: usize) {
        let cluster = &self.clusters[index];
        if !cluster.is_shown {
            return;
        }
        for piece in cluster.members.iter().map(|piece| &sketch.pieces[*piece]) {
            for key in &piece.keys {
                self.names.by_key.entry(key.as_str().to_owned()).or_insert(index);
            }
            if let Some(stack) = &piece.stack {
                for name in &piece.names {
                    self.names.by_stack.entry((stack.clone(), name.clone())).or_default().insert(index);
                }
            }
            // A topic and an interface are no hosts.
            let is_host = cluster.kind != Kind::Api && !matches!(cluster.typ.as_str(), "topic" | "queue");
            let is_deployed = matches!(piece.form, Form::Deployed | Form::Settings | Form::Implied);
            if is_host && (is_deployed || cluster.typ != "library") {
                for name in &piece.names {
                    self.names.anywhere.entry(plain(name)).or_default().insert(index);
                    self.names.loosely.entry(loose(name)).or_default().insert(index);
                }
                for port in piece.published.iter() {
                    self.names.by_port.entry(*port).or_default().insert(index);
                }
                if piece.form != Form::Deployed {
                    for port in &piece.ports {
                        self.names.by_port.entry(*port).or_default().insert(index);
                    }
                }
            }
            if let Some(home) = &piece.home {
                self.names.by_home.entry(home.clone()).or_default().insert(index);
            }
            if let Some(package) = &piece.package {
                self.names.by_package.entry(package.clone()).or_insert(index);
            }
        }
    }

    /// The cluster that a name means for another: in its stacks, else the only one in the repository.
    pub(super) fn lookup(&self, sketch: &Sketch<'_>, from: Option<usize>, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        if let Some(from) = from {
            for piece in &self.clusters[from].members {
                let Some(stack) = &sketch.pieces[*piece].stack else { continue };
                if let Some(found) = self.names.by_stack.get(&(stack.clone(), name.clone())) {
                    return only(found);
                }
            }
        }
        match self.names.anywhere.get(&plain(&name)) {
            Some(found) => only(found).or_else(|| self.nearest(sketch, from?, found)),
            None => None,
        }
    }

    /// As [`Graph::lookup`], also by names that differ only in words like "service".
    pub(super) fn lookup_loosely(
        &self,
        sketch: &Sketch<'_>,
        from: Option<usize>,
        name: &str,
    ) -> Option<usize> {
        self.lookup(sketch, from, name).or_else(|| {
            let key = loose(name);
            if key.len() < 3 { None } else { self.names.loosely.get(&key).and_then(only) }
        })
    }

    /// Of several clusters of a name, the one whose files lie nearest.
    fn nearest(&self, sketch: &Sketch<'_>, from: usize, found: &BTreeSet<usize>) -> Option<usize> {
        let folder = |cluster: usize| -> String {
            let piece = &sketch.pieces[self.clusters[cluster].primary];
            piece.at.iter().next().map_or(String::new(), |(path, _)| parent(path).to_owned())
        };
        let own = folder(from);
        let shared = |cluster: &usize| {
            let other = folder(*cluster);
            own.split('/').zip(other.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count()
        };
        let best = found.iter().map(shared).max()?;
        let mut nearest = found.iter().filter(|cluster| shared(cluster) == best);
        let one = *nearest.next()?;
        (best > 0 && nearest.next().is_none()).then_some(one)
    }

    /// Who says something.
    pub(super) fn speakers(
        &self,
        sketch: &Sketch<'_>,
        origin: &Origin,
        setting: &str,
    ) -> Vec<(usize, Option<usize>)> {
        match origin {
            Origin::Piece(piece) => {
                let own = self.cluster_of[*piece];
                let shared = self.runs_of_code(sketch, own, *piece);
                if shared.is_empty() { vec![(own, Some(*piece))] } else { shared }
            }
            Origin::Shared(_) => Vec::new(),
            Origin::File(path) => {
                let mounted: BTreeSet<(usize, Option<usize>)> = sketch
                    .mounts
                    .iter()
                    .filter(|(mount, _)| {
                        path == mount
                            || path.strip_prefix(mount.as_str()).is_some_and(|rest| rest.starts_with('/'))
                    })
                    .map(|(_, piece)| (self.cluster_of[*piece], None))
                    .collect();
                if !mounted.is_empty() {
                    return mounted.into_iter().collect();
                }
                self.owners_of_file(sketch, path, setting)
            }
            Origin::Package { programs, folder } => {
                let known = self.speakers(sketch, &Origin::Code(programs.clone()), setting);
                if known.is_empty() {
                    self.program(sketch, folder).map(|one| (one, None)).into_iter().collect()
                } else {
                    known
                }
            }
            Origin::Code(folders) => folders
                .iter()
                .filter_map(|folder| self.program(sketch, folder))
                .map(|one| (one, None))
                .collect(),
        }
    }

    /// Whose settings a file holds: of the code in the nearest folder above. Where several services share that
    /// code, a setting that begins with the name of one is that one's, else it is of all.
    pub(super) fn owners_of_file(
        &self,
        sketch: &Sketch<'_>,
        path: &str,
        setting: &str,
    ) -> Vec<(usize, Option<usize>)> {
        let mut at = parent(path);
        loop {
            if let Some(found) = self.names.by_home.get(at) {
                let running: Vec<usize> = found
                    .iter()
                    .copied()
                    .filter(|cluster| {
                        self.clusters[*cluster].is_shown && self.clusters[*cluster].typ != "library"
                    })
                    .collect();
                return match running.as_slice() {
                    [] => found
                        .iter()
                        .next()
                        .filter(|_| found.len() == 1)
                        .map(|one| (*one, None))
                        .into_iter()
                        .collect(),
                    [one] => vec![(*one, None)],
                    several => {
                        let key = plain(setting);
                        let named: Vec<usize> = several
                            .iter()
                            .copied()
                            .filter(|cluster| {
                                begins_with_name(&key, &words(setting), &plain(&self.clusters[*cluster].name))
                            })
                            .collect();
                        let longest = named.iter().map(|cluster| self.clusters[*cluster].name.len()).max();
                        let of = if named.is_empty() { several.to_vec() } else { named };
                        of.into_iter()
                            .filter(|cluster| {
                                longest.is_none_or(|length| self.clusters[*cluster].name.len() == length)
                            })
                            .map(|cluster| (cluster, None))
                            .collect()
                    }
                };
            }
            if at.is_empty() {
                return self.owner_by_folder_name(sketch, path);
            }
            at = parent(at);
        }
    }

    /// A folder that is called like a piece holds that piece's settings: `prometheus/prometheus.yml`.
    fn owner_by_folder_name(&self, sketch: &Sketch<'_>, path: &str) -> Vec<(usize, Option<usize>)> {
        let mut at = parent(path);
        while !at.is_empty() {
            if let Some(found) = self.names.anywhere.get(&plain(base_name(at))).and_then(only)
                && self.clusters[found]
                    .members
                    .iter()
                    .any(|piece| sketch.pieces[*piece].form == Form::Deployed)
            {
                return vec![(found, None)];
            }
            at = parent(at);
        }
        Vec::new()
    }

    fn mentions(&mut self, sketch: &mut Sketch<'_>) {
        self.offers(sketch);
        let mentions = std::mem::take(&mut sketch.mentions);
        let is_late = |mention: &Mention| match &mention.target {
            Target::Address { address, .. } => host_form(&address.host) == HostForm::Loopback,
            Target::Product(_) => true,
            _ => false,
        };
        let books = self.books(sketch, &mentions);
        let is_listed = |mention: &Mention| match (&mention.origin, &mention.target) {
            (Origin::File(path), Target::Address { .. }) => books.contains(path),
            _ => false,
        };
        // What names something goes first; "some broker on this machine" is easier to tell afterwards.
        for late in [false, true] {
            for mention in mentions.iter().filter(|mention| is_late(mention) == late && !is_listed(mention)) {
                let setting = match &mention.target {
                    Target::Address { name, .. } => name.as_str(),
                    _ => "",
                };
                for (from, piece) in self.speakers(sketch, &mention.origin, setting) {
                    self.one(sketch, mention, from, piece);
                }
            }
        }
        let shared: Vec<&Mention> =
            mentions.iter().filter(|mention| matches!(mention.origin, Origin::Shared(_))).collect();
        if !shared.is_empty() {
            self.shared(sketch, &shared);
        }
        self.needed_outside(sketch, &mentions);
        for mention in mentions.iter().filter(|mention| matches!(mention.target, Target::Registered)) {
            for (from, piece) in self.speakers(sketch, &mention.origin, "") {
                self.registered(mention, from, piece);
            }
        }
        sketch.mentions = mentions;
    }

    pub(super) fn one(
        &mut self,
        sketch: &mut Sketch<'_>,
        mention: &Mention,
        from: usize,
        piece: Option<usize>,
    ) {
        let (to, rank) = match &mention.target {
            Target::Name { name, starts } => {
                let found = if *starts {
                    self.lookup(sketch, Some(from), name)
                } else {
                    self.lookup_loosely(sketch, Some(from), name)
                };
                (found, if *starts { 1 } else { 3 })
            }
            Target::Piece(piece) => (Some(self.cluster_of[*piece]), 3),
            Target::Service(service) => (self.asked(sketch, mention, from, service), 3),
            Target::Product(product) => (self.one_of_product(from, product), 2),
            Target::Registered => return,
            Target::Address { name, address, strong } => {
                (self.address(sketch, mention, from, name, address, *strong), 3)
            }
            Target::Reference(reference) => match self.names.by_key.get(reference.as_str()).copied() {
                Some(found) => (Some(found), 1),
                None => {
                    let relation = mention.relation.unwrap_or("depends_on");
                    self.link(from, End::Outside(reference.clone()), mention, piece, relation, 1);
                    return;
                }
            },
        };
        let Some(to) = to.filter(|to| *to != from) else { return };
        // What is scraped is watched: the targets in the settings of a monitor need it, not it them.
        let scrapes = self.clusters[from].product.is_some_and(|product| product.name == "prometheus")
            && matches!(mention.target, Target::Address { .. })
            && mention.relation.is_none()
            && self.clusters[to].typ != "monitor";
        if scrapes || mention.relation == Some(WATCHES) {
            self.link(to, End::Cluster(from), mention, None, "monitored_by", if scrapes { 3 } else { 4 });
            return;
        }
        // An administration server acts on what is registered at it: it calls them, not they it.
        let administers = |cluster: usize| {
            self.clusters[cluster].product.is_some_and(|product| product.name == "spring-boot-admin")
        };
        if administers(to) && !administers(from) {
            self.link(to, End::Cluster(from), mention, None, "calls", rank);
            return;
        }
        let said =
            mention.relation.filter(|said| *said != "registers_at" || self.clusters[from].typ != "gateway");
        let relation = said.unwrap_or_else(|| self.relation(from, to, &mention.target));
        let rank = if said.is_some() { 4 } else { rank };
        self.link(from, End::Cluster(to), mention, piece, relation, rank);
    }

    pub(super) fn link(
        &mut self,
        from: usize,
        to: End,
        mention: &Mention,
        piece: Option<usize>,
        relation: &'static str,
        rank: u8,
    ) {
        self.links.entry((from, to)).or_default().push(Found {
            reader: mention.reader,
            piece,
            relation,
            rank,
            basis: mention.basis,
            at: mention.at.clone(),
            env: mention.env.clone(),
        });
    }

    /// Links a piece with the interface that its code offers.
    pub(super) fn link_as(&mut self, from: usize, to: End, offer: &Offer, relation: &'static str) {
        self.links.entry((from, to)).or_default().push(Found {
            reader: offer.reader,
            piece: None,
            relation,
            rank: 4,
            basis: Basis::Discovered,
            at: offer.at.clone(),
            env: None,
        });
    }

    /// The one piece of a product in the repository, unless the speaker already has one of that type.
    fn one_of_product(&self, from: usize, product: &'static Product) -> Option<usize> {
        let mut of_product = self.clusters.iter().enumerate().filter(|(_, cluster)| {
            cluster.is_shown && cluster.product.is_some_and(|other| other.name == product.name)
        });
        let one = of_product.next().map(|(index, _)| index)?;
        let linked = self.links.keys().any(|(other, end)| {
            *other == from && matches!(end, End::Cluster(to) if *to != one && self.clusters[*to].product.is_some_and(|p| p.kind == product.kind))
        });
        (of_product.next().is_none() && !linked).then_some(one)
    }

    fn address(
        &mut self,
        sketch: &mut Sketch<'_>,
        mention: &Mention,
        from: usize,
        name: &str,
        address: &Address,
        strong: bool,
    ) -> Option<usize> {
        let product = products::by_scheme(&address.scheme)
            .or_else(|| words(name).iter().rev().find_map(|word| products::by_word(word)))
            .or_else(|| address.port.and_then(products::by_port));
        match host_form(&address.host) {
            HostForm::Loopback => self.on_this_machine(sketch, mention, from, name, address, product, strong),
            HostForm::Ignored => None,
            HostForm::Local => self.local(sketch, mention, from, name, address, product, strong),
            HostForm::External => {
                // A compose service or alias may have dots in its name.
                if let Some(found) = self.lookup(sketch, Some(from), &address.host) {
                    return Some(found);
                }
                let says_so = !address.bare || is_address_name(name) && has_common_end(&address.host);
                if strong && says_so && !is_talk_name(name) {
                    self.host(mention, from, name, address, product);
                }
                None
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one decision from everything that is known of an address")]
    fn local(
        &mut self,
        sketch: &mut Sketch<'_>,
        mention: &Mention,
        from: usize,
        name: &str,
        address: &Address,
        product: Option<&'static Product>,
        strong: bool,
    ) -> Option<usize> {
        let host = address.host.as_str();
        let first = host.split('.').next().unwrap_or(host);
        let found = self.lookup(sketch, Some(from), host).or_else(|| self.lookup(sketch, Some(from), first));
        if found.is_some() || address.scheme == WORD {
            return found;
        }
        let is_logical = address.scheme == "lb" || first.chars().any(|c| c.is_ascii_uppercase());
        if let Some(found) =
            self.lookup_loosely(sketch, Some(from), first).filter(|_| is_logical || !address.bare)
        {
            return Some(found);
        }
        if !strong || is_talk_name(name) || !is_plausible(first) {
            return None;
        }
        // In another repository it is known by its full name.
        if let Some(key) = cluster_key_of(host) {
            let piece = self.implied_piece(sketch, mention, from, first, product, address.port)?;
            sketch.pieces[piece].keys.insert(key);
            return Some(self.cluster_of[piece]);
        }
        // A host that only settings know. A product is one by its scheme, port or name.
        if let Some(product) =
            product.or_else(|| products::by_name(first)).filter(|_| !address.bare || product.is_some())
        {
            if address.bare && words(name).iter().all(|word| products::by_word(word).is_none()) {
                return None;
            }
            return self.implied(sketch, mention, from, first, Some(product), address.port);
        }
        let is_service =
            matches!(address.scheme.as_str(), "http" | "https" | "grpc" | "lb" | "dns" | "ws" | "tcp")
                || address.scheme.is_empty() && address.port.is_some() && is_address_name(name);
        if is_service && !address.bare {
            return self.implied(sketch, mention, from, first, None, address.port);
        }
        None
    }

    /// `localhost` in settings: a piece of the repository with that port, else the product that is meant.
    #[expect(clippy::too_many_arguments, reason = "one decision from everything that is known of an address")]
    fn on_this_machine(
        &mut self,
        sketch: &mut Sketch<'_>,
        mention: &Mention,
        from: usize,
        name: &str,
        address: &Address,
        product: Option<&'static Product>,
        strong: bool,
    ) -> Option<usize> {
        if let Some(found) = address.port.and_then(|port| self.names.by_port.get(&port)) {
            if found.contains(&from) {
                return None;
            }
            if let Some(one) = only(found) {
                let fits = product.is_none_or(|product| {
                    let typ = self.clusters[one].typ.as_str();
                    typ == product.kind || products::entity_of(typ) == products::entity_of(product.kind)
                });
                return fits.then_some(one);
            }
        }
        let product = product?;
        if let Some(found) = self.one_of_product(from, product) {
            return Some(found);
        }
        let any = self
            .clusters
            .iter()
            .any(|cluster| cluster.product.is_some_and(|other| other.kind == product.kind));
        // With several of the kind it can't be told which; with another one linked it is the same need said twice.
        if any || !strong || is_talk_name(name) {
            return None;
        }
        self.implied(sketch, mention, from, product.name, Some(product), address.port)
    }

    /// A piece that only settings speak of. One of a name per repository.
    pub(super) fn implied(
        &mut self,
        sketch: &mut Sketch<'_>,
        mention: &Mention,
        from: usize,
        name: &str,
        product: Option<&'static Product>,
        port: Option<u16>,
    ) -> Option<usize> {
        let piece = self.implied_piece(sketch, mention, from, name, product, port)?;
        Some(self.cluster_of[piece])
    }

    fn implied_piece(
        &mut self,
        sketch: &mut Sketch<'_>,
        mention: &Mention,
        from: usize,
        name: &str,
        product: Option<&'static Product>,
        port: Option<u16>,
    ) -> Option<usize> {
        if !self.clusters[from].is_shown {
            return None;
        }
        let known = sketch.pieces.len();
        let piece = sketch.piece(mention.reader, Form::Implied, "", "needs", name, mention.at.clone())?;
        if piece == known {
            let own = &mut sketch.pieces[piece];
            own.product = product;
            own.ports.extend(port);
            own.reader = super::super::readers::CONFIG;
            self.cluster_of.push(self.clusters.len());
            self.clusters.push(cluster(sketch, vec![piece]));
            self.index(sketch, self.clusters.len() - 1);
        }
        Some(piece)
    }

    fn host(
        &mut self,
        mention: &Mention,
        from: usize,
        name: &str,
        address: &Address,
        product: Option<&'static Product>,
    ) {
        let Ok(reference) = format!("host:{}", address.host).parse::<Reference>() else { return };
        if !self.clusters[from].is_shown {
            return;
        }
        let typ = product.map_or("external", |product| product.kind);
        let relation = mention.relation.unwrap_or_else(|| self.relation_to(from, typ, name));
        self.hosts.entry(reference.clone()).or_default().insert((mention.reader, mention.at.clone()));
        let piece = match mention.origin {
            Origin::Piece(piece) => Some(piece),
            _ => None,
        };
        let rank = if mention.relation.is_some() { 4 } else { 3 };
        self.link(from, End::Outside(reference), mention, piece, relation, rank);
    }

    fn relation(&self, from: usize, to: usize, target: &Target) -> &'static str {
        let typ = self.clusters[to].typ.as_str();
        match target {
            Target::Name { starts: true, .. } | Target::Reference(_) => {
                let by_type = self.relation_to(from, typ, "");
                let may_be_order = matches!(by_type, "calls" | "routes_to") && typ != "broker";
                if may_be_order { "depends_on" } else { by_type }
            }
            Target::Address { name, .. } => {
                let by_type = self.relation_to(from, typ, name);
                // These keep more than addresses: who registers there says so.
                let is_store = self.clusters[to]
                    .product
                    .is_some_and(|product| matches!(product.name, "zookeeper" | "etcd"));
                if is_store && by_type == "registers_at" { "depends_on" } else { by_type }
            }
            _ => self.relation_to(from, typ, ""),
        }
    }

    fn relation_to(&self, from: usize, typ: &str, setting: &str) -> &'static str {
        let own = self.clusters[from].typ.as_str();
        let words = words(setting);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let watches = matches!(own, "monitor" | "tracing" | "logs" | "tool");
        match typ {
            "database" | "cache" | "search" | "storage" if own != "monitor" => "stores_in",
            "broker" if has(&["producer", "publish", "publisher", "output", "sink"]) => "publishes_to",
            "broker" if has(&["consumer", "subscribe", "subscriber", "input", "listener"]) => "subscribes_to",
            // Whether it sends or receives is not known: it is the one that connects.
            "broker" => "calls",
            "config-server" => "configured_by",
            // A gateway looks its targets up there.
            "registry"
                if products::entity_of(own) == Kind::Component && !matches!(own, "registry" | "gateway") =>
            {
                "registers_at"
            }
            "registry" => "depends_on",
            "logs" if !watches => "logs_to",
            "monitor" | "tracing" if watches => "calls",
            "monitor" | "tracing"
                if own == "gateway"
                    && !has(&["otel", "otlp", "zipkin", "tracing", "collector", "opentelemetry"]) =>
            {
                "routes_to"
            }
            "monitor" | "tracing" => "monitored_by",
            _ if own == "gateway" && typ != "external" => "routes_to",
            _ => "calls",
        }
    }
}

pub(super) fn only(found: &BTreeSet<usize>) -> Option<usize> {
    if found.len() == 1 { found.first().copied() } else { None }
}
