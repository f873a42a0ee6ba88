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
        text.starts_with("no incidents since ") && text.contains("The ledger has no incidents;"),
        "{text}"
    );
    let one = world.run("estate", &["fires", "cart", "--since", "90d", "--json"]).ok().json();
    assert_eq!(one["rows"], json!([]));
    world.run("estate", &["fires", "nobody"]).ends(1);
    world.run("estate", &["fires", "--since", "yesterday"]).ends(2);
    world.run("estate", &["fires", "--until", "2001-02-30"]).ends(2);
    let ran = world.run("estate", &["fires", "--since", "2001-02-01", "--until", "2001-01-31"]).ends(2);
    assert!(ran.err.contains("is not before the end"), "{}", ran.err);
}

#[test]
fn a_period_of_the_past_is_asked_at_its_end() {
    let world = World::new();
    world.write("estate/compose.yaml", "services:\n  cart:\n    image: cart\n");
    world.write(
        "incidents.csv",
        "key,title,service,started,resolved,severity\n1,Down,cart,2001-02-05 10:00Z,2001-02-05 11:00Z,major\n",
    );
    world.run("estate", &["scan", "--quiet"]).ok();
    world.run("estate", &["import", "--from", "pages", "../incidents.csv"]).ok();
    let rows = |until: &str| {
        let found = world.run("estate", &["fires", "--until", until, "--json"]).ok().json();
        assert_eq!(found["now"], format!("{until}T23:59:59.999Z"));
        found["rows"].as_array().map(Vec::len)
    };
    assert_eq!([rows("2001-02-04"), rows("2001-02-05"), rows("2001-12-31")], [Some(0), Some(1), Some(0)]);
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

#[test]
fn imported_incidents_are_counted_for_the_piece_that_their_tool_names() {
    let world = World::new();
    world.write("estate/compose.yaml", "services:\n  cart:\n    image: cart\n  orders:\n    image: orders\n");
    world.write(
        "incidents.csv",
        "id,title,started,resolved,severity,service\n\
         1,Slow,2026-01-01T10:00:00Z,2026-01-01T12:00:00Z,high,cart\n\
         2,Slow,2026-01-01T11:00:00Z,2026-01-01T13:00:00Z,high,cart\n\
         3,Down,2026-01-02T11:00:00Z,2026-01-02T11:30:00Z,high,orders\n",
    );
    world.run("estate", &["scan", "--quiet"]).ok();
    world.run("estate", &["import", "../incidents.csv"]).ok();
    let json = world.run("estate", &["fires", "--since", "2025-12-01", "--json"]).ok().json();
    let rows: Vec<(&str, u64)> = json["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["lost_ms"].as_u64().unwrap() / 60_000))
        .collect();
    assert_eq!(rows, [("cart", 180), ("orders", 30)]);
    let text = world.run("estate", &["fires", "cart", "--since", "2025-12-01"]).ok().out;
    assert!(text.contains("cart  3 h"), "{text}");
}
