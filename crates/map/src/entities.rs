//! Entities as the read model keeps them: a row each for lists and search, their links and their questions. Facts
//! themselves are not stored: they are resolved from the live claims wherever somebody looks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::{FxHashMap, FxHashSet};
use stave_model::{Claim, Mode, Reference, Relation, Target, claim_type};

use crate::error::Result;
use crate::fold::add_count;
use crate::live::{Live, Touched};
use crate::names::{Names, Numbers, Sym};
use crate::raw::short_hash;
use crate::resolve::{self, End, FactRow, Resolved, Row, default_kind};
use crate::schema;
use crate::view::State;

/// Loads claims as rows to resolve; remembers statements, types and entities for one pass.
pub(crate) struct Loader<'c, 'n> {
    connection: &'c Connection,
    names: &'n Names<'c>,
    /// Every live reference's entity, where all were loaded; `slots` then holds all too.
    entity_of: Option<FxHashMap<Sym, Sym>>,
    slots: FxHashMap<i64, (Rc<str>, i64)>,
    statements: FxHashMap<i64, (Rc<str>, i64)>,
    /// Types of facts about entities, by their number.
    modes: FxHashMap<Sym, Option<(Rc<str>, Mode)>>,
}

const COLUMNS: &str = "c.id, c.slot, c.stmt, c.type, c.\"to\", c.value, c.neg, c.basis, c.env, c.of";

impl<'c, 'n> Loader<'c, 'n> {
    pub(crate) fn new(connection: &'c Connection, names: &'n Names<'c>) -> Loader<'c, 'n> {
        Loader {
            connection,
            names,
            entity_of: None,
            slots: FxHashMap::default(),
            statements: FxHashMap::default(),
            modes: FxHashMap::default(),
        }
    }

    /// Remembers every live reference's entity and who holds every slot, for who will ask of all.
    fn load_entities(&mut self) -> Result<()> {
        let mut entities: FxHashMap<Sym, Sym> = FxHashMap::default();
        let mut refs = self.connection.prepare("SELECT id, entity FROM ref")?;
        let mut refs = refs.query([])?;
        while let Some(row) = refs.next()? {
            entities.insert(row.get(0)?, row.get(1)?);
        }
        self.entity_of = Some(entities);
        self.take_slots("SELECT s.id, s.author, t.at FROM slot s JOIN stmt t ON t.n = s.holds", [])
    }

    fn take_slots(&mut self, sql: &str, of: impl rusqlite::Params) -> Result<()> {
        let mut rows = self.connection.prepare_cached(sql)?;
        let mut rows = rows.query(of)?;
        while let Some(row) = rows.next()? {
            let (slot, author): (i64, Sym) = (row.get(0)?, row.get(1)?);
            self.slots.insert(slot, (self.names.text(author)?, row.get(2)?));
        }
        Ok(())
    }

    fn entity(&self, reference: Sym) -> Result<Option<Sym>> {
        match &self.entity_of {
            Some(all) => Ok(all.get(&reference).copied()),
            None => entity_of(self.connection, reference),
        }
    }

    fn author(&mut self, slot: i64, statement: Option<i64>) -> Result<(Rc<str>, i64)> {
        let (cache, key, sql) = match statement {
            Some(number) => (&mut self.statements, number, "SELECT author, at FROM stmt WHERE n = ?1"),
            None => (
                &mut self.slots,
                slot,
                "SELECT s.author, t.at FROM slot s JOIN stmt t ON t.n = s.holds WHERE s.id = ?1",
            ),
        };
        if let Some(found) = cache.get(&key) {
            return Ok(found.clone());
        }
        let (author, at): (Sym, i64) =
            self.connection.prepare_cached(sql)?.query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found = (self.names.text(author)?, at);
        cache.insert(key, found.clone());
        Ok(found)
    }

    fn mode(&mut self, kind: Sym) -> Result<Option<(Rc<str>, Mode)>> {
        if let Some(known) = self.modes.get(&kind) {
            return Ok(known.clone());
        }
        let text = self.names.text(kind)?;
        let known = match claim_type(&text) {
            Some(known) if !matches!(known.mode, Mode::Join | Mode::Word) => Some((text, known.mode)),
            _ => None,
        };
        self.modes.insert(kind, known.clone());
        Ok(known)
    }

    /// A row, or nothing for what is no fact about an entity.
    fn row(&mut self, row: &rusqlite::Row<'_>) -> Result<Option<Row>> {
        let Some((kind, mode)) = self.mode(row.get(3)?)? else { return Ok(None) };
        let (id, slot, statement): (i64, i64, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (author, at) = self.author(slot, statement)?;
        let to: Option<Sym> = row.get(4)?;
        let (to, text) = match (mode, to) {
            (Mode::Add(Target::Reference), Some(to)) => (self.entity(to)?, None),
            (_, Some(to)) => (None, Some(self.names.text(to)?)),
            (_, None) => (None, None),
        };
        let mut members = BTreeSet::new();
        if mode == Mode::Over {
            let mut rows = self.connection.prepare_cached("SELECT ref FROM value_ref WHERE claim = ?1")?;
            let refs: Vec<Sym> = rows.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            for reference in refs {
                members.extend(self.entity(reference)?);
            }
        }
        let against = if slot == 0 { self.against(statement)? } else { Vec::new() };
        Ok(Some(Row {
            id,
            kind,
            author,
            at,
            to,
            text,
            value: row.get(5)?,
            members: members.into_iter().collect(),
            not: row.get(6)?,
            basis: row.get(7)?,
            env: row.get(8)?,
            against,
        }))
    }

    fn against(&self, statement: Option<i64>) -> Result<Vec<stave_model::Hash>> {
        let body: Option<String> = self
            .connection
            .prepare_cached("SELECT body FROM word WHERE n = ?1")?
            .query_row([statement], |row| row.get(0))
            .optional()?;
        Ok(body
            .and_then(|body| serde_json::from_str::<Claim>(&body).ok())
            .map(|claim| claim.against)
            .unwrap_or_default())
    }

    /// The rows of one entity.
    pub(crate) fn rows(&mut self, entity: Sym) -> Result<Vec<Row>> {
        if self.entity_of.is_none() {
            // A cluster of hundreds has a slot for each member.
            self.take_slots(
                "SELECT DISTINCT s.id, s.author, t.at FROM ref r JOIN claim c ON c.of = r.id
                 JOIN slot s ON s.id = c.slot JOIN stmt t ON t.n = s.holds WHERE r.entity = ?1",
                [entity],
            )?;
        }
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM ref r JOIN claim c ON c.of = r.id WHERE r.entity = ?1"
        ))?;
        let mut found = statement.query([entity])?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.extend(self.row(row)?);
        }
        Ok(rows)
    }

    /// Resolves one entity's rows, its facts in the order in which everything lists them.
    pub(crate) fn resolve(&self, entity: Sym, rows: &[Row]) -> Resolved {
        let text = |end: &End| match end {
            End::None => Rc::from(""),
            End::Entity(entity) => self.names.text(*entity).unwrap_or_else(|_| Rc::from("")),
            End::Text(text) => Rc::clone(text),
        };
        resolve::resolve(entity, rows, |a, b| text(a).cmp(&text(b)))
    }
}

pub(crate) fn entity_of(connection: &Connection, reference: Sym) -> Result<Option<Sym>> {
    Ok(connection
        .prepare_cached("SELECT entity FROM ref WHERE id = ?1")?
        .query_row([reference], |row| row.get::<_, Option<Sym>>(0))
        .optional()?
        .flatten())
}

/// Brings entity rows, links, search and fact questions up to date.
pub(crate) fn advance(live: &Live<'_, '_>, touched: &mut Touched) -> Result<()> {
    let connection = live.connection;
    let mut loader = Loader::new(connection, live.names);
    if touched.all {
        return write_all(live, &mut loader);
    }
    let mut todo = to_do(connection, touched)?;
    let mut resolved: BTreeMap<Sym, (Resolved, Option<Before>)> = BTreeMap::new();
    let mut writer = Writer::new(live);
    while let Some(entity) = todo.pop_first() {
        if resolved.contains_key(&entity) {
            continue;
        }
        let before = writer.take(entity)?;
        let there: bool = connection
            .prepare_cached("SELECT EXISTS(SELECT 1 FROM ref WHERE entity = ?1)")?
            .query_row([entity], |row| row.get(0))?;
        if !there {
            writer.unlink(entity, before)?;
            continue;
        }
        let rows = loader.rows(entity)?;
        let facts = loader.resolve(entity, &rows);
        if before.is_some_and(|before| before.hidden != facts.hidden()) {
            todo.extend(neighbours(connection, entity)?);
        }
        resolved.insert(entity, (facts, before));
    }
    let hidden_now: BTreeMap<Sym, bool> =
        resolved.iter().map(|(entity, (facts, _))| (*entity, facts.hidden())).collect();
    let hidden = |other: Sym| match hidden_now.get(&other) {
        Some(hidden) => Ok(*hidden),
        None => is_hidden(connection, other),
    };
    for (entity, (facts, before)) in &resolved {
        let references = references(connection, live.names, *entity)?;
        writer.write(*entity, facts, *before, &references)?;
        let mut links = BTreeSet::new();
        for (kind, to) in links_of(live.names, facts)? {
            if !hidden(to)? {
                links.insert((kind, to));
            }
        }
        writer.link(*entity, before.is_some(), &links)?;
    }
    writer.finish()
}

/// Writes all entities of a read model that has none, one after the other: claims are many, and only links need to know
/// of more than one entity, whether it is hidden.
fn write_all(live: &Live<'_, '_>, loader: &mut Loader<'_, '_>) -> Result<()> {
    loader.load_entities()?;
    let mut writer = Writer::new(live);
    let mut hidden: FxHashSet<Sym> = FxHashSet::default();
    let mut links: Vec<(Sym, Sym, Sym)> = Vec::new();
    // Both are asked once and read side by side: a question for each of millions of entities costs more than its answer.
    let mut of_entities = live.connection.prepare(&format!(
        "SELECT {COLUMNS}, r.entity FROM ref r CROSS JOIN claim c ON c.of = r.id ORDER BY r.entity"
    ))?;
    let mut claims = Claims { rows: of_entities.query([])?, ahead: None };
    let mut all = live.connection.prepare("SELECT entity, id FROM ref ORDER BY entity")?;
    let mut all = all.query([])?;
    let mut members: Vec<Sym> = Vec::new();
    let mut entity: Option<Sym> = None;
    loop {
        let next: Option<(Sym, Sym)> =
            all.next()?.map(|row| Ok::<_, rusqlite::Error>((row.get(0)?, row.get(1)?))).transpose()?;
        if let Some(entity) = entity.filter(|entity| next.is_none_or(|(next, _)| next != *entity)) {
            let facts = {
                let rows = claims.of(entity, loader)?;
                loader.resolve(entity, &rows)
            };
            if facts.hidden() {
                hidden.insert(entity);
            }
            writer.write(entity, &facts, None, &texts(live.names, &members)?)?;
            links.extend(links_of(live.names, &facts)?.into_iter().map(|(kind, to)| (entity, kind, to)));
            members.clear();
        }
        let Some((next, reference)) = next else { break };
        entity = Some(next);
        members.push(reference);
    }
    links.retain(|(_, _, to)| !hidden.contains(to));
    for links in links.chunk_by(|a, b| a.0 == b.0) {
        let of = links.iter().map(|(_, kind, to)| (*kind, *to)).collect();
        writer.link(links[0].0, false, &of)?;
    }
    schema::search_is_written(live.connection)?;
    writer.finish()
}

/// The claims of one entity after the other.
struct Claims<'s> {
    rows: rusqlite::Rows<'s>,
    /// The first of the entity behind the one that was asked for.
    ahead: Option<(Sym, Option<Row>)>,
}

impl Claims<'_> {
    /// Those of this entity, which is behind all that were asked for before.
    fn of(&mut self, entity: Sym, loader: &mut Loader<'_, '_>) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        loop {
            match self.ahead.take() {
                Some((of, row)) if of == entity => found.extend(row),
                Some(ahead) if ahead.0 > entity => {
                    self.ahead = Some(ahead);
                    return Ok(found);
                }
                // Of no entity that is listed: there is none.
                Some(_) | None => {}
            }
            let Some(row) = self.rows.next()? else { return Ok(found) };
            self.ahead = Some((row.get(10)?, loader.row(row)?));
        }
    }
}

/// The links of an entity that the map shows, as far as the entities at their other ends are shown.
fn links_of(names: &Names<'_>, facts: &Resolved) -> Result<Vec<(Sym, Sym)>> {
    let mut links = Vec::new();
    if facts.hidden() {
        return Ok(links);
    }
    for fact in &facts.facts {
        let ends = ends(fact);
        if !ends.is_empty() {
            let kind = names.intern(&fact.kind)?;
            links.extend(ends.into_iter().map(|to| (kind, to)));
        }
    }
    Ok(links)
}

fn is_hidden(connection: &Connection, entity: Sym) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT hidden FROM entity WHERE id = ?1")?
        .query_row([entity], |row| row.get(0))
        .optional()?
        .unwrap_or(false))
}

/// The references of an entity, sorted.
pub(crate) fn references(connection: &Connection, names: &Names<'_>, entity: Sym) -> Result<Vec<Rc<str>>> {
    let mut rows = connection.prepare_cached("SELECT id FROM ref WHERE entity = ?1")?;
    let syms: Vec<Sym> = rows.query_map([entity], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    if syms.len() > 1 {
        names.load(&Numbers::new(&syms))?;
    }
    texts(names, &syms)
}

/// The texts of references, sorted.
fn texts(names: &Names<'_>, references: &[Sym]) -> Result<Vec<Rc<str>>> {
    let mut texts =
        references.iter().map(|sym| names.text(*sym)).collect::<rusqlite::Result<Vec<Rc<str>>>>()?;
    texts.sort_unstable();
    Ok(texts)
}

/// Entities with other facts, other members, or at whose other ends the entities changed.
fn to_do(connection: &Connection, touched: &Touched) -> Result<BTreeSet<Sym>> {
    let mut todo = touched.entities.clone();
    for reference in &touched.facts {
        todo.extend(entity_of(connection, *reference)?);
    }
    for entity in &touched.entities {
        todo.extend(neighbours(connection, *entity)?);
    }
    Ok(todo)
}

/// Entities with a claim that points into this one.
fn neighbours(connection: &Connection, entity: Sym) -> Result<Vec<Sym>> {
    let mut rows = connection.prepare_cached(
        "SELECT DISTINCT o.entity FROM ref r JOIN claim c ON c.\"to\" = r.id JOIN ref o ON o.id = c.of WHERE r.entity = ?1
         UNION SELECT DISTINCT o.entity FROM ref r JOIN value_ref v ON v.ref = r.id JOIN claim c ON c.id = v.claim
         JOIN ref o ON o.id = c.of WHERE r.entity = ?1",
    )?;
    Ok(rows.query_map([entity], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether a fact is a relation that the map shows: the entities at its other end.
pub(crate) fn ends(fact: &FactRow) -> Vec<Sym> {
    if Relation::of(&fact.kind).is_none() || fact.state == State::Denied {
        return Vec::new();
    }
    match &fact.to {
        End::Entity(to) => vec![*to],
        _ => fact.members.clone(),
    }
}

/// The name, kind and aliases of an entity.
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) aliases: Vec<String>,
}

pub(crate) fn summary(representative: &str, facts: &Resolved, references: &[Rc<str>]) -> Summary {
    let short = |text: &str| match text.parse::<Reference>() {
        Ok(reference) => reference.short_name().to_owned(),
        Err(_) => text.to_owned(),
    };
    let name =
        facts.text("name").filter(|name| !name.trim().is_empty()).unwrap_or_else(|| short(representative));
    let kind = facts.text("exists").unwrap_or_else(|| default_kind(representative));
    let mut aliases: BTreeSet<String> = references.iter().map(|text| short(text)).collect();
    for fact in &facts.facts {
        if let ("alias", End::Text(text), State::Stands) = (&*fact.kind, &fact.to, fact.state) {
            aliases.insert(text.to_string());
        }
    }
    aliases.extend(facts.text("title"));
    aliases.remove(&name);
    Summary { name, kind, aliases: aliases.into_iter().collect() }
}

/// What an entity had before it is written anew.
#[derive(Clone, Copy)]
struct Before {
    hidden: bool,
    /// The hash of what the search knows of it.
    searched: i64,
}

/// Writes entity rows; keeps the counts of kinds and relations.
struct Writer<'l, 'c, 'n> {
    live: &'l Live<'c, 'n>,
    counts: BTreeMap<String, i64>,
}

impl<'l, 'c, 'n> Writer<'l, 'c, 'n> {
    fn new(live: &'l Live<'c, 'n>) -> Writer<'l, 'c, 'n> {
        Writer { live, counts: BTreeMap::new() }
    }

    fn count(&mut self, what: &str, by: i64) {
        *self.counts.entry(what.to_owned()).or_default() += by;
    }

    /// Takes out an entity's row and questions, but not yet what may stay as it is; what there was of it.
    fn take(&mut self, entity: Sym) -> Result<Option<Before>> {
        let connection = self.live.connection;
        let row: Option<(String, bool, i64)> = connection
            .prepare_cached("DELETE FROM entity WHERE id = ?1 RETURNING kind, hidden, searched")?
            .query_row([entity], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((kind, hidden, searched)) = row else { return Ok(None) };
        if !hidden {
            self.count(&format!("kind:{kind}"), -1);
        }
        connection.prepare_cached("DELETE FROM question WHERE owner = ?1")?.execute([entity * 2])?;
        Ok(Some(Before { hidden, searched }))
    }

    /// Takes out the rest of an entity that is no more.
    fn unlink(&mut self, entity: Sym, before: Option<Before>) -> Result<()> {
        if before.is_some() {
            self.live.connection.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([entity])?;
            self.link(entity, true, &BTreeSet::new())?;
        }
        Ok(())
    }

    /// Makes an entity's links these.
    fn link(&mut self, entity: Sym, had: bool, links: &BTreeSet<(Sym, Sym)>) -> Result<()> {
        let connection = self.live.connection;
        let mut before: BTreeSet<(Sym, Sym)> = BTreeSet::new();
        if had {
            let mut rows = connection.prepare_cached("SELECT type, \"to\" FROM link WHERE \"from\" = ?1")?;
            for row in rows.query_map([entity], |row| Ok((row.get(0)?, row.get(1)?)))? {
                before.insert(row?);
            }
        }
        for (kind, to) in before.difference(links) {
            connection
                .prepare_cached("DELETE FROM link WHERE \"from\" = ?1 AND type = ?2 AND \"to\" = ?3")?
                .execute([entity, *kind, *to])?;
            self.count("relations", -1);
        }
        for (kind, to) in links.difference(&before) {
            connection
                .prepare_cached("INSERT INTO link VALUES(?1, ?2, ?3)")?
                .execute([entity, *kind, *to])?;
            self.count("relations", 1);
        }
        Ok(())
    }

    fn search(&self, entity: Sym, before: Option<i64>, searched: i64, texts: [&str; 3]) -> Result<()> {
        let connection = self.live.connection;
        if before == Some(searched) {
            return Ok(());
        }
        if before.is_some() {
            connection.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([entity])?;
        }
        let [name, alias, text] = texts;
        connection
            .prepare_cached("INSERT INTO search(rowid, name, alias, text) VALUES(?1, ?2, ?3, ?4)")?
            .execute(params![entity, name, alias, text])?;
        Ok(())
    }

    fn write(
        &mut self,
        entity: Sym,
        facts: &Resolved,
        before: Option<Before>,
        references: &[Rc<str>],
    ) -> Result<()> {
        let connection = self.live.connection;
        let names = self.live.names;
        let representative = names.text(entity)?;
        let Summary { name, kind, aliases } = summary(&representative, facts, references);
        let is_hidden = facts.hidden();
        let (entity_type, description) = (facts.text("type"), facts.text("description"));
        let mut more: Vec<&str> = vec![&kind];
        more.extend(entity_type.as_deref());
        more.extend(description.as_deref());
        let texts: Vec<Rc<str>> = facts
            .facts
            .iter()
            .filter(|fact| matches!(&*fact.kind, "tag" | "endpoint") && fact.state != State::Denied)
            .filter_map(|fact| if let End::Text(text) = &fact.to { Some(Rc::clone(text)) } else { None })
            .collect();
        more.extend(texts.iter().map(|text| &**text));
        more.extend(references.iter().map(|text| &**text));
        let texts = [&*name, &aliases.join(" "), &more.join(" ")];
        let searched = short_hash(texts.join("\n").as_bytes());
        self.search(entity, before.map(|before| before.searched), searched, texts)?;
        connection.prepare_cached("INSERT INTO entity VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?.execute(
            params![
                entity,
                kind,
                entity_type,
                name,
                description,
                serde_json::to_string(&aliases).unwrap_or_default(),
                is_hidden,
                words_len(references.len()),
                searched,
            ],
        )?;
        for draft in facts.questions(&representative, |other| {
            names.text(other).map(|text| text.to_string()).unwrap_or_default()
        }) {
            draft.write(connection, entity * 2)?;
        }
        if !is_hidden {
            self.count(&format!("kind:{kind}"), 1);
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        for (what, by) in &self.counts {
            add_count(self.live.connection, what, *by)?;
        }
        Ok(())
    }
}

fn words_len(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
