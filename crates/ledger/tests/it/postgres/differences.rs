//! Bodies that are stored as differences, in a database that others change meanwhile.

use stave_ledger::{Horizon, Ledger, Outcome, PostgresLedger, statement};
use stave_model::{Claim, Evidence, Statement, canonical};

use super::several::while_rows_have_no_number;
use super::{place, sound};
use crate::again::measure;
use crate::differences::{claim, said, story};
use crate::exchange::exported;
use crate::make::{header, redact, time, word};
use crate::server::Server;

/// How many bodies are differences, of those that are `like`.
fn differences(server: &Server, name: &str, like: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM bodies WHERE part = 0 AND base IS NOT NULL AND {like}");
    server.sql(name, &sql).unwrap().parse().unwrap()
}

fn bytes(server: &Server, name: &str) -> i64 {
    server.sql(name, "SELECT sum(octet_length(bytes)) FROM bodies").unwrap().parse().unwrap()
}

/// A statement a minute about a scope, one claim in a hundred another one each time.
fn daily(count: i64) -> Vec<Statement> {
    let numbers: Vec<u64> = (0..3_000).collect();
    (0..count).map(|minute| said(minute, &numbers[minute as usize * 6..][..600])).collect()
}

#[test]
fn a_statement_said_again_is_stored_as_what_changed_and_reads_as_it_was() {
    let Some((server, name, url)) = place() else { return };
    story(&|| Box::new(PostgresLedger::open_or_create(&url).unwrap()));
    assert!(differences(server, &name, "true") > 30);
    let whole = "SELECT count(*) FROM bodies WHERE base IS NULL AND octet_length(bytes) > 1000";
    assert_eq!(server.sql(&name, whole).unwrap(), "3");
}

#[test]
fn in_one_batch_each_stands_on_the_one_before_and_costs_a_little() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let all = daily(40);
    ledger.append(&all[..1]).unwrap();
    let first = bytes(server, &name);
    ledger.append(&all[1..]).unwrap();
    assert_eq!(differences(server, &name, "true"), 39);
    let each = (bytes(server, &name) - first) / 39;
    assert!(each < first / 30, "{each} bytes each, {first} the first");
    // Said out of order, the next one stands on the latest of all.
    let mut late = said(100, &(240..840).collect::<Vec<u64>>());
    late.header.author = "collector:other".parse().unwrap();
    let mut early = said(50, &(0..600).collect::<Vec<u64>>());
    early.header.author = late.header.author.clone();
    ledger.append(&[late.clone(), early]).unwrap();
    late.header.time = time(200);
    late.claims.pop();
    let late = Statement::new(late.header, late.claims);
    ledger.append(std::slice::from_ref(&late)).unwrap();
    assert_eq!(statement(&ledger, &late.id()).unwrap(), Some(late));
    sound(server, &url, &name);
}

#[test]
fn saying_a_large_statement_again_costs_what_changed() {
    let Some((server, name, url)) = place() else { return };
    let ledger = PostgresLedger::open_or_create(&url).unwrap();
    let size = || server.sql(&name, "SELECT pg_database_size(current_database())").unwrap().parse().unwrap();
    measure((Box::new(ledger), &size));
}

#[test]
fn what_a_compaction_takes_away_nothing_stands_on_any_more() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let all = daily(30);
    ledger.append(&all).unwrap();
    let gone = claim(100).hash();
    ledger.append(&[redact(90, "ann", &gone, "a name")]).unwrap();
    let before = exported(&ledger);
    // The whole one at the bottom, one in the middle, and several in a row.
    ledger.compact(&[1, 9, 15, 16, 17], Horizon { time: time(80), position: 0 }).unwrap();
    let left: Vec<&Statement> = (1..)
        .zip(&all)
        .filter(|(number, _)| ![1, 9, 15, 16, 17].contains(number))
        .map(|(_, one)| one)
        .collect();
    for one in &left {
        let found = statement(&ledger, &one.id()).unwrap().unwrap();
        let claims: Vec<Claim> = one.claims.iter().filter(|claim| claim.hash() != gone).cloned().collect();
        assert_eq!(found.claims, claims);
    }
    assert_eq!(differences(server, &name, "true"), 22);
    assert_eq!(
        differences(server, &name, "NOT EXISTS (SELECT FROM bodies AS b WHERE b.body = bodies.base)"),
        0
    );
    // Counted again: 2 is whole, and so are 10 and 18.
    let deepest = "SELECT max(depth) FROM bodies";
    assert_eq!(server.sql(&name, deepest).unwrap(), "12");
    let wrong = "differing <> (WITH RECURSIVE c (body) AS (SELECT bodies.body UNION ALL
            SELECT b.base FROM c JOIN bodies AS b USING (body) WHERE b.part = 0 AND b.base IS NOT NULL)
        SELECT sum(octet_length(bytes)) FROM c JOIN bodies AS b USING (body)
        WHERE body IN (SELECT body FROM bodies WHERE base IS NOT NULL))";
    assert_eq!(differences(server, &name, wrong), 0);
    // It goes on, and an old copy brings back what went.
    ledger.append(&[said(95, &(180..780).collect::<Vec<u64>>())]).unwrap();
    assert_eq!(differences(server, &name, "true"), 23);
    let folder = tempfile::tempdir().unwrap();
    stave_ledger::merge_stream(&mut ledger, "old copy", before.as_bytes(), folder.path()).unwrap();
    for one in &all {
        assert!(ledger.entry(&one.id()).unwrap().is_some());
    }
}

#[test]
fn a_body_that_is_stored_whole_while_it_is_read_is_read_on_from_there() {
    let Some((_, _, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let all = daily(3);
    ledger.append(&all).unwrap();
    ledger.append(&[word(9, "ann", "the shop")]).unwrap();
    let mut other = PostgresLedger::open(&url).unwrap();
    let mut lines = Vec::new();
    ledger
        .raw_lines(3, &mut |line| {
            lines.push(line.to_vec());
            if lines.len() == 5 {
                other.compact(&[1, 2], Horizon { time: time(50), position: 0 })?;
            }
            Ok(())
        })
        .unwrap();
    let wanted: Vec<Vec<u8>> = all[2].claims.iter().map(canonical).collect();
    assert!(lines == wanted);
}

#[test]
fn a_difference_on_its_way_whose_base_goes_is_stored_whole() {
    let Some((server, name, url)) = place() else { return };
    let mut two = PostgresLedger::open_or_create(&url).unwrap();
    let all = daily(5);
    two.append(&[all[0].clone(), word(9, "ann", "a")]).unwrap();
    // It stops once the first of two is written, which stands on what goes; the second one would stand on that.
    let appended = while_rows_have_no_number(
        &url,
        |one| one.append(&all[1..3]).unwrap(),
        || two.compact(&[1], Horizon { time: time(50), position: 0 }).unwrap(),
    );
    assert!(appended.iter().all(|one| one.outcome == Outcome::New));
    assert_eq!(differences(server, &name, "true"), 0);
    two.append(&all[3..4]).unwrap();
    assert_eq!(differences(server, &name, "true"), 1);
    for one in &all[1..4] {
        assert_eq!(statement(&two, &one.id()).unwrap().as_ref(), Some(one));
    }
}

#[test]
fn a_difference_on_its_way_stands_on_nothing_that_somebody_else_wrote_as_well() {
    let Some((server, name, url)) = place() else { return };
    let mut two = PostgresLedger::open_or_create(&url).unwrap();
    let all = daily(3);
    let appended = while_rows_have_no_number(
        &url,
        |one| one.append(&all).unwrap(),
        || {
            let mut same = all[0].clone();
            same.header.author = "collector:other".parse().unwrap();
            two.append(&[same]).unwrap();
        },
    );
    assert!(appended.iter().all(|one| one.outcome == Outcome::New));
    for one in &all {
        assert_eq!(statement(&two, &one.id()).unwrap().as_ref(), Some(one));
    }
    assert_eq!(
        differences(server, &name, "true"),
        1,
        "of three the first is somebody else's now, the second whole"
    );
    sound(server, &url, &name);
}

#[test]
fn damage_in_a_base_is_named_and_nothing_new_stands_on_it() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let all = daily(4);
    ledger.append(&all[..3]).unwrap();
    let spoil = "UPDATE bodies SET bytes = set_byte(bytes, octet_length(bytes) - 1,
        (get_byte(bytes, octet_length(bytes) - 1) + 1) % 256) WHERE depth = 1";
    server.sql(&name, spoil).unwrap();
    ledger.raw_claims(1, &mut |_| Ok(())).unwrap();
    for number in [2, 3] {
        let error = ledger.raw_claims(number, &mut |_| Ok(())).unwrap_err().to_string();
        assert!(error.contains(&format!("statement {number}")), "{error}");
        assert!(error.contains("collector:compose") && error.contains("repo:code.test/shop@main"), "{error}");
    }
    ledger.append(&all[3..]).unwrap();
    assert_eq!(statement(&ledger, &all[3].id()).unwrap().as_ref(), Some(&all[3]));
}

#[test]
fn a_ledger_of_the_first_schema_is_brought_up_and_goes_on_with_differences() {
    let Some((server, name, url)) = place() else { return };
    let of = |schema: &str| format!("{url}?options=-c%20search_path%3D{schema}");
    server.sql(&name, "CREATE SCHEMA old; CREATE SCHEMA new").unwrap();
    let all = daily(3);
    let mut new = PostgresLedger::open_or_create(&of("new")).unwrap();
    // Each of an author of its own: nothing is a difference, and so as the first schema has it.
    let mut first =
        vec![all[0].clone(), word(1, "ann", "the shop"), said(2, &(700..1_300).collect::<Vec<u64>>())];
    first[2].header.author = "collector:other".parse().unwrap();
    new.append(&first).unwrap();
    assert_eq!(server.sql(&name, "SELECT count(base) FROM new.bodies").unwrap(), "0");
    let before = exported(&new);
    let columns = include_str!("schema_1.sql");
    server.sql(&name, &format!("SET search_path = old; {columns}")).unwrap();
    let copy = "SET search_path = old;
        INSERT INTO meta SELECT * FROM new.meta; UPDATE meta SET value = '1' WHERE key = 'schema';
        UPDATE counter SET last = 3; INSERT INTO statements SELECT * FROM new.statements;
        INSERT INTO bodies SELECT body, part, edition, bytes FROM new.bodies; INSERT INTO heard SELECT * FROM new.heard;
        SELECT setval('old.body_numbers', (SELECT last_value FROM new.body_numbers))";
    server.sql(&name, copy).unwrap();
    // A role that may not change tables is told who may.
    let role = format!("server_{name}");
    let grant = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret1'; GRANT USAGE ON SCHEMA old TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA old TO {role};
         GRANT INSERT ON ALL TABLES IN SCHEMA old TO {role}; GRANT UPDATE ON old.counter, old.heard TO {role};
         GRANT USAGE ON SEQUENCE old.body_numbers TO {role}"
    );
    server.sql(&name, &grant).unwrap();
    let server_url = server.url(&role, "secret1", server.port, &name) + "?options=-c%20search_path%3Dold";
    let refused = PostgresLedger::open(&server_url).unwrap_err().to_string();
    assert!(refused.contains("must be owner") && refused.contains("with its owner's URL"), "{refused}");
    // Four who open it at once bring it up once.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| PostgresLedger::open(&of("old")).unwrap());
        }
    });
    assert_eq!(server.sql(&name, "SELECT value FROM old.meta WHERE key = 'schema'").unwrap(), "2");
    let shape = |schema: &str| {
        let sql = format!(
            "SELECT string_agg(format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default), ' '
                ORDER BY table_name, column_name)
             FROM information_schema.columns WHERE table_schema = '{schema}'"
        );
        server.sql(&name, &sql).unwrap().replace(&format!("{schema}."), "")
    };
    assert_eq!(shape("old"), shape("new"));
    // The rights that it had are enough.
    let mut old = PostgresLedger::open(&server_url).unwrap();
    assert_eq!(exported(&old), before);
    old.append(&all[1..]).unwrap();
    assert_eq!(server.sql(&name, "SELECT count(base) FROM old.bodies").unwrap(), "2");
    for one in &all {
        assert_eq!(statement(&old, &one.id()).unwrap().as_ref(), Some(one));
    }
}

#[test]
fn a_redacted_claim_is_gone_from_every_body_that_has_it() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let mut all = daily(6);
    let secret = {
        let mut claim = claim(9_999);
        claim.evidence = vec![Evidence::at("s3cret-w0rd.yaml", 1)];
        claim
    };
    all.truncate(5);
    for one in &mut all[2..4] {
        let claims = [one.claims.clone(), vec![secret.clone()]].concat();
        *one = Statement::new(header("collector:compose", "repo:code.test/shop@main", 0), claims);
    }
    all[2].header.time = time(2);
    all[3].header.time = time(3);
    ledger.append(&all).unwrap();
    assert_eq!(differences(server, &name, "true"), 4);
    ledger.append(&[redact(90, "ann", &secret.hash(), "a password")]).unwrap();
    for (number, one) in (1..).zip(&all) {
        let mut lines = Vec::new();
        ledger
            .raw_lines(number, &mut |line| {
                lines.push(line.to_vec());
                Ok(())
            })
            .unwrap();
        let line = |claim: &Claim| {
            if *claim == secret { secret.hash().to_string().into_bytes() } else { canonical(claim) }
        };
        assert!(lines == one.claims.iter().map(line).collect::<Vec<_>>(), "{number}");
    }
    assert!(!exported(&ledger).contains("s3cret"));
    assert_eq!(differences(server, &name, "edition > 0"), 1, "only the one that brought it was written anew");
}
