//! The door: who asks, and what they may.
//!
//! The guard finds the [`Caller`] of each request and puts it into the request's extensions; whoever lets a
//! statement in asks [`Caller::sign`], whoever does anything else that changes something [`Caller::may`]. Nothing
//! here reads a body or appends. docs/access.md has the table of who may what, and a test compares the two.

pub(crate) mod account;
pub mod accounts;
mod caller;
mod cookie;
pub(crate) mod elsewhere;
mod enter;
mod local;
mod oidc;
mod origin;
mod rates;
pub(crate) mod sign;
mod turns;
mod writes;

pub use caller::{Caller, Intent, Machine, Person, Refusal, Role};
pub use local::Local;
pub use oidc::{Oidc, OidcError};
pub use rates::{Limits, Rate};
pub use writes::routes;

pub(crate) use enter::{EnterError, Entered, Entry, Peer, cookies, enter, from_address, nobody, shown};
pub(crate) use local::is_loopback_name;
use oidc::Provider;
pub(crate) use oidc::token;
pub(crate) use origin::same_origin;
pub(crate) use rates::Rates;
pub(crate) use turns::{Turn, Turns};
pub(crate) use writes::{Who, WriteRoute};

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use stave_ledger::Ledger;
use tokio::sync::Semaphore;

use crate::Options;

/// What the guard knows for as long as the server runs.
pub(crate) struct Door {
    /// Who writes where there are no accounts; nobody does without.
    pub(crate) local: Option<Local>,
    /// The name of the cookie that stands for the printed key. Cookies know no ports, so the name says it: two
    /// boards on one machine don't take each other's.
    pub(crate) key_cookie: String,
    /// Whether anybody has an account, or may come by signing in elsewhere. Set when the server starts or the first one is made, and never unset: who removes
    /// the last account doesn't open the doors of a server that runs.
    has_accounts: AtomicBool,
    /// Where else people sign in.
    pub(crate) oidc: Option<Arc<Provider>>,
    /// Proxies whose word on who asks is taken.
    proxies: Vec<IpAddr>,
    /// Passwords that are being checked; each takes a processor and some 20 MiB.
    pub(crate) hashing: Arc<Semaphore>,
    /// The hash of a password that nobody has.
    decoy: OnceLock<String>,
    pub(crate) limits: Limits,
    pub(crate) rates: Rates,
}

/// How many passwords are checked at one time.
const HASHING: usize = 2;

impl Door {
    /// # Errors
    /// Where the settings for signing in elsewhere can't be used.
    pub(crate) fn new(options: &Options, port: u16) -> Result<Door, OidcError> {
        let oidc = options.oidc.clone().map(Provider::new).transpose()?;
        Ok(Door {
            has_accounts: AtomicBool::new(oidc.is_some()),
            oidc: oidc.map(Arc::new),
            local: options.local.clone(),
            key_cookie: format!("stave-key-{port}"),
            proxies: options.proxies.clone(),
            hashing: Arc::new(Semaphore::new(HASHING)),
            decoy: OnceLock::new(),
            limits: options.limits,
            rates: Rates::default(),
        })
    }

    /// Whether anybody has an account, and so everybody needs one.
    pub(crate) fn has_accounts(&self) -> bool {
        self.has_accounts.load(Ordering::Acquire)
    }

    /// The hash of a password that nobody has: what an unknown address is checked against.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub(crate) fn decoy(&self) -> accounts::Result<&str> {
        if let Some(decoy) = self.decoy.get() {
            return Ok(decoy);
        }
        let made = accounts::Password::random()?.hash()?;
        Ok(self.decoy.get_or_init(|| made))
    }

    /// Looks whether the first account has been made.
    ///
    /// # Errors
    /// Where the store can't be read.
    pub(crate) fn look(&self, ledger: &mut dyn Ledger) -> stave_ledger::Result<()> {
        if !self.has_accounts()
            && let Some(store) = ledger.store()
            && !store.items(accounts::USERS)?.is_empty()
        {
            self.has_accounts.store(true, Ordering::Release);
        }
        Ok(())
    }
}
