//! Who writes: the door's caller, as the ledger's endpoints see it.

use std::collections::HashMap;

use axum::http::Extensions;
use stave_ledger::{Error, Ledger, Prepared, Repeats};
use stave_model::{Author, Claim, EstateKey, Hash, Header, PersonRow, Scope, Time, person_author};

use crate::door::accounts::{AccountError, users};
use crate::door::{Caller, Intent, Refusal};

/// How far ahead of ours another clock may be.
const AHEAD_MS: i64 = 5 * 60_000;

/// What a request may write.
#[derive(Clone, Debug)]
pub(crate) enum Pen {
    /// What its caller may.
    Caller(Caller),
    /// Everything: the contract suite is about ledgers, not about doors.
    #[cfg(test)]
    Unbound,
}

impl Pen {
    /// The pen of a request that passed the guard; one that did not is a stranger's.
    pub(crate) fn of(extensions: &Extensions) -> Pen {
        #[cfg(test)]
        if let Some(pen) = extensions.get::<Pen>() {
            return pen.clone();
        }
        Pen::Caller(extensions.get::<Caller>().cloned().unwrap_or(Caller::Stranger))
    }

    /// Whether this may be done.
    pub(crate) fn may(&self, intent: Intent<'_>) -> Result<(), Refusal> {
        match self {
            Pen::Caller(caller) => caller.may(intent),
            #[cfg(test)]
            Pen::Unbound => Ok(()),
        }
    }

    /// Whether there is anything that may be written.
    pub(crate) fn may_write(&self) -> Result<(), Refusal> {
        match self {
            Pen::Caller(caller) => caller.may_write(),
            #[cfg(test)]
            Pen::Unbound => Ok(()),
        }
    }

    /// Who statements say brought them, as the door signs them for this caller.
    pub(crate) fn signature(&self) -> Option<Author> {
        match self {
            Pen::Caller(Caller::Machine(machine)) => machine.author(),
            _ => None,
        }
    }

    /// Lets a statement in. What a command says is signed: it says who really brought it. What a merge brings stays as
    /// it is, or it would be another statement: that takes an admin, unless the caller may say just this.
    pub(crate) fn admit(&self, repeats: Repeats, header: &mut Header) -> Result<(), Refusal> {
        match self {
            Pen::Caller(caller) => admit(caller, repeats, header),
            #[cfg(test)]
            Pen::Unbound => Ok(()),
        }
    }

    /// Lets one claim in of a statement by this author about this scope.
    pub(crate) fn admit_claim(&self, author: &Author, scope: &Scope, claim: &Claim) -> Result<(), Refusal> {
        match self {
            Pen::Caller(caller) => caller.may_claim(author, scope, claim),
            #[cfg(test)]
            Pen::Unbound => Ok(()),
        }
    }

    /// Whether something can have been said or heard at this time: a clock may be a little ahead of ours. What is later
    /// would stand before all that is said until then.
    ///
    /// # Errors
    /// [`Error::Caller`] where it can't.
    pub(crate) fn admit_time(&self, time: Time, now: Time) -> stave_ledger::Result<()> {
        #[cfg(test)]
        if matches!(self, Pen::Unbound) {
            return Ok(());
        }
        if time.millis().saturating_sub(now.millis()) <= AHEAD_MS {
            return Ok(());
        }
        let problem = format!("{time} is later than now\n\nhint: set the clock of the machine that said it");
        Err(Error::Caller(problem.into()))
    }

    /// Lets in what statements replace. A token that was made for some scopes shall not end words about others, so each
    /// word that is replaced is looked up, once: here or among the statements themselves.
    ///
    /// # Errors
    /// Where the ledger can't be read, or a token replaces what nobody here has said; inside, why it may not.
    pub(crate) fn admit_replaced(
        &self,
        ledger: &dyn Ledger,
        statements: &[Prepared],
    ) -> stave_ledger::Result<Result<(), Refusal>> {
        let Pen::Caller(caller @ Caller::Machine(_)) = self else { return Ok(Ok(())) };
        if statements.iter().all(|statement| statement.header().replaces.is_empty()) {
            return Ok(Ok(()));
        }
        let mut scopes: HashMap<Hash, Scope> =
            statements.iter().map(|statement| (statement.id(), statement.header().scope.clone())).collect();
        for header in statements.iter().map(Prepared::header) {
            for id in &header.replaces {
                let replaced = match scopes.get(id) {
                    Some(scope) => scope,
                    None => {
                        let Some(entry) = ledger.entry(id)? else { return Err(unknown(id)) };
                        scopes.entry(*id).or_insert(entry.header.scope)
                    }
                };
                if let Err(refusal) = caller.may(Intent::Replace { scope: &header.scope, replaced }) {
                    return Ok(Err(refusal));
                }
            }
        }
        Ok(Ok(()))
    }
}

impl Pen {
    /// Lets rows of the people directory in. Who doesn't run the ledger names people by their addresses only, and not
    /// those who have an account: they say themselves what they are called.
    ///
    /// # Errors
    /// Where the ledger can't be read, or an id is not that of its row's address.
    pub(crate) fn admit_people(
        &self,
        ledger: &mut dyn Ledger,
        mut rows: Vec<PersonRow>,
    ) -> stave_ledger::Result<Vec<PersonRow>> {
        if self.may(Intent::Administer).is_ok() {
            return Ok(rows);
        }
        let mut keys = vec![ledger.estate_key()?];
        keys.extend(ledger.other_estates()?.into_iter().map(|other| other.key));
        let is_of = |key: &EstateKey, row: &PersonRow| {
            person_author(key, &row.address).is_ok_and(|author| author.as_str() == row.id)
        };
        let is_right = |row: &PersonRow| !row.address.is_empty() && keys.iter().any(|key| is_of(key, row));
        if let Some(wrong) = rows.iter().find(|row| !is_right(row)) {
            let problem = format!("{} is not the id of the address that stands beside it", wrong.id);
            return Err(Error::Caller(problem.into()));
        }
        let users = match ledger.store() {
            Some(store) => users(store).map_err(|error| match error {
                AccountError::Ledger(error) => error,
                other => Error::Damaged(other.to_string()),
            })?,
            None => Vec::new(),
        };
        let names: HashMap<&str, &str> =
            users.iter().map(|user| (user.person.as_str(), user.name.as_str())).collect();
        for row in &mut rows {
            if names.get(row.id.as_str()).is_some_and(|name| *name != row.name) {
                row.name.clear();
            }
        }
        Ok(rows)
    }
}

/// Whatever it is, it may come later, and be about something else than the token.
fn unknown(id: &Hash) -> Error {
    let problem = format!("a token replaces only words that this ledger has, and {} is none", id.short());
    Error::Caller(problem.into())
}

fn admit(caller: &Caller, repeats: Repeats, header: &mut Header) -> Result<(), Refusal> {
    if repeats == Repeats::Skip {
        return caller.sign(header);
    }
    let mut signed = header.clone();
    if caller.sign(&mut signed).is_ok() && signed == *header {
        return Ok(());
    }
    caller.may(Intent::Administer)
}
