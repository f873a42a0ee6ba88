//! Names that a form offers. Whoever means another one types it.

use stave_map::Filter;

use crate::{Estate, Result};

/// Names that are offered for owners.
const OWNERS: u64 = 300;
/// Names that are offered for other ends of relations.
const PIECES: u64 = 300;

/// Names that forms offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Teams, then persons that the map has.
    pub owners: Vec<String>,
    /// Pieces of the system.
    pub pieces: Vec<String>,
}

/// Names to offer on a page that corrects.
///
/// # Errors
/// Where the map can't be read.
pub fn choices(estate: Estate<'_>) -> Result<Choices> {
    let mut choices = Choices::default();
    for kind in ["group", "person"] {
        let filter = Filter { kind: Some(kind.to_owned()), limit: OWNERS, ..Filter::default() };
        for mut row in estate.model.list(&filter)?.rows {
            estate.people.name_row(&mut row);
            choices.owners.push(row.name);
        }
    }
    let filter = Filter { limit: PIECES, ..Filter::default() };
    for row in estate.model.list(&filter)?.rows {
        if !matches!(row.kind.as_str(), "group" | "person") {
            choices.pieces.push(row.name);
        }
    }
    choices.owners.dedup();
    choices.pieces.sort_unstable();
    choices.pieces.dedup();
    Ok(choices)
}
