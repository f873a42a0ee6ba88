//! One suite for all ledgers. `storages.rs` runs it on those of this crate; the server runs it on the one over HTTP.

use stave_ledger::{Error, Estate, Filter, Horizon, Ledger, Outcome, claims, export, matching, statement};
use stave_model::{Basis, Claim, EstateKey, PersonRow, Statement, canonical, person_author};

use super::make::{calls, forget, header, op, redact, retire, scan, time, withdraw, word};

/// An empty ledger, and how to open it once more where that can be done.
pub(crate) struct Fresh {
    pub(crate) ledger: Box<dyn Ledger>,
    pub(crate) again: Option<Box<dyn Fn() -> Box<dyn Ledger>>>,
    /// What has to live as long as the ledger.
    pub(crate) _alive: Option<Box<dyn std::any::Any>>,
}

fn outcomes(ledger: &mut dyn Ledger, batch: &[Statement]) -> Vec<Outcome> {
    ledger.append(batch).unwrap().iter().map(|one| one.outcome).collect()
}

pub(crate) fn gives_back_what_was_said(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let all = [scan(1, "c1", 3), word(2, "ann", "the shop"), scan(3, "c2", 0)];
    let appended = ledger.append(&all).unwrap();
    assert_eq!(appended.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(ledger.position().unwrap(), 3);
    for (one, said) in appended.iter().zip(&all) {
        assert_eq!((one.outcome, one.id), (Outcome::New, said.id()));
        assert_eq!(statement(&*ledger, &one.id).unwrap().as_ref(), Some(said));
        let entry = ledger.entry(&one.id).unwrap().unwrap();
        assert_eq!((entry.number, entry.claim_count), (one.number, said.claims.len() as u64));
    }
    assert_eq!(ledger.entry(&word(9, "ann", "never said").id()).unwrap(), None);
    assert!(matches!(ledger.raw_claims(4, &mut |_| Ok(())), Err(Error::NoStatement(4))));
    assert!(matches!(ledger.raw_claims(0, &mut |_| Ok(())), Err(Error::NoStatement(0))));
    assert!(matches!(ledger.raw_claims(u64::MAX, &mut |_| Ok(())), Err(Error::NoStatement(_))));
}

pub(crate) fn entries_come_in_pages(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    assert_eq!(ledger.position().unwrap(), 0);
    assert_eq!(ledger.entries(0, 10).unwrap(), []);
    let all: Vec<Statement> = (1..=7).map(|minute| word(minute, "ann", &minute.to_string())).collect();
    ledger.append(&all).unwrap();
    let mut numbers = Vec::new();
    let mut after = 0;
    loop {
        let page = ledger.entries(after, 3).unwrap();
        let Some(last) = page.last() else { break };
        after = last.number;
        assert!(page.len() <= 3);
        numbers.extend(page.iter().map(|entry| (entry.number, entry.id)));
    }
    let wanted: Vec<_> = all.iter().enumerate().map(|(index, said)| (index as u64 + 1, said.id())).collect();
    assert_eq!(numbers, wanted);
    assert_eq!(ledger.entries(u64::MAX, usize::MAX).unwrap(), []);
    assert_eq!(ledger.entries(5, usize::MAX).unwrap().len(), 2);
}

pub(crate) fn the_same_statement_counts_once(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let said = word(1, "ann", "once");
    let twice = [said.clone(), word(2, "bob", "other"), said.clone()];
    assert_eq!(outcomes(&mut *ledger, &twice), [Outcome::New, Outcome::New, Outcome::Known]);
    let again = ledger.append(std::slice::from_ref(&said)).unwrap();
    assert_eq!((again[0].outcome, again[0].number), (Outcome::Known, 1));
    assert_eq!(ledger.position().unwrap(), 2);
}

pub(crate) fn a_batch_is_all_or_nothing(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    ledger.append(&[word(1, "ann", "first")]).unwrap();
    let mut bad = scan(3, "c1", 2);
    bad.claims[0].basis = Basis::Stated;
    let bad_id = bad.id();
    match ledger.append(&[scan(2, "c0", 2), bad]) {
        Err(Error::Refused { id, .. }) => assert_eq!(id, bad_id),
        other => panic!("{other:?}"),
    }
    assert_eq!(ledger.position().unwrap(), 1);
    assert_eq!(ledger.heard().unwrap(), []);
    // A source that fails halfway leaves nothing either.
    let mut given = 0;
    let failed = ledger.append_prepared(stave_ledger::Repeats::Skip, &mut || {
        given += 1;
        if given == 3 {
            return Err(Error::Caller("enough".into()));
        }
        stave_ledger::Prepared::new(&scan(10 + given, "c", given as usize)).map(Some)
    });
    assert_eq!(failed.unwrap_err().to_string(), "enough");
    assert_eq!(ledger.position().unwrap(), 1);
    assert_eq!(ledger.heard().unwrap(), []);
    // And the next number follows the last one.
    assert_eq!(ledger.append(&[scan(20, "c1", 1)]).unwrap()[0].number, 2);
}

pub(crate) fn the_same_word_moves_only_the_register(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let slot = |minute| {
        vec![(
            "collector:compose".parse().unwrap(),
            "repo:code.test/shop@main".parse().unwrap(),
            time(minute),
        )]
    };
    ledger.append(&[scan(1, "c1", 2)]).unwrap();
    assert_eq!(ledger.heard().unwrap(), slot(1));
    let mut later = scan(5, "c1", 2);
    later.header.source.at = scan(1, "c1", 2).header.source.at;
    let again = ledger.append(std::slice::from_ref(&later)).unwrap();
    assert_eq!(
        (again[0].outcome, again[0].number, again[0].id),
        (Outcome::SameWord, 1, scan(1, "c1", 2).id())
    );
    assert_eq!((ledger.position().unwrap(), ledger.heard().unwrap()), (1, slot(5)));
    // The register moves by maximum.
    ledger.add_heard(&slot(3)).unwrap();
    assert_eq!(ledger.heard().unwrap(), slot(5));
    ledger.add_heard(&slot(6)).unwrap();
    assert_eq!(ledger.heard().unwrap(), slot(6));
    assert!(ledger.all_hold(&[later.header.clone()]).unwrap());
    // Another commit, other unread paths, another author or scope are no repeats.
    let mut unread = later.clone();
    unread.header.unread = vec!["a.yaml".to_owned()];
    let mut author = later.clone();
    author.header.author = "collector:kubernetes".parse().unwrap();
    let mut scope = later.clone();
    scope.header.scope = "repo:code.test/shop@next".parse().unwrap();
    let others = [scan(7, "c2", 2), unread, author, scope];
    for other in &others {
        let said = [later.header.clone(), other.header.clone()];
        assert!(!ledger.all_hold(&said).unwrap(), "{:?}", other.header);
    }
    assert_eq!(outcomes(&mut *ledger, &others), [Outcome::New; 4]);
    assert!(!ledger.all_hold(&[word(8, "ann", "shop").header]).unwrap());
    // A person's words are never repeats: two people may say the same.
    let words = [word(8, "ann", "shop"), word(9, "ann", "shop")];
    assert_eq!(outcomes(&mut *ledger, &words), [Outcome::New; 2]);
}

pub(crate) fn only_the_word_that_holds_can_be_repeated(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let old = |minute| {
        let mut said = scan(minute, "old", 1);
        said.header.source.at = Some(time(1));
        said
    };
    // An old checkout, then a newer one, then the old one again: it doesn't hold, so it is said again.
    assert_eq!(outcomes(&mut *ledger, &[old(1), scan(2, "new", 2)]), [Outcome::New; 2]);
    assert_eq!(outcomes(&mut *ledger, &[old(3)]), [Outcome::New]);
    // The newer one holds, whatever came last.
    let mut newer = scan(4, "new", 2);
    newer.header.source.at = Some(time(2));
    let repeated = ledger.append(&[newer]).unwrap();
    assert_eq!((repeated[0].outcome, repeated[0].number), (Outcome::SameWord, 2));
    // A greater `rules` holds among equal dates.
    let mut ruled = scan(5, "new", 3);
    ruled.header.source.at = Some(time(2));
    ruled.header.rules = 1;
    assert_eq!(outcomes(&mut *ledger, &[ruled]), [Outcome::New]);
    let mut plain = scan(6, "new", 2);
    plain.header.source.at = Some(time(2));
    assert_eq!(outcomes(&mut *ledger, &[plain]), [Outcome::New]);
}

pub(crate) fn withdrawn_and_retired_words_do_not_hold(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let again = |minute| {
        let mut said = scan(minute, "c1", 2);
        said.header.source.at = Some(time(1));
        said
    };
    let first = scan(1, "c1", 2);
    ledger.append(std::slice::from_ref(&first)).unwrap();
    let undo = withdraw(2, "ann", &format!("statement:{}", first.id()));
    ledger.append(std::slice::from_ref(&undo)).unwrap();
    assert_eq!(outcomes(&mut *ledger, &[again(3)]), [Outcome::New]);
    // Withdrawn by its op; then that withdrawal is withdrawn, and it holds again.
    let by_op = withdraw(4, "ann", &format!("op:{}", again(3).header.op));
    ledger.append(std::slice::from_ref(&by_op)).unwrap();
    assert_eq!(outcomes(&mut *ledger, &[again(5)]), [Outcome::New]);
    ledger.append(&[withdraw(6, "ann", &format!("op:{}", again(5).header.op))]).unwrap();
    ledger.append(&[withdraw(7, "bob", &format!("statement:{}", by_op.id()))]).unwrap();
    let repeated = ledger.append(&[again(8)]).unwrap();
    assert_eq!((repeated[0].outcome, repeated[0].id), (Outcome::SameWord, again(3).id()));
    // A retired scope holds nothing, until the word is replaced.
    let retired = retire(9, "ann", "repo:code.test/shop@main");
    ledger.append(std::slice::from_ref(&retired)).unwrap();
    assert_eq!(outcomes(&mut *ledger, &[again(10)]), [Outcome::New]);
    let mut other = word(11, "bob", "it is back");
    other.header.replaces = vec![retired.id()];
    ledger.append(std::slice::from_ref(&other)).unwrap();
    assert_eq!(outcomes(&mut *ledger, &[again(12)]), [Outcome::SameWord]);
    // And that word withdrawn: retired again.
    ledger.append(&[withdraw(13, "ann", &format!("statement:{}", other.id()))]).unwrap();
    assert_eq!(outcomes(&mut *ledger, &[again(14)]), [Outcome::New]);
}

pub(crate) fn statements_of_the_future_do_not_hold_yet(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let future = scan(1_000, "c9", 3);
    ledger.append(&[scan(1, "c1", 2), future]).unwrap();
    let mut again = scan(2, "c1", 2);
    again.header.source.at = Some(time(1));
    assert_eq!(outcomes(&mut *ledger, &[again]), [Outcome::SameWord]);
}

pub(crate) fn merged_repeats_are_kept(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    ledger.append(&[scan(1, "c1", 2)]).unwrap();
    let mut again = Some(stave_ledger::Prepared::new(&scan(2, "c1", 2)).unwrap());
    let appended = ledger.append_prepared(stave_ledger::Repeats::Keep, &mut || Ok(again.take())).unwrap();
    assert_eq!((appended[0].outcome, appended[0].number), (Outcome::New, 2));
}

pub(crate) fn finds_by_id_op_author_scope_and_time(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let mut all = vec![scan(1, "c1", 1), word(2, "ann", "a"), word(3, "bob", "b"), scan(4, "c2", 2)];
    all[1].header.op = op(77);
    all[2].header.op = op(77);
    ledger.append(&all).unwrap();
    let numbers = |filter: &Filter| -> Vec<u64> {
        matching(&*ledger, filter).unwrap().iter().map(|entry| entry.number).collect()
    };
    assert_eq!(numbers(&Filter::default()), [1, 2, 3, 4]);
    assert_eq!(numbers(&Filter { op: Some(op(77)), ..Filter::default() }), [2, 3]);
    assert_eq!(numbers(&Filter { author: Some("person:bob".parse().unwrap()), ..Filter::default() }), [3]);
    let scope = Some(all[1].header.scope.clone());
    assert_eq!(numbers(&Filter { scope: scope.clone(), ..Filter::default() }), [2, 3]);
    assert_eq!(numbers(&Filter { until: Some(time(2)), ..Filter::default() }), [1, 2]);
    assert_eq!(numbers(&Filter { scope, until: Some(time(2)), op: Some(op(77)), author: None }), [2]);
    assert_eq!(numbers(&Filter { op: Some(op(1)), until: Some(time(0)), ..Filter::default() }), [0; 0]);
    let latest = ledger.latest(&Filter::default(), u64::MAX, 2).unwrap();
    assert_eq!(latest.iter().map(|entry| entry.number).collect::<Vec<_>>(), [4, 3]);
    let before = ledger.latest(&Filter::default(), 3, 9).unwrap();
    assert_eq!(before.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2, 1]);

    let mut ids: Vec<_> = all.iter().map(Statement::id).collect();
    ids.sort();
    assert_eq!(ledger.find_ids("", 10).unwrap(), ids);
    assert_eq!(ledger.find_ids("", 2).unwrap(), ids[..2]);
    for id in &ids {
        let text = id.to_string();
        for length in [7, 12, 63, 64] {
            assert_eq!(ledger.find_ids(&text[..length], 10).unwrap(), [*id], "{length} digits");
        }
        assert_eq!(ledger.find_ids(&text[..9].to_uppercase(), 10).unwrap(), [*id]);
    }
    for none in ["xyz", "é", "0000000000000", &"0".repeat(65)] {
        assert_eq!(ledger.find_ids(none, 10).unwrap(), [], "{none}");
    }
}

pub(crate) fn claims_stream_in_the_order_of_hashes(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    // Large enough to be packed, and with claims that cross every buffer.
    let mut many: Vec<Claim> = (0..6_000).map(|index| calls(index, index + 1)).collect();
    let mut long = Claim::new("description", "repo:code.test/shop//#x/y".parse().unwrap(), Basis::Declared);
    let mut dice = super::make::Dice(1);
    let text: String = (0..200_000).map(|_| char::from(b'a' + dice.below(26) as u8)).collect();
    long.value = Some(text.into());
    many.push(long);
    let said = Statement::new(header("collector:compose", "repo:code.test/shop@main", 1), many);
    ledger.append(std::slice::from_ref(&said)).unwrap();
    let mut index = 0;
    ledger
        .raw_claims(1, &mut |bytes| {
            assert_eq!(bytes, canonical(&said.claims[index]));
            index += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(index, said.claims.len());
    assert_eq!(claims(&*ledger, 1).unwrap(), said.claims);
    // A reader may stop.
    let mut seen = 0;
    let stopped = ledger.raw_claims(1, &mut |_| {
        seen += 1;
        if seen == 3 { Err(Error::Caller("stop".into())) } else { Ok(()) }
    });
    assert_eq!((stopped.unwrap_err().to_string().as_str(), seen), ("stop", 3));
}

pub(crate) fn people_are_a_union(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let row = |id: &str, name: &str| PersonRow {
        id: format!("person:{id}"),
        name: name.to_owned(),
        address: format!("mailto:{id}@example.com"),
    };
    assert_eq!(ledger.add_people(&[row("b", "Bob"), row("a", "Ann")]).unwrap(), 2);
    assert_eq!(ledger.add_people(&[row("b", "Bob"), row("b", "Robert")]).unwrap(), 1);
    assert_eq!(ledger.people().unwrap(), [row("a", "Ann"), row("b", "Bob"), row("b", "Robert")]);
}

pub(crate) fn the_forgotten_stay_forgotten(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let key = ledger.estate_key().unwrap();
    let row = |user: &str, name: &str| {
        let address = format!("mailto:{user}@example.com");
        let id = person_author(&key, &address).unwrap().to_string();
        PersonRow { id, name: name.to_owned(), address }
    };
    let other = Estate { id: "7".repeat(32), key: EstateKey([7; 32]) };
    ledger.add_people(&[row("ann", "Ann"), row("ann", "Ann A."), row("bob", "Bob")]).unwrap();
    ledger.meet_estates(std::slice::from_ref(&other)).unwrap();
    let forget = forget(1, "bob", &row("ann", "").id);
    ledger.append(std::slice::from_ref(&forget)).unwrap();
    assert_eq!(ledger.people().unwrap(), [row("bob", "Bob")]);
    assert_eq!(ledger.forgotten().unwrap(), [row("ann", "").id]);
    // Neither a reader nor another estate's directory, where she has another id, brings her back.
    let mut elsewhere = row("ann", "Ann");
    elsewhere.id = person_author(&other.key, &elsewhere.address).unwrap().to_string();
    assert_eq!(ledger.add_people(&[row("ann", "Ann"), elsewhere]).unwrap(), 0);
    // Nor does taking the word back.
    ledger.append(&[withdraw(2, "bob", &format!("statement:{}", forget.id()))]).unwrap();
    assert_eq!(ledger.add_people(&[row("ann", "Ann")]).unwrap(), 0);
    assert_eq!(ledger.people().unwrap(), [row("bob", "Bob")]);
}

pub(crate) fn accounts_outlived_the_person_who_was_forgotten(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let key = ledger.estate_key().unwrap();
    let id = person_author(&key, "mailto:ann@example.com").unwrap().to_string();
    let Some(store) = ledger.store() else { return };
    let kept = [("setting", "x", r#"{"admins":["ann@example.com"]}"#), ("user", "bob@example.com", "{}")];
    let gone = [
        ("user", "ann@example.com", r#"{"name":"Ann"}"#.to_owned()),
        ("session", "5e55", r#"{"user":"Ann@Example.com"}"#.to_owned()),
        ("token", "70", format!(r#"{{"name":"ci","authors":["{id}"]}}"#)),
    ];
    for (shelf, at, value) in kept.iter().copied().chain(gone.iter().map(|(s, k, v)| (*s, *k, &**v))) {
        store.set(shelf, at, Some(value)).unwrap();
    }
    ledger.append(&[forget(1, "bob", &id)]).unwrap();
    let store = ledger.store().unwrap();
    for (shelf, at, value) in kept {
        assert_eq!(store.item(shelf, at).unwrap().as_deref(), Some(value), "{shelf}");
    }
    for (shelf, at, _) in gone {
        assert_eq!(store.item(shelf, at).unwrap(), None, "{shelf}");
    }
}

pub(crate) fn a_redacted_claim_keeps_its_hash_alone(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let (said, spoken) = (scan(1, "c1", 3), word(2, "ann", "the shop"));
    ledger.append(&[said.clone(), spoken.clone()]).unwrap();
    let before = ledger.info().unwrap().revision;
    let gone = [said.claims[1].hash(), spoken.claims[0].hash()];
    let order = redact(3, "ann", &gone[0], "a password");
    // Within one batch, and before what it is about in the next one.
    ledger.append(&[order.clone(), redact(4, "ann", &gone[1], "a name")]).unwrap();
    assert!(ledger.info().unwrap().revision > before);
    let mut sorted = gone;
    sorted.sort_unstable();
    assert_eq!(ledger.redacted().unwrap(), sorted);
    assert_eq!(claims(&*ledger, 1).unwrap(), [said.claims[0].clone(), said.claims[2].clone()]);
    assert_eq!(claims(&*ledger, 2).unwrap(), []);
    let lines = |number: u64| {
        let mut lines = Vec::new();
        ledger
            .raw_lines(number, &mut |line| {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
                Ok(())
            })
            .unwrap();
        lines
    };
    assert_eq!(lines(1)[1], gone[0].to_string());
    assert_eq!(lines(1).len(), 3);
    assert_eq!(lines(2), [gone[1].to_string()]);
    assert_eq!(lines(3), [String::from_utf8(canonical(&order.claims[0])).unwrap()]);
    assert_eq!(ledger.entry(&said.id()).unwrap().unwrap().claim_count, 3);
    // A later statement that says it again is taken, without it.
    let mut again = said.claims.clone();
    again.push(calls(900, 901));
    let again = Statement::new(header("collector:compose", "repo:code.test/shop@main", 9), again);
    ledger.append(std::slice::from_ref(&again)).unwrap();
    let kept = claims(&*ledger, 5).unwrap();
    assert!(kept.len() == 3 && kept.iter().all(|claim| claim.hash() != gone[0]));
}

pub(crate) fn the_store_compares_and_sets(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let Some(store) = ledger.store() else { return };
    assert_eq!(store.item("user", "ann").unwrap(), None);
    assert!(store.swap("user", "ann", None, Some("1")).unwrap());
    assert!(!store.swap("user", "ann", None, Some("2")).unwrap());
    assert!(!store.swap("user", "ann", Some("2"), Some("3")).unwrap());
    assert!(!store.swap("user", "ann", Some("2"), None).unwrap());
    assert!(store.swap("user", "ann", Some("1"), Some("4")).unwrap());
    assert!(store.swap("user", "nobody", None, None).unwrap());
    assert!(!store.swap("user", "ann", None, None).unwrap());
    store.set("user", "a'b%", Some("5")).unwrap();
    store.set("session", "ann", Some("6")).unwrap();
    store.set("session", "ann", Some("7")).unwrap();
    let users = [("a'b%", "5"), ("ann", "4")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(store.items("user").unwrap(), users);
    assert_eq!(store.item("session", "ann").unwrap().as_deref(), Some("7"));
    store.set("session", "ann", None).unwrap();
    assert_eq!(store.items("session").unwrap(), []);
    assert!(store.swap("user", "ann", Some("4"), None).unwrap());
    assert_eq!(store.item("user", "ann").unwrap(), None);
    // It is no part of what was said.
    assert_eq!(ledger.position().unwrap(), 0);
    let mut exported = Vec::new();
    export(&*ledger, &mut exported).unwrap();
    assert!(!String::from_utf8(exported).unwrap().contains("a'b%"));
}

pub(crate) fn an_empty_ledger_takes_over_an_estate(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    let info = ledger.info().unwrap();
    assert_eq!((info.estate.len(), info.ledger.len(), info.epoch), (32, 32, 0));
    let own = Estate { id: info.estate, key: ledger.estate_key().unwrap() };
    let other = |digit: u8| Estate { id: digit.to_string().repeat(32), key: EstateKey([digit; 32]) };
    assert!(!ledger.meet_estates(&[own]).unwrap());
    assert!(ledger.meet_estates(&[other(1), other(2)]).unwrap());
    let now = ledger.info().unwrap();
    assert_eq!((now.estate, now.ledger), (other(1).id, info.ledger));
    assert_eq!(ledger.estate_key().unwrap(), other(1).key);
    assert_eq!(ledger.other_estates().unwrap(), [other(2)]);
    // With something in it, a ledger keeps its estate and remembers others.
    ledger.append(&[word(1, "ann", "a")]).unwrap();
    assert!(!ledger.meet_estates(&[other(3), other(1), other(2)]).unwrap());
    assert_eq!(ledger.info().unwrap().estate, other(1).id);
    assert_eq!(ledger.other_estates().unwrap(), [other(2), other(3)]);
}

pub(crate) fn the_latest_horizon_that_was_met_stays(fresh: Fresh) {
    let mut ledger = fresh.ledger;
    assert_eq!(ledger.horizon().unwrap(), None);
    ledger.append(&[word(1, "ann", "a"), word(9, "ann", "b")]).unwrap();
    for (met, stays) in [(5, 5), (3, 5), (7, 7), (7, 7)] {
        ledger.meet_horizon(time(met)).unwrap();
        // What arrived here by any position is what had arrived by then.
        assert_eq!(ledger.horizon().unwrap(), Some(Horizon { time: time(stays), position: 0 }));
    }
}

pub(crate) fn two_handles_see_each_other(fresh: Fresh) {
    let Some(again) = fresh.again else { return };
    let mut one = fresh.ledger;
    let mut two = again();
    assert_eq!(one.info().unwrap(), two.info().unwrap());
    for minute in 0..10 {
        let (writer, reader) = if minute % 2 == 0 { (&mut one, &two) } else { (&mut two, &one) };
        let said = word(minute, "ann", &minute.to_string());
        let appended = writer.append(std::slice::from_ref(&said)).unwrap();
        assert_eq!(appended[0].number, minute as u64 + 1);
        assert_eq!(statement(&**reader, &said.id()).unwrap(), Some(said));
    }
    // A reader in the middle of a statement doesn't keep a writer waiting.
    one.append(&[scan(20, "c1", 500)]).unwrap();
    let number = one.position().unwrap();
    let mut seen = 0;
    two.raw_claims(number, &mut |_| {
        seen += 1;
        if seen == 1 {
            one.append(&[word(21, "ann", "meanwhile")])?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!((seen, two.position().unwrap()), (500, number + 1));
}

/// Makes a module of tests for a storage, of which the function of its name gives an empty one, or none where it can't
/// be had on this machine.
macro_rules! suite {
    ($storage:ident, $($test:ident),+ $(,)?) => {
        mod $storage {
            $(#[test] fn $test() {
                let fresh: Option<super::Fresh> = super::$storage().into();
                if let Some(fresh) = fresh {
                    super::$test(fresh);
                }
            })+
        }
    };
}

macro_rules! suites {
    ($($storage:ident),+) => {
        $(suite!(
            $storage,
            gives_back_what_was_said,
            entries_come_in_pages,
            the_same_statement_counts_once,
            a_batch_is_all_or_nothing,
            the_same_word_moves_only_the_register,
            only_the_word_that_holds_can_be_repeated,
            withdrawn_and_retired_words_do_not_hold,
            statements_of_the_future_do_not_hold_yet,
            merged_repeats_are_kept,
            finds_by_id_op_author_scope_and_time,
            claims_stream_in_the_order_of_hashes,
            people_are_a_union,
            the_forgotten_stay_forgotten,
            accounts_outlived_the_person_who_was_forgotten,
            a_redacted_claim_keeps_its_hash_alone,
            the_store_compares_and_sets,
            an_empty_ledger_takes_over_an_estate,
            the_latest_horizon_that_was_met_stays,
            two_handles_see_each_other,
        );)+
    };
}

pub(crate) use {suite, suites};
