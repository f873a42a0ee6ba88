//! Bills of materials: CycloneDX and SPDX, in JSON.
//!
//! What such a document describes is one piece; the services that it lists are others. Its libraries stay off the map:
//! hundreds of packages would hide what an organisation runs, and package manifests tell of them already.

use serde::Deserialize;
use serde_json::{Value, json};
use stave_model::{Basis, Claim, Evidence, Key, Reference, Scope, Time};

use crate::names::{claim, clean, qualified_image};
use crate::traces::settle;
use crate::{Import, ImportError, Source, Warning, documents, limits};

#[derive(Deserialize)]
struct Cyclone {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    component: Option<Component>,
}

#[derive(Clone, Deserialize)]
struct Component {
    #[serde(rename = "bom-ref", default)]
    id: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    purl: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(rename = "externalReferences", default)]
    links: Vec<Link>,
}

#[derive(Clone, Deserialize)]
struct Link {
    #[serde(default)]
    url: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Clone, Deserialize)]
struct Service {
    #[serde(rename = "bom-ref", default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    endpoints: Vec<String>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(rename = "ref", default)]
    of: String,
    #[serde(rename = "dependsOn", default)]
    on: Vec<String>,
}

/// `TYPE/NAME` of a package URL, without version and qualifiers; for images the name as [`qualified_image`] has it.
enum Package {
    Image(String),
    Other(String),
}

/// `pkg:maven/org.example/cart@1.0?x=y` as the format's keys have it.
fn package(url: &str) -> Option<Package> {
    let rest = url.strip_prefix("pkg:")?;
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let rest = rest.split('#').next()?;
    // A scope such as `%40shop` is written with its sign in keys.
    let rest = rest.replace("%40", "@").replace("%2F", "/").replace("%2f", "/");
    let (typ, path) = rest.split_once('/')?;
    let path = match path.rfind('@') {
        Some(at) if at > 0 && !path[at..].contains('/') => &path[..at],
        _ => path,
    };
    if matches!(typ, "oci" | "docker") {
        let repository = qualifiers.split('&').find_map(|pair| pair.strip_prefix("repository_url="));
        return qualified_image(repository.unwrap_or(path)).map(Package::Image);
    }
    let path = if typ == "maven" { path.replacen('/', ":", 1) } else { path.to_owned() };
    let typ = if typ == "golang" { "golang" } else { typ };
    Some(Package::Other(clean(&format!("{typ}/{path}"))?))
}

struct Piece {
    of: Reference,
    keys: Vec<Key>,
}

fn described(name: &str, purl: &str, file: &str) -> Option<Piece> {
    let name = clean(name).unwrap_or_else(|| file.to_owned());
    let (text, key) = match package(purl) {
        Some(Package::Image(image)) => (format!("image:{image}"), Some(format!("image:{image}"))),
        Some(Package::Other(package)) => (format!("package:{package}"), Some(format!("package:{package}"))),
        None => match qualified_image(&name) {
            Some(image) => (format!("image:{image}"), Some(format!("image:{image}"))),
            None => (format!("bill:{name}"), None),
        },
    };
    let keys = key.into_iter().chain([format!("name:{}", name.to_lowercase())]);
    Some(Piece { of: text.parse().ok()?, keys: keys.filter_map(|key| key.parse().ok()).collect() })
}

fn say(claims: &mut Vec<Claim>, piece: &Piece, kind: &str, value: Value, file: &str) {
    let mut said = claim(kind, &piece.of, Basis::Discovered, Some(value), file);
    said.keys.insert(piece.of.clone(), piece.keys.clone());
    claims.push(said);
}

fn add(claims: &mut Vec<Claim>, of: &Reference, kind: &str, to: &str, file: &str) {
    let mut said = Claim::new(kind, of.clone(), Basis::Discovered);
    said.to = Some(to.to_owned());
    said.evidence = vec![Evidence::file(file)];
    claims.push(said);
}

fn short(text: &str) -> String {
    let mut end = text.len().min(limits::DESCRIPTION_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim().to_owned()
}

/// A web address without user, query and fragment.
fn address(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next()?;
    let path = path.split(['?', '#']).next()?;
    let plain =
        !host.is_empty() && !format!("{host}{path}").chars().any(|c| c.is_control() || c.is_whitespace());
    (plain && url.len() <= limits::NAME_BYTES).then(|| format!("{scheme}://{host}/{path}"))
}

/// A CycloneDX document.
pub(crate) fn cyclonedx(bytes: &[u8], source: &Source) -> Result<Import, ImportError> {
    let mut warnings = Vec::new();
    let mut claims = Vec::new();
    let mut scope = None;
    let mut at = None;
    let (mut rows, mut libraries) = (0, 0);
    documents(bytes, &mut warnings, |document: Cyclone| {
        at = document.metadata.timestamp.as_deref().and_then(moment).or(at);
        rows += (document.components.len() + document.services.len()) as u64;
        libraries +=
            document.components.iter().take(limits::COMPONENTS).filter(|one| one.kind == "library").count();
        let root = document.metadata.component;
        let piece = root.as_ref().and_then(|root| described(&root.name, &root.purl, &source.file));
        let mut by_id: Vec<(String, Reference)> = Vec::new();
        if let (Some(root), Some(piece)) = (&root, &piece) {
            say(&mut claims, piece, "exists", json!("component"), &source.file);
            say(
                &mut claims,
                piece,
                "name",
                json!(clean(&root.name).unwrap_or_else(|| piece.of.short_name().to_owned())),
                &source.file,
            );
            if matches!(root.kind.as_str(), "library" | "framework") {
                say(&mut claims, piece, "type", json!("library"), &source.file);
            }
            if let Some(text) = &root.description {
                say(&mut claims, piece, "description", json!(short(text)), &source.file);
            }
            for link in root.links.iter().filter(|link| link.kind != "vcs") {
                if let Some(url) = address(&link.url) {
                    add(&mut claims, &piece.of, "link", &url, &source.file);
                }
            }
            scope = Some(piece.of.to_string());
            by_id.push((root.id.clone(), piece.of.clone()));
        }
        for service in document.services {
            let Some(name) = clean(&service.name) else { continue };
            let front = piece.as_ref().map_or(source.file.as_str(), |piece| piece.of.rest());
            let Ok(of) = format!("bill:{front}/{name}").parse::<Reference>() else { continue };
            let keys =
                vec![format!("name:{}", name.to_lowercase())].into_iter().filter_map(|key| key.parse().ok());
            let own = Piece { of, keys: keys.collect() };
            say(&mut claims, &own, "exists", json!("component"), &source.file);
            say(&mut claims, &own, "name", json!(name), &source.file);
            say(&mut claims, &own, "type", json!("service"), &source.file);
            if let Some(text) = &service.description {
                say(&mut claims, &own, "description", json!(short(text)), &source.file);
            }
            for endpoint in service.endpoints.iter().filter_map(|url| address(url)) {
                add(&mut claims, &own.of, "endpoint", &endpoint, &source.file);
            }
            by_id.push((service.id, own.of));
        }
        let find = |id: &str| by_id.iter().find(|(own, _)| own == id && !id.is_empty()).map(|(_, of)| of);
        for dependency in &document.dependencies {
            let Some(from) = find(&dependency.of) else { continue };
            for to in dependency.on.iter().filter_map(|id| find(id)).filter(|to| *to != from) {
                add(&mut claims, from, "depends_on", to.as_str(), &source.file);
            }
        }
    });
    finish("a CycloneDX bill of materials", "cyclonedx", claims, scope, at, rows, libraries, warnings, source)
}

#[derive(Deserialize)]
struct Spdx {
    #[serde(default)]
    name: String,
    #[serde(rename = "creationInfo", default)]
    creation: Creation,
    #[serde(rename = "documentDescribes", default)]
    describes: Vec<String>,
    #[serde(default)]
    packages: Vec<SpdxPackage>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Default, Deserialize)]
struct Creation {
    #[serde(default)]
    created: Option<String>,
}

#[derive(Deserialize)]
struct SpdxPackage {
    #[serde(rename = "SPDXID", default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    homepage: Option<String>,
    #[serde(rename = "externalRefs", default)]
    references: Vec<SpdxReference>,
}

#[derive(Deserialize)]
struct SpdxReference {
    #[serde(rename = "referenceType", default)]
    kind: String,
    #[serde(rename = "referenceLocator", default)]
    locator: String,
}

#[derive(Deserialize)]
struct Relationship {
    #[serde(rename = "relationshipType", default)]
    kind: String,
    #[serde(rename = "relatedSpdxElement", default)]
    to: String,
}

/// An SPDX document.
pub(crate) fn spdx(bytes: &[u8], source: &Source) -> Result<Import, ImportError> {
    let mut warnings = Vec::new();
    let mut claims = Vec::new();
    let mut scope = None;
    let mut at = None;
    let (mut rows, mut libraries) = (0, 0);
    documents(bytes, &mut warnings, |document: Spdx| {
        at = document.creation.created.as_deref().and_then(moment).or(at);
        rows += document.packages.len() as u64;
        let described_ids: Vec<&str> = document
            .describes
            .iter()
            .map(String::as_str)
            .chain(
                document
                    .relationships
                    .iter()
                    .filter(|one| one.kind == "DESCRIBES")
                    .map(|one| one.to.as_str()),
            )
            .collect();
        let roots: Vec<&SpdxPackage> =
            document.packages.iter().filter(|package| described_ids.contains(&package.id.as_str())).collect();
        libraries += document.packages.len() - roots.len();
        for root in roots {
            let purl =
                root.references.iter().find(|one| one.kind == "purl").map_or("", |one| one.locator.as_str());
            let Some(piece) = described(&root.name, purl, &source.file) else { continue };
            say(&mut claims, &piece, "exists", json!("component"), &source.file);
            let name = clean(&root.name).or_else(|| clean(&document.name));
            say(
                &mut claims,
                &piece,
                "name",
                json!(name.unwrap_or_else(|| piece.of.short_name().to_owned())),
                &source.file,
            );
            if let Some(text) = root.description.as_deref().filter(|text| !text.is_empty()) {
                say(&mut claims, &piece, "description", json!(short(text)), &source.file);
            }
            if let Some(url) = root.homepage.as_deref().and_then(address) {
                add(&mut claims, &piece.of, "link", &url, &source.file);
            }
            scope.get_or_insert_with(|| piece.of.to_string());
        }
    });
    finish("an SPDX bill of materials", "spdx", claims, scope, at, rows, libraries, warnings, source)
}

/// `2026-11-22T21:30:00Z`, with or without a fraction.
fn moment(text: &str) -> Option<Time> {
    let text = text.trim().strip_suffix('Z')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    format!("{seconds}.{millis}Z").parse().ok()
}

#[expect(clippy::too_many_arguments, reason = "the end of both formats, once")]
fn finish(
    format: &'static str,
    tool: &str,
    mut claims: Vec<Claim>,
    scope: Option<String>,
    at: Option<Time>,
    rows: u64,
    libraries: usize,
    warnings: Vec<Warning>,
    source: &Source,
) -> Result<Import, ImportError> {
    let bad = || ImportError::Origin(source.origin.clone());
    settle(&mut claims);
    let mut left_aside = Vec::new();
    if libraries > 0 {
        left_aside.push(format!("{libraries} libraries: they are no pieces of the map"));
    }
    // An image is a scope of its own; anything else is named as the document that speaks of it.
    let scope = match scope {
        Some(text) if text.starts_with("image:") => text,
        Some(text) => format!("bill:{text}"),
        None => format!("bill:{}", source.file),
    };
    let scope: Scope = scope.parse().map_err(|_| bad())?;
    let author = format!("scanner:{tool}/{}", source.origin).parse().map_err(|_| bad())?;
    Ok(Import { format, author, rules: 1, scope, at, claims, rows, left_aside, warnings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_become_keys() {
        let shown = |url: &str| match package(url) {
            Some(Package::Image(image)) => format!("image {image}"),
            Some(Package::Other(name)) => name,
            None => "-".to_owned(),
        };
        for (url, want) in [
            ("pkg:maven/org.example/cart@1.0", "maven/org.example:cart"),
            ("pkg:npm/%40shop/cart@2.1.0", "npm/@shop/cart"),
            ("pkg:golang/git.example.com/shop/cart@v1.2.3", "golang/git.example.com/shop/cart"),
            ("pkg:oci/cart@sha256:00?repository_url=ghcr.io/shop/cart&tag=1", "image ghcr.io/shop/cart"),
            ("cart", "-"),
        ] {
            assert_eq!(shown(url), want, "{url}");
        }
    }

    #[test]
    fn addresses_lose_users_and_queries() {
        assert_eq!(
            address("https://me:pw@wiki.example.org/a?token=1#x").as_deref(),
            Some("https://wiki.example.org/a")
        );
        assert_eq!(address("javascript:alert(1)"), None);
    }

    #[test]
    fn moments_have_milliseconds() {
        assert!(moment("2026-11-22T21:30:00Z").is_some());
        assert_eq!(moment("2026-11-22T21:30:00.5Z"), "2026-11-22T21:30:00.500Z".parse().ok());
        assert_eq!(moment("yesterday"), None);
    }
}
