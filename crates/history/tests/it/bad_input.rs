//! What is missing, damaged or strange: the rest is read, and a sentence says what was done.

use stave_history::{HistoryError, Options, Quiet, read, tip};

use crate::world::{Directory, NOW, Repository, assert_equal, lines};

fn has_warning(warnings: &[String], part: &str) -> bool {
    warnings.iter().any(|warning| warning.contains(part))
}

#[test]
fn an_empty_repository_has_no_history() {
    let repository = Repository::new();
    assert_eq!(tip(&repository.path, None).unwrap(), None);
    assert_eq!(repository.read(&Options::whole("main", NOW)), None);
}

#[test]
fn a_folder_that_is_no_repository_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let found = read(folder.path(), &Options::whole("main", NOW), &Directory::default(), &Quiet);
    assert!(matches!(found, Err(HistoryError::Open { .. })));
}

#[test]
fn hashes_of_another_kind_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("git")
        .args(["init", "-q", "--object-format=sha256"])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(made.success());
    let error = read(folder.path(), &Options::whole("main", NOW), &Directory::default(), &Quiet).unwrap_err();
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
}

/// Ten commits, each with a file of its own.
fn ten() -> Repository {
    let repository = Repository::new();
    for number in 0..10 {
        repository.write(&format!("file{number}"), format!("{number}\n"));
        repository.commit("next");
    }
    repository
}

#[test]
fn a_shallow_clone_says_nothing_of_what_its_edge_changed() {
    let whole = ten();
    let clone = whole.clone(&["--depth=3"]);
    let history = clone.history();
    assert_eq!(history.commits.len(), 3);
    let changes: Vec<usize> = history.commits.iter().map(|commit| commit.changes.len()).collect();
    assert_eq!(changes, [0, 1, 1], "git shows ten added files at the edge");
    assert_eq!(history.commits[0].parents.len(), 1, "the parent is named all the same");
    assert!(history.head.is_shallow);
    assert!(tip(&clone.path, None).unwrap().unwrap().is_shallow);
    assert!(has_warning(&history.warnings, "this is a shallow clone"));
    clone.git(&["fetch", "-q", "--unshallow"]);
    assert_equal(&clone);
}

#[test]
fn without_contents_changed_renames_are_removals_and_additions() {
    let repository = Repository::new();
    let text: String = (0..50).map(|line| format!("line {line}\n")).collect();
    repository.write("a", &text);
    repository.write("same", "content that stays\n");
    repository.commit("first");
    repository.git(&["mv", "a", "b"]);
    repository.write("b", text + "more\n");
    repository.git(&["mv", "same", "moved"]);
    repository.commit("second");
    repository.git(&["rm", "-q", "b"]);
    repository.commit("third");
    let clone = repository.clone(&["--filter=blob:none", "--no-checkout"]);
    let history = clone.history();
    assert_eq!(history.coverage.missing_blobs, 2, "each content counts once");
    assert_eq!(history.head.missing_blobs, 2);
    assert!(has_warning(&history.warnings, "2 contents are not in this clone"));
    let kinds: Vec<String> = lines(&history.commits).into_iter().map(|line| line[41..].to_owned()).collect();
    assert_eq!(history.coverage.renames, 1, "{kinds:?}");
    for line in ["D a", "A b", "R moved from same"] {
        assert!(kinds.iter().any(|kind| kind == line), "{line}: {kinds:?}");
    }
}

#[test]
fn without_trees_commits_stand_without_changes() {
    let clone = ten().clone(&["--filter=tree:0", "--no-checkout"]);
    let history = clone.history();
    assert_eq!(history.commits.len(), 10);
    assert_eq!((history.coverage.changes, history.coverage.unread_changes), (0, 10));
    assert_eq!(history.head.unread_commits, 10);
    assert!(has_warning(&history.warnings, "folders in them are missing"));
    assert!(has_warning(&history.warnings, "the files of the last commit are not known"));
}

#[test]
fn a_missing_commit_cuts_off_only_what_lies_behind_it() {
    let repository = ten();
    let lost = repository.git(&["rev-parse", "HEAD~4"]);
    std::fs::remove_file(repository.loose(&lost)).unwrap();
    let history = repository.history();
    assert_eq!(history.commits.len(), 4);
    assert_eq!(history.coverage.unread_commits, 1);
    assert_eq!(history.coverage.unread_changes, 1, "its child has nothing to be compared with");
    assert!(has_warning(&history.warnings, "1 commit that others name could not be read"));
}

#[test]
fn damaged_objects_are_passed_over() {
    let repository = ten();
    let damage = |id: &str| {
        let path = repository.loose(id);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(path, b"no object").unwrap();
    };
    damage(&repository.git(&["rev-parse", "HEAD~4^{tree}"]));
    damage(&repository.git(&["rev-parse", "HEAD~8"]));
    let history = repository.history();
    assert_eq!(history.commits.len(), 8);
    assert_eq!(history.coverage.unread_changes, 3, "the commit, its child, and that of the lost commit");
    assert_eq!(history.coverage.unread_commits, 1);
    assert_eq!(history.coverage.changes, 5);
}

/// Puts damaged copies of a file in its place, one after the other, and reads the history with each; then half the file.
fn read_with_damaged(repository: &Repository, extension: &str) {
    let folder = repository.path.join(".git/objects/pack");
    let file = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|found| found == extension))
        .unwrap();
    let whole = std::fs::read(&file).unwrap();
    let write = |bytes: &[u8]| {
        // Git writes these files without leave to change them.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, bytes).unwrap();
    };
    let mut random = 1_u32;
    for _ in 0..40 {
        let mut bytes = whole.clone();
        for _ in 0..10 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = usize::try_from(random >> 8).unwrap() % bytes.len();
            bytes[at] ^= 0x55;
        }
        write(&bytes);
        assert!(repository.history().commits.len() <= 10);
    }
    write(&whole[..whole.len() / 2]);
    let history = repository.history();
    assert!(history.coverage.unread_commits + history.coverage.unread_changes > 0);
    assert!(!history.warnings.is_empty());
    write(&whole);
    assert_eq!(repository.history().commits.len(), 10);
}

#[test]
fn a_damaged_pack_is_counted_and_not_fatal() {
    let repository = ten();
    repository.git(&["repack", "-q", "-a", "-d"]);
    read_with_damaged(&repository, "pack");
}

#[test]
fn a_damaged_index_of_a_pack_is_counted_and_not_fatal() {
    let repository = ten();
    repository.git(&["repack", "-q", "-a", "-d"]);
    read_with_damaged(&repository, "idx");
}

#[test]
fn dates_in_1970_and_2100_stand_as_they_are() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    repository.commit_with("old", &["--date", "1970-01-02T00:00:00+0000"]);
    repository.write("a", "2\n");
    repository.commit_with("new", &["--date", "@4102444800 +0000"]);
    let history = repository.history();
    let dates: Vec<i64> = history.commits.iter().map(|commit| commit.authored).collect();
    assert_eq!(dates, [86_400, 4_102_444_800]);
    assert!(has_warning(&history.warnings, "dated before 1980: 1 commit;"));
    assert!(has_warning(&history.warnings, "dated in the future: 1 commit;"));
}

#[test]
fn of_a_message_of_ten_megabytes_the_beginning_and_the_end_are_read() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    let long = "a line of a very long message\n".repeat(10 * 1024 * 1024 / 30);
    repository.commit(&format!("Title\n\n{long}\nCo-authored-by: Bob <bob@example.com>\n"));
    let history = repository.history();
    assert_eq!(history.commits[0].co_authors.len(), 1);
    assert_eq!(history.coverage.long_messages, 1);
    assert!(has_warning(&history.warnings, "of 1 commit only the beginning and the end were read"));
}

#[test]
fn a_tag_that_leads_nowhere_is_mentioned() {
    let repository = ten();
    let blob = "0123456789abcdef0123456789abcdef01234567";
    std::fs::write(repository.path.join(".git/refs/tags/lost"), format!("{blob}\n")).unwrap();
    let history = repository.history();
    assert_eq!(history.head.tags, []);
    assert!(has_warning(&history.warnings, "1 tag leads to"));
}
