//! Who writes: the door's caller, as the ledger's endpoints see it.

use axum::http::Extensions;
use stave_ledger::Repeats;
use stave_model::{Author, Header};

use crate::door::{Caller, Intent, Refusal};

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
