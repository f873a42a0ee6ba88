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
