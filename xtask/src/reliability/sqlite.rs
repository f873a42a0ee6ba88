//! `cargo xtask reliability sqlite [NAME...]`: the tests of a ledger in a file, in full numbers.
//!
//! The tests are those that every change has to pass, on the same disk that forgets and with the same kills; here they
//! are only asked for more. What they measured is printed at the end.

use std::sync::Mutex;

use anyhow::{Result, bail};

use super::promise;
use crate::Outcome;
use crate::args::Args;
use crate::run;

/// A part of the whole: tests of one package, and how they are asked for more.
struct Part {
    name: &'static str,
    package: &'static str,
    tests: &'static str,
    more: (&'static str, &'static str),
    /// Its figures are times and bytes, so it runs as users have it, and [`promise`] says what they may be.
    is_promised: bool,
}

const PARTS: &[Part] = &[
    // Five commands, 200 kills of each.
    part("kills", "stave", "kills::", ("STAVE_KILLS", "200")),
    part("cuts", "stave-ledger", "power::", ("STAVE_CUTS", "1000")),
    part("commands", "stave", "power::", ("STAVE_CUTS", "1000")),
    part("flips", "stave-ledger", "keeping::a_flipped", ("STAVE_FLIPS", "2100")),
    part("merges", "stave-map", "partitions::", ("STAVE_FOLD_CASES", "1000")),
    part("compactions", "stave-map", "compaction::", ("STAVE_FOLD_CASES", "500")),
    Part { is_promised: true, ..part("again", "stave-ledger", "again::", ("STAVE_AGAIN", "190000 100")) },
];

const fn part(
    name: &'static str,
    package: &'static str,
    tests: &'static str,
    more: (&'static str, &'static str),
) -> Part {
    Part { name, package, tests, more, is_promised: false }
}

pub(super) fn task(args: Args) -> Result<Outcome> {
    let names = args.rest()?;
    if let Some(unknown) = names.iter().find(|name| PARTS.iter().all(|part| part.name != name.as_str())) {
        let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        bail!("there is nothing called \"{unknown}\" to break: {}", known.join(", "));
    }
    let measured: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut passed = true;
    for part in PARTS.iter().filter(|part| names.is_empty() || names.iter().any(|name| name == part.name)) {
        let mut command = run::cargo();
        command.args(["test", "--package", part.package, "--test", "it"]);
        if part.is_promised {
            command.arg("--release");
        }
        command.args([part.tests, "--", "--nocapture"]).env(part.more.0, part.more.1);
        passed &= run::watched(&mut command, |line| {
            if let (Some((_, figures)), Ok(mut measured)) = (line.split_once("measured: "), measured.lock()) {
                measured.push(format!("{}: {figures}", part.name));
            }
        })?;
        passed &= !part.is_promised || measured.lock().is_ok_and(|lines| promise::is_kept(&lines));
    }
    for line in measured.into_inner().unwrap_or_default() {
        println!("{line}");
    }
    Ok(Outcome::passed_if(passed))
}
