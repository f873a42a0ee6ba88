//! Queueing networks, event by event: stations with servers and one queue each, jobs that go from one to the next.
//!
//! It knows nothing of Stave and shares no code with what it judges: closed forms say whether it is right
//! (`score queueing`), and it says whether Stave finds bottlenecks (`score bottleneck`).

pub(crate) mod lines;
pub(crate) mod random;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A job's way through one station. Times are in the unit of the network, from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) job: usize,
    pub(crate) station: usize,
    pub(crate) arrived: f64,
    pub(crate) started: f64,
    pub(crate) left: f64,
}

/// What flows: when jobs come, how long they take and where they go.
pub(crate) trait Flow {
    /// The next job from outside, as time and first station; times don't decrease. None: no more come.
    fn arrival(&mut self) -> Option<(f64, usize)>;
    /// How long the job, whose service begins now, takes here.
    fn service(&mut self, job: usize, station: usize) -> f64;
    /// The job is served: the station that it goes to, or none where it leaves the network.
    fn onward(&mut self, stay: Stay) -> Option<usize>;
}

/// What happens next. Jobs that are done go before jobs that come at the same moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Done { place: usize },
    Arrival { station: usize },
}

struct Station {
    free: usize,
    queue: VecDeque<(usize, f64)>,
}

/// Runs until nothing happens any more, or until `end`. Queues are first come, first served; stations have
/// `servers[station]` servers. Jobs are numbered in the order in which they come from outside.
pub(crate) fn run(servers: &[usize], flow: &mut impl Flow, end: f64) {
    let mut network = Network {
        stations: servers.iter().map(|free| Station { free: *free, queue: VecDeque::new() }).collect(),
        events: BinaryHeap::new(),
        served: Vec::new(),
        empty: Vec::new(),
        count: 0,
    };
    let mut jobs = 0;
    if let Some((at, station)) = flow.arrival() {
        network.expect(at, Event::Arrival { station });
    }
    while let Some(Reverse((bits, event, _))) = network.events.pop() {
        // Times are not negative, so their bits have their order.
        let now = f64::from_bits(bits);
        if now > end {
            return;
        }
        match event {
            Event::Arrival { station } => {
                network.enter(flow, station, jobs, now);
                jobs += 1;
                if let Some((at, next)) = flow.arrival() {
                    network.expect(at, Event::Arrival { station: next });
                }
            }
            Event::Done { place } => {
                let stay = network.served[place];
                network.empty.push(place);
                match network.stations[stay.station].queue.pop_front() {
                    Some((job, arrived)) => network.serve(flow, stay.station, job, arrived, now),
                    None => network.stations[stay.station].free += 1,
                }
                if let Some(next) = flow.onward(stay) {
                    network.enter(flow, next, stay.job, now);
                }
            }
        }
    }
}

struct Network {
    stations: Vec<Station>,
    events: BinaryHeap<Reverse<(u64, Event, usize)>>,
    /// Stays that are being served, and which of these places are empty.
    served: Vec<Stay>,
    empty: Vec<usize>,
    count: usize,
}

impl Network {
    fn expect(&mut self, at: f64, event: Event) {
        self.count += 1;
        self.events.push(Reverse((at.to_bits(), event, self.count)));
    }

    fn enter(&mut self, flow: &mut impl Flow, station: usize, job: usize, now: f64) {
        if self.stations[station].free == 0 {
            self.stations[station].queue.push_back((job, now));
        } else {
            self.stations[station].free -= 1;
            self.serve(flow, station, job, now, now);
        }
    }

    fn serve(&mut self, flow: &mut impl Flow, station: usize, job: usize, arrived: f64, now: f64) {
        let left = now + flow.service(job, station);
        let stay = Stay { job, station, arrived, started: now, left };
        let place = match self.empty.pop() {
            Some(place) => {
                self.served[place] = stay;
                place
            }
            None => {
                self.served.push(stay);
                self.served.len() - 1
            }
        };
        self.expect(left, Event::Done { place });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs with given times, through all stations in order.
    struct Given {
        arrivals: VecDeque<f64>,
        services: Vec<Vec<f64>>,
        stays: Vec<Stay>,
    }

    impl Flow for Given {
        fn arrival(&mut self) -> Option<(f64, usize)> {
            Some((self.arrivals.pop_front()?, 0))
        }

        fn service(&mut self, job: usize, station: usize) -> f64 {
            self.services[job][station]
        }

        fn onward(&mut self, stay: Stay) -> Option<usize> {
            self.stays.push(stay);
            (stay.station + 1 < self.services[stay.job].len()).then_some(stay.station + 1)
        }
    }

    fn left(servers: &[usize], arrivals: &[f64], services: &[&[f64]]) -> Vec<(usize, usize, f64)> {
        let services = services.iter().map(|row| row.to_vec()).collect();
        let mut given = Given { arrivals: arrivals.iter().copied().collect(), services, stays: Vec::new() };
        run(servers, &mut given, f64::INFINITY);
        given.stays.iter().map(|stay| (stay.job, stay.station, stay.left)).collect()
    }

    #[test]
    fn one_server_takes_one_after_the_other() {
        let stays = left(&[1], &[0.0, 1.0, 2.0], &[&[3.0], &[1.0], &[1.0]]);
        assert_eq!(stays, [(0, 0, 3.0), (1, 0, 4.0), (2, 0, 5.0)]);
    }

    #[test]
    fn with_two_servers_the_later_job_may_leave_first() {
        let stays = left(&[2], &[0.0, 1.0, 2.0], &[&[5.0], &[2.0], &[1.0]]);
        assert_eq!(stays, [(1, 0, 3.0), (2, 0, 4.0), (0, 0, 5.0)]);
    }

    #[test]
    fn who_waits_at_the_second_station_came_there_later() {
        let stays = left(&[1, 1], &[0.0, 0.0], &[&[1.0, 4.0], &[1.0, 1.0]]);
        assert_eq!(stays, [(0, 0, 1.0), (1, 0, 2.0), (0, 1, 5.0), (1, 1, 6.0)]);
    }

    #[test]
    fn a_server_that_gets_free_takes_who_waited_before_who_comes_at_the_same_moment() {
        let stays = left(&[1], &[0.0, 1.0, 2.0], &[&[2.0], &[1.0], &[1.0]]);
        assert_eq!(stays, [(0, 0, 2.0), (1, 0, 3.0), (2, 0, 4.0)]);
    }
}
