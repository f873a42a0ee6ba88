//! The command line as it is parsed and explained: what the verbs' structures say, with `--at` offered only where it has a
//! meaning.

use std::ffi::OsString;

use clap::{Command as Definition, CommandFactory as _, FromArgMatches as _};

use super::Cli;

/// The verbs that can be asked about the past; [`super::Command::asks`] decides, a test holds the two together.
const ASKING: [&str; 15] = [
    "find",
    "list",
    "tools",
    "show",
    "why",
    "questions",
    "next",
    "barrel",
    "fires",
    "flow",
    "who",
    "hotspots",
    "log",
    "overlap",
    "export",
];

/// The whole command line.
pub(crate) fn definition() -> Definition {
    let whole = Cli::command();
    let Some(at) = whole.get_arguments().find(|argument| argument.get_id() == "at").cloned() else {
        return whole;
    };
    // An argument of a verb's own goes before the one that is for all; it is understood as ever, to be refused with a hint.
    let at = at.hide(true);
    let silent = |verb: Definition| verb.arg(at.clone());
    whole.mut_subcommands(|verb| match verb.get_name() {
        "overlap" => verb.mut_subcommands(silent),
        name if ASKING.contains(&name) => verb,
        _ => silent(verb),
    })
}

/// What was typed.
///
/// # Errors
/// Where it can't be understood, and where help is asked for.
pub(crate) fn parse(typed: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let matches = definition().try_get_matches_from(typed)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut definition()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Cli, clap::Error> {
        parse(["stave"].iter().chain(words).map(OsString::from))
    }

    #[test]
    fn verbs_that_refuse_a_moment_offered_it() {
        let mut asking = Vec::new();
        for verb in definition().get_subcommands() {
            let name = verb.get_name();
            let offered = !verb.get_arguments().any(|argument| argument.get_id() == "at");
            let words: &[&[&str]] = &[&[], &["x"], &["x", "owner"], &["--as", "graph"]];
            for rest in words {
                let Ok(cli) = parsed(&[&[name], *rest].concat()) else { continue };
                assert!(offered || !cli.command.asks(), "{name} {rest:?} asks");
                if cli.command.asks() {
                    asking.push(name.to_owned());
                }
            }
        }
        assert!(ASKING.iter().all(|name| asking.iter().any(|asking| asking == name)), "{asking:?}");
    }

    #[test]
    fn a_moment_is_understood_wherever_it_stands() {
        for words in [
            &["--at", "3", "list"][..],
            &["list", "--at", "3"],
            &["--at", "3", "compact"],
            &["compact", "--at", "3"],
            &["user", "--at", "3", "list"],
            &["user", "list", "--at", "3"],
        ] {
            assert_eq!(parsed(words).unwrap().global.at.as_deref(), Some("3"), "{words:?}");
        }
    }
}
