//! What answers hold, and that the answers offered to a question end it.

use std::collections::BTreeSet;

use serde_json::json;
use stave_answers::{Draft, ListQuery, LogQuery, State};
use stave_ledger::{Ledger, MemoryLedger};
use stave_model::{Header, Op, Source, Statement, VERSION, hash_bytes};

use crate::Folded;
use crate::estate::{self, CAT, HOSTILE_NAME, at, compose, digits, says, word};

#[test]
fn every_kind_of_question_occurs() {
    let questions = stave_answers::questions(Folded::new().estate(), 100).unwrap();
    let kinds: BTreeSet<&str> = questions.rows.iter().map(|row| row.kind.as_str()).collect();
    let all = [
        "ambiguous",
        "challenge",
        "declared_differ",
        "dispute",
        "refused_join",
        "retired_read",
        "without_place",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
    assert_eq!(questions.total, questions.rows.len() as u64);
    assert!(questions.rows.iter().all(|row| !row.answers.is_empty()), "{questions:#?}");
}

/// A drafted word as a statement, said by somebody after everything else.
fn said(draft: &Draft, minute: i64) -> Statement {
    let claim = draft.claim().unwrap();
    let header = Header {
        author: CAT.parse().unwrap(),
        by: None,
        claims: hash_bytes(b""),
        op: Op([0xee; 16]),
        replaces: draft.replaces.clone(),
        rules: 0,
        scope: claim.fact_scope().unwrap(),
        source: Source::default(),
        time: at(minute),
        tool: String::new(),
        unread: Vec::new(),
        v: VERSION,
    };
    Statement::new(header, vec![claim])
}

fn disputed_join() -> Vec<Statement> {
    let pair = || says("same_as", &compose("broken")).to(&compose("payments"));
    vec![word(estate::ANN, 90, 30, &[], pair()), word(estate::BEN, 91, 31, &[], pair().not())]
}

fn ledger() -> MemoryLedger {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&estate::statements()).unwrap();
    ledger.append(&disputed_join()).unwrap();
    ledger
}

#[test]
fn every_answer_that_is_offered_ends_its_question() {
    let all = stave_answers::questions(Folded::of(ledger()).estate(), 100).unwrap().rows;
    assert!(all.iter().any(|row| row.kind == "dispute" && row.fact_type.as_deref() == Some("same_as")));
    for question in all {
        for answer in &question.answers {
            let mut ledger = ledger();
            let words: Vec<Statement> = answer
                .words
                .iter()
                .enumerate()
                .map(|(index, draft)| said(draft, 200 + index as i64))
                .collect();
            ledger.append(&words).unwrap();
            let after = stave_answers::questions(Folded::of(ledger).estate(), 100).unwrap();
            let still = after.rows.iter().find(|row| row.id == question.id);
            assert!(still.is_none(), "{} does not end\n{still:#?}", answer.label);
        }
    }
}

#[test]
fn lists_filter_and_turn_pages() {
    let folded = Folded::new();
    let list = |query: ListQuery| stave_answers::list(folded.estate(), &query).unwrap();
    let all = list(ListQuery::default());
    assert_eq!(all.total, all.rows.len() as u64);
    let second = list(ListQuery { page: 2, page_size: 4, ..ListQuery::default() });
    assert_eq!((second.page, second.pages), (2, all.total.div_ceil(4)));
    assert_eq!(second.rows, all.rows[4..8]);
    let beyond = list(ListQuery { page: u64::MAX, ..ListQuery::default() });
    assert!(beyond.rows.is_empty());
    let owned = list(ListQuery { owner: Some("stockroom".to_owned()), ..ListQuery::default() });
    assert!(owned.rows.iter().any(|row| row.name == "orders"));
    assert!(owned.total < all.total);
    let lost = list(ListQuery { owner: Some("nobody-at-all".to_owned()), ..ListQuery::default() });
    assert_eq!((lost.total, lost.unknown.len()), (0, 1));
    let databases = list(ListQuery {
        words: "shop".to_owned(),
        entity_type: Some("database".to_owned()),
        ..ListQuery::default()
    });
    assert_eq!(databases.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["shop-db"]);
}

#[test]
fn a_denied_relation_stays_on_the_page_and_leaves_the_graph() {
    let folded = Folded::new();
    let id = folded.id("storefront");
    let page = stave_answers::entity(folded.estate(), &id).unwrap().unwrap();
    let calls = page.relations.iter().find(|group| group.relation == "calls").unwrap();
    let denied: Vec<&str> = calls
        .rows
        .iter()
        .filter(|row| row.standing.state == State::Denied)
        .map(|row| row.entity.name.as_str())
        .collect();
    assert_eq!(denied, ["payments"]);
    let graph = stave_answers::graph(folded.estate()).unwrap();
    let from_here: Vec<&str> =
        graph.links.iter().filter(|link| link.from == id).map(|link| link.kind.as_str()).collect();
    assert_eq!(from_here, ["calls"]);
    let near = stave_answers::neighbourhood(folded.estate(), &id, 60).unwrap().unwrap();
    assert!(near.links.iter().all(|link| link.from != id || link.to != digits(&compose("payments"))));
}

#[test]
fn what_could_not_be_read_again_is_carried() {
    let folded = Folded::new();
    let page = stave_answers::entity(folded.estate(), &folded.id("broken")).unwrap().unwrap();
    assert!(page.relations.iter().flat_map(|group| &group.rows).all(|row| row.standing.carried));
    assert!(page.said.iter().flat_map(|said| &said.claims).all(|claim| claim.carried));
    // The file's page is the one of the commit in which it was read.
    let why = stave_answers::why(folded.estate(), &page.row.id, Some("stores_in"), None).unwrap().unwrap();
    let claim = &why.facts[0].claims[0];
    assert_eq!((claim.commit.as_deref(), claim.carried), (Some("1".repeat(40).as_str()), true));
}

#[test]
fn a_known_host_has_a_link_to_the_line() {
    let folded = Folded::new();
    let why =
        stave_answers::why(folded.estate(), &folded.id("orders"), Some("lifecycle"), None).unwrap().unwrap();
    let place = &why.facts[0].claims[0].places[0];
    let commit = "1".repeat(40);
    let url = format!("https://github.com/leafcup/services/blob/{commit}/orders/catalog-info.yaml#L10");
    assert_eq!(
        (place.text.as_str(), place.url.as_deref()),
        ("orders/catalog-info.yaml:10", Some(url.as_str()))
    );
    let why =
        stave_answers::why(folded.estate(), &folded.id("orders"), Some("stores_in"), None).unwrap().unwrap();
    assert_eq!(why.facts[0].claims[0].places[0].url, None);
}

#[test]
fn the_neighbourhood_has_layers_and_a_limit() {
    let folded = Folded::new();
    let id = folded.id("orders");
    let near = stave_answers::neighbourhood(folded.estate(), &id, 60).unwrap().unwrap();
    let layer = |name: &str| near.entities.iter().find(|near| near.label.name == name).map(|near| near.layer);
    assert_eq!((layer("orders"), layer("storefront"), layer("shop-db")), (Some(0), Some(-1), Some(1)));
    assert_eq!(layer("stockroom"), None, "owners are no part of the picture");
    let small = stave_answers::neighbourhood(folded.estate(), &id, 3).unwrap().unwrap();
    assert_eq!(small.entities.len(), 3);
    assert_eq!(small.left_out as usize, near.entities.len() - 3);
    assert_eq!(stave_answers::neighbourhood(folded.estate(), "000000000000", 60).unwrap(), None);
}

#[test]
fn the_log_turns_pages() {
    let folded = Folded::new();
    let all = stave_answers::log(folded.estate(), LogQuery { before: 0, limit: 1_000 }).unwrap();
    let numbers = |log: &stave_answers::Log| -> Vec<u64> {
        log.operations.iter().flat_map(|operation| operation.rows.iter().map(|row| row.number)).collect()
    };
    assert_eq!(all.earlier, None);
    let mut found = Vec::new();
    let mut before = 0;
    loop {
        let part = stave_answers::log(folded.estate(), LogQuery { before, limit: 5 }).unwrap();
        found.extend(numbers(&part));
        match part.earlier {
            Some(earlier) => before = earlier,
            None => break,
        }
    }
    assert_eq!(found, numbers(&all));
    assert_eq!(found.len(), estate::statements().len());
}

#[test]
fn every_answer_is_json_with_its_position() {
    let folded = Folded::new();
    let estate = folded.estate();
    let position = json!(estate::statements().len());
    let id = digits(&compose(HOSTILE_NAME));
    let answers = [
        serde_json::to_value(stave_answers::summary(estate).unwrap()).unwrap(),
        serde_json::to_value(stave_answers::list(estate, &ListQuery::default()).unwrap()).unwrap(),
        serde_json::to_value(stave_answers::find(estate, "orders", 5).unwrap()).unwrap(),
        serde_json::to_value(stave_answers::entity(estate, &id).unwrap()).unwrap(),
        serde_json::to_value(stave_answers::why(estate, &id, None, None).unwrap()).unwrap(),
        serde_json::to_value(stave_answers::questions(estate, 10).unwrap()).unwrap(),
        serde_json::to_value(stave_answers::log(estate, LogQuery::default()).unwrap()).unwrap(),
    ];
    for answer in &answers {
        assert_eq!(answer["position"], position, "{answer}");
        assert!(answer["unknown"].is_array(), "{answer}");
    }
    // JSON carries names as they are.
    assert_eq!(answers[3]["name"], json!(HOSTILE_NAME));
}
