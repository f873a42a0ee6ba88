//! `?at=`: every page and every answer as of a moment, with links that stay there, and never so that others wait.

use serde_json::Value;
use stave_ledger::{Ledger as _, superseded};
use stave_server::Options;

use crate::html::{Element, elements};
use crate::{Server, estate, every_page};

/// Before a second person named another owner.
fn undisputed() -> String {
    estate::at(71).to_string()
}

fn with(path: &str, at: &str) -> String {
    let (address, place) = path.split_once('#').unwrap_or((path, ""));
    let join = if address.contains('?') { '&' } else { '?' };
    let place = if place.is_empty() { String::new() } else { format!("#{place}") };
    format!("{address}{join}at={at}{place}")
}

/// Links and forms to pages of ours.
fn ways(all: &[Element]) -> Vec<(&Element, &str)> {
    let links = all
        .iter()
        .filter_map(|one| one.attribute(if one.tag == "a" { "href" } else { "action" }).map(|to| (one, to)));
    links.filter(|(_, to)| to.starts_with('/') && !to.starts_with("/account")).collect()
}

#[test]
fn every_page_of_the_past_says_so_and_leads_to_the_past() {
    let server = Server::start();
    let at = undisputed();
    for path in every_page() {
        let address = with(&path, &at);
        let answer = server.get(&address);
        assert!(matches!(answer.status, 200 | 404), "{address}: {}", answer.status);
        if answer.status != 200 {
            continue;
        }
        let all = elements(&answer.body);
        let body = all.iter().find(|one| one.tag == "body").unwrap();
        assert!(body.attribute("data-still").is_some(), "{address} follows the present");
        let note = all.iter().find(|one| one.tag == "aside").unwrap();
        assert!(note.text.contains("As of 2026-09-21 ") && note.text.contains("See today"), "{}", note.text);
        assert!(
            !all.iter().any(|one| one.attribute("method") == Some("post")),
            "{address} has a form that says"
        );
        assert!(!answer.body.contains("formaction"), "{address} has a button that says");
        let mut today = 0;
        for (one, to) in ways(&all) {
            if one.tag == "form" {
                continue;
            }
            let is_today = one.text.trim() == "See today";
            today += usize::from(is_today);
            assert_eq!(to.matches("at=").count(), usize::from(!is_today), "{address} leads to {to}");
        }
        assert_eq!(today, 1, "{address}");
        let forms = all.iter().filter(|one| one.tag == "form").count();
        let fields =
            all.iter().filter(|one| one.tag == "input" && one.attribute("name") == Some("at")).count();
        assert_eq!(forms, fields, "{address}: a form that leaves the past");
        // The same question of today is where it was.
        assert_eq!(server.get(&path).status, 200, "{path}");
    }
}

#[test]
fn an_answer_of_the_past_is_of_then_and_says_so() {
    let server = Server::start();
    let storefront = format!("/api/v1/entities/{}", estate::digits(&estate::compose("storefront")));
    let ask = |at: &str| -> Value {
        let answer = server.get(&with(&storefront, at));
        assert_eq!(answer.status, 200, "{at}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    };
    let now: Value = serde_json::from_str(&server.get(&storefront).body).unwrap();
    assert!(now.get("at").is_none());
    assert_eq!(now["owners"].as_array().unwrap().len(), 0, "a dispute acts as if neither were said");
    let then = ask(&undisputed());
    assert_eq!(then["owners"][0]["name"], "counter", "{}", then["owners"]);
    assert_eq!(then["at"], serde_json::json!({"time": undisputed()}));
    // By arrival: the last statement aside, and all of them, which is the present.
    let end = server.ledger().position().unwrap();
    let before = ask(&(end - 1).to_string());
    assert_eq!(before["at"]["position"], end - 1);
    assert_eq!(before["position"], end - 1);
    assert!(ask(&end.to_string()).get("at").is_none());
    let page = server.get(&with("/entities?kind=api", &end.to_string()));
    assert_eq!((page.status, page.header("location")), (302, "/entities?kind=api"));
    // A name leads to the digits, in the same moment.
    let named = server.get(&with("/e/storefront", &undisputed()));
    assert_eq!(
        (named.status, named.header("location").ends_with(&format!("at={}", undisputed()))),
        (302, true)
    );
    // What is understood of the moment is what the command line understands.
    assert_eq!(ask("1d")["at"]["time"], "2026-09-23T23:59:59.999Z");
}

#[test]
fn a_moment_that_there_is_no_map_of_is_told_with_what_to_do() {
    let server = Server::start();
    let end = server.ledger().position().unwrap();
    for (at, status, sentence, hint) in [
        ("yesterday", 400, "at=yesterday: that is no moment.", "Write a day"),
        ("2999-01-01", 400, "at=2999-01-01: that is in the future.", "it is now"),
        ("4711", 400, &*format!("at=4711: the ledger ends at position {end}."), "log"),
        ("%3Cb%3E", 400, "at=<b>: that is no moment.", "Write a day"),
    ] {
        let answer = server.get(&with("/api/v1/summary", at));
        assert_eq!(answer.status, status, "{at}: {}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"]["message"], sentence);
        assert!(body["error"]["hint"].as_str().unwrap().contains(hint), "{body}");
        let page = server.get(&with("/", at));
        assert_eq!(page.status, status);
        assert!(!page.body.contains("<b>"), "{}", page.body);
    }
    // An empty field of the form is the present.
    assert_eq!(server.get("/?at=").status, 200);
    let nowhere = server.post("/say?at=5", "", &[]);
    assert!(nowhere.status >= 400, "{nowhere:?}");
}

#[test]
fn a_compacted_ledger_gives_no_map_from_before_its_horizon() {
    let mut horizon = None;
    let server = Server::prepared(Options::default(), |ledger| {
        // Every machine reads once more.
        let mut again = estate::statements();
        again.retain(|said| !said.header.author.is_person());
        for said in &mut again {
            said.header.time = estate::at(90);
            said.header.source =
                stave_model::Source { at: Some(estate::at(90)), id: Some("ffff".to_owned()) };
        }
        ledger.append(&again).unwrap();
        ledger
            .append(&[estate::word(
                estate::ANN,
                91,
                21,
                &[],
                estate::says("tier", &estate::compose("orders")).value("1".into()),
            )])
            .unwrap();
        let going = superseded(ledger, estate::at(90)).unwrap();
        assert!(!going.numbers.is_empty());
        ledger.compact(&going.numbers, going.horizon).unwrap();
        horizon = Some(going.horizon);
    });
    let horizon = horizon.unwrap();
    let ask = |at: &str| server.get(&with("/api/v1/summary", at));
    for (at, earliest) in [
        (estate::at(89).to_string(), format!("goes back to {} only", horizon.time)),
        ((horizon.position - 1).to_string(), format!("goes back to position {} only", horizon.position)),
    ] {
        let answer = ask(&at);
        assert_eq!(answer.status, 410, "{at}: {}", answer.body);
        assert!(answer.body.contains(&earliest) && answer.body.contains("Ask for that"), "{}", answer.body);
    }
    for at in [horizon.time.to_string(), horizon.position.to_string()] {
        assert_eq!(ask(&at).status, 200, "{at}");
    }
    let gone = server.get(&with("/entities?gone=yes", &horizon.time.to_string()));
    assert!(gone.body.contains("the ledger was compacted"), "{}", gone.body);
}

#[test]
fn many_moments_at_once_keep_nobody_waiting_and_few_maps() {
    let server = Server::start();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..24)
            .map(|minute| {
                let server = &server;
                scope.spawn(move || server.get(&with("/", &estate::at(60 + minute).to_string())))
            })
            .collect();
        // Whoever asks about today is answered meanwhile.
        for _ in 0..10 {
            assert_eq!(server.get("/").status, 200);
        }
        let answers = asked.into_iter().map(|one| one.join().unwrap());
        answers
            .inspect(|answer| {
                if answer.status == 503 {
                    assert_eq!(answer.header("retry-after"), "3", "{answer:?}");
                    assert_eq!(answer.header("refresh"), "3");
                }
            })
            .map(|answer| answer.status)
            .collect()
    });
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    assert!(statuses.contains(&200), "{statuses:?}");
    // Nobody looks now: the next one that is made leaves as many as are kept.
    assert_eq!(server.get(&with("/", &estate::at(99).to_string())).status, 200);
    let entries = std::fs::read_dir(server.folder.path().join("at")).unwrap();
    let maps =
        entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "sqlite"));
    assert!(maps.count() <= stave_map::PAST_MAPS);
}
