//! What is around it? Up to so many entities in layers: what needs it to the left, what it needs to the right.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use stave_map::{Entity, Label, State, Target};
use stave_model::{Flow, Relation};

use crate::{Estate, Result};

/// How far from the entity the picture goes.
const FAR: i8 = 2;

/// An entity and what is around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Neighbourhood {
    /// 12 digits of the entity in the middle.
    pub middle: String,
    /// The entities, by layer and name.
    pub entities: Vec<Near>,
    /// The relations between them, written from needs to.
    pub links: Vec<NearLink>,
    /// Entities within the same distance that found no room.
    pub left_out: u64,
}

/// An entity in the neighbourhood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Near {
    /// Negative: it needs the middle, over so many steps; positive: the middle needs it.
    pub layer: i8,
    /// The entity.
    #[serde(flatten)]
    pub label: Label,
}

/// A relation in the neighbourhood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct NearLink {
    /// From which entity (12 digits).
    pub from: String,
    /// To which.
    pub to: String,
    /// The relation.
    pub relation: String,
    /// People's words about it differ.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
}

/// Whether a relation belongs into a picture of what works with what: data flows along it, or it is an API.
fn pictured(relation: &str) -> bool {
    Relation::of(relation).is_some_and(|known| {
        known.flow != Flow::None || matches!(known.name, "provides_api" | "consumes_api" | "runs_on")
    })
}

/// The relations of an entity that belong into the picture: other end, whether the entity needs it, link.
fn around(entity: &Entity) -> Vec<(Label, bool, NearLink)> {
    let own = &entity.row.id;
    let mut found = Vec::new();
    for fact in &entity.facts {
        if let Some(Target::Entity(label)) = &fact.to
            && fact.state != State::Denied
            && pictured(&fact.fact_type)
        {
            let link = NearLink {
                from: own.clone(),
                to: label.id.clone(),
                relation: fact.fact_type.clone(),
                disputed: fact.state == State::Disputed,
            };
            found.push((label.clone(), true, link));
        }
    }
    for incoming in &entity.incoming {
        if incoming.state != State::Denied && pictured(&incoming.relation) {
            let link = NearLink {
                from: incoming.from.id.clone(),
                to: own.clone(),
                relation: incoming.relation.clone(),
                disputed: incoming.state == State::Disputed,
            };
            found.push((incoming.from.clone(), false, link));
        }
    }
    found.retain(|(label, _, _)| !label.hidden && label.id != *own);
    found
}

/// Up to `limit` entities around one, the nearest first; nothing where no reference has these 12 digits.
///
/// # Errors
/// Where the map can't be read.
pub fn neighbourhood(estate: Estate<'_>, id: &str, limit: usize) -> Result<Option<Neighbourhood>> {
    estate.model.snapshot(|_| around_middle(estate, id, limit))
}

fn around_middle(estate: Estate<'_>, id: &str, limit: usize) -> Result<Option<Neighbourhood>> {
    let Some(middle) = estate.entity(id)? else { return Ok(None) };
    let middle_id = middle.row.id.clone();
    let label = Label {
        id: middle.row.id.clone(),
        name: middle.row.name.clone(),
        kind: middle.row.kind.clone(),
        hidden: middle.row.hidden,
    };
    // What everybody uses is no part of an architecture; a tool's own picture shows who uses it.
    let mut tools = estate.model.tool_ids()?;
    if tools.contains(&middle_id) {
        tools.clear();
    }
    let mut entities = BTreeMap::from([(middle_id.clone(), Near { layer: 0, label })]);
    let mut links: BTreeSet<NearLink> = BTreeSet::new();
    let mut left_out: BTreeSet<String> = BTreeSet::new();
    let mut waiting = VecDeque::from([(0_i8, middle)]);
    while let Some((layer, entity)) = waiting.pop_front() {
        for (label, needed, link) in around(&entity) {
            if tools.contains(&label.id) {
                continue;
            }
            // Beyond the first step only the same direction goes on: a neighbour's other users are not near.
            let goes_on = match layer {
                0 => true,
                1.. => needed,
                _ => !needed,
            };
            if entities.contains_key(&label.id) {
                links.insert(link);
                continue;
            }
            if !goes_on || layer.abs() >= FAR {
                continue;
            }
            if entities.len() >= limit {
                left_out.insert(label.id);
                continue;
            }
            let next = if needed { layer + 1 } else { layer - 1 };
            let near_id = label.id.clone();
            entities.insert(near_id.clone(), Near { layer: next, label });
            links.insert(link);
            if let Some(found) = estate.entity(&near_id)? {
                waiting.push_back((next, found));
            }
        }
    }
    links.retain(|link| entities.contains_key(&link.from) && entities.contains_key(&link.to));
    left_out.retain(|id| !entities.contains_key(id));
    let mut entities: Vec<Near> = entities.into_values().collect();
    entities
        .sort_by(|a, b| (a.layer, &a.label.name, &a.label.id).cmp(&(b.layer, &b.label.name, &b.label.id)));
    Ok(Some(Neighbourhood {
        middle: middle_id,
        entities,
        links: links.into_iter().collect(),
        left_out: left_out.len() as u64,
    }))
}
