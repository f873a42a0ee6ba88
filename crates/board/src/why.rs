//! Why do we think so?

use maud::{Markup, html};
use stave_answers::text::{spoken, tame};
use stave_answers::{ClaimShown, FactShown, Why};
use stave_model::Time;

use crate::links::{entity_link, why_link};
use crate::parts::{basis, date, entity, mark, marks, maybe_link, text, unknown};
use crate::shell::{Frame, page};

/// The claims behind some facts.
pub fn why_page(frame: &Frame<'_>, why: &Why) -> String {
    let title = why.asked();
    let single = why.facts.len() == 1;
    let main = html! {
        nav.trail aria-label="Where this is" { a href=(entity_link(&why.entity.id)) { "← " (text(&why.entity.name)) } }
        h1 { (text(&title)) }
        @for (index, fact) in why.facts.iter().enumerate() {
            section.fact {
                @if !single { h2 { a href=(why_link(&fact.address)) { (text(&fact.says)) } } }
                (one(fact, index + 1, why.now))
            }
        }
        (unknown(&why.unknown))
        @if why.facts.is_empty() && !why.types.is_empty() {
            p {
                "There are facts of these types: "
                @for (index, name) in why.types.iter().enumerate() {
                    @if index > 0 { ", " }
                    a href={ (entity_link(&why.entity.id)) "/why?fact=" (name) } { (spoken(name)) }
                }
                "."
            }
        }
        p.quiet { a href={ (entity_link(&why.entity.id)) "/why" } { "Everything that is said about " (text(&why.entity.name)) } }
    };
    page(frame, &tame(&title), &main)
}

fn one(fact: &FactShown, number: usize, now: Time) -> Markup {
    html! {
        p {
            (basis(fact.standing.basis)) " " (marks(&fact.standing)) " " (fact.rule)
            @if let Some(target) = &fact.target { " The other end is " (entity(target)) "." }
        }
        (claims_table(&fact.claims, now, &format!("Claims on fact {number}: {}", fact.says)))
    }
}

/// A table of claims.
pub(crate) fn claims_table(claims: &[ClaimShown], now: Time, caption: &str) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table.claims {
                caption.unseen { (caption) }
                thead {
                    tr {
                        th scope="col" { "Who" }
                        th scope="col" { "How" }
                        th scope="col" { "Says" }
                        th scope="col" { "Where" }
                        th scope="col" { "When" }
                    }
                }
                tbody {
                    @for claim in claims {
                        tr {
                            th scope="row" { span.name title=(tame(&claim.author)) { (text(&claim.who)) } }
                            td { (basis(claim.basis)) }
                            td {
                                (text(&claim.says))
                                @if claim.carried { " " (mark("carried")) }
                                @for env in &claim.env { " " (mark(&format!("in {env}"))) }
                            }
                            td { (places(claim)) }
                            td { (date(if claim.person { claim.time } else { claim.source_at }, now)) }
                        }
                    }
                }
            }
        }
    }
}

fn places(claim: &ClaimShown) -> Markup {
    html! {
        @if claim.places.is_empty() && !claim.person { span.quiet { "no place given" } }
        @if claim.person { span.quiet { "said here" } }
        @for place in &claim.places { div.place { (maybe_link(&place.text, place.url.as_deref())) } }
        div.origin {
            @if let Some(source) = claim.source() { (text(&source)) " " }
            @else if !claim.person { (text(&claim.scope)) " " }
            @if let Some(commit) = claim.short_commit() { code { (text(commit)) } " " }
            span title=(claim.statement) { "statement " (claim.statement.short()) }
        }
    }
}
