//! What concerns many programs at once: settings that a configuration server gives to all who ask it, and a gateway that
//! offers whatever the registry knows.

use std::collections::BTreeSet;

use super::resolve::{End, Graph};
use super::sketch::{Mention, Sketch, Target};
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
}
