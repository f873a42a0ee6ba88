//! Computes pull requests' cycles with the functions behind `stave flow --definition devlake`, for measuring them: JSON
//! `{"deployments": […], "pull_requests": […], "brings": [[BEFORE, AFTER, COMMIT], …]}` on standard input; as output
//! `{"previous": [PLACE or null, …], "cycles": […]}`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a tool for developers")]

use std::collections::HashSet;
use std::io::stdin;

use serde_json::{Value, json};
use stave_answers::flow::devlake::{DeployedCommit, PullRequest, cycles, previous};

fn main() {
    let input: Value = serde_json::from_reader(stdin().lock()).unwrap();
    let deployments: Vec<DeployedCommit> = serde_json::from_value(input["deployments"].clone()).unwrap();
    let requests: Vec<PullRequest> = serde_json::from_value(input["pull_requests"].clone()).unwrap();
    let brings: HashSet<(String, String, String)> = serde_json::from_value(input["brings"].clone()).unwrap();
    let found = cycles(&requests, &deployments, |before, after, commit| {
        brings.contains(&(before.to_owned(), after.to_owned(), commit.to_owned()))
    });
    println!("{}", json!({"previous": previous(&deployments), "cycles": found}));
}
