//! `include`: several files are one project.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits;
use crate::link::parent;
use crate::parse::Node;

use super::{ComposeFile, resolve};

/// Files that a file makes a part of its project.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Include {
    pub(super) paths: Vec<String>,
    /// What relative paths in them start from, where that isn't their own folder.
    pub(super) project: Option<String>,
    pub(super) env_files: Vec<String>,
}

/// What includes a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Project {
    /// The folder of the outermost file.
    pub(super) folder: String,
    /// What relative paths start from; none: the file's own folder.
    pub(super) base: Option<String>,
    /// Files that fill placeholders beside its own `.env`.
    pub(super) env_files: Vec<String>,
}

pub(super) fn includes(root: &Node) -> Vec<Include> {
    let texts = |node: Option<&Node>| -> Vec<String> {
        let items = node.into_iter().flat_map(Node::items);
        items.filter_map(|item| item.text().map(str::to_owned)).collect()
    };
    let one = |node: &Node| match node.text() {
        Some(path) => Include { paths: vec![path.to_owned()], project: None, env_files: Vec::new() },
        None => Include {
            paths: texts(node.get("path")),
            project: node.text_of("project_directory").map(str::to_owned),
            env_files: texts(node.get("env_file")),
        },
    };
    let found = root.items_of("include").iter().map(one);
    found.filter(|include| !include.paths.is_empty()).take(limits::COMPOSE_INCLUDES).collect()
}

/// The projects of the files that others include, through any number of steps. Not of a file that several folders
/// include, each for a project of its own: there its names mean something else in each.
pub(super) fn projects(files: &BTreeMap<String, ComposeFile>) -> BTreeMap<&str, Project> {
    // By the included file: who includes it, and from where its paths start.
    let mut included: BTreeMap<&str, Vec<(&str, Project)>> = BTreeMap::new();
    for (path, file) in files {
        let folder = parent(path);
        for include in &file.includes {
            let project = Project {
                folder: folder.to_owned(),
                base: include.project.as_ref().and_then(|project| resolve(folder, project)),
                env_files: include.env_files.iter().filter_map(|file| resolve(folder, file)).collect(),
            };
            let paths = include.paths.iter().filter_map(|other| resolve(folder, other));
            for (other, _) in paths.filter_map(|other| files.get_key_value(&other)) {
                if other != path {
                    included.entry(other).or_default().push((path, project.clone()));
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    for (path, first) in &included {
        let mut folders: BTreeSet<&str> = BTreeSet::new();
        let (mut open, mut seen) = (vec![*path], BTreeSet::from([*path]));
        while let Some(at) = open.pop() {
            match included.get(at) {
                Some(outer) if seen.len() < limits::COMPOSE_INCLUDES => {
                    open.extend(outer.iter().map(|(by, _)| *by).filter(|by| seen.insert(by)));
                }
                Some(_) => {}
                None => _ = folders.insert(parent(at)),
            }
        }
        // Files that include each other in a ring have no outermost one.
        let mut folders = folders.into_iter();
        if let (Some(folder), None, Some((_, project))) = (folders.next(), folders.next(), first.first()) {
            found.insert(*path, Project { folder: folder.to_owned(), ..project.clone() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::parse::parse_yaml;

    fn file(text: &str) -> ComposeFile {
        ComposeFile { services: Vec::new(), includes: includes(&parse_yaml(text, 0).unwrap()[0]) }
    }

    #[test]
    fn includes_are_written_in_two_forms() {
        let found = file(
            "include:\n- infra/compose.yaml\n- path: [a.yaml, b.yaml]\n  project_directory: ..\n  env_file: x.env\n- {}\n- [c]\n",
        );
        let [short, long] = found.includes.as_slice() else { panic!("{:?}", found.includes) };
        assert_eq!(short.paths, ["infra/compose.yaml"]);
        assert_eq!(long.paths, ["a.yaml", "b.yaml"]);
        assert_eq!(long.project.as_deref(), Some(".."));
        assert_eq!(long.env_files, ["x.env"]);
    }

    #[test]
    fn a_file_belongs_to_the_project_that_includes_it_however_indirectly() {
        let files = BTreeMap::from(
            [
                ("compose.yaml", "include: [a/compose.yaml, common/compose.yaml]"),
                (
                    "a/compose.yaml",
                    "include: [{path: ../b/compose.yaml, project_directory: .., env_file: a.env}]",
                ),
                ("b/compose.yaml", "services: {}"),
                // Two projects share it.
                ("other/compose.yaml", "include: [../common/compose.yaml]"),
                ("common/compose.yaml", "services: {}"),
                // A ring, a file of its own and one that isn't there.
                ("r/1.yaml", "include: [2.yaml, 1.yaml]"),
                ("r/2.yaml", "include: [1.yaml, ../../x.yaml, none.yaml]"),
            ]
            .map(|(path, text)| (path.to_owned(), file(text))),
        );
        let found = projects(&files);
        let short: Vec<String> = found
            .iter()
            .map(|(path, project)| {
                let base = project.base.as_deref().unwrap_or("-");
                format!("{path} in {:?} from {base} {:?}", project.folder, project.env_files)
            })
            .collect();
        assert_eq!(short, ["a/compose.yaml in \"\" from - []", "b/compose.yaml in \"\" from  [\"a/a.env\"]"]);
    }
}
