//! What other tools wrote meets what manifests say.

use crate::world::World;

const TRACES: &str = r#"{"resourceSpans":[
  {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}},
    {"key":"container.image.name","value":{"stringValue":"ghcr.io/leafcup/cart:7"}}]},
   "scopeSpans":[{"spans":[{"traceId":"t","spanId":"1","kind":3}]}]},
  {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"till"}},
    {"key":"container.image.name","value":{"stringValue":"ghcr.io/leafcup/till:7"}}]},
   "scopeSpans":[{"spans":[{"traceId":"t","spanId":"2","parentSpanId":"1","kind":2}]}]}]}"#;

fn world() -> World {
    let world = World::new();
    std::fs::create_dir(world.path("shop")).unwrap();
    world.git("shop", 0, &["init", "--quiet"]);
    world.git("shop", 0, &["remote", "add", "origin", "https://git.example.com/leafcup/shop.git"]);
    let compose =
        "services:\n  cart:\n    image: ghcr.io/leafcup/cart\n  till:\n    image: ghcr.io/leafcup/till\n";
    world.write("shop/compose.yaml", compose);
    world.commit("shop", 1);
    world.run("shop", &["scan"]).ok();
    world.write("traces.json", TRACES);
    world
}

#[test]
fn a_traced_service_is_the_one_that_runs_its_image() {
    let world = world();
    let imported = world.ask("shop", &["import", "--from", "production", "../traces.json"]);
    assert_eq!(imported["imported"][0]["new"], true);
    let why = world.run("shop", &["why", "cart", "calls", "till"]).ok().out;
    assert!(why.contains("observed") && why.contains("traces.json"), "{why}");
    let names = world.ask("shop", &["export", "--as", "graph"]);
    let services = names["entities"].as_array().unwrap().iter().filter(|one| one["name"] == "cart").count();
    assert_eq!(services, 1, "{names}");
    // The same file again is the same word; an empty one of the same origin ends it.
    let again = world.ask("shop", &["import", "--from", "production", "../traces.json"]);
    assert_eq!(again["imported"][0]["new"], false);
    world.write("traces.json", r#"{"resourceSpans":[]}"#);
    world.run("shop", &["import", "--from", "production", "../traces.json"]).ok();
    world.run("shop", &["why", "cart", "calls", "till"]).ends(1);
}

#[test]
fn a_file_that_is_none_of_the_formats_leaves_nothing_behind() {
    let world = world();
    world.write("other.json", "{\"a\": 1}");
    let before = world.ask("shop", &["log"])["position"].clone();
    let ran = world.run("shop", &["import", "../traces.json", "../other.json"]).ends(2);
    assert!(ran.err.contains("other.json was not imported") && ran.err.contains("hint:"), "{}", ran.err);
    assert_eq!(world.ask("shop", &["log"])["position"], before);
    world.run("shop", &["import", "nowhere.json"]).ends(2);
}

const INCIDENTS: &str = "Incident,Title,Started,Resolved,Service\n\
    7,Cart is down,2026-11-02 09:00Z,2026-11-02 10:00Z,cart\n\
    8,Till is slow,2026-11-03 09:00Z,,\n\
    9,broken row,some time,,\n";

#[test]
fn a_table_of_incidents_is_a_statement_for_each_and_a_later_one_replaces() {
    let world = world();
    world.write("incidents.csv", INCIDENTS);
    let report = &world.ask("shop", &["import", "--from", "desk", "../incidents.csv"])["imported"][0];
    assert_eq!(
        report["records"],
        serde_json::json!({"incidents": 2, "tickets": 0, "deployments": 0, "new": 2})
    );
    assert_eq!(report["scope"], "import:desk/incidents.csv");
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.contains("incidents.csv:4: \"some time\" is no time"), "{warning}");
    // Again: the same words. One row ended meanwhile: one new statement.
    let again = &world.ask("shop", &["import", "--from", "desk", "../incidents.csv"])["imported"][0];
    assert_eq!((&again["new"], &again["records"]["new"]), (&serde_json::json!(false), &serde_json::json!(0)));
    world.write("incidents.csv", &INCIDENTS.replace("09:00Z,,\n", "09:00Z,2026-11-03 09:30Z,\n"));
    let ran = world.run("shop", &["import", "--from", "desk", "../incidents.csv"]).ok();
    assert!(ran.out.contains("2 incidents, 1 of them new"), "{}", ran.out);
    assert!(ran.err.contains("incidents.csv:4: "), "{}", ran.err);
    // Nothing of it is a piece of the map.
    let graph = world.ask("shop", &["export", "--as", "graph"]);
    assert!(!graph.to_string().contains("desk/7"), "{graph}");
}

#[test]
fn columns_are_said_and_a_wrong_one_is_named() {
    let world = world();
    world.write("list.csv", "Wann;Was\n2026-11-02;Kasse steht\n");
    let ran = world.run("shop", &["import", "../list.csv"]).ends(2);
    assert!(ran.err.contains("Wann, Was") && ran.err.contains("--map COLUMN=FIELD"), "{}", ran.err);
    let typed = ["import", "--rows", "incident", "--map", "Wann=start", "--map", "Was=title", "../list.csv"];
    let ran = world.run("shop", &typed).ok();
    assert!(ran.out.contains("a table of incidents, 1 row, 1 incident, all new"), "{}", ran.out);
    let ran = world.run("shop", &["import", "--map", "Wer=title", "../list.csv"]).ends(2);
    assert!(ran.err.contains("there is no column \"Wer\""), "{}", ran.err);
    world.run("shop", &["import", "--map", "Wer", "../list.csv"]).ends(2);
}

/// Which piece `fires` ties which incident to.
fn fires(world: &World) -> Vec<(String, Vec<String>)> {
    let fires = world.ask("shop", &["fires", "--since", "2026-01-01"]);
    let rows = fires["rows"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let keys = |row: &serde_json::Value| {
        row["counted"].as_array().unwrap().iter().map(|one| text(&one["key"])).collect()
    };
    let mut found: Vec<(String, Vec<String>)> = rows.map(|row| (text(&row["name"]), keys(row))).collect();
    found.iter_mut().for_each(|row| row.1.sort());
    found.sort();
    found
}

#[test]
fn an_imported_incident_is_about_what_its_tool_its_title_or_a_person_says() {
    let world = world();
    world.write(
        "incidents.csv",
        "Incident,Title,Started,Resolved,Service\n\
         1,Cart is down,2026-11-02 09:00Z,2026-11-02 10:00Z,\n\
         2,Vouchers are refused,2026-11-03 09:00Z,2026-11-03 10:00Z,\n\
         3,Slow,2026-11-04 09:00Z,2026-11-04 10:00Z,till\n",
    );
    world.run("shop", &["import", "--from", "desk", "../incidents.csv"]).ok();
    let row =
        |name: &str, keys: &[&str]| (name.to_owned(), keys.iter().map(|key| format!("desk/{key}")).collect());
    assert_eq!(fires(&world), [row("cart", &["1"]), row("till", &["3"])]);
    world.run("shop", &["say", "till", "went_down", "desk/2"]).ok();
    world.run("shop", &["deny", "cart", "went_down", "desk/1"]).ok();
    assert_eq!(fires(&world), [row("till", &["2", "3"])]);
}

#[test]
fn a_later_import_of_one_row_replaces_it_although_the_row_is_older_than_others() {
    let world = world();
    world.write("incidents.csv", INCIDENTS);
    world.run("shop", &["import", "--from", "desk", "../incidents.csv"]).ok();
    let one =
        "Incident,Title,Started,Resolved,Service\n7,Till is down,2026-11-02 09:00Z,2026-11-02 10:00Z,till\n";
    world.write("one.csv", one);
    world.run("shop", &["import", "--from", "desk", "../one.csv"]).ok();
    let tied = fires(&world);
    assert_eq!(tied.len(), 1, "{tied:?}");
    assert_eq!(tied[0], ("till".to_owned(), vec!["desk/7".to_owned(), "desk/8".to_owned()]));
}

#[test]
fn an_older_export_does_not_displace_a_newer_one() {
    let world = world();
    let export = |title: &str, day: u32| {
        format!(
            "Incident,Title,Started,Resolved,Updated\n7,{title},2026-11-02 09:00Z,2026-11-02 10:00Z,2026-11-0{day} 09:00Z\n"
        )
    };
    world.write("newer.csv", &export("Till is down", 4));
    world.write("older.csv", &export("Cart is down", 3));
    world.run("shop", &["import", "--from", "desk", "../newer.csv"]).ok();
    world.run("shop", &["import", "--from", "desk", "../older.csv"]).ok();
    assert_eq!(fires(&world), [("till".to_owned(), vec!["desk/7".to_owned()])]);
}

#[test]
fn a_file_of_rows_that_are_all_bad_answers_no() {
    let world = world();
    world.write("bad.csv", "Incident,Title,Started,Resolved,Service\n9,broken row,some time,,\n");
    let ran = world.run("shop", &["import", "../bad.csv"]).ends(1);
    assert!(ran.out.contains("1 row, no record") && ran.err.contains("bad.csv"), "{}{}", ran.out, ran.err);
}
