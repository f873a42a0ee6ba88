//! `cargo xtask score bottleneck`: whether Stave finds the stage whose speed-up gains most, and how much that is.
//!
//! Lines of five stages are drawn (`simulate/lines.rs`), 300 tickets go through each, and the tickets' times alone go to
//! `stave_answers::constraint`, through an example of that crate. Two truths, both with the same draws before and
//! after a stage is made 20 % faster, both in mean lead time: what these very tickets would have gained, and (figures that
//! end in `_expected`) what is to be expected of the line: the mean of other 300 tickets, drawn again and again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;
use crate::simulate::lines::{Line, STAGES};
use crate::simulate::random::Random;

/// Lines that are drawn, unless told otherwise.
const LINES: u64 = 2_000;
/// Other tickets that say what is to be expected of a line, in runs of 300.
const RUNS: usize = 200;
/// Milliseconds in a line's unit of time: an hour.
const UNIT_MS: f64 = 3_600_000.0;
/// Lines that are asked about in one go.
const BATCH: u64 = 50;

/// What is known of one line.
struct Known {
    tickets: Value,
    expected: [f64; STAGES],
    same_tickets: [f64; STAGES],
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let lines = args.value("--lines")?.map_or(Ok(LINES), |text| text.parse())?;
    let seed = args.value("--seed")?.map_or(Ok(1), |text| text.parse())?;
    args.rest()?;
    let mut build = run::cargo();
    run::must(build.args([
        "build",
        "--quiet",
        "--release",
        "-p",
        "stave-answers",
        "--example",
        "constraint",
    ]))?;
    let mut asked = Command::new(run::target_dir().join("release/examples/constraint"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("can't start the example")?;
    let mut questions = asked.stdin.take().context("no way in")?;
    let mut answers = BufReader::new(asked.stdout.take().context("no way out")?).lines();
    let (mut expected, mut same_tickets) = (Figures::default(), Figures::default());
    let mut first = 0;
    while first < lines {
        let batch = first..(first + BATCH).min(lines);
        // The answers of a batch fit into the pipe, so that neither waits for the other.
        let known: Vec<Known> = batch
            .map(|line| {
                let known = known(seed, line);
                writeln!(questions, "{}", known.tickets)?;
                Ok(known)
            })
            .collect::<Result<_>>()?;
        first += BATCH;
        for line in &known {
            let answer: Value = serde_json::from_str(&answers.next().context("no answer")??)?;
            let chosen = &answer["stages"][0];
            let figure = |name: &str| chosen[name].as_f64().map(|ms| ms / UNIT_MS).context("no figure");
            let stage = chosen["stage"].as_u64().context("no stage")? as usize;
            let interval = (figure("low_ms")?, figure("high_ms")?);
            expected.count(&line.expected, stage, interval);
            same_tickets.count(&line.same_tickets, stage, interval);
        }
    }
    drop(questions);
    if !asked.wait()?.success() {
        bail!("the example failed");
    }
    let mut line = json!({"lines": lines, "seed": seed});
    for (suffix, figures) in [("", &same_tickets), ("_expected", &expected)] {
        for (name, sum) in
            [("top1", figures.top1), ("gain_share", figures.share), ("interval_coverage", figures.covered)]
        {
            line[format!("{name}{suffix}")] = json!((sum / lines as f64 * 10_000.0).round() / 10_000.0);
        }
    }
    println!("{line}");
    Ok(Outcome::Passed)
}

fn known(seed: u64, line: u64) -> Known {
    let mut random = Random::part(seed, line);
    let drawn_line = Line::random(&mut random);
    let drawn = drawn_line.draw(&mut random);
    let mut tickets = Vec::<Vec<(usize, i64, i64)>>::new();
    for stay in drawn_line.stays(&drawn) {
        if tickets.len() <= stay.job {
            tickets.resize(stay.job + 1, Vec::new());
        }
        let ms = |time: f64| (time * UNIT_MS).round() as i64;
        tickets[stay.job].push((stay.station, ms(stay.arrived), ms(stay.left)));
    }
    Known {
        tickets: json!(tickets),
        expected: drawn_line.expected_gains(&mut random, RUNS),
        same_tickets: drawn_line.gains(&drawn),
    }
}

#[derive(Default)]
struct Figures {
    top1: f64,
    share: f64,
    covered: f64,
}

impl Figures {
    fn count(&mut self, gains: &[f64; STAGES], chosen: usize, (low, high): (f64, f64)) {
        let best = gains.iter().copied().fold(f64::MIN, f64::max);
        let gain = gains[chosen];
        self.top1 += f64::from(u8::from(gain >= best));
        self.share += gain / best;
        self.covered += f64::from(u8::from((low..=high).contains(&gain)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_choice() {
        let mut figures = Figures::default();
        figures.count(&[1.0, 4.0, 2.0, 0.0, 0.0], 1, (3.0, 5.0));
        figures.count(&[1.0, 4.0, 2.0, 0.0, 0.0], 2, (2.5, 5.0));
        assert_eq!((figures.top1, figures.share, figures.covered), (1.0, 1.5, 1.0));
    }

    #[test]
    fn a_line_comes_again() {
        assert_eq!(known(1, 7).tickets, known(1, 7).tickets);
        assert_ne!(known(1, 7).tickets, known(2, 7).tickets);
    }
}
