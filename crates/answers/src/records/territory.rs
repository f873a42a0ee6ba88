//! Which piece a path belongs to. Manifests say where pieces have their code; a file belongs to the piece with the
//! longest such folder above it.

use std::collections::{BTreeMap, BTreeSet};

use stave_model::Reference;

use crate::{Estate, Result};

/// Formats whose reference stands in the folder of the code itself, not in one that only speaks of it (a deployment's).
const CODE_FORMATS: &[&str] =
    &["cargo", "npm", "go", "maven", "gradle", "python", "dotnet", "docker", "spring", "procfile"];

/// A piece that has code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// 12 digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its type, if anybody says one.
    pub entity_type: Option<String>,
}

/// Folders of all repositories, with the pieces whose code they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Territory {
    /// The pieces, by id.
    pub pieces: Vec<Piece>,
    /// Repository to folder (empty: the root) to places in `pieces`, ascending.
    folders: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
}

impl Territory {
    /// Reads it from the map.
    ///
    /// # Errors
    /// Where the map can't be read.
    pub fn of(estate: Estate<'_>) -> Result<Territory> {
        let mut pieces: Vec<Piece> = estate
            .model
            .outlines(&[])?
            .rows
            .into_iter()
            .map(|row| Piece { id: row.id, name: row.name, kind: row.kind, entity_type: row.entity_type })
            .collect();
        pieces.sort_by(|a, b| a.id.cmp(&b.id));
        let mut folders: BTreeMap<String, BTreeMap<String, BTreeSet<usize>>> = BTreeMap::new();
        for (reference, id) in estate.model.references()? {
            let Ok(reference) = reference.parse::<Reference>() else { continue };
            let Some((repository, folder, format, _)) = reference.in_repository() else { continue };
            let Ok(piece) = pieces.binary_search_by(|piece| piece.id.cmp(&id)) else { continue };
            if CODE_FORMATS.contains(&format) && pieces[piece].kind == "component" {
                let folder = folder.replace("%23", "#").replace("%25", "%");
                folders.entry(repository.to_owned()).or_default().entry(folder).or_default().insert(piece);
            }
        }
        let folders = folders
            .into_iter()
            .map(|(repository, folders)| {
                (repository, folders.into_iter().map(|(folder, all)| (folder, main(&pieces, all))).collect())
            })
            .collect();
        Ok(Territory { pieces, folders })
    }

    /// The pieces (places in `pieces`) that a path of a repository (`HOST/PATH`) belongs to: mostly one, several where
    /// their code lies in one folder, none where no piece's code is around it.
    pub fn of_path(&self, repository: &str, path: &str) -> &[usize] {
        let Some(folders) = self.folders.get(repository) else { return &[] };
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            if let Some(pieces) = folders.get(above) {
                return pieces;
            }
            folder = above;
        }
        folders.get("").map_or(&[], Vec::as_slice)
    }

    /// The place of a piece in `pieces`, by its 12 digits.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.pieces.binary_search_by(|piece| piece.id.as_str().cmp(id)).ok()
    }

    /// The folders of a piece: repository and folder, in order.
    pub fn folders_of(&self, place: usize) -> Vec<(&str, &str)> {
        self.folders
            .iter()
            .flat_map(|(repository, folders)| {
                folders
                    .iter()
                    .filter(move |(_, pieces)| pieces.contains(&place))
                    .map(move |(folder, _)| (repository.as_str(), folder.as_str()))
            })
            .collect()
    }
}

/// Of several pieces in one folder those that run: a package and the program that is built of it are one place, and the
/// program is what people ask about.
fn main(pieces: &[Piece], all: BTreeSet<usize>) -> Vec<usize> {
    let is_library = |place: &usize| pieces[*place].entity_type.as_deref() == Some("library");
    let running: Vec<usize> = all.iter().copied().filter(|place| !is_library(place)).collect();
    if running.is_empty() { all.into_iter().collect() } else { running }
}
