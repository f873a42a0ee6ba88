//! As text.

use super::{Knower, PieceRisk, Risks, WhoKnows};
use crate::text::{Cell, Role, Style, Writer, counted, grouped, joined, spoken, tame};
use crate::when::day;

impl PieceRisk {
    /// What hangs on how many people, as a sentence.
    pub fn sentence(&self) -> String {
        match (self.truck_factor, self.here_percent) {
            (0, 0) if self.files == 0 => "Nothing of it is seen in a history.".to_owned(),
            (0, here) => format!("Orphaned: people who are still here know {here} % of it."),
            (1, here) => {
                format!("It hangs on one person. People who are still here know {here} % of it.")
            }
            (some, here) => {
                format!("Truck factor {some}. People who are still here know {here} % of it.")
            }
        }
    }

    /// The truck factor as a word: `orphaned`, else the number.
    pub fn factor_text(&self) -> String {
        if self.truck_factor == 0 { "orphaned".to_owned() } else { self.truck_factor.to_string() }
    }

    /// What is wrong with its owners, if anything.
    pub fn owners_text(&self) -> String {
        match (self.idle, self.owners) {
            (0, _) => String::new(),
            (1, 1) => "its owner no longer knows it".to_owned(),
            (idle, owners) if idle == owners => "its owners no longer know it".to_owned(),
            (idle, owners) => format!("{idle} of {owners} owners no longer know it"),
        }
    }
}

impl Knower {
    /// What is known of them here: `52 %, last on 2026-01-02, not here any more`.
    pub fn text(&self) -> String {
        let mut parts = vec![format!("{} %", self.percent)];
        if self.stated {
            parts.push("people say so".to_owned());
            if self.history_percent != self.percent {
                parts.push(format!("{} % by history", self.history_percent));
            }
        }
        if let Some(last) = self.last {
            parts.push(format!("last on {}", day(last)));
        }
        if !self.here {
            parts.push("not seen for a year".to_owned());
        }
        parts.join(", ")
    }
}

impl WhoKnows {
    /// Commits of the last year by sort of author, as a sentence.
    pub fn commits_text(&self) -> String {
        let commits = &self.commits;
        let mut parts = vec![format!("{} by people", grouped(commits.human))];
        if commits.agent > 0 {
            parts.push(format!("{} with agents", grouped(commits.agent)));
        }
        if commits.bot > 0 {
            parts.push(format!("{} by bots", grouped(commits.bot)));
        }
        format!("Commits of the last year: {}.", joined(&parts, "and"))
    }

    /// The owners who no longer know it, as a sentence.
    pub fn idle_text(&self) -> Option<String> {
        let names: Vec<String> =
            self.idle_owners.iter().map(|owner| tame(&owner.name).into_owned()).collect();
        let know =
            if names.len() == 1 { "owns it and no longer knows it" } else { "own it and no longer know it" };
        (!names.is_empty()).then(|| format!("{} {know}.", joined(&names, "and")))
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.table(
            0,
            &[vec![
                Cell::of(Role::Name, &self.piece.label.name),
                Cell::new(&spoken(&self.piece.label.kind)),
                Cell::of(Role::Quiet, &self.piece.label.id),
            ]],
        );
        page.prose(2, (self.piece.truck_factor < 2).then_some(Role::Attention), &self.piece.sentence());
        page.prose(2, Some(Role::Quiet), &self.commits_text());
        if !self.people.is_empty() {
            page.gap();
            page.prose(0, Some(Role::Heading), "Ask");
            let rows: Vec<Vec<Cell>> = self
                .people
                .iter()
                .map(|asked| vec![Cell::of(Role::Name, &asked.name), Cell::new(&asked.text())])
                .collect();
            page.table(2, &rows);
        }
        let notes: Vec<String> = self.differences.iter().cloned().chain(self.idle_text()).collect();
        if !notes.is_empty() {
            page.gap();
            notes.iter().for_each(|note| page.prose(0, Some(Role::Attention), note));
        }
        page.gap();
        page.prose(
            0,
            Some(Role::Quiet),
            &format!("Counted at {}, the newest commit; position {}", day(self.counted_at), self.position),
        );
        page.unknown(&self.unknown);
        page.end()
    }
}

impl Risks {
    /// The whole, as sentences.
    pub fn sentence(&self) -> String {
        if self.total == 0 {
            return "Nothing is known of who knows what.".to_owned();
        }
        let mut text = format!(
            "{} with code; truck factor {} of the whole. People who are still here know {} % of it. ",
            counted(self.total, "piece", "pieces"),
            self.truck_factor,
            self.here_percent
        );
        let counts = [
            (self.orphaned, "orphaned"),
            (self.on_one, "on one person"),
            (self.idle_owners, "with an owner who no longer knows it"),
        ];
        let counts: Vec<String> =
            counts.iter().map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
        text.push_str(&format!("{}.", joined(&counts, "and")));
        text
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.prose(0, None, &self.sentence());
        if let Some(without) = &self.without {
            for who in &without.not_found {
                page.prose(0, Some(Role::Attention), &format!("No history has {}.", tame(who)));
            }
            page.gap();
            page.prose(0, Some(Role::Heading), &format!("Without {}", tame(&joined(&without.who, "and"))));
            list(&mut page, "orphaned", &without.orphaned);
            list(&mut page, "on one person", &without.on_one);
            if without.orphaned.is_empty() && without.on_one.is_empty() {
                page.prose(2, None, "Nothing would be orphaned, and nothing more would hang on one person.");
            }
        }
        if !self.pieces.is_empty() {
            page.gap();
            page.prose(0, Some(Role::Heading), "The riskiest first");
            let rows: Vec<Vec<Cell>> = self
                .pieces
                .iter()
                .map(|piece| {
                    let role = if piece.truck_factor == 0 { Role::Attention } else { Role::Name };
                    vec![
                        Cell::of(Role::Name, &piece.label.name),
                        Cell::of(role, &format!("truck factor {}", piece.truck_factor)),
                        Cell::new(&format!("{} % known here", piece.here_percent)),
                        Cell::of(Role::Quiet, &counted(piece.files, "file", "files")),
                        Cell::new(&piece.owners_text()),
                    ]
                })
                .collect();
            page.table(2, &rows);
        }
        page.gap();
        let more = if self.more > 0 { format!("{} more; ", grouped(self.more)) } else { String::new() };
        page.prose(
            0,
            Some(Role::Quiet),
            &format!(
                "{more}counted at {}, the newest commit; position {}",
                day(self.counted_at),
                self.position
            ),
        );
        page.unknown(&self.unknown);
        page.end()
    }
}

fn list(page: &mut Writer<'_>, what: &str, pieces: &[PieceRisk]) {
    for piece in pieces {
        page.table(
            2,
            &[vec![
                Cell::of(Role::Name, &piece.label.name),
                Cell::of(Role::Attention, what),
                Cell::new(&format!("{} % known here", piece.here_percent)),
            ]],
        );
    }
}
