//! One stage, fitted: how many tickets it works on at once, and how long on each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Stay;

/// Numbers of servers that are tried one by one; above, in steps of a quarter.
const TRIED_EACH: usize = 16;
/// Stays in a thousand that may end before their service could have begun, and the number of servers still be believed:
/// clocks and hands that move tickets are not exact.
const TOLERATED_PER_MILLE: usize = 5;

/// A stage as fitted.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    /// How many tickets are worked on at once; 1 where none was ever here.
    pub(super) servers: usize,
    /// How often a ticket was here.
    pub(super) visits: usize,
    /// Work in milliseconds: by ticket, its visits in order.
    pub(super) services: Vec<Vec<f64>>,
    pub(super) busy_percent: u32,
    pub(super) stay_ms: i64,
    pub(super) wait_ms: i64,
}

struct Visit {
    ticket: usize,
    entered: i64,
    left: i64,
}

/// Fits the stage to all tickets.
///
/// If tickets are taken in the order in which they come, each as soon as a server is free, then the number of servers
/// alone decides when each was begun, and so how long it took. Of the numbers that let no ticket leave before it was
/// begun, the likeliest is taken: departures follow from services one by one, so the likelihood of the departures is
/// that of the services, and the mean log-likelihood of services whose law is unknown is their negative entropy
/// (estimated from spacings: Vasicek 1976).
pub(super) fn stage(stage: usize, tickets: &[Vec<Stay>]) -> Fitted {
    let mut visits: Vec<Visit> = tickets
        .iter()
        .enumerate()
        .flat_map(|(ticket, stays)| {
            stays.iter().filter(|stay| stay.stage == stage).map(move |stay| (ticket, stay))
        })
        .map(|(ticket, stay)| Visit { ticket, entered: stay.entered, left: stay.left })
        .collect();
    visits.sort_by_key(|visit| (visit.entered, visit.left, visit.ticket));
    let most = at_once(&visits);
    let tolerated = visits.len() * TOLERATED_PER_MILLE / 1_000;
    let mut best: Option<(f64, usize, Vec<f64>)> = None;
    let mut servers = 1;
    loop {
        let (services, too_early) = services(&visits, servers);
        if too_early <= tolerated || servers >= most {
            let entropy = entropy(&services);
            if best.as_ref().is_none_or(|(least, _, _)| entropy < *least) {
                best = Some((entropy, servers, services));
            }
        }
        if servers >= most {
            break;
        }
        servers = (servers + 1 + if servers < TRIED_EACH { 0 } else { servers / 4 }).min(most);
    }
    let (servers, found) = best.map_or((1, Vec::new()), |(_, servers, services)| (servers, services));
    fitted(tickets.len(), &visits, servers, &found)
}

fn fitted(tickets: usize, visits: &[Visit], servers: usize, found: &[f64]) -> Fitted {
    let mut services = vec![Vec::new(); tickets];
    for (visit, service) in visits.iter().zip(found) {
        services[visit.ticket].push(*service);
    }
    let count = visits.len().max(1) as f64;
    let work: f64 = found.iter().sum();
    let stayed: f64 = visits.iter().map(|visit| (visit.left - visit.entered) as f64).sum();
    let begin = visits.iter().map(|visit| visit.entered).min().unwrap_or(0);
    let end = visits.iter().map(|visit| visit.left).max().unwrap_or(0);
    let room = (end - begin).max(1) as f64 * servers as f64;
    Fitted {
        servers,
        visits: visits.len(),
        services,
        busy_percent: (100.0 * work / room).round().clamp(0.0, 100.0) as u32,
        stay_ms: (stayed / count).round() as i64,
        wait_ms: ((stayed - work) / count).max(0.0).round() as i64,
    }
}

/// How many were here at once, at most; at least 1.
fn at_once(visits: &[Visit]) -> usize {
    let mut moves: Vec<(i64, i8)> =
        visits.iter().flat_map(|visit| [(visit.entered, 1), (visit.left, -1)]).collect();
    moves.sort_unstable();
    let (mut here, mut most) = (0i64, 1i64);
    for (_, step) in moves {
        here += i64::from(step);
        most = most.max(here);
    }
    usize::try_from(most).unwrap_or(1)
}

/// How long each visit took, and how many left before they could have been begun; those took nothing.
fn services(visits: &[Visit], servers: usize) -> (Vec<f64>, usize) {
    let mut busy: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
    let mut too_early = 0;
    let mut services = Vec::with_capacity(visits.len());
    for visit in visits {
        let free =
            if busy.len() < servers { i64::MIN } else { busy.pop().map_or(i64::MIN, |Reverse(at)| at) };
        let begun = visit.entered.max(free);
        too_early += usize::from(visit.left < begun);
        services.push((visit.left - begun).max(0) as f64);
        busy.push(Reverse(visit.left.max(begun)));
    }
    (services, too_early)
}

/// Differential entropy of the law behind the values, in nats, after Vasicek.
fn entropy(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let reach = (count as f64).sqrt().round().max(1.0) as usize;
    let mut sum = 0.0;
    for at in 0..count {
        let low = at.saturating_sub(reach);
        let high = (at + reach).min(count - 1);
        // Equal values would be infinitely likely; a millisecond is as exact as they are written.
        let width = (sorted[high] - sorted[low]).max(1.0);
        sum += (width * count as f64 / (high - low).max(1) as f64).ln();
    }
    sum / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(stays: &[(i64, i64)]) -> Vec<Vec<Stay>> {
        stays.iter().map(|(entered, left)| vec![Stay { stage: 0, entered: *entered, left: *left }]).collect()
    }

    #[test]
    fn who_came_while_another_was_worked_on_has_waited() {
        let found = stage(0, &tickets(&[(0, 10), (2, 20), (30, 35)]));
        assert_eq!(found.servers, 1);
        assert_eq!(found.services, [[10.0], [10.0], [5.0]]);
        assert_eq!(found.wait_ms, 3);
    }

    #[test]
    fn who_overtakes_shows_a_second_server() {
        let found = stage(0, &tickets(&[(0, 100), (10, 20), (15, 40)]));
        assert_eq!(found.servers, 2);
        assert_eq!(found.services, [[100.0], [10.0], [20.0]]);
    }

    #[test]
    fn a_stage_without_tickets_has_nothing() {
        let found = stage(1, &tickets(&[(0, 100)]));
        assert_eq!((found.visits, found.servers, found.busy_percent), (0, 1, 0));
    }

    #[test]
    fn equal_services_of_two_servers_are_not_taken_for_one_server_by_turns() {
        let pairs: Vec<(i64, i64)> = (0..50).flat_map(|at| [(at * 100, at * 100 + 90); 2]).collect();
        assert_eq!(stage(0, &tickets(&pairs)).servers, 2);
    }
}
