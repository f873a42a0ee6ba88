//! Packages of the repository that others of it need, and those of the same owner that other repositories define.

use stave_model::Basis;

use super::resolve::{End, Found, Graph};
use super::sketch::Sketch;

impl Graph {
    /// Packages of the repository that others of it need, and internal ones of other repositories.
    pub(super) fn packages(&mut self, sketch: &Sketch<'_>) {
        for (index, piece) in sketch.pieces.iter().enumerate() {
            let from = self.cluster_of[index];
            for (package, at) in &piece.needs {
                let end = match self.names.by_package.get(package) {
                    Some(to) if *to != from => End::Cluster(*to),
                    Some(_) => continue,
                    None if is_internal(package, piece.package.as_deref()) => {
                        match format!("package:{package}").parse() {
                            Ok(reference) => End::Outside(reference),
                            Err(_) => continue,
                        }
                    }
                    None => continue,
                };
                self.links.entry((from, end)).or_default().push(Found {
                    reader: piece.reader,
                    piece: Some(index),
                    relation: "depends_on",
                    rank: 2,
                    basis: Basis::Discovered,
                    at: at.clone(),
                    env: None,
                });
            }
        }
    }
}

/// A package of another repository that is of the same owner: same scope, group or organisation.
fn is_internal(package: &str, own: Option<&str>) -> bool {
    let Some(own) = own else { return false };
    let owner = |text: &str| -> Option<String> {
        let (kind, name) = text.split_once('/')?;
        match kind {
            "npm" => {
                name.split_once('/').map(|(scope, _)| scope.to_owned()).filter(|scope| scope.starts_with('@'))
            }
            "golang" => {
                let mut parts = name.split('/');
                Some(format!("{}/{}", parts.next()?, parts.next()?))
            }
            "maven" => {
                name.split_once(':').map(|(group, _)| group.to_owned()).filter(|group| group.contains('.'))
            }
            _ => None,
        }
    };
    owner(package).is_some_and(|one| owner(own) == Some(one))
}
