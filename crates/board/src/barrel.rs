//! What is the lowest stave?

use maud::{Markup, html};
use stave_answers::text::tame;
use stave_answers::{Barrel, Stave};

use crate::links::entity_link;
use crate::parts::{entity, text, time, unknown};
use crate::shell::{Frame, page};

const STAVE_WIDTH: u32 = 64;
const GAP: u32 = 6;
/// Height of one level.
const LEVEL: u32 = 18;
const TOP: u32 = 24;
const EDGE: u32 = 8;
/// Room for the names below.
const FOOT: u32 = 24;
/// A stave of level 0 is still seen.
const LEAST: u32 = 3;

/// A piece with its staves, drawn and as a table.
pub fn barrel_page(frame: &Frame<'_>, barrel: &Barrel) -> String {
    let title = format!("Barrel of {}", tame(&barrel.piece.name));
    let main = html! {
        p.eyebrow { a href=(entity_link(&barrel.piece.id)) { (text(&barrel.piece.name)) } }
        h1 { "Barrel of " (text(&barrel.piece.name)) }
        p.lead { (barrel.found()) "." }
        @if barrel.parts > 0 {
            p.quiet { (barrel.parts) " parts; each stave is that of the lowest part." }
        }
        (picture(barrel))
        (table(barrel))
        @if barrel.lowest().any(|stave| stave.lift.is_some()) {
            section aria-labelledby="step" {
                h2 #step { "One step up" }
                ul {
                    @for stave in barrel.lowest() {
                        @if let (Some(level), Some(lift)) = (stave.level, &stave.lift) {
                            li { (stave.name.word()) ", from " (level) " to " (lift.to) ": " (lift.takes) }
                        }
                    }
                }
            }
        }
        (unknown(&barrel.unknown))
    };
    page(frame, &title, &main)
}

/// Staves side by side, with the water up to the lowest. The table below says the same, so it is hidden from assistive
/// technology.
fn picture(barrel: &Barrel) -> Markup {
    let count = barrel.staves.len() as u32;
    let width = 2 * EDGE + count * (STAVE_WIDTH + GAP) - GAP;
    let ground = TOP + 10 * LEVEL;
    let height = ground + FOOT;
    let water = barrel.height.map(|level| ground - u32::from(level) * LEVEL);
    html! {
        div.scroll {
            svg.barrel viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) aria-hidden="true" focusable="false" {
                @for (place, stave) in barrel.staves.iter().enumerate() {
                    (drawn(barrel, stave, EDGE + place as u32 * (STAVE_WIDTH + GAP), ground))
                }
                @if let Some(water) = water {
                    path.water d={ "M" (EDGE) " " (water) "H" (width - EDGE) } {}
                }
                @for level in [2, 7] {
                    path.hoop d={ "M" (EDGE / 2) " " (ground - level * LEVEL) "H" (width - EDGE / 2) } {}
                }
            }
        }
    }
}

fn drawn(barrel: &Barrel, stave: &Stave, x: u32, ground: u32) -> Markup {
    let tall = stave.level.map_or(10 * LEVEL, |level| (u32::from(level) * LEVEL).max(LEAST));
    let class = match stave.level {
        None => "unknown",
        level if level == barrel.height => "low",
        _ => "stave",
    };
    let middle = x + STAVE_WIDTH / 2;
    html! {
        rect class=(class) x=(x) y=(ground - tall) width=(STAVE_WIDTH) height=(tall) rx="3" {
            title { (stave.name.word()) ": " (barrel.said(stave)) }
        }
        text.level x=(middle) y=(ground - tall - 6) { @match stave.level { Some(level) => (level), None => "?" } }
        text.name x=(middle) y=(ground + 16) textLength=[long(stave)] lengthAdjust=[long(stave).map(|_| "spacingAndGlyphs")] {
            (stave.name.word())
        }
    }
}

/// Long names are set narrower, so that they don't run into each other.
fn long(stave: &Stave) -> Option<u32> {
    (stave.name.word().len() > 10).then_some(STAVE_WIDTH + GAP - 2)
}

fn table(barrel: &Barrel) -> Markup {
    html! {
        div.scroll role="region" aria-label="Staves" tabindex="0" {
            table {
                caption.unseen { "Staves, from 0 to 10" }
                thead {
                    tr {
                        th scope="col" { "Stave" }
                        th.figure scope="col" { "Level" }
                        th scope="col" { "Measured" }
                        th scope="col" { "As of" }
                        th scope="col" { "One step up" }
                    }
                }
                tbody {
                    @for stave in &barrel.staves {
                        tr {
                            th scope="row" { (stave.name.word()) }
                            td.figure { @match stave.level { Some(level) => (level), None => span.quiet { "unknown" } } }
                            td {
                                @if let Some(part) = &stave.part { (entity(part)) ": " }
                                (text(&stave.measured))
                                @for evidence in &stave.evidence { span.because { (text(evidence)) } }
                            }
                            td { @if let Some(as_of) = stave.as_of { (time(as_of, barrel.now)) } }
                            td { @if let Some(lift) = &stave.lift { (lift.to) ": " (lift.takes) } }
                        }
                    }
                }
            }
        }
    }
}
