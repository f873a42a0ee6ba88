//! Who may come in, without accounts: whoever has the printed key, by a page of ours.

use stave_ledger::Ledger as _;
use stave_server::Options;
use stave_server::door::accounts::{Secret, Token, add_token, remove_token};
use stave_server::door::{Local, Person, Role};

use crate::{Server, estate};

const KEY: &str = "00112233445566778899aabbccddeeff";
const ADDRESS: &str = "mailto:keeper@leafcup.test";

fn with_key() -> Server {
    let speaker = Person {
        id: "person:0123456789abcdef0123456789abcdef".parse().unwrap(),
        name: "Keeper".to_owned(),
        role: Role::Admin,
    };
    let local = Local::new(KEY.to_owned(), speaker, ADDRESS.to_owned());
    Server::with(Options { local: Some(local), ..Options::default() })
}

/// `name=value` of the cookie that an answer sets.
fn cookie(set: &str) -> &str {
    set.split(';').next().unwrap_or_default()
}

#[test]
fn the_printed_url_makes_its_reader_the_speaker() {
    let server = with_key();
    let guest = server.get("/api/v1/caller");
    assert!(
        guest.body.contains("\"guest\"") && guest.body.contains("\"may_write\": false"),
        "{}",
        guest.body
    );

    let entered = server.get(&format!("/?key={KEY}"));
    assert_eq!((entered.status, entered.header("location")), (303, "/"));
    assert_eq!(entered.header("cache-control"), "no-store");
    let set = entered.header("set-cookie");
    assert!(
        set.contains("; HttpOnly") && set.contains("; SameSite=Strict") && set.contains("; Path=/"),
        "{set}"
    );
    assert!(set.starts_with(&format!("stave-key-{}=", server.address.port())), "{set}");
    assert!(!set.contains("Secure") && !set.contains("Max-Age") && !set.contains(KEY), "{set}");

    let known = server.ask("GET", "/api/v1/caller", &[&format!("Cookie: other=1; {}", cookie(set))]);
    assert!(
        known.body.contains("\"may_write\": true") && known.body.contains("\"Keeper\""),
        "{}",
        known.body
    );
    assert!(
        server.ledger().people().unwrap().iter().any(|row| row.address == ADDRESS && row.name == "Keeper")
    );
}

#[test]
fn nobody_is_in_the_directory_before_they_come_in() {
    let server = with_key();
    assert_eq!(server.get("/").status, 200);
    assert!(!server.ledger().people().unwrap().iter().any(|row| row.address == ADDRESS));
}

#[test]
fn another_key_opens_nothing() {
    let server = with_key();
    for key in ["", "0", &KEY[1..], &KEY.to_uppercase(), &format!("{KEY}0")] {
        let answer = server.get(&format!("/?key={key}"));
        assert_eq!((answer.status, answer.header("set-cookie")), (403, ""), "{key}");
    }
    for forged in [KEY, "", "0"] {
        let name = format!("stave-key-{}", server.address.port());
        let answer = server.ask("GET", "/api/v1/caller", &[&format!("Cookie: {name}={forged}")]);
        assert!(answer.body.contains("\"guest\""), "{forged}: {}", answer.body);
    }
    // A server without a key has none to meet.
    assert_eq!(Server::start().get("/?key=").header("set-cookie"), "");
}

#[test]
fn a_token_that_is_not_known_is_not_taken_for_nothing() {
    let server = with_key();
    for shown in ["Bearer stave_0", "Bearer", "Basic YTpi", ""] {
        let answer = server.ask("GET", "/api/v1/summary", &[&format!("Authorization: {shown}")]);
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"), "{shown}");
    }
}

#[test]
fn a_token_tells_who_asks_until_it_is_removed() {
    let server = with_key();
    let mut ledger = server.ledger();
    let token = Token {
        name: "ci".to_owned(),
        authors: vec!["collector:*".to_owned()],
        scope_prefixes: vec!["repo:git.example.com/shop".to_owned()],
        until: None,
        made: estate::now(),
    };
    let secret = add_token(ledger.store().unwrap(), &token).unwrap();
    let ended = Token { name: "ended".to_owned(), until: Some(estate::now()), ..token };
    let ended = add_token(ledger.store().unwrap(), &ended).unwrap();
    let who = |secret: &Secret| {
        server.ask("GET", "/api/v1/caller", &[&format!("Authorization: Bearer {}", secret.reveal())])
    };
    let known = who(&secret);
    assert!(known.body.contains("\"machine\"") && known.body.contains("\"may_write\": true"), "{known:?}");
    assert!(!known.body.contains(secret.reveal()));
    assert_eq!(who(&ended).status, 401);
    // A token needs no page of ours behind it.
    let own = format!("Authorization: Bearer {}", secret.reveal());
    assert_eq!(server.ask("POST", "/logout", &[&own]).status, 303);
    assert!(remove_token(ledger.store().unwrap(), "ci").unwrap());
    assert_eq!(who(&secret).status, 401);
}

#[test]
fn a_page_elsewhere_can_not_make_a_browser_write() {
    let server = with_key();
    let own = format!("Origin: http://{}", server.address);
    let leave = |headers: &[&str]| server.ask("POST", "/logout", headers);
    for foreign in [
        &[][..],
        &["Origin: http://evil.example.com"],
        &["Origin: null"],
        &["Sec-Fetch-Site: cross-site"],
        &["Sec-Fetch-Site: same-site"],
        &["Sec-Fetch-Site: none"],
        &[&own, "Sec-Fetch-Site: cross-site"],
    ] {
        let answer = leave(foreign);
        assert_eq!((answer.status, answer.header("set-cookie")), (403, ""), "{foreign:?}");
    }
    for fine in
        [&[own.as_str()][..], &["Sec-Fetch-Site: same-origin"], &[&own, "Sec-Fetch-Site: same-origin"]]
    {
        let answer = leave(fine);
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{fine:?}");
        assert!(answer.header("set-cookie").contains("; Max-Age=0"), "{answer:?}");
    }
}

#[test]
fn too_much_and_too_often_are_said() {
    let server = with_key();
    let own = format!("Origin: http://{}", server.address);
    let large = server.ask("POST", "/logout", &[&own, "Content-Length: 5000"]);
    assert_eq!(large.status, 413, "{large:?}");
    let statuses: Vec<u16> = (0..70).map(|_| server.ask("POST", "/logout", &[&own]).status).collect();
    assert!(statuses[..50].iter().all(|status| *status == 303), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    let refused = (0..5).map(|_| server.ask("POST", "/logout", &[&own])).find(|answer| answer.status == 429);
    assert!(refused.is_some_and(|answer| !answer.header("retry-after").is_empty()));
    // Reading goes on.
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn counts_are_told_to_this_machine_only() {
    let server = with_key();
    assert_eq!(server.get("/metrics").status, 200);
    for handed_on in ["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "Via: 1.1 proxy"] {
        assert_eq!(server.ask("GET", "/metrics", &[handed_on]).status, 401, "{handed_on}");
    }
}
