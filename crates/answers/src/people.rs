//! Who is meant by an author.

use std::collections::BTreeMap;

use serde_json::Value;
use stave_map::{Entity, EntityRow, Label, Target};
use stave_model::PersonRow;

use crate::text::tame;

/// Digits of a person's id that are shown where no name is known.
const SHOWN_DIGITS: usize = 8;

/// The names of the people directory.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// By `person:ID`. Where no name is known, what the address says of one.
    names: BTreeMap<String, String>,
    /// `(address, person:ID)`.
    addresses: Vec<(String, String)>,
    /// `(person:ID, name)`: every name that the directory has of one.
    all_names: Vec<(String, String)>,
}

impl People {
    /// The directory's rows, as the ledger gives them.
    pub fn new(rows: impl IntoIterator<Item = PersonRow>) -> People {
        let mut people = People::default();
        let mut named = BTreeMap::new();
        for row in rows {
            if let Some(name) = name_in(&row.address) {
                people.names.insert(row.id.clone(), name.to_owned());
            }
            if !row.name.trim().is_empty() {
                people.all_names.push((row.id.clone(), row.name.clone()));
                named.insert(row.id.clone(), row.name);
            }
            people.addresses.push((row.address, row.id));
        }
        people.names.extend(named);
        people
    }

    /// With names of `(person:ID, name)` that stand before all others: what people call themselves. Empty ones don't.
    pub fn called_by_themselves(mut self, names: impl IntoIterator<Item = (String, String)>) -> People {
        self.names.extend(names.into_iter().filter(|(_, name)| !name.trim().is_empty()));
        self
    }

    /// An author as people read it: a person's name, else `person:` and 8 digits; machines as they are.
    pub fn show(&self, author: &str) -> String {
        if let Some(name) = self.names.get(author) {
            return tame(name).into_owned();
        }
        match author.split_once(':') {
            Some(("person", id)) => {
                format!("person:{}", tame(&id.chars().take(SHOWN_DIGITS).collect::<String>()))
            }
            _ => tame(author).into_owned(),
        }
    }

    /// Whether more than an id is known of this author.
    pub(crate) fn has_name(&self, author: &str) -> bool {
        self.names.contains_key(author)
    }

    /// Every id with every name that it bears.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all_names.iter().map(|(id, name)| (id.as_str(), name.as_str()))
    }

    /// Every address with its id.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&str, &str)> {
        self.addresses.iter().map(|(address, id)| (address.as_str(), id.as_str()))
    }

    /// The ids (`person:ID`) of those who are called so: by name, login or address.
    pub fn called(&self, typed: &str) -> Vec<&str> {
        let wanted = typed.trim().trim_start_matches('@').to_lowercase();
        let is_wanted = |text: &str| {
            let text = text.to_lowercase();
            text == wanted
                || name_in(&text) == Some(&*wanted)
                || text.strip_prefix("mailto:") == Some(&*wanted)
        };
        self.matching(|text| !wanted.is_empty() && is_wanted(text))
    }

    /// The ids (`person:ID`) of those whose name or address has all these words in it.
    pub(crate) fn with_words(&self, words: &str) -> Vec<&str> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        self.matching(|text| {
            let text = text.to_lowercase();
            !words.is_empty() && words.iter().all(|word| text.contains(word.as_str()))
        })
    }

    fn matching(&self, is_meant: impl Fn(&str) -> bool) -> Vec<&str> {
        let by_name = self.names.iter().filter(|(_, name)| is_meant(name)).map(|(id, _)| id.as_str());
        let by_address = self.addresses.iter().filter(|(address, _)| is_meant(address));
        let mut ids: Vec<&str> = by_name.chain(by_address.map(|(_, id)| id.as_str())).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Puts a person's name where the map, which has no directory, has only the digits of the id.
    fn name(&self, kind: &str, name: &mut String) {
        if kind == "person"
            && let Some(known) = self.names.get(&format!("person:{name}"))
        {
            known.clone_into(name);
        }
    }

    pub(crate) fn name_label(&self, label: &mut Label) {
        self.name(&label.kind, &mut label.name);
    }

    /// The same for a row and its owners.
    pub fn name_row(&self, row: &mut EntityRow) {
        self.name(&row.kind, &mut row.name);
        row.owners.iter_mut().for_each(|owner| self.name_label(owner));
    }

    /// The same for all that an entity mentions.
    pub fn name_entity(&self, entity: &mut Entity) {
        self.name_row(&mut entity.row);
        for fact in &mut entity.facts {
            if let Some(Target::Entity(label)) = &mut fact.to {
                self.name_label(label);
            }
            fact.members.iter_mut().for_each(|member| self.name_label(member));
        }
        entity.incoming.iter_mut().for_each(|incoming| self.name_label(&mut incoming.from));
    }

    /// A value with persons' names instead of their ids, for showing.
    pub(crate) fn in_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.names.get(text).unwrap_or(text).clone()),
            Value::Array(items) => items.iter().map(|item| self.in_value(item)).collect(),
            other => other.clone(),
        }
    }
}

/// `night-shift` in `example.com/night-shift` and in `mailto:night-shift@example.com`.
fn name_in(address: &str) -> Option<&str> {
    let name = match address.strip_prefix("mailto:") {
        Some(mail) => mail.split('@').next().unwrap_or(mail),
        None => address.rsplit_once('/')?.1,
    };
    Some(name.trim()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_without_a_name_is_shown_by_digits() {
        let row = |id: &str, name: &str| PersonRow { id: id.into(), name: name.into(), ..Default::default() };
        let people = People::new([row("person:00ff00ff00ff", "Night shift"), row("person:11", " ")]);
        assert_eq!(people.show("person:00ff00ff00ff"), "Night shift");
        assert_eq!(people.show("person:abcdef0123456789"), "person:abcdef01");
        assert_eq!(people.show("person:11"), "person:11");
        assert_eq!(people.show("collector:compose"), "collector:compose");
    }

    #[test]
    fn a_person_of_whom_only_the_login_is_known_is_not_shown_as_a_hash() {
        let row = |id: &str, name: &str, address: &str| PersonRow {
            id: id.into(),
            name: name.into(),
            address: address.into(),
        };
        let people = People::new([
            row("person:11", "", "git.example.com/night-shift"),
            row("person:22", "Early Shift", "git.example.com/early"),
            row("person:22", "", "mailto:early@example.com"),
        ]);
        assert_eq!(people.show("person:11"), "night-shift");
        assert_eq!(people.show("person:22"), "Early Shift");
        let label = |id: &str, kind: &str| Label {
            id: "0".into(),
            name: id.into(),
            kind: kind.into(),
            hidden: false,
        };
        let mut person = label("11", "person");
        people.name_label(&mut person);
        assert_eq!(person.name, "night-shift");
        let mut group = label("11", "group");
        people.name_label(&mut group);
        assert_eq!(group.name, "11");
        let owners = serde_json::json!(["person:11", "team:git.example.com/tea/till"]);
        assert_eq!(crate::value_text(&people.in_value(&owners)), "night-shift and till");
        assert_eq!(people.called("@Night-Shift"), ["person:11"]);
        assert_eq!(people.called("early@example.com"), ["person:22"]);
        assert_eq!(people.called(""), Vec::<&str>::new());
        assert_eq!(people.with_words("shift"), ["person:11", "person:22"]);
    }
}
