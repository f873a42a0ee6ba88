//! Several servers on one database: order, numbers, and waking each other up.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use stave_ledger::{
    Appended, Horizon, Ledger, Outcome, PostgresLedger, Prepared, Repeats, claims, merge_stream, statement,
    superseded,
};
use stave_model::{Basis, Claim, Statement, canonical};

use super::{place, sound};
use crate::exchange::exported;
use crate::keeping::{history, without_horizon};
use crate::make::{Dice, header, redact, scan, time, word};

/// Makes appends with `application_name=slow` stop once their bodies are written, for as long as lock 1 is held.
const HOLD: &str = "
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('application_name') = 'slow' THEN
            PERFORM pg_advisory_xact_lock_shared(1);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER hold AFTER INSERT ON bodies FOR EACH STATEMENT EXECUTE FUNCTION hold();";

/// Waits until a backend waits for lock 1.
fn until_held(client: &mut Client) {
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    for _ in 0..1_000 {
        if client.query_one(waits, &[]).unwrap().get(0) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("nobody waits");
}

/// Lets `slow` write its rows, does `meanwhile` while it has no number yet, and then lets it commit.
pub(super) fn while_rows_have_no_number(
    url: &str,
    slow: impl FnOnce(&mut PostgresLedger) -> Vec<Appended> + Send,
    meanwhile: impl FnOnce(),
) -> Vec<Appended> {
    let mut control = Client::connect(url, NoTls).unwrap();
    control.batch_execute(HOLD).unwrap();
    control.batch_execute("SELECT pg_advisory_lock(1)").unwrap();
    std::thread::scope(|scope| {
        let one = scope.spawn(|| {
            let mut ledger = PostgresLedger::open(&format!("{url}?application_name=slow")).unwrap();
            slow(&mut ledger)
        });
        until_held(&mut control);
        meanwhile();
        control.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
        one.join().unwrap()
    })
}

#[test]
fn who_commits_first_has_the_first_number() {
    let Some((server, name, url)) = place() else { return };
    let mut two = PostgresLedger::open_or_create(&url).unwrap();
    let reader = PostgresLedger::open(&url).unwrap();
    let batch = [word(1, "ann", "one"), scan(2, "c1", 40), word(3, "ann", "three")];
    let mut seen = Vec::new();
    let appended = while_rows_have_no_number(
        &url,
        |one| one.append(&batch).unwrap(),
        || {
            assert_eq!(two.append(&[word(9, "bob", "two")]).unwrap()[0].number, 1);
            seen.extend(reader.entries(0, 10).unwrap());
        },
    );
    assert_eq!(appended.iter().map(|one| one.number).collect::<Vec<_>>(), [2, 3, 4]);
    // The reader got 2's statement, and goes on from there: nothing comes in below it.
    assert_eq!(seen.len(), 1);
    seen.extend(reader.entries(1, 10).unwrap());
    assert_eq!(seen, sound(server, &url, &name));
    assert_eq!(seen[1].id, batch[0].id());
}

#[test]
fn the_same_statement_at_the_same_time_is_there_once_with_one_body() {
    let Some((server, name, url)) = place() else { return };
    let mut two = PostgresLedger::open_or_create(&url).unwrap();
    let said = scan(1, "c1", 40);
    let appended = while_rows_have_no_number(
        &url,
        |one| one.append(&[scan(1, "c1", 40)]).unwrap(),
        || {
            assert_eq!(two.append(std::slice::from_ref(&said)).unwrap()[0].outcome, Outcome::New);
        },
    );
    assert_eq!(appended, [Appended { id: said.id(), number: 1, outcome: Outcome::Known }]);
    assert_eq!(sound(server, &url, &name).len(), 1);
}

#[test]
fn a_claim_that_was_redacted_while_its_statement_was_on_the_way_is_redacted() {
    let Some((server, name, url)) = place() else { return };
    let mut two = PostgresLedger::open_or_create(&url).unwrap();
    let said = scan(1, "c1", 3);
    let gone = said.claims[1].hash();
    while_rows_have_no_number(
        &url,
        |one| one.append(&[scan(1, "c1", 3)]).unwrap(),
        || {
            two.append(&[redact(2, "ann", &gone, "a password")]).unwrap();
        },
    );
    assert_eq!(claims(&two, 2).unwrap(), [said.claims[0].clone(), said.claims[2].clone()]);
    let bodies = server.sql(&name, "SELECT count(*) FROM bodies").unwrap();
    assert_eq!(bodies, "2");
}

#[test]
fn batches_in_opposite_orders_do_not_lock_each_other_out() {
    let Some((server, name, url)) = place() else { return };
    PostgresLedger::open_or_create(&url).unwrap();
    let barrier = Barrier::new(2);
    let rounds = 25;
    let append = |is_reversed: bool| {
        let mut ledger = PostgresLedger::open(&url).unwrap();
        let mut new = 0;
        for round in 0..rounds {
            let mut batch: Vec<Statement> = (0..8)
                .map(|index| {
                    let (minute, text) = (round * 8 + index, format!("{round} {index}"));
                    if index % 2 == 0 { word(minute, "ann", &text) } else { scan(minute, &text, 3) }
                })
                .collect();
            if is_reversed {
                batch.reverse();
            }
            barrier.wait();
            let appended = ledger.append(&batch).unwrap();
            assert!(appended.iter().zip(&batch).all(|(one, said)| one.id == said.id()));
            new += appended.iter().filter(|one| one.outcome == Outcome::New).count();
        }
        new
    };
    let new: usize = std::thread::scope(|scope| {
        let runs = [scope.spawn(|| append(false)), scope.spawn(|| append(true))];
        runs.map(|run| run.join().unwrap()).iter().sum()
    });
    assert_eq!(new as i64, rounds * 8);
    assert_eq!(sound(server, &url, &name).len(), new);
}

#[test]
fn a_merge_of_more_than_a_chunk_is_one_transaction() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let reader = PostgresLedger::open(&url).unwrap();
    // Every seventh statement comes again, the first ones in the chunk after.
    let said = |index: i64| word(index % 2_300, "ann", &(index % 2_300).to_string());
    let mut index = 0;
    let appended = ledger
        .append_prepared(Repeats::Keep, &mut || {
            index += 1;
            assert_eq!(reader.position()?, 0, "all or nothing");
            if index > 2_500 { Ok(None) } else { Prepared::new(&said(index)).map(Some) }
        })
        .unwrap();
    let known = appended.iter().filter(|one| one.outcome == Outcome::Known).count();
    assert_eq!((appended.len(), known), (2_500, 200));
    assert_eq!(sound(server, &url, &name).len(), 2_300);
}

#[test]
fn a_body_that_is_redacted_while_it_is_read_is_read_on_from_there() {
    let Some((_, _, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    // Several parts, as random digits don't compress to less than half.
    let mut dice = Dice(7);
    let many: Vec<Claim> = (0..60)
        .map(|index| {
            let mut claim =
                Claim::new("tag", format!("host:h{index}.test").parse().unwrap(), Basis::Declared);
            let text: String = (0..60_000).map(|_| char::from(b'a' + dice.below(26) as u8)).collect();
            claim.to = Some(format!("host:x{index}.test"));
            claim.value = Some(text.into());
            claim
        })
        .collect();
    let said = Statement::new(header("collector:git", "repo:code.test/a@b", 1), many);
    ledger.append(std::slice::from_ref(&said)).unwrap();
    let mut other = PostgresLedger::open(&url).unwrap();
    let (early, late) = (said.claims[2].hash(), said.claims[57].hash());
    let mut lines = Vec::new();
    ledger
        .raw_lines(1, &mut |line| {
            lines.push(line.to_vec());
            if lines.len() == 5 {
                other.append(&[redact(2, "ann", &early, "a name"), redact(3, "ann", &late, "a name")])?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(lines.len(), 60);
    for (index, (line, claim)) in lines.iter().zip(&said.claims).enumerate() {
        let wanted = if index == 57 { late.to_string().into_bytes() } else { canonical(claim) };
        assert!(*line == wanted, "line {index}");
    }
}

#[test]
fn a_compaction_keeps_words_numbers_and_what_holds() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let said = history(&mut ledger);
    let old_copy = exported(&ledger);
    let (info, position) = (ledger.info().unwrap(), ledger.position().unwrap());
    assert_eq!(ledger.horizon().unwrap(), None);
    let horizon = time(60 * 1_440);
    let going = superseded(&ledger, horizon).unwrap();
    assert_eq!(going.numbers, (0..60).map(|day| day * 2 + 1).collect::<Vec<u64>>());
    // The last number stays, whoever asks for it to go.
    let mut numbers = going.numbers.clone();
    numbers.push(position);
    ledger.compact(&numbers, going.horizon).unwrap();
    assert_eq!(ledger.horizon().unwrap(), Some(Horizon { time: horizon, position: 121 }));
    assert_eq!(ledger.position().unwrap(), position);
    assert!(ledger.info().unwrap().revision > info.revision);
    for (number, one) in (1..).zip(&said) {
        let found = statement(&ledger, &one.id()).unwrap();
        assert_eq!(found.as_ref(), Some(one).filter(|_| !going.numbers.contains(&number)), "{number}");
    }
    assert_eq!(server.sql(&name, "SELECT count(DISTINCT body) FROM bodies").unwrap(), "120");
    // An old copy brings them back, under new numbers.
    let folder = tempfile::tempdir().unwrap();
    merge_stream(&mut ledger, "old copy", old_copy.as_bytes(), folder.path()).unwrap();
    assert_eq!(ledger.position().unwrap(), position + 60);
    assert_eq!(without_horizon(&exported(&ledger), horizon), old_copy);
}

#[test]
fn a_body_that_is_compacted_away_while_it_is_said_again_is_written_again() {
    let Some((_, _, url)) = place() else { return };
    let mut two = PostgresLedger::open_or_create(&url).unwrap();
    let again = |minute: i64, commit: &str| {
        let mut said = scan(minute, "c", 40);
        said.header.source.id = Some(commit.to_owned());
        said
    };
    two.append(&[again(1, "c1"), word(2, "ann", "a")]).unwrap();
    // The first body of the batch is known and isn't written; the second one is, and there it stops.
    let batch = [again(3, "c2"), scan(4, "c3", 7)];
    while_rows_have_no_number(
        &url,
        |one| one.append(&batch).unwrap(),
        || {
            two.compact(&[1], Horizon { time: time(9), position: 2 }).unwrap();
        },
    );
    assert_eq!(statement(&two, &batch[0].id()).unwrap().as_ref(), Some(&batch[0]));
    assert_eq!(two.position().unwrap(), 4);
}

#[test]
fn who_waits_is_woken_by_an_append() {
    let Some((_, _, url)) = place() else { return };
    let mut writer = PostgresLedger::open_or_create(&url).unwrap();
    let mut reader = PostgresLedger::open(&url).unwrap();
    assert_eq!(reader.wait(0, Duration::from_millis(1)).unwrap(), 0);
    let soonest = (1..=5).map(|number| {
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let position = reader.wait(number - 1, Duration::from_secs(10)).unwrap();
                (position, Instant::now())
            });
            std::thread::sleep(Duration::from_millis(50));
            let start = Instant::now();
            writer.append(&[word(number as i64, "ann", &number.to_string())]).unwrap();
            let (position, woken) = waiter.join().unwrap();
            assert_eq!(position, number);
            woken.saturating_duration_since(start)
        })
    });
    // Who only looked again after half a second would take 450 ms, each time.
    let soonest = soonest.min().unwrap();
    assert!(soonest < Duration::from_millis(300), "{soonest:?}");
}

#[test]
fn a_lost_notification_costs_time_and_nothing_else() {
    let Some((server, name, url)) = place() else { return };
    let mut writer = PostgresLedger::open_or_create(&url).unwrap();
    let mut reader = PostgresLedger::open(&url).unwrap();
    assert_eq!(reader.wait(0, Duration::from_millis(1)).unwrap(), 0);
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(server.sql(&name, cut).unwrap(), "1");
    writer.append(&[word(1, "ann", "a")]).unwrap();
    assert_eq!(reader.wait(0, Duration::from_secs(10)).unwrap(), 1);
    // Cut while it waits, again and again.
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let looks = 1..=100;
            looks.into_iter().find(|_| reader.wait(1, Duration::from_secs(10)).unwrap() == 2).unwrap()
        });
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(20));
            server.sql(&name, cut).unwrap();
        }
        writer.append(&[word(2, "ann", "b")]).unwrap();
        assert!(waiter.join().unwrap() < 20, "it looks when it is cut, and else waits");
    });
    // And it listens again.
    let listens =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    reader.wait(2, Duration::from_millis(1)).unwrap();
    assert_eq!(server.sql(&name, listens).unwrap(), "1");
}
