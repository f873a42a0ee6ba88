//! The door: who asks, and what they may.
//!
//! The guard finds the [`Caller`] of each request and puts it into the request's extensions; whoever lets a
//! statement in asks [`Caller::sign`], whoever does anything else that changes something [`Caller::may`]. Nothing
//! here reads a body or appends. docs/access.md has the table of who may what, and a test compares the two.

pub mod accounts;
mod caller;
mod enter;
mod local;
mod origin;
mod rates;
pub(crate) mod sign;
mod writes;

pub use caller::{Caller, Intent, Machine, Person, Refusal, Role};
pub use local::Local;
pub use rates::{Limits, Rate};
pub use writes::routes;

pub(crate) use enter::{EnterError, Entered, Entry, Peer, enter};
pub(crate) use local::is_loopback_name;
pub(crate) use origin::same_origin;
pub(crate) use rates::Rates;
pub(crate) use writes::{Who, WriteRoute};

use crate::Options;

/// What the guard knows for as long as the server runs.
pub(crate) struct Door {
    /// Who writes where there are no accounts; nobody does without.
    pub(crate) local: Option<Local>,
    /// The name of the cookie that stands for the printed key. Cookies know no ports, so the name says it: two
    /// boards on one machine don't take each other's.
    pub(crate) key_cookie: String,
    pub(crate) limits: Limits,
    pub(crate) rates: Rates,
}

impl Door {
    pub(crate) fn new(options: &Options, port: u16) -> Door {
        Door {
            local: options.local.clone(),
            key_cookie: format!("stave-key-{port}"),
            limits: options.limits,
            rates: Rates::default(),
        }
    }
}
