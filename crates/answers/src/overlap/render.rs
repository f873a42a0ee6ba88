//! Reasons in words, and the answer as text.

use std::collections::BTreeSet;

use super::words::{cut, stem, tells_offer};
use super::{Compared, Overlap, Pair, Verdict};
use crate::text::{Cell, Role, Style, Writer, counted, grouped, joined, spoken, tame};

/// Interfaces and words that a reason names.
const NAMED: usize = 4;

/// Reasons that a pair has at most.
const REASONS: usize = 6;

impl Compared<'_> {
    /// Why two look alike, as sentences' beginnings: what they have in common, the weightiest words first.
    pub(super) fn reasons(&self, one: usize, other: usize) -> Vec<String> {
        let (a, b) = (&self.described[one], &self.described[other]);
        let mut reasons = Vec::new();
        let offered = same_offers(&a.offers, &b.offers);
        if !offered.is_empty() {
            reasons.push(format!("both offer {}", listed(&offered)));
        }
        let shared = self.alike.shared(one, other);
        let phrase_of = |text: &str| {
            let mut phrases = a.marks.iter().map(|mark| mark.phrase);
            phrases.find(|phrase| text.strip_prefix(phrase).is_some_and(|rest| rest.starts_with(' ')))
        };
        let mut words: Vec<String> = Vec::new();
        let mut marks: Vec<(&str, Vec<String>)> = Vec::new();
        for (text, _) in &shared {
            let Some(phrase) = phrase_of(text) else {
                words.push(format!("\"{}\"", tame(text)));
                continue;
            };
            let end = tame(text[phrase.len()..].trim()).into_owned();
            match marks.iter_mut().find(|(known, _)| *known == phrase) {
                Some((_, ends)) => ends.push(end),
                None => marks.push((phrase, vec![end])),
            }
        }
        if !words.is_empty() {
            reasons.push(format!("words in common: {}", listed(&words)));
        }
        for (phrase, ends) in marks {
            reasons.push(match phrase {
                "is of type" => format!("each is of type {}", listed(&ends)),
                phrase => format!("each {phrase} something called {}", listed(&ends)),
            });
        }
        reasons.truncate(REASONS);
        if self.needs(one, other) || self.needs(other, one) {
            reasons.push("against it: one needs the other".to_owned());
        }
        if !self.are_of_one_repository(one, other)
            && let Some((nearer, _)) = self.nearer(one, other, self.alike.similarity(one, other))
        {
            let (own, whose) =
                if self.are_of_one_repository(nearer, one) { (one, other) } else { (other, one) };
            let [nearer, own, whose] = [nearer, own, whose].map(|place| tame(&self.row(place).name));
            reasons.push(format!("against it: {nearer}, from the repository of {own}, is more like {whose}"));
        }
        reasons
    }
}

/// Interfaces that both offer, as the first writes them: those with the same words.
fn same_offers(one: &[String], other: &[String]) -> Vec<String> {
    let key = |text: &str| -> BTreeSet<String> {
        cut(text).iter().filter(|word| tells_offer(word)).map(|word| stem(word)).collect()
    };
    let theirs: BTreeSet<BTreeSet<String>> = other.iter().map(|text| key(text)).collect();
    let mut same: Vec<String> = one
        .iter()
        .filter(|text| {
            let key = key(text);
            !key.is_empty() && theirs.contains(&key)
        })
        .map(|text| tame(text).into_owned())
        .collect();
    same.dedup();
    same
}

fn listed(texts: &[String]) -> String {
    if texts.len() <= NAMED {
        return joined(texts, "and");
    }
    format!("{} and {} more", texts[..NAMED].join(", "), texts.len() - NAMED)
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Open => "open",
            Verdict::Confirmed => "confirmed",
            Verdict::Dismissed => "dismissed",
            Verdict::Disputed => "disputed",
        }
    }
}

impl Pair {
    /// Where the two are, as far as it tells them apart: the repository, without the names inside it.
    pub fn places(&self) -> [String; 2] {
        [0, 1].map(|side| {
            let reference = &self.pieces[side].reference;
            let rest = reference.strip_prefix("repo:").unwrap_or(reference);
            rest.split('#').next().unwrap_or(rest).trim_end_matches('/').to_owned()
        })
    }
}

impl Overlap {
    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.heading("Pieces that may do the same job");
        if self.pairs.is_empty() {
            page.prose(2, None, "None are open: nothing on the map looks like something else.");
        }
        for pair in &self.pairs {
            let places = pair.places();
            let mut head = vec![
                Cell::of(Role::Quiet, &pair.id),
                Cell::new(&format!("{:>3} %", pair.likeness)),
                Cell::of(
                    Role::Name,
                    &format!("{} and {}", pair.pieces[0].label.name, pair.pieces[1].label.name),
                ),
            ];
            if pair.verdict != Verdict::Open {
                head.push(Cell::of(Role::Attention, pair.verdict.word()));
            }
            page.table(2, &[head]);
            page.prose(4, Some(Role::Quiet), &places.join(" and "));
            for reason in &pair.reasons {
                page.prose(4, None, reason);
            }
        }
        if self.more > 0 {
            page.prose(2, Some(Role::Quiet), &format!("and {} more", grouped(self.more)));
        }
        if !self.tools.is_empty() {
            page.heading("Tools of one category");
        }
        for category in &self.tools {
            page.prose(2, Some(Role::Name), &spoken(&category.category));
            for tool in &category.tools {
                let names: Vec<&str> = tool.used_by.iter().map(|label| label.name.as_str()).collect();
                let rest = tool.uses.saturating_sub(names.len() as u64);
                let mut users = names.join(", ");
                if rest > 0 {
                    users.push_str(&format!(" and {} more", grouped(rest)));
                }
                page.table(
                    4,
                    &[vec![Cell::of(Role::Name, &tool.tool.name), Cell::new(&format!("used by {users}"))]],
                );
            }
        }
        page.unknown(&self.unknown);
        page.gap();
        let foot = format!(
            "{}, {} confirmed, {} dismissed; position {}",
            counted(self.pairs.len() as u64 + self.more, "pair", "pairs"),
            grouped(self.confirmed),
            grouped(self.dismissed),
            self.position
        );
        page.prose(0, Some(Role::Quiet), &foot);
        page.end()
    }
}
