//! Incidents of an estate are tied to its pieces, by their tool, by their text and by people's words.

use stave_answers::{TiedIncident, tied_incidents};
use stave_ledger::{Ledger, MemoryLedger};
use stave_model::Statement;
use stave_model::records::Incident;

use crate::Folded;
use crate::estate::{ANN, Run, compose, people, says, statements, word};

fn incident(key: &str, title: &str, services: &[&str]) -> Statement {
    let services = services.iter().map(|name| (*name).to_owned()).collect();
    let incident = Incident { key: key.to_owned(), title: title.to_owned(), services, ..Incident::default() };
    let scope = format!("ticket:{key}");
    let run = Run { author: "system:ops", scope: &scope, minute: 60, commit: "-", unread: &[], op: 60 };
    let mut statement = run.says(Vec::new());
    statement.claims = vec![incident.to_claim().unwrap()];
    Statement::new(statement.header, statement.claims)
}

fn tied(more: &[Statement]) -> Vec<TiedIncident> {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&statements()).unwrap();
    ledger.append(more).unwrap();
    ledger.add_people(&people()).unwrap();
    tied_incidents(Folded::of(ledger).estate()).unwrap()
}

fn names(incident: &TiedIncident) -> Vec<(&str, &str)> {
    incident.about.iter().map(|piece| (piece.piece.name.as_str(), piece.reason.as_str())).collect()
}

#[test]
fn tool_text_and_people_say_what_an_incident_was_about() {
    let went_down = |key: &str| says("went_down", &compose("storefront")).to(key);
    let rows = tied(&[
        incident("ops/1", "Storefront is slow", &[]),
        incident("ops/2", "Storefront is slow because of orders", &["Orders"]),
        incident("ops/3", "Storefront is slow", &[]),
        incident("ops/4", "Everything is slow", &[]),
        word(ANN, 90, 90, &[], went_down("ops/3").not()),
        word(ANN, 91, 91, &[], went_down("ops/4")),
    ]);
    let keys: Vec<&str> = rows.iter().map(|row| row.incident.key.as_str()).collect();
    assert_eq!(keys, ["ops/1", "ops/2", "ops/3", "ops/4"]);
    let denied = "the title names storefront; that was right in 0 of 2 known incidents";
    assert_eq!(names(&rows[0]), [("storefront", denied)]);
    assert_eq!(names(&rows[1]).len(), 1);
    assert_eq!(rows[1].about[0].piece.name, "orders");
    assert_eq!(names(&rows[2]), []);
    assert!(rows[2].unsure.is_empty(), "a person denied it");
    assert_eq!(names(&rows[3]), [("storefront", "a person says so")]);
}

#[test]
fn an_estate_without_incidents_ties_nothing() {
    assert_eq!(tied(&[]), []);
}
