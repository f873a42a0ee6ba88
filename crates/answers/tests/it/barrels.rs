//! Barrels and the next bottleneck, on a repository with two pieces, made by hand.

use stave_answers::text::Plain;
use stave_answers::{Barrel, By, Next, NextQuery, StaveName, barrel, next};
use stave_ledger::{Ledger, MemoryLedger};
use stave_model::records::{
    ChangeKind, Commit, CommitClass, CommitId, Deployment, File, FileChange, FileClass, Head, Incident, Tag,
    Ticket, Transition, chunk_scope, head_scope,
};
use stave_model::{Claim, Reference, Scope, Statement, Time};

use crate::Folded;
use crate::estate::{ANN, BEN, Run, Says, now, people, says};

const SHOP: &str = "git.example.com/leafcup/shop";
const DAY: i64 = 24 * 60;

fn before(minutes: i64) -> Time {
    Time::from_millis(now().millis() - minutes * 60_000)
}

fn piece(name: &str) -> String {
    format!("repo:{SHOP}//{name}#cargo/{name}")
}

fn commit(number: u8, author: &str, days: i64, paths: &[&str]) -> Commit {
    let at = before(days * DAY).millis() / 1_000;
    Commit {
        id: CommitId([number; 20]),
        parents: if number == 1 { Vec::new() } else { vec![CommitId([number - 1; 20])] },
        author: author.parse().unwrap(),
        authored: at,
        committed: at,
        co_authors: Vec::new(),
        reviewers: Vec::new(),
        class: CommitClass::Human,
        reverts: Vec::new(),
        changes: paths
            .iter()
            .map(|path| FileChange { kind: ChangeKind::Modified, path: (*path).to_owned(), from: None })
            .collect(),
    }
}

fn said(author: &str, scope: Scope, claims: Vec<Claim>) -> Statement {
    let run = Run { author, scope: &scope.to_string(), minute: 60, commit: "-", unread: &[], op: 60 };
    Statement::new(run.says(Vec::new()).header, claims)
}

fn map(claims: Vec<Says>) -> Statement {
    let scope = format!("repo:{SHOP}@main");
    Run { author: "collector:cargo", scope: &scope, minute: 60, commit: "c", unread: &[], op: 61 }
        .says(claims)
}

/// Cart has tests, documentation and an owner; orders has none of them. One person knows more than half of either.
fn shop() -> Vec<Statement> {
    shop_written_in("go")
}

fn shop_written_in(ending: &str) -> Vec<Statement> {
    let of: Reference = format!("repo:{SHOP}").parse().unwrap();
    let commits = [
        commit(
            1,
            ANN,
            400,
            &["cart/Cargo.toml", "cart/src/lib.go", "orders/src/lib.go", "orders/Cargo.toml"],
        ),
        commit(2, ANN, 60, &["cart/README.md", "cart/tests/it.go", "cart/src/lib.go"]),
        commit(3, BEN, 50, &["cart/src/lib.go", "cart/Cargo.toml", "cart/tests/it.go", "cart/README.md"]),
        commit(4, ANN, 20, &["orders/src/lib.go", "cart/src/lib.go"]),
    ];
    let tag = |name: &str, commit: u8, days: i64| Tag {
        name: name.to_owned(),
        commit: CommitId([commit; 20]),
        at: before(days * DAY).millis() / 1_000,
        is_annotated: true,
    };
    let head = Head {
        branch: "main".to_owned(),
        tip: CommitId([4; 20]),
        tags: vec![tag("v1", 2, 59), tag("v2", 3, 40), tag("v3", 4, 10)],
        ..Head::default()
    };
    let file = |path: &str, bytes: u64, class: FileClass| File {
        path: path.replace(".go", &format!(".{ending}")),
        bytes,
        class,
    };
    let files = [
        file("cart/Cargo.toml", 50, FileClass::Generated),
        file("cart/README.md", 100, FileClass::Documentation),
        file("cart/src/lib.go", 6_000, FileClass::Source),
        file("cart/tests/it.go", 4_000, FileClass::Test),
        file("orders/Cargo.toml", 50, FileClass::Generated),
        file("orders/src/lib.go", 9_000, FileClass::Source),
    ];
    let mut branch = head.to_claims(&of);
    branch.extend(File::to_claims(&of, &files));
    let exists = |name: &str| says("exists", &piece(name)).value("component".into());
    let system = "said:system/shop";
    let stated = |minute: i64, says: Says| crate::estate::word(ANN, minute, minute as u8, &[], says);
    vec![
        map(vec![
            exists("cart"),
            exists("orders"),
            says("calls", &piece("cart")).to(&piece("orders")),
            says("owned_by", &piece("cart")).value(serde_json::json!(["team:git.example.com/leafcup/till"])),
            says("exists", "team:git.example.com/leafcup/till").value("group".into()),
        ]),
        stated(70, says("exists", system).value("system".into())),
        stated(71, says("part_of", &piece("cart")).to(system)),
        stated(72, says("part_of", &piece("orders")).to(system)),
        said(
            "collector:history",
            chunk_scope(SHOP, CommitId([4; 20])).unwrap(),
            Commit::to_claims(&of, &commits),
        ),
        said("collector:history", head_scope(SHOP, "main").unwrap(), branch),
    ]
}

fn incident(key: &str, title: &str, ago: i64, lasted: i64) -> Statement {
    let incident = Incident {
        key: format!("ops/{key}"),
        title: title.to_owned(),
        started: before(ago),
        resolved: Some(before(ago - lasted)),
        ..Incident::default()
    };
    said("system:ops", format!("ticket:ops/{key}").parse().unwrap(), vec![incident.to_claim().unwrap()])
}

fn folded(more: &[Statement]) -> Folded {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&shop()).unwrap();
    ledger.append(more).unwrap();
    ledger.add_people(&people()).unwrap();
    Folded::of(ledger)
}

fn of(name: &str, more: &[Statement]) -> Barrel {
    let folded = folded(more);
    barrel(folded.estate(), &folded.id(name)).unwrap().unwrap()
}

fn levels(barrel: &Barrel) -> Vec<Option<u8>> {
    barrel.staves.iter().map(|stave| stave.level).collect()
}

fn nexts(more: &[Statement]) -> Next {
    next(folded(more).estate(), &NextQuery::default()).unwrap()
}

#[test]
fn a_piece_has_its_staves_and_is_as_high_as_the_lowest() {
    let cart = of("cart", &[]);
    // Delivery: three tags in 90 days. Recovery: no incident. Tests 40 %. Dependencies 50 days old.
    assert_eq!(levels(&cart), [Some(6), None, Some(2), Some(10), Some(8), Some(10), Some(7)]);
    assert_eq!(cart.height, Some(2));
    insta::assert_snapshot!(cart.to_text(100, &Plain));
}

#[test]
fn unknown_is_not_zero_and_none_is_not_unknown() {
    let orders = of("orders", &[]);
    assert_eq!(levels(&orders), [Some(6), None, Some(2), Some(0), Some(2), Some(0), Some(0)]);
    let lowest: Vec<StaveName> = orders.lowest().map(|stave| stave.name).collect();
    assert_eq!(lowest, [StaveName::Tests, StaveName::Documentation, StaveName::Ownership]);
    let lift = orders.staves[3].lift.clone().unwrap();
    assert_eq!((lift.to, lift.takes.as_str()), (2, "a first test"));
}

#[test]
fn a_system_is_as_low_as_its_lowest_part() {
    let system = of("shop", &[incident("1", "Cart is down", 3_000, 120)]);
    assert_eq!(system.parts, 2);
    assert_eq!(levels(&system), [Some(6), Some(8), Some(2), Some(0), Some(2), Some(0), Some(0)]);
    let part = |place: usize| system.staves[place].part.as_ref().map(|part| part.name.as_str());
    assert_eq!([part(1), part(2)], [Some("cart"), Some("orders")]);
}

#[test]
fn deployments_go_before_tags() {
    let deployment = |key: u8, environment: &str, ago: i64| {
        let deployment = Deployment {
            key: format!("ci/{key}"),
            services: vec!["Orders".to_owned()],
            environment: environment.to_owned(),
            finished: before(ago),
            ..Deployment::default()
        };
        let scope = format!("deployment:ci/{key}").parse().unwrap();
        said("system:ci", scope, vec![deployment.to_claim().unwrap()])
    };
    let orders = of("orders", &[deployment(1, "staging", DAY), deployment(2, "eu-production", 200 * DAY)]);
    assert_eq!(orders.staves[0].level, Some(2));
    assert_eq!(orders.staves[0].measured, "0 deployments in 90 days, 1 in a year");
}

#[test]
fn no_name_of_a_person_stands_in_a_barrel_or_the_list() {
    let more = [incident("1", "Cart is down", 3_000, 120)];
    let shown = [
        serde_json::to_string(&of("cart", &more)).unwrap(),
        serde_json::to_string(&nexts(&more)).unwrap(),
        nexts(&more).to_text(200, &Plain),
    ];
    for text in shown {
        for name in ["Counter desk", "Night", "person:"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }
}

#[test]
fn with_few_incidents_the_barrel_ranks_and_says_so() {
    let found = nexts(&[incident("1", "Cart is down", 3_000, 120)]);
    assert_eq!(found.by, By::Barrel);
    let order: Vec<(&str, u64)> =
        found.rows.iter().map(|row| (row.piece.name.as_str(), row.dependents)).collect();
    assert_eq!(order, [("orders", 1), ("cart", 0)]);
    assert!(
        found.unknown[0].starts_with("1 incident since then is tied to a piece, too few"),
        "{:?}",
        found.unknown
    );
    insta::assert_snapshot!(found.to_text(100, &Plain));
}

#[test]
fn with_incidents_enough_time_lost_ranks() {
    let mut all: Vec<Statement> =
        (0..8).map(|at| incident(&format!("c{at}"), "Cart is down", 1_000 * (at + 1), 10)).collect();
    all.extend((0..2).map(|at| incident(&format!("o{at}"), "Orders is down", 90_000 * (at + 1), 300)));
    let found = nexts(&all);
    assert_eq!((found.by, found.incidents), (By::TimeLost, 10));
    let order: Vec<(&str, u64)> =
        found.rows.iter().map(|row| (row.piece.name.as_str(), row.lost_ms / 60_000)).collect();
    assert_eq!(order, [("orders", 600), ("cart", 80)]);
    let orders = &found.rows[0];
    let (low, high) = orders.interval_ms.unwrap();
    assert!(low < orders.lost_ms && orders.lost_ms < high, "{low} {high}");
    // From within a day to within 4 hours: each of the two incidents an hour shorter.
    let recovery = orders.steps.iter().find(|step| step.stave == StaveName::Recovery).unwrap();
    assert_eq!((recovery.from, recovery.to, recovery.saves_ms), (6, 8, Some(2 * 3_600_000)));
    insta::assert_snapshot!(found.to_text(100, &Plain));
}

#[test]
fn tickets_tell_the_stage_that_holds_up_the_work() {
    let mut review = 0;
    let tickets: Vec<Statement> = (0..120i64)
        .map(|number| {
            let came = number * 60;
            review = review.max(came + 20) + 20 + (number * 37) % 70;
            let at = |minute: i64| Time::from_millis(before(100 * DAY).millis() + minute * 60_000);
            let change =
                |minute: i64, to: &str| Transition { at: at(minute), from: String::new(), to: to.to_owned() };
            let ticket = Ticket {
                key: format!("jira/SHOP-{number}"),
                created: at(came),
                resolved: Some(at(review)),
                transitions: vec![change(came, "Doing"), change(came + 20, "Review"), change(review, "Done")],
                ..Ticket::default()
            };
            let scope = format!("ticket:jira/SHOP-{number}").parse().unwrap();
            said("system:jira", scope, vec![ticket.to_claim().unwrap()])
        })
        .collect();
    let found = nexts(&tickets);
    assert_eq!(found.streams[0].found(), nexts(&tickets).streams[0].found(), "the same again");
    assert_eq!(found.streams[0].name, "jira/SHOP");
    assert_eq!(found.streams[0].stages[0].name, "Review");
    assert!(nexts(&tickets[..50]).streams[0].found().starts_with("not enough to tell: 50 finished tickets"));
}

#[test]
fn an_estate_in_which_nothing_was_measured_says_so() {
    let folded = Folded::of(MemoryLedger::new().unwrap());
    let found = next(folded.estate(), &NextQuery::default()).unwrap();
    assert!(found.rows.is_empty() && found.unknown.len() == 3, "{:?}", found.unknown);
    assert_eq!(barrel(folded.estate(), "0123456789ab").unwrap(), None);
}

#[test]
fn tests_inside_the_sources_are_unknown_and_not_none() {
    // Nobody can see from outside how much of a Rust file is tests.
    let with = |ending: &str| {
        let mut ledger = MemoryLedger::new().unwrap();
        ledger.append(&shop_written_in(ending)).unwrap();
        let folded = Folded::of(ledger);
        let barrel = barrel(folded.estate(), &folded.id("orders")).unwrap().unwrap();
        barrel.staves.iter().find(|stave| stave.name == StaveName::Tests).unwrap().level
    };
    assert_eq!([with("rs"), with("go")], [None, Some(0)]);
}
