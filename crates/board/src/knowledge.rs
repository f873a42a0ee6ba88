//! Who knows what, and where the work is done. Names stand on one page only: that of whom to ask about one entity.

use maud::{Markup, html};
use stave_answers::text::{counted, grouped};
use stave_answers::when::day;
use stave_answers::{Coupling, HotFile, HotPiece, Hotspots, Knower, PieceRisk, Risks, WhoKnows, size_text};

use crate::controls::{About, Field, Writing, change, not_so};
use crate::links::entity_link;
use crate::parts::{entities, entity, mark, number, text, unknown};
use crate::shell::{Frame, page};

const KNOWLEDGE: &str = "Who knows what";
const HOTSPOTS: &str = "Hotspots";

/// What hangs on how few people. Has no names.
pub fn knowledge_page(frame: &Frame<'_>, risks: &Risks) -> String {
    let main = html! {
        h1 { (KNOWLEDGE) }
        (tabs("/knowledge"))
        p.lead { (text(&risks.sentence())) }
        (unknown(&risks.unknown))
        @if let Some(without) = &risks.without {
            section aria-labelledby="without" {
                h2 #without { "Without " (text(&without.who.join(", "))) }
                @for who in &without.not_found { p { "No history has " (text(who)) "." } }
                @if without.orphaned.is_empty() && without.on_one.is_empty() {
                    p { "Nothing would be orphaned, and nothing more would hang on one person." }
                }
                @if !without.orphaned.is_empty() { h3 { "Would be orphaned" } (pieces(&without.orphaned, "Would be orphaned")) }
                @if !without.on_one.is_empty() { h3 { "Would hang on one person" } (pieces(&without.on_one, "Would hang on one person")) }
            }
        }
        form.filters action="/knowledge" method="get" aria-label="If somebody left" {
            p {
                label for="without-name" { "As if this person had left" }
                input #without-name name="without" autocomplete="off" maxlength="200"
                    placeholder="a name, login or address";
            }
            p { button type="submit" { "Show" } }
        }
        @if risks.pieces.is_empty() {
            p.empty { "No piece on the map has code whose history was read." }
        } @else {
            section aria-labelledby="risks" {
                h2 #risks { "The riskiest first" }
                p {
                    "The truck factor is how many people must leave before more than half of what is known of a piece is "
                    "lost. Pieces are ranked, people are not; whom to ask stands on the page of each."
                }
                (pieces(&risks.pieces, "Pieces by truck factor"))
            }
        }
        @if risks.more > 0 {
            p.quiet { "and " (number(risks.more)) " more: " a href="/knowledge?all=yes" { "all of them" } }
        }
        p.quiet { "Counted at " (day(risks.counted_at)) ", the newest commit." }
    };
    page(frame, KNOWLEDGE, &main)
}

fn tabs(current: &str) -> Markup {
    html! {
        nav.tabs aria-label="Knowledge and work" {
            @for (link, name) in [("/knowledge", KNOWLEDGE), ("/hotspots", HOTSPOTS)] {
                a href=(link) aria-current=[(link == current).then_some("page")] { (name) }
            }
        }
    }
}

fn pieces(pieces: &[PieceRisk], caption: &str) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption.unseen { (caption) }
                thead {
                    tr {
                        th scope="col" { "Piece" }
                        th scope="col" { "Truck factor" }
                        th scope="col" { "Known by people still here" }
                        th scope="col" { "Files" }
                        th scope="col" { "Owners" }
                        th scope="col" { "Whom to ask" }
                    }
                }
                tbody {
                    @for piece in pieces {
                        tr {
                            th scope="row" { (entity(&piece.label)) }
                            td { @if piece.truck_factor == 0 { (mark("orphaned")) } @else { (piece.truck_factor) } }
                            td { (piece.here_percent) " %" }
                            td { (grouped(piece.files)) }
                            td { (text(&piece.owners_text())) }
                            td {
                                a href=(who_link(&piece.label.id)) {
                                    "ask" span.unseen { " about " (text(&piece.label.name)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The page that says whom to ask about an entity.
pub(crate) fn who_link(id: &str) -> String {
    format!("{}/who", entity_link(id))
}

/// Whom to ask about one entity: the one page with names, for somebody asks for them.
pub fn who_page(frame: &Frame<'_>, who: &WhoKnows) -> String {
    let title = format!("Whom to ask about {}", who.piece.label.name);
    let known_by = About { entity: &who.piece.label.id, fact: "known_by", to: None, seen: None };
    let main = html! {
        nav.trail aria-label="Where this is" {
            a href=(entity_link(&who.piece.label.id)) { "← " (text(&who.piece.label.name)) }
        }
        h1 { (text(&title)) }
        p.lead { (text(&who.piece.sentence())) }
        (unknown(&who.unknown))
        @if who.people.is_empty() {
            p.empty { "Nobody is seen to know it." }
        } @else {
            ol.plain { @for knower in &who.people { (one(frame, who, knower)) } }
        }
        @if !who.differences.is_empty() {
            section aria-labelledby="differences" {
                h2 #differences { "Where words and history differ" }
                ul { @for sentence in &who.differences { li { (text(sentence)) } } }
            }
        }
        @if !who.idle_owners.is_empty() {
            p { "Owners who no longer know it: " (entities(&who.idle_owners)) "." }
        }
        p { (text(&who.commits_text())) }
        p {
            "History doesn't see who answers the phone. "
            @if let Writing::You(_) = frame.writing {
                "Somebody else knows it?"
            } @else {
                "Say who knows it: " code.command { "stave say " (who.piece.label.id) " known_by ADDRESS" }
            }
        }
        (change(frame, known_by, "name somebody…", "known by (a name, or an address)", Field::Line, ""))
        p.quiet { "Counted at " (day(who.counted_at)) ", the newest commit." }
    };
    page(frame, &title, &main)
}

fn one(frame: &Frame<'_>, who: &WhoKnows, knower: &Knower) -> Markup {
    let fact = About { entity: &who.piece.label.id, fact: "known_by", to: Some(&knower.name), seen: None };
    let what = format!("{} known by {}", who.piece.label.name, knower.name);
    html! {
        li {
            strong { (text(&knower.name)) } " " (text(&knower.text()))
            @if knower.main { " " span.quiet { "(it hangs on them)" } }
            // A pseudonym is nobody that a word could be about.
            @if !who.pseudonyms { " " (not_so(frame, fact, &what)) }
        }
    }
}

/// Where most of the work is done, and what changes together.
pub fn hotspots_page(frame: &Frame<'_>, hotspots: &Hotspots) -> String {
    let title = match &hotspots.of {
        Some(of) => format!("{HOTSPOTS} of {}", of.name),
        None => HOTSPOTS.to_owned(),
    };
    let main = html! {
        @if let Some(of) = &hotspots.of {
            nav.trail aria-label="Where this is" { a href=(entity_link(&of.id)) { "← " (text(&of.name)) } }
        }
        h1 { (text(&title)) }
        @if hotspots.of.is_none() { (tabs("/hotspots")) }
        p.lead { (text(&hotspots.sentence())) }
        (unknown(&hotspots.unknown))
        @if hotspots.of.is_none() && !hotspots.pieces.is_empty() { (hot_pieces(&hotspots.pieces)) }
        @if !hotspots.files.is_empty() { (hot_files(&hotspots.files)) }
        section aria-labelledby="together" {
            h2 #together { "Changes together" }
            @if hotspots.couplings.is_empty() {
                p.empty { "Nothing changes together more often than by chance." }
            }
            ul { @for coupling in &hotspots.couplings { (together(coupling)) } }
        }
        @if hotspots.more > 0 { p.quiet { "and " (number(hotspots.more)) " more" } }
    };
    page(frame, &title, &main)
}

fn together(coupling: &Coupling) -> Markup {
    let [one, other] = &coupling.pieces;
    html! {
        li {
            (entity(one)) " and " (entity(other)) ": " (text(&coupling.times_text()))
        }
    }
}

fn hot_pieces(pieces: &[HotPiece]) -> Markup {
    html! {
        div.scroll role="region" aria-label="Pieces by heat" tabindex="0" {
            table {
                caption.unseen { "Pieces by heat: changes times size" }
                thead {
                    tr {
                        th scope="col" { "Piece" }
                        th scope="col" { "Share of all heat" }
                        th scope="col" { "Commits" }
                        th scope="col" { "Changes" }
                        th scope="col" { "Size" }
                    }
                }
                tbody {
                    @for piece in pieces {
                        tr {
                            th scope="row" { (entity(&piece.label)) }
                            td { a href={ (entity_link(&piece.label.id)) "/hotspots" } { (piece.share_text()) } }
                            td { (grouped(piece.commits)) }
                            td { (grouped(piece.changes)) }
                            td { (size_text(piece.bytes)) }
                        }
                    }
                }
            }
        }
    }
}

fn hot_files(files: &[HotFile]) -> Markup {
    html! {
        div.scroll role="region" aria-label="Files by heat" tabindex="0" {
            table {
                caption.unseen { "Files by heat: changes times size" }
                thead {
                    tr {
                        th scope="col" { "File" }
                        th scope="col" { "Share of the piece's heat" }
                        th scope="col" { "Changes" }
                        th scope="col" { "Size" }
                    }
                }
                tbody {
                    @for file in files {
                        tr {
                            th scope="row" { code { (text(&file.path)) } " " span.quiet { (text(&file.repository)) } }
                            td { (file.share_text()) }
                            td { (counted(file.changes, "change", "changes")) }
                            td { (size_text(file.bytes)) }
                        }
                    }
                }
            }
        }
    }
}
