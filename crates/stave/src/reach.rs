//! How a ledger is reached: in a file, in PostgreSQL, or through the door of a server.

use std::path::{Path, PathBuf};

use stave_ledger::{
    Address, AddressError, Ledger, PostgresLedger, RemoteLedger, RemoteOptions, SqliteLedger,
};

use crate::context::TOOL;

/// How a ledger is reached.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In a file of the place's folder.
    File,
    /// In PostgreSQL, at an address that may hold a password.
    Postgres(String),
    /// Through the door of a server.
    Door(Box<RemoteOptions>),
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reach::File => f.write_str("File"),
            Reach::Postgres(address) => write!(f, "Postgres({})", without_password(address)),
            Reach::Door(options) => write!(f, "Door({})", options.address),
        }
    }
}

impl Reach {
    /// What an argument of `--ledger` means where it is an address.
    ///
    /// # Errors
    /// Where it is meant as a server's address and is none.
    pub(crate) fn of_address(argument: &Path) -> Result<Option<Reach>, AddressError> {
        let Some(text) = argument.to_str() else { return Ok(None) };
        if Address::is_meant_by(text) {
            return Ok(Some(Reach::Door(Box::new(RemoteOptions {
                address: Address::parse(text)?,
                token: None,
                roots: Vec::new(),
                cache: None,
                agent: TOOL.replace(' ', "/"),
            }))));
        }
        Ok(match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Some(Reach::Postgres(text.to_owned())),
            _ => None,
        })
    }

    /// The address as it may be shown; nothing for a file.
    pub(crate) fn address(&self) -> Option<String> {
        match self {
            Reach::File => None,
            Reach::Postgres(address) => Some(without_password(address)),
            Reach::Door(options) => Some(options.address.to_string()),
        }
    }

    /// Opens the ledger; one in PostgreSQL is made where there is none. `file` is where it lies if it is a file.
    pub(crate) fn open(&self, file: &Path) -> anyhow::Result<Box<dyn Ledger>> {
        match self {
            Reach::File => Ok(Box::new(SqliteLedger::open(file)?)),
            Reach::Postgres(address) => Ok(Box::new(PostgresLedger::open_or_create(address)?)),
            Reach::Door(options) => Ok(Box::new(RemoteLedger::new(options))),
        }
    }
}

/// An argument of `--ledger` as it may be shown.
pub(crate) fn shown(argument: &Path) -> PathBuf {
    match argument.to_str() {
        Some(text) => PathBuf::from(without_password(text)),
        None => argument.to_owned(),
    }
}

/// An address without the password before its last `@`, and without what stands behind `?`, where PostgreSQL takes one
/// too.
fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user.split(':').next().unwrap_or_default()), rest),
        None => (None, rest),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    match user {
        Some(user) => format!("{scheme}://{user}@{rest}"),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, wanted) in [
            (
                "postgres://stave:s3cret@db.example:5432/stave?sslmode=require&password=x",
                "postgres://stave@db.example:5432/stave",
            ),
            ("postgres://stave:s3/cr@et@db/stave", "postgres://stave@db/stave"),
            ("https://map.example.com", "https://map.example.com"),
            ("https://token@map.example.com/x", "https://token@map.example.com/x"),
        ] {
            let shown = shown(Path::new(address));
            assert_eq!(shown, PathBuf::from(wanted));
        }
        assert_eq!(shown(Path::new("a/b")), PathBuf::from("a/b"));
    }
}
