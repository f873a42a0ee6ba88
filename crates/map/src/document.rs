//! The whole map as one JSON value: what tests compare byte by byte, and what another implementation would produce.

use std::collections::BTreeMap;
use std::rc::Rc;

use rusqlite::Connection;
use serde_json::{Map, Value, json};
use stave_model::{canonical, claim_type};

use crate::entities::{self, Loader};
use crate::error::Result;
use crate::live::short;
use crate::names::{Names, Sym};
use crate::raw::basis_of;
use crate::read::Read;
use crate::resolve::{End, FactRow, Resolved, Row};
use crate::view::State;

pub(crate) fn document(connection: &Connection, names: &Names<'_>) -> Result<Value> {
    let read = Read::new(connection);
    let mut loader = Loader::new(connection, names);
    let mut all: BTreeMap<Sym, Vec<Row>> = BTreeMap::new();
    let mut entities = connection.prepare("SELECT DISTINCT entity FROM ref")?;
    for entity in entities.query_map([], |row| row.get(0))? {
        let entity = entity?;
        all.insert(entity, loader.rows(entity)?);
    }
    let resolved: BTreeMap<Sym, Resolved> =
        all.iter().map(|(entity, rows)| (*entity, loader.resolve(*entity, rows))).collect();
    let mut documents = Vec::new();
    let mut links = Vec::new();
    for (entity, facts) in &resolved {
        let id = short(&names.text(*entity)?);
        documents.push((id.clone(), one(connection, names, &read, *entity, facts, &all[entity])?));
        if facts.hidden() {
            continue;
        }
        for fact in &facts.facts {
            for to in entities::ends(fact) {
                if !resolved.get(&to).is_some_and(Resolved::hidden) {
                    links.push((id.clone(), short(&names.text(to)?), fact.kind.to_string()));
                }
            }
        }
    }
    documents.sort_by(|a, b| a.0.cmp(&b.0));
    links.sort();
    links.dedup();
    let links: Vec<Value> =
        links.into_iter().map(|(from, to, kind)| json!({"from": from, "to": to, "kind": kind})).collect();
    let mut questions: Vec<Value> = Vec::new();
    for question in read.questions(None, u64::MAX)? {
        let mut value = json!({"id": question.id, "kind": question.kind, "about": question.about});
        if let Some(fact_type) = question.fact_type {
            value["type"] = fact_type.into();
        }
        if let Some(to) = question.to {
            value["to"] = to.into();
        }
        questions.push(value);
    }
    questions.sort_by_cached_key(|question| {
        let text = |field: &str| question[field].as_str().map(str::to_owned);
        let about: Vec<String> = serde_json::from_value(question["about"].clone()).unwrap_or_default();
        (text("kind"), about, text("type"), text("to"))
    });
    Ok(json!({
        "entities": documents.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
        "links": links,
        "questions": questions,
        "views": read.views()?,
        "unknown_claims": read.counts()?.unknown_claims,
    }))
}

fn one(
    connection: &Connection,
    names: &Names<'_>,
    read: &Read<'_>,
    entity: Sym,
    facts: &Resolved,
    rows: &[Row],
) -> Result<Value> {
    let representative = names.text(entity)?;
    let references = entities::references(connection, names, entity)?;
    let summary = entities::summary(&representative, facts, &references);
    let mut values = Vec::new();
    for row in &facts.facts {
        let value = fact(names, read, row, rows)?;
        // Sorted as others would: by type, then by the id or text at the other end.
        let to = value.get("to").and_then(Value::as_str).unwrap_or_default().to_owned();
        values.push((row.kind.to_string(), to, value));
    }
    values.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let mut document = json!({
        "id": short(&representative),
        "kind": summary.kind,
        "name": summary.name,
        "representative": &*representative,
        "references": references.iter().map(Rc::as_ref).collect::<Vec<&str>>(),
        "keys": read.keys(entity)?,
        "facts": values.into_iter().map(|(_, _, value)| value).collect::<Vec<_>>(),
    });
    if facts.hidden() {
        document["hidden"] = true.into();
    }
    Ok(document)
}

fn fact(names: &Names<'_>, read: &Read<'_>, fact: &FactRow, rows: &[Row]) -> Result<Value> {
    let mut document = Map::new();
    document.insert("type".to_owned(), Value::from(&*fact.kind));
    match &fact.to {
        End::None => {}
        End::Entity(to) => drop(document.insert("to".to_owned(), short(&names.text(*to)?).into())),
        End::Text(text) => drop(document.insert("to".to_owned(), Value::from(&**text))),
    }
    let state = match fact.state {
        State::Stands => "stands",
        State::Disputed => "disputed",
        State::Denied => "denied",
    };
    document.insert("state".to_owned(), state.into());
    document.insert("basis".to_owned(), basis_of(fact.basis).as_str().into());
    let is_over = claim_type(&fact.kind).is_some_and(|known| known.mode == stave_model::Mode::Over);
    let decided = !(fact.state == State::Disputed && fact.basis == 0);
    if is_over && decided {
        let mut members = Vec::with_capacity(fact.members.len());
        for member in &fact.members {
            members.push(short(&names.text(*member)?));
        }
        members.sort_unstable();
        document.insert("value".to_owned(), members.into());
    } else if let (Some(value), End::None) = (&fact.value, &fact.to) {
        document.insert("value".to_owned(), serde_json::from_str(value).unwrap_or_default());
    }
    if !fact.env.is_empty() {
        document.insert("env".to_owned(), fact.env.clone().into());
    }
    let mut said = Vec::new();
    for index in &fact.rows {
        let word = read.said(rows[*index].id)?;
        let mut entry = Map::new();
        entry.insert("author".to_owned(), word.author.into());
        entry.insert("basis".to_owned(), word.basis.as_str().into());
        entry.insert("statement".to_owned(), word.statement.to_string().into());
        if word.not {
            entry.insert("not".to_owned(), true.into());
        }
        if word.carried {
            entry.insert("carried".to_owned(), true.into());
        }
        if let Some(value) = word.value {
            entry.insert("value".to_owned(), value);
        }
        said.push(Value::Object(entry));
    }
    said.sort_by_cached_key(canonical);
    document.insert("said".to_owned(), said.into());
    Ok(Value::Object(document))
}
