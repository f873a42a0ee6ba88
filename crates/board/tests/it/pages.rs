//! Pages from answers made by hand.

use stave_answers::{
    Label, List, Log, Operation, Overlap, Pair, Piece, Questions, Summary, Tool, ToolCategory, Verdict, Why,
};
use stave_board::{
    Frame, Problem, assets, flow_page, help_page, list_page, log_page, overlap_page, overview_page,
    problem_page, why_page,
};
use stave_model::Time;

use crate::{label, row};

pub(crate) const NASTY: &str = "'\"><svg onload=alert(1)>&amp;\u{202e}\u{1b}[2J";

fn frame(address: &str) -> Frame<'_> {
    Frame { address, position: 3, questions: Some(2), ..Frame::default() }
}

pub(crate) fn list(rows: Vec<stave_answers::EntityRow>) -> List {
    List {
        position: 3,
        words: NASTY.to_owned(),
        kind: Some("component".to_owned()),
        entity_type: Some(NASTY.to_owned()),
        owner: Some(NASTY.to_owned()),
        owner_found: None,
        hidden: false,
        total: rows.len() as u64,
        page: 2,
        pages: 3,
        rows,
        kinds: Vec::new(),
        unknown: vec![NASTY.to_owned()],
    }
}

/// No markup but our own, and nothing invisible.
pub(crate) fn assert_harmless(page: &str) {
    assert!(!page.contains("<svg onload"), "{page}");
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'), "{page}");
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let mut nasty = row(1, NASTY, NASTY);
    nasty.entity_type = Some(NASTY.to_owned());
    nasty.description = Some(NASTY.to_owned());
    nasty.owners = vec![label(2, NASTY, NASTY)];
    let shown = list_page(&frame("/entities"), &list(vec![nasty.clone()]));
    assert_harmless(&shown);
    assert!(shown.contains("&lt;svg onload=alert(1)&gt;&amp;amp;‹U+202E›‹U+001B›[2J"), "{shown}");
    let problem = Problem {
        title: NASTY.to_owned(),
        sentence: NASTY.to_owned(),
        hint: NASTY.to_owned(),
        nearest: vec![nasty],
    };
    assert_harmless(&problem_page(&frame("/"), &problem));
    let why = Why {
        position: 3,
        now: Time::from_millis(0),
        entity: label(1, NASTY, NASTY),
        fact: Some(NASTY.to_owned()),
        to: Some(NASTY.to_owned()),
        facts: Vec::new(),
        types: vec!["calls".to_owned()],
        unknown: vec![NASTY.to_owned()],
    };
    let shown = why_page(&frame("/e/000000000001/why"), &why);
    assert_harmless(&shown);
    assert!(shown.contains("/e/000000000001/why?fact=calls"));
}

#[test]
fn filters_survive_turning_a_page() {
    let mut asked = list(vec![row(1, "a", "component")]);
    asked.words = "tea & cake".to_owned();
    asked.entity_type = None;
    asked.owner = Some("till".to_owned());
    let page = list_page(&frame("/entities?page=2"), &asked);
    assert!(
        page.contains("/entities?q=tea%20%26%20cake&amp;kind=component&amp;owner=till&amp;page=3"),
        "{page}"
    );
    assert!(page.contains("/entities?q=tea%20%26%20cake&amp;kind=component&amp;owner=till\""), "{page}");
}

#[test]
fn pieces_of_one_name_are_told_apart() {
    let mut asked =
        list(vec![row(1, "cart", "component"), row(2, "cart", "component"), row(3, "till", "group")]);
    asked.words = String::new();
    let page = list_page(&frame("/entities"), &asked);
    assert!(page.contains("said:component/1") && page.contains("said:component/2"));
    assert!(!page.contains("said:group/3"));
}

#[test]
fn an_empty_estate_says_what_to_do() {
    let summary = Summary {
        position: 0,
        ledger: String::new(),
        now: Time::from_millis(0),
        entities: 0,
        kinds: Vec::new(),
        tools: 0,
        relations: 0,
        questions: 0,
        without_place: 0,
        claims: 0,
        unknown_claims: 0,
        statements: 0,
        repositories: Vec::new(),
        more_repositories: 0,
        waiting: None,
        unknown: vec!["Nothing was read yet, and nobody has said anything.".to_owned()],
    };
    let questions = Questions {
        position: 0,
        now: Time::from_millis(0),
        total: 0,
        without_place: 0,
        kinds: Vec::new(),
        kind: None,
        entity: None,
        rows: Vec::new(),
        unknown: Vec::new(),
    };
    let frame = Frame { address: "/", position: 0, questions: Some(0), ..Frame::default() };
    insta::assert_snapshot!(overview_page(&frame, &summary, &questions).replace("><", ">\n<"));
}

#[test]
fn a_log_without_statements_and_one_with_an_earlier_part() {
    let empty = Log {
        position: 0,
        now: Time::from_millis(0),
        operations: Vec::new(),
        earlier: None,
        unknown: Vec::new(),
    };
    assert!(log_page(&frame("/log"), &empty).contains("Nothing yet."));
    let operation = Operation {
        op: "ab".repeat(16),
        time: Time::from_millis(0),
        by: String::new(),
        claims: 0,
        rows: Vec::new(),
    };
    let page = log_page(&frame("/log"), &Log { operations: vec![operation], earlier: Some(9), ..empty });
    assert!(page.contains("/log?before=9") && page.contains("Earlier: 8 statements"), "{page}");
    assert!(page.contains("stave undo abababababab"), "{page}");
}

/// Words that pages use are those of the glossary: the help page explains none under another name.
#[test]
fn the_help_page_explains_the_signs_that_pages_use() {
    let page = help_page(&frame("/help"));
    for word in
        ["stated", "declared", "observed", "discovered", "disputed", "denied", "challenged", "carried"]
    {
        assert!(
            page.contains(&format!("</span> {word}</span>")) || page.contains(&format!("<bdi>{word}</bdi>")),
            "{word}"
        );
    }
}

#[test]
fn files_load_nothing_from_elsewhere() {
    for asset in assets() {
        let text = asset.text.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !text.contains("http:") && !text.contains("https:") && !text.contains("@import"),
            "{}",
            asset.path
        );
        assert!(!text.contains("innerHTML") && !text.contains("eval("), "{}", asset.path);
    }
}

#[test]
fn a_pair_is_shown_with_reasons_and_commands() {
    let named = |id: &str, name: &str| Label {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: "component".to_owned(),
        hidden: false,
    };
    let piece = |id: &str, name: &str| Piece {
        label: named(id, name),
        entity_type: None,
        reference: format!("repo:example.com/tea/{name}//#compose/{name}"),
        description: None,
    };
    let overlap = Overlap {
        position: 3,
        all: false,
        pairs: vec![Pair {
            id: "0123456789ab".to_owned(),
            pieces: [piece("000000000001", "mail"), piece("000000000002", "<b>post</b>")],
            likeness: 71,
            reasons: vec!["both offer <i>send</i>".to_owned()],
            verdict: Verdict::Open,
        }],
        more: 0,
        confirmed: 0,
        dismissed: 2,
        tools: vec![ToolCategory {
            category: "error-tracking".to_owned(),
            tools: vec![Tool {
                tool: named("000000000003", "one"),
                used_by: vec![named("000000000001", "mail")],
                uses: 3,
            }],
        }],
        unknown: Vec::new(),
    };
    let page = overlap_page(&frame("/overlap"), &overlap);
    for part in [
        "71 % alike",
        "stave overlap dismiss 0123456789ab",
        "2 dismissed",
        "both offer &lt;i&gt;",
        "and 2 more",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<b>post"));
}

#[test]
fn flow_is_shown_with_bounds_events_and_differences() {
    use stave_answers::flow::{
        Counted, Definition, Difference, EventKind, Figure, Flow, FlowPiece, FlowQuery, Measure, MeasuredBy,
        Name,
    };
    let now = stave_model::Time::from_millis(1_790_000_000_000);
    let event = Counted {
        kind: EventKind::Release,
        id: "v<1>".to_owned(),
        at: now,
        ms: None,
        is_certain: false,
        because: "a patch of <b>v0</b> off the usual cadence".to_owned(),
        url: Some("https://github.com/tea/shop/commit/0123abc".to_owned()),
    };
    let difference = Difference {
        measure: Name::LeadTimeForChanges,
        kind: EventKind::Commit,
        id: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        at: now,
        dora: "3 hours from its commit".to_owned(),
        devlake: "doesn't count".to_owned(),
        url: Some("javascript:alert(1)".to_owned()),
    };
    let flow = Flow {
        position: 3,
        now,
        from: now,
        definition: Definition::Dora,
        asked: Some("<i>till</i>".to_owned()),
        pieces: vec![FlowPiece {
            id: Some("000000000001".to_owned()),
            name: "<i>till</i>".to_owned(),
            measured_by: MeasuredBy::Releases,
            from: now,
            last: None,
            waiting: 2,
            measures: vec![Measure {
                name: Name::ReworkRate,
                figure: Figure::Between { low: Some(0.0), high: Some(0.25) },
                sample: 4,
                events: vec![event],
                events_left_out: 7,
            }],
            differences: vec![difference],
            differences_left_out: 0,
            unknown: vec!["The clone is shallow.".to_owned()],
        }],
        unknown: Vec::new(),
    };
    let query = FlowQuery { entity: Some("000000000001".to_owned()), explain: true, ..FlowQuery::default() };
    let page = flow_page(&frame("/flow?entity=000000000001"), &flow, &query, "90d");
    for part in [
        "Flow of &lt;i&gt;till&lt;/i&gt;",
        "0 % to 25 %",
        "0 for certain, 1 perhaps, of 4 releases",
        "2 changes not delivered yet",
        "href=\"https://github.com/tea/shop/commit/0123abc\"",
        "8 events",
        "and 7 more",
        "0123456789</",
        "The clone is shallow.",
        "value=\"90d\"",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<i>till") && !page.contains("<b>v0") && !page.contains("javascript:"));
}
