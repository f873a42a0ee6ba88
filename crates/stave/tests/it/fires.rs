//! Where it goes down, in the real binary.

use serde_json::json;

use crate::world::World;

#[test]
fn fires_of_an_estate_without_incidents_are_an_answer() {
    let world = World::new();
    world.write("estate/compose.yaml", "services:\n  cart:\n    image: cart\n");
    world.run("estate", &["scan", "--quiet"]).ok();
    let text = world.run("estate", &["fires"]).ok().out;
    assert!(
        text.starts_with("no incidents since ") && text.contains("The ledger has no incidents."),
        "{text}"
    );
    let one = world.run("estate", &["fires", "cart", "--since", "90d", "--json"]).ok().json();
    assert_eq!(one["rows"], json!([]));
    world.run("estate", &["fires", "nobody"]).ends(1);
    world.run("estate", &["fires", "--since", "yesterday"]).ends(2);
}
