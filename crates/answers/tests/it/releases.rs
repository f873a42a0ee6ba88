//! From a commit to the first release that contains it: traps on repositories made by real git, and random histories
//! against a search by brute force.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use stave_answers::flow::releases::{CommitGraph, Release, TagSeen, first_reached, first_releases, in_order};
use stave_answers::flow::versions::Stage;
use stave_answers::statistics::Random;

/// A repository whose commits and tags are made at given minutes of a day.
struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    fn new() -> Repository {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        repository.git(0, &["init", "-q", "-b", "main"]);
        repository
    }

    fn git(&self, minute: u32, arguments: &[&str]) -> String {
        let time = format!("2026-11-20T{:02}:{:02}:00Z", minute / 60, minute % 60);
        git(self.folder.path(), &time, arguments)
    }

    /// A commit with a message of its own, by which tests name it.
    fn commit(&self, minute: u32, message: &str) {
        std::fs::write(self.folder.path().join(message), message).unwrap();
        self.git(minute, &["add", "--all"]);
        self.git(minute, &["commit", "-q", "-m", message]);
    }

    fn tag(&self, minute: u32, name: &str) {
        self.git(minute, &["tag", "-a", "-m", name, name]);
    }

    /// The first final release of each commit, by its message; `-` where there is none. Each is checked against
    /// `git tag --contains`.
    fn first_releases(&self) -> BTreeMap<String, String> {
        let log = self.git(0, &["log", "--all", "--topo-order", "--reverse", "--format=%H\t%P\t%s"]);
        let rows: Vec<Vec<&str>> = log.lines().map(|line| line.split('\t').collect()).collect();
        let ids: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        let parents: Vec<Vec<&str>> = rows.iter().map(|row| row[1].split_whitespace().collect()).collect();
        let graph = CommitGraph::new(ids.iter().zip(parents.iter().map(Vec::as_slice)));
        let tags = self.git(
            0,
            &[
                "for-each-ref",
                "refs/tags",
                "--format=%(refname:strip=2)\t%(creatordate:unix)\t%(objectname)\t%(*objectname)",
            ],
        );
        let tags: Vec<TagSeen<'_>> = tags
            .lines()
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                let id = if fields[3].is_empty() { fields[2] } else { fields[3] };
                let commit = ids.iter().position(|known| *known == id).unwrap() as u32;
                TagSeen { name: fields[0], commit, at: fields[1].parse().unwrap() }
            })
            .collect();
        let releases = finals(&tags);
        let first = first_releases(&graph, &releases);
        rows.iter()
            .zip(&first)
            .map(|(row, first)| {
                let containing = self.git(0, &["tag", "--contains", row[0]]);
                let containing: Vec<&str> = containing.lines().collect();
                let expected = releases
                    .iter()
                    .position(|release| release.names.iter().any(|name| containing.contains(&name.as_str())));
                assert_eq!(first.map(|place| place as usize), expected, "{}", row[2]);
                let name = first.map_or("-", |place| releases[place as usize].name());
                (row[2].to_owned(), name.to_owned())
            })
            .collect()
    }

    fn check(&self, expected: &[(&str, &str)]) {
        let expected: BTreeMap<String, String> =
            expected.iter().map(|(commit, release)| ((*commit).to_owned(), (*release).to_owned())).collect();
        assert_eq!(self.first_releases(), expected);
    }
}

fn git(folder: &Path, time: &str, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", time)
        .env("GIT_COMMITTER_DATE", time)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn finals(tags: &[TagSeen<'_>]) -> Vec<Release> {
    let mut releases = in_order("shop", tags);
    releases.retain(|release| release.version.stage == Stage::Final);
    releases
}

#[test]
fn two_tags_on_one_commit_are_one_release() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.tag(2, "v1.0.0");
    repository.tag(3, "v1.0");
    repository.commit(4, "b");
    repository.tag(5, "v1.0.1");
    // The name is the higher version's: 1.0.0 has a number more than 1.0.
    repository.check(&[("a", "v1.0.0"), ("b", "v1.0.1")]);
}

#[test]
fn versions_of_the_repository_s_own_name_are_no_series() {
    let seen = |name| TagSeen { name, commit: 0, at: 1 };
    let releases = in_order("shop", &[seen("shop-1.0.0"), seen("1.0.0"), seen("till-1.0.0")]);
    let names: Vec<&[String]> = releases.iter().map(|release| &release.names[..]).collect();
    assert_eq!(names, [&["1.0.0".to_owned(), "shop-1.0.0".to_owned()][..], &["till-1.0.0".to_owned()]]);
}

#[test]
fn lightweight_tags_have_the_time_of_their_commit() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.commit(10, "b");
    repository.git(50, &["tag", "v2.0"]);
    // Tagged later, with a time of its own between the two.
    repository.git(20, &["tag", "-a", "-m", "late", "v1.0", "HEAD~1"]);
    // Both contain a; the lightweight tag's time is that of b, minute 10.
    repository.check(&[("a", "v2.0"), ("b", "v2.0")]);
}

#[test]
fn maintenance_branches_release_their_own_commits() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.tag(2, "v1.0.0");
    repository.git(3, &["checkout", "-q", "-b", "v1"]);
    repository.git(3, &["checkout", "-q", "main"]);
    repository.commit(4, "new");
    repository.tag(5, "v2.0.0");
    repository.git(6, &["checkout", "-q", "v1"]);
    repository.commit(7, "fix");
    repository.tag(8, "v1.0.1");
    repository.git(9, &["checkout", "-q", "main"]);
    repository.git(9, &["merge", "-q", "--no-ff", "-m", "merge", "v1"]);
    repository.tag(10, "v2.0.1");
    repository.check(&[("a", "v1.0.0"), ("new", "v2.0.0"), ("fix", "v1.0.1"), ("merge", "v2.0.1")]);
}

#[test]
fn imported_histories_are_released_with_the_merge_and_marked() {
    let other = Repository::new();
    other.commit(1, "old");
    other.commit(2, "older-but-later");
    let repository = Repository::new();
    repository.commit(3, "a");
    repository.tag(4, "v1.0");
    let from = other.folder.path().to_str().unwrap();
    repository.git(5, &["fetch", "-q", from, "main"]);
    repository.git(5, &["merge", "-q", "--allow-unrelated-histories", "-m", "import", "FETCH_HEAD"]);
    repository.tag(6, "v1.1");
    repository.check(&[("a", "v1.0"), ("old", "v1.1"), ("older-but-later", "v1.1"), ("import", "v1.1")]);
    // a; old, later; import.
    let parents: [&[u32]; 4] = [&[], &[], &[1], &[0, 2]];
    let graph = CommitGraph::new([0, 1, 2, 3].iter().zip(parents));
    assert_eq!(graph.imported(3), [false, true, true, false]);
}

#[test]
fn candidates_are_no_releases() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.tag(2, "v1.0.0-rc.1");
    repository.commit(3, "b");
    repository.tag(4, "v1.0.0-rc.2");
    repository.tag(5, "v1.0.0");
    repository.check(&[("a", "v1.0.0"), ("b", "v1.0.0")]);
}

#[test]
fn a_skewed_clock_of_commits_does_not_hide_a_parent() {
    let repository = Repository::new();
    repository.commit(600, "from-the-future");
    repository.commit(5, "b");
    repository.tag(6, "v1.0");
    repository.commit(7, "c");
    repository.tag(8, "v1.1");
    repository.check(&[("from-the-future", "v1.0"), ("b", "v1.0"), ("c", "v1.1")]);
}

#[test]
fn a_skewed_clock_of_tags_is_taken_at_its_word() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.tag(500, "v1.0");
    repository.commit(2, "b");
    repository.tag(3, "v1.1");
    // By their times 1.1 was there first, and it contains both.
    repository.check(&[("a", "v1.1"), ("b", "v1.1")]);
}

#[test]
fn equal_times_go_to_the_contained_release() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.tag(9, "v2.0");
    repository.commit(2, "b");
    repository.tag(9, "v1.0");
    repository.check(&[("a", "v2.0"), ("b", "v1.0")]);
}

#[test]
fn squashed_and_rebased_commits_count_as_what_was_released() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.git(2, &["checkout", "-q", "-b", "topic"]);
    repository.commit(3, "one");
    repository.commit(4, "two");
    repository.git(5, &["checkout", "-q", "main"]);
    repository.commit(5, "between");
    repository.git(6, &["merge", "-q", "--squash", "topic"]);
    repository.git(6, &["commit", "-q", "-m", "squashed"]);
    repository.tag(7, "v1.0");
    repository.git(8, &["checkout", "-q", "-b", "other", "main~1"]);
    repository.commit(8, "three");
    repository.git(9, &["rebase", "-q", "main"]);
    repository.git(9, &["checkout", "-q", "main"]);
    repository.git(9, &["merge", "-q", "--ff-only", "other"]);
    repository.tag(10, "v1.1");
    // The topic's own commits are in no release: their content is, as another commit.
    repository.check(&[
        ("a", "v1.0"),
        ("one", "-"),
        ("two", "-"),
        ("between", "v1.0"),
        ("squashed", "v1.0"),
        ("three", "v1.1"),
    ]);
}

#[test]
fn histories_without_tags_or_commits_have_no_releases() {
    let repository = Repository::new();
    repository.commit(1, "a");
    repository.check(&[("a", "-")]);
    let nothing = CommitGraph::new(std::iter::empty::<(&u32, &[u32])>());
    assert!(nothing.is_empty());
    assert_eq!(first_releases(&nothing, &[]), []);
    assert_eq!(nothing.imported(0), [false; 0]);
}

#[test]
fn a_shallow_history_counts_what_is_missing() {
    let parents: [&[u32]; 2] = [&[7], &[1, 8]];
    let graph = CommitGraph::new([1, 2].iter().zip(parents));
    assert_eq!(graph.missing_parents(), 2);
    assert_eq!(graph.imported(1), [false, false]);
    let releases = in_order("", &[TagSeen { name: "v1.0", commit: 1, at: 0 }]);
    assert_eq!(first_releases(&graph, &releases), [Some(0), Some(0)]);
    // A tag that leads nowhere is no reason to fail.
    assert_eq!(
        first_releases(&graph, &in_order("", &[TagSeen { name: "v1.0", commit: 9, at: 0 }])),
        [None, None]
    );
}

/// Whether `to` is reached from `from`, by trying everything.
fn reaches(graph: &CommitGraph, from: u32, to: u32, seen: &mut Vec<bool>) -> bool {
    if from == to {
        return true;
    }
    if std::mem::replace(&mut seen[from as usize], true) {
        return false;
    }
    graph.parents(from).iter().any(|parent| reaches(graph, *parent, to, seen))
}

#[test]
fn two_hundred_random_histories_agree_with_brute_force() {
    let mut random = Random::new(20_261_124);
    let mut releases_seen = 0;
    for history in 0..200 {
        let count = 1 + random.below(80);
        let ids: Vec<usize> = (0..count).collect();
        let parents: Vec<Vec<usize>> = (0..count)
            .map(|child| {
                // One in ten begins a history of its own; every fourth is a merge of up to five.
                let many = match random.below(20) {
                    0 | 1 => 0,
                    2..7 => 2 + random.below(4),
                    _ => 1,
                };
                // Mostly near, so that long lines come about.
                (0..many.min(child)).map(|_| child - 1 - random.below(child.min(6))).collect()
            })
            .collect();
        let graph = CommitGraph::new(ids.iter().zip(parents.iter().map(Vec::as_slice)));
        let names: Vec<String> = (0..random.below(20))
            .map(|number| {
                let suffix = ["", "", "", "-rc.1"][random.below(4)];
                format!("v{}.{}{suffix}", random.below(3), number / 2)
            })
            .collect();
        let tags: Vec<TagSeen<'_>> = names
            .iter()
            // Few times, so that many are equal.
            .map(|name| TagSeen { name, commit: random.below(count) as u32, at: random.below(12) as i64 })
            .collect();
        let releases = finals(&tags);
        releases_seen += releases.len();
        let first = first_releases(&graph, &releases);
        for commit in 0..count as u32 {
            let expected = releases
                .iter()
                .enumerate()
                .filter(|(_, release)| reaches(&graph, release.commit, commit, &mut vec![false; count]))
                .min_by_key(|(_, release)| {
                    (release.at, release.commit, release.version.clone(), release.names.clone())
                })
                .map(|(place, _)| place as u32);
            assert_eq!(first[commit as usize], expected, "history {history}, commit {commit}");
        }
    }
    assert!(releases_seen > 500, "{releases_seen}");
}

proptest::proptest! {
    /// Git has no circles, but what says to be a history may.
    #[test]
    fn a_history_that_is_none_ends_too(
        parents in proptest::collection::vec(proptest::collection::vec(0_u32..12, 0..4), 0..10),
        tip in 0_u32..12,
    ) {
        let ids: Vec<u32> = (0..parents.len() as u32).collect();
        let graph = CommitGraph::new(ids.iter().zip(parents.iter().map(Vec::as_slice)));
        proptest::prop_assert_eq!(graph.imported(tip).len(), parents.len());
        proptest::prop_assert!(graph.main_line(tip).len() <= parents.len());
        let first = first_reached(&graph, [tip]);
        if let Some(found) = first.get(tip as usize) {
            proptest::prop_assert_eq!(*found, Some(0));
        }
    }
}
