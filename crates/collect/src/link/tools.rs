//! Outside products and services as entities: `tool:ID` is the same piece in every repository.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stave_model::{Basis, Claim, Key, Reference};

use super::emit::{Emitter, evidence};
use super::sketch::Place;
use crate::tools::{Tool, known};

/// The reader's name.
const READER: &str = "tools";

/// Pieces that one file of settings or code may belong to; of more, nobody in particular uses what it names.
const USERS: usize = 6;

/// What one repository says about one tool.
struct Found<'a> {
    tool: &'a Tool,
    places: BTreeSet<&'a Place>,
    users: BTreeMap<Reference, BTreeSet<&'a Place>>,
    /// Hosts on the map that are the service itself.
    hosts: BTreeSet<&'a Reference>,
}

impl Emitter<'_> {
    /// The tools, who uses them, and which hosts on the map are one of them.
    pub(super) fn tools(&mut self) {
        let Ok(repository) = format!("repo:{}", self.sketch.repository).parse::<Reference>() else { return };
        let mut all: BTreeMap<&str, Found<'_>> = BTreeMap::new();
        for one in &self.sketch.tool_uses {
            let found = found(&mut all, &one.tool);
            found.places.insert(&one.at);
            for user in self.users(&one.at.0, one.of_all, &repository) {
                found.users.entry(user).or_default().insert(&one.at);
            }
        }
        let mut below: Vec<(&Reference, Reference, Vec<&Place>)> = Vec::new();
        for (host, places) in &self.graph.hosts {
            let tables = self.sketch.tools.iter().chain([known()]);
            let Some((tool, is_whole)) = tables.into_iter().find_map(|table| table.host(host.rest())) else {
                continue;
            };
            let found = found(&mut all, tool);
            found.places.extend(places.iter().map(|(_, place)| place));
            if is_whole {
                found.hosts.insert(host);
            } else if let Some(reference) = reference(tool) {
                // One customer's part of a service: two of them are two pieces, both of which the service runs.
                below.push((host, reference, places.iter().map(|(_, place)| place).collect()));
            }
        }
        let mut claims: Vec<Claim> = Vec::new();
        for found in all.into_values() {
            let Some(reference) = reference(found.tool) else { continue };
            let keys: Vec<Key> = found.hosts.iter().filter_map(|host| host.as_str().parse().ok()).collect();
            if !keys.is_empty() {
                self.keys
                    .insert(reference.clone(), keys.into_iter().take(stave_model::limits::KEYS).collect());
            }
            claims.extend(about(&found, &reference));
        }
        for (host, tool, places) in below {
            let mut claim = Claim::new("runs_on", host.clone(), Basis::Discovered);
            claim.to = Some(tool.as_str().to_owned());
            claim.evidence = evidence(places);
            claims.push(claim);
        }
        for claim in claims {
            self.push(READER, claim);
        }
    }

    /// Who uses what a file names: the pieces whose code or settings it holds, else the repository.
    fn users(&self, path: &str, of_all: bool, repository: &Reference) -> Vec<Reference> {
        let mut users: Vec<Reference> = Vec::new();
        if !of_all {
            let owners: Vec<usize> = match self.sketch.handed_out.get(path) {
                Some(piece) => piece.iter().map(|piece| self.graph.cluster_of[*piece]).collect(),
                None => {
                    let owners = self.graph.owners_of_file(self.sketch, path, "");
                    owners.into_iter().map(|(cluster, _)| cluster).collect()
                }
            };
            let shown = owners.into_iter().map(|cluster| &self.graph.clusters[cluster]);
            users.extend(
                shown
                    .filter(|cluster| cluster.is_shown)
                    .map(|cluster| self.speaker(cluster, READER).reference.clone()),
            );
        }
        if users.is_empty() || users.len() > USERS { vec![repository.clone()] } else { users }
    }
}

fn found<'a, 'b>(all: &'b mut BTreeMap<&'a str, Found<'a>>, tool: &'a Tool) -> &'b mut Found<'a> {
    all.entry(&tool.id).or_insert_with(|| Found {
        tool,
        places: BTreeSet::new(),
        users: BTreeMap::new(),
        hosts: BTreeSet::new(),
    })
}

fn reference(tool: &Tool) -> Option<Reference> {
    format!("tool:{}", tool.id).parse().ok()
}

/// What a tool is, and who uses it.
fn about(found: &Found<'_>, reference: &Reference) -> Vec<Claim> {
    let tool = found.tool;
    let at = evidence(found.places.iter().copied());
    let mut claims = Vec::new();
    for (kind, value) in [("exists", "resource"), ("name", &*tool.name), ("type", "tool")] {
        let mut claim = Claim::new(kind, reference.clone(), Basis::Discovered);
        claim.value = Some(Value::from(value));
        claim.evidence.clone_from(&at);
        claims.push(claim);
    }
    // Where it is one with a host, that has a name already.
    let alias = (!found.hosts.is_empty()).then_some(&*tool.name);
    let texts = [
        ("tag", Some(&*tool.category)),
        ("link", Some(&*tool.link).filter(|link| !link.is_empty())),
        ("alias", alias),
    ];
    for (kind, text) in texts {
        let Some(text) = text else { continue };
        let mut claim = Claim::new(kind, reference.clone(), Basis::Discovered);
        claim.to = Some(text.to_owned());
        claim.evidence.clone_from(&at);
        claims.push(claim);
    }
    for (user, places) in &found.users {
        let mut claim = Claim::new("depends_on", user.clone(), Basis::Discovered);
        claim.to = Some(reference.as_str().to_owned());
        claim.evidence = evidence(places.iter().copied());
        claims.push(claim);
    }
    claims
}
