#![allow(clippy::unwrap_used)]
//! Which addresses are described: those of the router, and no other.

use std::collections::BTreeSet;

use super::{document, routes};
use crate::door::WriteRoute;
use crate::routes::for_programs;

type Addresses = BTreeSet<(String, String)>;

/// What the document has: method and address.
fn described() -> Addresses {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, methods): (&String, &serde_json::Value)| {
        let methods: Vec<String> = methods.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(|method| (method, path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

/// The answers that `pages.rs` knows, from its table: `(true, ["entities", id, "why"])`.
fn twins() -> Addresses {
    let source = include_str!("../pages.rs");
    let mut known = BTreeSet::new();
    for line in source.lines().map(str::trim) {
        for start in ["(_, [", "(true, ["] {
            for (at, _) in line.match_indices(start) {
                let Some((inside, _)) = line[at + start.len()..].split_once(']') else { continue };
                let part = |part: &str| match part.strip_prefix('"') {
                    Some(text) => format!("/{}", text.trim_end_matches('"')),
                    None => "/{id}".to_owned(),
                };
                let path: String = inside.split(", ").filter(|text| !text.is_empty()).map(part).collect();
                known.insert(("get".to_owned(), format!("/api/v1{path}")));
            }
        }
    }
    known
}

#[test]
fn every_address_for_programs_is_described_and_no_other() {
    let routed = for_programs().into_iter().map(|(method, path, _)| (method.to_ascii_lowercase(), path));
    let all: Addresses = routed.chain(twins()).collect();
    assert!(all.len() > 40 && all.contains(&("get".to_owned(), "/api/v1/entities/{id}/why".to_owned())));
    let described = described();
    let missing: Vec<_> = all.difference(&described).collect();
    assert!(missing.is_empty(), "{missing:?} are answered and not described");
    let made_up: Vec<_> = described.difference(&all).collect();
    assert!(made_up.is_empty(), "{made_up:?} are described and not answered");
}

#[test]
fn what_changes_something_is_described_as_that() {
    for (method, path) in described() {
        let is_write = WriteRoute::of(&path.replace("{id}", "0")).is_some_and(|_| method == "post");
        assert_eq!(is_write, method == "post", "{method} {path}");
    }
    for route in routes::all().filter(|route| route.method == "post") {
        assert!(route.who == routes::Who::Writers, "{}", route.path);
    }
}

#[test]
fn two_types_of_one_name_were_told_apart_by_a_number() {
    let document = document();
    let names: Vec<&String> = document["components"]["schemas"].as_object().unwrap().keys().collect();
    let numbered: Vec<_> =
        names.iter().filter(|name| name.ends_with(|sign: char| sign.is_ascii_digit())).collect();
    assert!(
        names.len() > 80 && numbered.is_empty(),
        "{numbered:?}: which is which depends on the order of the table"
    );
}
