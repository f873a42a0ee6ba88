//! The neighbourhood as a drawing: layers from left to right, boxes in columns, lines from needs to.
//!
//! The drawing is hidden from assistive technology: the table beside it says the same, link by link.

use std::collections::BTreeMap;

use maud::{Markup, html};
use stave_answers::text::{spoken, tame};
use stave_answers::{Near, Neighbourhood};

use crate::links::entity_link;

const BOX_WIDTH: f32 = 168.0;
const BOX_HEIGHT: f32 = 38.0;
const GAP_X: f32 = 76.0;
const GAP_Y: f32 = 12.0;
const TOP: f32 = 30.0;
const EDGE: f32 = 10.0;
/// Room at the right for lines within the last column.
const BOW: f32 = 36.0;
/// Letters of a name that fit into a box.
const LETTERS: usize = 21;
/// Passes over the layers that straighten lines.
const PASSES: usize = 4;

/// Where a box stands.
#[derive(Clone, Copy)]
struct Spot {
    x: f32,
    y: f32,
    layer: i8,
}

/// The drawing; nothing where there is nothing around the entity.
pub(crate) fn picture(near: &Neighbourhood) -> Option<Markup> {
    if near.entities.len() < 2 {
        return None;
    }
    let columns = columns(near);
    let tallest = columns.values().map(Vec::len).max().unwrap_or(1);
    let height = TOP + tallest as f32 * (BOX_HEIGHT + GAP_Y) - GAP_Y + EDGE;
    let width = columns.len() as f32 * (BOX_WIDTH + GAP_X) - GAP_X + 2.0 * EDGE + BOW;
    let mut spots: BTreeMap<&str, Spot> = BTreeMap::new();
    for (column, (layer, boxes)) in columns.iter().enumerate() {
        let tall = boxes.len() as f32 * (BOX_HEIGHT + GAP_Y) - GAP_Y;
        let first = TOP + (height - TOP - EDGE - tall) / 2.0;
        for (row, found) in boxes.iter().enumerate() {
            let x = EDGE + column as f32 * (BOX_WIDTH + GAP_X);
            let y = first + row as f32 * (BOX_HEIGHT + GAP_Y);
            spots.insert(&found.label.id, Spot { x, y, layer: *layer });
        }
    }
    Some(html! {
        svg.picture viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) aria-hidden="true" focusable="false" {
            defs {
                marker #arrow viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" {
                    path.head d="M0 0.5 L7 4 L0 7.5 z" {}
                }
            }
            @for (column, layer) in columns.keys().enumerate().filter(|(_, layer)| **layer != 0) {
                text.layer x=(EDGE + column as f32 * (BOX_WIDTH + GAP_X)) y="16" { (layer_name(*layer)) }
            }
            @for ((from, to), relations) in bundled(near) {
                @if let (Some(a), Some(b)) = (spots.get(from), spots.get(to)) {
                    path class=(if relations.1 { "line disputed" } else { "line" }) d=(line(*a, *b)) marker-end="url(#arrow)" {
                        title { (relations.0.join(", ")) }
                    }
                }
            }
            @for found in &near.entities {
                @if let Some(spot) = spots.get(found.label.id.as_str()) { (drawn(found, *spot, found.label.id == near.middle)) }
            }
        }
    })
}

fn layer_name(layer: i8) -> &'static str {
    match layer {
        i8::MIN..=-2 => "needs it indirectly",
        -1 => "needs it",
        0 | 1 => "it needs",
        2..=i8::MAX => "it needs indirectly",
    }
}

fn drawn(found: &Near, spot: Spot, middle: bool) -> Markup {
    let name = tame(&found.label.name);
    let short: String = if name.chars().count() > LETTERS {
        name.chars().take(LETTERS - 1).chain(['…']).collect()
    } else {
        name.to_string()
    };
    let class = if middle { "box middle" } else { "box" };
    // Resources have the round corners of a vessel, everything else the square ones of a case.
    let corner = if found.label.kind == "resource" { 14 } else { 3 };
    html! {
        a href=(entity_link(&found.label.id)) tabindex="-1" {
            // An inner svg cuts off what is wider than the box.
            svg class=(class) x=(spot.x) y=(spot.y) width=(BOX_WIDTH) height=(BOX_HEIGHT) {
                title { (name) " (" (spoken(&found.label.kind)) ")" }
                rect x="1.5" y="1.5" width=(BOX_WIDTH - 3.0) height=(BOX_HEIGHT - 3.0) rx=(corner) {}
                text.title x="12" y="16" { (short) }
                text.sub x="12" y="30" { (spoken(&found.label.kind)) }
            }
        }
    }
}

/// Lines between the same two boxes are one line; its title names all relations.
fn bundled(near: &Neighbourhood) -> BTreeMap<(&str, &str), (Vec<String>, bool)> {
    let mut lines: BTreeMap<(&str, &str), (Vec<String>, bool)> = BTreeMap::new();
    for link in &near.links {
        let line = lines.entry((&link.from, &link.to)).or_default();
        line.0.push(spoken(&link.relation));
        line.1 |= link.disputed;
    }
    lines
}

fn line(from: Spot, to: Spot) -> String {
    let (y1, y2) = (from.y + BOX_HEIGHT / 2.0, to.y + BOX_HEIGHT / 2.0);
    if from.layer == to.layer {
        // Within a column the line bows out to the right.
        let x = from.x + BOX_WIDTH;
        let bow = x + GAP_X * 0.6;
        return format!("M{x:.1} {y1:.1} C{bow:.1} {y1:.1} {bow:.1} {y2:.1} {:.1} {y2:.1}", x + 1.0);
    }
    let forward = from.layer < to.layer;
    let (x1, x2) = if forward { (from.x + BOX_WIDTH, to.x - 1.0) } else { (from.x, to.x + BOX_WIDTH + 1.0) };
    let bend = (x2 - x1) / 2.0;
    format!("M{x1:.1} {y1:.1} C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}", x1 + bend, x2 - bend)
}

/// Boxes by layer, ordered so that lines cross little: each box moves to the mean place of those it is linked to.
fn columns(near: &Neighbourhood) -> BTreeMap<i8, Vec<&Near>> {
    let mut columns: BTreeMap<i8, Vec<&Near>> = BTreeMap::new();
    for found in &near.entities {
        columns.entry(found.layer).or_default().push(found);
    }
    let mut linked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for link in &near.links {
        linked.entry(&link.from).or_default().push(&link.to);
        linked.entry(&link.to).or_default().push(&link.from);
    }
    for _ in 0..PASSES {
        // Places are from 0 to 1 within a column, so that columns of different lengths compare.
        let mut places: BTreeMap<&str, f32> = BTreeMap::new();
        for boxes in columns.values() {
            for (row, found) in boxes.iter().enumerate() {
                places.insert(&found.label.id, (row as f32 + 0.5) / boxes.len() as f32);
            }
        }
        for boxes in columns.values_mut() {
            let mean = |found: &&Near| {
                let own = places.get(found.label.id.as_str()).copied().unwrap_or(0.5);
                let others: Vec<f32> = linked
                    .get(found.label.id.as_str())
                    .into_iter()
                    .flatten()
                    .filter_map(|other| places.get(other).copied())
                    .collect();
                if others.is_empty() { own } else { others.iter().sum::<f32>() / others.len() as f32 }
            };
            boxes.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
        }
    }
    columns
}
