//! Where does it go down?

use maud::{Markup, html};
use stave_answers::speech::Act;
use stave_answers::text::tame;
use stave_answers::when::{day, lasting};
use stave_answers::{Burnt, Fire, Fires, Untied};

use crate::controls::{Writing, button, naming};
use crate::parts::{date, entity, maybe_link, number, text, unknown};
use crate::shell::{Frame, page};

const TITLE: &str = "Where it goes down";
/// The fact that an incident was about a piece.
const WENT_DOWN: &str = "went_down";
/// Windows that are offered, with what they are called.
const WINDOWS: &[(&str, &str)] =
    &[("30d", "30 days"), ("90d", "90 days"), ("182d", "half a year"), ("2y", "two years")];

/// Pieces by the time that they were down, each with its incidents.
pub fn fires_page(frame: &Frame<'_>, fires: &Fires) -> String {
    let main = html! {
        h1 { (TITLE) }
        p.lead {
            (fires.found()) ". Look back: "
            @for (at, (since, name)) in WINDOWS.iter().enumerate() {
                @if at > 0 { ", " }
                a href={ "/fires?since=" (since) } { (name) }
            }
            "."
        }
        (unknown(&fires.unknown))
        @if fires.rows.is_empty() {
            p.empty { "No piece of the map went down since " (day(fires.since)) "." }
        } @else {
            p {
                "The one that was down longest first. Incidents that overlap count once, open ones until now. "
                "A trend is said only where chance alone would seldom make it."
            }
            (table(fires))
            @if fires.more > 0 { p.quiet { "and " (number(fires.more)) " more" } }
            @for fire in &fires.rows { (incidents(frame, fire, fires)) }
        }
        @if !fires.untied.is_empty() {
            section aria-labelledby="untied" {
                h2 #untied { "Tied to no piece" }
                p {
                    "What an incident was about, people can say"
                    @if let Writing::You(_) = frame.writing { "." } @else { ": " code.command { "stave say ENTITY went_down INSTANCE/KEY" } }
                }
                (untied(frame, &fires.untied, fires))
            }
        }
    };
    page(frame, TITLE, &main)
}

fn table(fires: &Fires) -> Markup {
    html! {
        div.scroll role="region" aria-label="Pieces by time lost" tabindex="0" {
            table {
                caption.unseen { "Pieces by time lost" }
                thead {
                    tr {
                        th scope="col" { "Piece" }
                        th.figure scope="col" { "Down for" }
                        th.figure scope="col" { "Incidents" }
                        th.figure scope="col" { "Again" }
                        th scope="col" { "Trend" }
                    }
                }
                tbody {
                    @for fire in &fires.rows {
                        tr {
                            th scope="row" { (entity(&fire.piece)) }
                            td.figure { (lasting(fire.lost_ms)) }
                            td.figure { a href={ "#f-" (fire.piece.id) } { (fire.count_text()) } }
                            td.figure { (number(fire.repeats)) }
                            td {
                                (fire.trend.text())
                                @if let Some(interval) = fire.trend.interval_text() { " " span.quiet { "(" (interval) ")" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn incidents(frame: &Frame<'_>, fire: &Fire, fires: &Fires) -> Markup {
    html! {
        details #{ "f-" (fire.piece.id) } open[fires.rows.len() == 1] {
            summary { "Incidents of " (text(&fire.piece.name)) }
            div.scroll role="region" aria-label={ "Incidents of " (tame(&fire.piece.name)) } tabindex="0" {
                table {
                    caption.unseen { "Incidents of " (text(&fire.piece.name)) }
                    thead {
                        tr {
                            th scope="col" { "Incident" }
                            th scope="col" { "Began" }
                            th.figure scope="col" { "Time lost" }
                            th scope="col" { "Why it is counted here" }
                        }
                    }
                    tbody { @for one in &fire.counted { (incident(frame, fire, one, fires)) } }
                }
            }
        }
    }
}

fn incident(frame: &Frame<'_>, fire: &Fire, one: &Burnt, fires: &Fires) -> Markup {
    html! {
        tr {
            th scope="row" {
                (maybe_link(&one.title, one.url.as_deref())) span.because { (text(&one.key)) }
            }
            td { (date(one.started, fires.now)) }
            td.figure { (lasting(one.lost_ms)) @if one.resolved.is_none() { " so far" } }
            td {
                (text(&one.because))
                @if let Some(again) = &one.again { span.because { "again: " (text(&again.of)) ", " (text(&again.because)) } }
                @if let Writing::You(_) = frame.writing { span.acts { (tie(frame, fire, one)) } }
            }
        }
    }
}

/// Whether an incident was about the piece that it is counted for, and about which others.
fn tie(frame: &Frame<'_>, fire: &Fire, one: &Burnt) -> Markup {
    let about = |act: Act, label: &str| {
        let fields = [
            ("act", act.word()),
            ("entity", fire.piece.id.as_str()),
            ("fact", WENT_DOWN),
            ("to", one.key.as_str()),
        ];
        button(frame, "/say", &fields, label, &format!("{} is about {}", one.key, fire.piece.name))
    };
    html! {
        (about(Act::Say, "right")) " " (about(Act::Deny, "not about this"))
        (naming(frame, WENT_DOWN, &one.key, "also about…", "was also about", &one.key))
    }
}

fn untied(frame: &Frame<'_>, untied: &[Untied], fires: &Fires) -> Markup {
    html! {
        div.scroll role="region" aria-label="Incidents that are tied to no piece" tabindex="0" {
            table {
                caption.unseen { "Incidents that are tied to no piece" }
                thead {
                    tr {
                        th scope="col" { "Incident" }
                        th scope="col" { "Began" }
                        th.figure scope="col" { "Time lost" }
                        th scope="col" { "Why not" }
                    }
                }
                tbody {
                    @for one in untied {
                        tr {
                            th scope="row" {
                                (maybe_link(&one.title, one.url.as_deref())) span.because { (text(&one.key)) }
                            }
                            td { (date(one.started, fires.now)) }
                            td.figure { (lasting(one.lost_ms)) @if one.resolved.is_none() { " so far" } }
                            td {
                                (text(&one.because))
                                (naming(frame, WENT_DOWN, &one.key, "it was about…", "was about", &one.key))
                            }
                        }
                    }
                }
            }
        }
    }
}
