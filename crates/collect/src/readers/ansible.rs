//! Ansible: groups of inventories, and what playbooks run on them. Only what certainly runs is read: containers, services
//! that are started and roles that are called like a product. What a placeholder names is left out.

mod inventory;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stave_model::{Basis, Claim, Evidence, Reference};

use crate::limits;
use crate::link::{Form, Origin, Place, Sketch, Target, clean_name, parent};
use crate::parse::{Node, Value as Content};
use crate::products::{self, Product};

use super::compose::{ENVIRONMENTS, pairs, ports};
use super::{ReadResult, Reader, SourceFile};
use inventory::Group;

const NAME: &str = "ansible";

/// A value with its line.
type Line<T> = (T, u32);

/// One file of any of the three kinds.
pub(crate) enum Ansible {
    Inventory(Vec<Group>),
    Playbook(Vec<Play>),
    /// Tasks of a role.
    Role(Vec<Line<Act>>),
}

/// What is done to some hosts.
pub(crate) struct Play {
    /// Names of groups or hosts.
    on: Vec<String>,
    acts: Vec<Line<Act>>,
}

/// What a play or a role does, as far as it says what runs.
pub(crate) enum Act {
    Role(String),
    /// A service of the machine is started.
    Service(String),
    Container(Box<Container>),
}

/// A container that is started.
pub(crate) struct Container {
    name: String,
    image: String,
    ports: Vec<String>,
    environment: Vec<Line<(String, String)>>,
}

/// The reader of inventories and playbooks.
pub(crate) struct AnsibleFiles;

impl Reader for AnsibleFiles {
    type Facts = Ansible;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["[", "hosts:", "_container", "service", "systemd"];

    fn wants(path: &str, name: &str) -> bool {
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        // Scenarios of tests, values, and what is filled in elsewhere.
        let is_other = |part: &str| {
            matches!(
                part,
                ".github" | "molecule" | "group_vars" | "host_vars" | "templates" | "vars" | "defaults"
            )
        };
        (is_yaml || inventory::is_inventory(path, name)) && !parent(path).split('/').any(is_other)
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Ansible> {
        let name = file.name();
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        if inventory::is_inventory(file.path, &name) {
            let groups = if !is_yaml {
                inventory::ini(file.path, file.text)
            } else {
                match file.yaml() {
                    Ok(documents) => documents.first().map(inventory::yaml).unwrap_or_default(),
                    // Folders of this name hold other things as well.
                    Err(_) if file.is_template() || !inventory::is_named(&name) => Vec::new(),
                    Err(error) => return Err(error),
                }
            };
            if !groups.is_empty() {
                return Ok(Some(Ansible::Inventory(groups)));
            }
        }
        let is_list = || {
            let mut lines = file.text.lines().filter(|line| !line.trim().is_empty());
            lines
                .find(|line| !line.starts_with(['#', '%']) && *line != "---")
                .is_some_and(|line| line.starts_with('-'))
        };
        // Most YAML is something else, and what isn't YAML is no playbook for certain.
        if !is_yaml || !is_list() {
            return Ok(None);
        }
        let is_role = role_of(file.path).is_some();
        if !is_role && !file.text.contains("hosts:") {
            return Ok(None);
        }
        let Ok([root, ..]) = file.yaml() else { return Ok(None) };
        if is_role {
            let mut acts = Vec::new();
            tasks(root.items(), &mut acts);
            return Ok((!acts.is_empty()).then_some(Ansible::Role(acts)));
        }
        let plays = playbook(root);
        Ok((!plays.is_empty()).then_some(Ansible::Playbook(plays)))
    }

    fn link(facts: Vec<(String, Ansible)>, sketch: &mut Sketch<'_>) {
        let groups = link_groups(sketch, &facts);
        // What is done on which groups; a role that no play of the repository uses describes nothing that runs.
        let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (path, fact) in &facts {
            let Ansible::Playbook(plays) = fact else { continue };
            for play in plays {
                let on: BTreeSet<&str> = play.on.iter().map(String::as_str).collect();
                for (act, line) in &play.acts {
                    if let Act::Role(role) = act {
                        users.entry(role.as_str()).or_default().extend(&on);
                    }
                    link_act(sketch, &groups, (path.to_owned(), *line), act, &on);
                }
            }
        }
        for (path, fact) in &facts {
            let (Ansible::Role(acts), Some(role)) = (fact, role_of(path)) else { continue };
            let Some(on) = users.get(role) else { continue };
            for (act, line) in acts {
                link_act(sketch, &groups, (path.to_owned(), *line), act, on);
            }
        }
    }
}

/// The role that a file holds tasks of: `roles/ROLE/tasks/main.yml`.
fn role_of(path: &str) -> Option<&str> {
    let parts: Vec<&str> = path.split('/').collect();
    parts.windows(3).find(|parts| parts[0] == "roles" && parts[2] == "tasks").map(|parts| parts[1])
}

/// The plays of a playbook; none where the list is something else.
fn playbook(root: &Node) -> Vec<Play> {
    const PARTS: &[&str] = &["pre_tasks", "roles", "tasks", "post_tasks"];
    let is_play = |node: &Node| {
        let other = ["import_playbook", "ansible.builtin.import_playbook", "include"];
        node.get("hosts").is_some() || other.iter().any(|key| node.get(key).is_some())
    };
    let Content::Seq(items) = &root.value else { return Vec::new() };
    if !items.iter().all(is_play) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for node in items {
        let on: Vec<String> =
            node.items_of("hosts").iter().filter_map(Node::text).flat_map(pattern).collect();
        // What is done on the machine that runs Ansible sets up nothing that stays, and what only a placeholder names may
        // be that machine.
        if on.iter().all(|name| matches!(name.as_str(), "localhost" | "127.0.0.1")) {
            continue;
        }
        let mut acts = Vec::new();
        for part in PARTS {
            match *part {
                "roles" => {
                    let named = |item: &Node| {
                        let name = item.text_of("role").or_else(|| item.text_of("name"));
                        Some((Act::Role(item.text().or(name)?.to_owned()), item.line))
                    };
                    acts.extend(node.items_of(part).iter().filter_map(named));
                }
                _ => tasks(node.items_of(part), &mut acts),
            }
        }
        acts.truncate(limits::ANSIBLE_ACTS);
        out.push(Play { on: on.into_iter().take(limits::ANSIBLE_PATTERNS).collect(), acts });
    }
    out.retain(|play| !play.acts.is_empty());
    out
}

/// The names of `web:&eu:!old` or `web,db` that hosts are meant by. A placeholder is none.
fn pattern(text: &str) -> Vec<String> {
    let parts = text.split([',', ':']).map(str::trim);
    let is_name = |part: &&str| {
        !part.is_empty() && !part.starts_with(['!', '&', '~']) && !part.contains(['{', '}', '[', ']'])
    };
    parts.filter(is_name).map(str::to_owned).collect()
}

/// What tasks do, also those in blocks.
fn tasks(items: &[Node], out: &mut Vec<Line<Act>>) {
    for task in items {
        if out.len() >= limits::ANSIBLE_ACTS {
            return;
        }
        for (key, node) in task.entries() {
            match key.rsplit('.').next().unwrap_or(key) {
                "block" => tasks(node.items(), out),
                "include_role" | "import_role" => {
                    out.extend(argument(node, "name").map(|name| (Act::Role(name), task.line)));
                }
                "service" | "systemd" | "systemd_service" => {
                    let is = |key: &str, values: &[&str]| {
                        argument(node, key)
                            .is_some_and(|value| values.contains(&value.to_ascii_lowercase().as_str()))
                    };
                    if is("state", &["started", "restarted"]) || is("enabled", &["yes", "true"]) {
                        out.extend(argument(node, "name").map(|name| (Act::Service(name), task.line)));
                    }
                }
                "docker_container" | "podman_container" => {
                    out.extend(container(node).map(|found| (Act::Container(Box::new(found)), task.line)));
                }
                _ => {}
            }
        }
    }
}

/// An argument of a module, which may be written as a map or as `name=x state=y`.
fn argument(node: &Node, key: &str) -> Option<String> {
    let words = node.text().into_iter().flat_map(str::split_whitespace);
    let mut written = words.filter_map(|word| word.split_once('=')).filter(|(name, _)| *name == key);
    node.text_of(key).or_else(|| written.next().map(|(_, value)| value)).map(str::to_owned)
}

fn container(node: &Node) -> Option<Container> {
    if matches!(argument(node, "state").as_deref(), Some("absent" | "stopped")) {
        return None;
    }
    let published = ["ports", "published_ports", "publish"].iter().flat_map(|key| node.items_of(key));
    let environment = node.get("env").map(pairs).unwrap_or_default().into_iter();
    Some(Container {
        name: argument(node, "name")?,
        image: argument(node, "image")?,
        ports: published.filter_map(Node::text).map(str::to_owned).collect(),
        environment: environment.filter_map(|((key, value), line)| Some(((key, value?), line))).collect(),
    })
}

/// The groups of a repository's inventories by name, then by the folder of their project, each with the environment that
/// its inventory is for.
type Groups = BTreeMap<String, BTreeMap<String, Vec<(Reference, Option<String>)>>>;

/// The groups of a name that a file means: those of its own project, else those of the only project that has any.
fn groups_of<'a>(groups: &'a Groups, path: &str, name: &str) -> &'a [(Reference, Option<String>)] {
    let Some(projects) = groups.get(name) else { return &[] };
    let only = projects.values().next().filter(|_| projects.len() == 1);
    projects.get(project(path)).or(only).map_or(&[], Vec::as_slice)
}

/// Puts the groups of the inventories on the map.
fn link_groups(sketch: &mut Sketch<'_>, facts: &[(String, Ansible)]) -> Groups {
    let mut found: BTreeMap<Reference, (String, &str, u64, Vec<Place>)> = BTreeMap::new();
    let mut parts: BTreeMap<(Reference, Reference), Place> = BTreeMap::new();
    for (path, fact) in facts {
        let Ansible::Inventory(groups) = fact else { continue };
        let repository = sketch.repository.clone();
        let reference = |name: &str| {
            let name = clean_name(name)?;
            Some((
                Reference::of_repository(&repository, parent(path), NAME, &format!("group/{name}")).ok()?,
                name,
            ))
        };
        for group in groups {
            let Some((own, name)) = reference(&group.name) else { continue };
            let known = found.entry(own.clone()).or_insert_with(|| (name, path, 0, Vec::new()));
            known.2 = known.2.saturating_add(group.hosts);
            known.3.push((path.clone(), group.line));
            let children =
                group.children.iter().filter(|child| groups.iter().any(|other| other.name == **child));
            for (child, _) in children.filter_map(|child| reference(child)).filter(|(child, _)| *child != own)
            {
                parts.entry((child, own.clone())).or_insert_with(|| (path.clone(), group.line));
            }
        }
    }
    let mut out = Groups::new();
    for (own, (name, path, hosts, places)) in found {
        let mut say = |kind: &str, value: Value| {
            let mut claim = Claim::new(kind, own.clone(), Basis::Discovered);
            claim.value = Some(value);
            claim.evidence =
                places.iter().take(limits::EVIDENCE).map(|(path, line)| Evidence::at(path, *line)).collect();
            sketch.claims.push((NAME, claim));
        };
        say("exists", Value::from("environment"));
        say("name", Value::from(name.as_str()));
        match hosts {
            0 => {}
            1 => say("description", Value::from("1 host")),
            hosts => say("description", Value::from(format!("{hosts} hosts"))),
        }
        let env = path.split(['/', '.', '-', '_']).find(|word| ENVIRONMENTS.contains(word));
        let projects = out.entry(name).or_default();
        projects.entry(project(path).to_owned()).or_default().push((own, env.map(str::to_owned)));
    }
    for ((child, own), (path, line)) in parts {
        let mut claim = Claim::new("part_of", child, Basis::Discovered);
        claim.to = Some(own.to_string());
        claim.evidence = vec![Evidence::at(&path, line)];
        sketch.claims.push((NAME, claim));
    }
    out
}

/// The product that a role or a service is called like: `geerlingguy.postgresql`, `redis-server`.
fn product_of(name: &str) -> Option<(&str, &'static Product)> {
    let last = name.rsplit(['/', '.']).next().unwrap_or(name);
    let starts = ["ansible-role-", "ansible_role_", "ansible-", "role-"];
    let ends = ["-server", "_server", "-cluster", "_cluster"];
    let plain = starts.iter().find_map(|start| last.strip_prefix(start)).unwrap_or(last);
    let plain = ends.iter().find_map(|end| plain.strip_suffix(end)).unwrap_or(plain);
    // A role of that name mostly sets up who may log in.
    products::by_own_name(plain).filter(|_| plain != "ldap").map(|product| (plain, product))
}

/// The folder that plays, their roles and inventories lie below.
fn project(path: &str) -> &str {
    let mut at = 0;
    for part in parent(path).split('/') {
        if matches!(part, "roles" | "playbooks" | "inventories" | "inventory") {
            return path.get(..at).unwrap_or("").trim_end_matches('/');
        }
        at += part.len() + 1;
    }
    parent(path)
}

fn link_act(sketch: &mut Sketch<'_>, groups: &Groups, at: Place, act: &Act, on: &BTreeSet<&str>) {
    let piece = match act {
        Act::Container(container) => link_container(sketch, &at, container),
        Act::Role(name) | Act::Service(name) => link_product(sketch, &at, name),
    };
    let Some(piece) = piece else { return };
    for (group, env) in on.iter().flat_map(|name| groups_of(groups, &at.0, name)) {
        let target = Target::Reference(group.clone());
        sketch.mention(NAME, Origin::Piece(piece), target, Some("runs_on"), at.clone(), env.as_deref());
    }
}

fn link_product(sketch: &mut Sketch<'_>, at: &Place, called: &str) -> Option<usize> {
    let (name, product) = product_of(called)?;
    let stack = format!("ansible {}", project(&at.0));
    // Another file may deploy it already; another project of the same repository has its own.
    let is_known = |piece: &crate::link::Piece| {
        piece.form == Form::Deployed
            && (piece.reader != NAME || piece.stack.as_ref() == Some(&stack))
            && piece.product.is_some_and(|known| known.name == product.name)
            && [name, product.name].iter().any(|own| piece.name.eq_ignore_ascii_case(own))
    };
    let mut known = sketch.pieces.iter().enumerate().filter(|(_, piece)| is_known(piece)).map(|(at, _)| at);
    if let (Some(piece), None) = (known.next(), known.next()) {
        sketch.pieces[piece].at.insert(at.clone());
        return Some(piece);
    }
    let piece = sketch.piece(NAME, Form::Deployed, parent(&at.0), NAME, name, at.clone())?;
    let own = &mut sketch.pieces[piece];
    own.stack = Some(stack);
    own.product = Some(product);
    Some(piece)
}

fn link_container(sketch: &mut Sketch<'_>, at: &Place, container: &Container) -> Option<usize> {
    let piece = sketch.piece(NAME, Form::Deployed, parent(&at.0), NAME, &container.name, at.clone())?;
    sketch.set_image(piece, &container.image);
    let own = &mut sketch.pieces[piece];
    own.stack = Some(format!("ansible {}", project(&at.0)));
    for (published, inside) in container.ports.iter().map(|text| ports(text)) {
        own.published.extend(published);
        own.ports.extend(inside);
    }
    for ((key, value), line) in container.environment.iter().filter(|((_, value), _)| !value.contains("{{")) {
        let place = (at.0.clone(), *line);
        sketch.mention_value(NAME, &Origin::Piece(piece), key, value, true, &place, None);
    }
    Some(piece)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn short(acts: &[Line<Act>]) -> Vec<String> {
        let one = |(act, line): &Line<Act>| match act {
            Act::Role(name) => format!("role {name} {line}"),
            Act::Service(name) => format!("service {name} {line}"),
            Act::Container(one) => {
                let env: Vec<&str> = one.environment.iter().map(|((key, _), _)| key.as_str()).collect();
                format!("{} of {} at {:?} with {env:?} {line}", one.name, one.image, one.ports)
            }
        };
        acts.iter().map(one).collect()
    }

    #[test]
    fn plays_say_what_runs_on_what() {
        let text = "- hosts: web:&eu:!old\n  roles: [{role: acme.nginx}, redis, {x: y}]\n  tasks:\n  - block:\n    - community.docker.docker_container: {name: shop, image: \"x/shop:1\", ports: [\"80:8080\"], env: {A: b, C: }}\n  - docker_container: {name: old, image: x, state: absent}\n  - service: name=postgresql state=started\n  - systemd: {name: etcd, enabled: no}\n  - ansible.builtin.include_role: {name: kafka}\n- hosts: localhost\n  roles: [mysql]\n- import_playbook: a.yml\n";
        let plays = playbook(&crate::parse::parse_yaml(text, 0).unwrap()[0]);
        assert_eq!(plays.len(), 1);
        assert_eq!(plays[0].on, ["web"]);
        assert_eq!(
            short(&plays[0].acts),
            [
                "role acme.nginx 2",
                "role redis 2",
                "shop of x/shop:1 at [\"80:8080\"] with [\"A\"] 5",
                "service postgresql 7",
                "role kafka 9",
            ]
        );
        for other in ["- hosts: a\n  roles: [redis]\n- b: c\n", "hosts: a\nroles: [redis]\n"] {
            assert!(playbook(&crate::parse::parse_yaml(other, 0).unwrap()[0]).is_empty(), "{other}");
        }
    }

    #[test]
    fn only_what_is_called_like_a_product_is_one() {
        for (name, want) in [
            ("geerlingguy.postgresql", Some("postgres")),
            ("redis-server", Some("redis")),
            ("ansible-role-etcd", Some("etcd")),
            ("roles/kafka", Some("kafka")),
            ("kafka-topics", None),
            ("redis_exporter", None),
            ("ldap", None),
            ("common", None),
            ("{{ item }}", None),
        ] {
            assert_eq!(product_of(name).map(|(_, product)| product.name), want, "{name}");
        }
    }

    #[test]
    fn plays_and_roles_lie_below_one_folder() {
        for (path, want) in [
            ("site.yml", ""),
            ("ops/site.yml", "ops"),
            ("ops/playbooks/site.yml", "ops"),
            ("ops/roles/web/tasks/main.yml", "ops"),
            ("roles/web/tasks/main.yml", ""),
            ("ops/inventories/prod/hosts", "ops"),
            ("inventory", ""),
            ("myroles/site.yml", "myroles"),
        ] {
            assert_eq!(project(path), want, "{path}");
        }
    }
}
