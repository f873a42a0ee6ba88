//! Where it goes down, what is next and how high a barrel is, in the real binary.

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

#[test]
fn a_barrel_and_the_next_bottleneck_say_what_they_do_not_know() {
    let world = World::new();
    world.write("estate/compose.yaml", "services:\n  cart:\n    image: cart\n");
    world.run("estate", &["scan", "--quiet"]).ok();
    let text = world.run("estate", &["barrel", "cart"]).ok().out;
    assert!(text.starts_with("cart: 0 of 10 high: the lowest is ownership\n"), "{text}");
    assert!(text.contains("ownership, from 0 to 4: an owner"), "{text}");
    let json = world.run("estate", &["barrel", "cart", "--json"]).ok().json();
    assert_eq!(json["staves"][2]["level"], json!(null));
    world.run("estate", &["barrel", "nobody"]).ends(1);
    let next = world.run("estate", &["next", "--limit", "3"]).ok().out;
    assert!(next.contains("too few to rank by what they cost"), "{next}");
    let json = world.run("estate", &["next", "--since", "30d", "--json"]).ok().json();
    assert_eq!(json["by"], "barrel");
    world.run("estate", &["next", "--since", "soon"]).ends(2);
}
