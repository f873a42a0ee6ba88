//! `kill -9` of commands that reach a ledger in PostgreSQL by themselves: a merge, a backup and a compaction are there whole or
//! not at all. Words and scans come through a server; that servers are killed in the middle of them,
//! `cargo xtask reliability postgres --load` sees to, and of writers in the middle of a transaction, the ledger's own tests.

use std::fs;
use std::time::{Duration, Instant};

use crate::postgres::database;
use crate::postgres_server::Server;
use crate::world::{TEA, World};

/// Rounds of the three, where nobody asks for more.
const ROUNDS: u32 = 6;

fn rounds() -> u32 {
    std::env::var("STAVE_KILLS").map_or(ROUNDS, |text| text.parse().unwrap())
}

/// A ledger in PostgreSQL, and how many commands on it died.
struct Killer<'a> {
    world: &'a World,
    server: &'a Server,
    url: &'a str,
    died: u32,
    /// How much sooner it kills than was meant: the machine may have become quicker since a command was timed.
    haste: f64,
}

impl Killer<'_> {
    fn ask(&self, arguments: &[&str]) -> String {
        self.world.run("tea", &[&["--ledger", self.url], arguments].concat()).ok().out
    }

    /// Runs a command and kills it after a while. Says whether it had ended well before.
    fn kill(&mut self, arguments: &[&str], after: Duration) -> bool {
        let mut child = self.world.spawn("tea", &[&["--ledger", self.url], arguments].concat());
        std::thread::sleep(after.div_f64(self.haste));
        // SIGKILL: nothing of the program runs after it.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        self.died += u32::from(status.code().is_none());
        self.haste = if status.success() { self.haste * 1.5 } else { (self.haste / 1.1).max(1.0) };
        // The database ends what it had been asked for, or takes it back.
        let others =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'stave' AND pid <> pg_backend_pid()";
        let started = Instant::now();
        while self.server.sql("stave", others).unwrap() != "0" {
            assert!(started.elapsed() < Duration::from_secs(60), "somebody is still connected");
            std::thread::sleep(Duration::from_millis(5));
        }
        status.success()
    }

    fn statements(&self) -> u64 {
        let export = self.ask(&["export"]);
        let first: serde_json::Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
        first["statements"].as_u64().unwrap()
    }
}

fn took(what: impl FnOnce()) -> Duration {
    let started = Instant::now();
    what();
    started.elapsed()
}

#[test]
fn commands_that_are_killed_leave_what_was_acknowledged() {
    let Some((server, url)) = database() else { return };
    let world = World::new();
    world.tea();
    for version in 0..3 {
        let more = format!("{TEA}\n  extra-{version}:\n    image: registry.example.com/e:{version}\n");
        world.write("tea/compose.yaml", &more);
        world.run("tea", &["scan", "--quiet"]).ok();
    }
    let mut killer = Killer { world: &world, server: &server, url: &url, died: 0, haste: 1.0 };
    let merge = ["merge", "all.jsonl"];
    let compact = ["compact", "--keep", "0h"];
    world.run("tea", &["export", "all.jsonl"]).ok();
    let to_merge = took(|| drop(killer.ask(&merge)));
    let graph = killer.ask(&["export", "--as", "graph"]);
    let to_back_up = took(|| drop(killer.ask(&["backup", "measure.backup"])));
    let to_compact = took(|| drop(killer.ask(&compact)));
    assert_eq!(killer.ask(&["export", "--as", "graph"]), graph);
    for round in 0..rounds() {
        let part = f64::from(round + 1) / f64::from(rounds() + 1);
        // A word more, and what the last compaction let go of.
        world.run("tea", &["say", "cart", "tag", &format!("round-{round}")]).ok();
        world.run("tea", &["export", "all.jsonl"]).ok();
        let before = killer.statements();
        let acknowledged = killer.kill(&merge, to_merge.mul_f64(part));
        let there = killer.statements();
        killer.ask(&merge);
        let after = killer.statements();
        assert!(after > before);
        assert!(there == after || (there == before && !acknowledged), "{there} of {after}, {acknowledged}");

        let backup = format!("{round}.backup");
        let acknowledged = killer.kill(&["backup", &backup], to_back_up.mul_f64(part));
        let is_there = world.path("tea").join(&backup).exists();
        assert!(is_there || !acknowledged, "it was acknowledged and is not there");
        if is_there {
            let place = format!("restored-{round}");
            fs::create_dir(world.path(&place)).unwrap();
            world.run(&place, &["--ledger", ".", "restore", &format!("../tea/{backup}")]).ok();
            assert_eq!(world.run(&place, &["--ledger", ".", "export"]).ok().out, killer.ask(&["export"]));
        }

        let acknowledged = killer.kill(&compact, to_compact.mul_f64(part));
        let there = killer.statements();
        killer.ask(&compact);
        let left = killer.statements();
        assert!(left < after);
        assert!(there == left || (there == after && !acknowledged), "{there} of {after}, {acknowledged}");
        let export = killer.ask(&["export"]);
        assert!((0..=round).all(|said| export.contains(&format!("\"round-{said}\""))));
    }
    println!("measured: rounds={} died={}", 3 * rounds(), killer.died);
    assert!(killer.died * 2 > 3 * rounds(), "{} of {} commands died", killer.died, 3 * rounds());
}
