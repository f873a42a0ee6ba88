//! docs/access.md and the code say the same: every cell of the table, every route that changes something.

use stave_model::{Author, Op, Scope, Source, Time, VERSION};
use stave_server::door::{Caller, Intent, Machine, Person, Refusal, Role};

const OWN: &str = "person:00000000000000000000000000000001";
const OTHER: &str = "person:00000000000000000000000000000002";

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/access.md")).unwrap()
}

/// The cells of the rows of a table, below the row that begins so.
fn table(beginning: &str) -> Vec<Vec<String>> {
    let text = document();
    let rows = text.lines().skip_while(|line| !line.starts_with(beginning));
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.map(cells).filter(|cells: &Vec<String>| !cells[0].starts_with("--")).collect()
}

fn person(role: Role) -> Caller {
    Caller::Person(Person { id: OWN.parse().unwrap(), name: "Own".to_owned(), role })
}

fn token(authors: &[&str], scopes: &[&str]) -> Caller {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Caller::Machine(Machine {
        name: "ci".to_owned(),
        authors: texts(authors),
        scopes: texts(scopes),
        until: None,
    })
}

fn caller(word: &str) -> Caller {
    match word {
        "guest" => Caller::Guest,
        "stranger" => Caller::Stranger,
        "viewer" => person(Role::Viewer),
        "member" => person(Role::Member),
        "admin" => person(Role::Admin),
        "reading token" => token(&[], &[]),
        "writing token" => {
            token(&["collector:*", OWN], &["repo:git.example.com/shop", "fact:repo:git.example.com/shop"])
        }
        _ => panic!("no caller: {word}"),
    }
}

fn author(word: &str) -> Author {
    let text = match word {
        "own" => OWN,
        "another person" => OTHER,
        "named machine" => "collector:compose",
        "another machine" => "scanner:semgrep/all",
        _ => panic!("no author: {word}"),
    };
    text.parse().unwrap()
}

fn scope(word: &str) -> Scope {
    let text = match word {
        "fact" => "fact:repo:git.example.com/shop//#compose/cart#owned_by".to_owned(),
        "fact of another scope" => "fact:repo:git.example.com/shops//#compose/cart#owned_by".to_owned(),
        "named scope" => "repo:git.example.com/shop/till@main".to_owned(),
        "scope that begins alike" => "repo:git.example.com/shopping@main".to_owned(),
        "another scope" => "history:git.example.com/shop@main".to_owned(),
        "forgotten: oneself" => format!("fact:{OWN}#forgotten"),
        "forgotten: another" => format!("fact:{OTHER}#forgotten"),
        "redacted" => format!("fact:claim:{}#redacted", "0".repeat(64)),
        _ => panic!("no scope: {word}"),
    };
    text.parse().unwrap()
}

fn verdict(caller: &Caller, row: &[String]) -> Result<(), Refusal> {
    match row[1].as_str() {
        "read" => caller.may(Intent::Read),
        "metrics from this machine" => caller.may(Intent::Metrics { from_here: true }),
        "metrics from elsewhere" => caller.may(Intent::Metrics { from_here: false }),
        "speak" => caller.may(Intent::Speak { author: &author(&row[2]), scope: &scope(&row[3]) }),
        "replace a word" => {
            let own = "fact:repo:git.example.com/shop//#compose/till#tag>late".parse().unwrap();
            caller.may(Intent::Replace { scope: &own, replaced: &scope(&row[3]) })
        }
        "own account" => caller.may(Intent::OwnAccount),
        "add people" => caller.may(Intent::AddPeople),
        "administer" => caller.may(Intent::Administer),
        what => panic!("no intent: {what}"),
    }
}

#[test]
fn every_cell_of_the_table_is_what_the_code_does() {
    let rows = table("| method | what |");
    let (head, rows) = rows.split_first().unwrap();
    let mut cells = 0;
    for row in rows {
        for (word, told) in head.iter().zip(row).skip(4) {
            let done = match verdict(&caller(word), row) {
                Ok(()) => "yes".to_owned(),
                Err(refusal) => refusal.status().as_u16().to_string(),
            };
            assert_eq!(*told, done, "{word}: {row:?}");
            cells += 1;
        }
    }
    assert_eq!(cells, 20 * 7);
}

#[test]
fn a_client_can_not_say_who_brought_a_statement() {
    let header = stave_model::Header {
        author: "collector:compose".parse().unwrap(),
        by: Some("token:other".parse().unwrap()),
        claims: stave_model::claims_hash(&mut Vec::new()),
        op: Op([0; 16]),
        replaces: Vec::new(),
        rules: 1,
        scope: scope("named scope"),
        source: Source::default(),
        time: Time::from_millis(0),
        tool: "x".to_owned(),
        unread: Vec::new(),
        v: VERSION,
    };
    let mut signed = header.clone();
    caller("writing token").sign(&mut signed).unwrap();
    assert_eq!(signed.by, Some("token:ci".parse().unwrap()));

    let mut own = stave_model::Header { author: author("own"), scope: scope("fact"), ..header.clone() };
    caller("member").sign(&mut own).unwrap();
    assert_eq!((own.by, own.author), (None, author("own")));

    let mut refused = header.clone();
    assert!(caller("admin").sign(&mut refused).is_err());
    assert_eq!(refused, header);
}

#[test]
fn a_beginning_ends_where_a_part_ends() {
    let speaks = |allowed: &str, scope: &str| {
        let (author, scope) = (author("named machine"), scope.parse().unwrap());
        token(&["collector:compose"], &[allowed])
            .may(Intent::Speak { author: &author, scope: &scope })
            .is_ok()
    };
    for (allowed, scope) in [
        ("repo:h/a", "repo:h/a@main"),
        ("repo:h/a", "repo:h/a/b@main"),
        ("repo:h/", "repo:h/a@main"),
        ("repo:h/a@main", "repo:h/a@main"),
        ("repo:", "repo:h/a@main"),
        ("*", "history:h/a@main"),
    ] {
        assert!(speaks(allowed, scope), "{allowed} {scope}");
    }
    for (allowed, scope) in [
        ("repo:h/a", "repo:h/ab@main"),
        ("repo:h/a@main", "repo:h/a@mainline"),
        ("repo:h/a@main", "repo:h/a@main+work"),
        ("repo:h/a", "history:h/a@main"),
        ("", "repo:h/a@main"),
    ] {
        assert!(!speaks(allowed, scope), "{allowed} {scope}");
    }
}

#[test]
fn every_route_that_changes_something_is_documented() {
    let rows = table("| route | body |");
    let told: Vec<String> = rows.iter().skip(1).map(|row| row.join(" · ")).collect();
    assert_eq!(told, stave_server::door::routes());
}

#[test]
fn a_token_that_only_reads_was_told_to_become_an_admin() {
    let told = caller("reading token").may_write().unwrap_err();
    assert_eq!(told.to_string(), "The token ci may not do this: it only reads.");
    assert!(told.hint().contains("--author AUTHOR --scope-prefix PREFIX"), "{}", told.hint());
}
