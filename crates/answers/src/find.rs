//! Where is …? Entities by words, the best hit first; and what a typed name leads to.

use serde::Serialize;
use stave_map::EntityRow;

use crate::list::{entity_cells, kind_text};
use crate::text::{Role, Style, Writer, counted, tame};
use crate::{Estate, Result};

/// Entities that match some words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Find {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The words.
    pub words: String,
    /// The best hit first.
    pub rows: Vec<EntityRow>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// Up to `limit` entities that match the words.
///
/// # Errors
/// Where the map can't be read.
pub fn find(estate: Estate<'_>, words: &str, limit: u64) -> Result<Find> {
    estate.model.snapshot(|_| hits(estate, words, limit))
}

fn hits(estate: Estate<'_>, words: &str, limit: u64) -> Result<Find> {
    let rows = estate.hits(words, limit)?;
    let unknown = if rows.len() as u64 >= limit {
        vec![format!("There may be more than these {limit}.")]
    } else {
        Vec::new()
    };
    Ok(Find { position: estate.position()?, words: words.to_owned(), rows, unknown })
}

impl Find {
    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.table(0, &entity_cells(&self.rows));
        page.gap();
        let count = counted(self.rows.len() as u64, "entity", "entities");
        page.prose(
            0,
            Some(Role::Quiet),
            &format!("{count} for \"{}\"; position {}", self.words, self.position),
        );
        page.unknown(&self.unknown);
        page.end()
    }
}

/// The entities that a name may mean, for a message: `payments (component, service) 0123456789ab`.
pub fn nearest_text(rows: &[EntityRow]) -> Vec<String> {
    rows.iter().map(|row| format!("{} ({}) {}", tame(&row.name), kind_text(row), row.id)).collect()
}
