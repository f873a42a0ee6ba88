//! What teams write about a service for the catalogs of Datadog, OpsLevel and Cortex, beside its code.

use stave_model::{Basis, Claim, Evidence, Kind};

use crate::limits;
use crate::link::{Form, Sketch, clean_name, parent};
use crate::parse::Node;
use crate::values::{clean_text, clean_url};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "descriptors";

/// One service as a file describes it.
#[derive(Default)]
pub(crate) struct Service {
    name: String,
    line: u32,
    title: Option<String>,
    description: Option<String>,
    lifecycle: Option<String>,
    tier: Option<String>,
    aliases: Vec<String>,
    /// Teams and addresses, with their lines.
    owners: Vec<(String, u32)>,
    /// (address, title)
    links: Vec<(String, Option<String>)>,
}

/// The reader of such files.
pub(crate) struct Descriptors;

impl Reader for Descriptors {
    type Facts = Vec<Service>;
    const NAME: &'static str = NAME;

    fn wants(_path: &str, name: &str) -> bool {
        name.strip_suffix(".yaml")
            .or_else(|| name.strip_suffix(".yml"))
            .is_some_and(|stem| matches!(stem, "service.datadog" | "entity.datadog" | "opslevel" | "cortex"))
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Service>> {
        let documents = match file.yaml() {
            Ok(documents) => documents,
            Err(_) if file.is_template() => return Ok(None),
            Err(error) => return Err(error),
        };
        let name = file.name();
        let read = match name.split('.').next() {
            Some("opslevel") => opslevel,
            Some("cortex") => cortex,
            _ => datadog,
        };
        let found: Vec<Service> = documents.iter().filter_map(read).collect();
        Ok((!found.is_empty()).then_some(found))
    }

    fn link(facts: Vec<(String, Vec<Service>)>, sketch: &mut Sketch<'_>) {
        for (path, services) in facts {
            for service in services {
                link_one(sketch, &path, service);
            }
        }
    }
}

/// Both forms: that of one service (`dd-service`), and that of entities, of which services are read.
fn datadog(node: &Node) -> Option<Service> {
    if let Some(name) = node.get("dd-service") {
        return Some(Service {
            owners: owner(node, "team"),
            lifecycle: owned(node, "lifecycle"),
            tier: owned(node, "tier"),
            description: owned(node, "description"),
            links: ["links", "docs", "repos"].iter().flat_map(|key| links(node, key, "name")).collect(),
            ..named(name)?
        });
    }
    let (meta, spec) = (node.get("metadata")?, node.get("spec"));
    if node.text_of("kind") != Some("service") {
        return None;
    }
    Some(Service {
        title: owned(meta, "displayName"),
        owners: owner(meta, "owner"),
        lifecycle: spec.and_then(|spec| owned(spec, "lifecycle")),
        tier: spec.and_then(|spec| owned(spec, "tier")),
        description: owned(meta, "description"),
        links: links(meta, "links", "name"),
        ..named(meta.get("name")?)?
    })
}

fn opslevel(node: &Node) -> Option<Service> {
    let node = node.get("service").or_else(|| node.get("component"))?;
    Some(Service {
        owners: owner(node, "owner"),
        lifecycle: owned(node, "lifecycle"),
        tier: owned(node, "tier"),
        description: owned(node, "description"),
        aliases: node.items_of("aliases").iter().filter_map(|one| one.text().map(str::to_owned)).collect(),
        links: links(node, "tools", "name"),
        ..named(node.get("name")?)?
    })
}

fn cortex(node: &Node) -> Option<Service> {
    let info = node.get("info")?;
    // Teams and domains have files of the same form.
    if info.text_of("x-cortex-type").is_some_and(|kind| kind != "service") {
        return None;
    }
    let more = info.get("x-cortex-custom-metadata");
    let owners = info.items_of("x-cortex-owners").iter();
    Some(Service {
        title: owned(info, "title"),
        owners: owners.flat_map(|one| [owner(one, "name"), owner(one, "email")].concat()).collect(),
        lifecycle: more.and_then(|more| owned(more, "lifecycle")),
        tier: more.and_then(|more| owned(more, "tier")),
        description: owned(info, "description"),
        links: links(info, "x-cortex-link", "name"),
        ..named(info.get("x-cortex-tag")?)?
    })
}

fn named(node: &Node) -> Option<Service> {
    Some(Service { name: node.text()?.to_owned(), line: node.line, ..Service::default() })
}

fn owned(node: &Node, key: &str) -> Option<String> {
    node.text_of(key).map(str::to_owned)
}

fn owner(node: &Node, key: &str) -> Vec<(String, u32)> {
    let owner = node.get(key);
    owner.and_then(|owner| Some((owner.text()?.to_owned(), owner.line))).into_iter().collect()
}

fn links(node: &Node, key: &str, title: &str) -> Vec<(String, Option<String>)> {
    let all = node.items_of(key).iter();
    all.filter_map(|link| Some((owned(link, "url")?, owned(link, title)))).collect()
}

fn link_one(sketch: &mut Sketch<'_>, path: &str, service: Service) {
    let at = (path.to_owned(), service.line);
    let Some(piece) = sketch.piece(NAME, Form::Declared, parent(path), "descriptor", &service.name, at)
    else {
        return;
    };
    let own = &mut sketch.pieces[piece];
    own.kind = Some(Kind::Component);
    own.home = Some(parent(path).to_owned());
    own.names.extend(
        service.aliases.iter().filter_map(|alias| clean_name(alias)).map(|alias| alias.to_lowercase()),
    );
    own.title = service.title.as_deref().and_then(|text| clean_text(text, limits::NAME_BYTES));
    own.description =
        service.description.as_deref().and_then(|text| clean_text(text, limits::DESCRIPTION_BYTES));
    own.lifecycle = service.lifecycle.as_deref().and_then(clean_name);
    own.tier = service.tier.as_deref().and_then(clean_name);
    for (link, title) in &service.links {
        let Some(link) = clean_url(link) else { continue };
        let title = title.as_deref().and_then(|title| clean_text(title, limits::NAME_BYTES));
        own.links.entry(link).or_insert(title);
    }
    let of = own.reference.clone();
    let mut claim = Claim::new("owned_by", of, Basis::Declared);
    let mut owners = Vec::new();
    for (text, line) in &service.owners {
        // A team is called as in the catalog of the organisation; an address is a person's.
        let found = if text.contains('@') {
            super::codeowners::reference(text.trim_start_matches('@'), sketch).map(|one| (one, Vec::new()))
        } else {
            super::catalog::owner(text, "group", "default", &[], sketch)
        };
        let Some((owner, keys)) = found else { continue };
        owners.push(owner.as_str().to_owned());
        claim.keys.insert(owner, keys);
        claim.evidence.push(Evidence::at(path, *line));
    }
    owners.sort();
    owners.dedup();
    if !owners.is_empty() {
        claim.value = Some(owners.into());
        sketch.claims.push((NAME, claim));
    }
}
