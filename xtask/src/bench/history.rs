//! Reading a whole history, against git in the same minute.

use std::path::Path;

use anyhow::Result;

use super::Table;
use crate::score_history;

const MOST_BY_GIT: f64 = 1.5;
const MOST_MB: f64 = 450.0;
const MOST_INCREMENTAL_MS: f64 = 150.0;

/// The history of one repository: with renames, alone and after some new commits.
pub(super) fn measure(repository: &Path, table: &mut Table) -> Result<()> {
    let figures = score_history::measure(repository)?;
    let count = |number: usize| u32::try_from(number).map_or(f64::INFINITY, f64::from);
    table.add("history", "git log --raw -M --no-abbrev", figures.git_ms, "ms", None);
    table.add("history", "the whole history", figures.wall_ms, "ms", None);
    table.add("history", "Stave by git", figures.wall_ratio_to_git, "times", Some(MOST_BY_GIT));
    table.add("history", "processor time", figures.cpu_seconds, "s", None);
    table.add("history", "peak memory", figures.peak_mb, "MB", Some(MOST_MB));
    table.add("history", "changed files", count(figures.changes), "changes", None);
    table.add("history", "that git shows otherwise", count(figures.differences), "changes", Some(0.0));
    table.add("history", "100 new commits", figures.incremental_ms, "ms", Some(MOST_INCREMENTAL_MS));
    Ok(())
}
