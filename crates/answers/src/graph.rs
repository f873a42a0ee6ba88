//! The map as entities and links in the direction of the data, for other programs.
//!
//! The graph is of what runs. An interface is no node of it: its endpoints are those of the component that offers it,
//! and who consumes it is linked to who offers it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{Link, Node};
use stave_model::{Flow, Kind, Relation};

use crate::{Estate, Result};

/// Entities and the links between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Graph {
    /// The entities; hidden ones are left out, and interfaces, for no data stays in one.
    pub entities: Vec<GraphEntity>,
    /// The links in the direction of the data; relations along which no data flows are left out.
    pub links: Vec<GraphLink>,
}

/// An entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GraphEntity {
    /// 12 digits.
    pub id: String,
    /// Of components and resources the type if there is one, else the kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Other names, sorted.
    pub aliases: Vec<String>,
    /// The paths that it answers at, whatever the method; sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct GraphLink {
    /// From where data goes (12 digits).
    pub from: String,
    /// To where.
    pub to: String,
    /// The relation.
    pub kind: String,
}

/// The whole graph.
///
/// # Errors
/// Where the map can't be read.
pub fn graph(estate: Estate<'_>) -> Result<Graph> {
    let (nodes, links) = estate.model.graph()?;
    Ok(in_direction_of_data(nodes, links))
}

/// Relations are written from needs to; this turns those that data flows against and drops those along
/// which none flows, and links to entities that are not there. Who consumes an interface calls who provides it, unless
/// it is said to provide it itself.
pub fn in_direction_of_data(mut nodes: Vec<Node>, mut links: Vec<Link>) -> Graph {
    links.extend(calls_by_interface(&nodes, &links));
    drop_what_is_subsumed(&mut links);
    nodes.retain(|node| node.kind != Kind::Api.as_str());
    let shown: BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    let links: BTreeSet<GraphLink> = links
        .into_iter()
        .filter(|link| shown.contains(link.from.as_str()) && shown.contains(link.to.as_str()))
        .filter_map(|Link { from, to, kind }| match Relation::of(&kind)?.flow {
            Flow::With => Some(GraphLink { from, to, kind }),
            Flow::Against => Some(GraphLink { from: to, to: from, kind }),
            Flow::None => None,
        })
        .collect();
    let entity = |Node { id, kind, name, aliases, endpoints }| {
        let paths: BTreeSet<&str> = endpoints.iter().filter_map(|text| path_of(text)).collect();
        GraphEntity { id, kind, name, aliases, endpoints: paths.into_iter().map(str::to_owned).collect() }
    };
    Graph { links: links.into_iter().collect(), entities: nodes.into_iter().map(entity).collect() }
}

/// A call from each consumer of an interface to the one who provides it; several providers share only its form.
fn calls_by_interface(nodes: &[Node], links: &[Link]) -> Vec<Link> {
    let apis: BTreeSet<&str> =
        nodes.iter().filter(|node| node.kind == Kind::Api.as_str()).map(|node| node.id.as_str()).collect();
    let mut ends: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for link in links.iter().filter(|link| apis.contains(link.to.as_str())) {
        let (providers, consumers) = ends.entry(&link.to).or_default();
        match link.kind.as_str() {
            "provides_api" => providers.push(&link.from),
            "consumes_api" => consumers.push(&link.from),
            _ => {}
        }
    }
    let mut calls = Vec::new();
    for (providers, consumers) in ends.values() {
        let [provider] = providers.as_slice() else { continue };
        for consumer in consumers.iter().filter(|consumer| *consumer != provider) {
            let kind = "calls".to_owned();
            calls.push(Link { from: (*consumer).to_owned(), to: (*provider).to_owned(), kind });
        }
    }
    calls
}

/// Whoever says how one needs the other says more than that it does: readers of one pair say it apart.
fn drop_what_is_subsumed(links: &mut Vec<Link>) {
    let says_how = |link: &Link| {
        let relation = Relation::of(&link.kind);
        link.kind != "depends_on" && relation.is_some_and(|relation| !matches!(relation.flow, Flow::None))
    };
    let told: BTreeSet<(String, String)> =
        links.iter().filter(|link| says_how(link)).map(|link| (link.from.clone(), link.to.clone())).collect();
    links.retain(|link| link.kind != "depends_on" || !told.contains(&(link.from.clone(), link.to.clone())));
}

/// `/orders` of `GET /orders`; nothing of a port or a query.
fn path_of(endpoint: &str) -> Option<&str> {
    Some(endpoint.split_once(' ').map_or(endpoint, |(_, path)| path)).filter(|path| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_follow_the_data() {
        let node = |id: &str, kind: &str| Node {
            id: id.into(),
            kind: kind.into(),
            name: id.into(),
            aliases: vec![],
            endpoints: vec!["GET /x".into(), "POST /x".into(), "query x".into()],
        };
        let link =
            |from: &str, kind: &str, to: &str| Link { from: from.into(), to: to.into(), kind: kind.into() };
        let graph = in_direction_of_data(
            vec![node("a", "service"), node("b", "service"), node("i", "api")],
            vec![
                link("a", "calls", "b"),
                link("a", "stores_in", "b"),
                link("a", "depends_on", "b"),
                link("a", "owned_by", "b"),
                link("a", "calls", "hidden"),
                link("a", "provides_api", "i"),
                link("b", "consumes_api", "i"),
            ],
        );
        let links: Vec<String> =
            graph.links.iter().map(|l| format!("{} {} {}", l.from, l.kind, l.to)).collect();
        assert_eq!(links, ["a calls b", "b calls a", "b stores_in a"]);
        assert_eq!(graph.entities.len(), 2);
        assert_eq!(graph.entities[0].endpoints, ["/x"]);
    }

    #[test]
    fn who_consumes_an_interface_calls_the_only_one_who_provides_it() {
        let node = |id: &str, kind: &str| Node {
            id: id.into(),
            kind: kind.into(),
            name: id.into(),
            aliases: vec![],
            endpoints: vec![],
        };
        let link =
            |from: &str, kind: &str, to: &str| Link { from: from.into(), to: to.into(), kind: kind.into() };
        let nodes: Vec<Node> = ["a", "b", "c"]
            .iter()
            .map(|id| node(id, "service"))
            .chain([node("x", "api"), node("y", "api")])
            .collect();
        let graph = in_direction_of_data(
            nodes,
            vec![
                link("a", "consumes_api", "x"),
                link("b", "provides_api", "x"),
                link("b", "consumes_api", "x"),
                link("a", "consumes_api", "y"),
                link("b", "provides_api", "y"),
                link("c", "provides_api", "y"),
            ],
        );
        let links: Vec<String> =
            graph.links.iter().map(|l| format!("{} {} {}", l.from, l.kind, l.to)).collect();
        assert_eq!(links, ["a calls b"]);
        assert_eq!(graph.entities.len(), 3);
    }
}
