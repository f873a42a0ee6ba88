//! What changes while the server runs.

use std::io::{BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stave_ledger::Ledger;
use stave_server::Options;

use crate::Server;
use crate::estate::{ANN, compose, says, word};

fn new_word() -> stave_model::Statement {
    word(ANN, 100, 0x77, &[], says("description", &compose("twin")).value(json!("Quite fresh words")))
}

#[test]
fn what_another_process_appends_is_seen_and_told() {
    let server = Server::start();
    let mut stream = server.connect();
    let request = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut next_position = || {
        lines
            .find_map(|line| line.unwrap().strip_prefix("data: ").map(|text| text.parse::<u64>().unwrap()))
            .unwrap()
    };
    let before = next_position();
    assert_eq!(before, crate::estate::statements().len() as u64);

    server.ledger().append(&[new_word()]).unwrap();

    assert_eq!(next_position(), before + 1);
    let summary: Value = serde_json::from_str(&server.get("/api/v1/summary").body).unwrap();
    assert_eq!(summary["position"], json!(before + 1));
    let page = server.get(&format!("/e/{}", crate::estate::digits(&compose("twin"))));
    assert!(page.body.contains("Quite fresh words"), "{}", page.body);
}

#[test]
fn metrics_count_and_tell_the_position() {
    let server = Server::start();
    server.get("/nothing");
    server.get("/");
    let metrics = server.get("/metrics");
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let value = |name: &str| -> u64 {
        let line = metrics.body.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert_eq!(value("stave_http_responses_total{class=\"4xx\"}"), 1);
    assert!(value("stave_http_responses_total{class=\"2xx\"}") >= 2);
    assert_eq!(value("stave_position"), crate::estate::statements().len() as u64);
    assert_eq!(value("stave_ready"), 1);
}

#[test]
fn many_ask_at_once() {
    let server = Server::start();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for path in ["/", "/entities?q=pay", "/questions", "/log"] {
                    assert_eq!(server.get(path).status, 200);
                }
            });
        }
    });
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn every_metric_is_documented_and_every_documented_one_is_there() {
    let server = Server::with(Options { memory: || Some(1 << 20), ..Options::default() });
    server.get("/api/v1/summary");
    let told = server.get("/metrics").body;
    let mut there: Vec<&str> =
        told.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let page = include_str!("../../../../docs/operators.md");
    let (_, table) = page.split_once("<!-- metrics -->").unwrap();
    let rows =
        table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let mut documented: Vec<&str> =
        rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect();
    there.sort_unstable();
    documented.sort_unstable();
    assert_eq!(there, documented);
    assert!(told.contains("_count{route=\"/api/v1/summary\"} 1\n"), "{told}");
}
