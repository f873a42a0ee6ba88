//! Who wrote what.

use stave_history::{Options, Quiet, read};
use stave_model::records::{CommitClass, CommitId};

use crate::world::{Directory, NOW, Repository, id_of};

#[test]
fn authors_co_authors_and_reviewers() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    repository.commit(
        "One\n\nCo-authored-by: Bob <Bob@example.com>\nCo-authored-by: Ada <ada@example.com>\n\
         Co-authored-by: dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>\n\
         Reviewed-by: Cy <12+cy@users.noreply.github.com>\n",
    );
    let directory = Directory::default();
    let history = read(&repository.path, &Options::whole("main", NOW), &directory, &Quiet).unwrap().unwrap();
    let commit = &history.commits[0];
    assert_eq!(commit.author, id_of("mailto:ada@example.com"));
    assert_eq!(commit.co_authors, [id_of("mailto:bob@example.com")], "no author twice, and no bot");
    assert_eq!(commit.reviewers, [id_of("github.com/cy")]);
    assert!(directory.0.borrow().contains(&("mailto:bob@example.com".to_owned(), "Bob".to_owned())));
}

#[test]
fn classes_of_commits() {
    let repository = Repository::new();
    let class = |message: &str, author: &str| {
        repository.commit_with(message, &["--author", author]);
        repository.history().commits.last().unwrap().class
    };
    assert_eq!(class("x", "Ada <ada@example.com>"), CommitClass::Human);
    assert_eq!(
        class("x", "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>"),
        CommitClass::Bot
    );
    assert_eq!(class("x", "Claude <noreply@anthropic.com>"), CommitClass::Agent);
    let with_agent = "x\n\nCo-authored-by: Claude <noreply@anthropic.com>\n";
    assert_eq!(class(with_agent, "Ada <ada@example.com>"), CommitClass::Agent);
    let commit = repository.history().commits.pop().unwrap();
    assert_eq!((commit.author, commit.co_authors.len()), (id_of("mailto:ada@example.com"), 0));
}

#[test]
fn a_mailmap_says_who_is_who_and_commits_keep_what_was_written() {
    let repository = Repository::new();
    repository.write(".mailmap", "Ada L. <ada@new.example> <ada@example.com>\n");
    repository.commit("first");
    let history = repository.history();
    assert_eq!(history.commits[0].author, id_of("mailto:ada@example.com"));
    let who: Vec<_> = history.head.who_is_who.into_iter().collect();
    assert_eq!(who, [(id_of("mailto:ada@example.com"), id_of("mailto:ada@new.example"))]);
}

#[test]
fn reverts_and_commits_that_say_nothing() {
    let repository = Repository::new();
    repository.write("a", "1\n");
    let first = repository.commit("first");
    repository.git(&["revert", "--no-edit", "HEAD"]);
    repository.write(".git-blame-ignore-revs", format!("# formatting\n{first}\n"));
    repository.commit("list");
    let history = repository.history();
    let reverts: Vec<&Vec<CommitId>> = history.commits.iter().map(|commit| &commit.reverts).collect();
    assert_eq!(reverts, [&vec![], &vec![first], &vec![]]);
    assert_eq!(history.head.ignored, [first]);
}
