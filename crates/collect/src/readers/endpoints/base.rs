//! The path before all paths of an application, as its settings or those in a store give it.

use crate::link::{BasePath, Origin, Sketch, base_name};
use crate::parse::parse_properties;
use crate::readers::SourceFile;
use crate::readers::config::{has_store_name, is_spring_name, profile_of};

use super::path;

/// Keys of the settings, in lower case and without dashes.
const KEYS: &[&str] = &[
    "server.contextpath",
    "server.servlet.contextpath",
    "server.servletpath",
    "spring.webflux.basepath",
    "spring.mvc.servlet.path",
    "quarkus.http.rootpath",
    "micronaut.server.contextpath",
];

const TRIGGERS: &[&str] = &["ontext-path", "ontextPath", "ase-path", "asePath", "oot-path", "ervlet"];

/// A base path.
pub(crate) struct Setting {
    path: String,
}

pub(super) fn wants(path: &str, name: &str) -> bool {
    let Some((_, end)) = name.rsplit_once('.') else { return false };
    matches!(end, "yml" | "yaml" | "properties") && (is_spring_name(name) || has_store_name(path))
}

/// The base paths that hold in all profiles.
pub(super) fn read(file: &SourceFile<'_>, name: &str) -> Option<Vec<Setting>> {
    if !TRIGGERS.iter().any(|trigger| file.text.contains(trigger)) || profile_of(name).is_some() {
        return None;
    }
    let pairs: Vec<(String, String)> = if name.ends_with(".properties") {
        parse_properties(file.text).into_iter().map(|pair| (pair.key, pair.value)).collect()
    } else {
        let own = file.yaml().ok()?.iter().filter(|document| {
            document.at(&["spring", "profiles"]).is_none()
                && document.at(&["spring", "config", "activate", "on-profile"]).is_none()
        });
        own.flat_map(|document| document.flatten()).map(|(key, value, _)| (key, value.to_owned())).collect()
    };
    let found: Vec<Setting> = pairs
        .into_iter()
        .filter(|(key, _)| {
            let plain: String = key.chars().filter(|c| *c != '-').flat_map(char::to_lowercase).collect();
            KEYS.contains(&plain.as_str())
        })
        .filter_map(|(_, value)| path::normal(&default_of(&value)?).filter(|path| path != "/"))
        .map(|path| Setting { path })
        .collect();
    (!found.is_empty()).then_some(found)
}

/// `/x` of `${CONTEXT:/x}`.
fn default_of(value: &str) -> Option<String> {
    match value.strip_prefix("${") {
        Some(body) => body.strip_suffix('}')?.split_once(':').map(|(_, default)| default.to_owned()),
        None => Some(value.to_owned()),
    }
}

pub(super) fn link(path: &str, settings: Vec<Setting>, sketch: &mut Sketch<'_>) {
    let name = base_name(path);
    let origin = if is_spring_name(&name.to_ascii_lowercase()) {
        Origin::File(path.to_owned())
    } else {
        // A file of a store is for the application that it is called like.
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase();
        let is_app =
            |(_, _, format, app): (&str, &str, &str, &str)| format == "spring" && app.to_lowercase() == stem;
        let piece =
            sketch.pieces.iter().position(|piece| piece.reference.in_repository().is_some_and(is_app));
        let Some(piece) = piece else { return };
        Origin::Piece(piece)
    };
    for setting in settings {
        sketch.base_paths.push(BasePath { origin: origin.clone(), path: setting.path });
    }
}
