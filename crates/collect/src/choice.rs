//! Which readers get which file of a tree, and which rule leaves the others out.

use std::collections::BTreeMap;

use crate::parse::{Decoded, Syntax, decode};
use crate::place::{Attributes, LeftOutBy, left_out_by};
use crate::readers::READERS;
use crate::settings::{ESTATE_KEYS, Settings, read_settings};
use crate::{LeftOut, Warning};

/// Which files put nothing on the map: rules, and how many files each of them left out.
pub(crate) struct Places<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) settings: &'a Settings,
    pub(crate) attributes: Attributes,
    pub(crate) left_out: BTreeMap<LeftOutBy, u64>,
}

impl Places<'_> {
    /// The readers that want a path, as positions in the table.
    pub(crate) fn wanted(&mut self, path: &str) -> Vec<usize> {
        let name = crate::link::base_name(path).to_ascii_lowercase();
        let mut wanted: Vec<usize> = Vec::new();
        let mut out: Option<Option<LeftOutBy>> = None;
        for (index, reader) in READERS.iter().enumerate() {
            if !(reader.wants)(path, &name) {
                continue;
            }
            if reader.everywhere || out.get_or_insert_with(|| self.left_out_by(path)).is_none() {
                wanted.push(index);
            }
        }
        if let Some(Some(by)) = out {
            *self.left_out.entry(by).or_default() += 1;
        }
        wanted
    }

    fn left_out_by(&self, path: &str) -> Option<LeftOutBy> {
        if Settings::matches(&self.settings.exclude, path) {
            return Some(LeftOutBy::Setting);
        }
        let below = path.strip_prefix(self.prefix).unwrap_or(path);
        // What git's attributes call generated is code: a manifest that a program wrote is deployed all the same.
        let by_attribute = || Syntax::of(path).and_then(|_| self.attributes.left_out_by(path));
        left_out_by(below).or_else(by_attribute).filter(|_| !self.is_included(path))
    }

    /// Whether the tree's settings ask for a path that the rules leave out.
    pub(crate) fn is_included(&self, path: &str) -> bool {
        Settings::matches(&self.settings.include, path)
    }
}

/// Rules with their counts, the greatest first.
pub(crate) fn counted(left_out: BTreeMap<LeftOutBy, u64>) -> Vec<LeftOut> {
    let mut all: Vec<LeftOut> =
        left_out.into_iter().map(|(by, files)| LeftOut { rule: by.to_string(), files }).collect();
    all.sort_by(|a, b| b.files.cmp(&a.files).then_with(|| a.rule.cmp(&b.rule)));
    all
}

/// Adds a stave.toml of the tree.
pub(crate) fn merge_settings(
    settings: &mut Settings,
    path: &str,
    bytes: &[u8],
    is_git: bool,
    warnings: &mut Vec<Warning>,
) {
    let Decoded::Text(text) = decode(bytes) else { return };
    let others = if is_git { &[] } else { ESTATE_KEYS };
    let more = read_settings(path, &text, others, warnings);
    settings.name = settings.name.take().or(more.name);
    // Patterns are relative to the file that they stand in.
    let folder = path.strip_suffix("stave.toml").unwrap_or("");
    settings.tools.extend(more.tools);
    settings.include.extend(more.include.iter().map(|pattern| format!("{folder}{pattern}")));
    settings.exclude.extend(more.exclude.iter().map(|pattern| format!("{folder}{pattern}")));
}
