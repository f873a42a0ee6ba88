//! What may not come in, and what every response carries.

use std::io::{Read, Write};
use std::time::Duration;

use stave_server::Options;

use crate::{Server, every_page};

const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

#[test]
fn every_response_carries_the_policy() {
    let server = Server::start();
    let files = stave_board::assets().iter().map(|asset| asset.path.to_owned());
    let others =
        ["/healthz", "/readyz", "/metrics", "/nothing", "/api/v1/nothing", "/api/v1/graph", "/log?before=x"];
    for path in every_page().into_iter().chain(files).chain(others.map(str::to_owned)) {
        let answer = server.get(&path);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        for (name, value) in ALWAYS {
            assert_eq!(answer.header(name), *value, "{path}");
        }
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    for refused in [
        server.ask("POST", "/", &[]),
        server.ask("GET", "/", &["Host: elsewhere.example.com"]),
        server.get(&format!("/entities?q={}", "a".repeat(5_000))),
    ] {
        assert!(refused.header("content-security-policy").starts_with("default-src 'none'"), "{refused:?}");
    }
}

#[test]
fn only_own_host_names_are_answered() {
    let server = Server::with(Options { hosts: vec!["Board.localhost".to_owned()], ..Options::default() });
    let port = server.address.port();
    for own in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("[::1]:{port}"),
        "board.localhost".to_owned(),
        format!("board.localhost:{port}"),
    ] {
        assert_eq!(server.ask("GET", "/", &[&format!("Host: {own}")]).status, 200, "{own}");
    }
    for foreign in [
        "evil.example.com".to_owned(),
        format!("evil.example.com:{port}"),
        "localhost".to_owned(),
        "127.0.0.1:1".to_owned(),
        format!("localhost.:{port}"),
        format!("127.0.0.1.example.com:{port}"),
    ] {
        for path in ["/", "/healthz", "/api/v1/graph", "/events", "/static/stave.css"] {
            let answer = server.ask("GET", path, &[&format!("Host: {foreign}")]);
            assert_eq!(answer.status, 421, "{foreign}{path}");
            let is_json = answer.header("content-type") == "application/json";
            assert_eq!(is_json, path.starts_with("/api/"), "{path}");
            assert!(answer.body.contains("This server answers only as "), "{}", answer.body);
        }
    }
    let two = server.ask("GET", "/", &[&format!("Host: localhost:{port}"), "Host: evil.example.com"]);
    assert_eq!(two.status, 400);
    let none = server.raw(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(none.status, 400);
    let absolute = format!(
        "GET http://evil.example.com/ HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(server.raw(absolute.as_bytes()).status, 421);
}

#[test]
fn only_reading_is_allowed() {
    let server = Server::start();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let answer = server.ask(method, "/questions", &[]);
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method}");
    }
}

#[test]
fn head_is_get_without_a_body() {
    let server = Server::start();
    for path in ["/", "/api/v1/summary", "/static/stave.css", "/healthz", "/nothing"] {
        let (get, head) = (server.get(path), server.ask("HEAD", path, &[]));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[test]
fn what_is_too_long_is_refused_with_a_sentence() {
    let server = Server::start();
    let long = server.get(&format!("/entities?q={}", "a".repeat(5_000)));
    assert_eq!(long.status, 414);
    assert!(long.body.contains("4096 are allowed"), "{}", long.body);
    // A head that is larger than anything we read ends the connection.
    let endless = server.ask("GET", "/", &[&format!("X-Filler: {}", "a".repeat(100_000))]);
    assert!(matches!(endless.status, 0 | 431), "{}", endless.status);
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn what_can_not_be_read_is_said() {
    let server = Server::start();
    let page = server.get("/entities?page=two");
    assert_eq!(page.status, 400);
    assert!(page.body.contains("page=two is not a number"), "{}", page.body);
    let twin = server.get("/api/v1/log?before=%20x");
    assert_eq!((twin.status, twin.header("content-type")), (400, "application/json"));
    let missing = server.get("/%3Cscript%3E");
    assert_eq!(missing.status, 404);
    assert!(!missing.body.contains("<script>"), "{}", missing.body);
    assert_eq!(server.get("/../../etc/passwd").status, 404);
    assert_eq!(server.raw(b"\x00\x01 nonsense\r\n\r\n").status, 400);
}

#[test]
fn files_are_known_by_their_content() {
    let server = Server::start();
    for asset in stave_board::assets() {
        let first = server.get(asset.path);
        assert_eq!((first.status, first.header("content-type")), (200, asset.media_type));
        let tag = first.header("etag");
        assert!(tag.len() > 10, "{tag}");
        let again = server.ask("GET", asset.path, &[&format!("If-None-Match: \"other\", W/{tag}")]);
        assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag));
        assert_eq!(server.ask("GET", asset.path, &["If-None-Match: \"other\""]).status, 200);
    }
}

#[test]
fn slow_and_silent_clients_do_not_keep_others_out() {
    let server = Server::start();
    let mut silent: Vec<_> = (0..40).map(|_| server.connect()).collect();
    for stream in &mut silent {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    }
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn an_answer_that_takes_too_long_is_given_up() {
    let server = Server::start();
    let impatient = Options { patience: Duration::ZERO, ..Options::default() };
    // The check itself needs an answer within no time, so only what is always let through comes through.
    let other = Server::with(impatient);
    let answer = other.get("/");
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"), "{}", answer.body);
    assert!(answer.body.contains("took longer than 0 seconds"), "{}", answer.body);
    assert_eq!(other.get("/healthz").status, 200);
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn a_connection_serves_several_requests() {
    let server = Server::start();
    let mut stream = server.connect();
    for _ in 0..3 {
        stream
            .write_all(format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes())
            .unwrap();
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(b"ok\n") {
            stream.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        assert!(seen.starts_with(b"HTTP/1.1 200"));
    }
}
