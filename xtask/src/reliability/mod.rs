//! `cargo xtask reliability`: what docs/reliability.md promises, broken on purpose and measured again.

use anyhow::{Result, bail};

use crate::Outcome;
use crate::args::Args;

mod load;
mod postgres;
mod promise;
#[path = "../../../crates/ledger/tests/it/server.rs"]
#[allow(dead_code)]
mod server;
mod sqlite;

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    match args.word().as_deref() {
        Some("postgres") => postgres::task(args),
        Some("sqlite") => sqlite::task(args),
        Some(other) => bail!("there is nothing called \"{other}\" to break: postgres, sqlite"),
        None => bail!("say what to break: postgres, sqlite"),
    }
}
