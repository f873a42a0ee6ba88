//! The next bottlenecks for a terminal.

use super::{Bottleneck, By, Next, StepUp, Stream};
use crate::text::{Cell, Role, Style, Writer, counted, grouped};
use crate::when::{day, lasting};

/// Stages that a text lists.
const SHOWN: usize = 5;

impl Next {
    /// The first sentence.
    pub fn found(&self) -> String {
        match self.rows.first() {
            None => "nothing is known that could be a bottleneck".to_owned(),
            Some(first) => format!("next: {}, {}", first.piece.name, first.cost_text(self.by)),
        }
    }

    /// As text.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut out = Writer::new(width, style);
        for (place, row) in self.rows.iter().enumerate() {
            let name = out.paint(Role::Name, &row.piece.name);
            out.line(&format!("{:>2}. {name}: {}", place + 1, row.cost_text(self.by)));
            for text in &row.evidence {
                out.prose(6, None, text);
            }
            for step in &row.steps {
                out.prose(6, Some(Role::Quiet), &step.text());
            }
        }
        for stream in &self.streams {
            out.heading(&format!("Stages of {}", stream.name));
            out.prose(2, None, &stream.found());
            let head = ["", "20 % faster gains", "90 % interval", "stay", "of it waiting", "at once"];
            let mut rows = vec![head.iter().map(|name| Cell::of(Role::Quiet, name)).collect()];
            rows.extend(stream.stages.iter().take(SHOWN).map(|stage| {
                vec![
                    Cell::of(Role::Name, &stage.name),
                    Cell::new(&span(stage.gain_ms)),
                    Cell::new(&format!("{} to {}", span(stage.low_ms), span(stage.high_ms))),
                    Cell::new(&span(stage.stay_ms)),
                    Cell::new(&span(stage.wait_ms)),
                    Cell::new(&grouped(stage.servers)),
                ]
            }));
            if stream.is_enough() {
                out.table(2, &rows);
            }
        }
        if self.by == By::TimeLost {
            out.gap();
            out.prose(0, Some(Role::Quiet), &format!("by time lost since {}", day(self.since)));
        }
        out.unknown(&self.unknown);
        out.end()
    }
}

fn span(ms: i64) -> String {
    lasting(ms.max(0).unsigned_abs())
}

impl Bottleneck {
    /// What it costs.
    pub fn cost_text(&self, by: By) -> String {
        let lost = self.interval_ms.map(|(low, high)| {
            let count = counted(self.incidents, "incident", "incidents");
            format!("down for {} in {count} ({} to {})", lasting(self.lost_ms), lasting(low), lasting(high))
        });
        let barrel = self.height.map(|height| format!("barrel {height} of 10 high"));
        let needed = (self.dependents > 0).then(|| {
            let verb = if self.dependents == 1 { "depends" } else { "depend" };
            format!("{} {verb} on it", counted(self.dependents, "entity", "entities"))
        });
        let parts: Vec<String> = match by {
            By::TimeLost => lost.into_iter().chain(barrel).chain(needed).collect(),
            By::Barrel => barrel.into_iter().chain(needed).chain(lost).collect(),
        };
        parts.join("; ")
    }
}

impl StepUp {
    /// What it takes and what it gains.
    pub fn text(&self) -> String {
        let gain = match self.saves_ms {
            Some(saved) => format!("with no incident longer, {} less", lasting(saved)),
            None if self.height == self.from => "another stave is as low".to_owned(),
            None => format!("the barrel is {} high then", self.height),
        };
        format!("{} from {} to {}: {}; {gain}", self.stave.word(), self.from, self.to, self.takes)
    }
}

impl Stream {
    /// What the tickets tell.
    pub fn found(&self) -> String {
        let tickets = counted(self.tickets, "finished ticket", "finished tickets");
        match (self.lead_ms, self.stages.first()) {
            (Some(lead), Some(first)) => {
                format!("{tickets}, {} each on average; the constraint is {}", span(lead), first.name)
            }
            _ => format!("not enough to tell: {tickets}, it takes {}", self.needed()),
        }
    }
}
