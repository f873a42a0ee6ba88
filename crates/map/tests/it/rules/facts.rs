//! Sections 6 and 7: facts and questions.

use serde_json::{Value, json};
use stave_model::{Basis, Claim, Statement};

use super::names::*;
use crate::oracle::When;
use crate::real::both;
use crate::says::{Says, Seen, claim, exists, hour, id, relation, scan, word};

fn live(statements: &[Statement], check: impl Fn(&Seen)) {
    both(statements, When::Live(hour(100)), check);
}

fn tier(value: Value) -> Claim {
    claim("tier", CART).value(value)
}

/// A machine's statement on a scope that is no branch, by hour.
fn by(author: &str, at: i64, claims: Vec<Claim>) -> Statement {
    scan(author, &format!("ticket:{at}/1"), at, claims).done()
}

#[test]
fn rule_the_kind_is_claimed_or_follows_the_reference() {
    let bare = "repo:git.test/a/shop";
    let all = [
        (HOST, "component"),
        ("image:registry.test/x", "component"),
        ("package:npm/x", "component"),
        (BLUE, "group"),
        ("person:zz", "person"),
        (bare, "repository"),
        ("catalog:system:default/pay", "system"),
        ("catalog:template:default/pay", "component"),
        ("said:resource/list", "resource"),
        ("said:spaceship/one", "component"),
        (MANIFEST, "component"),
    ];
    let claims = all.iter().map(|(of, _)| claim("title", of).value(json!("x"))).collect();
    live(&[by(COMPOSE, 1, claims)], |map| {
        for (of, kind) in all {
            assert_eq!(map.entity(of)["kind"], kind, "{of}");
            assert_eq!(*map.fact(of, "exists"), Value::Null);
        }
    });
    let kind = |word: &str| claim("exists", HOST).value(json!(word));
    live(&[by(COMPOSE, 1, vec![kind("spaceship")])], |map| assert_eq!(map.entity(HOST)["kind"], "spaceship"));
    live(&[by(COMPOSE, 1, vec![kind("api")]), word(ANN, 2, kind("resource")).done()], |map| {
        assert_eq!(map.entity(HOST)["kind"], "resource");
        assert_eq!(map.questions(), vec![format!("challenge {HOST} exists")]);
    });
}

#[test]
fn rule_a_denied_entity_is_hidden_with_its_links() {
    let there = by(COMPOSE, 1, vec![relation("calls", CART, BILLING), exists(CART)]);
    let denied = word(ANN, 2, exists(CART).not().against(COMPOSE, false, Some(json!("component")))).done();
    live(std::slice::from_ref(&there), |map| assert!(map.linked(CART, "calls", BILLING)));
    live(&[there.clone(), denied.clone()], |map| {
        assert_eq!(map.entity(CART)["hidden"], true);
        assert_eq!(map.fact(CART, "exists")["state"], "denied");
        assert_eq!(map.fact(CART, "exists")["basis"], "stated");
        assert_eq!(map.0["links"], json!([]));
        assert!(map.questions().is_empty());
    });
    let again = word(BEN, 3, claim("exists", CART).value(json!("api"))).done();
    live(&[there, denied, again], |map| {
        assert_eq!(map.entity(CART).get("hidden"), None);
        assert_eq!(map.entity(CART)["kind"], "api");
        assert!(map.linked(CART, "calls", BILLING));
        assert_eq!(map.questions(), vec![format!("dispute {CART} exists")]);
    });
}

#[test]
fn rule_one_value_by_basis_author_date_and_value() {
    let wins = |statements: &[Statement], value: Value, basis: &str| {
        live(statements, |map| {
            assert_eq!(map.fact(CART, "tier")["value"], value);
            assert_eq!(map.fact(CART, "tier")["basis"], basis);
            assert_eq!(map.fact(CART, "tier")["state"], "stands");
            assert!(map.questions().is_empty());
        });
    };
    let discovered = by("collector:catalog", 5, vec![tier(json!(1))]);
    let observed = by("system:a", 1, vec![tier(json!(2)).basis(Basis::Observed)]);
    let declared = by("system:z", 1, vec![tier(json!(3)).basis(Basis::Declared)]);
    wins(std::slice::from_ref(&discovered), json!(1), "discovered");
    wins(&[discovered.clone(), observed.clone()], json!(2), "observed");
    wins(&[discovered, observed, declared], json!(3), "declared");
    let order = ["catalog", "codeowners", "compose", "kubernetes", "docker", "aardvark"];
    for (index, first) in order.iter().enumerate() {
        for second in &order[index + 1..] {
            let a = by(&format!("collector:{first}"), 1, vec![tier(json!("a"))]);
            let b = by(&format!("collector:{second}"), 5, vec![tier(json!("b"))]);
            wins(&[a, b], json!("a"), "discovered");
        }
    }
    wins(
        &[by(COMPOSE, 1, vec![tier(json!(1))]), by(COMPOSE, 2, vec![tier(json!(2))])],
        json!(2),
        "discovered",
    );
    wins(&[by(COMPOSE, 1, vec![tier(json!("b")), tier(json!("a"))])], json!("a"), "discovered");
}

#[test]
fn rule_words_decide_and_words_that_differ_act_as_if_not_said() {
    let machine = by(COMPOSE, 1, vec![tier(json!(1))]);
    let none = word(ANN, 2, tier(Value::Null).against(COMPOSE, false, Some(json!(1)))).done();
    live(&[machine.clone(), none.clone()], |map| {
        assert_eq!(map.fact(CART, "tier")["value"], Value::Null);
        assert!(map.fact(CART, "tier").as_object().unwrap().contains_key("value"));
        assert!(map.questions().is_empty());
    });
    // Two devices of one person, neither knew of the other: a dispute like any other.
    let other = word(ANN, 3, tier(json!(2))).done();
    live(&[machine, none.clone(), other.clone()], |map| {
        let fact = map.fact(CART, "tier");
        assert_eq!(
            (&fact["state"], &fact["value"], &fact["basis"]),
            (&json!("disputed"), &json!(1), &json!("discovered"))
        );
        assert_eq!(map.questions(), vec![format!("dispute {CART} tier")]);
    });
    live(&[by(COMPOSE, 1, vec![exists(CART)]), none, other], |map| {
        let fact = map.fact(CART, "tier");
        assert_eq!(
            (&fact["state"], fact.get("value"), &fact["basis"]),
            (&json!("disputed"), None, &json!("stated"))
        );
    });
}

#[test]
fn rule_names_are_shown_if_they_are_texts() {
    let name = |value: Value| claim("name", CART).value(value);
    live(&[by(COMPOSE, 1, vec![name(json!("Shopping cart"))])], |map| {
        assert_eq!(map.entity(CART)["name"], "Shopping cart");
    });
    live(&[by(COMPOSE, 1, vec![name(Value::Null)])], |map| assert_eq!(map.entity(CART)["name"], "cart"));
}

#[test]
fn rule_declared_values_that_differ_are_asked_while_no_word_decides() {
    let declared = |value: i64| tier(json!(value)).basis(Basis::Declared);
    let there = [by("collector:catalog", 1, vec![declared(1)]), by("system:z", 1, vec![declared(2)])];
    live(&there, |map| {
        assert_eq!(map.fact(CART, "tier")["value"], 1);
        assert_eq!(map.questions(), vec![format!("declared_differ {CART} tier")]);
    });
    let claim = tier(json!(1)).against("system:z", false, Some(json!(2)));
    let [a, b] = there;
    live(&[a, b, word(ANN, 2, claim).done()], |map| assert!(map.questions().is_empty()));
}

#[test]
fn rule_the_highest_basis_owns_all_its_sets_together() {
    let owned = |owners: &[&str]| claim("owned_by", CART).value(json!(owners));
    let found = by(COMPOSE, 1, vec![owned(&["person:zz"])]);
    let one = by("collector:catalog", 1, vec![owned(&[BLUE]).basis(Basis::Declared)]);
    let two = by("collector:codeowners", 1, vec![owned(&[GREEN]).basis(Basis::Declared)]);
    let ids = |of: &[&str]| {
        let mut ids: Vec<Value> = of.iter().map(|one| id(one)).collect();
        ids.sort_by_key(|id| id.as_str().map(str::to_owned));
        Value::from(ids)
    };
    let there = [found, one, two];
    live(&there, |map| {
        assert_eq!(map.fact(CART, "owned_by")["value"], ids(&[BLUE, GREEN]));
        assert!(map.linked(CART, "owned_by", BLUE) && !map.linked(CART, "owned_by", "person:zz"));
        assert_eq!(map.questions(), vec![format!("declared_differ {CART} owned_by")]);
    });
    let mut people = there.to_vec();
    people.push(word(ANN, 2, owned(&["said:group/night"])).done());
    live(&people, |map| {
        assert_eq!(map.fact(CART, "owned_by")["value"], ids(&["said:group/night"]));
        assert_eq!(map.questions(), vec![format!("challenge {CART} owned_by")]);
    });
    people.push(word(BEN, 3, owned(&[])).done());
    live(&people, |map| {
        assert_eq!(map.fact(CART, "owned_by")["value"], ids(&[BLUE, GREEN]));
        assert_eq!(map.fact(CART, "owned_by")["state"], "disputed");
    });
    // An owner without a place leaves the whole word without one.
    let lost = word(ANN, 2, owned(&[BLUE, "team:git.test/a/unheard"])).done();
    live(&[by(COMPOSE, 1, vec![owned(&[BLUE])]), lost.clone()], |map| {
        assert_eq!(map.questions(), vec![format!("without_place {}", lost.id())]);
    });
}

#[test]
fn rule_a_relation_stands_if_anybody_says_it_and_a_denial_removes_what_machines_say() {
    let calls = || relation("calls", CART, BILLING);
    let machine = by(COMPOSE, 1, vec![calls().value(json!({"port": 80}))]);
    live(std::slice::from_ref(&machine), |map| {
        assert!(map.linked(CART, "calls", BILLING) && !map.linked(BILLING, "calls", CART));
        let fact = map.relation(CART, "calls", BILLING);
        assert_eq!((fact.get("value"), &fact["said"][0]["value"]), (None, &json!({"port": 80})));
    });
    // Details decide nothing: no challenge, no dispute.
    live(&[machine.clone(), word(ANN, 2, calls()).done()], |map| {
        assert_eq!(map.relation(CART, "calls", BILLING)["basis"], "stated");
        assert!(map.questions().is_empty());
    });
    let denied = word(ANN, 2, calls().not()).done();
    live(&[machine.clone(), denied.clone()], |map| {
        let fact = map.relation(CART, "calls", BILLING);
        assert_eq!((&fact["state"], &fact["basis"]), (&json!("denied"), &json!("stated")));
        assert!(!map.linked(CART, "calls", BILLING));
        assert_eq!(map.questions(), vec![format!("challenge {CART} calls {BILLING}")]);
    });
    let known = calls().not().against(COMPOSE, false, Some(json!({"port": 80})));
    live(&[machine.clone(), word(ANN, 2, known).done()], |map| assert!(map.questions().is_empty()));
    live(&[machine, denied.clone(), word(BEN, 3, calls()).done()], |map| {
        assert_eq!(map.relation(CART, "calls", BILLING)["state"], "disputed");
        assert!(map.linked(CART, "calls", BILLING));
        assert_eq!(map.questions(), vec![format!("dispute {CART} calls {BILLING}")]);
    });
    live(&[by(COMPOSE, 1, vec![exists(CART), exists(BILLING)]), denied], |map| {
        assert_eq!(map.relation(CART, "calls", BILLING)["state"], "denied");
        assert_eq!(map.relation(CART, "calls", BILLING)["basis"], "stated");
    });
}

#[test]
fn rule_a_challenge_ends_with_a_word_that_lists_it() {
    let machine = by(COMPOSE, 1, vec![tier(json!(1))]);
    let first = word(ANN, 2, tier(json!(2))).done();
    live(&[machine.clone(), first.clone()], |map| {
        assert_eq!(map.questions(), vec![format!("challenge {CART} tier")]);
    });
    let knowing = tier(json!(2)).against(COMPOSE, false, Some(json!(1)));
    let second = word(ANN, 3, knowing.clone()).replaces(&[&first]).done();
    live(&[machine.clone(), first.clone(), second.clone()], |map| assert!(map.questions().is_empty()));
    // Not replaced, the first one is challenged as before.
    live(&[machine.clone(), first, word(ANN, 3, knowing).done()], |map| assert_eq!(map.questions().len(), 1));
    // The same value from another line is no news, another value is.
    let moved = scan(COMPOSE, "ticket:1/1", 4, vec![tier(json!(1)).at("b.yaml", 9)]).done();
    live(&[machine.clone(), moved, second.clone()], |map| assert!(map.questions().is_empty()));
    let news = scan(COMPOSE, "ticket:1/1", 4, vec![tier(json!(3))]).done();
    live(&[machine, news, second], |map| assert_eq!(map.questions(), vec![format!("challenge {CART} tier")]));
}

#[test]
fn rule_relations_to_itself_are_dropped() {
    let claims = vec![
        relation("calls", CART, MANIFEST),
        claim("same_as", CART).to(MANIFEST),
        claim("member_of", CART).value(json!([MANIFEST, BLUE])),
    ];
    live(&[by(COMPOSE, 1, claims)], |map| {
        assert_eq!(map.relation(CART, "calls", MANIFEST), &Value::Null);
        assert_eq!(map.fact(CART, "member_of")["value"], json!([id(BLUE)]));
    });
}

#[test]
fn rule_environments_are_united_unless_one_is_everywhere() {
    let calls = || relation("calls", CART, BILLING);
    let prod = by(COMPOSE, 1, vec![calls().env("prod")]);
    let test = by("collector:kubernetes", 1, vec![calls().env("test").env("prod")]);
    live(&[prod.clone(), test.clone()], |map| {
        assert_eq!(map.relation(CART, "calls", BILLING)["env"], json!(["prod", "test"]));
    });
    live(&[prod, test, by("system:a", 1, vec![calls()])], |map| {
        assert_eq!(map.relation(CART, "calls", BILLING).get("env"), None);
    });
}

#[test]
fn rule_a_question_has_the_hash_of_its_parts() {
    let statements = [by(COMPOSE, 1, vec![tier(json!(1))]), word(ANN, 2, tier(json!(2))).done()];
    live(&statements, |map| {
        let text = format!("[\"challenge\",[\"{CART}\"],\"tier\",null]");
        assert_eq!(map.0["questions"][0]["id"], crate::oracle::short_id(&text));
    });
}
