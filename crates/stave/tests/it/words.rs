//! People's words: said, denied, taken back, and kept through every later scan.

use serde_json::Value;

use crate::world::World;

fn owners(world: &World, entity: &str) -> Vec<String> {
    let why = world.run("tea", &["why", entity, "owner", "--json"]).json();
    let facts = why["facts"].as_array().cloned().unwrap_or_default();
    facts
        .iter()
        .flat_map(|fact| fact["members"].as_array().cloned().unwrap_or_default())
        .map(|member| member["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Names of the entities that `entity` has this relation to.
fn targets(world: &World, entity: &str, relation: &str) -> Vec<String> {
    let why = world.run("tea", &["why", entity, relation, "--json"]).json();
    let facts = why["facts"].as_array().cloned().unwrap_or_default();
    let shown = facts.iter().filter(|fact| fact["state"] != "denied");
    shown.filter_map(|fact| fact["target"]["name"].as_str().map(str::to_owned)).collect()
}

fn names(world: &World) -> Vec<String> {
    let list = world.ask("tea", &["list"]);
    list["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_owner_is_said_replaced_and_taken_back() {
    let world = World::new();
    world.tea();
    let ran = world.run("tea", &["say", "cart", "owner", "team-a"]).ok();
    assert_eq!(ran.out, "Said: cart is owned by team-a\n");
    assert!(ran.err.contains("team-a is new: a group with the reference said:group/team-a"), "{}", ran.err);
    assert!(ran.err.contains(" undo "), "{}", ran.err);
    assert_eq!(owners(&world, "cart"), ["team-a"]);

    world.run("tea", &["say", "cart", "owned", "by", "counter", "and", "till"]).ok();
    assert_eq!(owners(&world, "cart"), ["counter", "till"]);
    world.run("tea", &["deny", "cart", "owner", "till"]).ok();
    assert_eq!(owners(&world, "cart"), ["counter"]);
    world.run("tea", &["deny", "cart", "owner", "till"]).ends(1);

    // One step back each time: undos themselves are passed over.
    world.run("tea", &["undo"]).ok();
    assert_eq!(owners(&world, "cart"), ["counter", "till"]);
    let undo = world.ask("tea", &["undo"]);
    assert_eq!(owners(&world, "cart"), ["team-a"]);
    world.run("tea", &["undo", undo["op"].as_str().unwrap()]).ok();
    assert_eq!(owners(&world, "cart"), ["counter", "till"]);
    world.run("tea", &["deny", "cart", "owner"]).ok();
    assert_eq!(owners(&world, "cart"), Vec::<String>::new());
}

#[test]
fn taking_back_twice_is_a_no_and_says_how_to_bring_it_back() {
    let world = World::new();
    world.tea();
    let said = world.ask("tea", &["say", "cart", "tier", "1"]);
    let op = said["op"].as_str().unwrap();
    let undo = world.ask("tea", &["undo", &op[..8]]);
    let again = world.run("tea", &["undo", op]).ends(1);
    assert!(again.err.contains(&format!("undo {}", &undo["op"].as_str().unwrap()[..12])), "{}", again.err);
    world.run("tea", &["undo"]).ends(1);
    let log = world.ask("tea", &["log"]);
    assert!(log["operations"].as_array().unwrap().len() >= 3, "nothing is deleted: {log}");
}

#[test]
fn a_scan_is_taken_back_by_its_digits_only() {
    let world = World::new();
    world.tea();
    world.run("tea", &["undo"]).ends(1);
    let log = world.ask("tea", &["log"]);
    let op = log["operations"][0]["op"].as_str().unwrap().to_owned();
    world.run("tea", &["undo", &op]).ok();
    assert_eq!(names(&world), Vec::<String>::new());
    world.run("tea", &["scan"]).ok();
    world.run("tea", &["undo", "zz"]).ends(2);
    world.run("tea", &["undo", "00000000"]).ends(1);
}

#[test]
fn a_relation_is_added_and_denied_and_a_scan_changes_neither() {
    let world = World::new();
    world.tea();
    assert_eq!(targets(&world, "cart", "calls"), ["payments"]);
    world.run("tea", &["say", "cart", "calls", "basket"]).ok();
    world.run("tea", &["deny", "cart", "calls", "payments"]).ok();
    assert_eq!(targets(&world, "cart", "calls"), ["basket"]);
    world.run("tea", &["scan"]).ok();
    assert_eq!(targets(&world, "cart", "calls"), ["basket"]);
    // The same word again says nothing new.
    let again = world.ask("tea", &["deny", "cart", "calls", "payments"]);
    assert_eq!(again["appended"], Value::Array(Vec::new()));
    world.run("tea", &["say", "cart", "calls", "cart"]).ends(2);
}

#[test]
fn a_denial_of_another_relation_than_the_one_on_the_map_names_that_one() {
    let world = World::new();
    world.tea();
    let ran = world.run("tea", &["deny", "cart", "publishes_to", "payments"]).ends(1);
    assert!(ran.err.contains("the map has: cart calls payments"), "{}", ran.err);
    let ran = world.run("tea", &["deny", "basket", "calls", "payments"]).ok();
    assert!(ran.err.contains("nobody says so at present"), "{}", ran.err);
}

#[test]
fn the_other_end_may_come_first() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "team-a", "owns", "cart"]).ok();
    assert_eq!(owners(&world, "cart"), ["team-a"]);
    let why = world.run("tea", &["why", "team-a", "owns", "cart"]).ok();
    assert!(why.out.contains("Counter"), "{}", why.out);
}

#[test]
fn an_owner_with_a_typing_mistake_is_asked_about_and_not_added() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "owner", "stockroom"]).ok();
    let ran = world.run("tea", &["say", "basket", "owner", "stockrom"]).ends(1);
    assert!(ran.err.contains("did you mean stockroom?"), "{}", ran.err);
}

#[test]
fn an_entity_is_added_described_and_denied() {
    let world = World::new();
    world.tea();
    let ran = world.run("tea", &["say", "component", "Billing batch"]).ok();
    assert!(ran.err.contains("said:component/billing-batch"), "{}", ran.err);
    assert!(names(&world).contains(&"Billing batch".to_owned()));
    world.run("tea", &["say", "component", "Billing batch"]).ends(1);
    world.run("tea", &["say", "--new", "component", "Billing batch"]).ok();
    assert_eq!(names(&world).iter().filter(|name| *name == "Billing batch").count(), 2);
    world.run("tea", &["undo"]).ok();

    world.run("tea", &["say", "Billing batch", "description", "Runs", "at", "night"]).ok();
    let shown = world.run("tea", &["show", "Billing batch"]).ok();
    assert!(shown.out.contains("Runs at night"), "{}", shown.out);
    world.run("tea", &["say", "Billing batch", "type", "job"]).ok();
    world.run("tea", &["deny", "Billing batch", "description"]).ok();
    assert!(!world.run("tea", &["show", "Billing batch"]).ok().out.contains("\n  Runs at night"));

    world.run("tea", &["deny", "Billing batch"]).ok();
    assert!(!names(&world).contains(&"Billing batch".to_owned()));
    assert!(world.run("tea", &["list", "--hidden"]).ok().out.contains("Billing batch"));
    world.run("tea", &["undo"]).ok();
    assert!(names(&world).contains(&"Billing batch".to_owned()));
}

#[test]
fn two_are_one_until_somebody_parts_them() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "resource", "till-roll"]).ok();
    world.run("tea", &["say", "till-roll", "same_as", "payments"]).ok();
    assert!(
        !names(&world).contains(&"till-roll".to_owned()) || !names(&world).contains(&"payments".to_owned())
    );
    world.run("tea", &["say", "till-roll", "same_as", "payments"]).ends(1);
    world.run("tea", &["deny", "till-roll", "same_as", "payments"]).ok();
    assert!(
        names(&world).contains(&"till-roll".to_owned()) && names(&world).contains(&"payments".to_owned())
    );
    assert_eq!(world.ask("tea", &["questions"])["total"], 0, "a later word replaces the earlier one");
}

#[test]
fn two_services_that_several_files_name_are_one_in_all_of_them() {
    let world = World::new();
    let two = "services:\n  mailroom:\n    image: registry.example.com/mailroom:1\n  notifier:\n    image: registry.example.com/notifier:1\n";
    let pod = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      \
             containers:\n        - name: {name}\n          image: registry.example.com/{name}:1\n"
        )
    };
    world.write("tea/compose.yaml", two);
    world.write("tea/k8s/all.yaml", &format!("{}---\n{}", pod("mailroom"), pod("notifier")));
    world.run("tea", &["scan"]).ok();
    let mails =
        |world: &World| names(world).iter().filter(|name| *name == "mailroom" || *name == "notifier").count();
    assert_eq!(mails(&world), 2, "each is one, whichever file names it: {:?}", names(&world));
    let why = world.run("tea", &["why", "notifier", "same_as"]).ok().out;
    assert!(why.contains("both have image:registry.example.com/notifier"), "{why}");
    world.run("tea", &["why", "notifier", "same_as", "mailroom"]).ends(1);
    world.run("tea", &["say", "notifier", "same_as", "mailroom"]).ok();
    assert_eq!(mails(&world), 1, "{:?}", names(&world));
    let why = world.run("tea", &["why", "notifier", "same_as"]).ok().out;
    assert!(why.contains("a person says that"), "{why}");
    assert_eq!(world.ask("tea", &["why", "notifier", "same_as"])["is_one"], true);
    world.run("tea", &["undo"]).ok();
    assert_eq!(mails(&world), 2);
    world.run("tea", &["say", "notifier", "same_as", "mailroom"]).ok();
    world.run("tea", &["deny", "notifier", "same_as", "mailroom"]).ok();
    assert_eq!(mails(&world), 2);
    assert_eq!(world.ask("tea", &["questions"])["total"], 0);
}

#[test]
fn words_of_two_people_that_differ_are_a_dispute_that_one_of_them_ends() {
    let world = World::new();
    world.tea();
    // Two copies of one estate, so that neither sees the other's word.
    world.run("tea", &["export", "../tea.jsonl"]).ok();
    std::fs::create_dir(world.path("other")).unwrap();
    world.run("other", &["merge", "../tea.jsonl"]).ok();
    world.run("tea", &["say", "cart", "description", "Holds", "goods"]).ok();
    world.run("other", &["say", "cart", "description", "Holds", "tea", "--as", "till@leafcup.test"]).ok();
    world.run("other", &["export", "../other.jsonl"]).ok();
    world.run("tea", &["merge", "../other.jsonl"]).ok();

    let questions = world.ask("tea", &["questions"]);
    assert_eq!(questions["rows"][0]["kind"], "dispute", "{questions}");
    let id = questions["rows"][0]["id"].as_str().unwrap();
    let listed = world.run("tea", &["answer", &id[..6]]).ok();
    assert!(listed.out.contains("Holds goods") && listed.out.contains("Holds tea"), "{}", listed.out);
    let answers = questions["rows"][0]["answers"].as_array().unwrap();
    let tea = answers.iter().find(|answer| answer["label"].as_str().unwrap().contains("Holds tea")).unwrap();
    world.run("tea", &["answer", id, "99"]).ends(2);
    world.run("tea", &["answer", id, &tea["number"].to_string()]).ok();
    assert!(world.run("tea", &["show", "cart"]).ok().out.contains("Holds tea"));
    assert_eq!(world.ask("tea", &["questions"])["total"], 0);
    world.run("tea", &["answer", id, "1"]).ends(1);
}

#[test]
fn people_who_speak_at_the_same_time_are_all_heard() {
    let world = World::new();
    world.tea();
    let children: Vec<_> =
        (0..8).map(|number| world.spawn("tea", &["say", "cart", "tag", &format!("tag-{number}")])).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let shown = world.run("tea", &["show", "cart"]).ok().out;
    assert!((0..8).all(|number| shown.contains(&format!("tag-{number}"))), "{shown}");
}

#[test]
fn a_scope_is_retired_and_comes_back() {
    let world = World::new();
    world.tea();
    let why = world.ask("tea", &["why", "cart"]);
    let scope = why["facts"][0]["claims"][0]["scope"].as_str().unwrap().to_owned();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    world.run("tea", &["retire", "repo:nowhere@main"]).ends(1);
    world.run("tea", &["retire", &scope]).ok();
    assert!(!names(&world).contains(&"basket".to_owned()));
    assert!(
        world.ask("tea", &["questions"])["without_place"].as_u64().unwrap() > 0,
        "the word is listed, not dropped"
    );
    world.run("tea", &["undo"]).ok();
    assert!(names(&world).contains(&"basket".to_owned()));
}

#[test]
fn a_word_follows_its_service_when_the_folder_moves() {
    let world = World::new();
    world.write("tea/one/compose.yaml", "services:\n  cart:\n    image: registry.example.com/tea/cart:1\n");
    world.run("tea", &["scan"]).ok();
    world.run("tea", &["say", "cart", "owner", "team-a"]).ok();
    std::fs::rename(world.path("tea/one"), world.path("tea/two")).unwrap();
    world.run("tea", &["scan"]).ok();
    assert_eq!(owners(&world, "cart"), ["team-a"]);
}

#[test]
fn what_can_not_be_said_is_explained() {
    let world = World::new();
    world.tea();
    for (words, part) in [
        (&["say", "cart"][..], "what about cart?"),
        (&["say", "cart", "calls"], "calls needs another entity"),
        (&["say", "cart", "ownd-by", "x"], "did you mean owned_by?"),
        (&["say", "cart", "kind", "servis"], "is no kind"),
        (&["say", "--new", "thing", "x"], "kinds are"),
        (&["deny", "cart", "same_as"], "is not the same as what?"),
        (&["say", "component", "!!!"], "neither letters nor digits"),
    ] {
        let ran = world.run("tea", words).ends(2);
        assert!(ran.err.contains(part), "{words:?}: {}", ran.err);
    }
    assert_eq!(world.ask("tea", &["log"])["operations"].as_array().unwrap().len(), 1, "only the scan");
}
