//! Flow of a small estate: what is measured by releases alone, within bounds; what by deployments and incidents, exactly;
//! and where two definitions differ.

use stave_answers::flow::{
    Definition, EventKind, Figure, Flow, FlowPiece, FlowQuery, Measure, MeasuredBy, Name, flow,
};
use stave_answers::text::Plain;
use stave_ledger::{Ledger, MemoryLedger};
use stave_model::records::{
    ChangeKind, Commit, CommitClass, CommitId, Deployment, FileChange, Head, Incident, Outcome, Tag,
    chunk_scope, head_scope,
};
use stave_model::{Claim, Header, Op, Reference, Scope, Source, Statement, Time, VERSION, hash_bytes};

use serde_json::json;

use crate::estate::{Run, says};
use crate::{Folded, estate};

const SHOP: &str = "git.example.com/leafcup/shop";
const HOUR_MS: i64 = 3_600_000;

/// An hour, counted from 100 days before the present.
fn hour(number: i64) -> Time {
    Time::from_millis(estate::now().millis() - 100 * 24 * HOUR_MS + number * HOUR_MS)
}

fn id(number: u8) -> CommitId {
    CommitId([number; 20])
}

fn commit(number: u8, parents: &[u8], at: i64) -> Commit {
    Commit {
        id: id(number),
        parents: parents.iter().copied().map(id).collect(),
        author: estate::ANN.parse().unwrap(),
        authored: hour(at).millis() / 1_000,
        committed: hour(at).millis() / 1_000,
        co_authors: Vec::new(),
        reviewers: Vec::new(),
        class: CommitClass::Human,
        reverts: Vec::new(),
        changes: match parents.len() {
            0 | 1 => vec![FileChange { kind: ChangeKind::Added, path: format!("cart/{number}"), from: None }],
            _ => Vec::new(),
        },
    }
}

fn reverts(number: u8, parent: u8, at: i64, reverted: u8) -> Commit {
    Commit { reverts: vec![id(reverted)], ..commit(number, &[parent], at) }
}

fn said(author: &str, scope: Scope, claims: Vec<Claim>) -> Statement {
    let header = Header {
        v: VERSION,
        author: author.parse().unwrap(),
        scope,
        time: estate::at(1),
        source: Source { at: Some(estate::at(1)), id: None },
        rules: 1,
        replaces: Vec::new(),
        by: None,
        op: Op([7; 16]),
        tool: String::new(),
        unread: Vec::new(),
        claims: hash_bytes(b""),
    };
    Statement::new(header, claims)
}

/// The whole history with its tags: name, commit, hour.
fn history(commits: &[Commit], tags: &[(&str, u8, i64)], head: Head) -> Vec<Statement> {
    let of: Reference = format!("repo:{SHOP}").parse().unwrap();
    let tip = commits.last().unwrap().id;
    let tags = tags
        .iter()
        .map(|(name, commit, at)| Tag {
            name: (*name).to_owned(),
            commit: id(*commit),
            at: hour(*at).millis() / 1_000,
            is_annotated: true,
        })
        .collect();
    let head = Head { branch: "main".to_owned(), tip, tags, ..head };
    vec![
        said("collector:history", chunk_scope(SHOP, tip).unwrap(), Commit::to_claims(&of, commits)),
        said("collector:history", head_scope(SHOP, "main").unwrap(), head.to_claims(&of)),
    ]
}

fn deployment(key: &str, commit: u8, at: i64) -> Deployment {
    Deployment {
        key: format!("ci/{key}"),
        repository: Some(SHOP.to_owned()),
        services: vec!["storefront".to_owned()],
        commit: Some(id(commit).to_string()),
        environment: "production".to_owned(),
        finished: hour(at),
        outcome: Outcome::Success,
        ..Deployment::default()
    }
}

fn deployed(deployment: &Deployment) -> Statement {
    let scope = format!("deployment:{}", deployment.key).parse().unwrap();
    said("system:ci", scope, vec![deployment.to_claim().unwrap()])
}

fn incident(key: &str, started: i64, resolved: Option<i64>) -> Statement {
    let incident = Incident {
        key: format!("ops/{key}"),
        title: "storefront is down".to_owned(),
        services: vec!["storefront".to_owned()],
        started: hour(started),
        resolved: resolved.map(hour),
        ..Incident::default()
    };
    said("system:ops", format!("ticket:ops/{key}").parse().unwrap(), vec![incident.to_claim().unwrap()])
}

fn folded(statements: &[Statement]) -> Folded {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&estate::statements()).unwrap();
    ledger.append(statements).unwrap();
    ledger.add_people(&estate::people()).unwrap();
    Folded::of(ledger)
}

fn asked(statements: &[Statement], query: &FlowQuery) -> Flow {
    flow(folded(statements).estate(), query).unwrap().unwrap()
}

/// The storefront, which deployments and incidents of these tests are about.
fn storefront(statements: &[Statement], definition: Definition) -> Flow {
    let folded = folded(statements);
    let entity = Some(folded.id("storefront"));
    let query = FlowQuery { entity, definition, explain: true, ..FlowQuery::default() };
    flow(folded.estate(), &query).unwrap().unwrap()
}

fn only(flow: &Flow) -> &FlowPiece {
    assert_eq!(flow.pieces.len(), 1, "{:?}", flow.unknown);
    &flow.pieces[0]
}

fn measure(piece: &FlowPiece, name: Name) -> &Measure {
    piece.measures.iter().find(|measure| measure.name == name).unwrap()
}

fn exact(piece: &FlowPiece, name: Name) -> f64 {
    match measure(piece, name).figure {
        Figure::Exact { value, .. } => value,
        ref other => panic!("{name:?} is {other:?}"),
    }
}

fn between(piece: &FlowPiece, name: Name) -> (Option<f64>, Option<f64>) {
    match measure(piece, name).figure {
        Figure::Between { low, high } => (low, high),
        ref other => panic!("{name:?} is {other:?}"),
    }
}

fn ids(measure: &Measure) -> Vec<&str> {
    measure.events.iter().map(|event| event.id.as_str()).collect()
}

const HOURS: f64 = HOUR_MS as f64;

#[test]
fn releases_give_frequency_and_lead_time_as_points_and_failures_as_bounds() {
    // Four releases, a day apart, each with one commit an hour before; 3 is taken back by 4.
    let commits = [
        commit(1, &[], 23),
        commit(2, &[1], 47),
        commit(3, &[2], 71),
        reverts(4, 3, 95, 3),
        commit(5, &[4], 96),
    ];
    let tags = [("v1.0.0", 1, 24), ("v1.1.0", 2, 48), ("v1.2.0", 3, 72), ("v1.3.0", 4, 96)];
    let flow = asked(&history(&commits, &tags, Head::default()), &FlowQuery::default());
    let piece = only(&flow);
    assert_eq!((piece.name.as_str(), piece.measured_by, piece.waiting), (SHOP, MeasuredBy::Releases, 1));
    assert_eq!(exact(piece, Name::LeadTimeForChanges), HOURS);
    assert_eq!(measure(piece, Name::LeadTimeForChanges).sample, 4);
    // From hour 23 to the present.
    let weeks = (100.0 * 24.0 - 23.0) / (7.0 * 24.0);
    assert!((exact(piece, Name::DeploymentFrequency) - 4.0 / weeks).abs() < 1e-9);
    assert_eq!(between(piece, Name::ChangeFailRate), (Some(0.25), Some(0.25)));
    assert_eq!(between(piece, Name::ReworkRate), (Some(0.25), Some(0.25)));
    assert_eq!(between(piece, Name::FailedDeploymentRecoveryTime), (None, Some(24.0 * HOURS)));
    assert!(flow.unknown.iter().any(|sentence| sentence.contains("within bounds")), "{:?}", flow.unknown);
}

#[test]
fn reverts_inside_one_release_are_no_failure() {
    let commits = [commit(1, &[], 1), commit(2, &[1], 2), reverts(3, 2, 3, 2)];
    let flow =
        asked(&history(&commits, &[("v1.0", 1, 2), ("v1.1", 3, 4)], Head::default()), &FlowQuery::default());
    assert_eq!(between(only(&flow), Name::ChangeFailRate), (Some(0.0), Some(0.0)));
}

#[test]
fn patches_off_the_usual_cadence_are_the_upper_bound() {
    let commits: Vec<Commit> = (1..=7)
        .map(|number| match number {
            1 => commit(1, &[], 10),
            _ => commit(number, &[number - 1], i64::from(number) * 10),
        })
        .collect();
    // Every 100 hours, and one patch 10 hours after; a patch in due time is none.
    let tags = [
        ("v1.0.0", 1, 100),
        ("v1.1.0", 2, 200),
        ("v1.1.1", 3, 210),
        ("v1.2.0", 4, 310),
        ("v1.3.0", 5, 410),
        ("v1.3.1", 6, 510),
    ];
    let query = FlowQuery::default();
    let flow = asked(&history(&commits, &tags, Head::default()), &query);
    let (low, high) = between(only(&flow), Name::ReworkRate);
    assert_eq!((low, high), (Some(0.0), Some(1.0 / 6.0)));
    assert_eq!(between(only(&flow), Name::ChangeFailRate), (Some(0.0), Some(1.0 / 6.0)));
    let text = flow.to_text(100, &Plain);
    assert!(text.contains("0 % to 17 %"), "{text}");
}

#[test]
fn odd_histories_say_what_was_done() {
    let said = |commits: &[Commit], tags: &[(&str, u8, i64)], head: Head| {
        let flow = asked(&history(commits, tags, head), &FlowQuery::default());
        let piece = only(&flow).clone();
        (piece.unknown.join(" "), piece)
    };
    let (text, piece) = said(&[commit(1, &[], 1)], &[], Head::default());
    assert!(text.contains("no tag that is a version"), "{text}");
    assert!(matches!(measure(&piece, Name::ChangeFailRate).figure, Figure::Unknown { .. }));
    assert_eq!((exact(&piece, Name::DeploymentFrequency), piece.waiting), (0.0, 1));

    let (text, piece) = said(&[commit(1, &[], 1)], &[("v1.0", 1, 2)], Head::default());
    assert_eq!((text.as_str(), exact(&piece, Name::LeadTimeForChanges)), ("", HOURS));
    assert!(matches!(measure(&piece, Name::LeadTimeForChanges).figure, Figure::Exact { interval: None, .. }));

    let (text, _) =
        said(&[commit(2, &[1], 1)], &[("v1.0", 2, 2)], Head { is_shallow: true, ..Head::default() });
    assert!(text.contains("shallow"), "{text}");

    let (text, piece) = said(&[commit(1, &[], 1)], &[("v1.0-rc1", 1, 2)], Head::default());
    assert!(text.contains("early versions only"), "{text}");
    assert_eq!(measure(&piece, Name::DeploymentFrequency).sample, 1);

    // Both from 2100, by their clocks; one commit younger than its release.
    let future = 80 * 365 * 24;
    let commits = [commit(1, &[], 9), commit(2, &[1], future)];
    let (text, piece) = said(&commits, &[("v1.0", 1, 5), ("v2.0", 2, future)], Head::default());
    assert!(text.contains("1 delivery lies in the future"), "{text}");
    assert!(text.contains("1 change lies in the future"), "{text}");
    assert!(text.contains("1 change is younger than the delivery"), "{text}");
    assert_eq!(measure(&piece, Name::LeadTimeForChanges).sample, 0);

    // A history of its own that was merged; and a commit of 1970.
    let old = Commit { authored: 0, committed: 0, ..commit(2, &[], 0) };
    let commits = [commit(1, &[], 1), old, commit(3, &[1, 2], 3)];
    let (text, piece) = said(&commits, &[("v1.0", 3, 4)], Head::default());
    assert!(text.contains("1 change came in whole from another history"), "{text}");
    assert_eq!(exact(&piece, Name::LeadTimeForChanges), 3.0 * HOURS);
}

#[test]
fn an_estate_without_history_has_nothing_to_measure() {
    let flow = asked(&[], &FlowQuery::default());
    assert!(flow.pieces.is_empty());
    assert!(flow.unknown[0].contains("nothing to measure"), "{:?}", flow.unknown);
    let nobody = FlowQuery { entity: Some("0123456789ab".to_owned()), ..FlowQuery::default() };
    assert_eq!(super::Folded::new().model.entity("0123456789ab").unwrap(), None);
    assert_eq!(stave_answers::flow::flow(folded(&[]).estate(), &nobody).unwrap(), None);
}

/// Deployments at hours 0, 48, 96, 97 (a rollback) and 240, an incident an hour after that of 48, and one 100 hours after
/// the last.
fn exactly() -> Vec<Statement> {
    let commits = [commit(1, &[], -10), commit(2, &[1], 38), commit(3, &[2], 86), commit(4, &[3], 230)];
    let mut statements = history(&commits, &[("v1.0", 1, 0)], Head::default());
    let rollback = Deployment { is_rollback: true, ..deployment("4", 2, 97) };
    let elsewhere = Deployment { environment: "staging".to_owned(), ..deployment("6", 4, 235) };
    let failed = Deployment { outcome: Outcome::Failure, ..deployment("7", 4, 236) };
    for one in [
        deployment("1", 1, 0),
        deployment("2", 2, 48),
        deployment("3", 3, 96),
        rollback,
        deployment("5", 4, 240),
        elsewhere,
        failed,
    ] {
        statements.push(deployed(&one));
    }
    statements.push(incident("1", 49, Some(54)));
    statements.push(incident("2", 340, Some(350)));
    statements
}

#[test]
fn deployments_and_incidents_give_points() {
    let flow = storefront(&exactly(), Definition::Dora);
    let piece = only(&flow);
    assert_eq!(piece.measured_by, MeasuredBy::Deployments);
    let frequency = measure(piece, Name::DeploymentFrequency);
    assert_eq!(ids(frequency), ["ci/5", "ci/4", "ci/3", "ci/2", "ci/1"]);
    // The incident followed 2 within a day, and 4 took 3 back.
    assert_eq!(ids(measure(piece, Name::ChangeFailRate)), ["ci/3", "ci/2"]);
    assert_eq!(exact(piece, Name::ChangeFailRate), 0.4);
    // Five hours of the incident, one until the rollback.
    assert_eq!(exact(piece, Name::FailedDeploymentRecoveryTime), 3.0 * HOURS);
    assert_eq!(ids(measure(piece, Name::ReworkRate)), ["ci/4"]);
    assert_eq!(exact(piece, Name::ReworkRate), 0.2);
}

#[test]
fn devlake_counts_the_same_events_otherwise() {
    let flow = storefront(&exactly(), Definition::Devlake);
    let piece = only(&flow);
    // The rollback came on the day of what it took back.
    assert_eq!(ids(measure(piece, Name::DeploymentFrequency)), ["ci/5", "ci/3", "ci/2", "ci/1"]);
    // Each incident counts against the deployment before it, however long before.
    assert_eq!(ids(measure(piece, Name::ChangeFailRate)), ["ci/5", "ci/2"]);
    assert_eq!(exact(piece, Name::ChangeFailRate), 0.4);
    // From the ends of deployments: six hours and 110 hours; the lower of the two in the middle.
    assert_eq!(exact(piece, Name::FailedDeploymentRecoveryTime), 6.0 * HOURS);
    assert!(matches!(measure(piece, Name::ReworkRate).figure, Figure::Unknown { .. }));

    let differs = |name: Name| -> Vec<&str> {
        let of_name = piece.differences.iter().filter(|one| one.measure == name);
        of_name.map(|one| one.id.as_str()).collect()
    };
    assert_eq!(differs(Name::ChangeFailRate), ["ci/5", "ci/3"]);
    assert_eq!(differs(Name::FailedDeploymentRecoveryTime), ["ops/2", "ops/1"]);
    let text = flow.to_text(100, &Plain);
    assert!(text.contains("devlake: 4.6 days from the end of ci/5"), "{text}");
}

#[test]
fn the_first_commit_of_a_merge_begins_its_cycle() {
    // 1 is deployed first; 3 and 4 come in by merge 5, two days after the first of them.
    let commits = [commit(1, &[], 0), commit(3, &[1], 10), commit(4, &[3], 40), commit(5, &[1, 4], 58)];
    let mut statements = history(&commits, &[], Head::default());
    statements.extend([deployment("1", 1, 1), deployment("2", 5, 60)].iter().map(deployed));
    let of = |definition: Definition| {
        asked(&statements, &FlowQuery { definition, explain: true, ..FlowQuery::default() }).pieces[0].clone()
    };
    let (dora, devlake) = (of(Definition::Dora), of(Definition::Devlake));
    // 50 and 20 hours; the cycle of the one merge. What came with the first deployment may have been there before.
    assert_eq!(exact(&dora, Name::LeadTimeForChanges), 35.0 * HOURS);
    assert!(dora.unknown[0].starts_with("1 change came with the first deployment"), "{:?}", dora.unknown);
    assert_eq!(exact(&devlake, Name::LeadTimeForChanges), 50.0 * HOURS);
    assert_eq!(measure(&devlake, Name::LeadTimeForChanges).sample, 1);
    let commits: Vec<(EventKind, &str, &str)> =
        dora.differences.iter().map(|one| (one.kind, one.id.as_str(), one.devlake.as_str())).collect();
    assert_eq!(commits.len(), 1, "{commits:?}");
    assert_eq!((commits[0].0, commits[0].1), (EventKind::Commit, id(4).to_string().as_str()));
    assert!(commits[0].2.starts_with("2.1 days as part of 0505050505"), "{commits:?}");
}

#[test]
fn deployments_without_incidents_say_nothing_of_failures() {
    let mut statements = history(&[commit(1, &[], 0)], &[], Head::default());
    statements.push(deployed(&deployment("1", 1, 1)));
    let flow = asked(&statements, &FlowQuery::default());
    assert!(matches!(measure(&flow.pieces[0], Name::ChangeFailRate).figure, Figure::Unknown { .. }));
    statements.push(deployed(&Deployment { is_rollback: true, ..deployment("2", 1, 2) }));
    let flow = asked(&statements, &FlowQuery::default());
    assert_eq!(between(&flow.pieces[0], Name::ChangeFailRate), (Some(0.5), None));
}

#[test]
fn only_changes_in_its_folders_are_a_piece_s_own() {
    let own = FileChange { kind: ChangeKind::Modified, path: "till/main.js".to_owned(), from: None };
    let commits = [commit(1, &[], 1), Commit { changes: vec![own], ..commit(2, &[1], 2) }];
    let till = |tags: &[(&str, u8, i64)]| {
        let code = format!("repo:{SHOP}//till#npm/till");
        let scope = format!("repo:{SHOP}@main");
        let run = Run { author: "collector:npm", scope: &scope, minute: 5, commit: "0a", unread: &[], op: 5 };
        let mut statements = history(&commits, tags, Head::default());
        statements.push(run.says(vec![says("exists", &code).value(json!("component"))]));
        let folded = folded(&statements);
        let query = FlowQuery { entity: Some(folded.id("till")), ..FlowQuery::default() };
        only(&flow(folded.estate(), &query).unwrap().unwrap()).clone()
    };
    // The other series is another piece's.
    let piece = till(&[("v1.0", 2, 30), ("till/v0.1", 2, 5), ("cart/v7.0", 2, 4)]);
    assert_eq!(ids(measure(&piece, Name::LeadTimeForChanges)), [id(2).to_string()]);
    assert_eq!(exact(&piece, Name::LeadTimeForChanges), 3.0 * HOURS);
    assert_eq!(ids(measure(&piece, Name::DeploymentFrequency)), ["till/v0.1"]);
    // Without versions of its own the repository's count, not those of other pieces.
    let piece = till(&[("v1.0", 2, 30), ("cart/v7.0", 2, 4)]);
    assert_eq!(ids(measure(&piece, Name::DeploymentFrequency)), ["v1.0"]);
}

#[test]
fn deployments_that_do_not_say_how_they_ended_are_said() {
    let mut statements = history(&[commit(1, &[], 0)], &[], Head::default());
    let open = |key: &str, at: i64| Deployment { outcome: Outcome::Unknown, ..deployment(key, 1, at) };
    statements.push(deployed(&open("1", 1)));
    let flow = asked(&statements, &FlowQuery::default());
    assert_eq!(measure(&flow.pieces[0], Name::DeploymentFrequency).sample, 1);
    assert!(flow.pieces[0].unknown[0].contains("counted as successful"), "{:?}", flow.pieces[0].unknown);
    statements.push(deployed(&deployment("2", 1, 2)));
    let flow = asked(&statements, &FlowQuery::default());
    assert_eq!(
        ids(measure(&flow.pieces[0], Name::DeploymentFrequency)).len(),
        0,
        "the list of all has no events"
    );
    assert_eq!(measure(&flow.pieces[0], Name::DeploymentFrequency).sample, 1);
    assert!(flow.pieces[0].unknown[0].contains("left out"), "{:?}", flow.pieces[0].unknown);
}
