//! How a ledger is reached: in a file, in PostgreSQL, or through the door of a server.

use std::path::{Path, PathBuf};

use stave_ledger::{Ledger, PostgresLedger, SqliteLedger};

use crate::problem::Problem;

/// How a ledger is reached.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// In a file of the place's folder.
    File,
    /// In PostgreSQL, at an address that may hold a password.
    Postgres(String),
    /// Through the door of a server.
    Door(String),
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reach::File => f.write_str("File"),
            Reach::Postgres(address) => write!(f, "Postgres({})", without_password(address)),
            Reach::Door(address) => write!(f, "Door({})", without_password(address)),
        }
    }
}

impl Reach {
    /// What an argument of `--ledger` means where it is an address.
    pub(crate) fn of_address(argument: &Path) -> Option<Reach> {
        let text = argument.to_str()?;
        let (scheme, _) = text.split_once("://")?;
        match scheme {
            "postgres" | "postgresql" => Some(Reach::Postgres(text.to_owned())),
            "http" | "https" => Some(Reach::Door(text.to_owned())),
            _ => None,
        }
    }

    /// The address as it may be shown; nothing for a file.
    pub(crate) fn address(&self) -> Option<String> {
        match self {
            Reach::File => None,
            Reach::Postgres(address) | Reach::Door(address) => Some(without_password(address)),
        }
    }

    /// Opens the ledger; one in PostgreSQL is made where there is none. `file` is where it lies if it is a file.
    pub(crate) fn open(&self, file: &Path) -> anyhow::Result<Box<dyn Ledger>> {
        match self {
            Reach::File => Ok(Box::new(SqliteLedger::open(file)?)),
            Reach::Postgres(address) => Ok(Box::new(PostgresLedger::open_or_create(address)?)),
            Reach::Door(_) => Err(Problem::new("this build reaches no ledger through a door").into()),
        }
    }
}

/// An argument of `--ledger` as it may be shown.
pub(crate) fn shown(argument: &Path) -> PathBuf {
    match Reach::of_address(argument).and_then(|reach| reach.address()) {
        Some(address) => PathBuf::from(address),
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
