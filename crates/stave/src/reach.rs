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
            Some((scheme, rest)) if is_postgres(scheme) => {
                Some(Reach::Postgres(format!("{}://{rest}", scheme.to_ascii_lowercase())))
            }
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

    /// What tells the ledger from all others that are reached by an address, for the name of a folder: never shown, as
    /// settings may say anything. Two schemas of one database differ by their settings alone.
    pub(crate) fn distinct(&self) -> Option<String> {
        let shown = self.address()?;
        let Reach::Postgres(address) = self else { return Some(shown) };
        let settings = address.split_once('?').map_or("", |(_, settings)| settings).split('&');
        let mut settings: Vec<&str> = settings.filter(|setting| says_where(setting)).collect();
        settings.sort_unstable();
        Some([&[shown.as_str()], settings.as_slice()].concat().join("&"))
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

fn is_postgres(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("postgres") || scheme.eq_ignore_ascii_case("postgresql")
}

/// Whether a setting of a PostgreSQL URL says which ledger is meant, and not how it is reached.
fn says_where(setting: &str) -> bool {
    let name = setting.split('=').next().unwrap_or_default();
    ["options", "host", "hostaddr", "port", "dbname", "user"].contains(&name)
}

/// An argument of `--ledger` as it may be shown.
pub(crate) fn shown(argument: &Path) -> PathBuf {
    match (unknown(argument), argument.to_str()) {
        (Some(beginning), _) => PathBuf::from(format!("{beginning}…")),
        (None, Some(text)) => PathBuf::from(without_password(text)),
        (None, None) => argument.to_owned(),
    }
}

/// The beginning of what looks like an address and is none that is known: a password may stand anywhere in the rest.
pub(crate) fn unknown(argument: &Path) -> Option<&str> {
    let text = argument.to_str()?;
    let known =
        Address::is_meant_by(text) || text.split_once("://").is_some_and(|(scheme, _)| is_postgres(scheme));
    let is_tried =
        text.contains("://") || text.to_ascii_lowercase().contains("password=") || has_password(text);
    (is_tried && !known && !argument.exists())
        .then(|| text.split([':', '=', '@', '/']).next().unwrap_or_default())
}

/// Whether a text has a user and a password as addresses have them: `postgres:/u:pw@host`.
fn has_password(text: &str) -> bool {
    text.split_once('@').is_some_and(|(before, _)| before.contains(':'))
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
#[allow(clippy::unwrap_used)]
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

    #[test]
    fn what_only_looks_like_an_address_showed_its_password() {
        let upper = Path::new("POSTGRES://stave:s3cret@db/stave");
        assert!(matches!(Reach::of_address(upper), Ok(Some(Reach::Postgres(_)))));
        for address in [
            "POSTGRES://stave:s3cret@db/stave",
            "postgres:/stave:s3cret@db/stave",
            "postgres+ssl://stave:s3cret@db/stave",
            "mysql://stave:s3cret@db/stave",
            "host=db user=stave password=s3cret",
            "stave:s3cret@db/stave",
        ] {
            let shown = shown(Path::new(address));
            assert!(!shown.to_string_lossy().contains("s3cret"), "{}", shown.display());
        }
        assert_eq!(unknown(Path::new("mysql://stave:s3cret@db/stave")), Some("mysql"));
        assert_eq!(unknown(Path::new("notes/2026")), None);
    }

    #[test]
    fn two_schemas_of_one_database_shared_a_map() {
        let of = |settings: &str| {
            let url = format!("postgres://stave:s3cret@db/stave{settings}");
            Reach::of_address(Path::new(&url)).unwrap().unwrap().distinct().unwrap()
        };
        let (one, two) = ("?options=-c%20search_path%3Done", "?options=-c%20search_path%3Dtwo");
        assert_ne!(of(one), of(two));
        assert_ne!(of(one), of(""));
        // How it is reached, and by which password, makes no other ledger of it.
        assert_eq!(of(one), of(&format!("{one}&sslmode=require&password=x")));
        assert_eq!(of("?sslmode=require"), "postgres://stave@db/stave");
        assert_ne!(of("?port=1&host=a"), of("?port=2&host=a"));
        assert_eq!(of("?port=1&host=a"), of("?host=a&port=1"));
    }
}
