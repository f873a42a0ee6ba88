//! `kill -9` in the middle of a scan, a word, a merge, a backup and a compaction: what was acknowledged is there, the rest
//! whole or not at all.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use crate::world::World;

/// Kills for each of the five, where nobody asks for more; a hundred more are in the ledger's own tests.
const ROUNDS: u32 = 10;

fn rounds() -> u32 {
    std::env::var("STAVE_KILLS").map_or(ROUNDS, |text| text.parse().unwrap())
}

/// Kills of one command, at moments that are spread over the time that it takes.
struct Kills {
    what: &'static str,
    /// How long the command takes; less when one turns out to be quicker, so that later kills still meet it.
    whole: Duration,
    round: u32,
    killed: u32,
}

impl Kills {
    fn new(what: &'static str, whole: Duration) -> Kills {
        Kills { what, whole, round: 0, killed: 0 }
    }

    /// Runs the command and kills it after a while. Says whether it had ended well before.
    fn kill(&mut self, world: &World, folder: &str, arguments: &[&str]) -> bool {
        self.round += 1;
        let after = self.whole.mul_f64(f64::from(self.round) / f64::from(rounds()));
        let mut child = world.spawn(folder, arguments);
        let started = Instant::now();
        while started.elapsed() < after {
            if let Some(status) = child.try_wait().unwrap() {
                self.whole = self.whole.min(started.elapsed());
                return status.success();
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        // SIGKILL: nothing of the program runs after it.
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        // It may have ended in the last moment; its own words decide.
        self.killed += u32::from(output.status.signal().is_some());
        output.status.success()
    }

    /// Of rounds in which nobody was killed nothing follows.
    fn end(self) {
        println!("measured: {} killed in {} of {} rounds", self.what, self.killed, self.round);
        assert!(self.killed * 2 >= self.round, "{}: {} of {}", self.what, self.killed, self.round);
    }
}

/// How long a command takes when nobody disturbs it.
fn undisturbed(world: &World, folder: &str, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    world.run(folder, arguments).ok();
    started.elapsed()
}

#[test]
fn words_survive() {
    let world = World::new();
    world.tea();
    let mut kills = Kills::new("words", undisturbed(&world, "tea", &["say", "cart", "tag", "first"]));
    let mut acknowledged = vec!["first".to_owned()];
    for round in 0..rounds() {
        let tag = format!("round-{round}");
        if kills.kill(&world, "tea", &["say", "cart", "tag", &tag]) {
            acknowledged.push(tag);
        }
        let export = world.run("tea", &["export"]).ok().out;
        for tag in &acknowledged {
            assert!(export.contains(&format!("\"{tag}\"")), "{tag} was acknowledged and is lost");
        }
    }
    world.run("tea", &["show", "cart"]).ok();
    kills.end();
}

#[test]
fn a_scan_is_in_the_ledger_whole_or_not_at_all() {
    let world = World::new();
    world.shop();
    // With a name of its own: a folder without one is called after each ledger.
    world.git("shop", 0, &["init", "--quiet"]);
    world.git("shop", 0, &["remote", "add", "origin", "https://git.example.com/leafcup/shop.git"]);
    world.commit("shop", 1);
    let mut kills = Kills::new("scans", undisturbed(&world, "shop", &["scan", "--ledger", "../measure"]));
    let reference = world.ask("shop", &["export", "--as", "graph", "--ledger", "../measure"]);
    for round in 0..rounds() {
        let ledger = format!("../scan-{round}");
        let acknowledged = kills.kill(&world, "shop", &["scan", "--ledger", &ledger]);
        if acknowledged {
            assert_eq!(world.ask("shop", &["export", "--as", "graph", "--ledger", &ledger]), reference);
        }
        // The next scan starts from whatever is there and ends where an undisturbed one does.
        world.run("shop", &["scan", "--ledger", &ledger]).ok();
        assert_eq!(world.ask("shop", &["export", "--as", "graph", "--ledger", &ledger]), reference);
    }
    kills.end();
}

#[test]
fn a_merge_is_in_the_ledger_whole_or_not_at_all() {
    let world = World::new();
    world.shop();
    world.run("shop", &["scan"]).ok();
    world.run("shop", &["export", "../shop.jsonl"]).ok();
    fs::create_dir(world.path("measure")).unwrap();
    let mut kills = Kills::new("merges", undisturbed(&world, "measure", &["merge", "../shop.jsonl"]));
    let export = fs::read_to_string(world.path("shop.jsonl")).unwrap();
    for round in 0..rounds() {
        let folder = format!("merge-{round}");
        fs::create_dir(world.path(&folder)).unwrap();
        let acknowledged = kills.kill(&world, &folder, &["merge", "../shop.jsonl"]);
        if world.path(&folder).join(".stave/ledger.sqlite").exists() {
            let there = world.run(&folder, &["export"]).ok().out;
            let first: serde_json::Value = serde_json::from_str(there.lines().next().unwrap()).unwrap();
            let is_whole = there == export;
            assert!(
                is_whole || (first["statements"] == 0 && !acknowledged),
                "a part of the file was merged ({acknowledged}): {first}"
            );
        } else {
            assert!(!acknowledged);
        }
        world.run(&folder, &["merge", "../shop.jsonl"]).ok();
    }
    kills.end();
}

#[test]
fn a_backup_is_there_whole_or_not_at_all() {
    let world = World::new();
    world.shop();
    world.run("shop", &["scan"]).ok();
    let ledger = world.run("shop", &["export"]).ok().out;
    let mut kills = Kills::new("backups", undisturbed(&world, "shop", &["backup", "../measure.backup"]));
    for round in 0..rounds() {
        let (backup, place) = (format!("../{round}.backup"), format!("restored-{round}"));
        let acknowledged = kills.kill(&world, "shop", &["backup", &backup]);
        let is_there = world.path("shop").join(&backup).exists();
        assert!(is_there || !acknowledged, "it was acknowledged and is not there");
        if is_there {
            fs::create_dir(world.path(&place)).unwrap();
            world.run(&place, &["--ledger", ".", "restore", &backup]).ok();
            assert_eq!(world.run(&place, &["--ledger", ".", "export"]).ok().out, ledger);
            fs::remove_dir_all(world.path(&place)).unwrap();
            fs::remove_file(world.path("shop").join(&backup)).unwrap();
        }
    }
    assert_eq!(world.run("shop", &["export"]).ok().out, ledger);
    kills.end();
}

#[test]
fn a_compaction_is_there_whole_or_not_at_all() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    for version in 0..3 {
        let more = format!(
            "{}\n  extra-{version}:\n    image: registry.example.com/e:{version}\n",
            crate::world::TEA
        );
        world.write("tea/compose.yaml", &more);
        world.run("tea", &["scan", "--quiet"]).ok();
    }
    world.run("tea", &["backup", "../tea.backup"]).ok();
    let restored = |name: &str| {
        fs::create_dir(world.path(name)).unwrap();
        world.run(name, &["--ledger", ".", "restore", "../tea.backup"]).ok();
    };
    let statements = |name: &str| {
        let export = world.run(name, &["--ledger", ".", "export"]).ok().out;
        let first: serde_json::Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
        first["statements"].as_u64().unwrap()
    };
    let compact = ["--ledger", ".", "compact", "--keep", "0h"];
    restored("measure");
    let graph = world.ask("measure", &["--ledger", ".", "export", "--as", "graph"]);
    let before = statements("measure");
    let mut kills = Kills::new("compactions", undisturbed(&world, "measure", &compact));
    let after = statements("measure");
    assert!(after < before);
    for round in 0..rounds() {
        let name = format!("compact-{round}");
        restored(&name);
        let acknowledged = kills.kill(&world, &name, &compact);
        let there = statements(&name);
        assert!(there == after || (there == before && !acknowledged), "{there} of {before}, {acknowledged}");
        assert_eq!(world.ask(&name, &["--ledger", ".", "export", "--as", "graph"]), graph);
        world.run(&name, &compact).ok();
        assert_eq!(statements(&name), after);
        fs::remove_dir_all(world.path(&name)).unwrap();
    }
    kills.end();
}
