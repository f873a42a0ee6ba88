//! Which entity a person means.

use stave_map::{Entity, EntityRow, Named};
use stave_model::Kind;

use super::{Refusal, RefusalKind, Result};
use crate::{Estate, nearest_text};

/// What a name that a person typed leads to.
#[derive(Clone, Debug)]
pub enum Meant {
    /// Exactly one entity.
    One(Box<Entity>),
    /// Several; the best first.
    Several(Vec<EntityRow>),
    /// None; the nearest names.
    None(Vec<EntityRow>),
}

/// What a person may mean: a name, 12 digits, a reference, or a kind and a name.
///
/// # Errors
/// Where the map can't be read.
pub fn meant(estate: Estate<'_>, typed: &str) -> crate::Result<Meant> {
    let typed = typed.trim();
    let rows = match estate.model.named(typed)? {
        Named::One(id) => return one(estate, &id),
        Named::Several(rows) => return Ok(Meant::Several(rows)),
        Named::None(rows) => rows,
    };
    // `resource payments`: the kind says which of several is meant.
    if let Some((kind, name)) = typed.split_once(' ')
        && let Some(kind) = Kind::from_word(&kind.to_lowercase())
    {
        let of_kind: Vec<EntityRow> = match estate.model.named(name.trim())? {
            Named::One(id) => return one(estate, &id),
            Named::Several(rows) => rows.into_iter().filter(|row| row.kind == kind.as_str()).collect(),
            Named::None(_) => Vec::new(),
        };
        match of_kind.as_slice() {
            [] => {}
            [row] => return one(estate, &row.id),
            _ => return Ok(Meant::Several(of_kind)),
        }
    }
    // A person's name stands in the directory, not on the map.
    let persons = estate.people.called(typed);
    if let [person] = persons.as_slice()
        && let Named::One(id) = estate.model.named(person)?
    {
        return one(estate, &id);
    }
    Ok(Meant::None(rows))
}

fn one(estate: Estate<'_>, id: &str) -> crate::Result<Meant> {
    Ok(match estate.entity(id)? {
        Some(entity) => Meant::One(Box::new(entity)),
        None => Meant::None(Vec::new()),
    })
}

/// The entity that a person means.
///
/// # Errors
/// Where it is none or may be several; where the map can't be read.
pub fn entity(estate: Estate<'_>, typed: &str) -> Result<Entity> {
    match meant(estate, typed)? {
        Meant::One(entity) => Ok(*entity),
        Meant::Several(rows) => Err(several(typed, &rows).into()),
        Meant::None(rows) => Err(unknown(typed, &rows).into()),
    }
}

fn several(typed: &str, rows: &[EntityRow]) -> Refusal {
    let mut what = format!("\"{typed}\" may mean:");
    for row in rows {
        what.push_str(&format!(
            "\n  {}  {}",
            nearest_text(std::slice::from_ref(row)).join(""),
            row.reference
        ));
    }
    Refusal { kind: RefusalKind::Several, ..Refusal::new(what).candidates(rows).about(typed) }
}

/// Nothing is called that; the nearest names are proposed.
pub fn unknown(typed: &str, nearest: &[EntityRow]) -> Refusal {
    let refusal =
        Refusal::no(format!("nothing on the map is called \"{typed}\"")).candidates(nearest).about(typed);
    if nearest.is_empty() {
        refusal.hint("stave list shows what there is; stave find searches descriptions too")
    } else {
        refusal.hint(format!("did you mean {}?", nearest_text(nearest).join(", ")))
    }
}
