//! Users: people who may sign in, known by their e-mail address.

use serde::{Deserialize, Serialize};
use stave_ledger::Store;
use stave_model::{Author, EstateKey, PersonRow, Time, person_author};

use super::password::Password;
use super::sessions::end_sessions;
use super::{AccountError, Result, all, parse, write};
use crate::door::{Person, Role};

/// The shelf.
pub(crate) const SHELF: &str = "user";

/// Longest address, in bytes.
const ADDRESS_BYTES: usize = 254;

/// How often a change is tried again when somebody else changed the same account at the same time.
const TRIES: usize = 8;

/// What is kept of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The e-mail address with which they sign in, in lower case.
    pub email: String,
    /// In whose name their words stand: the same as on their own command line.
    pub person: Author,
    /// The name to show; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When the account was made.
    pub made: Time,
    /// The hash of the password; none: they sign in elsewhere (OpenID Connect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<Hashed>,
}

/// The hash of a password, which nothing prints but the store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Hashed(String);

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashed(…)")
    }
}

impl User {
    /// A user without a password. `key` is the estate's: it makes the person's id from the address.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn new(email: &str, name: &str, role: Role, key: &EstateKey, made: Time) -> Result<User> {
        let email = address(email)?;
        let person = person_author(key, &format!("mailto:{email}"))
            .map_err(|error| AccountError::Address(error.to_string()))?;
        let name = name.chars().filter(|sign| !sign.is_control()).take(200).collect();
        Ok(User { email, person, name, role, made, password: None })
    }

    /// Whether they can sign in with a password.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Their row of the people directory.
    pub fn row(&self) -> PersonRow {
        PersonRow {
            id: self.person.to_string(),
            name: self.name.clone(),
            address: format!("mailto:{}", self.email),
        }
    }

    /// Whether this is the account that `other` was, with the same password.
    pub(super) fn signs_in_as(&self, other: &User) -> bool {
        self.person == other.person && self.password == other.password
    }

    /// Who they are to the door.
    pub(crate) fn as_person(&self) -> Person {
        let name = if self.name.is_empty() { &self.email } else { &self.name };
        Person { id: self.person.clone(), name: name.clone(), role: self.role }
    }
}

/// An e-mail address as accounts know it: in lower case. Beyond ASCII, lower case makes one address of two (`K`, the sign
/// for Kelvin, becomes the letter), so capitals from there are not taken.
///
/// # Errors
/// [`AccountError::Address`] where it is none.
fn address(text: &str) -> Result<String> {
    let strange = |sign: char| sign.is_whitespace() || sign.is_control() || "<>\"".contains(sign);
    let lower = text.to_ascii_lowercase();
    let parts = text.split_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty());
    match parts {
        Some((_, host))
            if text.len() <= ADDRESS_BYTES
                && !text.contains(strange)
                && !host.contains('@')
                && lower == text.to_lowercase() =>
        {
            Ok(lower)
        }
        _ => Err(AccountError::Address(text.chars().take(80).collect())),
    }
}

/// Adds a user, with a password where they shall sign in with one.
///
/// # Errors
/// Where there is such a user; else where the store can't be written.
pub fn add_user(store: &mut dyn Store, user: &User, password: Option<&Password>) -> Result<()> {
    let mut user = user.clone();
    user.password = password.map(Password::hash).transpose()?.map(Hashed);
    let text = write(SHELF, &user.email, &user)?;
    if store.swap(SHELF, &user.email, None, Some(&text))? {
        return Ok(());
    }
    Err(AccountError::Taken { what: "user", name: user.email })
}

/// All users, by address.
///
/// # Errors
/// Where the store can't be read.
pub fn users(store: &dyn Store) -> Result<Vec<User>> {
    Ok(all(store, SHELF)?.into_iter().map(|(_, user)| user).collect())
}

/// The user with this address.
///
/// # Errors
/// Where the store can't be read.
pub fn user(store: &dyn Store, email: &str) -> Result<Option<User>> {
    let email = email.to_ascii_lowercase();
    store.item(SHELF, &email)?.map(|text| parse(SHELF, &email, &text)).transpose()
}

/// Removes a user with their sessions: who is signed in isn't any more. False where there is none.
///
/// # Errors
/// Where the store can't be written.
pub fn remove_user(store: &mut dyn Store, email: &str) -> Result<bool> {
    let email = email.to_ascii_lowercase();
    if store.item(SHELF, &email)?.is_none() {
        return Ok(false);
    }
    store.set(SHELF, &email, None)?;
    end_sessions(store, &email)?;
    Ok(true)
}

/// Changes a user's role, from their next request on. False where there is none.
///
/// # Errors
/// Where the store can't be written.
pub fn set_role(store: &mut dyn Store, email: &str, role: Role) -> Result<bool> {
    change(store, email, |user| user.role = role)
}

/// Changes a user's password and ends their sessions. False where there is none.
///
/// # Errors
/// Where the store can't be written.
pub fn set_password(store: &mut dyn Store, email: &str, password: &Password) -> Result<bool> {
    let hash = Hashed(password.hash()?);
    let changed = change(store, email, |user| user.password = Some(hash.clone()))?;
    if changed {
        end_sessions(store, &email.to_ascii_lowercase())?;
    }
    Ok(changed)
}

/// Changes the password of a user who has just shown their old one, unless somebody changed the account meanwhile:
/// whoever was faster may have shut somebody out. Their sessions stay; the caller ends those that shall end. False where
/// it was changed.
///
/// # Errors
/// Where the store can't be written.
pub(crate) fn set_own_password(store: &mut dyn Store, before: &User, hash: String) -> Result<bool> {
    let Some(text) = store.item(SHELF, &before.email)? else { return Ok(false) };
    let user: User = parse(SHELF, &before.email, &text)?;
    if user != *before {
        return Ok(false);
    }
    let new = write(SHELF, &before.email, &User { password: Some(Hashed(hash)), ..user })?;
    Ok(store.swap(SHELF, &before.email, Some(&text), Some(&new))?)
}

fn change(store: &mut dyn Store, email: &str, mut to: impl FnMut(&mut User)) -> Result<bool> {
    let email = email.to_ascii_lowercase();
    for _ in 0..TRIES {
        let Some(before) = store.item(SHELF, &email)? else { return Ok(false) };
        let mut user: User = parse(SHELF, &email, &before)?;
        to(&mut user);
        if store.swap(SHELF, &email, Some(&before), Some(&write(SHELF, &email, &user)?))? {
            return Ok(true);
        }
    }
    Err(AccountError::Busy(email))
}

/// The user, if that is their password; nobody where there is no user or the password is wrong. `decoy` is the hash of a
/// password that nobody has: an unknown address takes as long as a wrong password.
pub(crate) fn signs_in(user: Option<User>, password: &Password, decoy: &str) -> Option<User> {
    let hash = user.as_ref().and_then(|user| user.password.as_ref()).map_or(decoy, |hash| &hash.0);
    let is_right = password.is(hash);
    user.filter(|user| is_right && user.has_password())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use stave_ledger::{Ledger as _, MemoryLedger};

    use super::*;

    fn ada(ledger: &MemoryLedger) -> User {
        let key = ledger.estate_key().unwrap();
        User::new("Ada@Example.com", "Ada", Role::Member, &key, Time::from_millis(0)).unwrap()
    }

    #[test]
    fn a_user_is_who_they_are_on_the_command_line() {
        let ledger = MemoryLedger::new().unwrap();
        let key = ledger.estate_key().unwrap();
        let expected = person_author(&key, "mailto:ada@example.com").unwrap();
        assert_eq!((ada(&ledger).email.as_str(), ada(&ledger).person), ("ada@example.com", expected));
        for none in ["", "ada", "@", "a@", "@b", "a b@c", "a@b@c", "<a@b>", "a\n@b", "\u{212a}@b"] {
            assert!(User::new(none, "", Role::Viewer, &key, Time::from_millis(0)).is_err(), "{none:?}");
        }
    }

    #[test]
    fn the_sign_for_kelvin_met_the_account_with_the_letter_k() {
        let mut ledger = MemoryLedger::new().unwrap();
        let key = ledger.estate_key().unwrap();
        let kim = User::new("Kim@example.com", "", Role::Admin, &key, Time::from_millis(0)).unwrap();
        let store = ledger.store().unwrap();
        add_user(store, &kim, None).unwrap();
        assert!(user(store, "KIM@example.com").unwrap().is_some());
        assert!(user(store, "\u{212a}im@example.com").unwrap().is_none());
        assert!(!remove_user(store, "\u{212a}im@example.com").unwrap());
    }

    #[test]
    fn who_has_the_password_signs_in_and_nobody_else() {
        let mut ledger = MemoryLedger::new().unwrap();
        let ada = ada(&ledger);
        let store = ledger.store().unwrap();
        let password = Password::new("correct horse".to_owned()).unwrap();
        let decoy = Password::random().unwrap().hash().unwrap();
        add_user(store, &ada, Some(&password)).unwrap();
        assert!(matches!(add_user(store, &ada, None), Err(AccountError::Taken { .. })));
        let known = user(store, "ADA@example.com").unwrap();
        assert!(signs_in(known.clone(), &password, &decoy).is_some());
        assert!(signs_in(known.clone(), &Password::typed("wrong horse".to_owned()), &decoy).is_none());
        assert!(signs_in(None, &password, &decoy).is_none());
        // Nothing prints the hash.
        let printed = format!("{known:?}");
        assert!(!printed.contains("argon2") && printed.contains("Hashed(…)"), "{printed}");

        assert!(
            set_password(store, "ada@example.com", &Password::new("another horse".to_owned()).unwrap())
                .unwrap()
        );
        assert!(signs_in(user(store, "ada@example.com").unwrap(), &password, &decoy).is_none());
        assert!(set_role(store, "ada@example.com", Role::Admin).unwrap());
        assert_eq!(user(store, "ada@example.com").unwrap().unwrap().role, Role::Admin);
        assert!(remove_user(store, "ada@example.com").unwrap());
        assert!(!set_role(store, "ada@example.com", Role::Admin).unwrap());
        assert!(users(store).unwrap().is_empty());
    }

    #[test]
    fn the_decoy_opens_no_account() {
        let ledger = MemoryLedger::new().unwrap();
        let decoy = Password::new("nobody has this".to_owned()).unwrap();
        let hash = decoy.hash().unwrap();
        // Somebody who signs in elsewhere has no password, so none is right.
        assert!(signs_in(Some(ada(&ledger)), &decoy, &hash).is_none());
    }
}
