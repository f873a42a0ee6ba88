//! What the fuzz targets do with their bytes, as plain functions: a panic is a finding.
//!
//! They stand here so that `cargo test` runs every target over its seeds and over damaged ones, without libFuzzer and
//! without a nightly compiler. A target is one line in [`TARGETS`], one file in `fuzz_targets` and a folder in `seeds`.
#![forbid(unsafe_code)]

mod estate;
mod files;
mod format;
mod history;

/// What a target does with some bytes.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
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
    ("deployments", files::deployments),
    ("descriptors", files::descriptors),
    ("docker", files::docker),
    ("dotnet", files::dotnet),
    ("endpoints", files::endpoints),
    ("env", files::env),
    ("export", estate::export_lines),
    ("go", files::go),
    ("gradle", files::gradle),
    ("header", format::header),
    ("helm", files::helm),
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
    ("statements", estate::statements),
    ("terraform", files::terraform),
    ("telemetry", files::telemetry),
    ("tools", files::tools),
];

/// Runs a target by its name.
///
/// # Panics
/// Where the bytes are a finding, and where there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target of this name");
    target(bytes);
}

#[cfg(test)]
mod tests;
