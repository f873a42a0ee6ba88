//! The description of the addresses for programs: what is written down, what the code does, and what answers have.
//!
//! Every answer that any test here gets is compared with it (`described.rs`); these go through all of it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use stave_ledger::{Ledger as _, SqliteLedger};
use stave_model::{Basis, Claim, Header, Op, Source, Statement, VERSION, canonical};
use stave_server::Options;
use stave_server::door::accounts::{Password, Token, User, add_token, add_user};
use stave_server::door::{Limits, Rate, Role};

use crate::described::{document, followed};
use crate::{Answer, Server, estate};

/// docs/openapi.json; `STAVE_WRITE_OPENAPI=1` writes it anew.
#[test]
fn the_written_description_is_that_of_the_code() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let made = serde_json::to_string_pretty(&stave_server::api_description()).unwrap() + "\n";
    if std::env::var_os("STAVE_WRITE_OPENAPI").is_some() {
        std::fs::write(file, &made).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == made, "docs/openapi.json is stale; STAVE_WRITE_OPENAPI=1 writes it anew");
}

const PASSWORD: &str = "correct horse battery";
const EMAIL: &str = "admin@example.com";

/// A server with accounts; what was asked of it, with which answer.
struct Journey {
    server: Server,
    /// The headers of a signed-in admin on one of our pages.
    admin: [String; 2],
    had: RefCell<BTreeSet<(String, String, u16)>>,
}

impl Journey {
    fn begin(limits: Limits) -> Journey {
        let server =
            Server::prepared(Options { limits, ..Options::default() }, |ledger: &mut SqliteLedger| {
                let key = ledger.estate_key().unwrap();
                let admin = User::new(EMAIL, "Admin", Role::Admin, &key, estate::now()).unwrap();
                let password = Password::new(PASSWORD.to_owned()).unwrap();
                add_user(ledger.store().unwrap(), &admin, Some(&password)).unwrap();
            });
        let form = format!("email={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let entered = server.post("/login", &form, &[]);
        let cookie = entered.header("set-cookie").split(';').next().unwrap();
        let admin = [format!("Cookie: {cookie}"), format!("Origin: http://{}", server.address)];
        Journey { server, admin, had: RefCell::default() }
    }

    fn token(&self, authors: &[&str], scopes: &[&str]) -> String {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let token = Token {
            name: format!("token-{}", scopes.len()),
            authors: texts(authors),
            scope_prefixes: texts(scopes),
            until: None,
            made: estate::now(),
        };
        let secret = add_token(self.server.ledger().store().unwrap(), &token).unwrap();
        format!("Authorization: Bearer {}", secret.reveal())
    }

    /// Asks with these headers; the answer has been compared with the description, and has this status.
    #[track_caller]
    fn ask(&self, method: &str, address: &str, headers: &[&str], body: &str, status: u16) -> Answer {
        let mut request = format!("{method} {address} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            request.push_str(&format!("Host: {}\r\n", self.server.address));
        }
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        if method == "POST" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let answer = self.server.raw(format!("{request}\r\n{body}").as_bytes());
        assert_eq!(answer.status, status, "{method} {address}: {}", answer.body);
        let path = address.split('?').next().unwrap().to_owned();
        self.had.borrow_mut().insert((method.to_ascii_lowercase(), path, status));
        answer
    }

    #[track_caller]
    fn get(&self, address: &str, status: u16) -> Answer {
        let [cookie, _] = &self.admin;
        self.ask("GET", address, &[cookie], "", status)
    }

    #[track_caller]
    fn post(&self, address: &str, kind: &str, body: &str, status: u16) -> Answer {
        let [cookie, origin] = &self.admin;
        self.ask("POST", address, &[cookie, origin, &format!("Content-Type: {kind}")], body, status)
    }

    fn say(&self, address: &str, body: &Value, status: u16) -> Value {
        let answer = self.post(address, "application/json", &body.to_string(), status);
        serde_json::from_str(&answer.body).unwrap()
    }
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// A machine's statement of one claim.
fn statement(author: &str) -> Statement {
    let claim = Claim {
        value: Some(json!("main")),
        ..Claim::new("default_branch", "repo:git.example.com/journey".parse().unwrap(), Basis::Discovered)
    };
    let header = Header {
        author: author.parse().unwrap(),
        by: None,
        claims: stave_model::hash_bytes(b""),
        op: Op([7; 16]),
        replaces: Vec::new(),
        rules: 1,
        scope: "repo:git.example.com/journey@main".parse().unwrap(),
        source: Source { at: Some(estate::now()), id: Some("0123".to_owned()) },
        time: estate::now(),
        tool: "stave 1".to_owned(),
        unread: vec!["a/b".to_owned()],
        v: VERSION,
    };
    Statement::new(header, vec![claim])
}

fn lines(lines: &[Value]) -> String {
    lines.iter().map(|line| String::from_utf8(canonical(line)).unwrap() + "\n").collect()
}

/// The body of an append.
fn append(said: &Statement) -> String {
    let mut all = vec![json!({"append": "skip"})];
    all.push(json!({"count": said.claims.len(), "header": said.header, "id": said.id()}));
    all.extend(said.claims.iter().map(|claim| json!({"claim": claim})));
    all.push(json!({"end": true}));
    lines(&all)
}

const LINES: &str = "application/jsonl";
const LEDGER: &str = "/api/v1/ledger";

#[test]
fn every_answer_is_as_it_is_described() {
    let journey = Journey::begin(Limits::default());
    assert_eq!(&json(&journey.get("/api/v1/openapi.json", 200)), document());
    let questions = json(&journey.get("/api/v1/questions", 200));
    let question = &questions["rows"][0];
    let id = question["id"].as_str().unwrap();
    let orders = estate::digits(&estate::compose("orders"));
    // Every answer about the map, once.
    for (path, methods) in document()["paths"].as_object().unwrap() {
        if methods.get("get").is_some() && !path.starts_with(LEDGER) {
            let id = if path.contains("/questions/") { id } else { &orders };
            journey.get(&path.replace("{id}", id), 200);
        }
    }
    for address in ["/api/v1/entities?gone=yes", "/api/v1/entities?stale=0d", "/api/v1/flow?explain=yes"] {
        journey.get(address, 200);
    }

    // Words.
    let word = json!({"entity": "shop-db", "fact": "owner", "to": ["counter"], "op": "0f"});
    let said = journey.say("/api/v1/say", &word, 200);
    journey.say("/api/v1/undo", &json!({"target": said["op"]}), 200);
    journey.say("/api/v1/say", &json!({"kind": "component", "name": "Billing batch", "new": true}), 200);
    journey.say(&format!("/api/v1/entities/{orders}/say"), &json!({"fact": "tier", "to": 1}), 200);
    let form = "fact=tier&to=2";
    journey.post(&format!("/api/v1/entities/{orders}/say"), "application/x-www-form-urlencoded", form, 200);
    journey.say(&format!("/api/v1/questions/{id}/answer"), &json!({"answer": 1}), 200);

    // The ledger.
    let said = statement("collector:journey");
    let key = journey.server.ledger().estate_key().unwrap();
    let ben = stave_model::person_author(&key, "mailto:ben@example.com").unwrap();
    for (address, body) in [
        ("append", append(&said)),
        (
            "heard",
            lines(&[
                json!({"heard": {"author": "collector:journey", "scope": said.header.scope, "time": said.header.time}}),
                json!({"end": true}),
            ]),
        ),
        (
            "people",
            lines(&[
                json!({"person": {"id": ben, "name": "Ben", "address": "mailto:ben@example.com"}}),
                json!({"end": true}),
            ]),
        ),
        (
            "estates",
            lines(&[json!({"other": {"id": "5e".repeat(16), "key": "5a".repeat(32)}}), json!({"end": true})]),
        ),
        ("horizon", lines(&[json!({"met": said.header.time}), json!({"end": true})])),
        ("holds", lines(&[json!({"header": said.header}), json!({"end": true})])),
    ] {
        let machine = journey.token(&["collector:*"], &vec!["*"; 1 + journey.had.borrow().len()]);
        match address {
            "estates" | "horizon" => journey.post(&format!("{LEDGER}/{address}"), LINES, &body, 200),
            _ => journey.ask(
                "POST",
                &format!("{LEDGER}/{address}"),
                &[&machine, &format!("Content-Type: {LINES}")],
                &body,
                200,
            ),
        };
    }
    let entries = journey.get(&format!("{LEDGER}/entries?after=0&limit=1000"), 200);
    assert!(entries.body.contains("\"by\":\"token:"), "{}", entries.body);
    for address in [
        "info",
        "heard",
        "people",
        "forgotten",
        "redacted",
        "estate",
        "entries?after=0&limit=3",
        "latest?before=1000000&limit=3&author=collector%3Ajourney",
        "lines?after=0&limit=1000&small=1000",
        "ids?prefix=0&limit=10",
        "entry?id=0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        journey.get(&format!("{LEDGER}/{address}"), 200);
    }

    // Nothing that is described was left out.
    let had = journey.had.borrow();
    let mut left_out = Vec::new();
    for (path, methods) in document()["paths"].as_object().unwrap() {
        let meets = |asked: &str| asked == path.replace("{id}", &orders) || asked == path.replace("{id}", id);
        for method in methods.as_object().unwrap().keys() {
            if !had.iter().any(|(by, asked, status)| by == method && *status == 200 && meets(asked)) {
                left_out.push(format!("{method} {path}"));
            }
        }
    }
    assert!(left_out.is_empty(), "{left_out:?}");
}

#[test]
fn a_no_is_as_it_is_described_too() {
    let journey = Journey::begin(Limits::default());
    let orders = estate::digits(&estate::compose("orders"));
    let (reads, writes) =
        (journey.token(&[], &[]), journey.token(&["collector:*"], &["repo:git.example.com"]));
    let typed = format!("Content-Type: {LINES}");
    // 302, 400, 404, 410 of answers.
    assert!(!journey.get("/api/v1/entities/orders", 302).header("location").is_empty());
    for address in [
        "/api/v1/entities?page=x",
        "/api/v1/fires?since=x",
        "/api/v1/flow?definition=x",
        "/api/v1/ledger/entries",
        "/api/v1/ledger/entry?id=x",
    ] {
        journey.get(address, 400);
    }
    for address in [
        "/api/v1/entities/nowhere",
        "/api/v1/entities/nowhere/why",
        "/api/v1/questions/000000000000",
        "/api/v1/flow?entity=000000000000",
        "/api/v1/ledger/lines?after=1000000&limit=1",
    ] {
        let error = json(&journey.get(address, 404));
        assert_eq!(error["error"]["status"], 404, "{error}");
    }
    // 401 and 403, for reading and for writing.
    for path in document()["paths"].as_object().unwrap().iter() {
        let (path, methods) = (path.0.replace("{id}", &orders), path.1.as_object().unwrap());
        for method in methods.keys().map(|method| method.to_ascii_uppercase()) {
            let origin = journey.admin[1].clone();
            journey.ask(&method, &path, &[&origin], "", 401);
            journey.ask(&method, &path, &["Authorization: Bearer stave_0"], "", 401);
            if method == "POST" || path == "/api/v1/ledger/estate" {
                journey.ask(&method, &path, &[&reads], "", 403);
            }
            // Not under this name, and not so long an address.
            journey.ask(&method, &path, &["Host: elsewhere.example.com"], "", 421);
            journey.ask(&method, &format!("{path}?q={}", "a".repeat(5_000)), &[&reads], "", 414);
        }
    }
    // What is sent can't be read, breaks a rule, is too much, or of another form.
    for body in ["[1]", "{", r#"{"entity":"orders"}"#, r#"{"entity":"orders","fact":"jumps","to":"x"}"#] {
        journey.post("/api/v1/say", "application/json", body, 400);
    }
    journey.say("/api/v1/say", &json!({"entity": "nowhere-at-all", "fact": "tier", "to": "x"}), 409);
    journey.say("/api/v1/undo", &json!({"target": "0".repeat(32)}), 409);
    journey.say("/api/v1/questions/000000000000/answer", &json!({"answer": 1}), 409);
    let stale = json!({"entity": "orders", "fact": "tier", "to": "2", "seen": "0123456789ab"});
    let changed = journey.say("/api/v1/say", &stale, 409);
    assert!(changed["error"]["seen"].is_string() && changed["error"]["standing"].is_array(), "{changed}");
    journey.post("/api/v1/say", "application/json", &" ".repeat(70_000), 413);
    let of = |address: &str, headers: &[&str], body: &str, status: u16| {
        journey.ask(
            "POST",
            &format!("{LEDGER}/{address}"),
            &[headers, &[&writes, &typed]].concat(),
            body,
            status,
        )
    };
    for address in ["append", "heard", "holds"] {
        of(address, &[], "what?\n", 422);
        of(address, &["Content-Encoding: gzip"], "", 415);
    }
    of("append", &[], &append(&statement("scanner:other/all")), 403);
    of("estates", &[], "", 403);
    of("horizon", &[], "", 403);
}

#[test]
fn too_often_is_described_with_when_to_come_again() {
    let few = Rate { per_minute: 1, at_once: 1 };
    let journey = Journey::begin(Limits { person_writes: few, machine_writes: few, ..Limits::default() });
    let writes = journey.token(&["collector:*"], &["*"]);
    let typed = format!("Content-Type: {LINES}");
    journey.ask("POST", "/api/v1/ledger/holds", &[&writes, &typed], &lines(&[json!({"end": true})]), 200);
    for (path, methods) in document()["paths"].as_object().unwrap() {
        if methods.get("post").is_some() {
            let answer = journey.ask("POST", &path.replace("{id}", "0123456789ab"), &[&writes], "", 429);
            let seconds: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=61).contains(&seconds), "{seconds}");
        }
    }
    assert!(followed(&json!({"$ref": "#/components/responses/429"}))["headers"]["Retry-After"].is_object());
}
