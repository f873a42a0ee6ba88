//! The power goes at any moment of the real binary's work, and the disk fills up at any write: what a command acknowledged
//! is there, and the next command needs no repair.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::disk::{Disk, Shim, Unsynced};
use crate::world::{Ran, World};

/// How many cuts, where nobody asks for more.
const CUTS: usize = 40;
const NO_SPACE: i32 = 28;

fn cuts() -> usize {
    std::env::var("STAVE_CUTS").map_or(CUTS, |text| text.parse().unwrap())
}

/// Runs a command on the shim's disk.
fn on(shim: &Shim, world: &World, folder: &str, arguments: &[&str]) -> Ran {
    let mut command = world.command(folder, arguments);
    shim.under(&mut command);
    Ran::of(&command.output().unwrap())
}

/// The lines of an export but the first, which counts them.
fn lines(export: &str) -> BTreeSet<String> {
    export.lines().skip(1).map(str::to_owned).collect()
}

/// Something to merge, made on another copy of the estate.
fn other_export(world: &World) {
    world.write("other/compose.yaml", "services:\n  kettle:\n    build: .\n  urn:\n    build: .\n");
    world.run("tea", &["export", "../tea.jsonl"]).ok();
    world.run("other", &["--ledger", ".", "merge", "../tea.jsonl"]).ok();
    world.run("other", &["scan", "--quiet"]).ok();
    world.run("other", &["say", "kettle", "tier", "2"]).ok();
    world.run("other", &["export", "../other.jsonl"]).ok();
}

#[test]
fn a_power_cut_loses_nothing_that_a_command_acknowledged() {
    let world = World::new();
    world.write("tea/compose.yaml", crate::world::TEA);
    fs::create_dir(world.path("beside")).unwrap();
    let shim = Shim::new(&world.path("tea"), &world.path("beside"));
    let mut story: Vec<Vec<&str>> = vec![vec!["scan"]];
    let tags: Vec<String> = (0..6).map(|number| format!("tag-{number}")).collect();
    story.extend(tags.iter().map(|tag| vec!["say", "cart", "tag", tag]));
    story.insert(4, vec!["merge", "../other.jsonl"]);
    story.push(vec!["undo"]);
    story.push(vec!["say", "kettle", "tier", "1"]);
    // After each command: how long the diary was, and what everybody may rely on from then on.
    let mut safe: Vec<(usize, BTreeSet<String>)> = Vec::new();
    for (index, arguments) in story.iter().enumerate() {
        if index == 1 {
            other_export(&world);
        }
        on(&shim, &world, "tea", arguments).ok();
        safe.push((shim.diary().len(), lines(&world.run("tea", &["export"]).ok().out)));
    }
    let diary = shim.diary();
    let root = fs::metadata(world.path("tea")).unwrap().ino();
    let mut seed = 20_261_124u64;
    let mut roll = |end: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % end
    };
    let mut moments: Vec<usize> = (0..cuts()).map(|_| roll(diary.len() + 1)).collect();
    moments.sort_unstable();
    let (mut disk, mut done, mut relied_on) = (Disk::default(), 0, 0);
    for (index, moment) in moments.into_iter().enumerate() {
        diary[done..moment].iter().for_each(|record| disk.take(record));
        done = moment;
        let unsynced = if index % 2 == 0 { Unsynced::Lost } else { Unsynced::Torn(roll(1 << 30) as u64) };
        let name = format!("after-{index}");
        disk.cut(root, unsynced, &world.path(&name));
        let expected = safe.iter().rev().find(|(length, _)| *length <= moment).map(|(_, lines)| lines);
        let ledger = world.path(&name).join(".stave/ledger.sqlite");
        if ledger.exists() {
            // The export reads the map as well: a half-written one must not be in the way.
            let there = lines(&world.run(&name, &["export"]).ok().out);
            let lost: Vec<_> = expected.into_iter().flatten().filter(|line| !there.contains(*line)).collect();
            assert!(lost.is_empty(), "cut {index} at {moment}, {unsynced:?}: lost {lost:#?}");
            relied_on += expected.map_or(0, BTreeSet::len);
        } else {
            assert!(expected.is_none(), "cut {index} at {moment}, {unsynced:?}: the ledger is gone");
        }
        fs::remove_dir_all(world.path(&name)).unwrap();
    }
    assert!(relied_on > cuts(), "{relied_on}: too little to mean anything");
    println!("measured: power_cuts={} lines_relied_on={relied_on}", cuts());
}

#[test]
fn a_disk_that_is_full_at_any_write_of_a_merge_is_said_and_loses_nothing() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    other_export(&world);
    fs::create_dir(world.path("beside")).unwrap();
    let before = world.run("tea", &["export"]).ok().out;
    let whole = {
        copy(&world.path("tea"), &world.path("whole"));
        world.run("whole", &["merge", "../other.jsonl"]).ok();
        world.run("whole", &["export"]).ok().out
    };
    // Each write where somebody asks for all of it, else some.
    let step = if std::env::var_os("STAVE_CUTS").is_some() { 1 } else { 13 };
    let (mut refused, mut nth) = (0, 0);
    loop {
        nth += step;
        copy(&world.path("tea"), &world.path("full"));
        let shim = Shim::new(&world.path("full"), &world.path("beside"));
        let mut command = world.command("full", &["merge", "../other.jsonl"]);
        shim.failing(&mut command, nth, NO_SPACE);
        let ran = Ran::of(&command.output().unwrap());
        let after = world.run("full", &["export"]).ok().out;
        if ran.code == Some(0) {
            assert_eq!(after, whole, "acknowledged when write {nth} failed");
        } else {
            refused += 1;
            ran.ends(2).says_that_the_disk_is_full(nth);
            // People and times may have come before; the statements come together.
            let (there, all) = (lines(&after), lines(&whole));
            assert!(there.is_superset(&lines(&before)) && there.is_subset(&all), "write {nth}");
            let statements =
                |lines: &BTreeSet<String>| lines.iter().filter(|line| line.contains("\"header\"")).count();
            let came = statements(&there);
            assert!(came == statements(&lines(&before)) || came == statements(&all), "write {nth}: {came}");
            world.run("full", &["merge", "../other.jsonl"]).ok();
            assert_eq!(world.run("full", &["export"]).ok().out, whole, "after write {nth} failed");
        }
        fs::remove_dir_all(world.path("full")).unwrap();
        let wrote = shim.diary().iter().filter(|record| record.is_write()).count() as u64;
        if wrote < nth - 1 || nth > 400 {
            break;
        }
        shim.forget();
    }
    assert!(refused > 5 && nth < 400, "{refused} of {nth}");
    println!("measured: full_at_writes={} refused={refused}", nth / step);
}

impl Ran {
    fn says_that_the_disk_is_full(&self, nth: u64) {
        let says = self.err.contains("disk is full") || self.err.contains("No space left");
        assert!(self.err.contains("error:") && says, "write {nth}: {}", self.err);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
