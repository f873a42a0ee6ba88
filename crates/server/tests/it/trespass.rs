//! What callers tried beyond what they may, over the ledger's own endpoints with the real client.

use std::io::{Read as _, Write as _};
use std::time::Instant;

use stave_ledger::{Address, Ledger as _, RemoteLedger, RemoteOptions};
use stave_model::{
    Author, Basis, Claim, Header, Op, PersonRow, Source, Statement, Time, VERSION, claims_hash, person_author,
};
use stave_server::Options;
use stave_server::door::Role;
use stave_server::door::accounts::{Secret, Token, User, add_token, add_user};

use crate::{Server, estate};

/// A server with two accounts, an admin's and a member's, and their ids.
struct Estate {
    server: Server,
    admin: Author,
    member: Author,
}

impl Estate {
    fn open() -> Estate {
        Estate::with(Options::default())
    }

    fn with(options: Options) -> Estate {
        let server = Server::prepared(options, |ledger| {
            let key = ledger.estate_key().unwrap();
            for (email, name, role) in
                [("ada@example.com", "Ada", Role::Admin), ("ben@example.com", "Ben", Role::Member)]
            {
                let user = User::new(email, name, role, &key, estate::now()).unwrap();
                add_user(ledger.store().unwrap(), &user, None).unwrap();
                ledger.add_people(&[user.row()]).unwrap();
            }
        });
        let key = server.ledger().estate_key().unwrap();
        let [admin, member] =
            ["ada", "ben"].map(|name| person_author(&key, &format!("mailto:{name}@example.com")).unwrap());
        Estate { server, admin, member }
    }

    /// What the server answers a program that only reads.
    fn get(&self, path: &str) -> String {
        let token = Token {
            name: "reads".to_owned(),
            authors: Vec::new(),
            scope_prefixes: Vec::new(),
            until: None,
            made: estate::now(),
        };
        let secret = add_token(self.server.ledger().store().unwrap(), &token).unwrap();
        self.server.ask("GET", path, &[&format!("Authorization: Bearer {}", secret.reveal())]).body
    }

    /// A token of this scope.
    fn secret(&self, name: &str, author: &str, scope: &str) -> Secret {
        let token = Token {
            name: name.to_owned(),
            authors: vec![author.to_owned()],
            scope_prefixes: vec![scope.to_owned()],
            until: None,
            made: estate::now(),
        };
        add_token(self.server.ledger().store().unwrap(), &token).unwrap()
    }

    /// The ledger as a program with a token of this scope sees it.
    fn token(&self, author: &str, scope: &str) -> RemoteLedger {
        self.token_named("ci", author, scope)
    }

    fn token_named(&self, name: &str, author: &str, scope: &str) -> RemoteLedger {
        let secret = self.secret(name, author, scope);
        RemoteLedger::new(&RemoteOptions {
            address: Address::parse(&format!("http://{}", self.server.address)).unwrap(),
            token: Some(stave_ledger::Token::parse(secret.reveal()).unwrap()),
            roots: Vec::new(),
            cache: None,
            agent: "stave test".to_owned(),
        })
    }
}

fn header(author: &str, scope: &str) -> Header {
    Header {
        author: author.parse().unwrap(),
        by: None,
        claims: claims_hash(&mut Vec::new()),
        op: Op([9; 16]),
        replaces: Vec::new(),
        rules: 0,
        scope: scope.parse().unwrap(),
        source: Source::default(),
        time: estate::now(),
        tool: "stave 1".to_owned(),
        unread: Vec::new(),
        v: VERSION,
    }
}

/// A person's word: a description of a piece.
fn word(author: &Author, of: &str, text: &str, replaces: &[&Statement]) -> Statement {
    let mut claim = Claim::new("description", of.parse().unwrap(), Basis::Stated);
    claim.value = Some(text.into());
    let scope = claim.fact_scope().unwrap();
    let mut said = header(author.as_str(), scope.as_str());
    said.replaces = replaces.iter().map(|replaced| replaced.id()).collect();
    Statement::new(said, vec![claim])
}

/// Why something was refused.
fn refused<T>(done: stave_ledger::Result<T>) -> String {
    match done {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

const APP: &str = "repo:git.example.com/app//#compose/cart";
const PAY: &str = "repo:git.example.com/pay//#compose/payments";

#[test]
fn a_narrow_token_ended_words_about_anything() {
    let estate = Estate::open();
    let theirs = word(&estate.admin, PAY, "Takes the money", &[]);
    let own = word(&estate.member, APP, "A cart", &[]);
    estate.server.ledger().append(&[theirs.clone(), own.clone()]).unwrap();
    let mut token = estate.token(estate.member.as_str(), "fact:repo:git.example.com/app");
    let last = estate.server.ledger().position().unwrap();

    let no = refused(token.append(&[word(&estate.member, APP, "Gone", &[&theirs])]));
    assert!(no.contains("may not replace a word about fact:repo:git.example.com/pay"), "{no}");
    // Nor one that comes later.
    let later = word(&estate.admin, PAY, "Pays", &[]);
    let no = refused(token.append(&[word(&estate.member, APP, "Gone", &[&later])]));
    assert!(no.contains("replaces only words that this ledger has"), "{no}");
    assert_eq!(estate.server.ledger().position().unwrap(), last);

    // Its own, and one of the same append.
    let mut second = word(&estate.member, APP, "A basket", &[&own]);
    second.header.by = Some("token:ci".parse().unwrap());
    let third = word(&estate.member, APP, "A trolley", &[&second]);
    token.append(&[second, third]).unwrap();
    assert_eq!(estate.server.ledger().position().unwrap(), last + 2);
}

#[test]
fn a_token_gave_an_admin_another_name() {
    let estate = Estate::open();
    let key = estate.server.ledger().estate_key().unwrap();
    let row = |id: &Author, name: &str, address: &str| PersonRow {
        id: id.to_string(),
        name: name.to_owned(),
        address: address.to_owned(),
    };
    let said = word(&estate.admin, PAY, "Takes the money", &[]);
    estate.server.ledger().append(&[said]).unwrap();
    let mut token = estate.token("collector:*", "repo:git.example.com/app");
    for address in ["", "mailto:mallory@example.com"] {
        let no = refused(token.add_people(&[row(&estate.admin, "Mallory Evil", address)]));
        assert!(no.contains("is not the id of the address"), "{no}");
    }
    // The right address, which whoever reads histories knows, doesn't help either.
    token.add_people(&[row(&estate.admin, "Zoe Zorn", "mailto:ada@example.com")]).unwrap();
    // Who has no account is called as histories say.
    let carla = person_author(&key, "mailto:carla@example.com").unwrap();
    assert_eq!(token.add_people(&[row(&carla, "Carla", "mailto:carla@example.com")]).unwrap(), 1);
    let names = |server: &Server| -> Vec<String> {
        server.ledger().people().unwrap().into_iter().map(|row| row.name).collect()
    };
    let known = names(&estate.server);
    assert!(
        known.contains(&"Carla".to_owned()) && !known.iter().any(|name| name.starts_with("Z")),
        "{known:?}"
    );

    // What a scan where the ledger is has called her before she had an account is not what she is called now.
    estate.server.ledger().add_people(&[row(&estate.admin, "Zoe Zorn", "mailto:ada@example.com")]).unwrap();
    let log = estate.get("/api/v1/log");
    assert!(log.contains("\"Ada\"") && !log.contains("Zoe"), "{log}");
}

#[test]
fn two_strangers_who_sent_slowly_stopped_the_board() {
    let options = Options { proxies: vec!["127.0.0.1".parse().unwrap()], ..Options::default() };
    let estate = Estate::with(options);
    // As the review did it: a body of which one byte comes.
    let slow = |number: usize| {
        let mut stream = estate.server.connect();
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nX-Forwarded-For: 192.0.2.{1}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8000\r\n\r\ne",
            estate.server.address,
            number % 2
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let started = Instant::now();
    let mut streams: Vec<_> = (0..90).map(slow).collect();
    let answers = estate.get("/api/v1/summary");
    assert!(answers.contains("\"entities\"") || answers.contains("\"kinds\""), "{answers}");
    // Others can still sign in, and those two get no more than their turns.
    let form = "email=ada%40example.com&password=x";
    assert_eq!(estate.server.post("/login", form, &["X-Forwarded-For: 192.0.2.9"]).status, 401);
    let statuses: Vec<String> = streams
        .iter_mut()
        .map(|stream| {
            let mut status = [0; 12];
            // Where the server closes early, its answer may be lost.
            let _ = stream.read_exact(&mut status);
            String::from_utf8_lossy(&status[9..]).into_owned()
        })
        .collect();
    let of = |wanted: &str| statuses.iter().filter(|status| *status == wanted).count();
    assert!(of("408") >= 16 && of("503") >= 1, "{statuses:?}");
    assert!(started.elapsed().as_secs() < 15, "{:?}", started.elapsed());
}

const SHOP: &str = "repo:git.example.com/shop/app@main";

#[test]
fn what_a_scoped_token_heard_in_the_year_9999_was_never_stale_again() {
    let estate = Estate::open();
    let mut token = estate.token("collector:*", "repo:git.example.com/shop");
    let author: Author = "collector:compose".parse().unwrap();
    let at = |minutes: i64| Time::from_millis(estate::now().millis() + minutes * 60_000);
    let far: Time = "9999-01-01T00:00:00.000Z".parse().unwrap();
    for time in [far, at(6)] {
        let no = refused(token.add_heard(&[(author.clone(), SHOP.parse().unwrap(), time)]));
        assert!(no.contains("is later than now") && no.contains("set the clock"), "{no}");
        let mut said = header(author.as_str(), SHOP);
        said.time = time;
        let no = refused(token.append(&[Statement::new(said, Vec::new())]));
        assert!(no.contains("is later than now"), "{no}");
    }
    // A clock that is a little ahead, and what waited until it could be sent.
    for time in [at(4), at(-60 * 24 * 365)] {
        token.add_heard(&[(author.clone(), SHOP.parse().unwrap(), time)]).unwrap();
        let mut said = header(author.as_str(), SHOP);
        said.time = time;
        token.append(&[Statement::new(said, Vec::new())]).unwrap();
    }
    let heard = estate.server.ledger().heard().unwrap();
    let own = heard.iter().find(|(known, scope, _)| *known == author && scope.as_str() == SHOP).unwrap();
    assert_eq!(own.2, at(4));
}

#[test]
fn uncommitted_work_was_heard_of() {
    let estate = Estate::open();
    let author: Author = "collector:compose".parse().unwrap();
    let row = serde_json::json!({"heard": {"author": author, "scope": format!("{SHOP}+work"), "time": estate::now()}});
    let body = format!("{row}\n{{\"end\":true}}\n");
    let token = estate.secret("ci", "collector:*", &format!("{SHOP}+work"));
    let request = format!(
        "POST /api/v1/ledger/heard HTTP/1.1\r\nConnection: close\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        estate.server.address,
        token.reveal(),
        body.len()
    );
    // Not even where a scope that is named ends so.
    let answer = estate.server.raw(request.as_bytes());
    assert!(answer.status == 422 && answer.body.contains("stays on its machine"), "{answer:?}");
}

#[test]
fn a_token_chose_the_branch_that_is_shown_of_somebody_else_s_repository() {
    let estate = Estate::open();
    let mut token = estate.token("collector:*", "repo:git.example.com/shop");
    let said = |of: &str| {
        let mut claim = Claim::new("default_branch", of.parse().unwrap(), Basis::Discovered);
        claim.value = Some("mine".into());
        Statement::new(header("collector:git", SHOP), vec![claim])
    };
    for theirs in ["repo:git.example.com/pay", "repo:git.example.com/shops"] {
        let no = refused(token.append(&[said(theirs)]));
        assert!(no.contains("may not say which branch of repo:git.example.com/"), "{no}");
    }
    for own in ["repo:git.example.com/shop/app", "repo:git.example.com/shop/till"] {
        token.append(&[said(own)]).unwrap();
    }
    // A token of one branch says what a scan of that branch says.
    let mut narrow = estate.token_named("narrow", "collector:*", SHOP);
    narrow.append(&[said("repo:git.example.com/shop/app")]).unwrap();
    assert!(refused(narrow.append(&[said("repo:git.example.com/shop/till")])).contains("which branch"));
}
