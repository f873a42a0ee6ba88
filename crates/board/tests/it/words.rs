//! Controls on pages from answers made by hand.

use stave_answers::speech::{Choices, Notice};
use stave_answers::{Asked, ClaimShown, Draft, Log, Operation, PossibleAnswer, QuestionKind, Questions};
use stave_board::{
    Again, Frame, Pen, Way, Writing, again_page, list_page, log_page, place_of, question_page, questions_page,
};
use stave_model::{Basis, Op, Time};

use crate::pages::{NASTY, assert_harmless, list};
use crate::row;

fn choices() -> Choices {
    Choices { owners: vec![NASTY.to_owned()], pieces: vec![NASTY.to_owned(), "till".to_owned()] }
}

fn speaker<'a>(address: &'a str, choices: &'a Choices) -> Frame<'a> {
    let pen = Pen { name: NASTY, author: "person:1", op: "00ff", choices };
    Frame { address, position: 3, questions: Some(2), writing: Writing::You(pen), ..Frame::default() }
}

fn asked() -> Asked {
    Asked {
        id: "0123456789ab".to_owned(),
        kind: "dispute".to_owned(),
        sentence: NASTY.to_owned(),
        about: vec![NASTY.to_owned()],
        fact_type: Some("tier".to_owned()),
        to: None,
        entities: Vec::new(),
        words: Vec::new(),
        answers: vec![PossibleAnswer {
            number: 1,
            label: NASTY.to_owned(),
            words: vec![Draft::new("tier", NASTY).replacing_word(stave_model::hash_bytes(b"1"))],
            seen: "0011223344556677".to_owned(),
        }],
    }
}

#[test]
fn an_answer_is_a_button_that_says_what_it_replaces() {
    let names = choices();
    let page = question_page(&speaker("/questions/0123456789ab", &names), &asked(), Time::from_millis(0));
    assert_harmless(&page);
    let button = "formaction=\"/questions/0123456789ab/answer?answer=1&amp;seen=0011223344556677\"";
    assert!(page.contains(button) && page.contains("replaces 1 word"), "{page}");
    assert!(!page.contains("stave answer"), "{page}");
    let reader = Frame { address: "/questions/0123456789ab", ..Frame::default() };
    let page = question_page(&reader, &asked(), Time::from_millis(0));
    assert!(
        page.contains("stave answer 0123456789ab 1") && !page.contains("<button class=\"act\""),
        "{page}"
    );
}

#[test]
fn questions_can_be_looked_at_by_kind() {
    let kind = |kind: &str| QuestionKind { kind: kind.to_owned(), count: 1 };
    let questions = Questions {
        position: 3,
        now: Time::from_millis(0),
        total: 2,
        without_place: 0,
        kinds: vec![kind("challenge"), kind("dispute")],
        kind: Some("dispute".to_owned()),
        entity: Some(NASTY.to_owned()),
        rows: vec![asked()],
        unknown: Vec::new(),
    };
    let names = choices();
    let page = questions_page(&speaker("/questions?kind=dispute", &names), &questions);
    assert_harmless(&page);
    assert!(page.contains("href=\"/questions?kind=challenge&amp;entity=%27%22"), "{page}");
    assert!(page.contains("aria-current=\"page\">dispute"), "{page}");
}

#[test]
fn what_was_said_is_told_with_its_undo() {
    let names = choices();
    let notice = Notice {
        op: Op([1; 16]),
        who: NASTY.to_owned(),
        author: "person:1".to_owned(),
        is_undo: false,
        said: vec![NASTY.to_owned()],
        undone_by: None,
    };
    let shown = |notice: &Notice| {
        let frame = Frame { notice: Some(notice), ..speaker("/entities", &names) };
        list_page(&frame, &list(vec![row(1, "a", "component")]))
    };
    let page = shown(&notice);
    assert_harmless(&page);
    let target = "01".repeat(16);
    assert!(page.contains(&format!("formaction=\"/undo?target={target}\">Undo<")), "{page}");
    assert!(page.contains("You said"), "{page}");
    let by_another = Notice { author: "person:2".to_owned(), is_undo: true, ..notice.clone() };
    let page = shown(&by_another);
    assert!(
        page.contains("took back") && page.contains("Bring it back") && !page.contains("You took"),
        "{page}"
    );
    let undone = Notice { undone_by: Some(Op([2; 16])), ..notice.clone() };
    assert!(shown(&undone).contains(&format!("/undo?target={}\">Say it again<", "02".repeat(16))));
    // Who only reads is told, too, and takes nothing back.
    let reader = Frame { address: "/entities", notice: Some(&notice), ..Frame::default() };
    let page = list_page(&reader, &list(Vec::new()));
    assert!(page.contains("class=\"notice\"") && !page.contains("/undo"), "{page}");
}

#[test]
fn what_is_asked_again_sends_what_was_sent() {
    let names = choices();
    let claim = ClaimShown {
        who: NASTY.to_owned(),
        author: NASTY.to_owned(),
        person: true,
        basis: Basis::Stated,
        says: NASTY.to_owned(),
        not: false,
        value: None,
        env: Vec::new(),
        carried: false,
        time: Time::from_millis(0),
        source_at: Time::from_millis(0),
        commit: None,
        scope: NASTY.to_owned(),
        statement: stave_model::hash_bytes(b"1"),
        of: NASTY.to_owned(),
        to: None,
        places: Vec::new(),
    };
    let fields = vec![("to".to_owned(), "a\"b<c".to_owned()), ("seen".to_owned(), "00".to_owned())];
    let way = Way {
        label: NASTY.to_owned(),
        entity: Some(row(1, NASTY, NASTY)),
        action: "/say".to_owned(),
        fields,
    };
    let again = Again {
        title: NASTY.to_owned(),
        sentence: NASTY.to_owned(),
        standing: vec![claim],
        now: Time::from_millis(0),
        ways: vec![way],
        back: "/e/000000000001".to_owned(),
    };
    let page = again_page(&speaker("/help", &names), &again);
    assert_harmless(&page);
    assert!(page.contains("name=\"to\" value=\"a&quot;b&lt;c\""), "{page}");
    assert!(
        page.contains("name=\"op\" value=\"00ff\"")
            && page.contains("name=\"back\" value=\"/e/000000000001\"")
    );
}

#[test]
fn an_address_that_would_be_too_long_is_sent_in_a_form() {
    let names = choices();
    let operation = |op: String| Operation {
        op,
        time: Time::from_millis(0),
        by: String::new(),
        claims: 0,
        rows: Vec::new(),
    };
    let log = |op: String| Log {
        position: 3,
        now: Time::from_millis(0),
        operations: vec![operation(op)],
        earlier: None,
        unknown: Vec::new(),
    };
    let frame = speaker("/log", &names);
    let short = log_page(&frame, &log("ab".repeat(16)));
    assert!(short.contains(&format!("formaction=\"/undo?target={}\"", "ab".repeat(16))), "{short}");
    let long = log_page(&frame, &log("ab".repeat(1_000)));
    assert!(!long.contains("formaction"), "{long}");
    assert!(long.contains(&format!("name=\"target\" value=\"{}\"", "ab".repeat(1_000))));
}

#[test]
fn each_fact_has_a_place_of_its_own() {
    let places = [
        place_of("000000000001", "calls", Some("000000000002")),
        place_of("000000000002", "calls", Some("000000000001")),
        place_of("000000000001", "tag", Some("calls")),
        place_of("000000000001", "tag", None),
    ];
    assert_eq!(places.iter().collect::<std::collections::BTreeSet<_>>().len(), places.len());
}
