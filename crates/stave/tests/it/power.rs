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
    let mut dice = Dice(20_261_124);
    let mut moments: Vec<usize> = (0..cuts()).map(|_| dice.roll(diary.len() + 1)).collect();
    moments.sort_unstable();
    let (mut disk, mut done, mut relied_on) = (Disk::default(), 0, 0);
    for (index, moment) in moments.into_iter().enumerate() {
        diary[done..moment].iter().for_each(|record| disk.take(record));
        done = moment;
        let unsynced = dice.unsynced(index);
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

/// A command of a story, where in the diary it began and ended, and the ledger's lines and map behind it.
struct Done {
    arguments: Vec<&'static str>,
    from: usize,
    to: usize,
    lines: BTreeSet<String>,
    map: String,
}

/// Scans, backups and compactions, one after the other, on the shim's disk.
fn kept(world: &World, shim: &Shim) -> Vec<Done> {
    let story: [&[&str]; 11] = [
        &["scan", "--quiet"],
        &["say", "cart", "tag", "before"],
        &["scan", "--quiet"],
        &["backup", "first.backup"],
        &["say", "cart", "tag", "between"],
        &["scan", "--quiet"],
        &["compact", "--keep", "0h"],
        &["backup", "second.backup"],
        &["scan", "--quiet"],
        &["compact", "--keep", "0h"],
        &["say", "cart", "tag", "after"],
    ];
    let mut done = Vec::new();
    for (number, arguments) in story.iter().enumerate() {
        if arguments[0] == "scan" {
            let more = format!("{}\n  extra-{number}:\n    image: e:{number}\n", crate::world::TEA);
            world.write("tea/compose.yaml", &more);
        }
        let from = shim.diary().len();
        on(shim, world, "tea", arguments).ok();
        let lines = lines(&world.run("tea", &["export"]).ok().out);
        let map = world.run("tea", &["export", "--as", "graph"]).ok().out;
        done.push(Done { arguments: arguments.to_vec(), from, to: shim.diary().len(), lines, map });
    }
    done
}

#[test]
fn a_power_cut_in_a_backup_or_a_compaction_leaves_both_whole() {
    let world = World::new();
    fs::create_dir_all(world.path("tea")).unwrap();
    fs::create_dir(world.path("beside")).unwrap();
    let shim = Shim::new(&world.path("tea"), &world.path("beside"));
    let story = kept(&world, &shim);
    let diary = shim.diary();
    let root = fs::metadata(world.path("tea")).unwrap().ino();
    let is_keeping = |done: &&Done| matches!(done.arguments[0], "backup" | "compact");
    assert!(story.iter().filter(is_keeping).all(|done| done.to > done.from + 5), "nothing is written");
    let mut dice = Dice(20_261_125);
    // In the middle of each of the four in turn, its last moment among them.
    let keeping: Vec<&Done> = story.iter().filter(is_keeping).collect();
    let mut moments: Vec<usize> = (0..cuts())
        .map(|cut| keeping[cut % keeping.len()])
        .map(|done| done.from + 1 + dice.roll(done.to - done.from))
        .collect();
    moments.sort_unstable();
    let (mut disk, mut done) = (Disk::default(), 0);
    let (mut acknowledged, mut unacknowledged, mut compacted) = (0, 0, 0);
    for (index, moment) in moments.into_iter().enumerate() {
        diary[done..moment].iter().for_each(|record| disk.take(record));
        done = moment;
        let unsynced = dice.unsynced(index);
        let name = format!("after-{index}");
        let what = format!("cut {index} at {moment}, {unsynced:?}");
        disk.cut(root, unsynced, &world.path(&name));
        let before = story.iter().rev().find(|done| done.to <= moment).unwrap();
        let within = story.iter().find(|done| done.from < moment && moment <= done.to);
        let there = lines(&world.run(&name, &["export"]).ok().out);
        let is_as_it_was = there == before.lines;
        // A compaction that the power cut off, or that was done and not told of, is there whole or not at all.
        let is_done = within.is_some_and(|within| there == within.lines);
        assert!(is_as_it_was || is_done, "{what}: {} lines of {}", there.len(), before.lines.len());
        compacted += usize::from(is_done && !is_as_it_was);
        assert_eq!(world.run(&name, &["export", "--as", "graph"]).ok().out, before.map, "{what}");
        for (at, backup) in story.iter().enumerate().filter(|(_, done)| done.arguments[0] == "backup") {
            let file = backup.arguments[1];
            if !world.path(&name).join(file).exists() {
                assert!(backup.to > moment, "{what}: {file} was acknowledged and is gone");
                continue;
            }
            let place = format!("restored-{index}-{at}");
            fs::create_dir(world.path(&place)).unwrap();
            let ran = world.run(&place, &["--ledger", ".", "restore", &format!("../{name}/{file}")]);
            if backup.to <= moment {
                ran.ok();
                acknowledged += 1;
            } else {
                unacknowledged += 1;
                // What isn't whole is told from a whole one, and nothing is restored from it.
                if ran.code != Some(0) {
                    ran.ends(2);
                    assert!(!world.path(&place).join(".stave").exists(), "{what}");
                    continue;
                }
            }
            assert_eq!(
                lines(&world.run(&place, &["--ledger", ".", "export"]).ok().out),
                backup.lines,
                "{what}"
            );
            fs::remove_dir_all(world.path(&place)).unwrap();
        }
        fs::remove_dir_all(world.path(&name)).unwrap();
    }
    assert!(acknowledged > cuts() / 2, "{acknowledged}: too few backups to mean anything");
    println!(
        "measured: cuts_in_backups_and_compactions={} acknowledged_backups={acknowledged} \
         unacknowledged_that_were_there={unacknowledged} compactions_done_and_not_told={compacted}",
        cuts()
    );
}

/// The same throws each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// Every other time the disk had not written what was not synced; else any part of it.
    fn unsynced(&mut self, index: usize) -> Unsynced {
        if index.is_multiple_of(2) { Unsynced::Lost } else { Unsynced::Torn(self.roll(1 << 30) as u64) }
    }
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
