//! Every page: well-formed, escaped, accessible in structure, and with a twin.

use std::collections::BTreeSet;

use serde_json::Value;
use stave_ledger::Ledger as _;

use crate::html::{Element, elements};
use crate::{Server, estate, every_page};

fn named<'e>(all: &'e [Element], tag: &str) -> Vec<&'e Element> {
    all.iter().filter(|element| element.tag == tag).collect()
}

#[test]
fn every_page_has_a_sound_structure() {
    let server = Server::start();
    let mut titles = BTreeSet::new();
    for path in every_page().into_iter().chain([
        "/nothing-here".to_owned(),
        "/e/nothing-called-so".to_owned(),
        relic(),
    ]) {
        let answer = server.get(&path);
        assert!(matches!(answer.status, 200 | 404 | 410), "{path}: {}", answer.status);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        let all = elements(&answer.body);
        assert_eq!(named(&all, "html")[0].attribute("lang"), Some("en"), "{path}");
        let title = &named(&all, "title")[0].text;
        assert!(title.ends_with(" – Stave") && title.len() > 12, "{path}: {title}");
        titles.insert(title.clone());
        headings(&path, &all);
        landmarks(&path, &all);
        labels(&path, &all);
        tables(&path, &all);
        references(&path, &all);
    }
    assert!(titles.len() > 10, "pages can't be told apart by title: {titles:?}");
}

/// The page of a piece that is not there any more.
fn relic() -> String {
    format!("/e/{}", estate::digits("repo:git.example.com/leafcup/old//#compose/relic"))
}

#[test]
fn what_is_gone_has_its_page_and_a_status_that_says_so() {
    let server = Server::start();
    let answer = server.get(&relic());
    assert_eq!(answer.status, 410);
    assert!(answer.body.contains("relic") && answer.body.contains("retired"), "{}", answer.body);
    let twin = server.get(&relic().replace("/e/", "/api/v1/entities/"));
    assert_eq!(twin.status, 410);
    let json: Value = serde_json::from_str(&twin.body).unwrap();
    assert_eq!(json["gone"]["because"]["kind"], "retired", "{json}");
    assert_eq!(server.get("/entities?stale=soon").status, 400);
}

fn headings(path: &str, all: &[Element]) {
    assert_eq!(named(all, "h1").len(), 1, "{path}: one h1");
    let mut level = 0;
    for element in all {
        let Some(digit) = element.tag.strip_prefix('h').and_then(|rest| rest.parse::<u8>().ok()) else {
            continue;
        };
        assert!(digit <= level + 1, "{path}: h{digit} after h{level}");
        assert!(!element.text.trim().is_empty(), "{path}: an empty heading");
        level = digit;
    }
}

fn landmarks(path: &str, all: &[Element]) {
    for (tag, count) in [("main", 1), ("header", 1), ("footer", 1)] {
        assert_eq!(named(all, tag).len(), count, "{path}: {tag}");
    }
    let first_link = named(all, "a")[0];
    assert_eq!(first_link.attribute("href"), Some("#main"), "{path}: the first link skips");
    let mut names = BTreeSet::new();
    for nav in named(all, "nav") {
        let label = nav.attribute("aria-label").unwrap_or_default();
        assert!(
            !label.is_empty() && names.insert(label.to_owned()),
            "{path}: navigation without its own name"
        );
    }
}

fn labels(path: &str, all: &[Element]) {
    let labelled: BTreeSet<&str> =
        named(all, "label").into_iter().filter_map(|label| label.attribute("for")).collect();
    for field in all.iter().filter(|element| matches!(element.tag.as_str(), "input" | "select")) {
        if field.attribute("type") == Some("hidden") {
            continue;
        }
        let id = field.attribute("id").unwrap_or_default();
        assert!(labelled.contains(id), "{path}: a field without a label: {field:?}");
    }
    for link in named(all, "a") {
        assert!(link.attribute("href").is_some(), "{path}: a link that leads nowhere");
        let drawn = link.inside.iter().any(|tag| tag == "svg");
        let spoken = link.attribute("aria-label").unwrap_or(&link.text);
        assert!(!spoken.trim().is_empty(), "{path}: a link without words");
        // The picture is hidden from assistive technology, so the keyboard must not land there either.
        assert_eq!(drawn, link.attribute("tabindex") == Some("-1"), "{path}: {link:?}");
    }
}

fn tables(path: &str, all: &[Element]) {
    assert_eq!(named(all, "table").len(), named(all, "caption").len(), "{path}: every table has a caption");
    for header in named(all, "th") {
        assert!(matches!(header.attribute("scope"), Some("col" | "row" | "rowgroup")), "{path}: {header:?}");
        assert!(!header.text.trim().is_empty(), "{path}: an empty header");
    }
}

fn references(path: &str, all: &[Element]) {
    let mut ids = BTreeSet::new();
    for id in all.iter().filter_map(|element| element.attribute("id")) {
        assert!(ids.insert(id), "{path}: {id} twice");
    }
    for element in all {
        for name in ["aria-labelledby", "for"] {
            if let Some(id) = element.attribute(name) {
                assert!(ids.contains(id), "{path}: {name}={id} leads nowhere");
            }
        }
    }
}

#[test]
fn nothing_from_a_source_becomes_markup() {
    let server = Server::start();
    for path in every_page() {
        let body = server.get(&path).body;
        for element in elements(&body) {
            let known = ["script", "img", "iframe", "object", "style", "base"];
            let own_script = element.attribute("src") == Some("/static/stave.js");
            assert!(own_script || !known.contains(&element.tag.as_str()), "{path}: {element:?}");
            for (name, value) in &element.attributes {
                assert!(!name.starts_with("on") && name != "style", "{path}: {name}");
                if name == "href" || name == "action" || name == "src" {
                    let safe = value.starts_with(['/', '#']) || value.starts_with("https://");
                    assert!(safe && !value.starts_with("//"), "{path}: {name}={value}");
                }
            }
        }
        let hidden = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        let bad: Vec<char> = body.chars().filter(|c| hidden(*c)).collect();
        assert!(bad.is_empty(), "{path}: {bad:?}");
    }
}

#[test]
fn every_page_has_a_twin_at_the_same_position() {
    let server = Server::start();
    for path in every_page() {
        let page = server.get(&path).body;
        let all = elements(&page);
        let twin = all
            .iter()
            .find(|element| element.attribute("rel") == Some("alternate"))
            .and_then(|element| element.attribute("href"))
            .unwrap();
        let answer = server.get(twin);
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{twin}");
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        let shown = named(&all, "body")[0].attribute("data-position").unwrap();
        assert_eq!(value["position"].to_string(), shown, "{twin}");
    }
}

#[test]
fn links_on_pages_lead_somewhere() {
    let server = Server::start();
    let mut asked = BTreeSet::new();
    for path in every_page() {
        for element in elements(&server.get(&path).body) {
            let Some(link) = element.attribute("href").filter(|link| link.starts_with('/')) else { continue };
            let link = link.split('#').next().unwrap_or(link).to_owned();
            if asked.insert(link.clone()) {
                // What is gone has a page that says so.
                let status = server.get(&link).status;
                assert!(matches!(status, 200 | 410), "{link} on {path}: {status}");
            }
        }
    }
    assert!(asked.len() > 40, "{asked:?}");
}

#[test]
fn an_entity_is_found_under_every_name() {
    let server = Server::start();
    let page = server.get("/e/orders");
    let own = crate::estate::digits("catalog:component:default/orders");
    assert_eq!((page.status, page.header("location")), (302, format!("/e/{own}").as_str()));
    let twin = server.get("/api/v1/entities/orders/why?fact=calls");
    assert_eq!(twin.header("location"), format!("/api/v1/entities/{own}/why?fact=calls"));
    let several = server.get("/e/payments");
    assert_eq!(several.status, 404);
    assert!(several.body.contains("Perhaps one of these?"), "{}", several.body);
    let unknown = server.get("/api/v1/entities/ordres");
    let value: Value = serde_json::from_str(&unknown.body).unwrap();
    assert_eq!((unknown.status, &value["error"]["nearest"][0]["name"]), (404, &Value::from("orders")));
}

#[test]
fn programs_get_the_graph_and_single_questions() {
    let server = Server::start();
    let value = |path: &str| -> Value { serde_json::from_str(&server.get(path).body).unwrap() };
    let graph = value("/api/v1/graph");
    assert!(
        graph["entities"].as_array().unwrap().len() > 10 && !graph["links"].as_array().unwrap().is_empty()
    );
    let questions = value("/api/v1/questions");
    let id = questions["rows"][0]["id"].as_str().unwrap();
    assert_eq!(value(&format!("/api/v1/questions/{id}"))["id"], id);
    assert_eq!(server.get("/api/v1/questions/000000000000").status, 404);
    let index = value("/api/v1");
    for path in index["answers"].as_object().unwrap().values() {
        let path = path.as_str().unwrap().split('{').next().unwrap().trim_end_matches('/');
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}

#[test]
fn what_a_clock_ahead_has_read_is_told_on_every_page_until_it_is_due() {
    let day_ms = 24 * 60 * 60_000;
    let later = |ms: i64| stave_model::Time::from_millis(estate::now().millis() + ms);
    let ahead = |minutes: &[i64]| {
        let said = estate::statements().into_iter().filter(|said| !said.header.author.is_person());
        let mut said: Vec<_> = said.take(minutes.len()).collect();
        for (one, ms) in said.iter_mut().zip(minutes) {
            one.header.time = later(*ms);
            one.header.tool = "stave ahead".to_owned();
            one.header.source.id = Some("ffff".to_owned());
        }
        Server::prepared(stave_server::Options::default(), |ledger| drop(ledger.append(&said).unwrap()))
    };
    let server = ahead(&[day_ms, 2 * day_ms]);
    let sentence =
        "2 statements of readers wait until 2026-09-26 14:13 UTC: this machine's clock is behind theirs.";
    for path in ["/", "/entities", "/log", "/help"] {
        assert!(server.get(path).body.contains(sentence), "{path}: {}", server.get(path).body);
    }
    let summary: Value = serde_json::from_str(&server.get("/api/v1/summary").body).unwrap();
    assert_eq!(summary["waiting"], serde_json::json!({"statements": 2, "until": later(2 * day_ms)}));
    // The past has no such thing, and neither have clocks that differ by a little.
    assert!(!server.get("/?at=1d").body.contains("of readers"));
    assert!(!ahead(&[59_000]).get("/").body.contains("of readers"));
}
