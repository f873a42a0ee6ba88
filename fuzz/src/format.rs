//! The format's own types (crates/model): what parses has one form, and that form comes back.

use stave_imports::Imported;
use stave_model::{
    Author, Claim, Hash, Header, Key, Op, Reference, Scope, Statement, Time, canonical, escape_fact_part,
    fact_scope, key_strength, slug, unescape_fact_part,
};

/// A header: parsed, checked, and the same after a way through its canonical form.
pub(crate) fn header(bytes: &[u8]) {
    let Ok(header) = serde_json::from_slice::<Header>(bytes) else { return };
    let _ = (header.source_at(), header.scope.branch(), header.scope.is_work());
    let _ = Statement { header: header.clone(), claims: Vec::new() }.check();
    if header.check().is_ok() {
        let again: Header = serde_json::from_slice(&canonical(&header)).expect("a canonical header is read");
        assert_eq!(again, header);
        assert_eq!(again.id(), header.id());
        again.check().expect("what was right stays right");
    }
}

/// A claim: parsed, checked, and the same after a way through its canonical form.
pub(crate) fn claim(bytes: &[u8]) {
    let Ok(claim) = serde_json::from_slice::<Claim>(bytes) else { return };
    let _ = (claim.fact_scope(), claim.hash(), claim.clone().normalised().check());
    if let Ok(form) = claim.checked() {
        assert_eq!(form, canonical(&claim), "there is one canonical form");
        let again: Claim = serde_json::from_slice(&form).expect("a canonical claim is read");
        assert_eq!(again, claim);
        assert_eq!(again.checked().expect("what was right stays right"), form);
    }
}

/// Other tools' files: whatever is taken from them is a claim that the format takes.
pub(crate) fn import(bytes: &[u8]) {
    let options =
        stave_imports::Options { from: Some("fuzz".to_owned()), ..stave_imports::Options::default() };
    match stave_imports::import("file.json", bytes, &options) {
        Ok(Imported::Map(import)) => {
            for claim in &import.claims {
                claim.check().expect("a claim that the format takes");
            }
        }
        Ok(Imported::Records(records)) => {
            for row in &records.rows {
                row.claim.check().expect("a claim that the format takes");
                assert_eq!(row.claim.of.as_str(), row.scope.as_str(), "a record's scope is its reference");
            }
        }
        Err(_) => {}
    }
}

/// Names of every kind. The text's first line is one name, the rest another one.
pub(crate) fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = (text.parse::<Op>(), text.parse::<Hash>(), slug(text), key_strength(text));
    assert_eq!(unescape_fact_part(&escape_fact_part(text)), text);
    if let Ok(time) = text.parse::<Time>() {
        assert_eq!(time.to_string().parse::<Time>().expect("a time is read as it is written"), time);
    }
    if let Ok(author) = text.parse::<Author>() {
        let _ = author.is_person();
    }
    if let Ok(scope) = text.parse::<Scope>() {
        let _ = scope.branch();
    }
    if let Ok(key) = text.parse::<Key>() {
        let _ = key_strength(key.as_str());
    }
    let (first, rest) = text.split_once('\n').unwrap_or((text, text));
    let Ok(of) = first.parse::<Reference>() else { return };
    assert_eq!(format!("{}:{}", of.kind(), of.rest()), of.as_str());
    let _ = (of.container(), of.named_key(), of.short_name());
    if let Some((repository, folder, format, name)) = of.in_repository() {
        // The parts are escaped already, so only a folder without `%` comes back the same.
        if !folder.contains('%') {
            assert_eq!(Reference::of_repository(repository, folder, format, name).ok().as_ref(), Some(&of));
        }
    }
    if let Ok(scope) = fact_scope(&of, "depends_on", Some(rest)) {
        let parts = scope.rest().split_once('#').and_then(|(of, tail)| Some((of, tail.split_once('>')?.1)));
        let (of_part, to_part) = parts.expect("a fact's scope has its parts");
        assert_eq!(
            (unescape_fact_part(of_part).as_str(), unescape_fact_part(to_part).as_str()),
            (of.as_str(), rest)
        );
    }
}
