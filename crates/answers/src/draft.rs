//! A word that a person may say, ready to be appended: what it replaces and what it can be found again by.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use stave_map::{Entity, Fact};
use stave_model::{Basis, Claim, Hash, Key, KeyStrength, NameError, key_strength};

use crate::claims::says;

/// Keys that a word carries for each of its references, so that it finds its place when the reference is gone.
const KEYS: usize = 16;

/// A word in the making. Author, time and op come from whoever appends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Draft {
    /// The type of fact.
    #[serde(rename = "type")]
    pub fact_type: String,
    /// The reference that it is about.
    pub of: String,
    /// The other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// "Not so".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
    /// Ids of the words that it replaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Hash>,
    /// Hashes of what machines said on the fact when this was drafted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<Hash>,
    /// What each reference can be recognised by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, Vec<String>>,
}

/// A word that withdraws what `target` names: `op:HEX` or `statement:HEX`.
pub fn draft_withdrawal(target: &str) -> Draft {
    Draft { value: Some(Value::Bool(true)), ..Draft::new("withdrawn", target) }
}

impl Draft {
    /// A word without value, other end or anything to replace.
    pub fn new(fact_type: &str, of: &str) -> Draft {
        Draft {
            fact_type: fact_type.to_owned(),
            of: of.to_owned(),
            to: None,
            value: None,
            not: false,
            replaces: Vec::new(),
            against: Vec::new(),
            keys: BTreeMap::new(),
        }
    }

    /// The word with another end.
    #[must_use]
    pub fn to(mut self, to: &str) -> Draft {
        self.to = Some(to.to_owned());
        self
    }

    /// The word with a value.
    #[must_use]
    pub fn value(mut self, value: Value) -> Draft {
        self.value = Some(value);
        self
    }

    /// The word's opposite.
    #[must_use]
    pub fn denied(mut self) -> Draft {
        self.not = true;
        self
    }

    /// The word, replacing all that people said on the fact, with what machines say on it as known.
    #[must_use]
    pub fn replacing(mut self, fact: &Fact) -> Draft {
        for said in &fact.said {
            if said.basis == Basis::Stated {
                self.replaces.push(said.statement);
            } else {
                self.against.push(Claim::against_hash(&said.author, said.not, said.value.as_ref()));
            }
        }
        self.sorted()
    }

    /// The word, replacing one more.
    #[must_use]
    pub fn replacing_word(mut self, id: Hash) -> Draft {
        self.replaces.push(id);
        self.sorted()
    }

    /// The word, with hashes of what speaks against it and was known.
    #[must_use]
    pub fn knowing(mut self, against: Vec<Hash>) -> Draft {
        self.against.extend(against);
        self.sorted()
    }

    /// The word with an entity's strongest keys for one of its references.
    #[must_use]
    pub fn known_by(mut self, reference: &str, entity: &Entity) -> Draft {
        let of_strength = |wanted: KeyStrength| {
            entity.keys.iter().filter(move |key| key_strength(key) == wanted && key.as_str() != reference)
        };
        let named = of_strength(KeyStrength::Anchor).filter(|key| key.starts_with("named:"));
        let keys: Vec<String> = of_strength(KeyStrength::Strong).chain(named).take(KEYS).cloned().collect();
        if !keys.is_empty() {
            self.keys.insert(reference.to_owned(), keys);
        }
        self
    }

    fn sorted(mut self) -> Draft {
        self.replaces.sort_unstable();
        self.replaces.dedup();
        self.against.sort_unstable();
        self.against.dedup();
        self
    }

    /// What it says, behind the name of what it is about.
    pub fn says(&self) -> String {
        says(&self.fact_type, self.to.as_deref(), self.value.as_ref(), self.not)
    }

    /// The claim to append; [`Draft::replaces`] goes into the statement's header.
    ///
    /// # Errors
    /// Where a reference or key is none.
    pub fn claim(&self) -> Result<Claim, NameError> {
        let mut claim = Claim::new(&self.fact_type, self.of.parse()?, Basis::Stated);
        claim.to.clone_from(&self.to);
        claim.value.clone_from(&self.value);
        claim.not = self.not;
        claim.against.clone_from(&self.against);
        for (reference, keys) in &self.keys {
            let keys: Vec<Key> = keys.iter().map(|key| key.parse()).collect::<Result<_, _>>()?;
            claim.keys.insert(reference.parse()?, keys);
        }
        Ok(claim.normalised())
    }
}
