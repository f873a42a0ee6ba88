//! The pipeline's recipe in docs/remote.md, taken out of the document and run as it stands there: by bash, in a clone as
//! pipelines make it, against a server that knows users and tokens.

use std::process::Command;

use stave_ledger::{Ledger as _, SqliteLedger};
use stave_model::Header;

use crate::first_minutes::Board;
use crate::world::{Ran, STAVE, World};

/// The script behind `<!-- recipe: NAME -->`.
#[track_caller]
fn script(name: &str) -> String {
    let document = include_str!("../../../../docs/remote.md");
    let marker = format!("<!-- recipe: {name} -->\n\n```bash\n");
    let (_, rest) =
        document.split_once(&marker).unwrap_or_else(|| panic!("{marker} isn't in docs/remote.md"));
    let (script, _) = rest.split_once("\n```\n").unwrap();
    format!("{script}\n")
}

/// A script in a folder of this world, with nothing in its environment but these variables and the way to the binary.
fn bash(world: &World, folder: &str, script: &str, variables: &[(&str, &str)]) -> Ran {
    let own = std::path::Path::new(STAVE).parent().unwrap().to_str().unwrap();
    let path = format!("{own}:{}", std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(world.path(folder)).env_clear();
    command.env("HOME", world.path("home")).env("PATH", path).envs(variables.iter().copied());
    Ran::of(&command.output().unwrap())
}

/// A repository of three commits where `https://git.example.com/` leads to, and the clone that a pipeline makes of it: the
/// last commit, and no branch checked out.
fn cloned(world: &World, name: &str) {
    let (origin, work) = (format!("hosting/{name}.git"), format!("written/{name}"));
    let compose = |version: u32| {
        format!(
            "services:\n  orders-api:\n    image: registry.example.com/orders:{version}\n    depends_on: [orders-db]\n  \
             orders-db:\n    image: postgres:17\n"
        )
    };
    for version in 1..=3 {
        world.write(&format!("{work}/compose.yaml"), &compose(version));
        if version == 1 {
            world.git(&work, 0, &["init", "--quiet"]);
        }
        world.commit(&work, version);
    }
    world.git("", 0, &["clone", "--quiet", "--bare", &work, &origin]);
    let hosting = world.path("hosting");
    world.write(
        "home/.gitconfig",
        &format!("[url \"file://{}/\"]\n\tinsteadOf = https://git.example.com/\n", hosting.display()),
    );
    let address = format!("https://git.example.com/{name}.git");
    world.git("", 0, &["clone", "--quiet", "--depth", "1", &address, &format!("pipeline/{name}")]);
    world.git(&format!("pipeline/{name}"), 0, &["checkout", "--quiet", "--detach"]);
}

/// The heads of all statements that stand in the ledger.
fn heads(world: &World) -> Vec<Header> {
    let ledger = SqliteLedger::open(&world.path("tea/.stave/ledger.sqlite")).unwrap();
    ledger.entries(0, 1_000).unwrap().into_iter().map(|entry| entry.header).collect()
}

#[test]
fn the_pipeline_of_the_document_does_what_the_document_says() {
    let world = World::new();
    world.tea();
    world.run("tea", &["user", "add", "ada@example.com", "--role", "admin"]).ok();
    let tokens = bash(&world, "tea", &script("tokens"), &[]).ok();
    let [ci, gate] = tokens.out.lines().collect::<Vec<_>>()[..] else { panic!("{tokens:?}") };
    let board =
        Board::start(&world, "tea", &["serve", "--listen", "127.0.0.1:0", "--host", "stave.example.com"]);
    let address = format!("http://{}", board.address());
    let run = |repository: &str, name: &str, token: &str| {
        let variables = [("STAVE_LEDGER", address.as_str()), ("STAVE_TOKEN", token)];
        let ran = bash(&world, &format!("pipeline/{repository}"), &script(name), &variables);
        assert!(!format!("{}{}", ran.out, ran.err).contains(token), "{ran:?}");
        ran
    };
    cloned(&world, "shop/orders");

    // Nobody has scanned it yet: the answer is no.
    assert!(run("shop/orders", "gate", gate).ends(1).err.contains("orders-api"));
    // Who only reads scans nothing, and nobody does without a token.
    run("shop/orders", "scan", gate).ends(2);
    run("shop/orders", "scan", "stave_0").ends(2);
    let before = heads(&world).len();

    run("shop/orders", "scan", ci).ok();
    let all = heads(&world);
    let new = &all[before..];
    assert!(new.iter().all(|head| head.by.as_ref().is_some_and(|by| by.as_str() == "token:ci")), "{new:?}");
    for scope in ["repo:git.example.com/shop/orders@main", "history:git.example.com/shop/orders@main"] {
        assert!(new.iter().any(|head| head.scope.as_str() == scope), "{scope} in {new:?}");
    }
    // Whole histories, though the pipeline fetched one commit of three.
    let exported = world.run("tea", &["export"]).ok().out;
    let commits = world.git("written/shop/orders", 0, &["rev-list", "HEAD"]);
    assert_eq!(commits.lines().count(), 3);
    assert!(
        commits.lines().all(|commit| exported.contains(commit)) && !exported.contains("\"is_shallow\":true")
    );
    assert!(run("shop/orders", "gate", gate).ok().out.contains("orders-api"));

    // A scan that finds nothing new appends nothing.
    let after = heads(&world).len();
    run("shop/orders", "scan", ci).ok();
    assert_eq!(heads(&world).len(), after);
    // Another group's repository is not this token's.
    cloned(&world, "till/orders");
    assert!(run("till/orders", "scan", ci).ends(2).err.contains("The token ci may not"));
    assert_eq!(heads(&world).len(), after);
    // The server is gone: the step fails.
    drop(board);
    assert!(run("shop/orders", "scan", ci).ends(2).err.contains("there is no answer"));
}
