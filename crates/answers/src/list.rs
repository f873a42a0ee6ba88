//! Which entities are there? With search words, filters and pages.

use serde::Serialize;
use stave_map::{EntityRow, Filter, Label, Named};
use stave_model::hash_bytes;

use crate::paging::{self, Paging};
use crate::summary::KindCount;
use crate::text::{Cell, Role, Style, Writer, counted, joined, spoken};
use crate::{Estate, Result};

/// Hits that a search looks at before it filters.
const SEARCH_LIMIT: u64 = 400;

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Search words; empty: all.
    pub words: String,
    /// Only this kind.
    pub kind: Option<String>,
    /// Only this type.
    pub entity_type: Option<String>,
    /// Only what this one owns: a name, reference or id.
    pub owner: Option<String>,
    /// Which page, from 1; 0 means 1.
    pub page: u64,
    /// Entities on a page; 0: as many as is usual.
    pub page_size: u64,
    /// Denied ones too.
    pub hidden: bool,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct List {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The search words, if any were given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// Only this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only this type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// Only what this one owns, as it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The owner that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_found: Option<Label>,
    /// Denied ones too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// How many match.
    pub total: u64,
    /// Which page this is, from 1.
    pub page: u64,
    /// How many pages there are.
    pub pages: u64,
    /// The entities: by the map's order, or the best hit first where words are given.
    pub rows: Vec<EntityRow>,
    /// How many entities of each kind there are in all, to choose from.
    pub kinds: Vec<KindCount>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// One page of the entities that match.
///
/// # Errors
/// Where the map can't be read.
pub fn list(estate: Estate<'_>, query: &ListQuery) -> Result<List> {
    estate.model.snapshot(|_| list_page(estate, query))
}

fn list_page(estate: Estate<'_>, query: &ListQuery) -> Result<List> {
    let paging = Paging::new(query.page, query.page_size);
    let words = query.words.trim();
    let mut unknown = Vec::new();
    let owner = match &query.owner {
        Some(text) => owner_of(estate, text, &mut unknown)?,
        None => None,
    };
    let lost_owner = query.owner.is_some() && owner.is_none();
    let (total, rows) = if lost_owner {
        (0, Vec::new())
    } else if words.is_empty() {
        let filter = Filter {
            kind: query.kind.clone(),
            entity_type: query.entity_type.clone(),
            owner: owner.as_ref().map(|label| label.id.clone()),
            hidden: query.hidden,
            tools: query.entity_type.as_deref() == Some("tool"),
            offset: paging.offset(),
            limit: paging.size,
        };
        let mut found = estate.model.list(&filter)?;
        found.rows.iter_mut().for_each(|row| estate.people.name_row(row));
        (found.total, found.rows)
    } else {
        let hits = estate.hits(words, SEARCH_LIMIT)?;
        if hits.len() as u64 >= SEARCH_LIMIT {
            unknown.push(format!("Only the best {SEARCH_LIMIT} hits were looked at."));
        }
        let hits: Vec<EntityRow> =
            hits.into_iter().filter(|row| matches(row, query, owner.as_ref())).collect();
        let total = hits.len() as u64;
        let skip = usize::try_from(paging.offset()).unwrap_or(usize::MAX);
        (total, hits.into_iter().skip(skip).take(paging.size as usize).collect())
    };
    let kinds = estate.model.counts()?.kinds;
    Ok(List {
        position: estate.position()?,
        words: words.to_owned(),
        kind: query.kind.clone(),
        entity_type: query.entity_type.clone(),
        owner: query.owner.clone(),
        owner_found: owner,
        hidden: query.hidden,
        total,
        page: paging.page,
        pages: paging.pages(total),
        rows,
        kinds: kinds
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| KindCount { kind, count })
            .collect(),
        unknown,
    })
}

fn matches(row: &EntityRow, query: &ListQuery, owner: Option<&Label>) -> bool {
    (query.hidden || !row.hidden)
        && query.kind.as_ref().is_none_or(|kind| *kind == row.kind)
        && query.entity_type.as_ref().is_none_or(|wanted| row.entity_type.as_ref() == Some(wanted))
        && owner.is_none_or(|owner| row.owners.iter().any(|label| label.id == owner.id))
}

fn owner_of(estate: Estate<'_>, text: &str, unknown: &mut Vec<String>) -> Result<Option<Label>> {
    let rows = match estate.model.named(text)? {
        Named::One(id) => match estate.entity(&id)? {
            Some(entity) => return Ok(Some(label(&entity.row))),
            None => Vec::new(),
        },
        Named::Several(rows) => {
            // A team and a service may have one name; only one of them is an owner.
            let owners: Vec<&EntityRow> =
                rows.iter().filter(|row| row.kind == "group" || row.kind == "person").collect();
            if let [only] = owners.as_slice() {
                return Ok(Some(label(only)));
            }
            rows
        }
        Named::None(rows) => rows,
    };
    if let [only] = estate.people.called(text).as_slice()
        && let Some(entity) = estate.entity(&hash_bytes(only.as_bytes()).short())?
    {
        return Ok(Some(label(&entity.row)));
    }
    let names: Vec<&str> = rows.iter().take(5).map(|row| row.name.as_str()).collect();
    unknown.push(if names.is_empty() {
        format!("Nobody here is called \"{text}\".")
    } else {
        format!("It is not clear who \"{text}\" is: {}?", joined(&names, "or"))
    });
    Ok(None)
}

fn label(row: &EntityRow) -> Label {
    Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: row.hidden }
}

/// `service` where a type is known, else the kind; both where they don't say the same.
pub(crate) fn kind_text(row: &EntityRow) -> String {
    match &row.entity_type {
        Some(entity_type) if entity_type == &row.kind => spoken(&row.kind),
        Some(entity_type) => format!("{}, {}", spoken(&row.kind), spoken(entity_type)),
        None => spoken(&row.kind),
    }
}

/// Rows of entities as a table's rows.
pub(crate) fn entity_cells(rows: &[EntityRow]) -> Vec<Vec<Cell>> {
    rows.iter()
        .map(|row| {
            let owners: Vec<&str> = row.owners.iter().map(|label| label.name.as_str()).collect();
            let mut rest = row.description.clone().unwrap_or_default();
            if row.questions > 0 {
                rest = format!("[{}] {rest}", counted(row.questions, "question", "questions"));
            }
            if row.hidden {
                rest = format!("[denied] {rest}");
            }
            vec![
                Cell::of(Role::Name, &row.name),
                Cell::new(&kind_text(row)),
                Cell::new(if owners.is_empty() { "–".to_owned() } else { owners.join(", ") }.as_str()),
                Cell::of(Role::Quiet, &row.id),
                Cell::of(Role::Quiet, &rest),
            ]
        })
        .collect()
}

impl List {
    /// What is listed, as the beginning of a sentence: `Components owned by till`.
    pub fn what(&self) -> String {
        let entities = if self.total == 1 { "entity" } else { "entities" };
        let mut what = match (&self.kind, &self.entity_type) {
            (Some(kind), Some(entity_type)) => {
                format!("{entities} of kind {} and type {}", spoken(kind), spoken(entity_type))
            }
            (Some(kind), None) => format!("{entities} of kind {}", spoken(kind)),
            (None, Some(entity_type)) => format!("{entities} of type {}", spoken(entity_type)),
            (None, None) => entities.to_owned(),
        };
        if let Some(owner) = self.owner_found.as_ref().map(|label| &label.name).or(self.owner.as_ref()) {
            what.push_str(&format!(" owned by {owner}"));
        }
        if !self.words.is_empty() {
            what.push_str(&format!(" that match \"{}\"", self.words));
        }
        what
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.table(0, &entity_cells(&self.rows));
        let number = if self.total == 0 { "No".to_owned() } else { crate::text::grouped(self.total) };
        let found = format!("{number} {}", self.what());
        paging::close(page, &found, (self.page, self.pages), self.position, &self.unknown)
    }
}
