//! Backstage catalog files: what people declare about pieces, systems, groups and how they belong together.

use serde_json::Value;
use stave_model::{Basis, Claim, Evidence, Key, Kind, Reference};

use crate::limits;
use crate::link::{Form, Mention, Origin, Runs, Sketch, Target, base_name, parent};
use crate::parse::Node;
use crate::values::{clean_text, clean_url};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "catalog";

/// A text with its line.
type Line = (String, u32);

/// One entity of a catalog file.
pub(crate) struct Described {
    kind: String,
    namespace: String,
    name: String,
    line: u32,
    title: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    /// (address, title)
    links: Vec<(String, Option<String>)>,
    typ: Option<String>,
    lifecycle: Option<String>,
    tier: Option<String>,
    owner: Option<Line>,
    /// (relation, default kind, target)
    relations: Vec<(&'static str, &'static str, Line)>,
    /// Groups that it is a member of, and groups that are members of it.
    member_of: Vec<Line>,
    members: Vec<Line>,
    email: Option<String>,
    display_name: Option<String>,
}

/// The reader of catalog files.
pub(crate) struct Catalog;

impl Reader for Catalog {
    type Facts = Vec<Described>;
    const NAME: &'static str = NAME;
    const RULES: u32 = 3;
    const TRIGGERS: &'static [&'static str] = &["backstage.io/"];

    fn wants(_path: &str, name: &str) -> bool {
        name.ends_with(".yaml") || name.ends_with(".yml")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Described>> {
        if !file.text.contains("apiVersion: backstage.io/")
            && !file.text.contains("apiVersion: \"backstage.io/")
        {
            return Ok(None);
        }
        let documents = match file.yaml() {
            Ok(documents) => documents,
            Err(_) if file.is_template() => return Ok(None),
            Err(error) => return Err(error),
        };
        let found: Vec<Described> = documents.iter().filter_map(described).collect();
        Ok((!found.is_empty()).then_some(found))
    }

    fn link(facts: Vec<(String, Vec<Described>)>, sketch: &mut Sketch<'_>) {
        let people: Vec<(String, Reference)> = facts
            .iter()
            .flat_map(|(_, list)| list)
            .filter(|one| one.kind == "user")
            .filter_map(|one| Some((format!("{}/{}", one.namespace, one.name), person(one, sketch)?)))
            .collect();
        for (path, list) in &facts {
            for one in list {
                link_one(sketch, path, one, &people);
            }
        }
    }
}

/// Annotations whose value is part of a page's address: what stands before it, and what the page is called. Only
/// those whose address follows from the value alone, and none that holds a key.
const SLUGS: &[(&str, &str, &str)] = &[
    ("circleci.com/project-slug", "https://app.circleci.com/pipelines/", "CircleCI"),
    ("github.com/project-slug", "https://github.com/", "GitHub"),
    ("gitlab.com/project-slug", "https://gitlab.com/", "GitLab"),
    ("pagerduty.com/service-id", "https://app.pagerduty.com/service-directory/", "PagerDuty"),
];

/// Words in an annotation's last part that say that its value, a whole address, is a page for people, with what such a
/// page is called.
const PAGES: &[(&str, &str)] = &[
    ("techdocs-ref", "Documentation"),
    ("view-url", "Source"),
    ("runbook", "Runbook"),
    ("playbook", "Runbook"),
    ("dashboard", "Dashboard"),
    ("documentation", "Documentation"),
    ("docs", "Documentation"),
    ("wiki", "Wiki"),
    ("sentry", "Sentry"),
    ("opsgenie", "Opsgenie"),
    ("jira", "Jira"),
];

/// The page that an annotation names, and what it is called.
fn annotated(key: &str, value: &str) -> Option<(String, Option<String>)> {
    let value = value.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if let Some((_, before, title)) = SLUGS.iter().find(|(known, ..)| *known == key) {
        return value.chars().all(plain).then(|| (format!("{before}{value}"), Some((*title).to_owned())));
    }
    // `sentry.io/project-slug: ORG/PROJECT`; a project alone has no address.
    if key == "sentry.io/project-slug" {
        let (organisation, project) = value.split_once('/')?;
        let page = format!("https://sentry.io/organizations/{organisation}/projects/{project}/");
        return value.chars().all(plain).then(|| (page, Some("Sentry".to_owned())));
    }
    // What is no web address is dropped where links are cleaned.
    let name = key.to_ascii_lowercase();
    let (_, title) = PAGES.iter().find(|(word, _)| base_name(&name).contains(word))?;
    let address = value.strip_prefix("url:").unwrap_or(value);
    Some((address.to_owned(), Some((*title).to_owned())))
}

fn described(node: &Node) -> Option<Described> {
    if !node.text_of("apiVersion").is_some_and(|version| version.starts_with("backstage.io/")) {
        return None;
    }
    let meta = node.get("metadata")?;
    let name = meta.get("name")?;
    let spec = node.get("spec");
    let text = |key: &str| spec.and_then(|spec| spec.text_of(key)).map(str::to_owned);
    let line = |key: &str| -> Option<Line> {
        let node = spec?.get(key)?;
        Some((node.text()?.to_owned(), node.line))
    };
    let lines = |key: &str| -> Vec<Line> {
        spec.map_or(&[][..], |spec| spec.items_of(key))
            .iter()
            .filter_map(|item| Some((item.text()?.to_owned(), item.line)))
            .collect()
    };
    let mut relations = Vec::new();
    for (key, relation, kind) in [
        ("system", "part_of", "system"),
        ("domain", "part_of", "domain"),
        ("subdomainOf", "part_of", "domain"),
        ("subcomponentOf", "part_of", "component"),
    ] {
        relations.extend(line(key).map(|target| (relation, kind, target)));
    }
    for (key, relation, kind) in [
        ("dependsOn", "", "component"),
        ("providesApis", "provides_api", "api"),
        ("consumesApis", "consumes_api", "api"),
    ] {
        relations.extend(lines(key).into_iter().map(|target| (relation, kind, target)));
    }
    let links = meta.items_of("links").iter().filter_map(|link| {
        let title = link.text_of("title").or_else(|| link.text_of("type"));
        Some((link.text_of("url")?.to_owned(), title.map(str::to_owned)))
    });
    let annotations = meta.entries_of("annotations");
    let links = links.chain(annotations.iter().filter_map(|(key, node)| annotated(key, node.text()?)));
    let labels = meta.entries_of("labels").iter().chain(annotations);
    let tier = labels.filter(|(key, _)| base_name(key) == "tier").find_map(|(_, node)| node.text());
    let profile = spec.and_then(|spec| spec.get("profile"));
    Some(Described {
        kind: node.text_of("kind")?.to_lowercase(),
        namespace: meta.text_of("namespace").unwrap_or("default").to_lowercase(),
        name: name.text()?.to_owned(),
        line: name.line,
        title: meta.text_of("title").map(str::to_owned),
        description: meta.text_of("description").map(str::to_owned),
        tags: meta.items_of("tags").iter().filter_map(|tag| tag.text().map(str::to_owned)).collect(),
        links: links.collect(),
        typ: text("type"),
        lifecycle: text("lifecycle"),
        tier: text("tier").or_else(|| tier.map(str::to_owned)),
        owner: line("owner"),
        relations,
        member_of: lines("memberOf").into_iter().chain(line("parent")).collect(),
        members: lines("children").into_iter().chain(lines("members")).collect(),
        email: profile.and_then(|profile| profile.text_of("email")).map(str::to_owned),
        display_name: profile.and_then(|profile| profile.text_of("displayName")).map(str::to_owned),
    })
}

/// `[KIND:][NAMESPACE/]NAME` as (kind, namespace, name), in lower case but for the name.
fn parse_reference(text: &str, kind: &str, namespace: &str) -> Option<(String, String, String)> {
    let (kind, rest) = text.trim().split_once(':').map_or((kind, text.trim()), |(kind, rest)| (kind, rest));
    let (namespace, name) = rest.split_once('/').unwrap_or((namespace, rest));
    let name = crate::link::clean_name(name)?;
    Some((kind.to_lowercase(), namespace.to_lowercase(), name))
}

fn catalog_text(kind: &str, namespace: &str, name: &str) -> String {
    format!("catalog:{kind}:{namespace}/{}", name.to_lowercase())
}

/// The person reference of a user: by address, else by login at the repository's host.
fn person(one: &Described, sketch: &Sketch<'_>) -> Option<Reference> {
    let host = sketch.repository.split('/').next().unwrap_or("-");
    let address = match &one.email {
        Some(email) => format!("mailto:{}", email.to_lowercase()),
        None => format!("{host}/{}", one.name.to_lowercase()),
    };
    sketch.people.person(&address, one.display_name.as_deref())
}

/// The reference that a mention of a group or user stands for, with its keys.
pub(super) fn owner(
    text: &str,
    default_kind: &str,
    namespace: &str,
    people: &[(String, Reference)],
    sketch: &Sketch<'_>,
) -> Option<(Reference, Vec<Key>)> {
    let (kind, namespace, name) = parse_reference(text, default_kind, namespace)?;
    if kind == "user" {
        let full = format!("{namespace}/{name}");
        if let Some((_, person)) = people.iter().find(|(other, _)| *other == full) {
            return Some((person.clone(), Vec::new()));
        }
        let host = sketch.repository.split('/').next().unwrap_or("-");
        return Some((sketch.people.person(&format!("{host}/{}", name.to_lowercase()), None)?, Vec::new()));
    }
    let reference = catalog_text(&kind, &namespace, &name).parse().ok()?;
    let keys = if kind == "group" { team_keys(&namespace, &name, sketch) } else { Vec::new() };
    Some((reference, keys))
}

/// A group of the default namespace has the name of the host's team.
fn team_keys(namespace: &str, name: &str, sketch: &Sketch<'_>) -> Vec<Key> {
    if namespace != "default" {
        return Vec::new();
    }
    sketch
        .organisations
        .get_or_init(|| super::codeowners::organisations(sketch))
        .iter()
        .filter_map(|organisation| format!("team:{organisation}/{}", name.to_lowercase()).parse().ok())
        .collect()
}

fn relation_claim(kind: &str, of: &Reference, to: &Reference, path: &str, line: u32) -> Claim {
    let mut claim = Claim::new(kind, of.clone(), Basis::Declared);
    claim.to = Some(to.as_str().to_owned());
    claim.evidence = vec![Evidence::at(path, line)];
    claim
}

fn set_claim(kind: &str, of: &Reference, value: &Reference, path: &str, line: u32) -> Claim {
    let mut claim = Claim::new(kind, of.clone(), Basis::Declared);
    claim.value = Some(Value::from(vec![value.as_str()]));
    claim.evidence = vec![Evidence::at(path, line)];
    claim
}

fn link_one(sketch: &mut Sketch<'_>, path: &str, one: &Described, people: &[(String, Reference)]) {
    let kind = match one.kind.as_str() {
        "component" => Kind::Component,
        "api" => Kind::Api,
        "resource" => Kind::Resource,
        "system" => Kind::System,
        "domain" => Kind::Domain,
        "group" => Kind::Group,
        "user" => Kind::Person,
        _ => return,
    };
    let at = (path.to_owned(), one.line);
    if kind == Kind::Person {
        let Some((_, person)) =
            people.iter().find(|(name, _)| *name == format!("{}/{}", one.namespace, one.name))
        else {
            return;
        };
        let mut exists = Claim::new("exists", person.clone(), Basis::Declared);
        exists.value = Some(Value::from("person"));
        exists.evidence = vec![Evidence::at(path, one.line)];
        sketch.claims.push((NAME, exists));
        // One set per person: the fact is replaced as a whole.
        let mut groups: Vec<(Reference, Vec<Key>)> = one
            .member_of
            .iter()
            .filter_map(|(group, _)| owner(group, "group", &one.namespace, people, sketch))
            .collect();
        groups.sort();
        groups.dedup();
        if let Some((_, line)) = one.member_of.first().filter(|_| !groups.is_empty()) {
            let mut claim = Claim::new("member_of", person.clone(), Basis::Declared);
            claim.value =
                Some(Value::from(groups.iter().map(|(group, _)| group.as_str()).collect::<Vec<_>>()));
            claim.evidence = vec![Evidence::at(path, *line)];
            claim.keys.extend(groups);
            sketch.claims.push((NAME, claim));
        }
        return;
    }
    let full = format!("{}:{}/{}", one.kind, one.namespace, one.name);
    let Some(piece) = sketch.piece(NAME, Form::Declared, parent(path), "catalog", &full, at) else { return };
    let keys = if kind == Kind::Group { team_keys(&one.namespace, &one.name, sketch) } else { Vec::new() };
    let own = &mut sketch.pieces[piece];
    own.kind = Some(kind);
    own.keys.extend(keys);
    own.keys.extend(catalog_text(&one.kind, &one.namespace, &one.name).parse::<Key>().ok());
    own.typ = one.typ.as_deref().and_then(crate::link::clean_name).map(|typ| typ.to_lowercase());
    own.runs = if own.typ.as_deref() == Some("library") { Runs::Library } else { Runs::Yes };
    own.title = one.title.as_deref().and_then(|text| clean_text(text, limits::NAME_BYTES));
    own.description = one.description.as_deref().and_then(|text| clean_text(text, limits::DESCRIPTION_BYTES));
    own.lifecycle = one.lifecycle.as_deref().and_then(crate::link::clean_name);
    own.tags.extend(one.tags.iter().filter_map(|tag| crate::link::clean_name(tag)));
    own.tier = one.tier.as_deref().and_then(crate::link::clean_name);
    for (link, title) in &one.links {
        let Some(link) = clean_url(link) else { continue };
        let title = title.as_deref().and_then(|title| clean_text(title, limits::NAME_BYTES));
        own.links.entry(link).or_insert(title);
    }
    if matches!(kind, Kind::Component) {
        own.home = Some(parent(path).to_owned());
    }
    let of = own.reference.clone();
    if let Some((text, line)) = &one.owner
        && let Some((to, keys)) = owner(text, "group", &one.namespace, people, sketch)
    {
        let mut claim = set_claim("owned_by", &of, &to, path, *line);
        claim.keys.insert(to, keys);
        sketch.claims.push((NAME, claim));
    }
    if kind == Kind::Group {
        for (text, line) in &one.member_of {
            if let Some((to, keys)) = owner(text, "group", &one.namespace, people, sketch) {
                let mut claim = set_claim("member_of", &of, &to, path, *line);
                claim.keys.insert(to, keys);
                sketch.claims.push((NAME, claim));
            }
        }
        for (text, line) in &one.members {
            let default = if text.contains(':') { "group" } else { "user" };
            if let Some((member, keys)) = owner(text, default, &one.namespace, people, sketch) {
                let mut claim = set_claim("member_of", &member, &of, path, *line);
                claim.keys.insert(member, keys);
                sketch.claims.push((NAME, claim));
            }
        }
    }
    for (relation, default, (text, line)) in &one.relations {
        let Some((kind, namespace, name)) = parse_reference(text, default, &one.namespace) else { continue };
        let Ok(to) = catalog_text(&kind, &namespace, &name).parse::<Reference>() else { continue };
        if relation.is_empty() {
            sketch.mentions.push(Mention {
                reader: NAME,
                origin: Origin::Piece(piece),
                target: Target::Reference(to),
                relation: None,
                basis: Basis::Declared,
                at: (path.to_owned(), *line),
                env: None,
            });
        } else {
            sketch.claims.push((NAME, relation_claim(relation, &of, &to, path, *line)));
        }
    }
}
