//! Flow as text.

use stave_model::Time;

use super::measures::{Counted, Definition, EventKind, Figure, Measure, Name, short};
use super::{Difference, Flow, FlowPiece, MeasuredBy};
use crate::text::{Cell, Role, Style, Writer, counted, grouped};
use crate::when::{day, minute};

const MINUTE_MS: f64 = 60_000.0;
/// Events that the text shows of a measure; JSON and the page have more.
const SHOWN: usize = 5;

/// A length of time as people say it, to two digits: `40 minutes`, `3.2 days`.
pub fn span(ms: f64) -> String {
    let units = [
        (365.0 * 24.0 * 60.0, "years"),
        (30.0 * 24.0 * 60.0, "months"),
        (24.0 * 60.0, "days"),
        (60.0, "hours"),
        (1.0, "minutes"),
    ];
    let minutes = ms / MINUTE_MS;
    // Two of a unit or more, so that 36 hours stay hours.
    let fits = |(of, _): &&(f64, &str)| minutes >= 2.0 * of;
    match units.iter().find(fits) {
        Some((of, unit)) => format!("{} {unit}", digits(minutes / of)),
        None => format!("{} seconds", digits(ms / 1_000.0)),
    }
}

/// A number to two digits, or whole.
fn digits(number: f64) -> String {
    if number >= 9.95 || (number.fract()).abs() < 0.05 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

fn percent(share: f64) -> String {
    format!("{} %", digits(share * 100.0))
}

fn per_week(rate: f64) -> String {
    if rate > 0.0 && rate < 1.0 { format!("{rate:.2}") } else { digits(rate) }
}

impl Name {
    /// As a title.
    pub fn title(self, by: MeasuredBy) -> &'static str {
        match (self, by) {
            (Name::DeploymentFrequency, MeasuredBy::Deployments) => "Deployment frequency",
            (Name::DeploymentFrequency, MeasuredBy::Releases) => "Release frequency",
            (Name::LeadTimeForChanges, _) => "Lead time for changes",
            (Name::ChangeFailRate, _) => "Change fail rate",
            (Name::FailedDeploymentRecoveryTime, _) => "Failed deployment recovery time",
            (Name::ReworkRate, _) => "Rework rate",
        }
    }
}

impl Measure {
    fn show(&self, value: f64, definition: Definition) -> String {
        match self.name {
            Name::DeploymentFrequency if definition == Definition::Devlake => {
                format!("{} days a week", per_week(value))
            }
            Name::DeploymentFrequency => format!("{} a week", per_week(value)),
            Name::LeadTimeForChanges | Name::FailedDeploymentRecoveryTime => span(value),
            Name::ChangeFailRate | Name::ReworkRate => percent(value),
        }
    }

    /// The figure: `0.8 a week`, `2 % to 15 %`, `unknown`.
    pub fn value_text(&self, definition: Definition) -> String {
        let show = |value: f64| self.show(value, definition);
        match &self.figure {
            Figure::Exact { value, .. } => show(*value),
            Figure::Between { low: Some(low), high: Some(high) } if low == high => show(*low),
            Figure::Between { low: Some(low), high: Some(high) } => {
                format!("{} to {}", show(*low), show(*high))
            }
            Figure::Between { low: Some(low), high: None } => format!("at least {}", show(*low)),
            Figure::Between { low: None, high: Some(high) } => format!("at most {}", show(*high)),
            Figure::Between { low: None, high: None } | Figure::Unknown { .. } => "unknown".to_owned(),
        }
    }

    /// What stands behind the figure: its sample, its interval, why it is unknown.
    pub fn behind_text(&self, by: MeasuredBy, definition: Definition) -> String {
        let deliveries = |count: u64| match by {
            MeasuredBy::Deployments => counted(count, "deployment", "deployments"),
            MeasuredBy::Releases => counted(count, "release", "releases"),
        };
        let sample = match (self.name, definition) {
            (Name::DeploymentFrequency, Definition::Devlake) => {
                format!("the median week; {} with deliveries", counted(self.sample, "day", "days"))
            }
            (Name::DeploymentFrequency, Definition::Dora) => deliveries(self.sample),
            (Name::LeadTimeForChanges, Definition::Dora) => {
                format!("median of {}", counted(self.sample, "change", "changes"))
            }
            (Name::LeadTimeForChanges, Definition::Devlake) => {
                format!("median of {}", counted(self.sample, "merge", "merges"))
            }
            (Name::FailedDeploymentRecoveryTime, _) => {
                format!("median of {}", counted(self.sample, "recovery", "recoveries"))
            }
            (Name::ChangeFailRate | Name::ReworkRate, _) => match &self.figure {
                Figure::Between { .. } => {
                    let certain = self.certain();
                    format!(
                        "{} for certain, {} perhaps, of {}",
                        grouped(certain),
                        grouped(self.perhaps()),
                        deliveries(self.sample)
                    )
                }
                _ => format!("{} of {}", grouped(self.certain()), deliveries(self.sample)),
            },
        };
        match &self.figure {
            Figure::Unknown { why } => why.clone(),
            Figure::Exact { interval: Some(interval), .. } => {
                let (low, high) = (self.show(interval.low, definition), self.show(interval.high, definition));
                format!("{sample}; 95 %: {low} to {high}")
            }
            Figure::Exact { interval: None, .. } => match self.name {
                Name::DeploymentFrequency => sample,
                _ => format!("{sample}; too few for an interval"),
            },
            Figure::Between { .. } => sample,
        }
    }

    /// How many events certainly count. Counted from the figure, for the events may be left out.
    fn certain(&self) -> u64 {
        let share = match &self.figure {
            Figure::Exact { value, .. } => *value,
            Figure::Between { low, .. } => low.unwrap_or(0.0),
            Figure::Unknown { .. } => 0.0,
        };
        (share * self.sample as f64).round() as u64
    }

    /// How many may count beyond those.
    fn perhaps(&self) -> u64 {
        let share = match &self.figure {
            Figure::Between { high: Some(high), .. } => *high,
            _ => return 0,
        };
        ((share * self.sample as f64).round() as u64).saturating_sub(self.certain())
    }
}

impl Counted {
    /// Its id as people write it.
    pub fn id_text(&self) -> &str {
        id_text(self.kind, &self.id)
    }

    /// How it counts: `3.2 days from its commit to v1.2.0`.
    pub fn because_text(&self) -> String {
        let between = match self.kind {
            EventKind::Commit | EventKind::Merge | EventKind::Incident => " ",
            EventKind::Release | EventKind::Deployment => ": ",
        };
        let length = self.ms.map(|ms| format!("{}{between}", span(ms as f64))).unwrap_or_default();
        let perhaps = if self.is_certain { "" } else { "perhaps: " };
        format!("{perhaps}{length}{}", self.because)
    }
}

impl Difference {
    /// Its id as people write it.
    pub fn id_text(&self) -> &str {
        id_text(self.kind, &self.id)
    }
}

fn id_text(kind: EventKind, id: &str) -> &str {
    match kind {
        EventKind::Commit | EventKind::Merge => short(id),
        EventKind::Release | EventKind::Deployment | EventKind::Incident => id,
    }
}

impl Definition {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Definition::Dora => "dora",
            Definition::Devlake => "devlake",
        }
    }

    /// The definition of this word.
    pub fn of_word(word: &str) -> Option<Definition> {
        [Definition::Dora, Definition::Devlake].into_iter().find(|one| one.word() == word)
    }
}

impl FlowPiece {
    /// What it is measured by: `by 41 releases since 2025-11-24`.
    pub fn by_text(&self) -> String {
        let what = match self.measured_by {
            MeasuredBy::Deployments => "deployments",
            MeasuredBy::Releases => "releases",
        };
        let waiting = match self.waiting {
            0 => String::new(),
            waiting => format!("; {} not delivered yet", counted(waiting, "change", "changes")),
        };
        let last = self.last.map(|last| format!(", the last of {}", day(last))).unwrap_or_default();
        format!("by its {what} since {}{last}{waiting}", day(self.from))
    }

    fn write(&self, page: &mut Writer<'_>, flow: &Flow) {
        page.heading(&self.name);
        page.prose(2, Some(Role::Quiet), &self.by_text());
        let rows: Vec<Vec<Cell>> = self
            .measures
            .iter()
            .map(|measure| {
                vec![
                    Cell::new(measure.name.title(self.measured_by)),
                    Cell::of(Role::Name, &measure.value_text(flow.definition)),
                    Cell::of(Role::Quiet, &measure.behind_text(self.measured_by, flow.definition)),
                ]
            })
            .collect();
        page.table(2, &rows);
        for sentence in &self.unknown {
            page.prose(2, Some(Role::Quiet), sentence);
        }
        if flow.asked.is_some() {
            for measure in self.measures.iter().filter(|measure| !measure.events.is_empty()) {
                page.gap();
                page.prose(2, None, measure.name.title(self.measured_by));
                let events = measure.events.iter().take(SHOWN);
                let rows: Vec<Vec<Cell>> = events
                    .map(|event| {
                        vec![
                            Cell::of(Role::Name, event.id_text()),
                            Cell::new(&minute(event.at)),
                            Cell::new(&event.because_text()),
                        ]
                    })
                    .collect();
                page.table(4, &rows);
                let all = measure.events.len() as u64 + measure.events_left_out;
                if all > SHOWN as u64 {
                    page.prose(4, Some(Role::Quiet), &format!("and {} more", grouped(all - SHOWN as u64)));
                }
            }
        }
        for difference in &self.differences {
            page.gap();
            let title = difference.measure.title(self.measured_by);
            page.prose(2, None, &format!("{title}: {} of {}", difference.id_text(), minute(difference.at)));
            page.prose(4, None, &format!("dora: {}", difference.dora));
            page.prose(4, None, &format!("devlake: {}", difference.devlake));
        }
        if self.differences_left_out > 0 {
            let more = grouped(self.differences_left_out);
            page.prose(2, Some(Role::Quiet), &format!("and {more} more differences"));
        }
    }
}

impl Flow {
    /// What it is about: `Under the definition dora, 2025-11-24 to 2026-11-24`.
    pub fn period_text(&self) -> String {
        let until = |time: Time| day(time);
        format!(
            "Under the definition {}, {} to {}",
            self.definition.word(),
            until(self.from),
            until(self.now)
        )
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        for piece in &self.pieces {
            piece.write(&mut page, self);
        }
        page.gap();
        page.prose(0, Some(Role::Quiet), &format!("{}; position {}", self.period_text(), self.position));
        page.unknown(&self.unknown);
        page.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_two_digits() {
        for (minutes, text) in [
            (0.5, "30 seconds"),
            (2.0, "2 minutes"),
            (90.0, "90 minutes"),
            (36.0 * 60.0, "36 hours"),
            (3.2 * 1_440.0, "3.2 days"),
            (45.0 * 1_440.0, "45 days"),
            (400.0 * 1_440.0, "13 months"),
            (1_000.0 * 1_440.0, "2.7 years"),
        ] {
            assert_eq!(span(minutes * MINUTE_MS), text);
        }
    }

    #[test]
    fn rates_below_one_keep_two_decimals() {
        assert_eq!(per_week(0.04), "0.04");
        assert_eq!(per_week(0.8), "0.80");
        assert_eq!(per_week(12.3), "12");
        assert_eq!(per_week(0.0), "0");
    }
}
