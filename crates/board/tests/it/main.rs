//! Integration tests of the board, on answers made by hand. What the pages look like on a folded estate is
//! tested through the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drawings;
mod pages;
mod words;

use stave_answers::{EntityRow, Label};

pub(crate) fn label(id: u32, name: &str, kind: &str) -> Label {
    Label { id: format!("{id:012x}"), name: name.to_owned(), kind: kind.to_owned(), hidden: false }
}

pub(crate) fn row(id: u32, name: &str, kind: &str) -> EntityRow {
    EntityRow {
        id: format!("{id:012x}"),
        name: name.to_owned(),
        kind: kind.to_owned(),
        entity_type: None,
        description: None,
        owners: Vec::new(),
        relations_out: 0,
        relations_in: 0,
        questions: 0,
        hidden: false,
        reference: format!("said:{kind}/{id}"),
    }
}
