//! What the fuzz targets do with their bytes, as plain functions: a panic is a finding.
//!
//! A target is one line in [`TARGETS`] and a folder in `seeds`. `cargo test` runs every target over its seeds and over
//! damaged ones; `cargo xtask fuzz` has a fuzzer look for more.
// A panic is what these functions are for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod estate;
mod files;
mod format;
mod history;
mod map;
mod network;
mod ours;

/// What a target does with some bytes.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("address", network::address),
    ("answer", network::answer),
    ("append", estate::append),
    ("aspire", files::aspire),
    ("attributes", history::attributes),
    ("cargo", files::cargo),
    ("catalog", files::catalog),
    ("ci", files::ci),
    ("claim", format::claim),
    ("code", files::code),
    ("codeowners", files::codeowners),
    ("commit", history::commit),
    ("compose", files::compose),
    ("config", files::config),
    ("delta", history::delta),
    ("deployments", files::deployments),
    ("descriptors", files::descriptors),
    ("difference", estate::difference),
    ("docker", files::docker),
    ("dotnet", files::dotnet),
    ("endpoints", files::endpoints),
    ("env", files::env),
    ("export", estate::export_lines),
    ("form", network::form),
    ("go", files::go),
    ("gradle", files::gradle),
    ("header", format::header),
    ("headers", network::headers),
    ("helm", files::helm),
    ("id-token", network::id_token),
    ("import", format::import),
    ("interfaces", files::interfaces),
    ("jvm", files::jvm),
    ("kubernetes", files::kubernetes),
    ("logging", files::logging),
    ("mailmap", history::mailmap),
    ("maven", files::maven),
    ("name", format::name),
    ("npm", files::npm),
    ("owners", files::owners),
    ("python", files::python),
    ("readme", files::readme),
    ("releases", files::releases),
    ("repository", files::repository),
    ("routes", files::routes),
    ("salvage", ours::salvaged),
    ("saved", ours::saved),
    ("statements", estate::statements),
    ("telemetry", files::telemetry),
    ("terraform", files::terraform),
    ("tools", files::tools),
    ("trees", history::trees),
    ("words", map::words),
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}

#[cfg(test)]
mod tests;
