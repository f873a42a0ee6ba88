//! A server with accounts: who is not known sees nothing, who signs in is who they are.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use stave_ledger::{Ledger as _, SqliteLedger};
use stave_server::door::accounts::{
    Password, Token, User, add_token, add_user, remove_user, set_password, set_role,
};
use stave_server::door::{Limits, Local, Person, Rate, Role};
use stave_server::{Options, ServeError, Stop, serve};

use crate::html::elements;
use crate::{Answer, Server, estate, every_page, open};

const PASSWORD: &str = "correct horse battery";

pub(crate) fn add(ledger: &mut SqliteLedger, email: &str, role: Role) {
    let user = User::new(email, "Ada", role, &ledger.estate_key().unwrap(), estate::now()).unwrap();
    let password = Password::new(PASSWORD.to_owned()).unwrap();
    add_user(ledger.store().unwrap(), &user, Some(&password)).unwrap();
}

fn with_ada(role: Role) -> Server {
    Server::prepared(Options::default(), |ledger| add(ledger, "ada@example.com", role))
}

fn sign_in(server: &Server, email: &str, password: &str) -> Answer {
    let form =
        format!("email={}&password={}&next=%2Flog", email.replace('@', "%40"), password.replace(' ', "+"));
    server.post("/login", &form, &[])
}

/// The `Cookie` header that an answer leads to.
fn cookie(answer: &Answer) -> String {
    format!("Cookie: {}", answer.header("set-cookie").split(';').next().unwrap())
}

#[test]
fn a_stranger_sees_nothing_but_the_way_in() {
    let server = with_ada(Role::Viewer);
    for page in every_page() {
        let answer = server.get(&page);
        assert_eq!((answer.status, answer.body.as_str()), (303, ""), "{page}");
        assert!(answer.header("location").starts_with("/login?next=%2F"), "{page}: {answer:?}");
    }
    let closed = [
        "/api/v1/summary",
        "/api/v1/graph",
        "/api/v1",
        "/api/v1/caller",
        "/events",
        "/metrics",
        "/nothing/api",
    ];
    for path in closed {
        // As a proxy hands it on: this machine itself is told its counts.
        let answer = server.ask("GET", path, &["X-Forwarded-For: 192.0.2.1"]);
        assert!(matches!(answer.status, 401 | 303), "{path}: {answer:?}");
        assert!(!answer.body.contains("orders"), "{path}: {answer:?}");
    }
    for open in ["/healthz", "/readyz", "/login", "/static/stave.css"] {
        assert_eq!(server.get(open).status, 200, "{open}");
    }
    // A key of a server without accounts means nothing here.
    assert_eq!(server.get("/?key=0").status, 303);
}

#[test]
fn who_signs_in_is_led_to_where_they_wanted_to_go() {
    let server = with_ada(Role::Member);
    let entered = sign_in(&server, "Ada@Example.com", PASSWORD);
    assert_eq!((entered.status, entered.header("location")), (303, "/log"), "{entered:?}");
    let set = entered.header("set-cookie");
    let name = format!("stave-session-{}=", server.address.port());
    assert!(set.starts_with(&name) && set.contains("; HttpOnly; SameSite=Lax; Max-Age=604800"), "{set}");
    let cookie = cookie(&entered);
    assert_eq!(server.ask("GET", "/log", &[&cookie]).status, 200);
    let known = server.ask("GET", "/api/v1/caller", &[&cookie]);
    assert!(
        known.body.contains("\"member\"") && known.body.contains("\"may_write\": true"),
        "{}",
        known.body
    );
    let person = stave_model::person_author(&server.ledger().estate_key().unwrap(), "mailto:ada@example.com");
    assert!(known.body.contains(person.unwrap().as_str()), "{}", known.body);

    let left = server.post("/logout", "", &[&cookie]);
    assert_eq!((left.status, left.header("location")), (303, "/"));
    assert_eq!(server.ask("GET", "/log", &[&cookie]).status, 303);
}

#[test]
fn a_cookie_is_for_encrypted_connections_unless_it_stays_on_the_machine() {
    let options = Options { hosts: vec!["stave.example.com".to_owned()], ..Options::default() };
    let server = Server::prepared(options, |ledger| add(ledger, "ada@example.com", Role::Viewer));
    let form = format!("email=ada%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let request = format!(
        "POST /login HTTP/1.1\r\nConnection: close\r\nHost: stave.example.com\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let set = server.raw(request.as_bytes()).header("set-cookie").to_owned();
    assert!(
        set.starts_with("__Host-stave-session=") && set.ends_with("; Secure") && set.contains("; Path=/;"),
        "{set}"
    );
}

#[test]
fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let server = with_ada(Role::Member);
    let took = |email: &str, password: &str| {
        let started = Instant::now();
        let answer = sign_in(&server, email, password);
        assert_eq!((answer.status, answer.header("set-cookie")), (401, ""), "{email}");
        assert!(answer.body.contains("The address or the password is wrong."), "{}", answer.body);
        assert!(!answer.body.contains(password), "{}", answer.body);
        (answer.body.replace(email, ""), started.elapsed())
    };
    let (wrong, _) = took("ada@example.com", "wrong horse battery");
    let (unknown, _) = took("bob@example.com", "wrong horse battery");
    assert_eq!(wrong, unknown);
    // Both check one hash, which takes longer than this on any machine; a busy one only adds to it. An answer without a
    // hash takes a fraction.
    for email in ["ada@example.com", "bob@example.com"] {
        let fastest = (0..4).map(|_| took(email, "wrong horse battery").1).min().unwrap();
        assert!(fastest > Duration::from_millis(5), "{email}: {fastest:?}");
    }
}

#[test]
fn passwords_can_not_be_tried_often() {
    let server = with_ada(Role::Member);
    let statuses: Vec<u16> =
        (0..12).map(|_| sign_in(&server, "ada@example.com", "wrong horse").status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    let answer = sign_in(&server, "ada@example.com", PASSWORD);
    assert_eq!(answer.status, 429);
    assert!(!answer.header("retry-after").is_empty());
    // Other names from the same place, until that is too much as well.
    let others: Vec<u16> =
        (0..14).map(|name| sign_in(&server, &format!("{name}@example.com"), "wrong horse").status).collect();
    assert!(others[0] == 401 && others.contains(&429), "{others:?}");
}

#[test]
fn a_proxy_says_who_tries_only_where_it_is_trusted() {
    let tries = |server: &Server| -> Vec<u16> {
        (0..30)
            .map(|number| {
                let from = format!("X-Forwarded-For: 203.0.113.9, 198.51.100.{number}");
                let form = format!("email={number}%40example.com&password=x");
                server.post("/login", &form, &[&from]).status
            })
            .collect()
    };
    let trusting = Options { proxies: vec!["127.0.0.1".parse().unwrap()], ..Options::default() };
    let server = Server::prepared(trusting, |ledger| add(ledger, "ada@example.com", Role::Viewer));
    assert!(tries(&server).iter().all(|status| *status == 401));
    assert!(tries(&with_ada(Role::Viewer)).contains(&429));
}

#[test]
fn who_knew_an_address_kept_its_owner_out() {
    let proxies = vec!["127.0.0.1".parse().unwrap()];
    let few = Rate { per_minute: 1, at_once: 13 };
    let limits = Limits { sign_ins_of: few, ..Limits::default() };
    let options = Options { proxies, limits, ..Options::default() };
    let server = Server::prepared(options, |ledger| add(ledger, "ada@example.com", Role::Viewer));
    let attempt = |from: &str, password: &str| {
        let form = format!("email=ada%40example.com&password={}", password.replace(' ', "+"));
        server.post("/login", &form, &[&format!("X-Forwarded-For: {from}")]).status
    };
    let guesses: Vec<u16> = (0..12).map(|_| attempt("192.0.2.1", "wrong horse")).collect();
    assert_eq!(guesses.iter().filter(|status| **status == 401).count(), 10, "{guesses:?}");
    assert_eq!(attempt("192.0.2.2", PASSWORD), 303);
    // From many addresses it is not without end either.
    let spread: Vec<u16> = (3..8).map(|from| attempt(&format!("192.0.2.{from}"), "wrong horse")).collect();
    assert_eq!(spread, [401, 401, 429, 429, 429]);
}

#[test]
fn a_form_elsewhere_signs_nobody_in() {
    let server = with_ada(Role::Member);
    let form = format!("email=ada%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let foreign = format!(
        "POST /login HTTP/1.1\r\nConnection: close\r\nHost: {}\r\nOrigin: http://evil.example.com\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        server.address,
        form.len()
    );
    let answer = server.raw(foreign.as_bytes());
    assert_eq!((answer.status, answer.header("set-cookie")), (403, ""));
    let next = server.post("/login", &format!("{form}&next=%2F%2Fevil.example.com"), &[]);
    assert_eq!((next.status, next.header("location")), (303, "/"));
}

#[test]
fn a_change_of_an_account_counts_from_the_next_request_on() {
    let server = with_ada(Role::Member);
    let cookie = cookie(&sign_in(&server, "ada@example.com", PASSWORD));
    let caller = || server.ask("GET", "/api/v1/caller", &[&cookie]);
    assert!(caller().body.contains("\"member\""));
    let mut ledger = server.ledger();
    set_role(ledger.store().unwrap(), "ada@example.com", Role::Viewer).unwrap();
    assert!(caller().body.contains("\"viewer\"") && caller().body.contains("\"may_write\": false"));
    let other = Password::new("another horse battery".to_owned()).unwrap();
    set_password(ledger.store().unwrap(), "ada@example.com", &other).unwrap();
    assert_eq!(caller().status, 401);
    let again = sign_in(&server, "ada@example.com", other.reveal());
    assert_eq!(again.status, 303);
    remove_user(ledger.store().unwrap(), "ada@example.com").unwrap();
    assert_eq!(server.ask("GET", "/log", &[&self::cookie(&again)]).status, 303);
    // The last account is gone, and the door stays shut.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.get("/log").status, 303);
}

#[test]
fn the_first_account_shuts_the_door_of_a_server_that_runs() {
    let speaker = Person {
        id: "person:0123456789abcdef0123456789abcdef".parse().unwrap(),
        name: "Keeper".to_owned(),
        role: Role::Admin,
    };
    let local = Local::new("0011".to_owned(), speaker, "mailto:keeper@leafcup.test".to_owned());
    let server = Server::with(Options { local: Some(local), ..Options::default() });
    let key = cookie(&server.get("/?key=0011"));
    assert_eq!(server.ask("GET", "/log", &[&key]).status, 200);
    add(&mut server.ledger(), "ada@example.com", Role::Viewer);
    let shut = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        server.get("/log").status == 303
    });
    assert!(shut);
    assert_eq!(server.ask("GET", "/log", &[&key]).status, 303, "the printed key still opens");
}

#[test]
fn tokens_read_where_there_are_accounts_too() {
    let server = with_ada(Role::Viewer);
    let token = Token {
        name: "monitor".to_owned(),
        authors: Vec::new(),
        scope_prefixes: Vec::new(),
        until: None,
        made: estate::now(),
    };
    let secret = add_token(server.ledger().store().unwrap(), &token).unwrap();
    let shown = format!("Authorization: Bearer {}", secret.reveal());
    for path in ["/metrics", "/api/v1/summary", "/log"] {
        let answer = server.ask("GET", path, &[&shown, "X-Forwarded-For: 192.0.2.1"]);
        assert_eq!(answer.status, 200, "{path}");
    }
    assert_eq!(server.ask("GET", "/log", &["Authorization: Bearer stave_0"]).status, 401);
}

#[test]
fn nobody_is_let_in_from_elsewhere_without_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    SqliteLedger::open_or_create(&path.join("ledger")).unwrap();
    let anywhere = Options { listen: SocketAddr::from(([0, 0, 0, 0], 0)), ..Options::default() };
    let named = Options { hosts: vec!["stave.example.com".to_owned()], ..Options::default() };
    for (options, what) in [(anywhere, "0.0.0.0:0"), (named, "stave.example.com")] {
        let path = path.clone();
        let refused = serve(options, move || open(&path), |_| panic!("it serves"), &Stop::default());
        let Err(ServeError::NoAccounts(reachable)) = &refused else { panic!("{refused:?}") };
        assert_eq!(reachable, what);
        assert!(refused.unwrap_err().to_string().contains("hint: stave user add "));
    }
}

#[test]
fn no_secret_of_an_account_leaves_by_an_export() {
    let server = with_ada(Role::Member);
    let session = cookie(&sign_in(&server, "ada@example.com", PASSWORD));
    let mut ledger = server.ledger();
    let token = Token {
        name: "ci".to_owned(),
        authors: vec!["collector:*".to_owned()],
        scope_prefixes: vec!["*".to_owned()],
        until: None,
        made: estate::now(),
    };
    let secret = add_token(ledger.store().unwrap(), &token).unwrap();
    let mut out = Vec::new();
    stave_ledger::export(&ledger, &mut out).unwrap();
    let text = String::from_utf8_lossy(&out);
    let session = session.split_once('=').unwrap().1;
    let hash = |text: &str| stave_model::hash_bytes(text.as_bytes()).to_string();
    for kept in ["argon2", PASSWORD, secret.reveal(), session, &hash(secret.reveal()), &hash(session)] {
        assert!(!text.contains(kept), "{kept}");
    }
}

/// The paths of the routes that change something and are for those who may write.
fn writing_paths() -> Vec<String> {
    let rows = stave_server::door::routes();
    let rows = rows.iter().filter(|row| row.ends_with("who may write"));
    rows.map(|row| row.split('`').nth(1).unwrap().replace("{}", "0123456789ab")).collect()
}

/// POST without a body, with these headers and no others.
fn post(server: &Server, path: &str, headers: &[&str]) -> u16 {
    let headers = [headers, &["Content-Length: 0"]].concat();
    server.ask("POST", path, &headers).status
}

#[test]
fn every_route_that_changes_something_asks_who_one_is() {
    let people = [("viewer", Role::Viewer), ("member", Role::Member), ("admin", Role::Admin)];
    let server = Server::prepared(Options::default(), |ledger| {
        for (name, role) in people {
            add(ledger, &format!("{name}@example.com"), role);
        }
    });
    let token = |name: &str, authors: &[&str], scopes: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let token = Token {
            name: name.to_owned(),
            authors: texts(authors),
            scope_prefixes: texts(scopes),
            until: None,
            made: estate::now(),
        };
        let secret = add_token(server.ledger().store().unwrap(), &token).unwrap();
        format!("Authorization: Bearer {}", secret.reveal())
    };
    let (reads, writes) = (token("reads", &[], &[]), token("writes", &["collector:*"], &["*"]));
    let [viewer, member, admin] =
        people.map(|(name, _)| cookie(&sign_in(&server, &format!("{name}@example.com"), PASSWORD)));
    let own = format!("Origin: http://{}", server.address);
    let paths = writing_paths();
    assert!(paths.len() >= 8, "{paths:?}");
    for path in &paths {
        assert_eq!(post(&server, path, &[&own]), 401, "a stranger: {path}");
        assert_eq!(post(&server, path, &[&own, &viewer]), 403, "a viewer: {path}");
        assert_eq!(post(&server, path, &[&reads]), 403, "a token that reads: {path}");
        assert_eq!(post(&server, path, &["Authorization: Bearer stave_0"]), 401, "no token: {path}");
        for foreign in [&[][..], &["Origin: http://evil.example.com"], &["Sec-Fetch-Site: cross-site", &own]]
        {
            let headers = [foreign, &[&admin]].concat();
            assert_eq!(post(&server, path, &headers), 403, "a page elsewhere: {path} {foreign:?}");
        }
        // These get to the route itself, which has something else to say about nothing.
        for (who, headers) in
            [("an admin", [own.as_str(), admin.as_str()].as_slice()), ("a token", &[&writes])]
        {
            let status = post(&server, path, headers);
            assert!(who == "a token" || !matches!(status, 401 | 403 | 405 | 429), "{who}: {path}: {status}");
            assert!(!matches!(status, 401 | 405 | 429), "{who}: {path}: {status}");
        }
        let status = post(&server, path, &[&own, &member]);
        let expected_no = ["/api/v1/ledger/estates", "/api/v1/ledger/horizon"].contains(&path.as_str());
        assert_eq!(status == 403, expected_no, "a member: {path}: {status}");
        for method in ["PUT", "DELETE", "PATCH"] {
            assert_eq!(server.ask(method, path, &[&own, &admin]).status, 405, "{method} {path}");
        }
    }
}

#[test]
fn a_guest_changes_nothing() {
    let server = Server::start();
    let own = format!("Origin: http://{}", server.address);
    for path in writing_paths() {
        assert_eq!(post(&server, &path, &[&own]), 403, "{path}");
    }
}

/// Sends the form for another password.
fn change(server: &Server, cookie: &str, old: &str, new: &str, again: &str) -> Answer {
    let form = format!("old={old}&new={new}&again={again}").replace(' ', "+");
    server.post("/account/password", &form, &[cookie])
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one_and_sessions_elsewhere_end() {
    let server = with_ada(Role::Viewer);
    let [here, elsewhere] = [(); 2].map(|()| cookie(&sign_in(&server, "ada@example.com", PASSWORD)));
    let get = |cookie: &str, path: &str| server.ask("GET", path, &[cookie]);
    let page = get(&here, "/account");
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    for text in [", viewer.", "/account/password", "autocomplete=\"new-password\"", "End all others"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(elements(&page.body).iter().any(|element| element.tag == "table"));
    let new = "another horse battery";
    for (old, new, again, why) in [
        ("wrong horse battery", new, new, "The old password is wrong"),
        (PASSWORD, new, "another horse batterie", "typed in two ways"),
        (PASSWORD, "short", "short", "a password takes 12 to 1024 bytes"),
    ] {
        let refused = change(&server, &here, old, new, again);
        assert_eq!(refused.status, 422, "{why}");
        assert!(refused.body.contains(why) && refused.body.contains("role=\"alert\""), "{}", refused.body);
        assert!(!refused.body.contains(old) && !refused.body.contains("batterie"), "{}", refused.body);
    }
    assert_eq!(get(&elsewhere, "/log").status, 200);
    let changed = change(&server, &here, PASSWORD, new, new);
    assert_eq!((changed.status, changed.header("location")), (303, "/account?done=password"));
    assert_eq!((get(&here, "/log").status, get(&elsewhere, "/log").status), (200, 303));
    assert!(get(&here, "/account?done=password").body.contains("You have another password"));
    assert_eq!(sign_in(&server, "ada@example.com", PASSWORD).status, 401);
    assert_eq!(sign_in(&server, "ada@example.com", new).status, 303);
    // What takes forms only leads back, and a page elsewhere changes nothing.
    assert_eq!(get(&here, "/account/password").header("location"), "/account");
    let foreign = "Origin: http://evil.example.com\r\nContent-Length: 0";
    assert_eq!(server.ask("POST", "/account/password", &[&here, foreign]).status, 403);
}

#[test]
fn the_old_password_can_not_be_guessed_by_who_found_a_browser_open() {
    let server = with_ada(Role::Member);
    let cookie = cookie(&sign_in(&server, "ada@example.com", PASSWORD));
    let guess = || {
        change(&server, &cookie, "wrong horse battery", "another horse battery", "another horse battery")
            .status
    };
    let statuses: Vec<u16> = (0..12).map(|_| guess()).collect();
    assert!(statuses.starts_with(&[422]) && statuses.ends_with(&[429]), "{statuses:?}");
}

#[test]
fn who_signs_in_elsewhere_has_no_password_to_change() {
    let server = Server::prepared(Options::default(), |ledger| {
        add(ledger, "ada@example.com", Role::Member);
    });
    let cookie = cookie(&sign_in(&server, "ada@example.com", PASSWORD));
    let mut ledger = server.ledger();
    // As `stave user add --no-password` makes them, in the session that they have.
    let store = ledger.store().unwrap();
    let kept = store.item("user", "ada@example.com").unwrap().unwrap();
    let mut user: serde_json::Value = serde_json::from_str(&kept).unwrap();
    user.as_object_mut().unwrap().remove("password").unwrap();
    store.set("user", "ada@example.com", Some(&user.to_string())).unwrap();
    let page = server.ask("GET", "/account", &[&cookie]).body;
    assert!(page.contains("changed there") && !page.contains("/account/password"), "{page}");
    let new = "another horse battery";
    assert_eq!(change(&server, &cookie, "", new, new).status, 404);
    assert_eq!(sign_in(&server, "ada@example.com", new).status, 401);
}

#[test]
fn people_end_their_own_sessions_and_nobody_else_s() {
    let server = Server::prepared(Options::default(), |ledger| {
        add(ledger, "ada@example.com", Role::Member);
        add(ledger, "ben@example.com", Role::Admin);
    });
    let entered = |email: &str| cookie(&sign_in(&server, email, PASSWORD));
    let [first, second, third] = [(); 3].map(|()| entered("ada@example.com"));
    let ben = entered("ben@example.com");
    let is_in = |cookie: &str| server.ask("GET", "/log", &[cookie]).status == 200;
    // The digits of all sessions on a page but the one that asks.
    let others = |cookie: &str| -> Vec<String> {
        let page = server.ask("GET", "/account", &[cookie]).body;
        let parts = page.split("name=\"session\" value=\"").skip(1);
        parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    let listed = others(&first);
    assert_eq!((listed.len(), others(&ben).len()), (2, 0));
    let secrets = [&first, &second, &third, &ben];
    for id in &listed {
        assert!(id.len() == 12 && !secrets.iter().any(|cookie| cookie.contains(id.as_str())), "{id}");
    }
    // Somebody else's, and what is none, end nothing.
    for id in [&listed[0], "000000000000"] {
        assert_eq!(server.post("/account/sessions", &format!("session={id}"), &[&ben]).status, 303);
    }
    assert!(secrets.iter().all(|cookie| is_in(cookie)));
    let ended = server.post("/account/sessions", &format!("session={}", listed[0]), &[&first]);
    assert_eq!(ended.header("location"), "/account?done=sessions");
    assert_eq!([&second, &third].iter().filter(|cookie| is_in(cookie)).count(), 1);
    assert_eq!(server.post("/account/sessions", "", &[&first]).status, 303);
    assert_eq!(secrets.map(|cookie| is_in(cookie)), [true, false, false, true]);
    // A token has no account, a stranger neither.
    let token = Token {
        name: "ci".to_owned(),
        authors: vec!["collector:*".to_owned()],
        scope_prefixes: vec!["*".to_owned()],
        until: None,
        made: estate::now(),
    };
    let token = add_token(server.ledger().store().unwrap(), &token).unwrap();
    let token = format!("Authorization: Bearer {}", token.reveal());
    for (headers, status) in [(&[token.as_str()][..], 403), (&[], 401)] {
        assert_eq!(server.post("/account/sessions", "", headers).status, status);
        assert_eq!(server.post("/account/password", "", headers).status, status);
    }
}
