//! `cargo xtask score incidents`: how well incidents are tied to the pieces that they were about.
//!
//! DIR/flow/github_status/incidents.jsonl has a row per incident of a status page with the components that the page
//! named. Rows whose components were inferred (they have a `components_source`) are no truth and are left out; those
//! without components tell only how often an incident is left untied. Pieces are the component names of all rows. No
//! row's own label is known when it is tied: the headline figures are in order of time, where only earlier rows teach;
//! `ten_fold` teaches nine tenths of the rows, `names_only` and `titles_only` teach nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// Parts of the rows that are tied in turn, taught by the others.
const FOLDS: usize = 10;

struct Row {
    at: String,
    title: String,
    updates: Vec<String>,
    about: BTreeSet<String>,
}

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let data = args.path("--data")?;
    match args.rest()?.as_slice() {
        [word] if word == "incidents" => {}
        _ => bail!("cargo xtask score incidents --data DIR"),
    }
    let (rows, unlabelled) = rows(&data.join("flow/github_status/incidents.jsonl"))?;
    let pieces: BTreeSet<&String> = rows.iter().flat_map(|row| &row.about).collect();
    let begin = json!({"pieces": pieces});
    run::must(run::cargo().args(["build", "--quiet", "-p", "stave-answers", "--example", "tie"]))?;

    let mut in_time = vec![begin.clone()];
    for row in &rows {
        in_time.extend([row.asked(), row.taught()]);
    }
    in_time.extend(unlabelled.iter().map(Row::asked));
    let mut tied = tied(&in_time)?;
    let untied = tied.split_off(rows.len());
    let in_time = Figures::of(&rows, &tied);

    let names_only: Vec<Value> = [begin.clone()].into_iter().chain(rows.iter().map(Row::asked)).collect();
    let names_only = Figures::of(&rows, &self::tied(&names_only)?);
    let titles_only: Vec<Value> =
        [begin.clone()].into_iter().chain(rows.iter().map(|row| json!({"title": row.title}))).collect();
    let titles_only = Figures::of(&rows, &self::tied(&titles_only)?);

    let mut ten_fold = Vec::new();
    let mut order = Vec::new();
    for fold in 0..FOLDS {
        let (asked, taught): (Vec<_>, Vec<_>) =
            rows.iter().enumerate().partition(|(place, _)| place % FOLDS == fold);
        ten_fold.push(begin.clone());
        ten_fold.extend(taught.iter().map(|(_, row)| row.taught()));
        ten_fold.extend(asked.iter().map(|(_, row)| row.asked()));
        order.extend(asked.into_iter().map(|(_, row)| row));
    }
    let ten_fold = Figures::of(order, &self::tied(&ten_fold)?);

    let mut line = in_time.shown();
    line["incidents"] = json!(rows.len());
    line["pieces"] = json!(pieces.len());
    line["taught_by"] = json!("earlier rows");
    line["unlabelled"] = json!(unlabelled.len());
    line["unlabelled_left_untied"] = json!(untied.iter().filter(|tied| tied.is_empty()).count());
    line["ten_fold"] = ten_fold.shown();
    line["names_only"] = names_only.shown();
    line["titles_only"] = titles_only.shown();
    println!("{line}");
    Ok(Outcome::Passed)
}

/// The rows with a label that the page gave, and those without one, by time.
fn rows(path: &Path) -> Result<(Vec<Row>, Vec<Row>)> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut rows = Vec::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line)?;
        if value["components_source"].is_null() {
            rows.push(Row::of(&value));
        }
    }
    rows.sort_by(|a, b| (&a.at, &a.title).cmp(&(&b.at, &b.title)));
    Ok(rows.into_iter().partition(|row| !row.about.is_empty()))
}

impl Row {
    fn of(value: &Value) -> Row {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let array = |name: &str| value[name].as_array().cloned().unwrap_or_default();
        let mut updates = array("updates");
        updates.sort_by_key(|update| text(&update["at"]));
        Row {
            at: text(&value["started_at"]),
            title: text(&value["title"]),
            updates: updates.iter().map(|update| text(&update["message"])).collect(),
            about: array("components").iter().map(text).collect(),
        }
    }

    fn asked(&self) -> Value {
        json!({"title": self.title, "updates": self.updates})
    }

    fn taught(&self) -> Value {
        json!({"title": self.title, "updates": self.updates, "about": self.about})
    }
}

/// Answers of the product's own function to these lines: to each that asks, the names of the pieces.
fn tied(lines: &[Value]) -> Result<Vec<BTreeSet<String>>> {
    let mut command = run::cargo();
    command.args(["run", "--quiet", "-p", "stave-answers", "--example", "tie"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut stdin = child.stdin.take().context("no standard input")?;
    // Written beside reading, for neither side waits for the other.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("writing was cut short"))??;
    if !output.status.success() {
        bail!("{} ended with {}", run::shown(&command), output.status);
    }
    let lines = String::from_utf8(output.stdout)?;
    let names = |line: &str| -> Result<BTreeSet<String>> {
        let value: Value = serde_json::from_str(line)?;
        Ok(value["about"].as_object().context("no about")?.keys().cloned().collect())
    };
    lines.lines().map(names).collect()
}

/// Counts over pairs of incident and piece, and over incidents.
#[derive(Debug, Default, PartialEq)]
struct Figures {
    rows: usize,
    right: usize,
    wrong: usize,
    missed: usize,
    exact: usize,
    tied: usize,
}

impl Figures {
    fn of<'a>(rows: impl IntoIterator<Item = &'a Row>, tied: &[BTreeSet<String>]) -> Figures {
        let mut figures = Figures::default();
        for (row, tied) in rows.into_iter().zip(tied) {
            figures.rows += 1;
            figures.right += tied.intersection(&row.about).count();
            figures.wrong += tied.difference(&row.about).count();
            figures.missed += row.about.difference(tied).count();
            figures.exact += usize::from(*tied == row.about);
            figures.tied += usize::from(!tied.is_empty());
        }
        figures
    }

    fn shown(&self) -> Value {
        let share = |part: usize, whole: usize| {
            if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 10_000.0).round() / 10_000.0 }
        };
        json!({
            "f1": share(2 * self.right, 2 * self.right + self.wrong + self.missed),
            "exact": share(self.exact, self.rows),
            "precision": share(self.right, self.right + self.wrong),
            "recall": share(self.right, self.right + self.missed),
            "coverage": share(self.tied, self.rows),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(about: &[&str]) -> Row {
        Row::of(&json!({"title": "t", "components": about, "updates": [
            {"at": "2", "message": "later"}, {"at": "1", "message": "first"}]}))
    }

    #[test]
    fn figures_count_pairs_and_incidents() {
        let rows = [row(&["a", "b"]), row(&["c"]), row(&["a"])];
        let tied: Vec<BTreeSet<String>> =
            [vec!["a"], vec!["c"], vec![]].map(|names| names.into_iter().map(str::to_owned).collect()).into();
        let figures = Figures::of(&rows, &tied);
        assert_eq!(figures, Figures { rows: 3, right: 2, wrong: 0, missed: 2, exact: 1, tied: 2 });
        assert_eq!(figures.shown()["f1"], 0.6667);
        assert_eq!(figures.shown()["coverage"], 0.6667);
    }

    #[test]
    fn updates_are_put_in_order() {
        assert_eq!(row(&[]).asked()["updates"], json!(["first", "later"]));
    }
}
