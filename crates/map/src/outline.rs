//! All entities at once, in outline: what an answer about the whole estate compares.
//!
//! A few passes over the tables, without resolving facts one by one: what it gives of a fact is what resolving
//! would give, for the rules of `add` facts are few.

use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::live::short;
use crate::names::{Names, Sym};
use crate::view::{Outline, OutlineText, Outlines};

/// Texts of one entity that an outline holds; a piece with more has said enough.
const TEXTS: usize = 256;

/// The outlines of all entities that nobody denies, by id; `types` are the `add` facts with a text that they hold.
pub(crate) fn outlines(connection: &Connection, types: &[&str]) -> Result<Outlines> {
    let names = Names::new(connection);
    let (mut rows, places) = entities(connection, &names)?;
    for fact_type in types {
        texts(connection, &names, fact_type, &places, &mut rows)?;
    }
    let mut relations: FxHashMap<Sym, u16> = FxHashMap::default();
    let mut kinds: Vec<String> = Vec::new();
    let mut links = connection.prepare("SELECT \"from\", type, \"to\" FROM link ORDER BY 1, 2, 3")?;
    let mut links = links.query([])?;
    while let Some(link) = links.next()? {
        let (from, kind, to): (Sym, Sym, Sym) = (link.get(0)?, link.get(1)?, link.get(2)?);
        let (Some(from), Some(to)) = (places.get(&from), places.get(&to)) else { continue };
        let kind = match relations.get(&kind) {
            Some(known) => *known,
            None => {
                let number = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
                kinds.push(names.text(kind)?.to_string());
                relations.insert(kind, number);
                number
            }
        };
        rows[*from].links.push((kind, *to));
    }
    Ok(Outlines { rows, relations: kinds })
}

fn entities(connection: &Connection, names: &Names<'_>) -> Result<(Vec<Outline>, FxHashMap<Sym, usize>)> {
    let mut found: Vec<(Sym, Outline)> = Vec::new();
    let mut rows = connection
        .prepare("SELECT id, kind, type, name, description, aliases FROM entity WHERE hidden = 0")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let entity: Sym = row.get(0)?;
        let reference = names.text(entity)?;
        found.push((
            entity,
            Outline {
                id: short(&reference),
                reference: reference.to_string(),
                kind: row.get(1)?,
                entity_type: row.get(2)?,
                name: row.get(3)?,
                description: row.get(4)?,
                aliases: serde_json::from_str(&row.get::<_, String>(5)?).unwrap_or_default(),
                texts: Vec::new(),
                links: Vec::new(),
            },
        ));
    }
    found.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    let places = found.iter().enumerate().map(|(place, (entity, _))| (*entity, place)).collect();
    Ok((found.into_iter().map(|(_, outline)| outline).collect(), places))
}

/// The texts of one type of fact that stand: said by anybody, and not only denied by people.
fn texts(
    connection: &Connection,
    names: &Names<'_>,
    fact_type: &str,
    places: &FxHashMap<Sym, usize>,
    rows: &mut [Outline],
) -> Result<()> {
    let Some(kind) = names.get(fact_type)? else { return Ok(()) };
    let mut claims = connection.prepare(
        "SELECT r.entity, c.\"to\" FROM claim c JOIN ref r ON r.id = c.of
         WHERE c.type = ?1 AND c.\"to\" IS NOT NULL GROUP BY r.entity, c.\"to\"
         HAVING min(c.neg) = 0 AND (max(c.neg) = 0 OR max(c.neg = 0 AND c.slot = 0) = 1) ORDER BY 1, 2",
    )?;
    let mut claims = claims.query([kind])?;
    while let Some(claim) = claims.next()? {
        let Some(place) = places.get(&claim.get(0)?) else { continue };
        if rows[*place].texts.len() < TEXTS {
            let text = names.text(claim.get(1)?)?.to_string();
            rows[*place].texts.push(OutlineText { fact_type: fact_type.to_owned(), text });
        }
    }
    for row in rows.iter_mut() {
        row.texts.sort_by(|a, b| (&a.fact_type, &a.text).cmp(&(&b.fact_type, &b.text)));
    }
    Ok(())
}

/// Entities of which people's words of this type are about, at either end, by id.
pub(crate) fn spoken_of(connection: &Connection, fact_type: &str) -> Result<Vec<String>> {
    let names = Names::new(connection);
    let Some(kind) = names.get(fact_type)? else { return Ok(Vec::new()) };
    let mut rows = connection.prepare_cached(
        "SELECT DISTINCT r.entity FROM word w JOIN ref r ON r.id = w.place_of
         WHERE w.type = ?1 AND w.standing = 1 AND w.placed = 1 AND r.entity IS NOT NULL",
    )?;
    let mut found = Vec::new();
    for entity in rows.query_map([kind], |row| row.get::<_, Sym>(0))? {
        found.push(short(&names.text(entity?)?));
    }
    found.sort_unstable();
    Ok(found)
}

/// The relations that standing words deny with this entity at the other end.
pub(crate) fn denied_towards(connection: &Connection, id: &str) -> Result<Vec<(String, String)>> {
    let Ok(digits) = i64::from_str_radix(id, 16) else { return Ok(Vec::new()) };
    let names = Names::new(connection);
    let mut rows = connection.prepare_cached(
        "SELECT DISTINCT w.type, o.entity FROM ref i JOIN ref r ON r.entity = i.entity JOIN word w ON w.place_to = r.id
         JOIN ref o ON o.id = w.place_of
         WHERE i.short = ?1 AND w.placed = 1 AND w.standing = 1 AND w.neg = 1 AND o.entity IS NOT NULL AND o.entity <> r.entity",
    )?;
    let mut found = Vec::new();
    for row in rows.query_map([digits], |row| Ok((row.get::<_, Sym>(0)?, row.get::<_, Sym>(1)?)))? {
        let (kind, other) = row?;
        found.push((names.text(kind)?.to_string(), short(&names.text(other)?)));
    }
    found.sort_unstable();
    Ok(found)
}

/// Every live reference of an entity that nobody denies, with the entity's 12 digits, by reference.
pub(crate) fn references(connection: &Connection) -> Result<Vec<(String, String)>> {
    let names = Names::new(connection);
    let mut rows = connection
        .prepare("SELECT r.id, r.entity FROM ref r JOIN entity e ON e.id = r.entity WHERE e.hidden = 0")?;
    let mut rows = rows.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let reference = names.text(row.get(0)?)?.to_string();
        found.push((reference, short(&names.text(row.get(1)?)?)));
    }
    found.sort();
    Ok(found)
}
