//! What is the next bottleneck? A short list, each line with what it costs, why, and what one step up would gain. See
//! docs/bottleneck.md.

mod stream;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{Label, Outlines};
use stave_model::{Flow, Relation, Time};

pub use stream::{Stage, Stream};

use crate::barrel::{Barrel, Grounds, StaveName, of_entity};
use crate::fires::{WINDOW_MS, union_ms};
use crate::records::tickets;
use crate::statistics::{CONFIDENCE, bootstrap};
use crate::{Estate, Result};

/// Tied incidents in the window below which time lost ranks nothing: the order would be chance.
const ENOUGH_INCIDENTS: usize = 10;
/// Lines, unless the asker wants another number.
const LINES: usize = 10;
/// The most lines.
const MOST_LINES: usize = 100;
/// Pieces of which what depends on them is followed to the end.
const FOLLOWED: usize = 200;
/// Draws of weeks for an interval.
const DRAWS: u32 = 400;
const WEEK_MS: i64 = 7 * 86_400_000;

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct NextQuery {
    /// Since when; absent: half a year.
    pub since: Option<Time>,
    /// How many lines; 0: ten.
    pub limit: u64,
}

/// The next bottlenecks.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Next {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present: the window's end.
    pub now: Time,
    /// The window's beginning.
    pub since: Time,
    /// What the order is by.
    pub by: By,
    /// Tied incidents in the window.
    pub incidents: u64,
    /// The worst first.
    pub rows: Vec<Bottleneck>,
    /// Which stage holds up the work, by tracker and project; the one with the most tickets first.
    pub streams: Vec<Stream>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// What an order is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Time lost in the window.
    TimeLost,
    /// The height of the barrel, then how much depends on the piece: there are too few incidents.
    Barrel,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Bottleneck {
    /// The piece.
    #[serde(flatten)]
    pub piece: Label,
    /// Time in the window in which it was down, milliseconds.
    pub lost_ms: u64,
    /// The 95 % interval of what a window like this loses: its weeks drawn again. Absent without incidents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<(u64, u64)>,
    /// Incidents in the window.
    pub incidents: u64,
    /// How high its barrel is; absent where nothing of it is known.
    pub height: Option<u8>,
    /// How many entities need it, directly or over others.
    pub dependents: u64,
    /// What the order rests on, as sentences.
    pub evidence: Vec<String>,
    /// What lifts it by one step: the lowest staves, and recovery where it went down.
    pub steps: Vec<StepUp>,
}

/// One stave, one step up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct StepUp {
    /// Which stave.
    pub stave: StaveName,
    /// Its level.
    pub from: u8,
    /// The next one.
    pub to: u8,
    /// What it takes.
    pub takes: String,
    /// How high the barrel would be then.
    pub height: u8,
    /// Of recovery: how much less time the window would have lost had no incident lasted longer, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves_ms: Option<u64>,
}

/// A piece's spans of time in the window.
type Spans = BTreeMap<String, Vec<(i64, i64)>>;

/// The next bottlenecks.
///
/// # Errors
/// Where the map or the ledger can't be read, or a record is damaged.
pub fn next(estate: Estate<'_>, query: &NextQuery) -> Result<Next> {
    estate.model.snapshot(|_| list(estate, query))
}

fn list(estate: Estate<'_>, query: &NextQuery) -> Result<Next> {
    let now = estate.now;
    let default = Time::from_millis(now.millis().saturating_sub(WINDOW_MS));
    let since = query.since.unwrap_or(default).min(now);
    let limit = match query.limit {
        0 => LINES,
        limit => usize::try_from(limit).unwrap_or(MOST_LINES).min(MOST_LINES),
    };
    let grounds = Grounds::of(estate)?;
    let (spans, incidents) = spans(&grounds, since);
    let by = if incidents >= ENOUGH_INCIDENTS { By::TimeLost } else { By::Barrel };
    let mut unknown = Vec::new();
    let rows = match by {
        By::TimeLost => by_time(estate, &grounds, &spans, since, limit)?,
        By::Barrel => {
            let tied = if incidents == 1 { "incident since then is" } else { "incidents since then are" };
            unknown.push(format!(
                "{incidents} {tied} tied to a piece, too few to rank by what they cost (it takes {ENOUGH_INCIDENTS}); so \
                 the order is by the lowest barrel, and then by how much depends on the piece."
            ));
            by_barrel(estate, &grounds, &spans, since, limit)?
        }
    };
    let streams = stream::streams(&tickets(estate)?);
    if streams.is_empty() {
        unknown.push(
            "There are no finished tickets with changes of state, so nothing is known of stages of work."
                .to_owned(),
        );
    }
    if rows.is_empty() {
        unknown.push(
            "Nothing was measured of any piece: neither history, deployments nor incidents.".to_owned(),
        );
    }
    let position = estate.position()?;
    Ok(Next { position, now, since, by, incidents: incidents as u64, rows, streams, unknown })
}

/// Of each piece when it was down in the window, and how many incidents of the window are tied to a piece.
fn spans(grounds: &Grounds, since: Time) -> (Spans, usize) {
    let mut spans = Spans::new();
    let mut count = 0;
    for tied in &grounds.incidents {
        let incident = &tied.incident;
        let end = incident.resolved.unwrap_or(grounds.now).min(grounds.now).max(incident.started);
        if incident.is_planned || incident.started > grounds.now || end < since {
            continue;
        }
        count += usize::from(!tied.about.is_empty());
        for about in &tied.about {
            let span = (incident.started.max(since).millis(), end.millis());
            spans.entry(about.piece.id.clone()).or_default().push(span);
        }
    }
    (spans, count)
}

fn by_time(
    estate: Estate<'_>,
    grounds: &Grounds,
    spans: &Spans,
    since: Time,
    limit: usize,
) -> Result<Vec<Bottleneck>> {
    let mut order: Vec<(u64, &String)> =
        spans.iter().map(|(id, spans)| (union_ms(spans.iter().copied()), id)).collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let needs = Needs::new(&grounds.outlines);
    let mut rows = Vec::new();
    for (_, id) in order.into_iter().take(limit) {
        let Some(entity) = estate.entity(id)? else { continue };
        let barrel = of_entity(estate, grounds, &entity)?;
        rows.push(bottleneck(&barrel, spans, since, needs.dependents(id)));
    }
    Ok(rows)
}

fn by_barrel(
    estate: Estate<'_>,
    grounds: &Grounds,
    spans: &Spans,
    since: Time,
    limit: usize,
) -> Result<Vec<Bottleneck>> {
    let needs = Needs::new(&grounds.outlines);
    let mut barrels = Vec::new();
    for id in grounds.measured() {
        let Some(entity) = estate.entity(id)? else { continue };
        if entity.row.hidden {
            continue;
        }
        let barrel = of_entity(estate, grounds, &entity)?;
        if let Some(height) = barrel.height {
            barrels.push((height, needs.direct(id), barrel));
        }
    }
    barrels.sort_by(|a, b| (a.0, b.1, &a.2.piece).cmp(&(b.0, a.1, &b.2.piece)));
    barrels.truncate(FOLLOWED.max(limit));
    let mut rows: Vec<Bottleneck> = barrels
        .iter()
        .map(|(_, _, barrel)| bottleneck(barrel, spans, since, needs.dependents(&barrel.piece.id)))
        .collect();
    rows.sort_by(|a, b| {
        (a.height, b.dependents, b.lost_ms, &a.piece).cmp(&(b.height, a.dependents, a.lost_ms, &b.piece))
    });
    rows.truncate(limit);
    Ok(rows)
}

fn bottleneck(barrel: &Barrel, spans: &Spans, since: Time, dependents: u64) -> Bottleneck {
    let none = Vec::new();
    let spans = spans.get(&barrel.piece.id).unwrap_or(&none);
    let lost_ms = union_ms(spans.iter().copied());
    let recovers = |name: StaveName| name == StaveName::Recovery && !spans.is_empty();
    let steps = barrel
        .staves
        .iter()
        .filter(|stave| stave.level.is_some() && (stave.level == barrel.height || recovers(stave.name)))
        .filter_map(|stave| {
            let lift = stave.lift.as_ref()?;
            let saves_ms = if recovers(stave.name) { saved(spans, lift.to, lost_ms) } else { None };
            Some(StepUp {
                stave: stave.name,
                from: stave.level?,
                to: lift.to,
                takes: lift.takes.clone(),
                height: barrel.height_after(stave)?,
                saves_ms,
            })
        })
        .collect();
    let evidence =
        barrel.lowest().map(|stave| format!("{}: {}", stave.name.word(), barrel.said(stave))).collect();
    Bottleneck {
        piece: barrel.piece.clone(),
        lost_ms,
        interval_ms: interval(spans, since, barrel.now),
        incidents: spans.len() as u64,
        height: barrel.height,
        dependents,
        evidence,
        steps,
    }
}

/// How much less time would have been lost if no incident had lasted longer than the level of recovery allows half of
/// them to last.
fn saved(spans: &[(i64, i64)], level: u8, lost_ms: u64) -> Option<u64> {
    let most_ms = StaveName::recovery_seconds(level)?.saturating_mul(1_000);
    let cut = spans.iter().map(|(begin, end)| (*begin, (*end).min(begin.saturating_add(most_ms))));
    Some(lost_ms - union_ms(cut).min(lost_ms))
}

/// What windows like this lose: the weeks of the window, drawn again. Weeks are apart enough for one long incident to
/// stay one.
fn interval(spans: &[(i64, i64)], since: Time, now: Time) -> Option<(u64, u64)> {
    if spans.is_empty() {
        return None;
    }
    let mut weeks = Vec::new();
    let mut begin = since.millis();
    while begin < now.millis() {
        let end = (begin + WEEK_MS).min(now.millis());
        weeks.push(union_ms(spans.iter().map(|(from, to)| ((*from).max(begin), (*to).min(end)))) as f64);
        begin = end;
    }
    let sum = |drawn: &[&f64]| Some(drawn.iter().copied().sum::<f64>());
    let interval = bootstrap(&weeks, DRAWS, weeks.len() as u64, CONFIDENCE, sum)?;
    Some((interval.low.max(0.0).round() as u64, interval.high.max(0.0).round() as u64))
}

/// Who needs whom.
struct Needs<'a> {
    outlines: &'a Outlines,
    /// By place: who needs it.
    by: Vec<Vec<usize>>,
}

impl<'a> Needs<'a> {
    fn new(outlines: &'a Outlines) -> Needs<'a> {
        let counts: Vec<bool> = outlines.relations.iter().map(|name| is_need(name)).collect();
        let mut by = vec![Vec::new(); outlines.rows.len()];
        for (place, row) in outlines.rows.iter().enumerate() {
            for (relation, other) in &row.links {
                if counts.get(usize::from(*relation)) == Some(&true) && *other != place {
                    by[*other].push(place);
                }
            }
        }
        by.iter_mut().for_each(|all| {
            all.sort_unstable();
            all.dedup();
        });
        Needs { outlines, by }
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.outlines.rows.binary_search_by(|row| row.id.as_str().cmp(id)).ok()
    }

    fn direct(&self, id: &str) -> usize {
        self.place(id).map_or(0, |place| self.by[place].len())
    }

    /// How many need it, directly or over others.
    fn dependents(&self, id: &str) -> u64 {
        let Some(start) = self.place(id) else { return 0 };
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(place) = open.pop() {
            open.extend(self.by[place].iter().copied().filter(|other| seen.insert(*other)));
        }
        seen.len() as u64 - 1
    }
}

/// Whether what stands at the left of a relation doesn't work without what stands at the right.
fn is_need(relation: &str) -> bool {
    Relation::of(relation).is_some_and(|known| {
        known.flow != Flow::None || matches!(known.name, "consumes_api" | "runs_on" | "depends_on")
    })
}
