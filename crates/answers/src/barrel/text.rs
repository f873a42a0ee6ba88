//! The barrel for a terminal.

use super::{Barrel, Stave};
use crate::text::{Cell, Role, Style, Writer};
use crate::when::ago;

impl Barrel {
    /// The first sentence.
    pub fn found(&self) -> String {
        let lowest: Vec<&str> = self.lowest().map(|stave| stave.name.word()).collect();
        match self.height {
            None => "nothing is known of its staves".to_owned(),
            Some(height) => {
                format!("{height} of 10 high: the lowest is {}", crate::text::joined(&lowest, "and"))
            }
        }
    }

    /// As text.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut out = Writer::new(width, style);
        let name = out.paint(Role::Name, &self.piece.name);
        out.line(&format!("{name}: {}", self.found()));
        if self.parts > 0 {
            let parts = if self.parts == 1 { "1 part".to_owned() } else { format!("{} parts", self.parts) };
            out.prose(0, Some(Role::Quiet), &format!("{parts}; each stave is that of the lowest part"));
        }
        out.gap();
        let rows: Vec<Vec<Cell>> = self.staves.iter().map(|stave| self.row(stave)).collect();
        out.table(2, &rows);
        let lifts: Vec<&Stave> = self.lowest().filter(|stave| stave.lift.is_some()).collect();
        if !lifts.is_empty() {
            out.heading("One step up");
            for stave in lifts {
                let Some(lift) = &stave.lift else { continue };
                let level = stave.level.unwrap_or(0);
                out.prose(
                    2,
                    None,
                    &format!("{}, from {level} to {}: {}", stave.name.word(), lift.to, lift.takes),
                );
            }
        }
        out.unknown(&self.unknown);
        out.end()
    }

    fn row(&self, stave: &Stave) -> Vec<Cell> {
        let bar = match stave.level {
            None => "unknown".to_owned(),
            Some(level) => format!(
                "{level:>2} {}{}",
                "█".repeat(level.into()),
                "·".repeat(10 - usize::from(level.min(10)))
            ),
        };
        let role =
            if stave.level.is_some() && stave.level == self.height { Role::Attention } else { Role::Quiet };
        vec![
            Cell::new(stave.name.word()),
            if stave.level.is_some() { Cell::of(role, &bar) } else { Cell::of(Role::Quiet, &bar) },
            Cell::new(&self.said(stave)),
        ]
    }

    /// What was measured, of which part, and its age.
    pub fn said(&self, stave: &Stave) -> String {
        let mut said = match &stave.part {
            Some(part) => format!("{}: {}", part.name, stave.measured),
            None => stave.measured.clone(),
        };
        if let Some(as_of) = stave.as_of {
            said.push_str(&format!(" ({})", ago(as_of, self.now)));
        }
        said
    }
}
