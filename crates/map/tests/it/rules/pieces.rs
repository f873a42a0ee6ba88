//! Sections 2, 4 and 5: keys, places and entities.

use serde_json::json;
use stave_model::{Basis, Claim, Statement};

use super::names::*;
use crate::oracle::When;
use crate::real::both;
use crate::says::{Says, Seen, claim, exists, hour, relation, same, scan, word};

const IMAGE: &str = "image:registry.test/cart";
const OTHER: &str = "repo:git.test/c/other//run#compose/trolley";

fn live(statements: &[Statement], check: impl Fn(&Seen)) {
    both(statements, When::Live(hour(100)), check);
}

fn title(of: &str) -> Claim {
    claim("title", of).value(json!("Cart"))
}

/// One machine statement on a scope that is no branch.
fn said(claims: Vec<Claim>) -> Statement {
    scan(COMPOSE, "image:registry.test/all", 1, claims).done()
}

#[test]
fn rule_references_hold_their_own_keys() {
    live(&[said(vec![exists(CART).key(CART, "port:7070"), exists(HOST), exists("person:cc")])], |map| {
        assert_eq!(map.entity(CART)["keys"], json!(["named:git.test/a/shop#compose/cart", "port:7070"]));
        assert_eq!(map.entity(HOST)["keys"], json!([HOST]));
        assert_eq!(map.entity("person:cc")["keys"], json!(["person:cc"]));
        assert_eq!(map.entity(CART)["id"], crate::says::id(CART));
    });
}

#[test]
fn rule_all_references_of_a_machine_are_live_of_a_word_only_some() {
    let claims = vec![
        relation("calls", CART, BILLING),
        claim("owned_by", CART).value(json!([BLUE])),
        claim("tag", CART).to("said:group/no-reference"),
    ];
    let words = [
        word(ANN, 2, relation("calls", CART, "said:resource/list")).done(),
        word(ANN, 3, relation("calls", CART, "host:unknown.test")).done(),
        word(ANN, 4, exists(MANIFEST)).done(),
        word(ANN, 5, exists("said:system/gone").not()).done(),
    ];
    let mut statements = vec![said(claims)];
    statements.extend(words);
    live(&statements, |map| {
        for one in [CART, BILLING, BLUE, "said:resource/list", MANIFEST, "said:system/gone"] {
            assert!(map.is_live(one), "{one}");
        }
        assert!(!map.is_live("host:unknown.test") && !map.is_live("said:group/no-reference"));
        assert_eq!(map.questions(), vec![format!("without_place {}", statements[2].id())]);
        assert_eq!(map.entity("said:system/gone")["hidden"], true);
        assert_eq!(map.entity("said:system/gone")["kind"], "system");
    });
}

#[test]
fn rule_a_word_follows_its_anchor_while_one_holds_it() {
    let about = word(ANN, 2, title(CART)).done();
    live(&[said(vec![exists(MOVED)]), about.clone()], |map| {
        assert_eq!(map.fact(MOVED, "title")["value"], "Cart")
    });
    let elsewhere = "repo:git.test/a/shop//third#compose/cart";
    live(&[said(vec![exists(MOVED), exists(elsewhere)]), about.clone()], |map| {
        assert_eq!(map.questions(), vec![format!("without_place {}", about.id())]);
    });
}

#[test]
fn rule_a_word_follows_its_strong_keys_and_no_hints() {
    let by_key = word(ANN, 2, title(CART).key(CART, IMAGE)).done();
    let by_hint = word(ANN, 2, title(CART).key(CART, "name:cart")).done();
    let there = said(vec![exists(OTHER).key(OTHER, IMAGE).key(OTHER, "name:cart")]);
    live(&[there.clone(), by_key], |map| assert_eq!(map.fact(OTHER, "title")["value"], "Cart"));
    live(&[there, by_hint.clone()], |map| {
        assert_eq!(map.questions(), vec![format!("without_place {}", by_hint.id())]);
    });
}

#[test]
fn rule_the_most_votes_win_and_a_tie_has_no_winner() {
    let there = said(vec![
        exists(OTHER).key(OTHER, IMAGE).key(OTHER, "proto:cart.v1"),
        exists(HOST),
        exists(MANIFEST),
    ]);
    let two_to_one = title(CART).key(CART, IMAGE).key(CART, "proto:cart.v1").key(CART, HOST);
    live(&[there.clone(), word(ANN, 2, two_to_one).done()], |map| {
        assert_eq!(map.fact(OTHER, "title")["value"], "Cart");
    });
    let tie = word(ANN, 2, title(CART).key(CART, IMAGE).key(CART, HOST)).done();
    live(&[there, tie.clone()], |map| {
        assert_eq!(map.questions(), vec![format!("without_place {}", tie.id())])
    });
}

#[test]
fn rule_a_key_votes_once_for_an_entity() {
    // Two references hold the image, but they are one piece; the other piece has two keys.
    let twin = "repo:git.test/c/other//two#compose/trolley";
    let there = said(vec![
        exists(OTHER).key(OTHER, IMAGE),
        exists(twin).key(twin, IMAGE),
        exists(MANIFEST).key(MANIFEST, HOST).key(MANIFEST, "proto:cart.v1"),
    ]);
    let about = title(CART).key(CART, IMAGE).key(CART, HOST).key(CART, "proto:cart.v1");
    live(&[there, word(ANN, 2, about).done()], |map| {
        assert_eq!(map.fact(MANIFEST, "title")["value"], "Cart")
    });
}

#[test]
fn rule_same_as_is_placed_by_what_the_other_side_lacks() {
    // Both were built from one image; the denial finds the moved one by its own name.
    let there = said(vec![exists(MOVED).key(MOVED, IMAGE), exists(MANIFEST).key(MANIFEST, IMAGE)]);
    live(std::slice::from_ref(&there), |map| assert!(map.together(MOVED, MANIFEST)));
    let denied = word(ANN, 2, same(CART, MANIFEST).not().key(CART, IMAGE).key(MANIFEST, IMAGE)).done();
    live(&[there, denied], |map| {
        assert!(!map.together(MOVED, MANIFEST));
        assert_eq!(map.questions(), vec![format!("refused_join {MOVED} {MANIFEST}")]);
    });
}

#[test]
fn rule_same_as_takes_the_smaller_of_a_tie_and_needs_two_places() {
    // The two hold the image and lie apart for being two of one container.
    let (x, y) = ("repo:git.test/c/other//run#compose/x", "repo:git.test/c/other//run#compose/y");
    let there = said(vec![exists(x).key(x, IMAGE), exists(y).key(y, IMAGE), exists(HOST)]);
    let joined = word(ANN, 2, same(CART, HOST).key(CART, IMAGE)).done();
    live(&[there.clone(), joined], |map| assert!(map.together(HOST, x) && !map.together(HOST, y)));
    // Both sides at one reference: nothing is said.
    let there = said(vec![exists(x).key(x, IMAGE).key(x, "proto:cart.v1")]);
    let gone = "host:gone.test";
    let denied = word(ANN, 2, same(CART, gone).not().key(CART, IMAGE).key(gone, "proto:cart.v1")).done();
    live(&[there.clone(), denied], |map| assert!(map.questions().is_empty()));
    // What both sides hold finds neither.
    let shared = word(ANN, 2, same(CART, gone).not().key(CART, IMAGE).key(gone, IMAGE)).done();
    live(&[there, shared.clone()], |map| {
        assert_eq!(map.questions(), vec![format!("without_place {}", shared.id())]);
    });
}

#[test]
fn rule_strong_keys_join_hints_join_by_two_across_repositories() {
    let together = |a: &[&str], b: &[&str], at: &str| -> Statement {
        let claim = |of: &str, keys: &[&str]| keys.iter().fold(exists(of), |claim, key| claim.key(of, key));
        said(vec![claim(CART, a), claim(at, b)])
    };
    for (keys, at, joined) in [
        (&[IMAGE][..], OTHER, true),
        (&["name:trolley"], OTHER, false),
        (&["name:trolley", "port:7070"], OTHER, true),
        // Common, of one text, of one scheme: each tells one thing.
        (&["name:api", "port:7070"], OTHER, false),
        (&["name:trolley", "imagename:trolley"], OTHER, false),
        (&["port:7070", "port:7071"], OTHER, false),
        (&["label:a", "label:b"], OTHER, false),
        // Of one repository.
        (&["name:trolley", "port:7070"], "repo:git.test/a/shop//deploy#k8s/trolley", false),
    ] {
        live(&[together(keys, keys, at)], |map| assert_eq!(map.together(CART, at), joined, "{keys:?} {at}"));
    }
    live(&[together(&["name:trolley"], &["port:7070"], OTHER)], |map| assert!(!map.together(CART, OTHER)));
}

#[test]
fn rule_machines_join_unless_it_is_barred() {
    let joined = claim("same_as", BILLING).to(CART);
    live(&[said(vec![joined.clone()])], |map| {
        assert!(!map.together(CART, BILLING) && map.questions().is_empty());
    });
    live(&[said(vec![claim("same_as", CART).to(MANIFEST)])], |map| assert!(map.together(CART, MANIFEST)));
    // A person may.
    live(&[said(vec![joined]), word(ANN, 2, same(CART, BILLING)).done()], |map| {
        assert!(map.together(CART, BILLING));
    });
}

#[test]
fn rule_a_key_of_two_that_bar_each_other_joins_by_name_only_and_the_rest_is_asked() {
    let there = said(vec![
        exists(CART).key(CART, IMAGE),
        exists(BILLING).key(BILLING, IMAGE),
        exists(MANIFEST).key(MANIFEST, IMAGE),
        exists(OTHER).key(OTHER, IMAGE),
    ]);
    live(&[there], |map| {
        assert!(map.together(CART, MANIFEST) && !map.together(CART, BILLING));
        assert_eq!(map.questions(), vec![format!("ambiguous {OTHER} {BILLING} {CART} {MANIFEST}")]);
    });
}

#[test]
fn rule_of_a_key_with_many_holders_nobody_is_asked() {
    let others = |count: usize| {
        let folders =
            (0..count).map(|number| format!("repo:git.test/c/other//run{number}#compose/x{number}"));
        let mut claims = vec![exists(CART).key(CART, IMAGE), exists(BILLING).key(BILLING, IMAGE)];
        claims.extend(folders.map(|of| exists(&of).key(&of, IMAGE)));
        said(claims)
    };
    live(&[others(14)], |map| assert_eq!(map.questions().len(), 14));
    live(&[others(15)], |map| assert!(map.questions().is_empty() && !map.together(CART, BILLING)));
}

#[test]
fn rule_one_that_people_keep_apart_from_all_holders_is_no_question() {
    let there = said(vec![
        exists(CART).key(CART, IMAGE),
        exists(BILLING).key(BILLING, IMAGE),
        exists(OTHER).key(OTHER, IMAGE),
    ]);
    let not_cart = word(ANN, 2, same(CART, OTHER).not()).done();
    let not_billing = word(ANN, 3, same(BILLING, OTHER).not()).done();
    live(&[there.clone(), not_cart.clone()], |map| assert_eq!(map.questions().len(), 1));
    live(&[there, not_cart, not_billing], |map| assert!(map.questions().is_empty()));
}

#[test]
fn rule_names_that_people_call_one_bar_nothing_in_their_repository() {
    let at = |folder: &str, name: &str| format!("repo:git.test/c/other//{folder}#compose/{name}");
    let (a, b) = (at("one", "pay"), at("one", "payments"));
    let (c, d) = (at("two", "pay"), at("two", "payments"));
    let joined = |of: &str, to: &str| claim("same_as", of).to(to);
    let there = said(vec![joined(&a, &b), joined(&c, &d)]);
    live(std::slice::from_ref(&there), |map| assert!(!map.together(&a, &b) && !map.together(&c, &d)));
    let called = word(ANN, 2, same(&a, &b)).done();
    live(&[there.clone(), called.clone()], |map| assert!(map.together(&a, &b) && map.together(&c, &d)));
    // In dispute it says nothing about names.
    let denied = word(BEN, 3, same(&a, &b).not()).done();
    live(&[there.clone(), called.clone(), denied], |map| assert!(!map.together(&c, &d)));
    // Another repository's names are its own.
    let (x, y) = (CART.replace("/cart", "/pay"), CART.replace("/cart", "/payments"));
    let elsewhere = scan(GIT, "image:registry.test/more", 1, vec![joined(&x, &y)]).done();
    live(&[there, called, elsewhere], |map| assert!(map.together(&c, &d) && !map.together(&x, &y)));
}

#[test]
fn rule_names_of_one_container_bar_as_they_are_written() {
    let (day, night) =
        ("repo:git.test/b/ops//deploy#k8s/day/cart", "repo:git.test/b/ops//deploy#k8s/night/cart");
    let joined = said(vec![claim("same_as", day).to(night)]);
    live(&[joined], |map| assert!(!map.together(day, night) && map.questions().is_empty()));
    let keyed = [day, night, OTHER].iter().map(|of| exists(of).key(of, IMAGE)).collect();
    live(&[said(keyed)], |map| {
        assert!(!map.together(day, night) && !map.together(day, OTHER));
        assert_eq!(map.questions(), vec![format!("ambiguous {OTHER} {day} {night}")]);
    });
}

#[test]
fn rule_what_people_keep_apart_stays_apart_and_is_asked_unless_known() {
    let there = said(vec![exists(CART).key(CART, IMAGE), exists(MANIFEST).key(MANIFEST, IMAGE)]);
    let denial = || same(CART, MANIFEST).not();
    live(&[there.clone(), word(ANN, 2, denial()).done()], |map| {
        assert!(!map.together(CART, MANIFEST));
        assert_eq!(map.questions(), vec![format!("refused_join {CART} {MANIFEST}")]);
    });
    let knowing = word(ANN, 2, denial().against(IMAGE, false, None)).done();
    live(&[there.clone(), knowing.clone()], |map| {
        assert!(!map.together(CART, MANIFEST) && map.questions().is_empty());
    });
    // A new reason is a new question.
    let traced =
        scan("system:traces", "image:registry.test/t", 1, vec![claim("same_as", CART).to(MANIFEST)]).done();
    live(&[there.clone(), traced, knowing], |map| assert_eq!(map.questions().len(), 1));
    // Two people differ: the dispute is the question, and no join is made.
    let yes = word(BEN, 3, same(CART, MANIFEST)).done();
    live(&[there, word(ANN, 2, denial()).done(), yes], |map| {
        assert!(!map.together(CART, MANIFEST));
        assert_eq!(map.questions(), vec![format!("dispute {CART} {MANIFEST} same_as")]);
    });
}

#[test]
fn rule_joins_are_made_by_rank_and_a_denial_reaches_through_clusters() {
    // HOST is declared to be one piece with both; people keep those two apart: the first pair wins.
    let declared = |a: &str, b: &str| claim("same_as", a.min(b)).to(a.max(b)).basis(Basis::Declared);
    let there = said(vec![declared(HOST, CART), declared(HOST, MANIFEST)]);
    let denied = word(ANN, 2, same(CART, MANIFEST).not()).done();
    live(&[there.clone(), denied.clone()], |map| {
        assert!(map.together(HOST, CART) && !map.together(HOST, MANIFEST));
        assert_eq!(map.questions(), vec![format!("refused_join {HOST} {MANIFEST}")]);
    });
    // A person's word comes before a machine's.
    let stated = word(ANN, 3, same(HOST, MANIFEST)).done();
    live(&[there, denied, stated], |map| assert!(map.together(HOST, MANIFEST) && !map.together(HOST, CART)));
}

#[test]
fn rule_of_many_holders_neighbours_are_candidates_and_a_hint_is_common() {
    let hosts: Vec<String> = (10..30).map(|number| format!("host:{number}.test/n{number}")).collect();
    let all = |keys: &[&str]| {
        said(hosts.iter().map(|of| keys.iter().fold(exists(of), |claim, key| claim.key(of, key))).collect())
    };
    live(&[all(&[IMAGE])], |map| assert!(map.together(&hosts[0], &hosts[19])));
    live(&[all(&["name:many", "port:7070"])], |map| assert!(!map.together(&hosts[0], &hosts[1])));
    // Neighbours that people keep apart cut the row in two: pairs further on are no candidates.
    let cut = word(ANN, 2, same(&hosts[9], &hosts[10]).not()).done();
    live(&[all(&[IMAGE]), cut], |map| {
        assert!(map.together(&hosts[0], &hosts[9]) && map.together(&hosts[10], &hosts[19]));
        assert!(!map.together(&hosts[8], &hosts[11]));
    });
}

#[test]
fn rule_one_service_name_in_two_repositories_unites_nothing() {
    let (a, b) = ("repo:git.test/a/shop//#compose/orders", "repo:git.test/b/bank//#compose/orders");
    let keys = |of: &str| exists(of).key(of, "name:orders").key(of, "port:8080").key(of, "imagename:orders");
    let statements = [
        scan(COMPOSE, SHOP, 1, vec![keys(a), relation("calls", a, "repo:git.test/a/shop//#compose/db")])
            .done(),
        scan(COMPOSE, "repo:git.test/b/bank@main", 1, vec![keys(b)]).done(),
    ];
    live(&statements, |map| {
        assert!(!map.together(a, b) && map.questions().is_empty());
    });
}
