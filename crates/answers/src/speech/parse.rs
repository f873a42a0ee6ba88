//! What can be said: words to a fact. Looks nothing up.

use stave_model::{CLAIM_TYPES, ClaimType, Kind, Mode, Relation};

use super::Refusal;
use crate::text::nearest;

/// What was said, with names as they were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speech {
    /// `component "Billing batch"`: there is such a thing.
    Entity {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// `cart`: only for denials.
    Name(String),
    /// `cart calls payments`.
    Fact {
        /// The entity, as typed.
        entity: String,
        /// The type of fact.
        fact: FactWord,
        /// What stands behind it, as typed; may be empty.
        rest: Vec<String>,
    },
}

/// A type of fact as a person typed it.
#[derive(Clone, Copy, Debug)]
pub struct FactWord {
    /// The type of fact.
    pub row: &'static ClaimType,
    /// Read from the other end: `team-a owns cart` says that cart is owned by team-a.
    pub inverse: bool,
}

impl PartialEq for FactWord {
    fn eq(&self, other: &FactWord) -> bool {
        self.row.name == other.row.name && self.inverse == other.inverse
    }
}

impl Eq for FactWord {}

/// Other words that people use, and the type of fact that is meant.
const SYNONYMS: &[(&str, &str)] = &[
    ("call", "calls"),
    ("desc", "description"),
    ("is", "same_as"),
    ("is_same_as", "same_as"),
    ("kind", "exists"),
    ("needs", "depends_on"),
    ("owner", "owned_by"),
    ("owners", "owned_by"),
    ("publishes", "publishes_to"),
    ("same", "same_as"),
    ("stores", "stores_in"),
    ("subscribes", "subscribes_to"),
    ("tags", "tag"),
    ("uses", "depends_on"),
];

/// The type of fact that a word means, if it means one that `say` and `deny` take.
pub fn fact_word(word: &str) -> Option<FactWord> {
    let plain = word.trim().to_lowercase().replace(['-', ' '], "_");
    let plain = SYNONYMS.iter().find(|(other, _)| *other == plain).map_or(plain.as_str(), |(_, name)| name);
    let row = |name: &str| {
        CLAIM_TYPES.iter().find(|row| row.name == name && !matches!(row.mode, Mode::Word | Mode::Record))
    };
    if let Some(row) = row(plain) {
        return Some(FactWord { row, inverse: false });
    }
    let relation = Relation::ALL.iter().find(|relation| relation.inverse.replace(' ', "_") == plain)?;
    row(relation.name).map(|row| FactWord { row, inverse: true })
}

/// What was said: the first word that is a type of fact parts the entity from what is said about it.
///
/// # Errors
/// Where no word is a type of fact and the first one is no kind.
pub fn parse(words: &[String], is_new: bool) -> Result<Speech, Refusal> {
    let kind = words.first().and_then(|word| Kind::from_word(&word.to_lowercase()));
    if is_new {
        return match kind {
            Some(kind) if words.len() > 1 => Ok(Speech::Entity { kind, name: words[1..].join(" ") }),
            _ => Err(Refusal::new("--new takes a kind and a name")
                .hint(format!("stave say --new component \"Billing batch\"; kinds are {}", kinds()))),
        };
    }
    for number in 1..words.len() {
        // `owned by`, `same as`: two words that are one.
        if let Some(second) = words.get(number + 1) {
            let pair = format!("{} {second}", words[number]);
            if let Some(fact) = fact_word(&pair) {
                return Ok(fact_speech(words, number, fact, number + 2));
            }
        }
        if let Some(fact) = fact_word(&words[number]) {
            return Ok(fact_speech(words, number, fact, number + 1));
        }
    }
    match kind {
        Some(kind) if words.len() > 1 => Ok(Speech::Entity { kind, name: words[1..].join(" ") }),
        _ if words.len() == 1 => Ok(Speech::Name(words[0].clone())),
        _ => Err(unknown_fact(words)),
    }
}

fn fact_speech(words: &[String], entity_end: usize, fact: FactWord, rest_start: usize) -> Speech {
    Speech::Fact { entity: words[..entity_end].join(" "), fact, rest: words[rest_start..].to_vec() }
}

fn unknown_fact(words: &[String]) -> Refusal {
    let typed = words.get(1).map_or("", String::as_str);
    let known =
        CLAIM_TYPES.iter().filter(|row| !matches!(row.mode, Mode::Word | Mode::Record)).map(|row| row.name);
    let refusal = Refusal::new(format!("\"{typed}\" is no type of fact"));
    match nearest(&typed.to_lowercase().replace('-', "_"), known) {
        Some(near) => refusal.hint(format!("did you mean {near}?")),
        None => refusal.hint("stave say --help lists them"),
    }
}

/// All kinds, for messages.
pub fn kinds() -> String {
    Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Speech, Refusal> {
        parse(
            &text.split(' ').map(|word| word.replace('_', " ").trim().to_owned()).collect::<Vec<_>>(),
            false,
        )
    }

    fn fact(text: &str) -> (String, &'static str, bool, Vec<String>) {
        match said(text).unwrap() {
            Speech::Fact { entity, fact, rest } => (entity, fact.row.name, fact.inverse, rest),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_ways_to_say_one_thing() {
        let owned = ("cart".to_owned(), "owned_by", false, vec!["team-a".to_owned()]);
        for text in
            ["cart owned_by team-a", "cart owner team-a", "cart owned-by team-a", "cart owned by team-a"]
        {
            assert_eq!(fact(text), owned, "{text}");
        }
        assert_eq!(
            fact("team-a owns cart"),
            ("team-a".to_owned(), "owned_by", true, vec!["cart".to_owned()])
        );
        assert_eq!(fact("a same as b"), ("a".to_owned(), "same_as", false, vec!["b".to_owned()]));
        assert_eq!(fact("cart called by web").1, "calls");
        assert_eq!(fact("Billing batch calls payments").0, "Billing batch");
        assert_eq!(fact("cart description").3, Vec::<String>::new());
        assert_eq!(fact("cart kind resource").1, "exists");
    }

    #[test]
    fn a_kind_and_a_name_is_a_new_entity_but_an_entity_may_be_called_like_a_kind() {
        let batch = Speech::Entity { kind: Kind::Component, name: "Billing batch".to_owned() };
        assert_eq!(said("component Billing batch").unwrap(), batch);
        assert_eq!(said("component Billing_batch").unwrap(), batch);
        assert_eq!(fact("api calls payments").0, "api");
        assert_eq!(said("cart").unwrap(), Speech::Name("cart".to_owned()));
    }

    #[test]
    fn an_unknown_fact_gets_the_nearest_one() {
        let text = said("cart ownd-by team-a").unwrap_err().to_string();
        assert!(text.contains("did you mean owned_by?"), "{text}");
        assert!(said("cart jumps over").unwrap_err().to_string().contains("--help"));
        for word in ["withdrawn", "retired"] {
            assert!(fact_word(word).is_none(), "{word} is said by undo and retire only");
        }
    }
}
