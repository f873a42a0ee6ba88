//! Short ways to write statements by hand, and to read a map's document.

use serde_json::{Value, json};
use stave_model::{Basis, Claim, Evidence, Hash, Header, Source, Statement, Time, VERSION, hash_bytes};

use crate::generator::op;
use crate::oracle::short_id;

/// Hour `hour` of a test's calendar.
pub(crate) fn hour(hour: i64) -> Time {
    Time::from_millis(1_790_000_000_000 + hour * 3_600_000)
}

/// A machine's claim; `discovered`.
pub(crate) fn claim(kind: &str, of: &str) -> Claim {
    Claim::new(kind, of.parse().unwrap(), Basis::Discovered)
}

/// A machine's claim that something is there.
pub(crate) fn exists(of: &str) -> Claim {
    claim("exists", of).value(json!("component"))
}

/// A machine's claim of a relation.
pub(crate) fn relation(kind: &str, of: &str, to: &str) -> Claim {
    claim(kind, of).to(to)
}

/// Parts of a claim, one after the other.
pub(crate) trait Says {
    fn value(self, value: Value) -> Claim;
    fn to(self, to: &str) -> Claim;
    fn not(self) -> Claim;
    fn basis(self, basis: Basis) -> Claim;
    fn env(self, env: &str) -> Claim;
    fn key(self, of: &str, key: &str) -> Claim;
    fn at(self, path: &str, line: u32) -> Claim;
    fn against(self, author: &str, not: bool, value: Option<Value>) -> Claim;
}

impl Says for Claim {
    fn value(self, value: Value) -> Claim {
        Claim { value: Some(value), ..self }
    }

    fn to(self, to: &str) -> Claim {
        Claim { to: Some(to.to_owned()), ..self }
    }

    fn not(self) -> Claim {
        Claim { not: true, value: None, ..self }
    }

    fn basis(self, basis: Basis) -> Claim {
        Claim { basis, ..self }
    }

    fn env(mut self, env: &str) -> Claim {
        self.env.push(env.to_owned());
        self
    }

    fn key(mut self, of: &str, key: &str) -> Claim {
        self.keys.entry(of.parse().unwrap()).or_default().push(key.parse().unwrap());
        self
    }

    fn at(mut self, path: &str, line: u32) -> Claim {
        self.evidence.push(Evidence::at(path, line));
        self
    }

    fn against(mut self, author: &str, not: bool, value: Option<Value>) -> Claim {
        self.against.push(Claim::against_hash(author, not, value.as_ref()));
        self
    }
}

/// A statement in the making.
pub(crate) struct Saying {
    header: Header,
    claims: Vec<Claim>,
}

fn header(author: &str, scope: &str, time: Time) -> Header {
    Header {
        author: author.parse().unwrap(),
        by: None,
        claims: Hash([0; 32]),
        op: op(usize::try_from(time.millis()).unwrap()),
        replaces: Vec::new(),
        rules: 0,
        scope: scope.parse().unwrap(),
        source: Source::default(),
        time,
        tool: String::new(),
        unread: Vec::new(),
        v: VERSION,
    }
}

/// A machine's statement; every hour has an op of its own.
pub(crate) fn scan(author: &str, scope: &str, at: i64, claims: Vec<Claim>) -> Saying {
    Saying { header: header(author, scope, hour(at)), claims }
}

/// A person's word.
pub(crate) fn word(person: &str, at: i64, claim: Claim) -> Saying {
    let claim = claim.basis(Basis::Stated).normalised();
    let scope = claim.fact_scope().unwrap();
    Saying { header: header(person, scope.as_str(), hour(at)), claims: vec![claim] }
}

/// A withdrawal of `op:…` or `statement:…`.
pub(crate) fn withdraw(person: &str, at: i64, of: &str) -> Saying {
    word(person, at, claim("withdrawn", of).value(json!(true)))
}

/// A person's word about two references; the smaller first.
pub(crate) fn same(a: &str, b: &str) -> Claim {
    claim("same_as", a.min(b)).to(a.max(b))
}

impl Saying {
    pub(crate) fn source(mut self, at: i64) -> Saying {
        self.header.source.at = Some(hour(at));
        self
    }

    pub(crate) fn rules(mut self, rules: u32) -> Saying {
        self.header.rules = rules;
        self
    }

    pub(crate) fn unread(mut self, paths: &[&str]) -> Saying {
        self.header.unread = paths.iter().map(|path| (*path).to_owned()).collect();
        self
    }

    pub(crate) fn op(mut self, number: usize) -> Saying {
        self.header.op = op(number);
        self
    }

    pub(crate) fn replaces(mut self, words: &[&Statement]) -> Saying {
        self.header.replaces = words.iter().map(|word| word.id()).collect();
        self
    }

    pub(crate) fn replaces_unknown(mut self) -> Saying {
        self.header.replaces = vec![hash_bytes(b"not here")];
        self
    }

    /// The statement, checked.
    pub(crate) fn done(self) -> Statement {
        let statement = Statement::new(self.header, self.claims);
        statement.check().unwrap();
        statement
    }
}

/// A map's document, to be asked by references.
pub(crate) struct Seen(pub(crate) Value);

impl Seen {
    fn entities(&self) -> &Vec<Value> {
        self.0["entities"].as_array().unwrap()
    }

    /// The entity that a reference lies in.
    pub(crate) fn entity(&self, reference: &str) -> &Value {
        let found = self
            .entities()
            .iter()
            .find(|one| one["references"].as_array().unwrap().contains(&json!(reference)));
        found.unwrap_or_else(|| panic!("{reference} is not live in {:#}", self.0))
    }

    pub(crate) fn is_live(&self, reference: &str) -> bool {
        let mut all = self.entities().iter().flat_map(|one| one["references"].as_array().unwrap());
        all.any(|one| one == reference)
    }

    /// Whether two references are one piece.
    pub(crate) fn together(&self, a: &str, b: &str) -> bool {
        self.entity(a)["id"] == self.entity(b)["id"]
    }

    /// A fact without another end; null where there is none.
    pub(crate) fn fact(&self, of: &str, kind: &str) -> &Value {
        let mut facts = self.entity(of)["facts"].as_array().unwrap().iter();
        facts.find(|fact| fact["type"] == kind && fact.get("to").is_none()).unwrap_or(&Value::Null)
    }

    /// A relation; null where nobody said anything about it.
    pub(crate) fn relation(&self, of: &str, kind: &str, to: &str) -> &Value {
        let to = &self.entity(to)["id"];
        let mut facts = self.entity(of)["facts"].as_array().unwrap().iter();
        facts.find(|fact| fact["type"] == kind && fact.get("to") == Some(to)).unwrap_or(&Value::Null)
    }

    /// Whether the graph has a link.
    pub(crate) fn linked(&self, from: &str, kind: &str, to: &str) -> bool {
        let link = json!({"from": self.entity(from)["id"], "to": self.entity(to)["id"], "kind": kind});
        self.0["links"].as_array().unwrap().contains(&link)
    }

    /// The questions as lines: kind, what they are about, type and other end.
    pub(crate) fn questions(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let line = |question: &Value| {
            let about = question["about"].as_array().unwrap().iter().map(text);
            let parts = [text(&question["kind"])].into_iter().chain(about);
            let parts = parts.chain([text(&question["type"]), text(&question["to"])]);
            parts.flatten().collect::<Vec<_>>().join(" ")
        };
        self.0["questions"].as_array().unwrap().iter().map(line).collect()
    }
}

/// The id of an entity by its representative.
pub(crate) fn id(representative: &str) -> Value {
    json!(short_id(representative))
}
