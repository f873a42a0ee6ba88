//! Maven's pom.xml: modules, their packages, and what well-known libraries say about them.

use std::collections::BTreeMap;

use crate::link::{Form, Runs, Sketch, parent};
use crate::parse::{Element, parse_xml};
use crate::values::clean_text;

use super::{ReadResult, Reader, SourceFile, java};

const NAME: &str = "maven";

/// One pom.
pub(crate) struct Pom {
    group: Option<String>,
    artifact: String,
    parent_group: Option<String>,
    parent_artifact: Option<String>,
    packaging: String,
    description: Option<String>,
    line: u32,
    modules: bool,
    /// (group, artifact, line) of what is needed to run.
    dependencies: Vec<(String, String, u32)>,
    is_program: bool,
}

/// The reader of poms.
pub(crate) struct Maven;

impl Reader for Maven {
    type Facts = Pom;
    const NAME: &'static str = NAME;
    const RULES: u32 = 2;
    const TRIGGERS: &'static [&'static str] = &["<project"];

    fn wants(_path: &str, name: &str) -> bool {
        name == "pom.xml"
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Pom> {
        let root = match parse_xml(file.text) {
            Ok(root) => root,
            Err(_) if file.is_template() => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(read_pom(&root))
    }

    fn link(facts: Vec<(String, Pom)>, sketch: &mut Sketch<'_>) {
        link_poms(&facts, sketch);
    }
}

fn read_pom(root: &Element) -> Option<Pom> {
    if root.name != "project" {
        return None;
    }
    let artifact = root.child("artifactId")?;
    let plugins = root
        .child("build")
        .map(|build| build.all("plugins", "plugin").collect::<Vec<_>>())
        .unwrap_or_default();
    let is_program = plugins.iter().any(|plugin| {
        let name = plugin.text_of("artifactId").unwrap_or("");
        [
            "spring-boot-maven-plugin",
            "quarkus-maven-plugin",
            "jib-maven-plugin",
            "docker-maven-plugin",
            "dockerfile-maven-plugin",
            "micronaut-maven-plugin",
            "fabric8-maven-plugin",
            "appassembler-maven-plugin",
        ]
        .contains(&name)
    });
    let dependencies = root
        .all("dependencies", "dependency")
        .filter(|dependency| dependency.text_of("scope") != Some("test"))
        .filter_map(|dependency| {
            let group = dependency.text_of("groupId").unwrap_or("").to_owned();
            Some((group, dependency.text_of("artifactId")?.to_owned(), dependency.line))
        })
        .collect();
    Some(Pom {
        group: root.text_of("groupId").map(str::to_owned),
        artifact: artifact.text.trim().to_owned(),
        parent_group: root.child("parent").and_then(|parent| parent.text_of("groupId")).map(str::to_owned),
        parent_artifact: root
            .child("parent")
            .and_then(|parent| parent.text_of("artifactId"))
            .map(str::to_owned),
        packaging: root.text_of("packaging").unwrap_or("jar").to_owned(),
        description: root.text_of("description").map(str::to_owned),
        line: artifact.line,
        modules: root.child("modules").is_some(),
        dependencies,
        is_program,
    })
}

/// What a pom needs: what it names, and what the poms that it inherits from in this repository name for all.
fn needed<'a>(
    facts: &'a [(String, Pom)],
    path: &'a str,
    pom: &'a Pom,
) -> impl Iterator<Item = (&'a str, &'a (String, String, u32))> {
    let mut line = vec![(path, pom)];
    let mut at = pom;
    while line.len() < 8
        && let Some(name) = &at.parent_artifact
        && let Some((path, parent)) = facts.iter().find(|(_, other)| other.artifact == *name)
        && !line.iter().any(|(known, _)| known == path)
    {
        line.push((path, parent));
        at = parent;
    }
    line.into_iter().flat_map(|(path, pom)| pom.dependencies.iter().map(move |dependency| (path, dependency)))
}

fn link_poms(facts: &[(String, Pom)], sketch: &mut Sketch<'_>) {
    let group_of = |pom: &Pom| pom.group.clone().or_else(|| pom.parent_group.clone()).unwrap_or_default();
    let groups: BTreeMap<String, usize> = facts.iter().fold(BTreeMap::new(), |mut groups, (_, pom)| {
        *groups.entry(group_of(pom)).or_default() += 1;
        groups
    });
    for (path, pom) in facts {
        // A pom that only holds others together is no piece.
        if pom.packaging == "pom" || pom.modules || pom.artifact.contains("${") {
            continue;
        }
        let folder = parent(path);
        sketch.homes.insert(folder.to_owned());
        let group = group_of(pom);
        let full = format!("{group}:{}", pom.artifact);
        let Some(piece) = sketch.piece(NAME, Form::Code, folder, "maven", &full, (path.clone(), pom.line))
        else {
            continue;
        };
        let mut is_program = pom.is_program || pom.packaging == "war" || pom.packaging == "ear";
        for (said_by, (dependency_group, artifact, line)) in needed(facts, path, pom) {
            let at = (said_by.to_owned(), *line);
            let makes_program = java::apply(sketch, NAME, piece, dependency_group, artifact, &at);
            // What all inherit makes no library a program.
            is_program |= makes_program && said_by == path;
            let named =
                dependency_group.replace("${project.groupId}", &group).replace("${pom.groupId}", &group);
            // Frameworks' own groups are shared by everybody's parents; a group of this repository's modules is internal.
            if groups.contains_key(&named) {
                sketch.pieces[piece].needs.push((format!("maven/{named}:{artifact}"), at));
            }
        }
        is_program |= java::has_main_class(folder, sketch);
        let own = &mut sketch.pieces[piece];
        own.home = Some(folder.to_owned());
        own.runs = if is_program { Runs::Yes } else { Runs::Library };
        own.package = Some(format!("maven/{full}"));
        // The description of a generated project says nothing about this one.
        own.description = pom
            .description
            .as_deref()
            .filter(|text| !text.contains("Demo project"))
            .and_then(|text| clean_text(text, crate::limits::DESCRIPTION_BYTES));
    }
}
