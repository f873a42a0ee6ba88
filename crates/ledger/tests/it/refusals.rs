//! What is no ledger, can't be written or is damaged: the reason is said and nothing is lost.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use stave_ledger::{Error, Ledger, SqliteLedger};
use tempfile::TempDir;

use crate::make::{scan, word};

fn refusal(path: &Path) -> String {
    let created = SqliteLedger::open_or_create(path).unwrap_err().to_string();
    let opened = SqliteLedger::open(path).unwrap_err().to_string();
    assert_eq!(created, opened);
    assert!(opened.contains(&path.display().to_string()), "{opened}");
    opened
}

/// A closed ledger with two statements, one of them large.
fn ledger(folder: &Path) -> PathBuf {
    let path = folder.join("ledger.db");
    let mut ledger = SqliteLedger::open_or_create(&path).unwrap();
    ledger.append(&[word(1, "ann", "kept"), scan(2, "c1", 20_000)]).unwrap();
    path
}

#[test]
fn a_missing_file_is_named() {
    let folder = TempDir::new().unwrap();
    let error = SqliteLedger::open(&folder.path().join("none.db")).unwrap_err();
    assert!(matches!(error, Error::Missing(_)), "{error}");
    let error = SqliteLedger::open_or_create(&folder.path().join("no/folder.db")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn other_files_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    assert!(refusal(folder.path()).contains("no file"));
    for (content, message) in [
        ("", "empty"),
        ("short", "no SQLite database"),
        (&*"a text that is long enough to be something. ".repeat(50), "no SQLite database"),
    ] {
        std::fs::write(&path, content).unwrap();
        assert!(refusal(&path).contains(message), "{}", refusal(&path));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
    std::fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE meta (a); INSERT INTO meta VALUES (1)").unwrap();
    drop(other);
    assert!(refusal(&path).contains("no ledger"));
}

/// Writes another number, past what keeps the row's sum.
fn with_schema(path: &Path, schema: i64) {
    let db = Connection::open(path).unwrap();
    db.execute_batch("DROP TRIGGER IF EXISTS meta_changed").unwrap();
    db.execute("UPDATE meta SET value = ?1 WHERE key = 'schema'", [schema]).unwrap();
}

#[test]
fn a_higher_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = ledger(folder.path());
    with_schema(&path, 7);
    let said = refusal(&path);
    assert!(said.contains("schema 7") && said.contains("up to 3") && said.contains("hint: "), "{said}");
}

#[test]
fn a_schema_that_a_flipped_bit_made_older_was_no_damage_but_a_riddle() {
    let folder = TempDir::new().unwrap();
    let path = ledger(folder.path());
    for schema in [0, 2] {
        with_schema(&path, schema);
        let said = refusal(&path);
        assert!(said.contains("damaged") && said.contains("hint: "), "{said}");
        assert_eq!(stave_ledger::salvage(&path, &mut Vec::new()).unwrap().statements, 2);
    }
}

#[test]
fn a_truncated_ledger_is_damaged() {
    let folder = TempDir::new().unwrap();
    let path = ledger(folder.path());
    let whole = std::fs::read(&path).unwrap();
    for length in [whole.len() - 4096, whole.len() / 2, 4096, 600, 50] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let said = refusal(&path);
        assert!(said.contains("damaged") || said.contains("no SQLite database"), "{length}: {said}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(SqliteLedger::open(&path).unwrap().position().unwrap(), 2);
}

#[test]
fn damaged_claims_are_noticed() {
    let folder = TempDir::new().unwrap();
    let path = ledger(folder.path());
    let change = |sql: &str| {
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    };
    let read = |number| SqliteLedger::open(&path).unwrap().raw_claims(number, &mut |_| Ok(()));
    read(2).unwrap();
    // One bit in the checksum, a missing part, a part that is no text of ours, a wrong number of claims.
    let large = "(SELECT claims FROM statements WHERE number = 2)";
    for (spoil, mend) in [
        (
            "UPDATE statements SET claim_count = 19999 WHERE number = 2".to_owned(),
            "UPDATE statements SET claim_count = 20000 WHERE number = 2".to_owned(),
        ),
        (
            format!(
                "CREATE TABLE kept AS SELECT * FROM bodies; UPDATE bodies SET bytes = substr(bytes, 1, length(bytes) - 1) || x'00' WHERE claims = {large}"
            ),
            "DELETE FROM bodies; INSERT INTO bodies SELECT * FROM kept".to_owned(),
        ),
        (
            format!("UPDATE bodies SET bytes = substr(bytes, 1, length(bytes) / 2) WHERE claims = {large}"),
            "DELETE FROM bodies; INSERT INTO bodies SELECT * FROM kept".to_owned(),
        ),
        (
            format!("DELETE FROM bodies WHERE claims = {large}"),
            "DELETE FROM bodies; INSERT INTO bodies SELECT * FROM kept".to_owned(),
        ),
    ] {
        change(&spoil);
        let error = read(2).unwrap_err();
        assert!(matches!(error, Error::Damaged(_)), "{spoil}: {error}");
        read(1).unwrap();
        change(&mend);
        read(2).unwrap();
    }
    change("UPDATE statements SET header = '{}' WHERE number = 1");
    let error = SqliteLedger::open(&path).unwrap().entries(0, 9).unwrap_err().to_string();
    assert!(error.contains("statement 1") && error.contains("backup"), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Output};

    use super::*;

    const TASK: &str = "STAVE_LEDGER_TEST_APPEND";

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_its_owner_reads_a_ledger() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("ledger.db");
        let mut ledger = SqliteLedger::open_or_create(&path).unwrap();
        ledger.append(&[word(1, "ann", "a")]).unwrap();
        let files: Vec<PathBuf> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }

    /// Not a test of its own: appends in another process until that fails, and says how it went.
    #[test]
    fn appender() {
        let Ok(path) = std::env::var(TASK) else { return };
        let mut ledger = match SqliteLedger::open_or_create(Path::new(&path)) {
            Ok(ledger) => ledger,
            Err(error) => return println!("\nrefused {error:?}\n{error}"),
        };
        println!("\nread {}", ledger.position().unwrap());
        for minute in 10..2_000 {
            match ledger.append(&[scan(minute, &minute.to_string(), 50 + minute as usize)]) {
                Ok(appended) => println!("\nsafe {}", appended[0].id),
                Err(error) => return println!("\nfailed {error:?}\n{error}"),
            }
        }
    }

    fn arguments() -> [&'static str; 4] {
        ["--exact", "refusals::unix::appender", "--nocapture", "--test-threads=1"]
    }

    /// Runs the appender as somebody who may not write everywhere: the superuser's tests would prove nothing.
    fn as_nobody(path: &Path, folder: &Path) -> String {
        let program = folder.join("appender");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        set_mode(&program, 0o755);
        let mut command = Command::new(&program);
        command.args(arguments()).env(TASK, path).current_dir(folder);
        if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
            command.uid(65_534).gid(65_534);
        }
        said(command.output().unwrap())
    }

    fn said(output: Output) -> String {
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    #[test]
    fn a_read_only_folder_or_file_is_the_reason() {
        let outer = TempDir::new().unwrap();
        set_mode(outer.path(), 0o755);
        let folder = outer.path().join("estate");
        std::fs::create_dir(&folder).unwrap();
        let path = ledger(&folder);
        // Readable by all, writable by none.
        set_mode(&path, 0o444);
        set_mode(&folder, 0o555);
        let report = as_nobody(&path, outer.path());
        assert!(report.contains("ReadOnly {"), "{report}");
        assert!(
            report.contains("can't be written") && report.contains("hint: check the permissions"),
            "{report}"
        );
        let report = as_nobody(&folder.join("new.db"), outer.path());
        assert!(report.contains("refused ReadOnly {") && report.contains("denied"), "{report}");
        set_mode(&folder, 0o755);
        set_mode(&path, 0o600);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        assert_eq!(SqliteLedger::open(&path).unwrap().position().unwrap(), 2);
    }

    #[test]
    fn a_refused_write_loses_nothing() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("ledger.db");
        drop(SqliteLedger::open_or_create(&path).unwrap());
        // The system refuses to make any file larger than this: as on a full disk, in the middle of things.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(arguments())
            .env(TASK, &path)
            .output()
            .unwrap();
        let report = said(output);
        assert!(report.contains("\nfailed ") && report.contains("everything before is safe"), "{report}");
        let safe: Vec<_> = report.lines().filter_map(|line| line.strip_prefix("safe ")).collect();
        assert!(safe.len() > 3, "{report}");
        let mut ledger = SqliteLedger::open(&path).unwrap();
        assert_eq!(ledger.position().unwrap(), safe.len() as u64);
        for id in &safe {
            let said = stave_ledger::statement(&ledger, &id.parse().unwrap()).unwrap().unwrap();
            said.check().unwrap();
        }
        ledger.append(&[word(1, "ann", "room again")]).unwrap();
    }
}
