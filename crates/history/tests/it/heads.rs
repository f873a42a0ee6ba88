//! What is known of a branch as a whole.

use stave_history::Options;
use stave_model::records::FileClass;

use crate::world::{NOW, Repository};

#[test]
fn tags_lead_to_commits_with_their_times() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    let first = repository.commit("first");
    repository.git(&["tag", "light"]);
    repository.write("a", "2\n");
    let second = repository.commit("second");
    repository.git(&["tag", "-a", "v2", "-m", "two"]);
    repository.git(&["tag", "-a", "v2-again", "-m", "a tag of a tag", "v2"]);
    repository.git(&["tag", "of-a-file", "HEAD:a"]);
    let head = repository.history().head;
    let tags: Vec<(&str, _, i64, bool)> =
        head.tags.iter().map(|tag| (tag.name.as_str(), tag.commit, tag.at, tag.is_annotated)).collect();
    assert_eq!(
        tags,
        [
            ("light", first, 1_700_000_060, false),
            ("v2", second, 1_700_000_120, true),
            ("v2-again", second, 1_700_000_120, true),
        ]
    );
    repository.git(&["pack-refs", "--all"]);
    assert_eq!(repository.history().head, head);
}

#[test]
fn commits_that_only_tags_lead_to_are_read_where_asked_for() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    repository.commit("first");
    repository.git(&["switch", "-q", "-c", "maintenance"]);
    repository.write("fix", "1\n");
    repository.commit("fix");
    repository.git(&["tag", "v1.0.1"]);
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "maintenance"]);
    assert_eq!(repository.history().commits.len(), 2);
    let options = Options { with_tags: false, ..Options::whole("main", NOW) };
    assert_eq!(repository.read(&options).unwrap().commits.len(), 1);
}

#[test]
fn files_of_the_tip_have_a_size_and_a_class() {
    use FileClass::{Binary, Documentation, Generated, Source, Test, Vendored};
    let repository = Repository::new();
    repository.write("src/main.rs", "fn main() {}\n");
    repository.write("src/made.rs", "x\n");
    repository.write("tests/it.rs", "\n");
    repository.write("README.md", "# x\n");
    repository.write("vendor/x/y.go", "package x\n");
    repository.write("vendor/own/y.go", "package y\n");
    repository.write("logo.png", "x");
    repository.write(".gitattributes", "src/made.rs linguist-generated\n");
    repository.write("vendor/.gitattributes", "own/** -linguist-vendored\n");
    repository.commit("first");
    repository.git(&["repack", "-q", "-a", "-d"]);
    let files = repository.history().files;
    let rows: Vec<(&str, u64, FileClass)> =
        files.iter().map(|file| (file.path.as_str(), file.bytes, file.class)).collect();
    assert_eq!(
        rows,
        [
            (".gitattributes", 31, Source),
            ("README.md", 4, Documentation),
            ("logo.png", 1, Binary),
            ("src/made.rs", 2, Generated),
            ("src/main.rs", 13, Source),
            ("tests/it.rs", 1, Test),
            ("vendor/.gitattributes", 26, Vendored),
            ("vendor/own/y.go", 10, Source),
            ("vendor/x/y.go", 10, Vendored),
        ]
    );
}

#[test]
fn an_earlier_commit_can_be_the_tip() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    let first = repository.commit("first");
    repository.write("b", "1\n");
    repository.commit("second");
    let options = Options { commit: Some(first), ..Options::whole("main", NOW) };
    let history = repository.read(&options).unwrap();
    assert_eq!((history.commits.len(), history.files.len(), history.head.tip), (1, 1, first));
}
