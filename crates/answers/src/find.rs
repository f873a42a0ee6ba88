//! Where is …? Entities by words, the best hit first; and what a typed name leads to.

use std::collections::BTreeMap;

use serde::Serialize;
use stave_map::EntityRow;

use crate::list::{entity_cells, kind_text};
use crate::text::{Cell, Role, Style, Writer, counted, grouped, tame};
use crate::{Estate, Result};

/// Endpoints of one entity that the text lists.
const ENDPOINTS: usize = 10;

/// Entities that match some words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Find {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The words.
    pub words: String,
    /// The best hit first.
    pub rows: Vec<EntityRow>,
    /// By id: the endpoints that the words mean.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, Vec<String>>,
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
    let mut rows = estate.hits(words, limit)?;
    // `/orders/17` stands nowhere, `/orders/{id}` does: what begins alike is looked through.
    let mut is_begun = false;
    if rows.is_empty() && words.starts_with('/') {
        let first = words.trim_start_matches('/').split('/').next().unwrap_or_default();
        rows = estate.hits(first, limit)?;
        is_begun = true;
    }
    let mut endpoints = BTreeMap::new();
    for row in &rows {
        let all = estate.model.texts(&row.id, "endpoint")?;
        let meant: Vec<String> = all.into_iter().filter(|endpoint| is_meant(endpoint, words)).collect();
        if !meant.is_empty() {
            endpoints.insert(row.id.clone(), meant);
        }
    }
    if is_begun {
        rows.retain(|row| endpoints.contains_key(&row.id));
    }
    // Who types a path looks for who answers at it.
    if words.contains('/') {
        rows.sort_by_key(|row| !endpoints.contains_key(&row.id));
    }
    let unknown = if rows.len() as u64 >= limit {
        vec![format!("There may be more than these {limit}.")]
    } else {
        Vec::new()
    };
    Ok(Find { position: estate.position()?, words: words.to_owned(), rows, endpoints, unknown })
}

/// Whether some words mean an endpoint: each of them stands in it. A word with a slash must begin at one; variables
/// may be written in any way, for `/orders/17` asks for `/orders/{id}`.
fn is_meant(endpoint: &str, words: &str) -> bool {
    let endpoint = endpoint.to_lowercase();
    let (method, path) = endpoint.split_once(' ').unwrap_or(("", &endpoint));
    words.to_lowercase().split_whitespace().all(|word| {
        if word.starts_with('/') {
            return begins_at_a_segment(path, word);
        }
        word == method || path.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word))
    })
}

/// Whether a path holds another from some segment on. A variable is equal to anything, the last segment may be begun.
fn begins_at_a_segment(path: &str, wanted: &str) -> bool {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let wanted: Vec<&str> = wanted.trim_start_matches('/').split('/').collect();
    let fits = |(index, (part, want)): (usize, (&&str, &&str))| {
        part == want || part.starts_with('{') || index + 1 == wanted.len() && part.starts_with(want)
    };
    let literal = |part: &&str| !part.starts_with('{');
    parts.windows(wanted.len().max(1)).any(|window| {
        window.iter().zip(&wanted).enumerate().all(fits) && (wanted == [""] || window.iter().any(literal))
    })
}

impl Find {
    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.table(0, &entity_cells(&self.rows));
        for row in &self.rows {
            let Some(endpoints) = self.endpoints.get(&row.id) else { continue };
            page.heading(&format!("{} answers at", row.name));
            let rows: Vec<Vec<Cell>> =
                endpoints.iter().take(ENDPOINTS).map(|text| vec![Cell::new(text)]).collect();
            page.table(2, &rows);
            if endpoints.len() > ENDPOINTS {
                let more = grouped((endpoints.len() - ENDPOINTS) as u64);
                page.prose(2, Some(Role::Quiet), &format!("and {more} more, which --json lists"));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::is_meant;

    #[test]
    fn words_mean_endpoints_by_their_parts() {
        for words in
            ["/orders", "orders", "get orders", "GET /orders", "/orders/17", "/orders/{id}", "/v1/ord", "get"]
        {
            assert!(is_meant("GET /v1/orders/{id}", words), "{words}");
        }
        for words in ["post orders", "/order-items", "/rders", "rders", "/orders/17/items", "/17"] {
            assert!(!is_meant("GET /v1/orders/{id}", words), "{words}");
        }
        assert!(is_meant("shop.Orders/Place", "place"));
        assert!(is_meant("query orders", "orders"));
    }
}
