//! Which outside products and services are in use, for what, where, and in which file does it say so?

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{Label, Said, ToolUsed};
use stave_model::Scope;

use crate::places::{Place, place, web_address};
use crate::text::{Cell, Role, Style, Writer, counted};
use crate::{Estate, Result};

/// Points of evidence that are given for one use.
const PLACES: usize = 3;

/// Users that the text names; the rest is counted.
const NAMED: usize = 4;

/// The tools in use, by category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Tools {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// What was asked for: a category or a word; empty: all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub asked: String,
    /// How many tools there are.
    pub total: u64,
    /// By category, in the order of the alphabet.
    pub categories: Vec<ToolGroup>,
    /// All categories of which something is in use, with the number of tools.
    pub counts: BTreeMap<String, u64>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// The tools of one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ToolGroup {
    /// Its name, with `-` for spaces.
    pub category: String,
    /// Its tools, the most used first.
    pub tools: Vec<UsedTool>,
}

/// A tool in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct UsedTool {
    /// 12 digits of its entity.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `tool:ID`, or the reference of what it is one with.
    pub reference: String,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// In how many repositories it is used.
    pub repositories: u64,
    /// Who uses it, by name.
    pub users: Vec<User>,
}

/// A piece of the system, or a repository, that uses a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct User {
    /// The entity.
    #[serde(flatten)]
    pub label: Label,
    /// Where it can be checked.
    pub places: Vec<Place>,
}

/// The tools in use: all, those of a category, or those that a word names.
///
/// # Errors
/// Where the map can't be read.
pub fn tools(estate: Estate<'_>, asked: &str) -> Result<Tools> {
    estate.model.snapshot(|_| in_use(estate, asked))
}

/// The categories of which more than one tool is in use: what may be had twice.
///
/// # Errors
/// Where the map can't be read.
pub fn tools_of_one_category(estate: Estate<'_>) -> Result<Vec<ToolGroup>> {
    let mut categories = tools(estate, "")?.categories;
    categories.retain(|category| category.tools.len() > 1);
    Ok(categories)
}

fn in_use(estate: Estate<'_>, asked: &str) -> Result<Tools> {
    let asked = asked.trim();
    let word = asked.to_lowercase();
    let category_asked = word.replace(' ', "-");
    let all = estate.model.tools()?;
    let total = all.len() as u64;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_category: BTreeMap<String, Vec<UsedTool>> = BTreeMap::new();
    for found in &all {
        let names =
            [Some(found.row.name.as_str()), found.title.as_deref(), Some(found.row.reference.as_str())];
        let is_named = names.into_iter().flatten().any(|name| name.to_lowercase().contains(&word));
        for category in categories(found) {
            *counts.entry(category.clone()).or_default() += 1;
            if is_named || category == category_asked {
                by_category.entry(category).or_default().push(tool(found));
            }
        }
    }
    // Who asks for a category by its name wants that one only.
    if by_category.contains_key(&category_asked) {
        by_category.retain(|category, _| *category == category_asked);
    }
    let categories = by_category
        .into_iter()
        .map(|(category, mut tools)| {
            tools.sort_by(|a, b| (b.users.len(), &a.name, &a.id).cmp(&(a.users.len(), &b.name, &b.id)));
            ToolGroup { category, tools }
        })
        .collect();
    let unknown = vec![
        "Known are tools that a manifest, a setting, an address in code or a file of their own names; what people use \
         in a browser is unknown."
            .to_owned(),
    ];
    Ok(Tools { position: estate.position()?, asked: asked.to_owned(), total, categories, counts, unknown })
}

fn categories(found: &ToolUsed) -> Vec<String> {
    if found.categories.is_empty() { vec!["other".to_owned()] } else { found.categories.clone() }
}

fn tool(found: &ToolUsed) -> UsedTool {
    let repositories: BTreeSet<String> = found
        .users
        .iter()
        .flat_map(|user| &user.said)
        .filter_map(|said| {
            said.scope.parse::<Scope>().ok()?.branch().map(|(repository, _, _)| repository.to_owned())
        })
        .collect();
    UsedTool {
        id: found.row.id.clone(),
        name: found.title.clone().unwrap_or_else(|| found.row.name.clone()),
        reference: found.row.reference.clone(),
        link: found.links.iter().find_map(|link| web_address(link)),
        repositories: repositories.len() as u64,
        users: found
            .users
            .iter()
            .map(|user| User { label: user.label.clone(), places: places(&user.said) })
            .collect(),
    }
}

fn places(said: &[Said]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for one in said {
        for evidence in &one.evidence {
            let found = place(evidence, &one.scope, one.source_id.as_deref());
            if places.len() < PLACES && !places.contains(&found) {
                places.push(found);
            }
        }
    }
    places
}

impl ToolGroup {
    /// Its name as people write it.
    pub fn title(&self) -> String {
        self.category.replace('-', " ")
    }
}

impl Tools {
    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        for group in &self.categories {
            page.heading(&group.title());
            let rows: Vec<Vec<Cell>> = group.tools.iter().map(row).collect();
            page.table(2, &rows);
        }
        page.gap();
        let shown: usize = self.categories.iter().map(|group| group.tools.len()).sum();
        let foot = if self.asked.is_empty() {
            format!(
                "{} in {}; position {}",
                counted(self.total, "tool", "tools"),
                counted(self.categories.len() as u64, "category", "categories"),
                self.position
            )
        } else {
            format!(
                "{} of {} that have to do with \"{}\"; position {}",
                shown,
                counted(self.total, "tool", "tools"),
                self.asked,
                self.position
            )
        };
        page.prose(0, Some(Role::Quiet), &foot);
        page.unknown(&self.unknown);
        page.end()
    }
}

fn row(tool: &UsedTool) -> Vec<Cell> {
    let names: Vec<&str> = tool.users.iter().take(NAMED).map(|user| user.label.name.as_str()).collect();
    let more = tool.users.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let place =
        tool.users.iter().flat_map(|user| &user.places).next().map_or("", |place| place.text.as_str());
    vec![
        Cell::of(Role::Name, &tool.name),
        Cell::new(&format!("{}{more}", names.join(", "))),
        Cell::of(Role::Quiet, &counted(tool.repositories, "repository", "repositories")),
        Cell::of(Role::Quiet, place),
    ]
}
