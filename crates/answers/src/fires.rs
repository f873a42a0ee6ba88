//! Where does it go down? Pieces by the time that they were down, not by how often. See docs/fires.md.

mod spans;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::Label;
use stave_model::Time;

pub use spans::union_ms;

use crate::statistics::{CONFIDENCE, wilson};
use crate::tie::{TiedIncident, tied_incidents};
use crate::{Estate, Result};

/// How far back it is looked, unless the asker says otherwise: half a year.
pub(crate) const WINDOW_MS: i64 = 182 * DAY_MS;
/// An incident that begins within this time after another of the same piece is the same thing again.
const AGAIN_MS: i64 = 14 * DAY_MS;
/// Of the words of two titles, so many in a hundred must be common for the titles to be alike.
const ALIKE_PERCENT: usize = 60;
/// Titles with fewer words than this are alike to none: "API down" says too little.
const ALIKE_WORDS: usize = 3;
/// Incidents that one row carries; the longest.
const INCIDENTS: usize = 200;
/// Rows of an answer.
const ROWS: usize = 500;
const DAY_MS: i64 = 86_400_000;

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct FiresQuery {
    /// Since when; absent: half a year.
    pub since: Option<Time>,
    /// Only the piece with these 12 digits.
    pub piece: Option<String>,
}

/// Where it goes down.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Fires {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present: the window's end.
    pub now: Time,
    /// The window's beginning.
    pub since: Time,
    /// Incidents in the window, planned work left out.
    pub incidents: u64,
    /// How many of them are open.
    pub open: u64,
    /// Time in which at least one incident was going on, milliseconds.
    pub lost_ms: u64,
    /// Pieces, the one that was down longest first.
    pub rows: Vec<Fire>,
    /// Pieces beyond those listed.
    pub more: u64,
    /// Incidents that no piece could be found for, the newest first.
    pub untied: Vec<Untied>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// One piece that went down.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Fire {
    /// The piece.
    #[serde(flatten)]
    pub piece: Label,
    /// Time in the window in which it was down: incidents that overlap count once. Milliseconds.
    pub lost_ms: u64,
    /// How many incidents there were.
    pub incidents: u64,
    /// How many of them are open.
    pub open: u64,
    /// How many were the same thing again.
    pub repeats: u64,
    /// This half of the window against the one before.
    pub trend: Trend,
    /// The incidents, the newest first; of more than 200 the longest.
    pub counted: Vec<Burnt>,
}

/// Whether it gets better.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Trend {
    /// Incidents that began in the first half of the window.
    pub before: u64,
    /// Incidents that began in the second.
    pub lately: u64,
    /// Time lost in the first half, milliseconds.
    pub before_ms: u64,
    /// Time lost in the second.
    pub lately_ms: u64,
    /// The share of incidents that began in the second half, in percent: its 95 % interval. Absent without any.
    pub lately_percent: Option<(u32, u32)>,
    /// What that says.
    pub verdict: Verdict,
}

/// What two halves of a window say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TrendVerdict")]
pub enum Verdict {
    /// More often than before.
    More,
    /// Less often.
    Less,
    /// The interval contains "as often as before".
    CannotTell,
}

/// An incident that counts for a piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Burnt {
    /// `INSTANCE/KEY`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// When it began.
    pub started: Time,
    /// When it ended; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Time>,
    /// Its time within the window, milliseconds.
    pub lost_ms: u64,
    /// Why it is thought to be about the piece.
    pub because: String,
    /// The earlier incident that it is a repeat of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Why an incident is the same thing again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Again {
    /// The earlier one: `INSTANCE/KEY`.
    pub of: String,
    /// How they hang together.
    pub because: String,
}

/// An incident that no piece could be found for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Untied {
    /// `INSTANCE/KEY`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// When it began.
    pub started: Time,
    /// When it ended; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Time>,
    /// Its time within the window, milliseconds.
    pub lost_ms: u64,
    /// Why it isn't tied.
    pub because: String,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Incidents of one piece, each with the reason why it is thought to be about it.
type Counted<'a> = Vec<(&'a TiedIncident, &'a str)>;

/// Where it goes down.
///
/// # Errors
/// Where the map or the ledger can't be read, or a record is damaged.
pub fn fires(estate: Estate<'_>, query: &FiresQuery) -> Result<Fires> {
    estate.model.snapshot(|_| Ok(counted(&tied_incidents(estate)?, query, estate.now, estate.position()?)))
}

/// The count itself.
fn counted(all: &[TiedIncident], query: &FiresQuery, now: Time, position: u64) -> Fires {
    let window = Window::new(query, now);
    let mut pieces: BTreeMap<&str, (&Label, Counted<'_>)> = BTreeMap::new();
    let mut untied = Vec::new();
    let mut seen = Vec::new();
    let mut strange = Strange::default();
    for tied in all {
        let incident = &tied.incident;
        strange.count(tied, now);
        if incident.is_planned || !window.touches(tied) {
            continue;
        }
        if query.piece.as_ref().is_some_and(|id| tied.about.iter().all(|about| about.piece.id != *id)) {
            continue;
        }
        seen.push(tied);
        for about in &tied.about {
            let row = pieces.entry(&about.piece.id).or_insert((&about.piece, Vec::new()));
            row.1.push((tied, &about.reason));
        }
        if tied.about.is_empty() {
            untied.push(window.untied(tied));
        }
    }
    let mut rows: Vec<Fire> = pieces
        .into_values()
        .filter(|(piece, _)| query.piece.as_ref().is_none_or(|id| piece.id == *id))
        .map(|(piece, incidents)| window.fire(piece, incidents))
        .collect();
    rows.sort_by(|a, b| {
        (b.lost_ms, b.incidents, &a.piece.name, &a.piece.id).cmp(&(
            a.lost_ms,
            a.incidents,
            &b.piece.name,
            &b.piece.id,
        ))
    });
    untied.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.key.cmp(&b.key)));
    let more = rows.len().saturating_sub(ROWS) as u64;
    rows.truncate(ROWS);
    Fires {
        position,
        now,
        since: window.since,
        incidents: seen.len() as u64,
        open: seen.iter().filter(|tied| tied.incident.resolved.is_none()).count() as u64,
        lost_ms: union_ms(seen.iter().map(|tied| window.cut(tied))),
        rows,
        more,
        unknown: strange.sentences(all.is_empty(), &untied),
        untied,
    }
}

/// The time that is looked at.
struct Window {
    since: Time,
    middle: i64,
    now: Time,
}

impl Window {
    fn new(query: &FiresQuery, now: Time) -> Window {
        let default = Time::from_millis(now.millis().saturating_sub(WINDOW_MS));
        let since = query.since.unwrap_or(default).min(now);
        Window { since, middle: since.millis() + (now.millis() - since.millis()) / 2, now }
    }

    /// Begin and end of an incident in the window; one that is open goes on until now.
    fn cut(&self, tied: &TiedIncident) -> (i64, i64) {
        let incident = &tied.incident;
        let end = incident.resolved.map_or(self.now, |resolved| resolved.min(self.now)).millis();
        let begin = incident.started.max(self.since).millis();
        (begin, end.max(begin))
    }

    fn touches(&self, tied: &TiedIncident) -> bool {
        let incident = &tied.incident;
        incident.started <= self.now
            && incident.resolved.is_none_or(|resolved| resolved.max(incident.started) >= self.since)
    }

    fn lost_ms(&self, tied: &TiedIncident) -> u64 {
        let (begin, end) = self.cut(tied);
        (end - begin).unsigned_abs()
    }

    fn untied(&self, tied: &TiedIncident) -> Untied {
        let incident = &tied.incident;
        let because = match tied.unsure.as_slice() {
            [] => "nothing in it names a piece of the map".to_owned(),
            [one, ..] => {
                format!("perhaps {}, but {} is right in {} %", one.piece.name, one.reason, one.percent)
            }
        };
        Untied {
            key: incident.key.clone(),
            title: incident.title.clone(),
            started: incident.started,
            resolved: incident.resolved,
            lost_ms: self.lost_ms(tied),
            because,
            url: incident.url.clone(),
        }
    }

    fn fire(&self, piece: &Label, mut incidents: Counted<'_>) -> Fire {
        incidents.sort_by(|(a, _), (b, _)| {
            (a.incident.started, &a.incident.key).cmp(&(b.incident.started, &b.incident.key))
        });
        let mut burnt: Vec<Burnt> = Vec::with_capacity(incidents.len());
        let mut titles: Vec<BTreeSet<String>> = Vec::with_capacity(incidents.len());
        for (at, (tied, because)) in incidents.iter().enumerate() {
            let incident = &tied.incident;
            let words = words(&incident.title);
            let again = again(&burnt, &titles, incident.started, &words);
            titles.push(words);
            burnt.push(Burnt {
                key: incident.key.clone(),
                title: incident.title.clone(),
                started: incident.started,
                resolved: incident.resolved,
                lost_ms: self.lost_ms(incidents[at].0),
                because: (*because).to_owned(),
                again,
                url: incident.url.clone(),
            });
        }
        let spans: Vec<(i64, i64)> = incidents.iter().map(|(tied, _)| self.cut(tied)).collect();
        let trend = self.trend(&spans, &incidents);
        let repeats = burnt.iter().filter(|one| one.again.is_some()).count() as u64;
        let open = burnt.iter().filter(|one| one.resolved.is_none()).count() as u64;
        let count = burnt.len() as u64;
        if burnt.len() > INCIDENTS {
            burnt.sort_by(|a, b| b.lost_ms.cmp(&a.lost_ms).then_with(|| a.key.cmp(&b.key)));
            burnt.truncate(INCIDENTS);
        }
        burnt.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.key.cmp(&b.key)));
        Fire {
            piece: piece.clone(),
            lost_ms: union_ms(spans.into_iter()),
            incidents: count,
            open,
            repeats,
            trend,
            counted: burnt,
        }
    }

    /// If an incident were as likely now as before, half of them would have begun in each half of the window. Whether
    /// the share lies apart from a half is the usual test of two Poisson rates (Przyborowski and Wilenski 1940), here
    /// with Wilson's interval. What began before the window belongs to neither half.
    fn trend(&self, spans: &[(i64, i64)], incidents: &[(&TiedIncident, &str)]) -> Trend {
        let begun = incidents.iter().map(|(tied, _)| tied.incident.started.millis());
        let begun: Vec<i64> = begun.filter(|at| *at >= self.since.millis()).collect();
        let lately = begun.iter().filter(|at| **at >= self.middle).count() as u64;
        let interval = wilson(lately, begun.len() as u64, CONFIDENCE);
        let verdict = match interval {
            Some(interval) if interval.low > 0.5 => Verdict::More,
            Some(interval) if interval.high < 0.5 => Verdict::Less,
            _ => Verdict::CannotTell,
        };
        let percent = |share: f64| (share * 100.0).round() as u32;
        Trend {
            before: begun.len() as u64 - lately,
            lately,
            before_ms: union_ms(spans.iter().map(|(begin, end)| (*begin, (*end).min(self.middle)))),
            lately_ms: union_ms(spans.iter().map(|(begin, end)| ((*begin).max(self.middle), *end))),
            lately_percent: interval.map(|interval| (percent(interval.low), percent(interval.high))),
            verdict,
        }
    }
}

/// The latest earlier incident that this one is a repeat of.
fn again(
    earlier: &[Burnt],
    titles: &[BTreeSet<String>],
    started: Time,
    words: &BTreeSet<String>,
) -> Option<Again> {
    let alike = earlier.iter().zip(titles).rev().find(|(_, known)| are_alike(known, words));
    if let Some((one, _)) = alike {
        return Some(Again { of: one.key.clone(), because: "the titles are alike".to_owned() });
    }
    let last = earlier.last()?;
    let ended = last.resolved.unwrap_or(started).max(last.started);
    (started.millis() - ended.millis() <= AGAIN_MS).then(|| Again {
        of: last.key.clone(),
        because: format!("within {} days after it", AGAIN_MS / DAY_MS),
    })
}

/// The words of a title; numbers differ from one time to the next and say nothing.
fn words(title: &str) -> BTreeSet<String> {
    title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().any(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect()
}

/// Whether most words of both are common to them (Jaccard's index).
fn are_alike(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let common = one.intersection(other).count();
    let all = one.len() + other.len() - common;
    one.len() >= ALIKE_WORDS && other.len() >= ALIKE_WORDS && common * 100 >= all * ALIKE_PERCENT
}

/// Incidents that can't be taken as they are.
#[derive(Default)]
struct Strange {
    planned: u64,
    future: u64,
    backwards: u64,
}

impl Strange {
    fn count(&mut self, tied: &TiedIncident, now: Time) {
        let incident = &tied.incident;
        self.planned += u64::from(incident.is_planned);
        self.future += u64::from(incident.started > now);
        self.backwards += u64::from(incident.resolved.is_some_and(|resolved| resolved < incident.started));
    }

    fn sentences(&self, is_empty: bool, untied: &[Untied]) -> Vec<String> {
        let mut unknown = Vec::new();
        if is_empty {
            unknown.push("The ledger has no incidents; stave import takes them in.".to_owned());
        }
        let mut say = |count: u64, one: &str, many: &str| {
            if count > 0 {
                unknown.push(format!("{} {}.", count, if count == 1 { one } else { many }));
            }
        };
        say(
            untied.len() as u64,
            "incident is tied to no piece, so some piece was down longer than it says here",
            "incidents are tied to no piece, so some pieces were down longer than it says here",
        );
        say(
            self.planned,
            "incident was planned work and doesn't count",
            "incidents were planned work and don't count",
        );
        say(
            self.future,
            "incident begins in the future and doesn't count",
            "incidents begin in the future and don't count",
        );
        say(
            self.backwards,
            "incident ended before it began; it counts, with no time lost",
            "incidents ended before they began; they count, with no time lost",
        );
        unknown
    }
}
