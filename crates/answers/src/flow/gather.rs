//! From records and the map to what happened to one piece.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::Time;
use stave_model::records::{CommitId, Deployment, Outcome};

use super::devlake::{self, Cycle};
use super::events::{Change, Delivery, Events, Failure, Merge, Source};
use super::releases::{CommitGraph, Release, TagSeen, first_reached, in_order};
use super::versions::Stage;
use crate::places::{commit_page, web_address};
use crate::records::History;
use crate::records::territory::Territory;
use crate::statistics::Sorted;
use crate::text::counted;
use crate::tie::TiedIncident;

/// Words by which sources call the environment that users see.
const PRODUCTION: &[&str] = &["production", "prod", "prd", "live"];
/// Releases before the usual gap between them is known.
const FEW_GAPS: usize = 3;
/// The fewest digits that name a commit.
const COMMIT_DIGITS: usize = 7;

/// All that was recorded, read once.
pub(super) struct Records {
    pub(super) histories: Vec<Traced>,
    pub(super) deployments: Vec<Deployment>,
    pub(super) incidents: Vec<TiedIncident>,
    pub(super) territory: Territory,
}

/// A history with what doesn't depend on the piece.
pub(super) struct Traced {
    pub(super) history: History,
    graph: CommitGraph,
    places: HashMap<CommitId, u32>,
    tags: HashMap<String, u32>,
    releases: Vec<Release>,
    /// The commit of the main line that each came in with.
    merged_by: Vec<Option<u32>>,
    imported: Vec<bool>,
    /// It has early versions only, which then count.
    is_early: bool,
}

impl Traced {
    pub(super) fn new(history: History) -> Traced {
        let commits = &history.commits;
        let graph = CommitGraph::new(commits.iter().map(|commit| (&commit.id, commit.parents.as_slice())));
        let places: HashMap<CommitId, u32> = commits.iter().map(|commit| commit.id).zip(0..).collect();
        let seen: Vec<TagSeen<'_>> = history
            .head
            .tags
            .iter()
            .filter_map(|tag| {
                Some(TagSeen { name: &tag.name, commit: *places.get(&tag.commit)?, at: tag.at })
            })
            .collect();
        let tags = seen.iter().map(|tag| (tag.name.to_owned(), tag.commit)).collect();
        let own = history.repository.rsplit('/').next().unwrap_or_default().to_lowercase();
        let mut releases = in_order(&own, &seen);
        let is_early = releases.iter().all(|release| release.version.stage == Stage::Early);
        releases.retain(|release| is_early || release.version.stage == Stage::Final);
        let (merged_by, imported) = match places.get(&history.head.tip) {
            Some(tip) => (merged_by(&graph, *tip), graph.imported(*tip)),
            None => (vec![None; graph.len()], vec![false; graph.len()]),
        };
        let is_early = is_early && !releases.is_empty();
        Traced { graph, places, tags, releases, merged_by, imported, is_early, history }
    }

    fn page(&self, id: CommitId) -> Option<String> {
        commit_page(&self.history.repository, &id.to_string())
    }

    /// The commit that a deployment names: by its id, or by the tag that its version is.
    fn deployed(&self, deployment: &Deployment) -> Option<u32> {
        if let Some(text) = &deployment.commit {
            let text = text.to_ascii_lowercase();
            if let Ok(id) = text.parse::<CommitId>() {
                return self.places.get(&id).copied();
            }
            if text.len() >= COMMIT_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let mut found = self.places.iter().filter(|(id, _)| id.to_string().starts_with(&text));
                return match (found.next(), found.next()) {
                    (Some((_, place)), None) => Some(*place),
                    _ => None,
                };
            }
        }
        let version = deployment.version.as_str();
        self.tags.get(version).or_else(|| self.tags.get(&format!("v{version}"))).copied()
    }
}

/// For each commit the one of the main line that it came in with: itself, or the first merge that contains it.
fn merged_by(graph: &CommitGraph, tip: u32) -> Vec<Option<u32>> {
    let line = graph.main_line(tip);
    let first = first_reached(graph, line.iter().rev().copied());
    let oldest_first: Vec<u32> = line.into_iter().rev().collect();
    first.into_iter().map(|place| oldest_first.get(place? as usize).copied()).collect()
}

/// What is measured.
pub(super) enum Subject<'a> {
    /// All of a repository.
    Repository(&'a str),
    /// One piece: its place in the territory, if it has code, its 12 digits and its names.
    Piece { place: Option<usize>, id: &'a str, names: &'a BTreeSet<String> },
}

/// A delivery while it is put together: its commit, where it is known, by history and number.
struct Found {
    delivery: Delivery,
    commit: Option<(usize, u32)>,
    version: Option<Release>,
}

/// What happened to it in a period, and what is not known, as sentences. Nothing where there is neither a delivery nor a
/// change.
pub(super) fn gather(
    records: &Records,
    subject: &Subject<'_>,
    from: Time,
    to: Time,
) -> (Option<Events>, Vec<String>) {
    let mut unknown = Vec::new();
    let histories: Vec<usize> =
        (0..records.histories.len()).filter(|at| touches(records, subject, *at)).collect();
    for at in &histories {
        unknown.extend(gaps(&records.histories[*at]));
    }
    let deployments: Vec<&Deployment> =
        records.deployments.iter().filter(|one| is_of(records, subject, one)).collect();
    let mut found = deployed(records, &histories, &deployments, &mut unknown);
    let source = if found.is_empty() { Source::Releases } else { Source::Deployments };
    if source == Source::Releases {
        if !deployments.is_empty() {
            unknown.push(
                "None of its deployments succeeded in production, so its releases are measured.".to_owned(),
            );
        }
        found = released(records, subject, &histories, &mut unknown);
    }
    let future = found.iter().filter(|one| one.delivery.at > to).count() as u64;
    if future > 0 {
        unknown.push(format!(
            "{} in the future, by their clocks, and left out.",
            counted(future, "delivery lies", "deliveries lie")
        ));
    }
    found.retain(|one| one.delivery.at <= to);
    if source == Source::Releases {
        amend(&mut found);
    }
    let mut changes = Vec::new();
    let mut merges = Vec::new();
    for at in &histories {
        let traced = &records.histories[*at];
        let first = first_places(traced, &found, *at);
        let begun =
            |place: usize| (0..place).any(|other| found[other].delivery.row == found[place].delivery.row);
        changed(records, subject, traced, &first, &mut changes, &mut merges, &begun, &found);
    }
    unknown.extend(oddities(&changes, &found, to));
    let mut failures: Vec<Failure> = records
        .incidents
        .iter()
        .filter(|one| {
            !one.incident.is_planned && one.incident.started <= to && went_down(records, subject, one)
        })
        .map(|one| Failure {
            key: one.incident.key.clone(),
            started: one.incident.started,
            resolved: one.incident.resolved.filter(|resolved| *resolved >= one.incident.started),
            url: one.incident.url.as_deref().and_then(web_address),
            caused_by: one
                .incident
                .caused_by
                .as_ref()
                .and_then(|key| found.iter().position(|other| other.delivery.id == *key)),
        })
        .collect();
    failures.sort_by(|a, b| (a.started, &a.key).cmp(&(b.started, &b.key)));
    if found.is_empty() && changes.is_empty() {
        return (None, unknown);
    }
    let delivered = found.iter().map(|one| one.delivery.at);
    let begin = match source {
        // Tags are all there; deployments are known from the first one on.
        Source::Deployments => delivered.min(),
        Source::Releases => {
            let own = changes.iter().filter(|change| !change.is_imported);
            own.map(|change| change.committed).chain(delivered).min()
        }
    };
    let events = Events {
        from: from.max(begin.unwrap_or(from)).min(to),
        to,
        source,
        deliveries: found.into_iter().map(|one| one.delivery).collect(),
        changes,
        merges,
        failures,
        has_incidents: !records.incidents.is_empty(),
    };
    (Some(events), unknown)
}

/// Whether a history has anything of the subject.
fn touches(records: &Records, subject: &Subject<'_>, at: usize) -> bool {
    let repository = &records.histories[at].history.repository;
    match subject {
        Subject::Repository(wanted) => repository == wanted,
        Subject::Piece { place, .. } => place.is_some_and(|place| {
            records.territory.folders_of(place).iter().any(|(known, _)| known == repository)
        }),
    }
}

/// What is missing of a history.
fn gaps(traced: &Traced) -> Vec<String> {
    let History { repository, head, missing_parents, .. } = &traced.history;
    let mut sentences = Vec::new();
    if head.is_shallow {
        sentences.push(format!(
            "The clone of {repository} is shallow: what was before is unknown, and changes may have been released earlier."
        ));
    } else if *missing_parents > 0 {
        sentences
            .push(format!("The history of {repository} has holes: {missing_parents} commits are missing."));
    }
    if head.unread_commits > 0 {
        sentences.push(format!(
            "{} of {repository} could not be read.",
            counted(head.unread_commits, "commit", "commits")
        ));
    }
    sentences
}

/// Whether a deployment is one of the subject.
fn is_of(records: &Records, subject: &Subject<'_>, deployment: &Deployment) -> bool {
    let named = |names: &BTreeSet<String>| {
        deployment.services.iter().any(|name| names.contains(&name.to_lowercase()))
    };
    match subject {
        Subject::Piece { names, .. } => named(names),
        Subject::Repository(repository) => match &deployment.repository {
            Some(known) => known.eq_ignore_ascii_case(repository),
            // Of a deployment that names neither repository nor a piece, the commit may tell.
            None => records.histories.iter().any(|traced| {
                traced.history.repository == *repository && traced.deployed(deployment).is_some()
            }),
        },
    }
}

/// Whether an incident was about the subject.
fn went_down(records: &Records, subject: &Subject<'_>, incident: &TiedIncident) -> bool {
    incident.about.iter().any(|piece| match subject {
        Subject::Piece { id, .. } => piece.piece.id == *id,
        Subject::Repository(repository) => records.territory.place(&piece.piece.id).is_some_and(|place| {
            records.territory.folders_of(place).iter().any(|(known, _)| known == repository)
        }),
    })
}

/// The deployments to production that succeeded, in order of their end.
fn deployed(
    records: &Records,
    histories: &[usize],
    deployments: &[&Deployment],
    unknown: &mut Vec<String>,
) -> Vec<Found> {
    // Where no deployment says where to, all are taken to be in production.
    let are_named = deployments.iter().any(|one| !one.environment.is_empty());
    let open = deployments.iter().filter(|one| one.outcome == Outcome::Unknown).count();
    // Likewise, where none says how it ended, all are taken to have succeeded.
    let all_open = open == deployments.len();
    if open > 0 {
        let what = if all_open { "counted as successful" } else { "left out" };
        unknown.push(format!(
            "{} how it ended, and {what}.",
            counted(open as u64, "deployment doesn't say", "deployments don't say")
        ));
    }
    let mut found: Vec<Found> = deployments
        .iter()
        .filter(|one| one.outcome == Outcome::Success || all_open)
        .filter(|one| !are_named || is_production(&one.environment))
        .map(|one| Found {
            commit: histories.iter().find_map(|at| Some((*at, records.histories[*at].deployed(one)?))),
            version: None,
            delivery: Delivery {
                id: one.key.clone(),
                at: one.finished,
                url: one.url.as_deref().and_then(web_address),
                row: format!("{} {}", one.services.join(","), one.environment),
                names_environment: are_named,
                opens_row: false,
                is_rollback: one.is_rollback,
                amends: None,
            },
        })
        .collect();
    found.sort_by(|a, b| (a.delivery.at, &a.delivery.id).cmp(&(b.delivery.at, &b.delivery.id)));
    let mut rows = BTreeSet::new();
    for one in found.iter_mut().filter(|one| one.commit.is_some()) {
        one.delivery.opens_row = rows.insert(one.delivery.row.clone());
    }
    found
}

/// Whether an environment is the one that users see: `prod`, `production-eu`, `Live`.
fn is_production(environment: &str) -> bool {
    let lower = environment.to_lowercase();
    let mut words = lower.split(|char: char| !char.is_alphanumeric());
    // Before production comes what is called so.
    let is_before = words.clone().any(|word| ["pre", "preprod", "non", "nonprod", "staging"].contains(&word));
    !is_before && words.any(|word| PRODUCTION.contains(&word))
}

/// The releases of the subject in these histories, in order.
fn released(
    records: &Records,
    subject: &Subject<'_>,
    histories: &[usize],
    unknown: &mut Vec<String>,
) -> Vec<Found> {
    let mut found = Vec::new();
    for at in histories {
        let traced = &records.histories[*at];
        let repository = &traced.history.repository;
        if traced.releases.is_empty() {
            unknown.push(format!(
                "{repository} has no tag that is a version: nothing says when its changes reach users."
            ));
        } else if traced.is_early {
            unknown.push(format!("{repository} has early versions only; they are measured as releases."));
        }
        // A piece with versions of its own is measured by them, another one by the repository's.
        let own = |release: &&Release| match subject {
            Subject::Piece { names, .. } => names.contains(&release.version.series),
            Subject::Repository(_) => false,
        };
        let has_own = traced.releases.iter().any(|release| own(&release));
        let has_plain = traced.releases.iter().any(|release| release.version.series.is_empty());
        for release in &traced.releases {
            let counts = match subject {
                Subject::Repository(_) => true,
                Subject::Piece { .. } if has_own => own(&release),
                Subject::Piece { .. } => !has_plain || release.version.series.is_empty(),
            };
            if counts {
                found.push(Found {
                    commit: Some((*at, release.commit)),
                    version: Some(release.clone()),
                    delivery: Delivery {
                        id: release.name().to_owned(),
                        at: seconds(release.at),
                        url: traced
                            .history
                            .commits
                            .get(release.commit as usize)
                            .and_then(|commit| traced.page(commit.id)),
                        row: repository.clone(),
                        names_environment: true,
                        opens_row: false,
                        is_rollback: false,
                        amends: None,
                    },
                });
            }
        }
    }
    // Stable: releases of one history stay in their own order.
    found.sort_by_key(|one| one.delivery.at);
    found
}

fn seconds(at: i64) -> Time {
    Time::from_millis(at.saturating_mul(1_000))
}

/// Finds the releases that came off the usual cadence to mend another: patches, and of dated versions any, in less than
/// half of the usual gap after the one before.
fn amend(found: &mut [Found]) {
    let mut series: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (place, one) in found.iter().enumerate() {
        if let (Some(version), Some((at, _))) = (&one.version, one.commit) {
            series.entry((at, version.version.series.clone())).or_default().push(place);
        }
    }
    for places in series.into_values() {
        let at = |place: usize| found[place].delivery.at.millis();
        let gaps: Vec<i64> = places.windows(2).map(|pair| at(pair[1]) - at(pair[0])).collect();
        let usual = if gaps.len() < FEW_GAPS {
            None
        } else {
            Sorted::new(gaps.iter().map(|gap| *gap as f64)).median()
        };
        let mut amended = Vec::new();
        for (position, gap) in (1..).zip(&gaps) {
            let (Some(version), before) = (&found[places[position]].version, &places[..position]) else {
                continue;
            };
            let line = version.version.line();
            let is_mending = version.version.is_patch() || line.is_empty();
            let is_early = usual.is_none_or(|usual| (*gap as f64) * 2.0 < usual);
            if is_mending && is_early {
                let of_line = |place: &&usize| {
                    found[**place].version.as_ref().is_some_and(|other| other.version.line() == line)
                };
                amended.push((places[position], before.iter().rev().find(of_line).copied()));
            }
        }
        for (place, mended) in amended {
            found[place].delivery.amends = mended;
        }
    }
}

/// For each commit of a history the place in `found` of the first delivery that contains it.
fn first_places(traced: &Traced, found: &[Found], at: usize) -> Vec<Option<usize>> {
    let here: Vec<(usize, u32)> = found
        .iter()
        .enumerate()
        .filter_map(|(place, one)| {
            one.commit.filter(|(history, _)| *history == at).map(|(_, commit)| (place, commit))
        })
        .collect();
    first_reached(&traced.graph, here.iter().map(|(_, commit)| *commit))
        .into_iter()
        .map(|place| here.get(place? as usize).map(|(place, _)| *place))
        .collect()
}

/// Adds the changes and merges of a history that are the subject's.
#[allow(clippy::too_many_arguments, reason = "one step of gather, which has them all at hand")]
fn changed(
    records: &Records,
    subject: &Subject<'_>,
    traced: &Traced,
    first: &[Option<usize>],
    changes: &mut Vec<Change>,
    merges: &mut Vec<Merge>,
    begun: &impl Fn(usize) -> bool,
    found: &[Found],
) {
    let repository = &traced.history.repository;
    let mut brought: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let begin = changes.len();
    for (place, commit) in traced.history.commits.iter().enumerate() {
        let is_ours = match subject {
            Subject::Repository(_) => true,
            Subject::Piece { place: Some(piece), .. } => commit
                .changes
                .iter()
                .any(|change| records.territory.of_path(repository, &change.path).contains(piece)),
            Subject::Piece { place: None, .. } => false,
        };
        if commit.parents.len() > 1 || !is_ours {
            continue;
        }
        let delivery = first.get(place).copied().flatten();
        let takes_back = commit.reverts.iter().filter_map(|reverted| {
            let reverted = traced.places.get(reverted)?;
            let other = first.get(*reverted as usize).copied().flatten()?;
            // What is taken back before it was released did no harm.
            (delivery.is_some_and(|own| other < own)).then_some(other)
        });
        let takes_back: BTreeSet<usize> = takes_back.collect();
        if let Some(merge) = traced.merged_by[place] {
            brought.entry(merge).or_default().push(place);
        }
        changes.push(Change {
            id: commit.id.to_string(),
            committed: seconds(commit.committed),
            url: traced.page(commit.id),
            delivery,
            merge: None,
            takes_back: takes_back.into_iter().collect(),
            is_imported: traced.imported[place],
        });
    }
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (merge, all) in brought {
        let commits = &traced.history.commits;
        let (Some(commit), Some(first_written)) = (
            commits.get(merge as usize),
            all.iter().map(|place| &commits[*place]).min_by_key(|one| (one.authored, one.id)),
        ) else {
            continue;
        };
        if traced.imported[merge as usize] {
            continue;
        }
        // Deployments bring what lies behind the one before; the first of a row brings nothing that could be named.
        let delivery = first.get(merge as usize).copied().flatten().filter(|place| begun(*place));
        let begun_at = seconds(first_written.authored);
        let request = devlake::PullRequest {
            id: commit.id.to_string(),
            author: String::new(),
            merge_commit: commit.id.to_string(),
            created: begun_at,
            merged: Some(seconds(commit.committed)),
            commits: vec![(first_written.id.to_string(), begun_at)],
            comments: Vec::new(),
        };
        let deployed = delivery.map(|place| (found[place].delivery.id.clone(), found[place].delivery.at));
        let cycle: Cycle = devlake::cycle(&request, seconds(commit.committed), deployed);
        for place in &all {
            numbers.insert(commits[*place].id.to_string(), merges.len());
        }
        merges.push(Merge { cycle, url: traced.page(commit.id), delivery });
    }
    for change in &mut changes[begin..] {
        change.merge = numbers.get(&change.id).copied();
    }
}

/// What is odd about the changes, as sentences.
fn oddities(changes: &[Change], found: &[Found], to: Time) -> Vec<String> {
    let mut sentences = Vec::new();
    let imported = changes.iter().filter(|change| change.is_imported).count() as u64;
    if imported > 0 {
        sentences.push(format!(
            "{} came in whole from another history; how long they took there is not known, so they are left out.",
            counted(imported, "change", "changes")
        ));
    }
    let before =
        changes.iter().filter(|change| change.delivery.is_some_and(|place| found[place].delivery.opens_row));
    let before = before.count() as u64;
    if before > 0 {
        sentences.push(format!(
            "{} with the first deployment that is known, or before it; how long they took is not known, so they are left out.",
            counted(before, "change came", "changes came")
        ));
    }
    let skewed = changes
        .iter()
        .filter(|change| !change.is_imported)
        .filter(|change| change.delivery.is_some_and(|place| found[place].delivery.at < change.committed));
    let skewed = skewed.count() as u64;
    if skewed > 0 {
        sentences.push(format!(
            "{} younger than the delivery that contains them, by their clocks, and left out.",
            counted(skewed, "change is", "changes are")
        ));
    }
    let future =
        changes.iter().filter(|change| change.committed > to && change.delivery.is_none()).count() as u64;
    if future > 0 {
        sentences.push(format!(
            "{} in the future, by their clocks.",
            counted(future, "change lies", "changes lie")
        ));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_has_many_names() {
        for name in ["production", "prod", "Prod-EU", "eu/live", "PRODUCTION"] {
            assert!(is_production(name), "{name}");
        }
        for name in ["", "staging", "preprod", "pre-production", "non-prod", "product-test", "delivery"] {
            assert!(!is_production(name), "{name}");
        }
    }
}
