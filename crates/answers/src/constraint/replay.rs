//! The fitted line, run again.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::fit::Fitted;
use super::{FASTER_PERCENT, Stay};
use crate::statistics::Random;

/// Lines that might have been seen instead: draws of the tickets that were seen.
const DRAWS: usize = 50;
/// Runs of each drawn line.
const RUNS: usize = 3;
/// Gaps between arrivals that are drawn together, so that busy days stay busy days.
const BLOCK: usize = 8;
/// Standard deviations of the draws to each side of the estimate. A normal law would have 1.645 of them for
/// [`super::INTERVAL_PERCENT`]; the estimate is less far off than a draw. Measured on simulated lines: docs/bottleneck.md.
const REACH: f64 = 1.5;

/// The gain of one stage, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gain {
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// One step of a ticket's way: where, how long the work takes, and the time until it is in the next stage.
#[derive(Clone, Copy, Debug)]
struct Step {
    stage: usize,
    service: f64,
    pause: f64,
}

/// A ticket's way.
type Job = Vec<Step>;

/// What can be run again.
pub(super) struct Line {
    servers: Vec<usize>,
    jobs: Vec<Job>,
    /// Time from the ticket before to this one, in the order of arrival.
    gaps: Vec<f64>,
    lead: f64,
}

impl Line {
    /// `tickets` in the order in which they came.
    pub(super) fn new(fitted: &[Fitted], tickets: &[Vec<Stay>]) -> Line {
        let mut jobs = Vec::with_capacity(tickets.len());
        let mut lead = 0.0;
        for (ticket, stays) in tickets.iter().enumerate() {
            let mut visits = vec![0; fitted.len()];
            let mut job = Vec::with_capacity(stays.len());
            for (at, stay) in stays.iter().enumerate() {
                let service = fitted[stay.stage].services[ticket].get(visits[stay.stage]).copied();
                visits[stay.stage] += 1;
                let pause = stays.get(at + 1).map_or(0, |next| (next.entered - stay.left).max(0)) as f64;
                job.push(Step { stage: stay.stage, service: service.unwrap_or(0.0), pause });
            }
            lead += match (stays.first(), stays.last()) {
                (Some(first), Some(last)) => (last.left - first.entered) as f64,
                _ => 0.0,
            };
            jobs.push(job);
        }
        let came: Vec<i64> = tickets.iter().filter_map(|stays| Some(stays.first()?.entered)).collect();
        let gaps = came.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let servers = fitted.iter().map(|fitted| fitted.servers).collect();
        Line { servers, lead: lead / jobs.len().max(1) as f64, jobs, gaps }
    }

    pub(super) fn lead_ms(&self) -> i64 {
        self.lead.round() as i64
    }
}

/// One run: who comes when, as a time and a number of a job.
type Arrivals = Vec<(f64, usize)>;

/// The gain of making each stage faster, by stage.
///
/// What these very tickets would have gained is known exactly if the fit is right, but says little of the next ones;
/// what is to be expected of tickets like these is known from draws of them: [`DRAWS`] lines, run [`RUNS`] times each. The
/// estimate lies between both, and the spread of the draws is the interval.
pub(super) fn gains(line: &Line) -> Vec<Gain> {
    let mut random = Random::new(line.jobs.len() as u64);
    let mut replay = Replay::new(line);
    let seen: Vec<usize> = (0..line.jobs.len()).collect();
    let gained = replay.gains(&arrivals(&line.gaps, &seen));
    let mut draws = vec![Vec::with_capacity(DRAWS); gained.len()];
    for _ in 0..DRAWS {
        let jobs: Vec<usize> = seen.iter().map(|_| random.below(seen.len())).collect();
        let gaps = blocks(&mut random, &line.gaps);
        let mut sums = vec![0.0; gained.len()];
        for _ in 0..RUNS {
            let run_gaps = blocks(&mut random, &gaps);
            let run_jobs: Vec<usize> = jobs.iter().map(|_| jobs[random.below(jobs.len())]).collect();
            let run = replay.gains(&arrivals(&run_gaps, &run_jobs));
            run.iter().zip(&mut sums).for_each(|(gain, sum)| *sum += gain / RUNS as f64);
        }
        sums.into_iter().zip(&mut draws).for_each(|(gain, drawn)| drawn.push(gain));
    }
    gained.into_iter().zip(draws).map(|(gain, drawn)| interval(gain, &drawn)).collect()
}

/// Gains are skewed, for twice as busy is more than twice as long: means and spread are taken of logarithms. Below a
/// millisecond there is no gain.
fn interval(gained: f64, drawn: &[f64]) -> Gain {
    let log = |gain: f64| gain.max(1.0).ln();
    let count = drawn.len() as f64;
    let mean = drawn.iter().map(|gain| log(*gain)).sum::<f64>() / count;
    let variance = drawn.iter().map(|gain| (log(*gain) - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let middle = (log(gained) + mean) / 2.0;
    let reach = REACH * variance.sqrt();
    Gain { mean: middle.exp(), low: (middle - reach).exp(), high: (middle + reach).exp() }
}

/// As many gaps, drawn in blocks.
fn blocks(random: &mut Random, gaps: &[f64]) -> Vec<f64> {
    let mut drawn = Vec::with_capacity(gaps.len() + BLOCK);
    while drawn.len() < gaps.len() {
        let first = random.below(gaps.len());
        drawn.extend((first..first + BLOCK).map(|at| gaps[at % gaps.len()]));
    }
    drawn.truncate(gaps.len());
    drawn
}

fn arrivals(gaps: &[f64], jobs: &[usize]) -> Arrivals {
    let mut now = 0.0;
    let times = std::iter::once(&0.0).chain(gaps).map(|gap| {
        now += gap;
        now
    });
    times.zip(jobs.iter().copied()).collect()
}

/// What happens next; who leaves goes before who comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Done(usize),
    Enter(usize),
}

/// Room for one run after the other.
struct Replay<'a> {
    line: &'a Line,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    free: Vec<usize>,
    queues: Vec<VecDeque<usize>>,
    /// By ticket: the step that it is in.
    steps: Vec<usize>,
}

impl<'a> Replay<'a> {
    fn new(line: &'a Line) -> Replay<'a> {
        Replay {
            line,
            events: BinaryHeap::new(),
            free: Vec::new(),
            queues: vec![VecDeque::new(); line.servers.len()],
            steps: Vec::new(),
        }
    }

    /// How much sooner a ticket is through, mean, if a stage is faster: by stage, all on the same arrivals.
    fn gains(&mut self, arrivals: &Arrivals) -> Vec<f64> {
        let now = self.mean_lead(arrivals, None);
        (0..self.queues.len()).map(|stage| now - self.mean_lead(arrivals, Some(stage))).collect()
    }

    fn mean_lead(&mut self, arrivals: &Arrivals, faster: Option<usize>) -> f64 {
        self.free.clone_from(&self.line.servers);
        self.steps.clear();
        self.steps.resize(arrivals.len(), 0);
        let mut sum = 0.0;
        let mut next = 0;
        loop {
            let arrival = arrivals.get(next).map(|(at, _)| (at.to_bits(), Event::Enter(next)));
            let event = self.events.peek().map(|Reverse(event)| *event);
            // Times are not negative, so their bits have their order.
            let (bits, event) = match (arrival, event) {
                (Some(arrival), event) if event.is_none_or(|event| arrival < event) => {
                    next += 1;
                    arrival
                }
                (_, Some(event)) => {
                    self.events.pop();
                    event
                }
                (_, None) => return sum / arrivals.len().max(1) as f64,
            };
            let now = f64::from_bits(bits);
            match event {
                Event::Enter(ticket) => self.enter(arrivals, ticket, now, faster),
                Event::Done(ticket) => {
                    let (came, job) = arrivals[ticket];
                    let step = self.line.jobs[job][self.steps[ticket]];
                    match self.queues[step.stage].pop_front() {
                        Some(waiting) => self.serve(arrivals, waiting, now, faster),
                        None => self.free[step.stage] += 1,
                    }
                    self.steps[ticket] += 1;
                    if self.steps[ticket] == self.line.jobs[job].len() {
                        sum += now - came;
                    } else if step.pause > 0.0 {
                        self.events.push(Reverse(((now + step.pause).to_bits(), Event::Enter(ticket))));
                    } else {
                        self.enter(arrivals, ticket, now, faster);
                    }
                }
            }
        }
    }

    fn enter(&mut self, arrivals: &Arrivals, ticket: usize, now: f64, faster: Option<usize>) {
        let stage = self.line.jobs[arrivals[ticket].1][self.steps[ticket]].stage;
        if self.free[stage] == 0 {
            self.queues[stage].push_back(ticket);
        } else {
            self.free[stage] -= 1;
            self.serve(arrivals, ticket, now, faster);
        }
    }

    fn serve(&mut self, arrivals: &Arrivals, ticket: usize, now: f64, faster: Option<usize>) {
        let step = self.line.jobs[arrivals[ticket].1][self.steps[ticket]];
        let work = if faster == Some(step.stage) {
            step.service * f64::from(100 - FASTER_PERCENT) / 100.0
        } else {
            step.service
        };
        self.events.push(Reverse(((now + work).to_bits(), Event::Done(ticket))));
    }
}
