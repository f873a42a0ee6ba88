//! `cargo xtask score dora`: Stave's figures under the definition `devlake` against tables with the figures that its
//! makers expect.
//!
//! DIR/flow/dora_fixtures has two folders of CSV tables. This task turns rows into what Stave takes and Stave's figures into
//! rows; which project is measured is the only choice that it makes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Args;
use crate::run;

/// A row of a table: name of column to value.
type Row = BTreeMap<String, String>;

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let fixtures = args.path("--data")?.join("flow").join("dora_fixtures");
    args.rest()?;
    run::must(run::cargo().args(["build", "--quiet", "-p", "stave-answers", "--example", "devlake"]))?;
    let mut score = Score::default();
    lead_time(&fixtures.join("change_lead_time"), &mut score)?;
    previous(&fixtures.join("prev_success_deployment_commit"), &mut score)?;
    println!("{}", json!({"rows": score.rows, "rows_right": score.right}));
    Ok(Outcome::passed_if(score.rows == score.right))
}

#[derive(Default)]
struct Score {
    rows: usize,
    right: usize,
}

impl Score {
    /// Every column counts, and a row that isn't expected is a wrong one.
    fn compare(&mut self, table: &str, expected: &[Row], found: &[Row]) {
        self.rows += expected.len();
        for row in expected {
            match found.iter().find(|one| one["id"] == row["id"]) {
                Some(one) if one == row => self.right += 1,
                Some(one) => {
                    for (column, value) in
                        row.iter().filter(|(column, value)| one.get(*column) != Some(value))
                    {
                        eprintln!("{table} {}: {column} is {:?}, not {value:?}", row["id"], one.get(column));
                    }
                }
                None => eprintln!("{table} {}: missing", row["id"]),
            }
        }
        for one in found.iter().filter(|one| expected.iter().all(|row| row["id"] != one["id"])) {
            eprintln!("{table} {}: not expected", one["id"]);
            self.rows += 1;
        }
    }
}

fn lead_time(folder: &Path, score: &mut Score) -> Result<()> {
    let expected = table(folder, "project_pr_metrics")?;
    let project = expected.first().context("no expected rows")?["project_name"].clone();
    let mapped = mapped(folder, &project)?;
    let deployments: Vec<Row> = table(folder, "cicd_deployment_commits")?
        .into_iter()
        .filter(|row| mapped.contains(&("cicd_scopes".to_owned(), row["cicd_scope_id"].clone())))
        .collect();
    let mut requests = Vec::new();
    for row in table(folder, "pull_requests")? {
        if !mapped.contains(&("repos".to_owned(), row["base_repo_id"].clone())) {
            continue;
        }
        let mut commits = Vec::new();
        for commit in table(folder, "pull_request_commits")? {
            if commit["pull_request_id"] == row["id"] {
                commits.push(json!([commit["commit_sha"], time(&commit["commit_authored_date"])?]));
            }
        }
        let mut comments = Vec::new();
        for comment in table(folder, "pull_request_comments")? {
            if comment["pull_request_id"] == row["id"] {
                let at = time(&comment["created_date"])?;
                comments.push(json!({"id": comment["id"], "author": comment["account_id"], "at": at}));
            }
        }
        let merged = (!row["merged_date"].is_empty()).then(|| time(&row["merged_date"])).transpose()?;
        requests.push(json!({
            "id": row["id"], "author": row["author_id"], "merge_commit": row["merge_commit_sha"],
            "created": time(&row["created_date"])?, "merged": merged, "commits": commits, "comments": comments,
        }));
    }
    let brings: Vec<Value> = table(folder, "commits_diffs")?
        .iter()
        .map(|row| json!([row["old_commit_sha"], row["new_commit_sha"], row["commit_sha"]]))
        .collect();
    let found = stave(&json!({
        "deployments": deployed(&deployments)?, "pull_requests": requests, "brings": brings,
    }))?;
    let rows: Vec<Row> = found["cycles"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|cycle| {
            [
                ("id", &cycle["id"]),
                ("project_name", &Value::from(project.as_str())),
                ("first_commit_sha", &cycle["first_commit"][0]),
                ("pr_coding_time", &cycle["coding_min"]),
                ("first_review_id", &cycle["first_comment"][0]),
                ("pr_pickup_time", &cycle["pickup_min"]),
                ("pr_review_time", &cycle["review_min"]),
                ("deployment_commit_id", &cycle["deployed"][0]),
                ("pr_deploy_time", &cycle["deploy_min"]),
                ("pr_cycle_time", &cycle["cycle_min"]),
                ("first_commit_authored_date", &cycle["first_commit"][1]),
                ("first_comment_date", &cycle["first_comment"][1]),
                ("pr_created_date", &cycle["created"]),
                ("pr_merged_date", &cycle["merged"]),
                ("pr_deployed_date", &cycle["deployed"][1]),
            ]
            .map(|(column, value)| (column.to_owned(), cell(column, value)))
            .into()
        })
        .collect();
    score.compare("project_pr_metrics", &expected, &rows);
    Ok(())
}

fn previous(folder: &Path, score: &mut Score) -> Result<()> {
    let expected = table(folder, "cicd_deployment_commits_after")?;
    let project = table(folder, "project_mapping")?.first().context("no project")?["project_name"].clone();
    let mapped = mapped(folder, &project)?;
    let mut rows = table(folder, "cicd_deployment_commits_before")?;
    let measured: Vec<Row> = rows
        .iter()
        .filter(|row| mapped.contains(&("cicd_scopes".to_owned(), row["cicd_scope_id"].clone())))
        .cloned()
        .collect();
    let found = stave(&json!({"deployments": deployed(&measured)?, "pull_requests": [], "brings": []}))?;
    for (place, row) in measured.iter().enumerate() {
        let before =
            found["previous"][place].as_u64().and_then(|place| measured.get(usize::try_from(place).ok()?));
        if let (Some(before), Some(one)) = (before, rows.iter_mut().find(|one| one["id"] == row["id"])) {
            one.insert("prev_success_deployment_commit_id".to_owned(), before["id"].clone());
        }
    }
    let columns: Vec<&String> = expected.first().context("no expected rows")?.keys().collect();
    rows.iter_mut().for_each(|row| row.retain(|column, _| columns.contains(&column)));
    score.compare("cicd_deployment_commits", &expected, &rows);
    Ok(())
}

/// The tables and ids of rows that belong to a project.
fn mapped(folder: &Path, project: &str) -> Result<Vec<(String, String)>> {
    let rows = table(folder, "project_mapping")?.into_iter();
    let rows = rows.filter(|row| row["project_name"] == project);
    Ok(rows.map(|row| (row["table"].clone(), row["row_id"].clone())).collect())
}

fn deployed(rows: &[Row]) -> Result<Vec<Value>> {
    rows.iter()
        .map(|row| {
            Ok(json!({
                "id": row["id"], "commit": row["commit_sha"], "repository": row["repo_url"],
                "scope": row["cicd_scope_id"], "environment": row["environment"],
                "is_success": row["result"] == "SUCCESS",
                "started": time(&row["started_date"])?, "finished": time(&row["finished_date"])?,
            }))
        })
        .collect()
}

fn stave(input: &Value) -> Result<Value> {
    let mut command = run::cargo();
    command.args(["run", "--quiet", "-p", "stave-answers", "--example", "devlake"]);
    answer(&mut command, input)
}

fn answer(command: &mut Command, input: &Value) -> Result<Value> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("no pipe")?.write_all(input.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{} ended with {}", run::shown(command), output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A table of cells without quotes.
fn table(folder: &Path, name: &str) -> Result<Vec<Row>> {
    let path = folder.join(format!("{name}.csv"));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    if text.contains('"') {
        bail!("{}: quoted cells are not read", path.display());
    }
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let columns: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let rows = lines.filter(|line| !line.trim().is_empty());
    Ok(rows
        .map(|line| {
            let mut cells = line.split(',');
            let cell = |column: &&str| ((*column).to_owned(), cells.next().unwrap_or_default().to_owned());
            columns.iter().map(cell).collect()
        })
        .collect())
}

/// `2023-4-10 6:51:47` or `2023-04-10T06:51:47.000+00:00` as Stave writes times.
fn time(text: &str) -> Result<String> {
    let plain = text.trim_end_matches(".000+00:00").replace('T', " ");
    let parts: Vec<u32> = plain
        .split(['-', ' ', ':'])
        .map(|part| part.parse().with_context(|| format!("{text} is no time")))
        .collect::<Result<_>>()?;
    let [year, month, day, hour, minute, second] = parts.as_slice() else { bail!("{text} is no time") };
    Ok(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z"))
}

/// A value as the tables write it.
fn cell(column: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if column.ends_with("_date") => text.replace('Z', "+00:00"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_of_both_forms_are_one() {
        assert_eq!(time("2023-4-10 6:51:47").unwrap(), "2023-04-10T06:51:47.000Z");
        assert_eq!(time("2023-04-10T06:51:47.000+00:00").unwrap(), "2023-04-10T06:51:47.000Z");
        assert!(time("yesterday").is_err());
    }

    #[test]
    fn a_row_counts_only_whole_and_an_extra_one_is_wrong() {
        let row = |id: &str, value: &str| {
            Row::from([("id".to_owned(), id.to_owned()), ("x".to_owned(), value.to_owned())])
        };
        let mut score = Score::default();
        score.compare(
            "t",
            &[row("1", "a"), row("2", "b"), row("3", "c")],
            &[row("1", "a"), row("2", "z"), row("4", "")],
        );
        assert_eq!((score.rows, score.right), (4, 1));
    }
}
