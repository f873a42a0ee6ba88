//! From readable inputs (tests/inputs) to vectors (tests/vectors). Works on plain JSON, so that a vector
//! can hold what the types of the model refuse; the hashes come from the model.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use stave_model::{Claim, Hash, canonical, claims_hash, hash_bytes};

pub(crate) fn inputs(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// Long texts and lists are written short: `{"repeat": PREFIX, "letter": X, "count": N}`, `{"numbered": PREFIX, "count": N}`.
fn unfold(value: &Value) -> Value {
    let count = value["count"].as_u64().unwrap_or(0) as usize;
    match value {
        Value::Object(fields) if fields.contains_key("repeat") => {
            format!("{}{}", text(value, "repeat"), text(value, "letter").repeat(count)).into()
        }
        Value::Object(fields) if fields.contains_key("numbered") => {
            (0..count).map(|number| format!("{}{number:02}", text(value, "numbered"))).collect()
        }
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), unfold(field))).collect(),
        Value::Array(items) => items.iter().map(unfold).collect(),
        other => other.clone(),
    }
}

fn hash_of(value: &Value) -> Hash {
    hash_bytes(&canonical(value))
}

fn sorted_claims(claims: Vec<Value>) -> (Vec<Value>, Hash) {
    let mut by_hash: Vec<(Hash, Value)> = claims.into_iter().map(|claim| (hash_of(&claim), claim)).collect();
    by_hash.sort_by_key(|(hash, _)| *hash);
    by_hash.dedup_by_key(|(hash, _)| *hash);
    let hash = claims_hash(&mut by_hash.iter().map(|(hash, _)| *hash).collect());
    (by_hash.into_iter().map(|(_, claim)| claim).collect(), hash)
}

/// A statement of statements.json or refused.json: a plain header, with some fields set (null: left out).
pub(crate) fn statement(input: &Value) -> (Value, Vec<Value>) {
    let (author, scope) = match text(input, "like") {
        "machine" => ("collector:compose", "repo:code.test/shop@main"),
        _ => ("person:0123", "fact:host:a.test#tier"),
    };
    let (mut claims, hash) = sorted_claims(list(&unfold(&input["claims"])));
    if input["reversed"] == true {
        claims.reverse();
    }
    let mut header = json!({
        "author": author, "claims": hash, "op": "0123456789abcdef0123456789abcdef", "scope": scope,
        "time": "2026-01-02T03:04:05.678Z", "v": 1,
    });
    let changes = unfold(&input["header"]);
    for (field, value) in changes.as_object().unwrap_or(&Map::new()) {
        if value.is_null() {
            header.as_object_mut().unwrap().remove(field);
        } else {
            header[field] = value.clone();
        }
    }
    (header, claims)
}

/// `01-31` is the first moment of that day in 2026.
fn moment(text: &str) -> Value {
    format!("2026-{text}T00:00:00.000Z").into()
}

struct Built {
    id: Hash,
    op: String,
    header: Value,
    claims: Vec<Value>,
}

/// A scenario of scenarios.json, with ids in the place of labels.
pub(crate) fn scenario(input: &Value) -> Value {
    let mut built: BTreeMap<String, Built> = BTreeMap::new();
    let mut present = Vec::new();
    for (index, one) in list(&input["statements"]).iter().enumerate() {
        let label = text(one, "label");
        let statement = scenario_statement(one, index, &built);
        if one["absent"] != true {
            let Built { id, header, claims, .. } = &statement;
            present.push(json!({"claims": claims, "header": header, "id": id, "label": label}));
        }
        assert!(built.insert(label.to_owned(), statement).is_none(), "{label} twice in {}", input["name"]);
    }
    let id = |label: &str| built.get(label).unwrap_or_else(|| panic!("{label} in {}", input["name"])).id;
    let ids = |labels: &Value| {
        let mut ids: Vec<Hash> = list(labels).iter().map(|label| id(label.as_str().unwrap())).collect();
        ids.sort();
        json!(ids)
    };
    let expect = &input["expect"];
    let mut holds = Vec::new();
    for (slot, label) in expect["holds"].as_object().unwrap_or(&Map::new()) {
        let (author, scope) = slot.split_once(' ').unwrap();
        let holding = match label {
            Value::Array(labels) => labels.iter().map(|label| id(label.as_str().unwrap())).max(),
            Value::String(label) => Some(id(label)),
            _ => None,
        };
        holds.push(json!({"author": author, "id": holding, "scope": scope}));
    }
    holds.sort_by_key(Value::to_string);
    let mut carried: Vec<Value> = list(&expect["carried"])
        .iter()
        .map(|pair| {
            let (label, tag) = (pair[0].as_str().unwrap(), &pair[1]);
            let claim = built[label].claims.iter().find(|claim| claim["to"] == *tag).unwrap();
            json!({"claim": hash_of(claim), "statement": id(label)})
        })
        .collect();
    carried.sort_by_key(Value::to_string);
    let cut_off = &input["cut_off"];
    let kind = if cut_off["at"].is_string() { "at" } else { "now" };
    json!({
        "carried": carried,
        "cut_off": {kind: moment(text(cut_off, kind))},
        "holds": holds,
        "name": input["name"],
        "standing": ids(&expect["standing"]),
        "statements": present,
        "withdrawn": ids(&expect["withdrawn"]),
    })
}

fn scenario_statement(one: &Value, index: usize, built: &BTreeMap<String, Built>) -> Built {
    let label = text(one, "label");
    // Without an op of its own, a statement shares it with no other.
    let op = format!("{:032x}", one["op"].as_u64().unwrap_or(1_000 + index as u64));
    let mut header = json!({
        "author": one["author"], "op": op, "time": moment(text(one, "time")), "tool": "vectors", "v": 1,
    });
    for field in ["rules", "unread"] {
        if !one[field].is_null() && one[field] != json!([]) {
            header[field] = one[field].clone();
        }
    }
    let mut claims = Vec::new();
    if one["says"].is_object() {
        let claim = word(&one["says"], label, built);
        let parsed: Claim = serde_json::from_value(claim.clone()).unwrap();
        header["scope"] = parsed.fact_scope().unwrap().as_str().into();
        claims.push(claim);
    } else {
        header["scope"] = one["scope"].clone();
        for (tag, paths) in one["tags"].as_object().unwrap_or(&Map::new()) {
            let mut claim = json!({"basis": "discovered", "of": "host:a.test", "to": tag, "type": "tag"});
            let points: Vec<Value> =
                list(paths).iter().map(|path| json!({"line": 1, "path": path})).collect();
            if !points.is_empty() {
                claim["evidence"] = points.into();
            }
            claims.push(claim);
        }
        let mut source = Map::new();
        if one["at"].is_string() {
            source.insert("at".to_owned(), moment(text(one, "at")));
        }
        if one["id"].is_string() {
            source.insert("id".to_owned(), one["id"].clone());
        }
        if !source.is_empty() {
            header["source"] = source.into();
        }
    }
    let mut replaces: Vec<Hash> =
        list(&one["replaces"]).iter().map(|label| built[label.as_str().unwrap()].id).collect();
    if !replaces.is_empty() {
        replaces.sort();
        header["replaces"] = json!(replaces);
    }
    let (claims, hash) = sorted_claims(claims);
    header["claims"] = json!(hash);
    Built { id: hash_of(&header), op, header, claims }
}

/// A person's claim. `op:` and `statement:` name a label or a number.
fn word(says: &Value, label: &str, built: &BTreeMap<String, Built>) -> Value {
    let kind = text(says, "type");
    let of = match text(says, "of").split_once(':') {
        Some(("op", number)) if number.parse::<u64>().is_ok() => {
            format!("op:{:032x}", number.parse::<u64>().unwrap())
        }
        Some(("op", label)) => format!("op:{}", built[label].op),
        Some(("statement", label)) => {
            format!("statement:{}", built.get(label).map_or(hash_bytes(label.as_bytes()), |one| one.id))
        }
        _ => text(says, "of").to_owned(),
    };
    let mut claim = json!({"basis": "stated", "of": of, "type": kind});
    match kind {
        "withdrawn" | "retired" => claim["value"] = true.into(),
        "tier" | "description" => claim["value"] = label.into(),
        _ => {}
    }
    for field in ["to", "not"] {
        if !says[field].is_null() {
            claim[field] = says[field].clone();
        }
    }
    claim
}
