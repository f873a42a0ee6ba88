//! The stories that the whole rests on, told to the map.

use serde_json::{Value, json};
use stave_ledger::Ledger;
use stave_map::{CutOff, ReadModel};
use stave_model::{Basis, Claim, Statement};

use crate::oracle::When;
use crate::real::{self, both};
use crate::says::{Says, Seen, claim, exists, hour, id, relation, same, scan, word};

const ANN: &str = "person:aa";
const BEN: &str = "person:bb";
const BLUE: &str = "team:git.test/acme/blue";
const COMPOSE_FILE: &str = "repo:git.test/acme/shop//app#compose/cart";
const MANIFEST: &str = "repo:git.test/acme/deploy//base#k8s/shop/cart";

fn live(statements: &[Statement], check: impl Fn(&Seen)) {
    both(statements, When::Live(hour(100)), check);
}

/// A compose file and a Kubernetes manifest name one service; a person joins them and sets the owner; the service's
/// folder moves; a re-scan keeps both words.
#[test]
fn fold_story_of_a_join_and_an_owner_that_outlive_a_move() {
    let compose = |folder: &str, at: i64| {
        let cart = format!("repo:git.test/acme/shop//{folder}#compose/cart");
        let database = format!("repo:git.test/acme/shop//{folder}#compose/db");
        let path = format!("{folder}/compose.yaml");
        let claims = vec![
            exists(&cart).key(&cart, "name:cart").at(&path, 3),
            relation("stores_in", &cart, &database).at(&path, 9),
        ];
        scan("collector:compose", "repo:git.test/acme/shop@main", at, claims).source(at).done()
    };
    let manifest = vec![exists(MANIFEST).key(MANIFEST, "name:cart").at("base/cart.yaml", 1)];
    let kubernetes = scan("collector:kubernetes", "repo:git.test/acme/deploy@main", 2, manifest).done();
    let owners =
        vec![claim("owned_by", MANIFEST).value(json!(["team:git.test/acme/green"])).basis(Basis::Declared)];
    let codeowners = scan("collector:codeowners", "repo:git.test/acme/deploy@main", 2, owners).done();
    let teams = scan(
        "collector:catalog",
        "repo:git.test/acme/deploy@main",
        2,
        vec![claim("title", BLUE).value(json!("Blue"))],
    );

    let mut statements = vec![compose("app", 1), kubernetes, codeowners, teams.done()];
    // One shared hint is not enough to join across repositories.
    live(&statements, |map| assert!(!map.together(COMPOSE_FILE, MANIFEST)));

    let keys = |claim: Claim| claim.key(COMPOSE_FILE, "name:cart").key(MANIFEST, "name:cart");
    statements.push(word(ANN, 10, keys(same(COMPOSE_FILE, MANIFEST))).done());
    let owned = claim("owned_by", COMPOSE_FILE).value(json!([BLUE])).key(COMPOSE_FILE, "name:cart");
    let owned = owned.against("collector:codeowners", false, Some(json!(["team:git.test/acme/green"])));
    statements.push(word(ANN, 11, owned).done());
    let check = |map: &Seen, cart: &str| {
        assert!(map.together(cart, MANIFEST));
        assert_eq!(map.fact(cart, "owned_by")["value"], json!([id(BLUE)]));
        assert!(map.linked(cart, "owned_by", BLUE));
        assert!(map.questions().is_empty());
    };
    live(&statements, |map| {
        check(map, COMPOSE_FILE);
        assert!(map.linked(MANIFEST, "stores_in", "repo:git.test/acme/shop//app#compose/db"));
    });

    statements.push(compose("services/cart", 20));
    let moved = "repo:git.test/acme/shop//services/cart#compose/cart";
    live(&statements, |map| {
        assert!(!map.is_live(COMPOSE_FILE));
        check(map, moved);
    });
    statements.push(compose("services/cart", 21));
    live(&statements, |map| check(map, moved));
    // An old checkout, scanned today, brings nothing back.
    let old =
        scan("collector:compose", "repo:git.test/acme/shop@main", 30, compose("app", 1).claims).source(1);
    statements.push(old.done());
    live(&statements, |map| check(map, moved));
}

/// A person denies a relation; a re-scan finds it again with new evidence; another person's offline copy says the
/// opposite; the copies merge: a dispute, shown, ended by a word that replaces both.
#[test]
fn fold_story_of_a_denied_relation_and_two_copies() {
    const DATABASE: &str = "repo:git.test/acme/shop//app#compose/db";
    let calls = || relation("calls", COMPOSE_FILE, DATABASE);
    let found = |at: i64, line: u32| {
        let claims = vec![exists(COMPOSE_FILE), exists(DATABASE), calls().at("app/compose.yaml", line)];
        scan("collector:compose", "repo:git.test/acme/shop@main", at, claims).done()
    };
    let first = found(1, 3);
    let denied = word(ANN, 2, calls().not().against("collector:compose", false, None)).done();
    let again = found(3, 77);
    let opposite = word(BEN, 4, calls()).done();

    let mut mine = real::ledger(&[first.clone(), denied.clone(), again]);
    let mut theirs = real::ledger(&[first, opposite.clone()]);
    let now = CutOff::Live(hour(100));
    let mut model = ReadModel::in_memory().unwrap();
    model.catch_up(&mine, now).unwrap();
    let map = Seen(model.document().unwrap());
    assert_eq!(map.relation(COMPOSE_FILE, "calls", DATABASE)["state"], "denied");
    assert!(!map.linked(COMPOSE_FILE, "calls", DATABASE));
    // New lines are no news.
    assert!(map.questions().is_empty());

    let (one, other) = (real::exported(&mine), real::exported(&theirs));
    real::merge(&mut mine, &other);
    real::merge(&mut theirs, &one);
    model.catch_up(&mine, now).unwrap();
    let merged = model.document().unwrap();
    assert_eq!(real::difference(&merged, &real::from_scratch(&theirs, When::Live(hour(100)))), None);
    let map = Seen(merged);
    assert_eq!(map.relation(COMPOSE_FILE, "calls", DATABASE)["state"], "disputed");
    assert!(map.linked(COMPOSE_FILE, "calls", DATABASE));
    assert_eq!(map.questions(), vec![format!("dispute {COMPOSE_FILE} calls {DATABASE}")]);

    let settled = calls().not().against("collector:compose", false, None);
    let settled = word(BEN, 5, settled).replaces(&[&denied, &opposite]).done();
    real::append(&mut mine, &[settled]);
    model.catch_up(&mine, now).unwrap();
    let map = Seen(model.document().unwrap());
    assert_eq!(map.relation(COMPOSE_FILE, "calls", DATABASE)["state"], "denied");
    assert!(map.questions().is_empty());
}

/// A large statement said again with one claim in a hundred changed, then read at an old date.
#[test]
fn fold_story_of_a_large_statement_said_again() {
    const CLAIMS: usize = 20_000;
    let say = |at: i64, changed: bool| {
        let claims = (0..CLAIMS).map(|number| {
            let service = number / 10;
            let of = format!("repo:git.test/acme/shop//s{}#compose/s{service}", service % 50);
            let version = if changed && number % 100 == 0 { "v2" } else { "v1" };
            claim("endpoint", &of)
                .to(&format!("GET /{version}/{number}"))
                .at("compose.yaml", number as u32 + 1)
        });
        scan("collector:compose", "repo:git.test/acme/shop@main", at, claims.collect()).source(at).done()
    };
    let (before, after) = (say(1, false), say(2, true));
    let mut ledger = real::ledger(std::slice::from_ref(&before));
    let mut model = ReadModel::in_memory().unwrap();
    model.catch_up(&ledger, CutOff::Live(hour(3))).unwrap();
    let old = model.document().unwrap();
    real::append(&mut ledger, std::slice::from_ref(&after));
    assert_eq!(ledger.position().unwrap(), 2);

    let endpoints = |document: &Value| {
        let facts =
            document["entities"].as_array().unwrap().iter().map(|one| one["facts"].as_array().unwrap());
        let all: Vec<&str> = facts.flatten().map(|fact| fact["to"].as_str().unwrap()).collect();
        (all.len(), all.iter().filter(|text| text.starts_with("GET /v2/")).count())
    };
    model.catch_up(&ledger, CutOff::Live(hour(3))).unwrap();
    let advanced = model.document().unwrap();
    assert_eq!(endpoints(&old), (CLAIMS, 0));
    assert_eq!(endpoints(&advanced), (CLAIMS, CLAIMS / 100));
    assert_eq!(real::difference(&advanced, &real::from_scratch(&ledger, When::Live(hour(3)))), None);
    // At the old date the map is what it was then, byte for byte.
    assert_eq!(real::difference(&old, &real::from_scratch(&ledger, When::Date(hour(1)))), None);
}

/// One service name in two unrelated repositories, with everything that is common to such services.
#[test]
fn fold_story_of_one_name_in_two_unrelated_repositories() {
    let services = ["api", "cart", "redis", "worker"];
    let scanned = |repository: &str| {
        let claims = services.iter().flat_map(|name| {
            let of = format!("repo:{repository}//#compose/{name}");
            let keyed = exists(&of).key(&of, &format!("name:{name}")).key(&of, &format!("imagename:{name}"));
            let named = claim("name", &of).value(json!(name));
            [
                keyed.key(&of, "port:8080"),
                named,
                relation("calls", &of, &format!("repo:{repository}//#compose/db")),
            ]
        });
        scan("collector:compose", &format!("repo:{repository}@main"), 1, claims.collect()).done()
    };
    live(&[scanned("git.test/acme/shop"), scanned("git.test/other/bank")], |map| {
        for name in services.iter().chain(&["db"]) {
            let of = |repository: &str| format!("repo:{repository}//#compose/{name}");
            assert!(!map.together(&of("git.test/acme/shop"), &of("git.test/other/bank")), "{name}");
        }
        assert_eq!(map.0["entities"].as_array().unwrap().len(), 10);
        assert!(map.questions().is_empty());
    });
}
