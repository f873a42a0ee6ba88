//! Where the ledger is, and what is said when it can't be there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::world::{Ran, STAVE, TEA, World};

#[test]
fn a_ledger_is_made_in_the_scanned_folder_and_found_from_below() {
    let world = World::new();
    world.write("code/tea/compose.yaml", TEA);
    world.write("code/tea/deep/er/readme.txt", "");
    world.run("", &["scan", "code/tea"]).ok();
    assert!(world.path("code/tea/.stave/ledger.sqlite").is_file());
    assert_eq!(fs::read_to_string(world.path("code/tea/.stave/.gitignore")).unwrap(), "*\n");
    world.run("code/tea/deep/er", &["show", "cart"]).ok();
    world.run("", &["-C", "code/tea/deep", "show", "cart"]).ok();
    let ran = world.run("code", &["show", "cart"]).ends(2);
    assert!(ran.err.contains("there is no ledger in") && ran.err.contains("up DIR"), "{}", ran.err);
}

#[test]
fn nobody_else_can_read_a_new_ledger_or_its_map() {
    let world = World::new();
    world.write("tea/compose.yaml", TEA);
    world.run("tea", &["scan"]).ok();
    let mode = fs::metadata(world.path("tea/.stave")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn several_folders_share_a_ledger_in_their_common_parent() {
    let world = World::new();
    world.write("code/a/compose.yaml", TEA);
    world.write("code/b/compose.yaml", "services:\n  till:\n    build: .\n");
    world.run("", &["scan", "code/a", "code/b"]).ok();
    assert!(world.path("code/.stave/ledger.sqlite").is_file());
    assert!(!world.path("code/a/.stave").exists());
    // A later scan of one of them finds that ledger again.
    world.run("code/b", &["scan"]).ok();
    assert!(!world.path("code/b/.stave").exists());
    world.run("code/b", &["show", "cart"]).ok();
}

#[test]
fn a_ledger_lies_where_it_is_asked_for() {
    let world = World::new();
    world.write("tea/compose.yaml", TEA);
    fs::create_dir(world.path("away")).unwrap();
    world.run("tea", &["scan", "--ledger", "../away"]).ok();
    assert!(!world.path("tea/.stave").exists());
    for ledger in ["away", "away/.stave", "away/.stave/ledger.sqlite"] {
        world.run("", &["--ledger", ledger, "show", "cart"]).ok();
    }
    let from_variable = world.command("", &["show", "cart"]).env("STAVE_LEDGER", "away").output().unwrap();
    Ran::of(&from_variable).ok();
    world.run("", &["--ledger", "nowhere", "show", "cart"]).ends(2);
    world.run("", &["--ledger", "tea/compose.yaml", "show", "cart"]).ends(2);
}

#[test]
fn the_read_model_can_be_deleted_at_any_time() {
    let world = World::new();
    world.tea();
    let before = world.run("tea", &["show", "cart"]).ok();
    for entry in fs::read_dir(world.path("tea/.stave")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("map.") {
            fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(world.run("tea", &["show", "cart"]).ok().out, before.out);
    fs::write(world.path("tea/.stave/map.sqlite"), "this is no database, whatever its name says").unwrap();
    let ran = world.run("tea", &["show", "cart"]);
    assert!(ran.code == Some(0) || ran.err.contains("delete it"), "{}", ran.err);
}

#[test]
fn a_ledger_of_a_newer_stave_is_refused_and_left_alone() {
    let world = World::new();
    world.tea();
    let file = world.path("tea/.stave/ledger.sqlite");
    let db = rusqlite::Connection::open(&file).unwrap();
    // Past what keeps the row's sum, which a newer Stave would know how to write.
    db.execute_batch("DROP TRIGGER meta_changed").unwrap();
    db.execute("UPDATE meta SET value = 99 WHERE key = 'schema'", []).unwrap();
    drop(db);
    for arguments in [&["show", "cart"][..], &["scan"], &["say", "cart", "tier", "1"]] {
        let ran = world.run("tea", arguments).ends(2);
        assert!(ran.err.contains("schema 99") && ran.err.contains("newer Stave"), "{}", ran.err);
    }
}

#[test]
fn a_file_that_is_no_ledger_is_not_overwritten() {
    let world = World::new();
    world.write("tea/compose.yaml", TEA);
    world.write("tea/.stave/ledger.sqlite", "somebody's notes");
    world.run("tea", &["scan"]).ends(2);
    assert_eq!(fs::read_to_string(world.path("tea/.stave/ledger.sqlite")).unwrap(), "somebody's notes");
}

/// A copy of the binary that an unprivileged user may run; permissions mean nothing to root.
fn for_everybody(world: &World) -> std::path::PathBuf {
    let copy = world.path("stave");
    fs::copy(STAVE, &copy).unwrap();
    open_up(&world.path(""));
    copy
}

fn open_up(path: &Path) {
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    let mode = if path.file_name().is_some_and(|name| name == "stave") { 0o755 } else { mode };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            open_up(&entry.unwrap().path());
        }
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim() == "0"
}

fn run_unprivileged(world: &World, stave: &Path, folder: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(stave);
    command.args(arguments).current_dir(world.path(folder)).env_clear().env("HOME", world.path("home"));
    command.env("STAVE_PERSON", "counter@leafcup.test");
    if is_root() {
        command.uid(65_534).gid(65_534);
    }
    Ran::of(&command.output().unwrap())
}

#[test]
fn a_folder_that_can_not_be_written_is_named_with_a_way_out() {
    let world = World::new();
    world.write("tea/compose.yaml", TEA);
    let stave = for_everybody(&world);
    fs::set_permissions(world.path("tea"), fs::Permissions::from_mode(0o555)).unwrap();
    let ran = run_unprivileged(&world, &stave, "tea", &["scan"]).ends(2);
    assert!(ran.err.contains("can't make a ledger in") && ran.err.contains("--ledger PATH"), "{}", ran.err);
    fs::create_dir(world.path("away")).unwrap();
    fs::set_permissions(world.path("away"), fs::Permissions::from_mode(0o777)).unwrap();
    run_unprivileged(&world, &stave, "tea", &["scan", "--ledger", "../away"]).ok();
    fs::set_permissions(world.path("tea"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_ledger_that_can_not_be_written_loses_nothing() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    let before = world.run("tea", &["export"]).ok().out;
    let stave = for_everybody(&world);
    let ran = run_unprivileged(&world, &stave, "tea", &["say", "cart", "tier", "2"]).ends(2);
    assert!(ran.err.contains("error:") && ran.err.contains(".stave"), "{}", ran.err);
    assert_eq!(world.run("tea", &["export"]).ok().out, before);
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let world = World::new();
    world.tea();
    world.run("tea", &["say", "cart", "tier", "1"]).ok();
    let before = world.run("tea", &["export"]).ok().out;
    // A limit on the size of files stands for the disk: the system refuses writes beyond it in the same way.
    let size = fs::metadata(world.path("tea/.stave/ledger.sqlite")).unwrap().len();
    let blocks = size / 512;
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let big = "x".repeat(200_000);
    let shell = |arguments: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", &script, STAVE]).args(arguments).current_dir(world.path("tea"));
        command.env("HOME", world.path("home")).env("STAVE_PERSON", "counter@leafcup.test");
        Ran::of(&command.output().unwrap())
    };
    let mut was_refused = false;
    for number in 0..20 {
        let text = format!("{number}{}", &big[..100_000 - number]);
        let ran = shell(&["say", "cart", "description", &text]);
        if ran.code != Some(0) {
            was_refused = true;
            assert_eq!(ran.code, Some(2), "{}", ran.err);
            assert!(ran.err.contains("error:"), "{}", ran.err);
            break;
        }
        // It was acknowledged, so it has to be there.
        assert!(world.run("tea", &["export"]).ok().out.contains(&text[..50]));
    }
    assert!(was_refused, "the limit was never met");
    let after = world.run("tea", &["export"]).ok().out;
    let lines = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let after = lines(&after);
    assert!(lines(&before).iter().all(|line| after.contains(line)), "what was acknowledged is still there");
    world.run("tea", &["say", "cart", "tier", "3"]).ok();
}
