//! Records are read from the ledger as one history, however they were cut into statements.

use stave_answers::records::{deployments, histories, incidents, tickets};
use stave_ledger::{Ledger, MemoryLedger};
use stave_model::records::{
    ChangeKind, Commit, CommitClass, CommitId, File, FileChange, FileClass, Head, Incident, Tag, Ticket,
    chunk_scope, head_scope,
};
use stave_model::{Claim, Header, Op, Reference, Scope, Source, Statement, VERSION, hash_bytes};

use crate::{Folded, estate};

const SHOP: &str = "git.example.com/leafcup/shop";

fn id(number: u8) -> CommitId {
    CommitId([number; 20])
}

fn commit(number: u8, parents: &[u8], at: i64) -> Commit {
    Commit {
        id: id(number),
        parents: parents.iter().copied().map(id).collect(),
        author: estate::ANN.parse().unwrap(),
        authored: at,
        committed: at,
        co_authors: Vec::new(),
        reviewers: Vec::new(),
        class: CommitClass::Human,
        reverts: Vec::new(),
        changes: vec![FileChange { kind: ChangeKind::Added, path: format!("file-{number}"), from: None }],
    }
}

fn said(author: &str, scope: Scope, minute: i64, claims: Vec<Claim>) -> Statement {
    let header = Header {
        v: VERSION,
        author: author.parse().unwrap(),
        scope,
        time: estate::at(minute),
        source: Source { at: Some(estate::at(minute)), id: None },
        rules: 1,
        replaces: Vec::new(),
        by: None,
        op: Op([7; 16]),
        tool: String::new(),
        unread: Vec::new(),
        claims: hash_bytes(b""),
    };
    Statement::new(header, claims)
}

fn chunk(minute: i64, commits: &[Commit]) -> Statement {
    let of: Reference = format!("repo:{SHOP}").parse().unwrap();
    let last = commits.last().unwrap().id;
    said("collector:history", chunk_scope(SHOP, last).unwrap(), minute, Commit::to_claims(&of, commits))
}

fn head(minute: i64, tip: u8, tags: &[(&str, u8)]) -> Statement {
    let of: Reference = format!("repo:{SHOP}").parse().unwrap();
    let tags = tags
        .iter()
        .map(|(name, commit)| Tag {
            name: (*name).to_owned(),
            commit: id(*commit),
            at: 5,
            is_annotated: false,
        })
        .collect();
    let head = Head { branch: "main".to_owned(), tip: id(tip), tags, ..Head::default() };
    let mut claims = head.to_claims(&of);
    claims.extend(File::to_claims(
        &of,
        &[File { path: "file-1".to_owned(), bytes: 3, class: FileClass::Source }],
    ));
    said("collector:history", head_scope(SHOP, "main").unwrap(), minute, claims)
}

fn folded(statements: &[Statement]) -> Folded {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(statements).unwrap();
    Folded::of(ledger)
}

fn ids(folded: &Folded) -> Vec<u8> {
    let histories = histories(folded.estate()).unwrap();
    assert_eq!(histories.len(), 1);
    assert_eq!(histories[0].repository, SHOP);
    assert_eq!(histories[0].files.len(), 1);
    histories[0].commits.iter().map(|commit| commit.id.0[0]).collect()
}

#[test]
fn how_a_history_was_cut_does_not_show() {
    // 4 is a merge of 2 and 3; 5 hangs on a tag only; 6 is no longer reached from anywhere.
    let all = [
        commit(1, &[], 10),
        commit(3, &[1], 11),
        commit(2, &[1], 20),
        commit(4, &[2, 3], 30),
        commit(5, &[3], 40),
        commit(6, &[4], 50),
    ];
    let whole = folded(&[chunk(1, &all), head(1, 4, &[("v1", 5)])]);
    assert_eq!(ids(&whole), [1, 3, 2, 4, 5]);
    // Another copy read it in two steps and by other hands, so that some commits are there twice.
    let cut = folded(&[
        chunk(1, &all[..3]),
        head(1, 2, &[]),
        chunk(2, &[all[2].clone(), all[4].clone(), all[3].clone()]),
        head(2, 4, &[("v1", 5)]),
    ]);
    assert_eq!(histories(cut.estate()).unwrap(), histories(whole.estate()).unwrap());
}

#[test]
fn parents_that_nobody_read_are_counted() {
    let shallow = folded(&[chunk(1, &[commit(2, &[1, 1], 20), commit(3, &[2, 9], 30)]), head(1, 3, &[])]);
    assert_eq!(ids(&shallow), [2, 3]);
    assert_eq!(histories(shallow.estate()).unwrap()[0].missing_parents, 2);
}

#[test]
fn clocks_that_go_wrong_put_no_child_before_its_parent() {
    let skewed =
        folded(&[chunk(1, &[commit(1, &[], 99), commit(2, &[1], 5), commit(3, &[2], -7)]), head(1, 3, &[])]);
    assert_eq!(ids(&skewed), [1, 2, 3]);
}

#[test]
fn a_ticket_that_is_said_again_replaces_itself_alone() {
    let ticket = |key: &str, title: &str, minute| {
        let ticket = Ticket { key: key.to_owned(), title: title.to_owned(), ..Ticket::default() };
        said(
            "system:board",
            format!("ticket:{key}").parse().unwrap(),
            minute,
            vec![ticket.to_claim().unwrap()],
        )
    };
    let incident = Incident { key: "board/3".to_owned(), ..Incident::default() };
    let folded = folded(&[
        ticket("board/1", "old", 1),
        ticket("board/2", "stays", 1),
        said("system:board", "ticket:board/3".parse().unwrap(), 1, vec![incident.to_claim().unwrap()]),
        ticket("board/1", "new", 2),
    ]);
    let titles: Vec<String> =
        tickets(folded.estate()).unwrap().into_iter().map(|ticket| ticket.title).collect();
    assert_eq!(titles, ["new", "stays"]);
    assert_eq!(incidents(folded.estate()).unwrap(), [incident]);
    assert_eq!(deployments(folded.estate()).unwrap(), []);
}

#[test]
fn records_put_nothing_on_the_map_and_are_no_unknown_claims() {
    let with = folded(&[chunk(1, &[commit(1, &[], 1)]), head(1, 1, &[])]);
    let counts = with.model.counts().unwrap();
    assert_eq!((counts.claims, counts.unknown_claims, counts.statements), (0, 0, 2));
    assert_eq!(with.model.list(&stave_map::Filter::default()).unwrap().total, 0);
}
