//! Persons whom histories and the directory know and nobody has spoken of yet: they come onto the map with the first word
//! that names them.

use stave_model::{Author, PersonRow, person_author};

use super::word::Anchor;
use super::{Meant, Refusal, Result, meant};
use crate::Estate;
use crate::text::tame;

/// Facts whose ends may be such a person.
pub(super) fn may_be_one(fact_type: &str) -> bool {
    matches!(fact_type, "known_by" | "same_as")
}

/// The person in the directory who is called so: by name, login or address. None where nobody is.
///
/// # Errors
/// Where several are.
pub(super) fn known(estate: Estate<'_>, typed: &str) -> Result<Option<Anchor>> {
    let ids = estate.people.called(typed);
    let Some(first) = ids.first() else { return Ok(None) };
    // Several addresses of one full name are one person to answers too; a single word may be two people's.
    if ids.len() > 1 && !typed.trim().contains(' ') {
        return Err(Refusal::new(format!("{} persons are called {typed}", ids.len()))
            .hint("type the address or the whole name")
            .into());
    }
    Ok(Some(Anchor::person(first, &estate.people.show(first))))
}

/// Somebody who is known by an address only, with the row that the directory gets. None where it is no address.
///
/// # Errors
/// Where the ledger can't be read.
pub(super) fn by_address(estate: Estate<'_>, typed: &str) -> Result<Option<(Anchor, PersonRow)>> {
    let address = typed.trim().to_lowercase();
    let is_address =
        address.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !is_address || address.contains(char::is_whitespace) {
        return Ok(None);
    }
    let address = format!("mailto:{address}");
    let id = person_author(&estate.ledger.estate_key()?, &address)
        .map_err(|error| Refusal::new(error.to_string()))?
        .to_string();
    let row = PersonRow { id: id.clone(), name: String::new(), address };
    Ok(Some((Anchor::person(&id, typed.trim()), row)))
}

/// Whether something on the map is called so.
pub(super) fn is_on_map(estate: Estate<'_>, typed: &str) -> Result<bool> {
    Ok(!matches!(meant(estate, typed)?, Meant::None(_)))
}

/// The person who is meant by a name, a login, an address (also one that nobody has read yet) or `person:ID`.
///
/// # Errors
/// Where nobody is, or several are.
pub fn person_meant(estate: Estate<'_>, typed: &str) -> Result<Author> {
    let meant = match known(estate, typed)? {
        Some(anchor) => Some(anchor.reference),
        None => by_address(estate, typed)?.map(|(anchor, _)| anchor.reference),
    };
    match meant.unwrap_or_else(|| typed.trim().to_owned()).parse::<Author>() {
        Ok(author) if author.is_person() => Ok(author),
        _ => Err(Refusal::no(format!("the people directory knows nobody called \"{}\"", tame(typed)))
            .hint("name them as pages do, or by the whole e-mail address, also one that nobody has read yet")
            .into()),
    }
}
