//! Questions to the read model. Each reads one snapshot and gives plain data.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use serde_json::Value;
use stave_model::{Evidence, Hash, Kind, Relation, Time};

use crate::cluster;
use crate::entities::{self, Loader, entity_of};
use crate::error::Result;
use crate::history::History;
use crate::live::{Live, short};
use crate::names::{Names, Sym};
use crate::raw::basis_of;
use crate::recluster::Looked;
use crate::resolve::{End, FactRow, Row};
use crate::schema::meta;
use crate::view::{
    Counts, Entity, EntityRow, Fact, Filter, Incoming, Label, Link, Named, Node, Page, Question, Said, Stamp,
    State, Target, View,
};

/// An outside product or service that is nothing else: no piece of the system, so it stands in no picture and in no list
/// that doesn't ask for it.
pub(crate) const TOOL: &str = "kind = 'resource' AND coalesce(type, '') = 'tool'";

/// A reader over one connection.
pub(crate) struct Read<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) names: Names<'c>,
}

impl<'c> Read<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Read<'c> {
        Read { connection, names: Names::new(connection) }
    }

    pub(crate) fn stamp(&self) -> Result<Stamp> {
        let text = meta(self.connection, "stamp")?.unwrap_or_default();
        let mut parts = text.split(' ');
        Ok(Stamp {
            ledger: parts.next().unwrap_or_default().to_owned(),
            epoch: parts.next().and_then(|epoch| epoch.parse().ok()).unwrap_or(0),
            position: crate::fold::position(self.connection)?,
        })
    }

    pub(crate) fn counts(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        let mut kinds = Vec::new();
        let mut rows =
            self.connection.prepare_cached("SELECT what, n FROM count WHERE n > 0 ORDER BY what")?;
        for row in rows.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))? {
            let (what, count) = row?;
            let count = count.unsigned_abs();
            match (what.as_str(), what.strip_prefix("kind:")) {
                (_, Some(kind)) => kinds.push((kind.to_owned(), count)),
                ("relations", _) => counts.relations = count,
                ("claims", _) => counts.claims = count,
                ("unknown", _) => counts.unknown_claims = count,
                ("statements", _) => counts.statements = count,
                _ => {}
            }
        }
        let order =
            |kind: &str| Kind::ALL.iter().position(|known| known.as_str() == kind).unwrap_or(usize::MAX);
        kinds.sort_by(|a, b| order(&a.0).cmp(&order(&b.0)).then_with(|| a.0.cmp(&b.0)));
        let of = |sql: &str| -> Result<u64> {
            Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
        };
        counts.tools = of(&format!("SELECT count(*) FROM entity WHERE hidden = 0 AND {TOOL}"))?;
        // A tool is its own kind of thing to whoever counts.
        kinds
            .iter_mut()
            .filter(|(kind, _)| kind == "resource")
            .for_each(|(_, n)| *n = n.saturating_sub(counts.tools));
        kinds.retain(|(_, count)| *count > 0);
        counts.kinds = kinds;
        counts.questions = of("SELECT count(*) FROM question")?;
        counts.without_place = of("SELECT count(*) FROM question WHERE kind = 'without_place'")?;
        Ok(counts)
    }

    pub(crate) fn label(&self, entity: Sym) -> Result<Label> {
        let reference = self.names.text(entity)?;
        let row: Option<(String, String, bool)> = self
            .connection
            .prepare_cached("SELECT name, kind, hidden FROM entity WHERE id = ?1")?
            .query_row([entity], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let (name, kind, hidden) =
            row.unwrap_or_else(|| (reference.to_string(), "component".to_owned(), false));
        Ok(Label { id: short(&reference), name, kind, hidden })
    }

    pub(crate) fn row(&self, entity: Sym) -> Result<EntityRow> {
        let reference = self.names.text(entity)?;
        let (kind, entity_type, name, description, hidden) = self
            .connection
            .prepare_cached("SELECT kind, type, name, description, hidden FROM entity WHERE id = ?1")?
            .query_row([entity], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
        let one = |sql: &str| -> Result<u64> {
            let count: i64 = self.connection.prepare_cached(sql)?.query_row([entity], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        let mut owners = Vec::new();
        if let Some(owned_by) = self.names.get("owned_by")? {
            let mut rows = self
                .connection
                .prepare_cached("SELECT \"to\" FROM link WHERE \"from\" = ?1 AND type = ?2")?;
            for owner in rows.query_map([entity, owned_by], |row| row.get(0))? {
                owners.push(self.label(owner?)?);
            }
        }
        owners.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(EntityRow {
            id: short(&reference),
            name,
            kind,
            entity_type,
            description,
            owners,
            relations_out: one("SELECT count(*) FROM link WHERE \"from\" = ?1")?,
            relations_in: one("SELECT count(*) FROM link WHERE \"to\" = ?1")?,
            questions: one("SELECT count(*) FROM question WHERE owner = ?1 * 2")?
                + one(
                    "SELECT count(*) FROM question q JOIN ref r ON q.owner = r.id * 2 + 1 WHERE r.entity = ?1",
                )?,
            hidden,
            reference: reference.to_string(),
        })
    }

    pub(crate) fn list(&self, filter: &Filter) -> Result<Page> {
        let mut wheres = vec!["1 = 1".to_owned()];
        let mut values: Vec<rusqlite::types::Value> = Vec::new();
        if !filter.hidden {
            wheres.push("hidden = 0".to_owned());
        }
        if !filter.tools {
            wheres.push(format!("NOT ({TOOL})"));
        }
        if let Some(kind) = &filter.kind {
            values.push(kind.clone().into());
            wheres.push(format!("kind = ?{}", values.len()));
        }
        if let Some(entity_type) = &filter.entity_type {
            values.push(entity_type.clone().into());
            wheres.push(format!("type = ?{}", values.len()));
        }
        if let Some(owner) = &filter.owner {
            let owner = self.by_short(owner)?.unwrap_or(0);
            let owned_by = self.names.get("owned_by")?.unwrap_or(0);
            values.push(owner.into());
            values.push(owned_by.into());
            let at = values.len();
            wheres.push(format!(
                "id IN (SELECT \"from\" FROM link WHERE \"to\" = ?{} AND type = ?{at})",
                at - 1
            ));
        }
        let wheres = wheres.join(" AND ");
        let total: i64 = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM entity WHERE {wheres}"))?
            .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
        // Where most entities are listed, their order is taken from the names' index; SQLite would rather sort all of them.
        let wheres = match (&filter.kind, &filter.owner) {
            (None, None) => wheres.replace("hidden = 0", "+hidden = 0"),
            _ => wheres,
        };
        let sql = format!(
            "SELECT id FROM entity WHERE {wheres} ORDER BY name COLLATE NOCASE, (SELECT text FROM sym WHERE sym.id = entity.id)
             LIMIT {} OFFSET {}",
            filter.limit.min(100_000),
            filter.offset.min(i64::MAX.unsigned_abs())
        );
        let mut rows = self.connection.prepare_cached(&sql)?;
        let ids: Vec<Sym> = rows
            .query_map(params_from_iter(values.iter()), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Page { total: total.unsigned_abs(), rows: self.rows(ids)? })
    }

    fn rows(&self, ids: Vec<Sym>) -> Result<Vec<EntityRow>> {
        ids.into_iter().map(|id| self.row(id)).collect()
    }

    /// Full-text search: every word must begin some word of the entity; names count most.
    pub(crate) fn find(&self, words: &str, limit: u64) -> Result<Vec<EntityRow>> {
        let terms: Vec<String> = words
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(16)
            .map(|word| format!("\"{word}\"*"))
            .collect();
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = self.connection.prepare_cached(
            "SELECT e.id FROM search s JOIN entity e ON e.id = s.rowid WHERE search MATCH ?1 AND e.hidden = 0
             ORDER BY (lower(e.name) = lower(?2)) DESC, round(bm25(search, 10.0, 5.0, 1.0), 6), e.refs DESC, e.name,
               (SELECT text FROM sym WHERE sym.id = e.id)
             LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let ids: Vec<Sym> = rows
            .query_map(params![terms.join(" "), words.trim(), limit], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        self.rows(ids)
    }

    /// The entity that 12 digits lead to.
    fn by_short(&self, id: &str) -> Result<Option<Sym>> {
        if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Ok(None);
        }
        let Ok(number) = i64::from_str_radix(id, 16) else { return Ok(None) };
        Ok(self
            .connection
            .prepare_cached("SELECT entity FROM ref WHERE short = ?1 ORDER BY id LIMIT 1")?
            .query_row([number], |row| row.get::<_, Option<Sym>>(0))
            .optional()?
            .flatten())
    }

    /// What a person means by a text: 12 digits or their beginning, a reference, a name, an alias.
    pub(crate) fn named(&self, text: &str) -> Result<Named> {
        let text = text.trim();
        if let Some(entity) = self.by_short(text)? {
            return Ok(Named::One(short(&self.names.text(entity)?)));
        }
        if let Some(sym) = self.names.get(text)?
            && let Some(entity) = entity_of(self.connection, sym)?
        {
            return Ok(Named::One(short(&self.names.text(entity)?)));
        }
        // The piece that is called like the product that it runs is meant, not the product.
        let of_system = format!("name = ?1 COLLATE NOCASE AND hidden = 0 AND NOT ({TOOL})");
        let mut found = self.ids(&format!("SELECT id FROM entity WHERE {of_system} LIMIT 21"), text)?;
        if found.is_empty() {
            found = self
                .ids("SELECT id FROM entity WHERE name = ?1 COLLATE NOCASE AND hidden = 0 LIMIT 21", text)?;
        }
        if found.is_empty() {
            found = self.ids("SELECT id FROM entity WHERE name = ?1 COLLATE NOCASE LIMIT 21", text)?;
        }
        if found.is_empty() {
            found = self.by_alias(text)?;
        }
        if found.is_empty() && text.len() >= 4 {
            found = self.by_prefix(text)?;
        }
        match found.as_slice() {
            [one] => Ok(Named::One(short(&self.names.text(*one)?))),
            [] => Ok(Named::None(self.nearest(text)?)),
            _ => {
                let mut rows = self.rows(found)?;
                rows.sort_by(|a, b| {
                    (b.relations_in + b.relations_out)
                        .cmp(&(a.relations_in + a.relations_out))
                        .then_with(|| a.reference.cmp(&b.reference))
                });
                Ok(Named::Several(rows))
            }
        }
    }

    fn ids(&self, sql: &str, text: &str) -> Result<Vec<Sym>> {
        let mut rows = self.connection.prepare_cached(sql)?;
        Ok(rows.query_map([text], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn by_alias(&self, text: &str) -> Result<Vec<Sym>> {
        let terms: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(16)
            .map(|word| format!("\"{word}\""))
            .collect();
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let query = format!("alias : ({})", terms.join(" "));
        let mut rows = self.connection.prepare_cached(
            "SELECT e.id, e.aliases FROM search s JOIN entity e ON e.id = s.rowid WHERE search MATCH ?1 AND e.hidden = 0
             LIMIT 200",
        )?;
        let mut found = Vec::new();
        for row in rows.query_map([query], |row| Ok((row.get::<_, Sym>(0)?, row.get::<_, String>(1)?)))? {
            let (id, aliases) = row?;
            let aliases: Vec<String> = serde_json::from_str(&aliases).unwrap_or_default();
            if aliases.iter().any(|alias| alias.eq_ignore_ascii_case(text)) {
                found.push(id);
            }
        }
        Ok(found)
    }

    fn by_prefix(&self, text: &str) -> Result<Vec<Sym>> {
        if text.len() >= 12 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Ok(Vec::new());
        }
        let low = i64::from_str_radix(&format!("{text:0<12}"), 16).unwrap_or(0);
        let high = i64::from_str_radix(&format!("{text:f<12}"), 16).unwrap_or(-1);
        let mut rows = self
            .connection
            .prepare_cached("SELECT DISTINCT entity FROM ref WHERE short BETWEEN ?1 AND ?2 LIMIT 21")?;
        Ok(rows.query_map([low, high], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    /// The names nearest to a mistyped one: by letters that differ, at most a third of them.
    fn nearest(&self, text: &str) -> Result<Vec<EntityRow>> {
        let wanted: Vec<char> = text.to_lowercase().chars().take(64).collect();
        let most = (wanted.len() / 3).max(1);
        let mut best: Vec<(usize, String, Sym)> = Vec::new();
        let mut rows = self.connection.prepare_cached("SELECT id, name FROM entity WHERE hidden = 0")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(1)?.as_str().unwrap_or_default();
            if name.len() > 4 * wanted.len() + 16 {
                continue;
            }
            let lower = name.to_lowercase();
            let close = if text.len() >= 3 && lower.contains(&text.to_lowercase()) {
                1
            } else {
                distance(&wanted, &lower.chars().collect::<Vec<_>>(), most)
            };
            if close <= most {
                best.push((close, name.to_owned(), row.get(0)?));
            }
        }
        best.sort();
        best.truncate(5);
        let mut rows = self.rows(best.into_iter().map(|(_, _, id)| id).collect())?;
        if rows.is_empty() {
            rows = self.find(text, 5)?;
        }
        Ok(rows)
    }

    pub(crate) fn entity(&self, id: &str) -> Result<Option<Entity>> {
        let Some(entity) = self.by_short(id)? else { return Ok(None) };
        let mut loader = Loader::new(self.connection, &self.names);
        let rows = loader.rows(entity)?;
        let resolved = loader.resolve(entity, &rows);
        let mut facts = Vec::with_capacity(resolved.facts.len());
        for fact in &resolved.facts {
            facts.push(self.fact(fact, &rows)?);
        }
        let references = entities::references(self.connection, &self.names, entity)?;
        Ok(Some(Entity {
            row: self.row(entity)?,
            references: references.iter().map(|text| text.to_string()).collect(),
            keys: self.keys(entity)?,
            facts,
            incoming: self.incoming(entity)?,
        }))
    }

    /// The texts of an entity's facts of one type (tags, links, endpoints), without what is denied; sorted.
    fn texts(&self, entity: Sym, fact_type: &str) -> Result<Vec<String>> {
        let mut loader = Loader::new(self.connection, &self.names);
        let rows = loader.rows(entity)?;
        let mut texts: Vec<String> = loader
            .resolve(entity, &rows)
            .facts
            .iter()
            .filter(|fact| &*fact.kind == fact_type && fact.state != State::Denied)
            .filter_map(|fact| if let End::Text(text) = &fact.to { Some(text.to_string()) } else { None })
            .collect();
        texts.sort_unstable();
        Ok(texts)
    }

    /// As [`Read::texts`], by 12 digits.
    pub(crate) fn texts_of(&self, id: &str, fact_type: &str) -> Result<Vec<String>> {
        self.by_short(id)?.map_or_else(|| Ok(Vec::new()), |entity| self.texts(entity, fact_type))
    }

    /// The entities (12 digits) of which somebody says something of a type with this one at the other end, sorted.
    pub(crate) fn said_towards(&self, id: &str, fact_type: &str) -> Result<Vec<String>> {
        let (Some(entity), Some(kind)) = (self.by_short(id)?, self.names.get(fact_type)?) else {
            return Ok(Vec::new());
        };
        let mut rows = self.connection.prepare_cached(
            "SELECT DISTINCT o.entity FROM ref r JOIN claim c ON c.\"to\" = r.id JOIN ref o ON o.id = c.of
             WHERE r.entity = ?1 AND c.type = ?2 AND o.entity IS NOT NULL AND o.entity <> ?1",
        )?;
        let mut found = Vec::new();
        for other in rows.query_map([entity, kind], |row| row.get::<_, Sym>(0))? {
            found.push(short(&self.names.text(other?)?));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The entities about which somebody says something of a type.
    fn with_fact(&self, fact_type: &str) -> Result<BTreeSet<Sym>> {
        let Some(sym) = self.names.get(fact_type)? else { return Ok(BTreeSet::new()) };
        let mut rows = self.connection.prepare_cached(
            "SELECT DISTINCT r.entity FROM claim c JOIN ref r ON r.id = c.of WHERE c.type = ?1 AND r.entity IS NOT NULL",
        )?;
        Ok(rows.query_map([sym], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    pub(crate) fn keys(&self, entity: Sym) -> Result<Vec<String>> {
        let mut rows = self.connection.prepare_cached(
            "SELECT DISTINCT k.key FROM ref r JOIN ref_key k ON k.ref = r.id WHERE r.entity = ?1",
        )?;
        let syms: Vec<Sym> = rows.query_map([entity], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut keys = Vec::with_capacity(syms.len());
        for sym in syms {
            keys.push(self.names.text(sym)?.to_string());
        }
        keys.sort_unstable();
        Ok(keys)
    }

    fn fact(&self, fact: &FactRow, rows: &[Row]) -> Result<Fact> {
        let to = match &fact.to {
            End::None => None,
            End::Entity(entity) => Some(Target::Entity(self.label(*entity)?)),
            End::Text(text) => Some(Target::Text(text.to_string())),
        };
        let mut members = Vec::with_capacity(fact.members.len());
        for member in &fact.members {
            members.push(self.label(*member)?);
        }
        members.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let mut said = Vec::with_capacity(fact.rows.len());
        for index in &fact.rows {
            said.push(self.said(rows[*index].id)?);
        }
        said.sort_by(|a, b| {
            let order =
                (a.basis, &a.author, &a.of, a.statement).cmp(&(b.basis, &b.author, &b.of, b.statement));
            // One statement can say two things on one fact; the order of rows is that of arrival.
            order.then_with(|| stave_model::canonical(a).cmp(&stave_model::canonical(b)))
        });
        Ok(Fact {
            fact_type: fact.kind.to_string(),
            to,
            value: fact.value.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            members,
            basis: basis_of(fact.basis),
            state: fact.state,
            env: fact.env.clone(),
            challenged: fact.challenged,
            said,
        })
    }

    pub(crate) fn said(&self, claim: i64) -> Result<Said> {
        let mut statement = self.connection.prepare_cached(
            "SELECT c.slot, c.stmt, c.of, c.\"to\", c.value, c.neg, c.basis, c.env, c.evidence,
               t.id, t.author, t.time, t.at, t.source_id, t.scope, w.body
             FROM claim c LEFT JOIN slot s ON s.id = c.slot JOIN stmt t ON t.n = coalesce(c.stmt, s.holds)
             LEFT JOIN word w ON w.n = c.stmt AND c.slot = 0 WHERE c.id = ?1",
        )?;
        let mut rows = statement.query([claim])?;
        let Some(row) = rows.next()? else { return Err(rusqlite::Error::QueryReturnedNoRows.into()) };
        let slot: i64 = row.get(0)?;
        let carried = slot != 0 && row.get::<_, Option<i64>>(1)?.is_some();
        let list =
            |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let evidence: Option<Vec<Evidence>> =
            row.get::<_, Option<String>>(8)?.and_then(|text| serde_json::from_str(&text).ok());
        // A word is shown as it was said, not as it was placed.
        let word: Option<stave_model::Claim> =
            row.get::<_, Option<String>>(15)?.and_then(|body| serde_json::from_str(&body).ok());
        let (of, to) = match word {
            Some(word) => (word.of.as_str().to_owned(), word.to),
            None => {
                let to: Option<Sym> = row.get(3)?;
                let to = to.map(|to| self.names.text(to)).transpose()?.map(|text| text.to_string());
                (self.names.text(row.get(2)?)?.to_string(), to)
            }
        };
        let id: Vec<u8> = row.get(9)?;
        Ok(Said {
            author: self.names.text(row.get(10)?)?.to_string(),
            basis: basis_of(row.get(6)?),
            not: row.get(5)?,
            value: row
                .get::<_, Option<String>>(4)?
                .and_then(|text| serde_json::from_str::<Value>(&text).ok()),
            env: list(row.get(7)?),
            carried,
            statement: Hash(id.try_into().unwrap_or([0; 32])),
            time: Time::from_millis(row.get(11)?),
            source_at: Time::from_millis(row.get(12)?),
            source_id: row.get(13)?,
            scope: self.names.text(row.get(14)?)?.to_string(),
            of,
            to,
            evidence: evidence.unwrap_or_default(),
        })
    }

    /// Relations of others, with their states; each resolved from the other's own claims.
    fn incoming(&self, entity: Sym) -> Result<Vec<Incoming>> {
        let mut others: BTreeSet<Sym> = BTreeSet::new();
        let mut rows =
            self.connection.prepare_cached("SELECT DISTINCT \"from\" FROM link WHERE \"to\" = ?1")?;
        for other in rows.query_map([entity], |row| row.get(0))? {
            others.insert(other?);
        }
        let mut incoming = Vec::new();
        let mut loader = Loader::new(self.connection, &self.names);
        for other in others {
            let rows = loader.rows(other)?;
            for fact in &loader.resolve(other, &rows).facts {
                if entities::ends(fact).contains(&entity) {
                    incoming.push(Incoming {
                        relation: fact.kind.to_string(),
                        from: self.label(other)?,
                        state: fact.state,
                        basis: basis_of(fact.basis),
                    });
                }
            }
        }
        let order = |kind: &str| Relation::ALL.iter().position(|relation| relation.name == kind);
        incoming.sort_by(|a, b| {
            (order(&a.relation), &a.from.name, &a.from.id).cmp(&(
                order(&b.relation),
                &b.from.name,
                &b.from.id,
            ))
        });
        Ok(incoming)
    }

    pub(crate) fn questions(&self, id: Option<&str>, limit: u64) -> Result<Vec<Question>> {
        let (wheres, value) = match id {
            Some(id) => ("short = ?1", id),
            None => ("?1 = ''", ""),
        };
        let mut rows = self.connection.prepare_cached(&format!(
            "SELECT short, kind, about, type, \"to\" FROM question WHERE {wheres} ORDER BY kind, about, type, \"to\" LIMIT ?2"
        ))?;
        let mut rows = rows.query(params![value, i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut questions = Vec::new();
        while let Some(row) = rows.next()? {
            let about: Vec<String> = serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default();
            let to: Option<String> = row.get(4)?;
            let mut labels: Vec<Label> = Vec::new();
            for text in about.iter().chain(&to) {
                if let Some(sym) = self.names.get(text)?
                    && let Some(entity) = entity_of(self.connection, sym)?
                {
                    let label = self.label(entity)?;
                    if !labels.contains(&label) {
                        labels.push(label);
                    }
                }
            }
            questions.push(Question {
                id: row.get(0)?,
                kind: row.get(1)?,
                about,
                fact_type: row.get(3)?,
                to,
                entities: labels,
            });
        }
        Ok(questions)
    }

    pub(crate) fn views(&self) -> Result<Vec<View>> {
        let mut rows = self.connection.prepare_cached("SELECT repository, branch, why, work FROM view")?;
        let mut rows = rows.query([])?;
        let mut views = Vec::new();
        while let Some(row) = rows.next()? {
            let repository = self.names.text(row.get(0)?)?;
            views.push(View {
                repository: repository.strip_prefix("repo:").unwrap_or(&repository).to_owned(),
                branch: row.get(1)?,
                why: row.get(2)?,
                work: row.get(3)?,
            });
        }
        views.sort_by(|a, b| a.repository.cmp(&b.repository));
        Ok(views)
    }

    pub(crate) fn graph(&self) -> Result<(Vec<Node>, Vec<Link>)> {
        self.names.load_all()?;
        let answering = self.with_fact("endpoint")?;
        let mut nodes = Vec::new();
        let mut rows = self
            .connection
            .prepare(&format!("SELECT id, coalesce(type, kind), name, aliases, kind FROM entity WHERE hidden = 0 AND NOT ({TOOL})"))?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let kind: String = row.get(4)?;
            let typed = matches!(kind.as_str(), "component" | "resource");
            let entity: Sym = row.get(0)?;
            nodes.push(Node {
                id: short(&self.names.text(entity)?),
                endpoints: if answering.contains(&entity) {
                    self.texts(entity, "endpoint")?
                } else {
                    Vec::new()
                },
                kind: if typed { row.get(1)? } else { kind },
                name: row.get(2)?,
                aliases: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
            });
        }
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let mut links = Vec::new();
        let mut rows = self.connection.prepare("SELECT \"from\", type, \"to\" FROM link")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            links.push(Link {
                from: short(&self.names.text(row.get(0)?)?),
                kind: self.names.text(row.get(1)?)?.to_string(),
                to: short(&self.names.text(row.get(2)?)?),
            });
        }
        links.sort();
        Ok((nodes, links))
    }

    /// The reasons for which two entities (12 digits each) are candidates for one: what "not the same" is said against.
    pub(crate) fn join_reasons(&self, a: &str, b: &str) -> Result<Vec<String>> {
        let (Some(a), Some(b)) = (self.by_short(a)?, self.by_short(b)?) else { return Ok(Vec::new()) };
        let aliases = meta(self.connection, "aliases")?
            .map_or_else(crate::alias::Aliases::default, |text| crate::alias::Aliases::from_text(&text));
        let live = Live::new(self.connection, &self.names, &aliases);
        let (mut refs, mut sides) = (BTreeSet::new(), Vec::new());
        for entity in [a, b] {
            let mut rows = self.connection.prepare_cached("SELECT id FROM ref WHERE entity = ?1")?;
            let members: BTreeSet<Sym> =
                rows.query_map([entity], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            refs.extend(members.iter().copied());
            sides.push(members);
        }
        let (input, order) = crate::recluster::input(&live, &Looked::at(self.connection, refs)?, false)?;
        let side = |members: &BTreeSet<Sym>| -> BTreeSet<u32> {
            (0_u32..).zip(&order).filter(|(_, sym)| members.contains(sym)).map(|(place, _)| place).collect()
        };
        Ok(cluster::reasons(&input, &side(&sides[0]), &side(&sides[1])).into_iter().collect())
    }

    /// The standing words `same_as` (of either polarity) between two entities; both the same entity: within it.
    pub(crate) fn join_words(&self, a: &str, b: &str) -> Result<Vec<(Hash, stave_model::Claim)>> {
        let (Some(a), Some(b)) = (self.by_short(a)?, self.by_short(b)?) else { return Ok(Vec::new()) };
        let mut rows = self.connection.prepare_cached(
            "SELECT s.id, w.body FROM word w JOIN stmt s ON s.n = w.n JOIN ref x ON x.id = w.place_of
             JOIN ref y ON y.id = w.place_to WHERE w.placed = 1 AND w.standing = 1
             AND w.type = (SELECT id FROM sym WHERE text = 'same_as')
             AND ((x.entity = ?1 AND y.entity = ?2) OR (x.entity = ?2 AND y.entity = ?1)) ORDER BY s.id",
        )?;
        let mut words = Vec::new();
        for row in rows.query_map([a, b], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)))? {
            let (id, body) = row?;
            if let Ok(claim) = serde_json::from_str(&body) {
                words.push((Hash(id.try_into().unwrap_or([0; 32])), claim));
            }
        }
        Ok(words)
    }

    /// The entities that hold one of these keys, in the order of the keys; at most `limit`.
    pub(crate) fn holders(&self, keys: &[String], limit: usize) -> Result<Vec<EntityRow>> {
        let mut found: Vec<Sym> = Vec::new();
        for key in keys {
            let Some(key) = self.names.get(key)? else { continue };
            let mut rows = self.connection.prepare_cached(
                "SELECT DISTINCT r.entity FROM ref_key k JOIN ref r ON r.id = k.ref JOIN sym s ON s.id = r.entity
                 WHERE k.key = ?1 ORDER BY s.text LIMIT ?2",
            )?;
            let most = i64::try_from(limit).unwrap_or(i64::MAX);
            for entity in rows.query_map(params![key, most], |row| row.get::<_, Sym>(0))? {
                let entity = entity?;
                if found.len() < limit && !found.contains(&entity) {
                    found.push(entity);
                }
            }
        }
        self.rows(found)
    }

    pub(crate) fn history(&self) -> Result<History<'c, '_>> {
        History::new(self.connection, &self.names)
    }

    pub(crate) fn only_in(&self, slots: &BTreeSet<i64>, filter: &Filter) -> Result<Page> {
        let mut rows = self.rows(self.history()?.only_in(slots)?)?;
        rows.retain(|row| {
            (filter.hidden || !row.hidden)
                && filter.kind.as_ref().is_none_or(|kind| *kind == row.kind)
                && filter.entity_type.as_ref().is_none_or(|wanted| row.entity_type.as_ref() == Some(wanted))
                && filter.owner.as_ref().is_none_or(|owner| row.owners.iter().any(|label| label.id == *owner))
        });
        rows.sort_by(|a, b| {
            (a.name.to_lowercase(), &a.reference).cmp(&(b.name.to_lowercase(), &b.reference))
        });
        let total = rows.len() as u64;
        let (skip, take) = (usize::try_from(filter.offset), usize::try_from(filter.limit));
        let rows =
            rows.into_iter().skip(skip.unwrap_or(usize::MAX)).take(take.unwrap_or(usize::MAX)).collect();
        Ok(Page { total, rows })
    }

    pub(crate) fn document(&self) -> Result<Value> {
        crate::document::document(self.connection, &self.names)
    }
}

/// Letters to change between two words, or more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> usize {
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
