//! Backups, restores, compactions, and what is left of a damaged file.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use stave_ledger::{
    Aside, Depth, Error, Filter, Horizon, Ledger, MemoryLedger, SqliteLedger, Store, merge_stream, salvage,
    statement, superseded, verify,
};
use stave_model::{Hash, PersonRow, Statement, Time};
use tempfile::TempDir;

use crate::exchange::exported;
use crate::make::{Dice, forget, redact, scan, time, word};

/// A ledger with all that one can have.
pub(crate) fn filled(path: &Path) -> SqliteLedger {
    let mut ledger = SqliteLedger::open_or_create(path).unwrap();
    let large = scan(3, "c3", 900);
    let gone = large.claims[7].hash();
    ledger.append(&[scan(1, "c1", 3), word(2, "ann", "tea"), large, scan(4, "c4", 910)]).unwrap();
    ledger.append(&[redact(5, "bob", &gone, "a name")]).unwrap();
    let person =
        PersonRow { id: "person:ann".into(), name: "Ann".into(), address: "mailto:ann@example.com".into() };
    ledger.add_people(&[person]).unwrap();
    ledger.set("user", "ann", Some("{}")).unwrap();
    ledger.set("session", "s", Some("{}")).unwrap();
    ledger
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_a_ledger_of_one_moment_while_others_write() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = filled(&path);
    let mut other = SqliteLedger::open(&path).unwrap();
    let writer = std::thread::spawn(move || {
        for minute in 100..160 {
            other
                .append(&[word(minute, "ann", &format!("word {minute}")), word(minute, "bob", "b")])
                .unwrap();
        }
        other
    });
    for number in 0..5 {
        let backup = folder.path().join(format!("backup-{number}.sqlite"));
        ledger.backup(&backup).unwrap();
        assert_eq!(mode(&backup), 0o600);
        let copy = SqliteLedger::open(&backup).unwrap();
        let position = copy.position().unwrap();
        // Batches are there whole; what is there is as it was said.
        assert_eq!(position % 2, 1);
        for entry in copy.entries(0, usize::MAX).unwrap() {
            let said = statement(&copy, &entry.id).unwrap().unwrap();
            assert_eq!(said.header.id(), entry.id);
        }
        assert_eq!(copy.info().unwrap(), ledger.info().unwrap());
        assert_eq!(copy.item("user", "ann").unwrap().as_deref(), Some("{}"));
    }
    writer.join().unwrap();
    let error = ledger.backup(&folder.path().join("backup-0.sqlite")).unwrap_err();
    assert!(matches!(error, Error::Occupied(_)), "{error}");
    let nowhere = ledger.backup(&folder.path().join("no/backup.sqlite")).unwrap_err();
    assert!(matches!(nowhere, Error::Io { .. }), "{nowhere}");
    assert!(names(folder.path()).iter().all(|name| !name.starts_with('.')), "{:?}", names(folder.path()));
}

#[test]
fn any_ledger_is_backed_up_through_the_trait() {
    let folder = TempDir::new().unwrap();
    let mut ledger = MemoryLedger::new().unwrap();
    let large = scan(3, "c3", 900);
    let gone = large.claims[7].hash();
    ledger.append(&[scan(1, "c1", 3), word(2, "ann", "tea"), large, redact(5, "bob", &gone, "x")]).unwrap();
    ledger.set("token", "t", Some("1")).unwrap();
    let backup = folder.path().join("backup.sqlite");
    SqliteLedger::backup_of(&mut ledger, &backup).unwrap();
    let copy = SqliteLedger::open(&backup).unwrap();
    assert_eq!(exported(&copy), exported(&ledger));
    assert_eq!(copy.info().unwrap().ledger, ledger.info().unwrap().ledger);
    assert_eq!(copy.item("token", "t").unwrap().as_deref(), Some("1"));
}

#[test]
fn a_restored_ledger_is_what_it_was_in_a_new_epoch_without_sessions() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = filled(&path);
    let (before, info) = (exported(&ledger), ledger.info().unwrap());
    let backup = folder.path().join("backup.sqlite");
    ledger.backup(&backup).unwrap();
    ledger.append(&[word(9, "ann", "later")]).unwrap();
    let now = Time::from_millis(1_790_000_000_000);
    let restore = |aside| SqliteLedger::restore(&backup, &path, now, aside);
    assert!(matches!(restore(Aside::Never).unwrap_err(), Error::Occupied(_)));
    // Somebody still works with the old one, who would go on writing into a file that nobody reads.
    assert!(matches!(restore(Aside::Move).unwrap_err(), Error::Busy(_)));
    assert!(exported(&ledger).contains("later"));
    drop(ledger);
    let aside = restore(Aside::Move).unwrap().unwrap();
    let restored = SqliteLedger::open(&path).unwrap();
    assert_eq!(exported(&restored), before);
    assert!(restored.info().unwrap().epoch > info.epoch);
    assert_eq!(restored.info().unwrap().ledger, info.ledger);
    assert_eq!(restored.item("user", "ann").unwrap().as_deref(), Some("{}"));
    assert_eq!(restored.item("session", "s").unwrap(), None);
    assert_eq!(mode(&path), 0o600);
    assert!(exported(&SqliteLedger::open(&aside).unwrap()).contains("later"));
    // Once more, on the same millisecond: the epoch goes on all the same.
    let epoch = restored.info().unwrap().epoch;
    drop(restored);
    fs::remove_file(&aside).unwrap();
    restore(Aside::Move).unwrap();
    assert!(SqliteLedger::open(&path).unwrap().info().unwrap().epoch > epoch);
    // A backup of an older Stave is read and not changed.
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stave/tests/golden/schema-1/ledger.sqlite");
    let (old, bytes) = (folder.path().join("old.sqlite"), fs::read(golden).unwrap());
    fs::write(&old, &bytes).unwrap();
    SqliteLedger::restore(&old, &folder.path().join("new.sqlite"), now, Aside::Never).unwrap();
    assert_eq!(SqliteLedger::open(&folder.path().join("new.sqlite")).unwrap().position().unwrap(), 264);
    assert_eq!(fs::read(&old).unwrap(), bytes);
    // What is no ledger is no backup, and nothing is touched.
    fs::write(folder.path().join("notes"), "notes ".repeat(900)).unwrap();
    SqliteLedger::restore(&folder.path().join("notes"), &path, now, Aside::Move).unwrap_err();
    assert_eq!(exported(&SqliteLedger::open(&path).unwrap()), before);
}

/// Three months of scans of one scope and some words.
pub(crate) fn history(ledger: &mut dyn Ledger) -> Vec<Statement> {
    let mut said = Vec::new();
    for day in 0..90 {
        let mut one = scan(day * 1_440, &format!("c{day}"), 700 + day as usize);
        if day == 50 {
            one.header.unread = vec!["broken.yaml".to_owned()];
        }
        said.push(one);
        said.push(word(day * 1_440 + 1, "ann", &format!("day {day}")));
    }
    ledger.append(&said).unwrap();
    said
}

/// An export as if its ledger had never been compacted.
pub(crate) fn without_horizon(export: &str, horizon: Time) -> String {
    let whole_from = format!("\"horizon\":\"{horizon}\",");
    assert!(export.contains(&whole_from));
    export.replacen(&whole_from, "", 1)
}

#[test]
fn a_compaction_keeps_words_numbers_and_what_holds() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let mut ledger = SqliteLedger::open_or_create(&path).unwrap();
    let said = history(&mut ledger);
    let old_copy = exported(&ledger);
    let (info, position) = (ledger.info().unwrap(), ledger.position().unwrap());
    let size = || {
        let db = rusqlite::Connection::open(&path).unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        fs::metadata(&path).unwrap().len()
    };
    let before = size();
    let horizon = time(60 * 1_440);
    let going = superseded(&ledger, horizon).unwrap();
    // Of the days 0 to 60 the last one holds at the horizon. What read less than all bears nothing that went before it,
    // and once a later one read all, it isn't needed either.
    assert_eq!(going.numbers, (0..60).map(|day| day * 2 + 1).collect::<Vec<u64>>());
    assert_eq!(going.of, 180);
    ledger.compact(&going.numbers, going.horizon).unwrap();
    assert_eq!(ledger.horizon().unwrap(), Some(Horizon { time: horizon, position: 121 }));
    assert_eq!(ledger.position().unwrap(), position);
    assert!(ledger.info().unwrap().revision > info.revision);
    for (index, one) in said.iter().enumerate() {
        let is_gone = going.numbers.contains(&(index as u64 + 1));
        let found = statement(&ledger, &one.id()).unwrap();
        assert_eq!(found.is_none(), is_gone, "{index}");
        if let Some(found) = found {
            assert_eq!(found.claims, said[index].claims);
        }
    }
    assert!(superseded(&ledger, horizon).unwrap().numbers.is_empty());
    assert!(size() < before, "{} bytes are left of {before}", size());
    // An old copy brings them back, under new numbers, and says nothing new by it.
    merge_stream(&mut ledger, "old copy", old_copy.as_bytes(), folder.path()).unwrap();
    assert_eq!(ledger.position().unwrap(), position + 60);
    assert_eq!(without_horizon(&exported(&ledger), horizon), old_copy);
    // It goes on, with differences to what is left.
    ledger.append(&[scan(200_000, "new", 800)]).unwrap();
    assert_eq!(ledger.position().unwrap(), position + 61);
}

#[test]
fn a_compaction_keeps_what_lends_to_a_later_reading() {
    let folder = TempDir::new().unwrap();
    let mut ledger = SqliteLedger::open_or_create(&folder.path().join("ledger.db")).unwrap();
    let unread = |minute: i64, paths: &[&str]| {
        let mut one = scan(minute, &format!("c{minute}"), 5);
        one.header.unread = paths.iter().map(|path| (*path).to_owned()).collect();
        one
    };
    // 1 read all; 2 and 3 couldn't read a file that 1 could; 4 neither, but is younger than the horizon.
    let said = [unread(1, &[]), unread(2, &["a", "b"]), unread(3, &["a"]), unread(9, &["a"])];
    ledger.append(&said).unwrap();
    // 2 left unread all that 3 left unread: it has nothing to lend. 1 has.
    assert_eq!(superseded(&ledger, time(5)).unwrap().numbers, [2]);
    ledger.append(&[unread(10, &[])]).unwrap();
    assert_eq!(superseded(&ledger, time(11)).unwrap().numbers, [1, 2, 3, 4]);
    // The last number stays, even where a newer reading of an older commit came last.
    let mut old = unread(2, &[]);
    old.header.time = time(20);
    ledger.append(&[old]).unwrap();
    assert_eq!(superseded(&ledger, time(30)).unwrap().numbers, [1, 2, 3, 4]);
    ledger.compact(&[6], Horizon { time: time(30), position: 6 }).unwrap();
    assert_eq!(ledger.position().unwrap(), 6);
}

/// What a ledger says, by id.
fn truth(ledger: &dyn Ledger) -> HashMap<Hash, Vec<Vec<u8>>> {
    let lines = |number: u64| {
        let mut lines = Vec::new();
        let read = ledger.raw_lines(number, &mut |line| {
            lines.push(line.to_vec());
            Ok(())
        });
        read.map(|()| lines)
    };
    let entries = ledger.entries(0, usize::MAX).unwrap();
    entries.into_iter().map(|entry| (entry.id, lines(entry.number).unwrap())).collect()
}

#[test]
fn a_sound_ledger_is_salvaged_whole() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let mut ledger = filled(&path);
    ledger.meet_horizon(time(2)).unwrap();
    let mut out = Vec::new();
    let found = salvage(&path, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), exported(&ledger));
    assert_eq!((found.statements, found.lost.len(), found.damage.len()), (5, 0, 0));
}

#[test]
fn what_is_damaged_is_named_and_the_rest_is_salvaged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = filled(&path);
    let ids: Vec<Hash> = ledger.entries(0, 9).unwrap().iter().map(|entry| entry.id).collect();
    drop(ledger);
    let db = rusqlite::Connection::open(&path).unwrap();
    let change = |sql: &str| assert_eq!(db.execute(sql, []).unwrap(), 1, "{sql}");
    // A letter of a header, the word that redacted a claim, and bytes of claims.
    change("UPDATE statements SET header = replace(header, 'person:ann', 'person:anm') WHERE number = 2");
    change("DELETE FROM statements WHERE number = 5");
    change(
        "UPDATE bodies SET bytes = zeroblob(9)
         WHERE claims = (SELECT claims FROM statements WHERE number = 4) AND part = 0",
    );
    drop(db);
    let mut out = Vec::new();
    let found = salvage(&path, &mut out).unwrap();
    let lost: BTreeMap<u64, String> = found.lost.iter().map(|lost| (lost.number, lost.why.clone())).collect();
    assert_eq!(lost.keys().copied().collect::<Vec<_>>(), [2, 3, 4], "{lost:?}");
    assert!(lost[&3].contains("redacted"), "{lost:?}");
    assert_eq!(found.lost[0].id, Some(ids[1]));
    assert_eq!(found.lost[0].author.as_deref(), Some("person:ann"));
    assert_eq!(found.lost[2].scope.as_deref(), Some("repo:code.test/shop@main"));
    let mut copy = MemoryLedger::new().unwrap();
    merge_stream(&mut copy, "salvaged", out.as_slice(), folder.path()).unwrap();
    assert_eq!(copy.position().unwrap(), 1);
    assert_eq!(copy.people().unwrap().len(), 1);
}

/// How many flips, where nobody asks for more.
const FLIPS: usize = 150;

#[test]
fn a_flipped_byte_anywhere_never_becomes_a_claim() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    let mut ledger = filled(&path);
    ledger.append(&[forget(6, "bob", "person:eve")]).unwrap();
    let (truth, people, whole) = (truth(&ledger), ledger.people().unwrap(), all_of(&ledger).unwrap());
    drop(ledger);
    let sound = fs::read(&path).unwrap();
    let flips = std::env::var("STAVE_FLIPS").map_or(FLIPS, |text| text.parse().unwrap());
    let mut dice = Dice(11);
    let (mut unopened, mut damaged, mut salvaged, mut unsalvaged) = (0, 0, 0, 0);
    let mut harmless = 0;
    for number in 0..flips {
        let mut bytes = sound.clone();
        let at = dice.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << dice.below(8);
        let flipped: PathBuf = folder.path().join(format!("flipped-{number}.db"));
        fs::write(&flipped, &bytes).unwrap();
        match SqliteLedger::open(&flipped) {
            Ok(ledger) => {
                reads_right(&ledger, &truth);
                let complaints = complaints_of(&ledger);
                damaged += usize::from(!complaints.is_empty());
                match all_of(&ledger) {
                    // Whoever asks for what was hit is told so.
                    Err(error) => {
                        assert!(error.to_string().contains("the ledger is damaged"), "byte {at}: {error}");
                        assert!(!complaints.is_empty(), "byte {at}: {error}");
                    }
                    // What nobody complains of gives all that it gave.
                    Ok(found) if complaints.is_empty() => {
                        assert_eq!(found, whole, "byte {at}");
                        harmless += 1;
                    }
                    Ok(_) => {}
                }
            }
            Err(error) => {
                unopened += 1;
                assert!(error.to_string().contains("hint: "), "byte {at}: {error}");
            }
        }
        let mut out = Vec::new();
        match salvage(&flipped, &mut out) {
            Ok(found) => {
                let mut copy = MemoryLedger::new().unwrap();
                merge_stream(&mut copy, "salvaged", out.as_slice(), folder.path())
                    .unwrap_or_else(|error| panic!("byte {at}: {error}"));
                reads_right(&copy, &truth);
                salvaged += usize::from(found.statements == truth.len() as u64);
                assert!(copy.people().unwrap().iter().all(|row| people.contains(row)), "byte {at}");
            }
            Err(_) => unsalvaged += 1,
        }
        fs::remove_file(&flipped).unwrap();
    }
    println!(
        "measured: flips={flips} unopened={unopened} damage_named={damaged} harmless={harmless} \
         salvaged_whole={salvaged} not_salvaged={unsalvaged}"
    );
    assert!(damaged > flips / 20 && unsalvaged < flips / 10);
}

/// All that a ledger gives to whoever asks: its export, what is looked up, and what stands beside the statements.
fn all_of(ledger: &SqliteLedger) -> Result<String, Error> {
    let mut bytes = Vec::new();
    stave_ledger::export(ledger, &mut bytes)?;
    let mut all = String::from_utf8(bytes).unwrap();
    for entry in ledger.entries(0, usize::MAX)? {
        let Statement { header, .. } = statement(ledger, &entry.id)?.unwrap();
        let one = |filter: Filter| ledger.latest(&filter, u64::MAX, 9);
        let (author, scope) = (Some(header.author.clone()), Some(header.scope.clone()));
        all += &format!("{:?}", one(Filter { author, scope, ..Filter::default() })?);
        all += &format!("{:?}", one(Filter { op: Some(header.op), ..Filter::default() })?);
        all += &format!("{:?}", one(Filter { until: Some(header.time), ..Filter::default() })?);
        all += &format!("{:?}", ledger.find_ids(&entry.id.to_string()[..6], 9)?);
        all += &format!("{}", ledger.all_hold(&[header])?);
    }
    let shelves = (ledger.items("user")?, ledger.items("session")?);
    all += &format!("{:?} {:?} {:?}", ledger.forgotten()?, ledger.redacted()?, shelves);
    all += &format!("{:?} {:?} {:?}", ledger.info()?, ledger.horizon()?, ledger.estate_key()?.to_hex());
    Ok(all)
}

/// What somebody is told who has a ledger looked through.
fn complaints_of(ledger: &SqliteLedger) -> Vec<String> {
    let mut complaints = match verify(ledger, Depth::Whole, &mut |_| Ok(())) {
        Ok(verified) => verified.damaged.into_iter().map(|(_, what)| what).collect(),
        Err(error) => vec![error.to_string()],
    };
    match ledger.unsound() {
        Ok(found) => complaints.extend(found.unwrap()),
        Err(error) => complaints.push(error.to_string()),
    }
    complaints
}

/// Whether everything reads; what does has to be what was said.
fn reads_right(ledger: &dyn Ledger, truth: &HashMap<Hash, Vec<Vec<u8>>>) -> bool {
    let mut all = true;
    let Ok(entries) = ledger.entries(0, usize::MAX) else { return false };
    for entry in entries {
        let mut lines = Vec::new();
        let read = ledger.raw_lines(entry.number, &mut |line| {
            lines.push(line.to_vec());
            Ok(())
        });
        match read {
            Ok(()) => assert_eq!(Some(&lines), truth.get(&entry.id), "statement {}", entry.number),
            Err(_) => all = false,
        }
        assert_eq!(entry.header.id(), entry.id);
    }
    for prefix in ["", "a"] {
        let _ = ledger.find_ids(prefix, 9);
    }
    let _ = (ledger.heard(), ledger.people(), ledger.info(), ledger.other_estates(), ledger.forgotten());
    all && ledger.position().is_ok_and(|position| position == truth.len() as u64)
}
