//! From a URL to a connection on which a ledger is, and what a server's refusals mean.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Config, Error as SqlError, NoTls};
use stave_model::EstateKey;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::link::{Link, causes, is_lost};
use super::tls::Encryption;
use super::{Fail, tls};
use crate::error::{Error, Result};
use crate::{random, random_id};

/// The version of schema.sql.
pub(super) const SCHEMA: i64 = 2;
/// What takes a ledger from schema 1 to 2, from 2 to 3, and so on.
const UPGRADES: [&str; SCHEMA as usize - 1] = [include_str!("to_2.sql")];
/// The lock under which a ledger is made or upgraded; any number that nobody else uses in this database.
const MAKING: i64 = 0x5374_6176_6501;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// Connections that are coming about, in this process, and how many there may be: those to a server that hangs stay.
static CONNECTING: AtomicUsize = AtomicUsize::new(0);
const MOST_CONNECTING: usize = 64;
/// How long a server may be silent before the connection counts as cut.
const SILENCE: Duration = Duration::from_secs(30);

/// A server's address, and how to speak of it: without the password.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    pub(super) name: String,
}

impl Address {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?…`.
    pub(super) fn new(url: &str) -> Result<Address> {
        let (mut config, encryption) = parsed(url)?;
        let name = name(&config);
        let tls = tls::connector(&name, config.get_ssl_mode(), encryption.roots.as_deref())?;
        if tls.is_none() {
            // What a server offers unasked proves nothing: without a certificate to check, the connection is as it is said.
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        config.keepalives_idle(SILENCE.min(config.get_keepalives_idle()));
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(SILENCE / 3).keepalives_retries(3);
        }
        if config.get_application_name().is_none() {
            config.application_name("stave");
        }
        Ok(Address { config, name, tls })
    }

    /// A new connection, or within ten seconds for each host (what the URL says, if it does) a refusal. The driver's own
    /// bound covers the network; a server that takes connections and then says nothing is left to a thread, which ends when
    /// that server does.
    pub(super) fn connect(&self) -> std::result::Result<postgres::Client, Fail> {
        let silent = || {
            self.refuse(
                "the server takes connections and doesn't answer",
                "look whether it hangs, or whether something else listens at this port",
            )
        };
        if CONNECTING.load(Ordering::Relaxed) >= MOST_CONNECTING {
            return Err(silent());
        }
        let hosts = self.config.get_hosts().len().max(1);
        let patience = self.config.get_connect_timeout().copied().unwrap_or(CONNECT);
        let (answer, answered) = mpsc::channel();
        let address = self.clone();
        CONNECTING.fetch_add(1, Ordering::Relaxed);
        let started = thread::Builder::new().name("connect".to_owned()).spawn(move || {
            let connected = match &address.tls {
                Some(tls) => address.config.connect(tls.clone()),
                None => address.config.connect(NoTls),
            };
            CONNECTING.fetch_sub(1, Ordering::Relaxed);
            // Nobody waits any more where this took too long.
            let _ = answer.send(connected);
        });
        if let Err(error) = started {
            CONNECTING.fetch_sub(1, Ordering::Relaxed);
            return Err(self.refuse(&format!("no thread could be started: {error}"), "try again"));
        }
        let patience = patience.saturating_mul(u32::try_from(hosts).unwrap_or(u32::MAX));
        Ok(answered.recv_timeout(patience).map_err(|_| silent())??)
    }

    /// What a refusal means for the one who reads it.
    pub(super) fn explain(&self, error: &SqlError) -> Error {
        explain(&self.name, error)
    }

    fn refuse(&self, reason: &str, hint: &str) -> Fail {
        Fail::Ours(Error::Server {
            ledger: self.name.clone(),
            reason: reason.to_owned(),
            hint: hint.to_owned(),
        })
    }
}

/// Reads a URL: the parser's part of it, and what it says about certificates.
fn parsed(url: &str) -> Result<(Config, Encryption)> {
    let wrong = |reason: &str| Error::Server {
        ledger: "the PostgreSQL URL".to_owned(),
        reason: reason.to_owned(),
        hint:
            "write postgres://USER:PASSWORD@HOST:PORT/DATABASE; in USER, PASSWORD and DATABASE stand %3A for \
               \":\", %2F for \"/\", %40 for \"@\", %3F for \"?\", %23 for \"#\" and %25 for \"%\""
                .to_owned(),
    };
    if !is_url(url) {
        return Err(wrong("it doesn't begin with postgres:// or postgresql://"));
    }
    // The parser would take what follows the first one, a piece of the password, for a host that may be named.
    if url.matches('@').count() > 1 {
        return Err(wrong("it has more than one \"@\", of which all but the last are written %40"));
    }
    let (url, encryption) = tls::taken(url);
    // The parser's own words may quote a piece of the password.
    let config: Config = url.parse().map_err(|error: SqlError| wrong(parse_problem(&error)))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(wrong("it names no host"));
    }
    if config.get_hosts().iter().any(|host| host_name(host).contains('@')) {
        return Err(wrong("its host has a \"@\""));
    }
    if config.get_user().is_none() {
        return Err(wrong("it names no user"));
    }
    Ok((config, encryption))
}

/// What messages call the server of a URL.
pub(crate) fn name_of(url: &str) -> Result<String> {
    parsed(url).map(|(config, _)| name(&config))
}

/// Whether this is the URL of a PostgreSQL server.
pub(super) fn is_url(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

fn parse_problem(error: &SqlError) -> &'static str {
    let said = causes(error).map(ToString::to_string).collect::<String>();
    // Only these words of the parser say nothing of what it read.
    for (option, problem) in [
        ("`port`", "its port is no number"),
        ("`sslmode`", "sslmode is disable, prefer, require or verify-full"),
        ("`host`", "its host can't be read"),
        ("unknown option", "it has a setting that is unknown, or a \"?\" in a name or password"),
    ] {
        if said.contains(option) {
            return problem;
        }
    }
    "it can't be read"
}

fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp(host) => host.clone(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    }
}

/// `postgres://USER@HOST:PORT/DATABASE`: what messages may say.
fn name(config: &Config) -> String {
    let mut name = String::from("postgres://");
    if let Some(user) = config.get_user() {
        // Behind a colon that was escaped by mistake stands a password.
        name.push_str(user.split(':').next().unwrap_or_default());
        name.push('@');
    }
    let hosts = config.get_hosts().iter().map(host_name);
    let hosts: Vec<String> = if config.get_hosts().is_empty() {
        config.get_hostaddrs().iter().map(ToString::to_string).collect()
    } else {
        hosts.collect()
    };
    let ports = config.get_ports();
    for (index, host) in hosts.iter().enumerate() {
        let between = if index == 0 { "" } else { "," };
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5_432);
        // Writing to a string can't fail.
        let _ = write!(name, "{between}{host}:{port}");
    }
    name.push('/');
    name.push_str(config.get_dbname().or(config.get_user()).unwrap_or_default());
    name
}

/// What opening finds in the schema of the connection.
enum Found {
    Nothing,
    Schema(i64),
}

/// Connects, and makes sure that a ledger of a known schema is there; makes one where `make` says so.
pub(super) fn open(address: &Address, make: bool) -> std::result::Result<Link, Fail> {
    let mut link = Link::new(address.connect()?)?;
    let row = link.one(
        "SELECT current_setting('server_encoding'), current_setting('server_version_num')::bigint,
                current_schema()::text, pg_is_in_recovery()",
        &[],
    )?;
    if row.try_get::<_, String>(0)? != "UTF8" {
        return Err(address.refuse(
            "the database's encoding is not UTF8",
            "make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        ));
    }
    if row.try_get::<_, i64>(1)? < 130_000 {
        return Err(address.refuse("the server is older than PostgreSQL 13", "use 13 or later"));
    }
    if row.try_get::<_, Option<String>>(2)?.is_none() {
        let sql = "SELECT EXISTS (SELECT FROM pg_namespace, unnest(string_to_array(current_setting('search_path'), ','))
            AS path (name) WHERE nspname = btrim(name, ' \"'))";
        if link.one(sql, &[])?.try_get(0)? {
            return Err(address.refuse(
                "the role may not use the schema of the connection's search path",
                "as its owner: GRANT USAGE ON SCHEMA … TO the role, and the other rights that docs/postgresql.md lists",
            ));
        }
        return Err(address.refuse(
            "no schema of the connection's search path exists",
            "make it with CREATE SCHEMA, or set the role's search_path",
        ));
    }
    if row.try_get(3)? {
        return Err(address.refuse(
            "the server is a read-only copy of another one",
            "name the primary server; a ledger is written even by those who only read, when they make it",
        ));
    }
    match found(address, &mut link)? {
        Found::Schema(SCHEMA) => return Ok(link),
        Found::Nothing if !make => return Err(Error::Missing(PathBuf::from(&address.name)).into()),
        _ => {}
    }
    link.transaction(|link| {
        link.query("SELECT pg_advisory_xact_lock($1)", &[&MAKING])?;
        // Another one may have been quicker.
        match found(address, link)? {
            Found::Nothing => fill(link),
            Found::Schema(version) => upgrade(link, version),
        }
    })?;
    Ok(link)
}

fn found(address: &Address, link: &mut Link) -> std::result::Result<Found, Fail> {
    let tables = "SELECT tablename::text FROM pg_tables
        WHERE schemaname = current_schema() AND tablename IN ('meta', 'statements', 'counter')";
    let tables = link.query(tables, &[])?.len();
    if tables == 0 {
        return Ok(Found::Nothing);
    }
    let foreign = || {
        address.refuse(
            "the schema has tables of a ledger's names, but is none",
            "use a database or a schema of its own for the ledger",
        )
    };
    if tables != 3 {
        return Err(foreign());
    }
    let version = link.query("SELECT value FROM meta WHERE key = 'schema'", &[])?;
    let version = version.first().ok_or_else(foreign)?;
    let found: i64 = version.try_get::<_, String>(0)?.parse().map_err(|_| foreign())?;
    if found > SCHEMA {
        return Err(Error::Newer { path: PathBuf::from(&address.name), found, known: SCHEMA }.into());
    }
    Ok(Found::Schema(found))
}

fn fill(link: &mut Link) -> std::result::Result<(), Fail> {
    link.batch(include_str!("schema.sql"))?;
    for (key, value) in [
        ("schema", SCHEMA.to_string()),
        ("ledger", random_id()?),
        ("epoch", "0".to_owned()),
        ("revision", "0".to_owned()),
        ("estate", random_id()?),
        ("estate_key", EstateKey(random()?).to_hex()),
    ] {
        link.execute("INSERT INTO meta (key, value) VALUES ($1, $2)", &[&key, &value])?;
    }
    Ok(())
}

fn upgrade(link: &mut Link, from: i64) -> std::result::Result<(), Fail> {
    let done = usize::try_from(from - 1).unwrap_or(0);
    for script in UPGRADES.iter().skip(done) {
        link.batch(script)?;
    }
    link.execute("UPDATE meta SET value = $1 WHERE key = 'schema'", &[&SCHEMA.to_string()])?;
    Ok(())
}

fn explain(ledger: &str, error: &SqlError) -> Error {
    let server = |reason: String, hint: &str| Error::Server {
        ledger: ledger.to_owned(),
        reason,
        hint: hint.to_owned(),
    };
    let Some(said) = error.as_db_error() else {
        let mut reason = error.to_string();
        for cause in causes(error) {
            let _ = write!(reason, ": {cause}");
        }
        let is_about_certificate = reason.contains("certificate");
        return server(
            reason,
            if is_about_certificate {
                "the certificate must be valid for the host in the URL (subjectAltName), signed by one in sslrootcert or \
                 that very one, and no authority's own (basicConstraints CA:FALSE)"
            } else {
                "check that the server runs and can be reached from here; what was said is safe to repeat"
            },
        );
    };
    let reason = said.message().to_owned();
    let code = said.code();
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return Error::Busy(PathBuf::from(ledger));
    }
    let hint = if is_lost(error) {
        "try again: nothing is written twice"
    } else if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        "check the user and the password in the URL"
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        "give the role the rights that docs/postgresql.md lists, or open the ledger with its owner's URL first"
    } else if *code == SqlState::UNDEFINED_DATABASE || *code == SqlState::INVALID_CATALOG_NAME {
        "make the database first: CREATE DATABASE … ENCODING 'UTF8'"
    } else if *code == SqlState::DISK_FULL {
        "make room on the server's disk; nothing of this was written, everything before is safe"
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        "raise max_connections of the server, or run fewer servers on it"
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        "the server or the role may only read: name the primary server and a role that may write"
    } else if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        "restore the database from a backup of PostgreSQL's, or merge an export of another copy into a new one"
    } else {
        "nothing of this was written; the server's log says more"
    };
    server(format!("the server says: {reason}"), hint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_url_is_read_or_refused_and_no_password_is_shown(
            before in "[a-z@:/?%]{0,6}", password in "[!-~]{0,12}", after in "\\PC{0,30}",
        ) {
            let url = format!("postgres://{before}ann:7Qgeheim{password}@{after}");
            let shown = match Address::new(&url) {
                Ok(address) => address.name,
                Err(error) => error.to_string(),
            };
            prop_assert!(!shown.contains("7Qgeheim"), "{shown}");
        }
    }

    #[test]
    fn a_password_with_an_at_sign_was_shown_from_there_on() {
        for url in [
            "postgres://u:s@cretZ@127.0.0.1:5999/stave",
            "postgres://u:s@cretZ/x@127.0.0.1:5999/stave",
            "postgres://u:s@cretZ?x@127.0.0.1:5999/stave",
            "postgres://u:s@cretZ%40127.0.0.1:5999/stave",
        ] {
            let error = name_of(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("%40 for") && !error.contains("cretZ"), "{url}: {error}");
        }
        for url in ["postgres://u%3AcretZ@h/stave", "postgres://u:s%40cretZ@h/stave"] {
            assert_eq!(name_of(url).ok().as_deref(), Some("postgres://u@h:5432/stave"), "{url}");
        }
    }
}
