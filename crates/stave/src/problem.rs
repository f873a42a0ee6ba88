//! What a verb comes back with: an exit code, or a problem with hints. Printed in one place.

use std::fmt;
use std::io;
use std::process::ExitCode;

use stave_answers::speech::{Refusal, RefusalKind};
use stave_map::EntityRow;

/// How a verb ended. Written down in docs/configuration.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Answered.
    Answered,
    /// The answer is no: nothing found, no such entity, no such question.
    No,
    /// An error.
    Error,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        match exit {
            Exit::Answered => ExitCode::from(0),
            Exit::No => ExitCode::from(1),
            Exit::Error => ExitCode::from(2),
        }
    }
}

/// What happened and what to do about it.
#[derive(Debug)]
pub(crate) struct Problem {
    what: String,
    hints: Vec<String>,
    /// Entities that may have been meant: programs that ask for JSON get them whole.
    candidates: Vec<EntityRow>,
    exit: Exit,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>) -> Problem {
        Problem { what: what.into(), hints: Vec::new(), candidates: Vec::new(), exit: Exit::Error }
    }

    /// The answer is "no": exit code 1.
    pub(crate) fn no(what: impl Into<String>) -> Problem {
        Problem { exit: Exit::No, ..Problem::new(what) }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for (number, hint) in self.hints.iter().enumerate() {
            f.write_str(if number == 0 { "\n\nhint: " } else { "\nhint: " })?;
            f.write_str(hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let exit = match refusal.kind {
            RefusalKind::No => Exit::No,
            RefusalKind::Mistake | RefusalKind::Several => Exit::Error,
        };
        Problem { what: refusal.what, hints: refusal.hints, candidates: refusal.candidates, exit }
    }
}

/// A problem taken apart for printing: what happened, why (outermost first), hints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) what: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hints: Vec<String>,
    pub(crate) candidates: Vec<EntityRow>,
    pub(crate) exit: Exit,
}

/// Takes an error apart. Libraries end a message with a blank line and "hint: …"; hints are collected from the
/// whole chain, for the innermost cause often knows best what to do.
pub(crate) fn told(error: &anyhow::Error) -> Told {
    let problem = error.downcast_ref::<Problem>();
    let exit = problem.map_or(Exit::Error, |problem| problem.exit);
    let candidates = problem.map_or_else(Vec::new, |problem| problem.candidates.clone());
    let mut hints = Vec::new();
    let mut messages: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        let (message, more) = split_hints(&text);
        for hint in more {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        // A transparent wrapper repeats what it wraps.
        if messages.iter().all(|said| !said.contains(&message)) {
            messages.push(message);
        }
    }
    let mut messages = messages.into_iter();
    let what = messages.next().unwrap_or_default();
    let mut causes: Vec<String> = messages.collect();
    if let Some(hint) = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).and_then(hint_of_io)
        && hints.is_empty()
    {
        hints.push(hint.to_owned());
    }
    causes.retain(|cause| !cause.is_empty());
    Told { what, causes, hints, candidates, exit }
}

/// A command line that can't be understood, in the form of all other problems.
pub(crate) fn not_understood(error: &clap::Error) -> Told {
    let text = error.render().to_string();
    let mut parts = text.split("\n\n").map(str::trim);
    let what = parts.next().unwrap_or_default();
    let one_line = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    Told {
        what: one_line(what.strip_prefix("error: ").unwrap_or(what)),
        causes: Vec::new(),
        hints: parts.filter(|part| !part.is_empty()).map(one_line).collect(),
        candidates: Vec::new(),
        exit: Exit::Error,
    }
}

fn split_hints(text: &str) -> (String, Vec<String>) {
    match text.split_once("\n\nhint: ") {
        Some((message, hints)) => (
            message.trim_end().to_owned(),
            hints.split("\nhint: ").map(|hint| hint.trim().to_owned()).collect(),
        ),
        None => (text.trim_end().to_owned(), Vec::new()),
    }
}

fn hint_of_io(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free some space and run the same command again; nothing that was said before is lost")
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            Some("put the ledger where you may write: --ledger PATH")
        }
        _ => None,
    }
}

/// Whether the reader of our output went away (`stave list | head -1`): no error, there is just nobody to tell.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn hints_of_the_whole_chain_are_kept_apart_from_what_happened() {
        let inner = Problem::new("no space left").hint("free some");
        let error = anyhow::Error::new(inner).context("can't write the ledger");
        let told = told(&error);
        assert_eq!(told.what, "can't write the ledger");
        assert_eq!(told.causes, ["no space left"]);
        assert_eq!(told.hints, ["free some"]);
        assert_eq!(told.exit, Exit::Error);
    }

    #[test]
    fn a_no_keeps_its_exit_code_through_context() {
        let error = anyhow::Error::new(Problem::no("nothing is called x"));
        assert_eq!(told(&error).exit, Exit::No);
    }
}
