//! Tools of one category: which outside products are used side by side for the same purpose.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{Label, Outline, Outlines};

/// A category in which more than one tool is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolCategory {
    /// The category: a tag that the tools have.
    pub category: String,
    /// The tools, the most used first.
    pub tools: Vec<Tool>,
}

/// A tool with those that need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// The tool.
    pub tool: Label,
    /// What needs it, by name.
    pub used_by: Vec<Label>,
    /// How many need it: beyond those listed as well.
    pub uses: u64,
}

/// Users of one tool that are listed; the rest are counted.
const USERS: usize = 12;

/// The categories in which more than one tool is used, the most tools first.
pub(super) fn tools(outlines: &Outlines) -> Vec<ToolCategory> {
    let is_tool = |row: &Outline| row.entity_type.as_deref() == Some("tool");
    let mut users: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (at, row) in outlines.rows.iter().enumerate() {
        for (_, to) in row.links.iter().filter(|(_, to)| is_tool(&outlines.rows[*to])) {
            users.entry(*to).or_default().insert(at);
        }
    }
    let mut categories: BTreeMap<&str, Vec<Tool>> = BTreeMap::new();
    for (at, users) in &users {
        let row = &outlines.rows[*at];
        for tag in row.texts.iter().filter(|text| text.fact_type == "tag") {
            let mut used_by: Vec<Label> = users.iter().map(|user| label(&outlines.rows[*user])).collect();
            used_by.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
            used_by.truncate(USERS);
            let tool = Tool { tool: label(row), used_by, uses: users.len() as u64 };
            categories.entry(&tag.text).or_default().push(tool);
        }
    }
    let mut found: Vec<ToolCategory> = categories
        .into_iter()
        .filter(|(_, tools)| tools.len() > 1)
        .map(|(category, mut tools)| {
            tools.sort_by(|a, b| b.uses.cmp(&a.uses).then_with(|| a.tool.cmp(&b.tool)));
            ToolCategory { category: category.to_owned(), tools }
        })
        .collect();
    found.sort_by(|a, b| b.tools.len().cmp(&a.tools.len()).then_with(|| a.category.cmp(&b.category)));
    found
}

fn label(row: &Outline) -> Label {
    Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: false }
}
