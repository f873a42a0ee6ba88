//! Stories that the fold once got wrong, named after what went wrong.

use serde_json::json;
use stave_map::ReadModel;
use stave_model::Statement;

use crate::kept::{contradiction, kept};
use crate::oracle::{self, When};
use crate::real;
use crate::says::{Says, claim, exists, hour, same, scan, word};

/// Every order of arrival, caught up with after each statement, gives what the oracle says.
fn in_every_order(statements: &[Statement]) {
    let when = When::Live(hour(100));
    for order in orders(statements.len()) {
        let mut ledger = real::empty();
        let mut model = ReadModel::in_memory().unwrap();
        let mut arrived = Vec::new();
        for index in &order {
            arrived.push(statements[*index].clone());
            real::append(&mut ledger, &arrived[arrived.len() - 1..]);
            model.catch_up(&ledger, real::cut_off(when)).unwrap();
            let expected = oracle::fold_document(&arrived, when);
            let mut rebuilt = ReadModel::in_memory().unwrap();
            rebuilt.catch_up(&ledger, real::cut_off(when)).unwrap();
            let difference = real::difference(&expected, &model.document().unwrap())
                .or_else(|| real::difference(&kept(&rebuilt), &kept(&model)))
                .or_else(|| contradiction(&expected, &kept(&model)));
            if let Some(difference) = difference {
                panic!("in the order {order:?}, after {} statements: {difference}", arrived.len());
            }
        }
    }
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..count {
        let longer = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, next);
                longer
            })
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    orders
}

#[test]
fn a_disputed_pair_of_repositories_drew_its_set_into_the_dispute() {
    let (a, b, c) = ("repo:git.test/a/shop", "repo:git.test/b/shop", "repo:git.test/c/ops");
    in_every_order(&[
        word("person:aa", 1, same(b, c)).done(),
        word("person:aa", 2, same(a, b).not()).done(),
        word("person:aa", 3, same(a, b)).done(),
    ]);
}

#[test]
fn a_newer_source_with_the_same_claims_decides_between_two_scopes() {
    let of = "host:cart.test";
    let named = |name: &str| vec![claim("name", of).value(json!(name))];
    in_every_order(&[
        scan("collector:compose", "ticket:tracker/1", 1, named("one")).source(1).done(),
        scan("collector:compose", "ticket:tracker/2", 2, named("two")).source(2).done(),
        scan("collector:compose", "ticket:tracker/1", 3, named("one")).source(3).done(),
    ]);
}

#[test]
fn two_claims_of_one_statement_on_one_fact_were_listed_as_they_arrived() {
    let of = "host:cart.test";
    let title = |text: &str| claim("title", of).value(json!(text));
    let keyed = title("red").key(of, "image:registry.test/cart");
    in_every_order(&[
        scan("collector:compose", "ticket:tracker/1", 1, vec![keyed, title("blue")]).done(),
        scan("collector:compose", "ticket:tracker/1", 2, vec![title("red"), title("blue")]).done(),
    ]);
}

#[test]
fn a_common_hint_was_taken_for_rare_when_some_of_its_holders_were_reclustered() {
    let repositories = ["git.test/a/shop", "git.test/b/shop", "git.test/c/ops"];
    let crowd = (0..17).map(|number| {
        let of = format!("repo:{}//crowd{number}#compose/cart", repositories[number % 3]);
        exists(&of).key(&of, "imagename:shop").key(&of, "port:7070")
    });
    in_every_order(&[
        scan("system:crowd", "image:registry.test/crowd", 1, crowd.collect()).done(),
        // These share an anchor with some of the crowd, which joins nothing.
        scan(
            "collector:compose",
            "ticket:tracker/1",
            2,
            vec![
                claim("calls", "repo:git.test/b/shop//app#compose/cart")
                    .to("repo:git.test/a/shop//app#compose/cart"),
            ],
        )
        .done(),
    ]);
}

#[test]
fn a_redacted_text_lived_on_in_the_journal_of_a_map_that_stayed_open() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("map.sqlite");
    let of = "repo:git.test/a/shop//app#compose/cart";
    let secret = "hunter2 of the samovar";
    let mut ledger = real::empty();
    let said = word("person:ann", 1, claim("description", of).value(json!(secret))).done();
    let hash = said.claims[0].hash();
    real::append(
        &mut ledger,
        &[scan("collector:compose", "ticket:tracker/1", 0, vec![exists(of)]).done(), said],
    );
    let live = real::cut_off(When::Live(hour(100)));
    let mut model = ReadModel::open(&file).unwrap();
    model.catch_up(&ledger, live).unwrap();
    let tells = || {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let tells = |path: &std::path::PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
        };
        files.filter(tells).collect::<Vec<_>>()
    };
    assert!(!tells().is_empty());
    let order = claim("redacted", &format!("claim:{hash}")).value(json!("a password"));
    real::append(&mut ledger, &[word("person:ann", 2, order).done()]);
    // A reader in the middle of an answer holds the journal; the next look at the map empties it.
    let reader = ReadModel::open(&file).unwrap();
    reader
        .snapshot(|map| {
            map.counts()?;
            model.catch_up(&ledger, live)
        })
        .unwrap();
    model.catch_up(&ledger, live).unwrap();
    assert_eq!(tells(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_ledger_that_was_put_back_and_went_on_otherwise_was_taken_for_the_one_that_was_folded() {
    let of = "repo:git.test/a/shop//app#compose/cart";
    let at = |hour, title: &str| {
        let claims = vec![exists(of), claim("title", of).value(json!(title))];
        scan("collector:compose", "ticket:tracker/1", hour, claims).done()
    };
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("ledger.sqlite"), folder.path().join("copy.sqlite"));
    let mut ledger = stave_ledger::SqliteLedger::open_or_create(&file).unwrap();
    real::append(&mut ledger, &[at(1, "first")]);
    drop(ledger);
    std::fs::copy(&file, &copy).unwrap();
    let mut ledger = stave_ledger::SqliteLedger::open(&file).unwrap();
    real::append(&mut ledger, &[at(2, "one life")]);
    let live = real::cut_off(When::Live(hour(100)));
    let mut model = ReadModel::in_memory().unwrap();
    model.catch_up(&ledger, live).unwrap();
    drop(ledger);
    // As whoever copies files does it: the same ledger, the same epoch. Shorter, and as long again.
    std::fs::copy(&copy, &file).unwrap();
    let mut ledger = stave_ledger::SqliteLedger::open(&file).unwrap();
    let shorter = model.catch_up(&ledger, live).unwrap();
    assert_eq!((shorter.position, shorter.rebuilt), (1, true));
    real::append(&mut ledger, &[at(3, "another life"), at(4, "and on")]);
    model.catch_up(&ledger, live).unwrap();
    let mut fresh = ReadModel::in_memory().unwrap();
    fresh.catch_up(&ledger, live).unwrap();
    assert_eq!(model.document().unwrap(), fresh.document().unwrap());
}

#[test]
fn a_repository_was_one_with_a_piece_of_its_own_by_two_hints() {
    let (shop, cart) = ("repo:git.test/a/shop", "repo:git.test/a/shop//deploy#k8s/service/cart");
    let main = claim("default_branch", shop).value(json!("main"));
    in_every_order(&[
        scan(
            "collector:compose",
            "repo:git.test/b/shop@main",
            1,
            vec![
                main.key(shop, "name:billing").key(shop, "port:7070"),
                claim("name", cart).value(json!("red")).key(cart, "name:billing"),
            ],
        )
        .done(),
        scan("collector:compose", "repo:git.test/c/ops@main", 1, vec![exists(cart).key(cart, "port:7070")])
            .done(),
    ]);
}
