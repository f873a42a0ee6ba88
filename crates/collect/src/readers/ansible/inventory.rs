//! Inventories: groups of hosts, in the form of an INI file or of YAML. How many hosts a group has is kept, not which.

use std::collections::BTreeMap;

use crate::limits;
use crate::link::parent;
use crate::parse::{Node, Value};

/// A group of hosts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(super) name: String,
    /// How many hosts it has itself, ranges written out.
    pub(super) hosts: u64,
    pub(super) children: Vec<String>,
    pub(super) line: u32,
}

/// Whether a file is called like an inventory.
pub(super) fn is_named(name: &str) -> bool {
    let stem = [".ini", ".yml", ".yaml"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    matches!(stem, "hosts" | "inventory")
}

/// Whether a file may be an inventory, by its name or its folder.
pub(super) fn is_inventory(path: &str, name: &str) -> bool {
    let is_form = !name.contains('.') || [".ini", ".yml", ".yaml"].iter().any(|end| name.ends_with(end));
    let is_below = || parent(path).split('/').any(|part| matches!(part, "inventories" | "inventory"));
    is_named(name) || is_form && is_below()
}

/// Groups by name, in the order of their names.
#[derive(Default)]
struct Groups(BTreeMap<String, Group>);

impl Groups {
    /// The group of a name; none of those that every inventory has, and none over the limit.
    fn group(&mut self, name: &str, line: u32) -> Option<&mut Group> {
        let is_known = self.0.contains_key(name);
        if matches!(name, "all" | "ungrouped") || !is_known && self.0.len() >= limits::ANSIBLE_GROUPS {
            return None;
        }
        let new = || Group { name: name.to_owned(), hosts: 0, children: Vec::new(), line };
        Some(self.0.entry(name.to_owned()).or_insert_with(new))
    }

    fn add_child(&mut self, name: &str, child: &str, line: u32) {
        self.group(child, line);
        if let Some(group) =
            self.group(name, line).filter(|group| group.children.len() < limits::ANSIBLE_GROUPS)
        {
            group.children.push(child.to_owned());
        }
    }

    /// Those that have hosts or other groups in them.
    fn list(self) -> Vec<Group> {
        self.0.into_values().filter(|group| group.hosts > 0 || !group.children.is_empty()).collect()
    }
}

/// Whether a word may name a group.
fn is_group(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The groups of an INI file; none where a line shows that it is some other program's.
pub(super) fn ini(path: &str, text: &str) -> Vec<Group> {
    let mut groups = Groups::default();
    let mut section: Option<(&str, &str)> = None;
    let mut is_certain = is_named(&crate::link::base_name(path).to_ascii_lowercase());
    for (line, content) in
        (1_u32..).zip(text.lines()).filter(|(_, content)| content.len() <= limits::LINE_BYTES)
    {
        let content = content.split(" #").next().unwrap_or(content).trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(head) = content.strip_prefix('[') {
            let Some(head) = head.strip_suffix(']') else { return Vec::new() };
            let (name, what) = head.split_once(':').unwrap_or((head, ""));
            if !is_group(name) || !matches!(what, "" | "children" | "vars") {
                return Vec::new();
            }
            is_certain |= !what.is_empty();
            section = Some((name, what));
            continue;
        }
        match section {
            Some((_, "vars")) => {}
            Some((name, "children")) if is_group(content) => groups.add_child(name, content, line),
            Some((_, "children")) => return Vec::new(),
            _ => {
                let mut words = content.split_whitespace();
                let host = words.next().unwrap_or(content);
                if host.contains(['{', '}']) {
                    continue;
                }
                // Settings of other programs have `key = value` here.
                if host.contains('=') || !words.clone().next().is_none_or(is_variable) {
                    return Vec::new();
                }
                is_certain |= words.any(|word| word.starts_with("ansible_"));
                if let Some((name, _)) = section
                    && let Some(group) = groups.group(name, line)
                {
                    group.hosts = group.hosts.saturating_add(hosts_of(host));
                }
            }
        }
    }
    if is_certain { groups.list() } else { Vec::new() }
}

/// `key=value` behind a host.
fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(key, _)| !key.is_empty())
}

/// How many hosts `web[01:10]`, `db-[a:f].eu` or `web[1:9:2]` are, up to the limit.
fn hosts_of(host: &str) -> u64 {
    let mut count: u64 = 1;
    let mut rest = host;
    while let Some((_, after)) = rest.split_once('[') {
        let Some((range, behind)) = after.split_once(']') else { break };
        let mut ends = range.split(':');
        let one = |text: Option<&str>| -> Option<u64> {
            let text = text?;
            let mut letters = text.chars();
            match (letters.next(), letters.next()) {
                (Some(c), None) if c.is_ascii_alphabetic() => Some(u64::from(u32::from(c))),
                _ => text.parse().ok(),
            }
        };
        if let (Some(from), Some(to)) = (one(ends.next()), one(ends.next())) {
            let step = one(ends.next()).unwrap_or(1).max(1);
            count = count.saturating_mul((to.saturating_sub(from) / step).saturating_add(1));
        }
        rest = behind;
    }
    count.min(limits::ANSIBLE_HOSTS)
}

/// The groups of a YAML file; none where it is something else.
pub(super) fn yaml(root: &Node) -> Vec<Group> {
    let mut groups = Groups::default();
    let entries = root.entries();
    if entries.is_empty() || !entries.iter().all(|(_, node)| is_yaml_group(node)) {
        return Vec::new();
    }
    for (name, node) in entries {
        add(&mut groups, name, node);
    }
    groups.list()
}

/// A group is a map of nothing but hosts, groups and variables.
fn is_yaml_group(node: &Node) -> bool {
    let is_part = |(key, node): &(Box<str>, Node)| {
        matches!(&**key, "hosts" | "children" | "vars") && (node.is_map() || node.value == Value::Null)
    };
    node.is_map() && node.entries().iter().all(is_part)
}

fn add(groups: &mut Groups, name: &str, node: &Node) {
    let hosts = node.entries_of("hosts").iter();
    let count = hosts.filter(|(host, _)| !host.contains(['{', '}'])).map(|(host, _)| hosts_of(host));
    let count = count.fold(0_u64, u64::saturating_add);
    if let Some(group) = groups.group(name, node.line).filter(|_| is_group(name)) {
        group.hosts = group.hosts.saturating_add(count);
    }
    for (child, inner) in node.entries_of("children").iter().filter(|(child, _)| is_group(child)) {
        groups.add_child(name, child, inner.line);
        if is_yaml_group(inner) {
            add(groups, child, inner);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn short(groups: Vec<Group>) -> Vec<String> {
        let one = |group: Group| {
            format!("{} {} [{}] {}", group.name, group.hosts, group.children.join(" "), group.line)
        };
        groups.into_iter().map(one).collect()
    }

    #[test]
    fn groups_of_an_ini_file() {
        let text = "lonely\n[web]\n# c\nweb[01:10].shop.test ansible_host=10.0.0.1 # x\nweb-[a:c]\n{{ x }}\n[db]\ndb1:2222\n[db:vars]\nansible_password = hush\n[shop:children]\nweb\ndb\n[empty]\n";
        assert_eq!(short(ini("hosts", text)), ["db 1 [] 8", "shop 0 [web db] 12", "web 13 [] 4"]);
        for other in
            ["[a]\nb = c\n", "[a]\nb=c\n", "[a b]\nc\n", "[a:b]\nc\n", "127.0.0.1 localhost\n", "[a\n"]
        {
            assert!(ini("hosts", other).is_empty(), "{other}");
        }
        // Below a folder of the name, only what Ansible alone writes tells.
        assert!(ini("inventory/list", "[a]\nb\n").is_empty());
        assert_eq!(short(ini("inventory/list", "[a]\nb ansible_user=c\n")), ["a 1 [] 2"]);
    }

    #[test]
    fn groups_of_a_yaml_file() {
        let read = |text: &str| short(yaml(&crate::parse::parse_yaml(text, 0).unwrap()[0]));
        let text = "all:\n  hosts: {lonely: }\n  children:\n    web:\n      hosts:\n        web[1:9:2]:\n    shop:\n      children:\n        web:\n        db: {hosts: {db1: {ansible_host: 10.0.0.1}}}\n";
        assert_eq!(read(text), ["db 1 [] 10", "shop 0 [web db] 7", "web 5 [] 4"]);
        assert!(read("inventory: {port: 80}\n").is_empty());
        assert!(read("web: {hosts: [a]}\n").is_empty());
    }

    #[test]
    fn a_range_without_end_is_bounded() {
        assert_eq!(hosts_of("a[0:99999999999][0:99999999999]"), limits::ANSIBLE_HOSTS);
        assert_eq!(hosts_of("a[9:1]"), 1);
        assert_eq!(hosts_of("a[x"), 1);
    }
}
