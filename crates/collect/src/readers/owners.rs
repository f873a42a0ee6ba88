//! OWNERS and OWNERS_ALIASES, as Kubernetes' projects have them: who approves changes below a folder.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stave_model::{Basis, Claim, Evidence, Reference};

use crate::link::{OwnerRule, Sketch, clean_name, parent};
use crate::parse::Node;

use super::codeowners::reference;
use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "owners";

/// What one file says.
pub(crate) enum Said {
    /// OWNERS: approvers as written, and their line.
    Approvers(Vec<String>, u32),
    /// OWNERS_ALIASES: names of groups, with their members and line.
    Aliases(Vec<(String, Vec<String>, u32)>),
}

/// The reader of OWNERS files.
pub(crate) struct OwnersFiles;

/// The groups that an OWNERS_ALIASES file names, by their names in lower case.
type Aliases = BTreeMap<String, Group>;

struct Group {
    name: String,
    members: BTreeSet<Reference>,
    reference: Reference,
    at: (String, u32),
}

impl Reader for OwnersFiles {
    type Facts = Said;
    const NAME: &'static str = NAME;
    // Files of this name that other projects have are no YAML and have none of these keys.
    const TRIGGERS: &'static [&'static str] = &["approvers:", "aliases:"];

    fn wants(_path: &str, name: &str) -> bool {
        matches!(name, "owners" | "owners_aliases")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Said> {
        let documents = file.yaml()?;
        let Some(document) = documents.first() else { return Ok(None) };
        if file.name() == "owners" {
            return Ok(approvers(document));
        }
        let found: Vec<_> = document
            .entries_of("aliases")
            .iter()
            .map(|(name, members)| (name.to_string(), texts(members), members.line))
            .collect();
        Ok((!found.is_empty()).then_some(Said::Aliases(found)))
    }

    fn link(facts: Vec<(String, Said)>, sketch: &mut Sketch<'_>) {
        let mut files: BTreeMap<String, (String, Vec<String>, u32)> = BTreeMap::new();
        let mut aliases: BTreeMap<String, Aliases> = BTreeMap::new();
        for (path, said) in facts {
            match said {
                Said::Approvers(approvers, line) => {
                    files.insert(with_slash(parent(&path)), (path, approvers, line));
                }
                Said::Aliases(found) => {
                    let folder = parent(&path);
                    let groups = found.into_iter().filter_map(|(name, members, line)| {
                        let name = clean_name(&name)?;
                        let reference =
                            Reference::of_repository(&sketch.repository, folder, NAME, &name).ok()?;
                        let members = members.iter().filter_map(|one| person(one, sketch)).collect();
                        let at = (path.clone(), line);
                        Some((name.to_lowercase(), Group { name, members, reference, at }))
                    });
                    aliases.insert(with_slash(folder), groups.collect());
                }
            }
        }
        // The last match wins: folders inside come after what is around them, and CODEOWNERS after all of these.
        let mut used: BTreeMap<&Reference, &Group> = BTreeMap::new();
        for (base, (path, approvers, line)) in &files {
            let known = aliases.iter().rev().find(|(around, _)| base.starts_with(around.as_str()));
            let mut owners = BTreeSet::new();
            for approver in approvers {
                match known.and_then(|(_, groups)| groups.get(&approver.to_lowercase())) {
                    Some(group) => {
                        used.insert(&group.reference, group);
                        owners.insert(group.reference.clone());
                    }
                    None => owners.extend(person(approver, sketch)),
                }
            }
            if !owners.is_empty() {
                sketch.owners.push(OwnerRule {
                    reader: NAME,
                    base: base.clone(),
                    pattern: "*".to_owned(),
                    owners,
                    path: path.clone(),
                    line: *line,
                });
            }
        }
        say_groups(used.into_values(), sketch);
    }
}

/// Groups that own something, and who is in them: one set for each person, for the fact is replaced as a whole.
fn say_groups<'a>(groups: impl Iterator<Item = &'a Group>, sketch: &mut Sketch<'_>) {
    let mut of_person: BTreeMap<&Reference, (BTreeSet<&str>, Evidence)> = BTreeMap::new();
    for group in groups {
        let at = Evidence::at(&group.at.0, group.at.1);
        for (kind, value) in [("exists", "group"), ("name", group.name.as_str())] {
            let mut claim = Claim::new(kind, group.reference.clone(), Basis::Declared);
            claim.value = Some(Value::from(value));
            claim.evidence = vec![at.clone()];
            sketch.claims.push((NAME, claim));
        }
        for member in &group.members {
            let (groups, _) = of_person.entry(member).or_insert_with(|| (BTreeSet::new(), at.clone()));
            groups.insert(group.reference.as_str());
        }
    }
    for (member, (groups, at)) in of_person {
        let mut claim = Claim::new("member_of", member.clone(), Basis::Declared);
        claim.value = Some(Value::from(groups.into_iter().collect::<Vec<_>>()));
        claim.evidence = vec![at];
        sketch.claims.push((NAME, claim));
    }
}

/// The approvers of a whole folder: filters for some of its files say nothing about who owns a service.
fn approvers(document: &Node) -> Option<Said> {
    let all = || document.entries_of("filters").iter().find(|(filter, _)| &**filter == ".*");
    let approvers = document.get("approvers").or_else(|| all()?.1.get("approvers"))?;
    let names = texts(approvers);
    (!names.is_empty()).then_some(Said::Approvers(names, approvers.line))
}

fn texts(node: &Node) -> Vec<String> {
    node.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
}

/// A login, as most write it, or an address.
fn person(text: &str, sketch: &Sketch<'_>) -> Option<Reference> {
    let text = text.trim_start_matches('@');
    // A team can't approve here: `ORG/TEAM` is nobody, and neither is what has a space.
    if text.is_empty() || text.contains(['/', ' ']) {
        return None;
    }
    if text.contains('@') {
        return reference(text, sketch);
    }
    reference(&format!("@{text}"), sketch)
}

fn with_slash(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!("{folder}/") }
}
