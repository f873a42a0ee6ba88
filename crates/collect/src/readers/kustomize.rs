//! Kustomize: which folders a kustomization is made of, and what its overlays change. Part of the Kubernetes reader.

use std::collections::{BTreeMap, BTreeSet};

use crate::link::{Image, Sketch, base_name, parent};
use crate::parse::Node;

use super::compose::resolve;
use super::kubernetes::{Entries, NAME};

/// What one kustomization says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kustomization {
    /// Folders and files that it is made of.
    resources: Vec<String>,
    patches: Vec<String>,
    /// (name, new name)
    images: Vec<(String, String, u32)>,
    generators: Vec<Generator>,
    is_component: bool,
}

#[derive(Clone, Debug, Default)]
struct Generator {
    name: String,
    literals: Vec<(String, String, u32)>,
    files: Vec<String>,
    envs: Vec<String>,
}

/// Reads a kustomization file.
pub(super) fn read(root: &Node) -> Kustomization {
    let mut out =
        Kustomization { is_component: root.text_of("kind") == Some("Component"), ..Kustomization::default() };
    for key in ["resources", "bases", "components", "crds"] {
        out.resources.extend(root.items_of(key).iter().filter_map(|item| item.text().map(str::to_owned)));
    }
    for key in ["patchesStrategicMerge", "patches", "patchesJson6902"] {
        for item in root.items_of(key) {
            let path = item.text().filter(|text| !text.contains('\n')).or_else(|| item.text_of("path"));
            out.patches.extend(path.map(str::to_owned));
        }
    }
    for item in root.items_of("images") {
        if let (Some(name), Some(new)) = (item.text_of("name"), item.text_of("newName")) {
            out.images.push((name.to_owned(), new.to_owned(), item.line));
        }
    }
    // Generators of secrets are left alone.
    for item in root.items_of("configMapGenerator") {
        let Some(name) = item.text_of("name") else { continue };
        out.generators.push(Generator {
            name: name.to_owned(),
            literals: item
                .items_of("literals")
                .iter()
                .filter_map(|literal| {
                    let (key, value) = literal.text()?.split_once('=')?;
                    Some((key.to_owned(), value.to_owned(), literal.line))
                })
                .collect(),
            files: item
                .items_of("files")
                .iter()
                .filter_map(|file| file.text().map(|text| text.rsplit('=').next().unwrap_or(text).to_owned()))
                .collect(),
            envs: item
                .items_of("envs")
                .iter()
                .chain(item.items_of("env"))
                .filter_map(|file| file.text().map(str::to_owned))
                .collect(),
        });
    }
    out
}

/// Which folders are overlays of which.
pub(super) struct Overlays {
    /// Folder → folders that it is made of, directly.
    pub(super) made_of: BTreeMap<String, BTreeSet<String>>,
    patches: BTreeSet<String>,
    components: BTreeSet<String>,
}

impl Overlays {
    pub(super) fn new(all: &BTreeMap<String, (String, Kustomization)>) -> Overlays {
        let mut made_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let (mut patches, mut components) = (BTreeSet::new(), BTreeSet::new());
        for (folder, (_, one)) in all {
            let parts = one.resources.iter().filter_map(|path| resolve(folder, path)).map(|path| {
                // A single file stands for its folder.
                if all.contains_key(&path) || !base_name(&path).contains('.') {
                    path
                } else {
                    parent(&path).to_owned()
                }
            });
            made_of.entry(folder.clone()).or_default().extend(parts.filter(|part| part != folder));
            patches.extend(one.patches.iter().filter_map(|path| resolve(folder, path)));
            if one.is_component {
                components.insert(folder.clone());
            }
        }
        Overlays { made_of, patches, components }
    }

    /// Whether a file is only a patch.
    pub(super) fn is_patch_file(&self, path: &str) -> bool {
        self.patches.contains(path)
    }

    /// Whether the kustomization of a folder is made of another, through any number of steps.
    pub(super) fn reaches(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(folder) = open.pop() {
            for next in self.made_of.get(folder).into_iter().flatten() {
                if next == to {
                    return true;
                }
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// The environment that a folder of manifests stands for: the overlay's name, where it changes others.
    pub(super) fn environment(&self, folder: &str) -> Option<String> {
        let mut parts = folder.split('/').peekable();
        while let Some(part) = parts.next() {
            if matches!(
                part,
                "overlays" | "overlay" | "environments" | "envs" | "env" | "variants" | "clusters"
            ) {
                return parts.peek().map(|name| name.to_lowercase());
            }
        }
        let last = base_name(folder);
        let changes_others = self.made_of.get(folder).is_some_and(|parts| !parts.is_empty());
        let is_named = super::compose::ENVIRONMENTS.contains(&last.to_ascii_lowercase().as_str());
        (self.components.contains(folder) || changes_others && is_named).then(|| last.to_lowercase())
    }

    /// The folders whose workloads a kustomization is about: its own and what it is made of.
    fn covers(&self, folder: &str, other: &str) -> bool {
        folder == other || self.reaches(folder, other)
    }
}

/// Entries of generated maps: (map, entries).
pub(super) fn generated_maps(
    all: &BTreeMap<String, (String, Kustomization)>,
    sketch: &Sketch<'_>,
) -> Vec<(String, Entries)> {
    let mut out = Vec::new();
    for (folder, (path, one)) in all {
        for generator in &one.generators {
            let mut entries: Entries = generator
                .literals
                .iter()
                .map(|(key, value, line)| (key.clone(), value.clone(), (path.clone(), *line)))
                .collect();
            for file in generator.envs.iter().filter_map(|file| resolve(folder, file)) {
                for pair in sketch.env_files.get(&file).into_iter().flatten() {
                    entries.push((pair.key.clone(), pair.value.clone(), (file.clone(), pair.line)));
                }
            }
            out.push((generator.name.clone(), entries));
        }
    }
    out
}

/// New names of images are further names of the pieces' images.
pub(super) fn link_images(folder: &str, one: &Kustomization, overlays: &Overlays, sketch: &mut Sketch<'_>) {
    for (name, new, _) in &one.images {
        let (Some(name), Some(new)) = (Image::parse(name), Image::parse(new)) else { continue };
        for piece in &mut sketch.pieces {
            if piece.reader != NAME || !piece.images.contains(&name) {
                continue;
            }
            let covers = piece
                .reference
                .in_repository()
                .is_some_and(|(_, other, _, _)| overlays.covers(folder, other));
            if covers {
                piece.images.insert(new.clone());
            }
        }
    }
}

/// Files of generated maps belong to the workloads that use the map.
pub(super) fn mount_files(
    path: &str,
    one: &Kustomization,
    sketch: &mut Sketch<'_>,
    users: &[(String, usize)],
) {
    for generator in &one.generators {
        for file in generator.files.iter().filter_map(|file| resolve(parent(path), file)) {
            for (_, piece) in users.iter().filter(|(map, _)| *map == generator.name) {
                sketch.mounts.push((file.clone(), *piece));
            }
        }
    }
}
