//! Delivery as Apache DevLake defines it, built from what its documentation says (docs/flow.md names the pages), so that
//! its figures can be had from the same events and compared.
//!
//! Its unit is the pull request, not the commit: a pull request's cycle runs from its first commit to the end of the
//! deployment that brought it to production. A deployment brings what lies between its commit and that of the one before
//! it, so the first of a row brings nothing that could be named. Incidents belong to the last deployment before them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stave_model::Time;

const MINUTE_MS: i64 = 60_000;

/// The environment that counts, as DevLake normalises it.
const PRODUCTION: &str = "PRODUCTION";

/// One repository's commit that a deployment put into an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
pub struct DeployedCommit {
    /// Its id.
    pub id: String,
    /// The commit.
    pub commit: String,
    /// The repository.
    pub repository: String,
    /// The pipeline, job or project that deploys: one row of deployments.
    pub scope: String,
    /// `PRODUCTION`, another one, or empty where nobody says.
    pub environment: String,
    /// It succeeded.
    pub is_success: bool,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub finished: Time,
}

impl DeployedCommit {
    fn counts(&self) -> bool {
        self.is_success && self.environment == PRODUCTION
    }
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
pub struct PullRequest {
    /// Its id.
    pub id: String,
    /// Who made it; empty where nobody says.
    pub author: String,
    /// The commit that the target branch got.
    pub merge_commit: String,
    /// When it was made.
    pub created: Time,
    /// When it was merged; one that isn't has no cycle.
    #[serde(default)]
    pub merged: Option<Time>,
    /// Its commits: id and when they were written.
    pub commits: Vec<(String, Time)>,
    /// What was said on it.
    pub comments: Vec<Comment>,
}

/// A comment or review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: Time,
}

/// A pull request's cycle. Minutes are begun ones: two seconds are one minute. A stage that would end before it began has
/// no length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Cycle {
    /// The pull request.
    pub id: String,
    /// Its earliest commit: id and when it was written.
    pub first_commit: Option<(String, Time)>,
    /// The first comment by somebody else: id and time.
    pub first_comment: Option<(String, Time)>,
    /// When it was made.
    pub created: Time,
    /// When it was merged.
    pub merged: Time,
    /// The deployment that brought it to production: id and when it ended.
    pub deployed: Option<(String, Time)>,
    /// From the first commit to the pull request.
    pub coding_min: Option<i64>,
    /// From the pull request to the first comment.
    pub pickup_min: Option<i64>,
    /// From the first comment to the merge.
    pub review_min: Option<i64>,
    /// From the merge to the end of the deployment.
    pub deploy_min: Option<i64>,
    /// From the first commit, or the pull request where that is earlier, to the end of the deployment; to the merge where
    /// there is none, or it ended before the merge.
    pub cycle_min: Option<i64>,
}

/// For each deployment the place of the one before it: the last that began before it among the successful ones of the same
/// scope, repository and environment. Those that failed, or of which nobody says where to, have none and are none.
pub fn previous(deployments: &[DeployedCommit]) -> Vec<Option<usize>> {
    let mut rows: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (place, one) in deployments.iter().enumerate() {
        if one.is_success && !one.environment.is_empty() {
            rows.entry((&one.scope, &one.repository, &one.environment)).or_default().push(place);
        }
    }
    let mut previous = vec![None; deployments.len()];
    for mut row in rows.into_values() {
        row.sort_by_key(|place| (deployments[*place].started, &deployments[*place].id));
        for pair in row.windows(2) {
            previous[pair[1]] = Some(pair[0]);
        }
    }
    previous
}

/// The cycles of the merged pull requests among these, in their order. `brings` says whether a commit lies between the
/// commit of the deployment before and that of a deployment: reached from the second, and not from the first.
pub fn cycles(
    requests: &[PullRequest],
    deployments: &[DeployedCommit],
    brings: impl Fn(&str, &str, &str) -> bool,
) -> Vec<Cycle> {
    let previous = previous(deployments);
    let mut counting: Vec<(&DeployedCommit, &str)> = deployments
        .iter()
        .zip(&previous)
        .filter(|(one, _)| one.counts())
        .filter_map(|(one, previous)| Some((one, deployments.get((*previous)?)?.commit.as_str())))
        .collect();
    counting.sort_by_key(|(one, _)| (one.finished, &one.id));
    let mut cycles = Vec::new();
    for request in requests {
        let Some(merged) = request.merged else { continue };
        let deployed = counting
            .iter()
            .find(|(one, before)| brings(before, &one.commit, &request.merge_commit))
            .map(|(one, _)| (one.id.clone(), one.finished));
        cycles.push(cycle(request, merged, deployed));
    }
    cycles
}

/// The cycle of a merged pull request: when it was merged, and the deployment that brought it, by id and end.
pub(super) fn cycle(request: &PullRequest, merged: Time, deployed: Option<(String, Time)>) -> Cycle {
    let first_commit = request.commits.iter().min_by_key(|(id, at)| (*at, id)).cloned();
    let first_comment = request
        .comments
        .iter()
        .filter(|comment| comment.author != request.author)
        .min_by_key(|comment| (comment.at, &comment.id))
        .map(|comment| (comment.id.clone(), comment.at));
    let commented = first_comment.as_ref().map(|(_, at)| *at);
    let deploy_min = deployed.as_ref().and_then(|(_, at)| minutes(merged, *at));
    let end = match &deployed {
        Some((_, at)) if deploy_min.is_some() => *at,
        _ => merged,
    };
    let begin = first_commit.as_ref().map_or(request.created, |(_, at)| request.created.min(*at));
    Cycle {
        id: request.id.clone(),
        coding_min: first_commit.as_ref().and_then(|(_, at)| minutes(*at, request.created)),
        pickup_min: commented.and_then(|at| minutes(request.created, at)),
        review_min: commented.and_then(|at| minutes(at, merged)),
        deploy_min,
        cycle_min: minutes(begin, end),
        created: request.created,
        merged,
        first_commit,
        first_comment,
        deployed,
    }
}

/// Begun minutes from one instant to a later one.
fn minutes(from: Time, to: Time) -> Option<i64> {
    let passed_ms = to.millis() - from.millis();
    (passed_ms >= 0).then(|| passed_ms / MINUTE_MS + i64::from(passed_ms % MINUTE_MS > 0))
}

/// The deployment that an incident belongs to: the last that ended before it began, or as it began. `deployments` are
/// the ends of successful ones, in order of time.
pub fn before(deployments: &[Time], began: Time) -> Option<usize> {
    deployments.partition_point(|end| *end <= began).checked_sub(1)
}

/// How often: the median of deployment days (days with at least one) per calendar week from Monday, over all weeks that
/// the period touches. DevLake takes the lower of the two in the middle.
pub fn deployment_days_per_week(deployments: &[Time], from: Time, to: Time) -> Option<u32> {
    const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
    if to < from {
        return None;
    }
    let day = |time: Time| time.millis().div_euclid(DAY_MS);
    // Day 0, 1970-01-01, was a Thursday: three days behind a Monday.
    let week = |day: i64| (day + 3).div_euclid(7);
    let (first, last) = (week(day(from)), week(day(to)));
    let mut days: Vec<i64> =
        deployments.iter().filter(|at| (from..=to).contains(*at)).map(|at| day(*at)).collect();
    days.sort_unstable();
    days.dedup();
    let mut per_week: BTreeMap<i64, u32> = BTreeMap::new();
    for day in days {
        *per_week.entry(week(day)).or_default() += 1;
    }
    let weeks = u64::try_from(last - first + 1).ok()?;
    let mut empty = weeks.saturating_sub(per_week.len() as u64);
    let middle = (weeks - 1) / 2;
    let mut counts: Vec<u32> = per_week.into_values().collect();
    counts.sort_unstable();
    // The weeks without any come first.
    empty = empty.min(weeks);
    if middle < empty { Some(0) } else { counts.get(usize::try_from(middle - empty).ok()?).copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Time {
        Time::from_millis(minute * MINUTE_MS)
    }

    fn deployment(id: &str, started: i64, finished: i64) -> DeployedCommit {
        DeployedCommit {
            id: id.to_owned(),
            commit: format!("c{id}"),
            repository: "shop".to_owned(),
            scope: "pipeline".to_owned(),
            environment: PRODUCTION.to_owned(),
            is_success: true,
            started: at(started),
            finished: at(finished),
        }
    }

    fn request(created: i64, merged: i64) -> PullRequest {
        PullRequest {
            id: "1".to_owned(),
            author: "ada".to_owned(),
            merge_commit: "m".to_owned(),
            created: at(created),
            merged: Some(at(merged)),
            commits: vec![("late".to_owned(), at(70)), ("early".to_owned(), at(10))],
            comments: vec![
                Comment { id: "own".to_owned(), author: "ada".to_owned(), at: at(101) },
                Comment { id: "first".to_owned(), author: "bea".to_owned(), at: at(120) },
                Comment { id: "second".to_owned(), author: "cem".to_owned(), at: at(110 + 10) },
            ],
        }
    }

    #[test]
    fn rows_are_kept_apart_and_failures_passed_over() {
        let mut all: Vec<DeployedCommit> =
            (0..6).map(|number| deployment(&number.to_string(), number * 10, 100 - number)).collect();
        all[1].environment = "STAGING".to_owned();
        all[2].is_success = false;
        all[3].repository = "till".to_owned();
        // By when they began, not by when they ended: the last began after the first, and ended before it.
        assert_eq!(previous(&all), [None, None, None, None, Some(0), Some(4)]);
        all[5].environment = String::new();
        assert_eq!(previous(&all)[5], None);
    }

    #[test]
    fn stages_add_up_to_the_cycle() {
        let all = [deployment("1", 0, 5), deployment("2", 190, 200), deployment("3", 290, 300)];
        let found = cycles(&[request(100, 150)], &all, |before, after, commit| {
            (before, commit) == ("c1", "m") && after == "c2"
        });
        let cycle = &found[0];
        assert_eq!(cycle.first_commit, Some(("early".to_owned(), at(10))));
        assert_eq!(cycle.first_comment, Some(("first".to_owned(), at(120))));
        assert_eq!(cycle.deployed, Some(("2".to_owned(), at(200))));
        assert_eq!(
            (cycle.coding_min, cycle.pickup_min, cycle.review_min, cycle.deploy_min, cycle.cycle_min),
            (Some(90), Some(20), Some(30), Some(50), Some(190))
        );
    }

    #[test]
    fn stages_that_run_backwards_have_no_length() {
        let all = [deployment("1", 0, 5), deployment("2", 20, 30)];
        let mut one = request(5, 100);
        let found = cycles(&[one.clone()], &all, |_, _, _| true);
        // Written after the pull request was made, commented after the merge, deployed before it.
        assert_eq!((found[0].coding_min, found[0].review_min, found[0].deploy_min), (None, None, None));
        assert_eq!(found[0].cycle_min, Some(95));
        one.merged = None;
        assert_eq!(cycles(&[one], &all, |_, _, _| true), []);
    }

    #[test]
    fn the_first_deployment_brings_nothing_that_could_be_named() {
        let found = cycles(&[request(100, 150)], &[deployment("1", 190, 200)], |_, _, _| true);
        assert_eq!(found[0].deployed, None);
        assert_eq!(found[0].cycle_min, Some(140));
    }

    #[test]
    fn incidents_belong_to_the_deployment_before_them() {
        let ends = [at(10), at(20)];
        assert_eq!(before(&ends, at(9)), None);
        assert_eq!(before(&ends, at(10)), Some(0));
        assert_eq!(before(&ends, at(1_000_000)), Some(1));
    }

    #[test]
    fn weeks_without_deployments_count() {
        const DAY: i64 = 24 * 60;
        // Monday 1970-01-05 to Sunday 1970-02-01: four weeks.
        let (from, to) = (at(4 * DAY), at(32 * DAY - 1));
        let days = |list: &[i64]| list.iter().map(|day| at(day * DAY)).collect::<Vec<_>>();
        let median = |list: &[i64]| deployment_days_per_week(&days(list), from, to);
        assert_eq!(median(&[]), Some(0));
        assert_eq!(median(&[4, 4, 5]), Some(0));
        assert_eq!(median(&[4, 5, 11, 12, 18]), Some(1));
        assert_eq!(median(&[4, 5, 11, 12, 18, 19, 25]), Some(2));
        assert_eq!(deployment_days_per_week(&[], to, from), None);
    }
}
