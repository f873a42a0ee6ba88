//! Signing in elsewhere, against a provider that really signs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};
use stave_ledger::Ledger as _;
use stave_model::Time;
use stave_server::door::accounts::{User, add_user, users};
use stave_server::door::{Oidc, Role};
use stave_server::{Options, ServeError, Stop, serve};

use crate::provider::{CLIENT, Provider, SECRET};
use crate::{Answer, Server, estate};

fn settings(issuer: &str, url: &str) -> Oidc {
    Oidc {
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
        url: url.to_owned(),
        domains: vec!["example.com".to_owned()],
        role: Role::Member,
        roots: Vec::new(),
    }
}

/// A server that sends people to a provider. It must know its own address before it starts.
fn with(provider: &Provider, change: impl FnOnce(&mut Oidc)) -> Server {
    at(estate::now, provider, change)
}

fn at(clock: fn() -> Time, provider: &Provider, change: impl FnOnce(&mut Oidc)) -> Server {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut oidc = settings(&provider.issuer, &format!("http://127.0.0.1:{port}"));
    change(&mut oidc);
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let options = Options { listen, port_search: 0, oidc: Some(oidc), ..Options::default() };
    Server::at(clock, options, |_| {})
}

fn at_provider(address: &str) -> Answer {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    Answer::parse(&text)
}

/// `name=value` of the first cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    format!("Cookie: {}", answer.header("set-cookie").split(';').next().unwrap())
}

/// The path on our server to which the provider sends the browser back, and the browser's cookie.
fn there(server: &Server) -> (String, String) {
    let left = server.get("/login/oidc?next=%2Flog");
    assert_eq!(left.status, 303, "{left:?}");
    let set = left.header("set-cookie");
    assert!(set.contains("; HttpOnly; SameSite=Lax; Max-Age=600"), "{set}");
    let sent = at_provider(left.header("location"));
    let back = sent.header("location").strip_prefix(&format!("http://{}", server.address)).unwrap();
    (back.to_owned(), cookie(&left))
}

/// All the way; the answer that ends it.
fn sign_in(server: &Server) -> Answer {
    let (back, cookie) = there(server);
    server.ask("GET", &back, &[&cookie])
}

/// The `Cookie` header of the session that an answer begins: the last cookie of a name is what counts here.
fn session(server: &Server, answer: &Answer) -> Option<String> {
    let name = format!("stave-session-{}=", server.address.port());
    let set = answer.all("set-cookie").into_iter().find(|set| set.starts_with(&name))?;
    Some(format!("Cookie: {}", set.split(';').next()?))
}

#[test]
fn who_the_provider_knows_comes_in() {
    let provider = Provider::start();
    let server = with(&provider, |_| {});
    assert_eq!(server.get("/log").header("location"), "/login?next=%2Flog");
    let page = server.get("/login?next=%2Flog");
    assert!(
        page.body.contains("/login/oidc?next=%2Flog") && page.body.contains("Sign in with"),
        "{}",
        page.body
    );
    let entered = sign_in(&server);
    assert_eq!((entered.status, entered.header("location")), (303, "/log"), "{entered:?}");
    let session = session(&server, &entered).unwrap();
    assert_eq!(server.ask("GET", "/log", &[&session]).status, 200);
    let caller = server.ask("GET", "/api/v1/caller", &[&session]).body;
    assert!(caller.contains("\"member\"") && caller.contains("Ada Lovelock"), "{caller}");
    let mut ledger = server.ledger();
    let known = users(ledger.store().unwrap()).unwrap();
    assert_eq!((known[0].email.as_str(), known[0].has_password()), ("ada@example.com", false));
    // In the name that they have on their own command line.
    let person = stave_model::person_author(&ledger.estate_key().unwrap(), "mailto:ada@example.com").unwrap();
    assert_eq!(known[0].person, person);
    // Once more is the same account.
    assert_eq!(sign_in(&server).status, 303);
    assert_eq!(users(ledger.store().unwrap()).unwrap().len(), 1);
}

#[test]
fn every_way_of_signing_and_of_showing_the_secret() {
    let provider = Provider::start();
    provider.says(|manners| {
        manners.algorithm = "ES256";
        manners.secret_in_form = true;
    });
    let server = with(&provider, |_| {});
    assert!(session(&server, &sign_in(&server)).is_some());
    // Another server, another secret: the provider refuses, and what it says is not shown.
    let wrong = with(&provider, |oidc| oidc.client_secret = "wrong".to_owned());
    let answer = sign_in(&wrong);
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("status 400") && !answer.body.contains("wrong"), "{}", answer.body);
}

#[test]
fn what_can_not_be_believed_signs_nobody_in() {
    let provider = Provider::start();
    let server = with(&provider, |_| {});
    let past = estate::now().millis() / 1_000 - 61;
    let ada = json!({"email": "ada@example.com", "email_verified": true});
    let with = |name: &str, value: Value| {
        let mut claims = ada.clone();
        claims[name] = value;
        claims
    };
    let cases = [
        (with("iss", json!("http://127.0.0.1:1")), "RS256", "another provider made it"),
        (with("aud", json!("other")), "RS256", "somebody else"),
        (with("exp", json!(past)), "RS256", "it is over"),
        (with("nonce", json!("0")), "RS256", "another attempt"),
        (with("email_verified", json!(false)), "RS256", "is yours"),
        (with("email", json!("eve@example.org")), "RS256", "nobody has made an account for eve@example.org"),
        (with("email", json!("eve@example.com.evil.org")), "RS256", "nobody has made an account"),
        (ada.clone(), "none", "no key of the provider"),
        (ada.clone(), "HS256", "no key of the provider"),
    ];
    for (claims, algorithm, why) in cases {
        provider.says(|manners| {
            manners.claims = claims.clone();
            manners.algorithm = algorithm;
        });
        let answer = sign_in(&server);
        assert_eq!((answer.status, session(&server, &answer)), (401, None), "{claims} {algorithm}");
        assert!(answer.body.contains(why), "{why}: {}", answer.body);
    }
    assert!(users(server.ledger().store().unwrap()).unwrap().is_empty());
}

#[test]
fn an_answer_counts_once_and_for_the_browser_that_asked() {
    let provider = Provider::start();
    let server = with(&provider, |_| {});
    let (back, own) = there(&server);
    let (other_back, other) = there(&server);
    // Without the browser's secret, with another's, with a state that was made up.
    for (path, headers) in [(&back, vec![]), (&back, vec![other.as_str()]), (&other_back, vec![own.as_str()])]
    {
        let answer = server.ask("GET", path, &headers);
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.body.contains("begin again"), "{}", answer.body);
    }
    assert_eq!(server.ask("GET", "/login/oidc/back?code=code-0&state=0", &[&own]).status, 401);
    assert_eq!(server.ask("GET", &back, &[&own]).status, 303);
    assert_eq!(server.ask("GET", &back, &[&own]).status, 401);
    assert!(server.ledger().store().unwrap().items("login").unwrap().len() == 1);
}

#[test]
fn the_provider_may_refuse() {
    let provider = Provider::start();
    let server = with(&provider, |_| {});
    provider.says(|manners| manners.error = Some("access_denied"));
    let answer = sign_in(&server);
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("access_denied"), "{}", answer.body);
    provider.says(|manners| manners.error = Some("%3Cscript%3E"));
    let answer = sign_in(&server);
    assert!(answer.status == 401 && !answer.body.contains("<script>") && !answer.body.contains("&lt;script"));
}

#[test]
fn new_keys_of_the_provider_are_asked_for() {
    let provider = Provider::start();
    let server = with(&provider, |_| {});
    assert_eq!(sign_in(&server).status, 303);
    assert_eq!(sign_in(&server).status, 303);
    assert_eq!((provider.asked("/.well-known/openid-configuration"), provider.asked("/keys")), (1, 1));
    // Within a minute (the clock of these tests stands still), a key that isn't known is one that isn't there.
    provider.says(|manners| manners.kid = "second".to_owned());
    assert_eq!(sign_in(&server).status, 401);
    assert_eq!(provider.asked("/keys"), 1);
}

/// How far the clock of the next test is ahead of the others'.
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);

fn moved() -> Time {
    Time::from_millis(estate::now().millis() + AHEAD_MS.load(Ordering::SeqCst))
}

#[test]
fn a_key_that_is_not_known_is_asked_for_again_after_a_minute() {
    const HOUR_MS: i64 = 3_600_000;
    let provider = Provider::start();
    let server = at(moved, &provider, |_| {});
    let sign_in_at = |ahead_ms: i64| {
        AHEAD_MS.store(ahead_ms, Ordering::SeqCst);
        let status = sign_in(&server).status;
        (status, provider.asked("/.well-known/openid-configuration"), provider.asked("/keys"))
    };
    let signs_with = |kid: &str| {
        // Good for long: it isn't the token's end that is tested.
        let exp = estate::now().millis() / 1_000 + 3 * HOUR_MS / 1_000;
        provider.says(|manners| {
            manners.kid = kid.to_owned();
            manners.claims["exp"] = exp.into();
        });
    };
    signs_with("first");
    assert_eq!(sign_in_at(0), (303, 1, 1));
    signs_with("second");
    assert_eq!(sign_in_at(59_999), (401, 1, 1));
    assert_eq!(sign_in_at(60_000), (303, 1, 2));
    // Whoever makes keys up doesn't make us ask more often than once a minute.
    signs_with("third");
    assert_eq!(sign_in_at(119_999), (401, 1, 2));
    assert_eq!(sign_in_at(120_000), (303, 1, 3));
    // Once an hour all of it is asked for again.
    signs_with("fourth");
    assert_eq!(sign_in_at(HOUR_MS), (303, 2, 4));
}

#[test]
fn who_has_an_account_needs_no_domain() {
    let provider = Provider::start();
    let server = with(&provider, |oidc| oidc.domains.clear());
    assert_eq!(sign_in(&server).status, 401);
    let mut ledger = server.ledger();
    let key = ledger.estate_key().unwrap();
    let ada = User::new("ada@example.com", "", Role::Viewer, &key, estate::now()).unwrap();
    add_user(ledger.store().unwrap(), &ada, None).unwrap();
    let session = session(&server, &sign_in(&server)).unwrap();
    assert!(server.ask("GET", "/api/v1/caller", &[&session]).body.contains("\"viewer\""));
}

#[test]
fn settings_that_would_send_secrets_in_the_open_are_refused() {
    let (issuer, url) = ("https://login.example.com", "https://stave.example.com");
    let bad = [
        settings("http://login.example.com", url),
        settings(issuer, "http://stave.example.com"),
        Oidc { client_secret: String::new(), ..settings(issuer, url) },
        Oidc { domains: vec!["*".to_owned()], ..settings(issuer, url) },
    ];
    for oidc in bad {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        stave_ledger::SqliteLedger::open_or_create(&path.join("ledger")).unwrap();
        let options = Options { oidc: Some(oidc), ..Options::default() };
        let refused = serve(options, move || crate::open(&path), |_| panic!("it serves"), &Stop::default());
        let Err(ServeError::Oidc(error)) = refused else { panic!("{refused:?}") };
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}
