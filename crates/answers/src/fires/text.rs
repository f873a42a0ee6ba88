//! Fires for a terminal.

use super::{Fire, Fires, Trend, Verdict};
use crate::text::{Cell, Role, Style, Writer, counted, grouped};
use crate::when::{day, lasting};

/// Pieces that a text lists; JSON has all.
const SHOWN: usize = 20;
/// Untied incidents that a text lists.
const UNTIED: usize = 10;

impl Fires {
    /// The first sentence.
    pub fn found(&self) -> String {
        if self.incidents == 0 {
            return format!("no incidents since {}", day(self.since));
        }
        let open =
            if self.open == 0 { String::new() } else { format!(", {} of them open", grouped(self.open)) };
        format!(
            "{} since {}{open}; something was down for {}",
            counted(self.incidents, "incident", "incidents"),
            day(self.since),
            lasting(self.lost_ms),
        )
    }

    /// As text; where only one piece was asked for, with its incidents.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut out = Writer::new(width, style);
        out.prose(0, None, &format!("{}.", self.found()));
        if !self.rows.is_empty() {
            out.heading("By time lost");
            let mut rows = vec![heads(&["", "down for", "incidents", "again", "trend"])];
            rows.extend(self.rows.iter().take(SHOWN).map(row));
            out.table(2, &rows);
            let more = self.rows.len().saturating_sub(SHOWN) as u64 + self.more;
            if more > 0 {
                out.prose(2, Some(Role::Quiet), &format!("and {} more", grouped(more)));
            }
        }
        if let [only] = self.rows.as_slice() {
            out.heading("Incidents");
            for one in &only.counted {
                out.table(
                    2,
                    &[vec![
                        Cell::of(Role::Quiet, &one.key),
                        Cell::new(&day(one.started)),
                        Cell::new(&until(one.lost_ms, one.resolved.is_none())),
                        Cell::new(&one.title),
                    ]],
                );
                out.prose(6, Some(Role::Quiet), &one.because);
                if let Some(again) = &one.again {
                    out.prose(6, Some(Role::Quiet), &format!("again: {}, {}", again.of, again.because));
                }
            }
        }
        if !self.untied.is_empty() {
            out.heading("Tied to no piece");
            for one in self.untied.iter().take(UNTIED) {
                out.table(
                    2,
                    &[vec![
                        Cell::of(Role::Quiet, &one.key),
                        Cell::new(&day(one.started)),
                        Cell::new(&until(one.lost_ms, one.resolved.is_none())),
                        Cell::new(&one.title),
                    ]],
                );
                out.prose(6, Some(Role::Quiet), &one.because);
            }
            let more = self.untied.len().saturating_sub(UNTIED) as u64;
            if more > 0 {
                out.prose(2, Some(Role::Quiet), &format!("and {} more", grouped(more)));
            }
        }
        out.unknown(&self.unknown);
        out.end()
    }
}

impl Fire {
    /// How often, and how many are open: `3, 1 open`.
    pub fn count_text(&self) -> String {
        if self.open == 0 {
            grouped(self.incidents)
        } else {
            format!("{}, {} open", grouped(self.incidents), grouped(self.open))
        }
    }
}

impl Trend {
    /// In words, with the numbers behind it.
    pub fn text(&self) -> String {
        let word = match self.verdict {
            Verdict::More => "more often",
            Verdict::Less => "less often",
            Verdict::CannotTell => "can't tell",
        };
        format!("{word}: {} before, {} lately", grouped(self.before), grouped(self.lately))
    }

    /// The interval, in words; nothing where there is none.
    pub fn interval_text(&self) -> Option<String> {
        let (low, high) = self.lately_percent?;
        Some(format!("{low} to {high} % of incidents fall into the later half"))
    }
}

/// `2 h`, `2 h so far`.
fn until(lost_ms: u64, is_open: bool) -> String {
    if is_open { format!("{} so far", lasting(lost_ms)) } else { lasting(lost_ms) }
}

fn heads(names: &[&str]) -> Vec<Cell> {
    names.iter().map(|name| Cell::of(Role::Quiet, name)).collect()
}

fn row(fire: &Fire) -> Vec<Cell> {
    vec![
        Cell::of(Role::Name, &fire.piece.name),
        Cell::new(&lasting(fire.lost_ms)),
        Cell::new(&fire.count_text()),
        Cell::new(&grouped(fire.repeats)),
        Cell::new(&fire.trend.text()),
    ]
}
