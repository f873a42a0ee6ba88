//! The surface: help, completions, exit codes, streams, settings.

use std::io::Read as _;
use std::process::Stdio;

use crate::world::{Ran, World};

const VERBS: &[&str] = &[
    "up",
    "scan",
    "find",
    "list",
    "show",
    "why",
    "say",
    "deny",
    "questions",
    "answer",
    "log",
    "undo",
    "retire",
    "export",
    "merge",
    "serve",
    "doctor",
    "user",
    "token",
    "config",
    "completions",
    "man",
];

#[test]
fn every_verb_has_help_and_stands_in_the_completions() {
    let world = World::new();
    let help = world.run("", &["--help"]).ok().out;
    for verb in VERBS {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb} is missing from: {help}");
        world.run("", &[verb, "--help"]).ok();
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = world.run("", &["completions", shell]).ok().out;
        for verb in VERBS {
            assert!(script.contains(verb), "{verb} is missing from the completions for {shell}");
        }
    }
}

#[test]
fn a_mistyped_verb_or_flag_is_an_error() {
    let world = World::new();
    for arguments in [&["shwo", "cart"][..], &[], &["find"], &["scan", "--port", "1"], &["-C"]] {
        let ran = world.run("", arguments).ends(2);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
    assert!(world.run("", &["fnid", "x"]).err.contains("find"));
    let ran = world.run("", &["-C", "nowhere", "list"]).ends(2);
    assert!(ran.err.contains("can't go to nowhere"), "{}", ran.err);
    let ran = world.run("", &["scan", "nowhere"]).ends(2);
    assert!(ran.err.contains("nowhere can't be scanned"), "{}", ran.err);
}

#[test]
fn answers_go_to_stdout_and_talk_to_stderr() {
    let world = World::new();
    world.tea();
    let ran = world.run("tea", &["say", "cart", "tier", "1", "--quiet"]).ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("Said: the tier of cart is 1\n", ""));
    let ran = world.run("tea", &["list"]).ok();
    assert!(ran.out.contains("payments") && ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::new();
    world.tea();
    for arguments in [&["export"][..], &["list"], &["completions", "bash"]] {
        let mut child = world.spawn("tea", arguments);
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let ran = Ran::of(&output).ok();
        assert_eq!(ran.err, "", "{arguments:?}");
    }
}

#[test]
fn a_full_device_is_an_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let world = World::new();
    world.tea();
    let output = world.command("tea", &["export"]).stdout(Stdio::from(full)).output().unwrap();
    let ran = Ran::of(&output).ends(2);
    assert!(ran.err.contains("error: can't write to standard output"), "{}", ran.err);
    assert!(ran.err.contains("space"), "{}", ran.err);
}

#[test]
fn colours_come_when_asked_for_and_never_into_a_pipe() {
    let world = World::new();
    world.tea();
    let coloured = |arguments: &[&str]| world.run("tea", arguments).out.contains('\u{1b}');
    assert!(!coloured(&["show", "cart"]));
    assert!(coloured(&["show", "cart", "--color", "always"]));
    assert!(!coloured(&["show", "cart", "--color", "never"]));
    let output = world.command("tea", &["show", "cart"]).env("STAVE_COLOR", "always").output().unwrap();
    assert!(Ran::of(&output).ok().out.contains('\u{1b}'));
    let errors = world.run("tea", &["show", "nothing", "--color", "always"]).ends(1);
    assert!(errors.err.contains('\u{1b}'));
}

#[test]
fn settings_are_listed_with_their_origins() {
    let world = World::new();
    world.tea();
    world.write("tea/stave.toml", "[board]\nport = 7000\nprt = 1\n");
    world.write("home/.config/stave/config.toml", "color = \"never\"\ncolour = \"never\"\n");
    let ran = world.run("tea", &["config", "list", "--origins"]).ok();
    let line = |key: &str| ran.out.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    assert!(line("board.port").contains("7000") && line("board.port").ends_with("stave.toml"), "{}", ran.out);
    assert!(line("color").contains("never") && line("color").ends_with("config.toml"), "{}", ran.out);
    assert!(line("person").ends_with("STAVE_PERSON"), "{}", ran.out);
    assert!(
        ran.err.contains("unknown setting colour") && ran.err.contains("did you mean color?"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("unknown setting board.prt"), "{}", ran.err);
    let output = world.command("tea", &["list"]).env("STAVE_PROT", "1").output().unwrap();
    assert!(Ran::of(&output).ok().err.contains("did you mean STAVE_PORT?"));
    let output = world.command("tea", &["list"]).env("STAVE_PORT", "many").output().unwrap();
    let ran = Ran::of(&output).ends(2);
    assert!(ran.err.contains("STAVE_PORT") && ran.err.contains("0 to 65535"), "{}", ran.err);
}

#[test]
fn every_setting_and_exit_code_is_documented() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let world = World::new();
    let settings = world.ask("", &["config", "list"]);
    for setting in settings["settings"].as_array().unwrap() {
        let key = setting["key"].as_str().unwrap();
        assert!(page.contains(&format!("`{key}`")), "docs/configuration.md doesn't mention {key}");
    }
    for variable in ["STAVE_PORT", "STAVE_COLOR", "STAVE_PERSON", "STAVE_LEDGER"] {
        assert!(page.contains(variable), "docs/configuration.md doesn't mention {variable}");
    }
    for code in ["| 0 |", "| 1 |", "| 2 |"] {
        assert!(page.contains(code), "docs/configuration.md doesn't explain exit code {code}");
    }
}

#[test]
fn who_speaks_is_found_in_five_places() {
    let world = World::new();
    world.tea();
    world.write("home/.gitconfig", "[user]\n\tname = Git Counter\n\temail = git@leafcup.test\n");
    let who = |arguments: &[&str], person: Option<&str>| {
        let mut command = world.command("tea", arguments);
        command.env_remove("STAVE_PERSON").arg("--verbose");
        if let Some(person) = person {
            command.env("STAVE_PERSON", person);
        }
        let ran = Ran::of(&command.output().unwrap()).ok();
        ran.err.lines().find_map(|line| line.strip_prefix("speaking as ").map(str::to_owned)).unwrap()
    };
    assert_eq!(
        who(&["say", "cart", "tier", "1", "--as", "a@leafcup.test"], Some("b@leafcup.test")),
        "a@leafcup.test (from --as)"
    );
    assert_eq!(
        who(&["--as", "a@leafcup.test", "say", "cart", "tier", "2"], None),
        "a@leafcup.test (from --as)"
    );
    assert_eq!(
        who(&["say", "cart", "tier", "3"], Some("b@leafcup.test")),
        "b@leafcup.test (from STAVE_PERSON)"
    );
    assert_eq!(who(&["say", "cart", "tier", "4"], None), "git@leafcup.test (from git's user.email)");
    world.write("home/.config/stave/config.toml", "person = \"c@leafcup.test\"\n");
    assert!(who(&["say", "cart", "tier", "5"], None).starts_with("c@leafcup.test (from "));
    std::fs::remove_file(world.path("home/.config/stave/config.toml")).unwrap();
    std::fs::remove_file(world.path("home/.gitconfig")).unwrap();
    assert!(who(&["say", "cart", "tier", "6"], None).ends_with("(from user and host)"));
    let ran = world.run("tea", &["say", "cart", "tier", "7", "--as", "nobody"]).ends(2);
    assert!(ran.err.contains("is not an e-mail address"), "{}", ran.err);
    let log = world.run("tea", &["log"]).ok().out;
    assert!(log.contains("Git Counter"), "{log}");
}

#[test]
fn a_scan_with_progress_prints_none_into_a_pipe() {
    let world = World::new();
    world.shop();
    let mut child = world.spawn("shop", &["scan"]);
    let mut talk = String::new();
    child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!talk.contains('\r') && !talk.contains("reading "), "{talk}");
}

#[test]
fn a_mistyped_command_line_with_json_is_told_as_json() {
    let world = World::new();
    for arguments in
        [&["--json", "shwo", "cart"][..], &["answer", "12ab", "x", "--json"], &["find", "--json"]]
    {
        let ran = world.run("", arguments).ends(2);
        assert_eq!(ran.out, "", "{arguments:?}");
        let told: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
        assert!(!told["error"].as_str().unwrap().is_empty(), "{told}");
        assert!(told["hints"].is_array() && told["candidates"].is_array(), "{told}");
    }
    // A word that looks like a flag isn't one behind `--`.
    let ran = world.run("", &["say", "--nonsense", "--", "--json"]).ends(2);
    assert!(ran.err.starts_with("error:"), "{}", ran.err);
}

#[test]
fn a_name_with_escape_codes_does_not_move_the_cursor() {
    let world = World::new();
    world.tea();
    let hostile = "red\u{1b}[2Jdish\u{202e}";
    for arguments in [
        &["say", "component", hostile][..],
        &["say", hostile, "calls", "cart"],
        &["deny", hostile, "calls", "cart"],
        &["say", hostile, "nonsense", "x"],
        &["show", &format!("{hostile}x")],
        &["find", &format!("{hostile}x")],
        &["show", hostile],
        &["list"],
        &["log"],
        &["undo"],
    ] {
        let ran = world.run("tea", arguments);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {said:?}");
        assert!(!said.is_empty(), "{arguments:?}");
    }
}
