//! Faults around the ledger: no handles left, a clock that is wrong. A sentence each, and nothing is lost.

use std::process::Command;

use crate::disk::Shim;
use crate::world::{Ran, STAVE, World};

#[test]
fn without_file_handles_a_command_says_so_and_loses_nothing() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    let before = world.run("tea", &["export"]).ok().out;
    let mut refused = 0;
    // Three are the terminal's; with a few more it works.
    for handles in 3..14 {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {handles}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, STAVE, "say", "cart", "tag", &format!("t-{handles}")]);
        command.current_dir(world.path("tea")).env("HOME", world.path("home"));
        command.env("STAVE_PERSON", "counter@leafcup.test");
        let ran = Ran::of(&command.output().unwrap());
        assert!(!ran.err.contains("panicked"), "{handles}: {}", ran.err);
        let after = world.run("tea", &["export"]).ok().out;
        if ran.code == Some(0) {
            assert!(after.contains(&format!("\"t-{handles}\"")), "acknowledged with {handles} and lost");
        } else {
            refused += 1;
        }
        assert!(after.lines().count() >= before.lines().count());
    }
    assert!((1..11).contains(&refused), "{refused}");
}

#[test]
fn a_clock_that_goes_wrong_by_a_day_loses_no_word() {
    const DAY: &str = "86400";
    let world = World::new();
    world.tea();
    std::fs::create_dir(world.path("beside")).unwrap();
    let shim = Shim::new(&world.path("tea"), &world.path("beside"));
    let at = |seconds: &str, arguments: &[&str]| {
        let mut command = world.command("tea", arguments);
        shim.under(&mut command);
        command.env("SHIM_CLOCK", seconds);
        Ran::of(&command.output().unwrap())
    };
    let tier = || {
        let page = world.ask("tea", &["show", "cart"]);
        let rows = page["properties"].as_array().unwrap().clone();
        rows.iter().find(|row| row["why"]["fact"] == "tier").map(|row| row["value"].clone())
    };
    // Tomorrow's word counts today, and today's replaces it: clocks decide nothing among people.
    at(DAY, &["say", "cart", "tier", "1"]).ok();
    assert_eq!(tier().unwrap(), "1");
    world.run("tea", &["say", "cart", "tier", "2"]).ok();
    assert_eq!(tier().unwrap(), "2");
    // Yesterday nothing had been read yet: what readers say waits for its day. People's words don't.
    let ran = at(&format!("-{DAY}"), &["say", "cart", "tier", "3"]).ends(1);
    assert!(ran.err.contains("nothing on the map is called"), "{}", ran.err);
    // And the answer says why.
    assert!(ran.err.contains("of readers wait until"), "{}", ran.err);
    assert!(ran.err.contains("this machine's clock is behind theirs"), "{}", ran.err);
    assert_eq!(tier().unwrap(), "2");
    let export = world.run("tea", &["export"]).ok().out;
    world.write("tea/compose.yaml", "services:\n  urn:\n    build: .\n");
    at(DAY, &["scan"]).ok();
    let today = world.run("tea", &["show", "cart"]).ok();
    assert!(today.err.contains("clock is behind theirs"), "{}", today.err);
    assert!(world.ask("tea", &["show", "cart"])["waiting"]["statements"].as_u64().unwrap() > 0);
    let tomorrow = at(DAY, &["show", "urn"]).ok();
    assert!(!tomorrow.err.contains("clock"), "{}", tomorrow.err);
    let after = world.run("tea", &["export"]).ok().out;
    assert!(export.lines().filter(|line| line.contains("\"header\"")).all(|line| after.contains(line)));
}
