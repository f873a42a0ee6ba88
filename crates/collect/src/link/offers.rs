//! What only code says: which program a folder of code is, what it offers to others, and who asks for that.

use std::collections::BTreeSet;

use super::join::plain;
use super::resolve::{End, Graph, only};
use super::sketch::{Form, Mention, Offers, Sketch, base_name, parent};

/// Folders that every program may have: their names name none.
const COMMON_FOLDERS: &[&str] = &[
    "cmd", "main", "src", "app", "apps", "bin", "server", "service", "services", "internal", "pkg", "lib",
    "api", "web", "client", "common", "config", "core", "backend",
];

/// Folders whose folders are programs, whatever these are called.
const HOLDERS: &[&str] = &["cmd", "apps", "services"];

/// Services of interface definitions that every program offers to its surroundings, and those of well-known
/// collectors: who has a client for one talks to no piece of that name.
const COMMON_SERVICES: &[&str] = &[
    "Health",
    "ServerReflection",
    "Channelz",
    "TraceService",
    "MetricsService",
    "LogsService",
    "ChannelzService",
];

impl Graph {
    /// The program that a folder of code is part of: what runs from the nearest folder above. Where several pieces are
    /// built from one folder, one of the folders between must be called like one of them, or one of them must be the
    /// code itself.
    pub(super) fn program(&self, sketch: &Sketch<'_>, folder: &str) -> Option<usize> {
        let mut at = folder;
        let mut named: Option<usize> = None;
        loop {
            if let Some(found) = self.names.by_home.get(at) {
                let running: BTreeSet<usize> = found
                    .iter()
                    .copied()
                    .filter(|cluster| {
                        self.clusters[*cluster].is_shown && self.clusters[*cluster].typ != "library"
                    })
                    .collect();
                return match (running.len(), named) {
                    (0, Some(named)) => Some(named),
                    (0, None) => only(found),
                    (1, None) => only(&running),
                    (1, Some(named)) if at.is_empty() => Some(named),
                    (1, Some(_)) => only(&running),
                    (_, Some(named)) => Some(named),
                    (_, None) => {
                        let is_code = |cluster: &usize| {
                            self.clusters[*cluster].members.iter().any(|piece| {
                                matches!(sketch.pieces[*piece].form, Form::Code | Form::Settings)
                            })
                        };
                        only(&running.into_iter().filter(is_code).collect())
                    }
                };
            }
            let name = base_name(at).to_ascii_lowercase();
            let holder = base_name(parent(at)).to_ascii_lowercase();
            let is_common = COMMON_FOLDERS.contains(&name.as_str()) && !HOLDERS.contains(&holder.as_str());
            if named.is_none() && name.len() > 1 && !is_common {
                named = self.lookup_loosely(sketch, None, &name).filter(|cluster| {
                    let is_run = |form: Form| matches!(form, Form::Deployed | Form::Built | Form::Settings);
                    let members = &self.clusters[*cluster].members;
                    self.clusters[*cluster].product.is_none()
                        && members.iter().any(|piece| is_run(sketch.pieces[*piece].form))
                });
            }
            if at.is_empty() {
                return named;
            }
            at = parent(at);
        }
    }

    /// Makes what code offers known: names as names of the pieces, services with their interfaces.
    pub(super) fn offers(&mut self, sketch: &mut Sketch<'_>) {
        let offers = std::mem::take(&mut sketch.offers);
        for offer in &offers {
            for (cluster, _) in self.speakers(sketch, &offer.origin, "") {
                match offer.form {
                    Offers::Name => {
                        self.names.anywhere.entry(plain(&offer.name)).or_default().insert(cluster);
                    }
                    Offers::Service if COMMON_SERVICES.contains(&offer.name.as_str()) => {}
                    Offers::Service => {
                        self.names.by_service.entry(offer.name.clone()).or_default().insert(cluster);
                        if let Some(api) = self.interface(sketch, &offer.name) {
                            self.link_as(cluster, End::Cluster(api), offer, "provides_api");
                        }
                    }
                }
            }
        }
        sketch.offers = offers;
    }

    /// The one interface definition that has a service of this name.
    fn interface(&self, sketch: &Sketch<'_>, service: &str) -> Option<usize> {
        let clusters = sketch.interfaces.get(service)?.iter().map(|piece| self.cluster_of[*piece]);
        only(&clusters.collect())
    }

    /// Who offers a service that code asks for, if that is one. That it is asked for is said in any case.
    pub(super) fn asked(
        &mut self,
        sketch: &Sketch<'_>,
        mention: &Mention,
        from: usize,
        service: &str,
    ) -> Option<usize> {
        if COMMON_SERVICES.contains(&service) {
            return None;
        }
        let provider = self.names.by_service.get(service).and_then(only);
        if let Some(api) = self.interface(sketch, service).filter(|_| provider != Some(from)) {
            self.link(from, End::Cluster(api), mention, None, "consumes_api", 4);
        }
        provider
    }
}
