//! Export and merge: a union, byte for byte, in any order; nothing of a bad file.

use std::io::Write;

use stave_ledger::{
    Error, Estate, EstateMet, Horizon, Ledger, MemoryLedger, MergeReport, Repeats, SqliteLedger, export,
    merge, merge_stream, superseded,
};
use stave_model::{PersonRow, Statement};
use tempfile::TempDir;

use crate::contract::Fresh;
use crate::make::{Dice, forget, header, redact, scan, time, withdraw, word};
use crate::storages::{memory, postgres, sqlite};

pub(crate) fn exported(ledger: &dyn Ledger) -> String {
    let mut bytes = Vec::new();
    export(ledger, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn merged(ledger: &mut dyn Ledger, text: &str) -> Result<MergeReport, Error> {
    let folder = TempDir::new().unwrap();
    let report = merge_stream(ledger, "copy.jsonl", text.as_bytes(), folder.path());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the copy is gone");
    report
}

/// All but the first line, which differs with the estate.
fn rows(text: &str) -> Vec<&str> {
    text.lines().skip(1).collect()
}

fn person(id: &str, name: &str) -> PersonRow {
    PersonRow { id: format!("person:{id}"), name: name.to_owned(), address: String::new() }
}

/// A bit of everything, drawn.
fn drawn(dice: &mut Dice, count: usize) -> Vec<Statement> {
    (0..count)
        .map(|_| {
            let minute = dice.below(50) as i64;
            match dice.below(4) {
                0 => scan(minute, &format!("c{}", dice.below(3)), dice.below(5) as usize),
                1 => word(minute, "ann", &format!("text {} \u{e000}\u{1f600}\n\u{7f}\"\\", dice.below(5))),
                2 => withdraw(minute, "bob", &format!("op:{}", crate::make::op(dice.below(50)))),
                _ => {
                    let mut said = scan(minute, "w", 2);
                    said.header.scope = "image:registry.test/shop".parse().unwrap();
                    said
                }
            }
        })
        .collect()
}

#[test]
fn a_gap_is_taken_only_where_a_word_allows_it() {
    let said = scan(1, "c1", 3);
    let gone = said.claims[1].hash();
    let order = redact(2, "ann", &gone, "a password");
    let mut from = MemoryLedger::new().unwrap();
    from.append(&[said.clone(), order.clone()]).unwrap();
    let text = exported(&from);
    assert!(!text.contains(&String::from_utf8(stave_model::canonical(&said.claims[1])).unwrap()));
    let gap = format!("{{\"redacted\":\"{gone}\"}}");
    assert!(text.contains(&gap));
    // A copy takes gap and word, and gives the same again.
    let mut copy = MemoryLedger::new().unwrap();
    merged(&mut copy, &text).unwrap();
    assert_eq!(exported(&copy), text);
    assert_eq!(copy.redacted().unwrap(), [gone]);
    // Without the word it could be any claim that somebody wants to be rid of.
    let short: String = text
        .lines()
        .take_while(|line| !line.contains("#redacted"))
        .map(|line| line.replace("\"statements\":2", "\"statements\":1") + "\n")
        .collect();
    let mut fresh = MemoryLedger::new().unwrap();
    let error = merged(&mut fresh, &short).unwrap_err().to_string();
    assert!(error.contains("no word says that it was redacted") && error.contains("line 5"), "{error}");
    assert_eq!(fresh.position().unwrap(), 0);
    // A ledger that has the word takes it; one that has the claim loses it when the word comes.
    fresh.append(std::slice::from_ref(&order)).unwrap();
    merged(&mut fresh, &short).unwrap();
    let mut whole = MemoryLedger::new().unwrap();
    whole.append(std::slice::from_ref(&said)).unwrap();
    merged(&mut whole, &text).unwrap();
    assert!(exported(&whole).contains(&gap));
}

#[test]
fn a_merged_copy_does_not_bring_back_who_was_forgotten() {
    let row = PersonRow {
        id: "person:aa".to_owned(),
        name: "Ann Example".to_owned(),
        address: "mailto:ann@example.com".to_owned(),
    };
    let mut old = MemoryLedger::new().unwrap();
    old.append(&[scan(1, "c1", 1)]).unwrap();
    old.add_people(std::slice::from_ref(&row)).unwrap();
    let before = exported(&old);
    assert!(before.contains("Ann Example"));
    old.append(&[forget(2, "bob", "person:aa")]).unwrap();
    merged(&mut old, &before).unwrap();
    assert!(!exported(&old).contains("Ann Example"));
    // The word travels: a copy that has the row loses it.
    let mut copy = MemoryLedger::new().unwrap();
    merged(&mut copy, &before).unwrap();
    merged(&mut copy, &exported(&old)).unwrap();
    assert_eq!(copy.people().unwrap(), []);
}

fn fill(ledger: &mut dyn Ledger, said: &[Statement]) {
    ledger.append(said).unwrap();
}

fn a_copy_has_the_same_bytes(fresh: &dyn Fn() -> Fresh) {
    let mut one = fresh().ledger;
    fill(&mut *one, &drawn(&mut Dice(1), 60));
    one.add_people(&[person("ann", "Ann"), person("bob", "Bob")]).unwrap();
    one.meet_estates(&[Estate { id: "7".repeat(32), key: stave_model::EstateKey([7; 32]) }]).unwrap();
    one.meet_horizon(time(5)).unwrap();
    let text = exported(&*one);
    let mut two = fresh().ledger;
    let report = merged(&mut *two, &text).unwrap();
    assert_eq!(report.estate, EstateMet::TakenOver);
    assert_eq!((report.new, report.known, report.people), (one.position().unwrap(), 0, 2));
    assert_eq!(exported(&*two), text);
    assert_eq!(two.horizon().unwrap(), Some(Horizon { time: time(5), position: 0 }));
    // Again changes nothing.
    let report = merged(&mut *two, &text).unwrap();
    assert_eq!((report.new, report.known, report.people), (0, one.position().unwrap(), 0));
    assert_eq!(report.estate, EstateMet::Same);
    assert_eq!(exported(&*two), text);
    assert_eq!(one.heard().unwrap(), two.heard().unwrap());
}

fn any_order_of_merges_gives_the_same(fresh: &dyn Fn() -> Fresh) {
    for seed in 0..8 {
        let mut dice = Dice(seed);
        let mut files = Vec::new();
        for name in ["ann", "bob", "eve"] {
            let mut ledger = MemoryLedger::new().unwrap();
            fill(&mut ledger, &drawn(&mut dice, 25));
            ledger.add_people(&[person(name, name), person("all", "All")]).unwrap();
            if name != "ann" {
                ledger.meet_horizon(time(dice.below(40) as i64)).unwrap();
            }
            files.push(exported(&ledger));
        }
        let mut union: Option<(Option<Horizon>, Vec<String>)> = None;
        for _ in 0..4 {
            dice.shuffle(&mut files);
            let mut ledger = fresh().ledger;
            for file in &files {
                merged(&mut *ledger, file).unwrap();
            }
            merged(&mut *ledger, &files[0]).unwrap();
            assert_eq!(ledger.other_estates().unwrap().len(), 2);
            let text = exported(&*ledger);
            let rows: Vec<String> = rows(&text).into_iter().map(str::to_owned).collect();
            let met = (ledger.horizon().unwrap(), rows);
            assert!(met.0.is_some());
            match &union {
                Some(union) => assert_eq!(*union, met, "seed {seed}"),
                None => union = Some(met),
            }
        }
    }
}

fn uncommitted_work_stays(fresh: &dyn Fn() -> Fresh) {
    let mut ledger = fresh().ledger;
    let mut work = scan(1, "c1", 3);
    work.header.scope = "repo:code.test/shop@main+work".parse().unwrap();
    ledger.append(&[work, scan(2, "c1", 2)]).unwrap();
    let text = exported(&*ledger);
    assert!(!text.contains("+work"));
    let mut copy = fresh().ledger;
    assert_eq!(merged(&mut *copy, &text).unwrap().new, 1);
    assert_eq!(copy.heard().unwrap().len(), 1);
    // A file that has some is merged without.
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&[scan(1, "c1", 3), scan(2, "c2", 2)]).unwrap();
    let text = exported(&ledger);
    let mut work = scan(1, "c1", 3);
    work.header.scope = "repo:code.test/shop@main+work".parse().unwrap();
    let text = text.replace(&scan(1, "c1", 3).id().to_string(), &work.id().to_string()).replacen(
        "\"repo:code.test/shop@main\",\"source\":{\"at\":\"2023-11-14T22:14",
        "\"repo:code.test/shop@main+work\",\"source\":{\"at\":\"2023-11-14T22:14",
        1,
    );
    assert!(text.contains("+work"));
    let mut copy = fresh().ledger;
    let report = merged(&mut *copy, &text).unwrap();
    assert_eq!((report.new, report.left_out, copy.position().unwrap()), (1, 1, 1));
}

fn two_estates_keep_both_keys(fresh: &dyn Fn() -> Fresh) {
    let mut one = fresh().ledger;
    let mut two = fresh().ledger;
    one.append(&[word(1, "ann", "a")]).unwrap();
    two.append(&[word(2, "bob", "b")]).unwrap();
    let theirs = Estate { id: two.info().unwrap().estate, key: two.estate_key().unwrap() };
    let report = merged(&mut *one, &exported(&*two)).unwrap();
    assert_eq!(report.estate, EstateMet::Other(theirs.clone()));
    assert_eq!(one.other_estates().unwrap(), [theirs]);
    // The way back brings both.
    let report = merged(&mut *two, &exported(&*one)).unwrap();
    assert!(matches!(report.estate, EstateMet::Other(_)));
    assert_eq!(rows(&exported(&*one)), rows(&exported(&*two)));
}

/// Changes one line of a good file and names the line and a part of the message.
type Spoil = (&'static str, fn(&mut Vec<String>), usize, &'static str);

const SPOILS: &[Spoil] = &[
    ("empty", |lines| lines.clear(), 1, "the file ends here, but the first line"),
    ("no first line", |lines| drop(lines.remove(0)), 1, "the first line of an export should stand here"),
    ("newer form", |lines| lines[0] = lines[0].replace("\"stave\":1", "\"stave\":2"), 1, "form 2"),
    ("bad key", |lines| lines[0] = lines[0].replace("\"key\":\"", "\"key\":\"xy"), 1, "64 lower-case"),
    ("no register", |lines| lines[0] = lines[0].replace("\"heard\":1,", ""), 1, "`heard`"),
    ("not JSON", |lines| lines[4] = "}".to_owned(), 5, "column 1"),
    ("blank line", |lines| lines.insert(3, String::new()), 4, "a statement"),
    (
        "unknown field",
        |lines| lines[3] = lines[3].replacen('{', "{\"more\":1,", 1),
        4,
        "unknown field `more`",
    ),
    ("unknown field in a claim", |lines| lines[4] = lines[4].replace("\"type\"", "\"sort\""), 5, "sort"),
    ("no person", |lines| lines[1] = lines[1].replace("person:ann", "team:ann"), 2, "no person's id"),
    ("changed claim", |lines| lines[4] = lines[4].replace("compose.yaml", "compost.yaml"), 6, "claims"),
    (
        "changed header",
        |lines| lines[3] = lines[3].replace("test 1", "test 2"),
        4,
        "the statement is damaged",
    ),
    ("missing claim", |lines| drop(lines.remove(4)), 6, "a claim should stand here"),
    ("claim too many", |lines| lines.insert(4, lines[4].clone()), 6, "sorted"),
    ("cut off", |lines| lines.truncate(6), 7, "the file ends here"),
    (
        "cut off in a line",
        |lines| {
            lines.truncate(7);
            lines[6].truncate(20);
        },
        7,
        "column 20",
    ),
    ("more at the end", |lines| lines.push("{}".to_owned()), 9, "nothing should follow"),
    ("newer statement", |lines| lines[3] = lines[3].replace("\"v\":1", "\"v\":9"), 4, "damaged"),
];

fn nothing_of_a_bad_file_is_merged(fresh: &dyn Fn() -> Fresh) {
    let mut good = MemoryLedger::new().unwrap();
    good.append(&[scan(1, "c1", 2), word(2, "ann", "shop")]).unwrap();
    good.add_people(&[person("ann", "Ann")]).unwrap();
    let good = exported(&good);
    let lines: Vec<String> = good.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 8, "{good}");
    let mut ledger = fresh().ledger;
    ledger.append(&[word(5, "bob", "mine")]).unwrap();
    let before = exported(&*ledger);
    let folder = TempDir::new().unwrap();
    for (name, spoil, line, message) in SPOILS {
        let mut bad = lines.clone();
        spoil(&mut bad);
        let mut text = bad.join("\n");
        if text.ends_with('}') {
            text.push('\n');
        }
        let path = folder.path().join("bad.jsonl");
        std::fs::write(&path, &text).unwrap();
        for error in
            [merged(&mut *ledger, &text).unwrap_err(), merge(&mut *ledger, &path, folder.path()).unwrap_err()]
        {
            let said = error.to_string();
            match error {
                Error::Line { line: found, .. } => assert_eq!(found, *line as u64, "{name}: {said}"),
                other => panic!("{name}: {other}"),
            }
            assert!(said.contains(message), "{name}: {said}");
        }
        assert_eq!(exported(&*ledger), before, "{name}");
    }
    // And the good one still goes in.
    assert_eq!(merged(&mut *ledger, &good).unwrap().new, 2);
}

fn statements_of_a_newer_format_are_refused(fresh: &dyn Fn() -> Fresh) {
    let mut newer = word(1, "ann", "a");
    newer.header.v = 2;
    let error = fresh().ledger.append(&[newer.clone()]).unwrap_err().to_string();
    assert!(error.contains("format version 2") && error.contains("newer Stave"), "{error}");
    let mut good = MemoryLedger::new().unwrap();
    good.append(&[word(1, "ann", "a")]).unwrap();
    let text = exported(&good)
        .replace(&word(1, "ann", "a").id().to_string(), &newer.id().to_string())
        .replace("\"v\":1", "\"v\":2");
    let error = merged(&mut *fresh().ledger, &text).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("format version 2"), "{error}");
}

#[test]
fn a_line_without_end_is_refused_early() {
    struct Endless(u64);
    impl std::io::Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.0 += into.len() as u64;
            assert!(self.0 < 40_000_000, "reads on and on");
            into.fill(b'x');
            Ok(into.len())
        }
    }
    let folder = TempDir::new().unwrap();
    let mut ledger = MemoryLedger::new().unwrap();
    let error = merge_stream(&mut ledger, "pipe", Endless(0), folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("pipe, line 1; nothing was merged: the line is longer"), "{error}");
}

#[test]
fn files_and_pipes_merge_alike() {
    let folder = TempDir::new().unwrap();
    let mut one = MemoryLedger::new().unwrap();
    fill(&mut one, &drawn(&mut Dice(3), 20));
    let path = folder.path().join("export.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    export(&one, &mut file).unwrap();
    file.flush().unwrap();
    let mut ledger = SqliteLedger::open_or_create(&folder.path().join("ledger.db")).unwrap();
    assert_eq!(merge(&mut ledger, &path, folder.path()).unwrap().new, one.position().unwrap());
    assert_eq!(exported(&ledger), exported(&one));
    let missing = merge(&mut ledger, &folder.path().join("none.jsonl"), folder.path()).unwrap_err();
    assert!(missing.to_string().contains("none.jsonl"), "{missing}");
}

#[test]
fn repeats_survive_a_merge() {
    // Two devices said the same; the union has both, whoever merges whom.
    let mut one = MemoryLedger::new().unwrap();
    one.append(&[scan(1, "c1", 2)]).unwrap();
    let mut two = MemoryLedger::new().unwrap();
    two.append(&[scan(2, "c1", 2)]).unwrap();
    merged(&mut one, &exported(&two)).unwrap();
    let mut prepared = Some(stave_ledger::Prepared::new(&scan(1, "c1", 2)).unwrap());
    two.append_prepared(Repeats::Keep, &mut || Ok(prepared.take())).unwrap();
    assert_eq!(rows(&exported(&one)), rows(&exported(&two)));
    assert_eq!(one.heard().unwrap()[0].2, time(2));
}

#[test]
fn an_export_says_from_when_on_its_history_is_whole() {
    let folder = TempDir::new().unwrap();
    let mut one = SqliteLedger::open_or_create(&folder.path().join("ledger.db")).unwrap();
    one.append(&[scan(1, "c1", 3), scan(2, "c2", 4), scan(3, "c3", 5), word(8, "ann", "a")]).unwrap();
    let all = exported(&one);
    assert!(!all.contains("\"horizon\""));
    let going = superseded(&one, time(6)).unwrap();
    assert_eq!(going.numbers, [1, 2]);
    one.compact(&going.numbers, going.horizon).unwrap();
    let less = exported(&one);
    let whole_from = |minute: i64| Some(Horizon { time: time(minute), position: 0 });
    // Of what came before, the file has not all, whoever takes it, and whatever else is there.
    for files in [vec![&less], vec![&all, &less], vec![&less, &all]] {
        let mut copy = MemoryLedger::new().unwrap();
        for file in files {
            merged(&mut copy, file).unwrap();
        }
        assert_eq!(copy.horizon().unwrap(), whole_from(6));
    }
    // An instant after all that the file says hides nothing that the file could lack.
    let mut copy = MemoryLedger::new().unwrap();
    merged(&mut copy, &less.replacen(&time(6).to_string(), &time(900).to_string(), 1)).unwrap();
    assert_eq!(copy.horizon().unwrap(), whole_from(8));
    one.meet_horizon(time(900)).unwrap();
    let mut again = MemoryLedger::new().unwrap();
    merged(&mut again, &exported(&one)).unwrap();
    assert_eq!(again.horizon().unwrap(), whole_from(8));
}

#[test]
fn a_file_with_other_spacing_is_the_same_file() {
    let mut one = MemoryLedger::new().unwrap();
    one.append(&[Statement::new(header("collector:git", "repo:code.test/a@b", 1), Vec::new())]).unwrap();
    let text = exported(&one).replace(",\"", " ,\t\"");
    let mut two = MemoryLedger::new().unwrap();
    merged(&mut two, &text).unwrap();
    assert_eq!(exported(&two), exported(&one));
}

macro_rules! on_all {
    ($($test:ident),+ $(,)?) => {
        mod in_memory { $(#[test] fn $test() { super::$test(&super::memory); })+ }
        mod in_sqlite { $(#[test] fn $test() { super::$test(&super::sqlite); })+ }
        mod in_postgres {
            $(#[test] fn $test() {
                if crate::postgres::server().is_some() {
                    super::$test(&|| super::postgres().unwrap());
                }
            })+
        }
    };
}

on_all!(
    a_copy_has_the_same_bytes,
    any_order_of_merges_gives_the_same,
    uncommitted_work_stays,
    two_estates_keep_both_keys,
    nothing_of_a_bad_file_is_merged,
    statements_of_a_newer_format_are_refused,
);
