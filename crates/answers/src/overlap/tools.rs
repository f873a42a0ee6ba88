//! Tools of one category: which outside products are used side by side for the same purpose.

use serde::Serialize;
use stave_map::Label;

use crate::tools::{UsedTool, tools_of_one_category};
use crate::{Estate, Result};

/// A category in which more than one tool is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ToolCategory {
    /// The category: a tag that the tools have.
    pub category: String,
    /// The tools, the most used first.
    pub tools: Vec<Tool>,
}

/// A tool with those that need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
pub(super) fn tools(estate: Estate<'_>) -> Result<Vec<ToolCategory>> {
    let mut found: Vec<ToolCategory> = tools_of_one_category(estate)?
        .into_iter()
        .map(|group| ToolCategory {
            category: group.category,
            tools: group.tools.into_iter().map(tool).collect(),
        })
        .collect();
    found.sort_by(|a, b| b.tools.len().cmp(&a.tools.len()).then_with(|| a.category.cmp(&b.category)));
    Ok(found)
}

fn tool(used: UsedTool) -> Tool {
    let uses = used.users.len() as u64;
    let tool = Label { id: used.id, name: used.name, kind: "resource".to_owned(), hidden: false };
    Tool { tool, used_by: used.users.into_iter().take(USERS).map(|user| user.label).collect(), uses }
}
