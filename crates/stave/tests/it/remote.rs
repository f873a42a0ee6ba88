//! A ledger behind a server's door: the verbs work through it as they do on its file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use stave_ledger::{Ledger as _, SqliteLedger};
use stave_model::{Time, person_author};
use stave_server::door::accounts::{Token, add_token};

use crate::first_minutes::Board;
use crate::world::{Ran, World};

/// Serves the ledger in `tea` to whoever has the token.
struct Served {
    world: World,
    board: Board,
    token: String,
}

impl Served {
    fn start() -> Served {
        let world = World::new();
        world.tea();
        let token = token(&world, "ci", &["collector:*", "system:*"]);
        let board = Board::start(&world, "tea", &["serve", "--port", "0"]);
        fs::create_dir(world.path("work")).unwrap();
        Served { world, board, token }
    }

    fn ledger(&self) -> String {
        format!("http://{}", self.board.address())
    }

    /// The binary in `work`, on the ledger behind the door.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.command("work", &["--ledger", &self.ledger()]);
        command.args(arguments).env("STAVE_TOKEN", &self.token);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ran = Ran::of(&self.command(arguments).output().unwrap());
        assert!(!format!("{}{}", ran.out, ran.err).contains(&self.token), "{ran:?}");
        ran
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--json"]].concat()).ok().json()
    }

    /// A repository in `work`, committed.
    fn repository(&self, name: &str) {
        let folder = format!("work/{name}");
        self.world.write(
            &format!("{folder}/compose.yaml"),
            &format!("services:\n  {name}-api:\n    image: registry.leafcup.test/{name}:1\n    depends_on: [{name}-db]\n  {name}-db:\n    image: postgres:17\n"),
        );
        self.world.git(&folder, 0, &["init", "--quiet"]);
        self.world.git(
            &folder,
            0,
            &["remote", "add", "origin", &format!("https://git.leafcup.test/{name}.git")],
        );
        self.world.commit(&folder, 1);
    }
}

/// A token for machines and for the tea counter.
fn token(world: &World, name: &str, authors: &[&str]) -> String {
    let mut ledger = SqliteLedger::open(&world.path("tea/.stave/ledger.sqlite")).unwrap();
    let counter = person_author(&ledger.estate_key().unwrap(), "mailto:counter@leafcup.test").unwrap();
    let mut authors: Vec<String> = authors.iter().map(|author| (*author).to_owned()).collect();
    authors.push(counter.to_string());
    let token = Token {
        name: name.to_owned(),
        authors,
        scope_prefixes: vec!["*".to_owned()],
        until: None,
        made: Time::from_millis(0),
    };
    add_token(ledger.store().unwrap(), &token).unwrap().reveal().to_owned()
}

#[test]
fn every_verb_gives_through_the_door_what_it_gives_on_the_file() {
    let served = Served::start();
    served.repository("orders");
    let scanned = served.ask(&["scan"]);
    assert_eq!(
        scanned["scan"]["trees"][0]["appended"].as_u64().map(|count| count > 0),
        Some(true),
        "{scanned}"
    );
    assert_eq!(scanned["scan"]["histories"][0]["commits"], 1, "{scanned}");
    assert_eq!(scanned["scan"]["ledger"], served.ledger());
    let again = served.ask(&["scan"]);
    assert_eq!(again["scan"]["trees"][0]["appended"], 0, "{again}");

    let said = served.ask(&["say", "orders-api", "owner", "team-leaves"]);
    served.run(&["say", "cart", "type", "service"]).ok();
    served.run(&["deny", "orders-api", "stores_in", "orders-db"]).ok();
    served.run(&["say", "basket", "same_as", "cart"]).ok();
    let undone = served.run(&["undo"]).ok();
    assert!(undone.out.contains("same_as") || undone.out.contains("cart"), "{undone:?}");
    // Ids are those that stand in the ledger, with who brought the word.
    let log = served.ask(&["log"]);
    let text = log.to_string();
    for id in said["appended"].as_array().unwrap() {
        assert!(text.contains(id.as_str().unwrap()), "{id} in {text}");
    }
    served.world.write(
        "work/incidents.csv",
        "key,title,started,resolved,service\nI-1,Orders were down,2026-03-01T10:00:00Z,2026-03-01T11:00:00Z,orders-api\n",
    );
    served.run(&["import", "incidents.csv"]).ok();

    let questions: &[&[&str]] = &[
        &["list"],
        &["list", "--gone"],
        &["find", "orders"],
        &["show", "orders-api"],
        &["show", "cart"],
        &["why", "orders-api"],
        &["questions"],
        &["log"],
        &["tools"],
        &["overlap"],
        &["who", "orders-api"],
        &["hotspots"],
        &["fires", "--since", "2026-01-01", "--until", "2026-06-01"],
        &["flow", "--since", "2026-01-01", "--until", "2026-06-01"],
        &["next", "--since", "2026-01-01", "--until", "2026-06-01"],
        &["barrel", "orders-api", "--until", "2026-06-01"],
        &["about-me"],
        &["list", "--at", "3"],
        &["export", "--as", "jsonl"],
    ];
    let mut differ = Vec::new();
    for question in questions {
        let is_file = question[0] == "export";
        let arguments = if is_file { question.to_vec() } else { [question, &["--json"][..]].concat() };
        let (here, there) = (served.world.run("tea", &arguments), served.run(&arguments));
        if (here.code, without_now(&here.out)) != (there.code, without_now(&there.out)) {
            differ.push(format!("{question:?}\n{here:?}\n{there:?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}

/// An answer without the moment at which it was asked for.
fn without_now(answer: &str) -> String {
    match serde_json::from_str::<Value>(answer) {
        Ok(Value::Object(mut object)) => {
            object.remove("now");
            Value::Object(object).to_string()
        }
        _ => answer.to_owned(),
    }
}

#[test]
fn what_is_not_committed_stays_on_its_machine() {
    let served = Served::start();
    served.repository("orders");
    served.world.write(
        "work/orders/compose.yaml",
        "services:\n  unfinished:\n    image: registry.leafcup.test/u:1\n",
    );
    served.run(&["scan"]).ok();
    let all = served.ask(&["list"]).to_string();
    assert!(all.contains("orders-api") && !all.contains("unfinished"), "{all}");
    assert!(!served.ask(&["log"]).to_string().contains("+work"));
}

#[test]
fn the_token_comes_from_a_file_and_what_is_wrong_is_said() {
    let served = Served::start();
    let with = |token: &str, arguments: &[&str]| {
        let mut command = served.command(arguments);
        command.env("STAVE_TOKEN", token);
        Ran::of(&command.output().unwrap())
    };
    // Without one, a server on this machine answers and takes nothing.
    assert!(with("", &["find", "cart"]).ok().out.contains("cart"));
    let refused = with("", &["say", "cart", "tier", "1"]).ends(2);
    assert!(refused.err.contains("hint: "), "{refused:?}");
    let unknown = with("stave-not-this-one", &["find", "cart"]).ends(2);
    assert!(unknown.err.contains("This token is not known, or it has ended."), "{unknown:?}");
    assert!(unknown.err.contains("hint: the token may have ended") && !unknown.err.contains("not-this-one"));
    let none = with("two words", &["find", "cart"]).ends(2);
    assert!(none.err.contains("what stands in STAVE_TOKEN is no token"), "{none:?}");

    // The file of the server's name in the user's folder.
    let tokens = "home/.config/stave/tokens";
    let file = format!("{tokens}/{}", served.board.address());
    served.world.write(&file, &format!("{}\n", served.token));
    fs::set_permissions(served.world.path(&file), fs::Permissions::from_mode(0o644)).unwrap();
    let open = with("", &["say", "cart", "tier", "1"]).ok();
    assert!(open.err.contains("others can read this token"), "{open:?}");
    fs::set_permissions(served.world.path(&file), fs::Permissions::from_mode(0o600)).unwrap();
    let closed = with("", &["say", "cart", "tier", "2"]).ok();
    assert!(!closed.err.contains("others can read"), "{closed:?}");
    // Another author than the token's.
    let other = with("", &["say", "cart", "tier", "3", "--as", "other@leafcup.test"]).ends(2);
    assert!(other.err.contains("The token ci may not speak for person:"), "{other:?}");
    // What is remembered is for this user alone.
    let cache = served.world.path("home/.cache/stave");
    let folder = fs::read_dir(cache).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(folder.join("read.sqlite").is_file() && folder.join("map.sqlite").is_file());
}

#[test]
fn what_a_token_may_never_do_was_listed_before_it_was_refused() {
    let served = Served::start();
    served.run(&["say", "cart", "description", "Ask Ada Lovelock"]).ok();
    let found = served.ask(&["redact", "--find", "ada lovelock"]);
    let digits = found[0]["claim"].as_str().unwrap();
    let counter = "counter@leafcup.test";
    let tries: [&[&str]; 3] =
        [&["forget", counter], &["forget", counter, "--yes"], &["redact", digits, "--why", "a name"]];
    for words in tries {
        let refused = served.run(words).ends(2);
        assert!(refused.out.is_empty() && refused.err.contains("where the ledger is kept"), "{refused:?}");
        assert!(!refused.err.contains("--yes"), "{refused:?}");
    }
    assert_eq!(served.ask(&["redact", "--find", "ada lovelock"]), found);
}

#[test]
fn an_address_that_leads_nowhere_is_told_with_a_hint() {
    let served = Served::start();
    let at = |ledger: &str| served.world.run("work", &["--ledger", ledger, "list"]).ends(2).err;
    let plain = at("http://stave.leafcup.test");
    assert!(plain.contains("is not encrypted") && plain.contains("--insecure-http"), "{plain}");
    let secret = at("https://me:s3cret@stave.leafcup.test");
    assert!(secret.contains("may hold no user and no password") && !secret.contains("s3cret"), "{secret}");
    let path = at("https://stave.leafcup.test/board");
    assert!(path.contains("leave out what stands behind"), "{path}");
    let tls = at(&format!("https://{}", served.board.address()));
    assert!(tls.contains("no encrypted connection could be made"), "{tls}");
    let nobody = at("http://127.0.0.1:9");
    assert!(nobody.contains("there is no answer: ") && nobody.contains("is the server running"), "{nobody}");
}

#[test]
fn a_server_that_is_killed_in_the_middle_loses_and_doubles_nothing() {
    let mut served = Served::start();
    for number in 0..12 {
        served.repository(&format!("service-{number}"));
    }
    let port = served.board.address().rsplit(':').next().unwrap().to_owned();
    for delay_ms in [30, 90, 200, 350] {
        let mut client = served.command(&["scan", "--quiet"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay_ms));
        served.board.kill();
        let ended = client.wait().unwrap().code();
        assert!(matches!(ended, Some(0 | 2)), "{ended:?}");
        served.board = Board::start(&served.world, "tea", &["serve", "--port", &port]);
    }
    let scanned = served.ask(&["scan"]);
    assert_eq!(scanned["scan"]["trees"].as_array().unwrap().len(), 12, "{scanned}");
    assert_eq!(served.ask(&["scan"])["scan"]["trees"][0]["appended"], 0);
    let all = served.ask(&["log", "--limit", "1000"]).to_string();
    // Each reader's word on each repository once, however often it was sent.
    let words = all.matches("\"author\":\"collector:compose\"").count();
    assert_eq!(words, 12 + 1);
}

#[test]
fn doctor_looks_through_the_door_and_leaves_nothing_behind() {
    let served = Served::start();
    let look = |arguments: &[&str], token: &str| {
        let mut command = served.command(&[arguments, &["--json"]].concat());
        let ran = Ran::of(&command.env("STAVE_TOKEN", token).output().unwrap());
        assert!(!format!("{}{}", ran.out, ran.err).contains(&served.token), "{ran:?}");
        ran
    };
    let check = |ran: &Ran, name: &str| -> (String, String) {
        let found = ran.json();
        let checks = found["checks"].as_array().unwrap();
        let check =
            checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {found}"));
        (check["state"].as_str().unwrap().to_owned(), check["says"].as_str().unwrap().to_owned())
    };
    let here = served.world.ask("tea", &["doctor"]);
    let there = look(&["doctor"], &served.token).ok();
    let found = there.json();
    assert_eq!(
        (&found["ledger"]["kind"], &found["ledger"]["at"]),
        (&"remote".into(), &served.ledger().into())
    );
    for same in ["estate", "epoch", "revision", "position", "statements", "claims", "damaged"] {
        assert_eq!(found["ledger"][same], here["ledger"][same], "{same}");
    }
    assert_eq!(found["sources"].as_array().unwrap().len(), here["sources"].as_array().unwrap().len());
    assert!(check(&there, "door").1.contains("known there as token:ci"), "{found}");
    assert!(check(&there, "permissions").1.starts_with("nothing is kept in "), "{found}");
    assert!(!served.world.path("home/.cache").exists());
    assert!(check(&look(&["doctor"], "").ok(), "door").1.contains("no token is shown"));
    let text = served.run(&["doctor", "--quick"]).ok().out;
    assert!(text.contains("remote, ") && text.contains("claims were not read (--quick)"), "{text}");

    // After a command there is a map of this machine's own.
    served.run(&["list"]).ok();
    let there = look(&["doctor"], &served.token).ok();
    assert!(check(&there, "read model").1.contains("up to date at position"), "{there:?}");
    assert!(check(&there, "permissions").1.starts_with("only you can enter "), "{there:?}");

    // What is wrong is told as what was found, and not instead of it.
    let unknown = look(&["doctor"], "stave_0").ends(2);
    let (state, says) = check(&unknown, "ledger");
    assert!(state == "broken" && says.contains("This token is not known"), "{unknown:?}");
    assert_eq!(check(&unknown, "git").0, "ok");
    let file = served.world.path("tea/.stave/ledger.sqlite");
    let db = rusqlite::Connection::open(file).unwrap();
    let changed = "UPDATE statements SET header = replace(header, '\"tool\":\"stave ', '\"tool\":\"knave ') WHERE number = 2";
    assert_eq!(db.execute(changed, []).unwrap(), 1);
    drop(db);
    let damaged = look(&["doctor"], &served.token).ends(2);
    assert!(check(&damaged, "hashes").1.contains("number 2: "), "{damaged:?}");
    let nobody = served.world.run("work", &["--ledger", "http://127.0.0.1:9", "doctor", "--json"]).ends(2);
    let (state, says) = check(&nobody, "ledger");
    assert!(state == "broken" && says.contains("there is no answer"), "{nobody:?}");
}
