//! Every change is the one that `git log --raw -M` shows.

use proptest::prelude::*;
use stave_history::Options;
use stave_model::records::CommitId;

use crate::world::{NOW, Repository, assert_equal};

/// Numbered lines of text.
fn text(name: &str, lines: std::ops::Range<u32>) -> String {
    lines.map(|line| format!("{name}: this is line {line}\n")).collect()
}

#[test]
fn adding_changing_and_removing() {
    let repository = Repository::new();
    repository.write("a.txt", "1\n");
    repository.write("folder/deep/b.txt", "2\n");
    repository.write("folder.txt", "3\n");
    repository.commit("first");
    repository.write("a.txt", "4\n");
    std::fs::remove_file(repository.path.join("folder/deep/b.txt")).unwrap();
    repository.write("folder/ümläut 1.txt", "5\n");
    repository.commit("second");
    let history = assert_equal(&repository);
    assert_eq!(history.coverage.commits, 2);
    assert_eq!(history.coverage.changes, 6);
    assert_eq!(history.warnings, Vec::<String>::new());
}

#[test]
fn a_file_in_the_place_of_a_folder_a_link_and_a_mode() {
    let repository = Repository::new();
    repository.write("x/one", "1\n");
    repository.write("y", "2\n");
    repository.write("script", "#!/bin/sh\n");
    repository.commit("first");
    std::fs::remove_dir_all(repository.path.join("x")).unwrap();
    repository.write("x", "a file\n");
    std::fs::remove_file(repository.path.join("y")).unwrap();
    repository.write("y/two", "another\n");
    repository.git(&["update-index", "--chmod=+x", "script"]);
    repository.commit_with("second", &[]);
    std::fs::remove_file(repository.path.join("x")).unwrap();
    std::os::unix::fs::symlink("script", repository.path.join("x")).unwrap();
    repository.commit("third");
    assert_equal(&repository);
}

#[test]
fn renames_with_and_without_changes() {
    let repository = Repository::new();
    for name in ["a", "b", "c", "d"] {
        repository.write(&format!("old/{name}.txt"), text(name, 0..40));
    }
    repository.write("empty", "");
    repository.write("link-target", "x");
    std::os::unix::fs::symlink("link-target", repository.path.join("link")).unwrap();
    repository.commit("first");
    repository.git(&["mv", "old/a.txt", "elsewhere.txt"]);
    repository.git(&["mv", "old/b.txt", "b.txt"]);
    repository.write("b.txt", text("b", 10..40));
    repository.git(&["mv", "old/c.txt", "old/changed.txt"]);
    repository.write("old/changed.txt", text("c", 19..40));
    repository.git(&["mv", "old/d.txt", "rewritten.txt"]);
    repository.write("rewritten.txt", text("other", 0..40));
    repository.git(&["mv", "empty", "still-empty"]);
    repository.git(&["mv", "link", "other-link"]);
    repository.commit("second");
    let history = assert_equal(&repository);
    assert_eq!(history.coverage.renames, 5);
}

#[test]
fn of_files_with_equal_content_the_one_of_the_same_name_goes_first() {
    let repository = Repository::new();
    for folder in ["one", "two", "three"] {
        repository.write(&format!("{folder}/Makefile"), "all:\n\techo\n");
        repository.write(&format!("{folder}/{folder}.mk"), "all:\n\techo\n");
    }
    repository.commit("first");
    for folder in ["one", "two", "three"] {
        repository.git(&["mv", &format!("{folder}/Makefile"), &format!("{folder}.mk")]);
        std::fs::remove_file(repository.path.join(format!("{folder}/{folder}.mk"))).unwrap();
    }
    repository.write("z/Makefile", "all:\n\techo\n");
    repository.commit("second");
    assert_equal(&repository);
}

#[test]
fn line_ends_and_a_last_line_without_one() {
    let repository = Repository::new();
    repository.write("a", text("a", 0..20).replace('\n', "\r\n"));
    repository.write("b", text("b", 0..20).trim_end());
    repository.write("c", [b"\0".as_slice(), text("c", 0..20).replace('\n', "\r\n").as_bytes()].concat());
    repository.write("d", "x".repeat(5000));
    repository.commit("first");
    for (from, to, content) in [
        ("a", "a2", text("a", 0..20)),
        ("b", "b2", text("b", 5..20)),
        ("c", "c2", text("c", 0..20)),
        ("d", "d2", "x".repeat(4500) + &"y".repeat(500)),
    ] {
        std::fs::remove_file(repository.path.join(from)).unwrap();
        repository.write(to, content);
    }
    repository.commit("second");
    assert_equal(&repository);
}

#[test]
fn merges_have_no_changes_and_both_sides_are_read() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    repository.commit("first");
    repository.git(&["switch", "-q", "-c", "side"]);
    repository.write("b", "2\n");
    repository.commit("side");
    repository.git(&["switch", "-q", "main"]);
    repository.write("c", "3\n");
    repository.commit("main");
    repository.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let history = assert_equal(&repository);
    assert_eq!((history.coverage.commits, history.coverage.merges), (4, 1));
    let merge = history.commits.last().unwrap();
    assert_eq!((merge.parents.len(), merge.changes.len()), (2, 0));
    let place = |id: &CommitId| history.commits.iter().position(|commit| commit.id == *id).unwrap();
    for commit in &history.commits {
        assert!(commit.parents.iter().all(|parent| place(parent) < place(&commit.id)), "parents come first");
    }
}

#[test]
fn packed_and_loose_objects_read_the_same() {
    let repository = Repository::new();
    for number in 0..30_u32 {
        repository.write(&format!("folder/{}", number % 7), text("x", 0..number));
        repository.write(&format!("n{number}"), text("n", 0..number));
        repository.commit("next");
    }
    let loose = assert_equal(&repository);
    repository.git(&["repack", "-q", "-a", "-d", "-f", "--depth=50"]);
    assert_eq!(assert_equal(&repository), loose);
    let clone = repository.clone(&["--bare"]);
    assert_eq!(clone.history().commits, loose.commits, "a bare clone");
    let borrowed = repository.clone(&["--shared", "--no-checkout"]);
    assert_eq!(borrowed.history().commits, loose.commits, "a clone that borrows objects");
}

#[test]
fn what_git_replace_put_in_place_is_what_counts() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    repository.commit("first");
    repository.write("a", "2\n");
    repository.write("b", "2\n");
    let second = repository.commit("second").to_string();
    repository.write("c", "3\n");
    repository.commit("third");
    let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let other = repository.git(&["commit-tree", &tree, "-p", "HEAD~2", "-m", "other"]);
    repository.git(&["replace", &second, &other]);
    let words = ["log", "--raw", "--format=", "--no-abbrev"];
    assert_eq!(repository.git(&words).lines().count() as u64, repository.history().coverage.changes);
}

#[test]
fn new_commits_alone_are_read_and_together_give_the_whole() {
    let repository = Repository::new();
    for number in 0..5 {
        repository.write(&format!("file{number}"), format!("{number}\n"));
        repository.commit("early");
    }
    let before = repository.history();
    repository.git(&["mv", "file1", "renamed"]);
    repository.commit("late");
    repository.git(&["switch", "-q", "-c", "side", "HEAD~3"]);
    repository.write("side", "1\n");
    repository.commit("side");
    repository.git(&["tag", "v1"]);
    repository.git(&["switch", "-q", "main"]);
    let known: Vec<CommitId> = before.commits.iter().map(|commit| commit.id).collect();
    let is_known = |id: &CommitId| known.contains(id);
    let after = repository.read(&Options { known: &is_known, ..Options::whole("main", NOW) }).unwrap();
    assert_eq!(after.commits.len(), 2);
    let whole = repository.history();
    let mut united = before.commits;
    united.extend(after.commits);
    let mut all = whole.commits;
    united.sort_by_key(|commit| commit.id);
    all.sort_by_key(|commit| commit.id);
    assert_eq!(united, all);
    assert_eq!((after.head, after.files), (whole.head, whole.files));
}

/// One step in a random story: what happens to a file.
#[derive(Clone, Debug)]
enum Step {
    Write { file: u8, from: u8, length: u8 },
    Move { file: u8, to: u8, cut: u8 },
    Remove { file: u8 },
    Commit,
}

fn path(number: u8) -> String {
    let folders = ["", "a/", "a/b/", "a.b/"];
    let names = ["x", "y", "z.txt"];
    let number = usize::from(number);
    format!("{}{}", folders[number / names.len() % folders.len()], names[number % names.len()])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..12_u8, 0..40_u8, 0..40_u8).prop_map(|(file, from, length)| Step::Write { file, from, length }),
        4 => (0..12_u8, 0..12_u8, 0..30_u8).prop_map(|(file, to, cut)| Step::Move { file, to, cut }),
        1 => (0..12_u8).prop_map(|file| Step::Remove { file }),
        2 => Just(Step::Commit),
    ];
    proptest::collection::vec(step, 20..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn random_stories_read_as_git_reads_them(steps in steps()) {
        let repository = Repository::new();
        for step in steps {
            match step {
                Step::Write { file, from, length } => {
                    repository.write(&path(file), text("t", u32::from(from)..u32::from(from + length)));
                }
                Step::Move { file, to, cut } => {
                    let from = repository.path.join(path(file));
                    let Ok(content) = std::fs::read_to_string(&from) else { continue };
                    std::fs::remove_file(&from).unwrap();
                    let kept: String = content.split_inclusive('\n').skip(usize::from(cut)).collect();
                    repository.write(&path(to), kept);
                }
                Step::Remove { file } => drop(std::fs::remove_file(repository.path.join(path(file)))),
                Step::Commit => drop(repository.commit("step")),
            }
        }
        repository.commit("last");
        assert_equal(&repository);
    }
}
