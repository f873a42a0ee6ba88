//! The incidents of an estate with the pieces that they were about: the tie, fed with what the ledger and the map have.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{Label, Outline, State, Target};
use stave_model::records::Incident;

use super::{Taught, Tie, TiePiece, TieText, Tier};
use crate::records;
use crate::{Estate, Result};

/// An incident and what it was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TiedIncident {
    /// The incident, as its tool has it.
    #[serde(flatten)]
    pub incident: Incident,
    /// What it was about; empty where that is unsure.
    pub about: Vec<TiedPiece>,
    /// What it may have been about: for people to decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsure: Vec<TiedPiece>,
}

/// A piece that an incident was about, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TiedPiece {
    /// The entity.
    #[serde(flatten)]
    pub piece: Label,
    /// How often the reason is right, in percent; 100 where a person says so.
    pub percent: u32,
    /// Why, in words.
    pub reason: String,
}

/// Kinds of pieces that go down; where several bear one name, that of the first kind is meant.
const KINDS: &[&str] = &["component", "system", "api", "resource", "domain"];

/// Every incident that the ledger holds, by key, with what it was about.
///
/// # Errors
/// Where the map or the ledger can't be read, or a record is damaged.
pub fn tied_incidents(estate: Estate<'_>) -> Result<Vec<TiedIncident>> {
    let incidents = records::incidents(estate)?;
    if incidents.is_empty() {
        return Ok(Vec::new());
    }
    let outlines = estate.model.outlines(&[])?;
    let mut rows: Vec<&Outline> = outlines.rows.iter().filter(|row| rank(row).is_some()).collect();
    rows.sort_by(|a, b| (rank(a), &a.id).cmp(&(rank(b), &b.id)));
    let mut tier = Tier::new(&pieces(&rows));
    let words = words(estate, &rows)?;
    let none = (BTreeSet::new(), BTreeSet::new());
    let mut given: Vec<Option<BTreeSet<usize>>> = Vec::with_capacity(incidents.len());
    for incident in &incidents {
        let (about, not_about) = words.get(&incident.key).unwrap_or(&none);
        let text = text(incident);
        let by_tool = by_tool(&tier, &text);
        match &by_tool {
            Some(named) => {
                let all = named.union(about).filter(|piece| !not_about.contains(piece)).copied().collect();
                // What the tool names is the answer here, so the rest of the text learns from it.
                tier.teach(&TieText { components: Vec::new(), ..text }, &Taught::All(all));
            }
            None if about.is_empty() && not_about.is_empty() => {}
            None => {
                let taught = Taught::These { about: about.clone(), not_about: not_about.clone() };
                tier.teach(&text, &taught);
            }
        }
        given.push(by_tool);
    }
    let label = |place: usize| {
        let row = rows[place];
        Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: false }
    };
    let shown =
        |tie: &Tie| TiedPiece { piece: label(tie.piece), percent: tie.percent, reason: tie.reason.clone() };
    let tied = incidents.into_iter().zip(given).map(|(incident, by_tool)| {
        let (about, not_about) = words.get(&incident.key).unwrap_or(&none);
        let is_said = |tie: &&Tie| about.contains(&tie.piece) || not_about.contains(&tie.piece);
        let mut found = tier.tie(&text(&incident));
        if let Some(named) = by_tool {
            found.about.retain(|tie| named.contains(&tie.piece));
            found.unsure.clear();
        }
        let said = about.iter().map(|place| TiedPiece {
            piece: label(*place),
            percent: 100,
            reason: "a person says so".to_owned(),
        });
        let about = said.chain(found.about.iter().filter(|tie| !is_said(tie)).map(shown)).collect();
        let unsure = found.unsure.iter().filter(|tie| !is_said(tie)).map(shown).collect();
        TiedIncident { incident, about, unsure }
    });
    Ok(tied.collect())
}

/// Where a piece stands among those of one name; none where it can't go down.
fn rank(row: &Outline) -> Option<usize> {
    let kind = KINDS.iter().position(|kind| *kind == row.kind)?;
    // A library runs as part of something else.
    Some(if row.entity_type.as_deref() == Some("library") { KINDS.len() } else { kind })
}

/// What the pieces are called. A name that a piece of an earlier kind bears is left to that.
fn pieces(rows: &[&Outline]) -> Vec<TiePiece> {
    let mut ranks: BTreeMap<String, Option<usize>> = BTreeMap::new();
    let mut pieces = Vec::with_capacity(rows.len());
    for row in rows {
        let mut names = Vec::new();
        for name in std::iter::once(&row.name).chain(&row.aliases) {
            let first = *ranks.entry(name.to_lowercase()).or_insert_with(|| rank(row));
            if first == rank(row) && !names.contains(name) {
                names.push(name.clone());
            }
        }
        pieces.push(TiePiece { names });
    }
    pieces
}

/// The pieces that the incident's tool names, where all that it names are pieces.
fn by_tool(tier: &Tier, text: &TieText) -> Option<BTreeSet<usize>> {
    if text.components.is_empty() {
        return None;
    }
    text.components.iter().map(|name| tier.named(name)).collect()
}

/// What is about which piece and what isn't, as people say, by the key of the incident. Disputed words say nothing.
type Words = BTreeMap<String, (BTreeSet<usize>, BTreeSet<usize>)>;

fn words(estate: Estate<'_>, rows: &[&Outline]) -> Result<Words> {
    let places: BTreeMap<&str, usize> =
        rows.iter().enumerate().map(|(place, row)| (row.id.as_str(), place)).collect();
    let mut words = Words::new();
    for id in estate.model.spoken_of("went_down")? {
        let (Some(place), Some(entity)) = (places.get(id.as_str()), estate.model.entity(&id)?) else {
            continue;
        };
        for fact in entity.facts.iter().filter(|fact| fact.fact_type == "went_down") {
            let Some(Target::Text(key)) = &fact.to else { continue };
            let (about, not_about) = words.entry(key.clone()).or_default();
            match fact.state {
                State::Stands => about.insert(*place),
                State::Denied => not_about.insert(*place),
                State::Disputed => false,
            };
        }
    }
    Ok(words)
}

/// Each line of the text that was kept is an update.
fn text(incident: &Incident) -> TieText {
    TieText {
        title: incident.title.clone(),
        updates: incident.text.lines().map(str::to_owned).collect(),
        components: incident.services.clone(),
    }
}
