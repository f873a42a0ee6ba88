//! `cargo xtask score queueing --data DIR`: the simulator against closed forms of queueing theory.
//!
//! DIR/flow/oracles/queueing_oracles.csv has the columns model, input, metric, expected and source. A row is right where
//! the simulation lies within 1 % or three standard errors of it.
//!
//! What isn't said of the models is said here. Laws of which the mean and variation are given are fixed, exponential or
//! gamma. *Best* is the line with fixed times. *Worst* is all of the work in progress moved as one batch, whose pieces are
//! worked on one after the other. *Practical worst* is the balanced line of single exponential machines with the same
//! bottleneck rate and raw process time. Kingman's formula is an approximation, so it isn't held against a queue, which
//! it would miss, but computed from the moments that the simulation's draws have.

use std::collections::{BTreeMap, VecDeque};
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::Outcome;
use crate::args::Args;
use crate::simulate::random::{Law, Random};
use crate::simulate::{Flow, Stay, run};

/// Runs of each model, from other seeds.
const RUNS: u64 = 32;
/// Services that each run counts, and the services before, which aren't counted.
const SERVICES: f64 = 60_000.0;
const WARM_UP: f64 = 8_000.0;

/// A figure by its name in the table: mean and standard error.
type Figures = BTreeMap<String, (f64, f64)>;

struct Row {
    model: String,
    input: String,
    metric: String,
    expected: f64,
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let data = args.path("--data")?;
    args.rest()?;
    let path = data.join("flow/oracles/queueing_oracles.csv");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let rows = text.lines().skip(1).filter(|line| !line.is_empty()).map(row).collect::<Result<Vec<Row>>>()?;
    let mut known: BTreeMap<(String, String), Figures> = BTreeMap::new();
    let (mut right, mut close) = (0, 0);
    for row in &rows {
        let kind = row.metric.rsplit_once('_').map_or("", |(_, kind)| kind);
        let key = (row.model.clone(), format!("{};{kind}", row.input));
        if !known.contains_key(&key) {
            known.insert(key.clone(), figures(row, kind)?);
        }
        let found = known.get(&key).and_then(|figures| figures.get(plain(&row.metric)));
        let (mean, error) = *found.with_context(|| format!("{}: no {}", row.model, row.metric))?;
        let off = (mean - row.expected).abs();
        let is_close = off <= 0.01 * row.expected.abs() + 1e-9;
        let is_right = is_close || off <= 3.0 * error;
        close += usize::from(is_close);
        right += usize::from(is_right);
        if !is_right {
            eprintln!(
                "{} {} {}: {mean:.6} ± {error:.6}, expected {}",
                row.model, row.input, row.metric, row.expected
            );
        }
    }
    println!("{}", json!({"rows": rows.len(), "rows_right": right, "within_one_percent": close}));
    Ok(Outcome::passed_if(right == rows.len()))
}

/// `CT_best` is a `CT`; `rho_dev` stays.
fn plain(metric: &str) -> &str {
    match metric.rsplit_once('_') {
        Some((name, "best" | "worst" | "pwc")) => name,
        _ => metric,
    }
}

/// A line of the table; the first field may stand in quotation marks.
fn row(line: &str) -> Result<Row> {
    let (model, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",").context("a quotation mark is missing")?,
        None => line.split_once(',').context("a comma is missing")?,
    };
    let fields: Vec<&str> = rest.split(',').collect();
    let [input, metric, expected, _] = fields.as_slice() else { bail!("not five fields: {line}") };
    let expected = expected.parse().with_context(|| line.to_owned())?;
    Ok(Row { model: model.to_owned(), input: (*input).to_owned(), metric: (*metric).to_owned(), expected })
}

fn figures(row: &Row, kind: &str) -> Result<Figures> {
    let inputs: BTreeMap<&str, f64> = row
        .input
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
        .collect();
    let input = |name: &str| inputs.get(name).copied();
    let needed = |name: &str| input(name).with_context(|| format!("{}: no {name}", row.model));
    let model = row.model.as_str();
    if model.starts_with("M/") {
        let service = Law::of(1.0 / needed("mu")?, input("cs2").unwrap_or(1.0));
        let servers = input("c").unwrap_or(1.0) as usize;
        let arrivals = Law::Exponential { mean: 1.0 / needed("lambda")? };
        return Ok(simulated(|random| {
            Model::open(arrivals, vec![("", servers, service)], 0.0, random).figures()
        }));
    }
    if model.starts_with("Kingman") {
        let (arrivals, service) = (needed("te")? / needed("rho")?, needed("te")?);
        let laws = (Law::of(arrivals, needed("ca2")?), Law::of(service, needed("cs2")?));
        return Ok(simulated(|random| kingman(laws, random)));
    }
    if model.starts_with("Jackson") {
        let stations = ["dev", "review", "deploy"];
        let mut laid = Vec::new();
        for name in stations {
            laid.push((name, 1, Law::Exponential { mean: 1.0 / needed(&format!("mu_{name}"))? }));
        }
        let (arrivals, back) = (Law::Exponential { mean: 1.0 / needed("gamma")? }, needed("p(review->dev)")?);
        return Ok(simulated(|random| Model::open(arrivals, laid.clone(), back, random).figures()));
    }
    let jobs = needed("WIP")?;
    let (times, machines): (&[f64], &[usize]) = match model {
        _ if model.contains("Penny Fab Two") => (&[2.0, 5.0, 10.0, 3.0], &[1, 2, 6, 2]),
        _ if model.contains("1/2/4/1h") => (&[1.0, 2.0, 4.0, 1.0], &[1; 4]),
        _ if model.contains("4x2h") => (&[2.0; 4], &[1; 4]),
        _ => bail!("{model} is not known"),
    };
    let exponential = |mean: f64| Law::Exponential { mean };
    let fixed = |mean: f64| Law::Fixed { mean };
    let line = |law: &dyn Fn(f64) -> Law| -> Vec<(&'static str, usize, Law)> {
        times.iter().zip(machines).map(|(time, count)| ("", *count, law(*time))).collect()
    };
    Ok(match kind {
        "best" => simulated(|random| Model::closed(jobs as usize, line(&fixed), 1.0, random).figures()),
        "worst" => {
            let batch = line(&|time| fixed(time * jobs));
            simulated(|random| Model::closed(1, batch.clone(), jobs, random).figures())
        }
        "pwc" => {
            let (rate, raw) = (needed("rb")?, needed("T0")?);
            let balanced = vec![("", 1, exponential(1.0 / rate)); (rate * raw).round() as usize];
            simulated(|random| Model::closed(jobs as usize, balanced.clone(), 1.0, random).figures())
        }
        _ => simulated(|random| Model::closed(jobs as usize, line(&exponential), 1.0, random).figures()),
    })
}

/// Means over the runs, with their standard errors.
fn simulated(one: impl Fn(Random) -> BTreeMap<String, f64>) -> Figures {
    let runs: Vec<BTreeMap<String, f64>> = (0..RUNS).map(|part| one(Random::part(11, part))).collect();
    let names: Vec<String> = runs.first().map(|run| run.keys().cloned().collect()).unwrap_or_default();
    let count = RUNS as f64;
    names
        .into_iter()
        .map(|name| {
            let values: Vec<f64> = runs.iter().filter_map(|run| run.get(&name).copied()).collect();
            let mean = values.iter().sum::<f64>() / count;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            (name, (mean, (variance / count).sqrt()))
        })
        .collect()
}

/// (ca² + cs²) / 2 · ρ / (1 − ρ) · te, of the moments of draws.
fn kingman((arrivals, service): (Law, Law), mut random: Random) -> BTreeMap<String, f64> {
    let mut moments = |law: Law| {
        let drawn: Vec<f64> = (0..SERVICES as usize).map(|_| law.draw(&mut random)).collect();
        let mean = drawn.iter().sum::<f64>() / SERVICES;
        let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / SERVICES;
        (mean, variance / (mean * mean))
    };
    let ((gap, ca2), (te, cs2)) = (moments(arrivals), moments(service));
    let rho = te / gap;
    BTreeMap::from([("CTq".to_owned(), (ca2 + cs2) / 2.0 * rho / (1.0 - rho) * te)])
}

/// A network that is run for a while, and what is counted meanwhile.
struct Model {
    /// Open: the law of gaps between arrivals. Closed: jobs begin again at the first station.
    arrivals: Option<Law>,
    /// Closed: jobs that are still to be let in at the beginning.
    first: VecDeque<f64>,
    stations: Vec<(&'static str, usize, Law)>,
    /// Open: with which probability a job goes from the second station back to the first.
    back: f64,
    /// Pieces in a job.
    pieces: f64,
    random: Random,
    now: f64,
    begin: f64,
    end: f64,
    /// When each job entered the network.
    entered: Vec<f64>,
    counted: Counted,
}

#[derive(Default)]
struct Counted {
    visits: f64,
    waited: f64,
    waits: f64,
    /// Time in which somebody was in the queue, in service, in the network, summed over jobs and cut to the window.
    queue: f64,
    work: Vec<f64>,
    inside: f64,
    through: f64,
    sojourn: f64,
}

impl Model {
    fn open(arrivals: Law, stations: Vec<(&'static str, usize, Law)>, back: f64, random: Random) -> Model {
        // The mean gap is the unit in which the length of the run is counted.
        let gap = match arrivals {
            Law::Fixed { mean }
            | Law::Exponential { mean }
            | Law::Gamma { mean, .. }
            | Law::LogNormal { mean, .. } => mean,
        };
        Model::new(Some(arrivals), VecDeque::new(), stations, back, 1.0, gap, random)
    }

    fn closed(jobs: usize, stations: Vec<(&'static str, usize, Law)>, pieces: f64, random: Random) -> Model {
        Model::new(None, vec![0.0; jobs].into(), stations, 0.0, pieces, 4.0, random)
    }

    fn new(
        arrivals: Option<Law>,
        first: VecDeque<f64>,
        stations: Vec<(&'static str, usize, Law)>,
        back: f64,
        pieces: f64,
        unit: f64,
        random: Random,
    ) -> Model {
        let counted = Counted { work: vec![0.0; stations.len()], ..Counted::default() };
        let (begin, end) = (WARM_UP * unit, (WARM_UP + SERVICES) * unit);
        let entered = Vec::new();
        Model { arrivals, first, stations, back, pieces, random, now: 0.0, begin, end, entered, counted }
    }

    fn figures(mut self) -> BTreeMap<String, f64> {
        let servers: Vec<usize> = self.stations.iter().map(|(_, servers, _)| *servers).collect();
        let end = self.end;
        run(&servers, &mut self, end);
        let (counted, time) = (&self.counted, self.end - self.begin);
        let mut figures = BTreeMap::from(
            [
                ("L", counted.inside / time),
                ("Lq", counted.queue / time),
                ("W", counted.sojourn / counted.through),
                ("Wq", counted.waits / counted.visits),
                ("P(wait)", counted.waited / counted.visits),
                ("TH", counted.through * self.pieces / time),
                ("CT", counted.sojourn / counted.through),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        for ((name, servers, _), work) in self.stations.iter().zip(&counted.work) {
            let metric = if name.is_empty() { "rho".to_owned() } else { format!("rho_{name}") };
            figures.insert(metric, work / time / *servers as f64);
        }
        figures
    }

    /// How much of a time lies in the window.
    fn cut(&self, from: f64, to: f64) -> f64 {
        (to.min(self.end) - from.max(self.begin)).max(0.0)
    }
}

impl Flow for Model {
    fn arrival(&mut self) -> Option<(f64, usize)> {
        if let Some(law) = self.arrivals {
            self.now += law.draw(&mut self.random);
        } else {
            self.now = self.first.pop_front()?;
        }
        self.entered.push(self.now);
        Some((self.now, 0))
    }

    fn service(&mut self, _job: usize, station: usize) -> f64 {
        self.stations[station].2.draw(&mut self.random)
    }

    fn onward(&mut self, stay: Stay) -> Option<usize> {
        let counts = stay.left > self.begin;
        self.counted.queue += self.cut(stay.arrived, stay.started);
        self.counted.work[stay.station] += self.cut(stay.started, stay.left);
        if counts {
            self.counted.visits += 1.0;
            self.counted.waits += stay.started - stay.arrived;
            self.counted.waited += f64::from(u8::from(stay.started > stay.arrived));
        }
        if stay.station == 1 && self.back > 0.0 && self.random.unit() < self.back {
            return Some(0);
        }
        if stay.station + 1 < self.stations.len() {
            return Some(stay.station + 1);
        }
        let entered = self.entered[stay.job];
        self.counted.inside += self.cut(entered, stay.left);
        if counts {
            self.counted.through += 1.0;
            self.counted.sojourn += stay.left - entered;
        }
        self.entered[stay.job] = stay.left;
        self.arrivals.is_none().then_some(0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_and_without_quotation_marks() {
        let quoted = row("\"closed Jackson, MVA 4x2h\",WIP=1,TH,0.125,Reiser").unwrap();
        assert_eq!((quoted.model.as_str(), quoted.metric.as_str()), ("closed Jackson, MVA 4x2h", "TH"));
        let plain = row("M/M/1,lambda=1;mu=2,rho,0.5,closed form").unwrap();
        assert_eq!((plain.input.as_str(), plain.expected), ("lambda=1;mu=2", 0.5));
        assert!(row("M/M/1,lambda=1").is_err());
    }

    #[test]
    fn a_wrong_expectation_is_not_right() {
        let asked = row("M/M/1,lambda=1;mu=2,W,1,closed form").unwrap();
        let found = figures(&asked, "").unwrap();
        let (mean, error) = found["W"];
        assert!((mean - 1.0).abs() <= 3.0 * error, "{mean} ± {error}");
        assert!((mean - 1.1).abs() > 0.011_f64.max(3.0 * error), "{mean} ± {error}");
    }
}
