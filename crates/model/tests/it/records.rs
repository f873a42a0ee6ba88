//! What is written as a record is read back as the same record; what is none is refused in words.

use proptest::prelude::*;
use serde_json::json;
use stave_model::records::{
    ChangeKind, Commit, CommitClass, CommitId, Deployment, File, FileChange, FileClass, Head, Incident, Tag,
    Ticket,
};
use stave_model::{Author, Claim, Reference, limits};

fn repository() -> Reference {
    "repo:example.com/tea/shop".parse().unwrap()
}

fn person(number: u8) -> Author {
    format!("person:{number:032x}").parse().unwrap()
}

fn id(number: u32) -> CommitId {
    let mut bytes = [7; 20];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    CommitId(bytes)
}

fn change() -> impl Strategy<Value = FileChange> {
    let path = "[a-c\"\\\\é/]{1,40}";
    (0..4usize, path, path).prop_map(|(kind, path, from)| {
        let kinds = [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted, ChangeKind::Renamed];
        let from = (kind == 3).then_some(from);
        FileChange { kind: kinds[kind], path, from }
    })
}

fn commit() -> impl Strategy<Value = Commit> {
    let people = prop::collection::vec(0..5u8, 0..3);
    let ids = prop::collection::vec(any::<u32>(), 0..3);
    let changes = prop::collection::btree_set(change(), 0..20);
    (any::<u32>(), ids.clone(), 0..5u8, -9_000_000_000..9_000_000_000i64, people, ids, changes, 0..3usize)
        .prop_map(|(number, parents, author, at, people, reverts, changes, class)| Commit {
            id: id(number),
            parents: parents.into_iter().map(id).collect(),
            author: person(author),
            authored: at,
            committed: at + 1,
            co_authors: people.iter().copied().map(person).collect(),
            reviewers: people.into_iter().map(person).collect(),
            class: [CommitClass::Human, CommitClass::Bot, CommitClass::Agent][class],
            reverts: reverts.into_iter().map(id).collect(),
            changes: changes.into_iter().collect(),
        })
}

fn read_back(claims: &[Claim]) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    for claim in claims {
        assert!(claim.canonical().len() <= limits::CLAIM_BYTES);
        for part in Commit::from_claim(claim).unwrap() {
            match commits.last_mut() {
                Some(last) if last.id == part.id => last.changes.extend(part.changes),
                _ => commits.push(part),
            }
        }
    }
    commits
}

proptest! {
    #[test]
    fn commits_come_back(commits in prop::collection::vec(commit(), 0..40)) {
        let mut commits = commits;
        commits.dedup_by_key(|commit| commit.id);
        prop_assert_eq!(read_back(&Commit::to_claims(&repository(), &commits)), commits);
    }

    #[test]
    fn files_come_back(rows in prop::collection::vec(("[a-z/]{1,20}", any::<u32>(), 0..6usize), 0..40)) {
        let file = |(path, bytes, class): (String, u32, usize)| File {
            path,
            bytes: u64::from(bytes),
            class: FileClass::ALL[class],
        };
        let files: Vec<File> = rows.into_iter().map(file).collect();
        let claims = File::to_claims(&repository(), &files);
        let read: Vec<File> = claims.iter().flat_map(|claim| File::from_claim(claim).unwrap()).collect();
        prop_assert_eq!(read, files);
    }
}

#[test]
fn a_commit_larger_than_a_claim_is_written_in_parts() {
    let change = |number: u32| FileChange {
        kind: ChangeKind::Added,
        path: format!("a/rather/long/folder/of/a/vendored/library/file-{number:08}.txt"),
        from: None,
    };
    let large = Commit {
        id: id(1),
        parents: Vec::new(),
        author: person(1),
        authored: 1,
        committed: 2,
        co_authors: Vec::new(),
        reviewers: Vec::new(),
        class: CommitClass::Human,
        reverts: Vec::new(),
        changes: (0..20_000).map(change).collect(),
    };
    let small = Commit { id: id(2), parents: vec![id(1)], changes: vec![change(1)], ..large.clone() };
    let commits = vec![small.clone(), large, Commit { id: id(3), ..small }];
    let claims = Commit::to_claims(&repository(), &commits);
    assert!(claims.len() > 5, "{}", claims.len());
    assert_eq!(read_back(&claims), commits);
}

#[test]
fn a_head_with_many_tags_comes_back_from_its_parts() {
    let tag = |number: u32| Tag {
        name: format!("v1.{number:05}"),
        commit: id(number),
        at: i64::from(number),
        is_annotated: number.is_multiple_of(2),
    };
    let head = Head {
        branch: "main".to_owned(),
        tip: id(9),
        tags: (0..5_000).map(tag).collect(),
        who_is_who: (0..9).map(|number| (person(number), person(number + 1))).collect(),
        ignored: (0..9).map(id).collect(),
        is_shallow: true,
        unread_commits: 3,
        missing_blobs: 4,
    };
    let claims = head.to_claims(&repository());
    assert!(claims.len() > 1);
    let mut parts = claims.iter().map(|claim| {
        assert!(claim.canonical().len() <= limits::CLAIM_BYTES);
        Head::from_claim(claim).unwrap()
    });
    let mut read = parts.next().unwrap();
    parts.for_each(|part| read.unite(part));
    assert_eq!(read, head);
    let bare = Head { tags: Vec::new(), who_is_who: Default::default(), ignored: Vec::new(), ..head };
    assert_eq!(bare.to_claims(&repository()).len(), 1);
}

#[test]
fn events_come_back() {
    let incident = Incident {
        key: "pages/17".to_owned(),
        title: "Down".to_owned(),
        is_planned: true,
        ..Default::default()
    };
    assert_eq!(Incident::from_claim(&incident.to_claim().unwrap()).unwrap(), incident);
    let ticket = Ticket { key: "board/SHOP-1".to_owned(), ..Ticket::default() };
    assert_eq!(Ticket::from_claim(&ticket.to_claim().unwrap()).unwrap(), ticket);
    let deployment = Deployment { key: "ci/9".to_owned(), ..Deployment::default() };
    assert_eq!(Deployment::from_claim(&deployment.to_claim().unwrap()).unwrap(), deployment);
    assert!(Deployment { key: "a\nb".to_owned(), ..Deployment::default() }.to_claim().is_err());
}

#[test]
fn what_is_no_record_is_refused() {
    let mut claim = Commit::to_claims(&repository(), &[]).pop();
    assert!(claim.is_none());
    claim = Incident { key: "pages/17".to_owned(), ..Default::default() }.to_claim().ok();
    let mut claim = claim.unwrap();
    for value in [json!(null), json!([]), json!({"key": 1}), json!({"unknown": 1})] {
        claim.value = Some(value);
        assert!(Incident::from_claim(&claim).is_err());
    }
    let row = |author: u64, change: serde_json::Value| {
        let id = id(1).to_string();
        json!({"commits": [[id, [], author, 1, 1, 0, [], [], [], [change]]], "paths": ["a"], "people": [person(1)]})
    };
    let mut read = |value| {
        claim.value = Some(value);
        Commit::from_claim(&claim)
    };
    assert!(read(row(0, json!([0, 0]))).is_ok());
    for wrong in [row(1, json!([0, 0])), row(0, json!([0, 1])), row(0, json!([4, 0])), row(0, json!([0]))] {
        assert!(read(wrong).is_err());
    }
}
