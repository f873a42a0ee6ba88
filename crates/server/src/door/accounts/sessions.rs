//! Sessions: who is signed in, in which browser, until when.

use serde::{Deserialize, Serialize};
use stave_ledger::Store;
use stave_model::Time;

use super::secret::hashed;
use super::{Result, Secret, User, all, parse, user, write};

const SHELF: &str = "session";

const MINUTE_MS: i64 = 60_000;

/// A session ends when nothing was asked for so long,
pub const IDLE_MS: i64 = 12 * 60 * MINUTE_MS;

/// and in any case so long after signing in.
pub const WHOLE_MS: i64 = 7 * 24 * 60 * MINUTE_MS;

/// How coarsely it is kept when something was asked last: not every request shall write.
const SEEN_MS: i64 = 5 * MINUTE_MS;

/// Most sessions of one user; one more ends the oldest.
const OF_ONE: usize = 20;

/// What is kept of a session, under the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Session {
    user: String,
    made: Time,
    seen: Time,
}

impl Session {
    fn has_ended(&self, now: Time) -> bool {
        let age = |since: Time| now.millis().saturating_sub(since.millis());
        age(self.made) >= WHOLE_MS || age(self.seen) >= IDLE_MS
    }
}

/// Signs in a user whose password was checked, or whom a provider knows. Nobody where the account was removed or its
/// password changed meanwhile, which ended the sessions that there were: looked at only once this one is among them.
///
/// # Errors
/// Where the store can't be read or written.
pub(crate) fn begin_checked(store: &mut dyn Store, checked: &User, now: Time) -> Result<Option<Secret>> {
    let secret = begin_session(store, checked, now)?;
    if user(store, &checked.email)?.is_some_and(|user| user.signs_in_as(checked)) {
        return Ok(Some(secret));
    }
    end_session(store, secret.reveal())?;
    Ok(None)
}

/// Signs a user in and gives the secret for their browser. Sessions that have ended are swept away on the way.
///
/// # Errors
/// Where the store can't be written.
fn begin_session(store: &mut dyn Store, user: &User, now: Time) -> Result<Secret> {
    let known: Vec<(String, Session)> = all(store, SHELF)?;
    let mut own: Vec<(Time, String)> = Vec::new();
    for (key, session) in known {
        if session.has_ended(now) {
            store.set(SHELF, &key, None)?;
        } else if session.user == user.email {
            own.push((session.made, key));
        }
    }
    own.sort();
    for (_, key) in own.iter().rev().skip(OF_ONE - 1) {
        store.set(SHELF, key, None)?;
    }
    let secret = Secret::new("")?;
    let session = Session { user: user.email.clone(), made: now, seen: now };
    store.set(SHELF, &secret.hash(), Some(&write(SHELF, &user.email, &session)?))?;
    Ok(secret)
}

/// Who is signed in with this secret, with the role that they have now.
///
/// # Errors
/// Where the store can't be read or written.
pub(crate) fn signed_in(store: &mut dyn Store, shown: &str, now: Time) -> Result<Option<User>> {
    let key = hashed(shown);
    let Some(text) = store.item(SHELF, &key)? else { return Ok(None) };
    let session: Session = parse(SHELF, key.get(..12).unwrap_or_default(), &text)?;
    if session.has_ended(now) {
        store.set(SHELF, &key, None)?;
        return Ok(None);
    }
    if now.millis().saturating_sub(session.seen.millis()) >= SEEN_MS {
        let seen = write(SHELF, &session.user, &Session { seen: now, ..session.clone() })?;
        // Whoever was faster, or ended it, is right.
        store.swap(SHELF, &key, Some(&text), Some(&seen))?;
    }
    user(store, &session.user)
}

/// Ends the session with this secret.
///
/// # Errors
/// Where the store can't be written.
pub(crate) fn end_session(store: &mut dyn Store, shown: &str) -> Result<()> {
    Ok(store.set(SHELF, &hashed(shown), None)?)
}

/// Ends all sessions of a user.
///
/// # Errors
/// Where the store can't be written.
pub(crate) fn end_sessions(store: &mut dyn Store, email: &str) -> Result<()> {
    end_some(store, email, |_| true)
}

/// Ends those sessions of a user whose keys are meant. What is nobody's or somebody else's stays.
fn end_some(store: &mut dyn Store, email: &str, is_meant: impl Fn(&str) -> bool) -> Result<()> {
    let known: Vec<(String, Session)> = all(store, SHELF)?;
    for (key, _) in known.iter().filter(|(key, session)| session.user == email && is_meant(key)) {
        store.set(SHELF, key, None)?;
    }
    Ok(())
}

/// A session as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionShown {
    /// 12 digits by which it can be ended; they sign nobody in.
    pub(crate) id: String,
    /// When they signed in.
    pub(crate) made: Time,
    /// When something was last asked, to five minutes.
    pub(crate) seen: Time,
    /// Whether it is the one that asks.
    pub(crate) is_own: bool,
}

/// What a session is called: of the hash that is kept, the hash's first digits.
fn called(key: &str) -> String {
    stave_model::hash_bytes(key.as_bytes()).short()
}

/// Whose session a secret is of, and all sessions of theirs that have not ended, the latest first.
///
/// # Errors
/// Where the store can't be read.
pub(crate) fn sessions_of(
    store: &dyn Store,
    shown: &str,
    now: Time,
) -> Result<Option<(User, Vec<SessionShown>)>> {
    let (own, all): (String, Vec<(String, Session)>) = (hashed(shown), all(store, SHELF)?);
    let open: Vec<(String, Session)> = all.into_iter().filter(|(_, one)| !one.has_ended(now)).collect();
    let Some((_, session)) = open.iter().find(|(key, _)| *key == own) else { return Ok(None) };
    let Some(user) = user(store, &session.user)? else { return Ok(None) };
    let mut found: Vec<SessionShown> = open
        .iter()
        .filter(|(_, one)| one.user == user.email)
        .map(|(key, one)| SessionShown {
            id: called(key),
            made: one.made,
            seen: one.seen,
            is_own: *key == own,
        })
        .collect();
    found.sort_by(|a, b| (b.seen, b.made, &b.id).cmp(&(a.seen, a.made, &a.id)));
    Ok(Some((user, found)))
}

/// Ends sessions of whoever this secret signs in: the one that is called so, or all but their own.
///
/// # Errors
/// Where the store can't be written.
pub(crate) fn end_other_sessions(store: &mut dyn Store, shown: &str, id: Option<&str>) -> Result<()> {
    let own = hashed(shown);
    let Some(text) = store.item(SHELF, &own)? else { return Ok(()) };
    let session: Session = parse(SHELF, own.get(..12).unwrap_or_default(), &text)?;
    end_some(store, &session.user, |key| match id {
        Some(id) => called(key) == id,
        None => key != own,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use stave_ledger::{Ledger as _, MemoryLedger};

    use super::*;
    use crate::door::Role;
    use crate::door::accounts::{Password, add_user, remove_user, set_password, set_role};

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    fn with_ada() -> (MemoryLedger, User) {
        let mut ledger = MemoryLedger::new().unwrap();
        let key = ledger.estate_key().unwrap();
        let ada = User::new("ada@example.com", "", Role::Member, &key, at(0)).unwrap();
        add_user(ledger.store().unwrap(), &ada, None).unwrap();
        (ledger, ada)
    }

    #[test]
    fn a_session_ends_idle_and_it_ends_in_any_case() {
        let (mut ledger, ada) = with_ada();
        let store = ledger.store().unwrap();
        let idle = begin_session(store, &ada, at(0)).unwrap();
        assert_eq!(signed_in(store, idle.reveal(), at(0)).unwrap(), Some(ada.clone()));
        assert_eq!(signed_in(store, idle.reveal(), at(IDLE_MS)).unwrap(), None);
        // What has ended stays so, even if the clock is set back.
        assert_eq!(signed_in(store, idle.reveal(), at(0)).unwrap(), None);

        let busy = begin_session(store, &ada, at(0)).unwrap();
        let mut now = 0;
        while now + IDLE_MS / 2 < WHOLE_MS {
            now += IDLE_MS / 2;
            assert!(signed_in(store, busy.reveal(), at(now)).unwrap().is_some(), "{now}");
        }
        assert_eq!(signed_in(store, busy.reveal(), at(WHOLE_MS)).unwrap(), None);
        assert!(store.items(SHELF).unwrap().is_empty());
    }

    #[test]
    fn only_the_hash_of_a_session_is_kept() {
        let (mut ledger, ada) = with_ada();
        let store = ledger.store().unwrap();
        let secret = begin_session(store, &ada, at(0)).unwrap();
        let kept = format!("{:?}", store.items(SHELF).unwrap());
        assert!(!kept.contains(secret.reveal()) && kept.contains(&secret.hash()), "{kept}");
        // Who reads the store can't sign in with what stands there.
        assert_eq!(signed_in(store, &secret.hash(), at(0)).unwrap(), None);
    }

    #[test]
    fn who_is_removed_is_signed_out() {
        let (mut ledger, ada) = with_ada();
        let store = ledger.store().unwrap();
        let secret = begin_session(store, &ada, at(0)).unwrap();
        remove_user(store, "ada@example.com").unwrap();
        assert_eq!(signed_in(store, secret.reveal(), at(0)).unwrap(), None);
        // Also where an account of the same address is made later.
        add_user(store, &ada, None).unwrap();
        assert_eq!(signed_in(store, secret.reveal(), at(0)).unwrap(), None);
    }

    #[test]
    fn a_password_that_was_changed_after_it_was_checked_signed_in() {
        let (mut ledger, _) = with_ada();
        let store = ledger.store().unwrap();
        let set = |store: &mut dyn Store, text: &str| {
            set_password(store, "ada@example.com", &Password::new(text.to_owned()).unwrap()).unwrap();
        };
        set(store, "correct horse");
        let checked = user(store, "ada@example.com").unwrap().unwrap();
        assert!(begin_checked(store, &checked, at(0)).unwrap().is_some());
        // Another role is no other password.
        set_role(store, "ada@example.com", Role::Admin).unwrap();
        assert!(begin_checked(store, &checked, at(0)).unwrap().is_some());
        set(store, "another horse");
        assert_eq!(begin_checked(store, &checked, at(0)).unwrap().map(|_| ()), None);
        remove_user(store, "ada@example.com").unwrap();
        assert_eq!(begin_checked(store, &checked, at(0)).unwrap().map(|_| ()), None);
        assert!(store.items(SHELF).unwrap().is_empty());
    }

    #[test]
    fn nobody_has_more_sessions_than_browsers() {
        let (mut ledger, ada) = with_ada();
        let store = ledger.store().unwrap();
        let secrets: Vec<Secret> =
            (0..OF_ONE as i64 + 2).map(|now| begin_session(store, &ada, at(now)).unwrap()).collect();
        let open = secrets.iter().map(|secret| signed_in(store, secret.reveal(), at(30)).unwrap().is_some());
        let expected: Vec<bool> = (0..OF_ONE + 2).map(|session| session >= 2).collect();
        assert_eq!(open.collect::<Vec<_>>(), expected);
        let first = secrets.last().unwrap();
        end_session(store, first.reveal()).unwrap();
        assert_eq!(signed_in(store, first.reveal(), at(30)).unwrap(), None);
    }
}
