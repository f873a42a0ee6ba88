//! URLs, rights, and what is refused.

use std::path::Path;

use stave_ledger::{Error, Ledger, Outcome, PostgresLedger};
use stave_model::{Basis, Claim, PersonRow, Statement};

use super::{place, sound, start};
use crate::make::{Dice, forget, header, redact, scan, word};

/// What docs/postgresql.md tells an operator to run, behind a mark.
fn told(mark: &str) -> String {
    let page = include_str!("../../../../../docs/postgresql.md");
    let from = page.find(&format!("<!-- {mark} -->")).unwrap();
    let block = &page[from..];
    let begin = block.find("```sql\n").unwrap() + 7;
    block[begin..begin + block[begin..].find("```").unwrap()].to_owned()
}

#[test]
fn the_role_of_a_server_may_do_its_work_and_no_more() {
    let Some((server, name, url)) = place() else { return };
    let missing = PostgresLedger::open(&url).unwrap_err();
    assert!(matches!(missing, Error::Missing(_)), "{missing}");
    PostgresLedger::open_or_create(&url).unwrap();
    let role = format!("server_{name}");
    let make = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret1'");
    server.sql(&name, &make).unwrap();
    let server_url = server.url(&role, "secret1", server.port, &name);
    let refused = PostgresLedger::open(&server_url).unwrap_err().to_string();
    assert!(refused.contains("permission denied") && refused.contains("docs/postgresql.md"), "{refused}");
    server.sql(&name, &told("grants").replace("stave_server", &role)).unwrap();

    let mut ledger = PostgresLedger::open(&server_url).unwrap();
    let said = scan(1, "c1", 3);
    ledger.append(&[said.clone(), word(2, "ann", "the shop")]).unwrap();
    let row = PersonRow { id: "person:a".to_owned(), name: "Ann".to_owned(), address: String::new() };
    ledger.add_people(std::slice::from_ref(&row)).unwrap();
    ledger.append(&[redact(3, "ann", &said.claims[0].hash(), "a name"), forget(4, "bob", &row.id)]).unwrap();
    assert_eq!(ledger.people().unwrap(), []);
    let heard = ledger.heard().unwrap();
    ledger.add_heard(&heard).unwrap();
    ledger
        .meet_estates(&[stave_ledger::Estate { id: "1".repeat(32), key: ledger.estate_key().unwrap() }])
        .unwrap();
    let store = ledger.store().unwrap();
    store.set("user", "ann", Some("{}")).unwrap();
    assert!(store.swap("user", "ann", Some("{}"), None).unwrap());
    assert!(ledger.wait(0, std::time::Duration::ZERO).unwrap() > 0);

    let epoch = ledger.info().unwrap().epoch;
    server.sql(&name, &told("epoch")).unwrap();
    let next = ledger.info().unwrap().epoch;
    assert!(next > epoch);
    // The same dump restored again: what came after the first time must not be taken for what came after the second.
    server.sql(&name, &format!("UPDATE meta SET value = '{epoch}' WHERE key = 'epoch'")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2));
    server.sql(&name, &told("epoch")).unwrap();
    assert_ne!(ledger.info().unwrap().epoch, next);

    let as_server = |commands: &str| server.sql(&name, &format!("SET ROLE {role}; {commands}")).unwrap_err();
    for forbidden in [
        "UPDATE statements SET header = ''",
        "DELETE FROM statements",
        "DELETE FROM replaces",
        "DELETE FROM redacted",
        "DELETE FROM forgotten",
        "DELETE FROM counter",
        "DROP TABLE statements",
    ] {
        let error = as_server(forbidden).to_string();
        assert!(error.contains("permission denied") || error.contains("must be owner"), "{error}");
    }
}

#[test]
fn the_grants_left_out_a_schema_that_was_made_again_or_has_another_name() {
    let Some((server, name, url)) = place() else { return };
    server.sql(&name, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA restored").unwrap();
    let role = format!("server_{name}");
    server.sql(&name, &format!("CREATE ROLE {role} LOGIN PASSWORD 'secret1'")).unwrap();
    for schema in ["public", "restored"] {
        let of = |url: &str| format!("{url}?options=-c%20search_path%3D{schema}");
        PostgresLedger::open_or_create(&of(&url)).unwrap();
        let server_url = of(&server.url(&role, "secret1", server.port, &name));
        let refused = PostgresLedger::open(&server_url).unwrap_err().to_string();
        assert!(refused.contains("may not use the schema") && refused.contains("GRANT USAGE"), "{refused}");
        let grants = told("grants").replace("stave_server", &role).replace("public", schema);
        server.sql(&name, &grants).unwrap();
        PostgresLedger::open(&server_url).unwrap().append(&[word(1, "ann", "the shop")]).unwrap();
    }
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_was_waited_for_without_end() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let error =
        PostgresLedger::open(&format!("postgres://u:geheim@127.0.0.1:{port}/stave?connect_timeout=1"));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("doesn't answer") && error.contains("hint: "), "{error}");
}

#[test]
fn what_is_wrong_with_a_url_is_said_without_its_password() {
    let Some((server, name, url)) = place() else { return };
    let table = [
        ("postgres://", "names no host"),
        ("postgres://127.0.0.1/x", "names no user"),
        ("http://stave:geheim@127.0.0.1/x", "postgres://"),
        ("postgres://stave:geheim@127.0.0.1:eim/x", "port is no number"),
        ("postgres://stave:geheim%FF@127.0.0.1/x?eim", "can't be read"),
        ("postgres://stave:x@127.0.0.1/x?geheim=1", "setting that is unknown"),
        ("postgres://stave:geheim@127.0.0.1/x?sslmode=verify-ca", "sslmode is disable, prefer, require or"),
        ("postgres://stave:geheim@127.0.0.1/x?sslmode=require", "which certificates to trust"),
        ("postgres://stave:geheim@127.0.0.1/x?sslmode=verify-full", "which certificates to trust"),
        ("postgres://stave:geheim@127.0.0.1/x?sslrootcert=/dev/null", "nothing asks for encryption"),
        ("postgres://stave:geheim@127.0.0.1/x?sslmode=require&sslrootcert=/dev/null", "there is none in it"),
        (
            "postgres://stave:geheim@127.0.0.1/x?sslmode=require&sslrootcert=/no/file",
            "/no/file can't be read",
        ),
        ("postgres://stave:geheim@127.0.0.1:1/x", "refused"),
    ];
    for (url, said) in table {
        let error = PostgresLedger::open(url).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("hint: "), "{url}: {error}");
        assert!(!error.contains("eim"), "{error}");
    }
    let at = |user: &str, password: &str, database: &str| {
        PostgresLedger::open_or_create(&server.url(user, password, server.port, database))
            .unwrap_err()
            .to_string()
    };
    let error = at("stave", "geheim", &name);
    assert!(error.contains("password authentication failed") && !error.contains("geheim"), "{error}");
    let no_database = url.replace(&name, "nowhere");
    let error = PostgresLedger::open(&no_database).unwrap_err().to_string();
    assert!(error.contains("CREATE DATABASE") && !error.contains("pass"), "{error}");
    let debug = format!("{:?}", PostgresLedger::open_or_create(&url).unwrap());
    assert!(debug.contains("postgres://stave@127.0.0.1:") && !debug.contains("pass"), "{debug}");
}

#[test]
fn a_ledger_in_a_schema_of_its_own_leaves_others_alone() {
    let Some((server, name, url)) = place() else { return };
    server.sql(&name, "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE public.meta (what int)").unwrap();
    let of = |schema: &str| format!("{url}?options=-c%20search_path%3D{schema}");
    let mut one = PostgresLedger::open_or_create(&of("a")).unwrap();
    let two = PostgresLedger::open_or_create(&of("b")).unwrap();
    one.append(&[word(1, "ann", "a")]).unwrap();
    assert_eq!((one.position().unwrap(), two.position().unwrap()), (1, 0));
    assert_ne!(one.info().unwrap().ledger, two.info().unwrap().ledger);
    // Somebody else's tables are not touched.
    let error = PostgresLedger::open_or_create(&url).unwrap_err().to_string();
    assert!(error.contains("schema of its own"), "{error}");
    let error = PostgresLedger::open_or_create(&of("nowhere")).unwrap_err().to_string();
    assert!(error.contains("CREATE SCHEMA"), "{error}");
}

#[test]
fn a_newer_schema_is_refused() {
    let Some((server, name, url)) = place() else { return };
    PostgresLedger::open_or_create(&url).unwrap();
    server.sql(&name, "UPDATE meta SET value = '99' WHERE key = 'schema'").unwrap();
    for open in [PostgresLedger::open, PostgresLedger::open_or_create] {
        let error = open(&url).unwrap_err();
        assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
        assert!(error.to_string().contains("newer Stave"), "{error}");
    }
}

#[test]
fn two_who_make_a_ledger_at_once_make_one() {
    let Some((_, _, url)) = place() else { return };
    let ledgers = std::thread::scope(|scope| {
        let runs =
            [(); 4].map(|()| scope.spawn(|| PostgresLedger::open_or_create(&url).unwrap().info().unwrap()));
        runs.map(|run| run.join().unwrap())
    });
    assert!(ledgers.iter().all(|info| *info == ledgers[0]), "{ledgers:?}");
}

#[test]
fn an_old_acknowledgement_setting_of_the_role_is_not_taken() {
    let Some((server, name, url)) = place() else { return };
    server.sql(&name, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).unwrap();
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    server
        .sql(
            &name,
            "CREATE TABLE seen (what text);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO seen SELECT current_setting('synchronous_commit'); RETURN NULL; END $$;
             CREATE TRIGGER see AFTER INSERT ON statements FOR EACH ROW EXECUTE FUNCTION see();",
        )
        .unwrap();
    ledger.append(&[word(1, "ann", "a")]).unwrap();
    assert_eq!(server.sql(&name, "SELECT what FROM seen").unwrap(), "on");
}

#[test]
fn the_longest_names_and_any_text_are_taken() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    // Random letters, so that the server can't make its index entries smaller.
    let mut dice = Dice(3);
    let mut long = |kind: &str| -> String {
        let rest = (0..2_047 - kind.len()).map(|_| char::from(b'a' + dice.below(26) as u8));
        format!("{kind}:{}", rest.collect::<String>())
    };
    let said = Statement::new(header(&long("collector"), &long("repo"), 1), Vec::new());
    let mut claim = Claim::new("description", "host:a.test".parse().unwrap(), Basis::Declared);
    claim.value = Some("\u{0} \\ ' \" % ü 🦀".into());
    let odd = Statement::new(header("collector:git", "repo:code.test/ü'%\\@b", 2), vec![claim]);
    let appended = ledger.append(&[said.clone(), odd.clone()]).unwrap();
    assert!(appended.iter().all(|one| one.outcome == Outcome::New));
    let row = PersonRow { id: "person:a\u{0}".to_owned(), name: long("ü"), address: long("mailto") };
    assert_eq!(ledger.add_people(std::slice::from_ref(&row)).unwrap(), 1);
    assert_eq!(ledger.people().unwrap(), [row]);
    let entries = sound(server, &url, &name);
    assert_eq!((entries[0].header.clone(), entries[1].header.clone()), (said.header, odd.header));
    assert_eq!(ledger.heard().unwrap().len(), 2);
}

#[test]
fn what_is_asked_to_be_encrypted_is_never_plain() {
    let Some(server) = start(&["fsync=off"]) else { return };
    let url = server.database("tls").unwrap();
    let (own, other) = (server.certificate("own").unwrap(), server.certificate("other").unwrap());
    let trusting = |mode: &str, roots: &Path| {
        PostgresLedger::open_or_create(&format!("{url}?sslmode={mode}&sslrootcert={}", roots.display()))
    };
    // The server doesn't speak TLS yet: no falling back.
    let error = trusting("require", &own).unwrap_err().to_string();
    assert!(error.contains("TLS") && error.contains("hint: "), "{error}");
    server.encrypt(&own).unwrap();
    let offered = |ledger: &Result<PostgresLedger, Error>| ledger.is_ok();
    let mut ledger = (0..100)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            trusting("verify-full", &own)
        })
        .find(offered)
        .unwrap()
        .unwrap();
    ledger.append(&[word(1, "ann", "in secret")]).unwrap();
    ledger.wait(0, std::time::Duration::ZERO).unwrap();
    let encrypted = "SELECT bool_and(ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'stave'";
    assert_eq!(
        server.sql("tls", encrypted).unwrap(),
        "t|2",
        "the ledger's connection and the one that listens"
    );
    // Another one than the certificate that is trusted.
    let error = trusting("require", &other).unwrap_err().to_string();
    assert!(error.contains("certificate") && error.contains("CA:FALSE"), "{error}");
    // And what is not asked to be encrypted is not.
    let plain = PostgresLedger::open(&url).unwrap();
    assert_eq!(server.sql("tls", encrypted).unwrap(), "f|3");
    drop(plain);
}
