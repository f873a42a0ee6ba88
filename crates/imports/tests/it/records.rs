//! Tickets, incidents and deployments as their tools export them.

use proptest::prelude::*;
use serde_json::json;
use stave_imports::{DayOrder, ImportError, Imported, Options, Record, RecordKind, Records};
use stave_model::records::{Deployment, Incident, Outcome, Ticket};

fn with(file: &str, text: &str, options: &Options) -> Result<Records, ImportError> {
    match stave_imports::import(file, text.as_bytes(), options)? {
        Imported::Records(records) => Ok(records),
        Imported::Map(import) => panic!("{} was read as {}", file, import.format),
    }
}

fn read(text: &str) -> Records {
    with("export", text, &Options::default()).unwrap()
}

fn incidents(records: &Records) -> Vec<&Incident> {
    let rows = records.rows.iter();
    rows.filter_map(|row| if let Record::Incident(one) = &row.record { Some(one) } else { None }).collect()
}

fn tickets(records: &Records) -> Vec<&Ticket> {
    let rows = records.rows.iter();
    rows.filter_map(|row| if let Record::Ticket(one) = &row.record { Some(one) } else { None }).collect()
}

fn deployments(records: &Records) -> Vec<&Deployment> {
    let rows = records.rows.iter();
    rows.filter_map(|row| if let Record::Deployment(one) = &row.record { Some(one) } else { None }).collect()
}

fn warned(records: &Records) -> Vec<(Option<u64>, &str)> {
    records.warnings.iter().map(|warning| (warning.row, warning.what.as_str())).collect()
}

fn time(text: &str) -> stave_model::Time {
    text.parse().unwrap()
}

#[test]
fn jira_issues_have_their_changes_of_state() {
    let issue = |key: &str, class: &str| {
        json!({"key": key, "self": "https://leafcup.atlassian.example/rest/api/2/issue/1", "fields": {
            "summary": "Cart loses vouchers", "created": "2026-11-02T09:00:00.000+0100",
            "resolutiondate": "2026-11-03T10:00:00.000+0100", "status": {"name": "Done"}, "updated": "2026-11-04T10:00:00.000+0100",
            "issuetype": {"name": class}, "components": [{"name": "cart"}], "labels": ["b", "a"],
            "assignee": {"displayName": "Ann Author", "emailAddress": "ann@example.org"},
            "description": {"type": "doc", "content": [{"content": [{"type": "text", "text": "It broke"}]}]}},
          "changelog": {"histories": [
            {"created": "2026-11-03T10:00:00.000+0100", "items": [{"field": "status", "fromString": "Doing", "toString": "Done"}]},
            {"created": "2026-11-02T12:00:00.000+0100", "author": {"displayName": "Ann Author"},
             "items": [{"field": "assignee", "toString": "Ann Author"},
                       {"field": "status", "fromString": "To do", "toString": "Doing"}]}]}})
    };
    let text =
        json!({"issues": [issue("SHOP-1", "Story"), issue("SHOP-2", "[System] Incident")]}).to_string();
    let records = read(&text);
    assert_eq!(records.format, "Jira issues");
    assert_eq!(records.author.as_str(), "system:leafcup.atlassian.example");
    let ticket = tickets(&records)[0];
    assert_eq!(ticket.key, "leafcup.atlassian.example/SHOP-1");
    assert_eq!(ticket.url.as_deref(), Some("https://leafcup.atlassian.example/browse/SHOP-1"));
    assert_eq!((ticket.class.as_str(), ticket.status.as_str()), ("Story", "Done"));
    assert_eq!(
        (&ticket.services, &ticket.labels),
        (&vec!["cart".to_owned()], &vec!["a".to_owned(), "b".to_owned()])
    );
    let changes: Vec<(String, &str, &str)> = ticket
        .transitions
        .iter()
        .map(|change| (change.at.to_string(), change.from.as_str(), change.to.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            ("2026-11-02T11:00:00.000Z".to_owned(), "To do", "Doing"),
            ("2026-11-03T09:00:00.000Z".to_owned(), "Doing", "Done")
        ]
    );
    let incident = incidents(&records)[0];
    assert_eq!(
        (incident.key.as_str(), incident.text.as_str()),
        ("leafcup.atlassian.example/SHOP-2", "It broke")
    );
    assert_eq!(incident.resolved, Some(time("2026-11-03T09:00:00.000Z")));
    assert_eq!(records.rows[0].changed, Some(time("2026-11-04T09:00:00.000Z")));
    let said = format!("{records:?}");
    assert!(!said.contains("Ann Author") && !said.contains("ann@"), "no person's name is kept");
}

#[test]
fn jira_tables_repeat_their_columns() {
    let text = "\u{feff}Issue key,Summary,Issue Type,Status,Created,Resolved,Labels,Labels,Component/s,Component/s\n\
        SHOP-1,\"Cart, again\",Bug,Done,12/Nov/26 1:22 PM,13/Nov/26 9:00 AM,x,y,cart,\n\
        SHOP-2,Till,Bug,Open,13/Nov/26 1:22 PM,,,,,till\n";
    let records = read(text);
    assert_eq!(records.format, "Jira issues (CSV)");
    let all = tickets(&records);
    assert_eq!(all[0].key, "default/SHOP-1");
    assert_eq!(
        (all[0].title.as_str(), &all[0].labels),
        ("Cart, again", &vec!["x".to_owned(), "y".to_owned()])
    );
    assert_eq!(all[1].services, ["till"]);
    assert_eq!(all[1].resolved, None);
    let said = records.left_aside.join("\n");
    assert!(said.contains("the column \"Labels\" is there 2 times"), "{said}");
    assert!(said.contains("2 rows: have times without a time zone"), "{said}");
}

#[test]
fn issues_of_github_and_gitlab_are_named_by_their_path() {
    let github = json!([
        {"number": 12, "title": "Login fails", "html_url": "https://github.example/Leafcup/shop/issues/12",
         "created_at": "2026-11-02T09:00:00Z", "closed_at": null, "state": "open", "labels": [{"name": "outage"}],
         "body": "see https://u:p@x.example/?t=1", "user": {"login": "ann"}},
        {"number": 13, "title": "A change", "html_url": "https://github.example/Leafcup/shop/pull/13",
         "created_at": "2026-11-02T09:00:00Z", "pull_request": {}, "labels": []},
        {"number": 14, "title": "Wish", "html_url": "https://github.example/Leafcup/shop/issues/14",
         "created_at": "2026-11-02T09:00:00Z", "closed_at": "2026-11-02T10:00:00Z", "labels": []}]);
    let records = read(&github.to_string());
    assert_eq!(incidents(&records)[0].key, "github.example/Leafcup/shop/12");
    assert_eq!(incidents(&records)[0].text, "see https://x.example");
    assert_eq!(tickets(&records)[0].key, "github.example/Leafcup/shop/14");
    assert_eq!(records.left_aside, ["1 row: pull requests, which are no tickets"]);
    let cli = r#"[{"number":1,"title":"t","url":"https://github.example/a/b/issues/1","createdAt":"2026-11-02T09:00:00Z","closedAt":"2026-11-03T09:00:00Z","labels":[],"state":"CLOSED"}]"#;
    assert_eq!(tickets(&read(cli))[0].resolved, Some(time("2026-11-03T09:00:00.000Z")));
    let gitlab = json!([{"iid": 3, "id": 99, "title": "Down", "web_url": "https://gitlab.example/shop/api/-/issues/3",
        "created_at": "2026-11-02T09:00:00Z", "closed_at": "2026-11-02T10:00:00Z", "issue_type": "incident",
        "labels": ["cart"], "state": "closed"}]);
    let records = read(&gitlab.to_string());
    assert_eq!(records.format, "GitLab issues");
    assert_eq!(
        incidents(&records)[0].key,
        "gitlab.example/shop/3",
        "words that say what a page is are left out"
    );
}

#[test]
fn incidents_of_paging_tools_are_read() {
    let pagerduty = json!({"incidents": [
        {"id": "P1", "incident_number": 7, "title": "Cart 500s", "created_at": "2026-11-02T09:00:00Z",
         "resolved_at": "2026-11-02T09:30:00Z", "status": "resolved", "urgency": "high",
         "service": {"summary": "cart"}, "html_url": "https://leafcup.pager.example/incidents/P1",
         "assignments": [{"assignee": {"summary": "Ann Author"}}]},
        {"id": "P2", "incident_number": 8, "title": "Till", "created_at": "2026-11-02T09:00:00Z",
         "last_status_change_at": "2026-11-02T10:00:00Z", "status": "resolved", "urgency": "low"}]});
    let records = read(&pagerduty.to_string());
    let all = incidents(&records);
    assert_eq!((all[0].key.as_str(), all[0].severity.as_str()), ("leafcup.pager.example/P1", "high"));
    assert_eq!(all[0].services, ["cart"]);
    assert_eq!(all[1].resolved, Some(time("2026-11-02T10:00:00.000Z")));
    assert_eq!(records.left_aside, ["1 row: have no end of their own: the last change counts as the end"]);

    let opsgenie = json!({"data": [{"id": "a-b", "tinyId": "5", "message": "Disk full", "status": "closed",
        "createdAt": "2026-11-02T09:00:00.123Z", "updatedAt": "2026-11-02T09:10:00Z", "priority": "P2"}]});
    let records = read(&opsgenie.to_string());
    assert_eq!(
        (records.format.as_str(), incidents(&records)[0].key.as_str()),
        ("Opsgenie alerts or incidents", "default/5")
    );

    let servicenow = "number;short_description;opened_at;resolved_at;cmdb_ci;state\n\
        INC0001;\"Till is\nslow\";2026-11-02 09:00:00;2026-11-02 11:00:00;till;Closed\n";
    let records = read(servicenow);
    assert_eq!(records.format, "ServiceNow incidents (CSV)");
    assert_eq!(
        (incidents(&records)[0].title.as_str(), &incidents(&records)[0].services),
        ("Till is slow", &vec!["till".to_owned()])
    );

    let statuspage = json!({"page": {"url": "https://status.leafcup.example"}, "incidents": [
        {"id": "abc", "name": "Checkout slow", "created_at": "2026-11-02T09:00:00Z", "impact": "maintenance",
         "resolved_at": "2026-11-02T11:00:00Z", "status": "resolved", "shortlink": "https://stspg.example/abc",
         "components": [{"name": "Checkout"}],
         "incident_updates": [{"body": "It is over."}, {"body": "We look."}]}]});
    let records = read(&statuspage.to_string());
    let one = incidents(&records)[0];
    assert_eq!(
        (one.key.as_str(), one.text.as_str()),
        ("status.leafcup.example/abc", "We look.\nIt is over.")
    );
    assert!(one.is_planned);
}

#[test]
fn deployments_of_hosts_say_what_went_where() {
    let sha = "0123456789abcdef0123456789abcdef01234567";
    let github = json!([
        {"id": 1, "url": "https://api.github.example/repos/Leafcup/Shop/deployments/1", "sha": sha, "ref": "main",
         "environment": "production", "task": "deploy:rollback", "created_at": "2026-11-02T09:00:00Z",
         "updated_at": "2026-11-02T09:05:00Z", "statuses": [{"state": "success", "created_at": "2026-11-02T09:04:00Z"}]},
        {"id": 2, "url": "https://api.github.example/repos/Leafcup/Shop/deployments/2", "sha": sha, "ref": "main",
         "environment": "staging", "created_at": "2026-11-02T09:00:00Z", "statuses": [{"state": "pending"}]}]);
    let records = read(&github.to_string());
    let one = deployments(&records)[0];
    assert_eq!(one.repository.as_deref(), Some("github.example/leafcup/shop"));
    assert_eq!((one.commit.as_deref(), one.environment.as_str()), (Some(sha), "production"));
    assert_eq!((one.outcome, one.is_rollback), (Outcome::Success, true));
    assert_eq!(one.finished, time("2026-11-02T09:04:00.000Z"));
    assert_eq!(records.left_aside, ["1 row: deployments that have not ended"]);

    let run = |id: u32, name: &str, conclusion: &str| {
        json!({"id": id, "name": name, "head_sha": sha, "head_branch": "main", "status": "completed", "conclusion": conclusion,
            "run_started_at": "2026-11-02T09:00:00Z", "created_at": "2026-11-02T08:00:00Z",
            "updated_at": "2026-11-02T09:05:00Z", "html_url": format!("https://github.example/leafcup/shop/actions/runs/{id}")})
    };
    let runs = json!({"workflow_runs": [run(1, "Deploy", "failure"), run(2, "Tests", "success")]});
    let records = read(&runs.to_string());
    assert_eq!(deployments(&records).len(), 1);
    assert_eq!(deployments(&records)[0].outcome, Outcome::Failure);
    assert_eq!(records.left_aside, ["1 row: runs of workflows whose name says nothing of deploying"]);

    let gitlab = json!([{"id": 41, "iid": 1, "sha": sha, "ref": "v1", "status": "success", "environment": {"name": "prod"},
        "created_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-02T09:05:00Z",
        "deployable": {"finished_at": "2026-11-02T09:03:00Z", "web_url": "https://gitlab.example/shop/api/-/jobs/5"}}]);
    let records = read(&gitlab.to_string());
    assert_eq!(records.format, "GitLab deployments");
    assert_eq!(deployments(&records)[0].repository.as_deref(), Some("gitlab.example/shop/api"));

    let argo = json!({"items": [{"kind": "Application", "metadata": {"name": "cart"},
        "spec": {"source": {"repoURL": "git@git.example:leafcup/cart.git"}, "destination": {"namespace": "shop"}},
        "status": {"history": [
            {"id": 0, "revision": sha, "deployedAt": "2026-11-02T09:00:00Z"},
            {"id": 1, "revision": "1123456789abcdef0123456789abcdef01234567", "deployedAt": "2026-11-02T10:00:00Z", "deployStartedAt": "2026-11-02T09:59:00Z"},
            {"id": 2, "revision": sha, "deployedAt": "2026-11-02T11:00:00Z"}]}}]});
    let records = read(&argo.to_string());
    let back: Vec<bool> = deployments(&records).iter().map(|one| one.is_rollback).collect();
    assert_eq!(back, [false, false, true]);
    assert_eq!(deployments(&records)[2].repository.as_deref(), Some("git.example/leafcup/cart"));
    assert_eq!(deployments(&records)[1].key, "argocd/cart/1");
}

fn event(kind: &str, at: &str, id: &str, content: &serde_json::Value) -> serde_json::Value {
    json!({"context": {"type": format!("dev.cdevents.{kind}.0.3.0"), "id": format!("{kind}-{at}"),
        "source": "https://ops.example/x", "timestamp": format!("2026-11-02T{at}:00Z")},
        "subject": {"id": id, "content": content}})
}

#[test]
fn events_of_one_subject_are_one_record() {
    let service = json!({"description": "Slow", "service": {"id": "ns/cart"}});
    let list = [
        event("incident.resolved", "11:00", "i-1", &json!({"description": "Fast again"})),
        event("incident.detected", "09:00", "i-1", &service),
        event("incident.reported", "09:05", "i-1", &service),
        event("incident.resolved", "11:00", "i-2", &service),
        event(
            "ticket.created",
            "09:00",
            "t-1",
            &json!({"summary": "Fix", "ticketType": "bug", "creator": "Ann"}),
        ),
        event("ticket.closed", "12:00", "t-1", &json!({"summary": "Fix it"})),
        event(
            "service.deployed",
            "09:00",
            "ns/cart",
            &json!({"environment": {"id": "prod"}, "artifactId": "pkg:oci/cart?tag=1.2"}),
        ),
        event("service.rolledback", "10:00", "ns/cart", &json!({"environment": {"id": "prod"}})),
        event("pipelinerun.started", "08:00", "run-1", &json!({"pipelineName": "deploy-cart"})),
        event(
            "pipelinerun.finished",
            "08:30",
            "run-1",
            &json!({"pipelineName": "deploy-cart", "outcome": "failure"}),
        ),
        event("branch.created", "08:00", "b", &json!({})),
    ];
    let lines: String = list.iter().map(|event| format!("{event}\n")).collect();
    let envelopes: Vec<_> = list.iter().map(|event| json!({"specversion": "1.0", "data": event})).collect();
    for text in [lines, json!(list).to_string(), json!(envelopes).to_string()] {
        let records = read(&text);
        assert_eq!((records.format.as_str(), records.author.as_str()), ("CDEvents", "system:ops.example"));
        let incident = incidents(&records)[0];
        assert_eq!(
            (incident.started, incident.resolved),
            (time("2026-11-02T09:00:00.000Z"), Some(time("2026-11-02T11:00:00.000Z")))
        );
        assert_eq!((incident.title.as_str(), &incident.services), ("Slow", &vec!["cart".to_owned()]));
        assert_eq!(incidents(&records).len(), 1);
        assert_eq!(warned(&records)[0].0, Some(4));
        assert_eq!(
            (tickets(&records)[0].title.as_str(), tickets(&records)[0].status.as_str()),
            ("Fix it", "closed")
        );
        let all = deployments(&records);
        assert_eq!(all.len(), 3);
        assert!(all.iter().any(|one| one.version == "1.2" && one.outcome == Outcome::Success));
        assert!(all.iter().any(|one| one.is_rollback));
        assert!(all.iter().any(|one| one.outcome == Outcome::Failure && one.started.is_some()));
        assert_eq!(records.left_aside, ["1 row: subjects of other kinds, which are no records"]);
    }
}

#[test]
fn a_bad_row_is_named_and_the_rest_goes_in() {
    let text = "Incident,Title,Started,Resolved\n\
        1,fine,2026-11-02 09:00Z,2026-11-02 10:00Z\n\
        2,backwards,2026-11-02 09:00Z,2026-11-01 10:00Z\n\
        3,when?,soon,\n\
        4,never began,,\n\
        5,open,2026-11-02 09:00Z,\n";
    let records = read(text);
    assert_eq!(records.format, "a table of incidents");
    assert_eq!(incidents(&records).len(), 2);
    assert_eq!(
        warned(&records),
        [
            (Some(3), "it ended (2026-11-01T10:00:00.000Z) before it began (2026-11-02T09:00:00.000Z)"),
            (Some(4), "\"soon\" is no time that can be read in one way only"),
            (Some(5), "it doesn't say when it began"),
        ]
    );
}

#[test]
fn of_two_rows_with_one_key_the_later_counts_and_rows_without_one_are_named_by_what_they_say() {
    let records = read(
        "key,title,created\nA,one,2026-11-02 09:00Z\nA,two,2026-11-02 09:00Z\n,three,2026-11-02 09:00Z\n",
    );
    let titles: Vec<&str> = tickets(&records).iter().map(|ticket| ticket.title.as_str()).collect();
    assert_eq!(titles.len(), 2);
    assert!(titles.contains(&"two") && titles.contains(&"three"));
    let said = records.left_aside.join("\n");
    assert!(said.contains("1 row: have a key that stands again later"), "{said}");
    assert!(said.contains("1 row: have no key"), "{said}");
}

#[test]
fn day_and_month_are_told_by_the_file_or_by_whoever_imports() {
    let at = |text: &str, order| {
        let options = Options { order, kind: Some(RecordKind::Ticket), ..Options::default() };
        let records = with("t.csv", text, &options).unwrap();
        (tickets(&records)[0].created.to_string(), records.left_aside.join("\n"))
    };
    let open = "key,title,created\nA,x,03/04/2026\n";
    let (time, said) = at(open, None);
    assert!(time.starts_with("2026-04-03"));
    assert!(said.contains("of which the first number was taken as the day"), "{said}");
    assert!(at(open, Some(DayOrder::MonthFirst)).0.starts_with("2026-03-04"));
    assert!(at("key,title,created\nA,x,03/04/2026\nB,y,03/25/2026\n", None).0.starts_with("2026-03-04"));
}

#[test]
fn columns_can_be_said() {
    let text = "Wann;Was;Wo\n2026-11-02;Kasse steht;till, cart\n";
    assert!(
        matches!(with("t.csv", text, &Options::default()), Err(ImportError::Columns(columns)) if columns == "Wann, Was, Wo")
    );
    let typed = |pairs: &[(&str, &str)]| Options {
        columns: pairs.iter().map(|(column, field)| ((*column).to_owned(), (*field).to_owned())).collect(),
        kind: Some(RecordKind::Incident),
        from: Some("Desk".to_owned()),
        ..Options::default()
    };
    let records =
        with("t.csv", text, &typed(&[("wann", "start"), ("Was", "title"), ("Wo", "services")])).unwrap();
    let one = incidents(&records)[0];
    assert_eq!(
        (one.title.as_str(), &one.services),
        ("Kasse steht", &vec!["cart".to_owned(), "till".to_owned()])
    );
    assert!(one.key.starts_with("desk/"));
    assert!(matches!(with("t.csv", text, &typed(&[("Wer", "start")])), Err(ImportError::Column { .. })));
    assert!(matches!(with("t.csv", text, &typed(&[("Was", "begin")])), Err(ImportError::Field(_))));
}

#[test]
fn each_record_is_a_statement_of_its_own_that_the_format_takes() {
    let records = read("key,title,created\nA b#1,x,2026-11-02\nB,password: hunter2,2026-11-02\n");
    for row in &records.rows {
        assert_eq!(row.scope.as_str(), row.claim.of.as_str());
        row.claim.check().unwrap();
        assert!(!row.claim.value.as_ref().unwrap().to_string().contains("hunter2"));
    }
    assert_eq!(records.scope.as_str(), "import:default/export");
    assert_eq!(tickets(&records)[0].key, "default/A-b-1");
}

#[test]
fn an_unknown_file_names_the_formats() {
    for text in ["{\"a\": 1}", "[]", "[{\"a\": 1}]", "[1, 2]"] {
        let error = stave_imports::import("x", text.as_bytes(), &Options::default()).unwrap_err().to_string();
        assert!(error.contains("PagerDuty incidents") && error.contains("hint:"), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn damaged_files_never_panic(at in 0_usize..2_000, byte: u8, which in 0_usize..4) {
        let texts = [
            "Issue key,Summary,Created,Resolved,Labels,Labels\nA-1,\"x\ny\",12/Nov/26 1:22 PM,,a,b\n",
            "number;short_description;opened_at\nINC1;x;2026-11-02 09:00:00\n",
            r#"{"issues":[{"key":"A","fields":{"summary":"x","created":"2026-11-02T09:00:00Z","labels":[1]},"changelog":{"histories":[{"created":7,"items":[{"field":"status"}]}]}}]}"#,
            r#"[{"context":{"type":"dev.cdevents.incident.detected.0.1.0","timestamp":"2026-11-02T09:00:00Z"},"subject":{"id":"i","content":{}}}]"#,
        ];
        let mut bytes = texts[which].as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        for text in [&bytes[..], &bytes[..at]] {
            if let Ok(Imported::Records(records)) = stave_imports::import("x", text, &Options::default()) {
                prop_assert!(records.rows.iter().all(|row| row.claim.check().is_ok()));
            }
        }
    }
}
