//! Every answer as text: snapshots in `snapshots/`.

use stave_answers::text::{Plain, Role, Style};
use stave_answers::{ListQuery, LogQuery};

use crate::Folded;
use crate::estate::{HOSTILE_NAME, compose, digits};

const WIDTH: usize = 100;

/// Shows where something is painted.
struct Brackets;

impl Style for Brackets {
    fn paint(&self, role: Role, text: &str) -> String {
        let sign = match role {
            Role::Heading => '#',
            Role::Name => '*',
            Role::Quiet => '~',
            Role::Attention => '!',
            Role::Command => '$',
        };
        format!("{sign}{text}{sign}")
    }
}

#[test]
fn summary() {
    let folded = Folded::new();
    insta::assert_snapshot!(stave_answers::summary(folded.estate()).unwrap().to_text(WIDTH, &Plain));
}

#[test]
fn summary_of_nothing() {
    let folded = Folded::of(stave_ledger::MemoryLedger::new().unwrap());
    insta::assert_snapshot!(stave_answers::summary(folded.estate()).unwrap().to_text(WIDTH, &Plain));
}

#[test]
fn list() {
    let folded = Folded::new();
    let list = stave_answers::list(folded.estate(), &ListQuery::default()).unwrap();
    insta::assert_snapshot!(list.to_text(WIDTH, &Plain));
}

#[test]
fn find() {
    let folded = Folded::new();
    insta::assert_snapshot!(stave_answers::find(folded.estate(), "pay", 10).unwrap().to_text(WIDTH, &Plain));
}

#[test]
fn entity() {
    let folded = Folded::new();
    let page = stave_answers::entity(folded.estate(), &folded.id("orders")).unwrap().unwrap();
    insta::assert_snapshot!(page.to_text(WIDTH, &Plain));
}

#[test]
fn painted_entity() {
    let folded = Folded::new();
    let page = stave_answers::entity(folded.estate(), &folded.id("storefront")).unwrap().unwrap();
    insta::assert_snapshot!(page.to_text(WIDTH, &Brackets));
}

#[test]
fn hostile_entity() {
    let folded = Folded::new();
    let id = digits(&compose(HOSTILE_NAME));
    let page = stave_answers::entity(folded.estate(), &id).unwrap().unwrap();
    insta::assert_snapshot!(page.to_text(60, &Plain));
}

#[test]
fn why_a_relation() {
    let folded = Folded::new();
    let why = stave_answers::why(folded.estate(), &folded.id("storefront"), Some("calls"), Some("orders"));
    insta::assert_snapshot!(why.unwrap().unwrap().to_text(WIDTH, &Plain));
}

#[test]
fn why_everything() {
    let folded = Folded::new();
    let why = stave_answers::why(folded.estate(), &folded.id("orders"), None, None).unwrap().unwrap();
    insta::assert_snapshot!(why.to_text(WIDTH, &Plain));
}

#[test]
fn why_something_that_nobody_says() {
    let folded = Folded::new();
    let why = stave_answers::why(folded.estate(), &folded.id("orders"), Some("tier"), None).unwrap().unwrap();
    insta::assert_snapshot!(why.to_text(WIDTH, &Plain));
}

#[test]
fn questions() {
    let folded = Folded::new();
    insta::assert_snapshot!(stave_answers::questions(folded.estate(), 100).unwrap().to_text(WIDTH, &Plain));
}

#[test]
fn log() {
    let folded = Folded::new();
    insta::assert_snapshot!(
        stave_answers::log(folded.estate(), LogQuery::default()).unwrap().to_text(WIDTH, &Plain)
    );
}
