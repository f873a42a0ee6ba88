//! Lines of five stages, drawn at random, and what making one stage faster really gains in each.

use super::random::{Law, Random};
use super::{Flow, Stay, run};

/// Stages of a line.
pub(crate) const STAGES: usize = 5;
/// Tickets that go through it.
pub(crate) const TICKETS: usize = 300;
/// What a stage's service times are multiplied with when it is made 20 % faster.
const FASTER: f64 = 0.8;

/// A line: where tickets come from, and the people and the service of each stage.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    arrivals: Law,
    servers: [usize; STAGES],
    services: [Law; STAGES],
}

/// One week, so to speak, on a line: when each ticket came and how long each stage would work on it.
pub(crate) struct Drawn {
    arrivals: Vec<f64>,
    services: Vec<[f64; STAGES]>,
}

impl Line {
    /// Tickets come one a unit of time, with a variation of 0.5 to 1.5. A stage has one, two or three servers that are
    /// busy for 50 to 95 % of the time; service times are exponential, gamma or log-normal with a variation of 0.2 to 2.
    pub(crate) fn random(random: &mut Random) -> Line {
        let arrivals = Law::of(1.0, random.between(0.5, 1.5));
        let mut servers = [1; STAGES];
        let mut services = [arrivals; STAGES];
        for stage in 0..STAGES {
            servers[stage] = 1 + random.below(3);
            let mean = random.between(0.5, 0.95) * servers[stage] as f64;
            let scv = random.between(0.2, 2.0);
            services[stage] = match random.below(3) {
                0 => Law::Exponential { mean },
                1 => Law::Gamma { mean, scv },
                _ => Law::LogNormal { mean, scv },
            };
        }
        Line { arrivals, servers, services }
    }

    pub(crate) fn draw(&self, random: &mut Random) -> Drawn {
        let mut now = 0.0;
        let arrivals = (0..TICKETS).map(|_| {
            now += self.arrivals.draw(random);
            now
        });
        let arrivals = arrivals.collect();
        let services = (0..TICKETS).map(|_| self.services.map(|law| law.draw(random))).collect();
        Drawn { arrivals, services }
    }

    /// Where each ticket was and when: all that a list of tickets tells.
    pub(crate) fn stays(&self, drawn: &Drawn) -> Vec<Stay> {
        let mut through = Through { drawn, next: 0, faster: None, stays: Vec::new(), lead: 0.0 };
        run(&self.servers, &mut through, f64::INFINITY);
        through.stays
    }

    /// How much sooner a ticket is through on average when a stage is 20 % faster and everything else stays: by
    /// stage, with the same draws.
    pub(crate) fn gains(&self, drawn: &Drawn) -> [f64; STAGES] {
        let mean_lead = |faster: Option<usize>| {
            let mut through = Through { drawn, next: 0, faster, stays: Vec::new(), lead: 0.0 };
            run(&self.servers, &mut through, f64::INFINITY);
            through.lead / TICKETS as f64
        };
        let now = mean_lead(None);
        std::array::from_fn(|stage| now - mean_lead(Some(stage)))
    }

    /// The gains that are to be expected of lines like this: the mean of `runs` draws.
    pub(crate) fn expected_gains(&self, random: &mut Random, runs: usize) -> [f64; STAGES] {
        let mut sums = [0.0; STAGES];
        for _ in 0..runs {
            let gains = self.gains(&self.draw(random));
            sums.iter_mut().zip(gains).for_each(|(sum, gain)| *sum += gain / runs as f64);
        }
        sums
    }
}

struct Through<'a> {
    drawn: &'a Drawn,
    next: usize,
    faster: Option<usize>,
    stays: Vec<Stay>,
    lead: f64,
}

impl Flow for Through<'_> {
    fn arrival(&mut self) -> Option<(f64, usize)> {
        let at = *self.drawn.arrivals.get(self.next)?;
        self.next += 1;
        Some((at, 0))
    }

    fn service(&mut self, job: usize, station: usize) -> f64 {
        self.drawn.services[job][station] * if self.faster == Some(station) { FASTER } else { 1.0 }
    }

    fn onward(&mut self, stay: Stay) -> Option<usize> {
        self.stays.push(stay);
        if stay.station + 1 < STAGES {
            return Some(stay.station + 1);
        }
        self.lead += stay.left - self.drawn.arrivals[stay.job];
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_never_waits_gains_a_fifth_of_the_stage() {
        let line = Line {
            arrivals: Law::Fixed { mean: 1.0 },
            servers: [9; STAGES],
            services: [1.0, 2.0, 3.0, 4.0, 5.0].map(|mean| Law::Fixed { mean }),
        };
        let gains = line.gains(&line.draw(&mut Random::part(1, 0)));
        for (gain, expected) in gains.iter().zip([0.2, 0.4, 0.6, 0.8, 1.0]) {
            assert!((gain - expected).abs() < 1e-9, "{gains:?}");
        }
    }

    #[test]
    fn the_busiest_stage_gains_more_than_its_service() {
        let line = Line {
            arrivals: Law::Exponential { mean: 1.0 },
            servers: [1; STAGES],
            services: [0.5, 0.5, 0.95, 0.5, 0.5].map(|mean| Law::Exponential { mean }),
        };
        let gains = line.expected_gains(&mut Random::part(1, 0), 20);
        assert!(gains[2] > 1.0 && gains[0] < 0.5, "{gains:?}");
    }
}
