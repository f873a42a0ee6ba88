//! Stages of work, from the changes of state of tickets.

use std::collections::BTreeMap;

use serde::Serialize;
use stave_model::records::Ticket;

use crate::constraint::{Constraint, ENOUGH_TICKETS, Stay, constraint};

/// Streams that an answer holds.
const STREAMS: usize = 10;
/// Stages of one stream: those that most tickets were in. More are no line of work.
const STAGES: usize = 24;

/// A ticket's states, with when it came into each and left it, in milliseconds since 1970.
type Visits<'a> = Vec<(&'a str, i64, i64)>;

/// The tickets of one project, and what holds them up.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Stream {
    /// Where the tickets stand: `jira.example.com/SHOP`.
    pub name: String,
    /// Finished tickets whose changes of state are known.
    pub tickets: u64,
    /// From leaving the first state to the end, mean, milliseconds; absent where it can't be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_ms: Option<i64>,
    /// Stages by what making each 20 % faster would gain; empty where there are too few tickets to tell.
    pub stages: Vec<Stage>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Stage {
    /// The state's name.
    pub name: String,
    /// How many tickets are worked on at once, as fitted.
    pub servers: u64,
    /// How much of that room is in use, in percent.
    pub busy_percent: u32,
    /// A ticket's mean time in it, milliseconds.
    pub stay_ms: i64,
    /// The part of it that is waiting.
    pub wait_ms: i64,
    /// By how much sooner a ticket would be through, mean, milliseconds.
    pub gain_ms: i64,
    /// Lower end of the 90 % interval.
    pub low_ms: i64,
    /// Upper end.
    pub high_ms: i64,
}

impl Stream {
    /// Whether there are tickets enough to tell anything.
    pub fn is_enough(&self) -> bool {
        !self.stages.is_empty()
    }

    /// How many tickets it takes.
    pub fn needed(&self) -> u64 {
        ENOUGH_TICKETS as u64
    }
}

/// The streams of finished tickets with changes of state, the largest first.
pub(super) fn streams(tickets: &[Ticket]) -> Vec<Stream> {
    let mut projects: BTreeMap<&str, Vec<Visits<'_>>> = BTreeMap::new();
    for ticket in tickets.iter().filter(|ticket| ticket.resolved.is_some()) {
        let stays = stays(ticket);
        if !stays.is_empty() {
            projects.entry(project(&ticket.key)).or_default().push(stays);
        }
    }
    let mut projects: Vec<_> = projects.into_iter().collect();
    projects.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
    projects.truncate(STREAMS);
    projects.into_iter().map(|(name, tickets)| stream(name, &tickets)).collect()
}

/// The key without its number: `jira.example.com/SHOP-12` is of `jira.example.com/SHOP`.
fn project(key: &str) -> &str {
    key.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['-', '/', '#'])
}

/// Where a ticket was from leaving its first state until its last change. The first state is the list of what may be
/// done one day, and nobody works there.
fn stays(ticket: &Ticket) -> Visits<'_> {
    let pairs = ticket.transitions.windows(2);
    pairs.map(|pair| (pair[0].to.as_str(), pair[0].at.millis(), pair[1].at.millis())).collect()
}

fn stream(name: &str, tickets: &[Visits<'_>]) -> Stream {
    let mut visits: BTreeMap<&str, usize> = BTreeMap::new();
    for (stage, ..) in tickets.iter().flatten() {
        *visits.entry(stage).or_default() += 1;
    }
    let mut names: Vec<(&str, usize)> = visits.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    names.truncate(STAGES);
    let number: BTreeMap<&str, usize> = names.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
    let passages: Vec<Vec<Stay>> = tickets
        .iter()
        .map(|stays| {
            let known = stays.iter().filter_map(|(stage, entered, left)| {
                Some(Stay { stage: *number.get(stage)?, entered: *entered, left: *left })
            });
            known.collect()
        })
        .collect();
    let count = tickets.len() as u64;
    let Constraint::Ranked { lead_ms, stages, .. } = constraint(names.len(), &passages) else {
        return Stream { name: name.to_owned(), tickets: count, lead_ms: None, stages: Vec::new() };
    };
    let stages = stages
        .into_iter()
        .map(|row| Stage {
            name: names[row.stage].0.to_owned(),
            servers: row.servers as u64,
            busy_percent: row.busy_percent,
            stay_ms: row.stay_ms,
            wait_ms: row.wait_ms,
            gain_ms: row.gain_ms,
            low_ms: row.low_ms,
            high_ms: row.high_ms,
        })
        .collect();
    Stream { name: name.to_owned(), tickets: count, lead_ms: Some(lead_ms), stages }
}

#[cfg(test)]
mod tests {
    use stave_model::Time;
    use stave_model::records::Transition;

    use super::*;

    /// A ticket that goes from open over the states to done, at the given minutes.
    fn ticket(number: i64, states: &[&str], minutes: &[i64]) -> Ticket {
        let at = |minute: i64| Time::from_millis(1_790_000_000_000 + minute * 60_000);
        let mut from = "Open";
        let transitions = states.iter().zip(minutes).map(|(to, minute)| {
            let change = Transition { at: at(*minute), from: from.to_owned(), to: (*to).to_owned() };
            from = to;
            change
        });
        Ticket {
            key: format!("jira.example.com/SHOP-{number}"),
            created: at(0),
            transitions: transitions.collect(),
            resolved: minutes.last().map(|minute| at(*minute)),
            ..Ticket::default()
        }
    }

    fn shop(count: i64) -> Vec<Ticket> {
        let mut random = crate::statistics::Random::new(5);
        let (mut develop, mut review) = (0, 0);
        let made = (0..count).map(|number| {
            let came = number * 60;
            develop = develop.max(came) + (random.unit() * 60.0) as i64;
            review = review.max(develop) + (random.unit() * 115.0) as i64;
            // Work in development begins when the ticket comes, for it is a state of its own only from then.
            ticket(number, &["Development", "Review", "Done"], &[came, develop, review])
        });
        made.collect()
    }

    #[test]
    fn the_busy_review_is_the_constraint() {
        let found = streams(&shop(200));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].tickets), ("jira.example.com/SHOP", 200));
        let names: Vec<&str> = found[0].stages.iter().map(|stage| stage.name.as_str()).collect();
        assert_eq!(names, ["Review", "Development"]);
        assert!(found[0].stages[0].gain_ms > 3 * found[0].stages[1].gain_ms, "{:?}", found[0].stages);
    }

    #[test]
    fn few_tickets_tell_nothing_and_open_ones_do_not_count() {
        let mut few = shop(60);
        few[0].resolved = None;
        let found = streams(&few);
        assert_eq!((found[0].tickets, found[0].is_enough(), found[0].lead_ms), (59, false, None));
        assert!(streams(&[]).is_empty());
    }

    #[test]
    fn a_project_is_the_key_without_its_number() {
        assert_eq!(project("jira.example.com/SHOP-12"), "jira.example.com/SHOP");
        assert_eq!(project("github.com/leafcup/shop/7"), "github.com/leafcup/shop");
        assert_eq!(project("ops"), "ops");
    }
}
