//! Identity, branches, commits and uncommitted work, with real git.

use std::path::PathBuf;

use stave_collect::{Quiet, Receiver, ScanError, TreeScan, repository_of_url, scan, scan_for};

use crate::support::{Directory, Folder, NOW, claims, git, options, pieces, set, write};

const COMPOSE: &str = "services:\n  web:\n    image: acme/web\n";

fn scan_with(folders: &[PathBuf], change: impl FnOnce(&mut stave_collect::Options)) -> Vec<TreeScan> {
    let mut options = options();
    change(&mut options);
    scan(folders, &options, &Directory, &Quiet).unwrap().trees
}

#[test]
fn urls_of_every_form_name_one_repository() {
    for url in [
        "https://Host.example/Org/Repo.git",
        "https://me:token@host.example:8443/org/repo",
        "ssh://git@host.example:2222/org/repo.git",
        "git@host.example:org/repo.git",
        "host.example:org/repo/",
        "git@[host.example]:org/repo",
        "[git@host.example:2222]:org/repo.git",
        "[host.example:2222]:org/repo.git",
        "git://host.example//org/repo.git/",
        "https://host.example/org/repo?x=1#y",
        "https://host.example/org/repo/.git",
        "https://host.example/org/repo.git/..git",
    ] {
        assert_eq!(repository_of_url(url).as_deref(), Some("host.example/org/repo"), "{url}");
    }
    for url in [
        "/srv/git/repo.git",
        "../repo",
        "file:///srv/repo",
        "C:\\repo",
        "",
        "https://host.example/",
        "https://host.example/.git",
        "a/b:c",
        "a/b@[c]:d",
        "[c:d",
        "c]:d",
    ] {
        assert_eq!(repository_of_url(url), None, "{url}");
    }
    for url in
        ["ssh://git@[2001:db8::1]:22/org/repo", "git@[2001:db8::1]:org/repo.git", "[2001:db8::1]:org/repo"]
    {
        assert_eq!(repository_of_url(url).as_deref(), Some("2001:db8::1/org/repo"), "{url}");
    }
    assert_eq!(repository_of_url("c:d@[e]:f").as_deref(), None);
    assert_eq!(repository_of_url("cc:d@[e]:f").as_deref(), Some("cc/d%40[e]:f"));
}

#[test]
fn a_query_without_a_path_is_no_part_of_a_host() {
    for url in ["https://host.example?token=a/b", "ssh://#%22/shop/web.git", "a#b:org/repo", "a?b:org/repo"] {
        assert_eq!(repository_of_url(url), None, "{url}");
    }
}

#[test]
fn origin_names_the_repository_and_its_default_branch() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "git@Host.example:Acme/Shop.git"]);
    let commit = folder.git(&["rev-parse", "HEAD"]);
    let tree = folder.tree();
    assert_eq!(tree.scope.as_str(), "repo:host.example/acme/shop@main");
    assert_eq!(tree.source.id.as_deref(), Some(commit.as_str()));
    assert_eq!(
        tree.source.at.unwrap().millis() / 1000,
        folder.git(&["log", "-1", "--format=%ct"]).parse::<i64>().unwrap()
    );
    assert!(!tree.is_work && tree.is_git && tree.unread.is_empty() && tree.warnings.is_empty());
    let default = |tree: &TreeScan| {
        claims(tree).iter().find(|claim| claim.kind == "default_branch").and_then(|claim| claim.value.clone())
    };
    assert_eq!(default(&tree), None);
    folder.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    folder.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    assert_eq!(default(&folder.tree()), Some("trunk".into()));
}

#[test]
fn without_origin_the_root_commit_names_it_wherever_it_is_cloned_to() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder.commit_all();
    let root = folder.git(&["rev-parse", "HEAD"]);
    folder.write("b.txt", b"b");
    folder.commit_all();
    assert_eq!(folder.tree().repository, format!("-/shop-{}", &root[..8]));
    folder.write("stave.toml", b"name = \"My Shop\"\n");
    folder.commit_all();
    assert_eq!(folder.tree().repository, "-/my-shop");
    // A name is never a host.
    folder.write("stave.toml", b"name = \"host.example/acme/x\"\n");
    assert_eq!(folder.tree().repository, "-/host.example-acme-x");
}

#[test]
fn a_folder_without_git_is_no_work_and_says_that_its_name_is_local() {
    let folder = Folder::new(&[
        ("compose.yaml", COMPOSE),
        (".gitignore", "skip/\n"),
        ("skip/compose.yaml", "services: {x: {image: x}}"),
    ]);
    let tree = folder.tree();
    assert_eq!(tree.scope.as_str(), "repo:-/shop-local@-");
    assert!(!tree.is_work && !tree.is_git);
    assert_eq!(tree.source.at.unwrap().to_string(), NOW);
    assert_eq!(tree.source.id, None);
    assert_eq!(tree.warnings.len(), 1, "{:?}", tree.warnings);
    assert_eq!(pieces(&tree), set(&["web: service"]));
}

#[test]
fn detached_checkouts_are_named_by_flag_remote_branch_or_not_at_all() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder.commit_all();
    folder.git(&["remote", "add", "origin", "https://host.example/a/b"]);
    folder.git(&["checkout", "-q", "--detach"]);
    assert_eq!(folder.tree().branch, "detached");
    folder.git(&["update-ref", "refs/remotes/origin/release/1", "HEAD"]);
    assert_eq!(folder.tree().scope.as_str(), "repo:host.example/a/b@release/1");
    folder.git(&["update-ref", "refs/remotes/origin/other", "HEAD"]);
    assert_eq!(folder.tree().branch, "detached");
    let trees =
        scan_with(std::slice::from_ref(&folder.path), |options| options.branch = Some("given".to_owned()));
    assert_eq!(trees[0].branch, "given");
    folder.git(&["checkout", "-q", "-b", "feature/x"]);
    let trees =
        scan_with(std::slice::from_ref(&folder.path), |options| options.branch = Some("given".to_owned()));
    assert_eq!(trees[0].branch, "feature/x");
}

#[test]
fn what_is_uncommitted_makes_it_work() {
    let start = || {
        let folder = Folder::new(&[
            ("compose.yaml", COMPOSE),
            ("a.txt", "a"),
            (".gitignore", "*.log\n"),
            ("kept.log", "k"),
        ]);
        folder.commit_all();
        assert!(!folder.tree().is_work);
        folder
    };
    let folder = start();
    folder.write("x.log", b"ignored");
    folder.write(".stave/ledger", b"own");
    assert!(!folder.tree().is_work, "ignored files and Stave's own are no work");
    folder.write("new.txt", b"n");
    assert!(folder.tree().is_work, "an untracked file");
    let folder = start();
    std::fs::remove_file(folder.path.join("a.txt")).unwrap();
    assert!(folder.tree().is_work, "a deleted file");
    let folder = start();
    folder.write("a.txt", b"b");
    assert!(folder.tree().is_work, "a changed file of the same size");
    let folder = start();
    folder.write("a.txt", b"a");
    assert!(!folder.tree().is_work, "written again with the same content");
    let folder = start();
    folder.write("a.txt", b"b");
    folder.git(&["add", "a.txt"]);
    assert!(folder.tree().is_work, "staged");
    let folder = start();
    folder.write("kept.log", b"changed");
    assert!(folder.tree().is_work, "a tracked file that is ignored");
    let commit = folder.git(&["rev-parse", "HEAD"]);
    let tree = folder.tree();
    assert!(tree.scope.is_work());
    assert_eq!(tree.source.id.unwrap(), format!("{commit}+work"));
    assert_eq!(tree.source.at.unwrap().to_string(), NOW);
}

#[test]
fn a_commit_can_be_read_instead_of_the_work_tree() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder.commit_all();
    folder.write("compose.yaml", b"services: {other: {image: acme/other}}\n");
    assert_eq!(pieces(&folder.tree()), set(&["other: service"]));
    let trees = scan_with(std::slice::from_ref(&folder.path), |options| options.from_commit = true);
    assert_eq!(pieces(&trees[0]), set(&["web: service"]));
    assert!(!trees[0].is_work);
}

#[test]
fn a_bare_repository_is_read_from_its_commit() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder.commit_all();
    let bare = folder.path.parent().unwrap().join("estate/shop.git");
    git(&folder.path, &["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    for folder in [bare.clone(), bare.parent().unwrap().to_path_buf()] {
        let trees = scan_with(&[folder], |_| {});
        assert_eq!(trees.len(), 1);
        assert_eq!(pieces(&trees[0]), set(&["web: service"]));
        assert_eq!(trees[0].branch, "main");
    }
}

#[test]
fn a_linked_work_tree_is_the_same_repository() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder.commit_all();
    let other = folder.path.parent().unwrap().join("elsewhere");
    folder.git(&["worktree", "add", "-q", "-b", "side", other.to_str().unwrap()]);
    let trees = scan_with(&[other], |_| {});
    assert_eq!(trees[0].repository, folder.tree().repository);
    assert_eq!(trees[0].branch, "side");
    assert!(!trees[0].is_work);
}

#[test]
fn repositories_side_by_side_and_inside_each_other() {
    let folder = Folder::new(&[
        ("a/compose.yaml", COMPOSE),
        ("b/compose.yaml", COMPOSE),
        ("b/inner/compose.yaml", COMPOSE),
    ]);
    for inner in ["b/inner", "a", "b"] {
        let path = folder.path.join(inner);
        git(&path, &["init", "-q", "-b", "main"]);
        git(&path, &["remote", "add", "origin", &format!("https://host.example/x/{inner}")]);
        if inner == "b" {
            write(&path, ".git/info/exclude", b"inner/\n");
            std::fs::remove_file(path.join(".git/info/exclude")).unwrap();
        }
        git(&path, &["add", "compose.yaml"]);
        git(&path, &["commit", "-q", "-m", "x"]);
    }
    let names =
        |trees: &[TreeScan]| -> Vec<String> { trees.iter().map(|tree| tree.scope.to_string()).collect() };
    let trees = folder.scan().trees;
    assert_eq!(
        names(&trees),
        ["repo:host.example/x/a@main", "repo:host.example/x/b@main", "repo:host.example/x/b/inner@main"]
    );
    assert!(trees.iter().all(|tree| tree.files_walked == 1));
    // The same, whatever is pointed at and in whatever order.
    let again = scan_with(&[folder.path.join("b/inner"), folder.path.clone(), folder.path.join("a")], |_| {});
    assert_eq!(names(&again), names(&trees));
    // Loose files between repositories are a tree of their own, if a reader wants any.
    folder.write("note.txt", b"x");
    assert_eq!(folder.scan().trees.len(), 3);
    folder.write("compose.yaml", COMPOSE.as_bytes());
    assert_eq!(folder.scan().trees.len(), 4);
}

/// Takes trees and, after each, removes the next repository's file: who reads it all the same read ahead.
struct Remover {
    next: Vec<PathBuf>,
    taken: Vec<TreeScan>,
    most: usize,
}

impl Receiver for Remover {
    type Error = ScanError;

    fn take(&mut self, tree: TreeScan) -> Result<(), ScanError> {
        self.taken.push(tree);
        if let Some(file) = self.next.pop() {
            std::fs::remove_file(file).unwrap();
        }
        if self.taken.len() < self.most { Ok(()) } else { Err(ScanError::NoFolder(PathBuf::from("enough"))) }
    }
}

#[test]
fn a_tree_is_taken_before_the_next_is_read_and_whoever_has_enough_ends_the_scan() {
    let folder = Folder::new(&[]);
    for name in ["a", "b", "c", "d"] {
        let path = folder.path.join(name);
        write(&path, "compose.yaml", COMPOSE.as_bytes());
        git(&path, &["init", "-q"]);
    }
    let next = vec![folder.path.join("b/compose.yaml")];
    let mut remover = Remover { next, taken: Vec::new(), most: 3 };
    let folders = std::slice::from_ref(&folder.path);
    let error = scan_for(&mut remover, folders, &options(), &Directory, &Quiet).unwrap_err();
    assert!(error.to_string().starts_with("enough"), "{error}");
    let pieces: Vec<usize> = remover.taken.iter().map(|tree| pieces(tree).len()).collect();
    assert_eq!(pieces, [1, 0, 1]);
    let unread: Vec<&str> = remover.taken[1].warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert!(unread.contains(&"compose.yaml"), "{unread:?}");
}

#[test]
fn a_folder_inside_a_repository_leaves_the_rest_unread() {
    let folder =
        Folder::new(&[("deploy/compose.yaml", COMPOSE), ("compose.yaml", "services: {other: {image: x}}\n")]);
    folder.commit_all();
    folder.write("compose.yaml", b"changed, but outside");
    let trees = scan_with(&[folder.path.join("deploy")], |_| {});
    assert_eq!(trees[0].repository, folder.tree().repository);
    assert_eq!(trees[0].unread, ["!deploy/"]);
    assert!(!trees[0].is_work);
    let compose = trees[0].parts.iter().find(|part| part.author.as_str() == "collector:compose").unwrap();
    assert_eq!(compose.unread, ["!deploy/"]);
    assert!(compose.claims.iter().all(|claim| claim.of.as_str().contains("//deploy#compose/web")));
}

#[test]
fn a_sparse_checkout_says_what_it_left_out() {
    let folder = Folder::new(&[("a/compose.yaml", COMPOSE), ("b/compose.yaml", COMPOSE)]);
    folder.commit_all();
    folder.git(&["sparse-checkout", "set", "--no-cone", "a"]);
    let tree = folder.tree();
    assert!(!tree.is_work);
    assert_eq!(tree.unread, ["b/compose.yaml"]);
}

#[test]
fn a_repository_without_commits_is_work() {
    let folder = Folder::new(&[("compose.yaml", COMPOSE)]);
    folder.git(&["init", "-q", "-b", "main"]);
    let tree = folder.tree();
    assert_eq!(tree.scope.as_str(), "repo:-/shop-local@main+work");
    assert_eq!(pieces(&tree), set(&["web: service"]));
}

#[test]
fn every_reader_makes_a_part_also_where_it_found_nothing() {
    let tree = Folder::new(&[("a.txt", "")]).tree();
    let authors: Vec<&str> = tree.parts.iter().map(|part| part.author.as_str()).collect();
    for author in [
        "collector:git",
        "collector:catalog",
        "collector:codeowners",
        "collector:compose",
        "collector:kubernetes",
        "collector:docker",
        "collector:config",
    ] {
        assert!(authors.contains(&author), "{author}");
    }
    let mut unique = authors.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), authors.len());
}
