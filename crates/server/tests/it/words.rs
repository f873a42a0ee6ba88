//! Words said on pages, over real HTTP: every form, what it says, and how it is taken back.

use std::collections::BTreeMap;

use stave_ledger::{Filter, Ledger as _};
use stave_model::records::Incident;
use stave_model::{Statement, Time};
use stave_server::Options;
use stave_server::door::accounts::{Token, add_token};
use stave_server::door::{Local, Person, Role};

use crate::{Answer, Server, estate};

const KEY: &str = "00112233445566778899aabbccddeeff";
const KEEPER: &str = "person:0123456789abcdef0123456789abcdef";

/// A server and the cookie of whoever has its key.
struct Board {
    server: Server,
    cookie: String,
}

impl Board {
    fn open() -> Board {
        let speaker = Person { id: KEEPER.parse().unwrap(), name: "Keeper".to_owned(), role: Role::Admin };
        let local = Local::new(KEY.to_owned(), speaker, "mailto:keeper@leafcup.test".to_owned());
        let server = Server::with(Options { local: Some(local), ..Options::default() });
        let entered = server.get(&format!("/?key={KEY}"));
        let cookie = entered.header("set-cookie").split(';').next().unwrap().to_owned();
        Board { server, cookie }
    }

    fn get(&self, path: &str) -> Answer {
        self.server.ask("GET", path, &[&format!("Cookie: {}", self.cookie)])
    }

    /// Sends a form as a browser does.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = encoded(fields);
        let host = self.server.address;
        self.send(
            path,
            &[
                &format!("Cookie: {}", self.cookie),
                &format!("Origin: http://{host}"),
                "Sec-Fetch-Site: same-origin",
                "Content-Type: application/x-www-form-urlencoded",
            ],
            &body,
        )
    }

    fn post_json(&self, path: &str, body: &serde_json::Value) -> Answer {
        let host = self.server.address;
        self.send(
            path,
            &[
                &format!("Cookie: {}", self.cookie),
                &format!("Origin: http://{host}"),
                "Content-Type: application/json; charset=utf-8",
            ],
            &body.to_string(),
        )
    }

    fn send(&self, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.server.address,
            body.len()
        );
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        request.push_str(&format!("\r\n{body}"));
        self.server.raw(request.as_bytes())
    }

    /// Says something; the page that it leads to.
    fn say(&self, fields: &[(&str, &str)]) -> Answer {
        self.follow(&self.post("/say", fields))
    }

    fn follow(&self, said: &Answer) -> Answer {
        assert_eq!(said.status, 303, "{}", said.body);
        assert_eq!(said.header("cache-control"), "no-store");
        let page = self.get(said.header("location").split('#').next().unwrap());
        assert_eq!(page.status, 200);
        page
    }

    fn entity(&self, name: &str) -> serde_json::Value {
        let id = estate::digits(&estate::compose(name));
        serde_json::from_str(&self.get(&format!("/api/v1/entities/{id}")).body).unwrap()
    }

    /// The button with this label about this; what it sends.
    fn button(&self, page: &str, label: &str) -> (String, BTreeMap<String, String>) {
        let body = self.get(page).body;
        let at =
            body.find(&format!(">{label}<")).unwrap_or_else(|| panic!("no \"{label}\" on {page}: {body}"));
        let start = body[..at].rfind("formaction=\"").unwrap() + "formaction=\"".len();
        let address = body[start..].split('"').next().unwrap().replace("&amp;", "&");
        let (path, query) = address.split_once('?').unwrap();
        let mut fields: BTreeMap<String, String> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect();
        let common = body.split("id=\"words\"").nth(1).unwrap();
        for name in ["op", "back"] {
            let value = common.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
            fields.insert(name.to_owned(), value.split('"').next().unwrap().replace("&amp;", "&"));
        }
        (path.to_owned(), fields)
    }

    /// Presses it.
    fn press(&self, page: &str, label: &str) -> Answer {
        let (path, fields) = self.button(page, label);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&path, &fields)
    }

    fn words(&self) -> usize {
        let filter = Filter { author: Some(KEEPER.parse().unwrap()), ..Filter::default() };
        self.server.ledger().latest(&filter, u64::MAX, 1_000).unwrap().len()
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") }
            })
            .collect()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    pairs.join("&")
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        if *first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
            rest = &more[2..];
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn orders() -> String {
    format!("/e/{}", estate::digits(&estate::compose("orders")))
}

fn seen(fact: &serde_json::Value) -> String {
    fact["seen"].as_str().unwrap().to_owned()
}

#[test]
fn who_may_not_write_sees_no_control_and_how_to_get_there() {
    let board = Board::open();
    let guest = board.server.get(&orders()).body;
    assert!(!guest.contains("<button class=\"act\"") && !guest.contains("class=\"say\""), "{guest}");
    assert!(guest.contains("You only read here. Open the whole URL that"), "{guest}");
    assert!(board.server.get("/log").body.matches("stave undo ").count() > 3);
    let keeper = board.get(&orders()).body;
    assert!(keeper.contains("<button class=\"act\"") && keeper.contains("You speak as <bdi>Keeper</bdi>"));
    for path in ["/say", "/undo", "/questions/0123456789ab/answer", "/api/v1/say"] {
        let host = board.server.address;
        let refused = board.send(path, &[&format!("Origin: http://{host}")], "entity=orders&fact=tier&to=1");
        assert_eq!(refused.status, 403, "{path}");
    }
    assert_eq!(board.words(), 0);
}

#[test]
fn an_owner_is_named_seen_and_taken_back() {
    let board = Board::open();
    let database = format!("/e/{}", estate::digits(&estate::compose("shop-db")));
    let page = board.get(&database).body;
    assert!(page.contains("name an owner…") && page.contains("<option value=\"stockroom\">"), "{page}");
    let page = board.say(&[
        ("entity", "shop-db"),
        ("fact", "owned_by"),
        ("to", "stockroom, counter"),
        ("back", &database),
        ("op", "1"),
    ]);
    assert!(page.body.contains("You said: "), "{}", page.body);
    assert!(page.body.contains("is owned by "), "{}", page.body);
    let owners = board.entity("shop-db")["owners"].clone();
    assert_eq!(owners.as_array().unwrap().len(), 2, "{owners}");
    let by = board.entity("shop-db")["ownership"]["said_by"].clone();
    assert_eq!(by, serde_json::json!(["Keeper"]));
    // The notice takes it back, and its own notice brings it back again.
    let op = page.body.split("target=").nth(1).unwrap()[..32].to_owned();
    let undone = board.follow(&board.post("/undo", &[("target", &op), ("back", &database), ("op", "2")]));
    assert!(undone.body.contains("You took back") && undone.body.contains("Bring it back"));
    assert!(board.entity("shop-db")["owners"].as_array().unwrap().is_empty());
    let again = undone.body.split("target=").nth(1).unwrap()[..32].to_owned();
    board.follow(&board.post("/undo", &[("target", &again), ("back", &database), ("op", "3")]));
    assert_eq!(board.entity("shop-db")["owners"].as_array().unwrap().len(), 2);
}

#[test]
fn the_page_that_follows_is_true_and_the_place_is_kept() {
    let board = Board::open();
    let id = |name: &str| board.entity(name)["id"].as_str().unwrap().to_owned();
    let (entity, to) = (id("orders"), id("shop-db"));
    let said = board.post(
        "/say",
        &[
            ("act", "deny"),
            ("entity", &entity),
            ("fact", "stores_in"),
            ("to", &to),
            ("back", &orders()),
            ("op", "1"),
        ],
    );
    let place = stave_board::place_of(&entity, "stores_in", Some(&to));
    assert!(said.header("location").ends_with(&format!("#{place}")), "{said:?}");
    let page = board.follow(&said).body;
    let row =
        page.split(&format!("id=\"{place}\"")).nth(1).unwrap().split("</tr>").next().unwrap().to_owned();
    assert!(
        row.contains("denied") && row.contains("by <bdi>Keeper</bdi>") && row.contains("it is so"),
        "{row}"
    );
}

#[test]
fn a_person_s_own_word_for_what_machines_say() {
    let board = Board::open();
    let before = board.entity("orders");
    let lifecycle = |page: &serde_json::Value| {
        page["properties"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["why"]["fact"] == "lifecycle")
            .unwrap()
            .clone()
    };
    assert_eq!(lifecycle(&before)["basis"], "declared");
    let id = estate::digits(&estate::compose("orders"));
    let fields = [("act", "confirm"), ("entity", id.as_str()), ("fact", "lifecycle"), ("op", "1")];
    board.say(&fields);
    let after = lifecycle(&board.entity("orders"));
    assert_eq!((after["basis"].as_str(), after["value"].as_str()), (Some("stated"), Some("production")));
    // Every type of fact that stands there can be confirmed.
    let all =
        before["relations"].as_array().unwrap().iter().flat_map(|group| group["rows"].as_array().unwrap());
    for row in all.filter(|row| row["state"] == "stands") {
        let why = &row["why"];
        let to = why["to"].as_str().unwrap_or_default();
        let (entity, fact) = (why["entity"].as_str().unwrap(), why["fact"].as_str().unwrap());
        board.say(&[("act", "confirm"), ("entity", entity), ("fact", fact), ("to", to), ("op", "1")]);
    }
    for (fact, to) in [("exists", ""), ("owned_by", ""), ("tag", "java"), ("endpoint", "POST /orders")] {
        board.say(&[("act", "confirm"), ("entity", &id), ("fact", fact), ("to", to), ("op", "1")]);
        let why: serde_json::Value =
            serde_json::from_str(&board.get(&format!("/api/v1/entities/{id}/why?fact={fact}")).body).unwrap();
        assert!(
            why["facts"].as_array().unwrap().iter().any(|fact| fact["basis"] == "stated"),
            "{fact}: {why}"
        );
    }
}

#[test]
fn a_form_that_is_sent_twice_says_one_thing() {
    let board = Board::open();
    let fields = [("entity", "shop-db"), ("fact", "tier"), ("to", "1"), ("back", "/log"), ("op", "77")];
    let first = board.post("/say", &fields);
    let second = board.post("/say", &fields);
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(board.words(), 1);
    // Said, taken back, and said again from the same page: that is meant.
    let op = first.header("location").split("said=").nth(1).unwrap()[..32].to_owned();
    board.follow(&board.post("/undo", &[("target", &op), ("op", "78")]));
    let third = board.post("/say", &fields);
    assert_ne!(third.header("location"), first.header("location"));
    assert_eq!(board.words(), 3);
    assert_eq!(board.post("/undo", &[("target", &op), ("op", "78")]).status, 303, "sent twice");
    let other = board.post("/undo", &[("target", &op), ("op", "79")]);
    assert_eq!(other.status, 409);
    assert!(
        other.body.contains("taken back already") && other.body.contains("Bring it back"),
        "{}",
        other.body
    );
    // From another page, in the same words: there is nothing new in it.
    let again = board.post("/say", &[("entity", "shop-db"), ("fact", "tier"), ("to", "1"), ("op", "80")]);
    assert!(third.header("location").contains(&again.header("location")[3..38]), "{again:?}");
    assert_eq!(board.words(), 3);
}

#[test]
fn what_changed_since_it_was_shown_is_shown_again_and_not_overwritten() {
    let board = Board::open();
    let payments = estate::digits(&estate::compose("payments"));
    let shown = board.entity("payments");
    let tier_seen = stave_answers::speech::seen_on(None);
    // Somebody else speaks in between.
    let word = estate::says("tier", &estate::compose("payments")).value(serde_json::json!("3"));
    board.server.ledger().append(&[estate::word("person:aaaaaaaaaaaaaaaa", 90, 90, &[], word)]).unwrap();
    let fields = [
        ("entity", payments.as_str()),
        ("fact", "tier"),
        ("to", "1"),
        ("seen", &tier_seen),
        ("back", &orders()),
        ("op", "1"),
    ];
    let asked = board.post("/say", &fields);
    assert_eq!(asked.status, 409, "{}", asked.body);
    assert!(asked.body.contains("Something else is said here than when you looked"), "{}", asked.body);
    assert!(asked.body.contains("is of tier 3") && asked.body.contains("Say it all the same"));
    assert_eq!(board.words(), 0);
    // Who names the other end without having seen anything doesn't overwrite either.
    let unseen = board.post("/say", &[("entity", &payments), ("fact", "tier"), ("to", "1"), ("op", "2")]);
    assert_eq!(unseen.status, 409);
    assert!(unseen.body.contains("Somebody has spoken of this before"), "{}", unseen.body);
    // The form that asks again says it, and replaces just that word.
    let form = asked.body.split("<form class=\"inline\"").nth(1).unwrap();
    let value = |name: &str| {
        form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let page = board.say(&[
        ("entity", &value("entity")),
        ("fact", &value("fact")),
        ("to", &value("to")),
        ("seen", &value("seen")),
        ("op", &value("op")),
        ("back", &value("back")),
    ]);
    assert!(page.body.contains("is of tier 1"));
    let last = board.server.ledger().latest(&Filter::default(), u64::MAX, 1).unwrap().remove(0);
    assert_eq!(last.header.replaces.len(), 1);
    // A machine that says something new meanwhile is no different.
    let description = shown["properties"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["why"]["fact"] == "description")
        .unwrap();
    let run = estate::Run {
        author: "collector:readme",
        scope: estate::DEPLOY,
        minute: 95,
        commit: "3333333333333333333333333333333333333333",
        unread: &[],
        op: 95,
    };
    let says =
        estate::says("description", &estate::compose("payments")).value(serde_json::json!("Takes money"));
    board.server.ledger().append(&[run.says(vec![says])]).unwrap();
    let asked = board.post(
        "/say",
        &[
            ("act", "confirm"),
            ("entity", &payments),
            ("fact", "description"),
            ("seen", &seen(description)),
            ("op", "3"),
        ],
    );
    assert_eq!(asked.status, 409);
    assert!(asked.body.contains("Takes money"), "{}", asked.body);
}

#[test]
fn two_who_speak_at_one_moment_are_a_dispute() {
    let board = Board::open();
    std::thread::scope(|scope| {
        for number in ["1", "2", "3", "4"] {
            let board = &board;
            scope.spawn(move || {
                let fields = [("entity", "shop-db"), ("fact", "tag"), ("to", number), ("op", number)];
                assert_eq!(board.post("/say", &fields).status, 303);
            });
        }
    });
    let tags = board.entity("shop-db")["tags"].as_array().unwrap().len();
    assert_eq!((tags, board.words()), (4, 4));
}

#[test]
fn a_question_is_answered_by_a_button() {
    let board = Board::open();
    let all: serde_json::Value = serde_json::from_str(&board.get("/api/v1/questions").body).unwrap();
    let mut answered = 0;
    for question in all["rows"].as_array().unwrap() {
        let id = question["id"].as_str().unwrap();
        let page = board.get(&format!("/questions/{id}"));
        assert_eq!(page.status, 200);
        let Some(answer) = question["answers"].as_array().unwrap().first() else { continue };
        assert!(page.body.contains(&format!("/questions/{id}/answer?answer=1")), "{}", page.body);
        let shown = answer["seen"].as_str().unwrap();
        let stale =
            board.post(&format!("/questions/{id}/answer"), &[("answer", "1"), ("seen", "0"), ("op", "1")]);
        assert_eq!(stale.status, 409, "{}", stale.body);
        let back = format!("/questions/{id}");
        let said = board.post(
            &format!("/questions/{id}/answer"),
            &[("answer", "1"), ("seen", shown), ("op", "1"), ("back", &back)],
        );
        assert!(said.header("location").starts_with("/questions?said="), "{said:?}");
        let follows = board.follow(&said);
        assert!(!follows.body.contains(&format!("id=\"q-{id}\"")), "{id} is still asked");
        let twice = board.post(
            &format!("/questions/{id}/answer"),
            &[("answer", "1"), ("seen", shown), ("op", "1"), ("back", &back)],
        );
        assert_eq!(twice.header("location"), said.header("location"));
        let gone = board.post(&format!("/questions/{id}/answer"), &[("answer", "1"), ("op", "2")]);
        assert_eq!(gone.status, 409);
        assert!(gone.body.contains("there is no open question"), "{}", gone.body);
        answered += 1;
    }
    assert!(answered > 5, "{answered}");
}

#[test]
fn disputes_and_challenges_are_listed_and_filtered() {
    let board = Board::open();
    let page = board.get("/questions").body;
    assert!(page.contains("/questions?kind=dispute") && page.contains("/questions?kind=challenge"), "{page}");
    let disputes = board.get("/questions?kind=dispute").body;
    assert!(disputes.contains("People&#39;s words differ") || disputes.contains("People's words differ"));
    assert!(!disputes.contains("Something changed since a person spoke"), "{disputes}");
    let storefront = estate::digits(&estate::compose("storefront"));
    let of_one: serde_json::Value =
        serde_json::from_str(&board.get(&format!("/api/v1/questions?entity={storefront}&kind=dispute")).body)
            .unwrap();
    assert_eq!(of_one["rows"].as_array().unwrap().len(), 1);
    let page = board.get(&format!("/e/{storefront}")).body;
    let asks = page.split("class=\"asks\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(asks.contains("/answer?answer=1"), "{asks}");
}

#[test]
fn pieces_are_joined_and_parted() {
    let board = Board::open();
    let twin = estate::digits(&estate::compose("twin"));
    let joined = board.say(&[("entity", &twin), ("fact", "same_as"), ("to", "twin-worker"), ("op", "1")]);
    assert!(joined.body.contains("is the same as"), "{}", joined.body);
    let one = board.entity("twin");
    assert!(one["references"].as_array().unwrap().iter().any(|name| name == &estate::compose("twin-worker")));
    let page = board.get(&format!("/e/{}", one["id"].as_str().unwrap())).body;
    assert!(page.contains("these are not one…"));
    let parted = board.say(&[
        ("act", "deny"),
        ("entity", &estate::compose("twin")),
        ("fact", "same_as"),
        ("to", &estate::compose("twin-worker")),
        ("op", "2"),
    ]);
    assert!(parted.body.contains("is not the same as"), "{}", parted.body);
    let one = board.entity("twin");
    assert!(
        !one["references"].as_array().unwrap().iter().any(|name| name == &estate::compose("twin-worker"))
    );
}

#[test]
fn a_name_that_means_several_or_none_is_asked_for() {
    let board = Board::open();
    board.say(&[("kind", "resource"), ("name", "Shelf"), ("op", "1")]);
    let refused = board.post("/say", &[("kind", "component"), ("name", "Shelf"), ("op", "2")]);
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("Add another Shelf"), "{}", refused.body);
    board.say(&[("kind", "component"), ("name", "Shelf"), ("new", "yes"), ("op", "2")]);
    let fields = [("entity", "orders"), ("fact", "calls"), ("to", "Shelf"), ("back", "/log"), ("op", "3")];
    let which = board.post("/say", &fields);
    assert_eq!(which.status, 400);
    assert_eq!(which.body.matches("This one").count(), 2, "{}", which.body);
    let id = which.body.split("name=\"to\" value=\"").nth(1).unwrap()[..12].to_owned();
    board.say(&[("entity", "orders"), ("fact", "calls"), ("to", &id), ("op", "4")]);
    let none = board.post("/say", &[("entity", "orders"), ("fact", "calls"), ("to", "Shel"), ("op", "5")]);
    assert_eq!(none.status, 409);
    assert!(
        none.body.contains("nothing on the map is called") && none.body.contains("This one"),
        "{}",
        none.body
    );
    let team =
        board.post("/say", &[("entity", "orders"), ("fact", "owned_by"), ("to", "stockrom"), ("op", "6")]);
    assert_eq!(team.status, 409);
    assert!(team.body.contains("There is a team called"), "{}", team.body);
}

#[test]
fn json_says_the_same() {
    let board = Board::open();
    let body = serde_json::json!({"entity": "shop-db", "fact": "owner", "to": ["counter"], "op": "0f"});
    let said = board.post_json("/api/v1/say", &body);
    assert_eq!(said.status, 200, "{}", said.body);
    let said: serde_json::Value = serde_json::from_str(&said.body).unwrap();
    assert_eq!(said["said"], serde_json::json!(["shop-db is owned by counter"]));
    assert_eq!(said["appended"].as_array().unwrap().len(), 1);
    let again: serde_json::Value = serde_json::from_str(&board.post_json("/api/v1/say", &body).body).unwrap();
    assert_eq!((&again["op"], again["appended"].as_array().unwrap().len()), (&said["op"], 0));
    let undone = board.post_json("/api/v1/undo", &serde_json::json!({"target": said["op"]}));
    assert_eq!(undone.status, 200, "{}", undone.body);
    for (body, status) in [
        (serde_json::json!({"entity": "shop-db"}), 400),
        (serde_json::json!({"entity": "shop-db", "fact": "jumps", "to": "x"}), 400),
        (serde_json::json!({"entity": "nowhere-at-all", "fact": "tier", "to": "x"}), 409),
        (serde_json::json!([1]), 400),
    ] {
        let answer = board.post_json("/api/v1/say", &body);
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/json"), "{body}");
        assert!(answer.body.contains("\"message\""), "{}", answer.body);
    }
}

#[test]
fn a_program_says_in_whose_name_and_only_what_its_token_allows() {
    let board = Board::open();
    let mut ledger = board.server.ledger();
    let secret = {
        let token = Token {
            name: "ci".to_owned(),
            authors: vec![estate::BEN.to_owned()],
            scope_prefixes: vec![format!("fact:{}", estate::compose("payments").replace('#', "%23"))],
            until: None,
            made: estate::now(),
        };
        add_token(ledger.store().unwrap(), &token).unwrap()
    };
    let send = |body: &str| {
        board.send(
            "/api/v1/say",
            &[&format!("Authorization: Bearer {}", secret.reveal()), "Content-Type: application/json"],
            body,
        )
    };
    assert_eq!(send(r#"{"entity":"payments","fact":"tier","to":"1"}"#).status, 400, "in whose name?");
    let body = format!(
        r#"{{"entity":"{}","fact":"tier","to":"1","author":"{}"}}"#,
        estate::compose("payments"),
        estate::BEN
    );
    let said = send(&body);
    assert_eq!(said.status, 200, "{}", said.body);
    let last = ledger.latest(&Filter::default(), u64::MAX, 1).unwrap().remove(0);
    assert_eq!(last.header.by.unwrap().as_str(), "token:ci");
    assert_eq!(send(&body.replace("payments", "orders")).status, 403);
    assert_eq!(send(&body.replace(estate::BEN, estate::ANN).replace("tier", "lifecycle")).status, 403);
}

#[test]
fn reloading_what_was_asked_again_leads_on() {
    let board = Board::open();
    for path in ["/say", "/undo", "/questions/0123456789ab/answer"] {
        let answer = board.get(path);
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{path}");
    }
}

#[test]
fn live_pages_hear_of_a_word_at_once() {
    let board = Board::open();
    let before = board.get("/readyz").body;
    board.say(&[("entity", "shop-db"), ("fact", "tier"), ("to", "1"), ("op", "1")]);
    // Said on this server, so no poll has to pass first.
    assert_ne!(board.get("/readyz").body, before);
}

#[test]
fn what_people_type_is_shown_and_never_run() {
    let board = Board::open();
    let nasty = "\"><script>alert(1)</script>\u{202e}";
    let page = board.say(&[
        ("entity", "shop-db"),
        ("fact", "description"),
        ("to", nasty),
        ("op", nasty),
        ("back", &orders()),
    ]);
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let id = estate::digits(&estate::compose("shop-db"));
    let page = board.get(&format!("/e/{id}")).body;
    assert!(!page.contains("<script>alert"), "{page}");
    let unknown = board.post(
        "/say",
        &[("entity", nasty), ("fact", "tier"), ("to", "1"), ("back", "javascript:alert(1)"), ("op", "2")],
    );
    assert!(
        !unknown.body.contains("<script>alert") && !unknown.body.contains("href=\"javascript"),
        "{}",
        unknown.body
    );
    let log = board.get("/log").body;
    assert!(!log.contains("<script>alert") && !log.contains('\u{202e}'));
}

#[test]
fn buttons_on_pages_say_what_they_say() {
    let board = Board::open();
    let page = board.follow(&board.press(&orders(), "not so"));
    assert!(page.body.contains("Undo"), "{}", page.body);
    assert_eq!(board.words(), 1);
    let log = board.follow(&board.press("/log", "undo"));
    assert!(log.body.contains("You took back"), "{}", log.body);
}

#[test]
fn two_pieces_do_the_same_job_or_do_not() {
    let board = Board::open();
    let (one, other) = (board.entity("orders"), board.entity("storefront"));
    let (one, other) = (one["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let same_job = || {
        let orders = board.entity("orders");
        let groups = orders["relations"].as_array().unwrap().clone();
        groups.iter().any(|group| group["heading"] == "does the same job as")
    };
    let say = |act: &str, op: &str| {
        let fields = [("act", act), ("entity", one), ("fact", "overlaps"), ("to", other), ("op", op)];
        let page = board.say(&[&fields[..], &[("back", "/overlap?all=yes")]].concat());
        assert!(page.body.contains("the same job as"), "{}", page.body);
    };
    say("say", "1");
    assert!(same_job());
    // One's own word needs no second look.
    say("deny", "2");
    assert!(!same_job());
}

#[test]
fn what_an_incident_was_about_is_said_where_fires_shows_it() {
    let board = Board::open();
    let incident = |key: &str, title: &str, hour: i64| {
        let at = |hours: i64| Time::from_millis(estate::now().millis() - hours * 3_600_000);
        let incident = Incident {
            key: format!("ops/{key}"),
            title: title.to_owned(),
            started: at(hour),
            resolved: Some(at(hour - 1)),
            ..Incident::default()
        };
        let scope = format!("ticket:{}", incident.key);
        let run = estate::Run {
            author: "system:ops",
            scope: &scope,
            minute: 100,
            commit: "-",
            unread: &[],
            op: 99,
        };
        Statement::new(run.says(Vec::new()).header, vec![incident.to_claim().unwrap()])
    };
    let happened = [incident("1", "Storefront is down", 9), incident("2", "Nobody can log in", 5)];
    board.server.ledger().append(&happened).unwrap();
    let fires = || -> serde_json::Value { serde_json::from_str(&board.get("/api/v1/fires").body).unwrap() };
    while fires()["untied"].as_array().unwrap().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let page = board.get("/fires").body;
    assert!(page.contains("it was about…") && page.contains("name=\"to\" value=\"ops/2\""), "{page}");
    let fields =
        [("entity", "orders"), ("fact", "went_down"), ("to", "ops/2"), ("back", "/fires"), ("op", "1")];
    assert!(board.say(&fields).body.contains("orders went down in ops/2"));
    let found = fires();
    assert!(found["untied"].as_array().unwrap().is_empty());
    assert!(found["rows"].as_array().unwrap().iter().any(|row| row["name"] == "orders"), "{found}");
    // And what is tied by its text is untied by a button.
    board.follow(&board.press("/fires", "not about this"));
    assert_eq!(board.words(), 2);
    assert_eq!(fires()["untied"].as_array().unwrap().len(), 1);
}

#[test]
fn who_knows_a_piece_is_named_by_an_address_that_is_new() {
    let board = Board::open();
    let id = board.entity("orders")["id"].as_str().unwrap().to_owned();
    let who = format!("/e/{id}/who");
    assert!(board.get(&who).body.contains("name somebody…"));
    board.say(&[
        ("entity", &id),
        ("fact", "known_by"),
        ("to", "late@leafcup.test"),
        ("back", &who),
        ("op", "1"),
    ]);
    let people = board.server.ledger().people().unwrap();
    assert!(people.iter().any(|row| row.address == "mailto:late@leafcup.test"));
    assert!(
        board.get(&format!("/e/{id}")).body.contains(">late<"),
        "the new person is called by their address"
    );
}

#[test]
fn a_denied_relation_is_on_the_pages_of_both_its_ends_and_taken_back_from_either() {
    let board = Board::open();
    let at = |name: &str| estate::digits(&estate::compose(name));
    let (from, to) = (at("storefront"), at("payments"));
    let rows = |id: &str, inverse: bool| -> Vec<serde_json::Value> {
        let page: serde_json::Value =
            serde_json::from_str(&board.get(&format!("/api/v1/entities/{id}")).body).unwrap();
        let groups = page["relations"].as_array().unwrap().clone();
        let calls = |group: &&serde_json::Value| group["relation"] == "calls" && group["inverse"] == inverse;
        let rows = groups.iter().filter(calls).flat_map(|group| group["rows"].as_array().unwrap().clone());
        rows.filter(|row| row["state"] == "denied").collect()
    };
    let of_both = || [rows(&from, false), rows(&to, true)];
    let [own, of_other] = of_both();
    assert_eq!((own.len(), of_other.len()), (1, 1));
    assert_eq!(
        (&own[0]["entity"]["id"], &of_other[0]["entity"]["id"]),
        (&to.clone().into(), &from.clone().into())
    );
    for row in [&own[0], &of_other[0]] {
        assert_eq!(row["said_by"], serde_json::json!(["Counter desk"]));
        assert_eq!(row["denied_in"], "0a".repeat(16));
        assert_eq!(row["why"], own[0]["why"]);
    }
    let page = format!("/e/{to}");
    let shown = board.get(&page).body;
    let row = shown.split("<tr").find(|row| row.contains("storefront") && row.contains("denied")).unwrap();
    assert!(row.contains("Counter desk") && row.contains("<s>") && row.contains(">Undo<"), "{row}");
    board.follow(&board.press(&page, "Undo"));
    assert!(of_both().iter().all(Vec::is_empty), "{:?}", of_both());
    // Denied again where it is another's relation, it is on both again, by this reader.
    board.say(&[
        ("act", "deny"),
        ("entity", &from),
        ("fact", "calls"),
        ("to", &to),
        ("back", &page),
        ("op", "1"),
    ]);
    for rows in of_both() {
        assert_eq!(rows[0]["said_by"], serde_json::json!(["Keeper"]));
    }
}

#[test]
fn a_wrong_knower_is_denied_where_they_stand_unless_they_are_called_by_digits() {
    let board = Board::open();
    let id = board.entity("orders")["id"].as_str().unwrap().to_owned();
    let who = format!("/e/{id}/who");
    board.say(&[
        ("entity", &id),
        ("fact", "known_by"),
        ("to", "late@leafcup.test"),
        ("back", &who),
        ("op", "1"),
    ]);
    assert!(board.get(&who).body.contains("late"));
    assert!(!board.get(&format!("{who}?pseudonyms=yes")).body.contains("not so"));
    board.follow(&board.press(&who, "not so"));
    assert!(!board.get(&who).body.contains("<strong><bdi>late"), "{}", board.get(&who).body);
}
