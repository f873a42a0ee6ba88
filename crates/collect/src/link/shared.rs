//! What concerns many programs at once: settings that a configuration server gives to all who ask it, and a gateway that
//! offers whatever the registry knows.

use std::collections::BTreeSet;

use super::resolve::{Cluster, End, Graph};
use super::sketch::{Form, Mention, Origin, ProgramSettings, Sketch, Target};
use crate::products;
use crate::values::words;

impl Graph {
    /// The services that register themselves, for one that finds them in the registry.
    pub(super) fn registered(&mut self, mention: &Mention, from: usize, piece: Option<usize>) {
        let is_registry = |end: &End| matches!(end, End::Cluster(to) if self.clusters[*to].typ == "registry");
        let found: BTreeSet<usize> = self
            .links
            .iter()
            .filter(|((_, end), found)| {
                is_registry(end) && found.iter().any(|one| one.relation == "registers_at")
            })
            .map(|((service, _), _)| *service)
            .filter(|service| {
                *service != from && matches!(self.clusters[*service].typ.as_str(), "service" | "frontend")
            })
            .collect();
        for to in found {
            self.link(from, End::Cluster(to), mention, piece, mention.relation.unwrap_or("calls"), 2);
        }
    }

    /// Settings that a configuration server gives to every application that asks it.
    pub(super) fn shared(&mut self, sketch: &mut Sketch<'_>, mentions: &[&Mention]) {
        let clients: BTreeSet<usize> = self
            .links
            .keys()
            .filter(|(_, end)| matches!(end, End::Cluster(to) if self.clusters[*to].typ == "config-server"))
            .map(|(from, _)| *from)
            .collect();
        for mention in mentions {
            for client in &clients {
                if self.lacks_library(sketch, *client, mention) {
                    continue;
                }
                self.one(sketch, mention, *client, None);
            }
        }
    }

    /// Whether a setting means nothing to an application: a broker's address without a library for that broker.
    fn lacks_library(&self, sketch: &Sketch<'_>, client: usize, mention: &Mention) -> bool {
        let Target::Address { name, .. } = &mention.target else { return false };
        let words = words(name);
        let library = if words.iter().any(|word| word == "oauth2") {
            "oauth2"
        } else {
            match words.iter().find_map(|word| products::by_word(word)) {
                Some(product)
                    if matches!(product.kind, "broker" | "database" | "cache" | "search" | "registry") =>
                {
                    product.name
                }
                _ => return false,
            }
        };
        let members = &self.clusters[client].members;
        let has_manifest =
            members.iter().any(|piece| matches!(sketch.pieces[*piece].reader, "maven" | "gradle"));
        has_manifest && !members.iter().any(|piece| sketch.libraries.contains(&(*piece, library)))
    }

    /// The services that run a module's code, where several do: what the module needs, each of them needs.
    pub(super) fn runs_of_code(
        &self,
        sketch: &Sketch<'_>,
        own: usize,
        piece: usize,
    ) -> Vec<(usize, Option<usize>)> {
        let module = &sketch.pieces[piece];
        let is_shared = self.clusters[own].typ == "library" && module.form == Form::Code;
        let Some(home) = module.home.as_ref().filter(|_| is_shared) else { return Vec::new() };
        let found = self.names.by_home.get(home).into_iter().flatten().copied();
        found
            .filter(|cluster| self.clusters[*cluster].is_shown && self.clusters[*cluster].typ != "library")
            .map(|cluster| (cluster, None))
            .collect()
    }

    /// Servers that nothing in the repository names, though code can't do without: the broker that it sends to, and
    /// the database of a program with a driver whose settings lie in another repository.
    pub(super) fn needed_outside(&mut self, sketch: &mut Sketch<'_>, mentions: &[Mention]) {
        let is_store = |settings: &ProgramSettings| match &settings.home {
            Some(home) => !settings.path.starts_with(home.as_str()),
            None => true,
        };
        let has_store = sketch.settings.iter().any(is_store);
        for mention in mentions {
            let Target::Product(product) = mention.target else { continue };
            let of_kind = |cluster: &Cluster| {
                cluster.is_shown && cluster.product.is_some_and(|other| other.kind == product.kind)
            };
            // Which broker a library is for is a guess; code and settings tell.
            let is_message = product.kind == "broker"
                && !matches!(mention.reader, "maven" | "gradle")
                && matches!(mention.relation, Some("publishes_to" | "subscribes_to"));
            let is_driver = product.kind == "database" && !has_store;
            if !(is_message || is_driver)
                || self.clusters.iter().any(|cluster| {
                    of_kind(cluster)
                        && cluster.members.iter().any(|piece| sketch.pieces[*piece].form != Form::Implied)
                })
            {
                continue;
            }
            for (from, piece) in self.speakers(sketch, &mention.origin, "") {
                if self.clusters[from].typ == "library"
                    || is_driver && !self.is_set_outside(sketch, mention, from)
                {
                    continue;
                }
                let Some(to) = self.implied(sketch, mention, from, product.name, Some(product), None) else {
                    continue;
                };
                let relation = mention.relation.unwrap_or("stores_in");
                self.link(from, End::Cluster(to), mention, piece, relation, 2);
            }
        }
    }

    /// Whether a program with a library for databases gets its settings from a configuration server, and none of the
    /// settings here tell of a database.
    fn is_set_outside(&self, sketch: &Sketch<'_>, mention: &Mention, from: usize) -> bool {
        let Origin::Piece(module) = mention.origin else { return false };
        let mut asks = false;
        for ((other, end), _) in self.links.range((from, End::Cluster(0))..) {
            if *other != from {
                break;
            }
            let End::Cluster(to) = end else { continue };
            match self.clusters[*to].typ.as_str() {
                "config-server" => asks = true,
                "database" if sketch.pieces[self.clusters[*to].primary].form != Form::Implied => {
                    return false;
                }
                _ => {}
            }
        }
        let home = sketch.pieces[module].home.as_deref();
        let tells = sketch
            .settings
            .iter()
            .filter(|settings| settings.home.as_deref() == home)
            .flat_map(|settings| &settings.pairs)
            .any(|pair| pair.key.contains("datasource") || pair.value.contains("jdbc:"));
        asks && !tells && sketch.libraries.contains(&(module, "sql"))
    }
}
