//! Who is meant by an author.

use std::collections::BTreeMap;

use stave_model::PersonRow;

use crate::text::tame;

/// Digits of a person's id that are shown where no name is known.
const SHOWN_DIGITS: usize = 8;

/// The names of the people directory.
#[derive(Clone, Debug, Default)]
pub struct People {
    names: BTreeMap<String, String>,
}

impl People {
    /// The directory's rows, as the ledger gives them.
    pub fn new(rows: impl IntoIterator<Item = PersonRow>) -> People {
        let named = rows.into_iter().filter(|row| !row.name.trim().is_empty());
        People { names: named.map(|row| (row.id, row.name)).collect() }
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
}
