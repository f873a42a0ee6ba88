//! Tasks of the project. Everything that CI does, a person can do with the same command.
//!
//! Tasks only start programs, read files and compare: they hold no rule of the product. Each ends with 0 (done),
//! 1 (a check said no) or 2 (it could not run).

use std::process::ExitCode;

use anyhow::{Result, bail};

mod args;
mod bench;
mod docs;
mod endpoints;
mod fuzz;
mod reliability;
mod run;
mod score;
mod score_bottleneck;
mod score_dora;
mod score_history;
mod score_incidents;
mod score_overlap;
mod score_queueing;
mod score_releases;
mod score_truck_factor;
mod simulate;
mod smoke;
mod test;
mod tidy;

const USAGE: &str = "\
usage: cargo xtask TASK

  test [--install]       all tests; --install puts in place what they need (Debian packages, npm ci)
  tidy                   the rules that the compiler doesn't know
  docs [--check]         writes the generated documents, or compares them
  smoke                  starts the release binary on examples/shop and asks its pages
  score discovery --data DIR --trees DIR --scorer FILE
                         compares what is found in real systems with known answers
  score overlap --data DIR --trees DIR --systems SYSTEM=TREE,… [--binary PATH]
                         compares which pieces are thought to do the same job with known groups
  score incidents --data DIR
                         compares which pieces incidents are tied to with what a status page says
  score dora --data DIR  compares pull requests' cycles under the definition devlake with tables
  score history --repository DIR
                         compares every change of a history, and the time that reading it takes, with git's
  score releases --repository DIR
                         compares the first release of every commit with what git rev-list says
  score bottleneck [--lines N] [--seed N]
                         whether the stage whose speed-up gains most is found, in simulated lines
  score queueing --data DIR
                         the simulator against closed forms of queueing theory
  score truck-factor --data DIR --trees DIR
                         compares whose leaving would orphan a repository with whom its team named
  bench [NAME...] [--trees DIR] [--repository DIR] [--json]
                         measures every figure of docs/performance.md: scan, history, million, many, fold, start,
                         remote, first-build, ten-million
  estate --to FILE [--claims N]
                         writes a made-up estate as an export, to try things on
  fuzz [--minutes M] [--corpora DIR] [TARGET...]
                         has a fuzzer look for inputs that break a reader, each for M minutes (1); what it learns
                         stays in DIR
  reliability sqlite [kills|cuts|commands|flips|merges|compactions|again]
                         kills, power cuts, full disks, flipped bytes and the rest of a ledger in a file, in full numbers
  reliability postgres [--kills N] [--claims N] [--times N] [--seconds N]
                         kills writers and the server of a ledger on PostgreSQL, and measures appends
  reliability postgres --load [--command-lines N] [--servers N] [--minutes N] [--kill-every SECONDS] [--binary PATH]
                         command lines on servers on one PostgreSQL, of which one is killed every minute";

/// What a task came to, where it could run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
}

impl Outcome {
    pub(crate) fn passed_if(passed: bool) -> Outcome {
        if passed { Outcome::Passed } else { Outcome::Failed }
    }
}

fn main() -> ExitCode {
    match dispatch(std::env::args().skip(1).collect()) {
        Ok(Outcome::Passed) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(mut words: Vec<String>) -> Result<Outcome> {
    if words.is_empty() {
        bail!("no task given\n\n{USAGE}");
    }
    let task = words.remove(0);
    let args = args::Args::new(words, std::env::current_dir()?);
    std::env::set_current_dir(run::root())?;
    match task.as_str() {
        "test" => test::task(args),
        "tidy" => tidy::task(args),
        "docs" => docs::task(args),
        "smoke" => smoke::task(args),
        "score" if args.has("overlap") => score_overlap::task(args),
        "score" if args.has("dora") => score_dora::task(args),
        "score" if args.has("incidents") => score_incidents::task(args),
        "score" if args.has("history") => score_history::task(args),
        "score" if args.has("releases") => score_releases::task(args),
        "score" if args.has("bottleneck") => score_bottleneck::task(args),
        "score" if args.has("queueing") => score_queueing::task(args),
        "score" if args.has("truck-factor") => score_truck_factor::task(args),
        "score" => score::task(args),
        "bench" => bench::task(args),
        "estate" => bench::estate(args),
        "fuzz" => fuzz::task(args),
        "reliability" => reliability::task(args),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(Outcome::Passed)
        }
        other => bail!("there is no task \"{other}\"\n\n{USAGE}"),
    }
}
