//! Section 3: which statements count.

use serde_json::{Value, json};
use stave_model::{Basis, Statement};

use super::names::*;
use crate::oracle::When;
use crate::real::both;
use crate::says::{Says, Seen, claim, exists, hour, same, scan, withdraw, word};

fn live(statements: &[Statement], check: impl Fn(&Seen)) {
    both(statements, When::Live(hour(100)), check);
}

fn description(text: &str) -> stave_model::Claim {
    claim("description", CART).value(json!(text))
}

#[test]
fn rule_machines_wait_for_the_future_people_do_not() {
    let statements = [
        scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done(),
        scan(COMPOSE, SHOP, 101, vec![exists(BILLING)]).done(),
        word(ANN, 200, description("sells")).done(),
    ];
    live(&statements, |map| {
        assert!(!map.is_live(BILLING));
        assert_eq!(map.fact(CART, "description")["value"], "sells");
    });
    both(&statements, When::Live(hour(101)), |map| assert!(map.is_live(BILLING) && !map.is_live(CART)));
}

#[test]
fn rule_a_date_leaves_out_what_was_said_later() {
    let statements = [
        scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done(),
        word(ANN, 5, description("sells")).done(),
        word(BEN, 9, description("buys")).done(),
    ];
    both(&statements, When::Date(hour(5)), |map| {
        assert_eq!(map.fact(CART, "description")["value"], "sells");
    });
    both(&statements, When::Date(hour(0)), |map| assert!(!map.is_live(CART)));
}

#[test]
fn rule_a_withdrawn_op_and_statement_are_left_out() {
    let base = scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done();
    let said = word(ANN, 2, description("sells")).done();
    let by_op = withdraw(BEN, 3, &format!("op:{}", said.header.op)).done();
    let by_id = withdraw(BEN, 3, &format!("statement:{}", said.id())).done();
    for undo in [by_op, by_id] {
        live(&[base.clone(), said.clone(), undo.clone()], |map| {
            assert_eq!(*map.fact(CART, "description"), Value::Null);
        });
        let redo = withdraw(ANN, 4, &format!("statement:{}", undo.id())).done();
        live(&[base.clone(), said.clone(), undo, redo], |map| {
            assert_eq!(map.fact(CART, "description")["value"], "sells");
        });
    }
}

#[test]
fn rule_an_op_that_withdraws_itself_spares_the_withdrawal() {
    let base = scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done();
    let said = word(ANN, 2, description("sells")).op(7).done();
    let undo = withdraw(ANN, 3, &format!("op:{}", said.header.op)).op(7).done();
    live(&[base, said, undo], |map| assert_eq!(*map.fact(CART, "description"), Value::Null));
}

#[test]
fn rule_withdrawals_in_a_circle_count_for_nothing() {
    let base = scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done();
    let said = word(ANN, 2, description("sells")).done();
    let (x, y) = (crate::generator::op(1), crate::generator::op(2));
    // Each withdraws the other; the first one's op also holds the word's withdrawal.
    let first = withdraw(ANN, 3, &format!("op:{y}")).op(1).done();
    let second = withdraw(BEN, 4, &format!("op:{x}")).op(2).done();
    let third = withdraw(ANN, 5, &format!("statement:{}", said.id())).op(1).done();
    live(&[base.clone(), said.clone(), first.clone(), second.clone(), third.clone()], |map| {
        // Whether the third counts hangs on the circle: undecided, so it does not.
        assert_eq!(map.fact(CART, "description")["value"], "sells");
    });
    // Somebody outside the circle withdraws the second: now the first counts, and the third.
    let fourth = withdraw(BEN, 6, &format!("statement:{}", second.id())).done();
    live(&[base, said, first, second, third, fourth], |map| {
        assert_eq!(*map.fact(CART, "description"), Value::Null);
    });
}

#[test]
fn rule_a_word_is_replaced_along_the_chain_whoever_said_it() {
    let base = scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done();
    let first = word(ANN, 2, description("one")).done();
    let second = word(BEN, 3, description("two")).replaces(&[&first]).done();
    let third = word(ANN, 1, description("three")).replaces(&[&second]).done();
    let all = [base.clone(), first.clone(), second.clone(), third.clone()];
    live(&all, |map| {
        assert_eq!(map.fact(CART, "description")["value"], "three");
        assert_eq!(map.fact(CART, "description")["state"], "stands");
    });
    // The one in between is missing: nothing leads from the third to the first.
    live(&[base.clone(), first.clone(), third.clone()], |map| {
        assert_eq!(map.fact(CART, "description")["state"], "disputed");
        assert_eq!(map.fact(CART, "description").get("value"), None);
        assert_eq!(map.questions(), vec![format!("dispute {CART} description")]);
    });
    // Withdrawn, it still leads there.
    let undo = withdraw(ANN, 9, &format!("statement:{}", second.id())).done();
    live(&[base.clone(), first.clone(), second.clone(), third.clone(), undo], |map| {
        assert_eq!(map.fact(CART, "description")["value"], "three");
    });
    // The last one withdrawn, the one before stands again.
    let undo = withdraw(ANN, 9, &format!("statement:{}", third.id())).done();
    live(&[base, first, second, third, undo], |map| {
        assert_eq!(map.fact(CART, "description")["value"], "two");
    });
}

#[test]
fn rule_a_word_may_replace_what_is_not_here_and_no_machine() {
    let base = scan(COMPOSE, SHOP, 1, vec![exists(CART), description("machine")]).done();
    let unknown = word(ANN, 2, description("sells")).replaces_unknown().done();
    live(&[base.clone(), unknown], |map| assert_eq!(map.fact(CART, "description")["value"], "sells"));
    let machine = word(ANN, 2, claim("tier", CART).value(json!(1))).replaces(&[&base]).done();
    live(&[base, machine], |map| assert_eq!(map.fact(CART, "description")["value"], "machine"));
}

#[test]
fn rule_repositories_that_are_one_are_written_as_the_smallest() {
    let old =
        scan(COMPOSE, "repo:git.test/z/old@main", 1, vec![exists("repo:git.test/z/old//app#compose/cart")]);
    let new = scan(COMPOSE, SHOP, 2, vec![exists(CART)]);
    let joined = word(ANN, 3, same("repo:git.test/a/shop", "repo:git.test/z/old")).done();
    let about_old = claim("title", "repo:git.test/z/old//app#compose/cart").value(json!("Cart"));
    let statements = [old.done(), new.done(), joined, word(ANN, 4, about_old).done()];
    live(&statements, |map| {
        assert!(!map.is_live("repo:git.test/z/old//app#compose/cart"));
        assert_eq!(map.fact(CART, "title")["value"], "Cart");
        // One slot: the older scan is displaced, not added.
        assert_eq!(map.fact(CART, "exists")["said"].as_array().unwrap().len(), 1);
        assert_eq!(
            map.0["views"],
            json!([{"repository": "git.test/a/shop", "branch": "main", "why": "newest"}])
        );
    });
}

#[test]
fn rule_a_disputed_or_denied_set_of_repositories_is_left_alone() {
    let (a, b, c) = ("repo:git.test/a/shop", "repo:git.test/b/ops", "repo:git.test/c/lib");
    let base = [
        scan(COMPOSE, SHOP, 1, vec![exists(CART), exists(a)]).done(),
        scan(COMPOSE, OPS, 1, vec![exists(MANIFEST), exists(b)]).done(),
        scan(COMPOSE, "repo:git.test/c/lib@main", 1, vec![exists(c)]).done(),
    ];
    let mut statements = base.to_vec();
    statements.extend([word(ANN, 2, same(a, b)).done(), word(BEN, 2, same(a, b).not()).done()]);
    live(&statements, |map| {
        assert!(map.is_live(MANIFEST) && !map.together(a, b));
        assert_eq!(map.questions(), vec![format!("dispute {a} {b} same_as")]);
    });
    let mut statements = base.to_vec();
    statements.push(word(ANN, 2, same(a, b)).done());
    statements.push(word(ANN, 3, same(b, c)).done());
    statements.push(word(BEN, 4, same(a, c).not()).done());
    live(&statements, |map| {
        // As entities two of them are joined, and the third join is asked about.
        assert!(map.is_live(MANIFEST) && map.together(a, b) && !map.together(b, c));
        assert_eq!(map.questions(), vec![format!("refused_join {a} {c}")]);
    });
}

#[test]
fn rule_of_a_slot_the_newest_source_holds() {
    let one = |text: &str| vec![description(text)];
    let holds = |statements: &[Statement], text: &str| {
        live(statements, |map| {
            assert_eq!(map.fact(CART, "description")["value"], text);
            assert_eq!(map.fact(CART, "description")["said"].as_array().unwrap().len(), 1);
        });
    };
    let newer = scan(COMPOSE, SHOP, 5, one("newer")).source(4).done();
    let old_said_later = scan(COMPOSE, SHOP, 9, one("older")).source(3).done();
    holds(&[newer.clone(), old_said_later], "newer");
    // A source can't be later than its statement.
    let boasting = scan(COMPOSE, SHOP, 3, one("boasting")).source(90).done();
    holds(&[newer.clone(), boasting], "newer");
    let better_rules = scan(COMPOSE, SHOP, 4, one("rules")).source(4).rules(2).done();
    holds(&[newer.clone(), better_rules], "rules");
    let later = scan(COMPOSE, SHOP, 6, one("later")).source(4).done();
    holds(&[newer.clone(), later], "later");
    let twin = scan(COMPOSE, SHOP, 5, one("twin")).source(4).done();
    let expected = if twin.id() > newer.id() { "twin" } else { "newer" };
    holds(&[newer, twin], expected);
}

#[test]
fn rule_authors_and_branches_are_slots_of_their_own() {
    let statements = [
        scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done(),
        scan(GIT, SHOP, 2, vec![exists(BILLING)]).done(),
        scan(COMPOSE, OPS, 3, vec![exists(MANIFEST)]).done(),
    ];
    live(&statements, |map| assert!([CART, BILLING, MANIFEST].iter().all(|one| map.is_live(one))));
}

#[test]
fn rule_a_retired_scope_holds_nothing_and_later_reading_is_asked_about() {
    let first = scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done();
    let retired = word(ANN, 2, claim("retired", SHOP).value(json!(true))).done();
    live(&[first.clone(), retired.clone()], |map| {
        assert!(!map.is_live(CART) && map.questions().is_empty());
        assert_eq!(map.0["views"], json!([]));
    });
    let later = scan(COMPOSE, SHOP, 3, vec![exists(CART)]).done();
    live(&[first.clone(), retired.clone(), later.clone()], |map| {
        assert!(!map.is_live(CART));
        assert_eq!(map.questions(), vec![format!("retired_read {SHOP}")]);
    });
    let undo = withdraw(ANN, 4, &format!("statement:{}", retired.id())).done();
    live(&[first, retired, later, undo], |map| assert!(map.is_live(CART) && map.questions().is_empty()));
}

#[test]
fn rule_what_a_run_could_not_read_is_carried() {
    let cart = || exists(CART).at("app/a.yaml", 3);
    let billing = || exists(BILLING).at("deploy/b.yaml", 4);
    let first = scan(COMPOSE, SHOP, 1, vec![cart(), billing()]).done();
    for (unread, carries) in
        [("app/a.yaml", true), ("app/", true), ("!deploy/", true), ("deploy/", false), ("app/b.yaml", false)]
    {
        let second = scan(COMPOSE, SHOP, 2, vec![]).unread(&[unread]).done();
        live(&[first.clone(), second], |map| {
            assert_eq!(map.is_live(CART), carries, "{unread}");
            assert_eq!(map.is_live(BILLING), unread == "deploy/", "{unread}");
            if carries {
                assert_eq!(map.fact(CART, "exists")["said"][0]["carried"], true);
            }
        });
    }
}

#[test]
fn rule_carrying_goes_down_until_somebody_read_the_path() {
    let cart = || exists(CART).at("app/a.yaml", 3);
    let first = scan(COMPOSE, SHOP, 1, vec![cart()]).done();
    let second = scan(COMPOSE, SHOP, 2, vec![]).unread(&["app/"]).done();
    let third = scan(COMPOSE, SHOP, 3, vec![]).unread(&["app/a.yaml"]).done();
    live(&[first.clone(), second.clone(), third.clone()], |map| assert!(map.is_live(CART)));
    // The second read everything and did not find it: nothing below counts.
    let second = scan(COMPOSE, SHOP, 2, vec![]).done();
    live(&[first.clone(), second, third.clone()], |map| assert!(!map.is_live(CART)));
    // The second could not read another folder, but it read this path.
    let second = scan(COMPOSE, SHOP, 2, vec![]).unread(&["deploy/"]).done();
    live(&[first, second, third], |map| assert!(!map.is_live(CART)));
}

#[test]
fn rule_carrying_goes_through_as_many_runs_as_it_takes() {
    let first = scan(COMPOSE, SHOP, 1, vec![exists(CART).at("app/a.yaml", 3)]).done();
    let mut statements = vec![first];
    for (hour, unread) in [
        (2, &["app/"][..]),
        (3, &["!deploy/"]),
        (4, &["app/a.yaml"]),
        (5, &["app/", "deploy/"]),
        (6, &["app/"]),
    ] {
        statements.push(scan(COMPOSE, SHOP, hour, vec![]).unread(unread).done());
        live(&statements, |map| assert!(map.is_live(CART), "{hour}"));
    }
    // Far down, somebody read the path and found nothing.
    statements.push(scan(COMPOSE, SHOP, 1, vec![]).source(1).rules(1).unread(&["deploy/"]).done());
    live(&statements, |map| assert!(!map.is_live(CART)));
}

#[test]
fn rule_the_default_branch_is_shown_else_the_newest() {
    let view =
        |branch: &str, why: &str| json!([{"repository": "git.test/a/shop", "branch": branch, "why": why}]);
    let main = scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done();
    let dev = scan(COMPOSE, SHOP_DEV, 2, vec![exists(BILLING)]).done();
    live(&[main.clone(), dev.clone()], |map| {
        assert_eq!(map.0["views"], view("dev", "newest"));
        assert!(map.is_live(BILLING) && !map.is_live(CART));
    });
    let default = |value: Value| claim("default_branch", "repo:git.test/a/shop").value(value);
    // Said on a branch that is not shown, it still says which one is.
    let git = scan(GIT, SHOP_DEV, 3, vec![default(json!("main"))]).done();
    live(&[main.clone(), dev.clone(), git.clone()], |map| {
        assert_eq!(map.0["views"], view("main", "default"));
        assert!(!map.is_live(BILLING) && map.is_live(CART));
    });
    let people = word(ANN, 4, default(json!("dev"))).done();
    live(&[main.clone(), dev.clone(), git.clone(), people], |map| {
        assert_eq!(map.0["views"], view("dev", "default"))
    });
    let unread = word(ANN, 4, default(json!("trunk"))).done();
    live(&[main.clone(), dev, git, unread], |map| assert_eq!(map.0["views"], view("dev", "newest")));
    let same_age = scan(COMPOSE, SHOP_DEV, 1, vec![exists(BILLING)]).done();
    live(&[main, same_age], |map| assert_eq!(map.0["views"], view("dev", "newest")));
}

#[test]
fn rule_a_work_tree_takes_the_place_of_its_branch_until_it_is_clean() {
    let at_work = format!("{SHOP}+work");
    let clean = scan(COMPOSE, SHOP, 1, vec![exists(CART)]).done();
    let docker = scan("collector:docker", SHOP, 1, vec![exists(HOST)]).done();
    let work = scan(COMPOSE, &at_work, 2, vec![exists(BILLING)]).done();
    let dirty = scan(GIT, &at_work, 2, vec![exists("repo:git.test/a/shop").basis(Basis::Discovered)]).done();
    let ended = scan(GIT, &at_work, 3, vec![]).done();
    let shown = |statements: &[&Statement], work: bool| {
        let statements: Vec<Statement> = statements.iter().map(|one| (*one).clone()).collect();
        live(&statements, |map| {
            assert_eq!((map.is_live(BILLING), map.is_live(CART)), (work, !work));
            // Who said nothing about the work tree goes on with the branch.
            assert!(map.is_live(HOST));
            assert_eq!(map.0["views"][0].get("work").is_some(), work);
        });
    };
    shown(&[&clean, &docker, &work], false);
    shown(&[&clean, &docker, &work, &dirty], true);
    shown(&[&clean, &docker, &work, &dirty, &ended], false);
}

#[test]
fn rule_scopes_that_are_no_branch_are_live_and_unknown_types_are_counted() {
    let statements = [
        scan("scanner:grype/packages", "image:registry.test/cart", 1, vec![exists(HOST)]).done(),
        scan("system:tracker", "ticket:tracker/42", 1, vec![claim("smells_of", CART).to(BILLING)]).done(),
        word(ANN, 2, claim("smells_of", CART).value(json!("fish"))).done(),
    ];
    live(&statements, |map| {
        assert!(map.is_live(HOST) && !map.is_live(CART) && !map.is_live(BILLING));
        assert_eq!(map.0["unknown_claims"], 2);
    });
}
