//! Where it goes down: time lost, repeats, trend, and what doesn't count.

use stave_answers::text::Plain;
use stave_answers::{Fires, FiresQuery, TrendVerdict, fires};
use stave_ledger::{Ledger, MemoryLedger};
use stave_model::records::Incident;
use stave_model::{Statement, Time};

use crate::Folded;
use crate::estate::{Run, now, people, statements};

const DAY: i64 = 24 * 60;

/// `ago` and `until` in minutes before now; open without an end.
fn incident(key: &str, title: &str, ago: i64, until: Option<i64>) -> Incident {
    Incident {
        key: format!("ops/{key}"),
        title: title.to_owned(),
        started: before(ago),
        resolved: until.map(before),
        ..Incident::default()
    }
}

fn before(minutes: i64) -> Time {
    Time::from_millis(now().millis() - minutes * 60_000)
}

fn said(incident: &Incident) -> Statement {
    let scope = format!("ticket:{}", incident.key);
    let run = Run { author: "system:ops", scope: &scope, minute: 60, commit: "-", unread: &[], op: 60 };
    let statement = run.says(Vec::new());
    Statement::new(statement.header, vec![incident.to_claim().unwrap()])
}

fn asked(incidents: &[Incident], query: &FiresQuery) -> Fires {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&statements()).unwrap();
    ledger.append(&incidents.iter().map(said).collect::<Vec<_>>()).unwrap();
    ledger.add_people(&people()).unwrap();
    fires(Folded::of(ledger).estate(), query).unwrap()
}

fn of(incidents: &[Incident]) -> Fires {
    asked(incidents, &FiresQuery::default())
}

fn lost(fires: &Fires) -> Vec<(&str, u64, u64)> {
    fires.rows.iter().map(|row| (row.piece.name.as_str(), row.lost_ms / 60_000, row.incidents)).collect()
}

#[test]
fn the_longest_time_comes_first_and_not_the_largest_count() {
    let found = of(&[
        incident("1", "Storefront is down", 500, Some(495)),
        incident("2", "Storefront is down", 400, Some(395)),
        incident("3", "Storefront is down", 300, Some(295)),
        incident("4", "Orders is down", 1_000, Some(900)),
    ]);
    assert_eq!(lost(&found), [("orders", 100, 1), ("storefront", 15, 3)]);
    assert_eq!((found.incidents, found.open, found.lost_ms / 60_000), (4, 0, 115));
}

#[test]
fn incidents_that_overlap_count_once_and_open_ones_until_now() {
    let found = of(&[
        incident("1", "Storefront is down", 100, Some(40)),
        incident("2", "Storefront is slow", 80, Some(60)),
        incident("3", "Storefront is odd", 50, None),
    ]);
    assert_eq!(lost(&found), [("storefront", 100, 3)]);
    assert_eq!((found.open, found.rows[0].open), (1, 1));
    assert_eq!(found.rows[0].counted[0].lost_ms, 50 * 60_000);
}

#[test]
fn only_the_window_counts() {
    let since = Some(before(DAY));
    let incidents = [
        incident("1", "Storefront is down", 2 * DAY, Some(DAY - 60)),
        incident("2", "Storefront is down", 3 * DAY, Some(2 * DAY)),
        incident("3", "Storefront is down", -60, None),
    ];
    let found = asked(&incidents, &FiresQuery { since, piece: None });
    assert_eq!(lost(&found), [("storefront", 60, 1)]);
    assert!(found.unknown.iter().any(|sentence| sentence.contains("in the future")), "{:?}", found.unknown);
}

#[test]
fn planned_work_is_no_fire_and_backwards_times_cost_nothing() {
    let mut planned = incident("1", "Storefront is updated", 500, Some(100));
    planned.is_planned = true;
    let found = of(&[planned, incident("2", "Storefront is down", 50, Some(60))]);
    assert_eq!(lost(&found), [("storefront", 0, 1)]);
    assert_eq!(
        found.unknown,
        [
            "1 incident was planned work and doesn't count.",
            "1 incident ended before it began; it counts, with no time lost."
        ]
    );
}

#[test]
fn the_same_thing_again_is_told_by_time_or_by_title() {
    let found = of(&[
        incident("1", "Storefront: checkout fails with 502", 120 * DAY, Some(119 * DAY)),
        incident("2", "Storefront is slow", 70 * DAY, Some(69 * DAY)),
        incident("3", "Storefront: checkout fails with 504", 40 * DAY, Some(39 * DAY)),
        incident("4", "Storefront lost its pictures", 30 * DAY, Some(29 * DAY)),
    ]);
    let again: Vec<Option<&str>> =
        found.rows[0].counted.iter().map(|one| one.again.as_ref().map(|again| again.of.as_str())).collect();
    assert_eq!(again, [Some("ops/3"), Some("ops/1"), None, None]);
    assert_eq!(found.rows[0].repeats, 2);
}

#[test]
fn a_trend_is_said_only_where_chance_seldom_makes_it() {
    let many = |count: i64, ago: i64| -> Vec<Incident> {
        (0..count)
            .map(|at| incident(&format!("{ago}-{at}"), "Storefront is down", ago + at, Some(ago + at - 1)))
            .collect()
    };
    let verdict = |before: i64, lately: i64| {
        let mut all = many(before, 150 * DAY);
        all.extend(many(lately, 20 * DAY));
        let trend = of(&all).rows[0].trend.clone();
        assert_eq!((trend.before, trend.lately), (before as u64, lately as u64));
        trend.verdict
    };
    assert_eq!(verdict(1, 9), TrendVerdict::More);
    assert_eq!(verdict(9, 1), TrendVerdict::Less);
    assert_eq!(verdict(2, 4), TrendVerdict::CannotTell);
}

#[test]
fn what_is_tied_to_nothing_stands_apart_with_the_reason() {
    let found = of(&[incident("1", "Something smells", 100, Some(40))]);
    assert_eq!(lost(&found), []);
    assert_eq!(found.untied[0].key, "ops/1");
    assert_eq!(found.untied[0].because, "nothing in it names a piece of the map");
    assert_eq!(found.lost_ms, 60 * 60_000);
}

#[test]
fn as_text() {
    let incidents = [
        incident("1", "Storefront is down", 5 * DAY, Some(5 * DAY - 90)),
        incident("2", "Storefront is down", 4 * DAY, None),
        incident("3", "Something smells", 100, Some(40)),
    ];
    insta::assert_snapshot!(of(&incidents).to_text(100, &Plain));
    insta::assert_snapshot!(of(&[]).to_text(100, &Plain));
}
