//! What a component is for where nothing else says it: the README of its own folder.

use serde_json::Value;
use stave_model::{Basis, Claim, Evidence, Kind, Reference};

use super::resolve::{Cluster, Graph};
use super::sketch::{Form, Sketch};

/// The descriptions, each with the name that it is said of.
pub(super) fn claims(sketch: &Sketch<'_>, graph: &Graph) -> Vec<Claim> {
    if sketch.readmes.is_empty() {
        return Vec::new();
    }
    let describe = |cluster: &Cluster| claim(sketch, graph, cluster);
    graph.clusters.iter().filter_map(describe).collect()
}

fn claim(sketch: &Sketch<'_>, graph: &Graph, cluster: &Cluster) -> Option<Claim> {
    let members = || cluster.members.iter().map(|index| &sketch.pieces[*index]);
    if !is_component(cluster) || members().any(|piece| piece.description.is_some()) {
        return None;
    }
    let mut homes: Vec<(Form, &str)> =
        members().filter_map(|piece| Some((piece.form, piece.home.as_deref()?))).collect();
    // Where its code lies tells most.
    homes.sort_by_key(|(form, home)| (*form != Form::Code, *form, *home));
    let (_, home) = homes.into_iter().find(|(_, home)| sketch.readmes.contains_key(*home))?;
    let readme = sketch.readmes.get(home)?;
    // What several are built from is described as a whole, and so is a repository.
    let is_at_home = |other: &&Cluster| {
        is_component(other)
            && (home.is_empty()
                || other.members.iter().any(|index| sketch.pieces[*index].home.as_deref() == Some(home)))
    };
    if graph.clusters.iter().filter(is_at_home).count() > 1 {
        return None;
    }
    let of: Reference = sketch.pieces[cluster.primary].reference.clone();
    let mut claim = Claim::new("description", of, Basis::Discovered);
    claim.value = Some(Value::from(readme.text.as_str()));
    claim.evidence = vec![Evidence::at(&readme.at.0, readme.at.1)];
    Some(claim)
}

/// A piece of its own: a database or a product beside it has another home.
fn is_component(cluster: &Cluster) -> bool {
    cluster.is_shown && cluster.kind == Kind::Component && cluster.product.is_none()
}
