//! A tree in which nothing has changed is not read again, and one in which anything has is.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::world::World;

/// The one remembered tree.
fn remembered(world: &World) -> Option<PathBuf> {
    let folder = fs::read_dir(world.path("shop/.stave/read")).ok()?;
    folder.map(|entry| entry.unwrap().path()).next()
}

/// Marks what is remembered: a scan that prints the mark has read no file.
fn mark(world: &World) {
    let path = remembered(world).expect("something is remembered");
    let mut tree: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    tree["files_read"] = Value::from(4_711);
    fs::write(path, tree.to_string()).unwrap();
}

fn scan(world: &World) -> Value {
    world.ask("shop", &["scan"])["scan"]["trees"][0].clone()
}

#[test]
fn a_tree_is_read_again_only_when_something_has_changed() {
    let world = World::new();
    fs::create_dir(world.path("shop")).unwrap();
    world.git("shop", 0, &["init", "--quiet"]);
    world.git("shop", 0, &["remote", "add", "origin", "https://git.example.com/leafcup/shop.git"]);
    world.write("shop/compose.yaml", "services:\n  cart:\n    build: ./cart\n");
    world.commit("shop", 1);
    // Too young to tell a change by its time: nothing is kept.
    let op = world.ask("shop", &["scan"])["scan"]["op"].as_str().unwrap().to_owned();
    assert_eq!(remembered(&world), None);
    sleep(Duration::from_millis(2_200));
    let first = scan(&world);
    mark(&world);
    let again = scan(&world);
    assert_eq!((&again["files_read"], &again["appended"]), (&Value::from(4_711), &Value::from(0)));
    assert_eq!(again["claims"], first["claims"]);
    assert_eq!(again["unchanged"], first["unchanged"]);

    // What was undone is said again.
    world.run("shop", &["undo", &op]).ok();
    let undone = scan(&world);
    assert_ne!(undone["files_read"], 4_711);
    assert_ne!(undone["appended"], 0);

    // A changed file, of the same length and with its old time put back, is seen.
    mark(&world);
    let file = world.path("shop/compose.yaml");
    let old = fs::metadata(&file).unwrap().modified().unwrap();
    world.write("shop/compose.yaml", "services:\n  till:\n    build: ./cart\n");
    fs::File::options().append(true).open(&file).unwrap().set_modified(old).unwrap();
    let changed = scan(&world);
    assert_ne!(changed["files_read"], 4_711);

    // Damage costs time and nothing else.
    world.git("shop", 2, &["checkout", "--quiet", "."]);
    sleep(Duration::from_millis(2_200));
    scan(&world);
    fs::write(remembered(&world).unwrap(), "{").unwrap();
    assert_eq!(scan(&world)["files_read"], first["files_read"]);
}
